//! The API keys that this process has seen lately, each with its record, its rate and whether its use was noted (law 15).
//!
//! A record is read once a minute. When that is due, one request reads and waits a little; the others, and it too where the store is
//! slow, go on with what is known. Only keys that exist are kept, and a bounded number of them: guesses fill no memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ledger::{KeyId, KeyRecord, Ledger, LedgerError, PresentedKey, ShopId};
use segmentation::Day;
use tokio::time::Instant;

use crate::problem::Problem;
use crate::rate::{Bucket, Rate};

/// How long a request waits for what is known already to be read anew: a lookup has its own deadline to keep.
pub(crate) const REFRESH_WAIT: Duration = Duration::from_millis(100);
/// While the store does not answer, it is asked no more often.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// Keys kept.
const KEPT: usize = 10_000;

type Name = (ShopId, KeyId);

/// See above.
#[derive(Debug, Default)]
pub(crate) struct KnownKeys {
    /// Of each key; `None`: no bound.
    rate: Option<Rate>,
    kept: Mutex<HashMap<Name, Known>>,
    /// Of reads of keys that nobody here has seen.
    strangers: Mutex<Bucket>,
}

#[derive(Debug)]
struct Known {
    record: Arc<KeyRecord>,
    /// When it is to be read anew; `None`: it lives in this process only.
    due: Option<Instant>,
    bucket: Bucket,
    /// The last day whose use this process noted.
    noted: Option<Day>,
}

/// What is known of a key.
pub(crate) struct Seen {
    /// `None`: there is no such key.
    pub(crate) record: Option<Arc<KeyRecord>>,
    /// Was it known before this request?
    pub(crate) before: bool,
}

impl KnownKeys {
    /// With a bound of how often each key may call, and of how often keys that nobody here has seen are looked up.
    pub(crate) fn limited(rate: Rate) -> KnownKeys {
        KnownKeys { rate: Some(rate), ..KnownKeys::default() }
    }

    /// Puts a key there that is stored nowhere; it has no bound.
    pub(crate) fn put_own(&self, shop: &ShopId, id: KeyId, record: KeyRecord) {
        let known = Known { record: Arc::new(record), due: None, bucket: Bucket::default(), noted: None };
        self.lock().insert((shop.clone(), id), known);
    }

    /// Makes the next request with a key read it, where this process itself changed it.
    pub(crate) fn forget(&self, shop: &ShopId, id: &KeyId) {
        self.lock().remove(&(shop.clone(), id.clone()));
    }

    /// The record of a key, at most a minute old while the store answers.
    pub(crate) async fn look(self: &Arc<Self>, ledger: &Ledger, key: &PresentedKey) -> Result<Seen, Problem> {
        let name = (key.shop.clone(), key.id.clone());
        let (known, due) = self.known(&name);
        let Some(known) = known else {
            self.take_stranger()?;
            let record = self.read(ledger, name).await?;
            if record.is_some() {
                self.give_back_stranger();
            }
            return Ok(Seen { record, before: false });
        };
        if !due {
            return Ok(Seen { record: Some(known), before: true });
        }
        let (keys, ledger) = (Arc::clone(self), ledger.clone());
        let reading = tokio::spawn(async move { keys.read(&ledger, name).await });
        let record = match tokio::time::timeout(REFRESH_WAIT, reading).await {
            Ok(Ok(Err(error))) if !error.is_temporary() => return Err(error.into()),
            Ok(Ok(Ok(record))) => record,
            _ => Some(known),
        };
        Ok(Seen { record, before: true })
    }

    /// What is known of a key, and whether it is this caller's turn to read it anew.
    fn known(&self, name: &Name) -> (Option<Arc<KeyRecord>>, bool) {
        let mut kept = self.lock();
        let Some(known) = kept.get_mut(name) else { return (None, false) };
        let due = known.due.is_some_and(|due| due <= Instant::now());
        if due {
            known.due = Some(Instant::now() + ASK_AGAIN);
        }
        (Some(Arc::clone(&known.record)), due)
    }

    async fn read(&self, ledger: &Ledger, name: Name) -> Result<Option<Arc<KeyRecord>>, LedgerError> {
        let found = ledger.api_key(&name.0, &name.1).await?.map(Arc::new);
        match &found {
            None => drop(self.lock().remove(&name)),
            Some(record) => self.keep(name, record),
        }
        Ok(found)
    }

    fn keep(&self, name: Name, record: &Arc<KeyRecord>) {
        let (mut kept, now) = (self.lock(), Instant::now());
        let due = Some(now + Ledger::CACHE_FOR);
        if kept.len() >= KEPT && !kept.contains_key(&name) {
            make_room(&mut kept, now);
        }
        let new = || Known { record: Arc::clone(record), due, bucket: Bucket::default(), noted: None };
        let known = kept.entry(name).or_insert_with(new);
        // Rate and note go on.
        (known.record, known.due) = (Arc::clone(record), due);
    }

    /// Counts a request of a key that has proved itself.
    pub(crate) fn take(&self, key: &PresentedKey) -> Result<(), Problem> {
        let Some(rate) = self.rate else { return Ok(()) };
        match self.lock().get_mut(&(key.shop.clone(), key.id.clone())) {
            Some(known) if known.due.is_some() => known.bucket.take(rate, Instant::now()).map_err(Problem::too_many),
            _ => Ok(()),
        }
    }

    fn take_stranger(&self) -> Result<(), Problem> {
        let Some(rate) = self.rate else { return Ok(()) };
        let mut bucket = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.take(rate, Instant::now()).map_err(Problem::too_many)
    }

    fn give_back_stranger(&self) {
        if let Some(rate) = self.rate {
            self.strangers.lock().unwrap_or_else(PoisonError::into_inner).give_back(rate);
        }
    }

    /// Is it this process's turn to note that a key was used today? Nobody else here is told so again.
    pub(crate) fn is_to_be_noted(&self, key: &PresentedKey, today: Day) -> bool {
        let mut kept = self.lock();
        let Some(known) = kept.get_mut(&(key.shop.clone(), key.id.clone())) else { return false };
        let noted = known.record.last_used.max(known.noted).is_some_and(|day| day >= today);
        let turn = known.due.is_some() && !noted;
        if turn {
            known.noted = Some(today);
        }
        turn
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Known>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets go what is due, and where that is nothing, any one: it costs its next request a read.
fn make_room(kept: &mut HashMap<Name, Known>, now: Instant) {
    kept.retain(|_, known| known.due.is_none_or(|due| now < due));
    if kept.len() >= KEPT {
        let any = kept.iter().find(|(_, known)| known.due.is_some()).map(|(name, _)| name.clone());
        any.map(|name| kept.remove(&name));
    }
}

#[cfg(test)]
mod tests {
    use ledger::Scope;

    use super::*;

    #[test]
    fn so_many_keys_are_kept_and_a_process_own_one_always() {
        let shop: ShopId = "acme".parse().unwrap();
        let id = |n: usize| format!("{n:012x}").parse::<KeyId>().unwrap();
        let (_, record) = KeyRecord::make(&shop, &[Scope::Admin], Day::MIN).unwrap();
        let (keys, stored) = (KnownKeys::default(), Arc::new(record.clone()));
        keys.put_own(&shop, id(0), record);
        for n in 1..=KEPT + 100 {
            keys.keep((shop.clone(), id(n)), &stored);
        }
        assert_eq!(keys.lock().len(), KEPT);
        assert!(keys.known(&(shop.clone(), id(0))).0.is_some() && keys.known(&(shop, id(KEPT + 100))).0.is_some());
    }
}

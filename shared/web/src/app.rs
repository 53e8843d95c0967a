//! The state of every HTTP function.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ledger::{KeyRecord, Ledger, LedgerError, PresentedKey, Scope, ShopId};
use segmentation::Day;
use tokio::time::Instant;

use crate::clock::Clock;

/// Ledger, clock, and the API keys seen lately. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// The store.
    pub ledger: Ledger,
    /// What day it is.
    pub clock: Clock,
    /// Where customers reach the service from outside, without a `/` at its end; `None`: nobody told it.
    public_url: Option<Arc<str>>,
    keys: Arc<Mutex<HashMap<(ShopId, String), Known>>>,
}

/// A key's record, and when it was read; `None` for one that lives in this process only.
#[derive(Clone, Debug)]
struct Known {
    read: Option<Instant>,
    record: KeyRecord,
}

impl App {
    /// A new state.
    #[must_use]
    pub fn new(ledger: Ledger, clock: Clock) -> App {
        App { ledger, clock, public_url: None, keys: Arc::default() }
    }

    /// The same, reached from outside under this address.
    #[must_use]
    pub fn with_public_url(self, url: &str) -> App {
        let url = url.trim_end_matches('/');
        App { public_url: (!url.is_empty()).then(|| Arc::from(url)), ..self }
    }

    /// A path of ours as it stands in a letter: absolute where the address is known.
    #[must_use]
    pub fn public(&self, path: &str) -> String {
        [self.public_url.as_deref().unwrap_or_default(), path].concat()
    }

    /// A key that opens a shop to this process alone, such as a command on the machine that holds the store; it is stored
    /// nowhere and goes with the process.
    ///
    /// # Errors
    /// [`LedgerError`] when the operating system has no randomness.
    pub fn process_key(&self, shop: &ShopId) -> Result<String, LedgerError> {
        let made = KeyRecord::make(shop, &[Scope::Admin], Day::MIN);
        let (new, record) = made.map_err(|error| LedgerError::Damaged(error.to_string()))?;
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert((shop.clone(), new.id), Known { read: None, record });
        Ok(new.token)
    }

    /// The record of a key: read once a minute at most; an old one goes on being used while the store does not answer.
    pub(crate) async fn key_record(&self, presented: &PresentedKey) -> Result<Option<KeyRecord>, LedgerError> {
        let at = (presented.shop.clone(), presented.id.clone());
        let known = self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(&at).cloned();
        if let Some(Known { read, record }) = &known
            && read.is_none_or(|read| read.elapsed() < Ledger::CACHE_FOR)
        {
            return Ok(Some(record.clone()));
        }
        match (self.ledger.api_key(&presented.shop, &presented.id).await, known) {
            (Err(error), Some(Known { record, .. })) if error.is_temporary() => Ok(Some(record)),
            (Err(error), _) => Err(error),
            (Ok(found), _) => {
                let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
                match &found {
                    // Only keys that exist are kept: guesses would fill the memory.
                    Some(record) => drop(keys.insert(at, Known { read: Some(Instant::now()), record: record.clone() })),
                    None => drop(keys.remove(&at)),
                }
                Ok(found)
            }
        }
    }
}

//! The state of every HTTP function.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ledger::{KeyRecord, Ledger, LedgerError, PresentedKey, ShopId};
use tokio::time::Instant;

use crate::clock::Clock;

/// Ledger, clock, and the API keys seen lately. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// The store.
    pub ledger: Ledger,
    /// What day it is.
    pub clock: Clock,
    keys: Arc<Mutex<HashMap<(ShopId, String), (Instant, KeyRecord)>>>,
}

impl App {
    /// A new state.
    #[must_use]
    pub fn new(ledger: Ledger, clock: Clock) -> App {
        App { ledger, clock, keys: Arc::default() }
    }

    /// The record of a key: read once a minute at most; an old one goes on being used while the store does not answer.
    pub(crate) async fn key_record(&self, presented: &PresentedKey) -> Result<Option<KeyRecord>, LedgerError> {
        let at = (presented.shop.clone(), presented.id.clone());
        let known = self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(&at).cloned();
        if let Some((read, record)) = &known
            && read.elapsed() < Ledger::CACHE_FOR
        {
            return Ok(Some(record.clone()));
        }
        match (self.ledger.api_key(&presented.shop, &presented.id).await, known) {
            (Err(error), Some((_, record))) if error.is_temporary() => Ok(Some(record)),
            (Err(error), _) => Err(error),
            (Ok(found), _) => {
                let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
                match &found {
                    // Only keys that exist are kept: guesses would fill the memory.
                    Some(record) => drop(keys.insert(at, (Instant::now(), record.clone()))),
                    None => drop(keys.remove(&at)),
                }
                Ok(found)
            }
        }
    }
}

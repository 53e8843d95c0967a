//! The state of every HTTP function.

use std::sync::Arc;

use ledger::{KeyId, KeyRecord, Ledger, LedgerError, Scope, ShopId};
use segmentation::Day;

use crate::clock::Clock;
use crate::known_keys::KnownKeys;
use crate::rate::Rate;
use crate::receiver::Receivers;

/// Ledger, clock, and the API keys seen lately. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// The store.
    pub ledger: Ledger,
    /// What day it is.
    pub clock: Clock,
    /// Where customers reach the service from outside, without a `/` at its end; `None`: nobody told it.
    public_url: Option<Arc<str>>,
    /// Where a shop may have its events sent.
    pub receivers: Receivers,
    pub(crate) keys: Arc<KnownKeys>,
}

impl App {
    /// A new state, whose keys may call as often as they like.
    #[must_use]
    pub fn new(ledger: Ledger, clock: Clock) -> App {
        App { ledger, clock, public_url: None, receivers: Receivers::Public, keys: Arc::default() }
    }

    /// The same with a bound of how often each key may call.
    #[must_use]
    pub fn with_rate(self, rate: Rate) -> App {
        App { keys: Arc::new(KnownKeys::limited(rate)), ..self }
    }

    /// The same, reached from outside under this address.
    #[must_use]
    pub fn with_public_url(self, url: &str) -> App {
        let url = url.trim_end_matches('/');
        App { public_url: (!url.is_empty()).then(|| Arc::from(url)), ..self }
    }

    /// The same, with other rules for receivers of events.
    #[must_use]
    pub fn with_receivers(self, receivers: Receivers) -> App {
        App { receivers, ..self }
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
        self.keys.put_own(shop, new.id, record);
        Ok(new.token)
    }

    /// Makes the next request with a key read it, where this process itself changed it. Other processes do within a minute.
    pub fn forget_key(&self, shop: &ShopId, id: &KeyId) {
        self.keys.forget(shop, id);
    }
}

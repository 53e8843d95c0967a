//! Hooks of the shops that deliveries came for lately, read once a minute at most: a warm check reads nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use ledger::{HookId, Ledger, LedgerError, OpenHook, ShopId};
use tokio::time::Instant;

type ShopsHooks = Arc<BTreeMap<HookId, OpenHook>>;

/// The hooks that this process knows. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct KnownHooks(Arc<Mutex<HashMap<ShopId, (Instant, ShopsHooks)>>>);

impl KnownHooks {
    /// A hook of a shop, as it stood at most [`Ledger::CACHE_FOR`] ago; an older one while the store does not answer.
    pub(crate) async fn hook(
        &self,
        ledger: &Ledger,
        shop: &ShopId,
        id: &HookId,
    ) -> Result<Option<OpenHook>, LedgerError> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(shop).cloned();
        let hooks = match known {
            Some((read, hooks)) if read.elapsed() < Ledger::CACHE_FOR => hooks,
            known => match (ledger.open_hooks(shop).await, known) {
                (Err(error), Some((_, hooks))) if error.is_temporary() => hooks,
                (Err(error), _) => return Err(error),
                (Ok(hooks), _) => self.keep(shop, Arc::new(hooks)),
            },
        };
        Ok(hooks.get(id).cloned())
    }

    fn keep(&self, shop: &ShopId, hooks: ShopsHooks) -> ShopsHooks {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Only shops that have hooks are kept: guesses would fill the memory.
        if hooks.is_empty() {
            known.remove(shop);
        } else {
            known.insert(shop.clone(), (Instant::now(), Arc::clone(&hooks)));
        }
        hooks
    }
}

//! What readers know of shops without asking: pointers looked at once a minute, settings and models read when they changed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use playbook::Playbook;
use segmentation::Activation;
use tokio::time::Instant;

use crate::campaigns::Campaigns;
use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::shop::{ActiveCuts, Shop};
use crate::store::Ledger;
use crate::terms::Block;

/// The cache of one process.
#[derive(Debug)]
pub(crate) struct ShopCache {
    keep: Duration,
    shops: Mutex<HashMap<ShopId, Kept>>,
    activations: Mutex<HashMap<(ShopId, Activation), Arc<ActiveCuts>>>,
    playbooks: Mutex<HashMap<(ShopId, String), Arc<Playbook>>>,
    /// By the first number of each.
    terms: Mutex<HashMap<ShopId, BTreeMap<u16, Arc<Block>>>>,
}

/// A shop as it was read.
#[derive(Debug)]
struct Kept {
    read: Instant,
    /// When somebody began to read it anew, who has not come back since.
    asked: Option<Instant>,
    shop: Arc<Shop>,
}

/// While the store does not answer, it is asked no more often.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// The built-in playbook, shared by all shops that have none of their own.
static BUILTIN: LazyLock<Arc<Playbook>> = LazyLock::new(|| Arc::new(Playbook::builtin().clone()));

impl ShopCache {
    pub(crate) fn new(keep: Duration) -> ShopCache {
        ShopCache {
            keep,
            shops: Mutex::default(),
            activations: Mutex::default(),
            playbooks: Mutex::default(),
            terms: Mutex::default(),
        }
    }

    pub(crate) fn activated(&self, shop: &ShopId, number: Activation) -> Option<Arc<ActiveCuts>> {
        let known = self.activations.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(shop.clone(), number)).cloned()
    }

    pub(crate) fn learn(&self, shop: &ShopId, active: &Arc<ActiveCuts>) {
        let mut known = self.activations.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((shop.clone(), active.activation), Arc::clone(active));
    }

    pub(crate) fn playbook(&self, shop: &ShopId, version: &str) -> Option<Arc<Playbook>> {
        if version == BUILTIN.version() {
            return Some(Arc::clone(&BUILTIN));
        }
        let known = self.playbooks.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(shop.clone(), version.to_owned())).cloned()
    }

    pub(crate) fn learn_playbook(&self, shop: &ShopId, playbook: &Arc<Playbook>) {
        let mut known = self.playbooks.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((shop.clone(), playbook.version().to_owned()), Arc::clone(playbook));
    }

    /// The block in which a number's terms lie.
    pub(crate) fn terms(&self, shop: &ShopId, number: u16) -> Option<Arc<Block>> {
        let known = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, block) = known.get(shop)?.range(..=number).next_back()?;
        block.holds(number).then(|| Arc::clone(block))
    }

    pub(crate) fn learn_terms(&self, shop: &ShopId, block: &Arc<Block>) {
        let mut known = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(shop.clone()).or_default().insert(block.first(), Arc::clone(block));
    }

    fn shop(&self, shop: &ShopId) -> Option<(bool, Arc<Shop>)> {
        let shops = self.shops.lock().unwrap_or_else(PoisonError::into_inner);
        shops.get(shop).map(|known| (known.read.elapsed() < self.keep, Arc::clone(&known.shop)))
    }

    /// Is it this caller's turn to read a shop anew?
    fn may_ask(&self, shop: &ShopId) -> bool {
        let mut shops = self.shops.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = shops.get_mut(shop) else { return true };
        let may = known.asked.is_none_or(|asked| asked.elapsed() > ASK_AGAIN);
        if may {
            known.asked = Some(Instant::now());
        }
        may
    }

    fn put(&self, shop: Arc<Shop>) {
        let mut shops = self.shops.lock().unwrap_or_else(PoisonError::into_inner);
        shops.insert(shop.id.clone(), Kept { read: Instant::now(), asked: None, shop });
    }
}

impl Ledger {
    /// A shop as it stood at most [`Ledger::CACHE_FOR`] ago; `None` when there is no such shop. While the store does not
    /// answer, what is known goes on being given.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails and nothing is known.
    pub async fn shop(&self, shop: &ShopId) -> Result<Option<Arc<Shop>>, LedgerError> {
        match self.inner.shops.shop(shop) {
            Some((true, known)) => Ok(Some(known)),
            known => match self.read_shop(shop, known.as_ref().map(|(_, shop)| shop)).await {
                Err(error) if error.is_temporary() => known.map(|(_, shop)| Some(shop)).ok_or(error),
                read => read,
            },
        }
    }

    /// The same for who cannot wait: where the shop is known and due to be read anew, one caller in five seconds does, for so long
    /// at most, and everyone else has what is known. What takes longer is read to its end beside the answer.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails and nothing is known.
    pub async fn shop_within(&self, shop: &ShopId, wait: Duration) -> Result<Option<Arc<Shop>>, LedgerError> {
        let Some((false, known)) = self.inner.shops.shop(shop) else { return self.shop(shop).await };
        if !self.inner.shops.may_ask(shop) {
            return Ok(Some(known));
        }
        let (ledger, id, before) = (self.clone(), shop.clone(), Arc::clone(&known));
        let reading = tokio::spawn(async move { ledger.read_shop(&id, Some(&before)).await });
        match tokio::time::timeout(wait, reading).await {
            Ok(Ok(Err(error))) if !error.is_temporary() => Err(error),
            Ok(Ok(Ok(read))) => Ok(read),
            _ => Ok(Some(known)),
        }
    }

    /// A shop as it stands now: for whoever met a newer activation than the cache knows.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn fresh_shop(&self, shop: &ShopId) -> Result<Option<Arc<Shop>>, LedgerError> {
        let known = self.inner.shops.shop(shop);
        self.read_shop(shop, known.as_ref().map(|(_, shop)| shop)).await
    }

    /// Makes the next look at a shop read its pointers, where this process itself changed them.
    pub fn forget_shop(&self, shop: &ShopId) {
        let mut shops = self.inner.shops.shops.lock().unwrap_or_else(PoisonError::into_inner);
        shops.remove(shop);
    }

    async fn read_shop(&self, id: &ShopId, known: Option<&Arc<Shop>>) -> Result<Option<Arc<Shop>>, LedgerError> {
        let Some(current) = self.read_current(id).await? else { return Ok(None) };
        let settings = match known {
            Some(known) if known.settings.version == current.settings => Arc::clone(&known.settings),
            _ => Arc::new(self.read_settings(id).await?),
        };
        let active = match current.activation {
            Some(number) => Some(self.activated(id, number).await?),
            None => None,
        };
        let playbook = match &current.playbook {
            // A playbook that cannot be read must not keep orders out: the built-in one serves until another is published.
            Some(version) => match self.playbook(id, version).await {
                Err(error) if error.is_temporary() => return Err(error),
                read => read.unwrap_or_else(|error| {
                    tracing::error!(shop = %id, version, %error, "the shop's playbook cannot be read");
                    None
                }),
            },
            None => None,
        };
        let budgets = match known {
            Some(known) if known.budgets.version == current.budgets => Arc::clone(&known.budgets),
            _ if current.budgets == 0 => Arc::default(),
            _ => Arc::new(self.read_budgets(id).await?),
        };
        let playbook = playbook.unwrap_or_else(|| Arc::clone(&BUILTIN));
        let campaigns = match known {
            Some(known) if known.campaigns.version == current.campaigns => Arc::clone(&known.campaigns),
            _ if current.campaigns == 0 => Arc::default(),
            known => match self.campaigns(id).await {
                Err(error) if error.is_temporary() => return Err(error),
                // As with a playbook: it must not keep orders out.
                read => read.map_or_else(
                    |error| {
                        tracing::error!(shop = %id, %error, "the register of the shop's campaigns cannot be read");
                        known.map_or_else(Arc::<Campaigns>::default, |known| Arc::clone(&known.campaigns))
                    },
                    Arc::new,
                ),
            },
        };
        let shop = Arc::new(Shop { id: id.clone(), settings, active, playbook, budgets, campaigns, current });
        self.inner.shops.put(Arc::clone(&shop));
        Ok(Some(shop))
    }
}

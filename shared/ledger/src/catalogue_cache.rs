//! Readers' catalogues: what the shop's cached pointers name, kept per shop. A new version is fetched beside lookups, chunk by
//! changed chunk, while the old one is served; a lookup neither waits for it nor fails by it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalogue::{Catalogue, ChunkError, ChunkHash, LearnedChunk, LearnedHead, LearnedLists, ProductChunk, Stock};
use tokio::time::Instant;

use crate::chunks::Kind;
use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::shop::{Current, Shop};
use crate::store::Ledger;

/// What names a catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pointers {
    catalogue: Option<String>,
    learned: Option<String>,
    stock: Vec<ChunkHash>,
}

impl Pointers {
    fn of(current: &Current) -> Pointers {
        let Current { catalogue, learned, stock, .. } = current;
        Pointers { catalogue: catalogue.clone(), learned: learned.clone(), stock: stock.clone() }
    }
}

/// A version as it is kept, with its chunks by their hashes for the next one to take over.
#[derive(Clone, Debug, Default)]
struct Loaded {
    pointers: Pointers,
    products: HashMap<ChunkHash, Arc<ProductChunk>>,
    learned: HashMap<ChunkHash, Arc<LearnedChunk>>,
    lists: Arc<LearnedLists>,
    catalogue: Arc<Catalogue>,
}

#[derive(Debug, Default)]
struct Slot {
    loaded: Option<Arc<Loaded>>,
    /// Since when somebody fetches; a fetch that failed is not repeated at once.
    fetching: Option<Instant>,
}

/// The catalogues of one process.
#[derive(Debug, Default)]
pub(crate) struct CatalogueCache {
    shops: Mutex<HashMap<ShopId, Slot>>,
}

impl CatalogueCache {
    fn with<T>(&self, shop: &ShopId, look: impl FnOnce(&mut Slot) -> T) -> T {
        let mut shops = self.shops.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = shops.get_mut(shop) {
            return look(slot);
        }
        look(shops.entry(shop.clone()).or_default())
    }
}

/// How long the first lookup of a process waits for the catalogue: it has its own deadline to keep.
const FIRST_WAIT: Duration = Duration::from_millis(300);
/// After this a fetch that has not ended is taken for dead, and a failed one is tried again.
const FETCH_AGAIN: Duration = Duration::from_secs(10);

impl Ledger {
    /// The shop's catalogue as its pointers name it, at most a minute old, or the version before while that is fetched. The
    /// first call of a process waits a little for it; without it, or where the shop has none, it is empty.
    pub async fn catalogue(&self, shop: &Shop) -> Arc<Catalogue> {
        let pointers = Pointers::of(&shop.current);
        let (known, fetch) = self.inner.catalogues.with(&shop.id, |slot| {
            let known = slot.loaded.clone();
            let wanted = known.as_ref().map_or(pointers != Pointers::default(), |known| known.pointers != pointers);
            let fetch = wanted && slot.fetching.is_none_or(|since| since.elapsed() > FETCH_AGAIN);
            if fetch {
                slot.fetching = Some(Instant::now());
            }
            (known, fetch)
        });
        if fetch {
            let (ledger, shop, before) = (self.clone(), shop.id.clone(), known.clone());
            let fetched = tokio::spawn(async move { ledger.fetch_catalogue(shop, pointers, before).await });
            if known.is_none()
                && let Ok(Ok(Some(fetched))) = tokio::time::timeout(FIRST_WAIT, fetched).await
            {
                return fetched;
            }
        }
        known.map_or_else(Arc::default, |known| Arc::clone(&known.catalogue))
    }

    /// The shop's catalogue as its pointers name it, waited for: for work where half a catalogue would be a wrong one.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn whole_catalogue(&self, shop: &Shop) -> Result<Arc<Catalogue>, LedgerError> {
        let pointers = Pointers::of(&shop.current);
        let known = self.inner.catalogues.with(&shop.id, |slot| slot.loaded.clone()).unwrap_or_default();
        if known.pointers == pointers {
            return Ok(Arc::clone(&known.catalogue));
        }
        let loaded = self.load_catalogue(&shop.id, pointers, known).await?;
        let catalogue = Arc::clone(&loaded.catalogue);
        self.inner.catalogues.with(&shop.id, |slot| slot.loaded = Some(Arc::new(loaded)));
        Ok(catalogue)
    }

    async fn fetch_catalogue(
        &self,
        shop: ShopId,
        pointers: Pointers,
        before: Option<Arc<Loaded>>,
    ) -> Option<Arc<Catalogue>> {
        match self.load_catalogue(&shop, pointers, before.unwrap_or_default()).await {
            Ok(loaded) => {
                let catalogue = Arc::clone(&loaded.catalogue);
                self.inner.catalogues.with(&shop, |slot| {
                    *slot = Slot { loaded: Some(Arc::new(loaded)), fetching: None };
                });
                Some(catalogue)
            }
            Err(error) => {
                tracing::warn!(%shop, %error, "the catalogue was not read; what is known is served on");
                None
            }
        }
    }

    async fn load_catalogue(
        &self,
        shop: &ShopId,
        pointers: Pointers,
        before: Arc<Loaded>,
    ) -> Result<Loaded, LedgerError> {
        let stock = if pointers.stock == before.pointers.stock {
            None
        } else {
            let bytes = self.chunks(shop, Kind::Stock, &pointers.stock).await?;
            let chunks = pointers.stock.iter().filter_map(|hash| bytes.get(hash).map(|bytes| (hash, bytes.as_slice())));
            Some(Arc::new(Stock::open(chunks).map_err(LedgerError::damaged)?))
        };
        if (&pointers.catalogue, &pointers.learned) == (&before.pointers.catalogue, &before.pointers.learned) {
            let catalogue = match stock {
                Some(stock) => Arc::new(before.catalogue.with_stock(stock)),
                None => Arc::clone(&before.catalogue),
            };
            return Ok(Loaded { pointers, catalogue, ..(*before).clone() });
        }
        let products = self.wanted(shop, Kind::Products, pointers.catalogue.as_deref(), &before.products).await?;
        let learned = if pointers.learned == before.pointers.learned {
            None
        } else {
            Some(self.wanted(shop, Kind::Learned, pointers.learned.as_deref(), &before.learned).await?)
        };
        let stock = stock.unwrap_or_else(|| Arc::new(before.catalogue.stock().clone()));
        // Opening a whole catalogue takes a tenth of a second of CPU, which no lookup is to wait behind.
        let built = tokio::task::spawn_blocking(move || build(pointers, &before, products, learned, stock));
        built.await.map_err(LedgerError::damaged)?.map_err(LedgerError::damaged)
    }

    /// The hashes of a version, and the bytes of those chunks that are not known yet.
    async fn wanted<T>(
        &self,
        shop: &ShopId,
        kind: Kind,
        version: Option<&str>,
        known: &HashMap<ChunkHash, T>,
    ) -> Result<Wanted, LedgerError> {
        let Some(version) = version else { return Ok(Wanted::default()) };
        let missing = || LedgerError::damaged(format!("version {version} is not there"));
        let hashes = self.manifest(shop, kind, version).await?.ok_or_else(missing)?.chunks;
        let new: Vec<ChunkHash> = hashes.iter().filter(|hash| !known.contains_key(hash)).cloned().collect();
        let bytes = self.chunks(shop, kind, &new).await?;
        Ok(Wanted { hashes, bytes })
    }
}

#[derive(Default)]
struct Wanted {
    hashes: Vec<ChunkHash>,
    bytes: HashMap<ChunkHash, Vec<u8>>,
}

impl Wanted {
    /// Every chunk in order: as it is known, or opened now.
    fn open<T>(
        &self,
        known: &HashMap<ChunkHash, Arc<T>>,
        open: impl Fn(&ChunkHash, &[u8]) -> Result<T, ChunkError>,
    ) -> Result<Vec<Arc<T>>, ChunkError> {
        let one = |hash| match (known.get(hash), self.bytes.get(hash)) {
            (Some(known), _) => Ok(Arc::clone(known)),
            (None, bytes) => open(hash, bytes.map_or(&[], Vec::as_slice)).map(Arc::new),
        };
        self.hashes.iter().map(one).collect()
    }
}

fn build(
    pointers: Pointers,
    before: &Loaded,
    products: Wanted,
    learned: Option<Wanted>,
    stock: Arc<Stock>,
) -> Result<Loaded, ChunkError> {
    let chunks = products.open(&before.products, ProductChunk::open)?;
    let (lists, learned) = match learned {
        None => (Arc::clone(&before.lists), before.learned.clone()),
        Some(mut learned) if !learned.hashes.is_empty() => {
            let first = learned.hashes.remove(0);
            let head = learned.bytes.get(&first).map_or(&[][..], Vec::as_slice);
            let head = Arc::new(LearnedHead::open(&first, head)?);
            let chunks = learned.open(&before.learned, LearnedChunk::open)?;
            let by_hash = learned.hashes.into_iter().zip(chunks.iter().cloned()).collect();
            (Arc::new(LearnedLists::new(head, chunks)?), by_hash)
        }
        Some(_) => (Arc::default(), HashMap::new()),
    };
    let by_hash = products.hashes.into_iter().zip(chunks.iter().cloned()).collect();
    let catalogue = Arc::new(Catalogue::of_chunks(chunks, Arc::clone(&lists), stock)?);
    Ok(Loaded { pointers, products: by_hash, learned, lists, catalogue })
}

//! A shop's products: an item each, in partitions of their own. The latest write counts; each is put on condition that
//! the item is as it was read, so that of two writers at once neither undoes half of the other's.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalogue::Product;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::error::{LedgerError, RecordError, Refusal};
use crate::ids::{ProductId, ShopId};
use crate::keys::{self, Key};
use crate::record::Status;
use crate::shop::Keyed;
use crate::store::{Backoff, Ledger, item, parse};

/// Products of one batch written at the same time.
const AT_ONCE: usize = 16;
/// A duplicate within this time, in milliseconds, asks for a publish as the first writing did.
const SENT_AGAIN: i64 = 60 * 60 * 1000;
/// The largest quantity in stock: 2^53 - 1, what JSON carries everywhere.
pub const MAX_STOCK: u64 = (1 << 53) - 1;

/// A product as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredProduct {
    /// What the shop sent.
    pub product: Product,
    /// How many there are; `None`: unlimited, or not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<u64>,
    /// When it last changed, in milliseconds since 1970.
    pub updated: i64,
    /// Raised by every change.
    pub version: u64,
}

impl StoredProduct {
    /// Is there nothing left to sell?
    #[must_use]
    pub fn out_of_stock(&self) -> bool {
        self.stock == Some(0)
    }
}

/// What changes of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProductWrite {
    /// All of it; `stock: None` leaves the stock as it is.
    Whole {
        /// The product; its id is a valid [`ProductId`].
        product: Box<Product>,
        /// How many there are.
        stock: Option<u64>,
    },
    /// The stock alone; `None`: unlimited.
    Stock(Option<u64>),
}

impl ProductWrite {
    /// What is stored after it; `Err` when there is no such product.
    fn over(&self, known: Option<&StoredProduct>, id: &ProductId, now: i64) -> Result<StoredProduct, Refusal> {
        let version = known.map_or(1, |known| known.version + 1);
        let (product, stock) = match (self, known) {
            (ProductWrite::Whole { product, stock }, known) => {
                ((**product).clone(), stock.or_else(|| known.and_then(|known| known.stock)))
            }
            (ProductWrite::Stock(stock), Some(known)) => (known.product.clone(), *stock),
            (ProductWrite::Stock(_), None) => return Err(Refusal::ProductUnknown(id.to_string())),
        };
        Ok(StoredProduct { product, stock, updated: now, version })
    }
}

/// What is answered to a write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProductReceipt {
    /// Stored now, or equal to what was there.
    pub status: Status,
    /// Which product.
    pub product: ProductId,
    /// Does the published catalogue differ by it? Not for a stock of 9 instead of 10.
    #[serde(skip)]
    pub publish: bool,
}

type Answer = Result<ProductReceipt, RecordError>;

impl Ledger {
    /// A product as it is stored now.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn product(&self, shop: &ShopId, product: &ProductId) -> Result<Option<StoredProduct>, LedgerError> {
        self.get(&self.tables().shops, &keys::product(shop, product), true).await
    }

    /// Writes products, or their stock. Each gets its own answer, in the same place; writes of one product go in order.
    pub async fn write_products(
        &self,
        shop: &ShopId,
        now: DateTime<Utc>,
        writes: Vec<(ProductId, ProductWrite)>,
    ) -> Vec<Answer> {
        let mut answers: Vec<Option<Answer>> = writes.iter().map(|_| None).collect();
        let mut by_id: BTreeMap<ProductId, Vec<(usize, ProductWrite)>> = BTreeMap::new();
        for (at, (id, write)) in writes.into_iter().enumerate() {
            by_id.entry(id).or_default().push((at, write));
        }
        let keys: Vec<Key> = by_id.keys().map(|id| keys::product(shop, id)).collect();
        let mut known = match self.known_products(&keys).await {
            Ok(known) => known,
            Err(error) => {
                let error = Arc::new(error);
                return answers.iter().map(|_| Err(RecordError::Store(Arc::clone(&error)))).collect();
            }
        };
        let mut tasks = JoinSet::new();
        let mut waiting = by_id.into_iter().zip(keys);
        loop {
            while tasks.len() < AT_ONCE
                && let Some(((id, writes), key)) = waiting.next()
            {
                let (ledger, known) = (self.clone(), known.remove(&key.sk));
                let now = now.timestamp_millis();
                tasks.spawn(async move { ledger.write_product(&id, key, known, now, writes).await });
            }
            match tasks.join_next().await {
                Some(Ok(done)) => done.into_iter().for_each(|(at, answer)| answers[at] = Some(answer)),
                Some(Err(failed)) => tracing::error!(%failed, "a writing task ended"),
                None => break,
            }
        }
        let lost = || Err(LedgerError::damaged("a writing task ended").into());
        answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
    }

    async fn known_products(&self, keys: &[Key]) -> Result<BTreeMap<String, StoredProduct>, LedgerError> {
        #[derive(Deserialize)]
        struct Found {
            sk: String,
            #[serde(flatten)]
            stored: StoredProduct,
        }
        let found = self.batch_get(&self.tables().shops, keys, true, None).await?;
        found.into_iter().map(|item| parse(item).map(|Found { sk, stored }| (sk, stored))).collect()
    }

    async fn write_product(
        &self,
        id: &ProductId,
        key: Key,
        mut known: Option<StoredProduct>,
        now: i64,
        writes: Vec<(usize, ProductWrite)>,
    ) -> Vec<(usize, Answer)> {
        let mut answers = Vec::with_capacity(writes.len());
        for (at, write) in writes {
            answers.push((at, self.write_one(id, &key, &mut known, now, &write).await));
        }
        answers
    }

    async fn write_one(
        &self,
        id: &ProductId,
        key: &Key,
        known: &mut Option<StoredProduct>,
        now: i64,
        write: &ProductWrite,
    ) -> Answer {
        let table = &self.tables().shops;
        let mut pause = Backoff::default();
        loop {
            let next = write.over(known.as_ref(), id, now)?;
            let receipt = |status, publish| ProductReceipt { status, product: id.clone(), publish };
            if let Some(known) = known
                && (&known.product, known.stock) == (&next.product, next.stock)
            {
                // Sent again because the first answer was lost, perhaps with its request to publish.
                return Ok(receipt(Status::Duplicate, now - known.updated < SENT_AGAIN));
            }
            let stored = item(&Keyed { key: key.clone(), value: &next })?;
            if self.put_one(table, stored, known.as_ref().map(|known| known.version)).await? {
                let shown = |stored: &StoredProduct| (stored.product.clone(), stored.out_of_stock());
                let publish = known.as_ref().map(shown) != Some(shown(&next));
                *known = Some(next);
                return Ok(receipt(Status::Recorded, publish));
            }
            pause.wait().await?;
            *known = self.get(table, key, true).await?;
        }
    }

    /// Every product of a shop, in no order: for the publish job.
    pub(crate) async fn all_products(&self, shop: &ShopId) -> Result<Vec<StoredProduct>, LedgerError> {
        let mut tasks = JoinSet::new();
        for part in 0..keys::PRODUCT_PARTS {
            let (ledger, pk) = (self.clone(), keys::product_part(shop, part));
            tasks.spawn(async move { ledger.query_all::<StoredProduct>(&ledger.tables().shops, &pk).await });
        }
        let mut products = Vec::new();
        while let Some(part) = tasks.join_next().await {
            products.extend(part.map_err(LedgerError::damaged)??);
        }
        Ok(products)
    }
}

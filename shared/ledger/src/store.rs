//! The store: one SDK client, three tables, and the few calls everything else is made of.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, KeysAndAttributes, Put, ReturnConsumedCapacity, TransactWriteItem, Update,
};
use playbook::Holdout;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::catalogue_cache::CatalogueCache;
use crate::error::{LedgerError, store};
use crate::keys::{CustomerKey, Key};
use crate::secrets::Secrets;
use crate::shop_cache::ShopCache;
use crate::{CustomerId, ShopId};

/// An item as the SDK gives it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The names of the three tables.
#[derive(Clone, Debug)]
pub struct Tables {
    /// Profiles by bucket.
    pub customers: String,
    /// Every accepted item.
    pub ledger: String,
    /// Settings, cuts, runs, keys.
    pub shops: String,
}

impl Default for Tables {
    fn default() -> Tables {
        Tables { customers: "Customers".into(), ledger: "Ledger".into(), shops: "Shops".into() }
    }
}

/// The ledger over DynamoDB. Cheap to clone; one per process.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) client: Client,
    pub(crate) tables: Tables,
    pub(crate) secrets: Secrets,
    pub(crate) shops: Arc<ShopCache>,
    pub(crate) catalogues: Arc<CatalogueCache>,
}

impl Ledger {
    /// Readers look at a shop's pointers at most once in this time.
    pub const CACHE_FOR: Duration = Duration::from_secs(60);

    /// A ledger over these tables.
    #[must_use]
    pub fn new(client: Client, tables: Tables, secrets: Secrets) -> Ledger {
        Ledger::with_cache(client, tables, secrets, Ledger::CACHE_FOR)
    }

    /// The same with another age at which a shop's cached pointers are read again; zero reads them each time.
    #[must_use]
    pub fn with_cache(client: Client, tables: Tables, secrets: Secrets, cache_for: Duration) -> Ledger {
        let (shops, catalogues) = (Arc::new(ShopCache::new(cache_for)), Arc::default());
        Ledger { inner: Arc::new(Inner { client, tables, secrets, shops, catalogues }) }
    }

    /// The same, with the same caches, through another client: who calls can be told apart by it.
    #[must_use]
    pub fn through(&self, client: Client) -> Ledger {
        let Inner { tables, secrets, shops, catalogues, .. } = &*self.inner;
        let (tables, secrets) = (tables.clone(), secrets.clone());
        let (shops, catalogues) = (Arc::clone(shops), Arc::clone(catalogues));
        Ledger { inner: Arc::new(Inner { client, tables, secrets, shops, catalogues }) }
    }

    /// The key of a shop's customer.
    #[must_use]
    pub fn customer_key(&self, shop: &ShopId, customer: &CustomerId) -> CustomerKey {
        self.inner.secrets.keys.customer(shop, customer)
    }

    /// A number that is fixed for customer and series: see [`KeySecret::shift`](crate::KeySecret::shift).
    #[must_use]
    pub fn shift(&self, customer: &CustomerKey, series: &str) -> u32 {
        self.inner.secrets.keys.shift(customer, series)
    }

    /// Is a customer held out of a series, or of [`playbook::holdout::EVERYTHING`]? Where nobody is, nothing is hashed.
    #[must_use]
    pub fn drawn(&self, holdout: &Holdout, customer: &CustomerKey, series: &str) -> bool {
        holdout.share(series) > 0
            && holdout.takes(series, self.inner.secrets.keys.draw(customer, &holdout.salt, series))
    }

    /// The SDK client, for tests that look into the store.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.inner.client
    }

    /// The tables' names.
    #[must_use]
    pub fn tables(&self) -> &Tables {
        &self.inner.tables
    }

    /// A cheap read that every function may do: opens the connection before the first request needs it.
    ///
    /// # Errors
    /// [`LedgerError`] when the store does not answer.
    pub async fn warm_up(&self) -> Result<(), LedgerError> {
        self.get_item(&self.inner.tables.shops, &crate::keys::nothing(), false).await.map(|_| ())
    }

    pub(crate) async fn get_item(&self, table: &str, key: &Key, consistent: bool) -> Result<Option<Item>, LedgerError> {
        let got = self
            .inner
            .client
            .get_item()
            .table_name(table)
            .set_key(Some(item(key)?))
            .consistent_read(consistent)
            .send()
            .await
            .map_err(store("GetItem"))?;
        Ok(got.item)
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        table: &str,
        key: &Key,
        consistent: bool,
    ) -> Result<Option<T>, LedgerError> {
        self.get_item(table, key, consistent).await?.map(parse).transpose()
    }

    /// Reads up to 100 items; those that are absent are left out.
    pub(crate) async fn batch_get(
        &self,
        table: &str,
        keys: &[Key],
        consistent: bool,
        only: Option<&str>,
    ) -> Result<Vec<Item>, LedgerError> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(100) {
            let mut pending = keys.iter().map(item).collect::<Result<Vec<Item>, _>>()?;
            let mut pause = Backoff::default();
            while !pending.is_empty() {
                let wanted = KeysAndAttributes::builder()
                    .set_keys(Some(pending))
                    .consistent_read(consistent)
                    .set_projection_expression(only.map(str::to_owned))
                    .set_expression_attribute_names(only.map(names_in))
                    .build()
                    .map_err(LedgerError::damaged)?;
                let got = self
                    .inner
                    .client
                    .batch_get_item()
                    .request_items(table, wanted)
                    .send()
                    .await
                    .map_err(store("BatchGetItem"))?;
                found.extend(got.responses.into_iter().flatten().flat_map(|(_, items)| items));
                // An answer over 16 MB, or a throttled partition, leaves keys to ask for again.
                pending =
                    got.unprocessed_keys.unwrap_or_default().remove(table).map_or_else(Vec::new, |rest| rest.keys);
                if !pending.is_empty() {
                    pause.wait().await?;
                }
            }
        }
        Ok(found)
    }

    /// One put on condition that the item is as it was read: absent, or of that version. Cheaper than a transaction of one.
    /// `Ok(false)`: it is not.
    pub(crate) async fn put_one(&self, table: &str, item: Item, read: Option<u64>) -> Result<bool, LedgerError> {
        let put = self.inner.client.put_item().table_name(table).set_item(Some(item));
        let put = match read {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(version) => put
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", AttributeValue::N(version.to_string())),
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(false)
            }
            Err(error) => Err(store("PutItem")(error)),
        }
    }

    /// One transaction. `Ok(false)`: somebody else changed, or is changing, an item; read again and decide anew.
    pub(crate) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<bool, LedgerError> {
        Ok(self.transact_counting(writes).await?.is_some())
    }

    /// The same, with the write units it took; `Ok(None)` where [`Ledger::transact`] says `false`.
    pub(crate) async fn transact_counting(&self, writes: Vec<TransactWriteItem>) -> Result<Option<f64>, LedgerError> {
        Ok(match self.transact_telling(writes).await? {
            Committed::Yes(units) => Some(units),
            Committed::No(_) => None,
        })
    }

    /// The same, telling which conditions did not hold.
    pub(crate) async fn transact_telling(&self, writes: Vec<TransactWriteItem>) -> Result<Committed, LedgerError> {
        let call = self.inner.client.transact_write_items().set_transact_items(Some(writes));
        let error = match call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await {
            Ok(done) => {
                let units = done.consumed_capacity().iter().filter_map(|used| used.capacity_units()).sum();
                return Ok(Committed::Yes(units));
            }
            Err(error) => error,
        };
        if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() {
            let contended = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code()).all(|code| {
                matches!(
                    code,
                    "None"
                        | "ConditionalCheckFailed"
                        | "TransactionConflict"
                        | "ThrottlingError"
                        | "ProvisionedThroughputExceeded"
                )
            });
            if contended {
                let reasons = cancelled.cancellation_reasons().iter().enumerate();
                let failed = reasons.filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"));
                return Ok(Committed::No(failed.map(|(nth, _)| nth).collect()));
            }
        }
        Err(store("TransactWriteItems")(error))
    }

    /// A put on condition that the item is absent.
    pub(crate) fn put_new(&self, table: &str, item: Item) -> Result<TransactWriteItem, LedgerError> {
        let put =
            Put::builder().table_name(table).set_item(Some(item)).condition_expression("attribute_not_exists(pk)");
        Ok(TransactWriteItem::builder().put(put.build().map_err(LedgerError::damaged)?).build())
    }

    /// A put on condition that the item is as it was read: absent, or of that version.
    pub(crate) fn put_as_read(
        &self,
        table: &str,
        item: Item,
        version: Option<u64>,
    ) -> Result<TransactWriteItem, LedgerError> {
        let Some(version) = version else { return self.put_new(table, item) };
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(item))
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", AttributeValue::N(version.to_string()));
        Ok(TransactWriteItem::builder().put(put.build().map_err(LedgerError::damaged)?).build())
    }

    /// A delete on condition that the item is there.
    pub(crate) fn delete(&self, table: &str, key: &Key) -> Result<TransactWriteItem, LedgerError> {
        let delete =
            Delete::builder().table_name(table).set_key(Some(item(key)?)).condition_expression("attribute_exists(pk)");
        Ok(TransactWriteItem::builder().delete(delete.build().map_err(LedgerError::damaged)?).build())
    }

    /// One update with its condition. `Ok(false)`: the condition does not hold.
    pub(crate) async fn update_one(&self, table: &str, key: &Key, change: Change) -> Result<bool, LedgerError> {
        let update = self
            .inner
            .client
            .update_item()
            .table_name(table)
            .set_key(Some(item(key)?))
            .set_expression_attribute_names(Some(names_in(&[change.set, change.on_condition].join(" "))))
            .set_expression_attribute_values(Some(change.values))
            .update_expression(change.set)
            .condition_expression(change.on_condition);
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(store("UpdateItem")(error)),
        }
    }

    /// An update with its condition.
    pub(crate) fn update(&self, table: &str, key: &Key, change: Change) -> Result<TransactWriteItem, LedgerError> {
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(item(key)?))
            .set_expression_attribute_names(Some(names_in(&[change.set, change.on_condition].join(" "))))
            .set_expression_attribute_values(Some(change.values))
            .update_expression(change.set)
            .condition_expression(change.on_condition);
        Ok(TransactWriteItem::builder().update(update.build().map_err(LedgerError::damaged)?).build())
    }
}

/// Did a transaction go through?
pub(crate) enum Committed {
    /// With the write units it took.
    Yes(f64),
    /// No: the places of the items whose conditions did not hold; none where others were at the same items, or the store
    /// throttled.
    No(Vec<usize>),
}

/// An update expression, its condition, and the values both name. Every attribute is written `#name`.
pub(crate) struct Change {
    pub(crate) set: &'static str,
    pub(crate) on_condition: &'static str,
    pub(crate) values: Item,
}

/// Every `#name` of an expression as the attribute of that name: no reserved word needs to be known.
pub(crate) fn names_in(expression: &str) -> HashMap<String, String> {
    expression
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '#'))
        .filter(|word| word.starts_with('#'))
        .map(|word| (word.to_owned(), word.trim_start_matches('#').to_owned()))
        .collect()
}

/// A value as an item.
pub(crate) fn item(value: &impl Serialize) -> Result<Item, LedgerError> {
    serde_dynamo::to_item(value).map_err(LedgerError::damaged)
}

/// A value as an attribute.
pub(crate) fn attribute(value: &impl Serialize) -> Result<AttributeValue, LedgerError> {
    serde_dynamo::to_attribute_value(value).map_err(LedgerError::damaged)
}

/// An item as a value.
pub(crate) fn parse<T: DeserializeOwned>(item: Item) -> Result<T, LedgerError> {
    serde_dynamo::from_item(item).map_err(LedgerError::damaged)
}

/// Waits between tries: full jitter under a doubling bound, and an end.
#[derive(Default)]
pub(crate) struct Backoff {
    tries: u32,
}

impl Backoff {
    const TRIES: u32 = 60;

    /// Waits for the next try, or gives up with [`LedgerError::Busy`].
    pub(crate) async fn wait(&mut self) -> Result<(), LedgerError> {
        self.tries += 1;
        if self.tries > Backoff::TRIES {
            return Err(LedgerError::Busy);
        }
        let bound = 4_u64 << self.tries.min(6);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(1..=bound))).await;
        Ok(())
    }
}

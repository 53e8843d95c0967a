//! Reading a customer: the profile in one read, two where they were merged, and the story in pages.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;

use crate::error::LedgerError;
use crate::ids::{CustomerId, ShopId};
use crate::items::{Customer, StoryItem};
use crate::keys::{self, CustomerKey, Key};
use crate::standing::Held;
use crate::store::{Item, Ledger, parse};

/// A page of a customer's story.
#[derive(Debug)]
pub struct StoryPage {
    /// Accepted items and moves of each id, sorted by kind and id.
    pub items: Vec<StoryItem>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

impl Ledger {
    /// A customer's profile, eventually consistent, as a lookup needs it (law 10): one GetItem; two where they were merged.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn customer(&self, shop: &ShopId, customer: &CustomerId) -> Result<Option<Customer>, LedgerError> {
        let held = match self.held_under(shop, &self.customer_key(shop, customer), false).await? {
            Held::Alias(alias) => self.held_under(shop, &alias.alias_of, false).await?,
            held => held,
        };
        Ok(match held {
            Held::Customer(customer) => Some(*customer),
            Held::Nobody | Held::Alias(_) | Held::Marker(_) => None,
        })
    }

    /// The same, consistent, by key: for whoever changes it. Of an alias it is the customer it names.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn customer_now(&self, shop: &ShopId, key: &CustomerKey) -> Result<Option<Customer>, LedgerError> {
        Ok(self.standing(shop, key).await?.customer().cloned())
    }

    /// A page of a customer's story under all their ids, at most `limit` items, after a position.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn history(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        after: Option<&str>,
        limit: i32,
    ) -> Result<StoryPage, LedgerError> {
        let standing = self.standing(shop, &self.customer_key(shop, customer)).await?;
        let Some(customer) = standing.customer() else { return Ok(StoryPage { items: Vec::new(), next: None }) };
        let keys: Vec<&CustomerKey> = customer.keys().collect();
        // A position names the story by its key, and the last item there; none: before its first.
        let (mut at, mut start) = match after.and_then(|position| position.split_once('#')) {
            Some((key, sk)) => (keys.iter().position(|known| known.as_str() == key), Some(sk)),
            None => (Some(0), None),
        };
        let mut items = Vec::new();
        while let Some(nth) = at.filter(|nth| *nth < keys.len()) {
            let pk = keys::story(shop, keys[nth]);
            let rest = limit.saturating_sub(i32::try_from(items.len()).unwrap_or(i32::MAX));
            let from = start.filter(|sk| !sk.is_empty()).map(|sk| Key { pk: pk.clone(), sk: sk.to_owned() });
            let (found, next) = self.query_page(&self.tables().ledger, &pk, from, rest).await?;
            for item in found {
                items.push(parse(item)?);
            }
            let more = match next {
                Some(sk) => Some(format!("{}#{sk}", keys[nth].as_str())),
                None => keys.get(nth + 1).map(|key| format!("{}#", key.as_str())),
            };
            // One Query brings at most 1 MB; a page ends with the first story that has anything.
            if more.is_none() || !items.is_empty() {
                return Ok(StoryPage { items, next: more });
            }
            (at, start) = (Some(nth + 1), None);
        }
        Ok(StoryPage { items, next: None })
    }

    /// All items of a partition, consistently.
    pub(crate) async fn query_all<T: DeserializeOwned>(&self, table: &str, pk: &str) -> Result<Vec<T>, LedgerError> {
        let (mut all, mut start) = (Vec::new(), None);
        loop {
            let (items, next) = self.query_page(table, pk, start, i32::MAX).await?;
            for item in items {
                all.push(parse(item)?);
            }
            match next {
                Some(sk) => start = Some(Key { pk: pk.to_owned(), sk }),
                None => return Ok(all),
            }
        }
    }

    /// All items of a partition whose sort keys begin so, consistently.
    pub(crate) async fn query_all_from(&self, table: &str, pk: &str, begins: &str) -> Result<Vec<Item>, LedgerError> {
        let (mut all, mut start) = (Vec::new(), None);
        loop {
            let (items, next) = self.query_from(table, pk, Some(begins), false, start, i32::MAX).await?;
            all.extend(items);
            match next {
                Some(sk) => start = Some(Key { pk: pk.to_owned(), sk }),
                None => return Ok(all),
            }
        }
    }

    pub(crate) async fn query_page(
        &self,
        table: &str,
        pk: &str,
        start: Option<Key>,
        limit: i32,
    ) -> Result<(Vec<Item>, Option<String>), LedgerError> {
        self.query_from(table, pk, None, false, start, limit).await
    }

    /// A page of the items of a partition, or of those whose sort keys begin so; consistent. Backwards: the last one first.
    pub(crate) async fn query_from(
        &self,
        table: &str,
        pk: &str,
        begins: Option<&str>,
        backwards: bool,
        start: Option<Key>,
        limit: i32,
    ) -> Result<(Vec<Item>, Option<String>), LedgerError> {
        let query = self.inner.client.query().table_name(table);
        let query = match begins {
            None => query.key_condition_expression("pk = :pk"),
            Some(begins) => query
                .key_condition_expression("pk = :pk AND begins_with(sk, :begins)")
                .expression_attribute_values(":begins", AttributeValue::S(begins.to_owned())),
        };
        let answer = query
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
            .scan_index_forward(!backwards)
            .set_exclusive_start_key(start.as_ref().map(crate::store::item).transpose()?)
            .limit(limit)
            .consistent_read(true)
            .send()
            .await
            .map_err(crate::error::store("Query"))?;
        let next = answer.last_evaluated_key.map(parse::<Key>).transpose()?.map(|key| key.sk);
        Ok((answer.items.unwrap_or_default(), next))
    }
}

//! Reading a customer: the profile in one read, the story in pages, and the rebuild that must equal the profile (law 1).

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use segmentation::moves::VersionedMove;
use segmentation::{Bought, OrderFold, Profile};
use serde::de::DeserializeOwned;

use crate::error::LedgerError;
use crate::ids::{CustomerId, OrderId, ShopId};
use crate::items::{Customer, Sequence, StoryItem};
use crate::keys::{self, CustomerKey, Key};
use crate::shop::Shop;
use crate::store::{Item, Ledger, parse};

/// A page of a customer's story.
#[derive(Debug)]
pub struct StoryPage {
    /// Accepted items and moves, sorted by kind and id.
    pub items: Vec<StoryItem>,
    /// Where the next page begins, if there is one: the last item's sort key.
    pub next: Option<String>,
}

impl Ledger {
    /// A customer's profile: one eventually consistent GetItem, as a lookup needs it (law 10).
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn customer(&self, shop: &ShopId, customer: &CustomerId) -> Result<Option<Customer>, LedgerError> {
        let key = keys::profile(shop, &self.customer_key(shop, customer));
        self.get_item(&self.tables().customers, &key, false).await?.map(Customer::from_item).transpose()
    }

    /// The same, consistent, by key: for whoever changes it.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn customer_now(&self, shop: &ShopId, key: &CustomerKey) -> Result<Option<Customer>, LedgerError> {
        let found = self.get_item(&self.tables().customers, &keys::profile(shop, key), true).await?;
        found.map(Customer::from_item).transpose()
    }

    /// A page of a customer's story, at most `limit` items, after the sort key `after`.
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
        let pk = keys::story(shop, &self.customer_key(shop, customer));
        let start = after.map(|sk| Key { pk: pk.clone(), sk: sk.to_owned() });
        let (items, next) = self.query_page(&self.tables().ledger, &pk, start, limit).await?;
        Ok(StoryPage { items: items.into_iter().map(parse).collect::<Result<_, _>>()?, next })
    }

    /// Folds a customer's whole story anew: the result equals the stored profile byte for byte.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails, or the story contradicts itself.
    pub async fn rebuild(&self, shop: &Shop, customer: &CustomerId) -> Result<Option<Profile>, LedgerError> {
        let pk = keys::story(&shop.id, &self.customer_key(&shop.id, customer));
        let story: Vec<StoryItem> = self.query_all(&self.tables().ledger, &pk).await?;
        if story.is_empty() {
            return Ok(None);
        }
        let zone = shop.settings.time_zone;
        let mut folds: BTreeMap<OrderId, OrderFold> = BTreeMap::new();
        let mut first_accepted: BTreeMap<OrderId, (Sequence, Option<Bought>)> = BTreeMap::new();
        let (mut returns, mut moves, mut facts, mut version) = (Vec::new(), BTreeMap::new(), BTreeMap::new(), 0);
        for item in story {
            match item {
                StoryItem::Order { sequence, order, .. } => {
                    folds.entry(order.id.clone()).or_default().revise(order.fold(zone));
                    // A lower revision has no place in the sequence, and is never the first.
                    let Some(sequence) = sequence else { continue };
                    version = version.max(sequence.version);
                    let first = first_accepted.get(&order.id).is_none_or(|(known, _)| sequence < *known);
                    if first {
                        first_accepted.insert(order.id.clone(), (sequence, order.bought(zone)));
                    }
                }
                StoryItem::Return { sequence, returned, .. } => {
                    version = version.max(sequence.version);
                    returns.push((sequence, returned));
                }
                StoryItem::Move { sequence, moved, .. } => {
                    version = version.max(sequence.version);
                    moves.insert(sequence, moved);
                }
                StoryItem::Redemption { sequence: None, .. } => {}
                StoryItem::Attributes { sequence, .. }
                | StoryItem::Redemption { sequence: Some(sequence), .. }
                | StoryItem::GivenBack { sequence, .. }
                | StoryItem::Choice { sequence, .. }
                | StoryItem::Answer { sequence, .. }
                | StoryItem::Referral { sequence, .. }
                | StoryItem::Alert { sequence, .. } => {
                    version = version.max(sequence.version);
                    facts.insert(sequence, item);
                }
            }
        }
        // After the revisions, since a return may rest on any of them; in sequence, so that the whole comes last.
        returns.sort_by_key(|(sequence, _)| *sequence);
        for (_, returned) in returns {
            let fold = folds.entry(returned.sent.order.clone()).or_default();
            fold.give_back(returned.given_back).map_err(LedgerError::damaged)?;
        }
        let mut profile =
            Profile { version, orders: folds.values().filter_map(OrderFold::entry).collect(), ..Profile::default() };
        let bought: BTreeMap<Sequence, Option<Bought>> = first_accepted.into_values().collect();
        bought.values().flatten().for_each(|bought| profile.remember(bought));
        facts.values().for_each(|fact| fact.fold_into(&mut profile));
        for (sequence, moved) in moves {
            profile.moves.push(VersionedMove { version: sequence.version, moved });
        }
        Ok(Some(profile))
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

    async fn query_page(
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

//! Audiences: who is in a segment, freshest first, from the index that the labels keep.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use segmentation::Segment;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::error::{LedgerError, store};
use crate::ids::ShopId;
use crate::items::Customer;
use crate::keys::{self, AUDIENCE_PARTS, CustomerKey, Key};
use crate::store::{Ledger, parse};

/// Every position begins with a digit, and sorts after this.
const FIRST: &str = "!";

/// Some customers whose label is of a segment.
#[derive(Debug)]
pub struct AudiencePage {
    /// Freshest label first. A label may be older than today's segment: the reader computes it anew and drops who left.
    pub members: Vec<Member>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// A customer of an audience.
#[derive(Debug)]
pub struct Member {
    /// Their position in the index: a page may end after them.
    pub position: String,
    /// Who.
    pub customer: Customer,
}

#[derive(Deserialize)]
struct Entry {
    pk: String,
    sk: String,
    audience_sk: String,
}

/// A place in an audience, with no name in it: the label's day counted down, and the customer's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    position: String,
    pk: String,
    key: CustomerKey,
}

impl Ledger {
    /// In how many partitions the index holds an audience.
    pub const AUDIENCE_PARTS: u8 = AUDIENCE_PARTS;

    /// All places of one partition of an audience, freshest label first. Nobody's profile is read.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn audience_places(&self, shop: &ShopId, segment: Segment, part: u8) -> Result<Vec<Place>, LedgerError> {
        let pk = keys::audience_part(shop, segment, part);
        let entries = self.audience_part(pk, FIRST.to_owned(), usize::MAX).await?;
        let place = |Entry { pk, sk, audience_sk }| Place { position: audience_sk, pk, key: CustomerKey::stored(&sk) };
        Ok(entries.into_iter().map(place).collect())
    }

    /// Who stands in these places now, in their order; whoever is gone is left out.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn customers_at(&self, places: &[Place]) -> Result<Vec<Customer>, LedgerError> {
        let wanted = places.iter().map(|place| Key { pk: place.pk.clone(), sk: place.key.as_str().to_owned() });
        let mut found = self.profiles(&wanted.collect::<Vec<_>>()).await?;
        Ok(places.iter().filter_map(|place| found.remove(&place.key)).collect())
    }

    async fn profiles(&self, wanted: &[Key]) -> Result<HashMap<CustomerKey, Customer>, LedgerError> {
        let mut found = HashMap::with_capacity(wanted.len());
        for item in self.batch_get(&self.tables().customers, wanted, false, None).await? {
            let Some(customer) = Customer::from_item(item)? else { continue };
            found.insert(customer.key.clone(), customer);
        }
        Ok(found)
    }

    /// A page of at most `limit` customers after the index position `after`, merged over the index's 16 partitions.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn audience(
        &self,
        shop: &ShopId,
        segment: Segment,
        after: Option<&str>,
        limit: usize,
    ) -> Result<AudiencePage, LedgerError> {
        let mut parts = JoinSet::new();
        for part in 0..AUDIENCE_PARTS {
            let (ledger, pk) = (self.clone(), keys::audience_part(shop, segment, part));
            let after = after.unwrap_or(FIRST).to_owned();
            parts.spawn(async move { ledger.audience_part(pk, after, limit + 1).await });
        }
        let mut entries = Vec::new();
        while let Some(part) = parts.join_next().await {
            entries.extend(part.map_err(LedgerError::damaged)??);
        }
        entries.sort_unstable_by(|a, b| a.audience_sk.cmp(&b.audience_sk));
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| more).map(|entry| entry.audience_sk.clone());
        let wanted: Vec<Key> = entries.iter().map(|entry| Key { pk: entry.pk.clone(), sk: entry.sk.clone() }).collect();
        let mut found = self.profiles(&wanted).await?;
        let member = |entry: Entry| {
            let customer = found.remove(&CustomerKey::stored(&entry.sk))?;
            Some(Member { position: entry.audience_sk, customer })
        };
        Ok(AudiencePage { members: entries.into_iter().filter_map(member).collect(), next })
    }

    async fn audience_part(&self, pk: String, after: String, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        let mut entries = Vec::new();
        let mut start = None;
        loop {
            let rest = i32::try_from(limit - entries.len()).unwrap_or(i32::MAX);
            let answer = self
                .inner
                .client
                .query()
                .table_name(&self.tables().customers)
                .index_name("audience")
                .key_condition_expression("audience_pk = :pk AND audience_sk > :after")
                .expression_attribute_values(":pk", AttributeValue::S(pk.clone()))
                .expression_attribute_values(":after", AttributeValue::S(after.clone()))
                .set_exclusive_start_key(start)
                .limit(rest)
                .send()
                .await
                .map_err(store("Query"))?;
            for item in answer.items.unwrap_or_default() {
                entries.push(parse(item)?);
            }
            match answer.last_evaluated_key {
                Some(key) if entries.len() < limit => start = Some(key),
                _ => return Ok(entries),
            }
        }
    }
}

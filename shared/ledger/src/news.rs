//! What an item of the ledger tells the outside: a customer's move or alert, or an alert of the shop's own.

use std::collections::HashMap;
use std::fmt;

use segmentation::{Alert, Move};
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::{CustomerId, ShopId};
use crate::items::StoryItem;
use crate::keys::{self, CustomerKey, Key};
use crate::shop_alerts::ShopAlert;
use crate::store::{Ledger, parse};

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum EventKind {
    /// A customer came to another segment.
    #[serde(rename = "customer.moved")]
    CustomerMoved,
    /// The shop should know something of a customer at once.
    #[serde(rename = "customer.alert")]
    CustomerAlert,
    /// A run found something that the shop should know.
    #[serde(rename = "shop.alert")]
    ShopAlert,
}

impl EventKind {
    /// The name that receivers see.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            EventKind::CustomerMoved => "customer.moved",
            EventKind::CustomerAlert => "customer.alert",
            EventKind::ShopAlert => "shop.alert",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What an item tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct News {
    /// Of which shop.
    pub shop: ShopId,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum What {
    /// A customer moved.
    Moved {
        /// Who.
        key: CustomerKey,
        /// The version of their profile.
        sequence: u64,
        /// That of their event before it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<u64>,
        /// Where from and where to.
        moved: Move,
        /// What the shop is told of it at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alert: Option<Alert>,
    },
    /// A customer's answer, or silence, was an alert.
    Alerted {
        /// Who.
        key: CustomerKey,
        /// The version of their profile.
        sequence: u64,
        /// That of their event before it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<u64>,
        /// What is to be known.
        alert: Alert,
    },
    /// The shop as a whole is told something.
    Shop {
        /// The item's sort key, by which alerts of a shop differ.
        position: String,
        /// What a run found.
        alert: ShopAlert,
    },
}

impl News {
    /// What this item of the table `Ledger` tells; `None`: nothing to the outside.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] when it is one that tells something, and cannot be read.
    pub fn of(stored: serde_dynamo::Item) -> Result<Option<News>, LedgerError> {
        let damaged = |error: serde_dynamo::Error| LedgerError::damaged(error);
        let Key { pk, sk } = serde_dynamo::from_item(stored.clone()).map_err(damaged)?;
        if let Some(shop) = keys::read_alerts(&pk)
            && keys::is_shop_alert(&sk)
        {
            let alert = serde_dynamo::from_item(stored).map_err(damaged)?;
            return Ok(Some(News { shop, what: What::Shop { position: sk, alert } }));
        }
        let Some((shop, key)) = keys::read_story(&pk).filter(|_| keys::is_move(&sk)) else { return Ok(None) };
        let what = match serde_dynamo::from_item(stored).map_err(damaged)? {
            StoryItem::Move { sequence, previous, moved, alert } => {
                What::Moved { key, sequence: sequence.version, previous, moved, alert }
            }
            StoryItem::Alert { sequence, previous, alert } => {
                What::Alerted { key, sequence: sequence.version, previous, alert }
            }
            _ => return Ok(None),
        };
        Ok(Some(News { shop, what }))
    }

    /// The same for each telling of the same news.
    #[must_use]
    pub fn id(&self) -> String {
        match &self.what {
            What::Moved { key, sequence, .. } | What::Alerted { key, sequence, .. } => {
                format!("{}:{}:{sequence}", self.shop, key.as_str())
            }
            What::Shop { position, .. } => format!("{}:{position}", self.shop),
        }
    }

    /// What kind of event it is.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        match &self.what {
            What::Moved { .. } => EventKind::CustomerMoved,
            What::Alerted { .. } => EventKind::CustomerAlert,
            What::Shop { .. } => EventKind::ShopAlert,
        }
    }

    /// Does it alert the shop of a customer, whatever kind it is?
    #[must_use]
    pub fn alerts(&self) -> bool {
        matches!(self.what, What::Alerted { .. } | What::Moved { alert: Some(_), .. })
    }

    /// Its place among those of the same customer, or of the shop.
    pub(crate) fn place(&self) -> String {
        match &self.what {
            What::Moved { sequence, .. } | What::Alerted { sequence, .. } => format!("{sequence:016}"),
            What::Shop { position, .. } => position.clone(),
        }
    }

    /// Whose it is, if it is a customer's.
    #[must_use]
    pub fn customer(&self) -> Option<&CustomerKey> {
        match &self.what {
            What::Moved { key, .. } | What::Alerted { key, .. } => Some(key),
            What::Shop { .. } => None,
        }
    }
}

impl Ledger {
    /// The shops' own ids of these customers; who is gone is left out.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn customer_ids(
        &self,
        customers: impl IntoIterator<Item = (&ShopId, &CustomerKey)>,
    ) -> Result<HashMap<CustomerKey, CustomerId>, LedgerError> {
        #[derive(Deserialize)]
        struct Named {
            sk: CustomerKey,
            /// A marker has none.
            customer: Option<CustomerId>,
        }
        let mut wanted: Vec<Key> = customers.into_iter().map(|(shop, key)| keys::profile(shop, key)).collect();
        wanted.sort_unstable_by(|a, b| (&a.pk, &a.sk).cmp(&(&b.pk, &b.sk)));
        wanted.dedup();
        let found = self.batch_get(&self.tables().customers, &wanted, false, Some("#sk, #customer")).await?;
        let named = found.into_iter().map(parse);
        let of = |named: Named| Some((named.sk, named.customer?));
        named.filter_map(|named: Result<Named, LedgerError>| named.map(of).transpose()).collect()
    }
}

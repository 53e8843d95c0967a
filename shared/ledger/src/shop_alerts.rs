//! Alerts of a shop as a whole: what a run found, listed among those of its customers.

use aws_sdk_dynamodb::types::TransactWriteItem;
use segmentation::{Day, Fall};
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::runs::Run;
use crate::shop::Keyed;
use crate::store::{Ledger, item};

/// Something that a shop is told of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopAlert {
    /// The run's day.
    pub day: Day,
    /// Which run found it.
    pub run: u64,
    /// What.
    #[serde(flatten)]
    pub news: ShopNews,
}

/// What a run found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum ShopNews {
    /// A group has fallen below its trend.
    GroupFall(Fall),
}

impl ShopNews {
    /// The name used in the API.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            ShopNews::GroupFall(_) => "group_fall",
        }
    }

    /// What tells apart a run's alerts.
    fn subject(&self) -> &'static str {
        match self {
            ShopNews::GroupFall(fall) => fall.group.name(),
        }
    }
}

impl Ledger {
    /// The writes that list a run's falls, in the transaction that publishes it.
    pub(crate) fn fall_writes(&self, shop: &ShopId, run: &Run) -> Result<Vec<TransactWriteItem>, LedgerError> {
        let write = |fall: &Fall| {
            let news = ShopNews::GroupFall(*fall);
            let key = keys::shop_alert(shop, run.day, run.run, news.name(), news.subject());
            let alert = ShopAlert { day: run.day, run: run.run, news };
            self.put_new(&self.tables().ledger, item(&Keyed { key, value: &alert })?)
        };
        run.falls.iter().map(write).collect()
    }
}

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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ShopNews {
    /// A group has fallen below its trend.
    GroupFall(Fall),
    /// It could not be brought to its end; told once a day.
    RunFailed {
        /// Why.
        failure: String,
    },
}

impl ShopNews {
    /// The name used in the API.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            ShopNews::GroupFall(_) => "group_fall",
            ShopNews::RunFailed { .. } => "run_failed",
        }
    }
}

impl Ledger {
    /// The writes that list a run's falls, in the transaction that publishes it.
    pub(crate) fn fall_writes(&self, shop: &ShopId, run: &Run) -> Result<Vec<TransactWriteItem>, LedgerError> {
        let write = |fall: &Fall| {
            let news = ShopNews::GroupFall(*fall);
            let key = keys::shop_alert(shop, run.day, run.run, news.name(), fall.group.name());
            let alert = ShopAlert { day: run.day, run: run.run, news };
            self.put_new(&self.tables().ledger, item(&Keyed { key, value: &alert })?)
        };
        run.falls.iter().map(write).collect()
    }

    /// The write that lists a run's failure, unless one of that day is listed.
    pub(crate) async fn failure_write(
        &self,
        shop: &ShopId,
        run: &Run,
        failure: &str,
    ) -> Result<Option<TransactWriteItem>, LedgerError> {
        let key = keys::failure_alert(shop, run.day);
        let table = &self.tables().ledger;
        if self.get_item(table, &key, true).await?.is_some() {
            return Ok(None);
        }
        let news = ShopNews::RunFailed { failure: failure.to_owned() };
        let alert = ShopAlert { day: run.day, run: run.run, news };
        self.put_new(table, item(&Keyed { key, value: &alert })?).map(Some)
    }
}

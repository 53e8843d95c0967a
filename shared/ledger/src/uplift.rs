//! What a run measures of the shop's holdout, and what the months' last runs measured (law 14).
//!
//! A run measures the month of the day before it, up to that day, so the run of the first day sees the month before as a whole.
//! Each run's sums replace those of the run before it.

use aws_sdk_dynamodb::types::TransactWriteItem;
use playbook::uplift::{Measured, Month, Period, Tally};
use segmentation::{Activation, Day};
use serde::{Deserialize, Serialize};

use crate::cuts::ActivationRecord;
use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::runs::Run;
use crate::shop::Keyed;
use crate::store::{Ledger, item};

/// A month as its last run measured it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpliftRecord {
    /// Counts the writes of this item.
    pub version: u64,
    /// Which run measured it.
    pub run: u64,
    /// What was measured.
    pub measured: Measured,
    /// The sums.
    pub tally: Tally,
}

impl Ledger {
    /// What is known of a month; `None` where no run has measured it.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn uplift(&self, shop: &ShopId, month: Month) -> Result<Option<UpliftRecord>, LedgerError> {
        self.get(&self.tables().shops, &keys::uplift(shop, month), true).await
    }

    /// What a run is to measure; `None` where nobody is held out.
    ///
    /// The period begins neither before the holdout was first seen as it is, nor before the first cuts: what came earlier
    /// happened to both arms alike and would only hide the effect.
    pub(crate) async fn to_measure(&self, id: &ShopId, run: &Run) -> Result<Option<Measured>, LedgerError> {
        let shop = self.shop(id).await?.ok_or_else(|| LedgerError::damaged("no such shop"))?;
        let holdout = &shop.settings.changeable.rewards.holdout;
        if !holdout.holds_anybody() {
            return Ok(None);
        }
        let before = match run.previous {
            Some(mark) => self.run(id, mark.run).await?.and_then(|run| run.measured),
            None => None,
        };
        let since = before.filter(|before| before.holdout == *holdout).map_or(run.day, |before| before.since);
        let through = run.day.plus(-1);
        let from = Month::of(through).first().max(since);
        let active = self.activation_on(id, shop.current.activation, from).await?;
        let from = active.as_ref().map_or(from, |active| from.max(active.day));
        let measured = Measured {
            period: Period { from, through },
            holdout: holdout.clone(),
            since,
            activation: active.map(|active| active.activation),
            playbook: shop.playbook.version().to_owned(),
            own: Default::default(),
            own_left_out: 0,
        };
        Ok(Some(measured.with_own(&shop.campaigns.own)))
    }

    /// The activation in force on a day: the last one made up to then, or the first of all where that came later.
    async fn activation_on(
        &self,
        shop: &ShopId,
        newest: Option<Activation>,
        day: Day,
    ) -> Result<Option<ActivationRecord>, LedgerError> {
        let Some(mut number) = newest else { return Ok(None) };
        loop {
            let found = self.get(&self.tables().shops, &keys::activation(shop, number), true).await?;
            let record: ActivationRecord =
                found.ok_or_else(|| LedgerError::damaged(format!("shop {shop} has no activation {number}")))?;
            if record.day <= day || number.0 <= 1 {
                return Ok(Some(record));
            }
            number = Activation(number.0 - 1);
        }
    }

    /// The write that makes a run's sums those of its month; `None` where nothing was measured, or more of the month is known.
    pub(crate) async fn uplift_write(
        &self,
        shop: &ShopId,
        run: &Run,
        tally: Tally,
    ) -> Result<Option<TransactWriteItem>, LedgerError> {
        let Some(measured) = run.measured.clone().filter(|measured| !measured.is_empty()) else { return Ok(None) };
        let month = Month::of(measured.period.through);
        let known = self.uplift(shop, month).await?;
        if known.as_ref().is_some_and(|known| known.measured.period.through > measured.period.through) {
            return Ok(None);
        }
        let read = known.map(|known| known.version);
        let record = UpliftRecord { version: read.unwrap_or(0) + 1, run: run.run, measured, tally };
        let stored = item(&Keyed { key: keys::uplift(shop, month), value: &record })?;
        self.put_as_read(&self.tables().shops, stored, read).map(Some)
    }
}

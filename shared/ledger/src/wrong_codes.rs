//! Wrong codes, counted exactly per customer and day, so that guessing ends (law 13).

use segmentation::Day;
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::keys::{self, CustomerKey};
use crate::shop::Shop;
use crate::store::{Change, Ledger, attribute};

/// Seconds after which a count is of no use any more: the day is over in every time zone.
const KEPT: i64 = 3 * 24 * 60 * 60;

#[derive(Serialize, Deserialize)]
struct Count {
    wrong: u64,
}

impl Ledger {
    /// May another code of this customer be tried on this day?
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn may_try_codes(&self, shop: &Shop, customer: &CustomerKey, day: Day) -> Result<bool, LedgerError> {
        let key = keys::wrong_codes(&shop.id, customer, day);
        let count: Option<Count> = self.get(&self.tables().shops, &key, true).await?;
        let most = u64::from(shop.settings.changeable.rewards.wrong_codes_a_day);
        Ok(count.is_none_or(|count| count.wrong < most))
    }

    /// Counts a wrong code; `false`: the day's number is full, and this one must not even be called wrong.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn count_wrong_code(&self, shop: &Shop, customer: &CustomerKey, day: Day) -> Result<bool, LedgerError> {
        let most = shop.settings.changeable.rewards.wrong_codes_a_day;
        let gone = (i64::from(day.epoch_days()) + 1) * 24 * 60 * 60 + KEPT;
        let values = [
            (":one".to_owned(), attribute(&1)?),
            (":most".to_owned(), attribute(&most)?),
            (":gone".to_owned(), attribute(&gone)?),
        ];
        let change = Change {
            set: "SET #expires_at = :gone ADD #wrong :one",
            on_condition: "attribute_not_exists(#wrong) OR #wrong < :most",
            values: values.into(),
        };
        self.update_one(&self.tables().shops, &keys::wrong_codes(&shop.id, customer, day), change).await
    }
}

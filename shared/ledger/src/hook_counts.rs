//! What deliveries to a hook came to, counted by hook and day: one update each, which reads nothing. A count only grows, so no
//! writer is in another's way. Of each reason for which something was ignored, the day's last one is kept as an example.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use segmentation::Day;
use serde::{Deserialize, Serialize};

use crate::error::{LedgerError, store};
use crate::hooks::HookId;
use crate::ids::ShopId;
use crate::keys;
use crate::store::{Item, Ledger, attribute, item};

/// Days for which counts are kept.
const KEPT_DAYS: i64 = 35;
const IGNORED: &str = "ignored_";
const LAST: &str = "last_";

/// What came of one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookOutcome {
    /// Something was recorded.
    Recorded,
    /// All of it was there before.
    Duplicate,
    /// It is to be sent again.
    Again,
    /// It was left out, or a part of it, for a reason in `[a-z_]`.
    Ignored {
        /// Why.
        reason: &'static str,
        /// The delivery.
        last: LastIgnored,
    },
}

/// An example of what was ignored. It says nothing of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LastIgnored {
    /// When it came.
    pub at: DateTime<Utc>,
    /// Which order, if that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// Why, in words; names the field if one could not be read.
    pub detail: String,
}

/// A day's deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedDay {
    /// The shop day.
    pub day: Day,
    /// Recorded something.
    pub recorded: u64,
    /// Were there before.
    pub duplicate: u64,
    /// Were to be sent again.
    pub again: u64,
    /// Ignored, by reason, with the last one.
    pub ignored: BTreeMap<String, (u64, Option<LastIgnored>)>,
}

impl Ledger {
    /// Counts one delivery.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails; it may have been counted all the same.
    pub async fn count_delivery(
        &self,
        shop: &ShopId,
        hook: &HookId,
        day: Day,
        outcome: &HookOutcome,
    ) -> Result<(), LedgerError> {
        let gone = (i64::from(day.epoch_days()) + KEPT_DAYS) * 24 * 60 * 60;
        let mut values: Item = [(":one".to_owned(), attribute(&1)?), (":gone".to_owned(), attribute(&gone)?)].into();
        let mut names: HashMap<String, String> = [("#gone".to_owned(), "expires_at".to_owned())].into();
        let (count, change) = match outcome {
            HookOutcome::Recorded => ("recorded".to_owned(), "SET #gone = :gone ADD #count :one"),
            HookOutcome::Duplicate => ("duplicate".to_owned(), "SET #gone = :gone ADD #count :one"),
            HookOutcome::Again => ("again".to_owned(), "SET #gone = :gone ADD #count :one"),
            HookOutcome::Ignored { reason, last } => {
                names.insert("#last".to_owned(), format!("{LAST}{reason}"));
                values.insert(":last".to_owned(), attribute(last)?);
                (format!("{IGNORED}{reason}"), "SET #gone = :gone, #last = :last ADD #count :one")
            }
        };
        names.insert("#count".to_owned(), count);
        let update = self
            .inner
            .client
            .update_item()
            .table_name(&self.tables().shops)
            .set_key(Some(item(&keys::hook_day(shop, hook, day))?))
            .update_expression(change)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values));
        update.send().await.map_err(store("UpdateItem"))?;
        Ok(())
    }

    /// A hook's days, the last one first.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn counted_days(&self, shop: &ShopId, hook: &HookId) -> Result<Vec<CountedDay>, LedgerError> {
        let pk = keys::hook_counts(shop, hook);
        let (items, _) = self.query_from(&self.tables().shops, &pk, None, true, None, KEPT_DAYS as i32).await?;
        items.into_iter().map(read_day).collect()
    }
}

fn read_day(stored: Item) -> Result<CountedDay, LedgerError> {
    let sk =
        stored.get("sk").and_then(|sk| sk.as_s().ok()).ok_or_else(|| LedgerError::damaged("a count without a day"))?;
    let day = sk.parse().map_err(LedgerError::damaged)?;
    let mut counted = CountedDay { day, recorded: 0, duplicate: 0, again: 0, ignored: BTreeMap::new() };
    for (name, value) in stored {
        let number = |value: &AttributeValue| value.as_n().ok().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        match name.as_str() {
            "recorded" => counted.recorded = number(&value),
            "duplicate" => counted.duplicate = number(&value),
            "again" => counted.again = number(&value),
            name => {
                if let Some(reason) = name.strip_prefix(IGNORED) {
                    counted.ignored.entry(reason.to_owned()).or_default().0 = number(&value);
                } else if let Some(reason) = name.strip_prefix(LAST) {
                    let last = serde_dynamo::from_attribute_value(value).map_err(LedgerError::damaged)?;
                    counted.ignored.entry(reason.to_owned()).or_default().1 = Some(last);
                }
            }
        }
    }
    Ok(counted)
}

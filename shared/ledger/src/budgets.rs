//! Budgets: how much a series may give away, in money and in count; inside it per segment and calendar month where the shop
//! says so. The limits are one item; what is left of each lies in counters of its own (`counters`).

use std::collections::BTreeSet;
use std::fmt;

use segmentation::{Day, Minor, Segment};
use serde::{Deserialize, Serialize};

use crate::counters::{CameBack, Counter, Held, Left};
use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::shop::{Keyed, Shop};
use crate::store::{Backoff, Change, Ledger, attribute, item};

/// A limit of a series. Its name is the first three fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BudgetLimit {
    /// The series.
    pub series: String,
    /// Only for customers who stand in this segment when they reserve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Segment>,
    /// Anew for each calendar month.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub monthly: bool,
    /// Money, in minor units; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Minor>,
    /// Redemptions; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Over how many counters it is spread, 1 to [`BudgetLimit::MAX_SHARDS`]: one takes about 500 reservations a second.
    #[serde(default = "one")]
    pub shards: u8,
}

fn one() -> u8 {
    1
}

impl BudgetLimit {
    /// The most counters of a limit.
    pub const MAX_SHARDS: u8 = 32;
    /// The most redemptions of a limit.
    pub const MAX_COUNT: u64 = 1_000_000_000_000;

    /// Are these two the same limit, of whatever size?
    #[must_use]
    pub fn same_name(&self, other: &BudgetLimit) -> bool {
        (&self.series, self.segment, self.monthly) == (&other.series, other.segment, other.monthly)
    }

    /// Whose counters hold it on a day.
    #[must_use]
    pub fn id(&self, day: Day) -> BudgetId {
        let segment = self.segment.map_or_else(|| "all".to_owned(), |segment| segment.to_string());
        let month = if self.monthly { month_of(day) } else { "all".to_owned() };
        BudgetId(format!("{}#{segment}#{month}", self.series))
    }

    pub(crate) fn total(&self) -> Left {
        Left {
            amount: self.amount.map_or(Left::UNLIMITED, |amount| amount.0),
            count: self.count.map_or(Left::UNLIMITED, |count| i64::try_from(count).unwrap_or(Left::UNLIMITED)),
        }
    }
}

fn month_of(day: Day) -> String {
    day.to_string().chars().take(7).collect()
}

/// The name of a limit's counters: series, segment or `all`, month or `all`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BudgetId(pub(crate) String);

impl fmt::Display for BudgetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A shop's limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budgets {
    /// Counts the changes.
    pub version: u64,
    /// Sorted by name.
    pub limits: Vec<BudgetLimit>,
}

impl Budgets {
    /// The most limits of a shop.
    pub const MAX: usize = 1_000;

    /// Those that a redemption of a series falls under.
    pub fn of<'a>(&'a self, series: &'a str, segment: Option<Segment>) -> impl Iterator<Item = &'a BudgetLimit> {
        let falls =
            move |limit: &&BudgetLimit| limit.series == series && (limit.segment.is_none() || limit.segment == segment);
        self.limits.iter().filter(falls)
    }

    /// All of a series, whoever they are for.
    pub fn limits_of(&self, series: &str) -> impl Iterator<Item = &BudgetLimit> {
        self.limits.iter().filter(move |limit| limit.series == series)
    }

    /// Series of which nothing is left for a customer of this segment on this day, of those that are marked.
    #[must_use]
    pub fn exhausted(&self, marked: &BTreeSet<BudgetId>, segment: Option<Segment>, day: Day) -> BTreeSet<String> {
        if marked.is_empty() {
            return BTreeSet::new();
        }
        let falls = |limit: &&BudgetLimit| limit.segment.is_none() || limit.segment == segment;
        let spent = self.limits.iter().filter(falls).filter(|limit| marked.contains(&limit.id(day)));
        spent.map(|limit| limit.series.clone()).collect()
    }
}

/// Why a limit was not set.
#[derive(Debug, thiserror::Error)]
pub enum SetBudgetError {
    /// A field does not hold.
    #[error("{field}: {detail}")]
    Field {
        /// Which.
        field: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// The store failed, or somebody else changed the limits meanwhile.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

/// A limit with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BudgetReport {
    /// The limit.
    #[serde(flatten)]
    pub limit: BudgetLimit,
    /// The calendar month it is for, as `2026-11`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    /// Money spent or held, in minor units.
    pub used_amount: Minor,
    /// Redemptions confirmed or held.
    pub used_count: u64,
    /// Reservations that the shop released.
    pub released_count: u64,
    /// Reservations that were not confirmed in time, and were taken back.
    pub lapsed_count: u64,
    /// Redemptions that were confirmed and given back, as their order was cancelled or returned.
    pub given_back_count: u64,
    /// Reservations held now; said of one campaign alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    /// Money left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_amount: Option<Minor>,
    /// Redemptions left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_count: Option<u64>,
}

impl Ledger {
    /// Sets one limit, or takes it away where it limits nothing. What is spent or held of it already counts.
    ///
    /// # Errors
    /// [`SetBudgetError::Field`] where it does not hold, such as less than is spent already.
    pub async fn set_budget(&self, shop: &Shop, mut new: BudgetLimit, today: Day) -> Result<Budgets, SetBudgetError> {
        let field = |field, detail: String| SetBudgetError::Field { field, detail };
        let mut budgets = (*shop.budgets).clone();
        let old = budgets.limits.iter().position(|limit| limit.same_name(&new));
        let removed = new.amount.is_none() && new.count.is_none();
        if removed && old.is_none() {
            return Ok(budgets);
        }
        if let Some(known) = old.and_then(|at| budgets.limits.get(at)) {
            if *known == new {
                return Ok(budgets);
            }
            if !removed && new.shards < known.shards {
                let detail = format!("can only grow; it is {}, and reservations may be held in each", known.shards);
                return Err(field("shards", detail));
            }
        }
        // Counters outlive a limit that is taken away, with what is held in them: one that comes back goes on with all of them.
        let known = self.counters(&shop.id, &new.id(today), BudgetLimit::MAX_SHARDS).await?;
        let highest = known.iter().rposition(Option::is_some).map_or(0, |nth| nth + 1);
        new.shards = new.shards.max(u8::try_from(highest).unwrap_or(BudgetLimit::MAX_SHARDS));
        if let Some(at) = old {
            budgets.limits.remove(at);
        }
        if !removed {
            if budgets.limits.len() >= Budgets::MAX {
                return Err(field("series", format!("a shop has at most {} limits", Budgets::MAX)));
            }
            let name = |limit: &BudgetLimit| (limit.series.clone(), limit.segment, limit.monthly);
            let at = budgets.limits.partition_point(|limit| name(limit) < name(&new));
            budgets.limits.insert(at, new.clone());
        }
        let read = (budgets.version > 0).then_some(budgets.version);
        budgets.version += 1;
        let id = new.id(today);
        let table = &self.tables().shops;
        let mut backoff = Backoff::default();
        loop {
            let mut writes = vec![
                self.put_as_read(table, item(&Keyed { key: keys::budgets(&shop.id), value: &budgets })?, read)?,
                self.update(
                    table,
                    &keys::current(&shop.id),
                    Change {
                        set: "SET #budgets = :new",
                        on_condition: "attribute_exists(#pk)",
                        values: [(":new".to_owned(), attribute(&budgets.version)?)].into(),
                    },
                )?,
            ];
            if !removed {
                // What was counted under an earlier limit of this name, also one taken away since, still counts.
                let counters = self.counters(&shop.id, &id, BudgetLimit::MAX_SHARDS).await?;
                let used: Left = counters.iter().flatten().map(Counter::used).sum();
                let total = new.total();
                if used.amount > total.amount {
                    return Err(field("amount", format!("{} are spent or held already", used.amount)));
                }
                if used.count > total.count {
                    return Err(field("count", format!("{} are redeemed or held already", used.count)));
                }
                let shards = usize::from(new.shards);
                for (nth, read) in counters.iter().enumerate().take(shards) {
                    let share = |total: i64| share_of(total, shards, nth);
                    let left =
                        Left { amount: share(total.amount - used.amount), count: share(total.count - used.count) };
                    let used = read.as_ref().map(Counter::used).unwrap_or_default();
                    let granted = Left { amount: left.amount + used.amount, count: left.count + used.count };
                    let came_back = read.as_ref().map(|read| read.came_back).unwrap_or_default();
                    let shard = u8::try_from(nth).unwrap_or(u8::MAX);
                    let counter = Counter { granted, left, came_back };
                    writes.push(self.put_counter(&shop.id, &id, shard, read.as_ref(), counter)?);
                }
            }
            if self.transact(writes).await? {
                self.forget_shop(&shop.id);
                self.unmark_exhausted(&shop.id, &id).await?;
                return Ok(budgets);
            }
            if self.read_budgets(&shop.id).await?.version >= budgets.version {
                return Err(LedgerError::Changed("budgets").into());
            }
            // Only the counters were in use.
            backoff.wait().await?;
        }
    }

    /// The limits as they stand now.
    pub(crate) async fn read_budgets(&self, shop: &ShopId) -> Result<Budgets, LedgerError> {
        Ok(self.get(&self.tables().shops, &keys::budgets(shop), true).await?.unwrap_or_default())
    }

    /// Every limit with what is used and left of it, in the month of `today`.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn budget_reports(
        &self,
        shop: &ShopId,
        limits: &[BudgetLimit],
        today: Day,
    ) -> Result<Vec<BudgetReport>, LedgerError> {
        let mut reports = Vec::with_capacity(limits.len());
        for limit in limits {
            let counters = self.counters(shop, &limit.id(today), limit.shards).await?;
            let used: Left = counters.iter().flatten().map(Counter::used).sum();
            let came_back: CameBack = counters.iter().flatten().map(|counter| counter.came_back).sum();
            let amount = Minor;
            let count = |count: i64| u64::try_from(count).unwrap_or(0);
            reports.push(BudgetReport {
                month: limit.monthly.then(|| month_of(today)),
                used_amount: amount(used.amount),
                used_count: count(used.count),
                released_count: came_back.released,
                lapsed_count: came_back.lapsed,
                given_back_count: came_back.given_back,
                held: None,
                left_amount: limit.amount.map(|total| amount(total.0 - used.amount)),
                left_count: limit.count.map(|total| count(i64::try_from(total).unwrap_or(i64::MAX) - used.count)),
                limit: limit.clone(),
            });
        }
        Ok(reports)
    }

    /// The limits of a series, with what is used, left and held of each, in the month of `today`.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn series_budgets(
        &self,
        shop: &Shop,
        series: &str,
        today: Day,
    ) -> Result<Vec<BudgetReport>, LedgerError> {
        let limits: Vec<BudgetLimit> = shop.budgets.limits_of(series).cloned().collect();
        let mut reports = self.budget_reports(&shop.id, &limits, today).await?;
        for report in &mut reports {
            report.held = Some(self.held_in(&shop.id, &report.limit.id(today), report.limit.shards).await?);
        }
        Ok(reports)
    }

    /// Marks a limit as spent, so that decisions stop offering what it covers.
    pub(crate) async fn mark_exhausted(&self, shop: &ShopId, id: &BudgetId) -> Result<(), LedgerError> {
        self.change_exhausted(shop, id, "ADD #exhausted :ids", "NOT contains(#exhausted, :id)").await
    }

    /// Takes the mark away: something came back.
    pub(crate) async fn unmark_exhausted(&self, shop: &ShopId, id: &BudgetId) -> Result<(), LedgerError> {
        self.change_exhausted(shop, id, "DELETE #exhausted :ids", "contains(#exhausted, :id)").await
    }

    async fn change_exhausted(
        &self,
        shop: &ShopId,
        id: &BudgetId,
        set: &'static str,
        on_condition: &'static str,
    ) -> Result<(), LedgerError> {
        use aws_sdk_dynamodb::types::AttributeValue;
        let ids = AttributeValue::Ss(vec![id.0.clone()]);
        let values = [(":ids".to_owned(), ids), (":id".to_owned(), AttributeValue::S(id.0.clone()))].into();
        let change = Change { set, on_condition, values };
        // `false`: it stands there, or is gone, already; or `current` is being changed, and the next one, or the sweep, does it.
        self.transact(vec![self.update(&self.tables().shops, &keys::current(shop), change)?]).await.map(|_| ())
    }
}

/// The `nth` of `shards` even shares, the first ones taking what does not divide.
pub(crate) fn share_of(total: i64, shards: usize, nth: usize) -> i64 {
    let (shards, nth) = (i64::try_from(shards.max(1)).unwrap_or(1), i64::try_from(nth).unwrap_or(0));
    total / shards + i64::from(nth < total % shards)
}

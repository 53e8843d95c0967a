//! What is left of a limit, spread over counters with partitions of their own (hot ones would throttle one partition), and
//! still never exceeded: the sum of all `left` and all that was taken is always the limit.

use std::iter::Sum;

use aws_sdk_dynamodb::types::{Get, Select, TransactGetItem, TransactWriteItem};
use serde::{Deserialize, Serialize};

use crate::budgets::BudgetId;
use crate::error::{LedgerError, store};
use crate::ids::ShopId;
use crate::keys;
use crate::redemption::RedemptionKey;
use crate::shop::Keyed;
use crate::store::{Backoff, Change, Ledger, attribute, item, parse};

/// Money and count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) amount: i64,
    pub(crate) count: i64,
}

impl Left {
    /// No limit. Far above what is taken in the life of a shop, and far enough below the edge of 64 bits.
    pub(crate) const UNLIMITED: i64 = 2_000_000_000_000_000_000;

    pub(crate) fn covers(self, need: Left) -> bool {
        self.amount >= need.amount && self.count >= need.count
    }
}

impl Sum for Left {
    fn sum<I: Iterator<Item = Left>>(all: I) -> Left {
        all.fold(Left::default(), |sum, one| Left { amount: sum.amount + one.amount, count: sum.count + one.count })
    }
}

/// How something came back to a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Back {
    /// The shop released a reservation.
    Released,
    /// One was not confirmed in time, and taken back.
    Lapsed,
    /// It was used, and its order was cancelled or returned.
    WithItsOrder,
}

/// How much came back to a counter, in redemptions: counted in the write that brings it back, so it costs none of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CameBack {
    #[serde(default)]
    pub(crate) released: u64,
    #[serde(default)]
    pub(crate) lapsed: u64,
    #[serde(default)]
    pub(crate) given_back: u64,
}

impl Sum for CameBack {
    fn sum<I: Iterator<Item = CameBack>>(all: I) -> CameBack {
        all.fold(CameBack::default(), |sum, one| CameBack {
            released: sum.released + one.released,
            lapsed: sum.lapsed + one.lapsed,
            given_back: sum.given_back + one.given_back,
        })
    }
}

/// One counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counter {
    /// Its share of the limit, with what was moved to it and from it.
    pub(crate) granted: Left,
    /// What of it is neither spent nor held.
    pub(crate) left: Left,
    /// What came back to it so far.
    pub(crate) came_back: CameBack,
}

impl Counter {
    pub(crate) fn used(&self) -> Left {
        Left { amount: self.granted.amount - self.left.amount, count: self.granted.count - self.left.count }
    }

    pub(crate) fn taking(&self, moved: Left) -> Counter {
        let add = |one: Left| Left { amount: one.amount + moved.amount, count: one.count + moved.count };
        Counter { granted: add(self.granted), left: add(self.left), ..*self }
    }
}

/// As it is stored: flat, since update expressions add to numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct CounterItem {
    granted_amount: i64,
    granted_count: i64,
    left_amount: i64,
    left_count: i64,
    #[serde(flatten)]
    came_back: CameBack,
}

impl From<&Counter> for CounterItem {
    fn from(counter: &Counter) -> CounterItem {
        CounterItem {
            granted_amount: counter.granted.amount,
            granted_count: counter.granted.count,
            left_amount: counter.left.amount,
            left_count: counter.left.count,
            came_back: counter.came_back,
        }
    }
}

impl From<CounterItem> for Counter {
    fn from(stored: CounterItem) -> Counter {
        Counter {
            granted: Left { amount: stored.granted_amount, count: stored.granted_count },
            left: Left { amount: stored.left_amount, count: stored.left_count },
            came_back: stored.came_back,
        }
    }
}

/// Where something was taken from: the counters' name and which one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Charge {
    /// Which limit's.
    pub budget: BudgetId,
    /// Which of its counters.
    pub shard: u8,
}

/// How many reservations are held in a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Held {
    /// How many were counted: at most 500 of each counter.
    pub count: u64,
    /// Are there further ones?
    pub more: bool,
}

impl Held {
    const MOST: i32 = 500;
}

/// A reservation's place in a counter's partition, sorted by its end.
#[derive(Serialize, Deserialize)]
pub(crate) struct Hold {
    #[serde(flatten)]
    pub(crate) redemption: RedemptionKey,
}

impl Ledger {
    /// A limit's counters as they stand at one moment; `None` where one is not there yet.
    pub(crate) async fn counters(
        &self,
        shop: &ShopId,
        id: &BudgetId,
        shards: u8,
    ) -> Result<Vec<Option<Counter>>, LedgerError> {
        let mut gets = Vec::with_capacity(shards.into());
        for shard in 0..shards {
            let key = item(&keys::counter(shop, id, shard))?;
            let get = Get::builder().table_name(&self.tables().shops).set_key(Some(key));
            gets.push(TransactGetItem::builder().get(get.build().map_err(LedgerError::damaged)?).build());
        }
        let mut backoff = Backoff::default();
        loop {
            // One moment for all of them: remainders move between them, and would be missed or seen twice.
            let answer = self.client().transact_get_items().set_transact_items(Some(gets.clone())).send().await;
            match answer {
                Ok(got) => {
                    let found = got.responses.unwrap_or_default().into_iter().map(|one| one.item);
                    let counter = |found: Option<_>| found.map(parse::<CounterItem>).transpose();
                    return found.map(|one| Ok(counter(one)?.map(Counter::from))).collect();
                }
                Err(error) if error.as_service_error().is_some_and(|e| e.is_transaction_canceled_exception()) => {
                    backoff.wait().await?;
                }
                Err(error) => return Err(store("TransactGetItems")(error)),
            }
        }
    }

    /// A put of a counter on condition that it is as it was read.
    pub(crate) fn put_counter(
        &self,
        shop: &ShopId,
        id: &BudgetId,
        shard: u8,
        read: Option<&Counter>,
        new: Counter,
    ) -> Result<TransactWriteItem, LedgerError> {
        let table = &self.tables().shops;
        let key = keys::counter(shop, id, shard);
        let Some(read) = read else {
            return self.put_new(table, item(&Keyed { key, value: &CounterItem::from(&new) })?);
        };
        self.update(
            table,
            &key,
            Change {
                set: "SET #granted_amount = :ga, #granted_count = :gc, #left_amount = :a, #left_count = :c",
                on_condition: "#granted_amount = :rga AND #granted_count = :rgc AND #left_amount = :ra AND #left_count = :rc",
                values: [
                    (":ga".to_owned(), attribute(&new.granted.amount)?),
                    (":gc".to_owned(), attribute(&new.granted.count)?),
                    (":a".to_owned(), attribute(&new.left.amount)?),
                    (":c".to_owned(), attribute(&new.left.count)?),
                    (":rga".to_owned(), attribute(&read.granted.amount)?),
                    (":rgc".to_owned(), attribute(&read.granted.count)?),
                    (":ra".to_owned(), attribute(&read.left.amount)?),
                    (":rc".to_owned(), attribute(&read.left.count)?),
                ]
                .into(),
            },
        )
    }

    /// Takes from a counter, on condition that it has so much.
    pub(crate) fn debit(&self, shop: &ShopId, charge: &Charge, need: Left) -> Result<TransactWriteItem, LedgerError> {
        self.change_counter(
            shop,
            charge,
            need,
            "SET #left_amount = #left_amount - :amount, #left_count = #left_count - :count",
            "#left_amount >= :amount AND #left_count >= :count",
        )
    }

    /// Gives back to a counter, and counts how it came.
    pub(crate) fn credit(
        &self,
        shop: &ShopId,
        charge: &Charge,
        back: Left,
        how: Back,
    ) -> Result<TransactWriteItem, LedgerError> {
        let set = match how {
            Back::Released => {
                "SET #left_amount = #left_amount + :amount, #left_count = #left_count + :count ADD #released :count"
            }
            Back::Lapsed => {
                "SET #left_amount = #left_amount + :amount, #left_count = #left_count + :count ADD #lapsed :count"
            }
            Back::WithItsOrder => {
                "SET #left_amount = #left_amount + :amount, #left_count = #left_count + :count ADD #given_back :count"
            }
        };
        self.change_counter(shop, charge, back, set, "attribute_exists(#left_amount)")
    }

    /// How many reservations are held in a limit's counters now, each counted up to a bound; with whether there are more.
    pub(crate) async fn held_in(&self, shop: &ShopId, id: &BudgetId, shards: u8) -> Result<Held, LedgerError> {
        let mut held = Held::default();
        for shard in 0..shards {
            let answer = self
                .client()
                .query()
                .table_name(&self.tables().shops)
                .select(Select::Count)
                .key_condition_expression("pk = :pk AND begins_with(sk, :begins)")
                .expression_attribute_values(":pk", attribute(&keys::budget_part(shop, id, shard))?)
                .expression_attribute_values(":begins", attribute(&keys::HOLD)?)
                .limit(Held::MOST)
                .send()
                .await
                .map_err(store("Query"))?;
            held.count += u64::from(answer.count.unsigned_abs());
            held.more |= answer.last_evaluated_key.is_some();
        }
        Ok(held)
    }

    fn change_counter(
        &self,
        shop: &ShopId,
        charge: &Charge,
        by: Left,
        set: &'static str,
        on_condition: &'static str,
    ) -> Result<TransactWriteItem, LedgerError> {
        let values =
            [(":amount".to_owned(), attribute(&by.amount)?), (":count".to_owned(), attribute(&by.count)?)].into();
        let key = keys::counter(shop, &charge.budget, charge.shard);
        self.update(&self.tables().shops, &key, Change { set, on_condition, values })
    }
}

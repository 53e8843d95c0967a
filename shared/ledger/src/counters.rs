//! What is left of a limit, spread over counters with partitions of their own (hot ones would throttle one partition), and
//! still never exceeded: the sum of all `left` and all that was taken is always the limit.

use std::iter::Sum;

use aws_sdk_dynamodb::types::{ConditionCheck, Get, TransactGetItem, TransactWriteItem};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::budgets::{BudgetId, BudgetLimit, share_of};
use crate::error::{LedgerError, store};
use crate::ids::ShopId;
use crate::keys;
use crate::redemption::{RedemptionKey, RedemptionState};
use crate::shop::{Keyed, Shop};
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

    fn covers(self, need: Left) -> bool {
        self.amount >= need.amount && self.count >= need.count
    }
}

impl Sum for Left {
    fn sum<I: Iterator<Item = Left>>(all: I) -> Left {
        all.fold(Left::default(), |sum, one| Left { amount: sum.amount + one.amount, count: sum.count + one.count })
    }
}

/// One counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counter {
    /// Its share of the limit, with what was moved to it and from it.
    pub(crate) granted: Left,
    /// What of it is neither spent nor held.
    pub(crate) left: Left,
}

impl Counter {
    pub(crate) fn used(&self) -> Left {
        Left { amount: self.granted.amount - self.left.amount, count: self.granted.count - self.left.count }
    }

    fn taking(&self, moved: Left) -> Counter {
        let add = |one: Left| Left { amount: one.amount + moved.amount, count: one.count + moved.count };
        Counter { granted: add(self.granted), left: add(self.left) }
    }
}

/// As it is stored: flat, since update expressions add to numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct CounterItem {
    granted_amount: i64,
    granted_count: i64,
    left_amount: i64,
    left_count: i64,
}

impl From<&Counter> for CounterItem {
    fn from(counter: &Counter) -> CounterItem {
        CounterItem {
            granted_amount: counter.granted.amount,
            granted_count: counter.granted.count,
            left_amount: counter.left.amount,
            left_count: counter.left.count,
        }
    }
}

impl From<CounterItem> for Counter {
    fn from(stored: CounterItem) -> Counter {
        Counter {
            granted: Left { amount: stored.granted_amount, count: stored.granted_count },
            left: Left { amount: stored.left_amount, count: stored.left_count },
        }
    }
}

/// Where something was taken from: the counters' name and which one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Charge {
    /// Which limit's.
    pub budget: BudgetId,
    /// Which of its counters.
    pub shard: u8,
}

/// A reservation's place in a counter's partition, sorted by its end.
#[derive(Serialize, Deserialize)]
pub(crate) struct Hold {
    #[serde(flatten)]
    pub(crate) redemption: RedemptionKey,
}

/// Is there room?
pub(crate) enum Room {
    /// In this counter, a moment ago.
    In(u8),
    /// In none, and nothing can be taken back.
    Exhausted {
        /// Not even for the smallest reward.
        wholly: bool,
    },
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

    /// Gives back to a counter.
    pub(crate) fn credit(&self, shop: &ShopId, charge: &Charge, back: Left) -> Result<TransactWriteItem, LedgerError> {
        self.change_counter(
            shop,
            charge,
            back,
            "SET #left_amount = #left_amount + :amount, #left_count = #left_count + :count",
            "attribute_exists(#left_amount)",
        )
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

    /// Finds or makes room in a limit: takes back what was held and not confirmed in time, then moves remainders together.
    /// It is exhausted only when at one moment all counters together have too little and nothing can be taken back.
    pub(crate) async fn make_room(
        &self,
        shop: &Shop,
        limit: &BudgetLimit,
        id: &BudgetId,
        need: Left,
        now: DateTime<Utc>,
    ) -> Result<Room, LedgerError> {
        let mut backoff = Backoff::default();
        loop {
            let seen = self.counters(&shop.id, id, limit.shards).await?;
            let counters: Vec<Counter> = seen.iter().flatten().copied().collect();
            if counters.len() < seen.len() {
                self.create_counters(shop, limit, id).await?;
                backoff.wait().await?;
                continue;
            }
            let with_room: Vec<usize> = (0..counters.len()).filter(|nth| counters[*nth].left.covers(need)).collect();
            if !with_room.is_empty() {
                let chosen = with_room[fastrand::usize(..with_room.len())];
                return Ok(Room::In(u8::try_from(chosen).unwrap_or(0)));
            }
            if self.take_back(shop, id, limit.shards, now).await? > 0 {
                continue;
            }
            let sum: Left = counters.iter().map(|counter| counter.left).sum();
            if !sum.covers(need) {
                return Ok(Room::Exhausted { wholly: sum.count <= 0 || sum.amount <= 0 });
            }
            if !self.move_together(shop, id, &counters, need).await? {
                backoff.wait().await?;
            }
        }
    }

    /// Moves what is missing in the fullest counter there from the others.
    async fn move_together(
        &self,
        shop: &Shop,
        id: &BudgetId,
        counters: &[Counter],
        need: Left,
    ) -> Result<bool, LedgerError> {
        let fullest = (0..counters.len()).max_by_key(|nth| (counters[*nth].left.amount, counters[*nth].left.count));
        let Some(target) = fullest else { return Ok(false) };
        let missing = |need: i64, has: i64| (need - has).max(0);
        let (mut amount, mut count) =
            (missing(need.amount, counters[target].left.amount), missing(need.count, counters[target].left.count));
        let (mut taken, mut writes) = (Left::default(), Vec::new());
        for (nth, counter) in counters.iter().enumerate().filter(|(nth, _)| *nth != target) {
            let part =
                Left { amount: counter.left.amount.min(amount).max(0), count: counter.left.count.min(count).max(0) };
            if part == Left::default() {
                continue;
            }
            (amount, count) = (amount - part.amount, count - part.count);
            taken = [taken, part].into_iter().sum();
            let less = counter.taking(Left { amount: -part.amount, count: -part.count });
            let shard = u8::try_from(nth).unwrap_or(u8::MAX);
            writes.push(self.put_counter(&shop.id, id, shard, Some(counter), less)?);
        }
        let shard = u8::try_from(target).unwrap_or(u8::MAX);
        let more = counters[target].taking(taken);
        writes.push(self.put_counter(&shop.id, id, shard, Some(&counters[target]), more)?);
        self.transact(writes).await
    }

    /// Makes the counters of a limit in one transaction, on condition that the limits are those this reader knows.
    async fn create_counters(&self, shop: &Shop, limit: &BudgetLimit, id: &BudgetId) -> Result<(), LedgerError> {
        let (total, shards) = (limit.total(), usize::from(limit.shards));
        let table = &self.tables().shops;
        let known = ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(item(&keys::budgets(&shop.id))?))
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", attribute(&shop.budgets.version)?);
        let known = known.build().map_err(LedgerError::damaged)?;
        let mut writes = vec![TransactWriteItem::builder().condition_check(known).build()];
        for shard in 0..limit.shards {
            let nth = usize::from(shard);
            let left = Left { amount: share_of(total.amount, shards, nth), count: share_of(total.count, shards, nth) };
            writes.push(self.put_counter(&shop.id, id, shard, None, Counter { granted: left, left })?);
        }
        if !self.transact(writes).await? && self.read_budgets(&shop.id).await?.version != shop.budgets.version {
            return Err(LedgerError::Changed("budgets"));
        }
        Ok(())
    }

    /// Takes back reservations whose time is over: each is settled as lapsed, whole. How many were found.
    pub(crate) async fn take_back(
        &self,
        shop: &Shop,
        id: &BudgetId,
        shards: u8,
        now: DateTime<Utc>,
    ) -> Result<usize, LedgerError> {
        let mut found = 0;
        for shard in 0..shards {
            for hold in self.expired_holds(&shop.id, id, shard, now).await? {
                found += 1;
                self.settle(shop, &hold.redemption, RedemptionState::Lapsed, now)
                    .await
                    .map_err(|error| error.into_store())?;
            }
        }
        Ok(found)
    }

    /// The first of a counter's holds whose time is over.
    async fn expired_holds(
        &self,
        shop: &ShopId,
        id: &BudgetId,
        shard: u8,
        now: DateTime<Utc>,
    ) -> Result<Vec<Hold>, LedgerError> {
        const AT_ONCE: i32 = 40;
        let answer = self
            .client()
            .query()
            .table_name(&self.tables().shops)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", attribute(&keys::budget_part(shop, id, shard))?)
            .expression_attribute_values(":first", attribute(&keys::hold_until(DateTime::UNIX_EPOCH))?)
            .expression_attribute_values(":last", attribute(&keys::hold_until(now))?)
            .consistent_read(true)
            .limit(AT_ONCE)
            .send()
            .await
            .map_err(store("Query"))?;
        answer.items.unwrap_or_default().into_iter().map(parse).collect()
    }
}

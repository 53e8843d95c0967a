//! Room in a limit whose counter has too little: what is overdue is taken back, other counters are tried, remainders moved
//! together.

use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem};
use chrono::{DateTime, TimeDelta, Utc};

use crate::budgets::{BudgetId, BudgetLimit, share_of};
use crate::counters::{CameBack, Counter, Hold, Left};
use crate::error::{LedgerError, store};
use crate::ids::ShopId;
use crate::keys;
use crate::redemption::{RedeemError, RedemptionState};
use crate::shop::Shop;
use crate::store::{Backoff, Ledger, attribute, item, parse};

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
            let counter = Counter { granted: left, left, came_back: CameBack::default() };
            writes.push(self.put_counter(&shop.id, id, shard, None, counter)?);
        }
        if !self.transact(writes).await? && self.read_budgets(&shop.id).await?.version != shop.budgets.version {
            return Err(LedgerError::Changed("budgets"));
        }
        Ok(())
    }

    /// Takes back reservations whose time is over, of the first counter that has some: each is settled as lapsed, whole. How many
    /// were. One that contradicts other items stays held and is logged: it must not keep the others.
    pub(crate) async fn take_back(
        &self,
        shop: &Shop,
        id: &BudgetId,
        shards: u8,
        now: DateTime<Utc>,
    ) -> Result<usize, LedgerError> {
        for shard in 0..shards {
            let mut found = 0;
            for hold in self.expired_holds(&shop.id, id, shard, now).await? {
                match self.settle(shop, &hold.redemption, RedemptionState::Lapsed, now).await {
                    Ok(_) => found += 1,
                    Err(RedeemError::Store(error)) if error.is_temporary() => return Err(error),
                    Err(error) => tracing::error!(shop = %shop.id, budget = %id, %error, "a hold cannot be taken back"),
                }
            }
            if found > 0 {
                return Ok(found);
            }
        }
        Ok(0)
    }

    /// The first of a counter's holds whose time is over.
    async fn expired_holds(
        &self,
        shop: &ShopId,
        id: &BudgetId,
        shard: u8,
        now: DateTime<Utc>,
    ) -> Result<Vec<Hold>, LedgerError> {
        // A checkout waits for them.
        const AT_ONCE: i32 = 10;
        let answer = self
            .client()
            .query()
            .table_name(&self.tables().shops)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", attribute(&keys::budget_part(shop, id, shard))?)
            .expression_attribute_values(":first", attribute(&keys::hold_until(DateTime::UNIX_EPOCH))?)
            .expression_attribute_values(":last", attribute(&keys::hold_until(now + TimeDelta::milliseconds(1)))?)
            .consistent_read(true)
            .limit(AT_ONCE)
            .send()
            .await
            .map_err(store("Query"))?;
        answer.items.unwrap_or_default().into_iter().map(parse).collect()
    }
}

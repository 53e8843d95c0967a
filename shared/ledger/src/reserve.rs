//! Setting a reward aside for an order: one transaction over its single use, the order's rewards and every budget it falls
//! under, each on condition of being as it was read (law 13).

use chrono::{DateTime, Utc};

use crate::budgets::{BudgetId, BudgetLimit};
use crate::counters::{Charge, Hold, Left};
use crate::error::{LedgerError, Refusal};
use crate::items::{Head, StoryItem};
use crate::keys::{self, CustomerKey, Key};
use crate::record::Status;
use crate::redemption::{NotRedeemed, RedeemError, Redemption, RedemptionKey, RedemptionState};
use crate::room::Room;
use crate::shop::{Keyed, Shop};
use crate::standing::Standing;
use crate::store::{Backoff, Committed, Ledger, item, parse};
use crate::uses::{OrderRewards, Uses};

impl Ledger {
    /// A redemption as it stands.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn redemption(&self, shop: &Shop, key: &RedemptionKey) -> Result<Option<Redemption>, LedgerError> {
        let table = &self.tables().ledger;
        let names = [keys::redemption(&shop.id, key), keys::given_back(&shop.id, key)];
        let (mut found, mut given_back) = (None, false);
        for stored in self.batch_get(table, &names, true, None).await? {
            match parse(stored)? {
                StoryItem::Redemption { redemption, .. } => found = Some(redemption),
                StoryItem::GivenBack { .. } => given_back = true,
                _ => return Err(LedgerError::damaged("an item under a redemption's key")),
            }
        }
        Ok(found
            .map(|found| if given_back { Redemption { state: RedemptionState::GivenBack, ..found } } else { found }))
    }

    /// Reserves. `new` is as it would be stored, without its charges; `steps`: is each step of a slot a use of its own? The
    /// same redemption again, in whatever state by now, is a duplicate.
    ///
    /// # Errors
    /// [`RedeemError`] with the reason; nothing was changed then, but for others' reservations whose time was over.
    pub async fn reserve(
        &self,
        shop: &Shop,
        new: &Redemption,
        steps: bool,
        now: DateTime<Utc>,
    ) -> Result<(Status, Redemption), RedeemError> {
        let limits: Vec<(&BudgetLimit, BudgetId)> =
            shop.budgets.of(&new.key.series, new.segment).map(|limit| (limit, limit.id(new.day))).collect();
        let mut charges: Vec<Charge> = limits
            .iter()
            .map(|(limit, budget)| Charge { budget: budget.clone(), shard: fastrand::u8(..limit.shards) })
            .collect();
        let need = Left { amount: new.value.0, count: 1 };
        let mut backoff = Backoff::default();
        loop {
            let standing = self.standing(&shop.id, &new.key.customer_key).await?;
            let key = RedemptionKey { customer_key: standing.root.clone(), ..new.key.clone() };
            let new =
                &Redemption { key, epoch: standing.held().erased().map_or(0, |erased| erased.version), ..new.clone() };
            // Before the redemption itself: a copy sent at once that was faster is seen there, if it is seen here.
            let (mut order, mut uses) = self.rewards_of_own_order(shop, &standing, &new.key).await?;
            if let Some(known) = self.redemption(shop, &new.key).await? {
                return if known.asks_the_same(new) {
                    Ok((Status::Duplicate, known))
                } else {
                    let id = format!("{} attempt {} on order {}", new.key.series, new.key.attempt, new.key.order);
                    Err(Refusal::OtherContent { what: "redemption", id }.into())
                };
            }
            self.attempt_follows(shop, &new.key).await?;
            if let Some(overdue) = uses.overdue(new, steps, now).or_else(|| order.overdue(now).cloned()) {
                self.settle(shop, &overdue, RedemptionState::Lapsed, now).await?;
                continue;
            }
            order.reserve(new)?;
            for other in self.uses_of_aliases(shop, &standing, &new.key.series).await? {
                other.allow(new, steps)?;
            }
            uses.reserve(new, steps)?;
            let reserved = Redemption { state: RedemptionState::Reserved, charged: charges.clone(), ..new.clone() };
            // The counters first: which of them refused is told by its place.
            let mut writes = Vec::with_capacity(2 * charges.len() + 3);
            for charge in &charges {
                writes.push(self.debit(&shop.id, charge, need)?);
            }
            for charge in &charges {
                let value = Hold { redemption: new.key.clone() };
                let key = keys::hold(&shop.id, charge, &reserved);
                writes.push(self.put_new(&self.tables().shops, item(&Keyed { key, value: &value })?)?);
            }
            writes.extend(self.rewards_writes(order, uses)?);
            // No profile is written, so that they are still who they were is checked.
            writes.push(standing.unchanged(self, &shop.id)?);
            let story = StoryItem::Redemption { sequence: None, version: 1, redemption: reserved.clone() };
            writes.push(self.put_new(&self.tables().ledger, story.to_item(keys::redemption(&shop.id, &new.key))?)?);
            let failed = match self.transact_telling(writes).await? {
                Committed::Yes(_) => return Ok((Status::Recorded, reserved)),
                Committed::No(failed) => failed,
            };
            for nth in failed {
                let Some((limit, budget)) = limits.get(nth) else { break };
                match self.make_room(shop, limit, budget, need, now).await? {
                    Room::In(shard) => charges[nth].shard = shard,
                    // A try of ours may have gone through with its answer lost: then the last one was taken by ourselves.
                    Room::Exhausted { .. } if self.redemption(shop, &new.key).await?.is_some() => break,
                    Room::Exhausted { wholly } => {
                        if wholly && !shop.current.exhausted.contains(budget) {
                            self.mark_exhausted(&shop.id, budget).await?;
                        }
                        return Err(NotRedeemed::Exhausted(new.key.series.clone()).into());
                    }
                }
            }
            backoff.wait().await?;
        }
    }

    /// A later attempt follows one that has ended unused.
    async fn attempt_follows(&self, shop: &Shop, key: &RedemptionKey) -> Result<(), RedeemError> {
        if key.attempt == 1 {
            return Ok(());
        }
        let before = RedemptionKey { attempt: key.attempt - 1, ..key.clone() };
        let state = match self.redemption(shop, &before).await?.map(|before| before.state) {
            Some(RedemptionState::Released | RedemptionState::Lapsed | RedemptionState::GivenBack) => return Ok(()),
            Some(state) => state.name(),
            None => "not known",
        };
        Err(NotRedeemed::AttemptOpen { attempt: key.attempt, state }.into())
    }

    /// The same, of an order that is this customer's as far as is known.
    async fn rewards_of_own_order(
        &self,
        shop: &Shop,
        standing: &Standing,
        key: &RedemptionKey,
    ) -> Result<(OrderRewards, Uses), RedeemError> {
        let head: Option<Head> = self.get(&self.tables().ledger, &keys::head(&shop.id, &key.order), true).await?;
        let (order, uses) = self.read_rewards(shop, key).await?;
        let own = |owner: &CustomerKey| {
            *owner == standing.root || standing.customer().is_some_and(|customer| customer.is(owner))
        };
        if order.list.iter().any(|one| !own(&one.redemption.customer_key)) {
            return Err(Refusal::OrderOfAnotherCustomer(key.order.to_string()).into());
        }
        // A guest's may become the customer's yet.
        match head.filter(|head| !head.is_guests()).map(|head| head.customer_key) {
            Some(None) => Err(Refusal::CustomerErased.into()),
            Some(Some(owner)) if !own(&owner) => Err(Refusal::OrderOfAnotherCustomer(key.order.to_string()).into()),
            Some(Some(_)) | None => Ok((order, uses)),
        }
    }

    /// What was used of a series under other ids of the customer, before they were merged: nothing is added there any more.
    async fn uses_of_aliases(&self, shop: &Shop, standing: &Standing, series: &str) -> Result<Vec<Uses>, LedgerError> {
        let aliases = standing.customer().map_or(&[] as &[CustomerKey], |customer| &customer.aliases);
        if aliases.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<Key> = aliases.iter().map(|alias| keys::uses(&shop.id, alias, series)).collect();
        let found = self.batch_get(&self.tables().ledger, &names, true, None).await?;
        found.into_iter().map(parse).collect()
    }

    /// The order's rewards and the customer's uses of the series, read consistently. The order may have turned out to be
    /// another customer's since: what is reserved can still be settled.
    pub(crate) async fn read_rewards(
        &self,
        shop: &Shop,
        key: &RedemptionKey,
    ) -> Result<(OrderRewards, Uses), LedgerError> {
        let names = [keys::order_rewards(&shop.id, &key.order), keys::uses(&shop.id, &key.customer_key, &key.series)];
        let [order_key, uses_key] = names.clone();
        let (mut order, mut uses) = (OrderRewards::none(order_key.clone()), Uses::none(uses_key));
        for stored in self.batch_get(&self.tables().ledger, &names, true, None).await? {
            let found: Key = parse(stored.clone())?;
            if found == order_key {
                order = parse(stored)?;
            } else {
                uses = parse(stored)?;
            }
        }
        Ok((order, uses))
    }

    /// Both items back, as they are now, on condition that they are as they were read.
    pub(crate) fn rewards_writes(
        &self,
        mut order: OrderRewards,
        mut uses: Uses,
    ) -> Result<[aws_sdk_dynamodb::types::TransactWriteItem; 2], LedgerError> {
        let table = &self.tables().ledger;
        let read = |version: u64| (version > 0).then_some(version);
        let (order_read, uses_read) = (read(order.version), read(uses.version));
        order.version += 1;
        uses.version += 1;
        Ok([self.put_as_read(table, item(&order)?, order_read)?, self.put_as_read(table, item(&uses)?, uses_read)?])
    }
}

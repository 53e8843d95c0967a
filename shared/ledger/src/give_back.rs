//! Rewards given back with their order: a cancelled order gives its codes back, a returned one if the shop says so. It is part of
//! the order's own transaction; restoring the order does not take them again.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use chrono::{DateTime, Utc};
use segmentation::{Flags, OrderFold, Profile};

use crate::counters::{Back, Charge, Left};
use crate::error::LedgerError;
use crate::ids::OrderId;
use crate::items::{Customer, Sequence, StoryItem};
use crate::keys::{self, CustomerKey, Key};
use crate::redemption::{NotRedeemed, RedeemError, Redemption};
use crate::shop::Shop;
use crate::store::{Ledger, item};
use crate::uses::{OrderRewards, Uses};

/// Does this change of an order give its rewards back, or make it fit for rewards again?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is cancelled now.
    Cancelled,
    /// It was, and is not any more.
    Restored,
    /// All of it was returned.
    Returned,
}

/// What the change of an order is to its rewards, if anything.
pub(crate) fn change_of(before: &OrderFold, after: &OrderFold) -> Option<Change> {
    let has = |fold: &OrderFold, flag: Flags| fold.entry().is_some_and(|entry| entry.flags.has(flag));
    let became = |flag: Flags| has(after, flag) && !has(before, flag);
    if became(Flags::CANCELLED) {
        Some(Change::Cancelled)
    } else if has(before, Flags::CANCELLED) && !has(after, Flags::CANCELLED) {
        Some(Change::Restored)
    } else if became(Flags::RETURNED) {
        Some(Change::Returned)
    } else {
        None
    }
}

/// What an order's transaction does about its rewards.
#[derive(Default)]
pub(crate) struct GivingBack {
    pub(crate) writes: Vec<TransactWriteItem>,
    /// Facts among them that changed the profile.
    pub(crate) facts: u32,
    /// What was given back.
    pub(crate) given_back: Vec<Redemption>,
}

impl Ledger {
    /// Takes the order's used rewards out of the profile, and says what has to be written for it. `first` is the place in the
    /// transaction of the first fact.
    pub(crate) async fn giving_back(
        &self,
        shop: &Shop,
        (customer, order): (&Customer, &OrderId),
        change: Change,
        profile: &mut Profile,
        first: Sequence,
    ) -> Result<GivingBack, LedgerError> {
        let mut out = GivingBack::default();
        if change == Change::Returned && !shop.settings.changeable.rewards.return_gives_back {
            return Ok(out);
        }
        let table = &self.tables().ledger;
        let key = keys::order_rewards(&shop.id, order);
        let mut rewards: OrderRewards =
            self.get(table, &key, true).await?.unwrap_or_else(|| OrderRewards::none(key.clone()));
        let read = (rewards.version > 0).then_some(rewards.version);
        let cancelled = match change {
            Change::Cancelled => true,
            Change::Restored => false,
            Change::Returned => rewards.cancelled,
        };
        if cancelled == rewards.cancelled && rewards.list.is_empty() {
            return Ok(out);
        }
        rewards.cancelled = cancelled;
        if change != Change::Restored {
            // What is only reserved stays on the list: it is set free afterwards, see `free_cancelled_order`.
            // So does what somebody else used on it before the order turned out to be this customer's: it is no fact of theirs.
            let (used, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut rewards.list)
                .into_iter()
                .partition(|one| one.used && customer.is(&one.redemption.customer_key));
            rewards.list = kept;
            let mut credits: BTreeMap<Charge, Left> = BTreeMap::new();
            let mut uses: BTreeMap<(CustomerKey, String), (Uses, Option<u64>)> = BTreeMap::new();
            for one in used {
                let key = one.redemption;
                let redemption = self.redemption(shop, &key).await?;
                let redemption =
                    redemption.ok_or_else(|| LedgerError::damaged("an order's reward without its redemption"))?;
                let sequence = Sequence { place: first.place + out.facts, ..first };
                let fact = StoryItem::GivenBack {
                    sequence,
                    redemption: key.clone(),
                    slot: redemption.slot,
                    step: redemption.step,
                };
                fact.fold_into(profile);
                out.facts += 1;
                out.writes.push(self.put_new(table, fact.to_item(keys::given_back(&shop.id, &key))?)?);
                for charge in &redemption.charged {
                    let back = Left { amount: redemption.value.0, count: 1 };
                    let sum = credits.entry(charge.clone()).or_default();
                    *sum = [*sum, back].into_iter().sum();
                }
                let of_series = (key.customer_key.clone(), key.series.clone());
                if !uses.contains_key(&of_series) {
                    let name: Key = keys::uses(&shop.id, &key.customer_key, &key.series);
                    let found: Uses = self.get(table, &name, true).await?.unwrap_or_else(|| Uses::none(name.clone()));
                    let version = (found.version > 0).then_some(found.version);
                    uses.insert(of_series.clone(), (found, version));
                }
                if let Some((uses, _)) = uses.get_mut(&of_series) {
                    uses.free(&redemption);
                }
                out.given_back.push(redemption);
            }
            for (charge, back) in credits {
                out.writes.push(self.credit(&shop.id, &charge, back, Back::WithItsOrder)?);
            }
            for (mut uses, read) in uses.into_values() {
                uses.version += 1;
                out.writes.push(self.put_as_read(table, item(&uses)?, read)?);
            }
        }
        rewards.version += 1;
        out.writes.push(self.put_as_read(table, item(&rewards)?, read)?);
        Ok(out)
    }

    /// Lets decisions know that something is left again of what was given back.
    pub(crate) async fn after_giving_back(&self, shop: &Shop, given_back: &[Redemption]) -> Result<(), LedgerError> {
        for redemption in given_back {
            self.unmark_charged(shop, redemption).await?;
        }
        Ok(())
    }

    /// Sets free what is still reserved on a cancelled order. It could not be confirmed any more; whatever is cut off here
    /// lapses when its time is over.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn free_cancelled_order(
        &self,
        shop: &Shop,
        order: &OrderId,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let key = keys::order_rewards(&shop.id, order);
        let Some(rewards) = self.get::<OrderRewards>(&self.tables().ledger, &key, true).await? else { return Ok(()) };
        if !rewards.cancelled {
            return Ok(());
        }
        for one in rewards.list.iter().filter(|one| !one.used) {
            match self.release(shop, &one.redemption, now).await {
                Ok(_) | Err(RedeemError::Not(NotRedeemed::Settled(_))) => {}
                Err(error) => return Err(error.into_store()),
            }
        }
        Ok(())
    }
}

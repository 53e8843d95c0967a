//! What makes a reward single-use: per customer and series one item with every use of it, and per order one item with the
//! rewards on it. Both have a version, so whoever decides on them commits on what was read.

use chrono::{DateTime, Utc};
use segmentation::Day;
use serde::{Deserialize, Serialize};

use crate::ids::OrderId;
use crate::keys::Key;
use crate::redemption::{NotRedeemed, Redemption, RedemptionKey};

/// The most rewards on one order.
pub(crate) const MAX_PER_ORDER: usize = 10;
/// For how many days after its last day a use is remembered: nothing that it could forbid is valid by then.
const REMEMBERED: i64 = 60;

/// One use of a slot's step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Use {
    slot: Day,
    step: u8,
    /// The last day of the slot's period.
    until: Day,
    /// The last day on which it could be reserved.
    valid_until: Day,
    /// By which order, and at which attempt.
    order: OrderId,
    attempt: u16,
    expires_at: DateTime<Utc>,
    /// Confirmed?
    used: bool,
}

/// Every use of a series by one customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Uses {
    #[serde(flatten)]
    pub(crate) key: Key,
    /// 0 while it is not stored.
    pub(crate) version: u64,
    list: Vec<Use>,
}

impl Uses {
    pub(crate) fn none(key: Key) -> Uses {
        Uses { key, version: 0, list: Vec::new() }
    }

    /// The reservation that stands in the way and whose time is over, so that it has to be taken back first.
    pub(crate) fn overdue(&self, new: &Redemption, steps: bool, now: DateTime<Utc>) -> Option<RedemptionKey> {
        let over = |held: &&Use| !held.used && held.expires_at <= now && held.forbids(new, steps);
        self.list.iter().find(over).map(|held| RedemptionKey {
            order: held.order.clone(),
            attempt: held.attempt,
            ..new.key.clone()
        })
    }

    /// Does none of these uses forbid a reservation?
    pub(crate) fn allow(&self, new: &Redemption, steps: bool) -> Result<(), NotRedeemed> {
        let Some(other) = self.list.iter().find(|other| other.forbids(new, steps)) else { return Ok(()) };
        let elsewhere = || NotRedeemed::ReservedElsewhere(other.order.clone());
        Err(if other.used { NotRedeemed::Used } else { elsewhere() })
    }

    /// Is nothing left?
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Takes in a reservation, if nothing forbids it. `steps`: is each step of a slot a use of its own?
    pub(crate) fn reserve(&mut self, new: &Redemption, steps: bool) -> Result<(), NotRedeemed> {
        self.allow(new, steps)?;
        self.list.retain(|old| old.until.max(old.valid_until).plus(REMEMBERED) >= new.day || !old.used);
        self.list.push(Use {
            slot: new.slot,
            step: new.step,
            until: new.closes_until,
            valid_until: new.valid_until,
            order: new.key.order.clone(),
            attempt: new.key.attempt,
            expires_at: new.expires_at,
            used: false,
        });
        Ok(())
    }

    /// Marks a reservation as used; `false`: it is not there.
    pub(crate) fn confirm(&mut self, redemption: &Redemption) -> bool {
        let held = self.list.iter_mut().find(|held| held.is_of(redemption));
        held.map(|held| held.used = true).is_some()
    }

    /// Takes a use out.
    pub(crate) fn free(&mut self, redemption: &Redemption) {
        self.list.retain(|held| !held.is_of(redemption));
    }
}

impl Use {
    fn is_of(&self, redemption: &Redemption) -> bool {
        let named = (&redemption.key.order, redemption.key.attempt);
        (&self.order, self.attempt) == named && (self.slot, self.step) == (redemption.slot, redemption.step)
    }

    /// Two uses exclude each other where the periods of their slots meet: at most once in P, whatever the calendar has become
    /// between them (law 12). Steps of one slot are uses of their own.
    fn forbids(&self, new: &Redemption, steps: bool) -> bool {
        if steps && self.slot == new.slot {
            return self.step == new.step;
        }
        self.slot <= new.closes_until && new.slot <= self.until
    }
}

/// A reward on an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OnOrder {
    #[serde(flatten)]
    pub(crate) redemption: RedemptionKey,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) used: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    stacks: bool,
}

/// The rewards on an order that are reserved or used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderRewards {
    #[serde(flatten)]
    pub(crate) key: Key,
    /// 0 while it is not stored.
    pub(crate) version: u64,
    /// The order is cancelled: nothing is reserved on it, and what is reserved is not confirmed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cancelled: bool,
    pub(crate) list: Vec<OnOrder>,
}

impl OrderRewards {
    pub(crate) fn none(key: Key) -> OrderRewards {
        OrderRewards { key, version: 0, cancelled: false, list: Vec::new() }
    }

    /// A reservation on the order whose time is over.
    pub(crate) fn overdue(&self, now: DateTime<Utc>) -> Option<&RedemptionKey> {
        self.list.iter().find(|one| !one.used && one.expires_at <= now).map(|one| &one.redemption)
    }

    /// Takes in a reservation, if the order may have it.
    pub(crate) fn reserve(&mut self, new: &Redemption) -> Result<(), NotRedeemed> {
        let order = || new.key.order.clone();
        if self.cancelled {
            return Err(NotRedeemed::OrderCancelled(order()));
        }
        if let Some(other) = self.list.iter().find(|other| !(other.stacks && new.stacks)) {
            return Err(NotRedeemed::OnePerOrder { order: order(), series: other.redemption.series.clone() });
        }
        if self.list.len() >= MAX_PER_ORDER {
            return Err(NotRedeemed::OrderFull { order: order() });
        }
        self.list.push(OnOrder {
            redemption: new.key.clone(),
            expires_at: new.expires_at,
            used: false,
            stacks: new.stacks,
        });
        Ok(())
    }

    /// Marks a reservation as used.
    pub(crate) fn confirm(&mut self, key: &RedemptionKey) {
        self.list.iter_mut().filter(|one| one.redemption == *key).for_each(|one| one.used = true);
    }

    /// Takes one off the order.
    pub(crate) fn free(&mut self, key: &RedemptionKey) {
        self.list.retain(|one| one.redemption != *key);
    }
}

//! Any sequence of reserve, confirm, release, cancel, restore and waiting ends in the state that a model gives, and a step
//! repeated changes nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ledger::{NotRedeemed, Order, RedeemError, Redemption, RedemptionState, Refusal, Status};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use segmentation::RevisionKey;

use crate::redemptions::{limit, minutes, noon, redemption};
use crate::{World, order};

/// The budget pays for so many.
const PAYS: usize = 3;
const CUSTOMERS: u8 = 3;
const ORDERS: u8 = 2;

/// A redemption by its customer, order and attempt.
type Name = (u8, u8, u16);

#[derive(Clone, Copy, Debug)]
enum Step {
    Reserve { name: Name, slot: u8 },
    Confirm(Name),
    Release(Name),
    Cancel { customer: u8, order: u8 },
    Restore { customer: u8, order: u8 },
    Wait(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    state: RedemptionState,
    slot: u8,
    expires: DateTime<Utc>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    all: BTreeMap<Name, Held>,
    /// How many revisions each order has had, and whether it is cancelled.
    orders: BTreeMap<(u8, u8), (u64, bool)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Recorded(RedemptionState),
    Duplicate(RedemptionState),
    Unknown,
    OtherContent,
    Used,
    Elsewhere,
    OnePerOrder,
    Cancelled,
    Exhausted,
    AttemptOpen,
    Settled(RedemptionState),
}

impl Model {
    fn cancelled(&self, name: Name) -> bool {
        self.orders.get(&(name.0, name.1)).is_some_and(|(_, cancelled)| *cancelled)
    }

    fn standing(&self) -> impl Iterator<Item = (&Name, &Held)> {
        self.all.iter().filter(|(_, held)| matches!(held.state, RedemptionState::Reserved | RedemptionState::Confirmed))
    }

    fn lapse(&mut self, now: DateTime<Utc>, which: impl Fn(&Name, &Held) -> bool) {
        for (name, held) in &mut self.all {
            if held.state == RedemptionState::Reserved && held.expires <= now && which(name, held) {
                held.state = RedemptionState::Lapsed;
            }
        }
    }

    fn reserve(&mut self, name: Name, slot: u8, now: DateTime<Utc>) -> Said {
        if let Some(known) = self.all.get(&name) {
            return if known.slot == slot { Said::Duplicate(known.state) } else { Said::OtherContent };
        }
        let (customer, order, attempt) = name;
        if attempt > 1 {
            let before = self.all.get(&(customer, order, attempt - 1)).map(|held| held.state);
            if !matches!(before, Some(RedemptionState::Released | RedemptionState::Lapsed | RedemptionState::GivenBack))
            {
                return Said::AttemptOpen;
            }
        }
        self.lapse(now, |other, held| other.0 == customer && (other.1 == order || held.slot == slot));
        if self.cancelled(name) {
            return Said::Cancelled;
        }
        if self.standing().any(|(other, _)| (other.0, other.1) == (customer, order)) {
            return Said::OnePerOrder;
        }
        if let Some((_, held)) = self.standing().find(|(other, held)| other.0 == customer && held.slot == slot) {
            return if held.state == RedemptionState::Confirmed { Said::Used } else { Said::Elsewhere };
        }
        if self.standing().count() >= PAYS {
            self.lapse(now, |_, _| true);
            if self.standing().count() >= PAYS {
                return Said::Exhausted;
            }
        }
        self.all.insert(name, Held { state: RedemptionState::Reserved, slot, expires: now + minutes(30) });
        Said::Recorded(RedemptionState::Reserved)
    }

    fn settle(&mut self, name: Name, to: RedemptionState) -> Said {
        let cancelled = self.cancelled(name);
        let Some(held) = self.all.get_mut(&name) else { return Said::Unknown };
        match (held.state, to) {
            (RedemptionState::Reserved, RedemptionState::Confirmed) if cancelled => Said::Cancelled,
            (RedemptionState::Reserved, _) => {
                held.state = to;
                Said::Recorded(to)
            }
            (RedemptionState::Confirmed | RedemptionState::GivenBack, RedemptionState::Confirmed) => {
                Said::Duplicate(held.state)
            }
            (RedemptionState::Released | RedemptionState::Lapsed, RedemptionState::Released) => {
                Said::Duplicate(held.state)
            }
            (state, _) => Said::Settled(state),
        }
    }

    fn cancel(&mut self, customer: u8, order: u8, cancelled: bool) {
        let (revisions, is) = self.orders.entry((customer, order)).or_default();
        *revisions += 1;
        *is = cancelled;
        if cancelled {
            for (_, held) in self.all.iter_mut().filter(|(name, _)| (name.0, name.1) == (customer, order)) {
                held.state = match held.state {
                    RedemptionState::Reserved => RedemptionState::Released,
                    RedemptionState::Confirmed => RedemptionState::GivenBack,
                    other => other,
                };
            }
        }
    }
}

struct Run {
    world: World,
    model: Model,
    now: DateTime<Utc>,
}

impl Run {
    fn redemption(&self, (customer, order, attempt): Name, slot: u8) -> Redemption {
        let mut new = redemption(&self.world, &format!("c{customer}"), &format!("c{customer}-o{order}"), self.now);
        new.key.attempt = attempt;
        new.slot = new.slot.plus(30 * i64::from(slot));
        new.closes_until = new.slot.plus(29);
        new
    }

    async fn said(&mut self, step: Step) -> Option<(Said, Said)> {
        let (ledger, shop, now) = (&self.world.ledger, &self.world.shop, self.now);
        match step {
            Step::Reserve { name, slot } => {
                let new = self.redemption(name, slot);
                Some((told(ledger.reserve(shop, &new, false, now).await), self.model.reserve(name, slot, now)))
            }
            Step::Confirm(name) => {
                let key = self.redemption(name, 0).key;
                Some((told(ledger.confirm(shop, &key, now).await), self.model.settle(name, RedemptionState::Confirmed)))
            }
            Step::Release(name) => {
                let key = self.redemption(name, 0).key;
                Some((told(ledger.release(shop, &key, now).await), self.model.settle(name, RedemptionState::Released)))
            }
            Step::Cancel { customer, order } => {
                self.revise(customer, order, true).await;
                None
            }
            Step::Restore { customer, order } => {
                self.revise(customer, order, false).await;
                None
            }
            Step::Wait(waited) => {
                self.now += minutes(waited.into());
                None
            }
        }
    }

    async fn revise(&mut self, customer: u8, number: u8, cancelled: bool) {
        self.model.cancel(customer, number, cancelled);
        let revision = self.model.orders[&(customer, number)].0;
        let sent = Order {
            revision: RevisionKey { number: revision, tie: String::new() },
            cancelled,
            ..order(&format!("c{customer}-o{number}"), &format!("c{customer}"), "2026-11-20", 5_000)
        };
        self.world.record(sent.clone()).await;
        if cancelled {
            self.world.ledger.free_cancelled_order(&self.world.shop, &sent.id, self.now).await.unwrap();
        }
    }

    /// Every redemption, the budget and the profiles are as the model says.
    async fn agrees(&self) {
        for (name, held) in &self.model.all {
            let key = self.redemption(*name, held.slot).key;
            let stored = self.world.ledger.redemption(&self.world.shop, &key).await.unwrap().unwrap();
            assert_eq!(stored.state, held.state, "{name:?}");
        }
        let standing = u64::try_from(self.model.standing().count()).unwrap();
        assert_eq!(self.world.used().await, [(500 * i64::try_from(standing).unwrap(), standing)]);
        for customer in 0..CUSTOMERS {
            let id = crate::customer_id(&format!("c{customer}"));
            let stored = self.world.ledger.customer(&self.world.shop.id, &id).await.unwrap();
            let closed = stored.as_ref().map_or(0, |stored| stored.profile.closed.list.len());
            let confirmed = self
                .model
                .standing()
                .filter(|(name, held)| name.0 == customer && held.state == RedemptionState::Confirmed);
            assert_eq!(closed, confirmed.count(), "customer {customer}");
            if let Some(stored) = stored {
                let rebuilt = self.world.ledger.rebuild(&self.world.shop, &id).await.unwrap().unwrap();
                assert_eq!(rebuilt, stored.profile);
            }
        }
    }
}

fn told(answer: Result<(Status, Redemption), RedeemError>) -> Said {
    match answer {
        Ok((Status::Recorded, redemption)) => Said::Recorded(redemption.state),
        Ok((Status::Duplicate, redemption)) => Said::Duplicate(redemption.state),
        Err(RedeemError::Refused(Refusal::OtherContent { .. })) => Said::OtherContent,
        Err(RedeemError::Not(not)) => match not {
            NotRedeemed::Unknown => Said::Unknown,
            NotRedeemed::Used => Said::Used,
            NotRedeemed::ReservedElsewhere(_) => Said::Elsewhere,
            NotRedeemed::OnePerOrder { .. } => Said::OnePerOrder,
            NotRedeemed::OrderCancelled(_) => Said::Cancelled,
            NotRedeemed::Exhausted(_) => Said::Exhausted,
            NotRedeemed::AttemptOpen { .. } => Said::AttemptOpen,
            NotRedeemed::Settled(name) => {
                let states = [
                    RedemptionState::Reserved,
                    RedemptionState::Confirmed,
                    RedemptionState::Released,
                    RedemptionState::Lapsed,
                    RedemptionState::GivenBack,
                ];
                Said::Settled(states.into_iter().find(|state| state.name() == name).unwrap())
            }
            other => panic!("{other}"),
        },
        Err(error) => panic!("{error}"),
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = || (0..CUSTOMERS, 0..ORDERS, 1..=3_u16);
    let one = prop_oneof![
        6 => (name(), 0..2_u8).prop_map(|(name, slot)| Step::Reserve { name, slot }),
        3 => name().prop_map(Step::Confirm),
        2 => name().prop_map(Step::Release),
        1 => (0..CUSTOMERS, 0..ORDERS).prop_map(|(customer, order)| Step::Cancel { customer, order }),
        1 => (0..CUSTOMERS, 0..ORDERS).prop_map(|(customer, order)| Step::Restore { customer, order }),
        2 => (1..40_u8).prop_map(Step::Wait),
    ];
    prop::collection::vec(one, 1..60)
}

#[test]
fn any_sequence_of_steps_ends_where_the_model_does_and_a_step_repeated_changes_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let result = runner.run(&steps(), |steps| {
        runtime.block_on(async {
            let world = World::limited([limit(None, Some(u64::try_from(PAYS).unwrap()), 1)]).await;
            let mut run = Run { world, model: Model::default(), now: noon() };
            for step in steps {
                let Some((told, expected)) = run.said(step).await else { continue };
                assert_eq!(told, expected, "{step:?}");
                let before = (run.model.clone(), run.world.count(&run.world.ledger.tables().ledger).await);
                let (again, expected) = run.said(step).await.unwrap();
                assert_eq!(again, expected, "{step:?} again");
                let after = (run.model.clone(), run.world.count(&run.world.ledger.tables().ledger).await);
                assert_eq!(before, after, "{step:?} again");
            }
            run.agrees().await;
            Ok(())
        })
    });
    assert!(result.is_ok(), "{result:?}");
}

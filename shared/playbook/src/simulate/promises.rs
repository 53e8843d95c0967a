//! The promises of one customer: what they come to at most, and which of them an order uses.

use std::collections::BTreeMap;

use segmentation::{ClosedStep, Day, Minor, Place};

use crate::decide::Offer;
use crate::mechanic::Mechanic;
use crate::reward::{Reward, RewardCosts};

/// Series, slot and step.
pub(super) type Name = (String, Day, u8);

/// A reward that was promised.
pub(super) struct Promise {
    /// Where the customer stood when it was first made.
    pub(super) place: Place,
    /// What it comes to at most.
    pub(super) cost: Minor,
    /// Did an order use it?
    pub(super) used: bool,
    /// The days in which an order may; none as long as it is not earned.
    time: Option<(Day, Day)>,
    /// The last day of its slot's period.
    period_end: Day,
    /// Is it still to be chosen? Then it is used under the day on which that is done.
    to_choose: bool,
}

/// All of them.
#[derive(Default)]
pub(super) struct Promises(pub(super) BTreeMap<Name, Promise>);

/// What a promise is made under.
pub(super) struct Moment<'a> {
    pub(super) on: Day,
    pub(super) place: Place,
    /// The customer's usual order, in minor units; nothing before the first.
    pub(super) usual_order: Minor,
    pub(super) costs: &'a RewardCosts,
}

impl Promises {
    /// Takes in an offer of a day: the first time a promise, later its days as they are told then.
    pub(super) fn see(&mut self, offer: &Offer, moment: &Moment<'_>, period_end: Day) {
        let Some(slot) = offer.reason.slot else { return };
        let step = offer.reason.step;
        let worth = |reward: &Reward| most(reward, step, moment.costs, moment.usual_order);
        let (cost, time) = match (&offer.reward, &offer.choice) {
            (Some(given), _) => (worth(&given.reward), given.earned.then_some((given.valid_from, given.valid_until))),
            (None, Some(choice)) => {
                // Chosen today it lasts from today; of what may be chosen the dearest counts.
                let dearest = choice.rewards.iter().map(|choice| worth(&choice.reward)).max();
                let until = moment.on.plus(i64::from(choice.days) - 1);
                (dearest.unwrap_or(Minor::ZERO), Some((moment.on, until)))
            }
            (None, None) => return,
        };
        let name = (offer.reason.campaign.clone(), slot, step);
        let promise = self.0.entry(name).or_insert(Promise {
            place: moment.place,
            cost,
            used: false,
            time: None,
            period_end,
            to_choose: offer.choice.is_some(),
        });
        promise.time = time.or(promise.time);
    }

    /// An order of a day uses every promise it may; gives what that closes.
    pub(super) fn use_on(&mut self, on: Day) -> Vec<ClosedStep> {
        let mut closed = Vec::new();
        for ((series, slot, step), promise) in &mut self.0 {
            let in_time = promise.time.is_some_and(|(from, until)| (from..=until).contains(&on));
            if in_time && !promise.used {
                promise.used = true;
                let (slot, until) = if promise.to_choose { (on, on) } else { (*slot, promise.period_end) };
                closed.push(ClosedStep {
                    series: series.clone(),
                    slot,
                    step: *step,
                    until,
                    day: on,
                    value: promise.cost,
                });
            }
        }
        closed
    }
}

/// What a reward comes to at most on an order, in minor units, rounded up: all of the order counts, whatever part of it the
/// reward is given on. Free delivery whose cost is not known comes to nothing.
pub(super) fn most(reward: &Reward, step: u8, costs: &RewardCosts, order: Minor) -> Minor {
    let percent = |percent: u64| {
        let hundredths = i128::from(order.0.max(0)) * i128::from(percent);
        Minor(i64::try_from((hundredths + 99) / 100).unwrap_or(i64::MAX))
    };
    match reward {
        Reward::Discount(of) | Reward::Cashback(of) => percent((*of).into()),
        Reward::RisingCashback(steps) => {
            let at = usize::from(step.saturating_sub(1));
            percent(steps.get(at).or(steps.last()).copied().unwrap_or(0).into())
        }
        Reward::Points(times) => {
            percent(u64::from(times.saturating_sub(1)) * u64::from(costs.points_percent.unwrap_or(1)))
        }
        Reward::FreeDelivery => costs.delivery.unwrap_or(Minor::ZERO),
    }
}

/// A mechanic's name, without the numbers it may carry.
pub(super) fn name(mechanic: Mechanic) -> String {
    match serde_json::to_value(mechanic) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(serde_json::Value::Object(one)) => one.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mechanic::Survey;

    #[test]
    fn a_reward_comes_to_its_part_of_the_order_rounded_up() {
        let costs = RewardCosts { delivery: Some(Minor(490)), points_percent: Some(2) };
        let on = |reward: Reward, step, order| most(&reward, step, &costs, Minor(order)).0;
        assert_eq!(on(Reward::Discount(10), 1, 1_999), 200);
        assert_eq!(on(Reward::Cashback(5), 1, 2_000), 100);
        assert_eq!(on(Reward::Points(4), 1, 1_001), 61);
        assert_eq!(on(Reward::FreeDelivery, 1, 1), 490);
        let rising = Reward::RisingCashback(vec![3, 5, 8]);
        assert_eq!([1, 2, 3, 4].map(|step| on(rising.clone(), step, 10_000)), [300, 500, 800, 800]);
        assert_eq!(most(&Reward::FreeDelivery, 1, &RewardCosts::default(), Minor(9)), Minor::ZERO);
        assert_eq!(on(Reward::Discount(90), 1, 0), 0);
    }

    #[test]
    fn a_mechanic_is_named_without_its_numbers() {
        assert_eq!(name(Mechanic::Challenge { orders: 3 }), "challenge");
        assert_eq!(name(Mechanic::Survey(Survey::Nps)), "survey");
        assert_eq!(name(Mechanic::FreeDelivery), "free_delivery");
    }

    proptest! {
        #[test]
        fn no_part_is_below_the_exact_one_or_a_minor_unit_above(percent in 1..=90_u8, order in 0..=Minor::MAX.0) {
            let cost = most(&Reward::Discount(percent), 1, &RewardCosts::default(), Minor(order)).0;
            let exact = i128::from(order) * i128::from(percent);
            prop_assert!((exact..exact + 100).contains(&(i128::from(cost) * 100)));
        }
    }
}

//! What was begun in a segment that the first order took the customer out of: it is kept until its last day.

use playbook::decide::{Channel, Inputs, Left, On, Progress};
use playbook::reward::Reward;
use playbook::{Playbook, Withheld, decide};
use segmentation::Day;

use crate::cast::{customer, inputs, segment, today, used};

const SERIES: &str = "r2f3m2/rising_cashback";

/// The shift with which slots of `every` days began so many days before `day`.
fn shift(day: Day, into: i64, every: i64) -> u32 {
    u32::try_from((into - i64::from(day.epoch_days())).rem_euclid(every)).unwrap()
}

/// A frequent customer of the segment, late until they ordered three days ago, on the seventh day of the cashback's slot.
fn came_back(name: &str) -> Inputs {
    let mut inputs = inputs(customer(segment(name), today()), today(), 0);
    inputs.customer.recent_orders = [-60, -46, -3].map(|days| today().plus(days)).to_vec();
    inputs.customer.arrived = vec![today().plus(-3)];
    let since = Some(today().plus(-30));
    inputs.customer.left = vec![Left { segment: segment("r2f3m2"), since, day: today().plus(-3) }];
    inputs.series.shifts.insert(SERIES.to_owned(), shift(today(), 9, 60));
    // The stamp card is closed, so that the cashback is alone.
    inputs.series.shifts.insert("r2f3m2/gamification".to_owned(), shift(today(), 70, 90));
    inputs
}

/// Why nothing is kept of the cashback; `None`: it is, or nobody speaks of it.
fn withheld(inputs: &Inputs) -> Option<Withheld> {
    let decision = decide(inputs, Playbook::builtin());
    assert!(decision.offers.iter().all(|offer| offer.reason.campaign != SERIES));
    decision.withheld.iter().find(|withheld| withheld.campaign == SERIES).map(|withheld| withheld.why)
}

#[test]
fn rising_cashback_goes_on_after_the_first_order_which_takes_the_customer_elsewhere() {
    for name in ["r3f3m2", "r3f3m1", "r3f3m3"] {
        let decision = decide(&came_back(name), Playbook::builtin());
        let kept = &decision.offers[0];
        let first = today().plus(-9);
        assert_eq!(kept.id, format!("{SERIES}/{first}/1"), "no step is confirmed yet, in {name}");
        assert_eq!(kept.progress, Some(Progress { done: 0, goal: 4 }));
        let given = kept.reward.as_ref().unwrap();
        assert_eq!(given.reward, Reward::RisingCashback(vec![3, 5, 7, 10]), "by the limit of who promised it");
        assert_eq!((&given.on, given.valid_until), (&On::Anything, first.plus(44)));
        let rewarded = decision.offers.iter().filter(|offer| offer.reward.is_some()).count();
        assert_eq!(rewarded, 1, "it is all that {name} may give");
        assert!(decision.no_reward.is_none());
    }
}

#[test]
fn a_rise_is_also_begun_by_a_step_that_was_used_and_goes_on_from_it() {
    let mut inputs = came_back("r3f3m2");
    // The order of the slot was cancelled, its reward kept.
    inputs.customer.recent_orders.pop();
    assert_eq!(withheld(&inputs), None);
    used(&mut inputs, SERIES, 9, 60);
    let kept = &decide(&inputs, Playbook::builtin()).offers[0];
    assert_eq!(kept.id, format!("{SERIES}/{}/2", today().plus(-9)));
    assert_eq!(kept.progress, Some(Progress { done: 1, goal: 4 }));
}

#[test]
fn what_nobody_began_or_what_is_over_is_not_kept() {
    let mut unordered = came_back("r3f3m2");
    unordered.customer.recent_orders = vec![today().plus(-60), today().plus(-46)];
    let mut closed = came_back("r3f3m2");
    // Its slot had been open until four days before they left.
    closed.series.shifts.insert(SERIES.to_owned(), shift(today(), 52, 60));
    let mut over = came_back("r3f3m2");
    over.customer.left[0].day = today().plus(-40);
    over.customer.recent_orders.push(today().plus(-40));
    over.series.shifts.insert(SERIES.to_owned(), shift(today(), 45, 60));
    let mut gentle = came_back("r3f3m2");
    gentle.customer.left[0].segment = segment("r2f3m3");
    gentle.customer.left[0].since = Some(today().plus(-10));
    gentle.series.shifts.insert("r2f3m3/gamification".to_owned(), shift(today(), 9, 90));
    for inputs in [unordered, closed, over] {
        assert_eq!(withheld(&inputs), None);
    }
    let kept = |inputs: &Inputs| {
        let offers = decide(inputs, Playbook::builtin()).offers;
        offers.iter().any(|offer| offer.reason.campaign == "r2f3m3/gamification")
    };
    assert!(!kept(&gentle), "they were there for seven days, and rewarded are those of fourteen");
    gentle.customer.left[0].since = Some(today().plus(-17));
    assert!(kept(&gentle));
}

#[test]
fn what_was_begun_is_not_shown_while_it_cannot_be_reserved_nor_mailed_without_consent() {
    let told = |change: fn(&mut Inputs)| {
        let mut inputs = came_back("r3f3m2");
        change(&mut inputs);
        withheld(&inputs)
    };
    assert_eq!(told(|inputs| inputs.series.not_open.extend([SERIES.to_owned()])), Some(Withheld::Closed));
    assert_eq!(told(|inputs| inputs.series.exhausted.extend([SERIES.to_owned()])), Some(Withheld::Budget));
    assert_eq!(told(|inputs| inputs.series.held_out.extend(["*".to_owned()])), Some(Withheld::Holdout));
    let unwilling = |inputs: &mut Inputs| {
        (inputs.channel, inputs.customer.mailing_consent) = (Channel::Mailing, false);
    };
    assert_eq!(told(unwilling), Some(Withheld::NoConsent));
    let mut unshifted = came_back("r3f3m2");
    unshifted.series.shifts.remove(SERIES);
    assert_eq!(withheld(&unshifted), None, "without its shift nobody knows its slot");
}

#[test]
fn the_series_needed_are_those_of_the_entry_and_what_counts_orders_in_the_ones_left() {
    let inputs = came_back("r3f3m1");
    let needed = inputs.series_needed(Playbook::builtin());
    for series in [SERIES, "r2f3m2/gamification", "r3f3m1/regularity_bonus", "r3f3m1/bundles"] {
        assert!(needed.iter().any(|needed| needed == series), "{series}");
    }
    assert!(!needed.iter().any(|needed| needed == "r2f3m2/bundles"), "a set is not begun");
    assert!(needed.is_sorted_by(|a, b| a < b));
}

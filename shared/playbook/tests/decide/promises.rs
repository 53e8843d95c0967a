//! What the customer chooses, and what they chose: it stands until its day, wherever they have moved since.

use playbook::decide::{Channel, Chosen, Inputs, On};
use playbook::reward::Reward;
use playbook::{Playbook, Withheld, decide};
use serde_json::json;

use crate::cast::{customer, inputs, segment, today, used};
use crate::tried::{outcome, playbook, refused, someone};

const SERIES: &str = "r2f3m3/choose_reward";

/// A customer of the segment who chose 12 % cashback on coats as a late VIP, ten days ago, for thirty days.
fn who_chose(name: &str) -> Inputs {
    let mut inputs = inputs(customer(segment(name), today()), today(), 0);
    inputs.customer.choice = Some(Chosen {
        series: SERIES.to_owned(),
        category: "Coats".to_owned(),
        reward: "cashback-12".to_owned(),
        made: today().plus(-10),
        until: today().plus(19),
    });
    inputs
}

#[test]
fn a_customer_chooses_among_favourite_categories_and_rewards_within_the_limit() {
    let calendar = json!({ "slots": { "every": 30, "open": 30 } });
    let choices = json!([{ "discount": 90 }, { "cashback": 12 }, "free_delivery"]);
    let fields = json!({ "choices": choices, "calendar": calendar, "validity": 30 });
    let playbook = playbook(json!("choose"), fields, "{category}? {reward} until {until}");
    let mut inputs = someone();
    let offer = outcome(&playbook, &inputs).unwrap();
    let choice = offer.choice.unwrap();
    assert_eq!((choice.categories.as_slice(), choice.days), (["Shoes".to_owned(), "Coats".to_owned()].as_slice(), 30));
    let codes: Vec<&str> = choice.rewards.iter().map(|reward| reward.code.as_str()).collect();
    assert_eq!(codes, ["discount-90", "cashback-12", "free_delivery"]);
    assert_eq!(
        offer.text, "Shoes? 90 % off / 12 % cashback / free delivery until 21 December 2026",
        "30 days from today"
    );
    assert!(offer.reward.is_none(), "nothing is given before it is chosen");
    inputs.customer.categories.clear();
    assert_eq!(refused(&playbook, &inputs), Some(Withheld::NotEligible), "nothing to choose from");
}

#[test]
fn choices_that_become_one_at_the_limit_are_offered_once() {
    let limit = json!({ "segment": { "r2f3m3": { "limit": { "percent": 3 } } }, "idea": { "choose_reward": {
        "choices": [{ "discount": 8 }, { "cashback": 12 }, { "discount": 5 }],
    } } });
    let playbook = Playbook::overridden(&limit).unwrap();
    let mut inputs = inputs(customer(segment("r2f3m3"), today()), today(), 0);
    inputs.customer.arrived = vec![today().plus(-30)];
    inputs.series.shifts.insert(SERIES.to_owned(), 60 - u32::try_from(today().epoch_days() % 60).unwrap());
    let decision = decide(&inputs, &playbook);
    let offer = decision.offers.iter().find(|offer| offer.idea == "choose_reward").unwrap();
    let codes: Vec<&str> = offer.choice.as_ref().unwrap().rewards.iter().map(|reward| reward.code.as_str()).collect();
    assert_eq!(codes, ["discount-3", "cashback-3"]);
}

#[test]
fn one_choice_is_asked_for_at_a_time() {
    let mut inputs = inputs(customer(segment("r2f3m3"), today()), today(), 0);
    inputs.customer.arrived = vec![today().plus(-30)];
    let open = 60 - u32::try_from(today().epoch_days() % 60).unwrap();
    for series in [SERIES, "r2f3m3/choose_category"] {
        inputs.series.shifts.insert(series.to_owned(), open);
    }
    let decision = decide(&inputs, Playbook::builtin());
    assert!(decision.offers.iter().any(|offer| offer.idea == "choose_reward"));
    let second = decision.withheld.iter().find(|withheld| withheld.idea == "choose_category").unwrap();
    assert_eq!(second.why, Withheld::OneIsEnough);
}

#[test]
fn what_was_chosen_stands_first_until_its_day_and_nothing_else_is_asked() {
    let decision = decide(&who_chose("r2f3m3"), Playbook::builtin());
    let promise = &decision.offers[0];
    assert_eq!(promise.text, "Your choice: 12 % cashback in “Coats”. Last day: 11 December 2026.");
    assert_eq!(promise.id, format!("{SERIES}/{}/1", today().plus(-10)));
    let given = promise.reward.as_ref().unwrap();
    assert_eq!((&given.reward, &given.on), (&Reward::Cashback(12), &On::Category("Coats".to_owned())));
    assert_eq!((given.valid_from, given.valid_until), (today().plus(-10), today().plus(19)));
    assert!(decision.offers.iter().all(|offer| offer.choice.is_none()));
    assert!(decision.no_reward.is_none(), "what was promised is a reward");
}

#[test]
fn a_promise_is_kept_after_a_move_even_where_nothing_else_is_given() {
    for name in ["r3f3m3", "r1f3m3", "r1f1m1"] {
        let decision = decide(&who_chose(name), Playbook::builtin());
        let rewards: Vec<&str> =
            decision.offers.iter().filter(|offer| offer.reward.is_some()).map(|offer| offer.idea.as_str()).collect();
        assert_eq!(rewards, ["choose_reward"], "in {name} it is all the answer gives");
        assert!(decision.no_reward.is_none());
    }
}

#[test]
fn a_promise_is_not_shown_once_redeemed_nor_while_it_cannot_be_reserved_nor_mailed_without_consent() {
    let told = |inputs: &Inputs| {
        let decision = decide(inputs, Playbook::builtin());
        assert!(decision.offers.iter().all(|offer| offer.idea != "choose_reward"));
        decision.withheld.iter().find(|withheld| withheld.campaign == SERIES).map(|withheld| withheld.why)
    };
    let mut redeemed = who_chose("r3f3m3");
    used(&mut redeemed, SERIES, 10, 1);
    assert_eq!(told(&redeemed), Some(Withheld::Closed));
    let mut paused = who_chose("r3f3m3");
    paused.series.not_open.insert(SERIES.to_owned());
    assert_eq!(told(&paused), Some(Withheld::Closed));
    let mut spent = who_chose("r3f3m3");
    spent.series.exhausted.insert(SERIES.to_owned());
    assert_eq!(told(&spent), Some(Withheld::Budget));
    let mut unwilling = who_chose("r3f3m3");
    (unwilling.channel, unwilling.customer.mailing_consent) = (Channel::Mailing, false);
    assert_eq!(told(&unwilling), Some(Withheld::NoConsent));
}

#[test]
fn a_slot_has_one_choice_however_short_it_lasted() {
    let mut inputs = inputs(customer(segment("r2f3m3"), today()), today(), 0);
    inputs.customer.arrived = vec![today().plus(-30)];
    // Today is the eleventh day of its slot.
    inputs.series.shifts.insert(SERIES.to_owned(), 70 - u32::try_from(today().epoch_days() % 60).unwrap());
    let asked = |inputs: &Inputs| {
        let decision = decide(inputs, Playbook::builtin());
        decision.withheld.iter().find(|withheld| withheld.campaign == SERIES).map(|withheld| withheld.why)
    };
    assert_eq!(asked(&inputs), None);
    for (days_ago, why) in [(11, None), (10, Some(Withheld::Answered)), (1, Some(Withheld::Answered))] {
        inputs.customer.last_chosen = [(SERIES.to_owned(), today().plus(-days_ago))].into();
        assert_eq!(asked(&inputs), why, "a choice of one day, made {days_ago} days ago");
    }
    inputs.customer.last_chosen.clear();
    used(&mut inputs, SERIES, 3, 1);
    assert_eq!(asked(&inputs), Some(Withheld::Closed), "redeemed by the day on which it was made");
}

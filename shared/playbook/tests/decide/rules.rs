//! When a reward is withheld although its mechanic fits: the entry's rules, and the state of its series.

use playbook::decide::{Channel, Facts};
use playbook::{NoReward, Playbook, Withheld, decide};
use serde_json::json;

use crate::cast::{answered, customer, inputs, segment, today, used};
use crate::tried::{SERIES, days_into_slot, given, outcome, playbook, refused, someone};

fn code() -> Playbook {
    playbook(json!("code"), given(json!({ "discount": 5 })), "{reward}")
}

#[test]
fn a_series_says_why_it_is_closed_to_this_customer() {
    let mut inputs = days_into_slot(someone(), 3, 30);
    assert_eq!(refused(&code(), &inputs), None);
    used(&mut inputs, SERIES, 33, 30);
    assert_eq!(refused(&code(), &inputs), None, "redeemed in the slot before");
    used(&mut inputs, SERIES, 3, 30);
    assert_eq!(refused(&code(), &inputs), Some(Withheld::Closed), "redeemed in this slot");
    inputs.series.exhausted.insert(SERIES.to_owned());
    assert_eq!(refused(&code(), &inputs), Some(Withheld::Budget));
    inputs.series.held_out.insert(SERIES.to_owned());
    assert_eq!(refused(&code(), &inputs), Some(Withheld::Holdout));
    inputs.series.not_open.insert(SERIES.to_owned());
    assert_eq!(refused(&code(), &inputs), Some(Withheld::Closed), "paused for all");
}

#[test]
fn who_is_held_out_of_everything_still_gets_messages() {
    let mut inputs = someone();
    inputs.series.held_out.insert("*".to_owned());
    assert_eq!(refused(&code(), &inputs), Some(Withheld::Holdout));
    let message = playbook(json!("letter"), json!({}), "Hello.");
    assert!(outcome(&message, &inputs).is_ok());
}

#[test]
fn an_idea_is_shown_in_its_place_and_mailed_with_consent_only() {
    let at = |place: &str| playbook(json!("letter"), json!({ "place": place }), "Hello.");
    let mut mailing = someone();
    mailing.channel = Channel::Mailing;
    let mut unwilling = mailing.clone();
    unwilling.customer.mailing_consent = false;
    let table = [
        ("both", None, None),
        ("checkout", None, Some(Withheld::WrongPlace)),
        ("mailing", Some(Withheld::WrongPlace), None),
    ];
    for (place, checkout, mailed) in table {
        assert_eq!(refused(&at(place), &someone()), checkout, "{place} at checkout");
        assert_eq!(refused(&at(place), &mailing), mailed, "{place} in a mailing");
        assert_eq!(refused(&at(place), &unwilling), Some(Withheld::NoConsent), "{place} without consent");
    }
}

#[test]
fn a_late_vip_is_reminded_gently_for_two_weeks_before_any_reward() {
    let came = |days: i64| {
        let facts = Facts { arrived: vec![today().plus(-days)], ..customer(segment("r2f3m3"), today()) };
        decide(&inputs(facts, today(), 0), Playbook::builtin())
    };
    let gentle = came(13);
    assert_eq!(gentle.no_reward.as_ref().map(|no| no.why), Some(NoReward::GentleFirst));
    assert!(gentle.offers.iter().any(|offer| offer.idea == "replenishment_reminder"), "a reminder is no reward");
    let withheld = gentle.withheld.iter().find(|withheld| withheld.idea == "choose_reward").unwrap();
    assert_eq!((withheld.why, withheld.opens), (Withheld::GentleFirst, Some(today().plus(1))));
    assert!(came(14).withheld.iter().all(|withheld| withheld.why != Withheld::GentleFirst));
}

#[test]
fn spending_on_churning_customers_ends() {
    let came = |days: i64| {
        let facts = Facts { arrived: vec![today().plus(-days)], ..customer(segment("r1f3m1"), today()) };
        decide(&inputs(facts, today(), 0), Playbook::builtin())
    };
    assert!(came(59).withheld.iter().all(|withheld| withheld.why != Withheld::Ended));
    let ended = came(60);
    assert_eq!(ended.no_reward.as_ref().map(|no| no.why), Some(NoReward::Ended));
    assert!(ended.withheld.iter().any(|withheld| withheld.why == Withheld::Ended));
    assert!(ended.offers.iter().all(|offer| offer.reward.is_none()));
}

#[test]
fn the_end_comes_also_to_who_has_answered() {
    let facts = Facts { arrived: vec![today().plus(-60)], ..customer(segment("r1f2m3"), today()) };
    let decision = decide(&inputs(answered(facts, today(), 1), today(), 0), Playbook::builtin());
    assert_eq!(decision.no_reward.map(|no| no.why), Some(NoReward::Ended));
}

#[test]
fn an_answer_holds_no_more_rewards_than_its_segment_may_get() {
    // Slots that are open all the time, so that every code is in season.
    let open = json!({ "slots": { "every": 30, "open": 30 } });
    let idea = json!({ "calendar": open, "validity": 30 });
    let changes = json!({ "idea": { "time_limited_code": idea, "bundles": idea } });
    let facts = Facts { programme_since: None, ..customer(segment("r2f3m1"), today()) };
    let decision = decide(&inputs(facts, today(), 0), &Playbook::overridden(&changes).unwrap());
    let rewarded: Vec<&str> =
        decision.offers.iter().filter(|offer| offer.reward.is_some()).map(|offer| offer.idea.as_str()).collect();
    assert_eq!(rewarded, ["time_limited_code"], "the first of the playbook's order");
    let bundles = decision.withheld.iter().find(|withheld| withheld.idea == "bundles").unwrap();
    assert_eq!(bundles.why, Withheld::OneIsEnough);
}

#[test]
fn every_absence_of_a_reward_has_its_reason() {
    let why = |name: &str, change: fn(&mut playbook::Inputs)| {
        let mut inputs = inputs(customer(segment(name), today()), today(), 0);
        // Two years back: no anniversary today.
        inputs.customer.programme_since = None;
        change(&mut inputs);
        decide(&inputs, Playbook::builtin()).no_reward.map(|no| no.why)
    };
    assert_eq!(why("r1f1m1", |_| ()), Some(NoReward::RuleNone));
    assert_eq!(why("r3f3m3", |inputs| inputs.customer.milestone = None), Some(NoReward::RuleRare));
    assert_eq!(why("r3f3m3", |inputs| inputs.degraded = true), Some(NoReward::Degraded));
    let unknown = |inputs: &mut playbook::Inputs| inputs.customer = Facts::default();
    assert_eq!(why("r3f3m3", unknown), Some(NoReward::Newcomer));
    let held_out = |inputs: &mut playbook::Inputs| inputs.series.held_out.extend(["*".to_owned()]);
    assert_eq!(why("r2f3m1", held_out), Some(NoReward::NotNow));
}

//! What a code or an offer's id gives on the day of its use, case by case, and why it gives nothing.

use playbook::decide::{Chosen, Closed, Inputs, LastAnswer, Left, On, SeriesStates};
use playbook::mechanic::{Answer, Survey};
use playbook::redeem::{NotRedeemable, Promised};
use playbook::reward::Reward;
use playbook::{OwnCampaign, Playbook, ShownAt, Withheld};
use segmentation::{ClosedStep, Day, Minor, Profile, UsualDay};
use serde_json::{Value, json};

use crate::cast::{own, terms, today, used};
use crate::redeem::{code, offered};
use crate::tried::someone;

/// The document with one campaign of the shop's own in the first of its slots of 60 days, 20 of them open, that began so many
/// days ago.
fn with_gift(fields: Value, days_into: i64) -> Inputs {
    let mut inputs = someone();
    let mut gift = own(
        "gift",
        json!({ "beyond_rules": true, "idea": {
        "calendar": { "slots": { "every": 60, "open": 20 } }, "validity": 30,
    } }),
    );
    let mut body = gift.to_value();
    for (field, value) in fields.as_object().unwrap() {
        body["idea"][field] = value.clone();
    }
    gift = OwnCampaign::parse(&body).unwrap_or_else(|error| panic!("{error}"));
    inputs.campaigns = vec![gift];
    let shift = (days_into - inputs.day.since(Day::from_epoch_days(0))).rem_euclid(60);
    inputs.series.shifts.insert("gift".to_owned(), u32::try_from(shift).unwrap());
    inputs
}

/// Both ways of a slot that began so many days ago.
fn both(inputs: &Inputs, days_ago: i64, step: u8) -> [Result<Promised, NotRedeemable>; 2] {
    let (terms, slot) = (terms(inputs, "gift"), inputs.day.plus(-days_ago));
    [code(inputs, &terms, slot, step), offered(inputs, &terms, slot, step)]
}

#[test]
fn a_reward_can_be_used_after_its_slots_open_days_and_closes_its_whole_period() {
    for days in [0, 19, 20, 29] {
        let inputs = with_gift(json!({}), days);
        let first = today().plus(-days);
        let wanted = Promised {
            reward: Reward::Discount(40),
            on: On::Anything,
            valid_from: first,
            valid_until: first.plus(29),
            closes_until: first.plus(59),
        };
        assert_eq!(both(&inputs, days, 1), [Ok(wanted.clone()), Ok(wanted)], "{days} days into the slot");
    }
    let over = with_gift(json!({}), 30);
    let expired = NotRedeemable::Expired(today().plus(-1));
    assert_eq!(both(&over, 30, 1), [Err(expired), Err(expired)]);
    let inputs = with_gift(json!({}), 5);
    assert_eq!(
        both(&inputs, -1, 1),
        [Err(NotRedeemable::NotYet(today().plus(1))), Err(NotRedeemable::NotYet(today().plus(1)))]
    );
    assert_eq!(both(&inputs, 5, 2), [Err(NotRedeemable::StepClosed), Err(NotRedeemable::StepClosed)]);
    let [by_code, by_offer] = both(&inputs, 4, 1);
    assert!(by_code.is_ok(), "a proof names the slot, whatever the shift is by now");
    assert_eq!(by_offer, Err(NotRedeemable::NotOffered(Some(Withheld::Cooldown))), "another customer's slot");
}

#[test]
fn a_code_that_was_given_out_is_good_where_the_offer_is_no_longer() {
    let refused = |change: fn(&mut Inputs)| {
        let mut inputs = with_gift(json!({}), 5);
        change(&mut inputs);
        let [by_code, by_offer] = both(&inputs, 5, 1);
        assert!(by_code.is_ok());
        by_offer.unwrap_err()
    };
    let offered = |why| NotRedeemable::NotOffered(Some(why));
    assert_eq!(refused(|inputs| inputs.series.not_open.extend(["gift".to_owned()])), offered(Withheld::Closed));
    assert_eq!(refused(|inputs| inputs.series.held_out.extend(["*".to_owned()])), offered(Withheld::Holdout));
    assert_eq!(refused(|inputs| inputs.series.exhausted.extend(["gift".to_owned()])), offered(Withheld::Budget));
    let elsewhere = |inputs: &mut Inputs| inputs.campaigns[0].segments = Some(["r1f1m1".parse().unwrap()].into());
    assert_eq!(refused(elsewhere), offered(Withheld::NotEligible));
    let later = |inputs: &mut Inputs| inputs.campaigns[0].from = Some(today().plus(1));
    assert_eq!(refused(later), offered(Withheld::Cooldown));
    let mailed = |inputs: &mut Inputs| {
        (inputs.campaigns[0].idea.place, inputs.customer.mailing_consent) = (ShownAt::Mailing, false);
    };
    assert_eq!(refused(mailed), offered(Withheld::NoConsent));
    let mut ended = with_gift(json!({}), 5);
    ended.campaigns[0].until = Some(today().plus(-1));
    assert!(both(&ended, 5, 1).iter().all(Result::is_ok), "what was given out on its days is valid for its own");
    let mut once = with_gift(json!({ "mechanic": "second_purchase" }), 5);
    assert_eq!(both(&once, 5, 1)[1], Err(offered(Withheld::NotEligible)), "ten orders");
    once.customer.orders = 1;
    assert!(both(&once, 5, 1).iter().all(Result::is_ok));
}

#[test]
fn a_rise_gives_the_cashback_of_its_step_when_the_one_before_is_confirmed() {
    let rise = json!({ "mechanic": "rising_cashback", "reward": { "rising_cashback": [3, 5, 7] }, "validity": 20 });
    let with_steps = |steps: &[u8]| {
        let mut inputs = with_gift(rise.clone(), 8);
        let slot = today().plus(-8);
        let closed = steps.iter().map(|step| Closed { slot, step: *step, until: slot.plus(59) }).collect();
        inputs.series.closed.insert("gift".to_owned(), closed);
        inputs
    };
    let gives = |steps: &[u8], step| {
        let [by_code, by_offer] =
            both(&with_steps(steps), 8, step).map(|outcome| outcome.map(|promised| promised.reward));
        assert_eq!(by_code, by_offer);
        by_code
    };
    assert_eq!(gives(&[], 1), Ok(Reward::Cashback(3)));
    assert_eq!(gives(&[], 2), Err(NotRedeemable::StepClosed));
    assert_eq!(gives(&[1], 1), Err(NotRedeemable::Used));
    assert_eq!(gives(&[1], 2), Ok(Reward::Cashback(5)));
    assert_eq!(gives(&[1, 2, 3], 4), Ok(Reward::Cashback(7)), "past the last step its rate stays");
    assert_eq!(gives(&[2], 1), Ok(Reward::Cashback(3)), "what was given back can be used again");
    let mut inputs = with_steps(&[]);
    used(&mut inputs, "gift", 9, 60);
    assert_eq!(both(&inputs, 8, 1), [Err(NotRedeemable::Used), Err(NotRedeemable::Used)], "another slot's period runs");
}

#[test]
fn a_stamp_card_gives_nothing_before_it_is_full() {
    let mut inputs = with_gift(json!({ "mechanic": { "challenge": { "orders": 2 } }, "validity": 20 }), 8);
    assert_eq!(both(&inputs, 8, 1), [Err(NotRedeemable::StepClosed), Err(NotRedeemable::StepClosed)]);
    inputs.customer.recent_orders.push(today());
    assert!(both(&inputs, 8, 1).iter().all(Result::is_ok), "an order six days ago and one today");
}

#[test]
fn a_usual_day_code_is_good_on_the_usual_day_only() {
    // Today is a Sunday, and the slot began eight days ago.
    let at = |weekday: &str, validity: u16| {
        let mut inputs = with_gift(json!({ "mechanic": "usual_day_code", "validity": validity }), 8);
        inputs.customer.usual_day = Some(UsualDay::Weekday(weekday.parse().unwrap()));
        let [by_code, by_offer] =
            both(&inputs, 8, 1).map(|outcome| outcome.map(|promised| (promised.valid_from, promised.valid_until)));
        assert_eq!(by_code, by_offer);
        by_code
    };
    assert_eq!(at("Sun", 30), Ok((today(), today())));
    assert_eq!(at("Tue", 30), Err(NotRedeemable::NotYet(today().plus(2))));
    assert_eq!(at("Sat", 20), Err(NotRedeemable::NotYet(today().plus(6))));
    let mut late = with_gift(json!({ "mechanic": "usual_day_code", "validity": 20 }), 17);
    late.customer.usual_day = Some(UsualDay::Weekday("Sat".parse().unwrap()));
    let last = today().plus(2);
    assert_eq!(both(&late, 17, 1), [Err(NotRedeemable::Expired(last)), Err(NotRedeemable::Expired(last))]);
}

#[test]
fn a_code_by_answer_gives_what_the_last_answer_earns() {
    let mut inputs = someone();
    let terms = terms(&inputs, "r1f3m3/code_after_survey");
    assert_eq!(code(&inputs, &terms, today(), 1), Err(NotRedeemable::NotOffered(Some(Withheld::NotEligible))));
    for (answer, wanted) in [(Answer::Delivery, Reward::FreeDelivery), (Answer::Quality, Reward::Points(5))] {
        inputs.customer.answers = vec![LastAnswer { survey: Survey::Reason, answer, day: today().plus(-2) }];
        let promised = code(&inputs, &terms, today().plus(-2), 1).unwrap();
        assert_eq!((promised.reward, promised.valid_until), (wanted, today()));
        assert_eq!(promised.closes_until, today().plus(-2 + 179));
        assert_eq!(code(&inputs, &terms, today().plus(-3), 1), Err(NotRedeemable::Expired(today().plus(-1))));
    }
}

#[test]
fn a_choice_gives_exactly_what_was_chosen_and_closes_the_period_of_its_slot() {
    let mut inputs = someone();
    let terms = terms(&inputs, "r2f3m3/choose_reward");
    let made = today().plus(-4);
    let both = |inputs: &Inputs, made| [code(inputs, &terms, made, 1), offered(inputs, &terms, made, 1)];
    let nothing = NotRedeemable::NotOffered(None);
    assert_eq!(both(&inputs, made), [Err(nothing), Err(nothing)]);
    inputs.customer.choice = Some(Chosen {
        series: terms.series.clone(),
        category: "Coats".to_owned(),
        reward: "discount-40".to_owned(),
        made,
        until: today().plus(25),
    });
    let [by_code, by_offer] = both(&inputs, made).map(Result::unwrap);
    assert_eq!(by_code, by_offer);
    assert_eq!((&by_code.reward, &by_code.on), (&Reward::Discount(40), &On::Category("Coats".to_owned())));
    assert_eq!(by_code.closes_until, made, "without its shift nobody knows the slot");
    // Slots of 60 days, 21 of them open: the choice was made on the sixth.
    let shift = (9 - i64::from(today().epoch_days())).rem_euclid(60);
    inputs.series.shifts.insert(terms.series.clone(), u32::try_from(shift).unwrap());
    assert_eq!(code(&inputs, &terms, made, 1).unwrap().closes_until, today().plus(50));
    assert_eq!(both(&inputs, made.plus(1)), [Err(nothing), Err(nothing)]);
    used(&mut inputs, "r2f3m3/choose_reward", 4, 55);
    assert_eq!(both(&inputs, made), [Err(NotRedeemable::Used), Err(NotRedeemable::Used)]);
    inputs.customer.choice = None;
    inputs.series.closed.clear();
    let long_ago = today().plus(-30);
    inputs.customer.last_chosen = [(terms.series.clone(), long_ago)].into();
    let expired = NotRedeemable::Expired(today().plus(-1));
    assert_eq!(both(&inputs, long_ago), [Err(expired), Err(expired)]);
}

#[test]
fn a_campaign_within_the_rules_keeps_its_promise_after_a_move_to_where_nothing_is_given() {
    let mut inputs = with_gift(json!({}), 5);
    inputs.campaigns[0].beyond_rules = false;
    let before = code(&inputs, &terms(&inputs, "gift"), today().plus(-5), 1).unwrap();
    let here = inputs.customer.segment.unwrap();
    let limit = Playbook::builtin().entry(here).limit.percent;
    assert_eq!(before.reward, Reward::Discount(limit.min(40)));
    inputs.customer.segment = Some("r1f1m1".parse().unwrap());
    inputs.customer.left = vec![Left { segment: here, since: None, day: today() }];
    let [by_code, by_offer] = both(&inputs, 5, 1);
    assert_eq!(by_code, Ok(before));
    assert_eq!(by_offer, Err(NotRedeemable::NotOffered(Some(Withheld::RewardLimit))));
    inputs.customer.left[0].day = today().plus(-6);
    assert_eq!(
        both(&inputs, 5, 1)[0],
        Err(NotRedeemable::NotOffered(Some(Withheld::RewardLimit))),
        "left before it began"
    );
}

#[test]
fn refusals_are_said_in_plain_words() {
    let table = [
        (NotRedeemable::NotOffered(None), "is not offered to this customer"),
        (NotRedeemable::NotOffered(Some(Withheld::Budget)), "is not offered to this customer (budget)"),
        (NotRedeemable::Expired(today()), "has expired: its last day was 2026-11-22"),
        (NotRedeemable::NotYet(today()), "is not valid before 2026-11-22"),
        (NotRedeemable::StepClosed, "is not earned yet"),
        (NotRedeemable::Used, "has been used"),
    ];
    for (refusal, words) in table {
        assert_eq!(refusal.to_string(), words);
    }
}

#[test]
fn what_a_profile_has_used_by_a_day_is_what_is_closed_on_it() {
    let mut profile = Profile::default();
    let used = |series: &str, days_ago: i64, step: u8| ClosedStep {
        series: series.to_owned(),
        slot: today().plus(-9),
        step,
        until: today().plus(50),
        day: today().plus(-days_ago),
        value: Minor(100),
    };
    let steps = [used("climb", 5, 1), used("gift", 4, 1), used("climb", 3, 2), used("climb", -1, 3)];
    steps.into_iter().for_each(|step| profile.closed.push(step));
    let closed = |step| Closed { slot: today().plus(-9), step, until: today().plus(50) };
    let wanted = [("climb".to_owned(), vec![closed(1), closed(2)]), ("gift".to_owned(), vec![closed(1)])];
    assert_eq!(SeriesStates::closed_of(&profile, today()), wanted.into());
    profile.closed.give_back("climb", today().plus(-9), 2);
    assert_eq!(SeriesStates::closed_of(&profile, today())["climb"], [closed(1)]);
}

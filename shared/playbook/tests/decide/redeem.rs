//! What decisions offer can be used, by its code and by its offer's id, on its days and once.

use playbook::decide::{Channel, Chosen, Closed, Inputs, LastAnswer, Left, Offer, On};
use playbook::mechanic::{Answer, Survey};
use playbook::redeem::{NotRedeemable, Promised, by_code, by_offer, promiser};
use playbook::reward::Reward;
use playbook::{Idea, IdeaKind, OwnCampaign, Playbook, ShownAt, Terms, Withheld, decide};
use proptest::prelude::*;
use segmentation::{Day, UsualDay};
use serde_json::{Value, json};

use crate::cast::{entry_of, own, terms, today, used};
use crate::laws::documents;
use crate::tried::someone;

/// By its code, as the one who sends it in would ask.
fn code(inputs: &Inputs, terms: &Terms, slot: Day, step: u8) -> Result<Promised, NotRedeemable> {
    let own = inputs.campaigns.iter().find(|own| own.series == terms.series);
    let within_rules = own.is_some_and(|own| !own.beyond_rules);
    by_code(inputs, terms, within_rules.then(|| promiser(inputs, Playbook::builtin(), slot)), slot, step)
}

/// By its offer's id.
fn offered(inputs: &Inputs, terms: &Terms, slot: Day, step: u8) -> Result<Promised, NotRedeemable> {
    let own = inputs.campaigns.iter().find(|own| own.series == terms.series);
    by_offer(inputs, Playbook::builtin(), own, terms, slot, step)
}

/// What the customer was told, as it is used.
fn told(offer: &Offer) -> Reward {
    match &offer.reward.as_ref().unwrap().reward {
        Reward::RisingCashback(steps) => Reward::Cashback(steps[usize::from(offer.reason.step).min(steps.len()) - 1]),
        reward => reward.clone(),
    }
}

/// The reward counts on all that was told of.
fn covers(used: &On, told: &On) -> bool {
    match (used, told) {
        (On::Products(used), On::Products(told)) => told.iter().all(|id| used.contains(id)),
        (used, told) => used == told,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_offered_can_be_used_today_once_and_not_after_its_last_day(inputs in documents()) {
        for offer in decide(&inputs, Playbook::builtin()).offers {
            let Some((series, slot, step)) = offer.redeemable() else { continue };
            let (terms, given) = (terms(&inputs, series), offer.reward.as_ref().unwrap());
            let both = |inputs: &Inputs| [code(inputs, &terms, slot, step), offered(inputs, &terms, slot, step)];
            for outcome in both(&inputs) {
                if given.valid_from > inputs.day {
                    prop_assert_eq!(outcome, Err(NotRedeemable::NotYet(given.valid_from)));
                    continue;
                }
                let promised = outcome.map_err(|error| TestCaseError::fail(format!("{}: {error}", offer.id)))?;
                prop_assert_eq!(&promised.reward, &told(&offer));
                prop_assert!(covers(&promised.on, &given.on), "{:?} for {:?}", promised.on, given.on);
                prop_assert_eq!(promised.valid_until, given.valid_until);
                prop_assert!((promised.valid_from..=promised.valid_until).contains(&inputs.day));
                prop_assert!(promised.closes_until >= slot);

                let mut after = inputs.clone();
                let used = Closed { slot, step, until: promised.closes_until };
                after.series.closed.insert(series.to_owned(), vec![used]);
                prop_assert_eq!(both(&after), [const { Err(NotRedeemable::Used) }; 2]);
                let again = decide(&after, Playbook::builtin()).offers;
                prop_assert!(again.iter().all(|again| again.id != offer.id));
                let same_slot = again.iter().find(|again| again.reason.campaign == *series);
                prop_assert!(same_slot.is_none_or(|next| next.reason.step == step + 1), "only a rise goes on");
            }
            let late = Inputs { day: given.valid_until.plus(1), ..inputs.clone() };
            prop_assert!(both(&late).iter().all(Result::is_err), "{} after its last day", offer.id);
        }
    }

    #[test]
    fn an_offers_id_alone_gives_nothing_that_was_not_offered_on_its_last_open_day(inputs in documents()) {
        let entry = entry_of(&inputs);
        for idea in entry.ideas.iter().filter(|idea| idea.kind() == IdeaKind::Reward) {
            let series = Playbook::series(entry, idea);
            let terms = terms(&inputs, &series);
            for slot in (-2..45).map(|days| inputs.day.plus(-days)) {
                let Ok(promised) = offered(&inputs, &terms, slot, 1) else { continue };
                let chosen = inputs.customer.choice.as_ref().is_some_and(|choice| choice.series == series);
                let last_open = idea.calendar.slot_from(slot, &inputs.settings.sales).unwrap().last;
                let channel = if idea.place.checkout() { Channel::Checkout } else { Channel::Mailing };
                let then = Inputs { day: inputs.day.min(last_open), cart: None, channel, campaigns: Vec::new(), ..inputs.clone() };
                // Other ideas could take its place or its products; questions open the entry.
                let asks = |other: &&Idea| other.code == idea.code || other.kind() == IdeaKind::Survey;
                let alone: Vec<&str> = entry.ideas.iter().filter(asks).map(|idea| idea.code.as_str()).collect();
                let changes = json!({ "segment": { entry.name.as_str(): { "limit": { "rewards": 5 }, "ideas": alone } } });
                let decision = decide(&then, &Playbook::overridden(&changes).unwrap());
                let id = format!("{series}/{slot}/1");
                let shown = decision.offers.iter().any(|offer| offer.id == id && told(offer) == promised.reward);
                prop_assert!(chosen || shown, "{id}: {:?}", decision.withheld);
            }
        }
    }

    #[test]
    fn who_used_a_reward_yesterday_gets_none_under_a_corrected_calendar_while_its_period_runs(
        first in calendars(), second in calendars(), shifts: [u32; 2], days in 0..800_i64, answer in 1..60_i64,
    ) {
        let yesterday = today().plus(days);
        let mut inputs = someone();
        inputs.customer.arrived = vec![yesterday.plus(-20)];
        inputs.customer.answers = vec![LastAnswer { survey: Survey::Nps, answer: Answer::Passive, day: yesterday.plus(-answer) }];
        inputs.day = yesterday;
        let mistake = gift(&first);
        inputs.campaigns = vec![mistake];
        inputs.series.shifts.insert("gift".to_owned(), shifts[0]);
        let mistaken = decide(&inputs, Playbook::builtin()).offers;
        let Some(offer) = mistaken.iter().find(|offer| offer.reason.campaign == "gift") else { return Ok(()) };
        let (series, slot, step) = offer.redeemable().unwrap();
        let promised = code(&inputs, &terms(&inputs, series), slot, step).unwrap();
        prop_assert!(promised.closes_until >= yesterday, "a period is not over while its reward is valid");

        inputs.series.closed.insert(series.to_owned(), vec![Closed { slot, step, until: promised.closes_until }]);
        inputs.campaigns = vec![gift(&second)];
        inputs.series.shifts.insert("gift".to_owned(), shifts[1]);
        for day in 1..=60 {
            inputs.day = yesterday.plus(day);
            let corrected = decide(&inputs, Playbook::builtin()).offers;
            if let Some(offer) = corrected.iter().find(|offer| offer.reason.campaign == "gift") {
                let again = offer.reason.slot.unwrap();
                prop_assert!(again > promised.closes_until, "{slot} was used, and {again} opens");
            }
        }
    }
}

/// A calendar with its validity.
fn calendars() -> impl Strategy<Value = (Value, u16)> {
    let periods = (1..90_u16, 1..90_u16, 1..90_u16).prop_map(|(a, b, c)| {
        let mut days = [a, b, c];
        days.sort_unstable();
        days
    });
    let slots = periods
        .clone()
        .prop_map(|[open, validity, every]| (json!({ "slots": { "every": every, "open": open } }), validity));
    let event = prop::sample::select(vec!["answer", "move", "usual_day"]);
    let events = (periods, event).prop_map(|([open, validity, every], on)| {
        (json!({ "event": { "on": on, "open": open, "every": every } }), validity)
    });
    prop_oneof![slots, events, Just((json!("month"), 31))]
}

fn gift((calendar, validity): &(Value, u16)) -> OwnCampaign {
    own("gift", json!({ "beyond_rules": true, "idea": { "calendar": calendar, "validity": validity } }))
}

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
        inputs.customer.answers = vec![LastAnswer { survey: Survey::Reason, answer, day: today().plus(-6) }];
        let promised = code(&inputs, &terms, today().plus(-6), 1).unwrap();
        assert_eq!((promised.reward, promised.valid_until), (wanted, today()));
        assert_eq!(promised.closes_until, today().plus(-6 + 179));
        assert_eq!(code(&inputs, &terms, today().plus(-7), 1), Err(NotRedeemable::Expired(today().plus(-1))));
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

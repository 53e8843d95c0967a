//! Asking before rewarding: surveys, codes by each answer, and entries that open with an answer or after a wait.

use playbook::decide::{Inputs, LastAnswer};
use playbook::mechanic::{Answer, Mechanic, Survey};
use playbook::reward::Reward;
use playbook::{IdeaKind, NoReward, Playbook, Withheld, decide};
use serde_json::{Value, json};

use crate::cast::{customer, inputs, segment, today, used};
use crate::tried::{SERIES, days_into_slot, outcome, playbook, refused, someone};

fn with_answer(mut inputs: Inputs, survey: Survey, answer: Answer, days: i64) -> Inputs {
    inputs.customer.answers = vec![LastAnswer { survey, answer, day: inputs.day.plus(-days) }];
    inputs
}

/// A customer of the segment who came there so many days ago.
fn who_came(name: &str, days: i64) -> Inputs {
    let mut inputs = inputs(customer(segment(name), today()), today(), 0);
    inputs.customer.arrived = vec![today().plus(-days)];
    // Each other reward is out of the way.
    inputs.customer.usual_day = None;
    inputs
}

#[test]
fn a_reason_is_asked_again_only_after_another_move() {
    let playbook = playbook(json!({ "survey": "reason" }), json!({}), "Why?");
    // The cast came here ten days ago.
    let offer = outcome(&playbook, &someone()).unwrap();
    assert!(offer.kind == IdeaKind::Survey && offer.reward.is_none());
    let at = |days| refused(&playbook, &with_answer(someone(), Survey::Reason, Answer::Other, days));
    assert_eq!([at(0), at(10), at(11)], [Some(Withheld::Answered), Some(Withheld::Answered), None]);
    assert_eq!(refused(&playbook, &with_answer(someone(), Survey::Nps, Answer::Passive, 0)), None, "another question");
}

#[test]
fn a_purchase_is_asked_about_again_only_after_another_purchase_or_move() {
    let playbook = playbook(json!({ "survey": "purchase" }), json!({}), "How was it?");
    let at = |days| {
        let mut inputs = with_answer(someone(), Survey::Purchase, Answer::Passive, days);
        inputs.customer.arrived = vec![today().plus(-100)];
        refused(&playbook, &inputs)
    };
    // The cast's last order was six days ago.
    assert_eq!(
        [at(0), at(1), at(6), at(7)],
        [Some(Withheld::Answered), Some(Withheld::Answered), Some(Withheld::Answered), None]
    );
}

#[test]
fn a_question_with_slots_is_asked_once_in_each() {
    let fields = json!({ "calendar": { "slots": { "every": 90, "open": 90 } } });
    let playbook = playbook(json!({ "survey": "purchase" }), fields, "How was it?");
    let at = |days| {
        let inputs = days_into_slot(with_answer(someone(), Survey::Purchase, Answer::Passive, days), 40, 90);
        refused(&playbook, &inputs)
    };
    assert_eq!([at(20), at(40), at(41)], [Some(Withheld::Answered), Some(Withheld::Answered), None]);
}

#[test]
fn each_answer_earns_a_code_of_its_own_that_burns_from_the_day_of_the_answer() {
    /// An answer, its reward as a playbook writes it, and as it is given.
    type Earns = (Answer, Value, Reward);
    let table: [(&str, Survey, &[Earns]); 2] = [
        (
            "reason",
            Survey::Reason,
            &[
                (Answer::Price, json!({ "discount": 15 }), Reward::Discount(15)),
                (Answer::Delivery, json!("free_delivery"), Reward::FreeDelivery),
                (Answer::Quality, json!({ "points": 5 }), Reward::Points(5)),
                (Answer::Assortment, json!({ "cashback": 14 }), Reward::Cashback(14)),
                (Answer::Other, json!({ "discount": 10 }), Reward::Discount(10)),
            ],
        ),
        (
            "nps",
            Survey::Nps,
            &[
                (Answer::Detractor, json!({ "discount": 12 }), Reward::Discount(12)),
                (Answer::Passive, json!({ "discount": 8 }), Reward::Discount(8)),
                (Answer::Promoter, json!({ "points": 3 }), Reward::Points(3)),
            ],
        ),
    ];
    for (name, survey, answers) in table {
        let by_answer: serde_json::Map<String, Value> =
            answers.iter().map(|(answer, reward, _)| (answer.name().to_owned(), reward.clone())).collect();
        let calendar = json!({ "event": { "on": "answer", "open": 7, "every": 180 } });
        let fields = json!({ "by_answer": by_answer, "calendar": calendar, "validity": 10 });
        let playbook = playbook(json!({ "code_by_answer": name }), fields, "{reward} until {until}");
        for (answer, _, reward) in answers {
            let offer = outcome(&playbook, &with_answer(someone(), survey, *answer, 6)).unwrap();
            let given = offer.reward.unwrap();
            assert_eq!((&given.reward, given.valid_until), (reward, today().plus(3)), "{name}: {answer:?}");
            assert_eq!(offer.reason.slot, Some(today().plus(-6)), "the slot is named by the answer's day");
            assert_eq!(
                !offer.products.is_empty(),
                *answer == Answer::Assortment,
                "who missed something new is shown it"
            );
        }
        let (answer, ..) = answers[0];
        let late = with_answer(someone(), survey, answer, 7);
        assert_eq!(refused(&playbook, &late), Some(Withheld::Cooldown), "seven days after, it is no longer shown");
        let mut before = with_answer(someone(), survey, answer, 6);
        before.customer.arrived = vec![today().plus(-5)];
        assert_eq!(refused(&playbook, &before), Some(Withheld::NotEligible), "an answer from before they came here");
        assert_eq!(refused(&playbook, &someone()), Some(Withheld::Cooldown), "no answer");
    }
}

#[test]
fn answering_twice_earns_one_code() {
    let fields = json!({
        "by_answer": { "detractor": { "discount": 12 }, "passive": { "discount": 8 }, "promoter": { "points": 3 } },
        "calendar": { "event": { "on": "answer", "open": 7, "every": 180 } }, "validity": 10,
    });
    let playbook = playbook(json!({ "code_by_answer": "nps" }), fields, "{reward}");
    let mut again = with_answer(someone(), Survey::Nps, Answer::Passive, 1);
    for (days, wanted) in [(2, Some(Withheld::Closed)), (180, Some(Withheld::Closed)), (181, None)] {
        used(&mut again, SERIES, days, 180);
        assert_eq!(refused(&playbook, &again), wanted, "a code redeemed in the slot of {days} days ago");
    }
}

#[test]
fn who_answers_again_soon_has_the_slot_of_the_first_answer_and_no_day_longer() {
    let fields = json!({
        "by_answer": { "detractor": { "discount": 12 }, "passive": { "discount": 8 }, "promoter": { "points": 3 } },
        "calendar": { "event": { "on": "answer", "open": 7, "every": 180 } }, "validity": 10,
    });
    let playbook = playbook(json!({ "code_by_answer": "nps" }), fields, "{reward}");
    let again = |before: &[i64], days: i64| {
        let mut inputs = with_answer(someone(), Survey::Nps, Answer::Passive, days);
        let days = before.iter().map(|days| today().plus(-days)).collect();
        inputs.customer.answered_before = [(Survey::Nps, days)].into();
        outcome(&playbook, &inputs).map(|offer| (offer.reason.slot, offer.reward.map(|given| given.valid_until)))
    };
    let of = |first: i64| Some((Some(today().plus(-first)), Some(today().plus(9 - first))));
    assert_eq!(again(&[5], 0).ok(), of(5), "still open since the first answer");
    assert_eq!(again(&[6, 4, 2], 1).ok(), of(6));
    assert!(again(&[7], 0).is_err(), "what closed with the first answer's slot stays closed");
    assert!(again(&[179], 0).is_err());
    assert_eq!(again(&[180], 0).ok(), of(0), "half a year later it is another slot");
    assert_eq!(again(&[190, 100], 3).ok(), of(3), "counted from the last slot and not from the last answer");
}

#[test]
fn each_friend_who_ordered_is_thanked_for_one_after_the_other() {
    let fields = json!({
        "calendar": { "event": { "on": "referral", "open": 30, "every": 30 } }, "reward": { "discount": 8 }, "validity": 30,
    });
    let playbook = playbook(json!("code"), fields, "{reward} until {until}");
    let slot = |earned: &[i64], day: i64| {
        let mut inputs = someone();
        inputs.customer.referrals = earned.iter().map(|on| today().plus(on - day)).collect();
        outcome(&playbook, &inputs).ok().and_then(|offer| offer.reason.slot).map(|first| first.since(today()) + day)
    };
    assert_eq!([slot(&[], 5), slot(&[5], 5), slot(&[5], 34), slot(&[5], 35)], [None, Some(5), Some(5), None]);
    let three = [0, 10, 12];
    assert_eq!(
        [0, 29, 30, 59, 60, 89, 90].map(|day| slot(&three, day)),
        [Some(0), Some(0), Some(30), Some(30), Some(60), Some(60), None],
        "each of three has thirty days of its own"
    );
}

#[test]
fn the_seeds_answers_earn_what_the_seeds_say() {
    use segmentation::Segment;
    let earned = |segment: &str, survey, answer| {
        let inputs = with_answer(who_came(segment, 5), survey, answer, 0);
        let decision = decide(&inputs, Playbook::builtin());
        let offer = decision.offers.into_iter().find(|offer| offer.mechanic == Mechanic::CodeByAnswer(survey)).unwrap();
        let given = offer.reward.unwrap();
        (given.reward, given.valid_until.since(today()) + 1, offer.products.len())
    };
    for (segment, days) in [("r1f3m3", 3..=3), ("r2f2m3", 14..=30)] {
        assert!(segment.parse::<Segment>().is_ok());
        for answer in Survey::Reason.answers() {
            let (reward, valid, products) = earned(segment, Survey::Reason, *answer);
            assert!(days.contains(&valid), "{segment}: {answer:?} {valid} days");
            let fits = match answer {
                Answer::Delivery => reward == Reward::FreeDelivery,
                Answer::Quality => matches!(reward, Reward::Points(_)),
                Answer::Assortment => products > 0,
                _ => matches!(reward, Reward::Discount(_)),
            };
            assert!(fits, "{segment}: {answer:?} earns {reward:?}");
        }
    }
    let marks = Survey::Nps.answers().iter().map(|answer| earned("r2f2m3", Survey::Nps, *answer));
    let marks: Vec<String> = marks.map(|(reward, ..)| reward.code()).collect();
    let mut apart = marks.clone();
    apart.dedup();
    assert_eq!(apart.len(), 3, "{marks:?}");
}

#[test]
fn a_lost_vip_gets_no_reward_before_the_answer_however_long_it_takes() {
    for days in [0, 21, 365] {
        let decision = decide(&who_came("r1f3m3", days), Playbook::builtin());
        assert_eq!(decision.no_reward.map(|no| no.why), Some(NoReward::AskFirst), "after {days} days");
        assert_eq!(decision.offers[0].idea, "reason_survey", "asked on the day of the move and after");
        assert!(decision.withheld.iter().all(|withheld| withheld.why == Withheld::AskFirst));
    }
    let answered = with_answer(who_came("r1f3m3", 5), Survey::Reason, Answer::Price, 0);
    let decision = decide(&answered, Playbook::builtin());
    assert!(decision.offers.iter().any(|offer| offer.idea == "code_after_survey" && offer.reward.is_some()));
    let other_question = with_answer(who_came("r1f3m3", 5), Survey::Nps, Answer::Passive, 0);
    assert!(decide(&other_question, Playbook::builtin()).no_reward.is_some(), "another question was not asked here");
}

#[test]
fn a_promising_customer_of_large_orders_waits_three_weeks_for_a_reward_without_an_answer() {
    let ask = decide(&who_came("r2f2m3", 20), Playbook::builtin());
    assert_eq!(ask.no_reward.map(|no| no.why), Some(NoReward::AskFirst));
    let waiting = ask.withheld.iter().find(|withheld| withheld.idea == "triple_points").unwrap();
    assert_eq!((waiting.why, waiting.opens), (Withheld::AskFirst, Some(today().plus(1))));
    let open = decide(&who_came("r2f2m3", 21), Playbook::builtin());
    assert!(open.withheld.iter().all(|withheld| withheld.why != Withheld::AskFirst));
    let never = json!({ "segment": { "r2f2m3": { "opens_unanswered_after": null } } });
    let closed = decide(&who_came("r2f2m3", 400), &Playbook::overridden(&never).unwrap());
    assert_eq!(closed.no_reward.map(|no| no.why), Some(NoReward::AskFirst));
}

#[test]
fn an_answer_of_an_earlier_stay_does_not_open_rewards() {
    let old = with_answer(who_came("r1f3m3", 5), Survey::Reason, Answer::Price, 6);
    let decision = decide(&old, Playbook::builtin());
    assert_eq!(decision.no_reward.map(|no| no.why), Some(NoReward::AskFirst));
    assert_eq!(decision.offers[0].idea, "reason_survey", "so it is asked anew");
}

//! What is given, on what, from when to when, and after how many orders.

use playbook::calendar::Sale;
use playbook::decide::{Closed, Inputs, On, Progress};
use playbook::reward::{Reward, RewardCosts};
use playbook::{Withheld, decide};
use segmentation::{Minor, UsualDay};
use serde_json::json;

use crate::cast::{customer, day, inputs, segment, today, used};
use crate::tried::{SEGMENT, SERIES, days_into_slot, given, outcome, playbook, refused, someone};

/// Orders placed so many days ago.
fn ordered(mut inputs: Inputs, days_ago: &[i64]) -> Inputs {
    inputs.customer.recent_orders = days_ago.iter().map(|days| inputs.day.plus(-days)).collect();
    inputs.customer.orders = u32::try_from(days_ago.len()).unwrap();
    inputs.customer.streak = inputs.customer.orders;
    inputs
}

#[test]
fn a_code_on_any_purchase_lasts_from_its_slots_first_day_however_late_it_is_seen() {
    let fields =
        json!({ "reward": { "discount": 5 }, "calendar": { "slots": { "every": 60, "open": 10 } }, "validity": 14 });
    let playbook = playbook(json!("code"), fields, "{reward} until {until}");
    for days in 0..10 {
        let offer = outcome(&playbook, &days_into_slot(someone(), days, 60)).unwrap();
        let first = today().plus(-days);
        assert_eq!(offer.id, format!("r3f3m2/tried/{first}/1"));
        assert_eq!(offer.open.map(|slot| (slot.first, slot.last)), Some((first, first.plus(9))));
        let given = offer.reward.unwrap();
        assert_eq!((given.on, given.valid_from, given.valid_until), (On::Anything, today(), first.plus(13)));
    }
    let closed = decide(&days_into_slot(someone(), 10, 60), &playbook);
    assert_eq!(closed.withheld[0].why, Withheld::Cooldown);
    assert_eq!(closed.withheld[0].opens, Some(today().plus(50)));
}

#[test]
fn terms_on_a_category_are_on_the_favourite_one() {
    for (mechanic, reward) in
        [("category_terms", json!({ "discount": 9 })), ("category_cashback", json!({ "cashback": 9 }))]
    {
        let playbook = playbook(json!(mechanic), given(reward), "{category}: {reward}");
        let mut inputs = someone();
        assert_eq!(outcome(&playbook, &inputs).unwrap().reward.unwrap().on, On::Category("Shoes".to_owned()));
        inputs.customer.categories.clear();
        assert_eq!(refused(&playbook, &inputs), Some(Withheld::NotEligible), "without a favourite");
    }
}

#[test]
fn points_and_free_delivery_are_on_any_purchase() {
    for (mechanic, reward, wanted) in [
        ("points", json!({ "points": 3 }), Reward::Points(3)),
        ("free_delivery", json!("free_delivery"), Reward::FreeDelivery),
    ] {
        let offer = outcome(&playbook(json!(mechanic), given(reward), "{reward}"), &someone()).unwrap();
        let given = offer.reward.unwrap();
        assert_eq!((given.reward, given.on, given.earned), (wanted, On::Anything, true));
    }
}

#[test]
fn free_delivery_dearer_than_the_limit_is_not_given() {
    let limited = |percent: u8| {
        let mut changes =
            playbook(json!("free_delivery"), given(json!("free_delivery")), "{reward}").source_json().clone();
        changes["segment"][SEGMENT]["limit"]["percent"] = json!(percent);
        playbook::Playbook::stored("", changes).unwrap()
    };
    let mut inputs = someone();
    // The average order is 60.00.
    inputs.settings.costs = RewardCosts { delivery: Some(Minor(600)), points_percent: None };
    assert!(outcome(&limited(10), &inputs).is_ok());
    assert_eq!(refused(&limited(9), &inputs), Some(Withheld::RewardLimit));
}

#[test]
fn a_usual_day_code_is_valid_on_the_next_usual_day_only() {
    let fields =
        json!({ "reward": { "discount": 10 }, "calendar": { "slots": { "every": 60, "open": 7 } }, "validity": 38 });
    let playbook = playbook(json!("usual_day_code"), fields, "{from}: {reward}");
    let friday = UsualDay::Weekday("fri".parse().unwrap());
    // Today is Sunday, 22 November 2026.
    let table = [
        (Some(friday), 0, Ok("2026-11-27")),
        (Some(friday), 6, Ok("2026-11-27")),
        (Some(UsualDay::Weekday("sun".parse().unwrap())), 3, Ok("2026-11-22")),
        (Some(UsualDay::DayOfMonth(21)), 6, Ok("2026-12-21")),
        (Some(UsualDay::DayOfMonth(31)), 0, Ok("2026-11-30")),
        (Some(friday), 7, Err(Withheld::Cooldown)),
        (None, 0, Err(Withheld::NotEligible)),
    ];
    for (usual, into, wanted) in table {
        let mut inputs = days_into_slot(someone(), into, 60);
        inputs.customer.usual_day = usual;
        let dates = outcome(&playbook, &inputs).map(|offer| {
            let given = offer.reward.unwrap();
            assert_eq!(given.valid_from, given.valid_until);
            given.valid_from
        });
        assert_eq!(dates, wanted.map(day), "{usual:?}, {into} days into the slot");
    }
}

#[test]
fn a_usual_day_beyond_the_validity_waits_for_the_next_slot() {
    let fields =
        json!({ "reward": { "discount": 10 }, "calendar": { "slots": { "every": 60, "open": 7 } }, "validity": 7 });
    let playbook = playbook(json!("usual_day_code"), fields, "{from}");
    let mut inputs = days_into_slot(someone(), 0, 60);
    inputs.customer.usual_day = Some(UsualDay::DayOfMonth(29));
    assert_eq!(refused(&playbook, &inputs), Some(Withheld::Cooldown));
    inputs.customer.usual_day = Some(UsualDay::DayOfMonth(28));
    assert_eq!(outcome(&playbook, &inputs).unwrap().reward.unwrap().valid_until, day("2026-11-28"));
}

#[test]
fn rising_cashback_grows_with_each_confirmed_step_of_the_slot_and_then_stays() {
    let fields = json!({
        "reward": { "rising_cashback": [3, 5, 7] }, "calendar": { "slots": { "every": 60, "open": 45 } }, "validity": 45,
    });
    let playbook = playbook(json!("rising_cashback"), fields, "{done} of {goal}: {reward}");
    let table = [
        (0, "0 of 3: 3 % cashback, rising with each order"),
        (1, "1 of 3: 5 % cashback, rising with each order"),
        (2, "2 of 3: 7 % cashback, rising with each order"),
        (3, "3 of 3: 7 % cashback, rising with each order"),
        (4, "3 of 3: 7 % cashback, rising with each order"),
    ];
    let first = today().plus(-20);
    let confirmed = |steps: u8| {
        // Orders alone open nothing: the customer may have used no reward on them.
        let mut inputs = ordered(days_into_slot(someone(), 20, 60), &[20, 4, 4, 0]);
        let used = (1..=steps).map(|step| Closed { slot: first, step, until: first.plus(59) });
        inputs.series.closed.insert(SERIES.to_owned(), used.collect());
        inputs
    };
    for (steps, text) in table {
        let offer = outcome(&playbook, &confirmed(steps)).unwrap();
        let step = steps + 1;
        assert_eq!((offer.reason.step, offer.text.as_str()), (step, text), "{steps} confirmed");
        assert_eq!(offer.id, format!("r3f3m2/tried/{first}/{step}"));
        assert_eq!(offer.reward.unwrap().valid_until, today().plus(24));
    }
    assert_eq!(refused(&playbook, &confirmed(15)), Some(Withheld::Closed), "a code names at most 15 steps");
    let mut moved = confirmed(2);
    used(&mut moved, SERIES, 21, 60);
    assert_eq!(refused(&playbook, &moved), Some(Withheld::Closed), "the period of another slot still runs");
    used(&mut moved, SERIES, 80, 60);
    assert_eq!(outcome(&playbook, &moved).unwrap().reason.step, 1, "the slot before is over");
}

#[test]
fn a_stamp_card_shows_its_progress_and_is_earned_when_full() {
    let fields = json!({
        "reward": { "points": 5 }, "calendar": { "slots": { "every": 90, "open": 60 } }, "validity": 60,
    });
    let playbook = playbook(json!({ "challenge": { "orders": 3 } }), fields, "{done} of {goal}");
    let table: [(&[i64], u32, bool); 5] =
        [(&[], 0, false), (&[31], 0, false), (&[30, 9], 2, false), (&[30, 9, 0], 3, true), (&[30, 9, 5, 0], 3, true)];
    for (orders, done, earned) in table {
        let offer = outcome(&playbook, &ordered(days_into_slot(someone(), 30, 90), orders)).unwrap();
        assert_eq!(offer.progress, Some(Progress { done, goal: 3 }), "orders {orders:?} days ago");
        let given = offer.reward.unwrap();
        assert_eq!((given.earned, given.valid_until), (earned, today().plus(29)));
    }
}

#[test]
fn regularity_counts_orders_of_the_slot_without_a_long_break_between_them() {
    let fields = json!({
        "reward": { "points": 3 }, "calendar": { "slots": { "every": 90, "open": 60 } }, "validity": 60,
    });
    let playbook = playbook(json!({ "regularity": { "orders": 3 } }), fields, "{done} of {goal}");
    for (streak, done, earned) in [(1, 1, false), (2, 2, false), (3, 3, true), (9, 3, true)] {
        let mut inputs = ordered(days_into_slot(someone(), 50, 90), &[50, 20, 10, 0]);
        inputs.customer.streak = streak;
        let offer = outcome(&playbook, &inputs).unwrap();
        assert_eq!(offer.progress, Some(Progress { done, goal: 3 }), "a run of {streak}");
        assert_eq!(offer.reward.unwrap().earned, earned);
    }
    let mut before = ordered(days_into_slot(someone(), 5, 90), &[50, 20, 10, 0]);
    before.customer.streak = 4;
    assert_eq!(
        outcome(&playbook, &before).unwrap().progress,
        Some(Progress { done: 1, goal: 3 }),
        "since the slot began"
    );
}

#[test]
fn the_season_sale_is_told_while_it_lasts_and_its_final_days_at_its_end() {
    let sale = playbook(json!("season_sale"), json!({ "calendar": "sale" }), "{products} until {until}");
    let final_sale = playbook(json!("final_sale"), json!({ "calendar": "final_days" }), "{products} until {until}");
    let mut inputs = someone();
    inputs.settings.sales = vec![Sale { from: today().plus(-5), until: today().plus(5), final_days: 3 }];
    let offer = outcome(&sale, &inputs).unwrap();
    assert_eq!(offer.text, "Light raincoat, Parka, Gloves until 27 November 2026", "only what is marked down");
    assert!(offer.reward.is_none(), "a markdown that everyone gets is no reward");
    assert_eq!(refused(&final_sale, &inputs), Some(Withheld::Cooldown));
    inputs.settings.sales[0].until = today().plus(2);
    assert!(outcome(&final_sale, &inputs).is_ok(), "the first of its three last days");
    inputs.settings.sales[0].until = today().plus(-1);
    assert_eq!(refused(&sale, &inputs), Some(Withheld::Cooldown));
}

#[test]
fn a_reward_of_a_sale_or_a_month_ends_with_it_at_the_latest() {
    let fields = |calendar: &str, validity: u16| json!({ "reward": { "discount": 5 }, "calendar": calendar, "validity": validity });
    let mut inputs = someone();
    inputs.settings.sales = vec![Sale { from: today().plus(-5), until: today().plus(5), final_days: 3 }];
    let until = |calendar: &str, validity| {
        let playbook = playbook(json!("code"), fields(calendar, validity), "{reward}");
        outcome(&playbook, &inputs).map(|offer| offer.reward.unwrap().valid_until.to_string())
    };
    assert_eq!(until("month", 31).as_deref(), Ok("2026-11-30"), "November has 30 days");
    assert_eq!(until("sale", 90).as_deref(), Ok("2026-11-27"));
    assert_eq!(until("sale", 7).as_deref(), Ok("2026-11-23"), "or before it, where that is what it says");
    assert_eq!(until("sale", 5), Err(Withheld::Cooldown), "five days from the sale's first day are over");
}

#[test]
fn welcome_and_second_purchase_need_exactly_one_counted_order() {
    let event = json!({ "event": { "on": "first_order", "open": 30, "every": 730 } });
    let code = json!({ "reward": { "discount": 7 }, "calendar": event, "validity": 45 });
    let welcome = playbook(json!("welcome"), json!({ "calendar": event }), "Welcome!");
    let second = playbook(json!("second_purchase"), code, "{reward} until {until}");
    let complement = playbook(json!("first_order_complement"), json!({}), "{products}");
    let mut once = ordered(someone(), &[6]);
    once.customer.first_order = Some(today().plus(-6));
    assert_eq!(outcome(&second, &once).unwrap().text, "7 % off until 30 December 2026");
    assert!(outcome(&welcome, &once).is_ok() && outcome(&complement, &once).is_ok());
    let mut twice = ordered(someone(), &[6, 2]);
    twice.customer.first_order = once.customer.first_order;
    for playbook in [&welcome, &second, &complement] {
        assert_eq!(refused(playbook, &twice), Some(Withheld::NotEligible), "f1 can hold who ordered twice");
    }
    once.customer.first_order = Some(today().plus(-30));
    assert_eq!(refused(&second, &once), Some(Withheld::Cooldown), "the first order was 30 days ago");
}

#[test]
fn requests_and_letters_give_nothing() {
    for mechanic in ["recommend", "refer", "letter"] {
        let offer = outcome(&playbook(json!(mechanic), json!({}), "Please."), &someone()).unwrap();
        assert!(offer.reward.is_none() && offer.products.is_empty() && offer.open.is_none(), "{mechanic}");
    }
}

#[test]
fn every_reward_is_cut_to_the_segments_limit() {
    let table = [("r2f3m1", 5), ("r1f3m1", 3)];
    for (name, limit) in table {
        let mut inputs = inputs(customer(segment(name), today()), today(), 0);
        inputs.customer.programme_since = Some(today().plus(-365));
        let decision = decide(&inputs, playbook::Playbook::builtin());
        let anniversary = decision.offers.iter().find(|offer| offer.idea == "programme_anniversary").unwrap();
        assert_eq!(anniversary.reward.as_ref().unwrap().reward, Reward::Discount(limit), "of 7 % in {name}");
    }
}

//! Mechanics that tell the customer something of themselves: tiers, thanks, anniversaries.

use playbook::Withheld;
use playbook::decide::{Milestone, Tier};
use playbook::reward::Reward;
use segmentation::Minor;
use serde_json::json;

use crate::cast::{day, today};
use crate::tried::{outcome, playbook, refused, someone};

fn tiers() -> Vec<Tier> {
    let tier = |name: &str, from| Tier { name: name.to_owned(), from: Minor(from) };
    vec![tier("Silver", 10_000), tier("Gold", 60_001), tier("Platinum", 900_000)]
}

#[test]
fn a_tier_reminder_names_the_next_tier_and_the_amount_left() {
    let playbook = playbook(json!("tier_reminder"), json!({}), "{tier}, {left} left, {spent} spent");
    let mut inputs = someone();
    inputs.settings.tiers = tiers();
    // Ten orders of 60.00.
    assert_eq!(outcome(&playbook, &inputs).unwrap().text, "Gold, 0.01 EUR left, 600.00 EUR spent");
    inputs.customer.spent = Minor(60_001);
    assert_eq!(
        outcome(&playbook, &inputs).unwrap().text,
        "Platinum, 8\u{a0}399.99 EUR left, 600.01 EUR spent",
        "who has reached a tier is told of the one above it"
    );
    inputs.customer.spent = Minor(900_000);
    assert_eq!(refused(&playbook, &inputs), Some(Withheld::NotEligible), "nothing is above the top");
    inputs.settings.tiers.clear();
    assert_eq!(refused(&playbook, &inputs), Some(Withheld::NotEligible), "a shop without tiers");
}

#[test]
fn thanks_come_with_statistics_and_a_code_for_a_round_number_of_orders() {
    let fields = json!({
        "calendar": { "event": { "on": "achievement", "open": 14, "every": 90 } },
        "reward": { "discount": 10 }, "validity": 30,
    });
    let playbook = playbook(json!("thank_you"), fields, "{orders} orders, {spent}, mostly {category}: {reward}");
    let mut inputs = someone();
    let reached = today().plus(-3);
    inputs.customer.milestone = Some(Milestone { orders: 10, day: reached });
    let offer = outcome(&playbook, &inputs).unwrap();
    assert_eq!(offer.text, "10 orders, 600.00 EUR, mostly Shoes: 10 % off");
    let given = offer.reward.unwrap();
    assert_eq!((given.reward, given.earned), (Reward::Discount(10), true));
    assert_eq!((given.valid_from, given.valid_until), (today(), reached.plus(29)));
    inputs.customer.milestone = Some(Milestone { orders: 10, day: today().plus(-14) });
    assert_eq!(refused(&playbook, &inputs), Some(Withheld::Cooldown), "the occasion has passed");
    inputs.customer.milestone = None;
    assert_eq!(refused(&playbook, &inputs), Some(Withheld::Cooldown), "there was none");
}

#[test]
fn thanks_alone_need_no_achievement_but_a_code_does() {
    let thanks = playbook(json!("thank_you"), json!({}), "Thanks for {orders}");
    let code = playbook(json!("thank_you"), crate::tried::given(json!({ "discount": 5 })), "Thanks: {reward}");
    let mut inputs = someone();
    inputs.customer.milestone = None;
    assert_eq!(outcome(&thanks, &inputs).unwrap().text, "Thanks for 10");
    assert_eq!(refused(&code, &inputs), Some(Withheld::NotEligible));
}

#[test]
fn an_anniversary_is_greeted_for_two_weeks_with_years_and_purchases() {
    let fields = json!({
        "calendar": { "event": { "on": "anniversary", "open": 14, "every": 330 } },
        "reward": { "discount": 7 }, "validity": 21,
    });
    let playbook = playbook(json!("anniversary"), fields, "{years} years, {orders} orders, {spent}: {reward}");
    // Joined, today, years, the anniversary.
    let table = [
        ("2023-11-22", "2026-11-22", Some((3, "2026-11-22"))),
        ("2023-11-22", "2026-12-05", Some((3, "2026-11-22"))),
        ("2023-11-22", "2026-12-06", None),
        ("2023-11-22", "2026-11-21", None),
        ("2026-11-22", "2026-11-22", None),
        ("2025-11-22", "2026-11-22", Some((1, "2026-11-22"))),
        ("2024-02-29", "2025-02-27", None),
        ("2024-02-29", "2025-02-28", Some((1, "2025-02-28"))),
        ("2024-02-29", "2025-03-01", Some((1, "2025-02-28"))),
        ("2024-02-29", "2028-02-28", None),
        ("2024-02-29", "2028-02-29", Some((4, "2028-02-29"))),
    ];
    for (joined, on, greeted) in table {
        let mut inputs = someone();
        (inputs.day, inputs.customer.programme_since) = (day(on), Some(day(joined)));
        inputs.customer.arrived = vec![day(joined)];
        let outcome = outcome(&playbook, &inputs);
        match greeted {
            Some((years, from)) => {
                let offer = outcome.unwrap();
                assert_eq!(offer.text, format!("{years} years, 10 orders, 600.00 EUR: 7 % off"), "{joined}, {on}");
                assert_eq!(offer.reason.slot, Some(day(from)));
                assert_eq!(offer.reward.unwrap().valid_until, day(from).plus(20));
            }
            None => assert_eq!(outcome.unwrap_err(), Withheld::Cooldown, "{joined}, {on}"),
        }
    }
    let mut outsider = someone();
    outsider.customer.programme_since = None;
    assert_eq!(refused(&playbook, &outsider), Some(Withheld::Cooldown), "not in the programme");
}

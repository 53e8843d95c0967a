//! A shop's own campaigns: for whom, when, inside the rules of the segment or beyond them.

use playbook::decide::{Facts, Inputs};
use playbook::reward::Reward;
use playbook::{NoReward, OwnCampaign, Playbook, Withheld, decide};
use serde_json::{Value, json};

use crate::cast::{customer, inputs, own, own_body, segment, today, used};

/// A customer of the segment who was there long enough for rewards, with the shop's campaigns.
fn shown(name: &str, campaigns: Vec<OwnCampaign>) -> Inputs {
    let facts = Facts { arrived: vec![today().plus(-40)], programme_since: None, ..customer(segment(name), today()) };
    Inputs { campaigns, ..inputs(facts, today(), 0) }
}

/// What the campaign gives, or why it is withheld.
fn outcome(inputs: &Inputs, series: &str) -> Result<Reward, Withheld> {
    let decision = decide(inputs, Playbook::builtin());
    let withheld = decision.withheld.iter().find(|withheld| withheld.campaign == series);
    match withheld {
        Some(withheld) => Err(withheld.why),
        None => Ok(decision
            .offers
            .iter()
            .find(|offer| offer.reason.campaign == series)
            .unwrap()
            .reward
            .clone()
            .unwrap()
            .reward),
    }
}

#[test]
fn a_campaign_is_cut_to_the_segments_limit_unless_it_goes_beyond_the_rules() {
    let table = [
        ("r2f3m2", false, Ok(Reward::Discount(10))),
        ("r2f3m2", true, Ok(Reward::Discount(40))),
        // The segment gets nothing,
        ("r1f1m1", false, Err(Withheld::RewardLimit)),
        ("r1f1m1", true, Ok(Reward::Discount(40))),
        // or is asked first.
        ("r1f3m3", false, Err(Withheld::AskFirst)),
        ("r1f3m3", true, Ok(Reward::Discount(40))),
    ];
    for (name, beyond_rules, wanted) in table {
        let inputs = shown(name, vec![own("gift", json!({ "beyond_rules": beyond_rules }))]);
        assert_eq!(outcome(&inputs, "gift"), wanted, "{name}, beyond the rules: {beyond_rules}");
    }
}

#[test]
fn a_campaign_is_for_its_segments_as_the_playbook_reads_them() {
    let vips = || own("gift", json!({ "segments": ["r1f3m3", "r2f3m3"], "beyond_rules": true }));
    assert!(outcome(&shown("r2f3m3", vec![vips()]), "gift").is_ok());
    assert_eq!(outcome(&shown("r2f3m2", vec![vips()]), "gift"), Err(Withheld::NotEligible));
    let mut by_rhythm = shown("r3f3m3", vec![vips()]);
    assert_eq!(outcome(&by_rhythm, "gift"), Err(Withheld::NotEligible));
    by_rhythm.customer.reads_as = Some(segment("r1f3m3"));
    assert!(outcome(&by_rhythm, "gift").is_ok());
    let mut newcomer = shown("r3f3m3", vec![vips()]);
    newcomer.customer = Facts::default();
    assert_eq!(outcome(&newcomer, "gift"), Err(Withheld::NotEligible));
}

#[test]
fn a_newcomer_gets_what_is_for_everyone_and_beyond_the_rules_and_nobody_in_particular_nothing() {
    let gifts = vec![own("gift", json!({ "beyond_rules": true })), own("usual", json!({}))];
    let mut newcomer = shown("r3f3m3", gifts);
    newcomer.customer = Facts::default();
    assert_eq!(outcome(&newcomer, "gift"), Ok(Reward::Discount(40)));
    assert_eq!(outcome(&newcomer, "usual"), Err(Withheld::RewardLimit));
    assert!(decide(&newcomer, Playbook::builtin()).no_reward.is_none(), "a gift is a reward");
    newcomer.degraded = true;
    assert_eq!(outcome(&newcomer, "gift"), Err(Withheld::RewardLimit));
    assert_eq!(decide(&newcomer, Playbook::builtin()).no_reward.map(|no| no.why), Some(NoReward::Degraded));
}

#[test]
fn a_campaign_is_given_out_on_its_days_only() {
    let table = [
        ((-5, 0), Ok(Reward::Discount(40))),
        ((0, 9), Ok(Reward::Discount(40))),
        ((-9, -1), Err(Withheld::Cooldown)),
        ((1, 9), Err(Withheld::Cooldown)),
    ];
    for ((from, until), wanted) in table {
        let days = json!({ "from": today().plus(from), "until": today().plus(until), "beyond_rules": true });
        assert_eq!(outcome(&shown("r2f3m2", vec![own("gift", days)]), "gift"), wanted, "{from} to {until}");
    }
    let later = shown("r2f3m2", vec![own("gift", json!({ "from": today().plus(3) }))]);
    let withheld = decide(&later, Playbook::builtin()).withheld;
    let gift = withheld.iter().find(|withheld| withheld.campaign == "gift").unwrap();
    assert_eq!((gift.why, gift.opens), (Withheld::Cooldown, Some(today().plus(3))));
}

#[test]
fn a_series_that_is_shut_or_used_gives_nothing_also_beyond_the_rules() {
    for beyond_rules in [false, true] {
        let why = |change: fn(&mut Inputs)| {
            let mut inputs = shown("r2f3m2", vec![own("gift", json!({ "beyond_rules": beyond_rules }))]);
            change(&mut inputs);
            outcome(&inputs, "gift").unwrap_err()
        };
        assert_eq!(why(|inputs| inputs.series.not_open.extend(["gift".to_owned()])), Withheld::Closed);
        assert_eq!(why(|inputs| inputs.series.held_out.extend(["gift".to_owned()])), Withheld::Holdout);
        assert_eq!(why(|inputs| inputs.series.held_out.extend(["*".to_owned()])), Withheld::Holdout);
        assert_eq!(why(|inputs| inputs.series.exhausted.extend(["gift".to_owned()])), Withheld::Budget);
        assert_eq!(why(|inputs| used(inputs, "gift", 10, 30)), Withheld::Closed);
    }
}

#[test]
fn inside_the_rules_a_campaign_is_one_of_the_answers_rewards() {
    let two = vec![own("b_gift", json!({})), own("a_gift", json!({}))];
    let inputs = shown("r2f3m1", two.clone());
    let decision = decide(&inputs, Playbook::builtin());
    let given: Vec<&str> = decision
        .offers
        .iter()
        .filter(|offer| offer.reward.is_some())
        .map(|offer| offer.reason.campaign.as_str())
        .collect();
    assert_eq!(given, ["a_gift"], "the segment gets one reward, and series go by name");
    assert_eq!(outcome(&inputs, "b_gift"), Err(Withheld::OneIsEnough));
    let beyond = two.into_iter().map(|own| OwnCampaign { beyond_rules: true, ..own }).collect();
    assert!(["a_gift", "b_gift"].iter().all(|series| outcome(&shown("r2f3m1", Vec::clone(&beyond)), series).is_ok()));
}

#[test]
fn an_answer_holds_at_most_ten_campaigns_of_the_shops_own() {
    let many = (0..13).rev().map(|n| own(&format!("gift{n:02}"), json!({ "beyond_rules": true }))).collect();
    let inputs = shown("r2f3m2", many);
    let outcomes: Vec<Result<Reward, Withheld>> = (0..13).map(|n| outcome(&inputs, &format!("gift{n:02}"))).collect();
    assert!(outcomes[..10].iter().all(Result::is_ok));
    assert!(outcomes[10..].iter().all(|outcome| *outcome == Err(Withheld::OneIsEnough)));
}

#[test]
fn a_campaign_can_wait_for_an_answer_or_a_move() {
    let on = |event: &str| {
        let calendar = json!({ "event": { "on": event, "open": 10, "every": 90 } });
        own("gift", json!({ "beyond_rules": true, "idea": { "calendar": calendar } }))
    };
    let mut inputs = shown("r2f3m2", vec![on("answer")]);
    assert_eq!(outcome(&inputs, "gift"), Err(Withheld::Cooldown));
    inputs.customer = crate::cast::answered(inputs.customer, today(), 4);
    assert!(outcome(&inputs, "gift").is_ok(), "any answer");
    let mut inputs = shown("r2f3m2", vec![on("move")]);
    assert_eq!(outcome(&inputs, "gift"), Err(Withheld::Cooldown), "they came 40 days ago");
    inputs.customer.arrived = vec![today().plus(-9)];
    assert!(outcome(&inputs, "gift").is_ok());
}

#[test]
fn the_shifts_of_campaigns_with_slots_are_needed() {
    let month = json!({ "idea": { "calendar": "month", "validity": 31 } });
    let needed =
        shown("r2f3m2", vec![own("gift", json!({})), own("monthly", month)]).series_needed(Playbook::builtin());
    assert!(needed.iter().any(|series| series == "gift") && !needed.iter().any(|series| series == "monthly"));
    assert!(needed.is_sorted_by(|a, b| a < b));
}

#[test]
fn a_campaign_reads_back_from_what_is_stored() {
    let full = json!({
        "segments": ["r1f3m3"], "from": "2026-03-01", "until": "2026-05-31", "beyond_rules": true,
        "idea": { "conditions": { "min_total": 5_000, "stacks": true }, "show": 5 },
    });
    for fields in [json!({}), full] {
        let campaign = own("spring_sale", fields);
        assert_eq!(OwnCampaign::parse(&campaign.to_value()).as_ref(), Ok(&campaign));
        let document = serde_json::to_string(&campaign).unwrap();
        assert_eq!(serde_json::from_str::<OwnCampaign>(&document).unwrap(), campaign);
    }
}

#[test]
fn a_wrong_campaign_is_refused_by_its_place() {
    let without = |field: &str| {
        let mut body = own_body("gift", json!({}));
        body.as_object_mut().unwrap().remove(field);
        body
    };
    let body = |fields: Value| own_body("gift", fields);
    let idea = |idea: Value| own_body("gift", json!({ "idea": idea }));
    let choose = json!({ "mechanic": "choose", "reward": null, "choices": [{ "discount": 5 }] });
    let by_answer = json!({ "passive": { "points": 2 }, "promoter": { "points": 2 }, "detractor": { "points": 2 } });
    let table = [
        (json!([]), "`.`: "),
        (without("series"), "`.`: missing field `series`"),
        (without("idea"), "`.`: missing field `idea`"),
        (own_body("Spring sale", json!({})), "`series`: a series is snake_case"),
        (own_body("r2f3m1/gift", json!({})), "`series`: a series is snake_case"),
        (body(json!({ "colour": "red" })), "`colour`: unknown field `colour`"),
        (body(json!({ "segments": [] })), "`segments`: names at least one segment"),
        (body(json!({ "segments": ["r4f1m1"] })), "`segments[0]`: "),
        (body(json!({ "from": "2026-02-30" })), "`from`: "),
        (body(json!({ "from": "2026-03-02", "until": "2026-03-01" })), "`until`: must not be before `from`"),
        (body(json!({ "beyond_rules": "yes" })), "`beyond_rules`: invalid type"),
        (idea(json!({ "colour": "red" })), "`idea.colour`: unknown field `colour`"),
        (idea(json!({ "mechanic": "magic" })), "`idea.mechanic`: unknown variant `magic`"),
        (idea(json!({ "reward": { "discount": 91 } })), "`idea.reward.discount` has to be from 1 to 90"),
        (idea(json!({ "validity": 31 })), "`idea.validity` has to be from 30 to 30"),
        (idea(json!({ "calendar": "always" })), "`idea.calendar` may not be always"),
        (idea(json!({ "say": { "en": "{mood}", "ru": "" } })), "`idea.say.en`: `{mood}` is no placeholder"),
        (
            idea(json!({ "conditions": { "min_total": -1 } })),
            "`idea.conditions.min_total` has to be from 0 to 100000000000000",
        ),
        (
            idea(json!({ "conditions": { "min_total": 100_000_000_000_001_i64 } })),
            "`idea.conditions.min_total` has to be",
        ),
        (idea(choose), "`idea.mechanic`: hangs on a question"),
        (
            idea(json!({ "mechanic": { "code_by_answer": "nps" }, "reward": null, "by_answer": by_answer })),
            "`idea.mechanic`: hangs on a question",
        ),
        (
            idea(json!({ "mechanic": "letter", "reward": null, "validity": 0, "say": { "en": "Hi.", "ru": "Hi." } })),
            "`idea.reward`: is missing",
        ),
    ];
    for (body, wanted) in table {
        let refused = OwnCampaign::parse(&body).map_or_else(|error| error.to_string(), |_| "accepted".to_owned());
        assert!(refused.starts_with(wanted), "`{refused}` for {wanted}");
    }
    let message = json!({ "idea": { "letter": {
        "mechanic": "letter", "place": "both", "conditions": { "stacks": true },
        "text": { "en": "a", "ru": "а" }, "say": { "en": "a", "ru": "а" }, "why": { "en": "a", "ru": "а" },
    } } });
    let refused = Playbook::overridden(&message).unwrap_err();
    assert_eq!(refused.to_string(), "`idea.letter.conditions` may stand beside a reward only");
    assert_eq!(refused.place().as_deref(), Some("idea.letter.conditions"));
}

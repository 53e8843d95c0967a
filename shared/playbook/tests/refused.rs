//! A malformed playbook is refused, and the message names the place.

use playbook::Playbook;
use serde_json::{Value, json};

/// The message for the built-in playbook with these changes.
fn refusal(changes: &Value) -> String {
    Playbook::overridden(changes).map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
}

fn entry(segment: &str, field: &str, value: Value) -> Value {
    json!({ "segment": { segment: { field: value } } })
}

fn idea(code: &str, field: &str, value: Value) -> Value {
    json!({ "idea": { code: { field: value } } })
}

fn said(en: &str) -> Value {
    json!({ "en": en })
}

fn refuses(table: Vec<(Value, &str)>) {
    for (changes, message) in table {
        let refused = refusal(&changes);
        assert!(refused.starts_with(message), "{changes}\n gave: {refused}\n not:  {message}");
    }
}

#[test]
fn a_wrong_form_is_named_by_its_dotted_place() {
    refuses(vec![
        (json!([]), "`.`: changes are an object"),
        (json!({ "stranger": {} }), "`stranger`: unknown field `stranger`"),
        (json!({ "idea": null }), "`.`: missing field `idea`"),
        (json!({ "segment": { "r3f3m4": {} } }), "`segment.r3f3m4`: `r3f3m4` is not a segment"),
        (
            json!({ "segment": { "r2f3m2": { "limit": { "percent": "much" } } } }),
            "`segment.r2f3m2.limit.percent`: invalid type: string",
        ),
        (
            json!({ "segment": { "r2f3m2": { "limit": { "percent": 300 } } } }),
            "`segment.r2f3m2.limit.percent`: invalid value",
        ),
        (
            json!({ "segment": { "r2f3m2": { "limit": { "percent": 7.5 } } } }),
            "`segment.r2f3m2.limit.percent`: invalid type: floating",
        ),
        (entry("r3f3m3", "reward", json!("huge")), "`segment.r3f3m3.reward`: unknown variant `huge`"),
        (entry("r3f3m3", "ideas", json!(["complements", 3])), "`segment.r3f3m3.ideas[1]`: invalid type"),
        (entry("r3f3m3", "goal", json!({ "de": "x" })), "`segment.r3f3m3.goal.de`: unknown field `de`"),
        (entry("r3f3m3", "goal", json!({ "ru": null })), "`segment.r3f3m3.goal`: missing field `ru`"),
        (idea("bundles", "place", json!("shop")), "`idea.bundles.place`: unknown variant `shop`"),
        (idea("bundles", "mechanic", json!("magic")), "`idea.bundles.mechanic`: unknown variant `magic`"),
        (idea("bundles", "reward", json!({ "discount": 1, "points": 2 })), "`idea.bundles.reward`: "),
        (
            idea("bundles", "calendar", json!({ "slots": { "open": 3 } })),
            "`idea.bundles.calendar.slots`: missing field `every`",
        ),
        (idea("song", "place", json!("both")), "`idea.song`: missing field `mechanic`"),
        (json!({ "withheld": { "budget": { "en": 3 } } }), "`withheld.budget.en`: invalid type"),
        (
            idea("nps_code", "by_answer", json!({ "passive": { "points": "x" } })),
            "`idea.nps_code.by_answer.passive.points`: invalid type",
        ),
        (json!({ "withheld": { "mood": { "en": "a", "ru": "б" } } }), "`withheld.mood`: unknown variant `mood`"),
    ]);
}

#[test]
fn a_text_that_is_missing_empty_or_endless_is_refused() {
    let long = "a".repeat(501);
    refuses(vec![
        (entry("r3f3m3", "goal", said(" ")), "`segment.r3f3m3.goal.en` is empty"),
        (entry("r3f3m3", "caution", said("")), "`segment.r3f3m3.caution.en` is empty"),
        (json!({ "newcomer": { "mechanic": { "ru": "" } } }), "`newcomer.mechanic.ru` is empty"),
        (idea("bundles", "text", said("")), "`idea.bundles.text.en` is empty"),
        (idea("bundles", "why", said("\n")), "`idea.bundles.why.en` is empty"),
        (idea("bundles", "say", said(&long)), "`idea.bundles.say.en` has more than 500 characters"),
        (json!({ "withheld": { "budget": { "ru": "" } } }), "`withheld.budget.ru` is empty"),
        (json!({ "withheld": { "budget": null } }), "there is no `withheld.budget`"),
        (json!({ "no_reward": { "limit": { "ru": "" } } }), "`no_reward.limit.ru` is empty"),
        (json!({ "no_reward": { "limit": null } }), "there is no `no_reward.limit`"),
        (json!({ "reward": { "points": { "ru": "" } } }), "`reward.points.ru` is empty"),
    ]);
}

#[test]
fn a_template_that_cannot_be_filled_is_refused() {
    refuses(vec![
        (idea("bundles", "say", said("{products")), "`idea.bundles.say.en`: a `{` is not closed"),
        (idea("bundles", "say", said("products}")), "`idea.bundles.say.en`: a `}` has no opening"),
        (idea("bundles", "why", said("{mood}")), "`idea.bundles.why.en`: `{mood}` is no placeholder"),
        (
            idea("bundles", "why", json!({ "ru": "{ products }" })),
            "`idea.bundles.why.ru`: `{ products }` is no placeholder",
        ),
        (idea("bundles", "say", said("{category}")), "`idea.bundles.say.en` names `{category}`, which"),
        (idea("complements", "say", said("{reward}")), "`idea.complements.say.en` names `{reward}`, which"),
        (json!({ "reward": { "discount": { "en": "off" } } }), "`reward.discount.en`: a discount"),
        (json!({ "reward": { "points": { "en": "{percent}" } } }), "`reward.points.en`: a discount"),
        (json!({ "reward": { "free_delivery": { "ru": "{times}" } } }), "`reward.free_delivery.ru`: a discount"),
        (json!({ "reward": { "points": { "en": "{reward}" } } }), "`reward.points.en`: `{reward}` is no placeholder"),
    ]);
    assert_eq!(refusal(&idea("bundles", "say", said("{{products}} until {until}"))), "accepted");
}

#[test]
fn an_entry_that_breaks_its_rule_is_refused() {
    let many: Vec<&str> = vec!["complements"; 21];
    refuses(vec![
        (json!({ "segment": { "r1f1m1": null } }), "there is no `segment.r1f1m1`"),
        (entry("r3f3m3", "ideas", json!([])), "`segment.r3f3m3.ideas` is empty"),
        (entry("r3f3m3", "ideas", json!(many)), "`segment.r3f3m3.ideas` holds more than 20"),
        (entry("r3f3m3", "ideas", json!(["song"])), "`segment.r3f3m3.ideas` names `song`, but there is no `idea.song`"),
        (entry("r3f3m3", "ideas", json!(["recommend", "recommend"])), "`segment.r3f3m3.ideas` names `recommend` twice"),
        (entry("r1f1m1", "ideas", json!(["bundles"])), "`segment.r1f1m1` allows no reward, but its idea `bundles`"),
        (json!({ "newcomer": { "ideas": ["bundles"] } }), "`newcomer` allows no reward"),
        (entry("r3f3m3", "ideas", json!(["bundles"])), "`segment.r3f3m3` rewards rarely, so its idea `bundles`"),
        (
            entry("r1f3m3", "ideas", json!(["triple_points", "reason_survey"])),
            "`segment.r1f3m3` rewards after an answer only",
        ),
        (
            entry("r1f3m3", "ideas", json!(["nps_survey", "code_after_survey"])),
            "`segment.r1f3m3.ideas` names `code_after_survey`, but no survey",
        ),
        (
            entry("r2f2m3", "ideas", json!(["reason_survey", "nps_code", "nps_survey"])),
            "`segment.r2f2m3.ideas` names `nps_code`, but no survey before",
        ),
        (entry("r2f2m3", "limit", json!({ "percent": 91 })), "`segment.r2f2m3.limit.percent` has to be from 0 to 90"),
        (entry("r2f2m3", "limit", json!({ "rewards": 6 })), "`segment.r2f2m3.limit.rewards` has to be from 0 to 5"),
        (entry("r2f2m3", "opens_unanswered_after", json!(731)), "`segment.r2f2m3.opens_unanswered_after` has to be"),
        (entry("r2f2m3", "gentle_days", json!(731)), "`segment.r2f2m3.gentle_days` has to be"),
        (entry("r2f2m3", "ends_after", json!(731)), "`segment.r2f2m3.ends_after` has to be"),
    ]);
}

#[test]
fn an_idea_that_breaks_its_mechanic_or_law_12_is_refused() {
    let slots = |every: u16, open: u16| json!({ "slots": { "every": every, "open": open } });
    let event = json!({ "event": { "on": "move", "open": 7, "every": 90 } });
    refuses(vec![
        (
            json!({ "idea": { "Song": Playbook::builtin().source_json()["idea"]["bundles"] } }),
            "`idea.Song`: a code is snake_case",
        ),
        (
            json!({ "idea": { "a__b": Playbook::builtin().source_json()["idea"]["bundles"] } }),
            "`idea.a__b`: a code is snake_case",
        ),
        (idea("bundles", "show", json!(0)), "`idea.bundles.show` has to be from 1 to 10"),
        (
            idea("gamification", "mechanic", json!({ "challenge": { "orders": 1 } })),
            "`idea.gamification.mechanic.challenge.orders` has to be from 2 to 12",
        ),
        (idea("bundles", "calendar", json!("always")), "`idea.bundles.calendar` may not be always"),
        (idea("bundles", "calendar", slots(731, 3)), "`idea.bundles.calendar.slots.every` has to be from 1 to 730"),
        (idea("bundles", "calendar", slots(30, 31)), "`idea.bundles.calendar.slots.open` has to be from 1 to 30"),
        (idea("bundles", "calendar", json!("month")), "`idea.bundles.validity` has to be from 31 to 31"),
        (idea("bundles", "validity", json!(13)), "`idea.bundles.validity` has to be from 14 to 30"),
        (idea("bundles", "validity", json!(31)), "`idea.bundles.validity` has to be from 14 to 30"),
        (
            json!({ "idea": { "usual_day_code": { "calendar": slots(30, 3), "validity": 6 } } }),
            "`idea.usual_day_code.validity` has to be from 7",
        ),
        (idea("gamification", "validity", json!(75)), "`idea.gamification.validity` has to be from 60 to 60"),
        (idea("regularity_bonus", "validity", json!(61)), "`idea.regularity_bonus.validity` has to be from 60 to 60"),
        (idea("rising_cashback", "validity", json!(60)), "`idea.rising_cashback.validity` has to be from 45 to 45"),
        (idea("complements", "validity", json!(3)), "`idea.complements.validity` has to be from 0 to 0"),
        (idea("gamification", "calendar", event), "`idea.gamification.calendar` has to be slots"),
        (idea("triple_points", "reward", json!(null)), "`idea.triple_points` promises a reward"),
        (idea("recommend", "reward", json!({ "points": 2 })), "`idea.recommend` is a question or an invitation"),
        (idea("bundles", "choices", json!([{ "points": 2 }])), "`idea.bundles` is neither by answer nor a choice"),
        (idea("nps_code", "reward", json!({ "points": 2 })), "`idea.nps_code` gives by answer"),
        (
            idea("nps_code", "by_answer", json!({ "passive": null })),
            "`idea.nps_code.by_answer` has to hold exactly the survey's answers: detractor, passive",
        ),
        (
            idea("nps_code", "by_answer", json!({ "price": { "points": 2 } })),
            "`idea.nps_code.by_answer` has to hold exactly",
        ),
        (idea("choose_reward", "reward", json!({ "points": 2 })), "`idea.choose_reward` gives what is chosen"),
        (idea("choose_reward", "choices", json!([])), "`idea.choose_reward.choices` has to be from 1 to 5"),
        (
            idea("rising_cashback", "reward", json!({ "cashback": 5 })),
            "`idea.rising_cashback` has to give rising cashback",
        ),
        (
            idea("bundles", "reward", json!({ "rising_cashback": [1, 2] })),
            "`idea.bundles` has to give rising cashback if",
        ),
        (
            idea("rising_cashback", "reward", json!({ "rising_cashback": [5, 3] })),
            "`idea.rising_cashback.reward` has to have 2 to 10 steps, each",
        ),
        (
            idea("rising_cashback", "reward", json!({ "rising_cashback": [5] })),
            "`idea.rising_cashback.reward` has to have 2 to 10 steps",
        ),
        (idea("bundles", "reward", json!({ "discount": 0 })), "`idea.bundles.reward.discount` has to be from 1 to 90"),
        (
            idea("triple_points", "reward", json!({ "points": 11 })),
            "`idea.triple_points.reward.points` has to be from 2 to 10",
        ),
    ]);
}

#[test]
fn an_amount_out_of_bounds_is_named_wherever_it_stands() {
    refuses(vec![
        (
            idea("nps_code", "by_answer", json!({ "passive": { "discount": 91 } })),
            "`idea.nps_code.by_answer.passive.discount` has to be",
        ),
        (
            idea("choose_reward", "choices", json!(["free_delivery", { "cashback": 0 }])),
            "`idea.choose_reward.choices[1].cashback` has to be",
        ),
        (
            idea("rising_cashback", "reward", json!({ "rising_cashback": [0, 3] })),
            "`idea.rising_cashback.reward.rising_cashback[0]` has to be",
        ),
    ]);
}

#[test]
fn more_ideas_than_anybody_reads_are_refused() {
    let described = &Playbook::builtin().source_json()["idea"]["bundles"];
    let many: serde_json::Map<String, Value> = (0..200).map(|n| (format!("n{n}"), described.clone())).collect();
    assert_eq!(refusal(&json!({ "idea": many })), "`idea` holds more than 200");
}

/// The built-in files, one after another.
const WHOLE: &str = concat!(
    include_str!("../src/builtin/vip.toml"),
    include_str!("../src/builtin/loyal.toml"),
    include_str!("../src/builtin/promising.toml"),
    include_str!("../src/builtin/churning.toml"),
    include_str!("../src/builtin/one_time.toml"),
    include_str!("../src/builtin/messages.toml"),
    include_str!("../src/builtin/rewards.toml"),
    include_str!("../src/builtin/words.toml"),
);

#[test]
fn a_whole_text_is_a_playbook_whatever_its_comments_and_has_no_idle_idea() {
    assert_eq!(Playbook::parse(&format!("# A word more.\n{WHOLE}")).as_ref(), Ok(Playbook::builtin()));
    let idle = WHOLE.replacen("\"greeting\", ", "", 1);
    let refused = Playbook::parse(&idle).map_err(|error| error.to_string());
    assert_eq!(refused, Err("`idea.greeting` is used by no entry".to_owned()));
}

#[test]
fn what_is_no_toml_is_refused_with_its_line() {
    let error = Playbook::parse("\n[newcomer").unwrap_err().to_string();
    assert!(error.starts_with("the playbook cannot be read: ") && error.contains("line 2"), "{error}");
    let error = Playbook::parse("[idea]\na = 1\na = 2").unwrap_err().to_string();
    assert!(error.contains("duplicate key"), "{error}");
}

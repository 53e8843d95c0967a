//! A shop's changes over the built-in playbook.

use playbook::calendar::Calendar;
use playbook::mechanic::{Answer, Mechanic};
use playbook::reward::{Limit, Reward};
use playbook::{Entry, Idea, Language, Playbook, Withheld};
use serde_json::{Value, json};

fn with(changes: &Value) -> Playbook {
    Playbook::overridden(changes).unwrap_or_else(|error| panic!("{error}"))
}

fn of<'p>(playbook: &'p Playbook, segment: &str) -> &'p Entry {
    playbook.entry(segment.parse().unwrap_or_else(|error| panic!("{error}")))
}

fn idea<'e>(entry: &'e Entry, code: &str) -> &'e Idea {
    entry.ideas.iter().find(|idea| idea.code == code).unwrap_or_else(|| panic!("no `{code}`"))
}

fn song() -> Value {
    let text = json!({ "en": "Sing.", "ru": "Спойте." });
    json!({ "mechanic": "letter", "place": "both", "text": text, "say": text, "why": text })
}

#[test]
fn no_changes_are_the_built_in_playbook() {
    assert_eq!(&with(&json!({})), Playbook::builtin());
}

#[test]
fn one_number_changes_and_everything_else_stays() {
    let playbook = with(&json!({ "segment": { "r2f3m2": { "limit": { "percent": 4 } } } }));
    let (changed, before) = (of(&playbook, "r2f3m2"), of(Playbook::builtin(), "r2f3m2"));
    assert_eq!(changed.limit, Limit { percent: 4, ..before.limit });
    assert_eq!(changed, &Entry { limit: changed.limit, ..before.clone() });
    assert_eq!(of(&playbook, "r2f3m1"), of(Playbook::builtin(), "r2f3m1"));
}

#[test]
fn a_reward_a_calendar_and_a_mechanic_are_replaced_whole() {
    let playbook = with(&json!({ "idea": {
        "bundles": { "reward": { "cashback": 5 }, "calendar": { "event": { "on": "move", "open": 7, "every": 90 } } },
        "gamification": { "mechanic": { "regularity": { "orders": 4 } } },
        "code_after_survey": { "by_answer": { "price": { "points": 4 }, "delivery": { "discount": 5 } } },
    } }));
    let bundles = idea(of(&playbook, "r2f3m2"), "bundles");
    assert_eq!(bundles.reward, Some(Reward::Cashback(5)));
    assert!(matches!(bundles.calendar, Calendar::Event { open: 7, every: 90, .. }));
    assert_eq!(idea(of(&playbook, "r2f3m3"), "gamification").mechanic, Mechanic::Regularity { orders: 4 });
    let by_answer = &idea(of(&playbook, "r1f3m3"), "code_after_survey").by_answer;
    assert_eq!(by_answer[&Answer::Price], Reward::Points(4));
    assert_eq!(by_answer[&Answer::Delivery], Reward::Discount(5));
    assert_eq!(by_answer[&Answer::Quality], Reward::Points(5), "not named, not changed");
}

#[test]
fn null_takes_an_optional_key_away() {
    let playbook = with(&json!({ "segment": { "r2f2m3": { "caution": null, "opens_unanswered_after": null } } }));
    let entry = of(&playbook, "r2f2m3");
    assert_eq!((&entry.caution, entry.opens_unanswered_after), (&None, None));
    let new = json!({ "idea": { "song": song() }, "newcomer": { "ideas": ["song"], "ends_after": null } });
    assert_eq!(with(&new).source_json()["newcomer"].get("ends_after"), None, "in what is new as well");
}

#[test]
fn an_idea_of_the_shops_own_has_to_be_named_and_a_built_in_one_may_rest() {
    let unused = Playbook::overridden(&json!({ "idea": { "song": song() } })).unwrap_err();
    assert_eq!(unused.to_string(), "`idea.song` is used by no entry");
    let playbook = with(&json!({ "idea": { "song": song() }, "segment": { "r3f3m3": { "ideas": ["song"] } } }));
    assert_eq!(of(&playbook, "r3f3m3").ideas.len(), 1);
    assert_eq!(of(&playbook, "r3f3m3").ideas[0].say.text().en, "Sing.");
    assert!(playbook.source_json()["idea"].get("unbought_brands").is_some(), "no entry names it any more");
}

#[test]
fn words_can_be_the_shops_own() {
    let playbook = with(&json!({
        "reward": { "discount": { "en": "minus {percent} per cent" } },
        "withheld": { "budget": { "ru": "Деньги кончились." } },
    }));
    assert_eq!(playbook.reward_words(&Reward::Discount(5), 0, Language::En), "minus 5 per cent");
    assert_eq!(playbook.reward_words(&Reward::Discount(5), 0, Language::Ru), "скидка 5 %");
    assert_eq!(playbook.withheld(Withheld::Budget, Language::Ru), "Деньги кончились.");
    assert_eq!(playbook.withheld(Withheld::Budget, Language::En), "Its budget is spent.");
}

#[test]
fn the_version_is_that_of_the_content() {
    let version = |changes: Value| with(&changes).version().to_owned();
    let builtin = Playbook::builtin().version();
    assert!(builtin.len() == 16 && builtin.bytes().all(|b| b.is_ascii_hexdigit()), "{builtin}");
    assert_eq!(version(json!({ "segment": { "r2f3m2": { "limit": { "percent": 10 } } } })), builtin, "as it was");
    let four = version(json!({ "segment": { "r2f3m2": { "limit": { "percent": 4 } } } }));
    assert_ne!(four, builtin);
    let in_another_order = r#"{"segment": {"r3f3m3": {"gentle_days": 0}, "r2f3m2": {"limit": {"percent": 4}}}}"#;
    let with_a_default = version(serde_json::from_str(in_another_order).unwrap());
    assert_ne!(with_a_default, four, "a key that is written out is content");
    assert_ne!(version(json!({ "idea": { "bundles": { "validity": 22 } } })), four);
}

#[test]
fn the_merged_source_laid_over_again_changes_nothing() {
    let playbook = with(&json!({ "idea": { "song": song() }, "segment": { "r3f3m3": { "ideas": ["song"] } } }));
    assert_eq!(with(playbook.source_json()), playbook);
}

#[test]
fn the_example_in_the_documentation_is_a_playbook() {
    let page = include_str!("../../../docs/decisions.md");
    let example = page.split("```json").nth(1).and_then(|rest| rest.split("```").next());
    let changes: Value = serde_json::from_str(example.unwrap_or_default()).unwrap_or_else(|error| panic!("{error}"));
    let playbook = with(&changes);
    assert_eq!(of(&playbook, "r2f3m2").limit.percent, 8);
    assert_eq!(idea(of(&playbook, "r2f3m2"), "bundles").reward, Some(Reward::Cashback(5)));
}

#[test]
fn a_stored_playbook_is_read_as_it_was_and_later_codes_have_the_built_in_words() {
    let own = Playbook::overridden(&json!({ "withheld": { "cooldown": { "en": "Not today.", "ru": "Не сегодня." } } }))
        .unwrap();
    let mut source = own.source_json().clone();
    source["withheld"].as_object_mut().unwrap().remove("ask_first");
    source["no_reward"].as_object_mut().unwrap().remove("limit");
    let stored = Playbook::stored(own.version(), source).unwrap();
    assert_eq!(stored.version(), own.version());
    assert_eq!(stored.withheld(Withheld::Cooldown, Language::En), "Not today.");
    let builtin = Playbook::builtin();
    assert_eq!(stored.withheld(Withheld::AskFirst, Language::En), builtin.withheld(Withheld::AskFirst, Language::En));
    assert_eq!(Playbook::stored(own.version(), own.source_json().clone()).as_ref(), Ok(&own));
}

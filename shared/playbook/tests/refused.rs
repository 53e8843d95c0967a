//! A malformed playbook is refused, and the message names the place.

use playbook::Playbook;

const WHOLE: &str = r#"
[newcomer]
reward = "none"
ideas = ["hello"]
goal = { en = "a", ru = "б" }
mechanic = { en = "a", ru = "б" }

[segment.r3f3m3]
reward = "after_answer"
ideas = ["ask", "gift"]
goal = { en = "own", ru = "б" }
mechanic = { en = "a", ru = "б" }

[group]
loyal.any = { reward = "none", ideas = ["hello"], goal = { en = "a", ru = "б" }, mechanic = { en = "a", ru = "б" } }
promising.any = { reward = "none", ideas = ["hello"], goal = { en = "a", ru = "б" }, mechanic = { en = "a", ru = "б" } }
churning.any = { reward = "none", ideas = ["hello"], goal = { en = "a", ru = "б" }, mechanic = { en = "a", ru = "б" } }
one_time.any = { reward = "none", ideas = ["hello"], goal = { en = "a", ru = "б" }, mechanic = { en = "a", ru = "б" } }
vip.any = { reward = "none", ideas = ["hello"], goal = { en = "a", ru = "б" }, mechanic = { en = "a", ru = "б" } }
vip.r3 = { reward = "rare", ideas = ["gift"], goal = { en = "recent", ru = "б" }, mechanic = { en = "a", ru = "б" } }

[idea]
hello = { kind = "message", place = "both", text = { en = "hi", ru = "б" } }
ask = { kind = "survey", place = "mailing", text = { en = "why", ru = "б" } }
gift = { kind = "reward", place = "checkout", text = { en = "take", ru = "б" } }
"#;

/// The message for the whole text with one change; the change must have hit.
fn refusal(from: &str, to: &str) -> String {
    let changed = WHOLE.replacen(from, to, 1);
    assert_ne!(changed, WHOLE, "`{from}` is not in the text");
    Playbook::parse(&changed).map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
}

#[test]
fn the_whole_text_is_accepted_and_the_narrower_entry_is_taken() {
    let goal = |segment: &str| {
        let playbook = Playbook::parse(WHOLE).unwrap();
        playbook.entry(segment.parse().unwrap(), segmentation::LoyaltyGroup::Vip).goal.en.clone()
    };
    assert_eq!(["r3f3m3", "r3f3m2", "r2f3m3"].map(goal), ["own", "recent", "a"]);
}

#[test]
fn each_fault_is_named_with_its_place() {
    let table = [
        ("one_time.any", "one_time.r3", "`group.one_time` has no entry for r1f1m1"),
        ("goal = { en = \"own\"", "goal = { en = \" \"", "`segment.r3f3m3.goal.en` is empty"),
        (
            "goal = { en = \"recent\", ru = \"б\" }",
            "goal = { en = \"a\", ru = \"\" }",
            "`group.vip.r3.goal.ru` is empty",
        ),
        ("mechanic = { en = \"a\"", "mechanic = { en = \"\"", "`newcomer.mechanic.en` is empty"),
        ("\n[segment", "caution = { en = \"a\", ru = \"\" }\n[segment", "`newcomer.caution.ru` is empty"),
        ("en = \"hi\"", "en = \"\"", "`idea.hello.text.en` is empty"),
        ("[\"ask\", \"gift\"]", "[\"ask\", \"gift\", \"ask\"]", "`segment.r3f3m3.ideas` names `ask` twice"),
        (
            "[\"ask\", \"gift\"]",
            "[\"ask\", \"song\"]",
            "`segment.r3f3m3.ideas` names `song`, but there is no `idea.song`",
        ),
        ("[\"ask\", \"gift\"]", "[\"gift\", \"ask\"]", "`segment.r3f3m3` rewards after an answer only"),
        ("ideas = [\"hello\"]", "ideas = [\"gift\"]", "`newcomer` allows no reward, but its idea `gift` gives one"),
        ("ideas = [\"hello\"]", "ideas = []", "`newcomer.ideas` is empty"),
        (
            "[idea]",
            "[idea]\nsong = { kind = \"message\", place = \"both\", text = { en = \"a\", ru = \"б\" } }",
            "`idea.song` is used by no entry",
        ),
        ("hello = {", "Hello = {", "`idea.Hello`: a code is snake_case"),
        ("hello = {", "hello__you = {", "`idea.hello__you`: a code is snake_case"),
    ];
    for (from, to, message) in table {
        let refused = refusal(from, to);
        assert!(refused.starts_with(message), "`{from}` -> `{to}`: {refused}");
    }
}

/// The message with more entries of the group `vip`, put before its `any`.
fn refusal_with_vip(more: &[&str]) -> String {
    let entry = |when: &&str| {
        let text = "{ en = \"a\", ru = \"б\" }";
        format!("vip.{when} = {{ reward = \"none\", ideas = [\"hello\"], goal = {text}, mechanic = {text} }}\n")
    };
    let lines: String = more.iter().map(entry).collect();
    refusal("vip.any", &format!("{lines}vip.any"))
}

#[test]
fn entries_that_compete_or_hide_another_are_refused() {
    assert_eq!(refusal_with_vip(&["m2"]), "`group.vip.m2` and `group.vip.r3` fit r3f1m2 equally well");
    assert_eq!(refusal_with_vip(&["r1", "r2"]), "`group.vip.any` is never used");
    assert_eq!(refusal_with_vip(&["r3f1m2"]), "accepted");
}

#[test]
fn what_has_another_form_is_refused_with_line_and_word() {
    let table = [
        ("[newcomer]", "[newcomer", "line 2"),
        ("[newcomer]", "[stranger]", "unknown field `stranger`"),
        ("[segment.r3f3m3]", "[segment.r3f3m4]", "`r3f3m4` is not a segment"),
        ("vip.r3", "vip.r9", "`r9` names no segments"),
        ("vip.any", "best.any", "unknown variant `best`"),
        ("reward = \"after_answer\"", "reward = \"huge\"", "unknown variant `huge`"),
        ("place = \"mailing\"", "place = \"shop\"", "unknown variant `shop`"),
        ("goal = { en = \"own\", ru = \"б\" }", "goal = { en = \"own\" }", "missing field `ru`"),
        (
            "goal = { en = \"own\", ru = \"б\" }",
            "goal = { en = \"own\", ru = \"б\", de = \"c\" }",
            "unknown field `de`",
        ),
        ("ask = {", "hello = {", "duplicate key"),
    ];
    for (from, to, word) in table {
        let refused = refusal(from, to);
        assert!(refused.contains(word) && refused.contains("line "), "`{from}` -> `{to}`: {refused}");
    }
}

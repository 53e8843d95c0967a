//! The built-in playbook against the checklist of what it has to hold.

use std::collections::{BTreeMap, BTreeSet};

use playbook::{Entry, IdeaKind, Language, Playbook, Reward, ShownAt, Text};
use segmentation::{Groups, LoyaltyGroup, Score, Segment};

/// The eight segments described first: reward, then every idea, the mechanic's own among them.
const CHECKLIST: [(&str, Reward, &[&str]); 8] = [
    (
        "r3f3m3",
        Reward::Rare,
        &[
            "unbought_brands",
            "complements",
            "look_alikes",
            "unfamiliar_in_favourites",
            "purchase_survey",
            "recommend_or_refer",
            "tier_reminder",
            "thank_you_for_achievement",
        ],
    ),
    (
        "r2f3m3",
        Reward::Personal,
        &[
            "replenishment_reminder",
            "category_cashback",
            "free_delivery",
            "gamification",
            "choose_category",
            "choose_reward",
        ],
    ),
    (
        "r1f3m3",
        Reward::AfterAnswer,
        &[
            "reason_survey",
            "code_after_survey",
            "usual_day_code",
            "triple_points",
            "selection_cashback",
            "gamification",
        ],
    ),
    ("r2f3m1", Reward::Modest, &["programme_anniversary", "season_sale", "best_of_month_low_band", "bundles"]),
    (
        "r2f3m2",
        Reward::Personal,
        &["rising_cashback", "season_sale", "best_of_month_own_band", "bundles", "gamification"],
    ),
    (
        "r2f2m3",
        Reward::AfterAnswer,
        &["reason_survey", "nps_code", "usual_day_code", "triple_points", "selection_cashback"],
    ),
    (
        "r2f2m2",
        Reward::Modest,
        &["history_picks", "favourite_category_code", "best_of_month_own_band", "season_sale", "bundles"],
    ),
    (
        "r2f2m1",
        Reward::Modest,
        &["past_season_goods", "final_sale", "best_of_month_low_band", "bundles_deepest_discount"],
    ),
];

fn segment(text: &str) -> Segment {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn of(text: &str) -> &'static Entry {
    let segment = segment(text);
    Playbook::builtin().entry(segment, Groups::default().of(segment))
}

fn codes(entry: &Entry) -> BTreeSet<&str> {
    entry.ideas.iter().map(|idea| idea.code.as_str()).collect()
}

fn texts(entry: &Entry) -> impl Iterator<Item = &Text> {
    [&entry.goal, &entry.mechanic].into_iter().chain(&entry.caution).chain(entry.ideas.iter().map(|idea| &idea.text))
}

fn all() -> impl Iterator<Item = &'static Entry> {
    Playbook::builtin().entries().chain([Playbook::builtin().newcomer()])
}

#[test]
fn the_eight_segments_have_every_idea_of_the_checklist_and_no_other() {
    for (name, reward, ideas) in CHECKLIST {
        let entry = of(name);
        assert_eq!(entry.name, format!("segment.{name}"));
        assert_eq!(entry.reward, reward, "{name}");
        assert_eq!(codes(entry), ideas.iter().copied().collect(), "{name}");
        let mailed = entry.ideas.iter().all(|idea| idea.place.mailing());
        assert!(mailed, "{name}: checkout is an addition to mailings, not their replacement");
    }
}

#[test]
fn cautions_stand_where_a_reward_or_a_cost_can_do_harm() {
    let with: Vec<&str> = CHECKLIST.iter().map(|(name, ..)| *name).filter(|name| of(name).caution.is_some()).collect();
    assert_eq!(with, ["r3f3m3", "r2f3m3", "r1f3m3", "r2f2m3", "r2f2m2", "r2f2m1"]);
}

#[test]
fn every_segment_has_an_entry_of_itself_or_its_group_with_all_texts_in_both_languages() {
    let groups = Groups::default();
    for segment in Segment::all() {
        let entry = Playbook::builtin().entry(segment, groups.of(segment));
        let own = format!("segment.{segment}");
        let shared = format!("group.{}.", groups.of(segment));
        assert!(entry.name == own || entry.name.starts_with(&shared), "{segment}: {}", entry.name);
        for text in texts(entry) {
            for language in Language::ALL {
                assert!(!text.in_language(language).trim().is_empty(), "{segment}");
            }
        }
    }
}

#[test]
fn russian_is_russian_and_english_is_english() {
    let cyrillic = |text: &str| text.chars().any(|c| ('а'..='я').contains(&c));
    for text in all().flat_map(texts) {
        assert!(cyrillic(&text.ru) && !cyrillic(&text.en), "{text:?}");
    }
}

#[test]
fn every_text_is_one_sentence() {
    for text in all().flat_map(texts) {
        for said in Language::ALL.map(|language| text.in_language(language)) {
            assert!(said.ends_with('.') && said.matches(['.', '!', '?']).count() == 1, "{said}");
            assert!(said.starts_with(char::is_uppercase), "{said}");
        }
    }
}

#[test]
fn who_is_worth_asking_is_asked_before_any_reward() {
    for name in ["r1f3m3", "r2f2m3"] {
        let entry = of(name);
        assert_eq!(entry.reward, Reward::AfterAnswer, "{name}");
        assert_eq!(entry.ideas.first().map(|idea| idea.code.as_str()), Some("reason_survey"), "{name}");
        assert!(entry.ideas.iter().skip(1).all(|idea| idea.kind == IdeaKind::Reward), "{name}");
    }
    assert_eq!(of("r1f2m3").reward, Reward::AfterAnswer);
}

#[test]
fn a_churning_segment_keeps_every_idea_of_its_r2_twin_and_then_ends() {
    for segment in Groups::default().segments(LoyaltyGroup::Churning) {
        let twin = Segment { r: Score::Two, ..segment };
        let (entry, twin) = (of(&segment.to_string()), of(&twin.to_string()));
        assert!(codes(entry).is_superset(&codes(twin)), "{segment}");
        assert_eq!(entry.ideas.last().map(|idea| idea.code.as_str()), Some("last_letter"), "{segment}");
        assert_ne!(entry.reward, Reward::Personal, "{segment}");
    }
}

#[test]
fn one_time_customers_are_treated_by_recency_and_a_large_order_is_asked_about() {
    let has = |name: &str, code: &str| codes(of(name)).contains(code);
    for m in 1..=3 {
        assert!(has(&format!("r3f1m{m}"), "welcome"));
        assert!(has(&format!("r3f1m{m}"), "second_purchase_code"));
        assert!(has(&format!("r3f1m{m}"), "first_order_complement"));
        assert!(has(&format!("r2f1m{m}"), "second_purchase_deadline"));
        assert!(has(&format!("r1f1m{m}"), "clearance_once"));
        for r in 1..=3 {
            assert_eq!(has(&format!("r{r}f1m{m}"), "large_order_survey"), m == 3);
        }
    }
    assert_eq!(of("r1f1m1").reward, Reward::None);
}

#[test]
fn a_segments_own_entry_goes_before_any_group_and_a_remapped_one_takes_its_new_groups() {
    let playbook = Playbook::builtin();
    for group in LoyaltyGroup::ALL {
        assert_eq!(playbook.entry(segment("r2f3m2"), group).name, "segment.r2f3m2");
    }
    let remapped: BTreeMap<LoyaltyGroup, &str> = LoyaltyGroup::ALL
        .into_iter()
        .map(|group| (group, playbook.entry(segment("r1f2m3"), group).name.as_str()))
        .collect();
    let expected =
        ["group.vip.r1", "group.loyal.any", "group.promising.m3", "group.churning.m3", "group.one_time.r1m3"];
    assert_eq!(remapped.into_values().collect::<Vec<_>>(), expected);
}

#[test]
fn an_unknown_customer_is_shown_something_at_checkout_and_given_nothing() {
    let newcomer = Playbook::builtin().newcomer();
    assert_eq!((newcomer.name.as_str(), newcomer.reward), ("newcomer", Reward::None));
    assert!(newcomer.ideas.iter().all(|idea| idea.place.checkout() && idea.kind == IdeaKind::Message));
    assert!(newcomer.ideas.iter().any(|idea| idea.place == ShownAt::Checkout));
}

#[test]
fn the_version_is_that_of_the_text() {
    let source = include_str!("../src/playbook.toml");
    let again = Playbook::parse(source);
    assert_eq!(again.as_ref().map(Playbook::version), Ok(Playbook::builtin().version()));
    assert_eq!(again.as_ref(), Ok(Playbook::builtin()));
    assert_eq!(Playbook::builtin().version().len(), 16);
    let other = Playbook::parse(&format!("{source}\n# A word more.\n"));
    assert_ne!(other.as_ref().map(Playbook::version), Ok(Playbook::builtin().version()));
}

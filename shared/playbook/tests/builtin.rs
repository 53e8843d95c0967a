//! What holds for the whole built-in playbook: entries, limits, calendars, texts, version.

use std::collections::BTreeSet;

use playbook::calendar::Calendar;
use playbook::mechanic::{Mechanic, Placeholder};
use playbook::reward::Reward;
use playbook::{Entry, Idea, IdeaKind, Language, NoReward, Playbook, Rule, ShownAt, Text, Withheld, Words};
use segmentation::{Groups, LoyaltyGroup, Score, Segment};

fn of(segment: Segment) -> &'static Entry {
    Playbook::builtin().entry(segment)
}

fn all() -> impl Iterator<Item = &'static Entry> {
    Playbook::builtin().entries().chain([Playbook::builtin().newcomer()])
}

fn ideas() -> impl Iterator<Item = &'static Idea> {
    all().flat_map(|entry| &entry.ideas)
}

fn codes(entry: &Entry) -> BTreeSet<&str> {
    entry.ideas.iter().map(|idea| idea.code.as_str()).collect()
}

/// What is said to the marketer.
fn to_marketer() -> impl Iterator<Item = &'static Text> {
    let own = all().flat_map(|entry| [&entry.goal, &entry.mechanic].into_iter().chain(&entry.caution));
    own.chain(ideas().map(|idea| &idea.text))
}

/// What is said to the customer.
fn to_customer() -> impl Iterator<Item = &'static Text> {
    ideas().flat_map(|idea| [idea.say.text(), idea.why.text()])
}

#[test]
fn every_segment_has_an_entry_of_its_own_in_words_of_its_own() {
    let mut goals = BTreeSet::new();
    for segment in Segment::all() {
        let entry = of(segment);
        assert_eq!(entry.name, segment.to_string());
        assert!(goals.insert(&entry.goal.en) && goals.insert(&entry.goal.ru), "{segment}");
    }
    assert_eq!(Playbook::builtin().entries().count(), Segment::COUNT);
}

#[test]
fn a_churning_segment_keeps_every_idea_of_its_r2_twin_at_a_lower_limit_and_then_ends() {
    for segment in Groups::default().segments(LoyaltyGroup::Churning) {
        let (entry, twin) = (of(segment), of(Segment { r: Score::Two, ..segment }));
        assert!(codes(entry).is_superset(&codes(twin)), "{segment}");
        assert!(entry.limit.percent < twin.limit.percent && entry.limit.rewards <= twin.limit.rewards, "{segment}");
        assert_eq!(entry.ideas.last().map(|idea| idea.code.as_str()), Some("last_letter"), "{segment}");
        assert!(entry.ends_after.is_some() && entry.reward != Rule::Personal, "{segment}");
    }
}

#[test]
fn low_value_cells_get_minimal_spend_and_two_rewards_are_for_personal_ones() {
    for segment in Segment::all() {
        let limit = of(segment).limit;
        assert!(limit.percent <= if segment.m == Score::One { 5 } else { 15 }, "{segment}: {limit:?}");
        let most = match of(segment).reward {
            Rule::None => 0,
            Rule::Personal => 2,
            Rule::Rare | Rule::Modest | Rule::AfterAnswer => 1,
        };
        assert_eq!(limit.rewards, most, "{segment}");
        assert_eq!(limit.percent == 0, of(segment).reward == Rule::None, "{segment}");
    }
}

#[test]
fn a_reward_has_a_slot_and_is_valid_at_least_while_it_is_open_and_at_most_until_the_next() {
    let rewarded: Vec<&Idea> = ideas().filter(|idea| idea.kind() == IdeaKind::Reward).collect();
    assert!(rewarded.len() > 50, "{}", rewarded.len());
    for idea in rewarded {
        let (Calendar::Slots { every, open } | Calendar::Event { every, open, .. }) = idea.calendar else {
            panic!("{}: {:?}", idea.code, idea.calendar);
        };
        assert!(open <= idea.validity && idea.validity <= every, "{}", idea.code);
        assert!(idea.mechanic != Mechanic::UsualDayCode || idea.validity >= open + 31, "{}", idea.code);
    }
}

#[test]
fn a_vip_who_buys_is_rewarded_for_an_occasion_only() {
    let entry = of("r3f3m3".parse().unwrap());
    let rewarded: Vec<&str> =
        entry.ideas.iter().filter(|idea| idea.kind() == IdeaKind::Reward).map(|idea| idea.code.as_str()).collect();
    assert_eq!(
        (entry.reward, rewarded.as_slice()),
        (Rule::Rare, ["referral_reward", "thank_you_for_achievement"].as_slice())
    );
}

#[test]
fn an_unknown_customer_is_shown_something_at_checkout_and_given_nothing() {
    let newcomer = Playbook::builtin().newcomer();
    assert_eq!((newcomer.name.as_str(), newcomer.reward), ("newcomer", Rule::None));
    for idea in &newcomer.ideas {
        assert_eq!((idea.place, idea.kind(), idea.calendar), (ShownAt::Checkout, IdeaKind::Message, Calendar::Always));
    }
}

#[test]
fn russian_is_russian_and_english_is_english() {
    let cyrillic = |text: &str| text.chars().any(|c| ('а'..='я').contains(&c));
    let words = Playbook::builtin();
    let codes = Withheld::ALL.iter().map(|code| Language::ALL.map(|language| words.withheld(*code, language)));
    let codes =
        codes.chain(NoReward::ALL.iter().map(|code| Language::ALL.map(|language| words.no_reward(*code, language))));
    let texts = to_marketer().chain(to_customer()).map(|text| [text.en.as_str(), text.ru.as_str()]);
    for [en, ru] in texts.chain(codes) {
        assert!(cyrillic(ru) && !cyrillic(en) && en.len() > 10, "{en} / {ru}");
    }
}

#[test]
fn every_text_to_the_marketer_is_one_sentence() {
    for text in to_marketer() {
        for said in Language::ALL.map(|language| text.in_language(language)) {
            assert!(said.ends_with('.') && said.matches(['.', '!', '?']).count() == 1, "{said}");
            assert!(said.starts_with(char::is_uppercase), "{said}");
        }
    }
}

#[test]
fn no_word_has_to_agree_with_a_number_or_a_name() {
    let numbers = ["{orders}", "{years}", "{spent}", "{left}", "{days}", "{goal}", "{reward}", "{until}", "{from}"];
    for text in to_customer().flat_map(|text| [&text.en, &text.ru]) {
        for name in numbers {
            for (at, _) in text.match_indices(name) {
                assert!(text[at + name.len()..].starts_with(['.', ',', '!']), "{name} in: {text}");
            }
        }
        for name in ["{category}", "{tier}"] {
            for (at, _) in text.match_indices(name) {
                assert!(text[..at].ends_with(['«', '“']) && text[at + name.len()..].starts_with(['»', '”']), "{text}");
            }
        }
    }
}

#[test]
fn both_languages_name_the_same_facts_and_every_reward_but_a_choice_is_named() {
    let named = |idea: &Idea, language| -> BTreeSet<&str> {
        idea.say.names(language).chain(idea.why.names(language)).map(Placeholder::name).collect()
    };
    for idea in ideas() {
        assert_eq!(named(idea, Language::En), named(idea, Language::Ru), "{}", idea.code);
        let one = idea.kind() == IdeaKind::Reward && idea.choices.len() < 2;
        assert_eq!(named(idea, Language::En).contains("reward"), one, "{}", idea.code);
    }
}

#[test]
fn a_reward_is_put_in_words() {
    let table = [
        (Reward::Discount(10), 0, "10 % off", "скидка 10 %"),
        (Reward::Cashback(12), 0, "12 % cashback", "кэшбэк 12 %"),
        (
            Reward::RisingCashback(vec![3, 5, 7]),
            0,
            "3 % cashback, rising with each order",
            "кэшбэк 3 %, растущий с каждым заказом",
        ),
        (
            Reward::RisingCashback(vec![3, 5, 7]),
            1,
            "5 % cashback, rising with each order",
            "кэшбэк 5 %, растущий с каждым заказом",
        ),
        (
            Reward::RisingCashback(vec![3, 5, 7]),
            9,
            "7 % cashback, rising with each order",
            "кэшбэк 7 %, растущий с каждым заказом",
        ),
        (Reward::Points(3), 0, "points ×3", "баллы ×3"),
        (Reward::FreeDelivery, 0, "free delivery", "бесплатная доставка"),
    ];
    for (reward, step, en, ru) in table {
        let words = Language::ALL.map(|language| Playbook::builtin().reward_words(&reward, step, language));
        assert_eq!(words, [en, ru]);
    }
}

#[test]
fn a_series_is_named_by_its_entry_and_its_idea() {
    let entry = of("r2f3m2".parse().unwrap());
    assert_eq!(Playbook::series(entry, &entry.ideas[0]), "r2f3m2/rising_cashback");
    let newcomer = Playbook::builtin().newcomer();
    assert_eq!(Playbook::series(newcomer, &newcomer.ideas[0]), "newcomer/greeting");
}

#[test]
fn entries_and_words_survive_a_document() {
    for entry in all() {
        let text = serde_json::to_string(entry).unwrap();
        assert_eq!(&serde_json::from_str::<Entry>(&text).unwrap(), entry);
    }
    let words = Playbook::builtin().words();
    assert_eq!(&serde_json::from_str::<Words>(&serde_json::to_string(words).unwrap()).unwrap(), words);
    let incomplete = serde_json::from_str::<Words>(r#"{"withheld": {}, "no_reward": {}, "reward": {}}"#);
    assert!(incomplete.is_err());
}

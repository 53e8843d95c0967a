//! The built-in playbook against the two lists of what it has to hold: the eight segments' ideas, and the mechanics.

use std::collections::{BTreeMap, BTreeSet};

use playbook::mechanic::{Answer, Band, Mechanic, Survey};
use playbook::reward::Reward;
use playbook::{Entry, IdeaKind, Playbook, Rule};

/// The eight segments described first: rule, then every idea, the mechanic's own among them.
const SEGMENTS: [(&str, Rule, &[&str]); 8] = [
    (
        "r3f3m3",
        Rule::Rare,
        &[
            "unbought_brands",
            "complements",
            "look_alikes",
            "unfamiliar_in_favourites",
            "purchase_survey",
            "recommend",
            "join_referral",
            // What joining it earns.
            "referral_reward",
            "tier_reminder",
            "thank_you_for_achievement",
        ],
    ),
    (
        "r2f3m3",
        Rule::Personal,
        &[
            "replenishment_reminder",
            "category_cashback",
            "category_terms",
            "free_delivery",
            "gamification",
            "choose_category",
            "choose_reward",
        ],
    ),
    (
        "r1f3m3",
        Rule::AfterAnswer,
        &[
            "reason_survey",
            "code_after_survey",
            "usual_day_code",
            "triple_points",
            "selection_cashback",
            "gamification",
        ],
    ),
    (
        "r2f3m1",
        Rule::Modest,
        &["programme_anniversary", "time_limited_code", "season_sale", "best_of_month_low_band", "bundles"],
    ),
    (
        "r2f3m2",
        Rule::Personal,
        &["rising_cashback", "season_sale", "best_of_month_own_band", "bundles", "gamification"],
    ),
    (
        "r2f2m3",
        Rule::AfterAnswer,
        &[
            "reason_survey",
            "nps_survey",
            "timed_code_after_survey",
            "nps_code",
            "usual_day_code",
            "triple_points",
            "selection_cashback",
        ],
    ),
    (
        "r2f2m2",
        Rule::Modest,
        &["history_picks", "favourite_category_code", "best_of_month_own_band", "season_sale", "bundles"],
    ),
    (
        "r2f2m1",
        Rule::Modest,
        &["past_season_goods", "final_sale", "best_of_month_low_band", "bundles_deepest_discount"],
    ),
];

/// Each kind of action, a segment that has it, the idea, and how its mechanic is written.
const MECHANICS: &[(&str, &str, &str, &str)] = &[
    ("complements", "r3f3m3", "complements", r#""complements""#),
    ("look-alikes", "r3f3m3", "look_alikes", r#""look_alikes""#),
    ("unfamiliar goods in favourites", "r3f3m3", "unfamiliar_in_favourites", r#""unfamiliar""#),
    ("brands never bought or long ago", "r3f3m3", "unbought_brands", r#""new_brands""#),
    ("picks from the history", "r2f2m2", "history_picks", r#""history_picks""#),
    ("a neighbouring category", "r3f3m1", "neighbour_category", r#""neighbour_category""#),
    ("replenishment reminder", "r2f3m3", "replenishment_reminder", r#""replenishment""#),
    ("tier reminder", "r3f3m3", "tier_reminder", r#""tier_reminder""#),
    ("thank-you with an achievement's code", "r3f3m3", "thank_you_for_achievement", r#""thank_you""#),
    ("programme anniversary", "r2f3m1", "programme_anniversary", r#""anniversary""#),
    ("request to recommend", "r3f3m3", "recommend", r#""recommend""#),
    ("referral programme", "r3f3m3", "join_referral", r#""refer""#),
    ("survey: purchase", "r3f3m3", "purchase_survey", r#"{"survey":"purchase"}"#),
    ("survey: reason", "r1f3m3", "reason_survey", r#"{"survey":"reason"}"#),
    ("survey: NPS", "r2f2m3", "nps_survey", r#"{"survey":"nps"}"#),
    ("code by the reason", "r1f3m3", "code_after_survey", r#"{"code_by_answer":"reason"}"#),
    ("code by NPS", "r2f2m3", "nps_code", r#"{"code_by_answer":"nps"}"#),
    ("code by the order's mark", "r1f1m3", "order_survey_code", r#"{"code_by_answer":"purchase"}"#),
    ("usual-day code", "r1f3m3", "usual_day_code", r#""usual_day_code""#),
    ("time-limited code on any purchase", "r2f3m1", "time_limited_code", r#""code""#),
    ("points multiplier", "r1f3m3", "triple_points", r#""points""#),
    ("raised cashback on a category", "r2f3m3", "category_cashback", r#""category_cashback""#),
    ("raised cashback on a selection", "r1f3m3", "selection_cashback", r#""selection_cashback""#),
    ("rising cashback", "r2f3m2", "rising_cashback", r#""rising_cashback""#),
    ("personal terms on a category", "r2f3m3", "category_terms", r#""category_terms""#),
    ("choose category and reward", "r2f3m3", "choose_reward", r#""choose""#),
    ("choose category for a percentage", "r2f3m3", "choose_category", r#""choose""#),
    ("free delivery", "r2f3m3", "free_delivery", r#""free_delivery""#),
    ("gamification", "r2f3m3", "gamification", r#"{"challenge":{"orders":3}}"#),
    ("a run without gaps", "r3f2m2", "regularity_bonus", r#"{"regularity":{"orders":3}}"#),
    ("season sale", "r2f3m1", "season_sale", r#""season_sale""#),
    ("final sale", "r2f2m1", "final_sale", r#""final_sale""#),
    ("best of the month, own band", "r2f3m2", "best_of_month_own_band", r#"{"best_of_month":"own"}"#),
    ("best of the month, low band", "r2f3m1", "best_of_month_low_band", r#"{"best_of_month":"low"}"#),
    ("bundles with discount", "r2f3m1", "bundles", r#""bundles""#),
    ("bundles at the deepest discount", "r2f2m1", "bundles_deepest_discount", r#""bundles""#),
    ("past-season clearance", "r2f2m1", "past_season_goods", r#""past_season""#),
    ("welcome", "r3f1m1", "welcome", r#""welcome""#),
    ("second purchase", "r3f1m1", "second_purchase_code", r#""second_purchase""#),
    ("complement to the first order", "r3f1m1", "first_order_complement", r#""first_order_complement""#),
    ("last letter", "r1f2m2", "last_letter", r#""letter""#),
    ("bestsellers", "newcomer", "bestsellers", r#""bestsellers""#),
];

fn of(name: &str) -> &'static Entry {
    let playbook = Playbook::builtin();
    if name == "newcomer" {
        playbook.newcomer()
    } else {
        playbook.entry(name.parse().unwrap_or_else(|error| panic!("{error}")))
    }
}

fn codes(entry: &Entry) -> BTreeSet<&str> {
    entry.ideas.iter().map(|idea| idea.code.as_str()).collect()
}

fn written(mechanic: Mechanic) -> String {
    serde_json::to_string(&mechanic).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_eight_segments_have_every_idea_of_the_checklist_and_no_other() {
    for (name, rule, ideas) in SEGMENTS {
        let entry = of(name);
        assert_eq!((entry.name.as_str(), entry.reward), (name, rule));
        assert_eq!(codes(entry), ideas.iter().copied().collect(), "{name}");
        let mailed = entry.ideas.iter().all(|idea| idea.place.mailing());
        assert!(mailed, "{name}: checkout is an addition to mailings, not their replacement");
    }
}

#[test]
fn every_kind_of_action_is_an_idea_of_some_segment() {
    for (words, entry, code, mechanic) in MECHANICS {
        let idea = of(entry).ideas.iter().find(|idea| idea.code == *code);
        assert_eq!(idea.map(|idea| written(idea.mechanic)).as_deref(), Some(*mechanic), "{words}");
    }
}

/// All variants; the match in `is_listed` does not compile when one is added.
fn every_mechanic() -> Vec<Mechanic> {
    use Mechanic as M;
    let surveys = [Survey::Reason, Survey::Nps, Survey::Purchase];
    let mut all = vec![
        M::Complements,
        M::LookAlikes,
        M::Unfamiliar,
        M::NewBrands,
        M::HistoryPicks,
        M::NeighbourCategory,
        M::Replenishment,
        M::TierReminder,
        M::ThankYou,
        M::Anniversary,
        M::Recommend,
        M::Refer,
        M::UsualDayCode,
        M::Code,
        M::CategoryTerms,
        M::CategoryCashback,
        M::SelectionCashback,
        M::Points,
        M::RisingCashback,
        M::Choose,
        M::FreeDelivery,
        M::Challenge { orders: 3 },
        M::Regularity { orders: 3 },
        M::SeasonSale,
        M::FinalSale,
        M::BestOfMonth(Band::Own),
        M::BestOfMonth(Band::Low),
        M::Bundles,
        M::PastSeason,
        M::Welcome,
        M::SecondPurchase,
        M::FirstOrderComplement,
        M::Bestsellers,
        M::Letter,
    ];
    all.extend(surveys.map(M::Survey));
    all.extend(surveys.map(M::CodeByAnswer));
    all
}

fn is_listed(mechanic: Mechanic) -> bool {
    use Mechanic as M;
    match mechanic {
        M::Complements
        | M::LookAlikes
        | M::Unfamiliar
        | M::NewBrands
        | M::HistoryPicks
        | M::NeighbourCategory
        | M::Replenishment
        | M::TierReminder
        | M::ThankYou
        | M::Anniversary
        | M::Recommend
        | M::Refer
        | M::Survey(_)
        | M::CodeByAnswer(_)
        | M::UsualDayCode
        | M::Code
        | M::CategoryTerms
        | M::CategoryCashback
        | M::SelectionCashback
        | M::Points
        | M::RisingCashback
        | M::Choose
        | M::FreeDelivery
        | M::Challenge { .. }
        | M::Regularity { .. }
        | M::SeasonSale
        | M::FinalSale
        | M::BestOfMonth(_)
        | M::Bundles
        | M::PastSeason
        | M::Welcome
        | M::SecondPurchase
        | M::FirstOrderComplement
        | M::Bestsellers
        | M::Letter => MECHANICS.iter().any(|(.., as_written)| *as_written == written(mechanic)),
    }
}

#[test]
fn the_list_of_mechanics_leaves_none_out() {
    let left_out: Vec<Mechanic> = every_mechanic().into_iter().filter(|mechanic| !is_listed(*mechanic)).collect();
    assert_eq!(left_out, []);
    let unknown: Vec<&str> = MECHANICS
        .iter()
        .map(|(.., as_written)| *as_written)
        .filter(|as_written| !every_mechanic().into_iter().any(|mechanic| written(mechanic) == *as_written))
        .collect();
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn each_reason_earns_what_answers_it() {
    let idea = of("r1f3m3").ideas.iter().find(|idea| idea.code == "code_after_survey").unwrap();
    let expected = BTreeMap::from([
        (Answer::Price, Reward::Discount(15)),
        (Answer::Delivery, Reward::FreeDelivery),
        (Answer::Quality, Reward::Points(5)),
        (Answer::Assortment, Reward::Cashback(15)),
        (Answer::Other, Reward::Discount(10)),
    ]);
    assert_eq!((&idea.by_answer, idea.validity), (&expected, 3), "it burns fast");
}

#[test]
fn who_is_worth_asking_is_asked_before_any_reward() {
    let asks = |name: &str| (of(name).reward, of(name).opens_unanswered_after);
    assert_eq!(asks("r1f3m3"), (Rule::AfterAnswer, None), "stays closed unless the shop says otherwise");
    assert_eq!(asks("r2f2m3"), (Rule::AfterAnswer, Some(21)));
    assert_eq!(asks("r1f2m3").0, Rule::AfterAnswer);
    for entry in Playbook::builtin().entries().filter(|entry| entry.reward == Rule::AfterAnswer) {
        assert_eq!(entry.ideas[0].kind(), IdeaKind::Survey, "{}", entry.name);
    }
}

#[test]
fn a_vip_who_slows_down_is_reminded_before_anything_is_given() {
    let entry = of("r2f3m3");
    assert_eq!(entry.ideas[0].code, "replenishment_reminder");
    assert_eq!((entry.gentle_days, entry.ideas[1].mechanic), (14, Mechanic::Choose));
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
        assert!(of(&format!("r1f1m{m}")).ends_after.is_some());
        for r in 1..=3 {
            assert_eq!(has(&format!("r{r}f1m{m}"), "large_order_survey"), m == 3);
        }
    }
    assert_eq!(["r1f1m1", "r1f1m2", "r1f1m3"].map(|name| of(name).reward), [Rule::None, Rule::None, Rule::AfterAnswer]);
}

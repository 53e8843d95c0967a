//! What always holds, whatever the customer, the day, the cart and the catalogue.

use std::collections::BTreeSet;

use playbook::decide::{Candidate, Cart, Channel, Chosen, Facts, Inputs, LastAnswer, Left, Offer};
use playbook::mechanic::{Answer, Mechanic, Survey};
use playbook::reward::RewardCosts;
use playbook::{OwnCampaign, Playbook, decide};
use proptest::prelude::*;
use segmentation::{Minor, Segment};
use serde_json::json;

use crate::cast::{customer, entry_of, inputs, own, today};

fn answers() -> impl Strategy<Value = Vec<(Survey, Answer, i64)>> {
    let reason = prop::sample::select(Survey::Reason.answers()).prop_map(|answer| (Survey::Reason, answer));
    let nps = prop::sample::select(Survey::Nps.answers()).prop_map(|answer| (Survey::Nps, answer));
    let purchase = prop::sample::select(Survey::Purchase.answers()).prop_map(|answer| (Survey::Purchase, answer));
    prop::collection::vec((prop_oneof![reason, nps, purchase], 0..60_i64).prop_map(|((s, a), d)| (s, a, d)), 0..3)
}

/// What was chosen in another segment or this one, up to 20 days ago for up to 40 days: as it was promised then.
fn choices() -> impl Strategy<Value = Option<(&'static str, i64, i64)>> {
    let codes = prop::sample::select(vec!["discount-40", "cashback-12", "points-9", "free_delivery"]);
    prop::option::weighted(0.4, (codes, 0..20_i64, 20..40_i64))
}

/// Segments left, each up to 89 days ago.
fn left() -> impl Strategy<Value = Vec<(usize, i64)>> {
    prop::collection::vec((0..27_usize, 0..Facts::LEFT_DAYS), 0..=Facts::LEFT)
}

/// A promise: chosen, or begun in a segment that was left. It was given before, so it may go beyond the present segment's limit,
/// and what was chosen stands also where nobody is rewarded and for who is held out since.
fn promised(inputs: &Inputs, offer: &Offer) -> Option<Promise> {
    let campaign = &offer.reason.campaign;
    let own = Some(campaign.split('/').next().unwrap()) == Some(entry_of(inputs).name.as_str());
    let chosen =
        inputs.customer.choice.as_ref().filter(|_| offer.choice.is_none() && offer.mechanic == Mechanic::Choose);
    match chosen {
        Some(_) => Some(Promise::Chosen),
        None if !campaign.contains('/') => {
            let beyond = inputs.campaigns.iter().any(|own| own.series == *campaign && own.beyond_rules);
            beyond.then_some(Promise::BeyondRules)
        }
        None => (!own).then_some(Promise::Begun),
    }
}

#[derive(PartialEq)]
enum Promise {
    Chosen,
    Begun,
    /// No promise, but nor does it count among what the segment gives.
    BeyondRules,
}

/// Campaigns of the shop's own, each there or not.
fn campaigns() -> impl Strategy<Value = Vec<OwnCampaign>> {
    let slots = json!({ "slots": { "every": 40, "open": 20 } });
    let all = vec![
        own("gift", json!({ "beyond_rules": true, "idea": { "calendar": slots } })),
        own("bonus", json!({ "idea": { "mechanic": "points", "reward": { "points": 9 }, "calendar": slots } })),
        own("monthly", json!({ "idea": { "mechanic": "bundles", "calendar": "month", "validity": 31 } })),
        own(
            "climb",
            json!({ "beyond_rules": true, "segments": ["r2f2m2", "r3f1m1", "r1f1m1"], "idea": {
            "mechanic": "rising_cashback", "reward": { "rising_cashback": [5, 50] },
            "calendar": { "slots": { "every": 60, "open": 30 } },
        } }),
        ),
    ];
    let most = all.len();
    prop::sample::subsequence(all, 0..=most)
}

prop_compose! {
    pub(crate) fn documents()(
        index in 0..27_usize, days in 0..730_i64, shift: u32, arrived in prop::option::of(0..120_i64), answers in answers(),
        consent: bool, mailing: bool, stock in prop::collection::vec(any::<bool>(), 16), scores in prop::collection::vec(0..9_000_u32, 16),
        in_cart in prop::option::of(prop::collection::btree_set(0..16_usize, 0..4)), delivery in prop::option::of(0..5_000_i64),
        points_percent in prop::option::of(0..10_u8), held_out in prop::bool::weighted(0.1), choice in choices(), left in left(),
        campaigns in campaigns(),
    ) -> Inputs {
        let on = today().plus(days);
        let segment = Segment::all().nth(index).unwrap();
        let answers = answers.into_iter().map(|(survey, answer, days)| LastAnswer { survey, answer, day: on.plus(-days) }).collect();
        let arrived = arrived.map(|days| on.plus(-days)).into_iter().collect();
        let mut inputs = inputs(Facts { arrived, answers, mailing_consent: consent, ..customer(segment, on) }, on, shift);
        inputs.customer.choice = choice.map(|(reward, days, lasts)| Chosen {
            series: "r2f3m3/choose_reward".to_owned(),
            category: "Coats".to_owned(),
            reward: reward.to_owned(),
            made: on.plus(-days),
            until: on.plus(lasts - days),
        });
        inputs.customer.left = left
            .into_iter()
            .map(|(index, days)| Left { segment: Segment::all().nth(index).unwrap(), since: None, day: on.plus(-days) })
            .collect();
        inputs.campaigns = campaigns;
        let needed = inputs.series_needed(Playbook::builtin());
        inputs.series.shifts.extend(needed.into_iter().map(|series| (series, shift)));
        inputs.channel = if mailing { Channel::Mailing } else { Channel::Checkout };
        let signals = stock.into_iter().zip(scores);
        for (product, (in_stock, score)) in inputs.products.iter_mut().zip(signals) {
            (product.in_stock, product.taste, product.cart) = (in_stock, score, score / 3);
        }
        inputs.cart = in_cart.map(|places| Cart {
            products: places.into_iter().map(|place| inputs.products[place].id.clone()).collect(),
            categories: BTreeSet::from(["Shoes".to_owned()]),
        });
        inputs.settings.costs = RewardCosts { delivery: delivery.map(Minor), points_percent };
        inputs.series.held_out.extend(held_out.then(|| "*".to_owned()));
        inputs
    }
}

/// 16 letters of Crockford's base 32: what a promo code looks like.
fn holds_a_code(json: &str) -> bool {
    let letter = |c: char| c.is_ascii_digit() || (c.is_ascii_uppercase() && !"ILOU".contains(c));
    json.split(|c| !letter(c)).any(|word| word.len() == 16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_same_document_gives_the_same_bytes_also_after_it_was_written_and_read(inputs in documents()) {
        let first = serde_json::to_string(&decide(&inputs, Playbook::builtin())).unwrap();
        let read: Inputs = serde_json::from_str(&serde_json::to_string(&inputs).unwrap()).unwrap();
        prop_assert_eq!(&read, &inputs);
        let second = serde_json::to_string(&decide(&read, Playbook::builtin())).unwrap();
        prop_assert!(!holds_a_code(&first), "a decision prints no code");
        prop_assert_eq!(first, second);
    }

    #[test]
    fn what_is_out_of_stock_or_in_the_cart_is_never_shown_and_nothing_twice(inputs in documents()) {
        let decision = decide(&inputs, Playbook::builtin());
        let mut seen = BTreeSet::new();
        for shown in decision.offers.iter().flat_map(|offer| &offer.products) {
            let product = inputs.products.iter().find(|product| product.id == shown.id).unwrap();
            prop_assert!(product.in_stock, "{} is out of stock", shown.id);
            let part = |id: &String| inputs.products.iter().any(|product: &Candidate| product.id == *id && !product.in_stock);
            prop_assert!(!product.parts.iter().any(part), "a part of {} is out of stock", shown.id);
            prop_assert!(!inputs.cart.as_ref().is_some_and(|cart| cart.products.contains(&shown.id)));
            prop_assert!(seen.insert(shown.id.clone()), "{} is shown twice", shown.id);
        }
    }

    #[test]
    fn no_reward_goes_beyond_its_segments_limit_in_worth_or_number(inputs in documents()) {
        let decision = decide(&inputs, Playbook::builtin());
        let entry = entry_of(&inputs);
        let usual = inputs.customer.average_order();
        let (mut rewarded, mut kept, mut begun, mut beyond) = (0, false, false, false);
        for offer in &decision.offers {
            let promised = promised(&inputs, offer);
            if promised == Some(Promise::Chosen) {
                let chosen = inputs.customer.choice.as_ref().unwrap();
                let given = offer.reward.as_ref().unwrap();
                prop_assert_eq!(given.reward.code(), chosen.reward.as_str(), "exactly what was chosen");
                prop_assert_eq!((given.valid_from, given.valid_until), (chosen.made, chosen.until));
                kept = true;
                continue;
            }
            // What was begun is within the limit of who promised it.
            let promiser = offer.reason.campaign.split('/').next().unwrap();
            let entry = promiser.parse().map_or(entry, |segment: Segment| Playbook::builtin().entry(segment));
            begun |= promised == Some(Promise::Begun);
            if promised == Some(Promise::BeyondRules) {
                beyond = true;
                continue;
            }
            let choices = offer.choice.iter().flat_map(|choice| &choice.rewards).map(|choice| &choice.reward);
            let rewards: Vec<_> = offer.reward.iter().map(|given| &given.reward).chain(choices).collect();
            for reward in &rewards {
                prop_assert!(reward.worth(&inputs.settings.costs, usual) <= u64::from(entry.limit.percent) * 100);
            }
            rewarded += usize::from(!rewards.is_empty() && promised.is_none());
            prop_assert!(promised.is_none() || offer.mechanic.counts_orders(), "{} is not begun", offer.idea);
        }
        let most = usize::from(entry.limit.rewards).saturating_sub(usize::from(kept));
        prop_assert!(rewarded <= most, "what was promised uses up what the answer may give");
        prop_assert_eq!(rewarded == 0 && !kept && !begun && !beyond, decision.no_reward.is_some());
        prop_assert!(!(begun || beyond) || !inputs.series.held_out.contains("*"));
        prop_assert!(rewarded == 0 || !inputs.series.held_out.contains("*"));
    }

    #[test]
    fn nobody_lost_is_rewarded_before_they_are_asked(inputs in documents()) {
        let decision = decide(&inputs, Playbook::builtin());
        let segment = inputs.reading().unwrap().to_string();
        let here = inputs.customer.here_since();
        let answered = inputs.customer.answers.iter().any(|answer| here.is_none_or(|here| answer.day >= here));
        let given = |offer: &&Offer| offer.reward.is_some() && promised(&inputs, offer).is_none();
        let rewarded = decision.offers.iter().any(|offer| given(&offer));
        let waited = here.is_some_and(|here| inputs.day.since(here) >= 21);
        match segment.as_str() {
            "r1f3m3" => prop_assert!(answered || !rewarded),
            "r2f2m3" => prop_assert!(answered || waited || !rewarded),
            _ => {}
        }
    }

    #[test]
    fn nothing_is_mailed_without_consent_and_every_answer_has_its_reasons(inputs in documents()) {
        let decision = decide(&inputs, Playbook::builtin());
        if inputs.channel == Channel::Mailing && !inputs.customer.mailing_consent {
            prop_assert!(decision.offers.is_empty());
        }
        prop_assert!(!decision.reason.is_empty());
        for offer in &decision.offers {
            let filled = !offer.text.contains(['{', '}']);
            prop_assert!(filled && !offer.reason.text.trim().is_empty());
            if let Some(given) = &offer.reward {
                prop_assert!(given.valid_from <= given.valid_until && given.valid_until >= inputs.day);
            }
        }
        prop_assert!(decision.withheld.iter().all(|withheld| !withheld.text.is_empty()));
        let told = decision.offers.len() + decision.withheld.len();
        let own = |campaign: &String| {
            !campaign.contains('/') || campaign.split('/').next() == Some(entry_of(&inputs).name.as_str())
        };
        let promise = |offer: &&Offer| {
            matches!(promised(&inputs, offer), Some(Promise::Chosen | Promise::Begun))
        };
        let offered = decision.offers.iter().filter(|offer| !promise(offer)).count();
        let promises = told - offered - decision.withheld.iter().filter(|withheld| own(&withheld.campaign)).count();
        let most = usize::from(inputs.customer.choice.is_some()) + 2 * inputs.customer.left.len();
        prop_assert!(promises <= most, "beside promises there are only the entry and the shop's own campaigns");
        let told_of_own = |own: &OwnCampaign| {
            let offered = decision.offers.iter().any(|offer| offer.reason.campaign == own.series);
            offered || decision.withheld.iter().any(|withheld| withheld.campaign == own.series)
        };
        prop_assert!(inputs.campaigns.iter().all(told_of_own), "every campaign is told of");
        let ideas: BTreeSet<&str> = decision
            .offers
            .iter()
            .map(|offer| offer.idea.as_str())
            .chain(decision.withheld.iter().map(|withheld| withheld.idea.as_str()))
            .collect();
        prop_assert!(entry_of(&inputs).ideas.iter().all(|idea| ideas.contains(idea.code.as_str())), "every idea is told of");
    }
}

//! The whole way of product mechanics: from a profile and a catalogue over candidates to what a decision shows.

use catalogue::{Catalogue, Learned, Product, Tried, candidates};
use playbook::decide::{CategoryPair, Facts, OfferSettings};
use playbook::{Inputs, Playbook, decide};
use segmentation::{Bought, BoughtLine, Minor, Profile};
use serde_json::{Value, json};

use crate::shop::{interval, key, list, product, shop, today};

/// A playbook in which a segment has this mechanic alone, open every day.
fn playbook(mechanic: &str) -> Playbook {
    let said = json!({ "en": "Look: {products}.", "ru": "{products}." });
    let plain = json!({ "en": "Because.", "ru": "Потому." });
    let mut idea = json!({ "mechanic": mechanic, "place": "both", "text": plain, "say": said, "why": plain });
    let calendar = match mechanic {
        "replenishment" => json!({ "event": { "on": "run_out", "open": 30, "every": 30 } }),
        _ => json!({ "slots": { "every": 30, "open": 30 } }),
    };
    idea["calendar"] = calendar;
    if mechanic == "bundles" {
        idea["reward"] = json!({ "discount": 5 });
        idea["validity"] = json!(30);
    }
    let entry = json!({
        "reward": "personal", "limit": { "percent": 90, "rewards": 3 }, "gentle_days": 0, "ends_after": null,
        "opens_unanswered_after": null, "ideas": ["tried"],
    });
    let changes = json!({ "idea": { "tried": idea }, "segment": { "r3f3m2": entry } });
    Playbook::overridden(&changes).unwrap_or_else(|error| panic!("{mechanic}: {error}"))
}

/// Products with their brands, by (id, category, brand, price).
fn goods() -> Vec<Product> {
    let mut goods: Vec<Product> = [
        ("boots", "Shoes", "Nord", 8_000),
        ("old sandals", "Shoes", "Olda", 5_000),
        ("new sandals", "Shoes", "Olda", 5_200),
        ("sneakers", "Shoes", "Vela", 7_000),
        ("insoles", "Shoes", "Nord", 700),
        ("cream", "Care", "Polo", 900),
        ("laces", "Care", "Polo", 300),
        ("hat", "Hats", "Lana", 4_000),
    ]
    .map(|(id, category, brand, price)| Product { brand: Some(brand.to_owned()), ..product(id, category, price) })
    .into();
    // The best sold are of the brand they know, and they have them all.
    goods.extend(
        (0..15).map(|n| Product { brand: Some("Nord".into()), ..product(&format!("nord {n:02}"), "Shoes", 6_000) }),
    );
    let season = |id: &str, season: &str, price| Product {
        season: Some(season.to_owned()),
        list_price: Some(Minor(10_000)),
        ..product(id, "Coats", price)
    };
    goods.extend((0..120).map(|n| season(&format!("autumn {n:03}"), "autumn", 9_000)));
    goods.extend([season("raincoat", "spring", 3_000), season("parka", "winter", 1_000)]);
    let set =
        |id: &str, parts: [&str; 2]| Product { parts: parts.map(str::to_owned).into(), ..product(id, "Shoes", 8_500) };
    goods.extend([set("set", ["boots", "cream"]), set("lost set", ["boots", "gone"])]);
    goods.push(Product { active: false, ..product("gone", "Care", 100) });
    goods
}

fn bought() -> Profile {
    let line = |id: &str, brand: &str| BoughtLine {
        product: Some(key(id)),
        category: Some("Shoes".to_owned()),
        brand: Some(brand.to_owned()),
        unit_price: Some(Minor(6_000)),
    };
    let mut profile = Profile::default();
    let popular = (0..10).map(|n| line(&format!("nord {n:02}"), "Nord"));
    for (days, lines) in [
        (500, vec![line("old sandals", "Olda")]),
        (60, popular.collect()),
        (45, vec![line("boots", "Nord"), line("insoles", "Nord")]),
    ] {
        profile.remember(&Bought { day: today().plus(-days), lines });
    }
    profile
}

fn catalogue_of(goods: Vec<Product>) -> Catalogue {
    let popular = (0..15).map(|n| (key(&format!("nord {n:02}")), 90 - n)).collect();
    let mut learned = Learned { popular, ..Learned::default() };
    learned.of_history.insert(key("boots"), list(&[("cream", 9_000), ("sneakers", 4_000)]));
    learned.intervals.insert(key("insoles"), interval(40, 80));
    shop(goods, &learned, &[])
}

/// Ids of what the mechanic shows, best first; why not, where it shows nothing.
fn shown(catalogue: &Catalogue, mechanic: &str) -> Result<Vec<String>, String> {
    let profile = bought();
    let pair = CategoryPair { category: "Shoes".to_owned(), goes_with: "Care".to_owned() };
    let settings =
        OfferSettings { season: Some("winter".to_owned()), complements: vec![pair], ..OfferSettings::default() };
    let favourites = Tried::of(catalogue, &profile, today()).favourites();
    let segment = Some("r3f3m2".parse().unwrap());
    let facts = Facts { segment, categories: favourites, orders: 3, spent: Minor(90_000), ..Facts::default() };
    let mut inputs: Value = json!({
        "format": 1, "day": today(), "language": "en", "channel": "checkout", "playbook": "", "customer": facts,
        "settings": settings, "money": { "code": "EUR", "digits": 2 },
    });
    inputs["products"] = json!(candidates(catalogue, &profile, None, &settings, today()));
    let inputs: Inputs = serde_json::from_value(inputs).unwrap();
    let decision = decide(&inputs, &playbook(mechanic));
    match decision.offers.first() {
        Some(offer) => Ok(offer.products.iter().map(|product| product.id.clone()).collect()),
        None => Err(decision.withheld.iter().map(|withheld| withheld.text.clone()).collect()),
    }
}

#[test]
fn each_product_mechanic_finds_what_it_is_for() {
    let catalogue = catalogue_of(goods());
    let first = |mechanic: &str| shown(&catalogue, mechanic).unwrap_or_else(|why| panic!("{mechanic}: {why}"));
    assert_eq!(first("complements")[..1], ["cream"]);
    assert_eq!(first("look_alikes")[..1], ["sneakers"]);
    assert_eq!(first("unfamiliar")[..1], ["sneakers"], "of a brand never bought first");
    assert_eq!(first("replenishment"), ["insoles"]);
    let past = first("past_season");
    assert_eq!(past[0], "raincoat", "the deepest markdown of another season first");
    assert!(past[1..].iter().all(|id| id.starts_with("autumn")) && past.len() > 1, "not of this one: {past:?}");
    assert_eq!(first("bundles"), ["set"]);
}

#[test]
fn new_brands_are_those_never_bought_and_one_left_behind_500_days_ago() {
    let found = shown(&catalogue_of(goods()), "new_brands").unwrap();
    assert_eq!(found[..1], ["sneakers"], "what history speaks for comes first");
    for sandals in ["new sandals", "old sandals"] {
        assert!(found.iter().any(|id| id == sandals), "{sandals} of {found:?}");
    }
    assert!(found.iter().all(|id| !id.starts_with("nord") && id != "boots"), "not the brand they buy now: {found:?}");
}

#[test]
fn without_a_set_of_the_shop_one_is_made_of_what_they_know_and_its_complement() {
    let mut goods = goods();
    goods.retain(|product| product.id != "set");
    assert_eq!(shown(&catalogue_of(goods), "bundles").unwrap(), ["boots", "cream"]);
}

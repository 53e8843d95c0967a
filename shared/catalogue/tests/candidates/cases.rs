//! What speaks for a product: history, cart, typed and learned categories, running out.

use catalogue::{Catalogue, Learned, candidates, cart};
use playbook::decide::{Candidate, CategoryPair, OfferSettings, RunsOut};
use segmentation::{Bought, BoughtLine, Minor, Profile};

use crate::shop::{customer, interval, key, list, product, shop, today};

fn of(catalogue: &Catalogue, profile: &Profile, cart_of: &[&str], settings: &OfferSettings) -> Vec<Candidate> {
    let ids: Vec<String> = cart_of.iter().map(|id| (*id).to_owned()).collect();
    let cart = (!ids.is_empty()).then(|| cart(catalogue, &ids));
    candidates(catalogue, profile, cart.as_ref(), settings, today())
}

fn plain(catalogue: &Catalogue, profile: &Profile) -> Vec<Candidate> {
    of(catalogue, profile, &[], &OfferSettings::default())
}

fn find<'a>(candidates: &'a [Candidate], id: &str) -> &'a Candidate {
    candidates.iter().find(|candidate| candidate.id == id).unwrap_or_else(|| panic!("no `{id}`"))
}

fn boots() -> Profile {
    customer(&[(45, "boots", "Shoes")])
}

#[test]
fn history_speaks_for_the_neighbours_of_what_was_bought_and_names_the_loudest_ones_category() {
    let mut learned = Learned::default();
    learned.of_history.insert(key("boots"), list(&[("cream", 900), ("parka", 100)]));
    learned.of_history.insert(key("coat"), list(&[("cream", 50), ("parka", 400)]));
    let goods = [product("boots", "Shoes", 8_000), product("coat", "Coats", 9_000), product("cream", "Care", 900)];
    let catalogue = shop([goods.to_vec(), vec![product("parka", "Coats", 11_000)]].concat(), &learned, &[]);
    let found = plain(&catalogue, &customer(&[(45, "boots", "Shoes"), (9, "coat", "Coats")]));
    let case = |id| (find(&found, id).taste, find(&found, id).goes_with.as_deref());
    assert_eq!(case("cream"), (950, Some("Shoes")), "the sum of both, with the category of the louder one");
    assert_eq!(case("parka"), (500, Some("Coats")));
    assert_eq!(find(&found, "boots").bought, Some(today().plus(-45)));
    assert_eq!(find(&found, "boots").taste, 0, "what was bought is not spoken for");
    assert_eq!(find(&found, "cream").category_bought, None);
    assert_eq!(find(&found, "parka").category_bought, Some(today().plus(-9)));
}

#[test]
fn the_cart_speaks_for_what_lies_in_the_same_baskets_but_never_for_itself() {
    let mut learned = Learned::default();
    learned.of_baskets.insert(key("boots"), list(&[("cream", 700), ("laces", 300)]));
    learned.of_baskets.insert(key("laces"), list(&[("cream", 10), ("boots", 900)]));
    let goods = vec![product("boots", "Shoes", 8_000), product("cream", "Care", 900), product("laces", "Care", 300)];
    let catalogue = shop(goods, &learned, &[]);
    let found = of(&catalogue, &Profile::default(), &["boots", "laces"], &OfferSettings::default());
    assert_eq!((find(&found, "cream").cart, find(&found, "cream").goes_with.as_deref()), (710, Some("Shoes")));
    assert_eq!((find(&found, "boots").cart, find(&found, "laces").cart), (0, 0));
}

#[test]
fn what_is_out_of_stock_or_no_longer_sold_is_not_spoken_for() {
    let mut learned = Learned::default();
    learned.of_history.insert(key("boots"), list(&[("sold out", 900), ("gone", 800), ("cream", 1)]));
    let gone = catalogue::Product { active: false, ..product("gone", "Care", 900) };
    let goods =
        vec![product("boots", "Shoes", 8_000), gone, product("sold out", "Care", 9), product("cream", "Care", 9)];
    let found = plain(&shop(goods, &learned, &["sold out"]), &boots());
    assert!(found.iter().filter(|candidate| candidate.taste > 0).all(|candidate| candidate.id == "cream"));
    assert!(found.iter().all(|candidate| candidate.in_stock || candidate.taste == 0));
}

#[test]
fn a_set_is_out_of_stock_with_any_of_its_parts() {
    let set =
        catalogue::Product { parts: vec!["boots".to_owned(), "cream".to_owned()], ..product("set", "Care", 8_500) };
    let goods = vec![product("boots", "Shoes", 8_000), product("cream", "Care", 900), set];
    let in_stock =
        |out: &[&str]| find(&plain(&shop(goods.clone(), &Learned::default(), out), &boots()), "set").in_stock;
    assert!(in_stock(&[]));
    assert!(!in_stock(&["cream"]));
    assert_eq!(find(&plain(&shop(goods.clone(), &Learned::default(), &[]), &boots()), "set").parts, ["boots", "cream"]);
}

#[test]
fn a_pair_that_the_shop_typed_in_brings_a_category_nothing_was_learned_of() {
    let goods = vec![product("boots", "Shoes", 8_000), product("cream", "Care", 900), product("hat", "Hats", 900)];
    let catalogue = shop(goods, &Learned::default(), &[]);
    assert!(plain(&catalogue, &boots()).iter().all(|candidate| candidate.id != "cream"));
    let pair = CategoryPair { category: "Shoes".to_owned(), goes_with: "Care".to_owned() };
    let settings = OfferSettings { complements: vec![pair], ..OfferSettings::default() };
    let found = of(&catalogue, &boots(), &[], &settings);
    let cream = find(&found, "cream");
    assert_eq!((cream.goes_with.as_deref(), cream.taste > 0, cream.cart), (Some("Shoes"), true, 0));
    assert!(found.iter().all(|candidate| candidate.id != "hat"));
    let in_cart = of(&catalogue, &Profile::default(), &["boots"], &settings);
    assert!(find(&in_cart, "cream").cart > 0, "of the cart's category it is the cart that speaks");
}

#[test]
fn a_cold_product_comes_by_what_its_category_goes_with() {
    let mut learned = Learned::default();
    learned.categories.insert("Shoes".to_owned(), vec![("Care".to_owned(), 6_400), ("Belts".to_owned(), 640)]);
    learned.of_history.insert(key("boots"), list(&[("cream", 9_000)]));
    let goods = vec![
        product("boots", "Shoes", 8_000),
        product("cream", "Care", 900),
        product("new brush", "Care", 700),
        product("new belt", "Belts", 2_000),
        product("new boots", "Shoes", 7_000),
    ];
    let found = plain(&shop(goods, &learned, &[]), &boots());
    assert_eq!(find(&found, "cream").taste, 9_000, "a case of its own is not overwritten");
    assert_eq!((find(&found, "new brush").taste, find(&found, "new belt").taste), (101, 11), "by category, and weaker");
    assert_eq!(find(&found, "new brush").goes_with.as_deref(), Some("Shoes"));
    assert_eq!(find(&found, "new boots").taste, 0, "of the favourite category itself: there, but not spoken for");
}

#[test]
fn what_runs_out_is_known_by_the_products_interval_else_by_its_categorys() {
    let mut learned = Learned::default();
    learned.intervals.insert(key("insoles"), interval(40, 80));
    learned.category_intervals.insert("Care".to_owned(), interval(20, 30));
    let goods = vec![product("insoles", "Care", 700), product("cream", "Care", 900), product("boots", "Shoes", 8_000)];
    let catalogue = shop(goods, &learned, &[]);
    let runs_out = |id: &str, category: &str, days: i64| {
        let found = plain(&catalogue, &customer(&[(days, id, category)]));
        find(&found, id).runs_out
    };
    let window = |from: i64, until: i64| Some(RunsOut { from: today().plus(from), until: today().plus(until) });
    assert_eq!(runs_out("insoles", "Care", 39), None, "not yet");
    assert_eq!(runs_out("insoles", "Care", 40), window(0, 40));
    assert_eq!(runs_out("insoles", "Care", 160), window(-120, -80));
    assert_eq!(runs_out("insoles", "Care", 161), None, "long forgotten");
    assert_eq!(runs_out("cream", "Care", 25), window(-5, 5), "nothing was learned of the cream itself");
    assert_eq!(runs_out("boots", "Shoes", 60), None, "boots are not used up");
    let again = plain(&catalogue, &customer(&[(45, "insoles", "Care"), (5, "insoles", "Care")]));
    assert_eq!(find(&again, "insoles").runs_out, None, "they have bought it again");
}

#[test]
fn everyone_is_shown_what_sells_what_is_marked_down_and_what_is_cheap() {
    let popular = vec![(key("bestseller"), 90), (key("sold out"), 50), (key("cheap"), 3)];
    let learned = Learned { popular, ..Learned::default() };
    let marked = |id: &str, season: Option<&str>| catalogue::Product {
        list_price: Some(Minor(9_000)),
        season: season.map(str::to_owned),
        ..product(id, "Coats", 6_000)
    };
    let goods = vec![
        product("bestseller", "Shoes", 8_000),
        product("sold out", "Shoes", 8_000),
        product("cheap", "Care", 100),
        marked("summer coat", Some("summer")),
        marked("coat", None),
        product("nobody's", "Hats", 8_000),
    ];
    let catalogue = shop(goods, &learned, &["sold out"]);
    let settings = OfferSettings { season: Some("winter".to_owned()), ..OfferSettings::default() };
    let found = of(&catalogue, &Profile::default(), &[], &settings);
    let ids: Vec<&str> = found.iter().map(|candidate| candidate.id.as_str()).collect();
    assert_eq!(ids, ["bestseller", "cheap", "coat", "summer coat"], "by id, and nothing else");
    assert_eq!(find(&found, "bestseller").popular, 90);
}

#[test]
fn nothing_bought_after_the_day_is_known_on_it() {
    let mut learned = Learned::default();
    learned.of_history.insert(key("boots"), list(&[("cream", 900)]));
    let goods = vec![product("boots", "Shoes", 8_000), product("cream", "Care", 900)];
    let catalogue = shop(goods, &learned, &[]);
    let later = customer(&[(-1, "boots", "Shoes")]);
    assert_eq!(plain(&catalogue, &later), plain(&catalogue, &Profile::default()));
}

#[test]
fn what_lies_in_the_cart_is_never_offered_from_its_candidates() {
    let mut learned = Learned::default();
    learned.of_baskets.insert(key("boots"), list(&[("cream", 700), ("laces", 300)]));
    learned.popular = vec![(key("boots"), 90), (key("cream"), 80), (key("laces"), 70)];
    let goods = vec![product("boots", "Shoes", 8_000), product("cream", "Care", 900), product("laces", "Care", 300)];
    let catalogue = shop(goods, &learned, &[]);
    let ids = ["boots".to_owned(), "cream".to_owned()];
    let cart = cart(&catalogue, &ids);
    assert_eq!(cart.categories.iter().map(String::as_str).collect::<Vec<_>>(), ["Care", "Shoes"]);
    let inputs: playbook::Inputs = serde_json::from_value(serde_json::json!({
        "format": 1, "day": today(), "language": "en", "channel": "checkout", "customer": {}, "playbook": "",
        "settings": {}, "money": { "code": "EUR", "digits": 2 },
        "products": candidates(&catalogue, &Profile::default(), Some(&cart), &OfferSettings::default(), today()),
        "cart": cart,
    }))
    .unwrap();
    let decision = playbook::decide(&inputs, playbook::Playbook::builtin());
    let shown: Vec<&str> =
        decision.offers.iter().flat_map(|offer| &offer.products).map(|product| product.id.as_str()).collect();
    assert_eq!(shown, ["laces"]);
}

/// Somebody who bought a boot of one brand lately, and of another long ago, in a shop whose best boots they have all bought.
fn brands() -> (Vec<catalogue::Product>, Learned, Profile) {
    let branded =
        |id: &str, brand: &str| catalogue::Product { brand: Some(brand.to_owned()), ..product(id, "Shoes", 5_000) };
    let mut goods: Vec<catalogue::Product> = (0..20).map(|n| branded(&format!("nord {n:02}"), "Nord")).collect();
    goods.extend([branded("olda", "Olda"), branded("vela", "Vela"), branded("vela too", "Vela")]);
    let popular = (0..20).map(|n| (key(&format!("nord {n:02}")), 100 - n)).collect();
    let mut profile = Profile::default();
    let line = |id: &str, brand: &str| BoughtLine {
        product: Some(key(id)),
        category: Some("Shoes".to_owned()),
        brand: Some(brand.to_owned()),
        unit_price: Some(Minor(5_000)),
    };
    let old = Bought { day: today().plus(-500), lines: vec![line("olda before", "Olda")] };
    let lines = (0..12).map(|n| line(&format!("nord {n:02}"), "Nord")).collect();
    [old, Bought { day: today().plus(-30), lines }].iter().for_each(|bought| profile.remember(bought));
    (goods, Learned { popular, ..Learned::default() }, profile)
}

#[test]
fn brands_left_behind_and_never_bought_come_into_question_however_popular_the_others_are() {
    let (goods, learned, profile) = brands();
    let found = plain(&shop(goods, &learned, &[]), &profile);
    assert_eq!(find(&found, "olda").brand_bought, Some(today().plus(-500)));
    assert_eq!(find(&found, "vela").brand_bought, None);
    assert!(found.iter().all(|candidate| candidate.id != "vela too"), "one a brand is enough to show it");
}

#[test]
fn what_was_bought_takes_no_place_among_the_best_of_a_favourite_category() {
    let (goods, learned, profile) = brands();
    let found = plain(&shop(goods, &learned, &[]), &profile);
    for n in 12..18 {
        assert_eq!(find(&found, &format!("nord {n}")).bought, None);
    }
}

#[test]
fn of_past_seasons_the_deepest_markdowns_come_into_question_whatever_the_season_is_called() {
    let marked = |n: usize, season: &str, price: i64| catalogue::Product {
        list_price: Some(Minor(10_000)),
        season: Some(season.to_owned()),
        ..product(&format!("{season} {n:03}"), "Coats", price)
    };
    // Autumn's many are marked down by a tenth, spring's few by half: by name autumn comes first. This season's go deepest.
    let mut goods: Vec<catalogue::Product> = (0..150).map(|n| marked(n, "autumn", 9_000)).collect();
    goods.extend((0..3).map(|n| marked(n, "spring", 5_000)));
    goods.extend((0..150).map(|n| marked(n, "winter", 1_000)));
    let catalogue = shop(goods, &Learned::default(), &[]);
    let settings = OfferSettings { season: Some("winter".to_owned()), ..OfferSettings::default() };
    let found = of(&catalogue, &Profile::default(), &[], &settings);
    let of_season = |season: &str| found.iter().filter(|found| found.season.as_deref() == Some(season)).count();
    assert_eq!((of_season("spring"), of_season("autumn"), of_season("winter")), (3, 9, 12));
}

#[test]
fn a_set_with_a_part_that_is_sold_no_more_cannot_be_had() {
    let set = |part: &str| catalogue::Product { parts: vec![part.to_owned()], ..product("set", "Shoes", 8_500) };
    let gone = catalogue::Product { active: false, ..product("cream", "Shoes", 900) };
    let in_stock = |part: &str| {
        let goods = vec![product("boots", "Shoes", 8_000), gone.clone(), set(part)];
        find(&plain(&shop(goods, &Learned::default(), &[]), &boots()), "set").in_stock
    };
    assert!(!in_stock("cream"));
    assert!(in_stock("boots") && in_stock("never sent"), "what is only sold in its set is no product of its own");
}

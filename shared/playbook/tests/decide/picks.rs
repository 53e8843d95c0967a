//! Which products a mechanic shows, to whom, and why.

use playbook::decide::{Candidate, On, RunsOut};
use playbook::{Playbook, Withheld};
use segmentation::Minor;
use serde_json::json;

use crate::cast::today;
use crate::tried::{given, outcome, playbook, refused, shown, someone};

fn shows(mechanic: serde_json::Value, say: &str) -> Playbook {
    playbook(mechanic, json!({ "show": 10 }), say)
}

/// A pair of shoes that costs 50.00, with nothing known of it.
fn shoes(id: &str) -> Candidate {
    Candidate {
        id: id.to_owned(),
        name: id.to_owned(),
        category: Some("Shoes".to_owned()),
        price: Some(Minor(5_000)),
        in_stock: true,
        category_bought: Some(today().plus(-45)),
        ..Candidate::default()
    }
}

/// What is shown out of these alone.
fn shown_of(playbook: &Playbook, products: Vec<Candidate>) -> Result<Vec<String>, Withheld> {
    let mut inputs = someone();
    inputs.products = products;
    outcome(playbook, &inputs).map(|offer| shown(&offer).into_iter().map(str::to_owned).collect())
}

#[test]
fn complements_leave_the_bought_category_and_name_it() {
    let playbook = shows(json!("complements"), "{category}: {products}");
    let offer = outcome(&playbook, &someone()).unwrap();
    assert_eq!(shown(&offer), ["cream", "belt", "gaiters"], "by the strength of their case");
    assert_eq!(offer.text, "Shoes: Shoe cream, Leather belt, Gaiters", "the scarf goes with coats");
    assert!(offer.reward.is_none());
    let inside = Candidate { goes_with: Some("Shoes".to_owned()), taste: 9, ..shoes("inside") };
    let bought = Candidate { category: Some("Care".to_owned()), bought: Some(today()), ..inside.clone() };
    let nameless = Candidate { category: None, ..inside.clone() };
    assert_eq!(shown_of(&playbook, vec![inside, bought, nameless]), Err(Withheld::NothingToShow));
}

#[test]
fn look_alikes_stay_inside_the_category_and_its_price_band() {
    let playbook = shows(json!("look_alikes"), "{category}: {products}");
    let liked = |id: &str, price: i64| Candidate { taste: 9, price: Some(Minor(price)), ..shoes(id) };
    // The band of the cast is 20.00 to 90.00; a third below and half above is still looked at.
    let products = vec![
        liked("far below", 1_332),
        liked("just below", 1_334),
        liked("just above", 13_500),
        liked("far above", 13_501),
        Candidate { goes_with: Some("Coats".to_owned()), ..liked("goes with coats", 5_000) },
        Candidate { bought: Some(today()), ..liked("bought", 5_000) },
        Candidate { taste: 0, ..liked("nothing speaks for it", 5_000) },
        Candidate { category_bought: None, ..liked("of a category never bought", 5_000) },
    ];
    assert_eq!(shown_of(&playbook, products).unwrap(), ["just above", "just below"]);
}

#[test]
fn unfamiliar_goods_are_of_favourite_categories_and_brands_never_bought_come_first() {
    let playbook = shows(json!("unfamiliar"), "{category}: {products}");
    let known_brand = Candidate {
        brand: Some("Nord".to_owned()),
        brand_bought: Some(today().plus(-9)),
        taste: 99,
        ..shoes("known brand")
    };
    let new_brand = Candidate { brand: Some("Vela".to_owned()), ..shoes("new brand") };
    let elsewhere = Candidate { category: Some("Hats".to_owned()), ..shoes("elsewhere") };
    let bought = Candidate { bought: Some(today().plus(-9)), ..shoes("bought") };
    let products = vec![known_brand, new_brand, elsewhere, bought];
    assert_eq!(shown_of(&playbook, products).unwrap(), ["new brand", "known brand"]);
}

#[test]
fn brands_are_offered_that_were_never_bought_or_left_behind_one_to_two_years_ago() {
    let playbook = shows(json!("new_brands"), "{brands}: {products}");
    let table = [(200, false), (364, false), (365, true), (730, true), (731, false), (800, false)];
    for (days, offered) in table {
        let product = Candidate {
            brand: Some("Olda".to_owned()),
            brand_bought: Some(today().plus(-days)),
            ..shoes(&format!("{days} days"))
        };
        assert_eq!(shown_of(&playbook, vec![product]).is_ok(), offered, "last bought {days} days ago");
    }
    let never = |id: &str, brand: &str| Candidate { brand: Some(brand.to_owned()), ..shoes(id) };
    let mut inputs = someone();
    inputs.products = vec![never("a", "Vela"), never("b", "Olda"), never("c", "Vela"), shoes("without a brand")];
    inputs.products.push(Candidate { category: Some("Hats".to_owned()), ..never("not a favourite", "Hut") });
    let offer = outcome(&playbook, &inputs).unwrap();
    assert_eq!(offer.text, "Vela, Olda: a, b, c", "each brand is named once");
}

#[test]
fn a_reminder_comes_inside_the_window_in_which_something_runs_out() {
    let fields = json!({ "calendar": { "event": { "on": "run_out", "open": 10, "every": 14 } } });
    let playbook = playbook(json!("replenishment"), fields, "{products} after {days}");
    let bought = today().plus(-60);
    let table = [(1, Err(Withheld::Cooldown)), (0, Ok(())), (-9, Ok(())), (-10, Err(Withheld::Cooldown))];
    for (from, wanted) in table {
        let runs_out = Some(RunsOut { from: today().plus(from), until: today().plus(30) });
        let mut inputs = someone();
        inputs.products = vec![Candidate { bought: Some(bought), runs_out, ..shoes("insoles") }];
        let outcome = outcome(&playbook, &inputs);
        assert_eq!(outcome.as_ref().map(|_| ()).map_err(|why| *why), wanted, "{from} days from now");
        if let Ok(offer) = outcome {
            assert_eq!(offer.text, "insoles after 60");
            assert_eq!(offer.reason.slot, Some(today().plus(from)), "the slot begins as it runs out");
        }
        inputs.products[0].in_stock = false;
        assert!(refused(&playbook, &inputs).is_some_and(|why| why == wanted.err().unwrap_or(Withheld::OutOfStock)));
    }
}

#[test]
fn history_picks_come_from_any_category_but_not_from_what_was_bought() {
    let playbook = shows(json!("history_picks"), "{products}");
    let liked = |id: &str, taste| Candidate { taste, category: Some("Hats".to_owned()), ..shoes(id) };
    let bought = Candidate { bought: Some(today()), ..liked("bought", 9) };
    assert_eq!(shown_of(&playbook, vec![liked("less", 1), liked("more", 2), bought]).unwrap(), ["more", "less"]);
}

#[test]
fn a_neighbouring_category_is_one_never_bought_from_and_only_one_is_introduced() {
    let playbook = shows(json!("neighbour_category"), "{category}: {products}");
    let of = |id: &str, category: &str, taste| Candidate {
        category: Some(category.to_owned()),
        category_bought: None,
        goes_with: Some("Shoes".to_owned()),
        taste,
        ..shoes(id)
    };
    let known = Candidate { category_bought: Some(today()), ..of("coat", "Coats", 99) };
    let products = vec![of("belt", "Belts", 2), of("cream", "Care", 9), of("brush", "Care", 1), known];
    assert_eq!(shown_of(&playbook, products).unwrap(), ["cream", "brush"]);
}

#[test]
fn best_of_the_month_keeps_to_the_band_and_puts_what_sells_first() {
    let of_month =
        |band: &str| playbook(json!({ "best_of_month": band }), json!({ "calendar": "month" }), "{products}");
    let at = |id: &str, price: i64, popular| Candidate { price: Some(Minor(price)), popular, ..shoes(id) };
    let products = vec![at("cheap", 1_000, 1), at("dear", 1_001, 5), at("usual", 5_000, 9), at("luxury", 90_000, 99)];
    assert_eq!(shown_of(&of_month("low"), products.clone()).unwrap(), ["cheap"], "the lowest third ends at 10.00");
    assert_eq!(shown_of(&of_month("own"), products.clone()).unwrap(), ["usual"], "the customer's own band");
    let mut bandless = someone();
    (bandless.products, bandless.customer.price_band) = (products, None);
    assert_eq!(refused(&of_month("own"), &bandless), Some(Withheld::NothingToShow));
    let offer = outcome(&of_month("low"), &bandless).unwrap();
    assert_eq!(offer.open.map(|slot| slot.last.to_string()), Some("2026-11-30".to_owned()), "until the month ends");
}

#[test]
fn past_seasons_goods_are_marked_down_and_of_another_season_than_the_current_one() {
    let playbook = shows(json!("past_season"), "{products}");
    let of = |id: &str, season: &str, list: i64| Candidate {
        season: Some(season.to_owned()),
        list_price: Some(Minor(list)),
        ..shoes(id)
    };
    let products = vec![
        of("deep", "summer", 10_000),
        of("deeper", "spring", 20_000),
        of("at full price", "summer", 5_000),
        of("of now", "winter", 20_000),
        Candidate { season: None, ..of("seasonless", "", 20_000) },
    ];
    assert_eq!(shown_of(&playbook, products.clone()).unwrap(), ["deeper", "deep"], "deepest first");
    let mut unknown = someone();
    (unknown.products, unknown.settings.season) = (products, None);
    assert_eq!(refused(&playbook, &unknown), Some(Withheld::NothingToShow), "nobody knows which season is past");
}

#[test]
fn a_set_of_the_shop_comes_before_one_that_is_put_together() {
    let mut fields = given(json!({ "discount": 10 }));
    fields["show"] = json!(2);
    let playbook = playbook(json!("bundles"), fields, "{products}: {reward}");
    let offer = outcome(&playbook, &someone()).unwrap();
    assert_eq!(shown(&offer), ["set"]);
    assert_eq!(offer.reward.unwrap().on, On::Products(vec!["set".to_owned()]));
    let mut without_laces = someone();
    without_laces.products.iter_mut().filter(|product| product.id == "laces").for_each(|laces| laces.in_stock = false);
    let offer = outcome(&playbook, &without_laces).unwrap();
    assert_eq!(shown(&offer), ["insoles", "cream"], "what they know, and what goes with it");
    assert_eq!(offer.reward.unwrap().on, On::Products(vec!["insoles".to_owned(), "cream".to_owned()]));
    let alone = vec![shoes("without anything that goes with it")];
    assert_eq!(shown_of(&playbook, alone), Err(Withheld::NothingToShow));
}

#[test]
fn what_would_be_shown_but_is_sold_out_is_told_apart_from_nothing_to_show() {
    let playbook = shows(json!("bestsellers"), "{products}");
    let sold_out = Candidate { popular: 9, in_stock: false, ..shoes("sold out") };
    assert_eq!(shown_of(&playbook, vec![sold_out]), Err(Withheld::OutOfStock));
    assert_eq!(shown_of(&playbook, vec![shoes("nobody buys it")]), Err(Withheld::NothingToShow));
}

#[test]
fn raised_cashback_on_a_selection_is_on_just_what_is_shown() {
    let playbook = playbook(json!("selection_cashback"), given(json!({ "cashback": 12 })), "{products}: {reward}");
    let offer = outcome(&playbook, &someone()).unwrap();
    let ids: Vec<String> = shown(&offer).into_iter().map(str::to_owned).collect();
    assert_eq!(ids, ["cream", "boots", "sneakers"]);
    assert_eq!(offer.reward.unwrap().on, On::Products(ids));
}

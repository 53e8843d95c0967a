//! A cart at checkout: offers about it come first, and nothing that lies in it is offered.

use std::collections::BTreeSet;

use playbook::decide::{Candidate, Cart, Inputs, On};
use playbook::{Playbook, Withheld, decide};
use serde_json::json;

use crate::cast::{customer, inputs, segment, today};
use crate::tried::{given, outcome, playbook, refused, shown, someone};

fn with_cart(mut inputs: Inputs, products: &[&str], categories: &[&str]) -> Inputs {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<String>>();
    inputs.cart = Some(Cart { products: owned(products), categories: owned(categories) });
    inputs
}

#[test]
fn what_goes_with_the_cart_comes_before_the_playbooks_order() {
    let loyal = || inputs(customer(segment("r3f3m2"), today()), today(), 0);
    let ideas = |inputs: &Inputs| -> Vec<String> {
        decide(inputs, Playbook::builtin()).offers.into_iter().map(|offer| offer.idea).collect()
    };
    let plain = ideas(&loyal());
    let mut inputs = with_cart(loyal(), &["loafers"], &["Shoes"]);
    let boots = inputs.products.iter_mut().find(|product| product.id == "boots").unwrap();
    boots.cart = 500;
    let about = ideas(&inputs);
    assert_eq!((plain[0].as_str(), about[0].as_str()), ("complements", "look_alikes"), "boots go with the cart");
    let rest: Vec<&String> = plain.iter().filter(|idea| *idea != "look_alikes").collect();
    assert_eq!(about[1..].iter().collect::<Vec<_>>(), rest, "the others keep their order");
}

#[test]
fn the_cart_speaks_louder_than_the_history() {
    let playbook = playbook(json!("complements"), json!({}), "{category}: {products}");
    let mut inputs = with_cart(someone(), &["boots"], &["Shoes"]);
    let gaiters = inputs.products.iter_mut().find(|product| product.id == "gaiters").unwrap();
    gaiters.cart = 1;
    assert_eq!(shown(&outcome(&playbook, &inputs).unwrap())[0], "gaiters");
}

#[test]
fn nothing_that_lies_in_the_cart_is_offered_nor_a_set_with_it() {
    let complements = playbook(json!("complements"), json!({}), "{products}");
    let inputs = with_cart(someone(), &["cream"], &["Care"]);
    assert_eq!(shown(&outcome(&complements, &inputs).unwrap()), ["scarf"]);
    let bundles = playbook(json!("bundles"), given(json!({ "discount": 10 })), "{products}");
    let offer = outcome(&bundles, &inputs).unwrap();
    assert!(!shown(&offer).contains(&"set") && !shown(&offer).contains(&"cream"), "{:?}", shown(&offer));
    let everything: Vec<String> = inputs.products.iter().map(|product: &Candidate| product.id.clone()).collect();
    let everything: Vec<&str> = everything.iter().map(String::as_str).collect();
    let full = with_cart(someone(), &everything, &[]);
    assert_eq!(refused(&complements, &full), Some(Withheld::NothingToShow));
}

#[test]
fn terms_on_a_category_are_on_the_favourite_that_lies_in_the_cart() {
    let playbook = playbook(json!("category_terms"), given(json!({ "discount": 9 })), "{category}: {reward}");
    let on = |categories: &[&str]| {
        let offer = outcome(&playbook, &with_cart(someone(), &["parka"], categories)).unwrap();
        offer.reward.unwrap().on
    };
    assert_eq!(on(&["Coats"]), On::Category("Coats".to_owned()), "second among the favourites, but here now");
    assert_eq!(on(&["Hats"]), On::Category("Shoes".to_owned()), "no favourite in the cart");
}

//! What a reward is worth on an order, against a naive model; and ids of offers.

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

use playbook::Conditions;
use playbook::decide::On;
use playbook::redeem::{CartLine, CartRefused, CartTotals, Promised, parse_offer_id, qualifies};
use playbook::reward::{Reward, RewardCosts};
use proptest::prelude::*;
use segmentation::{Day, Minor};

fn promised(reward: Reward, on: On) -> Promised {
    let day = Day::from_epoch_days(20_000);
    Promised { reward, on, valid_from: day, valid_until: day, closes_until: day }
}

fn line(product: &str, category: Option<&str>, amount: i64) -> CartLine {
    CartLine { product: product.to_owned(), category: category.map(str::to_owned), amount: Minor(amount) }
}

prop_compose! {
    fn lines()(lines in prop::collection::vec((0..4_usize, prop::option::of(0..3_usize), 0..=Minor::MAX.0 / 8), 0..6)) -> Vec<CartLine> {
        let names = ["boots", "cream", "scarf", "hat"];
        let categories = ["Shoes", "Care", "Coats"];
        lines.into_iter().map(|(name, category, amount)| line(names[name], category.map(|at| categories[at]), amount)).collect()
    }
}

fn rewards() -> impl Strategy<Value = Reward> {
    prop_oneof![
        (1..=90_u8).prop_map(Reward::Discount),
        (1..=90_u8).prop_map(Reward::Cashback),
        (2..=10_u8).prop_map(Reward::Points),
    ]
}

fn goods() -> impl Strategy<Value = On> {
    prop_oneof![
        Just(On::Anything),
        Just(On::Category("Shoes".to_owned())),
        Just(On::Products(vec!["cream".to_owned(), "hat".to_owned()])),
    ]
}

proptest! {
    #[test]
    fn a_percentage_is_of_what_it_is_on_rounded_down(
        reward in rewards(), on in goods(), lines in lines(), off in 0..100_i64, points_percent in prop::option::of(0..=100_u8),
    ) {
        let sum: i64 = lines.iter().map(|line| line.amount.0).sum();
        let cart = CartTotals { total: Minor(sum - sum.min(off)), lines, delivery: None };
        let costs = RewardCosts { delivery: None, points_percent };
        let percent = match &reward {
            Reward::Points(times) => i64::from(times - 1) * i64::from(points_percent.unwrap_or(1)),
            Reward::Discount(percent) | Reward::Cashback(percent) => i64::from(*percent),
            _ => unreachable!(),
        };
        let of = |line: &&CartLine| match &on {
            On::Anything => true,
            On::Category(category) => line.category.as_ref() == Some(category),
            On::Products(products) => products.contains(&line.product),
        };
        let some_goods = on != On::Anything;
        let qualifying: Vec<&CartLine> = cart.lines.iter().filter(of).collect();
        let wanted = if some_goods && cart.lines.is_empty() {
            Err(CartRefused::NeedsLines)
        } else if some_goods && qualifying.is_empty() {
            Err(CartRefused::NoLineQualifies)
        } else {
            let sum: i64 = qualifying.iter().map(|line| line.amount.0).sum();
            let base = if some_goods { sum.min(cart.total.0) } else { cart.total.0 };
            // Whole hundreds and the rest apart, in other arithmetic than the product's.
            Ok(Minor(base / 100 * percent + base % 100 * percent / 100))
        };
        prop_assert_eq!(promised(reward, on.clone()).value(&cart, &costs), wanted);
    }

    #[test]
    fn an_offers_id_reads_back(series in "[a-z][a-z0-9_]{0,20}(/[a-z_]{1,20})?", day in 0..40_000_i64, step in 1..=15_u8) {
        let day = Day::from_epoch_days(day);
        let id = format!("{series}/{day}/{step}");
        prop_assert_eq!(parse_offer_id(&id), Some((series.as_str(), day, step)));
    }
}

#[test]
fn the_largest_order_overflows_nothing() {
    let cart = CartTotals { total: Minor::MAX, ..CartTotals::default() };
    let costs = RewardCosts { points_percent: Some(100), ..RewardCosts::default() };
    let value = |reward| promised(reward, On::Anything).value(&cart, &costs).unwrap();
    assert_eq!(value(Reward::Discount(90)), Minor(Minor::MAX.0 / 10 * 9));
    assert_eq!(value(Reward::Points(10)), Minor(Minor::MAX.0 * 9));
    let all = vec![line("boots", None, Minor::MAX.0), line("boots", None, Minor::MAX.0)];
    let cart = CartTotals { lines: all, ..cart };
    let boots = promised(Reward::Discount(50), On::Products(vec!["boots".to_owned()]));
    assert_eq!(boots.value(&cart, &costs), Ok(Minor(Minor::MAX.0 / 2)), "of no more than the order's total");
}

#[test]
fn free_delivery_is_worth_what_delivery_costs_here_else_usually_else_nothing() {
    let value = |here: Option<i64>, usually: Option<i64>| {
        let cart = CartTotals { total: Minor(100), delivery: here.map(Minor), ..CartTotals::default() };
        let costs = RewardCosts { delivery: usually.map(Minor), points_percent: None };
        promised(Reward::FreeDelivery, On::Anything).value(&cart, &costs)
    };
    assert_eq!(value(Some(0), Some(500)), Ok(Minor(0)));
    assert_eq!(value(Some(450), Some(500)), Ok(Minor(450)));
    assert_eq!(value(None, Some(500)), Ok(Minor(500)));
    assert_eq!(value(None, None), Ok(Minor(0)));
    let on_coats = promised(Reward::FreeDelivery, On::Category("Coats".to_owned()));
    let cart = CartTotals { total: Minor(100), lines: vec![line("boots", Some("Shoes"), 100)], delivery: None };
    assert_eq!(on_coats.value(&cart, &RewardCosts::default()), Err(CartRefused::NoLineQualifies));
}

#[test]
fn a_least_total_is_reached_or_not() {
    let conditions = |least: Option<i64>| Conditions { min_total: least.map(Minor), stacks: false };
    assert!(qualifies(&conditions(None), Minor(0)));
    assert!(qualifies(&conditions(Some(100)), Minor(100)));
    assert!(!qualifies(&conditions(Some(100)), Minor(99)));
}

#[test]
fn what_is_no_offers_id_is_none() {
    for text in [
        "",
        "/",
        "gift",
        "gift/2026-03-01",
        "/2026-03-01/1",
        "gift/2026-03-01/",
        "gift/2026-03-01/0",
        "gift/2026-03-01/+1",
        "gift/2026-03-01/01",
        "gift/2026-03-01/256",
        "gift/2026-3-1/1",
        "gift/2026-02-30/1",
        "gift/2026-03-01/1/",
        "gift/2026-03-01/1 ",
    ] {
        assert_eq!(parse_offer_id(text), None, "`{text}`");
    }
}

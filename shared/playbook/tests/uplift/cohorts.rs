//! Who is in which cell, and with what.

use std::collections::BTreeMap;

use playbook::holdout::{EVERYTHING, Holdout};
use playbook::uplift::{Arm, Measure, Report, Tally};
use playbook::{IdeaKind, Playbook};
use segmentation::{ClosedStep, Day, Minor, Profile, Regrouped, Segment};

use super::synthetic::{cuts, day, october, order, profile};

fn cohort() -> Segment {
    "r2f2m2".parse().unwrap()
}

/// The first rewarded series of the cohort's entry, and the second.
fn series() -> [String; 2] {
    let entry = Playbook::builtin().entry(cohort());
    let rewarded = entry.ideas.iter().filter(|idea| idea.kind() == IdeaKind::Reward);
    let names: Vec<String> = rewarded.map(|idea| Playbook::series(entry, idea)).take(2).collect();
    names.try_into().unwrap()
}

/// In the cohort, with these orders besides.
fn member(more: &[(&str, i64)]) -> Profile {
    let before = [order(day("2026-07-01"), 2_000), order(day("2026-08-15"), 3_000)];
    profile(before.into_iter().chain(more.iter().map(|(on, net)| order(day(on), *net))))
}

fn used(series: &str, on: Day, value: i64) -> ClosedStep {
    ClosedStep { series: series.to_owned(), slot: on, step: 1, until: on.plus(6), day: on, value: Minor(value) }
}

fn measured(holdout: Holdout, customers: &[(Profile, &[&str])]) -> Tally {
    let measure = Measure::new(&october(holdout), cuts(), Playbook::builtin());
    let mut tally = Tally::default();
    for (profile, drawn) in customers {
        measure.add(&mut tally, profile, |series| drawn.contains(&series));
    }
    tally
}

#[test]
fn only_orders_inside_the_period_are_an_outcome_and_only_those_before_it_make_the_cohort() {
    let everyone = Holdout { percent: 20, ..Holdout::default() };
    let newcomer = profile([order(day("2026-10-02"), 9_000)]);
    let buyer = member(&[("2026-10-01", 100), ("2026-10-31", 200), ("2026-11-01", 400)]);
    let tally = measured(everyone, &[(buyer, &[]), (member(&[]), &["*"]), (newcomer, &[])]);
    let cell = tally.at(cohort(), EVERYTHING);
    assert_eq!(tally.cells().count(), 1, "who came in October is in no cohort");
    let treated = Arm {
        customers: 1,
        converted: 1,
        orders: 2,
        orders_squared: 4,
        revenue: 300,
        revenue_squared: 90_000,
        ..Arm::default()
    };
    assert_eq!((cell.treated, cell.held_out), (treated, Arm { customers: 1, ..Arm::default() }));
}

#[test]
fn an_order_on_the_first_day_is_outcome_and_does_not_make_the_cohort_recent() {
    let tally = measured(Holdout { percent: 20, ..Holdout::default() }, &[(member(&[("2026-10-01", 100)]), &[])]);
    assert_eq!(tally.cells().map(|(cohort, ..)| cohort).collect::<Vec<_>>(), [cohort()]);
}

#[test]
fn who_was_merged_or_parted_since_the_first_day_is_in_no_cohort() {
    for (on, counted) in [("2026-09-30", 1), ("2026-10-01", 0), ("2026-10-31", 0)] {
        let regrouped = Some(Regrouped { version: 3, day: day(on) });
        let merged = Profile { regrouped, ..member(&[("2026-10-05", 100)]) };
        let tally = measured(Holdout { percent: 20, ..Holdout::default() }, &[(merged, &[])]);
        assert_eq!(tally.cells().count(), counted, "{on}");
    }
}

#[test]
fn rewards_cost_their_series_and_everything_and_only_in_the_period() {
    let [first, second] = series();
    let mut customer = member(&[("2026-10-05", 1_000)]);
    for step in [
        used(&first, day("2026-10-05"), 50),
        used(&first, day("2026-09-30"), 7_000),
        used(&second, day("2026-10-06"), 30),
        used("r3f3m3/elsewhere", day("2026-10-07"), 11),
    ] {
        customer.closed.push(step);
    }
    let tally = measured(Holdout { percent: 20, ..Holdout::default() }, &[(customer, &[])]);
    let spent = |series: &str| (tally.at(cohort(), series).treated.cost, tally.at(cohort(), series).treated.redeemers);
    assert_eq!((spent(EVERYTHING), spent(&first), spent(&second)), ((91, 1), (50, 1), (30, 1)));
}

#[test]
fn a_series_arms_leave_out_who_is_held_out_of_everything() {
    let [first, second] = series();
    let holdout = Holdout { percent: 20, series: BTreeMap::from([(first.clone(), 10)]), ..Holdout::default() };
    let of_first = first.as_str();
    let customers: Vec<(Profile, Vec<&str>)> =
        [vec![], vec![of_first], vec!["*"], vec!["*", of_first], vec![]].map(|drawn| (member(&[]), drawn)).into();
    let customers: Vec<(Profile, &[&str])> = customers.iter().map(|(p, drawn)| (p.clone(), drawn.as_slice())).collect();
    let tally = measured(holdout, &customers);
    let counts = |series: &str| {
        let cell = tally.at(cohort(), series);
        (cell.treated.customers, cell.held_out.customers)
    };
    assert_eq!((counts(EVERYTHING), counts(&first), counts(&second)), ((3, 2), (2, 1), (0, 0)));
}

#[test]
fn what_cannot_be_computed_is_absent_and_never_a_number_that_is_none() {
    let holdout = Holdout { percent: 20, ..Holdout::default() };
    for customers in [vec![], vec![(member(&[]), [].as_slice())], vec![(member(&[]), ["*"].as_slice())]] {
        let report = Report::of(&measured(holdout.clone(), &customers).at(cohort(), EVERYTHING));
        let json = serde_json::to_value(&report).unwrap();
        for absent in ["uplift", "extra_orders", "cost_per_extra_order", "bought_anyway", "needed_for_observed"] {
            assert!(json.get(absent).is_none(), "{absent}: {json}");
        }
        assert!(!json.to_string().contains("null"), "{json}");
    }
}

#[test]
fn money_that_went_to_people_who_would_have_bought_anyway_is_estimated() {
    let arm = |customers, converted, orders, cost| Arm {
        customers,
        converted,
        orders,
        orders_squared: orders,
        revenue: orders * 5_000,
        revenue_squared: orders * 25_000_000,
        cost,
        redeemers: converted / 2,
    };
    let cell = playbook::uplift::Cell { treated: arm(1_000, 300, 300, 60_000), held_out: arm(250, 50, 50, 0) };
    let report = Report::of(&cell);
    let anyway = report.bought_anyway.unwrap();
    // 20 % buy anyway of the 30 % who buy: two thirds of 600.00; 100 extra orders for 600.00 are 6.00 each.
    assert_eq!((anyway.share, anyway.reward_cost), (0.666_667, Minor(40_000)));
    assert_eq!(report.extra_orders.map(|extra| extra.estimate), Some(100.0));
    assert_eq!(report.cost_per_extra_order, Some(Minor(600)));
    assert_eq!(report.treated.average_order, Some(Minor(5_000)));
    assert!(report.needed_for_one_point.is_none() && report.uplift.unwrap().conversion.excludes_zero());
}

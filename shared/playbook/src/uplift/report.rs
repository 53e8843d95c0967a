//! What the sums of both arms say. Whatever cannot be computed is absent, never a number that is none.

use segmentation::Minor;
use serde::Serialize;

use super::arm::Arm;
use super::statistics::{
    Interval, conversion, difference_of_means, difference_of_proportions, held_out_needed, number,
};
use super::tally::Cell;
use crate::language::Language;

/// One arm. Means of money are rounded to the minor unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ArmReport {
    /// Customers.
    pub customers: u64,
    /// Those with an order.
    pub converted: u64,
    /// Their share, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversion: Option<f64>,
    /// Orders per customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders_per_customer: Option<f64>,
    /// Revenue per customer, net of returns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue_per_customer: Option<Minor>,
    /// Revenue per order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_order: Option<Minor>,
    /// Customers who used a reward.
    pub redeemers: u64,
    /// What the rewards used were worth.
    pub reward_cost: Minor,
}

/// Treated less held out, per customer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Effects {
    /// Of the share that bought.
    pub conversion: Interval<f64>,
    /// Of orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders: Option<Interval<f64>>,
    /// Of revenue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue: Option<Interval<Minor>>,
}

/// Reward money that went to people who would have bought anyway: estimated as if the share of such people were the same among
/// those who used a reward as among all treated buyers, min(1, held-out conversion / treated conversion).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BoughtAnyway {
    /// The share, from 0 to 1.
    pub share: f64,
    /// That share of the money.
    pub reward_cost: Minor,
}

/// How many customers show a difference in conversion with 80 % power, both arms in the proportion they have now.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SampleSize {
    /// Which difference.
    pub difference: f64,
    /// Treated customers needed.
    pub treated: u64,
    /// Held-out customers needed.
    pub held_out: u64,
    /// How many treated ones are still missing.
    pub more_treated: u64,
    /// How many held-out ones are still missing.
    pub more_held_out: u64,
}

/// What one cell says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "UpliftReport"))]
pub struct Report {
    /// Who may get the reward.
    pub treated: ArmReport,
    /// Who is held out.
    pub held_out: ArmReport,
    /// What the reward changes; absent while an arm is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uplift: Option<Effects>,
    /// Orders there would not have been: the effect on orders times the treated customers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_orders: Option<Interval<f64>>,
    /// The treated arm's reward cost over its extra orders; absent where the estimate has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_per_extra_order: Option<Minor>,
    /// Reward money that changed nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bought_anyway: Option<BoughtAnyway>,
    /// The sample for the difference that is seen now; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed_for_observed: Option<SampleSize>,
    /// The sample for a difference of one percentage point, while none is seen for sure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed_for_one_point: Option<SampleSize>,
    /// In one or two plain sentences; English, unless [`Report::in_language`] said otherwise.
    pub reading: String,
}

impl Report {
    /// Of both arms' sums.
    #[must_use]
    pub fn of(cell: &Cell) -> Report {
        let Cell { treated, held_out } = cell;
        let uplift = Effects::of(treated, held_out);
        let extra = difference_of_means(orders(treated), orders(held_out))
            .map(|effect| effect.map(|orders| orders * number(treated.customers)));
        let cost_per_extra_order = extra
            .filter(|extra| extra.estimate > 0.0 && treated.cost > 0)
            .and_then(|extra| money(number(treated.cost) / extra.estimate));
        let seen = uplift.is_some_and(|effects| effects.conversion.excludes_zero());
        let base = conversion(held_out);
        let observed = base.zip(conversion(treated)).map(|(base, treated)| treated - base);
        let needed = |difference: f64| SampleSize::of(cell, base?, difference);
        // Upwards, but where there is no room for it.
        let one_point = if base.is_some_and(|base| base > 0.99) { -0.01 } else { 0.01 };
        let mut report = Report {
            treated: ArmReport::of(treated),
            held_out: ArmReport::of(held_out),
            uplift,
            extra_orders: extra.map(|extra| extra.map(rounded)),
            cost_per_extra_order,
            bought_anyway: BoughtAnyway::of(cell),
            needed_for_observed: observed.and_then(needed),
            needed_for_one_point: if seen { None } else { needed(one_point) },
            reading: String::new(),
        };
        report.reading = report.read(Language::default());
        report
    }

    /// The same, read in this language.
    #[must_use]
    pub fn in_language(self, language: Language) -> Report {
        Report { reading: self.read(language), ..self }
    }
}

impl ArmReport {
    fn of(arm: &Arm) -> ArmReport {
        let per = |sum: u128, of: u128| (of > 0).then(|| number(sum) / number(of));
        ArmReport {
            customers: count(arm.customers),
            converted: count(arm.converted),
            conversion: conversion(arm).map(rounded),
            orders_per_customer: per(arm.orders, arm.customers).map(rounded),
            revenue_per_customer: mean_amount(arm.revenue, arm.customers),
            average_order: mean_amount(arm.revenue, arm.orders),
            redeemers: count(arm.redeemers),
            reward_cost: Minor(i64::try_from(arm.cost).unwrap_or(i64::MAX)),
        }
    }
}

impl Effects {
    fn of(treated: &Arm, held_out: &Arm) -> Option<Effects> {
        let revenue = |arm: &Arm| [arm.customers, arm.revenue, arm.revenue_squared];
        let revenue = difference_of_means(revenue(treated), revenue(held_out));
        Some(Effects {
            conversion: difference_of_proportions(treated, held_out)?.map(rounded),
            orders: difference_of_means(orders(treated), orders(held_out)).map(|effect| effect.map(rounded)),
            revenue: revenue.and_then(|effect| {
                let Interval { estimate, low, high } = effect.map(money);
                Some(Interval { estimate: estimate?, low: low?, high: high? })
            }),
        })
    }
}

impl BoughtAnyway {
    fn of(cell: &Cell) -> Option<BoughtAnyway> {
        let (treated, held_out) = (conversion(&cell.treated)?, conversion(&cell.held_out)?);
        if treated == 0.0 || cell.treated.cost == 0 {
            return None;
        }
        let share = (held_out / treated).min(1.0);
        Some(BoughtAnyway { share: rounded(share), reward_cost: money(share * number(cell.treated.cost))? })
    }
}

impl SampleSize {
    fn of(cell: &Cell, base: f64, difference: f64) -> Option<SampleSize> {
        let (treated, held_out) = (count(cell.treated.customers), count(cell.held_out.customers));
        let ratio = number(cell.treated.customers) / number(cell.held_out.customers);
        let needed = held_out_needed(base, base + difference, ratio).filter(|_| held_out > 0)?;
        let needed_treated = (needed as f64 * ratio).ceil() as u64;
        Some(SampleSize {
            difference: rounded(difference),
            treated: needed_treated,
            held_out: needed,
            more_treated: needed_treated.saturating_sub(treated),
            more_held_out: needed.saturating_sub(held_out),
        })
    }
}

fn orders(arm: &Arm) -> [u128; 3] {
    [arm.customers, arm.orders, arm.orders_squared]
}

fn count(sum: u128) -> u64 {
    u64::try_from(sum).unwrap_or(u64::MAX)
}

/// A mean of amounts in integers, rounded half up.
fn mean_amount(sum: u128, of: u128) -> Option<Minor> {
    let mean = (sum.saturating_add(of / 2)).checked_div(of)?;
    i64::try_from(mean).ok().map(Minor)
}

/// An estimate of money, to the minor unit; `None` beyond all money.
fn money(estimate: f64) -> Option<Minor> {
    let rounded = estimate.round();
    (rounded.abs() < 9e18).then_some(Minor(rounded as i64))
}

/// To six digits, so that what is shown has no digits that mean nothing.
fn rounded(estimate: f64) -> f64 {
    (estimate * 1e6).round() / 1e6
}

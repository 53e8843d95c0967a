//! What a simulation counts. Tallies of parts of a base add up to the same tally in any order.

use std::collections::BTreeMap;

use segmentation::{Minor, Place};
use serde::{Deserialize, Serialize};

/// Customers, days and promises under one heading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SimulatedLine"))]
pub struct Line {
    /// Customers to whom something of it could be shown, each once.
    pub customers: u64,
    /// Days on which it could, summed over customers.
    pub days: u64,
    /// Customers to whom a reward of it was promised, each once.
    pub rewarded: u64,
    /// Promises: (series, slot, step) with a reward, each once per customer.
    pub promises: u64,
    /// What the promises come to at most, in minor units: each at the customer's usual order of the day on which it was first made.
    pub ceiling: Minor,
    /// Promises that an order of their time could have used.
    pub used: u64,
    /// Of the ceiling, what those come to.
    pub used_cost: Minor,
}

impl Line {
    /// Both together, for lines of different customers.
    #[must_use]
    pub fn plus(&self, other: &Line) -> Line {
        Line {
            customers: self.customers + other.customers,
            days: self.days + other.days,
            rewarded: self.rewarded + other.rewarded,
            promises: self.promises + other.promises,
            // Never below zero, so that what is too much for 64 bits ends at one value whatever came first.
            ceiling: Minor(self.ceiling.0.saturating_add(other.ceiling.0)),
            used: self.used + other.used,
            used_cost: Minor(self.used_cost.0.saturating_add(other.used_cost.0)),
        }
    }
}

/// A series' line, and what kind of action it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesLine {
    /// The idea's mechanic, by its name.
    pub mechanic: String,
    /// Its numbers.
    #[serde(flatten)]
    pub line: Line,
}

/// What a playbook would have done to the customers of a base. Customers are distinct under each heading, so the headings'
/// customers need not add up to those of the whole; days of a heading are such on which at least one of its offers could be
/// shown. Promises and money add up: a promise stands where the customer stood when it was first made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Customers with an order before the last day.
    pub customers: u64,
    /// Days decided for, summed over those customers.
    pub days: u64,
    /// All offers.
    pub total: Line,
    /// Customers who stood in a segment on at least one day.
    pub standing: BTreeMap<Place, u64>,
    /// Per segment.
    pub segments: BTreeMap<Place, Line>,
    /// Per mechanic.
    pub mechanics: BTreeMap<String, Line>,
    /// Per segment and series.
    pub series: BTreeMap<Place, BTreeMap<String, SeriesLine>>,
}

impl Tally {
    /// Adds the tally of other customers.
    pub fn merge(&mut self, other: &Tally) {
        self.customers += other.customers;
        self.days += other.days;
        self.total = self.total.plus(&other.total);
        for (place, customers) in &other.standing {
            *self.standing.entry(*place).or_default() += customers;
        }
        for (place, line) in &other.segments {
            let held = self.segments.entry(*place).or_default();
            *held = held.plus(line);
        }
        for (mechanic, line) in &other.mechanics {
            match self.mechanics.get_mut(mechanic) {
                Some(held) => *held = held.plus(line),
                None => drop(self.mechanics.insert(mechanic.clone(), *line)),
            }
        }
        for (place, lines) in &other.series {
            let held = self.series.entry(*place).or_default();
            for (series, line) in lines {
                match held.get_mut(series) {
                    Some(held) => held.line = held.line.plus(&line.line),
                    None => drop(held.insert(series.clone(), line.clone())),
                }
            }
        }
    }
}

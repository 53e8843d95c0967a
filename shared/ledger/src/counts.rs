//! What a run counts; its shards' counts merge in any order.

use std::collections::BTreeMap;

use playbook::uplift::Tally;
use segmentation::{AimCount, BeaconCount, Cause, Census, MoveMatrix, Movement, Responses, Spread};
use serde::{Deserialize, Serialize};

/// What a run or one of its shards counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RunCounts"))]
pub struct Counts {
    /// Customers and revenue per place, after the run.
    pub census: Census,
    /// From where to where this run moved them, each customer once.
    pub matrix: MoveMatrix,
    /// Steps by their cause.
    pub steps: BTreeMap<Cause, u64>,
    /// Who stands elsewhere than at the run before, whatever moved them; absent from runs of before 2026-12.
    #[serde(default, skip_serializing_if = "Movement::is_empty")]
    pub movement: Movement,
    /// How the base spreads over the values of each axis; absent from runs of before 2026-12.
    #[serde(default, skip_serializing_if = "Spread::is_empty")]
    pub spread: Spread,
    /// Read units of the pages.
    pub read_units: f64,
    /// Customers who did not move as was previewed; absent where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched: Option<u64>,
    /// What the shop's holdout shows; once published, it has an item of its own.
    #[serde(default, skip_serializing_if = "Tally::is_empty")]
    pub uplift: Tally,
    /// Which rewards were used, and what was answered; once published, it has an item of its own.
    #[serde(default, skip_serializing_if = "Responses::is_empty")]
    pub responses: Responses,
    /// VIPs who slip, and what is at risk.
    #[serde(default)]
    pub beacon: BeaconCount,
    /// Who of the promising group became recent again.
    #[serde(default)]
    pub aim: AimCount,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub fn merge(&self, other: &Counts) -> Counts {
        let mut steps = self.steps.clone();
        for (cause, count) in &other.steps {
            *steps.entry(*cause).or_default() += count;
        }
        Counts {
            census: self.census.merge(&other.census),
            matrix: self.matrix.merge(&other.matrix),
            steps,
            movement: self.movement.merge(&other.movement),
            spread: self.spread.merge(&other.spread),
            read_units: self.read_units + other.read_units,
            touched: self.touched.map_or(other.touched, |touched| Some(touched + other.touched.unwrap_or(0))),
            uplift: self.uplift.clone().merge(&other.uplift),
            responses: self.responses.clone().merge(&other.responses),
            beacon: self.beacon.merge(&other.beacon),
            aim: self.aim.merge(&other.aim),
        }
    }
}

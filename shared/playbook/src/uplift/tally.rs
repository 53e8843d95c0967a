//! Sums of both arms per cohort and series.

use std::collections::BTreeMap;

use segmentation::Segment;
use serde::{Deserialize, Serialize};

use super::arm::{Arm, Outcome};
use crate::holdout::EVERYTHING;

/// Both arms of one comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Who may get the reward, whether or not they used it.
    pub treated: Arm,
    /// Who is held out.
    pub held_out: Arm,
}

impl Cell {
    /// Both together.
    #[must_use]
    pub fn merge(&self, other: &Cell) -> Cell {
        Cell { treated: self.treated.merge(&other.treated), held_out: self.held_out.merge(&other.held_out) }
    }
}

/// Cells by cohort and series, [`EVERYTHING`] among them. Stored as lines of text in one order: equal tallies are equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "UpliftTally"))]
pub struct Tally(BTreeMap<Segment, BTreeMap<String, Cell>>);

/// A line is none that a tally wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no line of a tally")]
pub struct NotATally(String);

impl Tally {
    /// Adds one customer to an arm.
    pub fn add(&mut self, cohort: Segment, series: &str, held_out: bool, outcome: &Outcome) {
        let cell = self.cell(cohort, series);
        if held_out { cell.held_out.add(outcome) } else { cell.treated.add(outcome) }
    }

    /// Adds what one treated customer's rewards of a series came to that holds nobody out by itself: whom to compare with
    /// stands in the cell of [`EVERYTHING`].
    pub(super) fn add_rewards(&mut self, cohort: Segment, series: &str, outcome: &Outcome) {
        self.cell(cohort, series).treated.add_rewards(outcome);
    }

    fn cell(&mut self, cohort: Segment, series: &str) -> &mut Cell {
        let cells = self.0.entry(cohort).or_default();
        // Looked up before it is made: a name is written once and not once a customer.
        if !cells.contains_key(series) {
            cells.insert(series.to_owned(), Cell::default());
        }
        cells.entry(series.to_owned()).or_default()
    }

    /// A cell; empty where nobody was counted.
    #[must_use]
    pub fn at(&self, cohort: Segment, series: &str) -> Cell {
        self.0.get(&cohort).and_then(|cells| cells.get(series)).copied().unwrap_or_default()
    }

    /// All cells that hold anybody, by segment and series, those of [`EVERYTHING`] first in each segment.
    pub fn cells(&self) -> impl Iterator<Item = (Segment, &str, &Cell)> {
        self.0.iter().flat_map(|(cohort, cells)| cells.iter().map(|(series, cell)| (*cohort, series.as_str(), cell)))
    }

    /// The cells of [`EVERYTHING`] over all segments: the draw does not know the segment, so they may be added up.
    #[must_use]
    pub fn total(&self) -> Cell {
        let all = self.0.values().filter_map(|cells| cells.get(EVERYTHING));
        all.fold(Cell::default(), |sum, cell| sum.merge(cell))
    }

    /// Both together; associative and commutative.
    #[must_use]
    pub fn merge(mut self, other: &Tally) -> Tally {
        for (cohort, series, cell) in other.cells() {
            let sum = self.cell(cohort, series);
            *sum = sum.merge(cell);
        }
        self
    }

    /// Nobody counted?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Tally> for Vec<String> {
    /// A line per cell: segment, series, and the sums of the treated and of the held out, the latter left out where nobody is.
    fn from(tally: Tally) -> Vec<String> {
        let line = |(cohort, series, cell): (Segment, &str, &Cell)| {
            let treated = format!("{cohort} {series} {}", cell.treated);
            if cell.held_out.is_empty() { treated } else { format!("{treated} {}", cell.held_out) }
        };
        tally.cells().map(line).collect()
    }
}

impl TryFrom<Vec<String>> for Tally {
    type Error = NotATally;

    fn try_from(lines: Vec<String>) -> Result<Tally, NotATally> {
        let mut tally = Tally::default();
        for line in lines {
            let read = || {
                let mut words = line.split(' ');
                let (cohort, series) = (words.next()?.parse().ok()?, words.next()?);
                let numbers: Vec<&str> = words.collect();
                let treated = numbers.get(..8)?.join(" ").parse().ok()?;
                let held_out = match numbers.get(8..).filter(|rest| !rest.is_empty()) {
                    Some(rest) => rest.join(" ").parse().ok()?,
                    None => Arm::default(),
                };
                Some((cohort, series.to_owned(), Cell { treated, held_out }))
            };
            let (cohort, series, cell) = read().ok_or_else(|| NotATally(line.clone()))?;
            *tally.cell(cohort, &series) = cell;
        }
        Ok(tally)
    }
}

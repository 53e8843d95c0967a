//! A tally as rows, for lists that are read in pages.

use segmentation::Place;
use serde::{Deserialize, Serialize};

use crate::simulate::tally::{Line, Tally};

/// What a row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SimulatedOf"))]
pub enum Of {
    /// All offers.
    Total,
    /// Those of a segment.
    Segment,
    /// Those of a mechanic.
    Mechanic,
    /// Those of a series in a segment.
    Series,
}

/// One heading's line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TallyRow {
    /// What it counts.
    pub of: Of,
    /// In which segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Place>,
    /// Which mechanic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mechanic: Option<String>,
    /// Which series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// Customers who stood in the segment on at least one day, or those there were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stood: Option<u64>,
    /// Its numbers.
    #[serde(flatten)]
    pub line: Line,
}

impl Tally {
    /// All of it, but the days decided for: the total, then segments, mechanics and series, each in its own order.
    #[must_use]
    pub fn rows(&self) -> Vec<TallyRow> {
        let row = |of, line| TallyRow { of, segment: None, mechanic: None, series: None, stood: None, line };
        let mut rows = vec![TallyRow { stood: Some(self.customers), ..row(Of::Total, self.total) }];
        rows.extend(self.standing.iter().map(|(place, stood)| TallyRow {
            segment: Some(*place),
            stood: Some(*stood),
            ..row(Of::Segment, self.segments.get(place).copied().unwrap_or_default())
        }));
        rows.extend(
            self.mechanics
                .iter()
                .map(|(mechanic, line)| TallyRow { mechanic: Some(mechanic.clone()), ..row(Of::Mechanic, *line) }),
        );
        for (place, lines) in &self.series {
            rows.extend(lines.iter().map(|(series, line)| TallyRow {
                segment: Some(*place),
                mechanic: Some(line.mechanic.clone()),
                series: Some(series.clone()),
                ..row(Of::Series, line.line)
            }));
        }
        rows
    }
}

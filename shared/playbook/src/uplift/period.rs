//! Which days a measurement is over.

use std::fmt;
use std::str::FromStr;

use segmentation::Day;
use serde::{Deserialize, Serialize};

/// Days from one to another, both inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "MeasuredPeriod"))]
pub struct Period {
    /// The first day: cohorts are the segments as of its beginning.
    pub from: Day,
    /// The last day.
    pub through: Day,
}

impl Period {
    /// No day at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.through < self.from
    }

    /// Is the day inside?
    #[must_use]
    pub fn contains(&self, day: Day) -> bool {
        (self.from..=self.through).contains(&day)
    }
}

/// A calendar month, written `2026-10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = "^[0-9]{4}-[0-9]{2}$")))]
pub struct Month(Day);

/// The text is no month.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a month in the form YYYY-MM")]
pub struct NotAMonth(pub String);

impl Month {
    /// The month in which a day lies.
    #[must_use]
    pub fn of(day: Day) -> Month {
        Month(day.plus(1 - i64::from(day.day_of_month())))
    }

    /// Its first day.
    #[must_use]
    pub fn first(self) -> Day {
        self.0
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.date().format("%Y-%m"))
    }
}

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Month, NotAMonth> {
        let first = format!("{text}-01").parse();
        first.map(Month).map_err(|_| NotAMonth(text.chars().take(20).collect()))
    }
}

impl TryFrom<String> for Month {
    type Error = NotAMonth;

    fn try_from(text: String) -> Result<Month, NotAMonth> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> String {
        month.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_read_and_written_in_one_spelling() {
        let month: Month = "2026-02".parse().unwrap();
        assert_eq!((month.to_string(), month.first().to_string()), ("2026-02".to_owned(), "2026-02-01".to_owned()));
        assert_eq!(Month::of("2026-02-28".parse().unwrap()), month);
        for text in ["", "2026", "2026-13", "2026-2", "2026-02-01", "x"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}

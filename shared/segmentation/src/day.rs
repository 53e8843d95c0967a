//! A calendar day in the shop's time zone (law 4). Which day a moment belongs to is decided outside, where zones are known.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

/// A calendar day, counted in days since 1970-01-01; written `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("format" = "date")))]
pub struct Day(i32);

/// The text is no day between 1970-01-01 and 9999-12-31 in the form `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a day from 1970-01-01 to 9999-12-31 in the form YYYY-MM-DD")]
pub struct NotADay(pub String);

impl Day {
    /// 9999-12-31, the last day that can be written in four digits of year.
    pub const MAX: Day = Day(2_932_896);
    /// 1970-01-01.
    pub const MIN: Day = Day(0);

    /// The day `days` after 1970-01-01, kept between [`Day::MIN`] and [`Day::MAX`].
    #[must_use]
    pub fn from_epoch_days(days: i64) -> Day {
        let days = days.clamp(i64::from(Day::MIN.0), i64::from(Day::MAX.0));
        Day(i32::try_from(days).unwrap_or(Day::MAX.0))
    }

    /// The day of a calendar date, or `None` outside 1970 to 9999.
    #[must_use]
    pub fn from_date(date: NaiveDate) -> Option<Day> {
        let day = Day(date.to_epoch_days());
        (Day::MIN..=Day::MAX).contains(&day).then_some(day)
    }

    /// The calendar date of this day.
    #[must_use]
    pub fn date(self) -> NaiveDate {
        // In range by construction; `MIN` is never reached.
        NaiveDate::from_epoch_days(self.0).unwrap_or(NaiveDate::MIN)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn epoch_days(self) -> i32 {
        self.0
    }

    /// This day plus `days`, kept between [`Day::MIN`] and [`Day::MAX`].
    #[must_use]
    pub fn plus(self, days: i64) -> Day {
        Day::from_epoch_days(i64::from(self.0) + days)
    }

    /// Days from `earlier` to this day; negative if it is later.
    #[must_use]
    pub fn since(self, earlier: Day) -> i64 {
        i64::from(self.0) - i64::from(earlier.0)
    }

    /// The weekday.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        self.date().weekday()
    }

    /// Day of the month, 1 to 31.
    #[must_use]
    pub fn day_of_month(self) -> u32 {
        self.date().day()
    }

    /// Months since year 0: equal for days of one calendar month.
    #[must_use]
    pub fn month_number(self) -> i32 {
        let date = self.date();
        date.year() * 12 + date.month0().cast_signed()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Written often: by hand it takes a tenth of what a format that is read each time does.
        let date = self.date();
        write!(f, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Day, NotADay> {
        // A day has exactly one spelling here, since it stands in keys.
        let read = || {
            (text.len() == 10).then_some(())?;
            let [y @ .., b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
            let number = |digits: &[u8]| {
                digits.iter().try_fold(0_u32, |number, digit| {
                    digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
                })
            };
            let (month, day) = (number(&[*m1, *m2])?, number(&[*d1, *d2])?);
            NaiveDate::from_ymd_opt(i32::try_from(number(y)?).ok()?, month, day).and_then(Day::from_date)
        };
        read().ok_or_else(|| NotADay(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for Day {
    type Error = NotADay;

    fn try_from(text: String) -> Result<Day, NotADay> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> String {
        day.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_and_written_in_one_spelling() {
        for text in ["1970-01-01", "2000-02-29", "2026-11-22", "9999-12-31"] {
            assert_eq!(text.parse::<Day>().map(|d| d.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "1969-12-31", "2026-2-1", "2026-02-30", "20260201", "2026-02-01 ", "10000-01-01"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn days_are_counted_over_leap_years_and_kept_in_range() {
        let day: Day = "2024-02-28".parse().unwrap_or(Day::MIN);
        assert_eq!(day.plus(2).to_string(), "2024-03-01");
        assert_eq!(day.plus(366).since(day), 366);
        assert_eq!(Day::MIN.plus(-1), Day::MIN);
        assert_eq!(Day::MAX.plus(1), Day::MAX);
        assert_eq!(Day::MAX.to_string(), "9999-12-31");
    }
}

//! A customer's own rhythm: the usual gap between purchases and the usual day, computed from the packed orders.

use chrono::Weekday;
use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::orders::Orders;
use crate::values::Window;

/// The day on which a customer usually buys: a weekday, or a day of the month where that is the stronger habit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum UsualDay {
    /// A weekday.
    Weekday(Weekday),
    /// A day of the month, 1 to 31.
    DayOfMonth(u32),
}

/// Rhythm as known on a day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rhythm {
    /// Gaps known: days with a purchase, less one. Two orders on one day are one visit.
    pub gaps: usize,
    /// Median gap in days (a half where two middle gaps differ by an odd number); `None` without a gap.
    pub usual_gap_days: Option<f64>,
    /// `None` below [`Rhythm::MIN_VISITS`] visits, or where no day stands out.
    pub usual_day: Option<UsualDay>,
}

impl Rhythm {
    /// With fewer visits a usual day would be chance.
    pub const MIN_VISITS: usize = 4;
    /// A habit is seen at least three times.
    const MIN_REPEATS: u32 = 3;
    /// How far above chance, in standard deviations of a binomial count, a day must stand to be called usual: high, as the
    /// best of 7 or 31 days is taken.
    const MIN_SURPRISE: f64 = 3.0;

    /// The rhythm on the day `on`, over counted orders of the whole lifetime up to that day.
    #[must_use]
    pub fn of(orders: &Orders, on: Day, window: Window) -> Rhythm {
        let mut visits: Vec<Day> =
            orders.iter().filter(|e| window.counts(e) && e.day <= on).map(|entry| entry.day).collect();
        visits.dedup();
        let mut gaps: Vec<i64> = visits.windows(2).map(|pair| pair[1].since(pair[0])).collect();
        gaps.sort_unstable();
        Rhythm { gaps: gaps.len(), usual_gap_days: median(&gaps), usual_day: usual_day(&visits) }
    }

    /// Days since the last order over the usual gap: 1 is on time. `None` without a gap.
    #[must_use]
    pub fn overdue(&self, recency_days: u32) -> Option<f64> {
        self.usual_gap_days.map(|gap| f64::from(recency_days) / gap)
    }
}

fn median(sorted: &[i64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some((upper + lower) as f64 / 2.0)
}

fn usual_day(visits: &[Day]) -> Option<UsualDay> {
    if visits.len() < Rhythm::MIN_VISITS {
        return None;
    }
    let mut weekdays = [0_u32; 7];
    let mut month_days = [0_u32; 32];
    for visit in visits {
        weekdays[visit.weekday().num_days_from_monday() as usize] += 1;
        month_days[visit.day_of_month() as usize] += 1;
    }
    // A month has 365.25 / 12 days; the few visits on a 31st are a little understated.
    let (weekday, by_week) = strongest(&weekdays, visits.len(), 1.0 / 7.0)?;
    let (month_day, by_month) = strongest(&month_days, visits.len(), 12.0 / 365.25)?;
    if by_week.max(by_month) < Rhythm::MIN_SURPRISE {
        None
    } else if by_month > by_week {
        Some(UsualDay::DayOfMonth(month_day))
    } else {
        Weekday::try_from(u8::try_from(weekday).ok()?).ok().map(UsualDay::Weekday)
    }
}

/// The class with the most visits (the first on a tie), and how many standard deviations above chance it stands.
fn strongest(counts: &[u32], visits: usize, chance: f64) -> Option<(u32, f64)> {
    let (class, count) = counts.iter().enumerate().rev().max_by_key(|(_, count)| **count)?;
    let n = visits as f64;
    let surprise = if *count < Rhythm::MIN_REPEATS {
        0.0
    } else {
        (f64::from(*count) - n * chance) / (n * chance * (1.0 - chance)).sqrt()
    };
    Some((u32::try_from(class).ok()?, surprise))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Minor;
    use crate::orders::{Entry, Flags};

    fn orders(days: &[&str]) -> Orders {
        let entry = |day: &&str| Entry { day: day.parse().unwrap_or(Day::MIN), net: Minor(100), flags: Flags::none() };
        days.iter().map(entry).collect()
    }

    fn rhythm(days: &[&str]) -> Rhythm {
        Rhythm::of(&orders(days), Day::MAX, Window::default())
    }

    #[test]
    fn two_orders_on_one_day_are_one_visit() {
        let rhythm = rhythm(&["2026-01-01", "2026-01-01", "2026-01-11", "2026-01-31"]);
        assert_eq!((rhythm.gaps, rhythm.usual_gap_days), (2, Some(15.0)));
        assert_eq!(rhythm.overdue(30), Some(2.0));
    }

    #[test]
    fn a_customer_of_saturdays_has_a_usual_weekday() {
        let rhythm = rhythm(&["2026-01-03", "2026-01-17", "2026-01-24", "2026-02-07", "2026-03-14"]);
        assert_eq!(rhythm.usual_day, Some(UsualDay::Weekday(Weekday::Sat)));
    }

    #[test]
    fn pay_day_is_a_day_of_the_month() {
        let rhythm = rhythm(&["2026-01-10", "2026-02-10", "2026-03-10", "2026-04-10", "2026-05-10"]);
        assert_eq!(rhythm.usual_day, Some(UsualDay::DayOfMonth(10)));
    }

    #[test]
    fn few_or_scattered_visits_make_no_habit() {
        assert_eq!(rhythm(&["2026-01-03", "2026-01-10", "2026-01-17"]).usual_day, None);
        assert_eq!(rhythm(&["2026-01-05", "2026-02-17", "2026-03-11", "2026-04-23"]).usual_day, None);
        assert_eq!(rhythm(&[]).usual_gap_days, None);
    }
}

//! The clock that handlers take from their state, so that history can be replayed and no test waits.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use ledger::shop_day;
use segmentation::Day;

/// What day it is for the shop. The time of leases is always the real one: a replayed day has no hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Now.
    System,
    /// This shop day, in every zone (`--as-of`).
    AsOf(Day),
    /// This moment.
    At(DateTime<Utc>),
}

impl Clock {
    /// How far ahead a shop's clock may be.
    pub const TOLERANCE: TimeDelta = TimeDelta::minutes(10);

    /// The moment, for leases and records.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else takes")]
    pub fn now(self) -> DateTime<Utc> {
        match self {
            Clock::At(moment) => moment,
            Clock::System | Clock::AsOf(_) => Utc::now(),
        }
    }

    /// The moment in the shop's own time: the end of the day, where that is fixed.
    #[must_use]
    pub fn moment(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Clock::System | Clock::At(_) => self.now(),
            Clock::AsOf(day) => {
                let next = day.plus(1).date().and_time(NaiveTime::MIN).and_local_timezone(zone);
                // Where clocks are set forward at midnight, that moment is not there.
                next.earliest().map_or_else(|| self.now(), |next| next.to_utc() - TimeDelta::milliseconds(1))
            }
        }
    }

    /// As it was that long before; a fixed day stays.
    #[must_use]
    pub fn earlier(self, by: TimeDelta) -> Clock {
        match self {
            Clock::AsOf(day) => Clock::AsOf(day),
            Clock::System | Clock::At(_) => Clock::At(self.now() - by),
        }
    }

    /// The shop day (law 4).
    #[must_use]
    pub fn today(self, zone: Tz) -> Day {
        match self {
            Clock::AsOf(day) => day,
            Clock::System | Clock::At(_) => shop_day(self.now(), zone),
        }
    }

    /// Does a moment lie in the future, beyond what clocks may differ by?
    #[must_use]
    pub fn is_ahead<T: chrono::TimeZone>(self, time: &DateTime<T>, zone: Tz) -> bool {
        match self {
            Clock::AsOf(day) => shop_day(time.clone(), zone) > day,
            Clock::System | Clock::At(_) => time.to_utc() > self.now() + Clock::TOLERANCE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_the_shops_and_a_replayed_day_is_the_same_everywhere() {
        let clock = Clock::At("2026-11-22T23:30:00Z".parse().unwrap());
        assert_eq!(clock.today(chrono_tz::Europe::London).to_string(), "2026-11-22");
        assert_eq!(clock.today(chrono_tz::Asia::Tokyo).to_string(), "2026-11-23");
        let replayed = Clock::AsOf("2011-12-10".parse().unwrap());
        assert_eq!(replayed.today(chrono_tz::Pacific::Kiritimati).to_string(), "2011-12-10");
    }

    #[test]
    fn the_moment_of_a_fixed_day_is_its_end_in_the_shops_zone() {
        let moscow = Clock::AsOf("2026-11-22".parse().unwrap()).moment(chrono_tz::Europe::Moscow);
        assert_eq!(moscow, "2026-11-22T20:59:59.999Z".parse::<DateTime<Utc>>().unwrap());
        let now = "2026-11-22T23:30:00Z".parse().unwrap();
        assert_eq!(Clock::At(now).moment(chrono_tz::Europe::Moscow), now);
    }

    #[test]
    fn clocks_may_differ_by_ten_minutes() {
        let clock = Clock::At("2026-11-22T12:00:00Z".parse().unwrap());
        let at = |text: &str| clock.is_ahead(&DateTime::parse_from_rfc3339(text).unwrap(), Tz::UTC);
        assert!(!at("2026-11-22T12:10:00Z") && !at("2026-11-22T14:00:00+02:00"));
        assert!(at("2026-11-22T12:10:01Z"));
    }
}

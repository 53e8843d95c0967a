//! Timestamps as text: a moment in the shop's own time, of which the day is what counts (law 4).

use chrono::{FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;
use segmentation::Day;

/// A moment on the shop's wall clock, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShopTime {
    /// Date and time of day in the shop's time zone.
    pub local: NaiveDateTime,
    /// The shop zone's offset at that moment; `None` when the file gave none and so means the shop's wall clock.
    pub offset: Option<FixedOffset>,
}

impl ShopTime {
    /// The shop day.
    #[must_use]
    pub fn day(&self) -> Day {
        // Times outside the range of days are refused when they are read.
        Day::from_date(self.local.date()).unwrap_or(Day::MIN)
    }

    /// Microseconds since the midnight that began the day.
    pub(crate) fn micros_of_day(&self) -> i64 {
        (self.local.time() - NaiveTime::MIN).num_microseconds().unwrap_or(0)
    }
}

/// Microseconds in a day.
pub(crate) const DAY_MICROS: i64 = 86_400_000_000;

/// Reads `YYYY-MM-DD`, optionally followed by a space or `T` and `HH:MM[:SS[.fraction]]`, optionally followed by `Z` or an offset
/// `+HH:MM`, `+HHMM` or `+HH`, which is converted to `zone`. `None` for anything else, and for days before 1970.
pub(crate) fn shop_time(text: &[u8], zone: Tz) -> Option<ShopTime> {
    let (date, rest) = text.split_at_checked(10)?;
    let date = date_of(date)?;
    let Some((separator, rest)) = rest.split_first() else {
        return in_range(ShopTime { local: date.and_time(NaiveTime::MIN), offset: None });
    };
    if !matches!(separator, b' ' | b'T') {
        return None;
    }
    let (time, rest) = time_of(rest)?;
    let local = date.and_time(time);
    let Some(seconds_east) = offset_of(rest)? else {
        return in_range(ShopTime { local, offset: None });
    };
    let utc = local.checked_sub_signed(TimeDelta::seconds(seconds_east))?;
    let shop = zone.from_utc_datetime(&utc);
    in_range(ShopTime { local: shop.naive_local(), offset: Some(shop.offset().fix()) })
}

fn in_range(time: ShopTime) -> Option<ShopTime> {
    Day::from_date(time.local.date()).map(|_| time)
}

/// The date of ten bytes `YYYY-MM-DD`.
pub(crate) fn date_of(text: &[u8]) -> Option<NaiveDate> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    NaiveDate::from_ymd_opt(year.cast_signed(), two(m1, m2)?, two(d1, d2)?)
}

fn time_of(text: &[u8]) -> Option<(NaiveTime, &[u8])> {
    let [h1, h2, b':', m1, m2, rest @ ..] = text else { return None };
    let (hour, minute) = (two(*h1, *h2)?, two(*m1, *m2)?);
    let [b':', s1, s2, rest @ ..] = rest else {
        return Some((NaiveTime::from_hms_opt(hour, minute, 0)?, rest));
    };
    let second = two(*s1, *s2)?;
    let [b'.', fraction @ ..] = rest else {
        return Some((NaiveTime::from_hms_opt(hour, minute, second)?, rest));
    };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = (digits > 0).then(|| fraction.split_at(digits))?;
    // What is finer than a microsecond is cut off.
    let micros = digits.iter().copied().chain(std::iter::repeat(b'0')).take(6);
    let micros = micros.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    Some((NaiveTime::from_hms_micro_opt(hour, minute, second, micros)?, rest))
}

/// Seconds east of UTC; `Some(None)` where nothing is written.
fn offset_of(text: &[u8]) -> Option<Option<i64>> {
    let (sign, hours, minutes) = match *text {
        [] => return Some(None),
        [b'Z' | b'z'] => return Some(Some(0)),
        [sign, h1, h2] => (sign, two(h1, h2)?, 0),
        [sign, h1, h2, m1, m2] | [sign, h1, h2, b':', m1, m2] => (sign, two(h1, h2)?, two(m1, m2)?),
        _ => return None,
    };
    let seconds = i64::from(hours * 3600 + minutes * 60);
    match sign {
        _ if hours > 23 || minutes > 59 => None,
        b'+' => Some(Some(seconds)),
        b'-' => Some(Some(-seconds)),
        _ => None,
    }
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, zone: Tz) -> Option<String> {
        shop_time(text.as_bytes(), zone).map(|time| time.local.to_string())
    }

    #[test]
    fn a_time_without_a_zone_is_the_shops_own() {
        let zone = chrono_tz::America::New_York;
        for (text, local) in [
            ("2026-11-22", "2026-11-22 00:00:00"),
            ("2026-11-22 23:59:59", "2026-11-22 23:59:59"),
            ("2026-11-22T08:30:00", "2026-11-22 08:30:00"),
            ("2026-11-22 08:30", "2026-11-22 08:30:00"),
            ("2026-11-22 08:30:00.5", "2026-11-22 08:30:00.500"),
            ("2026-11-22 08:30:00.123456789", "2026-11-22 08:30:00.123456"),
        ] {
            assert_eq!(read(text, zone).as_deref(), Some(local));
        }
    }

    #[test]
    fn an_offset_is_converted_to_the_shops_zone_before_the_day_is_taken() {
        let zone = chrono_tz::Europe::Moscow;
        for (text, local) in [
            ("2026-11-22T22:30:00Z", "2026-11-23 01:30:00"),
            ("2026-11-22 01:00:00+09:00", "2026-11-21 19:00:00"),
            ("2026-11-22 01:00:00-0500", "2026-11-22 09:00:00"),
            ("2026-11-22 01:00:00.25+03", "2026-11-22 01:00:00.250"),
        ] {
            assert_eq!(read(text, zone).as_deref(), Some(local));
        }
        let time = shop_time(b"2026-07-01T12:00:00Z", chrono_tz::Europe::Berlin).unwrap();
        assert_eq!(time.offset.map(|offset| offset.local_minus_utc()), Some(7200));
    }

    #[test]
    fn what_is_no_time_or_out_of_range_is_refused() {
        for text in [
            "",
            "2026-11-2",
            "2026-02-30",
            "22.11.2026",
            "2026-11-22 ",
            "2026-11-22 24:00:00",
            "2026-11-22 08:60:00",
            "2026-11-22 08:30:60",
            "2026-11-22 08:30:00.",
            "2026-11-22 08:30:00 UTC",
            "2026-11-22 08:30:00+3",
            "2026-11-22Z",
            "1969-12-31",
            "1970-01-01T00:00:00+03:00",
        ] {
            assert_eq!(read(text, Tz::UTC), None, "{text}");
        }
    }
}

//! The plain row, read eight bytes at a time: integer ids, `123.45`, `2026-11-22 18:30:00`, no quotes.
//!
//! It takes only what it surely understands. Everything else is `None`, and the careful reader decides; so this file knows no errors.

use chrono_tz::Tz;
use segmentation::{Day, Minor};

use crate::amount::quantity_is_negative;
use crate::columns::Role;
use crate::rows::{Row, Text};
use crate::time::{date_of, shop_time};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;
const ZEROS: u64 = 0x3030_3030_3030_3030;
const POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Reads plain rows; remembers the last date, which in a file in order of time is mostly the next row's too.
pub(crate) struct Fast {
    decimals: usize,
    zone: Tz,
    date: [u8; 10],
    day: i32,
}

impl Fast {
    pub(crate) fn new(decimals: u32, zone: Tz) -> Fast {
        Fast { decimals: decimals as usize, zone, date: *b"1970-01-01", day: 0 }
    }

    /// The row at `at` and where the next one begins.
    #[inline]
    pub(crate) fn row<'a>(
        &mut self,
        roles: &[Option<Role>],
        data: &'a [u8],
        mut at: usize,
    ) -> Option<(Row<'a>, usize)> {
        let mut row = Row::default();
        let last = roles.len().checked_sub(1)?;
        for (n, role) in roles.iter().enumerate() {
            let end = match role {
                Some(Role::Customer) => id(data, at, &mut row.customer)?,
                Some(Role::Order) => id(data, at, &mut row.order)?,
                Some(Role::Product) => id(data, at, &mut row.product)?,
                Some(Role::Time) => self.time(data, at, &mut row)?,
                Some(Role::Amount) => self.amount(data, at, &mut row.amount)?,
                Some(Role::Quantity) => quantity(data, at, &mut row.negative_quantity)?,
                None | Some(Role::Name | Role::Category | Role::Brand) => plain_end(data, at)?,
            };
            at = match (data.get(end)?, n == last) {
                (b',', false) | (b'\n', true) => end + 1,
                (b'\r', true) if data.get(end + 1) == Some(&b'\n') => end + 2,
                _ => return None,
            };
        }
        (!row.order.is_empty()).then_some((row, at))
    }

    fn time(&mut self, data: &[u8], at: usize, row: &mut Row<'_>) -> Option<usize> {
        let date: &[u8; 10] = data.get(at..)?.first_chunk()?;
        if *date != self.date {
            self.day = Day::from_date(date_of(date)?)?.epoch_days();
            self.date = *date;
        }
        row.day = self.day;
        row.micros = 0;
        if !matches!(data.get(at + 10)?, b' ' | b'T') {
            return Some(at + 10);
        }
        if let Some(seconds) = data.get(at + 11..).and_then(|rest| rest.first_chunk()).and_then(seconds_of)
            && is_end(*data.get(at + 19)?)
        {
            row.micros = i64::from(seconds) * 1_000_000;
            return Some(at + 19);
        }
        let end = plain_end(data, at)?;
        let time = shop_time(&data[at..end], self.zone)?;
        row.day = time.day().epoch_days();
        row.micros = time.micros_of_day();
        Some(end)
    }

    fn amount(&self, data: &[u8], at: usize, amount: &mut i64) -> Option<usize> {
        let negative = *data.get(at)? == b'-';
        let at = at + usize::from(negative);
        let (whole, digits) = number(data, at);
        if digits == 0 || whole > Minor::MAX.0.unsigned_abs() {
            return None;
        }
        let mut end = at + digits;
        let mut minor = whole.checked_mul(*POWERS.get(self.decimals)?)?;
        if data.get(end) == Some(&b'.') {
            let (fraction, digits) = number(data, end + 1);
            if digits == 0 {
                return None;
            }
            minor += fraction * POWERS[self.decimals.checked_sub(digits)?];
            end += 1 + digits;
        }
        let minor = i64::try_from(minor).ok().filter(|minor| *minor <= Minor::MAX.0)?;
        *amount = if negative { -minor } else { minor };
        Some(end)
    }
}

fn quantity(data: &[u8], at: usize, negative: &mut bool) -> Option<usize> {
    let minus = *data.get(at)? == b'-';
    let start = at + usize::from(minus);
    let (value, digits) = number(data, start);
    if digits > 0 && is_end(*data.get(start + digits)?) {
        *negative = minus && value > 0;
        return Some(start + digits);
    }
    let end = plain_end(data, at)?;
    *negative = quantity_is_negative(&data[at..end]).ok()?;
    Some(end)
}

#[inline]
fn id<'a>(data: &'a [u8], at: usize, id: &mut Text<'a>) -> Option<usize> {
    let (value, digits) = number(data, at);
    let end = at + digits;
    // A number has no leading zero; one of sixteen digits might go on.
    let canonical = digits == 1 || (digits > 1 && digits < 16 && data[at] != b'0');
    if canonical && is_end(*data.get(end)?) {
        *id = Text::Number(value);
        return Some(end);
    }
    let end = plain_end(data, at)?;
    *id = Text::Bytes(&data[at..end]);
    Some(end)
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b',' | b'\n' | b'\r')
}

/// Where an unquoted field ends; `None` for a quoted one.
fn plain_end(data: &[u8], mut at: usize) -> Option<usize> {
    if *data.get(at)? == b'"' {
        return None;
    }
    loop {
        let word = word(data, at);
        let hit = zero_bytes(word ^ (ONES * u64::from(b',')))
            | zero_bytes(word ^ (ONES * u64::from(b'\n')))
            | zero_bytes(word ^ (ONES * u64::from(b'\r')));
        if hit != 0 {
            return Some(at + (hit.trailing_zeros() / 8) as usize);
        }
        at += 8;
        if at >= data.len() {
            return None;
        }
    }
}

/// The high bit of every byte that is zero; exact up to and with the lowest.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}

/// Eight bytes, the first lowest; zeros beyond the end.
#[inline]
fn word(data: &[u8], at: usize) -> u64 {
    match data.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => {
            let mut bytes = [0; 8];
            let rest = data.get(at..).unwrap_or_default();
            bytes[..rest.len()].copy_from_slice(rest);
            u64::from_le_bytes(bytes)
        }
    }
}

/// The number in the leading digits, at most sixteen, and how many there are.
#[inline]
fn number(data: &[u8], at: usize) -> (u64, usize) {
    let digits = word(data, at) ^ ZEROS;
    let count = leading_digits(digits);
    if count == 0 {
        return (0, 0);
    }
    let value = value_of(digits << (64 - 8 * count));
    if count < 8 {
        return (value, count);
    }
    let digits = word(data, at + 8) ^ ZEROS;
    match leading_digits(digits) {
        0 => (value, 8),
        more => (value * POWERS[more] + value_of(digits << (64 - 8 * more)), 8 + more),
    }
}

/// How many bytes from the lowest up are 0 to 9.
#[inline]
fn leading_digits(word: u64) -> usize {
    let others = (word.wrapping_add(0x7676_7676_7676_7676) | word) & HIGH;
    (others.trailing_zeros() / 8) as usize
}

/// Eight digits, the first in the lowest byte: neighbours are joined to two digits, then four, then eight.
#[inline]
fn value_of(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let low = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(100 + (1_000_000 << 32));
    let high = ((pairs >> 16) & 0x0000_00FF_0000_00FF).wrapping_mul(1 + (10_000 << 32));
    low.wrapping_add(high) >> 32
}

/// Seconds since midnight of `HH:MM:SS`.
#[inline]
fn seconds_of(text: &[u8; 8]) -> Option<u32> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *text else { return None };
    let digit = |byte: u8| u32::from(byte.wrapping_sub(b'0'));
    let two = |tens: u8, ones: u8| digit(tens) * 10 + digit(ones);
    let (hours, minutes, seconds) = (two(h1, h2), two(m1, m2), two(s1, s2));
    let digits = [h1, h2, m1, m2, s1, s2].into_iter().all(|byte| digit(byte) < 10);
    (digits && hours < 24 && minutes < 60 && seconds < 60).then_some(hours * 3600 + minutes * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length_are_read() {
        let mut text = String::new();
        for count in 1..=16 {
            text.push(char::from(b'0' + (count % 10) as u8));
            let expected = text.parse().unwrap();
            for tail in [",", "\n", ".5,", "/:;x,", "\u{e9},"] {
                assert_eq!(number(format!("{text}{tail}").as_bytes(), 0), (expected, count), "{text}{tail}");
            }
            assert_eq!(number(text.as_bytes(), 0), (expected, count));
        }
        assert_eq!(number(b"x1", 0), (0, 0));
        assert_eq!(number(b"", 0), (0, 0));
    }

    #[test]
    fn a_plain_field_ends_at_the_first_separator() {
        for text in ["abc", "abcdefgh", "abcdefghijklmnopqrst", "", "caf\u{e9} \u{20ac} \u{fffd}"] {
            for end in [",x,y", "\nx,", "\r\n"] {
                assert_eq!(plain_end(format!("{text}{end}").as_bytes(), 0), Some(text.len()));
            }
        }
        assert_eq!(plain_end(b"\"a\",", 0), None);
        assert_eq!(plain_end(b"no end", 0), None);
    }
}

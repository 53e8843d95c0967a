//! Amounts and quantities as text. Money never passes through a float.

use segmentation::Minor;

use crate::error::{Problem, shown};

/// An amount such as `11.77`, `-3` or `1.5` in minor units of a currency with `decimals` fraction digits. More fraction digits must be zeros.
pub(crate) fn amount(text: &[u8], decimals: u32) -> Result<i64, Problem> {
    let not = || Problem::NotAnAmount { text: shown(text), decimals };
    let (negative, whole, fraction) = parts(text).ok_or_else(not)?;
    let decimals = decimals as usize;
    if fraction.iter().skip(decimals).any(|digit| *digit != b'0') {
        return Err(not());
    }
    let fraction = fraction.iter().copied().chain(std::iter::repeat(b'0')).take(decimals);
    let mut minor = 0_i64;
    for digit in whole.iter().copied().chain(fraction) {
        minor = minor * 10 + i64::from(digit - b'0');
        if minor > Minor::MAX.0 {
            return Err(Problem::AmountTooLarge(shown(text)));
        }
    }
    Ok(if negative { -minor } else { minor })
}

/// The same of a text, for files that are read elsewhere.
///
/// # Errors
/// What is wrong with it, in words.
pub fn minor(text: &str, decimals: u32) -> Result<Minor, String> {
    amount(text.as_bytes(), decimals).map(Minor).map_err(|problem| problem.to_string())
}

/// Is a quantity below zero? It may have any number of decimals; an empty cell says nothing.
pub(crate) fn quantity_is_negative(text: &[u8]) -> Result<bool, Problem> {
    if text.is_empty() {
        return Ok(false);
    }
    let (negative, whole, fraction) = parts(text).ok_or_else(|| Problem::NotAQuantity(shown(text)))?;
    Ok(negative && whole.iter().chain(fraction).any(|digit| *digit != b'0'))
}

/// Sign, whole digits (one at least) and fraction digits (one at least behind a point).
fn parts(text: &[u8]) -> Option<(bool, &[u8], &[u8])> {
    let (negative, rest) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, text),
    };
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    match rest.iter().position(|byte| *byte == b'.') {
        None => digits(rest).then_some((negative, rest, &[])),
        Some(at) => {
            let (whole, fraction) = (&rest[..at], &rest[at + 1..]);
            (digits(whole) && digits(fraction)).then_some((negative, whole, fraction))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_become_minor_units_exactly() {
        let cases: [(&str, u32, i64); 9] = [
            ("11.77", 2, 1177),
            ("-3", 2, -300),
            ("1.5", 2, 150),
            ("0.07", 2, 7),
            ("5.5000", 2, 550),
            ("12", 0, 12),
            ("12.0", 0, 12),
            ("1.234", 3, 1234),
            ("-0.00", 2, 0),
        ];
        for (text, decimals, minor) in cases {
            assert_eq!(amount(text.as_bytes(), decimals), Ok(minor), "{text}");
        }
        assert_eq!(amount(b"1000000000000.00", 2), Ok(Minor::MAX.0));
    }

    #[test]
    fn what_is_no_amount_is_refused_with_its_text() {
        for text in ["", "-", ".", "5.", ".5", "12,5", "1e3", "+1", " 1", "1 ", "--1", "1.2.3", "1.005", "NaN", "£1"] {
            assert!(matches!(amount(text.as_bytes(), 2), Err(Problem::NotAnAmount { .. })), "{text}");
        }
        let message = amount(b"12,5", 2).unwrap_err().to_string();
        assert_eq!(message, "\"12,5\" is not an amount with at most 2 decimals");
        assert!(matches!(amount(b"1000000000000.01", 2), Err(Problem::AmountTooLarge(_))));
        assert!(matches!(amount(b"99999999999999999999999999", 2), Err(Problem::AmountTooLarge(_))));
    }

    #[test]
    fn a_quantity_is_read_for_its_sign() {
        for (text, negative) in [("", false), ("3", false), ("-3", true), ("0.125", false), ("-0", false)] {
            assert_eq!(quantity_is_negative(text.as_bytes()), Ok(negative), "{text}");
        }
        assert!(quantity_is_negative(b"many").is_err());
    }
}

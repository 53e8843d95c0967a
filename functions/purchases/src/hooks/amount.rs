//! Amounts as platforms write them, to minor units. They are decimals as text; nothing passes through a float.

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use segmentation::Minor;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A text, or a whole number as text: ids and amounts. A number with a point is none: it may have lost digits already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written(pub(crate) String);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Written, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl Visitor<'_> for Reader {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a whole number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Written, E> {
        Ok(Written(text.to_owned()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Written, E> {
        Ok(Written(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Written, E> {
        Ok(Written(number.to_string()))
    }
}

/// A decimal such as `409.94`, `-10.00` or `5`.
pub(crate) fn decimal(text: &str) -> Result<Decimal, &'static str> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    let read = Decimal::from_str_exact(text).ok().filter(|_| plain && digits);
    read.ok_or("is not a decimal such as 409.94")
}

/// Exactly so many minor units.
pub(crate) fn exact(text: &str, digits: u32) -> Result<Minor, &'static str> {
    let minor = decimal(text)?.checked_mul(unit(digits)).ok_or("is too large")?.normalize();
    if minor.scale() > 0 {
        return Err("has more decimals than the shop's currency");
    }
    let minor = i64::try_from(minor).map_err(|_| "is too large")?;
    if minor.abs() > Minor::MAX.0 { Err("is too large") } else { Ok(Minor(minor)) }
}

/// Rounded half up to minor units, and neither below zero nor too large: of a line, whose amount is only informative.
pub(crate) fn rounded(amount: Decimal, digits: u32) -> Minor {
    let minor = amount.checked_mul(unit(digits)).unwrap_or(Decimal::MAX);
    let whole = minor.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    if amount.is_sign_negative() { Minor::ZERO } else { i64::try_from(whole).map_or(Minor::MAX, Minor).min(Minor::MAX) }
}

fn unit(digits: u32) -> Decimal {
    Decimal::from(10_u64.checked_pow(digits).unwrap_or(u64::MAX))
}

/// How much of a product: what is none, or below zero, says nothing.
pub(crate) fn quantity(value: Option<&serde_json::Value>) -> Option<Decimal> {
    let text = match value? {
        serde_json::Value::Number(number) => number.to_string(),
        serde_json::Value::String(text) => text.clone(),
        _ => return None,
    };
    let read = Decimal::from_str(&text).ok()?.normalize();
    (!read.is_sign_negative()).then_some(read)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_exact_in_every_currency() {
        for (text, digits, minor) in [
            ("409.94", 2, 40_994),
            ("-10.00", 2, -1_000),
            ("5", 2, 500),
            ("0.1", 2, 10),
            ("1500", 0, 1_500),
            ("1500.00", 0, 1_500),
            ("1.234", 3, 1_234),
            // More than a float holds.
            ("900719925474.09", 2, 90_071_992_547_409),
            ("1000000000000.00", 2, Minor::MAX.0),
        ] {
            assert_eq!(exact(text, digits), Ok(Minor(minor)), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_told() {
        for text in ["", "-", ".", "1e3", "+1", "1_000", "1,50", "NaN", "£1", "1.2.3", " 1", "१"] {
            assert_eq!(exact(text, 2), Err("is not a decimal such as 409.94"), "{text}");
        }
        assert_eq!(exact("1.005", 2), Err("has more decimals than the shop's currency"));
        assert_eq!(exact("15.5", 0), Err("has more decimals than the shop's currency"));
        for large in ["1000000000000.01", "79228162514264337593543950335", "99999999999999999999"] {
            assert_eq!(exact(large, 2), Err("is too large"), "{large}");
        }
    }

    #[test]
    fn ids_and_amounts_are_text_or_whole_numbers() {
        let read = |value: serde_json::Value| serde_json::from_value::<Written>(value).ok().map(|written| written.0);
        assert_eq!(read(json!(820_982_911_946_154_508_u64)).as_deref(), Some("820982911946154508"));
        assert_eq!(read(json!("a#b")).as_deref(), Some("a#b"));
        for none in [json!(1.5), json!(null), json!(true), json!([1]), json!({})] {
            assert_eq!(read(none), None);
        }
    }

    #[test]
    fn quantities_that_say_nothing_are_left_out() {
        assert_eq!(quantity(Some(&json!(2))), Some(Decimal::TWO));
        assert_eq!(quantity(Some(&json!("0.50"))), Some(Decimal::new(5, 1)));
        for none in [json!(-1), json!("many"), json!(null), json!([])] {
            assert_eq!(quantity(Some(&none)), None, "{none}");
        }
    }
}

//! Numbers as people read them.

use iso_currency::Currency;
use segmentation::Minor;

/// In groups of three, with thin spaces that do not break.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 8);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// An amount of minor units.
pub(crate) fn money(Minor(minor): Minor, currency: Currency) -> String {
    let digits = u32::from(currency.exponent().unwrap_or(0));
    let one = 10_u64.pow(digits);
    let amount = minor.unsigned_abs();
    let sign = if minor < 0 { "−" } else { "" };
    let whole = grouped(amount / one);
    let part = if digits == 0 { String::new() } else { format!(".{:0width$}", amount % one, width = digits as usize) };
    format!("{sign}{whole}{part}\u{a0}{}", currency.code())
}

/// The same without its fraction: of sums, where nobody looks at pence.
pub(crate) fn about(Minor(minor): Minor, currency: Currency) -> String {
    let one = 10_i64.pow(u32::from(currency.exponent().unwrap_or(0)));
    money(Minor(((minor + one / 2) / one) * one), currency).replace(".00", "")
}

/// An amount as it stands in a field to be filled in, such as `1500.50`.
pub(crate) fn plain(Minor(minor): Minor, currency: Currency) -> String {
    let digits = u32::from(currency.exponent().unwrap_or(0));
    let one = 10_u64.pow(digits);
    let amount = minor.unsigned_abs();
    let sign = if minor < 0 { "-" } else { "" };
    let part = if digits == 0 { String::new() } else { format!(".{:0width$}", amount % one, width = digits as usize) };
    format!("{sign}{}{part}", amount / one)
}

/// The amount that a field says, with a point or a comma before its fraction and blanks between its digits; `None`: it says none.
pub(crate) fn minor(text: &str, currency: Currency) -> Option<Minor> {
    let digits = usize::from(currency.exponent().unwrap_or(0));
    let text: String = text.chars().filter(|sign| !sign.is_whitespace()).collect();
    let (whole, part) = text.split_once(['.', ',']).unwrap_or((&text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) || part.len() > digits {
        return None;
    }
    format!("{whole}{part:0<digits$}").parse().ok().map(Minor)
}

/// A difference of shares in percentage points, such as `+2.1`.
pub(crate) fn points(share: f64) -> String {
    let points = (share * 1_000.0).round() / 10.0;
    match points {
        points if points > 0.0 => format!("+{points:.1}"),
        points if points < 0.0 => format!("−{:.1}", points.abs()),
        _ => "0.0".to_owned(),
    }
}

/// A share, such as `12.3 %`; of nothing: a dash.
pub(crate) fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "–".to_owned() } else { format!("{:.1}\u{a0}%", part as f64 * 100.0 / whole as f64) }
}

/// A change with its sign; `None` where nothing changed.
pub(crate) fn change(now: u64, before: u64) -> Option<String> {
    match now.cmp(&before) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(format!("+{}", grouped(now - before))),
        std::cmp::Ordering::Less => Some(format!("−{}", grouped(before - now))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567"]);
        assert_eq!(money(Minor(123_405), Currency::GBP), "1\u{202f}234.05\u{a0}GBP");
        assert_eq!(money(Minor(-5), Currency::GBP), "−0.05\u{a0}GBP");
        assert_eq!(money(Minor(1_500), Currency::JPY), "1\u{202f}500\u{a0}JPY");
        assert_eq!(about(Minor(123_450), Currency::GBP), "1\u{202f}235\u{a0}GBP");
        assert_eq!((share(1, 8), share(0, 0)), ("12.5\u{a0}%".to_owned(), "–".to_owned()));
        assert_eq!([0.0214, -0.3, 0.00001].map(points), ["+2.1", "−30.0", "0.0"]);
        assert_eq!([change(3, 1), change(1, 3), change(2, 2)], [Some("+2".to_owned()), Some("−2".to_owned()), None]);
    }

    #[test]
    fn an_amount_reads_back_as_it_stands_in_a_field() {
        for (currency, text, amount) in [
            (Currency::GBP, "1500.50", 150_050),
            (Currency::GBP, "0.05", 5),
            (Currency::JPY, "1500", 1_500),
            (Currency::KWD, "1.250", 1_250),
        ] {
            assert_eq!(minor(text, currency), Some(Minor(amount)), "{text}");
            assert_eq!(plain(Minor(amount), currency), text);
        }
        let pounds = |text: &str| minor(text, Currency::GBP);
        assert_eq!(
            [" 1\u{202f}500,5 ", "7", "7."].map(pounds),
            [Some(Minor(150_050)), Some(Minor(700)), Some(Minor(700))]
        );
        for wrong in ["", ".5", "1,000", "-5", "1.2.3", "1e3", "ten", "99999999999999999999", "１２"] {
            assert_eq!(pounds(wrong), None, "{wrong}");
        }
        assert_eq!(minor("1.5", Currency::JPY), None);
    }
}

//! Words to people: errors, bars, numbers.

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};

/// An error with its causes, on standard error.
pub(crate) fn error(error: &anyhow::Error) {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    anstream::eprintln!("{red}error:{red:#} {error:#}");
}

/// A bar over a known amount of work; hidden where standard error is no terminal.
pub(crate) fn bar(length: u64, what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:<28} {bar:40} {percent:>3} % {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style).with_message(what.to_owned())
}

/// A whole number with thin groups: 12 345.
pub(crate) fn grouped(number: impl TryInto<i64>) -> String {
    let number = number.try_into().unwrap_or(i64::MAX);
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// An amount in minor units as people write it.
pub(crate) fn money(minor: segmentation::Minor, currency: iso_currency::Currency) -> String {
    let digits = u32::from(currency.exponent().unwrap_or(0));
    let one = 10_i64.pow(digits);
    let (whole, part) = (minor.0 / one, (minor.0 % one).abs());
    let amount = if digits == 0 {
        grouped(whole)
    } else {
        format!("{}.{part:0width$}", grouped(whole), width = digits as usize)
    };
    format!("{amount} {}", currency.code())
}

/// A share of a whole, such as `12.3 %`.
pub(crate) fn percent(part: i64, whole: i64) -> String {
    if whole == 0 { "–".to_owned() } else { format!("{:.1} %", part as f64 * 100.0 / whole as f64) }
}

/// Seconds with one decimal.
pub(crate) fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

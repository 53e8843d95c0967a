//! A report in plain sentences, for whoever has to decide and does not read intervals.

use segmentation::Minor;

use super::report::{Report, SampleSize};
use super::statistics::Interval;
use crate::language::Language;

impl Report {
    /// What is seen, or what is missing to see anything.
    #[must_use]
    pub fn read(&self, language: Language) -> String {
        let say = |english: &str, russian: &str| said(language, english, russian).to_owned();
        if self.held_out.customers == 0 {
            return say(
                "Nobody is held out of this, so what it changes cannot be told.",
                "Контрольной группы нет, поэтому нельзя сказать, что это меняет.",
            );
        }
        if self.treated.customers == 0 {
            return say(
                "Everybody is held out of this, so what it changes cannot be told.",
                "Все в контрольной группе, поэтому нельзя сказать, что это меняет.",
            );
        }
        let conversion = self.uplift.map(|effects| effects.conversion);
        let mut sentences = match conversion.filter(Interval::excludes_zero) {
            Some(effect) => seen(effect, language),
            None => self.needed_for_one_point.map_or_else(String::new, |needed| unseen(needed, language)),
        };
        if let Some(revenue) = self.uplift.and_then(|effects| effects.revenue) {
            sentences += &earned(revenue, language).unwrap_or_default();
        }
        if self.held_out.redeemers > 0 {
            sentences += said(
                language,
                " Some who are held out used a reward they were given before: that hides a part of the effect.",
                " Некоторые из контрольной группы использовали вознаграждение, полученное раньше: это скрывает часть эффекта.",
            );
        }
        sentences.trim_start().to_owned()
    }
}

fn said<'a>(language: Language, english: &'a str, russian: &'a str) -> &'a str {
    match language {
        Language::En => english,
        Language::Ru => russian,
    }
}

fn seen(effect: Interval<f64>, language: Language) -> String {
    let points = effect.map(|share| share.abs() * 100.0);
    let (low, high) = (points.low.min(points.high), points.low.max(points.high));
    let estimate = points.estimate;
    let rose = effect.estimate > 0.0;
    match language {
        Language::En => {
            let more = if rose { "more" } else { "fewer" };
            format!("Of 100 treated customers {estimate:.1} {more} bought ({low:.1} to {high:.1}).")
        }
        Language::Ru => {
            let more = if rose { "больше" } else { "меньше" };
            format!("Из 100 клиентов с предложениями купили на {estimate:.1} {more} (от {low:.1} до {high:.1}).")
        }
    }
}

/// What a treated customer brought more or less, where that is seen for sure.
fn earned(revenue: Interval<Minor>, language: Language) -> Option<String> {
    let (low, high, more) = match (revenue.low.0, revenue.high.0) {
        (low, high) if low > 0 => (low, high, true),
        (low, high) if high < 0 => (-high, -low, false),
        _ => return None,
    };
    Some(match language {
        Language::En => {
            let more = if more { "more" } else { "less" };
            format!(" Each treated customer brought {low} to {high} minor units {more} revenue.")
        }
        Language::Ru => {
            let more = if more { "больше" } else { "меньше" };
            format!(" Каждый клиент с предложениями принёс на {low}–{high} мелких денежных единиц {more}.")
        }
    })
}

fn unseen(needed: SampleSize, language: Language) -> String {
    if needed.more_held_out == 0 {
        let seen = said(
            language,
            "No difference is seen in who buys, though one of a percentage point would most likely have shown.",
            "Разницы в том, кто покупает, не видно, хотя разница в один процентный пункт уже, скорее всего, была бы видна.",
        );
        return seen.to_owned();
    }
    let (held_out, treated) = (thousands(needed.more_held_out), thousands(needed.more_treated));
    match language {
        Language::En => format!(
            "Too few customers yet: to see a difference of one percentage point, {held_out} more are needed who are held out \
             and {treated} more who are treated."
        ),
        Language::Ru => format!(
            "Клиентов пока мало: чтобы увидеть разницу в один процентный пункт, нужно ещё {held_out} в контрольной группе \
             и {treated} с предложениями."
        ),
    }
}

/// With a comma between thousands.
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let parts: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    let parts: Vec<String> = parts.into_iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uplift::{Arm, Cell};

    fn report(treated: (u128, u128), held_out: (u128, u128)) -> Report {
        let arm = |(converted, customers)| Arm { customers, converted, ..Arm::default() };
        Report::of(&Cell { treated: arm(treated), held_out: arm(held_out) })
    }

    #[test]
    fn a_report_says_what_is_seen_and_what_is_missing() {
        let reading = |treated, held_out| report(treated, held_out).reading;
        assert_eq!(reading((30, 100), (0, 0)), "Nobody is held out of this, so what it changes cannot be told.");
        assert_eq!(reading((400, 1_000), (200, 1_000)), "Of 100 treated customers 20.0 more bought (16.0 to 23.9).");
        assert_eq!(reading((200, 1_000), (400, 1_000)), "Of 100 treated customers 20.0 fewer bought (16.0 to 23.9).");
        assert_eq!(
            reading((120, 400), (30, 100)),
            "Too few customers yet: to see a difference of one percentage point, 20,742 more are needed who are held out \
             and 82,968 more who are treated."
        );
        assert!(reading((300_000, 1_000_000), (299_900, 1_000_000)).starts_with("No difference is seen"));
    }

    #[test]
    fn the_same_is_said_in_russian() {
        let reading = |treated, held_out| report(treated, held_out).read(Language::Ru);
        assert_eq!(
            reading((400, 1_000), (200, 1_000)),
            "Из 100 клиентов с предложениями купили на 20.0 больше (от 16.0 до 23.9)."
        );
        for (treated, held_out) in
            [((30, 100), (0, 0)), ((120, 400), (30, 100)), ((300_000, 1_000_000), (299_900, 1_000_000))]
        {
            let said = reading(treated, held_out);
            assert!(!said.is_empty() && !said.chars().any(|letter| letter.is_ascii_alphabetic()), "{said}");
        }
    }

    #[test]
    fn thousands_are_parted() {
        assert_eq!([0, 999, 1_240, 1_000_000].map(thousands), ["0", "999", "1,240", "1,000,000"]);
    }
}

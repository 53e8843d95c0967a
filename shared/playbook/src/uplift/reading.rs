//! A report in plain sentences, for whoever has to decide and does not read intervals.

use super::report::{Report, SampleSize};
use super::statistics::Interval;

impl Report {
    /// What is seen, or what is missing to see anything.
    pub(super) fn read(&self) -> String {
        if self.held_out.customers == 0 {
            return "Nobody is held out of this, so what it changes cannot be told.".to_owned();
        }
        if self.treated.customers == 0 {
            return "Everybody is held out of this, so what it changes cannot be told.".to_owned();
        }
        let conversion = self.uplift.map(|effects| effects.conversion);
        let mut sentences = match conversion.filter(Interval::excludes_zero) {
            Some(effect) => seen(effect),
            None => self.needed_for_one_point.map_or_else(String::new, unseen),
        };
        if let Some(revenue) = self.uplift.and_then(|effects| effects.revenue) {
            if revenue.low.0 > 0 {
                let (low, high) = (revenue.low, revenue.high);
                sentences += &format!(" Each treated customer brought {low} to {high} minor units more revenue.");
            } else if revenue.high.0 < 0 {
                let (low, high) = (-revenue.high.0, -revenue.low.0);
                sentences += &format!(" Each treated customer brought {low} to {high} minor units less revenue.");
            }
        }
        if self.held_out.redeemers > 0 {
            sentences +=
                " Some who are held out used a reward they were given before: that hides a part of the effect.";
        }
        sentences.trim_start().to_owned()
    }
}

fn seen(effect: Interval<f64>) -> String {
    let points = effect.map(|share| share.abs() * 100.0);
    let (low, high) = (points.low.min(points.high), points.low.max(points.high));
    let more = if effect.estimate > 0.0 { "more" } else { "fewer" };
    format!("Of 100 treated customers {:.1} {more} bought ({low:.1} to {high:.1}).", points.estimate)
}

fn unseen(needed: SampleSize) -> String {
    if needed.more_held_out == 0 {
        return "No difference is seen in who buys, though one of a percentage point would most likely have shown."
            .into();
    }
    let (held_out, treated) = (thousands(needed.more_held_out), thousands(needed.more_treated));
    format!(
        "Too few customers yet: to see a difference of one percentage point, {held_out} more are needed who are held out \
         and {treated} more who are treated."
    )
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
    fn thousands_are_parted() {
        assert_eq!([0, 999, 1_240, 1_000_000].map(thousands), ["0", "999", "1,240", "1,000,000"]);
    }
}

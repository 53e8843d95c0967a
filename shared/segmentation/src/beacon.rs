//! The VIP beacon: which of the best customers slip, and what is at risk.

use serde::{Deserialize, Serialize};

use crate::buying::{History, Model};
use crate::day::Day;
use crate::money::Minor;
use crate::orders::Orders;
use crate::rhythm::Rhythm;
use crate::segment::Score;
use crate::values::Window;

/// By what a VIP is said to slip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "BeaconReading"))]
pub enum Reading {
    /// Days since the last order over the customer's usual gap; with few gaps known, by recency.
    OwnRhythm,
    /// The recency score is below 3, or the shop's days of silence have passed. It ranks best over three shops of three kinds
    /// (docs/beacon.md).
    #[default]
    Recency,
    /// The probability that they have not stopped, by the fitted model; before there is one, by their own rhythm.
    Alive,
}

/// How the beacon reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BeaconRule {
    /// By what.
    pub reading: Reading,
    /// Own rhythm: days since the last order, in percent of the usual gap, from which on a customer slips.
    #[cfg_attr(feature = "schema", schemars(range(min = 100, max = 10_000)))]
    pub late_percent: u16,
    /// Own rhythm: with fewer gaps known recency is read.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
    pub min_gaps: usize,
    /// Recency: days since the last order from which on a customer slips; `None`: where the recency score falls below 3.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub silent_days: Option<u32>,
    /// P(alive): below so many percent a customer slips.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 99)))]
    pub alive_percent: u8,
    /// For how many days ahead orders are expected.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 365)))]
    pub horizon_days: u16,
    /// The promising group's aim: whether it was reached is told for this many days, and for as many before.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 365)))]
    pub aim_days: u16,
}

impl Default for BeaconRule {
    fn default() -> BeaconRule {
        BeaconRule {
            reading: Reading::default(),
            late_percent: 150,
            min_gaps: 4,
            silent_days: None,
            alive_percent: 50,
            horizon_days: 90,
            aim_days: 30,
        }
    }
}

/// What the beacon says of one customer. Fractions are whole numbers, so that sums do not depend on their order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Outlook {
    /// Do they slip, by the rule's reading?
    pub slipping: bool,
    /// Days since the last counted order.
    pub recency_days: u32,
    /// Their median gap in days; `None` with fewer than two purchase days.
    pub usual_gap_days: Option<f64>,
    /// Days since the last order in percent of the usual gap.
    pub overdue_percent: Option<u32>,
    /// The model's part; `None` before there is a model.
    #[serde(flatten)]
    pub expected: Option<Expected>,
}

/// What the model expects of one customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Expected {
    /// The probability that they have not stopped, in thousandths.
    pub alive_thousandths: u32,
    /// Purchases expected within the horizon, in thousandths.
    pub orders_thousandths: u64,
    /// What their having stopped would cost within the horizon, in minor units: purchases expected of them if they have not
    /// stopped, times the probability that they have, times their mean purchase.
    pub at_risk: Minor,
}

impl BeaconRule {
    /// Checks what types cannot say: the field and what is wrong with it.
    ///
    /// # Errors
    /// The first field that does not hold.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let must = |holds: bool, field, detail| if holds { Ok(()) } else { Err((field, detail)) };
        must((100..=10_000).contains(&self.late_percent), "beacon.late_percent", "must be from 100 to 10000")?;
        must((1..=100).contains(&self.min_gaps), "beacon.min_gaps", "must be from 1 to 100")?;
        must(self.silent_days != Some(0), "beacon.silent_days", "must be at least 1, or null for the cuts' own")?;
        must((1..=99).contains(&self.alive_percent), "beacon.alive_percent", "must be from 1 to 99")?;
        must((1..=365).contains(&self.horizon_days), "beacon.horizon_days", "must be from 1 to 365")?;
        must((1..=365).contains(&self.aim_days), "beacon.aim_days", "must be from 1 to 365")
    }

    /// By their own rhythm, whatever the shop reads by: days since the last order, and those in percent of the usual gap, where they are late.
    /// `None` too where fewer gaps are known than the rule asks for.
    #[must_use]
    pub fn late(&self, orders: &Orders, on: Day, window: Window) -> Option<(u32, u32)> {
        let silence = History::of(orders, on, window)?.silence();
        let rhythm = Rhythm::of(orders, on, window);
        let percent = rhythm.overdue(silence).map(|overdue| (overdue * 100.0).floor() as u32)?;
        (rhythm.gaps >= self.min_gaps && percent >= u32::from(self.late_percent)).then_some((silence, percent))
    }

    /// Reads one customer with recency score `r` on the day `on`; `None` without a counted order.
    #[must_use]
    pub fn read(&self, orders: &Orders, on: Day, window: Window, r: Score, model: Option<&Model>) -> Option<Outlook> {
        let history = History::of(orders, on, window)?;
        let rhythm = Rhythm::of(orders, on, window);
        let silence = history.silence();
        let overdue_percent = rhythm.overdue(silence).map(|overdue| (overdue * 100.0).floor() as u32);
        let alive = model.map(|model| model.alive(&history));
        let by_recency = self.silent_days.map_or(r < Score::Three, |days| silence >= days);
        let by_rhythm = overdue_percent
            .filter(|_| rhythm.gaps >= self.min_gaps)
            .map_or(by_recency, |percent| percent >= u32::from(self.late_percent));
        let slipping = match self.reading {
            Reading::Recency => by_recency,
            Reading::OwnRhythm => by_rhythm,
            Reading::Alive => alive.map_or(by_rhythm, |alive| alive * 100.0 < f64::from(self.alive_percent)),
        };
        let expected = model.zip(alive).map(|(model, alive)| {
            let if_alive = model.purchases_if_alive(&history, self.horizon_days.into());
            Expected {
                alive_thousandths: (alive * 1e3).round() as u32,
                orders_thousandths: (alive * if_alive * 1e3).round() as u64,
                at_risk: share_of_mean(orders, on, window, history, (1.0 - alive) * if_alive),
            }
        });
        let usual_gap_days = rhythm.usual_gap_days;
        Some(Outlook { slipping, recency_days: silence, usual_gap_days, overdue_percent, expected })
    }
}

/// So many times the customer's mean purchase, in whole minor units: `times` is taken in millionths.
fn share_of_mean(orders: &Orders, on: Day, window: Window, history: History, times: f64) -> Minor {
    let net: i128 =
        orders.iter().filter(|e| window.counts(e) && e.day <= on).map(|entry| i128::from(entry.net.0)).sum();
    let millionths = (times * 1e6).round() as i128;
    let share = net.saturating_mul(millionths) / (i128::from(history.repeats) + 1) / 1_000_000;
    Minor(i64::try_from(share).unwrap_or(i64::MAX))
}

/// The beacon over many customers: all whole numbers, so shards add up in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BeaconCount {
    /// Customers of the group `vip` with a counted order.
    pub vips: u64,
    /// Those who slip.
    pub slipping: u64,
    /// Those of whom the model expects something; the sums below are theirs.
    pub modelled: u64,
    /// Purchases expected within the horizon, in thousandths, of all.
    pub orders_thousandths: u64,
    /// At risk within the horizon, in minor units, of all.
    pub at_risk: Minor,
    /// At risk within the horizon, in minor units, of those who slip.
    pub slipping_at_risk: Minor,
}

impl BeaconCount {
    /// Counts one VIP.
    pub fn count(&mut self, outlook: &Outlook) {
        let expected = outlook.expected;
        let at_risk = expected.map_or(Minor::ZERO, |expected| expected.at_risk);
        *self = self.merge(&BeaconCount {
            vips: 1,
            slipping: u64::from(outlook.slipping),
            modelled: u64::from(expected.is_some()),
            orders_thousandths: expected.map_or(0, |expected| expected.orders_thousandths),
            at_risk,
            slipping_at_risk: if outlook.slipping { at_risk } else { Minor::ZERO },
        });
    }

    /// Both together; associative and commutative.
    #[must_use]
    pub fn merge(&self, other: &BeaconCount) -> BeaconCount {
        BeaconCount {
            vips: self.vips + other.vips,
            slipping: self.slipping + other.slipping,
            modelled: self.modelled + other.modelled,
            orders_thousandths: self.orders_thousandths + other.orders_thousandths,
            at_risk: self.at_risk + other.at_risk,
            slipping_at_risk: self.slipping_at_risk + other.slipping_at_risk,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::{Entry, Flags};

    fn orders(days: &[i64]) -> Orders {
        days.iter()
            .map(|day| Entry { day: Day::from_epoch_days(*day), net: Minor(1_000), flags: Flags::none() })
            .collect()
    }

    fn read(rule: BeaconRule, days: &[i64], on: i64, model: Option<&Model>) -> Outlook {
        let r = Score::Three;
        rule.read(&orders(days), Day::from_epoch_days(on), Window::default(), r, model).unwrap()
    }

    fn model() -> Model {
        Model::new([0.525, 43.0, 0.891, 1.614]).unwrap()
    }

    #[test]
    fn each_reading_says_when_a_customer_slips() {
        let weekly: Vec<i64> = (0..8).map(|week| 1_000 + week * 7).collect();
        let last = 1_000 + 49;
        let rule = |reading| BeaconRule { reading, silent_days: Some(60), ..BeaconRule::default() };
        let slips = |reading, silence: i64| read(rule(reading), &weekly, last + silence, Some(&model())).slipping;
        assert_eq!([10, 11].map(|days| slips(Reading::OwnRhythm, days)), [false, true]);
        assert_eq!([59, 60].map(|days| slips(Reading::Recency, days)), [false, true]);
        assert_eq!([0, 200].map(|days| slips(Reading::Alive, days)), [false, true]);
    }

    #[test]
    fn who_is_late_by_their_own_rhythm_is_so_whatever_the_shop_reads_by() {
        let late =
            |days: &[i64], on| BeaconRule::default().late(&orders(days), Day::from_epoch_days(on), Window::default());
        let weekly: Vec<i64> = (0..8).map(|week| 1_000 + week * 7).collect();
        assert_eq!([1_059, 1_060].map(|on| late(&weekly, on)), [None, Some((11, 157))]);
        assert_eq!(late(&weekly[..3], 1_200), None, "two gaps are no rhythm");
        assert_eq!(late(&[], 1_200), None);
    }

    #[test]
    fn without_enough_gaps_or_a_model_the_next_simpler_reading_is_taken() {
        let rule = BeaconRule { reading: Reading::Alive, silent_days: Some(30), ..BeaconRule::default() };
        let two_gaps = [1_000, 1_007, 1_014];
        let early = read(rule, &two_gaps, 1_014 + 29, None);
        assert_eq!((early.slipping, early.overdue_percent, early.expected), (false, Some(414), None));
        assert!(read(rule, &two_gaps, 1_014 + 30, None).slipping);
        let four_gaps: Vec<i64> = (0..5).map(|week| 1_000 + week * 7).collect();
        assert!(read(rule, &four_gaps, 1_028 + 11, None).slipping);
    }

    #[test]
    fn what_is_at_risk_is_what_a_living_customer_would_have_brought_less_what_is_expected() {
        let days = [1_000, 1_010, 1_010, 1_200];
        let (found, model) = (read(BeaconRule::default(), &days, 1_250, Some(&model())), model());
        let history = History { age: 250, span: 200, repeats: 2 };
        let (alive, if_alive) = (model.alive(&history), model.purchases_if_alive(&history, 90));
        let expected = found.expected.unwrap();
        assert_eq!(expected.orders_thousandths, (alive * if_alive * 1e3).round() as u64);
        // Four orders of 10.00 on three days: a mean purchase of 13.33.
        let at_risk = (1.0 - alive) * if_alive * 4_000.0 / 3.0;
        assert!((expected.at_risk.0 as f64 - at_risk).abs() <= 1.0, "{} {at_risk}", expected.at_risk);
    }

    #[test]
    fn counts_of_shards_add_up_in_any_order() {
        let outlooks = [1_050, 1_100, 1_400].map(|on| read(BeaconRule::default(), &[1_000, 1_020], on, Some(&model())));
        let mut all = BeaconCount::default();
        outlooks.iter().for_each(|outlook| all.count(outlook));
        let merged = outlooks.iter().rev().fold(BeaconCount::default(), |sum, outlook| {
            let mut one = BeaconCount::default();
            one.count(outlook);
            one.merge(&sum)
        });
        assert_eq!(merged, all);
        let slipping = outlooks.iter().filter(|outlook| outlook.slipping).count() as u64;
        assert_eq!((all.vips, all.modelled, all.slipping), (3, 3, slipping));
        assert!(all.slipping_at_risk <= all.at_risk);
    }

    #[test]
    fn a_rule_that_does_not_hold_is_named() {
        assert_eq!(BeaconRule::default().check(), Ok(()));
        let rule = BeaconRule { alive_percent: 100, ..BeaconRule::default() };
        assert_eq!(rule.check().map_err(|(field, _)| field), Err("beacon.alive_percent"));
    }
}

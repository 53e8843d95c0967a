//! The model's four numbers, and what they say of a customer.

use serde::{Deserialize, Serialize};

use super::history::History;

/// A fitted MBG/NBD model. Stored in whole billionths, so that it is the same bits wherever it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "BuyingModel"))]
pub struct Model {
    r: u64,
    alpha: u64,
    a: u64,
    b: u64,
}

impl Model {
    const UNIT: f64 = 1e9;

    /// The model of these parameters: shape `r` and rate `alpha` (in days) of the gamma distribution of purchase rates, `a`
    /// and `b` of the beta distribution of the chance to stop. `None` unless all are at least 1e-6 and at most 1e6.
    #[must_use]
    pub fn new([r, alpha, a, b]: [f64; 4]) -> Option<Model> {
        let all = [r, alpha, a, b];
        let [r, alpha, a, b] = all.map(|value| (value * Model::UNIT).round() as u64);
        all.iter().all(|value| (1e-6..=1e6).contains(value)).then_some(Model { r, alpha, a, b })
    }

    /// `[r, alpha, a, b]`.
    #[must_use]
    pub fn parameters(&self) -> [f64; 4] {
        [self.r, self.alpha, self.a, self.b].map(|whole| whole as f64 / Model::UNIT)
    }

    /// The probability that the customer has not stopped.
    #[must_use]
    pub fn alive(&self, of: &History) -> f64 {
        let [r, alpha, a, b] = self.parameters();
        let (repeats, age, span) = (f64::from(of.repeats), f64::from(of.age), f64::from(of.span));
        let odds_against = (a / (b + repeats)).ln() + (r + repeats) * ((alpha + age) / (alpha + span)).ln();
        1.0 / (1.0 + odds_against.exp())
    }

    /// Purchases expected in the next `days`, if the customer has not stopped; times [`Model::alive`] it is what is expected.
    #[must_use]
    pub fn purchases_if_alive(&self, of: &History, days: u32) -> f64 {
        let parameters @ [_, _, a, _] = self.parameters();
        // At a = 1 the formula is 0/0 but smooth: the mean of both sides.
        const NEAR: f64 = 1e-4;
        if (a - 1.0).abs() < NEAR {
            let at = |near| purchases([parameters[0], parameters[1], near, parameters[3]], of, days);
            f64::midpoint(at(a - 2.0 * NEAR), at(a + 2.0 * NEAR))
        } else {
            purchases(parameters, of, days)
        }
    }
}

/// Wagner and Hoppe 2008, for those who have not stopped.
fn purchases([r, alpha, a, b]: [f64; 4], of: &History, days: u32) -> f64 {
    let (repeats, age, days) = (f64::from(of.repeats), f64::from(of.age), f64::from(days));
    let left = (alpha + age) / (alpha + age + days);
    let ln_series = ln_hypergeometric(r + repeats, b + repeats + 1.0, a + b + repeats, 1.0 - left);
    let stopped = ((r + repeats) * left.ln() + ln_series).exp();
    ((a + b + repeats) / (a - 1.0) * (1.0 - stopped)).max(0.0)
}

/// The logarithm of Gauss's hypergeometric function 2F1(a, b; c; z) for positive a, b, c and 0 <= z < 1: all terms of its
/// series are positive, so nothing cancels; they are scaled down where they grow large.
fn ln_hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    const MOST_TERMS: u32 = 1_000_000;
    const LARGE: f64 = 1e200;
    let (mut sum, mut term, mut scale) = (1.0_f64, 1.0_f64, 0.0_f64);
    for n in 0..MOST_TERMS {
        let n = f64::from(n);
        let ratio = (a + n) / (c + n) * (b + n) / (n + 1.0) * z;
        term *= ratio;
        sum += term;
        // Once the terms fall, what is left is about a geometric series.
        if ratio < 1.0 && term * ratio <= sum * (1.0 - ratio) * 1e-16 {
            break;
        }
        if sum > LARGE {
            scale += sum.ln();
            term /= sum;
            sum = 1.0;
        }
    }
    scale + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CDNOW: [f64; 4] = [0.525, 43.0, 0.891, 1.614];

    fn history(repeats: u32, span: u32, age: u32) -> History {
        History { age, span, repeats }
    }

    fn five() -> [History; 5] {
        [(0, 0, 100), (1, 30, 60), (5, 200, 250), (2, 10, 270), (12, 300, 301)].map(|(x, s, a)| history(x, s, a))
    }

    fn close(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
    }

    /// The expected numbers are those of `ModifiedBetaGeoFitter` in PyPI's lifetimes 0.11.3 for the same parameters.
    #[test]
    fn likelihood_probability_and_purchases_are_those_of_lifetimes() {
        let model = Model::new(CDNOW).unwrap();
        let mut table = super::super::Table::default();
        five().iter().for_each(|history| table.add(super::super::Draw::of(0), *history));
        close(model.log_likelihood(&table), -98.802_404_335_030_19);
        let alive = [0.490_816_795_586_704_27, 0.634_432_836_193_168_6, 0.725_280_973_462_369];
        let if_alive = [0.297_112_225_873_904_84, 1.113_987_857_221_197_9, 1.542_124_329_112_995_8];
        for ((history, alive), if_alive) in five().iter().zip(alive).zip(if_alive) {
            close(model.alive(history), alive);
            close(model.purchases_if_alive(history, 90), if_alive);
        }
        close(model.alive(&five()[4]), 0.936_436_756_603_627_1);
        close(model.purchases_if_alive(&five()[4], 90), 2.985_206_397_251_813);
    }

    #[test]
    fn around_one_the_expectation_is_smooth() {
        let at = |a: f64| Model::new([0.5, 40.0, a, 2.0]).unwrap().purchases_if_alive(&history(5, 200, 250), 90);
        for (low, high) in [(0.999, 0.999_899), (0.999_899, 0.999_901), (0.999_95, 1.000_05), (1.000_099, 1.000_101)] {
            assert!(at(low) > at(high) && at(low) - at(high) < 1e-3, "{} {}", at(low), at(high));
        }
    }

    #[test]
    fn longer_silence_is_less_alive_and_nothing_is_out_of_range() {
        for parameters in
            [CDNOW, [400.0, 0.14, 400.0, 0.001], [0.001, 50_000.0, 0.001, 2_900.0], [90.0, 3.0, 0.5, 60.0]]
        {
            let model = Model::new(parameters).unwrap();
            for repeats in [0, 1, 40, 5_000] {
                let mut before = 1.0;
                for silence in [0, 1, 30, 365, 3_000] {
                    let history = history(repeats, repeats.min(1) * 900, repeats.min(1) * 900 + silence);
                    let (alive, purchases) = (model.alive(&history), model.purchases_if_alive(&history, 90));
                    assert!((0.0..=before).contains(&alive), "{parameters:?} {history:?} {alive}");
                    assert!(purchases.is_finite() && purchases >= 0.0, "{parameters:?} {history:?} {purchases}");
                    before = alive;
                }
            }
        }
    }

    #[test]
    fn parameters_out_of_range_make_no_model() {
        assert_eq!(Model::new([0.0, 1.0, 1.0, 1.0]), None);
        assert_eq!(Model::new([f64::NAN, 1.0, 1.0, 1.0]), None);
        assert_eq!(Model::new([1.0, 1.0, 1.0, f64::INFINITY]), None);
    }
}

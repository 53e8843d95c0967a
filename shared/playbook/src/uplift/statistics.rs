//! The formulas. Statistics are floats: they estimate. The sums they are made of are integers.

use serde::Serialize;

use super::arm::Arm;

/// z of 97.5 %: two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;
/// z of 80 %: the power of a sample size.
const Z_POWER: f64 = 0.841_621_233_572_914;

/// An estimate with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Interval_{T}"))]
pub struct Interval<T> {
    /// The estimate.
    pub estimate: T,
    /// The lower end.
    pub low: T,
    /// The upper end.
    pub high: T,
}

impl<T> Interval<T> {
    /// The same in another measure.
    pub fn map<U>(self, to: impl Fn(T) -> U) -> Interval<U> {
        Interval { estimate: to(self.estimate), low: to(self.low), high: to(self.high) }
    }
}

impl Interval<f64> {
    /// Does zero lie outside?
    #[must_use]
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// Difference of two proportions, treated less held out, by Newcombe's hybrid score interval (R. G. Newcombe, "Interval
/// estimation for the difference between independent proportions: comparison of eleven methods", Statistics in Medicine 17
/// (1998) 873-890, method 10): it stays within -1 and 1, keeps its coverage in small samples and has a width where nobody or
/// everybody bought. `None` with an empty arm.
pub(super) fn difference_of_proportions(treated: &Arm, held_out: &Arm) -> Option<Interval<f64>> {
    let (p, p_low, p_high) = wilson(treated)?;
    let (q, q_low, q_high) = wilson(held_out)?;
    let root = |a: f64, b: f64| a.hypot(b);
    Some(Interval {
        estimate: p - q,
        low: p - q - root(p - p_low, q_high - q),
        high: p - q + root(p_high - p, q - q_low),
    })
}

/// A conversion with Wilson's score interval (E. B. Wilson, JASA 22 (1927) 209-212).
fn wilson(arm: &Arm) -> Option<(f64, f64, f64)> {
    let n = number(arm.customers);
    let p = conversion(arm)?;
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    Some((p, ((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0)))
}

/// The share of an arm that bought; `None` when it is empty.
pub(super) fn conversion(arm: &Arm) -> Option<f64> {
    (arm.customers > 0).then(|| number(arm.converted) / number(arm.customers))
}

/// Difference of two means, treated less held out, without supposing equal variances: B. L. Welch, "The generalization of
/// 'Student's' problem when several different population variances are involved", Biometrika 34 (1947) 28-35, with the
/// degrees of freedom of Satterthwaite (1946). Each arm is given as its number of customers, the sum and the sum of squares.
/// `None` with fewer than two customers in an arm, or where nobody differs from anybody, so that nothing can be said.
pub(super) fn difference_of_means(treated: [u128; 3], held_out: [u128; 3]) -> Option<Interval<f64>> {
    let (mean_t, of_mean_t, df_t) = mean(treated)?;
    let (mean_h, of_mean_h, df_h) = mean(held_out)?;
    let variance = of_mean_t + of_mean_h;
    if variance <= 0.0 {
        return None;
    }
    let df = variance * variance / (of_mean_t * of_mean_t / df_t + of_mean_h * of_mean_h / df_h);
    let estimate = mean_t - mean_h;
    let half = student(df) * variance.sqrt();
    Some(Interval { estimate, low: estimate - half, high: estimate + half })
}

/// The mean, its variance, and its degrees of freedom. The variance's numerator n Σx² - (Σx)² is taken from integers while
/// they hold it, so that nothing is lost where the two are nearly equal.
fn mean([n, sum, squares]: [u128; 3]) -> Option<(f64, f64, f64)> {
    if n < 2 {
        return None;
    }
    let exact = n.checked_mul(squares).zip(sum.checked_mul(sum));
    let spread = match exact {
        Some((all, mean)) => number(all.saturating_sub(mean)),
        None => (number(n) * number(squares) - number(sum) * number(sum)).max(0.0),
    };
    let (n, df) = (number(n), number(n - 1));
    Some((number(sum) / n, spread / (n * df) / n, df))
}

/// The 97.5 % point of Student's t: exact for 1 and 2 degrees of freedom, rounded down to there below 3, and from 3 on the
/// expansion 26.7.5 of Abramowitz and Stegun, "Handbook of Mathematical Functions", whose error is then below 0.2 %.
fn student(df: f64) -> f64 {
    if df < 2.0 {
        return 12.706_204_736;
    }
    if df < 3.0 {
        return 4.302_652_73;
    }
    let z = |power: i32| Z.powi(power);
    let terms = [
        (z(3) + Z) / 4.0,
        (5.0 * z(5) + 16.0 * z(3) + 3.0 * Z) / 96.0,
        (3.0 * z(7) + 19.0 * z(5) + 17.0 * z(3) - 15.0 * Z) / 384.0,
        (79.0 * z(9) + 776.0 * z(7) + 1_482.0 * z(5) - 1_920.0 * z(3) - 945.0 * Z) / 92_160.0,
    ];
    terms.iter().rev().fold(0.0, |sum, term| (sum + term) / df) + Z
}

/// How many held-out customers, with `ratio` treated ones to each, show the difference between two conversions with 80 %
/// power in a two-sided test of 5 %: J. L. Fleiss, A. Tytun and H. K. Ury, "A simple approximation for calculating sample
/// sizes for comparing independent proportions", Biometrics 36 (1980) 343-346, without continuity correction. `None` for no
/// difference.
pub(super) fn held_out_needed(held_out: f64, treated: f64, ratio: f64) -> Option<u64> {
    let difference = treated - held_out;
    if difference == 0.0 || ratio <= 0.0 {
        return None;
    }
    let pooled = (held_out + ratio * treated) / (ratio + 1.0);
    let alone = ratio * held_out * (1.0 - held_out) + treated * (1.0 - treated);
    let root = Z * ((ratio + 1.0) * pooled * (1.0 - pooled)).sqrt() + Z_POWER * alone.sqrt();
    let needed = root * root / (ratio * difference * difference);
    needed.is_finite().then_some(needed.ceil() as u64)
}

/// A sum as a float, to 53 bits.
pub(super) fn number(sum: u128) -> f64 {
    sum as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(converted: u128, customers: u128) -> Arm {
        Arm { customers, converted, ..Arm::default() }
    }

    fn near(found: f64, known: f64, within: f64) -> bool {
        (found - known).abs() <= within
    }

    /// Newcombe 1998, Table II, method 10: four of its examples.
    #[test]
    fn the_interval_of_proportions_gives_newcombes_published_examples() {
        let published = [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((10, 10), (0, 20), 0.6791, 1.0),
            ((0, 10), (0, 20), -0.1611, 0.2775),
        ];
        for ((a, m), (b, n), low, high) in published {
            let found = difference_of_proportions(&arm(a, m), &arm(b, n)).unwrap();
            assert!(near(found.low, low, 0.000_06) && near(found.high, high, 0.000_06), "{a}/{m}, {b}/{n}: {found:?}");
        }
        assert_eq!(difference_of_proportions(&arm(0, 0), &arm(1, 2)), None);
    }

    #[test]
    fn students_t_is_near_its_tables() {
        for (df, known) in [(1.0, 12.706), (2.0, 4.303), (3.0, 3.182), (4.0, 2.776), (10.0, 2.228), (100.0, 1.984)] {
            assert!(near(student(df), known, known * 0.002), "{df}: {}", student(df));
        }
        assert!(near(student(1e9), Z, 1e-6));
    }

    /// Difference of means against the same by hand: 1, 2, 3 and 2, 4, 6, 8 have means 2 and 5, variances 1 and 20/3.
    #[test]
    fn the_interval_of_means_is_welchs() {
        let found = difference_of_means([4, 20, 120], [3, 6, 14]).unwrap();
        let variance: f64 = 1.0 / 3.0 + 20.0 / 12.0;
        let df = variance * variance / ((1.0_f64 / 3.0).powi(2) / 2.0 + (20.0_f64 / 12.0).powi(2) / 3.0);
        assert!(near(df, 4.075, 0.01) && near(found.estimate, 3.0, 1e-12));
        assert!(near(found.high - 3.0, student(df) * variance.sqrt(), 1e-12));
        assert_eq!(difference_of_means([1, 20, 400], [3, 6, 14]), None);
        assert_eq!(difference_of_means([2, 2, 2], [3, 3, 3]), None, "nobody differs from anybody");
    }

    #[test]
    fn sums_too_large_for_exact_squares_still_give_numbers() {
        let large = [1_u128 << 60, 1 << 100, u128::MAX];
        let found = difference_of_means(large, [2, 3, 5]).unwrap();
        assert!(found.low.is_finite() && found.high.is_finite(), "{found:?}");
    }

    /// Fleiss, "Statistical Methods for Rates and Proportions": 0.6 against 0.7 takes 356 in each of two equal arms.
    #[test]
    fn sample_sizes_are_fleisss() {
        assert_eq!(held_out_needed(0.6, 0.7, 1.0), Some(356));
        let (few, even) = (held_out_needed(0.6, 0.7, 4.0).unwrap(), 356);
        assert!(few < even && few * 4 > even, "{few}");
        assert_eq!(held_out_needed(0.3, 0.3, 1.0), None);
        assert_eq!(held_out_needed(0.3, 0.4, 0.0), None);
    }
}

//! Fitting the model: maximum likelihood by BFGS from several starts, with exact gradients. The same table gives the same bits.

use serde::{Deserialize, Serialize};

use super::history::History;
use super::model::Model;
use super::table::Table;

/// A fitted model with how it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FittedBuying"))]
pub struct Fitted {
    /// The model.
    pub model: Model,
    /// Customers it was fitted from: the base, or a sample of a very large one.
    pub customers: u64,
}

type Four = [f64; 4];

/// The logarithms of `[r, alpha, a, b]` stay inside these: at a bound the data do not tell the parameter, only that it is small or large.
const LOWEST: Four = [-7.0, -2.0, -13.0, -7.0];
const HIGHEST: Four = [6.0, 11.0, 6.0, 11.0];

impl Fitted {
    /// With fewer customers, or fewer who came back, a fit would be chance.
    pub const MIN_CUSTOMERS: u64 = 100;
    /// See [`Fitted::MIN_CUSTOMERS`].
    pub const MIN_RETURNED: u64 = 30;

    /// The most likely model of a table; `None` where too few are counted.
    #[must_use]
    pub fn of(table: &Table) -> Option<Fitted> {
        let counted = Counted::of(table);
        let returned: u64 = counted.histories.iter().filter(|(h, _)| h.repeats > 0).map(|(_, count)| count).sum();
        if counted.customers < Fitted::MIN_CUSTOMERS || returned < Fitted::MIN_RETURNED {
            return None;
        }
        let age: f64 = counted.histories.iter().map(|(h, count)| f64::from(h.age) * *count as f64).sum();
        let mean_age = (age / counted.customers as f64).max(1.0);
        let starts = [
            [1.0, mean_age, 1.0, 3.0],
            [0.3, mean_age / 5.0, 0.5, 1.5],
            [0.5, 10.0, 0.3, 10.0],
            [3.0, mean_age * 2.0, 2.0, 2.0],
        ];
        let best =
            starts.map(|start| ascend(&counted, start.map(f64::ln))).into_iter().max_by(|x, y| x.0.total_cmp(&y.0));
        let model = Model::new(best?.1.map(f64::exp))?;
        Some(Fitted { model, customers: counted.customers })
    }
}

impl Model {
    /// The natural logarithm of the likelihood of a table's customers.
    #[must_use]
    pub fn log_likelihood(&self, table: &Table) -> f64 {
        let counted = Counted::of(table);
        counted.mean_log_likelihood(self.parameters().map(f64::ln)).0 * counted.customers as f64
    }
}

/// A table as the optimiser reads it again and again.
struct Counted {
    histories: Vec<(History, u64)>,
    customers: u64,
    most_repeats: u32,
}

impl Counted {
    fn of(table: &Table) -> Counted {
        let histories = table.histories();
        let most_repeats = histories.iter().map(|(history, _)| history.repeats).max().unwrap_or(0);
        Counted { histories, customers: table.customers(), most_repeats }
    }

    /// The mean log-likelihood at the parameters' logarithms, and its gradient by them.
    ///
    /// Ratios of gamma functions at whole distances are products, so their logarithms are running sums: no ln-gamma and
    /// nothing to cancel.
    fn mean_log_likelihood(&self, logs: Four) -> (f64, Four) {
        let [r, alpha, a, b] = logs.map(f64::exp);
        // ln G(r+x)/G(r) and ln G(a+b) G(b+x+1) / G(b) G(a+b+x+1), each with its derivatives.
        let mut sums = Vec::with_capacity(self.most_repeats as usize + 1);
        let (mut rising, mut by_r) = (0.0, 0.0);
        let (mut staying, mut by_a, mut by_b) = (0.0, 0.0, 0.0);
        for x in 0..=self.most_repeats {
            let x = f64::from(x);
            staying += (b + x).ln() - (a + b + x).ln();
            by_a -= 1.0 / (a + b + x);
            by_b += 1.0 / (b + x) - 1.0 / (a + b + x);
            sums.push([rising, by_r, staying, by_a, by_b]);
            rising += (r + x).ln();
            by_r += 1.0 / (r + x);
        }
        let (mut sum, mut gradient) = (0.0, [0.0; 4]);
        for (history, count) in &self.histories {
            let [rising, by_r, staying, by_a, by_b] = sums[history.repeats as usize];
            let (x, until_now, until_last) =
                (f64::from(history.repeats), alpha + f64::from(history.age), alpha + f64::from(history.span));
            let (ln_now, ln_last) = (until_now.ln(), until_last.ln());
            // Stopped after the last purchase against still active, as odds.
            let odds = logs[2] - (b + x).ln() + (r + x) * (ln_now - ln_last);
            let ln_either = odds.max(0.0) + (-odds.abs()).exp().ln_1p();
            let stopped = 1.0 / (1.0 + (-odds).exp());
            let weight = *count as f64;
            sum += weight * (rising + r * logs[1] + staying - (r + x) * ln_now + ln_either);
            gradient[0] += weight * (by_r + logs[1] - ln_now + stopped * (ln_now - ln_last));
            gradient[1] +=
                weight * (r / alpha - (r + x) / until_now + stopped * (r + x) * (1.0 / until_now - 1.0 / until_last));
            gradient[2] += weight * (by_a + stopped / a);
            gradient[3] += weight * (by_b - stopped / (b + x));
        }
        let all = self.customers as f64;
        let by_logs = [gradient[0] * r, gradient[1] * alpha, gradient[2] * a, gradient[3] * b];
        (sum / all, by_logs.map(|slope| slope / all))
    }
}

/// Climbs from a start by BFGS: the mean log-likelihood there, and the parameters' logarithms. The bounds are a smooth change
/// of variables, so a step never leaves them.
fn ascend(counted: &Counted, start: Four) -> (f64, Four) {
    const STEPS: usize = 300;
    const FLAT: f64 = 1e-7;
    let half = each(|i| (HIGHEST[i] - LOWEST[i]) / 2.0);
    let place = |u: &Four| each(|i| LOWEST[i] + half[i] * (1.0 + u[i].tanh()));
    let at = |u: &Four| {
        let (value, slopes) = counted.mean_log_likelihood(place(u));
        (value, each(|i| slopes[i] * half[i] * (1.0 - u[i].tanh().powi(2))))
    };
    let mut u = each(|i| ((start[i] - LOWEST[i]) / half[i] - 1.0).clamp(-0.99, 0.99).atanh());
    let (mut value, mut slope) = at(&u);
    let mut inverse = identity();
    for _ in 0..STEPS {
        if slope.iter().all(|s| s.abs() < FLAT) {
            break;
        }
        let mut direction = times(&inverse, &slope);
        if dot(&direction, &slope) <= 0.0 {
            (inverse, direction) = (identity(), slope);
        }
        let longest = direction.iter().fold(0.0_f64, |most, d| most.max(d.abs()));
        // No step changes a variable by more than one: far out the transformed surface is flat.
        let mut length = 1.0_f64.min(1.0 / longest);
        let uphill = dot(&direction, &slope);
        let found = loop {
            let next = each(|i| u[i] + length * direction[i]);
            let there = at(&next);
            if there.0 >= value + 1e-4 * length * uphill {
                break Some((next, there));
            }
            length /= 2.0;
            if length < 1e-12 {
                break None;
            }
        };
        let Some((next, (higher, next_slope))) = found else { break };
        // For a maximum the change of slope is taken downwards.
        let (step, bend) = (each(|i| next[i] - u[i]), each(|i| slope[i] - next_slope[i]));
        update(&mut inverse, &step, &bend);
        (u, value, slope) = (next, higher, next_slope);
    }
    (value, place(&u))
}

/// The BFGS update of the inverse curvature, left out where the surface does not bend.
fn update(inverse: &mut [Four; 4], step: &Four, bend: &Four) {
    let along = dot(step, bend);
    if along <= 1e-18 {
        return;
    }
    let moved = times(inverse, bend);
    let factor = (along + dot(bend, &moved)) / (along * along);
    for i in 0..4 {
        for j in 0..4 {
            inverse[i][j] += factor * step[i] * step[j] - (moved[i] * step[j] + step[i] * moved[j]) / along;
        }
    }
}

fn each(f: impl Fn(usize) -> f64) -> Four {
    std::array::from_fn(f)
}

fn identity() -> [Four; 4] {
    std::array::from_fn(|i| each(|j| f64::from(u8::from(i == j))))
}

fn dot(x: &Four, y: &Four) -> f64 {
    x.iter().zip(y).map(|(a, b)| a * b).sum()
}

fn times(matrix: &[Four; 4], vector: &Four) -> Four {
    each(|i| dot(&matrix[i], vector))
}

#[cfg(test)]
mod tests {
    use super::super::table::Draw;
    use super::*;

    /// A base that the model itself might have made: `n` customers, deterministic.
    fn base(n: u64) -> Vec<(Draw, History)> {
        let mut state = 7_u64;
        let mut unit = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        let mut one = || {
            let (rate, stop) = (-unit().ln() / 60.0, unit().powi(3));
            let age = 100 + (unit() * 400.0) as u32;
            let (mut now, mut history) = (0.0, History { age, span: 0, repeats: 0 });
            while unit() >= stop {
                now += -unit().ln() / rate;
                if now >= f64::from(age) {
                    break;
                }
                history = History { span: now as u32, repeats: history.repeats + 1, ..history };
            }
            (Draw::of((unit() * 1e18) as u64), history)
        };
        (0..n).map(|_| one()).collect()
    }

    fn table(customers: &[(Draw, History)]) -> Table {
        let mut table = Table::default();
        customers.iter().for_each(|(draw, history)| table.add(*draw, *history));
        table
    }

    #[test]
    fn the_gradient_is_that_of_the_likelihood() {
        let counted = Counted::of(&table(&base(300)));
        let at = [0.2, 3.0, -0.5, 1.1];
        let (_, gradient) = counted.mean_log_likelihood(at);
        for (i, slope) in gradient.into_iter().enumerate() {
            let moved = |by: f64| counted.mean_log_likelihood(each(|j| at[j] + if i == j { by } else { 0.0 })).0;
            let found = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((slope - found).abs() < 1e-7, "{i}: {slope} {found}");
        }
    }

    #[test]
    fn shards_in_any_order_give_the_same_bits() {
        let base = base(600);
        let whole = Fitted::of(&table(&base));
        assert!(whole.is_some());
        for shards in [4, 16] {
            let mut parts: Vec<Table> =
                (0..shards).map(|n| table(&base.iter().copied().skip(n).step_by(shards).collect::<Vec<_>>())).collect();
            parts.reverse();
            let merged = parts.iter().fold(Table::default(), |sum, part| sum.merge(part));
            assert_eq!(Fitted::of(&merged), whole);
        }
    }

    #[test]
    fn no_neighbour_is_more_likely() {
        let table = table(&base(2_000));
        let Some(found) = Fitted::of(&table) else { panic!("enough customers") };
        let best = found.model.log_likelihood(&table);
        for i in 0..4 {
            for factor in [0.97, 1.03] {
                let mut near = found.model.parameters();
                near[i] *= factor;
                assert!(Model::new(near).is_some_and(|model| model.log_likelihood(&table) < best), "{i} {factor}");
            }
        }
    }

    #[test]
    fn too_few_customers_or_nobody_who_came_back_give_no_model() {
        assert_eq!(Fitted::of(&table(&base(99))), None);
        let once: Vec<_> = (0..500).map(|n| (Draw::of(n), History { age: n as u32, span: 0, repeats: 0 })).collect();
        assert_eq!(Fitted::of(&table(&once)), None);
    }
}

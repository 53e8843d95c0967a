//! A synthetic base with a known effect: what is planted is what has to be found. Not to be read as data.

use playbook::holdout::Holdout;
use playbook::uplift::{Measure, Measured, Period, Tally};
use playbook::{Playbook, holdout};
use segmentation::cuts::{AxisCuts, Law};
use segmentation::{Activation, Cuts, Day, Entry, Flags, Minor, Orders, Profile, Window};

/// Fixed numbers from a seed (SplitMix64, S. Vigna): the same base in every run.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn of(seed: u64) -> Numbers {
        // Not the seed itself: neighbouring seeds would give one stream, shifted by a place.
        Numbers(Numbers(seed).next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> i64 {
        i64::try_from(self.next() % n).unwrap()
    }

    pub(crate) fn chance(&mut self, share: f64) -> bool {
        ((self.next() >> 11) as f64) < share * (1_u64 << 53) as f64
    }
}

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(crate) fn cuts() -> Cuts {
    let axis = |c1, c2| AxisCuts { c1, c2, law: Law::Fixed };
    Cuts { recency: axis(30, 90), frequency: axis(1, 4), monetary: axis(1_000, 50_000), window: Window::default() }
}

pub(crate) fn order(day: Day, net: i64) -> Entry {
    Entry { day, net: Minor(net), flags: Flags::none() }
}

pub(crate) fn profile(orders: impl IntoIterator<Item = Entry>) -> Profile {
    Profile { orders: orders.into_iter().collect::<Orders>(), ..Profile::default() }
}

/// October 2026 with this holdout.
pub(crate) fn october(holdout: Holdout) -> Measured {
    Measured {
        period: Period { from: day("2026-10-01"), through: day("2026-10-31") },
        holdout,
        since: day("2026-09-01"),
        activation: Some(Activation(1)),
        playbook: Playbook::builtin().version().to_owned(),
        own: std::collections::BTreeMap::new(),
        own_left_out: 0,
    }
}

/// The base of one seed.
pub(crate) struct Base {
    pub(crate) customers: Vec<(Profile, bool)>,
    pub(crate) measured: Measured,
}

/// Customers who bought twice, the last time 31 to 89 days before October: all `r2f2m2` on its first day. In October each held
/// out buys with the chance `base`, each treated one with `effect` more; who buys does so once or twice, for 10 to 90 each time.
pub(crate) fn base(seed: u64, customers: usize, base: f64, effect: f64) -> Base {
    let mut numbers = Numbers::of(seed);
    let measured = october(Holdout { percent: 20, ..Holdout::default() });
    let from = measured.period.from;
    let customers = (0..customers)
        .map(|_| {
            let last = from.plus(-31 - numbers.below(59));
            let mut orders = vec![order(last.plus(-40), 2_000), order(last, 3_000 + numbers.below(2_000))];
            let draw = u32::try_from(numbers.next() >> 32).unwrap();
            let held_out = measured.holdout.takes(holdout::EVERYTHING, draw);
            if numbers.chance(base + if held_out { 0.0 } else { effect }) {
                for _ in 0..=numbers.below(2) {
                    orders.push(order(from.plus(numbers.below(31)), 1_000 + numbers.below(8_001)));
                }
            }
            (profile(orders), held_out)
        })
        .collect();
    Base { customers, measured }
}

/// What one buyer's October comes to on average: one or two orders, each 50.
pub(crate) const ORDERS_OF_A_BUYER: f64 = 1.5;
pub(crate) const REVENUE_OF_A_BUYER: f64 = 7_500.0;

impl Base {
    /// Measured as a run does it.
    pub(crate) fn tally(&self) -> Tally {
        let measure = Measure::new(&self.measured, cuts(), Playbook::builtin());
        let mut tally = Tally::default();
        for (profile, held_out) in &self.customers {
            measure.add(&mut tally, profile, |_| *held_out);
        }
        tally
    }
}

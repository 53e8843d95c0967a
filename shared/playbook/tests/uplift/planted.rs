//! Does the interval hold what was planted? Over 200 seeds, each with 2,000 customers, a fifth of them held out.

use playbook::holdout::EVERYTHING;
use playbook::uplift::{Interval, Outcome, Report, Tally};
use segmentation::{Place, Segment};

use super::synthetic::{ORDERS_OF_A_BUYER, REVENUE_OF_A_BUYER, base, cuts};

const SEEDS: u64 = 200;

fn cohort() -> Segment {
    "r2f2m2".parse().unwrap()
}

fn holds(interval: Interval<f64>, truth: f64) -> bool {
    (interval.low..=interval.high).contains(&truth)
}

/// In how many seeds the intervals of conversion, orders and revenue hold the truth, and in how many that of conversion
/// holds zero.
fn coverage(conversion: f64, effect: f64) -> [u64; 4] {
    let mut held = [0; 4];
    for seed in 0..SEEDS {
        let report = Report::of(&base(seed, 2_000, conversion, effect).tally().at(cohort(), EVERYTHING));
        let effects = report.uplift.unwrap();
        let revenue = effects.revenue.unwrap().map(|money| money.0 as f64);
        held[0] += u64::from(holds(effects.conversion, effect));
        held[1] += u64::from(holds(effects.orders.unwrap(), effect * ORDERS_OF_A_BUYER));
        held[2] += u64::from(holds(revenue, effect * REVENUE_OF_A_BUYER));
        held[3] += u64::from(holds(effects.conversion, 0.0));
    }
    held
}

#[test]
fn the_interval_covers_a_planted_effect_in_about_95_of_100_seeds() {
    let [conversion, orders, revenue, zero] = coverage(0.20, 0.08);
    for (what, held) in [("conversion", conversion), ("orders", orders), ("revenue", revenue)] {
        assert!((180..=198).contains(&held), "{what}: {held} of {SEEDS}");
    }
    assert!(zero < 40, "an effect of 8 points shows in most seeds: zero is covered in {zero}");
}

#[test]
fn it_covers_zero_where_nothing_was_planted_also_where_few_buy() {
    for conversion in [0.30, 0.02] {
        let held = coverage(conversion, 0.0);
        assert!(held.iter().all(|held| (180..=199).contains(held)), "{conversion}: {held:?}");
    }
}

/// Who bought has moved to r3 by the month's end, and more of the treated did. Compared by where customers stand now, all of
/// r3 bought and none of r2 did, in both arms: the effect is gone. By where they stood before, it is found.
#[test]
fn customers_who_move_because_of_the_treatment_are_counted_where_they_began() {
    let (mut fixed, mut naive_covers, mut moved) = (0, 0, 0);
    for seed in 0..SEEDS {
        let base = base(seed, 2_000, 0.20, 0.08);
        let cuts = cuts();
        let mut naive = Tally::default();
        for (profile, held_out) in &base.customers {
            let Place(Some(now)) = cuts.place(&profile.orders, base.measured.period.through) else { continue };
            moved += u64::from(now != cohort());
            let outcome = Outcome::of(&profile.orders, base.measured.period, cuts.window);
            naive.add(now, EVERYTHING, *held_out, &outcome);
        }
        let covers = |cell| holds(Report::of(&cell).uplift.unwrap().conversion, 0.08);
        fixed += u64::from(covers(base.tally().at(cohort(), EVERYTHING)));
        naive_covers += u64::from(covers(naive.at(cohort(), EVERYTHING)));
    }
    assert!(moved > SEEDS * 400, "the treatment must move customers: {moved}");
    assert!((180..=198).contains(&fixed), "{fixed} of {SEEDS}");
    assert_eq!(naive_covers, 0, "by today's segment the effect is lost");
}

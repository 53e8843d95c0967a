//! How well a number ranks outcomes.

/// A customer's number, the higher the worse, and whether it came out badly.
#[derive(Clone, Copy)]
pub(crate) struct Scored {
    pub(crate) worse: f64,
    pub(crate) bad: bool,
}

/// Customers of equal number, worst first: how many, and how many of them came out badly.
fn ties(scored: &[Scored]) -> Vec<(f64, f64)> {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|x, y| y.worse.total_cmp(&x.worse));
    let count = |run: &[Scored]| (run.len() as f64, run.iter().filter(|one| one.bad).count() as f64);
    sorted.chunk_by(|x, y| x.worse == y.worse).map(count).collect()
}

/// The chance that of two customers, one of each outcome, the one who came out badly has the worse number; a tie is half.
pub(crate) fn auc(scored: &[Scored]) -> f64 {
    let bad = scored.iter().filter(|one| one.bad).count() as f64;
    let good = scored.len() as f64 - bad;
    let (mut pairs, mut good_below) = (0.0, good);
    for (all, bad_here) in ties(scored) {
        let good_here = all - bad_here;
        good_below -= good_here;
        pairs += bad_here * (good_below + good_here / 2.0);
    }
    pairs / (bad * good)
}

/// The share of bad outcomes among the worst tenth; of a tie across its border the mean.
pub(crate) fn worst_tenth(scored: &[Scored]) -> f64 {
    let tenth = (scored.len() as f64 / 10.0).ceil();
    let (mut left, mut found) = (tenth, 0.0);
    for (all, bad) in ties(scored) {
        let taken = all.min(left);
        found += bad * taken / all;
        left -= taken;
    }
    found / tenth
}

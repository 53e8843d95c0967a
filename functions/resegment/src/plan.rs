//! Beginning a run, and plan: what it has to do.

use chrono::{DateTime, Utc};
use ledger::{BeginRunError, Ledger, LedgerError, Run, RunMark, ShopId};
use segmentation::Day;

use crate::steps::{Plan, RunError, Steps};

/// Shards of a small shop: more than a machine's cores, as most of a shard's time is waiting for the store.
pub const SHARDS: u32 = 8;
/// A shard is far from the quarter of an hour that a call may take, and its survey far from what an item holds.
const CUSTOMERS_PER_SHARD: u64 = 50_000;
/// More would only make the merging longer (docs/scale.md).
const MOST_SHARDS: u32 = 2_000;
/// Shards at the same time: what one inline map may have, and a store with partitions enough takes.
const AT_ONCE: u32 = 40;

/// Into how many shards a base of so many customers is split.
#[must_use]
pub fn shards_for(customers: u64) -> u32 {
    u32::try_from(customers.div_ceil(CUSTOMERS_PER_SHARD)).unwrap_or(MOST_SHARDS).clamp(SHARDS, MOST_SHARDS)
}

/// Begins a run, or takes over the one whose lease has expired. The number of shards follows the last census.
///
/// # Errors
/// [`BeginRunError::InProgress`] while another run holds the lease.
pub async fn begin_run(
    ledger: &Ledger,
    shop: &ShopId,
    day: Day,
    refit: bool,
    now: DateTime<Utc>,
) -> Result<Run, BeginRunError> {
    let last = ledger.read_current(shop).await?.and_then(|current| current.last_run);
    let shards = shards_after(ledger, shop, last).await?;
    ledger.begin_run(shop, day, refit, shards, now).await
}

/// Into how many shards a base is split that was last counted by this run.
pub(crate) async fn shards_after(ledger: &Ledger, shop: &ShopId, last: Option<RunMark>) -> Result<u32, LedgerError> {
    let counted = match last {
        Some(last) => ledger.run(shop, last.run).await?.and_then(|run| run.counts),
        None => None,
    };
    Ok(shards_for(counted.map_or(0, |counts| counts.census.total().customers)))
}

/// All shards, in the order of their numbers' bits reversed: those that are worked at together lie far from each other in the
/// key space, so in different partitions of the store. By number, forty neighbours would share one or two.
fn strewn(count: u32) -> Vec<u32> {
    let mut shards: Vec<u32> = (0..count).collect();
    shards.sort_unstable_by_key(|shard| shard.reverse_bits());
    shards
}

impl Steps {
    /// Settles whether the run fits cuts, and on what terms. A run that was taken over keeps what it settled.
    pub(crate) async fn plan(&self, shop: &ShopId, run: Run) -> Result<Plan, RunError> {
        let known = self.ledger.fresh_shop(shop).await?.ok_or_else(|| RunError::NoShop(shop.clone()))?;
        let settings = &known.settings.changeable;
        // What staff want activated goes before any fit.
        let due = known.current.due_on(run.day).is_none()
            && (run.refit || Ledger::fit_due(settings.refit, &known.current, run.day));
        let run = self.ledger.plan_run(shop, &run, due.then_some(settings.segmentation)).await?;
        Ok(Plan {
            shop: shop.clone(),
            run: run.run,
            fit: run.fitting.is_some() && run.activation.is_none(),
            shards: strewn(run.shards),
            at_once: AT_ONCE,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_follow_the_base_within_bounds() {
        assert_eq!([0, 400_000, 400_001, 1_000_000].map(shards_for), [8, 8, 9, 20]);
        assert_eq!([100_000_000, u64::MAX].map(shards_for), [2_000, 2_000]);
    }

    #[test]
    fn neighbours_are_not_worked_at_together() {
        assert_eq!(strewn(8), [0, 4, 2, 6, 1, 5, 3, 7]);
        let together: std::collections::BTreeSet<u32> =
            strewn(2_000)[..40].iter().map(|shard| shard * 64 / 2_000).collect();
        assert!(together.len() >= 32, "{} of 64 buckets", together.len());
        let mut sorted = strewn(2_000);
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..2_000));
    }
}

//! learn: lists of all merged parts, and their publishing.

use std::time::Duration;

use affinity::{Policy, learn};
use ledger::{Learning, LearningNumbers, LedgerError, MergedPart, PUBLISH_LEASE};

use crate::learn::{LearnInput, MAX_FLOOR, MAX_PAIRS, damaged, opened};
use crate::steps::{RunError, Steps};

/// How long to wait before another look at whether a publisher of products has ended.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

impl Steps {
    /// Learns lists, publishes them and ends the learning. The only step that holds all merged pairs.
    ///
    /// # Errors
    /// [`RunError::NoBaskets`] when nobody bought anything by name; [`RunError::NoLearning`] when it is at its end;
    /// [`RunError::Store`].
    pub async fn learn(&self, input: &LearnInput) -> Result<Learning, RunError> {
        let plan = &input.plan;
        let (shop, number) = (&plan.shop, plan.number);
        let learning = self.running_learning(shop, number).await?;
        let mut numbers = LearningNumbers::default();
        for shard in &plan.shards {
            let counted = self.ledger.counted_shard(shop, number, shard.index).await?;
            let counted = counted.ok_or_else(|| damaged(format!("shard {} is not counted", shard.index)))?;
            numbers.customers += counted.customers;
            numbers.bytes += counted.parts.iter().map(|part| part.bytes).sum::<u64>();
        }
        let mut merged = Vec::with_capacity(usize::from(plan.parts));
        for part in 0..plan.parts {
            let noted = self.ledger.merged_part(shop, number, part).await?;
            merged.push(noted.ok_or_else(|| damaged(format!("part {part} is not merged")))?);
        }
        numbers.products = merged.iter().map(|part| part.products).sum();
        numbers.bytes += merged.iter().map(|part| part.counts.bytes).sum::<u64>();
        if numbers.products == 0 {
            return Err(RunError::NoBaskets);
        }
        let policy = Policy::default();
        numbers.pair_floor = floor(policy.pair_floor, &merged);
        let mut parts = Vec::with_capacity(merged.len());
        for part in merged {
            let mut counts = opened(&self.ledger.counts(shop, number, part.part, None, &part.counts).await?)?;
            counts.prune(numbers.pair_floor);
            numbers.pairs += counts.pairs().len() as u64;
            parts.push(counts);
        }
        // Seconds to minutes of CPU, during which the lease is to be renewed.
        let learned = tokio::task::spawn_blocking(move || learn(&parts, &policy)).await?;
        let lists = learned.of_history.keys().chain(learned.of_baskets.keys());
        numbers.lists = lists.collect::<std::collections::BTreeSet<_>>().len() as u64;
        let tries = PUBLISH_LEASE.num_seconds().unsigned_abs() / LOOK_AGAIN.as_secs() + 10;
        for _ in 0..tries {
            match self.ledger.publish_learning(shop, &learning, &learned, numbers, self.clock.now()).await {
                // Products are being published; that takes seconds, or the lease of a dead publisher.
                Err(LedgerError::Busy) => tokio::time::sleep(LOOK_AGAIN).await,
                published => return Ok(published?),
            }
        }
        Err(LedgerError::Busy.into())
    }
}

/// The lowest floor from `least` on under which the pairs fit; the highest there is where they do under none.
fn floor(least: u32, merged: &[MergedPart]) -> u32 {
    let pairs = |floor: u32| -> u64 { merged.iter().filter_map(|part| part.pairs.get(floor as usize - 1)).sum() };
    let least = least.clamp(1, MAX_FLOOR);
    (least..MAX_FLOOR).find(|floor| pairs(*floor) <= MAX_PAIRS).unwrap_or(MAX_FLOOR)
}

#[cfg(test)]
mod tests {
    use ledger::StoredCounts;

    use super::*;

    fn part(pairs: Vec<u64>) -> MergedPart {
        let counts = StoredCounts { hash: String::new(), items: 1, content: 0, bytes: 0 };
        MergedPart { part: 0, products: 1, pairs, counts }
    }

    #[test]
    fn pairs_are_forgotten_only_where_they_are_too_many_and_then_the_rarest() {
        assert_eq!(floor(1, &[part(vec![MAX_PAIRS / 2, 9]), part(vec![MAX_PAIRS / 2, 9])]), 1);
        assert_eq!(floor(3, &[part(vec![5, 5, 5])]), 3);
        assert_eq!(floor(1, &[part(vec![MAX_PAIRS, 7, 7]), part(vec![1, 1, 1])]), 2);
        assert_eq!(floor(1, &[part(vec![MAX_PAIRS + 1; 16])]), MAX_FLOOR);
    }
}

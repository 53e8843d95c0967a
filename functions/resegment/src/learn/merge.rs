//! merge: one part of the counts, over all shards. Which pairs are rare is known only after it: a pair that is rare in each
//! shard may be common in the shop.

use affinity::PartCounts;
use ledger::MergedPart;

use crate::learn::{MAX_FLOOR, MergeInput, damaged, opened};
use crate::steps::{RunError, Steps};

impl Steps {
    /// Merges one part in the order of shards, unless that is noted.
    ///
    /// # Errors
    /// [`RunError::Store`], also when a shard is not counted yet; nothing holds then.
    pub async fn merge(&self, input: &MergeInput) -> Result<MergedPart, RunError> {
        let MergeInput { plan, part } = input;
        let (shop, number, part) = (&plan.shop, plan.number, *part);
        if let Some(merged) = self.ledger.merged_part(shop, number, part).await? {
            return Ok(merged);
        }
        let mut sum = PartCounts::new(plan.terms(), part);
        for shard in &plan.shards {
            let counted = self.ledger.counted_shard(shop, number, shard.index).await?;
            let stored = counted.as_ref().and_then(|counted| counted.parts.get(usize::from(part)));
            let stored = stored.ok_or_else(|| damaged(format!("shard {} is not counted", shard.index)))?;
            let bytes = self.ledger.counts(shop, number, part, Some(shard.index), stored).await?;
            sum.merge(opened(&bytes)?).map_err(damaged)?;
        }
        let products = sum.products().len() as u64;
        let at_least = |floor: u32| sum.pairs().iter().filter(|pair| pair.customers >= floor).count() as u64;
        let pairs = (1..=MAX_FLOOR).map(at_least).collect();
        let counts = self.ledger.put_counts(shop, number, part, None, sum.to_bytes(), self.clock.now()).await?;
        let merged = MergedPart { part, products, pairs, counts };
        Ok(self.ledger.note_merged(shop, number, merged, self.clock.now()).await?)
    }
}

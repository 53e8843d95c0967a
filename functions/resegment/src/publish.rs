//! publish: the shards' counts become the shop's census, and the lease is given back.

use ledger::{Counts, Run};

use crate::steps::{PublishInput, RunError, Steps};

impl Steps {
    /// Publishes a run.
    ///
    /// # Errors
    /// [`RunError::Store`].
    pub async fn publish(&self, input: &PublishInput) -> Result<Run, RunError> {
        let counts = input.shards.iter().fold(Counts::default(), |sum, shard| sum.merge(&shard.counts));
        let run = self.ledger.publish_run(&input.shop, input.run.clone(), counts, self.clock.now()).await?;
        let labels: u64 = input.shards.iter().map(|shard| shard.labels).sum();
        let write_units: f64 = input.shards.iter().map(|shard| shard.write_units).sum();
        tracing::info!(shop = %input.shop, run = run.run, day = %run.day, labels, write_units, "published");
        Ok(run)
    }
}

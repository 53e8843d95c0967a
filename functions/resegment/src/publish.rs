//! publish and fail: the two ends of a run. Both give the lease back.

use ledger::{Assigned, LedgerError, Run, ShopId};

use crate::steps::{RunError, Steps};

impl Steps {
    /// Makes the sum of all shards the shop's census.
    pub(crate) async fn publish(&self, shop: &ShopId, run: Run) -> Result<Run, RunError> {
        let (mut sum, mut done) = (Assigned::default(), 0);
        let add = |shard: ledger::ShardProgress| {
            sum = sum.merge(&shard.assigned);
            done += u32::from(shard.done);
        };
        self.ledger.each_shard(shop, run.run, add).await?;
        if done < run.shards {
            return Err(LedgerError::Damaged(format!("{done} of {} shards are assigned", run.shards)).into());
        }
        let (labels, write_units) = (sum.labels, sum.write_units);
        let run = Run { falls: self.falls(shop, &run, &sum.counts).await?, ..run };
        let run = self.ledger.publish_run(shop, run, sum, self.clock.now()).await?;
        tracing::info!(%shop, run = run.run, day = %run.day, labels, write_units, "published");
        Ok(run)
    }

    /// Gives a run up for good.
    pub(crate) async fn fail(&self, shop: &ShopId, run: Run, error: &str, cause: &str) -> Result<Run, RunError> {
        let failure = readable(error, cause);
        // A shop without orders is no failure that anybody need look at.
        let look = error != RunError::EmptyBase.kind();
        tracing::error!(%shop, run = run.run, failure, "the run failed");
        Ok(self.ledger.fail_run(shop, run, failure, look, self.clock.now()).await?)
    }
}

/// Lambda hands an error over as JSON with its message; what has none is shown as it is.
fn readable(error: &str, cause: &str) -> String {
    let told: Option<serde_json::Value> = serde_json::from_str(cause).ok();
    let message = told.as_ref().and_then(|told| told["errorMessage"].as_str()).unwrap_or(cause);
    if message.is_empty() { error.to_owned() } else { message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_shown_by_its_message() {
        let of_lambda = r#"{"errorType":"Run.EmptyBase","errorMessage":"nobody has a counted order yet"}"#;
        assert_eq!(readable("Run.EmptyBase", of_lambda), "nobody has a counted order yet");
        assert_eq!(readable("States.Timeout", ""), "States.Timeout");
        assert_eq!(readable("Run.Store", "no such table"), "no such table");
    }
}

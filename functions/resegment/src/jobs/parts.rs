//! The parts of a job, some of them at the same time. A part that is noted as done is not done again.

use std::ops::Range;

use ledger::ShopId;
use tokio::task::JoinSet;

use crate::steps::{RunError, Steps};

/// Parts worked at at the same time: most of the time they wait for the store.
const AT_ONCE: usize = 8;

/// Does all of these parts that are not noted, and notes each one's outcome.
pub(super) async fn each<F>(
    steps: &Steps,
    (shop, job): (&ShopId, u64),
    parts: Range<u32>,
    part: impl Fn(u32) -> F,
) -> Result<(), RunError>
where
    F: Future<Output = Result<Vec<u8>, RunError>> + Send + 'static,
{
    let mut tasks: JoinSet<Result<(), RunError>> = JoinSet::new();
    let (mut waiting, mut done) = (parts.clone(), parts.start);
    loop {
        while tasks.len() < AT_ONCE
            && let Some(at) = waiting.next()
        {
            let (steps, shop, outcome) = (steps.clone(), shop.clone(), part(at));
            tasks.spawn(async move {
                if steps.ledger.job_part(&shop, job, at).await?.is_none() {
                    let outcome = outcome.await?;
                    steps.ledger.note_job_part(&shop, job, at, outcome, steps.clock.now()).await?;
                }
                Ok(())
            });
        }
        let Some(one) = tasks.join_next().await else { return Ok(()) };
        one??;
        done += 1;
        steps.ledger.job_progress(shop, job, done).await?;
    }
}

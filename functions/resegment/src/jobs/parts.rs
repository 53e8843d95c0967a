//! The parts of a job, some of them at the same time. A part that is noted as done is not done again.

use std::ops::Range;

use ledger::ShopId;

use crate::hold::Parts;
use crate::steps::{RunError, Steps, Until};

/// Which job, and how its parts are done.
#[derive(Clone, Copy)]
pub(super) struct Doing<'a> {
    pub(super) shop: &'a ShopId,
    pub(super) job: u64,
    /// Parts at the same time.
    pub(super) at_once: usize,
    pub(super) until: Until,
}

impl Doing<'_> {
    /// Most of the time such parts wait for the store.
    pub(super) const WAITING: usize = 8;

    /// Does all of these parts that are not noted, and notes each one's outcome. `false`: the call must return before the last.
    pub(super) async fn each<F>(
        &self,
        steps: &Steps,
        parts: Range<u32>,
        part: impl Fn(u32) -> F,
    ) -> Result<bool, RunError>
    where
        F: Future<Output = Result<Vec<u8>, RunError>> + Send + 'static,
    {
        let (shop, job) = (self.shop, self.job);
        let mut left = Vec::new();
        for at in parts.clone() {
            if steps.ledger.job_part(shop, job, at).await?.is_none() {
                left.push(at);
            }
        }
        let noted = parts.end - u32::try_from(left.len()).unwrap_or(parts.end);
        let work = left.into_iter().map(|at| {
            let (steps, shop, outcome) = (steps.clone(), shop.clone(), part(at));
            async move {
                let outcome = outcome.await?;
                Ok(steps.ledger.note_job_part(&shop, job, at, outcome, steps.clock.now()).await?)
            }
        });
        let told = |done: usize| async move {
            let done = noted + u32::try_from(done).unwrap_or(parts.end);
            Ok(steps.ledger.job_progress(shop, job, done).await?)
        };
        Parts { at_once: self.at_once, until: self.until, clock: steps.clock }.each(work, told).await
    }
}

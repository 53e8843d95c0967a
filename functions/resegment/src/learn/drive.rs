//! The driver of a learning: the same steps in the same order as a state machine would call them, a few at a time.

use std::future::ready;

use ledger::{Learning, LearningStatus, LedgerError, ShopId};

use crate::hold::{Parts, held};
use crate::learn::{CountInput, LearnInput, MergeInput};
use crate::steps::{RunError, Steps, Until};

/// Counts and merges at the same time: each holds its counts in memory, and is CPU for the most part.
const AT_ONCE: usize = 2;

/// How far a learning is, for whoever shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Shards counted, of so many.
    Counted(usize, usize),
    /// Parts merged, of so many.
    Merged(usize, usize),
}

/// Drives a learning that was begun to its end: done, or failed for good where there is nothing to learn from. One that is
/// at its end already is given as it is. `None`: the call had to return before the end, and is to be made again. After an error
/// the learning stays unfinished: once its lease has expired, whoever begins the shop's next learning goes on with this one.
///
/// # Errors
/// [`RunError`].
pub async fn drive(
    steps: &Steps,
    shop: &ShopId,
    number: u64,
    until: Until,
    progress: impl Fn(Progress),
) -> Result<Option<Learning>, RunError> {
    let last = steps.ledger.learning(shop).await?;
    if let Some(ended) = last.filter(|last| last.number == number && last.status != LearningStatus::Running) {
        return Ok(Some(ended));
    }
    held(learn_steps(steps, shop, number, until, progress), || async {
        match steps.ledger.renew_learning(shop, number, steps.clock.now()).await {
            // Published, and what is left is sweeping; or another learning began, and this one will find that out.
            Err(LedgerError::Changed(_)) => Ok(false),
            renewed => renewed.map(|()| true),
        }
    })
    .await
}

async fn learn_steps(
    steps: &Steps,
    shop: &ShopId,
    number: u64,
    until: Until,
    progress: impl Fn(Progress),
) -> Result<Option<Learning>, RunError> {
    let plan = steps.plan_learning(shop, number).await?;
    let parts = Parts { at_once: AT_ONCE, until, clock: steps.clock };
    let mut left = Vec::new();
    for shard in &plan.shards {
        if steps.ledger.counted_shard(shop, number, shard.index).await?.is_none() {
            left.push(*shard);
        }
    }
    let noted = plan.shards.len() - left.len();
    let counts = left.into_iter().map(|shard| {
        let (steps, input) = (steps.clone(), CountInput { plan: plan.clone(), shard });
        async move { steps.count(&input).await.map(|_| ()) }
    });
    let told = |done| {
        progress(Progress::Counted(noted + done, plan.shards.len()));
        ready(Ok(()))
    };
    if !parts.each(counts, told).await? {
        return Ok(None);
    }
    let mut left = Vec::new();
    for part in 0..plan.parts {
        if steps.ledger.merged_part(shop, number, part).await?.is_none() {
            left.push(part);
        }
    }
    let noted = usize::from(plan.parts) - left.len();
    let merges = left.into_iter().map(|part| {
        let (steps, input) = (steps.clone(), MergeInput { plan: plan.clone(), part });
        async move { steps.merge(&input).await.map(|_| ()) }
    });
    let told = |done| {
        progress(Progress::Merged(noted + done, plan.parts.into()));
        ready(Ok(()))
    };
    if !parts.each(merges, told).await? {
        return Ok(None);
    }
    match steps.learn(&LearnInput { plan }).await {
        Err(nothing @ RunError::NoBaskets) => {
            let learning = steps.running_learning(shop, number).await?;
            let failed = steps.ledger.fail_learning(shop, &learning, nothing.to_string(), steps.clock.now()).await?;
            Ok(Some(failed))
        }
        Ok(learning) => {
            tracing::info!(%shop, number, numbers = ?learning.numbers, "learned");
            Ok(Some(learning))
        }
        Err(error) => Err(error),
    }
}

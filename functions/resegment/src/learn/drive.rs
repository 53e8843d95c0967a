//! The driver of a learning: the same steps in the same order as a state machine would call them, a few at a time.

use ledger::{LEASE, Learning, LearningStatus, LedgerError, ShopId};
use tokio::task::JoinSet;

use crate::learn::{CountInput, LearnInput, MergeInput};
use crate::steps::{RunError, Steps};

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
/// at its end already is given as it is. After an error it stays unfinished: once its lease has expired, whoever begins the
/// shop's next learning goes on with this one.
///
/// # Errors
/// [`RunError`].
pub async fn drive(
    steps: &Steps,
    shop: &ShopId,
    number: u64,
    progress: impl Fn(Progress),
) -> Result<Learning, RunError> {
    let last = steps.ledger.learning(shop).await?;
    if let Some(ended) = last.filter(|last| last.number == number && last.status != LearningStatus::Running) {
        return Ok(ended);
    }
    let all = learn_steps(steps, shop, number, progress);
    tokio::pin!(all);
    let third = (LEASE / 3).to_std().unwrap_or_default();
    let mut renewal = tokio::time::interval_at(tokio::time::Instant::now() + third, third);
    loop {
        tokio::select! {
            ended = &mut all => return ended,
            _ = renewal.tick() => match steps.ledger.renew_learning(shop, number, steps.clock.now()).await {
                // Published, and what is left is sweeping; or another learning began, and this one will find that out.
                Err(LedgerError::Changed(_)) => return all.await,
                renewed => renewed?,
            },
        }
    }
}

async fn learn_steps(
    steps: &Steps,
    shop: &ShopId,
    number: u64,
    progress: impl Fn(Progress),
) -> Result<Learning, RunError> {
    let plan = steps.plan_learning(shop, number).await?;
    let counts = plan.shards.iter().map(|shard| {
        let (steps, input) = (steps.clone(), CountInput { plan: plan.clone(), shard: *shard });
        async move { steps.count(&input).await.map(|_| ()) }
    });
    a_few_at_once(counts, |done| progress(Progress::Counted(done, plan.shards.len()))).await?;
    let merges = (0..plan.parts).map(|part| {
        let (steps, input) = (steps.clone(), MergeInput { plan: plan.clone(), part });
        async move { steps.merge(&input).await.map(|_| ()) }
    });
    a_few_at_once(merges, |done| progress(Progress::Merged(done, plan.parts.into()))).await?;
    match steps.learn(&LearnInput { plan }).await {
        Err(nothing @ RunError::NoBaskets) => {
            let learning = steps.running_learning(shop, number).await?;
            Ok(steps.ledger.fail_learning(shop, &learning, nothing.to_string(), steps.clock.now()).await?)
        }
        Ok(learning) => {
            tracing::info!(%shop, number, numbers = ?learning.numbers, "learned");
            Ok(learning)
        }
        Err(error) => Err(error),
    }
}

/// Runs all of these, and stops at the first error.
async fn a_few_at_once<F>(all: impl Iterator<Item = F>, done: impl Fn(usize)) -> Result<(), RunError>
where
    F: Future<Output = Result<(), RunError>> + Send + 'static,
{
    let (mut tasks, mut ended, mut waiting) = (JoinSet::new(), 0, all);
    loop {
        while tasks.len() < AT_ONCE
            && let Some(next) = waiting.next()
        {
            tasks.spawn(next);
        }
        match tasks.join_next().await {
            None => return Ok(()),
            Some(one) => one??,
        }
        ended += 1;
        done(ended);
    }
}

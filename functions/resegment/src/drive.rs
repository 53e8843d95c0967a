//! The driver for one machine: the same steps in the same order as a state machine would call them, one task per shard.

use ledger::{LEASE, LedgerError, Run, ShopId};
use tokio::task::JoinSet;

use crate::steps::{AssignInput, FitInput, PublishInput, RunError, Steps, SurveyInput};

/// How far a run is, for whoever shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Shards surveyed, of so many.
    Surveyed(usize, usize),
    /// Shards assigned, of so many.
    Assigned(usize, usize),
}

/// Drives a run that was begun to its end: published, or failed for good where there is nobody to segment. After an error the run stays unfinished: once its lease has expired, whoever
/// begins the shop's next run goes on with this one.
///
/// # Errors
/// [`RunError`].
pub async fn drive(steps: &Steps, shop: &ShopId, run: u64, progress: impl Fn(Progress)) -> Result<Run, RunError> {
    let all = run_steps(steps, shop, run, progress);
    tokio::pin!(all);
    let third = (LEASE / 3).to_std().unwrap_or_default();
    let mut renewal = tokio::time::interval_at(tokio::time::Instant::now() + third, third);
    loop {
        tokio::select! {
            ended = &mut all => return ended,
            _ = renewal.tick() => steps.ledger.renew_lease(shop, run, steps.clock.now()).await?,
        }
    }
}

async fn run_steps(steps: &Steps, shop: &ShopId, run: u64, progress: impl Fn(Progress)) -> Result<Run, RunError> {
    let plan = steps.plan(shop, run).await?;
    let count = plan.shards.len();
    let mut surveys = Vec::new();
    if plan.fit {
        let mut tasks = JoinSet::new();
        for shard in &plan.shards {
            let (steps, input) = (steps.clone(), SurveyInput { plan: plan.clone(), shard: *shard });
            tasks.spawn(async move { steps.survey(&input).await });
        }
        while let Some(surveyed) = tasks.join_next().await {
            surveys.push(surveyed??);
            progress(Progress::Surveyed(surveys.len(), count));
        }
    }
    let settled = match steps.fit(&FitInput { plan: plan.clone(), surveys }).await {
        Err(error @ RunError::EmptyBase) => {
            return Ok(steps.ledger.fail_run(shop, plan.run, error.to_string(), steps.clock.now()).await?);
        }
        settled => settled?,
    };
    let activation = settled.activation.ok_or_else(|| LedgerError::Damaged("a run without its activation".into()))?;
    let mut tasks = JoinSet::new();
    for shard in &plan.shards {
        let measured = settled.measured.clone();
        let (steps, input) = (steps.clone(), AssignInput { plan: plan.clone(), activation, measured, shard: *shard });
        tasks.spawn(async move { steps.assign(&input).await });
    }
    let mut shards = Vec::new();
    while let Some(assigned) = tasks.join_next().await {
        shards.push(assigned??);
        progress(Progress::Assigned(shards.len(), count));
    }
    steps.publish(&PublishInput { run: settled, shop: shop.clone(), shards }).await
}

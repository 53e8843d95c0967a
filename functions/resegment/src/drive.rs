//! The driver for one machine: the same steps in the same order as the state machine calls them.

use ledger::{Run, ShopId};
use tokio::task::JoinSet;

use crate::retry::retried;
use crate::steps::{Plan, RunError, Step, StepAnswer, Steps, Until, What};

/// Shards that one machine works at at the same time.
const AT_ONCE: usize = 8;

/// How far a run is, for whoever shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Shards surveyed, of so many.
    Surveyed(usize, usize),
    /// Shards looked at a second time, of so many.
    Looked(usize, usize),
    /// Shards assigned, of so many.
    Assigned(usize, usize),
}

/// Drives a run that was begun to its end: published, or failed for good. Where even that cannot be written, the run stays
/// unfinished: once its lease has expired, whoever begins the shop's next run goes on with this one. A run that another has
/// ended meanwhile is given as it is.
///
/// # Errors
/// [`RunError`].
pub async fn drive(
    steps: &Steps,
    shop: &ShopId,
    run: u64,
    progress: impl Fn(Progress) + Sync,
) -> Result<Run, RunError> {
    let driver = Driver { steps, shop, run };
    match driver.all(&progress).await {
        Ok(()) | Err(RunError::NoRun { .. }) => {}
        Err(error) => {
            let fail = What::Fail { error: error.kind().to_owned(), cause: error.to_string() };
            if driver.call(&fail).await.is_err() {
                return Err(error);
            }
        }
    }
    let ended = steps.ledger.run(shop, run).await?;
    ended.ok_or_else(|| RunError::NoRun { shop: shop.clone(), run })
}

struct Driver<'a> {
    steps: &'a Steps,
    shop: &'a ShopId,
    run: u64,
}

impl Driver<'_> {
    async fn all(&self, progress: &(impl Fn(Progress) + Sync)) -> Result<(), RunError> {
        let StepAnswer::Plan(plan) = self.call(&What::Plan).await? else { return Ok(()) };
        if plan.fit {
            self.each(&plan, |shard| What::Survey { shard }, |done, of| progress(Progress::Surveyed(done, of))).await?;
        }
        // No wait: there is no other process, and this one forgets what it knew of the shop when the activation is settled.
        while matches!(self.call(&What::Fit).await?, StepAnswer::Fit { look: true, .. }) {
            self.each(&plan, |shard| What::Look { shard }, |done, of| progress(Progress::Looked(done, of))).await?;
        }
        self.each(&plan, |shard| What::Assign { shard }, |done, of| progress(Progress::Assigned(done, of))).await?;
        self.call(&What::Publish).await?;
        Ok(())
    }

    async fn call(&self, what: &What) -> Result<StepAnswer, RunError> {
        call(self.steps, &Step { shop: self.shop.clone(), run: self.run, what: what.clone() }).await
    }

    /// One step for every shard, a few at once.
    async fn each(&self, plan: &Plan, what: impl Fn(u32) -> What, told: impl Fn(usize, usize)) -> Result<(), RunError> {
        let mut tasks: JoinSet<Result<(), RunError>> = JoinSet::new();
        let mut waiting = plan.shards.iter();
        let mut done = 0;
        loop {
            while tasks.len() < AT_ONCE
                && let Some(shard) = waiting.next()
            {
                let step = Step { shop: self.shop.clone(), run: self.run, what: what(*shard) };
                let steps = self.steps.clone();
                tasks.spawn(async move {
                    while call(&steps, &step).await? == (StepAnswer::Done { done: false }) {}
                    Ok(())
                });
            }
            let Some(ended) = tasks.join_next().await else { return Ok(()) };
            ended??;
            done += 1;
            told(done, plan.shards.len());
        }
    }
}

async fn call(steps: &Steps, step: &Step) -> Result<StepAnswer, RunError> {
    retried(|| steps.step(step, Until::done())).await
}

//! The hourly schedule: which shops are due, that is, whose local hour has come and whose day has no run (law 9), and whose
//! week has no learning (law 18). What a restart left unpublished is published too, and jobs that broke off are gone on with.

use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use ledger::{BeginLearningError, BeginRunError, Current, LearningStatus, Publish, Registered, ShopId};
use segmentation::Day;
use web::Clock;

use crate::jobs::StartJob;
use crate::steps::{RunError, Steps};
use crate::{begin_run, learn};

/// How a begun run is set going: as a task of this machine, or by a state machine.
pub type StartRun =
    Arc<dyn Fn(ShopId, u64) -> Pin<Box<dyn Future<Output = Result<(), StartError>> + Send>> + Send + Sync>;

/// How a begun learning is set going; a type of its own, so that a router tells it from [`StartRun`].
#[derive(Clone)]
pub struct StartLearn(pub StartRun);

/// Days from one learning of a shop to the next.
pub const LEARN_EVERY: i64 = 7;

/// How long after a shop's hour its run must be published, or somebody is to look at it: three hourly tries.
pub const OVERDUE_AFTER: TimeDelta = TimeDelta::hours(3);

/// A begun run or learning could not be set going. Its lease expires, and the next hour takes it over.
#[derive(Debug, thiserror::Error)]
#[error("it could not be started: {0}")]
pub struct StartError(pub String);

/// What an hour's look found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tick {
    /// Runs begun or taken over.
    pub begun: usize,
    /// Learnings begun or taken over.
    pub learning: usize,
    /// Jobs gone on with.
    pub jobs: usize,
    /// Catalogues published that nobody was publishing.
    pub published: usize,
    /// Reservations of rewards taken back, as nobody confirmed them.
    pub taken_back: usize,
    /// What could not be begun or published; each is in the log.
    pub failed: usize,
    /// Shops whose last published run is of an older day than [`OVERDUE_AFTER`] allows.
    pub overdue: usize,
}

/// Begins a run and a learning for every shop that is due, publishes catalogues that are, and goes on with jobs that broke off.
///
/// # Errors
/// [`RunError::Store`] when the registry cannot be read; one shop's failure does not stop the others.
pub async fn tick(steps: &Steps, start: &StartRun, learn: &StartLearn, job: &StartJob) -> Result<Tick, RunError> {
    let mut found = Tick::default();
    for registered in steps.ledger.registered_shops().await? {
        let shop = &registered.shop;
        let mut count = |what: &str, done: Result<bool, Failure>| {
            done.unwrap_or_else(|error| {
                tracing::error!(%shop, %error, "the shop's {what} was not begun");
                found.failed += 1;
                false
            })
        };
        let current = match steps.ledger.read_current(shop).await {
            Ok(Some(current)) => current,
            // It is being made.
            Ok(None) => continue,
            Err(error) => {
                count("run", Err(error.into()));
                continue;
            }
        };
        let begun = count("run", begin_if_due(steps, start, &registered, &current).await);
        let learning = count("learning", learn_if_due(steps, learn, &registered, &current).await);
        let published = count("publish job", publish_if_due(steps, shop).await);
        let jobs = count("broken job", go_on_with_jobs(steps, job, shop).await);
        let taken_back = sweep(steps, shop).await.unwrap_or_else(|error| {
            tracing::error!(%shop, %error, "the shop's budgets were not swept");
            found.failed += 1;
            0
        });
        found.taken_back += taken_back;
        found.begun += usize::from(begun);
        found.learning += usize::from(learning);
        found.published += usize::from(published);
        found.jobs += usize::from(jobs);
        found.overdue += usize::from(is_overdue(steps, &registered, &current));
    }
    Ok(found)
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A shop learns once its first run is published, and then each week, whatever became of it: one that had nothing to learn
/// from is asked again in a week too. A learning that broke off is gone on with as soon as its lease has expired.
async fn learn_if_due(
    steps: &Steps,
    start: &StartLearn,
    registered: &Registered,
    current: &Current,
) -> Result<bool, Failure> {
    if current.last_run.is_none() || !its_hour_has_come(registered, steps.clock.now()) {
        return Ok(false);
    }
    let today = steps.clock.today(registered.time_zone);
    let last = steps.ledger.learning(&registered.shop).await?;
    let due = last.is_none_or(|last| last.status == LearningStatus::Running || today.since(last.day) >= LEARN_EVERY);
    if !due {
        return Ok(false);
    }
    match learn::begin(&steps.ledger, &registered.shop, today, steps.clock.now()).await {
        Ok(learning) => {
            (start.0)(registered.shop.clone(), learning.number).await?;
            Ok(true)
        }
        Err(BeginLearningError::InProgress(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A publish job that died, or was lost with its machine, is made good here; nobody else asks before the next change.
async fn publish_if_due(steps: &Steps, shop: &ShopId) -> Result<bool, Failure> {
    if !steps.ledger.is_publish_due(shop).await? {
        return Ok(false);
    }
    // Where another is at work, or was a minute ago, it is that one's business.
    Ok(matches!(steps.ledger.publish(shop, steps.clock.now()).await?, Publish::Done(_)))
}

/// Gives back to budgets what was reserved and not confirmed in time, where no later reservation needed it.
async fn sweep(steps: &Steps, shop: &ShopId) -> Result<usize, Failure> {
    let Some(shop) = steps.ledger.fresh_shop(shop).await? else { return Ok(0) };
    let (now, today) = (steps.clock.now(), steps.clock.today(shop.settings.time_zone));
    Ok(steps.ledger.sweep_budgets(&shop, today, now).await?)
}

/// A job that broke off, or was lost with its machine, is gone on with.
async fn go_on_with_jobs(steps: &Steps, start: &StartJob, shop: &ShopId) -> Result<bool, Failure> {
    let broken = steps.ledger.broken_jobs(shop, steps.clock.now()).await?;
    for job in &broken {
        (start.0)(shop.clone(), job.number).await?;
    }
    Ok(!broken.is_empty())
}

async fn begin_if_due(
    steps: &Steps,
    start: &StartRun,
    registered: &Registered,
    current: &Current,
) -> Result<bool, Failure> {
    let last = current.last_run.map(|run| run.day);
    let Some(day) = due_day(steps, registered, last) else { return Ok(false) };
    match begin_run(&steps.ledger, &registered.shop, day, false, steps.clock.now()).await {
        Ok(run) => {
            start(registered.shop.clone(), run.run).await?;
            Ok(true)
        }
        Err(BeginRunError::InProgress(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The latest day whose hour has come, if it has no run yet. So a day that the scheduler slept through is made good after its
/// end; but for a shop that never had a run, which begins with a day of its own.
fn due_day(steps: &Steps, registered: &Registered, last: Option<Day>) -> Option<Day> {
    let due = latest_day(registered, steps.clock);
    let of_its_own = last.is_some() || its_hour_has_come(registered, steps.clock.now());
    Some(due).filter(|due| of_its_own && last.is_none_or(|last| last < *due))
}

/// Whether somebody should look at why the shop's segments are old. One that never had a run may have no orders.
fn is_overdue(steps: &Steps, registered: &Registered, current: &Current) -> bool {
    let by_now = latest_day(registered, steps.clock.earlier(OVERDUE_AFTER));
    current.last_run.is_some_and(|last| last.day < by_now)
}

/// The latest day whose hour had come.
fn latest_day(registered: &Registered, clock: Clock) -> Day {
    let day = clock.today(registered.time_zone);
    if its_hour_has_come(registered, clock.now()) { day } else { day.plus(-1) }
}

fn its_hour_has_come(registered: &Registered, at: DateTime<Utc>) -> bool {
    at.with_timezone(&registered.time_zone).hour() >= u32::from(registered.run_hour)
}

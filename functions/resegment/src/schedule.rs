//! The hourly schedule: which shops are due, that is, whose local hour has come and whose day has no run (law 9).

use std::pin::Pin;
use std::sync::Arc;

use chrono::Timelike;
use ledger::{BeginRunError, Registered, ShopId};

use crate::SHARDS;
use crate::steps::{RunError, Steps};

/// How a begun run is set going: as a task of this machine, or by a state machine.
pub type StartRun =
    Arc<dyn Fn(ShopId, u64) -> Pin<Box<dyn Future<Output = Result<(), StartError>> + Send>> + Send + Sync>;

/// A begun run could not be set going. Its lease expires, and the next hour takes it over.
#[derive(Debug, thiserror::Error)]
#[error("the run could not be started: {0}")]
pub struct StartError(pub String);

/// What an hour's look found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tick {
    /// Runs begun or taken over.
    pub begun: usize,
    /// Shops that could not be begun; each is in the log.
    pub failed: usize,
}

/// Begins a run for every shop that is due.
///
/// # Errors
/// [`RunError::Store`] when the registry cannot be read; one shop's failure does not stop the others.
pub async fn tick(steps: &Steps, start: &StartRun) -> Result<Tick, RunError> {
    let mut found = Tick::default();
    for registered in steps.ledger.registered_shops().await? {
        match begin_if_due(steps, start, &registered).await {
            Ok(begun) => found.begun += usize::from(begun),
            Err(error) => {
                tracing::error!(shop = %registered.shop, %error, "the shop's run was not begun");
                found.failed += 1;
            }
        }
    }
    Ok(found)
}

async fn begin_if_due(
    steps: &Steps,
    start: &StartRun,
    registered: &Registered,
) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    let today = steps.clock.today(registered.time_zone);
    let hour = steps.clock.now().with_timezone(&registered.time_zone).hour();
    let current = steps.ledger.read_current(&registered.shop).await?;
    let last = current.and_then(|current| current.last_run).map(|run| run.day);
    if hour < u32::from(registered.run_hour) || last >= Some(today) {
        return Ok(false);
    }
    match steps.ledger.begin_run(&registered.shop, today, false, SHARDS, steps.clock.now()).await {
        Ok(run) => {
            start(registered.shop.clone(), run.run).await?;
            Ok(true)
        }
        Err(BeginRunError::InProgress(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

//! Jobs that a route begins (law 18), driven part by part. A part that is noted as done is not done again, so a job that
//! broke off goes on where it stood, and its result is the same.

mod audience;
mod export;
mod fit;
mod parts;
mod personal;
mod preview;
mod simulation;

use ledger::{Job, JobKind, ShopId};

pub use audience::begin_audience;
pub use fit::begin_fit;
pub use preview::begin_preview;
pub(crate) use preview::previewed;
pub use simulation::{BeginSimulationError, CatalogueShelf, begin_simulation};

use crate::hold::held;
use crate::schedule::StartRun;
use crate::steps::{RunError, Steps, Until};

/// How a begun job is set going; a type of its own, so that a router tells it from [`StartRun`].
#[derive(Clone)]
pub struct StartJob(pub StartRun);

/// Drives a job that was begun to its end; one that is at its end already is given as it is. `None`: the call had to return
/// before the end, and is to be made again. After an error the job stays unfinished: once its lease has expired, the next
/// hour's look goes on with it.
///
/// # Errors
/// [`RunError`].
pub async fn drive(steps: &Steps, shop: &ShopId, number: u64, until: Until) -> Result<Option<Job>, RunError> {
    let Some(job) = steps.ledger.take_job(shop, number, steps.clock.now()).await? else {
        let ended = steps.ledger.job(shop, number).await?;
        return ended.map(Some).ok_or_else(|| RunError::NoJob { shop: shop.clone(), number });
    };
    let all = async {
        match job.kind {
            JobKind::Simulation => simulation::drive(steps, shop, &job, until).await,
            JobKind::Fit => fit::drive(steps, shop, &job, until).await,
            JobKind::Preview => preview::drive(steps, shop, &job, until).await,
            JobKind::Audience => audience::drive(steps, shop, &job, until).await,
            JobKind::Erase => personal::erase(steps, shop, &job, until).await,
            JobKind::Merge | JobKind::Unmerge => personal::regroup(steps, shop, &job).await,
            JobKind::Export => export::drive(steps, shop, &job, until).await,
        }
    };
    held(all, || async { steps.ledger.take_job(shop, number, steps.clock.now()).await.map(|taken| taken.is_some()) })
        .await
}

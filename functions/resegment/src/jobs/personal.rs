//! Jobs about one customer (law 17): erasing, merging, parting. What is not at its end when a call must return, or is cut off,
//! is gone on with by the next call; what is done stays done.

use ledger::{Job, JobEnd, ShopId};
use serde_json::json;

use crate::steps::{RunError, Steps, Until};

/// Puts the markers, then deletes what lies under each key; `None`: it had to return before.
pub(super) async fn erase(steps: &Steps, shop: &ShopId, job: &Job, until: Until) -> Result<Option<Job>, RunError> {
    let ledger = &steps.ledger;
    let whole = ledger.fresh_shop(shop).await?.ok_or_else(|| RunError::NoShop(shop.clone()))?;
    let erasure = ledger.put_markers(&whole, job, steps.clock.now()).await?;
    ledger.job_progress(shop, job.number, 1).await?;
    let must_return = || until.has_come(steps.clock);
    for (done, key) in (2..).zip(&erasure.keys) {
        if !ledger.erase_story(&whole, &erasure, key, steps.clock.now(), &must_return).await? {
            return Ok(None);
        }
        ledger.job_progress(shop, job.number, done.min(job.of)).await?;
    }
    let summary = json!({ "erased_at": erasure.at, "ids": erasure.keys.len() });
    let end = JobEnd::Done { rows: 0, summary };
    tracing::info!(%shop, job = job.number, "a customer was erased");
    Ok(Some(ledger.end_job(shop, job.number, end, steps.clock.now()).await?))
}

/// Merges or parts, in one transaction.
pub(super) async fn regroup(steps: &Steps, shop: &ShopId, job: &Job) -> Result<Option<Job>, RunError> {
    let ledger = &steps.ledger;
    let whole = ledger.fresh_shop(shop).await?.ok_or_else(|| RunError::NoShop(shop.clone()))?;
    let end = match ledger.regroup(&whole, job, steps.clock.now()).await? {
        Ok(()) => {
            ledger.job_progress(shop, job.number, 1).await?;
            JobEnd::Done { rows: 0, summary: job.asked.clone() }
        }
        Err(why) => JobEnd::Failed(why),
    };
    Ok(Some(ledger.end_job(shop, job.number, end, steps.clock.now()).await?))
}

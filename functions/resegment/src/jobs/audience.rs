//! An audience as it is at one time, for a download that takes longer than its index stands still. Its rows are places with keys in them:
//! whoever reads the result gets names and values of then, and nobody who was erased meanwhile.

use chrono::{DateTime, Utc};
use ledger::{AudiencePlace, BeginJobError, Job, JobEnd, JobKind, Ledger, LedgerError, NewJob, ShopId};
use segmentation::Segment;
use serde_json::json;

use crate::jobs::parts::Doing;
use crate::jobs::simulation::{damaged, read};
use crate::steps::{RunError, Steps, Until};

/// Begins an export of a segment's audience.
///
/// # Errors
/// [`BeginJobError`].
pub async fn begin_audience(
    ledger: &Ledger,
    shop: &ShopId,
    segment: Segment,
    now: DateTime<Utc>,
) -> Result<Job, BeginJobError> {
    let asked = json!({ "segment": segment });
    let input = serde_json::to_vec(&segment).map_err(|error| LedgerError::Damaged(error.to_string()))?;
    let of = Ledger::AUDIENCE_PARTS.into();
    ledger.begin_job(shop, NewJob { kind: JobKind::Audience, asked, input, of }, now).await
}

/// Lists each partition of the index, and puts all down in one order; `None`: it had to return before.
pub(super) async fn drive(steps: &Steps, shop: &ShopId, job: &Job, until: Until) -> Result<Option<Job>, RunError> {
    let segment: Segment = read(&steps.ledger.job_input(shop, job).await?)?;
    let part = |at: u32| {
        let (steps, shop) = (steps.clone(), shop.clone());
        async move {
            let part = u8::try_from(at).map_err(damaged)?;
            serde_json::to_vec(&steps.ledger.audience_places(&shop, segment, part).await?).map_err(damaged)
        }
    };
    let doing = Doing { shop, job: job.number, at_once: Doing::WAITING, until };
    if !doing.each(steps, 0..job.of, part).await? {
        return Ok(None);
    }
    let mut places: Vec<AudiencePlace> = Vec::new();
    for at in 0..job.of {
        let outcome = steps.ledger.job_part(shop, job.number, at).await?;
        places
            .extend(read::<Vec<AudiencePlace>>(&outcome.ok_or_else(|| damaged("a part of an audience is missing"))?)?);
    }
    places.sort_unstable();
    let now = steps.clock.now();
    steps.ledger.put_job_rows(shop, job.number, &places, now).await?;
    let rows = places.len() as u64;
    let end = JobEnd::Done { rows, summary: json!({ "segment": segment, "customers": rows }) };
    Ok(Some(steps.ledger.end_job(shop, job.number, end, now).await?))
}

//! A preview: who would move on a day if other cuts were activated, as the run would find it (law 6). Nothing is written of
//! anybody; beside what is counted, each part keeps who would move by the cuts, which the run that applies them compares with.

use chrono::{DateTime, Utc};
use ledger::{
    ActiveCuts, BeginJobError, CutsRecord, Job, JobEnd, JobKind, Ledger, LedgerError, NewJob, PreviewedMove, RunMark,
    Shard, Shift, Shop, ShopId,
};
use segmentation::preview::idle_since;
use segmentation::{Activation, Cuts, CutsVersion, Day, Preview};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::jobs::parts::Doing;
use crate::jobs::simulation::{damaged, read};
use crate::plan::shards_after;
use crate::steps::{RunError, Steps, Until};

/// What a preview works on, fixed when it is begun.
#[derive(Clone, Serialize, Deserialize)]
struct Blueprint {
    day: Day,
    version: CutsVersion,
    cuts: Cuts,
    /// The number that its activation would have.
    activation: Activation,
    /// From which day the active cuts are in force; who ordered nothing since then did nothing.
    since: Option<Day>,
    previous: Option<RunMark>,
}

/// Begins a preview of a model on a day. `asked`: the request, to be shown.
///
/// # Errors
/// [`BeginJobError`].
pub async fn begin_preview(
    ledger: &Ledger,
    shop: &Shop,
    model: &CutsRecord,
    day: Day,
    asked: Value,
    now: DateTime<Utc>,
) -> Result<Job, BeginJobError> {
    let since = match shop.current.activation {
        Some(active) => Some(ledger.activated_on(&shop.id, active).await?),
        None => None,
    };
    let number = shop.current.activation.map_or(0, |active| active.0);
    let in_force = shop.active.as_ref().is_some_and(|active| active.version == model.version);
    let blueprint = Blueprint {
        day,
        version: model.version.clone(),
        cuts: model.cuts,
        activation: Activation(if in_force { number } else { number + 1 }),
        since,
        previous: shop.current.last_run,
    };
    let input = serde_json::to_vec(&blueprint).map_err(|error| LedgerError::Damaged(error.to_string()))?;
    let of = shards_after(ledger, &shop.id, shop.current.last_run).await?;
    ledger.begin_job(&shop.id, NewJob { kind: JobKind::Preview, asked, input, of }, now).await
}

/// Previews all shards and adds them up; `None`: it had to return before.
pub(super) async fn drive(steps: &Steps, shop: &ShopId, job: &Job, until: Until) -> Result<Option<Job>, RunError> {
    let blueprint: Blueprint = read(&steps.ledger.job_input(shop, job).await?)?;
    let part = |index| shard(steps.clone(), shop.clone(), blueprint.clone(), Shard { index, count: job.of });
    let doing = Doing { shop, job: job.number, at_once: Doing::WAITING, until };
    if !doing.each(steps, 0..job.of, part).await? {
        return Ok(None);
    }
    let mut sum = Preview::default();
    for index in 0..job.of {
        let outcome = steps.ledger.job_part(shop, job.number, index).await?;
        sum = sum.merge(&previewed(&outcome.ok_or_else(|| damaged("a part of a preview is missing"))?)?.0);
    }
    let rows: Vec<_> = sum.rows().collect();
    let now = steps.clock.now();
    steps.ledger.put_job_rows(shop, job.number, &rows, now).await?;
    let summary = json!({
        "version": blueprint.version,
        "day": blueprint.day,
        "customers": sum.refit.total() + sum.day.total() + sum.stay,
        "refit": sum.refit.total(),
        "refit_idle": sum.refit_idle.total(),
        "day_only": sum.day.total(),
        "stay": sum.stay,
    });
    let end = JobEnd::Done { rows: rows.len() as u64, summary };
    Ok(Some(steps.ledger.end_job(shop, job.number, end, now).await?))
}

async fn shard(steps: Steps, shop: ShopId, blueprint: Blueprint, shard: Shard) -> Result<Vec<u8>, RunError> {
    let Blueprint { day, version, cuts, activation, since, previous } = blueprint;
    let active = ActiveCuts { activation, version, cuts };
    let (mut counted, mut moves, mut cursor) = (Preview::default(), Vec::new(), None);
    loop {
        let page = steps.page(&shop, shard, cursor.as_ref()).await?;
        for customer in &page.customers {
            let moved = steps.outcome_on(&shop, (day, previous), &active, customer).await?.moved;
            let orders = &customer.profile.orders;
            counted.count(moved.as_ref(), since.is_some_and(|since| idle_since(orders, since, cuts.window)));
            let by_refit = moved.filter(segmentation::Move::is_by_refit);
            moves.extend(by_refit.map(|moved| PreviewedMove {
                key: customer.key.clone(),
                version: customer.profile.version,
                shift: Shift { from: moved.origin(), to: moved.label().place },
            }));
        }
        cursor = page.next;
        if cursor.is_none() {
            return written(&counted, &moves);
        }
    }
}

/// A part's outcome: the length of what is counted, that, and the list.
fn written(counted: &Preview, moves: &[PreviewedMove]) -> Result<Vec<u8>, RunError> {
    let counted = serde_json::to_vec(counted).map_err(damaged)?;
    let length = u32::try_from(counted.len()).map_err(damaged)?.to_be_bytes();
    Ok([length.as_slice(), &counted, &PreviewedMove::pack(moves)].concat())
}

/// Reads a part's outcome.
pub(crate) fn previewed(outcome: &[u8]) -> Result<(Preview, Vec<PreviewedMove>), RunError> {
    let broken = || damaged("a part of a preview");
    let (length, rest) = outcome.split_first_chunk().ok_or_else(broken)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(damaged)?;
    let (counted, moves) = rest.split_at_checked(length).ok_or_else(broken)?;
    Ok((read(counted)?, PreviewedMove::unpack(moves)?))
}

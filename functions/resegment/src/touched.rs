//! assign's part for an activation that was previewed: who does not move as was previewed was touched in between, and is
//! listed. As a segment is a function of profile, cuts and day, everybody else moves as previewed. Where nothing was, this reads
//! nothing.

use std::collections::HashMap;

use ledger::{Customer, CustomerKey, Job, JobKind, PreviewedMove, Run, Shard, Shift, ShopId, Touched};
use segmentation::Move;

use crate::jobs::previewed;
use crate::steps::{RunError, Steps};

/// The moves that were previewed of a shard.
pub(crate) struct Touching {
    expected: HashMap<CustomerKey, PreviewedMove>,
}

impl Steps {
    /// Makes ready what was previewed of the activation that this run made; `None` where that is nothing, or gone.
    pub(crate) async fn touching(&self, shop: &ShopId, run: &Run, shard: Shard) -> Result<Option<Touching>, RunError> {
        let Some(preview) = &run.preview else { return Ok(None) };
        let Some(Job { of, .. }) = self.ledger.job(shop, preview.job).await?.filter(|job| job.kind == JobKind::Preview)
        else {
            tracing::warn!(%shop, run = run.run, job = preview.job, "the preview is kept no longer");
            return Ok(None);
        };
        let mut expected = HashMap::new();
        for part in shard.overlapping(of) {
            // An item goes when its time has come, and not all at the same moment.
            let Some(outcome) = self.ledger.job_part(shop, preview.job, part).await? else { return Ok(None) };
            let (_, moves) = previewed(&outcome)?;
            expected.extend(moves.into_iter().map(|moved| (moved.key.clone(), moved)));
        }
        Ok(Some(Touching { expected }))
    }
}

impl Touching {
    /// Compares what a run makes of a customer with what was previewed; `None`: the same.
    pub(crate) fn compare(&self, run: &Run, customer: &Customer, moved: Option<&Move>) -> Option<Touched> {
        // An order that came after the activation was settled has brought the label up to date itself.
        let earlier = || {
            let mut moves = customer.profile.moves.list.iter().rev().map(|versioned| &versioned.moved);
            moves.find(|moved| Some(moved.activation) == run.activation && moved.is_by_refit())
        };
        let came = moved.filter(|moved| moved.is_by_refit()).or_else(earlier);
        let came = came.map(|moved| Shift { from: moved.origin(), to: moved.label().place });
        let previewed = self.expected.get(&customer.key).map(|moved| (moved.shift, moved.version));
        (previewed.map(|(shift, _)| shift) != came).then(|| Touched {
            key: customer.key.clone(),
            previewed,
            came,
            version: customer.profile.version,
        })
    }
}

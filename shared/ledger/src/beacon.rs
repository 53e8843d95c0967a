//! What a run's beacon rests on, and the runs before it that a group is compared with.

use segmentation::buying::Fitted;
use segmentation::{BeaconRule, Groups};
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys::{self, Key};
use crate::runs::{Run, RunStatus};
use crate::shop::Current;
use crate::store::{Ledger, parse};

/// The terms by which a run reads the beacon, settled with its activation: settings that change meanwhile change nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BeaconTerms {
    /// How the beacon reads.
    pub rule: BeaconRule,
    /// Which segments are VIPs.
    pub groups: Groups,
    /// How long customers go on buying; absent while too few came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buying: Option<Fitted>,
}

impl Ledger {
    /// So many numbers of runs before a run are looked at: more than one run of a day may lie between.
    const LOOKED_BACK: u64 = 64;

    /// The terms of the moment; `fitted` is the run's own fit, where it made one.
    pub(crate) async fn beacon_terms(
        &self,
        shop: &ShopId,
        current: &Current,
        fitted: Option<Fitted>,
    ) -> Result<BeaconTerms, LedgerError> {
        let settings = self.read_settings(shop).await?.changeable;
        Ok(BeaconTerms { rule: settings.beacon, groups: settings.groups, buying: fitted.or(current.buying) })
    }

    /// The published runs before a run under the same activation and for earlier days, the last of each day, newest first.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn runs_before(&self, shop: &ShopId, run: &Run) -> Result<Vec<Run>, LedgerError> {
        let first = run.run.saturating_sub(Ledger::LOOKED_BACK).max(1);
        let wanted: Vec<Key> = (first..run.run).map(|number| keys::run(shop, number)).collect();
        let found = self.batch_get(&self.tables().shops, &wanted, true, None).await?;
        let mut runs = found.into_iter().map(parse).collect::<Result<Vec<Run>, _>>()?;
        runs.retain(|before| {
            before.status == RunStatus::Published && before.activation == run.activation && before.day < run.day
        });
        runs.sort_by_key(|before| std::cmp::Reverse((before.day, before.run)));
        runs.dedup_by_key(|before| before.day);
        Ok(runs)
    }
}

//! assign's part for the VIP beacon and the promising group's aim, and publish's for falls of groups.

use ledger::{BeaconTerms, Counts, Customer, LedgerError, Run, ShopId};
use segmentation::falls::{self, fall};
use segmentation::{Cuts, Fall, LoyaltyGroup, Place};

use crate::steps::{RunError, Steps};

/// Counts one customer who stands in `place` on the run's day.
pub(crate) fn count(
    terms: &BeaconTerms,
    counts: &mut Counts,
    run: &Run,
    cuts: &Cuts,
    customer: &Customer,
    place: Place,
) {
    let profile = &customer.profile;
    counts.aim.count(&profile.moves, place, run.day, terms.rule.aim_days, &terms.groups);
    let Some(segment) = place.0.filter(|segment| terms.groups.of(*segment) == LoyaltyGroup::Vip) else { return };
    let model = terms.buying.as_ref().map(|fitted| &fitted.model);
    if let Some(outlook) = terms.rule.read(&profile.orders, run.day, cuts.window, segment.r, model) {
        counts.beacon.count(&outlook);
    }
}

impl Steps {
    /// The groups that a run's counts show below the trend of the runs before.
    pub(crate) async fn falls(&self, shop: &ShopId, run: &Run, counts: &Counts) -> Result<Vec<Fall>, RunError> {
        let terms = run.beacon.as_ref().ok_or_else(|| LedgerError::Damaged("a run without its beacon".to_owned()))?;
        let before = self.ledger.runs_before(shop, run).await?;
        let customers = |counts: &Counts, group| counts.census.group(group, &terms.groups).customers;
        let found = falls::WATCHED.into_iter().filter_map(|group| {
            let earlier: Vec<_> =
                before.iter().filter_map(|run| Some((run.day, customers(run.counts.as_ref()?, group)))).collect();
            fall(group, &earlier, run.day, customers(counts, group))
        });
        Ok(found.collect())
    }
}

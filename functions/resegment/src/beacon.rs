//! assign's part for the VIP beacon, its alerts and the promising group's aim, and publish's for falls of groups.

use ledger::{BeaconTerms, Counts, Customer, LedgerError, Run, ShopId};
use segmentation::falls::{self, fall};
use segmentation::{Alert, AlertCause, Cuts, Day, Fall, LoyaltyGroup, Place, Score, Segment};

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

/// What the shop is told at once of a customer whom a run takes from one place to another, or leaves where they are: that a VIP is lost,
/// on the day of that move, and that one slips by their own rhythm, on the first day that a run sees it since their last order.
pub(crate) fn alert(
    terms: &BeaconTerms,
    cuts: &Cuts,
    day: Day,
    customer: &Customer,
    (from, to): (Place, Place),
) -> Option<Alert> {
    let profile = &customer.profile;
    if profile.label().is_some_and(|label| label.day > day) {
        return None;
    }
    let vip = |place: Place| place.0.filter(|segment| terms.groups.of(*segment) == LoyaltyGroup::Vip);
    let is_silent = |segment: &Segment| segment.r == Score::One;
    let now = vip(to)?;
    let recency_days = profile.orders.rfm(day, cuts.window)?.recency_days;
    let overdue = terms.rule.late(&profile.orders, day, cuts.window);
    if is_silent(&now) {
        // Who was lost before is told of no more: neither again, nor as one who slips.
        let is_new = vip(from).is_some_and(|before| !is_silent(&before));
        let percent = overdue.map(|(_, percent)| percent);
        return is_new.then(|| Alert::of_vip(AlertCause::VipLost, day, recency_days, percent));
    }
    let (silence, percent) = overdue?;
    let last_order = day.plus(-i64::from(silence));
    let is_known = profile.last_slip.is_some_and(|slip| slip > last_order);
    (!is_known).then(|| Alert::of_vip(AlertCause::VipSlipping, day, silence, Some(percent)))
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

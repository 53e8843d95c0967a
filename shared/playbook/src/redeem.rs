//! What a code or an offer gives when it is used.

use segmentation::Day;

/// Series, slot and step of an offer's id: `r2f3m1/time_limited_code/2026-03-01/1`, `spring_sale/2026-03-01/1`; `None` for what
/// is no id of an offer that could be redeemed.
#[must_use]
pub fn parse_offer_id(id: &str) -> Option<(&str, Day, u8)> {
    let (rest, step) = id.rsplit_once('/')?;
    let (series, slot) = rest.rsplit_once('/')?;
    let (slot, step): (Day, u8) = (slot.parse().ok()?, step.parse().ok()?);
    // One spelling each, so that two ids are never one offer.
    (!series.is_empty() && step > 0 && format!("{series}/{slot}/{step}") == id).then_some((series, slot, step))
}

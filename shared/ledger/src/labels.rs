//! Bringing a customer's label up to date in the very transaction that changes their profile (law 8).

use std::sync::Arc;

use segmentation::label::{Active, bring_up_to_date, dated};
use segmentation::{Cause, Day, Move, Orders, Profile};

use crate::error::LedgerError;
use crate::shop::Shop;
use crate::store::Ledger;

impl Ledger {
    /// The move that `after` makes of a profile on the day `on`; `None` without cuts, or when nobody moves.
    ///
    /// A label of a newer activation than the cached one makes the pointer be read again.
    pub(crate) async fn move_for(
        &self,
        shop: &Arc<Shop>,
        profile: &Profile,
        after: &Orders,
        on: Day,
        fact: Option<Cause>,
    ) -> Result<Option<Move>, LedgerError> {
        let newest = profile.label().map(|label| label.activation);
        let known = shop.active.as_ref().map(|active| active.activation);
        let shop = if newest > known {
            &self.fresh_shop(&shop.id).await?.ok_or_else(|| LedgerError::damaged("the shop is gone"))?
        } else {
            shop
        };
        let Some(active) = &shop.active else { return Ok(None) };
        let label = profile.label().map(|label| match shop.current.last_run {
            Some(run) => dated(label, run.day, run.activation),
            None => label,
        });
        let made_under = match label {
            Some(label) if label.activation != active.activation => {
                Some(self.activated(&shop.id, label.activation).await?)
            }
            _ => Some(Arc::clone(active)),
        };
        let label = label.zip(made_under.as_ref().map(|model| &model.cuts));
        let active = Active { activation: active.activation, cuts: &active.cuts };
        bring_up_to_date(label, active, &profile.orders, after, on, fact).map_err(LedgerError::damaged)
    }
}

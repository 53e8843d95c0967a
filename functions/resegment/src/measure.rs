//! assign's part for the holdout: each profile also goes into the sums of its arm (law 14). Where nobody is held out this
//! reads nothing, and asks no profile.

use ledger::{Customer, Ledger, LedgerError, Run, ShopId};
use playbook::Holdout;
use playbook::uplift::{Measure, Tally};

use crate::steps::{RunError, Steps};

/// What a shard measures.
pub(crate) struct Measuring {
    measure: Measure,
    holdout: Holdout,
}

impl Steps {
    /// Makes ready what the run settled; `None` where there is nothing to measure.
    pub(crate) async fn measuring(&self, shop: &ShopId, run: &Run) -> Result<Option<Measuring>, RunError> {
        let Some(measured) = run.measured.as_ref().filter(|measured| !measured.is_empty()) else { return Ok(None) };
        let Some(activation) = measured.activation else { return Ok(None) };
        let cuts = self.ledger.activated(shop, activation).await?.cuts;
        let missing = || LedgerError::Damaged(format!("shop {shop} has no playbook {}", measured.playbook));
        let playbook = self.ledger.playbook(shop, &measured.playbook).await?.ok_or_else(missing)?;
        let measure = Measure::new(measured, cuts, &playbook);
        Ok(Some(Measuring { measure, holdout: measured.holdout.clone() }))
    }
}

impl Measuring {
    /// Adds one customer.
    pub(crate) fn add(&self, ledger: &Ledger, tally: &mut Tally, customer: &Customer) {
        let held_out = |series: &str| ledger.drawn(&self.holdout, &customer.key, series);
        self.measure.add(tally, &customer.profile, held_out);
    }
}

//! That a run is alive is said every third of its lease, by whoever works at one of its shards.

use std::time::Duration;

use ledger::{LEASE, ShopId};
use tokio::time::Instant;

use crate::steps::{RunError, Steps};

/// When it is to be said again.
pub(crate) struct Renewal(Instant);

impl Steps {
    /// From now, when it was just said.
    pub(crate) fn renewal(&self) -> Renewal {
        Renewal(Instant::now() + third())
    }

    /// Says it, where that is due.
    pub(crate) async fn renew(&self, shop: &ShopId, run: u64, renewal: &mut Renewal) -> Result<(), RunError> {
        if Instant::now() >= renewal.0 {
            self.ledger.renew_lease(shop, run, self.clock.now()).await?;
            *renewal = self.renewal();
        }
        Ok(())
    }
}

/// A third of the lease.
pub(crate) fn third() -> Duration {
    (LEASE / 3).to_std().unwrap_or_default()
}

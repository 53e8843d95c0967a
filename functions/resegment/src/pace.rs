//! The pace at which customers are read. A run is never in a hurry: where the store throttles, it gives way, so that lookups
//! and orders, which try again at once, get through.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ledger::{BucketPage, Cursor, LedgerError, Shard, ShopId};

use crate::steps::{RunError, Steps};

/// A pause before each page: doubled whenever the store throttles, and shortened by an eighth with each page that came. All
/// shards of a process share it, as they share the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pace {
    /// In microseconds.
    pause: Arc<AtomicU64>,
}

impl Pace {
    const FIRST: u64 = 20_000;
    const LONGEST: u64 = 5_000_000;
    /// Tries of one page, the last ones some seconds apart.
    const TRIES: u32 = 12;

    async fn wait(&self) {
        let pause = self.pause.load(Ordering::Relaxed);
        if pause > 0 {
            // Spread, so that shards do not come back all at once.
            tokio::time::sleep(Duration::from_micros(fastrand::u64(pause / 2..=pause + pause / 2))).await;
        }
    }

    fn slower(&self) {
        let pause = self.pause.load(Ordering::Relaxed);
        self.pause.store((pause * 2).clamp(Pace::FIRST, Pace::LONGEST), Ordering::Relaxed);
    }

    fn faster(&self) {
        let pause = self.pause.load(Ordering::Relaxed);
        if pause > 0 {
            self.pause.store(pause - pause.div_ceil(8), Ordering::Relaxed);
        }
    }
}

impl Steps {
    /// A page of a shard, at the pace of the run.
    pub(crate) async fn page(
        &self,
        shop: &ShopId,
        shard: Shard,
        cursor: Option<&Cursor>,
    ) -> Result<BucketPage, RunError> {
        let mut tries = 0;
        loop {
            self.pace.wait().await;
            match self.ledger.page(shop, shard, cursor).await {
                Ok(page) => {
                    self.pace.faster();
                    return Ok(page);
                }
                Err(error) if error.is_temporary() && tries < Pace::TRIES => {
                    tries += 1;
                    self.pace.slower();
                    if matches!(error, LedgerError::Throttled { .. }) {
                        tracing::info!(%shop, shard = shard.index, tries, "the store throttles, and the run gives way");
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_a_bound_and_goes_away_again() {
        let pace = Pace::default();
        let pause = || pace.pause.load(Ordering::Relaxed);
        pace.slower();
        assert_eq!(pause(), Pace::FIRST);
        pace.slower();
        assert_eq!(pause(), 2 * Pace::FIRST);
        (0..20).for_each(|_| pace.slower());
        assert_eq!(pause(), Pace::LONGEST);
        (0..200).for_each(|_| pace.faster());
        assert_eq!(pause(), 0);
    }
}

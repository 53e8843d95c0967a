//! The publish job as a step: publishes a shop's catalogue once it may, and ends when nothing is left to publish.

use std::time::Duration;

use ledger::{Ledger, LedgerError, Publish, PublishNumbers, ShopId};
use web::Clock;

/// The longest pause before looking again whether another publisher has ended.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Publishes what was asked for: waits for the minute since the last job to be over. `None`: it was published already.
///
/// # Errors
/// [`LedgerError`]; the job may be called again at any time.
pub async fn publish(ledger: &Ledger, clock: Clock, shop: &ShopId) -> Result<Option<PublishNumbers>, LedgerError> {
    loop {
        let now = clock.now();
        match ledger.publish(shop, now).await? {
            Publish::Nothing => return Ok(None),
            Publish::Done(numbers) => return Ok(Some(numbers)),
            Publish::NotBefore(at) => {
                let pause = (at - now).to_std().unwrap_or_default().min(LOOK_AGAIN);
                tokio::time::sleep(pause).await;
            }
        }
    }
}

//! The one read of a lookup, and what it says when the store does not (law 10).

use std::time::Duration;

use ledger::{Customer, CustomerId};
use segmentation::{Day, Explanation, explain};
use web::{App, Caller, Problem};

/// How long a lookup waits for the store: a till gives up after half a second on average.
pub const DEADLINE: Duration = Duration::from_millis(400);

/// What a lookup found.
pub(crate) enum Found {
    /// A customer with orders or without, known or not; the explanation where they have a segment.
    Customer {
        /// Do we know them?
        known: bool,
        /// Why they stand where they stand.
        explanation: Option<Box<Explanation>>,
    },
    /// The store did not answer in time.
    Degraded,
}

/// The shop day of this request.
pub(crate) fn today(app: &App, caller: &Caller) -> Day {
    app.clock.today(caller.shop.settings.time_zone)
}

/// Reads the customer and computes their segment now (law 7).
pub(crate) async fn look_up(app: &App, caller: &Caller, customer: &CustomerId) -> Result<Found, Problem> {
    let read = tokio::time::timeout(DEADLINE, app.ledger.customer(&caller.shop.id, customer)).await;
    match read {
        Err(_) => Ok(degraded("no answer in time")),
        Ok(Err(error)) if error.is_temporary() => Ok(degraded(&error.to_string())),
        Ok(read) => {
            let customer = read?;
            let explanation = customer.as_ref().and_then(|customer| explained(app, caller, customer)).map(Box::new);
            Ok(Found::Customer { known: customer.is_some(), explanation })
        }
    }
}

fn explained(app: &App, caller: &Caller, customer: &Customer) -> Option<Explanation> {
    let active = caller.shop.active.as_ref()?;
    explain(&customer.profile.orders, &active.cuts, today(app, caller))
}

fn degraded(why: &str) -> Found {
    tracing::warn!(why, "a lookup was answered without the store");
    Found::Degraded
}

//! The one read of a lookup, and what it says when the store does not (law 10).

use std::time::Duration;

use ledger::{Customer, CustomerId};
use segmentation::Day;
use web::{App, Caller, Problem};

/// How long a lookup waits for the store, its key's and its shop's minute included: a till gives up after half a second on average.
pub const DEADLINE: Duration = Duration::from_millis(400);

/// What a lookup found.
pub(crate) enum Found {
    /// A customer with orders or without.
    Known(Box<Customer>),
    /// Nobody of that id.
    Unknown,
    /// The store did not answer in time.
    Degraded,
}

/// The shop day of this request.
pub(crate) fn today(app: &App, caller: &Caller) -> Day {
    app.clock.today(caller.shop.settings.time_zone)
}

/// Reads the customer.
pub(crate) async fn look_up(app: &App, caller: &Caller, customer: &CustomerId) -> Result<Found, Problem> {
    let deadline = caller.began + DEADLINE;
    let read = tokio::time::timeout_at(deadline, app.ledger.customer(&caller.shop.id, customer)).await;
    match read {
        Err(_) => Ok(degraded("no answer in time")),
        Ok(Err(error)) if error.is_temporary() => Ok(degraded(&error.to_string())),
        Ok(read) => Ok(read?.map_or(Found::Unknown, |customer| Found::Known(Box::new(customer)))),
    }
}

fn degraded(why: &str) -> Found {
    tracing::warn!(why, "a lookup was answered without the store");
    Found::Degraded
}

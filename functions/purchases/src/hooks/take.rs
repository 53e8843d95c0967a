//! From what a delivery tells into the ledger, and what comes of it. A platform ends a hook that fails a few times, so whatever
//! sending again cannot help is left out and said to be taken; the rest is an error, and comes again.

use std::sync::Arc;

use chrono::TimeDelta;
use ledger::{OrderId, RecordError, Refusal, Return, Shop, Status};
use web::{App, Problem};

use super::told::{LeftOut, OrderTold, Reason, Standing, Told};
use crate::orders::record_order;

/// For so long after its own time, a refund waits for its order.
const WAITS: TimeDelta = TimeDelta::hours(1);

/// What came of a delivery.
pub(crate) enum Taken {
    /// Something was recorded now.
    Recorded,
    /// All of it was there before.
    Duplicate,
    /// All of it, or a part, was left out.
    LeftOut(LeftOut),
}

impl Taken {
    fn of(status: Status) -> Taken {
        match status {
            Status::Recorded => Taken::Recorded,
            Status::Duplicate => Taken::Duplicate,
        }
    }

    /// Of a delivery's parts: what is left out is told first, then what was recorded.
    fn and(self, other: Taken) -> Taken {
        match (self, other) {
            (Taken::LeftOut(out), _) | (_, Taken::LeftOut(out)) => Taken::LeftOut(out),
            (Taken::Recorded, _) | (_, Taken::Recorded) => Taken::Recorded,
            (Taken::Duplicate, Taken::Duplicate) => Taken::Duplicate,
        }
    }
}

/// Takes what was told. An error is for the platform to send it again.
pub(crate) async fn take(app: &App, shop: &Arc<Shop>, told: Told) -> Result<Taken, Problem> {
    match told {
        Told::Order(told) => take_order(app, shop, *told).await,
        Told::Refund { order, time, returns } => {
            let zone = shop.settings.time_zone;
            if app.clock.is_ahead(&time, zone) {
                return Ok(Taken::LeftOut(Reason::Unreadable.of(Some(&order), "the refund's time lies in the future")));
            }
            let waits = app.clock.now() < time.to_utc() + WAITS;
            take_returns(app, shop, returns, waits).await
        }
    }
}

async fn take_order(app: &App, shop: &Arc<Shop>, told: OrderTold) -> Result<Taken, Problem> {
    let left_out = |reason: Reason, detail: &str| Ok(Taken::LeftOut(reason.of(Some(&told.id), detail)));
    let zone = shop.settings.time_zone;
    if app.clock.is_ahead(&told.placed, zone) || app.clock.is_ahead(&told.updated, zone) {
        return left_out(Reason::Unreadable, "the order's time lies in the future");
    }
    let Some(customer) = told.customer.clone() else {
        // A refund tells the order alone: the head says whose it is not.
        if matches!(told.standing, Standing::Counts | Standing::Cancelled { counted: true }) {
            app.ledger.note_guest(&shop.id, &told.id).await?;
        }
        return left_out(Reason::Guest, "is a guest's order");
    };
    let revision = told.revision(customer);
    let taken = match told.standing {
        Standing::Counts | Standing::Cancelled { counted: true } => record(app, shop, revision).await?,
        Standing::Cancelled { counted: false } => {
            let known = app.ledger.current_revision(&shop.id, &told.id).await?;
            // One that is overtaken, or as old, says of an order that it failed before it was placed.
            if known.is_none_or(|current| current.number >= revision.revision.number) {
                return left_out(Reason::NotPlaced, "was cancelled, or failed, before it was placed");
            }
            record(app, shop, revision).await?
        }
        Standing::Open if told.returns.is_empty() => {
            return left_out(Reason::NotPlaced, "has a status that says nothing: what is known of the order stays");
        }
        Standing::Open => Taken::Duplicate,
    };
    match taken {
        Taken::LeftOut(_) => Ok(taken),
        // The same delivery would bring no more: it has the order and what was given back of it.
        taken => Ok(taken.and(take_returns(app, shop, told.returns, false).await?)),
    }
}

async fn record(app: &App, shop: &Arc<Shop>, revision: ledger::Order) -> Result<Taken, Problem> {
    let id = revision.id.clone();
    match record_order(app, shop, revision).await {
        Ok(receipt) => Ok(Taken::of(receipt.status)),
        Err(error) => refused(error, &id, false),
    }
}

async fn take_returns(app: &App, shop: &Arc<Shop>, returns: Vec<Return>, waits: bool) -> Result<Taken, Problem> {
    let today = app.clock.today(shop.settings.time_zone);
    let mut taken = Taken::Duplicate;
    for back in returns {
        let one = match app.ledger.record_return(shop, today, &back).await {
            Ok(receipt) => Taken::of(receipt.status),
            Err(error) => refused(error, &back.order, waits)?,
        };
        taken = taken.and(one);
    }
    Ok(taken)
}

/// Can sending it again help? The store may be back, and an order that is on its way arrive. Of anything else the order says no
/// more the next time.
fn refused(error: RecordError, order: &OrderId, waits: bool) -> Result<Taken, Problem> {
    let refusal = match error {
        RecordError::Refused(refusal) => refusal,
        RecordError::Store(error) => return Err(Problem::from(&*error)),
    };
    let reason = match &refusal {
        Refusal::OrderUnknown(_) | Refusal::ReturnExceedsOrder(_) if waits => return Err(refusal.into()),
        Refusal::OrderUnknown(_) => Reason::OrderUnknown,
        Refusal::ReturnExceedsOrder(_) => Reason::ReturnExceedsOrder,
        Refusal::OrderOfGuest(_) => Reason::Guest,
        Refusal::OrderOfAnotherCustomer(_) => Reason::OrderOfAnotherCustomer,
        Refusal::CustomerErased => Reason::CustomerErased,
        Refusal::CustomerFull => Reason::CustomerFull,
        _ => Reason::Refused,
    };
    Ok(Taken::LeftOut(reason.of(Some(order), refusal.to_string())))
}

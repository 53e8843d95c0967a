//! An event as receivers get it.

use chrono::{DateTime, Utc};
use ledger::{CustomerId, EventKind, OutEvent, ShopAlert, ShopId, What};
use segmentation::{Alert, Move};
use serde::{Deserialize, Serialize};

/// Something that happened, told once or, where an answer was lost, several times with the same `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The same each time it is told; letters, digits, `-`, `:` and `#`.
    pub id: String,
    /// What kind it is.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// When it was written down.
    pub time: DateTime<Utc>,
    /// Of which shop.
    pub shop: ShopId,
    /// What happened.
    #[serde(flatten)]
    pub told: Told,
}

/// What an event tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Told {
    /// Of a customer.
    Customer {
        /// Who, by the shop's id.
        customer: CustomerId,
        /// Where it stands among this customer's events; it grows, and not by one.
        sequence: u64,
        /// The sequence of the event before it; absent for the first. A receiver that has not seen it has missed one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<u64>,
        /// The move, where it is one.
        #[serde(rename = "move", default, skip_serializing_if = "Option::is_none")]
        moved: Option<Move>,
        /// The alert, where it is one; a move can be one too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alert: Option<Alert>,
    },
    /// Of the shop as a whole.
    Shop {
        /// What the run found.
        alert: ShopAlert,
    },
}

impl Event {
    /// The event that a ledger's item is, told of the customer with this id; `None`: whose it is, is not known any more.
    #[must_use]
    pub fn of(OutEvent { at, news }: OutEvent, customer: Option<CustomerId>) -> Option<Event> {
        let (id, kind) = (news.id(), news.kind());
        let told = match news.what {
            What::Shop { alert, .. } => Told::Shop { alert },
            What::Moved { sequence, previous, moved, alert, .. } => {
                Told::Customer { customer: customer?, sequence, previous, moved: Some(moved), alert }
            }
            What::Alerted { sequence, previous, alert, .. } => {
                Told::Customer { customer: customer?, sequence, previous, moved: None, alert: Some(alert) }
            }
        };
        Some(Event { id, kind, time: at, shop: news.shop, told })
    }
}

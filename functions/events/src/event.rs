//! An event as receivers get it.

use ledger::{CustomerId, News, ShopAlert, ShopId, What};
use segmentation::{Alert, Move};
use serde::{Deserialize, Serialize};

/// Something that happened, told once or, where an answer was lost, several times with the same `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The same each time it is told; letters, digits, `-`, `.` and `#`.
    pub id: String,
    /// What kind it is.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Of which shop.
    pub shop: ShopId,
    /// What happened.
    #[serde(flatten)]
    pub told: Told,
}

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A customer came to another segment.
    #[serde(rename = "customer.moved")]
    CustomerMoved,
    /// A customer's answer says that something is wrong.
    #[serde(rename = "customer.alert")]
    CustomerAlert,
    /// A run found something that the shop should know.
    #[serde(rename = "shop.alert")]
    ShopAlert,
}

impl Kind {
    /// The name that receivers see.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::CustomerMoved => "customer.moved",
            Kind::CustomerAlert => "customer.alert",
            Kind::ShopAlert => "shop.alert",
        }
    }
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
        /// The alert, where it is one.
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
    /// The event that a ledger's item is, told of the customer with this id.
    #[must_use]
    pub fn of(news: News, customer: Option<CustomerId>) -> Option<Event> {
        let id = news.id();
        let (kind, told) = match news.what {
            What::Shop { alert, .. } => (Kind::ShopAlert, Told::Shop { alert }),
            What::Moved { sequence, previous, moved, .. } => {
                let told = Told::Customer { customer: customer?, sequence, previous, moved: Some(moved), alert: None };
                (Kind::CustomerMoved, told)
            }
            What::Alerted { sequence, previous, alert, .. } => {
                let told = Told::Customer { customer: customer?, sequence, previous, moved: None, alert: Some(alert) };
                (Kind::CustomerAlert, told)
            }
        };
        Some(Event { id, kind, shop: news.shop, told })
    }
}

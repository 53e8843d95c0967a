//! What lies between the two halves: a queue that keeps the order of each group, and the bus that gets everything.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::Event;

/// An answer to come.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A message on its way into the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Receiver, shop and customer: what shares it keeps its order.
    pub group: String,
    /// The same for the same message: within its group the queue keeps one.
    pub id: String,
    /// Where it belongs among those of its group, as text that sorts so.
    pub position: String,
    /// What it says.
    pub body: String,
}

/// A queue of messages, in order within each group: SQS in AWS, a table on one machine.
pub trait Queue: fmt::Debug + Send + Sync {
    /// Puts messages in, in their order. `Err`: the place of the first that is not in it; later ones may be.
    fn send<'a>(&'a self, messages: &'a [Waiting]) -> Pending<'a, Result<(), usize>>;

    /// Keeps these messages, which were handed out, back for so long.
    fn postpone<'a>(&'a self, receipts: &'a [String], by: Duration) -> Pending<'a, ()>;
}

/// Who gets every event of every shop.
pub trait Bus: fmt::Debug + Send + Sync {
    /// Puts at most ten events on it: of each, whether it was taken.
    fn put<'a>(&'a self, events: &'a [(Event, &'a str)]) -> Pending<'a, Vec<bool>>;
}

/// What an endpoint's message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    /// Where the event stands among the shop's.
    pub(crate) position: String,
    /// Is it told again because the shop asked?
    #[serde(default)]
    pub(crate) again: bool,
    /// The event.
    pub(crate) event: Event,
}

/// The receiver in the group of what goes to the bus,
pub(crate) const BUS: &str = "bus";
/// and of what asks for a replay.
pub(crate) const REPLAY: &str = "replay";

/// A group's name.
pub(crate) fn group(receiver: &str, shop: &ledger::ShopId, whose: &str) -> String {
    format!("{receiver}#{shop}#{whose}")
}

/// The receiver of a group, and its shop.
pub(crate) fn read_group(group: &str) -> Option<(&str, ledger::ShopId)> {
    let (receiver, rest) = group.split_once('#')?;
    Some((receiver, rest.split_once('#')?.0.parse().ok()?))
}

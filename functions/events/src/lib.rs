//! Moves and alerts on their way out: the ledger's stream hands over what was written, this function stores it, makes events of it and
//! puts them into a queue, and takes them out of the queue again to hand them to whoever wants them: the event bus, and the endpoints that
//! shops named.
//!
//! A stream stops at what fails, for all shops alike; a queue holds back one customer's events at one receiver. So the first half
//! does nothing that a receiver can make fail, and an event's way out is the second half's.

#[cfg(feature = "lambda")]
mod aws;
pub mod backoff;
mod deliver;
mod endpoint;
mod event;
mod function;
mod here;
mod queue;
mod replay;
mod send;
mod sign;
mod stream;

#[cfg(feature = "lambda")]
pub use aws::{EventBridge, SqsQueue};
pub use event::{Event, Told};
pub use function::{Answer, Attributes, Batch, Change, Failed, Message, Out, Record, Written, handle};
pub use here::{Here, Tables};
pub use queue::{Bus, Pending, Queue, Waiting};
pub use send::{Failure, Resolve, Sender, Sent};

//! Moves and alerts on their way out: the ledger's stream hands over what was written, this function makes events of it and puts
//! them into a queue, and takes them out of the queue again to hand them to whoever wants them. Today that is the event bus.
//!
//! A stream stops at what fails, for all shops alike; a queue holds back one customer's events at one receiver. So the first half
//! does nothing that a receiver can make fail, and an event's way out is the second half's.

mod deliver;
mod event;
mod function;
mod stream;

pub use event::{Event, Kind, Told};
pub use function::{Answer, Batch, Out, handle};

//! The playbook as data: for each segment a goal, a mechanic, campaign ideas and how far a reward may go.
//!
//! Nothing here does I/O, knows the time or a customer: a segment and its loyalty group go in, an [`Entry`] comes out.
//! The first playbook is `playbook.toml`, compiled in ([`Playbook::builtin`]); a shop's own is read by [`Playbook::parse`],
//! which refuses what [`Playbook::entry`] could not answer from, so that a lookup never fails.

mod builtin;
pub mod calendar;
mod entry;
mod error;
mod language;
pub mod mechanic;
mod parse;
mod playbook;
pub mod reward;
mod source;
mod when;

pub use entry::{Entry, Idea, IdeaKind, Reward, ShownAt};
pub use error::PlaybookError;
pub use language::{Language, Text};
pub use playbook::Playbook;

//! The playbook: for each segment a goal, a mechanic, campaign ideas and how far a reward may go.
//!
//! Nothing here does I/O or knows the time. The first playbook is the TOML files in `builtin/`, compiled in ([`Playbook::builtin`]);
//! a shop lays its changes over it ([`Playbook::overridden`]), and what [`Playbook::entry`] could not answer from is refused
//! there, so that a lookup never fails.

mod builtin;
pub mod calendar;
pub mod campaign;
mod checks;
pub mod code;
pub mod crockford;
pub mod decide;
mod entry;
mod error;
pub mod holdout;
mod idea;
mod language;
pub mod mechanic;
mod merge;
mod own;
mod packed;
mod parse;
mod period;
mod playbook;
pub mod redeem;
pub mod reward;
pub mod simulate;
mod source;
pub mod template;
pub mod uplift;
mod why;
mod words;

pub use campaign::{Conditions, OwnCampaign, Terms};
pub use code::{Code, CodeSecrets, Mistyped, Ticket};
pub use decide::{Decision, Inputs, decide};
pub use entry::{Entry, Rule};
pub use error::PlaybookError;
pub use holdout::Holdout;
pub use idea::{Idea, IdeaKind, ShownAt};
pub use language::{Language, Text};
pub use own::Source as CampaignForm;
pub use packed::{PackedCampaign, PackedSettings};
pub use playbook::Playbook;
pub use source::Source as PlaybookForm;
pub use template::Template;
pub use why::{NoReward, Withheld};
pub use words::Words;

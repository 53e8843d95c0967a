//! The scheduled run: plan -> survey -> fit -> assign -> publish, for one shop and one day (law 9).
//!
//! Each step has its own input and output that can be written down, so that a state machine can call them one by one.
//! Here a plain loop drives them ([`drive()`]), one task per shard. [`schedule`] says which shops are due. [`mod@catalogue`],
//! [`mod@learn`] and [`jobs`] are other long jobs, which share nothing with a run but its function.

mod assign;
pub mod catalogue;
mod drive;
mod fit;
#[cfg(feature = "lambda")]
pub mod function;
pub mod jobs;
pub mod learn;
mod measure;
mod publish;
pub mod schedule;
mod steps;
mod survey;

pub use drive::{Progress, drive};
pub use steps::{AssignInput, AssignOutput, FitInput, Plan, PublishInput, RunError, Steps, SurveyInput, SurveyOutput};

/// Shards of a run that one machine drives: more than its cores, as most of a shard's time is waiting for the store.
pub const SHARDS: u32 = 8;

//! The scheduled run: plan -> survey -> fit -> assign -> publish, for one shop and one day (law 9).
//!
//! Each step is a small call ([`Steps::step`]) that a state machine makes, or on one machine the driver ([`drive()`]). What they
//! share lies in the store, so any call can be repeated, and a step of a shard that has to return is called again.
//! [`schedule`] says which shops are due. [`mod@catalogue`], [`mod@learn`] and [`jobs`] are other long jobs, which share nothing
//! with a run but its function.

mod assign;
mod beacon;
pub mod catalogue;
mod drive;
mod fit;
#[cfg(feature = "lambda")]
pub mod function;
mod hold;
pub mod jobs;
mod labels;
pub mod learn;
mod measure;
#[cfg(feature = "lambda")]
mod new_key;
#[cfg(feature = "lambda")]
mod new_shop;
mod pace;
mod plan;
mod publish;
mod renewal;
mod retry;
pub mod schedule;
mod steps;
mod survey;
mod touched;

pub use drive::{Progress, drive, walk};
pub use plan::{SHARDS, begin_run, shards_for};
pub use retry::{Retry, retried};
pub use steps::{Plan, RunError, Step, StepAnswer, Steps, Until, What};

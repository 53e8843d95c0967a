//! Holdout and uplift (law 14): what rewards change, by comparing those who may get them with those held out.
//!
//! Intention to treat: who is compared is fixed by the segment on a period's first day, and nobody leaves their arm by what
//! they do afterwards. [`Measure`] puts one profile after another into a [`Tally`] of integer sums, which merge in any order;
//! a [`Report`] is made of the sums. Nothing here draws who is held out: that needs a secret, and comes in.

mod arm;
mod measure;
mod period;
mod reading;
mod report;
mod statistics;
mod tally;

pub use arm::{Arm, Outcome};
pub use measure::{Measure, Measured};
pub use period::{Month, NotAMonth, Period};
pub use report::{ArmReport, BoughtAnyway, Effects, Report, SampleSize};
pub use statistics::Interval;
pub use tally::{Cell, Tally};

//! Uplift: planted effects are found and none is found where none is planted, whatever segments customers move to; sums
//! merge in any order; cohorts, arms and costs are what law 14 says.

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

mod cohorts;
mod merging;
mod planted;
mod synthetic;

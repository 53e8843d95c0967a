//! Decisions: as documents for a cast of typical customers, each idea reached by somebody, and the laws that always hold.

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

mod begun;
mod cart;
mod cast;
mod facts;
mod laws;
mod own;
mod picks;
mod promised;
mod promises;
mod reach;
mod redeem;
mod rewards;
mod rules;
mod snapshots;
mod surveys;
mod told;
mod tried;

//! Decisions: as documents for a cast of typical customers, each idea reached by somebody, and the laws that always hold.

mod cast;
mod laws;
mod mechanics;
mod reach;
mod snapshots;

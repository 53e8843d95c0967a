//! Which products come into question for a customer: bounded whatever the catalogue, and each with its case.

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

mod bounds;
mod cases;
mod large;
mod shop;
mod whole;

//! What goes with what, learned from purchases. Pure: counts come in and go out as bytes, nothing here does I/O.
//!
//! The way of a weekly step: a [`Collector`] per shard counts customers ([`Collector::add`]) and gives [`PartCounts`], split by
//! product hash; each part of all shards is merged on its own, in any order ([`PartCounts::merge`]); then [`learn()`] makes
//! [`Learned`](catalogue::Learned) of all merged parts, which lookups use (crate `catalogue`).
//!
//! Methods, figures and costs are in `docs/affinities.md`.

pub mod basket;
pub mod bytes;
pub mod collect;
pub mod cosine;
pub mod counts;
pub mod ease;
pub mod gaps;
pub mod gram;
pub mod learn;
pub mod policy;

pub use basket::known_on;
pub use bytes::Damage;
pub use collect::{Collector, products_known_on};
pub use counts::{Mismatch, Pair, PartCounts, Terms};
pub use learn::learn;
pub use policy::Policy;
pub use segmentation::baskets::Basket;

//! What a shop sells, and what goes with what: in memory, immutable, versioned. Pure: bytes come in and go out.
//!
//! Products are the shop's; what goes with what is learned once a week (crate `affinity`) and published here as short lists.

pub mod learned;
pub mod score;

pub use learned::{Interval, Learned, Neighbour};
pub use score::score;

//! What a shop sells, and what goes with what: in memory, immutable, versioned. Pure: bytes come in and go out.
//!
//! Products are the shop's; what goes with what is learned once a week (crate `affinity`) and published here as short lists.

mod candidates;
mod catalogue;
mod chunk;
mod error;
pub mod learned;
mod lists;
mod product;
mod products;
pub mod score;
mod shelves;
mod stock;
mod tried;

pub use candidates::{candidates, cart};
pub use catalogue::Catalogue;
pub use chunk::{Chunk, ChunkHash, Manifest, PRODUCTS_PER_CHUNK, Packed, named_by};
pub use error::ChunkError;
pub use learned::{Interval, Learned, Neighbour};
pub use lists::{LearnedChunk, LearnedHead, LearnedLists, pack_learned};
pub use product::Product;
pub use products::{ProductChunk, ProductRef, pack};
pub use score::score;
pub use shelves::SHELF;
pub use stock::Stock;
pub use tried::Tried;

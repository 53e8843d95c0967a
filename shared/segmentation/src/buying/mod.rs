//! How customers buy until they stop: the MBG/NBD model, fitted from a table that merges over shards.
//!
//! Who is active buys at a steady rate of their own, and after each purchase day, the first one too, stops for good with a
//! chance of their own. Rates follow a gamma distribution over the base, chances a beta distribution (Batislam, Denizel and
//! Filiztekin 2007; Wagner and Hoppe 2008). A purchase day with two orders is one purchase, as in [`Rhythm`](crate::Rhythm).

mod fit;
mod history;
mod model;
mod table;

pub use fit::Fitted;
pub use history::History;
pub use model::Model;
pub use table::{Draw, Table};

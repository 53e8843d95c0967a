//! Orders in a CSV file: into segments at once ([`segment()`]), or as orders and returns to be sent to the service ([`import()`]).
//!
//! A row is one line of an order, or a whole order. Columns are found by name ([`Columns`]); rows of one order id are one order,
//! wherever they stand in the file; rows below zero are returns. A bad row is named by line and column ([`Refused`]).

#[cfg(test)]
mod agreement;
mod amount;
mod blocks;
mod columns;
mod conflicts;
mod error;
mod fast;
mod fields;
mod fold;
mod ids;
mod import;
mod locate;
#[cfg(test)]
mod oracle;
mod parsed;
mod record;
mod returns;
mod rows;
mod scan;
mod segment;
mod table;
mod time;

pub use amount::minor;
pub use columns::Columns;
pub use error::{Error, Problem, Refused};
pub use ids::CustomerId;
pub use import::import;
pub use parsed::{ImportOptions, ImportReport, Imported, Item, ParsedLine, ParsedOrder, ParsedReturn};
pub use segment::{Customer, Report, Returns, SegmentOptions, Segmented, segment};
pub use time::ShopTime;

//! What an import hands on: orders with their lines, and returns, as the service takes them.

use chrono_tz::Tz;
use segmentation::{Day, Minor};

use crate::columns::Columns;
use crate::error::Refused;
use crate::segment::Returns;
use crate::time::ShopTime;

/// How to read a file for import.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The columns' names.
    pub columns: Columns,
    /// The shop's time zone, to which timestamps with an offset are converted. Default UTC.
    pub time_zone: Tz,
    /// What becomes of returns.
    pub returns: Returns,
    /// Fraction digits of the currency. Default 2.
    pub decimals: u32,
}

impl Default for ImportOptions {
    fn default() -> ImportOptions {
        ImportOptions { columns: Columns::default(), time_zone: Tz::UTC, returns: Returns::Net, decimals: 2 }
    }
}

/// An order as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedOrder {
    /// Its id.
    pub id: String,
    /// Who placed it; `None` for a guest.
    pub customer: Option<String>,
    /// The earliest time of its rows.
    pub time: ShopTime,
    /// The sum of its lines' amounts, before returns.
    pub total: Minor,
    /// Its rows, in the order of the file.
    pub lines: Vec<ParsedLine>,
    /// Line of the file on which its first row begins, the header's being 1.
    pub row: u64,
}

/// One row of an order. Texts are `None` where the column is absent or the cell empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedLine {
    /// The product's id.
    pub product: Option<String>,
    /// The product's name.
    pub name: Option<String>,
    /// The product's category.
    pub category: Option<String>,
    /// The product's brand.
    pub brand: Option<String>,
    /// A decimal number >= 0, as written.
    pub quantity: Option<String>,
    /// Minor units, for all pieces together.
    pub amount: Minor,
}

/// Money given back of one order. A return row that several orders share becomes several of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedReturn {
    /// The row's own order id, a dot, and a number that counts the returns under that id from 1: the same whenever this file is read.
    pub id: String,
    /// The order that is lowered.
    pub order: String,
    /// Whose it is.
    pub customer: String,
    /// When it was given back.
    pub time: ShopTime,
    /// Minor units, above zero.
    pub amount: Minor,
    /// Line of the file.
    pub row: u64,
}

/// What is to be sent, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An order.
    Order(ParsedOrder),
    /// A return of an order that came before.
    Return(ParsedReturn),
}

/// What was in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct ImportReport {
    /// Rows under the header, without blank lines.
    pub rows: u64,
    /// Orders, of guests too.
    pub orders: u64,
    /// Orders of guests.
    pub guest_orders: u64,
    /// Return rows all of which found its orders.
    pub returns_matched: u64,
    /// What found its orders, in minor units.
    pub returns_matched_amount: Minor,
    /// Return rows of which a part or all found no order; a guest's find none.
    pub returns_unmatched: u64,
    /// What found no order, in minor units. It is not sent.
    pub returns_unmatched_amount: Minor,
    /// Rows that say nothing: returns of an amount of zero, and every return with [`Returns::Drop`].
    pub dropped_rows: u64,
    /// Rows that were set aside, see [`Imported::refused`].
    pub refused_rows: u64,
    /// The last day of any row.
    pub last_day: Option<Day>,
}

/// A file, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// By time; of one time by place in the file.
    pub items: Vec<Item>,
    /// What was in the file.
    pub report: ImportReport,
    /// The first rows that were set aside, at most [`Imported::MOST_REFUSED`]; the report counts all.
    pub refused: Vec<Refused>,
}

impl Imported {
    /// So many refused rows are listed.
    pub const MOST_REFUSED: usize = 1000;
}

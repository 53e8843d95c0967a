//! What can be wrong with a file. A bad row is named by its line and column, never guessed at.

use std::fmt;
use std::path::PathBuf;

/// The file cannot be read as orders.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Opening or reading failed.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no header line.
    #[error("the file is empty; its first line must name the columns")]
    NoHeader,
    /// A column that was asked for is not in the header.
    #[error("the file has no column `{column}`; it has: {}", has.join(", "))]
    MissingColumn {
        /// The name that was looked for.
        column: String,
        /// All names in the header.
        has: Vec<String>,
    },
    /// A row cannot be taken.
    #[error(transparent)]
    Row(#[from] Refused),
    /// There is no row, and no day to count recency from was given.
    #[error("the file has no rows, so there is no last day to count from")]
    NoRows,
    /// The amounts are so large that their sum does not fit in 64 bits of minor units.
    #[error("the amounts in this file sum to more than 2^63 minor units")]
    TooMuchMoney,
    /// A worker thread panicked.
    #[error("reading the file failed by a fault of this program")]
    Worker,
}

/// One row that cannot be taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The line on which the row begins, the header's first line being 1.
    pub row: u64,
    /// The column, where one is to blame.
    pub column: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for Refused {}

/// What is wrong with a row or a cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not digits, or more decimals than the currency has.
    #[error("\"{text}\" is not an amount with at most {decimals} decimals")]
    NotAnAmount {
        /// The cell.
        text: String,
        /// Decimals of the currency.
        decimals: u32,
    },
    /// More than 10^14 minor units.
    #[error("\"{0}\" is more than 10^14 minor units")]
    AmountTooLarge(String),
    /// Not a decimal number.
    #[error("\"{0}\" is not a quantity")]
    NotAQuantity(String),
    /// Not a date, or not a time.
    #[error("\"{0}\" is not a date or date and time like 2026-11-22 18:30:00, with or without an offset")]
    NotATime(String),
    /// A cell that must not be empty is.
    #[error("is empty")]
    Empty,
    /// An id longer than the service takes.
    #[error("is longer than {0} bytes")]
    TooLong(usize),
    /// Bytes that are no text.
    #[error("is not UTF-8")]
    NotUtf8,
    /// Fewer or more cells than the header has.
    #[error("has {found} fields where the header has {expected}")]
    FieldCount {
        /// Fields in the row.
        found: usize,
        /// Columns in the header.
        expected: usize,
    },
    /// `"a"b`: text behind a closing quote.
    #[error("text follows a closing quote")]
    TextAfterQuote,
    /// The file ends inside a quoted field.
    #[error("a quoted field is never closed")]
    OpenQuote,
    /// Longer than a row can sensibly be; mostly a quote that is never closed.
    #[error("is longer than {0} MiB; is a quote left open?")]
    RowTooLong(usize),
    /// The order stood under another customer before.
    #[error("order `{0}` belongs to another customer in an earlier row")]
    OrderOfAnotherCustomer(String),
}

/// A refusal before its line is known: the column and the problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bad {
    pub(crate) column: Option<usize>,
    pub(crate) problem: Problem,
}

impl Bad {
    pub(crate) fn row(problem: Problem) -> Bad {
        Bad { column: None, problem }
    }

    pub(crate) fn cell(column: usize, problem: Problem) -> Bad {
        Bad { column: Some(column), problem }
    }
}

/// A cell as it is quoted in a message: at most 40 characters of it.
pub(crate) fn shown(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).chars().take(40).collect()
}

//! Rows one after the other: the fast reader tries first, the careful one decides about the rest.

use chrono_tz::Tz;

use crate::amount::{amount, quantity_is_negative};
use crate::blocks::blank_line;
use crate::columns::{Layout, Role};
use crate::error::{Bad, Problem, shown};
use crate::fast::Fast;
use crate::fields::Fields;
use crate::time::{ShopTime, shop_time};

/// An id as it stands in the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl Text<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Text::Bytes([]))
    }
}

/// What counts of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    pub(crate) customer: Text<'a>,
    pub(crate) order: Text<'a>,
    pub(crate) product: Text<'a>,
    /// Days since 1970-01-01, in the shop's time zone.
    pub(crate) day: i32,
    /// Microseconds since midnight.
    pub(crate) micros: i64,
    /// In minor units.
    pub(crate) amount: i64,
    pub(crate) negative_quantity: bool,
}

impl Default for Row<'_> {
    fn default() -> Self {
        let empty = Text::Bytes(&[]);
        Row { customer: empty, order: empty, product: empty, day: 0, micros: 0, amount: 0, negative_quantity: false }
    }
}

impl Row<'_> {
    /// Is something given back? The cancellations of Online Retail, whose order ids begin with `C`, have negative amounts too.
    pub(crate) fn is_return(&self) -> bool {
        self.amount < 0 || self.negative_quantity
    }
}

/// What stands at a position.
pub(crate) enum Next<'a> {
    Row(Row<'a>),
    Blank,
    Bad(Bad),
}

/// Reads the rows of a block.
pub(crate) struct RowReader<'l> {
    layout: &'l Layout,
    decimals: u32,
    zone: Tz,
    fast: Fast,
    fields: Fields,
}

impl<'l> RowReader<'l> {
    pub(crate) fn new(layout: &'l Layout, decimals: u32, zone: Tz) -> RowReader<'l> {
        RowReader { layout, decimals, zone, fast: Fast::new(decimals, zone), fields: Fields::default() }
    }

    /// What stands at `at`, and where the next row begins.
    #[inline]
    pub(crate) fn next<'a>(&'a mut self, rows: &'a [u8], at: usize) -> (Next<'a>, usize) {
        match self.fast.row(&self.layout.roles, rows, at) {
            Some((row, next)) => (Next::Row(row), next),
            None => {
                let (careful, next) = self.next_carefully(rows, at);
                let next_is = match careful {
                    Careful::Row(row, _) => Next::Row(row),
                    Careful::Blank => Next::Blank,
                    Careful::Bad(bad) => Next::Bad(bad),
                };
                (next_is, next)
            }
        }
    }

    /// The same by the careful way alone, with the row's fields.
    #[cold]
    pub(crate) fn next_carefully<'a>(&'a mut self, rows: &[u8], at: usize) -> (Careful<'a>, usize) {
        if let Some(length) = blank_line(&rows[at..]) {
            return (Careful::Blank, at + length);
        }
        let next = match self.fields.split(rows, at) {
            Ok(next) => next,
            Err((problem, next)) => return (Careful::Bad(Bad::row(problem)), next),
        };
        let careful = match self.row() {
            Ok((row, time)) => Careful::Row(row, WholeRow { fields: &self.fields, layout: self.layout, time }),
            Err(bad) => Careful::Bad(bad),
        };
        (careful, next)
    }

    fn row(&self) -> Result<(Row<'_>, ShopTime), Bad> {
        let (found, expected) = (self.fields.len(), self.layout.roles.len());
        if found != expected {
            return Err(Bad::row(Problem::FieldCount { found, expected }));
        }
        let mut row = Row::default();
        let mut time = None;
        for (n, (text, role)) in self.fields.iter().zip(&self.layout.roles).enumerate() {
            let bad = |problem| Bad::cell(n, problem);
            match role {
                Some(Role::Customer) => row.customer = Text::Bytes(text),
                Some(Role::Order) if text.is_empty() => return Err(bad(Problem::Empty)),
                Some(Role::Order) => row.order = Text::Bytes(text),
                Some(Role::Product) => row.product = Text::Bytes(text),
                Some(Role::Time) => {
                    let read = shop_time(text, self.zone).ok_or_else(|| bad(Problem::NotATime(shown(text))))?;
                    row.day = read.day().epoch_days();
                    row.micros = read.micros_of_day();
                    time = Some(read);
                }
                Some(Role::Amount) => row.amount = amount(text, self.decimals).map_err(bad)?,
                Some(Role::Quantity) => row.negative_quantity = quantity_is_negative(text).map_err(bad)?,
                Some(Role::Name | Role::Category | Role::Brand) | None => {}
            }
        }
        // The layout has a time column, or there would be no reader.
        let time = time.ok_or(Bad::row(Problem::FieldCount { found, expected }))?;
        Ok((row, time))
    }
}

/// What the careful way finds.
pub(crate) enum Careful<'a> {
    Row(Row<'a>, WholeRow<'a>),
    Blank,
    Bad(Bad),
}

/// A row with all its text.
pub(crate) struct WholeRow<'a> {
    fields: &'a Fields,
    layout: &'a Layout,
    pub(crate) time: ShopTime,
}

impl<'a> WholeRow<'a> {
    /// The text of a column, `None` where the file lacks it or the cell is empty.
    pub(crate) fn cell(&self, role: Role) -> Result<Option<&'a str>, Bad> {
        let Some(at) = self.layout.position(role) else { return Ok(None) };
        let text = std::str::from_utf8(self.fields.get(at)).map_err(|_| Bad::cell(at, Problem::NotUtf8))?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::columns::Columns;

    fn cell() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9]{1,20}",
            "-?[0-9]{1,18}(\\.[0-9]{0,4})?",
            "(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]([ T][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,3})?(Z|[+]03:00)?)?",
            "[a-c\"é ]{0,12}",
            Just("2024-05-06 07:08:09".to_owned()),
            Just("12.34".to_owned()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn what_the_fast_reader_takes_the_careful_one_takes_alike(
            cells in prop::collection::vec(cell(), 5..8),
            decimals in 0..4_u32,
            end in prop_oneof![Just("\n"), Just("\r\n"), Just("\n1,2,3\n")],
        ) {
            let names = ["customer_id", "order_id", "timestamp", "amount", "qty", "product"].map(str::to_owned).to_vec();
            let layout = Layout::new(&Columns::default(), names).unwrap();
            let text = format!("{}{end}", cells.join(","));
            let rows = text.as_bytes();
            let zone = chrono_tz::Asia::Tokyo;
            let fast = Fast::new(decimals, zone).row(&layout.roles, rows, 0);
            if let Some((fast, next)) = fast {
                let mut reader = RowReader::new(&layout, decimals, zone);
                let (careful, careful_next) = reader.next_carefully(rows, 0);
                let Careful::Row(careful, _) = careful else { panic!("refused: {text:?}") };
                prop_assert_eq!(next, careful_next);
                let spelled = |text: Text<'_>| match text {
                    Text::Number(number) => number.to_string(),
                    Text::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                };
                prop_assert_eq!(spelled(fast.customer), spelled(careful.customer));
                prop_assert_eq!(spelled(fast.order), spelled(careful.order));
                prop_assert_eq!(spelled(fast.product), spelled(careful.product));
                prop_assert_eq!((fast.day, fast.micros, fast.amount), (careful.day, careful.micros, careful.amount));
                prop_assert_eq!(fast.negative_quantity, careful.negative_quantity);
            }
        }
    }
}

//! A file of orders into orders and returns for the service, in order of time, each return behind its order.
//!
//! Rows are grouped and returns matched as [`crate::segment()`] does it, so what is imported has the same values. Here a bad row is set aside
//! and reading goes on.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

use chrono::NaiveDateTime;
use segmentation::Minor;

use crate::blocks::{BLOCK, Block, NoBlock, Source, lines};
use crate::columns::{Layout, Role};
use crate::error::{Bad, Error, Problem, Refused};
use crate::ids::Id;
use crate::locate::name;
use crate::parsed::{ImportOptions, ImportReport, Imported, Item, ParsedLine, ParsedOrder, ParsedReturn};
use crate::record::{Fact, Line};
use crate::returns::{GivenBack, Matcher, Returned};
use crate::rows::{Careful, Row, RowReader, WholeRow};
use crate::scan::{Intake, Tables, Taken};
use crate::segment::Returns;
use crate::time::ShopTime;

/// Reads a file for import. `progress` holds the bytes read so far.
///
/// # Errors
/// [`Error`] when the file cannot be read or lacks a column; bad rows are listed in the answer instead.
pub fn import(path: &Path, options: &ImportOptions, progress: &AtomicU64) -> Result<Imported, Error> {
    let (mut source, layout) = Source::open(path, BLOCK, &options.columns, progress)?;
    let tables = Tables::new();
    let mut reader = RowReader::new(&layout, options.decimals, options.time_zone);
    let mut draft = Draft::new(&tables, &layout, options.returns);
    let mut block = Block::default();
    let mut line = source.header_lines;
    loop {
        match source.fill(&mut block) {
            Ok(true) => {}
            Ok(false) => break,
            Err(NoBlock::Io(source)) => return Err(Error::Io { path: PathBuf::from(path), source }),
            Err(NoBlock::RowTooLong(_, problem)) => {
                return Err(Error::Row(Refused { row: line + 1, column: None, problem }));
            }
        }
        let rows = block.rows();
        let mut at = 0;
        while at < rows.len() {
            let (next, behind) = reader.next_carefully(rows, at);
            let taken = match next {
                Careful::Row(row, whole) => draft.take(&row, &whole, line + 1),
                Careful::Blank => Ok(()),
                Careful::Bad(bad) => {
                    draft.report.rows += 1;
                    Err(bad)
                }
            };
            if let Err(bad) = taken {
                draft.refuse(line + 1, bad);
            }
            line += lines(&rows[at..behind]);
            at = behind;
        }
    }
    Ok(draft.finish())
}

/// A row that gives something back, with its texts.
struct ReturnRow {
    row: u64,
    id: String,
    customer: String,
    time: ShopTime,
}

/// Orders and returns while rows come in.
struct Draft<'t> {
    layout: &'t Layout,
    intake: Intake<'t>,
    places: HashMap<Id, usize>,
    orders: Vec<(ParsedOrder, Id)>,
    /// Rows of known customers, from which returns are matched.
    facts: Vec<Line>,
    /// In order of their rows.
    returns: Vec<ReturnRow>,
    report: ImportReport,
    refused: Vec<Refused>,
}

impl<'t> Draft<'t> {
    fn new(tables: &'t Tables, layout: &'t Layout, returns: Returns) -> Draft<'t> {
        Draft {
            layout,
            intake: Intake::new(tables, layout, returns),
            places: HashMap::new(),
            orders: Vec::new(),
            facts: Vec::new(),
            returns: Vec::new(),
            report: ImportReport::default(),
            refused: Vec::new(),
        }
    }

    fn refuse(&mut self, row: u64, bad: Bad) {
        self.report.refused_rows += 1;
        if self.refused.len() < Imported::MOST_REFUSED {
            self.refused.push(name(self.layout, row, bad));
        }
    }

    fn take(&mut self, row: &Row<'_>, whole: &WholeRow<'_>, line: u64) -> Result<(), Bad> {
        self.report.rows += 1;
        match self.intake.take(row, line)? {
            Taken::Fact(fact) if fact.amount < 0 => self.take_return(&fact, whole, line)?,
            Taken::Fact(fact) => {
                self.take_line(fact.order, fact.customer, row.amount, whole, line)?;
                self.facts.push(Line::of(&fact));
            }
            Taken::Guest if row.is_return() => {
                self.report.returns_unmatched += 1;
                self.report.returns_unmatched_amount += Minor(row.amount.abs());
            }
            Taken::Guest => {
                let order = self.intake.order(row)?;
                self.take_line(order, Id::NONE, row.amount, whole, line)?;
            }
            Taken::Dropped => self.report.dropped_rows += 1,
        }
        self.report.last_day = self.report.last_day.max(Some(whole.time.day()));
        Ok(())
    }

    fn take_return(&mut self, fact: &Fact, whole: &WholeRow<'_>, line: u64) -> Result<(), Bad> {
        let id = owned(whole.cell(Role::Order)?).unwrap_or_default();
        let customer = owned(whole.cell(Role::Customer)?).unwrap_or_default();
        self.returns.push(ReturnRow { row: line, id, customer, time: whole.time });
        self.facts.push(Line::of(fact));
        Ok(())
    }

    fn take_line(&mut self, id: Id, customer: Id, amount: i64, whole: &WholeRow<'_>, row: u64) -> Result<(), Bad> {
        let line = ParsedLine {
            product: owned(whole.cell(Role::Product)?),
            name: owned(whole.cell(Role::Name)?),
            category: owned(whole.cell(Role::Category)?),
            brand: owned(whole.cell(Role::Brand)?),
            quantity: owned(whole.cell(Role::Quantity)?),
            amount: Minor(amount),
        };
        let order = owned(whole.cell(Role::Order)?).unwrap_or_default();
        let time = whole.time;
        if let Some(place) = self.places.get(&id) {
            let (known, owner) = &mut self.orders[*place];
            if *owner != customer {
                let problem = Problem::OrderOfAnotherCustomer(order);
                return Err(Bad { column: self.layout.position(Role::Order), problem });
            }
            known.total += line.amount;
            known.lines.push(line);
            if time.local < known.time.local {
                known.time = time;
            }
            return Ok(());
        }
        let buyer = owned(whole.cell(Role::Customer)?);
        self.places.insert(id, self.orders.len());
        let order = ParsedOrder { id: order, customer: buyer, time, total: line.amount, lines: vec![line], row };
        self.orders.push((order, customer));
        Ok(())
    }

    fn finish(mut self) -> Imported {
        let given = self.match_returns();
        let mut report = self.report;
        report.orders = self.orders.len() as u64;
        report.guest_orders = self.orders.iter().filter(|(_, customer)| *customer == Id::NONE).count() as u64;

        // A return stands behind its order even where the file dates it earlier.
        let mut timed: Vec<(NaiveDateTime, bool, Item)> = Vec::with_capacity(self.orders.len() + given.len());
        let mut under: HashMap<&str, u64> = HashMap::new();
        for part in &given {
            let row = self.returns.binary_search_by_key(&part.at, |row| row.row).map(|at| &self.returns[at]);
            let order = self.places.get(&part.order).map(|place| &self.orders[*place].0);
            let (Ok(row), Some(order)) = (row, order) else { continue };
            let stem = stem(&row.id);
            let number = under.entry(stem).and_modify(|number| *number += 1).or_insert(1);
            let back = ParsedReturn {
                id: format!("{stem}.{number}"),
                order: order.id.clone(),
                customer: row.customer.clone(),
                time: row.time,
                amount: Minor(part.amount),
                row: row.row,
            };
            timed.push((row.time.local.max(order.time.local), true, Item::Return(back)));
        }
        timed.extend(self.orders.into_iter().map(|(order, _)| (order.time.local, false, Item::Order(order))));
        // Stable: both kinds were put in by their rows.
        timed.sort_by_key(|(time, is_return, _)| (*time, *is_return));
        let items = timed.into_iter().map(|(_, _, item)| item).collect();
        Imported { items, report, refused: self.refused }
    }

    /// Matches every customer's returns; what was given back, by row.
    fn match_returns(&mut self) -> Vec<GivenBack> {
        self.facts.sort_unstable();
        let mut matcher = Matcher::default();
        let mut given = Vec::new();
        let mut returned = Returned::default();
        for rows in self.facts.chunk_by(|a, b| a.customer == b.customer) {
            if rows.iter().any(Line::is_return) {
                returned = returned.plus(matcher.settle(rows));
                given.extend_from_slice(matcher.given());
            }
        }
        // Stable: the parts of one row stay as they were given.
        given.sort_by_key(|part| part.at);
        self.report.returns_matched += returned.matched;
        self.report.returns_matched_amount += Minor(returned.matched_amount);
        self.report.returns_unmatched += returned.unmatched;
        self.report.returns_unmatched_amount += Minor(returned.unmatched_amount);
        given
    }
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

/// The beginning of an id that leaves room for a number in the 255 bytes that an id may have.
fn stem(id: &str) -> &str {
    &id[..id.floor_char_boundary(240)]
}

//! Finds the line of a bad row by reading the file again: reading well counts no lines.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;

use crate::blocks::{Block, NoBlock, Source, lines};
use crate::columns::{Layout, Role};
use crate::error::{Bad, Error, Problem, Refused};
use crate::ids::Id;
use crate::rows::{Next, RowReader, Text};
use crate::scan::{Intake, Tables, Taken};
use crate::segment::Job;

/// The error of a bad row, known by its block and its line in it.
pub(crate) fn refused(job: &Job<'_>, block: u32, line: u64, bad: Bad) -> Error {
    let mut row = 0;
    let found = each_block(job, |read, before, layout| {
        if read.index < block {
            row = before + lines(read.rows());
            return None;
        }
        Some(name(layout, before + line + 1, bad.clone()))
    });
    match found {
        Ok(Some(refused)) => Error::Row(refused),
        // The bad row is behind the last block that could be cut.
        Ok(None) => Error::Row(Refused { row: row + line + 1, column: None, problem: bad.problem }),
        Err(error) => error,
    }
}

/// The error of the first row whose order, one of `shared`, stood under another customer before.
pub(crate) fn order_of_another_customer(job: &Job<'_>, layout: &Layout, tables: &Tables, shared: &[Id]) -> Error {
    let intake = Intake::new(tables, layout, job.options.returns);
    let mut reader = RowReader::new(layout, job.options.decimals, job.options.time_zone);
    let mut owners: HashMap<Id, Id> = HashMap::new();
    let found = each_block(job, |block, before, _| {
        let rows = block.rows();
        let mut at = 0;
        while at < rows.len() {
            let (next, behind) = reader.next(rows, at);
            if let Next::Row(row) = next
                && let Ok(Taken::Fact(fact)) = intake.take(&row, 0)
                && fact.amount >= 0
                && shared.binary_search(&fact.order).is_ok()
                && *owners.entry(fact.order).or_insert(fact.customer) != fact.customer
            {
                let order = match row.order {
                    Text::Number(number) => number.to_string(),
                    Text::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                };
                let column = layout.position(Role::Order);
                let bad = Bad { column, problem: Problem::OrderOfAnotherCustomer(order) };
                return Some(name(layout, before + lines(&rows[..at]) + 1, bad));
            }
            at = behind;
        }
        None
    });
    match found {
        Ok(Some(refused)) => Error::Row(refused),
        // The file changed under the reading.
        Ok(None) => Error::Worker,
        Err(error) => error,
    }
}

pub(crate) fn name(layout: &Layout, row: u64, bad: Bad) -> Refused {
    let column = bad.column.and_then(|at| layout.names.get(at).cloned());
    Refused { row, column, problem: bad.problem }
}

/// Gives every block and the lines before it to `each`, until that finds something.
fn each_block(
    job: &Job<'_>,
    mut each: impl FnMut(&Block, u64, &Layout) -> Option<Refused>,
) -> Result<Option<Refused>, Error> {
    let progress = AtomicU64::new(0);
    let (mut source, layout) = Source::open(job.path, job.block, &job.options.columns, &progress)?;
    let mut before = source.header_lines;
    let mut block = Block::default();
    loop {
        match source.fill(&mut block) {
            Ok(true) => {
                if let Some(found) = each(&block, before, &layout) {
                    return Ok(Some(found));
                }
                before += lines(block.rows());
            }
            Ok(false) => return Ok(None),
            Err(NoBlock::Io(source)) => return Err(Error::Io { path: PathBuf::from(job.path), source }),
            Err(NoBlock::RowTooLong(_, problem)) => {
                return Ok(Some(Refused { row: before + 1, column: None, problem }));
            }
        }
    }
}

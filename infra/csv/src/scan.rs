//! Reads all rows on several threads and sorts them by customer into partitions, so that each can be folded alone.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::blocks::{Block, NoBlock, Source, lines};
use crate::columns::{Layout, Role};
use crate::error::{Bad, Error, Problem};
use crate::ids::{Id, Names};
use crate::record::{Fact, Plan, Record};
use crate::rows::{Next, Row, RowReader, Text};
use crate::segment::{Returns, SegmentOptions};

/// Rows of a chunk: partitions grow by chunks, so that nothing is ever copied to grow.
const CHUNK: usize = 256;

/// Rows of one partition, as one worker read them.
pub(crate) struct Part<R> {
    full: Vec<Vec<R>>,
    last: Vec<R>,
}

impl<R: Copy> Part<R> {
    fn new() -> Part<R> {
        Part { full: Vec::new(), last: Vec::new() }
    }

    #[inline]
    fn push(&mut self, row: R) {
        if self.last.len() == self.last.capacity() {
            self.grow();
        }
        self.last.push(row);
    }

    #[cold]
    fn grow(&mut self) {
        let full = std::mem::replace(&mut self.last, Vec::with_capacity(CHUNK));
        if !full.is_empty() {
            self.full.push(full);
        }
    }

    pub(crate) fn chunks(&self) -> impl Iterator<Item = &[R]> {
        self.full.iter().chain([&self.last]).map(Vec::as_slice)
    }
}

/// What one worker read.
pub(crate) struct Read<R> {
    pub(crate) parts: Vec<Part<R>>,
    pub(crate) rows: u64,
    pub(crate) guests: u64,
    pub(crate) dropped: u64,
    /// The last day of any row.
    pub(crate) last_day: Option<i32>,
    /// Sum of all amounts without their signs.
    pub(crate) money: u128,
    /// Smallest and largest of the orders' ids that are numbers.
    pub(crate) order_numbers: Option<(u64, u64)>,
}

/// Why reading stopped before the end.
pub(crate) enum Halt {
    /// A row does not fit the plan; this one holds it.
    Replan(Plan),
    /// A bad row: its block, its line in the block from 0, and what is wrong.
    Refused {
        block: u32,
        line: u64,
        bad: Bad,
    },
    Io(std::io::Error),
    Fault,
}

/// The tables of ids that are texts.
pub(crate) struct Tables {
    pub(crate) customers: Names,
    pub(crate) orders: Names,
    pub(crate) products: Names,
}

impl Tables {
    pub(crate) fn new() -> Tables {
        // The lengths that the service takes.
        Tables { customers: Names::new(1024), orders: Names::new(255), products: Names::new(255) }
    }
}

fn id(names: &Names, text: Text<'_>) -> Result<Id, Problem> {
    match text {
        Text::Number(number) => Ok(Id(number)),
        Text::Bytes(bytes) => names.id(bytes),
    }
}

/// Turns rows into facts: guests and dropped rows give none.
pub(crate) struct Intake<'t> {
    tables: &'t Tables,
    layout: &'t Layout,
    returns: Returns,
}

/// What a row is.
pub(crate) enum Taken {
    Fact(Fact),
    Guest,
    /// A return of nothing, or any return where returns are dropped.
    Dropped,
}

impl<'t> Intake<'t> {
    pub(crate) fn new(tables: &'t Tables, layout: &'t Layout, returns: Returns) -> Intake<'t> {
        Intake { tables, layout, returns }
    }

    #[inline]
    pub(crate) fn take(&self, row: &Row<'_>, at: u64) -> Result<Taken, Bad> {
        if row.customer.is_empty() {
            return Ok(Taken::Guest);
        }
        let is_return = row.is_return();
        if is_return && (self.returns == Returns::Drop || row.amount == 0) {
            return Ok(Taken::Dropped);
        }
        let bad = |role| move |problem| self.bad(role, problem);
        Ok(Taken::Fact(Fact {
            customer: id(&self.tables.customers, row.customer).map_err(bad(Role::Customer))?,
            order: id(&self.tables.orders, row.order).map_err(bad(Role::Order))?,
            product: id(&self.tables.products, row.product).map_err(bad(Role::Product))?,
            day: row.day,
            micros: row.micros,
            amount: if is_return { -row.amount.abs() } else { row.amount },
            at,
        }))
    }

    /// The order of a row that is no fact.
    pub(crate) fn order(&self, row: &Row<'_>) -> Result<Id, Bad> {
        id(&self.tables.orders, row.order).map_err(|problem| self.bad(Role::Order, problem))
    }

    fn bad(&self, role: Role, problem: Problem) -> Bad {
        Bad { column: self.layout.position(role), problem }
    }
}

/// Reads the rest of `source` on `threads` threads into `1 << bits` partitions.
pub(crate) fn scan<R: Record>(
    source: Source<'_>,
    layout: &Layout,
    tables: &Tables,
    options: &SegmentOptions,
    bits: u32,
    threads: usize,
) -> Result<Vec<Read<R>>, Halt> {
    let source = Mutex::new(source);
    let stop = AtomicBool::new(false);
    let work = |_| {
        let result = read(&source, &stop, layout, tables, options, bits);
        if result.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        result
    };
    let results = on_threads(threads, work).map_err(|_| Halt::Fault)?;
    let mut reads = Vec::new();
    let mut halt: Option<Halt> = None;
    for result in results {
        match result {
            Ok(read) => reads.push(read),
            Err(new) => {
                halt = Some(match halt {
                    None => new,
                    Some(old) => old.or_rather(new),
                })
            }
        }
    }
    halt.map_or(Ok(reads), Err)
}

impl Halt {
    /// Of two reasons the one that counts: a wider plan meets the bad row again, and the first bad row is the one to name.
    fn or_rather(self, other: Halt) -> Halt {
        match (&self, &other) {
            (Halt::Replan(a), Halt::Replan(b)) => Halt::Replan(*a.max(b)),
            (Halt::Refused { block: a, .. }, Halt::Refused { block: b, .. }) if b < a => other,
            (Halt::Refused { .. }, Halt::Replan(_) | Halt::Io(_)) | (Halt::Replan(_), Halt::Io(_)) => other,
            _ => self,
        }
    }
}

fn read<R: Record>(
    source: &Mutex<Source<'_>>,
    stop: &AtomicBool,
    layout: &Layout,
    tables: &Tables,
    options: &SegmentOptions,
    bits: u32,
) -> Result<Read<R>, Halt> {
    let mut read = Read {
        parts: (0..1_usize << bits).map(|_| Part::new()).collect(),
        rows: 0,
        guests: 0,
        dropped: 0,
        last_day: None,
        money: 0,
        order_numbers: None,
    };
    let intake = Intake::new(tables, layout, options.returns);
    let mut reader = RowReader::new(layout, options.decimals, options.time_zone);
    let mut block = Block::default();
    // A bad row stops the claiming of blocks only: those before it are read to their end, so the first bad row is found.
    while !stop.load(Ordering::Relaxed) {
        // The lock is poisoned only by a panic, which ends the reading anyway.
        let filled = source.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut block);
        match filled {
            Ok(true) => {}
            Ok(false) => break,
            Err(NoBlock::Io(error)) => return Err(Halt::Io(error)),
            Err(NoBlock::RowTooLong(block, problem)) => {
                return Err(Halt::Refused { block, line: 0, bad: Bad::row(problem) });
            }
        }
        let rows = block.rows();
        let mut at = 0;
        while at < rows.len() {
            let refused = |bad| Halt::Refused { block: block.index, line: lines(&rows[..at]), bad };
            let (next, behind) = reader.next(rows, at);
            match next {
                Next::Row(row) => {
                    let place = u64::from(block.index) << 32 | at as u64;
                    let taken = intake.take(&row, place).map_err(refused)?;
                    read.add(&row, &taken, bits).map_err(Halt::Replan)?;
                }
                Next::Blank => {}
                Next::Bad(bad) => return Err(refused(bad)),
            }
            at = behind;
        }
    }
    Ok(read)
}

impl<R: Record> Read<R> {
    #[inline]
    fn add(&mut self, row: &Row<'_>, taken: &Taken, bits: u32) -> Result<(), Plan> {
        self.rows += 1;
        self.last_day = self.last_day.max(Some(row.day));
        match taken {
            Taken::Guest => self.guests += 1,
            Taken::Dropped => self.dropped += 1,
            Taken::Fact(fact) => {
                self.money += u128::from(fact.amount.unsigned_abs());
                if fact.order.interned().is_none() {
                    let (least, most) = self.order_numbers.unwrap_or((fact.order.0, fact.order.0));
                    self.order_numbers = Some((least.min(fact.order.0), most.max(fact.order.0)));
                }
                self.parts[partition(fact.customer, bits)].push(R::pack(fact)?);
            }
        }
        Ok(())
    }
}

/// Neighbouring ids go to different partitions, so these are about equally large whatever the ids.
#[inline]
fn partition(customer: Id, bits: u32) -> usize {
    let mixed = customer.0.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed.checked_shr(64 - bits).unwrap_or(0) as usize
}

/// Runs the same work on several threads and gathers the results.
pub(crate) fn on_threads<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> Result<Vec<T>, Error> {
    std::thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = (0..threads).map(|n| scope.spawn(move || work(n))).collect();
        workers.into_iter().map(|worker| worker.join().map_err(|_| Error::Worker)).collect()
    })
}

/// The next number below `end`, for workers that share out the partitions.
pub(crate) fn claim(next: &AtomicU64, end: usize) -> Option<usize> {
    let claimed = next.fetch_add(1, Ordering::Relaxed) as usize;
    (claimed < end).then_some(claimed)
}

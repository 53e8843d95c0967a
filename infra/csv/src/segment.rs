//! A file of orders into segments, without a database: rows, orders, values per customer, cuts, 27 segments.
//!
//! The law is that of the service: an order is its distinct id, its day the earliest of its rows, its total their sum; what was given
//! back lowers it on its own day; values, cuts and segments are those of the crate `segmentation`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

use chrono_tz::Tz;
use segmentation::{Census, Cuts, Day, FitPolicy, Law, Minor, Place, Summary, Survey, fit};

use crate::blocks::{BLOCK, Source};
use crate::columns::{Columns, Layout, Role};
use crate::conflicts::{Slots, shared_orders};
use crate::error::Error;
use crate::fold::{Folded, Rules, fold, order_totals};
use crate::locate;
use crate::record::{Line, Narrow, Plan, Record, Wide};
use crate::returns::Returned;
use crate::scan::{Halt, Read, Tables, on_threads, scan};
use crate::table::Table;

pub use crate::table::Customer;

/// What becomes of rows that give something back, that is, whose amount or quantity is below zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Returns {
    /// They lower the orders they belong to.
    #[default]
    Net,
    /// They are passed over.
    Drop,
}

/// How to read a file into segments.
#[derive(Debug, Clone)]
pub struct SegmentOptions {
    /// The columns' names.
    pub columns: Columns,
    /// The day to count recency from; by default the day after the last day of any row.
    pub as_of: Option<Day>,
    /// The shop's time zone, to which timestamps with an offset are converted. Default UTC.
    pub time_zone: Tz,
    /// What becomes of returns.
    pub returns: Returns,
    /// Window, rule for orders of zero, and fixed cuts.
    pub policy: FitPolicy,
    /// Fraction digits of the currency. Default 2.
    pub decimals: u32,
    /// Worker threads; by default as many as there are processors.
    pub threads: Option<NonZeroUsize>,
}

impl Default for SegmentOptions {
    fn default() -> SegmentOptions {
        SegmentOptions {
            columns: Columns::default(),
            as_of: None,
            time_zone: Tz::UTC,
            returns: Returns::Net,
            policy: FitPolicy::default(),
            decimals: 2,
            threads: None,
        }
    }
}

/// What was in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Rows under the header, without blank lines.
    pub rows: u64,
    /// Distinct order ids of known customers, counted as purchases or not.
    pub orders: u64,
    /// Distinct customers with an order, counted or not.
    pub customers: u64,
    /// Rows without a customer; they count for nothing.
    pub guest_rows: u64,
    /// Return rows all of which found its orders.
    pub returns_matched: u64,
    /// What found its orders, in minor units; the matched part of other rows too.
    pub returns_matched_amount: Minor,
    /// Return rows of which a part or all found no order.
    pub returns_unmatched: u64,
    /// What found no order, in minor units. It lowers nothing.
    pub returns_unmatched_amount: Minor,
    /// Rows that say nothing: returns of an amount of zero, and every return with [`Returns::Drop`].
    pub dropped_rows: u64,
}

/// A file in segments.
pub struct Segmented {
    /// The day from which recency was counted.
    pub as_of: Day,
    /// The cuts fitted to the file's customers.
    pub cuts: Cuts,
    /// Customers and revenue per segment; customers without a counted order under `none`.
    pub census: Census,
    /// What was in the file.
    pub report: Report,
    table: Table,
}

impl Segmented {
    /// Every customer with a counted order, by id ascending: as numbers if all are numbers, else by their bytes.
    pub fn customers(&self) -> impl Iterator<Item = Customer<'_>> {
        self.table.iter(&self.cuts)
    }
}

/// Reads a file into segments. `progress` holds the bytes read so far; where the file turns out to need more room per row or has
/// returns, reading starts again from 0.
///
/// # Errors
/// [`Error`]: the file cannot be read, lacks a column, or has a bad row, of which the first is named.
pub fn segment(path: &Path, options: &SegmentOptions, progress: &AtomicU64) -> Result<Segmented, Error> {
    let job = Job { path, options, block: BLOCK, partition: PARTITION };
    job.run(Plan::Narrow, progress)
}

/// About so many of a file's bytes go into one partition, so that sorting its rows stays in the second-level cache.
const PARTITION: u64 = 800 << 10;

/// A file to be segmented, and how finely it is cut.
pub(crate) struct Job<'a> {
    pub(crate) path: &'a Path,
    pub(crate) options: &'a SegmentOptions,
    pub(crate) block: usize,
    pub(crate) partition: u64,
}

enum Attempt {
    Done(Box<Segmented>),
    Again(Plan),
}

impl Job<'_> {
    pub(crate) fn run(&self, mut plan: Plan, progress: &AtomicU64) -> Result<Segmented, Error> {
        loop {
            let attempt = match plan {
                Plan::Narrow => self.attempt::<Narrow>(progress)?,
                Plan::Wide => self.attempt::<Wide>(progress)?,
                Plan::Returns => self.attempt::<Line>(progress)?,
            };
            match attempt {
                Attempt::Done(segmented) => return Ok(*segmented),
                // Plans only widen, so this ends.
                Attempt::Again(wider) => plan = wider.max(plan),
            }
        }
    }

    fn attempt<R: Record>(&self, progress: &AtomicU64) -> Result<Attempt, Error> {
        let Job { path, options, .. } = *self;
        let io = |source| Error::Io { path: PathBuf::from(path), source };
        let bytes = std::fs::metadata(path).map_err(io)?.len();
        let bits = (bytes / self.partition).max(1).ilog2().min(12);
        let threads = self.threads(bytes);
        let (source, layout) = Source::open(path, self.block, &options.columns, progress)?;
        let layout = layout.only(|role| match role {
            Role::Customer | Role::Order | Role::Time | Role::Amount | Role::Quantity => true,
            Role::Product => R::PRODUCTS,
            Role::Name | Role::Category | Role::Brand => false,
        });
        let tables = Tables::new();
        let reads: Vec<Read<R>> = match scan(source, &layout, &tables, options, bits, threads) {
            Ok(reads) => reads,
            Err(Halt::Replan(plan)) => return Ok(Attempt::Again(plan)),
            Err(Halt::Io(source)) => return Err(io(source)),
            Err(Halt::Refused { block, line, bad }) => return Err(locate::refused(self, block, line, bad)),
            Err(Halt::Fault) => return Err(Error::Worker),
        };
        self.finish(&layout, tables, reads, threads).map(|done| Attempt::Done(Box::new(done)))
    }

    fn threads(&self, bytes: u64) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        // A file of one block is read by one.
        let useful = usize::try_from(bytes / self.block as u64).unwrap_or(usize::MAX).max(1);
        self.options.threads.map_or_else(processors, NonZeroUsize::get).min(useful)
    }

    fn finish<R: Record>(
        &self,
        layout: &Layout,
        tables: Tables,
        reads: Vec<Read<R>>,
        threads: usize,
    ) -> Result<Segmented, Error> {
        let options = self.options;
        // Below this no sum of amounts overflows, whatever is summed.
        if reads.iter().map(|read| read.money).sum::<u128>() > i64::MAX as u128 {
            return Err(Error::TooMuchMoney);
        }
        let last_day = reads.iter().filter_map(|read| read.last_day).max();
        let day_after = last_day.map(|day| Day::from_epoch_days(i64::from(day) + 1));
        let as_of = options.as_of.or(day_after).ok_or(Error::NoRows)?;
        let rules = Rules { on: as_of, window: options.policy.window };

        let slots = Slots::new(&reads, &tables.orders);
        let mut survey = Survey::default();
        let mut shares: Vec<Vec<Folded>> = Vec::new();
        let mut marks = Vec::new();
        let (mut without, mut orders, mut returned) = (0, 0, Returned::default());
        for share in fold(&reads, &rules, &slots, threads)? {
            survey = survey.merge(&share.survey);
            shares.push(share.customers);
            marks.push(share.marks);
            without += share.without;
            orders += share.orders;
            returned = returned.plus(share.returned);
        }
        let shared = shared_orders(&slots, marks, &reads);
        if !shared.is_empty() {
            return Err(locate::order_of_another_customer(self, layout, &tables, &shared));
        }

        let mut cuts = fit(&survey, &options.policy);
        if matches!(cuts.monetary.law, Law::FallbackFewCustomers | Law::FallbackFewValues) {
            survey.order_totals = Summary::whole(order_totals(&reads, &rules, threads)?);
            cuts = fit(&survey, &options.policy);
        }
        let sum = |count: fn(&Read<R>) -> u64| reads.iter().map(count).sum::<u64>();
        let report = Report {
            rows: sum(|read| read.rows),
            orders,
            customers: shares.iter().map(|share| share.len() as u64).sum::<u64>() + without,
            guest_rows: sum(|read| read.guests),
            returns_matched: returned.matched,
            returns_matched_amount: Minor(returned.matched_amount),
            returns_unmatched: returned.unmatched,
            returns_unmatched_amount: Minor(returned.unmatched_amount),
            dropped_rows: sum(|read| read.dropped),
        };
        drop(reads);

        let table = Table::new(shares, tables.customers.close())?;
        let mut census = Census::default();
        for counted in on_threads(table.shares().len(), |n| count(&table.shares()[n], &cuts))? {
            census = census.merge(&counted);
        }
        (0..without).for_each(|_| census.count(Place::NONE, None));
        Ok(Segmented { as_of, cuts, census, report, table })
    }
}

fn count(customers: &[Folded], cuts: &Cuts) -> Census {
    let mut census = Census::default();
    for customer in customers {
        let rfm = customer.rfm();
        census.count(cuts.segment(&rfm).into(), Some(&rfm));
    }
    census
}

//! Jobs: long work that is asked for by a route and done beside it (law 18). A job is an item that says what it is and how far;
//! beside it in its own partition lie what it works on, the outcomes of its parts, and its result. All go after a week.
//!
//! Of each kind one runs at a time per shop; of those that are about one customer, one per customer (`customer_jobs.rs`). A part that is noted as done is not done again, so a job that broke off is gone
//! on with where it stood, and a step that is repeated changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::TransactWriteItem;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::lease::LEASE;
use crate::pieces::{PARTIALS, StoredCounts};
use crate::shop::Keyed;
use crate::store::{Backoff, Ledger, item};

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum JobKind {
    /// A playbook over past orders.
    Simulation,
    /// A candidate for the shop's cuts.
    Fit,
    /// Who would move under other cuts.
    Preview,
    /// Who is in a segment.
    Audience,
    /// All that is known of a customer, erased.
    Erase,
    /// All that is known of a customer, to be read.
    Export,
    /// A customer becomes one with another.
    Merge,
    /// A customer is parted from another.
    Unmerge,
}

impl JobKind {
    /// As it stands in keys.
    pub(crate) fn name(self) -> &'static str {
        match self {
            JobKind::Simulation => "simulation",
            JobKind::Fit => "fit",
            JobKind::Preview => "preview",
            JobKind::Audience => "audience",
            JobKind::Erase => "erase",
            JobKind::Export => "export",
            JobKind::Merge => "merge",
            JobKind::Unmerge => "unmerge",
        }
    }

    /// Is it about one customer?
    pub(crate) fn is_of_a_customer(self) -> bool {
        matches!(self, JobKind::Erase | JobKind::Export | JobKind::Merge | JobKind::Unmerge)
    }
}

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum JobStatus {
    /// Begun, and nobody works at it yet.
    Queued,
    /// It is worked at, or broke off.
    Running,
    /// Its result can be read.
    Done,
    /// Given up for good.
    Failed,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Numbered per shop, from 1.
    pub number: u64,
    /// What it does.
    pub kind: JobKind,
    /// How it stands.
    pub status: JobStatus,
    /// What was asked for, to be shown.
    pub asked: Value,
    /// Where that lies what it works on.
    pub input: StoredCounts,
    /// Parts done.
    pub done: u32,
    /// Of so many.
    pub of: u32,
    /// When it was begun.
    pub created: DateTime<Utc>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<DateTime<Utc>>,
    /// The result in short, once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Value>,
    /// How many rows the result has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Until when whoever works at it is taken to be alive, in milliseconds since 1970.
    pub lease: i64,
    /// Counts the writes of this item.
    pub version: u64,
    /// When it may go, in seconds since 1970.
    pub expires_at: i64,
}

impl Job {
    /// Rows of one item of the result.
    pub const ROWS: usize = 500;

    /// Is it at its end?
    #[must_use]
    pub fn ended(&self) -> bool {
        matches!(self.status, JobStatus::Done | JobStatus::Failed)
    }

    /// Unfinished, and nobody is at work.
    #[must_use]
    pub fn broke_off(&self, now: DateTime<Utc>) -> bool {
        !self.ended() && self.lease <= now.timestamp_millis()
    }
}

/// What a job is begun with.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// What it does.
    pub kind: JobKind,
    /// What was asked for, to be shown.
    pub asked: Value,
    /// What it works on.
    pub input: Vec<u8>,
    /// How many parts it has.
    pub of: u32,
}

/// How a job ends.
#[derive(Clone, Debug)]
pub enum JobEnd {
    /// With a result.
    Done {
        /// Its rows, written before.
        rows: u64,
        /// It in short.
        summary: Value,
    },
    /// For good, and why.
    Failed(String),
}

/// Why no job was begun.
#[derive(Debug, thiserror::Error)]
pub enum BeginJobError {
    /// Another one of its kind is at work.
    #[error("job {0} of this kind is not at its end")]
    InProgress(u64),
    /// As many are unfinished as may be.
    #[error("{0} jobs of customers are not at their end")]
    TooMany(usize),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

/// How many jobs a shop had, and the last one of each kind.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Register {
    version: u64,
    last: u64,
    of_kind: BTreeMap<JobKind, u64>,
    /// Those of customers that are not at their end.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) open: BTreeSet<u64>,
}

impl Register {
    /// The number of the next job.
    pub(crate) fn next(&self) -> u64 {
        self.last + 1
    }

    /// With the last number given out.
    pub(crate) fn counting(self, last: u64) -> Register {
        Register { last, ..self }
    }

    /// Every job that may be unfinished.
    fn unfinished(&self) -> impl Iterator<Item = u64> {
        self.of_kind.values().chain(&self.open).copied()
    }
}

impl Ledger {
    /// Begins a job. The last one of its kind that broke off is gone on with where the same was asked for, and else given up.
    ///
    /// # Errors
    /// [`BeginJobError::InProgress`] while another one of its kind is at work.
    pub async fn begin_job(&self, shop: &ShopId, new: NewJob, now: DateTime<Utc>) -> Result<Job, BeginJobError> {
        let table = &self.tables().shops;
        let mut pause = Backoff::default();
        loop {
            let register = self.jobs(shop).await?;
            if let Some(last) = register.of_kind.get(&new.kind)
                && let Some(job) = self.job(shop, *last).await?.filter(|job| !job.ended())
            {
                if !job.broke_off(now) {
                    return Err(BeginJobError::InProgress(job.number));
                }
                if job.asked == new.asked {
                    match self.take_job(shop, job.number, now).await? {
                        Some(taken) => return Ok(taken),
                        None => continue,
                    }
                }
                let failure = "it broke off, and something else was asked for".to_owned();
                self.end_job(shop, job.number, JobEnd::Failed(failure), now).await?;
            }
            let job = self.new_job(shop, register.next(), &new, now).await?;
            let mut next = register;
            next.of_kind.insert(new.kind, job.number);
            let writes = vec![
                self.jobs_write(shop, next.counting(job.number))?,
                self.put_new(table, item(&Keyed { key: keys::job(shop, job.number), value: &job })?)?,
            ];
            if self.transact(writes).await? {
                return Ok(job);
            }
            pause.wait().await?;
        }
    }

    /// The register of a shop's jobs.
    pub(crate) async fn jobs(&self, shop: &ShopId) -> Result<Register, LedgerError> {
        Ok(self.get(&self.tables().shops, &keys::jobs(shop), true).await?.unwrap_or_default())
    }

    /// The register as it is now, on condition that it is as it was read.
    pub(crate) fn jobs_write(&self, shop: &ShopId, register: Register) -> Result<TransactWriteItem, LedgerError> {
        let read = (register.version > 0).then_some(register.version);
        let next = Register { version: register.version + 1, ..register };
        self.put_as_read(&self.tables().shops, item(&Keyed { key: keys::jobs(shop), value: &next })?, read)
    }

    /// A job of a number, with what it works on put down.
    pub(crate) async fn new_job(
        &self,
        shop: &ShopId,
        number: u64,
        new: &NewJob,
        now: DateTime<Utc>,
    ) -> Result<Job, LedgerError> {
        let pk = keys::job_partition(shop, number);
        let head = |hash: &str| keys::job_pieces(None, hash);
        let input = self.put_pieces(&pk, head, new.input.clone(), now).await?;
        Ok(Job {
            number,
            kind: new.kind,
            status: JobStatus::Queued,
            asked: new.asked.clone(),
            input,
            done: 0,
            of: new.of,
            created: now,
            finished: None,
            summary: None,
            rows: None,
            failure: None,
            lease: (now + LEASE).timestamp_millis(),
            version: 1,
            expires_at: (now + PARTIALS).timestamp(),
        })
    }

    /// A job by its number.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn job(&self, shop: &ShopId, number: u64) -> Result<Option<Job>, LedgerError> {
        self.get(&self.tables().shops, &keys::job(shop, number), true).await
    }

    /// Unfinished jobs of a shop at which nobody is at work.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn broken_jobs(&self, shop: &ShopId, now: DateTime<Utc>) -> Result<Vec<Job>, LedgerError> {
        let register = self.jobs(shop).await?;
        let mut broken = Vec::new();
        for number in register.unfinished() {
            match self.job(shop, number).await? {
                Some(job) if job.broke_off(now) => broken.push(job),
                Some(job) if !job.ended() => {}
                // Whoever ended it was cut off before it was taken off the list.
                Some(_) | None if register.open.contains(&number) => self.close_job(shop, number).await?,
                Some(_) | None => {}
            }
        }
        Ok(broken)
    }

    /// What a job works on.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn job_input(&self, shop: &ShopId, job: &Job) -> Result<Vec<u8>, LedgerError> {
        let pk = keys::job_partition(shop, job.number);
        self.pieces(pk, keys::job_pieces(None, &job.input.hash), &job.input).await
    }

    /// Says that a job is worked at; `None` when it is at its end, or was never begun.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn take_job(&self, shop: &ShopId, number: u64, now: DateTime<Utc>) -> Result<Option<Job>, LedgerError> {
        let lease = (now + LEASE).timestamp_millis();
        self.change_job(shop, number, |job| Job { status: JobStatus::Running, lease, ..job }).await
    }

    /// Ends the leases of jobs whose workers are known to be dead, as [`Ledger::expire_lease`] does for a run.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn expire_job_leases(&self, shop: &ShopId) -> Result<(), LedgerError> {
        for number in self.jobs(shop).await?.unfinished() {
            self.change_job(shop, number, |job| Job { lease: 0, ..job }).await?;
        }
        Ok(())
    }

    /// Says how many parts of a job are done; never fewer than were said before.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn job_progress(&self, shop: &ShopId, number: u64, done: u32) -> Result<(), LedgerError> {
        self.change_job(shop, number, |job| Job { done: job.done.max(done), ..job }).await.map(|_| ())
    }

    /// Ends a job; one that is at its end already stays as it is.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails or there is no such job.
    pub async fn end_job(
        &self,
        shop: &ShopId,
        number: u64,
        end: JobEnd,
        now: DateTime<Utc>,
    ) -> Result<Job, LedgerError> {
        let ended = |job: Job| {
            let job = Job { finished: Some(now), lease: 0, ..job };
            match end.clone() {
                JobEnd::Done { rows, summary } => {
                    Job { status: JobStatus::Done, rows: Some(rows), summary: Some(summary), ..job }
                }
                JobEnd::Failed(failure) => Job { status: JobStatus::Failed, failure: Some(failure), ..job },
            }
        };
        let job = match self.change_job(shop, number, ended).await? {
            Some(job) => job,
            None => self.job(shop, number).await?.ok_or_else(|| LedgerError::damaged("a job is gone"))?,
        };
        if job.kind.is_of_a_customer() {
            self.close_job(shop, number).await?;
        }
        Ok(job)
    }

    /// Changes a job that is not at its end, on condition that it is as read; `None` where it is at its end or absent.
    async fn change_job(
        &self,
        shop: &ShopId,
        number: u64,
        change: impl Fn(Job) -> Job,
    ) -> Result<Option<Job>, LedgerError> {
        let mut pause = Backoff::default();
        loop {
            let Some(read) = self.job(shop, number).await?.filter(|job| !job.ended()) else { return Ok(None) };
            let next = Job { version: read.version + 1, ..change(read.clone()) };
            let stored = item(&Keyed { key: keys::job(shop, number), value: &next })?;
            if self.put_one(&self.tables().shops, stored, Some(read.version)).await? {
                return Ok(Some(next));
            }
            pause.wait().await?;
        }
    }
}

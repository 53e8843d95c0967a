//! Jobs about one customer: of a kind one at a time per customer, so that asking again finds the job and does not do it twice.
//! They name the customer by key, never by the shop's id.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::jobs::{BeginJobError, Job, JobKind, JobStatus, NewJob, Register};
use crate::keys::{self, CustomerKey};
use crate::pieces::PARTIALS;
use crate::shop::Keyed;
use crate::store::{Backoff, Ledger, item};

/// The most that a shop may have begun and not ended: each is looked at once an hour.
const MOST_OPEN: usize = 1_000;

/// The last job of a kind about a customer.
#[derive(Serialize, Deserialize)]
struct Pointer {
    version: u64,
    job: u64,
    expires_at: i64,
}

impl Ledger {
    /// Begins a job about a customer, or finds the one that does the same already: `holds` says of one at its end whether what
    /// it did still stands. `true`: it is to be set going.
    ///
    /// # Errors
    /// [`BeginJobError::InProgress`] while one of its kind does something else with the customer.
    pub(crate) async fn begin_customer_job(
        &self,
        shop: &ShopId,
        customer: &CustomerKey,
        new: NewJob,
        holds: impl Fn(&Job) -> bool,
        now: DateTime<Utc>,
    ) -> Result<(Job, bool), BeginJobError> {
        let table = &self.tables().shops;
        let at = keys::customer_job(shop, customer, new.kind.name());
        let mut pause = Backoff::default();
        loop {
            let pointer: Option<Pointer> = self.get(table, &at, true).await?;
            if let Some(Pointer { job, .. }) = pointer
                && let Some(job) = self.job(shop, job).await?
            {
                if job.ended() {
                    if job.failure.is_none() && job.asked == new.asked && holds(&job) {
                        return Ok((job, false));
                    }
                } else if job.asked != new.asked {
                    return Err(BeginJobError::InProgress(job.number));
                } else {
                    // Who was cut off before it was set going asks again.
                    let idle = job.status == JobStatus::Queued || job.broke_off(now);
                    return Ok((job, idle));
                }
            }
            let mut register: Register = self.jobs(shop).await?;
            if register.open.len() >= MOST_OPEN {
                return Err(BeginJobError::TooMany(register.open.len()));
            }
            let job = self.new_job(shop, register.next(), &new, now).await?;
            register.open.insert(job.number);
            let read = pointer.map(|pointer| pointer.version);
            let next =
                Pointer { version: read.unwrap_or(0) + 1, job: job.number, expires_at: (now + PARTIALS).timestamp() };
            let writes = vec![
                self.jobs_write(shop, register.counting(job.number))?,
                self.put_new(table, item(&Keyed { key: keys::job(shop, job.number), value: &job })?)?,
                self.put_as_read(table, item(&Keyed { key: at.clone(), value: &next })?, read)?,
            ];
            if self.transact(writes).await? {
                return Ok((job, true));
            }
            pause.wait().await?;
        }
    }

    /// The last job of a kind about a customer, while it is kept.
    pub(crate) async fn customer_job(
        &self,
        shop: &ShopId,
        customer: &CustomerKey,
        kind: JobKind,
    ) -> Result<Option<Job>, LedgerError> {
        let at = keys::customer_job(shop, customer, kind.name());
        match self.get::<Pointer>(&self.tables().shops, &at, true).await? {
            Some(pointer) => self.job(shop, pointer.job).await,
            None => Ok(None),
        }
    }

    /// Takes a job that is at its end off the list of those that are not.
    pub(crate) async fn close_job(&self, shop: &ShopId, number: u64) -> Result<(), LedgerError> {
        let mut pause = Backoff::default();
        loop {
            let mut register = self.jobs(shop).await?;
            if !register.open.remove(&number) || self.transact(vec![self.jobs_write(shop, register)?]).await? {
                return Ok(());
            }
            pause.wait().await?;
        }
    }
}

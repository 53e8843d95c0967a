//! Beginning a run: one at a time per shop by a lease, and the one whose lease has expired is gone on with (law 9).

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use chrono::{DateTime, TimeDelta, Utc};
use segmentation::Day;
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::runs::{Run, RunStatus};
use crate::shop::Keyed;
use crate::store::{Change, Ledger, attribute, item};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    run: u64,
    /// In milliseconds since 1970. No TTL stands on it: an expired lease names the run to go on with.
    until: i64,
}

/// Why no run was begun.
#[derive(Debug, thiserror::Error)]
pub enum BeginRunError {
    /// Another one holds the lease.
    #[error("run {0} of this shop is not at its end")]
    InProgress(u64),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

/// How long a run may be silent before another takes it over.
pub const LEASE: TimeDelta = TimeDelta::minutes(5);

impl Ledger {
    /// Begins a run, or takes over the one whose lease has expired: that one keeps its day, shards and results.
    ///
    /// # Errors
    /// [`BeginRunError::InProgress`] while another run holds the lease.
    pub async fn begin_run(
        &self,
        shop: &ShopId,
        day: Day,
        refit: bool,
        shards: u32,
        now: DateTime<Utc>,
    ) -> Result<Run, BeginRunError> {
        let table = &self.tables().shops;
        loop {
            let lease: Option<Lease> = self.get(table, &keys::lease(shop), true).await?;
            let current = self.read_current(shop).await?.ok_or_else(|| LedgerError::damaged("no such shop"))?;
            if let Some(lease) = &lease {
                if now.timestamp_millis() < lease.until {
                    return Err(BeginRunError::InProgress(lease.run));
                }
                if self.transact(vec![self.lease_write(shop, lease.run, now, Some(lease))?]).await? {
                    return Ok(self
                        .run(shop, lease.run)
                        .await?
                        .ok_or_else(|| LedgerError::damaged("a lease without its run"))?);
                }
                continue;
            }
            let run = Run {
                run: current.runs + 1,
                day,
                status: RunStatus::Running,
                refit,
                shards,
                started: now,
                finished: None,
                activation: None,
                cuts: None,
                previous: current.last_run,
                measured: None,
                beacon: None,
                preview: None,
                fitting: None,
                planned: false,
                looks_at: Vec::new(),
                counts: None,
                labels: 0,
                write_units: 0.0,
                falls: Vec::new(),
                failure: None,
            };
            let number = Change {
                set: "SET #runs = :run",
                on_condition: "#runs = :before",
                values: [(":run".to_owned(), attribute(&run.run)?), (":before".to_owned(), attribute(&current.runs)?)]
                    .into(),
            };
            let writes = vec![
                self.update(table, &keys::current(shop), number)?,
                self.put_new(table, item(&Keyed { key: keys::run(shop, run.run), value: &run })?)?,
                self.lease_write(shop, run.run, now, None)?,
            ];
            if self.transact(writes).await? {
                return Ok(run);
            }
        }
    }

    /// Says that a run is alive.
    ///
    /// # Errors
    /// [`LedgerError::Changed`] when another has taken it over.
    pub async fn renew_lease(&self, shop: &ShopId, run: u64, now: DateTime<Utc>) -> Result<(), LedgerError> {
        let change = Change {
            set: "SET #until = :until",
            on_condition: "#run = :run",
            values: [
                (":until".to_owned(), attribute(&(now + LEASE).timestamp_millis())?),
                (":run".to_owned(), attribute(&run)?),
            ]
            .into(),
        };
        let renewed = self.update_one(&self.tables().shops, &keys::lease(shop), change).await?;
        if renewed { Ok(()) } else { Err(LedgerError::Changed("the run's lease")) }
    }

    /// Ends a lease whose holder is known to be dead, such as one of a machine that is alone with its store and starts anew:
    /// the next run to begin goes on with that one at once.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn expire_lease(&self, shop: &ShopId) -> Result<(), LedgerError> {
        let change = Change {
            set: "SET #until = :past",
            on_condition: "attribute_exists(#run)",
            values: [(":past".to_owned(), attribute(&0_i64)?)].into(),
        };
        // Where there is no lease there is nothing to end.
        self.transact(vec![self.update(&self.tables().shops, &keys::lease(shop), change)?]).await.map(|_| ())
    }

    fn lease_write(
        &self,
        shop: &ShopId,
        run: u64,
        now: DateTime<Utc>,
        read: Option<&Lease>,
    ) -> Result<TransactWriteItem, LedgerError> {
        let lease = Lease { run, until: (now + LEASE).timestamp_millis() };
        let table = &self.tables().shops;
        let Some(read) = read else {
            return self.put_new(table, item(&Keyed { key: keys::lease(shop), value: &lease })?);
        };
        let change = Change {
            set: "SET #until = :until",
            on_condition: "#run = :run AND #until = :read",
            values: [
                (":until".to_owned(), attribute(&lease.until)?),
                (":run".to_owned(), attribute(&read.run)?),
                (":read".to_owned(), attribute(&read.until)?),
            ]
            .into(),
        };
        self.update(table, &keys::lease(shop), change)
    }

    pub(crate) fn lease_end(&self, shop: &ShopId, run: u64) -> Result<TransactWriteItem, LedgerError> {
        let delete = aws_sdk_dynamodb::types::Delete::builder()
            .table_name(&self.tables().shops)
            .set_key(Some(item(&keys::lease(shop))?))
            .condition_expression("#run = :run")
            .expression_attribute_names("#run", "run")
            .expression_attribute_values(":run", AttributeValue::N(run.to_string()));
        Ok(TransactWriteItem::builder().delete(delete.build().map_err(LedgerError::damaged)?).build())
    }
}

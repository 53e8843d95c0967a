//! Runs: what they settle, count and publish, resumable from what their shards wrote down (law 9).

use aws_sdk_dynamodb::types::TransactWriteItem;
use chrono::{DateTime, Utc};
use playbook::uplift::Measured;
use segmentation::{Activation, Bucket, CutsVersion, Day, Fall, FitPolicy};
use serde::{Deserialize, Serialize};

use crate::beacon::BeaconTerms;
use crate::counts::Counts;
use crate::cuts::Previewed;
use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::shard_progress::Assigned;
use crate::shop::{Current, Keyed, RunMark};
use crate::store::{Change, Item, Ledger, attribute, item, names_in, parse};

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RunStatus {
    /// Begun, and not at its end; if its lease has expired, the next one to come goes on with it.
    Running,
    /// Its census is the shop's.
    Published,
    /// Given up for good.
    Failed,
}

/// A run of one shop for one day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Run {
    /// Numbered per shop, from 1.
    pub run: u64,
    /// Fixed when it began.
    pub day: Day,
    /// How it stands.
    pub status: RunStatus,
    /// Was a fit asked for?
    pub refit: bool,
    /// Into how many shards it is split.
    pub shards: u32,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<DateTime<Utc>>,
    /// What it fits, settled when it was planned: the shop's terms of that moment. Absent where no fit was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fitting: Option<FitPolicy>,
    /// Is that settled?
    #[serde(default)]
    pub planned: bool,
    /// The buckets of money that its first fit asked a second look for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks_at: Vec<Bucket>,
    /// The activation it applies, once that is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    /// The model of that activation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cuts: Option<CutsVersion>,
    /// With which preview that activation was asked for, where this run made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Previewed>,
    /// The run published before it, whose day and activation date the labels it left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<RunMark>,
    /// What it measures, settled with its activation; absent where nobody is held out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// By what it reads the beacon, settled with its activation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beacon: Option<BeaconTerms>,
    /// What it counted, once published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// Labels it wrote, once published.
    #[serde(default)]
    pub labels: u64,
    /// Write units of those.
    #[serde(default)]
    pub write_units: f64,
    /// Groups below their trend, once published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub falls: Vec<Fall>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// Some runs.
#[derive(Debug)]
pub struct RunsPage {
    /// The latest first.
    pub runs: Vec<Run>,
    /// The last of these, where there are more before it.
    pub next: Option<u64>,
}

impl Ledger {
    /// A page of at most `limit` runs, those before the run `before`.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn runs(&self, shop: &ShopId, before: Option<u64>, limit: i32) -> Result<RunsPage, LedgerError> {
        let (pk, start) = (shop.to_string(), before.map(|run| keys::run(shop, run)));
        let (found, more) = self.query_from(&self.tables().shops, &pk, Some(keys::RUN), true, start, limit).await?;
        let runs: Vec<Run> = found.into_iter().map(parse).collect::<Result<_, _>>()?;
        let next = more.and(runs.last()).map(|last| last.run);
        Ok(RunsPage { runs, next })
    }

    /// A run by its number.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn run(&self, shop: &ShopId, run: u64) -> Result<Option<Run>, LedgerError> {
        self.get(&self.tables().shops, &keys::run(shop, run), true).await
    }

    /// Settles what a run fits, before its first shard is surveyed: settings that change meanwhile change nothing. The first
    /// one to settle it holds.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn plan_run(&self, shop: &ShopId, run: &Run, fitting: Option<FitPolicy>) -> Result<Run, LedgerError> {
        if run.planned {
            return Ok(run.clone());
        }
        let mut values: Item = [
            (":planned".to_owned(), attribute(&true)?),
            (":not".to_owned(), attribute(&false)?),
            (":running".to_owned(), attribute(&RunStatus::Running)?),
        ]
        .into();
        let set = match &fitting {
            Some(policy) => {
                values.insert(":fitting".to_owned(), attribute(policy)?);
                "SET #planned = :planned, #fitting = :fitting"
            }
            None => "SET #planned = :planned",
        };
        let on_condition = "#status = :running AND #planned = :not";
        self.change_run(shop, run.run, Change { set, on_condition, values }).await
    }

    /// Settles of which buckets a second look tells the exact counts; the first one to settle it holds.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn ask_for_look(&self, shop: &ShopId, run: &Run, buckets: &[Bucket]) -> Result<Run, LedgerError> {
        let values =
            [(":buckets".to_owned(), attribute(&buckets)?), (":running".to_owned(), attribute(&RunStatus::Running)?)];
        let on_condition = "#status = :running AND attribute_not_exists(#looks_at)";
        let change = Change { set: "SET #looks_at = :buckets", on_condition, values: values.into() };
        self.change_run(shop, run.run, change).await
    }

    /// Changes a run, or leaves what another has settled; gives what stands.
    async fn change_run(&self, shop: &ShopId, run: u64, change: Change) -> Result<Run, LedgerError> {
        self.update_one(&self.tables().shops, &keys::run(shop, run), change).await?;
        self.run(shop, run).await?.ok_or_else(|| LedgerError::damaged("a run is gone"))
    }

    /// Ends a run: its counts become the shop's census, its mark the shop's last run, what it measured that of the month, what was
    /// used and answered the shop's, its falls are listed as alerts, and the lease is given back.
    ///
    /// # Errors
    /// [`LedgerError::Changed`] when another has taken it over.
    pub async fn publish_run(
        &self,
        shop: &ShopId,
        run: Run,
        done: Assigned,
        now: DateTime<Utc>,
    ) -> Result<Run, LedgerError> {
        let Assigned { mut counts, labels, write_units } = done;
        let activation = run.activation.ok_or_else(|| LedgerError::damaged("a run without its activation"))?;
        let mark = RunMark { run: run.run, day: run.day, activation };
        let point = Change {
            set: "SET #last_run = :mark",
            on_condition: "#runs >= :run",
            values: [(":mark".to_owned(), attribute(&mark)?), (":run".to_owned(), attribute(&run.run)?)].into(),
        };
        let mut writes = vec![self.update(&self.tables().shops, &keys::current(shop), point)?];
        writes.extend(self.fall_writes(shop, &run)?);
        writes.extend(self.uplift_write(shop, &run, std::mem::take(&mut counts.uplift)).await?);
        writes.push(self.responses_write(shop, &run, std::mem::take(&mut counts.responses)).await?);
        let counts = Some(counts);
        let run = Run { status: RunStatus::Published, finished: Some(now), counts, labels, write_units, ..run };
        self.end_run(shop, run, writes).await
    }

    /// Gives a run up and its lease back, and lists that among the shop's alerts if somebody should `look` at it.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn fail_run(
        &self,
        shop: &ShopId,
        run: Run,
        failure: String,
        look: bool,
        now: DateTime<Utc>,
    ) -> Result<Run, LedgerError> {
        let alert = if look { self.failure_write(shop, &run, &failure).await? } else { None };
        let run = Run { status: RunStatus::Failed, finished: Some(now), failure: Some(failure), ..run };
        self.end_run(shop, run, alert.into_iter().collect()).await
    }

    async fn end_run(&self, shop: &ShopId, run: Run, mut writes: Vec<TransactWriteItem>) -> Result<Run, LedgerError> {
        writes.push(self.put_run(shop, &run, "#status = :running")?);
        writes.push(self.lease_end(shop, run.run)?);
        if self.transact(writes).await? {
            self.forget_shop(shop);
            Ok(run)
        } else {
            Err(LedgerError::Changed("the run"))
        }
    }

    /// The write of a whole run, on a condition that knows `:running`.
    pub(crate) fn put_run(
        &self,
        shop: &ShopId,
        run: &Run,
        on_condition: &str,
    ) -> Result<TransactWriteItem, LedgerError> {
        let put = aws_sdk_dynamodb::types::Put::builder()
            .table_name(&self.tables().shops)
            .set_item(Some(item(&Keyed { key: keys::run(shop, run.run), value: run })?))
            .condition_expression(on_condition)
            .set_expression_attribute_names(Some(names_in(on_condition)))
            .expression_attribute_values(":running", attribute(&RunStatus::Running)?);
        Ok(TransactWriteItem::builder().put(put.build().map_err(LedgerError::damaged)?).build())
    }

    /// Is a fit due on this day, by the shop's policy?
    #[must_use]
    pub fn fit_due(policy: crate::Refit, current: &Current, day: Day) -> bool {
        match (current.activation, current.last_fit) {
            (None, _) | (_, None) => true,
            (Some(_), Some(last)) => match policy {
                crate::Refit::Manual => false,
                crate::Refit::Monthly => day.month_number() > last.month_number(),
                crate::Refit::EveryRun => true,
            },
        }
    }
}

//! A candidate: cuts fitted to the base as it is, activated by nobody (law 6).

use chrono::{DateTime, Utc};
use ledger::{BeginJobError, Customer, Job, JobEnd, JobKind, Ledger, LedgerError, MadeBy, NewJob, Shard, Shop, ShopId};
use segmentation::fit::{Surveyor, fit_looked, to_look_at};
use segmentation::{AxisCuts, Cuts, Day, FitPolicy, Looked, Rfm, Survey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::jobs::parts::Doing;
use crate::jobs::simulation::{damaged, read};
use crate::plan::shards_after;
use crate::steps::{RunError, Steps, Until};

/// What a fit works on, fixed when it is begun.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Blueprint {
    day: Day,
    policy: FitPolicy,
    shards: u32,
}

/// Begins a fit of a candidate for a day, on the shop's terms of now. `asked`: the request, to be shown.
///
/// # Errors
/// [`BeginJobError`].
pub async fn begin_fit(
    ledger: &Ledger,
    shop: &Shop,
    day: Day,
    asked: Value,
    now: DateTime<Utc>,
) -> Result<Job, BeginJobError> {
    let shards = shards_after(ledger, &shop.id, shop.current.last_run).await?;
    let blueprint = Blueprint { day, policy: shop.settings.changeable.segmentation, shards };
    let input = serde_json::to_vec(&blueprint).map_err(|error| LedgerError::Damaged(error.to_string()))?;
    // Surveys, and then looks, where the fit asks for them.
    ledger.begin_job(&shop.id, NewJob { kind: JobKind::Fit, asked, input, of: 2 * shards }, now).await
}

/// Surveys, looks and fits; `None`: it had to return before.
pub(super) async fn drive(steps: &Steps, shop: &ShopId, job: &Job, until: Until) -> Result<Option<Job>, RunError> {
    let Blueprint { day, policy, shards } = read(&steps.ledger.job_input(shop, job).await?)?;
    let base = Base { steps: steps.clone(), shop: shop.clone(), day, policy };
    let doing = Doing { shop, job: job.number, at_once: Doing::WAITING, until };
    let surveying = |part: u32| base.clone().survey(Shard { index: part, count: shards });
    if !doing.each(steps, 0..shards, surveying).await? {
        return Ok(None);
    }
    let survey = base.sum(job.number, 0..shards, |all: Survey, one: Survey| all.merge(&one)).await?;
    if survey.customers() == 0 {
        let why = RunError::EmptyBase.to_string();
        return Ok(Some(steps.ledger.end_job(shop, job.number, JobEnd::Failed(why), steps.clock.now()).await?));
    }
    let buckets = to_look_at(&survey, &policy);
    let looked = if buckets.is_empty() {
        Looked::default()
    } else {
        let look = |part: u32| base.clone().look(Shard { index: part - shards, count: shards }, buckets.clone());
        if !doing.each(steps, shards..2 * shards, look).await? {
            return Ok(None);
        }
        base.sum(job.number, shards..2 * shards, |all: Looked, one: Looked| all.merge(&one)).await?
    };
    let cuts = fit_looked(&survey, &policy, Some(&looked));
    base.finish(job, &cuts, survey.customers()).await.map(Some)
}

#[derive(Clone)]
struct Base {
    steps: Steps,
    shop: ShopId,
    day: Day,
    policy: FitPolicy,
}

impl Base {
    async fn survey(self, shard: Shard) -> Result<Vec<u8>, RunError> {
        let mut surveyor = Surveyor::default();
        let add = |customer: &Customer| surveyor.add(&customer.profile.orders, self.day, self.policy.window);
        self.customers(shard, add).await?;
        serde_json::to_vec(&surveyor.finish()).map_err(damaged)
    }

    async fn look(self, shard: Shard, buckets: Vec<segmentation::Bucket>) -> Result<Vec<u8>, RunError> {
        let mut looked = Looked::default();
        let add = |customer: &Customer| {
            let rfm = customer.profile.orders.rfm(self.day, self.policy.window).filter(Rfm::in_base);
            looked = std::mem::take(&mut looked).merge(&Looked::of(rfm.map(|rfm| rfm.monetary.0), &buckets));
        };
        self.customers(shard, add).await?;
        serde_json::to_vec(&looked).map_err(damaged)
    }

    async fn customers(&self, shard: Shard, mut each: impl FnMut(&Customer)) -> Result<(), RunError> {
        let mut cursor = None;
        loop {
            let page = self.steps.page(&self.shop, shard, cursor.as_ref()).await?;
            page.customers.iter().for_each(&mut each);
            cursor = page.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    async fn sum<T: Default + serde::de::DeserializeOwned>(
        &self,
        job: u64,
        parts: std::ops::Range<u32>,
        merge: impl Fn(T, T) -> T,
    ) -> Result<T, RunError> {
        let mut all = T::default();
        for part in parts {
            let outcome = self.steps.ledger.job_part(&self.shop, job, part).await?;
            all = merge(all, read(&outcome.ok_or_else(|| damaged("a part of a fit is missing"))?)?);
        }
        Ok(all)
    }

    /// Puts the candidate down and ends the job: a row per axis.
    async fn finish(&self, job: &Job, cuts: &Cuts, customers: u64) -> Result<Job, RunError> {
        let (ledger, now) = (&self.steps.ledger, self.steps.clock.now());
        let made = MadeBy::Fitted { fitted: self.day, customers };
        let (model, _) = ledger.put_cuts(&self.shop, *cuts, made).await?;
        let row = |(axis, cut): (&str, &AxisCuts)| json!({ "axis": axis, "c1": cut.c1, "c2": cut.c2, "law": cut.law });
        let axes = [("recency", &cuts.recency), ("frequency", &cuts.frequency), ("monetary", &cuts.monetary)];
        let rows = axes.map(row);
        ledger.put_job_rows(&self.shop, job.number, &rows, now).await?;
        ledger.job_progress(&self.shop, job.number, job.of).await?;
        let summary = json!({ "version": model.version, "day": self.day, "customers": customers, "cuts": cuts });
        let end = JobEnd::Done { rows: rows.len() as u64, summary };
        tracing::info!(shop = %self.shop, job = job.number, customers, version = %model.version, "a candidate was fitted");
        Ok(ledger.end_job(&self.shop, job.number, end, now).await?)
    }
}

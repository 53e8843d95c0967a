//! A playbook over a shop's past orders, shard by shard: what it would have shown and promised, before it is published.

use std::sync::Arc;

use catalogue::{Catalogue, Tried, candidates};
use chrono::{DateTime, Utc};
use ledger::{
    BeginJobError, CampaignState, Customer, Job, JobEnd, JobKind, Ledger, LedgerError, NewJob, Shard, Shop, ShopId,
};
use playbook::Playbook;
use playbook::decide::{Candidate, Favourite, MoneyWords, OfferSettings};
use playbook::simulate::{InForce, Period, Scenario, Shelf, Tally, simulate};
use segmentation::{Activation, Day, Minor, Profile};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::jobs::parts::Doing;
use crate::steps::{RunError, Steps, Until};

/// Parts of a simulation: each is far from the quarter of an hour that a call may take.
const SHARDS: u32 = 32;
/// Shards simulated at the same time: it is CPU for the most part.
const AT_ONCE: usize = 2;

/// What a simulation works on, fixed when it is begun: settings and cuts that change meanwhile change nothing.
#[derive(Serialize, Deserialize)]
struct Blueprint {
    scenario: Scenario,
    /// The playbook's version
    version: String,
    /// and its data.
    source: Value,
}

/// Why no simulation was begun.
#[derive(Debug, thiserror::Error)]
pub enum BeginSimulationError {
    /// Nobody has a segment yet.
    #[error("the shop has no cuts yet: they are made by its first run")]
    NoCuts,
    /// The job was not begun.
    #[error(transparent)]
    Job(#[from] BeginJobError),
}

impl From<LedgerError> for BeginSimulationError {
    fn from(error: LedgerError) -> BeginSimulationError {
        BeginSimulationError::Job(error.into())
    }
}

/// Begins a simulation of a playbook over the days of a period, under the shop's settings, campaigns and cuts of today and of
/// those days. `asked`: the request, to be shown.
///
/// # Errors
/// [`BeginSimulationError`].
pub async fn begin_simulation(
    ledger: &Ledger,
    shop: &Shop,
    playbook: &Playbook,
    period: Period,
    asked: Value,
    now: DateTime<Utc>,
) -> Result<Job, BeginSimulationError> {
    let cuts = in_force(ledger, shop, period.from()).await?;
    if cuts.is_empty() {
        return Err(BeginSimulationError::NoCuts);
    }
    let settings = &shop.settings.changeable;
    let currency = shop.settings.currency;
    let series = &shop.campaigns.series;
    let in_state = |name: &str, state| series.get(name).is_some_and(|now| now.state == state);
    let own = shop.campaigns.own.values().filter(|own| in_state(&own.series, CampaignState::Open));
    // What ended with an earlier playbook opens anew where this one brings it back.
    let paused = series.keys().filter(|name| in_state(name, CampaignState::Paused));
    let scenario = Scenario {
        period,
        cuts,
        groups: settings.groups.clone(),
        settings: settings.offers.clone(),
        money: MoneyWords {
            code: currency.code().to_owned(),
            digits: currency.exponent().and_then(|digits| u8::try_from(digits).ok()).unwrap_or(2),
        },
        campaigns: own.cloned().collect(),
        paused: paused.cloned().collect(),
        everyone_agrees: false,
    };
    let blueprint =
        Blueprint { scenario, version: playbook.version().to_owned(), source: playbook.source_json().clone() };
    let input = serde_json::to_vec(&blueprint).map_err(|error| LedgerError::Damaged(error.to_string()))?;
    Ok(ledger.begin_job(&shop.id, NewJob { kind: JobKind::Simulation, asked, input, of: SHARDS }, now).await?)
}

/// The shop's cuts by day, from those in force on the day on; the first ones where it had none by then.
async fn in_force(ledger: &Ledger, shop: &Shop, from: Day) -> Result<Vec<InForce>, LedgerError> {
    let mut found = Vec::new();
    for number in (1..=shop.current.activation.map_or(0, |last| last.0)).rev() {
        let activation = Activation(number);
        let since = ledger.activated_on(&shop.id, activation).await?;
        let active = ledger.activated(&shop.id, activation).await?;
        found.push(InForce { from: since, activation, cuts: active.cuts });
        if since <= from {
            break;
        }
    }
    found.reverse();
    Ok(found)
}

/// Simulates all shards that are not noted, and adds them up; `None`: it had to return before.
pub(super) async fn drive(steps: &Steps, shop: &ShopId, job: &Job, until: Until) -> Result<Option<Job>, RunError> {
    let blueprint: Blueprint = read(&steps.ledger.job_input(shop, job).await?)?;
    let playbook = Playbook::stored(&blueprint.version, blueprint.source).map_err(damaged)?;
    let whole = steps.ledger.fresh_shop(shop).await?.ok_or_else(|| RunError::NoShop(shop.clone()))?;
    let work = Arc::new(Work {
        steps: steps.clone(),
        shop: shop.clone(),
        number: job.number,
        scenario: blueprint.scenario,
        playbook,
        catalogue: steps.ledger.whole_catalogue(&whole).await?,
    });
    let doing = Doing { shop, job: job.number, at_once: AT_ONCE, until };
    let simulating = |index: u32| Arc::clone(&work).shard(Shard { index, count: job.of });
    if !doing.each(steps, 0..job.of, simulating).await? {
        return Ok(None);
    }
    work.finish(job.of).await.map(Some)
}

struct Work {
    steps: Steps,
    shop: ShopId,
    number: u64,
    scenario: Scenario,
    playbook: Playbook,
    catalogue: Arc<Catalogue>,
}

impl Work {
    /// Simulates one shard.
    async fn shard(self: Arc<Work>, shard: Shard) -> Result<Vec<u8>, RunError> {
        let (mut sum, mut cursor) = (Tally::default(), None);
        loop {
            let page = self.steps.page(&self.shop, shard, cursor.as_ref()).await?;
            let work = Arc::clone(&self);
            // Milliseconds of CPU for each customer.
            let tally = tokio::task::spawn_blocking(move || work.customers(&page.customers)).await?;
            sum.merge(&tally);
            cursor = page.next;
            if cursor.is_none() {
                return serde_json::to_vec(&sum).map_err(damaged);
            }
        }
    }

    fn customers(&self, customers: &[Customer]) -> Tally {
        let mut sum = Tally::default();
        let shelf = CatalogueShelf { catalogue: &self.catalogue, settings: &self.scenario.settings };
        for customer in customers {
            let shift = |series: &str| self.steps.ledger.shift(&customer.key, series);
            sum.merge(&simulate(&customer.profile, &self.scenario, &self.playbook, &shelf, shift));
        }
        sum
    }

    /// Adds up what the shards' notes hold, writes it as rows and ends the job.
    async fn finish(&self, shards: u32) -> Result<Job, RunError> {
        let ledger = &self.steps.ledger;
        let mut tally = Tally::default();
        for shard in 0..shards {
            let part = ledger.job_part(&self.shop, self.number, shard).await?;
            tally.merge(&read(&part.ok_or_else(|| damaged(format!("shard {shard} is not simulated")))?)?);
        }
        let rows = tally.rows();
        ledger.put_job_rows(&self.shop, self.number, &rows, self.steps.clock.now()).await?;
        let summary = json!({
            "playbook": self.playbook.version(),
            "customers": tally.customers,
            "days": tally.days,
            "total": tally.total,
        });
        let end = JobEnd::Done { rows: rows.len() as u64, summary };
        let job = ledger.end_job(&self.shop, self.number, end, self.steps.clock.now()).await?;
        tracing::info!(shop = %self.shop, number = self.number, customers = tally.customers, "simulated");
        Ok(job)
    }
}

/// The shop's published products, as they are now.
pub struct CatalogueShelf<'a> {
    /// The products.
    pub catalogue: &'a Catalogue,
    /// The shop's terms.
    pub settings: &'a OfferSettings,
}

impl Shelf for CatalogueShelf<'_> {
    fn look(&self, profile: &Profile, on: Day) -> (Vec<Candidate>, Option<Vec<Favourite>>) {
        let favourites = Tried::of(self.catalogue, profile, on).favourites();
        (candidates(self.catalogue, profile, None, self.settings, on), Some(favourites))
    }

    fn low_band(&self) -> Option<Minor> {
        self.catalogue.low_band()
    }
}

pub(super) fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, RunError> {
    serde_json::from_slice(bytes).map_err(damaged)
}

pub(super) fn damaged(what: impl std::fmt::Display) -> RunError {
    LedgerError::Damaged(what.to_string()).into()
}

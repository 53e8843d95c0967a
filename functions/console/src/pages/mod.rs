//! The pages, one a file.

pub(crate) mod base;
pub(crate) mod customer;
pub(crate) mod runs;
pub(crate) mod segment;
pub(crate) mod sign_in;

use segmentation::census::{Census, MoveMatrix};
use segmentation::{Cuts, CutsVersion, Day, LoyaltyGroup, Minor, Place};
use serde::Deserialize;

use crate::api::{Api, Refused};

/// One place of the census, as `GET /v1/segments` gives it.
#[derive(Deserialize)]
pub(crate) struct Cell {
    pub(crate) segment: Place,
    pub(crate) group: Option<LoyaltyGroup>,
    pub(crate) customers: u64,
    pub(crate) revenue: Minor,
}

/// The base at the last run, as `GET /v1/segments` gives it.
#[derive(Deserialize)]
pub(crate) struct Base {
    pub(crate) run: u64,
    pub(crate) day: Day,
    pub(crate) cuts_version: CutsVersion,
    pub(crate) cuts: Cuts,
    pub(crate) customers: u64,
    pub(crate) revenue: Minor,
    pub(crate) segments: Vec<Cell>,
}

impl Base {
    pub(crate) fn at(&self, place: Place) -> Option<&Cell> {
        self.segments.iter().find(|cell| cell.segment == place)
    }
}

/// What pages need of `GET /v1/settings`.
#[derive(Deserialize)]
pub(crate) struct Settings {
    pub(crate) currency: iso_currency::Currency,
}

/// What pages need of `GET /v1/runs/{id}`.
#[derive(Deserialize)]
pub(crate) struct Run {
    pub(crate) run: u64,
    pub(crate) day: Day,
    pub(crate) status: Status,
    pub(crate) refit: bool,
    pub(crate) started: chrono::DateTime<chrono::Utc>,
    pub(crate) finished: Option<chrono::DateTime<chrono::Utc>>,
    pub(crate) counts: Option<Counts>,
    pub(crate) progress: Option<Progress>,
}

/// How a run stands.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Running,
    Published,
    Failed,
}

/// What a run counted.
#[derive(Deserialize)]
pub(crate) struct Counts {
    pub(crate) census: Census,
    pub(crate) matrix: MoveMatrix,
    pub(crate) read_units: f64,
}

/// How far a run is.
#[derive(Deserialize)]
pub(crate) struct Progress {
    pub(crate) shards: u32,
    pub(crate) assigned: u32,
}

/// The base, if a run has been published.
pub(crate) async fn base(api: &Api) -> Result<Option<Base>, Refused> {
    api.find("/v1/segments").await
}

/// The run before this one that was published; runs that failed lie between.
pub(crate) async fn run_before(api: &Api, run: u64) -> Result<Option<Run>, Refused> {
    const LOOK_BACK: u64 = 5;
    for number in (run.saturating_sub(LOOK_BACK).max(1)..run).rev() {
        let found: Option<Run> = api.find(&format!("/v1/runs/{number}")).await?;
        if let Some(found) = found.filter(|run| run.status == Status::Published) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

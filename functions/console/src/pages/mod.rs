//! The pages, one a file.

pub(crate) mod audience;
pub(crate) mod base;
pub(crate) mod campaigns;
pub(crate) mod customer;
pub(crate) mod cuts;
pub(crate) mod decided;
pub(crate) mod jobs;
pub(crate) mod movement;
pub(crate) mod runs;
pub(crate) mod segment;
pub(crate) mod sign_in;
pub(crate) mod story;

use std::collections::BTreeMap;

use segmentation::census::{Census, MoveMatrix};
use segmentation::{Cause, Cuts, CutsVersion, Day, LoyaltyGroup, Minor, Movement, Place, Spread};
use serde::Deserialize;

use crate::api::{Api, Refused};
use crate::words::Words;

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

    /// The loyalty group of a place, as the shop maps it now.
    pub(crate) fn group(&self, place: Place) -> Option<LoyaltyGroup> {
        self.at(place).and_then(|cell| cell.group)
    }
}

/// What pages need of `GET /v1/settings`.
#[derive(Deserialize)]
pub(crate) struct Settings {
    pub(crate) currency: iso_currency::Currency,
}

/// What pages need of a run, as `GET /v1/runs` lists it and `GET /v1/runs/{id}` shows it.
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
    pub(crate) cuts: Option<CutsVersion>,
    pub(crate) labels: u64,
    pub(crate) write_units: f64,
    pub(crate) failure: Option<String>,
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
    pub(crate) steps: BTreeMap<Cause, u64>,
    #[serde(default)]
    pub(crate) movement: Movement,
    #[serde(default)]
    pub(crate) spread: Spread,
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

/// The last runs, the latest first: at most `limit` from where a page before this one ended.
pub(crate) async fn runs(api: &Api, limit: usize, after: Option<&str>) -> Result<Listed<Run>, Refused> {
    let after = after.map(|after| format!("&cursor={after}")).unwrap_or_default();
    api.get(&format!("/v1/runs?limit={limit}{after}")).await
}

/// A page of a list.
#[derive(Deserialize)]
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// Where a page goes on, as the API takes it: `&cursor=…`, or nothing on the first one.
pub(crate) fn cursor(words: Words, after: Option<&str>) -> Result<String, Refused> {
    let Some(after) = after else { return Ok(String::new()) };
    let is_one = after.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if !is_one {
        let must = ("is not one that a page gave", "не из тех, что даёт страница");
        return Err(Refused::field(words, ("after", "after"), must));
    }
    Ok(format!("&cursor={after}"))
}

//! A shop's campaigns: which number's terms each series is on, and whether it is open (law 13).

use std::collections::{BTreeMap, BTreeSet};

use playbook::OwnCampaign;
use serde::{Deserialize, Serialize};

/// May a series be offered and reserved? What is reserved may be confirmed in any state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CampaignState {
    /// Yes.
    Open,
    /// Not now.
    Paused,
    /// Never again, until it is published anew.
    Ended,
}

/// A series as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The campaign whose terms are in force.
    #[serde(rename = "n")]
    pub number: u16,
    /// Is it open?
    #[serde(rename = "s")]
    pub state: CampaignState,
}

impl Campaigns {
    /// May rewards of this campaign be offered and reserved?
    #[must_use]
    pub fn is_open(&self, series: &str, number: u16) -> bool {
        match self.series.get(series) {
            Some(now) if now.number == number => now.state == CampaignState::Open,
            // Replaced by another one: what was given out under its terms stays good, unless it was stopped before.
            Some(_) => !self.stopped.contains(&number),
            None => false,
        }
    }
}

/// The register of a shop's campaigns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaigns {
    /// Counts the changes.
    pub version: u64,
    /// The next number, from 1; the last one is 65,535.
    pub next: u32,
    /// Every series there ever was.
    pub series: BTreeMap<String, Series>,
    /// Campaigns that were paused or ended when their series got other terms.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub stopped: BTreeSet<u16>,
    /// The terms in force of the shop's own ones, by series.
    #[serde(skip)]
    pub own: BTreeMap<String, OwnCampaign>,
}

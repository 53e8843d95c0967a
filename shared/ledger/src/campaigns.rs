//! A shop's campaigns: which number's terms each series is on, and whether it is open (law 13). One item, the register, which
//! readers look at when its version in `current` has changed.

use std::collections::{BTreeMap, BTreeSet};

use playbook::OwnCampaign;
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::store::Ledger;

/// May a series be offered and reserved? What is reserved may be confirmed in any state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
            // What was given out under terms that were replaced stays good while the series is open, unless it was stopped.
            Some(now) => now.state == CampaignState::Open && (now.number == number || !self.stopped.contains(&number)),
            None => false,
        }
    }
}

/// The register of a shop's campaigns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaigns {
    /// Counts the changes; 0 while nothing is stored.
    pub version: u64,
    /// The next number, from 1; the last one is 65,535.
    pub next: u32,
    /// Every series there ever was.
    pub series: BTreeMap<String, Series>,
    /// Campaigns that were paused or ended when their series got other terms, or stopped after that.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub stopped: BTreeSet<u16>,
    /// The terms in force of the shop's own ones, by series.
    #[serde(skip)]
    pub own: BTreeMap<String, OwnCampaign>,
}

impl Default for Campaigns {
    fn default() -> Campaigns {
        Campaigns { version: 0, next: 1, series: BTreeMap::new(), stopped: BTreeSet::new(), own: BTreeMap::new() }
    }
}

impl Campaigns {
    /// Of the register with which a shop is made.
    pub(crate) const FIRST_VERSION: u64 = 1;

    /// Is this the name of a shop's own series, and none of the playbook's?
    #[must_use]
    pub fn is_own(series: &str) -> bool {
        !series.contains('/')
    }

    /// The campaigns in force, by number, of the shop's own series.
    pub(crate) fn own_numbers(&self) -> impl Iterator<Item = (&String, u16)> {
        self.series.iter().filter(|(series, _)| Campaigns::is_own(series)).map(|(series, at)| (series, at.number))
    }
}

impl Ledger {
    /// The register as it stands now, without the terms of the shop's own campaigns; empty where there is none.
    pub(crate) async fn register(&self, shop: &ShopId) -> Result<Campaigns, LedgerError> {
        let found = self.get(&self.tables().shops, &keys::campaigns(shop), true).await?;
        Ok(found.unwrap_or_default())
    }

    /// The register as it stands now, with the terms in force of the shop's own campaigns. One whose terms cannot be read is left
    /// out, so that it keeps no order out.
    pub(crate) async fn campaigns(&self, shop: &ShopId) -> Result<Campaigns, LedgerError> {
        let mut register = self.register(shop).await?;
        let numbers: Vec<u16> = register.own_numbers().map(|(_, number)| number).collect();
        let own = self.own_campaigns(shop, &numbers).await?;
        register.own = own.into_iter().map(|own| (own.series.clone(), (*own).clone())).collect();
        Ok(register)
    }
}

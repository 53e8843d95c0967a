//! Endpoints: where a shop wants its events sent, and the secrets they are signed with.
//!
//! A secret is derived from the deployment's and the endpoint's id and generation, so none is stored. After a rotation the one before
//! goes on signing beside the new one for a day.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::news::{EventKind, News};
use crate::shop::Keyed;
use crate::store::{Backoff, Ledger, item};

/// Where events are sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// `ep_` and 24 hex digits.
    pub id: String,
    /// Checked when it was given; its host's addresses are checked at each delivery.
    pub url: String,
    /// Which kinds of events are wanted; empty: all.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub types: BTreeSet<EventKind>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Counts its secrets, from 1.
    pub generation: u32,
    /// Until when the secret before this one signs too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap_until: Option<DateTime<Utc>>,
    /// Nothing is sent to it, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<Disabled>,
}

/// Why nothing is sent to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Disabled {
    /// Since when.
    pub at: DateTime<Utc>,
    /// Why, in a few words.
    pub why: String,
}

/// Why an endpoint was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// There are as many as a shop may have.
    #[error("a shop has at most {} endpoints", Endpoint::MAX)]
    TooMany,
    /// The shop has none of this id.
    #[error("this shop has no endpoint `{0}`")]
    Unknown(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

/// All endpoints of a shop: one item, which is read whenever events go out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Endpoints {
    version: u64,
    list: Vec<Endpoint>,
}

impl Endpoint {
    /// The most that a shop may have.
    pub const MAX: usize = 5;
    /// How long the secret before the last rotation goes on signing.
    pub const OVERLAP: TimeDelta = TimeDelta::hours(24);

    /// Is this wanted there? A move that is an alert too is one event, and of both kinds.
    #[must_use]
    pub fn wants(&self, news: &News) -> bool {
        let types = &self.types;
        types.is_empty() || types.contains(&news.kind()) || news.alerts() && types.contains(&EventKind::CustomerAlert)
    }

    /// Makes the next secret the one that is shown; the one now in force goes on for [`Endpoint::OVERLAP`].
    pub fn rotate(&mut self, now: DateTime<Utc>) {
        self.generation += 1;
        self.overlap_until = Some(now + Endpoint::OVERLAP);
    }
}

impl Ledger {
    /// A shop's endpoints, in the order in which they were made.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn endpoints(&self, shop: &ShopId) -> Result<Vec<Endpoint>, LedgerError> {
        Ok(self.read_endpoints(shop).await?.map(|known| known.list).unwrap_or_default())
    }

    /// Adds an endpoint.
    ///
    /// # Errors
    /// [`EndpointError::TooMany`].
    pub async fn add_endpoint(
        &self,
        shop: &ShopId,
        url: &str,
        types: BTreeSet<EventKind>,
        now: DateTime<Utc>,
    ) -> Result<Endpoint, EndpointError> {
        let mut id = [0; 12];
        getrandom::fill(&mut id).map_err(LedgerError::damaged)?;
        let endpoint = Endpoint {
            id: format!("ep_{}", HEXLOWER.encode(&id)),
            url: url.to_owned(),
            types,
            created_at: now,
            generation: 1,
            overlap_until: None,
            disabled: None,
        };
        self.change_endpoints(shop, |list| {
            if list.len() >= Endpoint::MAX {
                return Err(EndpointError::TooMany);
            }
            list.push(endpoint.clone());
            Ok(endpoint.clone())
        })
        .await
    }

    /// Changes an endpoint and gives it as it is then.
    ///
    /// # Errors
    /// [`EndpointError::Unknown`].
    pub async fn change_endpoint(
        &self,
        shop: &ShopId,
        id: &str,
        change: impl Fn(&mut Endpoint),
    ) -> Result<Endpoint, EndpointError> {
        self.change_endpoints(shop, |list| {
            let found = list.iter_mut().find(|endpoint| endpoint.id == id);
            let endpoint = found.ok_or_else(|| EndpointError::Unknown(id.to_owned()))?;
            change(endpoint);
            Ok(endpoint.clone())
        })
        .await
    }

    /// Takes an endpoint away; what waits for it is dropped.
    ///
    /// # Errors
    /// [`EndpointError::Unknown`].
    pub async fn remove_endpoint(&self, shop: &ShopId, id: &str) -> Result<Endpoint, EndpointError> {
        self.change_endpoints(shop, |list| {
            let at = list.iter().position(|endpoint| endpoint.id == id);
            at.map(|at| list.remove(at)).ok_or_else(|| EndpointError::Unknown(id.to_owned()))
        })
        .await
    }

    /// The secrets that sign what goes to an endpoint now, the one that is shown first.
    #[must_use]
    pub fn signing_secrets(&self, shop: &ShopId, endpoint: &Endpoint, now: DateTime<Utc>) -> Vec<[u8; 32]> {
        let secret = |generation| self.inner.secrets.keys.endpoint(shop, &endpoint.id, generation);
        let former = endpoint.overlap_until.filter(|until| *until > now).map(|_| secret(endpoint.generation - 1));
        [secret(endpoint.generation)].into_iter().chain(former).collect()
    }

    /// An endpoint's secret as its shop is shown it, once.
    #[must_use]
    pub fn shown_secret(&self, shop: &ShopId, endpoint: &Endpoint) -> String {
        let secret = self.inner.secrets.keys.endpoint(shop, &endpoint.id, endpoint.generation);
        format!("whsec_{}", BASE64.encode(&secret))
    }

    async fn read_endpoints(&self, shop: &ShopId) -> Result<Option<Endpoints>, LedgerError> {
        self.get(&self.tables().shops, &keys::endpoints(shop), true).await
    }

    async fn change_endpoints<T>(
        &self,
        shop: &ShopId,
        change: impl Fn(&mut Vec<Endpoint>) -> Result<T, EndpointError>,
    ) -> Result<T, EndpointError> {
        let mut pause = Backoff::default();
        loop {
            let read = self.read_endpoints(shop).await?;
            let mut next = read.clone().unwrap_or_default();
            let changed = change(&mut next.list)?;
            next.version += 1;
            let stored = item(&Keyed { key: keys::endpoints(shop), value: &next })?;
            if self.put_one(&self.tables().shops, stored, read.map(|read| read.version)).await? {
                return Ok(changed);
            }
            pause.wait().await?;
        }
    }
}

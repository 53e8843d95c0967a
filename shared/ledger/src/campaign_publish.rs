//! Publishing campaigns, and opening, pausing and ending them (law 13). Each change is one transaction of the register, on
//! condition that it is as it was read, the block of new terms, and the pointer by which readers see that it changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use playbook::{OwnCampaign, Playbook, Terms};

use crate::campaigns::{CampaignState, Campaigns, Series};
use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::record::Status;
use crate::shop::{Keyed, Shop};
use crate::store::{Backoff, Change, Item, Ledger, attribute, item};
use crate::terms::StoredBlock;

/// The most series of a shop's own.
const MOST_OWN: usize = 1_000;
/// The most series there ever were: the register is one item, which holds 400 KB.
const MOST_SERIES: usize = 4_000;

/// Why a campaign is not published, or its state not changed. Nothing is written.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// A code names a campaign with 16 bits.
    #[error("the shop's campaign numbers have run out: the last one is {}", u16::MAX)]
    NumbersRunOut,
    /// The shop has as many own series as it may.
    #[error("the shop has {MOST_OWN} series of its own, and no more can be kept; publish in one of them")]
    TooManyOwn,
    /// The register is full.
    #[error("the shop has {MOST_SERIES} series, and no more can be kept")]
    TooManySeries,
    /// The number was never given.
    #[error("this shop has no campaign {0}")]
    Unknown(u16),
    /// Its series is on other terms by now: it can be stopped, and opens no more.
    #[error("campaign {number} is no more in force; its series {series} is on campaign {in_force}")]
    NotInForce {
        /// The one asked for.
        number: u16,
        /// Its series.
        series: String,
        /// The number in force there.
        in_force: u16,
    },
    /// It has ended, which only a publication undoes.
    #[error("the series {0} has ended; publish it anew to open it")]
    Ended(String),
    /// The store failed, or somebody else was faster.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

/// How a campaign stands after a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignReceipt {
    /// Was anything written?
    pub status: Status,
    /// The lasting name.
    pub series: String,
    /// Number and state.
    pub at: Series,
}

/// Terms in force, by series.
pub(crate) type InForce = BTreeMap<String, Arc<Terms>>;

impl Campaigns {
    /// The register after a playbook is put in force in place of another, and the series that were given new numbers, in the
    /// numbers' order from the old `next` on. What is new or other than the terms in force opens; what is as it was stays as it
    /// is; what is in the playbook no more ends, until it comes back.
    pub(crate) fn with_playbook(
        &self,
        in_force: &InForce,
        before: &Playbook,
        new: &Playbook,
    ) -> Result<(Campaigns, Vec<String>), CampaignError> {
        let (mut register, mut published) = (self.clone(), Vec::new());
        for (series, at) in register.series.iter_mut().filter(|(series, _)| !Campaigns::is_own(series)) {
            if new.rewarded_by(series).is_none() {
                at.state = CampaignState::Ended;
            }
        }
        for (entry, idea) in new.rewarded() {
            let series = Playbook::series(entry, idea);
            let same = |terms: &Arc<Terms>| terms.idea == *idea && terms.limit == Some(entry.limit);
            match register.series.get_mut(&series) {
                Some(at) if in_force.get(&series).is_some_and(same) => {
                    // Staff ends what is in the playbook; what was not there was ended by leaving it.
                    if at.state == CampaignState::Ended && before.rewarded_by(&series).is_none() {
                        at.state = CampaignState::Open;
                    }
                }
                _ => {
                    register.publish(series.clone())?;
                    published.push(series);
                }
            }
        }
        Ok((register, published))
    }

    /// Gives a series the next number, and opens it.
    fn publish(&mut self, series: String) -> Result<u16, CampaignError> {
        let number = u16::try_from(self.next).map_err(|_| CampaignError::NumbersRunOut)?;
        if !self.series.contains_key(&series) {
            if self.series.len() >= MOST_SERIES {
                return Err(CampaignError::TooManySeries);
            }
            if Campaigns::is_own(&series) && self.own_numbers().count() >= MOST_OWN {
                return Err(CampaignError::TooManyOwn);
            }
        }
        self.next += 1;
        let replaced = self.series.insert(series, Series { number, state: CampaignState::Open });
        self.stopped.extend(replaced.filter(|old| old.state != CampaignState::Open).map(|old| old.number));
        Ok(number)
    }

    /// As it is written after a change.
    fn changed(self) -> Campaigns {
        Campaigns { version: self.version + 1, ..self }
    }
}

impl Ledger {
    /// Publishes terms in a shop's own series: they get the next number, and the series opens. The terms in force again are a
    /// duplicate, unless the series has ended.
    ///
    /// # Errors
    /// [`CampaignError`] when there is no room, or the store fails.
    pub async fn publish_campaign(
        &self,
        shop: &Shop,
        campaign: &OwnCampaign,
    ) -> Result<CampaignReceipt, CampaignError> {
        let series = &campaign.series;
        let mut pause = Backoff::default();
        loop {
            let mut register = self.register(&shop.id).await?;
            let known = register.series.get(series).copied().filter(|at| at.state != CampaignState::Ended);
            if let Some(at) = known
                && let [own] = self.own_campaigns(&shop.id, &[at.number]).await?.as_slice()
                && **own == *campaign
            {
                return Ok(CampaignReceipt { status: Status::Duplicate, series: series.clone(), at });
            }
            let number = register.publish(series.clone())?;
            let own = serde_json::to_string(campaign).map_err(LedgerError::damaged)?;
            let playbook = shop.playbook.version().to_owned();
            let block = StoredBlock { first: number, playbook, series: Vec::new(), own: Some(own) };
            let mut writes = self.register_writes(&shop.id, register.changed())?;
            writes.push(self.terms_write(&shop.id, &block)?);
            if self.transact(writes).await? {
                self.forget_shop(&shop.id);
                let at = Series { number, state: CampaignState::Open };
                return Ok(CampaignReceipt { status: Status::Recorded, series: series.clone(), at });
            }
            pause.wait().await?;
        }
    }

    /// Opens, pauses or ends the series of a campaign that is in force there; of one that was replaced, ends what it has given out.
    ///
    /// # Errors
    /// [`CampaignError`] when the campaign is unknown, or replaced and to open, when its series has ended and is to open or pause, and
    /// when the store fails.
    pub async fn set_campaign_state(
        &self,
        shop: &ShopId,
        number: u16,
        state: CampaignState,
    ) -> Result<CampaignReceipt, CampaignError> {
        let series = self.terms(shop, number).await?.ok_or(CampaignError::Unknown(number))?.series.clone();
        let mut pause = Backoff::default();
        loop {
            let mut register = self.register(shop).await?;
            let at = register.series.get_mut(&series).ok_or(CampaignError::Unknown(number))?;
            let in_force = at.number;
            if in_force != number {
                // What it has given out can be stopped for good; it opens nothing any more.
                if state == CampaignState::Open {
                    return Err(CampaignError::NotInForce { number, series, in_force });
                }
                let at = Series { number, state: CampaignState::Ended };
                if !register.stopped.insert(number) {
                    return Ok(CampaignReceipt { status: Status::Duplicate, series, at });
                }
                if self.transact(self.register_writes(shop, register.changed())?).await? {
                    self.forget_shop(shop);
                    return Ok(CampaignReceipt { status: Status::Recorded, series, at });
                }
                pause.wait().await?;
                continue;
            }
            if at.state == state {
                return Ok(CampaignReceipt { status: Status::Duplicate, series, at: *at });
            }
            if at.state == CampaignState::Ended {
                return Err(CampaignError::Ended(series));
            }
            at.state = state;
            let at = *at;
            if self.transact(self.register_writes(shop, register.changed())?).await? {
                self.forget_shop(shop);
                return Ok(CampaignReceipt { status: Status::Recorded, series, at });
            }
            pause.wait().await?;
        }
    }

    /// The register on condition that nobody changed it since, and its pointer.
    fn register_writes(&self, shop: &ShopId, changed: Campaigns) -> Result<Vec<TransactWriteItem>, LedgerError> {
        let table = &self.tables().shops;
        let point = Change {
            set: "SET #campaigns = :campaigns",
            on_condition: "attribute_exists(#pk)",
            values: [(":campaigns".to_owned(), attribute(&changed.version)?)].into(),
        };
        Ok(vec![self.register_write(shop, &changed)?, self.update(table, &keys::current(shop), point)?])
    }

    /// The register on condition that nobody changed it since it had the version before.
    pub(crate) fn register_write(&self, shop: &ShopId, changed: &Campaigns) -> Result<TransactWriteItem, LedgerError> {
        let stored: Item = item(&Keyed { key: keys::campaigns(shop), value: changed })?;
        self.put_as_read(&self.tables().shops, stored, changed.version.checked_sub(1).filter(|read| *read > 0))
    }

    /// New terms, on condition that their number was given to no others.
    pub(crate) fn terms_write(&self, shop: &ShopId, block: &StoredBlock) -> Result<TransactWriteItem, LedgerError> {
        let stored = item(&Keyed { key: keys::terms(shop, block.first), value: block })?;
        self.put_new(&self.tables().shops, stored)
    }
}

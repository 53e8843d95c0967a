//! A shop's playbooks: each version whole and immutable, named by its content's hash; the pointer says which is in force.
//!
//! The merged data is stored, not the shop's changes: a new release's built-in texts change no shop's published playbook.

use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use playbook::Playbook;
use segmentation::Day;
use serde::{Deserialize, Serialize};

use crate::campaign_publish::{CampaignError, InForce};
use crate::campaigns::Campaigns;
use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::shop::{Keyed, Shop};
use crate::store::{Backoff, Change, Item, Ledger, attribute, item};
use crate::terms::StoredBlock;

/// Hex digits of a version.
const VERSION_DIGITS: usize = 16;

/// A published playbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaybookRecord {
    /// Its content's hash.
    pub version: String,
    /// The day it was first published.
    pub day: Day,
    /// The version that was in force before it then.
    pub previous: String,
    /// All of it, as JSON.
    pub source: String,
}

impl Ledger {
    /// Puts a playbook in force, on condition that the one read is still in force. A version published before is put in force
    /// again as it was. Ideas whose reward or terms are other than those in force get their next campaign number, and open.
    ///
    /// # Errors
    /// [`CampaignError::Store`] with [`LedgerError::Changed`] when somebody else published meanwhile; others when there is no room
    /// for more campaigns.
    pub async fn publish_playbook(&self, shop: &Shop, new: &Playbook, today: Day) -> Result<(), CampaignError> {
        let (table, before) = (&self.tables().shops, &*shop.playbook);
        let mut pause = Backoff::default();
        loop {
            let read = self.register(&shop.id).await?;
            let in_force = self.in_force(&shop.id, &read, new).await?;
            let (register, published) = read.with_playbook(&in_force, before, new)?;
            let changed = register != read;
            if !changed && shop.current.playbook.as_deref() == Some(new.version()) {
                return Ok(());
            }
            let mut writes = Vec::new();
            // The one in force too, where that is the built-in one: a later release may have another.
            for playbook in if before.version() == new.version() { vec![new] } else { vec![before, new] } {
                let key = keys::playbook(&shop.id, playbook.version());
                if self.get_item(table, &key, true).await?.is_none() {
                    writes.push(self.playbook_write(&shop.id, playbook, today, before.version())?);
                }
            }
            // Where the register stays as it is, others may change it meanwhile: its pointer is theirs.
            let version = changed.then_some(read.version + 1);
            if let Some(version) = version {
                writes.push(self.register_write(&shop.id, &Campaigns { version, ..register })?);
            }
            if let Some(block) = block(&read, new, published)? {
                writes.push(self.terms_write(&shop.id, &block)?);
            }
            writes.push(self.point_to_playbook(shop, new, version)?);
            if self.transact(writes).await? {
                self.forget_shop(&shop.id);
                return Ok(());
            }
            // Another campaign is no reason to give up; another playbook is.
            let current = self.read_current(&shop.id).await?.unwrap_or_default();
            if current.playbook != shop.current.playbook {
                return Err(LedgerError::Changed("playbook").into());
            }
            pause.wait().await?;
        }
    }

    /// The built-in playbook as a new shop's first, and the writes that make it so but for the pointers.
    pub(crate) fn first_playbook(
        &self,
        shop: &ShopId,
        today: Day,
    ) -> Result<(String, Vec<TransactWriteItem>), LedgerError> {
        let (read, builtin) = (Campaigns::default(), Playbook::builtin());
        let (register, published) =
            read.with_playbook(&InForce::new(), builtin, builtin).map_err(LedgerError::damaged)?;
        let register = Campaigns { version: Campaigns::FIRST_VERSION, ..register };
        let mut writes =
            vec![self.playbook_write(shop, builtin, today, builtin.version())?, self.register_write(shop, &register)?];
        if let Some(block) = block(&read, builtin, published)? {
            writes.push(self.terms_write(shop, &block)?);
        }
        Ok((builtin.version().to_owned(), writes))
    }

    /// The terms in force of the series that a playbook has. Those that cannot be read any more count as other ones.
    async fn in_force(&self, shop: &ShopId, register: &Campaigns, new: &Playbook) -> Result<InForce, LedgerError> {
        let mut in_force = InForce::new();
        for (entry, idea) in new.rewarded() {
            let series = Playbook::series(entry, idea);
            let Some(at) = register.series.get(&series) else { continue };
            match self.terms(shop, at.number).await {
                Ok(terms) => in_force.extend(terms.map(|terms| (series, terms))),
                Err(LedgerError::Damaged(why)) => tracing::error!(%shop, series, why, "terms cannot be read"),
                Err(error) => return Err(error),
            }
        }
        Ok(in_force)
    }

    fn playbook_write(
        &self,
        shop: &ShopId,
        playbook: &Playbook,
        day: Day,
        previous: &str,
    ) -> Result<TransactWriteItem, LedgerError> {
        let record = PlaybookRecord {
            version: playbook.version().to_owned(),
            day,
            previous: previous.to_owned(),
            source: playbook.source_json().to_string(),
        };
        let key = keys::playbook(shop, playbook.version());
        self.put_new(&self.tables().shops, item(&Keyed { key, value: &record })?)
    }

    fn point_to_playbook(
        &self,
        shop: &Shop,
        new: &Playbook,
        campaigns: Option<u64>,
    ) -> Result<TransactWriteItem, LedgerError> {
        let mut values: Item = [(":new".to_owned(), attribute(&new.version())?)].into();
        let set = match campaigns {
            Some(version) => {
                values.insert(":campaigns".to_owned(), attribute(&version)?);
                "SET #playbook = :new, #campaigns = :campaigns"
            }
            None => "SET #playbook = :new",
        };
        let on_condition = match &shop.current.playbook {
            Some(read) => {
                values.insert(":read".to_owned(), attribute(read)?);
                "#playbook = :read"
            }
            None => "attribute_exists(#pk) AND attribute_not_exists(#playbook)",
        };
        let point = Change { set, on_condition, values };
        self.update(&self.tables().shops, &keys::current(&shop.id), point)
    }

    /// A playbook by its version: the built-in one, or one the shop has published; immutable, so it is read once.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn playbook(&self, shop: &ShopId, version: &str) -> Result<Option<Arc<Playbook>>, LedgerError> {
        if let Some(known) = self.inner.shops.playbook(shop, version) {
            return Ok(Some(known));
        }
        if version.len() != VERSION_DIGITS || !version.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let found: Option<PlaybookRecord> =
            self.get(&self.tables().shops, &keys::playbook(shop, version), true).await?;
        let Some(record) = found else { return Ok(None) };
        let source = serde_json::from_str(&record.source).map_err(LedgerError::damaged)?;
        let playbook = Arc::new(Playbook::stored(version, source).map_err(LedgerError::damaged)?);
        self.inner.shops.learn_playbook(shop, &playbook);
        Ok(Some(playbook))
    }

    /// The record of a published version.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn playbook_record(&self, shop: &ShopId, version: &str) -> Result<Option<PlaybookRecord>, LedgerError> {
        self.get(&self.tables().shops, &keys::playbook(shop, version), true).await
    }
}

/// The block of the series that were published; `None` where there are none.
fn block(read: &Campaigns, playbook: &Playbook, series: Vec<String>) -> Result<Option<StoredBlock>, LedgerError> {
    if series.is_empty() {
        return Ok(None);
    }
    let first = u16::try_from(read.next).map_err(LedgerError::damaged)?;
    Ok(Some(StoredBlock { first, playbook: playbook.version().to_owned(), series, own: None }))
}

//! A shop's playbooks: each version whole and immutable, named by its content's hash; the pointer says which is in force.
//!
//! The merged data is stored, not the shop's changes: a new release's built-in texts change no shop's published playbook.

use std::sync::Arc;

use playbook::Playbook;
use segmentation::Day;
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::shop::{Keyed, Shop};
use crate::store::{Change, Ledger, attribute, item};

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
    /// again as it was.
    ///
    /// # Errors
    /// [`LedgerError::Changed`] when somebody else published meanwhile.
    pub async fn publish_playbook(&self, shop: &Shop, new: &Playbook, today: Day) -> Result<(), LedgerError> {
        let table = &self.tables().shops;
        if shop.playbook.version() == new.version() {
            return Ok(());
        }
        let mut writes = Vec::new();
        // The one in force too, where that is the built-in one: a later release may have another.
        for playbook in [&*shop.playbook, new] {
            let key = keys::playbook(&shop.id, playbook.version());
            if self.get_item(table, &key, true).await?.is_none() {
                let record = PlaybookRecord {
                    version: playbook.version().to_owned(),
                    day: today,
                    previous: shop.playbook.version().to_owned(),
                    source: playbook.source_json().to_string(),
                };
                writes.push(self.put_new(table, item(&Keyed { key, value: &record })?)?);
            }
        }
        let mut values: crate::store::Item = [(":new".to_owned(), attribute(&new.version())?)].into();
        let on_condition = match &shop.current.playbook {
            Some(read) => {
                values.insert(":read".to_owned(), attribute(read)?);
                "#playbook = :read"
            }
            None => "attribute_exists(#pk) AND attribute_not_exists(#playbook)",
        };
        let point = Change { set: "SET #playbook = :new", on_condition, values };
        writes.push(self.update(table, &keys::current(&shop.id), point)?);
        if !self.transact(writes).await? {
            return Err(LedgerError::Changed("playbook"));
        }
        self.forget_shop(&shop.id);
        Ok(())
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

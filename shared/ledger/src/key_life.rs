//! The life of a shop's API keys: made, replaced by another one with a time in which both are good, revoked.
//!
//! Every change goes with the shop's count of such changes, in one transaction, and is decided on the keys as they stood under
//! that count: two who each revoke one of two admin keys cannot both succeed.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::TransactWriteItem;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use segmentation::Day;
use serde::{Deserialize, Serialize};

use crate::api_key::{KeyId, KeyRecord, NewKey, Scope};
use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::record::Status;
use crate::shop::Keyed;
use crate::store::{Backoff, Change, Ledger, attribute, item, parse};

/// A key to be made.
#[derive(Clone, Debug)]
pub struct AskedKey {
    /// Its id, if the caller names it; the same again makes no second key.
    pub id: Option<KeyId>,
    /// What it opens; at least one.
    pub scopes: BTreeSet<Scope>,
    /// What the shop calls it.
    pub name: Option<String>,
    /// When it ends.
    pub valid_until: Option<DateTime<Utc>>,
}

/// How a key is replaced by a new one of the same scopes and name.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The new one's id, if the caller names it; the same again makes no second key.
    pub id: Option<KeyId>,
    /// How long the old one stays good, if it does not end sooner.
    pub overlap: TimeDelta,
    /// When the new one ends.
    pub valid_until: Option<DateTime<Utc>>,
}

/// A key that was made, now or before.
#[derive(Clone)]
pub struct MadeKey {
    /// Now or before.
    pub status: Status,
    /// Its id.
    pub id: KeyId,
    /// As it is stored.
    pub record: KeyRecord,
    /// The whole key; `None` where it was made before: its secret is not stored.
    pub token: Option<String>,
}

/// Why a key was not made, replaced or revoked.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The shop has no such key.
    #[error("this shop has no key {0}")]
    Unknown(KeyId),
    /// The id was given to another key.
    #[error("key {0} was made before with other content")]
    OtherContent(KeyId),
    /// It is revoked or expired.
    #[error("key {0} is revoked or expired; make another one")]
    Ended(KeyId),
    /// Another key has taken its place already.
    #[error("key {of} was replaced by key {by}; replace that one")]
    Replaced {
        /// Which.
        of: KeyId,
        /// By which.
        by: KeyId,
    },
    /// Nobody could make a key afterwards.
    #[error(
        "no other key of the scope admin is good for a day or longer, and without one nobody of the shop can make a key; make one first"
    )]
    LastAdmin,
    /// There are too many.
    #[error("a shop has at most {max} keys, those that ended in the last {KEPT_DAYS} days among them", max = Ledger::MAX_KEYS)]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

/// How long a key that has ended stays listed, in days.
const KEPT_DAYS: i64 = 30;
/// An admin key that ends sooner saves nobody from being locked out.
const LASTING: TimeDelta = TimeDelta::days(1);

/// The keys of a shop under the count of their changes.
struct Register {
    version: Option<u64>,
    keys: BTreeMap<KeyId, KeyRecord>,
}

/// The item that counts.
#[derive(Serialize, Deserialize)]
struct Count {
    version: u64,
}

#[derive(Deserialize)]
struct Listed {
    sk: String,
    #[serde(flatten)]
    record: KeyRecord,
}

impl Ledger {
    /// The most keys of a shop, those among them that have ended and are still listed.
    pub const MAX_KEYS: usize = 200;

    /// All keys of a shop by id, those that ended lately too.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn api_keys(&self, shop: &ShopId, now: DateTime<Utc>) -> Result<BTreeMap<KeyId, KeyRecord>, LedgerError> {
        let (mut found, mut start) = (BTreeMap::new(), None);
        let pk = keys::api_keys(shop).pk;
        loop {
            let table = &self.tables().shops;
            let (items, next) = self.query_from(table, &pk, Some(keys::API_KEY), false, start, i32::MAX).await?;
            for stored in items {
                let Listed { sk, record } = parse(stored)?;
                let id = sk.trim_start_matches(keys::API_KEY).parse().map_err(LedgerError::damaged)?;
                // The store forgets within days.
                if record.expires_at.is_none_or(|gone| now.timestamp() < gone) {
                    found.insert(id, record);
                }
            }
            match next {
                Some(sk) => start = Some(keys::Key { pk: pk.clone(), sk }),
                None => return Ok(found),
            }
        }
    }

    /// Makes a key. Under an id that was used before with the same content it is that one, without its secret.
    ///
    /// # Errors
    /// [`KeyError::OtherContent`], [`KeyError::TooMany`].
    pub async fn create_key(
        &self,
        shop: &ShopId,
        asked: &AskedKey,
        now: DateTime<Utc>,
        today: Day,
    ) -> Result<MadeKey, KeyError> {
        let mut pause = Backoff::default();
        loop {
            let register = self.key_register(shop, now).await?;
            if let Some((id, known)) = asked.id.as_ref().and_then(|id| register.keys.get_key_value(id)) {
                // Being replaced changed its end.
                let same_end = known.valid_until == asked.valid_until || known.replaced_by.is_some();
                let same = known.scopes == asked.scopes && known.name == asked.name && same_end;
                return if same { Ok(made_before(id, known)) } else { Err(KeyError::OtherContent(id.clone())) };
            }
            register.has_room()?;
            let (new, record) = make(shop, asked, today)?;
            let record = KeyRecord { expires_at: asked.valid_until.map(forgotten), ..record };
            if self.change_keys(shop, &register, vec![self.key_write(shop, &new.id, &record)?]).await? {
                return Ok(made_now(new, record));
            }
            pause.wait().await?;
        }
    }

    /// Puts a new key of the same scopes and name beside a key, which ends after the overlap.
    ///
    /// # Errors
    /// [`KeyError::Unknown`], [`KeyError::Ended`], [`KeyError::Replaced`], [`KeyError::OtherContent`], [`KeyError::TooMany`].
    pub async fn rotate_key(
        &self,
        shop: &ShopId,
        old: &KeyId,
        rotation: &Rotation,
        now: DateTime<Utc>,
        today: Day,
    ) -> Result<MadeKey, KeyError> {
        let mut pause = Backoff::default();
        loop {
            let register = self.key_register(shop, now).await?;
            let record = register.keys.get(old).ok_or_else(|| KeyError::Unknown(old.clone()))?;
            if let Some((id, known)) = rotation.id.as_ref().and_then(|id| register.keys.get_key_value(id)) {
                let same = known.replaces.as_ref() == Some(old);
                return if same { Ok(made_before(id, known)) } else { Err(KeyError::OtherContent(id.clone())) };
            }
            if let Some(by) = &record.replaced_by {
                return Err(KeyError::Replaced { of: old.clone(), by: by.clone() });
            }
            if !record.is_usable(now) {
                return Err(KeyError::Ended(old.clone()));
            }
            register.has_room()?;
            let asked = AskedKey {
                id: rotation.id.clone(),
                scopes: record.scopes.clone(),
                name: record.name.clone(),
                valid_until: rotation.valid_until,
            };
            let (new, replacing) = make(shop, &asked, today)?;
            let replacing =
                KeyRecord { replaces: Some(old.clone()), expires_at: rotation.valid_until.map(forgotten), ..replacing };
            let end = (now + rotation.overlap).trunc_subsecs(0);
            let end = record.valid_until.map_or(end, |until| until.min(end));
            let replaced = Change {
                set: "SET #valid_until = :end, #expires_at = :gone, #replaced_by = :by",
                on_condition: "attribute_exists(#pk) AND attribute_not_exists(#revoked_at) AND attribute_not_exists(#replaced_by)",
                values: [
                    (":end".to_owned(), attribute(&end)?),
                    (":gone".to_owned(), attribute(&forgotten(end))?),
                    (":by".to_owned(), attribute(&new.id)?),
                ]
                .into(),
            };
            let writes = vec![
                self.key_write(shop, &new.id, &replacing)?,
                self.update(&self.tables().shops, &keys::api_key(shop, old), replaced)?,
            ];
            if self.change_keys(shop, &register, writes).await? {
                return Ok(made_now(new, replacing));
            }
            pause.wait().await?;
        }
    }

    /// Ends a key for good; once it is revoked, nothing changes.
    ///
    /// # Errors
    /// [`KeyError::Unknown`], [`KeyError::LastAdmin`].
    pub async fn revoke_key(
        &self,
        shop: &ShopId,
        id: &KeyId,
        now: DateTime<Utc>,
    ) -> Result<(Status, KeyRecord), KeyError> {
        let mut pause = Backoff::default();
        loop {
            let register = self.key_register(shop, now).await?;
            let record = register.keys.get(id).ok_or_else(|| KeyError::Unknown(id.clone()))?;
            if record.revoked_at.is_some() {
                return Ok((Status::Duplicate, record.clone()));
            }
            if record.is_usable(now) && record.opens(Scope::Admin) && !register.has_admin_beside(id, now) {
                return Err(KeyError::LastAdmin);
            }
            let at = now.trunc_subsecs(0);
            let revoked = Change {
                set: "SET #revoked_at = :now, #expires_at = :gone",
                on_condition: "attribute_exists(#pk) AND attribute_not_exists(#revoked_at)",
                values: [(":now".to_owned(), attribute(&at)?), (":gone".to_owned(), attribute(&forgotten(at))?)].into(),
            };
            let write = self.update(&self.tables().shops, &keys::api_key(shop, id), revoked)?;
            if self.change_keys(shop, &register, vec![write]).await? {
                let record = KeyRecord { revoked_at: Some(at), expires_at: Some(forgotten(at)), ..record.clone() };
                return Ok((Status::Recorded, record));
            }
            pause.wait().await?;
        }
    }

    /// Notes the day on which a key opened something, if no later one is noted. `false`: one is, or the key is gone.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn note_key_use(&self, shop: &ShopId, id: &KeyId, day: Day) -> Result<bool, LedgerError> {
        let change = Change {
            set: "SET #last_used = :day",
            on_condition: "attribute_exists(#pk) AND (attribute_not_exists(#last_used) OR #last_used < :day)",
            values: [(":day".to_owned(), attribute(&day)?)].into(),
        };
        self.update_one(&self.tables().shops, &keys::api_key(shop, id), change).await
    }

    /// The count before the keys: whoever changes a key between the two makes the count that was read an old one.
    async fn key_register(&self, shop: &ShopId, now: DateTime<Utc>) -> Result<Register, LedgerError> {
        let count: Option<Count> = self.get(&self.tables().shops, &keys::api_keys(shop), true).await?;
        Ok(Register { version: count.map(|count| count.version), keys: self.api_keys(shop, now).await? })
    }

    async fn change_keys(
        &self,
        shop: &ShopId,
        register: &Register,
        mut writes: Vec<TransactWriteItem>,
    ) -> Result<bool, LedgerError> {
        let count = Count { version: register.version.unwrap_or(0) + 1 };
        let stored = item(&Keyed { key: keys::api_keys(shop), value: &count })?;
        writes.push(self.put_as_read(&self.tables().shops, stored, register.version)?);
        self.transact(writes).await
    }

    fn key_write(&self, shop: &ShopId, id: &KeyId, record: &KeyRecord) -> Result<TransactWriteItem, LedgerError> {
        self.put_new(&self.tables().shops, item(&Keyed { key: keys::api_key(shop, id), value: record })?)
    }
}

impl Register {
    fn has_room(&self) -> Result<(), KeyError> {
        if self.keys.len() < Ledger::MAX_KEYS { Ok(()) } else { Err(KeyError::TooMany) }
    }

    fn has_admin_beside(&self, id: &KeyId, now: DateTime<Utc>) -> bool {
        let lasting = |key: &KeyRecord| key.is_usable(now + LASTING) && key.opens(Scope::Admin);
        self.keys.iter().any(|(other, key)| other != id && lasting(key))
    }
}

/// When the store may forget a key that ends then, in seconds since 1970.
fn forgotten(end: DateTime<Utc>) -> i64 {
    (end + TimeDelta::days(KEPT_DAYS)).timestamp()
}

fn make(shop: &ShopId, asked: &AskedKey, today: Day) -> Result<(NewKey, KeyRecord), LedgerError> {
    let scopes: Vec<Scope> = asked.scopes.iter().copied().collect();
    let id = asked.id.clone().map_or_else(KeyId::random, Ok).map_err(LedgerError::damaged)?;
    let (new, record) = KeyRecord::make_as(shop, id, &scopes, today).map_err(LedgerError::damaged)?;
    Ok((new, KeyRecord { name: asked.name.clone(), valid_until: asked.valid_until, ..record }))
}

fn made_now(new: NewKey, record: KeyRecord) -> MadeKey {
    MadeKey { status: Status::Recorded, id: new.id, record, token: Some(new.token) }
}

fn made_before(id: &KeyId, record: &KeyRecord) -> MadeKey {
    MadeKey { status: Status::Duplicate, id: id.clone(), record: record.clone(), token: None }
}

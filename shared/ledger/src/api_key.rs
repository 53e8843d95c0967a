//! API keys: `tcl_SHOP_KEYID_SECRET`, of which only the secret's SHA-256 is stored (law 15).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use segmentation::Day;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::store::Ledger;

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Scope {
    /// Orders, returns, products, customer attributes.
    Ingest,
    /// Segment, offers, choices, redemptions.
    Checkout,
    /// Everything else, and both of those.
    Admin,
}

impl Scope {
    /// All three.
    pub const ALL: [Scope; 3] = [Scope::Ingest, Scope::Checkout, Scope::Admin];

    /// Does a key of this scope open what asks for `wanted`?
    #[must_use]
    pub fn opens(self, wanted: Scope) -> bool {
        self == wanted || self == Scope::Admin
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Scope::Ingest => "ingest",
            Scope::Checkout => "checkout",
            Scope::Admin => "admin",
        })
    }
}

/// A key's id: 12 small hex digits. It is no secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = "^[0-9a-f]{12}$")))]
pub struct KeyId(String);

/// Why a text is no key's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is {KEY_ID_DIGITS} digits of 0-9 and a-f")]
pub struct NotAKeyId;

impl KeyId {
    /// 48 random bits.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub(crate) fn random() -> Result<KeyId, getrandom::Error> {
        let mut id = [0; KEY_ID_DIGITS / 2];
        getrandom::fill(&mut id)?;
        Ok(KeyId(HEXLOWER.encode(&id)))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = NotAKeyId;

    fn from_str(text: &str) -> Result<KeyId, NotAKeyId> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let sound = text.len() == KEY_ID_DIGITS && text.bytes().all(digit);
        sound.then(|| KeyId(text.to_owned())).ok_or(NotAKeyId)
    }
}

impl TryFrom<String> for KeyId {
    type Error = NotAKeyId;

    fn try_from(text: String) -> Result<KeyId, NotAKeyId> {
        text.parse()
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> String {
        id.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// SHA-256 of the secret, in hex.
    pub hash: String,
    /// What it opens.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created: Day,
    /// What the shop calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// From this moment on it opens nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<DateTime<Utc>>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
    /// The last shop day on which it opened something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Day>,
    /// The key whose place it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<KeyId>,
    /// The key that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<KeyId>,
    /// When the store forgets it, in seconds since 1970; absent while it has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

/// Why a key does not open a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Unknown, another secret, revoked or expired: nobody is told which.
    Invalid,
    /// The key is good, for something else.
    Scope,
}

/// A key just made: shown once, since its secret is not stored.
#[derive(Clone)]
pub struct NewKey {
    /// Its id.
    pub id: KeyId,
    /// What it opens.
    pub scopes: Vec<Scope>,
    /// The whole key, `tcl_…`.
    pub token: String,
}

/// A key as it came with a request, taken apart and not yet verified.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentedKey {
    /// The shop it claims.
    pub shop: ShopId,
    /// The key's id.
    pub id: KeyId,
    secret: String,
}

impl PresentedKey {
    /// Takes a token apart; `None` when it is no key of ours.
    #[must_use]
    pub fn parse(token: &str) -> Option<PresentedKey> {
        let mut parts = token.strip_prefix("tcl_")?.split('_');
        let (shop, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
        let secret_like = secret.len() == SECRET_DIGITS && secret.bytes().all(|b| b.is_ascii_hexdigit());
        let whole = parts.next().is_none() && secret_like;
        whole.then_some(PresentedKey { shop: shop.parse().ok()?, id: id.parse().ok()?, secret: secret.to_owned() })
    }

    /// Does this key, whose stored record that is, open what asks for `wanted` at this moment? Whatever the record says, and where
    /// there is none, the secret is hashed and compared once: how long a no takes does not tell why.
    ///
    /// # Errors
    /// [`Denied`] when it does not.
    pub fn check(&self, record: Option<&KeyRecord>, wanted: Scope, now: DateTime<Utc>) -> Result<(), Denied> {
        let proven = self.proves(record);
        let usable = record.is_some_and(|record| record.is_usable(now));
        let scope = record.is_some_and(|record| record.opens(wanted));
        match (proven && usable, scope) {
            (false, _) => Err(Denied::Invalid),
            (true, false) => Err(Denied::Scope),
            (true, true) => Ok(()),
        }
    }

    /// Is its secret the one of this record? In constant time, and with the same work where there is no record.
    #[must_use]
    pub fn proves(&self, record: Option<&KeyRecord>) -> bool {
        let hash = secret_hash(&self.secret);
        let stored = record.map_or("", |record| record.hash.as_str());
        let expected = if stored.len() == hash.len() { stored } else { NO_HASH };
        #[cfg(test)]
        tests::COMPARED.set(tests::COMPARED.get() + 1);
        bool::from(hash.as_bytes().ct_eq(expected.as_bytes()))
    }
}

/// The hash of nothing that is known: 64 digits that no SHA-256 was seen to give.
const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const KEY_ID_DIGITS: usize = 12;
const SECRET_DIGITS: usize = 64;

impl KeyRecord {
    /// Makes a key of 256 random bits with its record.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub fn make(shop: &ShopId, scopes: &[Scope], today: Day) -> Result<(NewKey, KeyRecord), getrandom::Error> {
        KeyRecord::make_as(shop, KeyId::random()?, scopes, today)
    }

    /// The same under this id.
    pub(crate) fn make_as(
        shop: &ShopId,
        id: KeyId,
        scopes: &[Scope],
        today: Day,
    ) -> Result<(NewKey, KeyRecord), getrandom::Error> {
        let mut secret = [0; SECRET_DIGITS / 2];
        getrandom::fill(&mut secret)?;
        let secret = HEXLOWER.encode(&secret);
        let token = format!("tcl_{shop}_{id}_{secret}");
        let record = KeyRecord {
            hash: secret_hash(&secret),
            scopes: scopes.iter().copied().collect(),
            created: today,
            name: None,
            valid_until: None,
            revoked_at: None,
            last_used: None,
            replaces: None,
            replaced_by: None,
            expires_at: None,
        };
        Ok((NewKey { id, scopes: scopes.to_vec(), token }, record))
    }

    /// Neither revoked nor expired.
    #[must_use]
    pub fn is_usable(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.valid_until.is_none_or(|until| now < until)
    }

    /// Does one of its scopes open what asks for `wanted`?
    #[must_use]
    pub fn opens(&self, wanted: Scope) -> bool {
        self.scopes.iter().any(|held| held.opens(wanted))
    }
}

fn secret_hash(secret: &str) -> String {
    #[cfg(test)]
    tests::HASHED.set(tests::HASHED.get() + 1);
    HEXLOWER.encode(&Sha256::digest(secret.as_bytes()))
}

impl Ledger {
    /// One GetItem by shop and key id.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn api_key(&self, shop: &ShopId, id: &KeyId) -> Result<Option<KeyRecord>, LedgerError> {
        self.get(&self.tables().shops, &keys::api_key(shop, id), false).await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        pub(super) static HASHED: Cell<u32> = const { Cell::new(0) };
        pub(super) static COMPARED: Cell<u32> = const { Cell::new(0) };
    }

    #[test]
    fn every_no_and_every_yes_is_one_hash_and_one_comparison() {
        let shop: ShopId = "my-shop".parse().unwrap();
        let now: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
        let (new, sound) = KeyRecord::make(&shop, &[Scope::Ingest], Day::MIN).unwrap();
        let key = PresentedKey::parse(&new.token).unwrap();
        let (_, other) = KeyRecord::make(&shop, &[Scope::Ingest], Day::MIN).unwrap();
        let revoked = KeyRecord { revoked_at: Some(now), ..sound.clone() };
        let expired = KeyRecord { valid_until: Some(now), ..sound.clone() };
        let not_yet = KeyRecord { valid_until: "2026-11-22T12:00:00.001Z".parse().ok(), ..sound.clone() };
        let damaged = KeyRecord { hash: String::new(), ..sound.clone() };
        let work = |record: Option<&KeyRecord>, wanted| {
            HASHED.set(0);
            COMPARED.set(0);
            let told = key.check(record, wanted, now);
            (told, HASHED.get(), COMPARED.get())
        };
        for no in [None, Some(&other), Some(&revoked), Some(&expired), Some(&damaged)] {
            assert_eq!(work(no, Scope::Ingest), (Err(Denied::Invalid), 1, 1), "{no:?}");
            assert_eq!(work(no, Scope::Admin), (Err(Denied::Invalid), 1, 1), "{no:?}");
        }
        assert_eq!(work(Some(&sound), Scope::Admin), (Err(Denied::Scope), 1, 1));
        assert_eq!(work(Some(&sound), Scope::Ingest), (Ok(()), 1, 1));
        assert_eq!(work(Some(&not_yet), Scope::Ingest), (Ok(()), 1, 1));
    }

    #[test]
    fn a_secret_is_256_bits_and_an_id_48() {
        let shop: ShopId = "s".parse().unwrap();
        let (new, record) = KeyRecord::make(&shop, &[Scope::Admin], Day::MIN).unwrap();
        let parts: Vec<&str> = new.token.split('_').collect();
        assert_eq!((parts[2].len() * 4, parts[3].len() * 4, record.hash.len() * 4), (48, 256, 256));
        assert!("0123456789AB".parse::<KeyId>().is_err() && "0123456789a".parse::<KeyId>().is_err());
    }

    #[test]
    fn a_new_key_proves_itself_and_no_other() {
        let shop: ShopId = "my-shop".parse().unwrap();
        let (new, record) = KeyRecord::make(&shop, &[Scope::Ingest], Day::MIN).unwrap();
        let presented = PresentedKey::parse(&new.token).unwrap();
        assert!(presented.shop == shop && presented.id == new.id);
        assert!(presented.proves(Some(&record)));
        assert!(!presented.proves(None));
        let (other, _) = KeyRecord::make(&shop, &[Scope::Ingest], Day::MIN).unwrap();
        assert!(!PresentedKey::parse(&other.token).unwrap().proves(Some(&record)));
        assert!(!new.token.contains(&record.hash));
    }

    #[test]
    fn what_is_no_key_is_told_before_any_read() {
        let shop: ShopId = "s".parse().unwrap();
        let (new, _) = KeyRecord::make(&shop, &[Scope::Ingest], Day::MIN).unwrap();
        for bad in
            ["", "tcl_", "tcl_s_1_2", &new.token[1..], &format!("{}_x", new.token), &new.token.replace("_s_", "_S_")]
        {
            assert!(PresentedKey::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn admin_opens_everything_and_the_others_themselves() {
        assert!(Scope::ALL.iter().all(|wanted| Scope::Admin.opens(*wanted)));
        assert!(!Scope::Ingest.opens(Scope::Checkout) && !Scope::Checkout.opens(Scope::Admin));
    }
}

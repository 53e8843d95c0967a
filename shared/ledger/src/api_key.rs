//! API keys: `tcl_SHOP_KEYID_SECRET`, of which only the secret's SHA-256 is stored (law 15).

use std::collections::BTreeSet;
use std::fmt;

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

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// SHA-256 of the secret, in hex.
    pub hash: String,
    /// What it opens.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created: Day,
}

/// A key just made: shown once, since its secret is not stored.
#[derive(Clone)]
pub struct NewKey {
    /// Its id.
    pub id: String,
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
    pub id: String,
    secret: String,
}

impl PresentedKey {
    /// Takes a token apart; `None` when it is no key of ours.
    #[must_use]
    pub fn parse(token: &str) -> Option<PresentedKey> {
        let mut parts = token.strip_prefix("tcl_")?.split('_');
        let (shop, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
        let hex = |text: &str, digits| text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit());
        let whole = parts.next().is_none() && hex(id, KEY_ID_DIGITS) && hex(secret, SECRET_DIGITS);
        whole.then_some(PresentedKey { shop: shop.parse().ok()?, id: id.to_owned(), secret: secret.to_owned() })
    }

    /// Is its secret the one of this record? In constant time, and with the same work where there is no record.
    #[must_use]
    pub fn proves(&self, record: Option<&KeyRecord>) -> bool {
        let hash = secret_hash(&self.secret);
        let stored = record.map_or("", |record| record.hash.as_str());
        let expected = if stored.len() == hash.len() { stored } else { NO_HASH };
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
        let (mut id, mut secret) = ([0; KEY_ID_DIGITS / 2], [0; SECRET_DIGITS / 2]);
        getrandom::fill(&mut id)?;
        getrandom::fill(&mut secret)?;
        let (id, secret) = (HEXLOWER.encode(&id), HEXLOWER.encode(&secret));
        let token = format!("tcl_{shop}_{id}_{secret}");
        let record = KeyRecord { hash: secret_hash(&secret), scopes: scopes.iter().copied().collect(), created: today };
        Ok((NewKey { id, scopes: scopes.to_vec(), token }, record))
    }
}

fn secret_hash(secret: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(secret.as_bytes()))
}

impl Ledger {
    /// One GetItem by shop and key id.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn api_key(&self, shop: &ShopId, id: &str) -> Result<Option<KeyRecord>, LedgerError> {
        self.get(&self.tables().shops, &keys::api_key(shop, id), false).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

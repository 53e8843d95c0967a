//! Every key string of the three tables is built here, and every key begins with the shop (law 15), but for the registry.

mod customers;
mod ledger;
mod out;
mod shops;

use std::fmt;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::ids::{CustomerId, ShopId};

pub use customers::*;
pub use ledger::*;
pub use out::*;
pub use shops::*;

/// The deployment's secret under customer keys. It never rotates: a new one would orphan every profile.
#[derive(Clone)]
pub struct KeySecret(Vec<u8>);

impl KeySecret {
    /// Takes the secret's bytes; 32 random ones are right.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> KeySecret {
        KeySecret(bytes.into())
    }

    /// The key of a shop's customer: 128 bits of HMAC-SHA-256 over shop and id, so keys are uniform and tell nothing.
    #[must_use]
    pub fn customer(&self, shop: &ShopId, customer: &CustomerId) -> CustomerKey {
        // A shop's name has no `#`, so the pair cannot be read another way.
        let digest = self.digest(&[shop.as_str().as_bytes(), b"#", customer.as_str().as_bytes()]);
        CustomerKey(HEXLOWER.encode(&digest[..16]))
    }
}

impl KeySecret {
    /// A number that is fixed for customer and series, and tells nothing: it shifts the series' slots (law 12).
    #[must_use]
    pub fn shift(&self, customer: &CustomerKey, series: &str) -> u32 {
        let digest = self.digest(&[b"shift#", customer.0.as_bytes(), b"#", series.as_bytes()]);
        let [a, b, c, d, ..] = digest;
        u32::from_be_bytes([a, b, c, d])
    }

    /// A number, uniform over all of them and fixed for customer, salt and series: it draws the holdout (law 14).
    #[must_use]
    pub fn draw(&self, customer: &CustomerKey, salt: &str, series: &str) -> u32 {
        // The key's length is fixed, so customer and series cannot run into the salt.
        let digest = self.digest(&[b"holdout#", customer.0.as_bytes(), b"#", series.as_bytes(), b"#", salt.as_bytes()]);
        let [a, b, c, d, ..] = digest;
        u32::from_be_bytes([a, b, c, d])
    }

    /// 128 bits that prove that we told this: they stand in links.
    pub(crate) fn proof(&self, told: &[u8]) -> [u8; 16] {
        // No shop's name begins with a `#`, so no customer's id can be chosen such that the key it gets is a proof.
        let [proof @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = self.digest(&[b"#link#", told]);
        proof
    }

    /// What an endpoint's signing secret is in its generation: 256 bits that are stored nowhere.
    pub(crate) fn endpoint(&self, shop: &ShopId, endpoint: &str, generation: u32) -> [u8; 32] {
        // As with links, no shop's name begins with a `#`; and neither a shop's name nor an endpoint's id has one in it.
        let generation = generation.to_be_bytes();
        self.digest(&[b"#endpoint#", shop.as_str().as_bytes(), b"#", endpoint.as_bytes(), b"#", &generation])
    }

    /// The seed of the key that signs a shop's tokens for the edge, or what origin and edge share: 256 bits each that are stored nowhere.
    /// As above, no shop's name begins with a `#` or has one in it.
    pub(crate) fn edge(&self, shop: &ShopId, number: u32, purpose: &str) -> [u8; 32] {
        let number = number.to_be_bytes();
        self.digest(&[b"#edge#", purpose.as_bytes(), b"#", shop.as_str().as_bytes(), b"#", &number])
    }

    /// What seals texts in the store. No shop's name begins with a `#`, as above.
    pub(crate) fn sealing_key(&self) -> [u8; 32] {
        self.digest(&[b"#seal#"])
    }

    fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret")
    }
}

/// A customer's key: 32 small hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = "^[0-9a-f]{32}$")))]
pub struct CustomerKey(String);

impl CustomerKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key modulo 64: which bucket its profile lies in.
    #[must_use]
    pub fn bucket(&self) -> u8 {
        self.modulo(BUCKETS)
    }

    /// The key's 16 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 16] {
        let bits = u128::from_str_radix(&self.0, 16).unwrap_or(0);
        bits.to_be_bytes()
    }

    /// The key of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> CustomerKey {
        CustomerKey(format!("{:032x}", u128::from_be_bytes(bytes)))
    }

    fn modulo(&self, n: u8) -> u8 {
        let last = self.0.get(30..).unwrap_or("0");
        u8::from_str_radix(last, 16).unwrap_or(0) % n
    }

    /// 64 bits of the key that part neither buckets nor shards: those take the first and the last ones.
    #[must_use]
    pub fn middle(&self) -> u64 {
        let middle = self.0.get(8..24).unwrap_or("0");
        u64::from_str_radix(middle, 16).unwrap_or(0)
    }

    /// The key of a text: 32 small hex digits.
    #[must_use]
    pub fn read(text: &str) -> Option<CustomerKey> {
        let is_key = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_key.then(|| CustomerKey::stored(text))
    }

    /// Takes a stored key.
    pub(crate) fn stored(text: &str) -> CustomerKey {
        CustomerKey(text.to_owned())
    }
}

/// Buckets of every shop.
pub const BUCKETS: u8 = 64;
/// Partitions per segment of the audience index.
pub const AUDIENCE_PARTS: u8 = 16;

/// Partition and sort key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

#[cfg(test)]
mod tests {
    use playbook::Holdout;
    use playbook::holdout::EVERYTHING;
    use segmentation::Day;

    use super::*;
    use crate::ids::{OrderId, ReturnId};

    fn shop(name: &str) -> ShopId {
        name.parse().unwrap()
    }

    fn customer(id: &str) -> CustomerId {
        CustomerId::try_from(id.to_owned()).unwrap()
    }

    #[test]
    fn customer_keys_differ_by_shop_customer_and_secret() {
        let secret = KeySecret::new(*b"one");
        let key = secret.customer(&shop("a"), &customer("b"));
        assert_eq!(key.as_str().len(), 32);
        assert_eq!(key, secret.customer(&shop("a"), &customer("b")));
        assert_ne!(key, secret.customer(&shop("b"), &customer("b")));
        assert_ne!(key, secret.customer(&shop("a"), &customer("B")));
        assert_ne!(key, KeySecret::new(*b"two").customer(&shop("a"), &customer("b")));
    }

    #[test]
    fn customers_spread_evenly_over_the_buckets() {
        let secret = KeySecret::new(*b"spread");
        let mut held = [0_u32; 64];
        for n in 0..6_400 {
            held[usize::from(secret.customer(&shop("a"), &customer(&n.to_string())).bucket())] += 1;
        }
        assert!(held.iter().all(|n| (50..160).contains(n)), "{held:?}");
    }

    #[test]
    fn a_series_slots_are_shifted_evenly_over_customers_and_apart_from_other_series() {
        let secret = KeySecret::new(*b"shift");
        let mut shifts = [0_u32; 30];
        let mut same = 0;
        for n in 0..9_000 {
            let key = secret.customer(&shop("a"), &customer(&n.to_string()));
            let (one, other) = (secret.shift(&key, "r2f3m2/bundles"), secret.shift(&key, "r2f3m2/gamification"));
            shifts[(one % 30) as usize] += 1;
            same += u32::from(one % 30 == other % 30);
        }
        assert!(shifts.iter().all(|n| (230..370).contains(n)), "{shifts:?}");
        assert!((230..370).contains(&same), "{same}");
    }

    #[test]
    fn a_holdout_draws_its_share_for_good_and_apart_from_series_and_salts() {
        let secret = KeySecret::new(*b"draw");
        let held = |percent, customer: &CustomerKey, salt: &str, series: &str| {
            Holdout { percent, ..Holdout::default() }.takes(EVERYTHING, secret.draw(customer, salt, series))
        };
        let (mut tenth, mut both_series, mut both_salts) = (0, 0, 0);
        for n in 0..20_000 {
            let key = secret.customer(&shop("a"), &customer(&n.to_string()));
            let drawn = held(10, &key, "", EVERYTHING);
            assert_eq!(drawn, held(10, &key, "", EVERYTHING));
            assert!(!drawn || held(20, &key, "", EVERYTHING), "a larger share keeps whom the smaller one held out");
            assert!(!held(0, &key, "", EVERYTHING));
            tenth += u32::from(drawn);
            both_series += u32::from(drawn && held(10, &key, "", "r2f3m2/bundles"));
            both_salts += u32::from(drawn && held(10, &key, "spring", EVERYTHING));
        }
        // Of 20,000: 2,000 and 200, give or take four standard deviations.
        assert!((1_830..=2_170).contains(&tenth), "{tenth}");
        assert!((144..=256).contains(&both_series), "{both_series}");
        assert!((144..=256).contains(&both_salts), "{both_salts}");
    }

    #[test]
    fn fresher_labels_sort_first() {
        let key = KeySecret::new(*b"x").customer(&shop("a"), &customer("b"));
        let on = |day| audience_order(Day::from_epoch_days(day), &key);
        assert!(on(20_001) < on(20_000));
        assert_eq!(on(0).len(), on(2_932_896).len());
    }

    #[test]
    fn no_id_escapes_its_part_of_a_key() {
        let order = OrderId::try_from("x#head".to_owned()).unwrap();
        assert_eq!(head(&shop("a"), &order).pk.matches('#').count(), 2);
        let long = OrderId::try_from("é".repeat(127)).unwrap();
        let back = ReturnId::try_from("ü".repeat(127)).unwrap();
        let key = KeySecret::new(*b"x").customer(&shop("a"), &customer("b"));
        assert!(return_of(&shop("a"), &key, &long, &back).sk.len() <= 1024);
    }
}

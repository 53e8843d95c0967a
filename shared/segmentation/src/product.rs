//! A product as profiles remember it: 48 bits of its id's hash, as a basket of ids would outgrow the profile.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The first 48 bits of SHA-256 over a product's id. Among 100,000 products two share a key once in 56,000 shops.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProductKey(u64);

impl ProductKey {
    /// Bytes of a packed key.
    pub const BYTES: usize = 6;

    /// The key of a product's id, as the shop sends it.
    #[must_use]
    pub fn of(id: &str) -> ProductKey {
        let mut bytes = [0; ProductKey::BYTES];
        bytes.copy_from_slice(&Sha256::digest(id.as_bytes())[..ProductKey::BYTES]);
        ProductKey::from_bytes(bytes)
    }

    /// Packed, most significant byte first: keys sort as their bytes do.
    #[must_use]
    pub fn to_bytes(self) -> [u8; ProductKey::BYTES] {
        let [_, _, bytes @ ..] = self.0.to_be_bytes();
        bytes
    }

    /// Unpacks.
    #[must_use]
    pub fn from_bytes(bytes: [u8; ProductKey::BYTES]) -> ProductKey {
        let [a, b, c, d, e, f] = bytes;
        ProductKey(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    /// The key as a number below 2^48.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for ProductKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_head_of_the_ids_hash_and_packs_into_six_bytes() {
        // SHA-256("abc") begins ba7816bf 8f01.
        let key = ProductKey::of("abc");
        assert_eq!(format!("{key:?}"), "ba7816bf8f01");
        assert_eq!(key.to_bytes(), [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01]);
        assert_eq!(ProductKey::from_bytes(key.to_bytes()), key);
        assert_ne!(ProductKey::of("abd"), key);
    }
}

//! Keys of both sides. Each has a number, which its tokens name: an edge that has the present one and the next goes on opening tokens
//! when the origin changes.

use std::fmt;

use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use ed25519_dalek::{SigningKey, VerifyingKey};

/// What the origin has: it makes tokens.
#[derive(Clone)]
pub struct OriginKey {
    number: u32,
    pub(crate) signing: SigningKey,
    sealing: [u8; 32],
}

impl OriginKey {
    /// Takes the seed of the signing key and the key that is shared with the edge: 32 random bytes each.
    #[must_use]
    pub fn new(number: u32, seed: [u8; 32], sealing: [u8; 32]) -> OriginKey {
        OriginKey { number, signing: SigningKey::from_bytes(&seed), sealing }
    }

    /// Which one it is.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// What the edge is given of it: nothing that makes a token.
    #[must_use]
    pub fn for_edge(&self) -> EdgeKey {
        EdgeKey { number: self.number, verifying: self.signing.verifying_key(), sealing: self.sealing }
    }

    pub(crate) fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.sealing.into())
    }
}

impl fmt::Debug for OriginKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OriginKey({})", self.number)
    }
}

/// What the edge has: it opens tokens, and cannot make one.
#[derive(Clone)]
pub struct EdgeKey {
    number: u32,
    pub(crate) verifying: VerifyingKey,
    sealing: [u8; 32],
}

impl EdgeKey {
    /// Takes a public key and the key that is shared with the origin, 32 bytes each; `None` where the first is no public key.
    #[must_use]
    pub fn new(number: u32, public: &[u8; 32], sealing: [u8; 32]) -> Option<EdgeKey> {
        Some(EdgeKey { number, verifying: VerifyingKey::from_bytes(public).ok()?, sealing })
    }

    /// Which one it is.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.verifying.to_bytes()
    }

    /// The key that is shared with the origin.
    #[must_use]
    pub fn sealing(&self) -> [u8; 32] {
        self.sealing
    }

    pub(crate) fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.sealing.into())
    }
}

impl fmt::Debug for EdgeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EdgeKey({})", self.number)
    }
}

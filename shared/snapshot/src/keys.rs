//! Keys of both sides. Of each there may be two: the current one makes tokens, both open them, so that a change ends no session.

use std::fmt;

use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use ed25519_dalek::{SigningKey, VerifyingKey};

/// The key that origin and edge share, and the one before it.
#[derive(Clone)]
pub struct Sealing {
    current: [u8; 32],
    previous: Option<[u8; 32]>,
}

impl Sealing {
    /// Takes 32 random bytes each.
    #[must_use]
    pub fn new(current: [u8; 32], previous: Option<[u8; 32]>) -> Sealing {
        Sealing { current, previous }
    }

    pub(crate) fn current(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.current.into())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = XChaCha20Poly1305> {
        [Some(self.current), self.previous].into_iter().flatten().map(|key| XChaCha20Poly1305::new(&key.into()))
    }
}

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealing")
    }
}

/// What the origin has: it makes tokens.
#[derive(Clone)]
pub struct OriginKeys {
    pub(crate) signing: SigningKey,
    previous: Option<VerifyingKey>,
    pub(crate) sealing: Sealing,
}

impl OriginKeys {
    /// Takes the seeds of the signing keys, 32 random bytes each, and the sealing keys.
    #[must_use]
    pub fn new(seed: [u8; 32], previous: Option<[u8; 32]>, sealing: Sealing) -> OriginKeys {
        let previous = previous.map(|seed| SigningKey::from_bytes(&seed).verifying_key());
        OriginKeys { signing: SigningKey::from_bytes(&seed), previous, sealing }
    }

    /// What the edge is given of them: nothing that makes a token.
    #[must_use]
    pub fn for_edge(&self) -> EdgeKeys {
        EdgeKeys { current: self.signing.verifying_key(), previous: self.previous, sealing: self.sealing.clone() }
    }
}

impl fmt::Debug for OriginKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OriginKeys")
    }
}

/// What the edge has: it opens tokens, and cannot make one.
#[derive(Clone, Debug)]
pub struct EdgeKeys {
    current: VerifyingKey,
    previous: Option<VerifyingKey>,
    pub(crate) sealing: Sealing,
}

impl EdgeKeys {
    /// Takes public keys of 32 bytes and the sealing keys; `None` where one is no public key.
    #[must_use]
    pub fn new(current: &[u8; 32], previous: Option<&[u8; 32]>, sealing: Sealing) -> Option<EdgeKeys> {
        let current = VerifyingKey::from_bytes(current).ok()?;
        let previous = previous.map(VerifyingKey::from_bytes).transpose().ok()?;
        Some(EdgeKeys { current, previous, sealing })
    }

    /// The public key that the current tokens are signed for.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.current.to_bytes()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &VerifyingKey> {
        [Some(&self.current), self.previous.as_ref()].into_iter().flatten()
    }
}

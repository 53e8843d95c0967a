//! Texts that the store keeps and must give back, sealed: a table, a backup or an export tells nothing of them without the
//! deployment's secret.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::keys::KeySecret;
use crate::store::Ledger;

/// Bytes of a nonce; long enough that random ones do not meet.
const NONCE: usize = 24;

/// A sealed text: base64 of a random nonce and of what XChaCha20-Poly1305 made of the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Sealed(String);

impl Ledger {
    /// Seals a text of a function's own, such as a session, for a purpose: what is sealed for one does not open for another. The answer is
    /// fit for a cookie and a path.
    ///
    /// # Errors
    /// [`LedgerError`] where there is no randomness.
    pub fn seal(&self, purpose: &str, text: &str) -> Result<String, LedgerError> {
        let Sealed(sealed) = self.inner.secrets.keys.seal(&own(purpose), text)?;
        Ok(sealed.replace('+', "-").replace('/', "_"))
    }

    /// The text again; `None`: it was not sealed here for this purpose.
    #[must_use]
    pub fn open_sealed(&self, purpose: &str, sealed: &str) -> Option<String> {
        let sealed = Sealed(sealed.replace('-', "+").replace('_', "/"));
        self.inner.secrets.keys.unseal(&own(purpose), &sealed).ok()
    }
}

/// No shop's name has a space, so no place of a shop's is one of these.
fn own(purpose: &str) -> String {
    format!("for {purpose}")
}

impl KeySecret {
    /// Seals a text for one place: what is moved to another place does not open there.
    pub(crate) fn seal(&self, place: &str, text: &str) -> Result<Sealed, LedgerError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(LedgerError::damaged)?;
        let payload = Payload { msg: text.as_bytes(), aad: place.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).map_err(LedgerError::damaged)?;
        Ok(Sealed(BASE64.encode(&[&nonce[..], &sealed].concat())))
    }

    /// The text again.
    pub(crate) fn unseal(&self, place: &str, sealed: &Sealed) -> Result<String, LedgerError> {
        let damaged = || LedgerError::damaged("a sealed text does not open: another secret, or it was moved");
        let bytes = BASE64.decode(sealed.0.as_bytes()).map_err(LedgerError::damaged)?;
        let (nonce, rest) = bytes.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
        let payload = Payload { msg: rest, aad: place.as_bytes() };
        let text = self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| damaged())?;
        String::from_utf8(text).map_err(LedgerError::damaged)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.sealing_key().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_place_under_its_secret_and_nowhere_else() {
        let secret = KeySecret::new(*b"one");
        let sealed = secret.seal("acme#hook", "shpss_123").unwrap();
        assert_eq!(secret.unseal("acme#hook", &sealed).unwrap(), "shpss_123");
        assert!(secret.unseal("other#hook", &sealed).is_err());
        assert!(KeySecret::new(*b"two").unseal("acme#hook", &sealed).is_err());
        assert!(!sealed.0.contains("shpss"));
        assert_ne!(secret.seal("acme#hook", "shpss_123").unwrap(), sealed, "each time another nonce");
        for broken in ["", "AAAA", &sealed.0[4..]] {
            assert!(secret.unseal("acme#hook", &Sealed(broken.to_owned())).is_err(), "{broken}");
        }
    }
}

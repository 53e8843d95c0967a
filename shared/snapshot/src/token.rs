//! Making a token and opening it.

use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead, Payload};
use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signature, Signer};

use crate::claims::{Claims, MAX_BODY};
use crate::keys::{EdgeKeys, OriginKeys};

/// The most characters of a token; what is longer is not looked at.
pub const MAX_TOKEN: usize = 3_400;
/// Bytes of a nonce: long enough that random ones do not meet.
pub const NONCE: usize = 24;
/// Random bytes, other ones for each token.
pub type Nonce = [u8; NONCE];

const PREFIX: &str = "ts1.";
/// Stands before what is signed and beside what is sealed, so that neither key's other uses, nor another version's tokens, are taken
/// for these.
const PURPOSE: &[u8] = b"tercile snapshot 1";

/// Why no token can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotMade {
    /// The body does not fit.
    #[error("the body has {0} bytes, at most {MAX_BODY} fit")]
    TooLarge(usize),
    /// The shop's name does not fit.
    #[error("the shop's name has 1 to 255 bytes")]
    Shop,
    /// It would be over before it began.
    #[error("the expiry is not after the issue")]
    Times,
    /// The cipher failed.
    #[error("the token could not be sealed")]
    Cipher,
}

/// Why a token is worth nothing. Who sends it is not told which: all of them are no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No token's form, or longer than [`MAX_TOKEN`].
    #[error("is no token")]
    Form,
    /// It does not open: broken off, changed, or sealed by somebody else.
    #[error("does not open")]
    NotSealedByUs,
    /// It opens, and was not signed by the origin.
    #[error("is not signed by the origin")]
    NotSigned,
    /// It is another shop's.
    #[error("is another shop's")]
    OtherShop,
    /// It says that it was made later than now, by more than clocks differ.
    #[error("is not issued yet")]
    NotYet,
    /// It is genuine and over; only the origin may answer from it.
    #[error("is over")]
    Expired(Box<Claims>),
}

/// How far the clocks of origin and edge may differ, in seconds.
const SKEW: i64 = 60;

/// Makes a token.
///
/// # Errors
/// [`NotMade`] where it cannot say what it should.
pub fn seal(claims: &Claims, keys: &OriginKeys, nonce: Nonce) -> Result<String, NotMade> {
    let mut text = claims.to_bytes()?;
    let signature = keys.signing.sign(&purposed(&text));
    text.extend(signature.to_bytes());
    let payload = Payload { msg: &text, aad: PURPOSE };
    let sealed = keys.sealing.current().encrypt(&XNonce::from(nonce), payload).map_err(|_| NotMade::Cipher)?;
    Ok(format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&[&nonce[..], &sealed].concat())))
}

/// What a token says, if the origin made it for this shop, and `now`, in seconds since 1970, it still counts.
///
/// # Errors
/// [`Refused`]; what is genuine and over brings its claims.
pub fn open(token: &str, keys: &EdgeKeys, shop: &str, now: i64) -> Result<Claims, Refused> {
    if token.len() > MAX_TOKEN {
        return Err(Refused::Form);
    }
    let bytes = token.strip_prefix(PREFIX).and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok());
    let bytes = bytes.ok_or(Refused::Form)?;
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or(Refused::Form)?;
    let nonce = XNonce::from(*nonce);
    let unsealed = |cipher: chacha20poly1305::XChaCha20Poly1305| {
        cipher.decrypt(&nonce, Payload { msg: sealed, aad: PURPOSE }).ok()
    };
    let text = keys.sealing.all().find_map(unsealed).ok_or(Refused::NotSealedByUs)?;
    let (text, signature) = text.split_last_chunk::<{ Signature::BYTE_SIZE }>().ok_or(Refused::NotSigned)?;
    let (signed, signature) = (purposed(text), Signature::from_bytes(signature));
    if !keys.all().any(|key| key.verify_strict(&signed, &signature).is_ok()) {
        return Err(Refused::NotSigned);
    }
    let claims = Claims::of_bytes(text).ok_or(Refused::NotSigned)?;
    if claims.shop != shop {
        return Err(Refused::OtherShop);
    }
    if claims.issued > now.saturating_add(SKEW) {
        return Err(Refused::NotYet);
    }
    if claims.expires <= now {
        return Err(Refused::Expired(Box::new(claims)));
    }
    Ok(claims)
}

fn purposed(text: &[u8]) -> Vec<u8> {
    [PURPOSE, text].concat()
}

//! Making a token and opening it.

use base64ct::{Base64UrlUnpadded, Encoding};
use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead, Payload};
use ed25519_dalek::{Signature, Signer};

use crate::claims::{Claims, MAX_BODY};
use crate::keys::{EdgeKey, OriginKey};

/// The most characters of a token; what is longer is not looked at.
pub const MAX_TOKEN: usize = 3_000;
/// Bytes of a nonce: long enough that random ones do not meet.
pub const NONCE: usize = 24;
/// Random bytes, other ones for each token.
pub type Nonce = [u8; NONCE];

const PREFIX: &str = "ts1";
/// The longest name of a shop.
const MAX_SHOP: usize = 40;
/// Stands before what is signed and beside what is sealed, so that neither key's other uses, nor another version's tokens, are taken
/// for these.
const PURPOSE: &str = "tercile snapshot 1 ";

/// Why no token can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotMade {
    /// The body does not fit.
    #[error("the body has {0} bytes, at most {MAX_BODY} fit")]
    TooLarge(usize),
    /// The shop's name does not fit.
    #[error("the shop's name has 1 to {MAX_SHOP} letters, figures and hyphens")]
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
    /// It is another shop's, or says so.
    #[error("is another shop's")]
    OtherShop,
    /// No key has its number.
    #[error("is of no key of ours")]
    OtherKey,
    /// It does not open: broken off, changed, or sealed by somebody else.
    #[error("does not open")]
    NotSealedByUs,
    /// It opens, and was not signed by the origin.
    #[error("is not signed by the origin")]
    NotSigned,
    /// It says that it was made later than now, by more than clocks differ.
    #[error("is not issued yet")]
    NotYet,
    /// It is genuine and over; only the origin may answer from it.
    #[error("is over")]
    Expired(Box<Claims>),
}

/// How far the clocks of origin and edge may differ, in seconds.
const SKEW: i64 = 60;

/// What of a token can be read without a key, and proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label<'a> {
    /// Of which shop it says that it is.
    pub shop: &'a str,
    /// And of which key.
    pub key: u32,
    /// Both, as they stand before the rest.
    head: &'a str,
    sealed: &'a str,
}

impl<'a> Label<'a> {
    /// Reads it; `None`: this is no token's form.
    #[must_use]
    pub fn of(token: &'a str) -> Option<Label<'a>> {
        (token.len() <= MAX_TOKEN).then_some(())?;
        let (head, sealed) = token.rsplit_once('.')?;
        let (prefix, named) = head.split_once('.')?;
        let (shop, number) = named.split_once('.')?;
        let key: u32 = number.parse().ok()?;
        // A number has one spelling.
        (prefix == PREFIX && is_shop(shop) && key.to_string() == number).then_some(Label { shop, key, head, sealed })
    }
}

fn is_shop(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_SHOP).contains(&name.len()) && name.bytes().all(plain)
}

/// Makes a shop's token.
///
/// # Errors
/// [`NotMade`] where it cannot say what it should.
pub fn seal(shop: &str, claims: &Claims, key: &OriginKey, nonce: Nonce) -> Result<String, NotMade> {
    if !is_shop(shop) {
        return Err(NotMade::Shop);
    }
    let head = format!("{PREFIX}.{shop}.{}", key.number());
    let mut text = claims.to_bytes()?;
    let signature = key.signing.sign(&purposed(&head, &text));
    text.extend(signature.to_bytes());
    let payload = Payload { msg: &text, aad: &purposed(&head, &[]) };
    let sealed = key.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_| NotMade::Cipher)?;
    Ok(format!("{head}.{}", Base64UrlUnpadded::encode_string(&[&nonce[..], &sealed].concat())))
}

/// What a token says, if the origin made it for this shop, and `now`, in seconds since 1970, it still counts.
///
/// # Errors
/// [`Refused`]; what is genuine and over brings its claims.
pub fn open(token: &str, keys: &[EdgeKey], shop: &str, now: i64) -> Result<Claims, Refused> {
    let label = Label::of(token).ok_or(Refused::Form)?;
    if label.shop != shop {
        return Err(Refused::OtherShop);
    }
    let key = keys.iter().find(|key| key.number() == label.key).ok_or(Refused::OtherKey)?;
    let bytes = Base64UrlUnpadded::decode_vec(label.sealed).map_err(|_| Refused::Form)?;
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or(Refused::Form)?;
    let payload = Payload { msg: sealed, aad: &purposed(label.head, &[]) };
    let text = key.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| Refused::NotSealedByUs)?;
    let (text, signature) = text.split_last_chunk::<{ Signature::BYTE_SIZE }>().ok_or(Refused::NotSigned)?;
    let signature = Signature::from_bytes(signature);
    key.verifying.verify_strict(&purposed(label.head, text), &signature).map_err(|_| Refused::NotSigned)?;
    let claims = Claims::of_bytes(text).ok_or(Refused::NotSigned)?;
    if claims.issued > now.saturating_add(SKEW) {
        return Err(Refused::NotYet);
    }
    if claims.expires <= now {
        return Err(Refused::Expired(Box::new(claims)));
    }
    Ok(claims)
}

fn purposed(head: &str, text: &[u8]) -> Vec<u8> {
    [PURPOSE.as_bytes(), head.as_bytes(), b"#", text].concat()
}

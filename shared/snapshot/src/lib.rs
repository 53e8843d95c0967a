//! The token that a shop's page carries to the edge: signed by the origin (Ed25519), so that the edge can check and cannot mint, then
//! sealed (XChaCha20-Poly1305) under a key that origin and edge share, since it may hold a reward's code. Pure: time, keys and
//! the nonce are brought by who calls.
//!
//! `ts1.` and base64url without padding of: a nonce of 24 bytes, then the sealed text of issue and expiry (seconds since 1970, 8
//! bytes each, big-endian), the shop's name behind its length in one byte, the body, and the signature's 64 bytes over all before it.

mod claims;
mod keys;
mod token;

pub use claims::{Claims, MAX_BODY};
pub use keys::{EdgeKeys, OriginKeys, Sealing};
pub use token::{MAX_TOKEN, NONCE, Nonce, NotMade, Refused, open, seal};

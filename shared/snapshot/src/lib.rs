//! The token that a shop's page carries to the edge: signed by the origin (Ed25519), so that the edge can check and cannot mint, then
//! sealed (XChaCha20-Poly1305) under a key that origin and edge share, since it may hold a reward's code. What it says of a customer
//! ([`Snapshot`]) is enough to decide on offers for them without a database, on every day of its life. Pure: time, keys and the
//! nonce are brought by who calls.
//!
//! `ts1`, the shop's name, the key's number, and base64url without padding, with points between them. The last is of a nonce of 24
//! bytes, then the sealed text of issue and expiry (seconds since 1970, 8 bytes each, big-endian), the body, and the signature's 64
//! bytes over what stands before the last point, `#`, and all before it.

mod bundle;
mod claims;
mod document;
mod keys;
mod snapshot;
mod token;
mod wire;

pub use bundle::Bundle;
pub use claims::{Claims, MAX_BODY};
pub use document::{Answer, Asked, Source, Terms, answer, document, public_answer, public_document};
pub use keys::{EdgeKey, OriginKey};
pub use snapshot::{MOST_PRODUCTS, Offset, SeriesKey, SeriesKnown, Snapshot, TermsVersion, day_of, filled};
pub use token::{Label, MAX_TOKEN, NONCE, Nonce, NotMade, Refused, open, seal};

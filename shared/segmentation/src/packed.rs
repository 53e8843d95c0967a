//! Small lists as bytes: variable-length integers and texts, for what a profile keeps in large numbers.

use serde::{Deserializer, Serializer};

/// The bytes are not what was packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("packed bytes are damaged at byte {0}")]
pub struct Damaged(pub usize);

/// What is stored as bytes. Equal values have equal bytes.
pub(crate) trait Packed: Sized {
    /// What the bytes are, for errors.
    const NAME: &'static str;

    /// Packs.
    fn to_bytes(&self) -> Vec<u8>;

    /// Unpacks.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged>;
}

/// 7 bits a byte, low bits first; the high bit says that more follow.
pub(crate) fn put_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// A text with its length in bytes before it.
pub(crate) fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_varint(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

/// Reads packed bytes from the front.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Begins after the format byte, which must be `format`.
    pub(crate) fn of_format(bytes: &'a [u8], format: u8) -> Result<Reader<'a>, Damaged> {
        if bytes.first() == Some(&format) { Ok(Reader { bytes, at: 1 }) } else { Err(Damaged(0)) }
    }

    /// Where it stands.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Is all read?
    pub(crate) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// A number below 2^63.
    pub(crate) fn varint(&mut self) -> Result<u64, Damaged> {
        let mut value = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or(Damaged(self.at))?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Damaged(self.at))
    }

    /// A number of a smaller type.
    pub(crate) fn number<T: TryFrom<u64>>(&mut self) -> Result<T, Damaged> {
        let start = self.at;
        T::try_from(self.varint()?).map_err(|_| Damaged(start))
    }

    /// So many bytes.
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Damaged> {
        let end = self.at.checked_add(len).ok_or(Damaged(self.at))?;
        let taken = self.bytes.get(self.at..end).ok_or(Damaged(self.at))?;
        self.at = end;
        Ok(taken)
    }

    /// A text.
    pub(crate) fn text(&mut self) -> Result<String, Damaged> {
        let start = self.at;
        let len = self.number()?;
        let text = std::str::from_utf8(self.take(len)?).map_err(|_| Damaged(start))?;
        Ok(text.to_owned())
    }
}

/// For `serde(with)` and hand-written impls: bytes out.
pub(crate) fn serialize<P: Packed, S: Serializer>(value: &P, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(&value.to_bytes())
}

/// Bytes in.
pub(crate) fn deserialize<'de, P: Packed, D: Deserializer<'de>>(deserializer: D) -> Result<P, D::Error> {
    struct Bytes<P>(std::marker::PhantomData<P>);
    impl<P: Packed> serde::de::Visitor<'_> for Bytes<P> {
        type Value = P;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(P::NAME)
        }

        fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<P, E> {
            P::from_bytes(bytes).map_err(E::custom)
        }
    }
    deserializer.deserialize_bytes(Bytes(std::marker::PhantomData))
}

/// Serialize and Deserialize of a packed type.
macro_rules! serde_as_bytes {
    ($name:ty) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::packed::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                $crate::packed::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use serde_as_bytes;

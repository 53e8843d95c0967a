//! Ids as 64-bit numbers: a whole number stands for itself, any other text for its place in a table.
//!
//! Identity is exact: texts are compared byte for byte, a hash only finds where to look. `7` is a number and `007` a text, so
//! they are two ids.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::error::Problem;

/// An id in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(pub(crate) u64);

impl Id {
    /// No id: an empty cell. It is no number that `number_of` reads.
    pub(crate) const NONE: Id = Id(Id::INTERNED - 1);
    const INTERNED: u64 = 1 << 63;

    /// Does it stand for a text in the table?
    pub(crate) fn interned(self) -> Option<u64> {
        (self.0 & Id::INTERNED != 0).then_some(self.0 & !Id::INTERNED)
    }

    pub(crate) fn of_interned(place: u64) -> Id {
        Id(place | Id::INTERNED)
    }
}

/// The number that a text spells in the one way a number is written: digits, at most 18, without leading zeros.
pub(crate) fn number_of(text: &[u8]) -> Option<u64> {
    let plain = match text {
        [] => false,
        [b'0', rest @ ..] => rest.is_empty(),
        _ => text.len() <= 18 && text.iter().all(u8::is_ascii_digit),
    };
    plain.then(|| text.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

/// An id as the file has it. Numbers are digits without leading zeros, at most 18 of them; everything else is text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CustomerId<'a> {
    /// A whole number.
    Number(u64),
    /// Any other text.
    Text(&'a str),
}

impl fmt::Display for CustomerId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CustomerId::Number(number) => number.fmt(f),
            CustomerId::Text(text) => f.pad(text),
        }
    }
}

const SHARDS: usize = 64;

/// The texts that are no numbers, each kept once. Threads share it: a shard is locked for one look-up.
pub(crate) struct Names {
    hasher: DefaultHashBuilder,
    shards: Vec<Mutex<Shard>>,
    longest: usize,
}

#[derive(Default)]
struct Shard {
    table: HashTable<u32>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Shard {
    fn text(&self, n: u32) -> &[u8] {
        let n = n as usize;
        let start = if n == 0 { 0 } else { self.ends[n - 1] };
        &self.bytes[start..self.ends[n]]
    }
}

impl Names {
    /// An empty table of texts of at most `longest` bytes.
    pub(crate) fn new(longest: usize) -> Names {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Names { hasher: DefaultHashBuilder::default(), shards, longest }
    }

    /// The id of a text, new or seen before.
    pub(crate) fn id(&self, text: &[u8]) -> Result<Id, Problem> {
        match number_of(text) {
            Some(number) => Ok(Id(number)),
            None if text.is_empty() => Ok(Id::NONE),
            None => self.interned(text),
        }
    }

    fn interned(&self, text: &[u8]) -> Result<Id, Problem> {
        let hash = self.hasher.hash_one(text);
        // The table itself uses the hash's top and bottom bits: take the shard from between.
        let at = (hash >> 40) as usize % SHARDS;
        // A panic elsewhere ends the reading anyway; the table is whole between look-ups.
        let mut shard = self.shards[at].lock().unwrap_or_else(PoisonError::into_inner);
        let Shard { table, bytes, ends } = &mut *shard;
        let start = |n: usize| if n == 0 { 0 } else { ends[n - 1] };
        let found = table.find(hash, |n| &bytes[start(*n as usize)..ends[*n as usize]] == text);
        let place = match found {
            Some(place) => *place,
            None => {
                if text.len() > self.longest {
                    return Err(Problem::TooLong(self.longest));
                }
                if std::str::from_utf8(text).is_err() {
                    return Err(Problem::NotUtf8);
                }
                let place = u32::try_from(ends.len()).map_err(|_| Problem::TooLong(self.longest))?;
                bytes.extend_from_slice(text);
                ends.push(bytes.len());
                table.insert_unique(hash, place, |n| {
                    let n = *n as usize;
                    let start = if n == 0 { 0 } else { ends[n - 1] };
                    self.hasher.hash_one(&bytes[start..ends[n]])
                });
                place
            }
        };
        Ok(Id::of_interned(u64::from(place) * SHARDS as u64 + at as u64))
    }

    /// Above every place of an interned text.
    pub(crate) fn places(&self) -> u64 {
        let most = |shard: &Mutex<Shard>| shard.lock().unwrap_or_else(PoisonError::into_inner).ends.len();
        self.shards.iter().map(most).max().unwrap_or(0) as u64 * SHARDS as u64
    }

    /// The table for reading only.
    pub(crate) fn close(self) -> Texts {
        Texts(self.shards.into_iter().map(|s| s.into_inner().unwrap_or_else(PoisonError::into_inner)).collect())
    }
}

/// The texts of ids, once no more are added.
pub(crate) struct Texts(Vec<Shard>);

impl Texts {
    /// The id as the file has it.
    pub(crate) fn show(&self, id: Id) -> CustomerId<'_> {
        match id.interned() {
            None => CustomerId::Number(id.0),
            // Checked when it was taken in.
            Some(place) => CustomerId::Text(std::str::from_utf8(self.bytes(place)).unwrap_or_default()),
        }
    }

    /// Gives the bytes of an id as the file has it to `take`.
    pub(crate) fn with_bytes<T>(&self, id: Id, take: impl FnOnce(&[u8]) -> T) -> T {
        match id.interned() {
            None => take(id.0.to_string().as_bytes()),
            Some(place) => take(self.bytes(place)),
        }
    }

    fn bytes(&self, place: u64) -> &[u8] {
        let (at, n) = (place as usize % SHARDS, place as usize / SHARDS);
        self.0.get(at).map_or(&[], |shard| shard.text(u32::try_from(n).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_for_itself_only_in_its_one_spelling() {
        assert_eq!(number_of(b"0"), Some(0));
        assert_eq!(number_of(b"31198705046"), Some(31_198_705_046));
        assert_eq!(number_of(b"999999999999999999"), Some(999_999_999_999_999_999));
        for text in ["", "007", "00", "-1", "+1", "1.0", " 1", "1000000000000000000", "12a"] {
            assert_eq!(number_of(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn equal_texts_have_one_id_and_give_their_text_back() {
        let names = Names::new(255);
        let texts: Vec<String> =
            (0..5_000).map(|n| format!("00{n}")).chain((0..5_000).map(|n| n.to_string())).collect();
        let ids: Vec<Id> = texts.iter().map(|text| names.id(text.as_bytes()).unwrap()).collect();
        let again: Vec<Id> = texts.iter().map(|text| names.id(text.as_bytes()).unwrap()).collect();
        assert_eq!(ids, again);
        assert!(ids.iter().filter_map(|id| id.interned()).all(|place| place < names.places()));
        let distinct: std::collections::HashSet<Id> = ids.iter().copied().collect();
        assert_eq!(distinct.len(), 10_000);
        let texts_again = names.close();
        for (id, text) in ids.iter().zip(&texts) {
            assert_eq!(&texts_again.show(*id).to_string(), text);
        }
    }

    #[test]
    fn what_is_too_long_or_no_text_is_refused() {
        let names = Names::new(255);
        assert_eq!(names.id(&[b'x'; 256]), Err(Problem::TooLong(255)));
        assert_eq!(names.id(b"caf\xE9"), Err(Problem::NotUtf8));
        assert_eq!(names.id(b""), Ok(Id::NONE));
    }
}

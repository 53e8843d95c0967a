//! The last few moves of a customer, packed in about a dozen bytes each where they are stored.

use serde::{Deserialize, Serialize};

use crate::cuts::Activation;
use crate::day::Day;
use crate::label::{Cause, Move, Step};
use crate::packed::{Damaged, Packed, Reader, put_varint};
use crate::segment::Place;

/// A move with the profile version of its transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VersionedMove {
    /// The profile's version after the transaction.
    pub version: u64,
    /// The move.
    #[serde(flatten)]
    pub moved: Move,
}

/// The last few moves, oldest first, and how many older ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecentMoves {
    /// How many older moves the list no longer holds; the ledger has them.
    pub dropped: u64,
    /// At most [`RecentMoves::MAX`].
    pub list: Vec<VersionedMove>,
}

impl RecentMoves {
    /// How many are kept.
    pub const MAX: usize = 8;

    /// The bytes as which they are stored.
    #[must_use]
    pub fn packed(&self) -> Vec<u8> {
        self.to_bytes()
    }

    /// Appends a move of a later version.
    pub fn push(&mut self, moved: VersionedMove) {
        self.list.push(moved);
        if self.list.len() > RecentMoves::MAX {
            self.list.remove(0);
            self.dropped += 1;
        }
    }
}

impl Packed for RecentMoves {
    const NAME: &'static str = "packed moves";

    /// A format byte, how many were dropped, then per move: version, day since 1970 (zigzag), activation, how many steps; per
    /// step: where from and where to by their index, and the cause.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        put_varint(&mut bytes, self.dropped);
        for VersionedMove { version, moved } in &self.list {
            put_varint(&mut bytes, *version);
            let day = i64::from(moved.day.epoch_days());
            put_varint(&mut bytes, ((day << 1) ^ (day >> 63)) as u64);
            put_varint(&mut bytes, moved.activation.0.into());
            put_varint(&mut bytes, moved.steps.len() as u64);
            for Step { from, to, cause } in &moved.steps {
                put_varint(&mut bytes, from.index() as u64);
                put_varint(&mut bytes, to.index() as u64);
                put_varint(&mut bytes, cause.number());
            }
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<RecentMoves, Damaged> {
        let mut reader = Reader::of_format(bytes, FORMAT)?;
        let mut moves = RecentMoves { dropped: reader.varint()?, list: Vec::new() };
        while !reader.is_at_end() {
            let version = reader.varint()?;
            let day = reader.varint()?;
            let day = Day::from_epoch_days((day >> 1) as i64 ^ -((day & 1) as i64));
            let activation = Activation(reader.number()?);
            let count: usize = reader.number()?;
            let steps = (0..count).map(|_| step(&mut reader)).collect::<Result<_, _>>()?;
            moves.list.push(VersionedMove { version, moved: Move { day, activation, steps } });
        }
        Ok(moves)
    }
}

const FORMAT: u8 = 1;

fn step(reader: &mut Reader<'_>) -> Result<Step, Damaged> {
    let known = |reader: &mut Reader<'_>| {
        let at = reader.at();
        let index: usize = reader.number()?;
        Place::all().nth(index).ok_or(Damaged(at))
    };
    let (from, to) = (known(reader)?, known(reader)?);
    let at = reader.at();
    let cause = Cause::numbered(reader.varint()?).ok_or(Damaged(at))?;
    Ok(Step { from, to, cause })
}

/// For `serde(with)`: as bytes, and read also as the list of maps that it was once stored as.
pub mod stored {
    use std::fmt;

    use serde::de::value::MapAccessDeserializer;
    use serde::de::{Error, MapAccess, Visitor};
    use serde::{Deserialize, Deserializer, Serializer};

    use super::RecentMoves;
    use crate::packed::{self, Packed};

    /// Writes bytes.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(moves: &RecentMoves, serializer: S) -> Result<S::Ok, S::Error> {
        packed::serialize(moves, serializer)
    }

    /// Reads bytes, or the list.
    ///
    /// # Errors
    /// When it is neither.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RecentMoves, D::Error> {
        deserializer.deserialize_any(Either)
    }

    struct Either;

    impl<'de> Visitor<'de> for Either {
        type Value = RecentMoves;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(RecentMoves::NAME)
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<RecentMoves, E> {
            RecentMoves::from_bytes(bytes).map_err(E::custom)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RecentMoves, A::Error> {
            RecentMoves::deserialize(MapAccessDeserializer::new(map))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moves() -> impl Strategy<Value = RecentMoves> {
        let place = || (0..Place::COUNT).prop_map(|index| Place::all().nth(index).unwrap_or(Place::NONE));
        let cause = (0..8_u64).prop_map(|number| Cause::numbered(number).unwrap_or(Cause::Decay));
        let step = (place(), place(), cause).prop_map(|(from, to, cause)| Step { from, to, cause });
        let moved = (1..1_000_000_u64, -400..40_000_i64, 1..500_u32, prop::collection::vec(step, 1..4));
        let moved = moved.prop_map(|(version, day, activation, steps)| VersionedMove {
            version,
            moved: Move { day: Day::from_epoch_days(day), activation: Activation(activation), steps },
        });
        (0..90_u64, prop::collection::vec(moved, 0..9)).prop_map(|(dropped, list)| RecentMoves { dropped, list })
    }

    proptest! {
        #[test]
        fn packing_and_unpacking_gives_the_same_moves(moves in moves()) {
            prop_assert_eq!(RecentMoves::from_bytes(&moves.to_bytes()), Ok(moves));
        }

        #[test]
        fn damaged_bytes_are_no_moves_or_others_and_never_a_panic(moves in moves(), cut in any::<prop::sample::Index>()) {
            let bytes = moves.to_bytes();
            let cut = &bytes[..cut.index(bytes.len())];
            prop_assert_ne!(RecentMoves::from_bytes(cut), Ok(moves));
        }
    }

    #[test]
    fn every_cause_has_its_own_number() {
        let causes: Vec<Cause> = (0..).map_while(Cause::numbered).collect();
        assert_eq!(causes.len(), 8);
        assert!(causes.iter().zip(0..).all(|(cause, number)| cause.number() == number));
    }
}

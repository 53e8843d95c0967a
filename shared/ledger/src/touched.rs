//! Who was touched between a preview and the run that applied it: what was previewed, and what came, in few bytes each.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use segmentation::Place;
use serde::{Deserialize, Serialize};

use crate::bucket::Shard;
use crate::error::LedgerError;
use crate::ids::{CustomerId, ShopId};
use crate::items::Customer;
use crate::keys::{self, CustomerKey, Key};
use crate::store::{Item, Ledger, item};

/// From one place to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Shift {
    /// From here
    pub from: Place,
    /// to there.
    pub to: Place,
}

/// A customer who would move because the cuts change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewedMove {
    /// Who.
    pub key: CustomerKey,
    /// The profile's version when it was read.
    pub version: u64,
    /// From where to where.
    pub shift: Shift,
}

/// A customer who did not move as was previewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Who.
    pub key: CustomerKey,
    /// What was previewed, and of which version of the profile; `None`: no move by the cuts.
    pub previewed: Option<(Shift, u64)>,
    /// What came of the cuts; `None`: no move.
    pub came: Option<Shift>,
    /// The profile's version when the run read it.
    pub version: u64,
}

/// Some of them.
#[derive(Debug)]
pub struct TouchedPage {
    /// With their ids.
    pub touched: Vec<(CustomerId, Touched)>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// Key, version, from, to.
const PREVIEWED: usize = 16 + 8 + 2;
/// Key, what was previewed and of which version, what came, version.
const TOUCHED: usize = 16 + 2 + 8 + 2 + 8;
/// Stands for a move that is not there.
const NONE: u8 = u8::MAX;

impl PreviewedMove {
    /// Packs a list.
    #[must_use]
    pub fn pack(list: &[PreviewedMove]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(list.len() * PREVIEWED);
        for PreviewedMove { key, version, shift } in list {
            bytes.extend(key.to_bytes());
            bytes.extend(version.to_be_bytes());
            bytes.extend(pack_shift(Some(*shift)));
        }
        bytes
    }

    /// Unpacks a list.
    ///
    /// # Errors
    /// [`LedgerError`] when the bytes are damaged.
    pub fn unpack(bytes: &[u8]) -> Result<Vec<PreviewedMove>, LedgerError> {
        let (rows, rest) = bytes.as_chunks::<PREVIEWED>();
        if !rest.is_empty() {
            return Err(damaged());
        }
        let one = |row: &[u8; PREVIEWED]| {
            let mut row = row.as_slice();
            let (key, version) = (CustomerKey::from_bytes(take(&mut row)?), u64::from_be_bytes(take(&mut row)?));
            let shift = shift(take(&mut row)?)?.ok_or_else(damaged)?;
            Ok(PreviewedMove { key, version, shift })
        };
        rows.iter().map(one).collect()
    }
}

impl Touched {
    fn pack(list: &[Touched]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(list.len() * TOUCHED);
        for Touched { key, previewed, came, version } in list {
            bytes.extend(key.to_bytes());
            bytes.extend(pack_shift(previewed.map(|(shift, _)| shift)));
            bytes.extend(previewed.map_or(0, |(_, version)| version).to_be_bytes());
            bytes.extend(pack_shift(*came));
            bytes.extend(version.to_be_bytes());
        }
        bytes
    }

    fn unpack(bytes: &[u8]) -> Result<Vec<Touched>, LedgerError> {
        let (rows, rest) = bytes.as_chunks::<TOUCHED>();
        if !rest.is_empty() {
            return Err(damaged());
        }
        let one = |row: &[u8; TOUCHED]| {
            let mut row = row.as_slice();
            let key = CustomerKey::from_bytes(take(&mut row)?);
            let (previewed, read) = (shift(take(&mut row)?)?, u64::from_be_bytes(take(&mut row)?));
            let (came, version) = (shift(take(&mut row)?)?, u64::from_be_bytes(take(&mut row)?));
            Ok(Touched { key, previewed: previewed.map(|shift| (shift, read)), came, version })
        };
        rows.iter().map(one).collect()
    }
}

impl Shard {
    /// The shards of another division into `count` that have customers of this one.
    #[must_use]
    pub fn overlapping(self, count: u32) -> std::ops::Range<u32> {
        let bound = |index: u32| u64::from(index) * u64::from(count);
        let own = u64::from(self.count.max(1));
        let number = |at: u64| u32::try_from(at).unwrap_or(count).min(count);
        number(bound(self.index) / own)..number(bound(self.index + 1).div_ceil(own))
    }
}

impl Ledger {
    pub(crate) fn put_touched(
        &self,
        key: Key,
        touched: &[Touched],
        expires_at: i64,
    ) -> Result<TransactWriteItem, LedgerError> {
        let mut stored: Item = item(&key)?;
        stored.insert("bytes".to_owned(), AttributeValue::B(Blob::new(Touched::pack(touched))));
        stored.insert("expires_at".to_owned(), AttributeValue::N(expires_at.to_string()));
        self.put_new(&self.tables().shops, stored)
    }

    /// A page of at most `limit` customers who did not move in a run as was previewed, after the position `after`.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails; [`LedgerError::Damaged`] also where the position is none of ours.
    pub async fn touched(
        &self,
        shop: &ShopId,
        run: u64,
        after: Option<&str>,
        limit: usize,
    ) -> Result<TouchedPage, LedgerError> {
        let pk = keys::run_partials(shop, run);
        // After this item, and past so many of the next one.
        let (mut start, mut skip) = match after {
            None => (None, 0),
            Some(position) => position_of(position)?,
        };
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let from = start.clone().map(|sk| Key { pk: pk.clone(), sk });
            let table = &self.tables().shops;
            let (items, _) = self.query_from(table, &pk, Some(keys::TOUCHED), false, from, 1).await?;
            let Some(mut stored) = items.into_iter().next() else { break };
            let (Some(AttributeValue::B(bytes)), Some(AttributeValue::S(sk))) =
                (stored.remove("bytes"), stored.remove("sk"))
            else {
                return Err(damaged());
            };
            if found.len() == limit {
                next = Some(format!("{}:{skip}", start.unwrap_or_default()));
                break;
            }
            let rows = Touched::unpack(bytes.as_ref())?;
            let taken = rows.len().saturating_sub(skip).min(limit - found.len());
            let at_end = skip + taken >= rows.len();
            found.extend(rows.into_iter().skip(skip).take(taken));
            (start, skip) = if at_end { (Some(sk), 0) } else { (start, skip + taken) };
        }
        Ok(TouchedPage { touched: self.with_ids(shop, found).await?, next })
    }

    async fn with_ids(&self, shop: &ShopId, touched: Vec<Touched>) -> Result<Vec<(CustomerId, Touched)>, LedgerError> {
        let wanted: Vec<Key> = touched.iter().map(|touched| keys::profile(shop, &touched.key)).collect();
        let profiles = self.batch_get(&self.tables().customers, &wanted, false, None).await?;
        let mut ids = std::collections::HashMap::new();
        for profile in profiles {
            let Some(customer) = Customer::from_item(profile)? else { continue };
            ids.insert(customer.key, customer.id);
        }
        Ok(touched.into_iter().filter_map(|touched| Some((ids.remove(&touched.key)?, touched))).collect())
    }
}

fn position_of(position: &str) -> Result<(Option<String>, usize), LedgerError> {
    let (sk, skip) = position.rsplit_once(':').ok_or_else(damaged)?;
    let start = (!sk.is_empty()).then(|| sk.to_owned());
    Ok((start, skip.parse().map_err(LedgerError::damaged)?))
}

fn pack_shift(shift: Option<Shift>) -> [u8; 2] {
    let byte = |place: Place| u8::try_from(place.index()).unwrap_or(NONE);
    shift.map_or([NONE, NONE], |Shift { from, to }| [byte(from), byte(to)])
}

fn shift([from, to]: [u8; 2]) -> Result<Option<Shift>, LedgerError> {
    if from == NONE {
        return Ok(None);
    }
    let place = |byte: u8| Place::all().nth(usize::from(byte)).ok_or_else(damaged);
    Ok(Some(Shift { from: place(from)?, to: place(to)? }))
}

fn take<const N: usize>(row: &mut &[u8]) -> Result<[u8; N], LedgerError> {
    let (bytes, rest) = row.split_first_chunk().ok_or_else(damaged)?;
    *row = rest;
    Ok(*bytes)
}

fn damaged() -> LedgerError {
    LedgerError::Damaged("a list of customers".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shifts() -> impl Strategy<Value = Shift> {
        let place = || (0..Place::COUNT).prop_map(|at| Place::all().nth(at).unwrap());
        (place(), place()).prop_map(|(from, to)| Shift { from, to })
    }

    proptest! {
        #[test]
        fn lists_read_back(rows in prop::collection::vec(
            (any::<[u8; 16]>(), any::<u64>(), shifts(), prop::option::of(shifts()), any::<bool>()), 0..20)
        ) {
            let previewed: Vec<PreviewedMove> = rows.iter().map(|(key, version, shift, ..)| {
                PreviewedMove { key: CustomerKey::from_bytes(*key), version: *version, shift: *shift }
            }).collect();
            prop_assert_eq!(PreviewedMove::unpack(&PreviewedMove::pack(&previewed)).unwrap(), previewed);
            let touched: Vec<Touched> = rows.iter().map(|(key, version, shift, came, there)| Touched {
                key: CustomerKey::from_bytes(*key),
                previewed: there.then_some((*shift, version / 2)),
                came: *came,
                version: *version,
            }).collect();
            prop_assert_eq!(Touched::unpack(&Touched::pack(&touched)).unwrap(), touched);
        }

        #[test]
        fn overlapping_shards_hold_each_others_customers(count in 1..200_u32, other in 1..200_u32, at in any::<u64>()) {
            // A customer's place in the key space, and the shard it lies in under both divisions: bounds as `Shard` has them.
            let space = 64_u64 << 32;
            let at = at % space;
            let lies = |count: u32| {
                let bound = |i: u32| u64::try_from(u128::from(space) * u128::from(i) / u128::from(count)).unwrap();
                (0..count).find(|i| (bound(*i)..bound(i + 1)).contains(&at)).unwrap()
            };
            let shard = Shard { index: lies(count), count };
            prop_assert!(shard.overlapping(other).contains(&lies(other)));
        }
    }
}

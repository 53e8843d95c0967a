//! A part's counts as bytes: small numbers in few bytes, products once in a table. Damage is an error, never a panic.
//!
//! Not compressed, as that is the storage's business; deflate takes over half off. The bytes may be cut anywhere to fit items and joined again.
//!
//! Layout, all numbers as LEB128: version, part, parts, day, recent days; table of products (steps between sorted keys);
//! per product of the part: step in the table, customers, baskets, recent, gaps; per owner of pairs: step, pairs (step,
//! customers, baskets); table of names; per category: step, customers, gaps; per first category of pairs: step, pairs (step,
//! customers); the first 8 bytes of SHA-256 over all that.

use std::collections::BTreeSet;

use segmentation::{Day, ProductKey};
use sha2::{Digest, Sha256};

use crate::counts::{CategoryCounts, Pair, PartCounts, ProductCounts, Terms};
use crate::gaps::Gaps;

const VERSION: u64 = 1;
const CHECK: usize = 8;
const KEY_END: u64 = 1 << 48;

/// Why bytes are no counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The checksum does not fit: bytes were changed, lost or added.
    #[error("the counts' checksum does not fit")]
    Checksum,
    /// Written by a version that this one does not know.
    #[error("counts of version {0} are unknown here")]
    Version(u64),
    /// The checksum fits, but something is out of its range: whoever wrote it was wrong.
    #[error("the counts are malformed at byte {0}")]
    Malformed(usize),
}

impl PartCounts {
    /// Packs the counts. The same counts give the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let on = u64::from(self.terms.on.epoch_days().unsigned_abs());
        let head = [VERSION, self.part.into(), self.terms.parts.into(), on, self.terms.recent_days.into()];
        head.iter().for_each(|number| put(&mut out, *number));

        let keys = self.products.keys().copied().chain(self.pairs.iter().flat_map(|pair| [pair.owner, pair.other]));
        let mut table: Vec<ProductKey> = keys.collect();
        table.sort_unstable();
        table.dedup();
        put_len(&mut out, table.len());
        let mut keys = Steps::default();
        table.iter().for_each(|key| keys.put(&mut out, key.number()));
        // All are in the table by its making.
        let at = |key: ProductKey| table.binary_search(&key).unwrap_or_default() as u64;

        put_len(&mut out, self.products.len());
        let mut steps = Steps::default();
        for (product, counts) in &self.products {
            steps.put(&mut out, at(*product));
            [counts.customers, counts.baskets, counts.recent].iter().for_each(|n| put(&mut out, (*n).into()));
            put_gaps(&mut out, &counts.gaps);
        }

        put_len(&mut out, self.pairs.chunk_by(|a, b| a.owner == b.owner).count());
        let mut steps = Steps::default();
        for row in self.pairs.chunk_by(|a, b| a.owner == b.owner) {
            steps.put(&mut out, at(row[0].owner));
            put_len(&mut out, row.len());
            let mut others = Steps::default();
            for pair in row {
                others.put(&mut out, at(pair.other));
                put(&mut out, pair.customers.into());
                put(&mut out, pair.baskets.into());
            }
        }
        self.put_categories(&mut out);
        let check = Sha256::digest(&out);
        out.extend_from_slice(&check[..CHECK]);
        out
    }

    fn put_categories(&self, out: &mut Vec<u8>) {
        let pairs: Vec<(&str, &str, u32)> =
            self.category_pairs.iter().map(|((first, second), n)| (first.as_str(), second.as_str(), *n)).collect();
        let mut names: BTreeSet<&str> = self.categories.keys().map(String::as_str).collect();
        names.extend(pairs.iter().flat_map(|(first, second, _)| [first, second]));
        let names: Vec<&str> = names.into_iter().collect();
        put_len(out, names.len());
        for name in &names {
            put_len(out, name.len());
            out.extend_from_slice(name.as_bytes());
        }
        let at = |name: &str| names.binary_search(&name).unwrap_or_default() as u64;
        put_len(out, self.categories.len());
        let mut steps = Steps::default();
        for (category, counts) in &self.categories {
            steps.put(out, at(category));
            put(out, counts.customers.into());
            put_gaps(out, &counts.gaps);
        }
        put_len(out, pairs.chunk_by(|a, b| a.0 == b.0).count());
        let mut steps = Steps::default();
        for row in pairs.chunk_by(|a, b| a.0 == b.0) {
            steps.put(out, at(row[0].0));
            put_len(out, row.len());
            let mut seconds = Steps::default();
            for (_, second, customers) in row {
                seconds.put(out, at(second));
                put(out, (*customers).into());
            }
        }
    }

    /// Unpacks counts.
    ///
    /// # Errors
    ///
    /// [`Damage`] when these are not the bytes of [`PartCounts::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<PartCounts, Damage> {
        let (body, check) = bytes.split_at_checked(bytes.len().saturating_sub(CHECK)).ok_or(Damage::Checksum)?;
        if Sha256::digest(body)[..CHECK] != *check {
            return Err(Damage::Checksum);
        }
        let mut input = Reader { body, at: 0 };
        let version = input.number()?;
        if version != VERSION {
            return Err(Damage::Version(version));
        }
        let part = input.small()?;
        let terms =
            Terms { parts: input.small()?, on: Day::from_epoch_days(input.u32()?.into()), recent_days: input.small()? };
        let mut counts = PartCounts::new(terms, part);

        let mut steps = Steps::default();
        let table: Vec<ProductKey> = input.list(|input| {
            let number = steps.get(input, KEY_END)?;
            let [_, _, key @ ..] = number.to_be_bytes();
            Ok(ProductKey::from_bytes(key))
        })?;
        let mut steps = Steps::default();
        let products = input.list(|input| {
            let product = steps.of(input, &table)?;
            let [customers, baskets, recent] = [input.u32()?, input.u32()?, input.u32()?];
            Ok((product, ProductCounts { customers, baskets, recent, gaps: input.gaps()? }))
        })?;
        counts.products = products.into_iter().collect();
        let mut steps = Steps::default();
        let rows = input.list(|input| {
            let owner = steps.of(input, &table)?;
            let mut others = Steps::default();
            input.list(|input| {
                let other = others.of(input, &table)?;
                Ok(Pair { owner, other, customers: input.u32()?, baskets: input.u32()? })
            })
        })?;
        counts.pairs = rows.concat();
        input.categories(&mut counts)?;
        if input.at == body.len() { Ok(counts) } else { Err(Damage::Malformed(input.at)) }
    }
}

/// Rising numbers as steps: the first as it is, each next as what lies between.
#[derive(Default)]
struct Steps(Option<u64>);

impl Steps {
    fn put(&mut self, out: &mut Vec<u8>, number: u64) {
        put(out, self.0.map_or(number, |last| number - last - 1));
        self.0 = Some(number);
    }

    fn get(&mut self, input: &mut Reader<'_>, end: u64) -> Result<u64, Damage> {
        let step = input.number()?;
        let number = self.0.map_or(Some(step), |last| last.checked_add(1)?.checked_add(step));
        let number = number.filter(|number| *number < end).ok_or(Damage::Malformed(input.at))?;
        self.0 = Some(number);
        Ok(number)
    }

    fn of<T: Clone>(&mut self, input: &mut Reader<'_>, table: &[T]) -> Result<T, Damage> {
        let at = self.get(input, table.len() as u64)?;
        usize::try_from(at).ok().and_then(|at| table.get(at)).cloned().ok_or(Damage::Malformed(input.at))
    }
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    put(out, len as u64);
}

fn put_gaps(out: &mut Vec<u8>, gaps: &Gaps) {
    put_len(out, gaps.0.len());
    let mut steps = Steps::default();
    for (gap, times) in &gaps.0 {
        steps.put(out, (*gap).into());
        put(out, (*times).into());
    }
}

struct Reader<'a> {
    body: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn number(&mut self) -> Result<u64, Damage> {
        let mut number = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = *self.body.get(self.at).ok_or(Damage::Malformed(self.at))?;
            self.at += 1;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damage::Malformed(self.at))
    }

    fn u32(&mut self) -> Result<u32, Damage> {
        u32::try_from(self.number()?).map_err(|_| Damage::Malformed(self.at))
    }

    fn small(&mut self) -> Result<u16, Damage> {
        u16::try_from(self.number()?).map_err(|_| Damage::Malformed(self.at))
    }

    /// A length and that many of something that takes a byte at least: no length makes memory that the bytes do not fill.
    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, Damage>) -> Result<Vec<T>, Damage> {
        let len = usize::try_from(self.number()?).ok().filter(|len| *len <= self.body.len() - self.at);
        (0..len.ok_or(Damage::Malformed(self.at))?).map(|_| one(self)).collect()
    }

    fn gaps(&mut self) -> Result<Gaps, Damage> {
        let mut steps = Steps::default();
        let gaps = self.list(|input| {
            let gap = steps.get(input, 1 << 16)?;
            Ok((u16::try_from(gap).unwrap_or(u16::MAX), input.u32()?))
        })?;
        Ok(Gaps(gaps.into_iter().collect()))
    }

    fn categories(&mut self, counts: &mut PartCounts) -> Result<(), Damage> {
        let names: Vec<String> = self.list(|input| {
            let bytes = input.list(|input| {
                let byte = input.body.get(input.at).copied().ok_or(Damage::Malformed(input.at));
                input.at += 1;
                byte
            })?;
            String::from_utf8(bytes).map_err(|_| Damage::Malformed(input.at))
        })?;
        if !names.is_sorted_by(|a, b| a < b) {
            return Err(Damage::Malformed(self.at));
        }
        let mut steps = Steps::default();
        let categories = self.list(|input| {
            let name = steps.of(input, &names)?;
            Ok((name, CategoryCounts { customers: input.u32()?, gaps: input.gaps()? }))
        })?;
        counts.categories = categories.into_iter().collect();
        let mut steps = Steps::default();
        let pairs = self.list(|input| {
            let first = steps.of(input, &names)?;
            let mut seconds = Steps::default();
            input.list(|input| Ok(((first.clone(), seconds.of(input, &names)?), input.u32()?)))
        })?;
        counts.category_pairs = pairs.into_iter().flatten().collect();
        Ok(())
    }
}

//! Learned lists packed into chunks, and as readers hold them: the first chunk has what belongs to categories and to the
//! shop as a whole, the others each a part of the products.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use segmentation::ProductKey;
use serde::{Deserialize, Serialize};

use crate::chunk::{Chunk, ChunkHash, Packed, chunk_of, cut};
use crate::error::ChunkError;
use crate::learned::{Interval, Learned, Neighbour};

/// Median, early, late, pairs.
type StoredInterval = (u16, u16, u16, u32);

/// The first chunk.
#[derive(Serialize, Deserialize)]
struct StoredHead {
    categories: BTreeMap<String, Vec<(String, u16)>>,
    category_intervals: BTreeMap<String, StoredInterval>,
    popular: Vec<(ProductKey, u32)>,
}

/// What belongs to categories and to the shop as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LearnedHead {
    pub(crate) categories: BTreeMap<String, Vec<(String, u16)>>,
    pub(crate) category_intervals: BTreeMap<String, Interval>,
    pub(crate) popular: Vec<(ProductKey, u32)>,
    /// The same by key.
    pub(crate) sold: HashMap<ProductKey, u32>,
}

impl LearnedHead {
    /// Opens the first chunk of what [`pack_learned`] made.
    ///
    /// # Errors
    /// [`ChunkError`] when the bytes are damaged.
    pub fn open(hash: &ChunkHash, bytes: &[u8]) -> Result<LearnedHead, ChunkError> {
        let stored: StoredHead = serde_json::from_slice(&Chunk::open(hash, bytes)?)?;
        let intervals = stored.category_intervals.into_iter();
        let interval = |(median, early, late, pairs)| Interval { median, early, late, pairs };
        Ok(LearnedHead {
            categories: stored.categories,
            category_intervals: intervals.map(|(category, stored)| (category, interval(stored))).collect(),
            sold: stored.popular.iter().copied().collect(),
            popular: stored.popular,
        })
    }
}

/// Packs learned lists. Lists longer than [`Learned::LIST`] are cut.
#[must_use]
pub fn pack_learned(learned: &Learned) -> Packed {
    let intervals = learned.category_intervals.iter();
    let head = StoredHead {
        categories: learned.categories.clone(),
        category_intervals: intervals
            .map(|(category, i)| (category.clone(), (i.median, i.early, i.late, i.pairs)))
            .collect(),
        popular: learned.popular.clone(),
    };
    // Maps with texts as keys always write; if they did not, opening would say so.
    let mut chunks = vec![Chunk::of(&serde_json::to_vec(&head).unwrap_or_default())];
    let keys: BTreeSet<ProductKey> =
        learned.of_history.keys().chain(learned.of_baskets.keys()).chain(learned.intervals.keys()).copied().collect();
    let keys: Vec<ProductKey> = keys.into_iter().collect();
    chunks.extend(cut(&keys, |key| *key, |these| these.iter().flat_map(|key| record(learned, *key)).collect()));
    Packed::of(keys.len(), chunks)
}

/// A product's record: key, both lists' lengths, is there an interval, the interval, the lists.
fn record(learned: &Learned, key: ProductKey) -> Vec<u8> {
    let list = |lists: &BTreeMap<ProductKey, Vec<Neighbour>>| {
        let list = lists.get(&key).map_or(&[][..], Vec::as_slice);
        list.get(..Learned::LIST).unwrap_or(list).to_vec()
    };
    let (history, baskets) = (list(&learned.of_history), list(&learned.of_baskets));
    let interval = learned.intervals.get(&key);
    let mut bytes = key.to_bytes().to_vec();
    // A list has at most 20.
    bytes.extend([history.len() as u8, baskets.len() as u8, u8::from(interval.is_some())]);
    if let Some(interval) = interval {
        for days in [interval.median, interval.early, interval.late] {
            bytes.extend(days.to_be_bytes());
        }
        bytes.extend(interval.pairs.to_be_bytes());
    }
    for neighbour in history.iter().chain(&baskets) {
        bytes.extend(neighbour.product.to_bytes());
        bytes.extend(neighbour.weight.to_be_bytes());
    }
    bytes
}

#[derive(Clone, Debug)]
struct Row {
    key: ProductKey,
    /// Where its lists begin among the neighbours; `of_history` first.
    at: u32,
    history: u8,
    baskets: u8,
    interval: Option<Interval>,
}

/// The learned lists of one chunk's products, sorted by key.
#[derive(Clone, Debug, Default)]
pub struct LearnedChunk {
    rows: Box<[Row]>,
    neighbours: Box<[Neighbour]>,
}

impl LearnedChunk {
    /// Opens a chunk, not the first, of what [`pack_learned`] made.
    ///
    /// # Errors
    /// [`ChunkError`] when the bytes are damaged.
    pub fn open(hash: &ChunkHash, bytes: &[u8]) -> Result<LearnedChunk, ChunkError> {
        let content = Chunk::open(hash, bytes)?;
        let mut rest = Rest(&content);
        let (mut rows, mut neighbours) = (Vec::new(), Vec::new());
        while !rest.0.is_empty() {
            let key = ProductKey::from_bytes(rest.take()?);
            let [history, baskets, has_interval] = rest.take()?;
            let interval = if has_interval == 0 { None } else { Some(rest.interval()?) };
            // A chunk's content is at most 64 MB, so this fits.
            rows.push(Row { key, at: neighbours.len() as u32, history, baskets, interval });
            for _ in 0..u16::from(history) + u16::from(baskets) {
                let product = ProductKey::from_bytes(rest.take()?);
                neighbours.push(Neighbour { product, weight: u16::from_be_bytes(rest.take()?) });
            }
        }
        rows.sort_by_key(|row: &Row| row.key);
        Ok(LearnedChunk { rows: rows.into_boxed_slice(), neighbours: neighbours.into_boxed_slice() })
    }

    fn row(&self, key: ProductKey) -> Option<&Row> {
        self.rows.binary_search_by_key(&key, |row| row.key).ok().and_then(|place| self.rows.get(place))
    }

    fn lists(&self, row: &Row) -> (&[Neighbour], &[Neighbour]) {
        let from = row.at as usize;
        let middle = from + usize::from(row.history);
        let list = |from: usize, to: usize| self.neighbours.get(from..to).unwrap_or_default();
        (list(from, middle), list(middle, middle + usize::from(row.baskets)))
    }
}

/// What is left to read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], ChunkError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(ChunkError::Length)?;
        self.0 = rest;
        Ok(*head)
    }

    fn interval(&mut self) -> Result<Interval, ChunkError> {
        Ok(Interval {
            median: u16::from_be_bytes(self.take()?),
            early: u16::from_be_bytes(self.take()?),
            late: u16::from_be_bytes(self.take()?),
            pairs: u32::from_be_bytes(self.take()?),
        })
    }
}

/// All learned lists of a shop, as readers hold them.
#[derive(Clone, Debug, Default)]
pub struct LearnedLists {
    pub(crate) head: Arc<LearnedHead>,
    chunks: Vec<Arc<LearnedChunk>>,
}

impl LearnedLists {
    /// Puts a version's opened chunks together, in the manifest's order.
    ///
    /// # Errors
    /// [`ChunkError::Manifest`] when their number is no power of two.
    pub fn new(head: Arc<LearnedHead>, chunks: Vec<Arc<LearnedChunk>>) -> Result<LearnedLists, ChunkError> {
        if !chunks.len().is_power_of_two() {
            return Err(ChunkError::Manifest(chunks.len() + 1));
        }
        Ok(LearnedLists { head, chunks })
    }

    fn row(&self, key: ProductKey) -> Option<(&LearnedChunk, &Row)> {
        if self.chunks.is_empty() {
            return None;
        }
        let chunk = self.chunks.get(chunk_of(key, self.chunks.len()))?;
        chunk.row(key).map(|row| (&**chunk, row))
    }

    pub(crate) fn of_history(&self, key: ProductKey) -> &[Neighbour] {
        self.row(key).map_or(&[], |(chunk, row)| chunk.lists(row).0)
    }

    pub(crate) fn of_baskets(&self, key: ProductKey) -> &[Neighbour] {
        self.row(key).map_or(&[], |(chunk, row)| chunk.lists(row).1)
    }

    pub(crate) fn interval(&self, key: ProductKey) -> Option<Interval> {
        self.row(key).and_then(|(_, row)| row.interval)
    }
}

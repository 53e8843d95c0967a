//! The weekly learning of affinities: plan -> count per shard -> merge per part -> learn (law 18). Beside the run, and like
//! it made of steps with inputs and outputs that can be written down.
//!
//! What a step holds in memory: a count one shard's counts (all parts, about 24 bytes per pair of products), a merge one
//! part of two shards' counts, and only learn the merged pairs of all parts (pruned where they are too many), with EASE^R's matrix of 4 × products² bytes.
//! A count or merge that is noted as done is not done again, so a learning that broke off goes on where it stood.

mod count;
mod drive;
mod lists;
mod merge;
mod plan;

use affinity::{PartCounts, Terms};
use ledger::{LedgerError, Shard, ShopId};
use segmentation::Day;
use serde::{Deserialize, Serialize};

pub use drive::{Progress, drive};
pub use plan::{begin, parts_for};

use crate::steps::RunError;

/// The highest floor under which learn forgets pairs.
const MAX_FLOOR: u32 = 16;
/// The most pairs that learn holds, at about 44 bytes each: with EASE^R's 400 MB for 10,000 products they fit into a function of
/// 1,769 MB. A shop with more forgets those that the fewest customers bought.
const MAX_PAIRS: u64 = 20_000_000;

/// A learning as planned: what every later step begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearnPlan {
    /// Of which shop.
    pub shop: ShopId,
    /// Its number.
    pub number: u64,
    /// Later purchases are not counted.
    pub day: Day,
    /// Into how many parts products are split.
    pub parts: u16,
    /// The shards to count.
    pub shards: Vec<Shard>,
}

/// One shard to count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountInput {
    /// The plan.
    pub plan: LearnPlan,
    /// Which shard.
    pub shard: Shard,
}

/// One part to merge, once all shards are counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeInput {
    /// The plan.
    pub plan: LearnPlan,
    /// Which part.
    pub part: u16,
}

/// Lists to learn, once all parts are merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearnInput {
    /// The plan.
    pub plan: LearnPlan,
}

impl LearnPlan {
    fn terms(&self) -> Terms {
        Terms { parts: self.parts, on: self.day, recent_days: Terms::RECENT_DAYS }
    }
}

/// Counts that a note names were written whole: bytes that are none are damage of the store.
fn opened(bytes: &[u8]) -> Result<PartCounts, RunError> {
    PartCounts::from_bytes(bytes).map_err(damaged)
}

fn damaged(what: impl std::fmt::Display) -> RunError {
    LedgerError::Damaged(what.to_string()).into()
}

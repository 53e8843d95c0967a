//! The steps' inputs and outputs, and what all steps share.

use ledger::{Counts, Ledger, LedgerError, Run, Shard, ShopId};
use playbook::uplift::Measured;
use segmentation::{Activation, Survey};
use serde::{Deserialize, Serialize};
use web::Clock;

/// A run as planned: what every later step begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Of which shop.
    pub shop: ShopId,
    /// The run, with its day.
    pub run: Run,
    /// Must cuts be fitted before they are applied?
    pub fit: bool,
    /// The shards to work on.
    pub shards: Vec<Shard>,
}

/// One shard to survey.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SurveyInput {
    /// The plan.
    pub plan: Plan,
    /// Which shard.
    pub shard: Shard,
}

/// What one shard's customers are like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SurveyOutput {
    /// Its histograms.
    pub survey: Survey,
    /// Read units it took.
    pub read_units: f64,
}

/// All shards' surveys, in any order; empty where no fit is due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitInput {
    /// The plan.
    pub plan: Plan,
    /// The surveys.
    pub surveys: Vec<SurveyOutput>,
}

/// One shard to assign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssignInput {
    /// The plan.
    pub plan: Plan,
    /// The activation to apply.
    pub activation: Activation,
    /// What to measure of the shop's holdout, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// Which shard.
    pub shard: Shard,
}

/// What one shard counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AssignOutput {
    /// Census, matrix, steps by cause, read units, both arms of the holdout.
    pub counts: Counts,
    /// Labels that this call wrote.
    pub labels: u64,
    /// Write units of those.
    pub write_units: f64,
}

/// A run to publish.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublishInput {
    /// The run, with its activation settled.
    pub run: Run,
    /// Of which shop.
    pub shop: ShopId,
    /// What its shards counted, in any order.
    pub shards: Vec<AssignOutput>,
}

/// Why a step failed. The run can be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store failed, or another took the run over.
    #[error(transparent)]
    Store(#[from] LedgerError),
    /// There is no such shop.
    #[error("there is no shop `{0}`")]
    NoShop(ShopId),
    /// There is no such run, or it is at its end.
    #[error("shop `{shop}` has no unfinished run {run}")]
    NoRun {
        /// The shop.
        shop: ShopId,
        /// The run's number.
        run: u64,
    },
    /// There are no cuts, and nobody to fit them to: cuts made of nothing would put the first customers anywhere.
    #[error("nobody has a counted order yet, so there is nothing to segment")]
    EmptyBase,
    /// There is no such learning, or it is at its end.
    #[error("shop `{shop}` has no unfinished learning {number}")]
    NoLearning {
        /// The shop.
        shop: ShopId,
        /// The learning's number.
        number: u64,
    },
    /// There is no such job.
    #[error("shop `{shop}` has no job {number}")]
    NoJob {
        /// The shop.
        shop: ShopId,
        /// The job's number.
        number: u64,
    },
    /// No customer has a basket.
    #[error("nobody has bought a product that an order named, so there is nothing to learn from")]
    NoBaskets,
    /// A shard's task ended without an answer.
    #[error("a shard's task ended: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// The steps over one store.
#[derive(Clone, Debug)]
pub struct Steps {
    /// The store.
    pub ledger: Ledger,
    /// For leases and records; the run's day is fixed in its plan.
    pub clock: Clock,
}

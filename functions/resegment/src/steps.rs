//! The steps of a run: each is one small call that may be repeated at any time. What they hand to each other lies in items of
//! the run's own partition, so a call's input and output stay small at any size of the base (law 9).

use chrono::{DateTime, Utc};
use ledger::{Ledger, LedgerError, Run, RunStatus, Shard, ShopId};
use serde::{Deserialize, Serialize};
use web::Clock;

use crate::pace::Pace;

/// What a state machine asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Of which shop.
    pub shop: ShopId,
    /// Which run.
    pub run: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// The steps, in the order in which they come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum What {
    /// Settle what is to be done.
    Plan,
    /// See what a shard's customers are like; only where a fit is due.
    Survey {
        /// Which shard.
        shard: u32,
    },
    /// Fit cuts if that is due, and settle the run's activation.
    Fit,
    /// Count a shard's customers inside the buckets that the fit asked for.
    Look {
        /// Which shard.
        shard: u32,
    },
    /// Bring a shard's labels up to date.
    Assign {
        /// Which shard.
        shard: u32,
    },
    /// Make the run's counts the shop's census, and give the lease back.
    Publish,
    /// Give the run up, and its lease back.
    Fail {
        /// The error's type.
        error: String,
        /// What it says.
        #[serde(default)]
        cause: String,
    },
}

impl What {
    /// The name a state machine calls it by.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            What::Plan => "plan",
            What::Survey { .. } => "survey",
            What::Fit => "fit",
            What::Look { .. } => "look",
            What::Assign { .. } => "assign",
            What::Publish => "publish",
            What::Fail { .. } => "fail",
        }
    }
}

/// What a step answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StepAnswer {
    /// To [`What::Plan`].
    Plan(Plan),
    /// To [`What::Fit`].
    Fit {
        /// Must every shard be looked at, and the fit be called again?
        look: bool,
        /// Seconds to wait before the first shard is assigned: until every process has read the shop's new activation. An
        /// order that is labelled by the one before it, after its customer was looked at, would keep the wrong label till
        /// the next run.
        wait: u64,
    },
    /// To all others.
    Done {
        /// `false`: the call had to return before its end, and is to be made again.
        done: bool,
    },
}

/// A run as planned: all that a state machine needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Of which shop.
    pub shop: ShopId,
    /// Which run.
    pub run: u64,
    /// Must its shards be surveyed before the fit?
    pub fit: bool,
    /// The shards to work on.
    pub shards: Vec<u32>,
    /// At how many of them at the same time.
    pub at_once: u32,
}

/// Until when a call must have returned. It does at least one page, so calling again always gets on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Until(Option<DateTime<Utc>>);

impl Until {
    /// Whenever it is done.
    #[must_use]
    pub fn done() -> Until {
        Until(None)
    }

    /// Before this moment.
    #[must_use]
    pub fn at(moment: DateTime<Utc>) -> Until {
        Until(Some(moment))
    }

    pub(crate) fn moment(self) -> Option<DateTime<Utc>> {
        self.0
    }

    pub(crate) fn has_come(self, clock: Clock) -> bool {
        self.0.is_some_and(|moment| clock.now() >= moment)
    }
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
    /// A shop cannot be made: a field is not valid; it is named.
    #[error("{0}")]
    Input(String),
    /// A shop cannot be made: the name is taken.
    #[error("shop `{0}` exists already")]
    ShopExists(ShopId),
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

impl RunError {
    /// A stable type, by which a state machine tells what is worth another try.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            RunError::Store(error) if error.is_temporary() => "Run.Unavailable",
            RunError::Store(_) => "Run.Store",
            RunError::NoShop(_) | RunError::NoRun { .. } | RunError::NoLearning { .. } | RunError::NoJob { .. } => {
                "Run.NotFound"
            }
            RunError::Input(_) => "Run.Input",
            RunError::ShopExists(_) => "Run.ShopExists",
            RunError::EmptyBase | RunError::NoBaskets => "Run.EmptyBase",
            RunError::Task(_) => "Run.Task",
        }
    }
}

/// The steps over one store.
#[derive(Clone, Debug)]
pub struct Steps {
    /// The store.
    pub ledger: Ledger,
    /// For leases and records; the run's day is fixed when it begins.
    pub clock: Clock,
    /// How fast customers are read: shared by all steps of a process.
    pub(crate) pace: Pace,
}

impl Steps {
    /// Steps over a store.
    #[must_use]
    pub fn new(ledger: Ledger, clock: Clock) -> Steps {
        Steps { ledger, clock, pace: Pace::default() }
    }

    /// Does one step, and says with it that the run is alive.
    ///
    /// # Errors
    /// [`RunError`]; what was done until then stands, and the same call goes on from it.
    pub async fn step(&self, step: &Step, until: Until) -> Result<StepAnswer, RunError> {
        let Step { shop, run, what } = step;
        let run = self.running(shop, *run).await?;
        if let What::Fail { error, cause } = what {
            self.fail(shop, run, error, cause).await?;
            return Ok(StepAnswer::Done { done: true });
        }
        self.ledger.renew_lease(shop, run.run, self.clock.now()).await?;
        let shard = |index: u32| Shard { index, count: run.shards };
        let done = match what {
            What::Plan => return self.plan(shop, run).await.map(StepAnswer::Plan),
            What::Fit => return self.fit(shop, run).await,
            What::Survey { shard: index } => self.survey(shop, &run, shard(*index), until).await?,
            What::Look { shard: index } => self.look(shop, &run, shard(*index), until).await?,
            What::Assign { shard: index } => self.assign(shop, &run, shard(*index), until).await?,
            What::Publish => self.publish(shop, run).await.map(|_| true)?,
            What::Fail { .. } => true,
        };
        Ok(StepAnswer::Done { done })
    }

    /// A run that is not at its end.
    async fn running(&self, shop: &ShopId, run: u64) -> Result<Run, RunError> {
        let found = self.ledger.run(shop, run).await?.filter(|run| run.status == RunStatus::Running);
        found.ok_or_else(|| RunError::NoRun { shop: shop.clone(), run })
    }
}

//! `resegment` as a Lambda function: called by the scheduler each hour, and by state machines to do a step of a run, to drive a
//! learning or a job, or to publish a catalogue; and by an operator, to make a shop or a key.

use std::sync::Arc;

use ledger::{PublishNumbers, ShopId};
use serde::{Deserialize, Serialize};

use crate::jobs::StartJob;
use crate::new_shop::MadeShop;
pub use crate::new_shop::NewShop;
use crate::schedule::{StartError, StartLearn, StartRun, Tick, tick};
use crate::steps::{RunError, Step, StepAnswer, Steps, Until, What};
use crate::{catalogue, jobs, learn, new_key, new_shop};

/// What the function is called with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// By the scheduler: begin what is due.
    Tick {
        /// Always `true`.
        tick: bool,
    },
    /// By the state machine of runs: do this step.
    Step(Step),
    /// By the publish job's state machine: publish this shop's catalogue.
    Publish {
        /// Of which shop.
        publish: ShopId,
    },
    /// By an operator: make a shop.
    CreateShop {
        /// With what: a [`NewShop`], read by itself so that what is wrong with it is told by its field.
        create_shop: serde_json::Value,
    },
    /// By an operator: make a key of a shop that has none left to make one with.
    CreateKey {
        /// With what: `shop` and `scopes`, read by itself as above.
        create_key: serde_json::Value,
    },
    /// By a job's state machine: drive this job.
    Job {
        /// Which one.
        job: JobEvent,
    },
    /// By the learning's state machine: drive this learning.
    Learn {
        /// Which one.
        learn: LearnEvent,
    },
}

/// A learning to drive.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LearnEvent {
    /// Of which shop.
    pub shop: ShopId,
    /// Its number.
    pub number: u64,
}

/// A job to drive.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct JobEvent {
    /// Of which shop.
    pub shop: ShopId,
    /// Its number.
    pub number: u64,
}

/// What it answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To the scheduler.
    Tick(Tick),
    /// To the state machine of runs.
    Step(StepAnswer),
    /// To the other state machines: is the job, or the learning, at its end?
    Drive {
        /// `false`: call again.
        done: bool,
    },
    /// To the publish job's state machine.
    Publish {
        /// What was done; `null`: nothing was left to publish.
        published: Option<PublishNumbers>,
    },
    /// To an operator.
    Shop(MadeShop),
}

impl Event {
    /// What it is, for logs and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Event::Tick { .. } => "tick",
            Event::Step(step) => step.what.name(),
            Event::Publish { .. } => "publish-catalogue",
            Event::CreateShop { .. } => "create-shop",
            Event::CreateKey { .. } => "create-key",
            Event::Job { .. } => "job",
            Event::Learn { .. } => "learn",
        }
    }
}

/// What the whole deployment counts of an event: the scheduler's ticks, and how runs end. That a shop has no orders yet is no
/// failure.
#[must_use]
pub fn counts(event: &Event, answer: &Answer) -> Vec<(&'static str, u64)> {
    match (event, answer) {
        (_, Answer::Tick(tick)) => vec![("Ticks", 1), ("RunsOverdue", tick.overdue as u64)],
        (Event::Step(Step { what: What::Publish, .. }), _) => vec![("RunsPublished", 1)],
        (Event::Step(Step { what: What::Fail { error, .. }, .. }), _) if error != RunError::EmptyBase.kind() => {
            vec![("RunsFailed", 1)]
        }
        _ => Vec::new(),
    }
}

/// Handles one event; a call that must return before its end says so.
///
/// # Errors
/// [`RunError`]; the caller tries again.
pub async fn handle(
    steps: &Steps,
    start: &StartRun,
    start_learn: &StartLearn,
    start_job: &StartJob,
    event: Event,
    until: Until,
) -> Result<Answer, RunError> {
    match event {
        Event::Tick { .. } => tick(steps, start, start_learn, start_job).await.map(Answer::Tick),
        Event::Step(step) => steps.step(&step, until).await.map(Answer::Step),
        Event::Publish { publish } => {
            let published = catalogue::publish(&steps.ledger, steps.clock, &publish).await?;
            tracing::info!(shop = %publish, ?published, "the catalogue was published");
            Ok(Answer::Publish { published })
        }
        Event::CreateShop { create_shop } => new_shop::create(steps, create_shop).await.map(Answer::Shop),
        Event::CreateKey { create_key } => new_key::create(steps, create_key).await.map(Answer::Shop),
        Event::Job { job: JobEvent { shop, number } } => {
            jobs::drive(steps, &shop, number, until).await.map(|ended| Answer::Drive { done: ended.is_some() })
        }
        Event::Learn { learn: LearnEvent { shop, number } } => {
            let told = |progress: learn::Progress| tracing::debug!(?progress, "learning");
            learn::drive(steps, &shop, number, until, told).await.map(|ended| Answer::Drive { done: ended.is_some() })
        }
    }
}

impl From<RunError> for lambda_runtime::Diagnostic {
    /// A stable type, by which the state machine can tell what is worth another try.
    fn from(error: RunError) -> Self {
        Self { error_type: error.kind().to_owned(), error_message: error.to_string() }
    }
}

/// Starts the state machine of runs. An execution's name has the second in which it began, since a run that is taken over needs
/// another one than the execution that broke off; that there is only one is the lease's business.
#[must_use]
pub fn state_machine(client: aws_sdk_sfn::Client, arn: String, clock: web::Clock) -> StartRun {
    Arc::new(move |shop, run| {
        let (client, arn) = (client.clone(), arn.clone());
        let name = format!("{shop}-{run}-{}", clock.now().timestamp());
        Box::pin(async move {
            let input = serde_json::json!({ "shop": shop, "run": run }).to_string();
            let started = client.start_execution().state_machine_arn(arn).name(name).input(input).send().await;
            started.map(|_| ()).map_err(|error| StartError(aws_sdk_sfn::error::DisplayErrorContext(error).to_string()))
        })
    })
}

/// Starts the state machine of learnings, in the same way.
#[must_use]
pub fn learn_state_machine(client: aws_sdk_sfn::Client, arn: String, clock: web::Clock) -> StartLearn {
    StartLearn(state_machine_of_numbers(client, arn, clock))
}

/// Starts the state machine of jobs, in the same way.
#[must_use]
pub fn job_state_machine(client: aws_sdk_sfn::Client, arn: String, clock: web::Clock) -> StartJob {
    StartJob(state_machine_of_numbers(client, arn, clock))
}

/// A state machine whose input is a shop and a number.
fn state_machine_of_numbers(client: aws_sdk_sfn::Client, arn: String, clock: web::Clock) -> StartRun {
    Arc::new(move |shop, number| {
        let (client, arn) = (client.clone(), arn.clone());
        let name = format!("{shop}-{number}-{}", clock.now().timestamp());
        Box::pin(async move {
            let input = serde_json::json!({ "shop": shop, "number": number }).to_string();
            let started = client.start_execution().state_machine_arn(arn).name(name).input(input).send().await;
            started.map(|_| ()).map_err(|error| StartError(aws_sdk_sfn::error::DisplayErrorContext(error).to_string()))
        })
    })
}

//! `tercile learn`: what goes with what in one shop, learned now.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use ledger::{Learning, LearningStatus};
use serde_json::json;

use crate::api::{Api, Connection};
use crate::cli::LearnOptions;

pub(crate) async fn run(options: LearnOptions) -> Result<ExitCode> {
    let connection = Connection::open(&options.api).await?;
    let learning = learn_once(&connection.api).await?;
    let numbers = learning.numbers.unwrap_or_default();
    let seconds = learning.finished.map_or(0.0, |at| (at - learning.started).num_milliseconds() as f64 / 1000.0);
    println!(
        "Learned from {} customers: {} products, {} pairs bought together, lists for {} products, in {seconds:.1} s.",
        numbers.customers, numbers.products, numbers.pairs, numbers.lists
    );
    connection.close().await?;
    Ok(ExitCode::SUCCESS)
}

/// Begins a learning, or waits for the one that is at work, until its end.
pub(crate) async fn learn_once(api: &Api) -> Result<Learning> {
    let begun = api.post("/v1/affinities", &json!({})).await?;
    if begun.body["type"] != "urn:tercile:problem:learning-in-progress" {
        begun.ok()?;
    }
    let spinner = indicatif::ProgressBar::new_spinner().with_message("learning what goes with what");
    spinner.enable_steady_tick(Duration::from_millis(100));
    loop {
        let last: Learning = serde_json::from_value(api.get("/v1/affinities").await?.ok()?)?;
        match last.status {
            LearningStatus::Running => tokio::time::sleep(Duration::from_millis(100)).await,
            LearningStatus::Done => {
                spinner.finish_and_clear();
                return Ok(last);
            }
            LearningStatus::Failed => bail!("nothing was learned: {}", last.failure.unwrap_or_default()),
        }
    }
}

//! `tercile resegment`: one run of one shop, now.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ledger::{Run, RunProgress};
use serde_json::json;

use crate::api::{Api, Connection};
use crate::cli::{Census, ResegmentOptions};
use crate::picture;
use crate::shop::currency;

pub(crate) async fn run(options: ResegmentOptions) -> Result<ExitCode> {
    let connection = Connection::open(&options.api).await?;
    run_once(&connection.api, options.refit).await?;
    let census = connection.api.get("/v1/segments").await?.ok()?;
    if options.format == Census::Json {
        println!("{census:#}");
    } else {
        let settings = connection.api.get("/v1/settings").await?.ok()?;
        picture::base(&picture::Base::read(&census)?, currency(settings["currency"].as_str().unwrap_or_default())?);
    }
    connection.close().await?;
    Ok(ExitCode::SUCCESS)
}

/// Begins a run, after the one that is not at its end if there is one, and waits for its end.
pub(crate) async fn run_once(api: &Api, refit: bool) -> Result<Run> {
    let begun = loop {
        let answer = api.post("/v1/runs", &json!({ "refit": refit })).await?;
        if answer.body["type"] != "urn:tercile:problem:run-in-progress" {
            break answer.ok()?;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let number = begun["run"].as_u64().context("a run without its number")?;
    let spinner = indicatif::ProgressBar::new_spinner().with_message(format!("run {number}"));
    spinner.enable_steady_tick(Duration::from_millis(100));
    loop {
        let shown = api.get(&format!("/v1/runs/{number}")).await?.ok()?;
        let progress: Option<RunProgress> = serde_json::from_value(shown["progress"].clone())?;
        let run: Run = serde_json::from_value(shown)?;
        match run.status {
            ledger::RunStatus::Running => {
                if let Some(progress) = progress {
                    spinner.set_message(format!("run {number}: {}", told(&progress)));
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            ledger::RunStatus::Published => {
                spinner.finish_and_clear();
                return Ok(run);
            }
            ledger::RunStatus::Failed => bail!("run {number} failed: {}", run.failure.unwrap_or_default()),
        }
    }
}

fn told(progress: &RunProgress) -> String {
    let RunProgress { shards, surveyed, looked, assigned } = *progress;
    match (surveyed, looked, assigned) {
        (_, _, 1..) => format!("{assigned} of {shards} parts labelled"),
        (_, 1.., _) => format!("{looked} of {shards} parts looked at again"),
        _ => format!("{surveyed} of {shards} parts surveyed"),
    }
}

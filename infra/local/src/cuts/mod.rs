//! `tercile cuts`: what is in force, candidates, who they would move, and which one the next run is to activate.

mod table;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use segmentation::PreviewRow;
use serde_json::{Map, Value, json};

use crate::api::{Api, Connection};
use crate::cuts_cli::{CutsCommand, CutsFitOptions};

pub(crate) async fn run(command: CutsCommand) -> Result<ExitCode> {
    let connection = Connection::open(command.api()).await?;
    let api = &connection.api;
    match command {
        CutsCommand::Show(_) => table::shop(&api.get("/v1/cuts").await?.ok()?)?,
        CutsCommand::Fit(options) => candidate(api, &options).await?,
        CutsCommand::Preview(options) => preview(api, &options.version, options.day.map(|day| json!(day))).await?,
        CutsCommand::Activate(options) => {
            let path = format!("/v1/cuts/{}/activate", options.version);
            let body =
                given([("day", options.day.map(|day| json!(day))), ("preview", options.preview.map(Value::from))]);
            says(&api.post(&path, &body).await?.ok()?);
        }
        CutsCommand::Rollback(options) => {
            says(&api.post("/v1/cuts/rollback", &given([("to", options.to.map(Value::from))])).await?.ok()?);
        }
    }
    connection.close().await?;
    Ok(ExitCode::SUCCESS)
}

async fn candidate(api: &Api, options: &CutsFitOptions) -> Result<()> {
    let axes = [("recency", options.recency), ("frequency", options.frequency), ("monetary", options.monetary)];
    let typed = axes.map(|(axis, cuts)| (axis, cuts.map(|cuts| json!(cuts))));
    let body = given(typed.into_iter().chain([("day", options.day.map(|day| json!(day)))]));
    let answer = api.post("/v1/cuts/candidates", &body).await?.ok()?;
    let model = match answer.get("location") {
        Some(_) => finished(api, &answer, "fitting").await?["summary"].clone(),
        None => answer,
    };
    println!("Cuts {}", model["version"].as_str().unwrap_or_default());
    table::model(&model)?;
    println!(
        "Nothing changes: tercile cuts preview says who would move, tercile cuts activate brings them into force."
    );
    Ok(())
}

async fn preview(api: &Api, version: &str, day: Option<Value>) -> Result<()> {
    let begun = api.post(&format!("/v1/cuts/{version}/preview"), &given([("day", day)])).await?.ok()?;
    let job = finished(api, &begun, "previewing").await?;
    // 28 places: at most 2 x 27 x 28 rows.
    let mut rows: Vec<PreviewRow> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = api.get(&format!("/v1/jobs/{}/result?limit=1000{cursor}", job["job"])).await?.ok()?;
        rows.extend(serde_json::from_value::<Vec<PreviewRow>>(page["items"].clone())?);
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    table::preview(&job["summary"], &rows);
    println!("\nTo activate what was previewed: tercile cuts activate {version} --preview {}", job["job"]);
    Ok(())
}

/// Waits for a job's end and shows how far it is.
pub(crate) async fn finished(api: &Api, begun: &Value, what: &'static str) -> Result<Value> {
    let location = begun["location"].as_str().context("a job without its address")?;
    let bar = indicatif::ProgressBar::new(0).with_message(what);
    loop {
        let job = api.get(location).await?.ok()?;
        let count = |name: &str| job["progress"][name].as_u64().unwrap_or_default();
        bar.set_length(count("of"));
        bar.set_position(count("done"));
        match job["status"].as_str() {
            Some("done") => {
                bar.finish_and_clear();
                return Ok(job);
            }
            Some("failed") => bail!("{what} failed: {}", job["failure"].as_str().unwrap_or_default()),
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

fn says(answer: &Value) {
    println!("{}", answer["says"].as_str().unwrap_or_default());
}

/// A document of what was given.
fn given<'a>(fields: impl IntoIterator<Item = (&'a str, Option<Value>)>) -> Value {
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect::<Map<String, Value>>())
}

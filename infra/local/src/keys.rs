//! `tercile keys`: a shop's API keys, on this machine's data without a key, or of a server with an admin key.

use std::process::ExitCode;

use anyhow::Result;
use chrono::TimeDelta;
use serde_json::{Value, json};
use web::Clock;

use crate::api::{Api, Connection};
use crate::keys_cli::{KeyScope, KeysCommand, KeysCreateOptions, KeysRotateOptions};

pub(crate) async fn run(command: KeysCommand) -> Result<ExitCode> {
    let connection = Connection::open(command.api()).await?;
    let api = &connection.api;
    match command {
        KeysCommand::Create(options) => create(api, &options).await?,
        KeysCommand::List(_) => list(api).await?,
        KeysCommand::Revoke(options) => {
            let key = api.delete(&format!("/v1/keys/{}", options.id)).await?.ok()?;
            println!("Key {} was revoked at {}.", options.id, text(&key["revoked_at"]));
        }
        KeysCommand::Rotate(options) => rotate(api, &options).await?,
    }
    connection.close().await?;
    Ok(ExitCode::SUCCESS)
}

async fn create(api: &Api, options: &KeysCreateOptions) -> Result<()> {
    let scopes: Vec<&str> = options.scope.iter().map(|scope| scope.name()).collect();
    let asked = json!({ "scopes": scopes, "name": options.name, "valid_until": end(options.days) });
    tell_new(&api.post("/v1/keys", &asked).await?.ok()?);
    Ok(())
}

async fn rotate(api: &Api, options: &KeysRotateOptions) -> Result<()> {
    let asked = json!({ "overlap_minutes": options.overlap_hours * 60, "valid_until": end(options.days) });
    tell_new(&api.post(&format!("/v1/keys/{}/rotate", options.id), &asked).await?.ok()?);
    println!("Key {} stays good for {} hours at most.", options.id, options.overlap_hours);
    Ok(())
}

async fn list(api: &Api) -> Result<()> {
    println!(
        "{:<12}  {:<8}  {:<22}  {:<10}  {:<20}  {:<10}  name",
        "id", "state", "scopes", "created", "good until", "last used"
    );
    let mut cursor = String::new();
    loop {
        let page = api.get(&format!("/v1/keys?limit=1000{cursor}")).await?.ok()?;
        for key in page["items"].as_array().into_iter().flatten() {
            println!(
                "{:<12}  {:<8}  {:<22}  {:<10}  {:<20}  {:<10}  {}",
                text(&key["id"]),
                text(&key["state"]),
                scopes(key),
                text(&key["created"]),
                text(&key["valid_until"]),
                text(&key["last_used"]),
                text(&key["name"])
            );
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(()),
        }
    }
}

/// A key that was made, shown once.
fn tell_new(key: &Value) {
    println!(
        "Key {} is made for {}. It is shown this once and stored only as a hash:\n",
        text(&key["id"]),
        scopes(key)
    );
    println!("  {}\n", text(&key["key"]));
}

fn scopes(key: &Value) -> String {
    key["scopes"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(",")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// So many days from now, to the second.
fn end(days: Option<u32>) -> Option<String> {
    let end = Clock::System.now() + TimeDelta::days(days?.into());
    Some(end.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

impl KeyScope {
    fn name(self) -> &'static str {
        match self {
            KeyScope::Ingest => "ingest",
            KeyScope::Checkout => "checkout",
            KeyScope::Admin => "admin",
        }
    }
}

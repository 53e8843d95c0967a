//! `POST`, `GET /v1/hooks`, `GET`, `PUT`, `DELETE /v1/hooks/{id}`: a shop's ways in for its platform's webhooks, and what comes that way.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ledger::{CountedDay, Hook, HookError, HookId, LastIgnored, MAX_HOOKS, NewHook, Platform, ShopId};
use segmentation::Day;
use serde::{Deserialize, Serialize};
use web::{App, Body, Caller, PathId, Problem, read_json};

/// Bytes of a secret that a platform gives.
const SECRET: std::ops::RangeInclusive<usize> = 16..=255;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct HookIn {
    platform: Platform,
    /// What the platform signs with; for WooCommerce one is made if none is given.
    #[cfg_attr(feature = "schema", schemars(length(min = *SECRET.start(), max = *SECRET.end())))]
    secret: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "HookSecretIn"))]
pub(crate) struct SecretIn {
    #[cfg_attr(feature = "schema", schemars(length(min = *SECRET.start(), max = *SECRET.end())))]
    secret: Option<String>,
    /// Does the secret before it hold too, until the next change?
    #[serde(default = "yes")]
    keep_previous: bool,
}

fn yes() -> bool {
    true
}

/// A hook as it is shown.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Hook"))]
pub(crate) struct Shown {
    id: String,
    platform: Platform,
    /// Where its webhooks go.
    url: String,
    created: Day,
    /// How many secrets hold: 2 while one is changed.
    secrets: usize,
    /// A secret that we made: shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// The same with what came, over the days for which that is kept.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountedHook"))]
pub(crate) struct Counted {
    #[serde(flatten)]
    hook: Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_delivery: Option<Day>,
    recorded: u64,
    duplicate: u64,
    /// To be sent again.
    again: u64,
    /// By reason.
    ignored: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<Vec<ShownDay>>,
}

/// A day of one hook.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "HookDay"))]
struct ShownDay {
    day: Day,
    recorded: u64,
    duplicate: u64,
    again: u64,
    ignored: BTreeMap<String, ShownIgnored>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "HookIgnored"))]
struct ShownIgnored {
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<LastIgnored>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Hooks"))]
pub(crate) struct List {
    hooks: Vec<Counted>,
}

/// Makes a hook: 201, with its address, and its secret if we made that.
pub(crate) async fn make(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Shown>), Problem> {
    let HookIn { platform, secret } = read_json(&body)?;
    let secret = checked(platform, secret)?;
    let today = app.clock.today(caller.shop.settings.time_zone);
    let made = app.ledger.make_hook(&caller.shop.id, platform, secret, today).await.map_err(told)?;
    Ok((StatusCode::CREATED, Json(shown_new(&app, &caller.shop.id, made))))
}

pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<List>, Problem> {
    let shop = &caller.shop.id;
    let mut hooks = Vec::new();
    for (id, hook) in app.ledger.hooks(shop).await?.hooks {
        let days = app.ledger.counted_days(shop, &id).await?;
        hooks.push(sum(shown(&app, shop, &id, &hook), &days));
    }
    Ok(Json(List { hooks }))
}

/// One hook, day by day: of each reason the day's last example.
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<HookId>,
) -> Result<Json<Counted>, Problem> {
    let shop = &caller.shop.id;
    let hooks = app.ledger.hooks(shop).await?;
    let hook = hooks.hooks.get(&id).ok_or_else(|| told(HookError::Unknown))?;
    let days = app.ledger.counted_days(shop, &id).await?;
    let counted = sum(shown(&app, shop, &id, hook), &days);
    Ok(Json(Counted { days: Some(days.into_iter().map(shown_day).collect()), ..counted }))
}

/// Gives a hook another secret.
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<HookId>,
    Body(body): Body,
) -> Result<Json<Shown>, Problem> {
    let SecretIn { secret, keep_previous } = read_json(&body)?;
    let shop = &caller.shop.id;
    let hooks = app.ledger.hooks(shop).await?;
    let hook = hooks.hooks.get(&id).ok_or_else(|| told(HookError::Unknown))?;
    let secret = checked(hook.platform, secret)?;
    let made = app.ledger.change_hook(shop, &id, secret, keep_previous).await.map_err(told)?;
    Ok(Json(shown_new(&app, shop, made)))
}

/// Ends a hook: 204.
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<HookId>,
) -> Result<StatusCode, Problem> {
    app.ledger.delete_hook(&caller.shop.id, &id).await.map_err(told)?;
    Ok(StatusCode::NO_CONTENT)
}

fn checked(platform: Platform, secret: Option<String>) -> Result<Option<String>, Problem> {
    match (platform, &secret) {
        (Platform::Shopify, None) => {
            Err(Problem::field("secret", "must be given: Shopify makes it, and shows it where webhooks are made"))
        }
        (_, Some(given)) if !SECRET.contains(&given.len()) => {
            let (least, most) = (SECRET.start(), SECRET.end());
            Err(Problem::field("secret", format!("has from {least} to {most} bytes")))
        }
        _ => Ok(secret),
    }
}

fn shown(app: &App, shop: &ShopId, id: &HookId, hook: &Hook) -> Shown {
    Shown {
        id: id.as_str().to_owned(),
        platform: hook.platform,
        url: app.public(&format!("/v1/hooks/{}/{shop}/{}", hook.platform.as_str(), id.as_str())),
        created: hook.created,
        secrets: hook.secrets(),
        secret: None,
    }
}

fn shown_new(app: &App, shop: &ShopId, new: NewHook) -> Shown {
    Shown { secret: new.secret, ..shown(app, shop, &new.id, &new.hook) }
}

fn sum(hook: Shown, days: &[CountedDay]) -> Counted {
    let mut ignored: BTreeMap<String, u64> = BTreeMap::new();
    for (reason, (count, _)) in days.iter().flat_map(|day| &day.ignored) {
        *ignored.entry(reason.clone()).or_default() += count;
    }
    Counted {
        hook,
        last_delivery: days.first().map(|day| day.day),
        recorded: days.iter().map(|day| day.recorded).sum(),
        duplicate: days.iter().map(|day| day.duplicate).sum(),
        again: days.iter().map(|day| day.again).sum(),
        ignored,
        days: None,
    }
}

fn shown_day(day: CountedDay) -> ShownDay {
    let CountedDay { day, recorded, duplicate, again, ignored } = day;
    let shown = |(reason, (count, last)): (String, (u64, Option<LastIgnored>))| (reason, ShownIgnored { count, last });
    ShownDay { day, recorded, duplicate, again, ignored: ignored.into_iter().map(shown).collect() }
}

fn told(error: HookError) -> Problem {
    match error {
        HookError::TooMany => {
            let detail = format!("a shop has at most {MAX_HOOKS} hooks; delete one first");
            Problem::new(StatusCode::CONFLICT, "too-many-hooks", "The shop has as many hooks as it may", detail)
        }
        HookError::Unknown => Problem::not_found("this shop has no such hook"),
        HookError::Store(error) => error.into(),
    }
}

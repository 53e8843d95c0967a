//! Runs: what they cost and how long they took, and a new one.

use axum::extract::{Form, Path};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use chrono::SubsecRound;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use crate::frame::{Part, Shown, Sorry, form_field, page};
use crate::numbers::grouped;
use crate::pages::sign_in::Sent;
use crate::pages::{Run, Status, base};
use crate::staff::Staff;
use crate::words::Words;

/// Runs of the list.
const LISTED: u64 = 20;

#[derive(Deserialize)]
struct Begun {
    run: u64,
}

pub(crate) async fn list(staff: Staff) -> Shown {
    let words = staff.words;
    let last = staff.or_sorry(base(&staff.api).await)?.map_or(0, |base| base.run);
    let mut runs = Vec::new();
    for number in (last.saturating_sub(LISTED).max(1)..=last).rev() {
        let found: Option<Run> = staff.or_sorry(staff.api.find(&format!("/v1/runs/{number}")).await)?;
        runs.extend(found);
    }
    let title = words.say("Runs", "Пересчёты");
    let main = html! {
        h1 { (title) }
        form method="post" action="/console/runs" {
            (form_field(&staff.session))
            button { (words.say("Start a run now", "Пересчитать сейчас")) }
        }
        table.list {
            thead { (heads(words)) }
            tbody { @for run in &runs { (row(words, run)) } }
        }
        @if runs.is_empty() { p { (words.say("None has been published yet.", "Пока ни одного.")) } }
    };
    Ok(page(&staff, Part::Runs, title, &main))
}

fn heads(words: Words) -> Markup {
    html! { tr {
        th.number scope="col" { "№" }
        th scope="col" { (words.say("As of", "На день")) }
        th scope="col" { (words.say("Status", "Состояние")) }
        th scope="col" { (words.say("Started (UTC)", "Начат (UTC)")) }
        th.number scope="col" { (words.say("Took", "Длился")) }
        th.number scope="col" { (words.say("Moved", "Перешли")) }
        th.number scope="col" { (words.say("Read units", "Единиц чтения")) }
    } }
}

fn row(words: Words, run: &Run) -> Markup {
    html! { tr {
        th.number scope="row" { a href={ "/console/runs/" (run.run) } { (run.run) } }
        td { (run.day) @if run.refit { " " span.soft { (words.say("cuts fitted anew", "границы пересчитаны")) } } }
        td { (status(words, run.status)) }
        td { (run.started.trunc_subsecs(0).naive_utc()) }
        td.number { @if let Some(finished) = run.finished { (took(words, finished - run.started)) } }
        td.number { @if let Some(counts) = &run.counts { (grouped(counts.matrix.moved())) } }
        td.number { @if let Some(counts) = &run.counts { (format!("{:.1}", counts.read_units)) } }
    } }
}

fn status(words: Words, status: Status) -> &'static str {
    match status {
        Status::Running => words.say("running", "идёт"),
        Status::Published => words.say("published", "опубликован"),
        Status::Failed => words.say("failed", "не удался"),
    }
}

fn took(words: Words, time: chrono::TimeDelta) -> String {
    let seconds = time.num_milliseconds() as f64 / 1000.0;
    format!("{seconds:.1} {}", words.say("s", "с"))
}

/// Starts a run and goes to its page.
pub(crate) async fn begin(staff: Staff, Form(sent): Form<Sent>) -> Result<Response, Sorry> {
    if !staff.session.sent(&sent.form) {
        return Err(Sorry::foreign_form(staff.words));
    }
    let begun: Begun = staff.or_sorry(staff.api.post("/v1/runs", &json!({})).await)?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, format!("/console/runs/{}", begun.run))]).into_response())
}

/// One run; while it is under way the page asks again every two seconds, without a script.
pub(crate) async fn show(staff: Staff, Path(run): Path<u64>) -> Result<Response, Sorry> {
    let words = staff.words;
    let run: Run = staff.or_sorry(staff.api.get(&format!("/v1/runs/{run}")).await)?;
    let title = format!("{} {}", words.say("Run", "Пересчёт"), run.run);
    let main = html! {
        h1 { (title) }
        @if run.status == Status::Running {
            p role="status" {
                (words.say("Under way", "Идёт")) ": "
                @if let Some(progress) = &run.progress {
                    progress max=(progress.shards) value=(progress.assigned) {} " "
                    (progress.assigned) "/" (progress.shards) " " (words.say("shards are done", "частей готово"))
                }
            }
        } @else {
            table.list { thead { (heads(words)) } tbody { (row(words, &run)) } }
            p { a href="/console" { (words.say("To the base", "К базе")) } }
        }
    };
    let shown = page(&staff, Part::Runs, &title, &main);
    Ok(match run.status {
        Status::Running => ([("refresh", "2")], shown).into_response(),
        Status::Published | Status::Failed => shown.into_response(),
    })
}

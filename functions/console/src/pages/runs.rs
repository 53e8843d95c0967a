//! Runs: what they cost and how long they took, and a new one.

use axum::extract::{Form, Path, Query};
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
use crate::pages::{Run, Status, runs};
use crate::staff::Staff;
use crate::words::Words;

/// Runs of a page.
const LISTED: usize = 20;

#[derive(Deserialize)]
pub(crate) struct Asked {
    after: Option<String>,
}

#[derive(Deserialize)]
struct Begun {
    run: u64,
}

pub(crate) async fn list(staff: Staff, Query(asked): Query<Asked>) -> Shown {
    let words = staff.words;
    let listed = staff.or_sorry(runs(&staff.api, LISTED, asked.after.as_deref()).await)?;
    let title = words.say("Runs", "Пересчёты");
    let main = html! {
        h1 { (title) }
        p { (words.say(
            "A run reads everybody, puts them where they stand on its day, and counts. It begins by itself once a day.",
            "Пересчёт читает всех клиентов, ставит каждого на место на этот день и считает. Раз в день он начинается сам.",
        )) }
        form method="post" action="/console/runs" {
            (form_field(&staff.session))
            button { (words.say("Start a run now", "Пересчитать сейчас")) }
        }
        (table(words, &listed.items))
        @if listed.items.is_empty() { p { (words.say("None has been begun yet.", "Пока ни одного.")) } }
        @if let Some(next) = &listed.next {
            p { a rel="next" href={ "/console/runs?after=" (next) } { (words.say("Earlier runs", "Более ранние")) } }
        }
    };
    Ok(page(&staff, Part::Runs, title, &main))
}

fn table(words: Words, runs: &[Run]) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label=(words.say("Runs", "Пересчёты")) {
            table.list { thead { (heads(words)) } tbody { @for run in runs { (row(words, run)) } } }
        }
    }
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
        th.number scope="col" { (words.say("Write units", "Единиц записи")) }
    } }
}

fn row(words: Words, run: &Run) -> Markup {
    html! { tr {
        th.number scope="row" { a href={ "/console/runs/" (run.run) } { (run.run) } }
        td { (run.day) @if run.refit { " " span.soft { (words.say("cuts fitted anew", "границы пересчитаны")) } } }
        td { (status(words, run.status)) @if let Some(failure) = &run.failure { ": " (failure) } }
        td { (run.started.trunc_subsecs(0).naive_utc()) }
        td.number { @if let Some(finished) = run.finished { (took(words, finished - run.started)) } }
        td.number { @if let Some(counts) = &run.counts { (grouped(counts.matrix.moved())) } }
        td.number { @if let Some(counts) = &run.counts { (format!("{:.1}", counts.read_units)) } }
        td.number { @if run.counts.is_some() { (format!("{:.1}", run.write_units)) } }
    } }
}

/// What it did, by cause, and by which cuts.
fn told(words: Words, run: &Run) -> Markup {
    html! {
        @if let Some(counts) = &run.counts {
            dl {
                dt { (words.say("Customers", "Клиенты")) } dd { (grouped(counts.census.total().customers)) }
                dt { (words.say("Labels written", "Записано меток")) } dd { (grouped(run.labels)) }
                @for (cause, steps) in &counts.steps { dt { (words.say("Moved by it:", "Передвинуто:")) " " (words.cause(*cause)) } dd { (grouped(*steps)) } }
                @if let Some(cuts) = &run.cuts {
                    dt { (words.say("Cuts", "Границы")) } dd { a href={ "/console/cuts/" (cuts) } { code { (cuts) } } }
                }
            }
        }
    }
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
    staff.own(&sent.form)?;
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
                    progress aria-label=(title) max=(progress.shards) value=(progress.assigned) {} " "
                    (progress.assigned) "/" (progress.shards) " " (words.say("shards are done", "частей готово"))
                }
            }
        } @else {
            (table(words, std::slice::from_ref(&run)))
            (told(words, &run))
            p { a href="/console" { (words.say("To the base", "К базе")) } " · " a href="/console/movement" { (words.say("To the movement", "К движению")) } }
        }
    };
    let shown = page(&staff, Part::Runs, &title, &main);
    Ok(match run.status {
        Status::Running => ([("refresh", "2")], shown).into_response(),
        Status::Published | Status::Failed => shown.into_response(),
    })
}

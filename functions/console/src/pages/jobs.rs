//! A job: how far it is, and then its result.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use maud::html;
use serde::Deserialize;
use serde_json::Value;

use crate::frame::{Part, Sorry, page};
use crate::pages::audience::files;
use crate::staff::Staff;
use crate::words::Words;

/// What pages need of `GET /v1/jobs/{id}`.
#[derive(Deserialize)]
pub(crate) struct Job {
    pub(crate) kind: String,
    pub(crate) status: Status,
    pub(crate) asked: Value,
    pub(crate) progress: Progress,
    pub(crate) summary: Option<Value>,
    pub(crate) rows: Option<u64>,
    pub(crate) failure: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Queued,
    Running,
    Done,
    Failed,
}

#[derive(Deserialize)]
pub(crate) struct Progress {
    done: u32,
    of: u32,
}

/// A job that was begun.
#[derive(Deserialize)]
pub(crate) struct Begun {
    job: u64,
}

impl Begun {
    /// To its page.
    pub(crate) fn seen(&self) -> Response {
        (StatusCode::SEE_OTHER, [(LOCATION, format!("/console/jobs/{}", self.job))]).into_response()
    }
}

/// While it is under way the page asks again every second, without a script; then it goes to where the result is shown.
pub(crate) async fn show(staff: Staff, Path(number): Path<u64>) -> Result<Response, Sorry> {
    let words = staff.words;
    let job: Job = staff.or_sorry(staff.api.get(&format!("/v1/jobs/{number}")).await)?;
    if job.status == Status::Done
        && let Some(to) = result(number, &job)
    {
        return Ok((StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response());
    }
    let title = format!("{} {number}: {}", words.say("Job", "Задание"), kind(words, &job.kind));
    let under_way = matches!(job.status, Status::Queued | Status::Running);
    let main = html! {
        h1 { (title) }
        p role="status" {
            @match job.status {
                Status::Queued | Status::Running => {
                    (words.say("Under way", "Идёт")) ": "
                    progress aria-label=(title) max=(job.progress.of) value=(job.progress.done) {} " "
                    (job.progress.done) "/" (job.progress.of)
                }
                Status::Done => {
                    (words.say("Done.", "Готово."))
                    @if let Some(segment) = job.asked["segment"].as_str() { " " a href={ "/console/segments/" (segment) } { (segment) } }
                }
                Status::Failed => {
                    (words.say("It failed", "Не удалось")) @if let Some(failure) = &job.failure { ": " (failure) }
                }
            }
        }
        @if let Some(rows) = job.rows.filter(|_| job.kind == "audience") { (files(words, number, rows)) }
    };
    let shown = page(&staff, Part::Runs, &title, &main);
    Ok(if under_way { ([("refresh", "1")], shown).into_response() } else { shown.into_response() })
}

/// The page of its result, if it has one.
fn result(number: u64, job: &Job) -> Option<String> {
    match job.kind.as_str() {
        "fit" => {
            let version = job.summary.as_ref()?["version"].as_str()?.to_owned();
            Some(format!("/console/cuts/{version}"))
        }
        "preview" => Some(format!("/console/cuts/{}?preview={number}", job.asked["cuts"].as_str()?)),
        _ => None,
    }
}

fn kind(words: Words, kind: &str) -> &str {
    match kind {
        "fit" => words.say("fitting cuts", "подбор границ"),
        "preview" => words.say("preview of cuts", "предпросмотр границ"),
        "simulation" => words.say("simulation", "симуляция"),
        "audience" => words.say("export of a segment", "выгрузка сегмента"),
        "export" => words.say("export of a customer", "выгрузка о клиенте"),
        "erase" => words.say("erasing a customer", "удаление клиента"),
        "merge" => words.say("merging two customers", "объединение клиентов"),
        "unmerge" => words.say("parting an id", "разделение клиентов"),
        other => other,
    }
}

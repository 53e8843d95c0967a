//! Who is in a segment: a table in pages, and files.

use axum::extract::{Form, Path, Query};
use axum::http::Method;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use iso_currency::Currency;
use ledger::CustomerId;
use maud::{Markup, html};
use segmentation::{Day, Minor, Segment};
use serde::Deserialize;
use serde_json::Value;

use crate::api::Refused;
use crate::frame::{Sorry, form_field};
use crate::numbers::{grouped, money};
use crate::pages::Listed;
use crate::pages::jobs::Begun;
use crate::pages::segment::of_path;
use crate::pages::sign_in::Sent;
use crate::staff::Staff;
use crate::words::Words;

/// Rows of the table,
pub(crate) const ROWS: usize = 50;
/// and of a page of the API, which a short audience's file is. What is longer is an export of several files.
const SHORT: usize = 1_000;
/// Rows of one file of an export: some 600 KB.
pub(crate) const FILE_ROWS: u64 = 10_000;

/// A row of `GET /v1/segments/{segment}/customers`.
#[derive(Deserialize)]
pub(crate) struct Member {
    pub(crate) customer: CustomerId,
    since: Option<Day>,
    recency_days: u32,
    frequency: u32,
    monetary: Minor,
}

/// The table; `customers`: how many the last run counted here.
pub(crate) fn members(
    staff: &Staff,
    segment: Segment,
    audience: &Listed<Member>,
    customers: u64,
    currency: Currency,
) -> Markup {
    let words = staff.words;
    html! {
        section {
            h2 { (words.say("Who is in it", "Кто в нём")) }
            div.acts {
                @if customers <= SHORT as u64 {
                    p {
                        a href={ "/console/segments/" (segment) "/file?format=csv" } { "CSV" } " · "
                        a href={ "/console/segments/" (segment) "/file?format=ndjson" } { "NDJSON" }
                    }
                } @else {
                    form method="post" action={ "/console/segments/" (segment) "/export" } {
                        (form_field(&staff.session)) button { (words.say("Export them", "Выгрузить список")) }
                    }
                }
                form.choice method="get" action="/console/customers" {
                    label for="id" { (words.say("Look up a customer", "Найти клиента")) }
                    input id="id" name="id" required autocomplete="off";
                    button { (words.say("Show", "Показать")) }
                }
            }
            div.wide tabindex="0" role="region" aria-label=(words.say("Customers", "Клиенты")) { table.list {
                thead { tr {
                    th scope="col" { (words.say("Customer", "Клиент")) }
                    th scope="col" { (words.say("In it since", "С какого дня")) }
                    th.number scope="col" { (words.say("Days since the last order", "Дней с последнего заказа")) }
                    th.number scope="col" { (words.say("Orders", "Заказов")) }
                    th.number scope="col" { (words.say("Spent", "Потрачено")) }
                } }
                tbody { @for member in &audience.items {
                    tr {
                        th scope="row" {
                            a href={ "/console/customers/" (member.customer.path_form()) } { bdi { (member.customer.as_str()) } }
                        }
                        td { @if let Some(since) = member.since { (since) } }
                        td.number { (grouped(member.recency_days.into())) }
                        td.number { (grouped(member.frequency.into())) }
                        td.number { (money(member.monetary, currency)) }
                    }
                } }
            } }
            @if audience.items.is_empty() { p { (words.say("Nobody.", "Никого.")) } }
            @if let Some(next) = &audience.next {
                p { a rel="next" href={ "/console/segments/" (segment) "?after=" (next) } { (words.say("Further customers", "Дальше")) } }
            }
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    format: String,
    /// Of an export: the first row of the file.
    #[serde(default)]
    from: u64,
}

/// The kinds of files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Csv,
    Ndjson,
}

impl Kind {
    fn asked(words: Words, format: &str) -> Result<Kind, Sorry> {
        match format {
            "csv" => Ok(Kind::Csv),
            "ndjson" => Ok(Kind::Ndjson),
            _ => {
                let must = ("is csv or ndjson", "csv или ndjson");
                Err(Sorry::new(words, Refused::field(words, ("format", "формат"), must)))
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Csv => "csv",
            Kind::Ndjson => "ndjson",
        }
    }

    fn file(self, name: &str, bytes: Vec<u8>) -> Response {
        let media = match self {
            Kind::Csv => "text/csv; charset=utf-8",
            Kind::Ndjson => "application/x-ndjson",
        };
        let name = format!("attachment; filename=\"{name}.{}\"", self.name());
        ([(CONTENT_TYPE, media.to_owned()), (CONTENT_DISPOSITION, name)], bytes).into_response()
    }
}

/// A short audience as a file, as it is now.
pub(crate) async fn file(
    staff: Staff,
    Path(segment): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Sorry> {
    let segment = of_path(staff.words, &segment)?;
    let kind = Kind::asked(staff.words, &asked.format)?;
    let path = format!("/v1/segments/{segment}/customers?format={}&limit={SHORT}", kind.name());
    let (_, bytes) = staff.or_sorry(staff.api.bytes(Method::GET, &path, None).await)?;
    Ok(kind.file(&segment.to_string(), bytes))
}

/// Begins an export and goes to see it.
pub(crate) async fn export(
    staff: Staff,
    Path(segment): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Sorry> {
    staff.own(&sent.form)?;
    let segment = of_path(staff.words, &segment)?;
    let path = format!("/v1/segments/{segment}/export");
    let begun: Begun = staff.or_sorry(staff.api.post(&path, &Value::Null).await)?;
    Ok(begun.seen())
}

/// Some rows of an export as a file: pages of the API one after the other.
pub(crate) async fn file_of_export(
    staff: Staff,
    Path(job): Path<u64>,
    Query(asked): Query<Asked>,
) -> Result<Response, Sorry> {
    let kind = Kind::asked(staff.words, &asked.format)?;
    let mut file = Vec::new();
    let mut at = Some(web::cursor(&asked.from.to_string()));
    for _ in 0..FILE_ROWS / SHORT as u64 {
        let Some(cursor) = at.take() else { break };
        let path = format!("/v1/jobs/{job}/result?format={}&limit={SHORT}&cursor={cursor}", kind.name());
        let (headers, bytes) = staff.or_sorry(staff.api.bytes(Method::GET, &path, None).await)?;
        file.extend(if file.is_empty() || kind == Kind::Ndjson { &bytes[..] } else { after_the_header(&bytes) });
        at = headers.get("tercile-next").and_then(|next| next.to_str().ok()).map(str::to_owned);
    }
    Ok(kind.file(&format!("export-{job}-{}", asked.from + 1), file))
}

fn after_the_header(csv: &[u8]) -> &[u8] {
    csv.iter().position(|byte| *byte == b'\n').map_or(&[], |end| &csv[end + 1..])
}

/// The files of an export that is done.
pub(crate) fn files(words: Words, job: u64, rows: u64) -> Markup {
    html! {
        p { (words.say(
            "Who was in the segment then; with the values of now, and without whoever was erased meanwhile. It is kept for a week.",
            "Кто был в сегменте тогда; значения сегодняшние, без тех, чьи данные с тех пор удалены. Хранится неделю.",
        )) }
        ul { @for nth in 0..rows.div_ceil(FILE_ROWS) {
            @let from = nth * FILE_ROWS;
            li {
                (grouped(from + 1)) "–" (grouped((from + FILE_ROWS).min(rows))) ": "
                a href={ "/console/jobs/" (job) "/file?format=csv&from=" (from) } { "CSV" } " · "
                a href={ "/console/jobs/" (job) "/file?format=ndjson&from=" (from) } { "NDJSON" }
            }
        } }
    }
}

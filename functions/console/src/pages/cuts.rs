//! Cuts: how the base spreads and where its cuts lie; candidates, what they would change, and their activation.

use axum::extract::{Form, Path, Query};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{Html, IntoResponse, Response};
use iso_currency::Currency;
use ledger::{ActivationRecord, CutsRecord, DueCuts, MadeBy};
use maud::{Markup, html};
use segmentation::{Activation, Axis, Cuts, CutsVersion, Day, Minor, PreviewKind, PreviewRow, Spread};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::Refused;
use crate::bands;
use crate::charts::bars::{Marks, bars};
use crate::frame::{Part, Shown, Sorry, form_field, page};
use crate::numbers::{about, grouped, minor, plain};
use crate::pages::jobs::{Begun, Job};
use crate::pages::sign_in::Sent;
use crate::pages::{Base, Listed, Run, Settings, base};
use crate::staff::Staff;
use crate::words::Words;

/// The largest moves of a preview that are listed.
const LARGEST: usize = 30;

/// What `GET /v1/cuts` says.
#[derive(Deserialize)]
struct Known {
    active: Option<ActiveModel>,
    due: Option<DueCuts>,
    activations: Vec<ActivationRecord>,
    known: Listed<CutsRecord>,
}

#[derive(Deserialize)]
struct ActiveModel {
    activation: Activation,
    since: Day,
    #[serde(flatten)]
    model: CutsRecord,
}

/// The form of cuts that are typed in, as it was sent.
#[derive(Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    form: String,
    #[serde(default)]
    recency_1: String,
    #[serde(default)]
    recency_2: String,
    #[serde(default)]
    frequency_1: String,
    #[serde(default)]
    frequency_2: String,
    #[serde(default)]
    monetary_1: String,
    #[serde(default)]
    monetary_2: String,
}

impl Typed {
    fn of(cuts: &Cuts, currency: Currency) -> Typed {
        let number = |value: i64| value.to_string();
        Typed {
            form: String::new(),
            recency_1: number(cuts.recency.c1),
            recency_2: number(cuts.recency.c2),
            frequency_1: number(cuts.frequency.c1),
            frequency_2: number(cuts.frequency.c2),
            monetary_1: plain(Minor(cuts.monetary.c1), currency),
            monetary_2: plain(Minor(cuts.monetary.c2), currency),
        }
    }

    fn axis(&self, axis: Axis) -> [&str; 2] {
        match axis {
            Axis::Recency => [&self.recency_1, &self.recency_2],
            Axis::Frequency => [&self.frequency_1, &self.frequency_2],
            Axis::Monetary => [&self.monetary_1, &self.monetary_2],
        }
    }
}

/// How an axis is called in the API and in the form's fields.
fn key(axis: Axis) -> &'static str {
    match axis {
        Axis::Recency => "recency",
        Axis::Frequency => "frequency",
        Axis::Monetary => "monetary",
    }
}

pub(crate) async fn list(staff: Staff) -> Shown {
    listing(&staff, None, None).await
}

/// The list, and what was typed with why it was refused.
async fn listing(staff: &Staff, typed: Option<Typed>, wrong: Option<&str>) -> Shown {
    let words = staff.words;
    let known: Known = staff.or_sorry(staff.api.get("/v1/cuts?limit=1000").await)?;
    let settings: Settings = staff.or_sorry(staff.api.get("/v1/settings").await)?;
    let spread = spread(staff).await?;
    let title = words.say("Cuts", "Границы");
    let main = html! {
        h1 { (title) }
        @match &known.active {
            Some(active) => {
                p.lead {
                    (words.say("In force since", "Действуют с")) " " (active.since) ": " (words.say("version", "версия")) " "
                    a href={ "/console/cuts/" (active.model.version) } { code { (active.model.version) } } ", " (made(words, active.model.made)) "."
                }
                @if let Some(due) = &known.due { (due_now(staff, active, due)) }
                (bands::table(words, &active.model.cuts, settings.currency))
                (pictures(words, &spread, &active.model.cuts, None, settings.currency))
            }
            None => p { (words.say("No cuts are in force yet: the first run fits them.", "Границ ещё нет: их подберёт первый пересчёт.")) },
        }
        (candidates(staff, &known, typed, wrong, settings.currency))
        (history(staff, &known))
    };
    Ok(page(staff, Part::Cuts, title, &main))
}

/// How the base spread at the last run.
async fn spread(staff: &Staff) -> Result<Spread, Sorry> {
    let Some(Base { run, .. }) = staff.or_sorry(base(&staff.api).await)? else { return Ok(Spread::default()) };
    let run: Option<Run> = staff.or_sorry(staff.api.find(&format!("/v1/runs/{run}")).await)?;
    Ok(run.and_then(|run| run.counts).map(|counts| counts.spread).unwrap_or_default())
}

fn made(words: Words, made: MadeBy) -> String {
    match made {
        MadeBy::Fitted { fitted, customers } => {
            format!("{} {fitted}, {}", words.say("fitted for", "подобраны на"), words.customers(customers))
        }
        MadeBy::Typed { typed } => format!("{} {typed}", words.say("typed in on", "введены")),
    }
}

fn due_now(staff: &Staff, active: &ActiveModel, due: &DueCuts) -> Markup {
    let words = staff.words;
    html! {
        div.notice role="status" {
            p {
                (words.say("Due by the first run of", "Вступят в силу с первым пересчётом за")) " " (due.day) " "
                (words.say("or later: version", "или позже: версия")) " " a href={ "/console/cuts/" (due.cuts) } { code { (due.cuts) } } "."
            }
            div.acts {
                form method="post" action="/console/runs" {
                    (form_field(&staff.session)) button { (words.say("Start a run now", "Пересчитать сейчас")) }
                }
                form method="post" action={ "/console/cuts/" (active.model.version) "/activate" } {
                    (form_field(&staff.session)) button.quiet { (words.say("Withdraw", "Отозвать")) }
                }
            }
        }
    }
}

/// The three axes with the cuts in force, and others beside them.
fn pictures(words: Words, spread: &Spread, cuts: &Cuts, other: Option<&Cuts>, currency: Currency) -> Markup {
    if spread.is_empty() {
        return html! {};
    }
    let named = |axis: Axis, value: i64| match axis {
        Axis::Monetary => about(Minor(value), currency),
        Axis::Recency => format!("{value} {}", words.say("d", "дн.")),
        Axis::Frequency => value.to_string(),
    };
    html! {
        section {
            h2 { (words.say("How the base spreads, and its cuts", "Как распределена база, и границы")) }
            p.soft {
                (words.say(
                    "Customers by value, at the last run. Small values have a bar each, larger ones share it with their neighbours.",
                    "Клиенты по значениям на последний пересчёт. У малых значений свой столбец, большие делят его с соседними.",
                ))
                @if other.is_some() { " " (words.say("Solid: in force; dashed: these.", "Сплошная линия: действующие; пунктир: эти.")) }
            }
            div.beside { @for (axis, name) in bands::axes(words) {
                figure {
                    figcaption { (name) }
                    @let of = |cuts: &Cuts, class| {
                        let axis_cuts = cuts.axis(axis);
                        Marks { class, values: [axis_cuts.c1, axis_cuts.c2].map(|value| (value, named(axis, value))) }
                    };
                    @let marks: Vec<Marks<'_>> =
                        std::iter::once(of(cuts, "in-force")).chain(other.map(|other| of(other, "candidate"))).collect();
                    (bars(&format!("{name}; {} {}, {}", words.say("cuts at", "границы:"), marks[0].values[0].1, marks[0].values[1].1),
                        spread.axis(axis), &marks, |value| named(axis, value)))
                }
            } }
        }
    }
}

fn candidates(staff: &Staff, known: &Known, typed: Option<Typed>, wrong: Option<&str>, currency: Currency) -> Markup {
    let words = staff.words;
    let fields = typed
        .or_else(|| known.active.as_ref().map(|active| Typed::of(&active.model.cuts, currency)))
        .unwrap_or_default();
    let unit = |axis: Axis| match axis {
        Axis::Recency => words.say("days", "дней").to_owned(),
        Axis::Frequency => words.say("how many", "сколько").to_owned(),
        Axis::Monetary => currency.code().to_owned(),
    };
    html! {
        section {
            h2 { (words.say("Candidates", "Кандидаты")) }
            p { (words.say(
                "A candidate changes nothing: first see who would move, then activate it. The next run puts it in force.",
                "Кандидат ничего не меняет: сначала посмотрите, кто перейдёт, потом примените. В силу он вступит со следующим пересчётом.",
            )) }
            form method="post" action="/console/cuts/fit" {
                (form_field(&staff.session))
                button { (words.say("Fit candidate cuts", "Подобрать границы")) }
            }
            form.typed method="post" action="/console/cuts/typed" {
                (form_field(&staff.session))
                h3 id="typed" { (words.say("Or type them in", "Или введите их")) }
                @if let Some(wrong) = wrong { p.alarm role="alert" id="wrong" { (wrong) } }
                @for (axis, name) in bands::axes(words) {
                    fieldset {
                        legend { (name) " (" (unit(axis)) ")" }
                        @for (nth, value) in fields.axis(axis).into_iter().enumerate() {
                            @let id = format!("{}_{}", key(axis), nth + 1);
                            label for=(id) { @if nth == 0 { (words.say("lower cut", "нижняя граница")) } @else { (words.say("upper cut", "верхняя граница")) } }
                            input id=(id) name=(id) value=(value) inputmode="decimal" autocomplete="off" required
                                aria-describedby=[wrong.map(|_| "wrong")];
                        }
                    }
                }
                button { (words.say("Make this candidate", "Создать кандидата")) }
            }
        }
    }
}

fn history(staff: &Staff, known: &Known) -> Markup {
    let words = staff.words;
    let active = known.active.as_ref();
    html! {
        section {
            h2 { (words.say("Known models", "Известные границы")) }
            div.wide tabindex="0" role="region" aria-label=(words.say("Known models", "Известные границы")) { table.list {
                thead { tr {
                    th scope="col" { (words.say("Version", "Версия")) }
                    th scope="col" { (words.say("Made", "Откуда")) }
                    th scope="col" { (words.say("Activated", "Когда действовали")) }
                } }
                tbody { @for model in &known.known.items {
                    tr {
                        th scope="row" { a href={ "/console/cuts/" (model.version) } { code { (model.version) } } }
                        td { (made(words, model.made)) }
                        td {
                            @for activation in known.activations.iter().filter(|one| one.cuts == model.version) {
                                span.activation { "№ " (activation.activation) ", " (words.say("from", "с")) " " (activation.day) } " "
                            }
                            @if active.is_some_and(|active| active.model.version == model.version) { strong { (words.say("in force", "действуют")) } }
                        }
                    }
                } }
            } }
            @if known.known.items.is_empty() { p { (words.say("None yet.", "Пока нет.")) } }
            @if active.is_some_and(|active| active.activation.0 > 1) {
                form method="post" action="/console/cuts/rollback" {
                    (form_field(&staff.session))
                    button.quiet { (words.say("Go back to the cuts before these", "Вернуться к прежним границам")) }
                }
            }
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    preview: Option<u64>,
}

/// One model: what it means beside the one in force, who would move, and its activation.
pub(crate) async fn show(staff: Staff, Path(version): Path<String>, Query(asked): Query<Asked>) -> Shown {
    let words = staff.words;
    let known: Known = staff.or_sorry(staff.api.get("/v1/cuts?limit=1000").await)?;
    let mut models = known.known.items.iter().chain(known.active.iter().map(|active| &active.model));
    let Some(model) = models.find(|model| model.version.0 == version) else {
        let title = words.say("No such cuts", "Таких границ нет");
        let detail =
            words.say("This shop knows no cuts of this version.", "Этот магазин не знает границ такой версии.");
        return Err(Sorry::new(words, Refused::new(StatusCode::NOT_FOUND, title, detail)));
    };
    let settings: Settings = staff.or_sorry(staff.api.get("/v1/settings").await)?;
    let spread = spread(&staff).await?;
    let preview = match asked.preview {
        Some(job) => Some(previewed(&staff, &model.version, job).await?),
        None => None,
    };
    let active = known.active.as_ref();
    let in_force = active.is_some_and(|active| active.model.version == model.version);
    let title = format!("{} {}", words.say("Cuts", "Границы"), model.version);
    let main = html! {
        h1 { (title) }
        p.lead {
            @if in_force { (words.say("In force", "Действуют")) "; " }
            (made(words, model.made)) "."
        }
        (bands::table(words, &model.cuts, settings.currency))
        @match active.filter(|_| !in_force) {
            Some(active) => (pictures(words, &spread, &active.model.cuts, Some(&model.cuts), settings.currency)),
            None => (pictures(words, &spread, &model.cuts, None, settings.currency)),
        }
        @if !in_force {
            section {
                h2 { (words.say("Who would move", "Кто перейдёт")) }
                @match &preview {
                    Some(preview) => (who_would_move(words, preview)),
                    None => {
                        p { (words.say("Nothing is known until it is previewed. A preview reads every customer and changes nothing.",
                            "Это станет известно после предпросмотра. Он прочитает всех клиентов и ничего не изменит.")) }
                        form method="post" action={ "/console/cuts/" (model.version) "/preview" } {
                            (form_field(&staff.session)) button { (words.say("Preview", "Посмотреть")) }
                        }
                    }
                }
                form method="post" action={ "/console/cuts/" (model.version) "/activate" } {
                    (form_field(&staff.session))
                    @if let Some(preview) = &preview { input type="hidden" name="preview" value=(preview.job); }
                    p { (words.say("It comes into force with the next run, and everybody whom it moves moves for new cuts.",
                        "Они вступят в силу со следующим пересчётом; причиной переходов будут новые границы.")) }
                    button { (words.say("Activate", "Применить")) }
                }
            }
        }
        p { a href="/console/cuts" { (words.say("All cuts", "Все границы")) } }
    };
    Ok(page(&staff, Part::Cuts, &title, &main))
}

/// A preview that is done: its summary, and the cells.
struct Previewed {
    job: u64,
    summary: Value,
    rows: Vec<PreviewRow>,
}

/// Of just these cuts: an address could name any other job.
async fn previewed(staff: &Staff, version: &CutsVersion, number: u64) -> Result<Previewed, Sorry> {
    let job: Job = staff.or_sorry(staff.api.get(&format!("/v1/jobs/{number}")).await)?;
    let summary = job.summary.filter(|_| job.kind == "preview" && job.asked["cuts"] == version.0.as_str());
    let Some(summary) = summary else {
        let words = staff.words;
        let must =
            ("is the number of a preview of these cuts that is done", "номер готового предпросмотра этих границ");
        return Err(Sorry::new(words, Refused::field(words, ("preview", "предпросмотр"), must)));
    };
    let rows: Listed<PreviewRow> =
        staff.or_sorry(staff.api.get(&format!("/v1/jobs/{number}/result?limit=1000")).await)?;
    Ok(Previewed { job: number, summary, rows: rows.items })
}

fn who_would_move(words: Words, preview: &Previewed) -> Markup {
    let number = |field: &str| preview.summary[field].as_u64().unwrap_or(0);
    let mut rows: Vec<&PreviewRow> = preview.rows.iter().collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.customers), row.from, row.to));
    html! {
        p {
            (words.say("On", "На")) " " (preview.summary["day"].as_str().unwrap_or_default()) ": "
            (words.customers(number("refit"))) " " (words.say("would move by the new cuts", "перейдут из-за новых границ")) ", "
            (grouped(number("refit_idle"))) " " (words.say("of them without having done anything", "из них, ничего не сделав")) "; "
            (grouped(number("day_only"))) " " (words.say("by the day alone", "просто потому, что настанет этот день")) "; "
            (grouped(number("stay"))) " " (words.say("would stay", "останутся")) "."
        }
        @if !rows.is_empty() {
            div.wide tabindex="0" role="region" aria-label=(words.say("Who would move", "Кто перейдёт")) { table.list {
                thead { tr {
                    th scope="col" { (words.say("From", "Откуда")) }
                    th scope="col" { (words.say("To", "Куда")) }
                    th scope="col" { (words.say("Because", "Почему")) }
                    th.number scope="col" { (words.say("Customers", "Клиенты")) }
                    th.number scope="col" { (words.say("Did nothing", "Ничего не сделали")) }
                } }
                tbody { @for row in rows.iter().take(LARGEST) {
                    tr {
                        th scope="row" { (words.place(row.from)) }
                        td { (words.place(row.to)) }
                        td { @match row.kind {
                            PreviewKind::Refit => { (words.say("new cuts", "новые границы")) }
                            PreviewKind::Day => { (words.say("time passed", "прошло время")) }
                        } }
                        td.number { (grouped(row.customers)) }
                        td.number { (grouped(row.idle)) }
                    }
                } }
            } }
            @if rows.len() > LARGEST {
                p.soft { (words.say("And in smaller numbers between other cells:", "И меньшими числами между другими ячейками:")) " "
                    (grouped(rows.iter().skip(LARGEST).map(|row| row.customers).sum())) "." }
            }
        }
    }
}

/// Begins a fit and goes to see it.
pub(crate) async fn fit(staff: Staff, Form(sent): Form<Sent>) -> Result<Response, Sorry> {
    staff.own(&sent.form)?;
    let begun: Begun = staff.or_sorry(staff.api.post("/v1/cuts/candidates", &json!({})).await)?;
    Ok(begun.seen())
}

/// Makes a candidate of what was typed in.
pub(crate) async fn typed(staff: Staff, Form(typed): Form<Typed>) -> Result<Response, Sorry> {
    staff.own(&typed.form)?;
    let settings: Settings = staff.or_sorry(staff.api.get("/v1/settings").await)?;
    let body = match read(staff.words, &typed, settings.currency) {
        Ok(body) => body,
        Err(wrong) => return refused(&staff, typed, StatusCode::UNPROCESSABLE_ENTITY, &wrong).await,
    };
    match staff.api.post::<CutsRecord>("/v1/cuts/candidates", &body).await {
        Ok(model) => Ok(to(&format!("/console/cuts/{}", model.version))),
        Err(why) => refused(&staff, typed, why.status, &why.detail).await,
    }
}

async fn refused(staff: &Staff, typed: Typed, status: StatusCode, wrong: &str) -> Result<Response, Sorry> {
    let Html(text) = listing(staff, Some(typed), Some(wrong)).await?;
    Ok((status, Html(text)).into_response())
}

/// The API's form of what was typed; or the field that is none, in words.
fn read(words: Words, typed: &Typed, currency: Currency) -> Result<Value, String> {
    let mut body = json!({});
    for (axis, name) in bands::axes(words) {
        let number = |text: &str| match axis {
            Axis::Monetary => minor(text, currency).map(|Minor(minor)| minor),
            Axis::Recency | Axis::Frequency => text.trim().parse().ok().filter(|number| *number >= 0),
        };
        let [c1, c2] = typed.axis(axis).map(number);
        let (Some(c1), Some(c2)) = (c1, c2) else {
            return Err(format!(
                "{name}: {}",
                words.say("both cuts are numbers from 0 on", "обе границы – числа от 0")
            ));
        };
        if c1 >= c2 {
            return Err(format!(
                "{name}: {}",
                words.say("the upper cut lies above the lower", "верхняя граница больше нижней")
            ));
        }
        body[key(axis)] = json!({ "c1": c1, "c2": c2 });
    }
    Ok(body)
}

pub(crate) async fn preview(
    staff: Staff,
    Path(version): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Sorry> {
    staff.own(&sent.form)?;
    let path = format!("/v1/cuts/{}/preview", ledger::path_form(&version));
    let begun: Begun = staff.or_sorry(staff.api.post(&path, &json!({})).await)?;
    Ok(begun.seen())
}

#[derive(Deserialize)]
pub(crate) struct Activated {
    #[serde(default)]
    form: String,
    preview: Option<u64>,
}

/// Makes a model due; the one in force withdraws what is.
pub(crate) async fn activate(
    staff: Staff,
    Path(version): Path<String>,
    Form(sent): Form<Activated>,
) -> Result<Response, Sorry> {
    staff.own(&sent.form)?;
    let body = sent.preview.map_or_else(|| json!({}), |preview| json!({ "preview": preview }));
    let path = format!("/v1/cuts/{}/activate", ledger::path_form(&version));
    staff.or_sorry(staff.api.post::<Value>(&path, &body).await)?;
    Ok(to("/console/cuts"))
}

pub(crate) async fn roll_back(staff: Staff, Form(sent): Form<Sent>) -> Result<Response, Sorry> {
    staff.own(&sent.form)?;
    staff.or_sorry(staff.api.post::<Value>("/v1/cuts/rollback", &json!({})).await)?;
    Ok(to("/console/cuts"))
}

fn to(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, path.to_owned())]).into_response()
}

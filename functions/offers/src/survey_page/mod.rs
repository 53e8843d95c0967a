//! `GET` and `POST /s/{token}`: the page of a survey, for who comes from a letter and not to a checkout.
//!
//! No API key is asked for: the link's proof is what is verified, and shop and customer come out of it (law 15). A GET writes
//! nothing, since mail scanners follow links; a POST records the answer under an id that the link gives, so a link answers once.

mod view;
mod words;

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::{FormRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header::{ACCEPT_LANGUAGE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use catalogue::Catalogue;
use ledger::{AnswerId, Customer, LedgerError, RecordError, Refusal, Said, Shop, answer_id};
use playbook::decide::{Channel, Decision};
use playbook::mechanic::{Answer, Mechanic, Survey};
use playbook::{Language, Withheld, decide};
use segmentation::Day;
use serde::Deserialize;
use web::{App, Problem, Question, Subject, inputs, with_codes};

use crate::survey_page::words::Notice;

/// `?lang=…`, for who wants the page in the other language. Mail systems add fields of their own, which are passed over.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PageAsked"))]
pub(crate) struct Asked {
    /// `en` or `ru`; anything else is passed over.
    lang: Option<String>,
}

/// What the form sends.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PageAnswer"))]
pub(crate) struct Sent {
    /// A reason, or a score.
    answer: String,
}

/// Who came, and to which question.
struct Visit {
    shop: Arc<Shop>,
    customer: Customer,
    catalogue: Arc<Catalogue>,
    survey: Survey,
    today: Day,
    /// Of the answer that this link can give.
    id: AnswerId,
    language: Language,
}

/// Why there is no question and no answer to show: a page of its own.
struct Turned(StatusCode, Notice);

pub(crate) async fn show(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    match open(&app, token, query, &headers).await {
        Ok(visit) if visit.answered_elsewhere(&app) || visit.answered_here() => visit.answered(&app, false),
        Ok(visit) => view::question(visit.survey, visit.language, false),
        Err(turned) => turned.page(),
    }
}

pub(crate) async fn answer(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
    sent: Result<Form<Sent>, FormRejection>,
) -> Response {
    let told = async {
        let visit = open(&app, token, query, &headers).await?;
        if !visit.answered_here() && visit.answered_elsewhere(&app) {
            return Ok(visit.answered(&app, false));
        }
        let Some((answer, score)) = sent.ok().and_then(|Form(sent)| read(visit.survey, &sent.answer)) else {
            return Ok(view::question(visit.survey, visit.language, true));
        };
        visit.record(&app, answer, score).await
    };
    told.await.unwrap_or_else(Turned::page)
}

/// Proves the link and finds whom it was sent to.
async fn open(
    app: &App,
    token: Result<Path<String>, PathRejection>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: &HeaderMap,
) -> Result<Visit, Turned> {
    let unknown = || Turned(StatusCode::NOT_FOUND, Notice::Unknown);
    let Path(token) = token.map_err(|_| unknown())?;
    let link = app.ledger.open_link(&token).ok_or_else(unknown)?;
    let id = answer_id(&token).map_err(|_| unknown())?;
    let shop = app.ledger.shop(&link.shop).await?.ok_or_else(unknown)?;
    let today = app.clock.today(shop.settings.time_zone);
    if today > link.until {
        return Err(Turned(StatusCode::GONE, Notice::Over));
    }
    // Consistent: who has just answered is not to be asked again.
    let (customer, catalogue) =
        tokio::join!(app.ledger.customer_now(&shop.id, &link.customer), app.ledger.catalogue(&shop));
    let customer = customer?.ok_or_else(unknown)?;
    let wished = query.ok().and_then(|Query(asked)| asked.lang).and_then(|lang| Language::named_in(&lang));
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).map(Language::from_accept);
    let own = customer.profile.attributes.language().map(Language::from_accept);
    let language = wished.or(own).or(accepted).unwrap_or_default();
    Ok(Visit { shop, customer, catalogue, survey: link.survey, today, id, language })
}

impl Visit {
    /// By this very link.
    fn answered_here(&self) -> bool {
        self.customer.profile.answers.last(self.survey).is_some_and(|last| last.id == self.id.as_str())
    }

    /// At a checkout or by another link, with nothing new to ask about since.
    fn answered_elsewhere(&self, app: &App) -> bool {
        let asks = |idea: &str, decision: &Decision| {
            let entry = self.shop.playbook.entries().find(|entry| entry.name == decision.entry);
            entry.is_some_and(|entry| {
                entry.ideas.iter().any(|own| own.code == idea && own.mechanic == Mechanic::Survey(self.survey))
            })
        };
        self.decisions(app).any(|decision| {
            let mut withheld = decision.withheld.iter();
            withheld.any(|not| not.why == Withheld::Answered && asks(&not.idea, &decision))
        })
    }

    /// What the shop has for this customer today; a reward may be meant for one place only.
    fn decisions(&self, app: &App) -> impl Iterator<Item = Decision> {
        [Channel::Checkout, Channel::Mailing].into_iter().map(|channel| {
            let question = Question { day: self.today, channel, language: Some(self.language), cart: None };
            let subject = Subject::Known(&self.customer);
            let document = inputs(&app.ledger, &self.shop, &self.catalogue, subject, question);
            let mut decision = decide(&document, &self.shop.playbook);
            with_codes(&app.ledger, &self.shop, &self.customer.key, &mut decision);
            decision
        })
    }

    /// The page after the answer, with what it earned; `first`: this call brought it.
    fn answered(&self, app: &App, first: bool) -> Response {
        let by_answer = Mechanic::CodeByAnswer(self.survey);
        let offer = self.decisions(app).find_map(|decision| {
            decision.offers.into_iter().find(|offer| offer.mechanic == by_answer && offer.reward.is_some())
        });
        view::answered(offer.as_ref(), first, self.language)
    }

    async fn record(mut self, app: &App, answer: Answer, score: Option<u8>) -> Result<Response, Turned> {
        let said = Said { id: self.id.clone(), survey: self.survey, answer, score };
        let first = match app.ledger.record_answer(&self.shop, self.today, &self.customer.id, &said).await {
            Ok(_) => true,
            Err(RecordError::Refused(Refusal::OtherContent { .. })) => false,
            Err(RecordError::Refused(_)) => return Err(Turned(StatusCode::GONE, Notice::Over)),
            Err(RecordError::Store(error)) => return Err(Turned::from(&*error)),
        };
        if let Some(now) = app.ledger.customer_now(&self.shop.id, &self.customer.key).await? {
            self.customer = now;
        }
        Ok(self.answered(app, first))
    }
}

/// An answer as the form names it: a reason, or a mark.
fn read(survey: Survey, text: &str) -> Option<(Answer, Option<u8>)> {
    if survey.scores().is_none() {
        let answer = survey.answers().iter().copied().find(|answer| answer.name() == text);
        return answer.map(|answer| (answer, None));
    }
    let score = text.parse().ok()?;
    survey.answer_of(score).map(|answer| (answer, Some(score)))
}

impl Turned {
    fn page(self) -> Response {
        let Turned(status, notice) = self;
        let mut page = view::notice(status, notice);
        if notice == Notice::Later {
            page.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        page
    }
}

impl From<LedgerError> for Turned {
    fn from(error: LedgerError) -> Turned {
        Turned::from(&error)
    }
}

impl From<&LedgerError> for Turned {
    /// What went wrong is in the log, as with every other route.
    fn from(error: &LedgerError) -> Turned {
        Turned(Problem::from(error).status(), Notice::Later)
    }
}

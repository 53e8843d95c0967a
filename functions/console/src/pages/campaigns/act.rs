//! What a campaign's forms do: its state, and its limits. Whatever is refused is told at the form, and nothing changes.

use axum::extract::{Form, Path};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::limits::{Sent, Tried};
use super::one::{Came, load, shown};
use crate::api::Refused;
use crate::frame::Sorry;
use crate::staff::Staff;
use crate::words::Words;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Stated {
    form: String,
    state: String,
    sure: String,
}

/// Opens, pauses or ends; the last one asks to be sure.
pub(crate) async fn set_state(
    staff: Staff,
    Path(number): Path<String>,
    Form(sent): Form<Stated>,
) -> Result<Response, Sorry> {
    if !staff.session.sent(&sent.form) {
        return Err(Sorry::foreign_form(staff.words));
    }
    let words = staff.words;
    let (campaign, currency) = load(&staff, &number).await?;
    let answered = match sent.state.as_str() {
        "ended" if sent.sure != "yes" => {
            let title = words.say("It was not ended", "Кампания не завершена");
            let detail = words.say("Tick the box to say that you are sure.", "Отметьте, что уверены.");
            Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, title, detail))
        }
        "open" | "paused" | "ended" => {
            let path = format!("/v1/campaigns/{}/state", campaign.number);
            staff.api.post::<Value>(&path, &json!({ "state": sent.state })).await.map(drop)
        }
        _ => Err(Refused::field(words, ("state", "состояние"), ("is open, paused or ended", "open, paused или ended"))),
    };
    match answered {
        Ok(()) => Ok(back(campaign.number, "state")),
        Err(refused) if refused.status == StatusCode::UNAUTHORIZED => Err(Sorry::new(words, refused)),
        Err(refused) => {
            let came = Came::NoState(told(words, &refused));
            Ok(shown(&staff, &campaign, currency, refused.status, &came))
        }
    }
}

/// Sets a limit, or takes it away.
pub(crate) async fn set_limit(
    staff: Staff,
    Path(number): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Sorry> {
    if !staff.session.sent(&sent.form) {
        return Err(Sorry::foreign_form(staff.words));
    }
    let words = staff.words;
    let (campaign, currency) = load(&staff, &number).await?;
    let answered = match sent.read(words, &campaign, currency) {
        Ok(body) => staff.api.put::<Value>("/v1/budgets", &body).await.map(drop),
        Err(refused) => Err(refused),
    };
    match answered {
        Ok(()) => Ok(back(campaign.number, "limit")),
        Err(refused) if refused.status == StatusCode::UNAUTHORIZED => Err(Sorry::new(words, refused)),
        Err(refused) => {
            let came = Came::NoLimit(Tried { sent, wrong: told(words, &refused) });
            Ok(shown(&staff, &campaign, currency, refused.status, &came))
        }
    }
}

/// To the campaign's page, where what came of it is told beside the form.
fn back(number: u16, what: &str) -> Response {
    let anchor = if what == "limit" { "limits" } else { what };
    (StatusCode::SEE_OTHER, [(LOCATION, format!("/console/campaigns/{number}?done={what}#{anchor}"))]).into_response()
}

/// Why the API refused, in the page's language where it is one of those that staff can do something about.
fn told(words: Words, refused: &Refused) -> String {
    let known = match refused.kind.as_str() {
        "campaign-ended" => words.say(
            "It has ended meanwhile, and opens by a new publication only.",
            "Кампания уже завершена и откроется только с новой публикацией.",
        ),
        "campaign-not-in-force" => words.say(
            "Its series is on other terms by now; open the campaign in force.",
            "Её серия уже на других условиях; откройте действующую кампанию.",
        ),
        "changed-meanwhile" => words.say(
            "Somebody else changed it at the same moment. Look at it again.",
            "Кто-то изменил это в тот же момент. Посмотрите ещё раз.",
        ),
        "unavailable" | "too-slow" | "overloaded" => words.say(
            "The store did not answer in time. Send it again.",
            "Хранилище не ответило вовремя. Отправьте ещё раз.",
        ),
        _ => return format!("{}: {}", refused.title, refused.detail),
    };
    known.to_owned()
}

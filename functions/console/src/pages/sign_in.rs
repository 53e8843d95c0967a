//! The door: a key becomes a session, a link does once, and a session ends.

use axum::extract::{Form, Path, State};
use axum::http::header::{LOCATION, REFERER, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use ledger::LedgerError;
use maud::html;
use playbook::Language;
use serde::Deserialize;
use serde_json::Value;

use crate::Console;
use crate::api::{Api, Refused};
use crate::frame::{Sorry, open_page};
use crate::session::{Session, set};
use crate::staff::{LANGUAGE, Staff, words};
use crate::words::Words;

/// A year.
const LANGUAGE_LASTS: TimeDelta = TimeDelta::days(365);

#[derive(Deserialize)]
pub(crate) struct Entered {
    #[serde(default)]
    key: String,
}

#[derive(Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    pub(crate) form: String,
}

#[derive(Deserialize)]
pub(crate) struct Spoken {
    #[serde(default)]
    language: String,
}

pub(crate) async fn show(headers: HeaderMap) -> Response {
    door(words(&headers), StatusCode::OK, None)
}

fn door(words: Words, status: StatusCode, wrong: Option<&str>) -> Response {
    let title = words.say("Sign in", "Вход");
    let main = html! {
        h1 { (title) }
        form.door method="post" action="/console/sign-in" {
            @if let Some(wrong) = wrong { p.alarm role="alert" id="wrong" { (wrong) } }
            label for="key" { (words.say("An admin key of the shop", "Ключ магазина с правом admin")) }
            input id="key" name="key" type="password" autocomplete="off" spellcheck="false" required
                aria-describedby=(if wrong.is_some() { "wrong hint" } else { "hint" });
            p.soft id="hint" {
                (words.say(
                    "It reads tcl_SHOP_ID_SECRET. Your browser keeps a sealed cookie for eight hours and not the key.",
                    "Он выглядит так: tcl_МАГАЗИН_НОМЕР_СЕКРЕТ. Браузер хранит восемь часов запечатанную метку, а не сам ключ.",
                ))
            }
            button { (title) }
        }
    };
    (status, open_page(words, title, &main)).into_response()
}

/// Whoever has an admin key that the API takes is signed in.
pub(crate) async fn enter(
    State(console): State<Console>,
    headers: HeaderMap,
    Form(Entered { key }): Form<Entered>,
) -> Response {
    let (words, key) = (words(&headers), key.trim());
    match Api::new(&console.api, key).get::<Value>("/v1/settings").await {
        Ok(_) => signed_in(&console, words, Session::begin(&console.app, key)),
        Err(refused) => {
            let why = match refused.status {
                StatusCode::UNAUTHORIZED => words.say(
                    "No key reads like this, or it is good no more.",
                    "Такого ключа нет, или он больше не действует.",
                ),
                StatusCode::FORBIDDEN => words.say(
                    "This key does not open the console: it takes one with the scope admin.",
                    "Этот ключ не открывает консоль: нужен ключ с правом admin.",
                ),
                _ => &refused.detail,
            };
            door(words, refused.status, Some(why))
        }
    }
}

pub(crate) async fn enter_by_link(
    State(console): State<Console>,
    headers: HeaderMap,
    Path(pass): Path<String>,
) -> Response {
    let words = words(&headers);
    match console.links.open(&console.app, &pass) {
        Some(session) => signed_in(&console, words, Ok(session)),
        None => {
            let why = words.say(
                "This link is none of ours, is over, or was opened before.",
                "Эта ссылка не наша, устарела или уже была открыта.",
            );
            door(words, StatusCode::GONE, Some(why))
        }
    }
}

pub(crate) async fn leave(State(console): State<Console>, staff: Staff, Form(sent): Form<Sent>) -> Response {
    if let Err(sorry) = staff.own(&sent.form) {
        return sorry.into_response();
    }
    with_cookie(staff.words, Session::end(&console), "/console/sign-in")
}

/// Changes the language and nothing else, so it asks for no session.
pub(crate) async fn speak(
    State(console): State<Console>,
    headers: HeaderMap,
    Form(Spoken { language }): Form<Spoken>,
) -> Response {
    let words = Language::named_in(&language).map_or_else(|| words(&headers), Words);
    // Back to the page that it was asked on, which is one of ours.
    let from = headers.get(REFERER).and_then(|value| value.to_str().ok()).and_then(|from| from.split_once("/console"));
    let back = from.map_or_else(|| "/console".to_owned(), |(_, rest)| format!("/console{rest}"));
    let back = if back.starts_with("/console/enter") { "/console" } else { &back };
    with_cookie(words, set(&console, LANGUAGE, words.0.tag(), LANGUAGE_LASTS), back)
}

fn signed_in(console: &Console, words: Words, session: Result<Session, LedgerError>) -> Response {
    with_cookie(words, session.and_then(|session| session.cookie(console)), "/console")
}

fn with_cookie(words: Words, cookie: Result<HeaderValue, LedgerError>, to: &str) -> Response {
    match (cookie, HeaderValue::from_str(to)) {
        (Ok(cookie), Ok(to)) => (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie), (LOCATION, to)]).into_response(),
        _ => {
            let title = words.say("Our mistake", "Наша ошибка");
            let refused = Refused::new(StatusCode::INTERNAL_SERVER_ERROR, title, title);
            Sorry::new(words, refused).into_response()
        }
    }
}

//! Whoever asks for a page: signed in, or sent to sign in first.

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT_LANGUAGE, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use playbook::Language;

use crate::Console;
use crate::api::Api;
use crate::session::{Session, cookie};
use crate::words::Words;

/// The cookie of whoever chose a language.
pub(crate) const LANGUAGE: &str = "tercile_language";

/// One of the shop's staff.
pub(crate) struct Staff {
    pub(crate) session: Session,
    pub(crate) words: Words,
    pub(crate) api: Api,
}

/// The language that was chosen, or that the browser asks for.
pub(crate) fn words(headers: &HeaderMap) -> Words {
    let chosen = cookie(headers, LANGUAGE).and_then(Language::named_in);
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).map(Language::from_accept);
    Words(chosen.or(accepted).unwrap_or_default())
}

impl FromRequestParts<Console> for Staff {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Staff, Response> {
        let Some(session) = Session::of(&console.app, &parts.headers) else {
            return Err((StatusCode::SEE_OTHER, [(LOCATION, "/console/sign-in")]).into_response());
        };
        let api = Api::new(&console.api, &session.key);
        Ok(Staff { session, words: words(&parts.headers), api })
    }
}

//! Who is signed in: a sealed cookie that holds the key, so that every call is checked as any call of that key is, and ends with it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use chrono::TimeDelta;
use data_encoding::HEXLOWER;
use ledger::{LedgerError, ShopId};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use web::App;

use crate::Console;

/// The cookie's name.
const NAME: &str = "tercile_session";
/// How long one is signed in, and how long a link to sign in by is good.
const LASTS: TimeDelta = TimeDelta::hours(8);
const LINK_LASTS: TimeDelta = TimeDelta::minutes(10);
/// What is sealed for one is not opened for the other.
const COOKIE_PLACE: &str = "console session";
const LINK_PLACE: &str = "console entrance";

/// Somebody signed in.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The key.
    pub(crate) key: String,
    /// Stands in every form: who cannot read our pages cannot send one.
    pub(crate) form: String,
    /// In seconds since 1970.
    until: i64,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

impl Session {
    pub(crate) fn begin(app: &App, key: &str) -> Result<Session, LedgerError> {
        Session::lasting(app, key, LASTS)
    }

    fn lasting(app: &App, key: &str, lasts: TimeDelta) -> Result<Session, LedgerError> {
        let mut form = [0; 16];
        getrandom::fill(&mut form).map_err(|error| LedgerError::Damaged(error.to_string()))?;
        let until = (app.clock.now() + lasts).timestamp();
        Ok(Session { key: key.to_owned(), form: HEXLOWER.encode(&form), until })
    }

    /// Whose cookie came with a request.
    pub(crate) fn of(app: &App, headers: &HeaderMap) -> Option<Session> {
        let sealed = cookie(headers, NAME)?;
        Session::open(app, COOKIE_PLACE, sealed)
    }

    fn open(app: &App, place: &str, sealed: &str) -> Option<Session> {
        let session: Session = serde_json::from_str(&app.ledger.open_sealed(place, sealed)?).ok()?;
        (session.until > app.clock.now().timestamp()).then_some(session)
    }

    fn seal(&self, app: &App, place: &str) -> Result<String, LedgerError> {
        let text = serde_json::to_string(self).map_err(|error| LedgerError::Damaged(error.to_string()))?;
        app.ledger.seal(place, &text)
    }

    /// The cookie that a browser keeps, and that no script reads.
    pub(crate) fn cookie(&self, console: &Console) -> Result<HeaderValue, LedgerError> {
        set(console, NAME, &self.seal(&console.app, COOKIE_PLACE)?, LASTS)
    }

    /// The cookie that ends it.
    pub(crate) fn end(console: &Console) -> Result<HeaderValue, LedgerError> {
        set(console, NAME, "", TimeDelta::zero())
    }

    /// Was this form one of ours?
    pub(crate) fn sent(&self, form: &str) -> bool {
        self.form.as_bytes().ct_eq(form.as_bytes()).into()
    }
}

/// A cookie of these pages: not for scripts, not sent from elsewhere, and over TLS alone where the service is.
pub(crate) fn set(console: &Console, name: &str, value: &str, lasts: TimeDelta) -> Result<HeaderValue, LedgerError> {
    let secure = if console.tls { "; Secure" } else { "" };
    let seconds = lasts.num_seconds();
    let text = format!("{name}={value}; Path=/console; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).map_err(|error| LedgerError::Damaged(error.to_string()))
}

/// A cookie's value.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    all.filter_map(|pair| pair.trim().split_once('=')).find(|(named, _)| *named == name).map(|(_, value)| value)
}

/// Links that sign in once, made by this process and not opened yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links(Arc<Mutex<HashSet<String>>>);

impl Links {
    fn unopened(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The path of one more, with a key of this process alone.
    pub(crate) fn make(&self, app: &App, shop: &ShopId) -> Result<String, LedgerError> {
        let session = Session::lasting(app, &app.process_key(shop)?, LINK_LASTS)?;
        let pass = session.seal(app, LINK_PLACE)?;
        self.unopened().insert(session.form);
        Ok(format!("/console/enter/{pass}"))
    }

    /// Who comes by a link; `None`: it is none of ours, over, or was opened before.
    pub(crate) fn open(&self, app: &App, pass: &str) -> Option<Session> {
        let link = Session::open(app, LINK_PLACE, pass)?;
        let first = self.unopened().remove(&link.form);
        first.then(|| Session::begin(app, &link.key).ok()).flatten()
    }
}

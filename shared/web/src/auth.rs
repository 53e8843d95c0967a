//! Who is asking: one layer that every route of every function lies under (law 15).

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use ledger::{Denied, KeyId, PresentedKey, Scope, Shop};
use tokio::time::Instant;

use crate::app::App;
use crate::known_keys::REFRESH_WAIT;
use crate::problem::Problem;

/// The shop that a verified key belongs to. It is the only way to a shop: never the body, never the path.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The shop as it stands.
    pub shop: Arc<Shop>,
    /// The key's id, for logs.
    pub key_id: KeyId,
    /// May the key do what the shop's staff does?
    pub staff: bool,
    /// When a deadline of the request's own begins: with the request, or with the end of what only a process's first one reads.
    pub began: Instant,
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, Problem> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(Problem::unauthorized)
    }
}

/// Puts a router's routes under a scope.
pub(crate) fn require(router: Router<App>, app: &App, scope: Scope) -> Router<App> {
    router.route_layer(from_fn_with_state((app.clone(), scope), verify))
}

async fn verify(
    State((app, scope)): State<(App, Scope)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let began = Instant::now();
    let presented = presented(request.headers()).ok_or_else(Problem::unauthorized)?;
    let seen = app.keys.look(&app.ledger, &presented).await?;
    let verdict = presented.check(seen.record.as_deref(), scope, app.clock.now());
    if verdict == Err(Denied::Invalid) {
        return Err(Problem::unauthorized());
    }
    app.keys.take(&presented)?;
    verdict.map_err(|_| Problem::forbidden(scope))?;
    let staff = seen.record.is_some_and(|record| record.opens(Scope::Admin));
    let shop = match scope {
        Scope::Checkout => app.ledger.shop_within(&presented.shop, REFRESH_WAIT).await?,
        Scope::Ingest | Scope::Admin => app.ledger.shop(&presented.shop).await?,
    };
    let shop = shop.ok_or_else(Problem::unauthorized)?;
    note_use(&app, &presented, &shop);
    // What a process reads for its first request is not in any deadline.
    let began = if seen.before { began } else { Instant::now() };
    request.extensions_mut().insert(Caller { shop, key_id: presented.id, staff, began });
    Ok(next.run(request).await)
}

/// The key that came with a request.
fn presented(headers: &HeaderMap) -> Option<PresentedKey> {
    PresentedKey::parse(bearer(headers)?)
}

/// What came with a request as a bearer token.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    // The scheme's case does not matter (RFC 9110, 11.1).
    let (_, token) = header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))?;
    Some(token.trim())
}

/// Has the day noted on which a key was used: beside the request, whose answer neither waits for it nor depends on it, and once a day
/// in each process. What is lost with a process is noted by the next one.
fn note_use(app: &App, presented: &PresentedKey, shop: &Shop) {
    let today = app.clock.today(shop.settings.time_zone);
    if app.keys.is_to_be_noted(presented, today) {
        let (ledger, shop, id) = (app.ledger.clone(), shop.id.clone(), presented.id.clone());
        tokio::spawn(async move {
            if let Err(error) = ledger.note_key_use(&shop, &id, today).await {
                tracing::warn!(%shop, key = %id, %error, "the day on which a key was used was not noted");
            }
        });
    }
}

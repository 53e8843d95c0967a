//! Who is asking: one layer that every route of every function lies under (law 15).

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use ledger::{PresentedKey, Scope, Shop};

use crate::app::App;
use crate::problem::Problem;

/// The shop that a verified key belongs to. It is the only way to a shop: never the body, never the path.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The shop as it stands.
    pub shop: Arc<Shop>,
    /// The key's id, for logs.
    pub key_id: String,
    /// May the key do what the shop's staff does?
    pub staff: bool,
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
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    // The scheme's case does not matter (RFC 9110, 11.1).
    let token =
        header.and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = token.map(|(_, token)| token.trim());
    let presented = token.and_then(PresentedKey::parse).ok_or_else(Problem::unauthorized)?;
    let record = app.key_record(&presented).await?;
    let proven = presented.proves(record.as_ref());
    let Some(record) = record.filter(|_| proven) else { return Err(Problem::unauthorized()) };
    if !record.scopes.iter().any(|held| held.opens(scope)) {
        return Err(Problem::forbidden(scope));
    }
    let staff = record.scopes.iter().any(|held| held.opens(Scope::Admin));
    let shop = app.ledger.shop(&presented.shop).await?.ok_or_else(Problem::unauthorized)?;
    request.extensions_mut().insert(Caller { shop, key_id: presented.id, staff });
    Ok(next.run(request).await)
}

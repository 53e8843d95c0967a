//! `POST /v1/edge/offers`: what the edge cannot decide itself, since a token is over or was made under other terms. Nobody has a key:
//! the token is what is verified, and shop and customer come out of it (law 15). The customer is not read; the clock, the terms, what
//! is paused and what has no money left are the present ones.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::{HeaderMap, StatusCode};
use ledger::{CustomerKey, ProductId, ShopId};
use playbook::Language;
use serde::Deserialize;
use snapshot::{Answer, Claims, Label, Refused, Snapshot, Source, answer, document, open};
use web::{App, Body, EdgeTerms, Problem, at_field, bearer, read_json, series, with_codes};

use crate::offers::{CartIn, MAX_CART};
use crate::snapshots::GRACE_DAYS;

/// How far the clocks of two processes may differ, in seconds.
const SKEW: i64 = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "EdgeAsked"))]
pub(crate) struct Asked {
    /// In which language: `en` or `ru`, also as the beginning of a longer tag.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^(en|ru)(-[A-Za-z0-9]{1,8})*$")))]
    lang: Option<String>,
}

/// What lies in the cart; an empty body is no cart.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "EdgeCart"))]
pub(crate) struct Cart {
    #[serde(default)]
    cart: Option<CartIn>,
}

pub(crate) async fn show(
    State(app): State<App>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Json<Answer>, Problem> {
    let (shop_id, number, claims) = bearer(&headers).and_then(|token| verified(&app, token)).ok_or_else(invalid)?;
    let Query(asked) = at_field("query", query.map_err(|error| error.body_text()))?;
    let sent: Cart = if body.is_empty() { Cart::default() } else { read_json(&body)? };
    if sent.cart.as_ref().is_some_and(|cart| cart.products.len() > MAX_CART) {
        return Err(Problem::field("cart.products", format!("may name at most {MAX_CART} products")));
    }
    let shop = app.ledger.shop(&shop_id).await?.ok_or_else(invalid)?;
    let zone = shop.settings.time_zone;
    let (now, key) = (app.clock.moment(zone).timestamp(), shop.settings.changeable.edge.key);
    let in_time = claims.issued <= now + SKEW && now <= claims.expires + GRACE_DAYS * 86_400;
    let in_use = number == key || Some(number) == key.checked_sub(1);
    let snapshot = Snapshot::of_bytes(&claims.body).filter(|_| in_time && in_use).ok_or_else(invalid)?;
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let cart: Option<Vec<String>> = sent.cart.map(|cart| cart.products.into_iter().map(ProductId::into).collect());
    let question = snapshot::Asked {
        day: app.clock.today(zone),
        language: match &asked.lang {
            Some(lang) => Some(web::language(lang)?),
            None => accepted.and_then(Language::named_in),
        },
        cart: cart.as_deref(),
    };
    let customer = CustomerKey::from_bytes(snapshot.customer);
    let terms = EdgeTerms::of(&shop);
    let document = document(&snapshot, &terms.terms(), &question, |inputs| {
        series(&app.ledger, &shop, inputs, snapshot.closed(inputs, &shop.playbook), Some(&customer))
    });
    let mut answer = answer(&snapshot, &shop.playbook, &document, Source::Origin);
    with_codes(&app.ledger, &shop, &customer, &mut answer.decision);
    Ok(Json(answer))
}

/// Whose token it is, of which key, and what it says, if we made it; when, is not asked yet, as the shop's clock is not at hand.
fn verified(app: &App, token: &str) -> Option<(ShopId, u32, Claims)> {
    let label = Label::of(token)?;
    let shop: ShopId = label.shop.parse().ok()?;
    let key = app.ledger.edge_key(&shop, label.key).for_edge();
    // At the end of time every genuine token is over.
    match open(token, &[key], shop.as_str(), i64::MAX) {
        Err(Refused::Expired(claims)) => Some((shop, label.key, *claims)),
        Ok(_) | Err(_) => None,
    }
}

/// 401: one answer for all that is no token of ours, or too old.
fn invalid() -> Problem {
    let detail = "send a token of this service, not older than it may be, as `Authorization: Bearer ts1.…`";
    Problem::new(StatusCode::UNAUTHORIZED, "token-invalid", "No valid token", detail)
}

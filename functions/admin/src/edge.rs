//! `GET /v1/edge/bundle`: what a component at the edge is built with (docs/edge.md).

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use playbook::decide;
use playbook::decide::Channel;
use serde::Deserialize;
use snapshot::{Bundle, SeriesKey, filled};
use web::{App, Caller, EdgeTerms, Problem, Question, Subject, at_field, inputs, offsets};

/// For how many days, for who has no token, a component knows when the shop's days begin.
const DAYS: i64 = 3 * 366;
/// The longest address of an origin.
const MAX_ORIGIN: usize = 255;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "BundleAsked"))]
pub(crate) struct Asked {
    /// Where the component reaches this API: `https://`, or on one machine `http://`, and a name, without a path.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^https?://[A-Za-z0-9.:\\[\\]-]{1,240}$")))]
    origin: String,
}

pub(crate) async fn bundle(
    State(app): State<App>,
    caller: Caller,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(Asked { origin }) = at_field("query", query.map_err(|error| error.body_text()))?;
    let name = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    if !name.is_some_and(|name| !name.is_empty() && origin.len() <= MAX_ORIGIN && name.bytes().all(plain)) {
        return Err(Problem::field("origin", "is `https://` or `http://` and a name, without a path"));
    }
    let shop = &caller.shop;
    let catalogue = app.ledger.catalogue(shop).await;
    let zone = shop.settings.time_zone;
    let (day, now) = (app.clock.today(zone), app.clock.moment(zone).timestamp());
    let question = Question { day, channel: Channel::Checkout, language: None, cart: None };
    let document = inputs(&app.ledger, shop, &catalogue, Subject::Anyone, question);
    let decision = decide(&document, &shop.playbook);
    let stands = EdgeTerms::of(shop);
    let terms = stands.terms();
    let number = shop.settings.changeable.edge.key;
    let bundle = Bundle {
        shop: shop.id.as_str().to_owned(),
        origin,
        // The next one too, so that a change of the key needs no new component; and the last one, whose tokens are about.
        keys: (number.saturating_sub(1)..=number + 1).map(|n| app.ledger.edge_key(&shop.id, n).for_edge()).collect(),
        version: terms.version(),
        playbook: (*shop.playbook).clone(),
        groups: terms.groups.clone(),
        settings: terms.settings.clone(),
        money: terms.money.clone(),
        campaigns: terms.campaigns.to_vec(),
        paused: stands.paused().map(SeriesKey::of).collect(),
        offsets: offsets(zone, now, now + DAYS * 86_400),
        products: filled(&[(document, decision)]),
        low_band: catalogue.low_band(),
    };
    let headers = [(CONTENT_TYPE, "application/octet-stream"), (CACHE_CONTROL, "no-store")];
    Ok((headers, bundle.to_bytes()).into_response())
}

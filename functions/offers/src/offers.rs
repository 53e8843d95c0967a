//! `GET /v1/customers/{id}/offers` and `POST /v1/offers`: what this customer should see now, with or without a cart.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::{HeaderMap, StatusCode};
use ledger::{CustomerId, ProductId, Scope};
use playbook::decide::Channel;
use playbook::mechanic::Mechanic;
use playbook::{Decision, Inputs, Language, decide};
use serde::{Deserialize, Serialize};
use web::{App, Body, Caller, PathId, Problem, Question, Subject, at_field, inputs, read_json, with_codes};

use crate::lookup::{Found, look_up, today};
use crate::snapshots::{self, Issued};

/// The most products of a cart.
pub(crate) const MAX_CART: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OffersAsked"))]
pub(crate) struct Asked {
    /// In which language: `en` or `ru`, also as the beginning of a longer tag.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^(en|ru)(-[A-Za-z0-9]{1,8})*$")))]
    lang: Option<String>,
    /// 1: with the document that the decision rests on; for the scope `admin` alone.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(range(max = 1)))]
    inputs: u8,
    /// 1: with a token from which the edge offers to this customer for a day.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(range(max = 1)))]
    snapshot: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OffersFor"))]
pub(crate) struct AskedWithCart {
    /// Absent or null: nobody the shop knows.
    #[serde(default)]
    customer: Option<CustomerId>,
    cart: CartIn,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct CartIn {
    /// Ids of its products.
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_CART)))]
    pub(crate) products: Vec<ProductId>,
}

/// A decision for a customer.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Offers"))]
pub(crate) struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<CustomerId>,
    /// `false`: nobody of that id is known.
    known: bool,
    /// The hash of the document the decision rests on.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9a-f]{32}$")))]
    id: String,
    decision: Decision,
    /// What the customer gives to friends, where an offer asks them to.
    #[serde(skip_serializing_if = "Option::is_none")]
    referral_code: Option<String>,
    /// The store did not answer: what anyone may be offered.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    degraded: bool,
    /// The document itself, for the shop's staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    inputs: Option<Inputs>,
    /// For the edge, where it was asked for, the customer is named, the store answered, and what has to be told of them fits a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<Issued>,
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(customer): PathId<CustomerId>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Answer>, Problem> {
    answer(&app, &caller, Some(customer), query, &headers, None).await.map(Json)
}

pub(crate) async fn show_with_cart(
    State(app): State<App>,
    caller: Caller,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Json<Answer>, Problem> {
    let sent: AskedWithCart = read_json(&body)?;
    if sent.cart.products.len() > MAX_CART {
        return Err(Problem::field("cart.products", format!("may name at most {MAX_CART} products")));
    }
    let cart: Vec<String> = sent.cart.products.into_iter().map(String::from).collect();
    answer(&app, &caller, sent.customer, query, &headers, Some(&cart)).await.map(Json)
}

async fn answer(
    app: &App,
    caller: &Caller,
    customer: Option<CustomerId>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: &HeaderMap,
    cart: Option<&[String]>,
) -> Result<Answer, Problem> {
    let Query(asked) = at_field("query", query.map_err(|error| error.body_text()))?;
    if asked.inputs > 1 {
        return Err(Problem::field("inputs", "is 0 or 1"));
    }
    if asked.snapshot > 1 {
        return Err(Problem::field("snapshot", "is 0 or 1"));
    }
    if asked.inputs == 1 && !caller.staff {
        return Err(Problem::forbidden(Scope::Admin));
    }
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let question = Question {
        day: today(app, caller),
        channel: Channel::Checkout,
        language: match &asked.lang {
            Some(lang) => Some(web::language(lang)?),
            None => accepted.and_then(Language::named_in),
        },
        cart,
    };
    let shop = &caller.shop;
    let find = async {
        match &customer {
            Some(customer) => look_up(app, caller, customer).await,
            None => Ok(Found::Unknown),
        }
    };
    // Side by side, so that a store that does not answer costs one deadline.
    let (found, catalogue) = tokio::join!(find, app.ledger.catalogue(shop));
    let found = found?;
    let key = customer.as_ref().map(|customer| app.ledger.customer_key(&shop.id, customer));
    let subject = match (&found, &key) {
        (Found::Known(customer), _) => Subject::Known(customer),
        (Found::Unknown, Some(key)) => Subject::Unknown(key),
        (Found::Unknown, None) => Subject::Anyone,
        (Found::Degraded, _) => Subject::Degraded,
    };
    let document = inputs(&app.ledger, shop, &catalogue, subject, question);
    let mut decision = decide(&document, &shop.playbook);
    // Without the store the answer is for nobody in particular, who has no code. Of an alias it is the root's.
    match (&found, &key) {
        (Found::Known(customer), _) => with_codes(&app.ledger, shop, &customer.key, &mut decision),
        (Found::Unknown, Some(key)) => with_codes(&app.ledger, shop, key, &mut decision),
        (Found::Unknown, None) | (Found::Degraded, _) => {}
    }
    let token = match (&found, &key) {
        (Found::Known(_) | Found::Unknown, Some(_)) if asked.snapshot == 1 => {
            match snapshots::issue(app, caller, &catalogue, subject, snapshots::DEFAULT_HOURS) {
                Ok(issued) => Some(issued),
                // Offers come without one, too.
                Err(problem) if problem.status() == StatusCode::CONFLICT => None,
                Err(problem) => return Err(problem),
            }
        }
        _ => None,
    };
    let refers = decision.offers.iter().any(|offer| offer.mechanic == Mechanic::Refer);
    Ok(Answer {
        customer,
        known: matches!(found, Found::Known(_)),
        id: document.id(),
        // Only a customer who is known is found by their code.
        referral_code: match &found {
            Found::Known(customer) if refers => Some(customer.key.referral_code().to_string()),
            _ => None,
        },
        decision,
        degraded: matches!(found, Found::Degraded),
        inputs: (asked.inputs == 1).then_some(document),
        snapshot: token,
    })
}

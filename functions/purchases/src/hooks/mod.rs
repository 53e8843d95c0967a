//! `POST /v1/hooks/shopify/{shop}/{id}` and `/v1/hooks/woocommerce/{shop}/{id}`: what a shop's platform tells of its orders.
//!
//! Nobody who calls these routes has a key. Whose a delivery is, is shown by its signature under the secret of the hook that the
//! path names (law 15). Reading is pure, [`shopify::parse`] and [`woocommerce::parse`]; then `take` brings it into the ledger, and
//! what came of it is counted.

mod amount;
mod fields;
mod known;
pub mod shopify;
mod take;
mod told;
pub mod woocommerce;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use ledger::{HookId, HookKeys, HookOutcome, LastIgnored, Platform, Shop, ShopId};
use serde::Serialize;
use web::{App, Body, Problem, Refused};

pub(crate) use known::KnownHooks;
use take::{Taken, take};
pub use told::{LeftOut, Money, OrderTold, Reason, Standing, Told};

/// What a delivery is refused with. Only an order that is still to come is worth a second try, beside a store that is away.
pub(crate) const REFUSED: [Refused; 5] = [
    (400, "invalid-json"),
    (401, "unauthorized"),
    (409, "order-unknown"),
    (409, "return-exceeds-order"),
    (413, "body-too-large"),
];

/// Shop and hook, as the path names them.
type Named = Result<Path<(String, String)>, PathRejection>;

/// What is answered to a delivery that need not come again.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Delivered"))]
pub(crate) struct Answer {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// A delivery, verified.
struct Delivery {
    shop: std::sync::Arc<Shop>,
    hook: HookId,
    topic: String,
}

pub(crate) async fn shopify(
    State(app): State<App>,
    Extension(known): Extension<KnownHooks>,
    named: Named,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Json<Answer>, Problem> {
    let sent = Sent { platform: Platform::Shopify, signature: "x-shopify-hmac-sha256", topic: "x-shopify-topic" };
    let delivery = sent.verify(&app, &known, named, &headers, &body).await?;
    let told = shopify::parse(&delivery.topic, &body, Money::of(&delivery.shop.settings));
    delivery.end(&app, told).await
}

pub(crate) async fn woocommerce(
    State(app): State<App>,
    Extension(known): Extension<KnownHooks>,
    named: Named,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Json<Answer>, Problem> {
    let sent =
        Sent { platform: Platform::Woocommerce, signature: "x-wc-webhook-signature", topic: "x-wc-webhook-topic" };
    if woocommerce::is_ping(&body) {
        // It is not signed, so it may only ask whether there is such a hook; its sender is told at once where the address is wrong.
        let (shop, hook) = name(named).ok_or_else(unsigned)?;
        let known = known.hook(&app.ledger, &shop, &hook).await?;
        known.filter(|hook| hook.platform == sent.platform).ok_or_else(unsigned)?;
        return Ok(Json(Answer { status: "ping", reason: None, detail: None }));
    }
    let delivery = sent.verify(&app, &known, named, &headers, &body).await?;
    let told = woocommerce::parse(&delivery.topic, &body, Money::of(&delivery.shop.settings));
    delivery.end(&app, told).await
}

/// How a platform signs and names what it sends.
struct Sent {
    platform: Platform,
    signature: &'static str,
    topic: &'static str,
}

impl Sent {
    async fn verify(
        &self,
        app: &App,
        known: &KnownHooks,
        named: Named,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Delivery, Problem> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let (shop, hook) = name(named).ok_or_else(unsigned)?;
        let open = known.hook(&app.ledger, &shop, &hook).await?.filter(|open| open.platform == self.platform);
        // The same work where there is no such hook.
        let keys = open.as_ref().map_or_else(|| HookKeys::new([String::new()]), |open| open.keys.clone());
        let proven = text(self.signature).is_some_and(|signature| keys.prove(body, signature));
        if open.is_none() || !proven {
            return Err(unsigned());
        }
        let shop = app.ledger.shop(&shop).await?.ok_or_else(unsigned)?;
        Ok(Delivery { shop, hook, topic: text(self.topic).unwrap_or_default().to_owned() })
    }
}

impl Delivery {
    /// Takes what was told, counts it, and answers.
    async fn end(self, app: &App, told: Result<Told, LeftOut>) -> Result<Json<Answer>, Problem> {
        let taken = match told {
            Ok(told) => take(app, &self.shop, told).await,
            Err(out) => Ok(Taken::LeftOut(out)),
        };
        match taken {
            Ok(Taken::Recorded) => {
                self.count(app, &HookOutcome::Recorded).await;
                Ok(Json(Answer { status: "recorded", reason: None, detail: None }))
            }
            Ok(Taken::Duplicate) => {
                self.count(app, &HookOutcome::Duplicate).await;
                Ok(Json(Answer { status: "duplicate", reason: None, detail: None }))
            }
            Ok(Taken::LeftOut(LeftOut { reason, order, detail })) => {
                let order = order.map(|order| order.to_string());
                let last = LastIgnored { at: app.clock.now(), order, detail: detail.clone() };
                let outcome = HookOutcome::Ignored { reason: reason.name(), last };
                // What is left out must not go unseen: where it cannot be counted it comes again.
                self.write_count(app, &outcome).await?;
                Ok(Json(Answer { status: "ignored", reason: Some(reason.name()), detail: Some(detail) }))
            }
            Err(problem) => {
                if problem.status() == StatusCode::CONFLICT {
                    self.count(app, &HookOutcome::Again).await;
                }
                Err(problem)
            }
        }
    }

    /// Counts what the ledger holds, or will: the answer does not depend on it.
    async fn count(&self, app: &App, outcome: &HookOutcome) {
        if let Err(error) = self.write_count(app, outcome).await {
            tracing::warn!(shop = %self.shop.id, %error, "a delivery to a hook is not counted");
        }
    }

    async fn write_count(&self, app: &App, outcome: &HookOutcome) -> Result<(), ledger::LedgerError> {
        let today = app.clock.today(self.shop.settings.time_zone);
        app.ledger.count_delivery(&self.shop.id, &self.hook, today, outcome).await
    }
}

fn name(named: Named) -> Option<(ShopId, HookId)> {
    let Path((shop, hook)) = named.ok()?;
    Some((shop.parse().ok()?, HookId::read(&hook)?))
}

/// 401: one answer for a wrong signature, a missing one, and a hook that is not there.
fn unsigned() -> Problem {
    let detail = "the path names no hook, or the body is not signed with its secret";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "No valid signature", detail)
}

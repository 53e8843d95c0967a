//! `POST /v1/redemptions` and what follows it: a reward, by code or by offer, reserved for an order, then confirmed or released.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::TimeDelta;
use ledger::{By, Customer, CustomerKey, Redemption, RedemptionKey, RedemptionState, Shop, Status};
use playbook::decide::{Channel, On};
use playbook::mechanic::Mechanic;
use playbook::redeem::{self, CartTotals, Promised};
use playbook::{Inputs, Terms, Ticket};
use web::{App, Body, Caller, PathId, Problem, Question, Subject, inputs, read_json};

use crate::lookup::today;
use crate::not_redeemed::{self, invalid};
use crate::wire_redemptions::{Answer, Asked, Named, ReserveIn};

/// Reserves: 201, whether now or before.
pub(crate) async fn reserve(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let asked = read_json::<ReserveIn>(&body)?.read()?;
    let shop = &caller.shop;
    // Consistently: what was confirmed a moment ago is closed.
    let sent = app.ledger.customer_key(&shop.id, &asked.customer);
    let found = app.ledger.customer_now(&shop.id, &sent).await?;
    let who = Who::of(sent, found);
    let (terms, ticket, by) = find(&app, &caller, &who, &asked).await?;
    let name = |key: &CustomerKey| RedemptionKey {
        customer_key: key.clone(),
        order: asked.order.clone(),
        series: terms.series.clone(),
        attempt: asked.attempt,
    };
    for key in &who.keys {
        let name = name(key);
        // The same again is answered as before, whatever has become of customer and campaign since.
        if let Some(known) = app.ledger.redemption(shop, &name).await? {
            let same = (known.slot, known.step, &known.cart) == (ticket.slot, ticket.step, &asked.content);
            return if same {
                Ok((StatusCode::CREATED, Json(Answer::of(Some(Status::Duplicate), known))))
            } else {
                let id = format!("attempt {} of {} on order {}", name.attempt, name.series, name.order);
                Err(ledger::Refusal::OtherContent { what: "redemption", id }.into())
            };
        }
    }
    if !shop.campaigns.is_open(&terms.series, terms.number) {
        return Err(not_redeemed::not_open(&terms.series));
    }
    let document = document(&app, &caller, &who, &terms.series, &asked.cart).await?;
    let promised = promised(&app, shop, &document, &terms, ticket, by).await?;
    let conditions = &terms.idea.conditions;
    if !redeem::qualifies(conditions, asked.cart.total) {
        return Err(not_redeemed::too_small(conditions.min_total.unwrap_or_default()));
    }
    let costs = &shop.settings.changeable.offers.costs;
    let value = promised.value(&asked.cart, costs).map_err(not_redeemed::lines)?;
    let now = app.clock.now();
    let new = Redemption {
        key: name(who.key()),
        customer: asked.customer,
        state: RedemptionState::Reserved,
        by,
        campaign: terms.number,
        slot: ticket.slot,
        step: ticket.step,
        reward: promised.reward,
        on: within(promised.on, &asked.cart),
        total: asked.cart.total,
        cart: asked.content,
        value,
        closes_until: promised.closes_until,
        valid_until: promised.valid_until,
        stacks: conditions.stacks,
        segment: document.customer.segment,
        day: document.day,
        reserved_at: now,
        expires_at: now + TimeDelta::minutes(shop.settings.changeable.rewards.hold_minutes.into()),
        settled_at: None,
        epoch: 0,
        charged: Vec::new(),
    };
    let steps = terms.idea.mechanic == Mechanic::RisingCashback;
    let done = app.ledger.reserve(shop, &new, steps, now).await.map_err(not_redeemed::refused)?;
    Ok((StatusCode::CREATED, Json(Answer::step(done))))
}

/// Confirms.
pub(crate) async fn confirm(
    State(app): State<App>,
    caller: Caller,
    PathId(key): PathId<RedemptionKey>,
) -> Result<Json<Answer>, Problem> {
    let done = app.ledger.confirm(&caller.shop, &key, app.clock.now()).await;
    done.map(Answer::step).map(Json).map_err(not_redeemed::refused)
}

/// Releases.
pub(crate) async fn release(
    State(app): State<App>,
    caller: Caller,
    PathId(key): PathId<RedemptionKey>,
) -> Result<Json<Answer>, Problem> {
    let done = app.ledger.release(&caller.shop, &key, app.clock.now()).await;
    done.map(Answer::step).map(Json).map_err(not_redeemed::refused)
}

/// Shows.
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(key): PathId<RedemptionKey>,
) -> Result<Json<Answer>, Problem> {
    let found = app.ledger.redemption(&caller.shop, &key).await?;
    found.map(|found| Json(Answer::of(None, found))).ok_or_else(not_redeemed::unknown)
}

/// Who redeems.
struct Who {
    /// Their key, and those of their aliases: a code may have been given to any of them.
    keys: Vec<CustomerKey>,
    customer: Option<Customer>,
}

impl Who {
    fn of(sent: CustomerKey, customer: Option<Customer>) -> Who {
        let keys = customer.as_ref().map_or_else(|| vec![sent], |customer| customer.keys().cloned().collect());
        Who { keys, customer }
    }

    /// The customer's own key.
    fn key(&self) -> &CustomerKey {
        &self.keys[0]
    }
}

/// The terms that a code or an offer names. A wrong code is counted, and after too many none is looked at any more that day.
async fn find(app: &App, caller: &Caller, who: &Who, asked: &Asked) -> Result<(Arc<Terms>, Ticket, By), Problem> {
    let shop = &caller.shop;
    match &asked.named {
        Named::Code(code) => {
            let day = today(app, caller);
            if !app.ledger.may_try_codes(shop, who.key(), day).await? {
                return Err(not_redeemed::too_many());
            }
            // Each is tried, so that the time tells nothing.
            let made = who.keys.iter().fold(false, |made, key| made | app.ledger.made_code(&shop.id, key, code));
            let terms = match made {
                true => app.ledger.terms(&shop.id, code.ticket().number).await?,
                false => None,
            };
            match terms {
                Some(terms) => Ok((terms, code.ticket(), By::Code)),
                None if app.ledger.count_wrong_code(shop, who.key(), day).await? => Err(invalid()),
                None => Err(not_redeemed::too_many()),
            }
        }
        Named::Offer(series, slot, step) => {
            let number = shop.campaigns.series.get(series).map(|series| series.number);
            let unknown = || Problem::field("offer", "names no offer of this shop that gives a reward");
            let number = number.ok_or_else(unknown)?;
            let terms = app.ledger.terms(&shop.id, number).await?.ok_or_else(unknown)?;
            Ok((terms, Ticket { number, slot: *slot, step: *step }, By::Offer))
        }
    }
}

/// What the decision would rest on today.
async fn document(app: &App, caller: &Caller, who: &Who, series: &str, cart: &CartTotals) -> Result<Inputs, Problem> {
    let shop = &caller.shop;
    let catalogue = app.ledger.catalogue(shop).await;
    let key = who.key();
    let subject = who.customer.as_ref().map_or(Subject::Unknown(key), Subject::Known);
    let question = Question { day: today(app, caller), channel: Channel::Checkout, language: None, cart: None };
    let mut document = inputs(&app.ledger, shop, &catalogue, subject, question);
    // Only now: what lies in the cart is no candidate for a pick, and may be what the reward is on.
    let products: Vec<String> = cart.lines.iter().map(|line| line.product.clone()).collect();
    document.cart = (!products.is_empty()).then(|| catalogue::cart(&catalogue, &products));
    // They may have moved since it was given out, and then it is none of those that a decision asks for.
    document.series.shifts.insert(series.to_owned(), app.ledger.shift(key, series));
    Ok(document)
}

/// Of many products those in the cart: these are what it is given on.
fn within(on: On, cart: &CartTotals) -> On {
    match on {
        On::Products(mut ids) => {
            ids.retain(|id| cart.lines.iter().any(|line| line.product == *id));
            On::Products(ids)
        }
        on => on,
    }
}

async fn promised(
    app: &App,
    shop: &Shop,
    document: &Inputs,
    terms: &Terms,
    ticket: Ticket,
    by: By,
) -> Result<Promised, Problem> {
    let own = app.ledger.own_campaign(&shop.id, terms.number).await?;
    let own = own.as_deref();
    let promised = match by {
        By::Code => {
            let cut = own.is_some_and(|own| !own.beyond_rules);
            let entry = cut.then(|| redeem::promiser(document, &shop.playbook, ticket.slot));
            redeem::by_code(document, terms, entry, ticket.slot, ticket.step)
        }
        By::Offer => redeem::by_offer(document, &shop.playbook, own, terms, ticket.slot, ticket.step),
    };
    promised.map_err(not_redeemed::not_now)
}

//! What a client does, in turn by chance, and what it writes into its books.

use std::time::Duration;

use chrono::DateTime;
use fastrand::Rng;
use segmentation::Day;
use serde_json::{Value, json};

use super::books::{Back, Books, Order, Redeemed, Revision, Told};
use super::caller::{Answer, Caller};
use super::people::People;
use super::{Fire, SERIES};

/// Of a hundred items that are not answered well at first, so many are given up: nobody knows whether they arrived.
const GIVEN_UP: u8 = 8;
/// The customers whom three orders in ten are for, so that many write to one profile at once.
const HOT: usize = 5;
const LANGUAGES: [&str; 4] = ["de", "en", "fr", "ru"];

/// What can be done. Another kind of change is another line here, in the client that does it, in [`Books`] and in the verdict.
#[derive(Clone, Copy, Debug)]
enum Action {
    /// A new order.
    Order,
    /// The same, by two senders at once.
    OrderTwice,
    /// Several new orders of several customers in one request.
    Batch,
    /// A revision, sometimes a cancellation; the next one restores the order.
    Correction,
    /// Two revisions at once: the lower one may come last.
    TwoCorrections,
    /// Some or all of an order.
    Return,
    /// A code reserved for an order, then confirmed or released.
    Redeem,
    /// What is told of a customer.
    Attributes,
}

impl Action {
    /// Out of a hundred.
    fn draw(rng: &mut Rng) -> Action {
        match rng.u8(0..100) {
            0..34 => Action::Order,
            34..40 => Action::OrderTwice,
            40..46 => Action::Batch,
            46..66 => Action::Correction,
            66..70 => Action::TwoCorrections,
            70..88 => Action::Return,
            88..96 => Action::Redeem,
            _ => Action::Attributes,
        }
    }
}

struct Client<'a> {
    nth: usize,
    fire: &'a Fire,
    people: People,
    caller: Caller,
    rng: Rng,
    books: Books,
}

/// One client's whole life.
pub(super) async fn client(nth: usize, fire: &Fire, people: People, caller: Caller, rng: Rng) -> Books {
    let share = fire.items.div_ceil(fire.clients);
    let mut client = Client { nth, fire, people, caller, rng, books: Books::default() };
    while client.books.items() < share {
        match Action::draw(&mut client.rng) {
            Action::Order => client.order().await,
            Action::OrderTwice => client.order_twice().await,
            Action::Batch => client.batch().await,
            Action::Correction => client.correction().await,
            Action::TwoCorrections => client.two_corrections().await,
            Action::Return => client.give_back().await,
            Action::Redeem => client.redeem().await,
            Action::Attributes => client.attributes().await,
        }
    }
    client.books
}

/// The shop's first orders, and a run over them: from now on customers have segments, and move.
pub(super) async fn begin(fire: &Fire, people: People, caller: Caller, rng: Rng) -> Books {
    let mut client = Client { nth: fire.clients, fire, people, caller, rng, books: Books::default() };
    while client.books.orders.len() < 40 {
        client.batch().await;
    }
    client.caller.insist("POST", "/v1/runs", &json!({})).await;
    while !client.caller.insist("GET", "/v1/segments", &Value::Null).await.is_good() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    client.books
}

/// Runs begun again and again while it burns, and the budget looked at: it is never above its limit.
pub(super) async fn staff(caller: Caller, limit: u64) {
    loop {
        caller.once("POST", "/v1/runs", &json!({})).await;
        let budgets = caller.insist("GET", "/v1/budgets", &Value::Null).await.json;
        let used = budgets["budgets"][0]["used_count"].as_u64();
        if used.is_none_or(|used| used > limit) {
            caller.tally().is_wrong(format!("a budget of {limit} is used {used:?} times"));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

impl Client<'_> {
    fn customer(&mut self) -> String {
        let customers = match self.rng.u8(0..10) {
            0..3 => HOT.min(self.fire.customers),
            3..5 => return People::any(&mut self.rng, self.fire.people),
            _ => self.fire.customers,
        };
        format!("c-{}", self.rng.usize(0..customers))
    }

    /// A revision as it is sent, not answered yet.
    fn revision(&mut self, order: &str, customer: &str, number: u64, cancelled: bool) -> Revision {
        let date = format!("2026-{:02}-{:02}", self.rng.u8(1..=10), self.rng.u8(1..=28));
        let mut total = 0;
        let lines: Vec<Value> = (0..self.rng.u8(1..=3))
            .map(|_| {
                let (product, amount) = (self.rng.u8(0..60), self.rng.i64(1..=9_000));
                total += amount;
                json!({ "product": format!("p-{product}"), "category": format!("k-{}", product % 7),
                    "brand": format!("b-{}", product % 5), "quantity": 1, "amount": amount })
            })
            .collect();
        let mut body = json!({ "id": order, "customer": customer, "time": format!("{date}T12:00:00Z"), "currency": "GBP",
            "lines": lines });
        if number > 0 {
            body["revision"] = json!(number);
        }
        if cancelled {
            body["status"] = json!("cancelled");
        }
        let day: Day = date.parse().unwrap_or(Day::MIN);
        Revision { number, day, total, cancelled, body, receipt: None }
    }

    fn new_order(&mut self, place: usize) -> Order {
        let (id, customer) = (format!("o-{}-{}", self.nth, self.books.orders.len() + place), self.customer());
        let first = self.revision(&id, &customer, 0, false);
        Order { id, customer, revisions: vec![first], returns: Vec::new() }
    }

    /// Sends until it is answered, or gives up.
    async fn try_to(&mut self, method: &str, path: &str, body: &Value) -> Option<Answer> {
        let first = self.caller.once(method, path, body).await;
        if first.is_some() {
            return first;
        }
        if self.rng.u8(0..100) < GIVEN_UP {
            return None;
        }
        Some(self.caller.insist(method, path, body).await)
    }

    /// The receipt of what must be accepted, unless its customer is being erased.
    fn receipt(&self, what: &str, customer: &str, answer: Answer) -> Option<Value> {
        if answer.problem() == "customer-erased" && self.people.is_erased(customer) {
            return None;
        }
        if !answer.is_good() {
            self.caller.tally().is_wrong(format!("{what}: {} {}", answer.status, answer.json));
            return None;
        }
        receipt(answer.json)
    }

    async fn order(&mut self) {
        let mut order = self.new_order(0);
        let answer = self.try_to("POST", "/v1/orders", &order.revisions[0].body).await;
        order.revisions[0].receipt = answer.and_then(|answer| self.receipt(&order.id, &order.customer, answer));
        self.books.orders.push(order);
    }

    async fn order_twice(&mut self) {
        let mut order = self.new_order(0);
        let body = &order.revisions[0].body;
        let (one, other) = tokio::join!(
            self.caller.insist("POST", "/v1/orders", body),
            self.caller.insist("POST", "/v1/orders", body)
        );
        if one.json["status"] == "recorded" && other.json["status"] == "recorded" {
            self.caller.tally().is_wrong(format!("{} was recorded twice", order.id));
        }
        let of = |answer| self.receipt(&order.id, &order.customer, answer);
        let (one, other) = (of(one), of(other));
        if one != other && !self.people.is_erased(&order.customer) {
            self.caller.tally().is_wrong(format!("{} was answered in two ways", order.id));
        }
        order.revisions[0].receipt = one;
        self.books.orders.push(order);
    }

    async fn batch(&mut self) {
        let count = self.rng.usize(2..=8);
        let mut orders: Vec<Order> = (0..count).map(|place| self.new_order(place)).collect();
        let bodies: Vec<&Value> = orders.iter().map(|order| &order.revisions[0].body).collect();
        let answer = self.try_to("POST", "/v1/orders", &json!({ "orders": bodies })).await;
        for (nth, order) in orders.iter_mut().enumerate() {
            let Some(answer) = &answer else { break };
            let one = &answer.json["results"][nth];
            let answer = match one["code"].as_u64() {
                // Some of a batch may have met a store that was not there: these are sent again.
                Some(503) => self.caller.insist("POST", "/v1/orders", &order.revisions[0].body).await,
                code => Answer {
                    status: code.and_then(|code| code.try_into().ok()).unwrap_or_default(),
                    json: if one["receipt"].is_null() { one["problem"].clone() } else { one["receipt"].clone() },
                },
            };
            order.revisions[0].receipt = self.receipt(&order.id, &order.customer, answer);
        }
        self.books.orders.append(&mut orders);
    }

    /// One of its own orders of which nothing is in doubt.
    fn any_sure(&mut self) -> Option<usize> {
        let count = self.books.orders.len();
        let at = self.rng.usize(0..count.max(1));
        self.books.orders.get(at).filter(|order| order.is_sure()).map(|_| at)
    }

    async fn correction(&mut self) {
        let Some(at) = self.any_sure() else { return };
        let cancelled = self.rng.u8(0..100) < 15;
        let (id, customer) = (self.books.orders[at].id.clone(), self.books.orders[at].customer.clone());
        let number = self.books.orders[at].next_number();
        let mut revision = self.revision(&id, &customer, number, cancelled);
        let answer = self.try_to("PUT", &format!("/v1/orders/{id}"), &revision.body).await;
        revision.receipt = answer.and_then(|answer| self.receipt(&id, &customer, answer));
        self.books.orders[at].revisions.push(revision);
    }

    async fn two_corrections(&mut self) {
        let Some(at) = self.any_sure() else { return };
        let (id, customer) = (self.books.orders[at].id.clone(), self.books.orders[at].customer.clone());
        let number = self.books.orders[at].next_number();
        let (mut lower, mut higher) =
            (self.revision(&id, &customer, number, false), self.revision(&id, &customer, number + 1, false));
        let path = format!("/v1/orders/{id}");
        let (one, other) =
            tokio::join!(self.caller.insist("PUT", &path, &higher.body), self.caller.insist("PUT", &path, &lower.body));
        higher.receipt = self.receipt(&id, &customer, one);
        lower.receipt = self.receipt(&id, &customer, other);
        self.books.orders[at].revisions.extend([lower, higher]);
    }

    async fn give_back(&mut self) {
        let Some(at) = self.any_sure() else { return };
        let order = &self.books.orders[at];
        let (id, left, customer) = (format!("r-{}", order.returns.len()), order.returnable(), order.customer.clone());
        if left == 0 {
            return;
        }
        let mut body = json!({ "id": id, "order": order.id, "time": "2026-11-01T12:00:00Z" });
        let amount = (self.rng.u8(0..4) > 0).then(|| self.rng.i64(1..=left));
        match amount {
            Some(amount) => body["amount"] = json!(amount),
            None => body["whole"] = json!(true),
        }
        let answer = self.try_to("POST", "/v1/returns", &body).await;
        let receipt = answer.and_then(|answer| self.receipt(&id, &customer, answer));
        self.books.orders[at].returns.push(Back { id, amount, body, receipt });
    }

    /// A code of the customer's for one of its orders: whoever has used theirs, or comes when the budget is spent, is refused. Not
    /// of who is merged and parted: what a reward used as one counts for afterwards is a question of its own.
    async fn redeem(&mut self) {
        let Some(at) = self.any_sure() else { return };
        let order = &self.books.orders[at];
        if People::has(&order.customer) {
            return;
        }
        let Some(on) = order.current().filter(|revision| !revision.cancelled).map(|revision| revision.number) else {
            return;
        };
        let (order, customer) = (order.id.clone(), order.customer.clone());
        let offers = self.caller.insist("GET", &format!("/v1/customers/{customer}/offers"), &Value::Null).await.json;
        let offers = offers["decision"]["offers"].as_array().cloned().unwrap_or_default();
        let ours = offers.iter().find(|offer| offer["reason"]["campaign"] == SERIES);
        let Some(code) = ours.and_then(|offer| offer["code"].as_str()) else { return };
        let body = json!({ "code": code, "customer": customer, "order": order, "total": 5_000 });
        let answer = self.caller.insist("POST", "/v1/redemptions", &body).await;
        if answer.status == 409 {
            *self.books.refused.entry(answer.problem().to_owned()).or_default() += 1;
            return;
        }
        let Some(receipt) = self.receipt(&order, &customer, answer) else { return };
        // Asked again for an order that has used it before: answered as it stands.
        if receipt["state"] != "reserved" {
            return;
        }
        let id = receipt["id"].as_str().unwrap_or_default().to_owned();
        let confirmed = self.rng.u8(0..5) > 0;
        let path = format!("/v1/redemptions/{id}/{}", if confirmed { "confirm" } else { "release" });
        let ended = self.caller.insist("POST", &path, &Value::Null).await;
        self.receipt(&id, &customer, ended);
        self.books.redeemed.push(Redeemed { id, customer, order, body, confirmed, on });
    }

    async fn attributes(&mut self) {
        let customer = self.customer();
        // A moment of its own: at equal ones content would decide.
        let at = 1_770_000_000_000 + self.rng.i64(0..10_000_000) * 1_000 + i64::try_from(self.nth).unwrap_or_default();
        let language = LANGUAGES[self.rng.usize(0..LANGUAGES.len())];
        let Some(moment) = DateTime::from_timestamp_millis(at) else { return };
        let body = json!({ "updated_at": moment.to_rfc3339(), "language": language });
        let answer = self.caller.insist("PUT", &format!("/v1/customers/{customer}"), &body).await;
        let Some(receipt) = self.receipt(&customer, &customer, answer) else { return };
        self.books.told.push(Told { customer, at, language, body, receipt });
    }
}

/// What is the same each time it is answered.
pub(super) fn receipt(mut answer: Value) -> Option<Value> {
    answer.as_object_mut()?.remove("status");
    Some(answer)
}

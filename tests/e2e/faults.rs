//! The go-between with faults does to the SDK what it says, and as often; and behind it the functions answer well, or say that the
//! same call may be sent again.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem};
use e2e::World;
use e2e::faults::{Fault, Faults, Plan};
use engine::Engine;
use ledger::{Ledger, Tables};
use serde_json::{Value, json};
use web::App;

use crate::order;

/// A client of one try, so that each fault is seen.
fn once(faults: &Faults) -> Client {
    let config = engine::connect(faults.endpoint()).config().to_builder();
    Client::from_conf(config.retry_config(RetryConfig::disabled()).build())
}

fn item(nth: usize) -> [(String, AttributeValue); 2] {
    [("pk".to_owned(), AttributeValue::S(format!("item {nth}"))), ("sk".to_owned(), AttributeValue::S("-".to_owned()))]
}

fn put(nth: usize) -> TransactWriteItem {
    let put = Put::builder().table_name("Ledger").set_item(Some(item(nth).into())).build().unwrap();
    TransactWriteItem::builder().put(put).build()
}

/// What the SDK says of a call.
fn told<T, E: ProvideErrorMetadata + std::error::Error + 'static>(answer: Result<T, SdkError<E>>) -> String {
    match answer {
        Ok(_) => "well".to_owned(),
        Err(SdkError::ServiceError(error)) => error.err().code().unwrap_or("unnamed").to_owned(),
        Err(SdkError::DispatchFailure(_)) => "no answer".to_owned(),
        Err(other) => other.to_string(),
    }
}

/// Is the item there?
async fn is_there(engine: &Engine, nth: usize) -> bool {
    let get = engine.client().get_item().table_name("Ledger").set_key(Some(item(nth).into()));
    get.send().await.unwrap().item.is_some()
}

#[tokio::test]
async fn each_fault_is_what_it_says() {
    let engine = Engine::memory().await.unwrap();
    let mut nth = 0;
    let mut seen: BTreeMap<Fault, Vec<(String, bool)>> = BTreeMap::new();
    for fault in Fault::ALL.into_iter().filter(|fault| fault.befalls("TransactWriteItems")) {
        let faults = Faults::before(engine.endpoint(), Plan::only(1, fault, 1000)).await.unwrap();
        for _ in 0..12 {
            nth += 1;
            let writes = Some(vec![put(nth), put(1_000 + nth)]);
            let told = told(once(&faults).transact_write_items().set_transact_items(writes).send().await);
            seen.entry(fault).or_default().push((told, is_there(&engine, nth).await));
        }
        assert_eq!(faults.counts().by_fault()[&fault], 12);
    }
    for told in seen.values_mut() {
        told.sort();
        told.dedup();
    }
    let expected = |told: &[(&str, bool)]| told.iter().map(|(told, there)| ((*told).to_owned(), *there)).collect();
    let expected: BTreeMap<Fault, Vec<(String, bool)>> = [
        (Fault::Late, expected(&[("well", true)])),
        (
            Fault::Throttled,
            expected(&[
                ("ProvisionedThroughputExceededException", false),
                ("ThrottlingException", false),
                ("TransactionCanceledException", false),
            ]),
        ),
        (Fault::Conflict, expected(&[("TransactionCanceledException", false)])),
        (Fault::ErrorBefore, expected(&[("InternalServerError", false)])),
        (Fault::ErrorAfter, expected(&[("InternalServerError", true)])),
        (Fault::NotReached, expected(&[("no answer", false)])),
        (Fault::AnswerLost, expected(&[("no answer", true)])),
        (Fault::CutOff, expected(&[("no answer", true), ("unnamed", true)])),
    ]
    .into();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_conflict_names_the_items_and_of_a_single_write_it_is_an_error_of_its_own() {
    let engine = Engine::memory().await.unwrap();
    let faults = Faults::before(engine.endpoint(), Plan::only(7, Fault::Conflict, 1000)).await.unwrap();
    let call = once(&faults).transact_write_items().set_transact_items(Some(vec![put(1), put(2), put(3)])).send().await;
    let error = call.unwrap_err().into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(why) =
        error
    else {
        panic!("{error}");
    };
    let mut codes: Vec<&str> = why.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["None", "None", "TransactionConflict"]);
    let single = once(&faults).put_item().table_name("Ledger").set_item(Some(item(1).into())).send().await;
    assert_eq!(told(single), "TransactionConflictException");
    let read = once(&faults).get_item().table_name("Ledger").set_key(Some(item(1).into())).send().await;
    assert_eq!(told(read), "well", "reads do not conflict");
}

#[tokio::test]
async fn half_a_batch_is_left_to_be_asked_for_again() {
    let engine = Engine::memory().await.unwrap();
    for nth in 0..5 {
        engine.client().put_item().table_name("Ledger").set_item(Some(item(nth).into())).send().await.unwrap();
    }
    let faults = Faults::before(engine.endpoint(), Plan::only(7, Fault::Unprocessed, 1000)).await.unwrap();
    let keys = KeysAndAttributes::builder().set_keys(Some((0..5).map(|nth| item(nth).into()).collect())).build();
    let got = once(&faults).batch_get_item().request_items("Ledger", keys.unwrap()).send().await.unwrap();
    assert_eq!(got.responses.unwrap()["Ledger"].len(), 3);
    assert_eq!(got.unprocessed_keys.unwrap()["Ledger"].keys().len(), 2);
}

/// What 300 reads one after the other meet.
async fn met(engine: &Engine, seed: u64) -> (Vec<String>, Faults) {
    let faults = Faults::before(engine.endpoint(), Plan::each(seed, 50)).await.unwrap();
    let client = once(&faults);
    let mut met = Vec::new();
    for nth in 0..300 {
        met.push(told(client.get_item().table_name("Ledger").set_key(Some(item(nth).into())).send().await));
    }
    (met, faults)
}

#[tokio::test]
async fn a_seed_repeats_its_faults_and_a_calm_go_between_puts_none_in() {
    let engine = Engine::memory().await.unwrap();
    let ((one, faults), (again, _), (other, _)) = (met(&engine, 1).await, met(&engine, 1).await, met(&engine, 2).await);
    assert_eq!(one, again);
    assert_ne!(one, other);
    let counts = faults.counts();
    // Seven kinds befall a read: some 15 of 300 each.
    assert_eq!(counts.by_fault().values().filter(|count| (5..=30).contains(*count)).count(), 7, "{counts:?}");
    faults.calm(true);
    let before = counts.by_fault();
    for nth in 0..300 {
        once(&faults).get_item().table_name("Ledger").set_key(Some(item(nth).into())).send().await.unwrap();
    }
    assert_eq!(faults.counts().by_fault(), before);
    assert_eq!(faults.counts().all(), 600);
}

/// The functions of a world, with these faults under them.
async fn behind(world: &mut World, plan: Plan) -> Faults {
    let faults = Faults::before(world.engine.as_ref().unwrap().endpoint(), plan).await.unwrap();
    // One try, so that no fault is hidden from the ledger by the SDK's own tries.
    let ledger = Ledger::new(once(&faults), Tables::default(), e2e::secrets());
    world.app = App::new(ledger.clone(), world.app.clock);
    world.router = e2e::router(&world.app, &ledger);
    faults
}

/// Sends it until it is answered well, and expects no other answer than that it may be sent again.
async fn insist(world: &World, method: &str, path: &str, body: &Value) -> Value {
    for _ in 0..200 {
        let answer = world.call(method, path, body.to_string()).await;
        match answer.status.as_u16() {
            200..=299 => return answer.json,
            503 => assert!(answer.headers.contains_key("retry-after"), "{}", answer.text),
            _ => panic!("{method} {path}: {} {}", answer.status, answer.text),
        }
    }
    panic!("{method} {path}: never answered well");
}

#[tokio::test]
async fn whatever_the_store_does_an_answer_is_good_or_says_try_again() {
    let mut world = World::on("2026-11-22").await;
    let faults = behind(&mut world, Plan::each(11, 50)).await;
    for nth in 0..20 {
        let (id, customer) = (format!("o-{nth}"), format!("c-{}", nth % 7));
        insist(&world, "POST", "/v1/orders", &order(&id, &customer, "2026-11-01T12:00:00Z")).await;
        let mut revised = order(&id, &customer, "2026-11-02T12:00:00Z");
        revised["revision"] = json!(1);
        insist(&world, "PUT", &format!("/v1/orders/{id}"), &revised).await;
        let back = json!({ "id": "r", "order": id, "time": "2026-11-03T12:00:00Z", "amount": 250 });
        insist(&world, "POST", "/v1/returns", &back).await;
        let told = json!({ "updated_at": format!("2026-11-01T00:00:{nth:02}Z"), "language": "ru" });
        insist(&world, "PUT", &format!("/v1/customers/{customer}"), &told).await;
        let product = json!({ "products": [{ "id": format!("p-{}", nth % 5), "name": "Tea", "price": 100 + nth }] });
        insist(&world, "PUT", "/v1/products", &product).await;
        let stock = json!({ "stock": [{ "id": format!("p-{}", nth % 5), "quantity": nth }] });
        insist(&world, "PUT", "/v1/products/stock", &stock).await;
        let answer = json!({ "id": format!("a-{nth}"), "customer": customer, "score": 9 });
        insist(&world, "POST", "/v1/surveys/nps/answers", &answer).await;
        for path in ["segment", "offers", "history"] {
            insist(&world, "GET", &format!("/v1/customers/{customer}/{path}"), &Value::Null).await;
        }
        insist(&world, "PUT", "/v1/budgets", &json!({ "series": "r3f2m3/regularity_bonus", "count": 100 + nth })).await;
    }
    let counts = faults.counts();
    assert!(counts.by_fault().values().all(|count| *count > 0), "{counts:?}");
    for nth in 0..7 {
        let id = format!("c-{nth}").try_into().unwrap();
        let shop = world.ledger.shop(&e2e::acme()).await.unwrap().unwrap();
        let stored = world.ledger.customer(&shop.id, &id).await.unwrap().unwrap().profile;
        assert_eq!(world.ledger.rebuild(&shop, &id).await.unwrap().unwrap(), stored);
        assert_eq!(stored.orders.iter().map(|entry| entry.net.0).sum::<i64>(), 1_000 * stored.orders.len() as i64);
    }
}

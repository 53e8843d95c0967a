//! The life of API keys (law 15): made, listed, replaced, revoked, expired; what a check costs; the day of the last use.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use chrono::TimeDelta;
use e2e::{Answer, World, acme};
use ledger::{Ledger, PresentedKey, Scope};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tower::ServiceExt;
use web::{App, Clock};

const LOOKUP: &str = "/v1/customers/ann/segment";

/// The whole key and its id.
fn made(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 201, "{}", answer.text);
    (answer.json["key"].as_str().unwrap().to_owned(), answer.json["id"].as_str().unwrap().to_owned())
}

async fn make(world: &World, asked: Value) -> (String, String) {
    made(&world.post("/v1/keys", &asked).await)
}

/// The world at this moment, through this state.
fn at(world: &mut World, app: App) {
    world.router = e2e::router(&app, &world.driver);
    world.app = app;
}

/// The same process, with what it has cached, at another time.
fn under(app: &App, clock: Clock) -> App {
    let mut app = app.clone();
    app.clock = clock;
    app
}

fn moment(text: &str) -> Clock {
    Clock::At(text.parse().unwrap())
}

/// A minute later, by the clock of caches.
async fn minute_passes() {
    tokio::time::pause();
    tokio::time::advance(Ledger::CACHE_FOR).await;
    tokio::time::resume();
}

async fn listed(world: &World, id: &str) -> Value {
    let keys = world.get("/v1/keys").await;
    assert_eq!(keys.status, 200, "{}", keys.text);
    let items = keys.json["items"].as_array().cloned().unwrap_or_default();
    items.into_iter().find(|key| key["id"] == *id).unwrap_or(Value::Null)
}

#[tokio::test]
async fn a_key_is_shown_once_opens_its_scopes_and_is_listed_without_secret_or_hash() {
    let world = World::on("2026-11-22").await;
    let asked = json!({ "scopes": ["checkout", "ingest"], "name": "till 3", "valid_until": "2090-01-01T00:00:00Z" });
    let (key, id) = make(&world, asked).await;
    assert_eq!(world.call_as(&key, "GET", LOOKUP, "").await.status, 200);
    assert_eq!(world.call_as(&key, "GET", "/v1/products/P-1", "").await.status, 404);
    assert_eq!(world.call_as(&key, "GET", "/v1/keys", "").await.told(), (403, "wrong-scope".into()));
    let shown = listed(&world, &id).await;
    assert_eq!(
        (&shown["scopes"], &shown["name"], &shown["state"], &shown["created"], &shown["valid_until"]),
        (
            &json!(["ingest", "checkout"]),
            &json!("till 3"),
            &json!("usable"),
            &json!("2026-11-22"),
            &json!("2090-01-01T00:00:00Z")
        )
    );
    let all = world.get("/v1/keys").await.text + &world.get("/v1/keys?format=csv").await.text;
    let presented = PresentedKey::parse(&key).unwrap();
    let record = world.ledger.api_key(&acme(), &presented.id).await.unwrap().unwrap();
    let secret = key.rsplit('_').next().unwrap();
    assert_eq!(secret.len() * 4, 256);
    assert!(!all.contains(secret) && !all.contains(&record.hash) && !all.contains("hash"), "{all}");
    // The shop's first three keys and this one, in pages.
    let first = world.get("/v1/keys?limit=3").await.json;
    let rest = world.get(&format!("/v1/keys?limit=3&cursor={}", first["next"].as_str().unwrap())).await.json;
    assert_eq!((first["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (3, 1));
}

#[tokio::test]
async fn what_is_asked_of_a_key_is_checked_field_by_field() {
    let world = World::on("2026-11-22").await;
    let before = world.count("Shops").await;
    let wrong = json!({ "scopes": [], "name": "a\nb", "valid_until": "2020-01-01T00:00:00Z" });
    assert_eq!(world.post("/v1/keys", &wrong).await.told(), (422, "scopes name valid_until".into()));
    for (field, asked) in [
        ("scopes[0]", json!({ "scopes": ["root"] })),
        ("scopes", json!({})),
        ("id", json!({ "scopes": ["ingest"], "id": "0123" })),
        ("key", json!({ "scopes": ["ingest"], "key": "tcl_acme" })),
    ] {
        assert_eq!(world.post("/v1/keys", &asked).await.told(), (422, field.into()), "{asked}");
    }
    let id = &world.keys[0].id;
    let late = world.post(&format!("/v1/keys/{id}/rotate"), &json!({ "overlap_minutes": 43_201 })).await;
    assert_eq!(late.told(), (422, "overlap_minutes".into()));
    assert_eq!(world.call("DELETE", "/v1/keys/nonsense", "").await.told(), (422, "key".into()));
    assert_eq!(world.call("DELETE", "/v1/keys/0123456789ab", "").await.told(), (404, "not-found".into()));
    assert_eq!(world.count("Shops").await, before, "nothing was written");
}

#[tokio::test]
async fn a_key_that_names_its_id_is_made_once() {
    let world = World::on("2026-11-22").await;
    let asked = json!({ "id": "00000000abcd", "scopes": ["ingest"], "name": "importer" });
    let (key, id) = make(&world, asked.clone()).await;
    assert_eq!(id, "00000000abcd");
    let again = world.post("/v1/keys", &asked).await;
    assert_eq!(
        (again.status.as_u16(), &again.json["status"], &again.json["key"]),
        (201, &json!("duplicate"), &Value::Null)
    );
    let other = json!({ "id": "00000000abcd", "scopes": ["admin"], "name": "importer" });
    assert_eq!(world.post("/v1/keys", &other).await.told(), (409, "other-content".into()));
    assert_eq!(world.call_as(&key, "GET", "/v1/products/P-1", "").await.status, 404, "it is the first one's key");
    assert_eq!(world.get("/v1/keys").await.json["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_here_at_once_and_elsewhere_within_a_minute() {
    let world = World::on("2026-11-22").await;
    let (key, id) = make(&world, json!({ "scopes": ["checkout"] })).await;
    let elsewhere = e2e::router(&App::new(world.process(), world.app.clock), &world.driver);
    assert_eq!(status(&elsewhere, &key, LOOKUP).await, 200);
    assert_eq!(world.call_as(&key, "GET", LOOKUP, "").await.status, 200);
    let path = format!("/v1/keys/{id}");
    let revoked = world.call("DELETE", &path, "").await;
    assert_eq!((revoked.status.as_u16(), &revoked.json["status"]), (200, &json!("recorded")), "{}", revoked.text);
    assert_eq!(world.call_as(&key, "GET", LOOKUP, "").await.told(), (401, "unauthorized".into()));
    assert_eq!(status(&elsewhere, &key, LOOKUP).await, 200, "its cache is not a minute old");
    minute_passes().await;
    assert_eq!(status(&elsewhere, &key, LOOKUP).await, 401);
    let again = world.call("DELETE", &path, "").await;
    assert_eq!((again.status.as_u16(), &again.json["status"]), (200, &json!("duplicate")));
    assert_eq!(again.json["revoked_at"], revoked.json["revoked_at"]);
    assert_eq!(listed(&world, &id).await["state"], "revoked");
}

pub(crate) async fn status(router: &Router, key: &str, path: &str) -> u16 {
    send(router, key, "GET", path, String::new()).await
}

pub(crate) async fn send(router: &Router, key: &str, method: &str, path: &str, body: String) -> u16 {
    let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {key}"));
    router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_cached_key_ends_at_its_moment_by_the_services_own_clock() {
    let mut world = World::on("2026-11-22").await;
    let app = App::new(world.ledger.clone(), moment("2026-11-22T10:00:00Z"));
    at(&mut world, app.clone());
    let (key, id) = make(&world, json!({ "scopes": ["checkout"], "valid_until": "2026-11-22T12:00:00+01:00" })).await;
    at(&mut world, under(&app, moment("2026-11-22T10:59:59.999Z")));
    assert_eq!(world.call_as(&key, "GET", LOOKUP, "").await.status, 200);
    world.calls.take();
    at(&mut world, under(&app, moment("2026-11-22T11:00:00Z")));
    assert_eq!(world.call_as(&key, "GET", LOOKUP, "").await.told(), (401, "unauthorized".into()));
    assert!(world.calls.take().is_empty(), "the record was in the cache");
    assert_eq!(listed(&world, &id).await["state"], "expired");
}

#[tokio::test]
async fn unknown_revoked_and_expired_keys_get_the_same_bytes_for_the_same_reads() {
    let mut world = World::on("2026-11-22").await;
    let app = App::new(world.ledger.clone(), moment("2026-11-22T10:00:00Z"));
    at(&mut world, app);
    let (revoked, id) = make(&world, json!({ "scopes": ["checkout"] })).await;
    assert_eq!(world.call("DELETE", &format!("/v1/keys/{id}"), "").await.status, 200);
    let (expired, _) = make(&world, json!({ "scopes": ["checkout"], "valid_until": "2026-11-22T10:00:01Z" })).await;
    let (sound, id) = make(&world, json!({ "scopes": ["checkout"] })).await;
    let unknown = sound.replace(&id, "ffffffffffff");
    let wrong_secret = sound.replace(&sound[sound.len() - 8..], "00000000");
    let ingest = world.key(Scope::Ingest).to_owned();
    // A process that has seen none of them, a minute later.
    let app = App::new(world.process(), moment("2026-11-22T10:01:00Z"));
    at(&mut world, app);
    let one = [("GetItem".to_owned(), 1)].into();
    let mut answers = Vec::new();
    for key in [&unknown, &wrong_secret, &revoked, &expired, &ingest] {
        world.calls.take();
        answers.push(world.call_as(key, "GET", LOOKUP, "").await);
        assert_eq!(world.calls.take(), one, "a first check is one read, whatever comes of it");
    }
    let scope = answers.pop().unwrap();
    assert_eq!(scope.told(), (403, "wrong-scope".into()));
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.text), (401, &answers[0].text));
        assert_eq!(answer.headers, answers[0].headers);
    }
    // Warm: none at all, for whatever exists.
    for (key, status) in [(&wrong_secret, 401), (&revoked, 401), (&expired, 401), (&ingest, 403)] {
        world.calls.take();
        assert_eq!(world.call_as(key, "GET", LOOKUP, "").await.status, status);
        assert!(world.calls.take().is_empty());
    }
}

#[tokio::test]
async fn a_key_that_is_due_is_read_once_however_many_ask() {
    let world = World::on("2026-11-22").await;
    world.get(LOOKUP).await;
    minute_passes().await;
    world.calls.take();
    let mut asking = JoinSet::new();
    for _ in 0..20 {
        let (router, key) = (world.router.clone(), world.key(Scope::Admin).to_owned());
        asking.spawn(async move { status(&router, &key, "/v1/redemptions/x").await });
    }
    assert_eq!(asking.join_all().await, [422; 20]);
    assert_eq!(world.calls.take().get("GetItem").copied().unwrap_or_default(), 2, "the key, and the shop's pointers");
}

#[tokio::test]
async fn the_last_admin_key_cannot_be_revoked_not_even_by_two_who_revoke_one_each() {
    let world = World::on("2026-11-22").await;
    let own = world.keys.iter().find(|key| key.scopes == [Scope::Admin]).unwrap().id.clone();
    let path = format!("/v1/keys/{own}");
    let refused = world.call("DELETE", &path, "").await;
    assert_eq!(refused.told(), (409, "last-admin-key".into()));
    // One that is over tomorrow saves nobody.
    let soon = (world.app.clock.now() + TimeDelta::hours(3)).to_rfc3339();
    make(&world, json!({ "scopes": ["admin"], "valid_until": soon })).await;
    assert_eq!(world.call("DELETE", &path, "").await.told(), (409, "last-admin-key".into()));
    let (_, second) = make(&world, json!({ "scopes": ["admin"] })).await;
    let now = world.app.clock.now();
    let (one, other) = (own, second.parse().unwrap());
    let shop = acme();
    let (one, other) =
        tokio::join!(world.ledger.revoke_key(&shop, &one, now), world.ledger.revoke_key(&shop, &other, now));
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "{one:?} {other:?}");
    let refused = [one, other].into_iter().find_map(Result::err);
    assert!(matches!(refused, Some(ledger::KeyError::LastAdmin)), "{refused:?}");
}

#[tokio::test]
async fn a_key_is_replaced_with_an_overlap_in_one_transaction() {
    let mut world = World::on("2026-11-22").await;
    let app = App::new(world.ledger.clone(), moment("2026-11-22T10:00:00Z"));
    at(&mut world, app.clone());
    let (old, id) = make(&world, json!({ "scopes": ["ingest", "checkout"], "name": "till" })).await;
    let path = format!("/v1/keys/{id}/rotate");
    world.calls.take();
    let asked = json!({ "overlap_minutes": 60, "id": "00000000abcd" });
    let rotated = world.post(&path, &asked).await;
    let (new, _) = made(&rotated);
    let writes = world.calls.take();
    assert_eq!(writes.get("TransactWriteItems"), Some(&1), "{writes:?}");
    assert_eq!((&rotated.json["scopes"], &rotated.json["name"]), (&json!(["ingest", "checkout"]), &json!("till")));
    assert_eq!(rotated.json["replaces"], *id);
    let shown = listed(&world, &id).await;
    assert_eq!(
        (&shown["valid_until"], &shown["replaced_by"]),
        (&json!("2026-11-22T11:00:00Z"), &json!("00000000abcd"))
    );
    // Sent again it is the same; sent again without saying so it is no second one.
    let again = world.post(&path, &asked).await;
    assert_eq!(
        (again.status.as_u16(), &again.json["status"], &again.json["key"]),
        (201, &json!("duplicate"), &Value::Null)
    );
    assert_eq!(world.post(&path, &json!({})).await.told(), (409, "key-replaced".into()));
    for (at_moment, old_opens) in [("2026-11-22T10:59:59Z", 200), ("2026-11-22T11:00:00Z", 401)] {
        at(&mut world, under(&app, moment(at_moment)));
        assert_eq!(world.call_as(&new, "GET", LOOKUP, "").await.status, 200, "{at_moment}");
        assert_eq!(world.call_as(&old, "GET", LOOKUP, "").await.status, old_opens, "{at_moment}");
    }
    assert_eq!(world.call("DELETE", "/v1/keys/00000000abcd", "").await.status, 200);
    assert_eq!(world.post("/v1/keys/00000000abcd/rotate", &json!({})).await.told(), (409, "key-ended".into()));
}

/// The last use of a key as it is stored, once it is this day: whoever notes it does so beside the answer.
async fn noted(world: &World, key: &str, day: &str) {
    let presented = PresentedKey::parse(key).unwrap();
    loop {
        let record = world.ledger.api_key(&acme(), &presented.id).await.unwrap().unwrap();
        if record.last_used.is_some_and(|noted| noted.to_string() == day) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_day_of_the_last_use_is_written_once_a_day_by_each_process_and_by_one_of_many() {
    let mut world = World::on("2026-11-22").await;
    let (key, id) = make(&world, json!({ "scopes": ["checkout"] })).await;
    assert_eq!(listed(&world, &id).await["last_used"], Value::Null);
    let admin = world.key(Scope::Admin).to_owned();
    noted(&world, &admin, "2026-11-22").await;
    world.calls.take();
    for _ in 0..5 {
        assert_eq!(world.call_as(&key, "GET", LOOKUP, "").await.status, 200);
    }
    noted(&world, &key, "2026-11-22").await;
    minute_passes().await;
    for _ in 0..5 {
        assert_eq!(world.call_as(&key, "GET", LOOKUP, "").await.status, 200);
    }
    assert_eq!(world.calls.take().get("UpdateItem"), Some(&1), "five calls, a minute, and five more");
    // A process that begins later reads that it is noted.
    let app = App::new(world.process(), world.app.clock);
    at(&mut world, app);
    for _ in 0..5 {
        assert_eq!(world.call_as(&key, "GET", LOOKUP, "").await.status, 200);
    }
    assert_eq!(world.calls.take().get("UpdateItem"), None);
    let next = under(&world.app, Clock::AsOf("2026-11-23".parse().unwrap()));
    at(&mut world, next);
    for _ in 0..5 {
        assert_eq!(world.call_as(&key, "GET", LOOKUP, "").await.status, 200);
    }
    noted(&world, &key, "2026-11-23").await;
    assert_eq!(world.calls.take().get("UpdateItem"), Some(&1), "and one the next day");
    // What opens nothing is no use.
    let (unused, id) = make(&world, json!({ "scopes": ["checkout"] })).await;
    assert_eq!(world.call_as(&unused, "GET", "/v1/keys", "").await.status, 403);
    assert_eq!(listed(&world, &id).await["last_used"], Value::Null);
}

#[tokio::test]
async fn a_day_that_is_noted_already_is_not_written_back() {
    let world = World::on("2026-11-22").await;
    let id = &world.keys[0].id;
    let day = |text: &str| text.parse().unwrap();
    assert!(world.ledger.note_key_use(&acme(), id, day("2026-11-22")).await.unwrap());
    assert!(!world.ledger.note_key_use(&acme(), id, day("2026-11-22")).await.unwrap());
    assert!(!world.ledger.note_key_use(&acme(), id, day("2026-11-21")).await.unwrap());
    let gone = "0123456789ab".parse().unwrap();
    assert!(!world.ledger.note_key_use(&acme(), &gone, day("2026-11-22")).await.unwrap());
    assert_eq!(world.ledger.api_key(&acme(), &gone).await.unwrap(), None);
}

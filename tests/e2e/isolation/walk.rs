//! Every route with what does not open it: never a byte of the shop's, and nothing of it changed. And with what does, so that the walk would
//! have seen them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use e2e::{Answer, World, acme};
use ledger::Scope;
use serde_json::{Value, json};

use super::asked::{self, Asked};
use super::filling::{order, product};
use super::full::{Full, TODAY, go_to, neighbour};
use super::marks::{foreign, mark};
use super::{Items, items, kinds, public, settled};

/// Neighbours whose names begin as the shop's does, and as which the shop's begins: one has nothing, one has things of the same ids.
const NEIGHBOURS: [&str; 2] = ["acme-2", "acm"];

#[tokio::test]
async fn nothing_of_a_shop_is_seen_or_changed_by_who_has_no_key_to_it() {
    let full = Full::new().await;
    let filled = settled(&full.world, "acme").await;
    kinds::has_every_kind("acme", &filled);
    let asked = asked::all(&full.ids);
    no_key_and_wrong_keys(&full, &asked).await;
    assert_same(&filled, &settled(&full.world, "acme").await, "by who has no good key");
    another_shops_key(&full, &asked).await;
    assert_same(&filled, &settled(&full.world, "acme").await, "by another shop");
    public::proofs(&full).await;
    assert_same(&filled, &settled(&full.world, "acme").await, "by who has no proof");
    the_right_key(&full, &asked).await;
}

fn assert_same(before: &Items, after: &Items, by: &str) {
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let changed: Vec<_> = keys.into_iter().filter(|key| before.get(*key) != after.get(*key)).collect();
    assert!(changed.is_empty(), "changed {by}: {changed:#?}");
}

async fn call(world: &World, authorization: Option<&str>, asked: &Asked) -> Answer {
    let request = Request::builder().method(asked.method).uri(&asked.path).header("content-type", "application/json");
    let request = authorization.into_iter().fold(request, |request, value| request.header("authorization", value));
    world.send(request.body(Body::from(asked.body.clone())).unwrap()).await
}

/// An answer as it came, with its headers.
fn whole(answer: &Answer) -> String {
    format!("{} {:?} {}", answer.status, answer.headers, answer.text)
}

/// Fails where an answer has what its sender did not send.
fn shows_nothing(full: &Full, answer: &Answer, sent: &str, what: &str) {
    let whole = whole(answer);
    let marks = foreign(&whole, sent);
    assert!(marks.is_empty(), "{what} shows {marks:?}: {whole}");
    let secrets: Vec<_> =
        full.secrets.iter().filter(|secret| whole.contains(*secret) && !sent.contains(secret.as_str())).collect();
    assert!(secrets.is_empty(), "{what} shows {secrets:?}: {whole}");
}

/// No key, none of ours, unknown, wrong, revoked, expired, of another shop's name: one answer, to the byte. And good keys of other scopes:
/// one answer for each scope that is asked for.
async fn no_key_and_wrong_keys(full: &Full, asked: &[Asked]) {
    let world = &full.world;
    let theirs = neighbour(world, "other").await;
    let [ingest, checkout, admin] = [Scope::Ingest, Scope::Checkout, Scope::Admin].map(|scope| world.key(scope));
    let id = world.keys.iter().find(|key| key.scopes == [Scope::Admin]).unwrap().id.to_string();
    let wrong_secret = format!("{}{}", &admin[..admin.len() - 1], if admin.ends_with('0') { '1' } else { '0' });
    let bearer = |key: &str| Some(format!("Bearer {key}"));
    let unusable = [
        ("no key", None),
        ("no key of ours", bearer("tcl_acme")),
        ("another scheme", Some(format!("Basic {admin}"))),
        ("an unknown key", bearer(&admin.replace(&id, "ffffffffffff"))),
        ("a wrong secret", bearer(&wrong_secret)),
        ("a revoked key", bearer(&full.revoked)),
        ("an expired key", bearer(&full.expired)),
        ("the shop's key under another name", bearer(&admin.replace("_acme_", "_other_"))),
        ("another shop's key under the shop's name", bearer(&theirs.replace("_other_", "_acme_"))),
        ("the shop's name in capitals", bearer(&admin.replace("_acme_", "_ACME_"))),
    ];
    let of_scopes = [
        ("ingest", ingest, vec![Scope::Ingest]),
        ("checkout", checkout, vec![Scope::Checkout]),
        ("ingest and checkout", full.both.as_str(), vec![Scope::Ingest, Scope::Checkout]),
    ];
    let mut first: Option<(String, String)> = None;
    let mut forbidden: BTreeMap<Scope, (String, String)> = BTreeMap::new();
    let mut refused = 0;
    for asked in asked {
        let Some(scope) = asked.scope else { continue };
        for (what, authorization) in &unusable {
            let what = format!("{} {} with {what}", asked.method, asked.path);
            let answer = call(world, authorization.as_deref(), asked).await;
            shows_nothing(full, &answer, "", &what);
            assert_eq!(answer.status, 401, "{what}: {}", answer.text);
            let told = (format!("{:?}", answer.headers), answer.text);
            assert_eq!(first.get_or_insert_with(|| told.clone()), &told, "{what}: told apart");
        }
        for (name, key, held) in &of_scopes {
            if held.iter().any(|held| held.opens(scope)) {
                continue;
            }
            let what = format!("{} {} with {name}", asked.method, asked.path);
            let answer = call(world, bearer(key).as_deref(), asked).await;
            shows_nothing(full, &answer, "", &what);
            assert_eq!(answer.status, 403, "{what}: {}", answer.text);
            let told = (format!("{:?}", answer.headers), answer.text);
            assert_eq!(forbidden.entry(scope).or_insert_with(|| told.clone()), &told, "{what}: told apart");
            refused += 1;
        }
    }
    assert_eq!(forbidden.len(), 3);
    assert!(refused > 150, "{refused}");
}

/// A neighbour's answers are its own: the same as in a world in which there is no such shop, whatever ids it asks for.
async fn another_shops_key(full: &Full, asked: &[Asked]) {
    for name in NEIGHBOURS {
        let with = walk_as(&full.world, name, asked).await;
        let mut alone = World::telling(TODAY).await;
        go_to(&mut alone, TODAY);
        let without = walk_as(&alone, name, asked).await;
        let mut sent = with.sent_before.clone();
        let (mut taken, mut other) = (0, Vec::new());
        for ((asked, answer), lonely) in asked.iter().zip(&with.answers).zip(&without.answers) {
            let what = format!("{} {} as {name}", asked.method, asked.path);
            if asked.scope.is_none() {
                continue;
            }
            sent += &asked.sent();
            shows_nothing(full, answer, &sent, &what);
            let (one, alone) = (comparable(asked, answer), comparable(asked, lonely));
            if one != alone {
                other.push(format!("{what}: {one}\nand without the shop: {alone}"));
            }
            taken += usize::from(answer.status.is_success());
        }
        assert!(other.is_empty(), "{}", other.join("\n"));
        assert!(taken > 25, "{name}: of all requests only {taken} were taken");
        // What it wrote lies under its own name, and has nothing but what it sent.
        for ((table, pk, sk), item) in items(&full.world).await {
            if pk == name || pk.starts_with(&format!("{name}#")) {
                assert!(foreign(&item, &sent).is_empty(), "{table} {pk} {sk}: {item}");
            }
        }
    }
}

struct Walked {
    answers: Vec<Answer>,
    sent_before: String,
}

/// Makes a neighbour, and calls all routes with its key.
async fn walk_as(world: &World, name: &str, asked: &[Asked]) -> Walked {
    let key = neighbour(world, name).await;
    let mut sent_before = String::new();
    // Who has things of the very same ids gets its own.
    if name == "acm" {
        let own = order(&mark("order-of-ann"), &mark("ann"), "2026-11-10", 1_500, &[0]);
        for (method, path, body) in
            [("POST", "/v1/orders", own), ("PUT", "/v1/products", json!({ "products": [product(0)] }))]
        {
            // Under the same ids, with texts of its own.
            let body = ["name", "brand", "category", "season", "page"]
                .iter()
                .fold(body.to_string(), |body, text| body.replace(&format!("zqx{text}"), &format!("own{text}")));
            let answer = world.call_as(&key, method, path, body.clone()).await;
            assert!(answer.status.is_success(), "{}", answer.text);
            sent_before += &body;
        }
    }
    settled(world, name).await;
    let mut answers = Vec::new();
    for asked in asked {
        if asked.scope.is_none() {
            // Whoever has a page's address may open it, and whoever signs may deliver.
            answers.push(
                call(
                    world,
                    None,
                    &Asked { path: "/v1/health".to_owned(), method: "GET", body: String::new(), ..*asked },
                )
                .await,
            );
            continue;
        }
        let answer = call(world, Some(&format!("Bearer {key}")), asked).await;
        ended(world, &key, asked, &answer).await;
        answers.push(answer);
    }
    Walked { answers, sent_before }
}

/// Waits until what was begun has come to its end, so that it does what it does before anybody looks.
async fn ended(world: &World, key: &str, asked: &Asked, answer: &Answer) {
    if answer.status != 202 {
        return;
    }
    let path = match asked.route {
        "/v1/affinities" => "/v1/affinities".to_owned(),
        "/v1/runs" => format!("/v1/runs/{}", answer.json["run"]),
        _ => match answer.json["location"].as_str() {
            Some(location) => location.to_owned(),
            None => return,
        },
    };
    loop {
        let shown = world.call_as(key, "GET", &path, "").await;
        match shown.json["status"].as_str() {
            Some("queued" | "running") => tokio::time::sleep(Duration::from_millis(3)).await,
            Some(_) => return,
            None => panic!("{path}: {}", shown.text),
        }
    }
}

/// An answer as it is compared with that of another world.
fn comparable(asked: &Asked, answer: &Answer) -> String {
    let whole = masked(&whole(answer));
    if (asked.method, asked.route) != ("GET", "/v1/keys") {
        return whole;
    }
    // Listed by their ids, which are random.
    let mut keys: Vec<&str> = whole.split("{\"id\":").map(|key| key.trim_end_matches([',', ']'])).collect();
    keys.sort_unstable();
    keys.join(" ").replace("],\"next\":null}", "").replace("},", "}")
}

/// A text without what is made up anew each time: ids and secrets, and moments.
fn masked(text: &str) -> String {
    let (mut out, mut word) = (String::new(), String::new());
    let end = |word: &mut String, out: &mut String| {
        // A number behind its name.
        if word.starts_with(':') {
            out.push(word.remove(0));
        }
        let hex = word.len() >= 12 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let moment = word.len() >= 17 && word.starts_with("20") && word.as_bytes()[10] == b'T';
        out.push_str(if hex || moment { "#" } else { word });
        word.clear();
    };
    let without = |text: String, begin: &str| match text.find(begin) {
        Some(at) => format!("{}{}", &text[..at], text[at..].split_once('"').map_or("", |(_, rest)| rest)),
        None => text,
    };
    let text = ["whsec_", "ts1."].into_iter().fold(text.to_owned(), without);
    for sign in text.chars() {
        if sign.is_ascii_alphanumeric() || "-:.+".contains(sign) {
            word.push(sign);
        } else {
            end(&mut word, &mut out);
            out.push(sign);
        }
    }
    end(&mut word, &mut out);
    out
}

/// The control: whoever has the right key is answered each, and sees the marks wherever the table of requests says so.
async fn the_right_key(full: &Full, asked: &[Asked]) {
    let admin = full.world.key(Scope::Admin).to_owned();
    let mut wrong = Vec::new();
    for asked in asked.iter().filter(|asked| asked.scope.is_some()) {
        let answer = call(&full.world, Some(&format!("Bearer {admin}")), asked).await;
        ended(&full.world, &admin, asked, &answer).await;
        let shows = !foreign(&whole(&answer), &asked.sent()).is_empty();
        if !answer.status.is_success() || shows != asked.shows {
            let text: String = answer.text.chars().take(300).collect();
            wrong.push(format!("{} {}: {} shows: {shows} {text}", asked.method, asked.path, answer.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(full.world.ledger.shop(&acme()).await.unwrap().is_some());
}

#[test]
fn what_is_made_up_anew_is_masked_and_nothing_else() {
    let value: Value =
        json!({ "id": "0123456789ab", "at": "2026-11-22T10:00:00.123Z", "day": "2026-11-22", "customers": 12 });
    assert_eq!(masked(&value.to_string()), r##"{"at":"#","customers":12,"day":"2026-11-22","id":"#"}"##);
    assert_eq!(masked("tcl_acm_0123456789ab_00"), "tcl_acm_#_00");
}

//! Orders, alone and in batches, and their revisions, through the API.

use e2e::{Answer, World, acme};
use ledger::{Shard, path_form};
use serde_json::Value;

use super::{Form, Target, Verdict, fuzz};

#[test]
fn an_order_of_any_shape_is_recorded_whole_or_refused_by_its_field_and_not_written() {
    let target = Target { name: "orders", form: Form::Json, cases: 2_500, at_least: 15, kinds: 60 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::on("2026-11-22"));
    // The key's first use is noted beside an answer.
    runtime.block_on(async {
        world.get("/v1/settings").await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    });
    fuzz(&target, |input| {
        let (method, path) = way(input);
        world.calls.take();
        let answer = runtime.block_on(world.call(method, &path, input.to_vec()));
        let wrote =
            runtime.block_on(async { world.calls.take() }).keys().any(|call| !call.contains("Get") && call != "Query");
        let status = answer.status.as_u16();
        match status {
            200 | 201 if answer.json["results"].is_array() => batch(&answer, wrote),
            200 | 201 => Verdict::taken(format!("{method} {}", answer.json["status"])),
            409 | 410 => {
                assert!(!wrote, "{}", answer.text);
                Verdict::taken(format!("{method} {status} {}", answer.json["type"]))
            }
            400 | 413 | 422 => {
                assert!(!wrote, "refused and written: {}", answer.text);
                assert!(status == 413 || answer.json["errors"][0]["field"].is_string(), "{}", answer.text);
                Verdict::refused(format!("{method} {status} {}", fields(&answer.json)))
            }
            _ => panic!("{method} {path}: {} {}", answer.status, answer.text),
        }
    });
    runtime.block_on(rebuilt(&world));
}

/// A revision goes to its order's path, anything else is posted.
fn way(input: &[u8]) -> (&'static str, String) {
    let sent: Option<Value> = serde_json::from_slice(input).ok();
    let revised = sent.as_ref().filter(|sent| sent.get("revision").is_some());
    match revised {
        None => ("POST", "/v1/orders".to_owned()),
        Some(sent) => {
            let id = sent["id"].as_str().filter(|id| !id.is_empty() && id.len() < 300).unwrap_or("A-1");
            ("PUT", format!("/v1/orders/{}", path_form(id)))
        }
    }
}

/// Each of a batch has an answer of its own, and they add up.
fn batch(answer: &Answer, wrote: bool) -> Verdict {
    let results = answer.json["results"].as_array().unwrap();
    let count = |name: &str| answer.json[name].as_u64().unwrap();
    let sum = count("recorded") + count("duplicate") + count("ignored") + count("refused");
    assert_eq!(sum as usize, results.len(), "{}", answer.text);
    assert!(wrote || count("recorded") == 0, "recorded and not written: {}", answer.text);
    for result in results {
        let code = result["code"].as_u64().unwrap();
        assert!(code < 500, "{}", answer.text);
        assert!(code < 400 || result["problem"]["type"].is_string(), "{}", answer.text);
        assert!(
            !(400..=422).contains(&code)
                || code == 409
                || code == 410
                || result["problem"]["errors"][0]["field"].is_string()
        );
    }
    let met = results.iter().find(|result| result["problem"].is_object()).map(|result| fields(&result["problem"]));
    let met = format!("batch of {}: {met:?}", results.len().min(3));
    if count("recorded") + count("duplicate") > 0 { Verdict::taken(met) } else { Verdict::refused(met) }
}

/// The fields that a problem names, without positions.
fn fields(problem: &Value) -> String {
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let names = errors.iter().filter_map(|error| error["field"].as_str()).take(2);
    names
        .map(|name| name.chars().filter(|sign| !sign.is_ascii_digit()).take(24).collect::<String>())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whatever came in: every profile is the fold of its story.
pub(super) async fn rebuilt(world: &World) {
    let shop = world.ledger.fresh_shop(&acme()).await.unwrap().unwrap();
    let (mut cursor, mut customers) = (None, 0);
    loop {
        let page = world.ledger.page(&acme(), Shard { index: 0, count: 1 }, cursor.as_ref()).await.unwrap();
        for customer in &page.customers {
            let rebuilt = world.ledger.rebuild(&shop, &customer.id).await.unwrap();
            assert_eq!(rebuilt.as_ref(), Some(&customer.profile), "{:?}", customer.id);
            customers += 1;
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert!(customers > 10, "{customers}");
}

//! Exports of audiences: a job lists who is in a segment, and its result names them as they are when it is read.

use e2e::World;
use serde_json::{Value, json};

use crate::console::{base, signed_in};
use crate::console_cuts::followed;

async fn fullest(world: &World) -> (String, Vec<String>) {
    let census = world.get("/v1/segments").await.json;
    let cells = census["segments"].as_array().unwrap();
    let segment = cells.iter().max_by_key(|cell| cell["customers"].as_u64()).unwrap()["segment"].as_str().unwrap();
    let listed = world.get(&format!("/v1/segments/{segment}/customers?limit=1000")).await.json;
    let ids = listed["items"].as_array().unwrap().iter().map(|member| member["customer"].as_str().unwrap().to_owned());
    (segment.to_owned(), ids.collect())
}

async fn done(world: &World, begun: &Value) -> Value {
    loop {
        let job = world.get(begun["location"].as_str().unwrap()).await.json;
        match job["status"].as_str() {
            Some("queued" | "running") => tokio::time::sleep(std::time::Duration::from_millis(3)).await,
            _ => return job,
        }
    }
}

#[tokio::test]
async fn an_export_lists_an_audience_and_forgets_who_was_erased() {
    let world = base().await;
    let (segment, ids) = fullest(&world).await;
    assert!(ids.len() > 2, "{ids:?}");
    let begun = world.post(&format!("/v1/segments/{segment}/export"), &Value::Null).await;
    assert_eq!(begun.status, 202, "{}", begun.text);
    let job = done(&world, &begun.json).await;
    assert_eq!((&job["summary"]["customers"], &job["summary"]["segment"]), (&json!(ids.len()), &json!(segment)));
    let result = format!("{}/result", begun.json["location"].as_str().unwrap());
    let all = world.get(&result).await.json;
    let direct = world.get(&format!("/v1/segments/{segment}/customers?limit=1000")).await.json;
    assert_eq!(all["items"], direct["items"]);
    // In pages, too.
    let first = world.get(&format!("{result}?limit=2")).await.json;
    let rest = world.get(&format!("{result}?limit=1000&cursor={}", first["next"].as_str().unwrap())).await.json;
    let pages = [first["items"].as_array().unwrap().clone(), rest["items"].as_array().unwrap().clone()].concat();
    assert_eq!(json!(pages), all["items"]);

    let erased = world.call("DELETE", &format!("/v1/customers/{}", ids[0]), "").await;
    assert_eq!(done(&world, &erased.json).await["status"], "done");
    let left = world.get(&result).await.text;
    assert!(!left.contains(&format!("\"{}\"", ids[0])) && left.contains(&format!("\"{}\"", ids[1])), "{left}");
}

#[tokio::test]
pub(crate) async fn the_console_gives_an_export_as_files() {
    let world = base().await;
    let browser = signed_in(&world).await;
    let (segment, ids) = fullest(&world).await;
    let path = format!("/console/segments/{segment}/export");
    assert_eq!(browser.ask("POST", &path, "form=0").await.status, 403);
    let begun = browser.ask("POST", &path, &format!("form={}", browser.form().await)).await;
    let job = followed(&browser, &begun).await;
    let page = browser.get(&job).await.text;
    assert!(page.contains(&format!("1–{}: ", ids.len())), "{page}");
    for format in ["csv", "ndjson"] {
        let link = format!("{job}/file?format={format}&amp;from=0");
        assert!(page.contains(&link), "{page}");
        let file = browser.get(&link.replace("&amp;", "&")).await;
        let api = world.get(&format!("/v1/segments/{segment}/customers?limit=1000&format={format}")).await.text;
        assert_eq!((file.status.as_u16(), file.text), (200, api), "{format}");
    }
    let later = browser.get(&format!("{job}/file?format=csv&from=1")).await.text;
    assert_eq!(later.lines().count(), ids.len(), "a header, and all but the first");
    assert_eq!(browser.get(&format!("{job}/file?format=xml")).await.status, 422);
    assert_eq!(browser.get("/console/jobs/99/file?format=csv").await.status, 404);
}

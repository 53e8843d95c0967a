//! Cuts in the console: fitted or typed in, previewed, activated by the next run, and taken back.

use axum::http::StatusCode;
use e2e::World;
use serde_json::Value;

use crate::console::{Browser, Page, base, signed_in};

/// Sends a form of ours.
async fn send(browser: &Browser, path: &str, fields: &str) -> Page {
    let form = browser.form().await;
    browser.ask("POST", path, &format!("form={form}{fields}")).await
}

/// Follows a job's page until it leads to its result.
pub(crate) async fn followed(browser: &Browser, begun: &Page) -> String {
    let job = begun.to.clone().unwrap_or_else(|| panic!("{}", begun.text));
    assert!(job.starts_with("/console/jobs/"), "{job}");
    loop {
        let page = browser.get(&job).await;
        match page.to {
            Some(to) => return to,
            None if page.text.contains("<progress") => tokio::time::sleep(std::time::Duration::from_millis(3)).await,
            None => return job,
        }
    }
}

async fn known(world: &World) -> Value {
    world.get("/v1/cuts").await.json
}

const TYPED: &str = "&recency_1=20&recency_2=60&frequency_1=1&frequency_2=3&monetary_1=10&monetary_2=25.50";

#[tokio::test]
pub(crate) async fn typed_cuts_are_previewed_and_come_into_force_with_the_next_run() {
    let mut world = base().await;
    let browser = signed_in(&world).await;
    let made = send(&browser, "/console/cuts/typed", TYPED).await;
    let candidate = made.to.unwrap();
    let version = candidate.rsplit('/').next().unwrap().to_owned();
    let models = known(&world).await["known"]["items"].clone();
    let model = models.as_array().unwrap().iter().find(|model| model["version"] == version).unwrap().clone();
    assert_eq!((&model["cuts"]["monetary"]["c1"], &model["cuts"]["monetary"]["c2"]), (&1_000.into(), &2_550.into()));
    let page = browser.get(&candidate).await.text;
    assert!(page.contains("class=\"cut candidate\"") && page.contains("class=\"cut in-force\""), "{page}");
    assert!(page.contains("more than 26\u{a0}GBP"), "{page}");

    let begun = send(&browser, &format!("{candidate}/preview"), "").await;
    let result = followed(&browser, &begun).await;
    let job = result.rsplit('=').next().unwrap().to_owned();
    assert_eq!(result, format!("{candidate}?preview={job}"));
    let summary = world.get(&format!("/v1/jobs/{job}")).await.json["summary"].clone();
    let page = browser.get(&result).await.text;
    assert!(page.contains(&format!("{} customers would move by the new cuts", summary["refit"])), "{summary}: {page}");
    let in_force = known(&world).await["active"]["version"].as_str().unwrap().to_owned();
    let other = browser.get(&format!("/console/cuts/{in_force}?preview={job}")).await;
    assert_eq!(other.status, 422, "it is of other cuts");

    let activated = send(&browser, &format!("{candidate}/activate"), &format!("&preview={job}")).await;
    assert_eq!((activated.status, activated.to.as_deref()), (StatusCode::SEE_OTHER, Some("/console/cuts")));
    assert_eq!(known(&world).await["due"]["cuts"], version);
    let page = browser.get("/console/cuts").await.text;
    assert!(page.contains("Due by the first run of"), "{page}");
    world.move_to("2026-11-23");
    world.run().await;
    let browser = signed_in(&world).await;
    assert_eq!(known(&world).await["active"]["version"], version);
    let page = browser.get("/console/cuts").await.text;
    assert!(page.contains("In force since 2026-11-23") && !page.contains("Due by"), "{page}");

    let back = send(&browser, "/console/cuts/rollback", "").await;
    assert_eq!(back.to.as_deref(), Some("/console/cuts"));
    assert_eq!(known(&world).await["due"]["rolls_back"], 1);
    // Whoever activates what is in force withdraws what is due.
    send(&browser, &format!("/console/cuts/{version}/activate"), "").await;
    assert_eq!(known(&world).await["due"], Value::Null);
}

#[tokio::test]
async fn a_fitted_candidate_is_led_to() {
    let world = base().await;
    let browser = signed_in(&world).await;
    let begun = send(&browser, "/console/cuts/fit", "").await;
    let result = followed(&browser, &begun).await;
    let version = result.strip_prefix("/console/cuts/").unwrap();
    assert!(known(&world).await["known"]["items"].as_array().unwrap().iter().any(|model| model["version"] == version));
    assert_eq!(browser.get(&result).await.status, 200);
}

#[tokio::test]
async fn wrong_cuts_are_told_at_the_form_and_make_nothing() {
    let world = base().await;
    let browser = signed_in(&world).await;
    let before = known(&world).await;
    let wrong = [
        ("recency_1=20", "recency_1=x", "Recency: the last order: both cuts are numbers from 0 on"),
        ("monetary_2=25.50", "monetary_2=25.505", "Monetary value: spent: both cuts are numbers"),
        ("frequency_2=3", "frequency_2=1", "Frequency: orders: the upper cut lies above the lower"),
        ("recency_1=20", "recency_1=%3Cscript%3E", "both cuts are numbers"),
    ];
    for (right, typed, told) in wrong {
        let page = send(&browser, "/console/cuts/typed", &TYPED.replace(right, typed)).await;
        assert_eq!(page.status, 422, "{typed}");
        assert!(page.text.contains(told) && page.text.contains("role=\"alert\""), "{typed}: {}", page.text);
        assert!(page.text.contains("value=\"60\"") && !page.text.contains("<script"), "the rest stays: {}", page.text);
    }
    for path in [
        "/console/cuts/typed",
        "/console/cuts/fit",
        "/console/cuts/rollback",
        "/console/cuts/0123456789abcdef/activate",
    ] {
        assert_eq!(browser.ask("POST", path, &format!("form=0{TYPED}")).await.status, 403, "{path}");
    }
    let unknown = send(&browser, "/console/cuts/0123456789abcdef/preview", "").await;
    assert_eq!(
        (unknown.status.as_u16(), browser.get("/console/cuts/0123456789abcdef").await.status.as_u16()),
        (404, 404)
    );
    assert_eq!(known(&world).await, before);
}

//! The console as a browser meets it: who gets in, that pages say what the API says, and that nothing in them runs.

use std::cell::RefCell;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use console::Console;
use e2e::{World, acme};
use http_body_util::BodyExt;
use ledger::Scope;
use segmentation::Segment;
use serde_json::{Value, json};
use tower::ServiceExt;
use web::{App, Clock};

use crate::order;

/// One browser: it keeps what cookies it is told.
pub(crate) struct Browser {
    console: Console,
    router: Router,
    pub(crate) cookie: RefCell<Option<String>>,
}

pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) to: Option<String>,
    pub(crate) set: Option<String>,
    pub(crate) policy: String,
    pub(crate) text: String,
}

impl Browser {
    fn of(world: &World) -> Browser {
        let console = e2e::console(&world.app, &world.driver);
        Browser { router: console.clone().router(), console, cookie: RefCell::default() }
    }

    /// At another moment, with the cookies of before.
    fn later(&self, world: &World, now: DateTime<Utc>) -> Browser {
        let app = App::new(world.ledger.clone(), Clock::At(now));
        let console = e2e::console(&app, &world.driver);
        Browser { router: console.clone().router(), console, cookie: self.cookie.clone() }
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, form: &str) -> Page {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(cookie) = &*self.cookie.borrow() {
            request = request.header("cookie", cookie);
        }
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(Body::from(form.to_owned()));
        let Ok(answer) = self.router.clone().oneshot(request.unwrap()).await;
        let (head, body) = answer.into_parts();
        let header = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let set = header("set-cookie");
        if let Some(set) = &set {
            *self.cookie.borrow_mut() = set.split(';').next().map(str::to_owned);
        }
        Page {
            status: head.status,
            to: header("location"),
            policy: header("content-security-policy").unwrap(),
            set,
            text,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.ask("GET", path, "").await
    }

    async fn sign_in(&self, key: &str) -> Page {
        self.ask("POST", "/console/sign-in", &format!("key={key}")).await
    }

    /// What the page's forms send to show that they are ours.
    pub(crate) async fn form(&self) -> String {
        let page = self.get("/console/runs").await.text;
        let value = page.split("name=\"form\" value=\"").nth(1).unwrap();
        value.split('"').next().unwrap().to_owned()
    }
}

pub(crate) async fn signed_in(world: &World) -> Browser {
    let browser = Browser::of(world);
    let page = browser.sign_in(world.key(Scope::Admin)).await;
    assert_eq!((page.status, page.to.as_deref()), (StatusCode::SEE_OTHER, Some("/console")));
    browser
}

/// A few customers, and a run over them.
pub(crate) async fn base() -> World {
    let world = World::on("2026-11-22").await;
    for nth in 0..30 {
        for time in 0..=(nth % 5) {
            let day = format!("2026-{:02}-{:02}T10:00:00Z", 1 + (nth * 7 + time * 3) % 10, 1 + nth % 28);
            let mut sent = order(&format!("o-{nth}-{time}"), &format!("c-{nth}"), &day);
            sent["total"] = json!(500 + nth * 137);
            assert_eq!(world.post("/v1/orders", &sent).await.status, 201);
        }
    }
    world.run().await;
    world
}

#[tokio::test]
async fn an_admin_key_signs_in_and_no_other_does() {
    let world = base().await;
    let browser = Browser::of(&world);
    for path in ["/console", "/console/runs", "/console/segments/r3f3m3", "/console/customers/c-1"] {
        let page = browser.get(path).await;
        assert_eq!((page.status, page.to.as_deref()), (StatusCode::SEE_OTHER, Some("/console/sign-in")), "{path}");
    }
    let wrong = [(world.key(Scope::Checkout), 403), (world.key(Scope::Ingest), 403), ("tcl_acme_none", 401), ("", 401)];
    for (key, status) in wrong {
        let page = browser.sign_in(key).await;
        assert_eq!((page.status.as_u16(), page.set), (status, None), "{key}");
        assert!(page.text.contains("role=\"alert\""), "{}", page.text);
    }
    let page = browser.sign_in(world.key(Scope::Admin)).await;
    let set = page.set.unwrap();
    for flag in ["HttpOnly", "SameSite=Strict", "Path=/console", "Max-Age=28800"] {
        assert!(set.contains(flag), "{flag}: {set}");
    }
    let secret = world.key(Scope::Admin).rsplit('_').next().unwrap();
    assert!(!set.contains(secret), "the key stands in the cookie sealed");
    assert_eq!(browser.get("/console").await.status, 200);
    // What is not sealed by us opens nothing.
    let kept = browser.cookie.borrow().clone().unwrap();
    for at in [20, kept.len() / 2, kept.len() - 1] {
        let other = if kept.as_bytes()[at] == b'A' { "B" } else { "A" };
        let mut forged = kept.clone();
        forged.replace_range(at..=at, other);
        *browser.cookie.borrow_mut() = Some(forged);
        assert_eq!(browser.get("/console").await.status, StatusCode::SEE_OTHER, "changed at {at}");
    }
}

#[tokio::test]
async fn over_tls_the_cookie_stays_there() {
    let mut world = base().await;
    world.app = world.app.with_public_url("https://tercile.example");
    let page = Browser::of(&world).sign_in(world.key(Scope::Admin)).await;
    assert!(page.set.unwrap().ends_with("; Secure"));
}

#[tokio::test]
async fn a_session_ends_with_its_key_its_time_and_when_one_leaves() {
    let world = base().await;
    let browser = signed_in(&world).await;
    let now = world.app.clock.now();
    let almost = browser.later(&world, now + TimeDelta::minutes(8 * 60 - 1));
    assert_eq!(almost.get("/console").await.status, 200);
    let over = browser.later(&world, now + TimeDelta::minutes(8 * 60 + 1));
    assert_eq!(over.get("/console").await.to.as_deref(), Some("/console/sign-in"));

    let form = browser.form().await;
    let left = browser.ask("POST", "/console/sign-out", &format!("form={form}")).await;
    assert!(left.set.unwrap().contains("Max-Age=0"));
    assert_eq!(browser.get("/console").await.to.as_deref(), Some("/console/sign-in"));

    let made = world.post("/v1/keys", &json!({ "scopes": ["admin"] })).await.json;
    let other = Browser::of(&world);
    other.sign_in(made["key"].as_str().unwrap()).await;
    assert_eq!(other.get("/console").await.status, 200);
    world.call("DELETE", &format!("/v1/keys/{}", made["id"].as_str().unwrap()), "").await;
    let page = other.get("/console").await;
    assert_eq!(page.status, 401, "the key was revoked");
    assert!(page.text.contains("/console/sign-in"));
}

#[tokio::test]
pub(crate) async fn a_form_from_elsewhere_does_nothing() {
    let world = base().await;
    let browser = signed_in(&world).await;
    let runs = async || world.get("/v1/runs/2").await.status.as_u16();
    for form in ["", "form=", "form=00000000000000000000000000000000"] {
        let page = browser.ask("POST", "/console/runs", form).await;
        assert_eq!(page.status, 403, "{form}");
    }
    assert_eq!(browser.ask("POST", "/console/sign-out", "form=0").await.status, 403);
    assert_eq!(runs().await, 404, "no run was begun");
    let form = browser.form().await;
    let begun = browser.ask("POST", "/console/runs", &format!("form={form}")).await;
    assert_eq!((begun.status, begun.to.as_deref()), (StatusCode::SEE_OTHER, Some("/console/runs/2")));
    assert_eq!(runs().await, 200);
}

#[tokio::test]
pub(crate) async fn the_base_says_of_each_segment_what_the_api_says() {
    let world = base().await;
    let browser = signed_in(&world).await;
    let census = world.get("/v1/segments").await.json;
    let page = browser.get("/console").await.text;
    let mut seen = 0;
    for segment in Segment::all() {
        let cell = page.split(&format!("href=\"/console/segments/{segment}\"")).nth(1).unwrap();
        let figure = cell.split("class=\"figure\">").nth(1).unwrap().split('<').next().unwrap();
        let told =
            census["segments"].as_array().unwrap().iter().find(|one| one["segment"] == segment.to_string()).unwrap();
        assert_eq!(figure, told["customers"].to_string(), "{segment}");
        seen += told["customers"].as_u64().unwrap();
    }
    assert_eq!(seen, 30);
    let cuts = &census["cuts"];
    assert!(page.contains(&format!("more than {} orders", cuts["frequency"]["c2"])), "{page}");

    // A segment's table and the downloads have those whom the API lists.
    let fullest = census["segments"].as_array().unwrap().iter().max_by_key(|one| one["customers"].as_u64()).unwrap();
    let segment = fullest["segment"].as_str().unwrap();
    let listed = world.get(&format!("/v1/segments/{segment}/customers")).await.json["items"].clone();
    let page = browser.get(&format!("/console/segments/{segment}")).await.text;
    for member in listed.as_array().unwrap() {
        assert!(page.contains(&format!("/console/customers/{}\"", member["customer"].as_str().unwrap())));
    }
    let csv = browser.get(&format!("/console/segments/{segment}/file?format=csv")).await.text;
    assert_eq!(csv, world.get(&format!("/v1/segments/{segment}/customers?format=csv&limit=1000")).await.text);

    let customer = listed[0]["customer"].as_str().unwrap();
    let page = browser.get(&format!("/console/customers/{customer}")).await.text;
    let stands = world.get(&format!("/v1/customers/{customer}/segment")).await.json;
    assert!(page.contains(&format!("<a href=\"/console/segments/{segment}\">")), "{page}");
    if let Some(day) = stands["explanation"]["if_idle"]["day"].as_str() {
        assert!(page.contains(day), "{day}: {page}");
    }
    let found = browser.get(&format!("/console/customers?id={customer}")).await;
    assert_eq!(found.to, Some(format!("/console/customers/{customer}")));
}

#[tokio::test]
async fn hostile_names_are_shown_and_do_nothing() {
    let world = World::on("2026-11-22").await;
    let long = "x".repeat(500);
    let names = ["<script>alert(1)</script>", "\u{202e}\"><img src=x onerror=alert(1)>", long.as_str()];
    for (nth, name) in names.iter().enumerate() {
        let mut sent = order(&format!("<b>{nth}</b>"), name, "2026-11-20T10:00:00Z");
        sent["lines"] = json!([{ "product": format!("p-{nth}"), "name": name, "category": name, "amount": 1250 }]);
        sent["total"] = Value::Null;
        assert_eq!(world.post("/v1/orders", &sent).await.status, 201, "{name}");
    }
    world.run().await;
    let browser = signed_in(&world).await;
    let mut paths = vec![
        "/console".to_owned(),
        "/console?by=revenue".to_owned(),
        "/console/runs".to_owned(),
        "/console/runs/1".to_owned(),
    ];
    paths.extend(Segment::all().map(|segment| format!("/console/segments/{segment}")));
    paths.extend(names.map(|name| format!("/console/customers/{}", ledger::path_form(name))));
    let mut shown = 0;
    for path in paths {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        for harm in ["<script", "<img", "<b>", " style=", "<style", " onerror=alert(1)>\"", "javascript:"] {
            assert!(!page.text.contains(harm), "{harm} in {path}: {}", page.text);
        }
        assert!(page.policy.contains("default-src 'none'") && !page.policy.contains("unsafe"), "{}", page.policy);
        shown += page.text.matches("&lt;script&gt;alert(1)").count();
    }
    assert!(shown >= 2, "it stands in its segment and on its page: {shown}");
}

#[tokio::test]
async fn a_link_signs_in_once_and_for_ten_minutes() {
    let world = base().await;
    let browser = Browser::of(&world);
    let path = browser.console.sign_in_path(&acme()).unwrap();
    let entered = browser.get(&path).await;
    assert_eq!((entered.status, entered.to.as_deref()), (StatusCode::SEE_OTHER, Some("/console")));
    assert_eq!(browser.get("/console").await.status, 200);
    let again =
        Browser { cookie: RefCell::default(), router: browser.router.clone(), console: browser.console.clone() };
    assert_eq!(again.get(&path).await.status, StatusCode::GONE);
    assert_eq!(again.get("/console").await.status, StatusCode::SEE_OTHER);
    let other = Browser::of(&world);
    assert_eq!(
        other.get(&browser.console.sign_in_path(&acme()).unwrap()).await.status,
        StatusCode::GONE,
        "another process's"
    );
    // The cookie of a session is no link, and a link is no cookie.
    let kept = browser.cookie.borrow().clone().unwrap();
    let sealed = kept.split_once('=').unwrap().1;
    assert_eq!(again.get(&format!("/console/enter/{sealed}")).await.status, StatusCode::GONE);
    let link = browser.console.sign_in_path(&acme()).unwrap();
    *again.cookie.borrow_mut() = Some(format!("tercile_session={}", link.rsplit('/').next().unwrap()));
    assert_eq!(again.get("/console").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_page_is_in_the_language_that_was_asked_for() {
    let world = base().await;
    let browser = signed_in(&world).await;
    let session = browser.cookie.borrow().clone().unwrap();
    assert!(browser.get("/console").await.text.contains("<html lang=\"en\">"));
    let spoken = browser.ask("POST", "/console/language", "language=ru").await;
    assert_eq!((spoken.status, spoken.to.as_deref()), (StatusCode::SEE_OTHER, Some("/console")));
    let language = browser.cookie.borrow().clone().unwrap();
    *browser.cookie.borrow_mut() = Some(format!("{session}; {language}"));
    let page = browser.get("/console").await.text;
    assert!(page.contains("<html lang=\"ru\">") && page.contains("30 клиентов"), "{page}");
}

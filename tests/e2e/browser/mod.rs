//! The console in a real browser: `cargo test --workspace --test e2e browser -- --ignored` (README.md says what it needs).

pub(crate) mod past;
mod sound;

use std::collections::BTreeSet;

use console::Console;
use e2e::browser::{Browser, Scheme};
use e2e::visitor::Visitor;
use e2e::{World, acme, served};
use ledger::Scope;
use segmentation::Segment;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::order;
use sound::{DESK, PHONE};

/// A shop served on loopback, and a browser before it.
struct House {
    world: World,
    console: Console,
    visitor: Visitor,
    /// Without a path.
    url: String,
    browser: Browser,
}

impl House {
    async fn of(world: World) -> House {
        let (service, console) = served(&world.app, &world.driver);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let visitor = Visitor::enter(&service, &console, &acme()).await;
        tokio::spawn(async move { axum::serve(listener, service).await });
        let browser = Browser::start().await.unwrap();
        browser.resize(DESK, 800).await.unwrap();
        House { world, console, visitor, url, browser }
    }

    /// With somebody signed in by a link.
    async fn entered(world: World) -> House {
        let house = House::of(world).await;
        let link = house.console.sign_in_path(&acme()).unwrap();
        house.open(&link).await;
        assert_eq!(house.path().await, "/console");
        house
    }

    async fn open(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.url)).await.unwrap();
    }

    async fn path(&self) -> String {
        let at = self.browser.at().await.unwrap();
        at.strip_prefix(&self.url).unwrap_or(&at).to_owned()
    }

    async fn text(&self, selector: &str) -> String {
        let text = self.browser.run("return document.querySelector(arguments[0])?.innerText ?? ''", json!(selector));
        text.await.unwrap().as_str().unwrap().to_owned()
    }
}

#[tokio::test]
#[ignore = "needs Chromium and its driver: see README"]
async fn a_key_is_typed_in_and_whoever_leaves_is_out() {
    let house = House::of(past::shop().await).await;
    let browser = &house.browser;
    house.open("/console").await;
    assert_eq!(house.path().await, "/console/sign-in");
    browser.write("#key", "tcl_acme_none").await.unwrap();
    browser.press_button("Sign in").await.unwrap();
    assert!(house.text("[role=alert]").await.starts_with("No key reads like this"));
    // That it was refused is told there, and nothing else.
    browser.complaints().await.unwrap();
    browser.write("#key", house.world.key(Scope::Admin)).await.unwrap();
    browser.press_button("Sign in").await.unwrap();
    assert_eq!((house.path().await, house.text("h1").await), ("/console".to_owned(), "The base".to_owned()));
    assert_eq!(browser.run("return document.cookie", Value::Null).await.unwrap(), "", "no script reads the session");
    assert!(browser.cookie("tercile_session").await.unwrap().is_some());
    assert_eq!(browser.complaints().await.unwrap(), Vec::<String>::new());

    browser.press_button("Sign out").await.unwrap();
    assert_eq!(house.path().await, "/console/sign-in");
    assert_eq!(browser.cookie("tercile_session").await.unwrap(), None);
    house.open("/console/runs").await;
    assert_eq!(house.path().await, "/console/sign-in");
}

#[tokio::test]
#[ignore = "needs Chromium and its driver: see README"]
async fn every_page_is_sound_in_both_languages_wide_and_narrow_light_and_dark() {
    let house = House::entered(past::shop().await).await;
    let mut pages = crate::pages::all(&house.visitor).await;
    pages.push("/console/sign-in".to_owned());
    let mut faults = Vec::new();
    let ways = [
        ("en", DESK, Scheme::Light),
        ("en", PHONE, Scheme::Dark),
        ("ru", DESK, Scheme::Dark),
        ("ru", PHONE, Scheme::Light),
    ];
    for (language, width, scheme) in ways {
        if language == "ru" && width == DESK {
            house.open("/console").await;
            house.browser.press_button("Русский").await.unwrap();
            assert_eq!(house.path().await, "/console");
        }
        for page in &pages {
            faults.extend(house.looked_at(page, width, scheme, language).await);
        }
    }
    assert!(faults.is_empty(), "{} pages:\n{}", pages.len(), faults.join("\n"));
}

#[tokio::test]
#[ignore = "needs Chromium and its driver: see README"]
async fn what_is_wrong_with_a_page_is_found() {
    let house = House::entered(past::shop().await).await;
    house.browser.resize(PHONE, 740).await.unwrap();
    house.open("/console/runs").await;
    assert_eq!(house.faults(PHONE).await, Vec::<String>::new());
    assert_eq!(house.findings().await, Vec::<String>::new());
    let spoil = "
        const main = document.querySelector('main'), add = (name, text) => main.appendChild(
            Object.assign(document.createElement(name), { textContent: text }));
        add('img', ''); add('p', 'wide').style.width = '900px'; add('p', 'faint').style.color = '#ccc';
        add('script', 'document.title = \"taken over\"'); console.error('broken');";
    house.browser.run(spoil, Value::Null).await.unwrap();
    let found = [house.faults(PHONE).await, house.findings().await].concat().join("\n");
    for fault in ["broken", "Content Security Policy", "wider than 360", "<p style=", "image-alt", "color-contrast"] {
        assert!(found.contains(fault), "{fault}: {found}");
    }
    assert!(house.browser.run("return document.title", Value::Null).await.unwrap() != "taken over");
    house.browser.run("setTimeout(() => alert('harm'))", Value::Null).await.unwrap();
    while house.browser.dialog().await.unwrap().is_none() {}
    assert_eq!(house.faults(PHONE).await, ["a dialog: harm"]);
}

#[tokio::test]
#[ignore = "needs Chromium and its driver: see README"]
async fn a_keyboard_is_enough() {
    let house = House::entered(past::shop().await).await;
    let (mut seen, mut faults) = (BTreeSet::new(), Vec::new());
    for (pattern, page) in house.visitor.walk(&past::JOBS, 1).await.pages {
        if seen.insert(pattern) {
            faults.extend(house.by_keyboard(&page).await);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
#[ignore = "needs Chromium and its driver: see README"]
async fn a_run_is_begun_and_seen_to_its_end() {
    let house = House::entered(past::shop().await).await;
    house.open("/console/runs").await;
    house.browser.press_button("Start a run now").await.unwrap();
    assert_eq!(house.path().await, "/console/runs/4");
    // While it is under way the page asks again by itself.
    house.browser.until("document.querySelector('main table td')?.innerText === '2026-11-22'").await.unwrap();
    assert_eq!(house.world.get("/v1/runs/4").await.json["status"], "published");
    assert!(house.text("main table").await.contains("published"));
    house.browser.follow("main a[href='/console']").await.unwrap();
    assert_eq!(house.text("h1").await, "The base");
}

#[tokio::test]
#[ignore = "needs Chromium and its driver: see README"]
async fn the_base_shows_the_figures_of_the_api_and_an_audience_comes_down_as_it_gives_it() {
    let house = House::entered(past::shop().await).await;
    let census = house.world.get("/v1/segments").await.json;
    let cells = census["segments"].as_array().unwrap();
    for segment in Segment::all() {
        let told = cells.iter().find(|cell| cell["segment"] == segment.to_string()).unwrap();
        let shown = house.text(&format!("a[href='/console/segments/{segment}'] .figure")).await;
        assert_eq!(shown, told["customers"].to_string(), "{segment}");
    }
    assert!(house.text(".lead").await.starts_with(&format!("{} customers", census["customers"])));

    let fullest = cells.iter().max_by_key(|cell| cell["customers"].as_u64()).unwrap()["segment"].as_str().unwrap();
    house.browser.follow(&format!("a[href='/console/segments/{fullest}']")).await.unwrap();
    assert_eq!(house.path().await, format!("/console/segments/{fullest}"));
    for format in ["csv", "ndjson"] {
        house.browser.click(&format!("a[href$='/file?format={format}']")).await.unwrap();
        let came = house.browser.downloaded(&format!("{fullest}.{format}")).await.unwrap();
        let path = format!("/v1/segments/{fullest}/customers?format={format}&limit=1000");
        let told = house.world.get(&path).await.text;
        assert!(told.lines().count() > 1);
        assert_eq!(String::from_utf8(came).unwrap(), told);
    }
}

#[tokio::test]
#[ignore = "needs Chromium and its driver: see README"]
async fn cuts_are_fitted_typed_in_previewed_and_brought_into_force() {
    let house = House::entered(past::shop().await).await;
    let browser = &house.browser;
    let on_a_candidate = "/^\\/console\\/cuts\\/[0-9a-f]{16}$/.test(location.pathname)";
    house.open("/console/cuts").await;
    browser.press_button("Fit candidate cuts").await.unwrap();
    // Its job's page leads there by itself.
    browser.until(on_a_candidate).await.unwrap();
    let fitted = house.path().await;
    let known = house.world.get("/v1/cuts").await.json["known"]["items"].to_string();
    assert!(known.contains(fitted.rsplit('/').next().unwrap()), "{fitted}: {known}");

    house.open("/console/cuts").await;
    let typed =
        [("recency_1", "20"), ("recency_2", "60"), ("frequency_1", "1"), ("frequency_2", "3"), ("monetary_1", "10")];
    for (field, value) in typed {
        browser.write(&format!("#{field}"), value).await.unwrap();
    }
    browser.write("#monetary_2", "9.50").await.unwrap();
    browser.press_button("Make this candidate").await.unwrap();
    assert!(house.text("[role=alert]").await.contains("the upper cut lies above the lower"));
    assert_eq!(browser.complaints().await.unwrap().len(), 1, "the status says it, too");
    browser.write("#monetary_2", "95.50").await.unwrap();
    browser.press_button("Make this candidate").await.unwrap();
    browser.until(on_a_candidate).await.unwrap();
    let candidate = house.path().await;
    browser.press_button("Preview").await.unwrap();
    browser.until("location.search.startsWith('?preview=')").await.unwrap();
    assert!(house.text("main").await.contains("would move by the new cuts"));
    // With a preview it would wait for the preview's day, which is tomorrow.
    house.open(&candidate).await;
    browser.press_button("Activate").await.unwrap();
    assert_eq!(house.path().await, "/console/cuts");
    assert!(house.text("[role=status]").await.starts_with("Due by the first run of 2026-11-22"));
    browser.press_button("Start a run now").await.unwrap();
    browser.until("document.querySelector('main table td')?.innerText.startsWith('2026-11-22')").await.unwrap();
    house.open("/console/cuts").await;
    let version = candidate.rsplit('/').next().unwrap();
    assert_eq!(house.text(".lead code").await, version);
    assert_eq!(house.world.get("/v1/cuts").await.json["active"]["version"], version);
    assert_eq!(browser.complaints().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
#[ignore = "needs Chromium and its driver: see README"]
async fn hostile_names_are_shown_and_do_nothing() {
    let world = World::on(past::TODAY).await;
    let long = "x".repeat(500);
    let script = "<script>alert(document.domain)</script>";
    let names = [script, "\u{202e}\"><img src=x onerror=alert(1)>\u{2067}", long.as_str(), "'-alert(1)-'"];
    for (nth, name) in names.iter().enumerate() {
        let product =
            json!({ "products": [{ "id": format!("p-{nth}"), "name": name, "category": name, "price": 1250 }] });
        let put = world.call("PUT", "/v1/products", product.to_string()).await;
        assert_eq!(put.status, 200, "{}", put.text);
        let mut sent = order(&format!("<b>{nth}</b>"), name, "2026-11-20T10:00:00Z");
        sent["lines"] = json!([{ "product": format!("p-{nth}"), "name": name, "category": name, "amount": 1250 }]);
        sent["total"] = Value::Null;
        assert_eq!(world.post("/v1/orders", &sent).await.status, 201, "{name}");
    }
    world.publish().await;
    let mut campaign = crate::redemptions::campaign("welcome_all", &json!({ "discount": 10 }), 30);
    for field in ["text", "say", "why"] {
        campaign["idea"][field] = json!({ "en": format!("{script}{}", "w".repeat(400)), "ru": script });
    }
    let published = world.post("/v1/campaigns", &campaign).await;
    assert_eq!(published.status, 201, "{}", published.text);
    let text = json!({ "en": format!("<img src=x onerror=alert(2)>{}", "m".repeat(400)), "ru": script });
    let segments: serde_json::Map<String, Value> = Segment::all()
        .map(|segment| (segment.to_string(), json!({ "goal": text, "mechanic": text, "caution": text })))
        .collect();
    let put = world.call("PUT", "/v1/playbook", json!({ "segment": segments }).to_string()).await;
    assert_eq!(put.status, 200, "{}", put.text);
    world.run().await;

    let house = House::entered(world).await;
    let (mut faults, mut shown) = (Vec::new(), 0);
    let pages = house.visitor.walk(&[], 30).await.pages;
    for width in [PHONE, DESK] {
        house.browser.resize(width, 740).await.unwrap();
        for (_, page) in &pages {
            house.open(page).await;
            faults.extend(house.faults(width).await.into_iter().map(|fault| format!("{page}: {fault}")));
            let text = house.text("body").await;
            shown += text.matches(script).count() + text.matches("onerror=alert").count();
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(shown > 10 && pages.len() > 30, "it stands there as text: {shown} times on {} pages", pages.len());
}

//! The page of a survey: what a letter's link opens, records and shows.

use axum::body::Body;
use axum::http::Request;
use e2e::{Answer, World};
use ledger::CustomerId;
use segmentation::answers::Survey;
use serde_json::{Value, json};

/// Cuts of the shop's own, products of which none was bought twice, and customers of two segments who are asked why they stay
/// away: `best` in r1f3m3 and `big` in r1f2m3's r2 twin.
pub(crate) async fn lost_customers() -> World {
    let world = World::on("2026-11-22").await;
    let settings = json!({ "segmentation": { "fixed_recency": { "c1": 30, "c2": 90 }, "fixed_frequency": { "c1": 1, "c2": 4 },
        "fixed_monetary": { "c1": 1000, "c2": 5000 } } });
    assert_eq!(world.call("PUT", "/v1/settings", settings.to_string()).await.status, 200);
    let product = |id: &str, name: &str| json!({ "id": id, "name": name, "category": "<b>tea</b>", "price": 900, "url": "https://shop.example/?a=1&b=2" });
    let products = json!({ "products": [product("green", "Green"), product("evil", "</li><script>alert('1')</script>\"&"),
        json!({ "id": "plain", "name": "Plain", "category": "<b>tea</b>", "price": 900 })] });
    assert_eq!(world.call("PUT", "/v1/products", products.to_string()).await.json["recorded"], 3);
    world.publish().await;
    for (customer, days, total) in
        [("best", vec!["05-01", "05-10", "05-21", "06-02", "06-13"], 2_000), ("big", vec!["09-01", "09-20"], 6_000)]
    {
        for day in days {
            let order = json!({ "id": format!("{customer}-{day}"), "customer": customer, "time": format!("2026-{day}T10:00:00Z"),
                "currency": "GBP", "lines": [{ "product": "green", "category": "<b>tea</b>", "amount": total }] });
            assert_eq!(world.post("/v1/orders", &order).await.status, 201);
        }
        let consent = json!({ "updated_at": "2026-11-01T10:00:00Z", "mailing_consent": true });
        assert_eq!(world.call("PUT", &format!("/v1/customers/{customer}"), consent.to_string()).await.status, 200);
    }
    world.run().await;
    world
}

/// The path of the survey's link in the customer's letter of today.
async fn link(world: &World, segment: &str, survey: &str) -> String {
    let mailing = world.get(&format!("/v1/segments/{segment}/mailing?campaign={survey}_survey")).await.json;
    mailing["items"][0]["link"].as_str().unwrap_or_else(|| panic!("{mailing}")).to_owned()
}

async fn open(world: &World, path: &str, accept_language: &str) -> Answer {
    let request = Request::builder().uri(path).header("accept-language", accept_language);
    world.send(request.body(Body::empty()).unwrap()).await
}

async fn send(world: &World, path: &str, form: &str) -> Answer {
    let request =
        Request::builder().method("POST").uri(path).header("content-type", "application/x-www-form-urlencoded");
    world.send(request.body(form.to_owned().into()).unwrap()).await
}

async fn answers(world: &World, customer: &str) -> Value {
    world.get(&format!("/v1/customers/{customer}")).await.json["answers"].clone()
}

/// Every tag closed in its order, and nothing on the page that runs, fetches or hides.
fn is_plain_html(page: &Answer) {
    let mut open: Vec<&str> = Vec::new();
    for tag in page.text.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').unwrap_or_else(|| panic!("<{tag}"));
        assert!(!text.contains('>'), "{text}");
        let name = tag.split([' ', '\n']).next().unwrap();
        assert!(!["script", "img", "iframe", "link", "object", "base"].contains(&name), "<{tag}>");
        for bad in [" on", " style=", " src=", "http-equiv", "javascript:"] {
            assert!(!tag.contains(bad), "<{tag}>");
        }
        match name.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed)),
            None if ["!doctype", "meta", "input"].contains(&name) => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    let header = |name: &str| page.headers[name].to_str().unwrap();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    let policy = header("content-security-policy");
    let strict =
        ["default-src 'none'; style-src 'sha256-", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"];
    assert!(strict.iter().all(|rule| policy.contains(rule)) && !policy.contains("unsafe"), "{policy}");
    assert_eq!(
        ["referrer-policy", "cache-control", "x-robots-tag", "x-content-type-options"].map(header),
        ["no-referrer", "no-store", "noindex", "nosniff"]
    );
}

fn writes(calls: std::collections::BTreeMap<String, usize>) -> Vec<String> {
    // The scans are this test's own.
    calls.into_keys().filter(|call| !call.contains("Get") && !["Query", "Scan"].contains(&call.as_str())).collect()
}

#[tokio::test]
pub(crate) async fn a_link_asks_records_once_and_shows_what_was_earned() {
    let world = lost_customers().await;
    let path = link(&world, "r1f3m3", "reason").await;
    let held = world.count("Ledger").await;
    world.calls.take();
    for _ in 0..3 {
        let asked = open(&world, &path, "en").await;
        assert_eq!((asked.status.as_u16(), asked.text.matches("type=\"radio\"").count()), (200, 5));
        is_plain_html(&asked);
    }
    assert_eq!((writes(world.calls.take()), world.count("Ledger").await), (Vec::new(), held), "a GET writes nothing");
    for empty in ["", "answer=", "answer=detractor", "answer=9", "other=price", "answer=price&answer=quality"] {
        let missed = send(&world, &path, empty).await;
        assert_eq!(missed.status, 422, "{empty}");
        assert!(missed.text.contains("role=\"alert\""));
        is_plain_html(&missed);
    }
    assert_eq!((writes(world.calls.take()), answers(&world, "best").await), (Vec::new(), json!([])));

    let told = send(&world, &path, "answer=price").await;
    assert_eq!(told.status, 200);
    is_plain_html(&told);
    assert!(told.text.contains("Your answer has reached us.") && told.text.contains("15 % off"), "{}", told.text);
    let recorded = answers(&world, "best").await;
    assert_eq!((&recorded[0]["answer"], recorded.as_array().map(Vec::len)), (&json!("price"), Some(1)));
    let held = (world.count("Ledger").await, world.count("Customers").await);
    let again = send(&world, &path, "answer=price").await;
    assert_eq!(again.text, told.text, "sent twice, answered once");
    let changed = send(&world, &path, "answer=quality").await;
    assert!(changed.status == 200 && changed.text.contains("the first answer stands"), "{}", changed.text);
    assert!(changed.text.contains("15 % off"), "what was earned is shown again");
    assert!(open(&world, &path, "en").await.text.contains("15 % off"));
    assert_eq!(
        (answers(&world, "best").await, (world.count("Ledger").await, world.count("Customers").await)),
        (recorded, held)
    );
    // The next lookup shows it too.
    let offers = world.get("/v1/customers/best/offers").await.json["decision"]["offers"].clone();
    let offer = offers.as_array().unwrap().iter().find(|offer| offer["idea"] == "code_after_survey").unwrap();
    let code = offer["code"].as_str().unwrap();
    assert!(told.text.contains(&format!("<span class=\"code\">{code}</span>")), "{}", told.text);
    let redeemed = json!({ "code": code, "customer": "best", "order": "O-99", "total": 10_000 });
    let redeemed = world.post("/v1/redemptions", &redeemed).await;
    assert_eq!((redeemed.status.as_u16(), &redeemed.json["value"]), (201, &json!(1_500)), "{}", redeemed.text);
}

#[tokio::test]
async fn who_has_answered_elsewhere_is_not_asked_again() {
    let world = lost_customers().await;
    let path = link(&world, "r1f3m3", "reason").await;
    let said = json!({ "id": "1", "customer": "best", "reason": "delivery" });
    assert_eq!(world.post("/v1/surveys/reason/answers", &said).await.status, 201);
    for page in [open(&world, &path, "en").await, send(&world, &path, "answer=price").await] {
        assert!(page.text.contains("answered this question already") && page.text.contains("free delivery"));
    }
    assert_eq!(answers(&world, "best").await[0]["answer"], "delivery");
}

#[tokio::test]
async fn a_link_that_is_not_ours_or_is_over_says_nothing_and_reads_nothing() {
    let mut world = lost_customers().await;
    let path = link(&world, "r1f3m3", "reason").await;
    let token = path.strip_prefix("/s/").unwrap().to_owned();
    let text = open(&world, "/s/x", "en").await.text;
    world.calls.take();
    let mut forged: Vec<String> = vec![String::new(), "x".repeat(5_000), format!("{token}A"), token[1..].to_owned()];
    for at in 0..token.len() {
        // Every bit of the token is proved: those of its last sign too, as other ones are no base64url.
        let flipped = |bit: u8| {
            const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let mut bytes = token.clone().into_bytes();
            let sign = SIGNS.iter().position(|sign| *sign == bytes[at]).unwrap();
            bytes[at] = SIGNS[sign ^ usize::from(bit)];
            String::from_utf8(bytes).unwrap()
        };
        forged.extend([1, 8, 32].map(flipped));
    }
    for forged in forged {
        for answer in [
            open(&world, &format!("/s/{forged}"), "en").await,
            send(&world, &format!("/s/{forged}"), "answer=price").await,
        ] {
            assert_eq!(answer.status, 404, "{forged}");
            assert!(forged.is_empty() || answer.text == text);
        }
    }
    assert!(world.calls.take().is_empty(), "what is not ours costs no read");
    // Another shop's link to its customer of the same id opens that shop, where nobody of that id is known.
    let other = "other".parse().unwrap();
    e2e::shop(&world.ledger, &other).await;
    let key = world.ledger.customer_key(&other, &CustomerId::try_from("best".to_owned()).unwrap());
    let until = "2026-12-22".parse().unwrap();
    let theirs = format!("/s/{}", world.ledger.survey_link(&other, &key, Survey::Reason, until));
    assert_eq!(send(&world, &theirs, "answer=price").await.status, 404);
    let ours = world.ledger.survey_link(&e2e::acme(), &key, Survey::Reason, until);
    assert_eq!(open(&world, &format!("/s/{ours}"), "en").await.status, 404);
    assert_eq!(answers(&world, "best").await, json!([]));

    world.move_to("2026-12-22");
    assert_eq!(open(&world, &path, "en").await.status, 200, "its last day");
    world.move_to("2026-12-23");
    for over in [open(&world, &path, "en").await, send(&world, &path, "answer=price").await] {
        assert!(
            over.status == 410
                && over.text.contains("The link has expired")
                && over.text.contains("Срок действия ссылки")
        );
        is_plain_html(&over);
    }
    assert_eq!(answers(&world, "best").await, json!([]));
}

#[tokio::test]
async fn the_page_speaks_the_customers_language_and_theirs_who_ask_for_another() {
    let world = lost_customers().await;
    let path = link(&world, "r1f3m3", "reason").await;
    assert!(open(&world, &path, "ru, en;q=0.5").await.text.contains("<html lang=\"ru\">"));
    assert!(open(&world, &path, "fr").await.text.contains("<html lang=\"en\">"));
    let told = json!({ "updated_at": "2026-11-02T10:00:00Z", "language": "ru-RU" });
    assert_eq!(world.call("PUT", "/v1/customers/best", told.to_string()).await.status, 200);
    let asked = open(&world, &path, "en").await;
    assert!(asked.text.contains("Для меня это дорого") && asked.text.contains("href=\"?lang=en\""));
    assert!(
        open(&world, &format!("{path}?utm_source=x&lang=en"), "ru").await.text.contains("It is too expensive for me")
    );
    let told = send(&world, &path, "answer=delivery").await;
    assert!(told.text.contains("бесплатная доставка") && told.text.contains("<html lang=\"ru\">"));
    assert!(open(&world, &format!("{path}?lang=en"), "ru").await.text.contains("free delivery"));
}

#[tokio::test]
async fn marks_are_asked_on_their_scales_and_what_the_shop_named_is_text() {
    let world = lost_customers().await;
    let key = world.ledger.customer_key(&e2e::acme(), &CustomerId::try_from("big".to_owned()).unwrap());
    for (survey, marks, bad) in [(Survey::Nps, 11, "answer=11"), (Survey::Purchase, 5, "answer=0")] {
        let path =
            format!("/s/{}", world.ledger.survey_link(&e2e::acme(), &key, survey, "2026-12-01".parse().unwrap()));
        let asked = open(&world, &path, "en").await;
        assert_eq!(asked.text.matches("type=\"radio\"").count(), marks);
        is_plain_html(&asked);
        assert_eq!(send(&world, &path, bad).await.status, 422);
        assert_eq!(send(&world, &path, "answer=3").await.status, 200);
    }
    let path = link(&world, "r1f3m3", "reason").await;
    let told = send(&world, &path, "answer=assortment").await;
    is_plain_html(&told);
    assert!(
        told.text.contains("&lt;/li&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;"),
        "{}",
        told.text
    );
    assert!(told.text.contains("href=\"https://shop.example/?a=1&amp;b=2\""));
}

#[tokio::test]
async fn without_the_store_the_page_says_so() {
    let mut world = lost_customers().await;
    let path = link(&world, "r1f3m3", "reason").await;
    drop(world.engine.take());
    let later = open(&world, &path, "en").await;
    assert_eq!((later.status.as_u16(), &later.headers["retry-after"]), (503, &"1".parse().unwrap()));
    is_plain_html(&later);
}

#[tokio::test]
async fn a_letter_carries_the_link_as_customers_reach_it() {
    let mut world = lost_customers().await;
    assert!(link(&world, "r1f3m3", "reason").await.starts_with("/s/"));
    world.app = world.app.clone().with_public_url("https://offers.example/");
    world.router = e2e::router(&world.app, &world.driver);
    let whole = link(&world, "r1f3m3", "reason").await;
    assert!(whole.starts_with("https://offers.example/s/") && !whole.contains("best"), "{whole}");
    let csv = world.get("/v1/segments/r1f3m3/mailing?format=csv").await.text;
    assert!(csv.lines().next().unwrap().ends_with(",link,referral_code") && csv.contains(&whole), "{csv}");
    let plain = world.get("/v1/segments/r1f3m3/mailing?campaign=gamification").await.json;
    assert!(plain["items"].as_array().is_some_and(|letters| letters.iter().all(|letter| letter.get("link").is_none())));
}

#[tokio::test]
async fn every_answer_earns_what_fits_it_fast_burning_for_a_lost_vip_and_for_longer_for_large_orders() {
    // The answer, its reward in words, by segment; a limit may have cut it.
    let lost = [
        ("price", "15 % off"),
        ("delivery", "free delivery"),
        ("quality", "points ×5"),
        ("assortment", "15 % cashback"),
        ("other", "10 % off"),
    ];
    let large = [
        ("price", "12 % off"),
        ("delivery", "free delivery"),
        ("quality", "points ×4"),
        ("assortment", "12 % cashback"),
        ("other", "8 % off"),
    ];
    for (segment, customer, last_day, answers) in
        [("r1f3m3", "best", "24 November 2026", lost), ("r2f2m3", "big", "12 December 2026", large)]
    {
        for (answer, reward) in answers {
            let world = lost_customers().await;
            let path = link(&world, segment, "reason").await;
            let told = send(&world, &path, &format!("answer={answer}")).await;
            assert!(
                told.text.contains(&format!("<p class=\"reward\">{reward}</p>")),
                "{segment} {answer}: {}",
                told.text
            );
            assert!(
                told.text.contains(&format!("last day: {last_day}"))
                    || told.text.contains(&format!("Last day: {last_day}"))
            );
            assert_eq!(told.text.contains("New for you"), answer == "assortment");
            let alerts = world.get("/v1/alerts").await.json["items"].as_array().unwrap().len();
            assert_eq!(alerts, usize::from(answer == "quality"));
            // The next lookup shows it too, and on the day after its last it is gone.
            let offers =
                world.get(&format!("/v1/customers/{customer}/offers")).await.json["decision"]["offers"].clone();
            let given = offers.as_array().unwrap().iter().find(|offer| offer["mechanic"]["code_by_answer"] == "reason");
            assert_eq!(given.unwrap()["reward"]["words"], reward, "{segment} {answer}");
        }
    }
}

#[tokio::test]
async fn each_mark_of_a_lost_customer_of_large_orders_earns_another_code() {
    let mut earned = Vec::new();
    for mark in [2, 8, 10] {
        let world = lost_customers().await;
        let path = link(&world, "r2f2m3", "nps").await;
        let told = send(&world, &path, &format!("answer={mark}")).await;
        let reward = told.text.split("class=\"reward\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
        earned.push(reward.to_owned());
        assert_eq!(world.get("/v1/alerts").await.json["items"].as_array().map(Vec::len), Some(usize::from(mark == 2)));
    }
    earned.sort_unstable();
    earned.dedup();
    assert_eq!(earned.len(), 3, "{earned:?}");
}

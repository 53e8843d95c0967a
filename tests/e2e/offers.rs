//! Decisions over the API: made of the customer's own history, with a cart, chosen from, replayed, mailed.

use e2e::World;
use ledger::Scope;
use serde_json::{Value, json};

/// A shop with cuts of its own, products, and a regular of tea who has been silent for longer than usual: r2 by their own rhythm.
pub(crate) async fn tea_shop() -> World {
    let world = World::on("2026-11-22").await;
    let settings = json!({ "segmentation": { "fixed_recency": { "c1": 30, "c2": 90 }, "fixed_frequency": { "c1": 1, "c2": 4 },
        "fixed_monetary": { "c1": 1000, "c2": 5000 } },
        "offers": { "complements": [{ "category": "tea", "goes_with": "cups" }] } });
    assert_eq!(world.call("PUT", "/v1/settings", settings.to_string()).await.status, 200);
    let product = |id: &str, category: &str, price: i64| json!({ "id": id, "name": format!("The {id}"), "category": category, "price": price });
    let products = json!({ "products": [product("green", "tea", 900), product("black", "tea", 1000), product("white", "tea", 1100),
        product("cup", "cups", 700), product("pot", "cups", 2500)] });
    assert_eq!(world.call("PUT", "/v1/products", products.to_string()).await.json["recorded"], 5);
    world.publish().await;
    for (n, day) in ["05-26", "06-19", "07-13", "08-06", "08-30", "09-23"].iter().enumerate() {
        let order = json!({ "id": format!("V-{n}"), "customer": "vip", "time": format!("2026-{day}T10:00:00Z"), "currency": "GBP",
            "lines": [{ "product": "green", "category": "tea", "amount": 1800, "quantity": 2 }, { "product": "black", "category": "tea", "amount": 1000 }] });
        assert_eq!(world.post("/v1/orders", &order).await.status, 201);
    }
    // Open all the time, so that a test need not look for the day.
    let always = json!({ "idea": { "choose_reward": { "calendar": { "slots": { "every": 30, "open": 30 } } } } });
    assert_eq!(world.call("PUT", "/v1/playbook", always.to_string()).await.status, 200);
    world.run().await;
    world
}

fn ideas(answer: &Value) -> Vec<&str> {
    answer["decision"]["offers"].as_array().unwrap().iter().filter_map(|offer| offer["idea"].as_str()).collect()
}

#[tokio::test]
async fn a_vip_is_read_by_their_own_rhythm_and_may_choose() {
    let world = tea_shop().await;
    let answer = world.get("/v1/customers/vip/offers").await.json;
    let decision = &answer["decision"];
    assert_eq!(
        (&decision["segment"], &decision["group"], &decision["reads_as"]),
        (&json!("r2f3m3"), &json!("vip"), &json!("r2f3m3"))
    );
    assert!(decision["reason"].as_str().is_some_and(|reason| reason.contains("usually 24 days from order to order")));
    let choice = &decision["offers"].as_array().unwrap().iter().find(|offer| offer["idea"] == "choose_reward").unwrap()
        ["choice"];
    assert_eq!((&choice["categories"], &choice["days"]), (&json!(["tea"]), &json!(30)));
    assert_eq!(choice["rewards"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn what_was_chosen_out_of_the_offered_is_kept_and_anything_else_is_refused() {
    let mut world = tea_shop().await;
    let choose = async |world: &World, changed: &str, value: Value| {
        let mut sent = json!({ "id": "C-1", "series": "r2f3m3/choose_reward", "category": "tea", "reward": "discount-8", "days": 30 });
        sent[changed] = value;
        world.call_as(world.key(Scope::Checkout), "POST", "/v1/customers/vip/choices", sent.to_string()).await
    };
    for (field, value) in [
        ("series", json!("r2f3m3/no_such")),
        ("category", json!("gold bars")),
        ("reward", json!("discount-90")),
        ("days", json!(31)),
        ("made", json!("2026-11-20")),
    ] {
        let refused = choose(&world, field, value).await;
        assert_eq!(refused.told(), (409, field.into()), "{}", refused.text);
        assert_eq!(refused.json["type"], "urn:tercile:problem:not-offered");
        assert!(refused.json["detail"].as_str().is_some_and(|detail| detail.starts_with(field)));
    }
    let unknown =
        json!({ "id": "C-1", "series": "r2f3m3/choose_reward", "category": "tea", "reward": "discount-8", "days": 30 });
    let unknown = world.post("/v1/customers/nobody/choices", &unknown).await;
    assert_eq!(unknown.told(), (409, "series".into()));
    let first = choose(&world, "days", json!(30)).await;
    assert_eq!((first.status.as_u16(), &first.json["status"]), (201, &json!("recorded")), "{}", first.text);
    assert_eq!((&first.json["made"], &first.json["until"]), (&json!("2026-11-22"), &json!("2026-12-21")));
    assert_eq!(choose(&world, "days", json!(30)).await.json["status"], "duplicate");
    assert_eq!(choose(&world, "reward", json!("points-3")).await.told(), (409, "other-content".into()));

    let answer = world.get("/v1/customers/vip/offers").await.json;
    let kept = &answer["decision"]["offers"][0];
    assert_eq!((&kept["reward"]["discount"], &kept["reward"]["on"]), (&json!(8), &json!({ "category": "tea" })));
    // An order makes them a recent buyer again, whose entry has nothing to choose: the promise stands.
    let order =
        json!({ "id": "V-9", "customer": "vip", "time": "2026-11-22T10:00:00Z", "currency": "GBP", "total": 3000 });
    assert_eq!(world.post("/v1/orders", &order).await.status, 201);
    world.move_to("2026-11-23");
    let later = world.get("/v1/customers/vip/offers").await.json;
    assert_eq!(
        (&later["decision"]["entry"], &later["decision"]["offers"][0]["idea"]),
        (&json!("r3f3m3"), &json!("choose_reward"))
    );
    world.move_to("2026-12-22");
    assert!(!ideas(&world.get("/v1/customers/vip/offers").await.json).contains(&"choose_reward"));
}

#[tokio::test]
async fn a_cart_brings_what_goes_with_it_and_never_what_is_in_it() {
    let world = tea_shop().await;
    let cart = json!({ "customer": "vip", "cart": { "products": ["black", "cup", "unheard-of"] } });
    let answer = world.call_as(world.key(Scope::Checkout), "POST", "/v1/offers", cart.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(!answer.text.contains("\"id\":\"cup\"") && !answer.text.contains("\"id\":\"black\""), "{}", answer.text);
    let guest = world.post("/v1/offers", &json!({ "cart": { "products": [] } })).await.json;
    assert_eq!((&guest["known"], &guest["decision"]["entry"]), (&json!(false), &json!("newcomer")));
    let many: Vec<String> = (0..201).map(|n| n.to_string()).collect();
    for (bad, told) in [
        (json!({ "customer": "vip" }), "cart"),
        (json!({ "cart": { "products": [1] } }), "cart.products[0]"),
        (json!({ "cart": { "products": many } }), "cart.products"),
        (json!({ "cart": { "products": [] }, "colour": "red" }), "colour"),
    ] {
        assert_eq!(world.post("/v1/offers", &bad).await.told(), (422, told.into()));
    }
}

#[tokio::test]
async fn what_is_out_of_stock_is_offered_no_more() {
    let world = tea_shop().await;
    let order = json!({ "id": "N-1", "customer": "new", "time": "2026-11-20T10:00:00Z", "currency": "GBP",
        "lines": [{ "product": "green", "category": "tea", "amount": 900 }] });
    assert_eq!(world.post("/v1/orders", &order).await.status, 201);
    let shown = async || world.get("/v1/customers/new/offers").await.text;
    assert!(shown().await.contains("The pot"));
    let stock = json!({ "stock": [{ "id": "pot", "quantity": 0 }] });
    assert_eq!(world.call("PUT", "/v1/products/stock", stock.to_string()).await.json["recorded"], 1);
    world.publish().await;
    world.ledger.forget_shop(&e2e::acme());
    // Readers serve the old catalogue while they fetch the new one beside the lookups.
    while shown().await.contains("The pot") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_decision_can_be_replayed_from_its_document_to_the_same_bytes() {
    let world = tea_shop().await;
    let answer = world.get("/v1/customers/vip/offers?inputs=1&lang=ru").await;
    let cart =
        world.post("/v1/offers?inputs=1", &json!({ "customer": "vip", "cart": { "products": ["black"] } })).await;
    for answer in [answer, cart] {
        assert_eq!(answer.status, 200, "{}", answer.text);
        let again = world.post("/v1/offers/replay", &answer.json["inputs"]).await;
        assert_eq!(again.json["id"], answer.json["id"]);
        let decision = again.text.split_once("\"decision\":").unwrap().1.trim_end_matches('}');
        assert!(answer.text.contains(decision), "the same bytes");
        let mut changed = answer.json["inputs"].clone();
        changed["playbook"] = json!("0000000000000000");
        assert_eq!(world.post("/v1/offers/replay", &changed).await.told(), (409, "playbook-unknown".into()));
        changed["format"] = json!(7);
        assert_eq!(world.post("/v1/offers/replay", &changed).await.told(), (422, "format".into()));
    }
    let checkout = world.key(Scope::Checkout);
    assert_eq!(
        world.call_as(checkout, "GET", "/v1/customers/vip/offers?inputs=1", "").await.told(),
        (403, "wrong-scope".into())
    );
    assert_eq!(world.get("/v1/customers/vip/offers?inputs=2").await.told(), (422, "inputs".into()));
}

#[tokio::test]
async fn the_language_is_the_one_asked_for_else_the_customers() {
    let world = tea_shop().await;
    let russian = json!({ "updated_at": "2026-11-01T10:00:00Z", "language": "ru-RU" });
    assert_eq!(world.call("PUT", "/v1/customers/vip", russian.to_string()).await.status, 200);
    let goal = async |path: &str| world.get(path).await.json["decision"]["goal"].as_str().unwrap().to_owned();
    assert!(!goal("/v1/customers/vip/offers").await.is_ascii());
    assert!(goal("/v1/customers/vip/offers?lang=en").await.is_ascii());
    for (header, english) in [("*", false), ("de", false), ("en-GB,ru;q=0.5", true)] {
        let request = axum::http::Request::get("/v1/customers/vip/offers").header("accept-language", header);
        let request = request.header("authorization", format!("Bearer {}", world.key(Scope::Checkout)));
        let answer = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.json["decision"]["goal"].as_str().unwrap().is_ascii(), english, "{header}");
    }
    assert_eq!(world.get("/v1/customers/vip/offers?lang=xx").await.told(), (422, "lang".into()));
    assert_eq!(world.get("/v1/segments/r2f3m3/mailing?lang=xx").await.told(), (422, "lang".into()));
}

#[tokio::test]
async fn a_published_playbook_changes_offers_and_its_predecessor_comes_back_as_it_was() {
    let world = tea_shop().await;
    let before = world.get("/v1/playbook").await.json;
    assert_eq!(
        (&before["in_force"], before["playbook"]["segment"].as_object().map(|all| all.len())),
        (&json!(true), Some(27))
    );
    let change = json!({ "segment": { "r2f3m3": { "limit": { "percent": 3, "rewards": 1 }, "goal": { "en": "Tea.", "ru": "Чай." } } } });
    let changed = world.call("PUT", "/v1/playbook", change.to_string()).await;
    assert_eq!((changed.status.as_u16(), &changed.json["previous"]), (200, &before["version"]), "{}", changed.text);
    assert_eq!(world.get("/v1/customers/vip/offers").await.json["decision"]["goal"], "Tea.");
    let again = world.call("PUT", "/v1/playbook", change.to_string()).await.json;
    assert_eq!(again["version"], changed.json["version"]);
    let back = world.call("PUT", "/v1/playbook", json!({ "version": before["version"] }).to_string()).await.json;
    assert_eq!((&back["version"], &back["previous"]), (&before["version"], &changed.json["version"]));
    assert_ne!(world.get("/v1/customers/vip/offers").await.json["decision"]["goal"], "Tea.");
    let old = world.get(&format!("/v1/playbook?version={}", changed.json["version"].as_str().unwrap())).await.json;
    assert_eq!(
        (&old["in_force"], &old["playbook"]["segment"]["r2f3m3"]["limit"]["percent"]),
        (&json!(false), &json!(3))
    );
    let long = "0".repeat(2_000);
    assert_eq!(world.get(&format!("/v1/playbook?version={long}")).await.told(), (404, "playbook-unknown".into()));
    for (bad, status, told) in [
        (json!({ "segment": { "r2f3m3": { "limit": { "percent": 91 } } } }), 422, "segment.r2f3m3.limit.percent"),
        (json!({ "segment": { "r9f9m9": {} } }), 422, "segment.r9f9m9"),
        (json!({ "idea": { "bundles": { "say": { "en": "{secret}" } } } }), 422, "idea.bundles.say.en"),
        (json!({ "version": "0" }), 404, "playbook-unknown"),
        (json!({ "version": 1 }), 422, "version"),
    ] {
        let refused = world.call("PUT", "/v1/playbook", bad.to_string()).await;
        let (code, field) = refused.told();
        assert_eq!(code, status, "{}", refused.text);
        assert!(field.starts_with(told), "{field}: {}", refused.text);
    }
    assert_eq!(world.get("/v1/playbook").await.json["version"], before["version"]);
}

#[tokio::test]
async fn a_mailing_holds_only_those_who_consent_each_with_their_own_content() {
    let world = tea_shop().await;
    let path = "/v1/segments/r2f3m3/mailing?campaign=choose_reward";
    assert_eq!(world.get(path).await.json["items"], json!([]), "nobody consents until they say so");
    let consent = json!({ "updated_at": "2026-11-01T10:00:00Z", "mailing_consent": true });
    assert_eq!(world.call("PUT", "/v1/customers/vip", consent.to_string()).await.status, 200);
    let page = world.get(path).await.json;
    let letter = &page["items"][0];
    assert_eq!((&letter["customer"], &letter["offer"]["idea"]), (&json!("vip"), &json!("choose_reward")));
    let csv = world.get(&format!("{path}&format=csv")).await;
    assert_eq!(csv.text.lines().count(), 2);
    assert!(
        csv.text.starts_with(
            "customer,segment,reads_as,since,language,campaign,offer,text,reason,reward,choices,valid_until"
        )
    );
    let first = world.get("/v1/segments/r2f3m3/mailing?format=ndjson").await;
    assert_eq!(first.text.lines().count(), 1, "without a campaign, each customer's first offer");
    let refused = world.get("/v1/segments/r2f3m3/mailing?campaign=nonsense").await;
    assert_eq!(refused.told(), (422, "campaign".into()));
    assert!(refused.json["detail"].as_str().is_some_and(|detail| detail.contains("choose_reward")));
    let withdrawn = json!({ "updated_at": "2026-11-21T10:00:00Z", "mailing_consent": false });
    assert_eq!(world.call("PUT", "/v1/customers/vip", withdrawn.to_string()).await.status, 200);
    assert_eq!(world.get(path).await.json["items"], json!([]));
}

#[tokio::test]
async fn rising_cashback_goes_on_after_the_order_that_moved_the_customer() {
    let mut world = tea_shop().await;
    let always = json!({ "idea": { "rising_cashback": { "calendar": { "slots": { "every": 60, "open": 60 } }, "validity": 60 } } });
    assert_eq!(world.call("PUT", "/v1/playbook", always.to_string()).await.status, 200);
    let buy = async |world: &World, id: &str, day: &str| {
        let order = json!({ "id": id, "customer": "rita", "time": format!("{day}T10:00:00Z"), "currency": "GBP", "total": 800 });
        assert_eq!(world.post("/v1/orders", &order).await.status, 201);
    };
    for (n, day) in ["2026-06-01", "2026-07-01", "2026-08-01", "2026-09-01", "2026-10-01"].iter().enumerate() {
        buy(&world, &format!("R-{n}"), day).await;
    }
    let rising = async |world: &World| {
        let decision = world.get("/v1/customers/rita/offers").await.json["decision"].clone();
        let offers = decision["offers"].as_array().unwrap().clone();
        let offer = offers.into_iter().find(|offer| offer["idea"] == "rising_cashback").unwrap_or_default();
        (decision["segment"].clone(), offer)
    };
    let (segment, offer) = rising(&world).await;
    assert_eq!((&segment, offer["progress"]["goal"].as_u64()), (&json!("r2f3m2"), Some(4)), "{offer}");
    let before = offer["reason"]["slot"].clone();
    buy(&world, "R-9", "2026-11-22").await;
    let (segment, offer) = rising(&world).await;
    assert_eq!(segment, "r3f3m2");
    // The slot may have ended with this very day for this customer's shift, but not the promise of it.
    assert_eq!((&offer["reason"]["slot"], offer["progress"]["done"].as_u64()), (&before, Some(0)), "{offer}");
    world.move_to("2027-02-01");
    assert_ne!(rising(&world).await.1["reason"]["slot"], offer["reason"]["slot"]);
}

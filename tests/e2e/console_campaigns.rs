//! The console's pages about campaigns: what they say is what the API says, and their forms do what they say or nothing.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::console::{Browser, base, signed_in};
use crate::figures::{answered, number, used};
use crate::redemptions::campaign;
use crate::uplift::{october, spent_october};

/// A row of a table: from a link in it to its end.
fn row<'p>(page: &'p str, link: &str) -> &'p str {
    let from = page.split(&format!("href=\"{link}\"")).nth(1).unwrap_or_else(|| panic!("{link}: {page}"));
    from.split("</tr>").next().unwrap()
}

fn speak_russian(browser: &Browser) {
    let session = browser.cookie.borrow().clone().unwrap();
    *browser.cookie.borrow_mut() = Some(format!("{session}; tercile_language=ru"));
}

/// As it stands in a page.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[tokio::test]
pub(crate) async fn every_campaign_is_listed_as_the_api_has_it() {
    let mut world = base().await;
    let mut own = campaign("spring_sale", &json!({ "discount": 10 }), 30);
    own["segments"] = json!(["r3f1m1", "r2f1m1"]);
    own["until"] = json!("2027-01-31");
    assert_eq!(world.post("/v1/campaigns", &own).await.status, 201);
    let limit = json!({ "series": "spring_sale", "count": 1_500 }).to_string();
    assert_eq!(world.call("PUT", "/v1/budgets", limit).await.status, 200);
    // Of another process, which reads the campaign's terms itself.
    world.ledger = world.process();
    world.move_to("2026-11-22");
    let browser = signed_in(&world).await;
    let (mut pages, mut next) = (String::new(), Some("/console/campaigns".to_owned()));
    while let Some(path) = next {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        let after =
            page.text.split("rel=\"next\" href=\"").nth(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        next = after.map(|path| path.replace("&amp;", "&"));
        pages += &page.text;
    }
    let listed = world.get("/v1/campaigns?figures=1&limit=1000").await.json["items"].clone();
    let listed = listed.as_array().unwrap();
    assert!(listed.len() > 40, "more than a page");
    for one in listed {
        let row = row(&pages, &format!("/console/campaigns/{}", one["number"]));
        for said in ["series", "state", "reward", "text"].map(|name| one[name].as_str().unwrap()) {
            assert!(row.contains(&escaped(said)), "{said}: {row}");
        }
        assert!(row.contains(&format!("<td class=\"number\">{}</td>", one["figures"]["customers"])), "{one}: {row}");
        for segment in one["segments"].as_array().unwrap().iter().filter(|segment| **segment != "none") {
            assert!(row.contains(&format!("/console/segments/{}", segment.as_str().unwrap())), "{row}");
        }
    }
    let spring = row(&pages, &format!("/console/campaigns/{}", number(&world, "spring_sale").await));
    assert!(spring.contains("left 1\u{202f}500 of 1\u{202f}500") && spring.contains("up to 2027-01-31"), "{spring}");
    let own = browser.get("/console/campaigns?only=own").await.text;
    assert_eq!((own.matches("<tr>").count(), own.contains("spring_sale")), (2, true), "{own}");
    assert!(browser.get("/console/campaigns?only=ended").await.text.contains("There is none."));
    for wrong in ["only=all", "after=a%20b", "after=%22"] {
        assert_eq!(browser.get(&format!("/console/campaigns?{wrong}")).await.status, 422, "{wrong}");
    }
}

#[tokio::test]
async fn a_campaigns_page_tells_its_terms_and_figures_in_both_languages() {
    let world = used().await;
    world.run().await;
    let number = number(&world, "welcome_all").await;
    let browser = signed_in(&world).await;
    let path = format!("/console/campaigns/{number}");
    let page = browser.get(&path).await.text;
    for said in [
        "Campaign welcome_all",
        "A code for everyone.",
        "<dd>everyone</dd>",
        "<dd>every day</dd>",
        "at checkout and in mailings",
        "one reward per order",
        "For you: {reward}. Last day: {until}.",
        "1 reward, 4.99\u{a0}GBP (1 customer)",
        "<td>3 rewards; 14.97\u{a0}GBP</td>",
        "<td>7 rewards; 985.03\u{a0}GBP</td>",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let cells = page.split("<th scope=\"row\">in all</th>").nth(1).unwrap().split("</tr>").next().unwrap();
    let numbers: Vec<&str> =
        cells.split("<td class=\"number\">").skip(1).map(|cell| cell.split('<').next().unwrap().trim()).collect();
    assert_eq!(numbers, ["2", "1", "1", "1"], "set aside, released, not confirmed in time, given back: {cells}");
    speak_russian(&browser);
    let page = browser.get(&path).await.text;
    for said in ["Кампания welcome_all", "открыта", "каждый день", "3 вознаграждения; 14.97", "1 клиент"]
    {
        assert!(page.contains(said), "{said}: {page}");
    }
    for (wrong, status) in [("0", 404), ("9999", 404), ("x", 404), ("70000", 404)] {
        assert_eq!(browser.get(&format!("/console/campaigns/{wrong}")).await.status, status, "{wrong}");
    }
}

#[tokio::test]
pub(crate) async fn a_campaign_is_paused_opened_and_ended_by_its_buttons_alone() {
    let world = base().await;
    assert_eq!(world.post("/v1/campaigns", &campaign("one", &json!({ "discount": 10 }), 30)).await.status, 201);
    let number = number(&world, "one").await;
    let browser = signed_in(&world).await;
    let (page, to) = (format!("/console/campaigns/{number}"), format!("/console/campaigns/{number}/state"));
    let state = async || world.get(&format!("/v1/campaigns/{number}")).await.json["state"].clone();
    for form in ["", "form=&state=paused", "form=00000000000000000000000000000000&state=paused"] {
        assert_eq!(browser.ask("POST", &to, form).await.status, 403, "{form}");
    }
    assert_eq!(state().await, "open");
    let form = browser.form().await;
    let send = async |fields: &str| browser.ask("POST", &to, &format!("form={form}&{fields}")).await;
    for wanted in ["paused", "open"] {
        let sent = send(&format!("state={wanted}")).await;
        let back = format!("{page}?done=state#state");
        assert_eq!((sent.status, sent.to), (StatusCode::SEE_OTHER, Some(back)), "{wanted}");
        assert_eq!(state().await, wanted);
        let told = browser.get(&format!("{page}?done=state")).await.text;
        assert!(told.contains("role=\"status\"") && told.contains(&format!("the campaign is {wanted}")), "{told}");
    }
    // Ending asks to be sure, on the page itself.
    for unsure in ["state=ended", "state=ended&sure=no", "state=shut", ""] {
        let refused = send(unsure).await;
        assert_eq!((refused.status.as_u16(), state().await), (422, json!("open")), "{unsure}");
        assert!(refused.text.contains("role=\"alert\"") && refused.text.contains("id=\"sure\""), "{}", refused.text);
    }
    assert_eq!(send("state=ended&sure=yes").await.status, StatusCode::SEE_OTHER);
    assert_eq!(state().await, "ended");
    let ended = browser.get(&page).await.text;
    assert!(ended.contains("opens again by a new publication only") && !ended.contains("name=\"state\""), "{ended}");
    let refused = send("state=open").await;
    assert_eq!((refused.status, state().await), (StatusCode::CONFLICT, json!("ended")));
    assert!(refused.text.contains("It has ended meanwhile"), "{}", refused.text);

    // Terms that were replaced lead to those in force, and can be stopped.
    assert_eq!(world.post("/v1/campaigns", &campaign("one", &json!({ "discount": 5 }), 30)).await.status, 201);
    let old = browser.get(&page).await.text;
    assert!(old.contains(&format!("href=\"/console/campaigns/{}\"", number + 1)), "{old}");
    assert!(old.contains("Stop these codes") && !old.contains("id=\"sure\""), "{old}");
    assert_eq!(send("state=paused").await.status, StatusCode::SEE_OTHER);
    assert_eq!(send("state=open").await.status, StatusCode::CONFLICT);
}

#[tokio::test]
pub(crate) async fn a_limit_set_in_the_form_is_the_apis_and_a_wrong_one_changes_nothing() {
    let world = used().await;
    let number = number(&world, "welcome_all").await;
    let browser = signed_in(&world).await;
    let to = format!("/console/campaigns/{number}/limit");
    let limits = async || {
        let budgets = world.get("/v1/budgets").await.json["budgets"].clone();
        let of = |one: &Value| json!([one["segment"], one["monthly"], one["amount"], one["count"], one["shards"]]);
        budgets.as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let first = json!([null, null, 100_000, 10, 2]);
    assert_eq!(limits().await, std::slice::from_ref(&first));
    assert_eq!(browser.ask("POST", &to, "what=set&count=20").await.status, 403, "a foreign form");
    let form = browser.form().await;
    let send = async |fields: &str| browser.ask("POST", &to, &format!("form={form}&{fields}")).await;
    for (fields, said) in [
        ("what=set&amount=&count=", "Say an amount"),
        ("what=set&amount=ten&count=", "such as 1500.50"),
        ("what=set&amount=1%2C000", "such as 1500.50"),
        ("what=set&amount=-5", "such as 1500.50"),
        ("what=set&count=1.5", "whole number"),
        ("what=set&count=-1", "whole number"),
        ("what=set&count=2", "cannot be below"),
        ("what=set&amount=14.96", "14.97\u{a0}GBP"),
        ("what=set&count=99999999999999", "count: is from 0 to"),
        ("what=set&count=20&segment=r9f9m9", "is like r3f3m3"),
        ("what=set&count=20&shards=1", "can only grow"),
    ] {
        let refused = send(fields).await;
        assert_eq!((refused.status.as_u16(), limits().await), (422, vec![first.clone()]), "{fields}");
        let alert = refused.text.split("role=\"alert\"").nth(1).unwrap_or_else(|| panic!("{fields}: {}", refused.text));
        assert!(alert.split("</p>").next().unwrap().contains(said), "{fields}: {alert}");
        let typed = fields.split('&').find_map(|field| field.strip_prefix("count=")).filter(|typed| !typed.is_empty());
        assert!(typed.is_none_or(|typed| refused.text.contains(&format!("value=\"{typed}\""))), "{fields}");
    }
    let set = send("what=set&amount=1+234%2C50&count=12&shards=2").await;
    let back = format!("/console/campaigns/{number}?done=limit#limits");
    assert_eq!((set.status, set.to), (StatusCode::SEE_OTHER, Some(back)));
    let page = browser.get(&format!("/console/campaigns/{number}?done=limit")).await.text;
    assert!(
        page.contains("Done: the limits are these.") && page.contains("12 rewards; 1\u{202f}234.50\u{a0}GBP"),
        "{page}"
    );
    assert_eq!(send("what=set&count=3&segment=r3f1m1&monthly=yes").await.status, StatusCode::SEE_OTHER);
    assert_eq!(limits().await, [json!([null, null, 123_450, 12, 2]), json!(["r3f1m1", true, null, 3, 1])]);
    assert_eq!(send("what=remove&segment=r3f1m1&monthly=yes").await.status, StatusCode::SEE_OTHER);
    assert_eq!(send("what=remove").await.status, StatusCode::SEE_OTHER);
    assert_eq!(limits().await, Vec::<Value>::new());
    assert!(browser.get(&format!("/console/campaigns/{number}")).await.text.contains("It has no limit."));
}

#[tokio::test]
async fn what_rewards_change_is_drawn_and_said_as_the_api_measured_it() {
    let mut world = october(json!({ "percent": 20 })).await;
    spent_october(&mut world).await;
    world.run().await;
    let measured = world.get("/v1/uplift?limit=1000").await.json["items"].clone();
    let browser = signed_in(&world).await;
    let page = browser.get("/console/uplift").await.text;
    let rows = measured.as_array().unwrap().iter().filter(|row| row["series"] == "*");
    let drawn = rows.clone().filter(|row| !row["uplift"].is_null()).count();
    assert_eq!(page.matches("<svg class=\"interval").count(), drawn);
    assert_eq!(page.matches("role=\"img\" aria-label=\"").count(), drawn, "each says what it shows");
    let points = |share: &Value| {
        let points = (share.as_f64().unwrap() * 1_000.0).round() / 10.0;
        if points < 0.0 {
            format!("−{:.1}", points.abs())
        } else if points > 0.0 {
            format!("+{points:.1}")
        } else {
            "0.0".to_owned()
        }
    };
    for row in rows {
        assert!(page.contains(row["reading"].as_str().unwrap()), "{row}");
        if let Some(of) = row["uplift"]["conversion"].as_object() {
            let said = ["estimate", "low", "high"].map(|name| points(&of[name]));
            let said = format!("{} points ({} … {})", said[0], said[1], said[2]);
            assert_eq!(page.matches(&said).count() % 2, 0, "drawn and written: {said}");
            assert!(page.contains(&said), "{said}: {page}");
        }
    }
    assert!(page.contains("href=\"/console/uplift?month=2026-09\"") && page.contains("month=2026-11"), "{page}");
    let none = browser.get("/console/uplift?month=2026-09").await;
    assert_eq!((none.status.as_u16(), none.text.contains("No run has measured this month")), (200, true));
    assert_eq!(browser.get("/console/uplift?month=2026-13").await.status, 422);
    speak_russian(&browser);
    let page = browser.get("/console/uplift").await.text;
    assert!(page.contains("Из 100 клиентов с предложениями купили на"), "{page}");

    let without = base().await;
    let page = signed_in(&without).await.get("/console/uplift").await;
    assert_eq!((page.status.as_u16(), page.text.contains("Nobody is held out")), (200, true), "{}", page.text);
}

#[tokio::test]
pub(crate) async fn answers_are_counted_and_those_who_are_unhappy_are_named() {
    let world = answered().await;
    let browser = signed_in(&world).await;
    assert!(browser.get("/console/surveys").await.text.contains("No run has counted answers yet."));
    world.run().await;
    let page = browser.get("/console/surveys").await.text;
    assert!(
        page.contains("Answered by 4 customers, 3 of them in the last 30 days.") && page.contains("+25.0"),
        "{page}"
    );
    let cells = |answer: &str| {
        let row = page.split(&format!("{answer}</th>")).nth(1).unwrap().split("</tr>").next().unwrap();
        row.split("<td class=\"number\">")
            .skip(1)
            .map(|cell| cell.split("</td>").next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let price = cells("Too expensive");
    assert_eq!((price[0].as_str(), price[2].as_str()), ("2", "1"), "{price:?}");
    assert!(price[1].ends_with("66.7\u{a0}%") && price[1].contains("width=\"67\""), "{price:?}");
    assert_eq!(cells("0 to 6: would rather not")[0], "1");
    let unhappy = page.split_once("Whom to talk to").unwrap().1;
    // As it was told then, whatever they have said since.
    for (customer, said) in [
        ("dan", "because of the quality"),
        ("eve", "would not recommend the shop (6)"),
        ("ann", "would not recommend the shop (3)"),
    ] {
        assert!(row(unhappy, &format!("/console/customers/{customer}")).contains(said), "{customer}: {unhappy}");
    }
    assert!(!unhappy.contains("/console/customers/cat"), "a price is no alert: {unhappy}");
}

#[tokio::test]
async fn hostile_terms_are_shown_and_do_nothing() {
    let world = base().await;
    let text = "<script>alert(1)</script>\"><img src=x onerror=alert(1)> style=x";
    let said = json!({ "en": text, "ru": text });
    let mut hostile = campaign("hostile", &json!({ "discount": 10 }), 30);
    for name in ["text", "say", "why"] {
        hostile["idea"][name] = said.clone();
    }
    assert_eq!(world.post("/v1/campaigns", &hostile).await.status, 201);
    let number = number(&world, "hostile").await;
    let browser = signed_in(&world).await;
    let form = browser.form().await;
    let paths = ["/console/campaigns?only=own", &format!("/console/campaigns/{number}")];
    let mut shown: Vec<_> = Vec::new();
    for path in paths {
        shown.push(browser.get(path).await);
    }
    let fields = format!("form={form}&what=set&amount=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&segment=%3Cb%3E");
    shown.push(browser.ask("POST", &format!("/console/campaigns/{number}/limit"), &fields).await);
    for page in shown {
        for harm in ["<script", "<img", "<b>", " style=", "<style", " onerror=alert(1)>\"", "javascript:"] {
            let text = page.text.replace("&gt; style=x", "");
            assert!(!text.contains(harm), "{harm}: {text}");
        }
        assert!(page.text.contains("&lt;script&gt;alert(1)"), "{}", page.text);
        assert!(page.policy.contains("default-src 'none'") && !page.policy.contains("unsafe"), "{}", page.policy);
    }
}

#[tokio::test]
async fn no_page_reads_more_where_the_base_is_larger() {
    let world = base().await;
    assert_eq!(world.post("/v1/campaigns", &campaign("one", &json!({ "discount": 10 }), 30)).await.status, 201);
    let limit = json!({ "series": "one", "count": 100, "shards": 4 }).to_string();
    assert_eq!(world.call("PUT", "/v1/budgets", limit).await.status, 200);
    let number = number(&world, "one").await;
    let browser = signed_in(&world).await;
    let one = format!("/console/campaigns/{number}");
    let paths = ["/console/campaigns", &one, "/console/uplift", "/console/surveys"];
    let mut calls = Vec::new();
    for more in [0, 300] {
        let orders: Vec<Value> = (0..more)
            .map(|nth| crate::order(&format!("more-{nth}"), &format!("m-{nth}"), "2026-11-20T10:00:00Z"))
            .collect();
        for batch in orders.chunks(100) {
            assert_eq!(world.post("/v1/orders", &json!({ "orders": batch })).await.json["recorded"], batch.len());
        }
        world.run().await;
        // What is read once a minute is read by the first pages.
        for path in paths {
            browser.get(path).await;
        }
        let mut counted = Vec::new();
        for path in paths {
            world.calls.take();
            assert_eq!(browser.get(path).await.status, 200, "{path}");
            counted.push((path, world.calls.take()));
        }
        calls.push(counted);
    }
    assert_eq!(calls[0], calls[1]);
    let reads = |(path, calls): &(&str, std::collections::BTreeMap<String, usize>)| {
        let reads: usize = calls.values().sum();
        assert!(reads <= 40, "{path}: {calls:?}");
    };
    calls[0].iter().for_each(reads);
}

//! What of the ledger is told to the outside, and as what.

use std::collections::HashMap;

use e2e::{World, acme};
use ledger::{CustomerId, News, OutEvent, What};
use resegment::{Step, Steps, Until};
use serde_json::json;

/// The news of everything in the table `Ledger`.
async fn told(world: &World) -> Vec<News> {
    let items = world.ledger.client().scan().table_name("Ledger").send().await.unwrap().items.unwrap();
    let news = items.into_iter().filter_map(|item| News::of(serde_dynamo::Item::from(item)).unwrap());
    news.collect()
}

#[tokio::test]
async fn a_failed_run_is_told_once_and_a_customers_alert_is_not_told_again_by_its_list() {
    let world = World::on("2026-11-22").await;
    assert_eq!(world.post("/v1/orders", &crate::order("A-1", "ann", "2026-11-20T10:00:00Z")).await.status, 201);
    let answer = json!({ "id": "n-1", "customer": "ann", "score": 2 });
    assert_eq!(world.post("/v1/surveys/nps/answers", &answer).await.status, 201);
    let day = "2026-11-22".parse().unwrap();
    let run = resegment::begin_run(&world.ledger, &acme(), day, false, world.app.clock.now()).await.unwrap();
    let fail = json!({ "shop": "acme", "run": run.run, "step": "fail", "error": "Run.Store", "cause": "the store refused Query" });
    let fail: Step = serde_json::from_value(fail).unwrap();
    let steps = Steps::new(world.ledger.clone(), world.app.clock);
    steps.step(&fail, Until::done()).await.unwrap();
    steps.step(&fail, Until::done()).await.unwrap_err();

    let news = told(&world).await;
    let of_shop: Vec<&News> = news.iter().filter(|news| matches!(news.what, What::Shop { .. })).collect();
    assert_eq!(of_shop.len(), 1, "{news:?}");
    assert_eq!(of_shop[0].id(), "acme:2026-11-22#run#failed");
    let at = "2026-11-22T12:00:00Z".parse().unwrap();
    let out = |news: &News| OutEvent { at, news: news.clone() };
    let event = serde_json::to_value(events::Event::of(out(of_shop[0]), None).unwrap()).unwrap();
    let alert = json!({ "day": "2026-11-22", "run": 1, "cause": "run_failed", "failure": "the store refused Query" });
    assert_eq!(
        event,
        json!({ "id": of_shop[0].id(), "type": "shop.alert", "time": "2026-11-22T12:00:00Z", "shop": "acme", "alert": alert })
    );

    let of_ann: Vec<&News> = news.iter().filter(|news| news.customer().is_some()).collect();
    assert_eq!(of_ann.len(), 1, "its entry in the shop's list is there too: {news:?}");
    assert!(matches!(of_ann[0].what, What::Alerted { previous: None, .. }));
    // Who is not there any more is told to nobody.
    assert_eq!(events::Event::of(out(of_ann[0]), None), None);
    let ids: HashMap<_, CustomerId> =
        world.ledger.customer_ids([(&acme(), of_ann[0].customer().unwrap())]).await.unwrap();
    assert_eq!(ids.values().map(CustomerId::as_str).collect::<Vec<_>>(), ["ann"]);
}

#[test]
fn an_item_that_should_tell_something_and_cannot_be_read_is_an_error_and_not_silence() {
    let text = |text: &str| serde_dynamo::AttributeValue::S(text.to_owned());
    let item = |pk: &str, sk: &str| {
        let fields = [("pk", text(pk)), ("sk", text(sk)), ("kind", text("move"))];
        serde_dynamo::Item::from(
            fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<HashMap<_, _>>(),
        )
    };
    let story = "acme#0123456789abcdef0123456789abcdef";
    assert!(News::of(item(story, "move#0000000000000001")).is_err());
    assert!(News::of(item("acme#alerts", "2026-11-22#run#failed")).is_err());
    for (pk, sk) in
        [(story, "order#A-1#0000000000000000#"), ("acme#order#A-1", "head"), ("acme#alerts", "2026-11-22#0123#1")]
    {
        assert_eq!(News::of(item(pk, sk)).unwrap(), None, "{pk} {sk}");
    }
}

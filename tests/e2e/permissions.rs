//! Least privilege: what the functions ask of AWS, recorded on the wire, is what the template lets them do, no less and no more.
//!
//! The scenarios are tests of their own elsewhere; together they go every way on which a function asks for something. A right
//! that none of them needs is taken away, and a scenario is added for a new one.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use chrono::{DateTime, Utc};
use e2e::World;
use e2e::permissions::{ByFunction, Recorder, allowed};
use e2e::receiver::Receiver;
use e2e::services::Services;
use ledger::{Ledger, Publish, Tables};
use resegment::Steps;
use resegment::jobs::StartJob;
use resegment::schedule::{StartLearn, StartRun, tick};
use serde_json::{Value, json};
use web::{App, Clock};

const TEMPLATE: &str = include_str!("../../infra/template.yaml");

/// Tests that are run here again.
const SCENARIOS: &[fn()] = &[
    crate::redemptions::a_cancelled_order_gives_its_code_back_and_a_returned_one_if_the_shop_says_so,
    crate::redemptions::wrong_codes_are_counted_exactly_per_customer_and_day_and_end_in_429,
    crate::redemptions::a_budget_stops_reservations_and_offers_and_opens_again_when_something_comes_back,
    crate::campaigns::a_campaign_published_by_mistake_is_offered_no_more_a_minute_after_it_is_paused,
    crate::campaigns::a_mailing_of_an_own_campaign_carries_each_customers_code,
    crate::referrals::a_friend_who_types_the_code_earns_the_customer_one_reward,
    crate::referrals::the_run_finishes_what_a_call_left_undone,
    crate::survey_page::a_link_asks_records_once_and_shows_what_was_earned,
    crate::customers::a_customer_is_shown_with_rhythm_moves_and_reasons,
    crate::personal::a_person_sees_all_that_is_stored_and_then_it_is_erased,
    crate::personal::two_customers_become_one_in_every_answer_and_two_again,
    crate::console::a_form_from_elsewhere_does_nothing,
    crate::console::the_base_says_of_each_segment_what_the_api_says,
    crate::console_campaigns::every_campaign_is_listed_as_the_api_has_it,
    crate::console_campaigns::a_campaign_is_paused_opened_and_ended_by_its_buttons_alone,
    crate::console_campaigns::a_limit_set_in_the_form_is_the_apis_and_a_wrong_one_changes_nothing,
    crate::console_campaigns::answers_are_counted_and_those_who_are_unhappy_are_named,
    crate::console_cuts::typed_cuts_are_previewed_and_come_into_force_with_the_next_run,
    crate::console_exports::the_console_gives_an_export_as_files,
    crate::console_movement::the_page_shows_the_flows_and_why,
];

/// A month's limit, a reservation that nobody confirms, the next month, and the hour in which it is swept.
#[tokio::test]
async fn what_is_held_too_long_is_taken_back_by_the_next_customer_or_by_the_schedule() {
    let mut world = World::on("2026-11-22").await;
    let campaign = crate::redemptions::campaign("welcome_all", &json!({ "discount": 10 }), 30);
    assert_eq!(world.post("/v1/campaigns", &campaign).await.status, 201);
    let limit = json!({ "series": "welcome_all", "count": 1, "monthly": true }).to_string();
    assert_eq!(world.call("PUT", "/v1/budgets", limit).await.status, 200);
    let reserve = async |world: &World, customer: &str| {
        let offers = world.get(&format!("/v1/customers/{customer}/offers")).await.json["decision"]["offers"].take();
        let offer =
            offers.as_array().unwrap().iter().find(|offer| offer["reason"]["campaign"] == "welcome_all").cloned();
        let Some(offer) = offer else { return "not offered".to_owned() };
        let sent =
            json!({ "code": offer["code"], "customer": customer, "order": format!("O-{customer}"), "total": 4_999 });
        world.post("/v1/redemptions", &sent).await.told().1
    };
    move_to(&mut world, "2026-11-30T12:00:00Z");
    assert_eq!(reserve(&world, "ann").await, "");
    assert_eq!(reserve(&world, "bob").await, "budget-exhausted");
    // Another month has counters of its own, which the first reservation makes.
    move_to(&mut world, "2026-12-01T12:00:00Z");
    world.ledger.forget_shop(&e2e::acme());
    assert_eq!(reserve(&world, "bob").await, "");
    // Nobody confirmed: the next one takes it back, and what is held after that, the schedule.
    move_to(&mut world, "2026-12-03T12:00:00Z");
    world.ledger.forget_shop(&e2e::acme());
    assert_eq!(reserve(&world, "cid").await, "");
    let steps = Steps::new(world.driver.clone(), Clock::At("2026-12-05T12:00:00Z".parse().unwrap()));
    let nothing: StartRun = Arc::new(|_, _| Box::pin(async { Ok(()) }));
    let looked =
        tick(&steps, &nothing, &StartLearn(Arc::clone(&nothing)), &StartJob(Arc::clone(&nothing))).await.unwrap();
    assert_eq!((looked.taken_back, looked.failed), (2, 0), "ann's of November too");
}

fn move_to(world: &mut World, moment: &str) {
    let moment: DateTime<Utc> = moment.parse().unwrap();
    world.app = App::new(world.ledger.clone(), Clock::At(moment));
    world.router = e2e::router(&world.app, &world.driver);
}

/// Products come and go, and are published by the job.
async fn publishing() {
    let world = World::on("2026-11-22").await;
    for name in ["cup", "pot", "tin", "jug"] {
        let product =
            json!({ "products": [{ "id": "p-1", "name": name, "category": "tea", "price": 500, "stock": 4 }] });
        let put = world.call("PUT", "/v1/products", product.to_string()).await;
        assert!(put.status.is_success(), "{}", put.text);
        let published = world.driver.publish_now(&e2e::acme(), world.app.clock.now()).await.unwrap();
        assert!(matches!(published, Publish::Done(numbers) if numbers.products == 1), "{name}: {published:?}");
    }
    assert_eq!(world.get("/v1/customers/ann/offers").await.status, 200);
}

/// What sets state machines going, and the way out of events.
async fn other_services() {
    let (mut world, services) = (World::on("2026-11-22").await, Services::start().await);
    world.app = world.app.clone().with_receivers(web::Receivers::LocalToo);
    world.router = e2e::router(&world.app, &world.driver);
    let recorder = Recorder::current();
    let order = crate::order("A-1", "ann", "2026-11-20T10:00:00Z");
    assert_eq!(world.post("/v1/orders", &order).await.status, 201);
    world.run().await;

    let machines = |function: &'static str| {
        let config = aws_sdk_sfn::Config::builder()
            .behavior_version(aws_sdk_sfn::config::BehaviorVersion::latest())
            .region(aws_sdk_sfn::config::Region::new("eu-central-1"))
            .endpoint_url(&services.endpoint)
            .credentials_provider(aws_sdk_sfn::config::Credentials::new("test", "test", None, None, "test"))
            .interceptor(recorder.of(Some(function)));
        aws_sdk_sfn::Client::from_conf(config.build())
    };
    use resegment::function::{job_state_machine, learn_state_machine, state_machine};
    let clock = world.app.clock;
    purchases::publish::state_machine(machines("purchases"), "PublishStateMachine".into(), clock)(e2e::acme())
        .await
        .unwrap();
    // No page of the console begins a learning.
    for (function, run, learn, job) in [
        ("admin", "RunStateMachine", Some("LearnStateMachine"), "JobStateMachine"),
        ("console", "RunStateMachine", None, "JobStateMachine"),
        ("resegment", "run", Some("learn"), "job"),
    ] {
        state_machine(machines(function), run.into(), clock)(e2e::acme(), 1).await.unwrap();
        if let Some(learn) = learn {
            (learn_state_machine(machines(function), learn.into(), clock).0)(e2e::acme(), 1).await.unwrap();
        }
        (job_state_machine(machines(function), job.into(), clock).0)(e2e::acme(), 1).await.unwrap();
    }

    let ledger = ledger_of(&world, "events");
    let sqs = aws_sdk_sqs::Client::from_conf(
        aws_sdk_sqs::Config::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
            .region(aws_sdk_sqs::config::Region::new("eu-central-1"))
            .endpoint_url(&services.endpoint)
            .credentials_provider(aws_sdk_sqs::config::Credentials::new("test", "test", None, None, "test"))
            .interceptor(recorder.of(Some("events")))
            .build(),
    );
    let bus = aws_sdk_eventbridge::Client::from_conf(
        aws_sdk_eventbridge::Config::builder()
            .behavior_version(aws_sdk_eventbridge::config::BehaviorVersion::latest())
            .region(aws_sdk_eventbridge::config::Region::new("eu-central-1"))
            .endpoint_url(&services.endpoint)
            .credentials_provider(aws_sdk_eventbridge::config::Credentials::new("test", "test", None, None, "test"))
            .interceptor(recorder.of(Some("events")))
            .build(),
    );
    let out = events::Out {
        ledger,
        queue: Arc::new(events::SqsQueue { client: sqs, url: "Deliveries".into() }),
        bus: Some(Arc::new(events::EventBridge { client: bus, name: "EventBus".into() })),
        sender: events::Sender::new(web::Receivers::LocalToo),
        clock: world.app.clock,
    };
    let handled = async |records: Value| {
        let batch = serde_json::from_value::<events::Batch>(records).unwrap();
        let answer = events::handle(&out, batch).await;
        let sent = services.take().into_iter().filter(|(target, _)| target == "AmazonSQS.SendMessageBatch");
        let sent = sent.flat_map(|(_, input)| input["Entries"].as_array().cloned().unwrap()).collect::<Vec<_>>();
        (answer.batch_item_failures.len(), sent)
    };
    let stream = async || json!({ "Records": crate::bootstraps::stream_of(&world).await });

    // To the bus and to an endpoint, which does not take it: kept back while it is new, put away when it has waited for long.
    let (receiver, from) = (Receiver::start().await, world.app.clock.now() - chrono::TimeDelta::hours(1));
    let endpoint = crate::endpoints::add(&world, &receiver.url("127.0.0.1")).await["id"].as_str().unwrap().to_owned();
    // As AWS's stream would have it: an hour ago.
    let mut written = stream().await;
    for record in written["Records"].as_array_mut().unwrap() {
        record["dynamodb"]["ApproximateCreationDateTime"] = json!(from.timestamp() + 60);
    }
    let (failed, sent) = handled(written).await;
    assert_eq!((failed, sent.len()), (0, 2));
    receiver.answer(500, None);
    let mut queue = crate::bootstraps::queue_of(&sent);
    assert_eq!(handled(queue.clone()).await.0, 0, "it has waited for days, and is put away");
    for record in queue["Records"].as_array_mut().unwrap() {
        record["attributes"]["SentTimestamp"] = json!(world.app.clock.now().timestamp_millis().to_string());
    }
    assert_eq!(handled(queue).await.0, 1);
    receiver.answer(200, None);
    let path = format!("/v1/endpoints/{endpoint}");
    assert_eq!(world.get(&format!("{path}/dead-letters")).await.json["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(world.post(&format!("{path}/replay"), &json!({ "from": from })).await.status, 202);
    let asked = stream().await["Records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| record["dynamodb"]["Keys"]["pk"]["S"] == "acme#replays")
        .cloned()
        .collect::<Vec<_>>();
    let (_, sent) = handled(json!({ "Records": asked })).await;
    let (_, sent) = handled(crate::bootstraps::queue_of(&sent)).await;
    assert_eq!(handled(crate::bootstraps::queue_of(&sent)).await.0, 0);
    assert_eq!(world.get(&path).await.json["deliveries"]["dead_lettered"], 0);
    assert_eq!(world.call("DELETE", &path, "").await.status, 204);
}

/// The world's store, as a function has it.
fn ledger_of(world: &World, function: &'static str) -> Ledger {
    let watch = Recorder::current().of(Some(function));
    let config = world.engine.as_ref().unwrap().client().config().to_builder().interceptor(watch).build();
    Ledger::new(Client::from_conf(config), Tables::default(), e2e::secrets())
}

/// Each opens its connection by a read while its environment starts.
async fn warm_ups() {
    let world = World::on("2026-11-22").await;
    for function in ["purchases", "offers", "admin", "console", "resegment", "events"] {
        ledger_of(&world, function).warm_up().await.unwrap();
    }
}

fn lines(these: &ByFunction, without: &ByFunction) -> Vec<String> {
    let none = BTreeSet::new();
    let of = |(function, permissions): (&String, &BTreeSet<(String, String)>)| {
        let rest = permissions.difference(without.get(function).unwrap_or(&none)).cloned();
        rest.map(|(action, resource)| format!("{function}: {action} on {resource}")).collect::<Vec<_>>()
    };
    these.iter().flat_map(of).collect()
}

#[test]
fn every_function_may_do_what_it_does_and_nothing_else() {
    for scenario in SCENARIOS {
        scenario();
    }
    what_is_held_too_long_is_taken_back_by_the_next_customer_or_by_the_schedule();
    let rest = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    rest.block_on(publishing());
    rest.block_on(other_services());
    rest.block_on(warm_ups());

    let (seen, allowed) = (Recorder::current().seen(), allowed(TEMPLATE));
    let (missing, surplus) = (lines(&seen, &allowed), lines(&allowed, &seen));
    assert!(missing.is_empty() && surplus.is_empty(), "missing: {missing:#?}, and surplus: {surplus:#?}");
    // The recorder sees what is there to be seen.
    assert!(seen.values().map(BTreeSet::len).sum::<usize>() > 40, "{seen:?}");
}

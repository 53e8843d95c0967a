//! The functions' real binaries, called as Lambda calls them, with the payloads that AWS documents.
//!
//! They need `cargo build --workspace --bins --examples` in the profile of this test; `.ci/run` does that and runs them all.

use std::collections::BTreeSet;

use e2e::World;
use e2e::bootstrap::{Bootstrap, TRACE, built, request};
use e2e::services::Services;
use ledger::{KeySecret, Scope};
use serde_json::{Value, json};
use web::Clock;

const CODE_SECRET: &str = "another one of tests";
const KEY_SECRET: &str = "a secret of tests";

/// A binary over the world's store, and whatever else it calls.
async fn start(world: &World, services: &Services, name: &str) -> Bootstrap {
    let store = world.engine.as_ref().unwrap().endpoint();
    let variables = [
        ("AWS_ENDPOINT_URL_DYNAMODB", store),
        ("AWS_ENDPOINT_URL", &services.endpoint),
        ("CUSTOMERS_TABLE", "Customers"),
        ("LEDGER_TABLE", "Ledger"),
        ("SHOPS_TABLE", "Shops"),
        ("CUSTOMER_KEY_SECRET", KEY_SECRET),
        ("CODE_SECRET", CODE_SECRET),
        ("RUST_LOG", "info"),
        ("METRICS_NAMESPACE", "Tercile/test"),
        ("RUN_STATE_MACHINE_ARN", "arn:run"),
        ("LEARN_STATE_MACHINE_ARN", "arn:learn"),
        ("JOB_STATE_MACHINE_ARN", "arn:job"),
        ("PUBLISH_STATE_MACHINE_ARN", "arn:publish"),
        ("DELIVERIES_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/deliveries.fifo"),
        ("EVENT_BUS_NAME", "tercile"),
    ];
    let mut bootstrap = Bootstrap::start(&built().join(name), &[], &variables).await;
    bootstrap.ready().await;
    bootstrap
}

/// Status and body of an answer in the gateway's form.
fn told(answer: &Value) -> (u64, Value) {
    let body = answer["body"].as_str().unwrap_or_default();
    (answer["statusCode"].as_u64().unwrap_or_default(), serde_json::from_str(body).unwrap_or_else(|_| body.into()))
}

#[tokio::test]
#[ignore = "needs the functions' binaries"]
async fn purchases_and_offers_answer_the_gateway() {
    let (world, services) = (World::on("2026-11-22").await, Services::start().await);
    let (purchases, offers) = (start(&world, &services, "purchases").await, start(&world, &services, "offers").await);
    let (ingest, checkout) = (world.key(Scope::Ingest), world.key(Scope::Checkout));

    let order = |id: &str, customer: &str| crate::order(id, customer, "2026-11-20T10:00:00Z").to_string();
    let plain = request("POST", "/v1/orders", "", ingest, Some(&order("A-1", "ann")));
    let (status, body) = told(&purchases.invoke(&plain).await.unwrap());
    assert_eq!((status, body["status"].as_str()), (201, Some("recorded")), "{body}");
    // The gateway encodes a body that it does not take for text.
    let mut encoded = request("POST", "/v1/orders", "", ingest, None);
    encoded["body"] = data_encoding::BASE64.encode(order("A-2", "zoë & co/9").as_bytes()).into();
    encoded["isBase64Encoded"] = true.into();
    assert_eq!(told(&purchases.invoke(&encoded).await.unwrap()).0, 201);

    let segment = |path: &str| request("GET", path, "", checkout, None);
    let (status, body) = told(&offers.invoke(&segment("/v1/customers/ann/segment")).await.unwrap());
    assert_eq!((status, &body["customer"]), (200, &json!("ann")), "{body}");
    // An id of other letters comes in path form, which no gateway changes.
    let path_form = format!("~{}", data_encoding::BASE64URL_NOPAD.encode("zoë & co/9".as_bytes()));
    let (status, body) = told(&offers.invoke(&segment(&format!("/v1/customers/{path_form}/segment"))).await.unwrap());
    assert_eq!((status, &body["customer"]), (200, &json!("zoë & co/9")), "{body}");
    // One that was percent-encoded arrives decoded. Read as an address again it would be somebody else's: refused by its field, or,
    // with a slash, no path of ours.
    for decoded in ["zoë & co", "ann#b", "ann?b=c", "ann\tb", "../customers/ann", "ann%62"] {
        let (status, body) = told(&offers.invoke(&segment(&format!("/v1/customers/{decoded}/segment"))).await.unwrap());
        assert!(status == 422 || status == 404, "{decoded}: {status} {body}");
    }
    assert_eq!(told(&offers.invoke(&segment("/v1/customers/a/b/segment")).await.unwrap()).0, 404);
    // The query comes as it was sent.
    let russian = request("GET", "/v1/customers/ann/offers", "lang=r%75", checkout, None);
    let (status, body) = told(&offers.invoke(&russian).await.unwrap());
    assert_eq!(status, 200, "{body}");
    assert_eq!(told(&offers.invoke(&request("GET", "/v1/customers/ann/segment", "", "", None)).await.unwrap()).0, 401);

    // Metrics: one line per invocation, the first one cold; a warm lookup is one read of half a unit.
    let lines = offers.metrics(11).await;
    let of = |name: &str| lines.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("ColdStart"), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].map(Value::from));
    assert_eq!(
        (&of("status")[..2], &of("status")[8..]),
        (&[200, 200].map(Value::from)[..], &[404, 200, 401].map(Value::from)[..])
    );
    assert_eq!(&of("outcome")[7..], ["refused", "refused", "ok", "refused"].map(Value::from));
    assert_eq!(of("route")[0], "GET /v1/customers/{id}/segment");
    assert_eq!(of("ReadUnits")[1], 0.5);
    assert!(lines.iter().all(|line| line["xray_trace_id"] == TRACE && line["request_id"].is_string()), "{lines:?}");
    let log = offers.lines().join("\n");
    assert!(!log.contains("ann") && !log.contains("zo"), "ids in the log: {log}");
}

#[tokio::test]
#[ignore = "needs the functions' binaries"]
async fn an_invocation_that_panics_is_an_error_and_the_next_one_works() {
    let (world, services) = (World::on("2026-11-22").await, Services::start().await);
    let function = start(&world, &services, "examples/panicking").await;
    let failure = function.invoke(&request("GET", "/v1/panics", "", "", None)).await.unwrap_err();
    assert!(failure.message.contains("as it must"), "{failure:?}");
    assert_eq!(told(&function.invoke(&request("GET", "/v1/fine", "", "", None)).await.unwrap()), (200, json!("fine")));
    let lines = function.metrics(2).await;
    assert_eq!((&lines[0]["outcome"], &lines[0]["ServerErrors"]), (&json!("incomplete"), &json!(1)));
    assert_eq!((&lines[1]["outcome"], &lines[1]["ServerErrors"]), (&json!("ok"), &json!(0)));
}

#[tokio::test]
#[ignore = "needs the functions' binaries"]
async fn resegment_takes_the_schedulers_input_and_the_state_machines_steps() {
    let (world, services) = (World::on("2026-11-22").await, Services::start().await);
    let (admin, function) = (start(&world, &services, "admin").await, start(&world, &services, "resegment").await);
    let order = crate::order("A-1", "ann", "2026-11-20T10:00:00Z");
    assert_eq!(world.post("/v1/orders", &order).await.status, 201);
    // Its hour has come whatever the clock says: the binaries have no other one.
    let any_hour = request("PUT", "/v1/settings", "", world.key(Scope::Admin), Some(r#"{"run_hour": 0}"#));
    assert_eq!(told(&admin.invoke(&any_hour).await.unwrap()).0, 200);

    let ticked = function.invoke(&json!({ "tick": true })).await.unwrap();
    assert_eq!((&ticked["begun"], &ticked["failed"]), (&json!(1), &json!(0)), "{ticked}");
    let calls = services.take();
    let [(target, started)] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!((target.as_str(), &started["stateMachineArn"]), ("AWSStepFunctions.StartExecution", &json!("arn:run")));
    let input: Value = serde_json::from_str(started["input"].as_str().unwrap()).unwrap();

    let step = |step: &str| json!({ "shop": input["shop"], "run": input["run"], "step": step });
    let plan = function.invoke(&step("plan")).await.unwrap();
    assert_eq!(plan["fit"], true, "{plan}");
    let shards = plan["shards"].as_array().unwrap();
    for (over, next) in [("survey", "fit"), ("assign", "publish")] {
        for shard in shards {
            let call = json!({ "shop": input["shop"], "run": input["run"], "step": over, "shard": shard });
            // Half a minute is less than it keeps free before its deadline: it does one page and wants to be called again.
            let mut calls = 1;
            while function.invoke(&call).await.unwrap() != json!({ "done": true }) {
                calls += 1;
                assert!(calls < 100, "{call}");
            }
        }
        let answer = function.invoke(&step(next)).await.unwrap();
        assert!(answer == json!({ "done": true }) || answer["look"] == false, "{next}: {answer}");
    }
    let census = request("GET", "/v1/segments", "", world.key(Scope::Admin), None);
    assert_eq!(told(&admin.invoke(&census).await.unwrap()).0, 200);

    // What is no event of ours is an error, and so is a step of no run; the state machine knows the types.
    let unknown = function.invoke(&json!({ "shop": "acme", "run": 99, "step": "plan" })).await.unwrap_err();
    assert_eq!(unknown.kind, "Run.NotFound");
    assert!(function.invoke(&json!({ "hello": "world" })).await.is_err());
    assert_eq!(function.invoke(&json!({ "tick": true })).await.unwrap()["begun"], 0);

    let counted = async |name: &str, times: usize| {
        loop {
            let lines = function.metrics(1).await;
            let found: Vec<u64> = lines.iter().filter_map(|line| line[name].as_u64()).collect();
            if found.len() >= times {
                return found;
            }
        }
    };
    assert_eq!(counted("Ticks", 2).await, [1, 1]);
    assert_eq!(counted("RunsOverdue", 2).await, [0, 0]);
    assert_eq!(counted("RunsPublished", 1).await, [1]);

    // That nobody bought yet is no failure; and every metric that an alarm may stand on is there, by the same dimensions.
    let (shop, day) = (e2e::acme(), "2026-11-22".parse().unwrap());
    let run = resegment::begin_run(&world.ledger, &shop, day, false, Clock::System.now()).await.unwrap();
    let number = run.run;
    for error in ["Run.Store", "Run.EmptyBase"] {
        let fail = json!({ "shop": "acme", "run": number, "step": "fail", "error": error, "cause": "as it must" });
        let ended = function.invoke(&fail).await.is_ok();
        assert_eq!(ended, error == "Run.Store", "a run ends once");
    }
    assert_eq!(counted("RunsFailed", 1).await, [1]);
    let mut emitted = BTreeSet::new();
    for line in function.metrics(1).await {
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            let dimensions: Vec<&str> =
                directive["Dimensions"][0].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let dimensions = if dimensions.is_empty() {
                "set()".to_owned()
            } else {
                format!("{{\"{}\"}}", dimensions.join("\", \""))
            };
            for metric in directive["Metrics"].as_array().unwrap() {
                emitted.insert(format!("    \"{}\": {dimensions},", metric["Name"].as_str().unwrap()));
            }
        }
    }
    let known = include_str!("../../infra/checks/watch.py");
    let known = known.split("EMITTED = {\n").nth(1).and_then(|rest| rest.split("\n}").next()).unwrap();
    assert_eq!(known.lines().map(str::to_owned).collect::<BTreeSet<_>>(), emitted, "infra/checks/watch.py");
}

#[tokio::test]
#[ignore = "needs the functions' binaries"]
async fn the_console_lets_staff_in_and_begins_a_run_by_the_state_machine() {
    let (world, services) = (World::on("2026-11-22").await, Services::start().await);
    let order = crate::order("A-1", "ann", "2026-11-20T10:00:00Z");
    assert_eq!(world.post("/v1/orders", &order).await.status, 201);
    let console = start(&world, &services, "console").await;
    let asked = async |method: &str, path: &str, cookie: &str, form: &str| {
        let mut event = request(method, path, "", "", None);
        event["headers"].as_object_mut().unwrap().remove("authorization");
        if !cookie.is_empty() {
            event["cookies"] = json!([cookie, "other=1"]);
        }
        if method == "POST" {
            // As the gateway hands a form on.
            event["headers"]["content-type"] = "application/x-www-form-urlencoded".into();
            event["body"] = data_encoding::BASE64.encode(form.as_bytes()).into();
            event["isBase64Encoded"] = true.into();
        }
        console.invoke(&event).await.unwrap()
    };
    let nobody = asked("GET", "/console", "", "").await;
    assert_eq!((told(&nobody).0, &nobody["headers"]["location"]), (303, &json!("/console/sign-in")));
    assert_eq!(told(&asked("GET", "/console/sign-in", "", "").await).0, 200);
    let checkout = format!("key={}", world.key(Scope::Checkout));
    assert_eq!(told(&asked("POST", "/console/sign-in", "", &checkout).await).0, 403);
    let entered = asked("POST", "/console/sign-in", "", &format!("key={}", world.key(Scope::Admin))).await;
    let set = entered["cookies"][0].as_str().unwrap();
    assert!(set.ends_with("; HttpOnly; SameSite=Strict; Secure"), "{set}");
    let cookie = set.split(';').next().unwrap();
    let page = asked("GET", "/console", cookie, "").await;
    assert_eq!((told(&page).0, &page["headers"]["content-type"]), (200, &json!("text/html; charset=utf-8")));
    let page = page["body"].as_str().unwrap();
    assert!(page.contains("No run has been published yet"), "{page}");
    let form = page.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(told(&asked("POST", "/console/runs", cookie, "form=0").await).0, 403);
    let begun = asked("POST", "/console/runs", cookie, &format!("form={form}")).await;
    assert_eq!((told(&begun).0, &begun["headers"]["location"]), (303, &json!("/console/runs/1")));
    let (target, input) = services.take().pop().unwrap();
    assert_eq!((target.as_str(), &input["stateMachineArn"]), ("AWSStepFunctions.StartExecution", &json!("arn:run")));
    assert_eq!(told(&asked("GET", "/console/customers/ann", cookie, "").await).0, 200);
    // A link of one machine leads nowhere here.
    assert_eq!(told(&asked("GET", "/console/enter/anything", "", "").await).0, 410);
    let log = console.lines().join("\n");
    assert!(log.contains("/console/customers/{id}") && !log.contains("ann") && !log.contains("tcl_"), "{log}");
}

#[tokio::test]
#[ignore = "needs the functions' binaries"]
async fn an_operator_makes_a_shop_and_its_keys_open_it() {
    let (world, services) = (World::on("2026-11-22").await, Services::start().await);
    let (admin, resegment) = (start(&world, &services, "admin").await, start(&world, &services, "resegment").await);
    let create = async |shop: Value| resegment.invoke(&json!({ "create_shop": shop })).await;
    let bolt = json!({ "shop": "bolt", "currency": "EUR", "time_zone": "Europe/Berlin" });
    let made = create(bolt.clone()).await.unwrap();
    let keys = made["keys"].as_array().unwrap();
    let scopes: Vec<&str> = keys.iter().map(|key| key["scopes"][0].as_str().unwrap()).collect();
    assert_eq!(scopes, ["ingest", "checkout", "admin"]);
    let settings = request("GET", "/v1/settings", "", keys[2]["key"].as_str().unwrap(), None);
    let (status, body) = told(&admin.invoke(&settings).await.unwrap());
    assert_eq!((status, &body["currency"], &body["time_zone"]), (200, &json!("EUR"), &json!("Europe/Berlin")));

    assert_eq!(create(bolt).await.unwrap_err().kind, "Run.ShopExists");
    for (field, value) in [("shop", "Bolt Ltd"), ("currency", "euro"), ("time_zone", "Berlin"), ("colour", "red")] {
        let mut wrong = json!({ "shop": "nut", "currency": "EUR", "time_zone": "Europe/Berlin" });
        wrong[field] = value.into();
        let told = create(wrong).await.unwrap_err();
        assert!(told.kind == "Run.Input" && told.message.contains(field), "{told:?}");
    }
    // Who has lost every key gets another one in the same way.
    let another = async |key: Value| resegment.invoke(&json!({ "create_key": key })).await;
    let made = another(json!({ "shop": "bolt", "scopes": ["admin"] })).await.unwrap();
    let settings = request("GET", "/v1/settings", "", made["keys"][0]["key"].as_str().unwrap(), None);
    assert_eq!(told(&admin.invoke(&settings).await.unwrap()).0, 200);
    assert_eq!(another(json!({ "shop": "none", "scopes": ["admin"] })).await.unwrap_err().kind, "Run.NotFound");
    assert_eq!(another(json!({ "shop": "bolt", "scopes": [] })).await.unwrap_err().kind, "Run.Input");
    let log = resegment.lines().join("\n");
    assert!(!log.contains("tcl_"), "keys in the log: {log}");
}

/// The stream's records of what lies in the table `Ledger`, in the form in which Lambda gets them.
pub(crate) async fn stream_of(world: &World) -> Vec<Value> {
    let items = world.ledger.client().scan().table_name("Ledger").send().await.unwrap().items.unwrap();
    let record = |(place, item): (usize, &_)| {
        let item: serde_dynamo::Item = serde_dynamo::Item::from(std::collections::HashMap::clone(item));
        let image = serde_json::to_value(&item).unwrap();
        json!({
            "eventID": format!("{place:032x}"),
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "eu-central-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_795_348_800.0,
                "Keys": { "pk": image["pk"], "sk": image["sk"] },
                "NewImage": image,
                "SequenceNumber": format!("{place:021}"),
                "SizeBytes": 300,
                "StreamViewType": "NEW_IMAGE"
            },
            "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/Ledger/stream/2026-11-22T00:00:00.000"
        })
    };
    items.iter().enumerate().map(record).collect()
}

/// The queue's records of these messages.
pub(crate) fn queue_of(messages: &[Value]) -> Value {
    let record = |(place, message): (usize, &Value)| {
        json!({
            "messageId": format!("m-{place}"),
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": message["MessageBody"],
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1795348800000",
                "SequenceNumber": "18849496460467696128",
                "MessageGroupId": message["MessageGroupId"],
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "MessageDeduplicationId": message["MessageDeduplicationId"],
                "ApproximateFirstReceiveTimestamp": "1795348800001"
            },
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:deliveries.fifo",
            "awsRegion": "eu-central-1"
        })
    };
    json!({ "Records": messages.iter().enumerate().map(record).collect::<Vec<_>>() })
}

#[tokio::test]
#[ignore = "needs the functions' binaries"]
async fn moves_and_alerts_go_from_the_stream_into_the_queue_and_from_there_to_the_bus() {
    let (world, services) = (World::on("2026-11-22").await, Services::start().await);
    let events = start(&world, &services, "events").await;
    let order = |id: &str, customer: &str| crate::order(id, customer, "2026-11-20T10:00:00Z");
    for (id, customer) in [("A-1", "ann"), ("B-1", "bob")] {
        assert_eq!(world.post("/v1/orders", &order(id, customer)).await.status, 201);
    }
    world.run().await;
    let answer = json!({ "id": "n-1", "customer": "ann", "score": 2 });
    assert_eq!(world.post("/v1/surveys/nps/answers", &answer).await.status, 201);

    let records = stream_of(&world).await;
    assert!(records.len() > 6, "orders and heads, which tell nobody anything, are among them");
    let batch = json!({ "Records": records });
    assert_eq!(events.invoke(&batch).await.unwrap(), json!({ "batchItemFailures": [] }));
    let sent: Vec<Value> =
        services.take().into_iter().flat_map(|(_, input)| input["Entries"].as_array().cloned().unwrap()).collect();
    let mut told: Vec<Value> =
        sent.iter().map(|entry| serde_json::from_str(entry["MessageBody"].as_str().unwrap()).unwrap()).collect();
    told.sort_by_key(|event| (event["customer"].to_string(), event["sequence"].as_u64()));
    let seen: Vec<_> =
        told.iter().map(|event| (event["type"].as_str().unwrap(), event["customer"].as_str().unwrap())).collect();
    assert_eq!(seen, [("customer.moved", "ann"), ("customer.alert", "ann"), ("customer.moved", "bob")]);
    assert_eq!(told[1]["previous"], told[0]["sequence"], "a receiver sees a gap");
    assert!(told[0].get("previous").is_none() && told[0]["move"]["steps"][0]["cause"].is_string(), "{}", told[0]);
    // In a group, what came first is delivered first.
    let key = KeySecret::new(KEY_SECRET).customer(&e2e::acme(), &"ann".to_owned().try_into().unwrap());
    let group = format!("bus#acme#{}", key.as_str());
    assert_eq!(sent.iter().filter(|entry| entry["MessageGroupId"] == group.as_str()).count(), 2);
    // The same records again have the same ids, by which the queue keeps one.
    events.invoke(&batch).await.unwrap();
    let again: Vec<Value> =
        services.take().into_iter().flat_map(|(_, input)| input["Entries"].as_array().cloned().unwrap()).collect();
    assert_eq!(again, sent);

    let waiting = queue_of(&sent);
    assert_eq!(events.invoke(&waiting).await.unwrap(), json!({ "batchItemFailures": [] }));
    let put = services.take();
    let [(target, input)] = put.as_slice() else { panic!("{put:?}") };
    assert_eq!(target, "AWSEvents.PutEvents");
    let entry = &input["Entries"][0];
    assert_eq!((&entry["Source"], &entry["EventBusName"]), (&json!("tercile"), &json!("tercile")));
    assert_eq!(entry["Detail"], sent[0]["MessageBody"]);

    // What the bus refuses goes back to the queue, and that alone; what the queue refuses, the stream hands over again.
    services.refuse(Some("customer.alert"));
    let refused = events.invoke(&waiting).await.unwrap();
    let alert =
        sent.iter().position(|entry| entry["MessageBody"].as_str().unwrap().contains("customer.alert")).unwrap();
    assert_eq!(refused, json!({ "batchItemFailures": [{ "itemIdentifier": format!("m-{alert}") }] }));
    services.refuse(Some("customer.moved"));
    let refused = events.invoke(&waiting).await.unwrap();
    let failures = refused["batchItemFailures"].as_array().unwrap();
    assert_eq!(failures.len(), 3, "what comes behind ann's move waits for it: {refused}");
    services.refuse(Some("customer.alert"));
    let stopped = events.invoke(&batch).await.unwrap();
    let of_alert = records.iter().find(|record| record["dynamodb"]["NewImage"]["alert"].is_object()).unwrap();
    assert_eq!(stopped["batchItemFailures"], json!([{ "itemIdentifier": of_alert["dynamodb"]["SequenceNumber"] }]));
    let log = events.lines().join("\n");
    assert!(!log.contains("ann") && !log.contains("bob"), "ids in the log: {log}");
}

#[tokio::test]
#[ignore = "needs the functions' binaries"]
async fn a_function_without_its_variables_says_which_one_it_lacks() {
    let lambdas_own =
        [("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")];
    let output = std::process::Command::new(built().join("offers")).env_clear().envs(lambdas_own).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("CUSTOMERS_TABLE"), "{said}");
}

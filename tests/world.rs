//! A world to test in: an engine, a shop with its keys, all functions under one router, and a count of the SDK's calls.

pub mod accuracy;
pub mod bootstrap;
pub mod browser;
pub mod components;
pub mod conformance;
pub mod faults;
pub mod fire;
pub mod openapi;
pub mod permissions;
pub mod processes;
pub mod receiver;
pub mod services;
pub mod synthetic;
pub mod visitor;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::middleware::{Next, from_fn};
use console::Console;
use engine::Engine;
use http_body_util::BodyExt;
use ledger::{
    Changeable, CodeSecrets, KeySecret, Ledger, NewKey, Publish, PublishNumbers, Scope, Secrets, Settings, ShopId,
    Tables,
};
use purchases::publish::StartPublish;
use resegment::jobs::StartJob;
use resegment::schedule::{StartLearn, StartRun};
use resegment::{Steps, Until};
use segmentation::Day;
use serde_json::Value;
use tower::ServiceExt;
use web::{App, Clock, Receivers};

use crate::permissions::{Recorder, Watch};

/// Calls of the SDK by operation, as `DynamoDB_20120810.GetItem` in the request says.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<Mutex<BTreeMap<String, usize>>>);

impl Calls {
    /// The counts since the last time, which begin anew.
    pub fn take(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "Calls"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(operation).or_default() += 1;
        Ok(())
    }
}

/// An answer of the service.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as it came.
    pub text: String,
    /// Its body as JSON, or null.
    pub json: Value,
}

impl Answer {
    /// Status and the names of the fields that a problem names, or of its type.
    pub fn told(&self) -> (u16, String) {
        let errors = self.json["errors"].as_array().cloned().unwrap_or_default();
        let fields: Vec<&str> = errors.iter().filter_map(|error| error["field"].as_str()).collect();
        let kind = self.json["type"].as_str().and_then(|kind| kind.rsplit(':').next()).unwrap_or_default();
        (self.status.as_u16(), if fields.is_empty() { kind.to_owned() } else { fields.join(" ") })
    }
}

/// One shop, `acme`, in pounds and London's days, on an engine of its own.
pub struct World {
    /// The engine; taken away to see what the service says without it.
    pub engine: Option<Engine>,
    /// The ledger, under the same client as the functions.
    pub ledger: Ledger,
    /// The functions' state.
    pub app: App,
    /// The ledger of those who are set going by them.
    pub driver: Ledger,
    /// Their routes.
    pub router: Router,
    /// The shop's keys: ingest, checkout, admin.
    pub keys: Vec<NewKey>,
    /// Calls made so far.
    pub calls: Calls,
}

/// The shop of every world.
pub fn acme() -> ShopId {
    #[expect(clippy::expect_used, reason = "a constant")]
    "acme".parse().expect("a shop's name")
}

/// The secrets of every world.
#[must_use]
pub fn secrets() -> Secrets {
    Secrets { keys: KeySecret::new(*b"a secret of tests"), codes: CodeSecrets::new(*b"another one of tests", None) }
}

impl World {
    /// As of a shop day.
    pub async fn on(day: &str) -> World {
        World::with(day, false).await
    }

    /// The same, where what is to be told is noted, and shops may have it sent to this machine.
    pub async fn telling(day: &str) -> World {
        let mut world = World::with(day, true).await;
        world.app = world.app.with_receivers(Receivers::LocalToo);
        world.router = router(&world.app, &world.driver);
        world
    }

    async fn with(day: &str, telling: bool) -> World {
        #[expect(clippy::expect_used, reason = "tests write days that are days")]
        let day: Day = day.parse().expect("a day");
        let calls = Calls::default();
        #[expect(clippy::expect_used, reason = "without an engine no test can run")]
        let engine = Engine::memory().await.expect("an engine");
        let recorder = Recorder::current();
        #[expect(clippy::expect_used, reason = "as above")]
        let base = if telling { engine.telling().await.expect("a stream") } else { engine.client() };
        let client = |watch: Watch| {
            let config = base.config().to_builder().interceptor(calls.clone()).interceptor(watch).build();
            Client::from_conf(config)
        };
        let ledger = Ledger::new(client(recorder.of(None)), Tables::default(), secrets());
        let driver = ledger.through(client(recorder.of(Some("resegment"))));
        let keys = shop(&ledger, &acme()).await;
        let app = App::new(ledger.clone(), Clock::AsOf(day));
        let router = router(&app, &driver);
        World { engine: Some(engine), ledger, driver, app, router, keys, calls }
    }

    /// The ledger as another process has it: over the same store, with nothing cached.
    #[must_use]
    pub fn process(&self) -> Ledger {
        Ledger::new(self.ledger.client().clone(), Tables::default(), secrets())
    }

    /// The same store and keys on another day.
    pub fn move_to(&mut self, day: &str) {
        #[expect(clippy::expect_used, reason = "tests write days that are days")]
        let day: Day = day.parse().expect("a day");
        self.app = App::new(self.ledger.clone(), Clock::AsOf(day));
        self.router = router(&self.app, &self.driver);
    }

    /// The token of a scope.
    pub fn key(&self, scope: Scope) -> &str {
        self.keys.iter().find(|key| key.scopes == [scope]).map_or("", |key| key.token.as_str())
    }

    /// A call with the admin key.
    pub async fn call(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.call_as(self.key(Scope::Admin), method, path, body).await
    }

    /// A call with this token.
    pub async fn call_as(&self, token: &str, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        #[expect(clippy::expect_used, reason = "tests write paths that are paths")]
        self.send(request.body(body.into()).expect("a request")).await
    }

    /// Any request. An answer that is not as the OpenAPI document says ends the test.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let Ok(answer) = self.router.clone().oneshot(request).await;
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            json: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        };
        let fault = conformance::fault(method.as_str(), &path, &answer);
        assert!(fault.is_none(), "{}", fault.unwrap_or_default());
        answer
    }

    /// POSTs a document.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, body.to_string()).await
    }

    /// GETs a path.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, "").await
    }

    /// Begins a run through the API and waits until it is published.
    pub async fn run(&self) -> Value {
        let begun = self.post("/v1/runs", &serde_json::json!({})).await;
        assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.text);
        let path = format!("/v1/runs/{}", begun.json["run"]);
        loop {
            let run = self.get(&path).await.json;
            match run["status"].as_str() {
                Some("running") => tokio::task::yield_now().await,
                Some("published") => return run,
                other => panic!("run: {other:?}"),
            }
        }
    }

    /// Begins a learning through the API and waits for its end, whatever that is.
    pub async fn learn(&self) -> Value {
        let begun = self.post("/v1/affinities", &serde_json::json!({})).await;
        assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.text);
        loop {
            let learning = self.get("/v1/affinities").await.json;
            if learning["status"] != "running" {
                return learning;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }

    /// Publishes the shop's catalogue now, as the job would within a minute; gives what it did.
    pub async fn publish(&self) -> PublishNumbers {
        match self.ledger.publish_now(&acme(), self.app.clock.now()).await {
            Ok(Publish::Done(numbers)) => numbers,
            other => panic!("publish: {other:?}"),
        }
    }

    /// How many items a table holds.
    pub async fn count(&self, table: &str) -> usize {
        let mut items = self.ledger.client().scan().table_name(table).into_paginator().items().send();
        let mut count = 0;
        while let Some(item) = items.next().await {
            assert!(item.is_ok(), "{item:?}");
            count += 1;
        }
        count
    }
}

/// Makes a shop with the default settings.
pub async fn shop(ledger: &Ledger, id: &ShopId) -> Vec<NewKey> {
    let settings = Settings {
        version: 1,
        currency: iso_currency::Currency::GBP,
        time_zone: chrono_tz::Europe::London,
        changeable: Changeable::default(),
    };
    #[expect(clippy::expect_used, reason = "a new engine takes a new shop")]
    ledger.create_shop(id, &settings, Day::MIN).await.expect("a shop")
}

/// How what is begun is set going: as tasks of this process, on the driver's ledger.
struct Starting {
    run: StartRun,
    learn: StartLearn,
    job: StartJob,
}

impl Starting {
    fn on(app: &App, driver: &Ledger) -> Starting {
        let steps = Steps::new(driver.clone(), app.clock);
        let run: StartRun = Arc::new(move |shop, run| {
            let steps = steps.clone();
            Box::pin(async move {
                tokio::spawn(async move { resegment::drive(&steps, &shop, run, |_| {}).await.map(|run| run.run) });
                Ok(())
            })
        });
        let learning = Steps::new(driver.clone(), app.clock);
        let learn = StartLearn(Arc::new(move |shop, number| {
            let steps = learning.clone();
            Box::pin(async move {
                tokio::spawn(async move {
                    resegment::learn::drive(&steps, &shop, number, Until::done(), |_| {}).await.map(|_| ())
                });
                Ok(())
            })
        }));
        let working = Steps::new(driver.clone(), app.clock);
        let job = StartJob(Arc::new(move |shop, number| {
            let steps = working.clone();
            Box::pin(async move {
                tokio::spawn(
                    async move { resegment::jobs::drive(&steps, &shop, number, Until::done()).await.map(|_| ()) },
                );
                Ok(())
            })
        }));
        Starting { run, learn, job }
    }
}

/// Routes whose calls of AWS are recorded as this function's.
fn recorded(routes: Router<App>, function: &'static str) -> Router<App> {
    let recorder = Recorder::current();
    routes.layer(from_fn(move |request: Request<Body>, next: Next| {
        let recorder = recorder.clone();
        async move {
            recorder.doing(Some(function));
            let answer = next.run(request).await;
            recorder.doing(None);
            answer
        }
    }))
}

/// All functions under one router, as one machine serves them; what they set going works on the driver's ledger.
pub fn router(app: &App, driver: &Ledger) -> Router {
    web::finish(routes(app, driver), app.clone())
}

/// The same with the console over them, which makes links to sign in by.
pub fn served(app: &App, driver: &Ledger) -> (Router, Console) {
    let console = console(app, driver);
    let all = routes(app, driver).merge(console.clone().router());
    (web::finish(all, app.clone()), console)
}

fn routes(app: &App, driver: &Ledger) -> Router<App> {
    let Starting { run, learn, job } = Starting::on(app, driver);
    // Nothing by itself: a test says when ([`World::publish`]).
    let publish: StartPublish = Arc::new(|_| Box::pin(async { Ok(()) }));
    recorded(purchases::router(app, publish), "purchases")
        .merge(recorded(offers::router(app), "offers"))
        .merge(recorded(admin::router(app, run, learn, job), "admin"))
}

/// The console over the routes that its function has.
pub fn console(app: &App, driver: &Ledger) -> Console {
    let Starting { run, learn, job } = Starting::on(app, driver);
    let routes = recorded(offers::router(app).merge(admin::router(app, run, learn, job)), "console");
    Console::new(app, web::finish(routes, app.clone()))
}

//! The state machine's file and the driver of one machine: the same calls in the same order, the same tries, the same end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use e2e::{World, acme};
use ledger::{LedgerError, RunStatus};
use resegment::{Plan, Retry, RunError, StepAnswer, Steps, What, walk};
use serde_json::{Value, json};

use crate::asl::Interpreter;
use crate::runs::{fill, labels};
use crate::steps::{begin, step};

fn file() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/run.asl.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What a function of a script says, call by call of each step; the last answer stands for all that follow.
#[derive(Clone, Default)]
struct Script {
    answers: BTreeMap<&'static str, Vec<Said>>,
}

#[derive(Clone, Copy)]
enum Said {
    Yes,
    NotYet,
    Look,
    Busy,
    Broken,
    Empty,
    Gone,
}

impl Script {
    fn with(mut self, step: &'static str, answers: &[Said]) -> Script {
        self.answers.insert(step, answers.to_vec());
        self
    }

    /// The answer to a call that is made for the `nth` time.
    fn answer(&self, what: &What, nth: usize) -> Result<StepAnswer, RunError> {
        let kind = serde_json::to_value(what).unwrap()["step"].as_str().unwrap().to_owned();
        let said = self.answers.get(kind.as_str()).and_then(|all| all.get(nth).or(all.last())).copied();
        match said.unwrap_or(Said::Yes) {
            Said::Busy => Err(RunError::Store(LedgerError::Busy)),
            Said::Broken => Err(RunError::Store(LedgerError::Damaged("it".to_owned()))),
            Said::Empty => Err(RunError::EmptyBase),
            Said::Gone => Err(RunError::NoRun { shop: acme(), run: 7 }),
            Said::NotYet => Ok(StepAnswer::Done { done: false }),
            Said::Look => Ok(StepAnswer::Fit { look: true, wait: 0 }),
            Said::Yes => Ok(match what {
                What::Plan => {
                    StepAnswer::Plan(Plan { shop: acme(), run: 7, fit: true, shards: vec![0, 1, 2], at_once: 40 })
                }
                What::Fit => StepAnswer::Fit { look: false, wait: 65 },
                _ => StepAnswer::Done { done: true },
            }),
        }
    }
}

/// The calls of each stage, sorted: a stage's shards come in any order.
fn stages(calls: &[Value]) -> Vec<Vec<String>> {
    let mut stages: Vec<(Value, Vec<String>)> = Vec::new();
    for call in calls {
        match stages.last_mut() {
            Some((step, of_stage)) if *step == call["step"] => of_stage.push(call.to_string()),
            _ => stages.push((call["step"].clone(), vec![call.to_string()])),
        }
    }
    stages.iter_mut().for_each(|(_, calls)| calls.sort());
    stages.into_iter().map(|(_, calls)| calls).collect()
}

fn nth(calls: &mut Vec<Value>, call: Value) -> usize {
    let before = calls.iter().filter(|made| **made == call).count();
    calls.push(call);
    before
}

/// The calls that the file makes, and its end.
async fn by_file(script: &Script) -> (Vec<Value>, Result<(), String>) {
    let calls = Rc::new(RefCell::new(Vec::new()));
    let (script, made) = (script.clone(), Rc::clone(&calls));
    let function = move |payload: Value| {
        let step: resegment::Step = serde_json::from_value(payload).unwrap();
        let nth = nth(&mut made.borrow_mut(), serde_json::to_value(&step.what).unwrap());
        let answer = script.answer(&step.what, nth);
        let answer = answer.map(|answer| serde_json::to_value(answer).unwrap());
        let answer = answer.map_err(|error| (error.kind().to_owned(), error.to_string()));
        Box::pin(async move { answer }) as std::pin::Pin<Box<dyn Future<Output = _>>>
    };
    let mut interpreter = Interpreter { function: &function, entered: Vec::new() };
    let ended = interpreter.run(&file(), json!({ "shop": "acme", "run": 7 })).await;
    (calls.take(), ended.map(|_| ()).map_err(|(error, _)| error))
}

/// The calls that the driver makes.
async fn by_driver(script: &Script) -> Vec<Value> {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (script, made) = (script.clone(), Arc::clone(&calls));
    let call = move |what: What| {
        let nth = nth(&mut made.lock().unwrap(), serde_json::to_value(&what).unwrap());
        let answer = script.answer(&what, nth);
        async move { answer }
    };
    walk(call, |_| {}).await.unwrap();
    calls.lock().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn file_and_driver_make_the_same_calls_and_the_same_tries() {
    use Said::{Broken, Busy, Empty, Gone, Look, NotYet, Yes};
    let mut ten_times = vec![Busy; 10];
    ten_times.extend([Broken, Broken, Broken, Yes]);
    let scripts = [
        ("all goes well", Script::default(), Ok(())),
        ("a second look", Script::default().with("fit", &[Look, Yes]), Ok(())),
        ("deadlines", Script::default().with("survey", &[NotYet, NotYet, Yes]).with("assign", &[NotYet, Yes]), Ok(())),
        ("a busy store", Script::default().with("plan", &ten_times).with("publish", &[Broken, Busy, Yes]), Ok(())),
        ("a store that stays busy", Script::default().with("fit", &[Busy]), Err("Run.Unavailable")),
        ("what stays broken", Script::default().with("publish", &[Broken]), Err("Run.Store")),
        ("nobody", Script::default().with("fit", &[Empty]), Ok(())),
        ("ended by another, at once", Script::default().with("plan", &[Gone]), Ok(())),
        ("ended by another, at the end", Script::default().with("publish", &[Gone]), Ok(())),
        ("given up by another", Script::default().with("publish", &[Broken]).with("fail", &[Gone]), Err("Run.Store")),
    ];
    for (name, script, end) in scripts {
        let (calls, ended) = by_file(&script).await;
        assert_eq!(ended, end.map_err(str::to_owned), "{name}");
        assert_eq!(stages(&by_driver(&script).await), stages(&calls), "{name}");
    }
}

#[tokio::test]
async fn a_shard_that_fails_for_good_ends_the_run_by_the_errors_own_name() {
    let (calls, ended) = by_file(&Script::default().with("assign", &[Said::Broken])).await;
    assert_eq!(ended, Err("States.ExceedToleratedFailureThreshold".to_owned()));
    let fail: Vec<&Value> = calls.iter().filter(|call| call["step"] == "fail").collect();
    assert_eq!((&fail[0]["error"], &fail[0]["cause"]), (&json!("Run.Store"), &json!("damaged item: it")));
}

#[test]
fn every_try_of_the_file_is_that_of_the_driver() {
    fn tasks(machine: &Value, found: &mut Vec<Value>) {
        for state in machine["States"].as_object().unwrap().values() {
            if state["Type"] == "Task" {
                found.push(state.clone());
            }
            if !state["ItemProcessor"].is_null() {
                tasks(&state["ItemProcessor"], found);
            }
        }
    }
    let mut found = Vec::new();
    tasks(&file(), &mut found);
    assert_eq!(found.len(), 10);
    for task in found {
        for kind in ["Run.EmptyBase", "Run.NotFound", "Run.Unavailable", "Run.Store", "Run.Task"] {
            let covers = |retrier: &&Value| {
                let named = retrier["ErrorEquals"].as_array().unwrap();
                named.contains(&json!(kind)) || named.contains(&json!("States.ALL"))
            };
            let retrier = task["Retry"].as_array().unwrap().iter().find(covers).unwrap();
            let number = |field: &str| u32::try_from(retrier[field].as_u64().unwrap()).unwrap();
            match Retry::of(kind) {
                None => assert_eq!(number("MaxAttempts"), 0, "{kind}"),
                Some(retry) => {
                    let in_file = Retry {
                        interval_seconds: number("IntervalSeconds"),
                        backoff_rate: retrier["BackoffRate"].as_f64().unwrap(),
                        max_delay_seconds: number("MaxDelaySeconds"),
                        max_attempts: number("MaxAttempts"),
                    };
                    assert_eq!((in_file, &retrier["JitterStrategy"]), (retry, &json!("FULL")), "{kind}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_file_over_the_store_comes_to_what_the_driver_comes_to() {
    let [left, right] = [World::on("2026-11-01").await, World::on("2026-11-01").await].map(Rc::new);
    fill(&left, 120).await;
    fill(&right, 120).await;
    let run = begin(&left, "2026-11-01", 3).await;
    let world = Rc::clone(&left);
    let function = move |payload: Value| {
        let world = Rc::clone(&world);
        Box::pin(async move {
            let answer = step(&world, &serde_json::from_value(payload).unwrap()).await;
            answer
                .map(|answer| serde_json::to_value(answer).unwrap())
                .map_err(|error| (error.kind().to_owned(), error.to_string()))
        }) as std::pin::Pin<Box<dyn Future<Output = _>>>
    };
    let mut interpreter = Interpreter { function: &function, entered: Vec::new() };
    interpreter.run(&file(), json!({ "shop": "acme", "run": run })).await.unwrap();
    assert!(["Survey", "Assign", "Published"].iter().all(|state| interpreter.entered.iter().any(|name| name == state)));
    let by_file = left.ledger.run(&acme(), run).await.unwrap().unwrap();

    let run = begin(&right, "2026-11-01", 3).await;
    let steps = Steps::new(right.process(), right.app.clock);
    let by_driver = resegment::drive(&steps, &acme(), run, |_| {}).await.unwrap();
    assert_eq!((by_file.status, &by_file.counts), (RunStatus::Published, &by_driver.counts));
    assert_eq!((by_file.cuts, by_file.labels), (by_driver.cuts, by_driver.labels));
    assert_eq!(labels(&left).await, labels(&right).await);
}

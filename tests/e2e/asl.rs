//! An interpreter of that part of the Amazon States Language that our state machines are written in. A field that it does not
//! know is a mistake, here or in the file. Pauses take no time, and a map's items come one after the other.

use std::collections::BTreeMap;
use std::pin::Pin;

use serde_json::{Map, Value, json};

/// An error's name and cause.
pub(crate) type Failed = (String, String);

/// Input to output, or the error's name and cause.
pub(crate) type Function = dyn Fn(Value) -> Pin<Box<dyn Future<Output = Result<Value, Failed>>>>;

/// A machine, with the function that its tasks call.
pub(crate) struct Interpreter<'a> {
    /// The function.
    pub(crate) function: &'a Function,
    /// Every state that was entered, in order.
    pub(crate) entered: Vec<String>,
}

const KNOWN: &[(&str, &[&str])] = &[
    ("Task", &["Resource", "Parameters", "TimeoutSeconds", "ResultSelector", "ResultPath", "Retry", "Catch", "Next"]),
    (
        "Map",
        &["Label", "ItemsPath", "MaxConcurrencyPath", "ItemSelector", "ItemProcessor", "ResultPath", "Catch", "Next"],
    ),
    ("Choice", &["Choices", "Default"]),
    ("Wait", &["SecondsPath", "Next"]),
    ("Pass", &["Result", "End"]),
    ("Succeed", &[]),
    ("Fail", &["ErrorPath", "CausePath"]),
];

impl Interpreter<'_> {
    /// Runs a machine, or a map's part of one, to its end.
    pub(crate) fn run<'a>(
        &'a mut self,
        machine: &'a Value,
        mut input: Value,
    ) -> Pin<Box<dyn Future<Output = Result<Value, Failed>> + 'a>> {
        Box::pin(async move {
            let mut name = machine["StartAt"].as_str().unwrap();
            loop {
                self.entered.push(name.to_owned());
                let state = &machine["States"][name];
                check(name, state);
                match state["Type"].as_str().unwrap() {
                    "Succeed" => return Ok(input),
                    "Fail" => return Err((text(&state["ErrorPath"], &input), text(&state["CausePath"], &input))),
                    "Pass" => return Ok(state["Result"].clone()),
                    "Choice" => {
                        name = chosen(state, &input);
                        continue;
                    }
                    "Wait" => assert!(at(state["SecondsPath"].as_str().unwrap(), &input, None).is_u64(), "{name}"),
                    kind => {
                        let result =
                            if kind == "Task" { self.task(state, &input).await } else { self.map(state, &input).await };
                        match result {
                            Ok(result) => input = put(&input, &state["ResultPath"], result),
                            Err((error, cause)) => {
                                let caught = catcher(state, &error).ok_or((error.clone(), cause.clone()))?;
                                let failure = json!({ "Error": error, "Cause": cause });
                                input = put(&input, &caught["ResultPath"], failure);
                                name = caught["Next"].as_str().unwrap();
                                continue;
                            }
                        }
                    }
                }
                name = state["Next"].as_str().unwrap();
            }
        })
    }

    async fn task(&self, state: &Value, input: &Value) -> Result<Value, Failed> {
        let payload = filled(&state["Parameters"]["Payload"], input, None);
        let mut tried: BTreeMap<usize, u64> = BTreeMap::new();
        loop {
            let (error, cause) = match (self.function)(payload.clone()).await {
                Ok(answer) => {
                    let answer = json!({ "Payload": answer });
                    let selector = &state["ResultSelector"];
                    return Ok(if selector.is_null() { answer } else { filled(selector, &answer, None) });
                }
                Err(failed) => failed,
            };
            let retriers = state["Retry"].as_array().unwrap();
            let Some(nth) = retriers.iter().position(|retrier| covers(retrier, &error)) else {
                return Err((error, cause));
            };
            let tries = tried.entry(nth).or_default();
            if *tries >= retriers[nth]["MaxAttempts"].as_u64().unwrap() {
                return Err((error, cause));
            }
            *tries += 1;
        }
    }

    async fn map(&mut self, state: &Value, input: &Value) -> Result<Value, Failed> {
        let processor = &state["ItemProcessor"];
        assert_eq!(processor["ProcessorConfig"]["Mode"], "DISTRIBUTED");
        assert!(at(state["MaxConcurrencyPath"].as_str().unwrap(), input, None).is_u64());
        let items = at(state["ItemsPath"].as_str().unwrap(), input, None).clone();
        let mut failed = false;
        for item in items.as_array().unwrap() {
            let given = filled(&state["ItemSelector"], input, Some(item));
            failed |= self.run(processor, given).await.is_err();
        }
        if failed {
            let cause = "The specified tolerated failure threshold was exceeded".to_owned();
            return Err(("States.ExceedToleratedFailureThreshold".to_owned(), cause));
        }
        Ok(Value::Null)
    }
}

fn check(name: &str, state: &Value) {
    let kind = state["Type"].as_str().unwrap();
    let (_, known) = KNOWN.iter().find(|(known, _)| *known == kind).unwrap();
    for field in state.as_object().unwrap().keys() {
        assert!(["Type", "Comment"].contains(&field.as_str()) || known.contains(&field.as_str()), "{name}: {field}");
    }
}

fn chosen<'a>(state: &'a Value, input: &Value) -> &'a str {
    let holds = |choice: &&Value| {
        let value = at(choice["Variable"].as_str().unwrap(), input, None);
        let rule = choice.as_object().unwrap();
        let wanted = rule.get("BooleanEquals").or_else(|| rule.get("StringEquals")).unwrap();
        value == wanted
    };
    let choice = state["Choices"].as_array().unwrap().iter().find(holds);
    choice.map_or(&state["Default"], |choice| &choice["Next"]).as_str().unwrap()
}

fn covers(rule: &Value, error: &str) -> bool {
    rule["ErrorEquals"].as_array().unwrap().iter().any(|named| named == error || named == "States.ALL")
}

fn catcher<'a>(state: &'a Value, error: &str) -> Option<&'a Value> {
    state["Catch"].as_array()?.iter().find(|rule| covers(rule, error))
}

/// The value at a path such as `$.a.b`.
fn at<'a>(path: &str, input: &'a Value, item: Option<&'a Value>) -> &'a Value {
    if path == "$$.Map.Item.Value" {
        return item.unwrap();
    }
    let path = path.strip_prefix('$').unwrap();
    path.split('.')
        .filter(|part| !part.is_empty())
        .fold(input, |value, part| value.get(part).unwrap_or_else(|| panic!("there is no {part} in {value}")))
}

fn text(path: &Value, input: &Value) -> String {
    at(path.as_str().unwrap(), input, None).as_str().unwrap().to_owned()
}

/// A template with its `name.$` fields filled in.
fn filled(template: &Value, input: &Value, item: Option<&Value>) -> Value {
    let Value::Object(fields) = template else { return template.clone() };
    let fields = fields.iter().map(|(name, value)| match name.strip_suffix(".$") {
        Some(name) => (name.to_owned(), at(value.as_str().unwrap(), input, item).clone()),
        None => (name.clone(), filled(value, input, item)),
    });
    Value::Object(fields.collect::<Map<String, Value>>())
}

/// The input with a result put in at a path; `null` throws it away.
fn put(input: &Value, path: &Value, result: Value) -> Value {
    let Some(path) = path.as_str() else { return input.clone() };
    let Some(field) = path.strip_prefix("$.") else { return result };
    let mut input = input.clone();
    input[field] = result;
    input
}

//! What functions ask of AWS, as an interceptor of the SDK sees it on the wire, and what the template lets them do.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use serde_json::Value;
use serde_yaml_ng::Value as Yaml;

/// An action and the resource it is done to, such as `dynamodb:GetItem` and `Customers`; an index is `Customers/audience`.
pub type Permission = (String, String);

/// Permissions by function.
pub type ByFunction = BTreeMap<String, BTreeSet<Permission>>;

thread_local! {
    /// The recorder of worlds that are made on this thread.
    static CURRENT: RefCell<Recorder> = RefCell::default();
}

/// What was asked so far, and which function is at work.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Recorded>>);

#[derive(Debug, Default)]
struct Recorded {
    doing: Option<&'static str>,
    seen: ByFunction,
}

impl Recorder {
    /// The one of this thread.
    #[must_use]
    pub fn current() -> Recorder {
        CURRENT.with_borrow(Clone::clone)
    }

    /// From now on the calls that nobody else is known for are this function's; `None`: a test's own.
    pub fn doing(&self, function: Option<&'static str>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).doing = function;
    }

    /// What was asked.
    #[must_use]
    pub fn seen(&self) -> ByFunction {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).seen.clone()
    }

    /// Records a client's calls as this function's, or as of whoever is at work.
    #[must_use]
    pub fn of(&self, function: Option<&'static str>) -> Watch {
        Watch { recorder: self.clone(), function }
    }
}

/// An interceptor that records a client's calls.
#[derive(Clone, Debug)]
pub struct Watch {
    recorder: Recorder,
    function: Option<&'static str>,
}

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "Watch"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut recorded = self.recorder.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(function) = self.function.or(recorded.doing) else { return Ok(()) };
        let request = context.request();
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let input = request.body().bytes().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or(Value::Null);
        recorded.seen.entry(function.to_owned()).or_default().extend(asked(&target, &input));
        Ok(())
    }
}

/// What a call needs. A transaction needs the actions of its parts, and a batch of messages that of one.
///
/// Source: "Actions, resources, and condition keys" for DynamoDB, SQS, EventBridge and Step Functions, Service Authorization
/// Reference.
fn asked(target: &str, input: &Value) -> Vec<Permission> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let permission = |service: &str, action: &str, resource: String| (format!("{service}:{action}"), resource);
    let (service, operation) = target.rsplit_once('.').unwrap_or_default();
    match (service, operation) {
        ("DynamoDB_20120810", "TransactWriteItems" | "TransactGetItems") => {
            let parts = input["TransactItems"].as_array().cloned().unwrap_or_default();
            let part = |part: &Value| {
                let (kind, of) = part.as_object()?.iter().next()?;
                let action =
                    if kind == "ConditionCheck" { "ConditionCheckItem".to_owned() } else { format!("{kind}Item") };
                Some(permission("dynamodb", &action, text(&of["TableName"])))
            };
            parts.iter().filter_map(part).collect()
        }
        ("DynamoDB_20120810", "BatchGetItem") => {
            let tables = input["RequestItems"].as_object().cloned().unwrap_or_default();
            tables.keys().map(|table| permission("dynamodb", operation, table.clone())).collect()
        }
        ("DynamoDB_20120810", _) => {
            let index = input["IndexName"].as_str().map(|index| format!("/{index}")).unwrap_or_default();
            vec![permission("dynamodb", operation, text(&input["TableName"]) + &index)]
        }
        ("AmazonSQS", "SendMessageBatch") => vec![permission("sqs", "SendMessage", text(&input["QueueUrl"]))],
        ("AmazonSQS", "ChangeMessageVisibilityBatch") => {
            vec![permission("sqs", "ChangeMessageVisibility", text(&input["QueueUrl"]))]
        }
        ("AWSEvents", _) => vec![permission("events", operation, text(&input["Entries"][0]["EventBusName"]))],
        ("AWSStepFunctions", _) => vec![permission("states", operation, text(&input["stateMachineArn"]))],
        _ => vec![permission(service, operation, String::new())],
    }
}

/// What the template lets each function do, by the function's package; statements that say no are not understood.
///
/// # Panics
/// Where the template is not as this expects it: it is a test's business.
#[must_use]
#[expect(clippy::expect_used, clippy::panic, reason = "a template that cannot be read is a failed test")]
pub fn allowed(template: &str) -> ByFunction {
    let template: Yaml = serde_yaml_ng::from_str(template).expect("the template");
    let resources = template["Resources"].as_mapping().expect("resources");
    let functions = resources.iter().filter(|(_, it)| it["Type"] == "AWS::Serverless::Function");
    let of = |(_, function): (&Yaml, &Yaml)| {
        let code = function["Properties"]["CodeUri"].as_str().expect("a package");
        let mut permissions = BTreeSet::new();
        for policy in function["Properties"]["Policies"].as_sequence().expect("policies") {
            for statement in policy["Statement"].as_sequence().expect("statements") {
                assert_eq!(statement["Effect"], "Allow", "{statement:?}");
                // What Lambda itself does in the function's name: no code of ours calls it.
                if statement["Sid"] == "EventSource" {
                    continue;
                }
                for resource in one_or_many(&statement["Resource"]) {
                    for action in one_or_many(&statement["Action"]) {
                        let action = action.as_str().unwrap_or_else(|| panic!("no action: {action:?}"));
                        permissions.insert((action.to_owned(), resource_name(&resource)));
                    }
                }
            }
        }
        (code.rsplit('/').next().unwrap_or_default().to_owned(), permissions)
    };
    functions.map(of).collect()
}

fn one_or_many(value: &Yaml) -> Vec<Yaml> {
    value.as_sequence().cloned().unwrap_or_else(|| vec![value.clone()])
}

/// The resource that an intrinsic function names: `!Ref X`, `!GetAtt X.Arn`, `!Sub "${X.Arn}/index/i"`, or an ARN that ends in a
/// state machine's name.
#[expect(clippy::panic, reason = "as above")]
fn resource_name(resource: &Yaml) -> String {
    let Yaml::Tagged(tagged) = resource else {
        panic!("a resource must be named by an intrinsic function: {resource:?}")
    };
    let text = tagged.value.as_str().unwrap_or_else(|| panic!("{resource:?}"));
    match text.strip_prefix("${").and_then(|rest| rest.split_once(".Arn}/index/")) {
        Some((table, index)) => format!("{table}/{index}"),
        None => match text.rsplit_once("${AWS::StackName}-") {
            Some((_, machine)) => machine.to_owned(),
            None => text.trim_end_matches(".Arn").to_owned(),
        },
    }
}

//! `resegment` as a Lambda function.

use chrono::{DateTime, TimeDelta, Utc};
use lambda_runtime::{LambdaEvent, service_fn};
use resegment::function::{Event, counts, handle, job_state_machine, learn_state_machine, state_machine};
use resegment::{RunError, Steps, Until};
use web::lambda::Metrics;

/// A page and the labels of a stretch take some seconds; a pause of the pace, five.
const MARGIN: TimeDelta = TimeDelta::seconds(60);

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    web::lambda::start_logs();
    let config = web::lambda::sdk_config()?;
    let metrics = &Metrics::of("resegment");
    let app = web::lambda::app(&config, metrics).await?;
    let steps = &Steps::new(app.ledger, app.clock);
    let client = aws_sdk_sfn::Client::new(&config);
    let start = &state_machine(client.clone(), web::lambda::variable("RUN_STATE_MACHINE_ARN")?, steps.clock);
    let learn = &learn_state_machine(client.clone(), web::lambda::variable("LEARN_STATE_MACHINE_ARN")?, steps.clock);
    let job = &job_state_machine(client, web::lambda::variable("JOB_STATE_MACHINE_ARN")?, steps.clock);
    let function = service_fn(|LambdaEvent { payload: event, context }: LambdaEvent<Event>| async move {
        let mut invocation = metrics.begin(Some(&context.request_id), context.xray_trace_id.as_deref());
        // What is begun after that would be cut off in the middle of its writes.
        let until = Until::at(DateTime::<Utc>::from(context.deadline()) - MARGIN);
        let handled = handle(steps, start, learn, job, event.clone(), until).await;
        invocation.handled(event.name(), handled.as_ref().err().map(RunError::kind));
        if let Ok(answer) = &handled {
            metrics.count(&counts(&event, answer));
        }
        handled
    });
    lambda_runtime::run(function).await
}

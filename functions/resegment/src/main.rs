//! `resegment` as a Lambda function.

use chrono::{DateTime, TimeDelta, Utc};
use lambda_runtime::{LambdaEvent, service_fn};
use resegment::function::{Event, handle, job_state_machine, learn_state_machine, state_machine};
use resegment::{Steps, Until};

/// A page and the labels of a stretch take some seconds; a pause of the pace, five.
const MARGIN: TimeDelta = TimeDelta::seconds(60);

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    web::lambda::start_logs();
    let config = web::lambda::sdk_config().await;
    let app = web::lambda::app(&config).await?;
    let steps = &Steps::new(app.ledger, app.clock);
    let client = aws_sdk_sfn::Client::new(&config);
    let start = &state_machine(client.clone(), web::lambda::variable("RUN_STATE_MACHINE_ARN")?, steps.clock);
    let learn = &learn_state_machine(client.clone(), web::lambda::variable("LEARN_STATE_MACHINE_ARN")?, steps.clock);
    let job = &job_state_machine(client, web::lambda::variable("JOB_STATE_MACHINE_ARN")?, steps.clock);
    let function = service_fn(|event: LambdaEvent<Event>| async move {
        // What is begun after that would be cut off in the middle of its writes.
        let until = Until::at(DateTime::<Utc>::from(event.context.deadline()) - MARGIN);
        handle(steps, start, learn, job, event.payload, until).await
    });
    lambda_runtime::run(function).await
}

//! `resegment` as a Lambda function.

use lambda_runtime::{LambdaEvent, service_fn};
use resegment::Steps;
use resegment::function::{Event, handle, job_state_machine, learn_state_machine, state_machine};

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    web::lambda::start_logs();
    let config = web::lambda::sdk_config().await;
    let app = web::lambda::app(&config).await?;
    let steps = &Steps { ledger: app.ledger, clock: app.clock };
    let client = aws_sdk_sfn::Client::new(&config);
    let start = &state_machine(client.clone(), web::lambda::variable("RUN_STATE_MACHINE_ARN")?, steps.clock);
    let learn = &learn_state_machine(client.clone(), web::lambda::variable("LEARN_STATE_MACHINE_ARN")?, steps.clock);
    let job = &job_state_machine(client, web::lambda::variable("JOB_STATE_MACHINE_ARN")?, steps.clock);
    let function =
        service_fn(|event: LambdaEvent<Event>| async move { handle(steps, start, learn, job, event.payload).await });
    lambda_runtime::run(function).await
}

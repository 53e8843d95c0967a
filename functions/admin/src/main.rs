//! `admin` as a Lambda function.

use resegment::function::{job_state_machine, learn_state_machine, state_machine};
use web::Clock;
use web::lambda::{StartError, sdk_config, serve, variable};

#[tokio::main]
async fn main() -> Result<(), StartError> {
    let client = aws_sdk_sfn::Client::new(&sdk_config()?);
    let start = state_machine(client.clone(), variable("RUN_STATE_MACHINE_ARN")?, Clock::System);
    let learn = learn_state_machine(client.clone(), variable("LEARN_STATE_MACHINE_ARN")?, Clock::System);
    let job = job_state_machine(client, variable("JOB_STATE_MACHINE_ARN")?, Clock::System);
    serve("admin", |app| admin::router(app, start, learn, job)).await
}

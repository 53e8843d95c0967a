//! `purchases` as a Lambda function.

use purchases::publish::state_machine;
use web::Clock;
use web::lambda::{StartError, sdk_config, serve, variable};

#[tokio::main]
async fn main() -> Result<(), StartError> {
    let client = aws_sdk_sfn::Client::new(&sdk_config()?);
    let start = state_machine(client, variable("PUBLISH_STATE_MACHINE_ARN")?, Clock::System);
    serve("purchases", |app| purchases::router(app, start)).await
}

//! `admin` as a Lambda function.

use resegment::function::state_machine;
use web::lambda::{StartError, sdk_config, serve, variable};

#[tokio::main]
async fn main() -> Result<(), StartError> {
    let client = aws_sdk_sfn::Client::new(&sdk_config().await);
    let start = state_machine(client, variable("RUN_STATE_MACHINE_ARN")?);
    serve(|app| admin::router(app, start)).await
}

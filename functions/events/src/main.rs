//! `events` as a Lambda function.

use events::{Batch, Out, handle};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use web::lambda::variable;

#[tokio::main]
async fn main() -> Result<(), Error> {
    web::lambda::start_logs();
    let config = web::lambda::sdk_config().await;
    let out = &Out {
        ledger: web::lambda::app(&config).await?.ledger,
        sqs: aws_sdk_sqs::Client::new(&config),
        queue_url: variable("DELIVERIES_QUEUE_URL")?,
        bus: aws_sdk_eventbridge::Client::new(&config),
        bus_name: variable("EVENT_BUS_NAME")?,
    };
    let function =
        service_fn(|event: LambdaEvent<Batch>| async move { Ok::<_, Error>(handle(out, event.payload).await) });
    lambda_runtime::run(function).await
}

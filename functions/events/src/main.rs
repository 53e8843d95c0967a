//! `events` as a Lambda function.

use events::{Batch, Out, handle};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use web::lambda::{Metrics, variable};

#[tokio::main]
async fn main() -> Result<(), Error> {
    web::lambda::start_logs();
    let config = web::lambda::sdk_config()?;
    let metrics = &Metrics::of("events");
    let out = &Out {
        ledger: web::lambda::app(&config, metrics).await?.ledger,
        sqs: aws_sdk_sqs::Client::new(&config),
        queue_url: variable("DELIVERIES_QUEUE_URL")?,
        bus: aws_sdk_eventbridge::Client::new(&config),
        bus_name: variable("EVENT_BUS_NAME")?,
    };
    let function = service_fn(|LambdaEvent { payload: batch, context }: LambdaEvent<Batch>| async move {
        let mut invocation = metrics.begin(Some(&context.request_id), context.xray_trace_id.as_deref());
        let source = batch.source();
        let answer = handle(out, batch).await;
        invocation.handled(source, (!answer.batch_item_failures.is_empty()).then_some("incomplete-batch"));
        Ok::<_, Error>(answer)
    });
    lambda_runtime::run(function).await
}

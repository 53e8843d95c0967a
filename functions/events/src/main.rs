//! `events` as a Lambda function.

use std::sync::Arc;

use events::{Batch, EventBridge, Out, Sender, SqsQueue, handle};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use web::lambda::{Metrics, variable};

#[tokio::main]
async fn main() -> Result<(), Error> {
    web::lambda::start_logs();
    let config = web::lambda::sdk_config()?;
    let metrics = &Metrics::of("events");
    let queue = SqsQueue { client: aws_sdk_sqs::Client::new(&config), url: variable("DELIVERIES_QUEUE_URL")? };
    let bus = EventBridge { client: aws_sdk_eventbridge::Client::new(&config), name: variable("EVENT_BUS_NAME")? };
    let app = web::lambda::app(&config, metrics).await?;
    let out = &Out {
        ledger: app.ledger,
        queue: Arc::new(queue),
        bus: Some(Arc::new(bus)),
        sender: Sender::new(app.receivers),
        clock: app.clock,
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

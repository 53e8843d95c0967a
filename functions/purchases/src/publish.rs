//! How a publish job that was asked for is set going: as a task of this machine, or by a state machine.

use std::pin::Pin;
use std::sync::Arc;

use ledger::ShopId;

/// Sets going the job that publishes a shop's catalogue; asked for many times, it runs at most once a minute.
pub type StartPublish =
    Arc<dyn Fn(ShopId) -> Pin<Box<dyn Future<Output = Result<(), StartPublishError>> + Send>> + Send + Sync>;

/// The job could not be set going. What was asked for is noted, and the next job publishes it.
#[derive(Debug, thiserror::Error)]
#[error("the publish job could not be started: {0}")]
pub struct StartPublishError(pub String);

/// Starts the state machine. An execution is named by the shop and the minute and waits for that minute's end, so however
/// often it is started there is one, and it sees everything that was written in its minute.
#[cfg(feature = "lambda")]
#[must_use]
pub fn state_machine(client: aws_sdk_sfn::Client, arn: String, clock: web::Clock) -> StartPublish {
    Arc::new(move |shop| {
        let (client, arn) = (client.clone(), arn.clone());
        let (name, input) = execution(&shop, clock.now());
        Box::pin(async move {
            let started = client.start_execution().state_machine_arn(arn).name(name).input(input).send().await;
            match started {
                Err(error) if error.as_service_error().is_some_and(|error| error.is_execution_already_exists()) => {
                    Ok(())
                }
                Err(error) => Err(StartPublishError(aws_sdk_sfn::error::DisplayErrorContext(error).to_string())),
                Ok(_) => Ok(()),
            }
        })
    })
}

/// The name and input of the execution that publishes what was written up to `now`.
#[cfg(any(feature = "lambda", test))]
fn execution(shop: &ShopId, now: chrono::DateTime<chrono::Utc>) -> (String, String) {
    let minute = now.timestamp().div_euclid(60);
    // Clocks differ: a little after the minute's end, the last write that names this minute has been made.
    let at = chrono::DateTime::from_timestamp(minute * 60 + 65, 0).unwrap_or(now);
    let at = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    (format!("publish-{shop}-{minute}"), serde_json::json!({ "shop": shop, "at": at }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_writes_of_a_minute_name_one_execution_that_begins_after_it() {
        let shop: ShopId = "acme".parse().unwrap();
        let at = |text: &str| execution(&shop, text.parse().unwrap());
        assert_eq!(at("2026-11-22T12:00:00Z"), at("2026-11-22T12:00:59.999Z"));
        assert_ne!(at("2026-11-22T12:00:59Z").0, at("2026-11-22T12:01:00Z").0);
        let (name, input) = at("2026-11-22T12:00:30Z");
        assert_eq!(name, "publish-acme-29922480");
        assert_eq!(input, r#"{"at":"2026-11-22T12:01:05Z","shop":"acme"}"#);
    }
}

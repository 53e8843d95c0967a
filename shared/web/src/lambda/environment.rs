//! What Lambda and the template tell a function: the only place of these crates that reads variables.

use std::time::Duration;

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_types::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use super::tls::http_client;

/// What a binary cannot start without.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable of the environment is not set.
    #[error("the environment variable {0} is not set")]
    Variable(&'static str),
    /// The TLS client could not be made.
    #[error(transparent)]
    Tls(#[from] aws_smithy_http_client::HttpClientError),
    /// The Lambda runtime ended.
    #[error(transparent)]
    Runtime(#[from] lambda_http::Error),
}

/// A variable of the environment.
///
/// # Errors
/// [`StartError::Variable`] when it is not set.
pub fn variable(name: &'static str) -> Result<String, StartError> {
    read(name).ok_or(StartError::Variable(name))
}

fn read(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place where a Lambda binary reads its environment")]
    std::env::var(name).ok()
}

/// The SDK's configuration, with timeouts on every call: a checkout does not wait for a retry that comes too late.
///
/// Lambda gives region and credentials in variables, and nothing else: `aws-config` would look for them in profiles, in containers
/// and with single sign-on too, which makes every binary half a megabyte larger.
///
/// # Errors
/// [`StartError::Variable`] when one of Lambda's own is missing; [`StartError::Tls`] when the client cannot be made.
pub fn sdk_config() -> Result<SdkConfig, StartError> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(500))
        .operation_attempt_timeout(Duration::from_secs(2))
        .operation_timeout(Duration::from_secs(5))
        .build();
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        read("AWS_SESSION_TOKEN"),
        // They live as long as the environment does.
        None,
        "environment",
    );
    let region = variable("AWS_REGION")?;
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client(&region)?)
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .timeout_config(timeouts)
        .service_config(OfServices);
    config.set_endpoint_url(read("AWS_ENDPOINT_URL"));
    Ok(config.build())
}

/// What is said for one service, such as `AWS_ENDPOINT_URL_DYNAMODB`.
#[derive(Debug)]
struct OfServices;

impl LoadServiceConfig for OfServices {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        read(&format!("{}_{}", key.env(), key.service_id().to_uppercase().replace(' ', "_")))
    }
}

//! DynamoDB on one machine: an embedded engine with the tables of the deployed template, behind the real SDK.
//!
//! There is one storage path, `aws-sdk-dynamodb`, and this is its other end where there is no AWS: in memory for tests,
//! on a file for `tercile serve`. Tables are defined in `infra/template.yaml` and nowhere else; here they have their
//! logical ids for names. What the engine does not imitate: throttling, transaction conflicts, eventually consistent
//! reads, backups, and expiry on its own ([`Engine::sweep_expired`]).

mod error;
mod prepare;
mod stream;
mod table;
mod template;
mod tokens;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use dynoxide::Database;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use error::EngineError;
pub use prepare::make_tables;
pub use stream::{QUEUE, STREAM};
pub use table::{Index, Key, Table};
pub use template::{TemplateError, tables};

/// How long [`Engine::stop`] waits for running requests. One transaction on a slow disk takes well under a second.
const STOPPING: Duration = Duration::from_secs(5);

/// A running engine. It lives in the Tokio runtime that started it and stops when it is dropped.
///
/// Any number of engines run side by side in one process, each with its own address and its own data. Two must not
/// have the same file.
pub struct Engine {
    client: Client,
    endpoint: String,
    database: Database,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), String>>,
}

impl Engine {
    /// Starts an engine whose data lives as long as it does.
    ///
    /// # Errors
    ///
    /// If it cannot listen on the loopback address or make the tables.
    pub async fn memory() -> Result<Engine, EngineError> {
        Engine::start(Database::memory().map_err(EngineError::Memory)?, &template::tables()?).await
    }

    /// Starts an engine on a file, which is made if it is not there. Tables that are missing are made, others kept.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, or holds one of the tables with another definition
    /// ([`EngineError::SchemaDiffers`]); then nothing in it was changed.
    pub async fn open(path: &Path) -> Result<Engine, EngineError> {
        // An absolute path is never taken for one of SQLite's special names (`:memory:`, `file:...`).
        let absolute = std::path::absolute(path).ok();
        let name = absolute.as_deref().and_then(Path::to_str).ok_or_else(|| EngineError::Path(path.to_owned()))?;
        let database = Database::new(name).map_err(|source| EngineError::Open { path: path.to_owned(), source })?;
        Engine::start(database, &template::tables()?).await
    }

    async fn start(database: Database, tables: &[Table]) -> Result<Engine, EngineError> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(EngineError::Listen)?;
        let endpoint = format!("http://{}", listener.local_addr().map_err(EngineError::Listen)?);
        let (stop, stopped) = oneshot::channel();
        // An error means that the engine was dropped, which asks the server to stop just the same.
        let stopped = async { stopped.await.unwrap_or_default() };
        let server = tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database.clone(), stopped));
        let engine = Engine { client: connect(&endpoint), endpoint, database, stop, server };
        make_tables(&engine.client, tables).await?;
        Ok(engine)
    }

    /// A client of this engine. Clients share their connections, and fail once the engine has stopped.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// A client whose transactions on `Ledger` are noted in the table [`STREAM`], as AWS's stream would have them, for whoever tells events.
    ///
    /// # Errors
    ///
    /// If that table cannot be made or read.
    pub async fn telling(&self) -> Result<Client, EngineError> {
        telling(&self.client).await
    }

    /// Where the engine listens, such as `http://127.0.0.1:40213`. Any DynamoDB client may use it, with any credentials.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Turns bulk loading on or off: on a file some six times as many writes a second, since none waits for the disk.
    ///
    /// While it is on, a loss of power (not a crash of this process) can damage the file, so it is for filling one that
    /// can be filled again. After it was off again, and until the file is opened anew, a loss of power can cost the last
    /// writes, but nothing older.
    ///
    /// # Errors
    ///
    /// If the database refuses the setting.
    pub fn bulk_loading(&self, on: bool) -> Result<(), EngineError> {
        let set = if on { Database::enable_bulk_loading } else { Database::disable_bulk_loading };
        set(&self.database).map_err(EngineError::Database)
    }

    /// Deletes the items that have expired, as DynamoDB does within days, and says how many they were. It reads whole
    /// tables, other requests coming in between.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn sweep_expired(&self) -> Result<usize, EngineError> {
        let database = self.database.clone();
        let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
        swept.map_err(EngineError::Swept)?.map_err(EngineError::Database)
    }

    /// Stops: takes no more requests, lets those that are running finish, and closes the file.
    ///
    /// # Errors
    ///
    /// If the server ended with an error before, or a request was still running after five seconds.
    pub async fn stop(self) -> Result<(), EngineError> {
        let Engine { client, database, stop, mut server, .. } = self;
        drop((client, database, stop));
        let Ok(ended) = tokio::time::timeout(STOPPING, &mut server).await else {
            server.abort();
            return Err(EngineError::Stop(format!("requests still ran after {} seconds", STOPPING.as_secs())));
        };
        ended.map_err(|panicked| panicked.to_string()).and_then(|served| served).map_err(EngineError::Stop)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// [`Engine::telling`] of any store that a client leads to.
///
/// # Errors
///
/// If the tables for it cannot be made or read.
pub async fn telling(client: &Client) -> Result<Client, EngineError> {
    let noting = stream::Noting::over(client).await?;
    Ok(Client::from_conf(client.config().to_builder().interceptor(noting).build()))
}

/// A client of an engine, this process's or another's: no TLS, any credentials, and no waiting for what answers in a millisecond.
pub fn connect(endpoint: &str) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        // A transaction of 100 items waits for the disk once; other requests may be in front of it.
        .operation_attempt_timeout(Duration::from_secs(10))
        .build();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .credentials_provider(Credentials::new("local", "local", None, None, "engine"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .timeout_config(timeouts)
        .interceptor(tokens::WithoutTokens)
        .build();
    Client::from_conf(config)
}

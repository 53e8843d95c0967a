//! Components of the edge: built with a shop's bundle as a user builds them, and served by a real host on loopback.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tempfile::TempDir;

/// How long a host may take to be there.
const PATIENCE: Duration = Duration::from_secs(60);

/// The repository's directory.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Components in a directory of their own.
pub struct Built {
    directory: TempDir,
    /// What the build said of their sizes.
    pub sizes: String,
}

impl Built {
    /// Builds them with `infra/edge/build`.
    ///
    /// # Panics
    /// Where that fails, with what it said.
    #[must_use]
    pub fn with(bundle: &[u8]) -> Built {
        #[expect(clippy::expect_used, reason = "without a directory nothing can be built")]
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("bundle");
        #[expect(clippy::expect_used, reason = "as above")]
        std::fs::write(&file, bundle).expect("a file");
        let mut command = Command::new(root().join("infra/edge/build"));
        command.args([OsStr::new("--bundle"), file.as_os_str(), OsStr::new("--out"), directory.path().as_os_str()]);
        #[expect(clippy::expect_used, reason = "the script is in the repository")]
        let made = command.output().expect("infra/edge/build");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Built { directory, sizes: String::from_utf8_lossy(&made.stdout).into_owned() }
    }

    /// The file of this name beside them.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// A component being served.
pub struct Served {
    process: Child,
    url: String,
    client: Client<HttpConnector, Full<Bytes>>,
    /// From the host's start to its first answer.
    pub started: Duration,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Served {
    /// By the host that this command starts; it is given a free port.
    ///
    /// # Panics
    /// Where nobody answers there within a minute.
    pub async fn by(command: impl FnOnce(u16) -> Command) -> Served {
        #[expect(clippy::expect_used, reason = "without loopback no test can run")]
        let port = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).expect("loopback");
        let begun = Instant::now();
        let mut command = command(port.port());
        #[expect(clippy::expect_used, reason = "who asks for it has it")]
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the host");
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut served = Served { process, url: format!("http://{port}"), client, started: Duration::ZERO };
        while served.ask("GET", "/offers", None, Bytes::new()).await.is_none() {
            assert!(begun.elapsed() < PATIENCE, "the component is not served");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        served.started = begun.elapsed();
        served
    }

    /// Status and body; `None`: nobody is there. The token goes as a page's cookie does.
    pub async fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Bytes) -> Option<(u16, Bytes)> {
        let request = hyper::Request::builder().method(method).uri(format!("{}{path}", self.url));
        let request = match token {
            Some(token) => request.header("cookie", format!("theme=dark; tercile_token={token}")),
            None => request,
        };
        let answer = self.client.request(request.body(Full::new(body)).ok()?).await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.into_body().collect().await.ok()?.to_bytes()))
    }

    /// The host's process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.process.id()
    }
}

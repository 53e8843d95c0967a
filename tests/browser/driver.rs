//! Chromium's driver: a process that takes the W3C's WebDriver protocol, which is JSON over HTTP. A dozen of its commands are used, so
//! no library is taken for it: each brings a tree of its own, one of them a licence that we have nowhere else.

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

/// Why a command was not done, such as `no such element`.
#[derive(Debug)]
pub struct Fault {
    /// The protocol's name of it, or `broken` where the driver itself does not answer.
    pub error: String,
    /// In the driver's words.
    pub message: String,
}

impl Fault {
    pub(super) fn broken(why: impl fmt::Display) -> Fault {
        Fault { error: "broken".to_owned(), message: why.to_string() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error, self.message)
    }
}

impl std::error::Error for Fault {}

/// A running driver. When it is dropped its browsers end, then it does.
pub(super) struct Driver {
    process: Child,
    port: u16,
    http: Client<HttpConnector, Full<Bytes>>,
    // Kept open, so that it can go on writing.
    _out: BufReader<ChildStdout>,
}

impl Driver {
    /// On a port of its own choice.
    pub(super) fn start() -> Result<Driver, Fault> {
        let mut command = Command::new("chromedriver");
        command.args(["--port=0", "--log-level=SEVERE"]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| Fault::broken(format!("chromedriver: {error}")))?;
        let mut out = BufReader::new(process.stdout.take().ok_or_else(|| Fault::broken("no output"))?);
        let mut line = String::new();
        let port = loop {
            line.clear();
            match out.read_line(&mut line) {
                Ok(0) | Err(_) => break None,
                Ok(_) => {}
            }
            if let Some((_, port)) = line.trim_end().trim_end_matches('.').split_once("successfully on port ") {
                break port.parse().ok();
            }
        };
        let http = Client::builder(TokioExecutor::new()).build_http();
        let mut driver = Driver { process, port: 0, http, _out: out };
        driver.port = port.ok_or_else(|| Fault::broken("chromedriver did not say where it listens"))?;
        Ok(driver)
    }

    /// A command and what it answers.
    pub(super) async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Value, Fault> {
        let bytes = if method == Method::GET { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request = Request::builder()
            .method(method)
            .uri(format!("http://127.0.0.1:{}{path}", self.port))
            .header("content-type", "application/json")
            .body(Full::new(bytes))
            .map_err(Fault::broken)?;
        let answer = self.http.request(request).await.map_err(Fault::broken)?;
        let done = answer.status().is_success();
        let bytes = answer.into_body().collect().await.map_err(Fault::broken)?.to_bytes();
        let mut answered: Value = serde_json::from_slice(&bytes).map_err(Fault::broken)?;
        let value = answered["value"].take();
        if done {
            return Ok(value);
        }
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Err(Fault { error: text("error"), message: text("message") })
    }

    /// A browser that nobody sees, with its profile and its downloads in this directory: where its commands go.
    pub(super) async fn session(&self, directory: &str) -> Result<String, Fault> {
        let options = json!({
            // Tests run in containers, as root and with little shared memory; and nothing is asked of the network but what a test asks.
            "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking",
                     "--disable-component-update", "--no-first-run", "--hide-scrollbars", "--force-color-profile=srgb",
                     "--lang=en-US", format!("--user-data-dir={directory}/profile")],
            "prefs": { "download.default_directory": format!("{directory}/downloads"), "download.prompt_for_download": false },
        });
        let wanted = json!({
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" },
            // A dialog is a fault that a test is to see.
            "unhandledPromptBehavior": "ignore",
        });
        let made = self.call(Method::POST, "/session", &json!({ "capabilities": { "alwaysMatch": wanted } })).await?;
        let id = made["sessionId"].as_str().ok_or_else(|| Fault::broken(&made))?;
        Ok(format!("/session/{id}"))
    }

    /// Ends its browsers and itself, as it is asked; `None`: it does not answer.
    fn shut_down(&self) -> Option<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        stream.write_all(b"GET /shutdown HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n").ok()?;
        stream.read_to_end(&mut Vec::new()).ok().map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Killed alone, it would leave its browsers behind.
        if self.shut_down().is_none() {
            self.process.kill().ok();
        }
        self.process.wait().ok();
    }
}

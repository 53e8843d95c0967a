//! Chromium's driver, as a process of ours.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};

use super::Fault;

/// A running driver. When it is dropped its browsers end, then it does.
pub(super) struct Driver {
    process: Child,
    port: u16,
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
        let mut driver = Driver { process, port: 0, _out: out };
        driver.port = port.ok_or_else(|| Fault::broken("chromedriver did not say where it listens"))?;
        Ok(driver)
    }

    /// A browser that nobody sees, with its profile and its downloads in this directory.
    pub(super) async fn session(&self, directory: &str) -> Result<Client, Fault> {
        let options = json!({
            // Tests run in containers, as root and with little shared memory; and nothing is asked of the network but what a test asks.
            "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking",
                     "--disable-component-update", "--no-first-run", "--hide-scrollbars", "--force-color-profile=srgb",
                     "--lang=en-US", format!("--user-data-dir={directory}/profile")],
            "prefs": { "download.default_directory": format!("{directory}/downloads"), "download.prompt_for_download": false },
        });
        let wanted: Map<String, Value> = [
            ("browserName", json!("chrome")),
            ("goog:chromeOptions", options),
            ("goog:loggingPrefs", json!({ "browser": "ALL" })),
            // A dialog is a fault that a test is to see.
            ("unhandledPromptBehavior", json!("ignore")),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        let address = format!("http://127.0.0.1:{}", self.port);
        Ok(ClientBuilder::new(HttpConnector::new()).capabilities(wanted).connect(&address).await?)
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

//! `tercile serve`: killed in the middle of an import and started again, nothing is lost and nothing counted twice.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::{census, orders, printed, refused, shared, tercile};

/// A server of its own; killed when dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
    // Kept open, so that the server can go on writing.
    _out: Box<dyn Read>,
}

impl Server {
    pub(crate) fn start(data: &Path, port: u16, as_of: &str) -> Server {
        Server::start_with(data, port, as_of, &[])
    }

    pub(crate) fn start_with(data: &Path, port: u16, as_of: &str, options: &[&str]) -> Server {
        let data = data.to_str().unwrap();
        let mut process = tercile()
            .args(["serve", "--data", data, "--port", &port.to_string(), "--as-of", as_of])
            .args(options)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim_end().rsplit("http://").next().unwrap_or_default().to_owned();
        assert!(address.starts_with("127.0.0.1:"), "{line}");
        Server { process, address, _out: Box::new(out) }
    }

    /// A plain HTTP GET: status line and body.
    pub(crate) fn get(&self, path: &str, key: &str) -> Option<(u16, String)> {
        self.call("GET", path, key, "")
    }

    /// The same with a body.
    fn post(&self, path: &str, key: &str, body: &str) -> Option<(u16, String)> {
        self.call("POST", path, key, body)
    }

    fn call(&self, method: &str, path: &str, key: &str, body: &str) -> Option<(u16, String)> {
        let (status, _, body) = exchange(&self.address, method, path, &format!("authorization: Bearer {key}"), body)?;
        Some((status, body))
    }
}

/// A plain HTTP request with a header of the caller's: status, head and body of the answer. `None`: nobody answered.
pub(crate) fn exchange(
    address: &str,
    method: &str,
    path: &str,
    header: &str,
    body: &str,
) -> Option<(u16, String, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\n{header}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let status = text.split(' ').nth(1)?.parse().ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some((status, head.to_owned(), body.to_owned()))
}

impl Drop for Server {
    /// `SIGKILL`: no farewell.
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Makes a shop and gives its admin key.
pub(crate) fn shop(data: &Path, options: &[&str]) -> String {
    let data = data.to_str().unwrap();
    let made = printed(&[&["shop", "create", "acme", "--time-zone", "UTC", "--data", data], options].concat());
    let admin = made.lines().find(|line| line.trim_start().starts_with("admin")).unwrap();
    admin.split_whitespace().nth(1).unwrap().to_owned()
}

/// Imports over HTTP, kills the server when the customer `seen` is there, starts it again, imports again.
fn killed_in_mid_import(directory: &Path, file: &str, seen: &str, as_of: &str, options: &[&str]) -> Value {
    let data = directory.join("data");
    let key = shop(&data, options);
    let server = Server::start(&data, 0, as_of);
    let url = format!("http://{}", server.address);
    let port = server.address.rsplit(':').next().unwrap().parse().unwrap();
    let there = ["--shop", "acme", "--url", &url, "--key", &key];
    let import = [&["import", file], there.as_slice()].concat();
    let mut first = tercile().args(&import).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while server.get(&format!("/v1/customers/{seen}"), &key).is_none_or(|(status, _)| status != 200) {
        assert!(first.try_wait().unwrap().is_none(), "the import ended before the kill");
    }
    drop(server);
    let server = Server::start(&data, port, as_of);
    first.wait().unwrap();
    printed(&import);
    let third = printed(&import);
    assert!(third.contains("Orders:  0 recorded, ") && third.contains("Returns: 0 recorded, "), "{third}");
    // The server's own schedule has run over a part of the orders already: the cuts are to be those of all.
    let census = printed(&[&["resegment", "--refit", "--format", "json"], there.as_slice()].concat());
    drop(server);
    serde_json::from_str(&census).unwrap()
}

#[test]
fn a_server_killed_in_mid_import_loses_nothing_and_counts_nothing_twice() {
    let directory = tempfile::tempdir().unwrap();
    let file = orders(directory.path(), 400);
    let file = file.to_str().unwrap();
    let found = killed_in_mid_import(directory.path(), file, "c100", "2026-11-22", &["--currency", "EUR"]);
    let direct = printed(&["segment", file, "--format", "json", "--as-of", "2026-11-22"]);
    assert_eq!(census(&found), census(&serde_json::from_str(&direct).unwrap()));
}

#[test]
#[ignore = "minutes: cargo test --release -p tercile --test cli -- --ignored"]
fn killed_in_the_middle_of_cdnow_the_census_is_the_undisturbed_one() {
    let (Some(file), Some(expected)) = (shared("cdnow_master.csv"), shared("expected_cdnow_master_3x3x3.csv")) else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let options = ["--currency", "USD", "--zero-orders", "count"];
    let found = killed_in_mid_import(directory.path(), file.to_str().unwrap(), "5000", "1998-07-01", &options);
    assert_eq!(census(&found), crate::expected_census(&expected));
}

#[test]
fn a_directory_is_held_by_one_process_and_the_other_is_told_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    shop(directory.path(), &["--currency", "EUR"]);
    let _server = Server::start(directory.path(), 0, "2026-11-22");
    let said = refused(&["resegment", "--shop", "acme", "--data", directory.path().to_str().unwrap()]);
    assert!(said.contains("another process holds") && said.contains("--url"), "{said}");
}

#[test]
fn a_server_answers_lookups_and_says_who_it_is_for() {
    let directory = tempfile::tempdir().unwrap();
    let key = shop(directory.path(), &["--currency", "EUR"]);
    let server = Server::start(directory.path(), 0, "2026-11-22");
    let (status, body) = server.get("/v1/customers/nobody/offers", &key).unwrap();
    assert!(status == 200 && body.contains("\"entry\":\"newcomer\""), "{body}");
    let (status, body) = server.get("/v1/settings", "tcl_nonsense").unwrap();
    assert!(status == 401 && body.contains("urn:tercile:problem:unauthorized"), "{body}");
}

/// A shop's receiver of events: takes what comes, one connection after the other, and passes the bodies on.
fn receiver() -> (String, std::sync::mpsc::Receiver<Value>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (send, received) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).unwrap_or(0) > 2 {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            reader.get_mut().write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
            send.send(serde_json::from_slice(&body).unwrap()).unwrap();
        }
    });
    (url, received)
}

#[test]
fn a_server_killed_before_it_told_tells_after_it_is_started_again() {
    let directory = tempfile::tempdir().unwrap();
    let key = shop(directory.path(), &["--currency", "EUR"]);
    let (url, received) = receiver();
    let server = Server::start_with(directory.path(), 0, "2026-11-22", &["--allow-local-receivers"]);
    let port: u16 = server.address.rsplit(':').next().unwrap().parse().unwrap();
    let refused = server.post("/v1/endpoints", &key, r#"{"url": "http://169.254.169.254/"}"#).unwrap();
    assert_eq!(refused.0, 422, "{}", refused.1);
    // Of one customer, so that they come in order; the server is gone right after it has answered the last one.
    let answer = |server: &Server, n: u32| {
        let said = format!(r#"{{"id": "n-{n}", "customer": "ann", "score": 1}}"#);
        assert_eq!(server.post("/v1/surveys/nps/answers", &key, &said).unwrap().0, 201);
    };
    let made = server.post("/v1/endpoints", &key, &format!(r#"{{"url": "{url}"}}"#)).unwrap();
    assert_eq!(made.0, 201, "{}", made.1);
    (1..=3).for_each(|n| answer(&server, n));
    drop(server);
    let server = Server::start_with(directory.path(), port, "2026-11-22", &["--allow-local-receivers"]);
    (4..=5).for_each(|n| answer(&server, n));
    let mut told = Vec::new();
    while told.last() != Some(&5) {
        let event = received.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
        told.push(event["sequence"].as_u64().unwrap());
    }
    // What was on its way when the server was killed may come twice; the last time, each comes in its place.
    let last: Vec<Option<usize>> = (1..=5).map(|n| told.iter().rposition(|one| *one == n)).collect();
    assert!(last.iter().all(Option::is_some) && last.is_sorted(), "{told:?}");
}

//! `tercile demo --serve`: its console opens by the link that is printed, once, and Ctrl-C ends it.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use crate::server::exchange;
use crate::{refused, tercile};

/// Killed when dropped, where it has not ended.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn the_console_of_the_demo_opens_by_its_link_once_and_ends_with_ctrl_c() {
    let mut command = tercile();
    command.args(["demo", "--serve", "--port", "0", "--as-of", "2010-12-11"]).env("RUST_LOG", "error");
    let mut demo = Demo(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut out = BufReader::new(demo.0.stdout.take().unwrap());
    let mut said = String::new();
    let link = loop {
        let begin = said.len();
        assert!(out.read_line(&mut said).unwrap() > 0, "it ended: {said}");
        if let Some((_, link)) = said[begin..].trim_end().split_once("http://") {
            break link.to_owned();
        }
    };
    assert!(said.contains("Made up as well") && !said.contains(" 0 rewards reserved"), "{said}");
    let (address, path) = link.split_once('/').map(|(address, path)| (address, format!("/{path}"))).unwrap();

    let (status, head, _) = exchange(address, "GET", &path, "x: y", "").unwrap();
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap().split(';').next().unwrap();
    assert!(status == 303 && head.contains("location: /console\r\n"), "{head}");
    let customers =
        |line: &str| line.split(',').nth(1)?.trim().strip_suffix(" customers").map(|number| number.replace(' ', ""));
    let last_run = said.lines().find(|line| line.trim_start().starts_with("2010-12-11")).and_then(customers).unwrap();
    let seen = |path: &str| exchange(address, "GET", path, &format!("cookie: {cookie}"), "").unwrap();
    let (status, _, base) = seen("/console");
    let shown = base.replace('\u{202f}', "");
    assert!(status == 200 && shown.contains(&format!("{last_run} customers")), "{last_run}: {base}");
    assert_eq!(seen("/console/runs/1").0, 200);
    assert_eq!(exchange(address, "GET", &path, "x: y", "").unwrap().0, 410, "a second time it opens nothing");

    // What is made up is the shop's: its campaign has its limit, and rewards were used.
    let mut rest = String::new();
    out.read_line(&mut rest).unwrap();
    out.read_line(&mut rest).unwrap();
    let key = rest.lines().last().unwrap().trim();
    let (status, _, budgets) =
        exchange(address, "GET", "/v1/budgets", &format!("authorization: Bearer {key}"), "").unwrap();
    assert!(status == 200 && budgets.contains("winter_gifts"), "{key}: {budgets}");

    let interrupt = format!("kill -INT {}", demo.0.id());
    assert!(Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
    assert!(demo.0.wait().unwrap().success());
    out.read_to_string(&mut rest).unwrap();
    assert!(rest.trim_end().ends_with("all in memory."), "{rest}");
}

#[test]
fn a_port_that_is_taken_is_told_before_the_year_begins() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = refused(&["demo", "--serve", "--port", &port]);
    assert!(said.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{said}");
}

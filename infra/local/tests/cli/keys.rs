//! `tercile keys`, and what a server bounds.

use crate::server::{Server, shop};
use crate::{printed, refused};

/// The key that was printed, and its id.
fn printed_key(said: &str) -> (String, String) {
    let key = said.lines().find_map(|line| line.trim().strip_prefix("tcl_")).unwrap();
    (format!("tcl_{key}"), key.split('_').nth(1).unwrap().to_owned())
}

#[test]
fn keys_are_made_listed_replaced_and_revoked_on_the_data_directory_and_over_http() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let admin = shop(&data, &["--currency", "EUR"]);
    // On the data, without any key: the way back in for who has lost theirs.
    let here = ["--shop", "acme", "--data", data.to_str().unwrap()];
    let (key, id) =
        printed_key(&printed(&[&["keys", "create", "--scope", "admin", "--name", "spare"], here.as_slice()].concat()));
    let listed = printed(&[&["keys", "list"], here.as_slice()].concat());
    assert!(listed.lines().count() == 5 && listed.contains(&id) && listed.contains("spare"), "{listed}");
    assert!(!listed.contains(key.rsplit('_').next().unwrap()), "{listed}");

    let server = Server::start(&data, 0, "2026-11-22");
    let url = format!("http://{}", server.address);
    let there = ["--shop", "acme", "--url", &url, "--key", &admin];
    let (new, _) =
        printed_key(&printed(&[&["keys", "rotate", &id, "--overlap-hours", "0"], there.as_slice()].concat()));
    assert_eq!(server.get("/v1/settings", &new).unwrap().0, 200);
    assert_eq!(server.get("/v1/settings", &key).unwrap().0, 401);
    let own = admin.split('_').nth(2).unwrap();
    let said = printed(&[&["keys", "revoke", own], there.as_slice()].concat());
    assert!(said.contains("was revoked at"), "{said}");
    assert_eq!(server.get("/v1/settings", &admin).unwrap().0, 401);
    let last = new.split('_').nth(2).unwrap();
    let with_new = ["--shop", "acme", "--url", &url, "--key", &new];
    let said = refused(&[&["keys", "revoke", last], with_new.as_slice()].concat());
    assert!(said.contains("409") && said.contains("make one first"), "{said}");
}

#[test]
fn a_server_with_a_rate_says_429_and_when_to_come_back_and_an_import_waits() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let key = shop(&data, &["--currency", "EUR"]);
    let file = crate::orders(directory.path(), 60);
    let server = Server::start_with(&data, 0, "2026-11-22", &["--rate", "10"]);
    let told = (0..10_000).map(|_| server.get("/v1/customers/x/offers", &key).unwrap().0).find(|status| *status != 200);
    assert_eq!(told, Some(429));
    let url = format!("http://{}", server.address);
    let said = printed(&["import", file.to_str().unwrap(), "--shop", "acme", "--url", &url, "--key", &key]);
    assert!(said.contains("recorded") && !said.contains("Refused"), "{said}");
    assert_eq!(server.get("/v1/health", "").unwrap(), (200, "{\"status\":\"alive\"}".to_owned()));
}

//! `tercile cuts` on a shop of this machine.

use crate::{orders, printed, refused};

#[test]
fn cuts_are_tried_previewed_activated_and_taken_back() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let data = data.to_str().unwrap();
    let file = orders(directory.path(), 120);
    printed(&["shop", "create", "acme", "--currency", "EUR", "--time-zone", "Europe/Berlin", "--data", data]);
    let on_shop =
        |command: &[&str], day: &str| printed(&[command, &["--shop", "acme", "--data", data, "--as-of", day]].concat());
    on_shop(&["import", file.to_str().unwrap()], "2026-11-02");
    on_shop(&["resegment"], "2026-11-02");
    let fitted = on_shop(&["cuts", "fit", "--recency", "10,20"], "2026-11-02");
    let version = fitted.lines().next().unwrap().trim_start_matches("Cuts ").to_owned();
    assert!(fitted.contains("fixed by the shop") && version.len() == 16, "{fitted}");
    let preview = on_shop(&["cuts", "preview", &version], "2026-11-02");
    assert!(preview.contains("On 2026-11-03, cuts") && preview.contains("By the cuts"), "{preview}");
    let activate = ["cuts", "activate", version.as_str(), "--preview", "1"];
    assert!(on_shop(&activate, "2026-11-02").contains("Nothing changes until the first run of 2026-11-03"));
    assert!(on_shop(&["cuts", "show"], "2026-11-02").contains(&format!("Due on 2026-11-03 or later: cuts {version}")));
    on_shop(&["resegment"], "2026-11-03");
    let shown = on_shop(&["cuts", "show"], "2026-11-03");
    assert!(shown.starts_with(&format!("In force since 2026-11-03: cuts {version}, activation 2")), "{shown}");
    on_shop(&["cuts", "rollback"], "2026-11-03");
    on_shop(&["resegment"], "2026-11-03");
    assert!(on_shop(&["cuts", "show"], "2026-11-03").contains("back to that of 1"));
    let wrong = refused(&["cuts", "rollback", "--to", "9", "--shop", "acme", "--data", data]);
    assert!(wrong.contains("422"), "{wrong}");
}

//! A tenth of the ledger under fire; all of it is `.ci/measure fire`.

use e2e::bootstrap;
use e2e::fire::{Fire, burn};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes, and it needs the binaries: cargo build --workspace --bins --examples, then -- --ignored"]
async fn what_was_acknowledged_under_fire_is_there_exactly_once() {
    let work = tempfile::tempdir().unwrap();
    let report = burn(&Fire::tenth(1, bootstrap::built(), work.path())).await.unwrap();
    println!("{report}");
    if !report.wrong.is_empty() {
        let kept = work.keep();
        panic!("{} laws were broken; the store and the servers' logs: {}", report.wrong.len(), kept.display());
    }
}

//! The embedded engine alone, on a file, as a process that others may kill: `store FILE` says where it listens and goes on until
//! it is ended.

#![expect(clippy::expect_used, reason = "a process of the tests")]

use engine::Engine;

#[tokio::main]
async fn main() {
    let file = std::env::args().nth(1).expect("the file");
    let engine = Engine::open(file.as_ref()).await.expect("an engine");
    println!("{}", engine.endpoint());
    std::future::pending::<()>().await;
}

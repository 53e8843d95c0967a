//! A Lambda function one of whose routes panics: started as ours are, to see what becomes of it and of the next request.

use axum::Router;
use axum::routing::get;
use web::lambda::{StartError, serve};

#[tokio::main]
async fn main() -> Result<(), StartError> {
    let fine = Router::new().route("/v1/fine", get(|| async { "fine" }));
    serve("panicking", |_| fine.route("/v1/panics", get(panics))).await
}

async fn panics() -> &'static str {
    #[expect(clippy::panic, reason = "it is there to panic")]
    {
        panic!("as it must")
    }
}

//! No request takes for ever. One whose time is over is dropped where it stands and answered 503: whatever it began is a
//! transaction that the store makes or does not, so the same call, sent again, finds it or does it (law 2).

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use crate::problem::Problem;

/// How long a request may take, where nobody says less: the gateway hangs up after 30 seconds.
pub const MOST: Duration = Duration::from_secs(25);

/// The moment at which a request is given up, as an extension of it.
#[derive(Clone, Copy, Debug)]
pub struct Until(pub Instant);

pub(crate) async fn in_time(request: Request, next: Next) -> Response {
    let most = Instant::now() + MOST;
    let until = request.extensions().get::<Until>().map_or(most, |Until(until)| most.min(*until));
    tokio::time::timeout_at(until, next.run(request)).await.unwrap_or_else(|_| {
        tracing::warn!("a request was given up: its time was over");
        Problem::too_slow().into_response()
    })
}

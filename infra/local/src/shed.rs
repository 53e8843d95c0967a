//! A bound on the requests that are on their way at once: one more is answered 503 at once, and none waits in a line.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use web::Problem;

/// Places for requests.
pub(crate) type Places = Arc<Semaphore>;

/// Answers for who watches are given at any time: a full house is alive.
const ALIVE: &str = "/v1/health";

pub(crate) async fn shed(State(places): State<Places>, request: Request, next: Next) -> Response {
    if request.uri().path() == ALIVE {
        return next.run(request).await;
    }
    match places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => Problem::overloaded().into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tokio::sync::Notify;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn who_finds_no_place_is_told_at_once_and_who_watches_finds_one() {
        let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (at_work, done) = (Arc::clone(&entered), Arc::clone(&leave));
        let slow = move || async move {
            at_work.notify_one();
            done.notified().await;
        };
        let places = Places::new(Semaphore::new(1));
        let router = Router::new()
            .route("/slow", get(slow))
            .route(ALIVE, get(|| async {}))
            .layer(from_fn_with_state(places, shed));
        let call = |path: &str| router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap());
        let first = tokio::spawn(call("/slow"));
        entered.notified().await;
        let refused = call("/slow").await.unwrap();
        assert_eq!(
            (refused.status(), &refused.headers()["retry-after"]),
            (StatusCode::SERVICE_UNAVAILABLE, &"1".parse().unwrap())
        );
        assert_eq!(call(ALIVE).await.unwrap().status(), StatusCode::OK);
        leave.notify_one();
        assert_eq!(first.await.unwrap().unwrap().status(), StatusCode::OK);
        leave.notify_one();
        assert_eq!(call("/slow").await.unwrap().status(), StatusCode::OK, "the place is free again");
    }
}

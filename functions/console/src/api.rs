//! The API as the pages call it: its routes in this process, opened by the key that was signed in with.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::ServiceExt;

use crate::words::Words;

/// The API with a key. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    routes: Router,
    key: String,
}

/// Why there is nothing to show.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    /// The name that the API's `type` ends with.
    pub(crate) kind: String,
    /// As the API says it; English.
    pub(crate) title: String,
    pub(crate) detail: String,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    detail: String,
}

impl Refused {
    /// By a page itself.
    pub(crate) fn new(status: StatusCode, title: impl Into<String>, detail: impl Into<String>) -> Refused {
        Refused { status, kind: String::new(), title: title.into(), detail: detail.into() }
    }

    pub(crate) fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// An answer that is not what the API's document says: a fault of ours.
    fn unreadable(path: &str, error: &dyn std::error::Error) -> Refused {
        tracing::error!(path, %error, "the API's answer cannot be read");
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "Our mistake", "the error was logged")
    }

    /// What a field of a page's own address or form must be.
    pub(crate) fn field(words: Words, name: (&str, &str), must: (&str, &str)) -> Refused {
        let title = words.say("A field is not valid", "Поле заполнено неверно");
        let detail = format!("{}: {}", words.say(name.0, name.1), words.say(must.0, must.1));
        Refused::new(StatusCode::UNPROCESSABLE_ENTITY, title, detail)
    }
}

impl Api {
    pub(crate) fn new(routes: &Router, key: &str) -> Api {
        Api { routes: routes.clone(), key: key.to_owned() }
    }

    /// What a GET answers.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refused> {
        self.call(Method::GET, path, None).await
    }

    /// The same; `None`: there is no such thing.
    pub(crate) async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Refused> {
        match self.get(path).await {
            Ok(found) => Ok(Some(found)),
            Err(refused) if refused.is_not_found() => Ok(None),
            Err(refused) => Err(refused),
        }
    }

    /// What a POST answers.
    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Refused> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// What a PUT answers.
    pub(crate) async fn put<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Refused> {
        self.call(Method::PUT, path, Some(body)).await
    }

    async fn call<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<&Value>) -> Result<T, Refused> {
        let (_, bytes) = self.bytes(method, path, body).await?;
        serde_json::from_slice(&bytes).map_err(|error| Refused::unreadable(path, &error))
    }

    /// An answer as it comes, such as a list in another format.
    pub(crate) async fn bytes(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(HeaderMap, Vec<u8>), Refused> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .body(body.map_or(Body::empty(), |body| Body::from(body.to_string())))
            .map_err(|error| Refused::unreadable(path, &error))?;
        let Ok(answer) = self.routes.clone().oneshot(request).await;
        let (head, body) = answer.into_parts();
        let bytes = body.collect().await.map_err(|error| Refused::unreadable(path, &error))?.to_bytes();
        if head.status.is_success() {
            return Ok((head.headers, bytes.to_vec()));
        }
        let problem: Problem = serde_json::from_slice(&bytes).map_err(|error| Refused::unreadable(path, &error))?;
        let kind = problem.kind.rsplit(':').next().unwrap_or_default().to_owned();
        Err(Refused { status: head.status, kind, title: problem.title, detail: problem.detail })
    }
}

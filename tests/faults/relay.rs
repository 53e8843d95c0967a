//! One request on its way to the store and back, and what befalls it there.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, HOST, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::answers::{self, Forged};
use super::plan::Fate;
use super::{Fault, Inner};

/// The longest pause before a late request is passed on, in milliseconds.
const LATEST: u64 = 60;

type Answer = Response<BoxBody<Bytes, io::Error>>;

/// The store.
#[derive(Debug)]
pub(super) struct Upstream {
    address: Mutex<String>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Upstream {
    pub(super) fn new(address: &str) -> Upstream {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Upstream {
            address: Mutex::new(address.to_owned()),
            client: Client::builder(TokioExecutor::new()).build(connector),
        }
    }

    pub(super) fn moves_to(&self, address: &str) {
        address.clone_into(&mut self.address.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Passes a request on and reads the answer to its end.
    async fn ask(&self, parts: &Parts, body: Bytes) -> io::Result<(hyper::http::response::Parts, Bytes)> {
        let address = self.address.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let uri: Uri = format!("{address}{path}").parse().map_err(io::Error::other)?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = parts.headers.clone();
        request.headers_mut().remove(HOST);
        request.headers_mut().remove(CONTENT_LENGTH);
        let answer = self.client.request(request).await.map_err(io::Error::other)?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        Ok((parts, body))
    }
}

/// An error ends the connection without an answer.
pub(super) async fn relay(inner: Arc<Inner>, request: Request<Incoming>) -> io::Result<Answer> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let Some(Fate { fault, mut rng }) = inner.fate(&operation) else {
        let (parts, body) = ask(&inner, &parts, body).await?;
        return Ok(whole(parts, body));
    };
    let document = || serde_json::from_slice::<Value>(&body).unwrap_or_default();
    match fault {
        Fault::Throttled => Ok(forged(answers::throttled(&operation, &document(), &mut rng))),
        Fault::Conflict => Ok(forged(answers::conflict(&operation, &document(), &mut rng))),
        Fault::ErrorBefore => Ok(forged(answers::internal())),
        Fault::NotReached => Err(io::ErrorKind::ConnectionReset.into()),
        Fault::Late => {
            tokio::time::sleep(Duration::from_millis(rng.u64(1..=LATEST))).await;
            let (parts, body) = ask(&inner, &parts, body).await?;
            Ok(whole(parts, body))
        }
        Fault::ErrorAfter => {
            ask(&inner, &parts, body).await?;
            Ok(forged(answers::internal()))
        }
        Fault::AnswerLost => {
            ask(&inner, &parts, body).await?;
            Err(io::ErrorKind::ConnectionReset.into())
        }
        Fault::CutOff => {
            let (parts, body) = ask(&inner, &parts, body).await?;
            let half = body.slice(..body.len() / 2);
            Ok(if rng.bool() { broken_off(parts, half, body.len()) } else { whole(parts, half) })
        }
        Fault::Unprocessed => {
            let mut document = document();
            let left = answers::take_half(&mut document);
            let (parts, body) = ask(&inner, &parts, document.to_string().into()).await?;
            let mut answer: Value = serde_json::from_slice(&body).map_err(io::Error::other)?;
            if parts.status == StatusCode::OK {
                answer["UnprocessedKeys"] = left;
            }
            Ok(whole(parts, answer.to_string().into()))
        }
    }
}

async fn ask(inner: &Inner, parts: &Parts, body: Bytes) -> io::Result<(hyper::http::response::Parts, Bytes)> {
    let answered = inner.upstream.ask(parts, body).await;
    if answered.is_err() {
        inner.counts().store_gone += 1;
    }
    answered
}

fn whole(mut parts: hyper::http::response::Parts, body: Bytes) -> Answer {
    // Of the body as it is now; the checksum is of the body as it was.
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.remove("x-amz-crc32");
    Response::from_parts(parts, Full::new(body).map_err(no_error).boxed())
}

fn forged((status, document): Forged) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(document.to_string())).map_err(no_error).boxed());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    answer.headers_mut().insert("content-type", HeaderValue::from_static("application/x-amz-json-1.0"));
    answer
}

/// Says that `length` bytes come, and gives up after these.
fn broken_off(mut parts: hyper::http::response::Parts, first: Bytes, length: usize) -> Answer {
    parts.headers.insert(CONTENT_LENGTH, length.into());
    Response::from_parts(parts, BrokenOff(Some(first)).boxed())
}

struct BrokenOff(Option<Bytes>);

impl Body for BrokenOff {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(Some(
            self.0.take().map_or_else(|| Err(io::ErrorKind::ConnectionReset.into()), |first| Ok(Frame::data(first))),
        ))
    }
}

fn no_error(never: Infallible) -> io::Error {
    match never {}
}

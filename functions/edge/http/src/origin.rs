//! The question to the origin. A checkout waits for nobody: whatever goes wrong, or takes too long, is `None`.

use edge::Question;
use wasip2::clocks::monotonic_clock::{Duration, subscribe_duration};
use wasip2::http::outgoing_handler;
use wasip2::http::types::{Fields, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme};
use wasip2::io::poll::{Pollable, poll};

use crate::bytes;

/// How long the host is to wait for a connection, for the answer's first byte, and between its bytes.
const WAIT: Duration = 400_000_000;
/// How long all of it may take: a connection and an answer, each in its own time. A host need not know the waits above, and an
/// origin that sends a byte now and then would keep to them for ever.
const WHOLE: Duration = 2 * WAIT;
/// The longest answer that is read, in bytes; an origin's offers are a few thousand.
const MAX_ANSWER: usize = 256 * 1024;

/// The origin's status and body.
pub(crate) fn ask(question: &Question) -> Option<(u16, Vec<u8>)> {
    let over = subscribe_duration(WHOLE);
    let wait = |ready: &Pollable| in_time(ready, &over);
    let request = request(question)?;
    let body = request.body().ok()?;
    let future = outgoing_handler::handle(request, Some(options())).ok()?;
    let stream = body.write().ok()?;
    bytes::write(&stream, &question.body, wait)?;
    drop(stream);
    OutgoingBody::finish(body, None).ok()?;

    if !wait(&future.subscribe()) {
        return None;
    }
    let response = future.get()?.ok()?.ok()?;
    let status = response.status();
    let body = response.consume().ok()?;
    let stream = body.stream().ok()?;
    // Of one that is too long the end is missing: it is no answer.
    let came = bytes::read(&stream, MAX_ANSWER + 1, wait)?;
    (came.len() <= MAX_ANSWER).then_some((status, came))
}

/// Waits for either; whether what is waited for came.
fn in_time(ready: &Pollable, over: &Pollable) -> bool {
    poll(&[ready, over]).contains(&0)
}

fn request(question: &Question) -> Option<OutgoingRequest> {
    let (scheme, rest) = match question.url.split_once("://")? {
        ("https", rest) => (Scheme::Https, rest),
        ("http", rest) => (Scheme::Http, rest),
        _ => return None,
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let mut headers = vec![
        ("authorization".to_owned(), format!("Bearer {}", question.bearer).into_bytes()),
        ("content-type".to_owned(), b"application/json".to_vec()),
        // Said, so that a host need not send it in chunks.
        ("content-length".to_owned(), question.body.len().to_string().into_bytes()),
    ];
    if let Some(languages) = &question.accept_language {
        headers.push(("accept-language".to_owned(), languages.clone().into_bytes()));
    }
    let request = OutgoingRequest::new(Fields::from_list(&headers).ok()?);
    request.set_method(&Method::Post).ok()?;
    request.set_scheme(Some(&scheme)).ok()?;
    request.set_authority(Some(authority)).ok()?;
    request.set_path_with_query(Some(if path.is_empty() { "/" } else { path })).ok()?;
    Some(request)
}

/// A host may refuse to keep any of them; then `WHOLE` is what there is.
fn options() -> RequestOptions {
    let options = RequestOptions::new();
    for kept in [
        options.set_connect_timeout(Some(WAIT)),
        options.set_first_byte_timeout(Some(WAIT)),
        options.set_between_bytes_timeout(Some(WAIT)),
    ] {
        let (Ok(()) | Err(())) = kept;
    }
    options
}

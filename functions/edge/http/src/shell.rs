//! One request: what the host calls.

use edge::{Answer, Edge, Step};
use wasip2::clocks::wall_clock;
use wasip2::http::types::{ErrorCode, Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

use crate::{asked, bytes, origin};

/// Keys, cuts, playbook and the origin's address: `infra/edge/build --bundle` names the file.
static BUNDLE: &[u8] = include_bytes!(env!("TERCILE_EDGE_BUNDLE"));

thread_local! {
    // Read once per instance: a host that keeps its instances reads it once for many requests.
    static EDGE: Option<Edge> = Edge::of(BUNDLE);
}

struct Shell;

wasip2::http::proxy::export!(Shell);

impl wasip2::exports::http::incoming_handler::Guest for Shell {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        match EDGE.with(|edge| answer(edge.as_ref(), request)).and_then(head) {
            Ok((response, body)) => give(out, response, &body),
            Err(code) => ResponseOutparam::set(out, Err(code)),
        }
    }
}

/// An error is the host's to answer: nobody can be told anything by us.
fn answer(edge: Option<&Edge>, request: IncomingRequest) -> Result<Answer, ErrorCode> {
    let edge = edge.ok_or(ErrorCode::ConfigurationError)?;
    let asked = asked::read(request).ok_or(ErrorCode::ConnectionTerminated)?;
    let asked = asked.as_asked();
    Ok(match edge.answer(&asked, now()) {
        Step::Answer(answer) => answer,
        // The clock is read again: the wait may have gone over a second's end, or a token's.
        Step::Ask(question) => edge.with_origin(&asked, origin::ask(&question), now()),
    })
}

/// Seconds since 1970.
fn now() -> i64 {
    i64::try_from(wall_clock::now().seconds).unwrap_or(i64::MAX)
}

/// The answer as the host takes it, and its body.
fn head(answer: Answer) -> Result<(OutgoingResponse, Vec<u8>), ErrorCode> {
    let Answer { status, headers, body } = answer;
    let headers: Vec<_> = headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect();
    let refused = |what: &str| ErrorCode::InternalError(Some(what.to_owned()));
    let headers = Fields::from_list(&headers).map_err(|_| refused("the answer's headers"))?;
    let response = OutgoingResponse::new(headers);
    response.set_status_code(status).map_err(|()| refused("the answer's status"))?;
    Ok((response, body))
}

fn give(out: ResponseOutparam, response: OutgoingResponse, bytes: &[u8]) {
    let body = response.body();
    ResponseOutparam::set(out, Ok(response));
    // From here on the host has the head. Whatever fails, it notices that the body is not finished, and breaks off.
    let Ok(body) = body else { return };
    let Ok(stream) = body.write() else { return };
    let written = bytes::write(&stream, bytes, |ready| {
        ready.block();
        true
    });
    drop(stream);
    if written.is_some() {
        // What it says is the same: the reader is gone.
        drop(OutgoingBody::finish(body, None));
    }
}

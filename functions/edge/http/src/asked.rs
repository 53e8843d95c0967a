//! What is asked, out of the host's hands.

use edge::{Asked, MAX_BODY};
use wasip2::http::types::{Fields, IncomingRequest, Method};

use crate::bytes;

/// An [`Asked`] that owns what it is made of.
pub(crate) struct Owned {
    method: Method,
    path: Option<String>,
    cookie: Option<String>,
    token: Option<String>,
    accept_language: Option<String>,
    body: Vec<u8>,
}

/// `None` where the body broke off: half a cart is not the cart.
pub(crate) fn read(request: IncomingRequest) -> Option<Owned> {
    let headers = request.headers();
    let mut owned = Owned {
        method: request.method(),
        path: request.path_with_query(),
        // HTTP/2 may send a cookie in parts, which are joined as HTTP/1 writes them.
        cookie: header(&headers, "cookie", "; "),
        // Two of them are one that is none.
        token: header(&headers, "x-tercile-token", ", "),
        accept_language: header(&headers, "accept-language", ", "),
        body: Vec::new(),
    };
    let body = request.consume().ok()?;
    let stream = body.stream().ok()?;
    owned.body = bytes::read(&stream, MAX_BODY + 1, |ready| {
        ready.block();
        true
    })?;
    Some(owned)
}

impl Owned {
    pub(crate) fn as_asked(&self) -> Asked<'_> {
        Asked {
            method: name(&self.method),
            path: self.path.as_deref().unwrap_or("/"),
            cookie: self.cookie.as_deref(),
            token: self.token.as_deref(),
            accept_language: self.accept_language.as_deref(),
            body: &self.body,
        }
    }
}

/// A header's values, joined. What is no text stays there as something wrong, rather than as if nothing had been sent.
fn header(headers: &Fields, name: &str, between: &str) -> Option<String> {
    let values = headers.get(name);
    let texts: Vec<_> = values.iter().map(|value| String::from_utf8_lossy(value)).collect();
    (!texts.is_empty()).then(|| texts.join(between))
}

fn name(method: &Method) -> &str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(other) => other,
    }
}

//! One POST to a receiver that a shop named: to the address that was checked, within five seconds, without following anybody elsewhere.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use axum::http::{Request, StatusCode};
use chrono::{DateTime, Utc};
use http_body_util::{BodyExt, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;
use tower::Service;
use web::Receivers;

/// From the first packet to the answer's head.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Of an answer's body no more is read, and nothing of it is used.
const ANSWER: usize = 4096;

/// The receiver answered that it has the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent;

/// Why it has not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It answered 410: it wants nothing any more.
    #[error("answered 410 Gone")]
    Gone,
    /// It answered something else than 2xx; where it sends one elsewhere, too.
    #[error("answered {0}")]
    Answered(StatusCode),
    /// It could not be reached, or not in time.
    #[error("{0}")]
    Unreachable(String),
    /// Its address is none that something is sent to.
    #[error("{0}")]
    Refused(String),
    /// The request could not be put together.
    #[error("{0}")]
    NotSent(String),
}

impl Failure {
    /// Would another event fail just so? Then the receiver is left alone for a while.
    #[must_use]
    pub fn is_of_the_receiver(&self) -> bool {
        match self {
            Failure::Unreachable(_) | Failure::Refused(_) => true,
            Failure::Answered(status) => matches!(status.as_u16(), 300..=399 | 401 | 403 | 404 | 429 | 502 | 503 | 504),
            Failure::Gone | Failure::NotSent(_) => false,
        }
    }
}

/// Finds a host's addresses.
pub type Resolve = Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> + Send + Sync>;

/// The way to receivers. Cheap to clone.
#[derive(Clone)]
pub struct Sender {
    receivers: Receivers,
    resolve: Resolve,
    roots: Arc<dyn Fn() -> Vec<CertificateDer<'static>> + Send + Sync>,
    client: Arc<OnceCell<Client<HttpsConnector<HttpConnector<Checked>>, Body>>>,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("receivers", &self.receivers).finish_non_exhaustive()
    }
}

impl Sender {
    /// By the machine's own name service and certificates.
    #[must_use]
    pub fn new(receivers: Receivers) -> Sender {
        let native = || {
            let found = rustls_native_certs::load_native_certs();
            if found.certs.is_empty() {
                tracing::error!(errors = ?found.errors, "this machine knows no certificates: no receiver over https can be trusted");
            }
            found.certs
        };
        Sender {
            receivers,
            resolve: Arc::new(|host| Box::pin(lookup(host))),
            roots: Arc::new(native),
            client: Arc::default(),
        }
    }

    /// The same with another name service.
    #[must_use]
    pub fn resolving(self, resolve: Resolve) -> Sender {
        Sender { resolve, client: Arc::default(), ..self }
    }

    /// The same, trusting who is certified by these alone.
    #[must_use]
    pub fn trusting(self, roots: Vec<CertificateDer<'static>>) -> Sender {
        Sender { roots: Arc::new(move || roots.clone()), client: Arc::default(), ..self }
    }

    /// Posts an event.
    ///
    /// # Errors
    /// [`Failure`], also where the receiver is none that something is sent to: then nothing was.
    pub async fn post(
        &self,
        url: &str,
        id: &str,
        at: DateTime<Utc>,
        signature: &str,
        body: String,
    ) -> Result<Sent, Failure> {
        // An address of numbers is looked up by nobody; and what was allowed when it was given may not be today.
        let uri = self.receivers.read(url).map_err(|error| Failure::Refused(error.to_string()))?;
        let request = Request::post(uri)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("tercile/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", id)
            .header("webhook-timestamp", at.timestamp())
            .header("webhook-signature", signature)
            .body(Body::from(body))
            .map_err(|error| Failure::NotSent(error.to_string()))?;
        let client = self.client.get_or_try_init(|| self.connect()).await?;
        let answer = tokio::time::timeout(TIMEOUT, client.request(request)).await;
        let answer =
            answer.map_err(|_| Failure::Unreachable(format!("no answer within {} seconds", TIMEOUT.as_secs())))?;
        let answer = answer.map_err(|error| failure(&error))?;
        let status = answer.status();
        // A short answer is read to its end, so that the receiver is not cut off; a long or slow one is.
        let rest = Limited::new(answer.into_body(), ANSWER).collect();
        drop(tokio::time::timeout(TIMEOUT / 5, rest).await);
        match status {
            status if status.is_success() => Ok(Sent),
            StatusCode::GONE => Err(Failure::Gone),
            status => Err(Failure::Answered(status)),
        }
    }

    async fn connect(&self) -> Result<Client<HttpsConnector<HttpConnector<Checked>>, Body>, Failure> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates((self.roots)());
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::NotSent(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let checked = Checked { receivers: self.receivers, resolve: Arc::clone(&self.resolve) };
        let mut connector = HttpConnector::new_with_resolver(checked);
        connector.enforce_http(false);
        connector.set_nodelay(true);
        // Which addresses are http's is said by the rules for receivers.
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(connector);
        // No connection is kept: each delivery looks its host up and goes to an address that was checked for it.
        Ok(Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector))
    }
}

async fn lookup(host: String) -> io::Result<Vec<IpAddr>> {
    Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
}

/// A name service that gives only addresses that something may be sent to. The connection goes to what it gives, so an answer that
/// changes between look and use changes nothing.
#[derive(Clone)]
struct Checked {
    receivers: Receivers,
    resolve: Resolve,
}

/// Among a host's addresses is one that nothing is sent to.
#[derive(Debug, thiserror::Error)]
#[error("its host is at {0}, which is no public address")]
struct NotPublic(IpAddr);

impl Service<Name> for Checked {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (receivers, found) = (self.receivers, (self.resolve)(name.as_str().to_owned()));
        Box::pin(async move {
            let found = found.await?;
            // One bad address among good ones is no accident.
            match found.iter().find(|address| !receivers.allow(**address)) {
                Some(address) => Err(io::Error::other(NotPublic(*address))),
                None => {
                    Ok(found.into_iter().map(|address| SocketAddr::new(address, 0)).collect::<Vec<_>>().into_iter())
                }
            }
        })
    }
}

/// The failure that an error of the client is: its causes say what happened.
fn failure(error: &(dyn std::error::Error + 'static)) -> Failure {
    let (mut cause, mut last) = (Some(error), error);
    while let Some(error) = cause {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(refused) = inner.and_then(|inner| inner.downcast_ref::<NotPublic>()) {
            return Failure::Refused(refused.to_string());
        }
        (last, cause) = (error, error.source());
    }
    Failure::Unreachable(format!("could not be reached: {last}"))
}

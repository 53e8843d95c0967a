//! A go-between with faults: HTTP on loopback between the SDK and a store, which now and then does what networks and busy stores
//! do, and the embedded engine never.
//!
//! What befalls a request is drawn from the seed, its operation and how many of that operation came before it ([`Plan`]). So the
//! same calls one after the other meet the same faults. Of calls that run side by side the same places in each operation's
//! count meet the same faults, but who stands in which place is up to the scheduler, and so is how often somebody tries again:
//! a seed repeats how hard a run was, and not its course.

mod answers;
mod plan;
mod relay;

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

pub use plan::{Fault, Plan};
use relay::Upstream;

/// A running go-between; it ends when it is dropped.
#[derive(Debug)]
pub struct Faults {
    endpoint: String,
    inner: Arc<Inner>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Inner {
    plan: Plan,
    injecting: AtomicBool,
    upstream: Upstream,
    counts: Mutex<Counts>,
}

/// What came and what befell it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests by operation, such as `GetItem`.
    pub requests: BTreeMap<String, u64>,
    /// Faults put in, by operation and kind.
    pub faults: BTreeMap<(String, Fault), u64>,
    /// Requests that the store itself did not answer: it was not there.
    pub store_gone: u64,
}

impl Counts {
    /// How often each kind of fault was put in; all kinds are there, also those that never were.
    #[must_use]
    pub fn by_fault(&self) -> BTreeMap<Fault, u64> {
        let mut sums: BTreeMap<Fault, u64> = Fault::ALL.iter().map(|fault| (*fault, 0)).collect();
        for ((_, fault), count) in &self.faults {
            *sums.entry(*fault).or_default() += count;
        }
        sums
    }

    /// All requests.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.requests.values().sum()
    }
}

impl Faults {
    /// Listens on a free port of loopback and passes on to the store at this address, such as `http://127.0.0.1:8000`.
    ///
    /// # Errors
    /// When no port of loopback can be had.
    pub async fn before(store: &str, plan: Plan) -> io::Result<Faults> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let inner = Arc::new(Inner {
            plan,
            injecting: AtomicBool::new(true),
            upstream: Upstream::new(store),
            counts: Mutex::default(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&inner)));
        Ok(Faults { endpoint, inner, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The store was started again, at another address.
    pub fn leads_to(&self, store: &str) {
        self.inner.upstream.moves_to(store);
    }

    /// From now on requests pass unharmed, or no longer do.
    pub fn calm(&self, calm: bool) {
        self.inner.injecting.store(!calm, Ordering::Relaxed);
    }

    /// What came so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.inner.counts().clone()
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        // The connections' tasks belong to it and go with it.
        self.task.abort();
    }
}

impl Inner {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request and draws its fate.
    fn fate(&self, operation: &str) -> Option<plan::Fate> {
        let mut counts = self.counts();
        let nth = counts.requests.entry(operation.to_owned()).or_default();
        *nth += 1;
        let fate = self.plan.fate(operation, *nth).filter(|_| self.injecting.load(Ordering::Relaxed))?;
        *counts.faults.entry((operation.to_owned(), fate.fault)).or_default() += 1;
        Some(fate)
    }
}

async fn accept(listener: TcpListener, inner: Arc<Inner>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                stream.set_nodelay(true).ok();
                let inner = Arc::clone(&inner);
                connections.spawn(async move {
                    let relay = service_fn(move |request| relay::relay(Arc::clone(&inner), request));
                    // A service that fails ends its connection without an answer: just what is wanted.
                    http1::Builder::new().serve_connection(TokioIo::new(stream), relay).await.ok();
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

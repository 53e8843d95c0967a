//! A shop's API as the commands call it: over HTTP, or straight into the routers of this process.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ledger::ShopId;
use serde_json::Value;
use tower::ServiceExt;
use web::App;

use crate::cli::ApiOptions;
use crate::machine::{Machine, router};

/// How often a request is sent again that came too early.
const PATIENCE: u32 = 100;

/// An API with its key. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    target: Target,
    key: String,
}

#[derive(Clone)]
enum Target {
    Here(Router),
    Server { base: String, client: Box<Client<HttpConnector, Body>> },
}

/// An answer: its status and its document.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Answer {
    /// The document of a success, or an error that says what the service said.
    pub(crate) fn ok(self) -> Result<Value> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let said = self.body.get("detail").and_then(Value::as_str).unwrap_or("no detail");
        bail!("the service answered {}: {said}", self.status)
    }
}

/// What a command works on; the machine, where it holds one, is to be stopped at the end.
pub(crate) struct Connection {
    pub(crate) api: Api,
    pub(crate) machine: Option<Machine>,
}

impl Connection {
    /// As the options say: a server, or this machine's data.
    pub(crate) async fn open(options: &ApiOptions) -> Result<Connection> {
        if let Some((url, key)) = options.url.as_ref().zip(options.key.as_ref()) {
            let opens = ledger::PresentedKey::parse(key).context("that is no key: one reads tcl_SHOP_ID_SECRET")?.shop;
            if opens != options.shop {
                bail!("the key opens shop `{opens}`, not `{}`", options.shop);
            }
            return Ok(Connection { api: Api::server(url, key)?, machine: None });
        }
        if !options.data.data.is_dir() {
            bail!("there is no directory {}; `tercile shop create` makes it", options.data.data.display());
        }
        let machine = Machine::open(&options.data.data).await?;
        let known = machine.ledger.shop(&options.shop).await?;
        if known.is_none() {
            bail!(
                "there is no shop `{}` in {}; `tercile shop create` makes one",
                options.shop,
                options.data.data.display()
            );
        }
        let api = Api::here(&machine.app(options.as_of), &options.shop)?;
        Ok(Connection { api, machine: Some(machine) })
    }

    pub(crate) async fn close(self) -> Result<()> {
        match self.machine {
            Some(machine) => machine.stop().await,
            None => Ok(()),
        }
    }
}

impl Api {
    /// The routers of this process, opened by a key that is stored nowhere.
    pub(crate) fn here(app: &App, shop: &ShopId) -> Result<Api> {
        Ok(Api { key: app.process_key(shop)?, target: Target::Here(router(app)) })
    }

    fn server(url: &str, key: &str) -> Result<Api> {
        let base = url.trim_end_matches('/').to_owned();
        let uri: Uri = base.parse().with_context(|| format!("`{url}` is no address"))?;
        if uri.scheme_str() != Some("http") {
            bail!("`{url}`: an address is like http://127.0.0.1:8787; https needs a local proxy between");
        }
        let client = Box::new(Client::builder(TokioExecutor::new()).build_http());
        Ok(Api { target: Target::Server { base, client }, key: key.to_owned() })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answer> {
        self.call(Method::GET, path, Vec::new()).await
    }

    /// A page of a list in a format of its own, and the cursor of the next one.
    pub(crate) async fn page(&self, path: &str) -> Result<(Bytes, Option<String>)> {
        let (status, headers, bytes) = self.send(Method::GET, path, Vec::new()).await?;
        if !status.is_success() {
            let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
            Answer { status, body }.ok()?;
        }
        let next = headers.get("tercile-next").and_then(|next| next.to_str().ok()).map(str::to_owned);
        Ok((bytes, next))
    }

    pub(crate) async fn put(&self, path: &str, body: &impl serde::Serialize) -> Result<Answer> {
        self.call(Method::PUT, path, serde_json::to_vec(body)?).await
    }

    pub(crate) async fn post(&self, path: &str, body: &impl serde::Serialize) -> Result<Answer> {
        self.call(Method::POST, path, serde_json::to_vec(body)?).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Answer> {
        self.call(Method::DELETE, path, Vec::new()).await
    }

    async fn call(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Answer> {
        let (status, _, bytes) = self.send(method, path, body).await?;
        Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) })
    }

    /// Sends a request, and again as long as the service says that the key has called too often and when to come back.
    async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Result<(StatusCode, HeaderMap, Bytes)> {
        let mut tries = 0;
        loop {
            let answer = self.send_once(method.clone(), path, body.clone()).await?;
            let (status, headers, _) = &answer;
            let wait = headers.get(RETRY_AFTER).and_then(|seconds| seconds.to_str().ok()?.parse().ok());
            match wait.filter(|_| *status == StatusCode::TOO_MANY_REQUESTS && tries < PATIENCE) {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                None => return Ok(answer),
            }
            tries += 1;
        }
    }

    async fn send_once(&self, method: Method, path: &str, body: Vec<u8>) -> Result<(StatusCode, HeaderMap, Bytes)> {
        let base = match &self.target {
            Target::Here(_) => "",
            Target::Server { base, .. } => base,
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("{base}{path}"))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .body(Body::from(body))?;
        let (head, bytes) = match &self.target {
            Target::Here(router) => {
                let (head, body) = router.clone().oneshot(request).await?.into_parts();
                (head, body.collect().await?.to_bytes())
            }
            Target::Server { base, client } => {
                let answer = client.request(request).await.with_context(|| format!("no answer from {base}"))?;
                let (head, body) = answer.into_parts();
                (head, body.collect().await?.to_bytes())
            }
        };
        Ok((head.status, head.headers, bytes))
    }
}

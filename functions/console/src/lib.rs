//! The marketer's pages, rendered here and read without scripts. The console is a user of the API as any other: it calls the API's
//! routes in its own process with the key that was signed in with, so a page says what the API says, and may what the key may.

mod api;
mod bands;
mod charts;
mod frame;
mod numbers;
mod pages;
mod session;
mod staff;
mod words;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use ledger::{LedgerError, ShopId};
use web::App;

use crate::session::Links;

/// Nothing runs and nothing comes from elsewhere; not even a style inside a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// What pages are made of: the state of every function, and the API's routes as a service.
#[derive(Clone, Debug)]
pub struct Console {
    app: App,
    api: Router,
    links: Links,
    tls: bool,
}

impl Console {
    /// Over the API's routes, finished as they are served.
    #[must_use]
    pub fn new(app: &App, api: Router) -> Console {
        let tls = app.public("").starts_with("https:");
        Console { app: app.clone(), api, links: Links::default(), tls }
    }

    /// The same, reached over TLS alone, whatever its public address is known as: so its cookies are not sent otherwise.
    #[must_use]
    pub fn over_tls(self) -> Console {
        Console { tls: true, ..self }
    }

    /// A path that signs whoever opens it first in to a shop, with a key of this process alone. It is good for ten minutes.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no randomness.
    pub fn sign_in_path(&self, shop: &ShopId) -> Result<String, LedgerError> {
        self.links.make(&self.app, shop)
    }

    /// The pages, all under `/console`.
    pub fn router<S>(self) -> Router<S> {
        Console::routes().router.layer(from_fn(guarded)).with_state(self)
    }

    /// The patterns of all routes, such as `/console/runs/{run}`: who walks the pages knows by them whether any was missed.
    #[must_use]
    pub fn patterns() -> Vec<&'static str> {
        Console::routes().patterns
    }

    fn routes() -> Routes {
        Routes::default()
            .route("/console", get(pages::base::show))
            .route("/console/segments/{segment}", get(pages::segment::show))
            .route("/console/segments/{segment}/file", get(pages::audience::file))
            .route("/console/segments/{segment}/export", post(pages::audience::export))
            .route("/console/jobs/{job}/file", get(pages::audience::file_of_export))
            .route("/console/customers", get(pages::customer::find))
            .route("/console/customers/{id}", get(pages::customer::show))
            .route("/console/movement", get(pages::movement::show))
            .route("/console/cuts", get(pages::cuts::list))
            .route("/console/cuts/fit", post(pages::cuts::fit))
            .route("/console/cuts/typed", post(pages::cuts::typed))
            .route("/console/cuts/rollback", post(pages::cuts::roll_back))
            .route("/console/cuts/{version}", get(pages::cuts::show))
            .route("/console/cuts/{version}/preview", post(pages::cuts::preview))
            .route("/console/cuts/{version}/activate", post(pages::cuts::activate))
            .route("/console/jobs/{job}", get(pages::jobs::show))
            .route("/console/campaigns", get(pages::campaigns::list))
            .route("/console/campaigns/{number}", get(pages::campaigns::show))
            .route("/console/campaigns/{number}/state", post(pages::campaigns::set_state))
            .route("/console/campaigns/{number}/limit", post(pages::campaigns::set_limit))
            .route("/console/uplift", get(pages::campaigns::uplift))
            .route("/console/surveys", get(pages::campaigns::surveys))
            .route("/console/runs", get(pages::runs::list).post(pages::runs::begin))
            .route("/console/runs/{run}", get(pages::runs::show))
            .route("/console/sign-in", get(pages::sign_in::show).post(pages::sign_in::enter))
            .route("/console/enter/{pass}", get(pages::sign_in::enter_by_link))
            .route("/console/sign-out", post(pages::sign_in::leave))
            .route("/console/language", post(pages::sign_in::speak))
            .route("/console/console.css", get(style))
            .route("/console/icon.svg", get(icon))
    }
}

/// Routes, and the patterns under which they are mounted.
#[derive(Default)]
struct Routes {
    router: Router<Console>,
    patterns: Vec<&'static str>,
}

impl Routes {
    fn route(mut self, pattern: &'static str, methods: MethodRouter<Console>) -> Routes {
        self.patterns.push(pattern);
        Routes { router: self.router.route(pattern, methods), ..self }
    }
}

/// Every answer says what a browser may do with it.
async fn guarded(request: axum::extract::Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn style() -> impl IntoResponse {
    kept("text/css; charset=utf-8", include_str!("console.css"))
}

async fn icon() -> impl IntoResponse {
    kept("image/svg+xml", include_str!("icon.svg"))
}

/// What a browser need not ask for again at each page.
fn kept(media: &'static str, text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, media), (CACHE_CONTROL, "public, max-age=300")], text)
}

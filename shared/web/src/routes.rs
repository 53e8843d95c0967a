//! A function's routes, listed as they are mounted: what is served, what the template opens at the gateway and what the OpenAPI
//! document says cannot part. What a route takes and gives is said in `wire.rs`.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use ledger::Scope;

use crate::app::App;
use crate::auth::require;
use crate::wire::Told;

/// One way in.
#[derive(Clone, Debug)]
pub struct Route {
    /// `GET`, `POST`, `PUT`, `DELETE`.
    pub method: &'static str,
    /// The pattern, such as `/v1/customers/{id}`.
    pub path: &'static str,
    /// What it is for, in a few words.
    pub summary: &'static str,
    /// What a key must open; `None`: no key is asked for.
    pub scope: Option<Scope>,
    /// What it takes and gives.
    #[cfg(feature = "schema")]
    pub told: Told,
}

/// Routes of a function.
#[derive(Debug, Default)]
pub struct Routes {
    groups: Vec<(Option<Scope>, Router<App>)>,
    listed: Vec<Route>,
}

impl Routes {
    /// None.
    #[must_use]
    pub fn new() -> Routes {
        Routes::default()
    }

    /// What comes next is under this scope; `None`: no key is asked for.
    #[must_use]
    pub fn under(mut self, scope: Option<Scope>) -> Routes {
        self.groups.push((scope, Router::new()));
        self
    }

    /// A GET route.
    #[must_use]
    pub fn get<H: Handler<T, App>, T: 'static>(self, path: &'static str, summary: &'static str, handler: H) -> Routes {
        self.on(MethodFilter::GET, "GET", path, summary, handler)
    }

    /// A POST route.
    #[must_use]
    pub fn post<H: Handler<T, App>, T: 'static>(self, path: &'static str, summary: &'static str, handler: H) -> Routes {
        self.on(MethodFilter::POST, "POST", path, summary, handler)
    }

    /// A PUT route.
    #[must_use]
    pub fn put<H: Handler<T, App>, T: 'static>(self, path: &'static str, summary: &'static str, handler: H) -> Routes {
        self.on(MethodFilter::PUT, "PUT", path, summary, handler)
    }

    /// A DELETE route.
    #[must_use]
    pub fn delete<H: Handler<T, App>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Routes {
        self.on(MethodFilter::DELETE, "DELETE", path, summary, handler)
    }

    fn on<H: Handler<T, App>, T: 'static>(
        mut self,
        filter: MethodFilter,
        method: &'static str,
        path: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Routes {
        let (scope, router) = self.groups.pop().unwrap_or_default();
        self.groups.push((scope, router.route(path, on(filter, handler))));
        self.listed.push(Route {
            method,
            path,
            summary,
            scope,
            #[cfg(feature = "schema")]
            told: Told::default(),
        });
        self
    }

    /// Says something of the route that was listed last.
    #[cfg(feature = "schema")]
    pub(crate) fn tell(mut self, say: impl FnOnce(&mut Told)) -> Routes {
        if let Some(route) = self.listed.last_mut() {
            say(&mut route.told);
        }
        self
    }

    /// Says nothing: there is no document to be made here.
    #[cfg(not(feature = "schema"))]
    pub(crate) fn tell(self, _: impl FnOnce(&mut Told)) -> Routes {
        self
    }

    /// What is listed, in the order in which it was mounted.
    #[must_use]
    pub fn list(&self) -> &[Route] {
        &self.listed
    }

    /// Makes a router of them, each under its scope.
    pub fn router(self, app: &App) -> Router<App> {
        let scoped = |(scope, router): (Option<Scope>, Router<App>)| match scope {
            Some(scope) => require(router, app, scope),
            None => router,
        };
        self.groups.into_iter().map(scoped).fold(Router::new(), Router::merge)
    }
}

//! Somebody who is signed in to the console, without a browser: asks for pages and follows their links. So whoever looks at all pages
//! finds also those that come later, or learns that no link leads to one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use console::Console;
use http_body_util::BodyExt;
use ledger::ShopId;
use tower::ServiceExt;

/// A visitor with their session.
#[derive(Clone, Debug)]
pub struct Visitor {
    service: Router,
    cookie: String,
}

/// An answer of the console.
#[derive(Debug)]
pub struct Page {
    /// Its status.
    pub status: StatusCode,
    /// Where it leads on.
    pub to: Option<String>,
    /// Its type, such as `text/html; charset=utf-8`.
    pub kind: String,
    /// Its text.
    pub text: String,
}

/// What a walk met.
#[derive(Debug, Default)]
pub struct Walked {
    /// Paths of pages, with their queries, each with the pattern of its route.
    pub pages: Vec<(&'static str, String)>,
    /// Patterns whose pages, files or pictures were met.
    pub patterns: BTreeSet<&'static str>,
}

/// The route's pattern that a path is of: the one with the fewest names in it.
fn pattern(path: &str) -> Option<&'static str> {
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |pattern: &&'static str| {
        let own: Vec<&str> = pattern.split('/').collect();
        own.len() == parts.len() && own.iter().zip(&parts).all(|(own, part)| own.starts_with('{') || own == part)
    };
    Console::patterns().into_iter().filter(fits).min_by_key(|pattern| pattern.matches('{').count())
}

/// What a page refers to.
fn links(page: &str) -> Vec<String> {
    let of = |attribute: &'static str| page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
    let all = of(" href=\"").chain(of(" src=\"")).map(|link| link.replace("&amp;", "&"));
    all.filter_map(|link| link.split('#').next().filter(|link| !link.is_empty()).map(str::to_owned)).collect()
}

#[expect(clippy::expect_used, clippy::panic, reason = "a page that cannot be had is a failed test")]
impl Visitor {
    /// Signs in to a shop by a link.
    ///
    /// # Panics
    /// Where that does not open it.
    pub async fn enter(service: &Router, console: &Console, shop: &ShopId) -> Visitor {
        let link = console.sign_in_path(shop).expect("a link");
        let Ok(answer) = service.clone().oneshot(request(&link, "")).await;
        let cookie = answer.headers().get("set-cookie").expect("a session").to_str().expect("a text").to_owned();
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Visitor { service: service.clone(), cookie }
    }

    /// The same in a language, `en` or `ru`.
    #[must_use]
    pub fn in_language(&self, language: &str) -> Visitor {
        Visitor { cookie: format!("{}; tercile_language={language}", self.cookie), ..self.clone() }
    }

    /// What lies at a path.
    ///
    /// # Panics
    /// Where the answer breaks off.
    pub async fn get(&self, path: &str) -> Page {
        let Ok(answer) = self.service.clone().oneshot(request(path, &self.cookie)).await;
        let (head, body) = answer.into_parts();
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let bytes = body.collect().await.expect("a whole page").to_bytes();
        let (to, kind) = (header("location"), header("content-type").unwrap_or_default());
        Page { status: head.status, to, kind, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// Follows the links from the base and from these other places, to so many pages at most of a route with the same names in the
    /// query.
    ///
    /// # Panics
    /// At a link that leads out of the console, or to nothing.
    pub async fn walk(&self, others: &[&str], of_a_kind: usize) -> Walked {
        let mut walked = Walked::default();
        let mut next: VecDeque<String> = ["/console"].iter().chain(others).map(|path| (*path).to_owned()).collect();
        let mut known: BTreeSet<String> = next.iter().cloned().collect();
        let mut met: BTreeMap<String, usize> = BTreeMap::new();
        while let Some(at) = next.pop_front() {
            let (path, query) = at.split_once('?').unwrap_or((&at, ""));
            let pattern = pattern(path).unwrap_or_else(|| panic!("a link to {at}, where nothing is"));
            let names: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
            let alike = met.entry(format!("{pattern}?{}", names.join("&"))).or_default();
            *alike += 1;
            if *alike > of_a_kind {
                continue;
            }
            let page = self.get(&at).await;
            walked.patterns.insert(pattern);
            let found = match page.to {
                Some(to) if page.status == StatusCode::SEE_OTHER => vec![to],
                // A download, a style sheet, a picture.
                _ if page.status == StatusCode::OK && !page.kind.starts_with("text/html") => Vec::new(),
                _ => {
                    assert_eq!(page.status, StatusCode::OK, "a link to {at}: {}", page.text);
                    let found = links(&page.text);
                    walked.pages.push((pattern, at.clone()));
                    found
                }
            };
            for link in found {
                let link = if link.starts_with('?') { format!("{path}{link}") } else { link };
                let ours = link == "/console" || link.starts_with("/console/") || link.starts_with("/console?");
                assert!(ours, "{at} leads to {link}");
                if known.insert(link.clone()) {
                    next.push_back(link);
                }
            }
        }
        walked
    }

    /// The patterns that a browser can open: their GET is answered by something other than that there is no such method.
    pub async fn can_be_opened(&self) -> BTreeSet<&'static str> {
        let mut open = BTreeSet::new();
        for pattern in Console::patterns() {
            let parts = pattern.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
            if self.get(&parts.collect::<Vec<_>>().join("/")).await.status != StatusCode::METHOD_NOT_ALLOWED {
                open.insert(pattern);
            }
        }
        open
    }
}

#[expect(clippy::expect_used, reason = "tests write paths that are paths")]
fn request(path: &str, cookie: &str) -> Request<Body> {
    Request::get(path).header("cookie", cookie).body(Body::empty()).expect("a request")
}

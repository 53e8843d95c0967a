//! What holds on every page: nothing complains, nothing runs, nothing sticks out, axe-core finds nothing, and a keyboard is enough.

use std::sync::OnceLock;

use e2e::browser::{Key, Scheme};
use serde_json::{Value, json};

use super::House;

/// A telephone's width.
pub(crate) const PHONE: u32 = 360;
/// A desk's.
pub(crate) const DESK: u32 = 1280;

/// What sticks out to the right and can be scrolled to by nobody but with the whole page.
const STICKS_OUT: &str = "
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const held = one => { for (let up = one.parentElement; up; up = up.parentElement) {
        if (up !== document.body && up !== document.documentElement && getComputedStyle(up).overflowX !== 'visible') return true;
    } return false; };
    const out = [...document.body.querySelectorAll('*')]
        .filter(one => one.getBoundingClientRect().right > width + 0.5 && !held(one));
    return [document.documentElement.scrollWidth, ...out.map(one => one.outerHTML.slice(0, 160))];";

/// axe-core's findings, each with what it is about.
const FINDINGS: &str = "
    return axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations.flatMap(one =>
        one.nodes.map(node => `${one.id} (${one.impact}): ${node.html.slice(0, 200)} ${node.failureSummary}`)));";

/// The program of axe-core.
#[expect(clippy::disallowed_methods, clippy::expect_used, reason = "where it lies is told to the tests from outside")]
fn axe() -> &'static str {
    static AXE: OnceLock<String> = OnceLock::new();
    AXE.get_or_init(|| {
        let path = std::env::var("TERCILE_AXE").expect("TERCILE_AXE names axe.min.js: see README");
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    })
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(ToString::to_string).collect()
}

impl House {
    /// What is wrong with the page that is open, at this width.
    pub(crate) async fn faults(&self, width: u32) -> Vec<String> {
        let browser = &self.browser;
        if let Some(text) = browser.dialog().await.unwrap() {
            // Nothing else can be asked of this page.
            return vec![format!("a dialog: {text}")];
        }
        let mut faults = browser.complaints().await.unwrap();
        let out = browser.run(STICKS_OUT, Value::Null).await.unwrap();
        faults.extend(texts(&out).into_iter().map(|what| format!("wider than {width}: {what}")));
        faults
    }

    /// What axe-core says of the page that is open.
    pub(crate) async fn findings(&self) -> Vec<String> {
        let script = format!("{};{FINDINGS}", axe());
        texts(&self.browser.run(&script, Value::Null).await.unwrap())
    }

    /// Opens a page at this width and in these colours, and says what is wrong with it.
    pub(crate) async fn looked_at(&self, path: &str, width: u32, scheme: Scheme, language: &str) -> Vec<String> {
        let browser = &self.browser;
        browser.resize(width, 800).await.unwrap();
        browser.prefer(scheme).await.unwrap();
        browser.open(&format!("{}{path}", self.url)).await.unwrap();
        let mut faults = self.faults(width).await;
        let said = browser.run("return document.documentElement.lang", Value::Null).await.unwrap();
        if said != language {
            faults.push(format!("its language is {said}"));
        }
        faults.extend(self.findings().await);
        let place = format!("{path} ({language}, {width}, {})", scheme.name());
        faults.into_iter().map(|fault| format!("{place}: {fault}")).collect()
    }

    /// Opens a page and says what a keyboard cannot do there: skip to the content, and reach every part of the console.
    pub(crate) async fn by_keyboard(&self, path: &str) -> Vec<String> {
        let browser = &self.browser;
        let mut faults = Vec::new();
        let focused =
            "const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
            return { what: at.getAttribute('href'), outlined: style.outlineStyle !== 'none',
                     seen: box.width > 0 && box.left >= 0 && box.top >= 0 && box.right <= innerWidth }";
        browser.open(&format!("{}{path}", self.url)).await.unwrap();
        let parts =
            "return ['#main', ...[...document.querySelectorAll('header nav a')].map(one => one.getAttribute('href'))]";
        let parts = browser.run(parts, Value::Null).await.unwrap();
        for part in parts.as_array().unwrap() {
            browser.press(Key::Tab).await.unwrap();
            let at = browser.run(focused, Value::Null).await.unwrap();
            if at != json!({ "what": part, "outlined": true, "seen": true }) {
                faults.push(format!("{path}: the next key should have led to {part}: {at}"));
            }
        }
        browser.open(&format!("{}{path}", self.url)).await.unwrap();
        browser.press(Key::Tab).await.unwrap();
        browser.press(Key::Enter).await.unwrap();
        if browser.until("document.activeElement.id === 'main'").await.is_err() {
            faults.push(format!("{path}: the first link does not lead to the content"));
        }
        faults
    }
}

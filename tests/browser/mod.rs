//! A real Chromium before our pages, as a person with a mouse and a keyboard would use it.

mod driver;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use hyper::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use driver::Driver;
pub use driver::Fault;

/// How long something may take that a page does by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// A key of the keyboard, as the protocol spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The next control.
    Tab,
    /// What a control does.
    Enter,
}

impl Key {
    fn spelled(self) -> &'static str {
        match self {
            Key::Tab => "\u{e004}",
            Key::Enter => "\u{e007}",
        }
    }
}

/// Which of a page's two sets of colours the reader prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Scheme {
    /// As a style sheet calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        }
    }
}

/// A browser with one tab.
pub struct Browser {
    // Ends before its directory goes.
    driver: Driver,
    session: String,
    directory: TempDir,
}

impl Browser {
    /// A new one that knows nobody.
    ///
    /// # Errors
    /// [`Fault`] where there is no Chromium, or no driver of its version.
    pub async fn start() -> Result<Browser, Fault> {
        let directory = tempfile::tempdir().map_err(Fault::broken)?;
        let driver = Driver::start()?;
        let session = driver.session(&directory.path().display().to_string()).await?;
        Ok(Browser { driver, session, directory })
    }

    async fn post(&self, command: &str, body: &Value) -> Result<Value, Fault> {
        self.driver.call(Method::POST, &format!("{}/{command}", self.session), body).await
    }

    async fn get(&self, command: &str) -> Result<Value, Fault> {
        self.driver.call(Method::GET, &format!("{}/{command}", self.session), &Value::Null).await
    }

    /// Opens an address, and waits until all of it is there.
    ///
    /// # Errors
    /// [`Fault`], as of every command.
    pub async fn open(&self, url: &str) -> Result<(), Fault> {
        self.post("url", &json!({ "url": url })).await.map(drop)
    }

    /// The address that it shows.
    ///
    /// # Errors
    /// As above.
    pub async fn at(&self) -> Result<String, Fault> {
        Ok(self.get("url").await?.as_str().unwrap_or_default().to_owned())
    }

    /// Runs a function's body in the page with these arguments, and gives what it returns; of a promise, what it keeps. No policy of
    /// the page's forbids that.
    ///
    /// # Errors
    /// As above.
    pub async fn run(&self, script: &str, arguments: Value) -> Result<Value, Fault> {
        self.post("execute/sync", &json!({ "script": script, "args": [arguments] })).await
    }

    /// Clicks what this CSS selector finds first.
    ///
    /// # Errors
    /// As above; there may be none.
    pub async fn click(&self, selector: &str) -> Result<(), Fault> {
        let element = self.find("css selector", selector).await?;
        self.post(&format!("element/{element}/click"), &json!({})).await.map(drop)
    }

    /// Clicks the button that reads so.
    ///
    /// # Errors
    /// As above.
    pub async fn press_button(&self, text: &str) -> Result<(), Fault> {
        let element = self.find("xpath", &format!("//button[normalize-space()={text:?}]")).await?;
        self.post(&format!("element/{element}/click"), &json!({})).await.map(drop)
    }

    /// Types into the field that this CSS selector finds first, in the place of what stood there.
    ///
    /// # Errors
    /// As above.
    pub async fn write(&self, selector: &str, text: &str) -> Result<(), Fault> {
        let element = self.find("css selector", selector).await?;
        self.post(&format!("element/{element}/clear"), &json!({})).await?;
        self.post(&format!("element/{element}/value"), &json!({ "text": text })).await.map(drop)
    }

    async fn find(&self, using: &str, value: &str) -> Result<String, Fault> {
        let found = self.post("element", &json!({ "using": using, "value": value })).await?;
        let element = found.as_object().and_then(|names| names.values().next()?.as_str());
        element.map(str::to_owned).ok_or_else(|| Fault::broken(&found))
    }

    /// Presses a key where the focus is.
    ///
    /// # Errors
    /// As above.
    pub async fn press(&self, key: Key) -> Result<(), Fault> {
        let way = |kind: &str| json!({ "type": kind, "value": key.spelled() });
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": [way("keyDown"), way("keyUp")] });
        self.post("actions", &json!({ "actions": [keyboard] })).await.map(drop)
    }

    /// Asks the page until it says yes.
    ///
    /// # Errors
    /// As above, or that it does not within half a minute.
    pub async fn until(&self, question: &str) -> Result<(), Fault> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            // A page that is just being left cannot answer.
            if self.run(&format!("return {question}"), Value::Null).await.is_ok_and(|answer| answer == true) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Fault::broken(format!("not within {PATIENCE:?}: {question}")))
    }

    /// A command of Chromium's own.
    ///
    /// # Errors
    /// As above.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Result<Value, Fault> {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters })).await
    }

    /// Shows pages in a window of this size, in pixels of CSS.
    ///
    /// # Errors
    /// As above.
    pub async fn resize(&self, width: u32, height: u32) -> Result<(), Fault> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await.map(drop)
    }

    /// Shows pages to somebody who prefers these colours.
    ///
    /// # Errors
    /// As above.
    pub async fn prefer(&self, scheme: Scheme) -> Result<(), Fault> {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme.name() }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await.map(drop)
    }

    /// What stands in the console of the browser since the last time: errors, and what a page's policy forbade.
    ///
    /// # Errors
    /// As above.
    pub async fn complaints(&self) -> Result<Vec<String>, Fault> {
        let log = self.post("se/log", &json!({ "type": "browser" })).await?;
        let lines = log.as_array().cloned().unwrap_or_default();
        Ok(lines.iter().map(|line| format!("{}: {}", line["level"], line["message"])).collect())
    }

    /// What a dialog says, where one is open.
    ///
    /// # Errors
    /// As above.
    pub async fn dialog(&self) -> Result<Option<String>, Fault> {
        match self.get("alert/text").await {
            Ok(text) => Ok(Some(text.to_string())),
            Err(fault) if fault.error == "no such alert" => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The window as a PNG.
    ///
    /// # Errors
    /// As above.
    pub async fn picture(&self) -> Result<Vec<u8>, Fault> {
        let taken = self.get("screenshot").await?;
        BASE64.decode(taken.as_str().unwrap_or_default().as_bytes()).map_err(Fault::broken)
    }

    /// The value of a cookie that the page's address has, also where no script may read it.
    ///
    /// # Errors
    /// As above.
    pub async fn cookie(&self, name: &str) -> Result<Option<String>, Fault> {
        let cookies = self.get("cookie").await?;
        let cookies = cookies.as_array().cloned().unwrap_or_default();
        let found = cookies.iter().find(|cookie| cookie["name"] == name);
        Ok(found.and_then(|cookie| cookie["value"].as_str()).map(str::to_owned))
    }

    /// Waits for a download of this name and gives it.
    ///
    /// # Errors
    /// [`Fault`] where none comes within half a minute.
    pub async fn downloaded(&self, name: &str) -> Result<Vec<u8>, Fault> {
        // It has another name until it is whole.
        let path: PathBuf = self.directory.path().join("downloads").join(name);
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if path.exists() {
                return std::fs::read(path).map_err(Fault::broken);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Fault::broken(format!("no download {name} came")))
    }
}

//! A real Chromium before our pages, as a person with a mouse and a keyboard would use it.

mod driver;

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::error::{CmdError, NewSessionError};
pub use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, Locator};
use hyper::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

use driver::Driver;

/// How long something may take that a page does by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a command was not done, such as `no such element`.
#[derive(Debug)]
pub struct Fault(String);

impl Fault {
    fn broken(why: impl fmt::Display) -> Fault {
        Fault(why.to_string())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl std::error::Error for Fault {}

impl From<CmdError> for Fault {
    fn from(error: CmdError) -> Fault {
        Fault::broken(error)
    }
}

impl From<NewSessionError> for Fault {
    fn from(error: NewSessionError) -> Fault {
        Fault::broken(error)
    }
}

/// A command of Chromium's driver beside the standard's.
#[derive(Debug)]
struct OwnCommand {
    name: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for OwnCommand {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/{}", session_id.unwrap_or_default(), self.name))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
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
    client: Client,
    // Ends before its directory goes.
    _driver: Driver,
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
        let client = driver.session(&directory.path().display().to_string()).await?;
        Ok(Browser { client, _driver: driver, directory })
    }

    async fn own(&self, name: &'static str, body: Value) -> Result<Value, Fault> {
        Ok(self.client.issue_cmd(OwnCommand { name, body }).await?)
    }

    /// Opens an address, and waits until all of it is there.
    ///
    /// # Errors
    /// [`Fault`], as of every command.
    pub async fn open(&self, url: &str) -> Result<(), Fault> {
        Ok(self.client.goto(url).await?)
    }

    /// The address that it shows.
    ///
    /// # Errors
    /// As above.
    pub async fn at(&self) -> Result<String, Fault> {
        Ok(self.client.current_url().await?.to_string())
    }

    /// Runs a function's body in the page with these arguments, and gives what it returns; of a promise, what it keeps. No policy of
    /// the page's forbids that.
    ///
    /// # Errors
    /// As above.
    pub async fn run(&self, script: &str, arguments: Value) -> Result<Value, Fault> {
        Ok(self.client.execute(script, vec![arguments]).await?)
    }

    /// Clicks what this CSS selector finds first, and which the page stays after, such as a download.
    ///
    /// # Errors
    /// As above; there may be none.
    pub async fn click(&self, selector: &str) -> Result<(), Fault> {
        Ok(self.client.find(Locator::Css(selector)).await?.click().await?)
    }

    /// Follows the link that this CSS selector finds first.
    ///
    /// # Errors
    /// As above; it may lead nowhere.
    pub async fn follow(&self, selector: &str) -> Result<(), Fault> {
        self.leave(Locator::Css(selector)).await
    }

    /// Presses the button that reads so, and which sends a form.
    ///
    /// # Errors
    /// As above.
    pub async fn press_button(&self, text: &str) -> Result<(), Fault> {
        self.leave(Locator::XPath(&format!("//button[normalize-space()={text:?}]"))).await
    }

    /// Clicks what leads to a page, and waits until that is there: the driver knows of what is loading, but a form that is sent does not
    /// load yet when its click returns.
    async fn leave(&self, what: Locator<'_>) -> Result<(), Fault> {
        self.run("document.isLeft = true", Value::Null).await?;
        self.client.find(what).await?.click().await?;
        self.until("!document.isLeft && document.readyState === 'complete'").await
    }

    /// Types into the field that this CSS selector finds first, in the place of what stood there.
    ///
    /// # Errors
    /// As above.
    pub async fn write(&self, selector: &str, text: &str) -> Result<(), Fault> {
        let field = self.client.find(Locator::Css(selector)).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Presses a key where the focus is.
    ///
    /// # Errors
    /// As above.
    pub async fn press(&self, key: Key) -> Result<(), Fault> {
        let value = char::from(key);
        let keys = KeyActions::new("keyboard".to_owned());
        let keys = keys.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        Ok(self.client.perform_actions(keys).await?)
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
        self.own("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
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
        let log = self.own("se/log", json!({ "type": "browser" })).await?;
        let lines = log.as_array().cloned().unwrap_or_default();
        Ok(lines.iter().map(|line| format!("{}: {}", line["level"], line["message"])).collect())
    }

    /// What a dialog says, where one is open.
    ///
    /// # Errors
    /// As above.
    pub async fn dialog(&self) -> Result<Option<String>, Fault> {
        match self.client.get_alert_text().await {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.is_no_such_alert() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The window as a PNG.
    ///
    /// # Errors
    /// As above.
    pub async fn picture(&self) -> Result<Vec<u8>, Fault> {
        Ok(self.client.screenshot().await?)
    }

    /// The value of a cookie that the page's address has, also where no script may read it.
    ///
    /// # Errors
    /// As above.
    pub async fn cookie(&self, name: &str) -> Result<Option<String>, Fault> {
        let cookies = self.client.get_all_cookies().await?;
        Ok(cookies.iter().find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned()))
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

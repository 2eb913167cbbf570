//! A screen driven as a person would: find, tap, type, look. Works for the window and a browser.

use anyhow::{Context, Result, bail};
use fantoccini::actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);
const GLANCE: Duration = Duration::from_millis(60);

/// How many pictures a folder holds.
pub fn pictures_in(folder: &Path) -> Result<usize> {
    let mut count = 0;
    for entry in std::fs::read_dir(folder)? {
        count += usize::from(
            entry?
                .path()
                .extension()
                .is_some_and(|extension| extension == "png"),
        );
    }
    Ok(count)
}

/// A driven screen, with the folder for its pictures.
pub struct Screen {
    client: Client,
    pictures: PathBuf,
    prefix: &'static str,
}

impl Screen {
    /// Opens the app's window.
    pub async fn window(
        driver: &str,
        binary: &Path,
        arguments: &[String],
        pictures: &Path,
    ) -> Result<Self> {
        let capabilities = json!({
            "browserName": "wry",
            "webkitgtk:browserOptions": { "binary": binary, "args": arguments },
        });
        Self::open(driver, capabilities, pictures, "app").await
    }

    /// Opens a page in Chromium.
    pub async fn browser(driver: &str, page: &str, pictures: &Path) -> Result<Self> {
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--window-size=1280,900", "--lang=en-US",
            ] },
        });
        let screen = Self::open(driver, capabilities, pictures, "console").await?;
        screen.client.goto(page).await?;
        Ok(screen)
    }

    async fn open(
        driver: &str,
        capabilities: Value,
        pictures: &Path,
        prefix: &'static str,
    ) -> Result<Self> {
        let capabilities: Capabilities = serde_json::from_value(capabilities)?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(driver)
            .await
            .with_context(|| format!("open the {prefix} screen"))?;
        std::fs::create_dir_all(pictures)?;
        Ok(Self {
            client,
            pictures: pictures.to_owned(),
            prefix,
        })
    }

    /// Closes the screen.
    pub async fn close(self) -> Result<()> {
        Ok(self.client.close().await?)
    }

    /// The driver's client, for what this type does not offer.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Finds an element, waiting for it.
    pub async fn find(&self, css: &str) -> Result<Element> {
        let began = Instant::now();
        loop {
            if let Ok(element) = self.client.find(Locator::Css(css)).await {
                return Ok(element);
            }
            if began.elapsed() > PATIENCE {
                let script = "return document.body.innerText";
                let shown = self.client.execute(script, Vec::new()).await;
                let shown = shown.map(|shown| shown.to_string()).unwrap_or_default();
                let picture = self.pictures.join("trouble.png");
                std::fs::write(&picture, self.client.screenshot().await?)?;
                bail!(
                    "`{css}` did not appear (see {}); the screen says: {shown}",
                    picture.display()
                );
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// How many elements match now.
    pub async fn count(&self, css: &str) -> Result<usize> {
        Ok(self.client.find_all(Locator::Css(css)).await?.len())
    }

    /// Waits until as many elements match.
    pub async fn wait_for_count(&self, css: &str, wanted: usize) -> Result<()> {
        let began = Instant::now();
        loop {
            let found = self.count(css).await?;
            if found == wanted {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                bail!("wanted {wanted} of `{css}`, found {found}");
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Waits until an attribute of an element has a value.
    pub async fn wait_for_attr(&self, css: &str, name: &str, wanted: &str) -> Result<()> {
        let began = Instant::now();
        loop {
            let found = match self.client.find(Locator::Css(css)).await {
                Ok(element) => element.attr(name).await.ok().flatten(),
                Err(_) => None,
            };
            if found.as_deref() == Some(wanted) {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                bail!("wanted `{name}` of `{css}` to be `{wanted}`, found {found:?}");
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Taps what carries this name; tries again where the screen was redrawn under the finger.
    pub async fn tap(&self, act: &str) -> Result<()> {
        self.tap_css(&format!("[data-act='{act}']")).await
    }

    /// Taps the first element that matches.
    ///
    /// A driver may report an error although the tap arrived (the screen was redrawn under it), so
    /// the page itself is asked before tapping again: a person would not tap twice either.
    pub async fn tap_css(&self, css: &str) -> Result<()> {
        let began = Instant::now();
        loop {
            let element = self.find(css).await?;
            let is_ready = element.is_enabled().await.unwrap_or(false);
            let is_heard = is_ready
                && self.reveal(&element).await.is_ok()
                && self.listen(&element).await.is_ok();
            if is_heard && (element.click().await.is_ok() || self.has_arrived().await?) {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                bail!("`{css}` could not be tapped");
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Has the page note the next tap on an element.
    async fn listen(&self, element: &Element) -> Result<()> {
        let script = "window.tapArrived = false;
            arguments[0].addEventListener('click', () => (window.tapArrived = true), { once: true, capture: true })";
        self.client
            .execute(script, vec![serde_json::to_value(element)?])
            .await?;
        Ok(())
    }

    async fn has_arrived(&self) -> Result<bool> {
        let arrived = self
            .client
            .execute("return window.tapArrived", Vec::new())
            .await?;
        Ok(arrived == Value::Bool(true))
    }

    async fn reveal(&self, element: &Element) -> Result<()> {
        let script = "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})";
        self.client
            .execute(script, vec![serde_json::to_value(element)?])
            .await?;
        Ok(())
    }

    /// Scrolls an element to the top of the screen.
    pub async fn show(&self, css: &str) -> Result<()> {
        let element = self.find(css).await?;
        let script = "arguments[0].scrollIntoView({block: 'start', behavior: 'instant'})";
        self.client
            .execute(script, vec![serde_json::to_value(&element)?])
            .await?;
        Ok(())
    }

    /// Chooses a file, as from a camera that has just written it.
    pub async fn choose(&self, act: &str, file: &Path) -> Result<()> {
        let element = self.find(&format!("[data-act='{act}']")).await?;
        element.send_keys(&file.display().to_string()).await?;
        Ok(())
    }

    /// Draws a wave across an element, with the pointer held down.
    pub async fn draw(&self, act: &str) -> Result<()> {
        let element = self.find(&format!("[data-act='{act}']")).await?;
        self.reveal(&element).await?;
        let to = |x: f64, y: f64| PointerAction::MoveToElement {
            element: element.clone(),
            duration: Some(Duration::from_millis(20)),
            x,
            y,
        };
        let down = PointerAction::Down {
            button: MOUSE_BUTTON_LEFT,
        };
        let mut stroke = MouseActions::new("pen".into())
            .then(to(-200.0, 10.0))
            .then(down);
        for step in -9..10 {
            let x = f64::from(step) * 20.0;
            stroke = stroke.then(to(x, (x / 25.0).sin() * 40.0));
        }
        let up = PointerAction::Up {
            button: MOUSE_BUTTON_LEFT,
        };
        self.client.perform_actions(stroke.then(up)).await?;
        Ok(())
    }

    /// Types into the field with this name, in place of what it holds.
    pub async fn write(&self, act: &str, text: &str) -> Result<()> {
        let element = self.find(&format!("[data-act='{act}']")).await?;
        self.reveal(&element).await?;
        element.clear().await?;
        element.send_keys(text).await?;
        Ok(())
    }

    /// The text of an element, waiting for the element.
    pub async fn text(&self, css: &str) -> Result<String> {
        self.read(css, async |element| element.text().await).await
    }

    /// An attribute of an element, waiting for the element.
    pub async fn attr(&self, css: &str, name: &str) -> Result<String> {
        self.read(css, async |element| element.attr(name).await)
            .await?
            .with_context(|| format!("`{css}` has no `{name}`"))
    }

    /// Reads something of an element; looks again where the screen was redrawn under the eye.
    async fn read<T>(
        &self,
        css: &str,
        what: impl AsyncFn(Element) -> Result<T, CmdError>,
    ) -> Result<T> {
        let began = Instant::now();
        loop {
            match what(self.find(css).await?).await {
                Ok(found) => return Ok(found),
                Err(error) if began.elapsed() > PATIENCE => {
                    return Err(error).with_context(|| format!("read `{css}`"));
                }
                Err(_) => tokio::time::sleep(GLANCE).await,
            }
        }
    }

    /// Goes to a place of the interface by its route.
    pub async fn go(&self, route: &str) -> Result<()> {
        self.client
            .execute("location.hash = arguments[0]", vec![json!(route)])
            .await?;
        Ok(())
    }

    /// The file of the picture that was taken last.
    pub fn newest_picture(&self) -> Result<PathBuf> {
        let files = std::fs::read_dir(&self.pictures)?;
        let files: Result<Vec<_>, _> = files.map(|file| Ok(file?.path())).collect();
        let files: Vec<PathBuf> = files.map_err(|error: std::io::Error| error)?;
        let pictures = files
            .into_iter()
            .filter(|file| file.extension().is_some_and(|kind| kind == "png"));
        let newest = pictures.max().context("no picture has been taken")?;
        Ok(std::path::absolute(newest)?)
    }

    /// Shows everything in a language from now on, as it does where the machine speaks it.
    pub async fn speak(&self, language: &str) -> Result<()> {
        let script = "localStorage.setItem('doorstep.language', arguments[0]); location.reload()";
        self.client.execute(script, vec![json!(language)]).await?;
        self.find(&format!("html[lang='{language}']")).await?;
        Ok(())
    }

    /// Puts a day, such as `2026-11-01`, into a field: how it is typed differs by language.
    pub async fn date(&self, act: &str, day: &str) -> Result<()> {
        let field = self.find(&format!("[data-act='{act}']")).await?;
        let script = "arguments[0].value = arguments[1];
            arguments[0].dispatchEvent(new Event('input', { bubbles: true }))";
        let arguments = vec![serde_json::to_value(&field)?, json!(day)];
        self.client.execute(script, arguments).await?;
        Ok(())
    }

    /// Takes a picture of what is shown.
    pub async fn picture(&mut self, name: &str) -> Result<()> {
        // Let what was tapped settle: the longest motion takes 200 ms.
        tokio::time::sleep(Duration::from_millis(250)).await;
        let file = format!(
            "{:02}-{}-{name}.png",
            pictures_in(&self.pictures)? + 1,
            self.prefix
        );
        std::fs::write(self.pictures.join(file), self.client.screenshot().await?)?;
        Ok(())
    }
}

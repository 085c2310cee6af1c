// SPDX-License-Identifier: GPL-2.0-only
//! The page in a browser, and what a person or a script does with it.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::commands::{self, Message};
use crate::setting::Setting;
use crate::site::Site;

/// How long anything may take that is not measured.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether the program has started: it has taken the place of the text that was there before.
const STARTED: &str = "[role=status]";

/// A task longer than this keeps the page from answering; browsers report those of 50 ms and more.
const OBSERVE_LONG_TASKS: &str = "
    window.longestTask = 0;
    new PerformanceObserver((list) => {
        for (const task of list.getEntries()) window.longestTask = Math.max(window.longestTask, task.duration);
    }).observe({ type: 'longtask', buffered: true });
";

const MAKE_INPUT: &str = "
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = true;
    input.hidden = true;
    document.documentElement.append(input);
    return input;
";

const DROP_FROM_INPUT: &str = "
    const [input] = arguments;
    const transfer = new DataTransfer();
    for (const file of input.files) transfer.items.add(file);
    input.remove();
    for (const type of ['dragenter', 'dragover', 'drop']) {
        const options = { dataTransfer: transfer, bubbles: true, cancelable: true, composed: true };
        document.body.dispatchEvent(new DragEvent(type, options));
    }
";

const SAVE: &str = "
    const [text, sized, done] = arguments;
    const create = URL.createObjectURL;
    URL.createObjectURL = (content) => {
        URL.createObjectURL = create;
        if (sized) done(content.size); else content.text().then(done);
        return create.call(URL, content);
    };
    [...document.querySelectorAll('button')].find((button) => button.textContent.trim() === text).click();
";

const FORGET_CACHES: &str = "
    const done = arguments[0];
    const forget = async () => {
        await navigator.serviceWorker.ready;
        for (const name of await caches.keys()) await caches.delete(name);
    };
    forget().then(done);
";

/// The page in a browser of its own.
pub(crate) struct Page {
    pub(crate) client: Client,
    setting: Arc<Setting>,
    address: String,
    site: RefCell<Option<Site>>,
    console: RefCell<Vec<Message>>,
}

/// Light or dark, as the system has it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

impl Page {
    /// Starts a browser and loads the page of `site`.
    pub(crate) async fn open(setting: Arc<Setting>, site: Site) -> anyhow::Result<Self> {
        let capabilities = serde_json::from_str(include_str!("webdriver.json"))?;
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&setting.webdriver)
            .await
            .context("the browser does not start")?;
        let address = site.address().to_owned();
        let page = Self { client, setting, address, site: RefCell::new(Some(site)), console: RefCell::default() };
        match page.load().await {
            Ok(()) => Ok(page),
            Err(error) => {
                let console = page.console_text().await;
                page.close().await;
                Err(error.context(format!("the page does not start; console:\n{console}")))
            }
        }
    }

    async fn load(&self) -> anyhow::Result<()> {
        let parameters = json!({ "source": OBSERVE_LONG_TASKS });
        commands::devtools(&self.client, "Page.addScriptToEvaluateOnNewDocument", parameters).await?;
        self.set_view(1440, 900, Scheme::Light).await?;
        self.go_to("").await
    }

    /// Loads the page anew, with a query and fragment: `?embed=1`, `#symbol=…`.
    pub(crate) async fn go_to(&self, place: &str) -> anyhow::Result<()> {
        self.client.goto(&format!("{}{place}", self.address)).await?;
        self.started().await
    }

    /// Loads the page again, as it is.
    pub(crate) async fn reload(&self) -> anyhow::Result<()> {
        self.client.refresh().await?;
        self.started().await
    }

    async fn started(&self) -> anyhow::Result<()> {
        self.find(STARTED).await.map(drop)
    }

    /// Ends the page's host: from now on there is no network.
    pub(crate) async fn cut_network(&self) {
        let site = self.site.take();
        if let Some(site) = site {
            site.stop().await;
        }
    }

    /// Has the browser forget what it keeps of the page's files.
    pub(crate) async fn forget_files(&self) -> anyhow::Result<()> {
        self.client.execute_async(FORGET_CACHES, Vec::new()).await?;
        commands::devtools(&self.client, "Network.clearBrowserCache", json!({})).await?;
        Ok(())
    }

    /// The size of the view in CSS pixels, and the colours that the system prefers.
    pub(crate) async fn set_view(&self, width: u32, height: u32, scheme: Scheme) -> anyhow::Result<()> {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        commands::devtools(&self.client, "Emulation.setDeviceMetricsOverride", metrics).await?;
        let scheme = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        commands::devtools(&self.client, "Emulation.setEmulatedMedia", media).await?;
        Ok(())
    }

    /// Drops files onto the window.
    pub(crate) async fn drop_files(&self, files: &[&Path]) -> anyhow::Result<()> {
        let held = self.hold_files(files).await?;
        self.drop_held(held).await
    }

    /// Takes files to drop them later.
    pub(crate) async fn hold_files(&self, files: &[&Path]) -> anyhow::Result<Held> {
        // Only an input can make a `File` of what lies on a disk.
        let input = self.client.execute(MAKE_INPUT, Vec::new()).await?;
        let reference = Reference::deserialize(&input)?;
        Element::from_element_id(self.client.clone(), reference.id.into()).send_keys(&paths(files)?).await?;
        Ok(Held { input })
    }

    /// Drops files that were taken before.
    pub(crate) async fn drop_held(&self, held: Held) -> anyhow::Result<()> {
        self.client.execute(DROP_FROM_INPUT, vec![held.input]).await?;
        Ok(())
    }

    /// Chooses files through the page's own input.
    pub(crate) async fn choose_files(&self, files: &[&Path]) -> anyhow::Result<()> {
        let input = self.client.find(Locator::Css("input[type=file][aria-label='Open files']")).await?;
        Ok(input.send_keys(&paths(files)?).await?)
    }

    /// The element of a CSS selector, waited for.
    pub(crate) async fn find(&self, selector: &str) -> anyhow::Result<Element> {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
        found.with_context(|| format!("there is no {selector}"))
    }

    /// Waits until the status line contains `text`.
    pub(crate) async fn wait_for_status(&self, text: &str) -> anyhow::Result<()> {
        self.wait_for_text("[role=status]", text).await
    }

    /// Waits until the text of an element contains `text`.
    pub(crate) async fn wait_for_text(&self, selector: &str, text: &str) -> anyhow::Result<()> {
        let start = Instant::now();
        loop {
            let found = self.find(selector).await?.text().await?;
            if found.contains(text) {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                bail!("{selector} reads {found:?}, without {text:?}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Clicks on the element of a CSS selector, when it is there.
    pub(crate) async fn click(&self, selector: &str) -> anyhow::Result<()> {
        Ok(self.find(selector).await?.click().await?)
    }

    /// Clicks on the button with this text.
    pub(crate) async fn click_button(&self, text: &str) -> anyhow::Result<()> {
        let path = format!("//button[normalize-space()='{text}']");
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::XPath(&path)).await;
        Ok(found.with_context(|| format!("there is no button {text}"))?.click().await?)
    }

    /// Shows imports in place of exports.
    pub(crate) async fn show_imports(&self) -> anyhow::Result<()> {
        let path = Locator::XPath("//button[starts-with(normalize-space(), 'Imports')]");
        Ok(self.client.wait().at_most(PATIENCE).for_element(path).await?.click().await?)
    }

    /// Chooses an option of a select, by its text.
    pub(crate) async fn choose(&self, label: &str, option: &str) -> anyhow::Result<()> {
        let select = self.find(&format!("select[aria-label='{label}']")).await?;
        Ok(select.select_by_label(option).await?)
    }

    /// Types into whatever has the focus.
    pub(crate) async fn write(&self, text: &str) -> anyhow::Result<()> {
        Ok(self.client.active_element().await?.send_keys(text).await?)
    }

    /// Presses a key, whatever has the focus.
    pub(crate) async fn press(&self, key: Key) -> anyhow::Result<()> {
        // Not to the element: an input for files would take it for a file's name.
        let value = char::from(key);
        let actions = KeyActions::new("keyboard".to_owned());
        let actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        Ok(self.client.perform_actions(actions).await?)
    }

    /// Types into the search box.
    pub(crate) async fn search(&self, text: &str) -> anyhow::Result<()> {
        Ok(self.find("input[aria-label='Search symbols']").await?.send_keys(text).await?)
    }

    /// Clicks on the row of a symbol in a grid.
    pub(crate) async fn pick(&self, grid: &str, name: &str) -> anyhow::Result<()> {
        let row = format!(
            "[...document.querySelectorAll('{}')].find((row) => row.textContent.includes({name:?}))",
            rows(grid)
        );
        self.wait_until(&format!("{row} !== undefined")).await?;
        self.client.execute(&format!("{row}.click();"), Vec::new()).await?;
        Ok(())
    }

    /// The names in a grid, as far as they are in the document.
    pub(crate) async fn names(&self, grid: &str) -> anyhow::Result<Vec<String>> {
        self.texts(&format!("{} > :first-child > :first-child", rows(grid))).await
    }

    /// The texts of all elements of a selector.
    pub(crate) async fn texts(&self, selector: &str) -> anyhow::Result<Vec<String>> {
        self.evaluate(&format!("[...document.querySelectorAll({selector:?})].map((found) => found.textContent)")).await
    }

    /// Waits until a JavaScript expression is true.
    pub(crate) async fn wait_until(&self, expression: &str) -> anyhow::Result<()> {
        let start = Instant::now();
        while !self.evaluate::<bool>(expression).await? {
            ensure!(start.elapsed() < PATIENCE, "never true: {expression}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Opens fixtures, and waits until all of their versions are there.
    pub(crate) async fn open_fixtures(&self, fixtures: &[&str]) -> anyhow::Result<()> {
        let folder = kabiscope_tests::fixtures().join("image");
        let files: Vec<_> = fixtures.iter().map(|name| folder.join(name)).collect();
        self.drop_files(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>()).await?;
        self.wait_until_finished().await
    }

    /// Waits until files are open and nothing goes on any more.
    pub(crate) async fn wait_until_finished(&self) -> anyhow::Result<()> {
        self.wait_until(
            "document.querySelector('.rows, .notices') !== null && document.querySelector('progress') === null",
        )
        .await
    }

    /// What the page saves when a button is clicked.
    pub(crate) async fn saved(&self, button: &str) -> anyhow::Result<String> {
        let saved = self.client.execute_async(SAVE, vec![button.into(), false.into()]).await?;
        saved.as_str().map(str::to_owned).with_context(|| format!("{button} saves nothing"))
    }

    /// How many bytes a button has the browser save: to hand them over would keep the page busy.
    pub(crate) async fn size_saved(&self, button: &str) -> anyhow::Result<u64> {
        let size = self.client.execute_async(SAVE, vec![button.into(), true.into()]).await?;
        size.as_u64().with_context(|| format!("{button} saves nothing"))
    }

    /// What stands behind `#` in the address.
    pub(crate) async fn fragment(&self) -> anyhow::Result<String> {
        self.evaluate("location.hash.slice(1)").await
    }

    /// The value of a JavaScript expression.
    pub(crate) async fn evaluate<T: DeserializeOwned>(&self, expression: &str) -> anyhow::Result<T> {
        let value = self.client.execute(&format!("return {expression};"), Vec::new()).await?;
        Ok(serde_json::from_value(value)?)
    }

    /// The longest time in which the page did not answer since it was loaded, in milliseconds, of those that the browser reports.
    pub(crate) async fn longest_task(&self) -> anyhow::Result<f64> {
        self.evaluate("window.longestTask").await
    }

    /// Fails if axe-core finds what keeps people with disabilities from using the page as it is now.
    pub(crate) async fn require_accessible(&self) -> anyhow::Result<()> {
        self.client.execute(&self.setting.axe, Vec::new()).await?;
        let script = "
            const done = arguments[0];
            axe.run().then(({ violations }) => done(violations.map(
                ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' ')}`
            )), (error) => done([String(error)]));
        ";
        let violations = self.client.execute_async(script, Vec::new()).await?;
        let violations: Vec<String> = serde_json::from_value(violations)?;
        ensure!(violations.is_empty(), "axe-core finds:\n{}", violations.join("\n"));
        Ok(())
    }

    /// Fails unless the row of a symbol has cells with these texts, in this order.
    pub(crate) async fn require_cells(&self, name: &str, texts: &[&str]) -> anyhow::Result<()> {
        let row = format!(
            "[...document.querySelectorAll('{}')].find((row) => row.textContent.includes({name:?}))",
            rows("Exports")
        );
        let cells: Vec<String> = self.evaluate(&format!("[...{row}.children].map((cell) => cell.textContent)")).await?;
        let mut left = cells.iter();
        for text in texts {
            ensure!(left.any(|cell| cell.contains(text)), "{name}: {text} is not in {cells:?}");
        }
        Ok(())
    }

    /// Fails if the page is wider than the view: then it would have to be scrolled to be read.
    pub(crate) async fn require_no_overflow(&self) -> anyhow::Result<()> {
        let beyond: f64 = self.evaluate("document.documentElement.scrollWidth - innerWidth").await?;
        ensure!(beyond <= 0.0, "the page is {beyond} px wider than the view");
        Ok(())
    }

    /// Keeps a picture of the view, as `target/pictures/NAME.png`.
    pub(crate) async fn picture(&self, name: &str) -> anyhow::Result<()> {
        fs::create_dir_all(&self.setting.pictures)?;
        let png = self.client.screenshot().await?;
        fs::write(self.setting.pictures.join(name).with_extension("png"), png)?;
        Ok(())
    }

    /// All messages in the console.
    async fn console(&self) -> anyhow::Result<Vec<Message>> {
        // The driver tells each only once.
        let new = commands::console(&self.client).await?;
        let mut console = self.console.borrow_mut();
        console.extend(new);
        Ok(console.clone())
    }

    /// The console's messages as text, for a test that has failed already.
    pub(crate) async fn console_text(&self) -> String {
        match self.console().await {
            Ok(messages) => lines(&messages),
            Err(error) => format!("{error:#}"),
        }
    }

    /// Fails if there is an error in the console.
    pub(crate) async fn require_clean_console(&self) -> anyhow::Result<()> {
        let mut messages = self.console().await?;
        messages.retain(Message::is_error);
        ensure!(messages.is_empty(), "errors in the console:\n{}", lines(&messages));
        Ok(())
    }

    /// Ends the browser.
    pub(crate) async fn close(self) {
        self.cut_network().await;
        // The driver ends it too, at last.
        let _ = self.client.close().await;
    }
}

/// Files that hover over the page.
pub(crate) struct Held {
    /// The input that holds them.
    pub(crate) input: Value,
}

/// How WebDriver refers to an element.
#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "element-6066-11e4-a52e-4f735466cecf")]
    id: String,
}

/// A selector of the rows of a grid, without its head.
fn rows(grid: &str) -> String {
    format!("[role=grid][aria-label={grid}] > [role=row]:not(.head)")
}

/// Paths as keys that are sent to an input.
fn paths(files: &[&Path]) -> anyhow::Result<String> {
    let mut paths = Vec::new();
    for file in files {
        let path = file.canonicalize().with_context(|| format!("there is no {}", file.display()))?;
        paths.push(path.to_str().context("the path of a file is not text")?.to_owned());
    }
    Ok(paths.join("\n"))
}

fn lines(messages: &[Message]) -> String {
    messages.iter().map(|Message { level, source, text }| format!("{level} ({source}): {text}\n")).collect()
}

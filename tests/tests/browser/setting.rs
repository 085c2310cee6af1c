// SPDX-License-Identifier: GPL-2.0-only
//! What the tests run against and with, as `cargo xtask browser` has prepared it.

use std::env;
use std::io::{self, Write as _};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use futures::FutureExt as _;
use libtest_mimic::{Failed, Trial};

use crate::page::Page;
use crate::site::Site;

/// The surroundings of all tests.
pub(crate) struct Setting {
    /// The released page's files.
    pub(crate) files: PathBuf,
    /// The address of the browser's driver.
    pub(crate) webdriver: String,
    /// The script of axe-core.
    pub(crate) axe: String,
    /// Where pictures are kept.
    pub(crate) pictures: PathBuf,
}

impl Setting {
    /// The setting, or `None` outside of `cargo xtask browser`, which is said.
    pub(crate) fn from_environment() -> anyhow::Result<Option<Arc<Self>>> {
        let Some(webdriver) = env::var_os("KABISCOPE_WEBDRIVER") else {
            let _ = writeln!(io::stderr(), "skipped: `cargo xtask browser` runs the tests of the page");
            return Ok(None);
        };
        let path = |name| env::var_os(name).map(PathBuf::from).with_context(|| format!("{name} is not set"));
        let axe = path("KABISCOPE_AXE")?;
        Ok(Some(Arc::new(Self {
            files: path("KABISCOPE_PAGE")?,
            webdriver: webdriver.into_string().ok().context("KABISCOPE_WEBDRIVER is not an address")?,
            axe: std::fs::read_to_string(&axe).with_context(|| format!("cannot read {}", axe.display()))?,
            pictures: path("KABISCOPE_PICTURES")?,
        })))
    }

    /// A test of the page.
    pub(crate) fn trial<T>(self: &Arc<Self>, name: &str, test: T) -> Trial
    where
        T: AsyncFn(&Page) -> anyhow::Result<()> + Send + 'static,
    {
        let setting = Arc::clone(self);
        let picture = name.replace("::", "-");
        Trial::test(name, move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
            runtime.block_on(setting.run(&picture, test))
        })
    }

    async fn run<T>(self: Arc<Self>, name: &str, test: T) -> Result<(), Failed>
    where
        T: AsyncFn(&Page) -> anyhow::Result<()>,
    {
        let site = Site::start(&self.files).await?;
        let page = Page::open(self, site).await?;
        // A browser that nobody closes would go on.
        let outcome = AssertUnwindSafe(test(&page)).catch_unwind().await;
        let outcome = match outcome {
            Ok(Ok(())) => page.require_clean_console().await.map_err(|error| format!("{error:#}")),
            Ok(Err(error)) => Err(format!("{error:#}\nconsole:\n{}", page.console_text().await)),
            Err(panic) => {
                page.close().await;
                std::panic::resume_unwind(panic)
            }
        };
        if outcome.is_err() {
            // What failed is told anyway.
            let _ = page.picture(&format!("failed-{name}")).await;
        }
        page.close().await;
        outcome.map_err(Failed::from)
    }
}

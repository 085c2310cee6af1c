// SPDX-License-Identifier: GPL-2.0-only
//! Not a test: how long a whole kernel takes, for `cargo xtask bench page`.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use fantoccini::wd::TimeoutConfiguration;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::page::Page;

/// The kernel to measure with; without it nothing is measured.
const KERNEL: &str = "KABISCOPE_KERNEL";

/// Where the figures go.
const FIGURES: &str = "KABISCOPE_FIGURES";

/// What the page does is timed in the page: a driver would add its own time. A thing is there when it was painted.
const CLOCK: &str = "
    const frame = () => new Promise(requestAnimationFrame);
    const until = async (condition) => {
        while (!condition()) await frame();
        await frame();
        return performance.now();
    };
    const all = (selector) => [...document.querySelectorAll(selector)];
    const rows = () => all('[role=grid][aria-label=Exports] [role=row]').slice(1);
";

/// Times the list and all versions from the drop on, and scrolls all the while.
const OPEN: &str = "
    const [input, done] = arguments;
    const transfer = new DataTransfer();
    for (const file of input.files) transfer.items.add(file);
    input.remove();
    const start = performance.now();
    const options = { dataTransfer: transfer, bubbles: true, cancelable: true, composed: true };
    document.body.dispatchEvent(new DragEvent('drop', options));
    const measure = async () => {
        const list = await until(() => rows().length > 1) - start;
        const isBusy = () => all('progress').length > 0;
        await until(isBusy);
        const grid = document.querySelector('[role=grid][aria-label=Exports]');
        let longestFrame = 0;
        let last = performance.now();
        while (isBusy()) {
            grid.scrollBy(0, 200);
            const now = await frame();
            longestFrame = Math.max(longestFrame, now - last);
            last = now;
        }
        return { list, versions: performance.now() - start, longestFrame };
    };
    measure().then(done);
";

/// Times a symbol: from the click until version and tree are there.
const PICK: &str = "
    const [name, done] = arguments;
    const search = document.querySelector('input[aria-label=\"Search symbols\"]');
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(search, `/^${name}$/`);
    search.dispatchEvent(new InputEvent('input', { bubbles: true }));
    const row = () => rows().find((row) => row.querySelector('[role=gridcell]')?.textContent.trim() === name);
    const measure = async () => {
        await until(row);
        const start = performance.now();
        row().click();
        const isThere = () => all('[aria-label=Symbol]').some((region) =>
            region.textContent.includes(name) && /0x[0-9a-f]{8}/.test(region.textContent)
            && region.querySelector('[role=tree] [role=treeitem]'));
        return await until(isThere) - start;
    };
    measure().then(done);
";

/// A slow machine is to be measured as well.
const PATIENCE: Duration = Duration::from_secs(300);

/// So often is everything measured.
const ROUNDS: usize = 3;

/// What is picked: where large, where small, a function or a variable; it has to have parts to show.
const SYMBOLS: [&str; 4] = ["wake_up_process", "filp_open", "register_netdevice", "init_net"];

/// Whether something is to be measured, in place of the tests.
pub(crate) fn is_wanted() -> bool {
    env::var_os(KERNEL).is_some()
}

/// Measures a kernel.
pub(crate) async fn kernel(page: &Page) -> anyhow::Result<()> {
    let path = |name| env::var_os(name).map(PathBuf::from).with_context(|| format!("{name} is not set"));
    let kernel = path(KERNEL)?;
    let mut timeouts = TimeoutConfiguration::default();
    timeouts.set_script(Some(PATIENCE));
    page.client.update_timeouts(timeouts).await?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        page.go_to("").await?;
        let held = page.hold_files(&[&kernel]).await?;
        let opened: Value = timed(page, OPEN, held.input).await?;
        let tasks = page.long_tasks().await?;
        let longest_task = tasks.iter().map(|task| task.duration).fold(0.0, f64::max);
        let mut symbols = Vec::new();
        for name in SYMBOLS {
            symbols.push(json!({ "name": name, "time": timed::<f64>(page, PICK, name.into()).await? }));
        }
        rounds.push(json!({ "opened": opened, "longest_task": longest_task, "symbols": symbols }));
    }
    fs::write(path(FIGURES)?, serde_json::to_string(&rounds)?)?;
    Ok(())
}

async fn timed<T: DeserializeOwned>(page: &Page, script: &str, argument: Value) -> anyhow::Result<T> {
    let value = page.client.execute_async(&format!("{CLOCK}{script}"), vec![argument]).await?;
    Ok(serde_json::from_value(value)?)
}

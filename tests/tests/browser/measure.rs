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
    const search = (query) => {
        const box = document.querySelector('input[aria-label=\"Search symbols\"]');
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(box, query);
        box.dispatchEvent(new InputEvent('input', { bubbles: true }));
    };
";

/// Times the list and all versions from the drop on. If it is to `disturb`, the list is scrolled in each frame meanwhile, and by
/// turns something is typed into the search box: then the longest frames are told of both.
const OPEN: &str = "
    const [[input, disturb], done] = arguments;
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
        const queries = ['r', 're', 'reg', 'regi', 'reg*', '/^reg/', 're', 'r', ''];
        const turns = [
            { longestFrame: 0, act: () => grid.scrollBy(0, 200) },
            { longestFrame: 0, act: (frames) => { if (frames % 6 == 0) search(queries[frames / 6 % queries.length]); } },
        ];
        for (let frames = 0; isBusy(); frames += 1) {
            if (!disturb) { await frame(); continue; }
            const turn = turns[Math.floor(frames / 54) % turns.length];
            const before = performance.now();
            turn.act(frames);
            await frame();
            turn.longestFrame = Math.max(turn.longestFrame, performance.now() - before);
        }
        const versions = performance.now() - start;
        search('');
        const [scrolled, typed] = turns.map((turn) => turn.longestFrame);
        return { list, versions, scrolled, typed };
    };
    measure().then(done);
";

/// Times a symbol: from the click until version and tree are there.
const PICK: &str = "
    const [name, done] = arguments;
    search(`/^${name}$/`);
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
        let mut longest_task: f64 = 0.0;
        let mut opened = Vec::new();
        for disturb in [true, false] {
            page.go_to("").await?;
            let held = page.hold_files(&[&kernel]).await?;
            opened.push(timed::<Value>(page, OPEN, json!([held.input, disturb])).await?);
            longest_task = longest_task.max(page.longest_task().await?);
        }
        let mut symbols = Vec::new();
        for name in SYMBOLS {
            symbols.push(json!({ "name": name, "time": timed::<f64>(page, PICK, name.into()).await? }));
        }
        for file in ["Module.symvers", "JSON"] {
            page.size_saved(file).await?;
        }
        longest_task = longest_task.max(page.longest_task().await?);
        let [disturbed, opened] = &opened[..] else { unreachable!("it was opened twice") };
        rounds.push(json!({
            "opened": opened, "disturbed": disturbed, "longest_task": longest_task, "symbols": symbols
        }));
    }
    fs::write(path(FIGURES)?, serde_json::to_string(&rounds)?)?;
    Ok(())
}

async fn timed<T: DeserializeOwned>(page: &Page, script: &str, argument: Value) -> anyhow::Result<T> {
    let value = page.client.execute_async(&format!("{CLOCK}{script}"), vec![argument]).await?;
    Ok(serde_json::from_value(value)?)
}

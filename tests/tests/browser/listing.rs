// SPDX-License-Identifier: GPL-2.0-only
//! The list of exports: what is in it, and how it is searched, filtered and sorted.

use anyhow::ensure;
use kabiscope_tests::kernel;

use crate::page::Page;

const SEARCH: &str = "input[aria-label='Search symbols']";

pub(crate) async fn rows(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["vmlinux"]).await?;
    let names = page.names("Exports").await?;
    ensure!(names.len() == 38 && names.is_sorted(), "{names:?}");
    let cells = page.texts("[aria-label=Exports] > [role=row]:nth-of-type(3) > [role=gridcell]").await?;
    ensure!(cells.len() == 9 && cells[0].starts_with("_RNv"), "{cells:?}");
    page.require_cells("device_reset", &["device_reset", "function", "GPL", "MINI_DEVICES", "vmlinux", "C"]).await?;
    page.require_cells("device_reset", &["0x7dfbfc10", "0x7dfbfc10", "✓ equal"]).await?;
    page.require_cells("boot_state", &["variable"]).await?;
    page.require_cells("__return_thunk", &["0xd272d446", "– recorded only"]).await?;
    page.require_cells("nanoseconds", &["mini::time::nanoseconds", "Rust"]).await
}

async fn found(page: &Page, search: &str, expect: &[&str]) -> anyhow::Result<()> {
    let input = page.find(SEARCH).await?;
    input.clear().await?;
    input.send_keys(search).await?;
    page.wait_for_text(".count", &format!("{} of 38", expect.len())).await?;
    let names = page.names("Exports").await?;
    ensure!(names == expect, "{search} finds {names:?}");
    Ok(())
}

pub(crate) async fn search(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["vmlinux"]).await?;
    found(page, "_STATE", &[]).await?;
    found(page, "_state", &["boot_state"]).await?;
    found(page, "task_?a*", &["task_wake"]).await?;
    found(page, "/^_?pr.*s?$/", &["_printk", "printk_lines"]).await?;
    found(page, "mini::time::t", &["_RNvNtCs3gePf9MVP0d_4mini4time5ticks"]).await?;
    found(page, "/(/", &[]).await.err();
    page.wait_for_text(".list .empty", "This is no regular expression").await?;
    found(page, "nothing at all", &[]).await?;
    page.click_button("Show all exports").await?;
    page.wait_for_text(".count", "38 exports").await
}

pub(crate) async fn filters(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["vmlinux", "mini_a.ko"]).await?;
    page.choose("Filter by module", "mini_a").await?;
    page.wait_for_text(".count", "5 of 43").await?;
    page.choose("Filter by licence", "GPL only").await?;
    page.wait_for_text(".count", "3 of 43").await?;
    page.choose("Filter by namespace", "MINI_A").await?;
    page.wait_for_text(".count", "2 of 43").await?;
    ensure!(page.names("Exports").await? == ["mini_a_open", "mini_a_send"]);
    ensure!(page.fragment().await? == "licence=GPL&namespace=MINI_A&module=mini_a");
    page.choose("Filter by namespace", "Namespace: all").await?;
    page.choose("Filter by licence", "Licence: all").await?;
    page.choose("Filter by module", "Module: all").await?;
    page.choose("Filter by language", "Rust").await?;
    page.wait_for_text(".count", "of 43").await?;
    page.choose("Filter by match", "recorded only").await?;
    page.wait_for_text(".count", "0 of 43").await?;
    page.choose("Filter by language", "Language: all").await?;
    page.require_cells("__return_thunk", &["– recorded only"]).await
}

pub(crate) async fn order(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["vmlinux"]).await?;
    page.click("[role=columnheader].recorded button").await?;
    ensure!(page.names("Exports").await?.first().is_some_and(|name| name.ends_with("_helper_task_is_missing")));
    page.click("[role=columnheader].recorded button").await?;
    ensure!(page.names("Exports").await?.first().is_some_and(|name| name == "task_wake"));
    page.find("[role=columnheader].recorded[aria-sort=descending]").await?;
    page.reload().await?;
    ensure!(page.fragment().await? == "sort=-recorded");
    Ok(())
}

/// Of thousands of rows, only those in view are in the document; scrolling and typing keep the page answering.
pub(crate) async fn thousands(page: &Page) -> anyhow::Result<()> {
    let Some(vmlinux) = kernel::vmlinux(env!("CARGO_TARGET_TMPDIR"))? else { return Ok(()) };
    page.drop_files(&[&vmlinux]).await?;
    page.wait_for_text(".count", "13,084 exports").await?;
    page.wait_until_finished().await?;
    ensure!(page.names("Exports").await?.len() < 200);
    let grid = "document.querySelector('[aria-label=Exports]')";
    for part in 1..=8 {
        let script = format!("{grid}.scrollTop = {grid}.scrollHeight * {part} / 8");
        page.evaluate::<f64>(&script).await?;
        page.wait_until(&format!(
            "(() => {{ const box = {grid}.getBoundingClientRect(); \
             return document.elementFromPoint(box.left + 60, box.bottom - 40).closest('[role=row]') !== null }})()"
        ))
        .await?;
    }
    let last: String = page.evaluate(&format!("{grid}.querySelector('[aria-rowindex=\"13085\"]').textContent")).await?;
    ensure!(last.starts_with("zst"), "{last}");
    page.search("filp_open").await?;
    page.pick("Exports", "filp_open").await?;
    page.find("[role=treeitem]").await.map(drop)
}

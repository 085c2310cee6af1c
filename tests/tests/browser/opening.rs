// SPDX-License-Identifier: GPL-2.0-only
//! Opening files: what comes of good ones, and of those that are not.

use std::fs;

use anyhow::ensure;
use kabiscope_tests::{fixtures, kernel};

use crate::page::Page;

pub(crate) async fn the_sample(page: &Page) -> anyhow::Result<()> {
    page.click_button("Try a sample").await?;
    page.wait_for_status("3 files: 43 exports; 38 versions equal what is recorded, 0 differ").await?;
    page.wait_for_text(".file", "1 kernel, 2 modules").await?;
    // The link leads there without any file.
    ensure!(page.fragment().await? == "sample");
    page.reload().await?;
    page.wait_for_status("3 files: 43 exports").await
}

pub(crate) async fn a_kernel(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["vmlinux"]).await?;
    for fact in ["vmlinux", "kernel", "7.3.0-mini", "x86_64", "recorded", "gcc (GCC)"] {
        page.wait_for_text(".file .facts", fact).await?;
    }
    page.wait_for_status("vmlinux: 38 exports; ").await
}

pub(crate) async fn through_the_button(page: &Page) -> anyhow::Result<()> {
    let folder = fixtures().join("image");
    page.choose_files(&[&folder.join("vmlinux"), &folder.join("mini_a.ko")]).await?;
    page.wait_for_status("2 files: 43 exports").await
}

pub(crate) async fn one_after_the_other(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["mini_a.ko"]).await?;
    page.wait_for_status("mini_a.ko: 5 exports").await?;
    page.open_fixtures(&["vmlinux"]).await?;
    page.wait_for_status("2 files: 43 exports").await?;
    // The same again is the same.
    page.open_fixtures(&["vmlinux"]).await?;
    page.wait_for_status("2 files: 43 exports").await?;
    page.click_button("Close").await?;
    page.wait_for_status("No file is open.").await
}

pub(crate) async fn with_a_debug_file(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["split/mini_a.ko"]).await?;
    page.wait_for_status("No versions are computed").await?;
    page.click_button("Close").await?;
    page.open_fixtures(&["split/mini_a.ko", "split/mini_a.ko.debug"]).await?;
    page.wait_for_status("mini_a.ko: 5 exports; 5 versions equal what is recorded, 0 differ.").await
}

pub(crate) async fn with_a_debug_file_later(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["split/mini_a.ko"]).await?;
    page.wait_for_status("No versions are computed").await?;
    page.open_fixtures(&["split/mini_a.ko.debug"]).await?;
    page.wait_for_status("mini_a.ko: 5 exports; 5 versions equal what is recorded, 0 differ.").await?;
    ensure!(page.texts(".notices").await?.is_empty(), "there is nothing to complain of");
    page.click_button("Close").await?;
    // The other way round it says what is missing.
    page.open_fixtures(&["split/mini_a.ko.debug"]).await?;
    page.wait_for_text(".notices", "mini_a.ko.debug is a separate debug file").await?;
    page.wait_for_text(".notices", "Hint: open that file as well").await?;
    page.open_fixtures(&["split/mini_a.ko"]).await?;
    page.wait_for_status("mini_a.ko: 5 exports; 5 versions equal what is recorded, 0 differ.").await
}

pub(crate) async fn without_debug_info(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["split/mini_a.ko"]).await?;
    page.pick("Exports", "mini_a_send").await?;
    page.wait_for_text("[aria-label=Symbol]", "0xf0a22f77").await?;
    page.wait_for_text("[aria-label=Symbol] .empty", "debug").await
}

pub(crate) async fn a_wrong_file(page: &Page) -> anyhow::Result<()> {
    page.drop_files(&[&fixtures().join("image/README.md")]).await?;
    page.wait_for_text(".notices", "README.md: ").await?;
    page.click("[aria-label=Dismiss]").await?;
    page.wait_until("document.querySelector('.notices') === null").await?;
    // It keeps nobody from opening another.
    page.open_fixtures(&["mini_a.ko"]).await?;
    page.wait_for_status("mini_a.ko: 5 exports").await
}

pub(crate) async fn a_truncated_file(page: &Page) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let whole = fs::read(fixtures().join("image/mini_a.ko"))?;
    for part in [20, whole.len() / 2, whole.len() - 100] {
        let file = folder.path().join(format!("first-{part}.ko"));
        fs::write(&file, &whole[..part])?;
        page.drop_files(&[&file]).await?;
        page.wait_for_text(".notices", &format!("first-{part}.ko")).await?;
    }
    Ok(())
}

pub(crate) async fn cancelled(page: &Page) -> anyhow::Result<()> {
    let Some(vmlinux) = kernel::vmlinux(env!("CARGO_TARGET_TMPDIR"))? else { return Ok(()) };
    page.drop_files(&[&vmlinux]).await?;
    page.find("[role=grid][aria-label=Exports]").await?;
    page.click_button("Cancel").await?;
    page.wait_until_finished().await?;
    page.wait_for_status("13,084 exports").await?;
    // What was recorded is there, and so is a symbol that is picked.
    page.find("input[aria-label='Search symbols']").await?.send_keys("filp_open").await?;
    page.pick("Exports", "filp_open").await?;
    page.find("[role=tree] [role=treeitem]").await?;
    page.wait_for_text("[aria-label=Symbol] .facts", "✓ equal").await
}

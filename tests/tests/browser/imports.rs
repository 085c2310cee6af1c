// SPDX-License-Identifier: GPL-2.0-only
//! The imports of a module: would it load?

use crate::page::Page;

const VIEW: &str = "section.list";

async fn open(page: &Page, files: &[&str], module: &str) -> anyhow::Result<()> {
    page.open_fixtures(files).await?;
    page.choose("File", module).await?;
    page.show_imports().await?;
    page.find("[role=grid][aria-label=Imports]").await.map(drop)
}

pub(crate) async fn would_load(page: &Page) -> anyhow::Result<()> {
    open(page, &["vmlinux", "mini_a.ko", "mini_b.ko"], "mini_b.ko").await?;
    page.wait_for_text(VIEW, "✓ would load into vmlinux").await?;
    page.wait_for_text(VIEW, "mini_a_send").await?;
    page.wait_for_text(VIEW, "0xf0a22f77").await?;
    page.choose("File", "All 3 files").await?;
    page.wait_for_text(VIEW, "Would these modules load?").await?;
    page.click_button("mini_a.ko").await?;
    page.wait_for_text(VIEW, "mini_a: ").await
}

pub(crate) async fn would_be_refused(page: &Page) -> anyhow::Result<()> {
    for (module, message) in [
        ("mini_b-tampered.ko", "disagrees about version of symbol mini_a_send"),
        ("mini_b-without-namespace.ko", "from namespace MINI_A, but does not import it"),
        ("mini_b-proprietary.ko", "Unknown symbol"),
    ] {
        open(page, &["vmlinux", "mini_a.ko", module], module).await?;
        page.wait_for_text(VIEW, "✗ would be refused").await?;
        page.wait_for_text(".problems", message).await?;
        page.click_button("Close").await?;
    }
    Ok(())
}

pub(crate) async fn without_a_kernel(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["mini_b.ko"]).await?;
    page.show_imports().await?;
    page.wait_for_text(VIEW, "Open the vmlinux that it is for as well.").await?;
    page.click_button("Close").await?;
    page.open_fixtures(&["vmlinux"]).await?;
    page.show_imports().await?;
    page.wait_for_text(VIEW, "Only modules say what they import").await
}

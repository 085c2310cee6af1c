// SPDX-License-Identifier: GPL-2.0-only
//! Every state of the page at every width, light and dark: pictures of it, and what axe-core says.

use crate::page::{Page, Scheme};

/// Keeps pictures of the page as it is now, and has axe-core look at it.
async fn look(page: &Page, name: &str) -> anyhow::Result<()> {
    for (width, height) in [(1440, 900), (1024, 768), (390, 844)] {
        for scheme in [Scheme::Light, Scheme::Dark] {
            page.set_view(width, height, scheme).await?;
            // What was measured anew is drawn anew.
            page.client
                .execute_async("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))", Vec::new())
                .await?;
            page.picture(&format!("{name}-{width}-{scheme:?}").to_lowercase()).await?;
            page.require_accessible().await?;
            page.require_no_overflow().await?;
        }
    }
    page.set_view(1440, 900, Scheme::Light).await
}

pub(crate) async fn start(page: &Page) -> anyhow::Result<()> {
    look(page, "start").await?;
    page.write("?").await?;
    page.find("dialog[open]").await?;
    look(page, "help").await?;
    page.go_to("#file=0123abcd&symbol=vfs_open").await?;
    look(page, "wanted").await
}

pub(crate) async fn lists(page: &Page) -> anyhow::Result<()> {
    page.click_button("Try a sample").await?;
    page.wait_until_finished().await?;
    look(page, "exports").await?;
    page.go_to("#sample&q=nothing").await?;
    page.find(".list .empty").await?;
    look(page, "nothing-found").await?;
    page.go_to("#sample&imports").await?;
    page.find(".modules").await?;
    look(page, "modules").await
}

pub(crate) async fn symbols(page: &Page) -> anyhow::Result<()> {
    for (name, place, there) in [
        ("symbol", "#sample&symbol=device_register", "[role=treeitem]"),
        ("type", "#sample&symbol=device_register&type=struct+device", "[role=treeitem]"),
        ("hashed", "#sample&symbol=device_register&hashed", "[role=option]"),
        ("without-version", "#sample&symbol=__return_thunk", ".symbol .empty"),
    ] {
        page.go_to(place).await?;
        page.wait_until_finished().await?;
        page.find(there).await?;
        look(page, name).await?;
    }
    Ok(())
}

pub(crate) async fn troubles(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["split/mini_a.ko", "README.md"]).await?;
    look(page, "troubles").await?;
    page.click_button("Close").await?;
    page.open_fixtures(&["vmlinux", "mini_a.ko", "mini_b-tampered.ko"]).await?;
    page.choose("File", "mini_b-tampered.ko").await?;
    page.show_imports().await?;
    page.find("[role=grid][aria-label=Imports]").await?;
    look(page, "imports").await
}

pub(crate) async fn embedded(page: &Page) -> anyhow::Result<()> {
    page.go_to("?embed=1#sample&symbol=device_register").await?;
    page.wait_until_finished().await?;
    page.find("[role=treeitem]").await?;
    page.wait_until("document.querySelector('.top') === null").await?;
    page.set_view(800, 500, Scheme::Light).await?;
    page.picture("embedded").await?;
    page.require_accessible().await
}

// SPDX-License-Identifier: GPL-2.0-only
//! The page starts, its workers answer, and it does so without a network.

use std::fs;

use anyhow::ensure;
use kabiscope_tests::fixtures;

use crate::page::Page;

pub(crate) async fn starts(page: &Page) -> anyhow::Result<()> {
    page.find("main h1").await.map(drop)
}

pub(crate) async fn tells_that_file_has_changed(page: &Page) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("mini_a.ko");
    fs::copy(fixtures().join("image/mini_a.ko"), &file)?;
    let held = page.hold_files(&[&file]).await?;
    fs::write(&file, "something else")?;
    page.drop_held(held).await?;
    page.wait_for_status("mini_a.ko has changed or gone since it was opened; open it again").await
}

pub(crate) async fn tells_that_workers_do_not_start(page: &Page) -> anyhow::Result<()> {
    page.forget_files().await?;
    page.cut_network().await;
    page.drop_files(&[&fixtures().join("image/mini_a.ko")]).await?;
    page.wait_for_status("the browser does not start a worker: its script does not load").await
}

pub(crate) async fn survives_reload_without_network(page: &Page) -> anyhow::Result<()> {
    let controlled = "navigator.serviceWorker.ready.then(() => arguments[0](true))";
    page.client.execute_async(controlled, Vec::new()).await?;
    page.cut_network().await;
    page.reload().await?;
    page.open_fixtures(&["mini_a.ko"]).await?;
    page.wait_for_status("mini_a.ko: 5 exports; 5 versions equal").await?;
    ensure!(page.evaluate::<bool>("navigator.serviceWorker.controller !== null").await?, "it was not offline");
    Ok(())
}

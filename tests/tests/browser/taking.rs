// SPDX-License-Identifier: GPL-2.0-only
//! What can be taken away.

use std::collections::BTreeSet;
use std::fs;

use anyhow::ensure;
use kabiscope::abi::Abi;
use kabiscope_tests::fixtures;

use crate::page::Page;

pub(crate) async fn symbol_versions(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["vmlinux", "mini_a.ko"]).await?;
    let saved = page.saved("Module.symvers").await?;
    // A module does not know where in the build it was made.
    let made = fs::read_to_string(fixtures().join("image/Module.symvers"))?.replace("drivers/mini/", "");
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    ensure!(lines(&saved) == lines(&made), "{saved}");
    Ok(())
}

pub(crate) async fn symtypes(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["mini_a.ko"]).await?;
    let saved = page.saved("symtypes").await?;
    let made = fs::read_to_string(fixtures().join("image/symtypes/drivers/mini/core.symtypes"))?;
    for line in made.lines() {
        ensure!(saved.lines().any(|saved| saved == line), "{line} is not in {saved}");
    }
    Ok(())
}

pub(crate) async fn json(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["vmlinux", "mini_a.ko"]).await?;
    let saved: Vec<Abi> = serde_json::from_str(&page.saved("JSON").await?)?;
    let files: Vec<&str> = saved.iter().map(|abi| abi.file.as_str()).collect();
    ensure!(files == ["vmlinux", "mini_a.ko"], "{files:?}");
    ensure!(saved[1].exports.len() == 5 && saved[1].exports.iter().all(|export| export.computed == export.recorded));
    Ok(())
}

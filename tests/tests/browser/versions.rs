// SPDX-License-Identifier: GPL-2.0-only
//! What the page says of the exports of a file is what the command says of them: versions to the bit, and all else.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use kabiscope::abi::{Abi, Export};
use kabiscope_tests::{command, fixtures, kernel};
use walkdir::WalkDir;

use crate::page::Page;

/// How long all versions of a kernel may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the kernel is unpacked.
const FOLDER: &str = env!("CARGO_TARGET_TMPDIR");

/// Has the page save the JSON of the file that it shows, and catches that; `null` if it does not offer it yet.
const SAVE_JSON: &str = "
    const done = arguments[0];
    const button = [...document.querySelectorAll('button')].find((button) => button.textContent.trim() === 'JSON');
    if (!button) return done(null);
    const create = URL.createObjectURL;
    URL.createObjectURL = (content) => {
        URL.createObjectURL = create;
        content.text().then(done);
        return create.call(URL, content);
    };
    button.click();
";

pub(crate) async fn of_the_fixtures(page: &Page) -> anyhow::Result<()> {
    for name in ["vmlinux", "mini_a.ko", "mini_b.ko"] {
        compare(page, &fixtures().join("image").join(name)).await?;
    }
    Ok(())
}

pub(crate) async fn of_a_kernel(page: &Page) -> anyhow::Result<()> {
    match kernel::vmlinux(FOLDER)? {
        Some(vmlinux) => compare(page, &vmlinux).await,
        None => Ok(()),
    }
}

pub(crate) async fn of_a_kernels_modules(page: &Page) -> anyhow::Result<()> {
    let Some(modules) = kernel::modules(FOLDER)? else { return Ok(()) };
    for module in files(&modules, "ko")? {
        compare(page, &module).await?;
    }
    Ok(())
}

pub(crate) async fn of_a_kernels_objects(page: &Page) -> anyhow::Result<()> {
    let Some(objects) = kernel::objects(FOLDER)? else { return Ok(()) };
    for object in files(&objects, "o")? {
        compare(page, &object).await?;
    }
    Ok(())
}

fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let path = entry?.into_path();
        if path.extension() == Some(OsStr::new(extension)) {
            files.push(path);
        }
    }
    ensure!(!files.is_empty(), "no files in {}", folder.display());
    Ok(files)
}

async fn compare(page: &Page, file: &Path) -> anyhow::Result<()> {
    page.go_to("").await?;
    page.drop_files(&[file]).await?;
    let shown = shown(page).await.with_context(|| file.display().to_string())?;
    let mut told = told(file)?;
    // A page does not know where a file lies.
    told.file.clone_from(&shown.file);
    for (shown, told) in shown.exports.iter().zip(&told.exports) {
        ensure!(shown == told, "{}: the page has {shown:#?}, the command {told:#?}", file.display());
    }
    ensure!(shown == told, "{}: the page has {shown:#?}, the command {told:#?}", file.display());
    Ok(())
}

/// What the page has when all versions are there.
async fn shown(page: &Page) -> anyhow::Result<Abi> {
    let start = Instant::now();
    let is_answered = |export: &Export| export.computed.is_some() || export.error.is_some();
    loop {
        let saved = page.client.execute_async(SAVE_JSON, Vec::new()).await?;
        let saved: Option<Abi> = saved.as_str().map(serde_json::from_str).transpose()?;
        if let Some(abi) = saved.filter(|abi| abi.exports.iter().all(is_answered)) {
            return Ok(abi);
        }
        ensure!(start.elapsed() < PATIENCE, "not all versions are there");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What the command has.
fn told(file: &Path) -> anyhow::Result<Abi> {
    let output = Command::new(command::kabiscope()).args(["list", "--format", "json"]).arg(file).output()?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

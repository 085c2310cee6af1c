// SPDX-License-Identifier: GPL-2.0-only
//! `cargo xtask dist`: the page as it is released.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use xshell::Shell;

use super::page::{self, Profile};
use crate::project;

/// What everything that a browser loads may have, compressed.
const MAX_SIZE: usize = 1_000_000;

/// Build the page for release, into `target/dist`: for any static host, under any path.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Builds the page, and tells how large it is.
pub(crate) fn run(_: &Args) -> anyhow::Result<()> {
    let folder = build(&project::shell()?)?;
    let size = report(&folder)?;
    ensure!(size <= MAX_SIZE, "the page has {size} bytes compressed, and may have {MAX_SIZE}");
    println!("in {}", folder.display());
    Ok(())
}

/// Builds the page and tells where.
///
/// But for the page itself and its service worker, all files are in a folder named after what is in them: a browser or host
/// that still has some of an older release never mixes the two.
pub(super) fn build(sh: &Shell) -> anyhow::Result<PathBuf> {
    let folder = project::target_dir().join("dist");
    sh.remove_path(&folder)?;
    let unnamed = folder.join("files");
    sh.create_dir(&unnamed)?;
    page::build(sh, Profile::Page, &unnamed)?;

    let release = release(&unnamed)?;
    let named = folder.join(&release);
    fs::rename(&unnamed, &named).with_context(|| format!("cannot rename {}", unnamed.display()))?;

    let index = page::index(sh)?
        .replace("\"./", &format!("\"./{release}/"))
        .replace("</head>", "    <meta name=\"service-worker\" content=\"./offline.js\">\n</head>");
    sh.write_file(folder.join("index.html"), index)?;
    sh.write_file(folder.join("offline.js"), service_worker(sh, &folder, &release)?)?;
    Ok(folder)
}

/// A name for what is in a folder.
fn release(folder: &Path) -> anyhow::Result<String> {
    let mut hasher = crc32fast::Hasher::new();
    for file in page::files(folder)? {
        hasher.update(file.strip_prefix(folder)?.as_os_str().as_encoded_bytes());
        hasher.update(&fs::read(&file)?);
    }
    hasher.update(&fs::read(project::root().join("static/index.html"))?);
    Ok(format!("{:08x}", hasher.finalize()))
}

/// The service worker, which has to know the files that it keeps.
fn service_worker(sh: &Shell, folder: &Path, release: &str) -> anyhow::Result<String> {
    let mut files = vec!["./".to_owned()];
    for file in page::files(folder)? {
        files.push(format!("./{}", file.strip_prefix(folder)?.display()));
    }
    let source = sh.read_file(project::root().join("static/offline.js"))?;
    let constants = format!("const RELEASE = {release:?};\nconst FILES = {files:#?};\n");
    Ok(source.replacen("const PREFIX", &format!("{constants}const PREFIX"), 1))
}

/// Prints the sizes of the files and tells that of all that a browser loads, compressed.
fn report(folder: &Path) -> anyhow::Result<usize> {
    println!("{:>9} {:>9} {:>9}", "raw", "gzip", "brotli");
    let mut sum = [0; 3];
    for file in page::files(folder)? {
        let content = fs::read(&file)?;
        let sizes = [content.len(), gzip(&content)?, brotli(&content)?];
        print_sizes(sizes, &file.strip_prefix(folder)?.display().to_string());
        sum = std::array::from_fn(|kind| sum[kind] + sizes[kind]);
    }
    print_sizes(sum, "all");
    Ok(sum[2])
}

fn print_sizes([raw, gzip, brotli]: [usize; 3], what: &str) {
    println!("{raw:>9} {gzip:>9} {brotli:>9}  {what}");
}

fn gzip(content: &[u8]) -> anyhow::Result<usize> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, content)?;
    Ok(encoder.finish()?.len())
}

fn brotli(mut content: &[u8]) -> anyhow::Result<usize> {
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut content, &mut compressed, &brotli::enc::BrotliEncoderParams::default())?;
    Ok(compressed.len())
}

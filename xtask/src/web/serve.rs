// SPDX-License-Identifier: GPL-2.0-only
//! `cargo xtask serve`: the page on this machine, for those who work on it or want to use it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, X_CONTENT_TYPE_OPTIONS};
use notify_debouncer_mini::notify::RecursiveMode;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;
use xshell::Shell;

use super::page::{self, Profile};
use crate::project;

/// What the page is made of; a change makes it anew.
const SOURCES: [&str; 3] = ["core/src", "static", "web/src"];

/// Build the page and serve it on this machine; a change of its sources builds it anew.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The port to serve on; 0 for any that is free.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Compile quickly: the page is larger and slower, and its stack traces have names.
    #[arg(long)]
    debug: bool,
    /// Open the page in the browser.
    #[arg(long)]
    open: bool,
}

/// Builds and serves until it is interrupted.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let sh = project::shell()?;
    let profile = if args.debug { Profile::Debug } else { Profile::Page };
    let folder = project::target_dir().join("page");
    let policy = build(&sh, profile, &folder)?;

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port))
        .with_context(|| format!("cannot serve on port {}; --port takes another", args.port))?;
    let address = format!("http://localhost:{}/", listener.local_addr()?.port());
    thread::spawn(move || serve(listener, &folder, policy));
    println!("serving {address}, until Ctrl-C");
    if args.open {
        open::that(&address).with_context(|| format!("cannot open {address} in a browser"))?;
    }
    rebuild_on_change(|| build(&sh, profile, &project::target_dir().join("page")).map(drop))
}

/// Builds the page and tells its policy.
fn build(sh: &Shell, profile: Profile, folder: &Path) -> anyhow::Result<HeaderValue> {
    sh.create_dir(folder)?;
    page::build(sh, profile, folder)?;
    let index = page::index(sh)?;
    sh.write_file(folder.join("index.html"), &index)?;
    Ok(HeaderValue::from_str(page::content_security_policy(&index)?)?)
}

fn serve(listener: TcpListener, folder: &Path, policy: HeaderValue) -> anyhow::Result<()> {
    let header = |name: HeaderName, value: HeaderValue| SetResponseHeaderLayer::overriding(name, value);
    let site = Router::new()
        .fallback_service(ServeDir::new(folder))
        // In the page itself as well; as a header it holds for its workers too.
        .layer(header(CONTENT_SECURITY_POLICY, policy))
        .layer(header(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        .layer(header(CACHE_CONTROL, HeaderValue::from_static("no-cache")));
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(async { axum::serve(tokio::net::TcpListener::from_std(listener)?, site).await })?;
    Ok(())
}

/// Builds again whenever a source has changed. What it does not compile is told, and waits for the next change.
fn rebuild_on_change(build: impl Fn() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let (sender, changes) = mpsc::channel();
    let mut debouncer = notify_debouncer_mini::new_debouncer(Duration::from_millis(300), sender)?;
    for source in SOURCES {
        let source: PathBuf = project::root().join(source);
        debouncer.watcher().watch(&source, RecursiveMode::Recursive)?;
    }
    while changes.recv().is_ok() {
        // What changed meanwhile is in this build.
        while changes.try_recv().is_ok() {}
        match build() {
            Ok(()) => println!("built anew; reload the page"),
            Err(error) => eprintln!("error: {error:#}"),
        }
    }
    Ok(())
}

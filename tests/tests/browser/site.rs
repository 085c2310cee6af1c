// SPDX-License-Identifier: GPL-2.0-only
//! A static host as plain as any: no headers but the types of files, the page below some path.

use std::net::Ipv4Addr;
use std::path::Path;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower_http::services::ServeDir;

const BASE: &str = "/some/where";

/// A host that serves the page until it is stopped.
pub(crate) struct Site {
    address: String,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Site {
    /// Serves a folder on a free port.
    pub(crate) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = format!("http://localhost:{}{BASE}/", listener.local_addr()?.port());
        let site = Router::new().nest_service(BASE, ServeDir::new(folder));
        let (stop, mut stopped) = watch::channel(false);
        let server = tokio::spawn(async move {
            tokio::select! {
                _ = axum::serve(listener, site) => {}
                _ = stopped.changed() => {}
            }
        });
        Ok(Self { address, stop, server })
    }

    /// The page's address.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Serves no more: whoever asks is refused.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.server.await;
    }
}

// SPDX-License-Identifier: GPL-2.0-only
//! Commands of Chromium's driver that are not in the WebDriver standard.

use fantoccini::Client;
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// A message in the browser's console.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Message {
    /// `SEVERE` is an error.
    pub(crate) level: String,
    /// `javascript`, `network`, `security` …
    pub(crate) source: String,
    #[serde(rename = "message")]
    pub(crate) text: String,
}

impl Message {
    pub(crate) fn is_error(&self) -> bool {
        self.level == "SEVERE"
    }
}

/// What was written to the console since it was last asked for.
pub(crate) async fn console(client: &Client) -> anyhow::Result<Vec<Message>> {
    let log = client.issue_cmd(Post { path: "se/log", body: json!({ "type": "browser" }) }).await?;
    Ok(serde_json::from_value(log)?)
}

/// A command of the Chrome DevTools Protocol.
pub(crate) async fn devtools(client: &Client, method: &str, parameters: Value) -> Result<Value, CmdError> {
    client.issue_cmd(Post { path: "goog/cdp/execute", body: json!({ "cmd": method, "params": parameters }) }).await
}

#[derive(Debug)]
struct Post {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Post {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

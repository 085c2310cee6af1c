// SPDX-License-Identifier: GPL-2.0-only
//! The browser that tests run in: Chromium, led by its WebDriver.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use xshell::{Shell, cmd};

use crate::debian;

/// A running chromedriver. It and all browsers that it has started end when this is dropped.
pub(super) struct Driver {
    process: Child,
    address: String,
}

impl Driver {
    /// Starts one on a free port.
    pub(super) fn start() -> anyhow::Result<Self> {
        let process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // A group of its own, so that the browsers can be ended with it.
            .process_group(0)
            .spawn()
            .context("cannot start chromedriver")?;
        let mut driver = Self { process, address: String::new() };
        let group = Pid::from_child(&driver.process);
        // An interrupt reaches the tests, but not this group.
        ctrlc::set_handler(move || {
            end(group);
            std::process::exit(130);
        })?;
        let stdout = driver.process.stdout.take().context("chromedriver's output is piped")?;
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if let Some((_, port)) = line.trim_end_matches('.').rsplit_once("successfully on port ") {
                driver.address = format!("http://127.0.0.1:{port}");
                return Ok(driver);
            }
        }
        bail!("chromedriver does not say its port");
    }

    /// The group of its process and those of the browsers that it starts.
    pub(super) fn group(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    /// Its address.
    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        end(Pid::from_child(&self.process));
        // Where this fails it has ended already.
        let _ = self.process.wait();
    }
}

/// Ends a group of processes.
fn end(group: Pid) {
    // Where this fails they have ended already.
    let _ = kill_process_group(group, Signal::KILL);
}

/// Installs browser and driver where they are missing.
pub(super) fn require(sh: &Shell) -> anyhow::Result<()> {
    if cmd!(sh, "chromedriver --version").quiet().ignore_stdout().ignore_stderr().run().is_ok() {
        return Ok(());
    }
    debian::install(sh, &["chromium", "chromium-driver"])
}

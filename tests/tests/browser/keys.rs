// SPDX-License-Identifier: GPL-2.0-only
//! Everything by keys alone.

use anyhow::ensure;
use fantoccini::key::Key;

use crate::page::Page;

const FOCUS: &str = "document.activeElement.getAttribute('aria-label')";

async fn focus(page: &Page, label: &str) -> anyhow::Result<()> {
    page.wait_until(&format!("{FOCUS} === '{label}'")).await
}

pub(crate) async fn all_the_way(page: &Page) -> anyhow::Result<()> {
    // The sample, by its button.
    for _ in 0..10 {
        page.press(Key::Tab).await?;
        if page.evaluate::<String>("document.activeElement.textContent").await? == "Try a sample" {
            break;
        }
    }
    page.press(Key::Enter).await?;
    page.wait_until_finished().await?;

    page.write("/").await?;
    focus(page, "Search symbols").await?;
    page.write("task_w").await?;
    page.press(Key::Down).await?;
    focus(page, "Exports").await?;
    page.press(Key::Down).await?;
    page.wait_until("document.activeElement.getAttribute('aria-activedescendant') === 'exports-0'").await?;
    page.press(Key::Enter).await?;
    page.find("[role=treeitem]").await?;

    // To the tree, and through it.
    for _ in 0..20 {
        page.press(Key::Tab).await?;
        if page.evaluate::<Option<String>>(FOCUS).await?.as_deref() == Some("Type expansion") {
            break;
        }
    }
    focus(page, "Type expansion").await?;
    page.press(Key::Down).await?;
    page.press(Key::Right).await?;
    page.wait_for_text("[role=tree]", "enum task_state state").await?;
    page.press(Key::Right).await?;
    page.press(Key::Down).await?;
    page.wait_until("document.querySelector('[role=treeitem][aria-selected=true]').textContent.includes('priority')")
        .await?;
    page.press(Key::Left).await?;
    page.press(Key::Left).await?;
    page.wait_until("document.querySelectorAll('[role=treeitem]').length === 1").await?;
    page.press(Key::Enter).await?;
    page.wait_for_text("[aria-label=Symbol] h2", "struct task").await?;

    page.press(Key::Escape).await?;
    page.wait_until("document.querySelector('[aria-label=Symbol]') === null").await?;
    focus(page, "Exports").await
}

pub(crate) async fn help(page: &Page) -> anyhow::Result<()> {
    page.write("?").await?;
    page.wait_for_text("dialog[open]", "regular expression").await?;
    page.press(Key::Escape).await?;
    page.wait_until("document.querySelector('dialog') === null").await?;
    page.write("?").await?;
    page.click("dialog [aria-label=Close]").await?;
    page.wait_until("document.querySelector('dialog') === null").await
}

pub(crate) async fn a_long_list(page: &Page) -> anyhow::Result<()> {
    page.set_view(1024, 420, crate::page::Scheme::Light).await?;
    page.open_fixtures(&["vmlinux"]).await?;
    page.write("/").await?;
    page.press(Key::Enter).await?;
    page.press(Key::End).await?;
    page.wait_until("document.activeElement.getAttribute('aria-activedescendant') === 'exports-37'").await?;
    let is_seen = "(() => { const row = document.getElementById('exports-37').getBoundingClientRect(); \
                   const grid = document.activeElement.getBoundingClientRect(); \
                   return row.top >= grid.top && row.bottom <= grid.bottom + 1 })()";
    page.wait_until(is_seen).await?;
    page.press(Key::Home).await?;
    page.wait_until("document.activeElement.scrollTop === 0").await?;
    ensure!(page.evaluate::<String>("document.activeElement.getAttribute('aria-rowcount')").await? == "39");
    Ok(())
}

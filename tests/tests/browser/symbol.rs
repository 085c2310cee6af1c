// SPDX-License-Identifier: GPL-2.0-only
//! A symbol that was picked: its facts, its types, and the ways between them.

use anyhow::ensure;

use crate::page::Page;

const SYMBOL: &str = "[role=region][aria-label=Symbol]";
const TREE: &str = "[role=tree][aria-label='Type expansion']";

async fn open_task(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["vmlinux"]).await?;
    page.pick("Exports", "task_wake").await?;
    page.find(&format!("{TREE} [role=treeitem]")).await.map(drop)
}

/// The lines of the tree, without their offsets and sizes.
async fn lines(page: &Page) -> anyhow::Result<Vec<String>> {
    page.texts(&format!("{TREE} > [role=treeitem] > :not(.offset, .size, .twisty, .indent)")).await
}

pub(crate) async fn facts(page: &Page) -> anyhow::Result<()> {
    open_task(page).await?;
    for text in
        ["task_wake", "void task_wake(struct task *task)", "0xfec8cecd", "✓ equal", "any licence", "kernel/task.c:"]
    {
        page.wait_for_text(SYMBOL, text).await?;
    }
    let link: String = page.evaluate("document.querySelector('a.path').href").await?;
    ensure!(link.starts_with("https://elixir.bootlin.com/linux/v7.3/source/"), "{link}");
    page.click(&format!("{SYMBOL} button[aria-label='Copy name']")).await
}

pub(crate) async fn tree(page: &Page) -> anyhow::Result<()> {
    open_task(page).await?;
    ensure!(lines(page).await? == ["struct task *task"]);
    page.click(&format!("{TREE} .twisty")).await?;
    page.wait_for_text(TREE, "enum task_state state").await?;
    let holes = page.texts(&format!("{TREE} .gap")).await?;
    ensure!(holes == ["hole: 3 bytes"], "{holes:?}");
    let task: Vec<String> = lines(page).await?;
    for line in ["u8 priority", "u64 runtime[2][4]", "union {…}", "u32 number", "void (*exit)(struct task *, int)"] {
        ensure!(task.iter().any(|found| found == line), "{line} is not in {task:?}");
    }
    let offsets = page.texts(&format!("{TREE} .offset")).await?;
    ensure!(offsets[1..5] == ["0", "4", "5", "8"], "{offsets:?}");
    page.click(&format!("{TREE} .twisty")).await?;
    page.wait_until(&format!("document.querySelectorAll(\"{TREE} > [role=treeitem]\").length === 1")).await?;

    page.find(&format!("{SYMBOL} label select")).await?.select_by_label("4").await?;
    page.wait_for_text(TREE, "TASK_STOPPED = 4").await?;
    page.wait_for_text(TREE, "struct list_head *next").await
}

pub(crate) async fn follow_and_return(page: &Page) -> anyhow::Result<()> {
    page.click_button("Try a sample").await?;
    page.wait_until_finished().await?;
    page.search("task_wake").await?;
    page.pick("Exports", "task_wake").await?;
    page.click(&format!("{TREE} .follow")).await?;
    page.wait_for_text(&format!("{SYMBOL} h2"), "struct task").await?;
    page.wait_for_text(".way", "parameter task").await?;
    page.find("[title='Follow this type']").await?;
    let follow =
        "[...document.querySelectorAll('.follow')].find((found) => found.textContent === 'struct list_head').click()";
    page.wait_until(
        "[...document.querySelectorAll('.follow')].some((found) => found.textContent === 'struct list_head')",
    )
    .await?;
    page.client.execute(follow, Vec::new()).await?;
    page.wait_for_text(&format!("{SYMBOL} h2"), "struct list_head").await?;
    page.wait_for_text(".way", "siblings").await?;
    ensure!(page.fragment().await?.ends_with("symbol=task_wake&type=struct+task&type=struct+list_head"));
    page.client.back().await?;
    page.wait_until("document.querySelector('.trail [aria-current]').textContent === 'struct task'").await?;
    page.client.back().await?;
    page.wait_for_text(&format!("{SYMBOL} h2"), "task_wake").await?;
    page.client.forward().await?;
    page.wait_until("document.querySelector('.trail [aria-current]').textContent === 'struct task'").await?;
    page.reload().await?;
    page.wait_for_text(&format!("{SYMBOL} h2"), "struct task").await?;
    page.find(&format!("{TREE} [role=treeitem]")).await?;
    page.click_button("task_wake").await?;
    page.wait_for_text(".prototype", "void task_wake(struct task *task)").await
}

pub(crate) async fn used_by(page: &Page) -> anyhow::Result<()> {
    open_task(page).await?;
    page.click(&format!("{TREE} .follow")).await?;
    page.click_button("Used by which exports?").await?;
    page.wait_for_text(&format!("{SYMBOL} h3"), "Used by").await?;
    let users = page.texts("[role=listbox][aria-label='Used by'] [role=option]").await?;
    for user in ["current_task", "task_for_each", "task_set_priority", "task_wake"] {
        ensure!(users.iter().any(|found| found == user), "{user} is not among {users:?}");
    }
    ensure!(!users.iter().any(|found| found == "arch_show_registers"), "{users:?}");
    page.client.execute("document.querySelector('#users-0').click()", Vec::new()).await?;
    page.wait_for_text(&format!("{SYMBOL} h2"), &users[0]).await
}

pub(crate) async fn hashed(page: &Page) -> anyhow::Result<()> {
    open_task(page).await?;
    page.click_button("Hashed string").await?;
    page.wait_for_text(".hashed", "subprogram ( formal_parameter pointer_type { structure_type task {").await?;
    page.wait_for_text("[role=listbox][aria-label='Types in it']", "s#list_head structure_type list_head").await?;
    ensure!(page.fragment().await?.ends_with("symbol=task_wake&hashed"));
    page.client.execute("document.querySelector('#parts-0').click()", Vec::new()).await?;
    page.find(".trail").await.map(drop)
}

pub(crate) async fn link_without_its_file(page: &Page) -> anyhow::Result<()> {
    page.go_to("#symbol=task_wake&file=0123abcd").await?;
    page.wait_for_text(".linked", "task_wake").await?;
    page.wait_for_text(".linked", "0123abcd").await?;
    page.open_fixtures(&["vmlinux"]).await?;
    page.wait_for_text(SYMBOL, "The file of this link is not open.").await?;
    page.click(&format!("{SYMBOL} [aria-label=Close]")).await?;
    page.wait_until("document.querySelector('[aria-label=Symbol]') === null").await
}

pub(crate) async fn type_by_name(page: &Page) -> anyhow::Result<()> {
    page.open_fixtures(&["vmlinux"]).await?;
    page.find("input[aria-label='Search symbols']").await?.send_keys("enum task_state").await?;
    page.wait_for_text(".list .empty", "Look for a type").await?;
    page.click(".list .empty button:last-child").await?;
    page.wait_for_text(TREE, "TASK_RUNNING = 0").await?;
    page.click_button("Show all exports").await?;
    page.pick("Exports", "task_wake").await?;
    let find = page.find("input[aria-label='Go to a type']").await?;
    find.send_keys("struct nothing\u{e007}").await?;
    page.wait_for_text(SYMBOL, "No unit knows a type called struct nothing.").await
}

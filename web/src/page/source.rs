// SPDX-License-Identifier: GPL-2.0-only
//! Where the source of a kernel can be read.

use kabiscope::abi::Source;

/// Folders at the top of the kernel's source.
const TOP: [&str; 22] = [
    "arch", "block", "certs", "crypto", "drivers", "fs", "include", "init", "io_uring", "ipc", "kernel", "lib", "mm",
    "net", "rust", "samples", "scripts", "security", "sound", "tools", "usr", "virt",
];

/// The address of a place in the source of a release. `None` for files that the build has made, and for those of compilers.
pub(super) fn link(release: &str, source: &Source) -> Option<String> {
    let tag = tag(release)?;
    let path = path(&source.file)?;
    let line = if source.line == 0 { String::new() } else { format!("#L{}", source.line) };
    Some(format!("https://elixir.bootlin.com/linux/{tag}/source/{path}{line}"))
}

/// `v7.3.4` of `7.3.4+deb13-amd64`, `v7.3` of `7.3.0`, `v7.3-rc2` of `7.3.0-rc2+`.
fn tag(release: &str) -> Option<String> {
    let end = release.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(release.len());
    let (numbers, rest) = release.split_at(end);
    let mut numbers: Vec<&str> = numbers.trim_end_matches('.').split('.').collect();
    if !(2..=3).contains(&numbers.len()) || numbers.contains(&"") {
        return None;
    }
    if numbers.get(2) == Some(&"0") {
        numbers.pop();
    }
    let candidate = rest.strip_prefix("-rc").map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        format!("-rc{}", &rest[..end])
    });
    Some(format!("v{}{}", numbers.join("."), candidate.unwrap_or_default()))
}

/// The path below the top of the source: compilers are given it from there, from the folder of the build, or from the root.
fn path(file: &str) -> Option<&str> {
    let is_top = |path: &&str| path.split_once('/').is_some_and(|(folder, _)| TOP.contains(&folder));
    let mut relative = file;
    while let Some(rest) = relative.strip_prefix("./").or_else(|| relative.strip_prefix("../")) {
        relative = rest;
    }
    let path = match relative.starts_with('/') {
        false => Some(relative).filter(is_top),
        // The first folder that could be it: `/usr/src/linux-7.3/fs/open.c` begins with one that is not.
        true => {
            let mut starts = relative.match_indices('/').map(|(slash, _)| &relative[slash + 1..]);
            starts.find(|path| is_top(path) && !path.starts_with("usr/"))
        }
    };
    path.filter(|path| !path.contains("/generated/") && !path.contains("/../"))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn tags() {
        let check = |release, expect: Option<&str>| assert_eq!(tag(release).as_deref(), expect, "{release}");
        check("7.3.4+deb13-cloud-amd64", Some("v7.3.4"));
        check("7.3.0", Some("v7.3"));
        check("6.1.0-49-amd64", Some("v6.1"));
        check("7.3.0-rc2+", Some("v7.3-rc2"));
        check("mini", None);
        check("7", None);
    }

    #[test]
    fn links() {
        let check = |file: &str, line, expect: Option<&str>| {
            let source = Source { file: file.to_owned(), line };
            let expect = expect.map(|path| format!("https://elixir.bootlin.com/linux/v7.3/source/{path}"));
            assert_eq!(link("7.3.0", &source), expect, "{file}");
        };
        check("fs/open.c", 12, Some("fs/open.c#L12"));
        check("./include/linux/fs.h", 0, Some("include/linux/fs.h"));
        check("../../include/linux/fs.h", 3, Some("include/linux/fs.h#L3"));
        check("/usr/src/linux-7.3/fs/open.c", 3, Some("fs/open.c#L3"));
        check("/rustc/12ab/library/core/src/fmt.rs", 3, None);
        check("include/generated/bounds.h", 3, None);
        check("main.c", 3, None);
    }
}

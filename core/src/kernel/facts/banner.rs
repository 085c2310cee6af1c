// SPDX-License-Identifier: GPL-2.0-only
//! What a kernel says of itself: `linux_banner`, the line by which it introduces itself,
//! `Linux version RELEASE (USER@HOST) (COMPILER, LINKER) #BUILD …`, and the version magic, `RELEASE FLAG …`, that it asks of modules.

use object::ReadRef;

use super::contents::{Contents, Pointer};
use crate::object::Address;

/// The symbol of the line.
pub(super) const SYMBOL: &[u8] = b"linux_banner";

/// The symbol of the version magic (`kernel/module/main.c`; `kernel/module.c` before 5.19). It is not exported, and others may be
/// called the same.
pub(super) const VERMAGIC: &[u8] = b"vermagic";

const START: &[u8] = b"Linux version ";

/// The longest line that is looked at.
const LONGEST: u64 = 1024;

/// What the line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Banner {
    pub(super) release: String,
    pub(super) compiler: Option<String>,
}

impl Banner {
    /// Reads the line: where its symbol is, or, in a kernel without symbols, where its text is found.
    pub(super) fn read<'data, R: ReadRef<'data>>(
        contents: &Contents<'_, 'data, R>,
        symbol: Option<Address>,
    ) -> Option<Self> {
        if let Some(symbol) = symbol {
            return Self::parse(text_at(contents, symbol)?);
        }
        let data = contents.named(".rodata").ok()??;
        memchr::memmem::find_iter(data, START).find_map(|start| Self::parse(&data[start..]))
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let line = line.get(..LONGEST as usize).unwrap_or(line);
        let line = line.split(|&byte| byte == 0 || byte == b'\n').next()?;
        let line = String::from_utf8_lossy(line);
        let (release, rest) = line.strip_prefix("Linux version ")?.split_once(' ')?;
        // There are formats beside it: `Linux version %s`.
        if !release.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        // The first group is who built it, the second what with.
        let compiler = group(rest).and_then(|(_, rest)| group(rest)).map(|(tools, _)| first_of_list(tools).to_owned());
        Some(Self { release: release.to_owned(), compiler })
    }
}

/// The version magic of a kernel of this release: the first of what these symbols are that can be it.
pub(super) fn vermagic<'data, R: ReadRef<'data>>(
    contents: &Contents<'_, 'data, R>,
    symbols: &[Address],
    release: &str,
) -> Option<String> {
    symbols.iter().find_map(|&symbol| {
        let text = text_at(contents, symbol)?.split(|&byte| byte == 0).next()?;
        text.strip_prefix(release.as_bytes())?.starts_with(b" ").then(|| String::from_utf8_lossy(text).into_owned())
    })
}

/// What is at a symbol, as far as it is looked at: its section is large, and nothing else of it is wanted.
fn text_at<'data, R: ReadRef<'data>>(contents: &Contents<'_, 'data, R>, symbol: Address) -> Option<&'data [u8]> {
    let Pointer::To(place) = contents.at_address(symbol.value) else { return None };
    let section = &contents.image.sections()[place.section];
    let size = section.size.checked_sub(place.offset)?.min(LONGEST);
    let offset = section.offset.checked_add(place.offset).filter(|_| section.has_contents())?;
    contents.image.bytes(offset, size)
}

/// What stands in the parentheses that the text begins with, and what behind them.
fn group(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start().strip_prefix('(')?;
    let mut depth = 0usize;
    for (index, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' if depth == 0 => return Some((&text[..index], &text[index + 1..])),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// What stands before the first comma that is not in parentheses.
fn first_of_list(text: &str) -> &str {
    let mut depth = 0usize;
    let end = text.find(|character| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && character == ','
    });
    end.map_or(text, |end| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, release: &str, compiler: &str) {
        let expected = Banner { release: release.to_owned(), compiler: Some(compiler.to_owned()) };
        assert_eq!(Banner::parse(line.as_bytes()), Some(expected));
    }

    #[test]
    fn release_and_compiler() {
        // Of ../shared/kernel.
        check(
            "Linux version 7.3.4 (root@vm) (gcc (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 \
             SMP PREEMPT_DYNAMIC Sun Nov 22 16:31:00 UTC 2026\n\0",
            "7.3.4",
            "gcc (Debian 12.2.0-14+deb12u1) 12.2.0",
        );
        // As older kernels have it, without the linker.
        check(
            "Linux version 4.19.0-6-amd64 (x@y) (gcc version 8.3.0 (Debian 8.3.0-6)) #1 SMP Debian\n",
            "4.19.0-6-amd64",
            "gcc version 8.3.0 (Debian 8.3.0-6)",
        );
        check(
            "Linux version 6.1 (a@b) (Android (10087095, +pgo) clang version 17.0.2 (https://x), LLD 17.0.2) #1",
            "6.1",
            "Android (10087095, +pgo) clang version 17.0.2 (https://x)",
        );
    }

    #[test]
    fn other_lines() {
        assert_eq!(Banner::parse(b"Linux version %s (%s)\0"), None);
        assert_eq!(Banner::parse(b"Linux version"), None);
        let cut = Banner::parse(b"Linux version 6.1.2 (a@b) (gcc (x");
        assert_eq!(cut, Some(Banner { release: "6.1.2".to_owned(), compiler: None }));
    }
}

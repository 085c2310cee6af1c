// SPDX-License-Identifier: GPL-2.0-only
//! What is typed into the search box: a part of a name, a glob, or a regular expression between slashes.

use regex_lite::{Regex, RegexBuilder};

/// A search for names.
pub(super) enum Search {
    /// A part of the name. Without capitals, small letters stand for them too.
    Part { part: String, any_case: bool },
    /// All of the name, with `*`, `?`, `[…]` and `{…}`.
    Glob(String),
    /// Some part of the name.
    Regex(Regex),
}

impl Search {
    /// Reads what was typed. The error is what is wrong with an expression.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let any_case = !text.contains(|letter: char| letter.is_ascii_uppercase());
        if let Some(expression) = text.strip_prefix('/') {
            // The second slash is typed last.
            let expression = expression.strip_suffix('/').unwrap_or(expression);
            let regex = RegexBuilder::new(expression).case_insensitive(any_case).build();
            return regex.map(Self::Regex).map_err(|error| error.to_string());
        }
        Ok(match text.contains(['*', '?', '{']) {
            true => Self::Glob(text.to_owned()),
            false => Self::Part { part: text.to_owned(), any_case },
        })
    }

    /// Whether a symbol is meant, by its name or by that which the source has.
    pub(super) fn matches(&self, name: &str, demangled: Option<&str>) -> bool {
        self.matches_name(name) || demangled.is_some_and(|name| self.matches_name(name))
    }

    fn matches_name(&self, name: &str) -> bool {
        match self {
            Self::Part { part, .. } if part.is_empty() => true,
            Self::Part { part, any_case: false } => name.contains(part),
            Self::Part { part, any_case: true } => {
                name.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
            }
            Self::Glob(glob) => fast_glob::glob_match(glob, name),
            Self::Regex(regex) => regex.is_match(name),
        }
    }

    /// What it is, for those who did not know.
    pub(super) fn title(&self) -> Option<&'static str> {
        match self {
            Self::Part { .. } => None,
            Self::Glob(_) => Some("glob"),
            Self::Regex(_) => Some("regex"),
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[track_caller]
    fn check(text: &str, name: &str, demangled: Option<&str>, expect: bool) {
        let search = Search::parse(text).expect("a search");
        assert_eq!(search.matches(name, demangled), expect, "{text} {name}");
    }

    #[test]
    fn parts() {
        check("", "memcpy", None, true);
        check("  cpy ", "memcpy", None, true);
        check("cpi", "memcpy", None, false);
        check("longer than it", "memcpy", None, false);
        check("get_x", "get_X86", None, true);
        check("X86", "get_x86", None, false);
        check("init::a", "_RNvNtC4init1a", Some("kernel::init::a"), true);
        check("é", "memcpy", None, false);
    }

    #[test]
    fn globs() {
        check("mem*", "memcpy", None, true);
        check("em*", "memcpy", None, false);
        check("mem{cpy,move}", "memmove", None, true);
        check("mem???", "memmove", None, false);
        check("kernel::*", "_RNvNtC4init1a", Some("kernel::init"), true);
    }

    #[test]
    fn expressions() {
        check("/^mem.*e$/", "memmove", None, true);
        check("/^mem.*e", "memmove", None, true);
        check("/MEM/", "memmove", None, false);
        check("/cpy$/", "x", Some("memcpy"), true);
        assert!(Search::parse("/(/").is_err());
    }
}

// SPDX-License-Identifier: GPL-2.0-only
//! Which symbols are asked for.

use globset::GlobSet;
use kabiscope::cli::kabiscope as cli;
use regex::Regex;

use crate::failure::{Failure, Trouble};

/// Patterns of names. Without any, every name is meant.
pub(crate) struct Filter {
    globs: GlobSet,
    regexes: Vec<Regex>,
}

impl Filter {
    pub(crate) fn new(args: &cli::Filter) -> Result<Self, Failure> {
        let globs = GlobSet::new(&args.globs).map_err(|error| Trouble::new("--name", error))?;
        Ok(Self { globs, regexes: args.regexes.clone() })
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.globs.is_empty() && self.regexes.is_empty()
    }

    /// Whether a symbol is meant, by its name or by that which the source has.
    pub(crate) fn matches(&self, name: &str, demangled: Option<&str>) -> bool {
        let matches = |name: &str| self.globs.is_match(name) || self.regexes.iter().any(|regex| regex.is_match(name));
        self.is_empty() || matches(name) || demangled.is_some_and(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(globs: &[&str], regexes: &[&str], name: &str, demangled: Option<&str>, expect: bool) {
        let args = cli::Filter {
            globs: globs.iter().map(|glob| glob.parse().expect("a pattern")).collect(),
            regexes: regexes.iter().map(|regex| regex.parse().expect("an expression")).collect(),
        };
        let Ok(filter) = Filter::new(&args) else { unreachable!("patterns that are right one by one") };
        assert_eq!(filter.matches(name, demangled), expect, "{globs:?} {regexes:?} {name}");
    }

    #[test]
    fn patterns() {
        check(&[], &[], "memcpy", None, true);
        check(&["mem*"], &[], "memcpy", None, true);
        check(&["em*"], &[], "memcpy", None, false);
        check(&["strcpy", "mem{cpy,move}"], &[], "memmove", None, true);
        check(&[], &["^mem", "str"], "memcpy", None, true);
        check(&[], &["^cpy"], "memcpy", None, false);
        check(&["strcpy"], &["cpy$"], "memcpy", None, true);
        check(&["kernel::*"], &[], "_RNvCs1_6kernel4init", Some("kernel::init"), true);
    }
}

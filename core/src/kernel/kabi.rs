// SPDX-License-Identifier: GPL-2.0-only
//! kABI rules: what a distribution says about types that it changed without changing their ABI.

use object::ReadRef;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::object::Image;
use crate::{Error, Result};

/// The section that an object's rules are in.
const SECTION: &str = ".discard.gendwarfksyms.kabi_rules";

/// The rules of one object (Linux 6.15, `Documentation/kbuild/gendwarfksyms.rst`).
///
/// What the reference (gendwarfksyms of Linux 7.3) accepts and when it complains holds here too: of several rules of one
/// type for one target the last counts, and a value is checked when it is needed.
#[derive(Debug, Default)]
pub struct KabiRules {
    declaration_only: FxHashSet<Box<[u8]>>,
    ignored_enumerators: FxHashSet<Box<[u8]>>,
    enumerator_values: FxHashMap<Box<[u8]>, Box<[u8]>>,
    byte_sizes: FxHashMap<Box<[u8]>, Box<[u8]>>,
    type_strings: FxHashMap<Box<[u8]>, Box<[u8]>>,
    has_trailing_data: bool,
}

impl KabiRules {
    /// No section, and no rest of one, is read as a rule unless it is longer than this: `1`, a letter and two empty strings.
    const SHORTEST: usize = 6;

    /// Reads the rules in an object. Where there is no section of them, there are none.
    ///
    /// # Errors
    /// Those of [`Image::section`] and of [`Self::parse`].
    pub fn read<'data, R: ReadRef<'data>>(image: &Image<'data, R>) -> Result<Self> {
        image.section(SECTION)?.map_or(Ok(Self::default()), |section| Self::parse(&section))
    }

    /// Reads the contents of the section: NUL-terminated strings in fours, version, type, target and value.
    ///
    /// # Errors
    /// [`Error::KabiRule`] for another version, an unknown type, or a section that is not made of such strings.
    pub fn parse(mut section: &[u8]) -> Result<Self> {
        let mut rules = Self::default();
        if section.len() < Self::SHORTEST {
            return Err(rule_error(format!("the section is too small: {} bytes", section.len())));
        }
        if !section.ends_with(b"\0") {
            return Err(rule_error("the section does not end with a NUL".to_owned()));
        }
        while section.len() > Self::SHORTEST {
            let mut field = || {
                let end = section.iter().position(|&byte| byte == 0);
                let end = end.ok_or_else(|| rule_error("the section ends within a rule".to_owned()))?;
                let (field, rest) = section.split_at(end);
                section = &rest[1..];
                Ok(field)
            };
            let version = field()?;
            if version != b"1" {
                return Err(rule_error(format!("version '{}' is not known", String::from_utf8_lossy(version))));
            }
            let (kind, target, value) = (field()?, field()?, field()?);
            rules.add(kind, target, value)?;
        }
        rules.has_trailing_data = !section.is_empty();
        Ok(rules)
    }

    /// Whether the section goes on behind the last rule, with something too short to be one.
    pub fn has_trailing_data(&self) -> bool {
        self.has_trailing_data
    }

    fn add(&mut self, kind: &[u8], target: &[u8], value: &[u8]) -> Result<()> {
        match kind {
            b"declonly" => {
                self.declaration_only.insert(target.into());
            }
            b"enumerator_ignore" => {
                self.ignored_enumerators.insert(target.into());
            }
            b"enumerator_value" => {
                self.enumerator_values.insert(target.into(), value.into());
            }
            b"byte_size" => {
                self.byte_sizes.insert(target.into(), value.into());
            }
            b"type_string" => {
                self.type_strings.insert(target.into(), value.into());
            }
            _ => return Err(rule_error(format!("type '{}' is not known", String::from_utf8_lossy(kind)))),
        }
        Ok(())
    }

    /// Whether the type of this fully qualified name counts as a declaration.
    pub(crate) fn is_declaration_only(&self, name: &[u8]) -> bool {
        self.declaration_only.contains(name)
    }

    /// Whether an enumerator is left out.
    pub(crate) fn ignores_enumerator(&self, enumeration: &[u8], enumerator: &[u8]) -> bool {
        !self.ignored_enumerators.is_empty()
            && self.ignored_enumerators.contains(&*enumerator_target(enumeration, enumerator))
    }

    /// The value that an enumerator is given.
    pub(crate) fn enumerator_value(&self, enumeration: &[u8], enumerator: &[u8]) -> Result<Option<u64>> {
        if self.enumerator_values.is_empty() {
            return Ok(None);
        }
        self.enumerator_values.get(&*enumerator_target(enumeration, enumerator)).map(|value| number(value)).transpose()
    }

    /// The size that the type of this fully qualified name is given.
    pub(crate) fn byte_size(&self, name: &[u8]) -> Result<Option<u64>> {
        self.byte_sizes.get(name).map(|value| number(value)).transpose()
    }

    /// The string that a type, by its reference (`s#name`), or a symbol is given.
    pub(crate) fn type_string(&self, target: &[u8]) -> Result<Option<&[u8]>> {
        let string = self.type_strings.get(target);
        if string.is_some_and(|string| string.is_empty()) {
            return Err(rule_error(format!("the type string for '{}' is empty", String::from_utf8_lossy(target))));
        }
        Ok(string.map(|string| &**string))
    }
}

fn enumerator_target(enumeration: &[u8], enumerator: &[u8]) -> Vec<u8> {
    [enumeration, b" ", enumerator].concat()
}

/// Reads a number as C's `strtoul` does to base ten, but to the end: nothing is 0, and a minus takes the complement.
fn number(value: &[u8]) -> Result<u64> {
    let refuse = || rule_error(format!("'{}' is not a decimal number", String::from_utf8_lossy(value)));
    if value.is_empty() {
        return Ok(0);
    }
    let digits = std::str::from_utf8(value).map_err(|_| refuse())?;
    let digits = digits.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
    let (digits, negative) = match digits.as_bytes().first() {
        Some(b'-') => (&digits[1..], true),
        Some(b'+') => (&digits[1..], false),
        _ => (digits, false),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(refuse());
    }
    let number: u64 = digits.parse().map_err(|_| refuse())?;
    Ok(if negative { number.wrapping_neg() } else { number })
}

fn rule_error(reason: String) -> Error {
    Error::KabiRule(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the reference made of the same values.
    #[test]
    fn numbers() {
        for (value, expect) in [
            ("16", Some(16)),
            ("", Some(0)),
            ("\t 8", Some(8)),
            ("+7", Some(7)),
            ("007", Some(7)),
            ("-7", Some(7u64.wrapping_neg())),
            ("-18446744073709551615", Some(1)),
            ("0x10", None),
            ("7 ", None),
            ("-", None),
            ("+-7", None),
            (" ", None),
            ("18446744073709551616", None),
        ] {
            assert_eq!(number(value.as_bytes()).ok(), expect, "{value:?}");
        }
    }

    #[test]
    fn sections() {
        for (section, accepted) in [
            (&b"1\0declonly\0s\0\0"[..], true),
            (b"1\0a\0b\0", true), // too short to be read as a rule at all
            (b"1\0a\0\0", false),
            (b"1\0declonly\0s\0x", false),
            (b"1\0declonly\0s\0", false),
            (b"2\0declonly\0s\0\0", false),
            (b"1\0nonsense\0s\0\0", false),
        ] {
            assert_eq!(KabiRules::parse(section).is_ok(), accepted, "{}", String::from_utf8_lossy(section));
        }
    }

    #[test]
    fn the_last_rule_counts() {
        let rules = KabiRules::parse(b"1\0byte_size\0s\08\x001\0byte_size\0s\09\0").expect("two rules");
        assert_eq!(rules.byte_size(b"s"), Ok(Some(9)));
        assert!(!rules.has_trailing_data());
    }
}

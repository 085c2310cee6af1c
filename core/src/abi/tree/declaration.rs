// SPDX-License-Identifier: GPL-2.0-only
//! Types and declarations as C and Rust write them.
//!
//! In C, what a name is declared as stands around it: `int (*const table[4])(struct inode *, ...)`. What is within, parameters
//! of parameters, is written from a stack of pieces.

use std::borrow::Cow;

use gimli::{DwTag, constants as dw};

use super::die::{Die, MAX_CHAIN, Reader, has_body, is_pointer, is_qualifier};
use super::{Declaration, Syntax};
use crate::dwarf::{Attr, DieOffset};
use crate::{Error, Result};

/// Where a declaration is cut off. The longest names, of Rust's iterators, take some kilobytes.
const MAX_LENGTH: usize = 16 << 10;

/// Stands where a type cannot be read.
const UNREADABLE: &str = "<unreadable>";

/// A declaration, and what of it could not be read.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) declaration: Declaration,
    pub(super) trouble: Option<Error>,
}

/// What a function takes.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    /// Name and type of each parameter.
    pub(super) list: Vec<(Option<String>, Option<DieOffset>)>,
    /// Whether others may follow.
    pub(super) ellipsis: bool,
    /// Whether an empty list means that there are none.
    pub(super) prototyped: bool,
    /// Why the list ends before its end.
    pub(super) trouble: Option<Error>,
}

/// What is still to be written.
enum Piece {
    Text(Cow<'static, str>),
    /// The name that the whole declaration is about; it may be empty.
    Name(String),
    /// A type, and a parameter's name.
    Type(Option<DieOffset>, Option<String>),
}

impl Piece {
    fn text(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// Whether nothing is to be written.
    fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Name(name) => name.is_empty(),
            Self::Type(..) => false,
        }
    }
}

/// How a type without a name is written that has a body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nameless {
    /// `struct {...}`
    Abridged,
    /// `struct`: the body follows.
    Open,
}

impl<'d, 'a> Reader<'d, 'a> {
    /// The type at `at`, or `void`.
    pub(super) fn type_name(&mut self, syntax: Syntax, at: Option<DieOffset>) -> (String, Option<Error>) {
        let Written { declaration, trouble } = self.write(syntax, Ok(vec![Piece::Type(at, None)]));
        (declaration.to_string(), trouble)
    }

    /// Declares `name` to have the type at `at`.
    pub(super) fn declare(&mut self, syntax: Syntax, at: Option<DieOffset>, name: &str) -> Written {
        self.declare_with(syntax, at, name, Nameless::Abridged)
    }

    /// The same with a type that has no name and whose body goes behind [`Declaration::before`].
    pub(super) fn declare_around_body(&mut self, syntax: Syntax, at: Option<DieOffset>, name: &str) -> Written {
        self.declare_with(syntax, at, name, Nameless::Open)
    }

    fn declare_with(&mut self, syntax: Syntax, at: Option<DieOffset>, name: &str, nameless: Nameless) -> Written {
        let name = Piece::Name(name.to_owned());
        let pieces = match syntax {
            Syntax::C => self.c_type(at, name, Vec::new(), nameless),
            Syntax::Rust if name.is_empty() => Ok(vec![name, Piece::Type(at, None)]),
            Syntax::Rust => Ok(vec![name, Piece::text(": "), Piece::Type(at, None)]),
        };
        self.write(syntax, pieces)
    }

    /// Declares the function `name`.
    pub(super) fn declare_function(
        &mut self,
        syntax: Syntax,
        name: &str,
        parameters: &Parameters,
        result: Option<DieOffset>,
    ) -> Written {
        let list = parameter_list(syntax, parameters);
        let name = Piece::Name(name.to_owned());
        let pieces = match syntax {
            Syntax::C => self.c_type(result, name, list, Nameless::Abridged),
            Syntax::Rust => {
                let start = [Piece::text("fn "), name];
                Ok(start.into_iter().chain(list).chain(rust_result(result)).collect())
            }
        };
        self.write(syntax, pieces)
    }

    /// What the function or function type takes that the first of `dies` describes, or what that has its parts from.
    pub(super) fn parameters(&mut self, dies: &[Die<'d, 'a>]) -> Parameters {
        let mut found = Parameters::default();
        // An instance of a function repeats what its origin says, and may leave out what it does not need.
        let abstract_dies = dies.iter().filter(|die| die.attributes.reference(Attr::AbstractOrigin).is_none());
        for die in abstract_dies {
            found.prototyped |= die.attributes.flag(Attr::Prototyped);
            let children = self.children(die);
            for entry in children.entries {
                match entry.tag() {
                    dw::DW_TAG_formal_parameter => match self.parameter(entry.at) {
                        Ok(parameter) => found.list.push(parameter),
                        Err(error) => found.trouble = found.trouble.or(Some(error)),
                    },
                    dw::DW_TAG_unspecified_parameters => found.ellipsis = true,
                    _ => {}
                }
            }
            found.trouble = found.trouble.or(children.trouble);
            if !found.list.is_empty() || found.ellipsis {
                break;
            }
        }
        found
    }

    fn parameter(&mut self, at: DieOffset) -> Result<(Option<String>, Option<DieOffset>)> {
        let dies = self.with_origins(at)?;
        let mut name = None;
        for die in &dies {
            name = name.or(self.name(die)?);
        }
        Ok((name, dies.iter().find_map(Die::type_at)))
    }

    /// Writes pieces, and those that they turn out to consist of.
    fn write(&mut self, syntax: Syntax, pieces: Result<Vec<Piece>>) -> Written {
        let mut trouble = None;
        let mut stack = pieces.unwrap_or_else(|error| {
            trouble = Some(error);
            vec![Piece::text(UNREADABLE)]
        });
        stack.reverse();
        let mut text = String::new();
        let mut name = None;
        while let Some(piece) = stack.pop() {
            let pieces = match piece {
                Piece::Text(piece) => {
                    text.push_str(&piece);
                    Ok(Vec::new())
                }
                Piece::Name(piece) => {
                    name = Some(text.len()..text.len() + piece.len());
                    text.push_str(&piece);
                    Ok(Vec::new())
                }
                Piece::Type(at, parameter) => match syntax {
                    Syntax::C => {
                        let name = Piece::Text(parameter.unwrap_or_default().into());
                        self.c_type(at, name, Vec::new(), Nameless::Abridged)
                    }
                    Syntax::Rust => self.rust_type(at, parameter),
                },
            };
            match pieces {
                Ok(pieces) => stack.extend(pieces.into_iter().rev()),
                Err(error) => {
                    text.push_str(UNREADABLE);
                    trouble.get_or_insert(error);
                }
            }
            if text.len() > MAX_LENGTH {
                let end = (0..=MAX_LENGTH).rev().find(|&end| text.is_char_boundary(end));
                text.truncate(end.unwrap_or(0));
                text.push('…');
                break;
            }
        }
        let name = name.filter(|name| name.end <= text.len()).unwrap_or(text.len()..text.len());
        let after = text.split_off(name.end);
        let name = text.split_off(name.start);
        Written { declaration: Declaration { before: text, name, after }, trouble }
    }

    /// `name`, with `right` behind it, declared with the type at `at`: what stands before the name is that type, `*` and
    /// qualifiers, what stands behind it `[4]` and lists of parameters.
    fn c_type(
        &mut self,
        mut at: Option<DieOffset>,
        name: Piece,
        mut right: Vec<Piece>,
        nameless: Nameless,
    ) -> Result<Vec<Piece>> {
        let has_name = !name.is_empty();
        let mut left = String::new();
        // Of the type that comes next.
        let mut qualifiers = String::new();
        let mut behind_pointer = false;
        for _ in 0..MAX_CHAIN {
            let Some(die) = at.map(|at| self.die(at)).transpose()? else {
                return Ok(c_declaration(&qualifiers, "void", left, name, right));
            };
            let tag = die.tag();
            if is_pointer(tag) {
                let sign = match tag {
                    dw::DW_TAG_reference_type => "&",
                    dw::DW_TAG_rvalue_reference_type => "&&",
                    _ => "*",
                };
                if !has_name && left.is_empty() {
                    qualifiers.truncate(qualifiers.trim_end().len());
                }
                left.insert_str(0, &qualifiers);
                left.insert_str(0, sign);
                qualifiers.clear();
                behind_pointer = true;
            } else if let Some(qualifier) = c_qualifier(tag) {
                if !qualifiers.contains(qualifier) {
                    qualifiers.push_str(qualifier);
                    qualifiers.push(' ');
                }
            } else if matches!(tag, dw::DW_TAG_array_type | dw::DW_TAG_subroutine_type) {
                if std::mem::take(&mut behind_pointer) {
                    left.insert(0, '(');
                    right.push(Piece::text(")"));
                }
                if tag == dw::DW_TAG_array_type {
                    right.push(Piece::Text(self.bounds(&die)?.iter().map(|bound| format!("[{bound}]")).collect()));
                } else {
                    let parameters = self.parameters(std::slice::from_ref(&die));
                    right.extend(parameter_list(Syntax::C, &parameters));
                }
            } else if is_qualifier(tag) {
                // Of other languages, with nothing to write in C.
            } else {
                let base = self.c_type_specifier(&die, nameless)?;
                return Ok(c_declaration(&qualifiers, &base, left, name, right));
            }
            at = die.type_at();
        }
        Err(endless(at))
    }

    /// A type by its name.
    fn c_type_specifier(&mut self, die: &Die<'d, 'a>, nameless: Nameless) -> Result<String> {
        let name = self.qualified_name(die)?;
        let tag = die.tag();
        Ok(match (c_keyword(tag), name) {
            (Some(keyword), Some(name)) => format!("{keyword} {name}"),
            (Some(keyword), None) if nameless == Nameless::Open => keyword.to_owned(),
            (Some(keyword), None) => format!("{keyword} {{...}}"),
            (None, Some(name)) if tag == dw::DW_TAG_base_type => c_base_type(&name).to_owned(),
            (None, Some(name)) => name,
            (None, None) if tag == dw::DW_TAG_unspecified_type => "void".to_owned(),
            (None, None) => return Err(no_type(die)),
        })
    }

    /// A type of Rust: nearly all have names, and pointers' and functions' are what the source has.
    fn rust_type(&mut self, at: Option<DieOffset>, parameter: Option<String>) -> Result<Vec<Piece>> {
        let mut pieces = Vec::new();
        if let Some(parameter) = parameter {
            pieces.extend([Piece::Text(parameter.into()), Piece::text(": ")]);
        }
        let Some(die) = at.map(|at| self.die(at)).transpose()? else {
            pieces.push(Piece::text("()"));
            return Ok(pieces);
        };
        if let Some(name) = self.qualified_name(&die)? {
            pieces.push(Piece::Text(name.into()));
            return Ok(pieces);
        }
        let inner = Piece::Type(die.type_at(), None);
        let tag = die.tag();
        if tag == dw::DW_TAG_array_type {
            let bounds = self.bounds(&die)?;
            pieces.push(Piece::Text("[".repeat(bounds.len()).into()));
            pieces.push(inner);
            pieces.push(Piece::Text(bounds.iter().rev().map(|bound| format!("; {bound}]")).collect()));
        } else if tag == dw::DW_TAG_subroutine_type {
            let parameters = self.parameters(std::slice::from_ref(&die));
            pieces.push(Piece::text("fn"));
            pieces.extend(parameter_list(Syntax::Rust, &parameters));
            pieces.extend(rust_result(die.type_at()));
        } else if is_pointer(tag) {
            pieces.extend([Piece::text("*mut "), inner]);
        } else if has_body(tag) {
            pieces.push(Piece::text("{...}"));
        } else if is_qualifier(tag) {
            pieces.push(inner);
        } else {
            return Err(no_type(&die));
        }
        Ok(pieces)
    }

    /// The number of elements of each dimension of an array; empty text where it is not known.
    fn bounds(&mut self, array: &Die<'d, 'a>) -> Result<Vec<String>> {
        let counts = self.counts(array)?;
        Ok(counts.into_iter().map(|count| count.map_or_else(String::new, |count| count.to_string())).collect())
    }

    /// The number of elements of each dimension of an array.
    pub(super) fn counts(&mut self, array: &Die<'d, 'a>) -> Result<Vec<Option<u64>>> {
        let children = self.children(array);
        let mut counts = Vec::new();
        for entry in children.entries {
            if matches!(entry.tag(), dw::DW_TAG_subrange_type | dw::DW_TAG_enumeration_type) {
                let range = self.read(array.unit, entry)?;
                let count = range.constant(Attr::Count);
                counts.push(count.or_else(|| range.constant(Attr::UpperBound).map(|bound| bound.wrapping_add(1))));
            }
        }
        children.trouble.map_or(Ok(counts), Err)
    }

    /// A structure, union or enumeration as the language refers to it.
    pub(super) fn body_name(&mut self, syntax: Syntax, die: &Die<'d, 'a>) -> Result<String> {
        match syntax {
            Syntax::C => self.c_type_specifier(die, Nameless::Abridged),
            Syntax::Rust => Ok(self.qualified_name(die)?.unwrap_or_else(|| "{...}".to_owned())),
        }
    }
}

/// Puts a declaration of C together.
fn c_declaration(qualifiers: &str, base: &str, left: String, name: Piece, right: Vec<Piece>) -> Vec<Piece> {
    let alone = left.is_empty() && name.is_empty() && right.is_empty();
    let mut pieces = vec![Piece::Text(format!("{qualifiers}{base}{}", if alone { "" } else { " " }).into())];
    pieces.extend([Piece::Text(left.into()), name]);
    pieces.extend(right);
    pieces
}

/// `(…)`
fn parameter_list(syntax: Syntax, parameters: &Parameters) -> Vec<Piece> {
    let mut pieces = vec![Piece::text("(")];
    let mut separator = "";
    for (name, at) in &parameters.list {
        pieces.extend([Piece::text(separator), Piece::Type(*at, name.clone())]);
        separator = ", ";
    }
    if parameters.ellipsis {
        pieces.extend([Piece::text(separator), Piece::text("...")]);
    } else if parameters.list.is_empty() && parameters.prototyped && syntax == Syntax::C {
        pieces.push(Piece::text("void"));
    }
    pieces.push(Piece::text(")"));
    pieces
}

/// ` -> …`, unless nothing is returned.
fn rust_result(at: Option<DieOffset>) -> impl Iterator<Item = Piece> {
    at.into_iter().flat_map(|at| [Piece::text(" -> "), Piece::Type(Some(at), None)])
}

fn c_qualifier(tag: DwTag) -> Option<&'static str> {
    Some(match tag {
        dw::DW_TAG_const_type => "const",
        dw::DW_TAG_volatile_type => "volatile",
        dw::DW_TAG_restrict_type => "restrict",
        dw::DW_TAG_atomic_type => "_Atomic",
        _ => return None,
    })
}

/// The keyword that a type with a body begins with.
pub(super) fn c_keyword(tag: DwTag) -> Option<&'static str> {
    Some(match tag {
        dw::DW_TAG_structure_type => "struct",
        dw::DW_TAG_class_type => "class",
        dw::DW_TAG_union_type => "union",
        dw::DW_TAG_enumeration_type => "enum",
        _ => return None,
    })
}

/// What the kernel's sources call a type that gcc has a longer name for.
pub(super) fn c_base_type(name: &str) -> &str {
    match name {
        "short int" => "short",
        "short unsigned int" => "unsigned short",
        "long int" => "long",
        "long unsigned int" => "unsigned long",
        "long long int" => "long long",
        "long long unsigned int" => "unsigned long long",
        "__int128 unsigned" => "unsigned __int128",
        name => name,
    }
}

fn no_type(die: &Die<'_, '_>) -> Error {
    Error::UnexpectedDie { at: die.entry.at, child: die.tag().to_string(), parent: "a type" }
}

/// For a type that has no end.
pub(super) fn endless(at: Option<DieOffset>) -> Error {
    Error::CyclicType(at.unwrap_or(DieOffset::START))
}

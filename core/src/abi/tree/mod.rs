// SPDX-License-Identifier: GPL-2.0-only
//! The types behind a symbol, as a tree for people: members with their places, holes, bit fields, enumerators, variants.
//!
//! A [`Node`] is one level of the tree, plain data that names what it leads to by [`TypeRef`]. The page describes a node when
//! somebody opens it ([`describe`]); the command expands a tree to a depth ([`expand()`]) and prints it ([`text`]). What
//! versions are made of is elsewhere ([`crate::types`]): this is only shown.
//!
//! Nothing here fails as a whole. What cannot be read is marked where it stands ([`Item::Trouble`], [`Node::trouble`]), and
//! the rest is shown.

mod declaration;
mod describe;
mod die;
mod enumeration;
mod expand;
mod find;
mod layout;
mod members;
mod paths;
pub mod text;
mod trouble;
mod uses;

use serde::{Deserialize, Serialize};

use super::Source;
use crate::Result;
use crate::dwarf::{DebugInfo, DieOffset};

pub(super) use describe::declaration_of_symbol;
pub use describe::{describe, describe_symbol};
pub use expand::{Expansion, Limits, expand};
pub use find::{TypeQuery, find_types};
pub use paths::{Step, TypeGraph, Via};

/// Where a type or a symbol is described: a DIE, and its unit. It holds for the file that it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TypeRef {
    /// The DIE.
    pub die: DieOffset,
    /// Where the unit starts that the DIE is in.
    pub unit: DieOffset,
}

impl TypeRef {
    /// The DIE at `die`, with the unit that it is in.
    ///
    /// # Errors
    /// [`Error::Dwarf`](crate::Error::Dwarf) if no unit of `debug_info` has a DIE there.
    pub fn new(debug_info: &DebugInfo<'_>, die: DieOffset) -> Result<Self> {
        Ok(Self { die, unit: debug_info.unit_of(die)?.offset() })
    }
}

/// One level of a tree: a symbol or a type, and what it consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The DIE that says so.
    pub at: TypeRef,
    /// What it is.
    pub kind: Kind,
    /// The language in which it is written here.
    pub syntax: Syntax,
    /// Its name as a type or symbol: `struct file`, `spinlock_t`, `vfs_open`, `kernel::sync::Arc<T>`.
    pub name: String,
    /// How it is declared; for what has a body, the text before that.
    pub declaration: Declaration,
    /// Size in bytes.
    pub size: Option<u64>,
    /// Alignment in bytes, if the source or the language prescribes it.
    pub alignment: Option<u64>,
    /// Why versions do not depend on what it consists of, if they do not.
    pub opaque: Option<Opaque>,
    /// Where it is declared.
    pub source: Option<Source>,
    /// What it consists of. Members of structures are in the order of their places, holes between them.
    pub items: Vec<Item>,
    /// What could not be read.
    pub trouble: Option<String>,
}

/// Kinds of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A symbol that is a function: parameters and a result.
    Function,
    /// A symbol that is a variable: its type.
    Variable,
    /// A structure or class: members and holes.
    Struct,
    /// A union: members.
    Union,
    /// An enumeration of C, or of Rust without data: enumerators.
    Enum,
    /// An enumeration of Rust with data: variants.
    TaggedEnum,
    /// A typedef: the type that it stands for.
    Typedef,
    /// The type of functions: parameters and a result.
    FunctionType,
    /// A pointer, an array, a qualified type: the type behind it.
    Derived,
    /// A type without parts: an integer, `void`.
    Base,
}

/// The languages that declarations are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Syntax {
    /// C, and what else is no Rust.
    C,
    /// Rust.
    Rust,
}

/// Why a version does not depend on what a type consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opaque {
    /// The unit knows only its name.
    DeclaredOnly,
    /// It is defined in a `.c` file, so no other file knows its members.
    Private,
}

/// A declaration, cut where the name stands: `int (*`, `open`, `)(struct inode *, struct file *)`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Declaration {
    /// What stands before the name.
    pub before: String,
    /// The name; empty where there is none.
    pub name: String,
    /// What stands behind the name.
    pub after: String,
}

impl std::fmt::Display for Declaration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { before, name, after } = self;
        write!(f, "{before}{name}{after}")
    }
}

/// A part of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "item", rename_all = "snake_case")]
pub enum Item {
    /// A member of a structure, union or variant.
    Member(Member),
    /// A parameter of a function.
    Parameter(Parameter),
    /// Further parameters of any type.
    Ellipsis,
    /// What a function returns; there is none if it returns nothing.
    Result(TypeUse),
    /// The type of a variable; what a typedef stands for; what a pointer points to.
    Type(TypeUse),
    /// A value of an enumeration.
    Enumerator {
        /// Its name.
        name: String,
        /// Its value.
        value: Option<Number>,
    },
    /// What tells the variants of an enumeration apart.
    Discriminant(Member),
    /// A variant of an enumeration.
    Variant(Variant),
    /// Room that nothing uses, before a member.
    Hole(Gap),
    /// Room that nothing uses, at the end.
    Padding(Gap),
    /// The rest cannot be read.
    Trouble {
        /// Why.
        reason: String,
    },
}

/// A member of a structure, union or variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name, unless it has none.
    pub name: Option<String>,
    /// How it is declared. If it has a body, that stands in braces behind [`Declaration::before`].
    pub declaration: Declaration,
    /// Its type.
    pub r#type: TypeUse,
    /// Where it starts: bytes from the start of the node. Of a bit field, where its storage starts. `None` if unknown.
    pub offset: Option<u64>,
    /// Size in bytes; of a bit field, of its storage.
    pub size: Option<u64>,
    /// Which bits, of a bit field.
    pub bits: Option<Bits>,
    /// Alignment in bytes, if the source or the language prescribes it.
    pub alignment: Option<u64>,
    /// What it consists of, if its type has a body but no name. Offsets are from the start of the node too.
    pub body: Option<Vec<Item>>,
}

/// Bits of a bit field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bits {
    /// The first, counted from the start of the storage as memory is: on big-endian machines from its highest bit.
    pub offset: u64,
    /// How many.
    pub size: u64,
}

/// Room that nothing uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Where it starts: bytes from the start of the node. Behind a bit field, where the storage of that starts.
    pub offset: u64,
    /// How many bits behind that: counted as those of bit fields are.
    pub bit: u64,
    /// How many bits.
    pub bits: u64,
}

/// A parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name, unless it has none.
    pub name: Option<String>,
    /// How it is declared.
    pub declaration: Declaration,
    /// Its type.
    pub r#type: TypeUse,
}

/// A variant of an enumeration of Rust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// The discriminant that stands for it; `None` for the variant that all other values stand for.
    pub value: Option<Number>,
    /// What it holds, at offsets from the start of the node.
    pub members: Vec<Item>,
}

/// A number of either sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Number {
    /// Zero or more.
    Unsigned(u64),
    /// Less than zero.
    Negative(i64),
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unsigned(number) => number.fmt(f),
            Self::Negative(number) => number.fmt(f),
        }
    }
}

/// A type where it is used, and what can be opened there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeUse {
    /// As the language writes it: `const struct file *`, `unsigned long [4]`, `&core::ffi::CStr`.
    pub name: String,
    /// The nearest type with a name: behind pointers, arrays and qualifiers.
    pub named: Option<NamedType>,
    /// The nearest type with a body, which is behind typedefs as well.
    pub body: Option<TypeRef>,
    /// Why versions do not depend on that body, if they do not.
    pub opaque: Option<Opaque>,
    /// Whether the body itself is here, and not only a way to it: its offsets count from here then.
    pub by_value: bool,
    /// In an [`Expansion`], where the body is expanded; `None` if it is not.
    pub expanded: Option<Expanded>,
    /// What could not be read.
    pub trouble: Option<String>,
}

/// A type with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedType {
    /// Its name: `struct file`, `spinlock_t`.
    pub name: String,
    /// Its DIE.
    pub at: TypeRef,
}

/// Where a type is expanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expanded {
    /// Where it is used here, nearest to the root.
    Here,
    /// Where it is used elsewhere.
    Elsewhere,
}

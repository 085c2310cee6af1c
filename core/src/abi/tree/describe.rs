// SPDX-License-Identifier: GPL-2.0-only
//! One level of a tree: what a DIE is, and what it consists of.

use gimli::constants as dw;

use super::declaration::{Parameters, Written, c_keyword};
use super::die::{Die, Reader, has_body, is_derived};
use super::trouble::{Troubles, trouble_item};
use super::{Declaration, Item, Kind, Node, Parameter, Syntax, TypeRef};
use crate::dwarf::{Attr, DebugInfo, DieOffset};
use crate::types::SymbolRole;
use crate::{Error, Result};

/// Describes the type at `at`.
///
/// # Errors
/// Those of reading that DIE, and [`Error::UnexpectedDie`] if it is no type. What is wrong further on is told by the node.
pub fn describe(debug_info: &DebugInfo<'_>, at: DieOffset) -> Result<Node> {
    Reader::new(debug_info).describe(at)
}

/// Describes the symbol `name` that the DIE at `at` stands for, as [`Computed`](crate::linked::Computed) names it.
///
/// # Errors
/// Those of reading that DIE.
pub fn describe_symbol(debug_info: &DebugInfo<'_>, at: DieOffset, role: SymbolRole, name: &str) -> Result<Node> {
    Reader::new(debug_info).describe_symbol(at, role, name)
}

/// How the symbol `name` is declared.
pub(in super::super) fn declaration_of_symbol(
    debug_info: &DebugInfo<'_>,
    at: DieOffset,
    role: SymbolRole,
    name: &str,
) -> Result<Declaration> {
    let mut reader = Reader::new(debug_info);
    Ok(reader.symbol(at, role, name)?.written.declaration)
}

/// What is known of a symbol.
struct Symbol<'d, 'a> {
    /// Its DIE, and those that it gets what it lacks from.
    dies: Vec<Die<'d, 'a>>,
    syntax: Syntax,
    name: String,
    written: Written,
    parameters: Parameters,
    type_at: Option<DieOffset>,
}

impl<'d, 'a> Reader<'d, 'a> {
    pub(super) fn describe_symbol(&mut self, at: DieOffset, role: SymbolRole, name: &str) -> Result<Node> {
        let Symbol { dies, syntax, name, written, parameters, type_at } = self.symbol(at, role, name)?;
        let mut troubles = Troubles::default();
        troubles.add(written.trouble);
        let source_die = dies.iter().find(|die| die.constant(Attr::DeclFile).is_some());
        let (kind, size, items) = match role {
            SymbolRole::Function => {
                troubles.add(parameters.trouble.clone());
                (Kind::Function, None, self.function_items(syntax, &parameters, type_at))
            }
            SymbolRole::Variable => {
                let size = troubles.value(type_at.map_or(Ok(None), |at| self.size_of(at)));
                (Kind::Variable, size, vec![Item::Type(self.type_use(syntax, type_at))])
            }
        };
        Ok(Node {
            at: TypeRef::new(self.debug_info, at)?,
            kind,
            syntax,
            name,
            declaration: written.declaration,
            size,
            alignment: dies.iter().find_map(|die| die.constant(Attr::Alignment)),
            opaque: None,
            source: troubles.value(source_die.map_or(Ok(None), |die| self.source(die))),
            items,
            trouble: troubles.first(),
        })
    }

    fn symbol(&mut self, at: DieOffset, role: SymbolRole, linker_name: &str) -> Result<Symbol<'d, 'a>> {
        let dies = self.with_origins(at)?;
        let syntax = dies.first().map_or(Syntax::C, |die| self.syntax(die.unit));
        // The linker's name is the source's in C: of an alias even the better one.
        let has_other_name = dies.iter().any(|die| {
            let is_symbol = matches!(die.tag(), dw::DW_TAG_subprogram | dw::DW_TAG_variable);
            is_symbol && (syntax == Syntax::Rust || die.attributes.string(Attr::LinkageName).is_some())
        });
        let mut names = dies.iter().filter_map(|die| self.qualified_name(die).transpose());
        let name = if has_other_name { names.next().transpose()? } else { None };
        let name = name.unwrap_or_else(|| linker_name.to_owned());
        let type_at = dies.iter().find_map(Die::type_at);
        let (parameters, written) = match role {
            SymbolRole::Function => {
                let parameters = self.parameters(&dies);
                let written = self.declare_function(syntax, &name, &parameters, type_at);
                (parameters, written)
            }
            SymbolRole::Variable => {
                let mut written = self.declare(syntax, type_at, &name);
                if syntax == Syntax::Rust {
                    written.declaration.before.insert_str(0, "static ");
                }
                (Parameters::default(), written)
            }
        };
        Ok(Symbol { dies, syntax, name, written, parameters, type_at })
    }

    pub(super) fn describe(&mut self, at: DieOffset) -> Result<Node> {
        let die = self.die(at)?;
        let syntax = self.syntax(die.unit);
        let tag = die.tag();
        let mut troubles = Troubles::default();
        let mut node = Node {
            at: die.at(),
            kind: Kind::Base,
            syntax,
            name: String::new(),
            declaration: Declaration::default(),
            size: troubles.value(self.size_of(at)),
            alignment: die.constant(Attr::Alignment),
            opaque: None,
            source: troubles.value(self.source(&die)),
            items: Vec::new(),
            trouble: None,
        };
        let name = troubles.value(self.qualified_name(&die));
        let (written, trouble) = self.type_name(syntax, Some(at));
        node.name = written;
        node.declaration.before.clone_from(&node.name);
        troubles.add(trouble);
        if has_body(tag) {
            node.opaque = troubles.value(self.opaque(&die));
            node.items = if tag == dw::DW_TAG_enumeration_type { self.enumerators(&die) } else { self.members(&die) };
            node.kind = match tag {
                dw::DW_TAG_enumeration_type => Kind::Enum,
                dw::DW_TAG_union_type => Kind::Union,
                _ if node.items.iter().any(|item| matches!(item, Item::Variant(_))) => Kind::TaggedEnum,
                _ => Kind::Struct,
            };
            node.declaration = body_declaration(&die, node.kind, syntax, name.unwrap_or_default());
        } else if tag == dw::DW_TAG_subroutine_type {
            node.kind = Kind::FunctionType;
            let parameters = self.parameters(std::slice::from_ref(&die));
            node.items = self.function_items(syntax, &parameters, die.type_at());
        } else if tag == dw::DW_TAG_typedef {
            node.kind = Kind::Typedef;
            node.items = vec![Item::Type(self.type_use(syntax, die.type_at()))];
            let mut written = self.declare(syntax, die.type_at(), &name.unwrap_or_default());
            written.declaration.before.insert_str(0, if syntax == Syntax::C { "typedef " } else { "type " });
            troubles.add(written.trouble);
            node.declaration = written.declaration;
        } else if is_derived(tag) {
            node.kind = Kind::Derived;
            node.items = vec![Item::Type(self.type_use(syntax, die.type_at()))];
        } else if !matches!(tag, dw::DW_TAG_base_type | dw::DW_TAG_unspecified_type) {
            return Err(Error::UnexpectedDie { at, child: tag.to_string(), parent: "a type" });
        }
        node.trouble = troubles.first();
        Ok(node)
    }

    fn function_items(&mut self, syntax: Syntax, parameters: &Parameters, result: Option<DieOffset>) -> Vec<Item> {
        let mut items = Vec::new();
        for (name, at) in &parameters.list {
            let Written { declaration, trouble } = self.declare(syntax, *at, name.as_deref().unwrap_or_default());
            let mut r#type = self.type_use(syntax, *at);
            r#type.trouble = r#type.trouble.or_else(|| trouble.map(|error| error.to_string()));
            items.push(Item::Parameter(Parameter { name: name.clone(), declaration, r#type }));
        }
        items.extend(parameters.ellipsis.then_some(Item::Ellipsis));
        items.extend(result.map(|result| Item::Result(self.type_use(syntax, Some(result)))));
        items.extend(parameters.trouble.as_ref().map(trouble_item));
        items
    }
}

/// How a structure, union or enumeration begins.
fn body_declaration(die: &Die<'_, '_>, kind: Kind, syntax: Syntax, name: String) -> Declaration {
    let keyword = match (syntax, kind) {
        (Syntax::Rust, Kind::Enum | Kind::TaggedEnum) => "enum",
        (Syntax::Rust, Kind::Union) => "union",
        // Tuples, slices and wide pointers have names that are no identifiers.
        (Syntax::Rust, _) if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') => "",
        (Syntax::Rust, _) => "struct",
        (Syntax::C, _) => c_keyword(die.tag()).unwrap_or_default(),
    };
    let space = if keyword.is_empty() || name.is_empty() { "" } else { " " };
    Declaration { before: format!("{keyword}{space}"), name, after: String::new() }
}

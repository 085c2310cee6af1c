// SPDX-License-Identifier: GPL-2.0-only
//! What one DIE contributes: its text and its references.
//!
//! A type's list items (members, enumerators, variants) are written into its own contribution; parameters are nodes of
//! their own, see [`super::walk`].

use gimli::{DwTag, constants as dw};

use super::Graph;
use super::dump::COMMA;
use super::graph::{Edge, Kind, NodeId, Role, SymbolRole, TextRange, TypeName, too_much};
use crate::dwarf::{Attr, Attributes, DieOffset, Entry, EntryEnd, Unit};
use crate::{Error, Result};

/// What a DIE without `DW_AT_type` has for a type.
const VOID: &[u8] = b"base_type void";

/// Variants can be nested in what a compiler writes, but not like this.
const MAX_VARIANT_DEPTH: u32 = 64;

/// A DIE with its attributes.
#[derive(Clone, Copy)]
struct Die<'d, 'a> {
    unit: &'d Unit<'a>,
    entry: Entry<'d>,
    attributes: &'d Attributes,
    end: EntryEnd,
}

/// A list in which all but the first item are preceded by a comma.
struct List {
    first: bool,
}

impl<'a> Graph<'a> {
    /// Reads the DIE of a node and writes its contribution.
    pub(super) fn contribute(&mut self, id: NodeId) -> Result<()> {
        let (at, role) = (self.nodes[id.index()].at, self.nodes[id.index()].role);
        let text_start = self.text_position(at)?;
        let edges_start = u32::try_from(self.edges.len()).map_err(|_| too_much(at))?;
        let mut attributes = Attributes::default();
        let die = self.die(at, &mut attributes)?;
        let mut name = None;
        let kind = match role {
            Role::Symbol(SymbolRole::Function) => {
                self.push(b"subprogram");
                self.parameters_and_result(die)?;
                Kind::ParameterList
            }
            Role::Symbol(SymbolRole::Variable) => {
                self.push(b"variable ");
                self.type_of(die)?;
                Kind::Plain
            }
            Role::Type => self.type_contribution(id, die, &mut name)?,
        };
        let text_end = self.text_position(at)?;
        let edges_end = u32::try_from(self.edges.len()).map_err(|_| too_much(at))?;
        self.check_length(at)?;
        let node = &mut self.nodes[id.index()];
        node.kind = kind;
        node.text = TextRange { start: text_start, end: text_end };
        node.edges = edges_start..edges_end;
        node.name = name;
        Ok(())
    }

    fn type_contribution(&mut self, id: NodeId, die: Die<'_, 'a>, name: &mut Option<TypeName>) -> Result<Kind> {
        let tag = die.entry.tag();
        match tag {
            dw::DW_TAG_formal_parameter => {
                self.item(die, b"formal_parameter ")?;
                return Ok(Kind::Parameter);
            }
            dw::DW_TAG_subroutine_type => {
                self.push(b"subroutine_type");
                self.parameters_and_result(die)?;
                return Ok(Kind::ParameterList);
            }
            dw::DW_TAG_unspecified_type => self.push(b"unspecified_type"),
            dw::DW_TAG_base_type => {
                self.push(b"base_type");
                let name = self.fully_qualified_name(die)?;
                self.byte_size(die, name)?;
                self.constant(die, Attr::Encoding, b" encoding(");
                self.constant(die, Attr::Alignment, b" alignment(");
            }
            dw::DW_TAG_array_type => self.array(die)?,
            dw::DW_TAG_union_type if self.rules.is_some() && self.write_stand_in(id, die)? => {
                let header_end = self.text_position(die.entry.at)?;
                return Ok(Kind::Expandable { header_end });
            }
            dw::DW_TAG_class_type | dw::DW_TAG_structure_type | dw::DW_TAG_union_type | dw::DW_TAG_enumeration_type => {
                let header_end = self.expandable(die, name)?;
                return Ok(Kind::Expandable { header_end });
            }
            _ => {
                let Some(text) = derived_type(tag) else {
                    return Err(unexpected(die.entry, "a type"));
                };
                self.push(text);
                let qualified = self.fully_qualified_name(die)?;
                if tag == dw::DW_TAG_typedef {
                    *name = qualified.map(|name| TypeName { prefix: b't', name });
                }
                self.push(b" {");
                self.push_break();
                self.type_of(die)?;
                self.push_break();
                self.push(b"}");
                self.byte_size(die, qualified)?;
                self.constant(die, Attr::Alignment, b" alignment(");
            }
        }
        Ok(Kind::Plain)
    }

    /// ` (`, the parameters, `) -> ` and the type of the result.
    fn parameters_and_result(&mut self, die: Die<'_, 'a>) -> Result<()> {
        self.push(b" (");
        self.push_break();
        let mut children = die.unit.children(die.entry, die.end);
        while let Some(child) = children.next(self.debug_info)? {
            if child.tag() == dw::DW_TAG_formal_parameter {
                self.refer(child.at)?;
            }
            children.leave(self.debug_info, child, None)?;
        }
        self.push_break();
        self.push(b")");
        self.push_break();
        self.push(b"-> ");
        self.type_of(die)
    }

    fn array(&mut self, die: Die<'_, 'a>) -> Result<()> {
        self.push(b"array_type");
        let mut children = die.unit.children(die.entry, die.end);
        let mut attributes = Attributes::default();
        while let Some(child) = children.next(self.debug_info)? {
            let mut end = None;
            if child.tag() == dw::DW_TAG_subrange_type {
                end = Some(die.unit.attributes(self.debug_info, child, &mut attributes)?);
                let count = attributes.constant(Attr::Count);
                let count = count.or_else(|| attributes.constant(Attr::UpperBound).map(|bound| bound.wrapping_add(1)));
                self.push(b"[");
                if let Some(count) = count {
                    self.push_number(count);
                }
                self.push(b"]");
            }
            children.leave(self.debug_info, child, end)?;
        }
        self.push(b" {");
        self.push_break();
        self.type_of(die)?;
        self.push_break();
        self.push(b"}");
        Ok(())
    }

    /// A structure, class, union or enumeration; returns where the text before its body ends.
    fn expandable(&mut self, die: Die<'_, 'a>, name: &mut Option<TypeName>) -> Result<u32> {
        let (text, prefix): (&[u8], u8) = match die.entry.tag() {
            dw::DW_TAG_class_type => (b"class_type", b's'),
            dw::DW_TAG_union_type => (b"union_type", b'u'),
            dw::DW_TAG_enumeration_type => (b"enumeration_type", b'e'),
            _ => (b"structure_type", b's'),
        };
        self.push(text);
        let qualified = self.fully_qualified_name(die)?;
        *name = qualified.map(|name| TypeName { prefix, name });
        self.push(b" {");
        let header_end = self.text_position(die.entry.at)?;
        self.push_break();
        let expanded = !self.is_declaration(die, qualified)?;
        if expanded {
            if prefix == b'e' {
                self.enumerators(die, qualified)?;
            } else {
                self.members(die)?;
            }
        }
        self.push_break();
        self.push(b"}");
        if expanded {
            self.byte_size(die, qualified)?;
            self.constant(die, Attr::Alignment, b" alignment(");
        }
        Ok(header_end)
    }

    /// Whether a type is written without its body: declared only, by itself or by a kABI rule, or private to a `.c` file.
    fn is_declaration(&self, die: Die<'_, 'a>, qualified: Option<TextRange>) -> Result<bool> {
        if die.attributes.flag(Attr::Declaration) {
            return Ok(true);
        }
        if let (Some(rules), Some(name)) = (self.rules, qualified)
            && rules.is_declaration_only(self.text_of(name))
        {
            return Ok(true);
        }
        match die.attributes.constant(Attr::DeclFile) {
            Some(file) => die.unit.is_private_file(self.debug_info, file),
            None => Ok(false),
        }
    }

    fn enumerators(&mut self, die: Die<'_, 'a>, enumeration: Option<TextRange>) -> Result<()> {
        let mut list = List { first: true };
        let mut children = die.unit.children(die.entry, die.end);
        let mut attributes = Attributes::default();
        while let Some(child) = children.next(self.debug_info)? {
            let mut end = None;
            if child.tag() == dw::DW_TAG_enumerator {
                end = Some(die.unit.attributes(self.debug_info, child, &mut attributes)?);
                let name = attributes.string(Attr::Name).filter(|_| self.names_are_known(child.at));
                let name = name.map(|name| die.unit.string(self.debug_info, name)).transpose()?;
                self.enumerator(&mut list, name, attributes.constant(Attr::ConstValue), enumeration)?;
                self.check_length(child.at)?;
            }
            children.leave(self.debug_info, child, end)?;
        }
        Ok(())
    }

    fn enumerator(
        &mut self,
        list: &mut List,
        name: Option<&[u8]>,
        mut value: Option<u64>,
        enumeration: Option<TextRange>,
    ) -> Result<()> {
        if let (Some(rules), Some(name)) = (self.rules, name) {
            let enumeration = enumeration.map_or(&[][..], |name| self.text_of(name));
            if rules.ignores_enumerator(enumeration, name) {
                // It leaves nothing, but for the two breaks of an otherwise empty list: these do not count as one.
                self.after_break = usize::MAX;
                return Ok(());
            }
            value = rules.enumerator_value(enumeration, name)?.or(value);
        }
        self.begin_item(list);
        self.push(b"enumerator");
        if let Some(name) = name {
            self.push(b" ");
            self.push(name);
        }
        if let Some(value) = value {
            self.push(b" = ");
            self.push_number(value);
        }
        Ok(())
    }

    fn members(&mut self, die: Die<'_, 'a>) -> Result<()> {
        let mut list = List { first: true };
        let mut attributes = Attributes::default();
        let mut children = die.unit.children(die.entry, die.end);
        while let Some(child) = children.next(self.debug_info)? {
            let end = match child.tag() {
                dw::DW_TAG_member => {
                    let member = self.read(die.unit, child, &mut attributes)?;
                    self.member(&mut list, member)?;
                    Some(member.end)
                }
                dw::DW_TAG_variant_part => {
                    self.variant_part(&mut list, die.unit, child, 0)?;
                    None
                }
                dw::DW_TAG_class_type
                | dw::DW_TAG_enumeration_type
                | dw::DW_TAG_structure_type
                | dw::DW_TAG_union_type
                | dw::DW_TAG_template_type_parameter
                | dw::DW_TAG_subprogram => None,
                _ => return Err(unexpected(child, "a structure")),
            };
            children.leave(self.debug_info, child, end)?;
        }
        Ok(())
    }

    fn member(&mut self, list: &mut List, member: Die<'_, 'a>) -> Result<()> {
        if self.rules.is_some() && matches!(self.stand_in(type_of_member(member)?)?, StandIn::Nothing) {
            return Ok(());
        }
        self.begin_item(list);
        self.item(member, b"member ")
    }

    fn variant_part(&mut self, list: &mut List, unit: &Unit<'a>, entry: Entry<'_>, depth: u32) -> Result<()> {
        if depth > MAX_VARIANT_DEPTH {
            return Err(Error::LimitExceeded { at: entry.at, what: "variant parts are nested too deeply" });
        }
        self.begin_item(list);
        self.push(b"variant_part {");
        self.push_break();
        let mut inner = List { first: true };
        let mut attributes = Attributes::default();
        let mut children = unit.children(entry, unit.skip_attributes(entry)?);
        while let Some(child) = children.next(self.debug_info)? {
            let end = match child.tag() {
                dw::DW_TAG_member => {
                    let member = self.read(unit, child, &mut attributes)?;
                    self.member(&mut inner, member)?;
                    Some(member.end)
                }
                dw::DW_TAG_variant => {
                    self.variant(&mut inner, unit, child)?;
                    None
                }
                dw::DW_TAG_variant_part => {
                    self.variant_part(&mut inner, unit, child, depth + 1)?;
                    None
                }
                _ => {
                    self.refer(child.at)?;
                    None
                }
            };
            children.leave(self.debug_info, child, end)?;
        }
        self.push_break();
        self.push(b"}");
        Ok(())
    }

    fn variant(&mut self, list: &mut List, unit: &Unit<'a>, entry: Entry<'_>) -> Result<()> {
        let (mut attributes, mut member_attributes) = (Attributes::default(), Attributes::default());
        let variant = self.read(unit, entry, &mut attributes)?;
        self.begin_item(list);
        self.push(b"variant {");
        self.push_break();
        let mut inner = List { first: true };
        let mut children = unit.children(entry, variant.end);
        while let Some(child) = children.next(self.debug_info)? {
            let mut end = None;
            if child.tag() == dw::DW_TAG_member {
                let member = self.read(unit, child, &mut member_attributes)?;
                self.member(&mut inner, member)?;
                end = Some(member.end);
            }
            children.leave(self.debug_info, child, end)?;
        }
        self.push_break();
        self.push(b"}");
        self.constant(variant, Attr::DiscrValue, b" discr_value(");
        Ok(())
    }

    /// A member or parameter, with its name and attributes.
    fn item(&mut self, die: Die<'_, 'a>, text: &[u8]) -> Result<()> {
        self.push(text);
        self.type_of(die)?;
        let name_start = self.text.len();
        if let Some(name) = die.attributes.string(Attr::Name) {
            let name = die.unit.string(self.debug_info, name)?;
            let hidden = self.rules.is_some() && name.starts_with(KABI_PREFIX);
            if !hidden {
                self.push(b" ");
                self.push(name);
            }
        }
        if self.rules.is_some() && die.attributes.reference(Attr::Type).is_some() {
            self.names.add_item(self.edges.len() - 1, self.text.len() - name_start);
        }
        self.item_attributes(die);
        self.check_length(die.entry.at)
    }

    /// Names can be used again and again, so text can grow out of proportion to the input.
    fn check_length(&self, at: DieOffset) -> Result<()> {
        if self.text.len() > self.text_limit {
            return Err(Error::LimitExceeded { at, what: "the types take more text than any compiler writes" });
        }
        Ok(())
    }

    fn item_attributes(&mut self, die: Die<'_, 'a>) {
        self.constant(die, Attr::Accessibility, b" accessibility(");
        self.constant(die, Attr::BitSize, b" bit_size(");
        self.constant(die, Attr::DataBitOffset, b" data_bit_offset(");
        self.constant(die, Attr::DataMemberLocation, b" data_member_location(");
    }

    /// A reference to the type of `die`, or `base_type void`.
    fn type_of(&mut self, die: Die<'_, 'a>) -> Result<()> {
        self.type_at(die.attributes.reference(Attr::Type))
    }

    fn type_at(&mut self, at: Option<DieOffset>) -> Result<()> {
        match at {
            Some(at) => self.refer(at),
            None => {
                self.push(VOID);
                Ok(())
            }
        }
    }

    fn refer(&mut self, at: DieOffset) -> Result<()> {
        let to = self.node(at, Role::Type)?;
        let at = self.text_position(at)?;
        self.edges.push(Edge { at, to });
        Ok(())
    }

    fn begin_item(&mut self, list: &mut List) {
        if !list.first {
            self.push(COMMA);
            self.push_break();
        }
        list.first = false;
    }

    fn byte_size(&mut self, die: Die<'_, 'a>, qualified: Option<TextRange>) -> Result<()> {
        if let Some(mut size) = die.attributes.constant(Attr::ByteSize) {
            if let (Some(rules), Some(name)) = (self.rules, qualified) {
                size = rules.byte_size(self.text_of(name))?.unwrap_or(size);
            }
            self.push_constant(b" byte_size(", size);
        }
        Ok(())
    }

    fn constant(&mut self, die: Die<'_, 'a>, attr: Attr, text: &[u8]) {
        if let Some(value) = die.attributes.constant(attr) {
            self.push_constant(text, value);
        }
    }

    fn push_constant(&mut self, text: &[u8], value: u64) {
        self.push(text);
        self.push_number(value);
        self.push(b")");
    }

    fn push_number(&mut self, number: u64) {
        self.push(itoa::Buffer::new().format(number).as_bytes());
    }

    #[inline]
    fn push(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    /// A line break, unless there is one already with nothing in between.
    fn push_break(&mut self) {
        let after_edge = self.edges.last().is_some_and(|edge| edge.at as usize == self.text.len());
        if after_edge || self.text.len() != self.after_break {
            self.text.push(self.line_break);
            self.after_break = self.text.len();
        }
    }

    /// Writes a blank and the fully qualified name, if there is one; returns where that stands.
    fn fully_qualified_name(&mut self, die: Die<'_, 'a>) -> Result<Option<TextRange>> {
        let Some(name) = die.attributes.string(Attr::Name).filter(|_| self.names_are_known(die.entry.at)) else {
            return Ok(None);
        };
        let outline = die.unit.outline(self.debug_info)?;
        let prefix = outline.prefix(self.debug_info, die.unit, die.entry.at)?;
        let name = die.unit.string(self.debug_info, name)?;
        self.push(b" ");
        let start = self.text_position(die.entry.at)?;
        self.push(prefix);
        self.push(name);
        Ok(Some(TextRange { start, end: self.text_position(die.entry.at)? }))
    }

    /// The fully qualified name of a DIE as far as it is known now.
    pub(super) fn qualified_name_at(&self, at: DieOffset) -> Result<Option<Vec<u8>>> {
        let mut attributes = Attributes::default();
        let die = self.die(at, &mut attributes)?;
        let Some(name) = die.attributes.string(Attr::Name).filter(|_| self.names_are_known(at)) else {
            return Ok(None);
        };
        let prefix = die.unit.outline(self.debug_info)?.prefix(self.debug_info, die.unit, at)?;
        Ok(Some([prefix, die.unit.string(self.debug_info, name)?].concat()))
    }

    fn names_are_known(&self, at: DieOffset) -> bool {
        at < self.names_end
    }

    fn text_position(&self, at: DieOffset) -> Result<u32> {
        u32::try_from(self.text.len()).map_err(|_| too_much(at))
    }

    fn die<'d>(&self, at: DieOffset, attributes: &'d mut Attributes) -> Result<Die<'d, 'a>>
    where
        'a: 'd,
    {
        let debug_info = self.debug_info;
        let unit = debug_info.unit_of(at)?;
        let entry = unit.entry(debug_info, at)?;
        self.read(unit, entry, attributes)
    }

    fn read<'d>(&self, unit: &'d Unit<'a>, entry: Entry<'d>, attributes: &'d mut Attributes) -> Result<Die<'d, 'a>> {
        let end = unit.attributes(self.debug_info, entry, attributes)?;
        Ok(Die { unit, entry, attributes, end })
    }
}

/// Starts the names of members that exist for the sake of the kABI.
const KABI_PREFIX: &[u8] = b"__kabi_";

/// What stands in place of a type under `--stable`.
#[derive(Debug, Clone, Copy)]
pub(super) enum StandIn<'a> {
    /// The type itself.
    None,
    /// Nothing; a member of the type is left out.
    Nothing,
    /// The type of a member of the union that the type is, and the name that is to be written for what has the type.
    Member { type_at: Option<DieOffset>, renamed: Option<&'a [u8]> },
}

impl<'a> Graph<'a> {
    /// Writes what stands in place of a union, if anything does.
    fn write_stand_in(&mut self, id: NodeId, union: Die<'_, 'a>) -> Result<bool> {
        match self.stand_in(union.entry.at)? {
            StandIn::None => return Ok(false),
            StandIn::Nothing => self.names.add_stand_in(id, None),
            StandIn::Member { type_at, renamed } => {
                self.names.add_stand_in(id, renamed);
                self.type_at(type_at)?;
            }
        }
        Ok(true)
    }

    /// Looks for a `__kabi_` member among the first two members of the type at `at` if that is a union, a structure
    /// standing for its own first member and an empty one for nothing (Linux 6.15, `Documentation/kbuild/gendwarfksyms.rst`: `KABI_RESERVE`,
    /// `KABI_USE`, `KABI_IGNORE`, `KABI_REPLACE`).
    fn stand_in(&mut self, at: DieOffset) -> Result<StandIn<'a>> {
        if let Some(&known) = self.stand_ins.get(&at) {
            return Ok(known);
        }
        let stand_in = self.find_stand_in(at)?;
        self.stand_ins.insert(at, stand_in);
        Ok(stand_in)
    }

    fn find_stand_in(&self, at: DieOffset) -> Result<StandIn<'a>> {
        let mut attributes = Attributes::default();
        let union = self.die(at, &mut attributes)?;
        if union.entry.tag() != dw::DW_TAG_union_type {
            return Ok(StandIn::None);
        }
        let mut looked_at: u32 = 0;
        let mut children = union.unit.children(union.entry, union.end);
        while looked_at < 2
            && let Some(child) = children.next(self.debug_info)?
        {
            if child.tag() == dw::DW_TAG_member {
                match self.stand_in_by_member(child.at)? {
                    Some(StandIn::None) => looked_at += 1,
                    Some(stand_in) => return Ok(stand_in),
                    // The first counts nevertheless.
                    None => looked_at = looked_at.max(1),
                }
            }
            children.leave(self.debug_info, child, None)?;
        }
        Ok(StandIn::None)
    }

    /// What a union's member says; `None` if it is an empty structure.
    fn stand_in_by_member(&self, at: DieOffset) -> Result<Option<StandIn<'a>>> {
        let mut attributes = Attributes::default();
        let member = self.die(at, &mut attributes)?;
        let at = type_of_member(member)?;
        match self.stand_in_by_name(member)? {
            StandIn::None => {}
            stand_in => return Ok(Some(stand_in)),
        }
        let structure = self.die(at, &mut attributes)?;
        if structure.entry.tag() != dw::DW_TAG_structure_type {
            return Ok(Some(StandIn::None));
        }
        let mut children = structure.unit.children(structure.entry, structure.end);
        while let Some(child) = children.next(self.debug_info)? {
            if child.tag() == dw::DW_TAG_member {
                let first = self.die(child.at, &mut attributes)?;
                type_of_member(first)?;
                return self.stand_in_by_name(first).map(Some);
            }
            children.leave(self.debug_info, child, None)?;
        }
        Ok(None)
    }

    fn stand_in_by_name(&self, member: Die<'_, 'a>) -> Result<StandIn<'a>> {
        let name = member.attributes.string(Attr::Name);
        let name = name.map(|name| member.unit.string(self.debug_info, name)).transpose()?;
        let type_at = member.attributes.reference(Attr::Type);
        Ok(match name.and_then(|name| name.strip_prefix(KABI_PREFIX)) {
            Some(rest) if rest.starts_with(b"ignored") => StandIn::Nothing,
            Some(rest) if rest.starts_with(b"reserved") => StandIn::Member { type_at, renamed: None },
            Some(rest) => match rest.strip_prefix(b"renamed") {
                renamed @ Some(_) => StandIn::Member { type_at, renamed },
                None => StandIn::None,
            },
            None => StandIn::None,
        })
    }
}

/// The type of a member that is looked at for `__kabi_` names: the reference does not go on without one.
fn type_of_member(member: Die<'_, '_>) -> Result<DieOffset> {
    let missing = || Error::Dwarf { at: member.entry.at, reason: "the member has no type".to_owned() };
    member.attributes.reference(Attr::Type).ok_or_else(missing)
}

/// The text of a tag that stands before one other type.
fn derived_type(tag: DwTag) -> Option<&'static [u8]> {
    Some(match tag {
        dw::DW_TAG_atomic_type => b"atomic_type",
        dw::DW_TAG_const_type => b"const_type",
        dw::DW_TAG_immutable_type => b"immutable_type",
        dw::DW_TAG_packed_type => b"packed_type",
        dw::DW_TAG_pointer_type => b"pointer_type",
        dw::DW_TAG_reference_type => b"reference_type",
        dw::DW_TAG_restrict_type => b"restrict_type",
        dw::DW_TAG_rvalue_reference_type => b"rvalue_reference_type",
        dw::DW_TAG_shared_type => b"shared_type",
        dw::DW_TAG_template_type_parameter => b"template_type_parameter_type",
        dw::DW_TAG_typedef => b"typedef_type",
        dw::DW_TAG_volatile_type => b"volatile_type",
        _ => return None,
    })
}

fn unexpected(entry: Entry<'_>, parent: &'static str) -> Error {
    Error::UnexpectedDie { at: entry.at, child: entry.tag().to_string(), parent }
}

// SPDX-License-Identifier: GPL-2.0-only
//! What stands in the lines of an expansion.

use std::fmt;

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::{
    Declaration, Expanded, Expansion, Gap, Item, Kind, Member, Node, Opaque, Source, Syntax, TypeUse, Variant,
};
use super::columns::Row;
use super::{Line, Role};
use crate::dwarf::DieOffset;

/// The lines of `expansion`, top down.
pub(super) fn rows(expansion: &Expansion) -> Vec<Row> {
    let nodes = expansion.nodes.iter().map(|node| (node.at.die, node)).collect();
    let mut writer = Writer { nodes, shown: FxHashSet::default(), rows: Vec::new(), work: Vec::new() };
    if let Some(root) = expansion.nodes.first() {
        writer.root(root);
    }
    while let Some(work) = writer.work.pop() {
        writer.next(work);
    }
    if expansion.cut {
        let note = (Role::Comment, "there are more types than are shown".to_owned());
        writer.rows.push(Row { is_heading: true, notes: vec![note], ..Row::default() });
    }
    writer.rows
}

/// What is still to be written.
enum Work<'e> {
    /// Parts of a node.
    Items(std::slice::Iter<'e, Item>, Context),
    /// The end of a body.
    Row(Row),
    /// A body, and the typedef that leads to it.
    Body(&'e Node, Context, Option<&'e str>),
}

/// Where something is written.
#[derive(Clone, Copy)]
struct Context {
    syntax: Syntax,
    indent: usize,
    /// What is added to offsets; `None` if they are not known.
    base: Option<u64>,
}

impl Context {
    fn deeper(self, half_steps: usize) -> Self {
        Self { indent: self.indent + half_steps, ..self }
    }

    fn row(self) -> Row {
        Row { indent: self.indent, ..Row::default() }
    }
}

struct Writer<'e> {
    nodes: FxHashMap<DieOffset, &'e Node>,
    /// Bodies that have been written or are about to be.
    shown: FxHashSet<DieOffset>,
    rows: Vec<Row>,
    /// The next is last.
    work: Vec<Work<'e>>,
}

impl<'e> Writer<'e> {
    fn root(&mut self, root: &'e Node) {
        self.shown.insert(root.at.die);
        let context = Context { syntax: root.syntax, indent: 0, base: Some(0) };
        match root.kind {
            Kind::Struct | Kind::Union | Kind::Enum | Kind::TaggedEnum => {
                self.work.push(Work::Body(root, context, None));
            }
            Kind::Function | Kind::Variable | Kind::Typedef | Kind::FunctionType | Kind::Derived | Kind::Base => {
                let mut row = Row { is_heading: true, ..context.row() };
                declare(&mut row.code, &root.declaration, root.syntax);
                row.code.push(Role::Plain, ";");
                row.notes.extend(root.source.as_ref().map(source_note));
                row.notes.extend(root.trouble.as_ref().map(trouble_note));
                self.rows.push(row);
                self.work.push(Work::Items(root.items.iter(), context));
            }
        }
    }

    fn next(&mut self, work: Work<'e>) {
        match work {
            Work::Row(row) => self.rows.push(row),
            Work::Body(node, context, alias) => self.body(node, context, alias),
            Work::Items(mut items, context) => {
                if let Some(item) = items.next() {
                    self.work.push(Work::Items(items, context));
                    self.item(item, context);
                }
            }
        }
    }

    fn body(&mut self, node: &'e Node, context: Context, alias: Option<&'e str>) {
        if node.kind == Kind::FunctionType {
            self.work.push(Work::Items(node.items.iter(), context));
            return;
        }
        let nameless = node.declaration.name.is_empty();
        let mut row = context.row();
        row.offset = context.base;
        row.size = node.size;
        if nameless && alias.is_some() {
            row.code.push(Role::Keyword, "typedef ");
        }
        declare(&mut row.code, &node.declaration, node.syntax);
        row.notes.extend(alias.filter(|_| !nameless).map(|alias| (Role::Comment, alias.to_owned())));
        row.notes.extend(node.source.as_ref().map(source_note));
        row.notes.extend(opaque_note(node.opaque));
        row.notes.extend(node.trouble.as_ref().map(trouble_note));
        let mut end = context.row();
        end.code.push(Role::Plain, "}");
        if let Some(alias) = alias.filter(|_| nameless) {
            end.code.push(Role::Plain, " ");
            end.code.push(Role::Name, alias.to_owned());
        }
        end.code.push(Role::Plain, if node.syntax == Syntax::C { ";" } else { "" });
        end.notes.extend(waste_note(node));
        self.braces(row, end, &node.items, Context { syntax: node.syntax, ..context });
    }

    fn item(&mut self, item: &'e Item, context: Context) {
        match item {
            Item::Member(member) => self.member(member, context),
            Item::Parameter(parameter) => self.used_type(&parameter.r#type, context, None),
            Item::Result(r#type) | Item::Type(r#type) => self.used_type(r#type, context, None),
            Item::Ellipsis => {}
            Item::Enumerator { name, value } => {
                let mut row = context.row();
                row.code.push(Role::Name, name.clone());
                if let Some(value) = value {
                    row.code.push(Role::Plain, " = ");
                    row.code.push(Role::Value, value.to_string());
                }
                row.code.push(Role::Plain, ",");
                self.rows.push(row);
            }
            Item::Discriminant(member) => {
                let mut row = self.place(member, context);
                row.notes.push((Role::Comment, format!("discriminant: {}", member.r#type.name)));
                self.used_type(&member.r#type, context, Some(row));
            }
            Item::Variant(variant) => self.variant(variant, context),
            Item::Hole(gap) => self.rows.push(gap_row(gap, "hole", context)),
            Item::Padding(gap) => self.rows.push(gap_row(gap, "padding", context)),
            Item::Trouble { reason } => {
                let mut row = context.row();
                row.notes.push(trouble_note(reason));
                self.rows.push(row);
            }
        }
    }

    fn place(&self, member: &Member, context: Context) -> Row {
        Row {
            offset: member.offset.zip(context.base).and_then(|(offset, base)| offset.checked_add(base)),
            bit: member.bits.map(|bits| bits.offset),
            size: member.size,
            ..context.row()
        }
    }

    fn member(&mut self, member: &'e Member, context: Context) {
        let mut row = self.place(member, context);
        let end = if context.syntax == Syntax::C { ";" } else { "," };
        let Some(body) = &member.body else {
            declare(&mut row.code, &member.declaration, context.syntax);
            row.code.push(Role::Plain, end);
            self.used_type(&member.r#type, context, Some(row));
            return;
        };
        let Declaration { before, name, after } = &member.declaration;
        words(&mut row.code, before.trim_end(), context.syntax);
        let mut last = context.row();
        last.code.push(Role::Plain, if name.is_empty() && after.is_empty() { "}" } else { "} " });
        last.code.push(Role::Name, name.clone());
        words(&mut last.code, after, context.syntax);
        last.code.push(Role::Plain, end);
        self.braces(row, last, body, context);
    }

    fn variant(&mut self, variant: &'e Variant, context: Context) {
        let mut row = context.row();
        row.code.push(Role::Name, variant.name.clone());
        match variant.value {
            Some(value) => {
                row.code.push(Role::Plain, " = ");
                row.code.push(Role::Value, value.to_string());
            }
            None => row.notes.push((Role::Comment, "any other value".to_owned())),
        }
        if variant.members.is_empty() {
            row.code.push(Role::Plain, ",");
            self.rows.push(row);
            return;
        }
        let mut last = context.row();
        last.code.push(Role::Plain, "},");
        self.braces(row, last, &variant.members, context);
    }

    /// Writes parts in braces: an opening one behind `first`, and the closing one is in `last`.
    fn braces(&mut self, mut first: Row, last: Row, items: &'e [Item], context: Context) {
        if items.is_empty() {
            first.code.push(Role::Plain, " { ");
            first.code.spans.extend(last.code.spans);
            first.notes.extend(last.notes);
            self.rows.push(first);
        } else {
            first.code.push(Role::Plain, " {");
            self.rows.push(first);
            self.work.push(Work::Row(last));
            self.work.push(Work::Items(items.iter(), context.deeper(2)));
        }
    }

    /// Writes the line of what uses a type, if it has one, and after it the body if it is expanded here.
    fn used_type(&mut self, r#type: &'e TypeUse, context: Context, row: Option<Row>) {
        let node = r#type.body.and_then(|body| self.nodes.get(&body.die)).copied();
        let offset = row.as_ref().map_or(context.base, |row| row.offset);
        if let Some(mut row) = row {
            row.notes.extend(opaque_note(r#type.opaque));
            row.notes.extend(r#type.trouble.as_ref().map(trouble_note));
            // A function's type has no body to look at elsewhere.
            let body =
                node.filter(|node| r#type.expanded == Some(Expanded::Elsewhere) && node.kind != Kind::FunctionType);
            row.notes.extend(body.map(|node| {
                let place = if self.shown.contains(&node.at.die) { "above" } else { "below" };
                (Role::Comment, place.to_owned())
            }));
            self.rows.push(row);
        } else if let Some(trouble) = &r#type.trouble {
            let mut row = context.row();
            row.notes.push(trouble_note(trouble));
            self.rows.push(row);
        }
        if let Some(node) = node
            && r#type.expanded == Some(Expanded::Here)
            && self.shown.insert(node.at.die)
        {
            let base = if r#type.by_value { offset } else { Some(0) };
            let alias = r#type.named.as_ref().map(|named| named.name.as_str()).filter(|&name| name != node.name);
            let indent = if node.kind == Kind::FunctionType { 0 } else { 1 };
            self.work.push(Work::Body(node, Context { base, ..context.deeper(indent) }, alias));
        }
    }
}

fn gap_row(gap: &Gap, what: &'static str, context: Context) -> Row {
    let mut row = context.row();
    row.offset = context.base.and_then(|base| base.checked_add(gap.offset));
    row.bit = (gap.bit > 0).then_some(gap.bit);
    row.size = gap.bits.is_multiple_of(8).then_some(gap.bits / 8);
    row.notes.push((Role::Hole, format!("{what}: {}", room(gap.bits))));
    row
}

/// `4 bytes`, `7 bytes, 1 bit`
fn room(bits: u64) -> String {
    let part = |number, unit| (number > 0).then(|| format!("{number} {unit}{}", plural(number)));
    part(bits / 8, "byte").into_iter().chain(part(bits % 8, "bit")).collect::<Vec<_>>().join(", ")
}

fn plural(number: u64) -> &'static str {
    if number == 1 { "" } else { "s" }
}

/// Where something is in the source. Of where the sources were when the compiler ran, nothing is said: `linux/fs.h:1257`.
fn source_note(source: &Source) -> (Role, String) {
    let file = source.file.as_str();
    let short = match file.strip_prefix('/') {
        None => file,
        Some(path) => match path.rsplit_once("/include/") {
            Some((_, header)) => header,
            None => path.rmatch_indices('/').nth(1).map_or(path, |(at, _)| &path[at + 1..]),
        },
    };
    (Role::Comment, format!("{short}:{}", source.line))
}

fn trouble_note(reason: impl fmt::Display) -> (Role, String) {
    (Role::Trouble, format!("unreadable: {reason}"))
}

fn opaque_note(opaque: Option<Opaque>) -> Option<(Role, String)> {
    let text = match opaque? {
        Opaque::DeclaredOnly => "declared only",
        Opaque::Private => "private",
    };
    Some((Role::Comment, text.to_owned()))
}

/// How much room a structure wastes.
fn waste_note(node: &Node) -> Option<(Role, String)> {
    let (mut holes, mut hole_bits, mut padding) = (0u64, 0u64, 0u64);
    let mut stack = vec![node.items.iter()];
    while let Some(last) = stack.last_mut() {
        match last.next() {
            None => drop(stack.pop()),
            Some(Item::Member(member)) => stack.extend(member.body.as_ref().map(|body| body.iter())),
            Some(Item::Hole(gap)) => {
                holes += 1;
                hole_bits = hole_bits.saturating_add(gap.bits);
            }
            Some(Item::Padding(gap)) => padding = padding.saturating_add(gap.bits),
            Some(_) => {}
        }
    }
    let holes = (holes > 0).then(|| format!("{holes} hole{}: {}", plural(holes), room(hole_bits)));
    let padding = (padding > 0).then(|| format!("padding: {}", room(padding)));
    let text = holes.into_iter().chain(padding).collect::<Vec<_>>().join("; ");
    (!text.is_empty()).then_some((Role::Hole, text))
}

/// Writes a declaration.
fn declare(line: &mut Line, declaration: &Declaration, syntax: Syntax) {
    words(line, &declaration.before, syntax);
    line.push(Role::Name, declaration.name.clone());
    words(line, &declaration.after, syntax);
}

/// Writes text of the language, told apart into words and what is between them.
fn words(line: &mut Line, text: &str, syntax: Syntax) {
    let keywords = match syntax {
        Syntax::C => C_KEYWORDS,
        Syntax::Rust => RUST_KEYWORDS,
    };
    let mut rest = text;
    while !rest.is_empty() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        line.push(if keywords.contains(&word) { Role::Keyword } else { Role::Type }, word.to_owned());
        let end = behind.find(is_word).unwrap_or(behind.len());
        let (between, behind) = behind.split_at(end);
        line.push(Role::Plain, between.to_owned());
        rest = behind;
    }
}

const C_KEYWORDS: &[&str] =
    &["struct", "class", "union", "enum", "typedef", "const", "volatile", "restrict", "_Atomic", "void"];
const RUST_KEYWORDS: &[&str] = &["struct", "enum", "union", "fn", "pub", "static", "type", "mut", "const", "dyn"];

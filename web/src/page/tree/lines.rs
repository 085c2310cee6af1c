// SPDX-License-Identifier: GPL-2.0-only
//! The lines of a tree that is partly opened, in the order in which they stand.

use std::rc::Rc;

use kabiscope::abi::tree::{Bits, Declaration, Gap, Item, Kind, Member, Node, Opaque, TypeRef, TypeUse};

use super::super::counted;

/// A tree is not opened by itself beyond so many lines.
const MOST_LINES: usize = 20_000;

/// The lines of a tree.
#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: Vec<Line>,
    last_id: u32,
}

/// One line.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// By which answers find it.
    pub(super) id: u32,
    pub(super) depth: usize,
    /// Where it lies: bytes from the start of the outermost type that holds it by value.
    pub(super) offset: Option<u64>,
    pub(super) bits: Option<Bits>,
    pub(super) size: Option<u64>,
    pub(super) text: Text,
    /// The name of the type that can be followed.
    pub(super) follows: Option<String>,
    /// Why versions do not depend on what is behind it.
    pub(super) opaque: Option<Opaque>,
    pub(super) fold: Fold,
    content: Content,
    /// What offsets of its content count from.
    base: u64,
}

/// What a line says.
#[derive(Debug, Clone)]
pub(super) enum Text {
    /// A declaration, and a word before it.
    Declared(&'static str, Declaration),
    /// Room that nothing uses.
    Gap(String),
    /// What cannot be read.
    Trouble(String),
    /// Anything else.
    Plain(String),
}

/// Whether a line is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fold {
    /// It has nothing to show.
    Leaf,
    Closed,
    /// It was asked for what it has.
    Opening,
    Open,
}

/// What a line leads to.
#[derive(Debug, Clone)]
enum Content {
    Nothing,
    /// It is here.
    Items(Rc<[Item]>),
    /// It is to be asked for.
    At(TypeRef),
}

impl Lines {
    /// A tree whose root is not shown: its parts are.
    pub(super) fn new(root: &Node) -> Self {
        let mut lines = Self::default();
        let (new, troubles) = (lines.of_items(&root.items, 0, 0), lines.of_trouble(root.trouble.as_deref(), 0));
        lines.lines = new.into_iter().chain(troubles).collect();
        lines
    }

    pub(super) fn all(&self) -> &[Line] {
        &self.lines
    }

    /// Opens a line. What it tells is to be asked for.
    pub(super) fn open(&mut self, index: usize) -> Option<(u32, TypeRef)> {
        let line = self.lines.get_mut(index).filter(|line| line.fold == Fold::Closed)?;
        match line.content.clone() {
            Content::Nothing => None,
            Content::At(at) => {
                line.fold = Fold::Opening;
                Some((line.id, at))
            }
            Content::Items(items) => {
                line.fold = Fold::Open;
                let (depth, base) = (line.depth + 1, line.base);
                let new = self.of_items(&items, depth, base);
                self.lines.splice(index + 1..index + 1, new);
                None
            }
        }
    }

    /// Shows what was asked for, if it is still wanted, and tells between which lines it stands.
    pub(super) fn show(&mut self, id: u32, node: Result<&Node, &str>) -> Option<std::ops::Range<usize>> {
        let index = self.lines.iter().position(|line| line.id == id && line.fold == Fold::Opening)?;
        self.lines[index].fold = Fold::Open;
        let (depth, base) = (self.lines[index].depth + 1, self.lines[index].base);
        let new: Vec<Line> = match node {
            Ok(node) => {
                let items = self.of_items(&node.items, depth, base);
                let troubles = self.of_trouble(node.trouble.as_deref(), depth);
                let is_empty = items.is_empty() && troubles.is_none();
                let word = || Text::Plain(if node.kind == Kind::Base { "no parts" } else { "no members" }.to_owned());
                let empty = is_empty.then(|| self.line(depth, word()));
                items.into_iter().chain(troubles).chain(empty).collect()
            }
            Err(reason) => self.of_trouble(Some(reason), depth).into_iter().collect(),
        };
        let range = index + 1..index + 1 + new.len();
        self.lines.splice(index + 1..index + 1, new);
        Some(range)
    }

    /// Closes a line.
    pub(super) fn close(&mut self, index: usize) {
        let Some(line) = self.lines.get_mut(index) else { return };
        if matches!(line.fold, Fold::Leaf | Fold::Closed) {
            return;
        }
        line.fold = Fold::Closed;
        let end = self.end(index);
        self.lines.drain(index + 1..end);
    }

    /// Closes all lines from a depth on.
    pub(super) fn close_from(&mut self, depth: usize) {
        self.lines.retain(|line| line.depth <= depth);
        let closed = |line: &&mut Line| line.depth == depth && line.fold != Fold::Leaf;
        self.lines.iter_mut().filter(closed).for_each(|line| line.fold = Fold::Closed);
    }

    /// Whether a line is to be opened when all are, down to a depth: not if that would never end.
    pub(super) fn opens_by_itself(&self, index: usize, depth: usize) -> bool {
        let line = &self.lines[index];
        if line.fold != Fold::Closed || line.depth + 1 >= depth || self.lines.len() > MOST_LINES {
            return false;
        }
        let Content::At(at) = line.content else { return true };
        let is_within_itself = |&above: &usize| matches!(self.lines[above].content, Content::At(other) if other == at);
        !std::iter::successors(self.parent(index), |&above| self.parent(above)).any(|above| is_within_itself(&above))
    }

    /// The line that a line is in.
    pub(super) fn parent(&self, index: usize) -> Option<usize> {
        let depth = self.lines[index].depth;
        self.lines[..index].iter().rposition(|line| line.depth < depth)
    }

    /// Behind the last line that is in a line.
    fn end(&self, index: usize) -> usize {
        let depth = self.lines[index].depth;
        let within = self.lines[index + 1..].iter().take_while(|line| line.depth > depth);
        index + 1 + within.count()
    }

    /// Of each line, its place among those beside it, from 1, and how many these are.
    pub(super) fn places(&self) -> Rc<[(usize, usize)]> {
        let mut places = vec![(0, 0); self.lines.len()];
        // Of each depth, the lines of the group that is not at its end yet.
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut end = |group: Vec<usize>| {
            for (place, &line) in group.iter().enumerate() {
                places[line] = (place + 1, group.len());
            }
        };
        for (index, line) in self.lines.iter().enumerate() {
            groups.drain((line.depth + 1).min(groups.len())..).for_each(&mut end);
            groups.resize_with(line.depth + 1, Vec::new);
            groups[line.depth].push(index);
        }
        groups.into_iter().for_each(end);
        places.into()
    }

    fn line(&mut self, depth: usize, text: Text) -> Line {
        self.last_id += 1;
        Line {
            id: self.last_id,
            depth,
            offset: None,
            bits: None,
            size: None,
            text,
            follows: None,
            opaque: None,
            fold: Fold::Leaf,
            content: Content::Nothing,
            base: 0,
        }
    }

    fn of_trouble(&mut self, trouble: Option<&str>, depth: usize) -> Option<Line> {
        trouble.map(|trouble| self.line(depth, Text::Trouble(trouble.to_owned())))
    }

    fn of_items(&mut self, items: &[Item], depth: usize, base: u64) -> Vec<Line> {
        let mut lines = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Item::Member(member) => self.of_member("", member, depth, base, &mut lines),
                Item::Discriminant(member) => self.of_member("discriminant", member, depth, base, &mut lines),
                Item::Parameter(parameter) => {
                    let text = Text::Declared("", parameter.declaration.clone());
                    let line = self.line(depth, text);
                    lines.push(line.leading_to(&parameter.r#type, 0));
                }
                Item::Ellipsis => lines.push(self.line(depth, Text::Plain("…".to_owned()))),
                Item::Result(r#type) => lines.push(self.of_type("returns", r#type, depth, base)),
                Item::Type(r#type) => lines.push(self.of_type("", r#type, depth, base)),
                Item::Enumerator { name, value } => {
                    let value = value.map(|value| format!(" = {value}")).unwrap_or_default();
                    let declaration = Declaration { before: String::new(), name: name.clone(), after: value };
                    lines.push(self.line(depth, Text::Declared("", declaration)));
                }
                Item::Variant(variant) => {
                    let after = match variant.value {
                        Some(value) => format!(" = {value}"),
                        None => " for all other values".to_owned(),
                    };
                    let declaration = Declaration { before: String::new(), name: variant.name.clone(), after };
                    let line = self.line(depth, Text::Declared("variant", declaration));
                    self.push_with_items(line, &variant.members, base, &mut lines);
                }
                Item::Hole(gap) => lines.push(self.of_gap("hole", *gap, depth, base)),
                Item::Padding(gap) => lines.push(self.of_gap("padding", *gap, depth, base)),
                Item::Trouble { reason } => lines.extend(self.of_trouble(Some(reason), depth)),
            }
        }
        lines
    }

    fn of_type(&mut self, word: &'static str, r#type: &TypeUse, depth: usize, base: u64) -> Line {
        let declaration = Declaration { before: r#type.name.clone(), ..Declaration::default() };
        self.line(depth, Text::Declared(word, declaration)).leading_to(r#type, base)
    }

    fn of_member(&mut self, word: &'static str, member: &Member, depth: usize, base: u64, lines: &mut Vec<Line>) {
        let mut declaration = member.declaration.clone();
        if member.body.is_some() {
            // Its lines follow.
            declaration.before = format!("{} {{…}}", declaration.before.trim_end());
            if !declaration.name.is_empty() {
                declaration.before.push(' ');
            }
        }
        let mut line = self.line(depth, Text::Declared(word, declaration));
        let offset = member.offset.map(|offset| base + offset);
        (line.offset, line.bits, line.size) = (offset, member.bits, member.size);
        match &member.body {
            // Offsets in it count from where those beside it do.
            Some(items) => self.push_with_items(line, items, base, lines),
            None => lines.push(line.leading_to(&member.r#type, offset.unwrap_or(base))),
        }
    }

    /// A line that is open from the start.
    fn push_with_items(&mut self, mut line: Line, items: &[Item], base: u64, lines: &mut Vec<Line>) {
        let depth = line.depth + 1;
        if !items.is_empty() {
            line.fold = Fold::Open;
            line.base = base;
            line.content = Content::Items(items.into());
        }
        lines.push(line);
        let within = self.of_items(items, depth, base);
        lines.extend(within);
    }

    fn of_gap(&mut self, word: &str, gap: Gap, depth: usize, base: u64) -> Line {
        let text = match (gap.bit, gap.bits % 8) {
            (0, 0) => format!("{word}: {}", counted(gap.bits as usize / 8, "byte")),
            _ => format!("{word}: {}", counted(gap.bits as usize, "bit")),
        };
        let mut line = self.line(depth, Text::Gap(text));
        line.offset = Some(base + gap.offset);
        line.bits = (gap.bit != 0).then_some(Bits { offset: gap.bit, size: gap.bits });
        line
    }
}

impl Line {
    fn leading_to(mut self, r#type: &TypeUse, base: u64) -> Self {
        self.follows = r#type.named.as_ref().filter(|_| r#type.body.is_some()).map(|named| named.name.clone());
        self.opaque = r#type.opaque;
        if let Some(body) = r#type.body {
            self.fold = Fold::Closed;
            self.content = Content::At(body);
            self.base = if r#type.by_value { base } else { 0 };
        }
        if let Some(trouble) = &r#type.trouble {
            self.text = Text::Trouble(trouble.clone());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use kabiscope::abi::tree::Syntax;
    use serde_json::json;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn at(die: usize) -> TypeRef {
        serde_json::from_value(json!({ "die": die, "unit": 0 })).expect("a place")
    }

    fn type_use(body: Option<usize>, by_value: bool) -> TypeUse {
        TypeUse {
            name: "struct s".to_owned(),
            named: None,
            body: body.map(at),
            opaque: None,
            by_value,
            expanded: None,
            trouble: None,
        }
    }

    fn member(name: &str, offset: u64, r#type: TypeUse, body: Option<Vec<Item>>) -> Item {
        Item::Member(Member {
            name: Some(name.to_owned()),
            declaration: Declaration { name: name.to_owned(), ..Declaration::default() },
            r#type,
            offset: Some(offset),
            size: Some(8),
            bits: None,
            alignment: None,
            body,
        })
    }

    fn node(items: Vec<Item>) -> Node {
        Node {
            at: at(1),
            kind: Kind::Struct,
            syntax: Syntax::C,
            name: "struct s".to_owned(),
            declaration: Declaration::default(),
            size: Some(32),
            alignment: None,
            opaque: None,
            source: None,
            items,
            trouble: None,
        }
    }

    /// Each line as depth, offset, and how it is folded.
    #[track_caller]
    fn check(lines: &Lines, expect: &[(usize, u64, Fold)]) {
        let line = |line: &Line| (line.depth, line.offset.unwrap_or(99), line.fold);
        assert_eq!(lines.all().iter().map(line).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn opens_and_closes() {
        let leaf = || type_use(None, true);
        let mut lines = Lines::new(&node(vec![
            member("a", 0, leaf(), None),
            member("b", 8, type_use(Some(2), true), None),
            member("p", 16, type_use(Some(2), false), None),
        ]));
        check(&lines, &[(0, 0, Fold::Leaf), (0, 8, Fold::Closed), (0, 16, Fold::Closed)]);
        assert_eq!(lines.open(0), None);

        // What is there by value lies at its own offset, what is pointed to at none.
        let inner = node(vec![member("x", 4, leaf(), None)]);
        for index in [2, 1] {
            let (id, asked) = lines.open(index).expect("it has content");
            assert_eq!((asked, lines.all()[index].fold), (at(2), Fold::Opening));
            assert_eq!(lines.show(id, Ok(&inner)), Some(index + 1..index + 2));
            assert_eq!(lines.show(id, Ok(&inner)), None);
        }
        let open = [(0, 8, Fold::Open), (1, 12, Fold::Leaf), (0, 16, Fold::Open), (1, 4, Fold::Leaf)];
        check(&lines, &[&[(0, 0, Fold::Leaf)], &open[..]].concat());
        assert_eq!(*lines.places(), [(1, 3), (2, 3), (1, 1), (3, 3), (1, 1)]);
        assert_eq!((lines.parent(4), lines.parent(3)), (Some(3), None));

        lines.close(1);
        assert_eq!(lines.all().len(), 4);
        lines.close_from(0);
        check(&lines, &[(0, 0, Fold::Leaf), (0, 8, Fold::Closed), (0, 16, Fold::Closed)]);
    }

    #[test]
    fn bodies_without_names_are_open() {
        let body = vec![member("x", 8, type_use(None, true), None)];
        let mut lines = Lines::new(&node(vec![member("u", 8, type_use(Some(3), true), Some(body))]));
        check(&lines, &[(0, 8, Fold::Open), (1, 8, Fold::Leaf)]);
        lines.close(0);
        check(&lines, &[(0, 8, Fold::Closed)]);
        assert_eq!(lines.open(0), None);
        check(&lines, &[(0, 8, Fold::Open), (1, 8, Fold::Leaf)]);
    }

    #[test]
    fn endless_types_are_not_opened_endlessly() {
        let list = node(vec![member("next", 0, type_use(Some(2), false), None)]);
        let mut lines = Lines::new(&list);
        assert!(lines.opens_by_itself(0, 5));
        assert!(!lines.opens_by_itself(0, 1));
        let (id, _) = lines.open(0).expect("it has content");
        lines.show(id, Ok(&list));
        assert!(!lines.opens_by_itself(1, 5));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let mut lines = Lines::new(&node(vec![member("p", 0, type_use(Some(2), false), None)]));
        let (id, _) = lines.open(0).expect("it has content");
        assert_eq!(lines.show(id, Err("gone")), Some(1..2));
        assert!(matches!(&lines.all()[1].text, Text::Trouble(reason) if reason == "gone"));
    }
}

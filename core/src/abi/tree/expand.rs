// SPDX-License-Identifier: GPL-2.0-only
//! A tree opened to a depth.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::die::Reader;
use super::{Expanded, Item, Node, Opaque, TypeUse};
use crate::dwarf::DebugInfo;

/// How far a tree is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many levels, that of the root included.
    pub depth: usize,
    /// How many nodes.
    pub nodes: usize,
}

/// A tree opened to a depth. Each type is in it once, where it is nearest to the root: types refer to one another in circles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expansion {
    /// The root, and behind it, level by level, the types that are expanded. [`TypeUse::body`] leads to them by [`Node::at`].
    pub nodes: Vec<Node>,
    /// Whether there would have been more nodes than allowed.
    pub cut: bool,
}

/// Opens what `root` leads to, level by level.
pub fn expand(debug_info: &DebugInfo<'_>, root: Node, limits: Limits) -> Expansion {
    let mut reader = Reader::new(debug_info);
    let mut nodes = vec![root];
    let mut level_of = FxHashMap::from_iter(nodes.first().map(|root| (root.at.die, 1usize)));
    let mut cut = false;
    let mut next = 0;
    while let Some(node) = nodes.get_mut(next) {
        let level = level_of.get(&node.at.die).map_or(1, |level| level + 1);
        let mut opened = Vec::new();
        for_each_type(&mut node.items, |r#type| {
            let Some(body) = r#type.body.filter(|_| r#type.opaque != Some(Opaque::Private)) else { return };
            if level_of.contains_key(&body.die) {
                r#type.expanded = Some(Expanded::Elsewhere);
                return;
            }
            let is_full = level_of.len() >= limits.nodes;
            cut |= is_full && level <= limits.depth;
            if is_full || level > limits.depth {
                return;
            }
            match reader.describe(body.die) {
                Ok(node) => {
                    level_of.insert(body.die, level);
                    r#type.expanded = Some(Expanded::Here);
                    opened.push(node);
                }
                Err(error) => r#type.trouble = Some(error.to_string()),
            }
        });
        nodes.append(&mut opened);
        next += 1;
    }
    Expansion { nodes, cut }
}

/// Calls `found` for each type that items use, in their order.
fn for_each_type(items: &mut [Item], mut found: impl FnMut(&mut TypeUse)) {
    let mut stack = vec![items.iter_mut()];
    while let Some(last) = stack.last_mut() {
        let Some(item) = last.next() else {
            stack.pop();
            continue;
        };
        match item {
            Item::Member(member) => match &mut member.body {
                Some(body) => stack.push(body.iter_mut()),
                None => found(&mut member.r#type),
            },
            Item::Variant(variant) => stack.push(variant.members.iter_mut()),
            Item::Discriminant(member) => found(&mut member.r#type),
            Item::Parameter(parameter) => found(&mut parameter.r#type),
            Item::Result(r#type) | Item::Type(r#type) => found(r#type),
            Item::Ellipsis | Item::Enumerator { .. } | Item::Hole(_) | Item::Padding(_) | Item::Trouble { .. } => {}
        }
    }
}

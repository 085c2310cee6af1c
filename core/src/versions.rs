// SPDX-License-Identifier: GPL-2.0-only
//! Versions: the CRC-32 of a symbol's string, in which every named type is written out where it first occurs.
//!
//! Half a megabyte of text is behind many a symbol, most of it the same types for all of them. So what is written out for a
//! reference is looked up by what was written out before it: symbols whose strings first mention the same types, in the same
//! order, share all of that work, and the CRCs of the parts are combined.

use crc32fast::Hasher;
use rustc_hash::FxHashMap;

use crate::types::{Reference, SymbolString, TypeId, TypeString, TypeTable};
use crate::{Error, Result};

/// The version of an exported symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version(pub u32);

/// Serialised as it is displayed.
impl serde::Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Reads what [`Version`] displays; the digits may be fewer.
impl std::str::FromStr for Version {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Without the prefix it is no number at all, as for the kernel's tools; and a sign is no digit.
        let digits = text.strip_prefix("0x").filter(|digits| !digits.starts_with('+'));
        u32::from_str_radix(digits.unwrap_or("not a version"), 16).map(Self)
    }
}

impl std::fmt::Display for Version {
    /// As in `Module.symvers`: `0x` and eight hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

/// Computes versions over one type table.
pub struct Versions<'t> {
    table: &'t TypeTable,
    /// Sets of types that are written out already. The first is the empty one.
    states: Vec<TypeSet>,
    /// What writing out a type in a state gives.
    steps: FxHashMap<(StateId, TypeId), Step>,
    /// All types that were written out for any symbol.
    reached: TypeSet,
}

type StateId = usize;

/// The CRC and length of a type written out, and the state after that.
#[derive(Clone)]
struct Step {
    part: Hasher,
    next: StateId,
}

/// When the states take more memory than this they are dropped and begun anew: only time is lost.
const MAX_STATES_SIZE: usize = 64 << 20;

impl<'t> Versions<'t> {
    /// No version is computed yet.
    pub fn new(table: &'t TypeTable) -> Self {
        let none = TypeSet::new(table.len());
        Self { table, states: vec![none.clone()], steps: FxHashMap::default(), reached: none }
    }

    /// All types that were written out for any symbol.
    pub fn into_reached(self) -> TypeSet {
        self.reached
    }

    /// The version of a symbol called `name`.
    ///
    /// # Errors
    /// [`Error::UnknownType`] if it reaches a type that only a kABI rule mentions.
    pub fn version(&mut self, name: &[u8], symbol: &SymbolString) -> Result<Version> {
        if self.states.len() * self.states[0].size() > MAX_STATES_SIZE {
            self.states.truncate(1);
            self.steps.clear();
        }
        let table = self.table;
        let mut state = 0;
        let mut crc = Hasher::new();
        let mut at = symbol.range().start;
        for reference in table.references(symbol) {
            if self.states[state].contains(reference.to) {
                continue;
            }
            crc.update(table.text_between(at, reference.start));
            at = reference.end;
            let step = match self.steps.get(&(state, reference.to)) {
                Some(step) => step,
                None => {
                    let step = self.write_out(name, state, reference)?;
                    self.steps.entry((state, reference.to)).or_insert(step)
                }
            };
            crc.combine(&step.part);
            state = step.next;
        }
        crc.update(table.text_between(at, symbol.range().end));
        Ok(Version(crc.finalize()))
    }

    fn write_out(&mut self, name: &[u8], state: StateId, reference: &Reference) -> Result<Step> {
        let mut known = self.states[state].clone();
        let mut part = Chunked::default();
        expand(self.table, name, reference, &mut known, |text| part.update(text))?;
        self.reached.insert_all(&known);
        self.states.push(known);
        Ok(Step { part: part.finish(), next: self.states.len() - 1 })
    }
}

/// The string that the version of a symbol called `name` is the CRC of (`--dump-versions`).
///
/// # Errors
/// As [`Versions::version`].
pub fn expanded_string(table: &TypeTable, name: &[u8], symbol: &SymbolString) -> Result<Vec<u8>> {
    let mut known = TypeSet::new(table.len());
    let mut expanded = Vec::new();
    let mut at = symbol.range().start;
    for reference in table.references(symbol) {
        if !known.contains(reference.to) {
            expanded.extend_from_slice(table.text_between(at, reference.start));
            at = reference.end;
            expand(table, name, reference, &mut known, |text| expanded.extend_from_slice(text))?;
        }
    }
    expanded.extend_from_slice(table.text_between(at, symbol.range().end));
    Ok(expanded)
}

/// Writes out the type that `reference` leads to, and in it, depth first, those that are not `known` yet.
fn expand(
    table: &TypeTable,
    name: &[u8],
    reference: &Reference,
    known: &mut TypeSet,
    mut write: impl FnMut(&[u8]),
) -> Result<()> {
    let definition = |from: &[u8], to: TypeId| {
        table.string(to).ok_or_else(|| Error::UnknownType {
            symbol: String::from_utf8_lossy(from).into_owned(),
            reference: String::from_utf8_lossy(table.literal(to)).into_owned(),
        })
    };
    struct Open<'t> {
        of: TypeId,
        rest: std::slice::Iter<'t, Reference>,
        at: usize,
        end: usize,
    }
    fn open<'t>(table: &'t TypeTable, of: TypeId, string: &TypeString) -> Open<'t> {
        Open { of, rest: table.references(string).iter(), at: string.range().start, end: string.range().end }
    }
    known.insert(reference.to);
    let mut path = vec![open(table, reference.to, definition(name, reference.to)?)];
    while let Some(top) = path.last_mut() {
        let Some(reference) = top.rest.find(|reference| !known.contains(reference.to)) else {
            write(table.text_between(top.at, top.end));
            path.pop();
            continue;
        };
        write(table.text_between(top.at, reference.start));
        top.at = reference.end;
        let of = top.of;
        known.insert(reference.to);
        path.push(open(table, reference.to, definition(table.literal(of), reference.to)?));
    }
    Ok(())
}

/// A CRC over many short pieces: joined into longer ones, over which it is much faster.
#[derive(Default)]
struct Chunked {
    crc: Hasher,
    pending: Vec<u8>,
}

impl Chunked {
    const SIZE: usize = 8 << 10;

    fn update(&mut self, piece: &[u8]) {
        if self.pending.len() + piece.len() > Self::SIZE {
            self.crc.update(&self.pending);
            self.pending.clear();
            if piece.len() > Self::SIZE {
                self.crc.update(piece);
                return;
            }
        }
        self.pending.extend_from_slice(piece);
    }

    fn finish(mut self) -> Hasher {
        self.crc.update(&self.pending);
        self.crc
    }
}

/// A set of types, a bit each.
#[derive(Debug, Clone)]
pub struct TypeSet(Box<[u64]>);

impl TypeSet {
    fn new(types: usize) -> Self {
        Self(vec![0; types.div_ceil(64)].into())
    }

    /// In bytes.
    fn size(&self) -> usize {
        size_of_val(&*self.0)
    }

    /// Whether a type is in it.
    pub fn contains(&self, id: TypeId) -> bool {
        self.0[id.index() / 64] & (1 << (id.index() % 64)) != 0
    }

    fn insert(&mut self, id: TypeId) {
        self.0[id.index() / 64] |= 1 << (id.index() % 64);
    }

    fn insert_all(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own |= other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display() {
        assert_eq!(Version(0x0182_567a).to_string(), "0x0182567a");
        assert_eq!(Version::default().to_string(), "0x00000000");
    }

    #[test]
    fn parse() {
        assert_eq!("0x0182567a".parse(), Ok(Version(0x0182_567a)));
        for text in ["", "0x", "12", "0x+1", "0x-1", "0x1 ", "0x123456789"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn pieces_count_as_one() {
        let text: Vec<u8> = (0..50_000u32).map(|n| (n * 7 % 251) as u8).collect();
        for length in [1, 100, 5000, 20_000] {
            let mut chunked = Chunked::default();
            text.chunks(length).for_each(|piece| chunked.update(piece));
            assert_eq!(chunked.finish().finalize(), crc32fast::hash(&text), "{length}");
        }
    }
}

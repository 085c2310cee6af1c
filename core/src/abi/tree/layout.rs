// SPDX-License-Identifier: GPL-2.0-only
//! Where members are, and the room between them.

use super::die::Die;
use super::{Bits, Gap, Item, Member};
use crate::dwarf::Attr;

/// Where a member is, as [`Member`] tells it, but from the start of what it is a member of.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: Option<u64>,
    pub(super) size: Option<u64>,
    pub(super) bits: Option<Bits>,
}

/// Where DWARF says that a member is; its type takes `type_size` bytes.
pub(super) fn place(member: &Die<'_, '_>, type_size: Option<u64>) -> Place {
    let declared = Declared {
        offset: member.constant(Attr::DataMemberLocation),
        byte_size: member.constant(Attr::ByteSize),
        bit_size: member.constant(Attr::BitSize),
        bit_offset: member.constant(Attr::BitOffset),
        data_bit_offset: member.constant(Attr::DataBitOffset),
    };
    declared.place(type_size, member.unit.is_big_endian())
}

/// What DWARF says of a member's place.
#[derive(Debug, Default, Clone, Copy)]
struct Declared {
    offset: Option<u64>,
    byte_size: Option<u64>,
    bit_size: Option<u64>,
    bit_offset: Option<u64>,
    data_bit_offset: Option<u64>,
}

impl Declared {
    fn place(self, type_size: Option<u64>, big_endian: bool) -> Place {
        let size = type_size.or(self.byte_size);
        // At the start of what it is in, a member need not say where it is.
        let offset = self.offset.unwrap_or(0);
        match self.bit_size {
            None => Place { offset: Some(offset), size, bits: None },
            Some(bit_size) => {
                let start = self.first_bit(bit_size, size, big_endian);
                start.and_then(|start| bit_field(start, bit_size, size)).unwrap_or(Place { size, ..Place::default() })
            }
        }
    }

    /// The first bit in the order of memory. `DW_AT_data_bit_offset` counts so; `DW_AT_bit_offset` of DWARF 2 and 3 counts
    /// from the highest bit of a storage unit.
    fn first_bit(self, bit_size: u64, type_size: Option<u64>, big_endian: bool) -> Option<u64> {
        if let Some(start) = self.data_bit_offset {
            return Some(start);
        }
        let storage = self.offset.unwrap_or(0).checked_mul(8)?;
        let Some(from_highest) = self.bit_offset else { return Some(storage) };
        // It is negative where a bit field reaches over the end of its storage.
        let from_highest = from_highest as i64;
        if big_endian {
            return storage.checked_add_signed(from_highest);
        }
        let storage_bits = self.byte_size.or(type_size)?.checked_mul(8)?;
        let end = storage.checked_add(storage_bits)?.checked_sub(bit_size)?;
        end.checked_add_signed(from_highest.checked_neg()?)
    }
}

/// Tells a bit field by its storage: room of the size of its type, at a multiple of that size, in which it starts.
fn bit_field(start: u64, bit_size: u64, type_size: Option<u64>) -> Option<Place> {
    let storage = type_size.unwrap_or(1).max(1).checked_mul(8)?;
    let bits = Bits { offset: start % storage, size: bit_size };
    Some(Place { offset: Some((start - bits.offset) / 8), size: type_size, bits: Some(bits) })
}

/// A range of bits: the first, and the one behind the last.
pub(super) type Extent = (u64, u64);

/// Which bits a member takes; the end is `None` if that is not known.
pub(super) fn extent(member: &Member) -> Option<(u64, Option<u64>)> {
    let byte = member.offset?.checked_mul(8)?;
    Some(match (member.bits, member.size) {
        (Some(bits), _) => {
            let start = byte.checked_add(bits.offset)?;
            (start, start.checked_add(bits.size))
        }
        (None, size) => (byte, size.and_then(|size| size.checked_mul(8)).and_then(|size| byte.checked_add(size))),
    })
}

/// Puts members in the order of their places, and the holes that they leave between them.
///
/// They are in what starts at bit `start` and, if its padding counts, ends at bit `end`. `taken` is in use by something else.
pub(super) fn with_gaps(mut members: Vec<Item>, start: u64, end: Option<u64>, taken: Option<Extent>) -> Vec<Item> {
    members.sort_by_key(|item| match item {
        Item::Member(member) => extent(member).map_or(u64::MAX, |(start, _)| start),
        _ => u64::MAX,
    });
    let mut items = Vec::with_capacity(members.len());
    // Up to where room is known to be in use; `None` behind a member of unknown size.
    let mut used = Some(start);
    // Where the storage of the last bit field starts.
    let mut storage = 0;
    for item in members {
        let extent = match &item {
            Item::Member(member) => extent(member),
            _ => None,
        };
        let Some((start, end)) = extent else {
            items.push(item);
            continue;
        };
        if let Some(used) = used {
            items.extend(gaps(used, start, taken).map(|gap| Item::Hole(gap_in(storage, gap))));
        }
        if let Item::Member(Member { offset: Some(offset), bits: Some(_), .. }) = item {
            storage = offset;
        }
        items.push(item);
        used = end.map(|end| used.map_or(end, |used| used.max(end)));
    }
    if let (Some(used), Some(end)) = (used, end) {
        items.extend(gaps(used, end, taken).map(|gap| Item::Padding(gap_in(storage, gap))));
    }
    items
}

/// What is free from `from` to `to` but for `taken`.
fn gaps(from: u64, to: u64, taken: Option<Extent>) -> impl Iterator<Item = Extent> {
    let (taken_from, taken_to) = taken.unwrap_or((to, to));
    // Without anything taken, the second part is empty.
    [(from, to.min(taken_from)), (from.max(taken_to), to)].into_iter().filter(|(from, to)| from < to)
}

/// A gap that may begin among the bits of a storage that starts at `storage`: it is told as they are then.
fn gap_in(storage: u64, (from, to): Extent) -> Gap {
    let byte = if from.is_multiple_of(8) { from / 8 } else { storage };
    Gap { offset: byte, bit: from.saturating_sub(byte.saturating_mul(8)), bits: to - from }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bit_place(offset: u64, first: u64, size: u64, storage: u64) -> Place {
        Place { offset: Some(offset), size: Some(storage), bits: Some(Bits { offset: first, size }) }
    }

    /// `unsigned a : 3; unsigned b : 7; int c : 12;` in each of the ways that compilers have had to say it.
    #[test]
    fn bit_fields() {
        let old = |bit_offset, bit_size| Declared {
            offset: Some(8),
            byte_size: Some(4),
            bit_size: Some(bit_size),
            bit_offset: Some(bit_offset),
            data_bit_offset: None,
        };
        let new = |data_bit_offset, bit_size| Declared {
            bit_size: Some(bit_size),
            data_bit_offset: Some(data_bit_offset),
            ..Declared::default()
        };
        for (name, declared, big_endian, expected) in [
            ("a, DWARF 2, little-endian", old(29, 3), false, bit_place(8, 0, 3, 4)),
            ("b, DWARF 2, little-endian", old(22, 7), false, bit_place(8, 3, 7, 4)),
            ("c, DWARF 2, little-endian", old(10, 12), false, bit_place(8, 10, 12, 4)),
            ("a, DWARF 2, big-endian", old(0, 3), true, bit_place(8, 0, 3, 4)),
            ("b, DWARF 2, big-endian", old(3, 7), true, bit_place(8, 3, 7, 4)),
            ("a, DWARF 5", new(64, 3), false, bit_place(8, 0, 3, 4)),
            ("c, DWARF 5", new(74, 12), true, bit_place(8, 10, 12, 4)),
            ("packed, over the end of its storage", new(93, 7), false, bit_place(8, 29, 7, 4)),
            ("DWARF 4, over the end of its storage", old(-4i64 as u64, 7), false, bit_place(8, 29, 7, 4)),
        ] {
            assert_eq!(declared.place(Some(4), big_endian), expected, "{name}");
        }
    }

    #[test]
    fn places_that_do_not_exist() {
        for declared in [
            Declared { offset: Some(u64::MAX), bit_size: Some(3), bit_offset: Some(1), ..Declared::default() },
            Declared { bit_size: Some(u64::MAX), bit_offset: Some(1), ..Declared::default() },
            Declared { bit_size: Some(1), bit_offset: Some(i64::MIN as u64), ..Declared::default() },
        ] {
            assert_eq!(declared.place(Some(4), false).offset, None, "{declared:?}");
        }
        let huge = Declared { bit_size: Some(u64::MAX), data_bit_offset: Some(u64::MAX), ..Declared::default() };
        assert_eq!(huge.place(Some(u64::MAX), false).offset, None);
    }

    #[test]
    fn gaps_beside_what_is_taken() {
        let free = |taken| gaps(0, 64, taken).collect::<Vec<_>>();
        assert_eq!(free(None), [(0, 64)]);
        assert_eq!(free(Some((0, 8))), [(8, 64)]);
        assert_eq!(free(Some((16, 32))), [(0, 16), (32, 64)]);
        assert_eq!(free(Some((56, 128))), [(0, 56)]);
        assert_eq!(free(Some((0, 64))), []);
        assert_eq!(free(Some((128, 192))), [(0, 64)]);
    }
}

// SPDX-License-Identifier: GPL-2.0-only
//! Enumerators, and the values that DWARF gives them and variants.

use gimli::constants as dw;

use super::die::{Die, ITEM_COST, MAX_CHAIN, Reader};
use super::trouble::trouble_item;
use super::{Item, Number};
use crate::dwarf::{Attr, DieOffset};

impl<'d, 'a> Reader<'d, 'a> {
    /// What an enumeration consists of.
    pub(super) fn enumerators(&mut self, die: &Die<'d, 'a>) -> Vec<Item> {
        let mut items = Vec::new();
        let numbers = self.numbers_of(die.type_at(), die.constant(Attr::ByteSize));
        let children = self.children(die);
        let mut trouble = children.trouble;
        for entry in children.entries.into_iter().filter(|entry| entry.tag() == dw::DW_TAG_enumerator) {
            let read = self.spend(ITEM_COST, entry.at).and_then(|()| self.read(die.unit, entry));
            let enumerator = read.and_then(|enumerator| {
                let name = self.name(&enumerator)?.unwrap_or_default();
                let value = enumerator.constant(Attr::ConstValue).map(|value| numbers.number(value));
                Ok(Item::Enumerator { name, value })
            });
            match enumerator {
                Ok(enumerator) => items.push(enumerator),
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        items.extend(trouble.as_ref().map(trouble_item));
        items
    }

    /// How constants of the type at `at` are to be read.
    pub(super) fn numbers_of(&mut self, mut at: Option<DieOffset>, size: Option<u64>) -> Numbers {
        for _ in 0..MAX_CHAIN {
            let Some(Ok(die)) = at.map(|at| self.die(at)) else { break };
            if die.tag() == dw::DW_TAG_base_type {
                let encoding = die.constant(Attr::Encoding).and_then(|encoding| u8::try_from(encoding).ok());
                let encoding = encoding.map(gimli::DwAte);
                let signed = matches!(encoding, Some(dw::DW_ATE_signed | dw::DW_ATE_signed_char));
                return Numbers { signed: Some(signed), size: die.constant(Attr::ByteSize).or(size) };
            }
            at = die.type_at();
        }
        Numbers { signed: None, size }
    }
}

/// How the constants of a type are to be read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Numbers {
    /// `None` if it is not known.
    signed: Option<bool>,
    size: Option<u64>,
}

impl Numbers {
    /// What the constant `value` of DWARF stands for, whose form may be of another size or sign.
    pub(super) fn number(self, value: u64) -> Number {
        let bits = self.size.and_then(|size| size.checked_mul(8)).filter(|bits| (1..64).contains(bits));
        // What stands to the left of the type's own bits.
        let unused = bits.map_or(0, |bits| 64 - bits as u32);
        let signed = ((value << unused) as i64) >> unused;
        match self.signed {
            Some(false) => Number::Unsigned((value << unused) >> unused),
            Some(true) if signed < 0 => Number::Negative(signed),
            // Of an unknown type, only a form that has a sign gives a number of 64 bits.
            None if (value as i64) < 0 => Number::Negative(value as i64),
            _ => Number::Unsigned(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let numbers = |signed, size| Numbers { signed, size: Some(size) };
        for (numbers, value, expected) in [
            (numbers(Some(true), 4), 11, Number::Unsigned(11)),
            // As DW_FORM_sdata has it, and as a form without a sign has it.
            (numbers(Some(true), 4), -5i64 as u64, Number::Negative(-5)),
            (numbers(Some(true), 4), 0xffff_fffb, Number::Negative(-5)),
            (numbers(Some(true), 1), 200, Number::Negative(-56)),
            (numbers(Some(true), 8), u64::MAX, Number::Negative(-1)),
            (numbers(Some(false), 1), 200, Number::Unsigned(200)),
            (numbers(Some(false), 4), u64::MAX, Number::Unsigned(0xffff_ffff)),
            (numbers(Some(false), 8), u64::MAX, Number::Unsigned(u64::MAX)),
            (numbers(None, 4), -5i64 as u64, Number::Negative(-5)),
            (numbers(None, 4), 0xffff_fffb, Number::Unsigned(0xffff_fffb)),
            (numbers(Some(true), u64::MAX), 7, Number::Unsigned(7)),
        ] {
            assert_eq!(numbers.number(value), expected, "{value:#x} as {numbers:?}");
        }
    }
}

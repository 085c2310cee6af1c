// SPDX-License-Identifier: GPL-2.0-only
//! Types where they are used: what is behind pointers and typedefs, and how much room it takes.

use gimli::constants as dw;

use super::declaration::endless;
use super::die::{MAX_CHAIN, Reader, has_body, is_derived, is_pointer};
use super::trouble::Troubles;
use super::{NamedType, Opaque, Syntax, TypeUse};
use crate::Result;
use crate::dwarf::{Attr, DieOffset};

impl Reader<'_, '_> {
    /// The type at `at` as it is used, and what can be opened there.
    pub(super) fn type_use(&mut self, syntax: Syntax, at: Option<DieOffset>) -> TypeUse {
        let (name, trouble) = self.type_name(syntax, at);
        let mut r#type =
            TypeUse { name, named: None, body: None, opaque: None, by_value: true, expanded: None, trouble: None };
        let mut troubles = Troubles::default();
        troubles.add(trouble);
        troubles.add(self.follow(syntax, at, &mut r#type).err());
        r#type.trouble = troubles.first();
        r#type
    }

    /// Goes from the type at `at` to the first name, and on to the first body.
    fn follow(&mut self, syntax: Syntax, mut at: Option<DieOffset>, found: &mut TypeUse) -> Result<()> {
        for _ in 0..MAX_CHAIN {
            let Some(next) = at else { return Ok(()) };
            let die = self.die(next)?;
            let tag = die.tag();
            if found.named.is_none() && (has_body(tag) || tag == dw::DW_TAG_typedef) && self.raw_name(&die)?.is_some() {
                found.named = Some(NamedType { name: self.body_name(syntax, &die)?, at: die.at() });
            }
            if has_body(tag) {
                found.opaque = self.opaque(&die)?;
                found.body = (found.opaque != Some(Opaque::DeclaredOnly)).then(|| die.at());
                return Ok(());
            }
            if tag == dw::DW_TAG_subroutine_type {
                found.body = Some(die.at());
                found.by_value = false;
                return Ok(());
            }
            if !is_derived(tag) {
                return Ok(());
            }
            found.by_value &= !is_pointer(tag);
            at = die.type_at();
        }
        Err(endless(at))
    }

    /// The size in bytes of what has the type at `at`, if it has one.
    pub(super) fn size_of(&mut self, mut at: DieOffset) -> Result<Option<u64>> {
        let mut elements = Some(1u64);
        for _ in 0..MAX_CHAIN {
            let die = self.die(at)?;
            let tag = die.tag();
            // An array's own size, where it is given, is that of all its elements.
            if let Some(size) = die.constant(Attr::ByteSize) {
                return Ok(elements.and_then(|elements| elements.checked_mul(size)));
            }
            if is_pointer(tag) {
                return Ok(elements.and_then(|elements| elements.checked_mul(die.unit.address_size().into())));
            }
            if tag == dw::DW_TAG_array_type {
                for count in self.counts(&die)? {
                    // A flexible array takes no room.
                    elements = elements.and_then(|elements| elements.checked_mul(count.unwrap_or(0)));
                }
            }
            match die.type_at() {
                Some(next) if is_derived(tag) || tag == dw::DW_TAG_enumeration_type => at = next,
                _ => return Ok(None),
            }
        }
        Err(endless(Some(at)))
    }
}

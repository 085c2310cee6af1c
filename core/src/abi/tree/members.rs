// SPDX-License-Identifier: GPL-2.0-only
//! What structures, unions and the variants of enumerations consist of.

use gimli::constants as dw;

use super::declaration::{Written, endless};
use super::die::{Die, ITEM_COST, MAX_CHAIN, Reader, has_body, is_qualifier};
use super::enumeration::Numbers;
use super::layout::{Extent, extent, place, with_gaps};
use super::trouble::{Troubles, trouble_item};
use super::{Item, Member, Syntax, Variant};
use crate::dwarf::{Attr, DieOffset, Entry, Unit};
use crate::{Error, Result};

/// Types without a name are shown within what they are a member of, and variants within enumerations. In sources they are
/// nested a few times at the most.
const MAX_NESTING: usize = 24;

impl<'d, 'a> Reader<'d, 'a> {
    /// What a structure, class or union consists of.
    pub(super) fn members(&mut self, die: &Die<'d, 'a>) -> Vec<Item> {
        let mut frames: Vec<Frame<'d, 'a>> = Vec::new();
        let mut next = Some(self.frame(die, Part::Whole, 0));
        loop {
            if let Some(frame) = next.take() {
                frames.push(frame);
            }
            let depth = frames.len();
            let Some(frame) = frames.last_mut() else { return Vec::new() };
            match frame.entries.next() {
                Some(entry) => {
                    let read = self.spend(ITEM_COST, entry.at).and_then(|()| self.read(frame.unit, entry));
                    match read.and_then(|child| self.part(frame, &child, depth < MAX_NESTING)) {
                        Ok(inner) => next = inner,
                        Err(error) => {
                            frame.trouble.get_or_insert(error);
                        }
                    }
                }
                None => {
                    let Some(frame) = frames.pop() else { return Vec::new() };
                    let Some(outer) = frames.last_mut() else { return frame.finish().0 };
                    outer.take(frame);
                }
            }
        }
    }

    /// The parts of a structure or union, to be read; it starts `base` bytes into the node.
    fn frame(&mut self, die: &Die<'d, 'a>, part: Part, base: u64) -> Frame<'d, 'a> {
        let children = self.children(die);
        Frame {
            unit: die.unit,
            entries: children.entries.into_iter(),
            trouble: children.trouble,
            part,
            is_union: die.tag() == dw::DW_TAG_union_type,
            syntax: self.syntax(die.unit),
            base,
            end: die.constant(Attr::ByteSize).and_then(|size| size.checked_add(base)).filter(|_| !die.is_declaration()),
            discriminant: None,
            items: Vec::new(),
        }
    }

    /// Reads a part of what `frame` is of; returns what is to be read next if that part has parts itself.
    fn part(
        &mut self,
        frame: &mut Frame<'d, 'a>,
        child: &Die<'d, 'a>,
        may_nest: bool,
    ) -> Result<Option<Frame<'d, 'a>>> {
        match child.tag() {
            // Data that all values of a class share is elsewhere.
            dw::DW_TAG_member if child.is_declaration() => Ok(None),
            dw::DW_TAG_member | dw::DW_TAG_inheritance => {
                // Where the type cannot be read, the member says so.
                let body = self.nameless_body(child.type_at()).ok().flatten().filter(|_| may_nest);
                let mut member = self.member(frame, child, body.is_some());
                let base = member.offset;
                if let Part::Variants = frame.part {
                    let numbers = self.numbers_of(child.type_at(), member.size);
                    frame.discriminant = Some(Discriminant { numbers, extent: known_extent(&member) });
                    frame.items.push(Item::Discriminant(member));
                    return Ok(None);
                }
                match body.zip(base) {
                    Some((body, _)) if body.tag() == dw::DW_TAG_enumeration_type => {
                        member.body = Some(self.enumerators(&body));
                    }
                    Some((body, base)) => return Ok(Some(self.frame(&body, Part::Member(Box::new(member)), base))),
                    None => {}
                }
                frame.items.push(Item::Member(member));
                Ok(None)
            }
            dw::DW_TAG_variant_part | dw::DW_TAG_variant if !may_nest => {
                Err(Error::LimitExceeded { at: child.entry.at, what: "variants are nested too deeply" })
            }
            dw::DW_TAG_variant_part => Ok(Some(self.frame(child, Part::Variants, frame.base))),
            dw::DW_TAG_variant => self.variant(frame, child).map(Some),
            _ => Ok(None),
        }
    }

    fn member(&mut self, frame: &Frame<'d, 'a>, die: &Die<'d, 'a>, around_body: bool) -> Member {
        let mut troubles = Troubles::default();
        let name = troubles.value(self.name(die));
        let declared = name.as_deref().unwrap_or_default();
        let at = die.type_at();
        let Written { mut declaration, trouble } = if around_body {
            self.declare_around_body(frame.syntax, at, declared)
        } else {
            self.declare(frame.syntax, at, declared)
        };
        troubles.add(trouble);
        let size = troubles.value(at.map_or(Ok(None), |at| self.size_of(at)));
        let place = place(die, size);
        match frame.syntax {
            Syntax::C => {
                if let Some(bits) = die.constant(Attr::BitSize) {
                    declaration.after.push_str(&format!(":{bits}"));
                }
            }
            Syntax::Rust => {
                if die.constant(Attr::Accessibility) == Some(u64::from(dw::DW_ACCESS_public.0)) {
                    declaration.before.insert_str(0, "pub ");
                }
            }
        }
        let mut r#type = self.type_use(frame.syntax, at);
        r#type.trouble = r#type.trouble.or(troubles.first());
        Member {
            name,
            declaration,
            r#type,
            offset: place.offset.and_then(|offset| offset.checked_add(frame.base)),
            size: place.size,
            bits: place.bits,
            alignment: die.constant(Attr::Alignment),
            body: None,
        }
    }

    /// The structure, union or enumeration without a name, behind arrays and qualifiers at the most, that a member is.
    fn nameless_body(&mut self, mut at: Option<DieOffset>) -> Result<Option<Die<'d, 'a>>> {
        for _ in 0..MAX_CHAIN {
            let Some(next) = at else { return Ok(None) };
            let die = self.die(next)?;
            let tag = die.tag();
            if has_body(tag) {
                let has_name = self.raw_name(&die)?.is_some();
                return Ok((!has_name && !die.is_declaration()).then_some(die));
            }
            if tag != dw::DW_TAG_array_type && !is_qualifier(tag) {
                return Ok(None);
            }
            at = die.type_at();
        }
        Err(endless(at))
    }

    /// A variant: as a rule it has one member, a structure of the variant's name that holds what the variant holds.
    fn variant(&mut self, frame: &Frame<'d, 'a>, die: &Die<'d, 'a>) -> Result<Frame<'d, 'a>> {
        let numbers = frame.discriminant.as_ref().map_or(Numbers::default(), |discriminant| discriminant.numbers);
        let value = die.constant(Attr::DiscrValue).map(|value| numbers.number(value));
        let mut variant = Variant { name: String::new(), value, members: Vec::new() };
        let mut holder = None;
        let children = self.children(die);
        if let [entry] = children.entries[..]
            && entry.tag() == dw::DW_TAG_member
        {
            let member = self.read(die.unit, entry)?;
            variant.name = self.name(&member)?.unwrap_or_default();
            if let Some(at) = member.type_at() {
                let offset = member.constant(Attr::DataMemberLocation).unwrap_or(0);
                holder = Some(self.die(at)?).filter(|die| die.tag() == dw::DW_TAG_structure_type).zip(Some(offset));
            }
        }
        let taken = frame.discriminant.as_ref().and_then(|discriminant| discriminant.extent);
        let part = Part::Variant(variant, taken);
        Ok(match holder {
            Some((holder, offset)) => self.frame(&holder, part, frame.base.saturating_add(offset)),
            None => self.frame(die, part, frame.base),
        })
    }
}

/// Something whose parts are being read.
struct Frame<'d, 'a> {
    unit: &'d Unit<'a>,
    entries: std::vec::IntoIter<Entry<'d>>,
    trouble: Option<Error>,
    part: Part,
    is_union: bool,
    syntax: Syntax,
    /// Where it starts and ends, in bytes from the start of the node.
    base: u64,
    end: Option<u64>,
    discriminant: Option<Discriminant>,
    items: Vec<Item>,
}

/// What a frame is of.
enum Part {
    /// The node itself.
    Whole,
    /// A member that is a structure or union without a name, which is shown with it.
    Member(Box<Member>),
    /// The variants of a structure.
    Variants,
    /// One of them, and where the discriminant is.
    Variant(Variant, Option<Extent>),
}

/// What tells variants apart.
struct Discriminant {
    numbers: Numbers,
    extent: Option<Extent>,
}

impl Frame<'_, '_> {
    /// All items, holes among them, and what they are the parts of.
    fn finish(self) -> (Vec<Item>, Part) {
        let start = self.base.saturating_mul(8);
        let end = self.end.and_then(|end| end.checked_mul(8));
        let has_variants = self.items.iter().any(|item| matches!(item, Item::Variant(_)));
        let mut items = match &self.part {
            // Room that other variants use is none that this one wastes.
            Part::Variant(_, taken) => with_gaps(self.items, start, None, *taken),
            // Here, everything is in one place.
            Part::Variants => self.items,
            Part::Whole | Part::Member(_) if self.is_union || has_variants => self.items,
            Part::Whole | Part::Member(_) => with_gaps(self.items, start, end, None),
        };
        items.extend(self.trouble.as_ref().map(trouble_item));
        (items, self.part)
    }

    /// Takes a part whose own parts have been read.
    fn take(&mut self, inner: Frame<'_, '_>) {
        let (items, part) = inner.finish();
        match part {
            Part::Member(mut member) => {
                member.body = Some(items);
                self.items.push(Item::Member(*member));
            }
            Part::Variant(mut variant, _) => {
                variant.members = items;
                self.items.push(Item::Variant(variant));
            }
            Part::Whole | Part::Variants => self.items.extend(items),
        }
    }
}

/// The bits that a member takes.
fn known_extent(member: &Member) -> Option<Extent> {
    extent(member).and_then(|(start, end)| Some((start, end?)))
}

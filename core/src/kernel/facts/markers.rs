// SPDX-License-Identifier: GPL-2.0-only
//! What `EXPORT_SYMBOL` leaves in an object since 6.5: the section `.export_symbol`, with a symbol `__export_symbol_NAME` for
//! each export where its licence and namespace stand, a string each.

use object::ReadRef;
use rustc_hash::FxHashSet;

use super::contents::{Contents, Place};
use super::troubles::Troubles;

/// The section.
const SECTION: &str = ".export_symbol";

const SYMBOL_PREFIX: &[u8] = b"__export_symbol_";

/// An export of an object.
pub(super) struct Marker<'data> {
    pub(super) name: &'data [u8],
    pub(super) gpl_only: bool,
    pub(super) namespace: Option<&'data [u8]>,
}

/// Reads all of them.
pub(super) fn read<'data, R: ReadRef<'data>>(
    contents: &Contents<'_, 'data, R>,
    troubles: &mut Troubles,
) -> Vec<Marker<'data>> {
    let sections = contents.image.sections().iter().enumerate();
    let sections = sections.filter(|(_, section)| section.name == SECTION.as_bytes());
    let sections: FxHashSet<_> = sections.map(|(index, _)| index).collect();
    let mut markers = Vec::new();
    if sections.is_empty() {
        return markers;
    }
    for symbol in contents.symbols.iter() {
        let Some(name) = symbol.name.strip_prefix(SYMBOL_PREFIX) else { continue };
        let section = symbol.address.section as usize;
        if !sections.contains(&section) {
            continue;
        }
        let licence = Place { section, offset: symbol.address.value };
        let strings = contents.string(licence).and_then(|text| {
            let behind = symbol.address.value.checked_add(text.len() as u64 + 1)?;
            Some((text, contents.string(Place { section, offset: behind })?))
        });
        let Some((licence, namespace)) = strings else {
            troubles.add_at(".export_symbol: exports without a licence", String::from_utf8_lossy(name));
            continue;
        };
        if !matches!(licence, b"GPL" | b"") {
            troubles.add_at(".export_symbol: exports with an unknown licence", String::from_utf8_lossy(name));
        }
        // What has no known licence is open to nobody else, until it is known to be.
        let gpl_only = !licence.is_empty();
        markers.push(Marker { name, gpl_only, namespace: Some(namespace).filter(|namespace| !namespace.is_empty()) });
    }
    markers
}

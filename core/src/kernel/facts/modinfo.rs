// SPDX-License-Identifier: GPL-2.0-only
//! What a module says of itself: `.modinfo`, and the signature at its end.

use object::ReadRef;

use super::Module;
use super::contents::Contents;
use super::troubles::Troubles;

/// What a module begins with that the kernel loads: `struct module`.
pub(super) const THIS_MODULE: &str = ".gnu.linkonce.this_module";

/// The last bytes of a signed module (`MODULE_SIG_STRING`).
const SIGNED: &[u8] = b"~Module signature appended~\n";

/// The longest name of a module and a NUL, on machines of 32 bits (`MODULE_NAME_LEN`).
const LONGEST_NAME: usize = 60;

/// The texts of `.modinfo`, with their keys, in their order.
pub(super) fn read<'data, R: ReadRef<'data>>(
    contents: &Contents<'_, 'data, R>,
    troubles: &mut Troubles,
) -> Vec<(String, String)> {
    let section = contents.named(".modinfo").unwrap_or_else(|error| {
        troubles.add(error);
        None
    });
    let texts = section.unwrap_or_default().split(|&byte| byte == 0).filter(|text| !text.is_empty());
    let texts = texts.map(|text| {
        let text = String::from_utf8_lossy(text);
        let (key, value) = text.split_once('=').unwrap_or((&text, ""));
        (key.to_owned(), value.to_owned())
    });
    texts.collect()
}

/// What a module says, given its `.modinfo`.
pub(super) fn module<'data, R: ReadRef<'data>>(
    contents: &Contents<'_, 'data, R>,
    info: Vec<(String, String)>,
    troubles: &mut Troubles,
) -> Module {
    let all = |wanted: &'static str| info.iter().filter(move |(key, _)| key == wanted).map(|(_, value)| value.clone());
    // Where a key comes twice, the kernel takes the first.
    let first = |wanted| all(wanted).next();
    let name = first("name").or_else(|| name_of_structure(contents)).unwrap_or_else(|| {
        if !contents.image.is_debug_file() {
            troubles.add("the module does not say its name");
        }
        String::new()
    });
    Module {
        name,
        vermagic: first("vermagic"),
        licence: first("license"),
        depends: all("depends").flat_map(|names| split_list(&names)).collect(),
        imported_namespaces: all("import_ns").collect(),
        signed: is_signed(contents),
        info,
    }
}

fn split_list(names: &str) -> Vec<String> {
    names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The name in `struct module`, behind its state and the two pointers of a list. Older kernels have it nowhere else.
fn name_of_structure<'data, R: ReadRef<'data>>(contents: &Contents<'_, 'data, R>) -> Option<String> {
    let structure = contents.named(THIS_MODULE).ok()??;
    let name = structure.get(if contents.image.is_64() { 24 } else { 12 }..)?;
    let end = name.iter().take(LONGEST_NAME).position(|&byte| byte == 0)?;
    let name = str::from_utf8(&name[..end]).ok()?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    is_name.then(|| name.to_owned())
}

fn is_signed<'data, R: ReadRef<'data>>(contents: &Contents<'_, 'data, R>) -> bool {
    let size = SIGNED.len() as u64;
    let start = contents.image.len().checked_sub(size);
    start.and_then(|start| contents.image.bytes(start, size)) == Some(SIGNED)
}

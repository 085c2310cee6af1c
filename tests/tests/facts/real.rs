// SPDX-License-Identifier: GPL-2.0-only
//! The vmlinux and the modules of a real kernel, against what its build recorded.
//!
//! They lie beside the project, in `../shared/kernel`, with the README that tells how the kernel was built.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;

use kabiscope::kernel::facts::{Facts, Kind};
use kabiscope::object::Image;
use object::{Object as _, ObjectSection as _, ReadCache, ReadCacheOps};
use walkdir::WalkDir;

/// As `modinfo` tells it of that kernel's modules.
const VERMAGIC: &str = "7.3.4 SMP preempt mod_unload modversions ";

/// What `Module.symvers` says of exports, and what is read: version, whether for GPL-compatible modules only, and namespace.
type Exports = BTreeMap<String, (Option<u32>, bool, String)>;

/// The exports of each module, `vmlinux` among them.
fn symvers() -> Option<BTreeMap<String, Exports>> {
    let text = fs::read_to_string(kabiscope_tests::shared("kernel/Module.symvers")?).expect("it can be read");
    let mut modules = BTreeMap::<_, Exports>::new();
    for line in text.lines() {
        let [version, name, module, licence, namespace] =
            line.split('\t').collect::<Vec<_>>().try_into().expect("five columns");
        let version = version.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
        assert!(version.is_some(), "{line}");
        let export = (version, licence == "EXPORT_SYMBOL_GPL", namespace.to_owned());
        assert!(matches!(licence, "EXPORT_SYMBOL" | "EXPORT_SYMBOL_GPL"));
        modules.entry(module.to_owned()).or_default().insert(name.to_owned(), export);
    }
    Some(modules)
}

fn exports(facts: &Facts) -> Exports {
    let exports = facts.exports.iter().map(|export| {
        let name = String::from_utf8_lossy(&export.name).into_owned();
        let recorded = export.recorded.map(|version| version.0);
        (name, (recorded, export.gpl_only, export.namespace.clone().unwrap_or_default()))
    });
    exports.collect()
}

#[test]
fn modules() {
    let Some(symvers) = symvers() else { return };
    let folder = kabiscope_tests::kernel::modules(env!("CARGO_TARGET_TMPDIR")).expect("it can be unpacked");
    let Some(folder) = folder else { return };
    let all: BTreeMap<_, _> = symvers.values().flatten().collect();
    let files = WalkDir::new(&folder).into_iter().map(|file| file.expect("it can be read").into_path());
    let modules: Vec<_> = files.filter(|path| path.extension().is_some_and(|extension| extension == "ko")).collect();
    assert_eq!(modules.len(), 14);
    for path in modules {
        let data = fs::read(&path).expect("it can be read");
        let facts = Facts::read(&Image::parse(data.as_slice()).expect("an ELF file")).expect("a module");
        let module = path.strip_prefix(&folder).expect("it is there").with_extension("").display().to_string();
        assert_eq!(facts.troubles, Vec::<String>::new(), "{module}");
        assert_eq!((facts.kind, &*facts.architecture), (Kind::Module, "x86_64"));
        assert_eq!(exports(&facts), symvers.get(&module).cloned().unwrap_or_default(), "{module}");
        assert!(facts.exports.iter().all(|export| export.definition.is_some()));
        for import in &facts.imports {
            let name = String::from_utf8_lossy(&import.name).into_owned();
            assert_eq!(import.recorded.map(|version| version.0), all[&name].0, "{module}: {name}");
        }

        let name = path.file_stem().expect("a module has a name").to_string_lossy().replace('-', "_");
        let about = facts.module.expect("it is a module");
        assert_eq!((about.name, about.signed), (name, false));
        assert_eq!(facts.release.as_deref(), Some("7.3.4"));
        assert_eq!(about.vermagic.as_deref(), Some(VERMAGIC));
        assert_eq!(facts.build_id.map(|id| id.len()), Some(20));
    }
}

#[test]
fn vmlinux() {
    let Some(symvers) = symvers() else { return };
    let path = kabiscope_tests::kernel::vmlinux(env!("CARGO_TARGET_TMPDIR")).expect("it can be unpacked");
    let Some(path) = path else { return };
    let data = fs::read(path).expect("it can be read");

    let facts = Facts::read(&Image::parse(data.as_slice()).expect("an ELF file")).expect("a vmlinux");
    assert_eq!(facts.troubles, Vec::<String>::new());
    assert_eq!((facts.kind, &*facts.architecture), (Kind::Vmlinux, "x86_64"));
    assert_eq!(facts.release.as_deref(), Some("7.3.4"));
    assert_eq!(facts.vermagic.as_deref(), Some(VERMAGIC));
    assert_eq!(facts.compiler.as_deref(), Some("gcc (Debian 12.2.0-14+deb12u1) 12.2.0"));
    assert_eq!(exports(&facts), symvers["vmlinux"]);
    assert!(facts.exports.iter().all(|export| export.definition.is_some()));
    // As readelf counts them.
    let is_function =
        |export: &&kabiscope::kernel::facts::Export| export.definition.is_some_and(|one| one.is_function == Some(true));
    assert_eq!(facts.exports.iter().filter(is_function).count(), 12_217);

    read_on_demand(&data, &facts);
}

/// From a source that reads what is asked for: no DWARF is, and little else, in few pieces.
fn read_on_demand(data: &[u8], expected: &Facts) {
    let reads = RefCell::new(Vec::new());
    let cache = ReadCache::new(Source { data, position: 0, reads: &reads });
    let facts = Facts::read(&Image::parse(&cache).expect("an ELF file")).expect("a vmlinux");
    assert_eq!(facts, *expected);

    let file = object::File::parse(data).expect("an ELF file");
    let reads = reads.take();
    for section in file.sections() {
        let Some((offset, size)) = section.file_range() else { continue };
        if section.name().is_ok_and(|name| name.starts_with(".debug")) {
            let touching = reads.iter().find(|read| read.start < offset + size && offset < read.end);
            assert_eq!(touching, None, "{:?}", section.name());
        }
    }
    assert!(reads.len() <= 32, "{} reads", reads.len());
    let total: u64 = reads.iter().map(|read| read.end - read.start).sum();
    assert!(total < 16 << 20, "{total} bytes");
}

/// A source that remembers what was read.
struct Source<'a> {
    data: &'a [u8],
    position: usize,
    reads: &'a RefCell<Vec<Range<u64>>>,
}

impl ReadCacheOps for Source<'_> {
    fn len(&mut self) -> Result<u64, ()> {
        Ok(self.data.len() as u64)
    }

    fn seek(&mut self, position: u64) -> Result<u64, ()> {
        self.position = usize::try_from(position).map_err(drop)?;
        Ok(position)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ()> {
        self.read_exact(buffer).map(|()| buffer.len())
    }

    fn read_exact(&mut self, buffer: &mut [u8]) -> Result<(), ()> {
        let end = self.position.checked_add(buffer.len()).ok_or(())?;
        buffer.copy_from_slice(self.data.get(self.position..end).ok_or(())?);
        self.reads.borrow_mut().push(self.position as u64..end as u64);
        self.position = end;
        Ok(())
    }
}

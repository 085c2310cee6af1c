// SPDX-License-Identifier: GPL-2.0-only
//! What the fuzz targets share.
//!
//! An object is read as the command reads it, with all that can be asked about it. There is nothing to compare the result
//! with: what is looked for is a panic, memory without bound, and work without end.

use arbitrary::Arbitrary;
use kabiscope::abi::Abi;
use kabiscope::dwarf::Sections;
use kabiscope::kernel::ExportList;
use kabiscope::kernel::facts::Facts;
use kabiscope::linked::{Speakers, Units, Wanted};
use kabiscope::object::Image;
use kabiscope::session::Session;
use kabiscope::types::DieDump;

/// An object to start from, with its exports. They are the fixtures of the tests.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    /// The object file.
    pub object: &'static [u8],
    /// The list of its exports.
    pub exports: &'static [u8],
}

macro_rules! seeds {
    ($($name:literal),* $(,)?) => {
        [$(Seed {
            object: include_bytes!(concat!("../../tests/fixtures/", $name, "/object.o")),
            exports: include_bytes!(concat!("../../tests/fixtures/", $name, "/exports")),
        }),*]
    };
}

/// One object of each kind: architectures, compilers, versions of DWARF, kinds of linking.
pub const SEEDS: [Seed; 12] = seeds![
    "aliases",
    "basics",
    "basics-arm",
    "basics-clang",
    "basics-dwarf64",
    "basics-mips",
    "basics-riscv64",
    "basics-type-units",
    "dwz",
    "kabi",
    "pointers",
    "rust",
];

/// What is asked about an object.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub struct Options {
    /// Whether kABI rules and `__kabi_` members have effect.
    pub stable: bool,
    /// Whether all dumps are made as well.
    pub dump: bool,
}

/// Reads an object.
pub fn read(object: &[u8], exports: &[u8], options: Options) {
    let Ok(exports) = ExportList::parse(exports) else { return };
    let mut session = Session::new(exports, options.stable);
    let mut dies = if options.dump { DieDump::with_offsets() } else { DieDump::off() };
    let Ok(types) = session.read_object(object, None, &mut dies) else { return };
    if options.dump {
        types.symtypes(session.exports());
        for symbol in types.symbols() {
            // Whatever is wrong was met by the version already.
            let _ = types.expanded_string(session.exports(), symbol);
        }
    }
}

/// Reads a kernel, a module or an object: what it says of itself, and what its units answer.
pub fn read_image(file: &[u8]) {
    let Ok(image) = Image::parse(file) else { return };
    let Ok(facts) = Facts::read(&image) else { return };
    let mut abi = Abi::new(String::new(), &facts);
    let Ok(sections) = Sections::read(&image) else { return };
    let Ok(units) = Units::new(&sections, None, facts.kind, None) else { return };
    let wanted = Wanted::new(&facts.exports);
    let mut speakers = Speakers::new(&facts.exports);
    for unit in units.ranges() {
        match units.claims(unit, &wanted) {
            Ok(claims) => speakers.hear(&claims),
            Err(_) => speakers.miss(),
        }
    }
    let mut plan = units.plan(speakers);
    let _ = plan.locate_trimmed(&image, &facts.exports);
    for planned in &plan.units {
        abi.take(&units.answers(planned, &facts.exports));
        let _ = units.symtypes(planned, &facts.exports);
    }
    for (export, silence) in &plan.silent {
        abi.take(&units.explain(*export, silence));
    }
    // Nobody is left without an answer.
    assert!(abi.exports.iter().all(|export| export.computed.is_some() || export.error.is_some()));
}

// SPDX-License-Identifier: GPL-2.0-only
//! Where a file's debugging information is: in itself, in a file that it was split off into, and, of what `dwz` took out of
//! several, in a supplementary file.

use std::path::{Path, PathBuf};

use kabiscope::Error;
use kabiscope::object::{DebugLink, Image};

use super::Input;
use crate::failure::{Trouble, describe};

/// Where distributions install debugging information.
const DEBUG_ROOT: &str = "/usr/lib/debug";

/// The files that hold the debugging information of another.
pub(crate) struct DebugFiles {
    /// If it is not in the file itself.
    separate: Option<Input>,
    supplementary: Option<Input>,
}

impl DebugFiles {
    /// Finds those of `file`. `given` is a file that holds its debugging information, or a folder of such files, laid out as
    /// `/usr/lib/debug` is, or all in one place.
    pub(crate) fn find(file: &Input, given: Option<&Path>) -> Result<Self, Trouble> {
        let image = parse(file)?;
        let separate = match given {
            Some(given) if !given.is_dir() => Some(open_given(file, &image, given)?),
            _ if has_debug_info(&image) => None,
            _ => Some(search(file, &image, given.unwrap_or(Path::new(DEBUG_ROOT)))?),
        };
        let debug = separate.as_ref().unwrap_or(file);
        let supplementary = find_supplementary(debug, &parse(debug)?)?;
        Ok(Self { separate, supplementary })
    }

    /// The bytes that hold the debugging information of `file`: those of the file itself or of another.
    pub(crate) fn debug<'f>(&'f self, file: &'f Input) -> &'f [u8] {
        self.separate.as_ref().unwrap_or(file).bytes()
    }

    /// The bytes of the supplementary file.
    pub(crate) fn supplementary(&self) -> Option<&[u8]> {
        self.supplementary.as_ref().map(Input::bytes)
    }
}

fn parse(file: &Input) -> Result<Image<'_>, Trouble> {
    Image::parse(file.bytes()).map_err(|error| Trouble::with(file.path(), &error))
}

/// A section that cannot be read is there: what is wrong with it is told when it is needed.
fn has_debug_info(image: &Image<'_>) -> bool {
    image.section_size(".debug_info").map_or(true, |size| size > 0)
}

/// How a file that might hold the debugging information of another fits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// It does.
    Right,
    /// It is of another build.
    OtherBuild,
    /// Neither build-ids nor a checksum tell.
    Unknown,
}

impl Fit {
    fn of(image: &Image<'_>, debug: &Image<'_>, link: Option<&DebugLink<'_>>, debug_bytes: &[u8]) -> Self {
        let is_right = match (image.build_id(), debug.build_id(), link) {
            (Some(one), Some(other), _) => one == other,
            (.., Some(link)) => crc32fast::hash(debug_bytes) == link.crc,
            _ => return Self::Unknown,
        };
        if is_right { Self::Right } else { Self::OtherBuild }
    }
}

/// The file that the user says it is.
fn open_given(file: &Input, image: &Image<'_>, given: &Path) -> Result<Input, Trouble> {
    let debug = Input::open(given)?;
    let debug_image = parse(&debug)?;
    if !has_debug_info(&debug_image) {
        return Err(Trouble::with(given, &Error::NoDebugInfo));
    }
    // The user may have a copy that was changed since, so that a checksum would tell nothing.
    match Fit::of(image, &debug_image, None, debug.bytes()) {
        Fit::OtherBuild => {
            let text = format!("of another build than {}: their build-ids differ", file.path().display());
            Err(Trouble::new(given.display(), text).hint("give the debugging information of the very same build"))
        }
        Fit::Right | Fit::Unknown => Ok(debug),
    }
}

/// Looks where such files are, in `root` and beside `file`.
fn search(file: &Input, image: &Image<'_>, root: &Path) -> Result<Input, Trouble> {
    let link = image.debug_link();
    let mut of_another_build = None;
    let places = places(file.path(), image.build_id(), link.as_ref(), root);
    for place in &places {
        // Most of these places do not exist, and what else lies there is nobody's concern.
        let Ok(debug) = Input::open(place) else { continue };
        let Ok(debug_image) = parse(&debug) else { continue };
        if !has_debug_info(&debug_image) {
            continue;
        }
        match Fit::of(image, &debug_image, link.as_ref(), debug.bytes()) {
            Fit::Right => return Ok(debug),
            Fit::OtherBuild => of_another_build = of_another_build.or(Some(place)),
            Fit::Unknown => {}
        }
    }
    let path = file.path().display();
    Err(match (of_another_build, places.first()) {
        (Some(place), _) => {
            let text = format!("no debugging information, and {} is of another build", place.display());
            Trouble::new(path, text)
                .hint("install the debugging information of the very same build, or give it by --debug-file")
        }
        (None, Some(place)) => {
            let hint = format!("install it, as {}, or give it by --debug-file", place.display());
            Trouble::new(path, Error::NoDebugInfo).hint(hint)
        }
        (None, None) => Trouble::with(file.path(), &Error::NoDebugInfo),
    })
}

/// Where the debugging information of the file at `path` may be, the surest place first.
fn places(path: &Path, build_id: Option<&[u8]>, link: Option<&DebugLink<'_>>, root: &Path) -> Vec<PathBuf> {
    let mut places = Vec::new();
    if let Some((first, rest)) = build_id.and_then(<[u8]>::split_first) {
        let rest: String = rest.iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{first:02x}/{rest}.debug");
        places.extend([root.join(".build-id").join(&name), root.join(&name)]);
    }
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new(""));
    // /usr/lib/debug has the folders of the system once more.
    let in_root = root.join(folder.strip_prefix("/").unwrap_or(folder));
    let linked = link.and_then(|link| std::str::from_utf8(link.file).ok()).map(Path::new);
    // No link leads out of the folder.
    if let Some(name) = linked.and_then(Path::file_name) {
        places.extend([folder, &folder.join(".debug"), &in_root, root].map(|folder| folder.join(name)));
    }
    if let Some(name) = path.file_name() {
        let mut with_extension = name.to_owned();
        with_extension.push(".debug");
        places.extend([&in_root, root].iter().flat_map(|folder| [folder.join(name), folder.join(&with_extension)]));
    }
    places.retain(|place| *place != path);
    places
}

/// The file that holds what `dwz` took out of `debug` and others.
fn find_supplementary(debug: &Input, image: &Image<'_>) -> Result<Option<Input>, Trouble> {
    let Some(link) = image.supplementary_file() else { return Ok(None) };
    let name = String::from_utf8_lossy(link.path);
    let is_it = |file: &Input| parse(file).is_ok_and(|image| link.matches(&image));
    // The folder that it is said from is that of the file, or that which a link in .build-id leads to.
    let real = debug.path().canonicalize();
    let of_folder = |path: &Path| path.parent().unwrap_or(Path::new("")).join(&*name);
    let mut places = vec![of_folder(debug.path())];
    places.extend(real.ok().map(|path| of_folder(&path)).filter(|place| *place != places[0]));
    let mut opened = places.iter().map(|place| Input::open(place));
    match opened.find(|file| file.as_ref().is_ok_and(is_it)) {
        Some(found) => found.map(Some),
        None => {
            let trouble = match std::fs::metadata(&places[0]) {
                Ok(_) => Trouble::new(places[0].display(), Error::OtherSupplementary),
                Err(error) => {
                    let text = format!(
                        "its supplementary file {} cannot be opened: {}",
                        places[0].display(),
                        describe(&error)
                    );
                    Trouble::new(debug.path().display(), text)
                }
            };
            Err(trouble.hint(Error::OtherSupplementary.hint().unwrap_or_default()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use object::write::Object;
    use object::{Architecture, BinaryFormat, Endianness, SectionKind};

    use super::*;

    /// An ELF file with some sections.
    fn elf(sections: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        for (name, data) in sections {
            let kind = if name.starts_with(".note") { SectionKind::Note } else { SectionKind::Other };
            let section = object.add_section(Vec::new(), name.as_bytes().to_vec(), kind);
            object.append_section_data(section, data, 1);
        }
        object.write().expect("a small object")
    }

    fn build_id(id: [u8; 4]) -> (&'static str, Vec<u8>) {
        (".note.gnu.build-id", [&[4, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0], &b"GNU\0"[..], &id].concat())
    }

    fn debug_info() -> (&'static str, Vec<u8>) {
        (".debug_info", vec![1])
    }

    fn debug_link(name: &str, crc: u32) -> (&'static str, Vec<u8>) {
        let mut data = [name.as_bytes(), b"\0"].concat();
        data.resize(data.len().next_multiple_of(4), 0);
        (".gnu_debuglink", [data, crc.to_le_bytes().to_vec()].concat())
    }

    fn alt_link(name: &str, id: [u8; 4]) -> (&'static str, Vec<u8>) {
        (".gnu_debugaltlink", [name.as_bytes(), b"\0", &id].concat())
    }

    const ID: [u8; 4] = [0xab, 0xcd, 0xef, 0x01];
    const OTHER: [u8; 4] = [0xab, 0xcd, 0xef, 0x02];

    /// Files in a folder of their own.
    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new(files: &[(&str, &[u8])]) -> Self {
            let folder = Self(tempfile::tempdir().expect("a folder"));
            for (name, data) in files {
                let path = folder.path(name);
                fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a folder");
                fs::write(path, data).expect("a file");
            }
            folder
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        /// What holds the debugging information of `file` in the folder, and the supplementary file; or what is wrong.
        fn find(&self, file: &str, given: &str) -> Result<(Vec<u8>, Option<Vec<u8>>), String> {
            let file = Input::open(&self.path(file)).map_err(|trouble| trouble.text)?;
            let found = DebugFiles::find(&file, Some(&self.path(given))).map_err(|trouble| trouble.text)?;
            Ok((found.debug(&file).to_vec(), found.supplementary().map(<[u8]>::to_vec)))
        }
    }

    #[test]
    fn in_the_file_itself() {
        let whole = elf(&[build_id(ID), debug_info()]);
        let folder = Folder::new(&[("m.ko", &whole), ("debug/m.ko", &elf(&[build_id(OTHER), debug_info()]))]);
        assert_eq!(folder.find("m.ko", "debug"), Ok((whole, None)));
    }

    #[test]
    fn given_by_hand() {
        let debug = elf(&[build_id(ID), debug_info()]);
        let folder = Folder::new(&[
            ("m.ko", &elf(&[build_id(ID)])),
            ("nameless.ko", &elf(&[])),
            ("right", &debug),
            ("other", &elf(&[build_id(OTHER), debug_info()])),
            ("empty", &elf(&[build_id(ID)])),
            ("text", b"text"),
        ]);
        assert_eq!(folder.find("m.ko", "right"), Ok((debug.clone(), None)));
        // Without a build-id, the user's word has to do.
        assert_eq!(folder.find("nameless.ko", "right"), Ok((debug, None)));
        let wrong = |given| folder.find("m.ko", given).expect_err("it is the wrong file");
        let expect = format!("of another build than {}: their build-ids differ", folder.path("m.ko").display());
        assert_eq!(wrong("other"), expect);
        assert_eq!(wrong("empty"), "no debugging information");
        assert_eq!(wrong("text"), "it is text");
        assert_eq!(wrong("missing"), "No such file or directory");
    }

    #[test]
    fn by_build_id() {
        let debug = elf(&[build_id(ID), debug_info()]);
        for place in ["debug/.build-id/ab/cdef01.debug", "debug/ab/cdef01.debug", "debug/m.ko", "debug/m.ko.debug"] {
            let folder = Folder::new(&[("m.ko", &elf(&[build_id(ID)])), (place, &debug)]);
            assert_eq!(folder.find("m.ko", "debug"), Ok((debug.clone(), None)), "{place}");
        }
    }

    #[test]
    fn by_debug_link() {
        let debug = elf(&[debug_info()]);
        let crc = crc32fast::hash(&debug);
        for place in ["the.debug", ".debug/the.debug", "debug/the.debug"] {
            let folder = Folder::new(&[
                ("m.ko", &elf(&[debug_link("the.debug", crc)])),
                ("n.ko", &elf(&[debug_link("the.debug", crc ^ 1)])),
                ("out.ko", &elf(&[debug_link("../../the.debug", crc)])),
                ("debug/something", b"else"),
                (place, &debug),
            ]);
            assert_eq!(folder.find("m.ko", "debug"), Ok((debug.clone(), None)), "{place}");
            assert_eq!(folder.find("out.ko", "debug"), Ok((debug.clone(), None)), "{place}");
            let expect = format!("no debugging information, and {} is of another build", folder.path(place).display());
            assert_eq!(folder.find("n.ko", "debug"), Err(expect));
        }
    }

    #[test]
    fn of_the_same_path_below_the_root() {
        let debug = elf(&[build_id(ID), debug_info()]);
        let folder = Folder::new(&[("lib/m.ko", &elf(&[build_id(ID)])), ("debug/something", b"else")]);
        let lib = folder.path("lib").canonicalize().expect("it is there");
        let in_root = folder.path("debug").join(lib.strip_prefix("/").expect("it is whole"));
        fs::create_dir_all(&in_root).expect("a folder");
        fs::write(in_root.join("m.ko"), &debug).expect("a file");
        assert_eq!(folder.find("lib/m.ko", "debug"), Ok((debug, None)));
    }

    #[test]
    fn nowhere() {
        let folder = Folder::new(&[("m.ko", &elf(&[build_id(ID)])), ("debug/something", b"else")]);
        let file = Input::open(&folder.path("m.ko")).expect("an ELF file");
        let Err(trouble) = DebugFiles::find(&file, Some(&folder.path("debug"))) else { unreachable!("there is none") };
        let place = folder.path("debug/.build-id/ab/cdef01.debug");
        assert_eq!(trouble.text, "no debugging information");
        assert_eq!(trouble.hint, Some(format!("install it, as {}, or give it by --debug-file", place.display())));
    }

    #[test]
    fn supplementary_files() {
        let supplementary = elf(&[build_id(OTHER), debug_info()]);
        let debug = elf(&[build_id(ID), debug_info(), alt_link("../common.debug", OTHER)]);
        let folder = Folder::new(&[
            ("m.ko", &elf(&[build_id(ID)])),
            ("debug/m.debug", &debug),
            ("common.debug", &supplementary),
            ("far/away/m.debug", &debug),
            ("wrong/m.debug", &debug),
            ("wrong/common.debug", &elf(&[build_id(ID), debug_info()])),
        ]);
        let found = Ok((debug.clone(), Some(supplementary)));
        assert_eq!(folder.find("m.ko", "debug/m.debug"), found);
        // Through a link, as in .build-id.
        #[cfg(unix)]
        {
            let link = folder.path("far/away/link.debug");
            std::os::unix::fs::symlink(folder.path("debug/m.debug"), link).expect("a link");
            assert_eq!(folder.find("m.ko", "far/away/link.debug"), found);
        }
        let error = folder.find("m.ko", "far/away/m.debug").expect_err("there is none");
        assert!(error.ends_with("far/away/../common.debug cannot be opened: No such file or directory"), "{error}");
        fs::copy(folder.path("wrong/common.debug"), folder.path("far/common.debug")).expect("a copy");
        let error = folder.find("m.ko", "far/away/m.debug").expect_err("it is of another build");
        assert_eq!(error, "the supplementary debug file is of another build");
    }
}

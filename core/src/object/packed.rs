// SPDX-License-Identifier: GPL-2.0-only
//! What a file is, by its content, and what it is wrapped around: distributions compress modules, and an x86 kernel image holds
//! the kernel's ELF file behind its boot code.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read};
use std::ops::Range;

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use object::read::pe::{ImageNtHeaders, PeFile};
use object::{FileKind, Object as _, ObjectSection as _, pe};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use xz4rust::XzDecoder;

use crate::{Error, Result};

/// Kinds of files, as far as they are told apart here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// An ELF file: vmlinux, module or object.
    Elf,
    /// `Module.symvers`.
    Symvers,
    /// Compressed by `gzip`.
    Gzip,
    /// Compressed by `xz`.
    Xz,
    /// Compressed by `zstd`.
    Zstd,
    /// Compressed by `lz4`, in frames or, as kernels are, in its legacy format.
    Lz4,
    /// Compressed by `bzip2`.
    Bzip2,
    /// Compressed by `lzma`.
    Lzma,
    /// Compressed by `lzop`.
    Lzop,
    /// An x86 kernel image: boot code, and the stripped vmlinux compressed.
    BzImage,
    /// A PE file: an EFI application, among them a unified kernel image.
    Pe,
    /// A raw kernel image, for the architecture.
    RawImage(&'static str),
    /// A raw kernel image, compressed behind an EFI application that unpacks it.
    EfiZboot,
    /// A static library.
    Archive,
    /// LLVM bitcode.
    Bitcode,
    /// Type information in the BPF type format, without the file that it describes.
    Btf,
    /// A `cpio` archive: an initrd.
    Cpio,
    /// Text.
    Text,
    /// Nothing.
    Empty,
    /// Anything else.
    Unknown,
}

impl Format {
    /// What to do about a file of this kind that cannot be used.
    pub fn hint(self) -> &'static str {
        match self {
            Self::RawImage(_) | Self::EfiZboot => {
                "a raw image has neither symbol table nor DWARF: give the vmlinux that it was made from (the distribution's debug package has it)"
            }
            Self::Pe => {
                "of EFI applications, only kernel images are read: give a bzImage, a unified kernel image, or the vmlinux"
            }
            Self::Lzma => "unpack it first: unlzma; for a kernel image, the kernel's scripts/extract-vmlinux does",
            Self::Lzop => "unpack it first: lzop -d; for a kernel image, the kernel's scripts/extract-vmlinux does",
            Self::Archive => "unpack its members: ar x",
            Self::Bitcode => "with LTO, give the linked vmlinux.o or module object, or build without LTO",
            Self::Btf => {
                "versions are computed from DWARF, and exports are listed in the kernel itself: give the vmlinux with debugging information"
            }
            Self::Cpio => "unpack it and give the modules inside: cpio -idm",
            _ => "give a vmlinux, a module, an object or Module.symvers, plain or compressed",
        }
    }
}

/// As in "it is …".
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Elf => "an ELF file",
            Self::Symvers => "a list of symbol versions (Module.symvers)",
            Self::Gzip => "a file compressed by gzip",
            Self::Xz => "a file compressed by xz",
            Self::Zstd => "a file compressed by zstd",
            Self::Lz4 => "a file compressed by lz4",
            Self::Bzip2 => "a file compressed by bzip2",
            Self::Lzma => "a file compressed by lzma",
            Self::Lzop => "a file compressed by lzop",
            Self::BzImage => "an x86 kernel image (bzImage)",
            Self::Pe => "an EFI application or another PE file",
            Self::RawImage(architecture) => return write!(f, "a raw kernel image for {architecture}"),
            Self::EfiZboot => "a compressed raw kernel image (EFI zboot)",
            Self::Archive => "a static library (ar archive)",
            Self::Bitcode => "LLVM bitcode",
            Self::Btf => "BTF type information",
            Self::Cpio => "a cpio archive",
            Self::Text => "text",
            Self::Empty => "empty",
            Self::Unknown => "no kernel file, nor anything else that is known here",
        })
    }
}

/// What can be read further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content<'data> {
    /// An ELF file.
    Elf(Cow<'data, [u8]>),
    /// The text of a `Module.symvers`.
    Symvers(Cow<'data, [u8]>),
}

/// More than any kernel with all its debugging information has.
pub const DEFAULT_LIMIT: u64 = 4 << 30;

/// A kernel image in a compressed file in … is no more than this.
const MOST_LAYERS: usize = 4;

/// What a decoder may take: a dictionary of 256 MiB, four times the one that `xz -9` and twice the one that `zstd --ultra` and
/// the kernel's build ask for, and what it needs beside that.
const DECODER_MEMORY: usize = 288 << 20;

/// What the format of `lz4 -l` begins with, which the kernel's build uses.
const LZ4_LEGACY: &[u8] = &[0x02, 0x21, 0x4c, 0x18];

/// Tells what `data` is.
pub fn recognise(data: &[u8]) -> Format {
    let has = |offset: usize, magic: &[u8]| data.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    // Kernel images first: most of them can pass for a PE file as well.
    if has(0x202, b"HdrS") && has(0x1fe, &[0x55, 0xaa]) {
        return Format::BzImage;
    }
    const MAGIC: [(usize, &[u8], Format); 24] = [
        (0, b"\x7fELF", Format::Elf),
        (0, &[0x1f, 0x8b, 0x08], Format::Gzip),
        (0, &[0xfd, b'7', b'z', b'X', b'Z', 0], Format::Xz),
        (0, &[0x28, 0xb5, 0x2f, 0xfd], Format::Zstd),
        (0, &[0x04, 0x22, 0x4d, 0x18], Format::Lz4),
        (0, LZ4_LEGACY, Format::Lz4),
        (0, b"BZh", Format::Bzip2),
        (0, &[0x89, b'L', b'Z', b'O', 0, b'\r', b'\n', 0x1a, b'\n'], Format::Lzop),
        (4, b"zimg", Format::EfiZboot),
        (56, b"ARM\x64", Format::RawImage("arm64")),
        (56, b"RSC\x05", Format::RawImage("RISC-V")),
        (56, &[0xcd, 0x23, 0x82, 0x81], Format::RawImage("LoongArch")),
        (0x24, &[0x18, 0x28, 0x6f, 0x01], Format::RawImage("ARM")),
        (0x24, &[0x01, 0x6f, 0x28, 0x18], Format::RawImage("ARM")),
        (0x1_0008, b"S390EP", Format::RawImage("s390")),
        (0, b"MZ", Format::Pe),
        (0, b"!<arch>\n", Format::Archive),
        (0, b"!<thin>\n", Format::Archive),
        (0, b"BC\xc0\xde", Format::Bitcode),
        (0, &[0xde, 0xc0, 0x17, 0x0b], Format::Bitcode),
        // Magic number, in either byte order, and version.
        (0, &[0x9f, 0xeb, 1], Format::Btf),
        (0, &[0xeb, 0x9f, 1], Format::Btf),
        (0, b"070701", Format::Cpio),
        (0, b"070702", Format::Cpio),
    ];
    if let Some((.., format)) = MAGIC.iter().find(|(offset, magic, _)| has(*offset, magic)) {
        return *format;
    }
    if data.is_empty() {
        Format::Empty
    } else if is_lzma(data) {
        Format::Lzma
    } else {
        recognise_text(data)
    }
}

/// `lzma` has no magic number: properties that everyone uses, the size of a dictionary that is a power of two, and as size of
/// the data either "unknown" or something reasonable. That is what `xz` asks for.
fn is_lzma(data: &[u8]) -> bool {
    let Some((&[0x5d, a, b, c, d, ref size @ ..], _)) = data.split_first_chunk::<13>() else { return false };
    let size = u64::from_le_bytes(*size);
    u32::from_le_bytes([a, b, c, d]).is_power_of_two() && (size == u64::MAX || size < 1 << 38)
}

fn recognise_text(data: &[u8]) -> Format {
    // Enough to tell; a character may be cut in two at its end.
    let start = data.get(..4096).unwrap_or(data);
    let is_text = match std::str::from_utf8(start) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    if !is_text || start.contains(&0) {
        return Format::Unknown;
    }
    let mut lines = start.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let is_entry = |line: &[u8]| {
        let (version, rest) = line.split_at(line.iter().position(|&byte| byte == b'\t').unwrap_or(0));
        let digits = version.strip_prefix(b"0x").unwrap_or_default();
        !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit) && rest.len() > 1
    };
    if lines.next().is_some_and(is_entry) { Format::Symvers } else { Format::Text }
}

/// Takes off whatever is around the ELF file, or the list of versions, that `data` is or holds.
///
/// # Errors
/// [`Error::Unusable`] for a file that is or holds neither, and [`Error::Unpack`] for a damaged one.
pub fn unpack(data: &[u8]) -> Result<Content<'_>> {
    unpack_within(data, DEFAULT_LIMIT)
}

/// As [`unpack`], with an error if something inside is longer than `limit` bytes.
///
/// # Errors
/// As of [`unpack`].
pub fn unpack_within(data: &[u8], limit: u64) -> Result<Content<'_>> {
    let mut data = Cow::Borrowed(data);
    for _ in 0..MOST_LAYERS {
        let format = recognise(&data);
        data = match format {
            Format::Elf => return Ok(Content::Elf(data)),
            Format::Symvers => return Ok(Content::Symvers(data)),
            Format::BzImage => {
                let payload = boot_payload(&data).map_err(|reason| damaged(format, reason))?;
                part(data, payload)
            }
            Format::Pe => {
                let section = linux_section(&data).ok_or(Error::Unusable(format))?;
                part(data, section)
            }
            _ => Cow::Owned(decompress(format, &data, limit)?),
        };
    }
    Err(damaged(recognise(&data), "it is packed within itself too many times"))
}

#[cold]
fn damaged(format: Format, reason: impl Into<String>) -> Error {
    Error::Unpack { format, reason: reason.into() }
}

/// The bytes of `data` in `range`, which lies within it.
fn part(data: Cow<'_, [u8]>, range: Range<usize>) -> Cow<'_, [u8]> {
    match data {
        Cow::Borrowed(data) => Cow::Borrowed(data.get(range).unwrap_or_default()),
        Cow::Owned(mut data) => {
            data.truncate(range.end);
            data.drain(..range.start);
            Cow::Owned(data)
        }
    }
}

/// Where the compressed vmlinux is in a bzImage: its setup header says so since protocol 2.08 (Linux 2.6.26); see the
/// kernel's `Documentation/arch/x86/boot.rst`.
fn boot_payload(image: &[u8]) -> Result<Range<usize>, &'static str> {
    let number = |offset: usize| image.get(offset..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    let version = number(0x206).unwrap_or_default() & 0xffff;
    if version < 0x208 {
        return Err("its boot protocol is older than 2.08, which does not tell where the kernel is");
    }
    let header = image.get(0x1f1).zip(number(0x248)).zip(number(0x24c));
    let ((&sectors, offset), length) = header.ok_or("its setup header is cut short")?;
    // 0 means 4, for the oldest boot loaders; and the boot sector comes before them.
    let setup = (if sectors == 0 { 4 } else { usize::from(sectors) } + 1) * 512;
    let start = usize::try_from(offset).ok().and_then(|offset| setup.checked_add(offset));
    let end = start.zip(usize::try_from(length).ok()).and_then(|(start, length)| start.checked_add(length));
    let range = start.unwrap_or(usize::MAX)..end.unwrap_or(usize::MAX);
    let payload = image.get(range.clone()).ok_or("the kernel inside is cut short")?;
    // All formats but gzip's, which has it of its own, are followed by the size of what is compressed.
    let appended = if matches!(recognise(payload), Format::Gzip | Format::Elf) { 0 } else { 4 };
    Ok(range.start..range.end.saturating_sub(appended).max(range.start))
}

/// Where the kernel image is in a unified kernel image, see `systemd-stub(7)`.
fn linux_section(image: &[u8]) -> Option<Range<usize>> {
    let range = match FileKind::parse(image).ok()? {
        FileKind::Pe32 => pe_section::<pe::ImageNtHeaders32>(image),
        FileKind::Pe64 => pe_section::<pe::ImageNtHeaders64>(image),
        _ => None,
    }?;
    image.get(range.clone()).map(|_| range)
}

fn pe_section<Pe: ImageNtHeaders>(image: &[u8]) -> Option<Range<usize>> {
    let file = PeFile::<Pe>::parse(image).ok()?;
    let (offset, size) = file.section_by_name(".linux")?.file_range()?;
    let start = usize::try_from(offset).ok()?;
    Some(start..start.checked_add(usize::try_from(size).ok()?)?)
}

fn decompress(format: Format, data: &[u8], limit: u64) -> Result<Vec<u8>> {
    let mut output = Output { data: Vec::new(), limit };
    let read = match format {
        Format::Gzip => output.read(MultiGzDecoder::new(data)),
        Format::Xz => read_xz(data, &mut output),
        Format::Zstd => read_zstd(data, &mut output),
        Format::Lz4 => read_lz4(data, &mut output),
        Format::Bzip2 => output.read(MultiBzDecoder::new(data)),
        _ => return Err(Error::Unusable(format)),
    };
    read.map_err(|error| damaged(format, error.to_string()))?;
    Ok(output.data)
}

/// Data is compressed as one stream or several, with zeros between them.
fn read_xz(mut data: &[u8], output: &mut Output) -> io::Result<()> {
    let mut decoder = XzDecoder::in_heap_with_alloc_dict_size(0, DECODER_MEMORY);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let step = decoder.decode(data, &mut buffer).map_err(io::Error::other)?;
        output.read(buffer.get(..step.output_produced()).unwrap_or_default())?;
        data = data.get(step.input_consumed()..).unwrap_or_default();
        if step.is_end_of_stream() {
            data = &data[data.iter().take_while(|&&byte| byte == 0).count()..];
            if data.is_empty() {
                return Ok(());
            }
            decoder.reset();
        } else if !step.made_progress() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Data is compressed as one frame or several. A frame that ends after any of its blocks passes for a whole one.
fn read_lz4(mut data: &[u8], output: &mut Output) -> io::Result<()> {
    while !data.is_empty() {
        output.read(lz4_flex::frame::FrameDecoder::new(&mut data))?;
    }
    Ok(())
}

/// Data is compressed as one frame or several, with frames between that hold something else.
fn read_zstd(mut data: &[u8], output: &mut Output) -> io::Result<()> {
    while !data.is_empty() {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(DECODER_MEMORY as u64);
        match StreamingDecoder::new_with_decoder(&mut data, &mut decoder) {
            Ok(reader) => output.read(reader)?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                data = usize::try_from(length).ok().and_then(|length| data.get(length..)).unwrap_or_default();
                continue;
            }
            Err(error) => return Err(io::Error::other(error)),
        }
        let checksum = decoder.get_checksum_from_data();
        if checksum.is_some() && checksum != decoder.get_calculated_checksum() {
            return Err(io::Error::other("its checksum is wrong"));
        }
    }
    Ok(())
}

/// What was unpacked so far, and how much it may become.
struct Output {
    data: Vec<u8>,
    limit: u64,
}

impl Output {
    fn read(&mut self, reader: impl Read) -> io::Result<()> {
        let left = self.limit.saturating_sub(self.data.len() as u64);
        reader.take(left.saturating_add(1)).read_to_end(&mut self.data)?;
        if self.data.len() as u64 > self.limit {
            return Err(io::Error::other(format!("more than {} bytes are in it", self.limit)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = b"\x7fELF, or so it seems: to be packed, packed, packed, packed";

    /// What the tools make of it: `gzip -9n`, `xz`, `xz --x86 --lzma2=preset=6 --check=crc32`,
    /// `xz --check=sha256`, `zstd -19`, `lz4 -9`, `lz4 -l`, `bzip2`.
    const PACKED: [(Format, &[u8]); 8] = [
        (Format::Gzip, b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xabw\xf5q\xd3Q\xc8/R(\xceW\xc8,Q(NM\xcd-\xb6R(\xc9WHJU(HL\xceNM\xd1\xc1A\x03\0\xd8{^U:\0\0\0"),
        (Format::Xz, b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4F\x02\0!\x01\x16\0\0\0t/\xe5\xa3\xe0\09\0*]\0?\x91E\x84i\xb8=\xa3\xe4;\x1d5l\xe8\xb7\xe2\xcd\x9b\xbd\x9e\xf0\x84\x09.\xba`\x04\x10p\xca&\xaf\xe4]S\"\xfd\xbe!-\0\0\0\0\0\xc4 x\x8b\xc1<\x7f>\0\x01F:\x1a\x84\xa9@\x1f\xb6\xf3}\x01\0\0\0\0\x04YZ"),
        (Format::Xz, b"\xfd7zXZ\0\0\x01i\"\xde6\x02\x01\x04\0!\x01\x16\0\x0d\x865\x1f\xe0\x009\0*]\0?\x91E\x84i\xb8=\xa3\xe4;\x1d5l\xe8\xb7\xe2\xcd\x9b\xbd\x9e\xf0\x84\x09.\xba`\x04\x10p\xca&\xaf\xe4]S\"\xfd\xbe!-\0\0\0\0\0\xd8{^U\0\x01B:\x1eA\xc5$\x90B\x99\x0d\x01\0\0\0\0\x01YZ"),
        (Format::Xz, b"\xfd7zXZ\0\0\x0a\xe1\xfb\x0c\xa1\x02\0!\x01\x16\0\0\0t/\xe5\xa3\xe0\x009\0*]\0?\x91E\x84i\xb8=\xa3\xe4;\x1d5l\xe8\xb7\xe2\xcd\x9b\xbd\x9e\xf0\x84\x09.\xba`\x04\x10p\xca&\xaf\xe4]S\"\xfd\xbe!-\0\0\0\0\0\xe6\xa1\xb0x\xb77\xad>\xe1\x97\x92_\xda-\xb0\xe9\xe2\"\x98YmN\xbe\xe2\xb4g\x8c\x90\x96(k0\0\x01^:C\x1c\xb2\xc2\x18\x9bK\x9a\x01\0\0\0\0\x0aYZ"),
        (Format::Zstd, b"(\xb5/\xfd\x04hU\x01\x004\x02\x7fELF, or so it seems: to be packed,\x01\0[\xdf'\xb7\xa1P\x85"),
        (Format::Lz4, b"\x04\"M\x18d@\xa7-\0\0\0\xfe\x14\x7fELF, or so it seems: to be packed,\x08\0Packed\0\0\0\0\xb0\xa4>\x08"),
        (Format::Lz4, b"\x02!L\x18-\0\0\0\xfe\x14\x7fELF, or so it seems: to be packed,\x08\0Packed"),
        (Format::Bzip2, b"BZh91AY&SY\xc4\x18\xcdn\0\0\x1c\x9d\x80@\x04\0\x10\x03\x04>*\xdc\0\xa0\0!)52\x1a6\x9a\x9e(S\x09\xa6\x80\xd3\x13b\xfbd\x98\xe7\xb6I\xadj\x81\xb6\x0c\x0f!\x9e1\0\xaf{\xa1\x14\xa5Y\xff\x17rE8P\x90\xc4\x18\xcdn"),
    ];

    /// What `xz --format=lzma` makes of it begins so.
    const LZMA: &[u8] = b"]\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0?\x91E\x84i\xb8=\xa3\xe4;";

    #[track_caller]
    fn check(data: &[u8], expect: &[u8]) {
        assert_eq!(unpack(data), Ok(Content::Elf(expect.into())));
    }

    #[test]
    fn plain_files_stay_borrowed() {
        assert!(matches!(unpack(PLAIN), Ok(Content::Elf(Cow::Borrowed(PLAIN)))));
    }

    #[test]
    fn compressed_files() {
        for (format, data) in PACKED {
            assert_eq!(recognise(data), format);
            check(data, PLAIN);
        }
    }

    /// As `gzip`, `xz`, `zstd`, `lz4` and `bzip2` have it: one after the other is as good as one.
    #[test]
    fn compressed_in_several_pieces() {
        for (_, data) in PACKED {
            // Of that one it is not so.
            if !data.starts_with(LZ4_LEGACY) {
                check(&[data, data].concat(), &[PLAIN, PLAIN].concat());
            }
        }
        let (_, xz) = PACKED[1];
        check(&[xz, &[0; 8], xz, &[0; 4]].concat(), &[PLAIN, PLAIN].concat());
        let skipped = b"\x50\x2a\x4d\x18\x03\0\0\0abc";
        let (_, zstd) = PACKED[4];
        check(&[zstd, skipped, zstd].concat(), &[PLAIN, PLAIN].concat());
    }

    #[test]
    fn damaged_and_too_long() {
        for (format, data) in PACKED {
            let is_refused = |result: Result<Content<'_>>| matches!(result, Err(Error::Unpack { format: found, .. }) if found == format);
            assert!(unpack_within(data, PLAIN.len() as u64).is_ok(), "{format}");
            assert!(is_refused(unpack_within(data, PLAIN.len() as u64 - 1)), "{format}");
            for end in data.len() / 2..data.len() {
                // The legacy format of `lz4` has no mark at its end.
                let is_whole = unpack(&data[..end]) == Ok(Content::Elf(PLAIN.into()));
                assert!(is_whole || is_refused(unpack(&data[..end])), "{format}, {end} bytes of {}", data.len());
            }
            for index in 0..data.len() {
                let mut damaged = data.to_vec();
                damaged[index] ^= 0x10;
                // No matter what it says, but it comes to an end.
                let _ = unpack_within(&damaged, 1 << 20);
            }
        }
    }

    #[test]
    fn packed_again_and_again() {
        use std::io::Write as _;
        let mut data = PLAIN.to_vec();
        for layer in 1..=MOST_LAYERS {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&data).expect("a vector can be written to");
            data = encoder.finish().expect("a vector can be written to");
            assert_eq!(unpack(&data).is_ok(), layer < MOST_LAYERS, "{layer} layers");
        }
    }

    /// A setup header of two sectors as `Documentation/arch/x86/boot.rst` lays it out, and the payload behind it.
    fn bz_image(payload: &[u8]) -> Vec<u8> {
        let mut image = vec![0; 3 * 512];
        image[..2].copy_from_slice(b"MZ");
        image[0x1f1] = 2;
        image[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
        image[0x202..0x208].copy_from_slice(b"HdrS\x0f\x02");
        image[0x248..0x24c].copy_from_slice(&5_u32.to_le_bytes());
        image[0x24c..0x250].copy_from_slice(&u32::try_from(payload.len()).expect("a small payload").to_le_bytes());
        [&image, &b"_code"[..], payload, b"more code"].concat()
    }

    #[test]
    fn x86_kernel_images() {
        for (format, data) in PACKED {
            let size = u32::try_from(PLAIN.len()).expect("a small payload").to_le_bytes();
            let appended = if format == Format::Gzip { &[][..] } else { &size };
            let image = bz_image(&[data, appended].concat());
            assert_eq!(recognise(&image), Format::BzImage);
            check(&image, PLAIN);
        }
        check(&bz_image(PLAIN), PLAIN);
    }

    #[test]
    fn damaged_kernel_images() {
        let reason = |image: &[u8]| match unpack(image) {
            Err(Error::Unpack { format: Format::BzImage, reason }) => reason,
            other => format!("{other:?}"),
        };
        let image = bz_image(PLAIN);
        let with = |offset: usize, byte| {
            let mut image = image.clone();
            image[offset] = byte;
            image
        };
        assert!(reason(&with(0x206, 7)).contains("older than 2.08"));
        assert!(reason(&with(0x24b, 0xff)).contains("the kernel inside is cut short"));
        assert!(reason(&with(0x24f, 0xff)).contains("the kernel inside is cut short"));
        assert!(reason(&image[..0x24a]).contains("its setup header is cut short"));
        assert_eq!(unpack(&with(0x248, 6)), Err(Error::Unusable(Format::Text)));
    }

    /// A PE file with one section.
    fn pe_file(name: &[u8; 8], data: &[u8]) -> Vec<u8> {
        let size = u32::try_from(data.len()).expect("a small section").to_le_bytes();
        let mut file = vec![0; 0x200];
        file[..2].copy_from_slice(b"MZ");
        file[0x3c] = 0x40;
        file[0x40..0x44].copy_from_slice(b"PE\0\0");
        file[0x44..0x46].copy_from_slice(&[0x64, 0x86]);
        file[0x46] = 1;
        // The optional header: its size, its magic number, and 16 directories that are empty.
        file[0x54] = 240;
        file[0x58..0x5a].copy_from_slice(&[0x0b, 0x02]);
        file[0x58 + 108] = 16;
        let section = 0x58 + 240;
        file[section..section + 8].copy_from_slice(name);
        file[section + 8..section + 12].copy_from_slice(&size);
        file[section + 16..section + 20].copy_from_slice(&size);
        file[section + 20..section + 24].copy_from_slice(&0x200_u32.to_le_bytes());
        [&file, data, b"what follows"].concat()
    }

    #[test]
    fn unified_kernel_images() {
        let unified = pe_file(b".linux\0\0", &bz_image(PLAIN));
        assert_eq!(recognise(&unified), Format::Pe);
        check(&unified, PLAIN);
        assert_eq!(unpack(&pe_file(b".text\0\0\0", PLAIN)), Err(Error::Unusable(Format::Pe)));
        for end in 0..0x200 {
            assert!(unpack(&unified[..end]).is_err());
        }
    }

    #[test]
    fn files_of_no_use() {
        let at = |offset: usize, magic: &[u8]| [&vec![0; offset], magic, &[0; 64]].concat();
        for (data, expect) in [
            (at(0, b"MZ"), Format::Pe),
            (at(4, b"zimg"), Format::EfiZboot),
            (at(56, b"ARM\x64"), Format::RawImage("arm64")),
            (at(56, b"RSC\x05"), Format::RawImage("RISC-V")),
            (at(56, &0x8182_23cd_u32.to_le_bytes()), Format::RawImage("LoongArch")),
            (at(0x24, &0x016f_2818_u32.to_le_bytes()), Format::RawImage("ARM")),
            (at(0x24, &0x016f_2818_u32.to_be_bytes()), Format::RawImage("ARM")),
            (at(0x1_0008, b"S390EP"), Format::RawImage("s390")),
            (at(0, b"!<arch>\n"), Format::Archive),
            (at(0, b"BC\xc0\xde"), Format::Bitcode),
            (at(0, &0x0b17_c0de_u32.to_le_bytes()), Format::Bitcode),
            (at(0, b"\x9f\xeb\x01\0\x18\0\0\0"), Format::Btf),
            (at(0, b"\xeb\x9f\x01\0\0\0\0\x18"), Format::Btf),
            (at(0, b"070701"), Format::Cpio),
            (LZMA.to_vec(), Format::Lzma),
            (at(0, b"\x89LZO\0\r\n\x1a\n"), Format::Lzop),
            (b"int main(void)\n".to_vec(), Format::Text),
            (b"\n".to_vec(), Format::Text),
            (b"0x\tname\n".to_vec(), Format::Text),
            (Vec::new(), Format::Empty),
            (at(0, b"text and then"), Format::Unknown),
            (vec![0xff; 100], Format::Unknown),
        ] {
            assert_eq!(recognise(&data), expect);
            let error = unpack(&data).expect_err("it is of no use");
            assert_eq!(error, Error::Unusable(expect));
            assert!(error.to_string().starts_with("it is "), "{error}");
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn lists_of_symbol_versions() {
        for text in
            ["0x6fe9da49\tsystem_state\tvmlinux\tEXPORT_SYMBOL\t\n", "\r\n0x00000000\tä\tvmlinux\tEXPORT_SYMBOL"]
        {
            assert_eq!(unpack(text.as_bytes()), Ok(Content::Symvers(text.as_bytes().into())));
        }
    }
}

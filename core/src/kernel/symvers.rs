// SPDX-License-Identifier: GPL-2.0-only
//! `Module.symvers`: the exports of a kernel's build, with their versions, as `modpost` writes them and reads them for a build
//! of modules against that kernel. See the kernel's `Documentation/kbuild/modules.rst`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::versions::Version;
use crate::{Error, Result};

/// A line: one exported symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its version. 0 in all lines where the kernel is built without versions (CONFIG_MODVERSIONS).
    pub version: Version,
    /// Its name.
    pub name: String,
    /// What exports it: `vmlinux`, or the path of a module in its build, without `.ko`.
    pub module: String,
    /// Whether only modules under a licence compatible with the GPL may use it.
    pub gpl_only: bool,
    /// The namespace that a module has to import to use it.
    pub namespace: Option<String>,
}

impl Entry {
    /// The name of the module, or `vmlinux`, as the kernel knows it.
    pub fn module_name(&self) -> String {
        let file = self.module.rsplit('/').next().unwrap_or_default();
        file.replace(['-', ','], "_")
    }
}

/// As `modpost` of Linux 7.3 writes it, without the end of the line.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, name, module, gpl_only, namespace } = self;
        let gpl = if *gpl_only { "_GPL" } else { "" };
        let namespace = namespace.as_deref().unwrap_or_default();
        write!(f, "{version}\t{name}\t{module}\tEXPORT_SYMBOL{gpl}\t{namespace}")
    }
}

/// Reads the lines of a `Module.symvers` of any kernel since 2.6.17.
///
/// # Errors
/// [`Error::Symvers`] for the first line that is not one of those.
pub fn parse(text: &[u8]) -> Result<Vec<Entry>> {
    let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end);
    let numbered = (1..).zip(lines).filter(|(_, line)| !line.is_empty());
    numbered.map(|(number, line)| entry(line).map_err(|reason| Error::Symvers { line: number, reason })).collect()
}

fn entry(line: &[u8]) -> Result<Entry, &'static str> {
    let line = std::str::from_utf8(line).map_err(|_| "not UTF-8")?;
    let mut columns = line.split('\t');
    let mut column = || columns.next().unwrap_or_default();
    let (version, name, module) = (column(), column(), column());
    // The namespace came to be in 5.4, in front of the module, and went to the end in 5.6.
    let (module, export, namespace) = match (column(), column()) {
        (export, namespace) if export.starts_with("EXPORT_") => (module, export, namespace),
        (later_module, export) => (later_module, export, module),
    };
    if !column().is_empty() {
        return Err("too many columns");
    }
    let version = version.parse().map_err(|_| "its first column is no version, as 0x1234abcd")?;
    if name.is_empty() || module.is_empty() {
        return Err("it names no symbol, or no module");
    }
    let gpl_only = match export {
        // Some of these are gone: those for what nothing used in 5.12, those that were to become GPL only in 5.12 as well.
        "EXPORT_SYMBOL" | "EXPORT_UNUSED_SYMBOL" | "EXPORT_SYMBOL_GPL_FUTURE" => false,
        "EXPORT_SYMBOL_GPL" | "EXPORT_UNUSED_SYMBOL_GPL" => true,
        _ => return Err("it does not say how the symbol is exported, as EXPORT_SYMBOL or EXPORT_SYMBOL_GPL"),
    };
    let namespace = (!namespace.is_empty()).then(|| namespace.to_owned());
    Ok(Entry { version, name: name.to_owned(), module: module.to_owned(), gpl_only, namespace })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, module: &str, gpl_only: bool, namespace: Option<&str>) {
        let entry = Entry {
            version: Version(0x6fe9_da49),
            name: "symbol".to_owned(),
            module: module.to_owned(),
            gpl_only,
            namespace: namespace.map(str::to_owned),
        };
        assert_eq!(parse(line.as_bytes()), Ok(vec![entry]), "{line:?}");
    }

    #[test]
    fn columns_of_all_ages() {
        check("0x6fe9da49\tsymbol\tvmlinux\tEXPORT_SYMBOL\t\n", "vmlinux", false, None);
        check(
            "0x6fe9da49\tsymbol\ta/b-c\tEXPORT_SYMBOL_GPL\tmodule:kvm,kvm-intel\n",
            "a/b-c",
            true,
            Some("module:kvm,kvm-intel"),
        );
        // Linux 5.4 and 5.5.
        check(
            "0x6fe9da49\tsymbol\tUSB_STORAGE\tdrivers/usb\tEXPORT_SYMBOL_GPL\n",
            "drivers/usb",
            true,
            Some("USB_STORAGE"),
        );
        check("0x6fe9da49\tsymbol\t\tvmlinux\tEXPORT_SYMBOL\n", "vmlinux", false, None);
        // Before.
        check("0x6fe9da49\tsymbol\tvmlinux\tEXPORT_SYMBOL_GPL\n", "vmlinux", true, None);
        check("0x6fe9da49\tsymbol\tvmlinux\tEXPORT_SYMBOL_GPL_FUTURE\n", "vmlinux", false, None);
        check("0x6fe9da49\tsymbol\tvmlinux\tEXPORT_UNUSED_SYMBOL_GPL\n", "vmlinux", true, None);
        // Whatever carried it here.
        check("\r\n\n0x6fe9da49\tsymbol\tvmlinux\tEXPORT_SYMBOL\t\r\n \n", "vmlinux", false, None);
    }

    #[test]
    fn what_is_written_is_read() {
        let text = "0x6fe9da49\tsystem_state\tvmlinux\tEXPORT_SYMBOL\t\n\
                    0x0000000a\tkvm_get_rflags\tarch/x86/kvm/kvm\tEXPORT_SYMBOL_GPL\tmodule:kvm-intel\n";
        let entries = parse(text.as_bytes()).expect("two lines");
        let written: String = entries.iter().map(|entry| format!("{entry}\n")).collect();
        assert_eq!(written, text);
        assert_eq!(entries[1].module_name(), "kvm");
        assert_eq!(parse(b""), Ok(Vec::new()));
    }

    #[test]
    fn lines_that_are_something_else() {
        for line in [
            "symbol",
            "6fe9da49\tsymbol\tvmlinux\tEXPORT_SYMBOL\t",
            "0x\tsymbol\tvmlinux\tEXPORT_SYMBOL\t",
            "0x16fe9da49\tsymbol\tvmlinux\tEXPORT_SYMBOL\t",
            "0x6fe9da49 symbol vmlinux EXPORT_SYMBOL",
            "0x6fe9da49\t\tvmlinux\tEXPORT_SYMBOL\t",
            "0x6fe9da49\tsymbol\t\tEXPORT_SYMBOL\t",
            "0x6fe9da49\tsymbol\tvmlinux\t",
            "0x6fe9da49\tsymbol\tvmlinux\tEXPORT_SOMETHING\t",
            "0x6fe9da49\tsymbol\tvmlinux\tEXPORT_SYMBOL\tnamespace\tmore",
            "0x6fe9da49\ta\tb\tc\tEXPORT_SYMBOL\tmore",
        ] {
            let text = format!("0x00000001\tfirst\tvmlinux\tEXPORT_SYMBOL\t\n\n{line}\n");
            assert!(matches!(parse(text.as_bytes()), Err(Error::Symvers { line: 3, .. })), "{line:?}");
        }
        assert!(parse(b"0x6fe9da49\t\xff\tvmlinux\tEXPORT_SYMBOL\t").is_err());
    }
}

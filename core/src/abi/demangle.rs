// SPDX-License-Identifier: GPL-2.0-only
//! Names as the source has them, from the names that the linker knows.

/// What Rust calls the symbol called `name`; `None` if that is no mangled name of Rust's, in the legacy scheme or in v0.
///
/// Hashes are left out, which tell crates and instances of one name apart.
pub fn demangle(name: &str) -> Option<String> {
    let demangled = format!("{:#}", rustc_demangle::try_demangle(name).ok()?);
    (demangled != name).then_some(demangled)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Symbols that Linux 7.3 exports, and one in the legacy scheme, as `c++filt -s rust` of binutils 2.40 has them, but for the
    /// hashes, which that shows.
    #[test]
    fn names_of_rust() {
        for (name, expect) in [
            ("_RNvNtCs1peUGmbrgHn_4core3fmt5write", "core::fmt::write"),
            ("_RNvMNtCs1peUGmbrgHn_4core3stre9from_utf8", "<str>::from_utf8"),
            ("_RNvMsa_NtCs1peUGmbrgHn_4core3fmtNtB5_9Formatter11debug_tuple", "<core::fmt::Formatter>::debug_tuple"),
            (
                "_RNvXsq_NtCs1EKtwoKEMO2_6kernel9auxiliaryINtNtNtB7_4sync4aref4ARefNtB5_6DeviceEINtNtCs1peUGmbrgHn_4core\
                 7convert4FromRIB11_NtNtB7_6device13BoundInternalEE4from",
                "<kernel::sync::aref::ARef<kernel::auxiliary::Device> as core::convert::From<\
                 &kernel::auxiliary::Device<kernel::device::BoundInternal>>>::from",
            ),
            ("_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write"),
        ] {
            assert_eq!(demangle(name).as_deref(), Some(expect), "{name}");
        }
    }

    #[test]
    fn names_that_are_not_mangled() {
        for name in ["", "printk", "_R", "_Ralways", "_RNvC", "_ZN", "_Z3foov", "rust_helper_mutex_lock", "_Rä"] {
            assert_eq!(demangle(name), None, "{name}");
        }
    }
}

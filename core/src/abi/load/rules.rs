// SPDX-License-Identifier: GPL-2.0-only
//! What the kernel asks of a module, rule by rule, as Linux 7.3 has them.

use super::report::Vermagic;

/// Whether a module under this licence may use what is exported GPL-only: `license_is_gpl_compatible()` of
/// `include/linux/license.h`.
pub(super) fn is_gpl_compatible(licence: &str) -> bool {
    const COMPATIBLE: [&str; 6] =
        ["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"];
    COMPATIBLE.contains(&licence)
}

/// Modules that the kernel takes to be proprietary, whatever licence they say they have: `module_license_offenders` of
/// `kernel/module/main.c`.
pub(super) const LICENCE_OFFENDERS: [&str; 2] = ["driverloader", "lve"];

/// Whether `namespace` is one that cannot be imported, and that `module` is among those for which it is:
/// `module:kvm,kvm-*`. As `verify_module_namespace()` of `kernel/module/main.c`.
pub(super) fn is_namespace_of(namespace: &str, module: &str) -> bool {
    let Some(names) = namespace.strip_prefix("module:") else { return false };
    let normal = |name: &str| name.replace('-', "_");
    let module = normal(module);
    names.split(',').filter(|name| !name.is_empty()).any(|name| match name.strip_suffix('*') {
        Some(start) => module.starts_with(&normal(start)),
        None => module == normal(name),
    })
}

/// How a module's `vermagic` compares with the kernel's, of which perhaps only the first word is known, the release. As
/// `same_magic()` of `kernel/module/version.c`: the release counts only for a module without versions.
pub(super) fn compare_vermagic(module: &str, kernel: &str, has_versions: bool) -> Vermagic {
    let (module_release, module_flags) = module.split_once(' ').unwrap_or((module, ""));
    let (kernel_release, kernel_flags) = kernel.split_once(' ').unwrap_or((kernel, ""));
    if !has_versions && module_release != kernel_release {
        return Vermagic::Different;
    }
    match kernel.contains(' ') {
        false => Vermagic::ReleaseOnly,
        true if module_flags == kernel_flags => Vermagic::Equal,
        true => Vermagic::Different,
    }
}

/// The words of `vermagic` behind the release that another one has not.
pub(super) fn flags_beside(vermagic: &str, other: &str) -> Vec<String> {
    let flags = |text: &str| text.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let others = flags(other);
    flags(vermagic).into_iter().filter(|flag| !others.contains(flag)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences() {
        for licence in ["GPL", "GPL v2", "Dual MIT/GPL"] {
            assert!(is_gpl_compatible(licence), "{licence}");
        }
        for licence in ["", "unspecified", "Proprietary", "GPLv2", "gpl", "GPL v3", "MIT", "Dual BSD/GPL "] {
            assert!(!is_gpl_compatible(licence), "{licence}");
        }
    }

    #[test]
    fn namespaces_of_modules() {
        for (namespace, module) in [
            ("module:kvm", "kvm"),
            ("module:kvm,kvm-intel", "kvm_intel"),
            ("module:kvm,kvm-*", "kvm_amd"),
            ("module:kvm_*", "kvm_amd"),
            ("module:*", "anything"),
        ] {
            assert!(is_namespace_of(namespace, module), "{namespace} {module}");
        }
        for (namespace, module) in [
            ("module:kvm", "kvm_intel"),
            ("module:kvm-intel", "kvm"),
            ("module:", "kvm"),
            ("module:,", ""),
            ("kvm", "kvm"),
            ("module:a*b", "ab"),
        ] {
            assert!(!is_namespace_of(namespace, module), "{namespace} {module}");
        }
    }

    #[test]
    fn vermagic() {
        for (module, kernel, with_versions, without) in [
            ("7.3.4 SMP mod_unload ", "7.3.4 SMP mod_unload ", Vermagic::Equal, Vermagic::Equal),
            ("7.3.5 SMP mod_unload ", "7.3.4 SMP mod_unload ", Vermagic::Equal, Vermagic::Different),
            ("7.3.4 SMP mod_unload ", "7.3.4 SMP preempt mod_unload ", Vermagic::Different, Vermagic::Different),
            ("7.3.4 SMP mod_unload ", "7.3.4", Vermagic::ReleaseOnly, Vermagic::ReleaseOnly),
            ("7.3.5 SMP mod_unload ", "7.3.4", Vermagic::ReleaseOnly, Vermagic::Different),
            // Compared as text: the blank at the end is part of it.
            ("7.3.4 SMP mod_unload", "7.3.4 SMP mod_unload ", Vermagic::Different, Vermagic::Different),
            ("7.3.4", "7.3.4 ", Vermagic::Equal, Vermagic::Equal),
        ] {
            assert_eq!(compare_vermagic(module, kernel, true), with_versions, "{module} {kernel}");
            assert_eq!(compare_vermagic(module, kernel, false), without, "{module} {kernel}");
        }
        let (module, kernel) = ("7.3.5 SMP preempt ", "7.3.4 SMP mod_unload modversions ");
        assert_eq!(flags_beside(module, kernel), ["preempt"]);
        assert_eq!(flags_beside(kernel, module), ["mod_unload", "modversions"]);
    }
}

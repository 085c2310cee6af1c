// SPDX-License-Identifier: GPL-2.0-only
//! What the kernels are configured with: fragments, as the kernel's `merge_config.sh` takes them, on top of `tinyconfig`.

use anyhow::ensure;

/// Part of a configuration.
pub(super) type Fragment = &'static str;

pub(super) const BASE: Fragment = include_str!("config/base.config");
pub(super) const MODULES: Fragment = include_str!("config/modules.config");
pub(super) const BOOT: Fragment = include_str!("config/x86_64.config");
pub(super) const RUST: Fragment = include_str!("config/rust.config");
pub(super) const DWARF: Fragment = include_str!("config/dwarf.config");
pub(super) const MODVERSIONS: Fragment = include_str!("config/modversions.config");
pub(super) const GENKSYMS: Fragment = include_str!("config/genksyms.config");
pub(super) const GENDWARFKSYMS: Fragment = include_str!("config/gendwarfksyms.config");

/// Checks that a kernel's configuration has what was asked for: kconfig drops in silence what it cannot do.
pub(super) fn check(asked: &str, config: &str) -> anyhow::Result<()> {
    let missing: Vec<&str> = asked.lines().filter(|line| is_option(line) && !has(config, line)).collect();
    ensure!(missing.is_empty(), "the kernel's configuration refuses {}", missing.join(", "));
    Ok(())
}

/// Whether a line sets an option, or unsets it.
fn is_option(line: &str) -> bool {
    line.starts_with("CONFIG_") || line.starts_with("# CONFIG_")
}

fn has(config: &str, line: &str) -> bool {
    // An option that others rule out is not in the configuration at all.
    let unset = line.strip_prefix("# ").and_then(|rest| rest.strip_suffix(" is not set"));
    config.lines().any(|other| other == line)
        || unset.is_some_and(|option| !config.lines().any(|line| line.starts_with(&format!("{option}="))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_are_not_there_are_named() {
        let config = "CONFIG_NET=y\nCONFIG_FUSE_FS=m\n# CONFIG_SMP is not set\n";
        check("# What follows.\nCONFIG_NET=y\nCONFIG_FUSE_FS=m\n", config).expect("both are there");
        check("# CONFIG_SMP is not set\n# CONFIG_NUMA is not set\n", config).expect("neither is set");
        let error = check("CONFIG_NET=y\nCONFIG_FUSE_FS=y\n# CONFIG_NET is not set", config).expect_err("two are not");
        assert_eq!(error.to_string(), "the kernel's configuration refuses CONFIG_FUSE_FS=y, # CONFIG_NET is not set");
    }
}

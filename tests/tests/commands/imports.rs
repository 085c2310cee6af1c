// SPDX-License-Identifier: GPL-2.0-only
//! `kabiscope imports`.

use kabiscope::abi::load::LoadReport;
use snapbox::str;

use super::kabiscope;

#[test]
fn loads() {
    kabiscope("imports mini_b.ko --against vmlinux mini_a.ko").assert().code(0).stdout_eq(str![[r#"
WANTED      FOUND     EXPORTED BY  LICENCE  NAMESPACE      NAME
0x348c4375  the same  vmlinux      GPL      -              _RNvMNtCs3gePf9MVP0d_4mini9ratelimitINtB2_9RateLimitmE22admit_one_more_message  <mini::ratelimit::RateLimit<u32>>::admit_one_more_message
0xd1a5efe1  the same  mini_a       -        -              mini_a_collect
0xbdfe4694  the same  mini_a       -        -              mini_a_default
0xf0a22f77  the same  mini_a       GPL      MINI_A         mini_a_send
0x2689ee34  the same  mini_a       GPL      module:mini_b  mini_a_statistics
mini_b.ko: would load

"#]]).stderr_eq("");
}

#[test]
fn against_a_list() {
    kabiscope("imports mini_b.ko --against Module.symvers").assert().code(0).stdout_eq(str![[r#"
WANTED      FOUND     EXPORTED BY  LICENCE  NAMESPACE      NAME
0x348c4375  the same  vmlinux      GPL      -              _RNvMNtCs3gePf9MVP0d_4mini9ratelimitINtB2_9RateLimitmE22admit_one_more_message  <mini::ratelimit::RateLimit<u32>>::admit_one_more_message
0xd1a5efe1  the same  mini_a       -        -              mini_a_collect
0xbdfe4694  the same  mini_a       -        -              mini_a_default
0xf0a22f77  the same  mini_a       GPL      MINI_A         mini_a_send
0x2689ee34  the same  mini_a       GPL      module:mini_b  mini_a_statistics
mini_b.ko: would load

"#]]).stderr_eq("");
}

#[test]
fn against_too_little() {
    kabiscope("imports mini_b.ko --against vmlinux").assert().code(1).stdout_eq(str![[r#"
WANTED      FOUND     EXPORTED BY  LICENCE  NAME
0x348c4375  the same  vmlinux      GPL      _RNvMNtCs3gePf9MVP0d_4mini9ratelimitINtB2_9RateLimitmE22admit_one_more_message  <mini::ratelimit::RateLimit<u32>>::admit_one_more_message
0xd1a5efe1  nothing   -            -        mini_a_collect
0xbdfe4694  nothing   -            -        mini_a_default
0xf0a22f77  nothing   -            -        mini_a_send
0x2689ee34  nothing   -            -        mini_a_statistics
mini_b.ko: refused: mini_b: Unknown symbol mini_a_collect (err -2) (it may be in what the module depends on and was not given: mini_a)
mini_b.ko: refused: mini_b: Unknown symbol mini_a_default (err -2) (it may be in what the module depends on and was not given: mini_a)
mini_b.ko: refused: mini_b: Unknown symbol mini_a_send (err -2) (it may be in what the module depends on and was not given: mini_a)
mini_b.ko: refused: mini_b: Unknown symbol mini_a_statistics (err -2) (it may be in what the module depends on and was not given: mini_a)
mini_b.ko: would not load

"#]]).stderr_eq("");
}

#[test]
fn problems() {
    kabiscope(
        "imports --problems mini_b.ko mini_b-tampered.ko mini_b-without-namespace.ko mini_b-proprietary.ko \
         --against vmlinux --against mini_a.ko",
    )
    .assert()
    .code(1)
    .stdout_eq(str![[r#"
FILE                         WANTED      FOUND       EXPORTED BY  LICENCE  NAMESPACE  NAME
mini_b-tampered.ko           0x0badc0de  0xf0a22f77  mini_a       GPL      MINI_A     mini_a_send
mini_b-without-namespace.ko  0xf0a22f77  the same    mini_a       GPL      MINI_A     mini_a_send
mini_b-proprietary.ko        0x348c4375  nothing     -            -        -          _RNvMNtCs3gePf9MVP0d_4mini9ratelimitINtB2_9RateLimitmE22admit_one_more_message  <mini::ratelimit::RateLimit<u32>>::admit_one_more_message
mini_b-proprietary.ko        0xf0a22f77  nothing     -            -        -          mini_a_send
mini_b-proprietary.ko        0x2689ee34  nothing     -            -        -          mini_a_statistics
mini_b.ko: would load
mini_b-tampered.ko: refused: mini_b: disagrees about version of symbol mini_a_send
mini_b-tampered.ko: would not load
mini_b-without-namespace.ko: refused: mini_b: module uses symbol (mini_a_send) from namespace MINI_A, but does not import it. (a kernel with CONFIG_MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS only warns)
mini_b-without-namespace.ko: would not load
mini_b-proprietary.ko: refused: mini_b: Unknown symbol _RNvMNtCs3gePf9MVP0d_4mini9ratelimitINtB2_9RateLimitmE22admit_one_more_message (err -2) (vmlinux exports it GPL-only, and the module's licence is 'Proprietary')
mini_b-proprietary.ko: refused: mini_b: Unknown symbol mini_a_send (err -2) (mini_a exports it GPL-only, and the module's licence is 'Proprietary')
mini_b-proprietary.ko: refused: mini_b: Unknown symbol mini_a_statistics (err -2) (mini_a exports it GPL-only, and the module's licence is 'Proprietary')
mini_b-proprietary.ko: would not load

"#]])
    .stderr_eq("");
}

#[test]
fn json() {
    let output = kabiscope("imports --format json mini_b-tampered.ko --against vmlinux mini_a.ko").assert().code(1);
    let report: LoadReport = serde_json::from_slice(&output.get_output().stdout).expect("the documented schema");
    assert!(!report.loads);
    let troubled: Vec<_> = report.imports.iter().filter(|import| !import.problems.is_empty()).collect();
    assert_eq!(troubled.iter().map(|import| &*import.name).collect::<Vec<_>>(), ["mini_a_send"]);
}

#[test]
fn what_is_no_module() {
    kabiscope("imports vmlinux Module.symvers --against vmlinux missing").assert().code(2).stdout_eq("").stderr_eq(
        str![[r#"
error: kabiscope: missing: No such file or directory
error: kabiscope: vmlinux: not a module
error: kabiscope: Module.symvers: not a module

"#]],
    );
}

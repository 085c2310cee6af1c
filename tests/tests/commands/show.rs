// SPDX-License-Identifier: GPL-2.0-only
//! `kabiscope show`.

use kabiscope::abi::show::Shown;
use kabiscope::kernel::symvers;
use snapbox::str;

use super::{image, kabiscope, kabiscope_in};

#[test]
fn function() {
    kabiscope("show vmlinux device_register")
        .assert()
        .code(0)
        .stdout_eq(str![[r#"
device_register
recorded 0x9b6f122d, computed 0x9b6f122d
exported by vmlinux to all modules
as in drivers/base/device.c
int device_register(struct device *device); /* drivers/base/device.c:11 */
 0     80    struct device {                           /* include/linux/device.h:31 */
 0      4        atomic_t users;
 4      4        /* hole: 4 bytes */
 8      8        u64 serial;
16      1        u8 id;
16:8    4        unsigned int present:1;
16:9    4        unsigned int powered:1;
16:10            /* hole: 3 bits */
16:13   4        unsigned int irq:11;
19      5        /* hole: 5 bytes */
24      8        const struct device_operations *operations;
32      8        struct bus *bus;                      /* declared only */
40      8        struct module *owner;                 /* declared only */
48     16        struct list_head children;
64      8        union {
64      8            void *private;
64      8            unsigned long cookie;
                 };
72      4        u32 num_resources;
76      4        /* hole: 4 bytes */
80      0        struct resource resources[];
             };                                        /* 4 holes: 13 bytes, 3 bits */

"#]])
        .stderr_eq("");
}

#[test]
fn variable() {
    kabiscope("show --depth 1 vmlinux current_task")
        .assert()
        .code(0)
        .stdout_eq(str![[r#"
current_task
recorded 0xbf416a0b, computed 0xbf416a0b
exported by vmlinux to all modules
as in kernel/task.c
struct task *current_task;                  /* include/linux/task.h:40 */

"#]])
        .stderr_eq("");
}

#[test]
fn symbol_of_rust() {
    kabiscope("show mini_a.ko mini_a_statistics").assert().code(0).stdout_eq(str![[r#"
mini_a_statistics
recorded 0x2689ee34, computed 0x2689ee34
exported by mini_a to modules under a licence compatible with the GPL, in the namespace module:mini_b
as in drivers/mini/core.c
u64 mini_a_statistics(const struct mailbox *mailbox, enum mail_kind kind); /* drivers/mini/core.c:35 */
 0  104    struct mailbox {                          /* drivers/mini/mini_a.h:32 */
 0    8        struct device *device;
 8    8        const struct mailbox_operations *operations;
16    2        u16 id;
18    6        /* hole: 6 bytes */
24   48        u64 received[2][3];
72   16        struct list_head mails;
88    8        union {
88    8            struct {
88    4                u32 capacity;
92    4                u32 used;
                   };
88    8            u64 fill;
               };
96    8        struct mailbox_private *private;      /* private */
           };                                        /* 1 hole: 6 bytes */
 0    4    enum mail_kind {                          /* drivers/mini/mini_a.h:7 */
               MAIL_LETTER = 1,
               MAIL_PARCEL = 2,
               MAIL_RETURNED = 128,
           };

"#]]);
    kabiscope("show vmlinux mini::time::ticks")
        .assert()
        .code(0)
        .stdout_eq(str![[r#"
_RNvNtCs3gePf9MVP0d_4mini4time5ticks  mini::time::ticks
recorded 0x78323392, computed 0x78323392
exported by vmlinux to modules under a licence compatible with the GPL
as in rust/mini.rs/@/mini.25fe5dc10879e133-cgu.0
fn mini::time::nanoseconds(duration: &mini::time::Duration) -> u64; /* rust/mini.rs:23 */
0  8    struct mini::time::Duration {
0  8        pub __0: u64,
        }

"#]])
        .stderr_eq("");
}

/// Its type is declared in C, but no version comes from there.
#[test]
fn assembly() {
    kabiscope("show vmlinux __get_byte").assert().code(0).stdout_eq(str![[r#"
__get_byte
recorded 0xa0483d4e, none computed: written in assembly: its version was computed from a stand-in object, which is no part of the image
exported by vmlinux to all modules
as in lib/string.c
int __get_byte(u8 *, const u8 *);           /* lib/string.c:7 */

"#]]).stderr_eq("");
}

#[test]
fn types() {
    for name in ["struct device", "s#device", "device"] {
        kabiscope_in(&image(), ["show", "vmlinux", name])
            .assert()
            .code(0)
            .stdout_eq(str![[r#"
as in drivers/base/bus.c
 0     80  struct device {                             /* include/linux/device.h:31 */
 0      4      atomic_t users;
 4      4      /* hole: 4 bytes */
 8      8      u64 serial;
16      1      u8 id;
16:8    4      unsigned int present:1;
16:9    4      unsigned int powered:1;
16:10          /* hole: 3 bits */
16:13   4      unsigned int irq:11;
19      5      /* hole: 5 bytes */
24      8      const struct device_operations *operations;
32      8      struct bus *bus;                        /* private */
40      8      struct module *owner;                   /* declared only */
48     16      struct list_head children;
64      8      union {
64      8          void *private;
64      8          unsigned long cookie;
               };
72      4      u32 num_resources;
76      4      /* hole: 4 bytes */
80      0      struct resource resources[];
           };                                          /* 4 holes: 13 bytes, 3 bits */

"#]])
            .stderr_eq("");
    }
    kabiscope("show vmlinux e#task_state")
        .assert()
        .code(0)
        .stdout_eq(str![[r#"
as in kernel/task.c
0  4  enum task_state {                           /* include/linux/task.h:11 */
          TASK_RUNNING = 0,
          TASK_SLEEPING = 1,
          TASK_STOPPED = 4,
          TASK_DEAD = -1,
      };

"#]])
        .stderr_eq("");
}

/// The version of every export is the CRC of what is printed, but for the line break.
#[test]
fn hashed_strings() {
    let recorded = std::fs::read(image().join("Module.symvers")).expect("the fixture has one");
    let recorded = symvers::parse(&recorded).expect("modpost's format");
    for entry in recorded.iter().filter(|entry| entry.module_name() == "mini_a") {
        let output = kabiscope_in(&image(), ["show", "--raw", "mini_a.ko", &entry.name]).assert().code(0);
        let string = output.get_output().stdout.strip_suffix(b"\n").expect("a line");
        assert_eq!(crc32fast::hash(string), entry.version.0, "{}", entry.name);
    }
}

#[test]
fn json() {
    let output = kabiscope("show --format json vmlinux device_reset").assert().code(0).stderr_eq("");
    let shown: Shown = serde_json::from_slice(&output.get_output().stdout).expect("the documented schema");
    assert_eq!(shown.prototype.as_deref(), Some("void device_reset(struct device *device)"));
    assert_eq!(shown.export.map(|export| export.name).as_deref(), Some("device_reset"));
    let nodes = shown.expansion.map(|expansion| expansion.nodes).unwrap_or_default();
    assert_eq!(nodes.iter().map(|node| &*node.name).collect::<Vec<_>>(), ["device_reset", "struct device"]);
}

#[test]
fn unknown_names() {
    kabiscope("show vmlinux device_regster").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: kabiscope: vmlinux: no exported symbol and no type is called device_regster
hint: there is device_register

"#]]);
    kabiscope("show vmlinux s#nowhere").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: kabiscope: vmlinux: no exported symbol and no type is called s#nowhere
hint: kabiscope list shows what is exported; a type may be given as in 'struct page'

"#]]);
    kabiscope("show --raw vmlinux s#device").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: kabiscope: vmlinux: no exported symbol is called s#device
hint: kabiscope list shows what is exported; a type may be given as in 'struct page'

"#]]);
    kabiscope("show --raw vmlinux __get_byte").assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: kabiscope: vmlinux: no unit tells the type of __get_byte
hint: kabiscope show without --raw tells why

"#]]);
}

/// What the file records is shown nevertheless.
#[test]
fn no_debugging_information() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(image().join("split/mini_a.ko"), folder.path().join("mini_a.ko")).expect("a copy");
    kabiscope_in(folder.path(), ["show", "mini_a.ko", "mini_a_open"])
        .assert()
        .code(2)
        .stdout_eq(str![[r#"
mini_a_open
recorded 0x94caf31c, none computed
exported by mini_a to modules under a licence compatible with the GPL, in the namespace MINI_A

"#]])
        .stderr_eq(str![[r#"
error: kabiscope: mini_a.ko: no debugging information
hint: install it, as /usr/lib/debug/.build-id/f7/d300e5d66737072c456840443dac4ff6718d90.debug, or give it by --debug-file

"#]]);
}

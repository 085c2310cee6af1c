// SPDX-License-Identifier: GPL-2.0-only
//! What the unit exports: functions and variables, in every way in which debugging information describes them.

use super::super::Dice;
use super::Zoo;
use super::ty::{Kind, Ty};

/// More sections than fit into the 16 bits of a symbol's section index.
const MANY_SECTIONS: &str = r#"__asm__(
	".altmacro\n"
	".macro zoo_section number\n"
	".section .zoo.\\number, \"a\"\n"
	".byte 0\n"
	".endm\n"
	".set zoo_count, 0\n"
	".rept 66000\n"
	"zoo_section %zoo_count\n"
	".set zoo_count, zoo_count + 1\n"
	".endr\n"
	".noaltmacro\n"
	".text\n"
);"#;

impl Zoo<'_> {
    /// Writes the exports, each kind as often as chance wills, in a random order.
    pub(super) fn export(&mut self) {
        if self.rng.percent(2) {
            self.line(MANY_SECTIONS);
        }
        for _ in 0..self.rng.usize(3..=16) {
            match self.rng.u32(0..100) {
                0..=29 => self.variable(),
                30..=59 => self.exported_function(),
                60..=66 => self.inlined_function(),
                67..=72 => self.aliases(),
                73..=78 => self.folded_functions(),
                79..=87 => self.symbol_pointers(),
                88..=92 => self.extern_in_block(),
                93..=96 => self.local_types(),
                _ => self.reused_declaration(),
            }
        }
    }

    fn exported_name(&mut self) -> String {
        let stem = format!("{}_", self.name);
        self.fresh(&stem)
    }

    fn variable(&mut self) {
        let name = self.exported_name();
        let ty = self.object(3);
        // Declared before it is defined, it has two DIEs.
        if self.rng.percent(40) {
            self.line(&format!("extern {};", ty.declare(&name)));
        }
        let attribute = match self.rng.u32(0..8) {
            0 => " __attribute__((weak))".to_owned(),
            1 => " __attribute__((aligned(64)))".to_owned(),
            2 => format!(" __attribute__((section(\".data.{name}\")))"),
            _ => String::new(),
        };
        self.line(&format!("{}{attribute};", ty.declare(&name)));
    }

    /// The type that a function returns, its declarator, and a body that fits it.
    fn definition(&mut self, name: &str) -> (Ty, String, String) {
        let result = self.result(3);
        let parameters = self.parameters(3, true);
        let body = match result.kind() {
            Kind::Incomplete => "{ }".to_owned(),
            _ => format!("{{ static {}; return r; }}", result.declare("r")),
        };
        (result, format!("{name}({parameters})"), body)
    }

    fn exported_function(&mut self) {
        let name = self.exported_name();
        let (result, declarator, body) = self.definition(&name);
        if self.rng.percent(25) {
            self.line(&format!("{};", result.declare(&declarator)));
        }
        let attribute = match self.rng.u32(0..6) {
            0 => "__attribute__((weak)) ".to_owned(),
            1 => "__attribute__((noinline)) ".to_owned(),
            2 => format!("__attribute__((section(\".text.{name}\"))) "),
            _ => String::new(),
        };
        self.line(&format!("{attribute}{} {body}", result.declare(&declarator)));
    }

    /// A function that is inlined elsewhere and has code of its own: the latter's DIE has but an abstract origin.
    fn inlined_function(&mut self) {
        let (inlined, caller) = (self.exported_name(), self.exported_name());
        let parameter = Ty::pointer(self.any_tag()).declare("p");
        let storage =
            self.rng.pick(&["", "", "static inline ", "static ", "extern inline __attribute__((gnu_inline)) "]);
        self.line(&format!("{storage}int {inlined}({parameter}, int a) {{ return p ? a * 3 : a + 1; }}"));
        self.line(&format!("int {caller}({parameter}, int b) {{ return {inlined}(p, b) ^ {inlined}(p, 7); }}"));
    }

    fn aliases(&mut self) {
        let name = self.exported_name();
        let (result, declarator, body) = self.definition(&name);
        self.line(&format!("{} {body}", result.declare(&declarator)));
        for _ in 0..self.rng.usize(1..=3) {
            let alias = self.exported_name();
            let weak = self.rng.pick(&["", "weak, "]);
            self.line(&format!("extern __typeof__({name}) {alias} __attribute__(({weak}alias(\"{name}\")));"));
        }
    }

    /// Functions of different types whose code is the same, so that a compiler may make one of them.
    fn folded_functions(&mut self) {
        for _ in 0..2 {
            let name = self.exported_name();
            let parameter = Ty::pointer(self.any_tag()).declare("p");
            self.line(&format!("int {name}({parameter}, int a) {{ return a * 5 + 77; }}"));
        }
    }

    /// Symbols that another file defines, perhaps assembly, and pointers that tell their types.
    fn symbol_pointers(&mut self) {
        let name = self.exported_name();
        let is_function = self.rng.bool();
        let ty = if is_function { self.function(3) } else { self.object(3) };
        let defined = self.rng.percent(30);
        self.line(&format!("extern {};", ty.declare(&name)));
        if defined && !is_function {
            self.line(&format!("{};", ty.declare(&name)));
        }
        self.line(&format!("EXPORT_PTR({name});"));
    }

    fn extern_in_block(&mut self) {
        let (outer, inner) = (self.exported_name(), self.exported_name());
        let ty = Ty::pointer(self.any_tag());
        self.line(&format!("void *{outer}(void) {{ extern {}; return (void *){inner}; }}", ty.declare(&inner)));
        if self.rng.bool() {
            self.line(&format!("{};", ty.declare(&inner)));
        }
    }

    /// Types within functions: one has the name of another outside, and a different kind perhaps.
    fn local_types(&mut self) {
        let name = self.exported_name();
        let keyword = self.rng.pick(&["struct", "union"]);
        let local = if self.rng.bool() { "tag1" } else { "local" };
        self.line(&format!("int {name}(int a) {{"));
        self.line(&format!("\t{keyword} {local} {{ int in_{name}; {keyword} {local} *next; }};"));
        self.line(&format!("\tstatic {keyword} {local} kept; static {keyword} {local} *volatile pointer;"));
        self.line("\tpointer = &kept;\n\treturn pointer->next ? a : 3;\n}");
    }

    /// A declaration that is used, of something that this file does not define.
    fn reused_declaration(&mut self) {
        let (declared, user) = (self.exported_name(), self.exported_name());
        let ty = Ty::pointer(self.any_tag());
        self.line(&format!("extern {};", ty.declare(&declared)));
        self.line(&format!("void *{user}(void) {{ return (void *){declared}; }}"));
    }
}

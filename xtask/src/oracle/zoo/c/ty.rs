// SPDX-License-Identifier: GPL-2.0-only
//! Types of C as expressions, and how a declaration of each is written.

/// What a type may be used for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An arithmetic type or a pointer.
    Scalar,
    /// A complete structure or union.
    Aggregate,
    /// A complete array.
    Array,
    /// A type without a size: opaque, or not yet defined.
    Incomplete,
    Function,
}

/// A type of C.
#[derive(Clone)]
pub(super) enum Ty {
    /// A type specifier: a keyword, a tag, a typedef name, or the whole text of an unnamed structure.
    Specifier {
        text: String,
        kind: Kind,
        /// Roughly how many bytes it takes, so that nested arrays stay small.
        size: u64,
    },
    Qualified {
        qualifiers: &'static str,
        of: Box<Ty>,
    },
    Pointer {
        to: Box<Ty>,
        qualifiers: &'static str,
    },
    Array {
        of: Box<Ty>,
        /// What stands in the brackets.
        length: String,
        size: u64,
    },
    Function {
        result: Box<Ty>,
        /// What stands in the parentheses.
        parameters: String,
    },
}

impl Ty {
    pub(super) fn scalar(text: impl Into<String>) -> Self {
        Self::Specifier { text: text.into(), kind: Kind::Scalar, size: 16 }
    }

    pub(super) fn incomplete(text: impl Into<String>) -> Self {
        Self::Specifier { text: text.into(), kind: Kind::Incomplete, size: 0 }
    }

    pub(super) fn pointer(to: Self) -> Self {
        Self::Pointer { to: Box::new(to), qualifiers: "" }
    }

    pub(super) fn array(of: Self, length: u64) -> Self {
        let size = of.size() * length;
        Self::Array { of: Box::new(of), length: length.to_string(), size }
    }

    pub(super) fn function(result: Self, parameters: impl Into<String>) -> Self {
        Self::Function { result: Box::new(result), parameters: parameters.into() }
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Specifier { kind, .. } => *kind,
            Self::Qualified { of, .. } => of.kind(),
            Self::Pointer { .. } => Kind::Scalar,
            Self::Array { .. } => Kind::Array,
            Self::Function { .. } => Kind::Function,
        }
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Specifier { size, .. } | Self::Array { size, .. } => *size,
            Self::Qualified { of, .. } => of.size(),
            Self::Pointer { .. } => 8,
            Self::Function { .. } => 0,
        }
    }

    /// A declaration of `declarator`, which may be a name, or nothing for the type itself.
    pub(super) fn declare(&self, declarator: &str) -> String {
        match self {
            Self::Specifier { text, .. } => format!("{text} {declarator}").trim_end().to_owned(),
            Self::Qualified { qualifiers, of } => format!("{qualifiers} {}", of.declare(declarator)),
            Self::Pointer { to, qualifiers } => {
                let pointer = match *qualifiers {
                    "" => format!("*{declarator}"),
                    _ => format!("*{qualifiers} {declarator}").trim_end().to_owned(),
                };
                match **to {
                    Self::Array { .. } | Self::Function { .. } => to.declare(&format!("({pointer})")),
                    _ => to.declare(&pointer),
                }
            }
            Self::Array { of, length, .. } => of.declare(&format!("{declarator}[{length}]")),
            Self::Function { result, parameters } => result.declare(&format!("{declarator}({parameters})")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarators_nest_inside_out() {
        let handler = Ty::pointer(Ty::function(Ty::scalar("int"), "char *, ..."));
        assert_eq!(handler.declare("f"), "int (*f)(char *, ...)");
        assert_eq!(Ty::array(handler.clone(), 3).declare("f"), "int (*f[3])(char *, ...)");
        assert_eq!(Ty::pointer(Ty::array(Ty::scalar("int"), 2)).declare("p"), "int (*p)[2]");
        assert_eq!(Ty::array(Ty::array(Ty::scalar("int"), 3), 2).declare("a"), "int a[2][3]");
        assert_eq!(Ty::pointer(Ty::function(handler, "void")).declare("g"), "int (*(*g)(void))(char *, ...)");
        let read_only = Ty::Qualified { qualifiers: "const", of: Box::new(Ty::scalar("int")) };
        let fixed = Ty::Pointer { to: Box::new(read_only), qualifiers: "const" };
        assert_eq!(fixed.declare("p"), "const int *const p");
        assert_eq!(fixed.declare(""), "const int *const");
    }
}

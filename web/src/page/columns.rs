// SPDX-License-Identifier: GPL-2.0-only
//! The columns of the list of exports: what they show, and what they sort and filter by.

use std::borrow::Cow;
use std::cmp::Ordering;

use kabiscope::abi::verify::Verdict;
use kabiscope::abi::{Export, SymbolKind};

/// A column of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Column {
    Name,
    Kind,
    Licence,
    Namespace,
    Module,
    Language,
    Recorded,
    Computed,
    Match,
}

impl Column {
    /// In the order in which they stand.
    pub(super) const ALL: [Self; 9] = [
        Self::Name,
        Self::Kind,
        Self::Licence,
        Self::Namespace,
        Self::Module,
        Self::Language,
        Self::Recorded,
        Self::Computed,
        Self::Match,
    ];

    /// Those with few values, which can be filtered by.
    pub(super) const FILTERS: [Self; 6] =
        [Self::Kind, Self::Licence, Self::Namespace, Self::Module, Self::Language, Self::Match];

    /// Its name in the address and in the style sheet.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Kind => "kind",
            Self::Licence => "licence",
            Self::Namespace => "namespace",
            Self::Module => "module",
            Self::Language => "language",
            Self::Recorded => "recorded",
            Self::Computed => "computed",
            Self::Match => "match",
        }
    }

    /// Its title.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Kind => "Kind",
            Self::Licence => "Licence",
            Self::Namespace => "Namespace",
            Self::Module => "Module",
            Self::Language => "Language",
            Self::Recorded => "Recorded",
            Self::Computed => "Computed",
            Self::Match => "Match",
        }
    }

    /// Whether what it says may change when versions are known.
    pub(super) fn depends_on_versions(self) -> bool {
        match self {
            Self::Name | Self::Licence | Self::Namespace | Self::Module | Self::Recorded => false,
            Self::Kind | Self::Language | Self::Computed | Self::Match => true,
        }
    }

    /// What it says of an export, one for whose file versions may still come.
    pub(super) fn text(self, export: &Export, may_come: bool) -> Cow<'_, str> {
        match self {
            Self::Name => Cow::Borrowed(&export.name),
            Self::Kind => Cow::Borrowed(match export.kind {
                Some(SymbolKind::Function) => "function",
                Some(SymbolKind::Variable) => "variable",
                None => "",
            }),
            Self::Licence => borrowed(export.licence.as_ref()),
            Self::Namespace => borrowed(export.namespace.as_ref()),
            Self::Module => borrowed(export.module.as_ref()),
            Self::Language => borrowed(export.language.as_ref()),
            Self::Recorded => export.recorded.map_or_else(Cow::default, |version| Cow::Owned(version.to_string())),
            Self::Computed => export.computed.map_or_else(Cow::default, |version| Cow::Owned(version.to_string())),
            Self::Match => Cow::Borrowed(Outcome::of(export, may_come).words()),
        }
    }

    /// What a value of a filter is called.
    pub(super) fn value_title(self, value: &str) -> &str {
        match (self, value) {
            (Self::Licence, "") => "any licence",
            (Self::Licence, "GPL") => "GPL only",
            (Self::Kind | Self::Language, "") => "not known",
            (_, "") => "none",
            (_, value) => value,
        }
    }

    /// The order of two exports by this column.
    pub(super) fn compare(self, a: (&Export, bool), b: (&Export, bool)) -> Ordering {
        match self {
            Self::Recorded => a.0.recorded.cmp(&b.0.recorded),
            Self::Computed => a.0.computed.cmp(&b.0.computed),
            column => column.text(a.0, a.1).cmp(&column.text(b.0, b.1)),
        }
    }
}

fn borrowed(text: Option<&String>) -> Cow<'_, str> {
    Cow::Borrowed(text.map_or("", String::as_str))
}

/// What is known of an export's versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// One may still be computed.
    Pending,
    /// This came out.
    Known(Verdict),
}

impl Outcome {
    pub(super) fn of(export: &Export, may_come: bool) -> Self {
        match may_come && export.computed.is_none() && export.error.is_none() {
            true => Self::Pending,
            false => Self::Known(Verdict::of(export)),
        }
    }

    /// In a word or two.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Known(Verdict::Equal) => "equal",
            Self::Known(Verdict::Different) => "different",
            Self::Known(Verdict::OnlyRecorded) => "recorded only",
            Self::Known(Verdict::OnlyComputed) => "computed only",
            Self::Known(Verdict::Unknown) => "no version",
        }
    }

    /// Its class in the style sheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Known(Verdict::Equal) => "good",
            Self::Known(Verdict::Different) => "bad",
            Self::Pending | Self::Known(_) => "quiet",
        }
    }

    /// A sign that stands for it, for those who see no colours.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Pending => "…",
            Self::Known(Verdict::Equal) => "✓",
            Self::Known(Verdict::Different) => "✗",
            Self::Known(_) => "–",
        }
    }
}

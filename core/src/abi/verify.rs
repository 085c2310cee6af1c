// SPDX-License-Identifier: GPL-2.0-only
//! Do the versions that a file records come from its types? The JSON of `kabiscope verify`.

use serde::{Deserialize, Serialize};

use super::{Abi, Export, SCHEMA, Source};
use crate::kernel::facts::Kind;
use crate::versions::Version;

/// A file's recorded versions against its computed ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Version of this schema.
    pub schema: u32,
    /// The name of the file, as it was given.
    pub file: String,
    /// What kind of file it is.
    pub kind: Kind,
    /// The build-id, in hexadecimal.
    pub build_id: Option<String>,
    /// How many symbols have which verdict.
    pub counts: Counts,
    /// Why versions could not be computed, and of how many symbols each is true; the most frequent first.
    pub reasons: Vec<Reason>,
    /// All exports, in the order of their names.
    pub symbols: Vec<Comparison>,
}

/// How many symbols have which verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// [`Verdict::Equal`].
    pub equal: usize,
    /// [`Verdict::Different`].
    pub different: usize,
    /// [`Verdict::OnlyRecorded`].
    pub only_recorded: usize,
    /// [`Verdict::OnlyComputed`].
    pub only_computed: usize,
    /// [`Verdict::Unknown`].
    pub unknown: usize,
}

/// Why a version could not be computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// As [`Export::error`] has it.
    pub reason: String,
    /// Of how many symbols it is true.
    pub symbols: usize,
}

/// One symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Its name, as the linker knows it.
    pub name: String,
    /// The name as the source has it, if that is another.
    pub demangled: Option<String>,
    /// What came out.
    pub verdict: Verdict,
    /// The version computed from DWARF.
    pub computed: Option<Version>,
    /// The version that the file records.
    pub recorded: Option<Version>,
    /// The unit whose object exported it.
    pub unit: Option<String>,
    /// Where it is declared or defined.
    pub source: Option<Source>,
    /// Why there is no computed version.
    pub error: Option<String>,
}

/// How a symbol's two versions compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// They are one.
    Equal,
    /// They are not: the file was tampered with, or was built with kABI rules, which are not kept in it, or with another tool.
    Different,
    /// None could be computed.
    OnlyRecorded,
    /// None is recorded.
    OnlyComputed,
    /// There is neither.
    Unknown,
}

impl Verification {
    /// Compares what `abi` has.
    pub fn new(abi: &Abi) -> Self {
        let symbols: Vec<_> = abi.exports.iter().map(Comparison::new).collect();
        let mut counts = Counts::default();
        let mut reasons = indexmap::IndexMap::<_, usize>::new();
        for symbol in &symbols {
            *counts.of(symbol.verdict) += 1;
            if let Some(error) = &symbol.error {
                *reasons.entry(error).or_default() += 1;
            }
        }
        let named = |(reason, symbols): (&String, usize)| Reason { reason: reason.clone(), symbols };
        let mut reasons: Vec<_> = reasons.into_iter().map(named).collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.symbols));
        let (file, kind, build_id) = (abi.file.clone(), abi.kind, abi.build_id.clone());
        Self { schema: SCHEMA, file, kind, build_id, counts, reasons, symbols }
    }

    /// Whether a version differs. That one could not be computed is no difference.
    pub fn differs(&self) -> bool {
        self.counts.different > 0
    }
}

impl Counts {
    fn of(&mut self, verdict: Verdict) -> &mut usize {
        match verdict {
            Verdict::Equal => &mut self.equal,
            Verdict::Different => &mut self.different,
            Verdict::OnlyRecorded => &mut self.only_recorded,
            Verdict::OnlyComputed => &mut self.only_computed,
            Verdict::Unknown => &mut self.unknown,
        }
    }
}

impl Verdict {
    /// What comes out for `export`.
    pub fn of(export: &Export) -> Self {
        match (export.computed, export.recorded) {
            (Some(computed), Some(recorded)) if computed == recorded => Self::Equal,
            (Some(_), Some(_)) => Self::Different,
            (None, Some(_)) => Self::OnlyRecorded,
            (Some(_), None) => Self::OnlyComputed,
            (None, None) => Self::Unknown,
        }
    }
}

impl Comparison {
    fn new(export: &Export) -> Self {
        Self {
            name: export.name.clone(),
            demangled: export.demangled.clone(),
            verdict: Verdict::of(export),
            computed: export.computed,
            recorded: export.recorded,
            unit: export.unit.clone(),
            source: export.source.clone(),
            error: export.error.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        let (one, two) = (Some(Version(1)), Some(Version(2)));
        let assembly = Some("written in assembly".to_owned());
        let exports = [
            (one, one, None, Verdict::Equal),
            (one, two, None, Verdict::Different),
            (None, one, Some("no DWARF".to_owned()), Verdict::OnlyRecorded),
            (None, one, assembly.clone(), Verdict::OnlyRecorded),
            (one, None, None, Verdict::OnlyComputed),
            (None, None, assembly, Verdict::Unknown),
        ];
        let export = |(computed, recorded, error, _): &(_, _, Option<String>, _)| Export {
            name: "symbol".to_owned(),
            computed: *computed,
            recorded: *recorded,
            error: error.clone(),
            ..Export::default()
        };
        let abi = Abi { exports: exports.iter().map(export).collect(), ..crate::abi::tests::empty(Kind::Vmlinux) };
        let verification = Verification::new(&abi);
        let verdicts: Vec<_> = verification.symbols.iter().map(|symbol| symbol.verdict).collect();
        assert_eq!(verdicts, exports.map(|(.., verdict)| verdict));
        let counts = Counts { equal: 1, different: 1, only_recorded: 2, only_computed: 1, unknown: 1 };
        assert_eq!(verification.counts, counts);
        let reasons: Vec<_> = verification.reasons.iter().map(|one| (one.reason.as_str(), one.symbols)).collect();
        assert_eq!(reasons, [("written in assembly", 2), ("no DWARF", 1)]);
        assert!(verification.differs());
        let without = Verification::new(&Abi { exports: vec![abi.exports[2].clone()], ..abi });
        assert!(!without.differs());
    }
}

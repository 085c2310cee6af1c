// SPDX-License-Identifier: GPL-2.0-only
//! Taking over what was computed.

use super::{Abi, Source, SymbolKind};
use crate::linked::{Answer, Answers};
use crate::types::SymbolRole;

impl Abi {
    /// Takes over what a unit answers for the exports that it speaks for. The exports are those of the
    /// [`Facts`](crate::kernel::facts::Facts) that the view was made from.
    ///
    /// A version takes the place of a reason why there is none, never the other way round: a stand-in may answer later.
    pub fn take(&mut self, answers: &Answers) {
        for answer in &answers.answers {
            self.take_answer(answers, answer);
        }
    }

    fn take_answer(&mut self, unit: &Answers, answer: &Answer) {
        let Some(export) = self.exports.get_mut(answer.export as usize) else { return };
        match &answer.computed {
            Ok(computed) => {
                export.computed = Some(computed.version);
                export.error = None;
                export.kind = Some(match computed.role {
                    SymbolRole::Function => SymbolKind::Function,
                    SymbolRole::Variable => SymbolKind::Variable,
                });
            }
            Err(_) if export.computed.is_some() || export.error.is_some() => return,
            Err(reason) => export.error = Some(reason.clone()),
        }
        export.language = unit.language.name().map(str::to_owned).or(export.language.take());
        export.unit = unit.name.clone().or(export.unit.take());
        let source = answer.source.clone().map(|(file, line)| Source { file, line });
        export.source = source.or(export.source.take());
    }
}

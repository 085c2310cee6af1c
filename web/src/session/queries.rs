// SPDX-License-Identifier: GPL-2.0-only
//! What a person wants to know of a file.

use std::collections::BTreeSet;
use std::future::Future;
use std::rc::Rc;

use futures::future::join_all;
use kabiscope::abi::tree::{Node, Step, TypeRef};
use kabiscope::abi::{Abi, SymbolKind};
use kabiscope::linked::PlannedUnit;

use super::planning::Planned;
use super::workers::Task;
use super::{FileId, Hashed, Inner, Session, SymbolView};
use crate::engine::protocol::{
    CollectSymtypes, Compute, DescribeSymbol, DescribeType, FindPath, FindType, FindUsers, Hash, MergeSymtypes, Packed,
    SymbolDie, TakeSymtypes, Trouble, WriteJson,
};

impl Session {
    /// A symbol: its version, which is computed before all others, and the first level of the tree of its types.
    ///
    /// # Errors
    /// In words, what keeps it from being known. That a symbol has no version is no error.
    pub async fn symbol(&self, file: FileId, export: u32) -> Result<SymbolView, String> {
        self.inner().symbol(file, export).await.map_err(in_words)
    }

    /// A type: one level of its tree.
    ///
    /// # Errors
    /// In words, what keeps it from being read.
    pub async fn node(&self, file: FileId, at: TypeRef) -> Result<Node, String> {
        let inner = self.inner();
        let node = async {
            let planned = inner.plan(file).await?;
            let owner = planned.owner(at.unit.in_info().unwrap_or(0));
            inner.workers.ask(inner.workers.able(owner), DescribeType { file, at }, &[]).await
        };
        node.await.map(|node| node.0).map_err(in_words)
    }

    /// What a symbol's version is the CRC of.
    ///
    /// # Errors
    /// In words, why that is not known.
    pub async fn hashed(&self, file: FileId, export: u32) -> Result<Hashed, String> {
        let inner = self.inner();
        let hashed = async {
            let planned = inner.plan(file).await?;
            let unknown = || Trouble::new("no unit tells of what this version was computed");
            let unit = planned.speaker(export).ok_or_else(unknown)?.clone();
            let owner = inner.workers.able(planned.owner(unit.unit.start));
            inner.workers.ask(owner, Hash { file, unit, export }, &[]).await?.ok_or_else(unknown)
        };
        hashed.await.map_err(in_words)
    }

    /// A type by its name, `struct file` or `s#file`: as the first unit has it that defines it, or else the first that declares it.
    ///
    /// # Errors
    /// In words, what keeps units from being read.
    pub async fn find_type(&self, file: FileId, name: String) -> Result<Option<Node>, String> {
        self.inner().find_type(file, &name).await.map_err(in_words)
    }

    /// The exports whose versions depend on a type.
    ///
    /// # Errors
    /// In words, what keeps units from being read.
    pub async fn used_by(&self, file: FileId, r#type: String) -> Result<Vec<u32>, String> {
        self.inner().used_by(file, &r#type).await.map_err(in_words)
    }

    /// By which way a type gets into a symbol's version; no step at all if it does not.
    ///
    /// # Errors
    /// In words, what keeps units from being read.
    pub async fn paths(&self, file: FileId, export: u32, r#type: String) -> Result<Vec<Step>, String> {
        let inner = self.inner();
        let path = async {
            let planned = inner.plan(file).await?;
            let symbol = inner.described(file, &planned, export).await?;
            let symbol = symbol.ok_or_else(|| Trouble::new("no unit describes this symbol"))?;
            let owner = inner.workers.able(planned.owner(symbol.unit.start));
            inner.workers.ask(owner, FindPath { file, symbol, r#type }, &[]).await
        };
        path.await.map_err(in_words)
    }

    /// The symtypes of all units as one file.
    ///
    /// # Errors
    /// In words, what keeps a unit from being read.
    pub async fn symtypes(&self, file: FileId) -> Result<Vec<u8>, String> {
        self.inner().symtypes(file).await.map_err(in_words)
    }

    /// What is known of files, also of other sessions, as the command prints it.
    ///
    /// # Errors
    /// In words, why no worker can write it.
    pub fn json(&self, abis: &[&Abi]) -> impl Future<Output = Result<Vec<u8>, String>> + use<> {
        let abis = abis.iter().map(Packed::new).collect();
        let workers = Rc::clone(&self.inner().workers);
        async move {
            let written = workers.ask(workers.able(0), WriteJson { abis }, &[]).await;
            written.map(|lines| lines.0).map_err(in_words)
        }
    }
}

impl Inner {
    async fn symbol(self: &Rc<Self>, file: FileId, export: u32) -> Result<SymbolView, Trouble> {
        let known = self.files.get(file).ok_or_else(|| Trouble::new("there is no such file"))?.known()?;
        let name = known.export(export)?.name;
        let planned = match self.plan(file).await {
            Ok(planned) => planned,
            // What is recorded is known without.
            Err(_) if self.debug_file(file).is_none() => return Ok(SymbolView::without_types(known.export(export)?)),
            Err(trouble) => return Err(trouble),
        };
        let Some(symbol) = self.described(file, &planned, export).await? else {
            return Ok(SymbolView::without_types(known.export(export)?));
        };
        let owner = self.workers.able(planned.owner(symbol.unit.start));
        let described = self.workers.ask(owner, DescribeSymbol { file, symbol, name }, &[]).await?;
        let node = described.node.0;
        let prototype = Some(node.declaration.to_string());
        Ok(SymbolView { export: known.export(export)?, node: Some(node), unit: described.unit, prototype })
    }

    /// Where a symbol is described, when its version is computed; `None` if it is nowhere.
    async fn described(&self, file: FileId, planned: &Planned, export: u32) -> Result<Option<SymbolDie>, Trouble> {
        let known = self.files[file].known()?;
        if known.die(export).is_none() && known.export(export)?.error.is_none() {
            let units = planned.speaker(export).cloned().into_iter().collect::<Vec<_>>();
            let silent = planned.silence(export).cloned().into_iter().collect();
            let owner = planned.owner(units.first().map_or(0, |unit| unit.unit.start));
            let answers = self.workers.ask(self.workers.able(owner), Compute { file, units, silent }, &[]).await?;
            let changed: BTreeSet<u32> = answers.iter().flat_map(|answers| known.take(answers)).collect();
            self.tell_versions(file, changed);
        }
        let role = SymbolKind::role(known.export(export)?.kind);
        let elsewhere = planned.plan.description(export).cloned();
        let elsewhere = elsewhere.map(|place| SymbolDie { unit: place.unit, at: place.at, role });
        Ok(known.die(export).or(elsewhere))
    }

    async fn find_type(self: &Rc<Self>, file: FileId, name: &str) -> Result<Option<Node>, Trouble> {
        let planned = self.plan(file).await?;
        for declarations in [false, true] {
            // The first parts know most types, so that the others need not be asked.
            for parts in planned.parts.chunks(planned.lanes.len()) {
                let found = parts.iter().map(|(part, owner)| {
                    let query = FindType { file, part: part.clone(), name: name.to_owned(), declarations };
                    self.workers.ask(self.workers.able(*owner), query, &[])
                });
                for found in join_all(found).await {
                    if let Some(node) = found? {
                        return Ok(Some(node.0));
                    }
                }
            }
        }
        Ok(None)
    }

    async fn used_by(self: &Rc<Self>, file: FileId, r#type: &str) -> Result<Vec<u32>, Trouble> {
        let planned = self.plan(file).await?;
        let query = |unit: &PlannedUnit| FindUsers { file, units: vec![unit.clone()], r#type: r#type.to_owned() };
        let mut users = BTreeSet::new();
        let mut failure = None;
        let hear = |_, _, found: Result<Vec<u32>, _>| match found {
            Ok(found) => users.extend(found),
            Err(trouble) => failure = Some(trouble),
        };
        self.workers.share_out(&planned.lanes, for_each_unit(&planned, query), hear).await;
        failure.map_or(Ok(users.into_iter().collect()), Err)
    }

    async fn symtypes(self: &Rc<Self>, file: FileId) -> Result<Vec<u8>, Trouble> {
        let planned = self.plan(file).await?;
        let query = |unit: &PlannedUnit| CollectSymtypes { file, units: vec![unit.clone()] };
        let mut failure = None;
        let hear = |_, _, collected: Result<(), _>| failure = failure.take().or(collected.err());
        self.workers.share_out(&planned.lanes, for_each_unit(&planned, query), hear).await;
        // Also after a failure, so that nothing of it is left.
        let taken =
            join_all(planned.lanes.iter().map(|&lane| self.workers.ask(lane, TakeSymtypes { file }, &[]))).await;
        if let Some(failure) = failure {
            return Err(failure);
        }
        let collections = taken.into_iter().collect::<Result<Vec<_>, _>>()?;
        let merged = self.workers.ask(self.lead(file), MergeSymtypes { collections }, &[]).await?;
        Ok(merged.0)
    }
}

/// A task for each unit that speaks for exports.
fn for_each_unit<Q>(planned: &Planned, query: impl Fn(&PlannedUnit) -> Q) -> Vec<Task<Q>> {
    let units = planned.plan.units.iter();
    units.map(|unit| Task { query: query(unit), owner: Some(planned.owner(unit.unit.start)) }).collect()
}

impl SymbolView {
    fn without_types(export: kabiscope::abi::Export) -> Self {
        Self { export, node: None, unit: None, prototype: None }
    }
}

fn in_words(trouble: Trouble) -> String {
    trouble.text
}

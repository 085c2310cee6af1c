// SPDX-License-Identifier: GPL-2.0-only
//! What the workers do: a worker reads files, or parts of them, and answers what is asked about these.
//!
//! Which worker is asked what, and in which order, is decided on the page ([`crate::session`]). What a worker lacks to answer,
//! it reads; so any one can answer anything, but one that was asked about the same part before does it faster.

mod debug;
mod input;
mod json;
pub mod protocol;
mod symbols;
mod symtypes;
mod types;

use std::collections::BTreeMap;
use std::ops::Range;

use web_sys::File;

use self::debug::Target;
use self::input::Input;
use self::protocol::{
    Call, CollectSymtypes, Compute, Decide, DescribeSymbol, DescribeType, FileId, FindPath, FindType, FindUsers, Hash,
    Head, Hear, Join, LookForSymbols, MergeSymtypes, Open, Packed, Query, Request, Said, Saying, TakeSymtypes, Trouble,
    WriteJson,
};
use self::symtypes::Collection;
use crate::worker::{Outbox, Service};

/// The engine, in a worker.
pub struct Engine {
    outbox: Outbox<Said>,
    inputs: BTreeMap<FileId, &'static Input>,
    targets: BTreeMap<FileId, Target>,
    symtypes: BTreeMap<FileId, Collection>,
}

impl Service for Engine {
    type Request = Call;
    type Reply = Said;

    fn start(outbox: Outbox<Said>) -> Self {
        Self { outbox, inputs: BTreeMap::new(), targets: BTreeMap::new(), symtypes: BTreeMap::new() }
    }

    fn handle(&mut self, call: Call, files: Vec<File>) {
        let answer = match call.request {
            Request::Open(query) => packed::<Open>(self.open(call.id, query.file, files)),
            Request::Join(query) => packed::<Join>(self.join(call.id, &query, files)),
            Request::LookForSymbols(query) => packed::<LookForSymbols>(self.look_for_symbols(&query)),
            Request::Hear(query) => packed::<Hear>(self.hear(&query)),
            Request::Decide(query) => packed::<Decide>(self.decide(query)),
            Request::Compute(query) => packed::<Compute>(self.compute(&query)),
            Request::DescribeSymbol(query) => packed::<DescribeSymbol>(self.describe_symbol(&query)),
            Request::DescribeType(query) => packed::<DescribeType>(self.describe_type(query)),
            Request::Hash(query) => packed::<Hash>(self.hash(&query)),
            Request::FindType(query) => packed::<FindType>(self.find_type(&query)),
            Request::FindUsers(query) => packed::<FindUsers>(self.find_users(&query)),
            Request::FindPath(query) => packed::<FindPath>(self.find_path(&query)),
            Request::CollectSymtypes(query) => packed::<CollectSymtypes>(self.collect_symtypes(&query)),
            Request::TakeSymtypes(query) => packed::<TakeSymtypes>(Ok(self.take_symtypes(query))),
            Request::MergeSymtypes(query) => packed::<MergeSymtypes>(Ok(symtypes::merge(&query))),
            Request::WriteJson(query) => packed::<WriteJson>(json::write(&query)),
        };
        self.outbox.send(&Said { call: call.id, saying: Saying::Answer(answer) });
    }
}

fn packed<Q: Query>(answer: Result<Q::Answer, Trouble>) -> Result<Packed, Trouble> {
    answer.map(|answer| Packed::new(&answer))
}

impl Engine {
    fn open(&mut self, call: u32, file: FileId, files: Vec<File>) -> Result<Head, Trouble> {
        self.input(call, file, files)?.head()
    }

    fn join(&mut self, call: u32, query: &Join, files: Vec<File>) -> Result<Vec<Range<usize>>, Trouble> {
        let input = self.input(call, query.debug, files)?;
        let target = Target::new(input, query.kind, query.exports.unpack()?, query.whole);
        let target = target.map_err(|error| input.explain(error))?;
        let parts = target.parts().to_vec();
        self.targets.insert(query.file, target);
        Ok(parts)
    }

    /// The file, opened now if it has not been before.
    fn input(&mut self, call: u32, file: FileId, files: Vec<File>) -> Result<&'static Input, Trouble> {
        if let Some(input) = self.inputs.get(&file) {
            return Ok(input);
        }
        let handle = files.into_iter().next().ok_or_else(|| Trouble::new("the file is missing"))?;
        let progress = |done, total| self.outbox.send(&Said { call, saying: Saying::Progress { done, total } });
        let input = Input::open(handle, progress)?;
        self.inputs.insert(file, input);
        Ok(input)
    }

    fn target(&self, file: FileId) -> Result<&Target, Trouble> {
        self.targets.get(&file).ok_or_else(unknown_file)
    }
}

fn unknown_file() -> Trouble {
    Trouble::new("this worker was not told of the file")
}

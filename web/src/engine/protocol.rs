// SPDX-License-Identifier: GPL-2.0-only
//! What the page asks of the engine, and what it is told.

use std::ops::Range;

use kabiscope::abi::Abi;
use kabiscope::abi::tree::{Node, Step, TypeRef};
use kabiscope::dwarf::DieOffset;
use kabiscope::kernel::facts::Kind;
use kabiscope::linked::{Answers, Claims, Plan, PlannedUnit, Silence};
use kabiscope::types::SymbolRole;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Which of the opened files.
pub type FileId = usize;

/// Something that the page asks.
pub trait Query: Into<Request> {
    /// What it is told.
    type Answer: Serialize + DeserializeOwned;
}

/// A query on its way.
#[derive(Debug, Serialize, Deserialize)]
pub struct Call {
    /// By which the answer is known.
    pub id: u32,
    /// The query.
    pub request: Request,
}

/// What a worker says to a call.
#[derive(Debug, Serialize, Deserialize)]
pub struct Said {
    /// The call that it is said to.
    pub call: u32,
    /// What is said.
    pub saying: Saying,
}

/// What can be said to a call: progress any number of times, then the answer.
#[derive(Debug, Serialize, Deserialize)]
pub enum Saying {
    /// So much of the file was read.
    Progress {
        /// Bytes.
        done: u64,
        /// Of so many.
        total: u64,
    },
    /// The answer, packed, for only the caller knows its type.
    Answer(Result<Packed, Trouble>),
}

/// Data that only those who made it and those who need it know: it goes through other hands as bytes, which costs these nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Packed(#[serde(with = "serde_bytes")] Vec<u8>);

impl Packed {
    /// Packs data.
    pub fn new<T: Serialize>(data: &T) -> Self {
        Self(postcard::to_stdvec(data).expect("it is plain data"))
    }

    /// The data.
    ///
    /// # Errors
    /// If it is of another type.
    pub fn unpack<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        postcard::from_bytes(&self.0).map_err(|error| Trouble::new(format!("a message cannot be read: {error}")))
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What is wrong.
    pub text: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Trouble {
    /// Without a hint.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), hint: None }
    }
}

impl From<kabiscope::Error> for Trouble {
    fn from(error: kabiscope::Error) -> Self {
        Self { text: error.to_string(), hint: error.hint().map(str::to_owned) }
    }
}

macro_rules! queries {
    ($($query:ident -> $answer:ty;)*) => {
        /// Everything that can be asked.
        #[derive(Debug, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "each is what it holds")]
        pub enum Request {
            $($query($query),)*
        }

        $(
            impl From<$query> for Request {
                fn from(query: $query) -> Self {
                    Self::$query(query)
                }
            }

            impl Query for $query {
                type Answer = $answer;
            }
        )*
    };
}

queries! {
    Open -> Head;
    Join -> Vec<Range<usize>>;
    LookForSymbols -> Found;
    Hear -> ();
    Decide -> Decided;
    Compute -> Vec<Answers>;
    DescribeSymbol -> Described;
    DescribeType -> InJson<Node>;
    Hash -> Option<Hashed>;
    FindType -> Option<InJson<Node>>;
    FindUsers -> Vec<u32>;
    FindPath -> Vec<Step>;
    CollectSymtypes -> ();
    TakeSymtypes -> Text;
    MergeSymtypes -> Text;
    WriteJson -> Text;
}

/// What does a file say of itself? The file goes beside.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Open {
    /// The file.
    pub file: FileId,
}

/// What a file says of itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct Head {
    /// For people.
    pub abi: Abi,
    /// Its exports as the library has them, for [`Join`].
    pub exports: Packed,
    /// Whether it has debugging information.
    pub has_debug_info: bool,
    /// Whether it has nothing else: it was split from another file.
    pub is_debug_file: bool,
    /// Whether it was compressed. Then it is in the memory of this one worker.
    pub is_packed: bool,
}

/// Take part in computing the versions of a file; in which parts can its units be shared out? The file with the debugging
/// information goes beside.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Join {
    /// The file.
    pub file: FileId,
    /// The one with its debugging information: itself or another.
    pub debug: FileId,
    /// What kind of file it is.
    pub kind: Kind,
    /// Its exports, as [`Head`] has them.
    pub exports: Packed,
    /// Whether all units have to be at hand to read one.
    pub whole: bool,
}

/// What do the units in a part of `.debug_info` say of the exports?
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LookForSymbols {
    /// The file.
    pub file: FileId,
    /// The part: one of those that [`Join`] told.
    pub part: Range<usize>,
}

/// What the units of a part say.
#[derive(Debug, Serialize, Deserialize)]
pub enum Found {
    /// Of each unit what it says, and what is wrong with those that cannot be read.
    Claims(Vec<Claims>, Vec<String>),
    /// They refer to units elsewhere, or are not where they are said to be: all units have to be at hand.
    NeedsWhole,
}

/// Hear what units say: to the worker that is to decide.
#[derive(Debug, Serialize, Deserialize)]
pub struct Hear {
    /// The file.
    pub file: FileId,
    /// What units said.
    pub claims: Vec<Claims>,
    /// Whether any unit could not be read.
    pub any_missed: bool,
}

/// Who speaks for which export, when all units were heard?
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Decide {
    /// The file.
    pub file: FileId,
}

/// Who speaks for which export.
#[derive(Debug, Serialize, Deserialize)]
pub struct Decided {
    /// That.
    pub plan: Plan,
    /// What could not be read meanwhile.
    pub trouble: Option<String>,
}

/// Which versions do the exports have that some units speak for?
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Compute {
    /// The file.
    pub file: FileId,
    /// The units.
    pub units: Vec<PlannedUnit>,
    /// Exports that no unit speaks for.
    pub silent: Vec<(u32, Silence)>,
}

/// What is a symbol?
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DescribeSymbol {
    /// The file.
    pub file: FileId,
    /// Where it is described.
    pub symbol: SymbolDie,
    /// Its name.
    pub name: String,
}

/// Where a symbol is described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SymbolDie {
    /// The unit.
    pub unit: Range<usize>,
    /// The DIE.
    pub at: DieOffset,
    /// What it is taken for.
    pub role: SymbolRole,
}

/// A symbol.
#[derive(Debug, Serialize, Deserialize)]
pub struct Described {
    /// The first level of its tree.
    pub node: InJson<Node>,
    /// The name of the unit.
    pub unit: Option<String>,
}

/// What is a type?
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct DescribeType {
    /// The file.
    pub file: FileId,
    /// Where it is described.
    pub at: TypeRef,
}

/// What is hashed to a symbol's version? Nothing that is known here if the unit does not speak for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hash {
    /// The file.
    pub file: FileId,
    /// The unit that speaks for it.
    pub unit: PlannedUnit,
    /// The symbol.
    pub export: u32,
}

/// What is hashed to a symbol's version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hashed {
    /// The very string.
    pub string: String,
    /// The named types that it was put together from, each with its own string as symtypes files have it.
    pub parts: Vec<(String, String)>,
}

/// Where in a part of `.debug_info` is there a type of that name?
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindType {
    /// The file.
    pub file: FileId,
    /// The part.
    pub part: Range<usize>,
    /// The name, as [`kabiscope::abi::tree::TypeQuery`] takes it.
    pub name: String,
    /// Whether a mere declaration will do.
    pub declarations: bool,
}

/// Which of the exports that some units speak for depend on a type?
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindUsers {
    /// The file.
    pub file: FileId,
    /// The units.
    pub units: Vec<PlannedUnit>,
    /// The name of the type.
    pub r#type: String,
}

/// By which way does a type get into a symbol's version? There is no step if it does not.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindPath {
    /// The file.
    pub file: FileId,
    /// Where the symbol is described.
    pub symbol: SymbolDie,
    /// The name of the type.
    pub r#type: String,
}

/// Keep the symtypes of some units.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CollectSymtypes {
    /// The file.
    pub file: FileId,
    /// The units.
    pub units: Vec<PlannedUnit>,
}

/// What symtypes were collected since this was last asked?
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct TakeSymtypes {
    /// The file.
    pub file: FileId,
}

/// What do collections of symtypes come to?
#[derive(Debug, Serialize, Deserialize)]
pub struct MergeSymtypes {
    /// The collections of all workers.
    pub collections: Vec<Text>,
}

/// Text of a symtypes file, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text(#[serde(with = "serde_bytes")] pub Vec<u8>);

/// What can only be sent as JSON, in which data tells of itself what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InJson<T>(pub T);

impl<T: Serialize> Serialize for InJson<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(&self.0).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for InJson<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// What is known of files, as the command prints it: one file, one object; several, an array of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WriteJson {
    /// Of each file an [`Abi`].
    pub abis: Vec<Packed>,
}

// SPDX-License-Identifier: GPL-2.0-only
//! Whether two gendwarfksyms say the same.

use std::collections::{BTreeMap, BTreeSet};

use super::tool::{Answers, Outcome};

/// What a comparison has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Agreed,
    /// Both end with an error.
    BothFailed,
    /// What sets them apart is where the reference's memory happens to lie; tells what it is.
    ByChance(String),
    /// The reference does not read such objects; what ours says of one, it says of the same after linking.
    AgreedLinked,
    /// The reference does not read such objects, and there is nothing to compare ours with.
    CannotRead,
    /// The reference was ended by a signal; ours ends in order.
    Crashed,
    Differed(Vec<Difference>),
}

/// One answer that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) what: &'static str,
    pub(crate) reference: String,
    pub(crate) ours: String,
}

impl Difference {
    fn new(what: &'static str, reference: impl Into<String>, ours: impl Into<String>) -> Self {
        Self { what, reference: reference.into(), ours: ours.into() }
    }
}

/// All that differs. Where both fail they agree, whatever they say about it.
pub(crate) fn differences(reference: &Answers, ours: &Answers) -> Vec<Difference> {
    if reference.outcome != ours.outcome {
        return vec![Difference::new("exit status", reference.ending(), ours.ending())];
    }
    if reference.outcome != Outcome::Exit(0) {
        return Vec::new();
    }
    let mut differences = Vec::new();
    let mut check = |what, reference: String, ours: String| {
        if reference != ours {
            differences.push(Difference::new(what, reference, ours));
        }
    };
    let text = |lines: &[String]| lines.iter().flat_map(|line| [line, "\n"]).collect::<String>();
    check("versions", text(&reference.versions), text(&ours.versions));
    check("symtypes", reference.symtypes.clone(), ours.symtypes.clone());
    check("dump-versions", text(&reference.expanded), text(&ours.expanded));
    check("dump-dies", reference.dies.clone(), ours.dies.clone());
    let kept = |answers: &Answers| {
        answers.types_table().iter().map(|(name, string)| format!("{name} {string}\n")).collect::<String>()
    };
    check("dump-types", kept(reference), kept(ours));
    check("messages", text(&reference.messages), text(&ours.messages));
    differences
}

/// That ours has no answer, where the reference has none to compare it with.
pub(crate) fn unanswered(reference: &Answers, ours: &Answers) -> Difference {
    Difference::new("no answer", reference.ending(), ours.ending())
}

impl Answers {
    /// How it ended, and what it said of that.
    fn ending(&self) -> String {
        format!("{:?}\n{}\n", self.outcome, self.messages.join("\n"))
    }

    /// Name and string of every line of symtypes.
    fn symtypes_table(&self) -> BTreeMap<&str, &str> {
        self.symtypes.lines().map(split_name).collect()
    }

    /// Name and string of the lines of `--dump-types` that stand in the end. A line is printed for each type that is kept
    /// so far, and again for a longer one of the same name; which come first is chance in the reference.
    fn types_table(&self) -> BTreeMap<&str, &str> {
        self.types.iter().map(|line| split_name(line)).collect()
    }
}

/// Name and string of a line of symtypes; a name in quotes may have spaces.
fn split_name(line: &str) -> (&str, &str) {
    let end = match line.get(1..3) {
        Some("#'") => line[3..].find('\'').map(|quote| quote + 4),
        _ => line.find(' '),
    };
    let (name, string) = line.split_at(end.unwrap_or(line.len()));
    (name, string.trim_start())
}

/// The exports whose line the reference repeats for a later object, if they are all that sets the two apart. It knows a
/// DIE by its address in memory, forgets none when it is done with an object, and the next may lie in the same place.
pub(crate) fn repeated(reference: &Answers, ours: &Answers) -> Option<Vec<String>> {
    let mut repeated = Vec::new();
    let mut our_lines = ours.symtypes.lines().peekable();
    let mut before = BTreeSet::new();
    for line in reference.symtypes.lines() {
        let (name, _) = split_name(line);
        if our_lines.next_if_eq(&line).is_none() {
            if !before.contains(name) || name.contains('#') {
                return None;
            }
            repeated.push(name.to_owned());
        }
        before.insert(name);
    }
    let without = Answers { symtypes: ours.symtypes.clone(), ..reference.clone() };
    (our_lines.next().is_none() && !repeated.is_empty() && differences(&without, ours).is_empty()).then_some(repeated)
}

/// The types of which each keeps another one of equal length, if that is all that sets the two apart. The reference keeps
/// the one that it meets first in a table ordered by addresses in memory; ours keeps the one that comes first in the file.
pub(crate) fn ties(reference: &Answers, ours: &Answers) -> Option<Vec<String>> {
    // That every DIE has the same text is known from here on; only which of them stands for its name is not.
    if reference.dies != ours.dies || reference.messages != ours.messages {
        return None;
    }
    let mut tied = BTreeSet::new();
    // The reference chooses anew in each run, so its `--dump-types` may differ where its symtypes do not.
    for (theirs, ours) in
        [(reference.symtypes_table(), ours.symtypes_table()), (reference.types_table(), ours.types_table())]
    {
        if !theirs.keys().eq(ours.keys()) {
            return None;
        }
        for (name, string) in ours.into_iter().filter(|(name, string)| theirs[name] != *string) {
            let is_type = name.as_bytes().get(1) == Some(&b'#');
            if !is_type || string.len() != theirs[name].len() {
                return None;
            }
            tied.insert(name);
        }
    }
    let table = ours.symtypes_table();
    let explained = |line: &String| reference.versions.contains(line) || reaches(&table, symbol(line), &tied);
    (!tied.is_empty() && ours.versions.iter().all(explained)).then(|| tied.into_iter().map(str::to_owned).collect())
}

/// Whether a name's string leads to one of the types, directly or through others.
fn reaches(table: &BTreeMap<&str, &str>, start: &str, types: &BTreeSet<&str>) -> bool {
    let mut open = vec![start];
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if types.contains(name) {
            return true;
        }
        if seen.insert(name) {
            open.extend(table.get(name).into_iter().flat_map(|string| references(string)));
        }
    }
    false
}

/// The types that a type string refers to.
fn references(string: &str) -> impl Iterator<Item = &str> {
    let starts = string.match_indices('#').filter_map(|(hash, _)| hash.checked_sub(1));
    let starts = starts.filter(|start| string[*start..].starts_with(['s', 'u', 't', 'e']));
    starts.map(|start| split_name(&string[start..]).0)
}

/// The symbol of a `#SYMVER` line.
fn symbol(line: &str) -> &str {
    line.split(' ').nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(symtypes: &str, versions: &str) -> Answers {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        Answers {
            outcome: Outcome::Exit(0),
            versions: lines(versions),
            symtypes: symtypes.to_owned(),
            expanded: Vec::new(),
            dies: String::new(),
            types: lines(symtypes),
            messages: Vec::new(),
        }
    }

    #[test]
    fn names_in_quotes_may_have_spaces() {
        assert_eq!(split_name("s#'a b' structure_type a b { }"), ("s#'a b'", "structure_type a b { }"));
        assert_eq!(split_name("s#a structure_type a { }"), ("s#a", "structure_type a { }"));
        assert_eq!(split_name("f subprogram ( )"), ("f", "subprogram ( )"));
    }

    #[test]
    fn differences_are_told_by_kind() {
        let reference = answers("s#a x", "#SYMVER f 0x00000001");
        assert_eq!(differences(&reference, &reference), []);
        let ours = answers("s#a y", "#SYMVER f 0x00000001");
        let kinds: Vec<_> = differences(&reference, &ours).iter().map(|difference| difference.what).collect();
        assert_eq!(kinds, ["symtypes", "dump-types"]);
    }

    #[test]
    fn an_exit_status_is_all_that_counts_among_failures() {
        let mut failed = answers("", "");
        failed.outcome = Outcome::Exit(1);
        let mut otherwise = failed.clone();
        otherwise.messages = vec!["error: gendwarfksyms: elsewhere: in other words".to_owned()];
        assert_eq!(differences(&failed, &otherwise), []);
        assert_eq!(differences(&failed, &answers("", ""))[0].what, "exit status");
    }

    #[test]
    fn a_longer_type_replaces_a_shorter_one() {
        let mut reference = answers("", "");
        reference.types = vec!["s#a short".to_owned(), "s#a much longer".to_owned()];
        let mut ours = answers("", "");
        ours.types = vec!["s#a much longer".to_owned()];
        assert_eq!(differences(&reference, &ours), []);
    }

    #[test]
    fn a_line_may_be_repeated_for_a_later_object() {
        let ours = answers("f x\ng y\nh z", "");
        let reference = answers("f x\ng y\nf again\nh z", "");
        let repeated = |reference: &str| repeated(&Answers { symtypes: reference.to_owned(), ..ours.clone() }, &ours);
        assert_eq!(repeated(&reference.symtypes), Some(vec!["f".to_owned()]));
        assert_eq!(repeated("f x\ng y\nh z"), None, "nothing is");
        assert_eq!(repeated("f x\ng y\nh z\nk w"), None, "not said before");
        assert_eq!(repeated("f x\ng y"), None, "ours says more");
    }

    #[test]
    fn ties_are_types_of_equal_length_and_what_they_lead_to() {
        let reference = answers("f x s#b\ng y\ns#a one\ns#b s#a", "#SYMVER f 0x00000001\n#SYMVER g 0x00000001");
        let tied = |symtypes: &str, versions: &str| ties(&reference, &answers(symtypes, versions));

        let ours = "f x s#b\ng y\ns#a two\ns#b s#a";
        let versions = "#SYMVER f 0x00000002\n#SYMVER g 0x00000001";
        assert_eq!(tied(ours, versions), Some(vec!["s#a".to_owned()]));
        assert_eq!(tied(ours, "#SYMVER f 0x00000001\n#SYMVER g 0x00000002"), None, "g does not depend on it");
        assert_eq!(tied("f x s#b\ng y\ns#a three\ns#b s#a", versions), None, "another length");
        assert_eq!(tied("f x s#b\ng z\ns#a one\ns#b s#a", versions), None, "an export is no type");
        assert_eq!(tied("f x s#b\ng y\ns#c two\ns#b s#a", versions), None, "another name");

        let mut otherwise = answers(ours, versions);
        otherwise.dies = "another text".to_owned();
        assert_eq!(ties(&reference, &otherwise), None, "the DIEs differ themselves");
    }
}

// SPDX-License-Identifier: GPL-2.0-only
//! `docs/json.md`: its examples are what the command prints, and its tables name every field. With `SNAPSHOTS=overwrite` the
//! examples are made anew.

use std::fs;
use std::process::Command;

use serde_json::Value;

/// What comes before an example: the command that prints it.
const COMMAND: &str = "<!-- kabiscope ";

/// The page with all examples as they are to be, and what the commands printed.
fn regenerate(page: &str) -> (String, Vec<String>) {
    let mut parts = page.split(COMMAND);
    let mut regenerated = parts.next().unwrap_or_default().to_owned();
    let mut examples = Vec::new();
    for part in parts {
        let (arguments, rest) = part.split_once(" -->\n```json\n").expect("an example follows the command");
        let (_, rest) = rest.split_once("```\n").expect("the example ends");
        let mut command = Command::new(kabiscope_tests::command::kabiscope());
        let output = command.args(arguments.split(' ')).current_dir(kabiscope_tests::root()).output().expect("it runs");
        let example = String::from_utf8(output.stdout).expect("JSON is UTF-8");
        regenerated += &format!("{COMMAND}{arguments} -->\n```json\n{example}```\n{rest}");
        examples.push(example);
    }
    (regenerated, examples)
}

/// The names of all fields in `value`.
fn fields(value: &Value) -> Vec<String> {
    match value {
        Value::Object(object) => {
            object.iter().flat_map(|(name, value)| [vec![name.clone()], fields(value)].concat()).collect()
        }
        Value::Array(values) => values.iter().flat_map(fields).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn examples_and_fields() {
    let path = kabiscope_tests::root().join("docs/json.md");
    let page = fs::read_to_string(&path).expect("the page is there");
    let (regenerated, examples) = regenerate(&page);
    snapbox::assert_data_eq!(regenerated, snapbox::Data::read_from(&path, None).raw());
    assert_eq!(examples.len(), 4);
    for example in examples {
        let value: Value = serde_json::from_str(&example).expect("it is JSON");
        for field in fields(&value) {
            assert!(page.contains(&format!("`{field}`")), "the page says nothing of {field}");
        }
    }
}

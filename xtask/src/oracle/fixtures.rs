// SPDX-License-Identifier: GPL-2.0-only
//! `cargo xtask fixtures`: the small objects that the tests carry, and what the reference says of them.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use object::{Object as _, ObjectSymbol as _};
use serde_json::{Map, Value};
use xshell::{Shell, cmd};

use super::mini;
use super::reference::{self, Reference};
use super::tool::{Answers, Outcome, Tool};
use crate::project;

/// Make the fixtures in `tests/fixtures` anew, from the sources beside them.
#[derive(clap::Args)]
pub(crate) struct FixtureArgs {
    /// Make these only [default: all].
    names: Vec<String>,
}

/// How an object is made, and what is asked about it.
struct Fixture {
    name: &'static str,
    /// The commands that make `object.o` of the sources.
    commands: &'static [&'static str],
    /// Whether there are answers with `--stable` as well.
    stable: bool,
    /// Whether the answers to `--dump-dies` are kept, which are long.
    dies: bool,
    /// Of objects that the reference does not read: the fixture whose versions are the same, being made of the same
    /// source for an architecture with the same sizes.
    same_as: Option<&'static str>,
}

impl Fixture {
    const fn new(name: &'static str, commands: &'static [&'static str]) -> Self {
        Self { name, commands, stable: false, dies: false, same_as: None }
    }

    const fn stable(mut self) -> Self {
        self.stable = true;
        self
    }

    const fn dies(mut self) -> Self {
        self.dies = true;
        self
    }

    const fn same_as(mut self, other: &'static str) -> Self {
        self.same_as = Some(other);
        self
    }
}

const FIXTURES: &[Fixture] = &[
    Fixture::new("basics", &["gcc -O2 -gdwarf-5 -c basics.c -o object.o"]).dies(),
    Fixture::new("basics-clang", &["clang -O2 -gdwarf-5 -c basics.c -o object.o"]),
    Fixture::new("basics-dwarf64", &["gcc -O2 -gdwarf-5 -gdwarf64 -c basics.c -o object.o"]),
    Fixture::new("basics-zlib", &["gcc -O2 -gdwarf-5 -gz=zlib -c basics.c -o object.o"]),
    Fixture::new("basics-type-units", &["gcc -O2 -gdwarf-4 -fdebug-types-section -c basics.c -o object.o"]),
    Fixture::new("basics-s390x", &["s390x-linux-gnu-gcc -O2 -gdwarf-5 -c basics.c -o object.o"]),
    Fixture::new("basics-powerpc", &["powerpc-linux-gnu-gcc -O2 -gdwarf-3 -c basics.c -o object.o"]),
    Fixture::new("basics-arm", &["arm-linux-gnueabi-gcc -O2 -gdwarf-4 -c basics.c -o object.o"]),
    Fixture::new("basics-riscv64", &["riscv64-linux-gnu-gcc -O2 -gdwarf-5 -c basics.c -o object.o"]),
    Fixture::new("basics-mips", &["mips-linux-gnu-gcc -O2 -gdwarf-3 -c basics.c -o object.o"])
        .same_as("basics-powerpc"),
    Fixture::new("lost-comma", &["gcc -O2 -gdwarf-5 -c lost_comma.c -o object.o"]).dies(),
    Fixture::new("kabi", &["gcc -O2 -gdwarf-5 -c kabi.c -o object.o"]).stable().dies(),
    Fixture::new("pointers", &["gcc -O2 -gdwarf-5 -c pointers.c -o object.o"]),
    Fixture::new("stand-in", &["gcc -O2 -gdwarf-5 -c stand_in.c -o object.o"]),
    Fixture::new("aliases", &["gcc -O2 -gdwarf-5 -c aliases.c -o object.o"]),
    Fixture::new(
        "rust",
        &["rustc --crate-type lib --emit obj --edition 2021 -C opt-level=2 -C debuginfo=2 shapes.rs -o object.o"],
    ),
    Fixture::new(
        "joined",
        &[
            "gcc -O2 -gdwarf-5 -c aliases.c -o aliases.o",
            "clang -O2 -gdwarf-4 -c lost_comma.c -o lost_comma.o",
            "ld -r aliases.o lost_comma.o -o object.o",
        ],
    ),
    Fixture::new(
        "dwz",
        &[
            "gcc -O2 -gdwarf-4 -c basics.c -o basics.o",
            "gcc -O2 -gdwarf-4 -c aliases.c -o aliases.o",
            "ld -e 0 --unresolved-symbols=ignore-all basics.o aliases.o -o object.o",
            "dwz object.o",
        ],
    ),
];

/// Makes the fixtures anew.
pub(crate) fn make(args: &FixtureArgs) -> anyhow::Result<()> {
    let is_known = |name: &str| name == mini::NAME || FIXTURES.iter().any(|fixture| fixture.name == name);
    let unknown = args.names.iter().find(|name| !is_known(name));
    ensure!(unknown.is_none(), "there is no fixture `{}`", unknown.map_or("", String::as_str));
    let is_wanted = |name: &str| args.names.is_empty() || args.names.iter().any(|wanted| wanted == name);
    let reference = reference::find()?;
    let folder = project::root().join("tests/fixtures");
    let make = |name: &str, make: &dyn Fn() -> anyhow::Result<()>| {
        if is_wanted(name) {
            println!("{name}");
            make().with_context(|| format!("the fixture {name} cannot be made"))?;
        }
        Ok(())
    };
    for fixture in FIXTURES {
        make(fixture.name, &|| fixture.make(&folder, &reference))?;
    }
    make(mini::NAME, &|| mini::make(&folder, &reference))
}

impl Fixture {
    fn make(&self, fixtures: &Path, reference: &Reference) -> anyhow::Result<()> {
        let scratch = tempfile::tempdir()?;
        for source in fs::read_dir(fixtures.join("src"))? {
            let source = source?;
            fs::copy(source.path(), scratch.path().join(source.file_name()))?;
        }
        self.compile(scratch.path())?;
        let object = scratch.path().join("object.o");
        let bytes = fs::read(&object)?;
        let exports = exports(&bytes)?;

        let tool = Tool { path: &reference.path };
        let folder = fixtures.join(self.name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir(&folder)?;
        fs::copy(&object, folder.join("object.o"))?;
        fs::write(folder.join("exports"), &exports)?;

        let mut case = Map::new();
        case.insert("commands".to_owned(), self.commands.into());
        case.insert("compilers".to_owned(), self.compilers()?.into());
        case.insert("reference".to_owned(), reference.package.as_str().into());
        let modes: &[(bool, &str)] = if self.stable { &[(false, ""), (true, ".stable")] } else { &[(false, "")] };
        for (stable, suffix) in modes {
            let answers = tool.ask(std::slice::from_ref(&object), &exports, *stable, scratch.path())?;
            let Outcome::Exit(status) = answers.outcome else {
                anyhow::bail!("the reference crashed");
            };
            case.insert(format!("exit{suffix}"), status.into());
            self.check(&answers)?;
            self.write(&folder, suffix, &answers)?;
        }
        if let Some(other) = self.same_as {
            case.insert("reference_cannot_read".to_owned(), true.into());
            case.insert("same_as".to_owned(), other.into());
        }
        fs::write(folder.join("case.json"), serde_json::to_string_pretty(&Value::Object(case))? + "\n")?;
        Ok(())
    }

    /// Runs the commands, with no path of this machine left in the object.
    fn compile(&self, folder: &Path) -> anyhow::Result<()> {
        let sh = Shell::new()?;
        sh.change_dir(folder);
        let here = folder.display();
        for command in self.commands {
            let mut words = command.split(' ');
            let program = words.next().context("a command has a name")?;
            let map = match program {
                "ld" | "dwz" => None,
                "rustc" => Some(format!("--remap-path-prefix={here}=.")),
                _ => Some(format!("-ffile-prefix-map={here}=.")),
            };
            cmd!(sh, "{program} {words...} {map...}").quiet().run()?;
        }
        Ok(())
    }

    /// The programs that the commands run, with their versions.
    fn compilers(&self) -> anyhow::Result<Vec<String>> {
        let sh = Shell::new()?;
        let mut versions = Vec::new();
        for program in self.commands.iter().filter_map(|command| command.split(' ').next()) {
            // dwz tells on standard error.
            let output = cmd!(sh, "{program} --version").quiet().output()?;
            let text = [output.stdout, output.stderr].concat();
            let version = String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned();
            if !versions.contains(&version) {
                versions.push(version);
            }
        }
        Ok(versions)
    }

    /// That the reference reads what it should, and only that.
    fn check(&self, answers: &Answers) -> anyhow::Result<()> {
        let unread = answers.messages.iter().any(|message| message.contains("no debugging information?"));
        ensure!(unread == self.same_as.is_some(), "the reference says: {:?}", answers.messages);
        Ok(())
    }

    fn write(&self, folder: &Path, suffix: &str, answers: &Answers) -> anyhow::Result<()> {
        let write = |name: &str, text: &str| fs::write(folder.join(format!("{name}{suffix}")), text);
        let text = |lines: &[String]| lines.iter().flat_map(|line| [line, "\n"]).collect::<String>();
        write("messages", &text(&answers.messages))?;
        if answers.outcome == Outcome::Exit(0) {
            write("symvers", &text(&answers.versions))?;
            write("versions", &text(&answers.expanded))?;
            write("symtypes", &answers.symtypes)?;
            if self.dies {
                write("dies", &answers.dies)?;
            }
        }
        Ok(())
    }
}

/// The symbols to ask for: all that the object defines or needs, and one that there is not.
fn exports(object: &[u8]) -> anyhow::Result<String> {
    let file = object::File::parse(object)?;
    let mut names: Vec<&str> = file
        .symbols()
        .filter(|symbol| symbol.is_global() || symbol.is_weak())
        .filter_map(|symbol| Some((symbol.name().ok()?, symbol.is_definition())))
        // What a compiler or linker needs for itself is nobody's export.
        .filter(|(name, defined)| !name.is_empty() && (*defined || !name.starts_with('_')))
        .map(|(name, _)| name)
        .chain(["no_such_symbol"])
        .collect();
    names.sort_unstable();
    names.dedup();
    Ok(names.iter().flat_map(|name| [name, "\n"]).collect())
}

//! The programs that pages run by `cargo run` and `cargo test`: built once, beside the program of this test.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::examples::example;
use crate::markdown::ROOT;
use serde_json::Value;

/// Where the examples are, and the built tests by name.
#[derive(Default)]
pub struct Built {
    pub examples: PathBuf,
    pub tests: Vec<(String, PathBuf)>,
}

/// Builds what the commands ask for, as this test was built; a test that is fresh already costs a second.
#[track_caller]
pub fn build(commands: &[&str]) -> Built {
    let directory = profile_directory();
    let mut built = Built {
        examples: directory.join("examples"),
        tests: Vec::new(),
    };
    let cargo_lines = || commands.iter().filter(|command| command.contains("cargo "));
    for name in cargo_lines().flat_map(|command| words_after(command, "--example")) {
        example(name);
    }
    let mut wanted: Vec<&str> = cargo_lines()
        .flat_map(|command| words_after(command, "--test"))
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    if !wanted.is_empty() {
        let mut args = vec!["test", "--no-run"];
        args.extend(wanted.iter().flat_map(|name| ["--test", name]));
        let said = cargo(&directory, &args);
        built.tests = said.lines().filter_map(test_executable).collect();
    }
    built
}

fn words_after<'a>(command: &'a str, option: &'a str) -> impl Iterator<Item = &'a str> {
    let words = command.split_whitespace();
    let next = command.split_whitespace().skip(1);
    words
        .zip(next)
        .filter(move |(word, _)| *word == option)
        .map(|(_, name)| name)
}

/// The directory of the profile that this test was built with: its own is `deps` in there.
#[track_caller]
fn profile_directory() -> PathBuf {
    let here = env::current_exe().ok();
    let directory = here
        .as_deref()
        .and_then(Path::parent)
        .and_then(Path::parent);
    match directory {
        Some(directory) => directory.to_owned(),
        None => panic!("this test does not know where it is: {here:?}"),
    }
}

/// Runs cargo for the same target directory and profile, and returns its messages, one JSON object a line.
#[track_caller]
fn cargo(directory: &Path, args: &[&str]) -> String {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command
        .args(args)
        .args(["--quiet", "--locked", "--message-format=json"]);
    if let Some(target) = directory.parent() {
        command.arg("--target-dir").arg(target);
    }
    if directory.ends_with("release") {
        command.arg("--release");
    }
    command
        .current_dir(ROOT)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    match command.output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
        Ok(output) => panic!(
            "cargo {args:?}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stdout)
        ),
        Err(error) => panic!("cargo {args:?}: {error}"),
    }
}

fn test_executable(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let path = message["executable"].as_str()?;
    let is_test = message["target"]["kind"]
        .as_array()?
        .iter()
        .any(|kind| kind == "test");
    is_test.then(|| {
        (
            message["target"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            PathBuf::from(path),
        )
    })
}

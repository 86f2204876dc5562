//! Which source files are really part of what cargo builds: those that a target of the package reaches through `mod`.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::markdown::{ROOT, files_below, read};

/// The files of all targets: the library, the program, tests, benches and examples.
#[track_caller]
pub fn compiled_files() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    // With each file whether its modules are beside it.
    let mut waiting: Vec<(PathBuf, bool)> = roots().into_iter().map(|root| (root, true)).collect();
    while let Some((file, beside)) = waiting.pop() {
        let name = file.to_string_lossy().into_owned();
        if exists(&file) && found.insert(name.clone()) {
            let modules = declared_modules(&read(&name).text);
            waiting.extend(
                modules
                    .iter()
                    .map(|module| (module_file(&file, beside, module), module.path.is_some())),
            );
        }
    }
    found
}

fn roots() -> Vec<PathBuf> {
    let manifest = read("Cargo.toml").text;
    let named = manifest
        .lines()
        .filter_map(|line| line.strip_prefix("path = "))
        .map(|path| path.trim_matches('"').to_owned());
    let tests = files_below("tests")
        .into_iter()
        .filter(|name| name.ends_with(".rs") && name.matches('/').count() == 1);
    let mut roots: Vec<PathBuf> = named.chain(tests).map(PathBuf::from).collect();
    roots.push(PathBuf::from("src/lib.rs"));
    roots
}

/// `mod name;` with what `#[path = "..."]` says of it.
#[derive(Debug, PartialEq, Eq)]
struct Module {
    name: String,
    path: Option<String>,
}

fn declared_modules(text: &str) -> Vec<Module> {
    let mut found = Vec::new();
    let mut path = None;
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("#[path = \"") {
            path = rest.strip_suffix("\"]").map(str::to_owned);
            continue;
        }
        let visible = line.strip_prefix("pub").map_or(line, |rest| {
            let rest = rest.trim_start();
            rest.strip_prefix('(')
                .and_then(|rest| rest.split_once(')'))
                .map_or(rest, |(_, rest)| rest)
        });
        let name = visible
            .trim_start()
            .strip_prefix("mod ")
            .and_then(|rest| rest.strip_suffix(';'));
        if let Some(name) = name {
            found.push(Module {
                name: name.to_owned(),
                path: path.take(),
            });
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            path = None;
        }
    }
    found
}

/// The rules of the language: modules are beside a root, a `mod.rs` and a file that `#[path]` names, else in the folder
/// named as the file.
fn module_file(file: &Path, beside: bool, module: &Module) -> PathBuf {
    let here = file.parent().unwrap_or(Path::new(""));
    if let Some(path) = &module.path {
        return tidy(&here.join(path));
    }
    let directory = if beside || file.ends_with("mod.rs") {
        here.to_owned()
    } else {
        file.with_extension("")
    };
    let flat = directory.join(format!("{}.rs", module.name));
    if exists(&flat) {
        flat
    } else {
        directory.join(&module.name).join("mod.rs")
    }
}

fn exists(file: &Path) -> bool {
    Path::new(ROOT).join(file).is_file()
}

/// The path without `..`, as text: nothing is asked of the file system.
pub fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if tidied.file_name().is_some() => {
                tidied.pop();
            }
            Component::CurDir => {}
            part => tidied.push(part),
        }
    }
    tidied
}

#[test]
fn the_modules_of_a_target_are_found_and_nothing_else() {
    let modules = declared_modules(
        "mod a;\npub(crate) mod b;\n#[path = \"c/x.rs\"]\nmod c;\nmod d {\n}\n// mod e;\n",
    );
    let names: Vec<_> = modules.iter().map(|module| module.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let files: Vec<_> = [
        ("tests/t.rs", true, 2),
        ("src/ae/mod.rs", false, 0),
        ("src/command/acl.rs", false, 0),
    ]
    .map(|(file, is_root, module)| module_file(Path::new(file), is_root, &modules[module]))
    .map(|path| path.to_string_lossy().into_owned())
    .to_vec();
    assert_eq!(
        files,
        [
            "tests/c/x.rs",
            "src/ae/a/mod.rs",
            "src/command/acl/a/mod.rs"
        ]
    );

    let compiled = compiled_files();
    for file in [
        "src/main.rs",
        "src/ae/mod.rs",
        "src/command/acl/check/tests.rs",
        "docs/examples/echo.rs",
        "tests/common/client.rs",
    ] {
        assert!(compiled.contains(file), "{file} is compiled");
    }
    assert!(!compiled.contains("docs/book.toml"));
}

//! The pages of the book as the tests read them: which files there are, and the fences in each.
//!
//! A *fence* is a piece between two lines of three or more backticks; what follows the backticks of the first one, the
//! *info*, says what is in it: `rust`, `console`, `text`.
// Each test file compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};

/// Where everything is: the directory of Cargo.toml.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The book's sources, seen from [`ROOT`].
pub const SOURCES: &str = "docs/src";

/// A directory may be so deep, and no deeper.
const DEPTH_LIMIT: usize = 8;

/// One file of the book: its text, and its name seen from [`ROOT`].
#[derive(Debug)]
pub struct Page {
    pub name: String,
    pub text: String,
}

/// A fence: its first line (counted from 1), what its info says, and what it holds with the number of each line.
#[derive(Debug, PartialEq, Eq)]
pub struct Fence {
    pub line: usize,
    pub info: String,
    pub body: Vec<(usize, String)>,
}

/// Reads a file whose name is seen from [`ROOT`].
#[track_caller]
pub fn read(name: &str) -> Page {
    let path = Path::new(ROOT).join(name);
    match fs::read_to_string(&path) {
        Ok(text) => Page {
            name: name.to_owned(),
            text,
        },
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// Every Markdown file of the book but its table of contents, sorted by name.
#[track_caller]
pub fn pages() -> Vec<Page> {
    files_below(SOURCES)
        .iter()
        .filter(|name| name.ends_with(".md") && !name.ends_with("/SUMMARY.md"))
        .map(|name| read(name))
        .collect()
}

/// The names (seen from [`ROOT`]) of all files in a directory and those below it, sorted; none if there is no such directory.
#[track_caller]
pub fn files_below(directory: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(Path::new(directory), DEPTH_LIMIT, &mut found);
    found.sort();
    found
}

fn collect(directory: &Path, depth: usize, found: &mut Vec<String>) {
    assert!(depth > 0, "{}: too deep", directory.display());
    let Ok(entries) = fs::read_dir(Path::new(ROOT).join(directory)) else {
        return;
    };
    for entry in entries.map_while(Result::ok) {
        let path: PathBuf = directory.join(entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&path, depth - 1, found);
        } else {
            found.push(path.to_string_lossy().into_owned());
        }
    }
}

/// The fences of a text in their order; Err is the line of one that does not end.
pub fn fences(text: &str) -> Result<Vec<Fence>, usize> {
    let mut found = Vec::new();
    let mut open: Option<(usize, Fence)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let bare = line.trim_start();
        let ticks = bare.len() - bare.trim_start_matches('`').len();
        match &mut open {
            None if ticks >= 3 && !bare[ticks..].contains('`') => {
                let fence = Fence {
                    line: number,
                    info: bare[ticks..].trim().to_owned(),
                    body: Vec::new(),
                };
                open = Some((ticks, fence));
            }
            None => {}
            Some((opened, _)) if ticks >= *opened && bare[ticks..].trim().is_empty() => {
                found.extend(open.take().map(|(_, fence)| fence));
            }
            Some((_, fence)) => fence.body.push((number, line.to_owned())),
        }
    }
    match open {
        Some((_, fence)) => Err(fence.line),
        None => Ok(found),
    }
}

#[test]
fn a_fence_ends_at_as_many_backticks_as_it_began_with() {
    let text = "a\n````md\n```rust\nx\n```\n````\n```console\n$ y\n```\n";
    let found = fences(text).expect("both end");
    let infos: Vec<_> = found.iter().map(|f| (f.line, f.info.as_str())).collect();
    assert_eq!(infos, [(2, "md"), (7, "console")]);
    assert_eq!(found[1].body, [(8, "$ y".to_owned())]);
    assert_eq!(fences("```\nx\n"), Err(1));
}

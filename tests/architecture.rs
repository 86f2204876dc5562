//! The invariants of `docs/ARCHITECTURE.md` that can be read off the source.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules from top to bottom: each may import those below it, and itself.
const LAYERS: &[&str] = &[
    "main", "embed", "server", "command", "engine", "store", "resp", "ae", "wheel", "geo", "glob",
    "short", "number",
];

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &mut found);
    assert!(found.len() > 30, "the source is where it was");
    found
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder)
        .expect("a folder of the source")
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("tests.rs")
        {
            let text = fs::read_to_string(&path).expect("a file of the source");
            found.push((path, text));
        }
    }
}

/// The module that a file belongs to: the first folder or file below `src`.
fn module(path: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let first = path
        .strip_prefix(root)
        .expect("below src")
        .components()
        .next()
        .expect("a name");
    Path::new(first.as_os_str())
        .file_stem()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

/// The lines of code: no comments, and nothing from the file's own tests on.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.contains("#[cfg(test)]") || line.starts_with(' '))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// What follows `prefix` in a line, up to the end of the name; several where it stands several times.
fn names_after<'a>(line: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(prefix).map(move |(at, _)| {
        let rest = &line[at + prefix.len()..];
        rest.split(|c: char| !c.is_alphanumeric() && c != '_')
            .next()
            .unwrap_or("")
    })
}

fn assert_absent(words: &[&str], allowed: &[&str], reason: &str) {
    for (path, text) in sources() {
        if allowed.contains(&module(&path).as_str()) {
            continue;
        }
        for (number, line) in code(&text) {
            for word in words {
                assert!(
                    !line.contains(word),
                    "{}:{}: `{word}`: {reason}",
                    path.display(),
                    number + 1
                );
            }
        }
    }
}

#[test]
fn imports_go_only_downward() {
    let layer = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    for (path, text) in sources() {
        let from = module(&path);
        let Some(from_layer) = layer(&from) else {
            assert_eq!(
                from,
                "lib",
                "{}: a module that LAYERS does not know",
                path.display()
            );
            continue;
        };
        for (number, line) in code(&text) {
            for to in names_after(line, "crate::") {
                let Some(to_layer) = layer(to) else { continue };
                assert!(
                    to_layer >= from_layer,
                    "{}:{}: {from} imports {to}, which is above it",
                    path.display(),
                    number + 1
                );
            }
        }
    }
}

#[test]
fn the_loop_could_be_lifted_out() {
    for (path, text) in sources() {
        if !["ae", "wheel"].contains(&module(&path).as_str()) {
            continue;
        }
        for (number, line) in code(&text) {
            for to in names_after(line, "crate::") {
                let place = format!("{}:{}", path.display(), number + 1);
                assert!(["ae", "wheel"].contains(&to), "{place}: ae knows {to}");
            }
        }
    }
}

#[test]
fn nothing_below_the_server_touches_a_socket() {
    let words = ["std::net", "mio::", "socket2::", "TcpStream", "UnixStream"];
    assert_absent(
        &words,
        &["main", "embed", "server", "ae"],
        "sockets belong to the server",
    );
}

#[test]
fn nobody_else_reads_a_clock() {
    let words = ["Instant::now", "SystemTime::now", ".elapsed()"];
    assert_absent(
        &words,
        &["main", "server", "ae"],
        "everything else is handed the time",
    );
}

#[test]
fn there_are_no_locks_no_shared_cells_and_no_global_state() {
    let words = [
        "Mutex",
        "RwLock",
        "RefCell",
        "OnceLock",
        "LazyLock",
        "thread_local!",
        "static mut",
    ];
    assert_absent(&words, &[], "one thread owns everything");
}

#[test]
fn there_is_no_unsafe_code() {
    assert_absent(
        &["unsafe {", "unsafe fn", "unsafe impl"],
        &[],
        "not one block",
    );
    for root in ["src/lib.rs", "src/main.rs"] {
        let text =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(root)).expect("a file");
        assert!(
            text.contains("#![forbid(unsafe_code)]"),
            "{root} forbids it"
        );
    }
}

#[test]
fn every_file_says_what_it_is() {
    for (path, text) in sources() {
        assert!(
            text.starts_with("//!"),
            "{} has no module text",
            path.display()
        );
    }
}

//! The guard against getting slower that no noise can trip: user-space instructions per request,
//! counted by callgrind in a fixed, seeded run.
//!
//! ```text
//! AEROLITE_INSTRUCTIONS=check  cargo test --test instructions -- --nocapture     compares
//! AEROLITE_INSTRUCTIONS=record cargo test --test instructions -- --nocapture     writes benches/instructions.txt anew
//! ```
//!
//! Without the variable nothing is counted: it takes a release build, which this makes itself. What
//! starting and filling cost is taken out by counting twice, with N and with 2N requests; the
//! difference divided by N is the figure. One connection sends one batch, waits for all its
//! replies, and sends the next, so that every batch is one `read` and one `write` each time.
//!
//! A count that has *fallen* by more than the tolerance fails as well: left alone, the next
//! regression would have that much room. Record it in the same commit, and its diff tells what was won.

mod common;
#[path = "common/program.rs"]
mod program;
#[path = "common/tools.rs"]
mod tools;

use common::Conn;
use common::client::request;
use program::{Running, SOON};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use tools::{have_program, wait_exit};

const VARIABLE: &str = "AEROLITE_INSTRUCTIONS";

/// How far a count may be from the recorded one, in per cent: ten times what it differs from run to
/// run, which leaves some room for another C library.
const TOLERANCE_PERCENT: f64 = 3.0;

/// Any one does, as long as it is the same.
const SEED: &str = "1";

const KEYS: usize = 1000;

/// Requests of the shorter run, by depth. They go round the keys a whole number of times, and are
/// enough that a turn more or less while clients come and go moves no count by a thousandth.
const RUNS: [(usize, usize); 2] = [(1, 4000), (16, 32_000)];

const HEADER: &str = "\
# User-space instructions per request, counted by callgrind: command, pipeline depth, instructions.
# Compared by `AEROLITE_INSTRUCTIONS=check cargo test --test instructions`, written by
#   AEROLITE_INSTRUCTIONS=record cargo test --test instructions -- --nocapture
# From run to run they differ by 0.2 %. Another compiler may move them: then record them anew.
";

/// Instructions per request, by command and depth.
type Counts = BTreeMap<(String, usize), f64>;

/// A request, over and over, on one key after the other.
struct Kind {
    name: &'static str,
    /// The words of the request for a key.
    words: fn(&str) -> Vec<Vec<u8>>,
    reply_bytes: usize,
}

const KINDS: [Kind; 4] = [
    Kind {
        name: "GET",
        words: |number| vec![b"GET".to_vec(), format!("key:{number}").into()],
        reply_bytes: b"$3\r\nxxx\r\n".len(),
    },
    Kind {
        name: "SET",
        words: |number| {
            let key = format!("key:{number}").into();
            vec![b"SET".to_vec(), key, b"yyy".to_vec()]
        },
        reply_bytes: b"+OK\r\n".len(),
    },
    Kind {
        name: "INCR",
        words: |number| vec![b"INCR".to_vec(), format!("counter:{number}").into()],
        reply_bytes: b":1000001\r\n".len(),
    },
    Kind {
        name: "PING",
        words: |_| vec![b"PING".to_vec()],
        reply_bytes: b"+PONG\r\n".len(),
    },
];

/// What the counters begin with, so that every reply of INCR is as long as the others.
const FIRST_COUNT: &[u8] = b"1000000";

#[test]
fn instructions_per_request_are_as_recorded() {
    let Some(mode) = std::env::var_os(VARIABLE) else {
        eprintln!("skipped: {VARIABLE} is neither `check` nor `record`");
        return;
    };
    if !have_program("valgrind") || !program::is_ours() {
        return;
    }
    let program = build_release();
    let counts = count_all(&program);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt");
    match mode.to_str() {
        Some("record") => program::write(&path, &describe(&counts)),
        Some("check") => check(&path, &counts),
        _ => panic!("{VARIABLE} is {}, not `check` or `record`", mode.display()),
    }
}

fn check(path: &Path, counts: &Counts) {
    let text = fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{}: {error}; record it first", path.display()));
    if !text.lines().any(|line| line == architecture()) {
        eprintln!(
            "skipped: the counts are not of this architecture ({})",
            architecture()
        );
        return;
    }
    let complaints = compare(&parse(&text), counts);
    assert!(
        complaints.is_empty(),
        "{}\nHere it is\n{}, recorded was\n{text}",
        complaints.join("\n"),
        tool_versions()
    );
}

/// What is wrong with `counts`, a line each.
fn compare(recorded: &Counts, counts: &Counts) -> Vec<String> {
    let mut complaints = Vec::new();
    for ((name, depth), now) in counts {
        let Some(then) = recorded.get(&(name.clone(), *depth)) else {
            complaints.push(format!("{name} at depth {depth} has no recorded count"));
            continue;
        };
        let percent = (now / then - 1.0) * 100.0;
        println!("{name} at depth {depth}: {now:.0}, recorded {then:.0} ({percent:+.2} %)");
        if percent.abs() > TOLERANCE_PERCENT {
            let advice = if percent < 0.0 {
                "better: record it"
            } else {
                "worse"
            };
            complaints.push(format!(
                "{name} at depth {depth} takes {now:.0} instructions, recorded are {then:.0} ({percent:+.1} %): {advice}"
            ));
        }
    }
    complaints
}

fn parse(text: &str) -> Counts {
    let counts = text.lines().filter_map(|line| {
        let [name, depth, count] = *line.split_whitespace().collect::<Vec<_>>() else {
            return None;
        };
        Some(((name.to_owned(), depth.parse().ok()?), count.parse().ok()?))
    });
    counts.collect()
}

fn describe(counts: &Counts) -> String {
    let mut text = format!("{HEADER}{}\n{}\n", tool_versions(), architecture());
    for ((name, depth), count) in counts {
        println!("{name} at depth {depth}: {count:.0}");
        let _ = writeln!(text, "{name:<5} {depth:>2} {count:>6.0}");
    }
    text
}

fn architecture() -> String {
    format!("# {} {}", std::env::consts::ARCH, std::env::consts::OS)
}

fn tool_versions() -> String {
    let versions = ["rustc", "valgrind"].map(|program| {
        let said = Command::new(program).arg("--version").output();
        said.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned())
            .unwrap_or_default()
    });
    format!("# {}", versions.join(", "))
}

/// Builds the program as users get it, and says where it is.
fn build_release() -> PathBuf {
    let debug = Path::new(env!("CARGO_BIN_EXE_aerolite"));
    let target = debug.ancestors().nth(2);
    let target = target.expect("programs lie in a folder of the target folder");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--bin", "aerolite"])
        .arg("--target-dir")
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(
        built.as_ref().is_ok_and(|status| status.success()),
        "no release build: {built:?}"
    );
    target
        .join("release")
        .join(debug.file_name().unwrap_or_default())
}

fn count_all(program: &Path) -> Counts {
    let mut counts = Counts::new();
    for (depth, requests) in RUNS {
        for kind in &KINDS {
            let once = count(program, kind, depth, requests);
            let twice = count(program, kind, depth, 2 * requests);
            let per_request = twice.saturating_sub(once) as f64 / requests as f64;
            counts.insert((kind.name.to_owned(), depth), per_request);
        }
    }
    counts
}

/// The instructions of a server's whole life, in which it runs so many requests.
fn count(program: &Path, kind: &Kind, depth: usize, requests: usize) -> u64 {
    let dir = program::temporary_directory();
    let out = dir.path().join("callgrind.out");
    let mut command = Command::new("valgrind");
    command
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program)
        .env("AEROLITE_SEED", SEED);
    let mut server = Running::start_command(command, &["--loglevel", "warning"]);
    fill(&server);
    drive(&mut server.connect(), kind, depth, requests);
    server.connect().send(&["SHUTDOWN", "NOSAVE"]);
    let status = wait_exit(&mut server.child, SOON);
    assert!(
        status.is_some_and(|status| status.success()),
        "{status:?}: {}",
        server.said()
    );
    let profile = fs::read_to_string(&out).unwrap_or_default();
    let total = profile
        .lines()
        .find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok());
    total.unwrap_or_else(|| panic!("callgrind left no total; it said {}", server.said()))
}

fn fill(server: &Running) {
    let mut conn = server.connect();
    for number in 0..KEYS {
        for (prefix, value) in [("key", &b"xxx"[..]), ("counter", FIRST_COUNT)] {
            let key = format!("{prefix}:{number:012}");
            conn.cmd_bytes(&[b"SET", key.as_bytes(), value]);
        }
    }
}

/// Sends `requests` requests in batches of `depth`, each when the one before is answered.
fn drive(conn: &mut Conn, kind: &Kind, depth: usize, requests: usize) {
    let mut stream = conn.stream();
    let mut replies = vec![0; kind.reply_bytes * depth];
    for first in (0..requests).step_by(depth) {
        let batch: Vec<u8> = (first..first + depth)
            .flat_map(|i| {
                let words = (kind.words)(&format!("{:012}", i % KEYS));
                request(&words.iter().map(Vec::as_slice).collect::<Vec<_>>())
            })
            .collect();
        let answered = stream
            .write_all(&batch)
            .and_then(|()| stream.read_exact(&mut replies));
        assert!(answered.is_ok(), "{} in the run: {answered:?}", kind.name);
        assert_ne!(replies.first(), Some(&b'-'), "{} is refused", kind.name);
    }
}

#[test]
fn a_count_is_compared_both_ways() {
    let counts = |get: f64| Counts::from([(("GET".to_owned(), 16), get)]);
    let recorded = parse("# a comment of five words\nGET   16   1000\n");
    assert_eq!(recorded, counts(1000.0));
    assert_eq!(compare(&recorded, &counts(1029.0)), [""; 0]);
    assert_eq!(compare(&recorded, &counts(971.0)), [""; 0]);
    assert!(compare(&recorded, &counts(1031.0))[0].ends_with("(+3.1 %): worse"));
    assert!(compare(&recorded, &counts(969.0))[0].ends_with("(-3.1 %): better: record it"));
    assert_eq!(compare(&parse(""), &counts(1.0)).len(), 1);
}

#[test]
fn what_is_recorded_can_be_read_back() {
    let counts = Counts::from([
        (("GET".to_owned(), 16), 1000.0),
        (("INCR".to_owned(), 1), 23456.0),
    ]);
    let text = describe(&counts);
    assert_eq!(parse(&text), counts);
    assert!(text.lines().any(|line| line == architecture()));
}

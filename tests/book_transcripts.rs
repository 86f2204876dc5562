//! The transcripts in the book and in README.md: what a page says that a command prints is what it prints.
//!
//! ```text
//!   cargo test --test book_transcripts                              every page
//!   AEROLITE_BOOK_ONLY=tour cargo test --test book_transcripts      the pages with `tour` in their names
//! ```
//!
//! The fences ` ```console ` and ` ```redis ` of a page are run in their order against one fresh server (with `--watch 8080` and
//! `--enable-debug-command local`), in one bash with one temporary directory. There `src`, `docs`, `tests`, `benches`, `Cargo.toml`
//! and `target/release/aerolite` are where they are in the tree. The ports 6379, 8080, 7007, 7008 and 16379 are replaced by free ones, and back
//! again in what comes. `cargo run` and `cargo test --test` run what is built. A page that starts the server itself (`cargo run --release &`) gets no other.
//! The notation of a transcript is explained in [`transcript::parse`], the ellipsis in [`transcript`].
mod common;
#[path = "common/examples.rs"]
mod examples;
#[path = "book/markdown.rs"]
mod markdown;
#[path = "common/program.rs"]
mod program;
#[path = "common/tools.rs"]
mod tools;
#[path = "book/transcript/mod.rs"]
mod transcript;

use std::env;
use std::sync::Mutex;
use std::thread;

use markdown::{Page, fences, pages, read};
use program::is_ours;
use tools::have_program;
use transcript::built::{Built, build};
use transcript::parse::{Step, steps, with_comments};

/// It is no page of the book, and is held to the same.
const README: &str = "README.md";
/// What pages run that not every machine has. A page that names one that is missing is left out, and a line says so.
const MAY_BE_MISSING: &[&str] = &[
    "redis-benchmark",
    "python3",
    "ruby",
    "nc",
    "curl",
    "prlimit",
];
/// So many pages at a time: most of their time they wait.
const AT_A_TIME: usize = 4;
/// So often a page is run until everything is as it shows.
const ATTEMPTS: usize = 4;

#[test]
fn every_transcript_in_the_book_gives_what_it_shows() {
    if !is_ours() || !have_program("redis-cli") {
        return;
    }
    let only = env::var("AEROLITE_BOOK_ONLY").unwrap_or_default();
    let mut chosen = pages();
    chosen.push(read(README));
    chosen.retain(|page| page.name.contains(&only));
    assert!(
        !chosen.is_empty(),
        "AEROLITE_BOOK_ONLY={only}: there is no such page"
    );
    let (mut to_run, mut failures) = parse_all(&chosen);
    leave_out_what_cannot_run(&mut to_run);
    let built = build(&commands(&to_run));
    failures.extend(run_all(to_run, &built));
    assert!(
        failures.is_empty(),
        "{} places where the book is not true:\n\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// The pages that have transcripts, with their steps; and what cannot be run.
fn parse_all(pages: &[Page]) -> (Vec<(String, Vec<Step>)>, Vec<String>) {
    let (mut to_run, mut failures) = (Vec::new(), Vec::new());
    for page in pages {
        let parsed = fences(&page.text)
            .map_err(|line| (line, "this fence does not end".to_owned()))
            .and_then(|fences| match page.name.as_str() {
                README => steps(&with_comments(&page.text, fences)),
                _ => steps(&fences),
            });
        match parsed {
            Ok(steps) if steps.is_empty() => {}
            Ok(steps) => to_run.push((page.name.clone(), steps)),
            Err((line, what)) => failures.push(format!("{}:{line}: {what}", page.name)),
        }
    }
    (to_run, failures)
}

/// Leaves out the pages that name a program which is not here; with `CI` set that is a failure.
fn leave_out_what_cannot_run(pages: &mut Vec<(String, Vec<Step>)>) {
    let missing: Vec<&str> = MAY_BE_MISSING
        .iter()
        .copied()
        .filter(|program| !is_on_the_path(program))
        .collect();
    pages.retain(|page| {
        let named = commands(std::slice::from_ref(page));
        let needed = missing
            .iter()
            .find(|program| named.iter().any(|command| names(command, program)));
        let Some(program) = needed else {
            return true;
        };
        assert!(
            env::var_os("CI").is_none(),
            "{program} is not installed, and with CI set it has to be"
        );
        eprintln!("skipped: {}: {program} is not installed", page.0);
        false
    });
}

/// Whether there is such a program. `nc` cannot be asked for its version.
fn is_on_the_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// Whether a command names a program, as a word of its own.
fn names(command: &str, program: &str) -> bool {
    command
        .split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'))
        .any(|word| word == program)
}

fn commands(pages: &[(String, Vec<Step>)]) -> Vec<&str> {
    let steps = pages.iter().flat_map(|(_, steps)| steps);
    steps
        .filter_map(|step| match step {
            Step::Shell(line) => Some(line.command.as_str()),
            Step::Session(..) => None,
        })
        .collect()
}

fn run_all(to_run: Vec<(String, Vec<Step>)>, built: &Built) -> Vec<String> {
    let waiting = Mutex::new(to_run.into_iter());
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().expect("nobody panics with it").next();
                    let Some((page, steps)) = next else {
                        break;
                    };
                    let found = failures_of(&page, &steps, built);
                    failures
                        .lock()
                        .expect("nobody panics with it")
                        .extend(found);
                }
            });
        }
    });
    let mut failures = failures.into_inner().expect("nobody panics with it");
    failures.sort();
    failures
}

/// What a page shows and is not so. Pages sleep, and tell of times: where the machine stood still meanwhile, something else
/// is printed. What is not true stays so.
fn failures_of(page: &str, steps: &[Step], built: &Built) -> Vec<String> {
    let mut found = Vec::new();
    for _ in 0..ATTEMPTS {
        found = transcript::run(page, steps, built);
        println!("{page}: {} steps, {} failures", steps.len(), found.len());
        if found.is_empty() {
            break;
        }
        println!("{}", found.join("\n"));
    }
    found
}

#[test]
fn a_program_is_named_by_a_word_of_its_own() {
    for (command, is_named) in [
        ("nc -N 127.0.0.1 7007", true),
        ("x=$(printf a | nc -N 127.0.0.1 7007)", true),
        ("sync; echo nc-like inc func.nc", false),
    ] {
        assert_eq!(names(command, "nc"), is_named, "{command}");
    }
}

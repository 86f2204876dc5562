//! The shell in which a page's commands run: one bash with a temporary directory, and a PATH on which `redis-cli` and `cargo`
//! are the ones that pages mean.
//!
//! ```text
//!   test --path of a file with the command--> bash: eval, then a mark --stdout and stderr, one pipe--> test
//! ```

use std::fs;
use std::io::{self, PipeReader, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::built::Built;
use super::ports::Ports;
use crate::markdown::ROOT;
use crate::program::{temporary_directory, write};

/// A command that prints more is cut off: it is no illustration.
const OUTPUT_LIMIT: usize = 1024 * 1024;
/// A program that listens says so, if at all, within this time.
const PRINTS_WITHIN: Duration = Duration::from_millis(200);
/// What of the tree a page's commands can read, at the names that they have in it.
const VISIBLE: &[&str] = &["src", "docs", "tests", "benches", "Cargo.toml", "README.md"];

/// Reads names of files, runs the commands in them, and marks the end of what each has printed.
const DRIVER: &str = r#"
exec 9<&0 </dev/null
export AEROLITE_BOOK_OUT="$(readlink "/proc/$$/fd/1")"
while IFS= read -r -u 9 aerolite_book_file; do
    eval "$(<"$aerolite_book_file")" 9<&-
    printf '\n%s\n' "$aerolite_book_file.done"
done
"#;

/// redis-cli prints for people when it prints to a terminal. Here that is the page: whatever is not piped away.
const REDIS_CLI: &str = r#"#!/usr/bin/env bash
formatted=()
[ "$(readlink "/proc/$$/fd/1")" = "$AEROLITE_BOOK_OUT" ] && formatted=(--no-raw)
PATH=${PATH#*:} exec redis-cli -p "$AEROLITE_BOOK_PORT" "${formatted[@]}" "$@"
"#;

/// Cargo, as far as pages use it: what it would build is built.
const CARGO: &str = r#"#!/usr/bin/env bash
verb=${1:-} example='' test=''
shift
while [ $# -gt 0 ]; do
    case $1 in
        --example) example=$2; shift 2 ;;
        --test) test=$2; shift 2 ;;
        --release | --quiet | -q | --locked) shift ;;
        --) shift; break ;;
        *) break ;;
    esac
done
case $verb,$example,$test in
    run,?*,) ;;
    run,,)
        [[ " $* " == *" --port "* ]] || set -- "$@" --port "$AEROLITE_BOOK_PORT"
        exec "$AEROLITE_BOOK_PROGRAM" "$@" ;;
    test,,?*) exec "$AEROLITE_BOOK_TESTS/$test" "$@" ;;
    *) echo "the test of the book knows: cargo run [--release] [--example NAME] [-- ARGS], cargo test --test NAME [-- ARGS]"; exit 64 ;;
esac
case $example,$# in
    echo,0) set -- "$AEROLITE_BOOK_ECHO" ;;
    chat,0) set -- "$AEROLITE_BOOK_CHAT" ;;
esac
exec "$AEROLITE_BOOK_EXAMPLES/$example" "$@"
"#;

pub struct Shell {
    bash: Child,
    says_to: ChildStdin,
    printed: Receiver<Vec<u8>>,
    /// What came after the mark of a command, from something in the background.
    left: Vec<u8>,
    commands_run: usize,
    /// Where commands are run.
    pub directory: tempfile::TempDir,
    /// Where the test keeps its own files.
    control: tempfile::TempDir,
}

/// How a command ended.
pub enum Ended {
    Well,
    TimedOut,
    ShellGone,
}

impl Shell {
    #[track_caller]
    pub fn start(ports: &Ports, built: &Built) -> Shell {
        let (directory, control) = (temporary_directory(), temporary_directory());
        let bin = control.path().join("bin");
        let tests = control.path().join("tests");
        for made in [&bin, &tests, &directory.path().join("target/release")] {
            well(made, fs::create_dir_all(made));
        }
        write_program(&bin.join("redis-cli"), REDIS_CLI);
        write_program(&bin.join("cargo"), CARGO);
        let program = Path::new(env!("CARGO_BIN_EXE_aerolite"));
        link(program, &directory.path().join("target/release/aerolite"));
        for name in VISIBLE {
            link(&Path::new(ROOT).join(name), &directory.path().join(name));
        }
        for (name, executable) in &built.tests {
            link(executable, &tests.join(name));
        }
        let driver = control.path().join("driver");
        write(&driver, DRIVER);
        let path = format!(
            "{}:{}",
            bin.display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let (output, printed_to) = well(&driver, io::pipe());
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc"])
            .arg(&driver)
            .current_dir(directory.path())
            .env("PATH", path)
            .env("HOME", directory.path())
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "dumb")
            .env("AEROLITE_BOOK_PORT", ports.real(6379).to_string())
            .env("AEROLITE_BOOK_ECHO", ports.real(7007).to_string())
            .env("AEROLITE_BOOK_CHAT", ports.real(7008).to_string())
            .env("AEROLITE_BOOK_PROGRAM", program)
            .env("AEROLITE_BOOK_EXAMPLES", &built.examples)
            .env("AEROLITE_BOOK_TESTS", &tests)
            .stdin(Stdio::piped())
            .stdout(well(&driver, printed_to.try_clone()))
            .stderr(printed_to)
            .process_group(0);
        let mut bash = well(&driver, command.spawn());
        let Some(says_to) = bash.stdin.take() else {
            panic!("bash has an input")
        };
        Shell {
            bash,
            says_to,
            printed: read_in_thread(output),
            left: Vec::new(),
            commands_run: 0,
            directory,
            control,
        }
    }

    /// Runs a command and returns what it printed until it
    /// ended or the limit was over.
    #[track_caller]
    pub fn run(&mut self, command: &str, limit: Duration) -> (String, Ended) {
        self.commands_run += 1;
        let file = self.control_file("command");
        write(&file, command);
        let mark = format!("\n{}.done\n", file.display());
        let asked =
            writeln!(self.says_to, "{}", file.display()).and_then(|()| self.says_to.flush());
        let mut printed = std::mem::take(&mut self.left);
        if asked.is_err() {
            return (String::new(), Ended::ShellGone);
        }
        let started = Instant::now();
        let ended = loop {
            if let Some(end) = find(&printed, mark.as_bytes()) {
                self.left = printed.split_off(end).split_off(mark.len());
                break Ended::Well;
            }
            match self
                .printed
                .recv_timeout(limit.saturating_sub(started.elapsed()))
            {
                Ok(more) if printed.len() < OUTPUT_LIMIT => printed.extend(more),
                Ok(_) | Err(RecvTimeoutError::Timeout) => break Ended::TimedOut,
                Err(RecvTimeoutError::Disconnected) => break Ended::ShellGone,
            }
        };
        (String::from_utf8_lossy(&printed).into_owned(), ended)
    }

    /// What something in the background has printed since the last command ended.
    pub fn also_printed(&mut self) -> String {
        let mut printed = std::mem::take(&mut self.left);
        while let Ok(more) = self.printed.recv_timeout(PRINTS_WITHIN) {
            printed.extend(more);
            if printed.len() > OUTPUT_LIMIT {
                break;
            }
        }
        String::from_utf8_lossy(&printed).into_owned()
    }

    /// Writes a file that the next command can read.
    #[track_caller]
    pub fn input(&self, text: &str) -> PathBuf {
        let file = self.control_file("input");
        write(&file, text);
        file
    }

    fn control_file(&self, kind: &str) -> PathBuf {
        self.control
            .path()
            .join(format!("{kind}.{}", self.commands_run))
    }
}

impl Drop for Shell {
    /// Ends bash and everything that it started: they are one process group.
    fn drop(&mut self) {
        let group = format!("-{}", self.bash.id());
        let _ = Command::new("kill")
            .args(["-KILL", "--", &group])
            .stderr(Stdio::null())
            .status();
        let _ = self.bash.wait();
    }
}

fn read_in_thread(mut output: PipeReader) -> Receiver<Vec<u8>> {
    let (send, receive) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(length @ 1..) = output.read(&mut buffer) {
            if send.send(buffer[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    receive
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}

#[track_caller]
fn write_program(path: &Path, text: &str) {
    write(path, text);
    well(
        path,
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)),
    );
}

#[track_caller]
fn link(to: &Path, at: &Path) {
    well(at, symlink(to, at));
}

#[track_caller]
fn well<T>(path: &Path, done: io::Result<T>) -> T {
    match done {
        Ok(value) => value,
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

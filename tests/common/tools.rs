//! Small helpers of the connection, server, limits and tools tests: reading INFO and CLIENT LIST, waiting, programs.
// Each test file compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

use std::env;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::Target;
use crate::common::client::{Conn, Value};

/// How often a condition that is waited for is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Looks again and again until `done` holds; false when it does not within `limit`.
pub fn wait_until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    loop {
        if done() {
            return true;
        }
        if started.elapsed() > limit {
            return false;
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// The text of `INFO section...`.
#[track_caller]
pub fn info(conn: &mut Conn, sections: &[&str]) -> String {
    let mut args = vec!["INFO"];
    args.extend_from_slice(sections);
    conn.cmd(&args).text()
}

/// The names of the sections, in their order.
pub fn section_names(info: &str) -> Vec<&str> {
    info.lines()
        .filter_map(|line| line.strip_prefix("# "))
        .collect()
}

/// The names of all fields, in their order.
pub fn field_names(info: &str) -> Vec<&str> {
    info.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name)
        .collect()
}

/// The value of one INFO field, the first of its name.
pub fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// An INFO field that must be a number, asked for now.
#[track_caller]
pub fn counter(conn: &mut Conn, section: &str, name: &str) -> u64 {
    let info = info(conn, &[section]);
    match field(&info, name).map(str::parse) {
        Some(Ok(number)) => number,
        found => panic!("INFO {section}: {name} is {found:?} in\n{info}"),
    }
}

/// The first of `wanted` that is not found, in its order, within `given`; None when all are.
pub fn missing_from<'a>(wanted: &[&'a str], given: &[&str]) -> Option<&'a str> {
    let mut rest = given.iter();
    wanted
        .iter()
        .find(|name| !rest.any(|found| found == *name))
        .copied()
}

/// One attribute of a line of CLIENT LIST or CLIENT INFO.
pub fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split_ascii_whitespace()
        .filter_map(|word| word.split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// The id of a connection.
#[track_caller]
pub fn client_id(conn: &mut Conn) -> String {
    conn.cmd(&["CLIENT", "ID"]).int().to_string()
}

/// Whether the server still has the client.
#[track_caller]
pub fn is_connected(observer: &mut Conn, id: &str) -> bool {
    !observer
        .cmd(&["CLIENT", "LIST", "ID", id])
        .text()
        .is_empty()
}

/// The value of one parameter by CONFIG GET; None when there is no such parameter.
#[track_caller]
pub fn config_get(conn: &mut Conn, name: &str) -> Option<String> {
    match conn.cmd(&["CONFIG", "GET", name]) {
        Value::Array(items) => items.get(1).map(Value::text),
        Value::Map(pairs) => pairs.first().map(|(_, value)| value.text()),
        other => panic!("CONFIG GET {name}: {other:?}"),
    }
}

/// The pairs of a map, or of an array that stands for one in RESP2.
#[track_caller]
pub fn pairs(value: &Value) -> Vec<(Value, Value)> {
    match value {
        Value::Map(pairs) => pairs.clone(),
        Value::Array(items) => {
            assert!(items.len() % 2 == 0, "a map of odd length: {value:?}");
            items
                .chunks(2)
                .map(|pair| (pair[0].clone(), pair[1].clone()))
                .collect()
        }
        other => panic!("expected a map, got {other:?}"),
    }
}

/// The value beside `key` of a map, or of an array that stands for one.
#[track_caller]
pub fn entry(map: &Value, key: &str) -> Option<Value> {
    pairs(map)
        .into_iter()
        .find(|(found, _)| found.text() == key)
        .map(|(_, value)| value)
}

/// Whether a program of one of Debian's packages (`redis-tools`, `chromium-driver`, ...) is there. When not, one line says so; with `CI` set
/// absence is a failure, since there the tools are installed.
pub fn have_program(program: &str) -> bool {
    let answer = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    if answer.is_ok_and(|out| out.status.success()) {
        return true;
    }
    assert!(
        env::var_os("CI").is_none(),
        "{program} is not installed, and with CI set it has to be"
    );
    eprintln!("skipped: {program} is not installed");
    false
}

/// What a program printed and how it ended.
#[derive(Debug)]
pub struct Finished {
    /// How it ended; None when the limit ended it.
    pub status: Option<ExitStatus>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Finished {
    /// The exit code; None when a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.and_then(|status| status.code())
    }
}

/// Runs a program with `input` on its standard input, and kills it at `limit`.
#[track_caller]
pub fn run_program(command: &mut Command, input: &[u8], limit: Duration) -> Finished {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let out = collect(child.stdout.take());
    let err = collect(child.stderr.take());
    let stdin = child.stdin.take();
    let input = input.to_vec();
    let feeder = thread::spawn(move || {
        use std::io::Write;
        // A program may end before it has read everything: what it printed then tells more than a broken pipe.
        stdin.map(|mut stdin| stdin.write_all(&input))
    });
    let status = wait_exit(&mut child, limit);
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let _ = feeder.join();
    let text = |reader: thread::JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&reader.join().unwrap_or_default()).into_owned()
    };
    Finished {
        status,
        stdout: text(out),
        stderr: text(err),
    }
}

/// The exit status, or None when the process still runs at `limit`.
pub fn wait_exit(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let mut status = None;
    wait_until(limit, || {
        status = child.try_wait().ok().flatten();
        status.is_some()
    });
    status
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is kept.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

/// So many connections may be open at once without running out of descriptors, at most `wanted`: both ends may be in
/// this very process, and other tests need some too.
pub fn connection_budget(wanted: usize) -> usize {
    const KEPT_FREE: usize = 300;
    let budget = descriptor_limit().saturating_sub(KEPT_FREE) / 2;
    if budget < wanted {
        eprintln!("note: {budget} connections instead of {wanted}, descriptors are few here");
    }
    budget.min(wanted)
}

/// The soft limit of open files.
fn descriptor_limit() -> usize {
    /// What macOS gives a process.
    const SMALLEST_COMMON: usize = 256;
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let open_files = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let soft = open_files.and_then(|rest| rest.split_ascii_whitespace().next());
    match soft {
        Some("unlimited") => usize::MAX,
        Some(number) => number.parse().unwrap_or(SMALLEST_COMMON),
        None => SMALLEST_COMMON + 300,
    }
}

/// The memory that a process has in RAM, in bytes; None where there is no `/proc`.
pub fn resident_bytes(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// A tool of Redis, told where the server is.
pub fn tool(program: &str, target: &Target) -> Command {
    let mut command = Command::new(program);
    command
        .env_remove("REDISCLI_AUTH")
        .env_remove("FAKETTY")
        .args(["-h", &target.addr().ip().to_string()])
        .args(["-p", &target.addr().port().to_string()]);
    command
}

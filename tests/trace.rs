//! The trace: a file that trace viewers open, whatever happens to the server.
#![cfg(unix)]
#[path = "trace/check.rs"]
mod check;
mod common;
#[path = "common/program.rs"]
mod program;
#[path = "common/tools.rs"]
mod tools;

use check::Trace;
use common::{Conn, Value};
use program::{Running, SOON, aerolite, free_address, is_ours, temporary_directory, write};
use tools::{field, have_program, info, run_program, wait_until};

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// No run of `redis-benchmark` takes longer.
const RUN_LIMIT: Duration = Duration::from_secs(240);

const SECRET: &str = "hunter2";

struct Traced {
    running: Running,
    path: PathBuf,
    _dir: tempfile::TempDir,
}

/// A server that writes a trace from the start.
fn traced(args: &[&str]) -> Traced {
    let dir = temporary_directory();
    let path = dir.path().join("loop.json");
    let name = path.display().to_string();
    let debug = ["--trace", &name, "--enable-debug-command", "yes"];
    let running = Running::start(&[&debug, args].concat());
    Traced {
        running,
        path,
        _dir: dir,
    }
}

impl Traced {
    /// Ends the server, and checks the trace that it leaves.
    #[track_caller]
    fn finish(&mut self) -> Trace {
        self.running.signal("-TERM");
        self.running.ends_well();
        let trace = Trace::check(&self.path);
        let said = self.running.said();
        let told = format!("ends: {} events in ", trace.events);
        assert!(said.contains(&told), "{told:?} is not in\n{said}");
        trace
    }
}

/// A server without a trace, in which DEBUG may be used, and a place for files.
fn untraced() -> (Running, tempfile::TempDir) {
    let running = Running::start(&["--enable-debug-command", "yes"]);
    (running, temporary_directory())
}

fn start(conn: &mut Conn, path: &Path) -> Value {
    conn.cmd(&["DEBUG", "TRACE", "START", &path.display().to_string()])
}

fn stop(conn: &mut Conn) -> Value {
    conn.cmd(&["DEBUG", "TRACE", "STOP"])
}

/// A field of INFO loop.
#[track_caller]
fn told(conn: &mut Conn, name: &str) -> String {
    let info = info(conn, &["loop"]);
    match field(&info, name) {
        Some(value) => value.to_owned(),
        None => panic!("{name} is not in\n{info}"),
    }
}

#[track_caller]
fn benchmark(traced: &Traced, args: &[&str]) {
    let mut command = Command::new("redis-benchmark");
    let port = traced.running.addr.port().to_string();
    command.args(["-p", &port, "-q"]).args(args);
    let finished = run_program(&mut command, b"", RUN_LIMIT);
    assert_eq!(finished.code(), Some(0), "{args:?}: {finished:?}");
}

/// How many requests the arrows are about.
fn answered(trace: &Trace) -> u64 {
    trace.arrows.iter().map(|(.., requests)| requests).sum()
}

#[test]
fn every_event_of_a_benchmark_is_right_pipelined() {
    if !is_ours() || !have_program("redis-benchmark") {
        return;
    }
    let mut traced = traced(&[]);
    let args = ["-t", "set", "-n", "100000", "-P", "16", "-r", "1000"];
    benchmark(&traced, &args);
    let mut conn = traced.running.connect();
    assert_eq!(told(&mut conn, "trace_dropped"), "0");
    let trace = traced.finish();
    assert_eq!(trace.count("set"), 100_000);
    assert_eq!(answered(&trace), trace.commands().count() as u64);
    assert!(trace.arrows.len() > 100_000 / 16, "{}", trace.arrows.len());
    assert!(trace.arrows.len() < 50_000, "{}", trace.arrows.len());
    assert!(trace.keys("set").iter().all(|key| key.starts_with("key:")));
    let max = |name: &str| trace.counters[name].iter().max().copied();
    assert!(max("clients") >= Some(50), "{:?}", max("clients"));
    assert!(max("commands per turn") >= Some(100));
    assert!(max("ready queue") >= Some(10));
    assert!(max("keys") >= Some(900));
}

#[test]
fn every_event_of_a_benchmark_is_right_one_by_one() {
    if !is_ours() || !have_program("redis-benchmark") {
        return;
    }
    let mut traced = traced(&[]);
    benchmark(&traced, &["-t", "get", "-n", "100000"]);
    let mut conn = traced.running.connect();
    assert_eq!(told(&mut conn, "trace_dropped"), "0");
    let trace = traced.finish();
    assert_eq!(trace.count("get"), 100_000);
    // Two questions that it asks before it begins come together, or nearly.
    let together = trace.arrows.iter().filter(|(.., requests)| *requests > 1);
    assert!(together.count() <= 1);
    assert_eq!(answered(&trace), trace.commands().count() as u64);
}

#[test]
fn it_is_started_and_stopped_while_running() {
    if !is_ours() {
        return;
    }
    let (mut running, dir) = untraced();
    let mut conn = running.connect();
    assert_eq!(told(&mut conn, "trace_state"), "none");
    let none = Value::error("ERR no trace is being written");
    assert_eq!(stop(&mut conn), none);
    for round in 1..=3 {
        let path = dir.path().join(format!("{round}.json"));
        assert_eq!(start(&mut conn, &path), Value::simple("OK"));
        let error = start(&mut conn, &dir.path().join("other"));
        assert!(error.text().starts_with("ERR a trace is being written to"));
        assert_eq!(told(&mut conn, "trace_state"), "on");
        conn.cmd(&["CLIENT", "SETNAME", "the-tester"]);
        conn.cmd(&["SET", "k", "v", "PX", "30"]);
        assert!(wait_until(SOON, || conn.cmd(&["DBSIZE"]) == Value::Int(0)));
        assert_eq!(stop(&mut conn), Value::simple("OK"));
        // The file is complete when that is said.
        let trace = Trace::check(&path);
        let bytes = fs::metadata(&path).map(|file| file.len());
        assert_eq!(
            bytes.ok().map(|n| n.to_string()),
            Some(told(&mut conn, "trace_bytes"))
        );
        assert_eq!(told(&mut conn, "trace_events"), trace.events.to_string());
        assert_eq!(told(&mut conn, "trace_state"), "stopped");
        assert_eq!(told(&mut conn, "trace_file"), path.display().to_string());
        assert_eq!((trace.count("set"), trace.count("client|setname")), (1, 1));
        assert_eq!(trace.count("debug"), 2, "the second START and the STOP");
        assert!(
            trace
                .names
                .values()
                .any(|name| name.ends_with(" the-tester"))
        );
        let is_there = |name: &str| trace.slices[&(1, 1)].iter().any(|s| s.name == name);
        assert!(is_there("wheel") && is_there("time_event"));
        assert_eq!(
            trace.counters["timers"].iter().max(),
            Some(&2),
            "the key's and the alarm"
        );
    }
    assert_eq!(stop(&mut conn), none);
    running.signal("-TERM");
    running.ends_well();
}

#[test]
fn stop_is_answered_when_the_file_is_complete_and_before_what_follows() {
    if !is_ours() {
        return;
    }
    let (running, dir) = untraced();
    let path = dir.path().join("t");
    let mut conn = running.connect();
    assert_eq!(start(&mut conn, &path), Value::simple("OK"));
    // While the server sleeps, much gathers for one turn: more than a slice of text.
    let mut others: Vec<Conn> = (0..64).map(|_| running.connect()).collect();
    let pings = b"PING\r\n".repeat(1000);
    let mut stopper = running.connect();
    stopper.transcript("PING => +PONG");
    conn.send_raw(b"DEBUG SLEEP 2\r\n");
    std::thread::sleep(Duration::from_millis(700));
    others.iter_mut().for_each(|other| other.send_raw(&pings));
    stopper.send_raw(b"DEBUG TRACE STOP\r\nPING\r\nDEBUG TRACE STOP\r\n");
    assert_eq!(stopper.read_value(), Value::simple("OK"));
    let trace = Trace::check(&path);
    assert!(trace.count("ping") >= 3000, "{}", trace.count("ping"));
    assert_eq!(stopper.read_value(), Value::simple("PONG"));
    assert!(stopper.read_value().is_error());
    assert_eq!(told(&mut running.connect(), "trace_dropped"), "0");
}

#[test]
fn it_ends_at_its_limit_and_the_server_goes_on() {
    if !is_ours() {
        return;
    }
    let mut traced = traced(&["--trace-max-bytes", "50kb"]);
    let mut conn = traced.running.connect();
    let is_full = wait_until(SOON, || {
        conn.cmd(&["SET", "k", "v"]);
        told(&mut conn, "trace_state") == "full"
    });
    assert!(is_full, "{}", told(&mut conn, "trace_bytes"));
    let bytes = fs::metadata(&traced.path).map_or(0, |file| file.len());
    assert!((49 * 1024..=50 * 1024).contains(&bytes), "{bytes}");
    assert_eq!(told(&mut conn, "trace_bytes"), bytes.to_string());
    assert!(
        traced
            .running
            .said()
            .contains("it has reached trace-max-bytes")
    );
    conn.transcript("PING => +PONG");
    traced.running.signal("-TERM");
    traced.running.ends_well();
    // Its last turn is not whole.
    let text = fs::read(&traced.path).unwrap_or_default();
    let trace: serde_json::Value = serde_json::from_slice(&text).expect("it is JSON");
    let events = trace["traceEvents"].as_array().map_or(0, Vec::len);
    assert!(events > 300, "{events}");
}

#[test]
fn values_never_appear_and_keys_only_if_they_may() {
    if !is_ours() {
        return;
    }
    let mut traced = traced(&[]);
    let mut conn = traced.running.connect();
    let big = SECRET.repeat(20_000);
    conn.cmd(&["SET", "key:a", SECRET]);
    conn.cmd(&["SET", "key:b", &big]);
    conn.cmd(&["APPEND", "key:a", SECRET]);
    conn.cmd(&["MSET", "key:c", SECRET, "key:d", SECRET]);
    conn.cmd(&["GET", "key:a", SECRET]);
    conn.cmd(&["GET", "key:b"]);
    conn.cmd(&["ECHO", SECRET]);
    conn.cmd(&["CONFIG", "SET", "requirepass", SECRET]);
    conn.cmd(&["AUTH", SECRET]);
    conn.cmd(&["CONFIG", "SET", "requirepass", ""]);
    conn.cmd(&[SECRET, SECRET]);
    conn.cmd(&["CONFIG", SECRET]);
    conn.send_raw(format!("SET key:e {SECRET}\r\n").as_bytes());
    conn.read_value();
    conn.cmd(&["CONFIG", "SET", "trace-keys", "no"]);
    conn.cmd(&["SET", "hidden:a", SECRET]);
    conn.cmd(&["CONFIG", "SET", "trace-keys", "yes"]);
    conn.cmd(&["SET", "key:f", SECRET]);
    let trace = traced.finish();
    let text = fs::read_to_string(&traced.path).unwrap_or_default();
    assert!(!text.contains(SECRET), "a value stands in the trace");
    assert!(!text.contains("hidden"), "a key stands in the trace");
    assert_eq!(trace.keys("set"), ["key:a", "key:b", "key:e", "key:f"]);
    assert_eq!(trace.count("set"), 5);
    assert_eq!(trace.keys("mset"), ["key:c"]);
    assert_eq!(trace.count("unknown command"), 2);
    assert_eq!(trace.count("auth"), 1);
    assert_eq!(trace.count("config|set"), 4);
}

#[test]
fn keys_are_hidden_from_the_start() {
    if !is_ours() {
        return;
    }
    let mut traced = traced(&["--trace-keys", "no"]);
    traced.running.connect().transcript("SET somekey v => +OK");
    let trace = traced.finish();
    assert_eq!((trace.count("set"), trace.keys("set").len()), (1, 0));
    let text = fs::read_to_string(&traced.path).unwrap_or_default();
    assert!(!text.contains("somekey"));
}

#[test]
fn keys_of_any_bytes_are_valid_json() {
    if !is_ours() {
        return;
    }
    let mut traced = traced(&[]);
    let mut conn = traced.running.connect();
    let long = "x".repeat(1000);
    let huge = "y".repeat(100_000);
    let keys: [(&[u8], &str); 7] = [
        (b"\xff\xfe", "\\xff\\xfe"),
        (b"a\"b\\c\r\n,\n{", "a\"b\\c\r\n,\n{"),
        (b"\0", "\0"),
        ("häß漢".as_bytes(), "häß漢"),
        (b"", ""),
        (long.as_bytes(), &(long[..128].to_owned() + "…")),
        (huge.as_bytes(), &(huge[..128].to_owned() + "…")),
    ];
    for (key, _) in keys {
        conn.cmd_bytes(&[b"GET", key]);
    }
    let trace = traced.finish();
    assert_eq!(trace.keys("get"), keys.map(|(_, shown)| shown));
}

#[test]
fn an_arrow_ends_where_the_last_byte_leaves() {
    if !is_ours() {
        return;
    }
    const BIG: usize = 30_000_000;
    let mut traced = traced(&[]);
    let mut conn = traced.running.connect();
    conn.cmd(&["SETRANGE", "big", &(BIG - 1).to_string(), "x"]);
    let id = conn.cmd(&["CLIENT", "ID"]).int() as u64;
    // Two replies that no socket's buffer holds, of which one is taken, and of another client one that is not.
    conn.send_raw(b"GET big\r\n");
    conn.send_raw(b"GET big\r\n");
    let mut leaver = traced.running.connect();
    let left = leaver.cmd(&["CLIENT", "ID"]).int() as u64;
    leaver.send_raw(b"GET big\r\nGET big\r\n");
    let mut beginning = [0; 1000];
    assert!(leaver.stream().read_exact(&mut beginning).is_ok());
    assert!(conn.stream().read_exact(&mut beginning).is_ok());
    std::thread::sleep(Duration::from_millis(100));
    let mut rest = vec![0; 2 * BIG + 2 * "$30000000\r\n\r\n".len() - beginning.len()];
    assert!(conn.stream().read_exact(&mut rest).is_ok());
    drop(leaver);
    let trace = traced.finish();
    let arrows = |client| trace.arrows.iter().filter(move |arrow| arrow.0 == client);
    let mut sent = 0;
    let writes: Vec<_> = trace.slices[&(2, id)]
        .iter()
        .filter(|slice| slice.name == "write")
        .map(|slice| {
            sent += slice.args["bytes"].as_u64().unwrap_or(0);
            (slice, sent)
        })
        .collect();
    assert!(writes.len() > 10, "{} writes", writes.len());
    // What was sent when the last byte of the arrow's replies had left.
    let sent_by: Vec<u64> = arrows(id)
        .filter_map(|&(_, _, to, _)| writes.iter().find(|(write, _)| to <= write.end))
        .map(|&(_, sent)| sent)
        .collect();
    let small = writes[0].1 + (writes[1].1 - writes[0].1);
    let one = small + BIG as u64 + "$30000000\r\n\r\n".len() as u64;
    assert!(sent_by.iter().any(|&at| at >= one), "{sent_by:?}");
    assert!(
        sent_by.iter().all(|&at| at <= small || at >= one),
        "an arrow ends in the middle of a reply: {sent_by:?}"
    );
    let of_leaver: u64 = arrows(left).map(|arrow| arrow.3).sum();
    assert_eq!(of_leaver, 1, "only CLIENT ID was answered");
}

#[test]
fn who_wants_no_reply_has_no_arrow() {
    if !is_ours() {
        return;
    }
    let mut traced = traced(&[]);
    let mut conn = traced.running.connect();
    let id = conn.cmd(&["CLIENT", "ID"]).int() as u64;
    conn.send_raw(b"CLIENT REPLY OFF\r\nSET a b\r\nSET c d\r\nCLIENT REPLY ON\r\n");
    assert_eq!(conn.read_value(), Value::simple("OK"));
    let port = conn.cmd(&["CONFIG", "SET", "bind", "127.0.0.1"]);
    assert_eq!(port, Value::simple("OK"), "answered by the server itself");
    let trace = traced.finish();
    let requests: Vec<u64> = trace
        .arrows
        .iter()
        .filter(|arrow| arrow.0 == id)
        .map(|arrow| arrow.3)
        .collect();
    assert_eq!(requests, [1, 1, 1]);
    assert_eq!(trace.count("set"), 2);
}

#[test]
fn a_killed_server_leaves_a_valid_file() {
    if !is_ours() {
        return;
    }
    let mut traced = traced(&[]);
    let mut conn = traced.running.connect();
    for n in 0..500 {
        conn.cmd(&["SET", "k", &n.to_string()]);
    }
    traced.running.signal("-KILL");
    assert!(tools::wait_exit(&mut traced.running.child, SOON).is_some());
    let trace = Trace::check(&traced.path);
    assert!(trace.count("set") >= 499, "{}", trace.count("set"));
}

#[test]
fn it_may_be_stopped_while_the_loop_is_paused() {
    if !is_ours() {
        return;
    }
    let (running, dir) = untraced();
    let path = dir.path().join("t");
    let mut conn = running.connect();
    assert_eq!(start(&mut conn, &path), Value::simple("OK"));
    conn.cmd(&["SET", "k", "v"]);
    conn.cmd(&["DEBUG", "LOOP", "PAUSE"]);
    assert_eq!(stop(&mut conn), Value::simple("OK"));
    conn.cmd(&["DEBUG", "LOOP", "RESUME"]);
    assert_eq!(told(&mut conn, "trace_state"), "stopped");
    let text = fs::read(&path).unwrap_or_default();
    let trace: serde_json::Value = serde_json::from_slice(&text).expect("it is JSON");
    assert!(trace["traceEvents"].as_array().map_or(0, Vec::len) > 30);
}

/// Paths where no trace can be, and what is said of each.
fn bad_paths(dir: &Path) -> Vec<(String, &'static str)> {
    let name = |name: &str| dir.join(name).display().to_string();
    let made = Command::new("mkfifo").arg(name("fifo")).status();
    assert!(made.is_ok_and(|status| status.success()), "no mkfifo");
    write(&dir.join("diary"), "dear diary");
    vec![
        (name("no/such/folder"), "No such file or directory"),
        (name("."), "not a regular file"),
        (name("fifo"), "not a regular file"),
        ("/dev/full".to_owned(), "not a regular file"),
        (name("diary"), "is not overwritten"),
        (name("diary/x"), "Not a directory"),
    ]
}

#[test]
fn a_path_where_it_cannot_be_is_refused_at_the_start() {
    if !is_ours() {
        return;
    }
    let dir = temporary_directory();
    for (path, reason) in bad_paths(dir.path()) {
        let port = free_address().port().to_string();
        let mut command = aerolite();
        command.args(["--port", &port, "--trace", &path]);
        let finished = run_program(&mut command, b"", SOON);
        assert_eq!(finished.code(), Some(1), "{path}: {finished:?}");
        for word in [&*path, reason] {
            assert!(finished.stderr.contains(word), "{path}: {finished:?}");
        }
    }
    let diary = fs::read_to_string(dir.path().join("diary"));
    assert_eq!(diary.ok().as_deref(), Some("dear diary"));
}

#[test]
fn a_path_where_it_cannot_be_is_an_error_while_running() {
    if !is_ours() {
        return;
    }
    let (running, dir) = untraced();
    let mut conn = running.connect();
    for (path, reason) in bad_paths(dir.path()) {
        let error = start(&mut conn, Path::new(&path));
        assert!(error.is_error(), "{path}: {error:?}");
        assert!(error.text().contains(&path), "{path}: {error:?}");
        assert!(error.text().contains(reason), "{path}: {error:?}");
    }
    conn.transcript(
        r#"
        DEBUG TRACE START ""      => -ERR cannot write a trace to...
        DEBUG TRACE START "a\x00" => -ERR cannot write a trace to...
        DEBUG TRACE START         => -ERR DEBUG TRACE takes START file or STOP
        DEBUG TRACE STOP x        => -ERR DEBUG TRACE takes START file or STOP
        DEBUG TRACE FOO           => -ERR DEBUG TRACE takes START file or STOP
        CONFIG SET trace x        => -ERR CONFIG SET failed (possibly related to argument 'trace') - can't set immutable config
        CONFIG GET trace-max-bytes => ["trace-max-bytes" "268435456"]
        PING                      => +PONG
        "#,
    );
    assert_eq!(told(&mut conn, "trace_state"), "none");
    let refused = Running::start(&[]);
    let error = start(&mut refused.connect(), &dir.path().join("t"));
    assert!(error.text().starts_with("ERR DEBUG command not allowed"));
    assert!(!dir.path().join("t").exists());
}

#[test]
fn a_file_that_cannot_grow_ends_the_trace_and_nothing_else() {
    if !is_ours() {
        return;
    }
    let dir = temporary_directory();
    let path = dir.path().join("loop.json");
    // A limit on the length of files, in units of 512 or 1024 bytes: writing beyond it fails as it does on a full
    // disk, and its signal does not end the server.
    let script = "ulimit -f 60; exec \"$@\"";
    let mut command = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_aerolite");
    command
        .args(["-c", script, "sh", program, "--trace"])
        .arg(&path);
    let mut running = Running::start_command(command, &[]);
    let mut conn = running.connect();
    let has_failed = wait_until(SOON, || {
        conn.cmd(&["SET", "k", "v"]);
        told(&mut conn, "trace_state") == "failed"
    });
    assert!(has_failed, "{}", running.said());
    assert!(
        running.said().contains("it cannot be written"),
        "{}",
        running.said()
    );
    conn.transcript("PING => +PONG");
    let trace = Trace::check(&path);
    assert!(trace.count("set") > 5);
    assert_eq!(told(&mut conn, "trace_events"), trace.events.to_string());
    running.signal("-TERM");
    running.ends_well();
}

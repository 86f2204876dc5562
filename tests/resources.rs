//! What the process takes of the machine: descriptors and what happens without one, processor time and memory when
//! nothing is to be done.
//!
//! These are about the program `aerolite` and Linux's `/proc`: they are skipped when the tests are given another server.
#![cfg(target_os = "linux")]
mod common;
#[path = "common/program.rs"]
mod program;
#[path = "common/tools.rs"]
mod tools;

use common::timing::goes_well;
use common::{Conn, Value};
use program::{Running, SOON, is_ours};
use tools::{connection_budget, wait_until};

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

/// The processor time of a process so far.
fn cpu_time(pid: u32) -> Duration {
    /// What Linux counts in, on all machines in use.
    const TICKS_PER_SECOND: u64 = 100;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold anything; utime and stime are the 12th and 13th behind it.
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok());
    match (ticks(11), ticks(12)) {
        (Some(user), Some(system)) => {
            Duration::from_millis((user + system) * 1000 / TICKS_PER_SECOND)
        }
        _ => panic!("no processor times in {stat:?}"),
    }
}

/// How often the threads of a process have gone to sleep so far, which is how often they woke.
fn times_asleep(pid: u32) -> u64 {
    let tasks = match fs::read_dir(format!("/proc/{pid}/task")) {
        Ok(tasks) => tasks,
        Err(error) => panic!("/proc/{pid}/task: {error}"),
    };
    tasks
        .flatten()
        .map(|task| fs::read_to_string(task.path().join("status")).unwrap_or_default())
        .filter_map(|status| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
            line.trim().parse::<u64>().ok()
        })
        .sum()
}

/// The program, allowed to have only so many descriptors.
fn with_descriptors(count: usize) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("ulimit -n {count}; exec \"$0\" \"$@\"")])
        .arg(env!("CARGO_BIN_EXE_aerolite"));
    command
}

#[test]
fn more_clients_than_descriptors_allow_are_refused() {
    if !is_ours() {
        return;
    }
    const DESCRIPTORS: usize = 40;
    let running = Running::start_command(with_descriptors(DESCRIPTORS), &[]);
    survives_a_crowd(running, 2 * DESCRIPTORS);
}

/// Here the server cannot know beforehand: `accept` itself fails.
#[test]
fn running_out_of_descriptors_neither_spins_nor_kills() {
    if !is_ours() {
        return;
    }
    const DESCRIPTORS: usize = 30;
    let running = Running::start(&[]);
    let limit = Command::new("prlimit")
        .args(["--pid", &running.child.id().to_string()])
        .arg(format!("--nofile={DESCRIPTORS}"))
        .status();
    if !limit.is_ok_and(|status| status.success()) {
        eprintln!("skipped: there is no prlimit to take descriptors away with");
        return;
    }
    survives_a_crowd(running, 2 * DESCRIPTORS);
}

/// More connect than there are descriptors for: those inside are served, nothing spins, and when
/// the crowd leaves, others get in again.
fn survives_a_crowd(mut running: Running, crowd: usize) {
    let addr = running.addr;
    let mut conn = running.connect();
    conn.transcript("SET k v => +OK");
    // The kernel completes these connections; the server can accept some of them, or refuse them politely.
    let crowd: Vec<Conn> = (0..crowd).map(|_| running.connect()).collect();
    conn.transcript(r#"GET k => "v""#);
    thread::sleep(Duration::from_millis(200));
    // Twice a second it tries again. One that spins does so every time, also if it sleeps a millisecond in between.
    const FEW_WAKES: u64 = 100;
    const LITTLE_TIME: Duration = Duration::from_millis(200);
    let pid = running.child.id();
    goes_well(|| {
        let before = (cpu_time(pid), times_asleep(pid));
        thread::sleep(Duration::from_secs(1));
        let used = cpu_time(pid) - before.0;
        let wakes = times_asleep(pid).saturating_sub(before.1);
        if used < LITTLE_TIME && wakes < FEW_WAKES {
            return Ok(());
        }
        Err(format!(
            "{used:?} of processor time and {wakes} wakes in a second of waiting"
        ))
    });
    conn.transcript(r#"GET k => "v""#);
    drop(crowd);
    let accepts = wait_until(SOON, || {
        Conn::try_connect(addr)
            .and_then(|mut conn| conn.try_cmd(&[b"PING"]))
            .is_ok_and(|reply| reply == Value::simple("PONG"))
    });
    assert!(
        accepts,
        "nobody gets in any more, it said\n{}",
        running.said()
    );
    conn.transcript(r#"GET k => "v""#);
    running.signal("-TERM");
    running.ends_well();
}

#[test]
fn somebody_who_waited_for_a_descriptor_is_served() {
    if !is_ours() {
        return;
    }
    let running = Running::start_command(with_descriptors(64), &["--maxclients", "10000"]);
    let mut crowd: Vec<Conn> = (0..100).map(|_| running.connect()).collect();
    for conn in &mut crowd {
        conn.send(&["PING"]);
    }
    thread::sleep(Duration::from_millis(200));
    // Each who leaves makes room for another: in the end everybody has got an answer, PONG or a refusal, or was closed.
    for mut conn in crowd {
        match conn.try_read_value() {
            Ok(Value::Simple(pong)) => assert_eq!(pong, b"PONG"),
            Ok(Value::Error(text)) => {
                assert_eq!(text, b"ERR max number of clients reached");
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => assert_ne!(
                error.kind(),
                std::io::ErrorKind::WouldBlock,
                "somebody waits for ever"
            ),
        }
    }
}

#[test]
fn idle_is_idle() {
    if !is_ours() {
        return;
    }
    let running = Running::start(&[]);
    let pid = running.child.id();
    let mut conns: Vec<Conn> = (0..connection_budget(200))
        .map(|_| running.connect())
        .collect();
    for conn in &mut conns {
        conn.transcript("SET k v => +OK");
    }
    assert_eq!(wake_ups(pid, Duration::from_secs(2)), 0);
    // It also goes back to sleep after it had a reason to wake.
    conns[0].transcript("SET short v PX 50 => +OK");
    let gone = wait_until(SOON, || conns[0].cmd(&["DBSIZE"]) == Value::Int(1));
    assert!(gone, "the key is still there");
    assert_eq!(wake_ups(pid, Duration::from_secs(1)), 0);
}

/// How often a process wakes within this time, when nothing is to be done: the fewest of some counts, since it may still
/// have been busy with what was before. One that also takes processor time has not slept either.
fn wake_ups(pid: u32, within: Duration) -> u64 {
    const COUNTS: usize = 5;
    let counts = (0..COUNTS).map(|_| {
        thread::sleep(Duration::from_millis(300));
        let (slept, cpu) = (times_asleep(pid), cpu_time(pid));
        thread::sleep(within);
        let is_busy = cpu_time(pid) > cpu;
        times_asleep(pid) - slept + u64::from(is_busy)
    });
    let mut fewest = u64::MAX;
    for count in counts {
        fewest = fewest.min(count);
        if fewest == 0 {
            break;
        }
    }
    fewest
}

#[test]
fn idle_connections_are_small() {
    if !is_ours() {
        return;
    }
    /// The promise is a small number of hundreds of bytes; what the allocator keeps for itself is added.
    const BYTES_EACH: u64 = 4096;
    let running = Running::start(&[]);
    let pid = running.child.id();
    let count = connection_budget(1000);
    let rss = || tools::resident_bytes(pid).unwrap_or(0);
    // The first few touch what is needed once.
    let warm: Vec<Conn> = (0..50)
        .map(|_| {
            let mut conn = running.connect();
            conn.transcript(r#"ECHO "x"*1000 => "x"*1000"#);
            conn
        })
        .collect();
    drop(warm);
    thread::sleep(Duration::from_millis(300));
    let before = rss();
    let mut conns: Vec<Conn> = (0..count).map(|_| running.connect()).collect();
    for conn in &mut conns {
        conn.transcript(r#"ECHO "x"*1000 => "x"*1000"#);
    }
    thread::sleep(Duration::from_millis(500));
    let grown = rss().saturating_sub(before);
    assert!(before > 0 && count > 0);
    assert!(
        grown / count as u64 <= BYTES_EACH,
        "{count} idle connections take {grown} bytes"
    );
}

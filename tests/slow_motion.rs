//! DEBUG LOOP over a socket: pausing the loop, making single turns, slowing it down; and INFO loop.

mod common;
#[path = "common/program.rs"]
mod program;
#[path = "common/tools.rs"]
mod tools;

use common::Conn;
use common::client::Value;
use common::timing::{in_time, shortest};
use program::{Running, is_ours};
use std::time::{Duration, Instant};
use tools::{counter, field, info};

/// Long enough for anything that will happen at all.
const A_WHILE: Duration = Duration::from_millis(150);

fn start() -> Running {
    Running::start(&["--enable-debug-command", "local"])
}

fn order(conn: &mut Conn, words: &[&str]) {
    let reply = conn.cmd(&[&["DEBUG", "LOOP"], words].concat());
    assert_eq!(reply, Value::simple("OK"), "{words:?}");
}

fn turns(conn: &mut Conn) -> u64 {
    counter(conn, "stats", "eventloop_cycles")
}

/// How many turns INFO loop has drawn, below one line that says what is what.
fn drawn(text: &str) -> usize {
    let lines = text.lines().filter(|line| line.starts_with("#  "));
    lines.count() - 1
}

#[test]
fn a_paused_loop_serves_only_those_who_control_it() {
    if !is_ours() {
        return;
    }
    let server = start();
    let (mut client, mut pauser) = (server.connect(), server.connect());
    client.cmd(&["PING"]);
    order(&mut pauser, &["PAUSE"]);
    client.send(&["SET", "key", "value"]);
    client.expect_silence(A_WHILE);
    assert_eq!(pauser.cmd(&["EXISTS", "key"]), Value::Int(0));
    let mut newcomer = server.connect();
    assert_eq!(newcomer.cmd(&["PING"]), Value::simple("PONG"), "to step it");
    order(&mut newcomer, &["RESUME"]);
    assert_eq!(client.read_value(), Value::simple("OK"));
    assert_eq!(newcomer.cmd(&["EXISTS", "key"]), Value::Int(1));
}

#[test]
fn a_step_is_one_turn() {
    if !is_ours() {
        return;
    }
    let server = start();
    let (mut client, mut pauser) = (server.connect(), server.connect());
    order(&mut pauser, &["PAUSE"]);
    let before = turns(&mut pauser);
    pauser.cmd(&["PING"]);
    assert_eq!(turns(&mut pauser), before, "control makes no turns");
    client.send(&["PING"]);
    // The first of them reads and runs, and the second begins with sending what there is to send.
    order(&mut pauser, &["STEP"]);
    client.expect_silence(A_WHILE);
    assert_eq!(turns(&mut pauser), before + 1);
    order(&mut pauser, &["STEP", "3"]);
    assert_eq!(client.read_value(), Value::simple("PONG"));
}

#[test]
fn keys_are_late_while_the_loop_is_paused_and_leave_when_it_goes_on() {
    if !is_ours() {
        return;
    }
    let server = start();
    let (mut client, mut pauser) = (server.connect(), server.connect());
    let life = in_time(Duration::from_millis(200), |life| {
        order(&mut pauser, &["RESUME"]);
        client.cmd(&["SET", "key", "value", "PX", &life.ms()]);
        order(&mut pauser, &["PAUSE"]);
    });
    life.outlive();
    std::thread::sleep(A_WHILE);
    assert_eq!(pauser.cmd(&["DBSIZE"]), Value::Int(1), "nobody removed it");
    assert_eq!(pauser.cmd(&["GET", "nokey"]), Value::Nil);
    order(&mut pauser, &["RESUME"]);
    let gone = tools::wait_until(program::SOON, || client.cmd(&["DBSIZE"]) == Value::Int(0));
    assert!(gone);
    let text = info(&mut client, &["loop"]);
    let late = field(&text, "expiry_lateness_ms_max").and_then(|ms| ms.parse::<f64>().ok());
    assert!(late.is_some_and(|ms| ms >= 50.0), "{late:?}");
}

#[test]
fn in_slow_motion_there_is_time_between_the_phases() {
    if !is_ours() {
        return;
    }
    let server = start();
    let mut client = server.connect();
    order(&mut client, &["SLOW", "40"]);
    let before = Instant::now();
    assert_eq!(client.cmd(&["PING"]), Value::simple("PONG"));
    assert!(
        before.elapsed() >= Duration::from_millis(120),
        "several gaps"
    );
    order(&mut client, &["SLOW", "0"]);
    let before = Instant::now();
    (0..100).for_each(|_| assert_eq!(client.cmd(&["PING"]), Value::simple("PONG")));
    assert!(
        before.elapsed() < Duration::from_secs(10),
        "it is free again"
    );
}

#[test]
fn a_paused_server_can_be_ended() {
    if !is_ours() {
        return;
    }
    let mut server = start();
    let mut pauser = server.connect();
    order(&mut pauser, &["PAUSE"]);
    server.signal("-TERM");
    server.ends_well();
}

#[test]
fn a_server_that_is_ending_cannot_be_paused() {
    if !is_ours() {
        return;
    }
    let mut server = start();
    let mut pauser = server.connect();
    (0..3).for_each(|_| pauser.send(&["DEBUG", "SLEEP", "0.2"]));
    pauser.send(&["DEBUG", "LOOP", "PAUSE"]);
    std::thread::sleep(A_WHILE);
    server.signal("-TERM");
    server.ends_well();
}

#[test]
fn a_paused_server_in_a_thread_ends_with_its_handle() {
    let handle = aerolite::spawn(&[("enable-debug-command", "local")]).expect("a server");
    let mut pauser = Conn::connect(handle.addr());
    order(&mut pauser, &["PAUSE"]);
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        drop(handle);
        let _ = ended.send(());
    });
    assert_eq!(end.recv_timeout(program::SOON), Ok(()));
}

#[test]
fn control_is_served_without_delay_and_where_it_listens_anew() {
    if !is_ours() {
        return;
    }
    let server = start();
    let mut pauser = server.connect();
    order(&mut pauser, &["PAUSE"]);
    // What is run in some fifty rounds, none of which has to wait for the next tick.
    let count = 50_000;
    let limit = Duration::from_millis(1500);
    let took = shortest(limit, || {
        let before = Instant::now();
        pauser.send_raw(&b"PING\r\n".repeat(count));
        pauser.expect_raw(&b"+PONG\r\n".repeat(count));
        before.elapsed()
    });
    assert!(took < limit, "{took:?}");
    let addr = program::free_address();
    let moved = pauser.cmd(&["CONFIG", "SET", "port", &addr.port().to_string()]);
    assert_eq!(moved, Value::simple("OK"));
    let mut newcomer = Conn::connect(addr);
    order(&mut newcomer, &["RESUME"]);
}

#[test]
fn it_is_guarded_and_refuses_nonsense() {
    if !is_ours() {
        return;
    }
    let guarded = Running::start(&[]);
    let reply = guarded.connect().cmd(&["DEBUG", "LOOP", "PAUSE"]);
    assert!(
        reply.text().starts_with("ERR DEBUG command not allowed"),
        "{reply:?}"
    );
    let server = start();
    let mut client = server.connect();
    for words in [
        &["PAUSE", "1"][..],
        &["STEP", "-1"],
        &["STEP", "x"],
        &["STEP", "0"],
        &["SLOW", "2001"],
        &["SLOW"],
        &["FLY"],
    ] {
        let reply = client.cmd(&[&["DEBUG", "LOOP"], words].concat());
        assert!(reply.is_error(), "{words:?}: {reply:?}");
    }
    assert_eq!(client.cmd(&["PING"]), Value::simple("PONG"));
}

#[test]
fn statistics_of_the_loop_are_counted_and_reset() {
    if !is_ours() {
        return;
    }
    let server = start();
    let mut client = server.connect();
    (0..50).for_each(|_| drop(client.cmd(&["PING"])));
    let text = info(&mut client, &["loop"]);
    for name in ["turn_usec_p50", "turn_usec_p99.9", "commands_per_turn_max"] {
        let value = field(&text, name).and_then(|value| value.parse::<f64>().ok());
        assert!(value.is_some_and(|value| value > 0.0), "{name}: {value:?}");
    }
    assert!(field(&text, "queue_delay_usec_max").is_some());
    assert_eq!(drawn(&text), 32, "{text}");
    order(&mut client, &["RESET"]);
    let text = info(&mut client, &["loop"]);
    assert_eq!(field(&text, "commands_per_turn_max"), Some("1"));
    assert!((1..10).contains(&drawn(&text)), "{text}");
}

#[test]
fn a_turn_that_is_held_in_between_has_worked_as_long_as_it_did() {
    if !is_ours() {
        return;
    }
    let server = start();
    let (mut client, mut pauser) = (server.connect(), server.connect());
    order(&mut pauser, &["SLOW", "20"]);
    client.cmd(&["DEBUG", "SLEEP", "0.2"]);
    order(&mut pauser, &["SLOW", "0"]);
    let text = info(&mut pauser, &["loop"]);
    let longest = field(&text, "turn_usec_max").and_then(|us| us.parse::<f64>().ok());
    assert!(longest.is_some_and(|us| us >= 200_000.0), "{text}");
}

use super::*;
use crate::command::testing::{engine, run};
use crate::engine::{Engine, SessionId};
use std::cell::Cell;
use std::rc::Rc;

/// An engine in which a command takes as long as the cell says, in microseconds.
fn timed() -> (Engine, SessionId, Rc<Cell<u64>>) {
    let (mut engine, id) = engine();
    let each_us = Rc::new(Cell::new(0));
    let (now_ns, us) = (Cell::new(0), Rc::clone(&each_us));
    engine.host.stopwatch_ns = Box::new(move || {
        now_ns.set(now_ns.get() + us.get() * 1000);
        now_ns.get()
    });
    (engine, id, each_us)
}

fn set(engine: &mut Engine, id: SessionId, name: &str, value: &str) {
    assert_eq!(run(engine, id, &["CONFIG", "SET", name, value]), "+OK\r\n");
}

fn logged(engine: &Engine) -> Vec<String> {
    let words = |entry: &Entry| {
        let words = entry.args.iter().map(|arg| String::from_utf8_lossy(arg));
        format!("{} {}", entry.us, words.collect::<Vec<_>>().join(" "))
    };
    engine.slow_log.iter().map(words).collect()
}

#[test]
fn what_takes_long_is_kept() {
    let (mut engine, id, each_us) = timed();
    each_us.set(9_999);
    run(&mut engine, id, &["GET", "a"]);
    each_us.set(10_000);
    run(&mut engine, id, &["GET", "b"]);
    assert_eq!(logged(&engine), ["10000 GET b"]);
    assert_eq!(
        run(&mut engine, id, &["SLOWLOG", "GET"]),
        "*1\r\n*6\r\n:0\r\n:1700000000\r\n:10000\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n$0\r\n\r\n$0\r\n\r\n"
    );
    each_us.set(0);
    run(&mut engine, id, &["SLOWLOG", "RESET"]);
    assert_eq!(logged(&engine).len(), 0);
}

#[test]
fn the_threshold_is_one_number() {
    let (mut engine, id, _) = timed();
    assert_eq!(engine.slow_ns, 50_000, "the clock's own");
    set(&mut engine, id, "slowlog-log-slower-than", "20");
    assert_eq!(engine.slow_ns, 20_000);
    set(&mut engine, id, "slowlog-max-len", "0");
    assert_eq!(engine.slow_ns, 50_000);
    set(&mut engine, id, "slowlog-max-len", "9");
    set(&mut engine, id, "slowlog-log-slower-than", "0");
    assert_eq!(engine.slow_ns, 0);
    assert_eq!(logged(&engine).len(), 1, "it counts itself");
    set(&mut engine, id, "slowlog-log-slower-than", "-1");
    set(&mut engine, id, "latency-monitor-threshold", "1");
    assert_eq!(engine.slow_ns, 50_000);
}

#[test]
fn fewer_may_be_kept_from_now_on() {
    let (mut engine, id, _) = timed();
    set(&mut engine, id, "slowlog-log-slower-than", "0");
    for key in ["a", "b", "c"] {
        run(&mut engine, id, &["GET", key]);
    }
    set(&mut engine, id, "slowlog-max-len", "2");
    assert_eq!(
        logged(&engine),
        ["0 CONFIG SET slowlog-max-len 2", "0 GET c"]
    );
    set(&mut engine, id, "slowlog-max-len", "0");
    assert!(engine.slow_log.is_empty());
}

#[test]
fn words_are_shortened_and_secrets_hidden() {
    let (mut engine, id, _) = timed();
    set(&mut engine, id, "slowlog-log-slower-than", "0");
    let big = "y".repeat(100_000);
    run(&mut engine, id, &["SET", "k", &big]);
    let value = "y".repeat(128);
    let expected = format!("0 SET k {value}... (99872 more bytes)");
    assert_eq!(logged(&engine)[0], expected, "although it was taken away");
    run(&mut engine, id, &["ECHO", &value]);
    assert_eq!(logged(&engine)[0], format!("0 ECHO {value}"));
    let words: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    run(&mut engine, id, &[&["DEL"], &words[..31]].concat());
    assert!(logged(&engine)[0].ends_with(" 29 30"));
    run(&mut engine, id, &[&["DEL"], &words[..32]].concat());
    assert!(logged(&engine)[0].ends_with(" 29 ... (2 more arguments)"));
    run(&mut engine, id, &["AUTH", "user", "secret"]);
    assert_eq!(logged(&engine)[0], "0 AUTH (redacted) (redacted)");
    set(&mut engine, id, "requirepass", "");
    assert_eq!(logged(&engine)[0], "0 CONFIG SET requirepass (redacted)");
    assert!(engine.slow_log.beforehand.is_none());
}

#[test]
fn who_waits_is_logged_when_answered() {
    let (mut engine, id, _) = timed();
    let other = engine
        .sessions
        .open(crate::engine::session::Peer::default(), 0);
    set(&mut engine, id, "slowlog-log-slower-than", "0");
    run(&mut engine, id, &["SLOWLOG", "RESET"]);
    run(&mut engine, other, &["BLPOP", "q", "0"]);
    assert_eq!(logged(&engine), ["0 SLOWLOG RESET"]);
    run(&mut engine, id, &["RPUSH", "q", "x"]);
    let mut outputs = std::collections::HashMap::new();
    outputs.insert(other, crate::resp::Output::new());
    crate::command::follow_up(&mut engine, None, &mut outputs);
    assert_eq!(logged(&engine)[..2], ["0 BLPOP q 0", "0 RPUSH q x"]);
}

use super::super::testing::{engine, pass_ms, run};
use super::*;
use crate::command::follow_up::follow_up;
use crate::engine::session::Peer;
use std::collections::HashMap;

const OK: &str = "+OK\r\n";
const QUEUED: &str = "+QUEUED\r\n";

fn another(engine: &mut Engine) -> SessionId {
    engine.sessions.open(Peer::default(), 0)
}

#[test]
fn exec_runs_what_was_queued() {
    let (mut engine, id) = engine();
    let mut run = |words: &[&str]| run(&mut engine, id, words);
    assert_eq!(run(&["EXEC"]), "-ERR EXEC without MULTI\r\n");
    assert_eq!(run(&["MULTI"]), OK);
    for request in [
        &["SET", "k", "v"][..],
        &["LPUSH", "k", "x"],
        &["LATENCY", "x"],
        &["GET", "k"],
    ] {
        let reply = run(request);
        assert!(
            reply == QUEUED || request[0] == "LATENCY",
            "{request:?}: {reply}"
        );
    }
    assert!(run(&["EXEC"]).starts_with("-EXECABORT"));
    assert_eq!(run(&["GET", "k"]), "$-1\r\n");
    run(&["MULTI"]);
    run(&["SET", "k", "v"]);
    run(&["LPUSH", "k", "x"]);
    run(&["GET", "k"]);
    assert_eq!(
        run(&["EXEC"]),
        "*3\r\n+OK\r\n-WRONGTYPE Operation against a key holding the wrong kind of value\r\n\
         $1\r\nv\r\n"
    );
    assert_eq!(run(&["DISCARD"]), "-ERR DISCARD without MULTI\r\n");
}

#[test]
fn each_command_is_counted_and_exec_is_charged_with_all() {
    let (mut engine, id) = engine();
    for words in [&["MULTI"][..], &["SET", "k", "v"], &["INCR", "k"]] {
        run(&mut engine, id, words);
    }
    assert_eq!(engine.stats.commands, 1);
    run(&mut engine, id, &["EXEC"]);
    assert_eq!(engine.stats.commands, 4);
    let number = |name: &[u8]| table::find(name).expect("a command").number;
    let stats = engine.stats.command(number(b"INCR").into());
    assert_eq!((stats.calls, stats.failed), (1, 1));
    let last = engine.sessions[id].last_command;
    assert_eq!(last, Some(number(b"EXEC")));
}

#[test]
fn nothing_is_left_of_a_client_that_leaves() {
    let (mut engine, id) = engine();
    let other = another(&mut engine);
    for client in [id, other] {
        run(&mut engine, client, &["WATCH", "a", "b"]);
        run(&mut engine, client, &["MULTI"]);
        run(&mut engine, client, &["SET", "a", "1"]);
    }
    run(&mut engine, id, &["EXEC"]);
    assert!(engine.is_touched(other));
    assert!(engine.observers.watched().has_no_keys());
    engine.close_session(other);
    assert!(engine.observers.watched().is_empty());
    assert!(!engine.observers.is_on());
}

#[test]
fn memory_is_counted_and_given_back() {
    let (mut engine, id) = engine();
    let before = engine.transaction_memory(id);
    run(&mut engine, id, &["WATCH", "a"]);
    let watching = engine.transaction_memory(id);
    assert!(before == 0 && watching > 0);
    run(&mut engine, id, &["MULTI"]);
    let big = "x".repeat(100_000);
    run(&mut engine, id, &["SET", "a", &big]);
    assert!(engine.transaction_memory(id) > watching + big.len());
    assert!(engine.sessions[id].queued_bytes() > big.len());
    run(&mut engine, id, &["NOSUCH"]);
    let aborted = engine.transaction_memory(id);
    run(&mut engine, id, &["SET", "a", &big]);
    assert_eq!(engine.transaction_memory(id), aborted, "it is kept no more");
    run(&mut engine, id, &["DISCARD"]);
    assert_eq!(engine.transaction_memory(id), 0);
    assert_eq!(engine.sessions[id].queued_bytes(), 0);
}

#[test]
fn a_key_past_its_deadline_has_changed_though_nobody_has_removed_it() {
    let (mut engine, id) = engine();
    run(&mut engine, id, &["SET", "k", "v", "PX", "10"]);
    run(&mut engine, id, &["WATCH", "k"]);
    pass_ms(&mut engine, 9);
    assert!(!engine.is_touched(id));
    pass_ms(&mut engine, 1);
    assert!(engine.is_touched(id));
    run(&mut engine, id, &["MULTI"]);
    assert_eq!(run(&mut engine, id, &["EXEC"]), "*-1\r\n");
}

#[test]
fn a_key_that_had_expired_before_does_not_change_by_being_removed() {
    let (mut engine, id) = engine();
    let other = another(&mut engine);
    for remove in [
        &["EXISTS", "k"][..],
        &["DEL", "k"],
        &["FLUSHALL"],
        &["SWAPDB", "0", "1"],
    ] {
        run(&mut engine, id, &["SET", "k", "v", "PX", "10"]);
        pass_ms(&mut engine, 10);
        run(&mut engine, id, &["WATCH", "k"]);
        run(&mut engine, other, remove);
        run(&mut engine, id, &["MULTI"]);
        assert_eq!(run(&mut engine, id, &["EXEC"]), "*0\r\n", "{remove:?}");
    }
    run(&mut engine, id, &["SET", "k", "v", "PX", "10"]);
    pass_ms(&mut engine, 10);
    run(&mut engine, id, &["WATCH", "k"]);
    run(&mut engine, other, &["SET", "k", "new"]);
    run(&mut engine, id, &["MULTI"]);
    assert_eq!(run(&mut engine, id, &["EXEC"]), "*-1\r\n");
}

#[test]
fn no_key_expires_between_two_commands() {
    let (mut engine, id) = engine();
    // Every reading of the stopwatch is a millisecond later than the one before.
    engine.host.stopwatch_ns = {
        let ticks = std::cell::Cell::new(0);
        Box::new(move || {
            ticks.set(ticks.get() + 1_000_000);
            ticks.get()
        })
    };
    run(&mut engine, id, &["SET", "k", "v", "PX", "20"]);
    run(&mut engine, id, &["MULTI"]);
    for _ in 0..100 {
        run(&mut engine, id, &["EXISTS", "k"]);
    }
    let before_ms = engine.clock.unix_ms();
    let reply = run(&mut engine, id, &["EXEC"]);
    assert_eq!(reply.matches(":1").count(), 100);
    assert!(engine.clock.unix_ms() - before_ms >= 100);
}

#[test]
fn who_waits_is_served_when_all_of_it_is_over() {
    let (mut engine, id) = engine();
    let waiting = another(&mut engine);
    let mut outputs = HashMap::from([(waiting, Output::new())]);
    assert_eq!(run(&mut engine, waiting, &["BLPOP", "l", "0"]), "");
    for words in [
        &["MULTI"][..],
        &["RPUSH", "l", "a"],
        &["LPUSH", "l", "b"],
        &["LLEN", "l"],
    ] {
        run(&mut engine, id, words);
    }
    assert_eq!(run(&mut engine, id, &["EXEC"]), "*3\r\n:1\r\n:2\r\n:2\r\n");
    assert!(engine.has_follow_up());
    follow_up(&mut engine, None, &mut outputs);
    let mut bytes = Vec::new();
    let out = outputs.get_mut(&waiting).expect("it is there");
    out.write_to(&mut bytes, 1000).expect("a vector");
    assert_eq!(bytes, b"*2\r\n$1\r\nl\r\n$1\r\nb\r\n");
}

#[test]
fn what_only_the_server_can_answer_is_refused() {
    let (mut engine, id) = engine();
    let port = engine.config.port;
    for words in [
        &["MULTI"][..],
        &["CONFIG", "SET", "port", "1"],
        &["CONFIG", "SET", "timeout", "7"],
    ] {
        run(&mut engine, id, words);
    }
    let reply = run(&mut engine, id, &["EXEC"]);
    let refused = "ERR CONFIG SET failed (possibly related to argument 'port') - can't be changed \
                   inside a transaction";
    assert_eq!(reply, format!("*2\r\n-{refused}\r\n+OK\r\n"));
    assert_eq!((engine.config.port, engine.config.timeout_s), (port, 7));
    let is_letter =
        |mail: &crate::engine::Mail| matches!(mail, crate::engine::Mail::SettingChanged("timeout"));
    assert!(engine.mail.iter().all(is_letter), "{:?}", engine.mail);
}

//! What outsiders decide the size of is not done in one go: forgetting what a client has watched, asked for or queued,
//! and freeing what a command throws away.
//!
//! ```text
//!   one write:   UNWATCH     INFO clients        both are run in one turn of the loop
//!                +OK         total_watched_keys:99488    it has forgotten, and the table is not empty yet
//!   later:                   total_watched_keys:0
//! ```
//!
//! Nothing is timed: what INFO tells in the same breath says that it was not all done at once.

mod common;
#[path = "common/tools.rs"]
mod tools;

use common::client::request;
use common::{Conn, Target, Value, server};
use tools::{connection_budget, counter, info, wait_until};

use std::time::Duration;

/// However busy the machine is, this is enough.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a client does a hundred thousand times is done in requests of so many arguments.
const CHUNK: usize = 1000;

/// So many keys, channels or beginnings are many.
const MANY: usize = 50_000;

/// What is done at once is less than that.
const LEFT: u64 = 40_000;

/// Clients that a message is not given to in the same breath.
const SUBSCRIBERS: usize = 3000;

/// Messages to all of them that make more than a crowd, many times over.
const PIPELINE: usize = 600;

/// Requests that say `head` and the names of many things, each behind `before`.
fn with_names(conn: &mut Conn, head: &[&str], before: Option<&str>, reads: usize) {
    for first in (0..MANY).step_by(CHUNK) {
        let names: Vec<String> = (first..first + CHUNK)
            .map(|n| format!("n:{n:06}"))
            .collect();
        let names = names
            .iter()
            .flat_map(|name| before.into_iter().chain([&**name]));
        let words: Vec<&str> = head.iter().copied().chain(names).collect();
        conn.send(&words);
        for _ in 0..reads {
            let reply = conn.read_value();
            assert!(!reply.is_error(), "{reply:?}");
        }
    }
}

/// A field of INFO, asked for in the same write as a request, whose reply is `reply`.
fn told_behind(conn: &mut Conn, words: &[&str], reply: &str, section: &str, name: &str) -> u64 {
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    let both = [request(&words), request(&[b"INFO", section.as_bytes()])].concat();
    conn.send_raw(&both);
    assert_eq!(
        String::from_utf8_lossy(&conn.read_raw_reply()).trim_end(),
        reply
    );
    let report = conn.read_value().text();
    let value = tools::field(&report, name).unwrap_or_default();
    value
        .parse()
        .unwrap_or_else(|_| panic!("{name}: {value:?}"))
}

#[track_caller]
fn await_none(conn: &mut Conn, section: &str, name: &str) {
    let is_none = wait_until(PATIENCE, || counter(conn, section, name) == 0);
    assert!(is_none, "{name}: {}", info(conn, &[section]));
}

/// Nothing of it can be seen from outside in Redis.
fn ours(what: &str) -> Option<Target> {
    let target = server();
    target.is_aerolite_or_skip(what).then_some(target)
}

#[test]
fn watched_keys_are_forgotten_in_slices() {
    let Some(target) = ours("total_watched_keys") else {
        return;
    };
    let mut conn = target.connect();
    let mut other = target.connect();
    let ends: [(&[&str], &str); 3] = [
        (&["UNWATCH"], "+OK"),
        (&["SET", "n:000007", "x"], "+OK"),
        (&["FLUSHALL"], "+OK"),
    ];
    for (words, reply) in ends {
        with_names(&mut conn, &["WATCH"], None, 1);
        let watched = ("clients", "total_watched_keys");
        assert_eq!(counter(&mut other, watched.0, watched.1), MANY as u64);
        let left = told_behind(&mut conn, words, reply, watched.0, watched.1);
        assert!(
            (LEFT..MANY as u64).contains(&left),
            "{words:?} leaves {left}"
        );
        await_none(&mut other, watched.0, watched.1);
        conn.transcript("UNWATCH => +OK\nMULTI => +OK\nPING => +QUEUED\nEXEC => [+PONG]");
    }
}

#[test]
fn what_was_watched_before_does_not_stop_the_next_transaction() {
    let target = server();
    let mut conn = target.connect();
    let mut other = target.connect();
    // Redis compares each key with all that the client watches.
    for first in (0..10_000).step_by(CHUNK) {
        let names: Vec<String> = (first..first + CHUNK)
            .map(|n| format!("n:{n:06}"))
            .collect();
        let words: Vec<&str> = ["WATCH"]
            .into_iter()
            .chain(names.iter().map(|n| &**n))
            .collect();
        assert_eq!(conn.cmd(&words), common::Value::simple("OK"));
    }
    conn.transcript("UNWATCH => +OK\nWATCH mine => +OK\nMULTI => +OK\nINCR n:000001 => +QUEUED");
    other.transcript("SET n:000000 x => +OK\nSET n:000500 x => +OK");
    conn.transcript("EXEC => [:1]");
    conn.transcript("WATCH n:000000 => +OK\nMULTI => +OK\nPING => +QUEUED");
    other.transcript("SET n:000000 y => +OK");
    conn.transcript("EXEC => nilarray");
}

#[test]
fn beginnings_of_keys_are_forgotten_in_slices() {
    let Some(target) = ours("slices of prefixes") else {
        return;
    };
    let mut conn = target.connect();
    let mut other = target.connect();
    conn.cmd(&["HELLO", "3"]);
    let on = ["CLIENT", "TRACKING", "ON", "BCAST"];
    with_names(&mut conn, &on, Some("PREFIX"), 1);
    let off = ["CLIENT", "TRACKING", "OFF"];
    let left = told_behind(&mut conn, &off, "+OK", "stats", "tracking_total_prefixes");
    assert!((LEFT..MANY as u64).contains(&left), "{left}");
    // One of them is asked for anew, while what is left of the old ones still names it.
    conn.cmd(&["CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "n:049999"]);
    other.transcript("SET n:049999 x => +OK\nSET n:049998 x => +OK\nSET n:049999:1 x => +OK");
    let only_one = |push: &common::Value| format!("{push:?}").contains("n:049999");
    assert!(only_one(&conn.read_value()));
    let has_one = wait_until(PATIENCE, || {
        counter(&mut other, "stats", "tracking_total_prefixes") == 1
    });
    assert!(has_one);
    drop(conn);
    await_none(&mut other, "stats", "tracking_total_prefixes");
}

/// What waits to be freed behind a request that throws something away; and in the end nothing does.
#[track_caller]
fn frees_in_slices(target: &Target, conn: &mut Conn, words: &[&str], reply: &str) {
    let pending = ("memory", "lazyfree_pending_objects");
    let mut observer = target.connect();
    await_none(&mut observer, pending.0, pending.1);
    let left = told_behind(conn, words, reply, pending.0, pending.1);
    assert!(left > 0, "{:?} frees at once", words[0]);
    await_none(&mut observer, pending.0, pending.1);
}

#[test]
fn a_long_transaction_is_freed_in_slices() {
    let Some(target) = ours("lazyfree_pending_objects") else {
        return;
    };
    let mut conn = target.connect();
    for ending in ["DISCARD", "EXEC"] {
        conn.cmd(&["MULTI"]);
        let value = "x".repeat(1000);
        let batch = request(&[b"SET", b"key", value.as_bytes()]).repeat(CHUNK);
        for _ in 0..5 {
            conn.send_raw(&batch);
            (0..CHUNK).for_each(|_| assert_eq!(conn.read_value().text(), "QUEUED"));
        }
        if ending == "EXEC" {
            // The last one is refused, so that there are no five thousand replies.
            conn.transcript("NOSUCH => -ERR unknown command...");
            let refused = "-EXECABORT Transaction discarded because of previous errors.";
            frees_in_slices(&target, &mut conn, &["EXEC"], refused);
        } else {
            frees_in_slices(&target, &mut conn, &["DISCARD"], "+OK");
        }
    }
}

#[test]
fn long_arguments_that_nobody_keeps_go_where_things_are_freed_in_slices() {
    let Some(target) = ours("lazyfreed_objects") else {
        return;
    };
    let mut conn = target.connect();
    let mut observer = target.connect();
    let long = "x".repeat(20_000_000);
    for times in 1..=2 {
        let reply = conn.cmd(&["GET", "key", &long]);
        assert!(reply.is_error(), "{reply:?}");
        let is_freed = wait_until(PATIENCE, || {
            counter(&mut observer, "memory", "lazyfreed_objects") == times
        });
        assert!(is_freed, "it was freed on the spot");
    }
}

#[test]
fn the_rest_of_a_sorted_set_is_freed_in_slices() {
    let Some(target) = ours("lazyfree_pending_objects") else {
        return;
    };
    let mut conn = target.connect();
    let cases: [(&[&str], &str); 3] = [
        (&["ZREMRANGEBYRANK", "z", "10", "-11"], ":49980"),
        (&["ZREMRANGEBYSCORE", "z", "(1", "+inf"], ":0"),
        (&["ZREMRANGEBYLEX", "z", "[n:000020", "+"], ":49980"),
    ];
    for (words, reply) in cases {
        conn.cmd(&["DEL", "z"]);
        with_names(&mut conn, &["ZADD", "z"], Some("1"), 1);
        if reply != ":0" {
            frees_in_slices(&target, &mut conn, words, reply);
            conn.transcript("ZCARD z => :20\nOBJECT ENCODING z => \"skiplist\"");
        } else {
            conn.transcript("ZREMRANGEBYSCORE z (1 +inf => :0\nZCARD z => :50000");
        }
    }
}

/// Connections that have subscribed to `news`. Nobody reads what they get.
fn subscribers(target: &Target) -> Vec<Conn> {
    let count = connection_budget(SUBSCRIBERS);
    let subscribe = || {
        let mut conn = target.connect();
        conn.cmd(&["SUBSCRIBE", "news"]);
        conn
    };
    (0..count).map(|_| subscribe()).collect()
}

#[test]
fn who_publishes_too_fast_waits_and_each_gets_its_turn() {
    let Some(target) = ours("how many commands were run") else {
        return;
    };
    let _subscribers = subscribers(&target);
    let (mut first, mut second) = (target.connect(), target.connect());
    let mut other = target.connect();
    let publish = request(&[b"PUBLISH", b"news", b"x"]);
    first.send_raw(&publish.repeat(PIPELINE));
    // It is held back from its first one on, or will be.
    assert!(wait_until(PATIENCE, || calls(&mut other) > 40));
    second.send_raw(&[publish.repeat(2), request(&[b"PING"])].concat());
    assert!(matches!(second.read_value(), Value::Int(_)));
    assert!(matches!(second.read_value(), Value::Int(_)));
    assert_eq!(second.read_value(), Value::simple("PONG"));
    let by_then = calls(&mut other);
    assert!(by_then < PIPELINE as u64, "{by_then} of {PIPELINE}");
    for _ in 0..PIPELINE {
        assert!(matches!(first.read_value(), Value::Int(_)));
    }
}

#[test]
fn who_holds_the_loop_may_publish_and_let_it_go() {
    let Some(target) = ours("DEBUG LOOP") else {
        return;
    };
    let _subscribers = subscribers(&target);
    let mut conn = target.connect();
    conn.transcript("DEBUG LOOP PAUSE => +OK");
    for _ in 0..100 {
        assert!(matches!(conn.cmd(&["PUBLISH", "news", "x"]), Value::Int(_)));
    }
    conn.transcript("DEBUG LOOP RESUME => +OK\nPING => +PONG");
}

/// How often PUBLISH was run.
fn calls(conn: &mut Conn) -> u64 {
    let report = info(conn, &["commandstats"]);
    let line = tools::field(&report, "cmdstat_publish").unwrap_or_default();
    let calls = line
        .strip_prefix("calls=")
        .and_then(|rest| rest.split(',').next());
    calls.map_or(0, |calls| calls.parse().expect("a number"))
}

//! SCAN over a socket: its options and errors, and its guarantee while the keyspace changes under it.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

use common::{Conn, Value, server};

/// No scan takes more calls than this; one that does goes in circles.
const CALLS_LIMIT: usize = 100_000;

#[test]
fn scan_options_and_errors() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SCAN 0                              => ["0" []]
            SCAN 0 MATCH * COUNT 10 TYPE string => ["0" []]
            SET k v                             => +OK
            SCAN 0                              => ["0" ["k"]]
            scan 0 match k*                     => ["0" ["k"]]
            SCAN 0 COUNT 1000                   => ["0" ["k"]]
            SCAN 0 MATCH x*                     => ["0" []]
            SCAN 0 TYPE string                  => ["0" ["k"]]
            SCAN 0 TYPE STRING                  => ["0" ["k"]]
            SCAN 0 TYPE hash                    => ["0" []]
            SCAN 0 TYPE nosuchtype              => ["0" []]
            SCAN 0 TYPE ""                      => ["0" []]
            SCAN 0 MATCH ""                     => ["0" []]
            SCAN 0 COUNT 5 COUNT 10             => ["0" ["k"]]
            SCAN 0 MATCH a* MATCH k*            => ["0" ["k"]]
            SCAN 0 COUNT 9223372036854775807    => ["0" ["k"]]
            SCAN 00                             => ["0" ["k"]]
            SCAN                                => -ERR wrong number of arguments for 'scan' command
            SCAN 0 COUNT                        => -ERR syntax error
            SCAN 0 MATCH                        => -ERR syntax error
            SCAN 0 TYPE                         => -ERR syntax error
            SCAN 0 BAD                          => -ERR syntax error
            SCAN 0 BAD x                        => -ERR syntax error
            SCAN 0 COUNT 0                      => -ERR syntax error
            SCAN 0 COUNT -1                     => -ERR syntax error
            SCAN 0 COUNT abc                    => -ERR value is not an integer or out of range
            SCAN 0 COUNT 1.5                    => -ERR value is not an integer or out of range
            SCAN 0 COUNT 9223372036854775808    => -ERR value is not an integer or out of range
            SCAN abc                            => -ERR invalid cursor
            SCAN ""                             => ["0" ["k"]]
            SCAN -1x                            => -ERR invalid cursor
            SCAN 1.5                            => -ERR invalid cursor
            SCAN " 0"                           => -ERR invalid cursor
            SCAN "0 "                           => -ERR invalid cursor
            SCAN 18446744073709551616           => -ERR invalid cursor
            SCAN abc BAD                        => -ERR invalid cursor
            SCAN 0 MATCH * COUNT                => -ERR syntax error
            HELLO 3                             => ?
            SCAN 0                              => ["0" ["k"]]
        "#,
    );
}

/// A cursor that nobody gave out is no error: the scan goes on from somewhere and comes to its end.
#[test]
fn made_up_cursors_come_to_an_end() {
    let target = server();
    let mut conn = target.connect();
    fill(&mut conn, 0..500);
    for cursor in [
        "1",
        "12345",
        "4294967295",
        "9223372036854775807",
        "18446744073709551615",
    ] {
        let mut at = cursor.to_string();
        let mut calls = 0;
        loop {
            let (next, keys) = scan_step(&mut conn, &at, &["COUNT", "100"]);
            assert!(keys.iter().all(|key| key.starts_with("key:")), "{keys:?}");
            calls += 1;
            assert!(calls < 5000, "the scan from {cursor} does not end");
            if next == "0" {
                break;
            }
            at = next;
        }
    }
}

#[test]
fn scan_finds_everything_once_when_nothing_changes() {
    let target = server();
    let mut conn = target.connect();
    for size in [1, 9, 10, 11, 100, 1000, 10_000] {
        conn.cmd(&["FLUSHALL"]);
        fill(&mut conn, 0..size);
        for count in ["1", "7", "10", "1000", "100000"] {
            if size == 10_000 && count == "1" {
                continue;
            }
            let found = scan_all(&mut conn, &["COUNT", count]);
            assert_eq!(found.len(), size, "of {size} keys by {count}");
            assert!(
                found.values().all(|times| *times == 1),
                "{size} keys by {count}: a key came twice"
            );
        }
    }
}

/// COUNT is about how many keys a call returns; keys that live in one place come together, so it may be more.
#[test]
fn count_bounds_a_call() {
    let target = server();
    let mut conn = target.connect();
    fill(&mut conn, 0..10_000);
    for count in [1_usize, 10, 100] {
        let (_, keys) = scan_step(&mut conn, "0", &["COUNT", &count.to_string()]);
        assert!(
            keys.len() <= count * 10 + 1000,
            "{} keys for COUNT {count}",
            keys.len()
        );
    }
    let (next, keys) = scan_step(&mut conn, "0", &["COUNT", "1000000"]);
    assert_eq!((next.as_str(), keys.len()), ("0", 10_000));
}

#[test]
fn scan_with_match_and_type() {
    let target = server();
    let mut conn = target.connect();
    fill(&mut conn, 0..1000);
    let found = scan_all(&mut conn, &["MATCH", "key:1?"]);
    let wanted: Vec<String> = (10..20).map(|i| format!("key:{i}")).collect();
    assert_eq!(found.into_keys().collect::<Vec<_>>(), wanted);
    let found = scan_all(
        &mut conn,
        &["MATCH", "*99*", "TYPE", "string", "COUNT", "50"],
    );
    assert_eq!(found.len(), 19);
    assert_eq!(scan_all(&mut conn, &["MATCH", "nothing*"]).len(), 0);
    assert_eq!(scan_all(&mut conn, &["TYPE", "list"]).len(), 0);
}

/// Keys that are there from beginning to end are returned, however much comes and goes beside them.
#[test]
fn scan_keeps_its_guarantee_while_keys_come_and_go() {
    let target = server();
    let mut conn = target.connect();
    let stay = 0..2000;
    for (grow, shrink) in [(60, 0), (0, 60), (60, 60), (400, 400)] {
        conn.cmd(&["FLUSHALL"]);
        fill(&mut conn, stay.clone());
        fill(&mut conn, 10_000..30_000);
        let mut added = 100_000;
        let mut removed = 10_000;
        let mut found = BTreeSet::new();
        let mut cursor = "0".to_string();
        for _ in 0..CALLS_LIMIT {
            let (next, keys) = scan_step(&mut conn, &cursor, &["COUNT", "20"]);
            found.extend(keys);
            if next == "0" {
                break;
            }
            cursor = next;
            if added < 200_000 {
                fill(&mut conn, added..added + grow);
                added += grow;
            }
            let upto = 30_000.min(removed + shrink);
            remove(&mut conn, removed..upto);
            removed = upto;
        }
        let lost: Vec<usize> = stay
            .clone()
            .filter(|i| !found.contains(&format!("key:{i}")))
            .collect();
        assert!(
            lost.is_empty(),
            "growing by {grow}, shrinking by {shrink} a call: lost {lost:?}"
        );
    }
}

/// Taking every returned key away, as `redis-cli --scan | xargs redis-cli DEL` does, empties the keyspace.
#[test]
fn deleting_what_scan_returns_leaves_nothing() {
    let target = server();
    let mut conn = target.connect();
    fill(&mut conn, 0..20_000);
    let mut cursor = "0".to_string();
    for _ in 0..CALLS_LIMIT {
        let (next, keys) = scan_step(&mut conn, &cursor, &["COUNT", "100"]);
        for key in &keys {
            conn.cmd(&["DEL", key]);
        }
        if next == "0" {
            break;
        }
        cursor = next;
    }
    assert_eq!(conn.cmd(&["DBSIZE"]), Value::Int(0));
}

#[test]
fn scan_does_not_return_what_is_due() {
    let target = server();
    let mut conn = target.connect();
    fill(&mut conn, 0..20);
    for i in 0..10 {
        conn.cmd(&["PEXPIRE", &format!("key:{i}"), "50"]);
    }
    thread::sleep(Duration::from_millis(150));
    let found = scan_all(&mut conn, &["COUNT", "5"]);
    let wanted: BTreeSet<String> = (10..20).map(|i| format!("key:{i}")).collect();
    assert_eq!(found.into_keys().collect::<BTreeSet<_>>(), wanted);
}

/// Each database has a keyspace of its own.
#[test]
fn scan_sees_its_database() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET zero v        => +OK
            SELECT 1          => +OK
            SET one v         => +OK
            SCAN 0 COUNT 1000 => ["0" ["one"]]
            SELECT 0          => +OK
            SCAN 0 COUNT 1000 => ["0" ["zero"]]
        "#,
    );
}

/// One call: the next cursor and the keys.
#[track_caller]
fn scan_step(conn: &mut Conn, cursor: &str, options: &[&str]) -> (String, Vec<String>) {
    let args: Vec<&str> = ["SCAN", cursor].iter().chain(options).copied().collect();
    let reply = conn.cmd(&args);
    let [next, keys] = reply.items() else {
        panic!("{args:?}: {reply:?}");
    };
    (next.text(), keys.items().iter().map(Value::text).collect())
}

/// A whole scan: how often each key came.
#[track_caller]
fn scan_all(conn: &mut Conn, options: &[&str]) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let mut cursor = "0".to_string();
    for _ in 0..CALLS_LIMIT {
        let (next, keys) = scan_step(conn, &cursor, options);
        for key in keys {
            *found.entry(key).or_default() += 1;
        }
        if next == "0" {
            return found;
        }
        cursor = next;
    }
    panic!("SCAN with {options:?} does not come to its end");
}

/// `SET key:i v` for every i, pipelined.
fn fill(conn: &mut Conn, range: std::ops::Range<usize>) {
    pipeline(
        conn,
        range,
        |i| format!("SET key:{i} v\r\n"),
        &Value::simple("OK"),
    );
}

/// `DEL key:i` for every i, pipelined.
fn remove(conn: &mut Conn, range: std::ops::Range<usize>) {
    pipeline(conn, range, |i| format!("DEL key:{i}\r\n"), &Value::Int(1));
}

fn pipeline(
    conn: &mut Conn,
    range: std::ops::Range<usize>,
    command: fn(usize) -> String,
    reply: &Value,
) {
    const BATCH: usize = 1000;
    let all: Vec<usize> = range.collect();
    for batch in all.chunks(BATCH) {
        let text: String = batch.iter().copied().map(command).collect();
        conn.send_raw(text.as_bytes());
        for _ in batch {
            assert_eq!(&conn.read_value(), reply);
        }
    }
}

//! Tests of the commands on HyperLogLogs: what they change, and what they count as changes.

use crate::command::testing::{engine, pass_ms, run, run_bytes};

const NONE: &str = "-WRONGTYPE Key is not a valid HyperLogLog string value.\r\n";
const CORRUPT: &str = "-INVALIDOBJ Corrupted HLL object detected\r\n";

#[test]
fn changes_are_counted_as_redis_counts_them() {
    let (mut engine, id) = engine();
    for (request, reply, changes) in [
        ("PFADD h", ":1\r\n", 1),
        ("PFADD h", ":0\r\n", 0),
        ("PFADD h a b c", ":1\r\n", 3),
        ("PFADD h c a d", ":1\r\n", 1),
        ("PFADD h a", ":0\r\n", 0),
        ("PFCOUNT h", ":4\r\n", 1),
        ("PFCOUNT h", ":4\r\n", 0),
        ("PFADD new a b", ":1\r\n", 3),
        ("PFCOUNT h new none", ":4\r\n", 0),
        ("PFCOUNT none", ":0\r\n", 0),
        ("PFMERGE both h new none", "+OK\r\n", 1),
        ("PFMERGE both", "+OK\r\n", 1),
        ("PFCOUNT both", ":4\r\n", 1),
    ] {
        let words: Vec<&str> = request.split(' ').collect();
        let before = engine.stats.keys.dirty;
        assert_eq!(run(&mut engine, id, &words), reply, "{request}");
        assert_eq!(engine.stats.keys.dirty - before, changes, "{request}");
    }
}

#[test]
fn the_deadline_stays() {
    let (mut engine, id) = engine();
    for words in [&["PFADD", "h", "a"][..], &["PEXPIRE", "h", "1000"]] {
        run(&mut engine, id, words);
    }
    pass_ms(&mut engine, 400);
    for words in [
        &["PFADD", "h", "b"][..],
        &["PFMERGE", "h", "none"],
        &["PFCOUNT", "h"],
    ] {
        run(&mut engine, id, words);
        assert_eq!(run(&mut engine, id, &["PTTL", "h"]), ":600\r\n");
    }
    pass_ms(&mut engine, 600);
    assert_eq!(run(&mut engine, id, &["PFCOUNT", "h"]), ":0\r\n");
}

#[test]
fn other_strings_are_refused_and_stay_as_they_are() {
    let (mut engine, id) = engine();
    let corrupt = b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80";
    run_bytes(&mut engine, id, &[&b"SET"[..], b"corrupt", corrupt]);
    run(&mut engine, id, &["SET", "text", "HYLL"]);
    run(&mut engine, id, &["PFADD", "good", "a"]);
    for (key, error) in [("corrupt", CORRUPT), ("text", NONE)] {
        for request in [
            &["PFADD", key, "a"][..],
            &["PFCOUNT", key],
            &["PFCOUNT", "good", key],
            &["PFMERGE", "good", key],
            &["PFMERGE", key, "good"],
            &["PFMERGE", "new", key],
        ] {
            assert_eq!(run(&mut engine, id, request), error, "{request:?}");
        }
    }
    assert_eq!(run(&mut engine, id, &["EXISTS", "new"]), ":0\r\n");
    assert_eq!(run(&mut engine, id, &["GET", "text"]), "$4\r\nHYLL\r\n");
    assert_eq!(run(&mut engine, id, &["PFCOUNT", "good"]), ":1\r\n");
}

#[test]
fn the_limit_of_the_sparse_form_is_a_setting() {
    let (mut engine, id) = engine();
    run(&mut engine, id, &["PFADD", "h", "a"]);
    assert_eq!(run(&mut engine, id, &["STRLEN", "h"]), ":21\r\n");
    let set = ["CONFIG", "SET", "hll-sparse-max-bytes", "23"];
    assert_eq!(run(&mut engine, id, &set), "+OK\r\n");
    run(&mut engine, id, &["PFADD", "h", "b"]);
    assert_eq!(run(&mut engine, id, &["STRLEN", "h"]), ":12304\r\n");
    assert_eq!(run(&mut engine, id, &["PFCOUNT", "h"]), ":2\r\n");
}

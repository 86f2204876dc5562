//! Tests of the commands on strings, from the words of a request to the bytes of its reply.

use crate::command::execute;
use crate::command::testing::{engine, pass_ms, run, run_bytes};
use crate::engine::{Engine, SessionId};
use crate::resp::{BIG_ARG, Output, OwnedRequest, Protocol};
use crate::store::Entry;
use std::sync::Arc;

const NULL: &str = "$-1\r\n";
const OK: &str = "+OK\r\n";
const SYNTAX: &str = "-ERR syntax error\r\n";
const NOT_AN_INTEGER: &str = "-ERR value is not an integer or out of range\r\n";
const TOO_LONG: &str = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n";

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

/// Runs requests, whose words are parted by spaces (`''` is an empty word), and compares replies.
fn check(engine: &mut Engine, id: SessionId, steps: &[(&str, &str)]) {
    for (request, reply) in steps {
        let words: Vec<&str> = request
            .split(' ')
            .map(|word| word.trim_matches('\''))
            .collect();
        assert_eq!(run(engine, id, &words), *reply, "{request}");
    }
}

fn entry<'a>(engine: &'a Engine, key: &str) -> &'a Entry {
    engine.databases[0]
        .peek(key.as_bytes())
        .expect("the key is there")
}

fn deadline(engine: &Engine, key: &str) -> Option<u64> {
    engine.databases[0].deadline(entry(engine, key))
}

#[test]
fn set_stores_under_a_condition_and_get_tells_what_was_there() {
    let (mut engine, id) = engine();
    check(
        &mut engine,
        id,
        &[
            ("SET k v XX", NULL),
            ("GET k", NULL),
            ("SET k v NX", OK),
            ("SET k w NX", NULL),
            ("SET k w xx", OK),
            ("SET k x GET", &bulk("w")),
            ("SET k y NX GET", &bulk("x")),
            ("SET new y XX GET", NULL),
            ("SET new y NX GET", NULL),
            ("GET new", &bulk("y")),
            ("GET k", &bulk("x")),
            ("SETNX k z", ":0\r\n"),
            ("SETNX l z", ":1\r\n"),
            ("GETSET l ''", &bulk("z")),
            ("GETDEL l", &bulk("")),
            ("GETDEL l", NULL),
        ],
    );
}

#[test]
fn set_refuses_options_that_exclude_each_other() {
    let (mut engine, id) = engine();
    check(
        &mut engine,
        id,
        &[
            ("SET k v NX XX", SYNTAX),
            ("SET k v XX NX", SYNTAX),
            ("SET k v EX", SYNTAX),
            ("SET k v EX 1 PX 1", SYNTAX),
            ("SET k v EX 1 KEEPTTL", SYNTAX),
            ("SET k v KEEPTTL PXAT 1", SYNTAX),
            ("SET k v PERSIST", SYNTAX),
            ("SET k v EX abc NX XX", SYNTAX),
            ("SET k v EX NX", NOT_AN_INTEGER),
            ("GETEX k KEEPTTL", SYNTAX),
            ("GETEX k PERSIST EX 1", SYNTAX),
            ("GETEX k EX 1 PERSIST", SYNTAX),
            ("GETEX k EX abc", NULL),
            ("GET k", NULL),
            ("SET k v EX 1 EX 2", OK),
        ],
    );
    assert_eq!(deadline(&engine, "k"), Some(1_700_000_002_000));
}

#[test]
fn deadlines_are_set_kept_and_cleared() {
    let (mut engine, id) = engine();
    let steps = [
        ("SET k v EX 10", OK, Some(1_700_000_010_000)),
        ("SET k v KEEPTTL", OK, Some(1_700_000_010_000)),
        ("APPEND k 1", ":2\r\n", Some(1_700_000_010_000)),
        ("SETRANGE k 0 2", ":2\r\n", Some(1_700_000_010_000)),
        ("INCR k", ":22\r\n", Some(1_700_000_010_000)),
        ("INCRBYFLOAT k 1", "$2\r\n23\r\n", Some(1_700_000_010_000)),
        ("SET k v", OK, None),
        ("PSETEX k 10 v", OK, Some(1_700_000_000_010)),
        ("SETEX k 10 v", OK, Some(1_700_000_010_000)),
        ("GETEX k", "$1\r\nv\r\n", Some(1_700_000_010_000)),
        ("GETEX k PERSIST", "$1\r\nv\r\n", None),
        ("GETEX k PX 7", "$1\r\nv\r\n", Some(1_700_000_000_007)),
        ("MSET k v", OK, None),
        ("SET k v EXAT 1800000000", OK, Some(1_800_000_000_000)),
        ("GETSET k w", "$1\r\nv\r\n", None),
        (
            "SET k v PXAT 9223372036854775807",
            OK,
            Some(i64::MAX as u64),
        ),
    ];
    for (request, reply, at_ms) in steps {
        check(&mut engine, id, &[(request, reply)]);
        assert_eq!(deadline(&engine, "k"), at_ms, "{request}");
    }
}

#[test]
fn times_that_are_not_positive_or_too_late_are_refused() {
    let (mut engine, id) = engine();
    let invalid = |name: &str| format!("-ERR invalid expire time in '{name}' command\r\n");
    check(
        &mut engine,
        id,
        &[
            ("SET k v EX 0", &invalid("set")),
            ("SET k v PXAT -1", &invalid("set")),
            ("SET k v EX 9223372036854776", &invalid("set")),
            ("SET k v EX 9223372036854775", &invalid("set")),
            ("SET k v PX 9223372036854775807", &invalid("set")),
            ("SET k v EX -9223372036854775808", &invalid("set")),
            ("SET k v EX 9223372036854775808", NOT_AN_INTEGER),
            ("SETEX k 0 v", &invalid("setex")),
            ("PSETEX k -1 v", &invalid("psetex")),
            ("SETEX k 1.5 v", NOT_AN_INTEGER),
            ("GET k", NULL),
            ("SET k v", OK),
            ("GETEX k EX 0", &invalid("getex")),
            ("SET k v EXAT 9223372036854775", OK),
        ],
    );
}

#[test]
fn a_deadline_that_is_past_removes_the_key() {
    let (mut engine, id) = engine();
    check(
        &mut engine,
        id,
        &[("SET k v", OK), ("GETEX k PXAT 1", "$1\r\nv\r\n")],
    );
    assert!(engine.databases[0].is_empty(), "GETEX removes it by itself");
    check(&mut engine, id, &[("SET k v PXAT 1", OK), ("GET k", NULL)]);
    assert!(engine.databases[0].is_empty(), "whoever looks removes it");
}

#[test]
fn nothing_is_kept_of_a_key_past_its_deadline() {
    let (mut engine, id) = engine();
    for request in ["SET k new KEEPTTL", "SET k new", "SET k new NX"] {
        check(&mut engine, id, &[("SET k old PX 5", OK)]);
        pass_ms(&mut engine, 5);
        let before = engine.stats.keys.expired;
        check(&mut engine, id, &[(request, OK), ("GET k", &bulk("new"))]);
        assert_eq!(deadline(&engine, "k"), None, "{request}");
        assert_eq!(engine.stats.keys.expired, before + 1, "{request}");
    }
    check(&mut engine, id, &[("SET k 41 PX 5", OK)]);
    pass_ms(&mut engine, 5);
    check(&mut engine, id, &[("INCR k", ":1\r\n")]);
    assert_eq!(deadline(&engine, "k"), None);
}

#[test]
fn several_keys_at_once() {
    let (mut engine, id) = engine();
    let odd = |name: &str| format!("-ERR wrong number of arguments for '{name}' command\r\n");
    check(
        &mut engine,
        id,
        &[
            ("MSET a 1 b 2 a 3", OK),
            ("MGET a b c", "*3\r\n$1\r\n3\r\n$1\r\n2\r\n$-1\r\n"),
            ("MSETNX c 1 a 2", ":0\r\n"),
            ("GET c", NULL),
            ("MSETNX c 1 c 2", ":1\r\n"),
            ("GET c", "$1\r\n2\r\n"),
            ("MSET a 1 b", &odd("mset")),
            ("MSETNX d 1 e", &odd("msetnx")),
            ("GET d", NULL),
        ],
    );
    engine.sessions[id].protocol = Protocol::Resp3;
    check(
        &mut engine,
        id,
        &[
            ("MGET a none", "*2\r\n$1\r\n3\r\n_\r\n"),
            ("GET none", "_\r\n"),
        ],
    );
}

#[test]
fn a_long_string_is_moved_in_lent_out_and_changed_in_place() {
    let (mut engine, id) = engine();
    let long = "x".repeat(10 * BIG_ARG);
    let mut set = OwnedRequest::from_args(["SET", "k", &long]);
    let received = set.request().arg(2).as_ptr();
    let mut output = Output::new();
    execute(&mut engine, id, set.request(), &mut output);
    assert_eq!(stored(&engine).as_ptr(), received, "SET has copied it");

    for words in [&["GET", "k"][..], &["GETRANGE", "k", "0", "-1"]] {
        let mut output = Output::new();
        let mut request = OwnedRequest::from_args(words);
        execute(&mut engine, id, request.request(), &mut output);
        assert_eq!(
            Arc::strong_count(stored(&engine)),
            2,
            "{words:?} has copied"
        );
        assert_eq!(sent(output), bulk(&long));
    }

    let length = format!(":{}\r\n", long.len());
    check(&mut engine, id, &[("SETRANGE k 0 y", &length)]);
    assert_eq!(stored(&engine).as_ptr(), received, "SETRANGE has copied it");
    let changed = format!("y{}", &long[1..]);
    check(&mut engine, id, &[("GETDEL k", &bulk(&changed))]);
    assert_eq!(engine.trash.pending(), 1, "what is long is freed later");
}

#[test]
fn a_string_that_is_being_sent_does_not_change() {
    let (mut engine, id) = engine();
    let long = "x".repeat(BIG_ARG);
    run(&mut engine, id, &["SET", "k", &long]);
    let mut output = Output::new();
    for words in [&["GET", "k"][..], &["APPEND", "k", "y"]] {
        let mut request = OwnedRequest::from_args(words);
        execute(&mut engine, id, request.request(), &mut output);
    }
    let expected = format!("{}:{}\r\n", bulk(&long), BIG_ARG + 1);
    assert!(sent(output) == expected, "the first reply was changed");
}

/// The long string in `k`.
fn stored(engine: &Engine) -> &Arc<Vec<u8>> {
    entry(engine, "k")
        .as_shared()
        .expect("a long string has an allocation of its own")
}

fn sent(mut output: Output) -> String {
    let mut bytes = Vec::new();
    output
        .write_to(&mut bytes, usize::MAX)
        .expect("a vector takes everything");
    String::from_utf8(bytes).expect("ASCII")
}

#[test]
fn ranges_are_cut_at_both_ends() {
    let (mut engine, id) = engine();
    run(&mut engine, id, &["SET", "k", "Hello"]);
    let cases = [
        ("0 -1", "Hello"),
        ("1 3", "ell"),
        ("-3 -2", "ll"),
        ("-100 1", "He"),
        ("3 100", "lo"),
        ("5 5", ""),
        ("3 1", ""),
        ("-1 -3", ""),
        ("-100 -50", "H"),
        ("-50 -100", ""),
        ("0 -100", "H"),
        ("-9223372036854775808 9223372036854775807", "Hello"),
        ("9223372036854775807 9223372036854775807", ""),
    ];
    for (range, part) in cases {
        for name in ["GETRANGE", "SUBSTR"] {
            let request = format!("{name} k {range}");
            check(&mut engine, id, &[(&request, &bulk(part))]);
        }
    }
    check(
        &mut engine,
        id,
        &[
            ("GETRANGE none 0 -1", &bulk("")),
            ("GETRANGE none 0 x", NOT_AN_INTEGER),
            ("SET e ''", OK),
            ("GETRANGE e 0 -1", &bulk("")),
            ("STRLEN k", ":5\r\n"),
            ("STRLEN none", ":0\r\n"),
        ],
    );
}

#[test]
fn writing_over_pads_with_zeros_and_never_shortens() {
    let (mut engine, id) = engine();
    check(
        &mut engine,
        id,
        &[
            ("SETRANGE k 2 abc", ":5\r\n"),
            ("GET k", &bulk("\0\0abc")),
            ("SETRANGE k 0 x", ":5\r\n"),
            ("SETRANGE k 6 yz", ":8\r\n"),
            ("GET k", &bulk("x\0abc\0yz")),
            ("SETRANGE k 100 ''", ":8\r\n"),
            ("SETRANGE none 100 ''", ":0\r\n"),
            ("GET none", NULL),
            ("SETRANGE none -1 ''", "-ERR offset is out of range\r\n"),
            ("SETRANGE none x ''", NOT_AN_INTEGER),
        ],
    );
}

#[test]
fn no_string_grows_past_the_limit() {
    let (mut engine, id) = engine();
    engine.config.proto_max_bulk_len = 10;
    check(
        &mut engine,
        id,
        &[
            ("SETRANGE k 9 x", ":10\r\n"),
            ("SETRANGE k 10 x", TOO_LONG),
            ("SETRANGE k 9223372036854775807 x", TOO_LONG),
            ("SETRANGE none 10 x", TOO_LONG),
            ("APPEND k x", TOO_LONG),
            ("APPEND k ''", ":10\r\n"),
            ("GET none", NULL),
            ("STRLEN k", ":10\r\n"),
        ],
    );
}

#[test]
fn what_changes_a_string_decides_on_its_encoding() {
    let (mut engine, id) = engine();
    let steps = [
        ("APPEND k 12", "int"),
        ("APPEND k 3", "raw"),
        ("INCR k", "int"),
        ("INCRBYFLOAT k 1", "embstr"),
        ("SETRANGE k 0 9", "raw"),
        ("SET k 12", "int"),
        ("SETRANGE new 0 9", "raw"),
    ];
    for (request, name) in steps {
        let words: Vec<&str> = request.split(' ').collect();
        run(&mut engine, id, &words);
        assert_eq!(entry(&engine, words[1]).encoding_name(), name, "{request}");
    }
}

#[test]
fn counting_stops_at_both_ends() {
    let (mut engine, id) = engine();
    let overflow = "-ERR increment or decrement would overflow\r\n";
    check(
        &mut engine,
        id,
        &[
            ("INCR n", ":1\r\n"),
            ("DECRBY n 11", ":-10\r\n"),
            ("INCRBY n 9223372036854775807", ":9223372036854775797\r\n"),
            ("INCRBY n 11", overflow),
            ("GET n", &bulk("9223372036854775797")),
            (
                "DECRBY m -9223372036854775808",
                "-ERR decrement would overflow\r\n",
            ),
            ("INCRBY m -9223372036854775808", ":-9223372036854775808\r\n"),
            ("DECR m", overflow),
            ("SET n 1x", OK),
            ("INCR n", NOT_AN_INTEGER),
            ("INCRBY none +1", NOT_AN_INTEGER),
            ("SET n 01", OK),
            ("DECR n", NOT_AN_INTEGER),
            ("GET n", &bulk("01")),
        ],
    );
}

#[test]
fn floats_are_added_as_redis_does() {
    let (mut engine, id) = engine();
    let not_a_float = "-ERR value is not a valid float\r\n";
    check(
        &mut engine,
        id,
        &[
            ("INCRBYFLOAT f 0.1", &bulk("0.1")),
            ("INCRBYFLOAT f 0.2", &bulk("0.3")),
            ("INCRBYFLOAT f 5.0e3", &bulk("5000.29999999999999982")),
            ("INCRBYFLOAT f x", not_a_float),
            (
                "INCRBYFLOAT f inf",
                "-ERR increment would produce NaN or Infinity\r\n",
            ),
            ("GET f", &bulk("5000.29999999999999982")),
            ("SET f abc", OK),
            ("INCRBYFLOAT f 1", not_a_float),
        ],
    );
}

#[test]
fn reads_count_hits_and_misses_and_writes_count_changes() {
    let (mut engine, id) = engine();
    let steps = [
        ("SET k 1", (0, 0, 1)),
        ("GET k", (1, 0, 1)),
        ("GET none", (1, 1, 1)),
        ("MGET k none", (2, 2, 1)),
        ("INCR k", (2, 2, 2)),
        ("APPEND k 1", (2, 2, 3)),
        ("MSET a 1 b 2", (2, 2, 5)),
        ("SET k 1 GET", (3, 2, 6)),
        ("SET k 1 NX", (3, 2, 6)),
        ("GETEX k PERSIST", (4, 2, 6)),
        ("GETEX k EX 5", (5, 2, 7)),
        ("GETDEL k", (6, 2, 8)),
        ("LCS a none", (7, 3, 8)),
    ];
    for (request, expected) in steps {
        let words: Vec<&str> = request.split(' ').collect();
        run(&mut engine, id, &words);
        let keys = engine.stats.keys;
        assert_eq!((keys.hits, keys.misses, keys.dirty), expected, "{request}");
    }
}

#[test]
fn keys_and_values_are_any_bytes() {
    let (mut engine, id) = engine();
    let all: Vec<u8> = (0..=255).collect();
    run_bytes(&mut engine, id, &[&b"SET"[..], &all, &all]);
    let reply = run_bytes(&mut engine, id, &[&b"GET"[..], &all]);
    assert_eq!(reply, [b"$256\r\n", &all[..], b"\r\n"].concat());
}

#[test]
fn lcs_finds_text_length_and_matches() {
    let (mut engine, id) = engine();
    let both = "*4\r\n$7\r\nmatches\r\n*2\r\n\
                *2\r\n*2\r\n:4\r\n:7\r\n*2\r\n:5\r\n:8\r\n\
                *2\r\n*2\r\n:2\r\n:3\r\n*2\r\n:0\r\n:1\r\n\
                $3\r\nlen\r\n:6\r\n";
    let one = "*4\r\n$7\r\nmatches\r\n*1\r\n\
               *3\r\n*2\r\n:4\r\n:7\r\n*2\r\n:5\r\n:8\r\n:4\r\n\
               $3\r\nlen\r\n:6\r\n";
    check(
        &mut engine,
        id,
        &[
            ("MSET a ohmytext b mynewtext c abcabc d cba", OK),
            ("LCS a b", &bulk("mytext")),
            ("LCS a b LEN", ":6\r\n"),
            ("LCS a b IDX", both),
            ("LCS a b IDX MINMATCHLEN -1", both),
            ("LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN", one),
            ("LCS c d", &bulk("cb")),
            ("LCS a none", &bulk("")),
            (
                "LCS a none IDX",
                "*4\r\n$7\r\nmatches\r\n*0\r\n$3\r\nlen\r\n:0\r\n",
            ),
            ("LCS a b BAD", SYNTAX),
            ("LCS a b MINMATCHLEN", SYNTAX),
            ("LCS a b MINMATCHLEN x", NOT_AN_INTEGER),
            (
                "LCS a b LEN IDX",
                "-ERR If you want both the length and indexes, please just use IDX.\r\n",
            ),
        ],
    );
    engine.config.proto_max_bulk_len = 9 * 10 * 4 - 1;
    check(
        &mut engine,
        id,
        &[(
            "LCS a b",
            "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len\r\n",
        )],
    );
    engine.config.proto_max_bulk_len += 1;
    check(&mut engine, id, &[("LCS a b LEN", ":6\r\n")]);
}

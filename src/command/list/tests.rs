use crate::command::testing::{engine, run, run_bytes};
use crate::engine::{Engine, SessionId};

/// Runs each request and compares its reply, in which `\r\n` is written as a space.
fn transcript(engine: &mut Engine, id: SessionId, lines: &[(&str, &str)]) {
    for (request, wanted) in lines {
        let words: Vec<&str> = request.split(' ').collect();
        let reply = run(engine, id, &words);
        assert_eq!(reply.trim_end().replace("\r\n", " "), *wanted, "{request}");
    }
}

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const NOT_AN_INTEGER: &str = "-ERR value is not an integer or out of range";
const SYNTAX: &str = "-ERR syntax error";
const MUST_BE_POSITIVE: &str = "-ERR value is out of range, must be positive";

#[test]
fn elements_come_and_go_and_the_key_with_them() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("RPUSH l b c", ":2"),
            ("LPUSH l a z", ":4"),
            ("LRANGE l 0 -1", "*4 $1 z $1 a $1 b $1 c"),
            ("LLEN l", ":4"),
            ("TYPE l", "+list"),
            ("OBJECT ENCODING l", "$9 quicklist"),
            ("LPUSHX none a", ":0"),
            ("RPUSHX l d e", ":6"),
            ("LPUSHX l y", ":7"),
            ("LPOP l", "$1 y"),
            ("RPOP l", "$1 e"),
            ("LPOP l 2", "*2 $1 z $1 a"),
            ("RPOP l 2", "*2 $1 d $1 c"),
            ("LPOP l 4611686018427387904", "*1 $1 b"),
            ("EXISTS l", ":0"),
        ],
    );
    // Each element counts when it comes, and when it goes.
    assert_eq!(engine.stats.keys.dirty, 7 + 7);
}

#[test]
fn what_cannot_be_taken_is_answered_in_two_ways() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("SET s v", "+OK"),
            ("LPOP none", "$-1"),
            ("LPOP none 3", "*-1"),
            ("LPOP none 0", "*-1"),
            ("LPOP none -1", MUST_BE_POSITIVE),
            ("RPOP s a", MUST_BE_POSITIVE),
            ("LPOP none 9223372036854775808", MUST_BE_POSITIVE),
            ("RPOP s 0", WRONG_TYPE),
            (
                "LPOP l 1 2",
                "-ERR wrong number of arguments for 'lpop' command",
            ),
            ("RPUSH l a", ":1"),
            ("LPOP l 0", "*0"),
            ("LLEN l", ":1"),
            ("LLEN s", WRONG_TYPE),
            ("LPUSH s a", WRONG_TYPE),
            ("RPUSHX s a", WRONG_TYPE),
        ],
    );
    run(&mut engine, id, &["HELLO", "3"]);
    let lines = [("LPOP none", "_"), ("LPOP none 3", "_"), ("LPOP l 0", "*0")];
    transcript(&mut engine, id, &lines);
}

#[test]
fn indices_count_from_either_end() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("RPUSH l a b c", ":3"),
            ("SET s v", "+OK"),
            ("LINDEX l 0", "$1 a"),
            ("LINDEX l -1", "$1 c"),
            ("LINDEX l 3", "$-1"),
            ("LINDEX l -4", "$-1"),
            ("LINDEX l -9223372036854775808", "$-1"),
            ("LINDEX none x", "$-1"),
            ("LINDEX l x", NOT_AN_INTEGER),
            ("LINDEX s x", WRONG_TYPE),
            ("LRANGE l 1 1", "*1 $1 b"),
            ("LRANGE l -2 -1", "*2 $1 b $1 c"),
            ("LRANGE l -100 100", "*3 $1 a $1 b $1 c"),
            (
                "LRANGE l -9223372036854775808 9223372036854775807",
                "*3 $1 a $1 b $1 c",
            ),
            ("LRANGE l 2 1", "*0"),
            ("LRANGE l 3 9", "*0"),
            ("LRANGE l 0 -4", "*0"),
            ("LRANGE none 0 -1", "*0"),
            ("LRANGE s x 1", NOT_AN_INTEGER),
            ("LRANGE s 0 x", NOT_AN_INTEGER),
            ("LRANGE s 0 1", WRONG_TYPE),
            ("LSET l -1 z", "+OK"),
            ("LSET l 3 z", "-ERR index out of range"),
            ("LSET l -4 z", "-ERR index out of range"),
            ("LSET l x z", NOT_AN_INTEGER),
            ("LSET s x z", WRONG_TYPE),
            ("LSET none x z", "-ERR no such key"),
            ("LRANGE l 0 -1", "*3 $1 a $1 b $1 z"),
        ],
    );
    assert_eq!(engine.stats.keys.dirty, 3 + 1 + 1);
}

#[test]
fn elements_are_inserted_and_removed_by_what_they_are() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("RPUSH l a b a c a", ":5"),
            ("SET s v", "+OK"),
            ("LINSERT l before b x", ":6"),
            ("LINSERT l AFTER a y", ":7"),
            ("LINSERT l AFTER none y", ":-1"),
            ("LINSERT none AFTER a y", ":0"),
            ("LINSERT none BESIDE a y", SYNTAX),
            ("LINSERT s AFTER a y", WRONG_TYPE),
            ("LRANGE l 0 -1", "*7 $1 a $1 y $1 x $1 b $1 a $1 c $1 a"),
            ("LREM l -2 a", ":2"),
            ("LRANGE l 0 -1", "*5 $1 a $1 y $1 x $1 b $1 c"),
            ("LREM l 1 a", ":1"),
            ("LREM l 0 none", ":0"),
            ("RPUSH l c c", ":6"),
            ("LREM l -9223372036854775808 c", ":3"),
            ("LREM none x a", NOT_AN_INTEGER),
            ("LREM none 1 a", ":0"),
            ("LREM s 1 a", WRONG_TYPE),
            ("LREM l 0 x", ":1"),
            ("LREM l 0 y", ":1"),
            ("LREM l 9 b", ":1"),
            ("EXISTS l", ":0"),
        ],
    );
    assert_eq!(engine.stats.keys.dirty, 5 + 1 + 2 + 3 + 2 + 3 + 3);
}

#[test]
fn a_list_is_shortened_to_what_lies_between() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("RPUSH l a b c d e", ":5"),
            ("SET s v", "+OK"),
            ("LTRIM l 0 -1", "+OK"),
            ("LTRIM l 1 -2", "+OK"),
            ("LRANGE l 0 -1", "*3 $1 b $1 c $1 d"),
            ("LTRIM l -9223372036854775808 9223372036854775807", "+OK"),
            ("LTRIM none 0 x", NOT_AN_INTEGER),
            ("LTRIM none 0 1", "+OK"),
            ("LTRIM s 0 1", WRONG_TYPE),
            ("LTRIM l 2 1", "+OK"),
            ("EXISTS l", ":0"),
        ],
    );
    assert_eq!(engine.stats.keys.dirty, 5 + 1 + 2 + 3);
}

#[test]
fn lpos_finds_by_rank_and_count_and_within_a_length() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("RPUSH l a b c 1 2 3 c c", ":8"),
            ("SET s v", "+OK"),
            ("LPOS l c", ":2"),
            ("LPOS l 3", ":5"),
            ("LPOS l q", "$-1"),
            ("LPOS l c COUNT 0", "*3 :2 :6 :7"),
            ("LPOS l c COUNT 2", "*2 :2 :6"),
            ("LPOS l c rank -1", ":7"),
            ("LPOS l c RANK -2 COUNT 5", "*2 :6 :2"),
            ("LPOS l c RANK 9223372036854775807 COUNT 0", "*0"),
            // Redis counts from there beyond what its numbers hold.
            ("LPOS l c RANK -9223372036854775808 COUNT 1", "*3 :7 :6 :2"),
            ("LPOS l c MAXLEN 2", "$-1"),
            ("LPOS l c MAXLEN 3 COUNT 0", "*1 :2"),
            ("LPOS l 3 RANK -1 MAXLEN 2 COUNT 0", "*0"),
            ("LPOS l 3 RANK -1 MAXLEN 3 COUNT 0", "*1 :5"),
            ("LPOS none c", "$-1"),
            ("LPOS none c COUNT 1", "*0"),
            ("LPOS s c", WRONG_TYPE),
            ("LPOS s c COUNT", SYNTAX),
            ("LPOS s c FIRST 1", SYNTAX),
            ("LPOS s c RANK x", NOT_AN_INTEGER),
            ("LPOS s c COUNT -1", "-ERR COUNT can't be negative"),
            ("LPOS s c MAXLEN x", "-ERR MAXLEN can't be negative"),
            (
                "LPOS s c RANK 0 COUNT x",
                "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second \
                 ... or use negative to start from the end of the list",
            ),
        ],
    );
}

#[test]
fn lmpop_takes_from_the_first_list_that_there_is() {
    let (mut engine, id) = engine();
    let (no_keys, no_count) = (
        "-ERR numkeys should be greater than 0",
        "-ERR count should be greater than 0",
    );
    transcript(
        &mut engine,
        id,
        &[
            ("RPUSH l a b c d", ":4"),
            ("SET s v", "+OK"),
            ("LMPOP 0 l LEFT", no_keys),
            ("LMPOP x l UP", no_keys),
            ("LMPOP 2 l LEFT", SYNTAX),
            ("LMPOP 9223372036854775807 l LEFT", SYNTAX),
            ("LMPOP 1 l UP", SYNTAX),
            ("LMPOP 1 l LEFT COUNT", SYNTAX),
            ("LMPOP 1 l LEFT MANY 1", SYNTAX),
            ("LMPOP 1 l LEFT COUNT 0", no_count),
            ("LMPOP 1 l LEFT COUNT x MORE", no_count),
            ("LMPOP 1 l LEFT COUNT 1 COUNT 2", SYNTAX),
            ("LMPOP 2 none s LEFT", WRONG_TYPE),
            ("LMPOP 2 none nil LEFT", "*-1"),
            ("LMPOP 2 none l left", "*2 $1 l *1 $1 a"),
            ("LMPOP 2 none l RIGHT COUNT 2", "*2 $1 l *2 $1 d $1 c"),
            (
                "LMPOP 1 l RIGHT COUNT 4611686018427387904",
                "*2 $1 l *1 $1 b",
            ),
            ("EXISTS l", ":0"),
        ],
    );
    assert_eq!(engine.stats.keys.dirty, 4 + 1 + 4);
}

#[test]
fn an_element_is_moved_from_list_to_list() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("RPUSH l a b c", ":3"),
            ("SET s v", "+OK"),
            ("LMOVE l d LEFT UP", SYNTAX),
            ("LMOVE none s LEFT LEFT", "$-1"),
            ("LMOVE l s LEFT LEFT", WRONG_TYPE),
            ("LMOVE s l LEFT LEFT", WRONG_TYPE),
            ("LMOVE l l LEFT RIGHT", "$1 a"),
            ("LMOVE l d LEFT right", "$1 b"),
            ("RPOPLPUSH l d", "$1 a"),
            ("RPOPLPUSH l d", "$1 c"),
            ("RPOPLPUSH l d", "$-1"),
            ("LRANGE d 0 -1", "*3 $1 c $1 a $1 b"),
            // One that is turned stays the same key.
            ("RPUSH one 1", ":1"),
            ("EXPIRE one 100", ":1"),
            ("RPOPLPUSH one one", "$1 1"),
            ("TTL one", ":100"),
        ],
    );
    assert_eq!(engine.stats.keys.dirty, 3 + 1 + 4 + 3);
}

#[test]
fn who_need_not_wait_is_answered_at_once() {
    let (mut engine, id) = engine();
    let not_a_timeout = "-ERR timeout is not a float or out of range";
    transcript(
        &mut engine,
        id,
        &[
            ("RPUSH l a b c d e f", ":6"),
            ("SET s v", "+OK"),
            ("BLPOP s x", not_a_timeout),
            ("BLPOP l -1", "-ERR timeout is negative"),
            ("BLPOP none s 0", WRONG_TYPE),
            ("BLPOP none l s 0", "*2 $1 l $1 a"),
            ("BRPOP none l 0", "*2 $1 l $1 f"),
            ("BLMPOP x 0 l LEFT", "-ERR numkeys should be greater than 0"),
            ("BLMPOP x 1 l UP", SYNTAX),
            ("BLMPOP x 1 l LEFT", not_a_timeout),
            ("BLMPOP 0 1 s LEFT", WRONG_TYPE),
            ("BLMPOP 0 2 none l LEFT COUNT 2", "*2 $1 l *2 $1 b $1 c"),
            ("BLMOVE l d UP LEFT x", SYNTAX),
            ("BLMOVE l d LEFT LEFT x", not_a_timeout),
            ("BLMOVE l s LEFT LEFT 0", WRONG_TYPE),
            ("BLMOVE l d LEFT LEFT 0", "$1 d"),
            ("BRPOPLPUSH l d x", not_a_timeout),
            ("BRPOPLPUSH l d 0", "$1 e"),
            ("EXISTS l", ":0"),
            ("LRANGE d 0 -1", "*2 $1 e $1 d"),
        ],
    );
    assert!(!engine.sessions[id].blocked);
    assert_eq!(run(&mut engine, id, &["BLPOP", "l", "none", "0"]), "");
    assert!(engine.sessions[id].blocked);
}

#[test]
fn a_long_list_answers_like_a_short_one_and_is_freed_with_care() {
    const LEN: usize = 5000;
    let (mut engine, id) = engine();
    let mut push = vec!["RPUSH".to_owned(), "l".to_owned()];
    push.extend((0..LEN).map(|n| format!("e{n}")));
    let reply = run_bytes(&mut engine, id, &push);
    assert_eq!(reply, format!(":{LEN}\r\n").into_bytes());
    let expected: String = (100..700)
        .map(|n| format!("${}\r\ne{n}\r\n", format!("e{n}").len()))
        .collect();
    let reply = run(&mut engine, id, &["LRANGE", "l", "100", "699"]);
    assert_eq!(reply, format!("*600\r\n{expected}"));
    transcript(
        &mut engine,
        id,
        &[
            ("LPOS l e4321", ":4321"),
            ("LPOS l e4321 RANK -1", ":4321"),
            ("LINDEX l 2500", "$5 e2500"),
            ("LTRIM l 10 19", "+OK"),
        ],
    );
    assert!(!engine.trash.is_empty(), "it was freed on the spot");
    transcript(
        &mut engine,
        id,
        &[
            (
                "RPOP l 9",
                "*9 $3 e19 $3 e18 $3 e17 $3 e16 $3 e15 $3 e14 $3 e13 $3 e12 $3 e11",
            ),
            ("LPOP l", "$3 e10"),
            ("EXISTS l", ":0"),
        ],
    );
}

use crate::command::testing::{engine, run};
use crate::engine::{Engine, SessionId};

/// Runs each request and compares its reply, in which `\r\n` is written as a space.
fn transcript(engine: &mut Engine, id: SessionId, lines: &[(&str, &str)]) {
    for (request, wanted) in lines {
        let words: Vec<&str> = request.split(' ').collect();
        let reply = run(engine, id, &words);
        assert_eq!(reply.trim_end().replace("\r\n", " "), *wanted, "{request}");
    }
}

#[test]
fn fields_come_and_go_and_the_key_with_them() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("HSET h a 1 b 2 a 3", ":2"),
            ("HGET h a", "$1 3"),
            ("HMGET h a x b", "*3 $1 3 $-1 $1 2"),
            ("HGETALL h", "*4 $1 a $1 3 $1 b $1 2"),
            ("HKEYS h", "*2 $1 a $1 b"),
            ("HVALS h", "*2 $1 3 $1 2"),
            ("HLEN h", ":2"),
            ("HSTRLEN h a", ":1"),
            ("HSETNX h a 9", ":0"),
            ("HSETNX h c long", ":1"),
            ("HSTRLEN h c", ":4"),
            ("HEXISTS h c", ":1"),
            ("TYPE h", "+hash"),
            ("HDEL h a b x a", ":2"),
            ("HDEL h c", ":1"),
            ("EXISTS h", ":0"),
            ("HGETALL h", "*0"),
            (
                "HMSET h a",
                "-ERR wrong number of arguments for 'hmset' command",
            ),
            (
                "HSET h a 1 b",
                "-ERR wrong number of arguments for 'hset' command",
            ),
        ],
    );
    // HSET counts each pair, HSETNX each field that is new, HDEL each field that was there.
    assert_eq!(engine.stats.keys.dirty, 3 + 1 + 2 + 1);
}

#[test]
fn fields_count() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("HINCRBY h n 5", ":5"),
            ("HINCRBY h n -7", ":-2"),
            (
                "HINCRBY h n x",
                "-ERR value is not an integer or out of range",
            ),
            ("HSET h s abc m 9223372036854775807 i inf", ":3"),
            ("HINCRBY h s 1", "-ERR hash value is not an integer"),
            (
                "HINCRBY h m 1",
                "-ERR increment or decrement would overflow",
            ),
            ("HINCRBYFLOAT h s 1", "-ERR hash value is not a float"),
            ("HINCRBYFLOAT h n x", "-ERR value is not a valid float"),
            ("HINCRBYFLOAT h n inf", "-ERR value is NaN or Infinity"),
            (
                "HINCRBYFLOAT h i 1",
                "-ERR increment would produce NaN or Infinity",
            ),
            ("HINCRBYFLOAT h n 2.5", "$3 0.5"),
            ("HINCRBYFLOAT h new 1e2", "$3 100"),
        ],
    );
}

#[test]
fn a_hash_is_no_string_and_no_string_is_a_hash() {
    let (mut engine, id) = engine();
    const WRONG: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    run(&mut engine, id, &["SET", "s", "1"]);
    run(&mut engine, id, &["HSET", "h", "f", "1"]);
    for ask in [
        "HGET s f",
        "HSET s f 1",
        "HDEL s f",
        "HLEN s",
        "HGETALL s",
        "HKEYS s",
        "HSETNX s f 1",
        "HINCRBY s f 1",
        "HINCRBYFLOAT s f 1",
        "HRANDFIELD s",
        "HSCAN s 0",
        "HSTRLEN s f",
        "HMGET s f",
        "HEXISTS s f",
        "HVALS s",
        "GET h",
        "INCR h",
        "APPEND h x",
        "GETRANGE h 0 1",
        "SETRANGE h 0 x",
        "STRLEN h",
        "GETDEL h",
        "GETSET h 1",
        "INCRBYFLOAT h 1",
        "LCS h s",
        "SET h 1 GET",
        "GETEX h",
    ] {
        let words: Vec<&str> = ask.split(' ').collect();
        let wanted = match ask {
            "LCS h s" => "-ERR The specified keys must contain string values",
            _ => WRONG,
        };
        assert_eq!(run(&mut engine, id, &words).trim_end(), wanted, "{ask}");
    }
    transcript(
        &mut engine,
        id,
        &[
            ("MGET h s", "*2 $-1 $1 1"),
            ("SET h 1", "+OK"),
            ("TYPE h", "+string"),
        ],
    );
}

#[test]
fn the_settings_decide_when_a_hash_grows() {
    let (mut engine, id) = engine();
    let long = "x".repeat(65);
    transcript(
        &mut engine,
        id,
        &[
            ("CONFIG SET hash-max-listpack-entries 3", "+OK"),
            (
                "CONFIG GET hash-max-ziplist-entries",
                "*2 $24 hash-max-ziplist-entries $1 3",
            ),
            ("HSET h a 1 b 2 c 3", ":3"),
            ("OBJECT ENCODING h", "$8 listpack"),
            ("COPY h packed", ":1"),
            ("HSET h d 4", ":1"),
            ("OBJECT ENCODING h", "$9 hashtable"),
            ("HDEL h d", ":1"),
            ("OBJECT ENCODING h", "$9 hashtable"),
            ("RENAME h large", "+OK"),
            ("COPY large copy", ":1"),
            ("HSET copy a x", ":0"),
            ("HGET large a", "$1 1"),
            ("HINCRBY large a 4", ":5"),
            ("HGET packed c", "$1 3"),
        ],
    );
    run(&mut engine, id, &["HSET", "l", "f", &long]);
    transcript(&mut engine, id, &[("OBJECT ENCODING l", "$9 hashtable")]);
}

#[test]
fn random_fields_are_as_many_as_asked_for() {
    let (mut engine, id) = engine();
    for entries in ["0", "512"] {
        let set = ["CONFIG", "SET", "hash-max-listpack-entries", entries];
        run(&mut engine, id, &set);
        run(&mut engine, id, &["DEL", "h"]);
        for i in 0..50 {
            let (field, value) = (format!("f{i}"), format!("v{i}"));
            run(&mut engine, id, &["HSET", "h", &field, &value]);
        }
        for (count, len) in [
            ("0", 0),
            ("1", 1),
            ("10", 10),
            ("49", 49),
            ("60", 50),
            ("-60", 60),
        ] {
            let reply = run(&mut engine, id, &["HRANDFIELD", "h", count]);
            assert!(
                reply.starts_with(&format!("*{len}\r\n")),
                "{count}: {reply}"
            );
            let pairs = run(&mut engine, id, &["HRANDFIELD", "h", count, "withvalues"]);
            assert!(
                pairs.starts_with(&format!("*{}\r\n", 2 * len)),
                "{count}: {pairs}"
            );
            let words: Vec<&str> = pairs
                .split("\r\n")
                .filter(|w| w.starts_with(['f', 'v']))
                .collect();
            assert!(
                words.chunks(2).all(|pair| pair[0][1..] == pair[1][1..]),
                "{pairs}"
            );
        }
    }
    transcript(
        &mut engine,
        id,
        &[
            ("HRANDFIELD none", "$-1"),
            ("HRANDFIELD none 3 WITHVALUES", "*0"),
            (
                "HRANDFIELD h x",
                "-ERR value is not an integer or out of range",
            ),
            ("HRANDFIELD h 1 x", "-ERR syntax error"),
            (
                "HRANDFIELD h 4611686018427387904 WITHVALUES",
                "-ERR value is out of range",
            ),
            (
                "HRANDFIELD h -9223372036854775807",
                "-ERR value is out of range",
            ),
        ],
    );
}

#[test]
fn a_walk_returns_every_field() {
    let (mut engine, id) = engine();
    for i in 0..3000 {
        let field = format!("f{i}");
        run(&mut engine, id, &["HSET", "h", &field, "v"]);
    }
    let mut cursor = "0".to_owned();
    let mut fields = std::collections::BTreeSet::new();
    loop {
        let page = run(
            &mut engine,
            id,
            &["HSCAN", "h", &cursor, "MATCH", "f*", "COUNT", "50"],
        );
        let words: Vec<&str> = page.split("\r\n").collect();
        cursor = words[2].to_owned();
        let found = words.iter().filter(|word| word.starts_with('f'));
        let before = fields.len();
        fields.extend(found.map(|word| (*word).to_owned()));
        assert!(fields.len() - before < 500, "{page}");
        if cursor == "0" {
            break;
        }
    }
    assert_eq!(fields.len(), 3000);
    transcript(
        &mut engine,
        id,
        &[
            ("HSCAN none 0 BAD", "*2 $1 0 *0"),
            ("HSCAN h x", "-ERR invalid cursor"),
            ("HSCAN h 0 TYPE hash", "-ERR syntax error"),
            ("HSCAN h 0 MATCH nothing COUNT 10000", "*2 $1 0 *0"),
        ],
    );
}

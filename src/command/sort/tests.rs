use super::*;
use crate::command::testing::{engine, pass_ms, run, run_bytes};
use crate::engine::{Engine, SessionId};
use proptest::prelude::*;

/// Runs each request and compares its reply, in which `\r\n` is written as a space.
fn transcript(engine: &mut Engine, id: SessionId, lines: &[(&str, &str)]) {
    for (request, wanted) in lines {
        let words: Vec<&str> = request.split(' ').collect();
        let reply = run(engine, id, &words);
        let reply = reply.strip_suffix("\r\n").expect("a reply ends its line");
        assert_eq!(reply.replace("\r\n", " "), *wanted, "{request}");
    }
}

/// An engine with the list l, the set s, the sorted set z, and keys to sort them by.
fn filled() -> (Engine, SessionId) {
    let (mut engine, id) = engine();
    for request in [
        "RPUSH l 3 1 2",
        "SADD s 3 1 2",
        "ZADD z 1 c 2 a 3 b",
        "MSET w_1 20 w_2 10 name_1 anna name_3 carl",
        "HSET o_1 rank 5 name x",
        "HSET o_2 rank 7",
        "SET str x",
    ] {
        let words: Vec<&str> = request.split(' ').collect();
        run(&mut engine, id, &words);
    }
    (engine, id)
}

#[test]
fn elements_are_ordered_by_themselves() {
    let (mut engine, id) = filled();
    transcript(
        &mut engine,
        id,
        &[
            ("SORT l", "*3 $1 1 $1 2 $1 3"),
            ("SORT l DESC", "*3 $1 3 $1 2 $1 1"),
            ("SORT_RO l DESC ASC", "*3 $1 1 $1 2 $1 3"),
            ("SORT s DESC", "*3 $1 3 $1 2 $1 1"),
            ("SORT z ALPHA", "*3 $1 a $1 b $1 c"),
            ("SORT z ALPHA DESC", "*3 $1 c $1 b $1 a"),
            (
                "SORT z",
                "-ERR One or more scores can't be converted into double",
            ),
            ("SORT missing", "*0"),
            ("RPUSH n 10 9 1e1 inf -inf 0x10 9.5", ":7"),
            (
                "SORT n",
                "*7 $4 -inf $1 9 $3 9.5 $2 10 $3 1e1 $4 0x10 $3 inf",
            ),
            (
                "SORT n DESC",
                "*7 $3 inf $4 0x10 $3 1e1 $2 10 $3 9.5 $1 9 $4 -inf",
            ),
            (
                "SORT n ALPHA",
                "*7 $4 -inf $4 0x10 $2 10 $3 1e1 $1 9 $3 9.5 $3 inf",
            ),
        ],
    );
}

#[test]
fn a_limit_is_cut_to_what_there_is() {
    let (mut engine, id) = filled();
    transcript(
        &mut engine,
        id,
        &[
            ("SORT l LIMIT 1 1", "*1 $1 2"),
            ("SORT l LIMIT -5 2", "*2 $1 1 $1 2"),
            ("SORT l LIMIT 1 -1", "*2 $1 2 $1 3"),
            ("SORT l LIMIT 0 0", "*0"),
            ("SORT l LIMIT 3 1", "*0"),
            ("SORT l LIMIT 9223372036854775807 9223372036854775807", "*0"),
            ("SORT l LIMIT 2 9223372036854775807", "*1 $1 3"),
            (
                "SORT l LIMIT -9223372036854775808 -9223372036854775808",
                "*3 $1 1 $1 2 $1 3",
            ),
            ("SORT l BY nosort LIMIT 1 2", "*2 $1 1 $1 2"),
            ("SORT l BY nosort DESC LIMIT 0 2", "*2 $1 2 $1 1"),
            ("SORT z BY nosort LIMIT 0 2", "*2 $1 c $1 a"),
            ("SORT z BY nosort DESC LIMIT 1 5", "*2 $1 a $1 c"),
            ("SORT s BY nosort DESC LIMIT 1 1", "*1 $1 2"),
        ],
    );
}

#[test]
fn patterns_lead_to_strings_and_fields() {
    let (mut engine, id) = filled();
    transcript(
        &mut engine,
        id,
        &[
            ("SORT l BY w_*", "*3 $1 3 $1 2 $1 1"),
            ("SORT l BY w_* DESC", "*3 $1 1 $1 2 $1 3"),
            ("SORT l BY w_* BY nosort", "*3 $1 3 $1 1 $1 2"),
            ("SORT l BY nosort BY w_*", "*3 $1 3 $1 1 $1 2"),
            ("SORT l BY o_*->rank", "*3 $1 3 $1 1 $1 2"),
            // Keys of another type, and keys that end in an arrow, are not there.
            ("SORT l BY o_*", "*3 $1 1 $1 2 $1 3"),
            ("SORT l BY w_*->rank", "*3 $1 1 $1 2 $1 3"),
            ("SORT l BY w_*->", "*3 $1 1 $1 2 $1 3"),
            ("SORT l BY w_* ALPHA", "*3 $1 3 $1 2 $1 1"),
            (
                "SORT l BY name_*",
                "-ERR One or more scores can't be converted into double",
            ),
            ("SORT l BY name_* ALPHA", "*3 $1 2 $1 1 $1 3"),
            ("SORT l BY name_* ALPHA DESC", "*3 $1 3 $1 1 $1 2"),
            (
                "SORT l GET # GET name_* GET o_*->name GET x",
                "*12 $1 1 $4 anna $1 x $-1 $1 2 $-1 $-1 $-1 $1 3 $4 carl $-1 $-1",
            ),
            ("SORT_RO l GET name_* LIMIT 0 1", "*1 $4 anna"),
            ("SORT l GET *_1 BY #", "*3 $-1 $-1 $-1"),
            ("SET 2_1 y", "+OK"),
            ("SORT l GET *_1 BY #", "*3 $-1 $-1 $1 y"),
        ],
    );
}

#[test]
fn a_result_is_stored_as_a_list() {
    let (mut engine, id) = filled();
    transcript(
        &mut engine,
        id,
        &[
            ("EXPIRE str 100", ":1"),
            ("SORT l STORE str", ":3"),
            ("TYPE str", "+list"),
            ("TTL str", ":-1"),
            ("LRANGE str 0 -1", "*3 $1 1 $1 2 $1 3"),
            ("SORT l STORE first STORE d GET name_* GET #", ":6"),
            ("EXISTS first", ":0"),
            ("LRANGE d 0 -1", "*6 $4 anna $1 1 $0  $1 2 $4 carl $1 3"),
            ("SORT l STORE l", ":3"),
            ("LRANGE l 0 -1", "*3 $1 1 $1 2 $1 3"),
            ("SORT s BY nosort STORE d DESC", ":3"),
            ("LRANGE d 0 -1", "*3 $1 3 $1 2 $1 1"),
            ("SORT l LIMIT 5 1 STORE d", ":0"),
            ("EXISTS d", ":0"),
            ("SORT missing STORE l", ":0"),
            ("EXISTS l", ":0"),
            ("SORT missing STORE l", ":0"),
        ],
    );
    let before = engine.stats.keys.dirty;
    for (request, changes) in [
        ("SORT s STORE d GET # GET #", 6),
        ("SORT missing STORE d", 7),
        ("SORT missing STORE d", 7),
    ] {
        let words: Vec<&str> = request.split(' ').collect();
        run(&mut engine, id, &words);
        assert_eq!(engine.stats.keys.dirty, before + changes, "{request}");
    }
}

#[test]
fn a_sorted_set_that_was_sorted_is_packed_no_more() {
    let (mut engine, id) = filled();
    transcript(
        &mut engine,
        id,
        &[
            ("OBJECT ENCODING z", "$8 listpack"),
            ("SORT_RO z BY nosort", "*3 $1 c $1 a $1 b"),
            ("OBJECT ENCODING z", "$8 skiplist"),
            (
                "ZRANGE z 0 -1 WITHSCORES",
                "*6 $1 c $1 1 $1 a $1 2 $1 b $1 3",
            ),
        ],
    );
}

#[test]
fn mistakes_are_found_in_the_order_of_redis() {
    const SYNTAX: &str = "-ERR syntax error";
    const NO_INTEGER: &str = "-ERR value is not an integer or out of range";
    const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    let (mut engine, id) = filled();
    transcript(
        &mut engine,
        id,
        &[
            ("SORT str", WRONG_TYPE),
            ("SORT o_1", WRONG_TYPE),
            ("SORT str STORE d", WRONG_TYPE),
            ("SORT str LIMIT x 1", NO_INTEGER),
            ("SORT l LIMIT 0 x", NO_INTEGER),
            ("SORT l LIMIT 0", SYNTAX),
            ("SORT l LIMIT x 1 wrong", NO_INTEGER),
            ("SORT l wrong LIMIT x 1", SYNTAX),
            ("SORT l GET", SYNTAX),
            ("SORT l BY", SYNTAX),
            ("SORT l STORE", SYNTAX),
            ("SORT_RO l STORE d", SYNTAX),
        ],
    );
}

#[test]
fn texts_are_numbers_as_c_reads_them() {
    for (text, number) in [
        (&b""[..], Some(0.0)),
        (b" 1", Some(1.0)),
        (b"\t\n-2.5", Some(-2.5)),
        (b"1\0x", Some(1.0)),
        (b"\0", Some(0.0)),
        (b"1 ", None),
        (b" ", None),
        (b"x", None),
        (b"nan", None),
        (b"1e400", None),
        (b"1e-310", None),
        (b"1e-400", None),
        (b"Infinity", Some(f64::INFINITY)),
    ] {
        assert_eq!(weight(text), number, "{text:?}");
    }
}

#[test]
fn strings_end_at_a_nul_unless_they_are_stored() {
    let (mut engine, id) = engine();
    let push: [&[u8]; 6] = [b"RPUSH", b"l", b"a\0c", b"a\0b", b"\xff", b"B"];
    run_bytes(&mut engine, id, &push);
    let reply = run_bytes(&mut engine, id, &["SORT", "l", "ALPHA"]);
    assert_eq!(
        reply,
        b"*4\r\n$1\r\nB\r\n$3\r\na\0c\r\n$3\r\na\0b\r\n$1\r\n\xff\r\n"
    );
    run(&mut engine, id, &["SORT", "l", "ALPHA", "STORE", "d"]);
    let reply = run_bytes(&mut engine, id, &["LRANGE", "d", "0", "-1"]);
    assert_eq!(
        reply,
        b"*4\r\n$1\r\nB\r\n$3\r\na\0b\r\n$3\r\na\0c\r\n$1\r\n\xff\r\n"
    );
}

#[test]
fn keys_of_patterns_expire_and_are_used() {
    let (mut engine, id) = filled();
    run(&mut engine, id, &["PEXPIRE", "w_1", "5"]);
    pass_ms(&mut engine, 2000);
    let reply = run(&mut engine, id, &["SORT", "l", "BY", "w_*"]);
    assert_eq!(reply, "*3\r\n$1\r\n1\r\n$1\r\n3\r\n$1\r\n2\r\n");
    let idle = run(&mut engine, id, &["OBJECT", "IDLETIME", "w_2"]);
    assert_eq!(idle, ":0\r\n");
    let idle = run(&mut engine, id, &["OBJECT", "IDLETIME", "o_2"]);
    assert_eq!(idle, ":2\r\n");
}

#[test]
fn patterns_are_read_as_c_strings() {
    let key = |before, after, field| Pattern::Key {
        before,
        after,
        field,
    };
    for (text, wanted) in [
        (&b"#"[..], Pattern::Element),
        (b"#\0*", Pattern::Element),
        (b"x", Pattern::Nowhere),
        (b"", Pattern::Nowhere),
        (b"x\0*", Pattern::Nowhere),
        (b"*", key(b"", b"", None)),
        (b"#*", key(b"#", b"", None)),
        (b"a*b*c", key(b"a", b"b*c", None)),
        (b"a->b*c", key(b"a->b", b"c", None)),
        (b"a*b->c->d", key(b"a", b"b", Some(b"c->d"))),
        (b"a*b->", key(b"a", b"b->", None)),
        (b"a*b\0->c", key(b"a", b"b\0->c", None)),
        (b"a*->c\0d", key(b"a", b"", Some(b"c\0d"))),
        (b"a*->\0d", key(b"a", b"->\0d", None)),
    ] {
        let found = Pattern::parse(text);
        assert_eq!(found, wanted, "{}", String::from_utf8_lossy(text));
    }
}

/// The elements of a reply that is a list of strings without line ends.
fn strings(reply: &str) -> Vec<String> {
    let lines = reply.split("\r\n").skip(2).step_by(2);
    lines.map(str::to_owned).collect()
}

/// A SORT of a list of numbers.
#[derive(Debug, Clone, Copy)]
struct Asked {
    is_alpha: bool,
    is_descending: bool,
    has_by: bool,
    limit: (i64, i64),
}

impl Asked {
    fn request(self) -> String {
        let mut request = format!("SORT l LIMIT {} {}", self.limit.0, self.limit.1);
        request += if self.is_alpha { " ALPHA" } else { "" };
        request += if self.is_descending { " DESC" } else { "" };
        request + if self.has_by { " BY w_*" } else { "" }
    }

    /// The elements as they are answered; `weights` says what is found by `w_*`.
    fn model(self, elements: &[i64], weights: &[Option<i64>]) -> Vec<String> {
        let weight = |element: i64| {
            if self.has_by {
                weights[element as usize]
            } else {
                Some(element)
            }
        };
        let mut elements = elements.to_vec();
        elements.sort_by(|a, b| {
            let (a_weight, b_weight) = (weight(*a), weight(*b));
            let order = if self.is_alpha {
                let text = |weight: Option<i64>| weight.map(|weight| weight.to_string());
                text(a_weight).cmp(&text(b_weight))
            } else {
                let by_weight = a_weight.unwrap_or(0).cmp(&b_weight.unwrap_or(0));
                by_weight.then_with(|| a.to_string().cmp(&b.to_string()))
            };
            directed(order, self.is_descending)
        });
        let skipped = self.limit.0.max(0) as usize;
        let taken = usize::try_from(self.limit.1).unwrap_or(usize::MAX);
        let texts = elements.into_iter().map(|element| element.to_string());
        texts.skip(skipped).take(taken).collect()
    }
}

proptest! {
    #[test]
    fn a_sorted_list_is_a_sorted_vector(
        elements in prop::collection::vec(0..40i64, 1..60),
        weights in prop::collection::vec(prop::option::of(-3..40i64), 40),
        (is_alpha, is_descending, has_by) in any::<(bool, bool, bool)>(),
        limit in (-2..30i64, -2..30i64),
    ) {
        let (mut engine, id) = engine();
        for element in &elements {
            run(&mut engine, id, &["RPUSH", "l", &element.to_string()]);
        }
        for (element, weight) in weights.iter().enumerate() {
            if let Some(weight) = weight {
                run(&mut engine, id, &["SET", &format!("w_{element}"), &weight.to_string()]);
            }
        }
        let asked = Asked { is_alpha, is_descending, has_by, limit };
        let request = asked.request();
        let words: Vec<&str> = request.split(' ').collect();
        let reply = run(&mut engine, id, &words);
        prop_assert_eq!(strings(&reply), asked.model(&elements, &weights), "{}", request);
        run(&mut engine, id, &[&words[..], &["STORE", "d"]].concat());
        let stored = run(&mut engine, id, &["LRANGE", "d", "0", "-1"]);
        prop_assert_eq!(strings(&stored), asked.model(&elements, &weights), "{}", request);
    }
}

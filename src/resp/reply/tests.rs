use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn sent(output: &mut Output) -> Vec<u8> {
    let mut bytes = Vec::new();
    output
        .write_to(&mut bytes, usize::MAX)
        .expect("a vector takes all");
    bytes
}

fn written(protocol: Protocol, write: impl Fn(&mut Reply<'_>)) -> String {
    let mut output = Output::new();
    write(&mut Reply::new(&mut output, protocol));
    String::from_utf8(sent(&mut output)).expect("these replies are text")
}

type Writer = fn(&mut Reply<'_>);

#[test]
fn every_type_has_its_bytes_in_both_protocols() {
    let table: &[(Writer, &str, &str)] = &[
        (|r| r.ok(), "+OK\r\n", "+OK\r\n"),
        (|r| r.simple("PONG"), "+PONG\r\n", "+PONG\r\n"),
        (|r| r.error("ERR no"), "-ERR no\r\n", "-ERR no\r\n"),
        (
            |r| r.error("\r\nERR a\rb\r\n"),
            "-ERR a b\r\n",
            "-ERR a b\r\n",
        ),
        (|r| r.error(b"\n\r"), "-\r\n", "-\r\n"),
        (|r| r.integer(0), ":0\r\n", ":0\r\n"),
        (|r| r.integer(1), ":1\r\n", ":1\r\n"),
        (|r| r.integer(9), ":9\r\n", ":9\r\n"),
        (|r| r.integer(10), ":10\r\n", ":10\r\n"),
        (|r| r.integer(99), ":99\r\n", ":99\r\n"),
        (|r| r.integer(100), ":100\r\n", ":100\r\n"),
        (|r| r.integer(-1), ":-1\r\n", ":-1\r\n"),
        (
            |r| r.integer(i64::MIN),
            ":-9223372036854775808\r\n",
            ":-9223372036854775808\r\n",
        ),
        (|r| r.bulk(b""), "$0\r\n\r\n", "$0\r\n\r\n"),
        (
            |r| r.bulk(b"a\r\nb"),
            "$4\r\na\r\nb\r\n",
            "$4\r\na\r\nb\r\n",
        ),
        (
            |r| r.bulk(b"0123456789"),
            "$10\r\n0123456789\r\n",
            "$10\r\n0123456789\r\n",
        ),
        (|r| r.bulk_integer(-42), "$3\r\n-42\r\n", "$3\r\n-42\r\n"),
        (|r| r.double(0.5), "$3\r\n0.5\r\n", ",0.5\r\n"),
        (|r| r.double(f64::INFINITY), "$3\r\ninf\r\n", ",inf\r\n"),
        (|r| r.bool(true), ":1\r\n", "#t\r\n"),
        (|r| r.bool(false), ":0\r\n", "#f\r\n"),
        (|r| r.null(), "$-1\r\n", "_\r\n"),
        (|r| r.null_array(), "*-1\r\n", "_\r\n"),
        (|r| r.array(0), "*0\r\n", "*0\r\n"),
        (|r| r.array(12), "*12\r\n", "*12\r\n"),
        (|r| r.map(3), "*6\r\n", "%3\r\n"),
        (|r| r.set(3), "*3\r\n", "~3\r\n"),
        (|r| r.push(3), "*3\r\n", ">3\r\n"),
        (
            |r| assert_eq!(r.attribute(1), r.protocol() == Protocol::Resp3),
            "",
            "|1\r\n",
        ),
        (
            |r| r.verbatim("txt", b"hi"),
            "$2\r\nhi\r\n",
            "=6\r\ntxt:hi\r\n",
        ),
        (|r| r.big_number("123"), "$3\r\n123\r\n", "(123\r\n"),
        (|r| r.raw(b"+X\r\n"), "+X\r\n", "+X\r\n"),
        (
            |r| r.bulk_shared(&Arc::new(b"xyz".to_vec())),
            "$3\r\nxyz\r\n",
            "$3\r\nxyz\r\n",
        ),
    ];
    for (write, resp2, resp3) in table {
        assert_eq!(written(Protocol::Resp2, write), *resp2);
        assert_eq!(written(Protocol::Resp3, write), *resp3);
    }
}

#[test]
fn bytes_that_are_not_text_pass_through_errors() {
    let mut output = Output::new();
    Reply::new(&mut output, Protocol::Resp2).error(b"ERR got '\xff'");
    assert_eq!(sent(&mut output), b"-ERR got '\xff'\r\n");
}

#[test]
fn a_big_value_is_shared() {
    let value = Arc::new(vec![b'x'; SHARE_FROM]);
    let mut output = Output::new();
    Reply::new(&mut output, Protocol::Resp2).bulk_shared(&value);
    assert_eq!(Arc::strong_count(&value), 2);
    assert!(output.memory() < SHARE_FROM + 512);
    let bytes = sent(&mut output);
    assert!(bytes.starts_with(b"$16384\r\nx") && bytes.ends_with(b"x\r\n"));
    assert_eq!(bytes.len(), 8 + SHARE_FROM + 2);
}

#[test]
fn deferred_lengths_land_before_what_followed() {
    let fill = |reply: &mut Reply<'_>, items: usize| {
        let outer = reply.deferred_map();
        reply.integer(7);
        let inner = reply.deferred_array();
        for _ in 0..items {
            reply.ok();
        }
        reply.finish(inner, items);
        reply.finish(outer, 1);
    };
    for items in [0, 1, 9, 10, 100] {
        let body = "+OK\r\n".repeat(items);
        let resp2 = written(Protocol::Resp2, |r| fill(r, items));
        let resp3 = written(Protocol::Resp3, |r| fill(r, items));
        assert_eq!(resp2, format!("*2\r\n:7\r\n*{items}\r\n{body}"));
        assert_eq!(resp3, format!("%1\r\n:7\r\n*{items}\r\n{body}"));
    }
    let set = |reply: &mut Reply<'_>| {
        let set = reply.deferred_set();
        reply.finish(set, 0);
    };
    assert_eq!(written(Protocol::Resp2, set), "*0\r\n");
    assert_eq!(written(Protocol::Resp3, set), "~0\r\n");
}

/// A value of RESP, and how it is written.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Simple(String),
    Error(String),
    Integer(i64),
    Bulk(Vec<u8>),
    Double(f64),
    Bool(bool),
    Null,
    Array(Vec<Value>),
    Set(Vec<Value>),
    Push(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Verbatim(Vec<u8>),
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        "[ -~]{0,20}".prop_map(Value::Simple),
        "[ -~]{0,20}".prop_map(Value::Error),
        any::<i64>().prop_map(Value::Integer),
        (-200..200i64).prop_map(Value::Integer),
        vec(any::<u8>(), 0..30).prop_map(Value::Bulk),
        (0..3usize).prop_map(|more| Value::Bulk(vec![b'b'; SHARE_FROM - 1 + more])),
        any::<f64>()
            .prop_filter("NaN is not equal to itself", |d| !d.is_nan())
            .prop_map(Value::Double),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
        vec(any::<u8>(), 0..30).prop_map(Value::Verbatim),
    ];
    leaf.prop_recursive(4, 60, 14, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..14).prop_map(Value::Array),
            vec(inner.clone(), 0..14).prop_map(Value::Set),
            vec(inner.clone(), 0..14).prop_map(Value::Push),
            vec((inner.clone(), inner), 0..14).prop_map(Value::Map),
        ]
    })
}

impl Value {
    /// Writes it, with lengths told at the beginning or at the end.
    fn write(&self, reply: &mut Reply<'_>, deferred: bool) {
        match self {
            Self::Simple(text) => reply.simple(text),
            Self::Error(text) => reply.error(text),
            Self::Integer(n) => reply.integer(*n),
            Self::Bulk(bytes) if deferred => reply.bulk_shared(&Arc::new(bytes.clone())),
            Self::Bulk(bytes) => reply.bulk(bytes),
            Self::Double(d) => reply.double(*d),
            Self::Bool(b) => reply.bool(*b),
            Self::Null => reply.null(),
            Self::Verbatim(text) => reply.verbatim("txt", text),
            Self::Push(items) => {
                reply.push(items.len());
                items.iter().for_each(|item| item.write(reply, deferred));
            }
            Self::Array(items) | Self::Set(items) => {
                let is_array = matches!(self, Self::Array(_));
                let head = match (deferred, is_array) {
                    (true, true) => Some(reply.deferred_array()),
                    (true, false) => Some(reply.deferred_set()),
                    (false, true) => {
                        reply.array(items.len());
                        None
                    }
                    (false, false) => {
                        reply.set(items.len());
                        None
                    }
                };
                items.iter().for_each(|item| item.write(reply, deferred));
                if let Some(head) = head {
                    reply.finish(head, items.len());
                }
            }
            Self::Map(pairs) => {
                let head = deferred.then(|| reply.deferred_map());
                if head.is_none() {
                    reply.map(pairs.len());
                }
                for (key, value) in pairs {
                    key.write(reply, deferred);
                    value.write(reply, deferred);
                }
                if let Some(head) = head {
                    reply.finish(head, pairs.len());
                }
            }
        }
    }

    /// What is left of it in RESP2.
    fn in_resp2(&self) -> Self {
        let all = |items: &[Self]| Self::Array(items.iter().map(Self::in_resp2).collect());
        match self {
            Self::Double(d) => Self::Bulk(format_f64(*d).into_bytes()),
            Self::Bool(b) => Self::Integer(i64::from(*b)),
            Self::Verbatim(text) => Self::Bulk(text.clone()),
            Self::Array(items) | Self::Set(items) | Self::Push(items) => all(items),
            Self::Map(pairs) => Self::Array(
                pairs
                    .iter()
                    .flat_map(|(k, v)| [k.in_resp2(), v.in_resp2()])
                    .collect(),
            ),
            other => other.clone(),
        }
    }
}

/// A decoder for tests: one value from the front of `bytes`.
fn decode(bytes: &mut &[u8]) -> Value {
    let end = bytes
        .windows(2)
        .position(|pair| pair == b"\r\n")
        .expect("a line");
    let (line, rest) = bytes.split_at(end);
    *bytes = &rest[2..];
    let text = std::str::from_utf8(&line[1..]).expect("a header is text");
    let number = || text.parse::<i64>().expect("a number");
    match line[0] {
        b'+' => Value::Simple(text.to_owned()),
        b'-' => Value::Error(text.to_owned()),
        b':' => Value::Integer(number()),
        b',' => Value::Double(text.parse().expect("a double")),
        b'#' => Value::Bool(text == "t"),
        b'_' => Value::Null,
        b'$' if text == "-1" => Value::Null,
        b'$' => Value::Bulk(take(bytes, number())),
        b'=' => {
            let text = take(bytes, number());
            Value::Verbatim(text.strip_prefix(b"txt:").expect("a format").to_vec())
        }
        b'*' => Value::Array((0..number()).map(|_| decode(bytes)).collect()),
        b'~' => Value::Set((0..number()).map(|_| decode(bytes)).collect()),
        b'>' => Value::Push((0..number()).map(|_| decode(bytes)).collect()),
        b'%' => Value::Map(
            (0..number())
                .map(|_| (decode(bytes), decode(bytes)))
                .collect(),
        ),
        other => panic!("no such type: {}", other.escape_ascii()),
    }
}

fn take(bytes: &mut &[u8], len: i64) -> Vec<u8> {
    let (text, rest) = bytes.split_at(usize::try_from(len).expect("a length"));
    *bytes = rest.strip_prefix(b"\r\n").expect("an end of line");
    text.to_vec()
}

proptest! {
    #[test]
    fn what_is_written_reads_back(values in vec(value(), 1..4), deferred in any::<bool>()) {
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let mut output = Output::new();
            for value in &values {
                value.write(&mut Reply::new(&mut output, protocol), deferred);
            }
            let bytes = sent(&mut output);
            let mut rest = &bytes[..];
            for value in &values {
                let expected = match protocol {
                    Protocol::Resp2 => value.in_resp2(),
                    Protocol::Resp3 => value.clone(),
                };
                prop_assert_eq!(decode(&mut rest), expected);
            }
            prop_assert!(rest.is_empty());
        }
    }
}

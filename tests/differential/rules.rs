//! What two right servers may answer differently. Every other difference is one.
//!
//! A rule belongs to a command and looks at two replies that are not the same bytes. None takes an error for anything:
//! see [`text`] and [`items`].

use std::collections::BTreeSet;
use std::time::Duration;

use super::collection_rules::{self, same_shape};
use super::step::{Bytes, Request, upper};
use crate::common::Value;

/// No server of a test runs for longer, in seconds.
const LONGEST_RUN_S: i64 = 3600;

/// Both replies and what a rule may judge them by.
pub struct Pair<'a> {
    /// What was asked.
    pub request: &'a Request,
    /// Ours.
    pub a: &'a Value,
    /// The oracle's.
    pub b: &'a Value,
    /// Ours to the step's request before.
    pub before_a: Option<&'a Value>,
    /// The oracle's to the step's request before.
    pub before_b: Option<&'a Value>,
    /// Ours to the step's next request.
    pub next_a: Option<&'a Value>,
    /// The oracle's to the step's next request.
    pub next_b: Option<&'a Value>,
    /// By so much time the two may have read their clocks apart: the longest batch so far.
    pub lag: Duration,
}

/// A named licence to differ.
pub struct Rule {
    /// The name, for the report.
    pub name: &'static str,
    /// Whether it is about a request with these arguments.
    pub applies: fn(&[Bytes]) -> bool,
    /// Whether the replies may differ as they do.
    pub agree: fn(&Pair) -> bool,
}

/// All of them; the first that applies decides.
const RULES: &[Rule] = &[
    Rule {
        name: "TTL: the clocks were read apart",
        applies: |args| matches!(name(args).as_str(), "TTL" | "EXPIRETIME"),
        agree: |pair| close(pair, pair.lag.as_secs() as i64 + 1),
    },
    Rule {
        name: "PTTL: the clocks were read apart",
        applies: |args| matches!(name(args).as_str(), "PTTL" | "PEXPIRETIME"),
        agree: |pair| close(pair, millis(pair.lag) + 2),
    },
    Rule {
        name: "TIME: the clocks were read apart",
        applies: |args| name(args) == "TIME",
        agree: same_time,
    },
    Rule {
        name: "RANDOMKEY: any key that exists",
        applies: |args| name(args) == "RANDOMKEY",
        agree: |pair| holds(pair.next_a, pair.a) && holds(pair.next_b, pair.b),
    },
    Rule {
        name: "KEYS, COMMAND LIST: in any order",
        applies: |args| {
            name(args) == "KEYS" || (name(args) == "COMMAND" && upper(args, 1) == "LIST")
        },
        agree: |pair| sorted(pair.a).is_some() && sorted(pair.a) == sorted(pair.b),
    },
    Rule {
        name: "SCAN: the same cursor, and keys in any order",
        applies: |args| name(args) == "SCAN",
        agree: same_page,
    },
    Rule {
        name: "OBJECT IDLETIME: a time since the servers began",
        applies: |args| name(args) == "OBJECT" && upper(args, 1) == "IDLETIME",
        // The oracle's small integers are objects that all keys share, and so is their idle time.
        agree: |pair| {
            both_ints(pair)
                .is_some_and(|(a, b)| [a, b].iter().all(|idle| (0..LONGEST_RUN_S).contains(idle)))
        },
    },
    Rule {
        name: "MEMORY USAGE: any positive number",
        applies: |args| name(args) == "MEMORY" && upper(args, 1) == "USAGE",
        agree: both_positive,
    },
    Rule {
        name: "CLIENT ID: any positive number",
        applies: |args| name(args) == "CLIENT" && upper(args, 1) == "ID",
        agree: both_positive,
    },
    Rule {
        name: "CLIENT INFO: the same session; the rest is this connection's",
        applies: |args| name(args) == "CLIENT" && upper(args, 1) == "INFO",
        agree: same_client,
    },
    Rule {
        name: "HELLO: version and connection id",
        applies: |args| name(args) == "HELLO",
        agree: same_greeting,
    },
    Rule {
        // It is a sum that overflows, too: far deadlines make it negative.
        name: "INFO keyspace: avg_ttl is an estimate",
        applies: |args| name(args) == "INFO",
        agree: same_keyspace,
    },
    Rule {
        name: "DEBUG OBJECT: address, serialized length and clock",
        applies: |args| name(args) == "DEBUG" && upper(args, 1) == "OBJECT",
        agree: same_object,
    },
    Rule {
        name: "COMMAND INFO: flags and categories in any order, without tips and key specifications",
        applies: |args| name(args) == "COMMAND" && upper(args, 1) == "INFO",
        agree: same_command_info,
    },
];

/// The rule for a request, when there is one.
pub fn rule_for(request: &Request) -> Option<&'static Rule> {
    let mut all = RULES.iter().chain(collection_rules::RULES);
    all.find(|rule| (rule.applies)(&request.args))
}

/// Whether two replies to a request are the same, or may differ as they do.
pub fn agree(pair: &Pair) -> bool {
    // A Conn accepts canonical RESP only, so equal values were equal bytes.
    if pair.a == pair.b {
        return true;
    }
    if pair.request.loose {
        return same_shape(pair.a, pair.b);
    }
    if !has_scores(&pair.request.args) {
        return may_differ(pair);
    }
    let (a, b) = (plain(pair.a), plain(pair.b));
    let (before_a, before_b) = (pair.before_a.map(plain), pair.before_b.map(plain));
    a == b
        || may_differ(&Pair {
            a: &a,
            b: &b,
            before_a: before_a.as_ref(),
            before_b: before_b.as_ref(),
            ..*pair
        })
}

/// Whether two replies to a request are the same, however the doubles in them are written.
pub fn same_numbers(request: &Request, a: &Value, b: &Value) -> bool {
    a == b || (has_scores(&request.args) && plain(a) == plain(b))
}

fn may_differ(pair: &Pair) -> bool {
    rule_for(pair.request).is_some_and(|rule| (rule.agree)(pair))
}

/// Whether the reply to a request may hold scores or distances. We print the shortest digits that read back as the same
/// double, as Redis 7.2 does; Redis 7.0 prints 17 digits.
fn has_scores(args: &[Bytes]) -> bool {
    let name = name(args);
    // It may have run one of the others.
    name == "EXEC" || name.starts_with('Z') || name.starts_with("BZ") || name.starts_with("GEO")
}

/// A reply in which every double is written in one way, however long it was.
fn plain(value: &Value) -> Value {
    let all = |values: &[Value]| values.iter().map(plain).collect();
    match value {
        Value::Bulk(text) => Value::Bulk(plain_double(text)),
        Value::Double(text) => Value::Double(plain_double(text)),
        Value::Array(values) => Value::Array(all(values)),
        Value::Map(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| (plain(key), plain(value)));
            Value::Map(pairs.collect())
        }
        Value::Set(values) => Value::Set(all(values)),
        Value::Push(values) => Value::Push(all(values)),
        other => other.clone(),
    }
}

fn plain_double(text: &[u8]) -> Vec<u8> {
    /// Integers below this many digits are written in one way only.
    const LONG: usize = 16;
    let is_written_so = text.len() < LONG && !text.iter().any(|byte| b".e".contains(byte));
    let double = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok());
    match double {
        Some(double) if !is_written_so && f64::is_finite(double) => format!("{double:e}").into(),
        _ => text.to_vec(),
    }
}

/// The upper-case name of a command.
pub fn name(args: &[Bytes]) -> String {
    upper(args, 0)
}

fn millis(lag: Duration) -> i64 {
    i64::try_from(lag.as_millis()).unwrap_or(i64::MAX)
}

fn both_ints(pair: &Pair) -> Option<(i64, i64)> {
    match (pair.a, pair.b) {
        (Value::Int(a), Value::Int(b)) => Some((*a, *b)),
        _ => None,
    }
}

fn both_positive(pair: &Pair) -> bool {
    both_ints(pair).is_some_and(|(a, b)| a > 0 && b > 0)
}

/// Both are times to live, and near each other; -1 and -2 say something else and have to be the same.
fn close(pair: &Pair, tolerance: i64) -> bool {
    both_ints(pair).is_some_and(|(a, b)| a > 0 && b > 0 && a.abs_diff(b) <= tolerance as u64)
}

/// The bytes of a string; other replies have none, errors least of all.
pub fn text(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Simple(bytes) | Value::Bulk(bytes) => Some(bytes),
        Value::Verbatim(bytes) => bytes.strip_prefix(b"txt:"),
        _ => None,
    }
}

/// The elements of an array or a set.
pub fn items(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(items) | Value::Set(items) => Some(items),
        _ => None,
    }
}

/// The kind of the list and its elements in order.
pub fn sorted(value: &Value) -> Option<(bool, Vec<&Value>)> {
    let mut all: Vec<&Value> = items(value)?.iter().collect();
    all.sort();
    Some((matches!(value, Value::Set(_)), all))
}

fn holds(list: Option<&Value>, key: &Value) -> bool {
    list.and_then(items).is_some_and(|list| list.contains(key))
}

fn same_time(pair: &Pair) -> bool {
    let at_us = |value: &Value| -> Option<i64> {
        let [seconds, micros] = items(value)? else {
            return None;
        };
        let number = |value| std::str::from_utf8(text(value)?).ok()?.parse::<i64>().ok();
        let part = number(micros).filter(|part| (0..1_000_000).contains(part))?;
        Some(number(seconds)? * 1_000_000 + part)
    };
    match (at_us(pair.a), at_us(pair.b)) {
        (Some(a), Some(b)) => a.abs_diff(b) <= (millis(pair.lag) as u64 + 1) * 1000,
        _ => false,
    }
}

fn same_page(pair: &Pair) -> bool {
    let page = |value| match items(value)? {
        [cursor, keys] => Some((text(cursor)?, items(keys)?.iter().collect::<BTreeSet<_>>())),
        _ => None,
    };
    page(pair.a).is_some() && page(pair.a) == page(pair.b)
}

/// `name=value` words. What a session is must be the same; every field of the oracle's has to be there.
fn same_client(pair: &Pair) -> bool {
    const SESSION: &[&str] = &[
        "name", "flags", "db", "sub", "psub", "ssub", "multi", "cmd", "user", "redir", "resp",
    ];
    let fields = |value| {
        let line = std::str::from_utf8(text(value)?).ok()?;
        line.trim_end_matches('\n')
            .split(' ')
            .map(|word| word.split_once('='))
            .collect::<Option<Vec<_>>>()
    };
    let (Some(a), Some(b)) = (fields(pair.a), fields(pair.b)) else {
        return false;
    };
    let same_kind = std::mem::discriminant(pair.a) == std::mem::discriminant(pair.b);
    same_kind
        && b.iter().all(|(field, theirs)| {
            let ours = a.iter().find(|(name, _)| name == field);
            ours.is_some_and(|(_, ours)| ours == theirs || !SESSION.contains(field))
        })
}

/// The same fields in the same order with the same values, but for two.
fn same_greeting(pair: &Pair) -> bool {
    let fields = |value: &Value| -> Option<Vec<(Value, Value)>> {
        let fields: Vec<(Value, Value)> = match value {
            Value::Map(pairs) => pairs.clone(),
            Value::Array(items) => items
                .chunks(2)
                .map(|two| Some((two.first()?.clone(), two.get(1)?.clone())))
                .collect::<Option<_>>()?,
            _ => return None,
        };
        let blank = |(field, value): (Value, Value)| match (text(&field), &value) {
            (Some(b"version"), Value::Bulk(_)) | (Some(b"id"), Value::Int(1..)) => {
                (field, Value::Nil)
            }
            _ => (field, value),
        };
        Some(fields.into_iter().map(blank).collect())
    };
    let same_kind = std::mem::discriminant(pair.a) == std::mem::discriminant(pair.b);
    same_kind && fields(pair.a).is_some() && fields(pair.a) == fields(pair.b)
}

fn same_keyspace(pair: &Pair) -> bool {
    let lines = |value| -> Option<Vec<String>> {
        let all = std::str::from_utf8(text(value)?).ok()?;
        let before = |line: &str| match line.split_once(",avg_ttl=") {
            Some((start, number)) if number.parse::<i64>().is_ok() => format!("{start},avg_ttl="),
            _ => line.to_owned(),
        };
        Some(all.split("\r\n").map(before).collect())
    };
    let same_kind = std::mem::discriminant(pair.a) == std::mem::discriminant(pair.b);
    same_kind && lines(pair.a).is_some() && lines(pair.a) == lines(pair.b)
}

fn same_object(pair: &Pair) -> bool {
    const FREE: &[&str] = &["at", "serializedlength", "lru", "lru_seconds_idle"];
    let words = |value| -> Option<Vec<String>> {
        let line = std::str::from_utf8(text(value)?).ok()?;
        let blank = |word: &str| match word.split_once(':') {
            Some((field, _)) if FREE.contains(&field) => format!("{field}:"),
            _ => word.to_owned(),
        };
        // What a quicklist says of its chunks.
        let words = line.split(' ').filter(|word| !word.starts_with("ql_"));
        Some(words.map(blank).collect())
    };
    words(pair.a).is_some() && words(pair.a) == words(pair.b)
}

/// Name, arity, flags, first key, last key, step, categories.
fn same_command_info(pair: &Pair) -> bool {
    const COMPARED: usize = 7;
    let entry = |value: &Value| -> Option<Vec<Value>> {
        let fields = items(value)?.get(..COMPARED)?;
        let in_order = |field: &Value| match field {
            Value::Set(all) | Value::Array(all) => {
                let mut all = all.clone();
                all.sort();
                if matches!(field, Value::Set(_)) {
                    Value::Set(all)
                } else {
                    Value::Array(all)
                }
            }
            other => other.clone(),
        };
        Some(fields.iter().map(in_order).collect())
    };
    let entries = |value| {
        items(value)?
            .iter()
            .map(|one| Some(entry(one)))
            .collect::<Option<Vec<_>>>()
    };
    entries(pair.a).is_some() && entries(pair.a) == entries(pair.b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::differential::step::words;

    fn judge(command: &str, a: &Value, b: &Value) -> bool {
        judge_with(command, a, b, None)
    }

    fn judge_with(command: &str, a: &Value, b: &Value, next: Option<&Value>) -> bool {
        let lag = Duration::from_millis(5);
        agree(&Pair {
            request: &Request::new(words(command)),
            a,
            b,
            before_a: None,
            before_b: None,
            next_a: next,
            next_b: next,
            lag,
        })
    }

    fn list(texts: &[&str]) -> Value {
        Value::Array(texts.iter().map(Value::bulk).collect())
    }

    #[test]
    fn times_may_be_apart_by_the_lag_and_no_more() {
        let near = |command, a, b| judge(command, &Value::Int(a), &Value::Int(b));
        assert!(near("ttl k", 100, 101) && !near("TTL k", 100, 102));
        assert!(near("PTTL k", 100_000, 100_007) && !near("PTTL k", 100_000, 100_008));
        assert!(!near("TTL k", -1, -2) && !near("TTL k", 1, -1) && !near("STRLEN k", 1, 2));
        assert!(judge("TIME", &list(&["5", "999999"]), &list(&["6", "5"])));
        assert!(!judge(
            "TIME",
            &list(&["5", "999999"]),
            &list(&["6", "9000"])
        ));
        assert!(!judge("TIME", &list(&["5", "1000000"]), &list(&["6", "0"])));
    }

    #[test]
    fn lists_may_be_in_any_order_and_no_other() {
        assert!(judge("KEYS *", &list(&["a", "b"]), &list(&["b", "a"])));
        assert!(!judge("KEYS *", &list(&["a", "a"]), &list(&["a"])));
        assert!(!judge("MGET a b", &list(&["a", "b"]), &list(&["b", "a"])));
        let page =
            |cursor: &str, keys: &[&str]| Value::Array(vec![Value::bulk(cursor), list(keys)]);
        assert!(judge(
            "SCAN 0",
            &page("0", &["a", "b"]),
            &page("0", &["b", "a", "a"])
        ));
        assert!(!judge("SCAN 0", &page("0", &["a"]), &page("0", &["b"])));
        assert!(!judge("SCAN 0", &page("0", &["a"]), &page("2", &["a"])));
    }

    #[test]
    fn a_random_key_has_to_exist() {
        let keys = list(&["a", "b"]);
        assert!(judge_with(
            "RANDOMKEY",
            &Value::bulk("a"),
            &Value::bulk("b"),
            Some(&keys)
        ));
        assert!(!judge_with(
            "RANDOMKEY",
            &Value::bulk("c"),
            &Value::bulk("b"),
            Some(&keys)
        ));
        assert!(!judge_with(
            "RANDOMKEY",
            &Value::Nil,
            &Value::bulk("b"),
            Some(&keys)
        ));
    }

    #[test]
    fn errors_have_to_be_the_same_whatever_the_command() {
        let at = |address: &str| Value::error(&format!("ERR at:{address}"));
        assert!(!judge("DEBUG OBJECT k", &at("1"), &at("2")));
        assert!(!judge(
            "KEYS",
            &Value::error("ERR a"),
            &Value::error("ERR b")
        ));
        assert!(!judge("CLIENT ID", &Value::error("ERR a"), &Value::Int(1)));
    }

    #[test]
    fn sessions_have_to_be_the_same_and_connections_may_differ() {
        let line = |text: &str| Value::bulk(text);
        assert!(judge(
            "CLIENT INFO",
            &line("id=1 db=0 lib-name= resp=2\n"),
            &line("id=2 db=0 resp=2\n")
        ));
        assert!(!judge(
            "CLIENT INFO",
            &line("id=1 db=0 resp=2\n"),
            &line("id=2 db=1 resp=2\n")
        ));
        assert!(!judge(
            "CLIENT INFO",
            &line("id=1 resp=2\n"),
            &line("id=2 db=0 resp=2\n")
        ));
        let hello = |id, role: &str| {
            Value::Array(vec![
                Value::bulk("id"),
                Value::Int(id),
                Value::bulk("role"),
                Value::bulk(role),
            ])
        };
        assert!(judge("HELLO 2", &hello(1, "master"), &hello(2, "master")));
        assert!(!judge("HELLO 2", &hello(1, "master"), &hello(2, "slave")));
    }

    #[test]
    fn what_is_counted_has_to_be_the_same() {
        let line = |keys, ttl: &str| {
            Value::bulk(format!(
                "# Keyspace\r\ndb0:keys={keys},expires=1,avg_ttl={ttl}\r\n"
            ))
        };
        assert!(judge("INFO keyspace", &line(1, "5"), &line(1, "7")));
        assert!(!judge("INFO keyspace", &line(1, "5"), &line(2, "7")));
        assert!(!judge("INFO keyspace", &line(1, "x"), &line(1, "7")));
        let object = |at, encoding| {
            Value::simple(&format!(
                "Value at:{at} refcount:1 encoding:{encoding} lru:1"
            ))
        };
        assert!(judge(
            "DEBUG OBJECT k",
            &object("1", "raw"),
            &object("2", "raw")
        ));
        assert!(!judge(
            "DEBUG OBJECT k",
            &object("1", "raw"),
            &object("2", "int")
        ));
    }

    #[test]
    fn a_command_is_what_its_first_seven_fields_say() {
        let entry = |arity, flags: &[&str], tips: i64| {
            let flags = Value::Set(flags.iter().map(|flag| Value::simple(flag)).collect());
            let categories = Value::Set(vec![Value::simple("@read")]);
            let mut fields = vec![Value::bulk("get"), Value::Int(arity), flags];
            fields.extend([
                Value::Int(1),
                Value::Int(1),
                Value::Int(1),
                categories,
                Value::Int(tips),
            ]);
            Value::Array(vec![Value::Array(fields)])
        };
        assert!(judge(
            "COMMAND INFO get",
            &entry(2, &["fast", "readonly"], 1),
            &entry(2, &["readonly", "fast"], 2)
        ));
        assert!(!judge(
            "COMMAND INFO get",
            &entry(2, &["fast"], 1),
            &entry(2, &["readonly", "fast"], 1)
        ));
        assert!(!judge(
            "COMMAND INFO get",
            &entry(-2, &["fast"], 1),
            &entry(2, &["fast"], 1)
        ));
    }
}

//! What is done with keys whatever they hold: with each type, in its small form and in its large one.

mod common;

use std::collections::BTreeSet;

use common::client::{Conn, Value};
use common::{server, server_with};

/// The types and how `OBJECT ENCODING` calls them when they are small and when they are large.
const TYPES: &[(&str, &str, &str)] = &[
    ("string", "embstr", "raw"),
    ("list", "quicklist", "quicklist"),
    ("set", "hashtable", "hashtable"),
    ("hash", "listpack", "hashtable"),
    ("zset", "listpack", "skiplist"),
];

/// Elements of a small collection and of a large one.
const SIZES: &[usize] = &[3, 3000];

/// Elements that are sent with one command.
const AT_ONCE: usize = 500;

/// Makes a key of a type with so many elements.
fn fill(conn: &mut Conn, kind: &str, key: &str, len: usize) {
    conn.cmd(&["DEL", key]);
    if kind == "string" {
        conn.cmd(&["SET", key, &"v".repeat(len)]);
        return;
    }
    let numbers: Vec<usize> = (0..len).collect();
    for some in numbers.chunks(AT_ONCE) {
        let name = match kind {
            "list" => "RPUSH",
            "set" => "SADD",
            "hash" => "HSET",
            _ => "ZADD",
        };
        let mut words = vec![name.to_owned(), key.to_owned()];
        for n in some {
            match kind {
                "hash" => words.extend([format!("field:{n:08}"), format!("value:{n:08}")]),
                "zset" => words.extend([n.to_string(), format!("member:{n:08}")]),
                _ => words.push(format!("element:{n:08}")),
            }
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert!(!conn.cmd(&words).is_error(), "{name}");
    }
}

/// Changes a key of a type a little.
fn change(conn: &mut Conn, kind: &str, key: &str) {
    let changed = match kind {
        "string" => conn.cmd(&["APPEND", key, "!"]),
        "list" => conn.cmd(&["LSET", key, "1", "changed"]),
        "set" => conn.cmd(&["SREM", key, "element:00000001"]),
        "hash" => conn.cmd(&["HSET", key, "field:00000001", "changed"]),
        _ => conn.cmd(&["ZINCRBY", key, "0.5", "member:00000001"]),
    };
    assert!(!changed.is_error(), "{kind}: {changed:?}");
}

/// All that is in a key: in its order, where it has one.
fn content(conn: &mut Conn, kind: &str, key: &str) -> Vec<String> {
    let texts = |value: Value| value.items().iter().map(Value::text).collect();
    match kind {
        "string" => vec![conn.cmd(&["GET", key]).text()],
        "list" => texts(conn.cmd(&["LRANGE", key, "0", "-1"])),
        "set" => conn.cmd(&["SMEMBERS", key]).sorted_texts(),
        "hash" => {
            let all = conn.cmd(&["HGETALL", key]);
            let pairs = all.items().chunks(2);
            let mut pairs: Vec<String> = pairs
                .map(|pair| format!("{}={}", pair[0].text(), pair[1].text()))
                .collect();
            pairs.sort();
            pairs
        }
        _ => texts(conn.cmd(&["ZRANGE", key, "0", "-1", "WITHSCORES"])),
    }
}

/// Runs a check with each type in each size: with a key `k` that is of it, and what is in it.
fn with_each(check: impl Fn(&mut Conn, &str, &[String])) {
    let target = server();
    let mut conn = target.connect();
    for (kind, small, large) in TYPES {
        for len in SIZES {
            conn.cmd(&["FLUSHALL"]);
            fill(&mut conn, kind, "k", *len);
            let encoding = conn.cmd(&["OBJECT", "ENCODING", "k"]).text();
            assert_eq!(encoding, *if *len == SIZES[0] { small } else { large });
            let before = content(&mut conn, kind, "k");
            check(&mut conn, kind, &before);
        }
    }
}

#[test]
fn a_copy_is_a_copy_of_its_own() {
    with_each(|conn, kind, before| {
        conn.transcript(
            r#"
                EXPIRE k 100       => :1
                COPY k copy        => :1
                TTL copy           => :99..100
                COPY k copy        => :0
                COPY k other DB 1  => :1
            "#,
        );
        change(conn, kind, "k");
        let after = content(conn, kind, "k");
        assert_ne!(after, before, "{kind}");
        assert_eq!(content(conn, kind, "copy"), before, "{kind}");
        change(conn, kind, "copy");
        assert_eq!(content(conn, kind, "copy"), after, "{kind}");
        conn.transcript("DEL k => :1\nCOPY copy k => :1\nDEL copy => :1\nSELECT 1");
        assert_eq!(content(conn, kind, "other"), before, "{kind}");
        conn.transcript("SELECT 0");
        assert_eq!(content(conn, kind, "k"), after, "{kind}");
    });
}

#[test]
fn a_key_moves_with_all_that_is_in_it() {
    with_each(|conn, kind, before| {
        let encoding = conn.cmd(&["OBJECT", "ENCODING", "k"]);
        conn.transcript(
            r#"
                EXPIRE k 100            => :1
                SET there x             => +OK
                RENAME k there          => +OK
                EXISTS k                => :0
                TTL there               => :99..100
                PERSIST there           => :1
                RENAMENX there k        => :1
                MOVE k 3                => :1
                EXISTS k                => :0
                SWAPDB 0 3              => +OK
            "#,
        );
        assert_eq!(conn.cmd(&["TYPE", "k"]), Value::simple(kind));
        assert_eq!(conn.cmd(&["OBJECT", "ENCODING", "k"]), encoding);
        assert_eq!(content(conn, kind, "k"), before, "{kind}");
        change(conn, kind, "k");
        assert_ne!(content(conn, kind, "k"), before, "{kind}");
        conn.transcript("FLUSHDB => +OK\nDBSIZE => :0\nEXISTS k => :0");
    });
}

#[test]
fn a_key_goes_with_all_that_is_in_it() {
    with_each(|conn, kind, before| {
        conn.transcript(
            r#"
                COPY k a         => :1
                COPY k b         => :1
                COPY k c         => :1
                COPY k d         => :1
                DEL a            => :1
                UNLINK b         => :1
                PEXPIRE c 1      => :1
                SET d string     => +OK
                GET d            => "string"
                TYPE d           => +string
                EXISTS a b       => :0
                SET k2 v GET     => nil
            "#,
        );
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while conn.cmd(&["EXISTS", "c"]).int() > 0 {
            assert!(std::time::Instant::now() < deadline, "{kind}: c stays");
        }
        let others: &[&[&str]] = &[
            &["GET", "k"],
            &["LLEN", "k"],
            &["SCARD", "k"],
            &["HLEN", "k"],
            &["ZCARD", "k"],
        ];
        let refused = others.iter().filter(|ask| {
            let refused = "WRONGTYPE Operation against a key holding the wrong kind of value";
            conn.cmd(ask) == Value::error(refused)
        });
        assert_eq!(refused.count(), others.len() - 1, "{kind}");
        assert_eq!(content(conn, kind, "k"), before, "{kind}");
        conn.transcript("MSET k v => +OK\nGET k => \"v\"\nTYPE k => +string");
    });
}

#[test]
fn what_is_told_of_a_key() {
    with_each(|conn, kind, before| {
        let len: usize = before.iter().map(String::len).sum();
        conn.transcript(
            r#"
                OBJECT REFCOUNT k => :1
                OBJECT IDLETIME k => :0..5
                OBJECT FREQ k     => -ERR An LFU maxmemory policy...
                TOUCH k           => :1
            "#,
        );
        assert_eq!(conn.cmd(&["TYPE", "k"]), Value::simple(kind));
        let samples = |n: &'static str| ["MEMORY", "USAGE", "k", "SAMPLES", n];
        let all = conn.cmd(&samples("0")).int();
        let some = conn.cmd(&["MEMORY", "USAGE", "k"]).int();
        for bytes in [all, some, conn.cmd(&samples("1000")).int()] {
            // Scores and lengths are shorter in memory than in text, hashes and places take some.
            let least = len as i64 / 2;
            let most = 60 * before.len() as i64 + 3 * len as i64 + 400;
            assert!((least..most).contains(&bytes), "{kind} {len}: {bytes}");
        }
    });
}

#[test]
fn debug_object_tells_how_much_there_is() {
    let Some(target) = server_with(&[("enable-debug-command", "yes")]) else {
        return;
    };
    let mut conn = target.connect();
    for (kind, ..) in TYPES {
        fill(&mut conn, kind, "k", 3);
        let serialized_len = |conn: &mut Conn| {
            let told = conn.cmd(&["DEBUG", "OBJECT", "k"]).text();
            let len = told.split(" serializedlength:").nth(1);
            let len = len.and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
            len.unwrap_or_else(|| panic!("{kind}: {told}"))
        };
        let (few, is_string) = (serialized_len(&mut conn), *kind == "string");
        assert!(
            (if is_string { 4 } else { 30 }..150).contains(&few),
            "{kind}: {few}"
        );
        fill(&mut conn, kind, "k", 200);
        let many = serialized_len(&mut conn);
        // Redis compresses what it writes.
        assert!(many > 3 * few, "{kind}: {few}, {many}");
    }
}

#[test]
fn scan_finds_the_types() {
    let target = server();
    let mut conn = target.connect();
    for (kind, ..) in TYPES {
        for len in SIZES {
            for n in 0..20 {
                fill(
                    &mut conn,
                    kind,
                    &format!("{kind}:{len}:{n}"),
                    len.min(&600) + n,
                );
            }
        }
    }
    for (kind, ..) in TYPES {
        let mut found = BTreeSet::new();
        let mut cursor = "0".to_owned();
        loop {
            let page = conn.cmd(&["SCAN", &cursor, "TYPE", kind, "COUNT", "7"]);
            found.extend(page.items()[1].items().iter().map(Value::text));
            cursor = page.items()[0].text();
            if cursor == "0" {
                break;
            }
        }
        assert_eq!(found.len(), 2 * 20, "{kind}");
        assert!(found.iter().all(|key| key.starts_with(kind)), "{found:?}");
    }
}

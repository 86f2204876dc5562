//! What MEMORY USAGE says of large collections, beside what the allocator has given for them.
//!
//! The server is in this process, which therefore has its allocator: only that one knows what is used. One test alone,
//! since whatever else goes on would be measured too.

mod common;

use common::{Conn, server};
use std::thread::sleep;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Elements of each collection: so many that what the allocator keeps at hand, which counts as used, is little beside them.
const ELEMENTS: usize = 100_000;

/// Elements that are sent with one command.
const AT_ONCE: usize = 500;

/// Bytes that are in use.
fn used(conn: &mut Conn) -> f64 {
    let info = conn.cmd(&["INFO", "memory"]).text();
    let mut lines = info.lines();
    let text = lines.find_map(|line| line.strip_prefix("used_memory:"));
    let bytes = text.and_then(|text| text.trim().parse().ok());
    bytes.expect("INFO tells it")
}

/// The same when nothing more is freed: a large collection is freed in slices.
fn settled(conn: &mut Conn) -> f64 {
    const QUIET: Duration = Duration::from_millis(100);
    let mut last = used(conn);
    for _ in 0..100 {
        sleep(QUIET);
        let now = used(conn);
        if (now - last).abs() < 1000.0 {
            return now;
        }
        last = now;
    }
    panic!("the server frees and frees");
}

/// Makes a key `k` of so many elements with a command for each; `element` gives its arguments.
fn fill(conn: &mut Conn, name: &str, element: fn(usize) -> Vec<String>, len: usize) {
    let numbers: Vec<usize> = (0..len).collect();
    for some in numbers.chunks(AT_ONCE) {
        let mut words = vec![name.to_owned(), "k".to_owned()];
        words.extend(some.iter().flat_map(|n| element(*n)));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert!(!conn.cmd(&words).is_error(), "{name}");
    }
}

#[test]
fn memory_usage_is_what_memory_is_used() {
    type Made = (&'static str, fn(usize) -> Vec<String>);
    const MADE: &[Made] = &[
        ("RPUSH", |n| {
            vec![format!("an element of a list that is some words long:{n}")]
        }),
        ("SADD", |n| vec![format!("element:{n}")]),
        ("SADD", |n| {
            vec![format!("a member too long for its place in a table:{n}")]
        }),
        ("HSET", |n| vec![format!("field:{n}"), format!("value:{n}")]),
        ("ZADD", |n| vec![n.to_string(), format!("member:{n}")]),
    ];
    let target = server();
    let mut conn = target.connect();
    for (name, element) in MADE {
        // What the connection needs is there before.
        fill(&mut conn, name, *element, AT_ONCE);
        conn.cmd(&["DEL", "k"]);
        let before = settled(&mut conn);
        fill(&mut conn, name, *element, ELEMENTS);
        let taken = used(&mut conn) - before;
        let told = conn.cmd(&["MEMORY", "USAGE", "k"]).int() as f64;
        let ratio = told / taken;
        assert!((0.75..1.33).contains(&ratio), "{name}: {told} of {taken}");
        conn.cmd(&["DEL", "k"]);
    }
}

use super::*;
use crate::command::testing::{engine, pass_ms, run};
use crate::engine::Engine;
use crate::store::keyspace::Deadline;

const SYNTAX: &str = "-ERR syntax error\r\n";

const MIB: u64 = 1024 * 1024;

fn set(engine: &mut Engine, db: usize, key: &str, value: &str) {
    let mut db = engine.db(db);
    db.set_string(key.as_bytes(), value.as_bytes(), Deadline::Never, "set");
}

#[test]
fn memory_usage_grows_with_the_value() {
    let (mut engine, id) = engine();
    set(&mut engine, 0, "small", "v");
    set(&mut engine, 0, "big", &"x".repeat(100_000));
    let mut usage = |args: &[&str]| run(&mut engine, id, &[&["MEMORY", "USAGE"], args].concat());
    assert_eq!(usage(&["small"]), format!(":{SLOT_BYTES}\r\n"));
    let big = usage(&["big", "samples", "0", "SAMPLES", "5"]);
    let bytes: usize = big[1..].trim_end().parse().expect("an integer");
    assert!((100_000..101_000).contains(&bytes), "{bytes}");
    assert_eq!(usage(&["missing"]), "$-1\r\n");
    assert_eq!(usage(&["missing", "FOO", "1"]), SYNTAX);
    assert_eq!(usage(&["small", "SAMPLES"]), SYNTAX);
    assert_eq!(usage(&["small", "SAMPLES", "-1"]), SYNTAX);
    let refused = "-ERR value is not an integer or out of range\r\n";
    assert_eq!(usage(&["small", "SAMPLES", "x"]), refused);
}

#[test]
fn memory_usage_finds_no_key_that_is_due() {
    let (mut engine, id) = engine();
    let at_ms = engine.clock.unix_ms() + 10;
    engine
        .db(0)
        .set_string(b"k", b"v", Deadline::At(at_ms), "set");
    pass_ms(&mut engine, 10);
    assert_eq!(run(&mut engine, id, &["MEMORY", "USAGE", "k"]), "$-1\r\n");
    assert_eq!(engine.stats.keys.misses, 0);
}

#[test]
fn stats_tell_what_was_counted() {
    let (mut engine, id) = engine();
    engine.host.usage = || Usage {
        allocated: 8 * MIB,
        active: 12 * MIB,
        resident: 16 * MIB,
        rss: 24 * MIB,
        ..Usage::default()
    };
    engine.host.allocated_at_start = MIB;
    set(&mut engine, 0, "a", "1");
    set(&mut engine, 1, "b", "2");
    let reply = run(&mut engine, id, &["MEMORY", "STATS"]);
    assert!(
        reply.starts_with("*58\r\n$14\r\npeak.allocated\r\n:8388608\r\n"),
        "{reply}"
    );
    let after = |name: &str| {
        let head = format!("${}\r\n{name}\r\n", name.len());
        let (_, rest) = reply
            .split_once(&head)
            .unwrap_or_else(|| panic!("{name}: {reply}"));
        rest.split("\r\n").next().unwrap_or("").to_owned()
    };
    assert_eq!(after("startup.allocated"), ":1048576");
    assert_eq!(after("db.0"), "*6");
    assert_eq!(after("db.1"), "*6");
    assert_eq!(after("keys.count"), ":2");
    assert_eq!(after("keys.bytes-per-key"), format!(":{}", 7 * MIB / 2));
    assert_eq!(
        after("allocator-fragmentation.bytes"),
        format!(":{}", 4 * MIB)
    );
    assert!(
        reply.contains("$13\r\nfragmentation\r\n$1\r\n3\r\n"),
        "{reply}"
    );
    let number = |name: &str| after(name)[1..].parse::<u64>().expect("a number");
    let (overhead, dataset) = (number("overhead.total"), number("dataset.bytes"));
    assert_eq!(overhead + dataset, 8 * MIB);
    let parts = MIB + number("clients.normal") + 2 * number("overhead.hashtable.main");
    assert_eq!(overhead, parts, "each database has one key");
}

#[test]
fn the_doctor_looks_at_each_ratio() {
    let healthy = Overview {
        usage: Usage {
            allocated: 100 * MIB,
            active: 101 * MIB,
            resident: 102 * MIB,
            rss: 103 * MIB,
            ..Usage::default()
        },
        peak: 110 * MIB,
        ..Overview::default()
    };
    let heads = |overview: Overview, clients| {
        let text = doctor::report(&overview, clients);
        let heads = text.lines().filter_map(|line| line.strip_prefix(" * "));
        let head = |line: &str| line.split(':').next().unwrap_or("").to_owned();
        heads.map(head).collect::<Vec<String>>()
    };
    let report = doctor::report(&healthy, 1);
    assert!(report.starts_with("Hi Sam, I can't find any"), "{report}");
    let found = heads(
        Overview {
            peak: 151 * MIB,
            ..healthy
        },
        1,
    );
    assert_eq!(found, ["Peak memory"]);
    let clients = 201 * 1024 * 10;
    let found = heads(Overview { clients, ..healthy }, 10);
    assert_eq!(found, ["Big client buffers"]);
    assert_eq!(heads(Overview { clients, ..healthy }, 11).len(), 0);
    let mut ill = healthy;
    ill.usage.active = 120 * MIB;
    ill.usage.resident = 140 * MIB;
    ill.usage.rss = 170 * MIB;
    assert_eq!(
        heads(ill, 1),
        [
            "High total RSS",
            "High allocator fragmentation",
            "High allocator RSS overhead",
            "High process RSS overhead"
        ]
    );
    let small = Overview::default();
    assert!(doctor::report(&small, 1).starts_with("Hi Sam, this instance is empty"));
}

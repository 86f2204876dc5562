use super::*;
use crate::command::testing::{engine, run};
use crate::engine::stats::Usage;
use crate::engine::turns::Turn;
use crate::engine::{Engine, SessionId};
use crate::store::keyspace::Deadline;

fn ask(engine: &mut Engine, id: SessionId, sections: &[&str]) -> String {
    let reply = run(engine, id, &[&["INFO"], sections].concat());
    let (_, text) = reply.split_once("\r\n").expect("a bulk string");
    let text = text.strip_suffix("\r\n").expect("its end");
    text.to_owned()
}

fn titles(text: &str) -> Vec<&str> {
    let lines = text.lines();
    lines.filter_map(|line| line.strip_prefix("# ")).collect()
}

fn field<'a>(text: &'a str, name: &str) -> &'a str {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|line| line.0 == name).map_or("?", |line| line.1)
}

#[test]
fn sections_come_once_and_in_their_order() {
    let (mut engine, id) = engine();
    let mut all: Vec<&str> = SECTIONS.iter().map(|section| section.title).collect();
    all.retain(|title| *title != "Loop");
    let mut some = all.clone();
    some.retain(|title| !["Commandstats", "Latencystats"].contains(title));
    for (asked, expected) in [
        (&[][..], &some),
        (&["DEFAULT"], &some),
        (&["all"], &all),
        (&["nosuch", "Everything"], &all),
        (&["latencystats", "default", "commandstats"], &all),
        (&["cpu", "server", "cpu"], &vec!["Server", "CPU"]),
        (&["", "nosuch"], &vec![]),
    ] {
        let text = ask(&mut engine, id, asked);
        assert_eq!(&titles(&text), expected, "{asked:?}");
    }
    assert_eq!(ask(&mut engine, id, &["nosuch"]), "");
    assert_eq!(ask(&mut engine, id, &["modules"]), "# Modules\r\n");
    let two = ask(&mut engine, id, &["modules", "cluster"]);
    assert_eq!(two, "# Modules\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n");
}

#[test]
fn no_field_stands_twice() {
    let (mut engine, id) = engine();
    let text = ask(&mut engine, id, &["everything"]);
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split(':').next())
        .collect();
    names.retain(|name| !name.is_empty());
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn commands_and_errors_are_counted() {
    let (mut engine, id) = engine();
    engine.host.stopwatch_ns = Box::new(|| 0);
    run(&mut engine, id, &["PING"]);
    run(&mut engine, id, &["SELECT", "x"]);
    run(&mut engine, id, &["SELECT"]);
    run(&mut engine, id, &["CLIENT", "ID"]);
    run(&mut engine, id, &["AUTH", "a", "b"]);
    let text = ask(
        &mut engine,
        id,
        &["commandstats", "errorstats", "latencystats"],
    );
    let zero = "usec=0,usec_per_call=0.00";
    for (name, value) in [
        (
            "cmdstat_ping",
            format!("calls=1,{zero},rejected_calls=0,failed_calls=0"),
        ),
        (
            "cmdstat_select",
            format!("calls=1,{zero},rejected_calls=1,failed_calls=1"),
        ),
        (
            "cmdstat_client|id",
            format!("calls=1,{zero},rejected_calls=0,failed_calls=0"),
        ),
        ("cmdstat_client", "?".to_owned()),
        ("errorstat_ERR", "count=2".to_owned()),
        ("errorstat_WRONGPASS", "count=1".to_owned()),
        (
            "latency_percentiles_usec_ping",
            "p50=0.000,p99=0.000,p99.9=0.000".to_owned(),
        ),
        ("latency_percentiles_usec_info", "?".to_owned()),
    ] {
        assert_eq!(field(&text, name), value, "{name}");
    }
    let stats = ask(&mut engine, id, &["stats"]);
    assert_eq!(field(&stats, "total_error_replies"), "3");
    assert_eq!(field(&stats, "total_commands_processed"), "5");
}

#[test]
fn latencies_are_in_microseconds() {
    let (mut engine, id) = engine();
    let ping = crate::command::table::find(b"PING").map(|ping| ping.number.into());
    let ping = ping.expect("PING is a command");
    let stats = engine.stats.command(ping);
    (stats.calls, stats.ns) = (4, 10_500);
    stats.latency_ns.record(7007);
    let text = ask(&mut engine, id, &["commandstats", "latencystats"]);
    let calls = "calls=4,usec=10,usec_per_call=2.50,rejected_calls=0,failed_calls=0";
    assert_eq!(field(&text, "cmdstat_ping"), calls);
    let latency = "p50=7.007,p99=7.007,p99.9=7.007";
    assert_eq!(field(&text, "latency_percentiles_usec_ping"), latency);
}

#[test]
fn keyspace_lists_the_databases_with_keys() {
    let (mut engine, id) = engine();
    let at_ms = engine.clock.unix_ms() + 5000;
    engine.db(0).set_string(b"a", b"1", Deadline::Never, "set");
    engine
        .db(0)
        .set_string(b"b", b"1", Deadline::At(at_ms), "set");
    engine.db(3).set_string(b"c", b"1", Deadline::Never, "set");
    assert_eq!(
        ask(&mut engine, id, &["keyspace"]),
        "# Keyspace\r\ndb0:keys=2,expires=1,avg_ttl=5000\r\ndb3:keys=1,expires=0,avg_ttl=0\r\n"
    );
}

#[test]
fn memory_figures_fit_together() {
    let (mut engine, id) = engine();
    engine.host.usage = || Usage {
        allocated: 1000 << 10,
        active: 1500 << 10,
        resident: 3000 << 10,
        rss: 4000 << 10,
        total_memory: 8 << 30,
        ..Usage::default()
    };
    engine.host.allocated_at_start = 600 << 10;
    engine.stats.peak_allocated = 2000 << 10;
    let text = ask(&mut engine, id, &["memory"]);
    for (name, value) in [
        ("used_memory", "1024000"),
        ("used_memory_human", "1000.00K"),
        ("used_memory_peak_human", "1.95M"),
        ("used_memory_peak_perc", "50.00%"),
        ("total_system_memory_human", "8.00G"),
        ("allocator_frag_ratio", "1.50"),
        ("allocator_frag_bytes", "512000"),
        ("allocator_rss_ratio", "2.00"),
        ("rss_overhead_ratio", "1.33"),
        ("mem_fragmentation_ratio", "4.00"),
        ("mem_fragmentation_bytes", "3072000"),
    ] {
        assert_eq!(field(&text, name), value, "{name}");
    }
    let number = |name| field(&text, name).parse::<u64>().expect("a number");
    assert_eq!(
        number("used_memory_overhead") + number("used_memory_dataset"),
        number("used_memory")
    );
    assert!(number("mem_clients_normal") > 0);
}

#[test]
fn the_server_and_its_loop_tell_what_they_were_told() {
    let (mut engine, id) = engine();
    let now_s = engine.clock.unix_s();
    engine.host.started_s = now_s - 2 * 24 * 3600 - 1;
    engine.host.port = 7000;
    for n in 1..=12 {
        engine.stats.event_loop.count(Turn {
            slept_ns: 2_000_000,
            busy_ns: if n == 5 { 345_000 } else { 3000 },
            commands: 0,
        });
    }
    engine.stats.expiry_lateness_ms.record(1);
    engine.stats.expiry_lateness_ms.record(3);
    let text = ask(&mut engine, id, &["server", "stats"]);
    for (name, value) in [
        ("redis_version", "7.0.15"),
        ("aerolite_version", env!("CARGO_PKG_VERSION")),
        ("uptime_in_days", "2"),
        ("uptime_in_seconds", "172801"),
        ("tcp_port", "7000"),
        ("hz", "10"),
        ("eventloop_cycles", "12"),
        ("eventloop_duration_max", "345"),
        ("expiry_lateness_ms_p50", "1"),
        ("expiry_lateness_ms_p99", "3"),
        ("expiry_lateness_ms_max", "3"),
    ] {
        assert_eq!(field(&text, name), value, "{name}");
    }
    let text = ask(&mut engine, id, &["loop"]);
    assert_eq!(field(&text, "turn_usec_max"), "345");
    assert_eq!(field(&text, "queue_delay_usec_p50"), "0");
    let picture: Vec<_> = text.lines().filter(|line| line.contains("==")).collect();
    assert_eq!(picture.len(), 12);
    let fifth = "#          5    2.0 ms    345 us        0  ...........=========";
    assert_eq!(picture[4], fifth);
}

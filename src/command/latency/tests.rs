use super::*;
use crate::command::testing::{engine, pass_ms, run};
use crate::engine::latency::Sample;
use crate::engine::{Engine, SessionId};

/// Events of these milliseconds, a second apart, the last one just now.
fn events(samples: &[u64]) -> (Engine, SessionId) {
    let (mut engine, id) = engine();
    for &ms in samples {
        pass_ms(&mut engine, 1000);
        let unix_s = engine.clock.unix_s();
        engine.latency.add("command", Sample { unix_s, ms });
    }
    (engine, id)
}

fn text(reply: &str) -> &str {
    let (_, text) = reply.split_once("\r\n").expect("a bulk string");
    text.strip_suffix("\r\n").expect("its end")
}

#[test]
fn only_what_is_long_enough_is_noted() {
    let (mut engine, id) = engine();
    engine.note_latency("command", 5_000_000_000);
    assert_eq!(engine.latency.iter().len(), 0, "it is switched off");
    run(
        &mut engine,
        id,
        &["CONFIG", "SET", "latency-monitor-threshold", "5"],
    );
    engine.note_latency("command", 4_999_999);
    assert_eq!(engine.latency.iter().len(), 0);
    engine.note_latency("command", 5_999_999);
    assert_eq!(
        run(&mut engine, id, &["LATENCY", "LATEST"]),
        "*1\r\n*4\r\n$7\r\ncommand\r\n:1700000000\r\n:5\r\n:5\r\n"
    );
}

#[test]
fn events_are_told_and_forgotten() {
    let (mut engine, id) = events(&[5, 300, 20]);
    assert_eq!(
        run(&mut engine, id, &["LATENCY", "LATEST"]),
        "*1\r\n*4\r\n$7\r\ncommand\r\n:1700000003\r\n:20\r\n:300\r\n"
    );
    assert_eq!(
        run(&mut engine, id, &["LATENCY", "HISTORY", "command"]),
        "*3\r\n*2\r\n:1700000001\r\n:5\r\n*2\r\n:1700000002\r\n:300\r\n*2\r\n:1700000003\r\n:20\r\n"
    );
    assert_eq!(
        run(&mut engine, id, &["LATENCY", "HISTORY", "COMMAND"]),
        "*0\r\n"
    );
    let reset = run(
        &mut engine,
        id,
        &["LATENCY", "RESET", "x", "command", "command"],
    );
    assert_eq!(reset, ":1\r\n");
    assert_eq!(run(&mut engine, id, &["LATENCY", "RESET"]), ":0\r\n");
}

/// The picture is the one that redis-server 7.0.15 drew of the same events.
#[test]
fn a_graph_is_redis_own() {
    let (mut engine, id) = events(&[5, 10, 20, 300]);
    pass_ms(&mut engine, 2000);
    let picture = run(&mut engine, id, &["LATENCY", "GRAPH", "command"]);
    let dashes = "-".repeat(80);
    assert_eq!(
        text(&picture),
        format!(
            "command - high 300 ms, low 5 ms (all time high 300 ms)\n{dashes}\n   #\n   |\n   |\n\
             ___|\n    \n5432\nssss\n"
        )
    );
    let missing = run(&mut engine, id, &["LATENCY", "GRAPH", "x"]);
    assert_eq!(missing, "-ERR No samples available for event 'x'\r\n");
}

#[test]
fn a_graph_has_all_levels_and_breaks_after_eighty() {
    let (mut engine, id) = events(&(0..12).collect::<Vec<u64>>());
    let picture = run(&mut engine, id, &["LATENCY", "GRAPH", "command"]);
    let rows: Vec<&str> = text(&picture).lines().skip(2).take(4).collect();
    let expected = [
        "         _o#",
        "      _o#|||",
        "   _o#||||||",
        "_o#|||||||||",
    ];
    assert_eq!(rows, expected);
    let (mut engine, id) = events(&[1; 81]);
    pass_ms(&mut engine, 3_700_000);
    let picture = run(&mut engine, id, &["LATENCY", "GRAPH", "command"]);
    let lines: Vec<&str> = text(&picture).lines().collect();
    assert_eq!(lines[2], " ".repeat(80));
    assert_eq!(lines[5], "_".repeat(80));
    assert_eq!((lines[7], lines[8]), (&*"1".repeat(80), &*"h".repeat(80)));
    assert_eq!(lines[9..], ["", " ", " ", " ", "_", " ", "1", "h"]);
}

#[test]
fn the_doctor_knows_three_moods() {
    let (mut engine, id) = engine();
    let ask = |engine: &mut Engine| run(engine, id, &["LATENCY", "DOCTOR"]);
    assert!(text(&ask(&mut engine)).starts_with("I'm sorry, Dave, I can't do that."));
    run(
        &mut engine,
        id,
        &["CONFIG", "SET", "latency-monitor-threshold", "1"],
    );
    assert!(text(&ask(&mut engine)).starts_with("Dave, no latency spike was observed"));
    let (mut engine, id) = events(&[5, 10, 20, 300]);
    pass_ms(&mut engine, 2000);
    let report = run(&mut engine, id, &["LATENCY", "DOCTOR"]);
    let lines: Vec<&str> = text(&report).lines().collect();
    assert!(lines[0].starts_with("Dave, I have observed latency spikes"));
    assert_eq!(
        lines[2],
        "1. command: 4 latency spikes (average 83ms, mean deviation 107ms, period 1.25 sec). \
         Worst all time event 300ms."
    );
    assert_eq!(lines[4], "I have a few advices for you:");
    assert!(lines[6].starts_with("- The slow log keeps only"));
}

#[test]
fn histograms_count_up_to_powers_of_two() {
    let (mut engine, id) = engine();
    let get = table::find(b"GET").expect("it is there").number;
    for ns in [500, 1023, 3000, 100_000, 2_000_000_000] {
        let stats = engine.stats.command(get.into());
        stats.latency_ns.record(ns);
    }
    let expected = "$3\r\nget\r\n*4\r\n$5\r\ncalls\r\n:5\r\n$14\r\nhistogram_usec\r\n*8\r\n\
         :1\r\n:2\r\n:4\r\n:3\r\n:132\r\n:4\r\n:1073741\r\n:5\r\n";
    for words in [
        &["LATENCY", "HISTOGRAM"][..],
        &[
            "LATENCY",
            "HISTOGRAM",
            "nosuch",
            "Get",
            "set",
            "config|nosuch",
            "get|x",
        ],
    ] {
        let (mut other, id) = crate::command::testing::engine();
        std::mem::swap(&mut other.stats, &mut engine.stats);
        let reply = run(&mut other, id, words);
        assert_eq!(reply, format!("*2\r\n{expected}"), "{words:?}");
        std::mem::swap(&mut other.stats, &mut engine.stats);
    }
    run(&mut engine, id, &["CONFIG", "GET", "port"]);
    for name in ["config", "CONFIG|get"] {
        let reply = run(&mut engine, id, &["LATENCY", "HISTOGRAM", name]);
        assert!(
            reply.starts_with("*2\r\n$10\r\nconfig|get\r\n"),
            "{name}: {reply}"
        );
    }
}

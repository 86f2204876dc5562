//! The bench of lists, hashes, sets and sorted sets, run with very little of everything: it measures all that the page
//! has a line for, and writes it as the generator of the page reads it.

#[path = "../benches/end_to_end/client.rs"]
#[allow(dead_code)]
mod client;
#[path = "../benches/end_to_end/collections/mod.rs"]
#[allow(dead_code)]
mod collections;
#[path = "../benches/end_to_end/load.rs"]
#[allow(dead_code)]
mod load;
#[path = "../benches/end_to_end/metrics.rs"]
#[allow(dead_code)]
mod metrics;
#[path = "../benches/end_to_end/pinger.rs"]
#[allow(dead_code)]
mod pinger;
#[path = "../benches/end_to_end/process.rs"]
#[allow(dead_code)]
mod process;
#[path = "../benches/end_to_end/samples.rs"]
#[allow(dead_code)]
mod samples;
#[path = "../benches/end_to_end/side_by_side.rs"]
#[allow(dead_code)]
mod side_by_side;

use collections::Extent;
use collections::cases::{
    BENCHMARK, BENCHMARK_AT, CPU_NS, Event, Kind, LONGEST_PAGE, ON_LARGE, ON_LARGE_AT, PAGES,
    PING_MAX, PING_P999, RSS, SIZES, USED,
};
use serde_json::Value;

/// Everything that has to be in a run: measure, case and metric.
fn wanted() -> Vec<(&'static str, &'static str, &'static str)> {
    let mut wanted = Vec::new();
    if process::is_installed("redis-benchmark") {
        for (measure, _) in BENCHMARK_AT {
            wanted.extend(BENCHMARK.map(|(case, _)| (measure, case, CPU_NS)));
        }
    }
    for (measure, _) in ON_LARGE_AT {
        wanted.extend(ON_LARGE.map(|case| (measure, case, CPU_NS)));
    }
    for (measure, _) in SIZES {
        wanted.extend(Kind::ALL.map(|kind| (measure, kind.name(), RSS)));
        wanted.extend(Kind::ALL.map(|kind| (measure, kind.name(), USED)));
    }
    for measure in Event::ALL.map(Event::measure) {
        wanted.extend(Kind::TYPES.map(|kind| (measure, kind.name(), PING_P999)));
        wanted.extend(Kind::TYPES.map(|kind| (measure, kind.name(), PING_MAX)));
    }
    wanted.extend(Kind::SCANNED.map(|kind| (PAGES, kind.name(), LONGEST_PAGE)));
    wanted
}

#[test]
fn a_short_run_has_a_sample_of_everything() {
    let folder = tempfile::tempdir().expect("there is room for a file");
    let file = folder.path().join("collections.json");
    collections::sample(&file, Extent::QUICK).expect("the bench runs");
    let text = std::fs::read_to_string(&file).expect("the bench wrote the file");
    let run: Value = serde_json::from_str(&text).expect("it is JSON");
    let servers = if process::is_installed("redis-server") {
        vec!["aero", "redis"]
    } else {
        vec!["aero"]
    };
    assert_eq!(run["servers"], serde_json::json!(servers));
    assert_eq!(run["args"]["only"], "collections");
    let samples = run["samples"].as_array().expect("there are samples");
    for (measure, case, metric) in wanted() {
        for server in &servers {
            let is_it = |sample: &&Value| {
                sample["measure"] == measure
                    && sample["case"] == case
                    && sample["server"] == *server
            };
            let found: Vec<f64> = samples
                .iter()
                .filter(is_it)
                .filter_map(|sample| sample[metric].as_f64())
                .collect();
            let [value] = found[..] else {
                panic!("{measure}, {case}, {server}, {metric}: {found:?}");
            };
            // A few thousand elements may fit into what the server had before.
            let may_be_nothing = metric == RSS || metric == USED;
            assert!(
                value > 0.0 || may_be_nothing,
                "{measure}, {case}, {server}, {metric}: {value}"
            );
        }
    }
}

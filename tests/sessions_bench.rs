//! The bench of sessions, run with very little of everything: it measures all that the page has a line for, and writes
//! it as the generator of the page reads it.

#[path = "../benches/end_to_end/client.rs"]
#[allow(dead_code)]
mod client;
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
#[path = "../benches/end_to_end/sessions/mod.rs"]
#[allow(dead_code)]
mod sessions;
#[path = "../benches/end_to_end/side_by_side.rs"]
#[allow(dead_code)]
mod side_by_side;

use serde_json::Value;
use sessions::Extent;
use sessions::cases::{
    CPU_NS, DELIVERY, DELIVERY_PING, EVICTION_PING, INVALIDATION, INVALIDATION_CASE, LOWERED,
    LOWERED_CASE, PING_MAX, PING_P99, POLICIES, REQUEST, REQUESTS, RSS, SECONDS, STREAMS, UNREAD,
    UNREAD_CASE, USED,
};

/// Everything that has to be in a run: measure, case and metric.
fn wanted() -> Vec<(&'static str, &'static str, &'static str)> {
    let mut wanted = vec![
        (UNREAD, UNREAD_CASE, RSS),
        (UNREAD, UNREAD_CASE, USED),
        (INVALIDATION, INVALIDATION_CASE, CPU_NS),
        (LOWERED, LOWERED_CASE, PING_P99),
        (LOWERED, LOWERED_CASE, PING_MAX),
        (LOWERED, LOWERED_CASE, SECONDS),
    ];
    wanted.extend(REQUESTS.map(|case| (REQUEST, case, CPU_NS)));
    for stream in STREAMS {
        wanted.push((DELIVERY, stream.name, CPU_NS));
        wanted.extend([PING_P99, PING_MAX].map(|metric| (DELIVERY_PING, stream.name, metric)));
    }
    for policy in POLICIES {
        wanted.extend([PING_P99, PING_MAX].map(|metric| (EVICTION_PING, policy, metric)));
    }
    wanted
}

#[test]
fn a_short_run_has_a_sample_of_everything() {
    let folder = tempfile::tempdir().expect("there is room for a file");
    let file = folder.path().join("sessions.json");
    sessions::sample(&file, Extent::QUICK).expect("the bench runs");
    let text = std::fs::read_to_string(&file).expect("the bench wrote the file");
    let run: Value = serde_json::from_str(&text).expect("it is JSON");
    let servers = if process::is_installed("redis-server") {
        vec!["aero", "redis"]
    } else {
        vec!["aero"]
    };
    assert_eq!(run["servers"], serde_json::json!(servers));
    assert_eq!(run["args"]["only"], "sessions");
    let samples = run["samples"].as_array().expect("there are samples");
    for (measure, case, metric) in wanted() {
        for server in &servers {
            let is_it = |sample: &&Value| {
                sample["measure"] == measure
                    && sample["case"] == case
                    && sample["server"] == *server
            };
            let found = samples.iter().filter(is_it);
            let found: Vec<f64> = found.filter_map(|sample| sample[metric].as_f64()).collect();
            let [value] = found[..] else {
                panic!("{measure}, {case}, {server}, {metric}: {found:?}");
            };
            // What a few clients do not read may fit into what the server and the sockets had before.
            let may_be_nothing = metric == RSS || metric == USED;
            assert!(
                value > 0.0 || may_be_nothing,
                "{measure}, {case}, {server}, {metric}: {value}"
            );
        }
    }
}

//! What `--trace` writes: the fault is seen in it, and viewers can read it.

use crate::run::{run_with, tried};
use serde_json::Value;
use std::fs;

/// A slice of the loop's track: its name, and from when to when it lasts, in microseconds.
struct Slice {
    name: String,
    from: f64,
    to: f64,
}

/// The slices that a lab's trace has.
#[track_caller]
fn trace(lab: &str, variant: &str) -> Vec<Slice> {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("lab.json");
    run_with(lab, variant, &["--trace", &path.display().to_string()]);
    let text = fs::read_to_string(&path).expect("the lab has written it");
    let trace: Value = serde_json::from_str(&text).expect("it is JSON");
    let events = trace["traceEvents"].as_array().expect("a list");
    let slices = events.iter().filter(|event| event["ph"] == "X");
    slices
        .map(|event| {
            let number = |name: &str| event[name].as_f64().expect("a number");
            Slice {
                name: event["name"].as_str().expect("a name").to_owned(),
                from: number("ts"),
                to: number("ts") + number("dur"),
            }
        })
        .collect()
}

#[test]
fn a_time_event_that_sleeps_is_a_slice_of_a_second() {
    let longest_ms = |slices: &[Slice]| {
        let named = slices.iter().filter(|slice| slice.name == "time_event");
        let lengths = named.map(|slice| (slice.to - slice.from) / 1000.0);
        lengths.fold(0.0, f64::max)
    };
    let broken = trace("sleeping_timer", "broken");
    assert!(longest_ms(&broken) > 900.0, "{}", longest_ms(&broken));
    tried(|| {
        let fixed = trace("sleeping_timer", "fixed");
        assert!(longest_ms(&fixed) < 500.0, "{}", longest_ms(&fixed));
    });
    let fixed = trace("sleeping_timer", "fixed");

    // A viewer wants each slice behind the one that it lies in.
    let mut open: Vec<&Slice> = Vec::new();
    for slice in &fixed {
        // Of two that follow each other, rounding may have made one end after the other begins.
        open.retain(|outer| outer.to > slice.from + 0.01);
        let is_within = open.last().is_none_or(|outer| slice.to <= outer.to + 0.01);
        assert!(is_within, "{} at {} µs", slice.name, slice.from);
        open.push(slice);
    }
    let turns = fixed.iter().filter(|slice| slice.name == "turn").count();
    assert!(turns > 10, "{turns}");
}

//! INFO loop: the event loop's turns in figures, and the last of them as a picture.
//!
//! ```text
//! #   turn    asleep      busy  commands  each mark doubles: . asleep, = busy
//! #    812   1.0 ms    34 us         48  ..........======
//! ```
//!
//! The picture stands in lines that begin with `#`, which whoever reads fields skips.

use super::report::Report;
use crate::engine::histogram::Histogram;

pub(super) fn turns(report: &mut Report) {
    let stats = &report.engine.stats;
    let turns = &stats.event_loop;
    quantiles(report, "turn_usec", &turns.turn_ns, 1000);
    quantiles(report, "queue_delay_usec", &turns.queue_delay_ns, 1000);
    quantiles(report, "commands_per_turn", &turns.commands, 1);
    quantiles(report, "expiry_lateness_ms", &stats.expiry_lateness_ms, 1);
    trace(report);
    picture(report);
}

/// The trace that is being written, or else the last one.
fn trace(report: &mut Report) {
    let trace = &report.engine.trace;
    report.field("trace_state", trace.state.name());
    report.field("trace_file", trace.file.escape_debug());
    report.field("trace_bytes", trace.bytes);
    report.field("trace_events", trace.events);
    report.field("trace_dropped", trace.dropped);
}

fn quantiles(report: &mut Report, name: &str, histogram: &Histogram, unit: u64) {
    for (suffix, q) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
        let value = histogram.quantile(q) as f64 / unit as f64;
        report.field(format_args!("{name}_{suffix}"), value);
    }
    let max = histogram.max() as f64 / unit as f64;
    report.field(format_args!("{name}_max"), max);
}

fn picture(report: &mut Report) {
    report.remark(format_args!(
        "{:>10} {:>9} {:>9} {:>8}  each mark doubles: . asleep, = busy",
        "turn", "asleep", "busy", "commands"
    ));
    for (number, turn) in report.engine.stats.event_loop.recent() {
        report.remark(format_args!(
            "{number:>10} {:>9} {:>9} {:>8}  {}{}",
            time(turn.slept_ns),
            time(turn.busy_ns),
            turn.commands,
            ".".repeat(marks(turn.slept_ns)),
            "=".repeat(marks(turn.busy_ns)),
        ));
    }
}

/// One mark for a microsecond, one more for each doubling: 20 for a second, 37 for a day.
fn marks(ns: u64) -> usize {
    let us = ns / 1000;
    us.checked_ilog2().map_or(0, |log| log as usize + 1)
}

/// A time in three figures with a unit.
fn time(ns: u64) -> String {
    let (value, unit) = match ns {
        0..1_000_000 => (ns as f64 / 1e3, "us"),
        1_000_000..1_000_000_000 => (ns as f64 / 1e6, "ms"),
        _ => (ns as f64 / 1e9, "s"),
    };
    let decimals = if value < 10.0 { 1 } else { 0 };
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_marks_double() {
        let times = [0, 900, 34_000, 1_040_000, 999_000_000, 3_600_000_000_000].map(time);
        assert_eq!(
            times,
            ["0.0 us", "0.9 us", "34 us", "1.0 ms", "999 ms", "3600 s"]
        );
        assert_eq!(
            [0, 1000, 2000, 3000, 1_000_000_000].map(marks),
            [0, 1, 2, 2, 20]
        );
    }
}

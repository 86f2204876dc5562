//! LATENCY DOCTOR: what held the server, kind by kind, and what may help.
//!
//! The first line, the line about each kind and the way in which they are put together are those of
//! Redis, since tools look for them. The advice is our own: it is about a server that works in slices.

use crate::engine::Engine;
use crate::engine::latency::Series;
use std::fmt::Write;

const DISABLED: &str = "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this \
     Redis instance. You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order \
     to enable it. If we weren't in a deep space mission I'd suggest to take a look at \
     https://redis.io/topics/latency-monitor.\n";

const NOTHING: &str = "Dave, no latency spike was observed during the lifetime of this Redis \
     instance, not in the slightest bit. I honestly think you ought to sit down calmly, take a \
     stress pill, and think things over.\n";

const SPIKES: &str = "Dave, I have observed latency spikes in this Redis instance. You don't mind \
     talking about it, do you Dave?\n\n";

const NO_ADVICE: &str = "\nThere is nothing that I could advise against these events.\n";

/// What is known of the events of one kind, in milliseconds.
struct Figures {
    samples: u64,
    mean: u64,
    mean_deviation: u64,
    /// Seconds from the oldest of them until now, at least 1.
    seconds: u64,
}

/// The report at this moment.
pub fn report(engine: &Engine) -> String {
    let all: Vec<&Series> = engine.latency.iter().collect();
    if engine.config.latency_monitor_threshold_ms == 0 && all.is_empty() {
        return DISABLED.to_owned();
    }
    if all.is_empty() {
        return NOTHING.to_owned();
    }
    let mut text = SPIKES.to_owned();
    for (nth, series) in (1..).zip(&all) {
        let figures = figures(series, engine.clock.unix_s());
        writeln!(
            text,
            "{nth}. {}: {} latency spikes (average {}ms, mean deviation {}ms, period {:.2} sec). \
             Worst all time event {}ms.",
            series.event,
            figures.samples,
            figures.mean,
            figures.mean_deviation,
            figures.seconds as f64 / figures.samples as f64,
            series.max_ms
        )
        .expect("a String takes any text");
    }
    let advice = advice(engine, &all);
    if advice.is_empty() {
        text.push_str(NO_ADVICE);
    } else {
        text.push_str("\nI have a few advices for you:\n\n");
        text.extend(advice.iter().map(|line| format!("- {line}\n")));
    }
    text
}

fn figures(series: &Series, now_s: u64) -> Figures {
    let samples = series.samples().len() as u64;
    let mean = series.samples().map(|s| s.ms).sum::<u64>() / samples;
    let deviations = series.samples().map(|s| s.ms.abs_diff(mean));
    let oldest_s = series.samples().map(|s| s.unix_s).min().unwrap_or(now_s);
    Figures {
        samples,
        mean,
        mean_deviation: deviations.sum::<u64>() / samples,
        seconds: now_s.saturating_sub(oldest_s).max(1),
    }
}

fn advice(engine: &Engine, all: &[&Series]) -> Vec<String> {
    let has = |event: &str| all.iter().any(|series| series.event == event);
    let config = &engine.config;
    let mut lines = Vec::new();
    if has("command") {
        let threshold_us = config.latency_monitor_threshold_ms.saturating_mul(1000);
        if config.slow_us().is_none() {
            lines.push(format!(
                "The slow log is off. 'CONFIG SET slowlog-log-slower-than {threshold_us}' makes \
                 it tell which commands these were."
            ));
        } else if config.slow_us().is_some_and(|us| us > threshold_us) {
            lines.push(format!(
                "The slow log keeps only commands that are slower than these events. With \
                 'CONFIG SET slowlog-log-slower-than {threshold_us}' it has them all."
            ));
        }
        lines.push(
            "SLOWLOG GET shows which commands took long. Those that go through a whole key or a \
             whole database hold everybody else: take their SCAN form, or smaller keys."
                .to_owned(),
        );
    }
    if has("fast-command") {
        lines.push(
            "Commands that take constant time were slow, which they are when the process does not \
             get the processor or its memory: look for others on this machine, a busy host of \
             this virtual machine, and swapping."
                .to_owned(),
        );
    }
    if has("command-unblocking") {
        lines.push(
            "Clients that had waited were answered slowly: what they were given is large."
                .to_owned(),
        );
    }
    if has("expire-cycle") {
        lines.push(
            "Removing keys at their deadline works in slices, so one that was long points at the \
             machine, or at many keys that are due in the same moment: spread their deadlines."
                .to_owned(),
        );
    }
    if has("eviction-cycle") {
        lines.push(
            "Evicting works in slices, too: with a smaller 'maxmemory-eviction-tenacity' they are \
             shorter, and memory may be over its limit for longer."
                .to_owned(),
        );
    }
    lines
}

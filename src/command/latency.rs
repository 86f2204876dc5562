//! LATENCY: what held the loop, when, and for how long; and how long each command takes.
//!
//! What was noted is in [`crate::engine::latency`]; pictures and advice are in `graph.rs` and `doctor.rs`.

mod doctor;
mod graph;

use super::entry::{ADMIN, Command, LOADING, NO_SCRIPT, STALE};
use super::table::{self, Listed};
use super::{Call, Done, Error, help};
use crate::engine::histogram::Histogram;
use crate::resp::Reply;

/// What every event is looked at with.
const NOT_THE_SAME_EVERYWHERE: &[&str] = &[
    "nondeterministic_output",
    "request_policy:all_nodes",
    "response_policy:special",
];

/// The command LATENCY.
pub const COMMANDS: &[Command] = &[Command::container("LATENCY", SUBCOMMANDS).doc(
    "2.8.13",
    "Depends on subcommand.",
    "Tells what held the server, and how long commands take",
)];

/// The subcommands of LATENCY.
const SUBCOMMANDS: &[Command] = &[
    subcommand("DOCTOR", 2, latency_doctor)
        .tips(NOT_THE_SAME_EVERYWHERE)
        .doc(
            "2.8.13",
            "O(1)",
            "Says in words what held the server, and what may help",
        ),
    subcommand("GRAPH", 3, latency_graph)
        .tips(NOT_THE_SAME_EVERYWHERE)
        .doc(
            "2.8.13",
            "O(1)",
            "Draws the events of one kind with letters",
        )
        .syntax("event"),
    Command::new("HELP", 2, latency_help)
        .flags(&[LOADING, STALE])
        .doc(
            "2.8.13",
            "O(1)",
            "Lists the subcommands with a line or two about each",
        ),
    subcommand("HISTOGRAM", -2, latency_histogram)
        .tips(NOT_THE_SAME_EVERYWHERE)
        .doc(
            "7.0.0",
            "O(N) where N is the number of commands with latency information being retrieved.",
            "Tells how many runs of each command took how long",
        )
        .syntax("[command ...]"),
    subcommand("HISTORY", 3, latency_history)
        .tips(NOT_THE_SAME_EVERYWHERE)
        .doc(
            "2.8.13",
            "O(1)",
            "Lists the events of one kind, the worst of each second",
        )
        .syntax("event"),
    subcommand("LATEST", 2, latency_latest)
        .tips(NOT_THE_SAME_EVERYWHERE)
        .doc("2.8.13", "O(1)", "Shows the latest event of each kind"),
    subcommand("RESET", -2, latency_reset)
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
        .doc(
            "2.8.13",
            "O(1)",
            "Forgets the events of some kinds, or of all",
        )
        .syntax("[event ...]"),
];

const fn subcommand(name: &'static str, arity: i8, run: fn(&mut Call) -> Done) -> Command {
    Command::new(name, arity, run).flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
}

fn latency_doctor(call: &mut Call) -> Done {
    let report = doctor::report(call.engine);
    call.reply.verbatim("txt", report.as_bytes());
    Ok(())
}

fn latency_graph(call: &mut Call) -> Done {
    let event = call.args.arg(2);
    let Some(series) = call.engine.latency.find(event) else {
        let text = b"ERR No samples available for event '";
        return Err(Error::text([text, event, b"'"].concat()));
    };
    let picture = graph::draw(series, call.engine.clock.unix_s());
    call.reply.verbatim("txt", picture.as_bytes());
    Ok(())
}

fn latency_help(call: &mut Call) -> Done {
    help::help(call, help::LATENCY)
}

/// For one kind of event: second and milliseconds, the oldest first.
fn latency_history(call: &mut Call) -> Done {
    let reply = &mut call.reply;
    let Some(series) = call.engine.latency.find(call.args.arg(2)) else {
        reply.array(0);
        return Ok(());
    };
    let samples = series.samples();
    reply.array(samples.len());
    for sample in samples {
        reply.array(2);
        reply.integer(sample.unix_s as i64);
        reply.integer(sample.ms as i64);
    }
    Ok(())
}

/// For each kind of event: its name, the second and the milliseconds of the latest, and the most.
fn latency_latest(call: &mut Call) -> Done {
    let all = call.engine.latency.iter();
    let reply = &mut call.reply;
    reply.array(all.len());
    for series in all {
        let latest = series.latest();
        reply.array(4);
        reply.bulk(series.event.as_bytes());
        reply.integer(latest.unix_s as i64);
        reply.integer(latest.ms as i64);
        reply.integer(series.max_ms as i64);
    }
    Ok(())
}

fn latency_reset(call: &mut Call) -> Done {
    let latency = &mut call.engine.latency;
    let forgotten = if call.args.len() == 2 {
        latency.clear()
    } else {
        let events = call.args.iter().skip(2);
        events.filter(|event| latency.forget(event)).count()
    };
    call.reply.integer(forgotten as i64);
    Ok(())
}

/// For each command that has run, or each that is named: how many runs took at most so long.
fn latency_histogram(call: &mut Call) -> Done {
    let commands = match call.args.len() {
        2 => table::list_all().iter().collect(),
        _ => named(call),
    };
    let stats = &call.engine.stats;
    let reply = &mut call.reply;
    let map = reply.deferred_map();
    let mut shown = 0;
    for listed in commands {
        let latency = stats.latency_of(listed.number.into());
        if let Some(latency) = latency.filter(|latency| latency.count() > 0) {
            reply.bulk(listed.full_name().as_bytes());
            write_histogram(reply, latency);
            shown += 1;
        }
    }
    reply.finish(map, shown);
    Ok(())
}

/// The commands that a request names, and the subcommands of those that are containers.
fn named(call: &Call) -> Vec<&'static Listed> {
    let mut found = Vec::new();
    for name in call.args.iter().skip(2) {
        let mut words = name.split(|byte| *byte == b'|');
        let command = words.next().and_then(table::find);
        let listed = match (command, words.next(), words.next()) {
            (Some(container), Some(sub), None) => table::find_sub(container, sub),
            (command, None, _) => command,
            _ => None,
        };
        if let Some(listed) = listed {
            let first = usize::from(listed.number);
            let all = first..=first + listed.command.subcommands.len();
            found.extend(&table::list_all()[all]);
        }
    }
    found
}

/// The least power of two that LATENCY HISTOGRAM counts up to, in nanoseconds.
const FIRST_POWER: u32 = 10;

/// The greatest; what took longer is counted at [`LONGEST_US`].
const LAST_POWER: u32 = 29;

/// How Redis names the last of its buckets, where everything from a second on is.
const LONGEST_US: i64 = 1_073_741;

/// The number of runs up to each power of two that has more than the one before. Redis tells the upper end of the
/// bucket in which the power of two is, and so its names are not round: 33, 66, 132.
fn write_histogram(reply: &mut Reply, latency: &Histogram) {
    let total = latency.count();
    let upper_us = |power: u32| ((1_i64 << power) + (1_i64 << (power - 7)) - 1) / 1000;
    let powers = FIRST_POWER..=LAST_POWER;
    let levels = powers.map(|power| (upper_us(power), latency.count_below(power)));
    let mut rises: Vec<(i64, u64)> = Vec::new();
    for level in levels.chain([(LONGEST_US, total)]) {
        if level.1 > rises.last().map_or(0, |last| last.1) {
            rises.push(level);
        }
    }
    reply.map(2);
    reply.bulk(b"calls");
    reply.integer(total as i64);
    reply.bulk(b"histogram_usec");
    reply.map(rises.len());
    for (us, count) in rises {
        reply.integer(us);
        reply.integer(count as i64);
    }
}

#[cfg(test)]
mod tests;

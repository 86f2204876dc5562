//! INFO: everything the server can tell about itself, as `name:value` lines in sections.
//!
//! Sections and fields are those of Redis 7.0 in its order, since tools look for them by name and
//! take the first match. What Aerolite has not got (replicas, scripts, files) is told as what it is:
//! none, zero. Fields of later versions and our own stand behind those of their section.

mod counters;
mod process;
mod report;
mod turns;

use super::entry::{Command, LOADING, STALE};
use super::{Call, Done};
use report::Report;

/// The version of Redis whose behaviour is promised. Clients choose what they send by it.
pub(super) const REDIS_VERSION: &str = "7.0.15";

/// A section: its title, whether INFO shows it without being asked for it, and who writes it.
struct Section {
    title: &'static str,
    is_default: bool,
    write: fn(&mut Report),
}

const fn section(title: &'static str, is_default: bool, write: fn(&mut Report)) -> Section {
    Section {
        title,
        is_default,
        write,
    }
}

/// Every section in the order in which they are shown, whatever the order they are asked for in.
const SECTIONS: &[Section] = &[
    section("Server", true, process::server),
    section("Clients", true, process::clients),
    section("Memory", true, process::memory),
    section("Persistence", true, process::persistence),
    section("Stats", true, counters::stats),
    section("Replication", true, process::replication),
    section("CPU", true, process::cpu),
    section("Modules", true, |_| {}),
    section("Commandstats", false, counters::commands),
    section("Errorstats", true, counters::errors),
    section("Latencystats", false, counters::latencies),
    section("Cluster", true, |report| report.field("cluster_enabled", 0)),
    section("Keyspace", true, counters::keyspace),
    section("Loop", false, turns::turns),
];

/// The command INFO.
pub const COMMANDS: &[Command] = &[Command::new("INFO", -1, info)
    .flags(&[LOADING, STALE])
    .categories(&["@dangerous"])
    .tips(&[
        "nondeterministic_output",
        "request_policy:all_shards",
        "response_policy:special",
    ])
    .doc(
        "1.0.0",
        "O(1)",
        "Reports on the server: its state, counters and memory, by section",
    )
    .syntax("[section ...]")];

fn info(call: &mut Call) -> Done {
    let usage = (call.engine.host.usage)();
    let peak = &mut call.engine.stats.peak_allocated;
    *peak = usage.allocated.max(*peak);
    let mut report = Report::new(call.engine, usage);
    for section in SECTIONS.iter().filter(|section| is_wanted(call, section)) {
        report.title(section.title);
        (section.write)(&mut report);
    }
    let text = report.into_text();
    call.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

fn is_wanted(call: &Call, section: &Section) -> bool {
    if call.args.len() == 1 {
        return section.is_default;
    }
    (1..call.args.len()).any(|i| {
        call.is(i, section.title)
            || call.is(i, "all")
            || call.is(i, "everything")
            || section.is_default && call.is(i, "default")
    })
}

#[cfg(test)]
mod tests;

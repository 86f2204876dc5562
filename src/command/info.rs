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
use Shown::{All, ByName, Default};
use report::Report;

/// The version of Redis whose behaviour is promised. Clients choose what they send by it.
pub(super) const REDIS_VERSION: &str = "7.0.15";

/// A section: its title, when INFO shows it, and who writes it.
struct Section {
    title: &'static str,
    shown: Shown,
    write: fn(&mut Report),
}

/// Which words bring a section: its own, and...
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// ... `default`, which is what INFO shows when it is asked for nothing.
    Default,
    /// ... `all` and `everything`, as for those above.
    All,
    /// ... none: it is for people, and tools that read all sections would stumble over it.
    ByName,
}

const fn section(title: &'static str, shown: Shown, write: fn(&mut Report)) -> Section {
    Section {
        title,
        shown,
        write,
    }
}

/// Every section in the order in which they are shown, whatever the order they are asked for in.
const SECTIONS: &[Section] = &[
    section("Server", Default, process::server),
    section("Clients", Default, process::clients),
    section("Memory", Default, process::memory),
    section("Persistence", Default, process::persistence),
    section("Stats", Default, counters::stats),
    section("Replication", Default, process::replication),
    section("CPU", Default, process::cpu),
    section("Modules", Default, |_| {}),
    section("Commandstats", All, counters::commands),
    section("Errorstats", Default, counters::errors),
    section("Latencystats", All, counters::latencies),
    section("Cluster", Default, |report| {
        report.field("cluster_enabled", 0)
    }),
    section("Keyspace", Default, counters::keyspace),
    section("Loop", ByName, turns::turns),
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
    let mut words = 1..call.args.len();
    if words.is_empty() {
        return section.shown == Default;
    }
    words.any(|i| {
        let brings = |shown, word| section.shown == shown && call.is(i, word);
        call.is(i, section.title)
            || brings(Default, "default")
            || ["all", "everything"]
                .iter()
                .any(|word| brings(Default, word) || brings(All, word))
    })
}

#[cfg(test)]
mod tests;

//! What Aerolite has set itself, measure by measure, and whether it holds.
//!
//! A goal has two marks: the *reach*, which has to hold, and the *aim*, which is near what the machine allows. A mark
//! is either a number of times better than the reference in the same run, or a bound on the measure itself.
//!
//! The goals for lists, hashes, sets and sorted sets have a table of their own and are in `collections.rs`; so have those
//! for sessions, in `sessions.rs`.

use crate::measured::{Case, Measured, Query, Ratio, SUBJECT};
use crate::units::{self, Format};

const NS_PER_US: f64 = 1e3;
const NS_PER_MS: f64 = 1e6;
const NS_PER_S: f64 = 1e9;
const MS: f64 = NS_PER_MS;
const MB: f64 = 1e6;
const KIB: f64 = 1024.0;

/// What has to be reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mark {
    /// So many times better than the reference.
    Times(f64),
    /// No more than this, in the measure's unit.
    AtMost(f64),
    /// No more than the server of constant replies has in the same rounds.
    AsTheLimit,
    /// Nothing.
    None,
}

/// Goals that are reached or missed for one reason.
pub struct Goal {
    /// What it is about; also the key of the reason when it is missed.
    pub title: &'static str,
    /// What has to hold.
    pub reach: Mark,
    /// What is hoped for.
    pub aim: Mark,
    /// How its measures are written.
    pub format: Format,
    /// The measures, each with its name.
    pub measures: Vec<(&'static str, Query)>,
}

/// How a measure did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The aim holds, or the reach where there is no aim.
    Aim,
    /// The reach holds, the aim does not or cannot be told.
    Reach,
    /// The reach does not hold.
    Missed,
    /// There are no samples that could tell.
    Unmeasured,
}

/// One measure as it was found.
pub struct Finding {
    /// The reference's median.
    pub reference: Option<f64>,
    /// Aerolite's median.
    pub subject: Option<f64>,
    /// The median of the server of constant replies.
    pub limit: Option<f64>,
    /// How many times better.
    pub ratio: Option<Ratio>,
    /// How that compares with the goal.
    pub verdict: Verdict,
}

/// What Aerolite has set itself.
pub fn all() -> Vec<Goal> {
    [
        requests(),
        bulk_requests(),
        memory_and_pauses(),
        idle_and_start(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Compares one measure with its goal.
pub fn find(data: &Measured, goal: &Goal, query: &Query) -> Finding {
    let subject = data.median(query, SUBJECT);
    let ratio = data.times_better(query, SUBJECT, &data.reference);
    let limit = data.limit();
    let holds = |mark: Mark| match mark {
        Mark::Times(times) => ratio.map(|ratio| ratio.median >= times),
        Mark::AtMost(most) => subject.map(|value| value <= most),
        Mark::AsTheLimit => Some(data.times_better(query, SUBJECT, limit?)?.median >= 1.0),
        Mark::None => None,
    };
    let verdict = match (holds(goal.reach), holds(goal.aim)) {
        (None, _) => Verdict::Unmeasured,
        (Some(false), _) => Verdict::Missed,
        (Some(true), Some(true)) => Verdict::Aim,
        (Some(true), None) if goal.aim == Mark::None => Verdict::Aim,
        (Some(true), _) => Verdict::Reach,
    };
    Finding {
        reference: data.median(query, &data.reference),
        subject,
        limit: limit.and_then(|limit| data.median(query, limit)),
        ratio,
        verdict,
    }
}

fn requests() -> Vec<Goal> {
    let cpu = |title, reach, aim, names: &[&'static str], depth, large| Goal {
        title,
        reach: Mark::Times(reach),
        aim: Mark::Times(aim),
        format: units::time,
        measures: names
            .iter()
            .map(|name| (*name, request("cpu", "cpu_ns", name, depth, 3, large)))
            .collect(),
    };
    let (three, two) = (["GET", "SET", "INCR"], ["GET", "SET"]);
    vec![
        cpu("CPU per request, `-P 1`", 1.15, 1.25, &three, 1, false),
        cpu("CPU per request, `-P 16`", 1.8, 2.5, &three, 16, false),
        cpu(
            "CPU per request, `-P 16`, 2 million keys",
            2.0,
            3.0,
            &three,
            16,
            true,
        ),
        cpu("CPU per request, `-P 100`", 3.0, 5.0, &two, 100, false),
        cpu(
            "CPU per request, `-P 100`, 2 million keys",
            3.0,
            5.0,
            &two,
            100,
            true,
        ),
        cpu("CPU per PING, `-P 16`", 1.4, 1.6, &["PING"], 16, false),
        Goal {
            title: "User-space instructions per request, `-P 16`",
            reach: Mark::Times(3.5),
            aim: Mark::Times(5.0),
            format: units::count,
            measures: three
                .map(|name| (name, request("insn", "insn", name, 16, 3, false)))
                .to_vec(),
        },
    ]
}

fn bulk_requests() -> Vec<Goal> {
    let cpu = |title, reach, aim, measures: &[(&'static str, &'static str, u64, u64)]| Goal {
        title,
        reach: Mark::Times(reach),
        aim: Mark::Times(aim),
        format: units::time,
        measures: measures
            .iter()
            .map(|(name, command, depth, bytes)| {
                (
                    *name,
                    request("cpu", "cpu_ns", command, *depth, *bytes, false),
                )
            })
            .collect(),
    };
    let many = [
        ("MSET of 10 `-P 1`", "MSET", 1, 3),
        ("MSET of 10 `-P 16`", "MSET", 16, 3),
        ("MGET of 10 `-P 1`", "MGET_10", 1, 3),
        ("MGET of 10 `-P 16`", "MGET_10", 16, 3),
        ("MGET of 100 `-P 1`", "MGET_100", 1, 3),
        ("MGET of 100 `-P 16`", "MGET_100", 16, 3),
    ];
    vec![
        cpu(
            "1 KiB values, `-P 1`",
            1.15,
            1.3,
            &[("GET", "GET", 1, 1024), ("SET", "SET", 1, 1024)],
        ),
        cpu(
            "1 KiB values, `-P 16`",
            1.5,
            2.0,
            &[("GET", "GET", 16, 1024), ("SET", "SET", 16, 1024)],
        ),
        cpu("Many keys in one request", 1.7, 2.5, &many),
        cpu(
            "One value of 10 MB",
            1.2,
            2.0,
            &[("GET", "GET", 1, 10_000_000), ("SET", "SET", 1, 10_000_000)],
        ),
    ]
}

fn memory_and_pauses() -> Vec<Goal> {
    let key = |title, reach, aim, case| Goal {
        title,
        reach: Mark::AtMost(reach),
        aim: Mark::AtMost(aim),
        format: units::bytes,
        measures: vec![(
            "mean over a doubling of the table",
            named("memory", "octave_mean", 1.0, case),
        )],
    };
    let storm = |name, metric, scale| {
        (
            name,
            named("expiry", metric, scale, "PING during the storm"),
        )
    };
    let growth = |name, metric| {
        (
            name,
            named("growth", metric, NS_PER_US, "PING while inserting"),
        )
    };
    let time = |title, reach, aim, measures| Goal {
        title,
        reach,
        aim,
        format: units::time,
        measures,
    };
    let pings = vec![
        growth("p99.9", "ping_p999_us"),
        growth("max", "ping_max_us"),
    ];
    vec![
        key("Bytes per key, no TTL", 82.0, 65.0, "no TTL"),
        key("Bytes per key, with a TTL", 125.0, 95.0, "with TTL"),
        time(
            "PING of another client during the inserts",
            Mark::Times(1.5),
            Mark::AsTheLimit,
            pings,
        ),
        time(
            "PING while keys expire, p99.9",
            Mark::Times(10.0),
            Mark::None,
            vec![storm("p99.9", "ping_p999_us", NS_PER_US)],
        ),
        time(
            "PING while keys expire, max",
            Mark::Times(10.0),
            Mark::AtMost(2.0 * MS),
            vec![storm("max", "ping_max_us", NS_PER_US)],
        ),
        time(
            "From the last deadline to DBSIZE 0",
            Mark::AtMost(50.0 * MS),
            Mark::AtMost(5.0 * MS),
            vec![storm("all keys expire within 1 s", "stale_s", NS_PER_S)],
        ),
    ]
}

fn idle_and_start() -> Vec<Goal> {
    let start = |metric, scale| named("startup", metric, scale, "spawn to PONG");
    let wakeups = |name, case| (name, named("idle", "wakeups_per_s", 1.0, case));
    vec![
        Goal {
            title: "RSS per idle connection",
            reach: Mark::AtMost(500.0),
            aim: Mark::AtMost(200.0),
            format: units::bytes,
            measures: vec![(
                "10,000 connections",
                named("conns", "per_conn", 1.0, "10000 connections"),
            )],
        },
        Goal {
            title: "Wake-ups per second when idle",
            reach: Mark::AtMost(0.0),
            aim: Mark::None,
            format: units::count,
            measures: vec![
                wakeups("no connection", "0 connections"),
                wakeups("1000 connections", "1000 connections"),
            ],
        },
        Goal {
            title: "Start to first PONG",
            reach: Mark::AtMost(5.0 * MS),
            aim: Mark::AtMost(2.0 * MS),
            format: units::time,
            measures: vec![("spawn to reply", start("startup_ms", NS_PER_MS))],
        },
        Goal {
            title: "Size of the program, stripped",
            reach: Mark::AtMost(3.0 * MB),
            aim: Mark::None,
            format: units::bytes,
            measures: vec![("file", start("stripped_kib", KIB))],
        },
    ]
}

fn request(
    measure: &'static str,
    metric: &'static str,
    command: &'static str,
    depth: u64,
    value_bytes: u64,
    large_keyspace: bool,
) -> Query {
    Query {
        measure,
        metric,
        scale: 1.0,
        case: Case::Request {
            command,
            depth,
            value_bytes,
            large_keyspace,
        },
    }
}

/// A measure of a named case.
pub fn named(measure: &'static str, metric: &'static str, scale: f64, case: &'static str) -> Query {
    Query {
        measure,
        metric,
        scale,
        case: Case::Named(case),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::collections;
    use crate::measured::tests::{document, measured, set16};
    use crate::sessions;

    fn verdict(reach: Mark, aim: Mark, redis: f64, aero: f64, limit: Option<f64>) -> Verdict {
        let mut samples = vec![
            ("cpu", "SET P16 c50", "redis", 0, "cpu_ns", redis),
            ("cpu", "SET P16 c50", "aero", 0, "cpu_ns", aero),
        ];
        samples.extend(limit.map(|limit| ("cpu", "SET P16 c50", "limit", 0, "cpu_ns", limit)));
        let goal = Goal {
            title: "t",
            reach,
            aim,
            format: units::time,
            measures: Vec::new(),
        };
        find(&measured(&[document(1, &samples)]), &goal, &set16(false)).verdict
    }

    #[test]
    fn marks_are_compared_with_ratios_and_values() {
        use {Mark::*, Verdict::*};
        assert_eq!(
            verdict(Times(2.0), Times(3.0), 300.0, 100.0, Option::None),
            Aim
        );
        assert_eq!(
            verdict(Times(2.0), Times(3.0), 299.0, 100.0, Option::None),
            Reach
        );
        assert_eq!(
            verdict(Times(2.0), Times(3.0), 199.0, 100.0, Option::None),
            Missed
        );
        assert_eq!(verdict(AtMost(100.0), None, 1.0, 100.0, Option::None), Aim);
        assert_eq!(
            verdict(AtMost(99.0), None, 1.0, 100.0, Option::None),
            Missed
        );
        assert_eq!(
            verdict(Times(1.0), AsTheLimit, 300.0, 100.0, Some(100.0)),
            Aim
        );
        assert_eq!(
            verdict(Times(1.0), AsTheLimit, 300.0, 100.0, Some(99.0)),
            Reach
        );
        assert_eq!(
            verdict(Times(1.0), AsTheLimit, 300.0, 100.0, Option::None),
            Reach
        );
        assert_eq!(
            verdict(Times(1.0), None, 0.0, 100.0, Option::None),
            Unmeasured
        );
    }

    #[test]
    fn the_limit_of_another_run_is_no_mark() {
        let own = [
            ("cpu", "SET P16 c50", "redis", 0, "cpu_ns", 300.0),
            ("cpu", "SET P16 c50", "aero", 0, "cpu_ns", 100.0),
        ];
        let alone = [("cpu", "SET P16 c50", "limit", 0, "cpu_ns", 200.0)];
        let data = measured(&[document(1, &own), document(1, &alone)]);
        let goal = Goal {
            title: "t",
            reach: Mark::Times(1.0),
            aim: Mark::AsTheLimit,
            format: units::time,
            measures: Vec::new(),
        };
        let finding = find(&data, &goal, &set16(false));
        assert_eq!(finding.verdict, Verdict::Reach);
        assert_eq!(finding.limit, Some(200.0));
    }

    #[test]
    fn titles_are_keys_that_a_page_can_hold() {
        let goals: Vec<Goal> = [all(), collections::goals(), sessions::goals()]
            .into_iter()
            .flatten()
            .collect();
        let titles: HashSet<&str> = goals.iter().map(|goal| goal.title).collect();
        assert_eq!(titles.len(), goals.len());
        assert!(
            titles.iter().all(|title| !title.contains("**")
                && !title.contains("): ")
                && !title.contains('|'))
        );
    }
}

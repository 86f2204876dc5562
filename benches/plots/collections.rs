//! What has to hold for lists, hashes, sets and sorted sets: nowhere more than redis-server takes.
//!
//! The cases are those that the bench measures, by the same names, from the same file.

use crate::cases::{
    BENCHMARK, BENCHMARK_AT, CPU_NS, Event, Kind, LONGEST_PAGE, ON_LARGE, ON_LARGE_AT, PAGES,
    PING_MAX, PING_P999, RSS, SIZES, USED,
};
use crate::goals::{self, Goal, Mark};
use crate::measured::{Measured, Query};
use crate::units::{self, Format};

const NS_PER_US: f64 = 1e3;

/// What is to be reached where nothing else is said: no more than redis-server.
const REACH: Mark = Mark::Times(1.0);

/// The most elements that one page of a scan with COUNT 10 may have.
const PAGE_MAX: f64 = 100.0;

/// All goals, in the order of the table.
pub fn goals() -> Vec<Goal> {
    let mut all: Vec<Goal> = BENCHMARK_AT
        .map(|(measure, depth)| benchmark(measure, depth))
        .into();
    all.extend(ON_LARGE_AT.map(|(measure, depth)| on_large(measure, depth)));
    all.extend(Kind::ALL.map(memory));
    all.extend(Event::ALL.map(pause));
    all.push(pages());
    all
}

/// Whether any of it was measured.
pub fn are_measured(data: &Measured) -> bool {
    let goals = goals();
    let mut queries = goals.iter().flat_map(|goal| &goal.measures);
    queries.any(|(_, query)| data.has(query))
}

fn goal(
    title: &'static str,
    reach: Mark,
    format: Format,
    measures: Vec<(&'static str, Query)>,
) -> Goal {
    Goal {
        title,
        reach,
        aim: Mark::None,
        format,
        measures,
    }
}

fn cpu(measure: &'static str, case: &'static str) -> (&'static str, Query) {
    (case, goals::named(measure, CPU_NS, 1.0, case))
}

fn benchmark(measure: &'static str, depth: usize) -> Goal {
    let title = if depth == 1 {
        "Collections: CPU per request of redis-benchmark, `-P 1`"
    } else {
        "Collections: CPU per request of redis-benchmark, `-P 16`"
    };
    let measures = BENCHMARK.map(|(case, _)| cpu(measure, case));
    goal(title, REACH, units::time, measures.into())
}

fn on_large(measure: &'static str, depth: usize) -> Goal {
    let title = if depth == 1 {
        "CPU per request on a million elements, `-P 1`"
    } else {
        "CPU per request on a million elements, `-P 16`"
    };
    let measures = ON_LARGE.map(|case| cpu(measure, case));
    goal(title, REACH, units::time, measures.into())
}

fn memory(kind: Kind) -> Goal {
    let title = match kind {
        Kind::List => "Bytes per element of a list",
        Kind::Hash => "Bytes per field of a hash",
        Kind::Set => "Bytes per member of a set of strings",
        Kind::Integers => "Bytes per member of a set of integers",
        Kind::SortedSet => "Bytes per member of a sorted set",
    };
    let measures = SIZES.into_iter().flat_map(|(measure, size)| {
        let names = match size {
            10 => ["10 elements, RSS", "10 elements, `used_memory`"],
            100 => ["100 elements, RSS", "100 elements, `used_memory`"],
            1000 => ["1000 elements, RSS", "1000 elements, `used_memory`"],
            _ => [
                "a million elements, RSS",
                "a million elements, `used_memory`",
            ],
        };
        let metrics = [RSS, USED];
        let both = names.into_iter().zip(metrics);
        both.map(move |(name, metric)| (name, goals::named(measure, metric, 1.0, kind.name())))
    });
    goal(title, REACH, units::bytes, measures.collect())
}

fn pause(event: Event) -> Goal {
    let title = match event {
        Event::Growth => "PING while a collection grows to a million elements",
        Event::Delete => "PING while a million elements are deleted",
        Event::Overwrite => "PING while a million elements are overwritten by SET",
        Event::Expiry => "PING while a million elements expire",
    };
    let measures = Kind::TYPES.into_iter().flat_map(|kind| {
        let names = match kind {
            Kind::List => ["list, p99.9", "list, max"],
            Kind::Hash => ["hash, p99.9", "hash, max"],
            Kind::Set | Kind::Integers => ["set, p99.9", "set, max"],
            Kind::SortedSet => ["sorted set, p99.9", "sorted set, max"],
        };
        let both = names.into_iter().zip([PING_P999, PING_MAX]);
        both.map(move |(name, metric)| {
            let query = goals::named(event.measure(), metric, NS_PER_US, kind.name());
            (name, query)
        })
    });
    goal(title, REACH, units::time, measures.collect())
}

fn pages() -> Goal {
    let measures = Kind::SCANNED.map(|kind| {
        let name = match kind {
            Kind::Hash => "HSCAN",
            Kind::SortedSet => "ZSCAN",
            _ => "SSCAN",
        };
        (name, goals::named(PAGES, LONGEST_PAGE, 1.0, kind.name()))
    });
    goal(
        "Elements of the longest page with COUNT 10, of a million",
        Mark::AtMost(PAGE_MAX),
        units::count,
        measures.into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goals::Verdict;
    use crate::measured::SUBJECT;
    use crate::measured::tests::{document, measured};
    use std::collections::HashSet;

    #[test]
    fn each_case_has_one_line_and_each_line_a_case_of_its_own() {
        let goals = goals();
        let lines: Vec<&(&str, Query)> = goals.iter().flat_map(|goal| &goal.measures).collect();
        let requests = 2 * BENCHMARK.len() + 2 * ON_LARGE.len();
        let pings = 2 * Event::ALL.len() * Kind::TYPES.len();
        let memory = 2 * SIZES.len() * Kind::ALL.len();
        assert_eq!(lines.len(), requests + memory + pings + Kind::SCANNED.len());
        let keys = lines.iter().map(|(_, query)| format!("{query:?}"));
        assert_eq!(keys.collect::<HashSet<_>>().len(), lines.len());
    }

    #[test]
    fn as_much_as_the_reference_takes_holds_and_more_does_not() {
        let verdict = |aero| {
            let sample = |server, bytes| (SIZES[0].0, "list", server, 0, RSS, bytes);
            let samples = [sample("redis", 30.0), sample(SUBJECT, aero)];
            let data = measured(&[document(1, &samples)]);
            let goal = memory(Kind::List);
            goals::find(&data, &goal, &goal.measures[0].1).verdict
        };
        assert_eq!(verdict(30.0), Verdict::Aim);
        assert_eq!(verdict(30.1), Verdict::Missed);
    }

    #[test]
    fn requests_on_strings_are_no_collections() {
        let samples = [("cpu", "MSET       P1   c50", SUBJECT, 0, "cpu_ns", 1.0)];
        assert!(!are_measured(&measured(&[document(1, &samples)])));
        let samples = [("collections P1", "MSET", SUBJECT, 0, "cpu_ns", 1.0)];
        assert!(are_measured(&measured(&[document(1, &samples)])));
    }
}

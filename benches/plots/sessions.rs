//! What has to hold for sessions: publishing, transactions, client-side caching, eviction and watching take no more than
//! redis-server takes.
//!
//! The cases are those that the bench measures, by the same names, from the same file.

use crate::chart::{Group, Panel};
use crate::goals::{self, Goal, Mark};
use crate::measured::{Measured, Query};
use crate::session_cases::{
    CPU_NS, DELIVERY, DELIVERY_PING, EVICTION_PING, INVALIDATION, INVALIDATION_CASE, LOWERED,
    LOWERED_CASE, PING_MAX, PING_P99, POLICIES, REQUEST, REQUESTS, RSS, SECONDS, STREAMS, UNREAD,
    UNREAD_CASE, USED,
};
use crate::units::{self, Format};

const NS_PER_US: f64 = 1e3;
const NS_PER_S: f64 = 1e9;

/// All goals, in the order of the table.
pub fn goals() -> Vec<Goal> {
    let goal = |title, format: Format, measures| Goal {
        title,
        reach: Mark::Times(1.0),
        aim: Mark::None,
        format,
        measures,
    };
    let time = |title, measures| goal(title, units::time, measures);
    let unread = |name, metric| (name, goals::named(UNREAD, metric, 1.0, UNREAD_CASE));
    let mut lowered = pings(LOWERED, LOWERED_CASE, ["p99", "max"]);
    let seconds = goals::named(LOWERED, SECONDS, NS_PER_S, LOWERED_CASE);
    lowered.push(("until no more is used", seconds));
    vec![
        time(
            "CPU per message delivered to 10,000 subscribers",
            STREAMS.map(|stream| cpu(DELIVERY, stream.name)).into(),
        ),
        time(
            "PING while 10 messages go to 10,000 subscribers",
            STREAMS.into_iter().flat_map(delivery_pings).collect(),
        ),
        goal(
            "Memory per subscriber that does not read 1000 messages of 1024 bytes",
            units::bytes,
            vec![unread("RSS", RSS), unread("`used_memory`", USED)],
        ),
        time(
            "CPU per client that is told of an invalidation",
            vec![cpu(INVALIDATION, INVALIDATION_CASE)],
        ),
        time(
            "CPU per request or transaction, `-P 16`",
            REQUESTS.map(|case| cpu(REQUEST, case)).into(),
        ),
        time(
            "PING while new keys come and others are evicted",
            POLICIES.into_iter().flat_map(eviction_pings).collect(),
        ),
        time("`maxmemory` lowered from 500 MB to 50 MB", lowered),
    ]
}

/// Whether any of it was measured.
pub fn are_measured(data: &Measured) -> bool {
    let goals = goals();
    let mut queries = goals.iter().flat_map(|goal| &goal.measures);
    queries.any(|(_, query)| data.has(query))
}

/// Bars of what messages to many subscribers take: of the server, and of everybody else's patience.
pub fn panels(data: &Measured) -> Vec<Panel> {
    let bars = |title: &str, query: fn(&'static str) -> Query| {
        let groups = STREAMS.iter();
        let groups = groups.filter_map(|stream| data.bars(stream.name, &query(stream.name), None));
        let groups: Vec<Group> = groups.collect();
        (!groups.is_empty()).then(|| Panel::Bars {
            title: title.to_owned(),
            groups,
        })
    };
    let panels = [
        bars("Processor time per delivered message", |case| {
            cpu(DELIVERY, case).1
        }),
        bars("The longest wait for a PONG meanwhile", |case| {
            goals::named(DELIVERY_PING, PING_MAX, NS_PER_US, case)
        }),
    ];
    panels.into_iter().flatten().collect()
}

fn cpu(measure: &'static str, case: &'static str) -> (&'static str, Query) {
    (case, goals::named(measure, CPU_NS, 1.0, case))
}

fn pings(
    measure: &'static str,
    case: &'static str,
    names: [&'static str; 2],
) -> Vec<(&'static str, Query)> {
    let both = names.into_iter().zip([PING_P99, PING_MAX]);
    both.map(|(name, metric)| (name, goals::named(measure, metric, NS_PER_US, case)))
        .collect()
}

fn delivery_pings(stream: crate::session_cases::Stream) -> Vec<(&'static str, Query)> {
    let names = match (stream.bytes, stream.waits) {
        (32, true) => [
            "32 bytes, one at a time, p99",
            "32 bytes, one at a time, max",
        ],
        (32, false) => ["32 bytes, back to back, p99", "32 bytes, back to back, max"],
        (_, true) => [
            "1024 bytes, one at a time, p99",
            "1024 bytes, one at a time, max",
        ],
        (_, false) => [
            "1024 bytes, back to back, p99",
            "1024 bytes, back to back, max",
        ],
    };
    pings(DELIVERY_PING, stream.name, names)
}

fn eviction_pings(policy: &'static str) -> Vec<(&'static str, Query)> {
    let names = match policy {
        "allkeys-lru" => ["allkeys-lru, p99", "allkeys-lru, max"],
        _ => ["allkeys-lfu, p99", "allkeys-lfu, max"],
    };
    pings(EVICTION_PING, policy, names)
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
        let pings = 2 * (STREAMS.len() + POLICIES.len() + 1);
        let cpu = STREAMS.len() + REQUESTS.len() + 1;
        let (memory, seconds) = (2, 1);
        assert_eq!(lines.len(), pings + cpu + memory + seconds);
        let keys = lines.iter().map(|(_, query)| format!("{query:?}"));
        assert_eq!(keys.collect::<HashSet<_>>().len(), lines.len());
        for goal in &goals {
            let names = goal.measures.iter().map(|(name, _)| *name);
            assert_eq!(names.collect::<HashSet<_>>().len(), goal.measures.len());
        }
    }

    #[test]
    fn as_much_as_the_reference_takes_holds_and_more_does_not() {
        let verdict = |aero| {
            let sample = |server, ns| (DELIVERY, STREAMS[0].name, server, 0, CPU_NS, ns);
            let samples = [sample("redis", 4000.0), sample(SUBJECT, aero)];
            let data = measured(&[document(1, &samples)]);
            let goal = &goals()[0];
            goals::find(&data, goal, &goal.measures[0].1).verdict
        };
        assert_eq!(verdict(4000.0), Verdict::Aim);
        assert_eq!(verdict(4001.0), Verdict::Missed);
    }

    #[test]
    fn the_picture_has_what_was_measured() {
        let none = measured(&[document(1, &[(UNREAD, UNREAD_CASE, SUBJECT, 0, RSS, 1.0)])]);
        assert!(are_measured(&none) && panels(&none).is_empty());
        let sample = (DELIVERY_PING, STREAMS[1].name, SUBJECT, 0, PING_MAX, 2.0);
        let some = panels(&measured(&[document(1, &[sample])]));
        let [Panel::Bars { groups, .. }] = &some[..] else {
            panic!("one panel")
        };
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].heading, STREAMS[1].name);
        assert_eq!(groups[0].bars, [(0, 2000.0, None)]);
    }
}

use super::*;
use crate::engine::observers::Happened;
use crate::engine::pause::Pausing;
use crate::engine::{Clock, Config};
use crate::store::keyspace::Deadline;
use std::cell::Cell;

const NOW_S: u64 = 1_700_000_000;

/// An engine with this policy, which notes what it evicts, and whose memory is always over its limit.
fn engine(policy: Policy) -> Engine {
    let config = Config {
        maxmemory: 1,
        maxmemory_policy: policy,
        ..Config::default()
    };
    let mut engine = Engine::new(config, 7, Clock::at_us(NOW_S * 1_000_000));
    engine.host.allocated = Box::new(|| 2);
    engine
        .observers
        .set_classes(Classes::EVICTED | Classes::KEYEVENT);
    engine
}

fn set(engine: &mut Engine, db: usize, key: &str, deadline: Deadline) {
    engine
        .db(db)
        .set_string(key.as_bytes(), b"v", deadline, "set");
}

fn at(engine: &mut Engine, s: u64) {
    engine.clock = Clock::at_us((NOW_S + s) * 1_000_000);
}

/// Evicts all that may go; the keys in the order in which they went.
fn evict_all(engine: &mut Engine) -> Vec<String> {
    assert_eq!(engine.make_room(), Room::None);
    let name = |happened| match happened {
        Happened::Event { key, .. } => String::from_utf8_lossy(&key).into_owned(),
        other => panic!("{other:?}"),
    };
    engine.observers.take().into_iter().map(name).collect()
}

#[test]
fn noeviction_takes_nothing() {
    let mut engine = engine(Policy::NoEviction);
    set(&mut engine, 0, "k", Deadline::At(NOW_S * 1000 + 5000));
    assert_eq!(evict_all(&mut engine), [""; 0]);
    assert_eq!(engine.key_counts().0, 1);
}

#[test]
fn what_has_no_deadline_survives_every_volatile_policy() {
    for (policy, goes) in [
        (Policy::VolatileLru, 50),
        (Policy::VolatileLfu, 50),
        (Policy::VolatileRandom, 50),
        (Policy::VolatileTtl, 50),
        (Policy::AllkeysLru, 100),
        (Policy::AllkeysLfu, 100),
        (Policy::AllkeysRandom, 100),
    ] {
        let mut engine = engine(policy);
        for n in 0..100 {
            let deadline = match n % 2 {
                0 => Deadline::At(NOW_S * 1000 + n),
                _ => Deadline::Never,
            };
            set(&mut engine, n as usize % 3, &n.to_string(), deadline);
        }
        let gone = evict_all(&mut engine);
        let is_volatile = |key: &String| key.parse().is_ok_and(|n: u64| n.is_multiple_of(2));
        let volatile = gone.iter().filter(|key| is_volatile(key)).count();
        assert_eq!((volatile, gone.len()), (50, goes), "{policy:?}");
        assert_eq!(engine.stats.evicted_keys, goes as u64);
        let left = engine.databases.iter().map(Keyspace::deadline_count);
        assert_eq!(left.sum::<usize>(), 0, "no timer is left behind");
    }
}

#[test]
fn volatile_ttl_takes_the_earliest_of_all_databases() {
    let mut engine = engine(Policy::VolatileTtl);
    let deadlines: Vec<u64> = (0..400)
        .map(|n| NOW_S * 1000 + 90_000 * (n * 171 % 400))
        .collect();
    for (n, &at_ms) in deadlines.iter().enumerate() {
        set(&mut engine, n % 5, &at_ms.to_string(), Deadline::At(at_ms));
    }
    let gone = evict_all(&mut engine);
    let mut sorted = deadlines;
    sorted.sort_unstable();
    let sorted: Vec<String> = sorted.iter().map(u64::to_string).collect();
    assert_eq!(gone, sorted);
}

/// How many of the first half to go belong to the half that was used.
fn used_among_the_first(gone: &[String]) -> usize {
    assert_eq!(gone.len(), 1000);
    let first = &gone[..500];
    first.iter().filter(|key| key.starts_with("used")).count()
}

#[test]
fn lru_takes_what_nobody_used_lately() {
    for policy in [Policy::AllkeysLru, Policy::VolatileLru] {
        let mut engine = engine(policy);
        for n in 0..1000 {
            let name = if n % 2 == 0 { "used" } else { "not" };
            let deadline = Deadline::At((NOW_S + 1000 + n) * 1000);
            set(&mut engine, 0, &format!("{name}{n}"), deadline);
        }
        at(&mut engine, 10);
        for n in (0..1000).step_by(2) {
            engine.db(0).read(format!("used{n}").as_bytes());
        }
        let gone = evict_all(&mut engine);
        let used = used_among_the_first(&gone);
        assert!(used < 60, "{policy:?}: {used} of 500");
    }
}

#[test]
fn lfu_takes_what_few_have_used() {
    for policy in [Policy::AllkeysLfu, Policy::VolatileLfu] {
        let mut engine = engine(policy);
        for n in 0..1000 {
            let name = if n % 2 == 0 { "used" } else { "not" };
            let deadline = Deadline::At((NOW_S + 1000 + n) * 1000);
            set(&mut engine, 0, &format!("{name}{n}"), deadline);
        }
        for n in (0..1000).step_by(2) {
            for _ in 0..20 {
                engine.db(0).read(format!("used{n}").as_bytes());
            }
        }
        // Once, and later: LRU would have them stay.
        at(&mut engine, 10);
        for n in (1..1000).step_by(2) {
            engine.db(0).inspect(format!("not{n}").as_bytes());
        }
        let gone = evict_all(&mut engine);
        let used = used_among_the_first(&gone);
        assert!(used < 60, "{policy:?}: {used} of 500");
    }
}

#[test]
fn a_candidate_that_was_used_since_is_no_candidate() {
    let mut engine = engine(Policy::AllkeysLru);
    for n in 0..20 {
        set(&mut engine, 0, &n.to_string(), Deadline::Never);
    }
    at(&mut engine, 5);
    assert!(engine.fill_pool().is_some());
    for n in 0..19 {
        engine.db(0).read(n.to_string().as_bytes());
    }
    for _ in 0..40 {
        engine.fill_pool();
    }
    let (_, entry) = engine.take_least_used().expect("there are keys");
    assert_eq!(entry.key(), b"19");
}

#[test]
fn random_policies_take_every_key_about_as_often() {
    const ROUNDS: usize = 4000;
    for policy in [Policy::AllkeysRandom, Policy::VolatileRandom] {
        let mut engine = engine(policy);
        let mut times = [0; 40];
        for n in 0..40 {
            let deadline = Deadline::At((NOW_S + 1000) * 1000);
            // One in a database of its own, the others together.
            set(&mut engine, usize::from(n == 0), &n.to_string(), deadline);
        }
        for _ in 0..ROUNDS {
            let (db, entry) = engine.take_any().expect("there are keys");
            let key = String::from_utf8_lossy(entry.key()).into_owned();
            times[key.parse::<usize>().expect("a number")] += 1;
            set(&mut engine, db, &key, Deadline::At((NOW_S + 1000) * 1000));
        }
        let expected = ROUNDS / 40;
        let is_fair = |&n: &usize| (expected / 2..expected * 2).contains(&n);
        assert!(times.iter().all(is_fair), "{policy:?}: {times:?}");
    }
}

#[test]
fn what_is_removed_already_is_freed_before_a_key_goes() {
    let mut engine = engine(Policy::AllkeysRandom);
    for n in 0..1000 {
        set(&mut engine, 1, &n.to_string(), Deadline::Never);
    }
    set(&mut engine, 0, "k", Deadline::Never);
    engine.flush(1);
    assert!(engine.free_or_evict_one());
    while engine.trash.due_ms().is_some() {
        assert_eq!(engine.stats.evicted_keys, 0);
        assert!(engine.free_or_evict_one());
    }
    assert!(engine.free_or_evict_one());
    assert_eq!(engine.stats.evicted_keys, 1);
}

#[test]
fn it_stops_at_the_first_byte_that_it_may() {
    let mut engine = engine(Policy::AllkeysRandom);
    engine.config.maxmemory = 1000;
    for n in 0..100 {
        set(&mut engine, 0, &n.to_string(), Deadline::Never);
    }
    // Each look finds ten bytes less.
    let allocated = Cell::new(1100);
    engine.host.allocated = Box::new(move || {
        allocated.set(allocated.get() - 10);
        allocated.get()
    });
    assert_eq!(engine.make_room(), Room::Enough);
    assert_eq!(engine.stats.evicted_keys, 8);
}

#[test]
fn a_slice_is_over_when_its_time_is() {
    for (tenacity, slice_us) in [(0, 0), (1, 50), (10, 500), (20, 2022), (100, u64::MAX)] {
        let mut engine = engine(Policy::AllkeysRandom);
        engine.config.maxmemory_eviction_tenacity = tenacity;
        let slice_ns = engine.eviction_slice_ns();
        assert_eq!(
            slice_ns.checked_div(1000),
            Some(slice_us.min(u64::MAX / 1000))
        );
        for n in 0..100 {
            set(&mut engine, 0, &n.to_string(), Deadline::Never);
        }
        // Each look at the stopwatch finds it a tenth of a millisecond later.
        let now_ns = Cell::new(0);
        engine.host.stopwatch_ns = Box::new(move || {
            now_ns.set(now_ns.get() + 100_000);
            now_ns.get()
        });
        let expected = slice_us.div_ceil(100).clamp(1, 100);
        let room = engine.make_room();
        assert_eq!(engine.stats.evicted_keys, expected, "{tenacity}");
        assert_eq!(room == Room::Soon, tenacity < 100);
        assert_eq!(engine.eviction.is_due(), tenacity < 100);
    }
}

#[test]
fn a_long_slice_is_a_latency_event_unless_nothing_may_go() {
    for (policy, expected) in [(Policy::AllkeysRandom, 1), (Policy::NoEviction, 0)] {
        let mut engine = engine(policy);
        engine.config.latency_monitor_threshold_ms = 1;
        set(&mut engine, 0, "k", Deadline::Never);
        // Each look at the stopwatch finds it a millisecond later.
        let now_ns = Cell::new(0);
        engine.host.stopwatch_ns = Box::new(move || {
            now_ns.set(now_ns.get() + 1_000_000);
            now_ns.get()
        });
        engine.make_room();
        let events: Vec<_> = engine.latency.iter().map(|series| series.event).collect();
        assert_eq!(events, vec!["eviction-cycle"; expected], "{policy:?}");
    }
}

#[test]
fn time_over_the_limit_is_counted_until_there_is_room() {
    let mut over = crate::engine::stats::OverLimit::default();
    over.note(true, 100);
    over.note(true, 150);
    assert_eq!((over.now_ns(160), over.total_ns(160)), (60, 60));
    over.note(false, 200);
    over.note(false, 300);
    assert_eq!((over.now_ns(400), over.total_ns(400)), (0, 100));
    over.note(true, 500);
    assert_eq!((over.now_ns(510), over.total_ns(510)), (10, 110));
}

#[test]
fn nothing_is_evicted_while_the_server_is_paused() {
    let mut engine = engine(Policy::AllkeysLru);
    set(&mut engine, 0, "k", Deadline::Never);
    engine.pause(Pausing::Writes, NOW_S * 1000 + 1000);
    assert_eq!(engine.make_room(), Room::Enough);
    assert_eq!(
        (engine.stats.evicted_keys, engine.eviction.is_due()),
        (0, false)
    );
    engine.unpause();
    assert_eq!(engine.make_room(), Room::None);
    assert_eq!(engine.stats.evicted_keys, 1);
}

#[test]
fn the_gate_is_shut_while_there_is_a_limit() {
    let mut engine = engine(Policy::AllkeysLfu);
    assert!(engine.gates.has(Gates::LIMITED));
    engine.config.maxmemory = 0;
    engine.heed_memory_settings();
    assert!(engine.gates.are_open() && !engine.is_over_limit());
    assert!(
        engine.observers.counter().is_some(),
        "uses are counted all the same"
    );
    engine.config.maxmemory_policy = Policy::AllkeysLru;
    engine.heed_memory_settings();
    assert!(engine.observers.counter().is_none());
}

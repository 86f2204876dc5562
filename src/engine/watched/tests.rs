use super::*;
use crate::engine::observers::{Cause, Classes, Observers, Place};

const A: SessionId = SessionId(1);
const B: SessionId = SessionId(2);

/// A key without a deadline.
const THERE: Found = Found {
    was_there: true,
    due_ms: None,
};

const NOT_THERE: Found = Found {
    was_there: false,
    due_ms: None,
};

#[test]
fn who_watches_a_key_is_touched_and_forgotten() {
    let mut watched = Watched::default();
    watched.watch(A, 0, b"x", THERE);
    watched.watch(A, 0, b"y", THERE);
    watched.watch(A, 3, b"x", THERE);
    watched.watch(B, 3, b"x", THERE);
    watched.watch(A, 0, b"x", THERE);
    assert_eq!((watched.count(A), watched.count(B)), (3, 1));
    assert!(watched.memory(A) > watched.memory(B));
    watched.touch(0, b"z", true);
    watched.touch(1, b"x", true);
    watched.touch(9, b"x", true);
    assert!(!watched.is_touched(A) && !watched.is_touched(B));
    watched.touch(0, b"x", true);
    assert!(watched.is_touched(A) && !watched.is_touched(B));
    assert_eq!((watched.count(A), watched.memory(A)), (0, 0));
    watched.watch(A, 0, b"new", THERE);
    assert_eq!(watched.count(A), 0, "there is nothing more to find out");
    watched.touch(3, b"x", true);
    assert!(watched.is_touched(B));
    assert!(watched.has_no_keys() && !watched.is_empty());
    watched.unwatch(A);
    assert!(!watched.is_touched(A));
    watched.unwatch(B);
    assert!(watched.is_empty());
}

#[test]
fn a_key_that_was_not_there_does_not_expire() {
    let mut watched = Watched::default();
    watched.watch(A, 0, b"k", NOT_THERE);
    watched.watch(B, 0, b"k", THERE);
    watched.touch(0, b"k", false);
    assert!(!watched.is_touched(A) && watched.is_touched(B));
    watched.touch(0, b"k", true);
    assert!(watched.is_touched(A));
}

#[test]
fn a_flush_touches_keys_that_were_there() {
    let mut watched = Watched::default();
    watched.watch(A, 1, b"k", NOT_THERE);
    watched.watch(B, 1, b"k", THERE);
    watched.flush(0);
    assert!(!watched.is_touched(B));
    watched.flush(1);
    assert!(!watched.is_touched(A) && watched.is_touched(B));
}

#[test]
fn an_exchange_touches_keys_that_go_and_keys_that_come() {
    let mut watched = Watched::default();
    watched.watch(A, 0, b"gone", THERE);
    watched.watch(B, 0, b"comes", NOT_THERE);
    watched.watch(SessionId(3), 0, b"neither", NOT_THERE);
    watched.exchange(0, |key| key == b"comes");
    let touched = [A, B, SessionId(3)].map(|id| watched.is_touched(id));
    assert_eq!(touched, [true, true, false]);
}

#[test]
fn observers_are_on_while_somebody_watches() {
    let mut observers = Observers::default();
    observers.watch(A, 0, b"k", THERE);
    observers.watch(B, 0, b"k", THERE);
    assert!(observers.is_on());
    observers.modified(0, b"other", Cause::Command, Place::Before);
    observers.modified(0, b"k", Cause::Command, Place::Before);
    assert_eq!(observers.noted(), 0, "nobody is to be told");
    observers.unwatch(A);
    observers.unwatch(B);
    assert!(!observers.is_on());
    observers.set_classes(Classes::KEYSPACE | Classes::STRING);
    observers.watch(A, 0, b"k", THERE);
    observers.unwatch(A);
    assert!(observers.is_on(), "for another reason");
}

#[test]
fn of_keys_with_deadlines_the_earliest_counts() {
    let mut watched = Watched::default();
    for (key, due_ms) in [(b"x", Some(900)), (b"y", Some(500)), (b"z", None)] {
        let found = Found {
            was_there: true,
            due_ms,
        };
        watched.watch(A, 0, key, found);
    }
    watched.watch(B, 0, b"x", THERE);
    assert!(!watched.is_due(A, 499) && watched.is_due(A, 500));
    assert!(!watched.is_due(B, u64::MAX), "it has no deadline");
    watched.unwatch(A);
    assert!(!watched.is_due(A, 500), "nothing is watched any more");
}

fn name(n: usize) -> Vec<u8> {
    format!("key:{n}").into_bytes()
}

fn watch_many(watched: &mut Watched, id: SessionId, count: usize) {
    for n in 0..count {
        watched.watch(id, n % 3, &name(n), THERE);
    }
}

/// How many slices it takes until nothing is left.
fn slices(watched: &mut Watched) -> usize {
    (1..)
        .find(|_| watched.tidy(64) == Slice::Done)
        .unwrap_or_default()
}

#[test]
fn very_many_keys_are_forgotten_in_slices() {
    /// What a client does, after which it watches nothing.
    const ENDS: [fn(&mut Watched); 4] = [
        |watched| watched.unwatch(A),
        |watched| watched.touch(0, &name(3), true),
        |watched| watched.flush(1),
        |watched| watched.exchange(2, |_| false),
    ];
    for end in ENDS {
        let mut watched = Watched::new(1);
        watch_many(&mut watched, A, 20_000);
        end(&mut watched);
        assert_eq!(watched.count(A), 0);
        assert!(watched.has_no_keys() && watched.has_remains());
        let left = watched.key_count();
        assert!((19_000..20_000).contains(&left), "{left} are left at once");
        let slices = slices(&mut watched);
        assert!((290..320).contains(&slices), "{slices}");
        watched.unwatch(A);
        assert!(watched.is_empty());
    }
}

#[test]
fn what_is_left_of_a_period_does_not_touch_the_next_one() {
    let mut watched = Watched::new(1);
    watch_many(&mut watched, A, 5000);
    watched.unwatch(A);
    watched.watch(A, 0, b"new", THERE);
    assert!(watched.has_remains());
    // The first ones are those that are removed last.
    watched.touch(0, &name(0), true);
    watched.touch(1, &name(1), false);
    assert!(!watched.is_touched(A));
    watched.watch(A, 0, &name(0), THERE);
    slices(&mut watched);
    assert_eq!((watched.count(A), watched.key_count()), (2, 2));
    watched.touch(0, &name(0), true);
    assert!(watched.is_touched(A));
}

#[test]
fn who_watches_and_forgets_makes_no_more_work_than_is_done() {
    let mut watched = Watched::new(1);
    for _ in 0..50 {
        watch_many(&mut watched, A, 2000);
        watched.unwatch(A);
    }
    let left = watched.key_count();
    assert!(left <= 2000, "{left}");
}

#[test]
fn many_that_watch_one_key_and_others_are_touched_in_slices() {
    let mut watched = Watched::new(1);
    for client in 0..100 {
        watch_many(&mut watched, SessionId(client), 100);
    }
    watched.touch(0, &name(0), true);
    assert!((0..100).all(|client| watched.is_touched(SessionId(client))));
    assert!(watched.has_no_keys());
    assert!(slices(&mut watched) > 100);
    assert_eq!(watched.key_count(), 0);
}

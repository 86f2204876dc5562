use super::*;
use crate::engine::observers::{Cause, Classes, Observers, Place};

const A: SessionId = SessionId(1);
const B: SessionId = SessionId(2);

#[test]
fn who_watches_a_key_is_touched_and_forgotten() {
    let mut watched = Watched::default();
    watched.watch(A, 0, b"x", true);
    watched.watch(A, 0, b"y", true);
    watched.watch(A, 3, b"x", true);
    watched.watch(B, 3, b"x", true);
    watched.watch(A, 0, b"x", true);
    assert_eq!((watched.count(A), watched.count(B)), (3, 1));
    assert!(watched.memory(A) > watched.memory(B));
    watched.touch(0, b"z", true);
    watched.touch(1, b"x", true);
    watched.touch(9, b"x", true);
    assert!(!watched.is_touched(A) && !watched.is_touched(B));
    watched.touch(0, b"x", true);
    assert!(watched.is_touched(A) && !watched.is_touched(B));
    assert_eq!((watched.count(A), watched.memory(A)), (0, 0));
    watched.watch(A, 0, b"new", true);
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
    watched.watch(A, 0, b"k", false);
    watched.watch(B, 0, b"k", true);
    watched.touch(0, b"k", false);
    assert!(!watched.is_touched(A) && watched.is_touched(B));
    watched.touch(0, b"k", true);
    assert!(watched.is_touched(A));
}

#[test]
fn a_flush_touches_keys_that_were_there() {
    let mut watched = Watched::default();
    watched.watch(A, 1, b"k", false);
    watched.watch(B, 1, b"k", true);
    watched.flush(0);
    assert!(!watched.is_touched(B));
    watched.flush(1);
    assert!(!watched.is_touched(A) && watched.is_touched(B));
}

#[test]
fn an_exchange_touches_keys_that_go_and_keys_that_come() {
    let mut watched = Watched::default();
    watched.watch(A, 0, b"gone", true);
    watched.watch(B, 0, b"comes", false);
    watched.watch(SessionId(3), 0, b"neither", false);
    watched.exchange(0, |key| key == b"comes");
    let touched = [A, B, SessionId(3)].map(|id| watched.is_touched(id));
    assert_eq!(touched, [true, true, false]);
}

#[test]
fn observers_are_on_while_somebody_watches() {
    let mut observers = Observers::default();
    observers.watch(A, 0, b"k", true);
    observers.watch(B, 0, b"k", true);
    assert!(observers.is_on());
    observers.modified(0, b"other", Cause::Command, Place::Before);
    observers.modified(0, b"k", Cause::Command, Place::Before);
    assert_eq!(observers.noted(), 0, "nobody is to be told");
    observers.unwatch(A);
    observers.unwatch(B);
    assert!(!observers.is_on());
    observers.set_classes(Classes::KEYSPACE | Classes::STRING);
    observers.watch(A, 0, b"k", true);
    observers.unwatch(A);
    assert!(observers.is_on(), "for another reason");
}

//! Tests of the lines by themselves. What commands make of them is in `command/blocking/tests.rs`.

use super::*;
use crate::engine::session::Peer;
use crate::engine::{Clock, Config};

fn engine(clients: u32) -> (Engine, Vec<SessionId>) {
    let mut engine = Engine::new(Config::default(), 7, Clock::at_us(1_000_000));
    let open = |_| engine.sessions.open(Peer::default(), 1);
    let ids = (0..clients).map(open).collect();
    (engine, ids)
}

fn waiter(keys: &[&str], deadline_ms: Option<u64>) -> Waiter {
    let words = ["TAKE"].iter().chain(keys);
    Waiter {
        request: OwnedRequest::from_args(words),
        argument_bytes: 0,
        command: 0,
        db: 3,
        keys: 1..1 + keys.len(),
        kind: Kind::String,
        deadline_ms,
    }
}

fn line(engine: &Engine, key: &str) -> Vec<SessionId> {
    let mut after = 0;
    let mut line = Vec::new();
    let next = |after| {
        engine
            .blocked
            .next_in_line(3, key.as_bytes(), Kind::String, after)
    };
    while let Some((ticket, id)) = next(after) {
        after = ticket;
        line.push(id);
    }
    line
}

#[test]
fn lines_are_in_order_and_left_from_anywhere() {
    let (mut engine, ids) = engine(4);
    for &id in &ids {
        engine.block(id, waiter(&["a", "b"], None));
    }
    assert_eq!(line(&engine, "a"), ids);
    engine.stop_waiting(ids[1]);
    assert_eq!(line(&engine, "b"), [ids[0], ids[2], ids[3]]);
    let woken = engine.wake(ids[0]).expect("it waits");
    assert_eq!(line(&engine, "a"), [ids[2], ids[3]]);
    engine.block_again(ids[0], woken);
    assert_eq!(line(&engine, "a"), [ids[0], ids[2], ids[3]]);
    for &id in &ids {
        engine.stop_waiting(id);
    }
    assert_eq!(engine.blocked.key_count(), 0);
    assert!(engine.wake(ids[0]).is_none());
}

#[test]
fn a_key_is_noted_once_in_the_order_of_signals() {
    let (mut engine, ids) = engine(1);
    engine.blocked.key_added(3, b"a");
    assert!(!engine.blocked.has_work(), "nobody waits");
    engine.block(ids[0], waiter(&["a", "b"], None));
    for key in ["b", "c", "a", "b"] {
        engine.blocked.key_added(3, key.as_bytes());
    }
    engine.blocked.key_added(4, b"a");
    engine.blocked.key_added(1000, b"a");
    let mut noted = Vec::new();
    while let Some(work) = engine.blocked.next_work() {
        let Work::Ready { db: 3, key } = work else {
            panic!("{work:?}");
        };
        noted.push(key);
    }
    assert_eq!(noted, [Box::from(*b"b"), Box::from(*b"a")]);
    engine.blocked.key_added(3, b"a");
    assert!(engine.blocked.has_work(), "and again, when that is done");
}

#[test]
fn deadlines_come_in_steps_and_in_order() {
    let (mut engine, ids) = engine(3);
    for (&id, deadline_ms) in ids.iter().zip([1300, 1100, 1200]) {
        engine.block(id, waiter(&["a"], Some(deadline_ms)));
    }
    assert!(engine.blocked.next_due().is_some_and(|due| due <= 1100));
    engine.clock = Clock::at_us(1_250_000);
    while engine.time_out(1) == Slice::More {}
    assert_eq!(line(&engine, "a"), [ids[0]]);
    let mut told = Vec::new();
    while let Some(Work::Over { id, why, .. }) = engine.blocked.next_work() {
        assert_eq!(why, Over::TimedOut);
        told.push(id);
    }
    assert_eq!(told, [ids[1], ids[2]]);
    assert_eq!(engine.blocked.deadline_count(), 1);
}

#[test]
fn room_for_many_is_given_back() {
    let (mut engine, ids) = engine(5000);
    for (i, &id) in ids.iter().enumerate() {
        engine.block(id, waiter(&["same", &format!("own {i}")], None));
    }
    assert_eq!(engine.blocked.key_count(), 5001);
    for &id in &ids {
        engine.stop_waiting(id);
    }
    assert_eq!(engine.blocked.waiters.capacity(), 0);
    assert!(engine.blocked.lines.is_empty());
}

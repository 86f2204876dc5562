//! `SET ... PX` with a time event in the Ruby loop: which ways to serve it freeze it, which only hide, and the one that is right.

use std::thread;
use std::time::Duration;

use crate::common::Value;
use crate::started::{Started, time_of};

const WAYS: &str = "time_events.rb";
const FIXED: &str = "event_loop_fixed.rb";

/// A deadline long enough to tell a frozen loop from a slow machine.
const PX: &str = "3000";
const FROZEN: Duration = Duration::from_millis(2000);

/// Whether another client has to wait for a key's deadline; and the key is gone once it is over.
#[track_caller]
fn is_frozen(server: &mut Started) -> bool {
    let mut other = server.connect();
    assert_eq!(other.cmd(&["PING"]), Value::simple("PONG"));
    let set = server.first.cmd(&["SET", "k", "v", "PX", PX]);
    assert_eq!(set, Value::simple("OK"));
    let waited = time_of(&mut other, &["PING"]);
    if waited < FROZEN {
        assert_eq!(other.cmd(&["DBSIZE"]), Value::Int(1));
        thread::sleep(Duration::from_millis(3200));
    }
    // A quiet loop looks at its time events when it has been woken: the first of the two does that.
    other.cmd(&["DBSIZE"]);
    assert_eq!(other.cmd(&["DBSIZE"]), Value::Int(0));
    waited >= FROZEN
}

#[test]
fn a_time_event_that_waits_for_its_time_freezes_everybody() {
    for words in [
        &["sleep"][..],
        &["spin"],
        &["sleep", "quiet"],
        &["spin", "quiet"],
    ] {
        let Some(mut server) = Started::new(WAYS, words, &[]) else {
            return;
        };
        assert!(is_frozen(&mut server), "{words:?}");
    }
}

/// The first test that one would write fails: the answer comes late, and the key is gone by then.
#[test]
fn get_after_set_with_px_answers_late_and_nil() {
    for (file, words, value) in [
        (WAYS, &["sleep"][..], Value::Nil),
        (WAYS, &["spin"], Value::Nil),
        (FIXED, &[], Value::bulk("v")),
    ] {
        let Some(mut server) = Started::new(file, words, &[]) else {
            return;
        };
        server.first.cmd(&["SET", "k", "v", "PX", "1000"]);
        assert_eq!(server.first.cmd(&["GET", "k"]), value, "{file} {words:?}");
    }
}

#[test]
fn one_that_is_run_when_it_is_due_freezes_nobody() {
    for (file, words) in [
        (WAYS, &["late"][..]),
        (WAYS, &["late", "quiet"]),
        (FIXED, &[]),
    ] {
        let Some(mut server) = Started::new(file, words, &[]) else {
            return;
        };
        assert!(!is_frozen(&mut server), "{file} {words:?}");
    }
}

/// With the timeout of 10 seconds it is the busy loop that makes time events come in time. Without the one the other shows.
#[test]
fn the_busy_loop_hides_that_the_timeout_ignores_the_nearest_timer() {
    let limit_ms = 1500;
    for (file, words, is_late) in [
        (WAYS, &["late"][..], false),
        (WAYS, &["late", "quiet"], true),
        (FIXED, &[], false),
    ] {
        let Some(mut server) = Started::new(file, words, &[]) else {
            return;
        };
        server.first.cmd(&["SET", "k", "v", "PX", "300"]);
        thread::sleep(Duration::from_secs(4));
        // The first wakes the loop, the second tells.
        server.first.cmd(&["DBSIZE"]);
        let late_ms = server.first.cmd(&["LATE"]).int();
        assert_eq!(
            late_ms > limit_ms,
            is_late,
            "{file} {words:?}: {late_ms} ms late"
        );
    }
}

#[test]
fn a_loop_that_waits_for_the_nearest_timer_does_not_spin() {
    let Some(mut server) = Started::new(FIXED, &[], &[]) else {
        return;
    };
    let before = server.first.cmd(&["TURNS"]).int();
    for key in 0..10 {
        let px = (300 + 50 * key).to_string();
        server.first.cmd(&["SET", &key.to_string(), "v", "PX", &px]);
    }
    thread::sleep(Duration::from_secs(2));
    assert_eq!(server.first.cmd(&["DBSIZE"]), Value::Int(0));
    let turns = server.first.cmd(&["TURNS"]).int() - before;
    // A turn or two for each request, one for each timer.
    assert!(turns < 100, "{turns} turns for 12 requests and 10 timers");
}

/// A key that is set again has a new deadline or none: the old time event must not delete it.
#[test]
fn a_time_event_of_a_value_that_is_gone_deletes_the_next_one() {
    for (file, words, left) in [(WAYS, &["late"][..], 0), (FIXED, &[], 1)] {
        let Some(mut server) = Started::new(file, words, &[]) else {
            return;
        };
        server.first.cmd(&["SET", "k", "v", "PX", "300"]);
        server.first.cmd(&["SET", "k", "another"]);
        thread::sleep(Duration::from_millis(1000));
        assert_eq!(
            server.first.cmd(&["DBSIZE"]),
            Value::Int(left),
            "{file} {words:?}"
        );
    }
}

/// The deadlines are milliseconds, and `IO.select` and `sleep` count seconds.
#[test]
fn milliseconds_given_for_seconds_are_a_freeze_a_thousand_times_as_long() {
    let change = [(
        "sleep([event.at_ms - now_ms, 0].max / 1000.0)",
        "sleep([event.at_ms - now_ms, 0].max)",
    )];
    let Some(mut server) = Started::new(WAYS, &["sleep"], &change) else {
        return;
    };
    server.first.cmd(&["SET", "k", "v", "PX", "100"]);
    server.first.send(&["PING"]);
    server.first.expect_silence(Duration::from_secs(3));
}

/// The same mistake where the timeout is computed: a request that comes wakes the loop, so only the first one sees it.
#[test]
fn milliseconds_as_a_timeout_oversleep_until_somebody_comes() {
    let change = [(
        "[nearest_ms - now_ms, 0].max / 1000.0",
        "[nearest_ms - now_ms, 0].max",
    )];
    let Some(mut server) = Started::new(FIXED, &[], &change) else {
        return;
    };
    server.first.cmd(&["SET", "k", "v", "PX", "100"]);
    thread::sleep(Duration::from_millis(2000));
    assert_eq!(server.first.cmd(&["DBSIZE"]), Value::Int(1));
    assert_eq!(server.first.cmd(&["DBSIZE"]), Value::Int(0));
}

//! Pausing the loop, slowing it down and ending it, from the live page.
#![cfg(unix)]
mod common;
#[path = "common/program.rs"]
mod program;
#[path = "common/tools.rs"]
mod tools;
#[path = "common/web.rs"]
mod web;

use program::is_ours;
use web::{Watched, Web};

use common::Value as Reply;
use serde_json::Value;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

fn turn(frame: &Value) -> u64 {
    frame["turn"].as_u64().unwrap_or_else(|| panic!("{frame}"))
}

/// Pauses the loop, and waits until it stands.
fn pause(watched: &Watched) -> Value {
    assert_eq!(watched.control("pause"), 204);
    watched.state_with("a loop that stands", |state| {
        state["phase"] == "before_sleep"
    })
}

#[test]
fn a_paused_loop_serves_the_page_and_nobody_else() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start_with_control();
    let (mut web, _) = watched.view();
    let mut conn = watched.client();
    conn.transcript("SET k v PX 50 => +OK\nSET far v EX 1000 => +OK");
    let paused = pause(&watched);
    conn.send(&["PING"]);
    let waiting = watched.state_with("a client that waits", |state| state["ready_total"] == 1);
    let client = waiting["clients"][0].clone();
    assert_eq!(client["watch"], false);
    assert_eq!(waiting["ready"], Value::from(vec![client["token"].clone()]));
    conn.expect_silence(Duration::from_millis(300));
    assert_eq!(turn(&watched.state()), turn(&paused));
    // Frames go on, and say how late the key is that is due.
    let frame = web.frame_with("a late key", |frame| {
        frame["timer_late_ms"].as_u64() > Some(300)
    });
    assert_eq!(
        (&frame["mode"], &frame["keys"]),
        (&"paused".into(), &2.into())
    );
    let later = web.frame_with("a later one", |later| {
        later["timer_late_ms"].as_u64() > frame["timer_late_ms"].as_u64()
    });
    assert_eq!(turn(&later), turn(&paused));
    assert_eq!(watched.control("resume"), 204);
    assert_eq!(conn.read_value(), Reply::simple("PONG"));
    let free = web.frame_with("a loop that goes", |frame| frame["mode"] == "free");
    assert!(turn(&free) > turn(&paused));
    web.frame_with("the key gone", |frame| {
        frame["keys"] == 1 && frame["timer_late_ms"] == 0
    });
}

#[test]
fn lateness_is_that_of_a_deadline() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start_with_control();
    // On its way to its deadline this timer has to be moved, when its slot of 4096 ms begins. That it
    // is not moved, because the loop stands, is not its being late.
    let slot_ms = (now_ms(&watched) + 300).next_multiple_of(4096);
    let mut conn = watched.client();
    let reply = conn.cmd(&["SET", "k", "v", "PXAT", &(slot_ms + 4000).to_string()]);
    assert_eq!(reply, Reply::simple("OK"));
    pause(&watched);
    let left_ms = (slot_ms + 300).saturating_sub(now_ms(&watched));
    thread::sleep(Duration::from_millis(left_ms));
    let state = watched.state();
    let next_in_ms = state["wheel"]["next_in_ms"].as_u64();
    assert!(
        next_in_ms.is_some_and(|ms| (1..4000).contains(&ms)),
        "{state}"
    );
    assert_eq!(state["timer_late_ms"], 0, "{state}");
}

/// The time of day, as the server tells it.
fn now_ms(watched: &Watched) -> u64 {
    let state = watched.state();
    state["wheel"]["now_ms"]
        .as_u64()
        .unwrap_or_else(|| panic!("{state}"))
}

#[test]
fn steps_are_counted() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start_with_control();
    let (mut web, _) = watched.view();
    let mut last = turn(&pause(&watched));
    for (order, steps) in [("step", 1), ("step?n=1", 1), ("step?n=7", 7)] {
        assert_eq!(watched.control(order), 204);
        let wanted = last + steps;
        let frame = web.frame_with(order, |frame| turn(frame) >= wanted);
        assert_eq!(turn(&frame), wanted, "{order}");
        thread::sleep(Duration::from_millis(300));
        let state = watched.state();
        assert_eq!((turn(&state), &state["mode"]), (wanted, &"paused".into()));
        last = wanted;
    }
    // A waiting client is served by a step.
    let mut conn = watched.client();
    watched.control("resume");
    conn.transcript("PING => +PONG");
    pause(&watched);
    conn.send(&["PING"]);
    watched.state_with("a client that waits", |state| state["ready_total"] == 1);
    // One turn runs the command, the next one sends the reply.
    assert_eq!(watched.control("step?n=2"), 204);
    assert_eq!(conn.read_value(), Reply::simple("PONG"));
}

#[test]
fn slow_motion_names_the_phases() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start_with_control();
    let (mut web, _) = watched.view();
    assert_eq!(watched.control("slow?ms=150"), 204);
    let mut seen = Vec::new();
    let started = Instant::now();
    while seen.len() < 5 && started.elapsed() < program::SOON {
        let frame = web.frame();
        let phase = frame["phase"].as_str().map(str::to_owned);
        if let Some(phase) = phase.filter(|phase| !seen.contains(phase)) {
            assert_eq!(
                (&frame["mode"], &frame["slow_ms"]),
                (&"slow".into(), &150.into())
            );
            seen.push(phase);
        }
    }
    seen.sort();
    let all = [
        "after_sleep",
        "before_sleep",
        "file_events",
        "poll",
        "time_events",
    ];
    assert_eq!(seen, all);
    assert_eq!(watched.control("slow?ms=0"), 204);
    web.frame_with("a free loop", |frame| {
        frame["mode"] == "free" && frame["slow_ms"] == 0
    });
}

#[test]
fn control_is_for_whom_debug_is() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&[]);
    assert_eq!(watched.state()["can_control"], false);
    for order in ["pause", "resume", "step", "slow?ms=10"] {
        let mut web = watched.open();
        let refused = web.ask(&format!("/control/{order}"), "X-Aerolite-Watch: 1\r\n");
        assert_eq!(refused.status, 403);
        let text = refused.text();
        assert!(text.contains("--enable-debug-command local"), "{text}");
    }
    assert_eq!(watched.state()["mode"], "free");
    watched.client().transcript("PING => +PONG");
}

#[test]
fn the_page_is_no_way_around_the_password() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&["--enable-debug-command", "yes", "--requirepass", "secret"]);
    assert_eq!(watched.state()["can_control"], false);
    assert_eq!(watched.control("pause"), 403);
    assert_eq!(watched.state()["mode"], "free");
    let mut conn = watched.client();
    conn.transcript("AUTH secret => +OK\nCONFIG SET requirepass \"\" => +OK");
    assert_eq!(watched.state()["can_control"], true);
}

#[test]
fn new_viewers_come_in_while_the_loop_stands() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start_with_control();
    pause(&watched);
    let mut viewers: Vec<Web> = (0..3).map(|_| watched.view().0).collect();
    for viewer in &mut viewers {
        let frame = viewer.frame_with("all", |frame| frame["clients_total"] == 3);
        assert_eq!(frame["mode"], "paused");
    }
}

#[test]
fn a_signal_ends_it_at_once_watched_paused_or_slow() {
    if !is_ours() {
        return;
    }
    for order in ["resume", "pause", "slow?ms=2000"] {
        let mut watched = Watched::start_with_control();
        let mut viewers: Vec<Web> = (0..3).map(|_| watched.view().0).collect();
        let _idle = watched.open();
        assert_eq!(watched.control(order), 204);
        let started = Instant::now();
        watched.running.signal("-TERM");
        watched.running.ends_well();
        let took = started.elapsed();
        assert!(took < Duration::from_secs(10), "{order}: {took:?}");
        assert!(viewers.iter_mut().all(Web::is_closed), "{order}");
    }
}

#[test]
fn a_paused_server_in_a_program_ends_with_its_handle() {
    if !is_ours() {
        return;
    }
    let handle = match aerolite::spawn(&[("enable-debug-command", "yes")]) {
        Ok(handle) => handle,
        Err(error) => panic!("{error}"),
    };
    let mut conn = common::Conn::connect(handle.addr());
    conn.transcript("DEBUG LOOP PAUSE => +OK");
    let (ended, has_ended) = mpsc::channel();
    thread::spawn(move || {
        drop(handle);
        let _ = ended.send(());
    });
    assert!(has_ended.recv_timeout(program::SOON).is_ok());
}

//! The event loop's time events through the public door, by the real clock.

#[cfg(target_os = "linux")]
use std::io;
#[cfg(target_os = "linux")]
use std::thread;
use std::time::{Duration, Instant};

use aerolite::ae::{EventLoop, Next, TimeEventId};

const MS: Duration = Duration::from_millis(1);

/// What time handlers note: when each ran, as loop time, and in which turn.
#[derive(Default)]
struct Times {
    ran: Vec<(TimeEventId, u64, u64)>,
    other: Option<TimeEventId>,
    next: Option<Next>,
}

fn note(event_loop: &mut EventLoop<Times>, times: &mut Times, id: TimeEventId) -> Next {
    times
        .ran
        .push((id, event_loop.now_ms(), event_loop.turn_count()));
    times.next.unwrap_or(Next::NoMore)
}

impl Times {
    fn order(&self) -> Vec<TimeEventId> {
        self.ran.iter().map(|(id, ..)| *id).collect()
    }
}

fn run_until_no_time_events(event_loop: &mut EventLoop<Times>, times: &mut Times) {
    for _ in 0..1000 {
        if event_loop.time_event_count() == 0 {
            return;
        }
        event_loop.turn(times).expect("a turn");
    }
    panic!("time events are left after 1000 turns");
}

#[test]
fn time_events_run_in_order_and_never_early_and_the_loop_does_not_spin_for_them() {
    let mut event_loop = EventLoop::new(8).expect("a loop");
    let mut times = Times::default();
    let start = Instant::now();
    // So far apart that they are due in this order although the machine stands still in between.
    let late = event_loop.create_time_event(600 * MS, note);
    let early = event_loop.create_time_event(Duration::from_micros(20_300), note);
    let at = event_loop.create_time_event_at(300, note);
    run_until_no_time_events(&mut event_loop, &mut times);
    assert!(start.elapsed() >= 600 * MS);
    assert_eq!(times.order(), [early, at, late]);
    assert!(times.ran[0].1 >= 21, "rounded up");
    assert!(times.ran[1].1 >= 300);
    assert!(
        event_loop.turn_count() <= 6,
        "{} turns",
        event_loop.turn_count()
    );
}

#[test]
fn an_event_armed_for_now_runs_in_the_next_turn() {
    let mut event_loop = EventLoop::new(8).expect("a loop");
    for next in [Next::After(Duration::ZERO), Next::At(0)] {
        let mut times = Times {
            next: Some(next),
            ..Times::default()
        };
        let id = event_loop.create_time_event(Duration::ZERO, note);
        for _ in 0..3 {
            event_loop.turn(&mut times).expect("a turn");
        }
        let turns: Vec<u64> = times.ran.iter().map(|(_, _, turn)| *turn).collect();
        assert_eq!(turns.len(), 3);
        assert!(
            turns.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "{turns:?}"
        );
        assert!(event_loop.delete_time_event(id));
    }
}

#[test]
fn a_created_event_that_is_due_now_also_waits_for_the_next_turn() {
    fn breed(event_loop: &mut EventLoop<Times>, times: &mut Times, id: TimeEventId) -> Next {
        times
            .ran
            .push((id, event_loop.now_ms(), event_loop.turn_count()));
        times.other = Some(event_loop.create_time_event(Duration::ZERO, breed));
        Next::NoMore
    }
    let mut event_loop = EventLoop::new(8).expect("a loop");
    let mut times = Times::default();
    event_loop.create_time_event(Duration::ZERO, breed);
    for _ in 0..4 {
        event_loop.turn(&mut times).expect("a turn");
    }
    assert_eq!(times.ran.len(), 4);
    let last = times.other.expect("one is left");
    assert!(event_loop.delete_time_event(last));
    assert_eq!(event_loop.time_event_count(), 0);
}

#[test]
fn handlers_delete_and_reschedule_each_other_and_themselves() {
    fn delete_both(event_loop: &mut EventLoop<Times>, times: &mut Times, id: TimeEventId) -> Next {
        note(event_loop, times, id);
        let other = times.other.take().expect("it is set");
        assert!(
            event_loop.delete_time_event(other),
            "due in this turn, and not run yet"
        );
        assert!(event_loop.delete_time_event(id));
        assert!(!event_loop.delete_time_event(id));
        Next::After(Duration::ZERO) // stays deleted
    }
    fn move_both(event_loop: &mut EventLoop<Times>, times: &mut Times, id: TimeEventId) -> Next {
        note(event_loop, times, id);
        let later = event_loop.now_ms() + 10;
        let other = times.other.take().expect("it is set");
        assert!(event_loop.reschedule(other, later));
        assert!(event_loop.reschedule(id, later));
        Next::NoMore // is the last word
    }
    let mut event_loop = EventLoop::new(8).expect("a loop");
    let mut times = Times::default();
    let first = event_loop.create_time_event(Duration::ZERO, delete_both);
    times.other = Some(event_loop.create_time_event(Duration::ZERO, note));
    run_until_no_time_events(&mut event_loop, &mut times);
    assert_eq!(times.order(), [first]);

    let mover = event_loop.create_time_event(Duration::ZERO, move_both);
    let moved = event_loop.create_time_event(Duration::ZERO, note);
    times.other = Some(moved);
    run_until_no_time_events(&mut event_loop, &mut times);
    assert_eq!(times.order(), [first, mover, moved]);
    assert!(times.ran[2].1 >= times.ran[1].1 + 10);
}

#[test]
fn more_events_than_a_turn_may_serve_are_served_in_several_turns() {
    const EVENTS: usize = 3000;
    let mut event_loop = EventLoop::new(8).expect("a loop");
    let mut times = Times::default();
    for _ in 0..EVENTS {
        event_loop.create_time_event(Duration::ZERO, note);
    }
    let mut served = Vec::new();
    for _ in 0..4 {
        event_loop.wake_now();
        event_loop.turn(&mut times).expect("a turn");
        served.push(times.ran.len());
    }
    assert_eq!(served, [1024, 2048, EVENTS, EVENTS]);
}

#[test]
fn a_stale_id_is_harmless() {
    let mut event_loop = EventLoop::new(8).expect("a loop");
    let mut times = Times::default();
    let stale = event_loop.create_time_event(Duration::ZERO, note);
    run_until_no_time_events(&mut event_loop, &mut times);
    let young = event_loop.create_time_event(5 * MS, note);
    assert_ne!(stale, young);
    assert!(!event_loop.delete_time_event(stale));
    assert!(!event_loop.reschedule(stale, 1_000_000));
    run_until_no_time_events(&mut event_loop, &mut times);
    assert_eq!(times.order(), [stale, young]);
}

#[test]
fn a_time_out_of_reach_is_no_trouble() {
    let mut event_loop = EventLoop::new(8).expect("a loop");
    let mut times = Times::default();
    let never = event_loop.create_time_event(Duration::MAX, note);
    let soon = event_loop.create_time_event(2 * MS, note);
    while times.ran.is_empty() {
        event_loop.turn(&mut times).expect("a turn");
    }
    assert_eq!(times.order(), [soon]);
    assert!(event_loop.delete_time_event(never));
}

// ---- faults ----

/// A process that is stopped and continued has its `epoll_wait` fail with `EINTR`.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_sleep_is_no_error() -> io::Result<()> {
    use std::process::Command;

    const CHILD: &str = "AEROLITE_TEST_INTERRUPTED_CHILD";
    const NAME: &str = "an_interrupted_sleep_is_no_error";

    if std::env::var_os(CHILD).is_some() {
        let mut event_loop = EventLoop::new(8)?;
        let mut times = Times::default();
        event_loop.create_time_event(500 * MS, note);
        while times.ran.is_empty() {
            event_loop.turn(&mut times)?;
        }
        return Ok(());
    }
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--exact", NAME, "--test-threads=1"])
        .env(CHILD, "1")
        .stdout(std::process::Stdio::null())
        .spawn()?;
    let pid = child.id().to_string();
    for signal in ["-STOP", "-CONT", "-STOP", "-CONT"] {
        thread::sleep(60 * MS);
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()?
                .success()
        );
    }
    assert!(child.wait()?.success(), "the sleep was interrupted");
    Ok(())
}

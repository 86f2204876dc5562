//! A ticking clock that measures itself.
//!
//! ```text
//! cargo run --example clock [period_ms] [ticks]        (1000 ms and no end if not given)
//! ```
//!
//! What it shows: two ways to be periodic. `Next::At` names the moment of the next tick, so one
//! late tick does not make the others late. `Next::After` names a distance, so each lateness is
//! added to all that were before. (`poll` sleeps for whole milliseconds, so to be up to one late is
//! normal; to be later each time is not.) And that a sleeping loop is asleep: the number of turns
//! grows with the ticks, not with the time.

use std::io::{self, ErrorKind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aerolite::ae::{EventLoop, Next, TimeEventId};

const DEFAULT_PERIOD_MS: u32 = 1000;

struct Clock {
    start: Instant,
    period: Duration,
    /// The time of the loop at which the clock was started.
    start_ms: u64,
    ticks: u32,
    tocks: u32,
    tock_late_ms: f64,
    last_tick: u32,
}

impl Clock {
    /// How much more time has passed than so many periods.
    fn late_ms(&self, periods: u32) -> f64 {
        let ideal = self.period * periods;
        (self.start.elapsed().as_secs_f64() - ideal.as_secs_f64()) * 1000.0
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("clock: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let period_ms = argument(1)?.unwrap_or(DEFAULT_PERIOD_MS).max(1);
    let last_tick = argument(2)?.unwrap_or(u32::MAX);
    let period = Duration::from_millis(period_ms.into());

    let mut event_loop = EventLoop::new(1)?;
    event_loop.refresh_clock();
    let mut clock = Clock {
        start: event_loop.now(),
        period,
        start_ms: event_loop.now_ms(),
        ticks: 0,
        tocks: 0,
        tock_late_ms: 0.0,
        last_tick,
    };
    let first_ms = clock.start_ms + u64::from(period_ms);
    event_loop.create_time_event_at(first_ms, tick);
    event_loop.create_time_event(period, tock);
    event_loop.run(&mut clock)
}

fn argument(position: usize) -> io::Result<Option<u32>> {
    let Some(text) = std::env::args().nth(position) else {
        return Ok(None);
    };
    let number = text.parse();
    number
        .map(Some)
        .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))
}

/// Keeps to the grid: the next tick is counted from the start, wherever this one fell.
fn tick(event_loop: &mut EventLoop<Clock>, clock: &mut Clock, _: TimeEventId) -> Next {
    clock.ticks += 1;
    println!(
        "tick {:4} is {:6.3} ms late; tock {:4} was {:6.3} ms late; {} turns",
        clock.ticks,
        clock.late_ms(clock.ticks),
        clock.tocks,
        clock.tock_late_ms,
        event_loop.turn_count(),
    );
    if clock.ticks >= clock.last_tick {
        event_loop.stop();
        return Next::NoMore;
    }
    // ANCHOR: tick-at
    let since_start = clock.period.as_millis() as u64 * u64::from(clock.ticks + 1);
    Next::At(clock.start_ms + since_start)
    // ANCHOR_END: tick-at
}

// ANCHOR: tock
/// Slips: the next one is counted from this one.
fn tock(_: &mut EventLoop<Clock>, clock: &mut Clock, _: TimeEventId) -> Next {
    clock.tocks += 1;
    clock.tock_late_ms = clock.late_ms(clock.tocks);
    Next::After(clock.period)
}
// ANCHOR_END: tock

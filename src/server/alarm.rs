//! Alarms, and work in slices: what everything is made of that the server does at a time.
//!
//! ```text
//!   before_sleep    alarm.set(when it is due)           no time event while nothing is
//!   the handler     repeat(a piece of work) ──▶ finish  done: the event goes; more: again in the next turn
//! ```

use crate::ae::{EventLoop, Next, TimeEventId, TimeProc};
use crate::engine::Slice;
use std::time::{Duration, Instant};

/// The time that one piece of background work may take of a turn.
pub(super) const SLICE_TIME: Duration = Duration::from_micros(500);

/// A time event that is due when a wheel says so.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    event: Option<(TimeEventId, u64)>,
}

impl Alarm {
    /// Sets it to a time of the loop, or switches it off.
    #[inline]
    pub(super) fn set<C>(
        &mut self,
        event_loop: &mut EventLoop<C>,
        at_ms: Option<u64>,
        proc: TimeProc<C>,
    ) {
        if at_ms.is_some() || self.is_armed() {
            self.set_anew(event_loop, at_ms, proc);
        }
    }

    #[inline(never)]
    fn set_anew<C>(
        &mut self,
        event_loop: &mut EventLoop<C>,
        at_ms: Option<u64>,
        proc: TimeProc<C>,
    ) {
        match (at_ms, self.event) {
            (Some(at_ms), Some((id, armed_ms))) => {
                if at_ms == armed_ms {
                    return;
                }
                let is_there = event_loop.reschedule(id, at_ms);
                let id = if is_there {
                    id
                } else {
                    event_loop.create_time_event_at(at_ms, proc)
                };
                self.event = Some((id, at_ms));
            }
            (Some(at_ms), None) => {
                self.event = Some((event_loop.create_time_event_at(at_ms, proc), at_ms));
            }
            (None, Some((id, _))) => {
                event_loop.delete_time_event(id);
                self.event = None;
            }
            (None, None) => {}
        }
    }

    /// Whether there is a time event.
    #[inline]
    pub(super) fn is_armed(&self) -> bool {
        self.event.is_some()
    }

    /// Its time event has fired and is gone.
    pub(super) fn fired(&mut self) {
        self.event = None;
    }
}

/// Repeats a piece of work until it is done or the slice is used up.
// ANCHOR: repeat
pub(super) fn repeat(mut work: impl FnMut() -> Slice) -> Slice {
    let start = Instant::now();
    loop {
        if work() == Slice::Done {
            return Slice::Done;
        }
        if start.elapsed() >= SLICE_TIME {
            return Slice::More;
        }
    }
}
// ANCHOR_END: repeat

/// More to do: the event runs again in the next turn, after everybody else. Otherwise
/// `before_sleep` sets the alarm anew.
pub(super) fn finish<C>(event_loop: &mut EventLoop<C>, alarm: &mut Alarm, progress: Slice) -> Next {
    match progress {
        Slice::More => Next::At(event_loop.now_ms()),
        Slice::Done => {
            alarm.fired();
            Next::NoMore
        }
    }
}

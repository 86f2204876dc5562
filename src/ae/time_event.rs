//! Time events: handlers that run when a moment has come, on a [`Wheel`] of milliseconds.
//!
//! An event is in one of four states:
//!
//! ```text
//!                   fires                 Next::At, Next::After
//!     Armed (wheel) -------> Running ---------------------------> Armed
//!       ^                      |
//!       |  end of the round    |  ... for a moment that has come already
//!       +------- Held <--------+
//! ```
//!
//! *Held* is what keeps an event that re-arms itself for "now" from holding the loop: whatever is
//! armed for a moment already over while time events are being served goes on the wheel when that
//! round ends.

use slab::Slab;

use super::TimeProc;
use crate::wheel::{Step, TimerId, Wheel};

/// Names a time event. No two of a loop's time events ever have the same id, so one kept too long
/// is harmless.
///
/// See the example of [`EventLoop::reschedule`](super::EventLoop::reschedule).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeEventId {
    slot: usize,
    serial: u64,
}

struct TimeEvent<C> {
    proc: TimeProc<C>,
    serial: u64,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Armed(TimerId),
    Held { at_ms: u64 },
    Running,
}

/// What a unit of work on the time events came to.
pub(super) enum Due<C> {
    Run(TimeEventId, TimeProc<C>),
    Moved,
    Idle,
}

/// All time events of a loop.
pub(super) struct TimeEvents<C> {
    slots: Slab<TimeEvent<C>>,
    /// The items are the slots of the events.
    wheel: Wheel<usize>,
    serials: u64,
    /// While a round is served: the moment it serves.
    round_ms: Option<u64>,
    /// Events held during this round. Some may have been deleted or moved since.
    held: Vec<TimeEventId>,
}

impl<C> TimeEvents<C> {
    pub(super) const fn new() -> Self {
        Self {
            slots: Slab::new(),
            wheel: Wheel::new(0),
            serials: 0,
            round_ms: None,
            held: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The earliest moment at which [`step`](Self::step) has something to do.
    pub(super) fn next_due(&self) -> Option<u64> {
        self.wheel.next_due()
    }

    pub(super) fn create(&mut self, at_ms: u64, proc: TimeProc<C>) -> TimeEventId {
        self.serials += 1;
        let serial = self.serials;
        let slot = self.slots.insert(TimeEvent {
            proc,
            serial,
            state: State::Running,
        });
        let id = TimeEventId { slot, serial };
        self.arm(id, at_ms);
        id
    }

    pub(super) fn reschedule(&mut self, id: TimeEventId, at_ms: u64) -> bool {
        let Some(event) = self.live(id) else {
            return false;
        };
        if let State::Armed(timer) = event.state {
            if self.wheel.deadline(timer) == at_ms {
                return true;
            }
            self.wheel.cancel(timer);
        }
        self.arm(id, at_ms);
        true
    }

    pub(super) fn delete(&mut self, id: TimeEventId) -> bool {
        let Some(event) = self.live(id) else {
            return false;
        };
        if let State::Armed(timer) = event.state {
            self.wheel.cancel(timer);
        }
        self.slots.remove(id.slot);
        true
    }

    pub(super) fn begin_round(&mut self, now_ms: u64) {
        self.round_ms = Some(now_ms);
    }

    /// One O(1) unit of the work of this round.
    pub(super) fn step(&mut self, now_ms: u64) -> Due<C> {
        match self.wheel.step(now_ms) {
            Step::Fired { item: slot, .. } => {
                let event = &mut self.slots[slot];
                event.state = State::Running;
                let id = TimeEventId {
                    slot,
                    serial: event.serial,
                };
                Due::Run(id, event.proc)
            }
            Step::Moved => Due::Moved,
            Step::Idle => Due::Idle,
        }
    }

    pub(super) fn end_round(&mut self) {
        self.round_ms = None;
        for at in 0..self.held.len() {
            let id = self.held[at];
            if let Some(State::Held { at_ms }) = self.live(id).map(|event| event.state) {
                self.arm(id, at_ms);
            }
        }
        self.held.clear();
    }

    /// Puts an event that is not on the wheel there, or holds it for the end of the round.
    fn arm(&mut self, id: TimeEventId, at_ms: u64) {
        let event = &mut self.slots[id.slot];
        if self.round_ms.is_some_and(|now_ms| at_ms <= now_ms) {
            if !matches!(event.state, State::Held { .. }) {
                self.held.push(id);
            }
            event.state = State::Held { at_ms };
        } else {
            event.state = State::Armed(self.wheel.insert(at_ms, id.slot));
        }
    }

    fn live(&self, id: TimeEventId) -> Option<&TimeEvent<C>> {
        let event = self.slots.get(id.slot)?;
        (event.serial == id.serial).then_some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ae::{EventLoop, Next};

    fn nothing(_: &mut EventLoop<()>, (): &mut (), _: TimeEventId) -> Next {
        Next::NoMore
    }

    #[test]
    fn what_is_held_goes_on_the_wheel_when_the_round_ends_and_is_held_no_more() {
        let mut events = TimeEvents::new();
        events.begin_round(10);
        let deleted = events.create(10, nothing);
        let moved = events.create(3, nothing);
        let held = events.create(7, nothing);
        assert!(matches!(events.step(10), Due::Idle));
        assert!(events.delete(deleted));
        assert!(events.reschedule(moved, 20));
        events.end_round();
        assert!(events.held.is_empty());
        assert!(matches!(events.step(10), Due::Run(id, _) if id == held));
        assert!(matches!(events.step(19), Due::Idle));
        assert!(matches!(events.step(20), Due::Run(id, _) if id == moved));
    }
}

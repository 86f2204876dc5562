//! Slow motion: the loop stops where a person can see it.
//!
//! ```text
//!   before_sleep ┊ poll ┊ after_sleep ┊ file events ┊ time events ┊ before_sleep ...
//!                ┊      ┊             ┊             ┊             ┊
//!                └──────┴── a gap ────┴─────────────┴─────────────┘
//!                           only control connections are served in it
//! ```
//!
//! Between two phases lies a *gap*, of no length when the loop runs free. In slow motion each takes as long
//! as somebody has asked for, and a paused loop stays in the gap before `before_sleep` until it is
//! told to make steps or to go on. In a gap the loop is a smaller one of the same kind: it polls, lands
//! edges, and serves those file events that are for [control](super::EventLoop::set_control). All
//! others stay in the ready queue, and time events become as late as they become.

use super::recorder::Phase;
use std::time::Duration;

/// How the loop goes.
///
/// See the examples of [`EventLoop::pause`](super::EventLoop::pause) and
/// [`EventLoop::slow`](super::EventLoop::slow).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as it can.
    Free,
    /// With this time between any two phases.
    Slow(Duration),
    /// Not at all, until somebody says so.
    Paused,
}

/// The longest gap between two phases.
pub const MAX_GAP: Duration = Duration::from_millis(2000);

/// Turns that one request for steps can ask for.
pub const MAX_STEPS: u64 = 1_000_000;

#[derive(Debug)]
pub(super) struct Motion {
    /// Neither paused nor slow: asked five times a turn.
    is_free: bool,
    is_paused: bool,
    /// Turns that are still to be made while it is paused.
    steps: u64,
    gap: Duration,
    /// The phase that the loop is held before.
    held: Option<Phase>,
}

impl Default for Motion {
    fn default() -> Motion {
        Motion {
            is_free: true,
            is_paused: false,
            steps: 0,
            gap: Duration::ZERO,
            held: None,
        }
    }
}

impl Motion {
    #[inline]
    pub(super) fn is_free(&self) -> bool {
        self.is_free
    }

    pub(super) fn pace(&self) -> Pace {
        if self.is_paused {
            Pace::Paused
        } else if self.gap.is_zero() {
            Pace::Free
        } else {
            Pace::Slow(self.gap)
        }
    }

    pub(super) fn held(&self) -> Option<Phase> {
        self.held
    }

    pub(super) fn pause(&mut self) {
        self.is_paused = true;
        self.is_free = false;
        self.steps = 0;
    }

    pub(super) fn resume(&mut self) {
        *self = Motion {
            held: self.held,
            ..Motion::default()
        };
    }

    pub(super) fn step(&mut self, turns: u64) {
        self.is_paused = true;
        self.is_free = false;
        self.steps = self.steps.saturating_add(turns).min(MAX_STEPS);
    }

    pub(super) fn slow(&mut self, gap: Duration) {
        self.gap = gap.min(MAX_GAP);
        self.is_free = !self.is_paused && gap.is_zero();
    }

    pub(super) fn hold(&mut self, before: Option<Phase>) {
        self.held = before;
    }

    /// How much of the gap before this phase is left, when so much of it is over. `None` when the
    /// loop may go on.
    pub(super) fn left(&mut self, before: Phase, over: Duration) -> Option<Duration> {
        if self.is_paused && before == Phase::BeforeSleep && self.steps == 0 {
            return Some(Duration::MAX);
        }
        let left = self.gap.checked_sub(over).filter(|left| !left.is_zero());
        if left.is_none() && before == Phase::BeforeSleep {
            self.steps = self.steps.saturating_sub(1);
        }
        left
    }
}

//! The loop for whoever wants to watch: its recorder, its pace, and what it has and waits for.
//!
//! Nothing here turns the loop, and a program that only wants to be served needs none of it. Most of it asks
//! the part that knows.

use std::time::Duration;

use super::{EventLoop, Pace, Phase, Recorder, SleepProc, Token};

impl<C> EventLoop<C> {
    /// What each turn did; see [`recorder`](super::recorder). Its time is the loop's, [`clock_ns`](Self::clock_ns).
    ///
    #[doc = include_str!("examples/recorder.md")]
    #[must_use]
    pub fn recorder(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    /// Stops before the next turn, until [`resume`](Self::resume) or [`step`](Self::step).
    ///
    #[doc = include_str!("examples/pause.md")]
    pub fn pause(&mut self) {
        self.motion.pause();
    }

    /// Lets a paused loop (it is paused, if it was not) make so many turns, up to
    /// [`MAX_STEPS`](super::slow_motion::MAX_STEPS).
    ///
    /// See the example of [`pause`](Self::pause).
    pub fn step(&mut self, turns: u64) {
        self.motion.step(turns);
    }

    /// Puts a gap between any two phases, up to [`MAX_GAP`](super::slow_motion::MAX_GAP).
    ///
    #[doc = include_str!("examples/slow.md")]
    pub fn slow(&mut self, gap: Duration) {
        self.motion.slow(gap);
    }

    /// As fast as it can again.
    ///
    /// See the example of [`pause`](Self::pause).
    pub fn resume(&mut self) {
        self.motion.resume();
    }

    /// How the loop goes.
    ///
    /// See the examples of [`pause`](Self::pause) and [`slow`](Self::slow).
    #[must_use]
    pub fn pace(&self) -> Pace {
        self.motion.pace()
    }

    /// The phase before which the loop is being held at this moment. While it is, only what is
    /// for control is served, and no `before_sleep` comes soon.
    ///
    /// See the example of [`set_while_held`](Self::set_while_held).
    #[must_use]
    pub fn held_before(&self) -> Option<Phase> {
        self.motion.held()
    }

    /// Says whether a file event is for control: served even while the loop is held. `false` when
    /// there is no such file event.
    ///
    #[doc = include_str!("examples/set_control.md")]
    pub fn set_control(&mut self, token: Token, is_control: bool) -> bool {
        self.files.set_control(token, is_control)
    }

    /// Whether a file event is for control.
    ///
    /// See the example of [`set_control`](Self::set_control).
    #[must_use]
    pub fn is_control(&self, token: Token) -> bool {
        self.files.is_control(token)
    }

    /// What to run every now and then while the loop is held: after each edge, and some twenty
    /// times a second without any.
    ///
    #[doc = include_str!("examples/set_while_held.md")]
    pub fn set_while_held(&mut self, proc: Option<SleepProc<C>>) {
        self.while_held = proc;
    }

    /// When a file event became ready: the time of the loop, in nanoseconds, at which the sleep ended
    /// before it was last queued. One whose handler left something is ready from the end of that
    /// turn's sleep on.
    ///
    #[doc = include_str!("examples/ready_since_ns.md")]
    #[must_use]
    pub fn ready_since_ns(&self, token: Token) -> u64 {
        self.files.ready_since_ns(token)
    }

    /// The file events that are ready, in the order in which they will be served.
    ///
    /// See the example of [`make_ready`](Self::make_ready).
    pub fn ready(&self) -> impl Iterator<Item = Token> {
        self.files.ready()
    }

    /// When the next time event is due, in milliseconds of the loop.
    ///
    /// See the example of [`reschedule`](Self::reschedule).
    #[must_use]
    pub fn next_due_ms(&self) -> Option<u64> {
        self.times.next_due()
    }

    /// How many file events there are, a waker's included.
    ///
    /// See the example of [`delete_file_event`](Self::delete_file_event).
    #[must_use]
    pub fn file_event_count(&self) -> usize {
        self.files.len()
    }

    /// How many file events are ready and wait for their handlers.
    ///
    /// See the example of [`make_ready`](Self::make_ready).
    #[must_use]
    pub fn ready_count(&self) -> usize {
        self.files.ready_len()
    }

    /// How many time events there are.
    ///
    /// See the example of [`reschedule`](Self::reschedule).
    #[must_use]
    pub fn time_event_count(&self) -> usize {
        self.times.len()
    }

    /// How many turns have begun.
    ///
    /// See the example of [`turn`](Self::turn).
    #[must_use]
    pub fn turn_count(&self) -> u64 {
        self.turns
    }
}

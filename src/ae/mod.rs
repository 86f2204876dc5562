//! An event loop in the style of Redis's `ae`, on top of [`mio`]. It has never heard of Redis.
//!
//! One thread serves every socket and every timer: it waits until something is ready, runs the
//! handlers of what is, and waits again. One [turn](EventLoop::turn):
//!
//! ```text
//!      +--> before_sleep      last chance to write replies and to arm time events
//!      |         |
//!      |       poll           sleeps until the kernel or the nearest time event; every edge lands in its slot
//!      |         |
//!      |    after_sleep
//!      |         |
//!      |    file events       each ready one once: its read handler, then its write handler
//!      |         |
//!      +---- time events      those that are due
//! ```
//!
//! # The context
//!
//! Handlers are plain functions. What they work on, the *context* `C`, is a sibling of the loop and
//! not a part of it, so a handler gets both as `&mut` and may do anything to either: create, change
//! and delete events, its own too. Nothing is borrowed across a call, so there is nothing to lock
//! and no `RefCell` to trip over.
//!
//! # Edge in, level out
//!
//! The kernel is asked for *edges*: it reports once that a socket became readable, and is silent
//! until there is more. That saves system calls (a socket is registered once, for both directions,
//! and never touched again), and it is a trap: who stops reading early hears nothing more. So the
//! loop keeps a *ready bit* for each direction. An edge sets it, and it stays until the handler
//! says [`Io::Drained`]; a handler that stops early says [`Io::More`] and gets its next turn after
//! the others. While any file event is ready `poll` does not sleep. A handler that is set later, on
//! a direction that is ready already, runs in the next turn at the latest: to want to write is to
//! have a write handler, and costs no system call.
//!
//! # When is a socket drained?
//!
//! When `read` or `write` said [`WouldBlock`](io::ErrorKind::WouldBlock), always. For stream
//! sockets there is a shortcut: a `read` that filled only a part of its buffer has emptied the
//! socket, what comes later is a new edge, and the `read` that would only find `WouldBlock` can be
//! saved. *With one exception*: the end of the stream (or an error) that is already waiting behind
//! the data had its edge before, and there will be no other one. [`EventLoop::hangup_hinted`]
//! tells: once it is true, a short read does not mean drained, and the handler reads on until
//! `Ok(0)`, an error or `WouldBlock`. The same holds for writing. (TCP's urgent data makes a read
//! end early too. Who sends a byte of it may wait for the answer until more data comes; nobody else
//! notices.)
//!
//! Hang-up and error bits are no more than that, hints: they make their directions ready, and
//! `read` and `write` tell the truth. A peer that has only shut down its writing half looks the
//! same in the bits, and still waits for its reply.
//!
//! # Stale tokens cannot bite
//!
//! A [`Token`] is an index, and is reused. The classic accident: one batch of events has something
//! for sockets A and B, A's handler closes B and accepts a new C, which gets B's token, and then
//! B's event reaches C. Here every edge of a batch is landed in its slot *before any handler runs*,
//! the batch is not looked at again, and the readiness dies with its slot. What a handler returns
//! after it deleted its own file event is ignored, even when the token is in use again.
//!
//! # Time
//!
//! The loop counts milliseconds from its creation. They come from [`Instant`], which never goes
//! back, so there is nothing here about clocks that are set. Without time events and with nothing
//! ready, `poll` has no timeout: an idle loop wakes zero times a second.
//!
//! # Example
//!
//! ```
//! use std::time::Duration;
//! use aerolite::ae::{EventLoop, Next, TimeEventId};
//!
//! fn tick(event_loop: &mut EventLoop<u32>, ticks: &mut u32, _: TimeEventId) -> Next {
//!     *ticks += 1;
//!     if *ticks == 3 {
//!         event_loop.stop();
//!         return Next::NoMore;
//!     }
//!     Next::After(Duration::from_millis(2))
//! }
//!
//! # fn main() -> std::io::Result<()> {
//! let mut event_loop = EventLoop::new(64)?;
//! let mut ticks = 0;
//! event_loop.create_time_event(Duration::ZERO, tick);
//! event_loop.run(&mut ticks)?;
//! assert_eq!(ticks, 3);
//! # Ok(())
//! # }
//! ```

use std::io;
use std::time::{Duration, Instant};

use log::trace;
use mio::event::Source;
use mio::{Events, Interest, Poll, Waker};

pub use file_event::Mask;
pub use mio::Token;
pub use recorder::{Phase, Recorder};
pub use slow_motion::Pace;
pub use time_event::TimeEventId;

use file_event::{FileEvents, Served};
use recorder::Moment;
use slow_motion::Motion;
use time_event::{Due, TimeEvents};

mod file_event;
pub mod recorder;
pub mod slow_motion;
mod time_event;
mod watching;

/// Steps of the wheel in one turn. Each is some 100 ns, beside what the handlers take, so moving
/// timers never takes a turn as long as a millisecond.
const MAX_TIME_STEPS_PER_TURN: usize = 1024;

/// Longest sleep asked of the kernel, since not every kernel takes any number. A day's waking is no
/// burden.
const MAX_SLEEP_MS: u64 = 24 * 60 * 60 * 1000;

/// While the loop is held it looks this often whether it may go on, and lets the watchers be served.
const HELD_TICK: Duration = Duration::from_millis(50);

/// What a file handler says about the direction it served.
///
/// See the handler in the example of [`create_file_event`](EventLoop::create_file_event).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Io {
    /// There was no more to read, or no room to write: wait for the kernel. See
    /// [when](self#when-is-a-socket-drained) that is.
    Drained,
    /// The handler stopped before that: call it again in the next turn, after the others.
    More,
}

/// What becomes of a time event that has run. It is the last word: it overrides what the handler
/// did with [`EventLoop::reschedule`] to its own event. But an event that was deleted stays
/// deleted.
///
#[doc = include_str!("examples/next.md")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// ANCHOR: next
pub enum Next {
    /// It runs again this long after its handler returned.
    After(Duration),
    /// It runs again at this time of the loop, in milliseconds; in the next turn, when that is
    /// over.
    At(u64),
    /// It is deleted.
    NoMore,
}
// ANCHOR_END: next

/// Handles a direction of the file event with this token.
pub type FileProc<C> = fn(&mut EventLoop<C>, &mut C, Token) -> Io;

/// Handles a time event.
pub type TimeProc<C> = fn(&mut EventLoop<C>, &mut C, TimeEventId) -> Next;

/// Runs before or after each sleep.
pub type SleepProc<C> = fn(&mut EventLoop<C>, &mut C);

/// The loop: file events, time events, and the turn that serves them. See the [module](self).
///
/// It does not own the sources that are registered with it. Delete a file event before its source
/// is dropped.
pub struct EventLoop<C> {
    poll: Poll,
    batch: Events,
    files: FileEvents<C>,
    times: TimeEvents<C>,
    before_sleep: Option<SleepProc<C>>,
    after_sleep: Option<SleepProc<C>>,
    while_held: Option<SleepProc<C>>,
    recorder: Recorder,
    motion: Motion,
    start: Instant,
    now: Instant,
    /// `now` in milliseconds since `start`.
    now_ms: u64,
    turns: u64,
    stopped: bool,
    awake: bool,
    has_waker: bool,
}

impl<C> EventLoop<C> {
    /// A loop that takes at most `events_capacity` edges (but at least one) from the kernel in a
    /// turn; the rest come in the next.
    ///
    /// # Errors
    ///
    /// When the system has no descriptor or no memory for the poll.
    ///
    /// # Example
    ///
    /// ```
    /// use aerolite::ae::EventLoop;
    ///
    /// let mut event_loop: EventLoop<()> = EventLoop::new(1024)?;
    /// event_loop.stop();
    /// event_loop.run(&mut ())?;
    /// assert_eq!(event_loop.turn_count(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new(events_capacity: usize) -> io::Result<Self> {
        let now = Instant::now();
        Ok(Self {
            poll: Poll::new()?,
            batch: Events::with_capacity(events_capacity.max(1)),
            files: FileEvents::new(),
            times: TimeEvents::new(),
            before_sleep: None,
            after_sleep: None,
            while_held: None,
            recorder: Recorder::starting_at(now),
            motion: Motion::default(),
            start: now,
            now,
            now_ms: 0,
            turns: 0,
            stopped: false,
            awake: false,
            has_waker: false,
        })
    }

    // ---- file events ----

    /// Registers a source with the kernel, for both directions and for good, and sets `proc` for
    /// the directions in `mask`.
    ///
    /// The source may be anything that mio can poll: sockets, listeners, pipes, the signals of
    /// `signal-hook-mio`. A `mask` of [`Mask::NONE`] is fine: readiness is remembered until there
    /// is a handler.
    ///
    /// # Errors
    ///
    /// What the kernel answers (`ENOSPC`, `ENOMEM`, `EEXIST` for a source registered already, ...).
    /// Nothing is left behind then.
    ///
    /// # Example
    ///
    #[doc = include_str!("examples/create_file_event.md")]
    pub fn create_file_event(
        &mut self,
        source: &mut impl Source,
        mask: Mask,
        proc: FileProc<C>,
    ) -> io::Result<Token> {
        // ANCHOR: register
        let token = self.files.next_token();
        let both = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(source, token, both)?;
        Ok(self.files.insert(mask, proc))
        // ANCHOR_END: register
    }

    /// Sets the handler of the directions in `mask`; `false` when there is no such file event. No
    /// system call.
    ///
    /// If a direction is ready already, its handler runs in the next turn at the latest.
    ///
    #[doc = include_str!("examples/set_file_event.md")]
    pub fn set_file_event(&mut self, token: Token, mask: Mask, proc: FileProc<C>) -> bool {
        self.files.set(token, mask, Some(proc))
    }

    /// Takes the handlers of the directions in `mask` away; `false` when there is no such file
    /// event. No system call.
    ///
    /// Readiness is remembered. A handler that stops listening to its own direction returns
    /// [`Io::More`] if it left something.
    ///
    /// See the handler in the example of [`set_file_event`](Self::set_file_event).
    pub fn unset_file_event(&mut self, token: Token, mask: Mask) -> bool {
        self.files.set(token, mask, None)
    }

    /// Makes directions ready as if the kernel had reported an edge: their handlers run in the next
    /// turn at the latest. For a handler that said [`Io::Drained`] because it had to wait for something other
    /// than its socket. Not for a handler's own direction: there, what it returns is what holds. `false` when
    /// there is no such file event.
    ///
    #[doc = include_str!("examples/make_ready.md")]
    pub fn make_ready(&mut self, token: Token, mask: Mask) -> bool {
        self.files.make_ready(token, mask)
    }

    /// Deregisters a source and forgets its file event. Safe in any handler, for its own file event
    /// and for every other one.
    ///
    /// `token` must be the one that `source` was registered with; it may be given to another source
    /// from now on.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no file event of this token. Otherwise what the kernel answers; the
    /// file event is gone all the same, and dropping the source ends what the kernel may still know
    /// of it.
    ///
    /// # Example
    ///
    #[doc = include_str!("examples/delete_file_event.md")]
    pub fn delete_file_event(&mut self, token: Token, source: &mut impl Source) -> io::Result<()> {
        // ANCHOR: deregister
        if !self.files.remove(token) {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "no file event has this token",
            ));
        }
        self.poll.registry().deregister(source)
        // ANCHOR_END: deregister
    }

    /// The directions that have handlers; [`Mask::NONE`] also when there is no such file event.
    ///
    /// See the example of [`set_file_event`](Self::set_file_event).
    #[must_use]
    pub fn file_event_mask(&self, token: Token) -> Mask {
        self.files.armed(token)
    }

    /// Whether the kernel ever hinted at the end of this stream or at an error.
    ///
    /// While this is `false`, a handler of a stream socket may answer [`Io::Drained`] to a short
    /// read. Once it is `true`, the end may wait behind the data with its edge already spent, and
    /// [a short read proves nothing](self#when-is-a-socket-drained).
    ///
    #[doc = include_str!("examples/hangup_hinted.md")]
    #[must_use]
    pub fn hangup_hinted(&self, token: Token) -> bool {
        self.files.hangup(token)
    }

    /// The door for other threads: each [`Waker::wake`] makes `proc` run in the loop's thread,
    /// several at once perhaps only one time.
    ///
    /// A loop has one waker for its whole life (share it in an `Arc`). It wakes as long as the
    /// `Waker` lives. Its handler has nothing to read and returns [`Io::Drained`]. It is for
    /// [control](Self::set_control): another thread is heard while the loop is held, too.
    ///
    /// # Errors
    ///
    /// What the kernel answers. `AlreadyExists` the second time, even if the first one failed: mio
    /// has a poll's waker tried for only once.
    ///
    /// # Example
    ///
    #[doc = include_str!("examples/create_waker.md")]
    pub fn create_waker(&mut self, proc: FileProc<C>) -> io::Result<Waker> {
        if self.has_waker {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "an event loop has one waker",
            ));
        }
        self.has_waker = true;
        let waker = Waker::new(self.poll.registry(), self.files.next_token())?;
        let token = self.files.insert(Mask::READABLE, proc);
        self.files.set_control(token, true);
        Ok(waker)
    }

    // ---- time events ----

    /// Runs `proc` once `after` has passed, counted from this call: not before, and not a whole
    /// millisecond after, if the loop is idle.
    ///
    /// `Duration::ZERO` is the coming round of time events; from within a time handler, that of the
    /// next turn.
    ///
    #[doc = include_str!("examples/create_time_event.md")]
    pub fn create_time_event(&mut self, after: Duration, proc: TimeProc<C>) -> TimeEventId {
        let at_ms = self.moment(after);
        self.times.create(at_ms, proc)
    }

    /// Runs `proc` at a time of the loop, in milliseconds; at once (as above) when that is over.
    ///
    /// See the example of [`reschedule`](Self::reschedule).
    pub fn create_time_event_at(&mut self, at_ms: u64, proc: TimeProc<C>) -> TimeEventId {
        self.times.create(at_ms, proc)
    }

    /// Moves a time event to another time of the loop, in milliseconds; `false` when it is no more.
    ///
    #[doc = include_str!("examples/reschedule.md")]
    pub fn reschedule(&mut self, id: TimeEventId, at_ms: u64) -> bool {
        self.times.reschedule(id, at_ms)
    }

    /// Deletes a time event; `false` when it is no more. Safe in any handler, its own included.
    ///
    /// See the example of [`reschedule`](Self::reschedule).
    pub fn delete_time_event(&mut self, id: TimeEventId) -> bool {
        self.times.delete(id)
    }

    // ---- the clock ----

    /// Milliseconds since the loop was created, as of the last reading of the clock: after `poll`,
    /// before the time events, or [`refresh_clock`](Self::refresh_clock).
    ///
    /// See the example of [`refresh_clock`](Self::refresh_clock).
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// The same moment in nanoseconds.
    ///
    /// See the example of [`refresh_clock`](Self::refresh_clock).
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.files.now_ns
    }

    /// The same moment as an [`Instant`].
    ///
    /// See the example of [`refresh_clock`](Self::refresh_clock).
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Reads the clock, for a handler that has been at work for long.
    ///
    #[doc = include_str!("examples/refresh_clock.md")]
    pub fn refresh_clock(&mut self) {
        self.now = Instant::now();
        let since_start = nanoseconds(self.now.duration_since(self.start));
        self.now_ms = since_start / 1_000_000;
        self.files.now_ns = since_start;
    }

    /// Nanoseconds since the loop was created, read from the clock now.
    ///
    /// See the example of [`refresh_clock`](Self::refresh_clock).
    #[must_use]
    pub fn clock_ns(&self) -> u64 {
        self.recorder.clock_ns()
    }

    /// The first whole millisecond of the loop that is not before `after` from now.
    fn moment(&self, after: Duration) -> u64 {
        if after.is_zero() {
            return self.now_ms;
        }
        let at = self.start.elapsed().saturating_add(after);
        u64::try_from(at.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }

    // ---- turning ----

    /// What to run before each sleep.
    ///
    #[doc = include_str!("examples/set_before_sleep.md")]
    pub fn set_before_sleep(&mut self, proc: Option<SleepProc<C>>) {
        self.before_sleep = proc;
    }

    /// What to run after each sleep, before the handlers.
    ///
    /// See the example of [`set_before_sleep`](Self::set_before_sleep).
    pub fn set_after_sleep(&mut self, proc: Option<SleepProc<C>>) {
        self.after_sleep = proc;
    }

    /// Turns until [`stop`](Self::stop) is called; at once, if it was called since the last run.
    ///
    /// # Errors
    ///
    /// As [`turn`](Self::turn).
    ///
    /// # Example
    ///
    /// See the example of the [module](self#example).
    pub fn run(&mut self, context: &mut C) -> io::Result<()> {
        while !self.stopped {
            self.turn(context)?;
        }
        self.stopped = false;
        Ok(())
    }

    /// Makes [`run`](Self::run) return at the end of this turn, which does not sleep any more.
    ///
    /// See the example of the [module](self#example).
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Makes the coming `poll` only look, and not sleep: there is something left to do that is no
    /// event.
    ///
    /// See the example of [`set_before_sleep`](Self::set_before_sleep).
    pub fn wake_now(&mut self) {
        self.awake = true;
    }

    /// One turn, as pictured in the [module](self).
    ///
    /// # Errors
    ///
    /// When `poll` fails for another reason than a signal: the loop cannot go on then.
    ///
    /// # Example
    ///
    /// ```
    /// use aerolite::ae::EventLoop;
    ///
    /// let mut event_loop: EventLoop<()> = EventLoop::new(1)?;
    /// event_loop.wake_now();
    /// event_loop.turn(&mut ())?;
    /// assert_eq!(event_loop.turn_count(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn turn(&mut self, context: &mut C) -> io::Result<()> {
        if !self.motion.is_free() {
            self.hold(context, Phase::BeforeSleep)?;
        }
        // ANCHOR: turn
        self.turns += 1;
        let begun = self.recorder.begin_turn(self.turns);
        if let Some(proc) = self.before_sleep {
            proc(self, context);
        }
        let moment = self.recorder.lap(begun, Phase::BeforeSleep, None, 0);
        let moment = self.gap(context, Phase::Poll, moment)?;
        let moment = self.sleep(moment)?;
        let moment = self.gap(context, Phase::AfterSleep, moment)?;
        let edges = self.land();
        if let Some(proc) = self.after_sleep {
            proc(self, context);
        }
        let moment = self.recorder.lap(moment, Phase::AfterSleep, None, edges);
        let moment = self.gap(context, Phase::FileEvents, moment)?;
        let sockets = self.serve_files(context);
        let moment = self.recorder.lap(moment, Phase::FileEvents, None, sockets);
        let moment = self.gap(context, Phase::TimeEvents, moment)?;
        let (run, moved) = self.serve_times(context);
        let ended = self
            .recorder
            .lap_with(moment, Phase::TimeEvents, None, run, moved);
        self.recorder.end_turn(begun, ended, sockets);
        // ANCHOR_END: turn
        Ok(())
    }

    fn sleep(&mut self, moment: Moment) -> io::Result<Moment> {
        let timeout = self.timeout();
        self.awake = false;
        self.poll(timeout)?;
        let moment = if self.recorder.is_on() {
            let asked_ms = timeout.map_or(recorder::WITHOUT_END as usize, |timeout| {
                timeout.as_millis() as usize
            });
            self.recorder.lap(moment, Phase::Poll, None, asked_ms)
        } else {
            moment
        };
        self.refresh_clock();
        Ok(moment)
    }

    // ANCHOR: poll
    fn poll(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(&mut self.batch, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                trace!("a signal interrupted the sleep");
                self.batch.clear();
                Ok(())
            }
            result => result,
        }
    }
    // ANCHOR_END: poll

    // ANCHOR: land-batch
    /// Lands the edges of the batch in their slots; gives how many there were.
    fn land(&mut self) -> usize {
        let mut edges = 0;
        for edge in &self.batch {
            self.files.land(edge);
            edges += 1;
        }
        edges
    }
    // ANCHOR_END: land-batch

    /// The gap before a phase, which belongs to no phase: gives the moment at which it ends.
    #[inline]
    fn gap(&mut self, context: &mut C, before: Phase, moment: Moment) -> io::Result<Moment> {
        if self.motion.is_free() {
            return Ok(moment);
        }
        if before == Phase::AfterSleep {
            // The gap has a batch of its own.
            self.land();
        }
        self.hold(context, before)?;
        Ok(self.recorder.begin())
    }

    /// Serves control connections for as long as the loop is to be held before a phase.
    #[inline(never)]
    fn hold(&mut self, context: &mut C, before: Phase) -> io::Result<()> {
        let since = Instant::now();
        self.motion.hold(Some(before));
        while let Some(left) = self.motion.left(before, since.elapsed()) {
            if self.stopped {
                break;
            }
            let tick = match self.files.is_control_ready() {
                true => Duration::ZERO,
                false => HELD_TICK,
            };
            self.poll(Some(left.min(tick)))?;
            self.refresh_clock();
            self.land();
            if let Some(proc) = self.after_sleep {
                proc(self, context);
            }
            self.files.begin_round();
            while let Some(served) = self.files.next_control() {
                self.serve(context, served);
                // What it has done may have to be seen to before the loop sleeps.
                self.awake = true;
            }
            if let Some(proc) = self.while_held {
                proc(self, context);
            }
        }
        self.motion.hold(None);
        // What has been landed already is not landed again.
        self.batch.clear();
        self.refresh_clock();
        Ok(())
    }

    /// How long the coming `poll` may sleep; `None` is until something happens.
    ///
    /// The time events' milliseconds are whole and the clock's are rounded down, so their
    /// difference is rounded up: the loop does not wake a fraction too early and spin until the
    /// moment has come.
    // ANCHOR: timeout
    fn timeout(&mut self) -> Option<Duration> {
        if self.awake || self.stopped || self.files.ready_len() > 0 {
            return Some(Duration::ZERO);
        }
        let due_ms = self.times.next_due()?;
        self.refresh_clock();
        let sleep_ms = due_ms.saturating_sub(self.now_ms).min(MAX_SLEEP_MS);
        Some(Duration::from_millis(sleep_ms))
    }
    // ANCHOR_END: timeout

    // ANCHOR: serve-files
    /// Serves each socket that is ready once; gives how many there were.
    fn serve_files(&mut self, context: &mut C) -> usize {
        let mut sockets = 0;
        self.files.begin_round();
        while let Some(served) = self.files.next_served() {
            self.serve(context, served);
            sockets += 1;
        }
        sockets
    }
    // ANCHOR_END: serve-files

    // ANCHOR: serve
    #[inline]
    fn serve(&mut self, context: &mut C, served: Served) {
        self.serve_direction(context, served, Mask::READABLE);
        self.serve_direction(context, served, Mask::WRITABLE);
        self.files.requeue(served.token.0);
    }

    fn serve_direction(&mut self, context: &mut C, served: Served, direction: Mask) {
        if let Some(proc) = self.files.due(served, direction)
            && proc(self, context, served.token) == Io::Drained
        {
            self.files.drained(served, direction);
        }
    }
    // ANCHOR_END: serve

    /// Runs the time events that are due; gives how many there were, and how often the wheel only
    /// moved one.
    fn serve_times(&mut self, context: &mut C) -> (usize, usize) {
        let (mut run, mut moved) = (0, 0);
        if self.times.len() == 0 {
            return (run, moved);
        }
        self.refresh_clock();
        let now_ms = self.now_ms;
        // ANCHOR: time-round
        self.times.begin_round(now_ms);
        for _ in 0..MAX_TIME_STEPS_PER_TURN {
            match self.times.step(now_ms) {
                Due::Run(id, proc) => {
                    let begun = self.recorder.begin();
                    let next = proc(self, context, id);
                    self.recorder.lap(begun, Phase::TimeEvent, None, 0);
                    self.settle(id, next);
                    run += 1;
                }
                Due::Moved => moved += 1,
                Due::Idle => break,
            }
        }
        self.times.end_round();
        // ANCHOR_END: time-round
        (run, moved)
    }

    fn settle(&mut self, id: TimeEventId, next: Next) {
        match next {
            Next::After(after) => self.times.reschedule(id, self.moment(after)),
            Next::At(at_ms) => self.times.reschedule(id, at_ms),
            Next::NoMore => self.times.delete(id),
        };
    }
}

/// A duration as a number: enough for 584 years.
fn nanoseconds(duration: Duration) -> u64 {
    duration.as_secs() * 1_000_000_000 + u64::from(duration.subsec_nanos())
}

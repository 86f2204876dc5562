//! What each turn did, for whoever wants to watch: a ring of the last events.
//!
//! ```text
//!   turn   phase        token   start      duration   count   extra
//!   ┌────┬────────────┬───────┬──────────┬──────────┬───────┬───────┐
//!   │ 41 │ read       │   7   │ 90.1 ms  │  4.0 µs  │  1024 │       │
//!   │ 41 │ parse      │   7   │ 90.1 ms  │  1.1 µs  │    16 │       │
//!   │ 41 │ execute    │   7   │ 90.1 ms  │  6.3 µs  │    16 │       │
//!   │ 41 │ file_events│       │ 90.1 ms  │ 12.0 µs  │     1 │       │ ◀── recorded, and overwritten
//!   │ .. │            │       │          │          │       │       │     RING events later
//!   └────┴────────────┴───────┴──────────┴──────────┴───────┴───────┘
//! ```
//!
//! Events are of one size and hold numbers only, so recording one is a reading of the clock and a
//! store: no allocation, no string. Readers keep a sequence number and ask for [what came
//! since](Recorder::since); one who comes too late is told how much was lost. While nobody wants to
//! know, the ring has no memory, and recording is one comparison.
//!
//! Whoever does something worth seeing brackets it:
//!
//! ```
//! use aerolite::ae::{Phase, Recorder};
//!
//! let mut recorder = Recorder::default();
//! recorder.switch_on();
//! let begun = recorder.begin();
//! let bytes = 1024; // ... read a socket ...
//! let read = recorder.lap(begun, Phase::Read, Some(7), bytes);
//! // ... parse what was read, which begins at the moment at which reading ended ...
//! recorder.lap(read, Phase::Parse, Some(7), 16);
//! let phases: Vec<_> = recorder.since(0).map(|event| event.phase).collect();
//! assert_eq!(phases, [Phase::Read, Phase::Parse]);
//! ```

use std::time::Instant;

/// Events that are remembered. A busy turn has some hundred, so the last hundred turns at least.
pub const RING: usize = 16 * 1024;

/// The count of a poll that was to sleep until something happens.
pub const WITHOUT_END: u32 = u32::MAX;

/// What an event is about. The first five follow each other and make up a turn; the others lie
/// within one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The last things before the sleep. Count: nothing.
    BeforeSleep,
    /// Asleep, or only looking. Count: the milliseconds asked for, or [`WITHOUT_END`].
    Poll,
    /// Edges are landed in their slots, and what runs after each sleep. Count: the edges.
    AfterSleep,
    /// The handlers of ready sockets. Count: how many sockets.
    FileEvents,
    /// The time events that are due. Count: how many were run. Extra: how often the wheel moved
    /// one nearer.
    TimeEvents,
    /// A whole turn: the five above, and in slow motion the gaps between them. Count: the sockets
    /// served.
    Turn,
    /// A connection was taken. Count: how many.
    Accept,
    /// A socket was read. Count: bytes.
    Read,
    /// Requests were parsed. Count: how many.
    Parse,
    /// Commands were run. Count: how many.
    Execute,
    /// Replies were sent. Count: bytes.
    Write,
    /// One time event. Count: nothing.
    TimeEvent,
    /// Keys' deadlines were served. Count: keys that were due. Extra: timers moved nearer.
    Wheel,
    /// The table of keys grew, by so many shards; within an `Execute`, without a time of its own.
    Grow,
    /// Memory was given back. Count: slices.
    Free,
    /// The watchers were served. Count: bytes.
    Watch,
}

impl Phase {
    /// Its name, as `redis-cli`, a trace and the page show it.
    ///
    /// ```
    /// use aerolite::ae::Phase;
    ///
    /// assert_eq!(Phase::FileEvents.name(), "file_events");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Phase::BeforeSleep => "before_sleep",
            Phase::Poll => "poll",
            Phase::AfterSleep => "after_sleep",
            Phase::FileEvents => "file_events",
            Phase::TimeEvents => "time_events",
            Phase::Turn => "turn",
            Phase::Accept => "accept",
            Phase::Read => "read",
            Phase::Parse => "parse",
            Phase::Execute => "execute",
            Phase::Write => "write",
            Phase::TimeEvent => "time_event",
            Phase::Wheel => "wheel",
            Phase::Grow => "grow",
            Phase::Free => "free",
            Phase::Watch => "watch",
        }
    }
}

/// One thing that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The turn it belongs to.
    pub turn: u64,
    /// When it began, in nanoseconds since the recorder's time began.
    pub start_ns: u64,
    /// How long it took, in nanoseconds.
    pub duration_ns: u64,
    /// The token of the file event that it was done for.
    pub token: Option<u32>,
    /// How much: see [`Phase`].
    pub count: u32,
    /// See [`Phase`].
    pub extra: u32,
    /// What it was.
    pub phase: Phase,
}

/// When something began: nothing, while the recorder is off.
#[derive(Clone, Copy, Debug)]
pub struct Moment(u64);

/// The moment of a recorder that is off.
const NEVER: Moment = Moment(u64::MAX);

/// The last [`RING`] events; see the [module](self).
#[derive(Debug)]
pub struct Recorder {
    start: Instant,
    ring: Vec<Event>,
    /// How many events were ever recorded.
    recorded: u64,
    /// How many of them are before the one that was the ring's first.
    base: u64,
    turn: u64,
    /// How many want to know.
    watchers: usize,
}

/// One whose time begins now, and which is off.
impl Default for Recorder {
    fn default() -> Recorder {
        Recorder::starting_at(Instant::now())
    }
}

impl Recorder {
    /// One whose time begins at this moment, and which is off.
    ///
    /// A loop has one that starts with its own clock: [`EventLoop::recorder`](super::EventLoop::recorder).
    #[must_use]
    pub fn starting_at(start: Instant) -> Recorder {
        Recorder {
            start,
            ring: Vec::new(),
            recorded: 0,
            base: 0,
            turn: 0,
            watchers: 0,
        }
    }

    /// One more wants to know. It records until as many have called [`switch_off`](Self::switch_off).
    ///
    /// ```
    /// use aerolite::ae::Recorder;
    ///
    /// let mut recorder = Recorder::default();
    /// recorder.switch_on();
    /// recorder.switch_on();
    /// recorder.switch_off();
    /// assert!(recorder.is_on(), "one still wants to know");
    /// recorder.switch_off();
    /// assert!(!recorder.is_on());
    /// ```
    pub fn switch_on(&mut self) {
        self.watchers += 1;
        self.ring.reserve_exact(RING - self.ring.len());
    }

    /// One fewer wants to know. When it is the last, everything recorded is forgotten.
    ///
    /// See the example of [`switch_on`](Self::switch_on).
    pub fn switch_off(&mut self) {
        self.watchers = self.watchers.saturating_sub(1);
        if self.watchers == 0 {
            self.ring = Vec::new();
            self.base = self.recorded;
        }
    }

    /// Whether anybody wants to know.
    ///
    /// See the example of [`switch_on`](Self::switch_on).
    #[inline]
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.watchers > 0
    }

    /// Nanoseconds since its time began, as all events have them.
    ///
    /// See [`EventLoop::clock_ns`](super::EventLoop::clock_ns), which is the same.
    #[must_use]
    pub fn clock_ns(&self) -> u64 {
        super::nanoseconds(self.start.elapsed())
    }

    /// Something begins now.
    ///
    /// See the example of the [module](self).
    #[inline]
    #[must_use]
    pub fn begin(&self) -> Moment {
        if self.is_on() {
            Moment(self.clock_ns())
        } else {
            NEVER
        }
    }

    /// What began at `since` ends now, and the next thing begins.
    ///
    /// See the example of the [module](self).
    #[inline]
    pub fn lap(&mut self, since: Moment, phase: Phase, token: Option<u32>, count: usize) -> Moment {
        self.lap_with(since, phase, token, count, 0)
    }

    /// The same with an extra number.
    ///
    /// ```
    /// use aerolite::ae::{Phase, Recorder};
    ///
    /// let mut recorder = Recorder::default();
    /// recorder.switch_on();
    /// let begun = recorder.begin();
    /// let (fired, moved) = (3, 1); // ... serve the deadlines ...
    /// recorder.lap_with(begun, Phase::Wheel, None, fired, moved);
    /// let seen: Vec<_> = recorder.since(0).map(|event| (event.count, event.extra)).collect();
    /// assert_eq!(seen, [(3, 1)]);
    /// ```
    #[inline]
    pub fn lap_with(
        &mut self,
        since: Moment,
        phase: Phase,
        token: Option<u32>,
        count: usize,
        extra: usize,
    ) -> Moment {
        if !self.is_on() {
            return NEVER;
        }
        let now = Moment(self.clock_ns());
        self.put(since, now, phase, token, (count, extra));
        now
    }

    /// Records something that takes no time of its own, now.
    ///
    /// ```
    /// use aerolite::ae::{Phase, Recorder};
    ///
    /// let mut recorder = Recorder::default();
    /// recorder.switch_on();
    /// recorder.note(Phase::Grow, None, 1);
    /// assert!(recorder.since(0).all(|event| event.duration_ns == 0));
    /// assert_eq!(recorder.recorded(), 1);
    /// ```
    pub fn note(&mut self, phase: Phase, token: Option<u32>, count: usize) {
        let now = self.begin();
        self.put(now, now, phase, token, (count, 0));
    }

    /// Records something that began at `since` and ended at `until`. Nothing is recorded of what began
    /// while the recorder was off.
    fn put(
        &mut self,
        since: Moment,
        until: Moment,
        phase: Phase,
        token: Option<u32>,
        (count, extra): (usize, usize),
    ) {
        if since.0 == NEVER.0 || until.0 == NEVER.0 {
            return;
        }
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let event = Event {
            turn: self.turn,
            start_ns: since.0,
            duration_ns: until.0.saturating_sub(since.0),
            token,
            count: small(count),
            extra: small(extra),
            phase,
        };
        if self.ring.len() < RING {
            self.ring.push(event);
        } else {
            let place = self.place(self.recorded);
            self.ring[place] = event;
        }
        self.recorded += 1;
    }

    /// Records a whole turn, which ended when its last phase did.
    pub(super) fn end_turn(&mut self, since: Moment, until: Moment, sockets: usize) {
        self.put(since, until, Phase::Turn, None, (sockets, 0));
    }

    /// A turn begins.
    pub(super) fn begin_turn(&mut self, turn: u64) -> Moment {
        self.turn = turn;
        self.begin()
    }

    /// How many events were ever recorded: the sequence number of the next one.
    ///
    /// See the example of [`since`](Self::since).
    #[must_use]
    pub fn recorded(&self) -> u64 {
        self.recorded
    }

    /// The events from sequence number `from` on that are still remembered, oldest first.
    ///
    /// ```
    /// use aerolite::ae::recorder::{Phase, RING, Recorder};
    ///
    /// let mut recorder = Recorder::default();
    /// recorder.switch_on();
    /// for _ in 0..RING + 5 {
    ///     recorder.note(Phase::Free, None, 1);
    /// }
    /// assert_eq!((recorder.since(0).count(), recorder.lost(0)), (RING, 5));
    ///
    /// // Whoever has seen all that asks for what comes next.
    /// let from = recorder.recorded();
    /// recorder.note(Phase::Grow, None, 1);
    /// assert_eq!((recorder.since(from).count(), recorder.lost(from)), (1, 0));
    /// ```
    pub fn since(&self, from: u64) -> impl DoubleEndedIterator<Item = &Event> {
        let oldest = self.recorded - self.ring.len() as u64;
        let from = from.clamp(oldest, self.recorded);
        (from..self.recorded).map(|sequence| &self.ring[self.place(sequence)])
    }

    /// Where in the ring the event with this sequence number is, or will be.
    fn place(&self, sequence: u64) -> usize {
        (sequence - self.base) as usize % RING
    }

    /// How many of the events from sequence number `from` on are not remembered any more.
    ///
    /// See the example of [`since`](Self::since).
    #[must_use]
    pub fn lost(&self, from: u64) -> u64 {
        (self.recorded - self.ring.len() as u64).saturating_sub(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(recorder: &mut Recorder, count: usize) {
        let begun = recorder.begin();
        recorder.lap(begun, Phase::Read, Some(1), count);
    }

    fn counts(recorder: &Recorder, from: u64) -> Vec<u32> {
        recorder.since(from).map(|event| event.count).collect()
    }

    #[test]
    fn off_it_holds_nothing_and_costs_no_memory() {
        let mut recorder = Recorder::default();
        record(&mut recorder, 1);
        assert_eq!((recorder.recorded(), recorder.ring.capacity()), (0, 0));
        recorder.switch_on();
        recorder.switch_on();
        recorder.switch_off();
        record(&mut recorder, 2);
        assert_eq!(counts(&recorder, 0), [2], "one still wants to know");
        recorder.switch_off();
        assert_eq!(
            (counts(&recorder, 0).len(), recorder.ring.capacity()),
            (0, 0)
        );
    }

    #[test]
    fn what_began_before_it_was_on_is_not_recorded() {
        let mut recorder = Recorder::default();
        let begun = recorder.begin();
        recorder.switch_on();
        let next = recorder.lap(begun, Phase::Read, None, 1);
        recorder.lap(next, Phase::Parse, None, 2);
        assert_eq!(counts(&recorder, 0), [2]);
    }

    #[test]
    fn the_ring_remembers_the_last_and_says_what_is_lost() {
        let mut recorder = Recorder::default();
        recorder.switch_on();
        for n in 0..RING + 5 {
            record(&mut recorder, n);
        }
        let all = counts(&recorder, 0);
        assert_eq!((all.len(), all[0], recorder.lost(0)), (RING, 5, 5));
        assert!(all.is_sorted());
        let last = recorder.recorded() - 2;
        assert_eq!(counts(&recorder, last), [RING as u32 + 3, RING as u32 + 4]);
        assert_eq!(
            (recorder.lost(last), counts(&recorder, u64::MAX).len()),
            (0, 0)
        );
    }

    #[test]
    fn forgetting_does_not_confuse_sequence_numbers() {
        let mut recorder = Recorder::default();
        recorder.switch_on();
        (0..3).for_each(|n| record(&mut recorder, n));
        recorder.switch_off();
        recorder.switch_on();
        record(&mut recorder, 7);
        assert_eq!((counts(&recorder, 0), recorder.lost(0)), (vec![7], 3));
        (0..RING).for_each(|n| record(&mut recorder, n));
        assert_eq!(counts(&recorder, 0)[0], 0, "the ring has come round");
    }

    #[test]
    fn laps_follow_each_other_without_a_gap() {
        let mut recorder = Recorder::default();
        recorder.switch_on();
        let mut moment = recorder.begin();
        for _ in 0..100 {
            moment = recorder.lap(moment, Phase::Execute, None, 0);
        }
        let events: Vec<_> = recorder.since(0).collect();
        for pair in events.windows(2) {
            assert_eq!(pair[0].start_ns + pair[0].duration_ns, pair[1].start_ns);
        }
        assert!(size_of::<Event>() <= 48, "{}", size_of::<Event>());
    }
}

//! What the recorder has seen since the last frame: the turns that have ended, and what was done in them.
//!
//! ```text
//!   ring of the recorder   .. read parse execute file_events time_events turn │ write before_sleep poll ..
//!                              └───────────────── a turn ──────────────────┘    └── not over yet: it is
//!                                                                                   kept for the next frame
//! ```
//!
//! A turn is *the page's own* when nothing but the page's sockets and its time events was served in it.

use crate::ae::recorder::{Event, Recorder};
use crate::ae::{Phase, Token};
use std::collections::VecDeque;

/// Turns in a frame, the newest there are.
pub const MAX_TURNS: usize = 32;

/// Events in a frame, the newest there are.
pub const MAX_EVENTS: usize = 200;

/// A turn that has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Its number.
    pub number: u64,
    /// When it began, in nanoseconds of the loop.
    pub start_ns: u64,
    /// How long its phases took, in their order.
    pub phases_ns: [u64; 5],
    /// Whether its poll was to sleep.
    pub slept: bool,
    /// How many sockets were served.
    pub files: u64,
    /// How many commands were run.
    pub commands: u64,
    /// Whether it is the page's own.
    pub watch: bool,
}

/// A turn as far as it has come.
#[derive(Debug, Default)]
struct Unfinished {
    turn: Turn,
    /// Whether its first phase was seen.
    is_whole: bool,
    /// Whether anything was done for anybody but the page.
    serves_others: bool,
    /// When the page's own things began, and for which of its sockets.
    own: Vec<(u64, Option<u32>)>,
}

/// Reads the recorder from frame to frame.
#[derive(Debug, Default)]
pub struct Reader {
    /// The sequence number of the first event that was not read.
    next: u64,
    unfinished: Unfinished,
    /// The number of the turn that ended last.
    ended: Option<u64>,
}

/// What one frame shows.
#[derive(Debug, Default)]
pub struct Recent {
    /// Turns, oldest first.
    pub turns: VecDeque<Turn>,
    /// How many turns are not among them.
    pub turns_skipped: u64,
    /// Events, oldest first.
    pub events: Vec<Event>,
    /// How many events are not among them; those that the recorder has lost count whatever they were.
    pub events_skipped: u64,
}

impl Reader {
    /// One that reads what is recorded from now on.
    #[must_use]
    pub fn starting_now(recorder: &Recorder) -> Reader {
        Reader {
            next: recorder.recorded(),
            ..Reader::default()
        }
    }

    /// One that reads all that the recorder remembers.
    #[must_use]
    pub fn starting_early(recorder: &Recorder) -> Reader {
        Reader {
            next: recorder.lost(0),
            ..Reader::default()
        }
    }

    /// Reads what is new.
    ///
    /// This takes time for each event since the last call, of which the recorder has
    /// [`RING`](crate::ae::recorder::RING) at the most.
    pub fn read(&mut self, recorder: &Recorder) -> Recent {
        let mut recent = Recent::default();
        let lost = recorder.lost(self.next);
        if lost > 0 {
            self.unfinished = Unfinished::default();
        }
        let before = self.ended;
        let (mut shown, mut first) = (0, None);
        for event in recorder.since(self.next) {
            shown += u64::from(is_shown(event.phase));
            if let Some(turn) = self.unfinished.take_in(event) {
                first = first.or(Some(turn.number));
                self.ended = Some(turn.number);
                if recent.turns.len() == MAX_TURNS {
                    recent.turns.pop_front();
                }
                recent.turns.push_back(turn);
            }
        }
        recent.events = newest(recorder, self.next);
        recent.events_skipped = lost + shown - recent.events.len() as u64;
        if let (Some(first), Some(ended)) = (first, self.ended) {
            let new = ended - before.unwrap_or(first - 1);
            recent.turns_skipped = new.saturating_sub(recent.turns.len() as u64);
        }
        self.next = recorder.recorded();
        recent
    }
}

/// The last events from a sequence number on that frames show.
fn newest(recorder: &Recorder, from: u64) -> Vec<Event> {
    let mut events: Vec<Event> = recorder
        .since(from)
        .rev()
        .filter(|event| is_shown(event.phase))
        .take(MAX_EVENTS)
        .copied()
        .collect();
    events.reverse();
    events
}

/// Whether it is something that was done in a turn, and not a part of the turn.
fn is_shown(phase: Phase) -> bool {
    phase != Phase::Turn && place(phase).is_none()
}

/// Which part of a turn it is.
fn place(phase: Phase) -> Option<usize> {
    [
        Phase::BeforeSleep,
        Phase::Poll,
        Phase::AfterSleep,
        Phase::FileEvents,
        Phase::TimeEvents,
    ]
    .iter()
    .position(|&part| part == phase)
}

impl Unfinished {
    /// Takes in the next event; gives the turn that it ends, unless that was only seen in part.
    fn take_in(&mut self, event: &Event) -> Option<Turn> {
        if event.turn != self.turn.number {
            self.begin(event.turn);
        }
        if let Some(place) = place(event.phase) {
            self.turn.phases_ns[place] = event.duration_ns;
        }
        match event.phase {
            Phase::BeforeSleep => self.is_whole = true,
            Phase::Poll => self.turn.slept = event.count > 0,
            Phase::FileEvents => {
                self.turn.files = event.count.into();
                self.serves_others |= event.count as usize != self.own_sockets(event.start_ns);
            }
            Phase::TimeEvents => self.note_time_events(event),
            Phase::Watch if self.is_whole => self.own.push((event.start_ns, event.token)),
            // The loop is held before the turn, perhaps for hours.
            Phase::Watch => {}
            // Each is told of twice, by the loop and by what it did.
            Phase::AfterSleep | Phase::TimeEvent => {}
            Phase::Execute => {
                self.turn.commands += u64::from(event.count);
                self.serves_others = true;
            }
            Phase::Turn => return self.end(event),
            _ => self.serves_others = true,
        }
        None
    }

    fn begin(&mut self, number: u64) {
        let own = std::mem::take(&mut self.own);
        *self = Unfinished {
            own,
            ..Unfinished::default()
        };
        self.own.clear();
        self.turn.number = number;
    }

    fn end(&mut self, event: &Event) -> Option<Turn> {
        let is_whole = std::mem::take(&mut self.is_whole);
        self.turn.start_ns = event.start_ns;
        self.turn.watch &= !self.serves_others;
        is_whole.then(|| self.turn.clone())
    }

    /// How many of the page's sockets were served since a moment. What is before it was done while the loop was
    /// held, and is no part of the turn.
    fn own_sockets(&mut self, since_ns: u64) -> usize {
        let inside = self.own.iter().filter(|(at_ns, _)| *at_ns >= since_ns);
        // Both directions of a socket come one after the other.
        let mut tokens: Vec<u32> = inside.filter_map(|(_, token)| *token).collect();
        tokens.dedup();
        self.turn.watch |= !tokens.is_empty();
        tokens.len()
    }

    fn note_time_events(&mut self, event: &Event) {
        let own = self.own.iter();
        let own = own.filter(|(at_ns, token)| *at_ns >= event.start_ns && token.is_none());
        let own = own.count();
        self.turn.watch |= own > 0;
        self.serves_others |= event.count as usize != own;
        // Nobody was served, a timer was only moved nearer. Ten times a second that is the page's.
        self.turn.watch |= self.turn.files == 0 && event.count == 0 && event.extra > 0;
    }
}

/// The number of a token, as events have it.
#[must_use]
pub fn number_of(token: Token) -> Option<u32> {
    u32::try_from(token.0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ae::recorder::RING;
    use crate::ae::{EventLoop, Next, TimeEventId};
    use std::time::Duration;

    /// What the time event of these tests does: so many events of this phase and token.
    #[derive(Default)]
    struct Script {
        phases: Vec<(Phase, Option<u32>)>,
    }

    fn perform(event_loop: &mut EventLoop<Script>, script: &mut Script, _: TimeEventId) -> Next {
        for &(phase, token) in &script.phases {
            let begun = event_loop.recorder().begin();
            event_loop.recorder().lap(begun, phase, token, 3);
        }
        Next::At(0)
    }

    /// A loop with one time event that is always due.
    fn recorded() -> (EventLoop<Script>, Script, Reader) {
        let mut event_loop = EventLoop::new(8).expect("a poll");
        event_loop.create_time_event(Duration::ZERO, perform);
        event_loop.recorder().switch_on();
        let reader = Reader::starting_now(event_loop.recorder());
        (event_loop, Script::default(), reader)
    }

    fn turn(event_loop: &mut EventLoop<Script>, script: &mut Script, times: usize) {
        for _ in 0..times {
            event_loop.turn(script).expect("a turn");
        }
    }

    #[test]
    fn turns_come_whole_and_once() {
        let (mut event_loop, mut script, mut reader) = recorded();
        script.phases = vec![(Phase::Execute, Some(4)), (Phase::Execute, Some(5))];
        turn(&mut event_loop, &mut script, 2);
        let recent = reader.read(event_loop.recorder());
        let numbers: Vec<u64> = recent.turns.iter().map(|turn| turn.number).collect();
        assert_eq!((numbers, recent.turns_skipped), (vec![1, 2], 0));
        assert_eq!(
            (recent.turns[1].commands, recent.turns[1].watch),
            (6, false)
        );
        assert!(recent.turns[1].start_ns > recent.turns[0].start_ns);
        // Each of the two time events is one event, and so is what it did.
        assert_eq!((recent.events.len(), recent.events_skipped), (6, 0));
        let recent = reader.read(event_loop.recorder());
        assert!(recent.turns.is_empty() && recent.events.is_empty());
    }

    #[test]
    fn a_turn_that_is_read_half_way_is_whole_the_next_time() {
        fn look(event_loop: &mut EventLoop<Reader>, reader: &mut Reader, _: TimeEventId) -> Next {
            let recent = reader.read(event_loop.recorder());
            assert!(recent.turns.is_empty());
            Next::NoMore
        }
        let mut reader = Reader::default();
        let mut event_loop = EventLoop::new(8).expect("a poll");
        event_loop.create_time_event(Duration::ZERO, look);
        event_loop.recorder().switch_on();
        event_loop.turn(&mut reader).expect("a turn");
        let recent = reader.read(event_loop.recorder());
        assert_eq!(recent.turns.len(), 1);
        let phases = recent.turns[0].phases_ns;
        assert!(phases.iter().all(|&ns| ns > 0), "{phases:?}");
    }

    #[test]
    fn the_newest_are_shown_and_the_others_counted() {
        let (mut event_loop, mut script, mut reader) = recorded();
        script.phases = vec![(Phase::Read, Some(1)); 10];
        turn(&mut event_loop, &mut script, 50);
        let recent = reader.read(event_loop.recorder());
        assert_eq!((recent.turns.len(), recent.turns_skipped), (MAX_TURNS, 18));
        assert_eq!(recent.turns[31].number, 50);
        assert_eq!(recent.events.len(), MAX_EVENTS);
        assert_eq!(recent.events_skipped, 50 * 11 - 200);
        assert!(
            recent
                .events
                .is_sorted_by_key(|e| e.start_ns + e.duration_ns)
        );
    }

    #[test]
    fn what_the_recorder_has_lost_is_counted() {
        let (mut event_loop, mut script, mut reader) = recorded();
        turn(&mut event_loop, &mut script, 1);
        reader.read(event_loop.recorder());
        script.phases = vec![(Phase::Read, Some(1)); 100];
        turn(&mut event_loop, &mut script, 300);
        let recent = reader.read(event_loop.recorder());
        assert_eq!(recent.turns.back().map(|turn| turn.number), Some(301));
        assert_eq!(recent.turns_skipped, 300 - 32);
        assert!(recent.events_skipped > (300 * 107 - RING) as u64);
    }

    #[test]
    fn a_turn_is_the_pages_own_when_nobody_else_was_served() {
        let own = (Phase::Watch, None);
        for (phases, wanted) in [
            (vec![own], true),
            (vec![], false),
            (vec![own, (Phase::Write, Some(4))], false),
            (vec![own, (Phase::Wheel, None)], false),
            // The one time event was a socket's: something else has run.
            (vec![(Phase::Watch, Some(4))], false),
        ] {
            let (mut event_loop, mut script, mut reader) = recorded();
            script.phases = phases;
            turn(&mut event_loop, &mut script, 1);
            let recent = reader.read(event_loop.recorder());
            assert_eq!(recent.turns[0].watch, wanted, "{:?}", script.phases);
        }
    }

    #[test]
    fn a_turn_that_only_moved_timers_served_nobody_else() {
        for (moved, written, wanted) in [(1, false, true), (0, false, false), (1, true, false)] {
            let mut unfinished = Unfinished::default();
            let mut take_in = |phase, extra| {
                unfinished.take_in(&Event {
                    turn: 1,
                    start_ns: 5,
                    duration_ns: 1,
                    token: None,
                    count: 0,
                    extra,
                    phase,
                })
            };
            if written {
                take_in(Phase::Write, 0);
            }
            take_in(Phase::BeforeSleep, 0);
            take_in(Phase::FileEvents, 0);
            take_in(Phase::TimeEvents, moved);
            let turn = take_in(Phase::Turn, 0);
            assert_eq!(turn.map(|turn| turn.watch), Some(wanted));
        }
    }

    #[test]
    fn what_was_done_while_the_loop_was_held_is_not_the_turns() {
        let mut unfinished = Unfinished::default();
        let event = |phase, start_ns, token, count| Event {
            turn: 1,
            start_ns,
            duration_ns: 1,
            token,
            count,
            extra: 0,
            phase,
        };
        for event in [
            event(Phase::BeforeSleep, 0, None, 0),
            event(Phase::Watch, 10, Some(3), 9),
            event(Phase::Watch, 25, Some(4), 9),
            event(Phase::Watch, 26, Some(4), 9),
            event(Phase::FileEvents, 20, None, 1),
            event(Phase::TimeEvents, 30, None, 0),
        ] {
            assert_eq!(unfinished.take_in(&event), None);
        }
        let turn = unfinished.take_in(&event(Phase::Turn, 0, None, 1));
        assert_eq!(turn.map(|turn| (turn.files, turn.watch)), Some((1, true)));
        // Behind it the loop is held before the next turn.
        assert_eq!(
            unfinished.take_in(&event(Phase::Watch, 90, Some(3), 9)),
            None
        );
        let remembered = unfinished.own.len();
        for at_ns in 91..1000 {
            unfinished.take_in(&event(Phase::Watch, at_ns, Some(3), 9));
        }
        assert_eq!(unfinished.own.len(), remembered, "it may be held for hours");
        assert_eq!(unfinished.take_in(&event(Phase::Turn, 0, None, 1)), None);
    }
}

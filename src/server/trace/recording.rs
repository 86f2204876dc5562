//! A trace while it is recorded: the loop's own track from the ring of the recorder, turn by turn, and
//! with it the counters.
//!
//! ```text
//!   Recorder ──collect──▶ events of the turn ──sorted──▶ Line ──▶ Sink ──▶ file
//!                ▲           (numbers only)
//!                └─ once a turn; earlier when the ring is half full, or when a token is about to
//!                   change hands
//! ```
//!
//! An event of the recorder knows the token of its socket. Which client that was has to be known
//! while the token is still that client's, so events are collected before a client leaves. Text is made of
//! them when the turn is over, outer slices first, as viewers want slices that begin at the same moment.

use super::clients::{Lanes, Pen};
use super::sink::{Part, Sink};
use super::text::{LOOP, Line};
use crate::ae::recorder::{Event, RING, WITHOUT_END};
use crate::ae::{Phase, Recorder};
use crate::command::Prepared;
use crate::engine::trace::TraceStatus;
use crate::engine::{Engine, SessionId, Sessions};
use crate::resp::Request;
use std::cmp::Reverse;
use std::io;

/// Events of one turn that are remembered; beyond them only the turn and its phases are.
const MAX_TURN_EVENTS: usize = 64 * 1024;

/// What the counters show, in the order of [`COUNTERS`].
pub type Gauges = [u64; COUNTERS.len()];

/// The names of the counters.
const COUNTERS: [&str; 5] = [
    "clients",
    "ready queue",
    "commands per turn",
    "timers",
    "keys",
];

/// Where the ready queue and the commands are among the counters.
const READY: usize = 1;
const COMMANDS: usize = 2;

/// A trace being recorded; see the module's text.
#[derive(Debug)]
pub struct Recording {
    pen: Pen,
    lanes: Lanes,
    /// The sequence number of the first event that was not collected yet.
    from: u64,
    /// The events of this turn, each with the number of its client, if it has one.
    turn: Vec<(Event, u64)>,
    /// Events of this turn that were lost.
    lost: u64,
    /// The number of the client that has each token; 0 for none.
    owners: Vec<u64>,
    /// What the counters showed last.
    gauges: Option<Gauges>,
    /// How many dropped events were told of.
    dropped_told: u64,
}

impl Recording {
    /// One that writes there. `stopwatch_offset_ns` is what the engine's stopwatch is ahead of the
    /// loop's clock.
    pub fn new(sink: Sink, stopwatch_offset_ns: u64) -> Recording {
        let line = Line::default();
        Recording {
            pen: Pen { sink, line },
            lanes: Lanes::new(stopwatch_offset_ns),
            from: 0,
            turn: Vec::new(),
            lost: 0,
            owners: Vec::new(),
            gauges: None,
            dropped_told: 0,
        }
    }

    /// It begins with the turn that begins now.
    pub fn begin(&mut self, recorder: &Recorder) {
        self.from = recorder.recorded();
    }

    // ---- what clients do ----

    /// The client's socket was read, which is the last thing recorded.
    pub fn read(&mut self, sessions: &Sessions, id: SessionId, recorder: &Recorder) {
        if let Some(read) = self.latest(sessions, id, recorder, Phase::Read) {
            self.lanes.read(&mut self.pen, id, &sessions[id], &read);
        }
    }

    /// Requests of the client were parsed, which is the last thing recorded, and are run next. So
    /// many bytes of replies wait to be sent to it.
    pub fn begin_batch(
        &mut self,
        sessions: &Sessions,
        id: SessionId,
        recorder: &Recorder,
        unsent: usize,
    ) {
        if let Some(parse) = self.latest(sessions, id, recorder, Phase::Parse) {
            let start_ns = parse.start_ns + parse.duration_ns;
            let whose = (id, &sessions[id]);
            self.lanes
                .begin_batch(&mut self.pen, whose, start_ns, unsent);
        }
    }

    /// One of them was run. So many bytes of replies wait to be sent to the client now.
    pub fn command(
        &mut self,
        engine: &Engine,
        prepared: &Prepared,
        request: &Request<'_>,
        unsent: usize,
    ) {
        let what = (prepared, request);
        self.lanes.command(&mut self.pen, engine, what, unsent);
    }

    /// The request of a client that had waited was run again, in the midst of another's. So many bytes
    /// of replies waited to be sent to it before and after that.
    pub fn ran_again(
        &mut self,
        engine: &Engine,
        id: SessionId,
        what: (&Prepared, &Request<'_>),
        unsent: (usize, usize),
    ) {
        let whose = (id, &engine.sessions[id]);
        let pen = &mut self.pen;
        self.lanes.ran_again(pen, engine, whose, what, unsent);
    }

    /// The server has written the reply of a command that had left it to it.
    pub fn answered(&mut self, sessions: &Sessions, id: SessionId, unsent: usize) {
        let session = &sessions[id];
        self.lanes.answered(&mut self.pen, id, session, unsent);
    }

    /// The client was sent something, which is the last thing recorded.
    pub fn wrote(&mut self, sessions: &Sessions, id: SessionId, recorder: &Recorder) {
        if let Some(write) = self.latest(sessions, id, recorder, Phase::Write) {
            self.lanes.wrote(&mut self.pen, id, &sessions[id], &write);
        }
    }

    /// The client leaves, and its token may soon be another's.
    pub fn left(&mut self, sessions: &Sessions, id: SessionId, token: usize, recorder: &Recorder) {
        self.collect(recorder);
        self.lanes.left(id, &sessions[id]);
        if let Some(owner) = self.owners.get_mut(token) {
            *owner = 0;
        }
    }

    /// The last thing recorded, which was done for this client.
    fn latest(
        &mut self,
        sessions: &Sessions,
        id: SessionId,
        recorder: &Recorder,
        phase: Phase,
    ) -> Option<Event> {
        let last = recorder.recorded().checked_sub(1)?;
        let event = *recorder.since(last).next()?;
        let token = event.token.filter(|_| event.phase == phase)? as usize;
        if self.owners.len() <= token {
            self.owners.resize(token + 1, 0);
        }
        self.owners[token] = sessions[id].id;
        if recorder.recorded() - self.from > RING as u64 / 2 {
            self.collect(recorder);
        }
        Some(event)
    }

    // ---- what the loop does ----

    /// Takes what was recorded out of the ring.
    fn collect(&mut self, recorder: &Recorder) {
        self.lost += recorder.lost(self.from);
        for event in recorder.since(self.from) {
            if self.turn.len() >= MAX_TURN_EVENTS && part(event.phase) == Part::Detail {
                self.lost += 1;
                continue;
            }
            let owner = event
                .token
                .and_then(|token| self.owners.get(token as usize));
            self.turn.push((*event, owner.copied().unwrap_or(0)));
        }
        self.from = recorder.recorded();
    }

    /// The turn is over.
    pub fn end_turn(&mut self, recorder: &Recorder, engine: &Engine, time_events: usize) {
        self.pen.sink.set_max_bytes(engine.config.trace_max_bytes);
        self.collect(recorder);
        let mut turn = std::mem::take(&mut self.turn);
        // Stable, so of two that are of the same time the one that was recorded last comes first: what is
        // within another is recorded before it.
        turn.reverse();
        turn.sort_by_key(|(event, _)| (event.start_ns, Reverse(event.duration_ns)));
        for (event, client) in &turn {
            self.put(event, *client);
        }
        self.count(&turn, engine, time_events);
        turn.clear();
        turn.shrink_to(RING);
        self.turn = turn;
    }

    /// Writes an event of the loop's track.
    fn put(&mut self, event: &Event, client: u64) {
        let line = &mut self.pen.line;
        if event.phase == Phase::Grow {
            line.begin("i", LOOP, event.start_ns).field("s", "t");
        } else {
            line.begin("X", LOOP, event.start_ns)
                .lasting(event.duration_ns);
        }
        line.name(event.phase.name());
        if event.phase == Phase::Turn {
            line.number("turn", event.turn);
        }
        match (client, event.token) {
            (1.., _) => _ = line.number("client", client),
            (0, Some(token)) => _ = line.number("token", token.into()),
            (0, None) => {}
        }
        let (count, extra) = meaning(event.phase);
        if event.phase == Phase::Poll && event.count == WITHOUT_END {
            line.text("timeout_ms", "none", b"");
        } else if !count.is_empty() {
            line.number(count, event.count.into());
        }
        if !extra.is_empty() {
            line.number(extra, event.extra.into());
        }
        self.pen.put(part(event.phase));
    }

    /// Writes the counters that have changed, and what was lost.
    fn count(&mut self, turn: &[(Event, u64)], engine: &Engine, time_events: usize) {
        let find = |phase| turn.iter().rfind(|(event, _)| event.phase == phase);
        let Some((whole, _)) = find(Phase::Turn) else {
            return;
        };
        let end_ns = whole.start_ns + whole.duration_ns;
        let served = find(Phase::FileEvents);
        let (keys, deadlines) = engine.key_counts();
        let mut gauges: Gauges = [
            engine.sessions.len() as u64,
            served.map_or(0, |(event, _)| event.count.into()),
            0,
            (time_events + deadlines) as u64,
            keys as u64,
        ];
        gauges[COMMANDS] = self.lanes.take_commands();
        let before = self.gauges.replace(gauges);
        for (i, name) in COUNTERS.into_iter().enumerate() {
            if before.is_none_or(|before| before[i] != gauges[i]) {
                // The queue is what it was when the sleep ended, the others are as the turn left them.
                let at_ns = match served {
                    Some((event, _)) if i == READY => event.start_ns,
                    _ => end_ns,
                };
                self.put_counter(name, at_ns, gauges[i]);
            }
        }
        self.tell_lost(end_ns);
    }

    /// Tells of events that were lost in the ring or had no room in memory.
    fn tell_lost(&mut self, at_ns: u64) {
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            self.pen.sink.note_dropped(lost);
            self.pen
                .line
                .begin("i", LOOP, at_ns)
                .field("s", "t")
                .name("events lost")
                .number("events", lost);
            self.pen.put(Part::Frame);
        }
        let dropped = self.pen.sink.dropped();
        if dropped != self.dropped_told {
            self.dropped_told = dropped;
            self.put_counter("dropped", at_ns, dropped);
        }
    }

    fn put_counter(&mut self, name: &str, at_ns: u64, value: u64) {
        self.pen
            .line
            .begin("C", LOOP, at_ns)
            .name(name)
            .number(name, value);
        self.pen.put(Part::Frame);
    }

    // ---- where it goes ----

    /// Writes a slice of it to the file; gives how many bytes.
    ///
    /// # Errors
    /// What the system says.
    pub fn write_slice(&mut self) -> io::Result<usize> {
        self.pen.sink.write_slice()
    }

    /// Whether something waits to be written.
    pub fn is_pending(&self) -> bool {
        self.pen.sink.is_pending()
    }

    /// Whether the file may not grow any more.
    pub fn is_full(&self) -> bool {
        self.pen.sink.is_full()
    }

    /// Leaves its figures where INFO finds them.
    pub fn tell(&self, status: &mut TraceStatus) {
        self.pen.sink.tell(status);
    }
}

/// What an event of this phase is of the trace.
fn part(phase: Phase) -> Part {
    match phase {
        Phase::Turn
        | Phase::BeforeSleep
        | Phase::Poll
        | Phase::AfterSleep
        | Phase::FileEvents
        | Phase::TimeEvents => Part::Frame,
        _ => Part::Detail,
    }
}

/// What the count and the extra number of this phase are called; empty where there is none.
fn meaning(phase: Phase) -> (&'static str, &'static str) {
    match phase {
        Phase::BeforeSleep | Phase::TimeEvent => ("", ""),
        Phase::Poll => ("timeout_ms", ""),
        Phase::AfterSleep => ("edges", ""),
        Phase::FileEvents | Phase::Turn => ("sockets", ""),
        Phase::TimeEvents => ("run", "moved"),
        Phase::Accept => ("connections", ""),
        Phase::Read | Phase::Write | Phase::Watch => ("bytes", ""),
        Phase::Parse => ("requests", ""),
        Phase::Execute => ("commands", ""),
        Phase::Wheel => ("fired", "moved"),
        Phase::Grow => ("shards", ""),
        Phase::Free => ("slices", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::TraceFile;
    use super::*;
    use crate::engine::session::Peer;
    use crate::engine::{Clock, Config};
    use serde_json::Value;

    struct Bench {
        recorder: Recorder,
        engine: Engine,
        recording: Recording,
        dir: tempfile::TempDir,
    }

    fn bench() -> Bench {
        let dir = tempfile::tempdir().expect("a directory");
        let file = TraceFile::create(&dir.path().join("t")).expect("it can be made");
        let mut recorder = Recorder::default();
        recorder.switch_on();
        let mut recording = Recording::new(Sink::new(file, u64::MAX), 0);
        recording.begin(&recorder);
        Bench {
            recorder,
            engine: Engine::new(Config::default(), 1, Clock::default()),
            recording,
            dir,
        }
    }

    impl Bench {
        fn record(&mut self, phase: Phase, token: Option<u32>) {
            let begun = self.recorder.begin();
            self.recorder.lap(begun, phase, token, 1);
        }

        /// Ends the turn; gives the events that are in the file then.
        fn finish(&mut self) -> Vec<Value> {
            self.record(Phase::Turn, None);
            self.recording.end_turn(&self.recorder, &self.engine, 0);
            while self.recording.is_pending() {
                self.recording.write_slice().expect("there is room");
            }
            let text = std::fs::read(self.dir.path().join("t")).expect("the file is there");
            let mut trace: Value = serde_json::from_slice(&text).expect("it is JSON");
            trace["traceEvents"]
                .as_array_mut()
                .expect("a list")
                .split_off(5)
        }
    }

    fn named(events: &[Value], name: &str) -> Vec<Value> {
        let is_it = |event: &&Value| event["name"] == name;
        events.iter().filter(is_it).cloned().collect()
    }

    #[test]
    fn what_the_ring_has_forgotten_is_told_of() {
        let mut bench = bench();
        for _ in 0..RING + 9 {
            bench.record(Phase::Free, None);
        }
        let events = bench.finish();
        let lost = named(&events, "events lost");
        assert_eq!(lost.len(), 1);
        assert_eq!(
            (&lost[0]["ph"], &lost[0]["args"]["events"]),
            (&"i".into(), &10.into())
        );
        assert_eq!(named(&events, "dropped")[0]["args"]["dropped"], 10);
        let events = bench.finish();
        assert_eq!(named(&events, "events lost").len(), 1, "only once");
    }

    #[test]
    fn a_busy_turn_is_collected_before_the_ring_is_full() {
        let mut bench = bench();
        let id = bench.engine.sessions.open(Peer::default(), 0);
        for _ in 0..2 * RING {
            bench.record(Phase::Read, Some(3));
            let sessions = &bench.engine.sessions;
            bench.recording.read(sessions, id, &bench.recorder);
        }
        let events = bench.finish();
        assert_eq!(named(&events, "events lost").len(), 0);
        assert_eq!(named(&events, "read").len(), 4 * RING, "on two tracks each");
    }

    #[test]
    fn more_than_a_turn_may_have_is_counted_and_its_phases_are_kept() {
        let mut bench = bench();
        for _ in 0..MAX_TURN_EVENTS / 1024 + 1 {
            (0..1024).for_each(|_| bench.record(Phase::Free, None));
            bench.recording.collect(&bench.recorder);
        }
        bench.record(Phase::TimeEvents, None);
        let events = bench.finish();
        assert_eq!(named(&events, "free").len(), MAX_TURN_EVENTS);
        assert_eq!(named(&events, "events lost")[0]["args"]["events"], 1024);
        assert_eq!(named(&events, "time_events").len(), 1);
        assert_eq!(named(&events, "turn").len(), 1);
    }

    #[test]
    fn a_token_that_changes_hands_within_a_turn_is_told_apart() {
        let mut bench = bench();
        for client in 1..=2 {
            let id = bench.engine.sessions.open(Peer::default(), 0);
            bench.record(Phase::Read, Some(3));
            let sessions = &bench.engine.sessions;
            bench.recording.read(sessions, id, &bench.recorder);
            bench.recording.left(sessions, id, 3, &bench.recorder);
            assert_eq!(bench.engine.sessions[id].id, client);
            bench.engine.close_session(id);
        }
        bench.record(Phase::Accept, Some(3));
        let events = bench.finish();
        let of_the_loop: Vec<_> = named(&events, "read")
            .into_iter()
            .filter(|event| event["pid"] == 1)
            .map(|event| event["args"]["client"].clone())
            .collect();
        assert_eq!(of_the_loop, [1, 2]);
        assert_eq!(named(&events, "accept")[0]["args"]["token"], 3);
    }

    #[test]
    fn counters_are_written_when_they_change() {
        let mut bench = bench();
        assert_eq!(named(&bench.finish(), "clients").len(), 1);
        assert_eq!(named(&bench.finish(), "clients").len(), 1);
        bench.engine.sessions.open(Peer::default(), 0);
        let clients = named(&bench.finish(), "clients");
        assert_eq!(clients.len(), 2);
        assert_eq!(clients[1]["args"]["clients"], 1);
    }
}

//! The clients' tracks: what each has sent, had run, and been answered.
//!
//! ```text
//!   client 5   ┌ read ┐┌ get ┐┌ get ┐┌ set ┐            ┌ write ┐
//!              └──┬───┘└─────┘└─────┘└─────┘            └──▲────┘
//!                 └───────────── 3 requests ───────────────┘
//! ```
//!
//! An arrow leads from the read with which requests came to the write with which the last byte of
//! their replies left. Requests that came together and whose replies left together share one, which
//! says how many they are: sixteen arrows between the same two places would be one to the eye, and sixteen times
//! the file. To know which write takes a reply's last byte, both are counted: the bytes that a client was sent
//! since the trace began, and where among them each reply ends. An arrow is written when the reply has
//! left, both of its ends at once; a client that leaves takes those that it is still owed along.

use super::sink::{Part, Sink};
use super::text::{Line, Track};
use crate::ae::recorder::Event;
use crate::command::{Prepared, first_key};
use crate::engine::{Engine, Session, SessionId};
use crate::resp::Request;
use std::collections::VecDeque;

/// Replies of all clients together that may wait to be sent, each with an arrow. Those beyond have none.
const MAX_OWED: usize = 256 * 1024;

/// A reply that has not left.
#[derive(Debug, Clone, Copy)]
struct Owed {
    /// Where it ends, in bytes that the client is sent.
    end: u64,
    /// A moment within the read that its request came with.
    read_ns: u64,
}

/// One client's track.
#[derive(Debug)]
struct Lane {
    /// The client's number.
    client: u64,
    /// The name that the track has.
    name: Box<[u8]>,
    /// Bytes that the client was sent since the track began.
    sent: u64,
    /// A moment within the last read.
    read_ns: Option<u64>,
    owed: VecDeque<Owed>,
}

/// The requests that are being run.
#[derive(Debug, Clone, Copy, Default)]
struct Batch {
    lane: usize,
    client: u64,
    /// When the next command begins.
    start_ns: u64,
    /// Where the last reply ended, in bytes that the client is sent.
    end: u64,
}

/// All clients' tracks; see the module's text.
#[derive(Debug)]
pub struct Lanes {
    /// By the places of the sessions.
    lanes: Vec<Option<Lane>>,
    batch: Batch,
    /// Replies that all of them are owed.
    owed: usize,
    /// Arrows that were written: the number of the last.
    arrows: u64,
    /// Commands run since the turn began.
    commands: u64,
    /// The engine's stopwatch when the loop's clock was at 0.
    stopwatch_offset_ns: u64,
}

/// Where events are written, and with what.
#[derive(Debug)]
pub struct Pen {
    /// Where they go.
    pub sink: Sink,
    /// What they are made in.
    pub line: Line,
}

impl Pen {
    /// The event in the line is complete.
    pub fn put(&mut self, part: Part) {
        self.line.end();
        self.sink.push(&self.line, 1, part);
    }
}

/// A moment within a slice, whichever way its ends are counted.
fn within(event: &Event) -> u64 {
    event.start_ns + event.duration_ns / 2
}

impl Lanes {
    /// None yet.
    pub fn new(stopwatch_offset_ns: u64) -> Lanes {
        Lanes {
            lanes: Vec::new(),
            batch: Batch::default(),
            owed: 0,
            arrows: 0,
            commands: 0,
            stopwatch_offset_ns,
        }
    }

    /// The client's socket was read.
    pub fn read(&mut self, pen: &mut Pen, id: SessionId, session: &Session, read: &Event) {
        let lane = self.lane(pen, id, session);
        lane.read_ns = Some(within(read));
        slice(pen, session.id, "read", read);
    }

    /// Requests of the client are about to be run, and were parsed until `start_ns`. So many bytes
    /// of replies wait to be sent to it.
    pub fn begin_batch(
        &mut self,
        pen: &mut Pen,
        (id, session): (SessionId, &Session),
        start_ns: u64,
        unsent: usize,
    ) {
        let end = self.lane(pen, id, session).sent + unsent as u64;
        self.batch = Batch {
            lane: id.0 as usize,
            client: session.id,
            start_ns,
            end,
        };
    }

    /// One of them was run: until now, by the engine's stopwatch.
    pub fn command(
        &mut self,
        pen: &mut Pen,
        engine: &Engine,
        (prepared, request): (&Prepared, &Request<'_>),
        unsent: usize,
    ) {
        if request.is_empty() {
            return;
        }
        self.commands += 1;
        let start_ns = self.batch.start_ns;
        let now_ns = engine.watch_ns.wrapping_sub(self.stopwatch_offset_ns);
        // One that was refused before it ran took no time that anybody measured.
        self.batch.start_ns = now_ns.max(start_ns);
        let line = &mut pen.line;
        line.begin("X", Track::client(self.batch.client), start_ns)
            .lasting(self.batch.start_ns - start_ns);
        match prepared.found {
            Some(found) => {
                let container = found.container.map(|container| container.name);
                line.command_name(container, found.command.name);
                let key = first_key(found, request).filter(|_| engine.config.trace_keys);
                if let Some(key) = key {
                    line.text("key", "", key);
                }
            }
            // What was sent instead of a command's name may be anything, a value too.
            None => {
                line.name("unknown command");
            }
        }
        pen.put(Part::Detail);
        self.owe(pen, unsent);
    }

    /// The client whose requests are being run is owed a reply, if there is a new one.
    fn owe(&mut self, pen: &mut Pen, unsent: usize) {
        let Some(lane) = self.lanes.get_mut(self.batch.lane).and_then(Option::as_mut) else {
            return;
        };
        let end = lane.sent + unsent as u64;
        if std::mem::replace(&mut self.batch.end, end) >= end {
            return;
        }
        let Some(read_ns) = lane.read_ns else { return };
        if self.owed >= MAX_OWED {
            return pen.sink.note_dropped(2);
        }
        self.owed += 1;
        lane.owed.push_back(Owed { end, read_ns });
    }

    /// The request of a client that had waited was run again, while those of another are being run.
    /// Its slice lies on its own track, between two of the other's.
    pub fn ran_again(
        &mut self,
        pen: &mut Pen,
        engine: &Engine,
        whose: (SessionId, &Session),
        what: (&Prepared, &Request<'_>),
        (before, after): (usize, usize),
    ) {
        let running = self.batch;
        self.begin_batch(pen, whose, running.start_ns, before);
        self.command(pen, engine, what, after);
        self.batch = Batch {
            start_ns: self.batch.start_ns,
            ..running
        };
    }

    /// The reply of a command that had left it to the server was written. (It may be another's
    /// requests that are being run.)
    pub fn answered(&mut self, pen: &mut Pen, id: SessionId, session: &Session, unsent: usize) {
        let running = self.batch;
        self.begin_batch(pen, (id, session), 0, 0);
        self.owe(pen, unsent);
        self.batch = running;
    }

    /// The client was sent something.
    pub fn wrote(&mut self, pen: &mut Pen, id: SessionId, session: &Session, write: &Event) {
        slice(pen, session.id, "write", write);
        let mut arrows = self.arrows;
        let lane = self.lane(pen, id, session);
        lane.sent += u64::from(write.count);
        let mut gone = 0;
        while let Some(first) = lane.owed.front().copied() {
            let has_left = |owed: &&Owed| owed.end <= lane.sent && owed.read_ns == first.read_ns;
            let requests = lane.owed.iter().take_while(has_left).count();
            if requests == 0 {
                break;
            }
            lane.owed.drain(..requests);
            gone += requests;
            arrows += 1;
            let track = Track::client(session.id);
            arrow(pen, arrows, track, (first.read_ns, within(write)), requests);
        }
        self.owed -= gone;
        self.arrows = arrows;
    }

    /// The client has left.
    pub fn left(&mut self, id: SessionId, session: &Session) {
        if let Some(slot) = self.lanes.get_mut(id.0 as usize)
            && let Some(lane) = slot.take_if(|lane| lane.client == session.id)
        {
            self.owed -= lane.owed.len();
        }
    }

    /// How many commands were run since this was last asked.
    pub fn take_commands(&mut self) -> u64 {
        std::mem::take(&mut self.commands)
    }

    /// The client's track, by its present name.
    fn lane(&mut self, pen: &mut Pen, id: SessionId, session: &Session) -> &mut Lane {
        let place = id.0 as usize;
        if self.lanes.len() <= place {
            self.lanes.resize_with(place + 1, || None);
        }
        let slot = &mut self.lanes[place];
        // Nobody's, since whoever had the place has left.
        let lane = slot.get_or_insert_with(|| Lane {
            client: 0,
            name: Box::default(),
            sent: 0,
            read_ns: None,
            owed: VecDeque::new(),
        });
        if lane.client != session.id {
            lane.client = session.id;
            introduce(pen, session);
        } else if lane.name != session.name {
            name(pen, session);
        } else {
            return lane;
        }
        lane.name = session.name.clone();
        lane
    }
}

/// A slice of a client's track.
fn slice(pen: &mut Pen, client: u64, name: &str, event: &Event) {
    pen.line
        .begin("X", Track::client(client), event.start_ns)
        .name(name)
        .lasting(event.duration_ns)
        .number("bytes", event.count.into());
    pen.put(Part::Detail);
}

/// Both ends of an arrow, which are kept or dropped together.
fn arrow(pen: &mut Pen, number: u64, track: Track, (from_ns, to_ns): (u64, u64), requests: usize) {
    let named = |line: &mut Line| {
        line.name("reply")
            .field("cat", "request")
            .number_field("id", number);
    };
    let line = &mut pen.line;
    named(line.begin("s", track, from_ns));
    line.number("requests", requests as u64).end();
    named(line.also("f", track, to_ns).field("bp", "e"));
    line.end();
    pen.sink.push(line, 2, Part::Detail);
}

/// Tells of a new track: its name, and its place among the others.
fn introduce(pen: &mut Pen, session: &Session) {
    name(pen, session);
    pen.line
        .begin("M", Track::client(session.id), 0)
        .name("thread_sort_index")
        .number("sort_index", session.id);
    pen.put(Part::Frame);
}

fn name(pen: &mut Pen, session: &Session) {
    let shown = if session.name.is_empty() {
        session.addr.as_bytes()
    } else {
        &session.name
    };
    pen.line
        .begin("M", Track::client(session.id), 0)
        .name("thread_name")
        .text("name", &format!("client {} ", session.id), shown);
    pen.put(Part::Frame);
}

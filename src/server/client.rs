//! One connected client, from bytes received to bytes sent.
//!
//! ```text
//!   socket ──read──▶ scratch (the server's, shared by all) ──┐ parse, execute      Output ──write──▶ socket
//!                    input (its own, only while a request ───┘ ───────────────▶   (its own, only
//!                           is incomplete)                                          while there are replies)
//! ```
//!
//! A client at rest owns no buffer at all: requests are parsed where they were received, in one
//! scratch buffer that all clients share, and only what is left of an incomplete one is kept.
//! Replies are collected while the turn lasts and sent in `before_sleep` with one `write`.
//!
//! Each call does a bounded amount of work ([`READ_BYTES`], [`BATCHES_PER_TURN`],
//! [`TRANSFER_BYTES`]) and says whether there is more, so that nobody is held up by a neighbour.

use super::pipeline::{BATCH, Budget, Ending, Outcome, Pipeline, Traced};
use super::stream::Stream;
use super::trace::Recording;
use crate::ae::recorder::Moment;
use crate::ae::{Io, Phase, Recorder, Token};
use crate::command::Outputs;
use crate::engine::session::BufferSizes;
use crate::engine::{Engine, SessionId};
use crate::resp::{Limits, Output, Parser, ProtocolError, Reply, Stop};
use crate::store::Trash;
use crate::wheel::TimerId;
use std::io::{self, ErrorKind, Read};
use std::ops::Range;

// ANCHOR: budgets
/// Bytes read from one client in one turn.
pub const READ_BYTES: usize = 64 * 1024;

/// Batches of commands run for one client in one turn: a thousand commands.
pub const BATCHES_PER_TURN: usize = 1024 / BATCH;

/// Bytes of a large argument read, or of replies written, for one client in one turn.
pub const TRANSFER_BYTES: usize = 1024 * 1024;

/// The time that the commands of one client may take in one turn. Whoever has more to run goes to
/// the back of the queue.
const RUN_NS: u64 = 500_000;
// ANCHOR_END: budgets

/// Buffers for output that are kept for the next client that has replies.
const SPARE_BUFFERS: usize = 64;

/// A buffer larger than this is not kept.
const SPARE_BUFFER_BYTES: usize = 64 * 1024;

/// What all clients use, one after the other.
pub struct Shared {
    /// Where sockets are read into.
    scratch: Box<[u8]>,
    /// The requests of whoever's turn it is.
    pipeline: Pipeline,
    /// Buffers for output.
    spare: Vec<Vec<u8>>,
}

impl Default for Shared {
    fn default() -> Shared {
        Shared {
            scratch: vec![0; READ_BYTES].into_boxed_slice(),
            pipeline: Pipeline::default(),
            spare: Vec::new(),
        }
    }
}

/// One client; see the module's text.
pub struct Client {
    /// Its socket.
    pub stream: Stream,
    /// Its session in the engine.
    pub session: SessionId,
    /// Replies that are not sent yet.
    pub output: Output,
    /// Received, and not used by a command yet.
    input: Vec<u8>,
    /// The state of an incomplete request.
    parser: Option<Box<Parser>>,
    /// Whether the output's buffer was lent to it from the spare ones. For messages the output makes its own.
    has_lent_buffer: bool,
    /// Whether `input` may hold complete requests, for which a turn had no time.
    has_backlog: bool,
    /// Whether it waits to be sent what it has coming, and where.
    pub queued: Queued,
    /// Since when its output is over the soft limit, in milliseconds of the loop.
    pub over_soft_limit_since_ms: Option<u64>,
    /// When to look after it: for `timeout`, and for the soft limit.
    pub timer: Option<TimerId>,
}

/// In which of the server's lists a client waits to be sent what it has coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queued {
    /// In none.
    Nowhere,
    /// In that of those with nothing but messages, which are sent a slice at a time.
    ForMessages,
    /// In that of those with replies, which are all sent before the loop sleeps.
    ForReplies,
}

/// A client's connection as the loop sees it at this moment.
pub struct Connection<'a> {
    /// Its file event.
    pub token: Token,
    /// Whether the kernel has hinted at the end of the stream, so that a short read does not mean
    /// that nothing is left.
    pub is_ending: bool,
    /// Where it is written down what is done for it.
    pub recorder: &'a mut Recorder,
    /// The trace, while one is on.
    pub trace: Option<&'a mut Recording>,
    /// The outputs of the other clients, of which some may wait.
    pub others: &'a mut dyn Outputs,
}

impl Connection<'_> {
    /// Its token, as the recorder has it.
    fn place(&self) -> Option<u32> {
        u32::try_from(self.token.0).ok()
    }

    /// Tells the trace of the read that was recorded last.
    #[inline]
    fn trace_read(&mut self, engine: &Engine, id: SessionId) {
        if let Some(trace) = &mut self.trace {
            trace.read(&engine.sessions, id, self.recorder);
        }
    }
}

/// Why a client has to go, for the log.
#[derive(Debug)]
pub enum Gone {
    /// It closed its side, and everything is sent.
    Closed,
    /// Its socket failed.
    Failed(io::Error),
    /// It was told to leave, or has asked to.
    Dismissed,
    /// Its unfinished request is too large.
    QueryTooLarge,
    /// It does not read its replies.
    OutputTooLarge,
    /// All clients together take too much memory, and it is one of the largest.
    Evicted,
}

impl Gone {
    /// The same in words.
    pub(super) fn text(&self) -> String {
        match self {
            Gone::Closed => "it closed the connection".into(),
            Gone::Failed(error) => error.to_string(),
            Gone::Dismissed => "it was told to".into(),
            Gone::QueryTooLarge => "its request grows past client-query-buffer-limit".into(),
            Gone::OutputTooLarge => {
                "its unread replies grew past client-output-buffer-limit".into()
            }
            Gone::Evicted => "all clients together grew past maxmemory-clients".into(),
        }
    }
}

impl Client {
    /// A client that has just connected.
    #[must_use]
    pub fn new(stream: Stream, session: SessionId) -> Client {
        Client {
            stream,
            session,
            output: Output::new(),
            input: Vec::new(),
            parser: None,
            has_lent_buffer: false,
            has_backlog: false,
            queued: Queued::Nowhere,
            over_soft_limit_since_ms: None,
            timer: None,
        }
    }

    /// Reads what has come, once, and runs the requests in it.
    ///
    /// # Errors
    /// The client is to be freed, at once.
    pub fn receive(
        &mut self,
        engine: &mut Engine,
        shared: &mut Shared,
        connection: Connection<'_>,
    ) -> Result<Io, Gone> {
        let session = &engine.sessions[self.session];
        if session.closing {
            return self.ignore(shared);
        }
        if session.blocked {
            return self.receive_ahead(engine, shared, connection);
        }
        if let Some(since) = session.held_back {
            if engine.pubsub.is_crowded() && engine.pubsub.times_cleared() == since {
                return Ok(Io::More);
            }
            engine.sessions[self.session].held_back = None;
        }
        if self.output.is_empty() {
            self.output
                .lend_buffer(shared.spare.pop().unwrap_or_default());
            self.has_lent_buffer = true;
        }
        if let Some(parser) = self.parser.take() {
            *shared.pipeline.parser() = *parser;
        }
        let io = self.receive_into(shared, engine, connection);
        let parser = shared.pipeline.parser();
        self.note_buffers(engine, parser);
        if !parser.is_fresh() {
            self.parser = Some(Box::new(std::mem::take(parser)));
        }
        if self.output.is_empty() {
            self.give_back(shared);
            if engine.sessions[self.session].closing {
                return Err(Gone::Dismissed);
            }
        }
        io
    }

    fn receive_into(
        &mut self,
        shared: &mut Shared,
        engine: &mut Engine,
        connection: Connection<'_>,
    ) -> Result<Io, Gone> {
        let mut connection = connection;
        let Shared {
            scratch, pipeline, ..
        } = shared;
        if pipeline.parser().big_mut().is_some() {
            return self.receive_big(pipeline.parser(), engine, connection);
        }
        let begun = connection.recorder.begin();
        if self.has_backlog {
            self.run_input(pipeline, engine, (&mut connection, begun));
            return Ok(Io::More);
        }
        // ANCHOR: read-once
        let read = match self.stream.read(scratch) {
            Ok(0) => return self.end_of_stream(engine),
            Ok(read) => read,
            Err(error) => return self.read_error(error),
        };
        // ANCHOR_END: read-once
        note_received(engine, self.session, read);
        let place = connection.place();
        let begun = connection.recorder.lap(begun, Phase::Read, place, read);
        connection.trace_read(engine, self.session);
        // ANCHOR: run-or-keep
        if self.input.is_empty() {
            let received = &scratch[..read];
            let left = self.run(pipeline, engine, received, (&mut connection, begun));
            self.input.extend_from_slice(&received[left]);
        } else {
            self.input.extend_from_slice(&scratch[..read]);
            self.run_input(pipeline, engine, (&mut connection, begun));
        }
        // ANCHOR_END: run-or-keep
        let query_bytes = self.input.len()
            + pipeline.parser().received()
            + engine.sessions[self.session].queued_bytes();
        if query_bytes > engine.config.client_query_buffer_limit {
            return Err(Gone::QueryTooLarge);
        }
        // ANCHOR: is-drained
        let is_drained = read < scratch.len() && !connection.is_ending && !self.has_backlog;
        Ok(if is_drained { Io::Drained } else { Io::More })
        // ANCHOR_END: is-drained
    }

    /// Reads what a client sends that waits. It is run when the wait is over; and the end of its
    /// stream has to be noticed, since what it waits for is for others then.
    fn receive_ahead(
        &mut self,
        engine: &mut Engine,
        shared: &mut Shared,
        mut connection: Connection<'_>,
    ) -> Result<Io, Gone> {
        let begun = connection.recorder.begin();
        let read = match self.stream.read(&mut shared.scratch) {
            Ok(0) => {
                engine.stop_waiting(self.session);
                return self.end_of_stream(engine);
            }
            Ok(read) => read,
            Err(error) => return self.read_error(error),
        };
        note_received(engine, self.session, read);
        // Nothing is run, and still it took its time, for which the next in the queue has waited.
        engine.look_at_watch();
        let place = connection.place();
        connection.recorder.lap(begun, Phase::Read, place, read);
        connection.trace_read(engine, self.session);
        self.input.extend_from_slice(&shared.scratch[..read]);
        self.note_buffers(engine, shared.pipeline.parser());
        if self.input.len() > engine.config.client_query_buffer_limit {
            return Err(Gone::QueryTooLarge);
        }
        let is_drained = read < shared.scratch.len() && !connection.is_ending;
        Ok(if is_drained { Io::Drained } else { Io::More })
    }

    /// Receives more of a large argument, straight into where it is kept.
    fn receive_big(
        &mut self,
        parser: &mut Parser,
        engine: &mut Engine,
        mut connection: Connection<'_>,
    ) -> Result<Io, Gone> {
        let begun = connection.recorder.begin();
        let Some(mut big) = parser.big_mut() else {
            return Ok(Io::More);
        };
        let (missing, room) = (big.missing, big.room());
        let mut budget = TRANSFER_BYTES;
        if room == 0 {
            if let Some(memory) = engine.trash.take_spare(big.bytes.len() + missing) {
                big.move_to(memory);
            }
        } else {
            // Memory for all of it only when a good part has come.
            budget = budget.min(room);
        }
        let wanted = missing.min(budget);
        let read = big.read_from(&mut self.stream, budget);
        let still_missing = parser.big_mut().map_or(0, |big| big.missing);
        let received = missing - still_missing;
        note_received(engine, self.session, received);
        // Nothing is run, and still it took its time, for which the next in the queue has waited.
        engine.look_at_watch();
        let place = connection.place();
        connection.recorder.lap(begun, Phase::Read, place, received);
        connection.trace_read(engine, self.session);
        let queued_bytes = engine.sessions[self.session].queued_bytes();
        if parser.received() + queued_bytes > engine.config.client_query_buffer_limit {
            return Err(Gone::QueryTooLarge);
        }
        match read {
            Ok(read) if read < wanted => self.end_of_stream(engine),
            Ok(_) => Ok(Io::More),
            Err(error) => self.read_error(error),
        }
    }

    /// Runs what the client's own input holds.
    fn run_input(
        &mut self,
        pipeline: &mut Pipeline,
        engine: &mut Engine,
        record: (&mut Connection<'_>, Moment),
    ) {
        let mut input = std::mem::take(&mut self.input);
        let left = self.run(pipeline, engine, &input, record);
        input.truncate(left.end);
        input.drain(..left.start);
        if input.is_empty() {
            engine.trash.buffer(input);
        } else {
            if input.capacity() > 4 * READ_BYTES && input.len() < input.capacity() / 4 {
                input.shrink_to_fit();
            }
            self.input = input;
        }
    }

    /// Runs the complete requests in `received`, up to a turn's worth, and gives the range of
    /// bytes that are to be kept.
    fn run(
        &mut self,
        pipeline: &mut Pipeline,
        engine: &mut Engine,
        received: &[u8],
        (connection, begun): (&mut Connection<'_>, Moment),
    ) -> Range<usize> {
        engine.start_watch();
        let place = connection.place();
        let mut moment = begun;
        let mut limits = limits(engine, self.session);
        let mut start = 0;
        self.has_backlog = false;
        let budget = Budget {
            output_bytes: self.output.len() + TRANSFER_BYTES,
            until_ns: engine.watch_ns.saturating_add(RUN_NS),
        };
        for _ in 0..BATCHES_PER_TURN {
            let db = engine.sessions[self.session].db as usize;
            let (end, ending) = pipeline.parse(received, start, &limits, &engine.databases[db]);
            let recorder = &mut *connection.recorder;
            moment = recorder.lap(moment, Phase::Parse, place, pipeline.len());
            let before = (engine.stats.commands, engine.databases[db].shard_count());
            let mut trace = connection.trace.as_deref_mut();
            if let Some(trace) = &mut trace {
                trace.begin_batch(&engine.sessions, self.session, recorder, self.output.len());
            }
            let output = &mut self.output;
            let others = Traced {
                others: &mut *connection.others,
                trace,
            };
            let outcome = pipeline.run(received, engine, self.session, output, budget, others);
            if recorder.is_on() {
                let commands = engine.stats.commands.saturating_sub(before.0) as usize;
                let shards = engine.databases[db].shard_count();
                if let Some(grown @ 1..) = shards.checked_sub(before.1) {
                    recorder.note(Phase::Grow, place, grown);
                }
                moment = recorder.lap(moment, Phase::Execute, place, commands);
            }
            match outcome {
                Outcome::All => start = end,
                Outcome::Until(at) if engine.sessions[self.session].closing => return at..at,
                // What is behind it has to wait as well.
                Outcome::Until(at) if engine.sessions[self.session].blocked => {
                    return at..received.len();
                }
                Outcome::Until(at) => {
                    start = at;
                    break;
                }
            }
            match ending {
                Ending::Full => limits.unauthenticated = engine.must_authenticate(self.session),
                Ending::Incomplete => return start..received.len(),
                Ending::Big => return start..start + pipeline.parser().kept_len(),
                Ending::Wrong(error) => {
                    engine.trash.buffers(pipeline.parser().take_owned());
                    pipeline.parser().reset();
                    self.refuse(engine, &error);
                    return start..start;
                }
            }
        }
        self.has_backlog = start < received.len();
        start..received.len()
    }

    /// Answers a protocol error, after which the connection is closed.
    fn refuse(&mut self, engine: &mut Engine, error: &ProtocolError) {
        let session = &mut engine.sessions[self.session];
        if session.reply_mode.replies() {
            let text = [b"ERR ", &*error.text()].concat();
            Reply::new(&mut self.output, session.protocol).error(text);
        }
        log::debug!("client {}: {error}", session.id);
        session.closing = true;
        engine.stats.error("ERR");
    }

    /// The peer sends no more. It still gets the replies that it has coming.
    // ANCHOR: end-of-stream
    fn end_of_stream(&mut self, engine: &mut Engine) -> Result<Io, Gone> {
        if self.output.is_empty() {
            return Err(Gone::Closed);
        }
        engine.sessions[self.session].closing = true;
        Ok(Io::Drained)
    }
    // ANCHOR_END: end-of-stream

    // ANCHOR: read-error
    fn read_error(&mut self, error: io::Error) -> Result<Io, Gone> {
        match error.kind() {
            ErrorKind::WouldBlock => Ok(Io::Drained),
            ErrorKind::Interrupted => Ok(Io::More),
            _ => Err(Gone::Failed(error)),
        }
    }
    // ANCHOR_END: read-error

    /// Throws away what a client still sends after its last request, while its replies go out.
    fn ignore(&mut self, shared: &mut Shared) -> Result<Io, Gone> {
        match self.stream.read(&mut shared.scratch) {
            Ok(0) if self.output.is_empty() => Err(Gone::Closed),
            Ok(0) => Ok(Io::Drained),
            Ok(_) => Ok(Io::More),
            Err(error) => self.read_error(error),
        }
    }

    /// Whether it has sent more while it waited. If so, that is run when it is next received from.
    pub fn has_received(&mut self) -> bool {
        self.has_backlog = !self.input.is_empty();
        self.has_backlog
    }

    /// Whether there are replies to send to it, or requests of it to run.
    #[must_use]
    pub fn is_owed_anything(&self) -> bool {
        self.has_backlog || !self.output.is_empty()
    }

    /// Sends what there is to send, up to a turn's worth.
    ///
    /// # Errors
    /// The client is to be freed, at once.
    pub fn send(&mut self, engine: &mut Engine, shared: &mut Shared) -> Result<Stop, Gone> {
        if self.output.is_empty() {
            return self.all_sent(engine, shared);
        }
        let sent = self
            .output
            .write_to(&mut self.stream, TRANSFER_BYTES)
            .map_err(Gone::Failed)?;
        engine.stats.net_output += sent.bytes as u64;
        if sent.bytes > 0 {
            engine.sessions[self.session].active_s = engine.clock.unix_s();
        }
        if let Some(blob) = self.output.take_spent() {
            engine.trash.blob(blob);
        }
        engine.stats.writes += 1;
        let left = u32::try_from(self.output.len()).unwrap_or(u32::MAX);
        engine.sessions[self.session].buffers.output = left;
        match sent.stop {
            Stop::Drained => self.all_sent(engine, shared),
            stop => Ok(stop),
        }
    }

    fn all_sent(&mut self, engine: &mut Engine, shared: &mut Shared) -> Result<Stop, Gone> {
        self.give_back(shared);
        if engine.sessions[self.session].closing {
            return Err(Gone::Dismissed);
        }
        Ok(Stop::Drained)
    }

    /// Gives the empty output's buffer to the next who needs one. What was not lent is dropped: a subscriber
    /// would bring a new one with each message, until as many are kept as are never needed at the same time.
    fn give_back(&mut self, shared: &mut Shared) {
        let buffer = self.output.take_buffer();
        let was_lent = std::mem::take(&mut self.has_lent_buffer);
        let is_worth_it = was_lent && (1..=SPARE_BUFFER_BYTES).contains(&buffer.capacity());
        if is_worth_it && shared.spare.len() < SPARE_BUFFERS {
            shared.spare.push(buffer);
        }
    }

    /// It has gone; what was large about it is not freed on the spot.
    pub fn leave_behind(self, trash: &mut Trash) {
        trash.buffer(self.input);
        trash.output(self.output);
        if let Some(mut parser) = self.parser {
            trash.buffers(parser.take_owned());
        }
    }

    /// Has the engine count its memory, while that is limited.
    pub fn note_memory(&self, engine: &mut Engine) {
        let unsent = u32::try_from(self.output.len()).unwrap_or(u32::MAX);
        engine.sessions[self.session].buffers.output = unsent;
        engine.note_client_memory(self.session);
    }

    /// Leaves the sizes of the buffers where CLIENT LIST finds them.
    fn note_buffers(&mut self, engine: &mut Engine, parser: &Parser) {
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let query = self.input.len() + parser.received();
        engine.sessions[self.session].buffers = BufferSizes {
            query: small(query),
            query_free: small(self.input.capacity() - self.input.len()),
            output: small(self.output.len()),
        };
        let stats = &mut engine.stats;
        stats.recent_max_input = stats.recent_max_input.max(query as u64);
        stats.recent_max_output = stats.recent_max_output.max(self.output.len() as u64);
    }
}

fn note_received(engine: &mut Engine, id: SessionId, bytes: usize) {
    engine.stats.net_input += bytes as u64;
    engine.stats.reads += 1;
    engine.sessions[id].active_s = engine.clock.unix_s();
}

fn limits(engine: &Engine, id: SessionId) -> Limits {
    Limits {
        max_bulk_len: engine.config.proto_max_bulk_len,
        unauthenticated: engine.must_authenticate(id),
        ..Limits::default()
    }
}

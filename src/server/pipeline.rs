//! Several requests at a time, so that the cache misses of one are waited for together with those
//! of the others.
//!
//! A lookup in a large table is a chain of cache misses: the shard, its index, the entry. Run one
//! after the other, sixteen requests wait for sixteen chains. But a pipelining client has sent them
//! all at once, so all keys are known before the first command runs:
//!
//! ```text
//!   parse   parse   parse   ...      every complete request of what was received
//!     └───────┴───────┴── warm ──▶   every shard, then every index, then every entry is touched;
//!                                    within each step the processor waits for all at once
//!   run     run     run     ...      and finds everything in its cache
//! ```
//!
//! Touching changes nothing, so a guess that turns out wrong (a SELECT among the requests) costs a
//! little time and no more.

use super::trace::Recording;
use crate::command::table::Listed;
use crate::command::{self, Outputs, Prepared, follow_up};
use crate::engine::{Engine, KnownHash, SessionId};
use crate::resp::{Batch, Limits, Next, Output, Parser, ProtocolError, Request};
use crate::store::Keyspace;

/// Requests that are parsed before the first of them is run.
pub const BATCH: usize = 32;

/// Why a batch ended.
pub enum Ending {
    /// It is full, or more is to be parsed only when these requests have been run.
    Full,
    /// The next request is not complete; its state is in the parser behind the batch.
    Incomplete,
    /// The same, and an argument of it is received into its own allocation.
    Big,
    /// What follows is no request.
    Wrong(ProtocolError),
}

/// How far a client may go in one turn; the command that passes it is the last.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// The length of its output.
    pub output_bytes: usize,
    /// The time by the engine's stopwatch.
    pub until_ns: u64,
}

/// What became of a batch that was run.
pub enum Outcome {
    /// All of it was run.
    All,
    /// Only the requests before this place in what was received: the client is leaving or waiting, or
    /// the server has something to do first.
    Until(usize),
}

/// Outputs of clients that wait, and the trace, which is told when one is answered.
pub struct Traced<'a, 'b> {
    /// The outputs.
    pub others: &'a mut dyn Outputs,
    /// The trace, while one is on.
    pub trace: Option<&'b mut Recording>,
}

impl Outputs for Traced<'_, '_> {
    fn output(&mut self, id: SessionId) -> Option<&mut Output> {
        self.others.output(id)
    }

    fn message(&mut self, id: SessionId) -> Option<&mut Output> {
        self.others.message(id)
    }

    fn ran(
        &mut self,
        engine: &Engine,
        id: SessionId,
        what: (&Prepared, &Request<'_>),
        unsent: (usize, usize),
    ) {
        if let Some(trace) = &mut self.trace {
            trace.ran_again(engine, id, what, unsent);
        }
    }

    fn told(&mut self, engine: &Engine, id: SessionId, unsent: usize) {
        if let Some(trace) = &mut self.trace {
            trace.answered(&engine.sessions, id, unsent);
        }
    }
}

/// A batch of requests. It belongs to the server; clients use it one after the other.
#[derive(Default)]
pub struct Pipeline {
    batch: Batch,
    /// One for each request of the batch.
    prepared: Vec<Prepared>,
    /// The hashes of all first keys.
    hashes: Vec<u64>,
    /// The command that the last request named.
    named: Option<&'static Listed>,
    /// Whether that command has subcommands.
    is_container: bool,
}

impl Pipeline {
    /// The parser of the request that is not complete yet: the first one before parsing, the one
    /// behind the batch afterwards.
    pub fn parser(&mut self) -> &mut Parser {
        self.batch.parser()
    }

    /// How many requests of the batch are parsed.
    pub fn len(&self) -> usize {
        self.prepared.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.prepared.is_empty()
    }

    /// Parses complete requests from `received`, from `start` on. Gives where they end, and why.
    pub fn parse(
        &mut self,
        received: &[u8],
        start: usize,
        limits: &Limits,
        keys: &Keyspace,
    ) -> (usize, Ending) {
        self.batch.begin(start);
        self.prepared.clear();
        self.hashes.clear();
        // AUTH may be among them, and then other limits hold.
        let most = if limits.unauthenticated { 1 } else { BATCH };
        let ending = loop {
            if self.prepared.len() == most {
                break Ending::Full;
            }
            match self.batch.parse_next(received, limits) {
                Ok(Next::Request { same_name }) => {
                    self.prepare(received, same_name, keys);
                }
                Ok(Next::Incomplete) => break Ending::Incomplete,
                Ok(Next::Big) => break Ending::Big,
                Err(error) => break Ending::Wrong(error),
            }
        };
        (self.batch.end(), ending)
    }

    /// Finds out what the request that was parsed last will need.
    #[inline]
    fn prepare(&mut self, received: &[u8], same_name: bool, keys: &Keyspace) {
        if !same_name {
            let request = self.batch.request(self.prepared.len(), received);
            self.named = command::find(&request);
            let is_container = |named: &Listed| !named.command.subcommands.is_empty();
            self.is_container = self.named.is_some_and(is_container);
        }
        let found = match self.named {
            Some(named) if self.is_container => {
                let request = self.batch.request(self.prepared.len(), received);
                command::find_sub(named, &request)
            }
            named => named,
        };
        let place = found.and_then(|found| found.command.first_key);
        let key = place.and_then(|place| self.batch.arg_of_last(place.get().into(), received));
        let known = key.map_or(KnownHash::default(), |key| {
            let hash = keys.hash(key);
            self.hashes.push(hash);
            KnownHash::new(key, hash)
        });
        self.prepared.push(Prepared { found, known });
    }

    /// Runs the requests that were parsed from `received`, and tells the trace of each. Clients that
    /// wait for what one of them has made are served before the next is run: they are among `others`.
    pub fn run(
        &mut self,
        received: &[u8],
        engine: &mut Engine,
        id: SessionId,
        output: &mut Output,
        budget: Budget,
        mut others: Traced<'_, '_>,
    ) -> Outcome {
        // ANCHOR: warm
        if self.hashes.len() > 1 {
            engine.databases[engine.sessions[id].db as usize].warm(&self.hashes);
        }
        for (at, prepared) in self.prepared.iter().enumerate() {
            let request = self.batch.request(at, received);
            let is_all = command::run(engine, id, prepared, request, output);
            // ANCHOR_END: warm
            if let Some(trace) = &mut others.trace {
                let request = self.batch.request(at, received);
                trace.command(engine, prepared, &request, output.len());
            }
            // ANCHOR: is-over
            let is_over = output.len() > budget.output_bytes || engine.watch_ns > budget.until_ns;
            if is_all && !is_over {
                continue;
            }
            // ANCHOR_END: is-over
            if engine.has_follow_up() {
                let before = engine.pubsub.receivers_left();
                follow_up(engine, Some((id, &mut *output)), &mut others);
                if engine.pubsub.is_crowded() && engine.pubsub.receivers_left() > before {
                    engine.sessions[id].held_back = Some(engine.pubsub.times_cleared());
                }
            }
            let is_held = engine.sessions[id].held_back.is_some();
            if is_over || is_held || !engine.sessions[id].may_go_on() || !engine.mail.is_empty() {
                // Whatever was parsed behind it is parsed again, should there be another time.
                self.batch.parser().reset();
                self.give_back(engine);
                return Outcome::Until(self.batch.start(at + 1));
            }
        }
        self.give_back(engine);
        Outcome::All
    }

    /// Has the big arguments freed that no command has taken.
    #[inline]
    fn give_back(&mut self, engine: &mut Engine) {
        if self.batch.owns_any() {
            engine.trash.buffers(self.batch.take_owned());
        }
    }
}

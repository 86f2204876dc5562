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

use crate::command;
use crate::command::table::Found;
use crate::engine::{Engine, KnownHash, SessionId};
use crate::resp::{Limits, Output, Parser, Progress, ProtocolError};
use crate::store::Keyspace;

/// Requests that are parsed before the first of them is run.
pub const BATCH: usize = 32;

/// One request of the batch.
#[derive(Default)]
struct Slot {
    parser: Parser,
    /// Where it begins in what was received.
    start: usize,
    /// Its command, unless it is an unknown one.
    found: Option<Found>,
    /// Its first key, hashed.
    known: KnownHash,
}

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
    /// Only the requests before this place in what was received: the client is leaving, or the
    /// server has something to do first.
    Until(usize),
}

/// A batch of requests. It belongs to the server; clients use it one after the other.
pub struct Pipeline {
    slots: Vec<Slot>,
    hashes: Vec<u64>,
    count: usize,
    /// Where the batch ends in what was received.
    end: usize,
}

impl Default for Pipeline {
    fn default() -> Pipeline {
        Pipeline {
            // One more than a batch, for the request that is not complete.
            slots: (0..=BATCH).map(|_| Slot::default()).collect(),
            hashes: Vec::with_capacity(BATCH),
            count: 0,
            end: 0,
        }
    }
}

impl Pipeline {
    /// The parser of the request that is being received: the first one before parsing, the one
    /// behind the batch afterwards.
    pub fn parser(&mut self) -> &mut Parser {
        &mut self.slots[self.count].parser
    }

    /// Parses complete requests from `received`, from `start` on. Gives where they end, and why.
    pub fn parse(
        &mut self,
        received: &[u8],
        start: usize,
        limits: &Limits,
        keys: &Keyspace,
    ) -> (usize, Ending) {
        self.hashes.clear();
        self.end = start;
        let ending = loop {
            if self.count == BATCH {
                break Ending::Full;
            }
            let slot = &mut self.slots[self.count];
            match slot.parser.parse(&received[self.end..], limits) {
                Ok(Progress::Complete { len }) => {
                    let request = slot.parser.request(&received[self.end..]);
                    slot.found = command::find(&request);
                    let key = slot
                        .found
                        .and_then(|found| command::first_key(found, &request));
                    // What the slot knew belongs to an earlier request: other bytes lie there now.
                    slot.known = KnownHash::default();
                    if let Some(key) = key {
                        let hash = keys.hash(key);
                        slot.known = KnownHash::new(key, hash);
                        self.hashes.push(hash);
                    }
                    slot.start = self.end;
                    self.end += len;
                    self.count += 1;
                    // AUTH may be among them, and then other limits hold.
                    if limits.unauthenticated {
                        break Ending::Full;
                    }
                }
                Ok(Progress::Incomplete) => break Ending::Incomplete,
                Ok(Progress::Big) => break Ending::Big,
                Err(error) => break Ending::Wrong(error),
            }
        };
        (self.end, ending)
    }

    /// Runs the requests that were parsed from `received`.
    pub fn run(
        &mut self,
        received: &[u8],
        engine: &mut Engine,
        id: SessionId,
        output: &mut Output,
        budget: Budget,
    ) -> Outcome {
        if self.hashes.len() > 1 {
            engine.databases[engine.sessions[id].db as usize].warm(&self.hashes);
        }
        for at in 0..self.count {
            let slot = &mut self.slots[at];
            let request = slot.parser.request(&received[slot.start..]);
            command::run(engine, id, slot.found, slot.known, request, output);
            slot.parser.reset();
            let is_over = output.len() > budget.output_bytes || engine.watch_ns > budget.until_ns;
            if is_over || engine.sessions[id].closing || !engine.mail.is_empty() {
                return self.leave_off(at + 1);
            }
        }
        // The parser behind the batch holds the state of what comes next.
        self.slots.swap(0, self.count);
        self.count = 0;
        Outcome::All
    }

    /// Forgets the requests from `at` on, and whatever was parsed behind them: all of it is
    /// parsed again, should there be another time.
    fn leave_off(&mut self, at: usize) -> Outcome {
        let until = if at < self.count {
            self.slots[at].start
        } else {
            self.end
        };
        for slot in &mut self.slots[at..=self.count] {
            slot.parser.reset();
        }
        self.count = 0;
        Outcome::Until(until)
    }
}

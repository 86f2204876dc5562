//! Sessions side by side with redis-server: messages to many subscribers, transactions, client-side caching, eviction,
//! and commands that somebody watches.
//!
//! ```text
//!   cases      what there is, by name: shared with the generator of the page
//!   crowd      thousands of clients in one thread, that are told something
//!   publish    messages to all of them, and invalidations
//!   requests   processor time per request in pipelines of 16
//!   eviction   a PING every half millisecond while keys have to go
//! ```

pub mod cases;
mod crowd;
mod eviction;
mod publish;
mod requests;

use crate::process;
use crate::samples::{Machine, Run};
use crate::side_by_side::{self, Samples};
use std::io;
use std::path::Path;

/// Descriptors of a process beside those of the subscribers' connections.
const OTHER_FILES: usize = 500;

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Extent {
    /// Rounds of everything.
    rounds: usize,
    /// Clients that subscribe to one channel.
    subscribers: usize,
    /// Clients that subscribe and do not read.
    sleepers: usize,
    /// Messages of one case.
    messages: usize,
    /// Clients that hold the same keys.
    holders: usize,
    /// Keys that fit into ten times the lower `maxmemory`, which has so many times 50 bytes.
    keys: usize,
    /// Times are divided by this.
    divisor: u32,
}

impl Extent {
    /// What the page is about.
    pub const FULL: Extent = Extent {
        rounds: 5,
        subscribers: 10_000,
        sleepers: 500,
        messages: 10,
        holders: 1000,
        keys: 1_000_000,
        divisor: 1,
    };

    /// Everything once, and little of it: shows that it works, and measures nothing.
    pub const QUICK: Extent = Extent {
        rounds: 1,
        subscribers: 200,
        sleepers: 20,
        messages: 4,
        holders: 50,
        keys: 100_000,
        divisor: 20,
    };

    /// The same with as many rounds of everything.
    pub fn with_rounds(self, rounds: usize) -> Extent {
        Extent { rounds, ..self }
    }

    /// As many subscribers as this process and a server can have descriptors for.
    fn within_descriptors(self) -> Extent {
        let files = process::allow_open_files(self.subscribers + OTHER_FILES);
        let subscribers = self.subscribers.min(files.saturating_sub(OTHER_FILES));
        if subscribers < self.subscribers {
            println!("descriptors are enough for {subscribers} subscribers");
        }
        Extent {
            subscribers: subscribers.max(1),
            ..self
        }
    }
}

/// Measures everything and writes the samples to this file.
pub fn sample(file: &Path, extent: Extent) -> io::Result<()> {
    let machine = Machine::read();
    let cores = process::two_cores(&process::cores());
    let extent = extent.within_descriptors();
    let (contenders, specs) = side_by_side::contenders()?;
    let mut taken = Samples::default();
    // First what places nothing, then what takes two cores, last what shares one.
    for round in 0..extent.rounds {
        publish::memory(&contenders, extent, round, &mut taken)?;
    }
    for round in 0..extent.rounds {
        publish::pauses(&contenders, extent, cores, round, &mut taken)?;
        eviction::measure(&contenders, extent, cores, round, &mut taken)?;
    }
    for round in 0..extent.rounds {
        publish::cpu(&contenders, extent, cores.0, round, &mut taken)?;
        requests::measure(&contenders, extent, cores.0, round, &mut taken)?;
    }
    let run = Run {
        only: "sessions",
        keyspace: requests::KEYSPACE,
        keys: Some(extent.keys),
        rounds: extent.rounds,
        servers: contenders.iter().map(|contender| contender.name).collect(),
        specs,
    };
    taken.write(file, &machine, &run)
}

//! Lists, hashes, sets and sorted sets, side by side with redis-server: processor time per request,
//! memory per element, and what other clients wait while a large collection comes and goes.
//!
//! ```text
//!   cases    what there is, by name: shared with the generator of the page
//!   fill     what elements look like
//!   cpu      redis-benchmark's commands, and some on a million elements
//!   memory   a fresh process for each size of each type
//!   pauses   a PING every half millisecond meanwhile; the pages of a scan
//! ```

pub mod cases;
mod cpu;
mod fill;
mod memory;
mod pauses;

use crate::process;
use crate::samples::{Machine, Run};
use crate::side_by_side::{self, Samples};
use cases::LARGE;
use std::io;
use std::path::Path;

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Extent {
    /// Rounds of the processor time.
    cpu_rounds: usize,
    /// Rounds of the memory.
    memory_rounds: usize,
    /// Rounds of the pauses.
    pause_rounds: usize,
    /// Elements of a large collection.
    large: usize,
    /// Elements of all the collections of one size together.
    total: usize,
    /// Requests and times are divided by this.
    divisor: usize,
}

impl Extent {
    /// What the page is about.
    pub const FULL: Extent = Extent {
        cpu_rounds: 5,
        memory_rounds: 2,
        pause_rounds: 3,
        large: LARGE,
        total: LARGE,
        divisor: 1,
    };

    /// Everything once or twice, and little of it: shows that it works, and measures nothing.
    pub const QUICK: Extent = Extent {
        cpu_rounds: 1,
        memory_rounds: 1,
        pause_rounds: 1,
        large: 2000,
        total: 2000,
        divisor: 50,
    };

    /// The same with as many rounds of everything.
    pub fn with_rounds(self, rounds: usize) -> Extent {
        Extent {
            cpu_rounds: rounds,
            memory_rounds: rounds,
            pause_rounds: rounds,
            ..self
        }
    }
}

/// Measures everything and writes the samples to this file.
pub fn sample(file: &Path, extent: Extent) -> io::Result<()> {
    let machine = Machine::read();
    let (core, other) = process::two_cores(&process::cores());
    let (contenders, specs) = side_by_side::contenders()?;
    let mut taken = Samples::default();
    // Memory first: what it starts, it places on no core.
    memory::measure(&contenders, extent, &mut taken)?;
    pauses::measure(&contenders, extent, (core, other), &mut taken)?;
    cpu::measure(&contenders, extent, core, &mut taken)?;
    let run = Run {
        only: "collections",
        keyspace: cpu::KEYSPACE,
        keys: Some(extent.large),
        rounds: extent.cpu_rounds,
        servers: contenders.iter().map(|contender| contender.name).collect(),
        specs,
    };
    taken.write(file, &machine, &run)
}

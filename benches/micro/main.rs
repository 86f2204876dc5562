//! The parts on their own: what a request costs to parse, a reply to write, a key to find, a timer
//! to keep, and a turn of the loop.
//!
//! ```text
//! cargo bench --bench micro                      everything, about a minute
//! cargo bench --bench micro -- keyspace/get      what has this in its name
//! ```
//!
//! The allocator is the program's own, since some of the figures are mostly that.

mod chunks;
mod event_loop;
mod keyspace;
mod parser;
mod reply;
mod wheel;

use criterion::Criterion;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Short, since there are many: what is a few per cent off here is settled by counting instructions
/// (`tests/instructions.rs`) and by the end-to-end table.
const WARM_UP: Duration = Duration::from_millis(200);
const MEASUREMENT: Duration = Duration::from_millis(600);
const SAMPLES: usize = 20;
const RESAMPLES: usize = 10_000;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(WARM_UP)
        .measurement_time(MEASUREMENT)
        .sample_size(SAMPLES)
        .nresamples(RESAMPLES)
        .configure_from_args();
    parser::benches(&mut criterion);
    reply::benches(&mut criterion);
    wheel::benches(&mut criterion);
    event_loop::benches(&mut criterion);
    keyspace::benches(&mut criterion);
    criterion.final_summary();
}

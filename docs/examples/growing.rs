//! Two tables grow: the standard library's `HashMap`, and the server's own `Table`. How long does each insert take?
//!
//! ```text
//! cargo run --release --example growing -- 3000000      (so many keys; 60,000 if not given)
//! ```
//!
//! A hash map is fast, mostly. Whenever it is full it makes room for twice as many keys and moves all that it has, within
//! one insert. The table of `src/store/table.rs` divides one small shard at a time instead. The mean is about the same,
//! and nobody waits for the mean.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use aerolite::store::Table;
use aerolite::store::shard::Keyed;
use rustix::time::{ClockId, clock_gettime};

/// The server's allocator: with some others, one insert pays for memory that was freed long before.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const KEYS: u32 = 60_000;

/// From this many keys on it is worth a line that the map has grown.
const SHOW_FROM: u32 = 10_000;

struct Item(Box<[u8]>);

impl Keyed for Item {
    fn key(&self) -> &[u8] {
        &self.0
    }

    fn fetch(&self) -> u8 {
        self.0.first().copied().unwrap_or(0)
    }
}

/// How long inserts took.
#[derive(Default)]
struct Times {
    all: Duration,
    longest: Duration,
}

impl Times {
    fn note(&mut self, begun: Duration) -> Duration {
        let took = processor_time().saturating_sub(begun);
        self.all += took;
        self.longest = self.longest.max(took);
        took
    }

    fn say(&self, what: &str) {
        println!(
            "{what}: {:?} in all, the longest insert {:?}",
            self.all, self.longest
        );
    }
}

/// What this thread has used of the processor: what others take in between, on a busy machine, is not in it.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

fn key(n: u32) -> Box<[u8]> {
    format!("key:{n}").into_bytes().into()
}

fn grow_map(keys: u32) -> Times {
    let (mut map, mut times) = (HashMap::new(), Times::default());
    for n in 0..keys {
        let (key, room) = (key(n), map.capacity());
        let begun = processor_time();
        map.insert(key, ());
        let took = times.note(begun);
        if map.capacity() != room && n >= SHOW_FROM {
            println!(
                "HashMap: insert {n} made room for {}: {took:?}",
                map.capacity()
            );
        }
    }
    times
}

fn grow_table(keys: u32) -> (Times, usize) {
    let (mut table, mut times) = (Table::new(7), Times::default());
    for n in 0..keys {
        let key = key(n);
        let begun = processor_time();
        let hash = table.hash(&key);
        table.insert(hash, Item(key));
        times.note(begun);
    }
    (times, table.shard_count())
}

fn main() -> Result<(), Box<dyn Error>> {
    let keys = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => KEYS,
    };
    grow_map(keys).say("HashMap");
    let (times, shards) = grow_table(keys);
    times.say("Table");
    println!("Table: {shards} shards, made one at a time");
    Ok(())
}

//! The keyspace at three sizes: in the cache, out of it, and far out of it.
//!
//! Keys are asked for in random order, and so many different ones that what one lookup brought into
//! the cache is gone again before the next one needs it. `get 32 warmed` is how the server does it
//! for pipelining clients: the places of 32 keys are touched first, so that their misses overlap.

use crate::chunks;
use aerolite::engine::Random;
use aerolite::store::keyspace::{Deadline, NewString};
use aerolite::store::{Encoding, Keyspace};
use criterion::{BenchmarkId, Criterion, Throughput};

const SIZES: [usize; 3] = [10_000, 1_000_000, 5_000_000];

/// The most keys that are asked for in turn: with a value each, far more than a cache holds.
const POOL: usize = 1 << 20;

/// Requests of a pipeline that are warmed together.
const BATCH: usize = 32;

const NOW_MS: u64 = 1_700_000_000_000;
const NOW_S: u32 = 1_700_000_000;

type Key = [u8; 16];

/// `key:%012d`
fn key(mut number: usize) -> Key {
    let mut key = *b"key:000000000000";
    for digit in key[4..].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    key
}

fn set(keys: &mut Keyspace, key: &[u8]) {
    let value = NewString::Copied(b"xxx", Encoding::Natural);
    keys.set_string(keys.hash(key), key, value, Deadline::Never, NOW_MS, NOW_S);
}

fn get(keys: &mut Keyspace, key: &[u8]) {
    let found = keys.lookup(keys.hash(key), key, NOW_MS, drop);
    assert!(found.is_some(), "every key is there");
}

/// A keyspace with the keys from 0 to `size`, and a random choice of them.
struct Filled {
    keys: Keyspace,
    pool: Vec<Key>,
    at: usize,
    /// Keys that are inserted for a while.
    fresh: Vec<Key>,
}

impl Filled {
    fn new(size: usize) -> Filled {
        let mut random = Random::new(1);
        let mut keys = Keyspace::new(1, NOW_MS);
        for number in 0..size {
            set(&mut keys, &key(number));
        }
        // Few enough that the table stays about as large as it says.
        let fresh = size..size + size / 20;
        Filled {
            keys,
            pool: (0..POOL.min(size))
                .map(|_| key(random.below(size)))
                .collect(),
            at: 0,
            fresh: fresh.map(key).collect(),
        }
    }

    fn next(&mut self) -> Key {
        self.at = if self.at + 1 < self.pool.len() {
            self.at + 1
        } else {
            0
        };
        self.pool[self.at]
    }

    fn get_warmed(&mut self, hashes: &mut Vec<u64>, batch: &[Key]) {
        hashes.clear();
        hashes.extend(batch.iter().map(|key| self.keys.hash(key)));
        self.keys.warm(hashes);
        for key in batch {
            get(&mut self.keys, key);
        }
    }

    fn insert_fresh(&mut self, count: usize) {
        for key in &self.fresh[..count] {
            set(&mut self.keys, key);
        }
    }

    fn remove_fresh(&mut self, count: usize) {
        for key in &self.fresh[..count] {
            assert!(self.keys.remove(key).is_some(), "it was inserted");
        }
    }
}

/// One key each, but for the batch. A table is built once for all that is measured on it, and only
/// when something is.
pub fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("keyspace");
    for size in SIZES {
        let mut table = None;
        let build = || Filled::new(size);
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("get", size), |bencher| {
            let table = table.get_or_insert_with(build);
            bencher.iter(|| {
                let key = table.next();
                get(&mut table.keys, &key);
            });
        });
        group.bench_function(BenchmarkId::new("set existing", size), |bencher| {
            let table = table.get_or_insert_with(build);
            bencher.iter(|| {
                let key = table.next();
                set(&mut table.keys, &key);
            });
        });
        group.bench_function(BenchmarkId::new("insert", size), |bencher| {
            let table = table.get_or_insert_with(build);
            let chunk = table.fresh.len();
            bencher.iter_custom(|iterations| {
                let (insert, remove) = (Filled::insert_fresh, Filled::remove_fresh);
                chunks::time(iterations, chunk, table, |_, _| {}, insert, remove)
            });
        });
        group.throughput(Throughput::Elements(BATCH as u64));
        group.bench_function(BenchmarkId::new("get 32 warmed", size), |bencher| {
            let table = table.get_or_insert_with(build);
            let mut hashes = Vec::with_capacity(BATCH);
            bencher.iter(|| {
                let batch: [Key; BATCH] = std::array::from_fn(|_| table.next());
                table.get_warmed(&mut hashes, &batch);
            });
        });
    }
    group.finish();
}

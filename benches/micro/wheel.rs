//! The timing wheel: a timer put on, taken off, and fired, among a hundred thousand others.

use crate::chunks;
use aerolite::engine::Random;
use aerolite::wheel::{Step, TimerId, Wheel};
use criterion::{Criterion, Throughput};

/// Timers that stay on the wheel.
const OTHERS: usize = 100_000;

/// Timers that come and go between two looks at the clock.
const CHUNK: usize = 10_000;

/// How far ahead deadlines lie, in ticks: a day of milliseconds.
const SPAN: usize = 24 * 60 * 60 * 1000;

/// How far ahead those lie that are fired: a minute, so that most cascade twice on their way.
const NEAR: usize = 60 * 1000;

/// Fires no timer of those that stay.
const FAR_AWAY: u64 = 1 << 40;

struct Timers {
    wheel: Wheel<u64>,
    ids: Vec<TimerId>,
    random: Random,
    now: u64,
}

impl Timers {
    fn new() -> Timers {
        let mut random = Random::new(1);
        let mut wheel = Wheel::new(0);
        for item in 0..OTHERS as u64 {
            wheel.insert(FAR_AWAY + random.below(SPAN) as u64, item);
        }
        Timers {
            wheel,
            ids: Vec::with_capacity(CHUNK),
            random,
            now: 0,
        }
    }

    fn insert(&mut self, count: usize, span: usize) {
        for item in 0..count as u64 {
            let at = self.now + 1 + self.random.below(span) as u64;
            self.ids.push(self.wheel.insert(at, item));
        }
    }

    fn cancel(&mut self) {
        for id in self.ids.drain(..) {
            self.wheel.cancel(id);
        }
    }

    /// Lets a minute pass at once, as it does for a server that was stopped; each step is its own
    /// unit of work all the same.
    fn fire(&mut self, count: usize) {
        self.now += NEAR as u64;
        let mut fired = 0;
        loop {
            match self.wheel.step(self.now) {
                Step::Fired { .. } => fired += 1,
                Step::Moved => {}
                Step::Idle => break,
            }
        }
        assert_eq!(fired, count, "all that were due, and no other");
        self.ids.clear();
    }
}

/// One timer each.
pub fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wheel");
    group.throughput(Throughput::Elements(1));
    let timers = &mut Timers::new();
    group.bench_function("insert", |bencher| {
        bencher.iter_custom(|iterations| {
            let insert = |timers: &mut Timers, count| timers.insert(count, SPAN);
            chunks::time(
                iterations,
                CHUNK,
                timers,
                |_, _| {},
                insert,
                |timers, _| timers.cancel(),
            )
        });
    });
    group.bench_function("cancel", |bencher| {
        bencher.iter_custom(|iterations| {
            let insert = |timers: &mut Timers, count| timers.insert(count, SPAN);
            chunks::time(
                iterations,
                CHUNK,
                timers,
                insert,
                |timers, _| timers.cancel(),
                |_, _| {},
            )
        });
    });
    group.bench_function("fire", |bencher| {
        bencher.iter_custom(|iterations| {
            let insert = |timers: &mut Timers, count| timers.insert(count, NEAR);
            chunks::time(iterations, CHUNK, timers, insert, Timers::fire, |_, _| {})
        });
    });
    group.finish();
}

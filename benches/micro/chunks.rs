//! Timing of what can be done only so often before the state has to be put right again.

use std::time::{Duration, Instant};

/// The time that `timed` takes for `iterations` repetitions, at most `chunk` at a time. Before each
/// chunk `prepare` gets the state ready and after it `tidy` cleans up, both off the clock; all three
/// are told the number of repetitions in the chunk.
pub fn time<S>(
    iterations: u64,
    chunk: usize,
    state: &mut S,
    prepare: impl Fn(&mut S, usize),
    timed: impl Fn(&mut S, usize),
    tidy: impl Fn(&mut S, usize),
) -> Duration {
    let mut left = iterations;
    let mut taken = Duration::ZERO;
    while left > 0 {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(chunk);
        prepare(state, count);
        let start = Instant::now();
        timed(state, count);
        taken += start.elapsed();
        tidy(state, count);
        left -= count as u64;
    }
    taken
}

//! The best candidates for eviction of all that were looked at.
//!
//! Each eviction looks at a handful of keys and takes one. The others are not forgotten: the next one
//! chooses among them, too, and that comes far nearer to the true order than its own handful would.
//! (S. Sanfilippo for Redis 3.0.)

/// How many candidates are remembered.
const SIZE: usize = 16;

/// A key that may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The higher, the less is it wanted.
    pub score: u64,
    /// The hash of its name, and
    pub hash: u64,
    /// its word of use when it was looked at: with another one it is not the same any more.
    pub word: u32,
    /// The number of its database.
    pub db: u32,
}

/// Candidates, the best ones last.
#[derive(Debug, Default)]
pub(super) struct Pool {
    candidates: Vec<Candidate>,
}

impl Pool {
    /// Whether a candidate with this score is taken in: there is room, or it is better than the worst.
    pub(super) fn wants(&self, score: u64) -> bool {
        let worst = self.candidates.first().map_or(0, |worst| worst.score);
        !self.is_full() || score > worst
    }

    fn is_full(&self) -> bool {
        self.candidates.len() == SIZE
    }

    /// Takes a candidate in that is wanted, and not there already.
    pub(super) fn offer(&mut self, candidate: Candidate) {
        if !self.wants(candidate.score) || self.candidates.contains(&candidate) {
            return;
        }
        if self.is_full() {
            self.candidates.remove(0);
        }
        let place = self
            .candidates
            .partition_point(|other| other.score <= candidate.score);
        self.candidates.insert(place, candidate);
    }

    /// Takes out the best.
    pub(super) fn take_best(&mut self) -> Option<Candidate> {
        self.candidates.pop()
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.candidates.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_all_come_out_in_order_and_each_once() {
        let mut pool = Pool::default();
        for score in (0..100).map(|n| n * 37 % 100) {
            let candidate = Candidate {
                score,
                hash: score,
                word: 1,
                db: 0,
            };
            pool.offer(candidate);
            pool.offer(candidate);
        }
        let scores: Vec<u64> = std::iter::from_fn(|| pool.take_best())
            .map(|best| best.score)
            .collect();
        assert_eq!(scores, (84..100).rev().collect::<Vec<u64>>());
    }
}

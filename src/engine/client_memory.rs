//! `maxmemory-clients`: how much memory the clients take together, and which take most.
//!
//! ```text
//!   bucket   16   17   18   19   20   21       the clients by their size: 2^k bytes and more, below 2^(k+1)
//!            ││   │    ││││      │
//!            ABC  D    EFGH      I ◀── the first to go, when the sum is over the limit
//! ```
//!
//! While there is no limit nothing is kept. With one, each client's size is noted when its buffers have
//! changed, which costs a few additions: the sum is always there, and a client that stays within its
//! power of two stays where it is. Exact order would cost a search tree's step for each request; and what does it matter
//! which of two clients goes whose sizes differ by less than the double? Redis has it the same way.
//!
//! A client that is spared (CLIENT NO-EVICT) is in the sum, as in Redis, and in no bucket.

use super::{Engine, SessionId};

/// One bucket for each power of two.
const BUCKETS: usize = usize::BITS as usize;

/// The least limit: below it, nobody could even connect to set another one.
const LEAST_BYTES: usize = 128 * 1024;

/// Where a client is, and its size as it was last noted.
#[derive(Debug, Clone, Copy)]
struct Place {
    bytes: usize,
    /// Its bucket, and its place there; `None` for one that is spared.
    at: Option<(usize, usize)>,
}

/// See the module's text.
#[derive(Debug)]
pub struct ClientMemory {
    /// Bytes that the clients may take together; 0 where that is not limited.
    limit: usize,
    /// Bytes that they take.
    sum: usize,
    /// By the places of the sessions.
    places: Vec<Option<Place>>,
    buckets: [Vec<SessionId>; BUCKETS],
}

impl Default for ClientMemory {
    fn default() -> ClientMemory {
        ClientMemory {
            limit: 0,
            sum: 0,
            places: Vec::new(),
            buckets: [const { Vec::new() }; BUCKETS],
        }
    }
}

impl ClientMemory {
    /// Whether it is limited.
    #[inline]
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.limit > 0
    }

    /// Bytes that the clients take together, as they were last noted; 0 without a limit.
    #[must_use]
    pub fn sum(&self) -> usize {
        self.sum
    }

    /// How many clients are noted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.iter().flatten().count()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The client to close: one of the largest that may be closed, if all together are over the limit.
    #[inline]
    #[must_use]
    pub fn first_to_go(&self) -> Option<SessionId> {
        if self.limit == 0 || self.sum < self.limit {
            return None;
        }
        let mut from_the_largest = self.buckets.iter().rev();
        from_the_largest.find_map(|bucket| bucket.last().copied())
    }

    fn note(&mut self, id: SessionId, bytes: usize, is_spared: bool) {
        let slot = id.0 as usize;
        if self.places.len() <= slot {
            // Places of sessions are taken from the lowest on: there are as many as clients.
            self.places.resize(slot + 1, None);
        }
        let bucket = (!is_spared).then(|| bytes.max(1).ilog2() as usize);
        let old = self.places[slot];
        self.sum = self.sum - old.map_or(0, |place| place.bytes) + bytes;
        if let Some(place) = &mut self.places[slot]
            && place.at.map(|(bucket, _)| bucket) == bucket
        {
            place.bytes = bytes;
            return;
        }
        self.take_out(old);
        let at = bucket.map(|bucket| {
            self.buckets[bucket].push(id);
            (bucket, self.buckets[bucket].len() - 1)
        });
        self.places[slot] = Some(Place { bytes, at });
    }

    /// Takes a client out of its bucket; the last one there gets its place.
    fn take_out(&mut self, place: Option<Place>) {
        let Some(Place {
            at: Some((bucket, at)),
            ..
        }) = place
        else {
            return;
        };
        self.buckets[bucket].swap_remove(at);
        if let Some(moved) = self.buckets[bucket].get(at)
            && let Some(Some(place)) = self.places.get_mut(moved.0 as usize)
        {
            place.at = Some((bucket, at));
        }
    }

    /// A client has left.
    pub(super) fn forget(&mut self, id: SessionId) {
        let place = self.places.get_mut(id.0 as usize).and_then(Option::take);
        self.sum -= place.map_or(0, |place| place.bytes);
        self.take_out(place);
    }
}

impl Engine {
    /// Bytes of memory that a client takes, as far as the engine knows them.
    #[must_use]
    pub fn memory_of_client(&self, id: SessionId) -> usize {
        self.memory_at_rest(id) + self.waiting_bytes(id)
    }

    /// The same without the request that it runs, or with which it waits: its session, its buffers,
    /// its transaction.
    #[must_use]
    pub fn memory_at_rest(&self, id: SessionId) -> usize {
        self.sessions[id].memory() + self.transaction_memory(id)
    }

    /// How long the arguments are of the request with which a client waits.
    #[must_use]
    pub fn waiting_bytes(&self, id: SessionId) -> usize {
        if !self.sessions[id].blocked {
            return 0;
        }
        let waiter = self.blocked.waiter(id).map(|waiter| waiter.argument_bytes);
        let parked = || self.pause.parked(id).map(|parked| parked.argument_bytes);
        waiter.or_else(parked).unwrap_or(0)
    }

    /// A client's buffers have changed. To be called only while it is
    /// [limited](ClientMemory::is_limited).
    pub fn note_client_memory(&mut self, id: SessionId) {
        let bytes = self.memory_of_client(id);
        let is_spared = self.sessions[id].no_evict;
        self.client_memory.note(id, bytes, is_spared);
    }

    /// `maxmemory-clients`, or what it is a part of, has changed.
    pub fn settle_client_memory(&mut self) {
        let limit = self.config.max_client_bytes();
        let limit = limit.map_or(0, |bytes| bytes.max(LEAST_BYTES));
        if limit == 0 {
            self.client_memory = ClientMemory::default();
            return;
        }
        let was_limited = self.client_memory.is_limited();
        self.client_memory.limit = limit;
        if !was_limited {
            let all: Vec<SessionId> = self.sessions.in_order().iter().map(|(id, _)| *id).collect();
            for id in all {
                self.note_client_memory(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(limit: usize) -> ClientMemory {
        ClientMemory {
            limit,
            ..ClientMemory::default()
        }
    }

    #[test]
    fn the_largest_goes_first_and_only_over_the_limit() {
        let mut memory = memory(1000);
        memory.note(SessionId(0), 300, false);
        memory.note(SessionId(1), 600, false);
        memory.note(SessionId(2), 50, false);
        assert_eq!((memory.sum(), memory.first_to_go()), (950, None));
        memory.note(SessionId(2), 100, false);
        assert_eq!(memory.first_to_go(), Some(SessionId(1)));
        memory.forget(SessionId(1));
        assert_eq!((memory.sum(), memory.first_to_go()), (400, None));
    }

    #[test]
    fn who_is_spared_counts_and_stays() {
        let mut memory = memory(1000);
        memory.note(SessionId(0), 2000, true);
        assert_eq!(memory.first_to_go(), None);
        memory.note(SessionId(1), 10, false);
        assert_eq!(memory.first_to_go(), Some(SessionId(1)));
        memory.note(SessionId(0), 2000, false);
        assert_eq!(memory.first_to_go(), Some(SessionId(0)));
        memory.note(SessionId(0), 2000, true);
        assert_eq!(memory.first_to_go(), Some(SessionId(1)));
    }

    #[test]
    fn the_sum_is_right_whatever_happens_and_nothing_is_left() {
        let mut random = crate::engine::Random::new(7);
        let mut memory = memory(1);
        let mut model = vec![None; 50];
        for _ in 0..20_000 {
            let i = random.below(50);
            if random.below(4) == 0 {
                memory.forget(SessionId(i as u32));
                model[i] = None;
            } else {
                let magnitude = random.below(20);
                let bytes = random.below(1 << magnitude);
                let is_spared = random.below(5) == 0;
                memory.note(SessionId(i as u32), bytes, is_spared);
                model[i] = Some((bytes, is_spared));
            }
            let sum: usize = model.iter().flatten().map(|(bytes, _)| bytes).sum();
            assert_eq!(memory.sum(), sum);
            let may_go = model.iter().flatten().filter(|(_, is_spared)| !is_spared);
            let largest = may_go.map(|(bytes, _)| (*bytes).max(1).ilog2()).max();
            let chosen = memory.first_to_go().and_then(|id| model[id.0 as usize]);
            let chosen = chosen.map(|(bytes, _)| bytes.max(1).ilog2());
            assert_eq!(chosen, if sum == 0 { None } else { largest });
        }
        for i in 0..50 {
            memory.forget(SessionId(i));
        }
        assert!(memory.is_empty() && memory.sum() == 0);
        assert!(memory.buckets.iter().all(Vec::is_empty));
    }
}

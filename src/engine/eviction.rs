//! Eviction: which keys go when memory is over `maxmemory`, and how many at a time.
//!
//! ```text
//!   a command that may need memory ─┐                     allocated <= maxmemory?   ─▶ there is room
//!                                   ├─▶ make_room:   ┌─▶  what was removed, is it freed?
//!   a time event, while it is over ─┘     a slice    │       no:  free a piece of it
//!                                                    └──     yes: evict one key
//! ```
//!
//! What is allocated is asked anew after each step, and the answer is exact, so it stops at the first
//! byte that it may. Things that are removed already, by whomever, are freed first: a large value goes to
//! the [trash](crate::store::trash), and until it is freed there, its memory is in use; who evicted
//! another key because of that would evict far too many. Should a slice be over before there is room,
//! the command runs all the same, and a time event goes on.
//!
//! # Which keys
//!
//! | policy | the key that goes |
//! |---|---|
//! | `*-lru` | used longest ago, of those sampled |
//! | `*-lfu` | with the lowest counter, of those sampled; among them, used longest ago |
//! | `*-random` | any |
//! | `volatile-ttl` | whose deadline comes first, of all: the wheel knows |
//!
//! Sampling is that of Redis: `maxmemory-samples` keys are looked at for each that goes, and the sixteen
//! best of all that were ever looked at are kept in a pool (`pool.rs`). It differs in three points, each for the better.
//! A sample is uniform (Redis takes neighbouring buckets). A candidate is remembered by its hash and its
//! word of use, not by its name, which needs no memory, and a key that has been used since is not
//! found again, so it stays. And a database is drawn by how many keys it has; in Redis a small one loses
//! as many as a large one.

mod pool;

use super::uses::UseCounter;
use super::{Cause, Classes, Engine, Gates, Place, Slice};
use crate::store::keyspace::Sampled;
use crate::store::{Entry, Keyspace, uses};
use pool::{Candidate, Pool};

/// Which keys are evicted, in the order in which Redis names the policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// Of the keys with a deadline, the one used longest ago.
    VolatileLru,
    /// Of the keys with a deadline, the one used least often.
    VolatileLfu,
    /// Any key with a deadline.
    VolatileRandom,
    /// The key whose deadline comes first.
    VolatileTtl,
    /// The key used longest ago.
    AllkeysLru,
    /// The key used least often.
    AllkeysLfu,
    /// Any key.
    AllkeysRandom,
    /// None.
    #[default]
    NoEviction,
}

impl Policy {
    /// Every policy, in the order of the type.
    pub const ALL: [Policy; 8] = [
        Policy::VolatileLru,
        Policy::VolatileLfu,
        Policy::VolatileRandom,
        Policy::VolatileTtl,
        Policy::AllkeysLru,
        Policy::AllkeysLfu,
        Policy::AllkeysRandom,
        Policy::NoEviction,
    ];

    /// Their names, in the same order.
    pub const NAMES: &[&str] = &[
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "noeviction",
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Policy::NAMES[self as usize]
    }

    /// Whether uses of keys are counted for it.
    #[must_use]
    pub fn counts_uses(self) -> bool {
        matches!(self, Policy::VolatileLfu | Policy::AllkeysLfu)
    }

    /// Among which keys it chooses.
    fn sampled(self) -> Sampled {
        match self {
            Policy::AllkeysLru | Policy::AllkeysLfu | Policy::AllkeysRandom => Sampled::All,
            _ => Sampled::WithDeadline,
        }
    }
}

/// What came of making room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Memory is within its limit.
    Enough,
    /// The slice is over, and memory is not within its limit yet.
    Soon,
    /// Memory is over its limit, and there is no key that may go.
    None,
}

/// The most keys that are looked at for one that goes, whatever `maxmemory-samples` says: more do not make a
/// better choice, only a slower one.
const MAX_SAMPLES: usize = 64;

/// Nanoseconds of a slice for each point of `maxmemory-eviction-tenacity`, up to ten of them.
const POINT_NS: u64 = 50_000;

/// The tenacity up to which a slice grows by points; beyond, each makes it longer by a factor.
const LINEAR_TENACITY: u32 = 10;

/// The tenacity at which there is no end before there is room.
const ENDLESS_TENACITY: u32 = 100;

/// What eviction remembers.
#[derive(Debug, Default)]
pub struct Eviction {
    pool: Pool,
    /// The policy that the pool is of.
    policy: Policy,
    /// Whether a time event is to go on with it.
    is_due: bool,
}

impl Eviction {
    /// Whether a time event is to go on with it.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.is_due
    }
}

impl Engine {
    /// Whether more memory is in use than may be.
    #[must_use]
    pub fn is_over_limit(&self) -> bool {
        let limit = self.config.maxmemory;
        limit > 0 && (self.host.allocated)() > limit
    }

    /// Settings have changed: what depends on them follows.
    pub fn heed_memory_settings(&mut self) {
        let policy = self.config.maxmemory_policy;
        self.gates.set(Gates::LIMITED, self.config.maxmemory > 0);
        if policy != self.eviction.policy {
            self.eviction.policy = policy;
            self.eviction.pool.clear();
        }
        let (counts, scale) = (policy.counts_uses(), self.config.lfu);
        match self.observers.counter() {
            Some(counter) if counts => counter.scale = scale,
            None if counts => {
                let random = self.random.split();
                let counter = UseCounter::new(scale, random);
                self.observers.set_counter(Some(counter));
            }
            _ => self.observers.set_counter(None),
        }
        self.sessions.set_uses(self.observers.uses());
        self.eviction.is_due = self.is_over_limit();
        if self.config.maxmemory == 0 {
            self.note_limit(Room::Enough);
        }
    }

    /// A command runs that is not made to wait for room: should memory be over its limit, a time event
    /// sees to it.
    pub fn make_room_later(&mut self) {
        self.eviction.is_due |= self.is_over_limit();
    }

    /// Evicts keys until memory is within its limit, or the slice is over. While the server is paused, as
    /// in Redis, nothing is evicted and nobody refused.
    pub fn make_room(&mut self) -> Room {
        if self.pause.current().is_some() {
            // The data stands still.
            self.eviction.is_due = false;
            return Room::Enough;
        }
        if !self.is_over_limit() {
            self.note_limit(Room::Enough);
            return Room::Enough;
        }
        let begun_ns = (self.host.stopwatch_ns)();
        let until_ns = begun_ns.saturating_add(self.eviction_slice_ns());
        let room = loop {
            if !self.is_over_limit() {
                break Room::Enough;
            }
            if !self.free_or_evict_one() {
                break Room::None;
            }
            if (self.host.stopwatch_ns)() >= until_ns {
                break Room::Soon;
            }
        };
        let now_ns = self.note_limit(room);
        if self.config.maxmemory_policy != Policy::NoEviction {
            self.note_latency("eviction-cycle", now_ns.saturating_sub(begun_ns));
        }
        room
    }

    /// The same for the time event.
    pub fn go_on_evicting(&mut self) -> Slice {
        match self.make_room() {
            Room::Soon => Slice::More,
            Room::Enough | Room::None => Slice::Done,
        }
    }

    /// Notes what came of making room, and gives the moment.
    fn note_limit(&mut self, room: Room) -> u64 {
        self.eviction.is_due = room == Room::Soon;
        let now_ns = (self.host.stopwatch_ns)();
        let over_limit = &mut self.stats.over_limit;
        over_limit.note(room != Room::Enough, now_ns);
        now_ns
    }

    /// How long one slice may take: the scale of Redis.
    fn eviction_slice_ns(&self) -> u64 {
        let tenacity = self.config.maxmemory_eviction_tenacity;
        if tenacity >= ENDLESS_TENACITY {
            return u64::MAX;
        }
        let linear_ns = u64::from(tenacity.min(LINEAR_TENACITY)) * POINT_NS;
        let beyond = tenacity.saturating_sub(LINEAR_TENACITY);
        (linear_ns as f64 * 1.15_f64.powf(f64::from(beyond))) as u64
    }

    /// One step. `false` when nothing is left to be freed, and no key may go.
    fn free_or_evict_one(&mut self) -> bool {
        if self.trash.free_urgently(self.clock.unix_ms()) {
            return true;
        }
        let Some((index, entry)) = self.take_least_wanted() else {
            return false;
        };
        self.stats.evicted_keys += 1;
        if self.observers.is_on() {
            self.observers
                .modified(index, entry.key(), Cause::Itself, Place::Before);
            self.observers
                .notify(index, Classes::EVICTED, "evicted", entry.key());
        }
        self.trash.entry(entry);
        true
    }

    /// Takes out the key that the policy can do best without, with the number of its database.
    fn take_least_wanted(&mut self) -> Option<(usize, Entry)> {
        match self.config.maxmemory_policy {
            Policy::NoEviction => None,
            Policy::VolatileTtl => self.take_soonest(),
            Policy::VolatileRandom | Policy::AllkeysRandom => self.take_any(),
            Policy::VolatileLru | Policy::VolatileLfu | Policy::AllkeysLru | Policy::AllkeysLfu => {
                self.take_least_used()
            }
        }
    }

    fn take_soonest(&mut self) -> Option<(usize, Entry)> {
        let used = self.databases[..self.used_databases].iter().enumerate();
        let soonest = used.filter_map(|(index, keys)| {
            let (at_ms, hash, entry) = keys.soonest()?;
            Some((at_ms, index, hash, entry.timer()))
        });
        let (_, index, hash, timer) = soonest.min_by_key(|&(at_ms, index, ..)| (at_ms, index))?;
        let entry = self.databases[index].remove_where(hash, |entry| entry.timer() == timer)?;
        Some((index, entry))
    }

    fn take_any(&mut self) -> Option<(usize, Entry)> {
        let sampled = self.config.maxmemory_policy.sampled();
        let index = self.draw_database(sampled)?;
        let (keys, random) = (&mut self.databases[index], &mut self.random);
        let mut drawn = None;
        keys.sample(sampled, 1, |n| random.below(n), |entry| drawn = Some(entry));
        let drawn = drawn?;
        let (hash, word, timer) = (keys.hash(drawn.key()), drawn.used_s(), drawn.timer());
        let is_it = |entry: &Entry| (entry.used_s(), entry.timer()) == (word, timer);
        Some((index, keys.remove_where(hash, is_it)?))
    }

    /// Looks at some keys more, and takes the best of those in the pool that is as it was when it came there.
    fn take_least_used(&mut self) -> Option<(usize, Entry)> {
        let is_volatile = self.config.maxmemory_policy.sampled() == Sampled::WithDeadline;
        self.fill_pool()?;
        loop {
            while let Some(best) = self.eviction.pool.take_best() {
                let is_it = |entry: &Entry| {
                    entry.used_s() == best.word && (!is_volatile || entry.timer().is_some())
                };
                let keys = self.databases.get_mut(best.db as usize)?;
                if let Some(entry) = keys.remove_where(best.hash, is_it) {
                    return Some((best.db as usize, entry));
                }
            }
            // All of them have been used since. What is put in now is there.
            self.fill_pool()?;
        }
    }

    /// Samples keys of one database for the pool; `None` where there is no key.
    fn fill_pool(&mut self) -> Option<()> {
        let policy = self.config.maxmemory_policy;
        let index = self.draw_database(policy.sampled())?;
        let samples = MAX_SAMPLES.min(self.config.maxmemory_samples as usize);
        let (now_s, scale) = (self.clock.unix_s32(), self.config.lfu);
        let (keys, random) = (&self.databases[index], &mut self.random);
        let pool = &mut self.eviction.pool;
        keys.sample(
            policy.sampled(),
            samples,
            |n| random.below(n),
            |entry| {
                let word = entry.used_s();
                let score = if policy.counts_uses() {
                    let idle = u64::from(uses::idle_minutes(word, now_s));
                    u64::from(u8::MAX - scale.count(word, now_s)) << u16::BITS | idle
                } else {
                    u64::from(u32::MAX - uses::used_s(word, now_s))
                };
                if pool.wants(score) {
                    pool.offer(Candidate {
                        score,
                        hash: keys.hash(entry.key()),
                        word,
                        db: index as u32,
                    });
                }
            },
        );
        Some(())
    }

    /// A database, each as likely as it has keys of this kind.
    fn draw_database(&mut self, sampled: Sampled) -> Option<usize> {
        let count = |keys: &Keyspace| match sampled {
            Sampled::All => keys.len(),
            Sampled::WithDeadline => keys.deadline_count(),
        };
        let used = &self.databases[..self.used_databases];
        let total = used.iter().map(count).sum();
        if total == 0 {
            return None;
        }
        let mut left = self.random.below(total);
        used.iter().position(|keys| {
            let is_it = left < count(keys);
            left = left.saturating_sub(count(keys));
            is_it
        })
    }
}

#[cfg(test)]
mod tests;

//! One database: its keys, and when each of them is due.
//!
//! Every key with a deadline is a timer of its own on a [`Wheel`]. The timer's node is the only
//! place that holds the deadline; the entry holds the timer's id, and the timer the key's hash, so
//! that either finds the other without a copy of the key:
//!
//! ```text
//!   Entry "session:17" ── timer id ──▶ wheel node: at 1700000123456, hash 5ad1..
//!          ▲                                                          │
//!          └──────────── the entry with that hash and that timer ◀────┘
//! ```
//!
//! A key is gone, for everybody who asks, from its deadline on (passive expiry); its timer removes
//! it at that same moment even if nobody asks (active expiry). Nothing is sampled.

use super::entry::Entry;
use super::form::Encoding;
use super::shard::Keyed;
pub use super::table::Spot;
use super::table::{Cursor, Table};
use super::value::Value;
use crate::wheel::{self, Step, TimerId, Wheel};

impl Keyed for Entry {
    #[inline]
    fn key(&self) -> &[u8] {
        Entry::key(self)
    }

    #[inline]
    fn fetch(&self) -> u8 {
        self.used_s() as u8
    }
}

/// What happens to a key's deadline when its value is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// It stays as it is.
    Keep,
    /// There is none from now on.
    Never,
    /// It is this one, in unix milliseconds.
    At(u64),
}

/// Which keys a sample is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampled {
    /// All.
    All,
    /// Those that have a deadline.
    WithDeadline,
}

/// Timers of a slot of the wheel among which the earliest is looked for.
const MAX_LOOKS: usize = 64;

/// What one step of active expiry did.
#[derive(Debug)]
pub enum Expired {
    /// A key was due, `late_ms` ago, and is removed.
    Key {
        /// What was removed.
        entry: Entry,
        /// How long after its deadline.
        late_ms: u64,
    },
    /// A timer came closer; no key was removed.
    Moved,
    /// Nothing is due.
    Idle,
}

/// What was under the key that a string has been stored under.
#[derive(Debug, Default)]
pub struct Stored {
    /// The old value, where it had an allocation of its own.
    pub replaced: Option<Value>,
    /// Whether the key was past its deadline.
    pub was_expired: bool,
    /// Whether there was none.
    pub is_new: bool,
}

/// The keys of one database.
#[derive(Debug)]
pub struct Keyspace {
    table: Table<Entry>,
    deadlines: Deadlines,
    /// Whether a key past its deadline stays where it is when it is looked up. It is not found in
    /// either case.
    pub keeps_due_keys: bool,
}

impl Keyspace {
    /// An empty one, whose hashes depend on `seed`, at a moment in unix milliseconds.
    #[must_use]
    pub fn new(seed: u64, now_ms: u64) -> Keyspace {
        Keyspace {
            table: Table::new(seed),
            deadlines: Deadlines::new(now_ms),
            keeps_due_keys: false,
        }
    }

    /// How many keys there are, those past their deadline that nobody has removed yet included.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// How many tables the keys are spread over: one more each time the keyspace grows.
    #[must_use]
    pub fn shard_count(&self) -> usize {
        self.table.shard_count()
    }

    /// How many keys have a deadline.
    #[must_use]
    pub fn deadline_count(&self) -> usize {
        self.deadlines.len()
    }

    /// Bytes of the table of keys that hold no entry: its index, its free places, its directory.
    #[must_use]
    pub fn table_bytes(&self) -> usize {
        let entries = self.table.len() * size_of::<Entry>();
        self.table.table_bytes().saturating_sub(entries)
    }

    /// Bytes of what knows when keys are due.
    #[must_use]
    pub fn deadline_bytes(&self) -> usize {
        self.deadlines
            .wheel
            .as_ref()
            .map_or(0, |wheel| wheel.bytes())
    }

    /// The hash of a key, for the methods that ask for one.
    #[inline]
    #[must_use]
    pub fn hash(&self, key: &[u8]) -> u64 {
        self.table.hash(key)
    }

    /// Whether the table is too large for the cache.
    #[inline]
    #[must_use]
    pub fn is_worth_warming(&self) -> bool {
        self.table.is_worth_warming()
    }

    /// Fetches into the processor's cache what lookups of these hashes will need.
    #[inline]
    pub fn warm(&self, hashes: &[u64]) {
        self.table.warm(hashes);
    }

    /// Where the key's entry is. One that is past its deadline is not found; it is removed and handed to
    /// `expired`, unless [`keeps_due_keys`](Keyspace::keeps_due_keys) forbids that.
    #[inline(always)]
    pub fn lookup(
        &mut self,
        hash: u64,
        key: &[u8],
        now_ms: u64,
        expired: impl FnOnce(Entry),
    ) -> Option<Spot> {
        // ANCHOR: passive
        let spot = self.table.find(hash, key)?;
        let timer = self.table.at(spot).timer();
        if timer.is_some_and(|timer| self.deadlines.deadline(timer) <= now_ms) {
            if !self.keeps_due_keys
                && let Some((entry, _)) = self.remove(key)
            {
                expired(entry);
            }
            return None;
        }
        Some(spot)
        // ANCHOR_END: passive
    }

    /// The entry at a spot that was looked up just now.
    ///
    /// # Panics
    /// When the keyspace was changed since then, and there is nothing now.
    #[inline]
    pub fn entry_mut(&mut self, spot: Spot) -> &mut Entry {
        self.table.at_mut(spot)
    }

    /// The key's entry as it lies there, past its deadline or not.
    #[must_use]
    pub fn peek(&self, key: &[u8]) -> Option<&Entry> {
        self.peek_hashed(self.table.hash(key), key)
    }

    /// The same, of a key that is hashed already.
    #[must_use]
    pub fn peek_hashed(&self, hash: u64, key: &[u8]) -> Option<&Entry> {
        let spot = self.table.find(hash, key)?;
        Some(self.table.at(spot))
    }

    /// The deadline of an entry of this keyspace, in unix milliseconds.
    #[inline]
    #[must_use]
    pub fn deadline(&self, entry: &Entry) -> Option<u64> {
        entry.timer().map(|timer| self.deadlines.deadline(timer))
    }

    /// Gives a key a deadline, or takes it away with `None`. Says whether there is such a key.
    pub fn set_deadline(&mut self, key: &[u8], at_ms: Option<u64>) -> bool {
        let hash = self.table.hash(key);
        let Some(spot) = self.table.find(hash, key) else {
            return false;
        };
        let entry = self.table.at_mut(spot);
        clear_timer(&mut self.deadlines, entry);
        entry.set_timer(at_ms.map(|at_ms| self.deadlines.insert(at_ms, hash)));
        true
    }

    /// Stores a string under a key, at a moment in unix milliseconds. A key past its deadline counts
    /// as not there: [`Deadline::Keep`] keeps nothing of it. Its word of use is `used`.
    #[inline(always)]
    pub fn set_string(
        &mut self,
        hash: u64,
        key: &[u8],
        value: NewString<'_>,
        deadline: Deadline,
        now_ms: u64,
        used: u32,
    ) -> Stored {
        let mut stored = Stored::default();
        if let Some(spot) = self.table.find(hash, key) {
            let entry = self.table.at_mut(spot);
            stored.replaced = value.store(entry);
            entry.touch(used);
            if let Some(timer) = entry.timer() {
                stored.was_expired = self.deadlines.deadline(timer) <= now_ms;
            }
            if deadline != Deadline::Keep || stored.was_expired {
                clear_timer(&mut self.deadlines, entry);
                if let Deadline::At(at_ms) = deadline {
                    entry.set_timer(Some(self.deadlines.insert(at_ms, hash)));
                }
            }
        } else {
            let mut entry = value.into_entry(key);
            entry.touch(used);
            if let Deadline::At(at_ms) = deadline {
                entry.set_timer(Some(self.deadlines.insert(at_ms, hash)));
            }
            self.table.insert(hash, entry);
            stored.is_new = true;
        }
        stored
    }

    /// Adds an entry under a key that is not there, with a deadline if there is to be one.
    pub fn insert(&mut self, mut entry: Entry, deadline_ms: Option<u64>) {
        let hash = self.table.hash(entry.key());
        entry.set_timer(deadline_ms.map(|at_ms| self.deadlines.insert(at_ms, hash)));
        self.table.insert(hash, entry);
    }

    /// Removes a key. Gives its entry, which has no deadline any more, and the deadline it had.
    pub fn remove(&mut self, key: &[u8]) -> Option<(Entry, Option<u64>)> {
        let hash = self.table.hash(key);
        let mut entry = self.table.remove(hash, |entry| entry.key() == key)?;
        let deadline = self.deadline(&entry);
        clear_timer(&mut self.deadlines, &mut entry);
        Some((entry, deadline))
    }

    /// One step of active expiry, of bounded work.
    // ANCHOR: expire-step
    pub fn expire_step(&mut self, now_ms: u64) -> Expired {
        match self.deadlines.step(now_ms) {
            Step::Idle => Expired::Idle,
            Step::Moved => Expired::Moved,
            Step::Fired { id, at, item: hash } => {
                let removed = self.table.remove(hash, |entry| entry.timer() == Some(id));
                let mut entry = removed.expect("a timer on the wheel belongs to an entry");
                entry.set_timer(None);
                Expired::Key {
                    entry,
                    late_ms: now_ms.saturating_sub(at),
                }
            }
        }
    }
    // ANCHOR_END: expire-step

    /// When [`Keyspace::expire_step`] will have something to do, in unix milliseconds.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        self.deadlines.next_due()
    }

    /// The wheel that the deadlines are on, to look at it; `None` before there was one. Its ticks are
    /// unix milliseconds.
    #[must_use]
    pub fn wheel(&self) -> Option<&Wheel<u64>> {
        self.deadlines.wheel.as_deref()
    }

    /// Visits a page of keys; see [`Table::scan`].
    pub fn scan<'a>(
        &'a self,
        cursor: Cursor,
        count: usize,
        visit: impl FnMut(&'a Entry),
    ) -> Cursor {
        self.table.scan(cursor, count, visit)
    }

    /// A key, each as likely as any other; `random(n)` gives a number below `n`.
    pub fn random(&self, random: impl FnMut(usize) -> usize) -> Option<&Entry> {
        self.table.random(random)
    }

    /// Visits some `count` keys, each as likely to be among them as any other: all keys, or only those
    /// that have a deadline. `random(n)` gives a number below `n`. Names are not read: they often lie
    /// elsewhere, far from all that the processor has at hand.
    pub fn sample<'a>(
        &'a self,
        of: Sampled,
        count: usize,
        mut random: impl FnMut(usize) -> usize,
        mut visit: impl FnMut(&'a Entry),
    ) {
        match of {
            Sampled::All => self.table.sample(count, random, visit),
            Sampled::WithDeadline => {
                for _ in 0..count.min(self.deadline_count()) {
                    let timer = self.deadlines.random(&mut random);
                    if let Some((_, entry)) = timer.and_then(|timer| self.timed(timer)) {
                        visit(entry);
                    }
                }
            }
        }
    }

    /// The key whose deadline comes first, and the deadline, in unix milliseconds.
    ///
    /// The wheel's next slot is looked at. It holds the earliest deadlines there are, and in it this is
    /// the first of those that have been there for longest, up to `MAX_LOOKS` of them: two keys are
    /// confused at the most where the wheel itself does not tell their deadlines apart yet.
    #[must_use]
    pub fn soonest(&self) -> Option<(u64, u64, &Entry)> {
        let timer = self.deadlines.wheel.as_ref()?.soonest(MAX_LOOKS)?;
        let (hash, entry) = self.timed(timer)?;
        Some((self.deadlines.deadline(timer), hash, entry))
    }

    /// The key that a timer belongs to, with its hash.
    fn timed(&self, timer: TimerId) -> Option<(u64, &Entry)> {
        let hash = *self.deadlines.wheel.as_ref()?.get(timer);
        let is_it = |entry: &Entry| entry.timer() == Some(timer);
        Some((hash, self.table.find_where(hash, is_it)?))
    }

    /// Removes the key with this hash for which `is_it` says yes.
    pub fn remove_where(&mut self, hash: u64, is_it: impl FnMut(&Entry) -> bool) -> Option<Entry> {
        let mut entry = self.table.remove(hash, is_it)?;
        clear_timer(&mut self.deadlines, &mut entry);
        Some(entry)
    }

    /// Every key.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.table.iter()
    }

    /// Takes the keyspace apart, to be freed in slices.
    #[must_use]
    pub fn into_remains(self) -> Remains {
        Remains {
            table: self.table,
            deadlines: self.deadlines.wheel.map(|wheel| wheel.into_remains()),
        }
    }

    /// The mean of the milliseconds that keys with a deadline still have, over a sample of them.
    #[must_use]
    pub fn mean_ttl_ms(&self, now_ms: u64) -> u64 {
        const SAMPLE: usize = 20;
        let ttls: Vec<u64> = self
            .iter()
            .take(SAMPLE * SAMPLE)
            .filter_map(|entry| self.deadline(entry))
            .take(SAMPLE)
            .map(|at_ms| at_ms.saturating_sub(now_ms))
            .collect();
        let sum = ttls.iter().fold(0u64, |sum, ttl| sum.saturating_add(*ttl));
        sum.checked_div(ttls.len() as u64).unwrap_or(0)
    }
}

/// The wheel of a database, made when the first key has a deadline: its slots take 4 KiB, and there
/// may be a hundred thousand databases.
#[derive(Debug)]
struct Deadlines {
    wheel: Option<Box<Wheel<u64>>>,
    /// The time at which the database was made.
    since_ms: u64,
}

impl Deadlines {
    fn new(now_ms: u64) -> Deadlines {
        Deadlines {
            wheel: None,
            since_ms: now_ms,
        }
    }

    fn len(&self) -> usize {
        self.wheel.as_ref().map_or(0, |wheel| wheel.len())
    }

    fn insert(&mut self, at_ms: u64, hash: u64) -> TimerId {
        let since_ms = self.since_ms;
        let wheel = self
            .wheel
            .get_or_insert_with(|| Box::new(Wheel::new(since_ms)));
        wheel.insert(at_ms, hash)
    }

    fn cancel(&mut self, timer: TimerId) {
        if let Some(wheel) = &mut self.wheel {
            wheel.cancel(timer);
        }
    }

    /// The moment of a timer, which an entry has and which therefore is on the wheel.
    #[inline]
    fn deadline(&self, timer: TimerId) -> u64 {
        self.wheel
            .as_ref()
            .map_or(u64::MAX, |wheel| wheel.deadline(timer))
    }

    fn random(&self, random: impl FnMut(usize) -> usize) -> Option<TimerId> {
        self.wheel.as_ref()?.random(random)
    }

    fn step(&mut self, now_ms: u64) -> Step<u64> {
        self.wheel
            .as_mut()
            .map_or(Step::Idle, |wheel| wheel.step(now_ms))
    }

    fn next_due(&self) -> Option<u64> {
        self.wheel.as_ref()?.next_due()
    }
}

/// A keyspace that is no more, and whose memory is to be given back piece by piece.
#[derive(Debug)]
pub struct Remains {
    table: Table<Entry>,
    deadlines: Option<wheel::Remains<u64>>,
}

impl Remains {
    /// How many keys are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether no key is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Frees one piece, a shard or a chunk of timers. Entries go to `take` to be dropped; `false`
    /// when nothing is left.
    pub fn free_one(&mut self, take: impl FnMut(Entry)) -> bool {
        match self.table.take_shard() {
            Some(entries) => {
                entries.for_each(take);
                true
            }
            None => self
                .deadlines
                .as_mut()
                .is_some_and(wheel::Remains::free_one),
        }
    }
}

/// A string to be stored: borrowed from the request, or received into its own allocation.
#[derive(Debug)]
pub enum NewString<'a> {
    /// Bytes to be copied.
    Copied(&'a [u8], Encoding),
    /// Bytes to be moved.
    Owned(Vec<u8>, Encoding),
}

impl NewString<'_> {
    #[inline(always)]
    fn store(self, entry: &mut Entry) -> Option<Value> {
        match self {
            NewString::Copied(bytes, encoding) => entry.set_string(bytes, encoding),
            NewString::Owned(bytes, encoding) => entry.set_owned_string(bytes, encoding),
        }
    }

    #[inline]
    fn into_entry(self, key: &[u8]) -> Entry {
        match self {
            NewString::Copied(bytes, encoding) => Entry::string(key, bytes, encoding),
            NewString::Owned(bytes, encoding) => {
                let mut entry = Entry::string(key, b"", encoding);
                entry.set_owned_string(bytes, encoding);
                entry
            }
        }
    }
}

fn clear_timer(deadlines: &mut Deadlines, entry: &mut Entry) {
    if let Some(timer) = entry.timer() {
        deadlines.cancel(timer);
        entry.set_timer(None);
    }
}

#[cfg(test)]
mod tests;

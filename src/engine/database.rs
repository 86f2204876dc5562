//! One database as a command sees it: lookups that know the time, count hits and misses, and put
//! what is removed where it is freed.

use super::blocked::Blocked;
use super::clock::Clock;
use super::observers::{Classes, Observers};
use super::stats::KeyStats;
use super::uses::Uses;
use crate::store::keyspace::{Deadline, NewString, Spot};
use crate::store::{Encoding, Entry, Keyspace, Kind, Packing, Trash};

/// Keys that are fetched together.
const EXPECTED_AT_ONCE: usize = 32;

/// The selected database at this moment.
pub struct Db<'a> {
    pub(super) keys: &'a mut Keyspace,
    /// Its number.
    pub(super) index: usize,
    pub(super) blocked: &'a mut Blocked,
    pub(super) observers: &'a mut Observers,
    pub(super) trash: &'a mut Trash,
    pub(super) stats: &'a mut KeyStats,
    pub(super) clock: &'a Clock,
    /// How collections are kept.
    pub packing: &'a Packing,
    /// What looking a key up leaves in its entry.
    pub(crate) uses: Uses,
    /// A key that need not be hashed again.
    pub(crate) known: &'a KnownHash,
}

/// The hash of a key that lies in a certain place. A key is known again by where it lies, which
/// costs less than comparing it or hashing it anew.
#[derive(Debug, Clone, Copy, Default)]
pub struct KnownHash {
    start: usize,
    len: usize,
    hash: u64,
}

impl KnownHash {
    /// That of no key.
    pub const NONE: KnownHash = KnownHash {
        start: 0,
        len: 0,
        hash: 0,
    };

    /// The hash of `key`, which stays where it is as long as this is used.
    #[inline]
    #[must_use]
    pub fn new(key: &[u8], hash: u64) -> KnownHash {
        KnownHash {
            start: key.as_ptr().addr(),
            len: key.len(),
            hash,
        }
    }
}

impl Db<'_> {
    /// The time, in unix milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.clock.unix_ms()
    }

    /// Says that these keys are going to be looked up, so that what that needs is fetched into the
    /// processor's cache for all of them at the same time.
    pub fn expect<'k>(&self, keys: impl Iterator<Item = &'k [u8]>) {
        if !self.keys.is_worth_warming() {
            return;
        }
        let mut hashes = [0; EXPECTED_AT_ONCE];
        let mut count = 0;
        for key in keys {
            hashes[count] = self.keys.hash(key);
            count += 1;
            if count == EXPECTED_AT_ONCE {
                self.keys.warm(&hashes);
                count = 0;
            }
        }
        self.keys.warm(&hashes[..count]);
    }

    #[inline]
    fn hash(&self, key: &[u8]) -> u64 {
        let known = self.known;
        if known.start == key.as_ptr().addr() && known.len == key.len() {
            known.hash
        } else {
            self.keys.hash(key)
        }
    }

    /// The key's entry for reading: counted as a hit or a miss, and as a use of the key.
    #[inline(always)]
    pub fn read(&mut self, key: &[u8]) -> Option<&Entry> {
        let spot = self.look_for(key)?;
        Some(self.use_of(spot))
    }

    /// The same, but not a use of the key (TTL, TYPE, OBJECT).
    pub fn inspect(&mut self, key: &[u8]) -> Option<&Entry> {
        let spot = self.look_for(key)?;
        Some(self.keys.entry_mut(spot))
    }

    /// The key's entry for changing: not counted as a hit or a miss.
    #[inline(always)]
    pub fn write(&mut self, key: &[u8]) -> Option<&mut Entry> {
        let spot = self.find(key)?;
        Some(self.use_of(spot))
    }

    /// The key's entry for changing; where there is none, one with an empty collection of this type,
    /// which must not be left empty.
    pub fn write_or_create(&mut self, key: &[u8], kind: Kind) -> &mut Entry {
        if let Some(spot) = self.find(key) {
            return self.use_of(spot);
        }
        self.add(Entry::empty(key, kind), None);
        let spot = self.find(key).expect("a key just added is there");
        self.keys.entry_mut(spot)
    }

    /// The entries of several keys for reading, side by side; each is counted as by [`Db::read`].
    pub fn read_all<'k>(
        &mut self,
        keys: impl Iterator<Item = &'k [u8]> + Clone,
    ) -> Vec<Option<&Entry>> {
        for key in keys.clone() {
            self.read(key);
        }
        keys.map(|key| self.keys.peek(key)).collect()
    }

    /// Whether the key is there; neither counted nor a use.
    pub fn exists(&mut self, key: &[u8]) -> bool {
        self.find(key).is_some()
    }

    /// What the key holds, if it is there; neither counted nor a use.
    pub fn kind(&mut self, key: &[u8]) -> Option<Kind> {
        let spot = self.find(key)?;
        Some(self.keys.entry_mut(spot).kind())
    }

    #[inline]
    fn use_of(&mut self, spot: Spot) -> &mut Entry {
        let entry = self.keys.entry_mut(spot);
        match self.uses {
            Uses::Timed => entry.touch(self.clock.unix_s32()),
            Uses::Counted => {
                let word = Some(entry.used_s());
                entry.touch(self.observers.used(word, self.clock.unix_s32()));
            }
            Uses::Ignored => {}
        }
        entry
    }

    /// Where a key is that somebody reads.
    #[inline]
    fn look_for(&mut self, key: &[u8]) -> Option<Spot> {
        let found = self.find(key);
        match found {
            Some(_) => self.stats.hits += 1,
            None => self.stats.misses += 1,
        }
        found
    }

    /// Where a key is, if it is there and not past its deadline. Every way to a key leads through here.
    #[inline(always)]
    fn find(&mut self, key: &[u8]) -> Option<Spot> {
        let (hash, now_ms) = (self.hash(key), self.clock.unix_ms());
        self.keys.lookup(hash, key, now_ms, |entry| {
            self.stats.expired += 1;
            if self.observers.is_on() {
                self.observers.expired(self.index, entry.key());
            }
            self.trash.entry(entry);
        })
    }

    /// Stores a string under a key, whatever was there before. A key past its deadline counts as
    /// expired, and leaves nothing to [`Deadline::Keep`].
    #[inline]
    pub fn set_string(&mut self, key: &[u8], value: &[u8], deadline: Deadline) {
        self.store(key, NewString::Copied(value, Encoding::Natural), deadline);
    }

    /// Stores a string that may have an allocation of its own already.
    #[inline]
    pub fn store(&mut self, key: &[u8], value: NewString<'_>, deadline: Deadline) {
        let hash = self.hash(key);
        let used = if self.observers.is_on() {
            self.observe_store(hash, key)
        } else {
            self.clock.unix_s32()
        };
        let now_ms = self.clock.unix_ms();
        let stored = self
            .keys
            .set_string(hash, key, value, deadline, now_ms, used);
        self.trash.value(stored.replaced);
        self.stats.expired += u64::from(stored.was_expired);
        self.stats.dirty += 1;
    }

    /// What observers want to know of a string that is about to be stored. Gives the word of use that the
    /// entry is to have.
    #[cold]
    #[inline(never)]
    fn observe_store(&mut self, hash: u64, key: &[u8]) -> u32 {
        let now_ms = self.clock.unix_ms();
        self.observers.modified(self.index, key, true);
        let entry = self.keys.peek_hashed(hash, key);
        let lives = |entry: &&Entry| self.keys.deadline(entry).is_none_or(|at_ms| at_ms > now_ms);
        let word = entry.filter(lives).map(Entry::used_s);
        self.observers.used(word, self.clock.unix_s32())
    }

    /// Adds an entry; whatever was under its key is removed. Who waits for the key is served when the
    /// command is over. It is part of a change that its
    /// caller notes (COPY), or that [`Db::take`] has noted already (RENAME, MOVE).
    pub fn put(&mut self, mut entry: Entry, deadline_ms: Option<u64>) {
        if let Some((replaced, _)) = self.keys.remove(entry.key()) {
            // What a command has made goes on with the counter of the key that it is stored under.
            if self.uses == Uses::Counted && entry.used_s() == 0 {
                let word = Some(replaced.used_s());
                entry.touch(self.observers.used(word, self.clock.unix_s32()));
            }
            self.trash.entry(replaced);
        }
        self.add(entry, deadline_ms);
    }

    /// Adds an entry under a key that is not there. Every collection that comes to be does so here;
    /// one that nobody has used yet is used now.
    fn add(&mut self, mut entry: Entry, deadline_ms: Option<u64>) {
        if entry.used_s() == 0 {
            entry.touch(self.observers.used(None, self.clock.unix_s32()));
        }
        self.blocked.key_added(self.index, entry.key());
        self.keys.insert(entry, deadline_ms);
    }

    /// Removes a key whose last element has been taken, or goes with it: part of a change that its
    /// caller notes.
    pub fn remove_empty(&mut self, key: &[u8]) {
        if let Some((entry, _)) = self.keys.remove(key) {
            self.trash.entry(entry);
        }
    }

    /// Removes a key. Says whether it was there.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        match self.take(key) {
            Some((entry, _)) => {
                self.trash.entry(entry);
                true
            }
            None => false,
        }
    }

    /// Takes a key out, with its deadline in unix milliseconds.
    pub fn take(&mut self, key: &[u8]) -> Option<(Entry, Option<u64>)> {
        let (entry, deadline) = self.keys.remove(key)?;
        if deadline.is_some_and(|at_ms| at_ms <= self.clock.unix_ms()) {
            self.stats.expired += 1;
            if self.observers.is_on() {
                self.observers.expired(self.index, key);
            }
            self.trash.entry(entry);
            return None;
        }
        self.stats.dirty += 1;
        self.modified(key);
        Some((entry, deadline))
    }

    /// The key's deadline in unix milliseconds; outer `None` where there is no such key.
    pub fn deadline(&mut self, key: &[u8]) -> Option<Option<u64>> {
        self.inspect(key)?;
        let entry = self.keys.peek(key)?;
        Some(self.keys.deadline(entry))
    }

    /// The same, looked up for changing it: not counted as a hit or a miss.
    pub fn deadline_to_change(&mut self, key: &[u8]) -> Option<Option<u64>> {
        self.write(key)?;
        let entry = self.keys.peek(key)?;
        Some(self.keys.deadline(entry))
    }

    /// Gives a key a deadline, or takes it away.
    pub fn set_deadline(&mut self, key: &[u8], at_ms: Option<u64>) {
        if self.keys.set_deadline(key, at_ms) {
            self.stats.dirty += 1;
            self.modified(key);
        }
    }

    /// Notes a change that was made through [`Db::write`].
    pub fn changed(&mut self) {
        self.changes(1);
    }

    /// Notes several.
    pub fn changes(&mut self, count: usize) {
        self.stats.dirty += count as u64;
    }

    /// Says that a key has another value than before, or is gone: for who watches it or has a copy of it.
    #[inline]
    pub fn modified(&mut self, key: &[u8]) {
        if self.observers.is_on() {
            self.observers.modified(self.index, key, true);
        }
    }

    /// Says what happened to a key, in Redis's words: for who has subscribed to such events.
    #[inline]
    pub fn notify(&mut self, class: Classes, name: &'static str, key: &[u8]) {
        if self.observers.is_on() {
            self.observers.notify(self.index, class, name, key);
        }
    }

    /// Says both.
    #[inline]
    pub fn event(&mut self, class: Classes, name: &'static str, key: &[u8]) {
        if self.observers.is_on() {
            self.observers.modified(self.index, key, true);
            self.observers.notify(self.index, class, name, key);
        }
    }

    /// Puts a value that was overwritten through [`Db::write`] where it is freed.
    pub fn discard(&mut self, value: Option<crate::store::Value>) {
        self.trash.value(value);
    }

    /// The keyspace itself, for what looks at all of it.
    #[must_use]
    pub fn keyspace(&self) -> &Keyspace {
        self.keys
    }

    /// Whether an entry of the keyspace is past its deadline.
    #[must_use]
    pub fn is_expired(&self, entry: &Entry) -> bool {
        self.keys
            .deadline(entry)
            .is_some_and(|at_ms| at_ms <= self.clock.unix_ms())
    }
}

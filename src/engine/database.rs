//! One database as a command sees it: lookups that know the time, count hits and misses, and put
//! what is removed where it is freed.

use super::blocked::Blocked;
use super::clock::Clock;
use super::observers::{Cause, Classes, Observers, Place};
use super::stats::KeyStats;
use super::uses::Uses;
use crate::resp::Mark;
use crate::store::keyspace::{Deadline, NewString, Spot, Stored};
use crate::store::{Encoding, Entry, Keyspace, Kind, Packing, Trash};

/// Keys that are fetched together.
const EXPECTED_AT_ONCE: usize = 32;

/// What is said about a result that a command stores: [`Db::store_result`].
#[derive(Debug, Clone, Copy)]
pub struct Storing {
    /// The class of the event.
    pub class: Classes,
    /// The event.
    pub name: &'static str,
    /// How many changes it is.
    pub changes: usize,
    /// Whether the reply comes before it.
    pub replies_first: bool,
}

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
    /// Where the reply is by now: [`Db::replied`].
    pub(super) place: Place,
    /// What looking a key up leaves in its entry.
    pub(super) uses: Uses,
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

    /// From now on lookups are uses of their keys, whatever the client has said (CLIENT NO-TOUCH).
    pub fn count_uses(&mut self) {
        self.uses = self.observers.uses();
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

    /// The same, and nobody hears of a key that is not there (OBJECT).
    pub fn examine(&mut self, key: &[u8]) -> Option<&Entry> {
        let Some(spot) = self.find(key) else {
            self.stats.misses += 1;
            return None;
        };
        self.stats.hits += 1;
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
            None => {
                self.stats.misses += 1;
                self.notify(Classes::KEY_MISS, "keymiss", key);
            }
        }
        found
    }

    /// Where a key is, if it is there and not past its deadline. Every way to a key leads through here.
    #[inline(always)]
    fn find(&mut self, key: &[u8]) -> Option<Spot> {
        let (hash, now_ms) = (self.hash(key), self.clock.unix_ms());
        self.keys.lookup(hash, key, now_ms, |entry| {
            let (stats, observers) = (&mut *self.stats, &mut *self.observers);
            bury(
                entry,
                (self.index, self.place),
                stats,
                observers,
                self.trash,
            );
        })
    }

    /// Stores a string under a key, whatever was there before; `event` is what Redis calls that, and a
    /// deadline is an event of its own. A key past its deadline counts as expired, and leaves nothing to
    /// [`Deadline::Keep`].
    #[inline]
    pub fn set_string(
        &mut self,
        key: &[u8],
        value: &[u8],
        deadline: Deadline,
        event: &'static str,
    ) {
        let value = NewString::Copied(value, Encoding::Natural);
        self.store(key, value, deadline, event);
    }

    /// Stores a string that may have an allocation of its own already.
    #[inline]
    pub fn store(
        &mut self,
        key: &[u8],
        value: NewString<'_>,
        deadline: Deadline,
        event: &'static str,
    ) {
        if self.observers.is_on() {
            return self.store_observed(key, value, deadline, event);
        }
        let stored = self.replace_string(key, value, deadline, self.clock.unix_s32());
        self.trash.value(stored.replaced);
    }

    /// The replacing itself; the entry's word of use becomes `used`.
    #[inline(always)]
    fn replace_string(
        &mut self,
        key: &[u8],
        value: NewString<'_>,
        deadline: Deadline,
        used: u32,
    ) -> Stored {
        let (hash, now_ms) = (self.hash(key), self.clock.unix_ms());
        let stored = self
            .keys
            .set_string(hash, key, value, deadline, now_ms, used);
        self.stats.expired += u64::from(stored.was_expired);
        self.stats.dirty += 1;
        stored
    }

    /// The same where somebody wants to know of it, or counts it.
    #[cold]
    #[inline(never)]
    fn store_observed(
        &mut self,
        key: &[u8],
        value: NewString<'_>,
        deadline: Deadline,
        event: &'static str,
    ) {
        let before = self.keys.peek(key).filter(|entry| !self.is_expired(entry));
        let word = before.map(Entry::used_s);
        let used = self.observers.used(word, self.clock.unix_s32());
        let stored = self.replace_string(key, value, deadline, used);
        self.tell_stored(key, &stored, deadline, event);
        self.trash.value(stored.replaced);
    }

    fn tell_stored(
        &mut self,
        key: &[u8],
        stored: &Stored,
        deadline: Deadline,
        event: &'static str,
    ) {
        if stored.was_expired {
            self.observers.expired(self.index, key, self.place);
        }
        if stored.is_new || stored.was_expired {
            self.notify(Classes::NEW, "new", key);
        }
        self.event(Classes::STRING, event, key);
        if let Deadline::At(_) = deadline {
            self.notify(Classes::GENERIC, "expire", key);
        }
    }

    /// Stores what a command has made under its key, in place of whatever is there; `None` is nothing, and
    /// removes the key.
    pub fn store_result(&mut self, key: &[u8], result: Option<Entry>, storing: Storing) {
        let Some(mut entry) = result else {
            if storing.replies_first {
                self.replied();
            }
            self.clear(key);
            return;
        };
        if self.find(key).is_some()
            && let Some((replaced, _)) = self.keys.remove(key)
        {
            // It goes on with the counter of the key that it is stored under.
            if self.uses == Uses::Counted {
                let word = Some(replaced.used_s());
                entry.touch(self.observers.used(word, self.clock.unix_s32()));
            }
            self.trash.entry(replaced);
            // Redis does not look after those who wait for a key that was there, of another type.
            self.insert_unseen(entry, None);
        } else {
            self.add(entry, None);
        }
        self.modified(key);
        if storing.replies_first {
            self.replied();
        }
        self.happened(storing.changes, storing.class, storing.name, key);
    }

    /// Removes what a command's result would have replaced, had there been any. That is a removal even
    /// where the key was past its deadline.
    pub fn clear(&mut self, key: &[u8]) {
        if let Some((entry, _)) = self.keys.remove(key) {
            self.trash.entry(entry);
            self.changed(Classes::GENERIC, "del", key);
        }
    }

    /// Adds an entry; whatever was under its key is removed. Who waits for the key is served when the
    /// command is over. It is part of a change that its
    /// caller notes (COPY), or that [`Db::take`] has noted already (RENAME, MOVE).
    pub fn put(&mut self, entry: Entry, deadline_ms: Option<u64>) {
        if let Some((replaced, _)) = self.keys.remove(entry.key()) {
            self.trash.entry(replaced);
        }
        self.add(entry, deadline_ms);
    }

    /// Adds an entry under a key that is not there, and says so.
    fn add(&mut self, entry: Entry, deadline_ms: Option<u64>) {
        self.notify(Classes::NEW, "new", entry.key());
        self.insert(entry, deadline_ms);
    }

    /// Adds an entry under a key that is not there. Every collection that comes to be does so here;
    /// one that nobody has used yet is used now.
    fn insert(&mut self, entry: Entry, deadline_ms: Option<u64>) {
        self.blocked.key_added(self.index, entry.key());
        self.insert_unseen(entry, deadline_ms);
    }

    /// The same, unseen by who waits for the key.
    fn insert_unseen(&mut self, mut entry: Entry, deadline_ms: Option<u64>) {
        if entry.used_s() == 0 {
            entry.touch(self.observers.used(None, self.clock.unix_s32()));
        }
        self.keys.insert(entry, deadline_ms);
    }

    /// Removes a key whose last element has been taken, or goes with it: part of a change that its
    /// caller has noted.
    pub fn remove_empty(&mut self, key: &[u8]) {
        if let Some((entry, _)) = self.keys.remove(key) {
            self.trash.entry(entry);
            self.notify(Classes::GENERIC, "del", key);
        }
    }

    /// Removes a key. Says whether it was there.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        match self.take(key) {
            Some((entry, _)) => {
                self.modified(key);
                self.trash.entry(entry);
                self.notify(Classes::GENERIC, "del", key);
                true
            }
            None => false,
        }
    }

    /// Takes a key out, with its deadline in unix milliseconds. What event that is its caller says, and that it has
    /// another value.
    pub fn take(&mut self, key: &[u8]) -> Option<(Entry, Option<u64>)> {
        let (entry, deadline) = self.keys.remove(key)?;
        if deadline.is_some_and(|at_ms| at_ms <= self.clock.unix_ms()) {
            self.stats.expired += 1;
            if self.observers.is_on() {
                self.observers.expired(self.index, key, self.place);
            }
            self.trash.entry(entry);
            return None;
        }
        self.stats.dirty += 1;
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
            let event = if at_ms.is_some() { "expire" } else { "persist" };
            self.changed(Classes::GENERIC, event, key);
        }
    }

    /// Notes a change that was made through [`Db::write`], and what Redis calls it.
    #[inline]
    pub fn changed(&mut self, class: Classes, name: &'static str, key: &[u8]) {
        self.changes(1, class, name, key);
    }

    /// Notes changes that are one event, of a command that says elsewhere that the key has another value: where
    /// Redis tells it among the events is seen by who is told of both.
    pub fn happened(&mut self, count: usize, class: Classes, name: &'static str, key: &[u8]) {
        if count > 0 {
            self.count_changes(count);
            self.notify(class, name, key);
        }
    }

    /// Notes several that are one event. Where there are none, nothing has happened.
    #[inline]
    pub fn changes(&mut self, count: usize, class: Classes, name: &'static str, key: &[u8]) {
        if count > 0 {
            self.count_changes(count);
            self.event(class, name, key);
        }
    }

    /// Counts changes that are not, or not all of them, events.
    #[inline]
    pub fn count_changes(&mut self, count: usize) {
        self.stats.dirty += count as u64;
    }

    /// Says that a key has another value than before, or is gone: for who watches it or has a copy of it.
    #[inline]
    pub fn modified(&mut self, key: &[u8]) {
        if self.observers.is_on() {
            self.observers
                .modified(self.index, key, Cause::Command, self.place);
        }
    }

    /// Says what happened to a key, in Redis's words: for who has subscribed to such events.
    #[inline]
    pub fn notify(&mut self, class: Classes, name: &'static str, key: &[u8]) {
        if self.observers.is_on() {
            self.observe(class, name, key);
        }
    }

    #[cold]
    fn observe(&mut self, class: Classes, name: &'static str, key: &[u8]) {
        self.observers
            .notify_at(self.index, class, name, key, self.place);
    }

    /// Says both.
    #[inline]
    pub fn event(&mut self, class: Classes, name: &'static str, key: &[u8]) {
        if self.observers.is_on() {
            self.modified(key);
            self.observe(class, name, key);
        }
    }

    /// Says that this is where the command replies: what has been said comes before its reply for a
    /// client that hears of its own events, and what follows after it.
    #[inline]
    pub fn replied(&mut self) {
        self.place = Place::Behind;
    }

    /// Says that the command has replied up to this mark: what is said from here on comes there, in the midst of its reply.
    #[inline]
    pub fn replying(&mut self, mark: Mark) {
        self.place = Place::Amid(mark);
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

/// A key was found to be past its deadline.
#[cold]
#[inline(never)]
fn bury(
    entry: Entry,
    (db, place): (usize, Place),
    stats: &mut KeyStats,
    observers: &mut Observers,
    trash: &mut Trash,
) {
    stats.expired += 1;
    if observers.is_on() {
        observers.expired(db, entry.key(), place);
    }
    trash.entry(entry);
}

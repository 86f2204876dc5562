//! Who wants to know that a key has changed.
//!
//! A write command says so to its [`Db`](super::Db), which has all the others do so too (a key that
//! expires, one that is evicted):
//!
//! ```text
//!   db.modified(key)                       the key has another value, or none      WATCH, CLIENT TRACKING
//!   db.notify(class, "lpush", key)         what happened to it, in Redis's words   notify-keyspace-events
//!   db.event(class, "lpush", key)          both
//!   db.changes(2, class, "lpush", key)     both, and how many changes that were, which is the usual case
//! ```
//!
//! With nobody interested that costs one test. Otherwise what happened is noted here, and told when the
//! command is over and before the next one (`command::follow_up`): in the midst of a command nobody's
//! state but the key's own is touched. Only who [watches](super::Watched) a key for a transaction is marked
//! at once, since that is done here and tells nobody anything; any other key costs one lookup then, and
//! is not noted.
//!
//! A client that has subscribed to events may cause one itself, and sees whether it comes before the reply
//! or after it. Redis sends it where it happens in the code: SET notifies and replies, LPUSH replies and
//! notifies, SPOP does both. Here a command says `db.replied()` where its reply stands among its events;
//! one that says nothing replies last. MGET and a few others have events in the midst of their reply, and
//! say `db.replying(mark)` before each.

mod classes;

use super::tracking::Tracking;
use super::uses::{UseCounter, Uses};
use super::watched::Found;
use super::{SessionId, Slice, Watched};
use crate::resp::Mark;
use crate::store::uses::Scale;

pub use classes::Classes;

/// How it came that a key has another value, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// That was what the command is for.
    Command,
    /// Its deadline had come, or it was evicted.
    Itself,
}

/// Where a client finds what its own command has caused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// Before everything that the command replies with.
    #[default]
    Before,
    /// In the midst of that.
    Amid(Mark),
    /// At the end.
    Behind,
}

/// Something that happened to a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// It has another value, or none.
    Modified {
        /// The number of its database.
        db: usize,
        /// The key.
        key: Box<[u8]>,
        /// How it came to that.
        cause: Cause,
        /// Where the client finds it whose command it was.
        place: Place,
    },
    /// An event with a name.
    Event {
        /// The number of the database.
        db: usize,
        /// The key.
        key: Box<[u8]>,
        /// Its class.
        class: Classes,
        /// Its name.
        name: &'static str,
        /// Where the client finds it whose command it was.
        place: Place,
    },
    /// All keys of a database are gone. (Those that were there are noted one by one for who watches them.)
    Flushed {
        /// The number of the database; `None` for all of them.
        db: Option<usize>,
    },
}

/// See the module's text.
#[derive(Debug, Default)]
pub struct Observers {
    /// Whether there is any: the other fields in one bit.
    is_on: bool,
    /// Who watches keys for a transaction.
    watched: Watched,
    /// The classes of events that are told.
    classes: Classes,
    /// Who counts how often keys are used.
    counter: Option<UseCounter>,
    /// Who has copies of keys.
    tracking: Tracking,
    /// What is to be told when the command is over.
    happened: Vec<Happened>,
}

impl Observers {
    /// Nobody wants to know anything; `seed` is that of the tables of keys.
    #[must_use]
    pub fn new(seed: u64) -> Observers {
        Observers {
            watched: Watched::new(seed),
            ..Observers::default()
        }
    }

    /// Whether anything at all is to be noted.
    #[inline]
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// How much is to be told.
    #[inline]
    #[must_use]
    pub fn noted(&self) -> usize {
        self.happened.len()
    }

    /// Whether something is to be told.
    #[inline]
    #[must_use]
    pub fn has_happened(&self) -> bool {
        !self.happened.is_empty()
    }

    /// Takes what is to be told, in the order in which it happened.
    pub fn take(&mut self) -> Vec<Happened> {
        std::mem::take(&mut self.happened)
    }

    /// The classes of events that are told.
    #[must_use]
    pub fn classes(&self) -> Classes {
        self.classes
    }

    /// From now on these are told.
    pub fn set_classes(&mut self, classes: Classes) {
        let has_channel = classes.has(Classes::KEYSPACE | Classes::KEYEVENT);
        self.classes = if has_channel {
            classes
        } else {
            Classes::default()
        };
        self.weigh();
    }

    /// Finds out anew whether there is anybody.
    fn weigh(&mut self) {
        let is_told = self.classes != Classes::default() || self.tracking.is_interested();
        self.is_on = is_told || !self.watched.has_no_keys() || self.counter.is_some();
    }

    /// Who has copies of keys.
    #[inline]
    #[must_use]
    pub fn tracking(&self) -> &Tracking {
        &self.tracking
    }

    /// Changes something about them.
    pub(super) fn change_tracking<T>(&mut self, change: impl FnOnce(&mut Tracking) -> T) -> T {
        let result = change(&mut self.tracking);
        self.weigh();
        result
    }

    /// Who watches keys for a transaction.
    #[must_use]
    pub fn watched(&self) -> &Watched {
        &self.watched
    }

    /// A client watches a key from now on; see [`Engine::watch`](super::Engine::watch).
    pub(super) fn watch(&mut self, id: SessionId, db: usize, key: &[u8], found: Found) {
        self.watched.watch(id, db, key, found);
        self.weigh();
    }

    /// Removes so many of the keys that clients have watched who do so no more.
    pub(super) fn tidy_watched(&mut self, keys: usize) -> Slice {
        self.watched.tidy(keys)
    }

    /// A client watches nothing any more, and it is forgotten what has happened to its keys.
    pub fn unwatch(&mut self, id: SessionId) {
        self.watched.unwatch(id);
        self.weigh();
    }

    /// All keys of a database are gone: for who watches some of them.
    pub(super) fn watched_flushed(&mut self, db: usize) {
        self.watched.flush(db);
        self.weigh();
    }

    /// The contents of a database become those of another one; `comes` says whether a key is there.
    pub(super) fn exchanged(&mut self, db: usize, comes: impl Fn(&[u8]) -> bool) {
        self.watched.exchange(db, comes);
        self.weigh();
    }

    /// From now on uses of keys are counted, or no more.
    pub fn set_counter(&mut self, counter: Option<UseCounter>) {
        self.counter = counter;
        self.weigh();
    }

    /// Who counts how often keys are used, if anybody does.
    pub fn counter(&mut self) -> Option<&mut UseCounter> {
        self.counter.as_mut()
    }

    /// What a lookup leaves in a key's entry, where its client has not said otherwise.
    #[inline]
    #[must_use]
    pub fn uses(&self) -> Uses {
        match self.counter {
            None => Uses::Timed,
            Some(_) => Uses::Counted,
        }
    }

    /// A key whose entry has this word of use is used at a moment in unix seconds; `None` for a new key.
    /// Gives the word that the entry is to have.
    #[cold]
    pub fn used(&mut self, word: Option<u32>, now_s: u32) -> u32 {
        match (&mut self.counter, word) {
            (None, _) => now_s,
            (Some(_), None) => Scale::fresh(now_s),
            (Some(counter), Some(word)) => counter.again(word, now_s),
        }
    }

    /// A key has another value, or none.
    #[cold]
    pub fn modified(&mut self, db: usize, key: &[u8], cause: Cause, place: Place) {
        self.watched.touch(db, key, cause != Cause::Itself);
        if self.tracking.concerns(key) {
            self.happened.push(Happened::Modified {
                db,
                key: key.into(),
                cause,
                place,
            });
        }
    }

    /// An event has happened to a key.
    pub fn notify(&mut self, db: usize, class: Classes, name: &'static str, key: &[u8]) {
        self.notify_at(db, class, name, key, Place::Before);
    }

    /// The same; says where the client finds it whose command it was.
    #[cold]
    pub fn notify_at(
        &mut self,
        db: usize,
        class: Classes,
        name: &'static str,
        key: &[u8],
        place: Place,
    ) {
        if self.classes.has(class) {
            self.happened.push(Happened::Event {
                db,
                key: key.into(),
                class,
                name,
                place,
            });
        }
    }

    /// A key's deadline has come, and it is gone.
    #[cold]
    pub fn expired(&mut self, db: usize, key: &[u8], place: Place) {
        self.notify_at(db, Classes::EXPIRED, "expired", key, place);
        self.modified(db, key, Cause::Itself, place);
    }

    /// All keys of a database are gone, or all of all.
    pub fn flushed(&mut self, db: Option<usize>) {
        if self.tracking.is_interested() {
            self.happened.push(Happened::Flushed { db });
        }
    }
}

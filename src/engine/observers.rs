//! Who wants to know that a key has changed.
//!
//! A write command says so to its [`Db`](super::Db), which has all the others do so too (a key that
//! expires, one that is evicted):
//!
//! ```text
//!   db.modified(key)                 the key has another value, or none          WATCH, CLIENT TRACKING
//!   db.notify(class, "lpush", key)   what happened to it, in Redis's words       notify-keyspace-events
//!   db.event(class, "lpush", key)    both, which is the usual case
//! ```
//!
//! With nobody interested that costs one test. Otherwise what happened is noted here, and told when the
//! command is over and before the next one (`command::follow_up`): in the midst of a command nobody's
//! state but the key's own is touched.

use super::uses::{UseCounter, Uses};
use crate::store::uses::Scale;
use std::ops::BitOr;

/// Classes of events, as the setting `notify-keyspace-events` selects them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Classes(pub u32);

impl Classes {
    /// `K`: told on the channel of the key.
    pub const KEYSPACE: Classes = Classes(1 << 0);
    /// `E`: told on the channel of the event.
    pub const KEYEVENT: Classes = Classes(1 << 1);
    /// `g`: commands for keys of any type.
    pub const GENERIC: Classes = Classes(1 << 2);
    /// `$`: strings.
    pub const STRING: Classes = Classes(1 << 3);
    /// `l`: lists.
    pub const LIST: Classes = Classes(1 << 4);
    /// `s`: sets.
    pub const SET: Classes = Classes(1 << 5);
    /// `h`: hashes.
    pub const HASH: Classes = Classes(1 << 6);
    /// `z`: sorted sets.
    pub const ZSET: Classes = Classes(1 << 7);
    /// `x`: keys that have expired.
    pub const EXPIRED: Classes = Classes(1 << 8);
    /// `e`: keys that were evicted.
    pub const EVICTED: Classes = Classes(1 << 9);
    /// `t`: streams.
    pub const STREAM: Classes = Classes(1 << 10);
    /// `m`: reads of keys that are not there.
    pub const KEY_MISS: Classes = Classes(1 << 11);
    /// `d`: keys of modules.
    pub const MODULE: Classes = Classes(1 << 13);
    /// `n`: keys that have come into being.
    pub const NEW: Classes = Classes(1 << 14);

    /// Whether one of these is selected.
    #[inline]
    #[must_use]
    pub fn has(self, classes: Classes) -> bool {
        self.0 & classes.0 != 0
    }
}

impl BitOr for Classes {
    type Output = Classes;
    fn bitor(self, other: Classes) -> Classes {
        Classes(self.0 | other.0)
    }
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
        /// Whether that was what the command is for; not if its deadline had come.
        by_command: bool,
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
    /// Whether somebody wants to know of changed keys.
    wants_modified: bool,
    /// The classes of events that are told.
    classes: Classes,
    /// Who counts how often keys are used.
    counter: Option<UseCounter>,
    /// What is to be told when the command is over.
    happened: Vec<Happened>,
}

impl Observers {
    /// Whether anything at all is to be noted.
    #[inline]
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.is_on
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
        self.classes = classes;
        self.is_on =
            self.wants_modified || classes != Classes::default() || self.counter.is_some();
    }

    /// From now on it is noted which keys change, or no more.
    pub fn set_wants_modified(&mut self, wanted: bool) {
        self.wants_modified = wanted;
        self.set_classes(self.classes);
    }

    /// From now on uses of keys are counted, or no more.
    pub fn set_counter(&mut self, counter: Option<UseCounter>) {
        self.counter = counter;
        self.set_classes(self.classes);
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

    /// A key has another value, or none; `by_command` is false where its deadline has come.
    #[cold]
    pub fn modified(&mut self, db: usize, key: &[u8], by_command: bool) {
        if self.wants_modified {
            self.happened.push(Happened::Modified {
                db,
                key: key.into(),
                by_command,
            });
        }
    }

    /// An event has happened to a key.
    #[cold]
    pub fn notify(&mut self, db: usize, class: Classes, name: &'static str, key: &[u8]) {
        if self.classes.has(class) {
            self.happened.push(Happened::Event {
                db,
                key: key.into(),
                class,
                name,
            });
        }
    }

    /// A key's deadline has come, and it is gone.
    #[cold]
    pub fn expired(&mut self, db: usize, key: &[u8]) {
        self.notify(db, Classes::EXPIRED, "expired", key);
        self.modified(db, key, false);
    }

    /// All keys of a database are gone, or all of all.
    pub fn flushed(&mut self, db: Option<usize>) {
        if self.wants_modified {
            self.happened.push(Happened::Flushed { db });
        }
    }
}

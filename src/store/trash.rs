//! What was removed and is too big to be freed in one go.
//!
//! Freeing is work like any other: a database of ten million keys takes seconds to drop. Whatever
//! is larger than a slice lands here, at the cost of a pointer, and the loop frees it a little at
//! a time when it has nothing better to do.

use super::entry::{Entry, Value};
use super::keyspace::{Keyspace, Remains};
use std::collections::VecDeque;

/// A value of more bytes than this is not freed on the spot.
const SMALL_BYTES: usize = 64 * 1024;

/// Removed things, oldest first.
#[derive(Debug, Default)]
pub struct Trash {
    values: VecDeque<Value>,
    keyspaces: VecDeque<Remains>,
    freed: u64,
}

impl Trash {
    /// An empty bin.
    #[must_use]
    pub fn new() -> Trash {
        Trash::default()
    }

    /// Whether there is nothing left to free.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.keyspaces.is_empty()
    }

    /// How many keys and values wait to be freed.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.values.len() + self.keyspaces.iter().map(Remains::len).sum::<usize>()
    }

    /// How many have been freed in slices so far.
    #[must_use]
    pub fn freed(&self) -> u64 {
        self.freed
    }

    /// Takes an entry that was removed.
    #[inline]
    pub fn entry(&mut self, entry: Entry) {
        if entry.heap_bytes() > SMALL_BYTES {
            self.values.extend(entry.into_value());
        }
    }

    /// Takes a value that was overwritten, if there was one worth it.
    #[inline]
    pub fn value(&mut self, value: Option<Value>) {
        match value {
            Some(Value::String(bytes)) if bytes.capacity() > SMALL_BYTES => {
                self.values.push_back(Value::String(bytes));
            }
            _ => {}
        }
    }

    /// Takes all the keys of a database that was flushed.
    pub fn keyspace(&mut self, keyspace: Keyspace) {
        if !keyspace.is_empty() {
            self.keyspaces.push_back(keyspace.into_remains());
        }
    }

    /// Frees one slice: one large value, or one shard's worth of keys.
    pub fn free_slice(&mut self) {
        if self.values.pop_front().is_some() {
            self.freed += 1;
            return;
        }
        let Some(mut remains) = self.keyspaces.pop_front() else {
            return;
        };
        let before = remains.len();
        let is_more = remains.free_one(|entry| self.entry(entry));
        self.freed += (before - remains.len()) as u64;
        if is_more {
            self.keyspaces.push_front(remains);
        }
    }
}

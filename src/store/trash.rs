//! What was removed and is too big to be freed in one go.
//!
//! Freeing is work like any other: a database of ten million keys takes seconds to drop. Whatever
//! is larger than a slice lands here, at the cost of a pointer, and the loop frees it a little at
//! a time when it has nothing better to do.

use super::entry::{Entry, Value};
use super::keyspace::{Keyspace, Remains};
use std::collections::VecDeque;
use std::sync::Arc;

/// A value of more bytes than this is not freed on the spot.
const SMALL_BYTES: usize = 64 * 1024;

/// A string of more bytes than this is given back in parts.
const SLICE_BYTES: usize = 4 * 1024 * 1024;

/// The part of a long string that is given back at a time: an eighth, so that a few dozen slices
/// are enough for any, and allocators that work in size classes have a smaller one to go to.
const PARTS: usize = 8;

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
        if let Some(value) = self.values.pop_front() {
            match shrink(value) {
                Some(rest) => self.values.push_front(rest),
                None => self.freed += 1,
            }
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

/// Frees a value, or as much of it as fits into a slice; what is left comes back.
///
/// Unmapping hundreds of megabytes takes the kernel many milliseconds.
fn shrink(value: Value) -> Option<Value> {
    let Value::String(mut bytes) = value;
    // Whoever else holds the string, a reply on its way, frees it.
    let vec = Arc::get_mut(&mut bytes)?;
    let capacity = vec.capacity();
    if capacity <= SLICE_BYTES {
        return None;
    }
    let kept = capacity - capacity / PARTS;
    vec.truncate(kept);
    vec.shrink_to(kept);
    Some(Value::String(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_string_goes_in_parts_and_is_counted_once() {
        let mut trash = Trash::new();
        let long = vec![0; 64 * 1024 * 1024];
        trash.value(Some(Value::String(Arc::new(long))));
        let mut slices = 0;
        while !trash.is_empty() {
            trash.free_slice();
            slices += 1;
        }
        assert!((10..100).contains(&slices), "{slices}");
        assert_eq!(trash.freed(), 1);
    }

    #[test]
    fn small_values_are_not_kept() {
        let mut trash = Trash::new();
        trash.value(Some(Value::String(Arc::new(vec![0; SMALL_BYTES]))));
        assert!(trash.is_empty());
    }

    #[test]
    fn a_flushed_keyspace_goes_shard_by_shard() {
        let mut keyspace = Keyspace::new(1, 0);
        for n in 0..5000u32 {
            let entry = Entry::string(&n.to_le_bytes(), b"v", super::super::Encoding::Natural);
            keyspace.insert(entry, Some(u64::from(n) + 1000));
        }
        let mut trash = Trash::new();
        trash.keyspace(keyspace);
        assert_eq!(trash.pending(), 5000);
        let mut slices = 0;
        while !trash.is_empty() {
            trash.free_slice();
            slices += 1;
        }
        assert!(slices > 10, "{slices}");
        assert_eq!((trash.freed(), trash.pending()), (5000, 0));
    }
}

//! What was removed and is too big to be freed in one go.
//!
//! Freeing is work like any other: a database of ten million keys takes seconds to drop. Whatever
//! is larger than a slice lands here, at the cost of a pointer, and the loop frees it a little at
//! a time when it has nothing better to do.
//!
//! One long string is not freed at once: its memory waits for a moment, in case another one of about
//! its length comes in, as when a long value is overwritten again and again. Memory that has just
//! been returned to the kernel is handed out again page by page, and that takes longer than
//! receiving the bytes.

use super::entry::Entry;
use super::keyspace::{Keyspace, Remains};
use super::memory;
use super::value::Value;
use std::collections::VecDeque;
use std::sync::Arc;

/// Memory of fewer bytes than this does not wait to be used again: an argument that is no longer
/// has memory of its own from its first byte on, and would not ask.
const MIN_SPARE_BYTES: usize = 1024 * 1024;

/// Memory of more bytes than this does not either.
const MAX_SPARE_BYTES: usize = 64 * 1024 * 1024;

/// How long memory waits to be used again, in milliseconds.
const SPARE_MS: u64 = 1000;

/// Removed things, oldest first.
#[derive(Debug, Default)]
pub struct Trash {
    spare: Option<Spare>,
    values: VecDeque<Value>,
    keyspaces: VecDeque<Remains>,
    freed: u64,
}

/// The memory of a string that is no more.
#[derive(Debug)]
struct Spare {
    memory: Vec<u8>,
    /// When it is freed, in unix milliseconds.
    until_ms: u64,
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

    /// When there is something to free, in unix milliseconds; 0 for at once.
    #[must_use]
    pub fn due_ms(&self) -> Option<u64> {
        match &self.spare {
            _ if !self.is_empty() => Some(0),
            Some(spare) => Some(spare.until_ms),
            None => None,
        }
    }

    /// Memory for `len` bytes, left over from a string of that length or a little more, since what
    /// is too much stays with the new one. It is empty.
    pub fn take_spare(&mut self, len: usize) -> Option<Vec<u8>> {
        let fits = |spare: &Spare| (len..=len + len / 16).contains(&spare.memory.capacity());
        let mut memory = self.spare.take_if(|spare| fits(spare))?.memory;
        memory.clear();
        Some(memory)
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
        if let Some(value) = entry.into_weighty() {
            self.values.push_back(value);
        }
    }

    /// Takes a value that was overwritten, if there was one worth it.
    #[inline(always)]
    pub fn value(&mut self, value: Option<Value>) {
        if let Some(value) = value {
            self.overwritten(value);
        }
    }

    #[inline(never)]
    fn overwritten(&mut self, value: Value) {
        if value.is_weighty() {
            self.values.push_back(value);
        }
    }

    /// Takes all the keys of a database that was flushed.
    pub fn keyspace(&mut self, keyspace: Keyspace) {
        if !keyspace.is_empty() {
            self.keyspaces.push_back(keyspace.into_remains());
        }
    }

    /// Frees one slice, at a moment in unix milliseconds: a part of a large value, or one shard's
    /// worth of keys.
    pub fn free_slice(&mut self, now_ms: u64) {
        if let Some(value) = self.values.pop_front() {
            self.free_value(value, now_ms);
        } else if let Some(remains) = self.keyspaces.pop_front() {
            self.free_keys(remains);
        } else if let Some(spare) = &mut self.spare
            && spare.until_ms <= now_ms
            && !memory::shrink(&mut spare.memory)
        {
            self.spare = None;
        }
    }

    /// Frees one slice because memory is short, the memory that waits to be used again first; `false` when
    /// there is nothing left to free.
    pub fn free_urgently(&mut self, now_ms: u64) -> bool {
        if let Some(spare) = &mut self.spare {
            if !memory::shrink(&mut spare.memory) {
                self.spare = None;
            }
            return true;
        }
        if self.is_empty() {
            return false;
        }
        self.free_slice(now_ms);
        true
    }

    fn free_value(&mut self, value: Value, now_ms: u64) {
        let rest = match value {
            Value::String(bytes) => self.free_string(bytes, now_ms),
            mut collection => collection.free_some().then_some(collection),
        };
        match rest {
            Some(rest) => self.values.push_front(rest),
            None => self.freed += 1,
        }
    }

    /// Frees a string or a part of it, and gives back the rest.
    fn free_string(&mut self, mut bytes: Arc<Vec<u8>>, now_ms: u64) -> Option<Value> {
        // Whoever else holds the string, a reply on its way, frees it.
        let memory = Arc::get_mut(&mut bytes)?;
        let is_worth_it = (MIN_SPARE_BYTES..=MAX_SPARE_BYTES).contains(&memory.capacity());
        if self.spare.is_none() && is_worth_it {
            self.spare = Some(Spare {
                memory: std::mem::take(memory),
                until_ms: now_ms + SPARE_MS,
            });
            return None;
        }
        memory::shrink(memory).then_some(Value::String(bytes))
    }

    fn free_keys(&mut self, mut remains: Remains) {
        let before = remains.len();
        let is_more = remains.free_one(|entry| self.entry(entry));
        self.freed += (before - remains.len()) as u64;
        if is_more {
            self.keyspaces.push_front(remains);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Record;
    use super::super::table::Table;
    use super::*;

    const NOW_MS: u64 = 1000;

    fn string(len: usize) -> Value {
        Value::String(Arc::new(vec![0; len]))
    }

    #[test]
    fn a_long_string_goes_in_parts_and_is_counted_once() {
        let mut trash = Trash::new();
        trash.value(Some(string(2 * MAX_SPARE_BYTES)));
        let mut slices = 0;
        while !trash.is_empty() {
            trash.free_slice(NOW_MS);
            slices += 1;
        }
        assert!((4..100).contains(&slices), "{slices}");
        assert_eq!(trash.freed(), 1);
        assert!(
            trash.due_ms().is_some(),
            "what is left of it may serve another"
        );
    }

    #[test]
    fn the_memory_of_one_string_waits_for_another_of_about_its_length() {
        const LEN: usize = 10_000_000;
        let mut trash = Trash::new();
        trash.value(Some(string(LEN)));
        trash.value(Some(string(LEN)));
        assert_eq!(trash.due_ms(), Some(0));
        (0..20).for_each(|_| trash.free_slice(NOW_MS));
        assert_eq!((trash.freed(), trash.pending()), (2, 0));
        assert_eq!(trash.due_ms(), Some(NOW_MS + SPARE_MS), "one of them waits");
        assert!(trash.take_spare(LEN + 1).is_none(), "too short");
        assert!(trash.take_spare(LEN / 2).is_none(), "far too long");
        let memory = trash.take_spare(LEN - 1000).expect("it fits");
        assert_eq!((memory.len(), memory.capacity()), (0, LEN));
        assert_eq!(trash.due_ms(), None);
    }

    #[test]
    fn memory_that_nobody_wants_is_freed_in_slices_when_its_moment_is_over() {
        let mut trash = Trash::new();
        trash.value(Some(string(MAX_SPARE_BYTES)));
        trash.free_slice(NOW_MS);
        let mut slices = 0;
        while let Some(due_ms) = trash.due_ms() {
            assert_eq!(due_ms, NOW_MS + SPARE_MS);
            trash.free_slice(NOW_MS + SPARE_MS - 1);
            assert!(trash.spare.is_some(), "not before");
            trash.free_slice(due_ms);
            slices += 1;
        }
        assert!((10..100).contains(&slices), "{slices}");
    }

    #[test]
    fn where_memory_is_short_none_of_it_waits() {
        let mut trash = Trash::new();
        trash.value(Some(string(10_000_000)));
        trash.value(Some(string(10_000_000)));
        let mut slices = 0;
        while trash.free_urgently(NOW_MS) {
            slices += 1;
        }
        assert!((4..100).contains(&slices), "{slices}");
        assert_eq!((trash.freed(), trash.due_ms()), (2, None));
    }

    #[test]
    fn a_large_collection_goes_shard_by_shard_and_is_counted_once() {
        let mut table = Table::new(1);
        for n in 0..5000u32 {
            let member = Record::new(&n.to_le_bytes(), b"", 0);
            table.insert(table.hash(member.key()), member);
        }
        let mut trash = Trash::new();
        trash.value(Some(Value::Set(Box::new(table))));
        let mut slices = 0;
        while !trash.is_empty() {
            trash.free_slice(NOW_MS);
            slices += 1;
        }
        assert!(slices > 10, "{slices}");
        assert_eq!(trash.freed(), 1);
    }

    #[test]
    fn small_values_are_not_kept() {
        const SMALL_BYTES: usize = 64 * 1024;
        let mut trash = Trash::new();
        trash.value(Some(string(SMALL_BYTES)));
        assert!(trash.is_empty());
        trash.value(Some(string(MIN_SPARE_BYTES - 1)));
        trash.free_slice(NOW_MS);
        assert_eq!((trash.freed(), trash.due_ms()), (1, None));
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
            trash.free_slice(NOW_MS);
            slices += 1;
        }
        assert!(slices > 10, "{slices}");
        assert_eq!((trash.freed(), trash.pending()), (5000, 0));
    }
}

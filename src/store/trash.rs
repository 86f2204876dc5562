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
//!
//! What clients leave behind lands here, too: arguments that no command has kept, transactions, and replies that
//! nobody reads any more.

use super::entry::Entry;
use super::keyspace::{Keyspace, Remains};
use super::memory;
use super::value::Value;
use crate::resp::{Output, RequestQueue};
use std::collections::VecDeque;
use std::sync::Arc;

/// Memory of fewer bytes than this does not wait to be used again: an argument that is no longer
/// has memory of its own from its first byte on, and would not ask.
const MIN_SPARE_BYTES: usize = 1024 * 1024;

/// Memory of more bytes than this does not either.
const MAX_SPARE_BYTES: usize = 64 * 1024 * 1024;

/// A buffer or a blob of more bytes than this is not freed on the spot.
const LONG_BYTES: usize = 1024 * 1024;

/// Buffers that are freed at a time, none of which is longer than that.
const FREED_BUFFERS: usize = 16;

/// How long memory waits to be used again, in milliseconds.
const SPARE_MS: u64 = 1000;

/// Removed things, oldest first.
#[derive(Debug, Default)]
pub struct Trash {
    spare: Option<Spare>,
    things: VecDeque<Thing>,
    keyspaces: VecDeque<Remains>,
    freed: u64,
}

/// Something large that was removed.
#[derive(Debug)]
enum Thing {
    Value(Value),
    /// Arguments.
    Buffers(Vec<Vec<u8>>),
    /// What was queued by a transaction.
    Requests(Box<RequestQueue>),
    /// Replies and messages.
    Output(Box<Output>),
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
        self.things.is_empty() && self.keyspaces.is_empty()
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
        self.things.len() + self.keyspaces.iter().map(Remains::len).sum::<usize>()
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
            self.things.push_back(Thing::Value(value));
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
            self.things.push_back(Thing::Value(value));
        }
    }

    /// Takes a blob that others may have as well: whoever is the last frees it.
    pub fn blob(&mut self, blob: Arc<Vec<u8>>) {
        if blob.capacity() > LONG_BYTES && Arc::strong_count(&blob) == 1 {
            self.things.push_back(Thing::Value(Value::String(blob)));
        }
    }

    /// Takes the memory of something that was received.
    pub fn buffer(&mut self, buffer: Vec<u8>) {
        if buffer.capacity() > LONG_BYTES {
            self.blob(Arc::new(buffer));
        }
    }

    /// Takes arguments.
    pub fn buffers(&mut self, buffers: Vec<Vec<u8>>) {
        if buffers.len() > FREED_BUFFERS {
            self.things.push_back(Thing::Buffers(buffers));
        } else {
            buffers.into_iter().for_each(|buffer| self.buffer(buffer));
        }
    }

    /// Takes what a transaction has queued.
    pub fn requests(&mut self, queue: RequestQueue) {
        if !queue.is_light() {
            self.things.push_back(Thing::Requests(Box::new(queue)));
        }
    }

    /// Takes what a client was to be sent.
    pub fn output(&mut self, output: Output) {
        if !output.is_light() {
            self.things.push_back(Thing::Output(Box::new(output)));
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
        if let Some(thing) = self.things.pop_front() {
            self.free_thing(thing, now_ms);
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

    fn free_thing(&mut self, thing: Thing, now_ms: u64) {
        let rest = match thing {
            Thing::Value(value) => self.free_value(value, now_ms).map(Thing::Value),
            Thing::Buffers(buffers) => self.free_buffers(buffers).map(Thing::Buffers),
            Thing::Requests(mut queue) => {
                let is_more = queue.free_some(|bytes| self.buffer(bytes));
                is_more.then_some(Thing::Requests(queue))
            }
            Thing::Output(mut output) => {
                let is_more = output.free_some(|blob| self.blob(blob));
                is_more.then_some(Thing::Output(output))
            }
        };
        if let Some(rest) = rest {
            self.things.push_front(rest);
        }
    }

    /// Frees a part of a value, and gives back the rest.
    fn free_value(&mut self, value: Value, now_ms: u64) -> Option<Value> {
        let rest = match value {
            Value::String(bytes) => self.free_string(bytes, now_ms),
            mut collection => collection.free_some().then_some(collection),
        };
        self.freed += u64::from(rest.is_none());
        rest
    }

    /// Frees some buffers, and gives back the others.
    fn free_buffers(&mut self, mut buffers: Vec<Vec<u8>>) -> Option<Vec<Vec<u8>>> {
        let from = buffers.len().saturating_sub(FREED_BUFFERS);
        for buffer in buffers.drain(from..) {
            self.buffer(buffer);
        }
        (!buffers.is_empty()).then_some(buffers)
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

    /// How many slices it takes to free everything, but what waits to be used again.
    fn slices(trash: &mut Trash) -> usize {
        let mut slices = 0;
        while !trash.is_empty() {
            trash.free_slice(NOW_MS);
            slices += 1;
        }
        slices
    }

    #[test]
    fn arguments_that_nobody_has_kept_go_in_slices() {
        let mut trash = Trash::new();
        trash.buffers(vec![vec![0; 1000]; FREED_BUFFERS]);
        assert!(trash.is_empty(), "so few go at once");
        trash.buffers(vec![vec![0; 1000]; 100 * FREED_BUFFERS]);
        assert_eq!(slices(&mut trash), 100);
        trash.buffers(vec![vec![0; 2 * MAX_SPARE_BYTES]]);
        assert!(slices(&mut trash) > 4, "long ones go in parts");
    }

    #[test]
    fn a_transaction_goes_in_slices() {
        let mut trash = Trash::new();
        let mut queue = RequestQueue::default();
        let mut request = crate::resp::OwnedRequest::from_args([[b'x'; 1000]; 10]);
        for _ in 0..3000 {
            // What is owned moves, so it is made anew each time.
            let mut again = crate::resp::OwnedRequest::from_args(request.request().iter());
            queue.push(&mut again.request());
        }
        trash.requests(queue);
        let slices = slices(&mut trash);
        assert!((10..100).contains(&slices), "{slices}");
        trash.requests(RequestQueue::default());
        assert!(trash.is_empty());
    }

    #[test]
    fn replies_that_nobody_reads_go_in_slices() {
        let mut trash = Trash::new();
        let mut output = Output::new();
        let shared = Arc::new(vec![0; 2 * MAX_SPARE_BYTES]);
        output.push_shared(Arc::clone(&shared));
        for _ in 0..10_000 {
            output.push_shared(Arc::new(vec![0; 1000]));
        }
        trash.output(output);
        assert!(slices(&mut trash) > 30);
        assert_eq!(Arc::strong_count(&shared), 1);
        trash.blob(Arc::clone(&shared));
        assert!(trash.is_empty(), "somebody else has it");
        trash.blob(shared);
        assert!(slices(&mut trash) > 4);
    }
}

//! The memory of a wheel: values in chunks of a fixed size, each named by a number that never
//! moves.
//!
//! One growing `Vec` would copy every node it holds in the one insert that makes it grow: at a
//! million timers that is a stall of milliseconds, in a place where nobody asked for any work. So
//! growing here is one more chunk, and shrinking is one chunk fewer:
//!
//! ```text
//! chunks   0            1            2
//!       [ full ]     [ 3 free ]   [ no storage ]     open: 1 -> 2
//!                      |
//!                      free entries of a chunk are linked through themselves
//! ```
//!
//! Values are taken from the first chunk of the `open` stack, so only that one can become full, and
//! the stack needs no removal from its middle. A chunk that becomes empty gives its storage back
//! and keeps its place. One empty storage is kept aside, so that a wheel whose size sways around
//! the edge of a chunk does not go to the allocator each time.

/// Entries in a chunk: 128 KiB of the timers of a wheel of `u64`.
pub(super) const CHUNK: usize = 4096;

/// "No entry", "no chunk" in the links.
const NONE: u32 = u32::MAX;

/// Chunks an arena may have, so that every index, and the index after the last, fits a `u32`.
const MAX_CHUNKS: usize = (u32::MAX as usize - 1) / CHUNK;

#[cfg_attr(test, derive(Clone))]
#[derive(Debug)]
pub(super) enum Entry<V> {
    Live(V),
    Free { next: u32 },
}

#[cfg_attr(test, derive(Clone))]
#[derive(Debug)]
struct Chunk<V> {
    entries: Vec<Entry<V>>,
    live: usize,
    /// First of the free entries among `entries`, as an offset in this chunk.
    free: u32,
    /// The chunk below this one on the open stack.
    next_open: u32,
}

/// Values with stable `u32` names; taking and giving back are O(1), and neither ever moves a value.
#[cfg_attr(test, derive(Clone))]
#[derive(Debug)]
pub(super) struct Arena<V> {
    chunks: Vec<Chunk<V>>,
    /// Top of the stack of chunks that have room.
    open: u32,
    /// The storage of a chunk that became empty, for the next one that needs some.
    spare: Vec<Entry<V>>,
}

impl<V> Arena<V> {
    /// The bytes of memory of all chunks.
    pub(super) fn bytes(&self) -> usize {
        let chunks = self.chunks.iter().map(|chunk| chunk.entries.capacity());
        let entries = chunks.sum::<usize>() + self.spare.capacity();
        entries * size_of::<Entry<V>>() + self.chunks.capacity() * size_of::<Chunk<V>>()
    }

    pub(super) const fn new() -> Self {
        Self {
            chunks: Vec::new(),
            open: NONE,
            spare: Vec::new(),
        }
    }

    /// Stores a value and names it.
    pub(super) fn take(&mut self, value: V) -> u32 {
        if self.open == NONE {
            self.add_chunk();
        }
        let number = self.open;
        let chunk = &mut self.chunks[number as usize];
        let offset = if chunk.free == NONE {
            if chunk.entries.capacity() == 0 {
                chunk.entries = std::mem::take(&mut self.spare);
                chunk.entries.reserve_exact(CHUNK);
            }
            chunk.entries.push(Entry::Live(value));
            chunk.entries.len() - 1
        } else {
            let offset = chunk.free as usize;
            let Entry::Free { next } = chunk.entries[offset] else {
                unreachable!("the free list of a chunk leads only to free entries");
            };
            chunk.free = next;
            chunk.entries[offset] = Entry::Live(value);
            offset
        };
        chunk.live += 1;
        if chunk.live == CHUNK {
            self.open = chunk.next_open;
        }
        number * CHUNK as u32 + offset as u32
    }

    /// Takes a value out; its name may be given to another one from now on.
    pub(super) fn give_back(&mut self, index: u32) -> V {
        let (number, offset) = (index as usize / CHUNK, index as usize % CHUNK);
        let Some(chunk) = self.chunks.get_mut(number) else {
            dead();
        };
        let Some(entry @ Entry::Live(_)) = chunk.entries.get_mut(offset) else {
            dead();
        };
        let Entry::Live(value) = std::mem::replace(entry, Entry::Free { next: chunk.free }) else {
            dead();
        };
        chunk.free = offset as u32;
        if chunk.live == CHUNK {
            chunk.next_open = self.open;
            self.open = number as u32;
        }
        chunk.live -= 1;
        if chunk.live == 0 {
            chunk.free = NONE;
            let mut storage = std::mem::take(&mut chunk.entries);
            if self.spare.capacity() == 0 {
                storage.clear();
                self.spare = storage;
            }
        }
        value
    }

    /// The value behind a name.
    pub(super) fn get(&self, index: u32) -> &V {
        let chunk = self.chunks.get(index as usize / CHUNK);
        match chunk.and_then(|chunk| chunk.entries.get(index as usize % CHUNK)) {
            Some(Entry::Live(value)) => value,
            _ => dead(),
        }
    }

    /// The value behind a name, to be changed.
    pub(super) fn get_mut(&mut self, index: u32) -> &mut V {
        let chunk = self.chunks.get_mut(index as usize / CHUNK);
        match chunk.and_then(|chunk| chunk.entries.get_mut(index as usize % CHUNK)) {
            Some(Entry::Live(value)) => value,
            _ => dead(),
        }
    }

    /// Drops the last chunk and the values in it; `false` when there is none. Only for an arena
    /// whose names nobody uses any more.
    pub(super) fn free_chunk(&mut self) -> bool {
        self.open = NONE;
        self.chunks.pop().is_some()
    }

    fn add_chunk(&mut self) {
        assert!(
            self.chunks.len() < MAX_CHUNKS,
            "a wheel holds fewer than 2^32 timers"
        );
        self.open = self.chunks.len() as u32;
        self.chunks.push(Chunk {
            entries: Vec::new(),
            live: 0,
            free: NONE,
            next_open: NONE,
        });
    }

    /// Chunks that hold storage now, the spare one included.
    #[cfg(test)]
    pub(super) fn storages(&self) -> usize {
        let chunks = self.chunks.iter().filter(|c| c.entries.capacity() > 0);
        chunks.count() + usize::from(self.spare.capacity() > 0)
    }
}

#[cold]
fn dead() -> ! {
    panic!("a timer id was used after its timer fired or was cancelled");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stable_and_reused_only_after_they_are_given_back() {
        let mut arena = Arena::new();
        let names: Vec<u32> = (0..3 * CHUNK).map(|n| arena.take(n)).collect();
        assert!(
            names
                .iter()
                .enumerate()
                .all(|(n, &name)| *arena.get(name) == n)
        );

        let middle = names[CHUNK + 7];
        assert_eq!(arena.give_back(middle), CHUNK + 7);
        assert_eq!(
            arena.take(1_000_000),
            middle,
            "the only free name is taken again"
        );
        assert_eq!(*arena.get(names[CHUNK + 8]), CHUNK + 8);
        *arena.get_mut(middle) = 5;
        assert_eq!(*arena.get(middle), 5);
    }

    #[test]
    fn storage_goes_back_chunk_by_chunk_and_one_is_kept() {
        let mut arena = Arena::new();
        let names: Vec<u32> = (0..4 * CHUNK).map(|n| arena.take(n)).collect();
        assert_eq!(arena.storages(), 4);
        for &name in &names[..3 * CHUNK] {
            arena.give_back(name);
        }
        assert_eq!(arena.storages(), 2, "one chunk in use, one spare");
        for n in 0..CHUNK {
            arena.take(n);
        }
        assert_eq!(arena.storages(), 2, "the spare one was used");
        for n in 0..CHUNK {
            arena.take(n);
        }
        assert_eq!(arena.storages(), 3);
        assert_eq!(
            arena.chunks.len(),
            4,
            "places of emptied chunks are used again"
        );
    }

    #[test]
    #[should_panic(expected = "used after its timer")]
    fn a_name_given_back_twice_is_a_broken_invariant() {
        let mut arena = Arena::new();
        let name = arena.take(1);
        arena.take(2);
        arena.give_back(name);
        arena.give_back(name);
    }
}

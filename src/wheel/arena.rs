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

/// Draws of a random entry before values are counted.
const MAX_DRAWS: usize = 64;

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

    /// The name of a value, any of them; `None` where there is none. `random(n)` gives a number below `n`.
    ///
    /// Entries are drawn until one holds a value, which makes each as likely as any other. Where nearly
    /// all are free that takes too long; then it is drawn which of the values, and that one is counted to.
    pub(super) fn random(&self, mut random: impl FnMut(usize) -> usize) -> Option<u32> {
        let places = self.chunks.len() * CHUNK;
        for _ in 0..if places == 0 { 0 } else { MAX_DRAWS } {
            let place = random(places);
            if self.is_live(place) {
                return Some(place as u32);
            }
        }
        let live = self.chunks.iter().map(|chunk| chunk.live).sum();
        if live == 0 {
            return None;
        }
        let mut left = random(live);
        let number = self.chunks.iter().position(|chunk| {
            let is_in_it = left < chunk.live;
            left = if is_in_it { left } else { left - chunk.live };
            is_in_it
        })?;
        let mut places =
            (number * CHUNK..(number + 1) * CHUNK).filter(|&place| self.is_live(place));
        places.nth(left).map(|place| place as u32)
    }

    fn is_live(&self, place: usize) -> bool {
        let chunk = self.chunks.get(place / CHUNK);
        let entry = chunk.and_then(|chunk| chunk.entries.get(place % CHUNK));
        matches!(entry, Some(Entry::Live(_)))
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

    /// Numbers below what is asked for, from a linear congruential generator (D. Knuth's MMIX).
    fn numbers() -> impl FnMut(usize) -> usize {
        let mut state = 1_u64;
        move |n| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        }
    }

    #[test]
    fn every_value_is_drawn_about_as_often_as_any_other() {
        let mut arena = Arena::new();
        let names: Vec<u32> = (0..2 * CHUNK).map(|n| arena.take(n)).collect();
        for &name in names.iter().filter(|&&name| name % 8 != 3) {
            arena.give_back(name);
        }
        let kept = names.len() / 8;
        let mut random = numbers();
        let mut drawn = std::collections::HashMap::new();
        for _ in 0..100 * kept {
            let name = arena.random(&mut random).expect("there are values");
            assert_eq!(name % 8, 3);
            *drawn.entry(name).or_insert(0) += 1;
        }
        assert_eq!(drawn.len(), kept);
        assert!(drawn.values().all(|times| (40..200).contains(times)));
    }

    #[test]
    fn few_values_among_many_places_are_drawn_as_evenly() {
        let mut arena = Arena::new();
        let names: Vec<u32> = (0..5 * CHUNK).map(|n| arena.take(n)).collect();
        let is_kept = |name: u32| (50..60).contains(&name) || name == 3 * CHUNK as u32;
        for &name in names.iter().filter(|&&name| !is_kept(name)) {
            arena.give_back(name);
        }
        let mut random = numbers();
        let mut drawn = std::collections::HashMap::new();
        for _ in 0..11 * 100 {
            let name = arena.random(&mut random).expect("there are values");
            *drawn.entry(name).or_insert(0) += 1;
        }
        assert_eq!(drawn.len(), 11);
        assert!(
            drawn.values().all(|times| (60..160).contains(times)),
            "{drawn:?}"
        );
    }

    #[test]
    fn the_only_value_of_many_places_is_found() {
        let mut arena = Arena::new();
        let mut random = numbers();
        assert_eq!(arena.random(&mut random), None);
        let names: Vec<u32> = (0..9 * CHUNK).map(|n| arena.take(n)).collect();
        let only = names[5 * CHUNK + 77];
        for &name in names.iter().filter(|&&name| name != only) {
            arena.give_back(name);
        }
        for _ in 0..20 {
            assert_eq!(arena.random(&mut random), Some(only));
        }
        arena.give_back(only);
        assert_eq!(arena.random(&mut random), None);
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

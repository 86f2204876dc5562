//! A hash table that never grows all at once: linear hashing over many small tables.
//!
//! One big hash table doubles in one insert, and that insert moves every key there is: 2.2 seconds
//! for ten million. Here the keys lie in *shards*, plain tables of about [`TARGET`] keys, and when
//! the mean passes that, **one** shard is divided in two. Then the next, in order:
//!
//! ```text
//!   4 shards, two of them divided already:   n = 6, low mask 11, high mask 111
//!
//!     000     001     10      11      100     101
//!   ┌─────┐ ┌─────┐ ┌─────┐ ┌─────┐ ┌─────┐ ┌─────┐
//!   │ 0   │ │ 1   │ │ 2   │ │ 3   │ │ 4   │ │ 5   │      2 is next: it gives half to 110
//!   └─────┘ └─────┘ └──▲──┘ └─────┘ └─────┘ └─────┘
//!                      split pointer
//!
//!   shard of a hash = bits & 111; no such shard yet? then bits & 11
//! ```
//!
//! So the directory is a binary trie over the hash's bits, whose leaves are one of two depths. A
//! scan visits the leaves in the order of their bits *read backwards*. Dividing a leaf replaces
//! it, in that order, by its two halves, and uniting two does the reverse, so a cursor keeps its
//! meaning whatever the table does between two calls. (Linear hashing: W. Litwin, 1980. The
//! reverse-binary cursor: P. Noordhuis for Redis.)
//!
//! One hash serves both: the directory takes bits 16 to 47, the shards use those below and above.

#[cfg(test)]
mod tests;

use super::shard::{Keyed, Keys, OwnKeys, Shard};
use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;
use std::hash::{Hash, Hasher};

/// The mean number of items a shard, above which one more shard is made.
pub const TARGET: usize = 200;

/// Where a scan goes on; 0 is the beginning, and the end.
pub type Cursor = u64;

/// The directory's bits of a hash begin here: below are those that a shard places items by.
const DIRECTORY_SHIFT: u32 = 16;

/// How many bits the directory may use at the most, so that a [`Spot`] can tell all shards apart: room
/// for 400 milliards of items. (Bits from 57 on are those that a shard tags items with.)
const DIRECTORY_BITS: u32 = 32;

/// Shards are kept in segments of this many, so that the directory, too, never grows all at once.
const SEGMENT: usize = 1024;

/// A page of a scan may be finer than a shard by this many bits at the most.
const MAX_EXTRA_BITS: u32 = 8;

/// A scan looks at this many leaves for each item asked for, then returns what it has.
const LEAVES_PER_ITEM: usize = 10;

/// Tables of fewer items are not warmed up: they fit into the cache.
const WARM_FROM: usize = 32_768;

/// Lookups that are warmed up together: about as many as a processor can wait for at once.
const WARM_AT_ONCE: usize = 32;

/// Tries before [`Table::random`] takes any item at all.
const MAX_RANDOM_TRIES: usize = 10_000;

/// The hash function of one table: foldhash, with secrets of its own.
///
/// Foldhash multiplies what it reads, combined with its shared seed. Who knows that seed can write
/// keys in which one factor is zero, and which therefore have the same hash *whatever the other
/// seed is*. The crate's fixed shared seed is printed in its source, so both are derived from ours.
#[derive(Debug, Clone)]
struct KeyHasher {
    seed: u64,
    shared: SharedSeed,
}

impl KeyHasher {
    fn new(seed: u64) -> KeyHasher {
        KeyHasher {
            seed,
            // Derived in a way that `seed` itself does not stand in it.
            shared: SharedSeed::from_u64(!seed),
        }
    }

    #[inline]
    fn hash_one(&self, key: &[u8]) -> u64 {
        let mut hasher = FoldHasher::with_seed(self.seed, &self.shared);
        key.hash(&mut hasher);
        hasher.finish()
    }
}

/// Where an item is: true until the table is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    shard: u32,
    place: u16,
}

/// Items by key; see the module's text.
#[derive(Debug, Clone)]
pub struct Table<T> {
    segments: Vec<Vec<Shard<T>>>,
    shards: usize,
    /// The mask of the bits that all shards are told apart by: see the picture.
    low: usize,
    len: usize,
    hasher: KeyHasher,
}

impl<T> Table<T> {
    /// An empty table whose hashes depend on `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Table<T> {
        let hasher = KeyHasher::new(seed);
        Table {
            segments: vec![vec![Shard::default()]],
            shards: 1,
            low: 0,
            len: 0,
            hasher,
        }
    }

    /// An empty table with room for `count` items, for who has so many at hand: their number of shards, each with room
    /// for its mean. It takes its time.
    #[must_use]
    pub fn with_room(seed: u64, count: usize) -> Table<T> {
        let shards = count.div_ceil(TARGET).max(1);
        let mut table = Table::new(seed);
        table.segments.clear();
        table.set_shards(shards);
        for index in 0..shards {
            if index.is_multiple_of(SEGMENT) {
                table.segments.push(Vec::with_capacity(shards.min(SEGMENT)));
            }
            let mut shard = Shard::default();
            // Nothing is in it that would have to be hashed.
            shard.reserve(count >> table.depth(index), |_| 0);
            if let Some(segment) = table.segments.last_mut() {
                segment.push(shard);
            }
        }
        table
    }

    /// How many items there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many shards the items are spread over.
    #[must_use]
    pub fn shard_count(&self) -> usize {
        self.shards
    }

    /// The hash of a key, for the methods that ask for one.
    #[inline]
    #[must_use]
    pub fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Where the item with this key is.
    #[inline(always)]
    #[must_use]
    pub fn find(&self, hash: u64, key: &[u8]) -> Option<Spot>
    where
        T: Keyed,
    {
        self.find_by(&OwnKeys, hash, key)
    }

    /// As [`Table::find`], where `keys` tells the items' keys.
    #[inline(always)]
    #[must_use]
    pub fn find_by(&self, keys: &impl Keys<T>, hash: u64, key: &[u8]) -> Option<Spot> {
        let shard = self.locate(hash);
        let place = self.shard(shard).find(keys, hash, key)?;
        // `insert` sees to it that there are never more shards than a spot can tell apart.
        Some(Spot {
            shard: shard as u32,
            place,
        })
    }

    /// The item at a spot.
    ///
    /// # Panics
    /// When the table was changed since the spot was found, and there is nothing now.
    #[inline]
    #[must_use]
    pub fn at(&self, spot: Spot) -> &T {
        &self.shard(spot.shard as usize).items()[usize::from(spot.place)]
    }

    /// The item at a spot, to be changed.
    ///
    /// # Panics
    /// As [`Table::at`].
    #[inline]
    pub fn at_mut(&mut self, spot: Spot) -> &mut T {
        self.shard_mut(spot.shard as usize).item_mut(spot.place)
    }

    /// Fetches into the processor's cache what lookups of these hashes will need.
    ///
    /// Step by step for all of them: loads that do not depend on each other are waited for
    /// together. A small table is in the cache anyway.
    #[inline]
    pub fn warm(&self, hashes: &[u64])
    where
        T: Keyed,
    {
        if self.is_worth_warming() {
            hashes
                .chunks(WARM_AT_ONCE)
                .for_each(|hashes| self.warm_some(hashes));
        }
    }

    /// Whether the table is too large for the cache.
    #[inline]
    #[must_use]
    pub fn is_worth_warming(&self) -> bool {
        self.len >= WARM_FROM
    }

    fn warm_some(&self, hashes: &[u64])
    where
        T: Keyed,
    {
        let mut shards = [self.shard(0); WARM_AT_ONCE];
        let mut places = [None; WARM_AT_ONCE];
        let mut touched = 0;
        for (shard, &hash) in shards.iter_mut().zip(hashes) {
            *shard = self.shard(self.locate(hash));
            touched += shard.len();
        }
        for ((place, shard), &hash) in places.iter_mut().zip(&shards).zip(hashes) {
            *place = shard.guess(hash);
        }
        for (place, shard) in places.iter().zip(&shards).take(hashes.len()) {
            let item = place.and_then(|place| shard.items().get(usize::from(place)));
            touched += item.map_or(0, |item| usize::from(item.fetch()));
        }
        // Otherwise the compiler sees that nobody wants to know.
        std::hint::black_box(touched);
    }

    /// Adds an item whose key is not in the table yet.
    #[inline]
    pub fn insert(&mut self, hash: u64, item: T)
    where
        T: Keyed,
    {
        self.insert_by(&OwnKeys, hash, item);
    }

    /// As [`Table::insert`], where `keys` tells the items' keys, that of the new one too.
    #[inline]
    pub fn insert_by(&mut self, keys: &impl Keys<T>, hash: u64, item: T) {
        let index = self.locate(hash);
        let hasher = &self.hasher;
        let shard = &mut self.segments[index / SEGMENT][index % SEGMENT];
        shard.insert(hash, item, |item| hasher.hash_one(keys.key(item)));
        self.len += 1;
        // ANCHOR: grow-by-one
        if self.len > self.shards * TARGET && self.shards < 1 << (DIRECTORY_BITS - 1) {
            self.split(keys);
        }
        // ANCHOR_END: grow-by-one
    }

    /// Removes the item with this hash for which `is_it` says yes.
    #[inline]
    pub fn remove(&mut self, hash: u64, is_it: impl FnMut(&T) -> bool) -> Option<T>
    where
        T: Keyed,
    {
        self.remove_by(&OwnKeys, hash, is_it)
    }

    /// As [`Table::remove`], where `keys` tells the items' keys, that of the removed one too.
    #[inline]
    pub fn remove_by(
        &mut self,
        keys: &impl Keys<T>,
        hash: u64,
        is_it: impl FnMut(&T) -> bool,
    ) -> Option<T> {
        let index = self.locate(hash);
        let hasher = &self.hasher;
        let shard = &mut self.segments[index / SEGMENT][index % SEGMENT];
        let item = shard.remove(hash, is_it, |item| hasher.hash_one(keys.key(item)))?;
        self.len -= 1;
        self.shrink(keys);
        Some(item)
    }

    /// Every item, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.segments.iter().flatten().flat_map(Shard::items)
    }

    /// Visits a page of about `count` items, and returns the cursor of the next page, or 0 after
    /// the last. An item that is in the table from the first call to the last is visited at least
    /// once, whatever else comes and goes in between.
    pub fn scan<'a>(&'a self, cursor: Cursor, count: usize, visit: impl FnMut(&'a T)) -> Cursor
    where
        T: Keyed,
    {
        self.scan_by(&OwnKeys, cursor, count, visit)
    }

    /// As [`Table::scan`], where `keys` tells the items' keys.
    pub fn scan_by<'a>(
        &'a self,
        keys: &impl Keys<T>,
        cursor: Cursor,
        count: usize,
        mut visit: impl FnMut(&'a T),
    ) -> Cursor {
        let mut cursor = cursor;
        let mut visited = 0;
        for _ in 0..count.saturating_mul(LEAVES_PER_ITEM).max(1) {
            let (index, depth) = self.leaf(cursor);
            let shard = self.shard(index);
            let extra = extra_bits(shard.len(), count);
            let mask = (1 << (depth + extra).min(DIRECTORY_BITS)) - 1;
            for item in shard.items() {
                let is_on_page = extra == 0
                    || (self.directory_bits(self.hash(keys.key(item))) ^ cursor) & mask == 0;
                if is_on_page {
                    visit(item);
                    visited += 1;
                }
            }
            cursor = next_leaf(cursor, mask);
            if cursor == 0 || visited >= count {
                break;
            }
        }
        cursor
    }

    /// An item, each as likely as any other; `random(n)` gives a number below `n`.
    ///
    /// A shard is drawn, and a place in it that exists only if the shard is full enough: so full
    /// shards are taken more often, just as much as they hold more.
    pub fn random(&self, mut random: impl FnMut(usize) -> usize) -> Option<&T> {
        if self.is_empty() {
            return None;
        }
        let places = if self.shards == 1 {
            self.len
        } else {
            4 * TARGET
        };
        for _ in 0..MAX_RANDOM_TRIES {
            let (index, place) = (random(self.shards), random(places));
            if let Some(item) = self.shard(index).items().get(place) {
                return Some(item);
            }
        }
        self.iter().next()
    }

    /// Visits `count` items of one shard, or all of it where there are no more; each item of the table is
    /// as likely to be among them as any other. `random(n)` gives a number below `n`.
    ///
    /// The first is drawn as by [`Table::random`], the others lie behind it at equal distances, round
    /// the shard. Which shard an item is in is decided by its hash, so one shard is as good as many, and
    /// far nearer. The distances are for the sake of what depends on age: neighbours have often come
    /// at about the same time, and five of them would be little more than one.
    pub fn sample<'a>(
        &'a self,
        count: usize,
        mut random: impl FnMut(usize) -> usize,
        mut visit: impl FnMut(&'a T),
    ) {
        let places = if self.shards == 1 {
            self.len
        } else {
            4 * TARGET
        };
        for _ in 0..MAX_RANDOM_TRIES {
            let (index, place) = (random(self.shards), random(places));
            let items = self.shard(index).items();
            if place < items.len() {
                let (len, count) = (items.len(), count.min(items.len()));
                let places = (0..count).map(|nth| (place + nth * len / count) % len);
                return places.for_each(|place| visit(&items[place]));
            }
        }
        self.iter().take(count).for_each(visit);
    }

    /// The item with this hash for which `is_it` says yes.
    pub fn find_where(&self, hash: u64, is_it: impl FnMut(&T) -> bool) -> Option<&T> {
        self.shard(self.locate(hash)).find_where(hash, is_it)
    }

    /// Takes out one whole shard with what it holds, for freeing a table in slices; `None` when
    /// nothing is left. The table must not be used for anything else after the first call.
    pub fn take_shard(&mut self) -> Option<impl ExactSizeIterator<Item = T> + use<T>> {
        while self.segments.last()?.is_empty() {
            self.segments.pop();
        }
        let shard = self.segments.last_mut()?.pop()?;
        self.len -= shard.len();
        Some(shard.into_items().into_iter())
    }

    /// Takes out one item, whichever it is, for freeing a table in slices; `None` when nothing is left.
    /// The table must not be used for anything else after the first call.
    pub fn take_item(&mut self) -> Option<T> {
        loop {
            let segment = self.segments.last_mut()?;
            let Some(shard) = segment.last_mut() else {
                self.segments.pop();
                continue;
            };
            if let Some(item) = shard.take_last() {
                self.len -= 1;
                return Some(item);
            }
            segment.pop();
        }
    }

    /// Bytes of the table itself: slots and directory, not what items point to.
    #[must_use]
    pub fn table_bytes(&self) -> usize {
        let directory = |segment: &Vec<Shard<T>>| segment.capacity() * size_of::<Shard<T>>();
        self.segments
            .iter()
            .flatten()
            .map(Shard::bytes)
            .sum::<usize>()
            + self.segments.iter().map(directory).sum::<usize>()
    }

    fn directory_bits(&self, hash: u64) -> u64 {
        hash >> DIRECTORY_SHIFT & ((1 << DIRECTORY_BITS) - 1)
    }

    /// The index of the shard that a hash belongs to.
    #[inline]
    fn locate(&self, hash: u64) -> usize {
        self.index_of(hash >> DIRECTORY_SHIFT)
    }

    #[inline]
    fn index_of(&self, bits: u64) -> usize {
        // ANCHOR: index-of
        let index = bits as usize & (self.low << 1 | 1);
        // Not there yet: the shard that it will be divided from.
        let is_there = index < self.shards;
        index & if is_there { usize::MAX } else { self.low }
        // ANCHOR_END: index-of
    }

    /// The shard that directory bits belong to, and how many of the bits decided so.
    fn leaf(&self, bits: u64) -> (usize, u32) {
        let index = self.index_of(bits);
        (index, self.depth(index))
    }

    /// How many bits tell a shard from all others.
    fn depth(&self, index: usize) -> u32 {
        // One that has not been divided in this round: the bit above `low` was 0 and means nothing.
        let is_divided = index > self.low || index < self.shards - (self.low + 1);
        self.shards.ilog2() + u32::from(is_divided)
    }

    fn set_shards(&mut self, shards: usize) {
        self.shards = shards;
        self.low = (1 << shards.ilog2()) - 1;
    }

    #[inline]
    fn shard(&self, index: usize) -> &Shard<T> {
        &self.segments[index / SEGMENT][index % SEGMENT]
    }

    #[inline]
    fn shard_mut(&mut self, index: usize) -> &mut Shard<T> {
        &mut self.segments[index / SEGMENT][index % SEGMENT]
    }

    /// Divides the shard at the split pointer.
    #[cold]
    fn split(&mut self, keys: &impl Keys<T>) {
        let level = self.shards.ilog2();
        let source = self.shards - (1 << level);
        let whole = std::mem::take(self.shard_mut(source)).into_items();
        let hasher = &self.hasher;
        let rehash = |item: &T| hasher.hash_one(keys.key(item));
        let hashes: Vec<u64> = whole.iter().map(rehash).collect();
        // ANCHOR: divide
        let half_of = |hash: u64| (hash >> DIRECTORY_SHIFT >> level & 1) as usize;
        let high_len = hashes.iter().filter(|&&hash| half_of(hash) == 1).count();
        let mut halves = [Shard::default(), Shard::default()];
        halves[0].reserve(whole.len() - high_len, rehash);
        halves[1].reserve(high_len, rehash);
        for (item, hash) in whole.into_iter().zip(hashes) {
            halves[half_of(hash)].insert(hash, item, rehash);
        }
        // ANCHOR_END: divide
        let [low, high] = halves;
        *self.shard_mut(source) = low;
        if self.shards.is_multiple_of(SEGMENT) {
            self.segments.push(Vec::with_capacity(SEGMENT));
        }
        if let Some(segment) = self.segments.last_mut() {
            segment.push(high);
        }
        self.set_shards(self.shards + 1);
    }

    /// Unites the last shard with the one it came from, if the shards have become too empty.
    #[inline]
    fn shrink(&mut self, keys: &impl Keys<T>) {
        if self.shards > 1 && self.len < self.shards * TARGET / 2 {
            self.unite(keys);
        } else if self.len == 0 {
            *self.shard_mut(0) = Shard::default();
        }
    }

    #[cold]
    fn unite(&mut self, keys: &impl Keys<T>) {
        self.set_shards(self.shards - 1);
        let target = self.shards - (1 << self.shards.ilog2());
        if self.segments.last().is_some_and(Vec::is_empty) {
            self.segments.pop();
        }
        let last = self
            .segments
            .last_mut()
            .and_then(Vec::pop)
            .unwrap_or_default();
        if self.segments.last().is_some_and(Vec::is_empty) {
            self.segments.pop();
        }
        let hasher = &self.hasher;
        let rehash = |item: &T| hasher.hash_one(keys.key(item));
        let shard = &mut self.segments[target / SEGMENT][target % SEGMENT];
        shard.reserve(last.len(), rehash);
        for item in last.into_items() {
            shard.insert(rehash(&item), item, rehash);
        }
    }
}

/// By how many bits a page of about `count` items is finer than a shard of `len`.
fn extra_bits(len: usize, count: usize) -> u32 {
    let pages = len.div_ceil(count.max(1)).max(1);
    pages.next_power_of_two().ilog2().min(MAX_EXTRA_BITS)
}

/// The first bits of the leaf that comes after the one at `cursor` under `mask`: one is added to
/// the masked bits as if they were written backwards.
// ANCHOR: next-leaf
fn next_leaf(cursor: Cursor, mask: u64) -> Cursor {
    (cursor | !mask)
        .reverse_bits()
        .wrapping_add(1)
        .reverse_bits()
}
// ANCHOR_END: next-leaf

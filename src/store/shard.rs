//! A small hash table: items in a dense vector, found through a table of two-byte places.
//!
//! ```text
//!   index (hashbrown)                items
//!   ┌──┬──┬──┬──┬──┬──┬──┬──┐      ┌────┬────┬────┬────┐
//!   │  │ 2│  │ 0│  │ 3│ 1│  │ ───▶ │ 0  │ 1  │ 2  │ 3  │
//!   └──┴──┴──┴──┴──┴──┴──┴──┘      └────┴────┴────┴────┘
//!   3 bytes a slot, half empty       32 bytes an item, no gaps
//! ```
//!
//! A hash table has to have free slots. Where a slot holds the item itself, a third of the memory
//! is room for items that are not there; here a free slot is three bytes.

use crate::short;
use hashbrown::HashTable;

/// Something with a key, to be kept in a table.
pub trait Keyed {
    /// The key: it must not change while the item is in a table.
    fn key(&self) -> &[u8];

    /// Reads any byte of the item itself, so that it is in the processor's cache.
    fn fetch(&self) -> u8;
}

/// Who can tell the keys of a table's items, where the items are only names of something that is
/// kept elsewhere.
pub trait Keys<T> {
    /// The key of an item: it must not change while the item is in a table.
    fn key<'a>(&'a self, item: &'a T) -> &'a [u8];
}

/// Items that have their keys with them.
#[derive(Debug, Clone, Copy)]
pub struct OwnKeys;

impl<T: Keyed> Keys<T> for OwnKeys {
    #[inline(always)]
    fn key<'a>(&'a self, item: &'a T) -> &'a [u8] {
        item.key()
    }
}

/// Some hundred items by key. The hashes come from outside: a table of shards has them already.
#[derive(Debug, Clone)]
pub struct Shard<T> {
    index: HashTable<u16>,
    items: Vec<T>,
}

impl<T> Default for Shard<T> {
    fn default() -> Shard<T> {
        Shard {
            index: HashTable::new(),
            items: Vec::new(),
        }
    }
}

impl<T> Shard<T> {
    /// How many items there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The items, in an order that means nothing and changes when one is removed.
    #[inline]
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// Gives the items away.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }

    /// Takes the last item out, and leaves the index as it is: for freeing the shard.
    pub fn take_last(&mut self) -> Option<T> {
        self.items.pop()
    }

    /// Where the item with this hash probably is: the first whose tag fits. For warming up.
    #[inline]
    pub fn guess(&self, hash: u64) -> Option<u16> {
        self.index.find(hash, |_| true).copied()
    }

    /// The place of the item with this key in [`Shard::items`].
    #[inline(always)]
    #[expect(clippy::manual_find, reason = "a closure would not be inlined here")]
    pub fn find(&self, keys: &impl Keys<T>, hash: u64, key: &[u8]) -> Option<u16> {
        // Not `HashTable::find`, which calls its closure through a pointer.
        for &place in self.index.iter_hash(hash) {
            if short::equal(keys.key(&self.items[usize::from(place)]), key) {
                return Some(place);
            }
        }
        None
    }

    /// The item with this hash for which `is_it` says yes.
    pub fn find_where(&self, hash: u64, mut is_it: impl FnMut(&T) -> bool) -> Option<&T> {
        let places = self.index.iter_hash(hash);
        let mut items = places.map(|&place| &self.items[usize::from(place)]);
        items.find(|item| is_it(item))
    }

    /// The item in a place, to be changed.
    #[inline]
    pub fn item_mut(&mut self, place: u16) -> &mut T {
        &mut self.items[usize::from(place)]
    }

    /// Adds an item whose key is not there yet.
    #[inline]
    pub fn insert(&mut self, hash: u64, item: T, hasher: impl Fn(&T) -> u64) {
        let place = u16::try_from(self.items.len());
        let place = place.expect("keys cannot be aimed at a shard, since nobody knows the seed");
        let items = &self.items;
        self.index
            .insert_unique(hash, place, |&place| hasher(&items[usize::from(place)]));
        if self.items.len() == self.items.capacity() {
            self.grow();
        }
        self.items.push(item);
    }

    /// Removes the item with this hash for which `is_it` says yes. The last item takes its place.
    #[inline]
    pub fn remove(
        &mut self,
        hash: u64,
        mut is_it: impl FnMut(&T) -> bool,
        hasher: impl Fn(&T) -> u64,
    ) -> Option<T> {
        let items = &self.items;
        let found = self
            .index
            .find_entry(hash, |&place| is_it(&items[usize::from(place)]));
        let (place, _) = found.ok()?.remove();
        let item = self.items.swap_remove(usize::from(place));
        if let Some(moved) = self.items.get(usize::from(place)) {
            let from = self.items.len();
            let moved = self
                .index
                .find_mut(hasher(moved), |&place| usize::from(place) == from);
            *moved.expect("every item is in the index") = place;
        }
        Some(item)
    }

    /// Makes room for `more` items.
    pub fn reserve(&mut self, more: usize, hasher: impl Fn(&T) -> u64) {
        let items = &self.items;
        self.index
            .reserve(more, |&place| hasher(&items[usize::from(place)]));
        let wanted = rounded_capacity(self.items.len() + more);
        self.items.reserve_exact(wanted - self.items.len());
    }

    /// Bytes of the shard, without what items point to.
    pub fn bytes(&self) -> usize {
        self.index.allocation_size() + self.items.capacity() * size_of::<T>()
    }

    #[cold]
    fn grow(&mut self) {
        let wanted = rounded_capacity(self.items.len() + 1);
        self.items.reserve_exact(wanted - self.items.len());
    }
}

/// The next larger of the capacities that are worth having: four from each power of two to the
/// next, which is how allocators space their size classes. A vector that doubles is a quarter
/// empty on average; one that grows like this, a tenth.
fn rounded_capacity(len: usize) -> usize {
    let step = (len.next_power_of_two() / 8).max(4);
    len.next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacities_are_close_above() {
        for len in 1..2000 {
            let capacity = rounded_capacity(len);
            assert!(
                capacity >= len && capacity <= len + len / 4 + 4,
                "{len}: {capacity}"
            );
        }
        assert_eq!(
            [128, 129, 161, 200, 256].map(rounded_capacity),
            [128, 160, 192, 224, 256]
        );
    }
}

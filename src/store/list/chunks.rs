//! A large list: a deque of chunks, each a pack. What Redis calls a quicklist.
//!
//! ```text
//!   VecDeque<Chunk>
//!   ┌─────────┬─────────┬─────────┬─────────┐
//!   │ 32 bytes│         │         │         │     one for some hundred elements
//!   └────┬────┴────┬────┴────┬────┴────┬────┘
//!        ▼         ▼         ▼         ▼
//!    a b c d    e f g     h i j k     l m       8 KiB each, or as Fill says
//! ```
//!
//! One pack would move everything behind an element that is inserted; an allocation for each element
//! would take three times the memory and a cache miss a step. Chunks are between: the ends are at
//! hand, an index is found by skipping chunks whole, and an edit in the middle moves a few thousand
//! bytes. Only the two outermost chunks have memory to spare: one that is left behind by a push is
//! cut to its size.
//!
//! The directory doubles when it is full. It has one place for a whole chunk, so that is seldom and
//! cheap: at a million short elements it moves less than 50 KB. Chunks are in memory of their own
//! and do not move.

mod chunk;
mod iter;

pub use iter::Iter;

use crate::store::pack::element::Encoded;
use crate::store::pack::{Item, Pack};
use chunk::Chunk;
use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// Bytes of a chunk where its number of elements is what limits it.
const COUNTED_BYTES: u32 = 8192;

/// More elements than this in a chunk are never asked for.
const MAX_COUNT: i64 = (1 << 15) - 1;

/// Neighbours are united when this part of a chunk is enough for both: a quarter, so that what is
/// united is not divided again by the next insert.
const UNITED_PART: usize = 4;

/// Chunks that are freed at a time, at the most.
const FREED_CHUNKS: usize = 64;

/// No further one is freed at that time once they were so many bytes.
const FREED_BYTES: usize = 1024 * 1024;

/// A directory of fewer chunks keeps the places that it does not need.
const MIN_DIRECTORY: usize = 64;

/// Chunks that are looked at to tell how much memory a list takes.
const SAMPLES: usize = 64;

/// How much goes into a chunk: the setting `list-max-listpack-size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    bytes: u32,
    count: u32,
}

impl Fill {
    /// What a value of the setting means: from -1 to -5 that a chunk has up to 4, 8, 16, 32 or
    /// 64 KiB, above 0 that it has as many elements, though no more than 8 KiB of them. Other values
    /// are taken as the nearest of these.
    #[must_use]
    pub fn from_setting(setting: i64) -> Fill {
        if setting < 0 {
            let doublings = setting.max(-5).unsigned_abs() - 1;
            Fill {
                bytes: 4096 << doublings,
                count: u32::MAX,
            }
        } else {
            Fill {
                bytes: COUNTED_BYTES,
                // Between 1 and 32767.
                count: setting.clamp(1, MAX_COUNT) as u32,
            }
        }
    }

    /// The bytes that a chunk of more than one element may have.
    #[inline]
    fn bytes(self) -> usize {
        self.bytes as usize
    }

    /// Whether so many elements, of so many bytes together, are not too much for one chunk.
    #[inline]
    #[must_use]
    pub fn allows(self, elements: usize, size: usize) -> bool {
        size <= self.bytes() && elements <= self.count as usize
    }

    /// Whether a chunk has room for `elements` more, of `size` bytes together.
    #[inline]
    fn admits(self, chunk: &Chunk, elements: usize, size: usize) -> bool {
        self.allows(chunk.len() + elements, chunk.size() + size)
    }
}

impl Default for Fill {
    /// That of Redis: 8 KiB.
    fn default() -> Fill {
        Fill::from_setting(-2)
    }
}

/// One of the two ends of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Where the element of index 0 is: `LEFT`, the head.
    Front,
    /// Where the last one is: `RIGHT`, the tail.
    Back,
}

/// Byte strings in an order of their own; see the module's text.
#[derive(Debug, Clone)]
pub struct List {
    /// None of them is empty.
    chunks: VecDeque<Chunk>,
    len: usize,
    fill: Fill,
}

impl List {
    /// An empty list. As in Redis, a list keeps the setting that it was made under.
    #[must_use]
    pub fn new(fill: Fill) -> List {
        List {
            // Most lists are one chunk, and a directory that grows by itself begins with four.
            chunks: VecDeque::with_capacity(1),
            len: 0,
            fill,
        }
    }

    /// A list of the elements of a pack.
    #[must_use]
    pub fn from_pack(pack: Pack, fill: Fill) -> List {
        let mut list = List::new(fill);
        if !pack.is_empty() && fill.admits(&Chunk::default(), pack.len(), pack.elements().len()) {
            list.chunks.push_back(Chunk::from_pack(pack));
            list.len = pack.len();
            return list;
        }
        for item in pack {
            list.push_back_encoded(&Encoded::of(item));
        }
        list
    }

    /// How many elements there are. No walk.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an element before all others.
    pub fn push_front(&mut self, element: &[u8]) {
        let element = Encoded::new(element);
        match self.chunks.front_mut() {
            Some(chunk) if self.fill.admits(chunk, 1, element.size()) => {
                chunk.push_front(&element, self.fill);
            }
            full => {
                full.map(Chunk::fit);
                self.chunks.push_front(Chunk::of(&element, self.fill));
            }
        }
        self.len += 1;
    }

    /// Adds an element behind all others.
    #[inline]
    pub fn push_back(&mut self, element: &[u8]) {
        self.push_back_encoded(&Encoded::new(element));
    }

    fn push_back_encoded(&mut self, element: &Encoded) {
        match self.chunks.back_mut() {
            Some(chunk) if self.fill.admits(chunk, 1, element.size()) => {
                chunk.push_back(element, self.fill);
            }
            full => {
                full.map(Chunk::fit);
                self.chunks.push_back(Chunk::of(element, self.fill));
            }
        }
        self.len += 1;
    }

    /// Adds an element at one of the ends.
    pub fn push(&mut self, end: End, element: &[u8]) {
        match end {
            End::Front => self.push_front(element),
            End::Back => self.push_back(element),
        }
    }

    /// Removes the first element after `read` has seen it, and gives what `read` made of it; `None`
    /// where the list is empty.
    pub fn pop_front<R>(&mut self, read: impl FnOnce(Item) -> R) -> Option<R> {
        let chunk = self.chunks.front_mut()?;
        let result = chunk.pop_front(read)?;
        if chunk.len() == 0 {
            self.chunks.pop_front();
            self.trim_directory();
        }
        self.len -= 1;
        Some(result)
    }

    /// Removes the last element after `read` has seen it, and gives what `read` made of it; `None`
    /// where the list is empty.
    pub fn pop_back<R>(&mut self, read: impl FnOnce(Item) -> R) -> Option<R> {
        let chunk = self.chunks.back_mut()?;
        let result = chunk.pop_back(read)?;
        if chunk.len() == 0 {
            self.chunks.pop_back();
            self.trim_directory();
        }
        self.len -= 1;
        Some(result)
    }

    /// Removes the element at one of the ends after `read` has seen it.
    pub fn pop<R>(&mut self, end: End, read: impl FnOnce(Item) -> R) -> Option<R> {
        match end {
            End::Front => self.pop_front(read),
            End::Back => self.pop_back(read),
        }
    }

    /// The element at an index, from 0 on.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Item<'_>> {
        let (chunk, offset) = self.locate(index)?;
        self.chunks.get(chunk)?.pack().get(offset)
    }

    /// Every element, from either end.
    pub fn iter(&self) -> Iter<'_> {
        self.range(0, self.len)
    }

    /// `count` elements from an index on, or as many as there are, from either end of them.
    pub fn range(&self, index: usize, count: usize) -> Iter<'_> {
        Iter::new(self, index..index.saturating_add(count))
    }

    /// The index of the first element that is this byte string.
    #[must_use]
    pub fn find(&self, needle: &[u8]) -> Option<usize> {
        let mut before = 0;
        for chunk in &self.chunks {
            if let Some(place) = chunk.pack().find(needle, 1) {
                return Some(before + place.index());
            }
            before += chunk.len();
        }
        None
    }

    /// Puts an element in the place of another; `false` where the list is not so long.
    pub fn set(&mut self, index: usize, element: &[u8]) -> bool {
        let Some((at, offset)) = self.locate(index) else {
            return false;
        };
        let element = Encoded::new(element);
        let chunk = &mut self.chunks[at];
        let place = chunk.pack().place(offset).expect("it was located");
        let old = chunk.pack().range(place, 1).len();
        if chunk.len() == 1 || chunk.size() - old + element.size() <= self.fill.bytes() {
            chunk.replace(place, &element, self.fill);
        } else {
            chunk.remove(place, 1);
            self.len -= 1;
            self.insert_encoded(index, &element);
        }
        true
    }

    /// Adds an element before the one at `index`; at the end where `index` is the length. `false`
    /// where the list is not so long.
    pub fn insert(&mut self, index: usize, element: &[u8]) -> bool {
        if index > self.len {
            return false;
        }
        self.insert_encoded(index, &Encoded::new(element));
        true
    }

    fn insert_encoded(&mut self, index: usize, element: &Encoded) {
        let (fill, size) = (self.fill, element.size());
        let (mut at, offset) = self.locate(index).unwrap_or((self.chunks.len(), 0));
        self.len += 1;
        if offset > 0 {
            let chunk = &mut self.chunks[at];
            let place = chunk.pack().place(offset).expect("it was located");
            if fill.admits(chunk, 1, size) {
                chunk.insert(place, element, fill);
                return;
            }
            let right = chunk.split_off(place);
            at += 1;
            self.chunks.insert(at, right);
        }
        // The element's place is between two chunks now.
        let has_room = |chunk: Option<&Chunk>| chunk.is_some_and(|it| fill.admits(it, 1, size));
        if at > 0 && has_room(self.chunks.get(at - 1)) {
            self.chunks[at - 1].push_back(element, fill);
        } else if has_room(self.chunks.get(at)) {
            self.chunks[at].push_front(element, fill);
        } else {
            self.chunks.insert(at, Chunk::of(element, fill));
        }
    }

    /// Removes `count` elements from an index on, or as many as there are.
    ///
    /// Gives a list of those that lay in chunks of which nothing remains. It may be long: freeing it
    /// is the caller's, at once or with [`free_some`](List::free_some).
    pub fn remove_range(&mut self, index: usize, count: usize) -> List {
        let mut removed = List {
            // Mostly nothing comes in here, which needs no memory.
            chunks: VecDeque::new(),
            len: 0,
            fill: self.fill,
        };
        let Some((first, offset)) = self.locate(index) else {
            return removed;
        };
        let mut left = count.min(self.len - index);
        self.len -= left;
        let mut start = first;
        if offset > 0 {
            left -= self.remove_in(first, offset, left);
            start += 1;
        }
        let mut end = start;
        while let Some(chunk) = self.chunks.get(end)
            && chunk.len() <= left
        {
            left -= chunk.len();
            removed.len += chunk.len();
            end += 1;
        }
        self.remove_in(end, 0, left);
        removed.chunks.extend(self.chunks.drain(start..end));
        self.unite(start.saturating_sub(1)..=start);
        removed
    }

    /// Removes up to `count` elements of one chunk; gives how many there were.
    fn remove_in(&mut self, at: usize, offset: usize, count: usize) -> usize {
        let Some(chunk) = self.chunks.get_mut(at) else {
            return 0;
        };
        let count = count.min(chunk.len() - offset);
        if count > 0 {
            let place = chunk.pack().place(offset).expect("it was located");
            chunk.remove(place, count);
        }
        count
    }

    /// Removes the elements that are this byte string, `count` at the most, beginning at one of the
    /// ends; gives how many there were.
    pub fn remove_equal(&mut self, needle: &[u8], count: usize, from: End) -> usize {
        let needle = Encoded::new(needle);
        let (mut removed, mut touched) = (0, None);
        for step in 0..self.chunks.len() {
            if removed == count {
                break;
            }
            let at = match from {
                End::Front => step,
                End::Back => self.chunks.len() - 1 - step,
            };
            let here = self.chunks[at].remove_equal(&needle, count - removed, from == End::Back);
            if here > 0 {
                removed += here;
                let (first, last) = touched.unwrap_or((at, at));
                touched = Some((at.min(first), at.max(last)));
            }
        }
        self.len -= removed;
        if let Some((first, last)) = touched {
            self.unite(first.saturating_sub(1)..=last + 1);
        }
        removed
    }

    /// Puts small neighbours among these chunks together, and removes the empty ones.
    fn unite(&mut self, chunks: RangeInclusive<usize>) {
        let end = self.chunks.len().min(chunks.end() + 1);
        // The chunks up to `to` are done; what `to` has taken over lies empty behind it.
        let mut to = *chunks.start();
        for from in to + 1..end {
            let next = &self.chunks[from];
            if self.belong_together(&self.chunks[to], next) {
                let next = std::mem::take(&mut self.chunks[from]);
                self.chunks[to].append(next);
            } else {
                to += 1;
                self.chunks.swap(to, from);
            }
        }
        let is_rest_empty = self.chunks.get(to).is_none_or(|chunk| chunk.len() == 0);
        let rest = if is_rest_empty { to } else { to + 1 };
        self.chunks.drain(rest.min(end)..end);
        self.trim_directory();
    }

    fn belong_together(&self, left: &Chunk, right: &Chunk) -> bool {
        let (len, size) = (left.len() + right.len(), left.size() + right.size());
        let is_small = size <= self.fill.bytes() / UNITED_PART && len <= self.fill.count as usize;
        left.len() == 0 || right.len() == 0 || is_small
    }

    /// The chunk that has the element of this index, and the element's number in it.
    fn locate(&self, index: usize) -> Option<(usize, usize)> {
        if index >= self.len {
            return None;
        }
        if index < self.len / 2 {
            let mut offset = index;
            for (at, chunk) in self.chunks.iter().enumerate() {
                if offset < chunk.len() {
                    return Some((at, offset));
                }
                offset -= chunk.len();
            }
        } else {
            // As many elements are from this one to the end.
            let mut back = self.len - index;
            for (at, chunk) in self.chunks.iter().enumerate().rev() {
                if back <= chunk.len() {
                    return Some((at, chunk.len() - back));
                }
                back -= chunk.len();
            }
        }
        None
    }

    /// Bytes of memory that the list takes beside itself: exact for a few dozen chunks, else
    /// reckoned from as many.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let count = self.chunks.len();
        let step = (count / SAMPLES).max(1);
        let sampled = count.div_ceil(step);
        let bytes: usize = self.chunks.iter().step_by(step).map(Chunk::capacity).sum();
        let chunks = bytes as u128 * count as u128 / sampled.max(1) as u128;
        self.chunks.capacity() * size_of::<Chunk>() + chunks as usize
    }

    /// Frees some of the elements, the last ones first: as much as takes a moment that nobody
    /// notices. `false` when nothing is left; until then the list is good for nothing else.
    pub fn free_some(&mut self) -> bool {
        let mut bytes = 0;
        for _ in 0..FREED_CHUNKS {
            let Some(chunk) = self.chunks.back_mut() else {
                break;
            };
            if bytes > FREED_BYTES || chunk.shrink() {
                return true;
            }
            bytes += chunk.capacity();
            self.len -= chunk.len();
            self.chunks.pop_back();
        }
        !self.chunks.is_empty()
    }

    /// Gives back places of the directory when most are not needed any more.
    #[inline]
    fn trim_directory(&mut self) {
        let (len, capacity) = (self.chunks.len(), self.chunks.capacity());
        if capacity > MIN_DIRECTORY && len < capacity / 4 {
            self.chunks.shrink_to(len * 2);
        }
    }
}

impl<'a> IntoIterator for &'a List {
    type Item = Item<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

#[cfg(test)]
mod tests;

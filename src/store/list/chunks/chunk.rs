//! One chunk of a large list: a pack that can grow, and be taken from, at both ends.
//!
//! ```text
//!            ┌─ start                                    capacity ─┐
//!   ┌────────▼─┬─────────┬─────────┬─────┬─────────┬───────────────┤
//!   │  free    │ element │ element │ ... │ element │     free      │
//!   └──────────┴─────────┴─────────┴─────┴─────────┴───────────────┘
//! ```
//!
//! Taking from the front only moves `start`; nothing is copied. Where one end has no room and the
//! other has plenty, the elements move to the middle, so that a queue, which is fed at one end and
//! read at the other, neither grows nor is copied for each element. Else the memory grows, in the
//! steps that allocators have sizes for.

use super::Fill;
use crate::store::memory;
use crate::store::pack::element::{Encoded, Item, decode, size_at, size_before};
use crate::store::pack::{Pack, Place};
use std::ops::Range;

/// Memory is given back when less than a quarter of it is used, and more than this is free.
const FREE_BYTES: usize = 64;

#[derive(Debug, Clone, Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    // Fits: what can be free before several elements is 64 KiB at the most, and a single element,
    // which can be of any size, is never taken by moving this.
    start: u32,
    len: u32,
}

impl Chunk {
    /// A chunk of one element, which more are likely to follow.
    pub fn of(element: &Encoded, fill: Fill) -> Chunk {
        let mut chunk = Chunk::default();
        chunk.push_back(element, fill);
        chunk
    }

    /// A chunk of the elements of a pack.
    pub fn from_pack(pack: Pack) -> Chunk {
        Chunk {
            bytes: pack.elements().to_vec(),
            start: 0,
            len: pack.len() as u32,
        }
    }

    #[inline]
    fn start(&self) -> usize {
        self.start as usize
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Bytes that the elements take.
    #[inline]
    pub fn size(&self) -> usize {
        self.bytes.len() - self.start()
    }

    /// Bytes of memory, used or not.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    #[inline]
    pub fn pack(&self) -> Pack<'_> {
        Pack::from_parts(&self.bytes[self.start()..], self.len())
    }

    #[inline]
    pub fn push_back(&mut self, element: &Encoded, fill: Fill) {
        let size = element.size();
        if self.bytes.capacity() - self.bytes.len() < size {
            self.make_room_back(size, fill);
        }
        element.append(&mut self.bytes);
        self.len += 1;
    }

    #[inline]
    pub fn push_front(&mut self, element: &Encoded, fill: Fill) {
        let size = element.size();
        if self.start() < size {
            self.make_room_front(size, fill);
        }
        let start = self.start() - size;
        element.write(&mut self.bytes[start..]);
        self.start = start as u32;
        self.len += 1;
    }

    #[inline]
    pub fn pop_front<R>(&mut self, read: impl FnOnce(Item) -> R) -> Option<R> {
        let (item, size) = decode(self.pack().elements())?;
        let result = read(item);
        self.len -= 1;
        if self.len == 0 {
            self.bytes.truncate(self.start());
        } else {
            self.start += size as u32;
            self.give_back();
        }
        Some(result)
    }

    #[inline]
    pub fn pop_back<R>(&mut self, read: impl FnOnce(Item) -> R) -> Option<R> {
        let at = self.bytes.len() - size_before(self.pack().elements())?;
        let (item, _) = decode(&self.bytes[at..])?;
        let result = read(item);
        self.bytes.truncate(at);
        self.len -= 1;
        self.give_back();
        Some(result)
    }

    /// Adds an element before the one at `place`.
    pub fn insert(&mut self, place: Place, element: &Encoded, fill: Fill) {
        self.splice(place.at()..place.at(), element, fill);
        self.len += 1;
    }

    /// Puts an element in the place of another.
    pub fn replace(&mut self, place: Place, element: &Encoded, fill: Fill) {
        self.splice(self.pack().range(place, 1), element, fill);
        self.give_back();
    }

    fn splice(&mut self, range: Range<usize>, element: &Encoded, fill: Fill) {
        let size = element.size();
        let more = size.saturating_sub(range.len());
        if self.bytes.capacity() - self.bytes.len() < more {
            self.make_room_back(more, fill);
        }
        let (start, end) = (self.start() + range.start, self.start() + range.end);
        memory::resize(&mut self.bytes, start..end, size);
        element.write(&mut self.bytes[start..]);
    }

    /// Removes `count` elements from a place on.
    pub fn remove(&mut self, place: Place, count: usize) {
        let range = self.pack().range(place, count);
        if range.start == 0 && range.end < self.size() {
            self.start += range.end as u32;
        } else {
            let (start, end) = (self.start() + range.start, self.start() + range.end);
            memory::resize(&mut self.bytes, start..end, 0);
        }
        self.len -= count as u32;
        self.give_back();
    }

    /// Removes the elements that are equal to `needle`, `count` at the most, the first ones or the
    /// last ones; gives how many there were.
    pub fn remove_equal(&mut self, needle: &Encoded, count: usize, from_back: bool) -> usize {
        let begin = if from_back {
            self.find_backward(needle, count)
        } else {
            self.start()
        };
        // What is kept moves down, run by run, over what is not.
        let (mut at, mut run, mut to, mut removed) = (begin, begin, begin, 0);
        while removed < count
            && let Some(size) = size_at(&self.bytes[at..])
        {
            if needle.is_at(&self.bytes[at..]) {
                to = self.move_run(run..at, to);
                run = at + size;
                removed += 1;
            }
            at += size;
        }
        if removed > 0 {
            let end = self.move_run(run..self.bytes.len(), to);
            self.bytes.truncate(end);
            self.len -= removed as u32;
            self.give_back();
        }
        removed
    }

    /// Moves bytes down; gives where they end now.
    fn move_run(&mut self, run: Range<usize>, to: usize) -> usize {
        let end = to + run.len();
        if run.start != to {
            self.bytes.copy_within(run, to);
        }
        end
    }

    /// Where the last `count` elements begin that are equal to `needle`, or as many as there are.
    fn find_backward(&self, needle: &Encoded, count: usize) -> usize {
        let (mut end, mut begin, mut found) = (self.bytes.len(), self.bytes.len(), 0);
        while found < count
            && let Some(size) = size_before(&self.bytes[self.start()..end])
        {
            end -= size;
            if needle.is_at(&self.bytes[end..]) {
                begin = end;
                found += 1;
            }
        }
        begin
    }

    /// Keeps the elements before `place`, and gives the others.
    pub fn split_off(&mut self, place: Place) -> Chunk {
        let at = self.start() + place.at();
        let right = Chunk {
            bytes: self.bytes[at..].to_vec(),
            start: 0,
            len: self.len - place.index() as u32,
        };
        self.bytes.truncate(at);
        self.len -= right.len;
        self.give_back();
        right
    }

    /// Takes over the elements of another chunk, behind its own.
    pub fn append(&mut self, other: Chunk) {
        if self.len == 0 {
            *self = other;
            return;
        }
        let elements = other.pack().elements();
        self.bytes.reserve_exact(elements.len());
        self.bytes.extend_from_slice(elements);
        self.len += other.len;
    }

    /// Gives back all memory that is not used: nothing more will be added soon.
    pub fn fit(&mut self) {
        let size = self.size();
        if size_class(self.bytes.capacity()) == size_class(size) {
            return;
        }
        self.move_to(0, size);
    }

    /// Gives back memory where most is free. What it costs to copy the rest was saved by those that
    /// were removed without.
    #[inline]
    fn give_back(&mut self) {
        let (size, capacity) = (self.size(), self.bytes.capacity());
        if capacity / 4 > size && capacity - size > FREE_BYTES {
            self.move_to(0, size_class(size + size / 8));
        }
    }

    /// Gives up a part of the memory, and what is in it; `false` where it is little enough to be
    /// freed at once.
    pub fn shrink(&mut self) -> bool {
        memory::shrink(&mut self.bytes)
    }

    #[cold]
    fn make_room_back(&mut self, needed: usize, fill: Fill) {
        let (used, start) = (self.size(), self.start());
        let free = self.bytes.capacity() - used;
        if free >= needed.max(used / 8) {
            let front = ((free - needed) / 2).min(start);
            self.bytes.copy_within(start.., front);
            self.bytes.truncate(front + used);
            self.start = front as u32;
        } else if start == 0 {
            self.bytes
                .reserve_exact(grown(used + needed, fill) - self.bytes.len());
        } else {
            self.move_to(0, grown(used + needed, fill));
        }
    }

    #[cold]
    fn make_room_front(&mut self, needed: usize, fill: Fill) {
        let (used, start) = (self.size(), self.start());
        let free = self.bytes.capacity() - used;
        if free >= needed.max(used / 8) {
            let front = needed + (free - needed).div_ceil(2);
            self.bytes.resize(front + used, 0);
            self.bytes.copy_within(start..start + used, front);
            self.start = front as u32;
        } else {
            let capacity = grown(used + needed, fill);
            self.move_to(capacity - used, capacity);
        }
    }

    /// Copies the elements to new memory of this capacity, with this much free before them.
    fn move_to(&mut self, front: usize, capacity: usize) {
        let mut bytes = Vec::with_capacity(capacity);
        bytes.resize(front, 0);
        bytes.extend_from_slice(self.pack().elements());
        self.bytes = bytes;
        self.start = front as u32;
    }
}

/// The capacity for a chunk that needs this much, and will need more up to its limit: mostly the
/// next size that there is.
fn grown(needed: usize, fill: Fill) -> usize {
    size_class(needed + needed / 8).min(fill.bytes().max(needed))
}

/// The least size that an allocator has memory of, for `bytes`: multiples of 16 up to 128, then four
/// steps to each doubling (jemalloc's classes).
fn size_class(bytes: usize) -> usize {
    let step = if bytes <= 128 {
        16
    } else {
        1 << ((bytes - 1).ilog2() - 2)
    };
    bytes.next_multiple_of(step)
}

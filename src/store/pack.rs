//! A pack: a run of byte strings in one piece of memory. What Redis calls a listpack.
//!
//! A list of ten short elements as ten allocations would be mostly pointers, and every step through
//! it a cache miss. In a pack they lie one behind the other, behind whatever the owner keeps in the
//! same allocation (the *head*: an entry's key):
//!
//! ```text
//!   bytes: Box<[u8]>
//!   ┌───────────┬───────────┬──────────┬──────────┬─────┬──────────┐
//!   │ head: key │ how many  │ element  │ element  │ ... │ element  │
//!   └───────────┴───────────┴──────────┴──────────┴─────┴──────────┘
//!                4 bytes     [`element`] tells how one is written
//! ```
//!
//! It is walked from either side and searched by comparing bytes; an edit in the middle moves what
//! comes behind it. That is quick as long as a pack is small, a few thousand bytes, and it is the
//! owner's part to see to that.
//!
//! [`Pack`] reads, [`PackMut`] edits. The memory is always exactly as long as what is in it, and one
//! edit is one reallocation, however many elements it adds.

pub(in crate::store) mod element;

pub use element::Item;

use super::memory;
use element::{Encoded, decode, size_at, size_before};
use std::ops::Range;

/// Bytes that an element of so many takes in a pack, at the most.
#[inline]
pub(super) fn max_size(len: usize) -> usize {
    len + element::max_frame(len)
}

/// Bytes of the number of elements, which stands before them.
const COUNT_LEN: usize = size_of::<u32>();

/// Where an element is: true until the pack is changed before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    index: usize,
    at: usize,
}

impl Place {
    /// Bytes of the elements before it.
    #[inline]
    pub(super) fn at(self) -> usize {
        self.at
    }

    /// The element's number, from 0 on.
    #[must_use]
    pub fn index(self) -> usize {
        self.index
    }
}

/// A pack to be read.
#[derive(Debug, Clone, Copy)]
pub struct Pack<'a> {
    elements: &'a [u8],
    len: usize,
}

impl<'a> Pack<'a> {
    /// The pack that `bytes` are: what [`PackMut`] wrote, without the head.
    #[inline]
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Pack<'a> {
        match bytes.split_first_chunk() {
            Some((count, elements)) => Pack {
                elements,
                len: u32::from_le_bytes(*count) as usize,
            },
            None => Pack {
                elements: &[],
                len: 0,
            },
        }
    }

    /// A pack whose number of elements is kept elsewhere.
    #[inline]
    pub(super) fn from_parts(elements: &'a [u8], len: usize) -> Pack<'a> {
        Pack { elements, len }
    }

    /// The elements as they lie there.
    #[inline]
    pub(super) fn elements(self) -> &'a [u8] {
        self.elements
    }

    /// How many elements there are. No walk.
    #[inline]
    #[must_use]
    pub fn len(self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[inline]
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Bytes that the pack takes in memory, with its count.
    #[must_use]
    pub fn bytes_len(self) -> usize {
        COUNT_LEN + self.elements.len()
    }

    /// The place of the first element, or the end of an empty pack.
    #[inline]
    #[must_use]
    pub fn first(self) -> Place {
        Place { index: 0, at: 0 }
    }

    /// The place behind the last element, where there is none yet.
    #[inline]
    #[must_use]
    pub fn end(self) -> Place {
        Place {
            index: self.len,
            at: self.elements.len(),
        }
    }

    /// The place of the element of this number; walks from whichever side is nearer.
    #[must_use]
    pub fn place(self, index: usize) -> Option<Place> {
        if index >= self.len {
            return None;
        }
        if index <= self.len / 2 {
            let mut place = self.first();
            while place.index < index {
                place = self.next(place)?;
            }
            Some(place)
        } else {
            let mut place = self.end();
            while place.index > index {
                place = self.previous(place)?;
            }
            Some(place)
        }
    }

    /// The place behind this one, which may be the end; `None` at the end.
    #[inline]
    #[must_use]
    pub fn next(self, place: Place) -> Option<Place> {
        let size = size_at(self.elements.get(place.at..)?)?;
        Some(Place {
            index: place.index + 1,
            at: place.at + size,
        })
    }

    /// The place before this one; `None` at the first.
    #[inline]
    #[must_use]
    pub fn previous(self, place: Place) -> Option<Place> {
        let size = size_before(self.elements.get(..place.at)?)?;
        Some(Place {
            index: place.index.checked_sub(1)?,
            at: place.at.checked_sub(size)?,
        })
    }

    /// The place this many elements further on, which may be the end.
    #[must_use]
    pub fn skip(self, place: Place, count: usize) -> Option<Place> {
        let mut place = place;
        for _ in 0..count {
            place = self.next(place)?;
        }
        Some(place)
    }

    /// The element at a place; `None` at the end.
    #[inline]
    #[must_use]
    pub fn item(self, place: Place) -> Option<Item<'a>> {
        decode(self.elements.get(place.at..)?).map(|(item, _)| item)
    }

    /// The element of this number, from 0 on.
    #[must_use]
    pub fn get(self, index: usize) -> Option<Item<'a>> {
        self.item(self.place(index)?)
    }

    /// The element of this number counted from behind: 0 is the last one.
    #[must_use]
    pub fn get_back(self, index: usize) -> Option<Item<'a>> {
        self.get(self.len.checked_sub(index)?.checked_sub(1)?)
    }

    /// Every element, from either side.
    #[inline]
    #[must_use]
    pub fn iter(self) -> Iter<'a> {
        Iter {
            elements: self.elements,
            left: self.len,
        }
    }

    /// The elements from this number on; none where there are not so many.
    #[must_use]
    pub fn iter_from(self, index: usize) -> Iter<'a> {
        let place = self.place(index).unwrap_or(self.end());
        Iter {
            elements: self.elements.get(place.at..).unwrap_or_default(),
            left: self.len - place.index,
        }
    }

    /// The elements before this number, or all where there are not so many.
    #[must_use]
    pub fn iter_to(self, index: usize) -> Iter<'a> {
        let place = self.place(index).unwrap_or(self.end());
        Iter {
            elements: self.elements.get(..place.at).unwrap_or_default(),
            left: place.index,
        }
    }

    /// `count` elements from this number on, or as many as there are, from either side of them.
    #[must_use]
    pub fn range_iter(self, index: usize, count: usize) -> Iter<'a> {
        let place = self.place(index).unwrap_or(self.end());
        let left = count.min(self.len - place.index);
        Iter {
            elements: self
                .elements
                .get(self.range(place, left))
                .unwrap_or_default(),
            left,
        }
    }

    /// The first element of every `step` that is this byte string: with a step of 2, among the
    /// elements 0, 2, 4 ..., which are the fields where a hash is packed.
    ///
    /// Integers are not formatted for it: the needle is encoded once, and bytes are compared.
    #[must_use]
    pub fn find(self, needle: &[u8], step: usize) -> Option<Place> {
        let needle = Encoded::new(needle);
        let mut place = self.first();
        while place.index < self.len {
            if needle.is_at(self.elements.get(place.at..)?) {
                return Some(place);
            }
            place = self.skip(place, step.max(1))?;
        }
        None
    }

    /// Where the elements from `place` on end, `count` of them or as many as there are.
    pub(super) fn range(self, place: Place, count: usize) -> Range<usize> {
        let count = count.min(self.len.saturating_sub(place.index));
        let end = if place.index + count == self.len {
            self.end()
        } else {
            self.skip(place, count)
                .expect("a pack has as many elements as it counts")
        };
        place.at..end.at
    }
}

impl<'a> IntoIterator for Pack<'a> {
    type Item = Item<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The elements of a pack, in order or backward.
#[derive(Debug, Clone)]
pub struct Iter<'a> {
    elements: &'a [u8],
    left: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        if self.left == 0 {
            return None;
        }
        let (item, size) = decode(self.elements)?;
        self.elements = self.elements.get(size..)?;
        self.left -= 1;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<'a> DoubleEndedIterator for Iter<'a> {
    #[inline]
    fn next_back(&mut self) -> Option<Item<'a>> {
        if self.left == 0 {
            return None;
        }
        let at = self
            .elements
            .len()
            .checked_sub(size_before(self.elements)?)?;
        let (rest, last) = self.elements.split_at(at);
        self.elements = rest;
        self.left -= 1;
        decode(last).map(|(item, _)| item)
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// A pack to be edited, behind a head that stays as it is.
#[derive(Debug)]
pub struct PackMut<'a> {
    bytes: &'a mut Box<[u8]>,
    head: usize,
}

impl<'a> PackMut<'a> {
    /// The pack that lies in `bytes` behind the first `head` ones.
    ///
    /// # Panics
    ///
    /// Where there is none: [`init`](PackMut::init) makes it.
    #[must_use]
    pub fn new(bytes: &'a mut Box<[u8]>, head: usize) -> PackMut<'a> {
        assert!(
            bytes.len() >= head + COUNT_LEN,
            "a pack was made behind the head"
        );
        PackMut { bytes, head }
    }

    /// Makes an empty pack behind the first `head` of `bytes`, in place of whatever lay there.
    ///
    /// # Panics
    ///
    /// Where the head is longer than `bytes`.
    #[must_use]
    pub fn init(bytes: &'a mut Box<[u8]>, head: usize) -> PackMut<'a> {
        assert!(bytes.len() >= head, "the head is there before the pack");
        let end = bytes.len();
        memory::resize_exact(bytes, head..end, COUNT_LEN);
        bytes[head..].fill(0);
        PackMut { bytes, head }
    }

    /// The pack, to be read.
    #[inline]
    #[must_use]
    pub fn as_pack(&self) -> Pack<'_> {
        Pack::new(&self.bytes[self.head..])
    }

    /// Adds an element before all others.
    pub fn push_front(&mut self, element: &[u8]) {
        self.insert(self.as_pack().first(), element);
    }

    /// Adds an element behind all others.
    pub fn push_back(&mut self, element: &[u8]) {
        self.insert(self.as_pack().end(), element);
    }

    /// Adds several elements behind all others, in their order.
    pub fn extend_back(&mut self, elements: &[&[u8]]) {
        self.splice(self.as_pack().end(), 0, elements);
    }

    /// Adds an element before the one at `place`, which may be the end. The place is then the new one's.
    pub fn insert(&mut self, place: Place, element: &[u8]) {
        self.splice_encoded(place, 0, std::iter::once(Encoded::new(element)));
    }

    /// Removes the element at `place`. The place is then that of the next one, or the end.
    pub fn remove(&mut self, place: Place) {
        self.splice(place, 1, &[]);
    }

    /// Removes `count` elements from a number on, or as many as there are.
    pub fn remove_range(&mut self, index: usize, count: usize) {
        if let Some(place) = self.as_pack().place(index) {
            self.splice(place, count, &[]);
        }
    }

    /// Puts an element in the place of another, or behind the last one where `place` is the end.
    pub fn replace(&mut self, place: Place, element: &[u8]) {
        self.splice_encoded(place, 1, std::iter::once(Encoded::new(element)));
    }

    /// Puts `elements` in the place of `removed` others (or of as many as there are), beginning with
    /// the one at `place`: every edit is one of these, and a single reallocation at the most.
    pub fn splice(&mut self, place: Place, removed: usize, elements: &[&[u8]]) {
        self.splice_iter(place, removed, elements.iter().copied());
    }

    /// The same with elements that need not lie side by side.
    pub(super) fn splice_iter<'e>(
        &mut self,
        place: Place,
        removed: usize,
        elements: impl Iterator<Item = &'e [u8]> + Clone,
    ) {
        self.splice_encoded(place, removed, elements.map(Encoded::new));
    }

    /// The same with elements that are items already.
    pub fn splice_items(&mut self, place: Place, removed: usize, items: &[Item]) {
        let encoded = items.iter().map(|item| Encoded::of(*item));
        self.splice_encoded(place, removed, encoded);
    }

    fn splice_encoded<'e>(
        &mut self,
        place: Place,
        removed: usize,
        elements: impl Iterator<Item = Encoded<'e>> + Clone,
    ) {
        let pack = self.as_pack();
        let range = pack.range(place, removed);
        let (added, size) = elements
            .clone()
            .fold((0, 0), |(n, size), element| (n + 1, size + element.size()));
        let len = pack.len() - removed.min(pack.len() - place.index) + added;
        let start = self.head + COUNT_LEN;
        memory::resize_exact(self.bytes, start + range.start..start + range.end, size);
        let mut room = &mut self.bytes[start + range.start..][..size];
        for element in elements {
            room = element.write(room);
        }
        let len = u32::try_from(len).expect("a pack has fewer elements than 2^32");
        self.bytes[self.head..start].copy_from_slice(&len.to_le_bytes());
    }
}

#[cfg(test)]
pub(in crate::store) mod tests;

//! Walking a list from either end, beginning anywhere.

use super::List;
use crate::store::pack::{self, Item};
use std::ops::Range;

/// Elements of a list, in order or backward.
///
/// Either end is looked up when it is first asked for, so whoever walks from one never pays for the
/// other.
#[derive(Debug, Clone)]
pub struct Iter<'a> {
    list: &'a List,
    left: Range<usize>,
    front: Option<Walk<'a>>,
    back: Option<Walk<'a>>,
}

/// One end of the walk: a chunk, and what of it is still to come.
#[derive(Debug, Clone)]
struct Walk<'a> {
    chunk: usize,
    items: pack::Iter<'a>,
}

impl<'a> Iter<'a> {
    pub(super) fn new(list: &'a List, range: Range<usize>) -> Iter<'a> {
        let end = range.end.min(list.len());
        Iter {
            list,
            left: range.start.min(end)..end,
            front: None,
            back: None,
        }
    }

    #[cold]
    fn begin(list: &'a List, index: usize) -> Option<Walk<'a>> {
        let (chunk, offset) = list.locate(index)?;
        let items = list.chunks.get(chunk)?.pack().iter_from(offset);
        Some(Walk { chunk, items })
    }

    /// The walk backward whose first element is that before `index`.
    #[cold]
    fn begin_back(list: &'a List, index: usize) -> Option<Walk<'a>> {
        let (chunk, offset) = list.locate(index.checked_sub(1)?)?;
        let items = list.chunks.get(chunk)?.pack().iter_to(offset + 1);
        Some(Walk { chunk, items })
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        if self.left.is_empty() {
            return None;
        }
        if self.front.is_none() {
            self.front = Iter::begin(self.list, self.left.start);
        }
        let walk = self.front.as_mut()?;
        loop {
            if let Some(item) = walk.items.next() {
                self.left.start += 1;
                return Some(item);
            }
            walk.chunk += 1;
            walk.items = self.list.chunks.get(walk.chunk)?.pack().iter();
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left.len(), Some(self.left.len()))
    }

    /// Chunk by chunk, so that the step to the next element does not ask whether there is one.
    #[inline]
    fn fold<B, F: FnMut(B, Item<'a>) -> B>(mut self, init: B, mut fold: F) -> B {
        let mut result = init;
        if let Some(first) = self.next() {
            result = fold(result, first);
        }
        let Some(mut walk) = self.front else {
            return result;
        };
        let mut left = self.left.len();
        loop {
            let here = left.min(walk.items.len());
            result = walk.items.take(here).fold(result, &mut fold);
            left -= here;
            walk.chunk += 1;
            let next = self.list.chunks.get(walk.chunk).filter(|_| left > 0);
            let Some(chunk) = next else { return result };
            walk.items = chunk.pack().iter();
        }
    }
}

impl<'a> DoubleEndedIterator for Iter<'a> {
    #[inline]
    fn next_back(&mut self) -> Option<Item<'a>> {
        if self.left.is_empty() {
            return None;
        }
        if self.back.is_none() {
            self.back = Iter::begin_back(self.list, self.left.end);
        }
        let walk = self.back.as_mut()?;
        loop {
            if let Some(item) = walk.items.next_back() {
                self.left.end -= 1;
                return Some(item);
            }
            walk.chunk = walk.chunk.checked_sub(1)?;
            walk.items = self.list.chunks.get(walk.chunk)?.pack().iter();
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

//! An intset: a set of integers, sorted, in one piece of memory.
//!
//! ```text
//!   bytes: Box<[u8]>
//!   ┌───────────┬───────┬──────┬──────┬──────┬─────┬──────┐
//!   │ head: key │ width │  -5  │   3  │  17  │ ... │ 2900 │    2 bytes each, little-endian
//!   └───────────┴───────┴──────┴──────┴──────┴─────┴──────┘
//!                1 byte: 2, 4 or 8
//! ```
//!
//! A hash table has a slot, a tag and an allocation for each member: 40 bytes and more for a number
//! below 32768, which takes two here. There is nothing beside the numbers: how many they are follows
//! from the length, and where one is from its value, by halving. For 512 members, Redis's default
//! border, that is nine comparisons, and an insert moves one or two thousand bytes on the average.
//!
//! The width is that of the widest member there has been. When a wider one comes, all are written
//! anew; it is smaller or greater than every other, so its place is the first or the last. Nothing
//! makes the width small again: a set that had one wide member may get another.

use super::memory;

/// Bytes of the width, which stands before the integers.
const WIDTH_LEN: usize = 1;

/// The width of an empty set.
const NARROWEST: usize = 2;

/// An intset to be read.
#[derive(Debug, Clone, Copy)]
pub struct IntSet<'a> {
    width: usize,
    values: &'a [u8],
}

impl<'a> IntSet<'a> {
    /// The set that `bytes` are: what [`IntSetMut`] wrote, without the head.
    #[inline]
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> IntSet<'a> {
        match bytes {
            [width @ (2 | 4 | 8), values @ ..] => IntSet {
                width: usize::from(*width),
                values,
            },
            _ => IntSet {
                width: NARROWEST,
                values: &[],
            },
        }
    }

    /// How many integers there are. No walk.
    #[inline]
    #[must_use]
    pub fn len(self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there is none.
    #[inline]
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.values.is_empty()
    }

    /// Bytes that the set takes in memory, with its width.
    #[must_use]
    pub fn bytes_len(self) -> usize {
        WIDTH_LEN + self.values.len()
    }

    /// The integer of this number in ascending order, from 0 on.
    #[inline]
    #[must_use]
    pub fn get(self, index: usize) -> Option<i64> {
        let rest = self.values.get(index.checked_mul(self.width)?..)?;
        Some(match self.width {
            2 => i64::from(i16::from_le_bytes(*rest.first_chunk()?)),
            4 => i64::from(i32::from_le_bytes(*rest.first_chunk()?)),
            _ => i64::from_le_bytes(*rest.first_chunk()?),
        })
    }

    /// Whether `value` is a member.
    #[must_use]
    pub fn contains(self, value: i64) -> bool {
        self.position(value).is_ok()
    }

    /// The number of `value` in ascending order; as an error the one that it would have.
    ///
    /// # Errors
    ///
    /// Where `value` is no member.
    pub fn position(self, value: i64) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.get(middle) {
                Some(found) if found < value => low = middle + 1,
                Some(found) if found == value => return Ok(middle),
                _ => high = middle,
            }
        }
        Err(low)
    }

    /// The integers in ascending order, from either side.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = i64> + ExactSizeIterator + Clone + 'a {
        self.values
            .chunks_exact(self.width)
            .map(|bytes| match bytes {
                [a, b] => i64::from(i16::from_le_bytes([*a, *b])),
                [a, b, c, d] => i64::from(i32::from_le_bytes([*a, *b, *c, *d])),
                _ => bytes.try_into().map_or(0, i64::from_le_bytes),
            })
    }
}

/// An intset to be edited, behind a head that stays as it is.
#[derive(Debug)]
pub struct IntSetMut<'a> {
    bytes: &'a mut Box<[u8]>,
    head: usize,
}

impl<'a> IntSetMut<'a> {
    /// The set that lies in `bytes` behind the first `head` ones.
    ///
    /// # Panics
    ///
    /// Where there is none: [`init`](IntSetMut::init) makes it.
    #[must_use]
    pub fn new(bytes: &'a mut Box<[u8]>, head: usize) -> IntSetMut<'a> {
        assert!(bytes.len() > head, "an intset was made behind the head");
        IntSetMut { bytes, head }
    }

    /// Makes an empty set behind the first `head` of `bytes`, in place of whatever lay there.
    ///
    /// # Panics
    ///
    /// Where the head is longer than `bytes`.
    #[must_use]
    pub fn init(bytes: &'a mut Box<[u8]>, head: usize) -> IntSetMut<'a> {
        assert!(bytes.len() >= head, "the head is there before the set");
        let end = bytes.len();
        memory::resize_exact(bytes, head..end, WIDTH_LEN);
        bytes[head] = NARROWEST as u8;
        IntSetMut { bytes, head }
    }

    /// The set, to be read.
    #[inline]
    #[must_use]
    pub fn as_set(&self) -> IntSet<'_> {
        IntSet::new(&self.bytes[self.head..])
    }

    /// Adds `value`; `false` where it is a member already.
    pub fn insert(&mut self, value: i64) -> bool {
        let width = self.as_set().width;
        let needed = width_of(value);
        if needed > width {
            self.widen(needed);
        }
        let set = self.as_set();
        let (width, Err(index)) = (set.width, set.position(value)) else {
            return false;
        };
        let at = self.head + WIDTH_LEN + index * width;
        memory::resize_exact(self.bytes, at..at, width);
        self.bytes[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
        true
    }

    /// Removes `value`; `false` where it is no member.
    pub fn remove(&mut self, value: i64) -> bool {
        match self.as_set().position(value) {
            Ok(index) => {
                self.remove_at(index);
                true
            }
            Err(_) => false,
        }
    }

    /// Removes the integer of this number in ascending order, and gives it back.
    pub fn remove_at(&mut self, index: usize) -> Option<i64> {
        let set = self.as_set();
        let (value, width) = (set.get(index)?, set.width);
        let at = self.head + WIDTH_LEN + index * width;
        memory::resize_exact(self.bytes, at..at + width, 0);
        Some(value)
    }

    /// Keeps those integers of which `keep`, asked in ascending order, says so: one pass, whatever
    /// becomes of how many.
    pub fn retain(&mut self, mut keep: impl FnMut(i64) -> bool) {
        let (width, len) = (self.as_set().width, self.as_set().len());
        let start = self.head + WIDTH_LEN;
        let mut kept = 0;
        for index in 0..len {
            if self.as_set().get(index).is_some_and(&mut keep) {
                let from = start + index * width;
                self.bytes
                    .copy_within(from..from + width, start + kept * width);
                kept += 1;
            }
        }
        memory::resize_exact(self.bytes, start + kept * width..start + len * width, 0);
    }

    /// Writes every integer anew, with more bytes each.
    fn widen(&mut self, width: usize) {
        let set = self.as_set();
        let mut wide = Vec::with_capacity(self.head + WIDTH_LEN + set.len() * width);
        wide.extend_from_slice(&self.bytes[..self.head]);
        wide.push(width as u8);
        for value in set.iter() {
            wide.extend_from_slice(&value.to_le_bytes()[..width]);
        }
        *self.bytes = wide.into_boxed_slice();
    }
}

/// How many bytes an integer takes: 2, 4 or 8.
fn width_of(value: i64) -> usize {
    if i16::try_from(value).is_ok() {
        2
    } else if i32::try_from(value).is_ok() {
        4
    } else {
        8
    }
}

#[cfg(test)]
mod tests;

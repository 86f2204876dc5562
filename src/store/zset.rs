//! Sorted sets: members, each once, in the order of their scores.
//!
//! ```text
//!   packed   ┌─────┬────────┬───────┬────────┬───────┐
//!            │ key │ member │ score │ member │ score │        one allocation, in order: see [`packed`]
//!            └─────┴────────┴───────┴────────┴───────┘
//!
//!   large    Zset: a table that finds a member, and a tree that finds a rank: see [`large`]
//! ```
//!
//! Every question about a sorted set comes down to *ranks*, the numbers of its elements in order,
//! from 0 on. The elements between two scores are those from the rank of the one to the rank of the
//! other; how many there are is their difference; the lowest ten are the ranks 0 to 10, and the
//! highest ten are the last. So the two forms have to know no more than how to find the rank of a score
//! or of a member, and how to walk from a rank in either direction:
//!
//! ```text
//!    rank     0      1      2      3      4
//!    score   1.0    2.5    2.5    4.0    7.0          2.5 <= score <= 5: the ranks 1..4
//!                 ▲                    ▲
//!                 rank_of_score(2.5,   rank_of_score(5.0,
//!                               Before)              After)
//! ```
//!
//! Up to a hundred elements or so the packed form needs nothing but a walk from the first on. Beyond,
//! a structure that knows the ranks in it finds each of these in a few steps.

pub mod large;
pub mod packed;
#[cfg(test)]
mod tests;

use super::entry::{Contents, ContentsMut, Entry, Home};
use super::form::Form;
use super::pack::{Item, Pack, PackMut};
use super::packing::{MAX_PACKED_BYTES, Packing};
use super::table::Cursor;
use super::value::Value;
pub use large::Zset;
use packed::{Packed, Pairs};
use std::cmp::Ordering;
use std::ops::Range;

/// Which side of a score, or of a member, a rank is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The rank of the first element that is not below it: equal ones come after.
    Before,
    /// The rank of the first element above it: equal ones come before.
    After,
}

/// A sorted set to be read.
#[derive(Debug, Clone, Copy)]
pub enum ZsetRef<'a> {
    /// A few elements.
    Packed(Packed<'a>),
    /// Many.
    Large(&'a Zset),
}

/// A sorted set to be changed.
///
/// A score is never NaN. -0 is equal to 0: who gives an element the one where it has the other changes
/// nothing. A packed set keeps 0 for -0, a large one keeps -0, as in Redis.
#[derive(Debug)]
pub struct ZsetMut<'a> {
    home: Home<'a>,
}

impl Entry {
    /// The value, where it is a sorted set.
    #[inline]
    #[must_use]
    pub fn as_zset(&self) -> Option<ZsetRef<'_>> {
        ZsetRef::of(self.contents())
    }

    /// The value to be changed, where it is a sorted set.
    #[inline]
    pub fn as_zset_mut(&mut self) -> Option<ZsetMut<'_>> {
        self.as_zset()?;
        Some(ZsetMut { home: self.home() })
    }
}

impl<'a> ZsetRef<'a> {
    #[inline]
    fn of(contents: Contents<'a>) -> Option<ZsetRef<'a>> {
        match contents {
            Contents::Packed(Form::Zset, bytes) => {
                Some(ZsetRef::Packed(Packed::new(Pack::new(bytes))))
            }
            Contents::Large(Value::Zset(zset)) => Some(ZsetRef::Large(zset)),
            _ => None,
        }
    }

    /// How many elements there are.
    #[inline]
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            ZsetRef::Packed(set) => set.len(),
            ZsetRef::Large(zset) => zset.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The score of a member.
    #[must_use]
    pub fn score(self, member: &[u8]) -> Option<f64> {
        match self {
            ZsetRef::Packed(set) => set.find(member).map(|(score, _)| score),
            ZsetRef::Large(zset) => zset.score(member),
        }
    }

    /// How many elements come before a member.
    #[must_use]
    pub fn rank(self, member: &[u8]) -> Option<usize> {
        match self {
            ZsetRef::Packed(set) => set.find(member).map(|(_, rank)| rank),
            ZsetRef::Large(zset) => zset.rank(member),
        }
    }

    /// The element of a rank.
    #[must_use]
    pub fn get(self, rank: usize) -> Option<(Item<'a>, f64)> {
        self.range(rank..rank.saturating_add(1)).next()
    }

    /// The elements of these ranks, in order, from either end. What is beyond the end is not there;
    /// where the range ends before it starts, there are none.
    #[must_use]
    pub fn range(self, ranks: Range<usize>) -> Elements<'a> {
        Elements(match self {
            ZsetRef::Packed(set) => Walk::Packed(set.range(ranks)),
            ZsetRef::Large(zset) => Walk::Large(zset.range(ranks)),
        })
    }

    /// Every element in order.
    #[must_use]
    pub fn iter(self) -> Elements<'a> {
        self.range(0..self.len())
    }

    /// How many elements have a score below `bound`, and with [`Side::After`], equal ones too.
    #[must_use]
    pub fn rank_of_score(self, bound: f64, side: Side) -> usize {
        match (self, side) {
            (ZsetRef::Packed(set), Side::Before) => set.count(|score, _| score < bound),
            (ZsetRef::Packed(set), Side::After) => set.count(|score, _| score <= bound),
            (ZsetRef::Large(zset), side) => zset.rank_of_score(bound, side),
        }
    }

    /// How many elements have a member below `bound`, and with [`Side::After`], an equal one too.
    ///
    /// It means something only where all scores are equal; otherwise it is some number that is not
    /// above the length.
    #[must_use]
    pub fn rank_of_member(self, bound: &[u8], side: Side) -> usize {
        let last = match side {
            Side::Before => Ordering::Less,
            Side::After => Ordering::Equal,
        };
        match self {
            ZsetRef::Packed(set) => set.count(|_, member| member.cmp_bytes(bound) <= last),
            ZsetRef::Large(zset) => zset.rank_of_member(bound, side),
        }
    }

    /// Visits a page of about `count` elements; see [`Table::scan`](super::Table::scan). A packed set
    /// is one page, in order.
    pub fn scan(
        self,
        cursor: Cursor,
        count: usize,
        mut visit: impl FnMut(Item<'a>, f64),
    ) -> Cursor {
        match self {
            ZsetRef::Packed(_) => {
                self.iter().for_each(|(member, score)| visit(member, score));
                0
            }
            ZsetRef::Large(zset) => zset.scan(cursor, count, |member, score| {
                visit(Item::Bytes(member), score);
            }),
        }
    }

    /// An element, each as likely as any other; `random(n)` gives a number below `n`.
    pub fn random(self, mut random: impl FnMut(usize) -> usize) -> Option<(Item<'a>, f64)> {
        match self {
            ZsetRef::Packed(set) if set.is_empty() => None,
            ZsetRef::Packed(set) => self.get(random(set.len())),
            ZsetRef::Large(zset) => zset
                .random(random)
                .map(|(member, score)| (Item::Bytes(member), score)),
        }
    }
}

impl ZsetMut<'_> {
    /// The set, to be read.
    #[inline]
    #[must_use]
    pub fn as_ref(&self) -> ZsetRef<'_> {
        ZsetRef::of(self.home.contents()).expect("the home of a sorted set holds one")
    }

    /// Whether there is no element (left).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_ref().is_empty()
    }

    /// Says that the set is going to have so many elements, the longest member of so many bytes: who
    /// fills a set that will not be packed in the end need not pack it first.
    pub fn prepare_for(&mut self, len: usize, longest: usize, packing: &Packing) {
        if len > packing.zset_entries || longest > packing.zset_bytes {
            self.enlarge(packing);
        }
    }

    /// Adds a member, or gives it another score. Gives the score that it had.
    ///
    /// # Panics
    /// When the score is NaN.
    pub fn insert(&mut self, member: &[u8], score: f64, packing: &Packing) -> Option<f64> {
        self.update(member, packing, |_| Some(score))
    }

    /// Lets `decide` see a member's score, and gives it the one that it answers: `None` leaves
    /// everything as it is. Gives the score that it had.
    ///
    /// # Panics
    /// When the new score is NaN.
    pub fn update(
        &mut self,
        member: &[u8],
        packing: &Packing,
        decide: impl FnOnce(Option<f64>) -> Option<f64>,
    ) -> Option<f64> {
        let set = match self.as_ref() {
            ZsetRef::Large(_) => return self.large().update(member, decide),
            ZsetRef::Packed(set) => set,
        };
        let old = set.find(member).map(|(score, _)| score);
        let len = set.len();
        let Some(score) = decide(old) else {
            return old;
        };
        assert!(!score.is_nan(), "commands refuse scores that are no number");
        match old {
            Some(old) if old == score => return Some(old),
            Some(_) => {}
            None => self.prepare_for(len + 1, member.len(), packing),
        }
        match self.home.contents_mut() {
            ContentsMut::Packed(_, tail) => {
                let mut pack = PackMut::new(tail.bytes, tail.head);
                packed::set(&mut pack, member, score);
                if pack.as_pack().bytes_len() > MAX_PACKED_BYTES {
                    self.enlarge(packing);
                }
            }
            ContentsMut::Large(_) => {
                self.large().insert(member, score);
            }
        }
        old
    }

    /// Removes a member. Gives the score that it had.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        match self.home.contents_mut() {
            ContentsMut::Packed(_, tail) => {
                packed::remove(&mut PackMut::new(tail.bytes, tail.head), member)
            }
            ContentsMut::Large(_) => self.large().remove(member),
        }
    }

    /// Removes the elements of these ranks. Gives what is too much to be freed at once.
    #[must_use]
    pub fn remove_ranks(&mut self, ranks: Range<usize>, packing: &Packing) -> Option<Value> {
        if let ZsetRef::Large(_) = self.as_ref() {
            let old = self.large().remove_ranks(ranks, packing.seed)?;
            return Some(Value::Zset(Box::new(old)));
        }
        if let ContentsMut::Packed(_, tail) = self.home.contents_mut() {
            packed::remove_ranks(&mut PackMut::new(tail.bytes, tail.head), ranks);
        }
        None
    }

    /// The large set that is here.
    fn large(&mut self) -> &mut Zset {
        match self.home.contents_mut() {
            ContentsMut::Large(Value::Zset(zset)) => zset,
            _ => unreachable!("who calls this has seen that the set is large"),
        }
    }

    /// Makes a packed set a large one.
    #[cold]
    fn enlarge(&mut self, packing: &Packing) {
        let ZsetRef::Packed(set) = self.as_ref() else {
            return;
        };
        let mut zset = Zset::new(packing.seed);
        for (member, score) in set.range(0..set.len()) {
            member.with_bytes(|member| zset.insert(member, score));
        }
        self.home.enlarge(Value::Zset(Box::new(zset)));
    }
}

/// A walk over elements of consecutive ranks, from either end; see [`ZsetRef::range`].
#[derive(Debug, Clone)]
pub struct Elements<'a>(Walk<'a>);

#[derive(Debug, Clone)]
enum Walk<'a> {
    Packed(Pairs<'a>),
    Large(large::Elements<'a>),
}

impl<'a> Iterator for Elements<'a> {
    type Item = (Item<'a>, f64);

    #[inline]
    fn next(&mut self) -> Option<(Item<'a>, f64)> {
        match &mut self.0 {
            Walk::Packed(pairs) => pairs.next(),
            Walk::Large(elements) => elements.next().map(of_bytes),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = match &self.0 {
            Walk::Packed(pairs) => pairs.len(),
            Walk::Large(elements) => elements.len(),
        };
        (len, Some(len))
    }
}

impl<'a> DoubleEndedIterator for Elements<'a> {
    #[inline]
    fn next_back(&mut self) -> Option<(Item<'a>, f64)> {
        match &mut self.0 {
            Walk::Packed(pairs) => pairs.next_back(),
            Walk::Large(elements) => elements.next_back().map(of_bytes),
        }
    }
}

impl ExactSizeIterator for Elements<'_> {}

fn of_bytes((member, score): (&[u8], f64)) -> (Item<'_>, f64) {
    (Item::Bytes(member), score)
}

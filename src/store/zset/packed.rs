//! A packed sorted set: members and scores in turn, in order.
//!
//! ```text
//!   member   score   member   score   member   score
//!   "bert"     1     "anna"    2.5    "carl"    2.5       by score, equal ones by the members' bytes
//! ```
//!
//! A score that is an integer is kept as one, in a byte or two mostly. Any other is the bytes of the
//! double, the highest first and without the zeros at its end: the fractions that people use have
//! many of those.
//!
//! ```text
//!   2.5 = 0x4004_0000_0000_0000   ──▶  40 04
//!   0.1 = 0x3fb9_9999_9999_999a   ──▶  3f b9 99 99 99 99 99 9a
//! ```
//!
//! In a pack, bytes that read as an integer are that integer, and 0x3330 is `30`: such bytes get a zero
//! more at their end, which the reader does not see.

use crate::number::parse_i64;
use crate::store::pack::{self, Item, Pack, PackMut, Place};
use std::cmp::Ordering;
use std::ops::Range;

/// Bytes of a double, and the zero that may come behind it.
const MAX_SCORE_LEN: usize = size_of::<f64>() + 1;

/// A packed sorted set, to be read.
#[derive(Debug, Clone, Copy)]
pub struct Packed<'a> {
    pack: Pack<'a>,
}

impl<'a> Packed<'a> {
    /// The set that lies in a pack.
    #[inline]
    pub(super) fn new(pack: Pack<'a>) -> Packed<'a> {
        Packed { pack }
    }

    /// How many elements there are.
    #[inline]
    #[must_use]
    pub fn len(self) -> usize {
        self.pack.len() / 2
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.pack.is_empty()
    }

    /// Bytes that the set takes.
    #[must_use]
    pub fn bytes_len(self) -> usize {
        self.pack.bytes_len()
    }

    /// The score of a member, and its rank.
    pub(super) fn find(self, member: &[u8]) -> Option<(f64, usize)> {
        let place = self.pack.find(member, 2)?;
        let (_, score) = self.at(place)?;
        Some((score, place.index() / 2))
    }

    /// How many elements there are before the first that does not come before something.
    pub(super) fn count(self, is_before: impl Fn(f64, Item) -> bool) -> usize {
        self.first_not(is_before).index() / 2
    }

    /// The elements of these ranks, as many of them as there are.
    pub(super) fn range(self, ranks: Range<usize>) -> Pairs<'a> {
        let end = ranks.end.min(self.len());
        let start = ranks.start.min(end);
        let (first, behind) = (self.place(start), self.place(end));
        let bytes = self.pack.elements().get(first.at()..behind.at());
        let len = 2 * (end - start);
        Pairs {
            items: Pack::from_parts(bytes.unwrap_or_default(), len).iter(),
        }
    }

    /// The place of the element of a rank, or the end.
    fn place(self, rank: usize) -> Place {
        self.pack.place(2 * rank).unwrap_or(self.pack.end())
    }

    /// The element at the place of its member.
    fn at(self, place: Place) -> Option<(Item<'a>, f64)> {
        let score = self.pack.item(self.pack.next(place)?)?;
        Some((self.pack.item(place)?, score_of(score)))
    }

    /// The place of the first element that does not come before something, or the end.
    fn first_not(self, is_before: impl Fn(f64, Item) -> bool) -> Place {
        let mut place = self.pack.first();
        while let Some((member, score)) = self.at(place)
            && is_before(score, member)
        {
            place = self.pack.skip(place, 2).unwrap_or(self.pack.end());
        }
        place
    }
}

/// Gives a member a score, the first or another one.
pub(super) fn set(pack: &mut PackMut, member: &[u8], score: f64) {
    let mut buffer = [0; MAX_SCORE_LEN];
    let element = [Item::of(member), score_item(score, &mut buffer)];
    let set = Packed::new(pack.as_pack());
    let old = set.pack.find(member, 2);
    let new = set.first_not(|other, name| {
        other < score || (other == score && name.cmp_bytes(member) == Ordering::Less)
    });
    let Some(old) = old else {
        return pack.splice_items(new, 0, &element);
    };
    match new.index().cmp(&old.index()) {
        // The edit that is further behind comes first: the other place stays true.
        Ordering::Less => {
            pack.splice_items(old, 2, &[]);
            pack.splice_items(new, 0, &element);
        }
        Ordering::Greater if new.index() > old.index() + 2 => {
            pack.splice_items(new, 0, &element);
            pack.splice_items(old, 2, &[]);
        }
        _ => pack.splice_items(old, 2, &element),
    }
}

/// Removes a member. Gives the score that it had.
pub(super) fn remove(pack: &mut PackMut, member: &[u8]) -> Option<f64> {
    let place = pack.as_pack().find(member, 2)?;
    let (_, score) = Packed::new(pack.as_pack()).at(place)?;
    pack.splice_items(place, 2, &[]);
    Some(score)
}

/// Removes the elements of these ranks, as many of them as there are.
pub(super) fn remove_ranks(pack: &mut PackMut, ranks: Range<usize>) {
    let set = Packed::new(pack.as_pack());
    let end = ranks.end.min(set.len());
    let count = end.saturating_sub(ranks.start);
    let place = set.place(ranks.start.min(end));
    pack.splice_items(place, 2 * count, &[]);
}

/// A walk over the elements of a packed set, from either end.
#[derive(Debug, Clone)]
pub(super) struct Pairs<'a> {
    items: pack::Iter<'a>,
}

impl<'a> Pairs<'a> {
    pub(super) fn len(&self) -> usize {
        self.items.len() / 2
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (Item<'a>, f64);

    #[inline]
    fn next(&mut self) -> Option<(Item<'a>, f64)> {
        Some((self.items.next()?, score_of(self.items.next()?)))
    }
}

impl<'a> DoubleEndedIterator for Pairs<'a> {
    #[inline]
    fn next_back(&mut self) -> Option<(Item<'a>, f64)> {
        let score = self.items.next_back()?;
        Some((self.items.next_back()?, score_of(score)))
    }
}

/// A score as it stands in a pack; `buffer` takes the bytes of one that is no integer. -0 is 0 there,
/// as in Redis.
fn score_item(score: f64, buffer: &mut [u8; MAX_SCORE_LEN]) -> Item<'_> {
    let integer = score as i64;
    if integer as f64 == score {
        return Item::Int(integer);
    }
    let bytes = score.to_be_bytes();
    let zeros = (score.to_bits().trailing_zeros() / u8::BITS) as usize;
    let mut len = bytes.len() - zeros;
    buffer[..bytes.len()].copy_from_slice(&bytes);
    // What is behind the digits of an integer is 0 here, and makes them none.
    len += usize::from(parse_i64(&buffer[..len]).is_some());
    Item::Bytes(&buffer[..len])
}

/// The score that an item of a pack is.
#[inline]
fn score_of(item: Item) -> f64 {
    match item {
        Item::Int(integer) => integer as f64,
        Item::Bytes(bytes) => {
            let mut double = [0; size_of::<f64>()];
            let len = bytes.len().min(double.len());
            double[..len].copy_from_slice(&bytes[..len]);
            f64::from_be_bytes(double)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Entry;
    use crate::store::Kind;
    use crate::store::entry::ContentsMut;
    use proptest::prelude::*;

    fn read_back(score: f64) -> f64 {
        let mut entry = Entry::empty(b"key", Kind::Zset);
        let mut home = entry.home();
        let ContentsMut::Packed(_, tail) = home.contents_mut() else {
            panic!("an empty set is packed");
        };
        let mut pack = PackMut::new(tail.bytes, tail.head);
        set(&mut pack, b"member", score);
        let set = Packed::new(pack.as_pack());
        set.find(b"member").expect("it was added").0
    }

    proptest! {
        #[test]
        fn every_score_is_kept(bits: u64, integer: i64) {
            let score = f64::from_bits(bits);
            prop_assume!(!score.is_nan());
            prop_assert_eq!(read_back(score), score);
            prop_assert_eq!(read_back(integer as f64), integer as f64);
        }
    }

    #[test]
    fn scores_at_the_borders_are_kept() {
        let two_63 = 2f64.powi(63);
        for score in [
            f64::INFINITY,
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
            two_63,
            two_63.next_down(),
            two_63.next_up(),
            0.1,
            2.5,
        ] {
            assert_eq!(read_back(score), score);
            assert_eq!(read_back(-score), -score);
        }
        assert!(read_back(-0.0).is_sign_positive());
    }

    #[test]
    fn bytes_that_read_as_an_integer_are_kept() {
        for bytes in [*b"1\0\0\0\0\0\0\0", *b"30\0\0\0\0\0\0", *b"12345678"] {
            let score = f64::from_be_bytes(bytes);
            assert!(score.fract() != 0.0);
            assert_eq!(read_back(score), score);
            let mut buffer = [0; MAX_SCORE_LEN];
            let item = score_item(score, &mut buffer);
            assert_eq!(Item::of(&item.to_vec()), item, "its bytes are no integer");
        }
        assert_eq!(score_item(2.5, &mut [0; 9]), Item::Bytes(b"\x40\x04"));
    }
}

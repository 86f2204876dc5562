//! A large sorted set: members by hash, and the same members in order.
//!
//! ```text
//!   by hash: Table<u32>            Arena<Member>                     in order: Ordered
//!   ┌───────┬───────┬─────┐       ┌────┬───────┬──────────────┐      ┌─────────────────────┐
//!   │ names │ names │ ... │ ────▶ │  0 │  2.5  │ "anna"       │ ◀─── │  1.0   2.5   2.5    │
//!   └───────┴───────┴─────┘       │  1 │  1.0  │ "bert"       │      │   1     0     2     │
//!     4 bytes a name, 5 of        │  2 │  2.5  │ "carl"       │      └─────────────────────┘
//!     index: see `shard`          └────┴───────┴──────────────┘        12 bytes an entry
//!                                  32 bytes; up to 22 of the member lie in them
//! ```
//!
//! `ZSCORE` asks by member, `ZRANGE` asks by rank or by score, so there are two ways to find an
//! element. Its bytes are kept once, in an arena; both ways lead there by a `u32`.
//! The order is by score, then by the members' bytes. A search in it looks at scores, which the
//! ordered structure has itself, and reads members only among equal scores.
//!
//! Nothing here ever grows or shrinks all at once, and a set of a million elements is freed in
//! slices.

#[cfg(test)]
mod tests;

use super::Side;
use crate::store::arena::Arena;
use crate::store::ordered::{Entries, Ordered};
use crate::store::shard::Keys;
use crate::store::table::{Cursor, Spot, Table};
use std::ops::Range;

/// Members up to this long lie in their place in the arena.
const INLINE_MAX: usize = 22;

/// How much shorter the arena becomes, at the most, for each element that is removed, where it has
/// become sparse: more than one, so that it catches up.
const SHORTENED_BY: usize = 2;

/// When so many elements are removed at a time, and so many times what is left is not more than what there was, the
/// set is made anew of what is left: to put an element in and to take one out cost about the same.
const MANY: usize = 512;
const FEW_ARE_LEFT: usize = 2;

/// One element.
#[derive(Debug, Clone)]
struct Member {
    score: f64,
    bytes: Bytes,
}

#[derive(Debug, Clone)]
enum Bytes {
    Inline { len: u8, bytes: [u8; INLINE_MAX] },
    Boxed(Box<[u8]>),
}

impl Member {
    fn new(bytes: &[u8], score: f64) -> Member {
        let bytes = if bytes.len() <= INLINE_MAX {
            let mut inline = [0; INLINE_MAX];
            inline[..bytes.len()].copy_from_slice(bytes);
            // It is at most INLINE_MAX.
            Bytes::Inline {
                len: bytes.len() as u8,
                bytes: inline,
            }
        } else {
            Bytes::Boxed(bytes.into())
        };
        Member { score, bytes }
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Bytes::Boxed(bytes) => bytes,
        }
    }

    fn boxed_bytes(&self) -> usize {
        match &self.bytes {
            Bytes::Inline { .. } => 0,
            Bytes::Boxed(bytes) => bytes.len(),
        }
    }
}

/// All elements, by the names that the hash table and the ordered structure have for them.
type Members = Arena<Member>;

impl Keys<u32> for Members {
    #[inline]
    fn key<'a>(&'a self, id: &'a u32) -> &'a [u8] {
        self.get(*id).bytes()
    }
}

/// A sorted set; see the module's text.
///
/// A score is never NaN. -0 is equal to 0 and stays what it is: who gives an element the score that
/// it has changes nothing, as in Redis.
#[derive(Debug, Clone)]
pub struct Zset {
    members: Members,
    index: Table<u32>,
    order: Ordered,
    /// Bytes of the members that do not lie in the arena.
    boxed_bytes: usize,
}

impl Zset {
    /// An empty set whose hashes depend on `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Zset {
        Zset {
            members: Members::default(),
            index: Table::new(seed),
            order: Ordered::default(),
            boxed_bytes: 0,
        }
    }

    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The score of a member.
    #[must_use]
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        let spot = self.find(self.index.hash(member), member)?;
        Some(self.members.get(*self.index.at(spot)).score)
    }

    /// Adds a member, or gives it another score. Returns the score that it had.
    ///
    /// # Panics
    /// When the score is NaN.
    pub fn insert(&mut self, member: &[u8], score: f64) -> Option<f64> {
        self.update(member, |_| Some(score))
    }

    /// Lets `decide` see a member's score, and gives it the one that it answers: `None` leaves
    /// everything as it is. Returns the score that it had.
    ///
    /// # Panics
    /// When the new score is NaN.
    pub fn update(
        &mut self,
        member: &[u8],
        decide: impl FnOnce(Option<f64>) -> Option<f64>,
    ) -> Option<f64> {
        let hash = self.index.hash(member);
        let id = self.find(hash, member).map(|spot| *self.index.at(spot));
        let old = id.map(|id| self.members.get(id).score);
        if let Some(score) = decide(old) {
            assert!(!score.is_nan(), "commands refuse scores that are no number");
            match id {
                None => self.add(hash, member, score),
                Some(id) => self.rescore(id, score),
            }
        }
        old
    }

    /// Removes a member. Returns the score that it had.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let hash = self.index.hash(member);
        let spot = self.find(hash, member)?;
        let id = *self.index.at(spot);
        let score = self.members.get(id).score;
        let removed = self.order.remove(upto(&self.members, score, member));
        assert_eq!(removed, Some(id), "every element is in order");
        self.forget(hash, id);
        self.shorten(1);
        Some(score)
    }

    /// How many elements come before a member.
    #[must_use]
    pub fn rank(&self, member: &[u8]) -> Option<usize> {
        let score = self.score(member)?;
        Some(self.order.count(before(&self.members, score, member)))
    }

    /// The element of a rank.
    #[must_use]
    pub fn get(&self, rank: usize) -> Option<(&[u8], f64)> {
        self.range(rank..rank.saturating_add(1)).next()
    }

    /// The elements of these ranks, in order, from either end. What is beyond the end is not there;
    /// where the range ends before it starts, there are none.
    #[must_use]
    pub fn range(&self, ranks: Range<usize>) -> Elements<'_> {
        Elements {
            members: &self.members,
            entries: self.order.range(ranks),
        }
    }

    /// Every element in order.
    #[must_use]
    pub fn iter(&self) -> Elements<'_> {
        self.range(0..self.len())
    }

    /// How many elements have a score below `bound`, and with [`Side::After`], equal ones too.
    #[must_use]
    pub fn rank_of_score(&self, bound: f64, side: Side) -> usize {
        match side {
            Side::Before => self.order.count(|score, _| score < bound),
            Side::After => self.order.count(|score, _| score <= bound),
        }
    }

    /// How many elements have a member below `bound`, and with [`Side::After`], an equal one too.
    ///
    /// It means something only where all scores are equal; otherwise it is some number that is not
    /// above the length.
    #[must_use]
    pub fn rank_of_member(&self, bound: &[u8], side: Side) -> usize {
        let members = &self.members;
        match side {
            Side::Before => self.order.count(|_, id| members.get(id).bytes() < bound),
            Side::After => self.order.count(|_, id| members.get(id).bytes() <= bound),
        }
    }

    /// Removes the elements of these ranks. Where little is left the set is made anew of that, with a table of this
    /// seed, and the old one returned, to be freed in slices.
    pub fn remove_ranks(&mut self, ranks: Range<usize>, seed: u64) -> Option<Zset> {
        let end = ranks.end.min(self.len());
        let left = self.len() - end.saturating_sub(ranks.start);
        let is_worth_it = self.len() - left >= MANY;
        if !is_worth_it || left.saturating_mul(FEW_ARE_LEFT) > self.len() {
            self.take_ranks(ranks);
            return None;
        }
        let mut fresh = Zset {
            index: Table::with_room(seed, left),
            ..Zset::new(seed)
        };
        for (member, score) in self
            .range(0..ranks.start)
            .chain(self.range(end..self.len()))
        {
            fresh.append(member, score);
        }
        Some(std::mem::replace(self, fresh))
    }

    /// Removes the elements of these ranks, one by one.
    fn take_ranks(&mut self, ranks: Range<usize>) {
        let wanted = ranks.end.min(self.len()).saturating_sub(ranks.start);
        let mut removed = 0;
        let mut ids = Vec::new();
        while removed < wanted {
            let n = self
                .order
                .remove_some(ranks.start, wanted - removed, |id, _| ids.push(id));
            assert!(n > 0, "there are as many ranks as there are elements");
            for id in ids.drain(..) {
                self.forget(self.index.hash(self.members.get(id).bytes()), id);
            }
            self.shorten(n);
            removed += n;
        }
    }

    /// Visits a page of elements, and returns the cursor of the next: see [`Table::scan`].
    pub fn scan<'a>(
        &'a self,
        cursor: Cursor,
        count: usize,
        mut visit: impl FnMut(&'a [u8], f64),
    ) -> Cursor {
        self.index.scan_by(&self.members, cursor, count, |&id| {
            let member = self.members.get(id);
            visit(member.bytes(), member.score);
        })
    }

    /// An element, each as likely as any other: see [`Table::random`].
    #[must_use]
    pub fn random(&self, random: impl FnMut(usize) -> usize) -> Option<(&[u8], f64)> {
        let member = self.members.get(*self.index.random(random)?);
        Some((member.bytes(), member.score))
    }

    /// Bytes that the set takes. This looks at every shard of the hash table: a few microseconds for
    /// a million elements.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.members.heap_bytes()
            + self.index.table_bytes()
            + self.order.heap_bytes()
            + self.boxed_bytes
    }

    /// Frees a piece; `false` when nothing is left. The set must not be used for anything else
    /// after the first call.
    pub fn free_some(&mut self) -> bool {
        self.members.free_some() || self.order.free_some() || self.index.take_shard().is_some()
    }

    #[inline]
    fn find(&self, hash: u64, member: &[u8]) -> Option<Spot> {
        self.index.find_by(&self.members, hash, member)
    }

    fn add(&mut self, hash: u64, member: &[u8], score: f64) {
        let id = self.keep(hash, member, score);
        let before = before(&self.members, score, member);
        self.order.insert(score, id, before);
    }

    /// Adds a member that is not there, and that comes behind all others: its place is known without a search.
    fn append(&mut self, member: &[u8], score: f64) {
        let id = self.keep(self.index.hash(member), member, score);
        self.order.insert(score, id, |_, _| true);
    }

    /// Takes in an element that is not there, which is still to be put in order. Gives its name.
    fn keep(&mut self, hash: u64, member: &[u8], score: f64) -> u32 {
        let element = Member::new(member, score);
        self.boxed_bytes += element.boxed_bytes();
        let id = self.members.add(element);
        self.index.insert_by(&self.members, hash, id);
        id
    }

    fn rescore(&mut self, id: u32, score: f64) {
        let members = &self.members;
        let element = members.get(id);
        let (old, member) = (element.score, element.bytes());
        if old == score {
            return;
        }
        if !self.order.rescore(score, upto(members, old, member)) {
            let before = before(members, score, member);
            self.order.insert(score, id, before);
        }
        self.members.get_mut(id).score = score;
    }

    /// Removes an element that is in order no more.
    fn forget(&mut self, hash: u64, id: u32) {
        let removed = self
            .index
            .remove_by(&self.members, hash, |&other| other == id);
        assert!(removed.is_some(), "every element is in the index");
        self.boxed_bytes -= self.members.remove(id).boxed_bytes();
    }

    /// Makes the arena shorter if it has become sparse, after `n` elements were removed.
    #[inline]
    fn shorten(&mut self, n: usize) {
        for _ in 0..n * SHORTENED_BY {
            if !self.members.is_sparse() {
                break;
            }
            self.give_up_place();
        }
    }

    /// Does away with the arena's last place; whatever lies in it gets another name.
    #[cold]
    fn give_up_place(&mut self) {
        if let Some((old, new)) = self.members.next_move() {
            let element = self.members.get(old);
            let (score, member) = (element.score, element.bytes());
            self.order.rename(new, upto(&self.members, score, member));
            let spot = self.find(self.index.hash(member), member);
            *self
                .index
                .at_mut(spot.expect("every element is in the index")) = new;
        }
        self.members.shorten();
    }
}

/// Whether an entry comes before an element.
#[inline]
fn before(members: &Members, score: f64, member: &[u8]) -> impl Fn(f64, u32) -> bool {
    move |other, id| other < score || (other == score && members.get(id).bytes() < member)
}

/// Whether an entry comes before an element, or is that element.
#[inline]
fn upto(members: &Members, score: f64, member: &[u8]) -> impl Fn(f64, u32) -> bool {
    move |other, id| other < score || (other == score && members.get(id).bytes() <= member)
}

/// A walk over elements of consecutive ranks, from either end; see [`Zset::range`].
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    members: &'a Members,
    entries: Entries<'a>,
}

impl<'a> Elements<'a> {
    #[inline]
    fn element(&self, (score, id): (f64, u32)) -> (&'a [u8], f64) {
        (self.members.get(id).bytes(), score)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = (&'a [u8], f64);

    #[inline]
    fn next(&mut self) -> Option<(&'a [u8], f64)> {
        let entry = self.entries.next()?;
        Some(self.element(entry))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl<'a> DoubleEndedIterator for Elements<'a> {
    #[inline]
    fn next_back(&mut self) -> Option<(&'a [u8], f64)> {
        let entry = self.entries.next_back()?;
        Some(self.element(entry))
    }
}

impl ExactSizeIterator for Elements<'_> {}

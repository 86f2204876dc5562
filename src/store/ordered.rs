//! Scores in order, each with the name of what has it; any of them can be found by its rank.
//!
//! A sorted set is asked for the tenth element, for the rank of an element, for the number of
//! elements between two scores. An ordinary search tree would have to walk for that: it knows what
//! comes next, not how much came before. So each inner node also knows *how many* entries lie
//! below each of its children, and adding up what lies left of a descent gives a rank:
//!
//! ```text
//!                     ┌──────────────────────────┐
//!       inner         │ 1.0    5.5    9.0        │    the first entry below each child
//!                     │  3      2      4         │    how many there are below it
//!                     └──┬──────┬──────┬─────────┘
//!              ┌─────────┘      │      └──────────┐
//!       ┌──────▼──────┐  ┌──────▼──────┐  ┌───────▼────────┐
//!  leaf │ 1.0 2.5 4.0 │◀▶│ 5.5 7.0     │◀▶│ 9.0 9.0 12 20  │   scores
//!       │  a   f   b  │  │  e   c      │  │  d   h   i  g  │   names, 4 bytes each
//!       └─────────────┘  └─────────────┘  └────────────────┘
//!
//!       the rank of 12: 3 + 2 for the children left of its leaf, + 2 in the leaf = 7
//!       the entry of rank 4: not below the first (3), 4 - 3 = 1: the second below the next
//! ```
//!
//! Redis uses a skip list whose links know how many nodes they skip (W. Pugh, *A Skip List
//! Cookbook*, 1990). A search in it goes from node to node in places that have nothing to do with
//! each other, about two for each doubling of the set, forty at a million; most of them are not in
//! the processor's cache, and the node's links are most of its memory. Here, a B+ tree (R. Bayer,
//! E. McCreight, 1972; with counts, an *order statistic tree*), a search goes through four nodes of
//! up to 63 entries that lie side by side, and an entry takes 12 bytes and its share of the room
//! that is left in its leaf. Leaves are linked, so that walks in either direction need no tree.
//!
//! The structure does not know what its names stand for. Whoever asks passes a function that tells
//! of an entry whether it comes *before* what is sought. It must hold for the first entries and for
//! no other. Where it does not, the answer means nothing, but there is one.
//!
//! Every node but the last of its level has at least 16 entries. The last may have fewer, since
//! what is inserted in order leaves full nodes behind.

mod node;
#[cfg(test)]
mod tests;

use node::{Child, Item, Leaf, MIN, Nodes};
use std::ops::Range;

/// Levels of inner nodes, at the most: each divides by 16 or more, and there are fewer than 2^32
/// entries.
const MAX_HEIGHT: usize = 10;

/// Scores in order; see the module's text.
#[derive(Debug, Clone)]
pub struct Ordered {
    leaves: Nodes<()>,
    inners: Nodes<Child>,
    root: u32,
    /// How many levels of inner nodes there are: with none, the root is a leaf.
    height: usize,
    len: usize,
}

/// The way from the root to a place in a leaf.
struct Path {
    /// Inner nodes, and which child of each; the root comes first.
    steps: [(u32, usize); MAX_HEIGHT],
    leaf: u32,
    /// The place in the leaf, which may be the one after the last.
    at: usize,
}

impl Default for Ordered {
    fn default() -> Ordered {
        let mut leaves = Nodes::default();
        let root = leaves.add(Box::default());
        Ordered {
            leaves,
            inners: Nodes::default(),
            root,
            height: 0,
            len: 0,
        }
    }
}

impl Ordered {
    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many entries `is_before` is true for.
    pub fn count(&self, mut is_before: impl FnMut(f64, u32) -> bool) -> usize {
        let (mut name, mut count) = (self.root, 0);
        for _ in 0..self.height {
            let inner = self.inners.get(name);
            let slot = inner.partition(&mut is_before).saturating_sub(1);
            count += inner.count_before(slot);
            name = inner.extras()[slot].node;
        }
        count + self.leaves.get(name).partition(is_before)
    }

    /// Inserts an entry after those for which `is_before` is true.
    pub fn insert(&mut self, score: f64, id: u32, is_before: impl FnMut(f64, u32) -> bool) {
        let path = self.path_to(is_before);
        let extra = ();
        let item = Item { score, id, extra };
        let mut new = node::insert(&mut self.leaves, path.leaf, path.at, item);
        self.len += 1;
        for depth in (0..self.height).rev() {
            let (name, slot) = path.steps[depth];
            if let Some(right) = new {
                let below = self.height - depth - 1;
                self.renew(name, slot, below);
                let item = self.summary(right, below);
                new = node::insert(&mut self.inners, name, slot + 1, item);
            } else {
                self.count_one_more(name, slot, depth);
            }
        }
        if let Some(right) = new {
            self.raise_root(right);
        }
    }

    /// Removes the last of the entries for which `is_upto` is true, and returns its name.
    pub fn remove(&mut self, is_upto: impl FnMut(f64, u32) -> bool) -> Option<u32> {
        let mut path = self.path_to(is_upto);
        path.at = path.at.checked_sub(1)?;
        let id = self.leaves.get(path.leaf).ids()[path.at];
        self.remove_run(&path, 1);
        Some(id)
    }

    /// Gives the last of the entries for which `is_upto` is true another score, if it can stay
    /// where it is; otherwise it is removed. Returns whether it stayed.
    pub fn rescore(&mut self, score: f64, is_upto: impl FnMut(f64, u32) -> bool) -> bool {
        let mut path = self.path_to(is_upto);
        let Some(at) = path.at.checked_sub(1) else {
            return false;
        };
        path.at = at;
        let leaf = self.leaves.get_mut(path.leaf);
        // At either end of a leaf, neighbours are elsewhere: not worth the way.
        if let (Some(before), Some(after)) = (at.checked_sub(1), leaf.scores().get(at + 1))
            && leaf.scores()[before] < score
            && score < *after
        {
            leaf.set_score(at, score);
            return true;
        }
        self.remove_run(&path, 1);
        false
    }

    /// Gives the last of the entries for which `is_upto` is true another name.
    pub fn rename(&mut self, id: u32, is_upto: impl FnMut(f64, u32) -> bool) {
        let path = self.path_to(is_upto);
        let Some(at) = path.at.checked_sub(1) else {
            return;
        };
        let leaf = self.leaves.get_mut(path.leaf);
        let old = leaf.ids()[at];
        leaf.set_id(at, id);
        for &(name, slot) in &path.steps[..self.height] {
            let inner = self.inners.get_mut(name);
            if inner.ids()[slot] == old {
                inner.set_id(slot, id);
            }
        }
    }

    /// Removes the entries from a rank on, at most `most` of them, and gives their names and scores
    /// to `visit`. Returns how many there were: as many as lie in one leaf, so 0 only where `most`
    /// is 0 or `rank` is none.
    pub fn remove_some(
        &mut self,
        rank: usize,
        most: usize,
        mut visit: impl FnMut(u32, f64),
    ) -> usize {
        if rank >= self.len {
            return 0;
        }
        let path = self.path_of(rank);
        let leaf = self.leaves.get(path.leaf);
        let n = most.min(leaf.len() - path.at);
        let ids = &leaf.ids()[path.at..path.at + n];
        let scores = &leaf.scores()[path.at..path.at + n];
        ids.iter()
            .zip(scores)
            .for_each(|(id, score)| visit(*id, *score));
        if n > 0 {
            self.remove_run(&path, n);
        }
        n
    }

    /// The scores and names of these ranks, in order. What is beyond the end is not there.
    #[must_use]
    pub fn range(&self, ranks: Range<usize>) -> Entries<'_> {
        let end = ranks.end.min(self.len);
        let left = end.saturating_sub(ranks.start);
        let place = |rank: usize| {
            let path = self.path_of(rank);
            (self.leaves.get(path.leaf).as_ref(), path.at)
        };
        let (front, back) = if left == 0 {
            let leaf = self.leaves.get(self.root_or_first()).as_ref();
            ((leaf, 0), (leaf, 0))
        } else {
            let (leaf, at) = place(end - 1);
            (place(ranks.start), (leaf, at + 1))
        };
        Entries {
            leaves: &self.leaves,
            front,
            back,
            left,
        }
    }

    /// Frees a piece; `false` when nothing is left. The structure must not be used for anything
    /// else after the first call.
    pub fn free_some(&mut self) -> bool {
        self.leaves.free_some() || self.inners.free_some()
    }

    /// Bytes that the structure takes.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.leaves.heap_bytes()
            + self.leaves.len() * size_of::<Leaf>()
            + self.inners.heap_bytes()
            + self.inners.len() * size_of::<node::Inner>()
    }
}

/// Ways, and what is to be done on them.
impl Ordered {
    /// The way to the place after the entries for which `is_before` is true. Where there is one
    /// such entry, it lies in the leaf that the way leads to.
    #[inline]
    fn path_to(&self, mut is_before: impl FnMut(f64, u32) -> bool) -> Path {
        let (mut steps, mut leaf) = ([(0, 0); MAX_HEIGHT], self.root);
        for step in &mut steps[..self.height] {
            let inner = self.inners.get(leaf);
            let slot = inner.partition(&mut is_before).saturating_sub(1);
            *step = (leaf, slot);
            leaf = inner.extras()[slot].node;
        }
        let at = self.leaves.get(leaf).partition(is_before);
        Path { steps, leaf, at }
    }

    /// The way to the entry of a rank that there is.
    #[inline]
    fn path_of(&self, rank: usize) -> Path {
        let (mut steps, mut leaf, mut at) = ([(0, 0); MAX_HEIGHT], self.root, rank);
        for step in &mut steps[..self.height] {
            let inner = self.inners.get(leaf);
            let (slot, rest) = inner.seek(at);
            *step = (leaf, slot);
            leaf = inner.extras()[slot].node;
            at = rest;
        }
        Path { steps, leaf, at }
    }

    /// Any leaf at all, for a walk that goes nowhere.
    fn root_or_first(&self) -> u32 {
        (0..self.height).fold(self.root, |name, _| self.inners.get(name).extras()[0].node)
    }

    /// What a parent has for a node with so many levels below it.
    fn summary(&self, node: u32, below: usize) -> Item<Child> {
        let (score, id, count) = if below == 0 {
            let leaf = self.leaves.get(node);
            (leaf.scores()[0], leaf.ids()[0], leaf.len())
        } else {
            let inner = self.inners.get(node);
            let count = inner.count_before(inner.len());
            (inner.scores()[0], inner.ids()[0], count)
        };
        let count = count as u32;
        let extra = Child { node, count };
        Item { score, id, extra }
    }

    /// Writes down anew what a node has for one of its children.
    fn renew(&mut self, name: u32, slot: usize, below: usize) {
        let child = self.inners.get(name).extras()[slot].node;
        let item = self.summary(child, below);
        self.inners.get_mut(name).set(slot, item);
    }

    /// Notes that one entry more lies below a child; it may be the first of them now.
    #[inline]
    fn count_one_more(&mut self, name: u32, slot: usize, depth: usize) {
        let child = self.inners.get(name).extras()[slot].node;
        let (score, id) = self.first(child, self.height - depth - 1);
        let inner = self.inners.get_mut(name);
        inner.set_score(slot, score);
        inner.set_id(slot, id);
        inner.extra_mut(slot).count += 1;
    }

    /// The first entry below a node that is not empty.
    #[inline]
    fn first(&self, node: u32, below: usize) -> (f64, u32) {
        if below == 0 {
            let leaf = self.leaves.get(node);
            (leaf.scores()[0], leaf.ids()[0])
        } else {
            let inner = self.inners.get(node);
            (inner.scores()[0], inner.ids()[0])
        }
    }

    /// Removes `n` entries of one leaf, and sees to it that no node on the way is left too empty.
    fn remove_run(&mut self, path: &Path, n: usize) {
        self.len -= n;
        if self.len == 0 {
            // The one leaf that is left may be far back in the arena, which would stay as long.
            *self = Ordered::default();
            return;
        }
        let leaf = self.leaves.get_mut(path.leaf);
        leaf.remove(path.at, n);
        let mut child_len = leaf.len();
        for depth in (0..self.height).rev() {
            let (name, slot) = path.steps[depth];
            let below = self.height - depth - 1;
            if child_len == 0 {
                self.remove_child(name, slot, below);
            } else {
                let child = self.inners.get(name).extras()[slot];
                let (score, id) = self.first(child.node, below);
                let extra = Child {
                    count: child.count - n as u32,
                    ..child
                };
                let inner = self.inners.get_mut(name);
                inner.set(slot, Item { score, id, extra });
                if child_len < MIN && inner.len() > 1 {
                    self.unite_or_level(name, slot.max(1) - 1, below);
                }
            }
            child_len = self.inners.get(name).len();
        }
        self.lower_root();
    }

    /// Removes a child that has become empty.
    fn remove_child(&mut self, name: u32, slot: usize, below: usize) {
        let inner = self.inners.get_mut(name);
        let child = inner.extras()[slot].node;
        inner.remove(slot, 1);
        if below == 0 {
            node::remove(&mut self.leaves, child);
        } else {
            node::remove(&mut self.inners, child);
        }
    }

    /// Makes one of a node's children at `slot` and `slot + 1`, or two of about the same length.
    fn unite_or_level(&mut self, name: u32, slot: usize, below: usize) {
        let children = self.inners.get(name).extras();
        let (left, right) = (children[slot].node, children[slot + 1].node);
        let is_one = if below == 0 {
            node::unite_or_level(&mut self.leaves, left, right)
        } else {
            node::unite_or_level(&mut self.inners, left, right)
        };
        self.renew(name, slot, below);
        if is_one {
            self.inners.get_mut(name).remove(slot + 1, 1);
        } else {
            self.renew(name, slot + 1, below);
        }
    }

    /// Puts a new root above the old one and its new right neighbour.
    fn raise_root(&mut self, right: u32) {
        assert!(
            self.height < MAX_HEIGHT,
            "there are fewer than 2^32 entries"
        );
        let mut root = Box::new(node::Inner::default());
        root.insert(0, self.summary(self.root, self.height));
        root.insert(1, self.summary(right, self.height));
        self.root = self.inners.add(root);
        self.height += 1;
    }

    /// Does away with roots that have only one child.
    fn lower_root(&mut self) {
        while self.height > 0 && self.inners.get(self.root).len() == 1 {
            let root = self.inners.remove(self.root);
            self.root = root.extras()[0].node;
            self.height -= 1;
        }
    }
}

/// A walk over scores and names of consecutive ranks, from either end; see [`Ordered::range`].
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    leaves: &'a Nodes<()>,
    front: (&'a Leaf, usize),
    /// The place after the last.
    back: (&'a Leaf, usize),
    left: usize,
}

impl Iterator for Entries<'_> {
    type Item = (f64, u32);

    #[inline]
    fn next(&mut self) -> Option<(f64, u32)> {
        self.left = self.left.checked_sub(1)?;
        let (leaf, at) = &mut self.front;
        if *at == leaf.len() {
            (*leaf, *at) = (self.leaves.get(leaf.next), 0);
        }
        let entry = (leaf.scores()[*at], leaf.ids()[*at]);
        *at += 1;
        Some(entry)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl DoubleEndedIterator for Entries<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<(f64, u32)> {
        self.left = self.left.checked_sub(1)?;
        let (leaf, end) = &mut self.back;
        if *end == 0 {
            *leaf = self.leaves.get(leaf.prev);
            *end = leaf.len();
        }
        *end -= 1;
        Some((leaf.scores()[*end], leaf.ids()[*end]))
    }
}

impl ExactSizeIterator for Entries<'_> {}

//! A node of the ordered structure: entries in order, in arrays that lie side by side.
//!
//! A search asks for scores and for little else, so scores are kept together: eight to a line of
//! the processor's cache. A leaf's entries are a score and a member's name; an inner node's have
//! the first entry below a child, and with it the child and how many entries lie below it. What
//! an inner node has beside that is the type parameter, which for leaves takes no memory at all.

use crate::store::arena::Arena;

/// Entries that a node has at the most. With this number a leaf has 768 bytes and an inner node
/// 1272, both of which an allocator's size classes fit with next to no waste.
pub(super) const CAPACITY: usize = 63;

/// A node with fewer entries than this is united with a neighbour, or gets some of its entries.
pub(super) const MIN: usize = 16;

/// Two nodes with no more entries than this together become one. It has room left, so that it is
/// not divided again by the next insert.
const UNITED_MAX: usize = 48;

/// "No node" in the links.
pub(super) const NONE: u32 = u32::MAX;

/// One of the entries of a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<X> {
    pub(super) score: f64,
    pub(super) id: u32,
    pub(super) extra: X,
}

/// What an inner node has for a child, beside the first entry below it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Child {
    pub(super) node: u32,
    /// How many entries of leaves lie below it.
    pub(super) count: u32,
}

pub(super) type Leaf = Node<()>;
pub(super) type Inner = Node<Child>;

/// All nodes of one kind.
pub(super) type Nodes<X> = Arena<Box<Node<X>>>;

/// A node; see the module's text.
#[derive(Debug, Clone)]
pub(super) struct Node<X> {
    scores: [f64; CAPACITY],
    extras: [X; CAPACITY],
    ids: [u32; CAPACITY],
    len: u32,
    /// The neighbours on the same level.
    pub(super) prev: u32,
    pub(super) next: u32,
}

impl<X: Copy + Default> Default for Node<X> {
    fn default() -> Node<X> {
        Node {
            scores: [0.0; CAPACITY],
            extras: [X::default(); CAPACITY],
            ids: [0; CAPACITY],
            len: 0,
            prev: NONE,
            next: NONE,
        }
    }
}

impl<X: Copy + Default> Node<X> {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    #[inline]
    pub(super) fn scores(&self) -> &[f64] {
        &self.scores[..self.len()]
    }

    #[inline]
    pub(super) fn ids(&self) -> &[u32] {
        &self.ids[..self.len()]
    }

    #[inline]
    pub(super) fn extras(&self) -> &[X] {
        &self.extras[..self.len()]
    }

    #[inline]
    pub(super) fn extra_mut(&mut self, at: usize) -> &mut X {
        &mut self.extras[at]
    }

    #[inline]
    pub(super) fn set_score(&mut self, at: usize, score: f64) {
        self.scores[at] = score;
    }

    #[inline]
    pub(super) fn set_id(&mut self, at: usize, id: u32) {
        self.ids[at] = id;
    }

    pub(super) fn set(&mut self, at: usize, item: Item<X>) {
        self.scores[at] = item.score;
        self.ids[at] = item.id;
        self.extras[at] = item.extra;
    }

    /// How many of the entries `is_before` is true for; it must be so for the first ones only.
    #[inline]
    pub(super) fn partition(&self, mut is_before: impl FnMut(f64, u32) -> bool) -> usize {
        let (scores, ids) = (self.scores(), self.ids());
        let (mut low, mut high) = (0, scores.len());
        while low < high {
            let middle = (low + high) / 2;
            if is_before(scores[middle], ids[middle]) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Inserts an entry where there is room for it.
    pub(super) fn insert(&mut self, at: usize, item: Item<X>) {
        let len = self.len();
        self.scores.copy_within(at..len, at + 1);
        self.ids.copy_within(at..len, at + 1);
        self.extras.copy_within(at..len, at + 1);
        self.len += 1;
        self.set(at, item);
    }

    /// Removes `n` entries.
    pub(super) fn remove(&mut self, at: usize, n: usize) {
        let len = self.len();
        self.scores.copy_within(at + n..len, at);
        self.ids.copy_within(at + n..len, at);
        self.extras.copy_within(at + n..len, at);
        self.len -= n as u32;
    }

    /// Moves the first `n` entries of `from` to the end of this one.
    fn take_first(&mut self, from: &mut Node<X>, n: usize) {
        let end = self.len();
        self.scores[end..end + n].copy_from_slice(&from.scores[..n]);
        self.ids[end..end + n].copy_from_slice(&from.ids[..n]);
        self.extras[end..end + n].copy_from_slice(&from.extras[..n]);
        self.len += n as u32;
        from.remove(0, n);
    }

    /// Moves the last `n` entries of `from` to the beginning of this one.
    fn take_last(&mut self, from: &mut Node<X>, n: usize) {
        let (len, start) = (self.len(), from.len() - n);
        self.scores.copy_within(..len, n);
        self.ids.copy_within(..len, n);
        self.extras.copy_within(..len, n);
        self.scores[..n].copy_from_slice(&from.scores[start..start + n]);
        self.ids[..n].copy_from_slice(&from.ids[start..start + n]);
        self.extras[..n].copy_from_slice(&from.extras[start..start + n]);
        self.len += n as u32;
        from.len -= n as u32;
    }
}

impl Inner {
    /// How many entries of leaves lie below the first `n` children.
    #[inline]
    pub(super) fn count_before(&self, n: usize) -> usize {
        let counts = self.extras()[..n].iter();
        counts.map(|child| child.count as usize).sum()
    }

    /// The child below which the entry of this rank lies, and its rank below that child.
    #[inline]
    pub(super) fn seek(&self, mut rank: usize) -> (usize, usize) {
        for (slot, child) in self.extras().iter().enumerate() {
            let count = child.count as usize;
            if rank < count {
                return (slot, rank);
            }
            rank -= count;
        }
        unreachable!("the counts of a node add up to what its parent has for it");
    }
}

/// Inserts an entry into a node, which is divided where it is full. Returns the new right half.
pub(super) fn insert<X: Copy + Default>(
    nodes: &mut Nodes<X>,
    name: u32,
    at: usize,
    item: Item<X>,
) -> Option<u32> {
    let node = nodes.get_mut(name);
    if node.len() < CAPACITY {
        node.insert(at, item);
        return None;
    }
    // What comes in order, such as moments, would leave half empty nodes behind: the last one
    // stays full, and the next begins with the new entry.
    let is_append = node.next == NONE && at == CAPACITY;
    let left_len = if is_append { CAPACITY } else { CAPACITY / 2 };
    let mut right = Box::new(Node::default());
    right.take_last(node, CAPACITY - left_len);
    if at < left_len {
        node.insert(at, item);
    } else {
        right.insert(at - left_len, item);
    }
    Some(link_after(nodes, name, right))
}

/// Puts a new node to the right of another one.
fn link_after<X>(nodes: &mut Nodes<X>, left: u32, mut node: Box<Node<X>>) -> u32 {
    let next = nodes.get(left).next;
    (node.prev, node.next) = (left, next);
    let name = nodes.add(node);
    nodes.get_mut(left).next = name;
    if next != NONE {
        nodes.get_mut(next).prev = name;
    }
    name
}

/// Removes a node, and makes its neighbours neighbours of each other.
pub(super) fn remove<X>(nodes: &mut Nodes<X>, name: u32) -> Box<Node<X>> {
    let node = nodes.remove(name);
    if node.prev != NONE {
        nodes.get_mut(node.prev).next = node.next;
    }
    if node.next != NONE {
        nodes.get_mut(node.next).prev = node.prev;
    }
    node
}

/// Unites two neighbours, or gives both about as many entries. Returns whether they are one now.
pub(super) fn unite_or_level<X: Copy + Default>(
    nodes: &mut Nodes<X>,
    left: u32,
    right: u32,
) -> bool {
    let (left_len, right_len) = (nodes.get(left).len(), nodes.get(right).len());
    let sum = left_len + right_len;
    if sum <= UNITED_MAX {
        let mut node = remove(nodes, right);
        nodes.get_mut(left).take_first(&mut node, right_len);
        return true;
    }
    // Only one of two can be borrowed from the arena; the other is taken out of its box meanwhile.
    let mut node = std::mem::take(&mut **nodes.get_mut(left));
    let other = nodes.get_mut(right);
    if left_len < sum / 2 {
        node.take_first(other, sum / 2 - left_len);
    } else {
        other.take_last(&mut node, left_len - sum / 2);
    }
    **nodes.get_mut(left) = node;
    false
}

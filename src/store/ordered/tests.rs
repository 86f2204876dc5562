//! The ordered structure against a sorted vector, with its invariants checked after each step.

use super::node::{CAPACITY, Inner, NONE, Node};
use super::*;
use proptest::prelude::*;

/// The checks that every node has to stand, and what lies below it.
impl Ordered {
    /// Asserts whatever must be so, and returns every entry in the order of the tree.
    pub(crate) fn checked(&self) -> Vec<(f64, u32)> {
        let mut levels = vec![Vec::new(); self.height + 1];
        let mut entries = Vec::new();
        self.check_below(self.root, self.height, &mut levels, &mut entries);
        for (below, names) in levels.iter().enumerate() {
            if below == 0 {
                check_level(&self.leaves, names, self.height == 0);
            } else {
                check_level(&self.inners, names, self.height == below);
            }
        }
        assert_eq!(levels[0].len(), self.leaves.len(), "no leaf is lost");
        let inners: usize = levels[1..].iter().map(Vec::len).sum();
        assert_eq!(inners, self.inners.len(), "no inner node is lost");
        assert!(self.height == 0 || self.inners.get(self.root).len() > 1);
        assert_eq!(entries.len(), self.len);
        assert!(entries.is_sorted_by(|a, b| a.0 <= b.0), "in order");
        let forth: Vec<_> = self.range(0..usize::MAX).collect();
        let mut back: Vec<_> = self.range(0..usize::MAX).rev().collect();
        back.reverse();
        assert!(
            forth == entries && back == entries,
            "walks meet every entry"
        );
        entries
    }

    fn check_below(
        &self,
        name: u32,
        below: usize,
        levels: &mut [Vec<u32>],
        entries: &mut Vec<(f64, u32)>,
    ) {
        levels[below].push(name);
        if below == 0 {
            let leaf = self.leaves.get(name);
            let pairs = leaf.scores().iter().zip(leaf.ids());
            entries.extend(pairs.map(|(&score, &id)| (score, id)));
            return;
        }
        let inner: &Inner = self.inners.get(name);
        for (slot, child) in inner.extras().iter().enumerate() {
            let start = entries.len();
            self.check_below(child.node, below - 1, levels, entries);
            assert_eq!(entries.len() - start, child.count as usize, "counts");
            let first = (inner.scores()[slot], inner.ids()[slot]);
            assert_eq!(entries.get(start), Some(&first), "the first entry below");
        }
    }
}

fn check_level<X: Copy + Default>(nodes: &Nodes<X>, names: &[u32], is_root: bool) {
    let mut prev = NONE;
    for (at, &name) in names.iter().enumerate() {
        let node: &Node<X> = nodes.get(name);
        let next = names.get(at + 1).copied().unwrap_or(NONE);
        assert_eq!((node.prev, node.next), (prev, next), "neighbours");
        assert!(node.len() <= CAPACITY);
        let least = if is_root {
            0
        } else if next == NONE {
            1
        } else {
            MIN
        };
        assert!(node.len() >= least, "{} entries at {at}", node.len());
        prev = name;
    }
}

/// Entries with equal scores are in the order of their ids here.
fn before(score: f64, id: u32) -> impl Fn(f64, u32) -> bool {
    move |other, other_id| (other, other_id) < (score, id)
}

fn upto(score: f64, id: u32) -> impl Fn(f64, u32) -> bool {
    move |other, other_id| (other, other_id) <= (score, id)
}

fn add(order: &mut Ordered, score: f64, id: u32) {
    order.insert(score, id, before(score, id));
}

#[test]
fn nodes_fit_the_size_classes_of_allocators() {
    assert_eq!((size_of::<Leaf>(), size_of::<Inner>()), (768, 1272));
}

#[test]
fn what_comes_in_order_fills_its_leaves() {
    let mut order = Ordered::default();
    for id in 0..CAPACITY as u32 * 1000 {
        add(&mut order, f64::from(id / 3), id);
    }
    order.checked();
    assert_eq!(order.leaves.len(), 1000);
    assert_eq!(order.inners.len(), 1000usize.div_ceil(CAPACITY) + 1);
}

#[test]
fn a_queue_of_any_length_leaves_no_nodes_behind() {
    let mut order = Ordered::default();
    for id in 0..50_000u32 {
        add(&mut order, f64::from(id), id);
        if id >= 1000 {
            let mut first = None;
            assert_eq!(order.remove_some(0, 1, |id, _| first = Some(id)), 1);
            assert_eq!(first, Some(id - 1000));
        }
        if id.is_multiple_of(997) {
            order.checked();
        }
    }
    assert!(order.leaves.len() < 1000 / 16 + 3, "{}", order.leaves.len());
}

#[test]
fn it_empties_from_either_end_and_from_within() {
    for way in 0..3 {
        let mut order = Ordered::default();
        for n in 0..20_000u32 {
            let id = n.wrapping_mul(2_654_435_761) >> 8;
            add(&mut order, f64::from(id % 1000), id);
        }
        while !order.is_empty() {
            let rank = [0, order.len() - 1, order.len() / 2][way];
            assert!(order.remove_some(rank, 1 + way * 5, |_, _| {}) > 0);
            if order.len().is_multiple_of(500) {
                order.checked();
            }
        }
        assert_eq!(order.checked(), []);
        assert_eq!((order.height, order.leaves.len()), (0, 1));
    }
}

#[test]
fn freeing_in_slices_ends() {
    let mut order = Ordered::default();
    (0..200_000).for_each(|id| add(&mut order, 0.0, id));
    let slices = (0..1000).take_while(|_| order.free_some()).count();
    assert!((5..100).contains(&slices), "{slices}");
}

#[derive(Debug, Clone)]
enum Step {
    /// So many entries, from this score on, that far from each other.
    Insert(u16, i16, i8),
    /// Removes so many, each at its own share of the length.
    Remove(u16, u16),
    Rescore(u16, i16),
    RemoveSome(u16, u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1u16..400, -50i16..50, -1i8..2).prop_map(|(n, from, by)| Step::Insert(n, from, by)),
        (1u16..300, any::<u16>()).prop_map(|(n, at)| Step::Remove(n, at)),
        (any::<u16>(), -60i16..60).prop_map(|(at, score)| Step::Rescore(at, score)),
        (any::<u16>(), 1u16..500).prop_map(|(at, n)| Step::RemoveSome(at, n)),
    ]
}

fn sort(model: &mut [(f64, u32)]) {
    model.sort_by(|a, b| a.partial_cmp(b).expect("no NaN"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn it_does_what_a_sorted_vector_does(steps in prop::collection::vec(step(), 1..60)) {
        let mut order = Ordered::default();
        let mut model: Vec<(f64, u32)> = Vec::new();
        let mut next_id = 0u32;
        for step in steps {
            match step {
                Step::Insert(n, from, by) => for i in 0..n {
                    let score = f64::from(from) + f64::from(by) * f64::from(i);
                    // Ids that do not rise, so that equal scores are met in any order.
                    let id = next_id.wrapping_mul(2_654_435_761);
                    next_id += 1;
                    add(&mut order, score, id);
                    model.push((score, id));
                },
                Step::Remove(n, at) => for i in 0..n.min(model.len() as u16) {
                    let at = (usize::from(at) * usize::from(i + 1)) % model.len();
                    let (score, id) = model.swap_remove(at);
                    prop_assert_eq!(order.remove(upto(score, id)), Some(id));
                },
                Step::Rescore(at, score) if !model.is_empty() => {
                    let at = usize::from(at) % model.len();
                    let (old, id) = model[at];
                    model[at].0 = f64::from(score);
                    if !order.rescore(f64::from(score), upto(old, id)) {
                        add(&mut order, f64::from(score), id);
                    }
                }
                Step::RemoveSome(at, n) if !model.is_empty() => {
                    sort(&mut model);
                    let rank = usize::from(at) % model.len();
                    let most = usize::from(n).min(model.len() - rank);
                    let mut removed = Vec::new();
                    while removed.len() < most {
                        order.remove_some(rank, most - removed.len(), |id, score| removed.push((score, id)));
                    }
                    prop_assert_eq!(removed, model.drain(rank..rank + most).collect::<Vec<_>>());
                }
                _ => {}
            }
            sort(&mut model);
            prop_assert_eq!(&order.checked(), &model);
            for (rank, &(score, id)) in model.iter().enumerate().step_by(7) {
                prop_assert_eq!(order.count(before(score, id)), rank);
                prop_assert_eq!(order.count(upto(score, id)), rank + 1);
                prop_assert!(order.range(rank..rank + 100).eq(model[rank..].iter().copied().take(100)));
            }
        }
    }

    /// A walk may be taken from both ends at once, and the ends meet.
    #[test]
    fn both_ends_of_a_walk_meet(len in 0u32..1000, start in 0usize..1000, n in 0usize..500, ends in any::<u64>()) {
        let mut order = Ordered::default();
        (0..len).for_each(|id| add(&mut order, 1.0, id));
        let mut walk = order.range(start..start + n);
        let mut model: std::collections::VecDeque<u32> = (start as u32..len.min((start + n) as u32)).collect();
        prop_assert_eq!(walk.len(), model.len());
        for turn in 0..=n {
            let (found, wanted) = if ends >> (turn % 64) & 1 == 0 {
                (walk.next(), model.pop_front())
            } else {
                (walk.next_back(), model.pop_back())
            };
            prop_assert_eq!(found.map(|(_, id)| id), wanted);
        }
    }
}

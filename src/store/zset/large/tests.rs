//! The sorted set against a sorted vector, through growth and shrinking, and what SCAN promises.

use super::*;
use proptest::prelude::*;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

impl Zset {
    /// Asserts that both ways to every element agree.
    fn check(&self) {
        let entries = self.order.checked();
        assert_eq!(entries.len(), self.members.len());
        assert_eq!(self.index.len(), self.members.len());
        let mut boxed = 0;
        for (score, id) in entries {
            let member = self.members.get(id);
            assert_eq!(member.score.to_bits(), score.to_bits());
            let hash = self.index.hash(member.bytes());
            let spot = self.find(hash, member.bytes()).expect("in the index");
            assert_eq!(*self.index.at(spot), id);
            boxed += member.boxed_bytes();
        }
        assert_eq!(self.boxed_bytes, boxed);
    }
}

/// The same in the plainest way.
#[derive(Default)]
struct Model(Vec<(Vec<u8>, f64)>);

fn by_score_then_member(a: &(Vec<u8>, f64), b: &(Vec<u8>, f64)) -> Ordering {
    let by_score = a.1.partial_cmp(&b.1).expect("no NaN");
    by_score.then_with(|| a.0.cmp(&b.0))
}

impl Model {
    fn find(&self, member: &[u8]) -> Option<usize> {
        self.0.iter().position(|element| element.0 == member)
    }

    fn insert(&mut self, member: &[u8], score: f64) -> Option<f64> {
        let old = self.find(member).map(|at| self.0[at].1);
        if old != Some(score) {
            self.remove(member);
            let element = (member.to_vec(), score);
            let at = self
                .0
                .partition_point(|other| by_score_then_member(other, &element).is_lt());
            self.0.insert(at, element);
        }
        old
    }

    fn remove(&mut self, member: &[u8]) -> Option<f64> {
        self.find(member).map(|at| self.0.remove(at).1)
    }
}

/// Members of 0 to 300 bytes; those of the first numbers are met again and again.
fn member(n: u16) -> Vec<u8> {
    match n % 8 {
        0 => vec![b'm'; usize::from(n / 8) % 301],
        1 => n.to_be_bytes().to_vec(),
        2 => format!("a member that has a place of its own {n}").into_bytes(),
        _ => format!("member:{n:05}").into_bytes(),
    }
}

fn score(n: i8) -> f64 {
    match n {
        i8::MIN => f64::NEG_INFINITY,
        i8::MAX => f64::INFINITY,
        -1 => -0.0,
        1 => 5e-324,
        _ => f64::from(n / 8) * 1.1,
    }
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u16, i8),
    InsertMany(u16, u16, i8),
    Remove(u16),
    RemoveMany(u16, u16),
    RemoveRanks(u16, u16),
    PopFirst,
    PopLast,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u16..60, any::<i8>()).prop_map(|(n, s)| Step::Insert(n, s)),
        2 => (0u16..2000, 1u16..400, any::<i8>()).prop_map(|(n, m, s)| Step::InsertMany(n, m, s)),
        2 => (0u16..60).prop_map(Step::Remove),
        1 => (0u16..2000, 1u16..400).prop_map(|(n, m)| Step::RemoveMany(n, m)),
        1 => (any::<u16>(), 0u16..300).prop_map(|(at, n)| Step::RemoveRanks(at, n)),
        1 => Just(Step::PopFirst),
        1 => Just(Step::PopLast),
    ]
}

fn owned((member, score): (&[u8], f64)) -> (Vec<u8>, f64) {
    (member.to_vec(), score)
}

/// The bits of the scores too: -0 is kept.
fn same(a: &(Vec<u8>, f64), b: &(Vec<u8>, f64)) -> bool {
    a.0 == b.0 && a.1.to_bits() == b.1.to_bits()
}

fn apply(zset: &mut Zset, model: &mut Model, step: &Step) {
    match *step {
        Step::Insert(n, s) => {
            let (member, score) = (member(n), score(s));
            assert_eq!(zset.insert(&member, score), model.insert(&member, score));
        }
        Step::InsertMany(n, m, s) => {
            for i in 0..m {
                let (member, score) = (member(n + i), score(s.wrapping_add((i % 7) as i8)));
                assert_eq!(zset.insert(&member, score), model.insert(&member, score));
            }
        }
        Step::Remove(n) => assert_eq!(zset.remove(&member(n)), model.remove(&member(n))),
        Step::RemoveMany(n, m) => {
            for n in n..n + m {
                assert_eq!(zset.remove(&member(n)), model.remove(&member(n)));
            }
        }
        Step::RemoveRanks(at, n) => {
            let start = usize::from(at) % (model.0.len() + 1);
            let ranks = start..start + usize::from(n);
            let end = ranks.end.min(model.0.len());
            let wanted = model.0.drain(start..end).len();
            let before = zset.len();
            drop(zset.remove_ranks(ranks, 3));
            assert_eq!(before - zset.len(), wanted);
        }
        Step::PopFirst => {
            drop(zset.remove_ranks(0..1, 3));
            model.0.drain(..model.0.len().min(1));
        }
        Step::PopLast => {
            drop(zset.remove_ranks(zset.len().saturating_sub(1)..zset.len(), 3));
            model.0.pop();
        }
    }
}

fn check_answers(zset: &Zset, model: &Model) {
    zset.check();
    let sorted = &model.0;
    assert_eq!(zset.len(), sorted.len());
    assert!(zset.iter().map(owned).zip(sorted).all(|(a, b)| same(&a, b)));
    for (rank, (member, score)) in sorted.iter().enumerate().step_by(11) {
        assert_eq!(zset.rank(member), Some(rank));
        assert_eq!(zset.score(member), Some(*score));
        assert_eq!(zset.get(rank), Some((&member[..], *score)));
        let back = zset.range(rank / 2..rank).rev().map(owned);
        assert!(back.eq(sorted[rank / 2..rank].iter().rev().cloned()));
        let below = sorted.partition_point(|other| other.1 < *score);
        let upto = sorted.partition_point(|other| other.1 <= *score);
        assert_eq!(zset.rank_of_score(*score, Side::Before), below);
        assert_eq!(zset.rank_of_score(*score, Side::After), upto);
    }
    for n in (0..60).chain([3000]) {
        let member = member(n);
        let rank = model.find(&member);
        assert_eq!(zset.rank(&member), rank);
        assert_eq!(zset.score(&member), rank.map(|rank| sorted[rank].1));
        assert!(zset.rank_of_member(&member, Side::After) <= zset.len());
    }
    assert_eq!(zset.get(sorted.len()), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn it_does_what_a_sorted_vector_does(
        seed in any::<u64>(),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut zset = Zset::new(seed);
        let mut model = Model::default();
        for step in &steps {
            apply(&mut zset, &mut model, step);
            check_answers(&zset, &model);
        }
    }

    #[test]
    fn among_equal_scores_ranks_of_members_are_those_of_their_bytes(
        members in prop::collection::hash_set(prop::collection::vec(b'a'..b'd', 0..6), 0..600),
        bound in prop::collection::vec(b'a'..b'e', 0..6),
    ) {
        let mut zset = Zset::new(1);
        for member in &members {
            zset.insert(member, 0.0);
        }
        let below = members.iter().filter(|&member| *member < bound).count();
        let upto = below + usize::from(members.contains(&bound));
        prop_assert_eq!(zset.rank_of_member(&bound, Side::Before), below);
        prop_assert_eq!(zset.rank_of_member(&bound, Side::After), upto);
    }

    /// The SCAN guarantee, while elements come and go and the arena is made shorter.
    #[test]
    fn a_scan_misses_nothing_that_stays(
        stays in 1u32..1500,
        changes in prop::collection::vec((0u32..6000, any::<bool>(), 1u32..3000), 1..60),
    ) {
        let name = |n: u32| format!("member:{n}").into_bytes();
        let mut zset = Zset::new(3);
        for n in 0..stays {
            zset.insert(&name(n), f64::from(n % 10));
        }
        let mut seen = HashSet::new();
        let mut changes = changes.into_iter();
        let mut cursor = 0;
        for page in 0.. {
            prop_assert!(page < 100_000, "the scan ends");
            cursor = zset.scan(cursor, 10, |member, _| { seen.insert(member.to_vec()); });
            if cursor == 0 {
                break;
            }
            let Some((first, is_insert, n)) = changes.next() else { continue };
            for other in (0..n).map(|i| name(1_000_000 + first + i)) {
                if is_insert {
                    zset.insert(&other, 1.0);
                } else {
                    zset.remove(&other);
                }
            }
        }
        prop_assert!((0..stays).all(|n| seen.contains(&name(n))));
    }
}

fn key(n: u32) -> Vec<u8> {
    format!("member:{n:09}").into_bytes()
}

fn filled(len: u32) -> Zset {
    let mut zset = Zset::new(5);
    for n in 0..len {
        zset.insert(&key(n), f64::from(n.wrapping_mul(2_654_435_761) >> 4));
    }
    zset
}

#[test]
fn an_element_is_32_bytes_in_the_arena() {
    assert_eq!(size_of::<Member>(), 32);
    let mut zset = Zset::new(1);
    assert_eq!(zset.members.heap_bytes(), 0);
    for n in 0..40_000u32 {
        zset.insert(&key(n), 0.0);
    }
    let bytes = zset.members.heap_bytes();
    assert!(
        bytes < 40_000 * 32 * 11 / 10,
        "a free place costs nothing: {bytes}"
    );
}

#[test]
fn minus_zero_is_kept_and_equal_to_zero() {
    let mut zset = Zset::new(1);
    zset.insert(b"a", -0.0);
    zset.insert(b"b", 0.0);
    assert_eq!(zset.rank(b"b"), Some(1), "equal scores: by member");
    // What Redis does: an equal score changes nothing.
    zset.insert(b"a", 0.0);
    zset.insert(b"b", -0.0);
    let signs: Vec<bool> = zset
        .iter()
        .map(|(_, score)| score.is_sign_negative())
        .collect();
    assert_eq!(signs, [true, false]);
    assert_eq!(zset.rank_of_score(0.0, Side::Before), 0);
    assert_eq!(zset.rank_of_score(-0.0, Side::After), 2);
}

#[test]
fn a_decision_sees_the_old_score_and_may_leave_it() {
    let mut zset = Zset::new(1);
    assert_eq!(zset.update(b"a", |old| old), None);
    assert!(zset.is_empty(), "there was none, and none was wanted");
    zset.insert(b"a", 2.0);
    assert_eq!(zset.update(b"a", |old| old.map(|old| old + 1.5)), Some(2.0));
    assert_eq!(zset.update(b"a", |_| None), Some(3.5));
    assert_eq!(zset.get(0), Some((&b"a"[..], 3.5)));
}

#[test]
fn memory_comes_back_when_elements_go_in_any_order() {
    let mut zset = filled(60_000);
    let full = zset.heap_bytes();
    assert!(full < 60_000 * 70, "{full}");
    // Nine of ten, all over the set; what stays lies scattered over the arena.
    for n in (0..60_000).filter(|n| n % 10 != 3) {
        assert!(zset.remove(&key(n)).is_some());
    }
    zset.check();
    let bytes = zset.heap_bytes();
    assert!(bytes < full / 4, "{bytes} of {full}");
    for n in (0..60_000).filter(|n| n % 10 == 3) {
        assert!(zset.remove(&key(n)).is_some());
    }
    let directory = zset.index.table_bytes();
    assert!(directory < 32 * 1024, "{directory}");
    let bytes = zset.heap_bytes() - directory;
    assert!(bytes < 1024, "one empty leaf, and no more: {bytes}");
}

#[test]
fn a_few_elements_of_many_take_little_memory() {
    let mut zset = filled(5_000);
    for n in 1..5_000 {
        assert!(zset.remove(&key(n)).is_some());
    }
    zset.check();
    let bytes = zset.heap_bytes();
    assert!(bytes < 20 * 1024, "{bytes} for one element");
}

#[test]
fn a_range_of_ranks_goes_with_names_that_change_on_the_way() {
    let mut zset = filled(20_000);
    let wanted: Vec<_> = zset.iter().map(owned).collect();
    assert!(zset.remove_ranks(100..9_000, 3).is_none(), "one by one");
    zset.check();
    let rest = wanted[..100].iter().chain(&wanted[9_000..]).cloned();
    assert!(zset.iter().map(owned).eq(rest));
    let (from, to) = (150, 50);
    assert_eq!(
        zset.range(from..to).count(),
        0,
        "a range that ends before it starts"
    );
    let len = zset.len();
    assert!(zset.remove_ranks(from..to, 3).is_none());
    assert!(zset.remove_ranks(len..len + 100, 3).is_none());
    assert_eq!(zset.len(), len);
}

#[test]
fn of_a_set_that_loses_nearly_all_the_rest_is_a_new_set() {
    let mut zset = filled(20_000);
    let wanted: Vec<_> = zset.iter().map(owned).collect();
    let old = zset.remove_ranks(100..19_900, 3);
    assert_eq!(old.map(|old| old.len()), Some(20_000));
    assert!(zset.heap_bytes() < 20 * 1024, "{}", zset.heap_bytes());
    zset.check();
    let rest = wanted[..100].iter().chain(&wanted[19_900..]).cloned();
    assert!(zset.iter().map(owned).eq(rest));
    for (rank, (member, score)) in zset.iter().map(owned).enumerate() {
        assert_eq!(
            (zset.rank(&member), zset.score(&member)),
            (Some(rank), Some(score))
        );
    }
    assert!(zset.remove_ranks(0..150, 3).is_none(), "too few for it");
    assert_eq!(zset.len(), 50);
}

#[test]
fn every_element_is_drawn() {
    let zset = filled(500);
    let mut state = 1u64;
    let mut drawn: HashMap<&[u8], u32> = HashMap::new();
    for _ in 0..50_000 {
        let random = |n: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            (state >> 33) as usize % n
        };
        let (member, score) = zset.random(random).expect("it is not empty");
        assert_eq!(zset.score(member), Some(score));
        *drawn.entry(member).or_default() += 1;
    }
    assert_eq!(drawn.len(), 500);
    assert!(drawn.values().all(|&times| (40..200).contains(&times)));
    assert_eq!(Zset::new(1).random(|_| 0), None);
}

#[test]
fn a_set_is_freed_in_slices() {
    let mut zset = filled(100_000);
    let slices = (0..10_000).take_while(|_| zset.free_some()).count();
    assert!((200..2000).contains(&slices), "{slices}");
}

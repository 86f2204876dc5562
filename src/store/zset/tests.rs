//! A sorted set against a sorted vector, across the border between packed and large.

use super::*;
use crate::store::Kind;
use proptest::prelude::*;

type Model = Vec<(Vec<u8>, f64)>;

#[derive(Debug, Clone)]
enum Step {
    Insert(Vec<u8>, f64),
    Remove(Vec<u8>),
    RemoveRanks(Range<usize>),
}

fn member() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (-3..40i32).prop_map(|n| n.to_string().into_bytes()),
        2 => (b'a'..b'f').prop_map(|byte| vec![byte]),
        1 => Just(Vec::new()),
        1 => (60..70usize).prop_map(|len| vec![b'x'; len]),
    ]
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (0..5i8).prop_map(f64::from),
        2 => (-4..4i8).prop_map(|n| f64::from(n) / 4.0),
        1 => prop::sample::select(vec![f64::INFINITY, f64::NEG_INFINITY, 0.1, 1e300, -5e-324]),
        1 => any::<i64>().prop_map(|n| n as f64),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (member(), score()).prop_map(|(member, score)| Step::Insert(member, score)),
        3 => member().prop_map(Step::Remove),
        1 => (0..30usize, 0..4usize).prop_map(|(start, len)| Step::RemoveRanks(start..start + len)),
    ]
}

fn owned<'a>(elements: impl Iterator<Item = (Item<'a>, f64)>) -> Model {
    elements
        .map(|(member, score)| (member.to_vec(), score))
        .collect()
}

fn remove(model: &mut Model, member: &[u8]) -> Option<f64> {
    let at = model.iter().position(|(other, _)| other == member)?;
    Some(model.remove(at).1)
}

fn insert(model: &mut Model, member: &[u8], score: f64) -> Option<f64> {
    let old = remove(model, member);
    let before =
        |other: &&(Vec<u8>, f64)| other.1 < score || (other.1 == score && *other.0 < *member);
    let at = model.iter().filter(before).count();
    model.insert(at, (member.to_vec(), score));
    old
}

/// Compares all that can be asked of a set with what a sorted vector says.
fn check(set: ZsetRef, model: &Model, bound: f64) -> Result<(), TestCaseError> {
    prop_assert_eq!(set.len(), model.len());
    prop_assert_eq!(set.is_empty(), model.is_empty());
    prop_assert_eq!(&owned(set.iter()), model);
    let backward: Model = model.iter().rev().cloned().collect();
    prop_assert_eq!(owned(set.iter().rev()), backward);
    for (rank, (member, score)) in model.iter().enumerate() {
        prop_assert_eq!(set.score(member), Some(*score));
        prop_assert_eq!(set.rank(member), Some(rank));
    }
    prop_assert_eq!(set.rank(b"missing"), None);
    prop_assert!(set.get(model.len()).is_none());
    let below = model.iter().filter(|(_, score)| *score < bound).count();
    let upto = model.iter().filter(|(_, score)| *score <= bound).count();
    prop_assert_eq!(set.rank_of_score(bound, Side::Before), below);
    prop_assert_eq!(set.rank_of_score(bound, Side::After), upto);
    let mut scanned = Model::new();
    let mut cursor = 0;
    loop {
        cursor = set.scan(cursor, 3, |member, score| {
            insert(&mut scanned, &member.to_vec(), score);
        });
        if cursor == 0 {
            break;
        }
    }
    prop_assert_eq!(&scanned, model);
    Ok(())
}

proptest! {
    #[test]
    fn a_sorted_set_is_a_sorted_vector_whatever_its_form(
        steps in prop::collection::vec(step(), 0..120),
        zset_entries in 0..30usize,
        (start, len) in (0..20usize, 0..20usize),
        bound in score(),
    ) {
        let packing = Packing { zset_entries, ..Packing::default() };
        let mut entry = Entry::empty(b"key", Kind::Zset);
        let mut model = Model::new();
        for step in steps {
            let mut set = entry.as_zset_mut().expect("it is a sorted set");
            match step {
                Step::Insert(member, score) => {
                    let old = set.insert(&member, score, &packing);
                    prop_assert_eq!(old, insert(&mut model, &member, score));
                }
                Step::Remove(member) => {
                    prop_assert_eq!(set.remove(&member), remove(&mut model, &member));
                }
                Step::RemoveRanks(ranks) => {
                    let end = ranks.end.min(model.len());
                    let wanted: Model = model.drain(ranks.start.min(end)..end).collect();
                    let before = set.as_ref().len();
                    drop(set.remove_ranks(ranks, &packing));
                    prop_assert_eq!(before - set.as_ref().len(), wanted.len());
                }
            }
            if let ZsetRef::Packed(_) = set.as_ref() {
                prop_assert!(model.len() <= zset_entries);
                prop_assert!(model.iter().all(|(member, _)| member.len() <= packing.zset_bytes));
            }
            check(set.as_ref(), &model, bound)?;
        }
        prop_assert_eq!(entry.key(), b"key");
        let set = entry.as_zset().expect("it is a sorted set");
        let ranks = start.min(model.len())..(start + len).min(model.len());
        prop_assert_eq!(owned(set.range(start..start + len)), model[ranks].to_vec());
    }

    #[test]
    fn among_equal_scores_a_member_has_a_rank_whether_it_is_there_or_not(
        members in prop::collection::btree_set(member(), 0..30),
        bound in member(),
        zset_entries in prop::sample::select(vec![0, 100]),
    ) {
        let packing = Packing { zset_entries, zset_bytes: 100, ..Packing::default() };
        let mut entry = Entry::empty(b"key", Kind::Zset);
        let mut set = entry.as_zset_mut().expect("it is a sorted set");
        for member in &members {
            set.insert(member, 0.5, &packing);
        }
        let below = members.iter().filter(|member| **member < bound).count();
        let upto = members.iter().filter(|member| **member <= bound).count();
        prop_assert_eq!(set.as_ref().rank_of_member(&bound, Side::Before), below);
        prop_assert_eq!(set.as_ref().rank_of_member(&bound, Side::After), upto);
    }
}

fn packed_up_to(zset_entries: usize) -> Packing {
    Packing {
        zset_entries,
        ..Packing::default()
    }
}

#[test]
fn every_element_is_as_likely_as_any_other() {
    const DRAWS: usize = 20_000;
    for zset_entries in [0, 100] {
        let mut entry = Entry::empty(b"key", Kind::Zset);
        let mut set = entry.as_zset_mut().expect("it is a sorted set");
        for n in 0..20u8 {
            set.insert(&[n], f64::from(n), &packed_up_to(zset_entries));
        }
        let mut random = crate::engine::Random::new(5);
        let mut drawn = [0f64; 20];
        for _ in 0..DRAWS {
            let element = set.as_ref().random(|n| random.below(n));
            let (member, score) = element.expect("the set is not empty");
            assert!(member.eq_bytes(&[score as u8]));
            drawn[score as usize] += 1.0;
        }
        let mean = DRAWS as f64 / 20.0;
        let chi: f64 = drawn.iter().map(|n| (n - mean).powi(2) / mean).sum();
        // 19 degrees of freedom: above this once in a thousand draws of another seed.
        assert!(chi < 43.8, "{chi} with {zset_entries} packed");
    }
}

#[test]
fn what_is_expected_to_be_large_is_never_packed() {
    let packing = Packing::default();
    for (len, longest, is_large) in [(128, 64, false), (129, 1, true), (1, 65, true)] {
        let mut entry = Entry::empty(b"key", Kind::Zset);
        let mut set = entry.as_zset_mut().expect("it is a sorted set");
        set.prepare_for(len, longest, &packing);
        assert_eq!(matches!(set.as_ref(), ZsetRef::Large(_)), is_large);
    }
}

#[test]
fn an_update_may_leave_everything_as_it_is() {
    for zset_entries in [0, 100] {
        let packing = packed_up_to(zset_entries);
        let mut entry = Entry::empty(b"key", Kind::Zset);
        let mut set = entry.as_zset_mut().expect("it is a sorted set");
        assert_eq!(set.update(b"a", &packing, |_| None), None);
        assert!(set.is_empty());
        set.insert(b"a", 1.5, &packing);
        let sum = |old: Option<f64>| Some(old.unwrap_or(0.0) + 2.0);
        assert_eq!(set.update(b"a", &packing, sum), Some(1.5));
        assert_eq!(set.update(b"a", &packing, |_| None), Some(3.5));
        assert_eq!(set.as_ref().score(b"a"), Some(3.5));
    }
}

use super::*;
use crate::engine::Random;
use crate::store::Kind;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[derive(Debug, Clone)]
enum Step {
    Insert(Vec<u8>),
    InsertItem(Vec<u8>),
    Remove(Vec<u8>),
}

/// Mostly integers, so that a set of them lives for a while; sometimes what ends it.
fn word() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        40 => (-20..200i64).prop_map(|n| n.to_string().into_bytes()),
        4 => any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        1 => (0..200u8).prop_map(|n| format!("0{n}").into_bytes()),
        1 => Just(Vec::new()),
        1 => (60..70usize).prop_map(|len| vec![b'x'; len]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => word().prop_map(Step::Insert),
        2 => word().prop_map(Step::InsertItem),
        2 => word().prop_map(Step::Remove),
    ]
}

fn content(set: SetRef) -> Vec<Vec<u8>> {
    let mut members: Vec<Vec<u8>> = set.iter().map(|member| member.to_vec()).collect();
    members.sort();
    members
}

/// What the form of a set says about its members, and what it has been.
fn check_form(set: SetRef, had_other: bool, most: usize, packing: &Packing) {
    match set {
        SetRef::Integers(_) => {
            assert!(!had_other && most <= packing.intset_entries);
        }
        SetRef::Packed(pack) => {
            assert!(had_other || most > packing.intset_entries);
            assert!(pack.len() <= PACKED_MEMBERS);
            assert!(
                pack.iter()
                    .all(|member| member.len() <= PACKED_MEMBER_BYTES)
            );
        }
        SetRef::Large(_) => assert!(had_other || most > packing.intset_entries),
    }
}

proptest! {
    #[test]
    fn a_set_holds_each_member_once_whatever_its_form(
        steps in prop::collection::vec(step(), 0..400),
        intset_entries in prop_oneof![0..30usize, Just(512)],
    ) {
        let packing = Packing { intset_entries, ..Packing::default() };
        let mut entry = Entry::empty(b"key", Kind::Set);
        let mut model = BTreeSet::new();
        let (mut had_other, mut most) = (false, 0);
        for step in steps {
            let mut set = entry.as_set_mut().expect("it is a set");
            match step {
                Step::Insert(member) => {
                    had_other |= Item::of(&member).as_i64().is_none();
                    prop_assert_eq!(set.insert(&member, &packing), model.insert(member));
                }
                Step::InsertItem(member) => {
                    had_other |= Item::of(&member).as_i64().is_none();
                    // Half of them as a large set has them: bytes, whatever they read as.
                    let item = if member.len() % 2 == 0 {
                        Item::of(&member)
                    } else {
                        Item::Bytes(&member)
                    };
                    prop_assert_eq!(set.as_ref().contains_item(item), model.contains(&member));
                    prop_assert_eq!(set.insert_item(item, &packing), model.insert(member.clone()));
                }
                Step::Remove(member) => {
                    prop_assert_eq!(set.remove(&member), model.remove(&member));
                }
            }
            most = most.max(model.len());
            let set = set.as_ref();
            prop_assert_eq!(set.len(), model.len());
            prop_assert_eq!(set.is_empty(), model.is_empty());
            check_form(set, had_other, most, &packing);
        }
        prop_assert_eq!(entry.key(), b"key");
        let set = entry.as_set().expect("it is a set");
        prop_assert_eq!(content(set), Vec::from_iter(model.clone()));
        prop_assert!(model.iter().all(|member| set.contains(member)));
        prop_assert!(!set.contains(b"missing") && !set.contains(b"201"));
        let mut scanned = BTreeSet::new();
        let mut cursor = 0;
        loop {
            cursor = set.scan(cursor, 3, |member| { scanned.insert(member.to_vec()); });
            if cursor == 0 {
                break;
            }
        }
        prop_assert_eq!(scanned, model);
    }
}

/// A set of 20 members in each of the three forms.
fn sets() -> [Entry; 3] {
    let packing = Packing::default();
    let mut sets = [(); 3].map(|()| Entry::empty(b"key", Kind::Set));
    for (entry, marker) in sets.iter_mut().zip([&b""[..], b"x", &[b'x'; 65]]) {
        let mut set = entry.as_set_mut().expect("it is a set");
        if !marker.is_empty() {
            set.insert(marker, &packing);
            set.remove(marker);
        }
        for n in 0..20 {
            set.insert(format!("{n}").as_bytes(), &packing);
        }
    }
    assert!(matches!(sets[0].as_set(), Some(SetRef::Integers(_))));
    assert!(matches!(sets[1].as_set(), Some(SetRef::Packed(_))));
    assert!(matches!(sets[2].as_set(), Some(SetRef::Large(_))));
    sets
}

/// The chi-square of how often each of 20 members was drawn.
fn chi_square(drawn: &[f64; 20], variance_of_mean: f64) -> f64 {
    let mean = drawn.iter().sum::<f64>() / 20.0;
    let squares = drawn.iter().map(|n| (n - mean).powi(2));
    squares.sum::<f64>() / (mean * variance_of_mean)
}

/// 19 degrees of freedom: above this once in a thousand draws of another seed.
const UNLIKELY: f64 = 43.8;

fn number(member: Item) -> usize {
    let text = String::from_utf8(member.to_vec()).expect("it is a number");
    text.parse().expect("it is a number")
}

#[test]
fn every_member_is_as_likely_as_any_other() {
    for entry in sets() {
        let set = entry.as_set().expect("it is a set");
        let mut random = Random::new(5);
        let mut drawn = [0f64; 20];
        for _ in 0..20_000 {
            let member = set.random(|n| random.below(n)).expect("it is not empty");
            drawn[number(member)] += 1.0;
        }
        let chi = chi_square(&drawn, 1.0);
        assert!(chi < UNLIKELY, "{chi} of {set:?}");
    }
    assert!(
        Entry::empty(b"key", Kind::Set)
            .as_set()
            .is_some_and(|set| set.random(|_| 0).is_none())
    );
}

#[test]
fn every_member_is_popped_as_often_as_any_other() {
    const TIMES: usize = 3000;
    let packing = Packing::default();
    // One by one, through all of an intset, and by choosing what is left.
    for count in [1, 3, 10, 14, 18] {
        for entry in sets() {
            let mut random = Random::new(5);
            let mut popped = [0f64; 20];
            for _ in 0..TIMES {
                let mut entry = entry.copy_to(b"copy");
                let mut set = entry.as_set_mut().expect("it is a set");
                let old = set.pop_many(
                    count,
                    &packing,
                    |n| random.below(n),
                    |member| popped[number(member)] += 1.0,
                );
                assert_eq!(set.as_ref().len(), 20 - count);
                let is_new = matches!(old, Some(Value::Set(_)));
                assert!(!is_new || matches!(set.as_ref(), SetRef::Integers(_)));
            }
            let share = count as f64 / 20.0;
            let chi = chi_square(&popped, (1.0 - share) * 20.0 / 19.0);
            assert!(chi < UNLIKELY, "{chi} of {count} of {:?}", entry.as_set());
        }
    }
}

#[test]
fn pairs_are_popped_as_often_as_any_others() {
    // Of four members there are six pairs; which one goes says nothing about the other.
    let packing = Packing::default();
    for marker in [&b"0"[..], b"x", &[b'x'; 65]] {
        let mut entry = Entry::empty(b"key", Kind::Set);
        let mut set = entry.as_set_mut().expect("it is a set");
        for member in [marker, b"0", b"1", b"2", b"3"] {
            set.insert(member, &packing);
        }
        if marker != b"0" {
            set.remove(marker);
        }
        let mut random = Random::new(5);
        let mut pairs = [0f64; 16];
        for _ in 0..6000 {
            let mut entry = entry.copy_to(b"copy");
            let mut set = entry.as_set_mut().expect("it is a set");
            let mut pair = 0;
            let read = |member: Item| pair |= 1 << number(member);
            set.pop_many(2, &packing, |n| random.below(n), read);
            pairs[pair] += 1.0;
        }
        let six = pairs.iter().filter(|&&times| times > 0.0);
        let chi: f64 = six.clone().map(|n| (n - 1000.0).powi(2) / 1000.0).sum();
        // 5 degrees of freedom.
        assert!(six.count() == 6 && chi < 20.5, "{pairs:?}");
    }
}

#[test]
fn as_many_are_popped_as_there_are() {
    let packing = Packing::default();
    for mut entry in sets() {
        let mut set = entry.as_set_mut().expect("it is a set");
        let mut popped = BTreeSet::new();
        while let Some(n) = set.pop(|n| n / 2, number) {
            assert!(popped.insert(n));
        }
        assert!(popped.len() == 20 && set.is_empty());
        let mut read = 0;
        set.pop_many(5, &packing, |_| 0, |_| read += 1);
        assert_eq!(read, 0);
    }
    for mut entry in sets() {
        let mut set = entry.as_set_mut().expect("it is a set");
        let mut popped = BTreeSet::new();
        let read = |member: Item| assert!(popped.insert(number(member)));
        set.pop_many(usize::MAX, &packing, |_| 0, read);
        assert!(popped.len() == 20 && set.is_empty());
    }
}

use super::*;
use crate::store::Kind;
use crate::store::pack::tests::element;
use proptest::prelude::*;
use std::collections::VecDeque;

type Model = VecDeque<Vec<u8>>;

#[derive(Debug, Clone)]
enum Step {
    Extend(End, Vec<Vec<u8>>),
    Pop(End, usize),
    Insert(usize, Vec<u8>),
    Set(usize, Vec<u8>),
    RemoveRange(usize, usize),
    RemoveEqual(usize, usize, End),
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Front), Just(End::Back)]
}

/// Elements that are often equal to each other.
fn word() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![3 => (0..9u8).prop_map(|n| vec![b'a' + n]), 2 => element()]
}

fn step() -> impl Strategy<Value = Step> {
    let at = || 0usize..60;
    prop_oneof![
        4 => (end(), proptest::collection::vec(word(), 1..9)).prop_map(|(end, words)| Step::Extend(end, words)),
        2 => (end(), 0usize..9).prop_map(|(end, n)| Step::Pop(end, n)),
        2 => (at(), word()).prop_map(|(at, word)| Step::Insert(at, word)),
        2 => (at(), word()).prop_map(|(at, word)| Step::Set(at, word)),
        1 => (at(), 0usize..20).prop_map(|(at, n)| Step::RemoveRange(at, n)),
        1 => (at(), prop_oneof![0usize..4, Just(usize::MAX)], end())
            .prop_map(|(at, n, end)| Step::RemoveEqual(at, n, end)),
    ]
}

fn pop(model: &mut Model, end: End) -> Option<Vec<u8>> {
    match end {
        End::Front => model.pop_front(),
        End::Back => model.pop_back(),
    }
}

fn remove_equal(model: &mut Model, needle: &[u8], count: usize, from: End) -> usize {
    let mut found: Vec<usize> = (0..model.len()).filter(|&at| model[at] == needle).collect();
    if from == End::Back {
        found.reverse();
    }
    found.truncate(count);
    found.sort_unstable();
    found.iter().rev().for_each(|&at| drop(model.remove(at)));
    found.len()
}

/// Does the same to a list and to its model, and compares what both say.
fn apply(list: &mut ListMut, model: &mut Model, step: Step, packing: &Packing) {
    match step {
        Step::Extend(end, words) => {
            list.extend(end, words.iter().map(Vec::as_slice), packing);
            for word in words {
                match end {
                    End::Front => model.push_front(word),
                    End::Back => model.push_back(word),
                }
            }
        }
        Step::Pop(end, n) => {
            for _ in 0..n {
                assert_eq!(list.pop(end, |item| item.to_vec()), pop(model, end));
            }
        }
        Step::Insert(at, word) => {
            let fits = at <= model.len();
            assert_eq!(list.insert(at, &word, packing), fits);
            if fits {
                model.insert(at, word);
            }
        }
        Step::Set(at, word) => {
            let is_there = at < model.len();
            assert_eq!(list.set(at, &word, packing), is_there);
            if is_there {
                model[at] = word;
            }
        }
        Step::RemoveRange(at, n) => {
            let _ = list.remove_range(at, n);
            let end = (at + n).min(model.len());
            model.drain(at.min(end)..end);
        }
        Step::RemoveEqual(at, n, from) => {
            let needle = model.get(at).cloned().unwrap_or_default();
            let expected = remove_equal(model, &needle, n, from);
            assert_eq!(list.remove_equal(&needle, n, from), expected);
        }
    }
}

fn check(list: ListRef, model: &Model) {
    let items: Vec<Item> = model.iter().map(|word| Item::of(word)).collect();
    assert_eq!(
        (list.len(), list.is_empty()),
        (items.len(), items.is_empty())
    );
    assert!(list.iter().eq(items.iter().copied()));
    assert!(list.iter().rev().eq(items.iter().rev().copied()));
    assert_eq!(list.iter().len(), items.len());
    for at in 0..=items.len() {
        assert_eq!(list.get(at), items.get(at).copied());
        for count in [0, 1, 7, usize::MAX] {
            let some = &items[at..at.saturating_add(count).min(items.len())];
            assert_eq!(list.range(at, count).len(), some.len());
            // One asks `next`, `next_back` and `fold` each.
            assert!(list.range(at, count).eq(some.iter().copied()));
            assert!(list.range(at, count).rev().eq(some.iter().rev().copied()));
            let mut seen = Vec::new();
            list.range(at, count).for_each(|item| seen.push(item));
            assert_eq!(seen, some);
        }
    }
    for word in model.iter().take(20) {
        assert_eq!(
            list.find(word),
            model.iter().position(|other| other == word)
        );
    }
    assert_eq!(list.find(b"not in there"), None);
}

proptest! {
    #[test]
    fn a_list_is_a_deque_whatever_its_form(
        steps in proptest::collection::vec(step(), 0..60),
        list_chunk in prop_oneof![-6..0i32, 0..20i32, Just(i32::MAX), Just(i32::MIN)],
    ) {
        let packing = Packing { list_chunk, ..Packing::default() };
        let fill = Fill::from_setting(list_chunk.into());
        let mut entry = Entry::empty(b"key", Kind::List);
        let mut model = Model::new();
        for step in steps {
            let mut list = entry.as_list_mut().expect("it is a list");
            apply(&mut list, &mut model, step, &packing);
            prop_assert_eq!(list.len(), model.len());
            prop_assert_eq!(list.is_empty(), model.is_empty());
            if let ListRef::Packed(pack) = list.as_ref() {
                prop_assert!(pack.bytes_len() <= PACKED_BYTES);
                prop_assert!(fill.allows(pack.len(), pack.bytes_len()));
            }
        }
        prop_assert_eq!(entry.key(), b"key");
        check(entry.as_list().expect("it is a list"), &model);
        check(entry.copy_to(b"other").as_list().expect("so is its copy"), &model);
    }
}

/// A list of `n` elements of ten bytes.
fn list_of(n: usize) -> Entry {
    let mut entry = Entry::empty(b"key", Kind::List);
    let mut list = entry.as_list_mut().expect("it is a list");
    for i in 0..n {
        list.push(
            End::Back,
            format!("e{i:09}").as_bytes(),
            &Packing::default(),
        );
    }
    entry
}

#[test]
fn a_short_list_is_packed_and_a_long_one_is_not() {
    for (n, is_packed) in [(1, true), (160, true), (180, false), (100_000, false)] {
        let entry = list_of(n);
        let list = entry.as_list().expect("it is a list");
        assert_eq!(matches!(list, ListRef::Packed(_)), is_packed, "{n}");
        assert_eq!(entry.encoding_name(), "quicklist");
    }
    // Several at once do not make it large before their time.
    let mut entry = Entry::empty(b"key", Kind::List);
    let mut list = entry.as_list_mut().expect("it is a list");
    list.extend(
        End::Front,
        [&b"12"[..]; 500].into_iter(),
        &Packing::default(),
    );
    assert!(matches!(list.as_ref(), ListRef::Packed(_)));
}

#[test]
fn what_is_removed_from_a_long_list_comes_back_to_be_freed() {
    let mut entry = list_of(100_000);
    let mut list = entry.as_list_mut().expect("it is a list");
    assert!(list.remove_range(0, 10).is_none());
    let Some(Value::List(removed)) = list.remove_range(0, usize::MAX) else {
        panic!("it was dropped on the spot");
    };
    assert_eq!(removed.len(), 99_990);
    assert!(list.is_empty());
}

#[test]
fn a_list_is_weighty_by_its_elements_or_by_their_bytes() {
    let packing = Packing::default();
    for (n, len, is_weighty) in [
        (400, 10, false),
        (600, 10, true),
        (10, 1000, false),
        (10, 100_000, true),
    ] {
        let mut entry = Entry::empty(b"key", Kind::List);
        let mut list = entry.as_list_mut().expect("it is a list");
        list.extend(
            End::Back,
            vec![&vec![b'x'; len][..]; n].into_iter(),
            &packing,
        );
        assert_eq!(entry.into_weighty().is_some(), is_weighty, "{n} of {len}");
    }
}

#[test]
fn a_hundred_elements_take_less_than_in_redis() {
    // A listpack of as many takes 1,207 bytes, what holds it 88 more, each in an allocation of its own.
    for (n, most) in [(10, 120 + 8), (100, 1200 + 8)] {
        assert!(
            list_of(n).heap_bytes() < most,
            "{}",
            list_of(n).heap_bytes()
        );
    }
}

#[test]
fn other_values_are_no_lists() {
    let mut entry = Entry::empty(b"key", Kind::Hash);
    assert!(entry.as_list().is_none() && entry.as_list_mut().is_none());
}

use super::*;
use crate::store::pack::tests::element;
use crate::store::{PackMut, pack};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Edit {
    Push(End, Vec<u8>),
    PushMany(End, Vec<u8>, usize),
    Pop(End, usize),
    Insert(usize, Vec<u8>),
    InsertMany(usize, Vec<u8>, usize),
    Set(usize, Vec<u8>),
    RemoveRange(usize, usize),
    RemoveEqual(usize, usize, End),
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Front), Just(End::Back)]
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = || 0usize..2000;
    prop_oneof![
        4 => (end(), element()).prop_map(|(end, element)| Edit::Push(end, element)),
        2 => (end(), element(), 0usize..200).prop_map(|(end, element, n)| Edit::PushMany(end, element, n)),
        2 => (end(), 0usize..100).prop_map(|(end, n)| Edit::Pop(end, n)),
        2 => (at(), element()).prop_map(|(at, element)| Edit::Insert(at, element)),
        1 => (at(), element(), 0usize..100).prop_map(|(at, element, n)| Edit::InsertMany(at, element, n)),
        2 => (at(), element()).prop_map(|(at, element)| Edit::Set(at, element)),
        1 => (at(), 0usize..300).prop_map(|(at, n)| Edit::RemoveRange(at, n)),
        1 => (at(), prop_oneof![1usize..20, Just(usize::MAX)], end())
            .prop_map(|(at, n, end)| Edit::RemoveEqual(at, n, end)),
    ]
}

/// Settings of every kind; with few elements a chunk there are many chunks.
fn setting() -> impl Strategy<Value = i64> {
    prop_oneof![-6i64..0, 0i64..6, Just(40), Just(i64::MAX), Just(i64::MIN)]
}

type Model = VecDeque<Vec<u8>>;

fn push(list: &mut List, model: &mut Model, end: End, element: &[u8]) {
    list.push(end, element);
    match end {
        End::Front => model.push_front(element.to_vec()),
        End::Back => model.push_back(element.to_vec()),
    }
}

fn pop(list: &mut List, model: &mut Model, end: End) {
    let expected = match end {
        End::Front => model.pop_front(),
        End::Back => model.pop_back(),
    };
    assert_eq!(list.pop(end, |item| item.to_vec()), expected);
}

fn remove_equal(model: &mut Model, needle: &[u8], count: usize, from: End) -> usize {
    let equal = |at: &usize| model[*at] == needle;
    let mut found: Vec<usize> = match from {
        End::Front => (0..model.len()).filter(equal).take(count).collect(),
        End::Back => (0..model.len()).rev().filter(equal).take(count).collect(),
    };
    found.sort_unstable();
    for at in found.iter().rev() {
        model.remove(*at);
    }
    found.len()
}

/// Does the same to a list and to its model. Positions beyond the end are taken modulo the length.
fn apply(list: &mut List, model: &mut Model, edit: &Edit) {
    match edit {
        Edit::Push(end, element) => push(list, model, *end, element),
        Edit::PushMany(end, element, n) => {
            // Not all the same: every tenth is another one.
            for i in 0..*n {
                let other = i.to_string().into_bytes();
                push(
                    list,
                    model,
                    *end,
                    if i % 10 == 0 { &other } else { element },
                );
            }
        }
        Edit::Pop(end, n) => (0..*n).for_each(|_| pop(list, model, *end)),
        Edit::Insert(at, element) => {
            let at = at % (model.len() + 1);
            assert!(list.insert(at, element));
            assert!(!list.insert(model.len() + 2, element), "beyond the end");
            model.insert(at, element.clone());
        }
        Edit::InsertMany(at, element, n) => {
            let at = at % (model.len() + 1);
            for i in 0..*n {
                assert!(list.insert(at + i, element));
                model.insert(at + i, element.clone());
            }
        }
        Edit::Set(at, element) => {
            let at = at % (model.len() + 1);
            let is_there = list.set(at, element);
            assert_eq!(is_there, at < model.len());
            if is_there {
                model[at] = element.clone();
            }
        }
        Edit::RemoveRange(at, n) => {
            let removed = list.remove_range(*at, *n);
            let start = (*at).min(model.len());
            let end = at.saturating_add(*n).min(model.len()).max(start);
            assert!(removed.len() <= end - start);
            check_chunks(&removed);
            model.drain(start..end);
        }
        Edit::RemoveEqual(at, n, from) => {
            let needle = match model.len() {
                0 => b"none".to_vec(),
                len => model[at % len].clone(),
            };
            let removed = list.remove_equal(&needle, *n, *from);
            assert_eq!(removed, remove_equal(model, &needle, *n, *from));
        }
    }
}

/// What is true of every list between two calls.
fn check_chunks(list: &List) {
    let len: usize = list.chunks.iter().map(Chunk::len).sum();
    assert_eq!(len, list.len());
    for chunk in &list.chunks {
        assert!(chunk.len() > 0, "no chunk is empty");
        assert_eq!(chunk.pack().iter().count(), chunk.len());
        let fits = chunk.size() <= list.fill.bytes() && chunk.len() <= list.fill.count as usize;
        assert!(fits || chunk.len() == 1, "{} bytes", chunk.size());
        let free = chunk.capacity() - chunk.size();
        assert!(free <= chunk.size() * 3 + 64, "{free} bytes free");
    }
}

fn check(list: &List, model: &Model) {
    check_chunks(list);
    assert_eq!(list.len(), model.len());
    assert_eq!(list.is_empty(), model.is_empty());
    let items: Vec<Item> = model.iter().map(|element| Item::of(element)).collect();
    assert!(list.iter().eq(items.iter().copied()));
    assert!(list.iter().rev().eq(items.iter().rev().copied()));
    for at in (0..model.len()).step_by(1 + model.len() / 20) {
        assert_eq!(list.get(at), Some(items[at]));
        let end = (at + 30).min(items.len());
        let some = &items[at..end];
        assert_eq!(list.range(at, 30).len(), some.len());
        assert!(list.range(at, 30).eq(some.iter().copied()));
        assert!(list.range(at, 30).rev().eq(some.iter().rev().copied()));
        let first = model.iter().position(|other| *other == model[at]);
        assert_eq!(list.find(&model[at]), first);
    }
    assert_eq!(list.get(model.len()), None);
    assert_eq!(list.range(model.len(), usize::MAX).next(), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn like_a_deque(setting in setting(), edits in proptest::collection::vec(edit(), 0..40)) {
        let mut list = List::new(Fill::from_setting(setting));
        let mut model = Model::new();
        for edit in &edits {
            apply(&mut list, &mut model, edit);
            check_chunks(&list);
        }
        check(&list, &model);
        check(&list.clone(), &model);
        while list.free_some() {}
        prop_assert!(list.chunks.is_empty());
    }

    #[test]
    fn both_ends_of_a_walk_meet(from_front in proptest::collection::vec(any::<bool>(), 100)) {
        let mut list = List::new(Fill::from_setting(7));
        (0..100).for_each(|n: i32| list.push_back(n.to_string().as_bytes()));
        let mut expected: VecDeque<i64> = (10..90).collect();
        let mut walk = list.range(10, 80);
        for from_front in from_front {
            let (item, expected) = if from_front {
                (walk.next(), expected.pop_front())
            } else {
                (walk.next_back(), expected.pop_back())
            };
            prop_assert_eq!(item, expected.map(Item::Int));
        }
    }

    #[test]
    fn a_pack_becomes_a_list(setting in setting(), elements in proptest::collection::vec(element(), 0..60)) {
        let mut bytes = Box::default();
        let slices: Vec<&[u8]> = elements.iter().map(Vec::as_slice).collect();
        PackMut::init(&mut bytes, 0).extend_back(&slices);
        let list = List::from_pack(pack::Pack::new(&bytes), Fill::from_setting(setting));
        check(&list, &elements.into());
    }
}

/// A list of `n` elements of ten bytes.
fn long(n: usize, end: End) -> List {
    let mut list = List::new(Fill::default());
    (0..n).for_each(|i| list.push(end, format!("e{i:09}").as_bytes()));
    list
}

#[test]
fn a_setting_is_a_size_or_a_number() {
    for (setting, bytes, count) in [
        (-1, 4096, u32::MAX),
        (-2, 8192, u32::MAX),
        (-5, 65536, u32::MAX),
        (i64::MIN, 65536, u32::MAX),
        (0, 8192, 1),
        (128, 8192, 128),
        (i64::MAX, 8192, 32767),
    ] {
        let expected = Fill { bytes, count };
        assert_eq!(Fill::from_setting(setting), expected, "{setting}");
    }
    assert_eq!(Fill::default(), Fill::from_setting(-2));
}

#[test]
fn a_long_list_takes_little_more_than_its_elements() {
    // Of the longer ones only two go into a chunk, which leaves a quarter of it empty.
    for (n, len) in [(100_000, 10), (1000, 3000)] {
        for end in [End::Front, End::Back] {
            let mut list = List::new(Fill::default());
            (0..n).for_each(|i| list.push(end, format!("e{i:0>0$}", len - 1).as_bytes()));
            let elements: usize = list.chunks.iter().map(Chunk::size).sum();
            let exact: usize = list.chunks.iter().map(Chunk::capacity).sum();
            let exact = exact + list.chunks.capacity() * size_of::<Chunk>();
            assert!(elements <= n * (len + 4));
            assert!(
                (elements..elements + elements / 50).contains(&exact),
                "{exact}"
            );
            let told = list.heap_bytes();
            assert!(told.abs_diff(exact) < exact / 50, "{told} and {exact}");
        }
    }
}

#[test]
fn a_short_list_takes_the_next_size_that_there_is() {
    for (n, expected) in [(10, 128), (100, 1280), (600, 7168 + 1024)] {
        let list = long(n, End::Back);
        let directory = list.chunks.capacity() * size_of::<Chunk>();
        assert_eq!(directory, size_of::<Chunk>());
        assert!(
            list.heap_bytes() <= directory + expected,
            "{}",
            list.heap_bytes()
        );
    }
}

#[test]
fn a_queue_stays_as_small_as_what_is_in_it() {
    for (into, out_of) in [(End::Back, End::Front), (End::Front, End::Back)] {
        let mut list = long(100, into);
        for n in 0..20_000 {
            list.push(into, format!("e{n:09}").as_bytes());
            list.pop(out_of, |_| ()).expect("it is not empty");
        }
        assert_eq!(list.len(), 100);
        assert!(list.heap_bytes() < 10_000, "{}", list.heap_bytes());
    }
}

#[test]
fn what_is_popped_gives_its_memory_back() {
    for end in [End::Front, End::Back] {
        let mut list = long(200_000, End::Back);
        (0..199_990).for_each(|_| list.pop(end, |_| ()).expect("it is not empty"));
        assert_eq!(list.len(), 10);
        assert!(list.heap_bytes() < 3000, "{}", list.heap_bytes());
    }
}

#[test]
fn a_list_thinned_out_is_put_together() {
    let mut list = List::new(Fill::default());
    for n in 0..100_000 {
        list.push_back(if n % 100 == 0 {
            b"kept element"
        } else {
            b"removed"
        });
    }
    let before = list.chunks.len();
    assert_eq!(list.remove_equal(b"removed", usize::MAX, End::Back), 99_000);
    assert!(
        list.chunks.len() < before / 5,
        "{} chunks of {before}",
        list.chunks.len()
    );
    assert!(list.iter().all(|item| item.eq_bytes(b"kept element")));
    check_chunks(&list);
}

#[test]
fn a_removed_range_is_handed_out_in_whole_chunks() {
    let mut list = long(100_000, End::Back);
    let removed = list.remove_range(10, 99_980);
    assert!(removed.len() > 90_000, "{}", removed.len());
    assert_eq!(list.len(), 20);
    assert_eq!(list.chunks.len(), 1, "what remains of both ends is united");
    assert!(list.get(10).expect("it is there").eq_bytes(b"e000099990"));
}

#[test]
fn a_long_list_is_freed_in_slices() {
    let mut list = long(300_000, End::Back);
    let mut slices = 1;
    while list.free_some() {
        slices += 1;
    }
    assert!((5..50).contains(&slices), "{slices}");
    let mut list = List::new(Fill::default());
    (0..10).for_each(|_| list.push_back(&vec![b'x'; 1_000_000]));
    list.push_back(&vec![b'x'; 20_000_000]);
    let mut slices = 1;
    while list.free_some() {
        slices += 1;
    }
    assert!((12..40).contains(&slices), "{slices}");
}

use super::*;
use crate::store::pack::tests::integer;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[derive(Debug, Clone)]
enum Edit {
    Insert(i64),
    Remove(i64),
    RemoveAt(usize),
    Retain(i64),
}

fn edit() -> impl Strategy<Value = Edit> {
    // Few different integers, so that members are met again.
    let value = prop_oneof![3 => -20..20i64, 1 => integer()];
    prop_oneof![
        5 => value.clone().prop_map(Edit::Insert),
        2 => value.prop_map(Edit::Remove),
        1 => (0..30usize).prop_map(Edit::RemoveAt),
        1 => (2..5i64).prop_map(Edit::Retain),
    ]
}

fn apply(set: &mut IntSetMut, model: &mut BTreeSet<i64>, edit: &Edit) {
    match *edit {
        Edit::Insert(value) => assert_eq!(set.insert(value), model.insert(value)),
        Edit::Remove(value) => assert_eq!(set.remove(value), model.remove(&value)),
        Edit::RemoveAt(index) => {
            let expected = model.iter().nth(index).copied();
            assert_eq!(set.remove_at(index), expected);
            expected.map(|value| model.remove(&value));
        }
        Edit::Retain(divisor) => {
            set.retain(|value| value % divisor != 0);
            model.retain(|value| value % divisor != 0);
        }
    }
}

fn check(set: IntSet, model: &BTreeSet<i64>) {
    assert_eq!(set.len(), model.len());
    assert_eq!(set.is_empty(), model.is_empty());
    assert!(set.iter().eq(model.iter().copied()));
    assert!(set.iter().rev().eq(model.iter().rev().copied()));
    for (index, &value) in model.iter().enumerate() {
        assert_eq!(set.get(index), Some(value));
        assert!(set.contains(value));
        for other in [value.wrapping_add(1), value.wrapping_sub(1)] {
            assert_eq!(set.contains(other), model.contains(&other));
        }
    }
    assert_eq!(set.get(model.len()), None);
    assert_eq!(set.get(usize::MAX), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn like_a_sorted_set(
        head in proptest::collection::vec(any::<u8>(), 0..30),
        edits in proptest::collection::vec(edit(), 0..100),
    ) {
        let mut bytes = head.clone().into_boxed_slice();
        let mut model = BTreeSet::new();
        let mut set = IntSetMut::init(&mut bytes, head.len());
        for edit in &edits {
            apply(&mut set, &mut model, edit);
        }
        check(set.as_set(), &model);
        let used = head.len() + set.as_set().bytes_len();
        prop_assert_eq!(&bytes[..head.len()], &head[..], "the head stays");
        prop_assert_eq!(bytes.len(), used);
        check(IntSetMut::new(&mut bytes, head.len()).as_set(), &model);
    }

    #[test]
    fn whatever_the_bytes_no_reading_panics(bytes in proptest::collection::vec(any::<u8>(), 0..30), value in integer()) {
        let set = IntSet::new(&bytes);
        let _ = (set.contains(value), set.get(2), set.iter().count());
    }
}

#[test]
fn every_integer_takes_the_width_of_the_widest() {
    let mut bytes = Box::default();
    let mut set = IntSetMut::init(&mut bytes, 0);
    for value in -100..100 {
        set.insert(value);
    }
    assert_eq!(set.as_set().bytes_len(), 1 + 200 * 2);
    set.insert(32768);
    assert_eq!(set.as_set().bytes_len(), 1 + 201 * 4);
    set.insert(i64::MIN);
    assert_eq!(set.as_set().bytes_len(), 1 + 202 * 8);
    assert_eq!(set.as_set().get(0), Some(i64::MIN));
    assert_eq!(set.as_set().get(201), Some(32768));
}

#[test]
fn the_borders_of_the_widths_are_exact() {
    let (small, medium) = (1 << 15, 1i64 << 31);
    let table = [
        (small - 1, 2),
        (small, 4),
        (-small, 2),
        (-small - 1, 4),
        (medium - 1, 4),
        (medium, 8),
        (-medium, 4),
        (-medium - 1, 8),
    ];
    for (value, width) in table {
        let mut bytes = Box::default();
        let mut set = IntSetMut::init(&mut bytes, 0);
        assert!(set.insert(value));
        assert_eq!(set.as_set().get(0), Some(value));
        assert_eq!(bytes.len(), 1 + width, "{value}");
    }
}

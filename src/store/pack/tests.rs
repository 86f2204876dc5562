use super::*;
use proptest::prelude::*;

/// Byte strings of every encoding and of the lengths around their borders.
pub(in crate::store) fn element() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => integer().prop_map(|n| n.to_string().into_bytes()),
        4 => "[a-z0-9]{0,8}".prop_map(String::into_bytes),
        1 => proptest::sample::select(vec!["", "-", "-0", "00", "007", "+1", " 1", "1 ", "9223372036854775808"])
            .prop_map(|text| text.as_bytes().to_vec()),
        2 => (string_len(), any::<u8>()).prop_map(|(len, byte)| vec![byte; len]),
    ]
}

/// Integers on the borders of every width, and a few in between.
pub(in crate::store) fn integer() -> impl Strategy<Value = i64> {
    let power = prop_oneof![
        Just(0u32),
        Just(7),
        Just(12),
        Just(15),
        Just(23),
        Just(31),
        0u32..63
    ];
    let near = (power, -2i64..=2, any::<bool>()).prop_map(|(power, off, negative)| {
        let n = (1i64 << power).wrapping_add(off);
        if negative { n.wrapping_neg() } else { n }
    });
    prop_oneof![
        near,
        Just(i64::MAX),
        Just(i64::MIN),
        any::<i64>(),
        0..100i64
    ]
}

fn string_len() -> impl Strategy<Value = usize> {
    prop_oneof![
        0usize..130,
        62usize..67,
        105usize..116,
        3830usize..3845,
        4155usize..4165,
        Just(70_000),
    ]
}

#[derive(Debug, Clone)]
enum Edit {
    PushFront(Vec<u8>),
    PushBack(Vec<u8>),
    Extend(Vec<Vec<u8>>),
    Insert(usize, Vec<u8>),
    Remove(usize),
    RemoveRange(usize, usize),
    Replace(usize, Vec<u8>),
    Splice(usize, usize, Vec<Vec<u8>>),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = 0usize..40;
    prop_oneof![
        element().prop_map(Edit::PushFront),
        element().prop_map(Edit::PushBack),
        proptest::collection::vec(element(), 0..4).prop_map(Edit::Extend),
        (at.clone(), element()).prop_map(|(at, element)| Edit::Insert(at, element)),
        at.clone().prop_map(Edit::Remove),
        (at.clone(), 0usize..4).prop_map(|(at, count)| Edit::RemoveRange(at, count)),
        (at.clone(), element()).prop_map(|(at, element)| Edit::Replace(at, element)),
        (at, 0usize..3, proptest::collection::vec(element(), 0..3))
            .prop_map(|(at, count, elements)| Edit::Splice(at, count, elements)),
    ]
}

fn slices(elements: &[Vec<u8>]) -> Vec<&[u8]> {
    elements.iter().map(Vec::as_slice).collect()
}

/// Does the same to a pack and to its model. Positions beyond the end are taken modulo the length.
fn apply(pack: &mut PackMut, model: &mut Vec<Vec<u8>>, edit: &Edit) {
    let place = |pack: &PackMut, at: usize| {
        let len = pack.as_pack().len();
        let index = at % (len + 1);
        (
            index,
            pack.as_pack().place(index).unwrap_or(pack.as_pack().end()),
        )
    };
    match edit {
        Edit::PushFront(element) => {
            pack.push_front(element);
            model.insert(0, element.clone());
        }
        Edit::PushBack(element) => {
            pack.push_back(element);
            model.push(element.clone());
        }
        Edit::Extend(elements) => {
            pack.extend_back(&slices(elements));
            model.extend_from_slice(elements);
        }
        Edit::Insert(at, element) => {
            let (index, place) = place(pack, *at);
            pack.insert(place, element);
            model.insert(index, element.clone());
        }
        Edit::Remove(at) => {
            let (index, place) = place(pack, *at);
            pack.remove(place);
            model.drain(index..(index + 1).min(model.len()));
        }
        Edit::RemoveRange(at, count) => {
            pack.remove_range(*at, *count);
            let start = (*at).min(model.len());
            model.drain(start..(start + count).min(model.len()));
        }
        Edit::Replace(at, element) => {
            let (index, place) = place(pack, *at);
            pack.replace(place, element);
            model.splice(
                index..(index + 1).min(model.len()),
                std::iter::once(element.clone()),
            );
        }
        Edit::Splice(at, count, elements) => {
            let (index, place) = place(pack, *at);
            pack.splice(place, *count, &slices(elements));
            let end = (index + count).min(model.len());
            model.splice(index..end, elements.iter().cloned());
        }
    }
}

fn check(pack: Pack, model: &[Vec<u8>]) {
    assert_eq!(pack.len(), model.len());
    assert_eq!(pack.is_empty(), model.is_empty());
    let forward: Vec<_> = pack.iter().map(|item| item.to_vec()).collect();
    assert_eq!(forward, model);
    let backward: Vec<_> = pack.iter().rev().map(|item| item.to_vec()).collect();
    assert!(backward.iter().eq(model.iter().rev()));
    for (index, expected) in model.iter().enumerate() {
        let item = pack.get(index).expect("it is there");
        assert!(item.eq_bytes(expected) && !item.eq_bytes(b"another"));
        assert_eq!(item, Item::of(expected));
        assert_eq!(item.len(), expected.len());
        assert_eq!(item.is_empty(), expected.is_empty());
        assert_eq!(item.as_i64(), crate::number::parse_i64(expected));
        assert_eq!(item.cmp_bytes(b"5"), expected.as_slice().cmp(b"5"));
        assert_eq!(pack.get_back(model.len() - 1 - index), Some(item));
        let rest = pack.iter_from(index);
        assert_eq!(rest.len(), model.len() - index);
        assert!(rest.map(|item| item.to_vec()).eq(model[index..].to_vec()));
        let before = pack.iter_to(index).map(|item| item.to_vec());
        assert!(before.eq(model[..index].to_vec()));
        for step in [1, 2, 3] {
            let first = (0..model.len())
                .step_by(step)
                .find(|&at| model[at] == *expected);
            assert_eq!(pack.find(expected, step).map(Place::index), first);
        }
    }
    assert_eq!(pack.get(model.len()), None);
    assert_eq!(pack.get_back(model.len()), None);
    assert_eq!(pack.iter_from(model.len()).next(), None);
    assert_eq!(pack.iter_to(usize::MAX).len(), model.len());
    assert_eq!(pack.item(pack.end()), None);
    assert_eq!(pack.next(pack.end()), None);
    assert_eq!(pack.previous(pack.first()), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn like_a_vector(
        head in proptest::collection::vec(any::<u8>(), 0..30),
        edits in proptest::collection::vec(edit(), 0..40),
    ) {
        let mut bytes = head.clone().into_boxed_slice();
        let mut model = Vec::new();
        let mut pack = PackMut::init(&mut bytes, head.len());
        for edit in &edits {
            apply(&mut pack, &mut model, edit);
        }
        check(pack.as_pack(), &model);
        let used = head.len() + pack.as_pack().bytes_len();
        prop_assert_eq!(&bytes[..head.len()], &head[..], "the head stays");
        prop_assert_eq!(bytes.len(), used);
        check(PackMut::new(&mut bytes, head.len()).as_pack(), &model);
    }

    #[test]
    fn whatever_the_bytes_no_reading_panics(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let pack = Pack::new(&bytes);
        // A broken count is a number of up to 2^32; the elements end before.
        let _ = pack.iter().map(|item| item.len()).sum::<usize>() + pack.iter().rev().count();
        let _ = (pack.get(3), pack.get_back(3), pack.find(b"12", 2), pack.iter_from(2).count());
    }
}

fn pack_of(elements: &[&[u8]]) -> Box<[u8]> {
    let mut bytes = Box::default();
    PackMut::init(&mut bytes, 0).extend_back(elements);
    bytes
}

/// The sizes that Redis's listpack has for one element, by the description of its format.
#[test]
fn elements_are_no_larger_than_in_a_listpack() {
    let sizes: &[(&[u8], usize, usize)] = &[
        (b"0", 1, 2),
        (b"127", 1, 2),
        (b"128", 3, 3),
        (b"-4096", 3, 3),
        (b"4096", 4, 4),
        (b"-32768", 4, 4),
        (b"32768", 5, 5),
        (b"8388608", 6, 6),
        (b"2147483648", 10, 10),
        (b"", 2, 2),
        (b"hello", 7, 7),
        (&[b'x'; 63], 65, 65),
        (&[b'x'; 64], 67, 67),
        (&[b'x'; 200], 204, 204),
        (&[b'x'; 3000], 3004, 3004),
    ];
    for (element, expected, listpack) in sizes {
        let size = Encoded::new(element).size();
        assert_eq!(size, *expected, "{}", element.escape_ascii());
        assert!(size <= *listpack);
        assert_eq!(pack_of(&[element]).len(), COUNT_LEN + size);
    }
}

#[test]
fn a_field_is_found_and_its_value_replaced_without_another_walk() {
    let mut bytes = pack_of(&[b"name", b"7", b"7", b"old"]);
    let mut pack = PackMut::new(&mut bytes, 0);
    let field = pack.as_pack().find(b"7", 2).expect("a field");
    assert_eq!(field.index(), 2);
    let value = pack.as_pack().next(field).expect("a value follows");
    assert_eq!(pack.as_pack().item(value), Some(Item::Bytes(b"old")));
    pack.replace(value, b"-12");
    assert_eq!(pack.as_pack().item(value), Some(Item::Int(-12)));
    assert!(pack.as_pack().find(b"old", 1).is_none());
}

#[test]
fn a_replacement_of_the_same_size_stays_in_place() {
    let mut bytes = pack_of(&[b"abc", b"12"]);
    let before = bytes.as_ptr();
    let mut pack = PackMut::new(&mut bytes, 0);
    let first = pack.as_pack().first();
    pack.replace(first, b"xyz");
    assert_eq!(pack.as_pack().get(0), Some(Item::Bytes(b"xyz")));
    assert_eq!(bytes.as_ptr(), before);
}

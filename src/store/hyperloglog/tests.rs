//! Against a plain array of registers, against what redis-server makes of the same elements, and with bytes that no
//! HyperLogLog has ever written.

use super::*;
use proptest::prelude::*;

/// Redis's default.
const SPARSE_MAX: usize = 3000;

fn open(bytes: &mut Vec<u8>, sparse_max_bytes: usize) -> HyperLogLogMut<'_> {
    HyperLogLogMut::open(bytes, sparse_max_bytes).expect("it is a HyperLogLog")
}

fn count(bytes: &[u8]) -> Result<u64, Corrupt> {
    HyperLogLog::open(bytes)
        .expect("it is a HyperLogLog")
        .count()
}

fn registers(bytes: &[u8]) -> Vec<u8> {
    let mut union = Union::default();
    let one = HyperLogLog::open(bytes).expect("it is a HyperLogLog");
    union.add(one).expect("its registers make sense");
    union.registers.into_vec()
}

/// The string of a sparse HyperLogLog with these runs.
fn sparse(runs: &[u8]) -> Vec<u8> {
    let mut bytes = empty();
    bytes.truncate(HEADER);
    bytes.extend_from_slice(runs);
    bytes
}

#[test]
fn elements_have_the_registers_and_ranks_of_redis() {
    for (element, runs) in [
        ("", [0x57, 0x31, 0x84, 0x68, 0xcc]),
        ("a", [0x71, 0xa6, 0x84, 0x4e, 0x57]),
        ("abcdefg", [0x56, 0x01, 0x84, 0x69, 0xfc]),
        ("abcdefgh", [0x45, 0x66, 0x80, 0x7a, 0x97]),
        ("abcdefghi", [0x5a, 0xf6, 0x80, 0x65, 0x07]),
        ("foo", [0x5c, 0xb3, 0x90, 0x63, 0x4a]),
        ("the quick brown fox", [0x7d, 0xb2, 0x80, 0x42, 0x4b]),
    ] {
        let mut bytes = empty();
        let added = open(&mut bytes, SPARSE_MAX).add(element.as_bytes());
        assert_eq!(added, Ok(true));
        assert_eq!(bytes[HEADER..], runs, "{element}");
    }
}

#[test]
fn runs_are_split_and_joined_as_redis_does() {
    let mut bytes = sparse(&sparse::ALL_ZERO);
    for (index, rank, runs) in [
        (100, 1, &[0x40, 99, 0x80, 0x7f, 0x9a][..]),
        (101, 1, &[0x40, 99, 0x81, 0x7f, 0x99]),
        (102, 1, &[0x40, 99, 0x82, 0x7f, 0x98]),
        (103, 1, &[0x40, 99, 0x83, 0x7f, 0x97]),
        (104, 1, &[0x40, 99, 0x83, 0x80, 0x7f, 0x96]),
        (101, 2, &[0x40, 99, 0x80, 0x84, 0x82, 0x7f, 0x96]),
        (100, 2, &[0x40, 99, 0x85, 0x82, 0x7f, 0x96]),
        (103, 1, &[0x40, 99, 0x85, 0x82, 0x7f, 0x96]),
        (103, 3, &[0x40, 99, 0x85, 0x80, 0x88, 0x80, 0x7f, 0x96]),
        (
            16383,
            32,
            &[0x40, 99, 0x85, 0x80, 0x88, 0x80, 0x7f, 0x95, 0xfc],
        ),
        (
            0,
            32,
            &[0xfc, 0x40, 98, 0x85, 0x80, 0x88, 0x80, 0x7f, 0x95, 0xfc],
        ),
    ] {
        open(&mut bytes, SPARSE_MAX)
            .raise(index, rank)
            .expect("sound");
        assert_eq!(bytes[HEADER..], *runs, "register {index} to {rank}");
    }
}

#[test]
fn it_becomes_dense_when_it_must() {
    // A rank that no run has.
    let mut bytes = empty();
    assert_eq!(open(&mut bytes, SPARSE_MAX).raise(5, 33), Ok(true));
    assert_eq!(bytes.len(), HEADER + dense::BYTES);
    assert_eq!(registers(&bytes)[..7], [0, 0, 0, 0, 0, 33, 0]);
    // One byte more than allowed, and exactly as many.
    for (max, is_dense) in [(HEADER + 4, true), (HEADER + 5, false)] {
        let mut bytes = empty();
        assert_eq!(open(&mut bytes, max).raise(5000, 1), Ok(true));
        let one = HyperLogLog::open(&bytes).expect("it is one");
        assert_eq!(one.is_dense(), is_dense, "{max}");
        assert_eq!(registers(&bytes)[5000], 1);
    }
}

#[test]
fn the_count_is_cached_until_a_register_changes() {
    let mut bytes = empty();
    let cached = |bytes: &[u8]| HyperLogLog::open(bytes).and_then(HyperLogLog::cached);
    assert_eq!(cached(&bytes), Some(0));
    for sparse_max in [SPARSE_MAX, 0] {
        open(&mut bytes, sparse_max)
            .add(&[sparse_max as u8])
            .expect("sound");
        assert_eq!(cached(&bytes), None);
        open(&mut bytes, sparse_max).cache(77);
        assert_eq!(cached(&bytes), Some(77));
        let again = open(&mut bytes, sparse_max).add(&[sparse_max as u8]);
        assert_eq!(again, Ok(false));
        assert_eq!(cached(&bytes), Some(77));
    }
}

/// The mean error of the estimate is 1.04 / √16384 = 0.81 %. The sets are always the same, so this does not fail by
/// bad luck.
#[test]
fn the_standard_error_is_that_of_the_theory() {
    const SETS: u64 = 60;
    for size in [3_000_u64, 20_000] {
        let mut squares = 0.0;
        for set in 0..SETS {
            let mut bytes = empty();
            let mut target = open(&mut bytes, 0);
            for i in 0..size {
                let element = (set * size + i).to_le_bytes();
                target.add(&element).expect("sound");
            }
            let count = count(&bytes).expect("sound") as f64;
            squares += (count / size as f64 - 1.0).powi(2);
        }
        let error = (squares / SETS as f64).sqrt();
        assert!((0.004..0.0098).contains(&error), "{size}: {error}");
    }
}

#[test]
fn crafted_registers_are_corrupt_and_no_more() {
    for runs in [
        &b""[..],
        &[0x7f],
        &[0x7f, 0xfe],
        &[0x7f, 0xff, 0],
        &[0x7f, 0xff, 0x7f, 0xff],
        &[0x7f, 0xfd, 0x83],
    ] {
        let mut bytes = sparse(runs);
        assert_eq!(count(&bytes), Err(Corrupt), "{runs:?}");
        assert_eq!(open(&mut bytes, SPARSE_MAX).make_dense(), Err(Corrupt));
        assert_eq!(bytes, sparse(runs));
        let one = HyperLogLog::open(&bytes).expect("its head is right");
        assert_eq!(Union::default().add(one), Err(Corrupt));
    }
    // All registers full: beyond what 64 bits can count.
    let mut bytes = [&empty()[..HEADER], &[0xff; dense::BYTES]].concat();
    bytes[ENCODING_AT] = DENSE;
    assert_eq!(count(&bytes), Ok(1 << 63));
}

#[test]
fn heads_are_checked() {
    let good = empty();
    assert!(HyperLogLog::open(&good).is_some());
    assert!(HyperLogLog::open(&good[..HEADER]).is_some());
    assert!(HyperLogLog::open(&good[..HEADER - 1]).is_none());
    for (at, byte) in [(0, b'h'), (3, b'l'), (4, 2), (4, 255), (4, DENSE)] {
        let mut bad = good.clone();
        bad[at] = byte;
        assert!(HyperLogLog::open(&bad).is_none(), "{at} {byte}");
    }
}

proptest! {
    /// Whatever the order and the limit, the registers are those of an array.
    #[test]
    fn registers_are_those_of_a_plain_array(
        raised in prop::collection::vec((prop_oneof![0..40_usize, 0..REGISTERS], 1..=51_u8), 0..300),
        sparse_max in prop_oneof![Just(0), 18..400_usize, Just(SPARSE_MAX)],
        keep_low in any::<bool>(),
    ) {
        let mut model = vec![0_u8; REGISTERS];
        let mut bytes = empty();
        for (index, rank) in raised {
            let rank = if keep_low { rank % 4 + 1 } else { rank };
            let expected = model[index] < rank;
            prop_assert_eq!(open(&mut bytes, sparse_max).raise(index, rank), Ok(expected));
            model[index] = model[index].max(rank);
        }
        prop_assert_eq!(&registers(&bytes), &model);
        let is_sparse = bytes[ENCODING_AT] == SPARSE;
        prop_assert!(!is_sparse || bytes.len() <= sparse_max.max(empty().len()));
        let before = count(&bytes);
        open(&mut bytes, sparse_max).make_dense().expect("sound");
        prop_assert_eq!(&registers(&bytes), &model);
        prop_assert_eq!(count(&bytes), before);
    }

    /// A union has seen what each has seen.
    #[test]
    fn a_union_is_one_that_has_seen_everything(
        left in prop::collection::vec(any::<u16>(), 0..200),
        right in prop::collection::vec(any::<u16>(), 0..200),
        dense in any::<bool>(),
    ) {
        let of = |elements: &mut dyn Iterator<Item = &u16>, max: usize| {
            let mut bytes = empty();
            let mut target = open(&mut bytes, max);
            for element in elements {
                target.add(&element.to_le_bytes()).expect("sound");
            }
            bytes
        };
        let mut first = of(&mut left.iter(), if dense { 0 } else { SPARSE_MAX });
        let second = of(&mut right.iter(), SPARSE_MAX);
        let both = of(&mut left.iter().chain(&right), SPARSE_MAX);
        let mut union = Union::default();
        for one in [&first, &second] {
            union.add(HyperLogLog::open(one).expect("it is one")).expect("sound");
        }
        prop_assert_eq!(Ok(union.count()), count(&both));
        union.write_to(&mut open(&mut first, SPARSE_MAX)).expect("sound");
        prop_assert_eq!(registers(&first), registers(&both));
    }

    /// Any bytes behind a right head: an answer or an error, and no growth.
    #[test]
    fn any_bytes_are_borne(
        is_dense in any::<bool>(),
        body in prop::collection::vec(any::<u8>(), 0..600),
        head in any::<[u8; 8]>(),
        elements in prop::collection::vec((0..REGISTERS, 1..=51_u8), 0..40),
        sparse_max in prop_oneof![Just(0), 0..700_usize],
    ) {
        let mut bytes = sparse(&body);
        bytes[COUNT_AT].copy_from_slice(&head);
        if is_dense {
            bytes[ENCODING_AT] = DENSE;
            let repeated = body.iter().cycle().take(dense::BYTES).copied();
            bytes.truncate(HEADER);
            bytes.extend(repeated);
            bytes.resize(HEADER + dense::BYTES, 0);
        }
        let _ = count(&bytes);
        for (index, rank) in elements {
            let len = bytes.len();
            let raised = open(&mut bytes, sparse_max).raise(index, rank);
            prop_assert!(bytes.len() <= len.max(sparse_max).max(HEADER + dense::BYTES));
            if raised.is_ok() {
                prop_assert_eq!(open(&mut bytes, sparse_max).raise(index, rank), Ok(false));
            }
        }
        let mut union = Union::default();
        let one = HyperLogLog::open(&bytes).expect("its head is right");
        if union.add(one).is_ok() {
            let _ = union.count();
            prop_assert!(union.write_to(&mut open(&mut bytes, sparse_max)).is_ok());
        }
    }
}

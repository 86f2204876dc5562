//! Tests of the commands on bitmaps, and of bits against a model that looks at one bit at a time.

use super::bits;
use crate::command::testing::{engine, run};
use crate::engine::{Engine, SessionId};
use proptest::prelude::*;

/// Runs requests, whose words are parted by spaces, and compares replies and how many changes are noted.
fn check(engine: &mut Engine, id: SessionId, steps: &[(&str, &str, u64)]) {
    for (request, reply, changes) in steps {
        let words: Vec<&str> = request.split(' ').collect();
        let before = engine.stats.keys.dirty;
        assert_eq!(run(engine, id, &words), *reply, "{request}");
        assert_eq!(engine.stats.keys.dirty - before, *changes, "{request}");
    }
}

#[test]
fn changes_are_counted_as_redis_counts_them() {
    let (mut engine, id) = engine();
    check(
        &mut engine,
        id,
        &[
            ("SETBIT s 0 1", ":0\r\n", 1),
            ("SETBIT s 0 1", ":1\r\n", 0),
            ("SETBIT s 7 0", ":0\r\n", 0),
            ("SETBIT s 8 0", ":0\r\n", 1),
            ("GETBIT s 0", ":1\r\n", 0),
            ("BITOP AND d x y", ":0\r\n", 0),
            ("BITOP NOT d s", ":2\r\n", 1),
            ("BITOP AND d x y", ":0\r\n", 1),
            ("EXISTS d", ":0\r\n", 0),
            ("BITFIELD f GET u8 0", "*1\r\n:0\r\n", 0),
            ("EXISTS f", ":0\r\n", 0),
            ("BITFIELD f SET u8 0 0 SET u8 0 5", "*2\r\n:0\r\n:0\r\n", 2),
            ("BITFIELD f SET u8 0 5 SET u8 0 6", "*2\r\n:5\r\n:5\r\n", 1),
            ("BITFIELD f SET u8 8 0", "*1\r\n:0\r\n", 1),
            ("BITFIELD f OVERFLOW FAIL SET u8 0 256", "*1\r\n$-1\r\n", 0),
        ],
    );
}

#[test]
fn deadlines_stay_where_a_bitmap_is_changed_and_go_where_it_is_replaced() {
    let (mut engine, id) = engine();
    let number = ":0\r\n";
    check(
        &mut engine,
        id,
        &[
            ("SET k abc EX 100", "+OK\r\n", 1),
            ("SETBIT k 0 1", number, 1),
            ("TTL k", ":100\r\n", 0),
            ("BITFIELD k SET u8 100 1", "*1\r\n:0\r\n", 1),
            ("TTL k", ":100\r\n", 0),
            ("BITOP NOT k k", ":14\r\n", 1),
            ("TTL k", ":-1\r\n", 0),
        ],
    );
}

#[test]
fn the_longest_string_is_a_setting() {
    const NO_OFFSET: &str = "-ERR bit offset is not an integer or out of range\r\n";
    let (mut engine, id) = engine();
    engine.config.proto_max_bulk_len = 100;
    check(
        &mut engine,
        id,
        &[
            ("SETBIT k 800 1", NO_OFFSET, 0),
            ("GETBIT k 800", NO_OFFSET, 0),
            ("BITFIELD k SET u8 #100 1", NO_OFFSET, 0),
            ("BITFIELD k SET u8 #2305843009213693952 1", NO_OFFSET, 0),
            ("EXISTS k", ":0\r\n", 0),
            ("SETBIT k 799 1", ":0\r\n", 1),
            // The field begins where it may; Redis lets it end a few bits later.
            ("BITFIELD k SET u8 799 1", "*1\r\n:128\r\n", 1),
            ("STRLEN k", ":101\r\n", 0),
        ],
    );
}

#[test]
fn a_long_bitmap_is_changed_where_it_is() {
    let (mut engine, id) = engine();
    let start = |engine: &Engine| {
        let entry = engine.databases[0].peek(b"k").expect("it is there");
        entry.as_string().expect("it is a string").as_ptr()
    };
    run(&mut engine, id, &["SETBIT", "k", "8000000", "1"]);
    let before = start(&engine);
    for request in ["SETBIT k 5 1", "BITFIELD k SET u8 77 1 INCRBY i9 600 3"] {
        let words: Vec<&str> = request.split(' ').collect();
        run(&mut engine, id, &words);
        assert_eq!(start(&engine), before, "{request}");
    }
    // Where it has to grow, it makes room for more.
    run(&mut engine, id, &["SETBIT", "k", "8000008", "1"]);
    let entry = engine.databases[0].peek(b"k").expect("it is there");
    assert!(entry.heap_bytes() > 1_900_000, "{}", entry.heap_bytes());
}

/// The bits of a string, one by one.
fn bits_of(bytes: &[u8]) -> Vec<bool> {
    let of_byte = |byte: &u8| (0..8).map(|i| byte >> (7 - i) & 1 == 1).collect::<Vec<_>>();
    bytes.iter().flat_map(of_byte).collect()
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(0), Just(0xff), any::<u8>()];
    prop_oneof![
        prop::collection::vec(byte, 1..40),
        (prop_oneof![Just(0), Just(0xff)], 1..80_usize).prop_map(|(byte, len)| vec![byte; len]),
    ]
}

proptest! {
    #[test]
    fn counting_and_searching_look_at_every_bit(bytes in bytes(), ends in any::<(u16, u16)>()) {
        let model = bits_of(&bytes);
        let (a, b) = (usize::from(ends.0) % model.len(), usize::from(ends.1) % model.len());
        let (first, last) = (a.min(b), a.max(b));
        let range = first as u64..last as u64 + 1;
        let within = &model[first..=last];
        let ones = within.iter().filter(|&&bit| bit).count();
        prop_assert_eq!(bits::count(&bytes, range.clone()), ones as u64);
        for wanted in [false, true] {
            let found = within.iter().position(|&bit| bit == wanted);
            let found = found.map(|at| (first + at) as u64);
            prop_assert_eq!(bits::find(&bytes, wanted, range.clone()), found);
        }
        prop_assert_eq!(bits::get(&bytes, first as u64), model[first]);
    }

    #[test]
    fn a_field_is_its_bits(
        bytes in bytes(),
        offset in 0..400_usize,
        width in 1..=64_usize,
        number in any::<u64>(),
    ) {
        let mut model = bits_of(&bytes);
        let read = |model: &[bool]| {
            let bits = (offset..offset + width).map(|at| model.get(at) == Some(&true));
            bits.fold(0, |number, bit| number << 1 | u64::from(bit))
        };
        prop_assert_eq!(bits::field(&bytes, offset as u64, width as u32), read(&model));
        let mut bytes = bytes;
        bytes.resize(60, 0);
        model.resize(480, false);
        for i in 0..width {
            model[offset + i] = number >> (width - 1 - i) & 1 == 1;
        }
        bits::set_field(&mut bytes, offset as u64, width as u32, number);
        prop_assert_eq!(bits_of(&bytes), model);
    }

    /// BITOP of any strings, against one bit at a time.
    #[test]
    fn combining_looks_at_every_bit(sources in prop::collection::vec(
        prop::collection::vec(0..=0x7f_u8, 0..30), 1..5,
    )) {
        let (mut engine, id) = engine();
        let names = ["a", "b", "c", "d"];
        for (name, source) in names.iter().zip(&sources) {
            let text = std::str::from_utf8(source).expect("ASCII");
            run(&mut engine, id, &["SET", name, text]);
        }
        let len = sources.iter().map(Vec::len).max().unwrap_or(0);
        let padded: Vec<Vec<bool>> = sources.iter().map(|source| {
            let mut bits = bits_of(source);
            bits.resize(len * 8, false);
            bits
        }).collect();
        for (word, combine) in [
            ("AND", (|bits| bits.iter().all(|&bit| bit)) as fn(&[bool]) -> bool),
            ("OR", |bits| bits.iter().any(|&bit| bit)),
            ("XOR", |bits| bits.iter().filter(|&&bit| bit).count() % 2 == 1),
        ] {
            let words = [&["BITOP", word, "to"][..], &names[..sources.len()]].concat();
            prop_assert_eq!(run(&mut engine, id, &words), format!(":{len}\r\n"));
            let result = engine.databases[0].peek(b"to").and_then(|entry| entry.as_string());
            let column = |at: usize| padded.iter().map(|bits| bits[at]).collect::<Vec<_>>();
            let expected: Vec<bool> = (0..len * 8).map(|at| combine(&column(at))).collect();
            prop_assert_eq!(bits_of(result.unwrap_or_default()), expected);
        }
    }
}

//! Requests of the bitmap commands.

use super::groups::Maker;
use super::sessions;
use super::step::{Args, Bytes};
use super::strings::line;
use super::vocabulary::Vocabulary;

/// What this group makes, in shares.
pub const MAKERS: &[(usize, Maker)] = &[
    (60, Maker::One(set)),
    (15, Maker::One(set_bytes)),
    (25, Maker::One(get)),
    (40, Maker::One(count)),
    (40, Maker::One(find)),
    (35, Maker::One(combine)),
    (60, Maker::One(fields)),
    (15, Maker::One(read_fields)),
    (10, Maker::One(look)),
    (3, Maker::One(delete)),
    (4, Maker::One(describe)),
];

/// An offset in bits that a string takes, and does not become long by; or none.
fn offset(v: &mut Vocabulary) -> Bytes {
    match v.random.below(40) {
        // 4294967295 would be a right one, and half a gigabyte.
        0 => v.word("-1 4294967296 9223372036854775807 9223372036854775808 abc 1.0 01"),
        1..4 => v.random.between(0, 9000).to_string().into(),
        _ => v.random.between(0, 130).to_string().into(),
    }
}

fn set(v: &mut Vocabulary) -> Args {
    let bit = match v.random.below(20) {
        0 => v.word("2 -1 abc 10 01"),
        _ => v.word("0 1 1"),
    };
    line("SETBIT", [v.key(), offset(v), bit])
}

/// Whole strings, so that the words of eight bytes are full now and then.
fn set_bytes(v: &mut Vocabulary) -> Args {
    let length = v
        .random
        .pick(&[0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 200, 1000]);
    let bytes = match v.random.below(4) {
        0 => vec![0; length],
        1 => vec![0xff; length],
        _ => (0..length).map(|_| v.random.next() as u8).collect(),
    };
    line("SET", [v.key(), bytes])
}

fn get(v: &mut Vocabulary) -> Args {
    let at = match v.random.below(10) {
        0 => v.word("4294967295 4294967296 -1 abc 100000"),
        _ => offset(v),
    };
    line("GETBIT", [v.key(), at])
}

/// A place in bytes or in bits, from either end.
fn place(v: &mut Vocabulary) -> Bytes {
    match v.random.below(20) {
        0 => v.odd_count(),
        1..4 => v.random.between(-9000, 9000).to_string().into(),
        _ => v.random.between(-20, 20).to_string().into(),
    }
}

fn push_range(v: &mut Vocabulary, args: &mut Args) {
    args.push(place(v));
    if v.random.chance(90) {
        args.push(place(v));
    }
    if v.random.chance(50) {
        args.push(v.keyword_of("BYTE BIT BYTE BIT BYTE BIT BIT bad"));
    }
}

fn count(v: &mut Vocabulary) -> Args {
    let mut args = line("BITCOUNT", [v.key()]);
    if v.random.chance(75) {
        push_range(v, &mut args);
    }
    args
}

fn find(v: &mut Vocabulary) -> Args {
    let bit = match v.random.below(20) {
        0 => v.word("2 -1 abc"),
        _ => v.word("0 1"),
    };
    let mut args = line("BITPOS", [v.key(), bit]);
    if v.random.chance(70) {
        push_range(v, &mut args);
    }
    args
}

fn combine(v: &mut Vocabulary) -> Args {
    let how = v.keyword_of("AND OR XOR NOT AND OR XOR NOT AND OR XOR NOT NAND");
    let to = v.key();
    let mut args = line("BITOP", [how.clone(), to]);
    if how.eq_ignore_ascii_case(b"NOT") && !v.random.chance(10) {
        args.push(v.key());
    } else {
        args.extend(v.keys(4));
    }
    args
}

fn field_type(v: &mut Vocabulary) -> Bytes {
    match v.random.below(30) {
        0 => v.word("u0 i0 u64 i65 u i x8 8 u-1 u8x U8 u08 u99999999999"),
        1..8 => v.word("u1 i1 u2 i2 u63 i63 i64 i64"),
        8..20 => v.word("u8 i8 u16 i16 u32 i32"),
        _ => {
            let sign = v.random.pick(&["u", "i"]);
            format!("{sign}{}", v.random.between(1, 63)).into()
        }
    }
}

fn field_offset(v: &mut Vocabulary) -> Bytes {
    match v.random.below(30) {
        0 => v.word(
            "-1 #-1 # abc #abc 4294967296 #4294967296 9223372036854775807 #9223372036854775807",
        ),
        1..12 => format!("#{}", v.random.between(0, 9)).into(),
        _ => v.random.between(0, 200).to_string().into(),
    }
}

fn field_value(v: &mut Vocabulary) -> Bytes {
    match v.random.below(10) {
        0 => v.increment(),
        1..4 => v.word(
            "9223372036854775807 -9223372036854775808 4294967295 -1 255 256 127 128 -128 -129 65535 2147483647 -2147483648",
        ),
        _ => v.random.between(-300, 300).to_string().into(),
    }
}

/// BITFIELD with a few operations.
fn fields(v: &mut Vocabulary) -> Args {
    let mut args = line("BITFIELD", [v.key()]);
    for _ in 0..v.random.pick(&[0, 1, 1, 2, 2, 3, 4]) {
        match v.random.below(10) {
            0..3 => args.extend([v.keyword("GET"), field_type(v), field_offset(v)]),
            3..6 => {
                let set = v.keyword("SET");
                args.extend([set, field_type(v), field_offset(v), field_value(v)]);
            }
            6..9 => {
                let add = v.keyword("INCRBY");
                args.extend([add, field_type(v), field_offset(v), field_value(v)]);
            }
            _ => {}
        }
        if v.random.chance(35) {
            let how = v.keyword_of("WRAP SAT FAIL WRAP SAT FAIL WRAP SAT FAIL BAD");
            args.extend([v.keyword("OVERFLOW"), how]);
        }
    }
    // No other mutation: an offset in the wrong place might be half a gigabyte.
    if v.random.chance(6) {
        args.pop();
    }
    args
}

fn read_fields(v: &mut Vocabulary) -> Args {
    let mut args = line("BITFIELD_RO", [v.key()]);
    for _ in 0..v.random.pick(&[0, 1, 1, 2, 3]) {
        args.extend([v.keyword("GET"), field_type(v), field_offset(v)]);
    }
    match v.random.below(20) {
        0 => args.extend(["SET", "u8", "0", "1"].map(Bytes::from)),
        1 => args.extend([v.keyword("OVERFLOW"), v.keyword("SAT")]),
        _ => {}
    }
    args
}

fn look(v: &mut Vocabulary) -> Args {
    let key = v.key();
    match v.random.below(3) {
        0 => line("OBJECT ENCODING", [key]),
        1 => line("STRLEN", [key]),
        _ => line("GET", [key]),
    }
}

fn delete(v: &mut Vocabulary) -> Args {
    line("DEL", [v.key()])
}

fn describe(v: &mut Vocabulary) -> Args {
    const NAMES: &str = "bitcount bitfield bitfield_ro bitop bitpos getbit setbit";
    const LINES: &[&str] = &[
        "COMMAND GETKEYS BITOP AND d a b",
        "COMMAND GETKEYS BITOP NOT d a",
        "COMMAND GETKEYS BITFIELD k GET u8 0",
        "COMMAND GETKEYS BITCOUNT k",
        "COMMAND GETKEYS SETBIT k 0",
    ];
    sessions::describe(v, NAMES, LINES)
}

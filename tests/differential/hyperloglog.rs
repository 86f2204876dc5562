//! Requests of the HyperLogLog commands. The registers themselves are compared too: a HyperLogLog is a string that people
//! read, keep elsewhere and write back.

use super::groups::Maker;
use super::sessions;
use super::step::{Args, Bytes};
use super::strings::line;
use super::vocabulary::Vocabulary;

/// What this group makes, in shares.
pub const MAKERS: &[(usize, Maker)] = &[
    (60, Maker::One(add)),
    (15, Maker::One(add_many)),
    (50, Maker::One(count)),
    (35, Maker::One(merge)),
    (30, Maker::One(look)),
    (6, Maker::One(spoil)),
    (6, Maker::One(delete)),
    (3, Maker::One(describe)),
];

fn element(v: &mut Vocabulary) -> Bytes {
    match v.random.below(10) {
        0 => v.value(),
        1 => v.member(),
        _ => format!("e{}", v.random.below(3000)).into(),
    }
}

fn add(v: &mut Vocabulary) -> Args {
    let mut args = line("PFADD", [v.key()]);
    if !v.random.chance(10) {
        args.extend(v.some(8, element));
    }
    args
}

/// So many that the sparse form soon ends.
fn add_many(v: &mut Vocabulary) -> Args {
    let mut args = line("PFADD", [v.key()]);
    let first = v.random.below(5000);
    let count = v.random.pick(&[50, 300, 1000]);
    args.extend((first..first + count).map(|number| Bytes::from(format!("e{number}"))));
    args
}

fn count(v: &mut Vocabulary) -> Args {
    let mut args = line("PFCOUNT", [v.key()]);
    if v.random.chance(50) {
        args.extend(v.keys(3));
    }
    args
}

fn merge(v: &mut Vocabulary) -> Args {
    let mut args = line("PFMERGE", [v.key()]);
    if !v.random.chance(10) {
        args.extend(v.keys(3));
    }
    args
}

fn look(v: &mut Vocabulary) -> Args {
    let key = v.key();
    match v.random.below(5) {
        0 => line("OBJECT ENCODING", [key]),
        1 => line("STRLEN", [key]),
        2 => line("COPY", [key, v.key(), b"REPLACE".to_vec()]),
        _ => line("GET", [key]),
    }
}

/// What is no longer one, or only claims to be one.
fn spoil(v: &mut Vocabulary) -> Args {
    let key = v.key();
    match v.random.below(5) {
        // The magic, the encoding, what is unused, the cached count and whether it is stale.
        0 => {
            let at = v.random.below(16).to_string().into();
            let byte = vec![v.random.pick(b"\0\x01\x02\x7f\x80\xffH")];
            line("SETRANGE", [key, at, byte])
        }
        1 => line("APPEND", [key, vec![v.random.pick(b"\0\x01\x80\xff")]]),
        2 => line("SET", [key, b"HYLL".to_vec()]),
        3 => line("SET", [key, b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\0".to_vec()]),
        _ => line(
            "SET",
            [key, b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x7f\xff".to_vec()],
        ),
    }
}

fn delete(v: &mut Vocabulary) -> Args {
    line("DEL", [v.key()])
}

fn describe(v: &mut Vocabulary) -> Args {
    const LINES: &[&str] = &[
        "COMMAND GETKEYS PFADD k a b",
        "COMMAND GETKEYS PFCOUNT a b c",
        "COMMAND GETKEYS PFMERGE d a b",
    ];
    sessions::describe(v, "pfadd pfcount pfmerge", LINES)
}

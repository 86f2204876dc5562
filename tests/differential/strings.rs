//! Requests of the string commands.

use super::groups::Maker;
use super::step::{Args, Request, Step, words};
use super::vocabulary::{LCS_KEYS, Vocabulary};

/// What this group makes, in shares.
pub const MAKERS: &[(usize, Maker)] = &[
    (90, Maker::One(set)),
    (60, Maker::One(read)),
    (30, Maker::One(range)),
    (20, Maker::One(set_with_ttl)),
    (20, Maker::One(set_and)),
    (30, Maker::One(getex)),
    (30, Maker::One(setrange)),
    (5, Maker::One(setrange_too_far)),
    (30, Maker::One(append)),
    (30, Maker::One(count)),
    (35, Maker::One(count_by)),
    (35, Maker::One(count_by_float)),
    (50, Maker::One(many)),
    (20, Maker::Some(lcs)),
    (12, Maker::Some(set_in_the_past)),
    (25, Maker::One(encoding)),
];

/// A command line from its name and the rest.
pub fn line(name: &str, rest: impl IntoIterator<Item = Vec<u8>>) -> Args {
    let mut args = words(name);
    args.extend(rest);
    args
}

/// GET and what else reads one key.
pub fn read(v: &mut Vocabulary) -> Args {
    let name = v.word("GET GET GET STRLEN GETDEL");
    vec![name, v.key()]
}

/// GETRANGE and its old name.
pub fn range(v: &mut Vocabulary) -> Args {
    let name = v.word("GETRANGE GETRANGE SUBSTR");
    vec![name, v.key(), v.index(), v.index()]
}

/// SET with options, most of the time a valid set of them.
pub fn set(v: &mut Vocabulary) -> Args {
    let mut args = line("SET", [v.key(), v.value()]);
    let options = v.random.pick(&[0, 0, 1, 1, 2, 3]);
    for _ in 0..options {
        set_option(v, &mut args);
    }
    args
}

fn set_option(v: &mut Vocabulary, args: &mut Args) {
    let option = v.word("NX XX GET KEEPTTL EX PX EXAT PXAT ex Px get bad");
    args.push(option.clone());
    match option.to_ascii_uppercase().as_slice() {
        b"EX" => args.push(v.seconds()),
        b"PX" => args.push(v.milliseconds()),
        b"EXAT" => args.push(v.later()),
        b"PXAT" => args.push(v.later_ms()),
        _ => {}
    }
}

/// SET with a deadline in the past stores a key that is gone at the next look. `redis-server` looks when a command names
/// the key, and DBSIZE does not look; so the step ends with a command that does.
pub fn set_in_the_past(v: &mut Vocabulary) -> Step {
    let key = v.key();
    let option = v.word("EXAT PXAT");
    let set = line("SET", [key.clone(), v.value(), option, v.past()]);
    let touch = match v.random.below(10) {
        0 => line("APPEND", [key.clone(), v.short()]),
        1 => line("RENAME", [key.clone(), v.key()]),
        2 => line("COPY", [key.clone(), v.key()]),
        3 => line("INCR", [key.clone()]),
        4 => line("SET", [key.clone(), v.value(), b"KEEPTTL".to_vec()]),
        5 => line(
            "SET",
            [key.clone(), v.value(), b"NX".to_vec(), b"GET".to_vec()],
        ),
        6 => line("OBJECT ENCODING", [key.clone()]),
        7 => line("MOVE", [key.clone(), b"1".to_vec()]),
        8 => line("KEYS *", []),
        _ => line("PERSIST", [key.clone()]),
    };
    // KEEPTTL on a key that has expired keeps nothing, but a server that got that wrong shows it here.
    let look = line("TTL", [key]);
    Step::pipeline([set, touch, look].map(Request::new).into())
}

/// SETEX and PSETEX.
pub fn set_with_ttl(v: &mut Vocabulary) -> Args {
    if v.random.chance(50) {
        return line("SETEX", [v.key(), v.seconds(), v.value()]);
    }
    line("PSETEX", [v.key(), v.milliseconds(), v.value()])
}

/// SETNX and GETSET.
pub fn set_and(v: &mut Vocabulary) -> Args {
    let name = v.word("SETNX GETSET");
    vec![name, v.key(), v.value()]
}

/// GETEX with its options.
pub fn getex(v: &mut Vocabulary) -> Args {
    let mut args = line("GETEX", [v.key()]);
    for _ in 0..v.random.pick(&[0, 1, 1, 1, 2]) {
        let option = v.word("PERSIST EX PX EXAT PXAT NX KEEPTTL exat");
        args.push(option.clone());
        match option.to_ascii_uppercase().as_slice() {
            b"EX" => args.push(v.seconds()),
            b"PX" => args.push(v.milliseconds()),
            // A deadline in the past deletes at once here, so there is no race.
            b"EXAT" | b"PXAT" if v.random.chance(20) => args.push(v.past()),
            b"EXAT" => args.push(v.later()),
            b"PXAT" => args.push(v.later_ms()),
            _ => {}
        }
    }
    args
}

/// SETRANGE near the start of the string, or beyond the greatest one.
pub fn setrange(v: &mut Vocabulary) -> Args {
    line("SETRANGE", [v.key(), v.offset(), v.short()])
}

/// SETRANGE just beyond 512 MB: refused before memory is asked for.
pub fn setrange_too_far(v: &mut Vocabulary) -> Args {
    let (offset, value): (&str, &[u8]) = v.random.pick(&[
        ("536870911", b"xy"),
        ("536870912", b"x"),
        ("536870910", b"xyz"),
        ("9223372036854775807", b"x"),
        ("9223372036854775806", b"xy"),
        ("536870912", b""),
    ]);
    line("SETRANGE", [v.key(), offset.into(), value.into()])
}

/// APPEND of little.
pub fn append(v: &mut Vocabulary) -> Args {
    line("APPEND", [v.key(), v.short()])
}

/// INCR and DECR.
pub fn count(v: &mut Vocabulary) -> Args {
    let name = v.word("INCR DECR");
    vec![name, v.key()]
}

/// INCRBY and DECRBY.
pub fn count_by(v: &mut Vocabulary) -> Args {
    let name = v.word("INCRBY DECRBY");
    vec![name, v.key(), v.number()]
}

/// INCRBYFLOAT.
pub fn count_by_float(v: &mut Vocabulary) -> Args {
    line("INCRBYFLOAT", [v.key(), v.float()])
}

/// Many keys at once; now and then a value is missing.
pub fn many(v: &mut Vocabulary) -> Args {
    if v.random.chance(40) {
        return line("MGET", v.keys(6));
    }
    let mut args = vec![v.word("MSET MSETNX")];
    for key in v.keys(4) {
        args.push(key);
        args.push(v.value());
    }
    if v.random.chance(5) {
        args.pop();
    }
    args
}

/// OBJECT ENCODING.
pub fn encoding(v: &mut Vocabulary) -> Args {
    line("OBJECT ENCODING", [v.key()])
}

/// LCS of two short strings, which are stored first.
pub fn lcs(v: &mut Vocabulary) -> Step {
    let mut requests = Vec::new();
    for _ in 0..v.random.below(3) {
        let length = v.random.below(40);
        let set = line("SET", [v.random.pick(LCS_KEYS).to_vec(), v.bytes(length)]);
        requests.push(Request::new(set));
    }
    let mut lcs = line(
        "LCS",
        [
            v.random.pick(LCS_KEYS).to_vec(),
            v.random.pick(LCS_KEYS).to_vec(),
        ],
    );
    for _ in 0..v.random.below(4) {
        let option = v.word("LEN IDX IDX idx WITHMATCHLEN MINMATCHLEN bad");
        lcs.push(option.clone());
        if option == b"MINMATCHLEN" {
            lcs.push(v.number());
        }
    }
    requests.push(Request::new(lcs));
    Step::pipeline(requests)
}

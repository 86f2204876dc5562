//! Requests of the key commands.

use super::groups::Maker;
use super::step::{Args, Request, Step, Work};
use super::strings::line;
use super::vocabulary::Vocabulary;

/// What this group makes, in shares.
pub const MAKERS: &[(usize, Maker)] = &[
    (40, Maker::One(many)),
    (60, Maker::One(look)),
    (60, Maker::One(expire)),
    (40, Maker::One(copy)),
    (35, Maker::One(rename)),
    (20, Maker::One(migrate)),
    (12, Maker::One(keys)),
    (10, Maker::Some(random_key)),
    (10, Maker::Some(scan)),
    (8, Maker::One(scan_once)),
    (50, Maker::One(object)),
    (12, Maker::One(memory)),
    (20, Maker::One(total)),
    (3, Maker::One(flush)),
    (6, Maker::One(swap)),
];

/// DEL and what else takes many keys.
pub fn many(v: &mut Vocabulary) -> Args {
    let name = v.word("DEL UNLINK EXISTS TOUCH EXISTS");
    let mut args = vec![name];
    args.extend(v.keys(5));
    args
}

/// What asks for a key's deadline or type.
pub fn look(v: &mut Vocabulary) -> Args {
    let name = v.word("TTL PTTL EXPIRETIME PEXPIRETIME TYPE PERSIST TTL PTTL");
    vec![name, v.key()]
}

/// EXPIRE and its three sisters with their conditions.
pub fn expire(v: &mut Vocabulary) -> Args {
    let name = v.word("EXPIRE PEXPIRE EXPIREAT PEXPIREAT");
    let mut args = vec![name.clone(), v.key()];
    let deadline = match name.as_slice() {
        b"EXPIRE" => v.seconds(),
        b"PEXPIRE" => v.milliseconds(),
        _ if v.random.chance(20) => v.past(),
        b"EXPIREAT" => v.later(),
        _ => v.later_ms(),
    };
    args.push(deadline);
    for _ in 0..v.random.pick(&[0, 0, 1, 1, 1, 2]) {
        args.push(v.word("NX XX GT LT gt lt bad"));
    }
    args
}

/// COPY and its options.
pub fn copy(v: &mut Vocabulary) -> Args {
    let mut args = line("COPY", v.two_keys());
    for _ in 0..v.random.below(3) {
        let option = v.word("REPLACE REPLACE replace DB DB bad");
        args.push(option.clone());
        if option == b"DB" {
            args.push(v.database());
        }
    }
    args
}

/// RENAME and RENAMENX.
pub fn rename(v: &mut Vocabulary) -> Args {
    let name = v.word("RENAME RENAMENX");
    let [from, to] = v.two_keys();
    vec![name, from, to]
}

/// MOVE.
pub fn migrate(v: &mut Vocabulary) -> Args {
    line("MOVE", [v.key(), v.database()])
}

/// KEYS.
pub fn keys(v: &mut Vocabulary) -> Args {
    line("KEYS", [v.pattern()])
}

/// RANDOMKEY, and KEYS right after it to judge it by.
pub fn random_key(_: &mut Vocabulary) -> Step {
    Step::pipeline(
        [line("RANDOMKEY", []), line("KEYS *", [])]
            .map(Request::new)
            .into(),
    )
}

/// A whole iteration.
pub fn scan(v: &mut Vocabulary) -> Step {
    let mut args = line("SCAN 0", []);
    for _ in 0..v.random.below(4) {
        let option = v.word("MATCH COUNT TYPE match");
        args.push(option.clone());
        let value = match option.as_slice() {
            b"COUNT" => v.word("1 2 3 10 1000"),
            b"TYPE" => v.word("string STRING list hash set zset stream nosuchtype"),
            _ => v.pattern(),
        };
        args.push(value);
    }
    Step {
        work: Work::ScanToTheEnd { cursor: 1 },
        ..Step::pipeline(vec![Request::new(args)])
    }
}

/// One SCAN whose reply does not depend on how a server lays its keys out: all of them at once, or an error.
pub fn scan_once(v: &mut Vocabulary) -> Args {
    let mut args = line("SCAN 0 COUNT 1000", []);
    match v.random.below(10) {
        0 => args[1] = v.word("abc 1a 18446744073709551616 99999999999999999999 0x0 1.5"),
        1 => args[1] = v.random.pick(&[&b""[..], b" 0", b"0 ", b"0\0"]).to_vec(),
        2 => args[3] = v.word("0 -1 abc 1.5 9223372036854775808"),
        3 => args.push(v.word("MATCH TYPE COUNT bad")),
        4 => args.extend([v.word("NOVALUES bad"), v.short()]),
        _ => args.extend([b"MATCH".to_vec(), v.pattern()]),
    }
    args
}

/// OBJECT and its subcommands.
pub fn object(v: &mut Vocabulary) -> Args {
    let name = v.word("ENCODING ENCODING ENCODING encoding REFCOUNT IDLETIME FREQ HELP nosuch");
    let mut args = line("OBJECT", [name.clone()]);
    if name != b"HELP" {
        args.push(v.key());
    }
    args
}

/// MEMORY USAGE.
pub fn memory(v: &mut Vocabulary) -> Args {
    let mut args = line(
        "MEMORY",
        [v.word("USAGE USAGE USAGE usage nosuch"), v.key()],
    );
    if v.random.chance(40) {
        args.push(v.word("SAMPLES SAMPLES samples bad"));
        args.push(v.number());
    }
    args
}

/// What counts the keys: there are none that are over and not yet looked at, see [`super::strings::set_in_the_past`].
pub fn total(v: &mut Vocabulary) -> Args {
    if v.random.chance(60) {
        return line("DBSIZE", []);
    }
    line("INFO", [v.word("keyspace KEYSPACE Keyspace")])
}

/// FLUSHDB, rarely FLUSHALL.
pub fn flush(v: &mut Vocabulary) -> Args {
    let mut args = vec![v.word("FLUSHDB FLUSHDB FLUSHALL")];
    if v.random.chance(60) {
        args.push(v.word("ASYNC SYNC async bad"));
    }
    args
}

/// SWAPDB.
pub fn swap(v: &mut Vocabulary) -> Args {
    line("SWAPDB", [v.database(), v.database()])
}

//! Requests of the hash commands.

use super::groups::Maker;
use super::sessions;
use super::step::{Args, Bytes, Request, Step, Work, words};
use super::strings::line;
use super::vocabulary::Vocabulary;

/// What this group makes, in shares.
pub const MAKERS: &[(usize, Maker)] = &[
    (100, Maker::One(set)),
    (4, Maker::One(fill)),
    (3, Maker::One(drain)),
    (15, Maker::One(set_new)),
    (50, Maker::One(get)),
    (20, Maker::One(get_many)),
    (40, Maker::One(remove)),
    (30, Maker::One(look)),
    (25, Maker::Some(all)),
    (40, Maker::One(count_by)),
    (40, Maker::One(count_by_float)),
    (30, Maker::Some(random)),
    (10, Maker::Some(scan)),
    (15, Maker::Some(scan_packed)),
    (6, Maker::One(scan_once)),
    (15, Maker::One(delete)),
    (4, Maker::One(describe)),
];

/// Fields that mostly hold whole numbers, and those that mostly hold any.
const COUNTERS: &[&[u8]] = &[b"n1", b"n2", b"n3"];
const SUMS: &[&[u8]] = &[b"f1", b"f2", b"f3"];

fn field(v: &mut Vocabulary) -> Bytes {
    match v.random.below(10) {
        0 => v.random.pick(COUNTERS).to_vec(),
        1 => v.random.pick(SUMS).to_vec(),
        2..7 => v.usual_member(),
        _ => v.member(),
    }
}

fn value_for(v: &mut Vocabulary, field: &[u8]) -> Bytes {
    match v.random.below(100) {
        0..85 if COUNTERS.contains(&field) => v.increment(),
        0..85 if SUMS.contains(&field) => v.float(),
        0 => v.value(),
        1..10 => v.float(),
        _ => v.member(),
    }
}

fn push_pairs(v: &mut Vocabulary, args: &mut Args, most: usize) {
    for field in v.some(most, field) {
        args.push(field.clone());
        args.push(value_for(v, &field));
    }
}

/// HSET and HMSET; now and then a value is missing.
pub fn set(v: &mut Vocabulary) -> Args {
    let mut args = vec![v.word("HSET HSET HMSET"), v.key()];
    push_pairs(v, &mut args, 4);
    if v.random.chance(3) {
        args.pop();
    }
    args
}

/// More fields than a listpack takes, or nearly so many.
fn fill(v: &mut Vocabulary) -> Args {
    let mut args = line("HSET", [v.key()]);
    let first = v.random.below(600);
    let count = v.random.pick(&[20, 100, 130, 300, 511, 513, 600]);
    for number in first..first + count {
        args.push(format!("n{number}").into());
        args.push(number.to_string().into());
    }
    args
}

/// Most of them away again.
fn drain(v: &mut Vocabulary) -> Args {
    let mut args = line("HDEL", [v.key()]);
    let first = v.random.below(600);
    args.extend((first..first + 500).map(|number| Bytes::from(format!("n{number}"))));
    args
}

fn set_new(v: &mut Vocabulary) -> Args {
    let field = field(v);
    let value = value_for(v, &field);
    line("HSETNX", [v.key(), field, value])
}

fn get(v: &mut Vocabulary) -> Args {
    let name = v.word("HGET HGET HEXISTS HSTRLEN");
    vec![name, v.key(), field(v)]
}

fn get_many(v: &mut Vocabulary) -> Args {
    let mut args = line("HMGET", [v.key()]);
    args.extend(v.some(5, field));
    args
}

fn remove(v: &mut Vocabulary) -> Args {
    let mut args = line("HDEL", [v.key()]);
    args.extend(v.some(3, field));
    args
}

fn look(v: &mut Vocabulary) -> Args {
    let key = v.key();
    match v.random.below(3) {
        0 => line("HLEN", [key]),
        1 => vec![v.word("HKEYS HVALS HGETALL"), key],
        _ => line("OBJECT", [v.keyword("ENCODING"), key]),
    }
}

/// Everything, and the encoding after it: of a listpack the order is compared too.
fn all(v: &mut Vocabulary) -> Step {
    let key = v.key();
    let list = vec![v.word("HKEYS HVALS HGETALL HGETALL"), key.clone()];
    let encoding = line("OBJECT ENCODING", [key]);
    Step::whole([list, encoding].map(Request::new).into())
}

fn count_by(v: &mut Vocabulary) -> Args {
    let field = match v.random.chance(80) {
        true => v.random.pick(COUNTERS).to_vec(),
        false => field(v),
    };
    line("HINCRBY", [v.key(), field, v.increment()])
}

fn count_by_float(v: &mut Vocabulary) -> Args {
    let field = match v.random.below(10) {
        0..3 => v.random.pick(COUNTERS).to_vec(),
        3..9 => v.random.pick(SUMS).to_vec(),
        _ => field(v),
    };
    line("HINCRBYFLOAT", [v.key(), field, v.float()])
}

/// HRANDFIELD after all there is.
fn random(v: &mut Vocabulary) -> Step {
    let key = v.key();
    let all = line("HGETALL", [key.clone()]);
    let mut random = line("HRANDFIELD", [key]);
    push_random_count(v, &mut random, "WITHVALUES");
    Step::whole([all, random].map(Request::new).into())
}

/// A count for members at random: below zero the same may come twice. `-2^62` would be that many members.
pub fn push_random_count(v: &mut Vocabulary, args: &mut Args, option: &str) {
    match v.random.below(20) {
        0..4 => return,
        4..9 => args.push(v.random.between(-20, -1).to_string().into()),
        9..17 => args.push(v.random.between(0, 12).to_string().into()),
        17 => args.push(v.word("100 700 -700")),
        18 => args.push(v.word("-9223372036854775808 -9223372036854775809 -2x -1.0")),
        _ => args.push(v.odd_count()),
    }
    match v.random.below(10) {
        0..5 => args.push(v.keyword(option)),
        5 if v.random.chance(20) => args.extend([v.keyword(option), v.keyword(option)]),
        6 if v.random.chance(20) => args.push(v.word("bad 1")),
        _ => {}
    }
}

/// Options of a scan of one collection.
pub fn push_scan_options(v: &mut Vocabulary, args: &mut Args) {
    for _ in 0..v.random.pick(&[0, 0, 1, 1, 2]) {
        let option = v.keyword_of("MATCH COUNT MATCH COUNT MATCH COUNT MATCH COUNT TYPE");
        let value = match option.to_ascii_uppercase().as_slice() {
            b"COUNT" => v.word("1 2 3 10 100 1000"),
            b"TYPE" => words("string").remove(0),
            _ => v.member_pattern(),
        };
        args.extend([option, value]);
    }
}

/// A whole walk through one collection.
pub fn scan_of(v: &mut Vocabulary, name: &str) -> Step {
    let mut args = line(name, [v.key(), b"0".to_vec()]);
    push_scan_options(v, &mut args);
    Step {
        work: Work::ScanToTheEnd { cursor: 2 },
        ..Step::whole(vec![Request::new(args)])
    }
}

/// One page, and the encoding after it: what is packed comes whole, in order, whatever the count.
pub fn scan_packed_of(v: &mut Vocabulary, name: &str) -> Step {
    let key = v.key();
    let mut scan = line(name, [key.clone(), b"0".to_vec()]);
    push_scan_options(v, &mut scan);
    let encoding = line("OBJECT ENCODING", [key]);
    Step::whole([scan, encoding].map(Request::new).into())
}

/// One page whose reply does not depend on how a server lays its members out: all of them at once, or an error.
pub fn scan_once_of(v: &mut Vocabulary, name: &str) -> Args {
    let mut args = line(name, [v.key()]);
    args.extend(words("0 COUNT 2000"));
    match v.random.below(10) {
        0 => args[2] = v.word("abc 1a 18446744073709551616 0x0 1.5"),
        1 => args[2] = v.random.pick(&[&b""[..], b" 0", b"0 ", b"0\0"]).to_vec(),
        2 => args[4] = v.word("0 -1 abc 1.5 9223372036854775808"),
        3 => args.push(v.word("MATCH COUNT bad")),
        _ => args.extend([b"match".to_vec(), v.member_pattern()]),
    }
    args
}

fn scan(v: &mut Vocabulary) -> Step {
    scan_of(v, "HSCAN")
}

fn scan_packed(v: &mut Vocabulary) -> Step {
    scan_packed_of(v, "HSCAN")
}

fn scan_once(v: &mut Vocabulary) -> Args {
    scan_once_of(v, "HSCAN")
}

fn delete(v: &mut Vocabulary) -> Args {
    line("DEL", [v.key()])
}

fn describe(v: &mut Vocabulary) -> Args {
    const NAMES: &str = "hdel hexists hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hrandfield hscan hset hsetnx \
        hstrlen hvals";
    const LINES: &[&str] = &[
        "COMMAND GETKEYS HSET k a b",
        "COMMAND GETKEYS HMGET k a b",
        "COMMAND GETKEYS HSCAN k 0",
        "COMMAND GETKEYS HGETALL",
    ];
    sessions::describe(v, NAMES, LINES)
}

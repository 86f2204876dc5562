//! Requests of the set commands.

use super::groups::Maker;
use super::hashes::{push_random_count, scan_of, scan_once_of, scan_packed_of};
use super::homes::Home;
use super::sessions;
use super::step::{Args, Bytes, Request, Step};
use super::strings::line;
use super::vocabulary::Vocabulary;

/// What this group makes, in shares.
pub const MAKERS: &[(usize, Maker)] = &[
    (110, Maker::One(add)),
    (4, Maker::One(fill)),
    (3, Maker::One(drain)),
    (40, Maker::One(remove)),
    (35, Maker::One(has)),
    (15, Maker::One(has_each)),
    (30, Maker::One(look)),
    (25, Maker::Some(all)),
    (30, Maker::One(shift)),
    (45, Maker::One(combine)),
    (45, Maker::One(combine_into)),
    (25, Maker::One(count_common)),
    (15, Maker::Some(pop)),
    (6, Maker::Some(pop_all)),
    (30, Maker::Some(random)),
    (10, Maker::Some(scan)),
    (15, Maker::Some(scan_packed)),
    (6, Maker::One(scan_once)),
    (12, Maker::One(delete)),
    (4, Maker::One(describe)),
];

/// A key, and a member as that key mostly holds: integers in the first half of them.
fn key_and(v: &mut Vocabulary, most: usize) -> Args {
    let key = v.key();
    let keys = Home::Sets.keys();
    let at = keys.iter().position(|each| *each == key);
    let ints = at.is_some_and(|at| at < keys.len() / 2) && !v.random.chance(3);
    let mut args = vec![key];
    args.extend(v.some(most, if ints { Vocabulary::integer } else { member }));
    args
}

fn member(v: &mut Vocabulary) -> Bytes {
    match v.random.below(100) {
        0 => v.value(),
        1..50 => v.usual_member(),
        _ => v.member(),
    }
}

/// SADD.
pub fn add(v: &mut Vocabulary) -> Args {
    line("SADD", key_and(v, 5))
}

/// More integers than an intset takes, or nearly so many.
fn fill(v: &mut Vocabulary) -> Args {
    let mut args = line("SADD", [v.key()]);
    let first = v.random.between(-300, 300);
    let count = v.random.pick(&[20, 100, 300, 511, 513, 600]);
    args.extend((first..first + count).map(|number| Bytes::from(number.to_string())));
    args
}

fn drain(v: &mut Vocabulary) -> Args {
    let mut args = line("SREM", [v.key()]);
    let first = v.random.between(-300, 300);
    args.extend((first..first + 500).map(|number| Bytes::from(number.to_string())));
    args
}

fn remove(v: &mut Vocabulary) -> Args {
    line("SREM", key_and(v, 4))
}

fn has(v: &mut Vocabulary) -> Args {
    line("SISMEMBER", key_and(v, 1))
}

fn has_each(v: &mut Vocabulary) -> Args {
    line("SMISMEMBER", key_and(v, 4))
}

fn look(v: &mut Vocabulary) -> Args {
    let key = v.key();
    match v.random.below(4) {
        0 => line("SCARD", [key]),
        1 => line("SMEMBERS", [key]),
        _ => line("OBJECT", [v.keyword("ENCODING"), key]),
    }
}

/// All members, and the encoding after them: of an intset the order is compared too.
fn all(v: &mut Vocabulary) -> Step {
    let key = v.key();
    let list = line("SMEMBERS", [key.clone()]);
    let encoding = line("OBJECT ENCODING", [key]);
    Step::whole([list, encoding].map(Request::new).into())
}

fn shift(v: &mut Vocabulary) -> Args {
    let to = v.key();
    let mut args = line("SMOVE", key_and(v, 1));
    args.insert(2, to);
    args
}

fn combine(v: &mut Vocabulary) -> Args {
    let mut args = vec![v.word("SUNION SINTER SDIFF")];
    args.extend(v.keys(3));
    args
}

fn combine_into(v: &mut Vocabulary) -> Args {
    let mut args = vec![v.word("SUNIONSTORE SINTERSTORE SDIFFSTORE"), v.key()];
    args.extend(v.keys(3));
    args
}

fn count_common(v: &mut Vocabulary) -> Args {
    let mut args = line("SINTERCARD", v.counted_keys(3));
    if v.random.chance(50) {
        args.push(v.keyword_of("LIMIT LIMIT LIMIT LIMIT LIMIT LIMIT LIMIT COUNT"));
        args.push(v.count());
    }
    args
}

/// SPOP between what there was and what is left; then the key goes, for the two servers no longer hold the same.
fn pop(v: &mut Vocabulary) -> Step {
    let key = v.key();
    let before = line("SMEMBERS", [key.clone()]);
    let mut pop = line("SPOP", [key.clone()]);
    match v.random.below(10) {
        0..3 => {}
        3 => pop.push(v.odd_count()),
        4 => pop.extend([v.count(), v.short()]),
        _ => pop.push(v.random.between(0, 12).to_string().into()),
    }
    let after = line("SMEMBERS", [key.clone()]);
    let delete = line("DEL", [key]);
    Step::whole(vec![
        Request::new(before),
        Request::new(pop),
        Request::loose(after),
        Request::new(delete),
    ])
}

/// With as many as there may be, or more: nothing is left to differ.
fn pop_all(v: &mut Vocabulary) -> Step {
    let key = v.key();
    let all = line("SMEMBERS", [key.clone()]);
    let pop = line("SPOP", [key.clone(), v.word("1000000 9223372036854775807")]);
    Step::whole([all.clone(), pop, all].map(Request::new).into())
}

/// SRANDMEMBER after all there is.
fn random(v: &mut Vocabulary) -> Step {
    let key = v.key();
    let all = line("SMEMBERS", [key.clone()]);
    let mut random = line("SRANDMEMBER", [key]);
    push_random_count(v, &mut random, "COUNT");
    // It has no option.
    if random.len() > 3 && v.random.chance(90) {
        random.truncate(3);
    }
    Step::whole([all, random].map(Request::new).into())
}

fn scan(v: &mut Vocabulary) -> Step {
    scan_of(v, "SSCAN")
}

fn scan_packed(v: &mut Vocabulary) -> Step {
    scan_packed_of(v, "SSCAN")
}

fn scan_once(v: &mut Vocabulary) -> Args {
    scan_once_of(v, "SSCAN")
}

fn delete(v: &mut Vocabulary) -> Args {
    line("DEL", [v.key()])
}

fn describe(v: &mut Vocabulary) -> Args {
    const NAMES: &str = "sadd scard sdiff sdiffstore sinter sintercard sinterstore sismember smembers smismember smove spop \
        srandmember srem sscan sunion sunionstore";
    const LINES: &[&str] = &[
        "COMMAND GETKEYS SADD k a b",
        "COMMAND GETKEYS SMOVE a b c",
        "COMMAND GETKEYS SUNION a b c",
        "COMMAND GETKEYS SDIFFSTORE a b c",
        "COMMAND GETKEYS SINTERCARD 2 a b",
        "COMMAND GETKEYS SINTERCARD 3 a b",
        "COMMAND GETKEYS SINTERCARD x a b",
        "COMMAND GETKEYS SSCAN k 0",
    ];
    sessions::describe(v, NAMES, LINES)
}

//! Requests about sorted sets whose scores are all equal. Only there are the lexical ranges defined: over unequal scores a
//! skiplist replies whatever its random towers lead to. So nothing here is bent out of shape, and everything written keeps
//! the scores equal.

use super::groups::Maker;
use super::sorted_sets::{limit, member, zadd_options};
use super::step::{Args, Bytes, Request, Step};
use super::strings::line;
use super::vocabulary::Vocabulary;

/// What this group makes, in shares.
pub const MAKERS: &[(usize, Maker)] = &[
    (60, Maker::Plain(add)),
    (4, Maker::Plain(fill)),
    (15, Maker::Plain(remove)),
    (15, Maker::Plain(look)),
    (40, Maker::Plain(range)),
    (20, Maker::Plain(range_into)),
    (40, Maker::Plain(range_by_lex)),
    (30, Maker::Plain(count_within)),
    (15, Maker::Plain(remove_range)),
    (15, Maker::Plain(combine_into)),
    (5, Maker::Plain(pop)),
    (8, Maker::Some(wrong_type)),
    (4, Maker::Plain(wrong_arity)),
];

/// All scores are 0, in one spelling or another.
fn add(v: &mut Vocabulary) -> Args {
    let mut args = line("ZADD", [v.key()]);
    args.extend(zadd_options(v));
    for member in v.some(4, member) {
        args.extend([v.word("0 0 0 -0 0.0 0e5"), member]);
    }
    args
}

fn fill(v: &mut Vocabulary) -> Args {
    let mut args = line("ZADD", [v.key()]);
    let first = v.random.below(200);
    let count = v.random.pick(&[20, 100, 127, 129, 200]);
    for number in first..first + count {
        args.extend([b"0".to_vec(), format!("m{number}").into()]);
    }
    args
}

fn remove(v: &mut Vocabulary) -> Args {
    let mut args = line("ZREM", [v.key()]);
    args.extend(v.some(3, member));
    args
}

fn look(v: &mut Vocabulary) -> Args {
    let key = v.key();
    match v.random.below(4) {
        0 => line("OBJECT ENCODING", [key]),
        1 => line("ZRANGE", [key, b"0".to_vec(), b"-1".to_vec()]),
        _ => vec![v.word("ZRANK ZREVRANK"), key, member(v)],
    }
}

/// A bound of members as strings.
fn bound(v: &mut Vocabulary) -> Bytes {
    match v.random.below(30) {
        0 => v
            .random
            .pick(&[&b""[..], b"a", b"--", b"-a", b"+a", b"(", b"["])
            .to_vec(),
        1..8 => b"-".to_vec(),
        8..15 => b"+".to_vec(),
        _ => {
            let mut bound = vec![v.random.pick(b"[(")];
            bound.extend(member(v));
            bound
        }
    }
}

/// Two bounds, the lower one mostly first; `falling` the other way around.
fn two_bounds(v: &mut Vocabulary, falling: bool) -> [Bytes; 2] {
    let [low, high] = [bound(v), bound(v)];
    // Where a bound stands: below all members, among them, above all.
    let place = |bound: &Bytes| match bound.first() {
        Some(b'-') => (0, Bytes::new()),
        Some(b'+') => (2, Bytes::new()),
        _ => (1, bound.get(1..).unwrap_or_default().to_vec()),
    };
    let wrong = place(&low) > place(&high);
    let turn = (wrong && !v.random.chance(15)) ^ falling;
    if turn { [high, low] } else { [low, high] }
}

/// Bounds and options of ZRANGE and ZRANGESTORE.
fn push_range(v: &mut Vocabulary, args: &mut Args) {
    let falling = v.random.chance(40);
    args.extend(two_bounds(v, falling));
    let mut options = vec![vec![v.keyword("BYLEX")]];
    if falling {
        options.push(vec![v.keyword("REV")]);
    }
    if v.random.chance(40) {
        options.push(limit(v));
    }
    if v.random.chance(4) {
        options.push(vec![v.word("bad BYSCORE LIMIT WITHSCORES")]);
    }
    args.extend(v.shuffled(options));
}

fn range(v: &mut Vocabulary) -> Args {
    let mut args = line("ZRANGE", [v.key()]);
    push_range(v, &mut args);
    args
}

fn range_into(v: &mut Vocabulary) -> Args {
    let mut args = line("ZRANGESTORE", [v.key(), v.key()]);
    push_range(v, &mut args);
    args
}

fn range_by_lex(v: &mut Vocabulary) -> Args {
    let falling = v.random.chance(50);
    let name = if falling {
        "ZREVRANGEBYLEX"
    } else {
        "ZRANGEBYLEX"
    };
    let mut args = line(name, [v.key()]);
    args.extend(two_bounds(v, falling));
    if v.random.chance(50) {
        args.extend(limit(v));
    }
    if v.random.chance(3) {
        args.push(v.word("bad WITHSCORES LIMIT"));
    }
    args
}

fn count_within(v: &mut Vocabulary) -> Args {
    let mut args = line("ZLEXCOUNT", [v.key()]);
    args.extend(two_bounds(v, false));
    args
}

fn remove_range(v: &mut Vocabulary) -> Args {
    let mut args = line("ZREMRANGEBYLEX", [v.key()]);
    args.extend(two_bounds(v, false));
    args
}

fn combine_into(v: &mut Vocabulary) -> Args {
    let mut args = vec![v.word("ZUNIONSTORE ZINTERSTORE ZDIFFSTORE"), v.key()];
    args.extend(v.counted_keys(3));
    args
}

fn pop(v: &mut Vocabulary) -> Args {
    vec![v.word("ZPOPMIN ZPOPMAX"), v.key(), v.count()]
}

/// A key that is something else for sure.
fn wrong_type(v: &mut Vocabulary) -> Step {
    let key = v.key();
    let set = line("SET", [key.clone(), v.short()]);
    let mut args = vec![
        v.word("ZRANGEBYLEX ZREVRANGEBYLEX ZLEXCOUNT ZREMRANGEBYLEX"),
        key.clone(),
    ];
    args.extend(two_bounds(v, false));
    let delete = line("DEL", [key]);
    Step::whole([set, args, delete].map(Request::new).into())
}

fn wrong_arity(v: &mut Vocabulary) -> Args {
    let mut args = vec![
        v.word("ZRANGEBYLEX ZREVRANGEBYLEX ZLEXCOUNT ZREMRANGEBYLEX"),
        v.key(),
        b"-".to_vec(),
    ];
    if v.random.chance(50) {
        args.extend([b"+".to_vec(), b"+".to_vec()]);
    }
    args
}

//! Requests of the list commands.

use super::groups::Maker;
use super::sessions;
use super::step::{Args, Request, Step};
use super::strings::line;
use super::vocabulary::Vocabulary;

/// What this group makes, in shares.
pub const MAKERS: &[(usize, Maker)] = &[
    (150, Maker::One(push)),
    (4, Maker::One(fill)),
    (40, Maker::One(pop)),
    (15, Maker::One(pop_many)),
    (40, Maker::One(look)),
    (40, Maker::One(range)),
    (14, Maker::One(trim)),
    (35, Maker::One(insert)),
    (10, Maker::One(set)),
    (20, Maker::Some(push_and_set)),
    (35, Maker::One(remove)),
    (40, Maker::One(find)),
    (40, Maker::One(shift)),
    (20, Maker::Some(take_at_once)),
    (20, Maker::Some(shift_at_once)),
    (6, Maker::Some(wait)),
    (12, Maker::One(delete)),
    (5, Maker::One(describe)),
];

/// LPUSH and its sisters.
pub fn push(v: &mut Vocabulary) -> Args {
    let name = v.word("LPUSH RPUSH LPUSH RPUSH LPUSHX RPUSHX");
    let mut args = vec![name, v.key()];
    args.extend(v.some(4, element));
    args
}

/// So many that one chunk does not hold them.
fn fill(v: &mut Vocabulary) -> Args {
    let mut args = vec![v.word("LPUSH RPUSH"), v.key()];
    let count = v.random.between(100, 400);
    for _ in 0..count {
        args.push(element(v));
    }
    args
}

fn element(v: &mut Vocabulary) -> Vec<u8> {
    match v.random.below(100) {
        0 => v.value(),
        1..40 => v.usual_member(),
        _ => v.member(),
    }
}

fn pop(v: &mut Vocabulary) -> Args {
    let mut args = vec![v.word("LPOP RPOP"), v.key()];
    if v.random.chance(40) {
        args.push(v.count());
    }
    args
}

fn pop_many(v: &mut Vocabulary) -> Args {
    let mut args = line("LMPOP", v.counted_keys(3));
    many_options(v, &mut args);
    args
}

/// Which end, and how many.
fn many_options(v: &mut Vocabulary, args: &mut Args) {
    let end = match v.random.below(20) {
        0 => "COUNT",
        1..10 => "LEFT",
        _ => "RIGHT",
    };
    args.push(v.keyword(end));
    for _ in 0..v.random.pick(&[0, 0, 0, 1, 1, 1, 1, 1, 1, 2]) {
        let option = if v.random.chance(5) { "LEFT" } else { "COUNT" };
        args.push(v.keyword(option));
        args.push(v.count());
    }
}

fn look(v: &mut Vocabulary) -> Args {
    let key = v.key();
    match v.random.below(6) {
        0 => line("LLEN", [key]),
        1 => line("OBJECT", [v.keyword("ENCODING"), key]),
        _ => line("LINDEX", [key, v.position()]),
    }
}

fn range(v: &mut Vocabulary) -> Args {
    if v.random.chance(50) {
        return line("LRANGE", [v.key(), b"0".to_vec(), b"-1".to_vec()]);
    }
    line("LRANGE", [v.key(), v.position(), v.position()])
}

fn trim(v: &mut Vocabulary) -> Args {
    let first = v.random.between(-12, 3).to_string().into();
    line("LTRIM", [v.key(), first, v.position()])
}

fn insert(v: &mut Vocabulary) -> Args {
    let side = v.keyword_of("BEFORE AFTER BEFORE AFTER BEFORE AFTER AFTER AT");
    line("LINSERT", [v.key(), side, v.usual_member(), element(v)])
}

fn set(v: &mut Vocabulary) -> Args {
    let at = v.random.between(-2, 1).to_string().into();
    let at = if v.random.chance(10) {
        v.position()
    } else {
        at
    };
    line("LSET", [v.key(), at, element(v)])
}

/// LSET on a list that has something.
fn push_and_set(v: &mut Vocabulary) -> Step {
    let key = v.key();
    let push = line("RPUSH", [key.clone(), element(v), element(v)]);
    let at = v.random.between(-3, 2).to_string().into();
    let set = line("LSET", [key.clone(), at, element(v)]);
    let all = line("LRANGE", [key, b"0".to_vec(), b"-1".to_vec()]);
    Step::whole([push, set, all].map(Request::new).into())
}

fn remove(v: &mut Vocabulary) -> Args {
    let count = match v.random.below(12) {
        0 => v.odd_count(),
        _ => v.random.between(-3, 3).to_string().into(),
    };
    line("LREM", [v.key(), count, v.usual_member()])
}

fn find(v: &mut Vocabulary) -> Args {
    let mut options = Vec::new();
    for name in ["RANK", "COUNT", "MAXLEN"] {
        if v.random.chance(40) {
            let number = match v.random.below(12) {
                0 => v.odd_count(),
                1 => v.word("-9223372036854775807 -4611686018427387904"),
                _ if name == "RANK" => v.random.pick(&["1", "-1", "2", "-2", "3", "-3"]).into(),
                _ => v.random.between(0, 4).to_string().into(),
            };
            options.push(vec![v.keyword(name), number]);
        }
    }
    if v.random.chance(3) {
        options.push(vec![v.word("bad RANK COUNT")]);
    }
    let mut args = line("LPOS", [v.key(), v.usual_member()]);
    args.extend(v.shuffled(options));
    args
}

/// From one list to another, or around in one.
fn shift(v: &mut Vocabulary) -> Args {
    let [from, to] = [v.key(), v.key()];
    if v.random.chance(40) {
        return line("RPOPLPUSH", [from, to]);
    }
    line("LMOVE", [from, to, end(v), end(v)])
}

fn end(v: &mut Vocabulary) -> Vec<u8> {
    v.keyword_of("LEFT RIGHT LEFT RIGHT LEFT RIGHT LEFT RIGHT LEFT RIGHT LEFT RIGHT UP")
}

/// A blocking command whose key has something.
fn take_at_once(v: &mut Vocabulary) -> Step {
    let key = v.short_key();
    let push = line("RPUSH", [key.clone(), element(v), element(v)]);
    let mut keys = vec![key];
    if v.random.chance(40) {
        let at = v.random.below(2);
        keys.insert(at, v.short_key());
    }
    let take = if v.random.chance(60) {
        let mut args = vec![v.word("BLPOP BRPOP")];
        args.extend(keys);
        args.push(v.any_timeout());
        args
    } else {
        let timeout = v.any_timeout();
        let mut args = line("BLMPOP", [timeout, keys.len().to_string().into()]);
        args.extend(keys);
        many_options(v, &mut args);
        args
    };
    Step::whole([push, take].map(Request::new).into())
}

/// The same from list to list.
fn shift_at_once(v: &mut Vocabulary) -> Step {
    let [from, to] = [v.short_key(), v.short_key()];
    let push = line("LPUSH", [from.clone(), element(v)]);
    let timeout = v.any_timeout();
    let take = if v.random.chance(40) {
        line("BRPOPLPUSH", [from, to, timeout])
    } else {
        line("BLMOVE", [from, to, end(v), end(v), timeout])
    };
    Step::whole([push, take].map(Request::new).into())
}

/// A blocking command that may have to wait, for a moment.
fn wait(v: &mut Vocabulary) -> Step {
    let timeout = v.timeout();
    let args = match v.random.below(4) {
        0 => line("BRPOPLPUSH", [v.key(), v.key(), timeout]),
        1 => line("BLMOVE", [v.key(), v.key(), end(v), end(v), timeout]),
        2 => {
            let mut args = line("BLMPOP", [timeout]);
            args.extend(v.counted_keys(2));
            many_options(v, &mut args);
            args
        }
        _ => {
            let mut args = vec![v.word("BLPOP BRPOP")];
            args.extend(v.keys(2));
            args.push(timeout);
            args
        }
    };
    Step::whole(vec![Request::new(args)])
}

fn delete(v: &mut Vocabulary) -> Args {
    line("DEL", [v.key()])
}

fn describe(v: &mut Vocabulary) -> Args {
    const NAMES: &str = "lindex linsert llen lmove lmpop lpop lpos lpush lpushx lrange lrem lset ltrim rpop rpoplpush rpush \
        rpushx blmove blmpop blpop brpop brpoplpush";
    const LINES: &[&str] = &[
        "COMMAND GETKEYS LPUSH k a b",
        "COMMAND GETKEYS LMOVE a b LEFT RIGHT",
        "COMMAND GETKEYS RPOPLPUSH a b",
        "COMMAND GETKEYS LMPOP 2 a b LEFT",
        "COMMAND GETKEYS LMPOP 3 a b LEFT",
        "COMMAND GETKEYS LMPOP 0 LEFT LEFT",
        "COMMAND GETKEYS BLPOP a b c 0",
        "COMMAND GETKEYS BLMPOP 0 2 a b RIGHT COUNT 1",
        "COMMAND GETKEYS BLMOVE a b LEFT RIGHT 0",
        "COMMAND GETKEYS BRPOPLPUSH a b 0",
        "COMMAND GETKEYS LLEN a b",
    ];
    sessions::describe(v, NAMES, LINES)
}

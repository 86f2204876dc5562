//! Requests of the sorted set commands.

use super::groups::Maker;
use super::hashes::{push_random_count, scan_of, scan_once_of, scan_packed_of};
use super::homes::Home;
use super::sessions;
use super::step::{Args, Bytes, Request, Step};
use super::strings::line;
use super::vocabulary::Vocabulary;

/// What this group makes, in shares.
pub const MAKERS: &[(usize, Maker)] = &[
    (120, Maker::One(add)),
    (5, Maker::One(fill)),
    (35, Maker::One(increment)),
    (30, Maker::One(remove)),
    (50, Maker::One(look)),
    (15, Maker::One(scores)),
    (25, Maker::One(everything)),
    (50, Maker::One(range)),
    (25, Maker::One(range_into)),
    (20, Maker::One(range_by_rank)),
    (30, Maker::One(range_by_score)),
    (30, Maker::One(count_within)),
    (20, Maker::One(remove_range)),
    (25, Maker::One(pop)),
    (15, Maker::One(pop_many)),
    (45, Maker::One(combine)),
    (45, Maker::One(combine_into)),
    (15, Maker::One(count_common)),
    (25, Maker::Some(random)),
    (15, Maker::Some(take_at_once)),
    (4, Maker::Some(wait)),
    (8, Maker::Some(scan)),
    (12, Maker::Some(scan_packed)),
    (5, Maker::One(scan_once)),
    (12, Maker::One(delete)),
    (5, Maker::One(describe)),
];

/// A member.
pub fn member(v: &mut Vocabulary) -> Bytes {
    match v.random.below(200) {
        0 => v.value(),
        1..130 => v.usual_member(),
        _ => v.member(),
    }
}

/// ZADD and its options, most of the time a valid set of them.
pub fn add(v: &mut Vocabulary) -> Args {
    let mut args = line("ZADD", [v.key()]);
    let options = zadd_options(v);
    let single = options
        .iter()
        .any(|option| option.eq_ignore_ascii_case(b"INCR"));
    args.extend(options);
    let most = if single && !v.random.chance(10) { 1 } else { 4 };
    for member in v.some(most, member) {
        args.extend([v.score(), member]);
    }
    args
}

/// Options of ZADD in any order.
pub fn zadd_options(v: &mut Vocabulary) -> Args {
    let options = match v.random.below(20) {
        0..8 => Vec::new(),
        8..18 => {
            let sets = &[
                "CH", "NX", "XX", "GT", "LT", "XX GT", "LT XX", "CH GT", "INCR",
            ];
            let set = v.random.pick(sets);
            set.split(' ').map(|word| vec![v.keyword(word)]).collect()
        }
        _ => {
            let names = &["NX", "XX", "GT", "LT", "CH", "INCR", "bad"];
            let count = 1 + v.random.below(3);
            (0..count)
                .map(|_| {
                    let name = v.random.pick(names);
                    vec![v.keyword(name)]
                })
                .collect()
        }
    };
    v.shuffled(options)
}

/// More members than a listpack takes, or nearly so many.
fn fill(v: &mut Vocabulary) -> Args {
    let mut args = line("ZADD", [v.key()]);
    let first = v.random.below(200);
    let count = v.random.pick(&[20, 100, 127, 129, 200]);
    for number in first..first + count {
        args.extend([
            (number % 50).to_string().into(),
            format!("m{number}").into(),
        ]);
    }
    args
}

fn increment(v: &mut Vocabulary) -> Args {
    line("ZINCRBY", [v.key(), v.score(), member(v)])
}

fn remove(v: &mut Vocabulary) -> Args {
    let mut args = line("ZREM", [v.key()]);
    args.extend(v.some(3, member));
    args
}

fn look(v: &mut Vocabulary) -> Args {
    let key = v.key();
    match v.random.below(8) {
        0 => line("ZCARD", [key]),
        1..4 => line("OBJECT", [v.keyword("ENCODING"), key]),
        _ => vec![
            v.word("ZSCORE ZRANK ZREVRANK ZRANK ZREVRANK"),
            key,
            member(v),
        ],
    }
}

fn scores(v: &mut Vocabulary) -> Args {
    let mut args = line("ZMSCORE", [v.key()]);
    args.extend(v.some(4, member));
    args
}

fn everything(v: &mut Vocabulary) -> Args {
    line(
        "ZRANGE",
        [
            v.key(),
            b"0".to_vec(),
            b"-1".to_vec(),
            v.keyword("WITHSCORES"),
        ],
    )
}

/// A bound of scores.
fn bound(v: &mut Vocabulary) -> Bytes {
    match v.random.below(30) {
        0 => v.word("( (abc abc nan (nan ((1 [1 1x 1e400"),
        1..8 => v.word("-inf +inf inf (-inf (+inf -INF +Infinity"),
        8..16 => {
            let mut bound = b"(".to_vec();
            bound.extend(v.random.between(-5, 20).to_string().bytes());
            bound
        }
        16..20 => v.score(),
        _ => v.random.between(-5, 20).to_string().into(),
    }
}

/// Two bounds, the lower one mostly first; `falling` the other way around.
fn two_bounds(v: &mut Vocabulary, falling: bool) -> [Bytes; 2] {
    let [low, high] = [bound(v), bound(v)];
    let number = |bound: &Bytes| {
        let text = std::str::from_utf8(bound).unwrap_or_default();
        text.trim_start_matches('(').parse::<f64>().ok()
    };
    let wrong = number(&low) > number(&high);
    let turn = (wrong && !v.random.chance(15)) ^ falling;
    if turn { [high, low] } else { [low, high] }
}

/// LIMIT and its numbers.
pub fn limit(v: &mut Vocabulary) -> Args {
    let offset = match v.random.below(10) {
        0 => v.odd_count(),
        _ => v.random.between(0, 4).to_string().into(),
    };
    let count = match v.random.below(10) {
        0 => v.odd_count(),
        _ => v.random.between(-1, 6).to_string().into(),
    };
    vec![v.keyword("LIMIT"), offset, count]
}

/// What ZRANGE and ZRANGESTORE share: bounds and options in any order.
fn bounds_and_options(v: &mut Vocabulary) -> (Args, Vec<Args>) {
    let kind = v.random.pick(&["", "BYSCORE"]);
    let falling = v.random.chance(40);
    let bounds = match kind {
        "BYSCORE" => two_bounds(v, falling),
        _ => [v.position(), v.position()],
    };
    let mut options = Vec::new();
    if !kind.is_empty() {
        options.push(vec![v.keyword(kind)]);
    }
    if falling {
        options.push(vec![v.keyword("REV")]);
    }
    if v.random.chance(if kind.is_empty() { 2 } else { 40 }) {
        options.push(limit(v));
    }
    if v.random.chance(2) {
        options.push(vec![v.word("bad BYSCORE LIMIT")]);
    }
    if v.random.chance(50) {
        options.push(vec![v.keyword("WITHSCORES")]);
    }
    (bounds.into(), options)
}

fn range(v: &mut Vocabulary) -> Args {
    let mut args = line("ZRANGE", [v.key()]);
    let (bounds, options) = bounds_and_options(v);
    args.extend(bounds);
    args.extend(v.shuffled(options));
    args
}

fn range_into(v: &mut Vocabulary) -> Args {
    let mut args = line("ZRANGESTORE", [v.key(), v.key()]);
    let (bounds, mut options) = bounds_and_options(v);
    args.extend(bounds);
    if !v.random.chance(3) {
        options.retain(|option| !option[0].eq_ignore_ascii_case(b"WITHSCORES"));
    }
    args.extend(v.shuffled(options));
    args
}

fn range_by_rank(v: &mut Vocabulary) -> Args {
    let mut args = line("ZREVRANGE", [v.key(), v.position(), v.position()]);
    if v.random.chance(60) {
        args.push(v.keyword("WITHSCORES"));
    }
    if v.random.chance(3) {
        args.push(v.word("bad REV BYSCORE LIMIT"));
    }
    args
}

fn range_by_score(v: &mut Vocabulary) -> Args {
    let falling = v.random.chance(50);
    let name = if falling {
        "ZREVRANGEBYSCORE"
    } else {
        "ZRANGEBYSCORE"
    };
    let mut args = line(name, [v.key()]);
    args.extend(two_bounds(v, falling));
    let mut options = Vec::new();
    if v.random.chance(50) {
        options.push(vec![v.keyword("WITHSCORES")]);
    }
    if v.random.chance(50) {
        options.push(limit(v));
    }
    if v.random.chance(3) {
        options.push(vec![v.word("bad REV BYSCORE LIMIT")]);
    }
    args.extend(v.shuffled(options));
    args
}

fn count_within(v: &mut Vocabulary) -> Args {
    let mut args = line("ZCOUNT", [v.key()]);
    args.extend(two_bounds(v, false));
    args
}

fn remove_range(v: &mut Vocabulary) -> Args {
    let key = v.key();
    if v.random.chance(50) {
        let first = v.random.between(-3, 6).to_string().into();
        return line("ZREMRANGEBYRANK", [key, first, v.position()]);
    }
    let [low, high] = two_bounds(v, false);
    line("ZREMRANGEBYSCORE", [key, low, high])
}

fn pop(v: &mut Vocabulary) -> Args {
    let mut args = vec![v.word("ZPOPMIN ZPOPMAX"), v.key()];
    if v.random.chance(50) {
        args.push(v.count());
    }
    args
}

fn pop_many(v: &mut Vocabulary) -> Args {
    let mut args = line("ZMPOP", v.counted_keys(3));
    many_options(v, &mut args);
    args
}

/// Which end, and how many.
fn many_options(v: &mut Vocabulary, args: &mut Args) {
    let end = match v.random.below(20) {
        0 => "COUNT",
        1..10 => "MIN",
        _ => "MAX",
    };
    args.push(v.keyword(end));
    for _ in 0..v.random.pick(&[0, 0, 0, 1, 1, 1, 1, 1, 1, 2]) {
        let option = if v.random.chance(5) { "MIN" } else { "COUNT" };
        args.push(v.keyword(option));
        args.push(v.count());
    }
}

/// Keys of sorted sets, and of plain sets, whose members count as 1.
fn sources(v: &mut Vocabulary) -> Args {
    let mut keys = v.counted_keys(3);
    if keys.len() > 1 && v.random.chance(15) {
        let at = 1 + v.random.below(keys.len() - 1);
        keys[at] = v.key_of(Home::Sets);
    }
    keys
}

fn weights_and_aggregate(v: &mut Vocabulary, keys: usize) -> Vec<Args> {
    let mut options = Vec::new();
    if v.random.chance(40) {
        let mut weights = vec![v.keyword("WEIGHTS")];
        let count = if v.random.chance(3) { keys + 1 } else { keys };
        for _ in 0..count {
            weights.push(match v.random.below(4) {
                0 => v.score(),
                _ => v.random.between(-2, 4).to_string().into(),
            });
        }
        options.push(weights);
    }
    if v.random.chance(40) {
        let how = v.keyword_of("SUM MIN MAX SUM MIN MAX SUM MIN MAX SUM MIN MAX AVG");
        options.push(vec![v.keyword("AGGREGATE"), how]);
    }
    if v.random.chance(2) {
        options.push(vec![v.word("bad LIMIT WEIGHTS AGGREGATE")]);
    }
    options
}

fn combine(v: &mut Vocabulary) -> Args {
    let name = v.random.pick(&["ZUNION", "ZINTER", "ZDIFF"]);
    let keys = sources(v);
    let mut options = match name {
        "ZDIFF" if !v.random.chance(3) => Vec::new(),
        _ => weights_and_aggregate(v, keys.len() - 1),
    };
    if v.random.chance(60) {
        options.push(vec![v.keyword("WITHSCORES")]);
    }
    let mut args = line(name, keys);
    args.extend(v.shuffled(options));
    args
}

fn combine_into(v: &mut Vocabulary) -> Args {
    let name = v.random.pick(&["ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE"]);
    let mut args = line(name, [v.key()]);
    let keys = sources(v);
    let mut options = match name {
        "ZDIFFSTORE" if !v.random.chance(3) => Vec::new(),
        _ => weights_and_aggregate(v, keys.len() - 1),
    };
    if v.random.chance(3) {
        options.push(vec![v.keyword("WITHSCORES")]);
    }
    args.extend(keys);
    args.extend(v.shuffled(options));
    args
}

fn count_common(v: &mut Vocabulary) -> Args {
    let mut args = line("ZINTERCARD", sources(v));
    if v.random.chance(50) {
        args.push(v.keyword_of("LIMIT LIMIT LIMIT LIMIT LIMIT LIMIT LIMIT COUNT"));
        args.push(v.count());
    }
    args
}

/// ZRANDMEMBER after all there is.
fn random(v: &mut Vocabulary) -> Step {
    let key = v.key();
    let mut all = line("ZRANGE", [key.clone()]);
    all.extend(["0", "-1", "WITHSCORES"].map(Bytes::from));
    let mut random = line("ZRANDMEMBER", [key]);
    push_random_count(v, &mut random, "WITHSCORES");
    Step::whole([all, random].map(Request::new).into())
}

/// A blocking command whose key has something.
fn take_at_once(v: &mut Vocabulary) -> Step {
    let key = v.short_key();
    let add = line("ZADD", [key.clone(), b"1".to_vec(), b"a".to_vec()]);
    let mut keys = vec![key];
    if v.random.chance(40) {
        let at = v.random.below(2);
        keys.insert(at, v.short_key());
    }
    let timeout = v.any_timeout();
    let take = if v.random.chance(60) {
        let mut args = vec![v.word("BZPOPMIN BZPOPMAX")];
        args.extend(keys);
        args.push(timeout);
        args
    } else {
        let mut args = line("BZMPOP", [timeout, keys.len().to_string().into()]);
        args.extend(keys);
        many_options(v, &mut args);
        args
    };
    Step::whole([add, take].map(Request::new).into())
}

/// A blocking command that may have to wait, for a moment.
fn wait(v: &mut Vocabulary) -> Step {
    let timeout = v.timeout();
    let args = if v.random.chance(50) {
        let mut args = line("BZMPOP", [timeout]);
        args.extend(v.counted_keys(2));
        many_options(v, &mut args);
        args
    } else {
        let mut args = vec![v.word("BZPOPMIN BZPOPMAX")];
        args.extend(v.keys(2));
        args.push(timeout);
        args
    };
    Step::whole(vec![Request::new(args)])
}

fn scan(v: &mut Vocabulary) -> Step {
    scan_of(v, "ZSCAN")
}

fn scan_packed(v: &mut Vocabulary) -> Step {
    scan_packed_of(v, "ZSCAN")
}

fn scan_once(v: &mut Vocabulary) -> Args {
    scan_once_of(v, "ZSCAN")
}

fn delete(v: &mut Vocabulary) -> Args {
    line("DEL", [v.key()])
}

/// ZRANK and ZREVRANK are not among them: their WITHSCORE came later than the oracle.
fn describe(v: &mut Vocabulary) -> Args {
    const NAMES: &str = "zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard zinterstore zlexcount zmpop zmscore \
        zpopmax zpopmin zrandmember zrange zrangebylex zrangebyscore zrangestore zrem zremrangebylex zremrangebyrank \
        zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zscan zscore zunion zunionstore bzmpop bzpopmax bzpopmin";
    const LINES: &[&str] = &[
        "COMMAND GETKEYS ZADD k 1 a",
        "COMMAND GETKEYS ZRANGESTORE a b 0 -1",
        "COMMAND GETKEYS ZUNIONSTORE d 2 a b WEIGHTS 1 2",
        "COMMAND GETKEYS ZINTERSTORE d 3 a b",
        "COMMAND GETKEYS ZDIFFSTORE d 1 a",
        "COMMAND GETKEYS ZUNION 2 a b",
        "COMMAND GETKEYS ZINTERCARD 1 a LIMIT 1",
        "COMMAND GETKEYS ZMPOP 2 a b MIN",
        "COMMAND GETKEYS BZMPOP 0 2 a b MIN",
        "COMMAND GETKEYS BZPOPMIN a b 0",
        "COMMAND GETKEYS ZRANDMEMBER a",
    ];
    sessions::describe(v, NAMES, LINES)
}

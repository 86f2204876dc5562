//! Two clients more, which take turns: transactions, what they queue, and writes to what the other one watches.
//!
//! ```text
//!   connection 0   every other group's requests
//!   connection 1   WATCH k   MULTI             GET k   EXEC
//!   connection 2                     SET k v
//! ```
//!
//! A step says on which connection it is sent ([`Step::on`]), and nobody is sent anything before the replies to
//! the one before are read. So what comes first is the same on both servers.
//!
//! To add a command that concerns several clients: write a function that makes a step, give it a connection
//! with [`Step::on`], and a line with its share in [`MAKERS`]. What it replies inside EXEC is compared byte for byte (but for the digits of a
//! double), whatever rule there is for it elsewhere; so in [`queued`] is only what follows from the stream alone. Connections 1 and 2
//! may be in a transaction whenever a step reaches them ([`Vocabulary::in_transaction`] says what the stream
//! knows of that); connection 0 never is.

use super::groups::Maker;
use super::homes::Home;
use super::step::{Args, CONNECTIONS, Request, Step, words};
use super::strings::line;
use super::vocabulary::Vocabulary;

/// What this group makes, in shares.
pub const MAKERS: &[(usize, Maker)] = &[
    (90, Maker::Some(turn)),
    (6, Maker::Some(at_once)),
    (1, Maker::Some(misplaced)),
];

/// One of the connections that take turns.
fn connection(v: &mut Vocabulary) -> usize {
    1 + v.random.below(CONNECTIONS - 1)
}

/// What a client does that may be in a transaction or not.
fn turn(v: &mut Vocabulary) -> Step {
    let connection = connection(v);
    let args = if v.in_transaction[connection] {
        match v.random.below(100) {
            0..22 => end(v, connection, "EXEC"),
            22..26 => end(v, connection, "DISCARD"),
            26..28 => refused(v),
            28..30 => words("UNWATCH"),
            _ => queued(v),
        }
    } else {
        match v.random.below(100) {
            0..30 => {
                v.in_transaction[connection] = true;
                words("MULTI")
            }
            30..60 => line("WATCH", v.keys(3)),
            60..64 => words("UNWATCH"),
            64..66 => refused(v),
            _ => queued(v),
        }
    };
    Step::pipeline(vec![Request::new(args)]).on(connection)
}

fn end(v: &mut Vocabulary, connection: usize, name: &str) -> Args {
    v.in_transaction[connection] = false;
    words(name)
}

/// What aborts a transaction.
fn refused(v: &mut Vocabulary) -> Args {
    match v.random.below(4) {
        0 => line("NOSUCH", [v.short()]),
        1 => line("GET", []),
        2 => words("CLIENT nosuch"),
        _ => words("WATCH"),
    }
}

/// What is answered with an error, and aborts nothing or everything.
fn misplaced(v: &mut Vocabulary) -> Step {
    let connection = connection(v);
    let name = v.word("MULTI EXEC DISCARD WATCH UNWATCH");
    let mut args = vec![name];
    if v.random.chance(50) {
        args.push(v.short_key());
    }
    let name = args[0].clone();
    if name == b"EXEC" || name == b"DISCARD" && args.len() == 1 {
        v.in_transaction[connection] = false;
    } else if name == b"MULTI" && args.len() == 1 {
        v.in_transaction[connection] = true;
    }
    Step::pipeline(vec![Request::new(args)]).on(connection)
}

/// A whole transaction in one go, with what would wait outside of one.
fn at_once(v: &mut Vocabulary) -> Step {
    let connection = connection(v);
    v.in_transaction[connection] = false;
    let mut requests = vec![words("MULTI")];
    for _ in 0..1 + v.random.below(6) {
        let waits = v.random.chance(40);
        let request = if waits { would_wait(v) } else { queued(v) };
        requests.push(request);
    }
    requests.push(words("EXEC"));
    Step::whole(requests.into_iter().map(Request::new).collect()).on(connection)
}

fn would_wait(v: &mut Vocabulary) -> Args {
    let [list, other] = [v.key_of(Home::Lists), v.key_of(Home::Lists)];
    let scores = v.key_of(Home::SortedSets);
    let ends = [v.word("LEFT RIGHT"), v.word("LEFT RIGHT")];
    let timeout = v.word("0 1");
    match v.random.below(7) {
        0 => vec![v.word("BLPOP BRPOP"), list, other, timeout],
        1 => vec![v.word("BZPOPMIN BZPOPMAX"), scores, timeout],
        2 => [line("BLMOVE", [list, other]), ends.into(), vec![timeout]].concat(),
        3 => line("BRPOPLPUSH", [list, other, timeout]),
        4 => line("BLMPOP", [timeout, b"1".to_vec(), list, ends[0].clone()]),
        5 => line(
            "BZMPOP",
            [timeout, b"1".to_vec(), scores, v.word("MIN MAX")],
        ),
        _ => line("BLPOP", [list, v.word("-1 bad")]),
    }
}

/// What may be queued: it is answered alike wherever it is run. Mostly it fits the key, so that the other groups
/// find what they expect.
fn queued(v: &mut Vocabulary) -> Args {
    match v.random.below(60) {
        0..14 => on_a_string(v),
        14..22 => on_a_list(v),
        22..28 => on_a_hash(v),
        28..33 => on_a_set(v),
        33..41 => on_a_sorted_set(v),
        41..43 => line(
            "SETBIT",
            [v.key_of(Home::Bits), v.word("0 7 100"), v.word("0 1")],
        ),
        43..45 => line("PFADD", [v.key_of(Home::HyperLogLogs), v.word("a b c")]),
        45..48 => vec![v.word("TYPE EXISTS TOUCH PERSIST"), v.key()],
        48..50 => vec![v.word("DEL UNLINK"), v.key()],
        50..53 => {
            let home = v
                .random
                .pick(&[Home::Strings, Home::Lists, Home::Hashes, Home::Sets]);
            let name = v.word("RENAME RENAMENX COPY COPY");
            vec![name, v.key_of(home), v.key_of(home)]
        }
        53..55 => line("SELECT", [v.database()]),
        55..57 => line("MOVE", [v.key(), v.database()]),
        57 => line("GET", [v.key()]),
        58 => line("ECHO", [v.short()]),
        _ => across_keys(v),
    }
}

fn on_a_string(v: &mut Vocabulary) -> Args {
    let key = v.key_of(Home::Strings);
    match v.random.below(8) {
        0 | 1 => line("SET", [key, v.short()]),
        2 => line("SET", [key, v.value()]),
        3 => vec![v.word("GET STRLEN GETDEL MGET"), key],
        4 => vec![v.word("INCR DECR"), key],
        5 => vec![v.word("APPEND SETNX GETSET"), key, v.short()],
        6 => line("MSET", [key, v.short(), v.key_of(Home::Strings), v.short()]),
        _ => line("GETRANGE", [key, v.index(), v.index()]),
    }
}

fn on_a_list(v: &mut Vocabulary) -> Args {
    let key = v.key_of(Home::Lists);
    match v.random.below(4) {
        0 | 1 => vec![v.word("LPUSH RPUSH LPUSHX RPUSHX"), key, v.short()],
        2 => vec![v.word("LPOP RPOP LLEN"), key],
        _ => line("LRANGE", [key, v.index(), v.index()]),
    }
}

fn on_a_hash(v: &mut Vocabulary) -> Args {
    let key = v.key_of(Home::Hashes);
    let field = v.word("a b c");
    match v.random.below(3) {
        0 => vec![v.word("HSET HSETNX"), key, field, v.short()],
        1 => vec![v.word("HGET HDEL HEXISTS"), key, field],
        _ => line("HLEN", [key]),
    }
}

fn on_a_set(v: &mut Vocabulary) -> Args {
    let key = v.key_of(Home::Sets);
    vec![v.word("SADD SADD SREM SISMEMBER"), key, v.word("a b 1 2")]
}

fn on_a_sorted_set(v: &mut Vocabulary) -> Args {
    let key = v.key_of(Home::SortedSets);
    let member = v.word("a b c");
    match v.random.below(4) {
        0 | 1 => line("ZADD", [key, v.word("1 2 3 -7"), member]),
        2 => vec![v.word("ZREM ZSCORE ZRANK"), key, member],
        _ => vec![v.word("ZPOPMIN ZPOPMAX ZCARD"), key],
    }
}

/// Seldom, since it throws away what the other groups work on.
fn across_keys(v: &mut Vocabulary) -> Args {
    match v.random.below(8) {
        0 => words("FLUSHDB"),
        1 | 2 => line("SWAPDB", [v.word("0 1 2"), v.word("0 1 2")]),
        _ => words("DBSIZE"),
    }
}

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
//! with [`Step::on`], and a line with its share in [`MAKERS`]. What it replies inside EXEC is compared byte for byte, whatever
//! rule there is for it elsewhere; so in [`queued`] is only what follows from the stream alone. Connections 1 and 2
//! may be in a transaction whenever a step reaches them ([`Vocabulary::in_transaction`] says what the stream
//! knows of that); connection 0 never is.

use super::groups::Maker;
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
    let [from, to] = v.two_keys();
    match v.random.below(6) {
        0 => vec![
            v.word("BLPOP BRPOP BZPOPMIN BZPOPMAX"),
            from,
            to,
            v.word("0 1"),
        ],
        1 => line(
            "BLMOVE",
            [
                from,
                to,
                v.word("LEFT RIGHT"),
                v.word("LEFT RIGHT"),
                v.word("0 1"),
            ],
        ),
        2 => line("BRPOPLPUSH", [from, to, v.word("0 1")]),
        3 => line(
            "BLMPOP",
            [v.word("0 1"), b"1".to_vec(), from, v.word("LEFT RIGHT")],
        ),
        4 => line(
            "BZMPOP",
            [v.word("0 1"), b"1".to_vec(), from, v.word("MIN MAX")],
        ),
        _ => line("BLPOP", [from, v.word("-1 bad")]),
    }
}

/// What may be queued: it is answered alike wherever it is run.
fn queued(v: &mut Vocabulary) -> Args {
    const LINES: &[fn(&mut Vocabulary) -> Args] = &[
        |v| line("SET", [v.key(), v.short()]),
        |v| line("SET", [v.key(), v.value()]),
        |v| vec![v.word("GET STRLEN TYPE EXISTS GETDEL"), v.key()],
        |v| vec![v.word("DEL UNLINK EXISTS TOUCH MGET"), v.key(), v.key()],
        |v| vec![v.word("INCR DECR"), v.key()],
        |v| vec![v.word("APPEND SETNX GETSET"), v.key(), v.short()],
        |v| line("MSET", [v.key(), v.short(), v.key(), v.short()]),
        |v| vec![v.word("LPUSH RPUSH LPUSHX RPUSHX"), v.key(), v.short()],
        |v| vec![v.word("LPOP RPOP LLEN"), v.key()],
        |v| line("LRANGE", [v.key(), v.index(), v.index()]),
        |v| vec![v.word("HSET HSETNX"), v.key(), v.word("a b c"), v.short()],
        |v| vec![v.word("HGET HDEL HEXISTS"), v.key(), v.word("a b c")],
        |v| vec![v.word("SADD SREM SISMEMBER"), v.key(), v.word("a b 1 2")],
        |v| line("ZADD", [v.key(), v.word("1 2 3 -7"), v.word("a b c")]),
        |v| vec![v.word("ZREM ZSCORE ZRANK"), v.key(), v.word("a b c")],
        |v| vec![v.word("ZPOPMIN ZPOPMAX ZCARD SCARD HLEN"), v.key()],
        |v| {
            let [from, to] = v.two_keys();
            vec![v.word("RENAME RENAMENX COPY RPOPLPUSH"), from, to]
        },
        |v| line("PERSIST", [v.key()]),
        |v| line("SETBIT", [v.key(), v.word("0 7 100"), v.word("0 1")]),
        |v| line("PFADD", [v.key(), v.word("a b c")]),
        |v| line("SELECT", [v.database()]),
        |v| line("MOVE", [v.key(), v.database()]),
        |v| line("ECHO", [v.short()]),
    ];
    // One is not to throw everything away all the time.
    match v.random.below(400) {
        0 => words("FLUSHDB"),
        1 => line("SWAPDB", [v.word("0 1 2"), v.word("0 1 2")]),
        _ => v.random.pick(LINES)(v),
    }
}

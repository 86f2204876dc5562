//! Who waits for a key that another client brings, and keys that go by themselves.

use super::crowd::Lines;

/// See [`super::crowd`].
pub const LINES: Lines = &[
    (5, "BLPOP {l} {l} 0"),
    (2, "BRPOP {l} 0"),
    (2, "BLMOVE {l} {l} {end} {end} 0"),
    (1, "BRPOPLPUSH l1 l2 0"),
    (2, "BLMPOP 0 2 {l} {l} {end} COUNT 2"),
    (2, "BZPOPMIN {z} {z} 0"),
    (1, "BZMPOP 0 1 {z} MAX"),
    (1, "BLPOP {l} 0 | GET {k} | SET {k} {v}"),
    (1, "BLPOP {l} 0 | PUBLISH {c} {v}"),
    (1, "CLIENT REPLY SKIP | BLPOP {l} 0"),
    (1, "MULTI | BLPOP {l} 0 | EXEC"),
    (1, "~BLPOP nothing 0.01"),
    (8, "RPUSH {l} {v} {v}"),
    (3, "LPUSH {l} {v}"),
    (3, "ZADD {z} {n} {m}"),
    (
        2,
        "MULTI | LPUSH l1 a b | DEL l1 | RPUSH l2 c | ZADD z1 1 a | EXEC",
    ),
    (2, "MULTI | LPUSH l1 a b c | RPUSH l2 c d | EXEC"),
    (1, "SORT {l} BY nosort STORE {l}"),
    (1, "RENAME {l} {l}"),
    (1, "COPY {l} {l} REPLACE"),
    (1, "SWAPDB 0 1"),
    (2, "~SET e1 v PX 10"),
    (2, "~SET e1 v PX 10 | GET e1"),
    (1, "~SET e1 v PX 10 | WATCH e1 | MULTI | GET e1"),
    (1, "~RPUSH e2 a b | PEXPIRE e2 10 | LRANGE e2 0 -1"),
    (1, "~SET e1 v PX 10 | GET e1 | DEBUG SLEEP 0.03 | GET e1"),
    (
        1,
        "~SET e1 v PX 10 | DEBUG SLEEP 0.03 | MULTI | GET e1 | SET e1 w | EXEC",
    ),
    (1, "~SET e1 v PX 10 | DEBUG SLEEP 0.03 | SET e1 w | DEL e1"),
    (1, "GET e1"),
    (1, "EXISTS e1 e2"),
    (1, "~SET {k} {v} PXAT 1"),
];

/// What the helper sends.
pub const HELP: Lines = &[
    (6, "RPUSH {l} {v} {v} {v}"),
    (3, "ZADD {z} 1 a 2 b 3 c"),
    (2, "SET {k} {v}"),
    (3, "PUBLISH {c} {v}"),
    (1, "DEL {any} {any}"),
    (2, "CONFIG SET notify-keyspace-events KEA"),
    (8, "ACL SETUSER default reset on nopass +@all ~* &*"),
    (1, "ACL SETUSER {u} reset on nopass +@all ~* &*"),
    (1, "FLUSHALL"),
];

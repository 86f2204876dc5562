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
    (2, "~SET e1 v PX 20"),
    (2, "~SET e1 v PX 20 | GET e1"),
    (1, "~SET e1 v PX 20 | WATCH e1 | MULTI | GET e1"),
    (1, "~RPUSH e2 a b | PEXPIRE e2 20 | LRANGE e2 0 -1"),
    (1, "~SET e1 v PX 20 | GET e1 | DEBUG SLEEP 0.04 | GET e1"),
    (
        1,
        "~SET e1 v PX 20 | DEBUG SLEEP 0.04 | MULTI | GET e1 | SET e1 w | EXEC",
    ),
    (1, "~SET e1 v PX 20 | DEBUG SLEEP 0.04 | SET e1 w | DEL e1"),
    (1, "GET e1"),
    (1, "EXISTS e1 e2"),
    (1, "~SET {k} {v} PXAT 1"),
    (1, "BZPOPMAX {z} {z} 0"),
    (1, "BZMPOP 0 2 {z} {z} MIN COUNT 2"),
    (1, "BLPOP {any} {l} 0"),
    (1, "BLPOP {l} x"),
    (1, "BLPOP {l} -1"),
    (
        1,
        "MULTI | BLMOVE {l} {l} LEFT RIGHT 0 | BRPOPLPUSH {l} {l} 0 | EXEC",
    ),
    (
        1,
        "MULTI | BZPOPMIN {z} 0 | BZMPOP 0 1 {z} MAX | BLMPOP 0 1 {l} LEFT | EXEC",
    ),
    (
        1,
        "MULTI | RPUSH {l} {v} | LLEN {l} | ZADD {z} 1 a | ZCARD {z} | EXEC",
    ),
    (1, "MULTI | DEL {any} {any} | SORT l2 ALPHA STORE l1 | EXEC"),
    (1, "HSET {l} f v | SORT {s} ALPHA STORE {l}"),
    (1, "~WATCH e1 | SET e1 v PX 20 | MULTI | PING"),
    (1, "~RPUSH e2 a | PEXPIRE e2 20 | BLPOP e2 0"),
    (1, "~SET e1 v PX 20 | DEBUG SLEEP 0.04 | MGET e1 k1 e1 none"),
    (
        1,
        "~RPUSH l1 1 | SET ke1 v PX 20 | DEBUG SLEEP 0.04 | SORT l1 BY nosort GET ke*",
    ),
    (
        1,
        "~SET e1 v PX 20 | DEBUG SLEEP 0.04 | RENAME e1 k1 | COPY e1 k2",
    ),
    (
        1,
        "~SET e1 v PX 20 | DEBUG SLEEP 0.04 | SINTERSTORE k1 e1 | DBSIZE",
    ),
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

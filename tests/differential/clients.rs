//! What a client does to itself and to other clients: protocol, names, replies, RESET, KILL, PAUSE.

use super::crowd::Lines;

/// See [`super::crowd`].
pub const LINES: Lines = &[
    (8, "HELLO 3"),
    (4, "HELLO 2"),
    (1, "HELLO"),
    (1, "HELLO 4"),
    (1, "HELLO 3 SETNAME {u}"),
    (6, "RESET"),
    (8, "RESET | HELLO 3"),
    (1, "CLIENT REPLY ON | QUIT"),
    (1, "CLIENT REPLY ON | PING | QUIT | PING"),
    (2, "PING"),
    (1, "PING {v}"),
    (1, "CLIENT REPLY OFF"),
    (4, "CLIENT REPLY ON"),
    (
        1,
        "CLIENT REPLY OFF | GET {k} | SET {k} {v} | PUBLISH {c} {v} | CLIENT REPLY ON",
    ),
    (2, "CLIENT REPLY SKIP | GET {k} | GET {k}"),
    (1, "CLIENT REPLY SKIP | SUBSCRIBE {c} | PUBLISH {c} {v}"),
    (1, "MULTI | CLIENT REPLY SKIP | GET {k} | EXEC | PING"),
    (
        1,
        "MULTI | CLIENT REPLY OFF | GET {k} | EXEC | CLIENT REPLY ON",
    ),
    (1, "CLIENT SETNAME {u}"),
    (1, "CLIENT GETNAME"),
    (1, "CLIENT ID"),
    (2, "CLIENT INFO"),
    (2, "CLIENT LIST"),
    (1, "CLIENT LIST TYPE pubsub"),
    (1, "CLIENT LIST ID {id} {id}"),
    (1, "CLIENT KILL ID {id}"),
    (1, "CLIENT REPLY ON | CLIENT KILL {addr}"),
    (1, "CLIENT REPLY ON | CLIENT KILL ADDR {addr} SKIPME no"),
    (1, "CLIENT KILL TYPE pubsub"),
    (1, "CLIENT REPLY ON | CLIENT KILL USER {u} SKIPME no"),
    (
        1,
        "CLIENT REPLY ON | MULTI | SET {k} {v} | CLIENT KILL ID {id} SKIPME no | PUBLISH {c} {v} | EXEC",
    ),
    (1, "CLIENT PAUSE 100000 WRITE"),
    (3, "~CLIENT UNPAUSE"),
    (
        1,
        "MULTI | CLIENT PAUSE 100000 WRITE | SET {k} {v} | EXEC | SET {k} {v} | GET {k}",
    ),
    (2, "CLIENT UNBLOCK {id}"),
    (2, "CLIENT UNBLOCK {id} ERROR"),
    (1, "CLIENT NO-EVICT ON"),
    (1, "MULTI | RESET | PING"),
    (1, "MULTI | HELLO 3 | GET {k} | HELLO 2 | GET {k} | EXEC"),
    (1, "MULTI | HELLO 3 | HGETALL {h} | EXEC"),
];

/// What the last client sends, so that nobody waits for ever.
pub const ENDS: Lines = &[
    (10, "~CLIENT UNPAUSE"),
    (4, "CLIENT UNBLOCK {id}"),
    (2, "CLIENT KILL ID {id}"),
    (1, "CLIENT KILL USER alice"),
];

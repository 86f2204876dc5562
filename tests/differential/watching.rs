//! Watching the server: MONITOR and the slow log (which begins anew each time: the oracle notes who has waited in vain, without
//! any words).

use super::crowd::Lines;

/// See [`super::crowd`].
pub const LINES: Lines = &[
    (6, "MONITOR"),
    (1, "MONITOR | PING | GET {k}"),
    (1, "MULTI | MONITOR | GET {k} | EXEC"),
    (2, "SLOWLOG RESET | GET {k} | SLOWLOG LEN"),
    (1, "SLOWLOG RESET"),
    (1, "CONFIG SET slowlog-log-slower-than 0"),
    (2, "CONFIG SET slowlog-log-slower-than -1"),
    (
        1,
        "SLOWLOG RESET | SET {k} {v} | AUTH {u} wrong | SLOWLOG GET -1",
    ),
    (1, "SLOWLOG RESET | MULTI | GET {k} | EXEC | SLOWLOG GET 4"),
    (1, "OBJECT FREQ {any}"),
    (1, "OBJECT ENCODING {any}"),
    (1, "DEBUG SLEEP 0"),
    (1, "ECHO {v}"),
    (1, "CONFIG GET databases"),
    (1, "TIME nothing"),
    (1, "MULTI | PING | EXEC"),
];

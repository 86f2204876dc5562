//! Watching the server: MONITOR and the slow log (which begins anew each time: the oracle notes who has waited in vain, without
//! any words).

use super::crowd::Lines;

/// See [`super::crowd`].
pub const LINES: Lines = &[
    (6, "MONITOR"),
    (1, "MONITOR | PING | GET {k}"),
    (1, "MULTI | MONITOR | GET {k} | EXEC"),
    (
        2,
        "CONFIG SET slowlog-log-slower-than -1 | SLOWLOG RESET | GET {k} | SLOWLOG LEN",
    ),
    (1, "SLOWLOG RESET"),
    (1, "CONFIG SET slowlog-log-slower-than 0"),
    (2, "CONFIG SET slowlog-log-slower-than -1"),
    (
        1,
        "SLOWLOG RESET | SET {k} {v} | AUTH {u} wrong | SLOWLOG GET -1",
    ),
    (1, "SLOWLOG RESET | MULTI | GET {k} | EXEC | SLOWLOG GET -1"),
    (1, "OBJECT FREQ {any}"),
    (1, "OBJECT ENCODING {any}"),
    (1, "DEBUG SLEEP 0"),
    (1, "ECHO {v}"),
    (1, "CONFIG GET databases"),
    (1, "TIME nothing"),
    (1, "MULTI | PING | EXEC"),
    (1, "SLOWLOG GET x"),
    (1, "SLOWLOG GET -2"),
    (1, "SLOWLOG nosuch"),
    (1, "LATENCY LATEST | LATENCY RESET | LATENCY HISTORY nosuch"),
    (1, "LATENCY GRAPH nosuch"),
    (1, "LATENCY RESET nosuch command"),
    (1, "LATENCY HISTOGRAM nosuch"),
    (1, "LATENCY DOCTOR"),
    (1, "LATENCY nosuch"),
    (
        1,
        "DEL f1 | SET f1 v | OBJECT IDLETIME f1 | OBJECT FREQ f1 | DEL f1",
    ),
    (1, "OBJECT IDLETIME none"),
    (1, "OBJECT nosuch {k}"),
    (
        1,
        "MULTI | AUTH {u} any | HELLO 3 AUTH {u} pw | GET {k} | EXEC",
    ),
    (
        1,
        "MULTI | SLOWLOG RESET | SLOWLOG LEN | LATENCY RESET | EXEC",
    ),
    (1, "MONITOR | MULTI | PING | ECHO {v} | EXEC"),
    (1, "MONITOR | CLIENT REPLY SKIP | PING | PING"),
];

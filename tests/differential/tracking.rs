//! CLIENT TRACKING in all its modes.

use super::crowd::Lines;

/// See [`super::crowd`].
pub const LINES: Lines = &[
    (6, "CLIENT TRACKING ON"),
    (3, "HELLO 3 | CLIENT TRACKING ON | GET {k}"),
    (2, "CLIENT TRACKING ON NOLOOP"),
    (5, "CLIENT TRACKING ON REDIRECT {id}"),
    (2, "CLIENT TRACKING ON REDIRECT {id} NOLOOP"),
    (1, "CLIENT TRACKING ON REDIRECT 0"),
    (1, "CLIENT TRACKING ON REDIRECT 999999"),
    (3, "CLIENT TRACKING ON BCAST"),
    (
        3,
        "CLIENT TRACKING ON BCAST PREFIX {prefix} PREFIX {prefix}",
    ),
    (2, "CLIENT TRACKING ON BCAST PREFIX {prefix} NOLOOP"),
    (2, "CLIENT TRACKING ON BCAST PREFIX {prefix} REDIRECT {id}"),
    (3, "CLIENT TRACKING ON OPTIN"),
    (3, "CLIENT TRACKING ON OPTOUT"),
    (1, "CLIENT TRACKING ON OPTIN OPTOUT"),
    (1, "CLIENT TRACKING ON PREFIX {prefix}"),
    (1, "CLIENT TRACKING maybe"),
    (4, "CLIENT TRACKING OFF"),
    (2, "CLIENT CACHING YES | GET {k}"),
    (2, "CLIENT CACHING YES | MGET {k} {any}"),
    (1, "CLIENT CACHING YES | SET {k} {v} | GET {k}"),
    (2, "CLIENT CACHING NO | GET {k}"),
    (
        1,
        "CLIENT CACHING YES | MULTI | GET {k} | GET {k} | EXEC | GET {k}",
    ),
    (1, "CLIENT CACHING NO | MULTI | GET {k} | EXEC"),
    (1, "CLIENT CACHING maybe"),
    (2, "CLIENT TRACKINGINFO"),
    (1, "CLIENT GETREDIR"),
    (
        2,
        "CLIENT TRACKING OFF | CLIENT TRACKING ON OPTIN | CLIENT CACHING YES | GET {k}",
    ),
    (
        2,
        "CLIENT TRACKING OFF | CLIENT TRACKING ON OPTOUT | GET {k}",
    ),
    (
        2,
        "CLIENT TRACKING OFF | CLIENT TRACKING ON BCAST | SET {k} {v} | MSET {k} {v} {k} {v}",
    ),
    (4, "SUBSCRIBE __redis__:invalidate"),
    (8, "GET {k}"),
    (3, "MGET {k} {any} {any}"),
    (2, "EXISTS {any} {any}"),
    (1, "LRANGE {l} 0 -1 | HGETALL none"),
    (6, "SET {k} {v}"),
    (2, "GET {k} | SET {k} {v} | GET {k} | DEL {k}"),
    (2, "MULTI | GET {k} | SET {k} {v} | GET {k} | EXEC"),
    (2, "MULTI | MGET k1 k2 k3 | MSET k1 a k2 b | DEL k3 | EXEC"),
    (
        1,
        "MULTI | CLIENT TRACKING ON | GET {k} | EXEC | SET {k} {v}",
    ),
    (
        1,
        "MULTI | GET {k} | CLIENT TRACKING OFF | SET {k} {v} | EXEC",
    ),
    (1, "GET {k} | FLUSHDB"),
    (1, "GET {k} | FLUSHALL"),
];

//! Who has subscribed to what, who publishes, and the events of keys.

use super::crowd::Lines;

/// See [`super::crowd`].
pub const LINES: Lines = &[
    (6, "SUBSCRIBE {c}"),
    (2, "SUBSCRIBE {c} {c} {event}"),
    (5, "SUBSCRIBE {event}"),
    (4, "PSUBSCRIBE {p}"),
    (1, "PSUBSCRIBE {p} {p}"),
    (2, "SSUBSCRIBE {c}"),
    (2, "UNSUBSCRIBE {c}"),
    (1, "UNSUBSCRIBE"),
    (2, "PUNSUBSCRIBE {p}"),
    (1, "PUNSUBSCRIBE"),
    (1, "SUNSUBSCRIBE {c}"),
    (1, "SUNSUBSCRIBE"),
    (12, "PUBLISH {c} {v}"),
    (2, "PUBLISH {c} {v} | SET {k} {v} | PUBLISH {c} {v}"),
    (2, "PUBLISH {event} fake"),
    (3, "SPUBLISH {c} {v}"),
    (2, "PUBSUB CHANNELS"),
    (1, "PUBSUB CHANNELS {p}"),
    (2, "PUBSUB NUMSUB {c} {c} {event}"),
    (1, "PUBSUB NUMPAT"),
    (1, "PUBSUB SHARDCHANNELS {p}"),
    (1, "PUBSUB SHARDNUMSUB {c} {c}"),
    (1, "PUBSUB nosuch"),
    (8, "CONFIG SET notify-keyspace-events {classes}"),
    (1, "CONFIG GET notify-keyspace-events"),
    (2, "MULTI | SUBSCRIBE {c} | PUBLISH {c} {v} | EXEC"),
    (
        1,
        "MULTI | PUBLISH {c} {v} | PSUBSCRIBE {p} | SET {k} {v} | PUNSUBSCRIBE | PUBLISH {c} {v} | EXEC",
    ),
    (
        2,
        "MULTI | SET {k} {v} | PUBLISH {c} {v} | LPUSH {l} {v} | EXEC",
    ),
    (2, "SUBSCRIBE {c} | PUBLISH {c} {v} | UNSUBSCRIBE {c}"),
    (1, "SUBSCRIBE {event} | PING | PING {v}"),
    (1, "SUBSCRIBE"),
];

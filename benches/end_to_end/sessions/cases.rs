//! What is measured of sessions: the names that the samples carry, and how much of each there is. The bench and the
//! generator of the page both read this file, so neither knows a case that the other does not.

pub use crate::metrics::{CPU_NS, PING_MAX, PING_P99};

/// Processor time per message that reaches a subscriber. Its cases are the [`STREAMS`].
pub const DELIVERY: &str = "publish";

/// What another client waits meanwhile. Its cases are the [`STREAMS`].
pub const DELIVERY_PING: &str = "publish, PING";

/// Messages for the subscribers.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    /// The case's name.
    pub name: &'static str,
    /// Bytes of a message.
    pub bytes: usize,
    /// Whether the next PUBLISH waits until everybody has the message; else all come in one pipeline.
    pub waits: bool,
}

/// The streams of messages that are measured.
pub const STREAMS: [Stream; 4] = [
    stream("32 bytes, one at a time", 32, true),
    stream("1024 bytes, one at a time", 1024, true),
    stream("32 bytes, back to back", 32, false),
    stream("1024 bytes, back to back", 1024, false),
];

const fn stream(name: &'static str, bytes: usize, waits: bool) -> Stream {
    Stream { name, bytes, waits }
}

/// Growth of memory per subscriber that does not read.
pub const UNREAD: &str = "publish, unread";

/// Its only case: so many messages of so many bytes.
pub const UNREAD_CASE: &str = "1000 messages of 1024 bytes";

/// Of the resident set, in bytes.
pub const RSS: &str = "rss_per_subscriber";

/// Of INFO's `used_memory`, in bytes.
pub const USED: &str = "used_per_subscriber";

/// Processor time per invalidation that reaches a client.
pub const INVALIDATION: &str = "invalidation";

/// Its only case.
pub const INVALIDATION_CASE: &str = "SET of a key that 1000 clients hold";

/// Processor time per request, in pipelines of 16. Its cases are the [`REQUESTS`].
pub const REQUEST: &str = "sessions P16";

/// The requests that are measured; a transaction counts as one.
pub const REQUESTS: [&str; 7] = [
    "MULTI, 5 INCR, EXEC",
    "WATCH, MULTI, INCR, EXEC",
    "GET, tracking",
    "SET, allkeys-lru",
    "SET, allkeys-lfu",
    "SET, events on",
    "SET, MONITOR",
];

/// What another client waits while new keys come and others are evicted. Its cases are the [`POLICIES`].
pub const EVICTION_PING: &str = "eviction, PING";

/// The values of `maxmemory-policy` that are measured.
pub const POLICIES: [&str; 2] = ["allkeys-lru", "allkeys-lfu"];

/// What happens when `maxmemory` is lowered to a tenth.
pub const LOWERED: &str = "maxmemory lowered";

/// Its only case.
pub const LOWERED_CASE: &str = "from 500 MB to 50 MB";

/// From CONFIG SET until no more is used than that, in seconds.
pub const SECONDS: &str = "seconds";

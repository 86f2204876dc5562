//! What is measured of lists, hashes, sets and sorted sets: the names that the samples carry, and how much of each
//! there is. The bench and the generator of the page both read this file, so neither knows a case that the other
//! does not.

pub use crate::metrics::{CPU_NS, PING_MAX, PING_P999};

/// Elements of a large collection.
pub const LARGE: usize = 1_000_000;

/// Measures of the commands of `redis-benchmark`, each with its depth of pipelines.
pub const BENCHMARK_AT: [(&str, usize); 2] = [("collections P1", 1), ("collections P16", 16)];

/// The cases of [`BENCHMARK_AT`], and what `redis-benchmark` 7.0 sends for each of them.
pub const BENCHMARK: [(&str, &str); 14] = [
    ("LPUSH", "LPUSH mylist xxx"),
    ("RPUSH", "RPUSH mylist xxx"),
    ("LPOP", "LPOP mylist"),
    ("RPOP", "RPOP mylist"),
    ("SADD", "SADD myset element:__rand_int__"),
    ("HSET", "HSET myhash element:__rand_int__ xxx"),
    ("SPOP", "SPOP myset"),
    ("ZADD", "ZADD myzset __rand_int__ element:__rand_int__"),
    ("ZPOPMIN", "ZPOPMIN myzset"),
    ("LRANGE_100", "LRANGE mylist 0 99"),
    ("LRANGE_300", "LRANGE mylist 0 299"),
    ("LRANGE_500", "LRANGE mylist 0 499"),
    ("LRANGE_600", "LRANGE mylist 0 599"),
    (
        "MSET",
        "MSET key:__rand_int__ xxx key:__rand_int__ xxx key:__rand_int__ xxx key:__rand_int__ xxx \
         key:__rand_int__ xxx key:__rand_int__ xxx key:__rand_int__ xxx key:__rand_int__ xxx \
         key:__rand_int__ xxx key:__rand_int__ xxx",
    ),
];

/// Measures of commands on collections of [`LARGE`] elements, each with its depth of pipelines.
pub const ON_LARGE_AT: [(&str, usize); 2] = [("large P1", 1), ("large P16", 16)];

/// Those commands.
pub const ON_LARGE: [&str; 7] = [
    "ZADD",
    "ZRANK",
    "ZRANGE",
    "HGET",
    "HSET",
    "SADD",
    "SISMEMBER",
];

/// What a collection can be. Memory has all of these as cases, pauses the four that are types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of texts.
    List,
    /// Of fields with 3-byte values.
    Hash,
    /// Of texts.
    Set,
    /// Of integers.
    Integers,
    /// Of texts with integers as scores.
    SortedSet,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 5] = [
        Kind::List,
        Kind::Hash,
        Kind::Set,
        Kind::Integers,
        Kind::SortedSet,
    ];

    /// One of each type.
    pub const TYPES: [Kind; 4] = [Kind::List, Kind::Hash, Kind::Set, Kind::SortedSet];

    /// Those that can be asked for page by page.
    pub const SCANNED: [Kind; 3] = [Kind::Hash, Kind::Set, Kind::SortedSet];

    /// The case's name.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::List => "list",
            Kind::Hash => "hash",
            Kind::Set => "set of strings",
            Kind::Integers => "set of integers",
            Kind::SortedSet => "sorted set",
        }
    }
}

/// Measures of memory, each with the elements of one collection.
pub const SIZES: [(&str, usize); 4] = [
    ("memory, 10 elements", 10),
    ("memory, 100 elements", 100),
    ("memory, 1000 elements", 1000),
    ("memory, 1000000 elements", LARGE),
];

/// Growth of the resident set, bytes per element.
pub const RSS: &str = "rss_per_element";

/// Growth of INFO's `used_memory`, bytes per element.
pub const USED: &str = "used_per_element";

/// What may hold up other clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A collection grows to [`LARGE`] elements by pipelined inserts.
    Growth,
    /// One so large is deleted.
    Delete,
    /// One so large is overwritten by SET.
    Overwrite,
    /// One so large expires.
    Expiry,
}

impl Event {
    /// In the order in which they are measured.
    pub const ALL: [Event; 4] = [
        Event::Growth,
        Event::Delete,
        Event::Overwrite,
        Event::Expiry,
    ];

    /// The measure's name.
    pub const fn measure(self) -> &'static str {
        match self {
            Event::Growth => "pause, growth",
            Event::Delete => "pause, DEL",
            Event::Overwrite => "pause, SET",
            Event::Expiry => "pause, expiry",
        }
    }
}

/// The measure of HSCAN, SSCAN and ZSCAN with COUNT 10 from the first page to the last.
pub const PAGES: &str = "pages";

/// Elements in the longest page.
pub const LONGEST_PAGE: &str = "longest_page";

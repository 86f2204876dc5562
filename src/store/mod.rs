//! The data: keys, values, deadlines. It knows no commands, no clients and no clock.
//!
//! ```text
//!   Keyspace ── one database
//!    ├── Table<Entry>          every key, in many small hash tables (linear hashing)
//!    │     shard 0 │ shard 1 │ shard 2 │ ...        one shard is split at a time
//!    │     [Entry] │ [Entry] │ [Entry] │
//!    └── Wheel<Hash>           one timer for each key that has a deadline
//!
//!   Entry ── one key
//!    ├── Record                a short string, or a packed collection: Pack, IntSet
//!    └── Value                 a long string, or a large collection: List, Table<Record>, Zset
//! ```
//!
//! - [`keyspace`]: one database: a table of entries, and their deadlines.
//! - [`table`]: a hash table that never grows all at once, and can be scanned while it does.
//! - [`shard`]: one of the small tables that it is made of.
//! - [`record`]: a key and the bytes that belong to it, in 24 bytes and one allocation at the most.
//! - [`form`]: types of values, and the forms in which their bytes are kept.
//! - [`entry`]: one key of a database with its value: a record, or a value that is large.
//! - [`value`]: what is large: long strings and collections of many elements.
//! - [`packing`]: up to when a collection is packed.
//! - [`pack`]: a run of byte strings in one piece of memory: a small list, hash or sorted set.
//! - [`intset`]: a small set of integers, sorted, in one piece of memory.
//! - [`hash`]: values by field, packed or large.
//! - [`list`]: elements in the order in which they were pushed, packed or large: a deque of packs.
//! - [`set`]: members, each once: integers, packed or large.
//! - [`zset`]: members in the order of their scores, packed or large: then it is a table of the
//!   members, and [`ordered`], where each is found by its rank.
//! - [`arena`]: values with short names, which both of these use.
//! - [`hyperloglog`]: a string that estimates how many different elements were added to it.
//! - [`uses`]: when, or how often, a key was used, in a word of its entry.
//! - [`trash`]: what was removed and is too big to free in one go.

pub mod arena;
pub mod entry;
pub mod form;
pub mod hash;
pub mod hyperloglog;
pub mod intset;
pub mod keyspace;
pub mod list;
mod memory;
pub mod ordered;
pub mod pack;
pub mod packing;
pub mod record;
pub mod set;
pub mod shard;
pub mod table;
pub mod trash;
pub mod uses;
pub mod value;
pub mod zset;

pub use entry::Entry;
pub use form::{Encoding, Form, Kind};
pub use hash::{HashMut, HashRef};
pub use intset::{IntSet, IntSetMut};
pub use keyspace::{Expired, Keyspace};
pub use list::{End, Fill, List, ListMut, ListRef};
pub use pack::{Item, Pack, PackMut, Place};
pub use packing::Packing;
pub use record::Record;
pub use set::{SetMut, SetRef};
pub use table::{Cursor, Table};
pub use trash::Trash;
pub use value::Value;
pub use zset::{Side, Zset, ZsetMut, ZsetRef};

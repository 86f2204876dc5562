//! The data: keys, values, deadlines. It knows no commands, no clients and no clock.
//!
//! ```text
//!   Keyspace ── one database
//!    ├── Table<Entry>          every key, in many small hash tables (linear hashing)
//!    │     shard 0 │ shard 1 │ shard 2 │ ...        one shard is split at a time
//!    │     [Entry] │ [Entry] │ [Entry] │
//!    └── Wheel<Hash>           one timer for each key that has a deadline
//! ```
//!
//! - [`table`]: a hash table that never grows all at once, and can be scanned while it does.
//! - [`shard`]: one of the small tables that it is made of.
//! - [`entry`]: one key with its value in 32 bytes, small ones without a further allocation.
//! - [`keyspace`]: both, with the deadlines.
//! - [`hyperloglog`]: strings that estimate how many different elements they have seen.
//! - [`trash`]: what was removed and is too big to free in one go.

pub mod entry;
pub mod hyperloglog;
pub mod keyspace;
pub mod shard;
pub mod table;
pub mod trash;

pub use entry::{Encoding, Entry, Kind, Value};
pub use keyspace::{Expired, Keyspace};
pub use table::{Cursor, Table};
pub use trash::Trash;

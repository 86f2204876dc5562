//! Up to when a collection is packed.
//!
//! Going through sixty short strings that lie side by side is faster than any structure that has to
//! be followed, and takes no memory beside theirs. Going through sixty thousand is not. The border
//! between the two is a matter of taste, and therefore a setting: one for the number of elements, one
//! for the length of the longest.

/// Whatever the settings say, a collection of more bytes than this is not packed: every change would
/// move them.
pub const MAX_PACKED_BYTES: usize = 16 * 1024 * 1024;

/// The settings that decide how collections are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packing {
    /// The most fields of a packed hash (`hash-max-listpack-entries`).
    pub hash_entries: usize,
    /// The longest field or value of a packed hash, in bytes (`hash-max-listpack-value`).
    pub hash_bytes: usize,
    /// The most members of a set that is kept as sorted integers (`set-max-intset-entries`).
    pub intset_entries: usize,
    /// The most members of a packed sorted set (`zset-max-listpack-entries`).
    pub zset_entries: usize,
    /// The longest member of a packed sorted set, in bytes (`zset-max-listpack-value`).
    pub zset_bytes: usize,
    /// What goes into one chunk of a list (`list-max-listpack-size`): so many elements, or, where
    /// negative, 4, 8, 16, 32 or 64 KiB for -1 to -5.
    pub list_chunk: i32,
    /// What the hashes of large collections depend on. No setting, and nobody may know it.
    pub seed: u64,
}

impl Default for Packing {
    fn default() -> Packing {
        Packing {
            hash_entries: 512,
            hash_bytes: 64,
            intset_entries: 512,
            zset_entries: 128,
            zset_bytes: 64,
            list_chunk: -2,
            seed: 0,
        }
    }
}

//! MurmurHash64A by Austin Appleby, in the public domain: the hash whose bits fill the registers.
//!
//! It is no good against an attacker, who can find elements that all meet the same register. But every Redis
//! has always used it with this one seed, and registers can only be united where the hash is the same.

const SEED: u64 = 0xadc8_3b19;
const MULTIPLIER: u64 = 0xc6a4_a793_5bd1_e995;
const SHIFT: u32 = 47;

/// The hash of some bytes.
#[must_use]
pub fn hash(bytes: &[u8]) -> u64 {
    let mut hash = SEED ^ (bytes.len() as u64).wrapping_mul(MULTIPLIER);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash ^= scramble(u64::from_le_bytes(*word).wrapping_mul(MULTIPLIER));
        hash = hash.wrapping_mul(MULTIPLIER);
    }
    if !rest.is_empty() {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(MULTIPLIER);
    }
    let hash = scramble(hash);
    hash ^ hash >> SHIFT
}

/// Lets the high bits, which multiplying has mixed best, act on the low ones.
fn scramble(word: u64) -> u64 {
    (word ^ word >> SHIFT).wrapping_mul(MULTIPLIER)
}

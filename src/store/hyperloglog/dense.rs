//! The dense form: six bits for each register, the first register in the lowest bits of the first byte.
//!
//! ```text
//!   byte         0        1        2          three bytes hold four registers
//!             11000000 22221111 33333322
//! ```

use super::REGISTERS;

/// The bits of a register: enough for the highest rank, 51.
const BITS: usize = 6;

/// The highest number that a register can hold.
const MAX: u32 = (1 << BITS) - 1;

/// Registers that lie together in a group of whole bytes, and those bytes.
const IN_GROUP: usize = 4;
const GROUP: usize = IN_GROUP * BITS / 8;

/// The bytes of all registers.
pub const BYTES: usize = REGISTERS * BITS / 8;

/// The registers in their order.
pub fn values(registers: &[u8]) -> impl Iterator<Item = u8> {
    let (groups, _) = registers.as_chunks::<GROUP>();
    groups.iter().flat_map(|&group| {
        let word = word_of(group);
        std::array::from_fn::<u8, IN_GROUP, _>(|place| value_in(word, place))
    })
}

/// Raises register `index` to `value` where it is lower. Says whether it was.
///
/// # Panics
/// When `registers` are fewer than `index` says, or `value` does not fit into six bits.
pub fn raise(registers: &mut [u8], index: usize, value: u8) -> bool {
    assert!(u32::from(value) <= MAX, "a register has six bits");
    let (groups, _) = registers.as_chunks_mut::<GROUP>();
    let group = &mut groups[index / IN_GROUP];
    let (word, place) = (word_of(*group), index % IN_GROUP);
    if value_in(word, place) >= value {
        return false;
    }
    let shift = BITS * place;
    let [a, b, c, _] = (word & !(MAX << shift) | u32::from(value) << shift).to_le_bytes();
    *group = [a, b, c];
    true
}

fn word_of([a, b, c]: [u8; GROUP]) -> u32 {
    u32::from_le_bytes([a, b, c, 0])
}

fn value_in(word: u32, place: usize) -> u8 {
    (word >> (BITS * place) & MAX) as u8
}

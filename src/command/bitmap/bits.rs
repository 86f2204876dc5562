//! Bits in a string of bytes: the first bit is the highest of the first byte.
//!
//! What looks at many bits does so eight bytes at a time, in loops so plain that the compiler makes
//! vector instructions of them.

use super::BYTE;
use std::ops::Range;

/// Bytes that are looked at together.
const WORD: usize = size_of::<u64>();

/// The most bits of a field.
pub const MAX_WIDTH: u32 = u64::BITS;

/// The bit at `offset`; 0 beyond the end.
pub fn get(bytes: &[u8], offset: u64) -> bool {
    let byte = usize::try_from(offset / BYTE)
        .ok()
        .and_then(|at| bytes.get(at));
    byte.is_some_and(|byte| byte & mask(offset) != 0)
}

/// Sets the bit at `offset`.
///
/// # Panics
/// When the string is not that long.
pub fn set(bytes: &mut [u8], offset: u64, bit: bool) {
    let byte = &mut bytes[(offset / BYTE) as usize];
    if bit {
        *byte |= mask(offset);
    } else {
        *byte &= !mask(offset);
    }
}

fn mask(offset: u64) -> u8 {
    0x80 >> (offset % BYTE)
}

/// How many of the bits in `range` are 1.
///
/// # Panics
/// When the range is empty or reaches beyond the end.
pub fn count(bytes: &[u8], range: Range<u64>) -> u64 {
    let last = range.end - 1;
    let touched = &bytes[(range.start / BYTE) as usize..=(last / BYTE) as usize];
    let before = !(0xff >> (range.start % BYTE)) & touched[0];
    let behind = 0x7f >> (last % BYTE) & touched[touched.len() - 1];
    ones(touched) - u64::from(before.count_ones()) - u64::from(u8::count_ones(behind))
}

fn ones(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<WORD>();
    let of_words: u64 = words
        .iter()
        .map(|&word| u64::from(u64::from_ne_bytes(word).count_ones()))
        .sum();
    let of_rest: u32 = rest.iter().map(|byte| byte.count_ones()).sum();
    of_words + u64::from(of_rest)
}

/// The offset of the first bit in `range` that is `bit`.
///
/// # Panics
/// When the range is empty or reaches beyond the end.
pub fn find(bytes: &[u8], bit: bool, range: Range<u64>) -> Option<u64> {
    let other = if bit { 0x00 } else { 0xff };
    let (first, last) = (range.start / BYTE, (range.end - 1) / BYTE);
    let touched = &bytes[first as usize..=last as usize];
    let in_first = (touched[0] ^ other) & 0xff >> (range.start % BYTE);
    let (at, found) = if in_first != 0 {
        (0, in_first)
    } else {
        let at = 1 + first_not(&touched[1..], other)?;
        (at, touched[at] ^ other)
    };
    let offset = (first + at as u64) * BYTE + u64::from(found.leading_zeros());
    (offset < range.end).then_some(offset)
}

/// Where the first byte is that is not `byte`.
fn first_not(bytes: &[u8], byte: u8) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<WORD>();
    let skipped = words.iter().take_while(|word| **word == [byte; WORD]);
    let start = skipped.count() * WORD;
    let rest = bytes[start..].iter().position(|&other| other != byte)?;
    Some(start + rest)
}

/// Where a field lies: the bytes that it touches, and the bits behind it in the last of them.
fn place(offset: u64, width: u32) -> (Range<usize>, u32) {
    let last = offset + u64::from(width) - 1;
    let touched = (offset / BYTE) as usize..(last / BYTE) as usize + 1;
    (touched, 7 - (last % BYTE) as u32)
}

/// The number in the `width` bits (1 to 64) from `offset` on; bits beyond the end are 0.
pub fn field(bytes: &[u8], offset: u64, width: u32) -> u64 {
    let (touched, behind) = place(offset, width);
    (window(bytes, touched) >> behind) as u64 & low_bits(width)
}

/// Writes a number into the `width` bits (1 to 64) from `offset` on; what of it does not fit is left out.
///
/// # Panics
/// When the string is not that long.
pub fn set_field(bytes: &mut [u8], offset: u64, width: u32, number: u64) {
    let (touched, behind) = place(offset, width);
    let field = u128::from(low_bits(width)) << behind;
    let number = u128::from(number) << behind & field;
    let window = window(bytes, touched.clone()) & !field | number;
    let touched = &mut bytes[touched];
    // Nine bytes at the most, the end of the window's sixteen.
    let window = &window.to_be_bytes()[size_of::<u128>() - touched.len()..];
    touched.copy_from_slice(window);
}

/// Up to nine bytes as one number.
fn window(bytes: &[u8], touched: Range<usize>) -> u128 {
    touched.fold(0, |window, at| {
        window << BYTE | u128::from(bytes.get(at).copied().unwrap_or(0))
    })
}

fn low_bits(width: u32) -> u64 {
    u64::MAX >> (MAX_WIDTH - width)
}

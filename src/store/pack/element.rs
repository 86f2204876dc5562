//! One element of a pack: how a byte string is written so that it can be found from either side.
//!
//! ```text
//!     tag          then                    what                                trailer
//!   ┌──────────┐
//!   │ 0nnnnnnn │                           the integer n, 0 to 127             none: the byte is its own
//!   │ 10llllll │ l bytes                   a string of l bytes, 0 to 63        1 byte
//!   │ 110nnnnn │ 1 byte                    an integer of 13 bits with sign     1 byte
//!   │ 1110llll │ 1 byte, then the string   a string of 64 + l bytes, to 4159   1 or 2 bytes; 9 from 3840 on
//!   │ 11110000 │ 2 bytes                   an integer of 16 bits               1 byte
//!   │ 11110001 │ 3 bytes                   an integer of 24 bits               1 byte
//!   │ 11110010 │ 4 bytes                   an integer of 32 bits               1 byte
//!   │ 11110011 │ 8 bytes                   an integer of 64 bits               1 byte
//!   │ 11110100 │ 8 bytes, then the string  a longer string                     9 bytes
//!   └──────────┘
//! ```
//!
//! Tag and what belongs to it are the *body*; the *trailer* says how long the body is, to whoever
//! comes from behind. Its last byte has the top bit set, by which it is told from a small integer,
//! who needs no trailer: half of Redis's two bytes for each number below 128.
//!
//! ```text
//!   1lllllll            up to 111 bytes (llllllll below 0xf0)
//!   l  1111hhhh         up to 3839 bytes: h × 256 + l
//!   8 bytes  11111111   more
//! ```
//!
//! A byte string has exactly one encoding: what reads as an integer is always kept as one. So two
//! elements are equal when their bodies are, and a search compares bytes without decoding any.

use crate::number::parse_i64;
use std::cmp::Ordering;

/// Strings shorter than this have their length in the tag.
const SHORT: usize = 64;

/// Strings from this length on have a length of eight bytes.
const LONG: usize = SHORT + (1 << 12);

const TAG_STRING: u8 = 0x80;
const TAG_INT13: u8 = 0xc0;
const TAG_MEDIUM: u8 = 0xe0;
const TAG_INT16: u8 = 0xf0;
const TAG_INT24: u8 = 0xf1;
const TAG_INT32: u8 = 0xf2;
const TAG_INT64: u8 = 0xf3;
const TAG_LONG: u8 = 0xf4;

/// Bodies up to this long have a trailer of one byte.
const TRAILER_1_MAX: usize = 0x6f;

/// And up to this long one of two.
const TRAILER_2_MAX: usize = 0xeff;

/// The last byte of a trailer of nine.
const TRAILER_9: u8 = 0xff;

/// The longest text of a 64-bit integer, which is that of `i64::MIN`.
const MAX_INT_TEXT: usize = 20;

/// An element of a collection. In a pack it is an integer, or bytes that do not read as one; what
/// does not lie in a pack is bytes, whatever they read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Item<'a> {
    /// Bytes that are kept as they are: in a pack, such as [`parse_i64`] refuses.
    Bytes(&'a [u8]),
    /// Bytes that are an integer's decimal digits, kept as the integer.
    Int(i64),
}

impl<'a> Item<'a> {
    /// The item that some bytes are, whether they lie in a pack or not. One byte string is one item,
    /// so whoever compares many elements with it makes its item once, and compares items.
    #[must_use]
    pub fn of(bytes: &'a [u8]) -> Item<'a> {
        integer(bytes).map_or(Item::Bytes(bytes), Item::Int)
    }

    /// The element's bytes; `buffer` takes the digits of an integer.
    #[inline]
    #[must_use]
    pub fn text<'b>(&self, buffer: &'b mut itoa::Buffer) -> &'b [u8]
    where
        'a: 'b,
    {
        match *self {
            Item::Bytes(bytes) => bytes,
            Item::Int(n) => buffer.format(n).as_bytes(),
        }
    }

    /// Hands the element's bytes to `read`, and gives back what it gives.
    #[inline]
    pub fn with_bytes<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        read(self.text(&mut itoa::Buffer::new()))
    }

    /// A copy of the element's bytes.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.with_bytes(<[u8]>::to_vec)
    }

    /// Whether the element is this byte string.
    #[must_use]
    pub fn eq_bytes(&self, other: &[u8]) -> bool {
        match *self {
            Item::Bytes(bytes) => bytes == other,
            Item::Int(n) => integer(other) == Some(n),
        }
    }

    /// How the element's bytes compare with others, byte by byte.
    #[must_use]
    pub fn cmp_bytes(&self, other: &[u8]) -> Ordering {
        self.with_bytes(|bytes| bytes.cmp(other))
    }

    /// How many bytes the element is as text.
    #[must_use]
    pub fn len(&self) -> usize {
        match *self {
            Item::Bytes(bytes) => bytes.len(),
            Item::Int(n) => {
                let digits = n.unsigned_abs().checked_ilog10().unwrap_or(0) + 1;
                digits as usize + usize::from(n < 0)
            }
        }
    }

    /// Whether it is the empty string.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Item::Bytes([]))
    }

    /// The integer that the element is, or reads as, if it does.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match *self {
            Item::Bytes(bytes) => integer(bytes),
            Item::Int(n) => Some(n),
        }
    }
}

/// The integer whose canonical digits `bytes` are.
#[inline]
fn integer(bytes: &[u8]) -> Option<i64> {
    if bytes.len() > MAX_INT_TEXT {
        return None;
    }
    parse_i64(bytes)
}

/// Bytes that an element takes beside its own, at the most: those of a short one are two, a long
/// one may have nine on either side. An integer takes no more than its digits would.
#[inline]
pub(in crate::store) fn max_frame(len: usize) -> usize {
    if len < SHORT { 2 } else { 18 }
}

/// A byte string as it will stand in a pack: what goes before it, and what of it is kept as it is.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Encoded<'a> {
    prefix: [u8; 9],
    prefix_len: u8,
    data: &'a [u8],
}

impl<'a> Encoded<'a> {
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Encoded<'a> {
        match integer(bytes) {
            Some(n) => Encoded::int(n),
            None => Encoded::string(bytes),
        }
    }

    /// The same element again, for this pack or another.
    #[inline]
    pub fn of(item: Item<'a>) -> Encoded<'a> {
        match item {
            Item::Bytes(bytes) => Encoded::string(bytes),
            Item::Int(n) => Encoded::int(n),
        }
    }

    fn int(n: i64) -> Encoded<'a> {
        let (tag, width) = match n {
            0..=0x7f => (n as u8, 0),
            -0x1000..=0xfff => (TAG_INT13 | (n >> 8) as u8 & 0x1f, 1),
            -0x8000..=0x7fff => (TAG_INT16, 2),
            -0x80_0000..=0x7f_ffff => (TAG_INT24, 3),
            -0x8000_0000..=0x7fff_ffff => (TAG_INT32, 4),
            _ => (TAG_INT64, 8),
        };
        Encoded::with_prefix(tag, n as u64, width, &[])
    }

    fn string(data: &'a [u8]) -> Encoded<'a> {
        let len = data.len();
        if len < SHORT {
            Encoded::with_prefix(TAG_STRING | len as u8, 0, 0, data)
        } else if len < LONG {
            let rest = len - SHORT;
            Encoded::with_prefix(TAG_MEDIUM | (rest >> 8) as u8, rest as u64, 1, data)
        } else {
            Encoded::with_prefix(TAG_LONG, len as u64, 8, data)
        }
    }

    /// A tag and the lowest `width` bytes of a number.
    #[inline]
    fn with_prefix(tag: u8, number: u64, width: u8, data: &'a [u8]) -> Encoded<'a> {
        let mut prefix = [0; 9];
        prefix[0] = tag;
        // What lies above the width is cut off by the length.
        prefix[1..].copy_from_slice(&number.to_le_bytes());
        Encoded {
            prefix,
            prefix_len: 1 + width,
            data,
        }
    }

    #[inline]
    fn prefix(&self) -> &[u8] {
        &self.prefix[..usize::from(self.prefix_len)]
    }

    #[inline]
    fn body_len(&self) -> usize {
        usize::from(self.prefix_len) + self.data.len()
    }

    /// Bytes that the element takes, with its trailer.
    #[inline]
    pub fn size(&self) -> usize {
        whole(self.prefix[0], self.body_len())
    }

    /// Writes the element to the beginning of `out`, which has room for it, and gives back what is left.
    #[inline]
    pub fn write<'o>(&self, out: &'o mut [u8]) -> &'o mut [u8] {
        let (trailer, trailer_len) = self.trailer();
        let mut out = out;
        for part in [self.prefix(), self.data, &trailer[..trailer_len]] {
            let (room, rest) = out.split_at_mut(part.len());
            room.copy_from_slice(part);
            out = rest;
        }
        out
    }

    /// Writes the element behind what is in `out`.
    #[inline]
    pub fn append(&self, out: &mut Vec<u8>) {
        let (trailer, trailer_len) = self.trailer();
        for part in [self.prefix(), self.data, &trailer[..trailer_len]] {
            match part {
                [] => {}
                // The usual case for what stands around a short string: no call to copy a byte.
                [byte] => out.push(*byte),
                bytes => out.extend_from_slice(bytes),
            }
        }
    }

    /// The trailer, in as many of the nine bytes as are told.
    #[inline]
    fn trailer(&self) -> ([u8; 9], usize) {
        let (mut trailer, body_len) = ([0; 9], self.body_len());
        let len = self.size() - body_len;
        match len {
            0 => {}
            1 => trailer[0] = 0x80 | body_len as u8,
            2 => (trailer[0], trailer[1]) = (body_len as u8, 0xf0 | (body_len >> 8) as u8),
            _ => {
                trailer[..8].copy_from_slice(&(body_len as u64).to_le_bytes());
                trailer[8] = TRAILER_9;
            }
        }
        (trailer, len)
    }

    /// Whether the element that begins here is this one.
    #[inline]
    pub fn is_at(&self, elements: &[u8]) -> bool {
        // An integer has no data. Comparing nothing is not left to the library: glibc's does it with a
        // masked load from wherever the empty slice points, and where no memory is, that takes 90 ns.
        elements
            .strip_prefix(self.prefix())
            .is_some_and(|rest| self.data.is_empty() || rest.starts_with(self.data))
    }
}

#[inline]
fn trailer_len(body_len: usize) -> usize {
    match body_len {
        ..=TRAILER_1_MAX => 1,
        _ if body_len <= TRAILER_2_MAX => 2,
        _ => 9,
    }
}

/// The size of an element with its trailer.
#[inline]
fn whole(tag: u8, body_len: usize) -> usize {
    if tag < TAG_STRING {
        1
    } else {
        body_len + trailer_len(body_len)
    }
}

/// How long the prefix and the string of the element are that begins here.
#[inline]
fn measure(elements: &[u8]) -> Option<(usize, usize)> {
    let (&tag, rest) = elements.split_first()?;
    Some(match tag {
        ..TAG_STRING => (1, 0),
        TAG_STRING..TAG_INT13 => (1, usize::from(tag & 0x3f)),
        TAG_INT13..TAG_MEDIUM => (2, 0),
        TAG_MEDIUM..TAG_INT16 => {
            let len = usize::from(tag & 0x0f) << 8 | usize::from(*rest.first()?);
            (2, SHORT + len)
        }
        TAG_INT16 => (3, 0),
        TAG_INT24 => (4, 0),
        TAG_INT32 => (5, 0),
        TAG_INT64 => (9, 0),
        TAG_LONG => (9, long_len(rest.first_chunk()?)?),
        _ => return None,
    })
}

/// A length of eight bytes; one that no memory could hold is none.
fn long_len(bytes: &[u8; 8]) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(*bytes))
        .ok()
        .filter(|&len| len <= isize::MAX as usize)
}

/// The size of the element that begins here, with its trailer; `None` where there is none.
#[inline]
pub(in crate::store) fn size_at(elements: &[u8]) -> Option<usize> {
    let (prefix, data) = measure(elements)?;
    Some(whole(elements[0], prefix + data))
}

/// The size of the element that ends where `elements` ends.
#[inline]
pub(in crate::store) fn size_before(elements: &[u8]) -> Option<usize> {
    let (&last, rest) = elements.split_last()?;
    Some(match last {
        ..0x80 => 1,
        0x80..0xf0 => usize::from(last & 0x7f) + 1,
        0xf0..TRAILER_9 => (usize::from(last & 0x0f) << 8 | usize::from(*rest.last()?)) + 2,
        TRAILER_9 => long_len(rest.last_chunk()?)? + 9,
    })
}

/// The element that begins here, and its size with the trailer; `None` where there is none.
#[inline]
pub(in crate::store) fn decode(elements: &[u8]) -> Option<(Item<'_>, usize)> {
    let (prefix, data) = measure(elements)?;
    let (&tag, rest) = elements.split_first()?;
    let item = match tag {
        ..TAG_STRING => Item::Int(i64::from(tag)),
        TAG_INT13..TAG_MEDIUM => {
            // The tag's five bits go to the top, so that shifting back extends the sign.
            let high = i64::from((tag << 3) as i8 >> 3) << 8;
            Item::Int(high | i64::from(*rest.first()?))
        }
        TAG_INT16 => Item::Int(i64::from(i16::from_le_bytes(*rest.first_chunk()?))),
        TAG_INT24 => {
            // To the top and back, as above.
            let [a, b, c] = *rest.first_chunk()?;
            Item::Int(i64::from(i32::from_le_bytes([0, a, b, c]) >> 8))
        }
        TAG_INT32 => Item::Int(i64::from(i32::from_le_bytes(*rest.first_chunk()?))),
        TAG_INT64 => Item::Int(i64::from_le_bytes(*rest.first_chunk()?)),
        _ => Item::Bytes(elements.get(prefix..prefix + data)?),
    };
    Some((item, whole(tag, prefix + data)))
}

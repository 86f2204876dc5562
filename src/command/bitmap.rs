//! Bitmaps: strings taken as rows of bits.
//!
//! ```text
//!   bitmap.rs            one bit, counting, searching: GETBIT SETBIT BITCOUNT BITPOS
//!   bitmap/op.rs         whole bitmaps combined: BITOP
//!   bitmap/field.rs      integers of any width anywhere in a bitmap: BITFIELD
//!   bitmap/bits.rs       the bits themselves, without commands
//!
//!   offset     0 1 2 3 4 5 6 7   8 9 ...         the first bit is the highest of the first byte
//!             ┌─┬─┬─┬─┬─┬─┬─┬─┬─┬─┬─
//!   "a.."     │0│1│1│0│0│0│0│1│ │ │ ...          beyond the end every bit is 0
//!             └─┴─┴─┴─┴─┴─┴─┴─┴─┴─┴─
//! ```
//!
//! An offset of ten digits makes a string of half a gigabyte, so offsets are held against
//! `proto-max-bulk-len` before anything is done with them. A bitmap that has an allocation of its own is changed
//! and grows where it is, so that SETBIT costs the same however long it has become.

mod bits;
pub mod field;
pub mod op;
#[cfg(test)]
mod tests;

use super::entry::{Command, DENY_OOM, FAST, Keys, READONLY, WRITE};
use super::string::range::make_room;
use super::string::string_of;
use super::{Call, Done, Error, is_word};
use crate::engine::Classes;
use crate::number::parse_i64;
use crate::store::Encoding;
use crate::store::keyspace::{Deadline, NewString};
use std::ops::Range;

const OFFSET_OUT_OF_RANGE: Error = Error::new("ERR bit offset is not an integer or out of range");
const NO_BIT: Error = Error::new("ERR bit is not an integer or out of range");
const NEITHER_ONE_NOR_ZERO: Error = Error::new("ERR The bit argument must be 1 or 0.");

/// Bits of a byte.
const BYTE: u64 = 8;

/// The commands on single bits and on ranges of them.
pub const COMMANDS: &[Command] = &[
    Command::new("BITCOUNT", -2, bitcount)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "2.6.0",
            "O(N) where N is the number of bytes looked at",
            "Counts the bits of a string that are 1",
        )
        .syntax("key [index=start:integer end:integer [index_unit=BYTE|BIT]]"),
    Command::new("BITPOS", -3, bitpos)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "2.8.7",
            "O(N) where N is the number of bytes looked at",
            "Finds the first bit of a string that is 1, or 0",
        )
        .syntax(
            "key bit:integer [index=start:integer [end_index=end:integer [index_unit=BYTE|BIT]]]",
        ),
    Command::new("GETBIT", 3, getbit)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .doc("2.2.0", "O(1)", "Reads one bit of a string")
        .syntax("key offset:integer"),
    Command::new("SETBIT", 4, setbit)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("RW access update")])
        .doc(
            "2.2.0",
            "O(1)",
            "Sets one bit of a string to 1 or 0, and answers with what it was",
        )
        .syntax("key offset:integer value:integer"),
];

/// Reads the offset of a bit that a string of at most `max_len` bytes can have. With a `width`, `#n` is the
/// offset of the field of that many bits that n others lie before.
fn offset_of(text: &[u8], width: Option<u64>, max_len: usize) -> Result<u64, Error> {
    let (text, scale) = match (text, width) {
        ([b'#', number @ ..], Some(width)) => (number, width),
        _ => (text, 1),
    };
    parse_i64(text)
        .and_then(|number| u64::try_from(number).ok())
        .and_then(|number| number.checked_mul(scale))
        .filter(|offset| offset / BYTE < max_len as u64)
        .ok_or(OFFSET_OUT_OF_RANGE)
}

/// How many bytes have `bits` bits.
fn bytes_of(bits: u64) -> usize {
    // Offsets are checked, and a few bits more do not come near the end of a usize.
    bits.div_ceil(BYTE) as usize
}

/// Makes a string that is shorter than `len` that long, with zeros. Says whether it was shorter.
fn grow(bytes: &mut Vec<u8>, len: usize) -> bool {
    let is_shorter = bytes.len() < len;
    if is_shorter {
        make_room(bytes, len - bytes.len());
        bytes.resize(len, 0);
    }
    is_shorter
}

fn getbit(call: &mut Call) -> Done {
    let max_len = call.engine.config.proto_max_bulk_len;
    let (args, mut db, reply) = call.parts();
    let offset = offset_of(args.arg(2), None, max_len)?;
    let bit = match db.read(args.arg(1)) {
        Some(entry) => bits::get(string_of(entry)?, offset),
        None => false,
    };
    reply.integer(i64::from(bit));
    Ok(())
}

fn setbit(call: &mut Call) -> Done {
    let max_len = call.engine.config.proto_max_bulk_len;
    let (args, mut db, reply) = call.parts();
    let (key, offset) = (args.arg(1), offset_of(args.arg(2), None, max_len)?);
    let bit = match parse_i64(args.arg(3)) {
        Some(0) => false,
        Some(1) => true,
        _ => return Err(NO_BIT),
    };
    let len = bytes_of(offset + 1);
    let before = if let Some(entry) = db.write(key) {
        string_of(entry)?;
        let (before, is_changed) = entry
            .edit_string(Encoding::Raw, |bytes| {
                let has_grown = grow(bytes, len);
                let before = bits::get(bytes, offset);
                bits::set(bytes, offset, bit);
                (before, has_grown || before != bit)
            })
            .ok_or(Error::WRONG_TYPE)?;
        if is_changed {
            db.changed(Classes::STRING, "setbit", key);
        }
        before
    } else {
        let mut bytes = vec![0; len];
        bits::set(&mut bytes, offset, bit);
        let string = NewString::Owned(bytes, Encoding::Raw);
        db.store(key, string, Deadline::Never, "setbit");
        false
    };
    reply.integer(i64::from(before));
    Ok(())
}

/// What a range of a string is counted in.
#[derive(Clone, Copy)]
enum Unit {
    Byte,
    Bit,
}

impl Unit {
    /// The unit that a request names in argument `i`; bytes where it has no such argument.
    fn of(argument: Option<&[u8]>) -> Result<Unit, Error> {
        match argument {
            None => Ok(Unit::Byte),
            Some(word) if is_word(word, "BYTE") => Ok(Unit::Byte),
            Some(word) if is_word(word, "BIT") => Ok(Unit::Bit),
            Some(_) => Err(Error::SYNTAX),
        }
    }

    /// The bits from `start` to `end`, both included, of a string of `len` bytes. Negative numbers count from its end;
    /// what reaches over an end is cut there. `None` where nothing is left.
    fn range(self, len: usize, start: i64, end: i64) -> Option<Range<u64>> {
        let size = match self {
            Unit::Byte => BYTE as i64,
            Unit::Bit => 1,
        };
        // No string is so long that its bits are more than an i64 holds.
        let total = len as i64 * (BYTE as i64 / size);
        let from_front = |i: i64| if i < 0 { (total + i).max(0) } else { i };
        let (first, last) = (from_front(start), from_front(end).min(total - 1));
        (first <= last).then(|| (first * size) as u64..((last + 1) * size) as u64)
    }
}

fn bitcount(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let Some(entry) = db.read(args.arg(1)) else {
        reply.integer(0);
        return Ok(());
    };
    let string = string_of(entry)?;
    let range = match args.len() {
        2 => Unit::Byte.range(string.len(), 0, -1),
        4 | 5 => {
            let start = parse_i64(args.arg(2)).ok_or(Error::NOT_AN_INTEGER)?;
            let end = parse_i64(args.arg(3)).ok_or(Error::NOT_AN_INTEGER)?;
            // Empty even where both would be cut to the first one, and whatever the unit is.
            if start < 0 && end < 0 && start > end {
                None
            } else {
                Unit::of(args.get(4))?.range(string.len(), start, end)
            }
        }
        _ => return Err(Error::SYNTAX),
    };
    let count = range.map_or(0, |range| bits::count(string, range));
    reply.integer(count as i64);
    Ok(())
}

fn bitpos(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let bit = match parse_i64(args.arg(2)).ok_or(Error::NOT_AN_INTEGER)? {
        0 => false,
        1 => true,
        _ => return Err(NEITHER_ONE_NOR_ZERO),
    };
    let Some(entry) = db.read(args.arg(1)) else {
        reply.integer(if bit { -1 } else { 0 });
        return Ok(());
    };
    let string = string_of(entry)?;
    if args.len() > 6 {
        return Err(Error::SYNTAX);
    }
    let number = |i: usize, default: i64| match args.get(i) {
        Some(text) => parse_i64(text).ok_or(Error::NOT_AN_INTEGER),
        None => Ok(default),
    };
    let start = number(3, 0)?;
    let unit = Unit::of(args.get(5))?;
    let end = number(4, -1)?;
    let position = match unit.range(string.len(), start, end) {
        None => None,
        Some(range) => match bits::find(string, bit, range.clone()) {
            // Without an end of its own the search goes on behind the string, where all is 0.
            None if !bit && args.len() < 5 => Some(range.end),
            found => found,
        },
    };
    reply.integer(position.map_or(-1, |position| position as i64));
    Ok(())
}

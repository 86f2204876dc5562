//! Parts of a string: reading them, writing over them, adding to the end.
//!
//! ```text
//!   GETRANGE    from the front   0  1  2  3  4
//!                                H  e  l  l  o       both ends are part of the range
//!               from the end    -5 -4 -3 -2 -1
//!
//!   SETRANGE k 7 "you"           H  e  l  l  o  \0 \0 y  o  u
//! ```
//!
//! A client decides how long a string becomes, with an offset of a few digits. So the length is
//! held against `proto-max-bulk-len` before any memory is asked for.

use super::{store_argument, string_of, write_string};
use crate::command::entry::{Command, DENY_OOM, FAST, Keys, READONLY, WRITE};
use crate::command::{Call, Done, Error};
use crate::engine::Classes;
use crate::number::parse_i64;
use crate::store::Encoding;
use crate::store::keyspace::{Deadline, NewString};
use std::ops::Range;

const OFFSET_OUT_OF_RANGE: Error = Error::new("ERR offset is out of range");

/// The commands on parts of strings.
pub const COMMANDS: &[Command] = &[
    Command::new("APPEND", 3, append)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW insert")])
        .doc(
            "2.0.0",
            "O(1) amortized: the room doubles when it runs out",
            "Adds bytes to the end of a string, creating it when missing",
        )
        .syntax("key value"),
    Command::new("GETRANGE", 4, getrange)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "2.4.0",
            "O(N) where N is the length of the returned string",
            "Reads the bytes of a string between two offsets",
        )
        .syntax("key start:integer end:integer"),
    Command::new("SETRANGE", 4, setrange)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("RW update")])
        .doc(
            "2.2.0",
            "O(M) where M is the length of the value; O(1) for a short one",
            "\
             Writes bytes into a string from an offset on, padding with zero bytes up to it",
        )
        .syntax("key offset:integer value"),
    // ANCHOR: strlen-entry
    Command::new("STRLEN", 2, strlen)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO")])
        .doc(
            "2.2.0",
            "O(1)",
            "Tells how many bytes the string in a key has",
        )
        .syntax("key"),
    // ANCHOR_END: strlen-entry
    Command::new("SUBSTR", 4, substr)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "1.0.0",
            "O(N) where N is the length of the returned string",
            "Reads the bytes of a string between two offsets, under its oldest name",
        )
        .deprecated("2.0.0", "`GETRANGE`")
        .syntax("key start:integer end:integer"),
];

/// A string that grows gets at the most this much more room than it needs, in bytes.
const MAX_SPARE: usize = 1024 * 1024;

/// Makes room for `more` bytes: a short string doubles, a long one does not.
pub(in crate::command) fn make_room(bytes: &mut Vec<u8>, more: usize) {
    if bytes.capacity() - bytes.len() < more {
        bytes.reserve_exact(more + bytes.len().min(MAX_SPARE));
    }
}

fn append(call: &mut Call) -> Done {
    let max_len = call.engine.config.proto_max_bulk_len;
    let (args, mut db, reply) = call.parts();
    let len = if let Some(entry) = db.write(args.arg(1)) {
        let more = args.arg(2);
        let len = checked_len(string_of(entry)?.len(), more.len(), max_len)?;
        entry.edit_string(Encoding::Raw, |bytes| {
            make_room(bytes, more.len());
            bytes.extend_from_slice(more);
        });
        db.changed(Classes::STRING, "append", args.arg(1));
        len
    } else {
        let len = args.arg(2).len();
        store_argument(args, &mut db, 2, Deadline::Never, "append");
        len
    };
    reply.integer(len as i64);
    Ok(())
}

// ANCHOR: strlen
fn strlen(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let len = match db.read(args.arg(1)) {
        Some(entry) => string_of(entry)?.len(),
        None => 0,
    };
    reply.integer(len as i64);
    Ok(())
}
// ANCHOR_END: strlen

fn substr(call: &mut Call) -> Done {
    getrange(call)
}

fn getrange(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let start = parse_i64(args.arg(2)).ok_or(Error::NOT_AN_INTEGER)?;
    let end = parse_i64(args.arg(3)).ok_or(Error::NOT_AN_INTEGER)?;
    let Some(entry) = db.read(args.arg(1)) else {
        reply.bulk(b"");
        return Ok(());
    };
    let string = string_of(entry)?;
    let range = range_of(string.len(), start, end);
    if range.len() == string.len() {
        return write_string(entry, reply);
    }
    reply.bulk(&string[range]);
    Ok(())
}

/// The bytes from `start` to `end` of a string of `len`; negative numbers count from its end.
///
/// What reaches over an end is cut there, except that a range of two negative numbers in the
/// wrong order is empty even where both would be cut to the first byte.
fn range_of(len: usize, start: i64, end: i64) -> Range<usize> {
    // No string is longer than isize::MAX.
    let len = len as i64;
    let from_front = |i: i64| if i < 0 { (len + i).max(0) } else { i };
    let (first, last) = (from_front(start), from_front(end).min(len - 1));
    if first > last || (start < 0 && end < 0 && start > end) {
        return 0..0;
    }
    first as usize..last as usize + 1
}

fn setrange(call: &mut Call) -> Done {
    let max_len = call.engine.config.proto_max_bulk_len;
    let (args, mut db, reply) = call.parts();
    let offset = parse_i64(args.arg(2)).ok_or(Error::NOT_AN_INTEGER)?;
    if offset < 0 {
        return Err(OFFSET_OUT_OF_RANGE);
    }
    // Where a usize is narrower than the offset, the end is out of range with it.
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let (key, patch) = (args.arg(1), args.arg(3));
    let found = db.write(key);
    let len = match &found {
        Some(entry) => string_of(entry)?.len(),
        None => 0,
    };
    if patch.is_empty() {
        reply.integer(len as i64);
        return Ok(());
    }
    let end = checked_len(offset, patch.len(), max_len)?;
    if let Some(entry) = found {
        entry.edit_string(Encoding::Raw, |bytes| {
            make_room(bytes, end.saturating_sub(len));
            bytes.resize(end.max(len), 0);
            bytes[offset..end].copy_from_slice(patch);
        });
        db.changed(Classes::STRING, "setrange", key);
    } else {
        let mut bytes = vec![0; end];
        bytes[offset..].copy_from_slice(patch);
        let string = NewString::Owned(bytes, Encoding::Raw);
        db.store(key, string, Deadline::Never, "setrange");
    }
    reply.integer(end.max(len) as i64);
    Ok(())
}

/// The length of a string that grows by `more` bytes from `len` on, if it may become that long.
fn checked_len(len: usize, more: usize, max_len: usize) -> Result<usize, Error> {
    len.checked_add(more)
        .filter(|&total| total <= max_len)
        .ok_or(Error::STRING_TOO_LONG)
}

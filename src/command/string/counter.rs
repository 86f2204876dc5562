//! Strings that read as numbers: INCR and its family.
//!
//! Numbers are kept as text (see [`Entry`](crate::store::Entry)), so to count is to read up to
//! twenty digits, add, and write the digits back where they were. What is no integer in the one
//! spelling that Redis accepts (no `+`, no leading zero, no space) is an error, not a zero; so is a
//! sum that does not fit in 64 bits. The key keeps its deadline.

use super::string_of;
use crate::command::entry::{Command, DENY_OOM, FAST, Keys, WRITE};
use crate::command::{Call, Done, Error};
use crate::engine::Classes;
use crate::number::{incr_by_float, parse_i64};
use crate::store::Encoding;
use crate::store::keyspace::{Deadline, NewString};

const DECREMENT_OVERFLOW: Error = Error::new("ERR decrement would overflow");

/// The commands that count.
pub const COMMANDS: &[Command] = &[
    Command::new("DECR", 2, decr)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc("1.0.0", "O(1)", "Subtracts one from the integer in a key")
        .syntax("key"),
    Command::new("DECRBY", 3, decrby)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc(
            "1.0.0",
            "O(1)",
            "Subtracts a number from the integer in a key",
        )
        .syntax("key decrement:integer"),
    Command::new("INCR", 2, incr)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc("1.0.0", "O(1)", "Adds one to the integer in a key")
        .syntax("key"),
    Command::new("INCRBY", 3, incrby)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc("1.0.0", "O(1)", "Adds a number to the integer in a key")
        .syntax("key increment:integer"),
    Command::new("INCRBYFLOAT", 3, incrbyfloat)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc("2.6.0", "O(1)", "Adds a decimal number to the one in a key")
        .syntax("key increment:double"),
];

fn incr(call: &mut Call) -> Done {
    add(call, 1)
}

fn decr(call: &mut Call) -> Done {
    add(call, -1)
}

fn incrby(call: &mut Call) -> Done {
    let by = parse_i64(call.args.arg(2)).ok_or(Error::NOT_AN_INTEGER)?;
    add(call, by)
}

fn decrby(call: &mut Call) -> Done {
    let by = parse_i64(call.args.arg(2)).ok_or(Error::NOT_AN_INTEGER)?;
    add(call, by.checked_neg().ok_or(DECREMENT_OVERFLOW)?)
}

/// Adds to the integer in argument 1's key, and replies with the sum.
fn add(call: &mut Call, by: i64) -> Done {
    let (args, mut db, reply) = call.parts();
    let key = args.arg(1);
    let found = db.write(key);
    let old = match &found {
        Some(entry) => parse_i64(string_of(entry)?).ok_or(Error::NOT_AN_INTEGER)?,
        None => 0,
    };
    let sum = old.checked_add(by).ok_or(Error::OVERFLOW)?;
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(sum).as_bytes();
    if let Some(entry) = found {
        let replaced = entry.set_string(digits, Encoding::Natural);
        db.discard(replaced);
        db.changed(Classes::STRING, "incrby", key);
    } else {
        db.set_string(key, digits, Deadline::Never, "incrby");
    }
    reply.integer_text(digits);
    Ok(())
}

fn incrbyfloat(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let (key, by) = (args.arg(1), args.arg(2));
    let old = match db.write(key) {
        Some(entry) => string_of(entry)?,
        None => b"0",
    };
    let sum = incr_by_float(old, by).map_err(|error| Error::text(format!("ERR {error}")))?;
    // Redis calls a float's text a string even where it reads as an integer.
    let string = NewString::Copied(sum.as_bytes(), Encoding::Text);
    db.store(key, string, Deadline::Keep, "incrbyfloat");
    reply.bulk(sum.as_bytes());
    Ok(())
}

//! Strings as a whole: reading them, storing them, several at a time.
//!
//! ```text
//!   string.rs            GET GETDEL GETSET MGET MSET MSETNX, and what all of these files share
//!   string/set.rs        SET and its family: conditions and deadlines
//!   string/range.rs      parts of a string: APPEND GETRANGE SETRANGE STRLEN
//!   string/counter.rs    strings that read as numbers: INCR and its family
//!   string/lcs.rs        what two strings have in common: LCS
//! ```
//!
//! A short string is copied, from the request to the entry and from the entry to the reply: that
//! is cheaper than anything cleverer. A long one never is. It arrives in a vector of its own, SET
//! moves that vector into the entry, and GET lends it to the reply:
//!
//! ```text
//!   request ── take ──▶ Vec ── store ──▶ Arc in the entry ── bulk_shared ──▶ output
//! ```

pub mod counter;
#[cfg(test)]
mod exercise;
pub mod lcs;
pub mod range;
pub mod set;
#[cfg(test)]
mod tests;

use super::entry::{Command, DENY_OOM, FAST, Keys, READONLY, WRITE};
use super::{Call, Done, Error};
use crate::engine::Db;
use crate::resp::{BIG_ARG, Reply, Request};
use crate::store::keyspace::{Deadline, NewString};
use crate::store::{Encoding, Entry};

/// What Redis calls it when a key gets a string.
pub(super) const SET: &str = "set";

/// The commands on whole strings.
pub const COMMANDS: &[Command] = &[
    Command::new("GET", 2, get)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .doc("1.0.0", "O(1)", "Reads the string in a key")
        .syntax("key"),
    Command::new("GETDEL", 2, getdel)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW access delete")])
        .doc(
            "6.2.0",
            "O(1)",
            "Reads the string in a key and deletes the key",
        )
        .syntax("key"),
    Command::new("GETSET", 3, getset)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc(
            "1.0.0",
            "O(1)",
            "Stores a string and answers with the one that was there before",
        )
        .deprecated("6.2.0", "`SET` with the `!GET` argument")
        .syntax("key value"),
    Command::new("MGET", -2, mget)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::range("RO access", 1, -1, 1)])
        .tips(&["request_policy:multi_shard"])
        .doc(
            "1.0.0",
            "O(N) where N is the number of keys to retrieve",
            "Reads the strings in several keys at once",
        )
        .syntax("key ..."),
    Command::new("MSET", -3, mset)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::range("OW update", 1, -1, 2)])
        .tips(&[
            "request_policy:multi_shard",
            "response_policy:all_succeeded",
        ])
        .doc(
            "1.0.1",
            "O(N) where N is the number of keys to set",
            "Stores strings in several keys at once",
        )
        .syntax("(key_value=key value) ..."),
    Command::new("MSETNX", -3, msetnx)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::range("OW insert", 1, -1, 2)])
        .tips(&["request_policy:multi_shard", "response_policy:agg_min"])
        .doc(
            "1.0.1",
            "O(N) where N is the number of keys to set",
            "Stores strings in several keys at once, or in none if any of them exists",
        )
        .syntax("(key_value=key value) ..."),
];

fn get(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    reply_string(&mut db, args.arg(1), reply)?;
    Ok(())
}

fn getdel(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    if reply_string(&mut db, args.arg(1), reply)? {
        db.replied();
        db.remove(args.arg(1));
    }
    Ok(())
}

fn getset(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    reply_string(&mut db, args.arg(1), reply)?;
    db.replied();
    store_argument(args, &mut db, 2, Deadline::Never, SET);
    Ok(())
}

fn mget(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    reply.array(args.len() - 1);
    db.expect(args.iter().skip(1));
    for key in args.iter().skip(1) {
        db.replying(reply.output().mark());
        let found = db.read(key);
        if found.is_none_or(|entry| write_string(entry, reply).is_err()) {
            reply.null();
        }
    }
    Ok(())
}

fn mset(call: &mut Call) -> Done {
    check_pairs(call)?;
    store_pairs(call);
    call.reply.ok();
    Ok(())
}

fn msetnx(call: &mut Call) -> Done {
    check_pairs(call)?;
    let (args, mut db, _) = call.parts();
    let any_exists = args.iter().skip(1).step_by(2).any(|key| db.exists(key));
    if !any_exists {
        store_pairs(call);
    }
    call.reply.integer(i64::from(!any_exists));
    Ok(())
}

/// Whether every key has its value.
fn check_pairs(call: &Call) -> Done {
    if call.args.len().is_multiple_of(2) {
        return Err(call.wrong_arity());
    }
    Ok(())
}

/// Stores the values of `MSET key value ...` under their keys.
fn store_pairs(call: &mut Call) {
    let (args, mut db, _) = call.parts();
    db.expect(args.iter().skip(1).step_by(2));
    for key in (1..args.len()).step_by(2) {
        store_pair(args, &mut db, (key, key + 1), Deadline::Never, SET);
    }
}

/// The string in an entry.
#[inline]
pub(super) fn string_of(entry: &Entry) -> Result<&[u8], Error> {
    entry.as_string().ok_or(Error::WRONG_TYPE)
}

/// Replies with the string in an entry; with the very same bytes where it is long.
#[inline(always)]
fn write_string(entry: &Entry, reply: &mut Reply) -> Done {
    match entry.as_shared() {
        Some(shared) => reply.bulk_shared(shared),
        None => reply.bulk(string_of(entry)?),
    }
    Ok(())
}

/// Replies with the string in a key, or with null. Says whether the key is there.
#[inline(always)]
fn reply_string(db: &mut Db, key: &[u8], reply: &mut Reply) -> Result<bool, Error> {
    match db.read(key) {
        Some(entry) => {
            write_string(entry, reply)?;
            Ok(true)
        }
        None => {
            reply.null();
            Ok(false)
        }
    }
}

/// Stores argument `value` under the key in argument 1. A long argument is gone from the request
/// afterwards. `event` is what Redis calls that.
#[inline]
fn store_argument(
    args: &mut Request,
    db: &mut Db,
    value: usize,
    deadline: Deadline,
    event: &'static str,
) {
    store_pair(args, db, (1, value), deadline, event);
}

/// Stores one argument under the key in another, moving it where it is long.
#[inline(always)]
fn store_pair(
    args: &mut Request,
    db: &mut Db,
    (key, value): (usize, usize),
    deadline: Deadline,
    event: &'static str,
) {
    if args.arg(value).len() >= BIG_ARG {
        let bytes = args.take(value);
        let value = NewString::Owned(bytes, Encoding::Natural);
        db.store(args.arg(key), value, deadline, event);
    } else {
        db.set_string(args.arg(key), args.arg(value), deadline, event);
    }
}

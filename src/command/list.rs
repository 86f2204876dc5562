//! Lists: elements in the order in which they were pushed, and what can be done with them.
//!
//! A list comes into being with its first element and goes with its last: no key holds an empty one.
//! How it is kept is [`crate::store::list`]'s business; these functions see a [`ListRef`] to read and a
//! [`ListMut`] to change.
//!
//! ```text
//!   index from the head    0    1    2    3    4
//!                        ┌────┬────┬────┬────┬────┐
//!     LPUSH, LPOP  ◀───▶ │ a  │ b  │ c  │ d  │ e  │ ◀───▶  RPUSH, RPOP
//!                        └────┴────┴────┴────┴────┘
//!   index from the tail   -5   -4   -3   -2   -1
//! ```
//!
//! Here are the commands that push, and those that read and change a list by index or by element; in
//! [`pop`] those that take elements out, in [`transfer`] those that move one to another list, in
//! [`position`] LPOS.

pub mod pop;
pub mod position;
pub mod transfer;

use super::collection::{existing, readable, writable};
use super::entry::{Command, DENY_OOM, FAST, Keys, READONLY, WRITE};
use super::{Call, Done, Error, is_word, reply_item, reply_optional};
use crate::engine::Classes;
use crate::number::parse_i64;
use crate::store::{End, ListMut, ListRef};
use std::ops::Range;

const INDEX_OUT_OF_RANGE: Error = Error::new("ERR index out of range");

/// The commands that push elements, and that read or change a list in its middle.
pub const COMMANDS: &[Command] = &[
    Command::new("LINDEX", 3, lindex)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "1.0.0",
            "O(N) where N is the number of elements to traverse to get to the element at \
             index. This makes asking for the first or the last element of the list O(1).",
            "Reads the element at an index of a list",
        )
        .syntax("key index:integer"),
    Command::new("LINSERT", 5, linsert)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("RW insert")])
        .doc(
            "2.2.0",
            "O(N) where N is the number of elements to traverse before seeing the value \
             pivot. This means that inserting somewhere on the left end on the list (head) \
             can be considered O(1) and inserting somewhere on the right end (tail) is O(N).",
            "Inserts an element before or after the first one that equals a given one",
        )
        .syntax("key (where=BEFORE|AFTER) pivot element"),
    Command::new("LLEN", 2, llen)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO")])
        .doc("1.0.0", "O(1)", "Counts the elements of a list")
        .syntax("key"),
    Command::new("LPUSH", -3, lpush)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW insert")])
        .doc(
            "1.0.0",
            "O(1) for each element added, so O(N) to add N elements when the command is \
             called with multiple arguments.",
            "Puts elements on the head of a list, which comes into being with the first",
        )
        .syntax("key element ..."),
    Command::new("LPUSHX", -3, lpushx)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW insert")])
        .doc(
            "2.2.0",
            "O(1) for each element added, so O(N) to add N elements when the command is \
             called with multiple arguments.",
            "Puts elements on the head of a list that exists already",
        )
        .syntax("key element ..."),
    Command::new("LRANGE", 4, lrange)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "1.0.0",
            "O(S+N) where S is the distance of start offset from HEAD for small lists, from \
             nearest end (HEAD or TAIL) for large lists; and N is the number of elements in \
             the specified range.",
            "Reads the elements of a list between two indices",
        )
        .syntax("key start:integer stop:integer"),
    Command::new("LREM", 4, lrem)
        .flags(&[WRITE])
        .keys(&[Keys::one("RW delete")])
        .doc(
            "1.0.0",
            "O(N+M) where N is the length of the list and M is the number of elements removed.",
            "Removes elements that equal a given one from a list",
        )
        .syntax("key count:integer element"),
    Command::new("LSET", 4, lset)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("RW update")])
        .doc(
            "1.0.0",
            "O(N) where N is the length of the list. Setting either the first or the last \
             element of the list is O(1).",
            "Replaces the element at an index of a list",
        )
        .syntax("key index:integer element"),
    Command::new("LTRIM", 4, ltrim)
        .flags(&[WRITE])
        .keys(&[Keys::one("RW delete")])
        .doc(
            "1.0.0",
            "O(N) where N is the number of elements to be removed by the operation.",
            "Shortens a list to the elements between two indices",
        )
        .syntax("key start:integer stop:integer"),
    Command::new("RPUSH", -3, rpush)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW insert")])
        .doc(
            "1.0.0",
            "O(1) for each element added, so O(N) to add N elements when the command is \
             called with multiple arguments.",
            "Puts elements on the tail of a list, which comes into being with the first",
        )
        .syntax("key element ..."),
    Command::new("RPUSHX", -3, rpushx)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW insert")])
        .doc(
            "2.2.0",
            "O(1) for each element added, so O(N) to add N elements when the command is \
             called with multiple arguments.",
            "Puts elements on the tail of a list that exists already",
        )
        .syntax("key element ..."),
];

/// Reads an index, or another number with a sign.
fn integer(text: &[u8]) -> Result<i64, Error> {
    parse_i64(text).ok_or(Error::NOT_AN_INTEGER)
}

/// Reads `LEFT` or `RIGHT`.
fn end(text: &[u8]) -> Result<End, Error> {
    if is_word(text, "LEFT") {
        Ok(End::Front)
    } else if is_word(text, "RIGHT") {
        Ok(End::Back)
    } else {
        Err(Error::SYNTAX)
    }
}

/// What Redis calls it when elements are put on this end.
fn pushed(end: End) -> &'static str {
    match end {
        End::Front => "lpush",
        End::Back => "rpush",
    }
}

/// What Redis calls it when elements are taken from this end.
fn popped(end: End) -> &'static str {
    match end {
        End::Front => "lpop",
        End::Back => "rpop",
    }
}

/// Where an index lies in a list of `len` elements, counted from the head; a negative one counts from
/// the tail. `None` where it is before the head; behind the tail it may be.
fn resolve(index: i64, len: usize) -> Option<usize> {
    if index < 0 {
        len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    } else {
        usize::try_from(index).ok()
    }
}

/// The elements from one index to another, that one included, as far as there are any.
fn between(start: i64, stop: i64, len: usize) -> Range<usize> {
    let start = resolve(start, len).unwrap_or(0);
    let end = resolve(stop, len).map_or(0, |stop| stop.saturating_add(1).min(len));
    if start < end { start..end } else { 0..0 }
}

fn lpush(call: &mut Call) -> Done {
    push(call, End::Front)
}

fn rpush(call: &mut Call) -> Done {
    push(call, End::Back)
}

fn push(call: &mut Call, end: End) -> Done {
    let (args, mut db, reply) = call.parts();
    let packing = db.packing;
    let mut list = writable::<ListMut>(&mut db, args.arg(1))?;
    list.extend(end, args.iter().skip(2), packing);
    reply.integer(list.len() as i64);
    db.replied();
    db.changes(args.len() - 2, Classes::LIST, pushed(end), args.arg(1));
    Ok(())
}

fn lpushx(call: &mut Call) -> Done {
    push_to_existing(call, End::Front)
}

fn rpushx(call: &mut Call) -> Done {
    push_to_existing(call, End::Back)
}

fn push_to_existing(call: &mut Call, end: End) -> Done {
    let (args, mut db, reply) = call.parts();
    let packing = db.packing;
    let Some(mut list) = existing::<ListMut>(&mut db, args.arg(1))? else {
        reply.integer(0);
        return Ok(());
    };
    list.extend(end, args.iter().skip(2), packing);
    reply.integer(list.len() as i64);
    db.replied();
    db.changes(args.len() - 2, Classes::LIST, pushed(end), args.arg(1));
    Ok(())
}

fn llen(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let list = readable::<ListRef>(&mut db, args.arg(1))?;
    reply.integer(list.map_or(0, ListRef::len) as i64);
    Ok(())
}

fn lindex(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let Some(list) = readable::<ListRef>(&mut db, args.arg(1))? else {
        reply.null();
        return Ok(());
    };
    let index = resolve(integer(args.arg(2))?, list.len());
    reply_optional(reply, index.and_then(|index| list.get(index)));
    Ok(())
}

fn lrange(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let (start, stop) = (integer(args.arg(2))?, integer(args.arg(3))?);
    let Some(list) = readable::<ListRef>(&mut db, args.arg(1))? else {
        reply.array(0);
        return Ok(());
    };
    let range = between(start, stop, list.len());
    reply.array(range.len());
    list.range(range.start, range.len())
        .for_each(|item| reply_item(reply, item));
    Ok(())
}

fn linsert(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let (place, pivot, element) = (args.arg(2), args.arg(3), args.arg(4));
    let is_behind = is_word(place, "AFTER");
    if !is_behind && !is_word(place, "BEFORE") {
        return Err(Error::SYNTAX);
    }
    let packing = db.packing;
    let Some(mut list) = existing::<ListMut>(&mut db, args.arg(1))? else {
        reply.integer(0);
        return Ok(());
    };
    let Some(index) = list.as_ref().find(pivot) else {
        reply.integer(-1);
        return Ok(());
    };
    list.insert(index + usize::from(is_behind), element, packing);
    let len = list.len();
    db.changed(Classes::LIST, "linsert", args.arg(1));
    reply.integer(len as i64);
    Ok(())
}

fn lset(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let packing = db.packing;
    let mut list = existing::<ListMut>(&mut db, args.arg(1))?.ok_or(Error::NO_SUCH_KEY)?;
    let index = resolve(integer(args.arg(2))?, list.len());
    if !index.is_some_and(|index| list.set(index, args.arg(3), packing)) {
        return Err(INDEX_OUT_OF_RANGE);
    }
    reply.ok();
    db.replied();
    db.changed(Classes::LIST, "lset", args.arg(1));
    Ok(())
}

fn lrem(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let (key, count) = (args.arg(1), integer(args.arg(2))?);
    let from = if count < 0 { End::Back } else { End::Front };
    let most = match usize::try_from(count.unsigned_abs()) {
        Ok(0) | Err(_) => usize::MAX,
        Ok(most) => most,
    };
    let Some(mut list) = existing::<ListMut>(&mut db, key)? else {
        reply.integer(0);
        return Ok(());
    };
    let removed = list.remove_equal(args.arg(3), most, from);
    let is_empty = list.is_empty();
    db.changes(removed, Classes::LIST, "lrem", key);
    if is_empty {
        db.remove_empty(key);
    }
    reply.integer(removed as i64);
    Ok(())
}

fn ltrim(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let key = args.arg(1);
    let (start, stop) = (integer(args.arg(2))?, integer(args.arg(3))?);
    if let Some(mut list) = existing::<ListMut>(&mut db, key)? {
        let len = list.len();
        let kept = between(start, stop, len);
        let tail = list.remove_range(kept.end, usize::MAX);
        let head = list.remove_range(0, kept.start);
        db.discard(tail);
        db.discard(head);
        // It is an event even where nothing was cut off.
        db.notify(Classes::LIST, "ltrim", key);
        db.count_changes(len - kept.len());
        if kept.is_empty() {
            db.remove_empty(key);
        }
        db.modified(key);
    }
    reply.ok();
    Ok(())
}

#[cfg(test)]
mod tests;

//! Hashes: values by field, and what can be done with them.
//!
//! A hash comes into being with its first field and goes with its last: no key holds an empty one.
//! How it is kept is [`crate::store::hash`]'s business; these functions see a [`HashRef`] to read and a
//! [`HashMut`] to change.
//!
//! ```text
//!   HGET key field ──▶ readable(db, key)? ──▶ hash.get(field) ──▶ reply
//!   HSET key field value ──▶ writable(db, key)? ──▶ hash.set(field, value) ──▶ db.changed(.., "hset", key)
//! ```

use super::collection::{existing, readable, reply_firsts, reply_pairs, writable};
use super::entry::{Command, DENY_OOM, FAST, Keys, READONLY, WRITE};
use super::sample::{Count, Drawn, Sampled, sample};
use super::scan::{self, Page};
use super::{Call, Done, Error, reply_item, reply_optional};
use crate::engine::{Classes, Random};
use crate::number::{FloatError, incr_by_float, parse_i64};
use crate::store::{HashMut, HashRef, Item};

/// What Redis calls it when fields get values.
const HSET: &str = "hset";

const NOT_AN_INTEGER: Error = Error::new("ERR hash value is not an integer");
const NOT_A_FLOAT: Error = Error::new("ERR hash value is not a float");
const NOT_FINITE: Error = Error::new("ERR value is NaN or Infinity");

/// The commands on hashes.
pub const COMMANDS: &[Command] = &[
    Command::new("HDEL", -3, hdel)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW delete")])
        .doc(
            "2.0.0",
            "O(N) where N is the number of fields to be removed.",
            "Removes fields from a hash",
        )
        .syntax("key field ..."),
    Command::new("HEXISTS", 3, hexists)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO")])
        .doc("2.0.0", "O(1)", "Tells whether a hash has a field")
        .syntax("key field"),
    Command::new("HGET", 3, hget)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .doc("2.0.0", "O(1)", "Reads the value of a field of a hash")
        .syntax("key field"),
    Command::new("HGETALL", 2, hgetall)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .tips(&["nondeterministic_output_order"])
        .doc(
            "2.0.0",
            "O(N) where N is the size of the hash.",
            "Reads every field of a hash with its value",
        )
        .syntax("key"),
    Command::new("HINCRBY", 4, hincrby)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc(
            "2.0.0",
            "O(1)",
            "Adds an integer to the number in a field of a hash",
        )
        .syntax("key field increment:integer"),
    Command::new("HINCRBYFLOAT", 4, hincrbyfloat)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc(
            "2.6.0",
            "O(1)",
            "Adds a floating point number to the number in a field of a hash",
        )
        .syntax("key field increment:double"),
    Command::new("HKEYS", 2, hkeys)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .tips(&["nondeterministic_output_order"])
        .doc(
            "2.0.0",
            "O(N) where N is the size of the hash.",
            "Reads the names of all fields of a hash",
        )
        .syntax("key"),
    Command::new("HLEN", 2, hlen)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO")])
        .doc("2.0.0", "O(1)", "Counts the fields of a hash")
        .syntax("key"),
    Command::new("HMGET", -3, hmget)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .doc(
            "2.0.0",
            "O(N) where N is the number of fields being requested.",
            "Reads the values of several fields of a hash at once",
        )
        .syntax("key field ..."),
    Command::new("HMSET", -4, hmset)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW update")])
        .doc(
            "2.0.0",
            "O(N) where N is the number of fields being set.",
            "Sets several fields of a hash at once",
        )
        .deprecated("4.0.0", "`HSET` with multiple field-value pairs")
        .syntax("key (field_value=field value) ..."),
    Command::new("HRANDFIELD", -2, hrandfield)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .tips(&["nondeterministic_output"])
        .doc(
            "6.2.0",
            "O(N) where N is the number of fields returned",
            "Picks fields of a hash by chance",
        )
        .syntax("key [options=count:integer [WITHVALUES]]"),
    Command::new("HSCAN", -3, hscan)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .tips(&["nondeterministic_output"])
        .doc(
            "2.8.0",
            "O(1) for every call. O(N) for a complete iteration, including enough command \
             calls for the cursor to return back to 0. N is the number of elements inside \
             the collection",
            "Iterates over the fields of a hash, some with each call",
        )
        .syntax("key cursor:integer [MATCH pattern] [COUNT count:integer]"),
    Command::new("HSET", -4, hset)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW update")])
        .doc(
            "2.0.0",
            "O(1) for each field/value pair added, so O(N) to add N field/value pairs when \
             the command is called with multiple field/value pairs.",
            "Sets fields of a hash, which comes into being with the first",
        )
        .syntax("key (field_value=field value) ..."),
    Command::new("HSETNX", 4, hsetnx)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW insert")])
        .doc(
            "2.0.0",
            "O(1)",
            "Sets a field of a hash unless the hash has it already",
        )
        .syntax("key field value"),
    Command::new("HSTRLEN", 3, hstrlen)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO")])
        .doc(
            "3.2.0",
            "O(1)",
            "Counts the bytes of the value of a field of a hash",
        )
        .syntax("key field"),
    Command::new("HVALS", 2, hvals)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .tips(&["nondeterministic_output_order"])
        .doc(
            "2.0.0",
            "O(N) where N is the size of the hash.",
            "Reads the values of all fields of a hash",
        )
        .syntax("key"),
];

fn hdel(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let key = args.arg(1);
    let mut removed = 0;
    if let Some(mut hash) = existing::<HashMut>(&mut db, key)? {
        for field in args.iter().skip(2) {
            removed += usize::from(hash.remove(field));
        }
        let is_empty = hash.is_empty();
        db.changes(removed, Classes::HASH, "hdel", key);
        if is_empty {
            db.remove_empty(key);
        }
    }
    reply.integer(removed as i64);
    Ok(())
}

fn hexists(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let hash = readable::<HashRef>(&mut db, args.arg(1))?;
    let is_there = hash.is_some_and(|hash| hash.get(args.arg(2)).is_some());
    reply.integer(i64::from(is_there));
    Ok(())
}

fn hget(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let hash = readable::<HashRef>(&mut db, args.arg(1))?;
    reply_optional(reply, hash.and_then(|hash| hash.get(args.arg(2))));
    Ok(())
}

fn hmget(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let hash = readable::<HashRef>(&mut db, args.arg(1))?;
    reply.array(args.len() - 2);
    for field in args.iter().skip(2) {
        reply_optional(reply, hash.and_then(|hash| hash.get(field)));
    }
    Ok(())
}

fn hgetall(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let hash = readable::<HashRef>(&mut db, args.arg(1))?;
    reply.map(hash.map_or(0, HashRef::len));
    for (field, value) in hash.into_iter().flat_map(HashRef::iter) {
        reply_item(reply, field);
        reply_item(reply, value);
    }
    Ok(())
}

fn hkeys(call: &mut Call) -> Done {
    reply_all(call, |(field, _)| field)
}

fn hvals(call: &mut Call) -> Done {
    reply_all(call, |(_, value)| value)
}

/// Replies with one half of every field and value.
fn reply_all(call: &mut Call, half: for<'a> fn((Item<'a>, Item<'a>)) -> Item<'a>) -> Done {
    let (args, mut db, reply) = call.parts();
    let hash = readable::<HashRef>(&mut db, args.arg(1))?;
    reply.array(hash.map_or(0, HashRef::len));
    for pair in hash.into_iter().flat_map(HashRef::iter) {
        reply_item(reply, half(pair));
    }
    Ok(())
}

fn hlen(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let hash = readable::<HashRef>(&mut db, args.arg(1))?;
    reply.integer(hash.map_or(0, HashRef::len) as i64);
    Ok(())
}

fn hstrlen(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let hash = readable::<HashRef>(&mut db, args.arg(1))?;
    let value = hash.and_then(|hash| hash.get(args.arg(2)));
    reply.integer(value.map_or(0, |value| value.len()) as i64);
    Ok(())
}

fn hset(call: &mut Call) -> Done {
    let added = set_fields(call)?;
    call.reply.integer(added as i64);
    Ok(())
}

fn hmset(call: &mut Call) -> Done {
    set_fields(call)?;
    call.reply.ok();
    Ok(())
}

/// Sets the fields of `HSET key field value ...`. Gives how many are new.
fn set_fields(call: &mut Call) -> Result<usize, Error> {
    if !call.args.len().is_multiple_of(2) {
        return Err(call.wrong_arity());
    }
    let (args, mut db, _) = call.parts();
    let packing = db.packing;
    let mut hash = writable::<HashMut>(&mut db, args.arg(1))?;
    let mut added = 0;
    for field in (2..args.len()).step_by(2) {
        let is_new = hash.set(args.arg(field), args.arg(field + 1), packing);
        added += usize::from(is_new);
    }
    db.replied();
    db.changes((args.len() - 2) / 2, Classes::HASH, HSET, args.arg(1));
    Ok(added)
}

fn hsetnx(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let packing = db.packing;
    let (field, value) = (args.arg(2), args.arg(3));
    let mut hash = writable::<HashMut>(&mut db, args.arg(1))?;
    let is_new = hash.as_ref().get(field).is_none();
    if is_new {
        hash.set(field, value, packing);
        db.replied();
        db.changed(Classes::HASH, HSET, args.arg(1));
    }
    reply.integer(i64::from(is_new));
    Ok(())
}

fn hincrby(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let by = parse_i64(args.arg(3)).ok_or(Error::NOT_AN_INTEGER)?;
    let packing = db.packing;
    let field = args.arg(2);
    let mut hash = writable::<HashMut>(&mut db, args.arg(1))?;
    let old = match hash.as_ref().get(field) {
        Some(value) => value.as_i64().ok_or(NOT_AN_INTEGER)?,
        None => 0,
    };
    let sum = old.checked_add(by).ok_or(Error::OVERFLOW)?;
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(sum).as_bytes();
    hash.set(field, digits, packing);
    reply.integer_text(digits);
    db.replied();
    db.changed(Classes::HASH, "hincrby", args.arg(1));
    Ok(())
}

fn hincrbyfloat(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let (field, by) = (args.arg(2), args.arg(3));
    match incr_by_float(by, b"0") {
        Err(FloatError::NotAFloat) => return Err(Error::NOT_A_FLOAT),
        Err(FloatError::NanOrInfinity) => return Err(NOT_FINITE),
        Ok(_) => {}
    }
    let packing = db.packing;
    let mut hash = writable::<HashMut>(&mut db, args.arg(1))?;
    let old = hash.as_ref().get(field).map(|value| value.to_vec());
    let sum = incr_by_float(old.as_deref().unwrap_or(b"0"), by);
    // The increment is a number, so it is the old value that is none.
    let sum = sum.map_err(|error| match error {
        FloatError::NotAFloat => NOT_A_FLOAT,
        FloatError::NanOrInfinity => Error::text(format!("ERR {error}")),
    })?;
    hash.set(field, sum.as_bytes(), packing);
    reply.bulk(sum.as_bytes());
    db.replied();
    db.changed(Classes::HASH, "hincrbyfloat", args.arg(1));
    Ok(())
}

fn hrandfield(call: &mut Call) -> Done {
    let mut random = call.engine.random.split();
    let (args, mut db, reply) = call.parts();
    if args.len() == 2 {
        let hash = readable::<HashRef>(&mut db, args.arg(1))?;
        let field = hash.and_then(|hash| hash.random(|n| random.below(n)));
        reply_optional(reply, field.map(|(field, _)| field));
        return Ok(());
    }
    let (count, with_values) = Count::parse_with(args, "WITHVALUES")?;
    let hash = readable::<HashRef>(&mut db, args.arg(1))?;
    let drawn = match &hash {
        Some(hash) => sample(hash, count, &mut random)?,
        None => Drawn::nothing(),
    };
    if with_values {
        reply_pairs(reply, drawn, reply_item);
    } else {
        reply_firsts(reply, drawn);
    }
    Ok(())
}

impl<'a> Sampled for HashRef<'a> {
    type Element = (Item<'a>, Item<'a>);

    fn len(&self) -> usize {
        HashRef::len(*self)
    }

    fn all(&self) -> impl Iterator<Item = Self::Element> {
        self.iter()
    }

    fn draw(&self, random: &mut Random) -> Option<Self::Element> {
        self.random(|n| random.below(n))
    }

    fn name((field, _): &Self::Element) -> Vec<u8> {
        field.to_vec()
    }
}

fn hscan(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let cursor = scan::cursor(args.arg(2))?;
    let Some(hash) = readable::<HashRef>(&mut db, args.arg(1))? else {
        scan::reply_page(reply, 0, &[]);
        return Ok(());
    };
    let page = Page::parse(args, 3)?;
    let mut found = Vec::new();
    let next = hash.scan(cursor, page.count, |field, value| {
        if page.includes_name(field) {
            found.extend([field, value]);
        }
    });
    scan::reply_page(reply, next, &found);
    Ok(())
}

#[cfg(test)]
mod tests;

//! Sets: members, each once, and what can be done with one of them. What is done with several at once
//! is in [`algebra`].
//!
//! A set comes into being with its first member and goes with its last: no key holds an empty one.
//! How it is kept is [`crate::store::set`]'s business; these functions see a [`SetRef`] to read and a
//! [`SetMut`] to change.
//!
//! ```text
//!   SISMEMBER key member ──▶ readable(db, key)? ──▶ set.contains(member) ──▶ reply
//!   SADD key member ──▶ writable(db, key)? ──▶ set.insert(member) ──▶ db.changes(how many were new)
//! ```
//!
//! To a client that speaks RESP3, what is a set is told as one (`~`): the members of SMEMBERS, what SPOP
//! takes by number, the results of the algebra. SRANDMEMBER may give the same member twice, and
//! SSCAN a page of the set, so theirs are arrays, and so are SMISMEMBER's answers, which have an order.

pub mod algebra;

use super::collection::{existing, readable, writable};
use super::count;
use super::entry::{Command, DENY_OOM, FAST, Keys, READONLY, WRITE};
use super::sample::{Count, Drawn, Sampled, sample};
use super::scan::{self, Page};
use super::{Call, Done, Error, reply_item, reply_optional};
use crate::engine::{Classes, Db, Random};
use crate::resp::Reply;
use crate::store::{Item, SetMut, SetRef};

/// What Redis calls it when members are taken by chance.
const SPOP: &str = "spop";

/// The commands on sets.
pub const COMMANDS: &[Command] = &[
    Command::new("SADD", -3, sadd)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW insert")])
        .doc(
            "1.0.0",
            "O(1) for each element added, so O(N) to add N elements when the command is \
             called with multiple arguments.",
            "Adds members to a set, which comes into being with the first",
        )
        .syntax("key member ..."),
    Command::new("SCARD", 2, scard)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO")])
        .doc("1.0.0", "O(1)", "Counts the members of a set")
        .syntax("key"),
    Command::new("SISMEMBER", 3, sismember)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO")])
        .doc(
            "1.0.0",
            "O(1)",
            "Tells whether something is a member of a set",
        )
        .syntax("key member"),
    Command::new("SMEMBERS", 2, smembers)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .tips(&["nondeterministic_output_order"])
        .doc(
            "1.0.0",
            "O(N) where N is the set cardinality.",
            "Reads all members of a set",
        )
        .syntax("key"),
    Command::new("SMISMEMBER", -3, smismember)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .doc(
            "6.2.0",
            "O(N) where N is the number of elements being checked for membership",
            "Tells of each of several things whether it is a member of a set",
        )
        .syntax("key member ..."),
    Command::new("SMOVE", 4, smove)
        .flags(&[WRITE, FAST])
        .keys(&[
            Keys::one("RW access delete"),
            Keys::range("RW insert", 2, 0, 1),
        ])
        .doc(
            "1.0.0",
            "O(1)",
            "Takes a member out of one set and adds it to another",
        )
        .syntax("source:key destination:key@1 member"),
    Command::new("SPOP", -2, spop)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW access delete")])
        .tips(&["nondeterministic_output"])
        .doc(
            "1.0.0",
            "Without the count argument O(1), otherwise O(N) where N is the value of the \
             passed count.",
            "Takes members out of a set by chance",
        )
        .syntax("key [count:integer]#3.2.0"),
    Command::new("SRANDMEMBER", -2, srandmember)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .tips(&["nondeterministic_output"])
        .doc(
            "1.0.0",
            "Without the count argument O(1), otherwise O(N) where N is the absolute value \
             of the passed count.",
            "Picks members of a set by chance and leaves them in it",
        )
        .syntax("key [count:integer]#2.6.0"),
    Command::new("SREM", -3, srem)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW delete")])
        .doc(
            "1.0.0",
            "O(N) where N is the number of members to be removed.",
            "Removes members from a set",
        )
        .syntax("key member ..."),
    Command::new("SSCAN", -3, sscan)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .tips(&["nondeterministic_output"])
        .doc(
            "2.8.0",
            "O(1) for every call. O(N) for a complete iteration, including enough command \
             calls for the cursor to return back to 0. N is the number of elements inside \
             the collection..",
            "Iterates over the members of a set, some with each call",
        )
        .syntax("key cursor:integer [MATCH pattern] [COUNT count:integer]"),
];

fn sadd(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let packing = db.packing;
    let mut set = writable::<SetMut>(&mut db, args.arg(1))?;
    let mut added = 0;
    for member in args.iter().skip(2) {
        added += usize::from(set.insert(member, packing));
    }
    db.changes(added, Classes::SET, "sadd", args.arg(1));
    reply.integer(added as i64);
    Ok(())
}

fn srem(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let key = args.arg(1);
    let mut removed = 0;
    if let Some(mut set) = existing::<SetMut>(&mut db, key)? {
        for member in args.iter().skip(2) {
            removed += usize::from(set.remove(member));
        }
        let is_empty = set.is_empty();
        db.changes(removed, Classes::SET, "srem", key);
        if is_empty {
            db.remove_empty(key);
        }
    }
    reply.integer(removed as i64);
    Ok(())
}

fn scard(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let set = readable::<SetRef>(&mut db, args.arg(1))?;
    reply.integer(set.map_or(0, SetRef::len) as i64);
    Ok(())
}

fn sismember(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let set = readable::<SetRef>(&mut db, args.arg(1))?;
    let is_member = set.is_some_and(|set| set.contains(args.arg(2)));
    reply.integer(i64::from(is_member));
    Ok(())
}

fn smismember(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let set = readable::<SetRef>(&mut db, args.arg(1))?;
    reply.array(args.len() - 2);
    for member in args.iter().skip(2) {
        let is_member = set.is_some_and(|set| set.contains(member));
        reply.integer(i64::from(is_member));
    }
    Ok(())
}

fn smembers(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let set = readable::<SetRef>(&mut db, args.arg(1))?;
    reply_set(reply, set);
    Ok(())
}

/// Replies with all members.
fn reply_set(reply: &mut Reply, set: Option<SetRef>) {
    reply.set(set.map_or(0, SetRef::len));
    for member in set.into_iter().flat_map(SetRef::iter) {
        reply_item(reply, member);
    }
}

fn smove(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let (source, target, member) = (args.arg(1), args.arg(2), args.arg(3));
    if !may_move(&mut db, source, target)? {
        reply.integer(0);
        return Ok(());
    }
    if source == target {
        let set = existing::<SetMut>(&mut db, source)?;
        let is_member = set.is_some_and(|set| set.as_ref().contains(member));
        reply.integer(i64::from(is_member));
        return Ok(());
    }
    let removed =
        existing::<SetMut>(&mut db, source)?.map(|mut set| (set.remove(member), set.is_empty()));
    let (is_moved, is_empty) = removed.unwrap_or_default();
    if is_moved {
        db.happened(1, Classes::SET, "srem", source);
        if is_empty {
            db.remove_empty(source);
        }
        let packing = db.packing;
        let is_new = writable::<SetMut>(&mut db, target)?.insert(member, packing);
        db.modified(source);
        db.changes(usize::from(is_new), Classes::SET, "sadd", target);
    }
    reply.integer(i64::from(is_moved));
    Ok(())
}

/// Whether there is a set to move a member out of, and nothing but a set to move it to. (What the
/// target holds is looked at only where there is a source.)
fn may_move(db: &mut Db, source: &[u8], target: &[u8]) -> Result<bool, Error> {
    let is_there = existing::<SetMut>(db, source)?.is_some();
    if is_there {
        existing::<SetMut>(db, target)?;
    }
    Ok(is_there)
}

fn spop(call: &mut Call) -> Done {
    match call.args.len() {
        2 => pop_one(call),
        3 => pop_many(call),
        _ => Err(Error::SYNTAX),
    }
}

fn pop_one(call: &mut Call) -> Done {
    let mut random = call.engine.random.split();
    let (args, mut db, reply) = call.parts();
    let key = args.arg(1);
    let Some(mut set) = existing::<SetMut>(&mut db, key)? else {
        reply.null();
        return Ok(());
    };
    set.pop(|n| random.below(n), |member| reply_item(reply, member));
    let is_empty = set.is_empty();
    db.happened(1, Classes::SET, SPOP, key);
    db.replied();
    if is_empty {
        db.remove_empty(key);
    }
    db.modified(key);
    Ok(())
}

/// SPOP with a count. All members are answered from where they are, and then the key goes as
/// any other does that is removed.
fn pop_many(call: &mut Call) -> Done {
    let mut random = call.engine.random.split();
    let (args, mut db, reply) = call.parts();
    let count = count::to_take(args.arg(2))?;
    let (key, packing) = (args.arg(1), db.packing);
    let Some(mut set) = existing::<SetMut>(&mut db, key)? else {
        reply.set(0);
        return Ok(());
    };
    let len = set.as_ref().len();
    if count >= len {
        reply_set(reply, Some(set.as_ref()));
        db.happened(len, Classes::SET, SPOP, key);
        db.replied();
        db.remove_empty(key);
        db.modified(key);
        return Ok(());
    }
    reply.set(count);
    let old = set.pop_many(
        count,
        packing,
        |n| random.below(n),
        |member| reply_item(reply, member),
    );
    db.discard(old);
    if count > 0 {
        db.happened(count, Classes::SET, SPOP, key);
        db.replied();
        db.modified(key);
    }
    Ok(())
}

fn srandmember(call: &mut Call) -> Done {
    let mut random = call.engine.random.split();
    let (args, mut db, reply) = call.parts();
    if args.len() > 3 {
        return Err(Error::SYNTAX);
    }
    let count = args.get(2).map(Count::parse).transpose()?;
    let set = readable::<SetRef>(&mut db, args.arg(1))?;
    let Some(count) = count else {
        let member = set.and_then(|set| set.random(|n| random.below(n)));
        reply_optional(reply, member);
        return Ok(());
    };
    let drawn = match &set {
        Some(set) => sample(set, count, &mut random)?,
        None => Drawn::nothing(),
    };
    reply.array(drawn.len());
    for member in drawn {
        reply_item(reply, member);
    }
    Ok(())
}

impl<'a> Sampled for SetRef<'a> {
    type Element = Item<'a>;

    fn len(&self) -> usize {
        SetRef::len(*self)
    }

    fn all(&self) -> impl Iterator<Item = Self::Element> {
        self.iter()
    }

    fn draw(&self, random: &mut Random) -> Option<Self::Element> {
        self.random(|n| random.below(n))
    }

    fn name(member: &Self::Element) -> Vec<u8> {
        member.to_vec()
    }
}

fn sscan(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let cursor = scan::cursor(args.arg(2))?;
    let Some(set) = readable::<SetRef>(&mut db, args.arg(1))? else {
        scan::reply_page(reply, 0, &[]);
        return Ok(());
    };
    let page = Page::parse(args, 3)?;
    let mut found = Vec::new();
    let next = set.scan(cursor, page.count, |member| {
        if page.includes_name(member) {
            found.push(member);
        }
    });
    scan::reply_page(reply, next, &found);
    Ok(())
}

#[cfg(test)]
mod tests;

//! Several sets at once: what they have in common, what one has and the others have not, what is in any.
//!
//! ```text
//!   SINTER    go through the smallest, ask every other        work: smallest × sets
//!   SUNION    a new set takes the members of all              work: all members
//!   SDIFF     go through the first, ask every other           work: first × sets
//!             or copy the first, take out the others          work: all members
//! ```
//!
//! Which of its two ways SDIFF goes is reckoned as in Redis, to the letter: with the second one, what
//! SDIFFSTORE stores has the encoding of the first set, integers or not, and that can be seen.
//!
//! What only goes through sets is answered member by member, into a reply whose length is known at
//! its end. SUNION must remember what it has answered; its memory is a set like any other, small as
//! long as that is.
//!
//! A missing key is an empty set. All keys are looked up before anything is done, and the first of
//! another type is an error, even where an empty set among them decides the result.

use crate::command::collection::readable;
use crate::command::count;
use crate::command::entry::{Command, DENY_OOM, Keys, READONLY, WRITE};
use crate::command::{Call, Done, Error, is_word, reply_item};
use crate::engine::{Classes, Db, Storing};
use crate::resp::{Reply, Request};
use crate::store::{Entry, Item, Kind, Packing, SetMut, SetRef};
use std::cmp::Reverse;
use std::ops::Range;

const NO_KEYS: Error = Error::new("ERR numkeys should be greater than 0");
const TOO_MANY_KEYS: Error = Error::new("ERR Number of keys can't be greater than number of args");
const NEGATIVE_LIMIT: Error = Error::new("ERR LIMIT can't be negative");

/// The commands on several sets.
pub const COMMANDS: &[Command] = &[
    Command::new("SDIFF", -2, sdiff)
        .flags(&[READONLY])
        .keys(&[Keys::range("RO access", 1, -1, 1)])
        .tips(&["nondeterministic_output_order"])
        .doc(
            "1.0.0",
            "O(N) where N is the total number of elements in all given sets.",
            "Finds the members of a set that are in none of the others",
        )
        .syntax("key ..."),
    Command::new("SDIFFSTORE", -3, sdiffstore)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("OW update"), Keys::range("RO access", 2, -1, 1)])
        .doc(
            "1.0.0",
            "O(N) where N is the total number of elements in all given sets.",
            "Stores the members of a set that are in none of the others",
        )
        .syntax("destination:key key:key@1 ..."),
    Command::new("SINTER", -2, sinter)
        .flags(&[READONLY])
        .keys(&[Keys::range("RO access", 1, -1, 1)])
        .tips(&["nondeterministic_output_order"])
        .doc(
            "1.0.0",
            "O(N*M) worst case where N is the cardinality of the smallest set and M is the \
             number of sets.",
            "Finds the members that several sets have in common",
        )
        .syntax("key ..."),
    Command::new("SINTERCARD", -3, sintercard)
        .flags(&[READONLY])
        .keys(&[Keys::counted("RO access", 1)])
        .doc(
            "7.0.0",
            "O(N*M) worst case where N is the cardinality of the smallest set and M is the \
             number of sets.",
            "Counts the members that several sets have in common",
        )
        .syntax("numkeys:integer key ... [LIMIT limit:integer]"),
    Command::new("SINTERSTORE", -3, sinterstore)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("RW update"), Keys::range("RO access", 2, -1, 1)])
        .doc(
            "1.0.0",
            "O(N*M) worst case where N is the cardinality of the smallest set and M is the \
             number of sets.",
            "Stores the members that several sets have in common",
        )
        .syntax("destination:key key:key@1 ..."),
    Command::new("SUNION", -2, sunion)
        .flags(&[READONLY])
        .keys(&[Keys::range("RO access", 1, -1, 1)])
        .tips(&["nondeterministic_output_order"])
        .doc(
            "1.0.0",
            "O(N) where N is the total number of elements in all given sets.",
            "Finds the members of any of several sets",
        )
        .syntax("key ..."),
    Command::new("SUNIONSTORE", -3, sunionstore)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("OW update"), Keys::range("RO access", 2, -1, 1)])
        .doc(
            "1.0.0",
            "O(N) where N is the total number of elements in all given sets.",
            "Stores the members of any of several sets",
        )
        .syntax("destination:key key:key@1 ..."),
];

/// The sets of the keys at these positions, side by side; `None` for a key that is not there.
fn operands<'d>(
    db: &'d mut Db,
    args: &Request,
    keys: Range<usize>,
) -> Result<Vec<Option<SetRef<'d>>>, Error> {
    for i in keys.clone() {
        readable::<SetRef>(db, args.arg(i))?;
    }
    let keyspace = db.keyspace();
    let set = |i| keyspace.peek(args.arg(i)).and_then(Entry::as_set);
    Ok(keys.map(set).collect())
}

/// An empty set to be filled, which is stored under this key when that is done.
fn empty(key: &[u8]) -> Entry {
    Entry::empty(key, Kind::Set)
}

/// The set of an entry that [`empty`] has made.
fn members_of(entry: &mut Entry) -> SetMut<'_> {
    entry.as_set_mut().expect("it was made as a set")
}

/// Stores a result under its key, or removes the key where there is none, and replies with how many
/// members it has.
fn store(db: &mut Db, reply: &mut Reply, key: &[u8], result: Entry, storing: Storing) {
    let len = result.as_set().map_or(0, SetRef::len);
    db.store_result(key, (len > 0).then_some(result), storing);
    reply.integer(len as i64);
}

/// How a result is stored.
fn storing(name: &'static str) -> Storing {
    Storing {
        class: Classes::SET,
        name,
        changes: 1,
        replies_first: true,
    }
}

/// Replies with members as they come.
fn reply_members<'a>(reply: &mut Reply, members: impl Iterator<Item = Item<'a>>) {
    let set = reply.deferred_set();
    let mut len = 0;
    for member in members {
        reply_item(reply, member);
        len += 1;
    }
    reply.finish(set, len);
}

fn sinter(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let sets = operands(&mut db, args, 1..args.len())?;
    reply_members(reply, common(&sets));
    Ok(())
}

fn sinterstore(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let packing = db.packing;
    let sets = operands(&mut db, args, 2..args.len())?;
    let mut result = empty(args.arg(1));
    fill(&mut members_of(&mut result), common(&sets), packing);
    let storing = Storing {
        // Where a set is missing Redis takes a shorter way, on which it replies last.
        replies_first: sets.iter().all(Option::is_some),
        ..storing("sinterstore")
    };
    store(&mut db, reply, args.arg(1), result, storing);
    Ok(())
}

fn sintercard(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let keys = counted_keys(args)?;
    let limit = limit(args, keys.end)?;
    let sets = operands(&mut db, args, keys)?;
    reply.integer(common(&sets).take(limit).count() as i64);
    Ok(())
}

/// The positions of the keys of `SINTERCARD numkeys key ...`.
fn counted_keys(args: &Request) -> Result<Range<usize>, Error> {
    let count = count::at_least_one(args.arg(1)).ok_or(NO_KEYS)?;
    if count > args.len() - 2 {
        return Err(TOO_MANY_KEYS);
    }
    Ok(2..2 + count)
}

/// The LIMIT among the arguments from `first` on; the last one counts, and 0 is none.
fn limit(args: &Request, first: usize) -> Result<usize, Error> {
    let mut limit = usize::MAX;
    for i in (first..args.len()).step_by(2) {
        let value = args.get(i + 1).filter(|_| is_word(args.arg(i), "LIMIT"));
        limit = count::limit(value.ok_or(Error::SYNTAX)?).ok_or(NEGATIVE_LIMIT)?;
    }
    Ok(limit)
}

/// The members that all sets have in common.
fn common<'a>(sets: &[Option<SetRef<'a>>]) -> impl Iterator<Item = Item<'a>> + use<'a> {
    let all: Option<Vec<SetRef>> = sets.iter().copied().collect();
    let mut others = all.unwrap_or_default();
    // What few members have in common with anything is few.
    others.sort_by_key(|set| set.len());
    let smallest = (!others.is_empty()).then(|| others.remove(0));
    let is_common = move |member: &Item| others.iter().all(|set| set.contains_item(*member));
    let members = smallest.into_iter().flat_map(SetRef::iter);
    members.filter(is_common)
}

fn sunion(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let packing = db.packing;
    let sets = operands(&mut db, args, 1..args.len())?;
    let mut seen = empty(b"");
    let mut members = members_of(&mut seen);
    let new = in_any(&sets).filter(|member| members.insert_item(*member, packing));
    reply_members(reply, new);
    db.discard(seen.into_value());
    Ok(())
}

fn sunionstore(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let packing = db.packing;
    let sets = operands(&mut db, args, 2..args.len())?;
    let mut result = empty(args.arg(1));
    fill(&mut members_of(&mut result), in_any(&sets), packing);
    store(&mut db, reply, args.arg(1), result, storing("sunionstore"));
    Ok(())
}

/// The members of all sets, one after the other, those that are in several of them as often.
fn in_any<'a>(sets: &[Option<SetRef<'a>>]) -> impl Iterator<Item = Item<'a>> {
    sets.iter().flatten().flat_map(|set| set.iter())
}

fn fill<'a>(set: &mut SetMut, members: impl Iterator<Item = Item<'a>>, packing: &Packing) {
    for member in members {
        set.insert_item(member, packing);
    }
}

fn sdiff(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let packing = db.packing;
    let mut sets = operands(&mut db, args, 1..args.len())?;
    if is_asking_cheaper(&sets) {
        reply_members(reply, only_in_first(&mut sets));
        return Ok(());
    }
    let mut rest = empty(b"");
    subtract(&mut members_of(&mut rest), &sets, packing);
    reply_members(reply, rest.as_set().into_iter().flat_map(SetRef::iter));
    db.discard(rest.into_value());
    Ok(())
}

fn sdiffstore(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let packing = db.packing;
    let mut sets = operands(&mut db, args, 2..args.len())?;
    let mut result = empty(args.arg(1));
    let mut members = members_of(&mut result);
    if is_asking_cheaper(&sets) {
        fill(&mut members, only_in_first(&mut sets), packing);
    } else {
        subtract(&mut members, &sets, packing);
    }
    store(&mut db, reply, args.arg(1), result, storing("sdiffstore"));
    Ok(())
}

/// Whether asking all sets for every member of the first is less work than copying that one and
/// taking out what is in the others. Asking is reckoned at half: it ends with the first yes, and makes
/// no set.
fn is_asking_cheaper(sets: &[Option<SetRef>]) -> bool {
    let first = sets.first().copied().flatten();
    let asking = first.map_or(0, SetRef::len) * sets.iter().flatten().count();
    let taking_out: usize = sets.iter().flatten().map(|set| set.len()).sum();
    asking / 2 <= taking_out
}

/// The members of the first set that are in no other. The largest of these are asked first, as they
/// are the likeliest to say yes.
fn only_in_first<'a>(sets: &mut [Option<SetRef<'a>>]) -> impl Iterator<Item = Item<'a>> {
    let (first, others) = match sets {
        [first, others @ ..] => (*first, others),
        [] => (None, Default::default()),
    };
    others.sort_by_key(|set| Reverse(set.map_or(0, SetRef::len)));
    let is_missing = move |member: &Item| {
        let mut others = others.iter().flatten();
        !others.any(|set| set.contains_item(*member))
    };
    first.into_iter().flat_map(SetRef::iter).filter(is_missing)
}

/// Fills a set with the members of the first one, and takes out those of the others until nothing
/// is left.
fn subtract(rest: &mut SetMut, sets: &[Option<SetRef>], packing: &Packing) {
    let (first, others) = sets.split_at(sets.len().min(1));
    fill(rest, in_any(first), packing);
    for member in in_any(others) {
        if rest.is_empty() {
            break;
        }
        member.with_bytes(|member| rest.remove(member));
    }
}

#[cfg(test)]
mod tests;

//! Sorted sets: members in the order of their scores, and what can be done with them.
//!
//! A sorted set comes into being with its first member and goes with its last: no key holds an empty
//! one. How it is kept is [`crate::store::zset`]'s business; these functions see a [`ZsetRef`] to read
//! and a [`ZsetMut`] to change.
//!
//! ```text
//!   ZSCORE key member ──▶ readable(db, key)? ──▶ set.score(member) ──▶ reply
//!   ZADD key score member ──▶ writable(db, key)? ──▶ set.update(member, decide) ──▶ db.changed(.., "zadd", key)
//!
//!   ZRANGE, ZCOUNT, ZREMRANGEBYSCORE, ...
//!     words ──▶ Span: ranks, scores or strings ──▶ span.ranks(set) ──▶ a range of ranks
//! ```
//!
//! Everything that speaks of a part of a set is a [`span::Span`], and is made a range of ranks before
//! anything else happens. From there on it does not matter how it was said.
//!
//! - [`add`]: ZADD and ZINCRBY.
//! - [`span`]: which elements: ranks, scores, strings. Counting and removing them.
//! - [`range`]: reading them: all forms of ZRANGE.
//! - [`algebra`]: several sets at once: union, intersection, difference.
//! - [`pop`]: taking the first or the last ones off, at once or as soon as there are any.

pub mod add;
pub mod algebra;
pub mod pop;
pub mod range;
pub mod span;
#[cfg(test)]
mod tests;

use super::collection::{existing, readable, reply_firsts, reply_pairs};
use super::entry::{Command, FAST, Keys, READONLY, WRITE};
use super::sample::{Count, Drawn, Sampled, sample};
use super::scan::{self, Page};
use super::{Call, Done, Error, reply_item, reply_optional};
use crate::engine::{Classes, Random};
use crate::number::format_f64;
use crate::resp::Reply;
use crate::store::{Item, ZsetMut, ZsetRef};

/// The commands that speak of single members.
pub const COMMANDS: &[Command] = &[
    Command::new("ZCARD", 2, zcard)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO")])
        .doc("1.2.0", "O(1)", "Counts the members of a sorted set")
        .syntax("key"),
    Command::new("ZMSCORE", -3, zmscore)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .doc(
            "6.2.0",
            "O(N) where N is the number of members being requested.",
            "Reads the scores of several members of a sorted set at once",
        )
        .syntax("key member ..."),
    Command::new("ZRANDMEMBER", -2, zrandmember)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .tips(&["nondeterministic_output"])
        .doc(
            "6.2.0",
            "O(N) where N is the number of elements returned",
            "Picks members of a sorted set by chance",
        )
        .syntax("key [options=count:integer [WITHSCORES]]"),
    Command::new("ZRANK", -3, zrank)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .doc(
            "2.0.0",
            "O(log(N))",
            "Finds the rank of a member of a sorted set, counted from the lowest score",
        )
        .syntax("key member [WITHSCORE]#7.2.0"),
    Command::new("ZREM", -3, zrem)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW delete")])
        .doc(
            "1.2.0",
            "O(M*log(N)) with N being the number of elements in the sorted set and M the \
             number of elements to be removed.",
            "Removes members from a sorted set",
        )
        .syntax("key member ..."),
    Command::new("ZREVRANK", -3, zrevrank)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .doc(
            "2.0.0",
            "O(log(N))",
            "Finds the rank of a member of a sorted set, counted from the highest score",
        )
        .syntax("key member [WITHSCORE]#7.2.0"),
    Command::new("ZSCAN", -3, zscan)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .tips(&["nondeterministic_output"])
        .doc(
            "2.8.0",
            "O(1) for every call. O(N) for a complete iteration, including enough command \
             calls for the cursor to return back to 0. N is the number of elements inside \
             the collection..",
            "Iterates over the members of a sorted set, some with each call",
        )
        .syntax("key cursor:integer [MATCH pattern] [COUNT count:integer]"),
    Command::new("ZSCORE", 3, zscore)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .doc(
            "1.2.0",
            "O(1)",
            "Reads the score of a member of a sorted set",
        )
        .syntax("key member"),
];

/// A member and its score.
type Element<'a> = (Item<'a>, f64);

/// Replies with a score, or with null.
fn reply_score(reply: &mut Reply, score: Option<f64>) {
    match score {
        Some(score) => reply.double(score),
        None => reply.null(),
    }
}

/// Replies with elements, and their scores where they are asked for.
fn reply_elements<'a>(
    reply: &mut Reply,
    elements: impl ExactSizeIterator<Item = Element<'a>>,
    with_scores: bool,
) {
    if with_scores {
        reply_pairs(reply, elements, |reply, score| reply.double(score));
    } else {
        reply_firsts(reply, elements);
    }
}

fn zcard(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let set = readable::<ZsetRef>(&mut db, args.arg(1))?;
    reply.integer(set.map_or(0, ZsetRef::len) as i64);
    Ok(())
}

fn zscore(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let set = readable::<ZsetRef>(&mut db, args.arg(1))?;
    reply_score(reply, set.and_then(|set| set.score(args.arg(2))));
    Ok(())
}

fn zmscore(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let set = readable::<ZsetRef>(&mut db, args.arg(1))?;
    reply.array(args.len() - 2);
    for member in args.iter().skip(2) {
        reply_score(reply, set.and_then(|set| set.score(member)));
    }
    Ok(())
}

fn zrem(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let key = args.arg(1);
    let mut removed = 0;
    if let Some(mut set) = existing::<ZsetMut>(&mut db, key)? {
        for member in args.iter().skip(2) {
            removed += usize::from(set.remove(member).is_some());
        }
        let is_empty = set.is_empty();
        db.happened(removed, Classes::ZSET, "zrem", key);
        if is_empty {
            db.remove_empty(key);
        }
        if removed > 0 {
            db.modified(key);
        }
    }
    reply.integer(removed as i64);
    Ok(())
}

fn zrank(call: &mut Call) -> Done {
    reply_rank(call, |rank, _| rank)
}

fn zrevrank(call: &mut Call) -> Done {
    reply_rank(call, |rank, len| len - 1 - rank)
}

/// Replies with a member's rank, which `counted` counts from another end of a set of some length;
/// and with its score, where Redis 7.2's WITHSCORE asks for it.
fn reply_rank(call: &mut Call, counted: fn(usize, usize) -> usize) -> Done {
    let with_score = match call.args.len() {
        3 => false,
        4 if call.is(3, "WITHSCORE") => true,
        4 => return Err(Error::SYNTAX),
        _ => return Err(call.wrong_arity()),
    };
    let (args, mut db, reply) = call.parts();
    let member = args.arg(2);
    let set = readable::<ZsetRef>(&mut db, args.arg(1))?;
    let found = set.and_then(|set| Some((set, set.rank(member)?)));
    match found {
        None if with_score => reply.null_array(),
        None => reply.null(),
        Some((set, rank)) => {
            if with_score {
                reply.array(2);
            }
            reply.integer(counted(rank, set.len()) as i64);
            if with_score {
                reply_score(reply, set.score(member));
            }
        }
    }
    Ok(())
}

fn zrandmember(call: &mut Call) -> Done {
    let mut random = call.engine.random.split();
    let (args, mut db, reply) = call.parts();
    if args.len() == 2 {
        let set = readable::<ZsetRef>(&mut db, args.arg(1))?;
        let element = set.and_then(|set| set.random(|n| random.below(n)));
        reply_optional(reply, element.map(|(member, _)| member));
        return Ok(());
    }
    let (count, with_scores) = Count::parse_with(args, "WITHSCORES")?;
    let set = readable::<ZsetRef>(&mut db, args.arg(1))?;
    let drawn = match &set {
        Some(set) => sample(set, count, &mut random)?,
        None => Drawn::nothing(),
    };
    reply_elements(reply, drawn, with_scores);
    Ok(())
}

impl<'a> Sampled for ZsetRef<'a> {
    type Element = Element<'a>;

    fn len(&self) -> usize {
        ZsetRef::len(*self)
    }

    fn all(&self) -> impl Iterator<Item = Element<'a>> {
        self.iter()
    }

    fn draw(&self, random: &mut Random) -> Option<Element<'a>> {
        self.random(|n| random.below(n))
    }

    fn name((member, _): &Element<'a>) -> Vec<u8> {
        member.to_vec()
    }
}

fn zscan(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let cursor = scan::cursor(args.arg(2))?;
    let Some(set) = readable::<ZsetRef>(&mut db, args.arg(1))? else {
        scan::reply_page(reply, 0, &[]);
        return Ok(());
    };
    let page = Page::parse(args, 3)?;
    let mut found = Vec::new();
    let next = set.scan(cursor, page.count, |member, score| {
        if page.includes_name(member) {
            found.push((member, score));
        }
    });
    scan::begin_page(reply, next, 2 * found.len());
    for (member, score) in found {
        reply_item(reply, member);
        // A string in RESP3 too: a page is a list of strings.
        reply.bulk(format_f64(score).as_bytes());
    }
    Ok(())
}

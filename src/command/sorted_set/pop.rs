//! Taking elements off an end of a sorted set, as ZPOPMIN does; and waiting for some, as BZPOPMIN does.
//!
//! A set whose elements all go is not taken apart: they are replied with, and the key is removed as a
//! whole.

use crate::command::collection::existing;
use crate::command::count::{self, MultiPop};
use crate::command::entry::{BLOCKING, Command, FAST, Keys, NO_SCRIPT, WRITE};
use crate::command::{Call, Done, Error, Null, is_word, reply_item};
use crate::engine::{Classes, Db};
use crate::resp::{Protocol, Reply};
use crate::store::{Kind, ZsetMut, ZsetRef};
use std::ops::Range;

/// The commands that take elements off an end.
pub const COMMANDS: &[Command] = &[
    Command::new("BZMPOP", -5, bzmpop)
        .flags(&[WRITE, BLOCKING])
        .keys(&[Keys::counted("RW access delete", 2)])
        .doc(
            "7.0.0",
            "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number \
             of elements in the sorted set, and M being the number of elements popped.",
            "Takes members off an end of the first sorted set that has any, or waits",
        )
        .syntax("timeout:double numkeys:integer key ... (where=MIN|MAX) [COUNT count:integer]"),
    Command::new("BZPOPMAX", -3, bzpopmax)
        .flags(&[WRITE, NO_SCRIPT, BLOCKING, FAST])
        .keys(&[Keys::range("RW access delete", 1, -2, 1)])
        .doc(
            "5.0.0",
            "O(log(N)) with N being the number of elements in the sorted set.",
            "Takes the member with the highest score of the first set that has any, or waits",
        )
        .syntax("key ... timeout:double"),
    Command::new("BZPOPMIN", -3, bzpopmin)
        .flags(&[WRITE, NO_SCRIPT, BLOCKING, FAST])
        .keys(&[Keys::range("RW access delete", 1, -2, 1)])
        .doc(
            "5.0.0",
            "O(log(N)) with N being the number of elements in the sorted set.",
            "Takes the member with the lowest score of the first set that has any, or waits",
        )
        .syntax("key ... timeout:double"),
    Command::new("ZMPOP", -4, zmpop)
        .flags(&[WRITE])
        .keys(&[Keys::counted("RW access delete", 1)])
        .doc(
            "7.0.0",
            "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number \
             of elements in the sorted set, and M being the number of elements popped.",
            "Takes members off an end of the first of several sorted sets that has any",
        )
        .syntax("numkeys:integer key ... (where=MIN|MAX) [COUNT count:integer]"),
    Command::new("ZPOPMAX", -2, zpopmax)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW access delete")])
        .doc(
            "5.0.0",
            "O(log(N)*M) with N being the number of elements in the sorted set, and M being \
             the number of elements popped.",
            "Takes the members with the highest scores out of a sorted set",
        )
        .syntax("key [count:integer]"),
    Command::new("ZPOPMIN", -2, zpopmin)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW access delete")])
        .doc(
            "5.0.0",
            "O(log(N)*M) with N being the number of elements in the sorted set, and M being \
             the number of elements popped.",
            "Takes the members with the lowest scores out of a sorted set",
        )
        .syntax("key [count:integer]"),
];

/// An end of a sorted set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Lowest scores first.
    Min,
    /// Highest scores first.
    Max,
}

impl End {
    /// Reads `MIN` or `MAX`.
    fn parse(text: &[u8]) -> Result<End, Error> {
        if is_word(text, "MIN") {
            Ok(End::Min)
        } else if is_word(text, "MAX") {
            Ok(End::Max)
        } else {
            Err(Error::SYNTAX)
        }
    }

    /// What Redis calls it when elements are taken from there.
    fn popped(self) -> &'static str {
        match self {
            End::Min => "zpopmin",
            End::Max => "zpopmax",
        }
    }

    /// The ranks of the first elements from this end, so many or as many as there are.
    fn ranks(self, count: usize, len: usize) -> Range<usize> {
        let count = count.min(len);
        match self {
            End::Min => 0..count,
            End::Max => len - count..len,
        }
    }
}

/// How elements are replied with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Member, score, member, score.
    Flat,
    /// An array of each member with its score.
    Nested,
}

/// Replies with the elements of these ranks, from one of the ends. Their number has been replied with.
fn reply_part(reply: &mut Reply, set: ZsetRef, end: End, ranks: Range<usize>, layout: Layout) {
    let mut part = set.range(ranks);
    while let Some((member, score)) = match end {
        End::Min => part.next(),
        End::Max => part.next_back(),
    } {
        if layout == Layout::Nested {
            reply.array(2);
        }
        reply_item(reply, member);
        reply.double(score);
    }
}

/// Takes elements off an end of the set in a key, so many or as many as there are. `head` replies with
/// how many that is, and what else comes before them. Does nothing and says `false` where there is no
/// such key.
fn take(
    db: &mut Db,
    reply: &mut Reply,
    key: &[u8],
    (end, count): (End, usize),
    layout: Layout,
    head: impl FnOnce(&mut Reply, usize),
) -> Result<bool, Error> {
    let packing = db.packing;
    let Some(mut set) = existing::<ZsetMut>(db, key)? else {
        return Ok(false);
    };
    let len = set.as_ref().len();
    let ranks = end.ranks(count, len);
    let taken = ranks.len();
    head(reply, taken);
    let behind_head = reply.output().mark();
    reply_part(reply, set.as_ref(), end, ranks.clone(), layout);
    if taken < len {
        let old = set.remove_ranks(ranks, packing);
        db.discard(old);
    }
    db.replying(behind_head);
    if taken > 0 {
        db.happened(taken, Classes::ZSET, end.popped(), key);
        db.modified(key);
    }
    db.replied();
    if taken == len {
        db.remove_empty(key);
    }
    Ok(true)
}

fn zpopmin(call: &mut Call) -> Done {
    pop(call, End::Min)
}

fn zpopmax(call: &mut Call) -> Done {
    pop(call, End::Max)
}

fn pop(call: &mut Call, end: End) -> Done {
    let (args, mut db, reply) = call.parts();
    if args.len() > 3 {
        return Err(Error::SYNTAX);
    }
    let count = args.get(2).map(count::to_take).transpose()?;
    // Without a count there is no more than one, and it need not be set apart.
    let layout = match (count, reply.protocol()) {
        (Some(_), Protocol::Resp3) => Layout::Nested,
        _ => Layout::Flat,
    };
    let wanted = (end, count.unwrap_or(1));
    let key = args.arg(1);
    let is_there = take(&mut db, reply, key, wanted, layout, |reply, taken| {
        reply.array(match layout {
            Layout::Flat => 2 * taken,
            Layout::Nested => taken,
        });
    })?;
    if !is_there {
        reply.array(0);
    }
    Ok(())
}

fn bzpopmin(call: &mut Call) -> Done {
    pop_or_wait(call, End::Min)
}

fn bzpopmax(call: &mut Call) -> Done {
    pop_or_wait(call, End::Max)
}

fn pop_or_wait(call: &mut Call, end: End) -> Done {
    let last = call.args.len() - 1;
    let deadline = call.timeout(last)?;
    for i in call.keys_to_try(1..last) {
        let (args, mut db, reply) = call.parts();
        let key = args.arg(i);
        let head = |reply: &mut Reply, _| {
            reply.array(3);
            reply.bulk(key);
        };
        if take(&mut db, reply, key, (end, 1), Layout::Flat, head)? {
            return Ok(());
        }
    }
    call.block(Kind::Zset, 1..last, deadline, Null::Array)
}

impl MultiPop<End> {
    /// Takes from the set in one of the keys, if it is there.
    fn take(&self, call: &mut Call, key: usize) -> Result<bool, Error> {
        let (args, mut db, reply) = call.parts();
        let key = args.arg(key);
        let wanted = (self.end, self.count);
        take(
            &mut db,
            reply,
            key,
            wanted,
            Layout::Nested,
            |reply, taken| {
                reply.array(2);
                reply.bulk(key);
                reply.array(taken);
            },
        )
    }
}

fn zmpop(call: &mut Call) -> Done {
    let pop = MultiPop::parse(&call.args, 1, End::parse)?;
    for key in pop.keys.clone() {
        if pop.take(call, key)? {
            return Ok(());
        }
    }
    call.reply.null_array();
    Ok(())
}

fn bzmpop(call: &mut Call) -> Done {
    let pop = MultiPop::parse(&call.args, 2, End::parse)?;
    let deadline = call.timeout(1)?;
    for key in call.keys_to_try(pop.keys.clone()) {
        if pop.take(call, key)? {
            return Ok(());
        }
    }
    call.block(Kind::Zset, pop.keys, deadline, Null::Array)
}

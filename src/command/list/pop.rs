//! Taking elements out of lists: LPOP and RPOP, LMPOP, which takes from the first of several lists
//! that has any, and BLPOP, BRPOP and BLMPOP, which wait where none has.
//!
//! How many elements are asked for is never believed: a list gives as many as it has. They are
//! written to the reply from where they lie, and then removed all at once. What that leaves to be freed
//! goes where everything big is freed, a little at a time.

use super::super::collection::existing;
use super::super::count::{self, MultiPop};
use super::super::entry::{BLOCKING, Command, FAST, Keys, NO_SCRIPT, WRITE};
use super::super::{Call, Done, Error, Null, reply_item};
use super::{end, popped};
use crate::engine::{Classes, Db};
use crate::resp::Reply;
use crate::store::{End, Kind, ListMut};
use std::ops::Range;

/// The commands that take elements out of lists.
pub const COMMANDS: &[Command] = &[
    Command::new("BLMPOP", -5, blmpop)
        .flags(&[WRITE, BLOCKING])
        .keys(&[Keys::counted("RW access delete", 2)])
        .doc(
            "7.0.0",
            "O(N+M) where N is the number of provided keys and M is the number of elements \
             returned.",
            "Takes elements from the first of several lists that has any, or waits for some",
        )
        .syntax("timeout:double numkeys:integer key ... (where=LEFT|RIGHT) [COUNT count:integer]"),
    Command::new("BLPOP", -3, blpop)
        .flags(&[WRITE, NO_SCRIPT, BLOCKING])
        .keys(&[Keys::range("RW access delete", 1, -2, 1)])
        .doc(
            "2.0.0",
            "O(N) where N is the number of provided keys.",
            "Takes the first element of the first list that has one, or waits for one",
        )
        .syntax("key ... timeout:double"),
    Command::new("BRPOP", -3, brpop)
        .flags(&[WRITE, NO_SCRIPT, BLOCKING])
        .keys(&[Keys::range("RW access delete", 1, -2, 1)])
        .doc(
            "2.0.0",
            "O(N) where N is the number of provided keys.",
            "Takes the last element of the first list that has one, or waits for one",
        )
        .syntax("key ... timeout:double"),
    Command::new("LMPOP", -4, lmpop)
        .flags(&[WRITE])
        .keys(&[Keys::counted("RW access delete", 1)])
        .doc(
            "7.0.0",
            "O(N+M) where N is the number of provided keys and M is the number of elements \
             returned.",
            "Takes elements from an end of the first of several lists that has any",
        )
        .syntax("numkeys:integer key ... (where=LEFT|RIGHT) [COUNT count:integer]"),
    Command::new("LPOP", -2, lpop)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW access delete")])
        .doc(
            "1.0.0",
            "O(N) where N is the number of elements returned",
            "Takes elements from the head of a list",
        )
        .syntax("key [count:integer]#6.2.0"),
    Command::new("RPOP", -2, rpop)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW access delete")])
        .doc(
            "1.0.0",
            "O(N) where N is the number of elements returned",
            "Takes elements from the tail of a list",
        )
        .syntax("key [count:integer]#6.2.0"),
];

fn lpop(call: &mut Call) -> Done {
    pop(call, End::Front)
}

fn rpop(call: &mut Call) -> Done {
    pop(call, End::Back)
}

fn pop(call: &mut Call, end: End) -> Done {
    if call.args.len() > 3 {
        return Err(call.wrong_arity());
    }
    let (args, mut db, reply) = call.parts();
    let key = args.arg(1);
    match args.get(2).map(count::to_take).transpose()? {
        None => {
            if !pop_one(&mut db, key, end, |_| (), false, reply)? {
                reply.null();
            }
        }
        Some(count) => {
            if !pop_many(&mut db, key, end, count, |_| (), reply)? {
                reply.null_array();
            }
        }
    }
    Ok(())
}

/// Takes an element from an end of a list and replies with it, after what `introduce` writes. `false`
/// where there is no such key; then nothing is written. `has_waited` says whether
/// the client has waited for the element.
fn pop_one(
    db: &mut Db,
    key: &[u8],
    end: End,
    introduce: impl FnOnce(&mut Reply),
    has_waited: bool,
    reply: &mut Reply,
) -> Result<bool, Error> {
    let Some(mut list) = existing::<ListMut>(db, key)? else {
        return Ok(false);
    };
    introduce(reply);
    list.pop(end, |item| reply_item(reply, item));
    let is_empty = list.is_empty();
    db.replied();
    db.happened(1, Classes::LIST, popped(end), key);
    if is_empty {
        db.remove_empty(key);
    }
    // Whoever has a copy of the list was told when the element was pushed, and Redis does not tell it again.
    if !has_waited {
        db.modified(key);
    }
    Ok(true)
}

/// The same with up to `count` elements, in an array; the outermost is the first.
fn pop_many(
    db: &mut Db,
    key: &[u8],
    end: End,
    count: usize,
    introduce: impl FnOnce(&mut Reply),
    reply: &mut Reply,
) -> Result<bool, Error> {
    let Some(mut list) = existing::<ListMut>(db, key)? else {
        return Ok(false);
    };
    introduce(reply);
    let len = list.len();
    let count = count.min(len);
    let start = match end {
        End::Front => 0,
        End::Back => len - count,
    };
    let items = list.as_ref().range(start, count);
    reply.array(count);
    match end {
        End::Front => items.for_each(|item| reply_item(reply, item)),
        End::Back => items.rev().for_each(|item| reply_item(reply, item)),
    }
    let removed = list.remove_range(start, count);
    db.discard(removed);
    db.replied();
    db.happened(count, Classes::LIST, popped(end), key);
    if count == len {
        db.remove_empty(key);
    }
    if count > 0 {
        db.modified(key);
    }
    Ok(true)
}

impl MultiPop<End> {
    /// Takes from the first list that there is under these of the keys. `false` where there is none.
    fn run(&self, call: &mut Call, keys: Range<usize>) -> Result<bool, Error> {
        let (args, mut db, reply) = call.parts();
        for key in keys.map(|i| args.arg(i)) {
            let name = |reply: &mut Reply| {
                reply.array(2);
                reply.bulk(key);
            };
            if pop_many(&mut db, key, self.end, self.count, name, reply)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn lmpop(call: &mut Call) -> Done {
    let pop = MultiPop::parse(&call.args, 1, end)?;
    if !pop.run(call, pop.keys.clone())? {
        call.reply.null_array();
    }
    Ok(())
}

fn blmpop(call: &mut Call) -> Done {
    let pop = MultiPop::parse(&call.args, 2, end)?;
    let deadline = call.timeout(1)?;
    let keys = call.keys_to_try(pop.keys.clone());
    if pop.run(call, keys)? {
        return Ok(());
    }
    call.block(Kind::List, pop.keys, deadline, Null::Array)
}

fn blpop(call: &mut Call) -> Done {
    pop_or_wait(call, End::Front)
}

fn brpop(call: &mut Call) -> Done {
    pop_or_wait(call, End::Back)
}

fn pop_or_wait(call: &mut Call, end: End) -> Done {
    let last = call.args.len() - 1;
    let deadline = call.timeout(last)?;
    let keys = call.keys_to_try(1..last);
    let has_waited = call.woken_by().is_some();
    let (args, mut db, reply) = call.parts();
    for key in keys.map(|i| args.arg(i)) {
        let name = |reply: &mut Reply| {
            reply.array(2);
            reply.bulk(key);
        };
        if pop_one(&mut db, key, end, name, has_waited, reply)? {
            return Ok(());
        }
    }
    call.block(Kind::List, 1..last, deadline, Null::Array)
}

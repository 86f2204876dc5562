//! Moving an element from one list to another: LMOVE, its old form RPOPLPUSH, and BLMOVE and
//! BRPOPLPUSH, which wait for one.
//!
//! A worker that takes a job with it has the job in two steps that nobody sees between: out of the list
//! of what is to be done, into the list of what it is doing. If it dies, the job is still there.
//!
//! ```text
//!   todo    a b c d ──┐
//!                     │  LMOVE todo doing RIGHT LEFT
//!   doing             └──▶ d x y
//! ```
//!
//! Both may be the same list, which is turned then.

use super::super::collection::{existing, writable};
use super::super::entry::{BLOCKING, Command, DENY_OOM, Keys, NO_SCRIPT, WRITE};
use super::super::{Call, Done, Error, Null};
use super::{end, popped, pushed};
use crate::engine::Classes;
use crate::store::{End, Kind, ListMut};

/// The commands that move an element from one list to another.
pub const COMMANDS: &[Command] = &[
    Command::new("BLMOVE", 6, blmove)
        .flags(&[WRITE, DENY_OOM, NO_SCRIPT, BLOCKING])
        .keys(&[
            Keys::one("RW access delete"),
            Keys::range("RW insert", 2, 0, 1),
        ])
        .doc(
            "6.2.0",
            "O(1)",
            "Moves an element from one list to another, waiting for one if need be",
        )
        .syntax(
            "source:key destination:key@1 (wherefrom=LEFT|RIGHT) (whereto=LEFT|RIGHT) \
             timeout:double",
        ),
    Command::new("BRPOPLPUSH", 4, brpoplpush)
        .flags(&[WRITE, DENY_OOM, NO_SCRIPT, BLOCKING])
        .keys(&[
            Keys::one("RW access delete"),
            Keys::range("RW insert", 2, 0, 1),
        ])
        .doc(
            "2.2.0",
            "O(1)",
            "Moves the last element of one list to the head of another, or waits for one",
        )
        .deprecated("6.2.0", "`BLMOVE` with the `RIGHT` and `LEFT` arguments")
        .syntax("source:key destination:key@1 timeout:double"),
    Command::new("LMOVE", 5, lmove)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[
            Keys::one("RW access delete"),
            Keys::range("RW insert", 2, 0, 1),
        ])
        .doc(
            "6.2.0",
            "O(1)",
            "Takes an element from an end of one list and puts it on an end of another",
        )
        .syntax("source:key destination:key@1 (wherefrom=LEFT|RIGHT) (whereto=LEFT|RIGHT)"),
    Command::new("RPOPLPUSH", 3, rpoplpush)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[
            Keys::one("RW access delete"),
            Keys::range("RW insert", 2, 0, 1),
        ])
        .doc(
            "1.2.0",
            "O(1)",
            "Takes the last element of one list and puts it on the head of another",
        )
        .deprecated("6.2.0", "`LMOVE` with the `RIGHT` and `LEFT` arguments")
        .syntax("source:key destination:key@1"),
];

fn lmove(call: &mut Call) -> Done {
    let (from, to) = (end(call.args.arg(3))?, end(call.args.arg(4))?);
    transfer_or_null(call, from, to)
}

fn rpoplpush(call: &mut Call) -> Done {
    transfer_or_null(call, End::Back, End::Front)
}

fn blmove(call: &mut Call) -> Done {
    let (from, to) = (end(call.args.arg(3))?, end(call.args.arg(4))?);
    transfer_or_wait(call, from, to, 5)
}

fn brpoplpush(call: &mut Call) -> Done {
    transfer_or_wait(call, End::Back, End::Front, 3)
}

fn transfer_or_null(call: &mut Call, from: End, to: End) -> Done {
    if !transfer(call, from, to)? {
        call.reply.null();
    }
    Ok(())
}

fn transfer_or_wait(call: &mut Call, from: End, to: End, timeout: usize) -> Done {
    let deadline = call.timeout(timeout)?;
    if transfer(call, from, to)? {
        return Ok(());
    }
    call.block(Kind::List, 1..2, deadline, Null::Bulk)
}

/// Moves an element from the list in argument 1 to that in argument 2, and replies with it. `false`
/// where the first is not there; then nothing is written.
fn transfer(call: &mut Call, from: End, to: End) -> Result<bool, Error> {
    let has_waited = call.woken_by().is_some();
    let (args, mut db, reply) = call.parts();
    let (source, destination) = (args.arg(1), args.arg(2));
    if existing::<ListMut>(&mut db, source)?.is_none() {
        return Ok(false);
    }
    // Whether it can be put there is asked before it is taken.
    if db.kind(destination).is_some_and(|kind| kind != Kind::List) {
        return Err(Error::WRONG_TYPE);
    }
    let packing = db.packing;
    let Some(mut list) = existing::<ListMut>(&mut db, source)? else {
        return Ok(false);
    };
    let Some(element) = list.pop(from, |item| item.to_vec()) else {
        return Ok(false);
    };
    let is_empty = list.is_empty();
    writable::<ListMut>(&mut db, destination)?.push(to, &element, packing);
    db.changed(Classes::LIST, pushed(to), destination);
    reply.bulk(&element);
    db.replied();
    db.notify(Classes::LIST, popped(from), source);
    if is_empty && source != destination {
        db.remove_empty(source);
    }
    if !has_waited {
        db.modified(source);
    }
    Ok(true)
}

//! Transactions: several requests run as one, or none of them.
//!
//! ```text
//!   client A                         client B
//!   WATCH stock      +OK                                  A is told when `stock` changes
//!   MULTI            +OK             SET stock 3          it does: A is touched
//!   DECR stock       +QUEUED
//!   EXEC             null                                 nothing is run; otherwise an array of replies
//! ```
//!
//! Between MULTI and EXEC requests are checked and queued (see [`gate`](super::gate)); one that is
//! refused aborts the transaction. EXEC then runs them one after the other, each counted and told like any
//! other command, and nobody else's between them. One that fails does not stop those behind it.
//!
//! Time stands still in the meantime: no key expires between two commands of a transaction.

use super::entry::{ALLOW_BUSY, Command, FAST, Keys, LOADING, NO_SCRIPT, SKIP_SLOWLOG, STALE};
use super::notifications::tell;
use super::outputs::Own;
use super::table::{self, Listed};
use super::{Call, Done, Error, KnownHash, Waiting, gate};
use crate::engine::{Engine, ReplyMode, SessionId, Transaction};
use crate::resp::{Output, Reply, Request, RequestQueue};

/// Requests whose keys are fetched together.
const AT_ONCE: usize = 32;

const NESTED: Error = Error::new("ERR MULTI calls can not be nested");
const WATCH_INSIDE: Error = Error::new("ERR WATCH inside MULTI is not allowed");
const EXEC_OUTSIDE: Error = Error::new("ERR EXEC without MULTI");
const DISCARD_OUTSIDE: Error = Error::new("ERR DISCARD without MULTI");
const ABORTED: Error = Error::new("EXECABORT Transaction discarded because of previous errors.");

/// MULTI and what belongs to it.
pub const COMMANDS: &[Command] = &[
    Command::new("DISCARD", 1, discard)
        .flags(&[NO_SCRIPT, LOADING, STALE, FAST, ALLOW_BUSY])
        .doc(
            "2.0.0",
            "O(N), when N is the number of queued commands",
            "Ends the transaction and runs nothing of it",
        ),
    Command::new("EXEC", 1, exec)
        .flags(&[NO_SCRIPT, LOADING, STALE, SKIP_SLOWLOG])
        .doc(
            "1.2.0",
            "Depends on commands in the transaction",
            "Runs everything that the transaction has queued",
        ),
    Command::new("MULTI", 1, multi)
        .flags(&[NO_SCRIPT, LOADING, STALE, FAST, ALLOW_BUSY])
        .doc("1.2.0", "O(1)", "Begins a transaction"),
    Command::new("UNWATCH", 1, unwatch)
        .flags(&[NO_SCRIPT, LOADING, STALE, FAST, ALLOW_BUSY])
        .doc(
            "2.2.0",
            "O(1)",
            "Forgets every key that the connection watches",
        ),
    Command::new("WATCH", -2, watch)
        .flags(&[NO_SCRIPT, LOADING, STALE, FAST, ALLOW_BUSY])
        .keys(&[Keys::range("RO", 1, -1, 1)])
        .doc(
            "2.2.0",
            "O(1) for every key.",
            "Watches keys: the next transaction is run only if none of them has changed",
        )
        .syntax("key ..."),
];

fn multi(call: &mut Call) -> Done {
    if call.session().transaction().is_some() {
        return Err(NESTED);
    }
    call.engine.begin_transaction(call.id);
    call.reply.ok();
    Ok(())
}

fn discard(call: &mut Call) -> Done {
    if call.session().transaction().is_none() {
        return Err(DISCARD_OUTSIDE);
    }
    call.engine.end_transaction(call.id);
    call.reply.ok();
    Ok(())
}

fn watch(call: &mut Call) -> Done {
    if call.session().transaction().is_some() {
        return Err(WATCH_INSIDE);
    }
    for key in call.args.iter().skip(1) {
        call.engine.watch(call.id, key);
    }
    call.reply.ok();
    Ok(())
}

fn unwatch(call: &mut Call) -> Done {
    call.engine.observers.unwatch(call.id);
    call.reply.ok();
    Ok(())
}

fn exec(call: &mut Call) -> Done {
    let is_touched = call.engine.is_touched(call.id);
    let Some(transaction) = call.session().transaction_mut() else {
        return Err(EXEC_OUTSIDE);
    };
    if transaction.is_aborted {
        call.engine.end_transaction(call.id);
        return Err(ABORTED);
    }
    if is_touched {
        call.engine.end_transaction(call.id);
        call.reply.null_array();
        return Ok(());
    }
    let (mut queue, commands) = transaction.take();
    // What it does itself to the keys that it has watched is not looked at any more.
    call.engine.observers.unwatch(call.id);
    let begun = (call.engine.clock, call.engine.watch_ns);
    let (id, engine, out) = (call.id, &mut *call.engine, call.reply.output());
    muted(engine, id, out, |engine, out| {
        Reply::new(out, engine.sessions[id].protocol).array(commands.len());
    });
    for (i, &number) in commands.iter().enumerate() {
        if i % AT_ONCE == 0 {
            expect_keys(engine, id, &queue, &commands, i);
        }
        let found = table::numbered(number).expect("the number is from the table");
        muted(engine, id, out, |engine, out| {
            run_queued(engine, id, found, queue.request(i), out);
        });
        engine.clock = begun.0;
    }
    engine.end_transaction(id);
    engine.trash.requests(queue);
    // EXEC is charged with all of it.
    engine.watch_ns = begun.1;
    let session = &mut engine.sessions[id];
    if session.reply_mode != ReplyMode::On {
        session.extras().unwanted.is_done = true;
    }
    Ok(())
}

/// Fetches what lookups of the first keys of the next requests will need, for all of them at the same time, as it
/// is done for a pipeline.
fn expect_keys(
    engine: &mut Engine,
    id: SessionId,
    queue: &RequestQueue,
    commands: &[u16],
    from: usize,
) {
    let next = from..commands.len().min(from + AT_ONCE);
    let keys = next.filter_map(|i| {
        let first = table::numbered(commands[i])?.command.first_key?;
        queue.peek(i, usize::from(first.get()))
    });
    let db = engine.sessions[id].db as usize;
    engine.db(db).expect(keys);
}

/// Runs one request of a transaction.
fn run_queued(
    engine: &mut Engine,
    id: SessionId,
    found: &'static Listed,
    request: Request<'_>,
    out: &mut Output,
) {
    let mark = out.mark();
    let session = &engine.sessions[id];
    let gates = session.gates | engine.gates;
    let mut call = Call {
        command: found.command,
        args: request,
        reply: Reply::new(out, session.protocol),
        engine: &mut *engine,
        id,
        known: &KnownHash::NONE,
        waiting: Waiting::Never,
    };
    gate::pass_again(&mut call, found, mark, gates);
    if engine.observers.has_happened() {
        tell(engine, Some(Own::new(id, out, mark)));
    }
}

/// Takes back what `write` has written if the client wants no replies when it is done, or was leaving
/// before it began. CLIENT REPLY and CLIENT KILL hold within a transaction at once, as in Redis, where a
/// client that has them in the middle of one gets fewer replies than it was promised.
fn muted(
    engine: &mut Engine,
    id: SessionId,
    out: &mut Output,
    write: impl FnOnce(&mut Engine, &mut Output),
) {
    let (mark, was_closing) = (out.mark(), engine.sessions[id].closing);
    write(engine, out);
    let session = &mut engine.sessions[id];
    let pushed = session.take_pushed();
    if was_closing || !session.reply_mode.replies() {
        out.truncate(mark);
        out.push(&pushed);
    }
}

/// Whether a request of this command is queued while its client is in a transaction: all but those that
/// end the transaction, or are about it.
pub(super) fn is_queued(found: &Listed) -> bool {
    let is_other = !matches!(
        found.command.name,
        "EXEC" | "DISCARD" | "MULTI" | "WATCH" | "QUIT" | "RESET"
    );
    // There is a LATENCY RESET.
    is_other || found.container.is_some()
}

/// Whether it is EXEC, and one of the commands that it is to run is of this kind.
pub(super) fn would_run(call: &Call, is_of_kind: fn(&Command) -> bool) -> bool {
    let transaction = call.engine.sessions[call.id].transaction();
    let transaction = transaction.filter(|_| call.command.name == "EXEC");
    let commands = transaction.map_or(&[][..], Transaction::commands);
    let mut queued = commands
        .iter()
        .filter_map(|&number| table::numbered(number));
    queued.any(|found| is_of_kind(found.command))
}

/// Queues a request for EXEC. Of a transaction that will not be run anyway nothing more is kept.
pub(super) fn queue(call: &mut Call, found: &'static Listed) {
    let is_touched = call.engine.observers.watched().is_touched(call.id);
    let session = &mut call.engine.sessions[call.id];
    if let Some(transaction) = session.transaction_mut()
        && !transaction.is_aborted
        && !is_touched
    {
        transaction.push(found.number, &mut call.args);
    }
    call.reply.simple("QUEUED");
    // Nothing is run, and still it took its time.
    call.engine.look_at_watch();
}

/// A request was refused before it was run: the client's transaction is aborted. Gives the error that
/// the client is answered, which is another one where it was EXEC that was refused.
pub(super) fn refused(
    engine: &mut Engine,
    id: SessionId,
    found: Option<&Listed>,
    error: Error,
) -> Error {
    let is_exec = found.is_some_and(|found| found.command.name == "EXEC");
    if is_exec {
        engine.end_transaction(id);
        let why = error.0.strip_prefix(b"ERR ").unwrap_or(&error.0);
        let text = b"EXECABORT Transaction discarded because of: ";
        return Error::text([text, why].concat());
    }
    if let Some(transaction) = engine.sessions[id].transaction_mut() {
        transaction.is_aborted = true;
    }
    error
}

#[cfg(test)]
mod tests;

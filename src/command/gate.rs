//! What happens to a request for which a [gate](crate::engine::gates) is shut.
//!
//! Only few requests come here: those of a client in a transaction, of one whose user may not do
//! everything, of anybody while the server is paused or watched. The questions are asked in the order in which
//! Redis asks them, since a client sees which answer it gets:
//!
//! ```text
//!   answer_request        is there such a command, its arity
//!        │
//!        ▼
//!   gate::pass            logged in?  may the user?  is there memory?  a subscriber in RESP2?  paused?  in MULTI?
//!        │                        (before the command)
//!        ▼
//!   carry_out             the command
//!        │
//!        ▼
//!   gate::pass            monitors see it, its keys are remembered for a tracking client
//! ```

use super::client::tracking;
use super::entry::NO_MULTI;
use super::notifications::tell;
use super::outputs::Own;
use super::slowlog::summary;
use super::table::Listed;
use super::{
    Call, Error, acl, carry_out, monitor, pause, pubsub, reject, rename, room, transaction,
    wrong_arity,
};
use crate::engine::Gates;
use crate::resp::Mark;

const NOT_QUEUED: Error = Error::new("ERR Command not allowed inside a transaction");

/// Lets a request through that `answer_request` has let through, or does with it what the shut gates say.
/// Its reply begins at `mark`.
#[cold]
pub(super) fn pass(call: &mut Call, found: &'static Listed, mark: Mark, gates: Gates) {
    let found = match known_as(call, found, gates) {
        Ok(found) => found,
        Err((found, error)) => return refuse_name(call, found, error),
    };
    let is_queueing = gates.has(Gates::QUEUEING);
    if is_queueing && found.command.flags.has(NO_MULTI) {
        return refuse(call, found, NOT_QUEUED);
    }
    if gates.has(Gates::RESTRICTED)
        && let Err(error) = acl::check::permit(call, found)
    {
        return refuse(call, found, error);
    }
    if gates.has(Gates::LIMITED)
        && let Err(error) = room::make(call, found)
    {
        return refuse(call, found, error);
    }
    if gates.has(Gates::SUBSCRIBED)
        && let Err(error) = pubsub::check_subscriber(found)
    {
        return refuse(call, found, error);
    }
    if gates.has(Gates::MONITORING) && !monitor::may_send(found.command) {
        return refuse(call, found, monitor::NO_KEYS);
    }
    if gates.has(Gates::PAUSED) {
        // A monitor goes on: Redis spares replicas, and it is one of them.
        if !gates.has(Gates::MONITORING) && pause::must_wait(call) {
            return pause::park(call);
        }
        call.engine.keep_due_keys(true);
    }
    if is_queueing && transaction::is_queued(found) {
        return transaction::queue(call, found);
    }
    run(call, found, mark, gates);
    // It may have begun within EXEC.
    if call.engine.sessions[call.id].gates.has(Gates::TRACKING) {
        tracking::is_over(call, found);
    }
}

/// The command that the request names, where the table's names are not those of this server. (One that is found by
/// its new name has been found so already, and is found again.)
fn known_as(
    call: &mut Call,
    found: &'static Listed,
    gates: Gates,
) -> Result<&'static Listed, (Option<&'static Listed>, Error)> {
    if !gates.has(Gates::RENAMED) {
        return Ok(found);
    }
    let found = rename::resolve(&call.engine.config.renames, &call.args);
    let found = found.map_err(|error| (None, error))?;
    if !found.command.accepts(call.args.len()) {
        return Err((Some(found), wrong_arity(found)));
    }
    call.command = found.command;
    call.session().last_command = Some(found.number);
    Ok(found)
}

fn refuse_name(call: &mut Call, found: Option<&'static Listed>, error: Error) {
    reject(call.engine, call.id, found, error, call.reply.output());
}

/// The same for a request that EXEC runs: it has been let through already when it was queued. What is asked
/// again is what may have been forbidden since.
pub(super) fn pass_again(call: &mut Call, found: &'static Listed, mark: Mark, gates: Gates) {
    if gates.has(Gates::RESTRICTED)
        && let Err(error) = acl::check::permit_queued(call, found)
    {
        return super::refuse(call.engine, call.id, &error, call.reply.output());
    }
    run(call, found, mark, gates);
}

/// Runs a command, and has those who see commands see it.
fn run(call: &mut Call, found: &'static Listed, mark: Mark, gates: Gates) {
    let is_monitored = call.engine.gates.has(Gates::MONITORED);
    let shown = is_monitored.then(|| monitor::words(call, found)).flatten();
    if call.args.owns_any() && call.engine.config.slow_us().is_some() {
        call.engine.slow_log.beforehand = Some(summary(found, &call.args));
    }
    carry_out(call, found, mark);
    call.engine.slow_log.beforehand = None;
    // A monitor that hears of keys, too, hears that before it sees the command; and a key that a tracking
    // client found to be expired, and has others forget, is one that it remembers.
    if (is_monitored || gates.has(Gates::TRACKING)) && call.engine.observers.has_happened() {
        let (engine, id, out) = (&mut *call.engine, call.id, call.reply.output());
        tell(engine, Some(Own::new(id, out, mark)));
    }
    if let Some(words) = shown {
        monitor::show(call.engine, call.id, &words, call.reply.output());
    }
    if gates.has(Gates::TRACKING) {
        tracking::ran(call, found);
    }
}

/// Answers a request that is not let through. If it was part of a transaction, that is aborted. (An EXEC that is
/// refused ends one, so monitors see it, as in Redis.)
fn refuse(call: &mut Call, found: &'static Listed, error: Error) {
    let is_seen = found.command.name == "EXEC" && call.engine.gates.has(Gates::MONITORED);
    let shown = is_seen.then(|| monitor::words(call, found)).flatten();
    reject(
        call.engine,
        call.id,
        Some(found),
        error,
        call.reply.output(),
    );
    if let Some(words) = shown {
        monitor::show(call.engine, call.id, &words, call.reply.output());
    }
}

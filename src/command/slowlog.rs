//! SLOWLOG, and how a command that took long comes into it.
//!
//! Every command is timed, and the time compared with one number, [`Engine::slow_ns`]: the least of what is
//! long for the clock, for the slow log and for LATENCY. Only beyond it does anything here happen.

use super::entry::{ADMIN, Command, FAST, LOADING, SKIP_SLOWLOG, STALE};
use super::redact::{REDACTED, secrets};
use super::table::Listed;
use super::{Call, Done, Error, help};
use crate::engine::slowlog::{Entry, MAX_ARG_BYTES, MAX_ARGS, Summary};
use crate::engine::{Engine, SessionId};
use crate::number::parse_i64;
use crate::resp::Request;

/// How many entries SLOWLOG GET shows unless it is told.
const DEFAULT_COUNT: usize = 10;

/// How many fields an entry has in the reply.
const FIELDS: usize = 6;

const BAD_COUNT: Error = Error::new("ERR count should be greater than or equal to -1");

/// The command SLOWLOG.
pub const COMMANDS: &[Command] = &[Command::container("SLOWLOG", SUBCOMMANDS).doc(
    "2.2.12",
    "Depends on subcommand.",
    "Tells which commands took long",
)];

/// The subcommands of SLOWLOG.
const SUBCOMMANDS: &[Command] = &[
    Command::new("GET", -2, slowlog_get)
        .flags(&[ADMIN, LOADING, STALE])
        .tips(&["request_policy:all_nodes", "nondeterministic_output"])
        .doc(
            "2.2.12",
            "O(N) where N is the number of entries returned",
            "Shows the latest entries of the slow log",
        )
        .syntax("[count:integer]"),
    Command::new("HELP", 2, slowlog_help)
        .flags(&[LOADING, STALE])
        .doc(
            "6.2.0",
            "O(1)",
            "Lists the subcommands with a line or two about each",
        ),
    Command::new("LEN", 2, slowlog_len)
        .flags(&[ADMIN, LOADING, STALE])
        .tips(&[
            "request_policy:all_nodes",
            "response_policy:agg_sum",
            "nondeterministic_output",
        ])
        .doc("2.2.12", "O(1)", "Counts the entries of the slow log"),
    Command::new("RESET", 2, slowlog_reset)
        .flags(&[ADMIN, LOADING, STALE])
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
        .doc(
            "2.2.12",
            "O(N) where N is the number of entries in the slowlog",
            "Forgets the entries of the slow log",
        ),
];

fn slowlog_get(call: &mut Call) -> Done {
    let log = &call.engine.slow_log;
    let count = match call.args.len() {
        2 => DEFAULT_COUNT,
        3 => match parse_i64(call.args.arg(2)) {
            Some(-1) => usize::MAX,
            Some(count) => usize::try_from(count).map_err(|_| BAD_COUNT)?,
            None => return Err(BAD_COUNT),
        },
        _ => return Err(help::wrong_use(call, "SLOWLOG")),
    };
    let reply = &mut call.reply;
    reply.array(count.min(log.len()));
    for entry in log.iter().take(count) {
        reply.array(FIELDS);
        reply.integer(entry.id as i64);
        reply.integer(entry.unix_s as i64);
        reply.integer(entry.us as i64);
        reply.array(entry.args.len());
        for arg in &entry.args {
            reply.bulk(arg);
        }
        reply.bulk(entry.addr.as_bytes());
        reply.bulk(&entry.name);
    }
    Ok(())
}

fn slowlog_help(call: &mut Call) -> Done {
    help::help(call, help::SLOWLOG)
}

fn slowlog_len(call: &mut Call) -> Done {
    call.reply.integer(call.engine.slow_log.len() as i64);
    Ok(())
}

fn slowlog_reset(call: &mut Call) -> Done {
    call.engine.slow_log.clear();
    call.reply.ok();
    Ok(())
}

/// A client's command has taken as long as [`Engine::slow_ns`], or longer: the clock is put forward, and what
/// wants to know is told.
#[cold]
pub fn note(engine: &mut Engine, id: SessionId, found: &Listed, args: &Request<'_>, ns: u64) {
    engine.put_clock_forward(ns);
    let is_fast = found.command.flags.has(FAST);
    engine.note_latency(if is_fast { "fast-command" } else { "command" }, ns);
    // Who waits is logged when it has been answered.
    if !engine.sessions[id].blocked {
        log(engine, id, found, args, ns);
    }
}

/// The same for one that has waited and was run again.
#[cold]
pub fn note_again(engine: &mut Engine, id: SessionId, found: &Listed, args: &Request<'_>, ns: u64) {
    engine.put_clock_forward(ns);
    engine.note_latency("command-unblocking", ns);
    log(engine, id, found, args, ns);
}

fn log(engine: &mut Engine, id: SessionId, found: &Listed, args: &Request<'_>, ns: u64) {
    let us = ns / 1000;
    if !engine.config.is_slow_us(us) || found.command.flags.has(SKIP_SLOWLOG) {
        return;
    }
    let beforehand = engine.slow_log.beforehand.take();
    let session = &engine.sessions[id];
    let entry = Entry {
        id: 0,
        unix_s: engine.clock.unix_s(),
        us,
        args: beforehand.unwrap_or_else(|| summary(found, args)),
        addr: session.addr.clone(),
        name: shortened(&session.name),
    };
    engine.slow_log.push(entry, engine.config.slowlog_max_len);
}

/// The words of a request of this command, shortened.
pub fn summary(command: &Listed, args: &Request<'_>) -> Summary {
    let hidden = secrets(command, args);
    let is_cut = args.len() > MAX_ARGS;
    let shown = if is_cut { MAX_ARGS - 1 } else { args.len() };
    let short = |(i, word): (usize, &[u8])| match hidden.binary_search(&i) {
        Ok(_) => REDACTED.into(),
        Err(_) => shortened(word),
    };
    let mut words: Summary = args.iter().take(shown).enumerate().map(short).collect();
    if is_cut {
        let more = args.len() - shown;
        let text = format!("... ({more} more arguments)");
        words.push(text.into_bytes().into());
    }
    words
}

fn shortened(word: &[u8]) -> Box<[u8]> {
    let Some((head, rest)) = word.split_at_checked(MAX_ARG_BYTES) else {
        return word.into();
    };
    if rest.is_empty() {
        return word.into();
    }
    let text = format!("... ({} more bytes)", rest.len());
    [head, text.as_bytes()].concat().into()
}

#[cfg(test)]
mod tests;

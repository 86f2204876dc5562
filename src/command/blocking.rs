//! Commands that wait: what BLPOP and its like call, and how who waits is served.
//!
//! ```text
//!   BLPOP a b 0     nothing there:  call.block(..)          the client waits, there is no reply
//!
//!   LPUSH b x       :1              Db::insert notes "b"
//!                   serve_blocked   "b": who is first in line?
//!                                   BLPOP again, woken by "b" ──▶ its reply, to its own output
//!   (the next request of anybody)
//! ```
//!
//! A command that may wait is written like any other, and asks for two things more:
//!
//! ```text
//!   let deadline = call.timeout(last)?;                      before anything else, as Redis does
//!   for i in call.keys_to_try(1..last) { ..take, reply, return Ok(()).. }
//!   call.block(Kind::List, 1..last, deadline, Null::Array)
//! ```
//!
//! Run again, it finds only the key that woke it in `keys_to_try`, and that key holds a value of the
//! kind that it waits for. If it fails now, its client gets the error and waits no more.
//!
//! How much is done at a time: one command may wake everybody who waits, each once, since who is
//! served has left the line, and nobody begins to wait meanwhile. As in Redis all that happens before
//! the next command of anybody, so that no client sees a list with an element and somebody in front
//! of it who wants it. It is bounded by `maxclients`.

use super::notifications::tell;
use super::outputs::Own;
use super::pubsub::deliver::{deliver_letters, output_of};
use super::replication::CONFIRMED;
use super::table::Listed;
use super::{
    Call, Done, Error, KnownHash, Outputs, Prepared, Waiting, mute, refuse, slowlog, table,
};
use crate::engine::blocked::{Over, Waiter, Woken, Work};
use crate::engine::{Engine, ReplyMode, SessionId};
use crate::number::{incr_by_float, parse_f64};
use crate::resp::Reply;
use crate::store::Kind;
use std::ops::Range;

const NOT_A_TIMEOUT: Error = Error::new("ERR timeout is not a float or out of range");
const NEGATIVE: Error = Error::new("ERR timeout is negative");
const UNBLOCKED: Error = Error::new("UNBLOCKED client unblocked via CLIENT UNBLOCK");

/// What a client is answered that may not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Null {
    /// Nothing, where an array could be (BLPOP).
    Array,
    /// Nothing, where a string could be (BLMOVE).
    Bulk,
}

/// The first number of milliseconds that does not fit into Redis's 64 bits: 2^63.
const TOO_MANY_MS: f64 = 9_223_372_036_854_775_808.0;

impl<'a> Call<'a> {
    /// Reads argument `i` as a timeout in seconds, perhaps with a fraction: until when to wait, in unix
    /// milliseconds. `None` is for ever, which is what 0 says.
    ///
    /// # Errors
    /// It is no number, or negative.
    pub fn timeout(&self, i: usize) -> Result<Option<u64>, Error> {
        let ms = timeout_ms(self.args.arg(i))?;
        // Rounded up: who waits for a millisecond is not told after half of it.
        let now_ms = self.engine.clock.unix_us().div_ceil(1000);
        Ok((ms > 0).then(|| now_ms.saturating_add(ms)))
    }

    /// Which of the keys at these positions the command is to look at: all of them at first, and when
    /// it was woken only the one that woke it.
    #[must_use]
    pub fn keys_to_try(&self, keys: Range<usize>) -> Range<usize> {
        let Some(woken_by) = self.woken_by() else {
            return keys;
        };
        let mut positions = keys.clone();
        match positions.find(|&i| self.args.get(i) == Some(woken_by)) {
            Some(i) => i..i + 1,
            None => keys.end..keys.end,
        }
    }

    /// The key for which the client has waited, when the command is run again.
    #[must_use]
    pub fn woken_by(&self) -> Option<&'a [u8]> {
        match self.waiting {
            Waiting::Woken(key) => Some(key),
            Waiting::Allowed | Waiting::Never | Waiting::Again => None,
        }
    }

    /// There is nothing to take: lets the client wait until one of its keys, at these positions,
    /// holds a value of this kind, or until the deadline, in unix milliseconds, which is answered
    /// with a null array. The command returns this at once. It has written nothing and has taken no
    /// argument out of its request.
    ///
    /// Where nobody may wait (in a transaction), the answer is `null` right away. (It is another one
    /// for BLMOVE, and after a timeout it is not: that is how Redis has it.)
    ///
    /// # Errors
    /// None; it is what a command returns.
    pub fn block(
        &mut self,
        kind: Kind,
        keys: Range<usize>,
        deadline_ms: Option<u64>,
        null: Null,
    ) -> Done {
        match self.waiting {
            Waiting::Never => match null {
                Null::Array => self.reply.null_array(),
                Null::Bulk => self.reply.null(),
            },
            Waiting::Woken(_) => self.waiting = Waiting::Again,
            Waiting::Again => {}
            Waiting::Allowed => {
                let session = &self.engine.sessions[self.id];
                let (db, command) = (session.db as usize, session.last_command);
                let waiter = Waiter {
                    argument_bytes: self.args.iter().map(<[u8]>::len).sum(),
                    request: self.args.detach(),
                    command: command.expect("a session knows which command it is running"),
                    db,
                    keys,
                    kind,
                    deadline_ms,
                };
                self.engine.block(self.id, waiter);
            }
        }
        Ok(())
    }
}

/// Reads a timeout in seconds; gives it in milliseconds, rounded up.
fn timeout_ms(text: &[u8]) -> Result<u64, Error> {
    let seconds = match parse_f64(text) {
        Some(seconds) => seconds,
        None => beyond_a_double(text)?,
    };
    let ms = (seconds * 1000.0).ceil();
    // Redis's own number wraps around here.
    if !(0.0..TOO_MANY_MS).contains(&ms) {
        return Err(NEGATIVE);
    }
    Ok(ms as u64)
}

/// Redis reads timeouts as long doubles, which are greater and smaller than any double.
fn beyond_a_double(text: &[u8]) -> Result<f64, Error> {
    let is_negative = text.starts_with(b"-");
    match incr_by_float(b"0", text) {
        Ok(sum) if sum.trim_start_matches('-') != "0" => Ok(f64::INFINITY),
        Ok(_) if is_negative => Ok(0.0),
        Ok(_) => Ok(f64::MIN_POSITIVE),
        Err(_) => Err(NOT_A_TIMEOUT),
    }
}

/// Serves the clients that wait for what has come into being, and tells those whose wait is over.
///
/// To be called whenever [`Blocked::has_work`](crate::engine::Blocked::has_work): after a command, before
/// the next of anybody, and after [`Engine::time_out`]. The replies are written to `outputs`. A client
/// that has waited is free to run its next request when [`Session::blocked`](crate::engine::Session::blocked)
/// is false again.
pub fn serve_blocked(engine: &mut Engine, outputs: &mut dyn Outputs) {
    while let Some(work) = engine.blocked.next_work() {
        match work {
            Work::Ready { db, key } => serve_key(engine, outputs, db, &key),
            Work::Over { id, woken, why } => end_wait(engine, outputs, id, woken, why),
        }
    }
}

/// Serves those who wait for a key, first come first served, as long as it has something for them.
fn serve_key(engine: &mut Engine, outputs: &mut dyn Outputs, db: usize, key: &[u8]) {
    let mut after = 0;
    while let Some(kind) = engine.db(db).kind(key)
        && let Some((ticket, id)) = engine.blocked.next_in_line(db, key, kind, after)
    {
        after = ticket;
        run_again(engine, outputs, id, key);
        // The next one may be told of what this one has done, and that comes before its own reply.
        if !engine.outbox.is_empty() {
            deliver_letters(engine, outputs);
        }
    }
}

/// Runs a waiting client's command again for the key that it has waited for.
fn run_again(engine: &mut Engine, outputs: &mut dyn Outputs, id: SessionId, key: &[u8]) {
    let Some(out) = output_of(engine, outputs, id) else {
        return engine.stop_waiting(id);
    };
    let Some(mut woken) = engine.wake(id) else {
        return;
    };
    let before = out.len();
    out.seal();
    let mark = out.mark();
    let found = entry(&mut woken);
    let mut call = Call {
        command: found.command,
        args: woken.waiter().request.request(),
        reply: Reply::new(out, engine.sessions[id].protocol),
        engine,
        id,
        known: &KnownHash::NONE,
        waiting: Waiting::Woken(key),
    };
    let done = (found.command.run)(&mut call);
    if matches!(call.waiting, Waiting::Again) {
        out.truncate(mark);
        return engine.block_again(id, woken);
    }
    let ns = count_again(engine, found.number, done.is_err());
    if ns >= engine.slow_ns {
        let args = woken.waiter().request.request();
        slowlog::note_again(engine, id, found, &args, ns);
    }
    if let Err(error) = done {
        out.truncate(mark);
        refuse(engine, id, &error, out);
    }
    if engine.observers.has_happened() {
        tell(engine, Some(Own::new(id, &mut *out, mark)));
    }
    // What it was told is kept for it, and not to be given again with its next command.
    if engine.sessions[id].reply_mode != ReplyMode::On {
        mute(&mut engine.sessions[id], mark, out);
    }
    let unsent = (before, out.len());
    let prepared = Prepared {
        found: Some(found),
        known: KnownHash::NONE,
    };
    let request = woken.waiter().request.request();
    outputs.ran(engine, id, (&prepared, &request), unsent);
}

/// Tells a client that has waited in vain.
fn end_wait(
    engine: &mut Engine,
    outputs: &mut dyn Outputs,
    id: SessionId,
    mut woken: Woken,
    why: Over,
) {
    let Some(out) = output_of(engine, outputs, id) else {
        return;
    };
    out.seal();
    let mark = out.mark();
    let found = entry(&mut woken);
    let stats = engine.stats.command(found.number.into());
    stats.failed += u64::from(why != Over::TimedOut);
    let mut reply = Reply::new(out, engine.sessions[id].protocol);
    match why {
        Over::Refused => refuse(engine, id, &UNBLOCKED, out),
        // WAIT waits for replicas, and is told how many there are.
        _ if found.command.keys.is_empty() => reply.integer(CONFIRMED),
        Over::TimedOut | Over::Released => reply.null_array(),
    }
    if engine.sessions[id].reply_mode != ReplyMode::On {
        mute(&mut engine.sessions[id], mark, out);
    }
    let unsent = out.len();
    outputs.told(engine, id, unsent);
}

/// The entry of a waiting client's command.
fn entry(woken: &mut Woken) -> &'static Listed {
    table::numbered(woken.waiter().command).expect("the number is from the table")
}

/// Counts the nanoseconds that a command took when it was run again, and gives them. It is still the same call.
fn count_again(engine: &mut Engine, number: u16, failed: bool) -> u64 {
    let before_ns = engine.watch_ns;
    engine.watch_ns = (engine.host.stopwatch_ns)();
    let stats = engine.stats.command(number.into());
    let ns = engine.watch_ns.saturating_sub(before_ns);
    stats.ns += ns;
    stats.failed += u64::from(failed);
    ns
}

#[cfg(test)]
pub(super) mod tests;

//! Commands: what a request means.
//!
//! One command is one entry in its group's table and one function beside it. Everything that is
//! said *about* a command (arity, flags, where its keys are, its documentation) stands in the
//! entry, and everything that asks (COMMAND, COMMAND DOCS, the arity error) reads it from there.
//!
//! ```text
//!   request ──▶ execute ──▶ table::find ──▶ arity, gates ─▶ (command.run)(&mut Call)
//!                                                                │ Ok: the reply stands
//!                                                                ▼ Err: the reply is cut back to
//!                                                                  where it began, the error written
//! ```
//!
//! Whoever is in a transaction, may not do everything, or has asked for anything else of the kind, has a *gate*
//! shut, and its requests go another way (`gate.rs`); all others never notice that there is one.
//!
//! A command sees its arguments, its reply, its own session and the engine, never a socket and
//! never another client's output. What concerns other clients is noted, and told when the command is over
//! ([`follow_up()`]); what concerns the server goes out as [`Mail`](crate::engine::Mail).

pub mod acl;
mod bitmap;
pub mod blocking;
mod catalog;
mod client;
mod cluster;
mod collection;
pub mod config;
mod connection;
mod count;
mod debug;
mod docs;
pub mod entry;
mod error;
mod expire;
pub mod follow_up;
mod gate;
mod geo;
mod hash;
mod help;
mod hyperloglog;
mod info;
mod key;
mod key_spec;
mod latency;
mod list;
mod lolwut;
mod memory;
mod module;
mod monitor;
mod notifications;
mod object;
mod outputs;
pub mod pause;
pub mod pubsub;
mod redact;
pub mod rename;
mod replication;
mod room;
mod sample;
mod scan;
mod server;
mod set;
mod slowlog;
mod sort;
mod sorted_set;
mod string;
pub mod table;
#[cfg(test)]
pub(crate) mod testing;
mod transaction;

use crate::engine::{Db, Engine, Gates, KnownHash, ReplyMode, Session, SessionId};
use crate::resp::{Mark, Output, Reply, Request};
use crate::store::Item;
pub use blocking::{Null, serve_blocked};
pub use client::line::flags as client_flags;
pub use entry::Command;
pub use error::Error;
pub use follow_up::follow_up;
pub use outputs::Outputs;
use outputs::Own;
pub use table::Group;
use table::Listed;

/// What every command function gives back: its reply is written, or the error is to be.
pub type Done = Result<(), Error>;

/// The most bytes of a name, and of arguments, that an error text repeats.
const MAX_ECHO_BYTES: usize = 128;

/// A command being run: its arguments, its reply, and the engine it works on.
// ANCHOR: call
pub struct Call<'a> {
    /// The entry that is being run; a subcommand's own entry where there is one.
    pub command: &'static Command,
    /// The arguments, the command's name first.
    pub args: Request<'a>,
    /// Where the reply goes.
    pub reply: Reply<'a>,
    /// Everything else there is.
    pub engine: &'a mut Engine,
    /// Whose command it is.
    pub id: SessionId,
    /// The key that has been hashed already.
    known: &'a KnownHash,
    /// Whether the client may wait for what is not there.
    pub waiting: Waiting<'a>,
}
// ANCHOR_END: call

/// What becomes of a command that finds nothing to take.
#[derive(Debug, Clone, Copy)]
pub enum Waiting<'a> {
    /// Its client may wait.
    Allowed,
    /// It is answered at once: nobody waits in a transaction.
    Never,
    /// The client has waited already, and this key has come into being.
    Woken(&'a [u8]),
    /// The same, and it goes on waiting.
    Again,
}

/// What can be found out about a request before it is run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Prepared {
    /// Its entry, unless there is no such command.
    pub found: Option<&'static Listed>,
    /// Its first key, hashed.
    pub known: KnownHash,
}

impl Prepared {
    /// Its entry; its key is hashed when it is needed.
    #[must_use]
    pub fn of(request: &Request<'_>) -> Prepared {
        Prepared {
            found: find(request).and_then(|named| find_sub(named, request)),
            known: KnownHash::default(),
        }
    }
}

impl<'a> Call<'a> {
    /// The arguments, the selected database and the reply, to be used side by side.
    #[inline]
    pub fn parts(&mut self) -> (&mut Request<'a>, Db<'_>, &mut Reply<'a>) {
        let mut db = self.engine.selected_db(self.id);
        db.known = self.known;
        (&mut self.args, db, &mut self.reply)
    }

    /// The session of the client whose command it is.
    pub fn session(&mut self) -> &mut Session {
        &mut self.engine.sessions[self.id]
    }

    /// The error of a command that counts its own arguments.
    fn wrong_arity(&self) -> Error {
        wrong_arguments_of(&self.command.name.to_ascii_lowercase())
    }

    /// Whether argument `i` is this word, whatever its case and what follows a NUL in it.
    #[inline]
    pub fn is(&self, i: usize, word: &str) -> bool {
        self.args.get(i).is_some_and(|arg| is_word(arg, word))
    }
}

/// Runs one request of a client and writes its reply to `out`.
///
/// This is the one door into the engine: bytes of a request in, bytes of a reply out, no socket.
/// An empty request does nothing.
///
/// A command that waits writes nothing: then [`Session::blocked`] is true, and the reply comes from
/// [`follow_up()`]. That is called after every command that leaves something to be
/// [done for others](Engine::has_follow_up), and when a [deadline](Engine::time_out) has come.
///
/// # Panics
/// When the client waits: its next request is run when that is over.
pub fn execute(engine: &mut Engine, id: SessionId, request: Request<'_>, out: &mut Output) {
    assert!(
        !engine.sessions[id].blocked,
        "a client that waits runs nothing else"
    );
    let prepared = Prepared::of(&request);
    run(engine, id, &prepared, request, out);
}

/// The command that a request names. `None` where there is no such command.
#[inline]
#[must_use]
pub fn find(request: &Request<'_>) -> Option<&'static Listed> {
    table::find(request.get(0)?)
}

/// The entry to run for a request of this command: its own, or that of the subcommand that the request
/// names. `None` where there is no such subcommand.
#[inline]
#[must_use]
pub fn find_sub(named: &'static Listed, request: &Request<'_>) -> Option<&'static Listed> {
    if named.command.subcommands.is_empty() {
        return Some(named);
    }
    match request.get(1) {
        Some(name) => table::find_sub(named, name),
        None => Some(named),
    }
}

/// The first key of a request, where its command has one at a fixed position.
#[inline]
#[must_use]
pub fn first_key<'a>(found: &Listed, request: &'a Request<'_>) -> Option<&'a [u8]> {
    request.get(usize::from(found.command.first_key?.get()))
}

/// The same as [`execute`], for who has prepared the request already. Says whether that is all, as it is
/// nearly always: the client may run another (it is not leaving, and does not wait), there is nothing
/// to [`follow_up()`], and no mail for the server.
#[inline(always)]
pub fn run(
    engine: &mut Engine,
    id: SessionId,
    prepared: &Prepared,
    request: Request<'_>,
    out: &mut Output,
) -> bool {
    out.seal();
    let mark = out.mark();
    answer_request(engine, id, prepared, request, out, mark);
    // ANCHOR: is-all
    let is_all = !engine.has_business() & engine.sessions[id].is_plain();
    is_all || settle(engine, id, out, mark)
    // ANCHOR_END: is-all
}

/// The end of a request that has left something to be done, or whose client is not like most. Says whether
/// the client's next one may be run at once.
#[cold]
fn settle(engine: &mut Engine, id: SessionId, out: &mut Output, mark: Mark) -> bool {
    let is_all = !engine.has_business();
    if engine.observers.has_happened() {
        notifications::tell(engine, Some(Own::new(id, out, mark)));
    }
    let session = &mut engine.sessions[id];
    // Whether who waits is answered is decided when it is.
    if session.reply_mode != ReplyMode::On && !session.blocked {
        mute(session, mark, out);
    }
    is_all & session.may_go_on()
}

#[inline(always)]
fn answer_request(
    engine: &mut Engine,
    id: SessionId,
    prepared: &Prepared,
    request: Request<'_>,
    out: &mut Output,
    mark: Mark,
) {
    // ANCHOR: arity-first
    let found = match prepared.found {
        Some(found) if found.command.accepts(request.len()) => found,
        found => return turn_away(engine, id, found, request, out),
    };
    // ANCHOR_END: arity-first
    let session = &mut engine.sessions[id];
    // Now, so that CLIENT LIST shows itself.
    session.last_command = Some(found.number);
    session.commands += 1;
    let gates = session.gates | engine.gates;
    let mut call = Call {
        command: found.command,
        args: request,
        reply: Reply::new(out, session.protocol),
        engine,
        id,
        known: &prepared.known,
        waiting: Waiting::Allowed,
    };
    // What a command may take away from its request is big; that request has time for the longer way.
    // ANCHOR: gates-open
    if gates.are_open() & !call.args.owns_any() {
        carry_out(&mut call, found, mark);
    } else {
        gate::pass(&mut call, found, mark, gates);
    }
    // ANCHOR_END: gates-open
}

/// Answers a request that cannot be run like that, whoever sends it: it is empty, there is no such command,
/// or it has another number of words.
#[cold]
fn turn_away(
    engine: &mut Engine,
    id: SessionId,
    found: Option<&'static Listed>,
    request: Request<'_>,
    out: &mut Output,
) {
    if request.is_empty() {
        return;
    }
    let (found, error) = if engine.gates.has(Gates::RENAMED) {
        match rename::resolve(&engine.config.renames, &request) {
            Ok(found) if found.command.accepts(request.len()) => {
                return run_renamed(engine, id, found, request, out);
            }
            Ok(found) => (Some(found), wrong_arity(found)),
            Err(error) => (None, error),
        }
    } else {
        match found {
            Some(known) => (found, wrong_arity(known)),
            None => (None, unknown(&request)),
        }
    };
    // Whoever sends a web request gets no answer, which a browser could show to an attacker.
    if found.is_none() && is_web_request(request.arg(0)) {
        engine.sessions[id].closing = true;
    }
    if !engine.sessions[id].closing {
        reject(engine, id, found, error, out);
    }
}

/// Runs a request whose command was found by a name that the table does not have.
fn run_renamed(
    engine: &mut Engine,
    id: SessionId,
    found: &'static Listed,
    request: Request<'_>,
    out: &mut Output,
) {
    let prepared = Prepared {
        found: Some(found),
        known: KnownHash::NONE,
    };
    let mark = out.mark();
    answer_request(engine, id, &prepared, request, out, mark);
}

/// Runs a command that may be run. Its reply begins at `mark`.
#[inline(always)]
// ANCHOR: carry-out
fn carry_out(call: &mut Call, found: &'static Listed, mark: Mark) {
    let done = (found.command.run)(call);
    let (engine, id, out) = (&mut *call.engine, call.id, call.reply.output());
    let ns = count(engine, found.number, done.is_err());
    if let Err(error) = done {
        out.truncate(mark);
        refuse(engine, id, &error, out);
    }
    if ns >= engine.slow_ns {
        slowlog::note(engine, id, found, &call.args, ns);
    }
}
// ANCHOR_END: carry-out

/// Answers a request that is not run. If it was part of a transaction, that is aborted.
#[cold]
fn reject(
    engine: &mut Engine,
    id: SessionId,
    found: Option<&'static Listed>,
    error: Error,
    out: &mut Output,
) {
    if let Some(found) = found {
        engine.stats.command(found.number.into()).rejected += 1;
    }
    // In Redis, too, CLIENT LIST shows a command that was refused, and NULL for one that there is not.
    engine.sessions[id].last_command = found.map(|found| found.number);
    client::tracking::was_refused(&mut engine.sessions[id]);
    let error = transaction::refused(engine, id, found, error);
    refuse(engine, id, &error, out);
}

#[cold]
fn refuse(engine: &mut Engine, id: SessionId, error: &Error, out: &mut Output) {
    engine.stats.error(&error.code());
    Reply::new(out, engine.sessions[id].protocol).error(&error.0);
}

/// Writes the reply of a command that left it to the server: `OK`, or the error. (Whether the
/// client wants one was known when the command ran.)
pub fn answer(engine: &mut Engine, id: SessionId, error: Option<Error>, out: &mut Output) {
    match error {
        None => Reply::new(out, engine.sessions[id].protocol).ok(),
        Some(error) => refuse(engine, id, &error, out),
    }
}

/// Counts a command that was run. Gives the nanoseconds that it took.
#[inline(always)]
fn count(engine: &mut Engine, number: u16, failed: bool) -> u64 {
    let before_ns = engine.watch_ns;
    engine.watch_ns = (engine.host.stopwatch_ns)();
    let ns = engine.watch_ns.saturating_sub(before_ns);
    engine.stats.ran(number.into(), ns, failed);
    ns
}

/// Takes the reply back where the client does not want it (CLIENT REPLY).
#[cold]
fn mute(session: &mut Session, mark: Mark, out: &mut Output) {
    let is_wanted = session.reply_mode == ReplyMode::SkipNext;
    let pushed = session.take_pushed();
    // EXEC has done so reply by reply.
    let extras = session.extras.as_deref_mut();
    let is_done = extras.is_some_and(|extras| std::mem::take(&mut extras.unwanted.is_done));
    let mark = if is_done { out.mark() } else { mark };
    match session.reply_mode {
        ReplyMode::On => {}
        ReplyMode::Off => out.truncate(mark),
        ReplyMode::SkipNext => session.reply_mode = ReplyMode::Skip,
        ReplyMode::Skip => {
            out.truncate(mark);
            session.reply_mode = ReplyMode::On;
        }
    }
    if !is_wanted {
        out.push(&pushed);
    }
}

/// Replies with an element of a collection.
#[inline]
fn reply_item(reply: &mut Reply, item: Item) {
    match item {
        Item::Bytes(bytes) => reply.bulk(bytes),
        Item::Int(value) => reply.bulk_integer(value),
    }
}

/// Replies with an element, or with null.
fn reply_optional(reply: &mut Reply, item: Option<Item>) {
    match item {
        Some(item) => reply_item(reply, item),
        None => reply.null(),
    }
}

/// Whether this is the beginning of a line of HTTP: somebody has tricked a browser into talking to
/// us, and the lines that follow may be commands.
fn is_web_request(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:")
}

/// The error of a request whose command, or whose subcommand, there is not.
#[cold]
fn unknown(request: &Request<'_>) -> Error {
    match (table::find(request.arg(0)), request.get(1)) {
        (Some(found), Some(name)) => unknown_subcommand(found.command.name, name),
        _ => unknown_command(request),
    }
}

fn unknown_command(request: &Request<'_>) -> Error {
    let mut args: Vec<u8> = Vec::new();
    for arg in request.iter().skip(1) {
        if args.len() >= MAX_ECHO_BYTES {
            break;
        }
        let room = MAX_ECHO_BYTES - args.len();
        args.push(b'\'');
        args.extend_from_slice(echoed(arg, room));
        args.extend_from_slice(b"' ");
    }
    let name = echoed(request.arg(0), MAX_ECHO_BYTES);
    Error::text(
        [
            b"ERR unknown command '",
            name,
            b"', with args beginning with: ",
            &args,
        ]
        .concat(),
    )
}

fn unknown_subcommand(container: &str, name: &[u8]) -> Error {
    let name = echoed(name, MAX_ECHO_BYTES);
    let hint = format!("'. Try {container} HELP.");
    Error::text([b"ERR unknown subcommand '", name, hint.as_bytes()].concat())
}

/// As much of `bytes` as a C program prints of it: up to a NUL, and to `max` bytes.
fn echoed(bytes: &[u8], max: usize) -> &[u8] {
    until_nul(&bytes[..bytes.len().min(max)])
}

/// Whether an option is this word, whatever its case. Redis compares options as C strings, so what
/// follows a NUL does not count.
fn is_word(option: &[u8], word: &str) -> bool {
    until_nul(option).eq_ignore_ascii_case(word.as_bytes())
}

/// What C sees of a string: the bytes before the first NUL.
fn until_nul(bytes: &[u8]) -> &[u8] {
    &bytes[..memchr::memchr(0, bytes).unwrap_or(bytes.len())]
}

fn wrong_arity(found: &Listed) -> Error {
    wrong_arguments_of(&found.full_name())
}

fn wrong_arguments_of(name: &str) -> Error {
    Error::text(format!(
        "ERR wrong number of arguments for '{name}' command"
    ))
}

/// A container called by itself. Its arity has refused that already; this is the same refusal.
fn missing_subcommand(call: &mut Call) -> Done {
    Err(call.wrong_arity())
}

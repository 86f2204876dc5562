//! One client in one line, as CLIENT LIST and CLIENT INFO show it.
//!
//! The fields are those of Redis 7.0 in its order, with the two of 7.2 that tell the client
//! library at the end, where parsers expect new ones. Redis keeps the first bytes of a client's
//! output in a fixed buffer and the rest in a list; here it is all one buffer, and what exceeds
//! [`REPLY_BUFFER_BYTES`] is told as if it were that list, because `omem` is where people look
//! for a client that does not read.

use super::tracking;
use crate::command::table;
use crate::engine::pubsub::Kind;
use crate::engine::uses::Uses;
use crate::engine::{Engine, Gates, SessionId, Transaction};
use crate::resp::Protocol;

/// The size of the fixed reply buffer that Redis gives each client.
const REPLY_BUFFER_BYTES: u32 = 16 * 1024;

/// The line about a client, LF included. `argument_bytes` is the
/// length of the arguments of the command that it is running.
pub(super) fn line(engine: &Engine, id: SessionId, argument_bytes: usize) -> String {
    let session = &engine.sessions[id];
    let now_s = engine.clock.unix_s();
    let queued = session.transaction().map(Transaction::len);
    let queued = queued.map_or("-1".to_owned(), |len| len.to_string());
    let transaction_memory = engine.transaction_memory(id);
    let (buffers, subscriptions) = (session.buffers, session.subscriptions());
    let in_buffer = buffers.output.min(REPLY_BUFFER_BYTES);
    let in_list = buffers.output - in_buffer;
    let library = |field: fn(&crate::engine::session::Library) -> &Vec<u8>| {
        let text = session
            .extras
            .as_deref()
            .map(|extras| field(&extras.library));
        String::from_utf8_lossy(text.map_or(b"", Vec::as_slice)).into_owned()
    };
    format!(
        "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={} psub={} ssub={} \
         multi={queued} qbuf={} qbuf-free={} argv-mem={argument_bytes} multi-mem={transaction_memory} rbs={} rbp={} obl={} \
         oll={} omem={in_list} tot-mem={} events={} cmd={} user={} redir={} resp={} \
         lib-name={} lib-ver={}\n",
        session.id,
        session.addr,
        session.local_addr,
        session.fd,
        String::from_utf8_lossy(&session.name),
        now_s.saturating_sub(session.created_s),
        now_s.saturating_sub(session.active_s),
        flags(engine, id),
        session.db,
        subscriptions.of(Kind::Channel),
        subscriptions.of(Kind::Pattern),
        subscriptions.of(Kind::Shard),
        buffers.query,
        buffers.query_free,
        in_buffer,
        in_buffer,
        in_buffer,
        u8::from(in_list > 0),
        engine.memory_at_rest(id) + argument_bytes,
        if buffers.output > 0 { "rw" } else { "r" },
        session
            .last_command
            .and_then(table::numbered)
            .map_or("NULL".to_owned(), |found| found.full_name()),
        String::from_utf8_lossy(&engine.user_of(id).name),
        tracking::redirection(session),
        match session.protocol {
            Protocol::Resp2 => "2",
            Protocol::Resp3 => "3",
        },
        library(|library| &library.name),
        library(|library| &library.version),
    )
}

/// What is special about a client, a letter each; `N` for nothing.
#[must_use]
pub fn flags(engine: &Engine, id: SessionId) -> String {
    let session = &engine.sessions[id];
    let tracker = session.tracker().filter(|tracker| tracker.is_on);
    let letters: String = [
        (session.gates.has(Gates::MONITORING), 'O'),
        (session.is_subscriber(), 'P'),
        (session.gates.has(Gates::QUEUEING), 'x'),
        (session.blocked, 'b'),
        (tracker.is_some(), 't'),
        (tracker.is_some_and(|tracker| tracker.is_broken), 'R'),
        (tracker.is_some_and(|tracker| tracker.order.broadcasts), 'B'),
        (engine.observers.watched().is_touched(id), 'd'),
        (session.closing, 'c'),
        (session.unix_socket, 'U'),
        (session.no_evict, 'e'),
        (session.uses == Uses::Ignored, 'T'),
    ]
    .into_iter()
    .filter_map(|(is_so, letter)| is_so.then_some(letter))
    .collect();
    if letters.is_empty() {
        "N".to_owned()
    } else {
        letters
    }
}

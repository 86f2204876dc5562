//! One client in one line, as CLIENT LIST and CLIENT INFO show it.
//!
//! The fields are those of Redis 7.0 in its order, with the two of 7.2 that tell the client
//! library at the end, where parsers expect new ones. Redis keeps the first bytes of a client's
//! output in a fixed buffer and the rest in a list; here it is all one buffer, and what exceeds
//! [`REPLY_BUFFER_BYTES`] is told as if it were that list, because `omem` is where people look
//! for a client that does not read.

use crate::command::table;
use crate::engine::{Gates, Session};
use crate::resp::Protocol;

/// The size of the fixed reply buffer that Redis gives each client.
const REPLY_BUFFER_BYTES: u32 = 16 * 1024;

/// The line about a client, LF included, at a moment in unix seconds. `argument_bytes` is the
/// length of the arguments of the command that it is running.
pub(super) fn line(session: &Session, now_s: u64, argument_bytes: usize) -> String {
    let buffers = session.buffers;
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
        "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub=0 psub=0 ssub=0 \
         multi=-1 qbuf={} qbuf-free={} argv-mem={argument_bytes} multi-mem=0 rbs={} rbp={} obl={} \
         oll={} omem={in_list} tot-mem={} events={} cmd={} user=default redir=-1 resp={} \
         lib-name={} lib-ver={}\n",
        session.id,
        session.addr,
        session.local_addr,
        session.fd,
        String::from_utf8_lossy(&session.name),
        now_s.saturating_sub(session.created_s),
        now_s.saturating_sub(session.active_s),
        flags(session),
        session.db,
        buffers.query,
        buffers.query_free,
        in_buffer,
        in_buffer,
        in_buffer,
        u8::from(in_list > 0),
        memory(session) + argument_bytes,
        if buffers.output > 0 { "rw" } else { "r" },
        session
            .last_command
            .and_then(table::numbered)
            .map_or("NULL".to_owned(), |found| found.full_name()),
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
pub fn flags(session: &Session) -> String {
    let letters: String = [
        (session.gates.has(Gates::MONITORING), 'O'),
        (session.blocked, 'b'),
        (session.closing, 'c'),
        (session.unix_socket, 'U'),
        (session.no_evict, 'e'),
        (session.no_touch, 'T'),
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

/// Bytes of memory that a client takes, as far as the engine knows them.
pub(in crate::command) fn memory(session: &Session) -> usize {
    let extras = session.extras.as_deref().map_or(0, |extras| {
        let library = &extras.library;
        size_of_val(extras) + library.name.capacity() + library.version.capacity()
    });
    let texts = session.name.len() + session.addr.len() + session.local_addr.len();
    let buffers = session.buffers;
    let buffers = [buffers.query, buffers.query_free, buffers.output];
    let buffers: usize = buffers.iter().map(|&bytes| bytes as usize).sum();
    size_of::<Session>() + texts + extras + buffers
}

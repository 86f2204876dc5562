//! MONITOR: a line about each command that is run, for whoever asks for them.
//!
//! ```text
//!   +1700000000.123456 [0 127.0.0.1:5000] "SET" "key" "a\x00b"
//!    when it was over   │  who sent it     its words as they came
//!                       └─ the database that is selected now
//! ```
//!
//! The words are written down before the command runs, which may take them away, and the rest afterwards.
//! The line is made once and shared by all monitors, as letters. Commands of administrators and secrets
//! are not shown, nor what was refused.

use super::entry::{ADMIN, Command, LOADING, NO_SCRIPT, READONLY, SKIP_MONITOR, STALE, WRITE};
use super::redact::{REDACTED, secrets};
use super::table::Listed;
use super::{Call, Done, Error, Waiting};
use crate::engine::{Engine, SessionId};
use crate::resp::Output;
use std::sync::Arc;

const IN_A_TRANSACTION: Error = Error::new("ERR MONITOR isn't allowed for DENY BLOCKING client");

/// The answer to a monitor that wants to touch keys.
pub const NO_KEYS: Error = Error::new("ERR Replica can't interact with the keyspace");

/// The command MONITOR.
pub const COMMANDS: &[Command] = &[Command::new("MONITOR", 1, monitor)
    .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
    .doc(
        "1.0.0",
        "",
        "Shows this client every command that the server runs, as it runs them",
    )];

/// Whoever is a monitor already gets no answer.
fn monitor(call: &mut Call) -> Done {
    if matches!(call.waiting, Waiting::Never) {
        return Err(IN_A_TRANSACTION);
    }
    if call.engine.start_monitoring(call.id) {
        call.reply.ok();
    }
    Ok(())
}

/// Whether a monitor may send this: nothing that reads or writes keys, or goes on to replicas.
pub fn may_send(command: &Command) -> bool {
    let touches_keys = command.flags.has(READONLY) || command.flags.has(WRITE);
    !touches_keys && !matches!(command.name, "PUBLISH" | "SPUBLISH")
}

/// The words of a request as the line has them; `None` if its command is not shown.
pub fn words(call: &Call, found: &Listed) -> Option<Vec<u8>> {
    let flags = found.command.flags;
    if flags.has(ADMIN) || flags.has(SKIP_MONITOR) {
        return None;
    }
    let hidden = secrets(found, &call.args);
    let mut line = Vec::new();
    for (i, word) in call.args.iter().enumerate() {
        let word = match hidden.binary_search(&i) {
            Ok(_) => REDACTED,
            Err(_) => word,
        };
        line.push(b' ');
        push_quoted(&mut line, word);
    }
    Some(line)
}

/// Sends every monitor the line about a command that this client has just run. If it is a monitor itself, its own
/// stands behind the reply: in the midst of that of EXEC, as in Redis.
pub fn show(engine: &mut Engine, id: SessionId, words: &[u8], own: &mut Output) {
    let session = &engine.sessions[id];
    let now_us = engine.clock.unix_us();
    let (seconds, micros) = (now_us / 1_000_000, now_us % 1_000_000);
    let from = if session.unix_socket {
        format!("unix:{}", engine.config.unixsocket)
    } else {
        session.addr.to_string()
    };
    let mut line = format!("+{seconds}.{micros:06} [{} {from}]", session.db).into_bytes();
    line.reserve_exact(words.len() + 2);
    line.extend_from_slice(words);
    line.extend_from_slice(b"\r\n");
    let line = Arc::new(line);
    for monitor in engine.monitors.iter() {
        let session = &engine.sessions[monitor];
        if !session.closing && session.reply_mode.replies() {
            match monitor == id {
                true => own.push(&line),
                false => engine.outbox.send(monitor, Arc::clone(&line)),
            }
        }
    }
}

/// Appends bytes in quotes, so that they are one line of ASCII.
fn push_quoted(line: &mut Vec<u8>, bytes: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    line.reserve(bytes.len() + 2);
    line.push(b'"');
    for &byte in bytes {
        let letter = match byte {
            b'\\' | b'"' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x07 => b'a',
            0x08 => b'b',
            b' '..=b'~' => {
                line.push(byte);
                continue;
            }
            _ => {
                let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
                line.extend_from_slice(&[b'\\', b'x', HEX[high], HEX[low]]);
                continue;
            }
        };
        line.extend_from_slice(&[b'\\', letter]);
    }
    line.push(b'"');
}

#[cfg(test)]
mod tests;

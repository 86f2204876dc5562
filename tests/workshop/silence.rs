//! A server that does not answer at all: the first lesson waits for it as long as any, and says so. The later ones of the same
//! run would only say the same, each of them after as long; they wait less until a byte comes.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::client::LIMIT;

/// So long is waited for a server that has just been silent. One that is well answers a thousand times faster.
pub const AFTER_SILENCE: Duration = Duration::from_secs(1);

/// Servers that a client has waited for in vain, and of which nobody has heard since.
static SILENT: Mutex<Vec<SocketAddr>> = Mutex::new(Vec::new());

/// How long to wait for a server.
pub fn limit(server: SocketAddr) -> Duration {
    if among_the_silent(|servers| servers.contains(&server)) {
        AFTER_SILENCE
    } else {
        LIMIT
    }
}

/// Nothing has come from it in all the time that it had.
pub fn note_silence(server: SocketAddr) {
    among_the_silent(|servers| {
        if !servers.contains(&server) {
            servers.push(server);
        }
    });
}

/// It has said something.
pub fn note_life(server: SocketAddr) {
    among_the_silent(|servers| servers.retain(|silent| *silent != server));
}

/// "nothing within 5s", or why it was less.
pub fn nothing_within(limit: Duration) -> String {
    let why = if limit < LIMIT {
        format!(" (an earlier lesson has waited {LIMIT:?}, in vain: so less here)")
    } else {
        String::new()
    };
    format!("nothing within {limit:?}{why}")
}

fn among_the_silent<T>(look: impl FnOnce(&mut Vec<SocketAddr>) -> T) -> T {
    // Lessons end by unwinding, but never while they hold this.
    look(&mut SILENT.lock().unwrap_or_else(PoisonError::into_inner))
}

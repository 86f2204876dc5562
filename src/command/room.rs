//! Whether there is memory for a command: `maxmemory`.
//!
//! A command that may make data larger, and whatever is to be queued in a transaction, waits for a slice
//! of eviction, and is refused where that finds nothing to take. Others run at once: that memory is
//! short is no reason to let a PING wait. For them a time event evicts.

use super::entry::{Command, DENY_OOM};
use super::notifications::tell;
use super::table::Listed;
use super::{Call, Error, transaction};
use crate::engine::eviction::{Policy, Room};

/// The refusal.
const NO_ROOM: Error = Error::new("OOM command not allowed when used memory > 'maxmemory'.");

/// Commands that a transaction neither queues nor lacks memory for; EXEC is another matter.
const WAYS_OUT: &[&str] = &["DISCARD", "QUIT", "RESET"];

/// Makes room for a command.
///
/// # Errors
/// There is none to be made.
pub(super) fn make(call: &mut Call, found: &Listed) -> Result<(), Error> {
    if call.engine.config.maxmemory == 0 {
        return Ok(());
    }
    if !needs_room(call, found) {
        call.engine.make_room_later();
        return Ok(());
    }
    let evicted = call.engine.stats.evicted_keys;
    let room = call.engine.make_room();
    if call.engine.stats.evicted_keys != evicted {
        if call.engine.observers.has_happened() {
            tell(call.engine, None);
        }
        // The time was ours, not the command's.
        call.engine.start_watch();
    }
    let never_evicts = call.engine.config.maxmemory_policy == Policy::NoEviction;
    match room {
        Room::None => Err(NO_ROOM),
        Room::Soon if never_evicts => Err(NO_ROOM),
        Room::Soon | Room::Enough => Ok(()),
    }
}

fn needs_room(call: &Call, found: &Listed) -> bool {
    let needs = |command: &Command| command.flags.has(DENY_OOM);
    if call.engine.sessions[call.id].transaction().is_none() {
        return needs(call.command);
    }
    match call.command.name {
        "EXEC" => transaction::would_run(call, needs),
        // There is a LATENCY RESET.
        name => found.container.is_some() || !WAYS_OUT.contains(&name),
    }
}

//! Whether there is memory for a command: `maxmemory`.
//!
//! A command that may make data larger, and whatever is to be queued in a transaction, waits for a slice
//! of eviction, and is refused where that finds nothing to take. Others run at once: that memory is
//! short is no reason to let a PING wait. For them a time event evicts.

use super::entry::{Command, DENY_OOM};
use super::{Call, Error, follow_up, table};
use crate::engine::eviction::{Policy, Room};

/// The refusal.
const NO_ROOM: Error = Error::new("OOM command not allowed when used memory > 'maxmemory'.");

/// Commands that are not queued in a transaction, and so need no memory there; EXEC is another matter.
const NEVER_QUEUED: &[&str] = &["DISCARD", "MULTI", "WATCH", "QUIT", "RESET"];

/// Makes room for a command.
///
/// # Errors
/// There is none to be made.
pub(super) fn make(call: &mut Call) -> Result<(), Error> {
    if call.engine.config.maxmemory == 0 {
        return Ok(());
    }
    if !needs_room(call) {
        call.engine.make_room_later();
        return Ok(());
    }
    let evicted = call.engine.stats.evicted_keys;
    let room = call.engine.make_room();
    if call.engine.stats.evicted_keys != evicted {
        if call.engine.observers.has_happened() {
            follow_up::tell(call.engine, None);
        }
        // The time was ours, not the command's.
        call.engine.start_watch();
    }
    let never_evicts = call.engine.config.maxmemory_policy == Policy::NoEviction;
    match room {
        Room::None => Err(refusal(call)),
        Room::Soon if never_evicts => Err(refusal(call)),
        Room::Soon | Room::Enough => Ok(()),
    }
}

fn needs_room(call: &Call) -> bool {
    let needs = |command: &Command| command.flags.has(DENY_OOM);
    let Some(transaction) = call.engine.sessions[call.id].transaction() else {
        return needs(call.command);
    };
    if call.command.name == "EXEC" {
        let queued = transaction.commands().iter();
        let mut queued = queued.filter_map(|&number| table::numbered(number));
        return queued.any(|found| needs(found.command));
    }
    !NEVER_QUEUED.contains(&call.command.name)
}

/// The error; it ends a transaction that was about to be run.
fn refusal(call: &mut Call) -> Error {
    if call.command.name != "EXEC" {
        return NO_ROOM;
    }
    call.engine.end_transaction(call.id);
    Error::text([b"EXECABORT Transaction discarded because of: ", &*NO_ROOM.0].concat())
}

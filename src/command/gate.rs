//! What happens to a request for which a [gate](crate::engine::gates) is shut.
//!
//! Only few requests come here: those of a client in a transaction, of one whose user may not do
//! everything, of anybody while the server is paused or watched. The questions are asked in the order in which
//! Redis asks them, since a client sees which answer it gets:
//!
//! ```text
//!   command::admit        is there such a command, its arity, AUTH
//!        │
//!        ▼
//!   gate::pass            may the user?  is there memory?  a subscriber in RESP2?  paused?  in MULTI?
//!        │                        (before the command)
//!        ▼
//!   carry_out             the command
//!        │
//!        ▼
//!   gate::pass            monitors see it, its keys are remembered for a tracking client
//! ```

use super::table::Listed;
use super::{Call, Error, carry_out, refuse, room};
use crate::engine::Gates;
use crate::resp::Mark;

/// Lets a request through that `admit` has let through, or does with it what the shut gates say.
/// Its reply begins at `mark`.
#[cold]
pub(super) fn pass(call: &mut Call, found: &'static Listed, mark: Mark, gates: Gates) {
    if gates.has(Gates::LIMITED)
        && let Err(error) = room::make(call)
    {
        return reject(call, found, &error);
    }
    carry_out(call, found, mark);
}

/// Refuses a request that its command has not seen.
fn reject(call: &mut Call, found: &'static Listed, error: &Error) {
    let stats = &mut call.engine.stats;
    stats.command(found.number.into()).rejected += 1;
    refuse(call.engine, call.id, error, call.reply.output());
}

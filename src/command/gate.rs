//! What happens to a request for which a [gate](crate::engine::gates) is shut.
//!
//! Only few requests come here: those of a client in a transaction, of one whose user may not do
//! everything, of anybody while the server is paused or watched. The questions are asked in the order in which
//! Redis asks them, since a client sees which answer it gets:
//!
//! ```text
//!   command::admit        is there such a command, its arity
//!        │
//!        ▼
//!   gate::pass            logged in?  may the user?  is there memory?  a subscriber in RESP2?  paused?  in MULTI?
//!        │                        (before the command)
//!        ▼
//!   carry_out             the command
//!        │
//!        ▼
//!   gate::pass            monitors see it, its keys are remembered for a tracking client
//! ```

use super::table::Listed;
use super::{Call, Error, acl, carry_out, refuse};
use crate::engine::Gates;
use crate::resp::Mark;

/// Lets a request through that `admit` has let through, or does with it what the shut gates say.
/// Its reply begins at `mark`.
#[cold]
pub(super) fn pass(call: &mut Call, found: &'static Listed, mark: Mark, gates: Gates) {
    if gates.has(Gates::RESTRICTED)
        && let Err(error) = acl::check::permit(call, found)
    {
        return reject(call, found, &error);
    }
    carry_out(call, found, mark);
}

/// Answers a request that is not run.
fn reject(call: &mut Call, found: &'static Listed, error: &Error) {
    let (engine, id) = (&mut *call.engine, call.id);
    engine.stats.command(found.number.into()).rejected += 1;
    // It was counted as one that is.
    engine.sessions[id].commands -= 1;
    refuse(engine, id, error, call.reply.output());
}

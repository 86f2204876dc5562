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

use super::slowlog::summary;
use super::table::Listed;
use super::{Call, Error, carry_out, monitor, refuse};
use crate::engine::Gates;
use crate::resp::Mark;

/// Lets a request through that `admit` has let through, or does with it what the shut gates say.
/// Its reply begins at `mark`.
#[cold]
pub(super) fn pass(call: &mut Call, found: &'static Listed, mark: Mark, gates: Gates) {
    if gates.has(Gates::MONITORING) && !monitor::may_send(found.command) {
        return reject(call, found, &monitor::NO_KEYS);
    }
    perform(call, found, mark);
}

/// Runs a command whose request nothing stands in the way of (any more), and lets those know who watch.
/// Its reply begins at `mark`. What EXEC runs comes here, too.
pub(super) fn perform(call: &mut Call, found: &'static Listed, mark: Mark) {
    let is_monitored = call.engine.gates.has(Gates::MONITORED);
    let shown = is_monitored.then(|| monitor::words(call, found)).flatten();
    if call.args.owns_any() && call.engine.config.slow_us().is_some() {
        call.engine.slow_log.beforehand = Some(summary(&call.args));
    }
    carry_out(call, found, mark);
    call.engine.slow_log.beforehand = None;
    if let Some(words) = shown {
        monitor::show(call.engine, call.id, &words);
    }
}

/// Refuses a request whose command is not run.
fn reject(call: &mut Call, found: &'static Listed, error: &Error) {
    call.engine.stats.command(found.number.into()).rejected += 1;
    refuse(call.engine, call.id, error, call.reply.output());
}

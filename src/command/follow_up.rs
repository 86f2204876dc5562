//! What a command has others be told, when it is over and before the next one of anybody.
//!
//! ```text
//!   A  LPUSH q x     the command runs: its reply, and notes of what has happened
//!                       │
//!      tell             who watches q, who has it cached, who has subscribed to such events?
//!                       │   letters for them
//!      follow_up        the letters are put into their outputs; a client that waits for q is
//!                       │   served, and what its command does is told in the same way
//!                       ▼
//!   (the next command of anybody)
//! ```

use super::blocking::serve_blocked;
use super::notifications::tell;
use super::outputs::{Everybody, Outputs};
use super::pubsub::deliver::{self, deliver_letters};
use crate::engine::{Engine, SessionId};
use crate::resp::Output;

/// Does everything that a command, or a moment, has left to be done for others than its client; `own` is
/// the client and its output. To be called whenever [`Engine::has_follow_up`].
#[cold]
pub fn follow_up(
    engine: &mut Engine,
    mut own: Option<(SessionId, &mut Output)>,
    outputs: &mut dyn Outputs,
) {
    while engine.has_follow_up() {
        if engine.observers.has_happened() {
            tell(engine, None);
        }
        let mut everybody = Everybody {
            own: &mut own,
            others: outputs,
        };
        deliver_letters(engine, &mut everybody);
        serve_blocked(engine, &mut everybody);
    }
    if let Some((id, out)) = own {
        deliver::catch_up(engine, id, out);
    }
}

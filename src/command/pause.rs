//! CLIENT PAUSE and UNPAUSE: which requests wait, and how they go on.
//!
//! ```text
//!   gate::pass ── PAUSED is shut ──▶ must_wait? ── no ──▶ the command
//!                                        │ yes
//!                                        ▼
//!                                      park      no reply; the client is blocked
//!                                        ┆
//!                                        ┆       UNPAUSE, or its time is over
//!                                        ▼
//!                                     resume ──▶ run, from the beginning: all gates are asked again
//! ```
//!
//! As in Redis a pause of everything holds up CLIENT UNPAUSE as well: only time ends it. Whoever wants to
//! end one early pauses the writes.

use super::entry::{Command, MAY_REPLICATE, WRITE};
use super::follow_up::follow_up;
use super::pubsub::deliver::output_of;
use super::{Call, Done, Error, Outputs, Prepared, help, run, transaction};
use crate::engine::pause::{Parked, Pausing};
use crate::engine::{Engine, SessionId};
use crate::number::parse_i64;

const BAD_MODE: Error = Error::new("ERR CLIENT PAUSE mode must be WRITE or ALL");
const NOT_A_TIMEOUT: Error = Error::new("ERR timeout is not an integer or out of range");
const NEGATIVE: Error = Error::new("ERR timeout is negative");

/// CLIENT PAUSE timeout \[WRITE|ALL\].
pub(super) fn client_pause(call: &mut Call) -> Done {
    let pausing = match call.args.len() {
        3 => Pausing::All,
        4 if call.is(3, "WRITE") => Pausing::Writes,
        4 if call.is(3, "ALL") => Pausing::All,
        4 => return Err(BAD_MODE),
        _ => return Err(help::wrong_use(call, "CLIENT")),
    };
    let ms = parse_i64(call.args.arg(2)).ok_or(NOT_A_TIMEOUT)?;
    let ms = u64::try_from(ms).map_err(|_| NEGATIVE)?;
    let now_ms = call.engine.clock.unix_ms();
    // A time that does not fit into Redis's 64 bits wraps around there, and is over already; and so nobody
    // locks everybody out for ever by asking for too much.
    let until_ms = match ms {
        0 => 0,
        _ => now_ms
            .checked_add(ms)
            .filter(|&at| at <= i64::MAX as u64)
            .unwrap_or(0),
    };
    call.engine.pause(pausing, until_ms);
    call.reply.ok();
    Ok(())
}

/// CLIENT UNPAUSE.
pub(super) fn client_unpause(call: &mut Call) -> Done {
    call.engine.unpause();
    call.reply.ok();
    Ok(())
}

/// Whether a request waits while the pause is on.
pub(super) fn must_wait(call: &Call) -> bool {
    match call.engine.pause.current() {
        None => false,
        Some(Pausing::All) => true,
        Some(Pausing::Writes) => may_write(call.command) || transaction::would_run(call, may_write),
    }
}

fn may_write(command: &Command) -> bool {
    command.flags.has(WRITE) || command.flags.has(MAY_REPLICATE)
}

/// Lets a request wait. It has not been run: it is counted when it is.
pub(super) fn park(call: &mut Call) {
    let parked = Parked {
        id: call.id,
        argument_bytes: call.args.iter().map(<[u8]>::len).sum(),
        request: call.args.detach(),
    };
    call.session().commands -= 1;
    call.engine.park(parked);
}

/// Runs the next request that has waited for the end of a pause, and does what it has left to be done for
/// others. Gives its client, which may wait again; `None` when there is no such request.
///
/// To be called until then, when [`Pause::next_due`](crate::engine::Pause::next_due) says so; whoever
/// calls delivers the engine's mail in between, and runs what the client has sent behind it.
pub fn resume(engine: &mut Engine, outputs: &mut dyn Outputs) -> Option<SessionId> {
    let Parked {
        id, mut request, ..
    } = engine.next_released()?;
    let Some(out) = output_of(engine, outputs, id) else {
        return Some(id);
    };
    let before = out.len();
    let prepared = Prepared::of(&request.request());
    run(engine, id, &prepared, request.request(), out);
    let unsent = (before, out.len());
    outputs.ran(engine, id, (&prepared, &request.request()), unsent);
    follow_up(engine, None, outputs);
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::super::execute;
    use super::*;
    use crate::engine::session::Peer;
    use crate::engine::{Clock, Config};
    use crate::resp::{Output, OwnedRequest};
    use std::collections::HashMap;

    struct World {
        engine: Engine,
        outputs: HashMap<SessionId, Output>,
    }

    impl World {
        fn with(clients: usize) -> (World, Vec<SessionId>) {
            let mut engine = Engine::new(Config::default(), 1, Clock::at_us(1_000_000));
            let open = |_| engine.sessions.open(Peer::default(), 0);
            let ids: Vec<SessionId> = (0..clients).map(open).collect();
            let outputs = ids.iter().map(|&id| (id, Output::new())).collect();
            (World { engine, outputs }, ids)
        }

        fn send(&mut self, id: SessionId, words: &str) -> String {
            let mut request = OwnedRequest::from_args(words.split(' '));
            let mut out = self.outputs.remove(&id).expect("it is a client");
            execute(&mut self.engine, id, request.request(), &mut out);
            self.outputs.insert(id, out);
            self.read(id)
        }

        fn read(&mut self, id: SessionId) -> String {
            let mut bytes = Vec::new();
            let out = self.outputs.get_mut(&id).expect("it is a client");
            out.write_to(&mut bytes, usize::MAX)
                .expect("a Vec takes all");
            String::from_utf8(bytes).expect("ASCII")
        }
    }

    #[test]
    fn writes_wait_and_are_run_in_order_and_counted_once() {
        let (mut world, ids) = World::with(3);
        let [a, b, c] = ids[..] else {
            unreachable!("three were asked for")
        };
        assert_eq!(world.send(c, "CLIENT PAUSE 1000 WRITE"), "+OK\r\n");
        assert_eq!(world.send(b, "RPUSH k b"), "");
        assert_eq!(world.send(a, "RPUSH k a"), "");
        assert_eq!(world.send(c, "LLEN k"), ":0\r\n");
        let commands = (
            world.engine.stats.commands,
            world.engine.sessions[a].commands,
        );
        assert_eq!(commands, (2, 0));
        assert_eq!(resume(&mut world.engine, &mut world.outputs), None);
        assert_eq!(world.send(c, "CLIENT UNPAUSE"), "+OK\r\n");
        assert_eq!(resume(&mut world.engine, &mut world.outputs), Some(b));
        assert_eq!(resume(&mut world.engine, &mut world.outputs), Some(a));
        assert_eq!(resume(&mut world.engine, &mut world.outputs), None);
        assert_eq!(
            (world.read(b), world.read(a)),
            (":1\r\n".into(), ":2\r\n".into())
        );
        assert_eq!(world.engine.sessions[a].commands, 1);
    }

    #[test]
    fn what_no_clock_can_tell_is_no_pause() {
        let (mut world, ids) = World::with(1);
        assert_eq!(
            world.send(ids[0], "CLIENT PAUSE 9223372036854775807"),
            "+OK\r\n"
        );
        world.engine.end_pause_if_due();
        assert_eq!(world.engine.pause.current(), None);
    }
}

//! How a message comes from its publisher to its subscribers.
//!
//! ```text
//!   PUBLISH    publish        counts receivers; the publisher's own copy goes into its output at once
//!                 │ a letter
//!   follow_up  publish_now    puts it into the outputs of the first receivers: most often, of all
//!                 │ what is left, behind what was left of earlier ones
//!   the loop   deliver        does so for others, slice by slice
//! ```
//!
//! Putting a message into an output takes some tens of nanoseconds; only where thousands listen does it take long
//! enough to be cut. So that publishers do not make such work faster than it is done, the server runs nothing more
//! for them while too much is left ([`is_crowded`](crate::engine::PubSub::is_crowded)). One command of each may come
//! on top of that; should there be so many of them that [`MAX_RECEIVERS_LEFT`] are left, each does as much as it makes.

use crate::command::outputs::{Outputs, Own};
use crate::engine::outbox::Letter;
use crate::engine::pubsub::{CROWD, Delivery, Kind, Message};
use crate::engine::{Engine, Place, SessionId, Slice};
use crate::resp::Output;
use std::sync::Arc;

/// Receivers that are given their message in the same breath.
pub const AT_ONCE: usize = 512;

/// Receivers that may be left for later, whoever has made that work. As every command does [`AT_ONCE`] of them, this
/// bounds how many messages wait, too.
pub const MAX_RECEIVERS_LEFT: usize = 16 * CROWD;

/// After so many receivers the stopwatch is read, so that the next command is not charged for them.
const LOOK_AT_WATCH_FROM: usize = 64;

/// [`publish`] or [`publish_in_shard`].
pub type Publish = fn(&mut Engine, &[u8], &[u8], Option<(&mut Own<'_>, Place)>) -> usize;

/// Publishes a message on a channel, and gives the number of those who get it. If its publisher may be
/// among them, `own` is its output and where the message goes there; it is put there at once. The others
/// get a letter.
pub fn publish(
    engine: &mut Engine,
    channel: &[u8],
    message: &[u8],
    mut own: Option<(&mut Own<'_>, Place)>,
) -> usize {
    let parts: &[&[u8]] = &[b"message", channel, message];
    let mut receivers = send(engine, (Kind::Channel, channel), parts, &mut own);
    for pattern in engine.pubsub.patterns_of(channel) {
        let parts: &[&[u8]] = &[b"pmessage", &pattern, channel, message];
        receivers += send(engine, (Kind::Pattern, &pattern), parts, &mut own);
    }
    receivers
}

/// The same on a sharded channel.
pub fn publish_in_shard(
    engine: &mut Engine,
    channel: &[u8],
    message: &[u8],
    mut own: Option<(&mut Own<'_>, Place)>,
) -> usize {
    let parts: &[&[u8]] = &[b"smessage", channel, message];
    send(engine, (Kind::Shard, channel), parts, &mut own)
}

/// Sends the message of these parts to a topic's subscribers.
fn send(
    engine: &mut Engine,
    (kind, name): (Kind, &[u8]),
    parts: &[&[u8]],
    own: &mut Option<(&mut Own<'_>, Place)>,
) -> usize {
    let publisher = own.as_ref().map(|(own, _)| own.id);
    let message = || Message::new(parts);
    let Some(addressed) = engine.pubsub.address(kind, name, publisher, message) else {
        return 0;
    };
    let mut delivery = addressed.delivery;
    if let (Some((own, place)), Some(message)) = (own, delivery.for_publisher()) {
        let bytes = message.bytes(engine.sessions[own.id].protocol);
        give_own(engine, own, *place, bytes);
    }
    if delivery.is_for_others() {
        engine.outbox.publish(delivery);
    }
    addressed.receivers
}

/// Puts a message into the output of the client whose command has caused it.
pub(in crate::command) fn give_own(
    engine: &mut Engine,
    own: &mut Own<'_>,
    place: Place,
    bytes: &Arc<Vec<u8>>,
) {
    engine.sessions[own.id].note_pushed(bytes);
    match place {
        Place::Before => own.put(own.mark, bytes),
        Place::Amid(mark) => own.put(mark, bytes),
        Place::Behind => own.out.push_shared(bytes.clone()),
    }
}

/// Puts all letters into the outputs of those that they are for.
pub(in crate::command) fn deliver_letters(engine: &mut Engine, outputs: &mut dyn Outputs) {
    engine.tell_who_knows();
    for letter in engine.outbox.take() {
        match letter {
            Letter::Published(delivery) => {
                publish_now(engine, delivery, outputs);
            }
            // Behind the reply to QUIT nothing follows.
            Letter::To { id, .. } if engine.sessions[id].closing => {}
            Letter::To { id, bytes } => {
                if let Some(out) = outputs.message(id) {
                    catch_up(engine, id, out);
                    out.push_shared(bytes);
                }
            }
        }
    }
}

/// Delivers a letter: to the first receivers now, to the others when it is their turn.
fn publish_now(engine: &mut Engine, delivery: Delivery, outputs: &mut dyn Outputs) {
    engine.pubsub.post(delivery);
    let left = engine.pubsub.receivers_left();
    let receivers = left.saturating_sub(MAX_RECEIVERS_LEFT).max(AT_ONCE);
    deliver(engine, receivers, outputs);
    if left.min(receivers) >= LOOK_AT_WATCH_FROM {
        engine.look_at_watch();
    }
}

/// Puts pending messages into the outputs of so many receivers.
pub fn deliver(engine: &mut Engine, receivers: usize, outputs: &mut dyn Outputs) -> Slice {
    let Engine {
        pubsub, sessions, ..
    } = engine;
    pubsub.deliver(receivers, |id, message| {
        let session = &sessions[id];
        // Behind the reply to QUIT nothing follows.
        if session.closing {
            return;
        }
        if let Some(out) = outputs.message(id) {
            out.push_shared(message.bytes(session.protocol).clone());
        }
    })
}

/// The output of a client that is written to although it is not its turn: what was on its way to it is there
/// already. `None` if it has none any more.
pub(in crate::command) fn output_of<'o>(
    engine: &mut Engine,
    outputs: &'o mut dyn Outputs,
    id: SessionId,
) -> Option<&'o mut Output> {
    let out = outputs.output(id)?;
    catch_up(engine, id, out);
    Some(out)
}

/// Puts a client's pending messages into its output. To be called before anything else is written there, and
/// before its next command is run.
#[inline]
pub fn catch_up(engine: &mut Engine, id: SessionId, out: &mut Output) {
    if engine.pubsub.has_pending() {
        give_pending(engine, id, out);
    }
}

#[cold]
fn give_pending(engine: &mut Engine, id: SessionId, out: &mut Output) {
    let Engine {
        pubsub, sessions, ..
    } = engine;
    if !sessions[id].is_subscriber() {
        return;
    }
    let protocol = sessions[id].protocol;
    pubsub.catch_up(id, |message| {
        out.push_shared(message.bytes(protocol).clone())
    });
}

//! SUBSCRIBE and its like, PUBLISH: messages to whoever listens at the moment.
//!
//! ```text
//!   A  SUBSCRIBE news      subscribe news 1     a confirmation for each channel
//!   B  PUBLISH news hello  :1
//!   A                      message news hello
//! ```
//!
//! Confirmations look like messages, since that is what a subscriber reads: in RESP3 they are pushes, and CLIENT
//! REPLY, which is about replies, leaves them alone. In RESP2 a reply cannot be told from a message, so a
//! subscriber may send little else (`check_subscriber`).
//!
//! How messages find their way to clients: [`deliver`]. Who listens to what: [`crate::engine::pubsub`].

pub mod deliver;
pub mod look;

use super::entry::{
    Command, FAST, Keys, LOADING, MAY_REPLICATE, NO_SCRIPT, NOT_KEYS, PUBSUB, STALE,
};
use super::outputs::Own;
use super::table::Listed;
use super::{Call, Done, Error, Waiting};
use crate::engine::pubsub::Kind;
use crate::engine::{Place, ReplyMode, Session};
use crate::resp::{Output, Reply};

/// What SSUBSCRIBE says inside a transaction.
const NOT_IN_MULTI: Error = Error::new("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");

/// What a subscriber in RESP2 may send.
const SUBSCRIBERS_COMMANDS: [&str; 9] = [
    "PING",
    "SUBSCRIBE",
    "SSUBSCRIBE",
    "PSUBSCRIBE",
    "UNSUBSCRIBE",
    "SUNSUBSCRIBE",
    "PUNSUBSCRIBE",
    "QUIT",
    "RESET",
];

/// Subscribing and publishing.
pub const COMMANDS: &[Command] = &[
    Command::new("SUBSCRIBE", -2, subscribe)
        .flags(&[PUBSUB, NO_SCRIPT, LOADING, STALE])
        .doc(
            "2.0.0",
            "O(N) where N is the number of channels to subscribe to.",
            "Has the messages of channels sent to the client",
        )
        .syntax("channel ..."),
    Command::new("UNSUBSCRIBE", -1, unsubscribe)
        .flags(&[PUBSUB, NO_SCRIPT, LOADING, STALE])
        .doc(
            "2.0.0",
            "O(N log M) where N is the number of channels and M that of their subscribers",
            "Ends subscriptions to channels, or to all of them",
        )
        .syntax("[channel ...]"),
    Command::new("PSUBSCRIBE", -2, psubscribe)
        .flags(&[PUBSUB, NO_SCRIPT, LOADING, STALE])
        .doc(
            "2.0.0",
            "O(N) where N is the number of patterns",
            "Has the messages of all channels that match patterns sent to the client",
        )
        .syntax("(pattern=pattern) ..."),
    Command::new("PUNSUBSCRIBE", -1, punsubscribe)
        .flags(&[PUBSUB, NO_SCRIPT, LOADING, STALE])
        .doc(
            "2.0.0",
            "O(N log M) where N is the number of patterns and M that of their subscribers",
            "Ends subscriptions to patterns, or to all of them",
        )
        .syntax("[pattern:pattern ...]"),
    Command::new("SSUBSCRIBE", -2, ssubscribe)
        .flags(&[PUBSUB, NO_SCRIPT, LOADING, STALE])
        .keys(&[Keys::range(NOT_KEYS, 1, -1, 1)])
        .doc(
            "7.0.0",
            "O(N) where N is the number of shard channels to subscribe to.",
            "Has the messages of sharded channels sent to the client",
        )
        .syntax("shardchannel ..."),
    Command::new("SUNSUBSCRIBE", -1, sunsubscribe)
        .flags(&[PUBSUB, NO_SCRIPT, LOADING, STALE])
        .keys(&[Keys::range(NOT_KEYS, 1, -1, 1)])
        .doc(
            "7.0.0",
            "O(N log M) where N is the number of channels and M that of their subscribers",
            "Ends subscriptions to sharded channels, or to all of them",
        )
        .syntax("[shardchannel ...]"),
    Command::new("PUBLISH", 3, publish)
        .flags(&[PUBSUB, LOADING, STALE, FAST, MAY_REPLICATE])
        .doc(
            "2.0.0",
            "O(N+M) where N is the number of the channel's subscribers and M that of all patterns",
            "Sends a message to all who listen to a channel",
        )
        .syntax("channel message"),
    Command::new("SPUBLISH", 3, spublish)
        .flags(&[PUBSUB, LOADING, STALE, FAST, MAY_REPLICATE])
        .keys(&[Keys::one(NOT_KEYS)])
        .doc(
            "7.0.0",
            "O(N) where N is the number of the sharded channel's subscribers",
            "Sends a message to all who listen to a sharded channel",
        )
        .syntax("shardchannel message"),
];

/// Whether a subscriber that speaks RESP2 may send this.
///
/// # Errors
/// It may not.
pub(super) fn check_subscriber(found: &Listed) -> Done {
    if found.container.is_none() && SUBSCRIBERS_COMMANDS.contains(&found.command.name) {
        return Ok(());
    }
    let name = found.full_name();
    Err(Error::text(format!(
        "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET \
         are allowed in this context"
    )))
}

fn subscribe(call: &mut Call) -> Done {
    subscribe_to(call, Kind::Channel, b"subscribe")
}

fn psubscribe(call: &mut Call) -> Done {
    subscribe_to(call, Kind::Pattern, b"psubscribe")
}

fn ssubscribe(call: &mut Call) -> Done {
    if matches!(call.waiting, Waiting::Never) {
        return Err(NOT_IN_MULTI);
    }
    subscribe_to(call, Kind::Shard, b"ssubscribe")
}

fn unsubscribe(call: &mut Call) -> Done {
    unsubscribe_from(call, Kind::Channel, b"unsubscribe")
}

fn punsubscribe(call: &mut Call) -> Done {
    unsubscribe_from(call, Kind::Pattern, b"punsubscribe")
}

fn sunsubscribe(call: &mut Call) -> Done {
    unsubscribe_from(call, Kind::Shard, b"sunsubscribe")
}

fn subscribe_to(call: &mut Call, kind: Kind, verb: &[u8]) -> Done {
    for name in call.args.iter().skip(1) {
        let count = call.engine.subscribe(call.id, kind, name);
        confirm(
            &mut call.reply,
            &mut call.engine.sessions[call.id],
            (verb, Some(name), count),
        );
    }
    Ok(())
}

fn unsubscribe_from(call: &mut Call, kind: Kind, verb: &[u8]) -> Done {
    if call.args.len() > 1 {
        for name in call.args.iter().skip(1) {
            let count = call.engine.unsubscribe(call.id, kind, name);
            confirm(
                &mut call.reply,
                &mut call.engine.sessions[call.id],
                (verb, Some(name), count),
            );
        }
        return Ok(());
    }
    let names = call.engine.pubsub.names_of(call.id, kind);
    for name in &names {
        let count = call.engine.unsubscribe(call.id, kind, name);
        confirm(
            &mut call.reply,
            &mut call.engine.sessions[call.id],
            (verb, Some(name), count),
        );
    }
    if names.is_empty() {
        let count = call.session().subscriptions().told(kind);
        confirm(
            &mut call.reply,
            &mut call.engine.sessions[call.id],
            (verb, None, count),
        );
    }
    Ok(())
}

/// What was done, to what (nothing, if there was nothing to be done), and how many subscriptions there
/// are now.
type Confirmation<'a> = (&'a [u8], Option<&'a [u8]>, usize);

fn confirm(reply: &mut Reply, session: &mut Session, confirmation: Confirmation) {
    write(reply, confirmation);
    if session.reply_mode != ReplyMode::On {
        let mut copy = Output::new();
        write(&mut Reply::new(&mut copy, reply.protocol()), confirmation);
        let mut bytes = Vec::new();
        let written = copy.write_to(&mut bytes, usize::MAX);
        written.expect("a vector takes everything");
        session.note_pushed(&bytes);
    }
}

fn write(reply: &mut Reply, (verb, name, count): Confirmation) {
    reply.push(3);
    reply.bulk(verb);
    match name {
        Some(name) => reply.bulk(name),
        None => reply.null(),
    }
    reply.integer(count as i64);
}

fn publish(call: &mut Call) -> Done {
    publish_in(call, deliver::publish)
}

fn spublish(call: &mut Call) -> Done {
    publish_in(call, deliver::publish_in_shard)
}

fn publish_in(call: &mut Call, publish: deliver::Publish) -> Done {
    let (channel, message) = (call.args.arg(1), call.args.arg(2));
    let receivers = if call.engine.sessions[call.id].is_subscriber() {
        let (id, out) = (call.id, call.reply.output());
        let mark = out.mark();
        let mut own = Own::new(id, out, mark);
        publish(
            call.engine,
            channel,
            message,
            Some((&mut own, Place::Behind)),
        )
    } else {
        publish(call.engine, channel, message, None)
    };
    call.reply.integer(receivers as i64);
    Ok(())
}

#[cfg(test)]
mod tests;

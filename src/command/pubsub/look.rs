//! PUBSUB: who listens to what, by numbers.

use crate::command::entry::{Command, LOADING, PUBSUB, STALE};
use crate::command::help::{self, help};
use crate::command::{Call, Done};
use crate::engine::pubsub::Kind;
use crate::glob;

/// PUBSUB.
pub const COMMANDS: &[Command] = &[Command::container("PUBSUB", SUBCOMMANDS).doc(
    "2.8.0",
    "Depends on subcommand",
    "Tells which channels are listened to, and by how many clients",
)];

/// The subcommands of PUBSUB.
const SUBCOMMANDS: &[Command] = &[
    Command::new("CHANNELS", -2, channels)
        .flags(&[PUBSUB, LOADING, STALE])
        .doc(
            "2.8.0",
            "O(N) where N is the number of channels",
            "Lists the channels that somebody listens to",
        )
        .syntax("[pattern:pattern]"),
    Command::new("HELP", 2, pubsub_help)
        .flags(&[LOADING, STALE])
        .doc(
            "6.2.0",
            "O(1)",
            "Lists the subcommands with a line or two about each",
        ),
    Command::new("NUMPAT", 2, numpat)
        .flags(&[PUBSUB, LOADING, STALE])
        .doc("2.8.0", "O(1)", "Counts the different patterns"),
    Command::new("NUMSUB", -2, numsub)
        .flags(&[PUBSUB, LOADING, STALE])
        .doc(
            "2.8.0",
            "O(N) where N is the number of channels asked about",
            "Counts the subscribers of channels",
        )
        .syntax("[channel ...]"),
    Command::new("SHARDCHANNELS", -2, shard_channels)
        .flags(&[PUBSUB, LOADING, STALE])
        .doc(
            "7.0.0",
            "O(N) where N is the number of sharded channels",
            "Lists the sharded channels that somebody listens to",
        )
        .syntax("[pattern:pattern]"),
    Command::new("SHARDNUMSUB", -2, shard_numsub)
        .flags(&[PUBSUB, LOADING, STALE])
        .doc(
            "7.0.0",
            "O(N) where N is the number of sharded channels asked about",
            "Counts the subscribers of sharded channels",
        )
        .syntax("[shardchannel ...]"),
];

fn channels(call: &mut Call) -> Done {
    list(call, Kind::Channel)
}

fn shard_channels(call: &mut Call) -> Done {
    list(call, Kind::Shard)
}

fn list(call: &mut Call, kind: Kind) -> Done {
    if call.args.len() > 3 {
        return Err(help::wrong_use(call, "PUBSUB"));
    }
    let names = call.engine.pubsub.names(kind);
    let names: Vec<&[u8]> = match call.args.get(2) {
        None => names.collect(),
        Some(pattern) => names.filter(|name| glob::matches(pattern, name)).collect(),
    };
    call.reply.array(names.len());
    for name in names {
        call.reply.bulk(name);
    }
    Ok(())
}

fn numpat(call: &mut Call) -> Done {
    let count = call.engine.pubsub.topic_count(Kind::Pattern);
    call.reply.integer(count as i64);
    Ok(())
}

fn numsub(call: &mut Call) -> Done {
    count(call, Kind::Channel)
}

fn shard_numsub(call: &mut Call) -> Done {
    count(call, Kind::Shard)
}

fn count(call: &mut Call, kind: Kind) -> Done {
    call.reply.array((call.args.len() - 2) * 2);
    for name in call.args.iter().skip(2) {
        call.reply.bulk(name);
        let count = call.engine.pubsub.subscriber_count(kind, name);
        call.reply.integer(count as i64);
    }
    Ok(())
}

fn pubsub_help(call: &mut Call) -> Done {
    help(call, help::PUBSUB)
}

//! What a server without replicas answers to those who ask about replication.
//!
//! Tools ask it of every server that they meet: monitoring sends ROLE, libraries with a setting for how many replicas
//! have to confirm a write send WAIT, scripts make sure of a master with REPLICAOF NO ONE. There are no replicas, and
//! this server never becomes one.

use super::entry::{ADMIN, Command, FAST, LOADING, NO_ASYNC_LOADING, NO_SCRIPT, STALE};
use super::{Call, Done, Error, Null, Waiting};
use crate::number::parse_i64;
use crate::store::Kind;

/// The commands about the server's own part.
pub const COMMANDS: &[Command] = &[
    Command::new("REPLICAOF", 3, replicaof)
        .flags(&[ADMIN, NO_SCRIPT, STALE, NO_ASYNC_LOADING])
        .doc(
            "5.0.0",
            "O(1)",
            "Makes the server a master, which it is; of nobody a replica",
        )
        .syntax(MASTER),
    Command::new("ROLE", 1, role)
        .flags(&[NO_SCRIPT, LOADING, STALE, FAST])
        .categories(&["@admin", "@dangerous"])
        .doc("2.8.12", "O(1)", "Tells the server's part in replication"),
    Command::new("SLAVEOF", 3, replicaof)
        .flags(&[ADMIN, NO_SCRIPT, STALE, NO_ASYNC_LOADING])
        .doc(
            "1.0.0",
            "O(1)",
            "Makes the server a master, which it is; of nobody a replica",
        )
        .deprecated("5.0.0", "`REPLICAOF`")
        .syntax(MASTER),
];

/// What clients ask about replicas.
pub const WAITS: &[Command] = &[Command::new("WAIT", 3, wait)
    .flags(&[NO_SCRIPT])
    .tips(&["request_policy:all_shards", "response_policy:agg_min"])
    .doc(
        "3.0.0",
        "O(1)",
        "Waits for replicas, of which there are none, until the timeout",
    )
    .syntax("numreplicas:integer timeout:integer")];

/// The arguments of REPLICAOF.
const MASTER: &str = "(args=(host-port=host port:integer)|(no-one=NO ONE))";

/// How many replicas have confirmed anything.
pub(super) const CONFIRMED: i64 = 0;

/// The highest number of a TCP port.
const MAX_PORT: i64 = 65535;

/// A master that has sent nothing and has no replicas.
fn role(call: &mut Call) -> Done {
    call.reply.array(3);
    call.reply.bulk(b"master");
    call.reply.integer(0);
    call.reply.array(0);
    Ok(())
}

/// The number of replicas that have confirmed, which is none; who asks for more waits until the timeout is over, as on
/// any server whose replicas are away.
fn wait(call: &mut Call) -> Done {
    let replicas = parse_i64(call.args.arg(1)).ok_or(Error::NOT_AN_INTEGER)?;
    let timeout_ms = parse_i64(call.args.arg(2))
        .ok_or(Error::new("ERR timeout is not an integer or out of range"))?;
    let timeout_ms =
        u64::try_from(timeout_ms).map_err(|_| Error::new("ERR timeout is negative"))?;
    if replicas <= 0 || matches!(call.waiting, Waiting::Never) {
        call.reply.integer(CONFIRMED);
        return Ok(());
    }
    let now_ms = call.engine.clock.unix_us().div_ceil(1000);
    let deadline_ms = (timeout_ms > 0).then(|| now_ms.saturating_add(timeout_ms));
    // It waits for no key; the kind and the null are those of nobody.
    call.block(Kind::String, 0..0, deadline_ms, Null::Bulk)
}

fn replicaof(call: &mut Call) -> Done {
    if call.is(1, "NO") && call.is(2, "ONE") {
        call.reply.ok();
        return Ok(());
    }
    match parse_i64(call.args.arg(2)) {
        Some(0..=MAX_PORT) => Err(Error::new("ERR Aerolite does not replicate")),
        _ => Err(Error::new("ERR Invalid master port")),
    }
}

//! What a server that is no cluster answers to those who ask whether it is.
//!
//! Libraries that can do both ask CLUSTER for its slots or its nodes, and go on without a cluster when they are told
//! that support for it is disabled: this text is what they know it by.

use super::entry::{Command, FAST, LOADING, STALE};
use super::{Call, Done, Error};

/// The commands by which clients of a cluster say what they mean to do.
pub const MODES: &[Command] = &[
    Command::new("ASKING", 1, no_cluster).flags(&[FAST]).doc(
        "3.0.0",
        "O(1)",
        "Says that a redirection is followed; this is no cluster",
    ),
    Command::new("READONLY", 1, no_cluster)
        .flags(&[LOADING, STALE, FAST])
        .doc(
            "3.0.0",
            "O(1)",
            "Lets a client read from a replica; this is no cluster",
        ),
    Command::new("READWRITE", 1, no_cluster)
        .flags(&[LOADING, STALE, FAST])
        .doc("3.0.0", "O(1)", "Takes READONLY back; this is no cluster"),
];

/// The command CLUSTER.
pub const COMMANDS: &[Command] = &[Command::container("CLUSTER", SUBCOMMANDS).doc(
    "3.0.0",
    "Depends on subcommand.",
    "Tells of a cluster, which this is not",
)];

/// Those of CLUSTER that ask. What builds a cluster is not known.
const SUBCOMMANDS: &[Command] = &[
    question("COUNTKEYSINSLOT", 3, "3.0.0", "Counts the keys in a slot").syntax("slot:integer"),
    question("GETKEYSINSLOT", 4, "3.0.0", "Lists keys in a slot")
        .tips(UNSTEADY)
        .syntax("slot:integer count:integer"),
    question("HELP", 2, "5.0.0", "Lists the subcommands").flags(&[LOADING]),
    question("INFO", 2, "3.0.0", "Tells the state of a node").tips(UNSTEADY),
    question("KEYSLOT", 3, "3.0.0", "Tells the slot of a key").syntax("key:string"),
    question("LINKS", 2, "7.0.0", "Lists the connections between nodes").tips(UNSTEADY),
    question("MYID", 2, "3.0.0", "Tells the name of a node"),
    question("NODES", 2, "3.0.0", "Lists the nodes").tips(UNSTEADY),
    question("SHARDS", 2, "7.0.0", "Lists the shards and their slots").tips(UNSTEADY),
    question("SLOTS", 2, "3.0.0", "Lists the slots and their nodes")
        .tips(UNSTEADY)
        .deprecated("7.0.0", "`CLUSTER SHARDS`"),
];

/// The tip of an answer that can be another one the next time.
const UNSTEADY: &[&str] = &["nondeterministic_output"];

const fn question(
    name: &'static str,
    arity: i8,
    since: &'static str,
    summary: &'static str,
) -> Command {
    Command::new(name, arity, no_cluster)
        .flags(&[STALE])
        .doc(since, "O(1)", summary)
}

fn no_cluster(_: &mut Call) -> Done {
    Err(Error::new("ERR This instance has cluster support disabled"))
}

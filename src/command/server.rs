//! TODO-HEADER

use super::Call;
use super::Done;
use super::table::{
    ADMIN, ALLOW_BUSY, Command, FAST, Keys, LOADING, NO_MULTI, NO_SCRIPT, READONLY, STALE, WRITE,
};

/// The commands about the server and its databases.
pub const COMMANDS: &[Command] = &[
    Command::new("DBSIZE", 1, dbsize)
        .flags(&[READONLY, FAST])
        .categories(&["@keyspace"])
        .tips(&["request_policy:all_shards", "response_policy:agg_sum"])
        .doc("1.0.0", "O(1)", "Counts the keys in the database"),
    Command::new("FLUSHALL", -1, flushall)
        .flags(&[WRITE])
        .categories(&["@keyspace", "@dangerous"])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
        .doc(
            "1.0.0",
            "O(N) where N is the number of keys in all databases",
            "Deletes every key in every database",
        )
        .syntax("[async=ASYNC|SYNC]"),
    Command::new("FLUSHDB", -1, flushdb)
        .flags(&[WRITE])
        .categories(&["@keyspace", "@dangerous"])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
        .doc(
            "1.0.0",
            "O(N) where N is the number of keys in the database",
            "Deletes every key in the database",
        )
        .syntax("[async=ASYNC|SYNC]"),
    Command::container("MEMORY", MEMORY_SUBCOMMANDS).doc(
        "4.0.0",
        "Depends on subcommand",
        "Looks at where memory goes",
    ),
    Command::new("SHUTDOWN", -1, shutdown)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE, NO_MULTI, ALLOW_BUSY])
        .doc(
            "1.0.0",
            "O(1), or O(N) when N keys are saved first",
            "Stops the server",
        )
        .syntax("[nosave_save=NOSAVE|SAVE] [NOW] [FORCE] [ABORT]"),
    Command::new("SWAPDB", 3, swapdb)
        .flags(&[WRITE, FAST])
        .categories(&["@keyspace", "@dangerous"])
        .doc(
            "4.0.0",
            "O(N) where N is the number of clients that watch or wait for keys in them",
            "Exchanges the contents of two databases",
        )
        .syntax("index1:integer index2:integer"),
    Command::new("TIME", 1, time)
        .flags(&[LOADING, STALE, FAST])
        .tips(&["nondeterministic_output"])
        .doc(
            "2.6.0",
            "O(1)",
            "Reads the server's clock: Unix seconds, and microseconds within the second",
        ),
];

/// The subcommands of MEMORY.
const MEMORY_SUBCOMMANDS: &[Command] = &[
    Command::new("HELP", 2, memory_help)
        .flags(&[LOADING, STALE])
        .doc(
            "4.0.0",
            "O(1)",
            "Lists the subcommands with a line or two about each",
        ),
    Command::new("USAGE", -3, memory_usage)
        .flags(&[READONLY])
        .keys(&[Keys::range("RO", 2, 0, 1)])
        .doc(
            "4.0.0",
            "O(N) where N is the number of elements sampled",
            "Estimates how many bytes a key and its value take",
        )
        .syntax("key [SAMPLES count:integer]"),
];

fn dbsize(_: &mut Call) -> Done {
    Ok(())
}
fn flushall(_: &mut Call) -> Done {
    Ok(())
}
fn flushdb(_: &mut Call) -> Done {
    Ok(())
}
fn shutdown(_: &mut Call) -> Done {
    Ok(())
}
fn swapdb(_: &mut Call) -> Done {
    Ok(())
}
fn time(_: &mut Call) -> Done {
    Ok(())
}
fn memory_help(_: &mut Call) -> Done {
    Ok(())
}
fn memory_usage(_: &mut Call) -> Done {
    Ok(())
}

//! TODO-HEADER

use super::Call;
use super::Done;
use super::table::{Command, LOADING, STALE};

/// The command INFO.
pub const COMMANDS: &[Command] = &[Command::new("INFO", -1, info)
    .flags(&[LOADING, STALE])
    .categories(&["@dangerous"])
    .tips(&[
        "nondeterministic_output",
        "request_policy:all_shards",
        "response_policy:special",
    ])
    .doc(
        "1.0.0",
        "O(1)",
        "Reports on the server: its state, counters and memory, by section",
    )
    .syntax("[section ...]")];

fn info(_: &mut Call) -> Done {
    Ok(())
}

//! TODO-HEADER

use super::Call;
use super::Done;
use super::table::{ADMIN, Command, LOADING, NO_SCRIPT, STALE};

/// The command DEBUG.
pub const COMMANDS: &[Command] = &[Command::new("DEBUG", -2, debug)
    .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
    .doc(
        "1.0.0",
        "Depends on subcommand",
        "Looks inside the server and changes how it behaves, for tests",
    )
    .system()];

fn debug(_: &mut Call) -> Done {
    Ok(())
}

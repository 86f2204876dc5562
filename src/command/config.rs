//! TODO-HEADER

use super::Call;
use super::Done;
use super::table::{ADMIN, Command, LOADING, NO_SCRIPT, STALE};

/// The command CONFIG.
pub const COMMANDS: &[Command] = &[Command::container("CONFIG", SUBCOMMANDS).doc(
    "2.0.0",
    "Depends on subcommand",
    "Reads and changes the settings of the server",
)];

/// The subcommands of CONFIG.
const SUBCOMMANDS: &[Command] = &[
    Command::new("GET", -3, config_get)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "2.0.0",
            "O(N) where N is the number of settings",
            "Reads the settings whose names match glob patterns",
        )
        .syntax("(parameter=parameter) ..."),
    Command::new("HELP", 2, config_help)
        .flags(&[LOADING, STALE])
        .doc(
            "5.0.0",
            "O(1)",
            "Lists the subcommands with a line or two about each",
        ),
    Command::new("RESETSTAT", 2, config_resetstat)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "2.0.0",
            "O(1)",
            "Sets the statistics that INFO shows back to zero",
        ),
    Command::new("REWRITE", 2, config_rewrite)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "2.8.0",
            "O(1)",
            "Writes the settings in force into the configuration file",
        ),
    Command::new("SET", -4, config_set)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
        .doc(
            "2.0.0",
            "O(N) where N is the number of settings given",
            "Changes settings while the server runs",
        )
        .syntax("(parameter_value=parameter value) ..."),
];

fn config_get(_: &mut Call) -> Done {
    Ok(())
}
fn config_help(_: &mut Call) -> Done {
    Ok(())
}
fn config_resetstat(_: &mut Call) -> Done {
    Ok(())
}
fn config_rewrite(_: &mut Call) -> Done {
    Ok(())
}
fn config_set(_: &mut Call) -> Done {
    Ok(())
}

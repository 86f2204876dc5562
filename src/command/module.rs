//! MODULE: there are none, and none can be loaded.
//!
//! Client libraries ask for the list when they connect, to learn whether there are more types than Redis's own.

use super::entry::{ADMIN, Command, LOADING, NO_ASYNC_LOADING, NO_SCRIPT, STALE};
use super::{Call, Done, Error, help};

/// The command MODULE.
pub const COMMANDS: &[Command] =
    &[Command::container("MODULE", SUBCOMMANDS).doc("4.0.0", "Depends on subcommand.", SUMMARY)];

const SUMMARY: &str = "Tells of modules, of which there are none";

/// The subcommands of MODULE.
const SUBCOMMANDS: &[Command] = &[
    Command::new("HELP", 2, module_help)
        .flags(&[LOADING, STALE])
        .doc(
            "5.0.0",
            "O(1)",
            "Lists the subcommands with a line or two about each",
        ),
    Command::new("LIST", 2, module_list)
        .flags(&[ADMIN, NO_SCRIPT])
        .tips(&["nondeterministic_output_order"])
        .doc(
            "4.0.0",
            "O(N) where N is the number of loaded modules.",
            "Lists the modules that are loaded",
        ),
    Command::new("LOAD", -3, module_load)
        .flags(&[ADMIN, NO_SCRIPT, NO_ASYNC_LOADING])
        .doc("4.0.0", "O(1)", "Loads a module, which is refused")
        .syntax("path [arg ...]"),
    Command::new("LOADEX", -3, module_load)
        .flags(&[ADMIN, NO_SCRIPT, NO_ASYNC_LOADING])
        .doc(
            "7.0.0",
            "O(1)",
            "Loads a module with settings, which is refused",
        )
        .syntax("path [CONFIG (configs=name value)] ... [ARGS (args=arg) ...]"),
    Command::new("UNLOAD", 3, module_load)
        .flags(&[ADMIN, NO_SCRIPT, NO_ASYNC_LOADING])
        .doc("4.0.0", "O(1)", "Unloads a module, which cannot be there")
        .syntax("name"),
];

/// What Redis answers unless `enable-module-command` is set.
const NOT_ALLOWED: Error = Error::new(
    "ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", \
     you can run it from a local connection, otherwise you need to set this option in the \
     configuration file, and then restart the server.",
);

fn module_help(call: &mut Call) -> Done {
    help::help(call, help::MODULE)
}

fn module_list(call: &mut Call) -> Done {
    call.reply.array(0);
    Ok(())
}

/// Nobody may, whatever the setting says.
fn module_load(_: &mut Call) -> Done {
    Err(NOT_ALLOWED)
}

//! TODO-HEADER

use super::Call;
use super::Done;
use super::table::{ADMIN, Command, LOADING, NO_SCRIPT, STALE};

/// The command CLIENT.
pub const COMMANDS: &[Command] = &[Command::container("CLIENT", SUBCOMMANDS).doc(
    "2.4.0",
    "Depends on subcommand",
    "Looks at and manages client connections",
)];

/// The subcommands of CLIENT.
const SUBCOMMANDS: &[Command] = &[
    Command::new("GETNAME", 2, client_getname)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc("2.6.9", "O(1)", "Reads the connection's name"),
    Command::new("HELP", 2, client_help)
        .flags(&[LOADING, STALE])
        .doc(
            "5.0.0",
            "O(1)",
            "Lists the subcommands with a line or two about each",
        ),
    Command::new("ID", 2, client_id)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc("5.0.0", "O(1)", "Reads the connection's number"),
    Command::new("INFO", 2, client_info)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .tips(&["nondeterministic_output"])
        .doc("6.2.0", "O(1)", "Describes this connection in one line"),
    Command::new("KILL", -3, client_kill)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "2.4.0",
            "O(N) where N is the number of client connections",
            "Closes the connections that match an address or filters",
        )
        .syntax(
            "(filter=ip:port:string|(new-format=[ID client-id:integer]|\
             [TYPE (normal_master_slave_pubsub=NORMAL|MASTER|SLAVE|REPLICA|PUBSUB)]|\
             [USER username]|[ADDR ip:port:string]|[LADDR ip:port:string]|\
             [SKIPME yes/no]) ...)",
        ),
    Command::new("LIST", -2, client_list)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .tips(&["nondeterministic_output"])
        .doc(
            "2.4.0",
            "O(N) where N is the number of client connections",
            "Describes every connection, one a line",
        )
        .syntax(
            "[TYPE (normal_master_replica_pubsub=NORMAL|MASTER|REPLICA|PUBSUB)] \
             [ID (id=client-id:integer ...)]",
        ),
    Command::new("NO-EVICT", 3, client_no_evict)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "7.0.0",
            "O(1)",
            "Protects this connection from being closed to save memory, or stops doing so",
        )
        .syntax("(enabled=ON|OFF)"),
    Command::new("NO-TOUCH", 3, client_no_touch)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc(
            "7.2.0",
            "O(1)",
            "Lets this connection read keys without counting as use of them",
        )
        .syntax("(enabled=ON|OFF)"),
    Command::new("REPLY", 3, client_reply)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc(
            "3.2.0",
            "O(1)",
            "Switches replies to this connection on or off, or leaves the next one out",
        )
        .syntax("(on_off_skip=ON|OFF|SKIP)"),
    Command::new("SETINFO", 4, client_setinfo)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
        .doc(
            "7.2.0",
            "O(1)",
            "Records which client library the connection uses, and its version",
        )
        .syntax("(attr=LIB-NAME libname|LIB-VER libver)"),
    Command::new("SETNAME", 3, client_setname)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc("2.6.9", "O(1)", "Gives the connection a name")
        .syntax("connection-name"),
];

fn client_getname(_: &mut Call) -> Done {
    Ok(())
}
fn client_help(_: &mut Call) -> Done {
    Ok(())
}
fn client_id(_: &mut Call) -> Done {
    Ok(())
}
fn client_info(_: &mut Call) -> Done {
    Ok(())
}
fn client_kill(_: &mut Call) -> Done {
    Ok(())
}
fn client_list(_: &mut Call) -> Done {
    Ok(())
}
fn client_no_evict(_: &mut Call) -> Done {
    Ok(())
}
fn client_no_touch(_: &mut Call) -> Done {
    Ok(())
}
fn client_reply(_: &mut Call) -> Done {
    Ok(())
}
fn client_setinfo(_: &mut Call) -> Done {
    Ok(())
}
fn client_setname(_: &mut Call) -> Done {
    Ok(())
}

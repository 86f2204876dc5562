//! TODO-HEADER

use super::Call;
use super::Done;
use super::table::{ALLOW_BUSY, Command, FAST, LOADING, NO_AUTH, NO_SCRIPT, STALE};

/// The commands about the connection itself.
pub const COMMANDS: &[Command] = &[
    Command::new("AUTH", -2, auth)
        .flags(&[NO_SCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY])
        .doc(
            "1.0.0",
            "O(N) where N is the number of passwords defined for the user",
            "Logs the connection in with a password",
        )
        .syntax("[username] password"),
    Command::new("ECHO", 2, echo)
        .flags(&[LOADING, STALE, FAST])
        .doc("1.0.0", "O(1)", "Answers with the message it was sent")
        .syntax("message"),
    Command::new("HELLO", -1, hello)
        .flags(&[NO_SCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY])
        .doc(
            "6.0.0",
            "O(1)",
            "Chooses the protocol, and may log in and name the connection on the way",
        )
        .syntax(
            "[arguments=protover:integer [AUTH (username_password=username password)] \
             [SETNAME clientname]]",
        ),
    Command::new("PING", -1, ping)
        .flags(&[FAST])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
        .doc("1.0.0", "O(1)", "Answers PONG, or the message it was sent")
        .syntax("[message]"),
    Command::new("QUIT", -1, quit)
        .flags(&[NO_SCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY])
        .doc("1.0.0", "O(1)", "Answers OK and closes the connection"),
    Command::new("RESET", 1, reset)
        .flags(&[NO_SCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY])
        .doc(
            "6.2.0",
            "O(1)",
            "Brings the connection back to the state of a new one",
        ),
    Command::new("SELECT", 2, select)
        .flags(&[LOADING, STALE, FAST])
        .doc(
            "1.0.0",
            "O(1)",
            "Chooses the database that the connection works on",
        )
        .syntax("index:integer"),
];

fn auth(_: &mut Call) -> Done {
    Ok(())
}
fn echo(_: &mut Call) -> Done {
    Ok(())
}
fn hello(_: &mut Call) -> Done {
    Ok(())
}
fn ping(_: &mut Call) -> Done {
    Ok(())
}
fn quit(_: &mut Call) -> Done {
    Ok(())
}
fn reset(_: &mut Call) -> Done {
    Ok(())
}
fn select(_: &mut Call) -> Done {
    Ok(())
}

//! What comes of the book's exercise "A command of your own" (`docs/src/commands.md`): `REVERSE key`.
//!
//! The server has no such command. The book shows this file, and the test below keeps what it shows right.

use super::string_of;
use crate::command::entry::{Command, Keys, READONLY};
use crate::command::testing::{engine, run};
use crate::command::{Call, Done, Prepared, Waiting};
use crate::engine::{Engine, SessionId};
use crate::resp::{Output, OwnedRequest, Protocol, Reply};

const COMMANDS: &[Command] = &[
    // ANCHOR: entry
    Command::new("REVERSE", 2, reverse)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "1.0.0",
            "O(N) where N is the length of the string",
            "Reads the bytes of a string from the last to the first",
        )
        .syntax("key"),
    // ANCHOR_END: entry
];

// ANCHOR: function
fn reverse(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let Some(entry) = db.read(args.arg(1)) else {
        reply.null();
        return Ok(());
    };
    let reversed: Vec<u8> = string_of(entry)?.iter().rev().copied().collect();
    reply.bulk(&reversed);
    Ok(())
}
// ANCHOR_END: function

/// What the function writes, or the text of its error.
fn reversed(engine: &mut Engine, id: SessionId, key: &str) -> String {
    let mut request = OwnedRequest::from_args(&["REVERSE", key]);
    let request = request.request();
    let known = Prepared::of(&request).known;
    let mut output = Output::new();
    let mut call = Call {
        command: &COMMANDS[0],
        args: request,
        reply: Reply::new(&mut output, Protocol::Resp2),
        engine,
        id,
        known: &known,
        waiting: Waiting::Never,
    };
    if let Err(error) = (COMMANDS[0].run)(&mut call) {
        return error.to_string();
    }
    let mut bytes = Vec::new();
    output
        .write_to(&mut bytes, usize::MAX)
        .expect("a vector takes everything");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn the_command_of_the_exercise_does_what_the_book_says() {
    let (mut engine, id) = engine();
    run(&mut engine, id, &["SET", "word", "lager"]);
    run(&mut engine, id, &["RPUSH", "list", "a"]);
    assert_eq!(reversed(&mut engine, id, "word"), "$5\r\nregal\r\n");
    assert_eq!(reversed(&mut engine, id, "nothing"), "$-1\r\n");
    assert!(reversed(&mut engine, id, "list").starts_with("WRONGTYPE"));
    assert!(COMMANDS[0].accepts(2) && !COMMANDS[0].accepts(1));
}

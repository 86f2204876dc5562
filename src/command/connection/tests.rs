use super::*;
use crate::command::testing::{engine, run};
use crate::engine::SessionId;
use crate::engine::uses::Uses;

const OK: &str = "+OK\r\n";
const WRONG: &str = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
const NO_AUTH: &str = "-NOAUTH Authentication required.\r\n";

/// A session that has to give the password `secret`.
fn locked() -> (Engine, SessionId) {
    let (mut engine, id) = engine();
    engine.config.requirepass = b"secret".to_vec();
    engine.set_default_password();
    engine.log_out(id);
    (engine, id)
}

#[test]
fn a_password_opens_and_a_wrong_one_does_not_close() {
    let (mut engine, id) = locked();
    let mut run = |args: &[&str]| run(&mut engine, id, args);
    assert_eq!(run(&["PING"]), NO_AUTH);
    assert_eq!(run(&["AUTH", "secre"]), WRONG);
    assert_eq!(run(&["AUTH", "nobody", "secret"]), WRONG);
    assert_eq!(run(&["AUTH", "a", "b", "c"]), "-ERR syntax error\r\n");
    assert_eq!(run(&["PING"]), NO_AUTH);
    assert_eq!(run(&["AUTH", "secret"]), OK);
    assert_eq!(run(&["AUTH", "secretx"]), WRONG);
    assert_eq!(run(&["PING"]), "+PONG\r\n");
    assert_eq!(run(&["RESET"]), "+RESET\r\n");
    assert_eq!(run(&["PING"]), NO_AUTH);
    assert_eq!(run(&["AUTH", "default", "secret"]), OK);
    assert_eq!(run(&["PING"]), "+PONG\r\n");
}

#[test]
fn without_a_password_the_user_alone_counts() {
    let (mut engine, id) = engine();
    let reply = run(&mut engine, id, &["AUTH", "x"]);
    assert!(reply.starts_with("-ERR AUTH <password> called without any password configured"));
    assert!(reply.ends_with("default user. Are you sure your configuration is correct?\r\n"));
    assert_eq!(run(&mut engine, id, &["AUTH", "default", "x"]), OK);
    assert_eq!(run(&mut engine, id, &["AUTH", "Default", "x"]), WRONG);
}

#[test]
fn hello_switches_the_protocol_of_its_own_reply() {
    let (mut engine, id) = engine();
    let body = |proto, number| {
        format!(
            "$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n\
             :{proto}\r\n$2\r\nid\r\n:{number}\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n\
             $6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"
        )
    };
    let map = |reply: &str| format!("{reply}{}", body(3, 1));
    assert_eq!(run(&mut engine, id, &["HELLO", "3"]), map("%7\r\n"));
    assert_eq!(run(&mut engine, id, &["HELLO"]), map("%7\r\n"));
    let resp2 = format!("*14\r\n{}", body(2, 1));
    assert_eq!(run(&mut engine, id, &["HELLO", "2"]), resp2);
}

#[test]
fn hello_takes_its_options_in_order() {
    let (mut engine, id) = locked();
    let mut run = |args: &[&str]| run(&mut engine, id, args);
    for bad in ["1", "4", "-3", "9223372036854775807"] {
        let reply = run(&["HELLO", bad]);
        assert_eq!(reply, "-NOPROTO unsupported protocol version\r\n");
    }
    let reply = run(&["HELLO", "x", "AUTH", "default", "secret"]);
    let refused = "-ERR Protocol version is not an integer or out of range\r\n";
    assert_eq!(reply, refused);
    assert!(run(&["HELLO", "3"]).starts_with("-NOAUTH HELLO must be called with"));
    let reply = run(&["HELLO", "3", "SETNAME", "me", "AUTH", "default"]);
    assert_eq!(reply, "-ERR Syntax error in HELLO option 'AUTH'\r\n");
    assert_eq!(run(&["PING"]), NO_AUTH);
    let reply = run(&["HELLO", "3", "AUTH", "default", "secret", "BAD"]);
    assert_eq!(reply, "-ERR Syntax error in HELLO option 'BAD'\r\n");
    // The name and the password had been taken by then; the protocol had not.
    assert_eq!(run(&["CLIENT", "GETNAME"]), "$2\r\nme\r\n");
    let reply = run(&["HELLO", "3", "SETNAME", ""]);
    assert!(reply.starts_with("%7\r\n"), "{reply}");
    assert_eq!(run(&["CLIENT", "GETNAME"]), "_\r\n");
}

#[test]
fn reset_makes_the_session_new_but_keeps_no_evict() {
    let (mut engine, id) = engine();
    for args in [
        &["HELLO", "3", "SETNAME", "me"][..],
        &["SELECT", "5"],
        &["CLIENT", "NO-EVICT", "on"],
        &["CLIENT", "NO-TOUCH", "on"],
        &["CLIENT", "REPLY", "OFF"],
    ] {
        run(&mut engine, id, args);
    }
    assert_eq!(run(&mut engine, id, &["RESET"]), "+RESET\r\n");
    let session = &engine.sessions[id];
    assert_eq!((session.db, session.protocol), (0, Protocol::Resp2));
    assert!(session.name.is_empty() && session.no_evict && session.uses == Uses::Timed);
}

#[test]
fn select_knows_numbers_from_databases() {
    let (mut engine, id) = engine();
    let between = "value is out of range, value must between -2147483648 and 2147483647";
    for (index, error) in [
        ("16", "DB index is out of range"),
        ("-1", "DB index is out of range"),
        ("2147483647", "DB index is out of range"),
        ("2147483648", between),
        ("-2147483649", between),
        (
            "9223372036854775808",
            "value is not an integer or out of range",
        ),
        ("01", "value is not an integer or out of range"),
        ("", "value is not an integer or out of range"),
    ] {
        let reply = run(&mut engine, id, &["SELECT", index]);
        assert_eq!(reply, format!("-ERR {error}\r\n"), "{index}");
    }
    assert_eq!(run(&mut engine, id, &["SELECT", "15"]), OK);
    assert_eq!(engine.sessions[id].db, 15);
}

#[test]
fn ping_echo_and_quit() {
    let (mut engine, id) = engine();
    let mut run = |args: &[&str]| run(&mut engine, id, args);
    assert_eq!(run(&["PING", ""]), "$0\r\n\r\n");
    assert_eq!(run(&["ECHO", "a\r\n\0"]), "$4\r\na\r\n\0\r\n");
    let refused = "-ERR wrong number of arguments for 'ping' command\r\n";
    assert_eq!(run(&["PING", "a", "b"]), refused);
    assert_eq!(run(&["QUIT", "now"]), OK);
    assert!(engine.sessions[id].closing);
}

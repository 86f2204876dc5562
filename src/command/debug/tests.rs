use super::*;
use crate::command::testing::{engine, pass_ms, run};
use crate::engine::{Engine, SessionId};
use crate::store::keyspace::Deadline;

fn allowed() -> (Engine, SessionId) {
    let (mut engine, id) = engine();
    engine.config.enable_debug_command = Access::Yes;
    (engine, id)
}

#[test]
fn it_is_for_those_whom_the_setting_names() {
    let (mut engine, id) = engine();
    for (access, is_local, may) in [
        (Access::No, true, false),
        (Access::Yes, false, true),
        (Access::Local, false, false),
        (Access::Local, true, true),
    ] {
        engine.config.enable_debug_command = access;
        engine.sessions[id].is_local = is_local;
        let reply = run(&mut engine, id, &["DEBUG", "SLEEP", "0"]);
        let refused = reply.starts_with("-ERR DEBUG command not allowed. If the enable-debug-");
        assert_eq!(
            (reply == "+OK\r\n", refused),
            (may, !may),
            "{access:?} {is_local}"
        );
    }
}

#[test]
fn objects_are_described_as_redis_does() {
    let (mut engine, id) = allowed();
    for (key, value) in [("int", "300"), ("text", "bar"), ("big", "40000")] {
        let mut db = engine.db(0);
        db.set_string(key.as_bytes(), value.as_bytes(), Deadline::Never, "set");
    }
    pass_ms(&mut engine, 7000);
    // The test's clock began at 1700000000, which is 5505280 in 24 bits.
    for (key, references, encoding, len) in [
        ("int", "2147483647", "int", 3),
        ("text", "1", "embstr", 4),
        ("big", "1", "int", 5),
    ] {
        let reply = run(&mut engine, id, &["DEBUG", "object", key]);
        let expected = format!(
            "+Value at:0x0 refcount:{references} encoding:{encoding} serializedlength:{len} \
             lru:{} lru_seconds_idle:7\r\n",
            1_700_000_000 % (1 << 24)
        );
        assert_eq!(reply, expected);
    }
    let reply = run(&mut engine, id, &["DEBUG", "OBJECT", "missing"]);
    assert_eq!(reply, "-ERR no such key\r\n");
}

#[test]
fn strings_serialize_to_a_length_and_themselves() {
    let cases: [(&[u8], usize); 10] = [
        (b"", 1),
        (b"0", 2),
        (b"-128", 2),
        (b"128", 3),
        (b"-32769", 5),
        (b"2147483648", 11),
        (b"12345678901", 12),
        (b"007", 4),
        (&[b'x'; 63], 64),
        (&[b'x'; 64], 66),
    ];
    for (text, len) in cases {
        assert_eq!(serialized_len(text), len, "{text:?}");
    }
    assert_eq!(serialized_len(&[b'x'; 16383]), 16385);
    assert_eq!(serialized_len(&[b'x'; 16384]), 16389);
}

#[test]
fn active_expiry_is_switched() {
    let (mut engine, id) = allowed();
    for (word, on) in [("0", false), ("1", true), ("abc", false), ("2x", true)] {
        let reply = run(&mut engine, id, &["DEBUG", "Set-Active-Expire", word]);
        assert_eq!((reply.as_str(), engine.active_expire), ("+OK\r\n", on));
    }
}

#[test]
fn numbers_are_read_as_far_as_they_go() {
    let cases: [(&[u8], f64); 8] = [
        (b"0.25", 0.25),
        (b"-1", -1.0),
        (b"1.5s", 1.5),
        (b"abc", 0.0),
        (b"", 0.0),
        (b"nan", 0.0),
        (b"\xff", 0.0),
        (b".5", 0.5),
    ];
    for (text, number) in cases {
        assert_eq!(leading_number(text), number, "{text:?}");
    }
}

#[test]
fn what_it_does_not_know_it_says() {
    let (mut engine, id) = allowed();
    let long = "x".repeat(200);
    for args in [
        &["FOO"][..],
        &[&long],
        &["SLEEP"],
        &["OBJECT", "a", "b"],
        &["HELP", "x"],
    ] {
        let reply = run(&mut engine, id, &[&["DEBUG"], args].concat());
        let expected = format!(
            "-ERR unknown subcommand or wrong number of arguments for '{}'. Try DEBUG HELP.\r\n",
            &args[0][..args[0].len().min(128)]
        );
        assert_eq!(reply, expected);
    }
    let help = run(&mut engine, id, &["DEBUG", "HELP"]);
    assert!(help.contains("+SLEEP <seconds>\r\n"), "{help}");
}

#[test]
fn sleep_holds_the_caller() {
    let (mut engine, id) = allowed();
    let before = std::time::Instant::now();
    assert_eq!(run(&mut engine, id, &["DEBUG", "SLEEP", "0.02"]), "+OK\r\n");
    assert!(before.elapsed() >= Duration::from_millis(20));
    assert_eq!(run(&mut engine, id, &["DEBUG", "SLEEP", "-9"]), "+OK\r\n");
}

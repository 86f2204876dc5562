use super::*;
use crate::command::testing::{engine, run};
use crate::engine::Engine;
use crate::store::keyspace::Deadline;

const OK: &str = "+OK\r\n";
const SYNTAX: &str = "-ERR syntax error\r\n";

fn set(engine: &mut Engine, db: usize, key: &str, value: &str) {
    let mut db = engine.db(db);
    db.set_string(key.as_bytes(), value.as_bytes(), Deadline::Never, "set");
}

fn sizes(engine: &Engine) -> Vec<usize> {
    let sizes = engine.databases.iter().map(|keys| keys.len());
    sizes.take(3).collect()
}

#[test]
fn flushing_takes_one_database_or_all() {
    let (mut engine, id) = engine();
    for db in 0..3 {
        set(&mut engine, db, "k", "v");
    }
    for bad in [
        &["FLUSHDB", "x"][..],
        &["FLUSHALL", "SYNC", "ASYNC"],
        &["FLUSHALL", ""],
    ] {
        assert_eq!(run(&mut engine, id, bad), SYNTAX);
    }
    assert_eq!(run(&mut engine, id, &["DBSIZE"]), ":1\r\n");
    run(&mut engine, id, &["SELECT", "1"]);
    assert_eq!(run(&mut engine, id, &["FLUSHDB", "async"]), OK);
    assert_eq!(sizes(&engine), [1, 0, 1]);
    assert_eq!(engine.trash.pending(), 1);
    assert_eq!(run(&mut engine, id, &["FLUSHALL", "Sync"]), OK);
    assert_eq!(sizes(&engine), [0, 0, 0]);
    assert_eq!(run(&mut engine, id, &["DBSIZE"]), ":0\r\n");
}

#[test]
fn swapdb_exchanges_contents() {
    let (mut engine, id) = engine();
    set(&mut engine, 0, "k", "v");
    for (first, second, error) in [
        ("a", "b", "invalid first DB index"),
        ("99", "b", "invalid second DB index"),
        ("2147483648", "0", "invalid first DB index"),
        ("0", "16", "DB index is out of range"),
        ("-1", "0", "DB index is out of range"),
    ] {
        let reply = run(&mut engine, id, &["SWAPDB", first, second]);
        assert_eq!(reply, format!("-ERR {error}\r\n"));
    }
    assert_eq!(run(&mut engine, id, &["SWAPDB", "0", "2"]), OK);
    assert_eq!(sizes(&engine), [0, 0, 1]);
}

#[test]
fn shutdown_asks_the_server_without_a_reply() {
    let (mut engine, id) = engine();
    for bad in [
        &["SHUTDOWN", "x"][..],
        &["SHUTDOWN", "SAVE", "NOSAVE"],
        &["SHUTDOWN", "ABORT", "NOW"],
        &["SHUTDOWN", "ABORT", "SAVE"],
    ] {
        assert_eq!(run(&mut engine, id, bad), SYNTAX);
    }
    let reply = run(&mut engine, id, &["SHUTDOWN", "ABORT"]);
    assert_eq!(reply, "-ERR No shutdown in progress.\r\n");
    let reply = run(&mut engine, id, &["SHUTDOWN", "SAVE"]);
    assert_eq!(reply, "-ERR Errors trying to SHUTDOWN. Check logs.\r\n");
    assert!(engine.mail.is_empty());
    for good in [
        &["SHUTDOWN"][..],
        &["shutdown", "nosave", "now"],
        &["SHUTDOWN", "SAVE", "FORCE"],
    ] {
        assert_eq!(run(&mut engine, id, good), "");
        assert!(matches!(engine.mail.pop(), Some(Mail::Shutdown)));
    }
}

#[test]
fn time_is_the_engines() {
    let (mut engine, id) = engine();
    engine.clock = crate::engine::Clock::at_us(1_700_000_000_000_042);
    let reply = run(&mut engine, id, &["TIME"]);
    assert_eq!(reply, "*2\r\n$10\r\n1700000000\r\n$2\r\n42\r\n");
}

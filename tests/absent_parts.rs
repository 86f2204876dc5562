//! What a server without replicas, files, cluster and modules answers to those who ask about them: ROLE, WAIT, REPLICAOF NO ONE,
//! LASTSAVE, CLUSTER, MODULE. Tools and libraries do, of every server that they meet.
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::{Value, server, server_with};
use tools::{field, info, wait_until};

use std::time::{Duration, Instant};

#[test]
fn what_a_server_without_replicas_answers() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        ROLE                  => ["master" :0 []]
        ROLE x                => -ERR wrong number of arguments for 'role' command
        REPLICAOF NO ONE      => +OK
        slaveof no one        => +OK
        REPLICAOF NO TWO      => -ERR Invalid master port
        REPLICAOF host 65536  => -ERR Invalid master port
        REPLICAOF host        => -ERR wrong number of arguments for 'replicaof' command
        WAIT 0 0              => :0
        WAIT -1 0             => :0
        WAIT x 1              => -ERR value is not an integer or out of range
        WAIT 1 x              => -ERR timeout is not an integer or out of range
        WAIT 1 0.5            => -ERR timeout is not an integer or out of range
        WAIT 1 -1             => -ERR timeout is negative
        WAIT 1                => -ERR wrong number of arguments for 'wait' command
        MULTI                 => +OK
        WAIT 1 0              => +QUEUED
        ROLE                  => +QUEUED
        EXEC                  => [:0 ["master" :0 []]]
        "#,
    );
}

#[test]
fn wait_lasts_until_its_timeout() {
    let target = server();
    let mut conn = target.connect();
    let from = Instant::now();
    assert_eq!(conn.cmd(&["WAIT", "1", "30"]), Value::Int(0));
    assert!(from.elapsed() >= Duration::from_millis(29));

    // Without one it lasts until somebody ends it.
    let mut other = target.connect();
    for (ending, answer) in [
        (&["TIMEOUT"][..], Value::Int(0)),
        (
            &["ERROR"],
            Value::error("UNBLOCKED client unblocked via CLIENT UNBLOCK"),
        ),
    ] {
        let id = conn.cmd(&["CLIENT", "ID"]).int().to_string();
        conn.send(&["WAIT", "2", "0"]);
        let mut unblock = vec!["CLIENT", "UNBLOCK", &id];
        unblock.extend(ending);
        let ended = wait_until(Duration::from_secs(10), || {
            other.cmd(&unblock) == Value::Int(1)
        });
        assert!(ended, "it did not wait");
        assert_eq!(conn.read_value(), answer);
    }
}

#[test]
fn lastsave_is_the_time_of_the_start() {
    let target = server();
    let mut conn = target.connect();
    let saved_s = conn.cmd(&["LASTSAVE"]).int();
    let told = field(&info(&mut conn, &["persistence"]), "rdb_last_save_time").map(str::to_owned);
    assert_eq!(Some(saved_s.to_string()), told);
    let now_s = conn.cmd(&["TIME"]).items()[0].text();
    let now_s: i64 = now_s.parse().expect("seconds");
    assert!((1_700_000_000..=now_s).contains(&saved_s), "{saved_s}");
    conn.transcript("LASTSAVE x => -ERR wrong number of arguments for 'lastsave' command");
}

#[test]
fn there_is_no_cluster() {
    server().connect().transcript(
        r#"
        CLUSTER INFO        => -ERR This instance has cluster support disabled
        CLUSTER NODES       => -ERR This instance has cluster support disabled
        cluster slots       => -ERR This instance has cluster support disabled
        CLUSTER SHARDS      => -ERR This instance has cluster support disabled
        CLUSTER KEYSLOT k   => -ERR This instance has cluster support disabled
        CLUSTER HELP        => -ERR This instance has cluster support disabled
        CLUSTER KEYSLOT     => -ERR wrong number of arguments for 'cluster|keyslot' command
        CLUSTER FOO         => -ERR unknown subcommand 'FOO'. Try CLUSTER HELP.
        CLUSTER             => -ERR wrong number of arguments for 'cluster' command
        READONLY            => -ERR This instance has cluster support disabled
        READWRITE           => -ERR This instance has cluster support disabled
        ASKING              => -ERR This instance has cluster support disabled
        "#,
    );
}

#[test]
fn there_are_no_modules() {
    let Some(target) = server_with(&[("enable-module-command", "no")]) else {
        return;
    };
    let mut conn = target.connect();
    conn.transcript(
        r#"
        MODULE LIST       => []
        MODULE LIST x     => -ERR wrong number of arguments for 'module|list' command
        MODULE FOO        => -ERR unknown subcommand 'FOO'. Try MODULE HELP.
        MODULE UNLOAD     => -ERR wrong number of arguments for 'module|unload' command
        "#,
    );
    let refused = "ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", \
                   you can run it from a local connection, otherwise you need to set this option in the \
                   configuration file, and then restart the server.";
    for args in [
        &["MODULE", "LOAD", "./some.so"][..],
        &["MODULE", "LOADEX", "./some.so", "CONFIG", "a", "1"],
        &["MODULE", "UNLOAD", "some"],
    ] {
        assert_eq!(conn.cmd(args), Value::error(refused), "{args:?}");
    }
    assert_eq!(conn.cmd(&["MODULE", "HELP"]).items().len(), 11);
}

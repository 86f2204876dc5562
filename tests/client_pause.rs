//! CLIENT PAUSE and UNPAUSE: who waits, in which order they go on, and that nothing is left of who does not.
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::timing::in_time;
use common::{Conn, Target, Value, server, server_with};
use tools::{attribute, client_id, counter, is_connected, wait_until};

use std::time::{Duration, Instant};

/// However busy the machine is, this is enough.
const PATIENCE: Duration = Duration::from_secs(30);
/// Long enough for a reply that should not come.
const SILENCE: Duration = Duration::from_millis(30);
/// Longer than any test.
const LONG: &str = "600000";

#[track_caller]
fn await_blocked(observer: &mut Conn, count: u64) {
    let is_so = wait_until(PATIENCE, || {
        counter(observer, "clients", "blocked_clients") == count
    });
    assert!(is_so, "there are not {count} blocked clients");
}

/// A client that has sent a request which has to wait, as number `count` of those who do.
#[track_caller]
fn waiting(target: &Target, observer: &mut Conn, count: u64, request: &[&str]) -> Conn {
    let mut conn = target.connect();
    conn.send(request);
    await_blocked(observer, count);
    conn
}

fn ok() -> Value {
    Value::simple("OK")
}

#[test]
fn the_arguments() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        CLIENT PAUSE                        => -ERR wrong number of arguments for 'client|pause' command
        CLIENT PAUSE abc                    => -ERR timeout is not an integer or out of range
        CLIENT PAUSE 1.5                    => -ERR timeout is not an integer or out of range
        CLIENT PAUSE 99999999999999999999   => -ERR timeout is not an integer or out of range
        CLIENT PAUSE -1                     => -ERR timeout is negative
        CLIENT PAUSE 1 foo                  => -ERR CLIENT PAUSE mode must be WRITE or ALL
        CLIENT PAUSE abc foo                => -ERR CLIENT PAUSE mode must be WRITE or ALL
        CLIENT PAUSE 1 write x              => -ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP.
        CLIENT UNPAUSE x                    => -ERR wrong number of arguments for 'client|unpause' command
        CLIENT UNPAUSE                      => +OK
        CLIENT PAUSE 0                      => +OK
        PING                                => +PONG
        CLIENT PAUSE 9223372036854775807    => +OK
        PING                                => +PONG
        "#,
    );
}

#[test]
fn a_pause_of_writes_lets_the_others_pass() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript("SET k v => +OK");
    assert_eq!(conn.cmd(&["CLIENT", "PAUSE", LONG, "write"]), ok());
    conn.transcript(
        r#"
        GET k              => "v"
        PING               => +PONG
        SET k              => -ERR wrong number of arguments for 'set' command
        SORT_RO nothing    => []
        CONFIG SET timeout 0 => +OK
        TOUCH k            => :1
        "#,
    );
    let mut waiting_ones: Vec<Conn> = Vec::new();
    for request in [
        &["SET", "k", "w"][..],
        &["FLUSHALL"],
        &["PFCOUNT", "hll"],
        &["SORT", "list"],
        &["BLPOP", "list", "0.01"],
        &["GEORADIUS", "geo", "1", "1", "1", "m"],
        &["PUBLISH", "channel", "message"],
        &["SPUBLISH", "channel", "message"],
    ] {
        let count = waiting_ones.len() as u64 + 1;
        waiting_ones.push(waiting(&target, &mut conn, count, request));
    }
    assert_eq!(conn.cmd(&["GET", "k"]), Value::bulk("v"));
    for conn in &mut waiting_ones {
        conn.expect_silence(Duration::from_millis(1));
    }
    assert_eq!(conn.cmd(&["CLIENT", "UNPAUSE"]), ok());
    let expected = [
        ok(),
        ok(),
        Value::Int(0),
        Value::Array(vec![]),
        Value::NilArray,
        Value::Array(vec![]),
        Value::Int(0),
        Value::Int(0),
    ];
    for (conn, expected) in waiting_ones.iter_mut().zip(expected) {
        assert_eq!(conn.read_value(), expected);
    }
    await_blocked(&mut conn, 0);
    conn.transcript("GET k => nil");
}

#[test]
fn a_pause_of_everything_ends_by_itself_and_by_nothing_else() {
    let target = server();
    let (mut first, mut second) = (target.connect(), target.connect());
    let started = Instant::now();
    assert_eq!(first.cmd(&["CLIENT", "PAUSE", "300"]), ok());
    second.send(&["PING"]);
    first.send(&["CLIENT", "UNPAUSE"]);
    assert_eq!(second.read_value(), Value::simple("PONG"));
    assert_eq!(first.read_value(), ok());
    let waited = started.elapsed();
    assert!(waited >= Duration::from_millis(290), "only {waited:?}");
    assert!(waited < PATIENCE, "{waited:?}");
}

#[test]
fn requests_go_on_in_the_order_in_which_they_came() {
    let target = server();
    let mut conn = target.connect();
    conn.cmd(&["CLIENT", "PAUSE", LONG, "WRITE"]);
    let mut clients: Vec<Conn> = (0..4).map(|_| target.connect()).collect();
    for (count, i) in [2, 0, 3, 1].into_iter().enumerate() {
        let (first, last) = (i.to_string(), format!("{i}b"));
        let client: &mut Conn = &mut clients[i];
        client.send(&["RPUSH", "list", &first]);
        client.send(&["GET", "nothing"]);
        client.send(&["RPUSH", "list", &last]);
        await_blocked(&mut conn, count as u64 + 1);
    }
    conn.cmd(&["CLIENT", "UNPAUSE"]);
    for (client, first) in clients.iter_mut().zip([3, 7, 1, 5]) {
        assert_eq!(client.read_value(), Value::Int(first));
        assert_eq!(client.read_value(), Value::Nil);
        assert_eq!(client.read_value(), Value::Int(first + 1));
    }
    conn.transcript(r#"LRANGE list 0 -1 => ["2" "2b" "0" "0b" "3" "3b" "1" "1b"]"#);
}

#[test]
fn many_requests_of_many_clients_go_on() {
    let target = server();
    let mut conn = target.connect();
    conn.cmd(&["CLIENT", "PAUSE", LONG, "WRITE"]);
    let mut clients: Vec<Conn> = (0..50).map(|_| target.connect()).collect();
    for client in &mut clients {
        for _ in 0..500 {
            client.send(&["INCR", "n"]);
        }
    }
    await_blocked(&mut conn, 50);
    conn.cmd(&["CLIENT", "UNPAUSE"]);
    for client in &mut clients {
        let numbers: Vec<i64> = (0..500).map(|_| client.read_value().int()).collect();
        assert!(numbers.is_sorted());
    }
    assert_eq!(conn.cmd(&["GET", "n"]), Value::bulk("25000"));
}

#[test]
fn the_stricter_kind_and_the_longer_time_win() {
    let target = server();
    let (mut first, mut second) = (target.connect(), target.connect());
    let started = Instant::now();
    first.cmd(&["CLIENT", "PAUSE", "500", "WRITE"]);
    first.cmd(&["CLIENT", "PAUSE", "1", "ALL"]);
    second.cmd(&["PING"]);
    let waited = started.elapsed();
    assert!(waited >= Duration::from_millis(490), "only {waited:?}");
    // One that begins while another is on is over with the later of the two.
    first.cmd(&["CLIENT", "PAUSE", LONG, "WRITE"]);
    first.cmd(&["CLIENT", "PAUSE", "1", "WRITE"]);
    second.send(&["SET", "k", "v"]);
    second.expect_silence(SILENCE);
    first.cmd(&["CLIENT", "UNPAUSE"]);
    assert_eq!(second.read_value(), ok());
}

#[test]
fn keys_whose_time_comes_are_there_and_not_found() {
    let target = server();
    let mut conn = target.connect();
    let life = in_time(Duration::from_millis(20), |life| {
        conn.cmd(&["CLIENT", "UNPAUSE"]);
        conn.cmd(&["SET", "k", "v", "PX", &life.ms()]);
        conn.cmd(&["CLIENT", "PAUSE", LONG, "WRITE"]);
        conn.cmd(&["CONFIG", "RESETSTAT"]);
    });
    life.outlive();
    conn.transcript(
        r#"
        GET k           => nil
        EXISTS k        => :0
        TTL k           => :-2
        TYPE k          => +none
        KEYS *          => []
        SCAN 0          => ["0" []]
        DBSIZE          => :1
        "#,
    );
    assert_eq!(counter(&mut conn, "stats", "expired_keys"), 0);
    assert_eq!(conn.cmd(&["CLIENT", "UNPAUSE"]), ok());
    let is_gone = wait_until(PATIENCE, || conn.cmd(&["DBSIZE"]) == Value::Int(0));
    assert!(is_gone);
    assert_eq!(counter(&mut conn, "stats", "expired_keys"), 1);
}

#[test]
fn waits_of_others_end_in_time() {
    let target = server();
    let (mut conn, mut blocked) = (target.connect(), target.connect());
    blocked.send(&["BLPOP", "list", "0.1"]);
    await_blocked(&mut conn, 1);
    conn.cmd(&["CLIENT", "PAUSE", LONG, "WRITE"]);
    assert_eq!(blocked.read_value(), Value::NilArray);
    conn.cmd(&["CLIENT", "UNPAUSE"]);
}

#[test]
fn who_leaves_while_it_waits_leaves_nothing() {
    let target = server();
    let mut conn = target.connect();
    conn.cmd(&["CLIENT", "PAUSE", LONG, "WRITE"]);
    let gone = waiting(&target, &mut conn, 1, &["SET", "gone", "1"]);
    drop(gone);
    await_blocked(&mut conn, 0);
    let mut killed = target.connect();
    let id = client_id(&mut killed);
    killed.send(&["SET", "killed", "1"]);
    await_blocked(&mut conn, 1);
    assert_eq!(conn.cmd(&["CLIENT", "KILL", "ID", &id]), Value::Int(1));
    killed.expect_closed();
    await_blocked(&mut conn, 0);
    let mut stays = waiting(&target, &mut conn, 1, &["SET", "stays", "1"]);
    conn.cmd(&["CLIENT", "UNPAUSE"]);
    assert_eq!(stays.read_value(), ok());
    conn.transcript(
        r#"
        GET gone    => nil
        GET killed  => nil
        GET stays   => "1"
        "#,
    );
}

#[test]
fn a_client_that_waits_is_listed_as_one() {
    let target = server();
    let mut conn = target.connect();
    conn.cmd(&["CLIENT", "PAUSE", LONG, "WRITE"]);
    let mut client = target.connect();
    let id = client_id(&mut client);
    client.send(&["SET", "key", "value"]);
    await_blocked(&mut conn, 1);
    let line = conn.cmd(&["CLIENT", "LIST", "ID", &id]).text();
    assert_eq!(attribute(&line, "flags"), Some("b"));
    assert_eq!(attribute(&line, "cmd"), Some("set"));
    assert_eq!(attribute(&line, "argv-mem"), Some("11"));
    // It has not been run, so it is not counted.
    let stats = tools::info(&mut conn, &["commandstats"]);
    assert_eq!(tools::field(&stats, "cmdstat_set"), None);
    conn.cmd(&["CLIENT", "UNPAUSE"]);
    client.read_value();
    let stats = tools::info(&mut conn, &["commandstats"]);
    let set = tools::field(&stats, "cmdstat_set").expect("it was run");
    assert!(set.starts_with("calls=1,"), "{set}");
}

#[test]
fn replies_that_are_not_wanted_are_left_out() {
    let target = server();
    let (mut conn, mut client) = (target.connect(), target.connect());
    conn.cmd(&["CLIENT", "PAUSE", LONG, "WRITE"]);
    client.send(&["CLIENT", "REPLY", "SKIP"]);
    client.send(&["SET", "k", "1"]);
    client.send(&["GET", "k"]);
    await_blocked(&mut conn, 1);
    conn.cmd(&["CLIENT", "UNPAUSE"]);
    assert_eq!(client.read_value(), Value::bulk("1"));
}

#[test]
fn a_request_that_ends_the_connection_waits_too() {
    let target = server();
    let (mut conn, mut client, mut mute) = (target.connect(), target.connect(), target.connect());
    mute.send(&["CLIENT", "REPLY", "OFF"]);
    mute.expect_silence(Duration::from_millis(1));
    let id = client_id(&mut client);
    conn.cmd(&["CLIENT", "PAUSE", "200"]);
    client.send(&["QUIT"]);
    mute.send(&["QUIT"]);
    assert_eq!(client.read_value(), ok());
    client.expect_closed();
    // Redis forgets to close whom it has nothing to send.
    if target.is_aerolite() {
        mute.expect_closed();
    }
    assert!(!is_connected(&mut conn, &id));
}

#[test]
fn a_large_argument_waits_too() {
    let target = server();
    let (mut conn, mut client) = (target.connect(), target.connect());
    conn.cmd(&["CLIENT", "PAUSE", LONG, "WRITE"]);
    let value = "x".repeat(1 << 20);
    client.send(&["SET", "k", &value]);
    client.send(&["STRLEN", "k"]);
    await_blocked(&mut conn, 1);
    conn.cmd(&["CLIENT", "UNPAUSE"]);
    assert_eq!(client.read_value(), ok());
    assert_eq!(client.read_value(), Value::Int(1 << 20));
}

#[test]
fn who_waits_may_be_silent() {
    let Some(target) = server_with(&[("timeout", "1")]) else {
        return;
    };
    let mut conn = target.connect();
    conn.cmd(&["CLIENT", "PAUSE", LONG, "WRITE"]);
    let mut client = target.connect();
    let id = client_id(&mut client);
    client.send(&["SET", "k", "1"]);
    await_blocked(&mut conn, 1);
    let mut idle = target.connect();
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(2500) {
        conn.cmd(&["PING"]);
        std::thread::sleep(Duration::from_millis(100));
    }
    idle.expect_closed();
    assert!(is_connected(&mut conn, &id));
    conn.cmd(&["CLIENT", "UNPAUSE"]);
    // Redis may find that it was silent for too long before it has sent the reply.
    if target.is_aerolite() {
        assert_eq!(client.read_value(), ok());
    }
}

#[test]
fn a_transaction_waits_if_it_writes() {
    let target = server();
    let (mut conn, mut reads, mut writes) = (target.connect(), target.connect(), target.connect());
    reads.transcript("MULTI => +OK\nGET k => +QUEUED");
    let id = client_id(&mut writes);
    writes.transcript("MULTI => +OK\nSET k v => +QUEUED");
    conn.cmd(&["CLIENT", "PAUSE", LONG, "WRITE"]);
    reads.transcript("EXEC => [nil]");
    writes.send(&["EXEC"]);
    await_blocked(&mut conn, 1);
    let line = conn.cmd(&["CLIENT", "LIST", "ID", &id]).text();
    assert_eq!(attribute(&line, "flags"), Some("xb"));
    // To queue a write is one already.
    reads.transcript("MULTI => +OK");
    reads.send(&["SET", "k", "w"]);
    await_blocked(&mut conn, 2);
    conn.cmd(&["CLIENT", "UNPAUSE"]);
    assert_eq!(writes.read_value(), Value::Array(vec![ok()]));
    assert_eq!(reads.read_value(), Value::simple("QUEUED"));
    reads.transcript("EXEC => [+OK]");
}

#[test]
fn a_pause_in_a_transaction_holds_up_what_comes_behind_it() {
    let target = server();
    let (mut conn, mut blocked) = (target.connect(), target.connect());
    blocked.send(&["BLPOP", "list", "0"]);
    await_blocked(&mut conn, 1);
    conn.transcript(
        r#"
        MULTI                        => +OK
        CLIENT PAUSE 600000 WRITE    => +QUEUED
        SET k w                      => +QUEUED
        RPUSH list x                 => +QUEUED
        EXEC                         => [+OK +OK :1]
        GET k                        => "w"
        "#,
    );
    // Who has waited for it gets it, although that is a write.
    let popped = Value::Array(vec![Value::bulk("list"), Value::bulk("x")]);
    assert_eq!(blocked.read_value(), popped);
    blocked.send(&["SET", "k", "v"]);
    blocked.expect_silence(SILENCE);
    conn.transcript(
        "MULTI => +OK\nCLIENT UNPAUSE => +QUEUED\nPING => +QUEUED\nEXEC => [+OK +PONG]",
    );
    assert_eq!(blocked.read_value(), ok());
}

#[test]
fn a_subscriber_gets_the_message_when_the_pause_is_over() {
    let target = server();
    let (mut conn, mut subscriber) = (target.connect(), target.connect());
    subscriber.transcript(r#"SUBSCRIBE c => ["subscribe" "c" :1]"#);
    conn.cmd(&["CLIENT", "PAUSE", LONG, "WRITE"]);
    let mut publisher = waiting(&target, &mut conn, 1, &["PUBLISH", "c", "m"]);
    subscriber.transcript(
        r#"
        SET k v => -ERR Can't execute 'set': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context
        PING    => ["pong" ""]
        "#,
    );
    conn.cmd(&["CLIENT", "UNPAUSE"]);
    assert_eq!(publisher.read_value(), Value::Int(1));
    let message = ["message", "c", "m"].map(Value::bulk).to_vec();
    assert_eq!(subscriber.read_value(), Value::Array(message));
}

#[test]
fn a_pause_in_a_transaction_lets_it_write_where_a_key_was() {
    let target = server();
    if !target.is_aerolite_or_skip("writing there, of which redis-server 7.0.15 dies") {
        return;
    }
    let mut conn = target.connect();
    conn.transcript("SET k v PX 1 => +OK\nMULTI => +OK");
    conn.transcript("CLIENT PAUSE 600000 WRITE => +QUEUED\nSET k w => +QUEUED\nDBSIZE => +QUEUED");
    std::thread::sleep(Duration::from_millis(20));
    conn.transcript("EXEC => [+OK +OK :1]\nGET k => \"w\"\nCLIENT UNPAUSE => +OK");
}

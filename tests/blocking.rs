//! Commands that wait: who is served, when, and in which order; and that nothing is left of who is not.
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::{Conn, Target, Value, server, server_with};
use tools::{attribute, client_id, connection_budget, counter, is_connected, wait_until};

use std::net::Shutdown;
use std::time::{Duration, Instant};

/// However busy the machine is, this is enough.
const PATIENCE: Duration = Duration::from_secs(30);
/// Long enough for a reply that should not come.
const SILENCE: Duration = Duration::from_millis(30);

/// Waits until so many clients are blocked.
#[track_caller]
fn await_blocked(observer: &mut Conn, count: u64) {
    let mut last = 0;
    let is_so = wait_until(PATIENCE, || {
        last = counter(observer, "clients", "blocked_clients");
        last == count
    });
    assert!(is_so, "{last} clients are blocked instead of {count}");
}

/// Clients that send the same request one after the other, so that they wait in this order.
#[track_caller]
fn line_up(target: &Target, observer: &mut Conn, count: usize, request: &[&str]) -> Vec<Conn> {
    let before = counter(observer, "clients", "blocked_clients");
    let mut line = Vec::new();
    for i in 0..count {
        let mut conn = target.connect();
        conn.send(request);
        await_blocked(observer, before + i as u64 + 1);
        line.push(conn);
    }
    line
}

/// One client that waits.
#[track_caller]
fn waiting(target: &Target, observer: &mut Conn, request: &[&str]) -> Conn {
    line_up(target, observer, 1, request)
        .pop()
        .expect("one was asked for")
}

/// A key and what was taken from it.
fn pair(key: &str, element: &str) -> Value {
    Value::Array(vec![Value::bulk(key), Value::bulk(element)])
}

/// A key, a member and its score.
fn triple(key: &str, member: &str, score: &str) -> Value {
    Value::Array(vec![
        Value::bulk(key),
        Value::bulk(member),
        Value::bulk(score),
    ])
}

#[test]
fn what_is_there_is_taken_at_once() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        RPUSH l a b c d e f                  => :6
        BLPOP l 0                            => ["l" "a"]
        BRPOP none l 0                       => ["l" "f"]
        BLMOVE l other LEFT RIGHT 0          => "b"
        BRPOPLPUSH l other 0                 => "e"
        LRANGE other 0 -1                    => ["e" "b"]
        BLMPOP 0 2 none l LEFT COUNT 5       => ["l" ["c" "d"]]
        EXISTS l                             => :0
        ZADD z 1 a 2 b 3 c 4 d               => :4
        BZPOPMIN none z 0                    => ["z" "a" "1"]
        BZPOPMAX z 0                         => ["z" "d" "4"]
        BZMPOP 0 1 z MAX COUNT 5             => ["z" [["c" "3"] ["b" "2"]]]
        EXISTS z                             => :0
        "#,
    );
}

#[test]
fn timeouts_are_checked_before_anything_else() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        SET s x                          => +OK
        BLPOP s x                        => -ERR timeout is not a float or out of range
        BLPOP s -1                       => -ERR timeout is negative
        BLPOP s inf                      => -ERR timeout is negative
        BLPOP s 1e400                    => -ERR timeout is negative
        BLPOP s nan                      => -ERR timeout is not a float or out of range
        BLPOP s ""                       => -ERR timeout is not a float or out of range
        BLPOP s " 1"                     => -ERR timeout is not a float or out of range
        BRPOPLPUSH s d x                 => -ERR timeout is not a float or out of range
        BLMOVE s d LEFT LEFT -1          => -ERR timeout is negative
        BLMOVE s d x LEFT x              => -ERR syntax error
        BLMPOP x 1 s LEFT                => -ERR timeout is not a float or out of range
        BZPOPMIN s x                     => -ERR timeout is not a float or out of range
        BZMPOP -1 1 s MIN                => -ERR timeout is negative
        BLPOP s 0                        => -WRONGTYPE Operation against a key holding the wrong kind of value
        BLPOP none s 0                   => -WRONGTYPE Operation against a key holding the wrong kind of value
        BZPOPMAX s 0                     => -WRONGTYPE Operation against a key holding the wrong kind of value
        BLMOVE s d LEFT LEFT 0           => -WRONGTYPE Operation against a key holding the wrong kind of value
        BLPOP s                          => -ERR wrong number of arguments for 'blpop' command
        "#,
    );
}

#[test]
fn nobody_waits_shorter_or_much_longer_than_the_timeout() {
    let target = server();
    let mut conn = target.connect();
    for request in [
        &["BLPOP", "k", "0.01"][..],
        &["BRPOP", "k", "l", "0.02"],
        &["BLMOVE", "k", "l", "LEFT", "LEFT", "0.01"],
        &["BRPOPLPUSH", "k", "l", "0.01"],
        &["BLMPOP", "0.01", "2", "k", "l", "LEFT"],
        &["BZPOPMIN", "k", "0.01"],
        &["BZPOPMAX", "k", "l", "0.01"],
        &["BZMPOP", "0.01", "1", "k", "MAX"],
        &["BLPOP", "k", "0x0.03"],
        &["BLPOP", "k", "0.0001"],
    ] {
        let begun = Instant::now();
        assert_eq!(conn.cmd(request), Value::NilArray, "{request:?}");
        let took = begun.elapsed();
        let least = if request.contains(&"0.0001") { 0 } else { 10 };
        assert!(
            took >= Duration::from_millis(least),
            "{request:?}: {took:?}"
        );
        assert!(took < PATIENCE, "{request:?}: {took:?}");
    }
    assert_eq!(counter(&mut conn, "clients", "blocked_clients"), 0);
    assert_eq!(counter(&mut conn, "clients", "clients_in_timeout_table"), 0);
}

#[test]
fn resp3_has_one_null() {
    let target = server();
    let mut conn = target.connect();
    conn.cmd(&["HELLO", "3"]);
    for request in [
        &["BLPOP", "k", "0.01"][..],
        &["BLMOVE", "k", "l", "LEFT", "LEFT", "0.01"],
        &["BZPOPMIN", "k", "0.01"],
    ] {
        assert_eq!(conn.cmd(request), Value::Null, "{request:?}");
    }
}

#[test]
fn resp3_scores_are_doubles_for_who_waited_too() {
    let target = server();
    let mut conn = target.connect();
    let mut client = target.connect();
    client.cmd(&["HELLO", "3"]);
    client.send(&["BZPOPMIN", "z", "0"]);
    await_blocked(&mut conn, 1);
    conn.transcript("ZADD z 1.5 m => :1");
    client.expect_raw(b"*3\r\n$1\r\nz\r\n$1\r\nm\r\n,1.5\r\n");
}

#[test]
fn timeouts_end_in_the_order_of_their_deadlines() {
    let target = server();
    let mut conn = target.connect();
    let mut slow = waiting(&target, &mut conn, &["BLPOP", "k", "0.4"]);
    let mut quick = waiting(&target, &mut conn, &["BLPOP", "k", "0.05"]);
    let mut patient = waiting(&target, &mut conn, &["BLPOP", "k", "0"]);
    assert_eq!(quick.read_value(), Value::NilArray);
    slow.expect_silence(SILENCE);
    assert_eq!(slow.read_value(), Value::NilArray);
    patient.expect_silence(SILENCE);
    conn.transcript("RPUSH k x => :1");
    assert_eq!(patient.read_value(), pair("k", "x"));
}

#[test]
fn who_waits_is_served_first_come_first_served() {
    let target = server();
    let mut conn = target.connect();
    let mut line = line_up(&target, &mut conn, 6, &["BLPOP", "k", "0"]);
    for (i, client) in line.iter_mut().enumerate().take(3) {
        let element = format!("e{i}");
        assert_eq!(conn.cmd(&["RPUSH", "k", &element]), Value::Int(1));
        assert_eq!(client.read_value(), pair("k", &element));
    }
    line[3].expect_silence(SILENCE);
    // One push serves all the others, in order, and keeps what is left over.
    conn.transcript("RPUSH k a b c d e => :5");
    for (client, element) in line[3..].iter_mut().zip(["a", "b", "c"]) {
        assert_eq!(client.read_value(), pair("k", element));
    }
    conn.transcript(r#"LRANGE k 0 -1 => ["d" "e"]"#);
    await_blocked(&mut conn, 0);
}

#[test]
fn the_command_that_pushes_is_over_before_anybody_is_served() {
    let target = server();
    let mut conn = target.connect();
    let mut client = waiting(&target, &mut conn, &["BLPOP", "k", "0"]);
    conn.transcript("LPUSH k a b c => :3");
    assert_eq!(client.read_value(), pair("k", "c"));
    let mut client = waiting(&target, &mut conn, &["BZPOPMIN", "z", "0"]);
    conn.transcript("ZADD z 3 c 1 a 2 b => :3");
    assert_eq!(client.read_value(), triple("z", "a", "1"));
    conn.transcript("LLEN k => :2\nZCARD z => :2");
}

#[test]
fn who_is_served_is_served_before_the_next_request_of_the_same_pipeline() {
    let target = server();
    let mut conn = target.connect();
    let mut clients = line_up(&target, &mut conn, 2, &["BLPOP", "k", "0"]);
    conn.send_raw(b"RPUSH k a\r\nLLEN k\r\nRPUSH k b\r\nEXISTS k\r\nRPUSH k c\r\nLLEN k\r\n");
    conn.expect_raw(b":1\r\n:0\r\n:1\r\n:0\r\n:1\r\n:1\r\n");
    assert_eq!(clients[0].read_value(), pair("k", "a"));
    assert_eq!(clients[1].read_value(), pair("k", "b"));
}

#[test]
fn one_may_wait_for_several_keys() {
    let target = server();
    let mut conn = target.connect();
    let mut first = waiting(&target, &mut conn, &["BLPOP", "a", "b", "a", "c", "0"]);
    let mut second = waiting(&target, &mut conn, &["BRPOP", "c", "b", "0"]);
    conn.transcript("RPUSH b 1 2 3 => :3");
    assert_eq!(first.read_value(), pair("b", "1"));
    assert_eq!(second.read_value(), pair("b", "3"));
    // They are in no other line any more.
    conn.transcript("RPUSH a x => :1\nRPUSH c x => :1\nLLEN a => :1\nLLEN c => :1\nLLEN b => :1");
    await_blocked(&mut conn, 0);
}

#[test]
fn many_elements_are_taken_at_once_by_who_wants_many() {
    let target = server();
    let mut conn = target.connect();
    let many = ["BLMPOP", "0", "2", "other", "k", "RIGHT", "COUNT", "2"];
    let mut first = waiting(&target, &mut conn, &many);
    let mut second = waiting(&target, &mut conn, &many);
    let many = ["BZMPOP", "0", "1", "z", "MAX", "COUNT", "2"];
    let mut third = waiting(&target, &mut conn, &many);
    conn.transcript("RPUSH k a b c => :3\nZADD z 1 a 2 b 3 c => :3");
    first.expect_raw(b"*2\r\n$1\r\nk\r\n*2\r\n$1\r\nc\r\n$1\r\nb\r\n");
    second.expect_raw(b"*2\r\n$1\r\nk\r\n*1\r\n$1\r\na\r\n");
    third.expect_raw(
        b"*2\r\n$1\r\nz\r\n*2\r\n*2\r\n$1\r\nc\r\n$1\r\n3\r\n*2\r\n$1\r\nb\r\n$1\r\n2\r\n",
    );
    conn.transcript("EXISTS k => :0\nZCARD z => :1");
}

#[test]
fn lists_are_for_those_who_wait_for_lists() {
    let target = server();
    let mut conn = target.connect();
    let mut list = waiting(&target, &mut conn, &["BLPOP", "k", "0"]);
    let mut zset = waiting(&target, &mut conn, &["BZPOPMIN", "k", "0"]);
    let mut next = waiting(&target, &mut conn, &["BLPOP", "k", "0"]);
    conn.transcript(
        r#"
        SET k x    => +OK
        DEL k      => :1
        SADD k x   => :1
        DEL k      => :1
        HSET k f v => :1
        DEL k      => :1
        "#,
    );
    list.expect_silence(SILENCE);
    conn.transcript("ZADD k 1 m => :1");
    assert_eq!(zset.read_value(), triple("k", "m", "1"));
    list.expect_silence(SILENCE);
    // Neither has lost its place.
    conn.transcript("RPUSH k a => :1");
    assert_eq!(list.read_value(), pair("k", "a"));
    next.expect_silence(SILENCE);
    conn.transcript("RPUSH k b => :1");
    assert_eq!(next.read_value(), pair("k", "b"));
}

#[test]
fn a_destination_of_the_wrong_type_is_an_error_and_takes_nothing() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript("SET string x => +OK");
    let request = ["BLMOVE", "k", "string", "LEFT", "RIGHT", "0"];
    let mut client = waiting(&target, &mut conn, &request);
    conn.transcript("RPUSH k a => :1");
    assert_eq!(
        client.read_value(),
        Value::error("WRONGTYPE Operation against a key holding the wrong kind of value")
    );
    conn.transcript("LRANGE k 0 -1 => [\"a\"]\nGET string => \"x\"");
    client.transcript("PING => +PONG");
}

#[test]
fn elements_are_handed_on_along_a_chain() {
    let target = server();
    let mut conn = target.connect();
    let mut last = waiting(&target, &mut conn, &["BLPOP", "c", "0"]);
    let mut second = waiting(&target, &mut conn, &["BRPOPLPUSH", "b", "c", "0"]);
    let request = ["BLMOVE", "a", "b", "LEFT", "RIGHT", "0"];
    let mut first = waiting(&target, &mut conn, &request);
    conn.transcript("RPUSH a x => :1\nEXISTS a b c => :0");
    assert_eq!(first.read_value(), Value::bulk("x"));
    assert_eq!(second.read_value(), Value::bulk("x"));
    assert_eq!(last.read_value(), pair("c", "x"));
}

#[test]
fn circles_come_to_an_end() {
    let target = server();
    let mut conn = target.connect();
    let mut clients = Vec::new();
    for (from, to) in [("a", "b"), ("b", "a"), ("a", "a"), ("a", "a")] {
        let request = ["BLMOVE", from, to, "LEFT", "RIGHT", "0"];
        clients.push(waiting(&target, &mut conn, &request));
    }
    conn.transcript("RPUSH a x => :1");
    for client in &mut clients {
        assert_eq!(client.read_value(), Value::bulk("x"));
    }
    conn.transcript("LRANGE a 0 -1 => [\"x\"]\nEXISTS b => :0");
    // One list is turned by everybody who waits for it.
    let request = ["BLMOVE", "k", "k", "LEFT", "RIGHT", "0"];
    let mut clients = line_up(&target, &mut conn, 5, &request);
    conn.transcript("RPUSH k 1 2 3 => :3");
    for (client, element) in clients.iter_mut().zip(["1", "2", "3", "1", "2"]) {
        assert_eq!(client.read_value(), Value::bulk(element));
    }
    conn.transcript("LRANGE k 0 -1 => [\"3\" \"1\" \"2\"]");
}

#[test]
fn keys_come_into_being_in_many_ways() {
    let target = server();
    let mut conn = target.connect();
    for requests in [
        "RPUSH other x => :1\nRENAME other k => +OK",
        "RPUSH other x => :1\nRENAMENX other k => :1",
        "RPUSH other x => :1\nCOPY other k => :1",
        "RPUSH other x => :1\nLMOVE other k LEFT LEFT => \"x\"",
        "RPUSH other x => :1\nRPOPLPUSH other k => \"x\"",
        "SADD other x => :1\nSORT other ALPHA STORE k => :1",
        "SELECT 1 => +OK\nRPUSH k x => :1\nMOVE k 0 => :1\nSELECT 0 => +OK",
        "SELECT 1 => +OK\nRPUSH k x => :1\nCOPY k k DB 0 => :1\nSELECT 0 => +OK",
        "SELECT 1 => +OK\nRPUSH k x => :1\nSWAPDB 0 1 => +OK\nSELECT 0 => +OK",
        "SELECT 1 => +OK\nRPUSH k x => :1\nSWAPDB 1 0 => +OK\nSELECT 0 => +OK",
    ] {
        conn.transcript("FLUSHALL => +OK");
        let mut client = waiting(&target, &mut conn, &["BLPOP", "k", "0"]);
        conn.transcript(requests);
        assert_eq!(client.read_value(), pair("k", "x"), "{requests}");
        conn.transcript("EXISTS k => :0");
    }
    for requests in [
        "ZADD other 1 m => :1\nRENAME other k => +OK",
        "ZADD other 1 m => :1\nZUNIONSTORE k 1 other => :1",
        "ZADD other 1 m => :1\nZINTERSTORE k 1 other => :1",
        "ZADD other 1 m => :1\nZDIFFSTORE k 1 other => :1",
        "ZADD other 1 m => :1\nZRANGESTORE k other 0 -1 => :1",
        "ZINCRBY k 1 m => \"1\"",
    ] {
        conn.transcript("FLUSHALL => +OK");
        let mut client = waiting(&target, &mut conn, &["BZPOPMAX", "k", "0"]);
        conn.transcript(requests);
        assert_eq!(client.read_value(), triple("k", "m", "1"), "{requests}");
    }
}

#[test]
fn a_position_is_as_good_as_any_other_member() {
    let target = server();
    let mut conn = target.connect();
    let mut client = waiting(&target, &mut conn, &["BZPOPMIN", "k", "0"]);
    conn.transcript("GEOADD k 13.361389 38.115556 Palermo => :1");
    let reply = client.read_value();
    assert_eq!(reply.items()[1], Value::bulk("Palermo"));
}

#[test]
fn another_database_is_another_key() {
    let target = server();
    let mut conn = target.connect();
    let mut client = target.connect();
    client.transcript("SELECT 3 => +OK");
    client.send(&["BLPOP", "k", "0"]);
    await_blocked(&mut conn, 1);
    conn.transcript("RPUSH k x => :1\nSELECT 3 => +OK");
    client.expect_silence(SILENCE);
    conn.transcript("RPUSH k y => :1");
    assert_eq!(client.read_value(), pair("k", "y"));
    client.transcript("EXISTS k => :0\nSELECT 0 => +OK\nLLEN k => :1");
}

#[test]
fn an_expired_key_is_not_there() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript("RPUSH k old => :1\nPEXPIRE k 10 => :1");
    assert!(wait_until(PATIENCE, || conn.cmd(&["EXISTS", "k"]) == Value::Int(0)));
    let mut client = waiting(&target, &mut conn, &["BLPOP", "k", "0"]);
    conn.transcript("RPUSH k new => :1");
    assert_eq!(client.read_value(), pair("k", "new"));
}

/// Redis looks for those who wait where a key comes into being, not where a value of another type is replaced.
#[test]
fn a_result_in_place_of_another_type_wakes_nobody() {
    let target = server();
    let mut observer = target.connect();
    for (waits, other, store) in [
        (&["BLPOP", "k", "0"][..], "RPUSH l 1", "SORT l STORE k"),
        (&["BZPOPMIN", "k", "0"], "ZADD z 1 m", "ZUNIONSTORE k 1 z"),
        (
            &["BZPOPMAX", "k", "0"],
            "ZADD z 1 m",
            "ZRANGESTORE k z 0 -1",
        ),
    ] {
        observer.cmd(&["FLUSHALL"]);
        let mut conn = waiting(&target, &mut observer, waits);
        observer.transcript("HSET k f v => :1");
        observer.transcript(&format!("{other} => :1\n{store} => :1\nEXISTS k => :1"));
        conn.expect_silence(Duration::from_millis(50));
        observer.transcript("DEL k => :1");
        observer.transcript(&format!("{store} => :1\nEXISTS k => :0"));
        conn.read_value();
    }
}

#[test]
fn requests_behind_one_that_waits_wait_too() {
    let target = server();
    let mut conn = target.connect();
    let mut client = target.connect();
    client.send_raw(b"PING\r\nBLPOP k 0\r\nRPUSH done 1\r\nPING\r\n");
    client.expect_raw(b"+PONG\r\n");
    await_blocked(&mut conn, 1);
    // More, and the beginning of what is not complete yet.
    client.send_raw(b"ECHO two\r\n*2\r\n$4\r\nECHO\r\n$5\r\nth");
    client.expect_silence(SILENCE);
    conn.transcript("EXISTS done => :0\nRPUSH k x => :1");
    client.expect_raw(b"*2\r\n$1\r\nk\r\n$1\r\nx\r\n:1\r\n+PONG\r\n$3\r\ntwo\r\n");
    client.send_raw(b"ree\r\n");
    client.expect_raw(b"$5\r\nthree\r\n");
    conn.transcript("LLEN done => :1");
}

#[test]
fn requests_behind_a_timeout_are_run() {
    let target = server();
    let mut client = target.connect();
    client.send_raw(b"BLPOP k 0.05\r\nBLPOP k 0.05\r\nPING\r\n");
    client.expect_raw(b"*-1\r\n*-1\r\n+PONG\r\n");
}

#[test]
fn who_waits_in_its_pipeline_may_be_served_by_a_later_one() {
    let target = server();
    let mut conn = target.connect();
    // Each takes, and gives the next one something to take.
    let mut clients: Vec<Conn> = (0..20).map(|_| target.connect()).collect();
    for (i, client) in clients.iter_mut().enumerate() {
        let next = i + 1;
        client.send_raw(format!("BLPOP k{i} 0\r\nRPUSH k{next} x\r\nPING\r\n").as_bytes());
    }
    await_blocked(&mut conn, 20);
    conn.transcript("RPUSH k0 x => :1");
    for (i, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.read_value(), pair(&format!("k{i}"), "x"));
        client.expect_raw(b":1\r\n+PONG\r\n");
    }
    conn.transcript("LLEN k20 => :1");
}

#[test]
fn a_large_request_behind_one_that_waits_is_kept() {
    let target = server();
    let mut conn = target.connect();
    let mut client = target.connect();
    let large = "x".repeat(300_000);
    client.send(&["BLPOP", "k", "0"]);
    client.send(&["SET", "large", &large]);
    client.send(&["STRLEN", "large"]);
    await_blocked(&mut conn, 1);
    conn.transcript("RPUSH k x => :1");
    assert_eq!(client.read_value(), pair("k", "x"));
    client.expect_raw(b"+OK\r\n:300000\r\n");
}

#[test]
fn a_key_of_many_bytes_is_waited_for_like_another() {
    let target = server();
    let mut conn = target.connect();
    let key = "k".repeat(100_000);
    let mut client = waiting(&target, &mut conn, &["BLPOP", &key, "short", "0"]);
    assert_eq!(conn.cmd(&["RPUSH", &key, "x"]), Value::Int(1));
    assert_eq!(client.read_value(), pair(&key, "x"));
    let mut client = target.connect();
    client.send_raw(b"BLPOP \"a key\\x00\" 0\r\n");
    await_blocked(&mut conn, 1);
    let reply = conn.cmd_bytes(&[b"RPUSH", b"a key\0", b"x"]);
    assert_eq!(reply, Value::Int(1));
    assert_eq!(client.read_value(), pair("a key\0", "x"));
}

#[test]
fn who_hangs_up_leaves_nothing_behind() {
    let target = server();
    let mut conn = target.connect();
    let mut line = line_up(&target, &mut conn, 4, &["BLPOP", "k", "l", "0"]);
    drop(line.remove(2));
    await_blocked(&mut conn, 3);
    // Half of the connection is enough.
    line[0].shutdown_write();
    await_blocked(&mut conn, 2);
    line[0].expect_closed();
    conn.transcript("RPUSH k a b c => :3");
    assert_eq!(line[1].read_value(), pair("k", "a"));
    assert_eq!(line[2].read_value(), pair("k", "b"));
    conn.transcript("LLEN k => :1\nEXISTS l => :0");
    await_blocked(&mut conn, 0);
}

#[test]
fn who_hangs_up_after_it_has_sent_more_is_noticed_as_well() {
    let target = server();
    let mut conn = target.connect();
    let mut client = target.connect();
    client.send_raw(b"PING\r\nBLPOP k 0\r\nRPUSH done 1\r\n");
    await_blocked(&mut conn, 1);
    client.send_raw(b"RPUSH done 2\r\n");
    let _ = client.stream().shutdown(Shutdown::Both);
    await_blocked(&mut conn, 0);
    conn.transcript("RPUSH k x => :1\nLLEN k => :1\nEXISTS done => :0");
}

#[test]
fn who_is_killed_leaves_nothing_behind() {
    let target = server();
    let mut conn = target.connect();
    let mut victim = target.connect();
    let id = client_id(&mut victim);
    victim.send(&["BLPOP", "k", "0"]);
    await_blocked(&mut conn, 1);
    let mut next = waiting(&target, &mut conn, &["BLPOP", "k", "0"]);
    // In one pipeline: nothing may be lost in between.
    let requests = format!("CLIENT KILL ID {id}\r\nRPUSH k x\r\nLLEN k\r\n");
    conn.send_raw(requests.as_bytes());
    conn.expect_raw(b":1\r\n:1\r\n:0\r\n");
    victim.expect_closed();
    assert_eq!(next.read_value(), pair("k", "x"));
    await_blocked(&mut conn, 0);
}

#[test]
fn client_unblock() {
    let target = server();
    let mut conn = target.connect();
    let mut client = target.connect();
    let id = client_id(&mut client);
    let own = client_id(&mut conn);
    assert_eq!(conn.cmd(&["CLIENT", "UNBLOCK", &id]), Value::Int(0));
    assert_eq!(conn.cmd(&["CLIENT", "UNBLOCK", &own]), Value::Int(0));
    let error = Value::error("UNBLOCKED client unblocked via CLIENT UNBLOCK");
    let list = &["BLPOP", "k", "l", "0"][..];
    let relay = &["BLMOVE", "k", "l", "LEFT", "LEFT", "0"][..];
    let zset = &["BZPOPMIN", "k", "100"][..];
    for (request, reason, reply) in [
        (list, None, Value::NilArray),
        (list, Some("TIMEOUT"), Value::NilArray),
        (list, Some("error"), error.clone()),
        (relay, None, Value::NilArray),
        (relay, Some("ERROR"), error.clone()),
        (zset, Some("timeout"), Value::NilArray),
        (zset, Some("ERROR"), error),
    ] {
        client.send(request);
        client.send(&["PING"]);
        await_blocked(&mut conn, 1);
        let unblock: Vec<&str> = ["CLIENT", "UNBLOCK", &id]
            .into_iter()
            .chain(reason)
            .collect();
        assert_eq!(conn.cmd(&unblock), Value::Int(1));
        assert_eq!(conn.cmd(&unblock), Value::Int(0));
        assert_eq!(client.read_value(), reply, "{request:?} {reason:?}");
        assert_eq!(client.read_value(), Value::simple("PONG"));
    }
    conn.transcript(
        r#"
        RPUSH k x                      => :1
        LLEN k                         => :1
        CLIENT UNBLOCK                 => -ERR wrong number of arguments for 'client|unblock' command
        CLIENT UNBLOCK x               => -ERR value is not an integer or out of range
        CLIENT UNBLOCK 999999999       => :0
        CLIENT UNBLOCK -1              => :0
        CLIENT UNBLOCK 0               => :0
        CLIENT UNBLOCK x foo           => -ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR
        CLIENT UNBLOCK 1 TIMEOUT x     => -ERR unknown subcommand or wrong number of arguments for 'UNBLOCK'. Try CLIENT HELP.
        "#,
    );
}

#[test]
fn who_waits_is_seen() {
    let target = server();
    let mut conn = target.connect();
    let mut client = target.connect();
    let id = client_id(&mut client);
    client.send(&["BLPOP", "key", "0"]);
    let mut other = waiting(&target, &mut conn, &["BLPOP", "key", "100"]);
    await_blocked(&mut conn, 2);
    assert_eq!(counter(&mut conn, "clients", "clients_in_timeout_table"), 1);
    let line = conn.cmd(&["CLIENT", "LIST", "ID", &id]).text();
    assert_eq!(attribute(&line, "flags"), Some("b"), "{line}");
    assert_eq!(attribute(&line, "cmd"), Some("blpop"), "{line}");
    conn.transcript("RPUSH key x y => :2");
    client.read_value();
    other.read_value();
    let line = conn.cmd(&["CLIENT", "LIST", "ID", &id]).text();
    assert_eq!(attribute(&line, "flags"), Some("N"), "{line}");
    assert_eq!(counter(&mut conn, "clients", "clients_in_timeout_table"), 0);
    let stats = conn.cmd(&["INFO", "commandstats"]).text();
    assert!(stats.contains("cmdstat_blpop:calls="), "{stats}");
}

#[test]
fn a_wait_is_one_call() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript("CONFIG RESETSTAT => +OK");
    let mut client = waiting(&target, &mut conn, &["BLPOP", "k", "0"]);
    conn.transcript("RPUSH k x => :1");
    client.read_value();
    let stats = conn.cmd(&["INFO", "commandstats"]).text();
    let line = stats
        .lines()
        .find(|line| line.starts_with("cmdstat_blpop:"))
        .unwrap_or_else(|| panic!("{stats}"));
    assert!(line.contains("calls=1,"), "{line}");
    assert!(line.contains("failed_calls=0"), "{line}");
}

#[test]
fn client_reply_holds_for_the_reply_that_is_waited_for() {
    let target = server();
    let mut conn = target.connect();
    let mut client = target.connect();
    client.send(&["CLIENT", "REPLY", "SKIP"]);
    client.send(&["BLPOP", "k", "0"]);
    await_blocked(&mut conn, 1);
    conn.transcript("RPUSH k x => :1");
    await_blocked(&mut conn, 0);
    client.transcript("PING => +PONG");
    client.send(&["CLIENT", "REPLY", "OFF"]);
    client.send(&["BLPOP", "k", "0"]);
    await_blocked(&mut conn, 1);
    conn.transcript("RPUSH k x => :1\nEXISTS k => :0");
    client.send(&["CLIENT", "REPLY", "ON"]);
    client.expect_raw(b"+OK\r\n");
}

#[test]
fn who_waits_is_not_idle() {
    let Some(target) = server_with(&[("timeout", "1")]) else {
        return;
    };
    let mut conn = target.connect();
    let mut client = target.connect();
    let id = client_id(&mut client);
    client.send(&["BLPOP", "k", "0"]);
    let until = Instant::now() + Duration::from_millis(3500);
    while Instant::now() < until {
        // This keeps the observer from being idle. (In step with the cron of Redis, which ticks every 100 ms, it
        // would meet its way of losing the reply of somebody who has just been served.)
        await_blocked(&mut conn, 1);
        std::thread::sleep(Duration::from_millis(23));
    }
    conn.transcript("RPUSH k x => :1");
    assert_eq!(client.read_value(), pair("k", "x"));
    // And now it is.
    assert!(wait_until(PATIENCE, || !is_connected(&mut conn, &id)));
    client.expect_closed();
}

#[test]
fn a_thousand_wait_for_one_key() {
    let target = server();
    let mut conn = target.connect();
    let count = connection_budget(1000);
    let mut clients: Vec<Conn> = (0..count).map(|_| target.connect()).collect();
    for client in &mut clients {
        client.send(&["BLPOP", "k", "l", "m", "0"]);
    }
    await_blocked(&mut conn, count as u64);
    // Every fifth leaves.
    let mut number = 0;
    clients.retain(|_| {
        number += 1;
        number % 5 != 0
    });
    await_blocked(&mut conn, clients.len() as u64);
    let elements: Vec<String> = (0..clients.len()).map(|i| i.to_string()).collect();
    let mut push = vec!["RPUSH", "l"];
    push.extend(elements.iter().map(String::as_str));
    assert_eq!(conn.cmd(&push), Value::Int(clients.len() as i64));
    let mut taken: Vec<String> = clients
        .iter_mut()
        .map(|client| client.read_value().items()[1].text())
        .collect();
    taken.sort_by_key(|element| element.parse::<usize>().ok());
    assert_eq!(taken, elements);
    conn.transcript("EXISTS k l m => :0");
    await_blocked(&mut conn, 0);
    // And once more, each with a deadline.
    for client in &mut clients {
        client.send(&["BLPOP", "k", "0.2"]);
    }
    for client in &mut clients {
        assert_eq!(client.read_value(), Value::NilArray);
    }
    await_blocked(&mut conn, 0);
}

#[test]
fn producers_and_consumers_lose_nothing() {
    const CONSUMERS: usize = 4;
    const EACH: usize = 250;
    let target = server();
    let mut conn = target.connect();
    let addr = target.addr();
    let consumers: Vec<_> = (0..CONSUMERS)
        .map(|_| {
            std::thread::spawn(move || {
                let mut conn = Conn::connect(addr);
                let mut taken = Vec::new();
                for _ in 0..EACH {
                    let reply = conn.cmd(&["BRPOP", "jobs", "10"]);
                    taken.push(reply.items()[1].text());
                }
                taken
            })
        })
        .collect();
    for batch in 0..EACH {
        for i in 0..CONSUMERS {
            conn.send(&["LPUSH", "jobs", &(batch * CONSUMERS + i).to_string()]);
        }
    }
    for _ in 0..CONSUMERS * EACH {
        assert!(conn.read_value().int() >= 1);
    }
    let mut taken: Vec<usize> = consumers
        .into_iter()
        .flat_map(|consumer| consumer.join().expect("a consumer"))
        .map(|job| job.parse().expect("a number"))
        .collect();
    taken.sort_unstable();
    assert!(taken.into_iter().eq(0..CONSUMERS * EACH));
}

#[test]
fn what_is_sent_while_waiting_is_limited() {
    let limit = [("client-query-buffer-limit", "1mb")];
    let Some(target) = server_with(&limit) else {
        return;
    };
    let mut conn = target.connect();
    let mut client = waiting(&target, &mut conn, &["BLPOP", "k", "0"]);
    let ping = b"PING\r\n".repeat(10_000);
    let is_cut_off = wait_until(PATIENCE, || {
        use std::io::Write;
        client.stream().write_all(&ping).is_err()
    });
    assert!(is_cut_off);
    await_blocked(&mut conn, 0);
    let _ = client.try_read_value();
    conn.transcript("RPUSH k x => :1\nLLEN k => :1");
}

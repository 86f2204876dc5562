//! Client-side caching: who is told that a key is out of date, when, where and in which words; and that nothing is
//! left of who has gone.
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::{Conn, Target, Value, server, server_with};
use tools::{attribute, client_id, connection_budget, counter, info, is_connected, wait_until};

use std::time::Duration;

/// However busy the machine is, this is enough.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client that speaks RESP3 and has said CLIENT TRACKING ON with these options.
#[track_caller]
fn tracking(target: &Target, options: &[&str]) -> Conn {
    let mut conn = target.connect();
    conn.cmd(&["HELLO", "3"]);
    track(&mut conn, options);
    conn
}

#[track_caller]
fn track(conn: &mut Conn, options: &[&str]) {
    let request = [&["CLIENT", "TRACKING", "ON"], options].concat();
    assert_eq!(conn.cmd(&request), Value::simple("OK"), "{request:?}");
}

/// Reads one message, which says that these keys are out of date.
#[track_caller]
fn expect_invalid(conn: &mut Conn, keys: &[&str]) {
    let mut bytes = format!(">2\r\n$10\r\ninvalidate\r\n*{}\r\n", keys.len());
    for key in keys {
        bytes += &format!("${}\r\n{key}\r\n", key.len());
    }
    conn.expect_raw(bytes.as_bytes());
}

/// The same message as a subscriber of RESP2 gets it.
#[track_caller]
fn expect_published(conn: &mut Conn, key: &str) {
    let begin = "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n";
    conn.expect_raw(format!("{begin}*1\r\n${}\r\n{key}\r\n", key.len()).as_bytes());
}

/// Fails if there was a message before the reply to PING.
#[track_caller]
fn expect_nothing(conn: &mut Conn) {
    assert_eq!(conn.cmd(&["PING"]), Value::simple("PONG"));
}

/// Sends requests together, so that one turn of the server runs them all.
#[track_caller]
fn send_all(conn: &mut Conn, requests: &[&str]) {
    let mut bytes = Vec::new();
    for request in requests {
        let words: Vec<&str> = request.split(' ').collect();
        bytes.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
        for word in words {
            bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
        }
    }
    conn.send_raw(&bytes);
}

/// The three sizes that INFO tells: keys, items, prefixes.
#[track_caller]
fn totals(observer: &mut Conn) -> [u64; 3] {
    ["keys", "items", "prefixes"]
        .map(|what| counter(observer, "stats", &format!("tracking_total_{what}")))
}

#[test]
fn a_key_that_was_read_is_invalidated_once() {
    let target = server();
    let (mut a, mut b) = (tracking(&target, &[]), target.connect());
    a.transcript("GET k => null\nMGET k l k => [null null null]");
    assert_eq!(totals(&mut b), [2, 2, 0]);
    b.transcript("SET k 1\nSET k 2");
    expect_invalid(&mut a, &["k"]);
    expect_nothing(&mut a);
    a.transcript("GET k => \"2\"");
    b.transcript("DEL k");
    expect_invalid(&mut a, &["k"]);
    b.transcript("SET l 1");
    expect_invalid(&mut a, &["l"]);
    assert_eq!(totals(&mut b), [0, 0, 0]);
    assert_eq!(counter(&mut b, "clients", "tracking_clients"), 1);
}

#[test]
fn everybody_who_has_read_it_is_told_in_its_own_way() {
    let target = server();
    let mut b = target.connect();
    let mut three: Vec<Conn> = (0..3).map(|_| tracking(&target, &[])).collect();
    let mut old = target.connect();
    track(&mut old, &[]);
    for conn in three.iter_mut().chain([&mut old]) {
        conn.cmd(&["GET", "k"]);
    }
    assert_eq!(totals(&mut b), [1, 4, 0]);
    b.cmd(&["SET", "k", "1"]);
    for conn in &mut three {
        expect_invalid(conn, &["k"]);
    }
    // RESP2 has no messages.
    expect_nothing(&mut old);
}

#[test]
fn its_own_change_comes_behind_the_reply() {
    let target = server();
    let mut a = tracking(&target, &[]);
    a.transcript("GET k => null");
    send_all(&mut a, &["SET k 1", "GET k", "DEL k", "PING"]);
    a.expect_raw(b"+OK\r\n");
    expect_invalid(&mut a, &["k"]);
    a.expect_raw(b"$1\r\n1\r\n:1\r\n");
    expect_invalid(&mut a, &["k"]);
    a.expect_raw(b"+PONG\r\n");
}

#[test]
fn in_a_transaction_it_comes_behind_the_whole_of_it() {
    let target = server();
    let (mut a, mut b) = (tracking(&target, &[]), target.connect());
    a.transcript("GET k => null");
    send_all(
        &mut a,
        &["MULTI", "SET k 1", "GET k", "SET k 2", "GET k", "EXEC"],
    );
    a.expect_raw(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*4\r\n+OK\r\n$1\r\n1\r\n+OK\r\n$1\r\n2\r\n");
    expect_invalid(&mut a, &["k"]);
    expect_invalid(&mut a, &["k"]);
    // It was read again within.
    b.cmd(&["SET", "k", "3"]);
    expect_invalid(&mut a, &["k"]);
    send_all(&mut a, &["MULTI", "FLUSHALL", "SET k 1", "FLUSHDB", "EXEC"]);
    a.expect_raw(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n+OK\r\n+OK\r\n");
    let all = b">2\r\n$10\r\ninvalidate\r\n_\r\n";
    a.expect_raw(&all.repeat(2));
}

#[test]
fn a_key_is_a_name_in_whatever_database() {
    let target = server();
    let (mut a, mut b) = (tracking(&target, &[]), target.connect());
    a.transcript("GET k => null");
    b.transcript("SELECT 3\nSET k 1");
    expect_invalid(&mut a, &["k"]);
    a.transcript("GET k => null");
    b.transcript("SWAPDB 0 3\nSELECT 0\nGET k => \"1\"");
    // As in Redis, which forgets this one.
    expect_nothing(&mut a);
    b.transcript("MOVE k 5");
    expect_invalid(&mut a, &["k"]);
}

#[test]
fn whatever_changes_a_key_invalidates_it() {
    let target = server();
    let (mut a, mut b) = (tracking(&target, &[]), target.connect());
    // A write, and the keys of those read that are out of date by it.
    let cases: &[(&str, &[&str])] = &[
        ("SET s 1", &["s"]),
        ("APPEND s 1", &["s"]),
        ("INCR s", &["s"]),
        ("SETRANGE s 0 2", &["s"]),
        ("SETBIT s 1 1", &["s"]),
        ("GETEX s EX 100", &["s"]),
        ("PERSIST s", &["s"]),
        ("EXPIRE s 100", &["s"]),
        ("RENAME s t", &["s", "t"]),
        ("COPY t s", &["s"]),
        ("GETDEL s", &["s"]),
        ("DEL t", &["t"]),
        ("DEL s t", &[]),
        ("MSET s 1 t 1", &["s", "t"]),
        ("UNLINK s t", &["s", "t"]),
        ("RPUSH l c a b", &["l"]),
        ("LSET l 0 d", &["l"]),
        ("LINSERT l BEFORE a e", &["l"]),
        ("LREM l 0 e", &["l"]),
        ("LTRIM l 0 1", &["l"]),
        ("RPOPLPUSH l m", &["l", "m"]),
        ("SORT l ALPHA STORE m", &["m"]),
        ("LPOP l", &["l"]),
        ("LPOP l", &[]),
        ("HSET h f 1 g 2", &["h"]),
        ("HINCRBY h f 1", &["h"]),
        ("HDEL h f", &["h"]),
        ("HDEL h f", &[]),
        ("SADD u 1 2", &["u"]),
        ("SADD u 1 2", &[]),
        ("SMOVE u v 1", &["u", "v"]),
        ("SUNIONSTORE v u v", &["v"]),
        ("SPOP v 1", &["v"]),
        ("SREM u 2", &["u"]),
        ("ZADD z 1 x 2 y", &["z"]),
        ("ZINCRBY z 1 x", &["z"]),
        ("ZUNIONSTORE w 1 z", &["w"]),
        ("ZRANGESTORE w z 0 0", &["w"]),
        ("ZREMRANGEBYRANK z 0 0", &["z"]),
        ("ZPOPMIN z", &["z"]),
        ("GEOADD g 1 1 x", &["g"]),
        ("PFADD p x", &["p"]),
        ("PFADD p x", &[]),
        ("PFMERGE q p", &["q"]),
        ("BITOP NOT q p", &["q"]),
        ("BITFIELD q SET u8 0 7", &["q"]),
        ("BITFIELD q GET u8 0", &[]),
    ];
    for (write, keys) in cases {
        a.transcript("EXISTS s t l m h u v z w g p q");
        b.transcript(write);
        let mut told = Vec::new();
        while told.len() < keys.len() {
            let message = a.read_value();
            let [_, invalid] = message.items() else {
                panic!("{write}: {message:?}");
            };
            told.push(invalid.items()[0].text());
        }
        told.sort();
        assert_eq!(told, *keys, "{write}");
        expect_nothing(&mut a);
    }
}

#[test]
fn keys_are_remembered_of_what_only_reads() {
    let target = server();
    let (mut a, mut b) = (tracking(&target, &[]), target.connect());
    let cases = [
        ("GET k", 1),
        ("STRLEN k", 1),
        ("EXISTS k", 1),
        ("TYPE k", 1),
        ("TTL k", 1),
        ("TOUCH k", 1),
        ("OBJECT ENCODING k", 1),
        ("MEMORY USAGE k", 1),
        ("LCS k l", 2),
        ("ZUNION 2 k l", 2),
        ("ZDIFF 1 k", 1),
        ("SINTER k l", 2),
        ("SINTERCARD 1 k", 1),
        ("HSCAN k 0", 1),
        ("PFCOUNT k l", 2),
        ("BITFIELD_RO k GET u8 0", 1),
        ("GEORADIUS_RO k 1 1 1 m", 1),
        ("SORT_RO k BY w* GET v*", 1),
        ("SORT k", 0),
        ("GEORADIUS k 1 1 1 m", 0),
        ("BITFIELD k GET u8 0", 0),
        ("GETEX k", 0),
        ("GETDEL k", 0),
        ("SET k 1", 0),
        ("SCAN 0", 0),
        ("KEYS *", 0),
        ("RANDOMKEY", 0),
        ("WATCH k", 0),
        ("BLPOP k 0.001", 0),
        ("CLIENT ID", 0),
    ];
    for (command, keys) in cases {
        b.cmd(&["FLUSHALL"]);
        a.expect_raw(b">2\r\n$10\r\ninvalidate\r\n_\r\n");
        a.transcript(command);
        assert_eq!(totals(&mut b), [keys, keys, 0], "{command}");
    }
    // What fails has read, too.
    b.transcript("FLUSHALL\nRPUSH k a");
    a.expect_raw(b">2\r\n$10\r\ninvalidate\r\n_\r\n");
    assert!(a.cmd(&["GET", "k"]).is_error());
    assert_eq!(totals(&mut b), [1, 1, 0]);
    // But not what is not even run.
    a.transcript("GET => -ERR wrong number of arguments for 'get' command");
}

#[test]
fn noloop_spares_who_did_it() {
    let target = server();
    let (mut a, mut b) = (tracking(&target, &["NOLOOP"]), target.connect());
    a.transcript("GET k => null\nSET k 1 => +OK");
    expect_nothing(&mut a);
    // It has forgotten the key nevertheless.
    b.cmd(&["SET", "k", "2"]);
    expect_nothing(&mut a);
    a.transcript("GET k => \"2\"");
    b.cmd(&["SET", "k", "3"]);
    expect_invalid(&mut a, &["k"]);
}

#[test]
fn a_key_that_expires_is_nobodys_doing() {
    let target = server();
    let (mut a, mut b) = (tracking(&target, &["NOLOOP"]), target.connect());
    let mut c = tracking(&target, &["BCAST", "NOLOOP"]);
    a.transcript("SET k 1 PX 1000\nGET k");
    expect_invalid(&mut c, &["k"]);
    expect_invalid(&mut a, &["k"]);
    expect_invalid(&mut c, &["k"]);
    // Found to be expired by another client, and by itself.
    b.transcript("DEBUG SET-ACTIVE-EXPIRE 0\nSET k 1 PX 1000");
    expect_invalid(&mut c, &["k"]);
    a.transcript("GET k => \"1\"");
    std::thread::sleep(Duration::from_millis(1010));
    expect_nothing(&mut a);
    b.transcript("GET k => nil");
    expect_invalid(&mut a, &["k"]);
    expect_invalid(&mut c, &["k"]);
    b.transcript("SET k 1 PX 1");
    expect_invalid(&mut c, &["k"]);
    std::thread::sleep(Duration::from_millis(5));
    c.send(&["GET", "k"]);
    c.expect_raw(b"_\r\n");
    expect_invalid(&mut c, &["k"]);
    // Who finds it has the nothing that it found, until that is over, too.
    let mut d = tracking(&target, &[]);
    b.transcript("SET k 1 PX 1000");
    d.transcript("GET k => \"1\"");
    std::thread::sleep(Duration::from_millis(1010));
    d.send(&["GET", "k"]);
    d.expect_raw(b"_\r\n");
    expect_invalid(&mut d, &["k"]);
    b.transcript("SET k 1");
    expect_invalid(&mut d, &["k"]);
    b.transcript("DEBUG SET-ACTIVE-EXPIRE 1");
}

#[test]
fn a_flush_invalidates_everything() {
    let target = server();
    let (mut a, mut b) = (tracking(&target, &[]), target.connect());
    let all = b">2\r\n$10\r\ninvalidate\r\n_\r\n";
    let mut c = tracking(&target, &["BCAST", "PREFIX", "x"]);
    a.transcript("MGET k l m");
    b.cmd(&["FLUSHDB"]);
    a.expect_raw(all);
    c.expect_raw(all);
    assert_eq!(totals(&mut b), [0, 0, 1]);
    b.cmd(&["FLUSHALL", "ASYNC"]);
    a.expect_raw(all);
    c.expect_raw(all);
    // A transaction is one turn, however busy the machine is.
    let turn = ["MULTI", "SET x 1", "FLUSHALL", "PING", "EXEC"];
    send_all(&mut c, &turn);
    c.expect_raw(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n+OK\r\n+PONG\r\n");
    c.expect_raw(all);
    expect_invalid(&mut c, &["x"]);
    a.expect_raw(all);
    a.transcript("GET k => null");
    b.cmd(&["SET", "k", "1"]);
    expect_invalid(&mut a, &["k"]);
}

#[test]
fn with_optin_only_what_was_chosen_is_remembered() {
    let target = server();
    let (mut a, mut b) = (tracking(&target, &["OPTIN"]), target.connect());
    let mut after = |a: &mut Conn, requests: &[&str], remembered: &[&str]| {
        send_all(a, requests);
        for _ in requests {
            a.read_value();
        }
        b.transcript("MSET k 1 l 1 m 1");
        for key in remembered {
            expect_invalid(a, &[key]);
        }
        expect_nothing(a);
    };
    after(&mut a, &["GET k"], &[]);
    after(&mut a, &["CLIENT CACHING YES", "GET k", "GET l"], &["k"]);
    after(
        &mut a,
        &["CLIENT CACHING yes", "CLIENT ID", "GET k"],
        &["k"],
    );
    for other in ["PING", "NOSUCH", "GET", "CLIENT NOSUCH", "CLIENT"] {
        after(&mut a, &["CLIENT CACHING YES", other, "GET k"], &[]);
    }
    let whole = [
        "CLIENT CACHING YES",
        "MULTI",
        "GET k",
        "GET l",
        "EXEC",
        "GET m",
    ];
    after(&mut a, &whole, &["k", "l"]);
    let within = [
        "MULTI",
        "GET m",
        "CLIENT CACHING YES",
        "GET k",
        "GET l",
        "EXEC",
        "GET m",
    ];
    after(&mut a, &within, &["k", "l"]);
    let aborted = [
        "CLIENT CACHING YES",
        "MULTI",
        "GET",
        "GET k",
        "EXEC",
        "GET k",
    ];
    after(&mut a, &aborted, &[]);
    after(
        &mut a,
        &["CLIENT CACHING YES", "MULTI", "DISCARD", "GET k"],
        &[],
    );
}

#[test]
fn with_optin_in_a_transaction_the_choice_ends_with_it() {
    let target = server();
    let (mut a, mut b) = (target.connect(), target.connect());
    a.cmd(&["HELLO", "3"]);
    let requests = [
        "MULTI",
        "CLIENT TRACKING ON OPTIN",
        "CLIENT CACHING YES",
        "GET k",
        "EXEC",
        "GET l",
    ];
    send_all(&mut a, &requests);
    a.expect_raw(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n+OK\r\n_\r\n_\r\n");
    b.transcript("SET l 1 => +OK\nSET k 1 => +OK");
    expect_invalid(&mut a, &["k"]);
    expect_nothing(&mut a);
}

#[test]
fn with_optout_all_but_what_was_chosen() {
    let target = server();
    let (mut a, mut b) = (tracking(&target, &["OPTOUT"]), target.connect());
    a.transcript("GET k\nCLIENT CACHING NO\nGET l\nGET m");
    b.transcript("MSET k 1 l 1 m 1");
    expect_invalid(&mut a, &["k"]);
    expect_invalid(&mut a, &["m"]);
    expect_nothing(&mut a);
}

#[test]
fn beginnings_are_broadcast_together_and_in_order() {
    let target = server();
    let mut a = tracking(&target, &["BCAST", "PREFIX", "k", "PREFIX", "j"]);
    let mut b = target.connect();
    send_all(
        &mut b,
        &[
            "MULTI", "SET k2 1", "SET k1 1", "SET k1 2", "SET j 1", "SET x 1", "DEL k2", "EXEC",
        ],
    );
    for _ in 0..8 {
        b.read_value();
    }
    expect_invalid(&mut a, &["j"]);
    expect_invalid(&mut a, &["k1", "k2"]);
    // Every time, though nothing was read.
    b.cmd(&["SET", "k1", "3"]);
    expect_invalid(&mut a, &["k1"]);
    send_all(&mut a, &["MULTI", "SET k1 1", "GET k1", "SET j 1", "EXEC"]);
    a.expect_raw(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n$1\r\n1\r\n+OK\r\n");
    expect_invalid(&mut a, &["j"]);
    expect_invalid(&mut a, &["k1"]);
    assert_eq!(totals(&mut b), [0, 0, 2]);
    track(&mut a, &["BCAST", "PREFIX", "x"]);
    b.cmd(&["SET", "x", "3"]);
    expect_invalid(&mut a, &["x"]);
    a.transcript("CLIENT TRACKING off => +OK");
    b.transcript("MSET k1 1 x 1");
    expect_nothing(&mut a);
    assert_eq!(totals(&mut b), [0, 0, 0]);
}

#[test]
fn a_broadcast_with_noloop_leaves_out_ones_own() {
    let target = server();
    let mut a = tracking(&target, &["BCAST", "NOLOOP"]);
    let mut c = tracking(&target, &["BCAST"]);
    let mut b = target.connect();
    a.transcript("SET k 1");
    expect_nothing(&mut a);
    expect_invalid(&mut c, &["k"]);
    b.transcript("SET k 1");
    expect_invalid(&mut a, &["k"]);
    expect_invalid(&mut c, &["k"]);
    b.transcript("SET k 2 PX 30");
    for conn in [&mut a, &mut c] {
        expect_invalid(conn, &["k"]);
        expect_invalid(conn, &["k"]);
    }
}

#[test]
fn messages_go_to_a_subscriber_of_resp2() {
    let target = server();
    let (mut a, mut b, mut s) = (target.connect(), target.connect(), target.connect());
    let id = client_id(&mut s);
    track(&mut a, &["REDIRECT", &id]);
    a.transcript("GET k => nil");
    b.cmd(&["SET", "k", "1"]);
    // It is not in the mode where it could take it.
    expect_nothing(&mut s);
    s.transcript("SUBSCRIBE other => [\"subscribe\" \"other\" :1]");
    a.transcript("GET k => \"1\"");
    b.cmd(&["SET", "k", "1"]);
    expect_published(&mut s, "k");
    a.transcript("GET k => \"1\"\nSET k 2 => +OK");
    expect_published(&mut s, "k");
    let begin = b"*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n";
    b.cmd(&["FLUSHALL"]);
    s.expect_raw(begin);
    s.expect_raw(b"$-1\r\n");
    // From a client of RESP3, whose null it is.
    let mut c = tracking(&target, &["REDIRECT", &id]);
    c.transcript("GET k");
    a.transcript("CLIENT TRACKING OFF");
    b.cmd(&["SET", "k", "1"]);
    expect_published(&mut s, "k");
    b.cmd(&["FLUSHALL"]);
    s.expect_raw(begin);
    s.expect_raw(b"_\r\n");
    expect_nothing(&mut c);
}

#[test]
fn messages_go_to_another_client_of_resp3() {
    let target = server();
    let (mut a, mut b, mut t) = (target.connect(), target.connect(), target.connect());
    t.cmd(&["HELLO", "3"]);
    let id = client_id(&mut t);
    track(&mut a, &["REDIRECT", &id]);
    a.transcript("GET k => nil");
    b.cmd(&["SET", "k", "1"]);
    expect_invalid(&mut t, &["k"]);
    b.cmd(&["FLUSHALL"]);
    t.expect_raw(b">2\r\n$10\r\ninvalidate\r\n$-1\r\n");
    a.transcript("CLIENT TRACKING OFF");
    // To itself is the same as not at all.
    track(&mut t, &["REDIRECT", &id]);
    t.transcript("GET k => null");
    t.send(&["SET", "k", "1"]);
    t.expect_raw(b"+OK\r\n");
    expect_invalid(&mut t, &["k"]);
}

#[test]
fn who_changes_what_another_has_read_is_told_beside_the_reply() {
    let target = server();
    let (mut a, mut t) = (target.connect(), target.connect());
    t.cmd(&["HELLO", "3"]);
    t.transcript("ZADD z 1 a 2 b => :2\nSADD s a => :1");
    let id = client_id(&mut t);
    track(&mut a, &["REDIRECT", &id]);
    a.transcript("GET k\nLLEN l\nZCARD z\nSCARD s");
    // Redis tells it where the key changes: before some replies, behind others, and in the midst of a third kind.
    t.send(&["SET", "k", "1"]);
    expect_invalid(&mut t, &["k"]);
    t.expect_raw(b"+OK\r\n");
    t.send(&["RPUSH", "l", "1"]);
    t.expect_raw(b":1\r\n");
    expect_invalid(&mut t, &["l"]);
    t.send(&["ZPOPMIN", "z"]);
    t.expect_raw(b"*2\r\n");
    expect_invalid(&mut t, &["z"]);
    t.expect_raw(b"$1\r\na\r\n,1\r\n");
    t.send(&["SPOP", "s"]);
    t.expect_raw(b"$1\r\na\r\n");
    expect_invalid(&mut t, &["s"]);
    a.transcript("GET k\nLLEN l");
    send_all(
        &mut t,
        &["MULTI", "INCR n", "INCR k", "RPUSH l 2", "FLUSHALL", "EXEC"],
    );
    t.expect_raw(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*4\r\n:1\r\n");
    expect_invalid(&mut t, &["k"]);
    t.expect_raw(b":2\r\n:2\r\n");
    expect_invalid(&mut t, &["l"]);
    t.expect_raw(b">2\r\n$10\r\ninvalidate\r\n$-1\r\n+OK\r\n");
    // Also where no reply is wanted.
    a.transcript("GET k");
    send_all(&mut t, &["CLIENT REPLY SKIP", "SET k 1", "PING"]);
    expect_invalid(&mut t, &["k"]);
    t.expect_raw(b"+PONG\r\n");
}

#[test]
fn ones_own_change_is_told_in_the_way_that_one_has_asked_for_by_then() {
    let target = server();
    let (mut a, mut t) = (tracking(&target, &[]), target.connect());
    t.cmd(&["HELLO", "3"]);
    let id = client_id(&mut t);
    let order = format!("CLIENT TRACKING ON REDIRECT {id}");
    send_all(
        &mut a,
        &["MULTI", "GET k", "SET k 1", "FLUSHALL", &order, "EXEC"],
    );
    a.expect_raw(
        b"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*4\r\n_\r\n+OK\r\n+OK\r\n+OK\r\n",
    );
    expect_nothing(&mut a);
    expect_invalid(&mut t, &["k"]);
    t.expect_raw(b">2\r\n$10\r\ninvalidate\r\n_\r\n");
    // Who has stopped is still told of what came before.
    let ends = ["MULTI", "GET k", "SET k 1", "CLIENT TRACKING OFF", "EXEC"];
    send_all(&mut a, &ends);
    a.expect_raw(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n_\r\n+OK\r\n+OK\r\n");
    expect_nothing(&mut a);
    expect_invalid(&mut t, &["k"]);
    a.transcript("CLIENT GETREDIR => :-1\nCLIENT TRACKING ON => +OK\nCLIENT GETREDIR => :0");
}

#[test]
fn who_has_killed_itself_is_told_no_more() {
    let target = server();
    let mut a = tracking(&target, &[]);
    let kill = format!("CLIENT KILL ID {} SKIPME no", client_id(&mut a));
    a.transcript("GET k");
    send_all(&mut a, &["MULTI", "SET k 1", &kill, "EXEC"]);
    a.expect_raw(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:1\r\n");
    a.expect_closed();
}

#[test]
fn an_element_for_who_has_waited_is_no_news() {
    let target = server();
    let (mut a, mut b, mut w) = (tracking(&target, &[]), target.connect(), target.connect());
    let waits = |conn: &mut Conn, request: &[&str]| {
        conn.send(request);
        assert!(wait_until(PATIENCE, || {
            counter(&mut target.connect(), "clients", "blocked_clients") == 1
        }));
    };
    // The push was told already, and what A has read behind it is kept.
    for (request, reply) in [
        (&["BLPOP", "l", "0"][..], r#"["l" "1"]"#),
        (&["BRPOP", "l", "0"], r#"["l" "2"]"#),
        (&["BLMOVE", "l", "other", "LEFT", "LEFT", "0"], r#""1""#),
        (&["BRPOPLPUSH", "l", "other", "0"], r#""2""#),
    ] {
        waits(&mut w, request);
        send_all(&mut a, &["MULTI", "RPUSH l 1 2", "LLEN l", "EXEC"]);
        a.expect_raw(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:2\r\n:2\r\n");
        assert_eq!(format!("{:?}", w.read_value()), reply);
        expect_nothing(&mut a);
        b.cmd(&["DEL", "l"]);
        expect_invalid(&mut a, &["l"]);
    }
    // With these Redis tells it again.
    waits(&mut w, &["BLMPOP", "0", "1", "l", "LEFT"]);
    send_all(&mut a, &["MULTI", "RPUSH l 1 2", "LLEN l", "EXEC"]);
    a.expect_raw(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:2\r\n:2\r\n");
    expect_invalid(&mut a, &["l"]);
    w.read_value();
    waits(&mut w, &["BZPOPMIN", "z", "0"]);
    send_all(&mut a, &["MULTI", "ZADD z 1 a 2 b", "ZCARD z", "EXEC"]);
    a.expect_raw(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:2\r\n:2\r\n");
    expect_invalid(&mut a, &["z"]);
    w.read_value();
    // So the push is what somebody else has done, and is told to who asks for beginnings and has waited.
    b.cmd(&["DEL", "l"]);
    let mut c = tracking(&target, &["BCAST", "PREFIX", "l", "NOLOOP"]);
    waits(&mut c, &["BLPOP", "l", "0"]);
    b.cmd(&["RPUSH", "l", "1", "2"]);
    c.expect_raw(b"*2\r\n$1\r\nl\r\n$1\r\n1\r\n");
    expect_invalid(&mut c, &["l"]);
}

#[test]
fn a_redirection_to_a_client_that_has_gone_is_broken() {
    let target = server();
    let (mut a, mut b, mut x) = (target.connect(), target.connect(), target.connect());
    a.cmd(&["HELLO", "3"]);
    let (own, id) = (client_id(&mut a), client_id(&mut x));
    track(&mut a, &["REDIRECT", &id]);
    a.transcript("MGET k l m");
    let line = |b: &mut Conn| {
        let list = b.cmd(&["CLIENT", "LIST", "ID", &own]).text();
        let of = |name| attribute(&list, name).unwrap_or_default().to_owned();
        (of("flags"), of("redir"))
    };
    assert_eq!(line(&mut b), ("t".to_owned(), id.clone()));
    drop(x);
    assert!(wait_until(PATIENCE, || !is_connected(&mut b, &id)));
    expect_nothing(&mut a);
    let broken = format!(">2\r\n$21\r\ntracking-redir-broken\r\n:{id}\r\n");
    b.cmd(&["SET", "k", "1"]);
    a.expect_raw(broken.as_bytes());
    assert_eq!(line(&mut b), ("tR".to_owned(), id.clone()));
    let state = format!(
        "CLIENT TRACKINGINFO => %[\"flags\" ~[\"on\" \"broken_redirect\"] \"redirect\" :{id} \"prefixes\" []]"
    );
    a.transcript(&state);
    a.send(&["SET", "l", "1"]);
    a.expect_raw(b"+OK\r\n");
    a.expect_raw(broken.as_bytes());
    b.cmd(&["FLUSHALL"]);
    a.expect_raw(broken.as_bytes());
    // Another client in the same place does not get them.
    let mut y = tracking(&target, &[]);
    a.transcript("GET k");
    b.cmd(&["SET", "k", "1"]);
    a.expect_raw(broken.as_bytes());
    expect_nothing(&mut y);
    track(&mut a, &[]);
    assert_eq!(line(&mut b), ("t".to_owned(), "0".to_owned()));
    // A client of RESP2 is not told, but has the mark.
    let mut x = target.connect();
    let id = client_id(&mut x);
    let mut old = target.connect();
    track(&mut old, &["BCAST", "REDIRECT", &id]);
    drop(x);
    assert!(wait_until(PATIENCE, || !is_connected(&mut b, &id)));
    b.cmd(&["SET", "k", "1"]);
    old.transcript(&format!("CLIENT GETREDIR => :{id}\nCLIENT TRACKINGINFO => [\"flags\" [\"on\" \"bcast\" \"broken_redirect\"] \"redirect\" :{id} \"prefixes\" [\"\"]]"));
    let list = old.cmd(&["CLIENT", "INFO"]).text();
    assert_eq!(attribute(&list, "flags"), Some("tRB"));
}

#[test]
fn what_may_be_asked_for() {
    let target = server();
    let mut a = target.connect();
    a.cmd(&["HELLO", "3"]);
    a.transcript(
        r#"
        CLIENT TRACKING                              => -ERR wrong number of arguments for 'client|tracking' command
        CLIENT TRACKING x                            => -ERR syntax error
        CLIENT TRACKING ON x                         => -ERR syntax error
        CLIENT TRACKING OFF x                        => -ERR syntax error
        CLIENT TRACKING ON REDIRECT                  => -ERR syntax error
        CLIENT TRACKING ON BCAST PREFIX              => -ERR syntax error
        CLIENT TRACKING ON REDIRECT x                => -ERR value is not an integer or out of range
        CLIENT TRACKING ON REDIRECT 9223372036854775808 => -ERR value is not an integer or out of range
        CLIENT TRACKING ON REDIRECT 9223372036854775807 => -ERR The client ID you want redirect to does not exist
        CLIENT TRACKING ON REDIRECT 0                => -ERR The client ID you want redirect to does not exist
        CLIENT TRACKING ON REDIRECT -1               => -ERR The client ID you want redirect to does not exist
        CLIENT TRACKING OFF PREFIX a REDIRECT 0      => -ERR The client ID you want redirect to does not exist
        CLIENT TRACKING ON PREFIX a                  => -ERR PREFIX option requires BCAST mode to be enabled
        CLIENT TRACKING ON BCAST OPTIN               => -ERR OPTIN and OPTOUT are not compatible with BCAST
        CLIENT TRACKING ON OPTIN OPTOUT              => -ERR You can't specify both OPTIN mode and OPTOUT mode
        CLIENT TRACKING ON BCAST PREFIX a PREFIX c PREFIX ab => -ERR Prefix 'a' overlaps with another provided prefix 'ab'. Prefixes for a single client must not overlap.
        CLIENT TRACKING ON BCAST PREFIX b PREFIX b   => -ERR Prefix 'b' overlaps with another provided prefix 'b'. Prefixes for a single client must not overlap.
        CLIENT TRACKINGINFO                          => %["flags" ~["off"] "redirect" :-1 "prefixes" []]
        CLIENT GETREDIR                              => :-1
        CLIENT GETREDIR x                            => -ERR wrong number of arguments for 'client|getredir' command
        CLIENT CACHING yes                           => -ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled
        CLIENT CACHING x                             => -ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled
        CLIENT TRACKING off OPTIN OPTOUT             => +OK
        CLIENT TRACKING on                           => +OK
        CLIENT GETREDIR                              => :0
        CLIENT CACHING yes                           => -ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.
        CLIENT CACHING no                            => -ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.
        CLIENT CACHING x                             => -ERR syntax error
        CLIENT TRACKING ON BCAST                     => -ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.
        CLIENT TRACKING ON BCAST OPTIN               => -ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.
        CLIENT TRACKING ON OPTIN                     => +OK
        CLIENT TRACKING ON OPTOUT                    => -ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.
        CLIENT CACHING NO                            => -ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.
        CLIENT CACHING YES                           => +OK
        CLIENT TRACKINGINFO                          => %["flags" ~["on" "optin" "caching-yes"] "redirect" :0 "prefixes" []]
        PING                                         => +PONG
        CLIENT TRACKINGINFO                          => %["flags" ~["on" "optin"] "redirect" :0 "prefixes" []]
        CLIENT TRACKING ON NOLOOP                    => +OK
        CLIENT TRACKING ON OPTOUT NOLOOP             => +OK
        CLIENT CACHING no                            => +OK
        CLIENT TRACKINGINFO                          => %["flags" ~["on" "optout" "caching-no" "noloop"] "redirect" :0 "prefixes" []]
        CLIENT TRACKING OFF                          => +OK
        CLIENT TRACKING ON BCAST PREFIX k PREFIX j   => +OK
        CLIENT TRACKING ON                           => -ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.
        CLIENT TRACKING ON BCAST PREFIX ka           => -ERR Prefix 'ka' overlaps with an existing prefix 'k'. Prefixes for a single client must not overlap.
        CLIENT TRACKING ON BCAST PREFIX z            => +OK
        CLIENT TRACKING ON BCAST PREFIX ""           => -ERR Prefix '' overlaps with an existing prefix 'j'. Prefixes for a single client must not overlap.
        CLIENT TRACKING ON BCAST                     => +OK
        CLIENT TRACKINGINFO                          => %["flags" ~["on" "bcast"] "redirect" :0 "prefixes" ["" "j" "k" "z"]]
        CLIENT TRACKING ON BCAST PREFIX zz           => -ERR Prefix 'zz' overlaps with an existing prefix ''. Prefixes for a single client must not overlap.
        CLIENT TRACKING OFF                          => +OK
        CLIENT TRACKINGINFO                          => %["flags" ~["off"] "redirect" :-1 "prefixes" []]
        "#,
    );
    let id = client_id(&mut a);
    a.transcript(&format!("CLIENT TRACKING ON REDIRECT {id} REDIRECT {id} => -ERR A client can only redirect to a single other client"));
}

#[test]
fn what_was_read_is_remembered_while_tracking_is_off() {
    let target = server();
    let (mut a, mut b) = (tracking(&target, &[]), target.connect());
    a.transcript("MGET k l m");
    a.transcript("CLIENT TRACKING OFF");
    b.cmd(&["SET", "k", "1"]);
    expect_nothing(&mut a);
    track(&mut a, &[]);
    b.transcript("SET k 1\nSET l 1");
    expect_invalid(&mut a, &["l"]);
    a.transcript("CLIENT TRACKING OFF\nCLIENT TRACKING ON BCAST PREFIX x");
    b.cmd(&["SET", "m", "1"]);
    expect_nothing(&mut a);
    assert_eq!(totals(&mut b), [0, 0, 1]);
    a.transcript("RESET => +RESET\nCLIENT TRACKINGINFO => [\"flags\" [\"off\"] \"redirect\" :-1 \"prefixes\" []]");
    assert_eq!(totals(&mut b), [0, 0, 0]);
    assert_eq!(counter(&mut b, "clients", "tracking_clients"), 0);
}

#[test]
fn replies_that_are_not_wanted_are_not_messages() {
    let target = server();
    let (mut a, mut b) = (tracking(&target, &[]), target.connect());
    a.transcript("GET k");
    a.send(&["CLIENT", "REPLY", "OFF"]);
    assert!(wait_until(PATIENCE, || {
        let ran = info(&mut b, &["commandstats"]);
        ran.contains("cmdstat_client|reply")
    }));
    b.cmd(&["SET", "k", "1"]);
    expect_invalid(&mut a, &["k"]);
    send_all(&mut a, &["GET k", "SET k 1", "CLIENT REPLY ON"]);
    expect_invalid(&mut a, &["k"]);
    a.expect_raw(b"+OK\r\n");
    send_all(&mut a, &["GET k", "CLIENT REPLY SKIP", "SET k 1", "PING"]);
    a.expect_raw(b"$1\r\n1\r\n");
    expect_invalid(&mut a, &["k"]);
    a.expect_raw(b"+PONG\r\n");
}

#[test]
fn a_full_table_lets_keys_go() {
    let Some(target) = server_with(&[("tracking-table-max-keys", "1")]) else {
        return;
    };
    let (mut a, mut b) = (tracking(&target, &[]), target.connect());
    a.transcript("GET k1");
    expect_nothing(&mut a);
    send_all(&mut a, &["GET k2", "PING"]);
    a.expect_raw(b"_\r\n");
    let gone = a.read_value();
    let text = format!("{gone:?}");
    assert!(
        [r#">["invalidate" ["k1"]]"#, r#">["invalidate" ["k2"]]"#].contains(&&*text),
        "{text}"
    );
    a.expect_raw(b"+PONG\r\n");
    assert_eq!(totals(&mut b), [1, 1, 0]);
    // In a transaction: when it is over.
    b.cmd(&["FLUSHALL"]);
    a.read_value();
    send_all(
        &mut a,
        &["MULTI", "GET k1", "GET k2", "PING", "EXEC", "PING"],
    );
    a.expect_raw(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n_\r\n_\r\n+PONG\r\n");
    assert!(matches!(a.read_value(), Value::Push(_)));
    a.expect_raw(b"+PONG\r\n");
    // Very many at once: a hundred after the command, then twice as many.
    b.cmd(&["FLUSHALL"]);
    a.read_value();
    let keys: Vec<String> = (0..500).map(|i| format!("m{i}")).collect();
    let request = format!("MGET {}", keys.join(" "));
    send_all(&mut a, &[&request, "PING", "PING"]);
    assert_eq!(a.read_value().items().len(), 500);
    let mut told = 0;
    for expected in [100, 300] {
        let mut value = a.read_value();
        while matches!(value, Value::Push(_)) {
            told += 1;
            value = a.read_value();
        }
        assert_eq!(value, Value::simple("PONG"));
        // More if a turn has ended in between.
        assert!(told >= expected, "{told}");
    }
    // The rest, though nobody sends anything.
    while told < 499 {
        assert!(matches!(a.read_value(), Value::Push(_)));
        told += 1;
    }
    assert_eq!(totals(&mut b), [1, 1, 0]);
    // Fewer are allowed, or as many as there are.
    b.transcript("CONFIG SET tracking-table-max-keys 0\nFLUSHALL");
    a.read_value();
    send_all(&mut a, &[&request]);
    a.read_value();
    expect_nothing(&mut a);
    assert_eq!(totals(&mut b), [500, 500, 0]);
    b.transcript(
        "CONFIG SET tracking-table-max-keys -1 => -ERR CONFIG SET failed (possibly related to argument 'tracking-table-max-keys') - argument must be between 0 and 9223372036854775807 inclusive
         CONFIG SET tracking-table-max-keys 490",
    );
    for _ in 0..10 {
        assert!(matches!(a.read_value(), Value::Push(_)));
    }
    expect_nothing(&mut a);
    assert_eq!(totals(&mut b), [490, 490, 0]);
}

/// Redis, too, tells a client with NOLOOP what is taken out of the table, unless a command of that very client
/// happened to do it: then the client keeps for ever what may change.
#[test]
fn a_full_table_tells_who_wants_no_loop() {
    let Some(target) = server_with(&[("tracking-table-max-keys", "1")]) else {
        return;
    };
    if !target.is_aerolite_or_skip("with NOLOOP a client is told of every key that is forgotten") {
        return;
    }
    let mut a = tracking(&target, &["NOLOOP"]);
    send_all(&mut a, &["GET k1", "GET k2", "PING"]);
    a.expect_raw(b"_\r\n_\r\n");
    assert!(matches!(a.read_value(), Value::Push(_)));
    a.expect_raw(b"+PONG\r\n");
}

#[test]
fn a_storm_of_clients_leaves_nothing_behind() {
    let target = server();
    if !target.is_aerolite_or_skip("what a client has read is forgotten when it leaves") {
        return;
    }
    let mut b = target.connect();
    let storm = connection_budget(100);
    for round in 0..3 {
        let mut clients: Vec<Conn> = (0..storm)
            .map(|i| match i % 4 {
                0 => tracking(
                    &target,
                    &["BCAST", "PREFIX", "k", "PREFIX", &format!("p{i}")],
                ),
                1 => tracking(&target, &["OPTIN"]),
                _ => tracking(&target, &[]),
            })
            .collect();
        for (i, conn) in clients.iter_mut().enumerate() {
            let keys: Vec<String> = (0..i * 5).map(|k| format!("k{k}")).collect();
            let mut request = vec!["MGET", "k", "own"];
            request.extend(keys.iter().map(|key| &**key));
            conn.send(&["CLIENT", "CACHING", "YES"]);
            conn.send(&request);
        }
        for conn in &mut clients {
            conn.read_value();
            conn.read_value();
        }
        assert_ne!(totals(&mut b), [0, 0, 0], "round {round}");
        // Some messages are on their way, some clients are in the middle of something.
        for (i, conn) in clients.iter_mut().enumerate() {
            match i % 3 {
                0 => conn.send(&["MULTI"]),
                1 => conn.send(&["BLPOP", "none", "0"]),
                _ => conn.send(&["SET", "k", "1"]),
            }
        }
        drop(clients);
        let mut last = [0; 3];
        let is_empty = wait_until(PATIENCE, || {
            last = totals(&mut b);
            last == [0; 3] && counter(&mut b, "clients", "connected_clients") == 1
        });
        assert!(is_empty, "{last:?}");
        assert_eq!(counter(&mut b, "clients", "tracking_clients"), 0);
    }
}

//! Transactions over a socket: what is queued, what aborts, what EXEC answers, and what a watched key is.
//!
//! Transcripts are explained in `common/transcript.rs`.

mod common;
#[path = "common/tools.rs"]
mod tools;

use common::timing::in_time;
use common::{Conn, Value, server};
use std::time::Duration;
use tools::{attribute, client_id, config_get, counter, wait_until};

/// However busy the machine is, this is enough.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn the_texts() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        EXEC                    => -ERR EXEC without MULTI
        DISCARD                 => -ERR DISCARD without MULTI
        UNWATCH                 => +OK
        MULTI                   => +OK
        MULTI                   => -ERR MULTI calls can not be nested
        WATCH k                 => -ERR WATCH inside MULTI is not allowed
        SET k v                 => +QUEUED
        EXEC                    => [+OK]
        MULTI                   => +OK
        EXEC                    => []
        MULTI                   => +OK
        SET k other             => +QUEUED
        DISCARD                 => +OK
        EXEC                    => -ERR EXEC without MULTI
        GET k                   => "v"
        MULTI x                 => -ERR wrong number of arguments for 'multi' command
        DISCARD x               => -ERR wrong number of arguments for 'discard' command
        UNWATCH x               => -ERR wrong number of arguments for 'unwatch' command
        WATCH                   => -ERR wrong number of arguments for 'watch' command
        EXEC x                  => -EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command
        "#,
    );
}

#[test]
fn what_is_refused_aborts_and_what_fails_does_not() {
    let target = server();
    let mut conn = target.connect();
    for (request, error) in [
        (
            "NOSUCH a",
            "ERR unknown command 'NOSUCH', with args beginning with: 'a' ",
        ),
        ("GET", "ERR wrong number of arguments for 'get' command"),
        (
            "CLIENT nosuch",
            "ERR unknown subcommand 'nosuch'. Try CLIENT HELP.",
        ),
        (
            "MULTI x",
            "ERR wrong number of arguments for 'multi' command",
        ),
        (
            "DISCARD x",
            "ERR wrong number of arguments for 'discard' command",
        ),
        ("WATCH", "ERR wrong number of arguments for 'watch' command"),
        (
            "SHUTDOWN NOSAVE",
            "ERR Command not allowed inside a transaction",
        ),
    ] {
        conn.transcript("MULTI => +OK");
        conn.transcript("SET k v => +QUEUED");
        let words: Vec<&str> = request.split(' ').collect();
        assert_eq!(conn.cmd(&words), Value::error(error), "{request}");
        conn.transcript(
            r#"
            SET k v => +QUEUED
            EXEC    => -EXECABORT Transaction discarded because of previous errors.
            EXISTS k => :0
            "#,
        );
    }
    conn.transcript(
        r#"
        MULTI
        EXEC x  => -EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command
        EXEC    => -ERR EXEC without MULTI
        MULTI
        SET k v
        LPUSH k x
        INCR k
        APPEND k !
        EXEC    => [+OK -"WRONGTYPE Operation against a key holding the wrong kind of value" -"ERR value is not an integer or out of range" :2]
        "#,
    );
}

/// Each request is counted when it is run, and not when it is queued.
#[test]
fn each_command_is_counted() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        CONFIG RESETSTAT
        MULTI
        SET k v
        INCR k
        SET k w
        EXEC      => [+OK -"ERR value is not an integer or out of range" +OK]
        MULTI
        SET k v
        DISCARD
        "#,
    );
    let info = conn.cmd(&["INFO", "commandstats"]).text();
    let line = |name: &str| {
        let start = format!("cmdstat_{name}:");
        let found = info.lines().find(|line| line.starts_with(&start));
        found.unwrap_or_default().to_owned()
    };
    assert!(line("set").contains("calls=2,"), "{info}");
    assert!(line("incr").contains("calls=1,"), "{info}");
    assert!(line("incr").contains("failed_calls=1"), "{info}");
    assert!(line("exec").contains("calls=1,"), "{info}");
    assert!(line("multi").contains("calls=2,"), "{info}");
}

#[test]
fn who_would_wait_is_answered_at_once() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        MULTI
        BLPOP none 0                     => +QUEUED
        BRPOP none 0                     => +QUEUED
        BLMPOP 0 1 none LEFT             => +QUEUED
        BZPOPMIN none 0                  => +QUEUED
        BZPOPMAX none 0                  => +QUEUED
        BZMPOP 0 1 none MIN              => +QUEUED
        BLMOVE none other LEFT RIGHT 0   => +QUEUED
        BRPOPLPUSH none other 0          => +QUEUED
        BLPOP none -1                    => +QUEUED
        EXEC                             => [nilarray nilarray nilarray nilarray nilarray nilarray nil nil -"ERR timeout is negative"]
        HELLO 3
        MULTI
        BLPOP none 0
        BRPOP none 0
        BLMPOP 0 1 none LEFT
        BZPOPMIN none 0
        BZPOPMAX none 0
        BZMPOP 0 1 none MIN
        BLMOVE none other LEFT RIGHT 0
        BRPOPLPUSH none other 0
        EXEC                             => [null null null null null null null null]
        MULTI
        RPUSH none a b
        BLPOP none 0
        BLMOVE none other LEFT RIGHT 0
        EXEC                             => [:2 ["none" "a"] "b"]
        "#,
    );
}

/// Who waits sees what EXEC leaves, and nothing of what was there in between.
#[test]
fn who_waits_is_served_after_all_of_it() {
    let target = server();
    let mut conn = target.connect();
    let mut waiting = target.connect();
    waiting.send(&["BLPOP", "gone", "stays", "0"]);
    assert!(wait_until(PATIENCE, || {
        counter(&mut conn, "clients", "blocked_clients") == 1
    }));
    conn.transcript(
        r#"
        MULTI
        RPUSH gone a
        DEL gone
        RPUSH stays a
        LPUSH stays b
        LLEN stays
        EXEC        => [:1 :1 :1 :2 :2]
        LRANGE stays 0 -1 => ["a"]
        "#,
    );
    let served = Value::Array(vec![Value::bulk("stays"), Value::bulk("b")]);
    assert_eq!(waiting.read_value(), served);
}

#[test]
fn the_connection_changes_in_the_midst_of_it() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        SET k zero
        MULTI
        GET k
        SELECT 3
        GET k
        SET k three
        HELLO 3
        HGETALL none
        GET none
        HELLO 2
        HGETALL none
        GET none
        CLIENT SETNAME me
        CLIENT GETNAME
        EXEC                => ["zero" +OK nil +OK ? %[] null ? [] nil +OK "me"]
        GET k               => "three"
        SELECT 0
        GET k               => "zero"
        MULTI
        SELECT 4
        SET k four
        DISCARD
        GET k               => "zero"
        MULTI
        SET k v             => +QUEUED
        RESET               => +RESET
        EXEC                => -ERR EXEC without MULTI
        GET k               => "zero"
        MULTI
        AUTH nobody nothing => +QUEUED
        AUTH x              => +QUEUED
        EXEC                => [? ?]
        MULTI
        LATENCY RESET x y   => ?
        DISCARD             => +OK
        MULTI               => +OK
        QUIT                => +OK
        PING                => closed
        "#,
    );
}

/// CLIENT REPLY holds from the command on that says it, even in the midst of an array.
#[test]
fn replies_that_are_not_wanted() {
    let target = server();
    let mut conn = target.connect();
    let queue = |conn: &mut Conn, requests: &[&[&str]], expected: &str| {
        conn.transcript("MULTI");
        for request in requests {
            assert_eq!(conn.cmd(request), Value::simple("QUEUED"));
        }
        conn.send(&["EXEC"]);
        conn.expect_raw(expected.as_bytes());
    };
    let ping: &[&str] = &["PING"];
    let (on, off) = (
        &["CLIENT", "REPLY", "ON"][..],
        &["CLIENT", "REPLY", "OFF"][..],
    );
    let skip: &[&str] = &["CLIENT", "REPLY", "SKIP"];
    queue(
        &mut conn,
        &[ping, off, ping, on, ping],
        "*5\r\n+PONG\r\n+OK\r\n+PONG\r\n",
    );
    queue(&mut conn, &[ping, skip, ping], "*3\r\n+PONG\r\n+PONG\r\n");
    // The next one is skipped, and the one behind it is not.
    conn.send(&["ECHO", "skipped"]);
    conn.transcript(r#"ECHO here => "here""#);
    queue(&mut conn, &[ping, off, ping], "*3\r\n+PONG\r\n");
    for request in [&["MULTI"][..], ping, on, ping, &["EXEC"]] {
        conn.send(request);
    }
    conn.expect_raw(b"+OK\r\n+PONG\r\n");
    conn.transcript("PING => +PONG");
}

/// A client that kills itself gets no reply from then on, but everything is run.
#[test]
fn a_client_that_kills_itself() {
    let target = server();
    let (mut conn, mut other) = (target.connect(), target.connect());
    let id = client_id(&mut conn);
    conn.transcript("MULTI");
    conn.transcript("PING");
    conn.cmd(&["CLIENT", "KILL", "ID", &id, "SKIPME", "no"]);
    conn.transcript("PING");
    conn.transcript("SET after 1");
    conn.send(&["EXEC"]);
    conn.expect_raw(b"*4\r\n+PONG\r\n:1\r\n");
    conn.expect_closed();
    other.transcript(r#"GET after => "1""#);
}

#[test]
fn a_client_that_goes_away_leaves_nothing() {
    let target = server();
    let mut other = target.connect();
    for ending in ["hangs up", "protocol error"] {
        let mut conn = target.connect();
        conn.transcript("WATCH k");
        conn.transcript("MULTI");
        conn.transcript("SET k v");
        if ending == "hangs up" {
            drop(conn);
        } else {
            conn.send_raw(b"*1\r\nnonsense\r\n");
            assert!(conn.read_value().is_error());
            conn.expect_closed();
        }
        assert!(wait_until(PATIENCE, || {
            counter(&mut other, "clients", "connected_clients") == 1
        }));
        other.transcript("EXISTS k => :0");
    }
}

/// One pipeline with a transaction in it, and another client's requests never between.
#[test]
fn a_pipeline_of_transactions() {
    const ROUNDS: usize = 200;
    let target = server();
    let mut conn = target.connect();
    let mut other = target.connect();
    let mut bytes = Vec::new();
    for _ in 0..ROUNDS {
        bytes.extend_from_slice(
            b"MULTI\r\nINCR a\r\n*2\r\n$4\r\nINCR\r\n$1\r\nb\r\nGET a\r\nEXEC\r\nGET a\r\n",
        );
    }
    conn.send_raw(&bytes);
    for round in 1..=ROUNDS {
        let (number, text) = (Value::Int(round as i64), Value::bulk(round.to_string()));
        for _ in 0..4 {
            conn.read_value();
        }
        let all = Value::Array(vec![number.clone(), number, text.clone()]);
        assert_eq!(conn.read_value(), all);
        assert_eq!(conn.read_value(), text);
        let both = other.cmd(&["MGET", "a", "b"]);
        assert_eq!(both.items()[0], both.items()[1]);
    }
}

#[test]
fn big_and_many_arguments() {
    let target = server();
    let mut conn = target.connect();
    let big = "x".repeat(300_000);
    conn.transcript("MULTI");
    assert_eq!(conn.cmd(&["SET", "big", &big]), Value::simple("QUEUED"));
    let mut words = vec!["RPUSH", "list"];
    words.extend(std::iter::repeat_n("", 20_000));
    assert_eq!(conn.cmd(&words), Value::simple("QUEUED"));
    assert_eq!(conn.cmd(&["ECHO", &big]), Value::simple("QUEUED"));
    conn.transcript("STRLEN big");
    let expected = vec![
        Value::simple("OK"),
        Value::Int(20_000),
        Value::bulk(&big),
        Value::Int(big.len() as i64),
    ];
    assert_eq!(conn.cmd(&["EXEC"]), Value::Array(expected));
    for _ in 0..5000 {
        conn.send(&["INCR", "n"]);
    }
    for _ in 0..5000 {
        conn.read_value();
    }
    conn.transcript(r#"GET n => "5000""#);
}

/// What is queued has been received and not been run, so it counts with the query buffer. (7.0 does not look.)
#[test]
fn what_is_queued_is_bounded() {
    let target = server();
    let mut conn = target.connect();
    if !target.is_aerolite_or_skip("7.0.15 queues without limit") {
        return;
    }
    let mut other = target.connect();
    let before = config_get(&mut other, "client-query-buffer-limit").unwrap_or_default();
    other.transcript("CONFIG SET client-query-buffer-limit 1mb");
    conn.transcript("MULTI");
    let part = "x".repeat(100_000);
    let queued = (0..20).take_while(|_| conn.try_cmd(&[b"ECHO", part.as_bytes()]).is_ok());
    let count = queued.count();
    other.cmd(&["CONFIG", "SET", "client-query-buffer-limit", &before]);
    assert!((9..=10).contains(&count), "{count}");
}

/// How a client that watches, and one that writes, go on.
struct Two {
    watcher: Conn,
    writer: Conn,
    is_resp3: bool,
}

impl Two {
    fn both(test: impl Fn(&mut Two)) {
        let target = server();
        for is_resp3 in [false, true] {
            let (mut watcher, mut writer) = (target.connect(), target.connect());
            if is_resp3 {
                watcher.cmd(&["HELLO", "3"]);
            }
            writer.transcript("FLUSHALL");
            let mut two = Two {
                watcher,
                writer,
                is_resp3,
            };
            test(&mut two);
        }
    }

    /// The watcher runs a transaction; whether that was done.
    #[track_caller]
    fn exec(&mut self) -> bool {
        self.watcher.transcript("MULTI => +OK");
        self.watcher.transcript("PING => +QUEUED");
        self.watcher.send(&["EXEC"]);
        let raw = self.watcher.read_raw_reply();
        if raw == b"*1\r\n+PONG\r\n" {
            return true;
        }
        let nothing: &[u8] = if self.is_resp3 { b"_\r\n" } else { b"*-1\r\n" };
        assert_eq!(raw, nothing);
        false
    }

    /// After `before`, the watcher watches k, and the writer sends `write`.
    #[track_caller]
    fn is_run_after(&mut self, before: &str, write: &str) -> bool {
        self.writer.transcript("FLUSHALL");
        self.writer.transcript(before);
        self.watcher.transcript("WATCH k => +OK");
        self.writer.transcript(write);
        self.exec()
    }
}

/// Every command that may change a key, and what is to be there before.
const WRITES: &[(&str, &str)] = &[
    ("", "SET k v"),
    ("SET k v", "SET k v"),
    ("", "SETNX k v"),
    ("", "MSET a 1 k 2"),
    ("", "MSETNX a 1 k 2"),
    ("SET k v", "GETSET k w"),
    ("SET k v", "GETDEL k"),
    ("SET k v", "GETEX k EX 100"),
    ("SET k v EX 100", "GETEX k PERSIST"),
    ("", "SETEX k 100 v"),
    ("", "APPEND k x"),
    ("", "INCR k"),
    ("SET k 5", "INCRBY k 0"),
    ("", "INCRBYFLOAT k 1.5"),
    ("", "SETRANGE k 3 x"),
    ("", "SETBIT k 7 1"),
    ("SET a x", "BITOP NOT k a"),
    ("SET k x", "BITOP NOT k none"),
    ("", "BITFIELD k SET u8 0 1"),
    ("", "PFADD k a"),
    ("PFADD a x", "PFMERGE k a"),
    ("SET k v", "DEL k"),
    ("SET k v", "UNLINK k"),
    ("SET k v", "EXPIRE k 100"),
    ("SET k v", "PEXPIREAT k 1"),
    ("SET k v EX 100", "PERSIST k"),
    ("SET k v", "RENAME k other"),
    ("SET a v", "RENAME a k"),
    ("SET a v", "RENAMENX a k"),
    ("SET a v", "COPY a k"),
    ("SET k v", "MOVE k 1"),
    ("SET k v", "FLUSHDB"),
    ("SET k v", "FLUSHALL"),
    ("SET k v", "SWAPDB 0 1"),
    ("RPUSH a 2 1", "SORT a STORE k"),
    ("RPUSH k 1", "SORT none STORE k"),
    ("", "LPUSH k a"),
    ("RPUSH k a", "RPUSH k b"),
    ("RPUSH k a", "RPUSHX k b"),
    ("RPUSH k a", "LPOP k"),
    ("RPUSH k a b", "RPOP k"),
    ("RPUSH k a b", "LMPOP 1 k LEFT"),
    ("RPUSH k a b", "BLPOP k 0"),
    ("RPUSH k a b", "LSET k 0 x"),
    ("RPUSH k a b", "LTRIM k 1 1"),
    ("RPUSH k a b", "LREM k 0 a"),
    ("RPUSH k a b", "LINSERT k BEFORE a x"),
    ("RPUSH k a b", "LMOVE k other LEFT LEFT"),
    ("RPUSH a x", "LMOVE a k LEFT LEFT"),
    ("RPUSH a x", "RPOPLPUSH a k"),
    ("", "HSET k f v"),
    ("HSET k f v", "HSET k f v"),
    ("HSET k f v", "HSET k g v"),
    ("", "HSETNX k f v"),
    ("", "HMSET k f v"),
    ("", "HINCRBY k f 1"),
    ("", "HINCRBYFLOAT k f 1"),
    ("HSET k f v g w", "HDEL k f"),
    ("HSET k f v", "HDEL k f"),
    ("", "SADD k a"),
    ("SADD k a b", "SREM k a"),
    ("SADD k a", "SREM k a"),
    ("SADD k a b", "SPOP k"),
    ("SADD k a b", "SPOP k 2"),
    ("SADD k a b", "SMOVE k other a"),
    ("SADD a x", "SMOVE a k x"),
    ("SADD a x", "SINTERSTORE k a"),
    ("SADD a x", "SUNIONSTORE k a"),
    ("SADD k x", "SDIFFSTORE k none"),
    ("", "ZADD k 1 a"),
    ("ZADD k 1 a", "ZADD k 2 a"),
    ("", "ZINCRBY k 1 a"),
    ("ZADD k 1 a 2 b", "ZREM k a"),
    ("ZADD k 1 a", "ZREM k a"),
    ("ZADD k 1 a 2 b", "ZPOPMIN k"),
    ("ZADD k 1 a 2 b", "ZPOPMAX k"),
    ("ZADD k 1 a 2 b", "ZMPOP 1 k MIN"),
    ("ZADD k 1 a 2 b", "BZPOPMIN k 0"),
    ("ZADD k 1 a 2 b", "ZREMRANGEBYRANK k 0 0"),
    ("ZADD k 1 a 2 b", "ZREMRANGEBYSCORE k 1 1"),
    ("ZADD k 0 a 0 b", "ZREMRANGEBYLEX k [a [a"),
    ("ZADD a 1 x", "ZRANGESTORE k a 0 -1"),
    ("ZADD a 1 x", "ZUNIONSTORE k 1 a"),
    ("ZADD a 1 x", "ZINTERSTORE k 1 a"),
    ("ZADD k 1 x", "ZDIFFSTORE k 1 none"),
    ("", "GEOADD k 1 1 a"),
    (
        "GEOADD a 1 1 x",
        "GEOSEARCHSTORE k a FROMLONLAT 1 1 BYRADIUS 1 km",
    ),
    ("GEOADD a 1 1 x", "GEORADIUS a 1 1 1 km STORE k"),
];

/// What leaves a key as it is.
const OTHERS: &[(&str, &str)] = &[
    ("SET k v", "GET k"),
    ("SET k v", "SET other v"),
    ("SET k v", "SETNX k w"),
    ("SET k v", "SET k w NX"),
    ("SET k v", "MSETNX k 1 a 2"),
    ("SET k v", "TOUCH k"),
    ("SET k v", "GETEX k"),
    ("SET k v", "PERSIST k"),
    ("SET k v", "EXPIRE k 100 XX"),
    ("SET k v", "SWAPDB 1 2"),
    ("SET k v", "COPY k other"),
    ("SET k v", "APPEND other x"),
    ("", "DEL k"),
    ("", "FLUSHALL"),
    ("", "FLUSHDB"),
    ("", "SWAPDB 0 1"),
    ("", "EXPIRE k 100"),
    ("", "GETDEL k"),
    ("", "LPUSHX k a"),
    ("", "LPOP k"),
    ("", "SPOP k"),
    ("", "ZPOPMIN k"),
    ("", "SINTERSTORE k none"),
    ("", "BITOP NOT k none"),
    ("RPUSH k a", "LREM k 0 x"),
    ("RPUSH k a", "LINSERT k BEFORE x y"),
    ("HSET k f v", "HSETNX k f w"),
    ("HSET k f v", "HDEL k g"),
    ("SADD k a", "SADD k a"),
    ("SADD k a", "SREM k b"),
    ("ZADD k 1 a", "ZADD k 1 a"),
    ("ZADD k 1 a", "ZREM k b"),
    ("PFADD k a", "PFADD k a"),
];

#[test]
fn a_watched_key_that_changes_stops_exec() {
    Two::both(|two| {
        let missed: Vec<_> = WRITES
            .iter()
            .filter(|(before, write)| two.is_run_after(before, write))
            .collect();
        assert!(missed.is_empty(), "{missed:#?}");
    });
}

#[test]
fn a_watched_key_that_stays_as_it_is_does_not() {
    Two::both(|two| {
        let wrong: Vec<_> = OTHERS
            .iter()
            .filter(|(before, write)| !two.is_run_after(before, write))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    });
}

#[test]
fn what_ends_watching() {
    Two::both(|two| {
        for end in ["UNWATCH", "EXEC", "DISCARD", "RESET"] {
            two.watcher.transcript("WATCH k other => +OK");
            two.writer.transcript("SET k v");
            if end == "EXEC" || end == "DISCARD" {
                two.watcher.transcript("MULTI => +OK");
            }
            two.watcher.cmd(&[end]);
            two.is_resp3 &= end != "RESET";
            two.writer.transcript("SET other v");
            assert!(two.exec(), "{end}");
        }
        // Its own changes count too, but not those that the transaction makes.
        two.watcher.transcript("WATCH k");
        two.watcher.transcript("SET k v");
        assert!(!two.exec());
        two.watcher.transcript(
            r#"
            WATCH k  => +OK
            MULTI
            SET k w
            SET k x
            EXEC     => [+OK +OK]
            WATCH k
            DISCARD  => -ERR DISCARD without MULTI
            "#,
        );
        two.writer.transcript("SET k v");
        assert!(!two.exec(), "DISCARD was refused");
        two.watcher.transcript("WATCH k");
        two.writer.transcript("SET k v");
        two.watcher.transcript("WATCH more => +OK");
        two.watcher.transcript("MULTI");
        two.watcher.transcript("UNWATCH => +QUEUED");
        let nothing = two.watcher.cmd(&["EXEC"]);
        assert!(!nothing.is_error() && nothing != Value::Array(vec![]));
        two.watcher.transcript("WATCH k");
        two.writer.transcript("SET k v");
        two.watcher.transcript(
            r#"
            MULTI
            NOSUCH => -ERR unk...
            EXEC => -EXECABORT Transaction discarded because of previous errors.
            "#,
        );
    });
}

#[test]
fn keys_are_watched_where_they_are() {
    Two::both(|two| {
        two.watcher.transcript("WATCH k");
        two.writer.transcript("SELECT 1");
        two.writer.transcript("SET k v");
        assert!(two.exec(), "another database");
        two.watcher.transcript("WATCH k");
        two.watcher.transcript("SELECT 1");
        two.writer.transcript("SELECT 0");
        two.writer.transcript("SET k v");
        assert!(!two.exec(), "the database in which it was watched");
        two.watcher.transcript("SELECT 0");
        // A key that comes with another database.
        two.writer.transcript("FLUSHALL");
        two.writer.transcript("SELECT 1");
        two.writer.transcript("SET k v");
        two.watcher.transcript("WATCH k");
        two.writer.transcript("SWAPDB 1 0");
        assert!(!two.exec());
        two.watcher.transcript("WATCH k none");
        two.writer.transcript("SWAPDB 0 0");
        assert!(two.exec());
    });
}

#[test]
fn a_watched_key_that_expires_has_changed() {
    Two::both(|two| {
        for active in ["1", "0"] {
            two.writer.cmd(&["DEBUG", "SET-ACTIVE-EXPIRE", active]);
            let life = in_time(Duration::from_millis(20), |life| {
                two.writer.cmd(&["SET", "k", "v", "PX", &life.ms()]);
                two.watcher.transcript("UNWATCH\nWATCH k");
            });
            life.outlive();
            assert!(!two.exec(), "active expiry {active}");
        }
        // One that was past its deadline before is none, and stays none.
        for remove in [
            "EXISTS k",
            "DEL k",
            "FLUSHALL",
            "FLUSHDB",
            "SWAPDB 0 1",
            "PING",
        ] {
            two.writer.transcript("SET k v PX 1");
            std::thread::sleep(Duration::from_millis(20));
            two.watcher.transcript("WATCH k");
            two.writer.transcript(remove);
            assert!(two.exec(), "{remove}");
        }
        // It comes into being.
        two.writer.transcript("SET k v PX 1");
        std::thread::sleep(Duration::from_millis(20));
        two.watcher.transcript("WATCH k");
        two.writer.transcript("SET k v");
        assert!(!two.exec());
        // A dead key for another one, or for none.
        for databases in [&["0", "1"][..], &["1"]] {
            two.writer.transcript("FLUSHALL");
            for db in databases {
                two.writer.cmd(&["SELECT", db]);
                two.writer.transcript("SET k v PX 1");
            }
            std::thread::sleep(Duration::from_millis(20));
            two.watcher.transcript("WATCH k");
            two.writer.transcript("SWAPDB 0 1");
            two.writer.transcript("SELECT 0");
            two.writer.transcript("EXISTS k => :0");
            assert!(two.exec(), "{databases:?}");
        }
        two.writer.cmd(&["DEBUG", "SET-ACTIVE-EXPIRE", "1"]);
    });
}

#[test]
fn client_list_shows_it() {
    let target = server();
    let (mut conn, mut other) = (target.connect(), target.connect());
    let id = client_id(&mut conn);
    let mut seen = |name: &str| {
        let line = other.cmd(&["CLIENT", "LIST", "ID", &id]).text();
        attribute(&line, name).unwrap_or_default().to_owned()
    };
    assert_eq!((seen("flags"), seen("multi")), ("N".into(), "-1".into()));
    assert_eq!(seen("multi-mem"), "0");
    conn.transcript("MULTI");
    assert_eq!((seen("flags"), seen("multi")), ("x".into(), "0".into()));
    conn.transcript("PING");
    conn.cmd(&["SET", "k", &"x".repeat(1000)]);
    assert_eq!((seen("multi"), seen("cmd")), ("2".into(), "set".into()));
    assert!(
        seen("multi-mem")
            .parse::<usize>()
            .is_ok_and(|bytes| bytes > 1000)
    );
    conn.transcript("CLIENT LIST");
    let replies = conn.cmd(&["EXEC"]);
    let all = replies.items()[2].text();
    let line = all
        .lines()
        .find(|line| line.starts_with(&format!("id={id} ")));
    let line = line.expect("its own line");
    let fields = ["flags", "multi", "cmd"].map(|name| attribute(line, name));
    assert_eq!(fields, [Some("x"), Some("3"), Some("exec")]);
    assert_eq!((seen("flags"), seen("multi-mem")), ("N".into(), "0".into()));
    conn.transcript("WATCH k other");
    assert_eq!((seen("flags"), seen("multi")), ("N".into(), "-1".into()));
    conn.transcript("SET k v");
    assert_eq!(seen("flags"), "d");
    conn.transcript("MULTI");
    conn.transcript("PING");
    assert_eq!((seen("flags"), seen("multi")), ("xd".into(), "0".into()));
    conn.transcript("DISCARD");
    conn.transcript("MULTI");
    conn.transcript("NOSUCH => -ERR unk...");
    conn.transcript("PING");
    assert_eq!((seen("flags"), seen("multi")), ("x".into(), "0".into()));
}

#[test]
fn without_the_password() {
    let target = server();
    let (mut conn, mut other) = (target.connect(), target.connect());
    if target.is_shared() {
        return;
    }
    conn.transcript("CONFIG SET requirepass secret");
    let mut stranger = target.connect();
    stranger.transcript(
        r#"
        MULTI   => -NOAUTH Authentication required.
        EXEC    => -EXECABORT Transaction discarded because of: NOAUTH Authentication required.
        EXEC x  => -EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command
        DISCARD => -NOAUTH Authentication required.
        WATCH k => -NOAUTH Authentication required.
        "#,
    );
    other.transcript("MULTI");
    other.transcript("SET k v");
    conn.transcript("CONFIG SET requirepass other");
    other.transcript("EXEC => [+OK]");
    conn.transcript(r#"CONFIG SET requirepass """#);
}

//! Deadlines over a socket: how they are set, asked for, carried along and taken away, and that keys leave when they are due.

mod common;

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use common::timing::{in_time, shortest};
use common::{Conn, Value, server};

/// How late a key may leave DBSIZE here; what is promised is 10 ms, the rest is for a busy machine.
const LATENESS_LIMIT: Duration = Duration::from_millis(100);
/// A server that is as late as this did not notice at all.
const FORGOTTEN: Duration = Duration::from_secs(20);
/// How long keys live of which the test is what becomes of them.
const LIFE: Duration = Duration::from_millis(300);

#[test]
fn ttl_of_everything() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            TTL missing                     => :-2
            PTTL missing                    => :-2
            EXPIRETIME missing              => :-2
            PEXPIRETIME missing             => :-2
            SET k v                         => +OK
            TTL k                           => :-1
            PTTL k                          => :-1
            EXPIRETIME k                    => :-1
            PEXPIRETIME k                   => :-1
            EXPIRE k 100                    => :1
            TTL k                           => :99..100
            PTTL k                          => :99000..100000
            PEXPIRE k 100500                => :1
            PTTL k                          => :99500..100500
            EXPIREAT k 4102444800           => :1
            EXPIRETIME k                    => :4102444800
            PEXPIRETIME k                   => :4102444800000
            PEXPIREAT k 4102444800499       => :1
            EXPIRETIME k                    => :4102444800
            PEXPIRETIME k                   => :4102444800499
            PEXPIREAT k 4102444800500       => :1
            EXPIRETIME k                    => :4102444801
            PEXPIREAT k 4102444800999       => :1
            EXPIRETIME k                    => :4102444801
            EXPIRE missing 100              => :0
            PEXPIRE missing 100             => :0
            EXPIREAT missing 4102444800     => :0
            PEXPIREAT missing 4102444800000 => :0
            GET k                           => "v"
        "#,
    );
}

/// TTL rounds to the nearest second: what is left plus half a second, cut.
#[test]
fn ttl_rounds_to_the_nearest_second() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET k v         => +OK
            PEXPIRE k 10400 => :1
            TTL k           => :10
            PEXPIRE k 10900 => :1
            TTL k           => :11
            PEXPIRE k 1400  => :1
            TTL k           => :1
            PEXPIRE k 450   => :1
            TTL k           => :0
            PTTL k          => :1..450
        "#,
    );
}

#[test]
fn expire_conditions() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET k v                      => +OK
            EXPIRE k 100 XX              => :0
            TTL k                        => :-1
            EXPIRE k 100 GT              => :0
            TTL k                        => :-1
            EXPIRE k 100 nx              => :1
            TTL k                        => :99..100
            EXPIRE k 200 NX              => :0
            TTL k                        => :99..100
            EXPIRE k 200 XX              => :1
            TTL k                        => :199..200
            EXPIRE k 100 GT              => :0
            TTL k                        => :199..200
            EXPIRE k 300 GT              => :1
            TTL k                        => :299..300
            EXPIRE k 400 LT              => :0
            TTL k                        => :299..300
            EXPIRE k 100 lt              => :1
            TTL k                        => :99..100
            EXPIRE k 200 XX GT           => :1
            TTL k                        => :199..200
            EXPIRE k 150 GT XX           => :0
            TTL k                        => :199..200
            EXPIRE k 150 XX LT           => :1
            TTL k                        => :149..150
            EXPIRE k 160 XX XX           => :1
            TTL k                        => :159..160
            PERSIST k                    => :1
            EXPIRE k 500 LT              => :1
            TTL k                        => :499..500
            PERSIST k                    => :1
            EXPIRE k 100 XX LT           => :0
            TTL k                        => :-1
            EXPIRE k 100 XX GT           => :0
            TTL k                        => :-1
            PEXPIRE k 100000 NX          => :1
            PEXPIRE k 100000 NX          => :0
            PEXPIREAT k 4102444800000 GT => :1
            EXPIREAT k 4102444800 GT     => :0
            EXPIREAT k 4102444800 LT     => :0
            EXPIREAT k 4102444801 GT     => :1
            PEXPIREAT k 4102444800999 LT => :1
            PEXPIRETIME k                => :4102444800999
            EXPIRE missing 100 NX        => :0
            EXPIRE missing 100 LT        => :0
            EXPIRE k -1 GT               => :0
            EXPIRE k -1 NX               => :0
            EXISTS k                     => :1
            EXPIRE k -1 LT               => :1
            EXISTS k                     => :0
        "#,
    );
}

#[test]
fn expire_errors() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET k v                      => +OK
            EXPIRE k                     => -ERR wrong number of arguments for 'expire' command
            EXPIRE                       => -ERR wrong number of arguments for 'expire' command
            PEXPIRE k                    => -ERR wrong number of arguments for 'pexpire' command
            EXPIREAT k                   => -ERR wrong number of arguments for 'expireat' command
            PEXPIREAT k                  => -ERR wrong number of arguments for 'pexpireat' command
            TTL                          => -ERR wrong number of arguments for 'ttl' command
            TTL a b                      => -ERR wrong number of arguments for 'ttl' command
            PTTL                         => -ERR wrong number of arguments for 'pttl' command
            PTTL a b                     => -ERR wrong number of arguments for 'pttl' command
            EXPIRETIME                   => -ERR wrong number of arguments for 'expiretime' command
            EXPIRETIME a b               => -ERR wrong number of arguments for 'expiretime' command
            PEXPIRETIME                  => -ERR wrong number of arguments for 'pexpiretime' command
            PEXPIRETIME a b              => -ERR wrong number of arguments for 'pexpiretime' command
            PERSIST                      => -ERR wrong number of arguments for 'persist' command
            PERSIST a b                  => -ERR wrong number of arguments for 'persist' command
            EXPIRE k abc                 => -ERR value is not an integer or out of range
            EXPIRE k 1.5                 => -ERR value is not an integer or out of range
            EXPIRE k ""                  => -ERR value is not an integer or out of range
            EXPIRE k " 1"                => -ERR value is not an integer or out of range
            EXPIRE k 9223372036854775808 => -ERR value is not an integer or out of range
            PEXPIRE k abc                => -ERR value is not an integer or out of range
            EXPIREAT k abc               => -ERR value is not an integer or out of range
            PEXPIREAT k abc              => -ERR value is not an integer or out of range
            EXPIRE missing abc           => -ERR value is not an integer or out of range
            EXPIRE k 100 NX XX           => -ERR NX and XX, GT or LT options at the same time are not compatible
            EXPIRE k 100 NX GT           => -ERR NX and XX, GT or LT options at the same time are not compatible
            EXPIRE k 100 LT NX           => -ERR NX and XX, GT or LT options at the same time are not compatible
            EXPIRE k 100 GT LT           => -ERR GT and LT options at the same time are not compatible
            EXPIRE k 100 NX GT LT        => -ERR NX and XX, GT or LT options at the same time are not compatible
            EXPIRE k 100 BAD             => -ERR Unsupported option BAD
            EXPIRE k 100 XX BAD          => -ERR Unsupported option BAD
            EXPIRE k 100 BAD NX XX       => -ERR Unsupported option BAD
            EXPIRE k 100 NX XX BAD       => -ERR Unsupported option BAD
            EXPIRE k abc BAD             => -ERR Unsupported option BAD
            EXPIRE missing 100 BAD       => -ERR Unsupported option BAD
            EXPIRE k 100 ""              => -"ERR Unsupported option "
            PEXPIRE k 100 BAD            => -ERR Unsupported option BAD
            EXPIREAT k 100 NX XX         => -ERR NX and XX, GT or LT options at the same time are not compatible
            PEXPIREAT k 100 GT LT        => -ERR GT and LT options at the same time are not compatible
            TTL k                        => :-1
        "#,
    );
}

/// Times that do not fit into 64 bits of milliseconds, and those that just do.
#[test]
fn expire_overflow() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET k v                            => +OK
            EXPIRE k 9223372036854775807       => -ERR invalid expire time in 'expire' command
            EXPIRE k 9223372036854776          => -ERR invalid expire time in 'expire' command
            EXPIRE k 9223372036854775          => -ERR invalid expire time in 'expire' command
            EXPIRE k -9223372036854775808      => -ERR invalid expire time in 'expire' command
            EXPIRE k -9223372036854776         => -ERR invalid expire time in 'expire' command
            PEXPIRE k 9223372036854775807      => -ERR invalid expire time in 'pexpire' command
            PEXPIRE k 9223372036854770000      => -ERR invalid expire time in 'pexpire' command
            EXPIREAT k 9223372036854775807     => -ERR invalid expire time in 'expireat' command
            EXPIREAT k 9223372036854776        => -ERR invalid expire time in 'expireat' command
            EXPIREAT k -9223372036854776       => -ERR invalid expire time in 'expireat' command
            EXPIREAT k -9223372036854775808    => -ERR invalid expire time in 'expireat' command
            EXPIRE missing 9223372036854775807 => -ERR invalid expire time in 'expire' command
            EXISTS k                           => :1
            TTL k                              => :-1
            EXPIREAT k 9223372036854775        => :1
            EXPIRETIME k                       => :9223372036854775
            PEXPIREAT k 9223372036854775807    => :1
            PEXPIRETIME k                      => :9223372036854775807
            EXPIRETIME k                       => :9223372036854776
            PTTL k                             => :9223370000000000000..9223372036854775807
            EXPIRE k 9000000000000000          => :1
            PEXPIRE k 9000000000000000000      => :1
            GET k                              => "v"
        "#,
    );
}

/// A deadline that is over deletes at once.
#[test]
fn deadlines_in_the_past_delete() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET k v                        => +OK
            EXPIRE k 0                     => :1
            EXISTS k                       => :0
            SET k v                        => +OK
            EXPIRE k -1                    => :1
            GET k                          => nil
            SET k v                        => +OK
            PEXPIRE k 0                    => :1
            GET k                          => nil
            SET k v                        => +OK
            PEXPIRE k -9223372036854775808 => :1
            GET k                          => nil
            SET k v                        => +OK
            EXPIRE k -9223372036854775     => :1
            GET k                          => nil
            SET k v                        => +OK
            EXPIREAT k 1                   => :1
            GET k                          => nil
            SET k v                        => +OK
            EXPIREAT k 0                   => :1
            GET k                          => nil
            SET k v                        => +OK
            EXPIREAT k -1                  => :1
            GET k                          => nil
            SET k v                        => +OK
            PEXPIREAT k 1                  => :1
            GET k                          => nil
            SET k v                        => +OK
            PEXPIREAT k -1                 => :1
            GET k                          => nil
            SET k v EX 100                 => +OK
            EXPIRE k -1                    => :1
            TTL k                          => :-2
            SET k v                        => +OK
            TTL k                          => :-1
            DBSIZE                         => :1
        "#,
    );
}

#[test]
fn persist() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            PERSIST missing => :0
            SET k v         => +OK
            PERSIST k       => :0
            EXPIRE k 100    => :1
            PERSIST k       => :1
            TTL k           => :-1
            PERSIST k       => :0
            GET k           => "v"
        "#,
    );
}

/// Which commands keep a deadline and which take it away.
#[test]
fn what_a_deadline_survives() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET k 1 EX 100  => +OK
            INCR k          => :2
            INCRBY k 5      => :7
            DECR k          => :6
            INCRBYFLOAT k 1 => "7"
            APPEND k 0      => :2
            SETRANGE k 0 9  => :2
            GETRANGE k 0 -1 => "90"
            GETEX k         => "90"
            TOUCH k         => :1
            TTL k           => :99..100
            SET k 1 KEEPTTL => +OK
            TTL k           => :99..100
            SET k 1         => +OK
            TTL k           => :-1
            EXPIRE k 100    => :1
            GETSET k 2      => "1"
            TTL k           => :-1
            EXPIRE k 100    => :1
            MSET k 3        => +OK
            TTL k           => :-1
            EXPIRE k 100    => :1
            SETEX k 50 3    => +OK
            TTL k           => :49..50
            DEL k           => :1
            SET k new       => +OK
            TTL k           => :-1
            SET k v EX 100  => +OK
            SET k w NX      => nil
            TTL k           => :99..100
            SET k w XX      => +OK
            TTL k           => :-1
        "#,
    );
}

/// There before the deadline, gone behind it, however one looks.
#[test]
fn keys_leave_when_due() {
    let target = server();
    let mut conn = target.connect();
    let life = in_time(LIFE, |life| {
        let script = r#"
            FLUSHALL        => +OK
            SET stays v     => +OK
            SET k v PX 300  => +OK
            GET k           => "v"
            PTTL k          => :1..300
            SET s 12 PX 300 => +OK
            MGET k s        => ["v" "12"]
            PSETEX p 300 v  => +OK
            SET e v         => +OK
            PEXPIRE e 300   => :1
            SET g v         => +OK
            GETEX g PX 300  => "v"
            DBSIZE          => :6
        "#;
        conn.transcript_before(life.until, &script.replace("300", &life.ms()));
    });
    life.outlive();
    conn.transcript(
        r#"
            GET k                => nil
            EXISTS k s p e g     => :0
            MGET k s p e g stays => [nil nil nil nil nil "v"]
            TTL k                => :-2
            PTTL k               => :-2
            TYPE k               => +none
            STRLEN k             => :0
            GETRANGE k 0 -1      => ""
            OBJECT ENCODING k    => nil
            RENAME k x           => -ERR no such key
            COPY k x             => :0
            PERSIST k            => :0
            EXPIRE k 100         => :0
            TOUCH k              => :0
            DEL k                => :0
            KEYS *               => ["stays"]
            RANDOMKEY            => "stays"
            INCR s               => :1
            TTL s                => :-1
            APPEND p x           => :1
            SET e new XX         => nil
            SET e new NX         => +OK
            TTL e                => :-1
            GETDEL g             => nil
            SCAN 0 COUNT 1000    => ["0" anyorder["stays" "s" "p" "e"]]
            DBSIZE               => :4
        "#,
    );
}

/// A deadline goes along with RENAME, COPY and MOVE, and is met under the new name.
#[test]
fn carried_deadlines_are_met() {
    let target = server();
    let mut conn = target.connect();
    let life = in_time(LIFE, |life| {
        let script = r#"
            FLUSHALL              => +OK
            MSET a 1 b 2 c 3      => +OK
            PEXPIRE a 300         => :1
            PEXPIRE b 300         => :1
            PEXPIRE c 300         => :1
            RENAME a renamed      => +OK
            COPY b copied         => :1
            MOVE c 2              => :1
            PERSIST b             => :1
            MGET renamed copied b => ["1" "2" "2"]
        "#;
        conn.transcript_before(life.until, &script.replace("300", &life.ms()));
    });
    life.outlive();
    conn.transcript(
        r#"
            MGET renamed copied b => [nil nil "2"]
            TTL b                 => :-1
            SELECT 2              => +OK
            GET c                 => nil
            TTL c                 => :-2
        "#,
    );
}

/// A deadline that was put off, taken away or overwritten does not come back.
#[test]
fn cancelled_deadlines_stay_away() {
    let target = server();
    let mut conn = target.connect();
    let life = in_time(LIFE, |life| {
        let script = r#"
            FLUSHALL              => +OK
            MSET persisted 1 set 1 later 1 sooner 1 deleted 1 over 1 moved 1 => +OK
            PEXPIRE persisted 200 => :1
            PEXPIRE set 200       => :1
            PEXPIRE later 200     => :1
            EXPIRE sooner 1000    => :1
            PEXPIRE deleted 200   => :1
            PEXPIRE over 200      => :1
            PEXPIRE moved 200     => :1
            PERSIST persisted     => :1
            SET set 2             => +OK
            EXPIRE later 1000     => :1
            PEXPIRE sooner 200    => :1
            DEL deleted           => :1
            SET deleted 2         => +OK
            SET src 3             => +OK
            RENAME src over       => +OK
            MOVE moved 1          => :1
            SET moved 2           => +OK
        "#;
        conn.transcript_before(life.until, &script.replace("200", &life.ms()));
    });
    life.outlive();
    conn.transcript(
        r#"
            MGET persisted set later sooner deleted over moved => ["1" "2" "1" nil "2" "3" "2"]
            TTL persisted => :-1
            TTL set       => :-1
            TTL later     => :900..1000
            TTL deleted   => :-1
            TTL over      => :-1
            TTL moved     => :-1
        "#,
    );
}

/// With SWAPDB and FLUSHDB in between.
#[test]
fn deadlines_and_whole_databases() {
    let target = server();
    let mut conn = target.connect();
    let life = in_time(LIFE, |life| {
        let script = r#"
            FLUSHALL             => +OK
            SELECT 0             => +OK
            SET flushed 1 PX 200 => +OK
            FLUSHDB              => +OK
            SET flushed 2        => +OK
            SELECT 1             => +OK
            SET swapped 1 PX 200 => +OK
            SET other 1          => +OK
            SWAPDB 1 2           => +OK
            SET swapped stays    => +OK
        "#;
        conn.transcript_before(life.until, &script.replace("200", &life.ms()));
    });
    life.outlive();
    conn.transcript(
        r#"
            GET swapped => "stays"
            SELECT 2    => +OK
            GET swapped => nil
            GET other   => "1"
            SELECT 0    => +OK
            GET flushed => "2"
        "#,
    );
}

/// A key due at an absolute time is seen until then and not after it, to within the time that a request takes.
#[test]
fn passive_expiry_is_to_the_millisecond() {
    let target = server();
    let mut conn = target.connect();
    for _ in 0..20 {
        let deadline_ms = unix_ms() + 15;
        conn.cmd(&["SET", "k", "v", "PXAT", &deadline_ms.to_string()]);
        loop {
            let before_ms = unix_ms();
            let there = conn.cmd(&["EXISTS", "k"]) == Value::Int(1);
            let after_ms = unix_ms();
            assert!(
                there || after_ms >= deadline_ms,
                "gone {} ms early",
                deadline_ms - after_ms
            );
            assert!(
                !there || before_ms <= deadline_ms + 1,
                "there {} ms late",
                before_ms - deadline_ms
            );
            if !there {
                break;
            }
        }
    }
}

/// Ours only: nobody touches the key, and it leaves DBSIZE (which looks at no deadline) on time.
#[test]
fn untouched_keys_leave_on_time() {
    let target = server();
    if !target.is_aerolite_or_skip("active expiry within 10 ms") {
        return;
    }
    let mut conn = target.connect();
    conn.cmd(&["SET", "stays", "v"]);
    for ttl_ms in [1, 5, 20, 63, 64, 65, 130, 300, 1000] {
        assert_leaves_on_time(&mut conn, ttl_ms, 1);
    }
}

/// Ours only: the same beside 200,000 other keys with deadlines.
#[test]
fn untouched_keys_leave_on_time_beside_many() {
    let target = server();
    if !target.is_aerolite_or_skip("active expiry within 10 ms beside 200,000 keys with a TTL") {
        return;
    }
    let mut conn = target.connect();
    let others = 200_000;
    fill(&mut conn, others, |i| format!("EX {}", 1000 + i % 5000));
    for ttl_ms in [5, 64, 300] {
        assert_leaves_on_time(&mut conn, ttl_ms, others as i64);
    }
}

/// Ours only: 100,000 keys due within half a second are all gone half a second after the last deadline; ten times as long
/// is allowed, since here nothing is optimized and the machine is busy.
#[test]
fn a_mass_of_deadlines_is_met() {
    let target = server();
    if !target.is_aerolite_or_skip("mass expiry done 500 ms after the last deadline") {
        return;
    }
    let mut conn = target.connect();
    let limit = Duration::from_secs(5);
    let late = shortest(limit, || lateness_of_a_mass(&mut conn));
    assert!(late < limit, "the last key left {late:?} after it was due");
    assert_eq!(conn.cmd(&["GET", "stays"]), Value::bulk("v"));
}

/// How long after the deadline of the last of 100,000 keys all of them were gone.
#[track_caller]
fn lateness_of_a_mass(conn: &mut Conn) -> Duration {
    conn.cmd(&["FLUSHALL"]);
    conn.cmd(&["SET", "stays", "v"]);
    let started = Instant::now();
    fill(conn, 10_000, |_| "EX 1000".to_string());
    let mut last = Instant::now();
    in_time(20 * started.elapsed(), |life| {
        let first = life.until + Duration::from_millis(500);
        let first_ms = unix_ms() + (first - Instant::now()).as_millis() as u64;
        last = first + Duration::from_millis(500);
        fill(conn, 100_000, |i| {
            format!("PXAT {}", first_ms + i as u64 % 500)
        });
        let there = conn.cmd(&["DBSIZE"]);
        assert!(there == Value::Int(100_001) || Instant::now() >= life.until);
    });
    while conn.cmd(&["DBSIZE"]) != Value::Int(1) {
        assert!(last.elapsed() < FORGOTTEN, "some are still there");
        thread::sleep(Duration::from_millis(10));
    }
    last.elapsed()
}

/// Everywhere: what is due is never seen again, with active expiry or without (`DEBUG SET-ACTIVE-EXPIRE 0`).
#[test]
fn keys_leave_without_active_expiry_too() {
    let target = server();
    if target.is_shared() {
        eprintln!("skipped: DEBUG SET-ACTIVE-EXPIRE would change a shared server");
        return;
    }
    let mut conn = target.connect();
    conn.transcript(
        r#"
            DEBUG SET-ACTIVE-EXPIRE 0 => +OK
            SET k v PX 50             => +OK
            SET l v PX 50             => +OK
            SET stays v               => +OK
        "#,
    );
    thread::sleep(Duration::from_millis(300));
    conn.transcript(
        r#"
            DBSIZE                    => :3
            GET k                     => nil
            DBSIZE                    => :2
            KEYS *                    => ["stays"]
            DEBUG SET-ACTIVE-EXPIRE 1 => +OK
        "#,
    );
}

/// A key with this TTL leaves on time, neither early nor late.
#[track_caller]
fn assert_leaves_on_time(conn: &mut Conn, ttl_ms: u64, others: i64) {
    let late = shortest(LATENESS_LIMIT, || lateness(conn, ttl_ms, others));
    assert!(
        late < LATENESS_LIMIT,
        "a key of {ttl_ms} ms is still there {late:?} after its deadline"
    );
}

/// Sets a key with this TTL and watches DBSIZE come back to `others`; gives how long after the deadline it was last there.
#[track_caller]
fn lateness(conn: &mut Conn, ttl_ms: u64, others: i64) -> Duration {
    let set_at = Instant::now();
    let reply = conn.cmd(&["SET", "due", "v", "PX", &ttl_ms.to_string()]);
    assert_eq!(reply, Value::simple("OK"));
    let ttl = Duration::from_millis(ttl_ms);
    let latest = Instant::now() + ttl;
    let mut late = Duration::ZERO;
    loop {
        let asked_at = Instant::now();
        match conn.cmd(&["DBSIZE"]).int() - others {
            0 => break,
            1 => late = asked_at.saturating_duration_since(latest),
            more => panic!("{more} keys more than expected"),
        }
        assert!(late < FORGOTTEN, "a key of {ttl_ms} ms is still there");
        thread::sleep(Duration::from_millis(1));
    }
    // The server's clock has whole milliseconds: a deadline may lie up to one before ours.
    let lived = set_at.elapsed() + Duration::from_millis(1);
    assert!(lived >= ttl, "a key of {ttl_ms} ms left after {lived:?}");
    late
}

/// Sets `count` keys with these options in pipelines.
fn fill(conn: &mut Conn, count: usize, options: impl Fn(usize) -> String) {
    const BATCH: usize = 1000;
    for start in (0..count).step_by(BATCH) {
        let end = count.min(start + BATCH);
        let batch: String = (start..end)
            .map(|i| format!("SET key:{i} value {}\r\n", options(i)))
            .collect();
        conn.send_raw(batch.as_bytes());
        for _ in start..end {
            assert_eq!(conn.read_value(), Value::simple("OK"));
        }
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

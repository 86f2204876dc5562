//! Limits: of clients, of idle time, of what a client may send and of what it may leave unread; peers that are slow,
//! half closed, many; protected mode.
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::{Conn, Target, Value, server, server_with};
use tools::{client_id, connection_budget, counter, is_connected, wait_until};

use std::io::Read;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

/// The bound for what has to happen soon, on a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(20);

/// Waits until nobody but `conn` is connected: the harness asked for PONG through connections of its own.
fn alone(conn: &mut Conn) {
    let alone = wait_until(SOON, || counter(conn, "clients", "connected_clients") == 1);
    assert!(alone, "others are still connected");
}

/// Asserts that the server tells a new connection `error` and closes it.
#[track_caller]
fn refused_with(target: &Target, error: &str) {
    let mut conn = target.connect();
    assert_eq!(conn.read_value(), Value::error(error));
    conn.expect_closed();
}

#[test]
fn maxclients() {
    let Some(target) = server_with(&[("maxclients", "3")]) else {
        return;
    };
    let mut conn = target.connect();
    alone(&mut conn);
    let mut second = target.connect();
    second.transcript("PING => +PONG");
    let mut third = target.connect();
    third.transcript("PING => +PONG");
    refused_with(&target, "ERR max number of clients reached");
    refused_with(&target, "ERR max number of clients reached");
    assert_eq!(counter(&mut conn, "stats", "rejected_connections"), 2);
    assert_eq!(counter(&mut conn, "clients", "connected_clients"), 3);
    second.transcript("PING => +PONG");

    drop(third);
    let left = wait_until(SOON, || {
        counter(&mut conn, "clients", "connected_clients") == 2
    });
    assert!(left, "a client that left still counts");
    let mut third = target.connect();
    third.transcript("PING => +PONG");

    conn.transcript(
        "CONFIG SET maxclients 4 => +OK\nCONFIG GET maxclients => [\"maxclients\" \"4\"]",
    );
    let mut fourth = target.connect();
    fourth.transcript("PING => +PONG");
    refused_with(&target, "ERR max number of clients reached");
    // Fewer than there are: those who are in stay.
    conn.transcript("CONFIG SET maxclients 1 => +OK");
    fourth.transcript("PING => +PONG");
    refused_with(&target, "ERR max number of clients reached");
}

#[test]
fn timeout_closes_who_is_idle() {
    let Some(target) = server_with(&[("timeout", "1")]) else {
        return;
    };
    let mut idle = target.connect();
    let mut busy = target.connect();
    idle.transcript("PING => +PONG");
    let started = Instant::now();
    let id = client_id(&mut idle);
    let gone = wait_until(SOON, || !is_connected(&mut busy, &id));
    let lasted = started.elapsed();
    assert!(gone, "an idle client is still there after {lasted:?}");
    assert!(
        lasted >= Duration::from_millis(900),
        "closed after {lasted:?} already"
    );
    idle.expect_closed();
    busy.transcript("PING => +PONG");
}

#[test]
fn timeout_can_be_set_at_run_time() {
    let Some(target) = server_with(&[]) else {
        return;
    };
    let mut idle = target.connect();
    let mut busy = target.connect();
    let id = client_id(&mut idle);
    thread::sleep(Duration::from_millis(1200));
    assert!(is_connected(&mut busy, &id), "timeout 0 closes nobody");
    busy.transcript("CONFIG SET timeout 1 => +OK");
    let gone = wait_until(SOON, || !is_connected(&mut busy, &id));
    assert!(gone, "an idle client is still there");
    busy.transcript("CONFIG SET timeout 0 => +OK");
    thread::sleep(Duration::from_millis(1500));
    busy.transcript("PING => +PONG");
}

/// An address of this machine that is not loopback, if it has one. Nothing is sent.
fn outer_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.255:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

/// What a stranger is told in protected mode.
const DENIED: &str = "DENIED Redis is running in protected mode because protected mode is enabled and no password is set \
     for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect \
     from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending \
     the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host the \
     server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE \
     to make this change permanent. 2) Alternatively you can just disable the protected mode by editing the Redis \
     configuration file, and setting the protected mode option to 'no', and then restarting the server. 3) If you started \
     the server manually just for testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication \
     password for the default user. NOTE: You only need to do one of the above things in order for the server to start \
     accepting connections from the outside.";

#[test]
fn protected_mode() {
    let Some(ip) = outer_address() else {
        eprintln!(
            "skipped: this machine has no address but loopback, so nobody can come from outside"
        );
        return;
    };
    let Some(target) = server_with(&[("bind", "0.0.0.0")]) else {
        return;
    };
    let outside = SocketAddr::new(ip, target.addr().port());
    let mut inside = Conn::connect(SocketAddr::from(([127, 0, 0, 1], outside.port())));
    inside.transcript("PING => +PONG");
    let mut stranger = Conn::connect(outside);
    assert_eq!(stranger.read_value(), Value::error(DENIED));
    stranger.expect_closed();
    inside.transcript("CONFIG SET protected-mode no => +OK");
    Conn::connect(outside).transcript("PING => +PONG");
    inside.transcript("CONFIG SET protected-mode yes => +OK");
    let mut stranger = Conn::connect(outside);
    assert_eq!(stranger.read_value(), Value::error(DENIED));
    // With a password strangers may try to give it.
    inside.transcript("CONFIG SET requirepass secret => +OK");
    Conn::connect(outside).transcript(
        r#"
        PING        => -NOAUTH Authentication required.
        AUTH secret => +OK
        PING        => +PONG
        "#,
    );
}

#[test]
fn proto_max_bulk_len() {
    let Some(target) = server_with(&[("proto-max-bulk-len", "1mb")]) else {
        return;
    };
    let mut conn = target.connect();
    conn.transcript(
        r#"
        SET k "x"*1048576     => +OK
        STRLEN k              => :1048576
        APPEND k y            => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
        SETRANGE k 1048576 y  => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
        SETRANGE k 1048575 y  => :1048576
        STRLEN k              => :1048576
        "#,
    );
    conn.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1048577\r\n");
    assert_eq!(
        conn.read_value(),
        Value::error("ERR Protocol error: invalid bulk length")
    );
    conn.expect_closed();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        CONFIG SET proto-max-bulk-len 2mb => +OK
        SET k "x"*2097152                 => +OK
        STRLEN k                          => :2097152
        CONFIG SET proto-max-bulk-len 1mb => +OK
        # what is stored stays
        STRLEN k                          => :2097152
        "#,
    );
    conn.send_raw(b"*2\r\n$4\r\nECHO\r\n$1048577\r\n");
    assert_eq!(
        conn.read_value(),
        Value::error("ERR Protocol error: invalid bulk length")
    );
    conn.expect_closed();
}

#[test]
fn client_query_buffer_limit() {
    let Some(target) = server_with(&[("client-query-buffer-limit", "1mb")]) else {
        return;
    };
    let mut observer = target.connect();
    let send_value = |bytes: usize| {
        let mut conn = target.connect();
        let id = client_id(&mut conn);
        conn.send_raw(format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${bytes}\r\n").as_bytes());
        let value = vec![b'x'; bytes];
        // The server may close while we write.
        let sent = std::io::Write::write_all(&mut conn.stream(), &value).is_ok();
        (conn, id, sent)
    };
    let (mut conn, _, sent) = send_value(900_000);
    assert!(sent, "below the limit");
    conn.send_raw(b"\r\n");
    assert_eq!(conn.read_value(), Value::simple("OK"));
    let (mut conn, id, _) = send_value(3_000_000);
    let gone = wait_until(SOON, || !is_connected(&mut observer, &id));
    assert!(
        gone,
        "a client that sent 3 MB of one request is still there"
    );
    // Nothing is said to it.
    conn.expect_closed();
    observer.transcript("STRLEN k => :900000");

    observer.transcript("CONFIG SET client-query-buffer-limit 1gb => +OK");
    let (mut conn, _, sent) = send_value(3_000_000);
    assert!(sent, "below the new limit");
    conn.send_raw(b"\r\n");
    assert_eq!(conn.read_value(), Value::simple("OK"));
}

#[test]
fn a_promised_length_costs_nothing() {
    let Some(target) = server_with(&[]) else {
        return;
    };
    let pid = target.pid().unwrap_or_else(std::process::id);
    let Some(before) = tools::resident_bytes(pid) else {
        eprintln!("skipped: no /proc here to tell the memory of a process");
        return;
    };
    let mut waiting: Vec<Conn> = (0..4).map(|_| target.connect()).collect();
    for conn in &mut waiting {
        conn.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nabc");
    }
    let mut more = target.connect();
    more.send_raw(b"*1048576\r\n$3\r\nDEL\r\n");
    target.connect().transcript("PING => +PONG");
    let after = tools::resident_bytes(pid).unwrap_or(u64::MAX);
    let grown = after.saturating_sub(before);
    assert!(
        grown < 500 << 20,
        "grown by {grown} bytes for 2 GB promised"
    );
}

/// A server, a connection that watches and one that has asked for `replies` values of 100 kB each and reads nothing.
fn never_reading(limit: &str, replies: usize) -> Option<(Target, Conn, Conn, String)> {
    let target = server_with(&[("client-output-buffer-limit", limit)])?;
    let mut observer = target.connect();
    observer.transcript(r#"SET big "x"*100000 => +OK"#);
    let mut glutton = target.connect();
    let id = client_id(&mut glutton);
    glutton.send_raw("GET big\r\n".repeat(replies).as_bytes());
    Some((target, observer, glutton, id))
}

#[test]
fn hard_output_limit_cuts_who_never_reads() {
    let Some((_target, mut observer, glutton, id)) = never_reading("normal 1mb 0 0", 500) else {
        return;
    };
    let gone = wait_until(SOON, || !is_connected(&mut observer, &id));
    assert!(gone, "50 MB unread, and the client is still there");
    let mut received = 0;
    let mut chunk = vec![0; 1 << 20];
    while let Ok(count @ 1..) = glutton.stream().read(&mut chunk) {
        received += count;
    }
    assert!(received < 500 * 100_000, "all {received} bytes came");
    observer.transcript("PING => +PONG");
    drop(glutton);
}

#[test]
fn hard_output_limit_spares_who_reads() {
    let Some(target) = server_with(&[("client-output-buffer-limit", "normal 1mb 0 0")]) else {
        return;
    };
    let mut conn = target.connect();
    conn.transcript(r#"SET big "x"*100000 => +OK"#);
    for _ in 0..100 {
        conn.send_raw("GET big\r\n".repeat(5).as_bytes());
        for _ in 0..5 {
            assert_eq!(conn.read_value().bytes().len(), 100_000);
        }
    }
}

#[test]
fn output_limit_can_be_set_at_run_time() {
    let Some((_target, mut observer, _glutton, id)) = never_reading("normal 0 0 0", 300) else {
        return;
    };
    thread::sleep(Duration::from_millis(300));
    assert!(is_connected(&mut observer, &id), "without a limit it stays");
    let set = [
        "CONFIG",
        "SET",
        "client-output-buffer-limit",
        "normal 1mb 0 0",
    ];
    assert_eq!(observer.cmd(&set), Value::simple("OK"));
    let gone = wait_until(SOON, || !is_connected(&mut observer, &id));
    assert!(gone, "30 MB unread, and the client is still there");
}

#[test]
fn soft_output_limit_has_patience() {
    let started = Instant::now();
    let Some((_target, mut observer, _glutton, id)) = never_reading("normal 0 1mb 2", 300) else {
        return;
    };
    thread::sleep(Duration::from_millis(1000));
    let is_there = is_connected(&mut observer, &id);
    let waited = started.elapsed();
    assert!(
        is_there || waited >= Duration::from_secs(2),
        "cut within {waited:?}, two seconds were allowed"
    );
    let gone = wait_until(SOON, || !is_connected(&mut observer, &id));
    assert!(gone, "still there after {:?}", started.elapsed());
}

#[test]
fn soft_output_limit_forgives_who_catches_up() {
    let Some((_target, mut observer, mut glutton, id)) = never_reading("normal 0 1mb 4", 300)
    else {
        return;
    };
    thread::sleep(Duration::from_millis(300));
    for _ in 0..300 {
        assert_eq!(glutton.read_value().bytes().len(), 100_000);
    }
    thread::sleep(Duration::from_millis(5500));
    assert!(is_connected(&mut observer, &id));
    glutton.transcript("PING => +PONG");
}

#[test]
fn who_sends_byte_by_byte_holds_nobody_up() {
    let target = server();
    let mut conn = target.connect();
    let mut slow = target.connect();
    for byte in b"*3\r\n$3\r\nSET\r\n$4\r\nslow\r\n$5\r\nvalue\r\n" {
        slow.send_raw(&[*byte]);
        // The next byte comes when this is answered: a server that waits for it answers nobody.
        conn.transcript("PING => +PONG");
        thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(slow.read_value(), Value::simple("OK"));
    conn.transcript(r#"GET slow => "value""#);
}

#[test]
fn a_half_closed_peer_gets_its_replies() {
    let target = server();
    let mut conn = target.connect();
    let numbers = 1..=1000;
    let pipeline: String = numbers.clone().map(|_| "INCR n\r\n").collect();
    conn.send_raw(pipeline.as_bytes());
    conn.shutdown_write();
    for n in numbers {
        assert_eq!(conn.read_value(), Value::Int(n));
    }
    conn.expect_closed();
}

#[test]
fn a_half_closed_peer_gets_replies_that_fill_the_socket() {
    let target = server();
    if !target.is_aerolite_or_skip("replies bigger than the socket's buffers after a half close") {
        return;
    }
    let mut conn = target.connect();
    conn.transcript(r#"SET big "x"*1000000 => +OK"#);
    conn.send_raw("GET big\r\n".repeat(40).as_bytes());
    conn.shutdown_write();
    thread::sleep(Duration::from_millis(100));
    for _ in 0..40 {
        assert_eq!(conn.read_value().bytes().len(), 1_000_000);
    }
    conn.expect_closed();
}

#[test]
fn many_connections_at_once() {
    let target = server();
    let count = connection_budget(1000);
    let mut conns: Vec<Conn> = (0..count).map(|_| target.connect()).collect();
    for conn in &mut conns {
        conn.send(&["INCR", "n"]);
    }
    let mut seen: Vec<i64> = conns
        .iter_mut()
        .map(|conn| conn.read_value().int())
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, (1..=count as i64).collect::<Vec<_>>());
    let mut observer = target.connect();
    assert!(counter(&mut observer, "clients", "connected_clients") > count as u64);
    for conn in &mut conns {
        conn.transcript("PING => +PONG");
    }
    drop(conns);
    // On a shared server others may be connected too.
    let left = wait_until(SOON, || {
        counter(&mut observer, "clients", "connected_clients") < 1 + count as u64 / 2
    });
    assert!(left, "clients that left are still counted");
}

#[test]
fn a_storm_of_connections() {
    const THREADS: usize = 4;
    const EACH: usize = 300;
    let target = server();
    let mut observer = target.connect();
    let before = counter(&mut observer, "stats", "total_connections_received");
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for turn in 0..EACH {
                    let mut conn = target.connect();
                    match turn % 3 {
                        // Some leave without a word, some in the middle of one, some after an answer.
                        0 => {}
                        1 => conn.send_raw(b"*2\r\n$4\r\nINC"),
                        _ => conn.transcript("INCR storm => :?"),
                    }
                }
            });
        }
    });
    observer.transcript(&format!(r#"GET storm => "{}""#, THREADS * EACH / 3));
    let all = wait_until(SOON, || {
        let now = counter(&mut observer, "stats", "total_connections_received");
        now - before >= (THREADS * EACH) as u64
    });
    assert!(all, "connections that nobody counted");
    let left = wait_until(SOON, || {
        counter(&mut observer, "clients", "connected_clients") < 10
    });
    assert!(left, "clients that left are still counted");
}

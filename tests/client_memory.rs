//! `maxmemory-clients`: the largest clients go when all together take too much memory.
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::{Conn, Target, Value, server, server_with};
use tools::{attribute, client_id, config_get, counter, is_connected, wait_until};

use std::time::Duration;

/// However busy the machine is, this is enough.
const PATIENCE: Duration = Duration::from_secs(30);
/// Long enough for a client to go that should not.
const SILENCE: Duration = Duration::from_millis(100);

const MIB: usize = 1024 * 1024;

/// A client that holds so many bytes of a request that is not complete; and its id.
#[track_caller]
fn hoarder(target: &Target, observer: &mut Conn, bytes: usize) -> (Conn, String) {
    let mut conn = target.connect();
    let id = client_id(&mut conn);
    hoard(&mut conn, bytes);
    let sent = wait_until(PATIENCE, || {
        let line = observer.cmd(&["CLIENT", "LIST", "ID", &id]).text();
        line.is_empty() || memory_of(&line) >= bytes
    });
    assert!(sent, "the server has not got {bytes} bytes");
    (conn, id)
}

/// Sends all of a request but its last byte.
fn hoard(conn: &mut Conn, bytes: usize) {
    let mut request = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${}\r\n", bytes + 1).into_bytes();
    request.resize(request.len() + bytes, b'x');
    // It may be closed before it has sent everything.
    let _ = std::io::Write::write_all(&mut conn.stream(), &request);
}

fn memory_of(line: &str) -> usize {
    let bytes = attribute(line, "tot-mem").and_then(|text| text.parse().ok());
    bytes.unwrap_or_else(|| panic!("no tot-mem in {line}"))
}

#[track_caller]
fn await_gone(observer: &mut Conn, id: &str) {
    let gone = wait_until(PATIENCE, || !is_connected(observer, id));
    assert!(gone, "client {id} is still there");
}

#[test]
fn the_values() {
    let target = server();
    let mut conn = target.connect();
    for (value, shown) in [
        ("64mb", "67108864"),
        ("5%", "5%"),
        ("100%", "100%"),
        ("0", "0"),
    ] {
        let set = conn.cmd(&["CONFIG", "SET", "maxmemory-clients", value]);
        assert_eq!(set, Value::simple("OK"));
        let get = config_get(&mut conn, "maxmemory-clients");
        assert_eq!(get.as_deref(), Some(shown));
    }
    conn.transcript(
        r#"
        CONFIG SET maxmemory-clients 101% => -ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - percentage argument must be less or equal to 100
        CONFIG SET maxmemory-clients -5   => -ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - argument must be a memory or percent value
        CONFIG SET maxmemory-clients 1.5% => -ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - argument must be a memory or percent value
        "#,
    );
}

#[test]
fn the_largest_goes_and_the_others_stay() {
    let Some(target) = server_with(&[("maxmemory-clients", "30mb")]) else {
        return;
    };
    let mut observer = target.connect();
    let (_small, small) = hoarder(&target, &mut observer, 3 * MIB);
    let (_middle, middle) = hoarder(&target, &mut observer, 6 * MIB);
    std::thread::sleep(SILENCE);
    assert!(is_connected(&mut observer, &small) && is_connected(&mut observer, &middle));
    assert_eq!(counter(&mut observer, "stats", "evicted_clients"), 0);
    let (_large, large) = hoarder(&target, &mut observer, 25 * MIB);
    await_gone(&mut observer, &large);
    std::thread::sleep(SILENCE);
    assert!(is_connected(&mut observer, &small) && is_connected(&mut observer, &middle));
    assert_eq!(counter(&mut observer, "stats", "evicted_clients"), 1);
}

#[test]
fn a_limit_holds_for_those_who_are_there_already() {
    let target = server();
    let mut observer = target.connect();
    let (_small, small) = hoarder(&target, &mut observer, MIB);
    let (_large, large) = hoarder(&target, &mut observer, 16 * MIB);
    let set = observer.cmd(&["CONFIG", "SET", "maxmemory-clients", "12mb"]);
    assert_eq!(set, Value::simple("OK"));
    await_gone(&mut observer, &large);
    assert!(is_connected(&mut observer, &small));
    // Without it nobody goes.
    observer.cmd(&["CONFIG", "SET", "maxmemory-clients", "0"]);
    let (_large, large) = hoarder(&target, &mut observer, 16 * MIB);
    std::thread::sleep(SILENCE);
    assert!(is_connected(&mut observer, &large));
}

#[test]
fn who_is_spared_stays() {
    let Some(target) = server_with(&[("maxmemory-clients", "30mb")]) else {
        return;
    };
    let mut observer = target.connect();
    let mut spared = target.connect();
    let id = client_id(&mut spared);
    spared.transcript("CLIENT NO-EVICT ON => +OK");
    hoard(&mut spared, 20 * MIB);
    let (_other, other) = hoarder(&target, &mut observer, 15 * MIB);
    await_gone(&mut observer, &other);
    std::thread::sleep(SILENCE);
    assert!(is_connected(&mut observer, &id));
    assert_eq!(counter(&mut observer, "stats", "evicted_clients"), 1);
}

#[test]
fn replies_that_are_not_read_count() {
    let Some(target) = server_with(&[("maxmemory-clients", "10mb")]) else {
        return;
    };
    let mut observer = target.connect();
    observer.transcript(r#"SET big "x"*100000 => +OK"#);
    let mut glutton = target.connect();
    let id = client_id(&mut glutton);
    let requests = "GET big\r\n".repeat(400);
    let _ = std::io::Write::write_all(&mut glutton.stream(), requests.as_bytes());
    await_gone(&mut observer, &id);
    observer.transcript("PING => +PONG");
}

#[test]
fn many_go_until_the_others_fit() {
    let target = server();
    let mut observer = target.connect();
    let hoarders: Vec<_> = (0..100)
        .map(|_| hoarder(&target, &mut observer, 256 * 1024))
        .collect();
    observer.cmd(&["CONFIG", "SET", "maxmemory-clients", "8mb"]);
    let mut left = 0;
    let fits = wait_until(PATIENCE, || {
        let list = observer.cmd(&["CLIENT", "LIST"]).text();
        left = list.lines().filter(|line| !line.is_empty()).count() - 1;
        list.lines()
            .filter(|line| !line.is_empty())
            .map(memory_of)
            .sum::<usize>()
            < 8 * MIB
    });
    assert!(fits, "{left} are still there");
    // Not more than had to.
    assert!((20..=31).contains(&left), "{left}");
    drop(hoarders);
}

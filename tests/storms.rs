//! Clients that begin something and vanish in the midst of it: when the last is gone, nothing of them is left.
//!
//! ```text
//!   each client:  a few things at random ... and then   the socket is closed
//!                   BLPOP, MULTI + queued commands,      the writing half is closed
//!                   WATCH, SUBSCRIBE, TRACKING,          somebody kills it
//!                   MONITOR, half a request, ...         it sends RESET first, and is looked at before it goes
//!   meanwhile:    others write, publish, pause the server, and end the pause
//!   afterwards:   one client is connected, and every table that INFO tells of is empty
//! ```
mod common;
#[path = "common/tools.rs"]
mod tools;

use aerolite::engine::Random;
use common::{Conn, Target, server};
use tools::{client_id, connection_budget, field, info, wait_until};

use std::net::Shutdown;
use std::time::Duration;

/// However busy the machine is, this is enough.
const PATIENCE: Duration = Duration::from_secs(20);

/// Clients of one storm.
const CLIENTS: usize = 400;

/// How many of them are there at a time.
const AT_ONCE: usize = 40;

/// What INFO tells of the clients' tables. Those that this server has not got are left out.
const TABLES: &[&str] = &[
    "blocked_clients",
    "tracking_clients",
    "clients_in_timeout_table",
    "pubsub_channels",
    "pubsub_patterns",
    "pubsubshard_channels",
    "tracking_total_prefixes",
    // Of later versions, and our own.
    "pubsub_clients",
    "watching_clients",
    "total_watched_keys",
    "total_blocking_keys",
    "total_blocking_keys_on_nokey",
    "monitoring_clients",
    "paused_clients",
];

/// What Redis empties only by and by, and we at once.
const TABLES_OF_OURS: &[&str] = &["tracking_total_keys", "tracking_total_items"];

/// What a client can be in the midst of. A line is a request; `?` stands for a number.
const BEGINNINGS: &[&str] = &[
    "BLPOP q? 0",
    "BLPOP q? q? q? 100",
    "BZPOPMIN z? 0",
    "BLMOVE q? q? LEFT RIGHT 50",
    "MULTI\nSET k? v\nLPUSH q? x",
    "MULTI\nSET k?",
    "WATCH k? k? k?",
    "WATCH k?\nMULTI\nGET k?\nBLPOP q? 0",
    "SUBSCRIBE c? c? c?",
    "PSUBSCRIBE c?* *?",
    "SSUBSCRIBE s? s?",
    "HELLO 3\nSUBSCRIBE c?\nPSUBSCRIBE c*\nSSUBSCRIBE s?\nWATCH k?\nMULTI\nPING",
    "HELLO 3\nCLIENT TRACKING ON\nMGET k? k? k?",
    "HELLO 3\nCLIENT TRACKING ON BCAST PREFIX k? PREFIX q",
    "HELLO 3\nCLIENT TRACKING ON OPTIN\nCLIENT CACHING YES\nGET k?",
    "HELLO 3\nCLIENT TRACKING ON NOLOOP\nGET k?\nWATCH k?\nBLPOP q? 10",
    "CLIENT TRACKING ON REDIRECT ?\nGET k?",
    "MONITOR",
    "CLIENT REPLY OFF\nSUBSCRIBE c?\nMONITOR",
    "CLIENT NO-EVICT ON\nCLIENT SETNAME n?\nCLIENT SETINFO lib-name l?",
    "GET big\nGET big\nGET big",
    "SET k? v EX 1000",
];

/// What the others do meanwhile.
const WEATHER: &[&str] = &[
    "SET k? v",
    "LPUSH q? x",
    "ZADD z? 1 m",
    "DEL k? q? z?",
    "PUBLISH c? m",
    "SPUBLISH s? m",
    "FLUSHALL",
    "SET k? v PX 1",
    "SWAPDB 0 1",
    "CLIENT PAUSE 20 WRITE",
    "CLIENT UNPAUSE",
    "CLIENT UNPAUSE",
];

/// The requests of a template.
fn requests(random: &mut Random, template: &str) -> Vec<Vec<String>> {
    let mut number = || random.below(10).to_string();
    let mut request = |line: &str| -> Vec<String> {
        let words = line.split(' ');
        words.map(|word| word.replace('?', &number())).collect()
    };
    template.lines().map(&mut request).collect()
}

fn send(random: &mut Random, conn: &mut Conn, template: &str) {
    for request in requests(random, template) {
        let args: Vec<&[u8]> = request.iter().map(String::as_bytes).collect();
        // It may have been closed by now.
        let bytes = common::client::request(&args);
        let _ = std::io::Write::write_all(&mut conn.stream(), &bytes);
    }
}

fn one_of<'a>(random: &mut Random, of: &[&'a str]) -> &'a str {
    of[random.below(of.len())]
}

/// The fields of these that are not 0.
fn filled(observer: &mut Conn, tables: &[&str]) -> Vec<String> {
    let info = info(observer, &["clients", "stats"]);
    let value = |name: &&&str| field(&info, name).map(|value| format!("{name}:{value}"));
    let found = tables.iter().filter_map(|name| value(&name));
    found.filter(|line| !line.ends_with(":0")).collect()
}

#[track_caller]
fn await_empty(observer: &mut Conn, tables: &[&str]) {
    let mut left = Vec::new();
    let is_empty = wait_until(PATIENCE, || {
        left = filled(observer, tables);
        left.is_empty()
    });
    assert!(is_empty, "left behind: {left:?}");
}

#[track_caller]
fn await_alone(observer: &mut Conn) {
    let mut list = String::new();
    let is_alone = wait_until(PATIENCE, || {
        list = observer.cmd(&["CLIENT", "LIST"]).text();
        list.lines().filter(|line| !line.is_empty()).count() == 1
    });
    assert!(is_alone, "still connected:\n{list}");
}

/// How a client ends.
fn end(random: &mut Random, observer: &mut Conn, mut conn: Conn, id: &str) {
    match random.below(5) {
        0 => conn.send_raw(b"*2\r\n$3\r\nGET\r\n$100000\r\nhalf"),
        1 => {
            let _ = conn.stream().shutdown(Shutdown::Write);
        }
        2 => {
            observer.cmd(&["CLIENT", "KILL", "ID", id]);
        }
        3 => {
            let _ = std::io::Write::write_all(&mut conn.stream(), b"RESET\r\nQUIT\r\n");
        }
        _ => {}
    }
}

fn storm(target: &Target, seed: u64) {
    let mut random = Random::new(seed);
    let mut observer = target.connect();
    // Clients that wait for a pause to end do so with a write in the end, and nobody is to wait for long.
    let mut weather = target.connect();
    weather.send(&["CLIENT", "REPLY", "OFF"]);
    observer.transcript(r#"SET big "x"*300000 => +OK"#);
    let mut there: Vec<(Conn, String)> = Vec::new();
    for _ in 0..connection_budget(CLIENTS) {
        let mut conn = target.connect();
        let id = client_id(&mut conn);
        for _ in 0..=random.below(2) {
            let beginning = one_of(&mut random, BEGINNINGS);
            send(&mut random, &mut conn, beginning);
        }
        there.push((conn, id));
        let what = one_of(&mut random, WEATHER);
        send(&mut random, &mut weather, what);
        if there.len() >= AT_ONCE {
            let (conn, id) = there.swap_remove(random.below(AT_ONCE));
            end(&mut random, &mut observer, conn, &id);
        }
    }
    for (conn, id) in there {
        end(&mut random, &mut observer, conn, &id);
    }
    drop(weather);
    await_alone(&mut observer);
    await_empty(&mut observer, TABLES);
    if target.is_aerolite() {
        await_empty(&mut observer, TABLES_OF_OURS);
    }
}

#[test]
fn nothing_is_left_of_who_vanishes() {
    let target = server();
    for seed in 1..=3 {
        storm(&target, seed);
    }
}

#[test]
fn nothing_is_left_of_whom_somebody_kills() {
    let target = server();
    let mut observer = target.connect();
    let mut random = Random::new(4);
    let mut clients = Vec::new();
    for beginning in BEGINNINGS {
        let mut conn = target.connect();
        send(&mut random, &mut conn, beginning);
        clients.push(conn);
    }
    for kind in ["pubsub", "normal"] {
        observer.cmd(&["CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes"]);
    }
    // Some may have become subscribers after the first round.
    observer.cmd(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    await_alone(&mut observer);
    await_empty(&mut observer, TABLES);
}

#[test]
fn nothing_is_left_after_a_reset() {
    let target = server();
    let mut observer = target.connect();
    let mut random = Random::new(5);
    let mut clients = Vec::new();
    for beginning in BEGINNINGS {
        // Who waits cannot be reset, and who is mute does not answer.
        let waits = beginning.starts_with('B') || beginning.contains("\nBLPOP");
        if (waits && !beginning.contains("MULTI")) || beginning.contains("REPLY") {
            continue;
        }
        let mut conn = target.connect();
        send(&mut random, &mut conn, beginning);
        conn.send(&["RESET"]);
        // Everything in front of it is read away.
        while conn.read_value() != common::Value::simple("RESET") {}
        clients.push(conn);
    }
    await_empty(&mut observer, TABLES);
    let list = observer.cmd(&["CLIENT", "LIST"]).text();
    for line in list.lines().filter(|line| !line.is_empty()) {
        let of = |name| tools::attribute(line, name);
        // CLIENT NO-EVICT stays, in Redis too.
        let flags = of("flags").unwrap_or_default();
        assert!(flags == "N" || flags == "e", "{line}");
        assert_eq!(
            (of("sub"), of("psub"), of("ssub")),
            (Some("0"), Some("0"), Some("0"))
        );
        assert_eq!(
            (of("multi"), of("redir"), of("resp")),
            (Some("-1"), Some("-1"), Some("2"))
        );
    }
    assert_eq!(
        list.lines().filter(|line| !line.is_empty()).count(),
        clients.len() + 1
    );
}

//! The live page's server, over raw sockets: what it serves, whom it refuses, and what it costs. (The page itself
//! is driven in a browser by `watch_page.rs`.)
#![cfg(unix)]
mod common;
#[path = "common/program.rs"]
mod program;
#[path = "common/tools.rs"]
mod tools;
#[path = "common/web.rs"]
mod web;

use program::{SOON, aerolite, free_address, is_ours, temporary_directory};
use tools::{resident_bytes, run_program, wait_until};
use web::{Watched, Web, get};

use serde_json::Value;
use socket2::{Domain, Socket, Type};
use std::fs;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    match &value[name] {
        Value::Array(items) => items,
        other => panic!("{name} is {other}"),
    }
}

fn number(value: &Value, name: &str) -> u64 {
    match value[name].as_u64() {
        Some(number) => number,
        None => panic!("{name} is {}", value[name]),
    }
}

/// The clients of a frame that are viewers, or those that are not.
fn clients(frame: &Value, watch: bool) -> Vec<&Value> {
    let all = list(frame, "clients").iter();
    all.filter(|client| client["watch"] == watch).collect()
}

/// How often the process has gone to sleep.
fn times_asleep(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let count = status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    count.map_or(0, |count| count.trim().parse().unwrap_or(0))
}

#[test]
fn every_path_has_its_answer() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&[]);
    let mut web = watched.open();
    let page = web.ask("/", "");
    assert_eq!(page.status, 200);
    assert!(
        page.has("Content-Type: text/html; charset=utf-8"),
        "{page:?}"
    );
    assert!(page.text().contains("Aerolite") && page.text().contains("<html"));
    let state = web.ask("/state", "");
    assert!(state.has("Content-Type: application/json"), "{state:?}");
    for response in [&page, &state] {
        for header in [
            "Cache-Control: no-store",
            "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; script-src \
             'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri \
             'none'; form-action 'none'",
            "X-Content-Type-Options: nosniff",
            "Referrer-Policy: no-referrer",
        ] {
            assert!(response.has(header), "{header}: {}", response.head);
        }
    }
    assert_eq!(web.ask("/favicon.ico", "").status, 404);
    web.send("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let refused = web.response();
    assert!(
        refused.status == 405 && refused.has("Allow: GET"),
        "{refused:?}"
    );
    assert_eq!(web.ask("/state", "Connection: close\r\n").status, 200);
    web.expect_closed();
}

#[test]
fn strangers_are_refused() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start_with_control();
    let port = watched.web.port();
    let status = |target: &str, host: &str, more: &str| {
        let mut web = watched.open();
        web.send(format!("GET {target} HTTP/1.1\r\n{host}{more}\r\n"));
        web.response().status
    };
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let host = format!("Host: {host}:{port}\r\n");
        assert_eq!(status("/state", &host, ""), 200, "{host}");
    }
    for target in ["/", "/state", "/events", "/control/pause"] {
        let control = "X-Aerolite-Watch: 1\r\n";
        let rebound = format!("Host: rebound.example:{port}\r\n");
        assert_eq!(status(target, &rebound, control), 403, "{target}");
        let host = format!("Host: localhost:{port}\r\n");
        let foreign = format!("{control}Origin: http://page.example\r\n");
        assert_eq!(status(target, &host, &foreign), 403, "{target}");
        assert_eq!(status(target, "", control), 400, "{target}");
    }
    let host = format!("Host: localhost:{port}\r\n");
    let own = format!("Origin: http://localhost:{port}\r\n");
    assert_eq!(status("/state", &host, &own), 200);
    assert_eq!(status("/control/pause", &host, ""), 403, "no header");
    assert_eq!(watched.state()["mode"], "free");
}

#[test]
fn malformed_requests_are_answered_and_the_connection_closed() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&[]);
    let long = "x".repeat(100_000);
    for (bytes, status) in [
        (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
            400,
        ),
        (b"*1\r\n$4\r\nPING\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n".to_vec(), 400),
        (get("/", "Content-Length: x\r\n"), 400),
        (
            get("/", &format!("Content-Length: 100000\r\n\r\n{long}")),
            413,
        ),
        (get("/", "Transfer-Encoding: chunked\r\n\r\n0\r\n"), 413),
        (get("/", &format!("X: {long}\r\n")), 431),
        (get(&format!("/{long}"), ""), 431),
        (get("/", &"X: y\r\n".repeat(100)), 431),
        (vec![b'x'; 100_000], 431),
    ] {
        let mut web = watched.open();
        web.send(&bytes);
        let response = web.response();
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
        assert_eq!(response.status, status, "{shown:?}");
        assert!(response.has("Connection: close"), "{shown:?}");
        web.expect_closed();
    }
    watched.client().transcript("PING => +PONG");
}

#[test]
fn requests_may_come_in_pieces_and_in_heaps() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&[]);
    let request = get("/state", "X-Any: thing\r\n");
    let mut web = watched.open();
    for cut in 1..request.len() {
        web.send(&request[..cut]);
        web.send(&request[cut..]);
        assert_eq!(web.response().status, 200, "{cut}");
    }
    for byte in &request {
        web.send([*byte]);
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(web.response().status, 200);
    // More than are answered in one turn, and more than fit in the buffer.
    web.send(
        [get("/state", ""), get("/nothing", "")]
            .concat()
            .repeat(200),
    );
    for n in 0..400 {
        assert_eq!(web.response().status, [200, 404][n % 2], "{n}");
    }
    // Whoever shuts down the sending half still gets everything.
    web.send([get("/", ""), get("/nothing", "")].concat().repeat(20));
    let shut = web.stream.shutdown(std::net::Shutdown::Write);
    assert!(shut.is_ok(), "{shut:?}");
    for n in 0..40 {
        assert_eq!(web.response().status, [200, 404][n % 2], "{n}");
    }
    web.expect_closed();
}

#[test]
fn who_asks_many_times_in_one_turn_gets_one_frame() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&[]);
    let mut web = watched.open();
    web.send(get("/state", "").repeat(8));
    let turns: Vec<(Value, Value)> = (0..8)
        .map(|_| web.response().json())
        .map(|frame| (frame["turn"].clone(), frame["at_us"].clone()))
        .collect();
    for pair in turns.windows(2) {
        assert_eq!(pair[0].0 == pair[1].0, pair[0].1 == pair[1].1, "{turns:?}");
    }
    assert_eq!(turns[0], turns[1], "they came together");
}

#[test]
fn a_stream_that_is_stuck_and_half_closed_does_not_keep_the_loop_awake() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&[]);
    let mut web = watched.open();
    // The end is seen in the second turn, and the stream begins in the third, behind more than the socket takes.
    let pages = get("/", "").repeat(4);
    web.send([get("/nothing", "").repeat(32), pages, get("/events", "")].concat());
    let shut = web.stream.shutdown(std::net::Shutdown::Write);
    assert!(shut.is_ok(), "{shut:?}");
    let is_stuck = |state: &Value| {
        let all = clients(state, true);
        all.iter().any(|c| c["doing"] == "events" && c["out"] != 0)
    };
    let turn = |state: Value| state["turn"].as_u64().unwrap_or_default();
    let before = turn(watched.state_with("a viewer that takes nothing", is_stuck));
    thread::sleep(Duration::from_millis(500));
    let turns = turn(watched.state()) - before;
    assert!(turns < 100, "{turns} turns in half a second");
}

#[test]
fn a_frame_has_every_field() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start_with_control();
    let (mut web, _) = watched.view();
    let mut conn = watched.client();
    conn.transcript("SET k v PX 100000 => +OK");
    let frame = web.frame_with("a command", |frame| {
        list(frame, "turns")
            .iter()
            .any(|turn| turn["commands"] == 1)
    });
    for frame in [&frame, &watched.state()] {
        for name in [
            "v",
            "at_us",
            "turn",
            "slow_ms",
            "turns_skipped",
            "events_skipped",
            "ready_total",
            "clients_total",
            "keys",
            "keys_with_ttl",
            "timer_late_ms",
        ] {
            number(frame, name);
        }
        assert_eq!(
            (&frame["mode"], &frame["phase"]),
            (&"free".into(), &Value::Null)
        );
        assert_eq!(frame["can_control"], true);
        assert_eq!(list(&frame["wheel"], "levels").len(), 8);
        for name in ["db", "now_ms", "timers", "next_in_ms", "fired", "moved"] {
            number(&frame["wheel"], name);
        }
        for name in [
            "commands",
            "net_in",
            "net_out",
            "expired",
            "turns",
            "busy_us",
            "connections",
        ] {
            number(&frame["totals"], name);
        }
        for histogram in ["turn_us", "queue_us", "commands_per_turn", "late_ms"] {
            for name in ["p50", "p99", "p999", "max"] {
                number(&frame[histogram], name);
            }
        }
        for client in list(frame, "clients") {
            for name in ["token", "in", "out", "commands", "idle_s"] {
                number(client, name);
            }
            for name in ["name", "addr", "doing", "flags"] {
                assert!(client[name].is_string(), "{client}");
            }
            assert!(
                client["id"].is_i64() && client["watch"].is_boolean(),
                "{client}"
            );
        }
        check_recorded(frame);
    }
}

/// What the recorder tells: turns whose phases are numbers, and events.
fn check_recorded(frame: &Value) {
    assert!(!list(frame, "turns").is_empty() && !list(frame, "events").is_empty());
    for turn in list(frame, "turns") {
        for name in ["turn", "start_us", "files", "commands"] {
            number(turn, name);
        }
        for name in [
            "before_sleep_us",
            "poll_us",
            "after_sleep_us",
            "files_us",
            "times_us",
        ] {
            assert!(turn[name].is_f64(), "{turn}");
        }
        assert!(
            turn["slept"].is_boolean() && turn["watch"].is_boolean(),
            "{turn}"
        );
    }
    for event in list(frame, "events") {
        assert!(event[0].is_string() && event[1].is_i64(), "{event}");
        assert!(
            event[2].is_f64() && event[3].is_f64() && event[4].is_u64(),
            "{event}"
        );
    }
}

#[test]
fn turns_follow_each_other_from_frame_to_frame() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&[]);
    let (mut web, first) = watched.view();
    let mut conn = watched.client();
    let mut last = list(&first, "turns")
        .last()
        .map(|turn| number(turn, "turn"));
    for n in 0..10 {
        conn.transcript("PING => +PONG");
        let frame = web.frame();
        let turns = list(&frame, "turns");
        assert_eq!(frame["turns_skipped"], 0, "{frame}");
        let expected = last.map(|last| last + 1);
        let begin = turns.first().map(|turn| number(turn, "turn"));
        assert!(
            expected.is_none() || expected == begin,
            "{n}: {last:?} {frame}"
        );
        assert!(
            turns
                .windows(2)
                .all(|t| number(&t[0], "turn") + 1 == number(&t[1], "turn"))
        );
        last = turns.last().map(|turn| number(turn, "turn"));
        assert!(last.is_some(), "each frame is a turn of its own: {frame}");
    }
}

#[test]
fn what_happens_can_be_seen() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&[]);
    let (mut web, frame) = watched.view();
    assert!(clients(&frame, false).is_empty() && clients(&frame, true).len() == 1);
    assert_eq!(
        (&frame["clients_total"], &frame["keys"]),
        (&1.into(), &0.into())
    );
    let mut conn = watched.client();
    // Names have no spaces and no line ends, but may be whatever else can be printed.
    let name = r#"<b>"\u0041\&'/"#;
    conn.cmd(&["CLIENT", "SETNAME", name]);
    conn.transcript("SET short v PX 600 => +OK");
    conn.transcript("SET long v EX 1000 => +OK\nSET plain v => +OK");
    let frame = web.frame_with("a client", |frame| {
        clients(frame, false)
            .iter()
            .any(|client| client["commands"] == 4)
    });
    let client = clients(&frame, false)[0];
    assert_eq!(client["name"], name);
    assert_eq!(
        (&client["doing"], &client["flags"]),
        (&"set".into(), &"N".into())
    );
    let token = client["token"].clone();
    assert!(
        client["addr"]
            .as_str()
            .is_some_and(|addr| addr.starts_with("127.0.0.1:"))
    );
    assert_eq!(
        (&frame["keys"], &frame["keys_with_ttl"]),
        (&3.into(), &2.into())
    );
    let wheel = &frame["wheel"];
    assert_eq!(wheel["timers"], 2);
    assert!((1..=600).contains(&number(wheel, "next_in_ms")), "{wheel}");
    let slots: usize = list(wheel, "levels")
        .iter()
        .map(|level| level.as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(slots, 2, "{wheel}");
    let fired = web.frame_with("a key that has left", |frame| frame["keys"] == 2);
    assert_eq!(
        (&fired["wheel"]["fired"], &fired["wheel"]["timers"]),
        (&1.into(), &1.into())
    );
    assert_eq!(fired["totals"]["expired"], 1);
    // What it does is told as events of its token, and the turn is not the page's own.
    conn.transcript("GET plain => \"v\"");
    let frame = web.frame_with("its events", |frame| {
        list(frame, "events")
            .iter()
            .any(|event| event[0] == "execute" && event[1] == token)
    });
    let busy = list(&frame, "turns")
        .iter()
        .find(|turn| turn["commands"] == 1);
    assert!(
        busy.is_some_and(|turn| turn["watch"] == false && turn["files"] == 1),
        "{frame}"
    );
    drop(conn);
    web.frame_with("nobody", |frame| clients(frame, false).is_empty());
}

#[test]
fn an_idle_servers_turns_are_the_pages_own() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&[]);
    let (mut web, _) = watched.view();
    web.frame();
    for _ in 0..10 {
        let frame = web.frame();
        let turns = list(&frame, "turns");
        assert!(turns.iter().all(|turn| turn["watch"] == true), "{frame}");
        assert!(!turns.is_empty(), "{frame}");
    }
}

#[test]
fn ten_watch_and_a_hundred_are_silent() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&[]);
    let mut viewers: Vec<Web> = (0..10).map(|_| watched.view().0).collect();
    let idle: Vec<Web> = (0..100).map(|_| watched.open()).collect();
    let is_full = |frame: &Value| frame["clients_total"] == 110;
    let mut frames: Vec<Value> = Vec::new();
    for viewer in &mut viewers {
        frames.push(viewer.frame_with("everybody", is_full));
    }
    assert!(
        frames
            .iter()
            .all(|frame| list(frame, "clients").len() <= 64)
    );
    let started = Instant::now();
    for viewer in &mut viewers {
        let first = number(&viewer.frame(), "at_us");
        let tenth = (0..10).map(|_| number(&viewer.frame(), "at_us")).last();
        let took = tenth.map_or(0, |at_us| at_us - first);
        assert!(
            (900_000..20_000_000).contains(&took),
            "ten frames in {took} us"
        );
    }
    assert!(started.elapsed() < SOON);
    // The longest silent have to go for others; who watches stays.
    let mut more: Vec<Web> = (0..40).map(|_| watched.open()).collect();
    for web in &mut more {
        assert_eq!(web.ask("/nothing", "").status, 404);
    }
    let mut idle = idle;
    assert!(idle[0].is_closed());
    assert_eq!(idle[99].ask("/nothing", "").status, 404);
    for viewer in &mut viewers {
        viewer.frame_with("as many as there may be", |frame| {
            frame["clients_total"] == 128
        });
    }
    drop(more);
    drop(idle);
    viewers[0].frame_with("the viewers alone", |frame| frame["clients_total"] == 10);
}

#[test]
fn too_many_streams_are_refused() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&[]);
    let _viewers: Vec<Web> = (0..32).map(|_| watched.view().0).collect();
    let mut web = watched.open();
    assert_eq!(web.ask("/events", "").status, 503);
    web.expect_closed();
    watched.state();
}

#[test]
fn with_nobody_looking_nothing_wakes_and_nothing_is_recorded() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&[]);
    let pid = watched.running.child.id();
    let idle: Vec<Web> = (0..20).map(|_| watched.open()).collect();
    let sleeps_well = || {
        thread::sleep(Duration::from_millis(300));
        let before = times_asleep(pid);
        thread::sleep(Duration::from_secs(1));
        times_asleep(pid) - before
    };
    // It may still have been busy with what was before.
    let comes_to_rest = || (0..5).any(|_| sleeps_well() == 0);
    assert!(comes_to_rest(), "before anybody looked");
    let (web, _) = watched.view();
    assert!(sleeps_well() >= 3, "frames come while somebody looks");
    assert!(!list(&watched.state(), "events").is_empty());
    drop(web);
    assert!(comes_to_rest(), "after the last has left");
    let state = watched.state();
    assert!(list(&state, "turns").is_empty() && list(&state, "events").is_empty());
    assert_eq!(
        (&state["turns_skipped"], &state["events_skipped"]),
        (&0.into(), &0.into())
    );
    drop(idle);
}

#[test]
fn a_viewer_that_never_reads_loses_frames_and_then_its_connection() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&[]);
    let pid = watched.running.child.id();
    // Many clients with long names make large frames.
    let mut clients: Vec<_> = (0..50).map(|_| watched.client()).collect();
    for client in &mut clients {
        client.cmd(&["CLIENT", "SETNAME", &"n".repeat(120)]);
    }
    let (mut other, _) = watched.view();
    let before = resident_bytes(pid).unwrap_or(0);
    let mut deaf = deaf_viewer(&watched);
    let stuck = other.frame_with("a viewer that is stuck", |frame| {
        clients_of(frame).any(|client| client["watch"] == true && number(client, "out") > 0)
    });
    let owed = clients_of(&stuck).map(|client| number(client, "out")).max();
    let mut slowest = Duration::ZERO;
    let gone = wait_until(Duration::from_secs(60), || {
        let asked = Instant::now();
        clients[0].transcript("PING => +PONG");
        slowest = slowest.max(asked.elapsed());
        let frame = other.frame();
        // One frame at the most waits for it.
        assert!(
            clients_of(&frame).all(|client| number(client, "out") < 64 * 1024),
            "{frame}"
        );
        frame["clients_total"] == 51
    });
    assert!(gone, "it is still there; it was owed {owed:?}");
    assert!(slowest < Duration::from_secs(5), "PING took {slowest:?}");
    let grown = resident_bytes(pid).unwrap_or(0).saturating_sub(before);
    assert!(grown < 8 * 1024 * 1024, "{grown} bytes more");
    assert!(deaf.is_closed());
}

#[test]
fn a_viewer_that_reads_again_sees_whole_frames() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&[]);
    let mut clients: Vec<_> = (0..50).map(|_| watched.client()).collect();
    for client in &mut clients {
        client.cmd(&["CLIENT", "SETNAME", &"n".repeat(120)]);
    }
    let (mut other, _) = watched.view();
    // Of several, some are stuck in the middle of a frame.
    let mut slow: Vec<Web> = (0..12).map(|_| deaf_viewer(&watched)).collect();
    other.frame_with("viewers that are stuck", |frame| {
        let stuck = clients_of(frame).filter(|client| number(client, "out") > 0);
        stuck.count() == slow.len()
    });
    // So that there are frames that they do not get.
    let until = number(&other.frame(), "at_us") + 1_000_000;
    other.frame_with("a second", |frame| number(frame, "at_us") > until);
    for slow in &mut slow {
        assert!(slow.head().starts_with("HTTP/1.1 200 "));
        let mut last_us = number(&slow.frame(), "at_us");
        let mut longest_us = 0;
        while last_us < until {
            let at_us = number(&slow.frame(), "at_us");
            longest_us = longest_us.max(at_us - last_us);
            last_us = at_us;
        }
        assert!(longest_us > 900_000, "no frame was lost: {longest_us} us");
    }
    assert!(!watched.client().cmd(&["PING"]).is_error());
}

fn clients_of(frame: &Value) -> impl Iterator<Item = &Value> {
    list(frame, "clients").iter()
}

/// A viewer whose socket takes little, and who does not read.
fn deaf_viewer(watched: &Watched) -> Web {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).and_then(|socket| {
        socket.set_recv_buffer_size(4096)?;
        socket.connect(&watched.web.into())?;
        socket.set_read_timeout(Some(SOON))?;
        Ok(socket)
    });
    let mut web = match socket {
        Ok(socket) => Web::on(socket.into()),
        Err(error) => panic!("{error}"),
    };
    web.get("/events", "");
    web
}

#[test]
fn a_port_in_use_is_named() {
    if !is_ours() {
        return;
    }
    let taken = match TcpListener::bind("127.0.0.1:0") {
        Ok(listener) => listener,
        Err(error) => panic!("{error}"),
    };
    let addr = taken.local_addr().unwrap_or_else(|e| panic!("{e}"));
    let main = free_address();
    let dir = temporary_directory();
    let mut command = aerolite();
    command.current_dir(dir.path());
    command.args(["--port", &main.port().to_string()]);
    command.args(["--watch", &addr.port().to_string()]);
    let finished = run_program(&mut command, b"", SOON);
    assert_eq!(finished.code(), Some(1), "{finished:?}");
    let said = finished.stderr;
    assert!(
        said.contains(&addr.to_string()) && said.contains("live page"),
        "{said}"
    );
}

#[test]
fn the_log_says_where_it_is_and_only_the_loopback_is_listened_on() {
    if !is_ours() {
        return;
    }
    let watched = Watched::start(&["--bind", "0.0.0.0"]);
    let said = watched.running.said();
    let line = format!("watch it on http://{}/", watched.web);
    assert!(said.contains(&line), "{said}");
    assert!(watched.web.ip().is_loopback());
    let mut conn = watched.client();
    let port = watched.web.port().to_string();
    assert_eq!(
        tools::config_get(&mut conn, "watch").as_deref(),
        Some(&*port)
    );
    assert!(
        conn.cmd(&["CONFIG", "SET", "watch", "0"]).is_error(),
        "it is fixed"
    );
    // Another address of the loopback is not ours.
    let elsewhere = std::net::TcpStream::connect(("127.0.0.2", watched.web.port()));
    assert!(elsewhere.is_err());
}

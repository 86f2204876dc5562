use super::*;
use crate::command::testing::{engine, pass_ms, run};
use crate::engine::session::Peer;

const OK: &str = "+OK\r\n";

/// Three clients from different addresses, the first of which is the one that asks.
fn three() -> (Engine, [SessionId; 3]) {
    let (mut engine, first) = engine();
    engine.close_session(first);
    let now_s = engine.clock.unix_s();
    let ids = [1, 2, 3].map(|n| {
        let peer = Peer {
            is_local: true,
            addr: format!("10.0.0.{n}:100{n}").into(),
            local_addr: "10.0.0.9:6379".into(),
            unix_socket: n == 3,
            fd: 10 + n,
        };
        let id = engine.sessions.open(peer, now_s);
        engine.sessions[id].authenticated = true;
        id
    });
    (engine, ids)
}

fn closed(engine: &mut Engine) -> Vec<SessionId> {
    let closed = |letter| match letter {
        Mail::Close(id) => Some(id),
        _ => None,
    };
    engine.mail.drain(..).filter_map(closed).collect()
}

#[test]
fn a_line_has_every_field_in_the_order_of_redis() {
    let (mut engine, [_, _, id]) = three();
    run(&mut engine, id, &["CLIENT", "SETNAME", "me"]);
    run(&mut engine, id, &["CLIENT", "SETINFO", "lib-name", "lib"]);
    run(&mut engine, id, &["CLIENT", "SETINFO", "LIB-VER", "1.2"]);
    run(&mut engine, id, &["CLIENT", "NO-EVICT", "ON"]);
    engine.sessions[id].active_s += 3;
    engine.sessions[id].buffers.query = 26;
    engine.sessions[id].buffers.query_free = 100;
    engine.sessions[id].buffers.output = 20_000;
    pass_ms(&mut engine, 5000);
    let reply = run(&mut engine, id, &["CLIENT", "INFO"]);
    let (_, line) = reply.split_once("\r\n").expect("a bulk string");
    let tot_mem = engine.sessions[id].memory() + 10;
    let created = engine.sessions[id].id;
    assert_eq!(
        line,
        format!(
            "id={created} addr=10.0.0.3:1003 laddr=10.0.0.9:6379 fd=13 name=me age=5 idle=2 \
             flags=Ue db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=26 qbuf-free=100 argv-mem=10 \
             multi-mem=0 rbs=16384 rbp=16384 obl=16384 oll=1 omem=3616 tot-mem={tot_mem} \
             events=rw cmd=client|info user=default redir=-1 resp=2 lib-name=lib lib-ver=1.2\n\r\n"
        )
    );
}

#[test]
fn lists_are_of_all_or_of_those_asked_for() {
    let (mut engine, ids) = three();
    let numbers = ids.map(|id| engine.sessions[id].id.to_string());
    let mut list = |args: &[&str]| {
        let reply = run(&mut engine, ids[0], &[&["CLIENT", "LIST"], args].concat());
        let words = reply.split_ascii_whitespace();
        let found: Vec<String> = words
            .filter_map(|word| word.strip_prefix("id="))
            .map(str::to_owned)
            .collect();
        found
    };
    let [a, b, c] = &numbers;
    assert_eq!(list(&[]), numbers);
    assert_eq!(list(&["type", "Normal"]), numbers);
    assert_eq!(list(&["ID", c, "99", a, "-1"]), [c.clone(), a.clone()]);
    assert!(list(&["TYPE", "replica"]).is_empty());
    let kill = ["CLIENT", "KILL", "ID", b];
    assert_eq!(run(&mut engine, ids[0], &kill), ":1\r\n");
    // It is still connected, and nobody sees it any more.
    assert_eq!(run(&mut engine, ids[0], &kill), ":0\r\n");
    let list = run(&mut engine, ids[0], &["CLIENT", "LIST"]);
    assert!(!list.contains("10.0.0.2"), "{list}");
    for (args, error) in [
        (&["TYPE", "foo"][..], "Unknown client type 'foo'"),
        (&["ID", a, "x"], "Invalid client ID"),
        (&["ID"], "syntax error"),
        (&["TYPE", "normal", "ID"], "syntax error"),
    ] {
        let reply = run(&mut engine, ids[0], &[&["CLIENT", "LIST"], args].concat());
        assert_eq!(reply, format!("-ERR {error}\r\n"));
    }
}

#[test]
fn kill_takes_those_that_every_filter_lets_through() {
    let (mut engine, [me, b, c]) = three();
    let mut kill = |args: &[&str]| {
        let reply = run(&mut engine, me, &[&["CLIENT", "KILL"], args].concat());
        (reply, closed(&mut engine))
    };
    let none = (":0\r\n".to_owned(), vec![]);
    let both = ["ADDR", "10.0.0.2:1002", "LADDR", "10.0.0.9:6379"];
    assert_eq!(kill(&both), (":1\r\n".to_owned(), vec![b]));
    assert_eq!(kill(&["ADDR", "10.0.0.2:1002", "ID", "999"]), none);
    assert_eq!(kill(&["TYPE", "pubsub"]), none);
    assert_eq!(kill(&["10.0.0.3:1003"]), (OK.to_owned(), vec![c]));
    let all = (":2\r\n".to_owned(), vec![b, c]);
    assert_eq!(kill(&["USER", "default", "skipme", "Yes"]), all);
    assert!(!engine.sessions[me].closing);
    let reply = run(&mut engine, me, &["CLIENT", "KILL", "SKIPME", "no"]);
    assert_eq!(
        (reply.as_str(), closed(&mut engine)),
        (":3\r\n", vec![b, c])
    );
    assert!(engine.sessions[me].closing);
}

#[test]
fn kill_refuses_what_redis_refuses() {
    let (mut engine, [me, ..]) = three();
    for (args, error) in [
        (&["1.1.1.1:1"][..], "No such client"),
        (&["ID", "0"], "client-id should be greater than 0"),
        (&["ID", "x"], "client-id should be greater than 0"),
        (&["TYPE", "foo"], "Unknown client type 'foo'"),
        (&["USER", "foo"], "No such user 'foo'"),
        (&["SKIPME", "maybe"], "syntax error"),
        (&["ID", "1", "ADDR"], "syntax error"),
        (&["FOO", "1"], "syntax error"),
    ] {
        let reply = run(&mut engine, me, &[&["CLIENT", "KILL"], args].concat());
        assert_eq!(reply, format!("-ERR {error}\r\n"), "{args:?}");
    }
    assert!(closed(&mut engine).is_empty());
}

#[test]
fn names_are_printable() {
    let (mut engine, id) = engine();
    let mut run = |args: &[&str]| run(&mut engine, id, args);
    let refused = "cannot contain spaces, newlines or special characters.\r\n";
    for bad in ["a b", "a\n", "\0", "\u{7f}", "\u{e9}"] {
        let reply = run(&["CLIENT", "SETNAME", bad]);
        assert_eq!(reply, format!("-ERR Client names {refused}"));
        let reply = run(&["CLIENT", "SETINFO", "lib-VER", bad]);
        assert_eq!(reply, format!("-ERR lib-VER {refused}"));
    }
    assert_eq!(run(&["CLIENT", "SETNAME", "!~"]), OK);
    assert_eq!(run(&["CLIENT", "GETNAME"]), "$2\r\n!~\r\n");
    assert_eq!(run(&["CLIENT", "SETNAME", ""]), OK);
    assert_eq!(run(&["CLIENT", "GETNAME"]), "$-1\r\n");
    let reply = run(&["CLIENT", "SETINFO", "foo", "x"]);
    assert_eq!(reply, "-ERR Unrecognized option 'foo'\r\n");
}

#[test]
fn replies_are_left_out_as_asked_for() {
    let (mut engine, id) = engine();
    let mut run = |args: &[&str]| run(&mut engine, id, args);
    assert_eq!(run(&["CLIENT", "REPLY", "SKIP"]), "");
    assert_eq!(run(&["CLIENT", "REPLY", "SKIP"]), "");
    assert_eq!(run(&["PING"]), "");
    assert_eq!(run(&["PING"]), "+PONG\r\n");
    assert_eq!(run(&["CLIENT", "REPLY", "OFF"]), "");
    assert_eq!(run(&["CLIENT", "REPLY", "SKIP"]), "");
    assert_eq!(run(&["PING"]), "");
    assert_eq!(run(&["PING"]), "");
    assert_eq!(run(&["CLIENT", "REPLY", "ON"]), OK);
    assert_eq!(run(&["CLIENT", "REPLY", "X"]), "-ERR syntax error\r\n");
}

#[test]
fn no_touch_leaves_the_time_of_use_alone() {
    let (mut engine, id) = engine();
    engine
        .db(0)
        .set_string(b"k", b"v", crate::store::keyspace::Deadline::Never, "set");
    let used = |engine: &Engine| engine.databases[0].peek(b"k").map(|entry| entry.used_s());
    let before = used(&engine);
    pass_ms(&mut engine, 60_000);
    assert_eq!(run(&mut engine, id, &["CLIENT", "NO-TOUCH", "on"]), OK);
    run(&mut engine, id, &["GET", "k"]);
    assert_eq!(used(&engine), before);
    run(&mut engine, id, &["TOUCH", "k"]);
    let touched = used(&engine);
    assert_ne!(touched, before);
    pass_ms(&mut engine, 60_000);
    run(&mut engine, id, &["GET", "k"]);
    assert_eq!(used(&engine), touched);
    assert_eq!(run(&mut engine, id, &["CLIENT", "NO-TOUCH", "off"]), OK);
    run(&mut engine, id, &["GET", "k"]);
    assert_ne!(used(&engine), touched);
}

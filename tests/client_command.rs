//! CLIENT: ID, GETNAME, SETNAME, INFO, LIST, KILL, REPLY, NO-EVICT, HELP, and SETINFO and NO-TOUCH of Redis 7.2.
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::{Conn, Value, server, server_with};
use tools::{attribute, client_id, is_connected, missing_from, wait_until};

use std::time::Duration;

/// What one line of CLIENT LIST holds, in redis 7.0.15's order; later versions put more between them.
const CLIENT_ATTRIBUTES: &[&str] = &[
    "id",
    "addr",
    "laddr",
    "fd",
    "name",
    "age",
    "idle",
    "flags",
    "db",
    "sub",
    "psub",
    "ssub",
    "multi",
    "qbuf",
    "qbuf-free",
    "argv-mem",
    "multi-mem",
    "rbs",
    "rbp",
    "obl",
    "oll",
    "omem",
    "tot-mem",
    "events",
    "cmd",
    "user",
    "redir",
    "resp",
];

fn peer_name(conn: &Conn) -> String {
    match conn.stream().local_addr() {
        Ok(addr) => addr.to_string(),
        Err(error) => panic!("our own address: {error}"),
    }
}

#[test]
fn client_id_and_name() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        CLIENT ID             => :?
        CLIENT ID 1           => -ERR wrong number of arguments for 'client|id' command
        CLIENT GETNAME        => nil
        CLIENT GETNAME x      => -ERR wrong number of arguments for 'client|getname' command
        CLIENT SETNAME foo    => +OK
        client getname        => "foo"
        CLIENT SETNAME "a b"  => -ERR Client names cannot contain spaces, newlines or special characters.
        CLIENT SETNAME "a\nb" => -ERR Client names cannot contain spaces, newlines or special characters.
        CLIENT SETNAME "a\0b" => -ERR Client names cannot contain spaces, newlines or special characters.
        CLIENT SETNAME "\x7f" => -ERR Client names cannot contain spaces, newlines or special characters.
        CLIENT SETNAME "\xe9" => -ERR Client names cannot contain spaces, newlines or special characters.
        CLIENT GETNAME        => "foo"
        CLIENT SETNAME "!~'"  => +OK
        CLIENT GETNAME        => "!~'"
        CLIENT SETNAME ""     => +OK
        CLIENT GETNAME        => nil
        CLIENT SETNAME        => -ERR wrong number of arguments for 'client|setname' command
        CLIENT SETNAME a b    => -ERR wrong number of arguments for 'client|setname' command
        "#,
    );
    let first = conn.cmd(&["CLIENT", "ID"]).int();
    let second = target.connect().cmd(&["CLIENT", "ID"]).int();
    let third = target.connect().cmd(&["CLIENT", "ID"]).int();
    assert!(first < second && second < third, "{first} {second} {third}");
}

#[test]
fn client_info_describes_the_connection() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript("CLIENT SETNAME me => +OK\nSELECT 4 => +OK");
    let line = conn.cmd(&["CLIENT", "INFO"]).text();
    let names: Vec<&str> = line
        .split_ascii_whitespace()
        .filter_map(|word| word.split_once('='))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(missing_from(CLIENT_ATTRIBUTES, &names), None, "{line}");
    assert!(line.ends_with('\n') && line.lines().count() == 1, "{line}");
    let laddr = target.addr().to_string();
    let own = peer_name(&conn);
    let id = client_id(&mut conn);
    for (name, value) in [
        ("id", id.as_str()),
        ("addr", own.as_str()),
        ("laddr", laddr.as_str()),
        ("name", "me"),
        ("flags", "N"),
        ("db", "4"),
        ("sub", "0"),
        ("psub", "0"),
        ("ssub", "0"),
        ("multi", "-1"),
        ("events", "r"),
        ("cmd", "client|info"),
        ("user", "default"),
        ("redir", "-1"),
        ("resp", "2"),
    ] {
        assert_eq!(attribute(&line, name), Some(value), "{name} in {line}");
    }
    conn.transcript("CLIENT INFO x => -ERR wrong number of arguments for 'client|info' command");
    conn.cmd(&["HELLO", "3"]);
    let verbatim = conn.cmd(&["CLIENT", "INFO"]);
    assert!(
        matches!(&verbatim, Value::Verbatim(text) if text.starts_with(b"txt:id=")),
        "{verbatim:?}"
    );
    assert_eq!(attribute(&verbatim.text(), "resp"), Some("3"));
}

#[test]
fn client_list() {
    let target = server();
    let mut conn = target.connect();
    let mut other = target.connect();
    let (mine, others) = (client_id(&mut conn), client_id(&mut other));
    other.transcript("CLIENT SETNAME other => +OK\nSELECT 7 => +OK\nEXISTS k => :0");
    let line_of = |list: &str, id: &str| {
        list.lines()
            .find(|line| attribute(line, "id") == Some(id))
            .map(str::to_string)
            .unwrap_or_else(|| panic!("no client {id} in\n{list}"))
    };
    for args in [
        &["CLIENT", "LIST"][..],
        &["CLIENT", "LIST", "TYPE", "normal"],
        &["client", "list", "type", "NORMAL"],
        &["CLIENT", "LIST", "ID", &mine, &others],
        &["CLIENT", "LIST", "ID", &others, "999999999", &mine],
    ] {
        let list = conn.cmd(args).text();
        let line = line_of(&list, &others);
        assert_eq!(attribute(&line, "name"), Some("other"), "{args:?}: {line}");
        assert_eq!(attribute(&line, "db"), Some("7"), "{args:?}: {line}");
        assert_eq!(attribute(&line, "cmd"), Some("exists"), "{args:?}: {line}");
        let line = line_of(&list, &mine);
        assert_eq!(
            attribute(&line, "cmd"),
            Some("client|list"),
            "{args:?}: {line}"
        );
    }
    let alone = conn.cmd(&["CLIENT", "LIST", "ID", &others]).text();
    assert_eq!(alone.lines().count(), 1, "{alone}");
    conn.transcript(
        r#"
        CLIENT LIST TYPE master   => ""
        CLIENT LIST TYPE replica  => ""
        CLIENT LIST TYPE slave    => ""
        CLIENT LIST TYPE pubsub   => ""
        CLIENT LIST TYPE foo      => -ERR Unknown client type 'foo'
        CLIENT LIST ID 999999999  => ""
        CLIENT LIST ID 0          => ""
        CLIENT LIST ID -1         => ""
        CLIENT LIST ID 4 abc      => -ERR Invalid client ID
        CLIENT LIST ID 1 TYPE     => -ERR Invalid client ID
        CLIENT LIST TYPE normal ID 1 => -ERR syntax error
        CLIENT LIST ID            => -ERR syntax error
        CLIENT LIST TYPE          => -ERR syntax error
        CLIENT LIST foo           => -ERR syntax error
        HELLO 3
        CLIENT LIST ID 999999999  => ="txt:"
        "#,
    );
}

#[test]
fn client_kill_errors() {
    let target = server();
    target.connect().transcript(
        r#"
        CLIENT KILL               => -ERR wrong number of arguments for 'client|kill' command
        CLIENT KILL 1.1.1.1:1     => -ERR No such client
        CLIENT KILL foo           => -ERR No such client
        CLIENT KILL ADDR          => -ERR No such client
        CLIENT KILL ID 999999999  => :0
        CLIENT KILL ID abc        => -ERR client-id should be greater than 0
        CLIENT KILL ID 0          => -ERR client-id should be greater than 0
        CLIENT KILL ID -5         => -ERR client-id should be greater than 0
        CLIENT KILL ID 99999999999999999999 => -ERR client-id should be greater than 0
        CLIENT KILL ADDR 1.1.1.1:1  => :0
        CLIENT KILL LADDR 1.1.1.1:1 => :0
        CLIENT KILL TYPE foo      => -ERR Unknown client type 'foo'
        CLIENT KILL TYPE pubsub   => :0
        CLIENT KILL TYPE master   => :0
        CLIENT KILL TYPE replica  => :0
        CLIENT KILL USER nobody   => -ERR No such user 'nobody'
        CLIENT KILL SKIPME foo    => -ERR syntax error
        CLIENT KILL SKIPME no ID 999999999 => :0
        CLIENT KILL ID 999 SKIPME => -ERR syntax error
        CLIENT KILL FOO BAR       => -ERR syntax error
        CLIENT KILL ID 999 FOO BAR => -ERR syntax error
        CLIENT KILL ID 999999999 TYPE normal => :0
        CLIENT KILL TYPE normal ID abc => -ERR client-id should be greater than 0
        PING                      => +PONG
        "#,
    );
}

#[test]
fn client_kill_by_address_and_id() {
    let target = server();
    let mut conn = target.connect();

    let mut victim = target.connect();
    victim.transcript("PING => +PONG");
    let addr = peer_name(&victim);
    assert_eq!(conn.cmd(&["CLIENT", "KILL", &addr]), Value::simple("OK"));
    victim.expect_closed();

    let mut victim = target.connect();
    victim.transcript("PING => +PONG");
    let addr = peer_name(&victim);
    assert_eq!(conn.cmd(&["CLIENT", "KILL", "addr", &addr]), Value::Int(1));
    victim.expect_closed();

    let mut victim = target.connect();
    let id = client_id(&mut victim);
    let addr = peer_name(&victim);
    // Filters are joined by AND.
    assert_eq!(
        conn.cmd(&["CLIENT", "KILL", "ID", &id, "ADDR", "1.1.1.1:1"]),
        Value::Int(0)
    );
    let laddr = target.addr().to_string();
    let all = [
        "CLIENT", "KILL", "ADDR", &addr, "ID", &id, "LADDR", &laddr, "TYPE", "normal", "USER",
        "default", "SKIPME", "yes",
    ];
    assert_eq!(conn.cmd(&all), Value::Int(1));
    victim.expect_closed();
    assert_eq!(conn.cmd(&all), Value::Int(0));
    assert!(!is_connected(&mut conn, &id));
}

#[test]
fn client_kill_of_oneself() {
    let target = server();
    let mut conn = target.connect();
    let id = client_id(&mut conn);
    assert_eq!(conn.cmd(&["CLIENT", "KILL", "ID", &id]), Value::Int(0));
    conn.transcript("PING => +PONG");
    // What stands behind it in the pipeline is not run.
    conn.send(&["CLIENT", "KILL", "ID", &id, "SKIPME", "no"]);
    conn.send(&["SET", "after-kill", "1"]);
    assert_eq!(conn.read_value(), Value::Int(1));
    conn.expect_closed();

    let mut conn = target.connect();
    let addr = peer_name(&conn);
    assert_eq!(conn.cmd(&["CLIENT", "KILL", &addr]), Value::simple("OK"));
    conn.expect_closed();
    target.connect().transcript("EXISTS after-kill => :0");
}

#[test]
fn client_kill_of_many() {
    // Not on a shared server: it would lose connections that are not ours.
    let Some(target) = server_with(&[]) else {
        return;
    };
    let mut conn = target.connect();
    let mut victims: Vec<Conn> = (0..20).map(|_| target.connect()).collect();
    for victim in &mut victims {
        victim.transcript("PING => +PONG");
    }
    conn.transcript("CLIENT KILL TYPE normal SKIPME yes => :20\nPING => +PONG");
    victims.iter_mut().for_each(Conn::expect_closed);
    let mut last = target.connect();
    last.transcript("PING => +PONG");
    conn.transcript("CLIENT KILL SKIPME no => :2");
    last.expect_closed();
    conn.expect_closed();
    target.connect().transcript("PING => +PONG");
}

#[test]
fn client_reply() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        CLIENT REPLY       => -ERR wrong number of arguments for 'client|reply' command
        CLIENT REPLY ON x  => -ERR wrong number of arguments for 'client|reply' command
        CLIENT REPLY FOO   => -ERR syntax error
        CLIENT REPLY ON    => +OK
        "#,
    );
    // Commands, and which of them are answered.
    let runs: &[(&[&str], &[&str])] = &[
        (&["CLIENT REPLY SKIP", "PING 1", "PING 2"], &["2"]),
        (
            &["CLIENT REPLY SKIP", "CLIENT REPLY SKIP", "PING 1", "PING 2"],
            &["2"],
        ),
        (&["CLIENT REPLY SKIP", "nosuch", "PING 2"], &["2"]),
        // RESET brings replies back, and skips its own.
        (&["CLIENT REPLY SKIP", "RESET", "PING 2"], &["2"]),
        (&["CLIENT REPLY OFF", "RESET", "PING 2"], &["RESET", "2"]),
        (
            &["CLIENT REPLY SKIP", "CLIENT REPLY ON", "PING 1"],
            &["OK", "1"],
        ),
        (
            &[
                "CLIENT REPLY OFF",
                "PING 1",
                "nosuch",
                "CLIENT REPLY SKIP",
                "PING 2",
                "PING 3",
                "CLIENT REPLY ON",
                "PING 4",
            ],
            &["OK", "4"],
        ),
    ];
    for (commands, replies) in runs {
        conn.send_raw(format!("{}\r\n", commands.join("\r\n")).as_bytes());
        let got: Vec<String> = replies.iter().map(|_| conn.read_value().text()).collect();
        assert_eq!(&got, replies, "after {commands:?}");
    }
    conn.expect_silence(Duration::from_millis(50));
    conn.send(&["CLIENT", "REPLY", "OFF"]);
    conn.send(&["SET", "silent", "1"]);
    conn.expect_silence(Duration::from_millis(50));
    target.connect().transcript(r#"GET silent => "1""#);
}

#[test]
fn client_no_evict() {
    let target = server();
    let mut conn = target.connect();
    let flags = |conn: &mut Conn| {
        let line = conn.cmd(&["CLIENT", "INFO"]).text();
        attribute(&line, "flags").unwrap_or_default().to_string()
    };
    conn.transcript("CLIENT NO-EVICT on => +OK");
    assert_eq!(flags(&mut conn), "e");
    conn.transcript("CLIENT NO-EVICT OFF => +OK");
    assert_eq!(flags(&mut conn), "N");
    conn.transcript(
        r#"
        CLIENT NO-EVICT      => -ERR wrong number of arguments for 'client|no-evict' command
        CLIENT NO-EVICT ON x => -ERR wrong number of arguments for 'client|no-evict' command
        CLIENT NO-EVICT foo  => -ERR syntax error
        "#,
    );
}

#[test]
fn client_setinfo_and_no_touch() {
    let target = server();
    if !target.is_aerolite_or_skip("CLIENT SETINFO and NO-TOUCH, of Redis 7.2") {
        return;
    }
    let mut conn = target.connect();
    conn.transcript(
        r#"
        CLIENT SETINFO LIB-NAME lib   => +OK
        CLIENT SETINFO lib-ver 1.2.3  => +OK
        CLIENT SETINFO LIB-NAME "a b" => -ERR LIB-NAME cannot contain spaces, newlines or special characters.
        CLIENT SETINFO lib-ver "a\nb" => -ERR lib-ver cannot contain spaces, newlines or special characters.
        CLIENT SETINFO FOO bar        => -ERR Unrecognized option 'FOO'
        CLIENT SETINFO LIB-NAME       => -ERR wrong number of arguments for 'client|setinfo' command
        CLIENT NO-TOUCH foo           => -ERR syntax error
        CLIENT NO-TOUCH               => -ERR wrong number of arguments for 'client|no-touch' command
        CLIENT NO-TOUCH ON            => +OK
        "#,
    );
    let line = conn.cmd(&["CLIENT", "INFO"]).text();
    assert_eq!(attribute(&line, "lib-name"), Some("lib"), "{line}");
    assert_eq!(attribute(&line, "lib-ver"), Some("1.2.3"), "{line}");
    assert_eq!(attribute(&line, "flags"), Some("T"), "{line}");
    conn.transcript("CLIENT NO-TOUCH off => +OK");
    let line = conn.cmd(&["CLIENT", "INFO"]).text();
    assert_eq!(attribute(&line, "flags"), Some("N"), "{line}");
}

#[test]
fn client_help() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript("CLIENT HELP x => -ERR wrong number of arguments for 'client|help' command");
    let help = conn.cmd(&["CLIENT", "HELP"]);
    let lines: Vec<String> = help.items().iter().map(Value::text).collect();
    assert!(
        help.items()
            .iter()
            .all(|line| matches!(line, Value::Simple(_))),
        "{help:?}"
    );
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let wanted = [
        "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "GETNAME",
        "    Return the name of the current connection.",
        "ID",
        "    Return the ID of the current connection.",
        "INFO",
        "    Return information about the current client connection.",
        "KILL <ip:port>",
        "    Kill connection made from <ip:port>.",
        "KILL <option> <value> [<option> <value> [...]]",
        "HELP",
        "    Prints this help.",
    ];
    assert_eq!(missing_from(&wanted, &lines), None, "{lines:#?}");
    assert_eq!(lines.last(), Some(&"    Prints this help."));
}

#[test]
fn a_client_that_went_away_is_forgotten() {
    let target = server();
    let mut conn = target.connect();
    let mut other = target.connect();
    let id = client_id(&mut other);
    assert!(is_connected(&mut conn, &id));
    drop(other);
    assert!(
        wait_until(Duration::from_secs(2), || !is_connected(&mut conn, &id)),
        "client {id} is still listed"
    );
}

/// Some fields of a client's line: the flags, subscriptions of three kinds, queued commands, the protocol.
#[track_caller]
fn state(observer: &mut Conn, id: &str) -> String {
    let line = observer.cmd(&["CLIENT", "LIST", "ID", id]).text();
    let names = ["flags", "sub", "psub", "ssub", "multi", "redir", "resp"];
    let values = names.map(|name| attribute(&line, name).unwrap_or("?"));
    values.join(" ")
}

#[test]
fn the_line_follows_what_a_client_does() {
    let target = server();
    let (mut observer, mut conn) = (target.connect(), target.connect());
    let id = client_id(&mut conn);
    assert_eq!(state(&mut observer, &id), "N 0 0 0 -1 -1 2");
    conn.transcript("MULTI => +OK\nGET k => +QUEUED\nSET k v => +QUEUED");
    assert_eq!(state(&mut observer, &id), "x 0 0 0 2 -1 2");
    conn.transcript("DISCARD => +OK\nWATCH k => +OK");
    observer.transcript("SET k v => +OK");
    conn.transcript("MULTI => +OK");
    assert_eq!(state(&mut observer, &id), "xd 0 0 0 0 -1 2");
    conn.transcript("DISCARD => +OK");
    conn.send(&["SUBSCRIBE", "a", "b"]);
    conn.send(&["PSUBSCRIBE", "c*"]);
    conn.send(&["SSUBSCRIBE", "s"]);
    for _ in 0..4 {
        conn.read_value();
    }
    assert_eq!(state(&mut observer, &id), "P 2 1 1 -1 -1 2");
    conn.transcript("RESET => +RESET\nCLIENT NO-EVICT ON => +OK");
    assert_eq!(state(&mut observer, &id), "e 0 0 0 -1 -1 2");
    let mut receiver = target.connect();
    let other = client_id(&mut receiver);
    let redirect = ["CLIENT", "TRACKING", "ON", "REDIRECT", &other, "BCAST"];
    assert_eq!(conn.cmd(&redirect), Value::simple("OK"));
    let tracking = format!("tBe 0 0 0 -1 {other} 2");
    assert_eq!(state(&mut observer, &id), tracking);
    drop(receiver);
    let is_broken = wait_until(Duration::from_secs(10), || {
        observer.transcript("SET k v => +OK");
        state(&mut observer, &id).starts_with("tRBe ")
    });
    assert!(is_broken, "{}", state(&mut observer, &id));
    conn.transcript("RESET => +RESET");
    conn.send(&["HELLO", "3"]);
    conn.read_value();
    conn.send(&["BLPOP", "list", "0"]);
    let is_so = wait_until(Duration::from_secs(10), || {
        state(&mut observer, &id) == "be 0 0 0 -1 -1 3"
    });
    assert!(is_so, "{}", state(&mut observer, &id));
}

#[test]
fn what_a_client_holds_counts_as_its_memory() {
    let target = server();
    let (mut observer, mut conn) = (target.connect(), target.connect());
    let id = client_id(&mut conn);
    let mut memory = |name: &str| -> u64 {
        let line = observer.cmd(&["CLIENT", "LIST", "ID", &id]).text();
        let bytes = attribute(&line, name).and_then(|text| text.parse().ok());
        bytes.unwrap_or_else(|| panic!("no {name} in {line}"))
    };
    let large = "x".repeat(100_000);
    let before = memory("tot-mem");
    conn.transcript("MULTI => +OK");
    assert_eq!(conn.cmd(&["SET", "k", &large]), Value::simple("QUEUED"));
    assert!(memory("multi-mem") >= 100_000);
    assert!(memory("tot-mem") >= before + 100_000);
    conn.transcript("DISCARD => +OK");
    assert_eq!(memory("multi-mem"), 0);
}

#[test]
fn subscribers_are_clients_of_their_own_kind() {
    let target = server();
    let (mut conn, mut subscriber) = (target.connect(), target.connect());
    subscriber.transcript(r#"SUBSCRIBE c => ["subscribe" "c" :1]"#);
    let count = |conn: &mut Conn, kind: &str| {
        let list = conn.cmd(&["CLIENT", "LIST", "TYPE", kind]).text();
        list.lines().filter(|line| !line.is_empty()).count()
    };
    assert_eq!(count(&mut conn, "pubsub"), 1);
    assert_eq!(count(&mut conn, "normal"), 1);
    assert_eq!(count(&mut conn, "replica"), 0);
    conn.transcript("CLIENT KILL TYPE normal => :0\nCLIENT KILL TYPE PubSub => :1");
    subscriber.expect_closed();
}

#[test]
fn pushes_are_no_replies() {
    let target = server();
    let (mut conn, mut publisher) = (target.connect(), target.connect());
    conn.send(&["CLIENT", "REPLY", "OFF"]);
    conn.send(&["SET", "k", "v"]);
    conn.transcript(r#"SUBSCRIBE c => ["subscribe" "c" :1]"#);
    publisher.transcript("PUBLISH c m => :1");
    let message = ["message", "c", "m"].map(Value::bulk).to_vec();
    assert_eq!(conn.read_value(), Value::Array(message));
    let mut conn = target.connect();
    conn.send(&["CLIENT", "REPLY", "SKIP"]);
    conn.transcript(
        r#"
        SUBSCRIBE c => ["subscribe" "c" :1]
        PING        => ["pong" ""]
        "#,
    );
}

#[test]
fn replies_of_a_transaction_can_be_left_out() {
    let target = server();
    let mut conn = target.connect();
    conn.send(&["CLIENT", "REPLY", "SKIP"]);
    conn.send(&["MULTI"]);
    conn.transcript("SET k v => +QUEUED\nDISCARD => +OK");
    // What EXEC runs is counted in its array, and may not be in it.
    conn.transcript(
        r#"
        MULTI               => +OK
        SET k v             => +QUEUED
        CLIENT REPLY SKIP   => +QUEUED
        GET k               => +QUEUED
        "#,
    );
    conn.send(&["EXEC"]);
    conn.expect_raw(b"*3\r\n+OK\r\n$1\r\nv\r\n");
    conn.send(&["GET", "k"]);
    conn.transcript(r#"GET k => "v""#);
}

//! The protocol itself over a socket: requests that are wrong, strange, cut in pieces, many, or big.

mod common;

use std::io::Write;
use std::thread;
use std::time::Duration;

use common::client::{quoted, request};
use common::{Conn, Target, Value, server, server_with};

/// The longest line of an inline request or a length, in bytes, as Redis has it.
const LINE_LIMIT: usize = 64 * 1024;

/// Sends `sent` on a new connection, wants `expected` back and then the end of the connection.
#[track_caller]
fn assert_refused(target: &Target, sent: &[u8], expected: &str) {
    let mut conn = target.connect();
    conn.send_raw(sent);
    conn.expect_raw(format!("-ERR Protocol error: {expected}\r\n").as_bytes());
    conn.expect_closed();
}

/// Sends `sent` on a new connection, wants exactly `expected` back and a connection that still works.
#[track_caller]
fn assert_answered(target: &Target, sent: &[u8], expected: &[u8]) {
    let mut conn = target.connect();
    conn.send_raw(sent);
    conn.expect_raw(expected);
    assert_eq!(conn.cmd(&["ECHO", "still here"]), Value::bulk("still here"));
}

#[test]
fn wrong_multibulk_lengths() {
    let target = server();
    for sent in [
        "*abc\r\n",
        "*1x\r\n",
        "* 1\r\n",
        "*1 \r\n",
        "*+1\r\n",
        "*01\r\n",
        "*-0\r\n",
        "*\r\n",
        "*1.5\r\n",
        "*2147483648\r\n",
        "*9223372036854775807\r\n",
        "*9223372036854775808\r\n",
        "*-9999999999999999999999\r\n",
    ] {
        assert_refused(&target, sent.as_bytes(), "invalid multibulk length");
    }
}

#[test]
fn wrong_bulk_lengths() {
    let target = server();
    for length in [
        "-1",
        "-2",
        "abc",
        "",
        "4x",
        " 4",
        "+4",
        "04",
        "536870913",
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
    ] {
        let sent = format!("*1\r\n${length}\r\n");
        assert_refused(&target, sent.as_bytes(), "invalid bulk length");
        let sent = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${length}\r\n");
        assert_refused(&target, sent.as_bytes(), "invalid bulk length");
    }
}

#[test]
fn something_else_instead_of_a_bulk() {
    let target = server();
    for (sent, got) in [
        ("*1\r\n+PING\r\n", '+'),
        ("*1\r\n:4\r\n", ':'),
        ("*1\r\nPING\r\n", 'P'),
        ("*1\r\n*1\r\n", '*'),
        ("*2\r\n$4\r\nPING\r\n-x\r\n", '-'),
        // The error's text is one line, so the CR is shown as a space.
        ("*1\r\n\r\n", ' '),
        // A length that is one too short: the next bulk seems to begin with the LF, again shown as a space.
        ("*2\r\n$3\r\nPING\r\n$1\r\na\r\n", ' '),
    ] {
        assert_refused(
            &target,
            sent.as_bytes(),
            &format!("expected '$', got '{got}'"),
        );
    }
}

#[test]
fn lines_that_do_not_end() {
    let target = server();
    let filled = |head: &str, byte: u8| {
        let mut line = head.as_bytes().to_vec();
        line.resize(head.len() + LINE_LIMIT + 1, byte);
        line
    };
    assert_refused(&target, &filled("", b'A'), "too big inline request");
    assert_refused(&target, &filled("*", b'1'), "too big mbulk count string");
    let bulk = filled("*1\r\n$", b'1');
    assert_refused(&target, &bulk, "too big bulk count string");
}

/// An inline line is only too long when its end has not come.
#[test]
fn a_long_inline_request_that_ends() {
    let target = server();
    let text = "a".repeat(60_000);
    let expected = format!("${}\r\n{text}\r\n", text.len());
    assert_answered(
        &target,
        format!("ECHO {text}\r\n").as_bytes(),
        expected.as_bytes(),
    );
}

/// Lengths beyond these are refused while nobody has given the password yet.
#[test]
fn smaller_lengths_before_the_password() {
    let Some(target) = server_with(&[("requirepass", "secret")]) else {
        return;
    };
    assert_refused(&target, b"*11\r\n", "unauthenticated multibulk length");
    let sent = b"*2\r\n$4\r\nPING\r\n$16385\r\n";
    assert_refused(&target, sent, "unauthenticated bulk length");
    let mut conn = target.connect();
    let long = "x".repeat(16384);
    assert_eq!(
        conn.cmd(&["PING", &long]),
        Value::error("NOAUTH Authentication required.")
    );
    assert_eq!(conn.cmd(&["AUTH", "secret"]), Value::simple("OK"));
    let longer = "x".repeat(100_000);
    assert_eq!(conn.cmd(&["ECHO", &longer]), Value::bulk(&longer));
    let keys = ["k"; 50];
    let exists: Vec<&str> = ["EXISTS"].iter().chain(&keys).copied().collect();
    assert_eq!(conn.cmd(&exists), Value::Int(0));
}

#[test]
fn unbalanced_quotes() {
    let target = server();
    for sent in [
        "PING \"a\r\n",
        "PING 'a\r\n",
        "PING \"a\"b\r\n",
        "PING 'a'b\r\n",
        "'PI'NG\r\n",
        // A backslash before the quote keeps it from closing, another one before that changes nothing.
        "PING 'a\\\\'\r\n",
        "PING a\"b c\"d\r\n",
        "PING \"\r\n",
        "PING '\r\n",
        "\"\r\n",
        "PING \"a\\\"\r\n",
        "PING 'a\\'\r\n",
        "PING \"a\"\"b\"\r\n",
    ] {
        assert_refused(&target, sent.as_bytes(), "unbalanced quotes in request");
    }
}

/// Quotes and escapes of inline requests, as `redis-cli` and `telnet` users type them.
#[test]
fn inline_quoting() {
    let target = server();
    let table: &[(&[u8], &[u8])] = &[
        (b"hello", b"hello"),
        (b"\"a b\"", b"a b"),
        (b"'a b'", b"a b"),
        (b"\"\"", b""),
        (b"''", b""),
        (b"a\"b\"", b"ab"),
        (b"a'b c'", b"ab c"),
        (b"\"\\x41\\x00\\xff\\xFf\"", b"A\0\xff\xff"),
        (b"\"\\n\\r\\t\\b\\a\"", b"\n\r\t\x08\x07"),
        (b"\"\\\\\\\"\\q\\'\"", b"\\\"q'"),
        (b"\"\\x4\"", b"x4"),
        (b"\"\\xzz\"", b"xzz"),
        (b"'\\x41\\n\\\\ '", b"\\x41\\n\\\\ "),
        (b"'it\\'s'", b"it's"),
        (b"\"it's\"", b"it's"),
        (b"'say \"x\"'", b"say \"x\""),
        (b"\\n", b"\\n"),
        (b"\xff\x01\xfe", b"\xff\x01\xfe"),
        (b"$5", b"$5"),
        (b"*3", b"*3"),
    ];
    for (typed, meant) in table {
        let mut expected = format!("${}\r\n", meant.len()).into_bytes();
        expected.extend_from_slice(meant);
        expected.extend_from_slice(b"\r\n");
        let mut sent = b"ECHO ".to_vec();
        sent.extend_from_slice(typed);
        sent.extend_from_slice(b"\r\n");
        assert_answered(&target, &sent, &expected);
    }
}

#[test]
fn inline_spaces_and_line_ends() {
    let target = server();
    for sent in [
        "PING\r\n",
        "PING\n",
        "ping\r\n",
        "  PING  \r\n",
        "\tPING\t\r\n",
        "\"PING\"\r\n",
        "\r\n\r\nPING\r\n",
        "\n\nPING\n",
        "   \r\nPING\r\n",
        "PING \r\r\n",
    ] {
        assert_answered(&target, sent.as_bytes(), b"+PONG\r\n");
    }
    assert_answered(&target, b"PING\t \thi\r\n", b"$2\r\nhi\r\n");
    assert_answered(
        &target,
        b"SET k \"v\\x00\\xff\"\r\nGET k\r\n",
        b"+OK\r\n$3\r\nv\0\xff\r\n",
    );
}

/// Requests without a command are passed over without a word.
#[test]
fn empty_requests() {
    let target = server();
    for nothing in [
        "*0\r\n",
        "*-1\r\n",
        "*-10\r\n",
        "*-99999999999\r\n",
        "\r\n",
        "\n",
        " \r\n",
    ] {
        let sent = nothing.repeat(3) + "PING\r\n" + nothing + "*1\r\n$4\r\nPING\r\n" + nothing;
        assert_answered(&target, sent.as_bytes(), b"+PONG\r\n+PONG\r\n");
    }
}

#[test]
fn strange_but_answered() {
    let target = server();
    let unknown = |name: &str| {
        format!("-ERR unknown command '{name}', with args beginning with: \r\n").into_bytes()
    };
    // An empty command name, both ways.
    assert_answered(&target, b"*1\r\n$0\r\n\r\n", &unknown(""));
    assert_answered(&target, b"\"\"\r\n", &unknown(""));
    // Types that are no request are words of an inline one.
    assert_answered(&target, b"+PING\r\n", &unknown("+PING"));
    let two = [unknown("$4"), b"+PONG\r\n".to_vec()].concat();
    assert_answered(&target, b"$4\r\nPING\r\n", &two);
    // The two bytes behind a bulk are taken for CR LF whatever they are.
    assert_answered(
        &target,
        b"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n",
        b"+PONG\r\n+PONG\r\n",
    );
    // Inline and multibulk in turn.
    assert_answered(
        &target,
        b"PING\r\n*2\r\n$4\r\nPING\r\n$1\r\na\r\nPING b\r\n",
        b"+PONG\r\n$1\r\na\r\n$1\r\nb\r\n",
    );
    // Bytes of the protocol inside arguments.
    assert_answered(
        &target,
        b"*2\r\n$4\r\nECHO\r\n$9\r\n*1\r\n$1\r\n\r\r\n",
        b"$9\r\n*1\r\n$1\r\n\r\r\n",
    );
}

/// What a browser tricked into talking to us sends ends the connection at once.
#[test]
fn http_requests_are_cut_off() {
    let target = server();
    for sent in ["POST / HTTP/1.1\r\n", "Host: localhost\r\n", "post /\r\n"] {
        let mut conn = target.connect();
        conn.send_raw(sent.as_bytes());
        conn.expect_closed();
    }
}

/// Large counts and lengths that are allowed are waited for, and cost nothing meanwhile.
#[test]
fn claimed_lengths_are_only_claims() {
    let target = server();
    let mut claimers: Vec<Conn> = Vec::new();
    for sent in [
        "*2147483647\r\n",
        "*1048576\r\n",
        "*1\r\n$536870912\r\n",
        "*3\r\n$3\r\nSET\r\n$536870912\r\n",
        "*1000000\r\n$536870912\r\nx",
    ] {
        for _ in 0..20 {
            let mut conn = target.connect();
            conn.send_raw(sent.as_bytes());
            claimers.push(conn);
        }
    }
    let mut conn = target.connect();
    assert_eq!(conn.cmd(&["PING"]), Value::simple("PONG"));
    for claimer in &mut claimers {
        claimer.expect_silence(Duration::from_millis(1));
    }
    drop(claimers);
    assert_eq!(conn.cmd(&["PING"]), Value::simple("PONG"));
}

/// What came before an error is answered, what comes behind it is not done.
#[test]
fn an_error_in_the_middle_of_a_pipeline() {
    let target = server();
    for bad in ["*abc\r\n", "*1\r\n$-1\r\n", "PING \"\r\n"] {
        let mut conn = target.connect();
        conn.send_raw(format!("SET before 1\r\nPING\r\n{bad}SET behind 1\r\nPING\r\n").as_bytes());
        conn.expect_raw(b"+OK\r\n+PONG\r\n");
        let error = conn.read_value();
        assert!(
            error.text().starts_with("ERR Protocol error: "),
            "{error:?}"
        );
        conn.expect_closed();
        let mut other = target.connect();
        assert_eq!(other.cmd(&["EXISTS", "before", "behind"]), Value::Int(1));
    }
}

/// QUIT is answered, then nothing more is.
#[test]
fn quit_in_the_middle_of_a_pipeline() {
    let target = server();
    let mut conn = target.connect();
    conn.send_raw(b"PING\r\nQUIT\r\nSET behind 1\r\nPING\r\n");
    conn.expect_raw(b"+PONG\r\n+OK\r\n");
    conn.expect_closed();
    assert_eq!(target.connect().cmd(&["EXISTS", "behind"]), Value::Int(0));
}

/// Errors of commands do not end anything.
#[test]
fn errors_within_a_pipeline() {
    let target = server();
    assert_answered(
        &target,
        b"SET k v\r\nINCR k\r\nGET\r\nNOSUCH a b\r\nGET k\r\n",
        b"+OK\r\n\
          -ERR value is not an integer or out of range\r\n\
          -ERR wrong number of arguments for 'get' command\r\n\
          -ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' \r\n\
          $1\r\nv\r\n",
    );
}

/// Requests of all kinds and the replies they must get, for the tests that cut them up.
fn mixed_requests() -> (Vec<u8>, Vec<u8>) {
    let mut sent = Vec::new();
    let mut expected = Vec::new();
    let steps: [(Vec<u8>, &[u8]); 9] = [
        (
            request(&[b"SET", b"k\r\n\0", b"v\r\n$3\r\n\0\xff"]),
            b"+OK\r\n",
        ),
        (
            request(&[b"GET", b"k\r\n\0"]),
            b"$9\r\nv\r\n$3\r\n\0\xff\r\n",
        ),
        (b"*0\r\n".to_vec(), b""),
        (request(&[b"SET", b"", b""]), b"+OK\r\n"),
        (b"ECHO 'a b' \r\n".to_vec(), b"$3\r\na b\r\n"),
        (b"\r\n  \r\nPING \"x\\r\\n\"\n".to_vec(), b"$3\r\nx\r\n\r\n"),
        (request(&[b"INCRBY", b"n", b"-12"]), b":-12\r\n"),
        (
            request(&[b"MGET", b"", b"nothing", b"n"]),
            b"*3\r\n$0\r\n\r\n$-1\r\n$3\r\n-12\r\n",
        ),
        (request(&[b"DEL", b"n", b"", b"k\r\n\0"]), b":3\r\n"),
    ];
    for (request, reply) in &steps {
        sent.extend_from_slice(request);
        expected.extend_from_slice(reply);
    }
    (sent, expected)
}

#[test]
fn byte_by_byte() {
    let target = server();
    let mut conn = target.connect();
    let (sent, expected) = mixed_requests();
    for byte in sent {
        conn.send_raw(&[byte]);
        thread::sleep(Duration::from_micros(300));
    }
    conn.expect_raw(&expected);
}

/// Two pieces, cut at every place there is.
#[test]
fn cut_in_two_anywhere() {
    let target = server();
    let mut conn = target.connect();
    let (sent, expected) = mixed_requests();
    for at in 1..sent.len() {
        conn.send_raw(&sent[..at]);
        thread::sleep(Duration::from_millis(1));
        conn.send_raw(&sent[at..]);
        conn.expect_raw(&expected);
    }
}

/// Half a request and then the end: it is not done, and harms nobody.
#[test]
fn half_a_request_and_gone() {
    let target = server();
    let whole = request(&[b"SET", b"half", b"value"]);
    for at in 1..whole.len() - 2 {
        let mut conn = target.connect();
        conn.send_raw(&whole[..at]);
    }
    thread::sleep(Duration::from_millis(50));
    assert_eq!(target.connect().cmd(&["EXISTS", "half"]), Value::Int(0));
}

#[test]
fn a_pipeline_of_ten_thousand() {
    let target = server();
    let mut conn = target.connect();
    let requests = 10_000;
    let mut sent = Vec::new();
    let mut expected = String::new();
    for i in 1..=requests {
        sent.extend(request(&[b"INCR", b"n"]));
        sent.extend_from_slice(format!("SET k{i} {i}\r\n").as_bytes());
        sent.extend(request(&[b"GET", format!("k{i}").as_bytes()]));
        let text = i.to_string();
        expected += &format!(":{i}\r\n+OK\r\n${}\r\n{text}\r\n", text.len());
    }
    write_beside(&conn, sent);
    conn.expect_raw(expected.as_bytes());
    assert_eq!(conn.cmd(&["DBSIZE"]), Value::Int(requests + 1));
}

/// Replies pile up while nobody reads them; none is lost or out of order.
#[test]
fn a_big_pipeline_read_late() {
    let target = server();
    let mut conn = target.connect();
    let value = "x".repeat(500);
    conn.cmd(&["SET", "big", &value]);
    let requests = 40_000;
    let mut sent = Vec::new();
    for i in 0..requests {
        sent.extend_from_slice(format!("ECHO {i}\r\nGET big\r\n").as_bytes());
    }
    write_beside(&conn, sent);
    thread::sleep(Duration::from_millis(700));
    // Others are served meanwhile.
    assert_eq!(target.connect().cmd(&["PING"]), Value::simple("PONG"));
    for i in 0..requests {
        assert_eq!(conn.read_value(), Value::bulk(i.to_string()));
        assert_eq!(conn.read_value(), Value::bulk(&value), "reply {i}");
    }
    conn.expect_silence(Duration::from_millis(20));
}

/// Around the sizes at which readers and writers change their way, and well beyond.
#[test]
fn big_values() {
    let target = server();
    let mut conn = target.connect();
    let kib = 1024;
    let borders = [16 * kib, 32 * kib, 64 * kib, 256 * kib, 1024 * kib];
    let sizes = borders
        .iter()
        .flat_map(|at| [at - 3, at - 2, at - 1, *at, at + 1, at + 2]);
    for size in sizes.chain([20 * 1024 * kib]) {
        let value = noise(size);
        assert_eq!(conn.cmd_bytes(&[b"SET", b"k", &value]), Value::simple("OK"));
        assert_eq!(conn.cmd(&["STRLEN", "k"]), Value::Int(size as i64));
        let got = conn.cmd(&["GET", "k"]);
        assert!(
            got == Value::bulk(&value),
            "a value of {size} bytes came back changed"
        );
        let last = Value::bulk(&value[size - 5..]);
        assert_eq!(conn.cmd(&["GETRANGE", "k", "-5", "-1"]), last);
        assert_eq!(conn.cmd(&["APPEND", "k", "+"]), Value::Int(size as i64 + 1));
        assert_eq!(conn.cmd_bytes(&[b"ECHO", &value]), Value::bulk(&value));
    }
}

/// Several in one request, between small ones, and in a pipeline.
#[test]
fn many_big_values_at_once() {
    let target = server();
    let mut conn = target.connect();
    let big = noise(1024 * 1024);
    let other = noise(40_000);
    let mut sent = request(&[
        b"MSET",
        b"a",
        &big,
        b"b",
        b"small",
        b"c",
        &other,
        &big,
        b"big as a key",
    ]);
    sent.extend(request(&[b"MGET", b"a", b"b", b"c", &big]));
    sent.extend(request(&[b"STRLEN", b"a"]));
    let sent = sent.repeat(5);
    write_beside(&conn, sent);
    let values = [big.as_slice(), b"small", &other, b"big as a key"];
    let all = Value::Array(values.iter().map(Value::bulk).collect());
    for _ in 0..5 {
        assert_eq!(conn.read_value(), Value::simple("OK"));
        assert!(conn.read_value() == all, "the values came back changed");
        assert_eq!(conn.read_value(), Value::Int(big.len() as i64));
    }
}

/// A big value in small pieces, with somebody else at work in between.
#[test]
fn a_big_value_in_pieces() {
    let target = server();
    let mut conn = target.connect();
    let mut other = target.connect();
    let value = noise(300_000);
    let sent = request(&[b"SET", b"k", &value]);
    for (i, piece) in sent.chunks(7_001).enumerate() {
        conn.send_raw(piece);
        assert_eq!(other.cmd(&["INCR", "n"]), Value::Int(i as i64 + 1));
    }
    assert_eq!(conn.read_value(), Value::simple("OK"));
    assert!(
        conn.cmd(&["GET", "k"]) == Value::bulk(&value),
        "the value came back changed"
    );
}

#[test]
fn many_arguments() {
    let target = server();
    let mut conn = target.connect();
    for count in [10, 1000, 1024, 1025, 100_000] {
        let keys: Vec<String> = (0..count).map(|i| format!("k{i}")).collect();
        let mut mset: Vec<&[u8]> = vec![b"MSET"];
        mset.extend(keys.iter().flat_map(|key| [key.as_bytes(), key.as_bytes()]));
        assert_eq!(conn.cmd_bytes(&mset), Value::simple("OK"));
        let mut mget: Vec<&[u8]> = vec![b"MGET"];
        mget.extend(keys.iter().map(|key| key.as_bytes()));
        let all = Value::Array(keys.iter().map(Value::bulk).collect());
        assert!(
            conn.cmd_bytes(&mget) == all,
            "{count} values came back changed"
        );
    }
}

/// Bytes without sense never end the server; the seed is fixed so that a failure can be repeated.
#[test]
fn garbage() {
    let target = server();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let pieces: [&[u8]; 12] = [
        b"*",
        b"$",
        b"\r\n",
        b"1",
        b"-",
        b"99",
        b"PING",
        b"\"",
        b"\0",
        b"*2\r\n$4\r\n",
        b"\n",
        b"\xff",
    ];
    for round in 0..300 {
        let Ok(conn) = Conn::try_connect(target.addr()) else {
            panic!("no connection any more in round {round}");
        };
        let mut bytes = Vec::new();
        for _ in 0..random.below(40) {
            if random.below(4) == 0 {
                bytes.push(random.below(256) as u8);
            } else {
                bytes.extend_from_slice(pieces[random.below(pieces.len())]);
            }
        }
        // The server may close before everything is written: that is its right.
        let _ = conn.stream().write_all(&bytes);
    }
    assert_eq!(target.connect().cmd(&["PING"]), Value::simple("PONG"));
}

#[test]
fn hello_switches_the_protocol() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            GET missing       => nil
            HELLO             => ["server" "redis" "version" ? "proto" :2 "id" :? "mode" "standalone" "role" "master" "modules" []]
            HELLO 3           => %["server" "redis" "version" ? "proto" :3 "id" :? "mode" "standalone" "role" "master" "modules" []]
            GET missing       => null
            HELLO             => %["server" "redis" "version" ? "proto" :3 "id" :? "mode" "standalone" "role" "master" "modules" []]
            PING              => +PONG
            HELLO 2           => ["server" "redis" "version" ? "proto" :2 "id" :? "mode" "standalone" "role" "master" "modules" []]
            GET missing       => nil
            HELLO 3           => ?
            RESET             => +RESET
            GET missing       => nil
        "#,
    );
}

#[test]
fn hello_errors_change_nothing() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            HELLO 1                     => -NOPROTO unsupported protocol version
            HELLO 4                     => -NOPROTO unsupported protocol version
            HELLO 0                     => -NOPROTO unsupported protocol version
            HELLO -1                    => -NOPROTO unsupported protocol version
            HELLO abc                   => -ERR Protocol version is not an integer or out of range
            HELLO ""                    => -ERR Protocol version is not an integer or out of range
            HELLO 3.0                   => -ERR Protocol version is not an integer or out of range
            HELLO 9223372036854775808   => -ERR Protocol version is not an integer or out of range
            HELLO 3 BAD                 => -ERR Syntax error in HELLO option 'BAD'
            HELLO 3 AUTH                => -ERR Syntax error in HELLO option 'AUTH'
            HELLO 3 AUTH default        => -ERR Syntax error in HELLO option 'AUTH'
            HELLO 3 SETNAME             => -ERR Syntax error in HELLO option 'SETNAME'
            HELLO 3 SETNAME "a b"       => -ERR Client names cannot contain spaces, newlines or special characters.
            HELLO 3 AUTH nobody x       => -WRONGPASS invalid username-password pair or user is disabled.
            GET missing                 => nil
            CLIENT GETNAME              => nil
            hello 3 setname me          => ?
            CLIENT GETNAME              => "me"
            GET missing                 => null
        "#,
    );
}

/// Two requests whose keys lie in the same place of what was received, the second of a command that
/// does not say where its keys are: nothing that is remembered of the first may be used for it.
#[test]
fn keys_in_the_same_place_are_not_taken_for_each_other() {
    let Some(target) = server_with(&[]) else {
        return;
    };
    let mut conn = target.connect();
    conn.transcript("SET xyz 1 => +OK");
    conn.send_raw(b"              \r\n*2\r\n$3\r\nGET\r\n$3\r\nabc\r\n");
    assert_eq!(conn.read_raw_reply(), b"$-1\r\n");
    conn.send_raw(b"\r\n*3\r\n$5\r\nDEBUG\r\n$6\r\nOBJECT\r\n$3\r\nxyz\r\n");
    let reply = conn.read_raw_reply();
    assert!(reply.starts_with(b"+Value at:"), "{}", quoted(&reply));
}

/// Writes from another thread, so that neither side waits for the other for ever.
fn write_beside(conn: &Conn, bytes: Vec<u8>) {
    match conn.stream().try_clone() {
        // A write that fails shows as a reply that is missing.
        Ok(mut stream) => drop(thread::spawn(move || stream.write_all(&bytes))),
        Err(error) => panic!("a second handle of the socket: {error}"),
    }
}

/// Bytes of every value that do not repeat with any small period.
fn noise(len: usize) -> Vec<u8> {
    let mut random = Random(len as u64 + 1);
    (0..len).map(|_| random.below(256) as u8).collect()
}

/// xorshift64: enough for test data, and the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % bound as u64) as usize
    }
}

//! Step 2 of the workshop, the protocol: RESP as it comes through a socket, which is in pieces, several at once, and binary.
//!
//! `PING` and `ECHO` are all the commands it takes. Run it against your server with
//! `AEROLITE_TEST_ADDR=127.0.0.1:16379 cargo test --test step02_protocol`; see `docs/src/workshop.md`.
mod common;
mod workshop;

use workshop::chapters::{COMMANDS, PIECES, PIPELINING};
use workshop::client::bulk;
use workshop::{Client, Step, request};

use std::time::Duration;

const STEP: Step = Step {
    number: 2,
    name: "protocol",
    next: "step03_commands, which begins with \"Commands and the table\"",
    source: include_str!("step02_protocol.rs"),
};

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
const PONG: &[u8] = b"+PONG\r\n";

/// Long enough for what was sent to arrive on its own, mostly.
const APART: Duration = Duration::from_millis(20);
/// The same where it is done often.
const BRIEFLY: Duration = Duration::from_millis(3);
/// Requests in one write.
const PIPELINED: usize = 1000;

const KEEP_THE_REST: &str = "a read gives you some bytes of a stream, not one request: keep what is incomplete until the rest has come";
const ALL_OF_THEM: &str = "one read may bring several requests: go on until what is left is not a whole one, and keep that";
const BY_LENGTH: &str = "$5 means: five bytes follow, whatever they are, and then CR LF. Take them by their number, do not split lines";
const COUNT_BYTES: &str =
    "count bytes, on the way in and on the way out: len() of decoded text counts characters";
const CLOSE: &str = "behind a protocol error nobody knows where the next request begins: answer -ERR Protocol error: ..., then close";

#[track_caller]
fn echo(client: &mut Client, content: &[u8]) {
    client.ask(&[b"ECHO", content], bulk(content));
}

#[test]
fn t01_echo() {
    let lesson = STEP.lesson(
        "an ECHO",
        "*2 is an array of two bulk strings: the name and one argument. A bulk string is the answer",
        PIECES,
    );
    let mut client = lesson.connect();
    echo(&mut client, b"hello");
    client.ask(&["PING"], PONG);
    echo(&mut client, b"hello again");
}

#[test]
fn t02_names_in_capitals_and_not() {
    let lesson = STEP.lesson(
        "the name of a command in any case",
        "compare names without regard to case, and leave arguments as they are",
        COMMANDS,
    );
    let mut client = lesson.connect();
    for name in ["ping", "Ping", "pInG"] {
        client.ask(&[name], PONG);
    }
    client.ask(&["eChO", "As It Is"], bulk("As It Is"));
}

#[test]
fn t03_an_empty_string() {
    let lesson = STEP.lesson(
        "an empty bulk string",
        "$0 is followed by CR LF twice in a row",
        PIECES,
    );
    let mut client = lesson.connect();
    echo(&mut client, b"");
    client.expect_nothing_more();
    client.ask(&["PING"], PONG);
}

#[test]
fn t04_a_request_in_two_pieces() {
    let lesson = STEP.lesson(
        "a request that arrives in two pieces",
        KEEP_THE_REST,
        PIECES,
    );
    let mut client = lesson.connect();
    client.send(&PING[..10]);
    client.pause(APART);
    client.send(&PING[10..]);
    client.expect(PONG);
    client.expect_nothing_more();
}

#[test]
fn t05_a_request_cut_at_every_place() {
    let lesson = STEP.lesson(
        "a request in two pieces, cut at every place in turn",
        "a piece may end anywhere: within a number, between CR and LF, within the content",
        PIECES,
    );
    let content = b"a\r\nb";
    let whole = request(&[b"ECHO", &content[..]]);
    let mut client = lesson.connect();
    for at in 1..whole.len() {
        client.send(&whole[..at]);
        client.pause(BRIEFLY);
        client.send(&whole[at..]);
        client.expect(bulk(content));
    }
    client.expect_nothing_more();
}

#[test]
fn t06_byte_by_byte() {
    let lesson = STEP.lesson(
        "two requests that arrive byte by byte",
        KEEP_THE_REST,
        PIECES,
    );
    let mut client = lesson.connect();
    let both = [request(&["ECHO", "slow"]), PING.to_vec()].concat();
    client.send_byte_by_byte(&both, BRIEFLY);
    client.expect([bulk("slow"), PONG.to_vec()].concat());
    client.expect_nothing_more();
}

#[test]
fn t07_two_requests_in_one_piece() {
    let lesson = STEP.lesson("two requests that arrive together", ALL_OF_THEM, PIECES);
    let mut client = lesson.connect();
    client.send([request(&["ECHO", "first"]), PING.to_vec()].concat());
    client.expect([bulk("first"), PONG.to_vec()].concat());
    client.expect_nothing_more();
}

#[test]
fn t08_one_and_a_half_requests() {
    let lesson = STEP.lesson(
        "one and a half requests, and the other half after the first reply",
        "answer what is whole at once, keep the rest: clear from the buffer only what you have parsed",
        PIECES,
    );
    let second = request(&["ECHO", "second"]);
    let (half, rest) = second.split_at(second.len() / 2);
    let mut client = lesson.connect();
    client.send([PING, half].concat());
    client.expect(PONG);
    client.scene("the first half of it came right behind a PING, which has been answered");
    client.send(rest);
    client.expect(bulk("second"));
    client.expect_nothing_more();
}

#[test]
fn t09_a_thousand_requests_in_one_write() {
    let lesson = STEP.lesson(
        "a thousand pipelined requests: a thousand replies, in order",
        ALL_OF_THEM,
        PIPELINING,
    );
    let numbers: Vec<String> = (0..PIPELINED).map(|number| number.to_string()).collect();
    let mut client = lesson.connect();
    let requests: Vec<u8> = numbers
        .iter()
        .flat_map(|number| request(&["ECHO", number]))
        .collect();
    client.send(requests);
    for number in &numbers {
        client.expect(bulk(number));
    }
    client.expect_nothing_more();
}

#[test]
fn t10_lengths_count_bytes() {
    let lesson = STEP.lesson("content that is not ASCII", COUNT_BYTES, PIECES);
    let mut client = lesson.connect();
    for content in ["é", "日本語", "🦀 and more"] {
        echo(&mut client, content.as_bytes());
    }
    // What follows shows whether too much or too little was taken.
    client.send([request(&["ECHO", "日本語"]), PING.to_vec()].concat());
    client.expect([bulk("日本語"), PONG.to_vec()].concat());
}

#[test]
fn t11_any_bytes() {
    let lesson = STEP.lesson(
        "content with CR LF, NUL, and bytes that are no text",
        BY_LENGTH,
        PIECES,
    );
    let mut client = lesson.connect();
    echo(&mut client, b"one\r\ntwo");
    echo(&mut client, b"\0\0");
    echo(&mut client, b"\r\n");
    echo(&mut client, b"\xff\xfe\x80");
    echo(&mut client, PING);
    let all: Vec<u8> = (0..=255).collect();
    echo(&mut client, &all);
}

#[test]
fn t12_more_than_1024_bytes() {
    let lesson = STEP.lesson("a request of more than 1024 bytes", KEEP_THE_REST, PIECES);
    let mut client = lesson.connect();
    for length in [1000, 1024, 1100, 5000] {
        echo(&mut client, "x".repeat(length).as_bytes());
    }
}

#[test]
fn t13_more_than_64_kilobytes() {
    let lesson = STEP.lesson(
        "requests of 70,000 and 1,000,000 bytes",
        "whatever size you read at once, somebody sends more. (asyncio: readuntil and readline stop at 64 KB, readexactly does not)",
        PIECES,
    );
    let mut client = lesson.connect();
    for length in [70_000, 1_000_000] {
        echo(&mut client, "y".repeat(length).as_bytes());
    }
}

#[test]
fn t14_inline_requests() {
    let lesson = STEP.lesson(
        "a request that is typed: a line of words",
        "a request that does not begin with * is a line, its words are separated by spaces. So nc and telnet can be used",
        PIECES,
    );
    let mut client = lesson.connect();
    client.send("PING\r\n");
    client.expect(PONG);
    client.send("ECHO hello\r\n");
    client.expect(bulk("hello"));
    client.send("ECHO ");
    client.pause(APART);
    client.send("pieces\r\n");
    client.expect(bulk("pieces"));
    client.ask(&["PING"], PONG);
}

#[test]
fn t15_an_empty_request() {
    let lesson = STEP.lesson(
        "an array of no elements, and an empty line",
        "nothing was asked, so nothing is answered, and the connection stays",
        PIECES,
    );
    let mut client = lesson.connect();
    client.send("*0\r\n");
    client.expect_nothing_more();
    client.send("\r\n");
    client.expect_nothing_more();
    client.ask(&["PING"], PONG);
}

#[test]
fn t16_a_protocol_error_is_answered_and_ends_the_connection() {
    let lesson = STEP.lesson("a request that breaks the protocol", CLOSE, PIECES);
    for (sent, error) in [
        ("*x\r\n", "invalid multibulk length"),
        ("*1\r\n$x\r\n", "invalid bulk length"),
        ("*1\r\n$-1\r\n", "invalid bulk length"),
        ("*1\r\n+PING\r\n", "expected '$', got '+'"),
        ("*1\r\nPING\r\n", "expected '$', got 'P'"),
        ("*2\r\n$4\r\nECHO\r\n:1\r\n", "expected '$', got ':'"),
    ] {
        let mut client = lesson.connect();
        client.send(sent);
        client.expect(format!("-ERR Protocol error: {error}\r\n"));
        client.scene(&format!(
            "the server has answered {}: -ERR Protocol error: {error}",
            sent.escape_debug()
        ));
        client.expect_closed();
    }
}

#[test]
fn t17_what_comes_before_a_protocol_error_is_answered() {
    let lesson = STEP.lesson(
        "good requests, and a broken one behind them",
        "answer in order: the replies of the good ones first, then the error, then close",
        PIECES,
    );
    let mut client = lesson.connect();
    client.send(
        [
            request(&["ECHO", "good"]),
            PING.to_vec(),
            b"*1\r\n!".to_vec(),
        ]
        .concat(),
    );
    // Only now the line of the broken one has its end.
    client.send("\r\n");
    let replies = [bulk("good"), PONG.to_vec()].concat();
    client.expect(
        [
            replies,
            b"-ERR Protocol error: expected '$', got '!'\r\n".to_vec(),
        ]
        .concat(),
    );
    client.expect_closed();
}

#[test]
fn t18_a_protocol_error_of_one_is_nothing_to_the_others() {
    let lesson = STEP.lesson(
        "one client breaks the protocol, another one asks",
        "only the connection that the error came from is closed; each has a buffer of its own",
        PIECES,
    );
    let mut good = lesson.connect();
    let (head, rest) = PING.split_at(7);
    good.send(head);
    for _ in 0..5 {
        let mut bad = lesson.connect();
        bad.send("*1\r\n+\r\n");
        bad.expect("-ERR Protocol error: expected '$', got '+'\r\n");
    }
    good.scene("meanwhile five other clients have broken the protocol");
    good.send(rest);
    good.expect(PONG);
}

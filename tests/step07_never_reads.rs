//! Step 7 of the workshop, the client that never reads: it asks for much and leaves its replies where they are. A server that
//! waits until it can write them serves nobody else.
//!
//! What a server does with such a client is its own choice: keep the replies, stop reading its requests, or close the
//! connection. The others must not notice. Run it against your server with
//! `AEROLITE_TEST_ADDR=127.0.0.1:16379 cargo test --test step07_never_reads`; see `docs/src/workshop.md`.
mod common;
mod workshop;

use workshop::chapters::{FAULTS, OUTPUT};
use workshop::client::bulk;
use workshop::{Client, Lesson, Step, request};

use std::thread;
use std::time::Duration;

const STEP: Step = Step {
    number: 7,
    name: "never reads",
    next: "the labs, docs/src/labs/index.md: break such a server on purpose",
    source: include_str!("step07_never_reads.rs"),
};

const OK: &str = "+OK\r\n";

/// The size of the value that is asked for, and how often: 32 MB, more than any buffer of a socket takes.
const LARGE: usize = 100_000;
const TIMES: usize = 320;
/// A server that reads no more after a while may take so long until it is not asked any more.
const OFFERED: Duration = Duration::from_secs(1);

const DO_NOT_WAIT: &str = "a socket whose buffer is full takes nothing: what it does not take is kept for this client (its output buffer), \
    and written when the loop says that there is room. Waiting in the write holds up all";
const NO_BUFFER_IS_ENDLESS: &str = "replies that wait have to be in order and whole, also when write took only a part: go on where it stopped";
const FINISH_WRITING: &str = "the end of what a client says is not the end of what it hears: answer what it has asked, then close";

/// Sets the large value; gives its key and the reply to its GET.
#[track_caller]
fn set_large(lesson: &Lesson) -> (String, Vec<u8>) {
    let key = lesson.key("large");
    // Any two pieces of it differ, so that a gap would be seen.
    let numbers: String = (0..LARGE).map(|number| format!("{number},")).collect();
    let value = &numbers[..LARGE];
    lesson.connect().ask(&["SET", &key, value], OK);
    (key, bulk(value))
}

/// A client that asks for the large value again and again, each time with a mark behind it, and reads nothing. Gives the replies that
/// it would get.
fn greedy(lesson: &Lesson, key: &str, reply: &[u8]) -> (Client, Vec<u8>) {
    let mut client = lesson.connect();
    let (mut requests, mut replies) = (Vec::new(), Vec::new());
    for number in 0..TIMES {
        let mark = number.to_string();
        requests.extend([request(&["GET", key]), request(&["ECHO", &mark])].concat());
        replies.extend([reply.to_vec(), bulk(mark)].concat());
    }
    client.offer(&requests, OFFERED);
    (client, replies)
}

#[test]
fn t01_a_slow_reader_gets_every_byte() {
    const SIPS: usize = 200;
    // More than the buffers of both sockets take.
    const REPLIES: usize = 100;
    let lesson = STEP.lesson(
        "a client reads its large replies slowly",
        NO_BUFFER_IS_ENDLESS,
        OUTPUT,
    );
    let (key, reply) = set_large(&lesson);
    let mut client = lesson.connect();
    client.take_little();
    client.send(request(&["GET", &key]).repeat(REPLIES));
    for _ in 0..SIPS {
        client.sip(1000);
        thread::sleep(Duration::from_millis(1));
    }
    for _ in 0..REPLIES {
        client.expect(&reply);
    }
    client.ask(&["PING"], "+PONG\r\n");
}

#[test]
fn t02_others_are_served() {
    let lesson = STEP.lesson(
        "a client asks for 32 MB and reads nothing, another one asks",
        DO_NOT_WAIT,
        OUTPUT,
    );
    let (key, reply) = set_large(&lesson);
    let (greedy, _) = greedy(&lesson, &key, &reply);
    let scene = "a client has asked for 32 MB and reads nothing";
    lesson.stays_quick(Duration::from_secs(1), scene);
    let mut other = lesson.connect();
    other.scene(scene);
    other.ask(&["GET", &key], &reply);
    drop(greedy);
}

#[test]
fn t03_then_it_reads_after_all() {
    let lesson = STEP.lesson(
        "a client that asked for 32 MB reads after all: it gets every reply in order, or the connection was closed",
        NO_BUFFER_IS_ENDLESS,
        OUTPUT,
    );
    let (key, reply) = set_large(&lesson);
    let (mut client, expected) = greedy(&lesson, &key, &reply);
    thread::sleep(Duration::from_millis(300));
    client.scene("it has not read for a while");
    if client.expect_all_or_end(&expected) {
        client.ask(&["PING"], "+PONG\r\n");
    }
    let mut other = lesson.connect();
    other.scene("a client has read its 32 MB, or was closed");
    other.ask(&["PING"], "+PONG\r\n");
}

#[test]
fn t04_it_leaves_without_having_read() {
    let lesson = STEP.lesson(
        "clients that never read leave, with replies still waiting",
        "what waits for a client that has left is thrown away; writing to it is an error that concerns nobody else",
        FAULTS,
    );
    let (key, reply) = set_large(&lesson);
    for round in 0..4 {
        let (greedy, _) = greedy(&lesson, &key, &reply);
        if round % 2 == 0 {
            greedy.reset();
        }
    }
    lesson.stays_quick(
        Duration::from_millis(500),
        "four clients have asked for 32 MB each, read nothing, and left",
    );
}

#[test]
fn t05_it_has_said_all_and_still_listens() {
    let lesson = STEP.lesson(
        "a client asks, shuts its writing half, and reads",
        FINISH_WRITING,
        FAULTS,
    );
    let mut client = lesson.connect();
    client.send([request(&["ECHO", "last words"]), request(&["PING"])].concat());
    client.finish();
    client.expect([bulk("last words"), b"+PONG\r\n".to_vec()].concat());
    client.scene("its replies have come, and it has shut its writing half");
    client.expect_closed();
}

#[test]
fn t06_half_a_request_and_the_end() {
    let lesson = STEP.lesson(
        "a client shuts its writing half in the midst of a request",
        "half a request at the end of the stream is no request: answer what was whole, and close",
        FAULTS,
    );
    let mut client = lesson.connect();
    client.send([request(&["PING"]), b"*2\r\n$4\r\nEC".to_vec()].concat());
    client.finish();
    client.expect("+PONG\r\n");
    client
        .scene("the reply to the whole request has come, and the client has shut its writing half");
    client.expect_closed();
}

//! Step 1 of the workshop, the TCP server: it accepts, answers `PING`, and no client can hold up or end it for the others.
//!
//! A server that answers `+PONG` to whatever it gets passes. Run it against yours with
//! `AEROLITE_TEST_ADDR=127.0.0.1:16379 cargo test --test step01_tcp_server`; see `docs/src/workshop.md`.
mod common;
mod workshop;

use workshop::chapters::{BLOCKING, FAULTS};
use workshop::{Client, Lesson, Step};

use std::time::Duration;

const STEP: Step = Step {
    number: 1,
    name: "TCP server",
    next: "step02_protocol, which begins with \"Requests in pieces: RESP\"",
    source: include_str!("step01_tcp_server.rs"),
};

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
const PONG: &[u8] = b"+PONG\r\n";

/// Clients that are there at the same time.
const SEVERAL: usize = 20;
/// Clients that come and leave badly.
const LEAVERS: usize = 20;

const ONE_AT_A_TIME: &str = "accept and serve side by side: an event loop, asyncio, or a thread for each client. A server that talks \
    to one client until that one leaves keeps all others waiting";
const READ_OF_NOTHING: &str = "a read of 0 bytes (or an error) means that this client is gone: close its socket, forget it, and go on";

#[track_caller]
fn ping(client: &mut Client) {
    client.send(PING);
    client.expect(PONG);
}

fn several(lesson: &Lesson) -> Vec<Client> {
    (0..SEVERAL).map(|_| lesson.connect()).collect()
}

#[test]
fn t01_it_accepts_a_connection() {
    let lesson = STEP.lesson(
        "a client connects",
        "listen on the address that you gave in AEROLITE_TEST_ADDR",
        BLOCKING,
    );
    lesson.connect();
}

#[test]
fn t02_it_answers_ping() {
    let lesson = STEP.lesson(
        "a PING",
        "read what the client has sent, write +PONG and CR LF, and leave the connection open",
        BLOCKING,
    );
    ping(&mut lesson.connect());
}

#[test]
fn t03_it_answers_again_on_the_same_connection() {
    let lesson = STEP.lesson(
        "three PINGs on one connection, each after the reply to the one before",
        "reading and replying is a loop for each connection; only the client ends it",
        BLOCKING,
    );
    let mut client = lesson.connect();
    for _ in 0..3 {
        ping(&mut client);
    }
    client.expect_nothing_more();
}

#[test]
fn t04_it_serves_several_clients_at_once() {
    let lesson = STEP.lesson(
        "twenty clients are connected, and the last one speaks first",
        ONE_AT_A_TIME,
        BLOCKING,
    );
    let mut clients = several(&lesson);
    for client in clients.iter_mut().rev() {
        client.scene("19 other clients are connected");
        ping(client);
    }
    // All have asked before anybody reads.
    for client in &mut clients {
        client.send(PING);
    }
    for client in &mut clients {
        client.expect(PONG);
    }
}

#[test]
fn t05_a_client_that_says_nothing_holds_up_nobody() {
    let lesson = STEP.lesson(
        "a client says nothing, another one asks",
        ONE_AT_A_TIME,
        BLOCKING,
    );
    let mut silent = lesson.connect();
    let mut client = lesson.connect();
    client.scene("a client that came first has connected and says nothing");
    ping(&mut client);
    silent.scene("others have been served in the meantime");
    ping(&mut silent);
}

#[test]
fn t06_half_a_request_holds_up_nobody() {
    let lesson = STEP.lesson(
        "a client sends half a request and waits, another one asks",
        ONE_AT_A_TIME,
        BLOCKING,
    );
    let mut slow = lesson.connect();
    slow.send(&PING[..9]);
    // It has to be read on its own.
    slow.pause(Duration::from_millis(50));
    let mut client = lesson.connect();
    client.scene("a client that came first has sent *1\\r\\n$4\\r\\n and waits");
    for _ in 0..3 {
        ping(&mut client);
    }
}

#[test]
fn t07_a_client_that_leaves_ends_nothing() {
    let lesson = STEP.lesson(
        "clients come, are served and leave",
        READ_OF_NOTHING,
        FAULTS,
    );
    let mut stays = lesson.connect();
    for _ in 0..LEAVERS {
        ping(&mut lesson.connect());
    }
    stays.scene("twenty other clients have come, were served, and have closed their connections");
    ping(&mut stays);
    let mut comes = lesson.connect();
    comes.scene("twenty other clients have closed their connections");
    ping(&mut comes);
}

#[test]
fn t08_a_client_that_resets_ends_nothing() {
    let lesson = STEP.lesson("clients reset their connections", READ_OF_NOTHING, FAULTS);
    let mut stays = lesson.connect();
    for round in 0..LEAVERS {
        let mut client = lesson.connect();
        if round % 2 == 0 {
            client.send(PING);
        }
        client.reset();
    }
    stays.scene("twenty other clients have reset their connections");
    ping(&mut stays);
    let mut comes = lesson.connect();
    comes.scene("twenty other clients have reset their connections");
    ping(&mut comes);
}

#[test]
fn t09_a_client_that_does_not_wait_for_its_reply_ends_nothing() {
    let lesson = STEP.lesson(
        "clients ask, and leave before the reply",
        "writing to a client that has left is an error (EPIPE, ECONNRESET, or the signal SIGPIPE): it concerns this client only",
        FAULTS,
    );
    let mut stays = lesson.connect();
    for _ in 0..LEAVERS {
        let mut client = lesson.connect();
        client.send(PING.repeat(50));
    }
    stays.scene("twenty other clients have sent 50 PINGs each and left at once");
    ping(&mut stays);
    let mut comes = lesson.connect();
    comes.scene("twenty other clients have sent 50 PINGs each and left at once");
    ping(&mut comes);
}

//! The workshop's reports themselves: a server that does something wrong is told what, by each way in which a lesson can end.
//!
//! The servers here are a few lines each, in a thread, and do one thing with their first client.
mod common;
mod workshop;

use workshop::report::shown;
use workshop::{Client, Topic, chapters};

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

const TOPIC: Topic = Topic {
    step: 2,
    name: "protocol",
    about: "a request that arrives in two pieces",
    hint: "keep the rest",
    read: chapters::PIECES,
};

/// A server that does one thing with one client, and keeps the connection until the client leaves.
fn server(mut with_client: impl FnMut(&mut TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
    let addr = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client");
        with_client(&mut client);
        let _ = client.read_to_end(&mut Vec::new());
    });
    addr
}

/// The report of a lesson that fails.
#[track_caller]
fn report(lesson: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(lesson)).expect_err("the lesson fails");
    *payload.downcast::<String>().expect("a report")
}

#[track_caller]
fn assert_says(report: &str, lines: &[&str]) {
    for line in lines {
        assert!(report.contains(line), "no {line:?} in\n{report}");
    }
}

#[test]
fn a_wrong_reply() {
    let addr = server(|client| {
        let _ = client.read(&mut [0; 100]);
        let _ = client.write_all(b"-ERR Invalid RESP type\r\n");
    });
    let report = report(|| {
        let mut client = Client::connect(addr, TOPIC, "");
        client.send("*1\r\n$4\r\nPI");
        client.pause(Duration::from_millis(20));
        client.send("NG\r\n");
        client.expect("+PONG\r\n");
    });
    let whole = "step 02, protocol: a request that arrives in two pieces\n  \
        sent      *1\\r\\n$4\\r\\nPI   (20 ms later)   NG\\r\\n\n  \
        expected  +PONG\\r\\n\n  \
        came      -ERR Invalid RESP type\\r\\n\n  \
        hint      keep the rest\n  \
        read      \"Requests in pieces: RESP\" (docs/src/requests-in-pieces.md)\n";
    assert_eq!(report, whole);
}

#[test]
fn nothing_comes() {
    let addr = server(|_| {});
    let report = report(|| {
        Client::connect(addr, TOPIC, "others are idle").ask(&["PING"], "+PONG\r\n");
    });
    assert_says(
        &report,
        &[
            "  while     others are idle\n",
            "  came      nothing within 5s\n",
        ],
    );
}

/// Each reply is right and in time, and there would be no end to them.
#[test]
fn all_replies_are_late() {
    let addr = server(|client| {
        for _ in 0..100 {
            thread::sleep(workshop::SLOW + Duration::from_millis(50));
            if client.write_all(b":1\r\n").is_err() {
                return;
            }
        }
    });
    let late = report(|| {
        let mut client = Client::connect(addr, TOPIC, "");
        client.patience(Duration::from_secs(1));
        for _ in 0..100 {
            client.send("*3\r\n");
            client.expect(":1\r\n");
        }
    });
    assert_says(
        &late,
        &[
            "  sent      *3",
            "  expected  each reply soon: after 300ms it is late\n",
            "  came      right replies, the late ones in ",
            "  hint      nothing may sleep in the thread that serves, no command and no timer",
            "  read      \"A blocking echo, and why it stalls\"",
        ],
    );
}

/// The first lesson that a silent server fails waits long, the next ones do not, until it says something.
#[test]
fn after_silence_less_is_waited() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
    let addr = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let clients: Vec<_> = (0..4).map_while(|_| listener.accept().ok()).collect();
        let mut last = &clients[2].0;
        let _ = last.write_all(b"+PONG\r\n");
        thread::park();
    });
    let ask = || Client::connect(addr, TOPIC, "").ask(&["PING"], "+PONG\r\n");
    let all_said = [
        "  sent      *1",
        "  expected  +PONG",
        "  hint      keep",
        "  read      ",
    ];
    let began = Instant::now();
    let first = report(ask);
    assert_says(&first, &["  came      nothing within 5s\n"]);
    assert_says(&first, &all_said);
    let (first_took, began) = (began.elapsed(), Instant::now());
    let second = report(ask);
    assert_says(
        &second,
        &["  came      nothing within 1s (an earlier lesson has waited 5s"],
    );
    assert_says(&second, &all_said);
    assert!(began.elapsed() < first_took, "{:?}", began.elapsed());
    let mut third = Client::connect(addr, TOPIC, "");
    let _fourth = Client::connect(addr, TOPIC, "");
    third.ask(&["PING"], "+PONG\r\n");
    let after_a_reply = report(|| third.ask(&["PING"], "+PONG\r\n"));
    assert_says(&after_a_reply, &["  came      nothing within 5s\n"]);
}

#[test]
fn a_part_comes_and_the_server_leaves() {
    let addr = server(|client| {
        let _ = client.read(&mut [0; 100]);
        let _ = client.write_all(b"+PO");
        let _ = client.shutdown(std::net::Shutdown::Both);
    });
    let report = report(|| Client::connect(addr, TOPIC, "").ask(&["PING"], "+PONG\r\n"));
    assert_says(
        &report,
        &["  came      +PO   and then the server closed the connection\n"],
    );
}

#[test]
fn too_much_comes() {
    let addr = server(|client| {
        let _ = client.read(&mut [0; 100]);
        let _ = client.write_all(b"+PONG\r\n+PONG\r\n");
    });
    let report = report(|| {
        let mut client = Client::connect(addr, TOPIC, "");
        client.ask(&["PING"], "+PONG\r\n");
        client.expect_nothing_more();
    });
    assert_says(
        &report,
        &[
            "  sent      *1\\r\\n$4\\r\\nPING\\r\\n\n            (one right reply has come)\n",
            "  expected  nothing more",
            "  came      +PONG\\r\\n\n",
        ],
    );
}

#[test]
fn a_connection_stays_open() {
    let addr = server(|_| {});
    let report = report(|| Client::connect(addr, TOPIC, "").expect_closed());
    assert_says(
        &report,
        &[
            "expected  the server closes the connection\n",
            "nothing within 5s",
        ],
    );
}

#[test]
fn a_number_out_of_its_range() {
    for (reply, came) in [
        (&b":7\r\n"[..], ":7\\r\\n\n"),
        (b"+7\r\n", "+7\\r\\n\n"),
        (b":7\n", ":7\\n\n"),
    ] {
        let addr = server(move |client| {
            let _ = client.read(&mut [0; 100]);
            let _ = client.write_all(reply);
        });
        let report = report(|| {
            Client::connect(addr, TOPIC, "").ask_integer(&["TTL", "k"], 8..=10);
        });
        assert_says(
            &report,
            &["expected  an integer from 8 to 10, as :10\\r\\n\n", came],
        );
    }
}

#[test]
fn a_stream_with_a_gap() {
    let addr = server(|client| {
        let _ = client.write_all(b"abcXdef");
    });
    let report = report(|| {
        Client::connect(addr, TOPIC, "").expect_all_or_end(b"abcdef");
    });
    assert_says(&report, &["  came      "]);
    let addr = server(|client| {
        let _ = client.write_all(b"abc");
        let _ = client.shutdown(std::net::Shutdown::Both);
    });
    let mut client = Client::connect(addr, TOPIC, "");
    assert!(!client.expect_all_or_end(b"abcdef"), "it was cut off");
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
    let addr = listener.local_addr().expect("an address");
    drop(listener);
    let report = report(|| drop(Client::connect(addr, TOPIC, "")));
    let told = format!("  came      nobody listens on {addr}\n");
    let instead_of_the_lessons = "  hint      start your server";
    assert_says(
        &report,
        &[
            "  expected  it is accepted\n",
            &told,
            instead_of_the_lessons,
        ],
    );
    assert!(!report.contains(TOPIC.hint), "{report}");
}

#[test]
fn the_server_ends_in_the_midst() {
    const ENDED: &str = "and nobody listens any more: the server has ended";
    let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
    let addr = listener.local_addr().expect("an address");
    thread::spawn(move || drop(listener.accept()));
    let ended = report(|| Client::connect(addr, TOPIC, "").ask(&["PING"], "+PONG\r\n"));
    assert_says(&ended, &[ENDED]);

    // One that only closes the connection is something else.
    let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
    let addr = listener.local_addr().expect("an address");
    let closes = listener.try_clone().expect("a second handle");
    thread::spawn(move || drop(closes.accept()));
    let closed = report(|| Client::connect(addr, TOPIC, "").ask(&["PING"], "+PONG\r\n"));
    assert!(!closed.contains(ENDED), "{closed}");
}

#[test]
fn what_came_before_is_told() {
    let addr = server(|client| {
        for reply in ["+OK\r\n", ":0\r\n"] {
            let _ = client.read(&mut [0; 100]);
            let _ = client.write_all(reply.as_bytes());
        }
    });
    let report = report(|| {
        let mut client = Client::connect(addr, TOPIC, "");
        client.ask(&["SET"], "+OK\r\n");
        client.ask(&["TTL"], ":5\r\n");
    });
    assert_says(
        &report,
        &[
            "  sent      *1\\r\\n$3\\r\\nTTL\\r\\n\n            (before that, answered rightly: *1\\r\\n$3\\r\\nSET\\r\\n)\n",
        ],
    );
}

#[test]
fn bytes_can_be_read() {
    assert_eq!(shown(b""), "(nothing)");
    assert_eq!(shown(b"a\r\n\0\t\\\x01\xff"), r"a\r\n\0\t\\\x01\xff");
    assert_eq!(shown("é日本".as_bytes()), "é日本");
    let long = shown(&[b'x'; 70_000]);
    assert!(
        long.len() < 200 && long.ends_with("(70000 bytes)"),
        "{long}"
    );
}

/// Each lesson ends with a page of the book: it is there, and has that title.
#[test]
fn the_chapters_are_there() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src");
    for chapter in chapters::ALL {
        let page = fs::read_to_string(book.join(chapter.file)).unwrap_or_default();
        let title = format!("# {}", chapter.title);
        assert_eq!(page.lines().next(), Some(&*title), "{}", chapter.file);
    }
}

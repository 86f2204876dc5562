//! What the two texts that readers come from show, on Aerolite: every command of redis-cli, and every message in bytes.

use std::thread;
use std::time::{Duration, Instant};

use crate::common::{self, Value};
use crate::tools::{have_program, run_program, tool};

/// A time within which a redis-cli has long answered.
const SOON: Duration = Duration::from_secs(30);
/// How long the key of the message in bytes lives.
const LIFE: Duration = Duration::from_millis(100);

/// The session of the workshop's introduction, in the order in which it is shown there.
#[test]
fn the_session_of_the_introduction() {
    if !have_program("redis-cli") {
        return;
    }
    let server = common::server();
    let ask = |args: &[&str]| {
        let done = run_program(tool("redis-cli", &server).args(args), b"", SOON);
        assert_eq!(done.code(), Some(0), "{args:?}: {done:?}");
        done.stdout.trim_end_matches('\n').to_owned()
    };
    for (args, answer) in [
        (&["PING"][..], "PONG"),
        (&["SET", "mykey", "Hello, Redis!"], "OK"),
        (&["GET", "mykey"], "Hello, Redis!"),
        (&["SET", "counter", "10"], "OK"),
        (&["--no-raw", "INCR", "counter"], "(integer) 11"),
        (&["--no-raw", "INCR", "counter"], "(integer) 12"),
        (&["--no-raw", "EXPIRE", "counter", "10"], "(integer) 1"),
    ] {
        assert_eq!(ask(args), answer, "{args:?}");
    }
    // The text shows 9 at once: it cuts the rest of a second off, and Redis rounds. A busy machine may take seconds until here.
    let left = ask(&["--no-raw", "TTL", "counter"]);
    let left = left.strip_prefix("(integer) ").map(str::parse);
    assert!(matches!(left, Some(Ok(1..=10))), "{left:?}");
    // And has the reader wait for all of them.
    ask(&["EXPIRE", "counter", "1"]);
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(ask(&["--no-raw", "GET", "counter"]), "(nil)");
    assert_eq!(ask(&["ping"]), "PONG");
}

#[test]
fn the_messages_in_bytes() {
    let server = common::server();
    let mut conn = server.connect();
    let begun = Instant::now();
    for (sent, comes) in [
        // The workshop's introduction.
        ("*1\r\n$4\r\nPING\r\n", "+PONG\r\n"),
        (
            "*3\r\n$3\r\nSET\r\n$5\r\nmykey\r\n$5\r\nhello\r\n",
            "+OK\r\n",
        ),
        ("*2\r\n$3\r\nGET\r\n$5\r\nmykey\r\n", "$5\r\nhello\r\n"),
        ("*2\r\n$3\r\nGET\r\n$7\r\nmissing\r\n", "$-1\r\n"),
        (
            "*2\r\n$4\r\nECHO\r\n$11\r\nHello\nWorld\r\n",
            "$11\r\nHello\nWorld\r\n",
        ),
        // The series in Ruby.
        ("*2\r\n$4\r\nPING\r\n$4\r\nPING\r\n", "$4\r\nPING\r\n"),
        (
            "*5\r\n$3\r\nset\r\n$1\r\nk\r\n$1\r\nv\r\n$2\r\npx\r\n$3\r\n100\r\n",
            "+OK\r\n",
        ),
    ] {
        conn.send_raw(sent.as_bytes());
        conn.expect_raw(comes.as_bytes());
    }
    let value = conn.cmd(&["GET", "k"]);
    assert!(value == Value::bulk("v") || begun.elapsed() >= LIFE);
    thread::sleep(LIFE + Duration::from_millis(50));
    assert_eq!(conn.cmd(&["GET", "k"]), Value::Nil);
}

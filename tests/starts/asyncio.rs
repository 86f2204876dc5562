//! What `mini_redis.py` does well, and what it costs; and what becomes of it after the changes that the chapter suggests.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::timing::shortest;
use crate::common::{self, Conn, Value};
use crate::started::{Change, Started, time_of};
use crate::tools::{resident_bytes, wait_until};

const FILE: &str = "mini_redis.py";

/// A request that is sent so often, at most so many at a time.
const AT_A_TIME: usize = 500;

#[track_caller]
fn fill(conn: &mut Conn, prefix: &str, keys: usize, seconds: Option<&str>) {
    let names: Vec<String> = (0..keys).map(|key| format!("{prefix}{key}")).collect();
    for names in names.chunks(AT_A_TIME) {
        let mut replies = 0;
        let mut bytes = Vec::new();
        for name in names {
            bytes.extend(common::client::request(&[b"SET", name.as_bytes(), b"v"]));
            replies += 1;
            if let Some(seconds) = seconds {
                let request = [b"EXPIRE", name.as_bytes(), seconds.as_bytes()];
                bytes.extend(common::client::request(&request));
                replies += 1;
            }
        }
        conn.send_raw(&bytes);
        for _ in 0..replies {
            assert!(!conn.read_value().is_error());
        }
    }
}

#[test]
fn it_answers_as_redis_does() {
    let Some(mut server) = Started::new(FILE, &[], &[]) else {
        return;
    };
    server.first.transcript(
        r#"
        PING              => +PONG
        ping hello        => "hello"
        SET k 10          => +OK
        INCR k            => :11
        GET k             => "11"
        GET missing       => nil
        INCR n            => :1
        SET s text        => +OK
        INCR s            => -ERR value is not an integer or out of range
        INCR              => -ERR wrong number of arguments for 'incr' command
        TTL k             => :-1
        TTL missing       => :-2
        EXPIRE missing 10 => :0
        EXPIRE k 100      => :1
        SET k 1           => +OK
        TTL k             => :-1
        DBSIZE            => :3
        "#,
    );
}

#[test]
fn requests_in_pieces_and_pipelines_are_read_right() {
    let Some(mut server) = Started::new(FILE, &[], &[]) else {
        return;
    };
    for piece in [&b"*2\r\n$4\r\nEC"[..], b"HO\r", b"\n$5\r\nhe"] {
        server.first.send_raw(piece);
        server.first.expect_silence(Duration::from_millis(50));
    }
    server.first.send_raw(b"llo\r\n*1\r\n$4\r\nPING\r\n");
    assert_eq!(server.first.read_value(), Value::bulk("hello"));
    assert_eq!(server.first.read_value(), Value::simple("PONG"));
}

/// `readuntil` gives up at the reader's limit, `readexactly` has none.
#[test]
fn a_line_longer_than_the_readers_limit_ends_the_connection() {
    let Some(mut server) = Started::new(FILE, &[], &[]) else {
        return;
    };
    let value = "v".repeat(1_000_000);
    assert_eq!(
        server.first.cmd(&["ECHO", &value]),
        Value::bulk(&value),
        "a long argument"
    );
    let mut other = server.connect();
    other.send_raw(&[b'*'; 70_000]);
    other.expect_closed();
    server.expect_alive();
}

#[test]
fn passive_expiry_is_exact_and_only_for_those_who_are_asked_for() {
    let never = [("await asyncio.sleep(1)", "await asyncio.sleep(1000)")];
    let Some(mut server) = Started::new(FILE, &[], &never) else {
        return;
    };
    fill(&mut server.first, "k", 10, Some("1"));
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(server.first.cmd(&["DBSIZE"]), Value::Int(10));
    assert_eq!(server.first.cmd(&["GET", "k3"]), Value::Nil);
    assert_eq!(server.first.cmd(&["DBSIZE"]), Value::Int(9));
}

/// One dead key in eleven: hardly a sample has more than a quarter of them, so a second takes one or two.
#[test]
fn sampling_leaves_dead_keys_in_memory() {
    let Some(mut server) = Started::new(FILE, &[], &[]) else {
        return;
    };
    fill(&mut server.first, "kept", 2000, None);
    fill(&mut server.first, "dead", 200, Some("1"));
    thread::sleep(Duration::from_secs(4));
    let left = server.first.cmd(&["DBSIZE"]).int();
    assert!(left > 2100, "{left} keys are left, 2000 should be");

    let ours = common::server();
    let mut conn = ours.connect();
    fill(&mut conn, "kept", 2000, None);
    fill(&mut conn, "dead", 200, Some("1"));
    let is_exact = wait_until(Duration::from_secs(10), || {
        conn.cmd(&["DBSIZE"]) == Value::Int(2000)
    });
    assert!(is_exact, "{:?} keys are left", conn.cmd(&["DBSIZE"]));
}

/// The longest that a DBSIZE takes while keys leave, all of them dead when the first cycle begins.
#[track_caller]
fn worst_wait(changes: &[Change]) -> Option<Duration> {
    let keys = 20_000;
    // Time enough to make them all and to have them all die before the first cycle.
    let later = [("await asyncio.sleep(1)", "await asyncio.sleep(8)")];
    let changes: Vec<Change> = later.iter().chain(changes).copied().collect();
    let mut server = Started::new(FILE, &[], &changes)?;
    fill(&mut server.first, "k", keys, Some("3"));
    let mut worst = Duration::ZERO;
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(60) {
        let asked = Instant::now();
        let left = server.first.cmd(&["DBSIZE"]).int();
        worst = worst.max(asked.elapsed());
        if left < 100 {
            return Some(worst);
        }
        thread::sleep(Duration::from_millis(2));
    }
    panic!("some of {keys} keys are still there");
}

/// A cycle without an `await` holds the loop until it is done, `async def` or not.
#[test]
fn a_cycle_of_active_expiry_that_never_awaits_stalls_everybody() {
    let yielding = [
        (
            "    def _active_expiry_cycle(self):",
            "    async def _active_expiry_cycle(self):",
        ),
        (
            "            self._active_expiry_cycle()",
            "            await self._active_expiry_cycle()",
        ),
        (
            "            keys = list(self._store.values)",
            "            await asyncio.sleep(0)\n            keys = list(self._store.values)",
        ),
    ];
    let only_async = [yielding[0], yielding[1]];
    let (Some(stalling), Some(async_too)) = (worst_wait(&[]), worst_wait(&only_async)) else {
        return;
    };
    let limit = Duration::from_millis(60);
    assert!(stalling > limit, "{stalling:?}");
    assert!(async_too > limit, "{async_too:?}");
    let yielding = shortest(stalling / 2, || worst_wait(&yielding).unwrap_or_default());
    assert!(
        yielding * 2 < stalling,
        "{yielding:?} with an await in it, {stalling:?} without"
    );
}

#[test]
fn a_handler_that_sleeps_stops_everybody_and_one_that_awaits_does_not() {
    let sleeping = [(
        "return message\n\n    def _dbsize",
        "time.sleep(4)\n        return message\n\n    def _dbsize",
    )];
    let Some(mut server) = Started::new(FILE, &[], &sleeping) else {
        return;
    };
    let mut other = server.connect();
    assert_eq!(other.cmd(&["PING"]), Value::simple("PONG"));
    server.first.send(&["ECHO", "x"]);
    thread::sleep(Duration::from_millis(1000));
    let waited = time_of(&mut other, &["PING"]);
    assert!(waited > Duration::from_millis(500), "{waited:?}");

    let awaiting = [(
        "                writer.write(self._answer(command))",
        "                await asyncio.sleep(20 if command[0] == b\"ECHO\" else 0)\n                writer.write(self._answer(command))",
    )];
    let Some(mut server) = Started::new(FILE, &[], &awaiting) else {
        return;
    };
    let mut other = server.connect();
    server.first.send(&["ECHO", "x"]);
    thread::sleep(Duration::from_millis(200));
    let waited = time_of(&mut other, &["PING"]);
    assert!(waited < Duration::from_secs(5), "{waited:?}");
}

/// Without `drain` the replies to a client that reads nothing pile up; with it, that client's task waits.
#[cfg(target_os = "linux")]
#[test]
fn writing_without_drain_keeps_everything_for_a_client_that_never_reads() {
    let without = [("                await writer.drain()\n", "")];
    let value = "v".repeat(1_000_000);
    let grown = |changes: &[Change]| -> Option<u64> {
        let mut server = Started::new(FILE, &[], changes)?;
        server.first.cmd(&["SET", "k", &value]);
        let before = resident_bytes(server.pid())?;
        let mut deaf = server.connect();
        for _ in 0..200 {
            deaf.send(&["GET", "k"]);
        }
        // The requests are a few kilobytes: they are all with the server by now, or soon.
        thread::sleep(Duration::from_secs(2));
        let answer = server.first.cmd(&["PING"]);
        assert_eq!(answer, Value::simple("PONG"));
        Some(resident_bytes(server.pid())?.saturating_sub(before))
    };
    let (Some(with), Some(without)) = (grown(&[]), grown(&without)) else {
        return;
    };
    assert!(with < 40_000_000, "{with} bytes more, with drain");
    assert!(without > 100_000_000, "{without} bytes more, without drain");
}

/// Nobody awaits the task, so nobody hears how it ended.
#[test]
fn an_error_in_the_task_of_active_expiry_goes_unnoticed() {
    let failing = [(
        "            sample = random",
        "            raise KeyError\n            sample = random",
    )];
    let Some(mut server) = Started::new(FILE, &[], &failing) else {
        return;
    };
    fill(&mut server.first, "k", 100, Some("1"));
    thread::sleep(Duration::from_millis(3500));
    assert_eq!(server.first.cmd(&["DBSIZE"]), Value::Int(100));
    assert_eq!(server.log(), "");
}

/// Python's `int` takes more than Redis does, and has no end.
#[test]
fn python_counts_otherwise() {
    let Some(mut server) = Started::new(FILE, &[], &[]) else {
        return;
    };
    let ours = common::server();
    for (value, pythons) in [
        ("1_000", ":1001"),
        (" 5 ", ":6"),
        ("9223372036854775807", ":9223372036854775808"),
    ] {
        let mut conn = ours.connect();
        for conn in [&mut server.first, &mut conn] {
            assert_eq!(conn.cmd(&["SET", "n", value]), Value::simple("OK"));
            conn.send(&["INCR", "n"]);
        }
        server.first.expect_raw(format!("{pythons}\r\n").as_bytes());
        assert!(conn.read_value().is_error(), "{value:?}");
    }
}

/// An `await` that has what it waits for does not go back to the loop: a client that sends faster than it is served keeps
/// its task running. With a `sleep(0)` after each command the others get their turns.
#[test]
fn a_pipeline_holds_up_everybody_until_its_task_goes_back_to_the_loop() {
    let after_each = [(
        "                await writer.drain()\n",
        "                await writer.drain()\n                await asyncio.sleep(0)\n",
    )];
    let worst = |changes: &[Change]| -> Option<Duration> {
        let mut server = Started::new(FILE, &[], changes)?;
        let mut flood = server.connect().stream().try_clone().ok()?;
        let mut replies = flood.try_clone().ok()?;
        // Both end when the server does.
        let reading = thread::spawn(move || std::io::copy(&mut replies, &mut std::io::sink()));
        let writing = thread::spawn(move || {
            let pings = b"*1\r\n$4\r\nPING\r\n".repeat(10_000);
            while flood.write_all(&pings).is_ok() {}
        });
        let started = Instant::now();
        let mut worst = Duration::ZERO;
        while started.elapsed() < Duration::from_secs(3) {
            worst = worst.max(time_of(&mut server.first, &["PING"]));
        }
        drop(server);
        let _ = (reading.join(), writing.join());
        Some(worst)
    };
    let Some(holding) = worst(&[]) else {
        return;
    };
    assert!(holding > Duration::from_millis(100), "{holding:?}");
    let yielding = shortest(holding / 2, || worst(&after_each).unwrap_or_default());
    assert!(
        yielding * 2 < holding,
        "{yielding:?} with a sleep(0) after each command, {holding:?} without"
    );
}

/// What the chapter's figure says of half a request: where it stopped is a value.
#[test]
fn where_a_request_stopped_can_be_printed() {
    let mut parser = aerolite::resp::Parser::new();
    let half = b"*2\r\n$4\r\nECHO\r\n$5\r\nhe";
    let progress = parser.parse(half, &aerolite::resp::Limits::default());
    assert_eq!(progress, Ok(aerolite::resp::Progress::Incomplete));
    let printed = format!("{parser:?}");
    for part in ["BulkBody { len: 5 }", "pos: 18"] {
        assert!(printed.contains(part), "{printed}");
    }
}

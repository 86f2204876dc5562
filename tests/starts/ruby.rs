//! The faults of `event_loop.rb` one by one, and that `event_loop_fixed.rb` has none of them.

use std::thread;
use std::time::Duration;

use crate::common::Value;
use crate::started::{self, Started};

const AS_PUBLISHED: &str = "event_loop.rb";
const FIXED: &str = "event_loop_fixed.rb";

/// Long enough for an answer that comes at all, on a busy machine.
const A_WHILE: Duration = Duration::from_millis(500);

#[test]
fn half_a_request_ends_the_server() {
    let Some(mut server) = Started::new(AS_PUBLISHED, &[], &[]) else {
        return;
    };
    server.first.send_raw(b"*2\r\n$4\r\nECHO\r\n$5\r\nhe");
    server.expect_end("NoMethodError");
    let Some(mut server) = Started::new(FIXED, &[], &[]) else {
        return;
    };
    for piece in [&b"*2\r\n$4\r\nEC"[..], b"HO\r", b"\n$5\r\nhe"] {
        server.first.send_raw(piece);
        server.first.expect_silence(Duration::from_millis(50));
    }
    server.first.send_raw(b"llo\r\n");
    assert_eq!(server.first.read_value(), Value::bulk("hello"));
}

#[test]
fn a_value_longer_than_one_read_ends_the_server() {
    let value = "v".repeat(2000);
    let Some(mut server) = Started::new(AS_PUBLISHED, &[], &[]) else {
        return;
    };
    server.first.send(&["SET", "k", &value]);
    server.expect_end("NoMethodError");
    let Some(mut server) = Started::new(FIXED, &[], &[]) else {
        return;
    };
    let value = "v".repeat(2_000_000);
    assert_eq!(server.first.cmd(&["SET", "k", &value]), Value::simple("OK"));
    assert_eq!(server.first.cmd(&["GET", "k"]), Value::bulk(&value));
}

#[test]
fn the_second_request_of_a_pipeline_is_lost() {
    let both = b"*1\r\n$4\r\nPING\r\n*1\r\n$6\r\nDBSIZE\r\n";
    let Some(mut server) = Started::new(AS_PUBLISHED, &[], &[]) else {
        return;
    };
    server.first.send_raw(both);
    assert_eq!(server.first.read_value(), Value::simple("PONG"));
    server.first.expect_silence(A_WHILE);
    let Some(mut server) = Started::new(FIXED, &[], &[]) else {
        return;
    };
    server.first.send_raw(both);
    assert_eq!(server.first.read_value(), Value::simple("PONG"));
    assert_eq!(server.first.read_value(), Value::Int(0));
}

#[test]
fn one_idle_client_keeps_the_loop_busy() {
    for (file, words, is_busy) in [
        (AS_PUBLISHED, &[][..], true),
        ("time_events.rb", &["late", "quiet"], false),
        (FIXED, &[], false),
    ] {
        let Some(mut server) = Started::new(file, words, &[]) else {
            return;
        };
        let before = server.first.cmd(&["TURNS"]).int();
        thread::sleep(Duration::from_secs(1));
        let turns = server.first.cmd(&["TURNS"]).int() - before;
        assert_eq!(
            turns > 1000,
            is_busy,
            "{file} {words:?}: {turns} turns in a second with one idle client"
        );
        assert!(
            is_busy || turns < 20,
            "{file} {words:?}: {turns} turns for one request"
        );
    }
}

/// What a socket gives is a string of bytes, so that the `length` of what a client has set is right by chance. That of a value
/// from anywhere else is not.
#[test]
fn the_length_of_a_text_is_counted_in_characters() {
    const TEXT: &str = "こんにちは";
    let Some(mut server) = Started::new("bytes.rb", &[], &[]) else {
        return;
    };
    assert_eq!(server.first.cmd(&["SET", "k", TEXT]), Value::simple("OK"));
    assert_eq!(server.first.cmd(&["GET", "k"]), Value::bulk(TEXT));
    server.first.send(&["GET", "greeting"]);
    let characters = format!("$5\r\n{TEXT}\r\n");
    server.first.expect_raw(characters.as_bytes());

    let fixed = [("'event_loop'", "'event_loop_fixed'")];
    let Some(mut server) = Started::new("bytes.rb", &[], &fixed) else {
        return;
    };
    assert_eq!(server.first.cmd(&["GET", "greeting"]), Value::bulk(TEXT));
}

/// A test of the parser has its text from its own source, where a letter is not a byte.
#[test]
fn the_parser_counts_characters_too() {
    const START: &str = "RedisServer::Server.new((ARGV[0] || 16379).to_i).start";
    for (bytes, ends_well) in [("", false), (".b", true)] {
        let parse = format!("RedisServer::Parser.new.parse(\"*1\\r\\n$3\\r\\nこ\\r\\n\"{bytes})");
        let Some((well, said)) = started::run("bytes.rb", &[(START, &parse)]) else {
            return;
        };
        assert_eq!(well, ends_well, "{said}");
        assert_eq!(said.contains("NoMethodError"), !ends_well, "{said}");
    }
}

/// Its descriptor is in the batch twice, readable and writable, and the first handler deletes what the second looks for.
#[test]
fn a_client_that_leaves_ends_the_server() {
    let Some(mut server) = Started::new(AS_PUBLISHED, &[], &[]) else {
        return;
    };
    assert_eq!(server.first.cmd(&["PING"]), Value::simple("PONG"));
    server.first.shutdown_write();
    server.expect_end("handler");
    let Some(mut server) = Started::new(FIXED, &[], &[]) else {
        return;
    };
    server.first.shutdown_write();
    server.first.expect_closed();
    server.expect_alive();
}

#[test]
fn a_client_that_is_reset_ends_the_server() {
    for (file, survives) in [(AS_PUBLISHED, false), (FIXED, true)] {
        let Some(mut server) = Started::new(file, &[], &[]) else {
            return;
        };
        let reset = server.connect();
        socket2::SockRef::from(reset.stream())
            .set_linger(Some(Duration::ZERO))
            .expect("SO_LINGER");
        drop(reset);
        if survives {
            server.expect_alive();
        } else {
            server.expect_end("ECONNRESET");
        }
    }
}

/// Where a client that leaves does not end the server, its socket is never closed.
#[cfg(target_os = "linux")]
#[test]
fn the_descriptors_of_those_who_left_are_kept() {
    for (file, words, keeps) in [
        ("time_events.rb", &["late", "quiet"][..], true),
        (FIXED, &[], false),
    ] {
        let Some(mut server) = Started::new(file, words, &[]) else {
            return;
        };
        // From here on it has been accepted, and counts.
        assert_eq!(server.first.cmd(&["PING"]), Value::simple("PONG"));
        let count = || {
            std::fs::read_dir(format!("/proc/{}/fd", server.pid()))
                .expect("the process's descriptors")
                .count()
        };
        let before = count();
        for _ in 0..20 {
            server.expect_alive();
        }
        server.expect_alive();
        // The last ones may not have been seen to yet.
        let kept = count() - before;
        let expected = if keeps { 18..=21 } else { 0..=3 };
        assert!(
            expected.contains(&kept),
            "{file} {words:?}: {kept} descriptors are left of 21 clients"
        );
    }
}

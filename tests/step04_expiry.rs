//! Step 4 of the workshop, expiry: SET with EX and PX, EXPIRE, TTL, PTTL; a key is gone when its time is over.
//!
//! Run it against your server with
//! `AEROLITE_TEST_ADDR=127.0.0.1:16379 cargo test --test step04_expiry`; see `docs/src/workshop.md`.
mod common;
mod workshop;

use workshop::chapters::{COMMANDS, EXPIRY};
use workshop::client::bulk;
use workshop::{Client, Step};

use std::thread;
use std::time::Duration;

const STEP: Step = Step {
    number: 4,
    name: "expiry",
    next: "step05_active_expiry, which begins with \"Time events and the wheel\"",
    source: include_str!("step04_expiry.rs"),
};

const OK: &str = "+OK\r\n";
const NIL: &str = "$-1\r\n";
const SYNTAX: &str = "-ERR syntax error\r\n";
const NO_INTEGER: &str = "-ERR value is not an integer or out of range\r\n";
const INVALID_IN_SET: &str = "-ERR invalid expire time in 'set' command\r\n";

/// The deadline of keys that are to go, in milliseconds, and a time after which it is over.
const SOON: &str = "50";
const AFTER_IT: Duration = Duration::from_millis(200);

const COMPARE: &str = "keep a deadline with the key, and look at it whenever somebody asks for the key: if it is over, the key is gone";
const NOTE: &str = "behind the value SET has options, in any case. Keep the moment at which the key ends beside its value, and answer at \
    once: TTL and PTTL are what is left until then";
const OPTIONS: &str = "behind the value SET has options, in any case: each EX and PX takes a number of its own, and there is only one of them";

/// The key has so many seconds left, give or take the time that the test takes.
#[track_caller]
fn expect_seconds(client: &mut Client, key: &str, seconds: i64) {
    client.ask_integer(&["TTL", key], seconds - 5..=seconds);
    client.ask_integer(&["PTTL", key], (seconds - 5) * 1000..=seconds * 1000);
}

/// So that the deadlines which this test has set are no burden for others.
#[track_caller]
fn forget(client: &mut Client, key: &str) {
    client.ask(&["EXPIRE", key, "0"], ":1\r\n");
}

#[test]
fn t01_set_with_seconds() {
    let lesson = STEP.lesson("SET with EX, then TTL and PTTL", NOTE, EXPIRY);
    let (mut client, key) = (lesson.connect(), lesson.key("k"));
    client.ask(&["SET", &key, "v", "EX", "100"], OK);
    client.ask(&["GET", &key], bulk("v"));
    expect_seconds(&mut client, &key, 100);
    forget(&mut client, &key);
}

#[test]
fn t02_set_with_milliseconds() {
    let lesson = STEP.lesson("SET with PX, in any case", NOTE, EXPIRY);
    let (mut client, key) = (lesson.connect(), lesson.key("k"));
    for option in ["PX", "px", "pX"] {
        client.ask(&["SET", &key, "v", option, "100000"], OK);
        expect_seconds(&mut client, &key, 100);
    }
    client.ask(&["SET", &key, "v", "ex", "200"], OK);
    expect_seconds(&mut client, &key, 200);
    forget(&mut client, &key);
}

#[test]
fn t03_no_key_and_no_deadline() {
    let lesson = STEP.lesson(
        "TTL of a key without a deadline, and of no key",
        "-1 is: it has no deadline; -2 is: there is no such key",
        EXPIRY,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("k"));
    for command in ["TTL", "PTTL"] {
        client.ask(&[command, &key], ":-2\r\n");
    }
    client.ask(&["SET", &key, "v"], OK);
    for command in ["TTL", "PTTL"] {
        client.ask(&[command, &key], ":-1\r\n");
    }
}

#[test]
fn t04_a_key_is_gone_at_its_deadline() {
    let lesson = STEP.lesson("GET after the deadline", COMPARE, EXPIRY);
    let (mut client, key) = (lesson.connect(), lesson.key("k"));
    client.ask(&["SET", &key, "v", "PX", SOON], OK);
    thread::sleep(AFTER_IT);
    client.scene("200 ms ago: SET k v PX 50");
    client.ask(&["GET", &key], NIL);
    client.ask(&["TTL", &key], ":-2\r\n");
    client.ask(&["PTTL", &key], ":-2\r\n");
}

#[test]
fn t05_each_command_sees_that_it_is_gone() {
    let lesson = STEP.lesson(
        "TTL, INCR and EXPIRE after the deadline, with no GET before",
        "every command has to look at the deadline, so do it in the one place where keys are looked up",
        EXPIRY,
    );
    let mut client = lesson.connect();
    let [ttl, pttl, incr, expire] = ["a", "b", "c", "d"].map(|name| lesson.key(name));
    for key in [&ttl, &pttl, &incr, &expire] {
        client.ask(&["SET", key, "5", "PX", SOON], OK);
    }
    thread::sleep(AFTER_IT);
    client.scene("200 ms ago: SET k 5 PX 50");
    client.ask(&["TTL", &ttl], ":-2\r\n");
    client.ask(&["PTTL", &pttl], ":-2\r\n");
    client.ask(&["INCR", &incr], ":1\r\n");
    client.ask(&["EXPIRE", &expire, "100"], ":0\r\n");
    client.scene("the key was made by INCR after the old one had gone: it has no deadline");
    client.ask(&["TTL", &incr], ":-1\r\n");
}

#[test]
fn t06_expire() {
    let lesson = STEP.lesson(
        "EXPIRE of a key, and of no key",
        "1 is: it has this deadline now; 0 is: there is no such key. A deadline that it had is replaced",
        EXPIRY,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("k"));
    client.ask(&["EXPIRE", &key, "100"], ":0\r\n");
    client.ask(&["SET", &key, "v"], OK);
    client.ask(&["EXPIRE", &key, "100"], ":1\r\n");
    expect_seconds(&mut client, &key, 100);
    client.ask(&["EXPIRE", &key, "1000"], ":1\r\n");
    expect_seconds(&mut client, &key, 1000);
    client.ask(&["GET", &key], bulk("v"));
    forget(&mut client, &key);
}

#[test]
fn t07_expire_ends_a_key() {
    let lesson = STEP.lesson("EXPIRE with one second, and GET after it", COMPARE, EXPIRY);
    let (mut client, key) = (lesson.connect(), lesson.key("k"));
    client.ask(&["SET", &key, "v"], OK);
    client.ask(&["EXPIRE", &key, "1"], ":1\r\n");
    thread::sleep(Duration::from_millis(1200));
    client.scene("1.2 s ago: EXPIRE k 1");
    client.ask(&["GET", &key], NIL);
}

#[test]
fn t08_a_deadline_that_is_over_already() {
    let lesson = STEP.lesson(
        "EXPIRE with 0, and with less than 0",
        "a deadline that is over deletes the key at once, and the reply is 1: there was a key",
        EXPIRY,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("k"));
    for seconds in ["0", "-1", "-1000"] {
        client.ask(&["SET", &key, "v"], OK);
        client.ask(&["EXPIRE", &key, seconds], ":1\r\n");
        client.ask(&["GET", &key], NIL);
        client.scene("the same EXPIRE has deleted the key");
        client.ask(&["EXPIRE", &key, seconds], ":0\r\n");
        client.scene("");
    }
}

#[test]
fn t09_set_takes_the_deadline_away() {
    let lesson = STEP.lesson(
        "SET of a key that had a deadline",
        "SET without EX or PX makes the key anew: the old deadline must not end it (nor may a timer that was started for it)",
        EXPIRY,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("k"));
    client.ask(&["SET", &key, "old", "PX", SOON], OK);
    client.ask(&["SET", &key, "new"], OK);
    client.ask(&["TTL", &key], ":-1\r\n");
    thread::sleep(AFTER_IT);
    client.scene("200 ms ago: SET k old PX 50, then SET k new");
    client.ask(&["GET", &key], bulk("new"));
}

#[test]
fn t10_a_deadline_is_replaced() {
    let lesson = STEP.lesson(
        "a deadline is replaced by a later one",
        "only the last deadline counts: a timer that was started for the first one has to be stopped or ignored",
        EXPIRY,
    );
    let mut client = lesson.connect();
    let (set, expired) = (lesson.key("set"), lesson.key("expire"));
    client.ask(&["SET", &set, "v", "PX", SOON], OK);
    client.ask(&["SET", &set, "v", "EX", "100"], OK);
    client.ask(&["SET", &expired, "v", "PX", "1000"], OK);
    client.ask(&["EXPIRE", &expired, "100"], ":1\r\n");
    thread::sleep(Duration::from_millis(1200));
    for key in [&set, &expired] {
        client.scene("1.2 s ago the key had a deadline of less than that, which was replaced at once by 100 s");
        client.ask(&["GET", key], bulk("v"));
        expect_seconds(&mut client, key, 100);
        forget(&mut client, key);
    }
}

#[test]
fn t11_incr_keeps_the_deadline() {
    let lesson = STEP.lesson(
        "INCR of a key with a deadline",
        "INCR changes the value of the key that is there; the deadline stays",
        EXPIRY,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("counter"));
    client.ask(&["SET", &key, "1", "EX", "100"], OK);
    client.ask(&["INCR", &key], ":2\r\n");
    expect_seconds(&mut client, &key, 100);
    forget(&mut client, &key);
    client.ask(&["SET", &key, "1", "PX", "1000"], OK);
    client.ask(&["INCR", &key], ":2\r\n");
    thread::sleep(Duration::from_millis(1200));
    client.scene("1.2 s ago: SET k 1 PX 1000, then INCR k");
    client.ask(&["GET", &key], NIL);
}

/// The seconds that TTL says for so many milliseconds.
fn rounded(milliseconds: i64) -> i64 {
    (milliseconds + 500) / 1000
}

#[test]
fn t12_ttl_is_rounded() {
    let lesson = STEP.lesson(
        "TTL rounds to the nearest second",
        "TTL is PTTL, plus 500, divided by 1000: neither rounded down nor up",
        EXPIRY,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("k"));
    for milliseconds in ["10900", "10450", "900", "450"] {
        client.ask(&["SET", &key, "v", "PX", milliseconds], OK);
        let before = client.ask_integer(&["PTTL", &key], -2..=i64::MAX);
        client.send_request(&["TTL", &key]);
        client.scene(&format!("a moment ago: SET k v PX {milliseconds}"));
        let seconds = client.take_integer(-2..=i64::MAX);
        let after = client.ask_integer(&["PTTL", &key], -2..=i64::MAX);
        // On a machine that is very busy even the last one may be over before it was asked for.
        if after >= 0 && !(rounded(after)..=rounded(before)).contains(&seconds) {
            client.fail(
                &format!("TTL is :{}\\r\\n, when PTTL is {before}", rounded(before)),
                &format!(":{seconds}\\r\\n"),
            );
        }
    }
}

#[test]
fn t13_deadlines_that_are_no_deadlines() {
    let lesson = STEP.lesson(
        "SET with a time that is not above 0, or no integer",
        "0 and less is an error of its own; what is no integer is the same error as in INCR. Nothing is set then",
        COMMANDS,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("k"));
    client.ask(&["SET", &key, "old"], OK);
    for option in ["EX", "PX"] {
        for time in ["0", "-1"] {
            client.ask(&["SET", &key, "new", option, time], INVALID_IN_SET);
        }
        for time in ["abc", "1.5", ""] {
            client.ask(&["SET", &key, "new", option, time], NO_INTEGER);
        }
    }
    client.scene("every SET since that of \"old\" was an error");
    client.ask(&["GET", &key], bulk("old"));
}

#[test]
fn t14_options_that_make_no_sense() {
    let lesson = STEP.lesson("SET with options that make no sense", OPTIONS, COMMANDS);
    let (mut client, key) = (lesson.connect(), lesson.key("k"));
    client.ask(&["SET", &key, "v", "EX"], SYNTAX);
    client.ask(&["SET", &key, "v", "SOON"], SYNTAX);
    client.ask(&["SET", &key, "v", "EX", "10", "PX", "10000"], SYNTAX);
    client.ask(&["SET", &key, "v", "EX", "10", "SOON"], SYNTAX);
    client.ask(&["GET", &key], NIL);
}

#[test]
fn t15_errors_of_expire_and_ttl() {
    let lesson = STEP.lesson(
        "EXPIRE and TTL with wrong arguments",
        "the same two errors as in step 3: the number of arguments, and what an integer is",
        COMMANDS,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("k"));
    client.ask(&["SET", &key, "v"], OK);
    client.ask(&["EXPIRE", &key, "abc"], NO_INTEGER);
    client.ask(&["EXPIRE", &key, "1.5"], NO_INTEGER);
    for (request, name) in [
        (&["EXPIRE", &*key][..], "expire"),
        (&["TTL"][..], "ttl"),
        (&["TTL", &*key, "x"][..], "ttl"),
        (&["PTTL"][..], "pttl"),
    ] {
        let error = format!("-ERR wrong number of arguments for '{name}' command\r\n");
        client.ask(request, error);
    }
    client.ask(&["TTL", &key], ":-1\r\n");
}

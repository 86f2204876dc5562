//! Step 3 of the workshop, the commands: PING, ECHO, GET, SET and INCR with Redis's replies and errors, to the letter.
//!
//! Run it against your server with
//! `AEROLITE_TEST_ADDR=127.0.0.1:16379 cargo test --test step03_commands`; see `docs/src/workshop.md`.
mod common;
mod workshop;

use workshop::chapters::{COMMANDS, OUTPUT, PIECES};
use workshop::client::bulk;
use workshop::{Client, Lesson, Step, request};

use std::thread;
use std::time::{Duration, Instant};

const STEP: Step = Step {
    number: 3,
    name: "commands",
    next: "step04_expiry, which begins with \"Expiry: passive, sampled, exact\"",
    source: include_str!("step03_commands.rs"),
};

const OK: &str = "+OK\r\n";
const NIL: &str = "$-1\r\n";
const NO_INTEGER: &str = "-ERR value is not an integer or out of range\r\n";
const OVERFLOW: &str = "-ERR increment or decrement would overflow\r\n";

const LETTER_BY_LETTER: &str =
    "clients and their users compare texts of errors: they are part of the protocol";
const STRICT: &str = "an integer is an optional - and digits without leading zeros, between -2^63 and 2^63-1, and nothing else. What \
    int() or to_i of your language takes is more than that";

fn wrong_number(command: &str) -> String {
    format!("-ERR wrong number of arguments for '{command}' command\r\n")
}

#[test]
fn t01_ping() {
    let lesson = STEP.lesson(
        "PING, with an argument and without",
        "with an argument PING answers like ECHO: a bulk string",
        COMMANDS,
    );
    let mut client = lesson.connect();
    client.ask(&["PING"], "+PONG\r\n");
    client.ask(&["PING", "hello"], bulk("hello"));
}

#[test]
fn t02_what_is_set_can_be_got() {
    let lesson = STEP.lesson(
        "SET, then GET",
        "SET answers +OK, GET a bulk string",
        COMMANDS,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("greeting"));
    client.ask(&["SET", &key, "hello"], OK);
    client.ask(&["GET", &key], bulk("hello"));
    client.ask(&["SET", &key, "hello again"], OK);
    client.ask(&["GET", &key], bulk("hello again"));
}

#[test]
fn t03_what_is_missing_is_nil() {
    let lesson = STEP.lesson(
        "GET of a key that nobody has set",
        "\"no value\" is $-1, which is something other than the empty string $0",
        COMMANDS,
    );
    let mut client = lesson.connect();
    client.ask(&["GET", &lesson.key("missing")], NIL);
    let empty = lesson.key("empty");
    client.ask(&["SET", &empty, ""], OK);
    client.ask(&["GET", &empty], bulk(""));
}

#[test]
fn t04_keys_and_values_are_bytes() {
    let lesson = STEP.lesson(
        "keys and values of any bytes",
        "keep keys and values as bytes, as they came: not decoded, not stripped, not in lower case",
        PIECES,
    );
    let mut client = lesson.connect();
    let key = lesson.key("k");
    let keys = [
        format!("{key} a"),
        format!("{key}\r\n"),
        format!("{key}é"),
        key.to_uppercase(),
        key,
    ];
    for (number, key) in keys.iter().enumerate() {
        let value = [b"\xff\r\n\0 ", number.to_string().as_bytes()].concat();
        client.ask(&[b"SET", key.as_bytes(), &value], OK);
    }
    for (number, key) in keys.iter().enumerate() {
        let value = [b"\xff\r\n\0 ", number.to_string().as_bytes()].concat();
        client.ask(&["GET", key], bulk(value));
    }
}

#[test]
fn t05_what_one_client_sets_another_gets() {
    let lesson = STEP.lesson(
        "one client sets, another one gets",
        "the table belongs to the server, not to the connection",
        COMMANDS,
    );
    let (mut one, mut other, key) = (lesson.connect(), lesson.connect(), lesson.key("shared"));
    one.ask(&["SET", &key, "from one"], OK);
    other.scene("another client has set it");
    other.ask(&["GET", &key], bulk("from one"));
    drop(one);
    other.scene("another client has set it, and has left since");
    other.ask(&["GET", &key], bulk("from one"));
}

#[test]
fn t06_incr() {
    let lesson = STEP.lesson(
        "INCR of a number, and of nothing",
        "a missing key counts as 0; the reply is an integer, :11, and what is kept is a string, 11",
        COMMANDS,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("counter"));
    client.ask(&["INCR", &key], ":1\r\n");
    client.ask(&["INCR", &key], ":2\r\n");
    client.ask(&["SET", &key, "10"], OK);
    client.ask(&["INCR", &key], ":11\r\n");
    client.ask(&["GET", &key], bulk("11"));
    client.ask(&["SET", &key, "-1"], OK);
    client.ask(&["INCR", &key], ":0\r\n");
}

#[test]
fn t07_incr_of_what_is_no_integer() {
    let lesson = STEP.lesson(
        "INCR of a value that is no integer",
        LETTER_BY_LETTER,
        COMMANDS,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("text"));
    for value in ["hello", "1.5", "12abc", ""] {
        client.ask(&["SET", &key, value], OK);
        client.ask(&["INCR", &key], NO_INTEGER);
        // The value is as it was.
        client.ask(&["GET", &key], bulk(value));
    }
}

#[test]
fn t08_what_an_integer_is() {
    let lesson = STEP.lesson(
        "INCR of a value that is almost an integer",
        STRICT,
        COMMANDS,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("almost"));
    for value in [
        " 1",
        "1 ",
        "1\n",
        "+1",
        "01",
        "-0",
        "1_000",
        "１",
        "9223372036854775808",
        "-9223372036854775809",
    ] {
        client.ask(&["SET", &key, value], OK);
        client.send_request(&["INCR", &key]);
        client.scene(&format!(
            "the value of the key is \"{}\"",
            value.escape_debug()
        ));
        client.expect(NO_INTEGER);
        client.scene("");
    }
}

#[test]
fn t09_the_ends_of_the_integers() {
    let lesson = STEP.lesson(
        "INCR at 2^63-1 and at -2^63",
        "integers here have 64 bits. A language whose integers never end (or are floating point) has to check by itself",
        COMMANDS,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("large"));
    client.ask(&["SET", &key, "9223372036854775806"], OK);
    client.ask(&["INCR", &key], ":9223372036854775807\r\n");
    client.ask(&["INCR", &key], OVERFLOW);
    client.ask(&["GET", &key], bulk("9223372036854775807"));
    client.ask(&["SET", &key, "-9223372036854775808"], OK);
    client.ask(&["INCR", &key], ":-9223372036854775807\r\n");
}

#[test]
fn t10_wrong_number_of_arguments() {
    let lesson = STEP.lesson(
        "commands with too few arguments, and with too many",
        "check the number before the command runs. The name in the error is in small letters, however it was sent",
        COMMANDS,
    );
    let mut client = lesson.connect();
    let wrong: &[&[&str]] = &[
        &["ECHO"],
        &["ECHO", "a", "b"],
        &["GET"],
        &["GET", "a", "b"],
        &["SET"],
        &["SET", "a"],
        &["INCR"],
        &["INCR", "a", "b"],
        &["PING", "a", "b"],
        &["gEt"],
    ];
    for request in wrong {
        client.ask(request, wrong_number(&request[0].to_lowercase()));
    }
}

#[test]
fn t11_unknown_commands() {
    let lesson = STEP.lesson(
        "a command that does not exist",
        "the name as it was sent, then each argument in '' with a space behind it (also behind the last one)",
        COMMANDS,
    );
    let mut client = lesson.connect();
    for (request, args) in [
        (&["NOSUCH"][..], ""),
        (&["NoSuch", "one"][..], "'one' "),
        (
            &["nosuch", "one", "two", "three"][..],
            "'one' 'two' 'three' ",
        ),
    ] {
        let name = request[0];
        let error = format!("-ERR unknown command '{name}', with args beginning with: {args}\r\n");
        client.ask(request, error);
    }
}

#[test]
fn t12_an_error_ends_nothing() {
    let lesson = STEP.lesson(
        "a pipeline with errors in the midst of it",
        "an error of a command is a reply like any other: the connection stays, and the next request is run",
        COMMANDS,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("k"));
    let requests: Vec<Vec<u8>> = vec![
        request(&["SET", &key, "1"]),
        request(&["GET"]),
        request(&["INCR", &key]),
        request(&["NOSUCH"]),
        request(&["GET", &key]),
    ];
    client.send(requests.concat());
    client.expect(OK);
    client.expect(wrong_number("get"));
    client.expect(":2\r\n");
    client.expect("-ERR unknown command 'NOSUCH', with args beginning with: \r\n");
    client.expect(bulk("2"));
    client.expect_nothing_more();
}

/// A round with a short name: many clients, each with many requests.
const MANY: Round = Round {
    clients: 10,
    each: 500,
};
/// A round with a long name.
const LONG: Round = Round {
    clients: 3,
    each: 3,
};
/// The long name is twice as long in each round, in bytes from the first to the second.
const LONG_NAME: (usize, usize) = (1024 * 1024, 8 * 1024 * 1024);
/// A round that takes longer is long enough.
const LONG_TAKES: Duration = Duration::from_secs(1);
/// Then there are more rounds of the first kind, for threads that really run at the same time: one, and as many as fit in so
/// long altogether.
const COUNTING_LASTS: Duration = Duration::from_secs(2);

/// A server that takes nothing for so long is stuck.
const SENDING_LIMIT: Duration = Duration::from_secs(20);

/// A server that may be interrupted between reading a count and writing it is wrong, and mostly gets away with it. A thread is
/// stopped when its time is up, which is 5 ms in Python and 100 ms in Ruby; a request takes a thousandth of that, and each
/// wait for a socket begins the time anew. So no count is lost for a month. To find a *long* name in a table takes long: it is
/// hashed, and compared. Then the time is up while the server looks for the count, and the thread is stopped right after.
#[test]
fn t13_no_count_is_lost() {
    let lesson = STEP.lesson(
        "many clients, each with many INCRs of one key",
        "reading the value and writing it back must not be interrupted by another client: no await and no thread in between",
        COMMANDS,
    );
    let (began, mut length) = (Instant::now(), LONG_NAME.0);
    MANY.run(&lesson, "total");
    while length <= LONG_NAME.1 {
        let began = Instant::now();
        LONG.run(&lesson, &"long".repeat(length / 4));
        if began.elapsed() > LONG_TAKES {
            break;
        }
        length *= 2;
    }
    loop {
        MANY.run(&lesson, "total");
        if began.elapsed() > COUNTING_LASTS {
            break;
        }
    }
}

/// Clients that count at the same time.
#[derive(Clone, Copy)]
struct Round {
    clients: usize,
    /// What each of them sends at once.
    each: usize,
}

impl Round {
    /// All send, each gets all its replies, and then nothing is missing.
    fn run(self, lesson: &Lesson<'_>, name: &str) {
        let (key, total) = (lesson.key(name), self.clients * self.each);
        lesson.connect().ask(&["SET", &key, "0"], OK);
        let requests = request(&["INCR", &key]).repeat(self.each);
        let mut clients: Vec<Client> = (0..self.clients)
            .map(|_| lesson.connect_while("others do the same at the same time"))
            .collect();
        thread::scope(|scope| {
            for client in &mut clients {
                scope.spawn(|| client.offer(&requests, SENDING_LIMIT));
            }
        });
        for client in &mut clients {
            for _ in 0..self.each {
                client.take_integer(1..=total as i64);
            }
        }
        let mut client = lesson.connect();
        client.scene(&format!(
            "{} clients have each sent INCR {} times, all at once, and have got their replies",
            self.clients, self.each
        ));
        client.ask(&["GET", &key], bulk(total.to_string()));
    }
}

#[test]
fn t14_a_large_value() {
    let lesson = STEP.lesson(
        "SET and GET of a megabyte",
        "a write may take only some of the bytes: keep the rest, and send it when there is room",
        OUTPUT,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("large"));
    let value = "z".repeat(1_000_000);
    client.ask(&["SET", &key, &value], OK);
    client.ask(&["GET", &key], bulk(&value));
    client.ask(&["PING"], "+PONG\r\n");
}

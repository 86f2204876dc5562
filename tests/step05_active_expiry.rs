//! Step 5 of the workshop, active expiry: keys whose time is over go although nobody asks for them, and nobody has to wait
//! for that. It is seen through DBSIZE, which counts what is kept.
//!
//! A server that samples (twenty keys each second, and again while more than a quarter of them were expired) passes; one
//! that only looks at deadlines when it is asked for the key does not. SET, EXPIRE, DBSIZE and PING are all it takes. Run it against your server with
//! `AEROLITE_TEST_ADDR=127.0.0.1:16379 cargo test --test step05_active_expiry`; see `docs/src/workshop.md`.
mod common;
mod workshop;

use workshop::chapters::{COMMANDS, EXPIRY, WHEEL};
use workshop::client::{self, bulk};
use workshop::{Client, Lesson, Step, request};

use std::thread;
use std::time::{Duration, Instant};

const STEP: Step = Step {
    number: 5,
    name: "active expiry",
    next: "step06_idle_connections, which begins with \"Poll and tokens\"",
    source: include_str!("step05_active_expiry.rs"),
};

const OK: &str = "+OK\r\n";

/// Sampling takes its time.
const PATIENCE: Duration = Duration::from_secs(30);
/// When so long none has gone, none will: who has no active expiry yet shall not wait for PATIENCE four times.
const STUCK: Duration = Duration::from_secs(10);
/// How often DBSIZE is looked at. It is the only command meanwhile.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// Requests in one write.
const BATCH: usize = 500;
/// Keys are set in moments. A server that sleeps until each deadline before it replies is known by its late replies.
const SETTING_PATIENCE: Duration = Duration::from_secs(10);

const BY_ITSELF: &str = "nobody asks for these keys, so something has to come by itself: a task or a time event that removes what is due, \
    some of it each time, and again soon while there is much";

/// Sets so many keys, each with this many seconds to live, and gives their names.
#[track_caller]
fn set_many(
    lesson: &Lesson,
    client: &mut Client,
    name: &str,
    count: usize,
    seconds: Option<&str>,
) -> Vec<String> {
    let keys: Vec<String> = (0..count)
        .map(|number| lesson.key(&format!("{name}{number}")))
        .collect();
    client.patience(SETTING_PATIENCE);
    for batch in keys.chunks(BATCH) {
        let mut requests = Vec::new();
        for key in batch {
            requests.extend(request(&["SET", key, "v"]));
            if let Some(seconds) = seconds {
                requests.extend(request(&["EXPIRE", key, seconds]));
            }
        }
        client.send(requests);
        for _ in batch {
            client.expect(OK);
            if seconds.is_some() {
                client.expect(":1\r\n");
            }
        }
    }
    client.patience(client::PATIENCE);
    keys
}

#[track_caller]
fn size(client: &mut Client) -> i64 {
    client.ask_integer(&["DBSIZE"], 0..=i64::MAX)
}

/// Looks at DBSIZE until it has come down to `most`.
#[track_caller]
fn await_size(client: &mut Client, most: i64, scene: &str) {
    let (began, mut fell) = (Instant::now(), Instant::now());
    let at_first = size(client);
    let mut found = at_first;
    while found > most {
        let is_stuck = fell.elapsed() > STUCK;
        if is_stuck || began.elapsed() > PATIENCE {
            let why = match is_stuck {
                true => format!(", and no fewer for {STUCK:?}"),
                false => ", still".to_string(),
            };
            client.scene(scene);
            if found == at_first {
                client.hint(BY_ITSELF);
            }
            client.tell("*1\\r\\n$6\\r\\nDBSIZE\\r\\n   (again and again)");
            client.fail(
                &format!(":{most}\\r\\n or less, within {PATIENCE:?}"),
                &format!(":{found}\\r\\n{why}"),
            );
        }
        thread::sleep(BETWEEN_LOOKS);
        let now = size(client);
        if now < found {
            fell = Instant::now();
        }
        found = now;
    }
}

#[test]
fn t01_dbsize() {
    let lesson = STEP.lesson(
        "DBSIZE counts keys",
        "the number of keys in the table, as an integer; a key that is set again is no other key",
        COMMANDS,
    );
    let mut client = lesson.connect();
    // What others have left may go meanwhile, so it is tried again.
    for attempt in 0.. {
        let before = size(&mut client);
        for _ in 0..2 {
            for name in ["a", "b", "c"] {
                client.ask(&["SET", &lesson.key(&format!("{name}{attempt}")), "v"], OK);
            }
        }
        let after = size(&mut client);
        if after == before + 3 {
            break;
        }
        if attempt == 5 {
            client.tell("DBSIZE, then SETs of three new keys, each twice, then DBSIZE");
            client.fail(
                &format!(":{}\\r\\n", before + 3),
                &format!(":{after}\\r\\n"),
            );
        }
    }
}

#[test]
fn t02_keys_go_though_nobody_asks_for_them() {
    const KEYS: usize = 1000;
    let lesson = STEP.lesson(
        "a thousand keys with a deadline, and nobody asks for them",
        BY_ITSELF,
        EXPIRY,
    );
    let mut client = lesson.connect();
    let before = size(&mut client);
    set_many(&lesson, &mut client, "short", KEYS, Some("1"));
    let scene = format!("DBSIZE was {before}, then {KEYS} keys were set with EXPIRE 1");
    await_size(&mut client, before, &scene);
}

#[test]
fn t03_keys_without_a_deadline_stay() {
    const STAYING: usize = 100;
    let lesson = STEP.lesson(
        "keys with a short deadline among keys with none",
        "only what has a deadline, and whose deadline is over, may go",
        EXPIRY,
    );
    let mut client = lesson.connect();
    let before = size(&mut client);
    let staying = set_many(&lesson, &mut client, "stays", STAYING, None);
    set_many(&lesson, &mut client, "short", 300, Some("1"));
    let scene = format!(
        "DBSIZE was {before}, then {STAYING} keys without a deadline and 300 with EXPIRE 1 were set"
    );
    await_size(&mut client, before + STAYING as i64, &scene);
    client.scene("keys with a deadline have just gone; this one has none");
    for key in &staying {
        client.ask(&["GET", key], "$1\r\nv\r\n");
    }
}

#[test]
fn t04_most_go_even_where_others_live_long() {
    const LONG: usize = 300;
    const SHORT: usize = 900;
    let lesson = STEP.lesson(
        "keys that are due soon among keys that are due late",
        "when a sample finds many that are over, there are many more: sample again at once, not after the next pause",
        EXPIRY,
    );
    let mut client = lesson.connect();
    let before = size(&mut client);
    let long = set_many(&lesson, &mut client, "long", LONG, Some("1000"));
    set_many(&lesson, &mut client, "short", SHORT, Some("1"));
    // Who samples goes on while more than a quarter of the sample was over: the rest may take long.
    let rest = (LONG / 2) as i64;
    let scene = format!(
        "DBSIZE was {before}, then {LONG} keys with EXPIRE 1000 and {SHORT} with EXPIRE 1 were set (a rest of {rest} may take longer)"
    );
    await_size(&mut client, before + LONG as i64 + rest, &scene);
    client.scene("this key was set with EXPIRE 1000");
    for key in &long {
        client.ask(&["GET", key], "$1\r\nv\r\n");
        client.ask(&["EXPIRE", key, "0"], ":1\r\n");
    }
}

#[test]
fn t05_nobody_waits_for_it() {
    const KEYS: usize = 20_000;
    let lesson = STEP.lesson(
        "PING while twenty thousand keys end together",
        "a time event must never sleep, and does only a little at a time; to wait is what the loop does between its turns",
        WHEEL,
    );
    let mut client = lesson.connect();
    let before = size(&mut client);
    set_many(&lesson, &mut client, "short", KEYS, Some("1"));
    let scene = format!("{KEYS} keys that were set with EXPIRE 1 come to their deadline");
    lesson.stays_quick(Duration::from_secs(3), &scene);
    await_size(
        &mut client,
        before,
        &format!("DBSIZE was {before}, then {KEYS} keys were set with EXPIRE 1"),
    );
}

/// In seconds.
const A_HUNDRED_DAYS: usize = 100 * 24 * 3600;

#[test]
fn t06_a_deadline_far_away_holds_up_nobody() {
    let lesson = STEP.lesson(
        "PING while a key waits for its deadline",
        "do not sleep until a key's deadline: note it, go on, and let poll (or select, or the event loop) wake you when it has come",
        WHEEL,
    );
    let (mut client, key) = (lesson.connect(), lesson.key("waits"));
    client.ask(&["SET", &key, "v"], OK);
    client.ask(&["EXPIRE", &key, "100"], ":1\r\n");
    let distant = lesson.key("distant");
    client.ask(&["SET", &distant, "v"], OK);
    client.ask(&["EXPIRE", &distant, &A_HUNDRED_DAYS.to_string()], ":1\r\n");
    lesson.stays_quick(
        Duration::from_secs(1),
        "a key that was set with EXPIRE 100 is there",
    );
    client.ask(&["EXPIRE", &key, "0"], ":1\r\n");
    client.scene("a second ago the key was given a hundred days");
    client.hint("a hundred days are more milliseconds than 31 bits hold: the timers of some languages fire at once then");
    client.ask(&["GET", &distant], bulk("v"));
    client.ask(&["EXPIRE", &distant, "0"], ":1\r\n");
}

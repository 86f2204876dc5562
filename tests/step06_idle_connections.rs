//! Step 6 of the workshop, idle connections: ten thousand clients that say nothing cost nothing, and hold up nobody.
//!
//! As many as the limit of descriptors allows; `AEROLITE_TEST_CONNECTIONS=500` asks for fewer. Both processes need them: see
//! `ulimit -n`. Run it against your server with
//! `AEROLITE_TEST_ADDR=127.0.0.1:16379 cargo test --test step06_idle_connections`; see `docs/src/workshop.md`.
mod common;
#[path = "common/tools.rs"]
mod tools;
mod workshop;

use tools::connection_budget;
use workshop::chapters::{BLOCKING, FAULTS, OUTPUT, POLL};
use workshop::process::processor_time;
use workshop::{Client, Lesson, Step};

use std::env;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

const STEP: Step = Step {
    number: 6,
    name: "idle connections",
    next: "step07_never_reads, which begins with \"Output buffers, and when to ask for writability\"",
    source: include_str!("step06_idle_connections.rs"),
};

/// Idle clients, if there are descriptors for them.
const MANY: usize = 10_000;
/// Overrides it.
const WANTED: &str = "AEROLITE_TEST_CONNECTIONS";
/// So long is watched how much processor time a server uses that has nothing to do.
const WATCHED: Duration = Duration::from_millis(1500);
/// More than this share of it is not idle. A busy loop takes all that it is given, which is less on a busy machine.
const IDLE_SHARE: f64 = 0.15;
/// Everybody is connected and served within this time.
const CONNECTING: Duration = Duration::from_secs(60);

const ASK_THE_KERNEL: &str = "wait with epoll or kqueue (mio, asyncio, libuv and Go do), which tell you who is ready. select stops at 1024 \
    descriptors in C and Python, a thread for each client needs memory for each, and to look at every client costs time for each. Descriptors may \
    have run out: `ulimit -n`, or AEROLITE_TEST_CONNECTIONS=500";
const DO_NOT_SPIN: &str = "a socket is writable nearly always: who asks for writability without having anything to write is woken at once, \
    every time. Ask for it only while output is waiting, and let the wait have no timeout when nothing is due";

/// The lessons of this step count descriptors and processor time, so they never run side by side.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn many() -> usize {
    let wanted = env::var(WANTED).ok().and_then(|number| number.parse().ok());
    connection_budget(wanted.unwrap_or(MANY))
}

/// Connects so many clients, each of which is served once, so that it is known to be accepted.
#[track_caller]
fn connect_many(lesson: &Lesson, count: usize) -> Vec<Client> {
    let began = Instant::now();
    let mut clients = Vec::with_capacity(count);
    for number in 1..=count {
        let mut client =
            lesson.connect_while(&format!("{} other clients are connected", number - 1));
        client.ask(&["PING"], "+PONG\r\n");
        if began.elapsed() > CONNECTING {
            client.fail(
                &format!(
                    "{count} clients are connected within {CONNECTING:?}, and each gets +PONG\\r\\n"
                ),
                &format!("{number} are, after {:.0?}", began.elapsed()),
            );
        }
        clients.push(client);
    }
    clients
}

/// Wants the server to use next to no processor time while nobody asks for anything. Only where it can be seen.
#[track_caller]
fn expect_idle(lesson: &Lesson, client: &mut Client, scene: &str) {
    let used = || lesson.pid().and_then(processor_time);
    let Some(before) = used() else {
        eprintln!("skipped: the server's process cannot be seen from here");
        return;
    };
    let began = Instant::now();
    thread::sleep(WATCHED);
    let Some(after) = used() else {
        client.scene(scene);
        client.tell("(nothing)");
        client.fail("the server goes on", "its process has ended");
    };
    let (used, watched) = (after.saturating_sub(before), began.elapsed());
    eprintln!("{used:.1?} of processor time in {watched:.1?}");
    if used.as_secs_f64() > watched.as_secs_f64() * IDLE_SHARE {
        client.scene(scene);
        client.tell("(nothing)");
        client.fail(
            "the server sleeps",
            &format!("it used {used:.1?} of processor time in {watched:.1?}"),
        );
    }
}

#[test]
fn t01_one_idle_client_costs_nothing() {
    let _alone = alone();
    let lesson = STEP.lesson(
        "one client is connected and says nothing",
        DO_NOT_SPIN,
        OUTPUT,
    );
    let mut client = lesson.connect();
    client.ask(&["PING"], "+PONG\r\n");
    expect_idle(
        &lesson,
        &mut client,
        "one client is connected and says nothing",
    );
    client.ask(&["PING"], "+PONG\r\n");
}

#[test]
fn t02_a_hundred_idle_clients() {
    let _alone = alone();
    let lesson = STEP.lesson(
        "a hundred clients are connected and say nothing",
        ASK_THE_KERNEL,
        POLL,
    );
    let idle = connect_many(&lesson, 100.min(many()));
    lesson.stays_quick(Duration::from_secs(1), "a hundred other clients are idle");
    drop(idle);
}

#[test]
fn t03_ten_thousand_idle_clients() {
    let _alone = alone();
    let count = many();
    let lesson = STEP.lesson(
        "ten thousand clients, or as many as there are descriptors for",
        ASK_THE_KERNEL,
        POLL,
    );
    let scene = format!("{count} other clients are idle");
    let mut idle = connect_many(&lesson, count);
    lesson.stays_quick(Duration::from_secs(1), &scene);
    expect_idle(&lesson, &mut idle[0], &scene);
    // None of them was forgotten.
    for client in &mut idle {
        client.scene(&scene);
        client.send_request(&["PING"]);
    }
    for client in &mut idle {
        client.expect("+PONG\r\n");
    }
}

#[test]
fn t04_all_leave_at_once() {
    let _alone = alone();
    let count = many();
    let lesson = STEP.lesson(
        "all idle clients leave at once",
        "each that leaves has to be noticed and its socket closed; a descriptor that is not closed is missing later",
        FAULTS,
    );
    let mut stays = lesson.connect();
    // Together they are more than there are descriptors, if those who left were not closed.
    for _ in 0..2 {
        drop(connect_many(&lesson, count / 2 + count / 4));
    }
    let scene = "many clients have left at once";
    stays.scene(scene);
    stays.ask(&["PING"], "+PONG\r\n");
    expect_idle(&lesson, &mut stays, scene);
    lesson.stays_quick(Duration::from_millis(500), scene);
}

#[test]
fn t05_clients_come_and_go() {
    const VISITS: usize = 1000;
    let _alone = alone();
    let lesson = STEP.lesson(
        "a thousand clients come, one after the other, and ask once",
        "the queue of connections that wait to be accepted is short: accept all that are there, each time",
        BLOCKING,
    );
    let began = Instant::now();
    for _ in 0..VISITS {
        let mut client = lesson.connect();
        client.ask(&["PING"], "+PONG\r\n");
        if began.elapsed() > CONNECTING {
            client.fail(
                &format!("{VISITS} visits within {CONNECTING:?}"),
                "it takes longer",
            );
        }
    }
}

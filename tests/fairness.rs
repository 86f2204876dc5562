//! Fairness: a quiet client beside clients that never pause. The bounds are an order of magnitude above what is seen,
//! since the machine runs other tests too, and what it spoils is tried again; `benches/` measure.
mod common;

use common::timing::goes_well;
use common::{Conn, Target, server};

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long the busy clients go on.
const BUSY_FOR: Duration = Duration::from_millis(1500);
/// Commands in one pipeline of a busy client.
const PIPELINE: usize = 200;
/// The quiet client's pause between two questions.
const PAUSE: Duration = Duration::from_millis(1);
/// What 99 of 100 PINGs have to stay below.
const P99_BOUND: Duration = Duration::from_millis(200);
/// What every PING has to stay below.
const WORST_BOUND: Duration = Duration::from_secs(1);
/// So many questions at least, or the percentile says nothing.
const FEWEST_SAMPLES: usize = 30;

/// Tells the busy clients to stop, also when the test fails: otherwise it would wait for them for ever.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sends the same pipeline for ever, always a few ahead of the replies that it reads; gives how many commands were
/// answered.
fn pipeline_without_pause(target: &Target, commands: &str, stop: &AtomicBool) -> usize {
    const AHEAD: usize = 4;
    let mut conn = target.connect();
    let batch = commands.repeat(PIPELINE);
    let mut answered = 0;
    for _ in 0..AHEAD {
        conn.send_raw(batch.as_bytes());
    }
    while !stop.load(Ordering::Relaxed) {
        read_replies(&mut conn);
        answered += PIPELINE;
        conn.send_raw(batch.as_bytes());
    }
    answered
}

fn read_replies(conn: &mut Conn) {
    for _ in 0..PIPELINE {
        let reply = conn.read_value();
        assert!(!reply.is_error(), "{reply:?}");
    }
}

/// Asks PING with pauses until told to stop, and often enough; gives how long each took, sorted.
fn ping_quietly(conn: &mut Conn, stop: impl Fn() -> bool) -> Vec<Duration> {
    let mut took = Vec::new();
    while !stop() || took.len() < FEWEST_SAMPLES {
        let started = Instant::now();
        conn.transcript("PING => +PONG");
        took.push(started.elapsed());
        thread::sleep(PAUSE);
    }
    took.sort();
    took
}

fn prompt(took: &[Duration]) -> Result<(), String> {
    let p99 = took[took.len() * 99 / 100];
    let worst = took[took.len() - 1];
    if p99 < P99_BOUND && worst < WORST_BOUND {
        return Ok(());
    }
    let count = took.len();
    Err(format!("{count} PINGs: p99 {p99:?}, worst {worst:?}"))
}

#[test]
fn a_quiet_client_beside_two_that_never_pause() {
    let target = server();
    let mut quiet = target.connect();
    goes_well(|| {
        let stop = AtomicBool::new(false);
        let (took, answered) = thread::scope(|scope| {
            let busy = ["SET busy:1 some-value\r\n", "GET busy:1\r\n"]
                .map(|commands| scope.spawn(|| pipeline_without_pause(&target, commands, &stop)));
            let guard = Stop(&stop);
            let started = Instant::now();
            let took = ping_quietly(&mut quiet, || started.elapsed() > BUSY_FOR);
            drop(guard);
            (took, busy.map(|thread| thread.join().unwrap_or(0)))
        });
        if answered.iter().any(|count| *count < 10 * PIPELINE) {
            return Err(format!("a busy client got {answered:?}"));
        }
        prompt(&took)
    });
}

#[test]
fn busy_clients_are_served_alike() {
    let target = server();
    goes_well(|| {
        let stop = AtomicBool::new(false);
        let answered = thread::scope(|scope| {
            let busy = [0; 3].map(|_| {
                scope.spawn(|| pipeline_without_pause(&target, "INCR together\r\n", &stop))
            });
            thread::sleep(BUSY_FOR);
            drop(Stop(&stop));
            busy.map(|thread| thread.join().unwrap_or(0))
        });
        let most = answered.into_iter().max().unwrap_or(0);
        let least = answered.into_iter().min().unwrap_or(0);
        if least > 0 && most / least <= 10 {
            return Ok(());
        }
        Err(format!("who gets how much differs too much: {answered:?}"))
    });
}

#[test]
fn a_quiet_client_while_keys_are_inserted() {
    const KEYS: usize = 300_000;
    const BATCH: usize = 1000;
    let target = server();
    let mut quiet = target.connect();
    goes_well(|| {
        quiet.transcript("FLUSHALL => +OK");
        let took = thread::scope(|scope| {
            let loader = scope.spawn(|| {
                let mut conn = target.connect();
                for first in (0..KEYS).step_by(BATCH) {
                    let batch: String = (first..first + BATCH)
                        .map(|n| format!("SET key:{n} value\r\n"))
                        .collect();
                    conn.send_raw(batch.as_bytes());
                    for _ in 0..BATCH {
                        conn.read_value();
                    }
                }
            });
            ping_quietly(&mut quiet, || loader.is_finished())
        });
        quiet.transcript(&format!("DBSIZE => :{KEYS}"));
        prompt(&took)
    });
}

#[test]
fn a_quiet_client_while_everything_is_flushed() {
    const KEYS: usize = 100_000;
    let target = server();
    let mut quiet = target.connect();
    let mut loader = target.connect();
    goes_well(|| {
        for first in (0..KEYS).step_by(1000) {
            let pairs: String = (first..first + 1000)
                .map(|n| format!(" key:{n} value"))
                .collect();
            loader.send_raw(format!("MSET{pairs}\r\n").as_bytes());
            assert!(!loader.read_value().is_error());
        }
        loader.transcript(&format!(
            "DBSIZE => :{KEYS}\nFLUSHALL ASYNC => +OK\nDBSIZE => :0"
        ));
        let started = Instant::now();
        let took = ping_quietly(&mut quiet, || {
            started.elapsed() > Duration::from_millis(300)
        });
        prompt(&took)
    });
}

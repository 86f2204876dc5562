//! Processor time of the server per request, 50 connections with pipelines of 16. Server and clients share one core as
//! batch jobs, so that each runs until it has to wait. Each case of each round has a server of its own.
//!
//! | case | each request |
//! | --- | --- |
//! | `MULTI, 5 INCR, EXEC` | all of it, on counters that are there |
//! | `WATCH, MULTI, INCR, EXEC` | watches a key that nobody changes, counts another up |
//! | `GET, tracking` | one of 100,000 keys, for a client that is to be told when it changes |
//! | `SET, allkeys-lru`, `-lfu` | a new key with 100 bytes when memory is full |
//! | `SET, events on` | one of 100,000 keys; a client has `PSUBSCRIBE __key*__:*`, so there are two messages |
//! | `SET, MONITOR` | one of 100,000 keys; a client monitors |

use super::Extent;
use super::cases::{CPU_NS, REQUEST, REQUESTS};
use super::{eviction, publish};
use crate::client::Client;
use crate::load::{self, Load, PATIENCE, REPLY_BYTES, encode};
use crate::process::Process;
use crate::side_by_side::{Contender, Samples, drive, share_core};
use std::io::{self, Read};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Keys that requests choose among.
pub const KEYSPACE: usize = 100_000;

/// Numbers of keys that are almost surely new.
const NEW_KEYS: usize = 900_000_000;

const DEPTH: usize = 16;

/// How long a case is asked for.
const SLICE: Duration = Duration::from_millis(400);

/// From one look at what a listener has to the next.
const LISTENER_POLL: Duration = Duration::from_millis(1);

const KEY: &[u8] = b"key:000000000000";
const COUNTER: &[u8] = b"counter:000000000000";

/// Every case once with each server; leaves this process on the core.
pub fn measure(
    contenders: &[Contender],
    extent: Extent,
    core: usize,
    round: usize,
    samples: &mut Samples,
) -> io::Result<()> {
    for name in REQUESTS {
        for contender in contenders {
            let server = contender.program.start()?;
            share_core(core, std::slice::from_ref(&server));
            let metrics = [(CPU_NS, per_request(&server, name, extent)?)];
            samples.add((REQUEST, name), contender.name, round, &metrics);
        }
    }
    Ok(())
}

fn per_request(server: &Process, name: &str, extent: Extent) -> io::Result<f64> {
    let addr = server.addr;
    let case = Case::of(name);
    match name.strip_prefix("SET, allkeys-") {
        Some(_) => eviction::fill(addr, &name["SET, ".len()..], extent)?,
        None => load::fill(addr, KEYSPACE)?,
    }
    for (setting, value) in case.settings {
        Client::connect(addr)?.ask(&["CONFIG", "SET", setting, value])?;
    }
    let mut load = Load::of_request(addr, &case.request, case.lines, DEPTH, case.keys)?;
    if name == "GET, tracking" {
        load.introduce(&publish::tracking(), b"+OK\r\n")?;
    }
    let Some((request, end, lines)) = case.listener else {
        return drive(server, &mut load, SLICE / extent.divisor, |_| Ok(()));
    };
    let listener = Listener::start(addr, request, end)?;
    drive(server, &mut load, SLICE / extent.divisor, |requests| {
        listener.wait_for(requests * lines)
    })
}

/// What is sent, and what has to be beside it.
struct Case {
    request: Vec<u8>,
    /// Lines of its reply.
    lines: usize,
    /// Numbers of keys to choose among.
    keys: usize,
    /// For CONFIG SET.
    settings: &'static [(&'static str, &'static str)],
    /// What one more client sends, the end of the reply, and the lines that it then gets for each request.
    listener: Option<(&'static [u8], &'static [u8], usize)>,
}

impl Case {
    fn of(name: &str) -> Case {
        let multi = encode(&[b"MULTI"]);
        let incr = encode(&[b"INCR", COUNTER]);
        let exec = encode(&[b"EXEC"]);
        let watch = encode(&[b"WATCH", KEY]);
        let case = |request, lines| Case {
            request,
            lines,
            keys: KEYSPACE,
            settings: &[],
            listener: None,
        };
        let set = case(encode(&[b"SET", KEY, b"xxx"]), 1);
        match name {
            "MULTI, 5 INCR, EXEC" => case([multi, incr.repeat(5), exec].concat(), 1 + 5 + 6),
            "WATCH, MULTI, INCR, EXEC" => case([watch, multi, incr, exec].concat(), 5),
            "GET, tracking" => case(encode(&[b"GET", KEY]), 2),
            "SET, events on" => Case {
                settings: &[
                    ("notify-keyspace-events", "KEA"),
                    ("client-output-buffer-limit", "pubsub 0 0 0"),
                ],
                listener: Some((b"PSUBSCRIBE __key*__:*\r\n", b":1\r\n", 2 * 9)),
                ..set
            },
            "SET, MONITOR" => Case {
                listener: Some((b"MONITOR\r\n", b"+OK\r\n", 1)),
                ..set
            },
            _ => Case {
                keys: NEW_KEYS,
                ..case(eviction::setting(KEY), 1)
            },
        }
    }
}

/// A client that is told of every request, and reads it all.
struct Listener {
    lines: Arc<AtomicUsize>,
}

impl Listener {
    /// Its thread ends with the connection, when the server does.
    fn start(addr: SocketAddr, request: &[u8], end: &[u8]) -> io::Result<Listener> {
        let mut stream = load::connect(addr)?;
        load::introduce(&mut stream, request, end)?;
        let lines = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&lines);
        thread::Builder::new().spawn(move || {
            let mut buffer = vec![0; REPLY_BYTES];
            while let Ok(read @ 1..) = stream.read(&mut buffer) {
                let came = memchr::memchr_iter(b'\n', &buffer[..read]).count();
                seen.fetch_add(came, Ordering::Relaxed);
            }
        })?;
        Ok(Listener { lines })
    }

    /// Until it has so many lines.
    fn wait_for(&self, lines: usize) -> io::Result<()> {
        let start = Instant::now();
        while self.lines.load(Ordering::Relaxed) < lines {
            if start.elapsed() > PATIENCE {
                return Err(io::Error::other("a listener was not told everything"));
            }
            thread::sleep(LISTENER_POLL);
        }
        Ok(())
    }
}

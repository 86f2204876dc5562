//! What another client waits for its PONG while something happens.
//!
//! ```text
//!   the server, on a core of its own
//!   the client that makes it happen, on another
//!   the client that waits, there too, real-time    PING  PING  PING  one every 0.5 ms
//! ```
//!
//! A PING that should have been sent during a pause counts as late since the moment it was due; otherwise a pause of
//! 50 ms would be one slow PING among thousands.

use crate::load;
use crate::process;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// From one PING to the next.
const INTERVAL: Duration = Duration::from_micros(500);

/// More PINGs than a pause can hold up.
const MAX_PINGS: usize = 1_000_000;

/// How long each PING waited.
pub struct Waits {
    /// The shortest first.
    sorted: Vec<Duration>,
}

impl Waits {
    /// While this happens, and for `lead` before it and after the first PONG. The client that waits is on this core.
    pub fn during(
        addr: SocketAddr,
        core: usize,
        lead: Duration,
        happening: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<Waits> {
        let pinger = Pinger::start(addr, core)?;
        thread::sleep(lead);
        let happened = happening();
        let mut sorted = pinger.stop()?;
        happened?;
        sorted.sort_unstable();
        Ok(Waits { sorted })
    }

    /// The wait that so many of a thousand do not exceed, in microseconds.
    pub fn per_mille(&self, per_mille: usize) -> f64 {
        let at = (self.sorted.len() * per_mille).div_ceil(1000);
        microseconds(self.sorted.get(at.saturating_sub(1)))
    }

    /// The longest, in microseconds.
    pub fn longest(&self) -> f64 {
        microseconds(self.sorted.last())
    }
}

fn microseconds(wait: Option<&Duration>) -> f64 {
    wait.map_or(0.0, |wait| wait.as_secs_f64() * 1e6)
}

/// A thread that sends PING after PING.
struct Pinger {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<io::Result<Vec<Duration>>>,
}

impl Pinger {
    fn start(addr: SocketAddr, core: usize) -> io::Result<Pinger> {
        let is_over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_over);
        let (ready, is_ready) = mpsc::channel();
        let thread = thread::Builder::new().spawn(move || {
            // Where that is not allowed it is a client like the others.
            process::place_thread_real_time(core);
            ping(addr, &seen, &ready)
        })?;
        // No answer comes from a thread that failed; what it failed of is told when it is stopped.
        let _ = is_ready.recv();
        Ok(Pinger { is_over, thread })
    }

    fn stop(self) -> io::Result<Vec<Duration>> {
        self.is_over.store(true, Ordering::Relaxed);
        let ended = self.thread.join();
        ended.map_err(|_| io::Error::other("the client that sends PING failed"))?
    }
}

fn ping(addr: SocketAddr, is_over: &AtomicBool, ready: &Sender<()>) -> io::Result<Vec<Duration>> {
    let mut stream = load::connect(addr)?;
    let mut waits = Vec::new();
    let mut due = Instant::now();
    while !is_over.load(Ordering::Relaxed) && waits.len() < MAX_PINGS {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let mut reply = [0; 7];
        let sent = Instant::now();
        stream.write_all(b"PING\r\n")?;
        stream.read_exact(&mut reply)?;
        let came = Instant::now();
        waits.push(came - sent);
        if waits.len() == 1 {
            let _ = ready.send(());
        }
        // ANCHOR: omitted
        due += INTERVAL;
        while due < came && waits.len() < MAX_PINGS {
            waits.push(came - due);
            due += INTERVAL;
        }
        // ANCHOR_END: omitted
    }
    Ok(waits)
}

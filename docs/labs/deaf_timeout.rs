//! A lab: a timeout that ignores the nearest timer.
//!
//! ```text
//! cargo run --example lab_deaf_timeout -- broken
//! cargo run --example lab_deaf_timeout -- fixed
//! ```
//!
//! A server that closes whoever has said nothing for a while. It keeps a list of deadlines and looks at it after every
//! sleep. The broken one tells nobody how long that sleep may be: `poll` knows of no deadline, so it sleeps until
//! something else happens.

mod harness;

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aerolite::ae::{EventLoop, Io, Mask, Next, TimeEventId, Token};
use harness::{Bench, Lab};
use mio::net::TcpStream;

/// Who connects and says nothing is closed after this long.
const IDLE: Duration = Duration::from_millis(200);

/// The client waits this long for that before it knocks.
const WAIT: Duration = Duration::from_millis(2000);

/// How deadlines are kept: one of the two.
type Arm = fn(&mut EventLoop<Door>, &mut Door, Token);

struct Door {
    bench: Bench,
    clients: HashMap<Token, TcpStream>,
    /// Whose time ends when: in milliseconds of the loop, the earliest first.
    deadlines: VecDeque<(u64, Token)>,
    arm: Arm,
}

impl Lab for Door {
    fn bench(&mut self) -> &mut Bench {
        &mut self.bench
    }

    fn begin(&mut self, event_loop: &mut EventLoop<Door>) {
        event_loop.set_after_sleep(Some(close_overdue));
    }

    fn welcome(
        &mut self,
        event_loop: &mut EventLoop<Door>,
        mut stream: TcpStream,
    ) -> io::Result<()> {
        let token = event_loop.create_file_event(&mut stream, Mask::READABLE, read)?;
        self.clients.insert(token, stream);
        (self.arm)(event_loop, self, token);
        Ok(())
    }
}

fn main() -> ExitCode {
    harness::report(start())
}

fn start() -> io::Result<()> {
    let mut bench = Bench::from_command_line()?;
    // The time event that prints a line each second would wake the loop, and hide the fault.
    bench.without_lines();
    let arm = bench.choose(arm_broken as Arm, arm_fixed);
    let door = Door {
        bench,
        clients: HashMap::new(),
        deadlines: VecDeque::new(),
        arm,
    };
    harness::run(door, harness::accept_all, client)
}

// ANCHOR: fault
fn arm_broken(event_loop: &mut EventLoop<Door>, door: &mut Door, token: Token) {
    event_loop.refresh_clock();
    let at_ms = event_loop.now_ms() + IDLE.as_millis() as u64;
    door.deadlines.push_back((at_ms, token));
}
// ANCHOR_END: fault

// ANCHOR: fix
fn arm_fixed(event_loop: &mut EventLoop<Door>, door: &mut Door, token: Token) {
    event_loop.refresh_clock();
    let at_ms = event_loop.now_ms() + IDLE.as_millis() as u64;
    door.deadlines.push_back((at_ms, token));
    event_loop.create_time_event_at(at_ms, at_deadline);
}

fn at_deadline(event_loop: &mut EventLoop<Door>, door: &mut Door, _: TimeEventId) -> Next {
    close_overdue(event_loop, door);
    Next::NoMore
}
// ANCHOR_END: fix

// ANCHOR: overdue
/// After each sleep: closes those whose time is over.
fn close_overdue(event_loop: &mut EventLoop<Door>, door: &mut Door) {
    let now_ms = event_loop.now_ms();
    while let Some(&(at_ms, token)) = door.deadlines.front()
        && at_ms <= now_ms
    {
        door.deadlines.pop_front();
        door.bench.meter.add("closed", 1);
        close(event_loop, door, token);
    }
}
// ANCHOR_END: overdue

/// Clients have nothing to say here that matters; only that they leave does.
fn read(event_loop: &mut EventLoop<Door>, door: &mut Door, token: Token) -> Io {
    let Some(stream) = door.clients.get_mut(&token) else {
        return Io::Drained;
    };
    match harness::read(event_loop, token, stream, &mut [0; 64]) {
        Ok(1..) => Io::More,
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Io::Drained,
        Ok(0) | Err(_) => {
            door.deadlines.retain(|(_, other)| *other != token);
            close(event_loop, door, token)
        }
    }
}

fn close(event_loop: &mut EventLoop<Door>, door: &mut Door, token: Token) -> Io {
    if let Some(mut stream) = door.clients.remove(&token)
        && let Err(error) = event_loop.delete_file_event(token, &mut stream)
    {
        eprintln!("close: {error}");
    }
    Io::Drained
}

/// Says nothing, and waits to be closed; knocks, by another connection, when that takes too long.
fn client(addr: SocketAddr) -> io::Result<String> {
    let since = Instant::now();
    let mut silent = harness::connect(addr)?;
    silent.set_read_timeout(Some(WAIT))?;
    let mut knocks = Vec::new();
    while !is_closed(&mut silent) && knocks.is_empty() {
        println!(
            "client: silent for {} ms and not closed; knocks",
            since.elapsed().as_millis()
        );
        knocks.push(harness::connect(addr)?);
    }
    let closed_ms = since.elapsed().as_millis();
    let knocked = knocks.len();
    println!("client: closed after {closed_ms} ms");
    Ok(format!("closed after {closed_ms} ms  knocks {knocked}"))
}

/// Whether the server ends this connection before the read gives up.
fn is_closed(stream: &mut std::net::TcpStream) -> bool {
    match stream.read(&mut [0; 64]) {
        Ok(len) => len == 0,
        Err(error) => !harness::is_timeout(&error),
    }
}

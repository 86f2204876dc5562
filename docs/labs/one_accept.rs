//! A lab: one accept for each edge.
//!
//! ```text
//! cargo run --example lab_one_accept -- broken
//! cargo run --example lab_one_accept -- fixed
//! ```
//!
//! A server that greets whoever comes. While it is busy for a moment, a crowd connects: that is one edge of its
//! listener. The broken one takes one connection for it and waits for the next edge, which comes with the next
//! newcomer. From then on everybody waits for somebody who comes later.

mod harness;

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use aerolite::ae::{EventLoop, FileProc, Io, Mask, Token};
use harness::{Bench, Lab, accept_one};
use mio::net::TcpStream;

const ACCEPTS_PER_TURN: usize = 100;

/// Connections that come at once.
const CROWD: usize = 20;

/// How long the server is busy meanwhile. It stands for a slow command.
const BUSY: Duration = Duration::from_millis(800);

/// How long the client waits for all who connected to be greeted.
const WAIT: Duration = Duration::from_millis(1100);

const GREETING: &[u8] = b"welcome\n";

struct Door {
    bench: Bench,
    clients: HashMap<Token, TcpStream>,
}

impl Lab for Door {
    fn bench(&mut self) -> &mut Bench {
        &mut self.bench
    }

    fn welcome(
        &mut self,
        event_loop: &mut EventLoop<Door>,
        mut stream: TcpStream,
    ) -> io::Result<()> {
        stream.write_all(GREETING)?;
        let token = event_loop.create_file_event(&mut stream, Mask::READABLE, read)?;
        self.clients.insert(token, stream);
        Ok(())
    }
}

fn main() -> ExitCode {
    harness::report(start())
}

fn start() -> io::Result<()> {
    let bench = Bench::from_command_line()?;
    let accept = bench.choose(accept_broken as FileProc<Door>, accept_fixed);
    let door = Door {
        bench,
        clients: HashMap::new(),
    };
    harness::run(door, accept, client)
}

// ANCHOR: fault
fn accept_broken(event_loop: &mut EventLoop<Door>, door: &mut Door, _: Token) -> Io {
    match accept_one(event_loop, door) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        Err(error) => eprintln!("accept: {error}"),
    }
    Io::Drained
}
// ANCHOR_END: fault

// ANCHOR: fix
fn accept_fixed(event_loop: &mut EventLoop<Door>, door: &mut Door, _: Token) -> Io {
    for _ in 0..ACCEPTS_PER_TURN {
        match accept_one(event_loop, door) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Io::Drained,
            Err(error) => eprintln!("accept: {error}"),
        }
    }
    Io::More
}
// ANCHOR_END: fix

/// Whatever a client says keeps the server busy.
fn read(event_loop: &mut EventLoop<Door>, door: &mut Door, token: Token) -> Io {
    let Some(stream) = door.clients.get_mut(&token) else {
        return Io::Drained;
    };
    match harness::read(event_loop, token, stream, &mut [0; 64]) {
        Ok(0) => close(event_loop, door, token),
        Ok(_) => {
            thread::sleep(BUSY);
            Io::More
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Io::Drained,
        Err(_) => close(event_loop, door, token),
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

/// Keeps the server busy, comes with a crowd, and then with one more.
fn client(addr: SocketAddr) -> io::Result<String> {
    let mut first = harness::connect(addr)?;
    first.read_exact(&mut [0; GREETING.len()])?;
    first.write_all(b"work\n")?;
    thread::sleep(BUSY / 5);

    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        crowd.push(Guest::connect(addr)?);
    }
    thread::sleep(WAIT);
    let greeted = greeted(&mut crowd);
    println!("client: {CROWD} came at once, {greeted} were greeted in {WAIT:?}");
    crowd.push(Guest::connect(addr)?);
    thread::sleep(WAIT);
    let after = self::greeted(&mut crowd);
    let last = crowd.last().is_some_and(|guest| guest.is_greeted);
    let last = if last { "greeted" } else { "still waiting" };
    println!("client: one more came, and is {last}; {after} of all are greeted");
    Ok(format!(
        "came {CROWD}  greeted {greeted}  after a knock {after}"
    ))
}

struct Guest {
    stream: std::net::TcpStream,
    is_greeted: bool,
}

impl Guest {
    fn connect(addr: SocketAddr) -> io::Result<Guest> {
        let stream = harness::connect(addr)?;
        stream.set_nonblocking(true)?;
        let is_greeted = false;
        Ok(Guest { stream, is_greeted })
    }
}

/// How many have been greeted by now.
fn greeted(crowd: &mut [Guest]) -> usize {
    for guest in crowd.iter_mut() {
        guest.is_greeted |= guest.stream.read(&mut [0; 64]).is_ok_and(|len| len > 0);
    }
    crowd.iter().filter(|guest| guest.is_greeted).count()
}

//! A lab: always asking for writability.
//!
//! ```text
//! cargo run --example lab_always_writable -- broken
//! cargo run --example lab_always_writable -- fixed
//! ```
//!
//! An echo server that answers from its write handler. The broken one never takes that handler away: a socket has
//! room nearly always, so the handler runs in every turn, has nothing to write, and the loop does not sleep any more.

mod harness;

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use aerolite::ae::{EventLoop, FileProc, Io, Mask, Token};
use harness::{Bench, Lab};
use mio::net::TcpStream;

const BYTES_PER_TURN: usize = 16 * 1024;

/// Who has so much of its echo waiting does not read, and is closed.
const MAX_UNSENT: usize = 1024 * 1024;

/// How long the client stays after it has got its echo, and says nothing.
const SILENCE: Duration = Duration::from_millis(2500);

struct Echo {
    bench: Bench,
    clients: HashMap<Token, Client>,
    write: FileProc<Echo>,
}

struct Client {
    stream: TcpStream,
    unsent: Vec<u8>,
}

impl Lab for Echo {
    fn bench(&mut self) -> &mut Bench {
        &mut self.bench
    }

    fn welcome(
        &mut self,
        event_loop: &mut EventLoop<Echo>,
        mut stream: TcpStream,
    ) -> io::Result<()> {
        let token = event_loop.create_file_event(&mut stream, Mask::READABLE, read)?;
        let unsent = Vec::new();
        self.clients.insert(token, Client { stream, unsent });
        Ok(())
    }
}

fn main() -> ExitCode {
    harness::report(start())
}

fn start() -> io::Result<()> {
    let bench = Bench::from_command_line()?;
    let write = bench.choose(write_broken as FileProc<Echo>, write_fixed);
    let echo = Echo {
        bench,
        clients: HashMap::new(),
        write,
    };
    harness::run(echo, harness::accept_all, client)
}

// ANCHOR: read
fn read(event_loop: &mut EventLoop<Echo>, echo: &mut Echo, token: Token) -> Io {
    let Some(client) = echo.clients.get_mut(&token) else {
        return Io::Drained;
    };
    let mut buffer = [0; BYTES_PER_TURN];
    match harness::read(event_loop, token, &mut client.stream, &mut buffer) {
        Ok(0) => close(event_loop, echo, token),
        Ok(len) if client.unsent.len() + len > MAX_UNSENT => close(event_loop, echo, token),
        Ok(len) => {
            client.unsent.extend_from_slice(&buffer[..len]);
            // Now there is something to write.
            event_loop.set_file_event(token, Mask::WRITABLE, echo.write);
            Io::More
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Io::Drained,
        Err(_) => close(event_loop, echo, token),
    }
}
// ANCHOR_END: read

// ANCHOR: fault
fn write_broken(event_loop: &mut EventLoop<Echo>, echo: &mut Echo, token: Token) -> Io {
    let Some(client) = echo.clients.get_mut(&token) else {
        return Io::Drained;
    };
    match harness::write(event_loop, token, &mut client.stream, &client.unsent) {
        Ok(len) => {
            client.unsent.drain(..len);
            Io::More
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Io::Drained,
        Err(_) => close(event_loop, echo, token),
    }
}
// ANCHOR_END: fault

fn write_fixed(event_loop: &mut EventLoop<Echo>, echo: &mut Echo, token: Token) -> Io {
    let Some(client) = echo.clients.get_mut(&token) else {
        return Io::Drained;
    };
    match harness::write(event_loop, token, &mut client.stream, &client.unsent) {
        // ANCHOR: fix
        Ok(len) => {
            client.unsent.drain(..len);
            if client.unsent.is_empty() {
                event_loop.unset_file_event(token, Mask::WRITABLE);
            }
            Io::More
        }
        // ANCHOR_END: fix
        Err(error) if error.kind() == ErrorKind::WouldBlock => Io::Drained,
        Err(_) => close(event_loop, echo, token),
    }
}

fn close(event_loop: &mut EventLoop<Echo>, echo: &mut Echo, token: Token) -> Io {
    if let Some(mut client) = echo.clients.remove(&token)
        && let Err(error) = event_loop.delete_file_event(token, &mut client.stream)
    {
        eprintln!("close: {error}");
    }
    Io::Drained
}

/// Says one word, gets it back, and is silent.
fn client(addr: SocketAddr) -> io::Result<String> {
    let mut stream = harness::connect(addr)?;
    let mut echo = [0; 5];
    stream.write_all(b"hello")?;
    stream.read_exact(&mut echo)?;
    let said = String::from_utf8_lossy(&echo);
    println!("client: said hello, got {said} back, and says nothing more");
    thread::sleep(SILENCE);
    Ok(format!("back {} B", echo.len()))
}

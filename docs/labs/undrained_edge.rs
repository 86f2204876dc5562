//! A lab: an edge that is not drained.
//!
//! ```text
//! cargo run --example lab_undrained_edge -- broken
//! cargo run --example lab_undrained_edge -- fixed
//! ```
//!
//! An echo server whose read handler reads one portion. The broken one then says that the socket is drained, though
//! bytes wait in it: the loop believes it, the kernel reports nothing that it has reported before, and the client
//! waits for the rest of its echo.

mod harness;

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use aerolite::ae::{EventLoop, FileProc, Io, Mask, Token};
use harness::{Bench, Lab};
use mio::net::TcpStream;

/// Bytes that a client gets read in a turn.
const BYTES_PER_TURN: usize = 4 * 1024;

/// Bytes that the lab's client sends, as a whole. Little enough for the sockets' buffers: nobody has to wait
/// for room.
const SENT: usize = 32 * 1024;

/// How long the client waits for more of its echo.
const WAIT: Duration = Duration::from_millis(700);

struct Echo {
    bench: Bench,
    clients: HashMap<Token, TcpStream>,
    read: FileProc<Echo>,
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
        let token = event_loop.create_file_event(&mut stream, Mask::READABLE, self.read)?;
        self.clients.insert(token, stream);
        Ok(())
    }
}

fn main() -> ExitCode {
    harness::report(start())
}

fn start() -> io::Result<()> {
    let bench = Bench::from_command_line()?;
    let read = bench.choose(read_broken as FileProc<Echo>, read_fixed);
    let echo = Echo {
        bench,
        clients: HashMap::new(),
        read,
    };
    harness::run(echo, harness::accept_all, client)
}

// ANCHOR: fault
fn read_broken(event_loop: &mut EventLoop<Echo>, echo: &mut Echo, token: Token) -> Io {
    match echo_portion(event_loop, echo, token) {
        Ok(0) => close(event_loop, echo, token),
        Ok(_) => Io::Drained,
        Err(error) if error.kind() == ErrorKind::WouldBlock => Io::Drained,
        Err(_) => close(event_loop, echo, token),
    }
}
// ANCHOR_END: fault

// ANCHOR: fix
fn read_fixed(event_loop: &mut EventLoop<Echo>, echo: &mut Echo, token: Token) -> Io {
    match echo_portion(event_loop, echo, token) {
        Ok(0) => close(event_loop, echo, token),
        Ok(_) => Io::More,
        Err(error) if error.kind() == ErrorKind::WouldBlock => Io::Drained,
        Err(_) => close(event_loop, echo, token),
    }
}
// ANCHOR_END: fix

/// Reads once and sends back what there was; gives how many bytes.
fn echo_portion(
    event_loop: &mut EventLoop<Echo>,
    echo: &mut Echo,
    token: Token,
) -> io::Result<usize> {
    let Some(stream) = echo.clients.get_mut(&token) else {
        return Ok(0);
    };
    let mut buffer = [0; BYTES_PER_TURN];
    let len = harness::read(event_loop, token, &mut *stream, &mut buffer)?;
    stream.write_all(&buffer[..len])?;
    echo.bench.meter.add_bytes("echoed", len);
    Ok(len)
}

fn close(event_loop: &mut EventLoop<Echo>, echo: &mut Echo, token: Token) -> Io {
    if let Some(mut stream) = echo.clients.remove(&token)
        && let Err(error) = event_loop.delete_file_event(token, &mut stream)
    {
        eprintln!("close: {error}");
    }
    Io::Drained
}

/// Sends all at once and waits for its echo; then sends one byte more and waits again.
fn client(addr: SocketAddr) -> io::Result<String> {
    let mut stream = harness::connect(addr)?;
    stream.set_read_timeout(Some(WAIT))?;
    stream.write_all(&[b'x'; SENT])?;
    let back = read_until_silent(&mut stream, SENT)?;
    println!("client: sent {SENT} B, got {back} B back");
    stream.write_all(b"x")?;
    let after = back + read_until_silent(&mut stream, SENT + 1 - back)?;
    println!("client: sent 1 B more, got {} B back", after - back);
    // It stays connected until the process ends: what nobody has read can be looked at with `ss` (`--seconds`).
    mem::forget(stream);
    Ok(format!(
        "sent {SENT} B  back {back} B  after a knock {after} B"
    ))
}

/// Reads until so many bytes were there, or none has come for a while; gives how many.
fn read_until_silent(stream: &mut std::net::TcpStream, most: usize) -> io::Result<usize> {
    let mut buffer = [0; SENT];
    let mut total = 0;
    while total < most {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(len) => total += len,
            Err(error) if harness::is_timeout(&error) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(total)
}

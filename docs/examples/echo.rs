//! An echo server: what comes in goes out again, to any number of clients, in one thread.
//!
//! ```text
//! cargo run --example echo [port]        (7007 if not given, 0 for any free one)
//! nc 127.0.0.1 7007
//! ```
//!
//! What it shows: accepting and reading in bounded portions, so that nobody holds the loop; a write
//! handler that exists only while a client does not read its echo; and not reading from that client
//! meanwhile, so that memory is bounded too.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use aerolite::ae::{EventLoop, Io, Mask, Next, TimeEventId, Token};
use mio::net::{TcpListener, TcpStream};

const DEFAULT_PORT: u16 = 7007;
const ACCEPTS_PER_TURN: usize = 100;
const BYTES_PER_TURN: usize = 16 * 1024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

struct Server {
    listener: TcpListener,
    listening: Token,
    clients: HashMap<Token, Client>,
}

struct Client {
    stream: TcpStream,
    unsent: Vec<u8>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let port = match std::env::args().nth(1) {
        Some(text) => text
            .parse()
            .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?,
        None => DEFAULT_PORT,
    };
    let mut listener = TcpListener::bind(([127, 0, 0, 1], port).into())?;
    println!("echoing on {}", listener.local_addr()?);

    // ANCHOR: start
    let mut event_loop = EventLoop::new(1024)?;
    let listening = event_loop.create_file_event(&mut listener, Mask::READABLE, accept)?;
    let mut server = Server {
        listener,
        listening,
        clients: HashMap::new(),
    };
    event_loop.run(&mut server)
    // ANCHOR_END: start
}

fn accept(event_loop: &mut EventLoop<Server>, server: &mut Server, listening: Token) -> Io {
    for _ in 0..ACCEPTS_PER_TURN {
        match server.listener.accept() {
            Ok((stream, _)) => welcome(event_loop, server, stream),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Io::Drained,
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => {
                // Most likely there are no descriptors left. The connection still waits to be
                // accepted, so asking again at once would spin.
                eprintln!("accept: {error}");
                event_loop.unset_file_event(listening, Mask::READABLE);
                event_loop.create_time_event(ACCEPT_PAUSE, accept_again);
                return Io::More;
            }
        }
    }
    Io::More
}

fn accept_again(event_loop: &mut EventLoop<Server>, server: &mut Server, _: TimeEventId) -> Next {
    event_loop.set_file_event(server.listening, Mask::READABLE, accept);
    Next::NoMore
}

fn welcome(event_loop: &mut EventLoop<Server>, server: &mut Server, mut stream: TcpStream) {
    match event_loop.create_file_event(&mut stream, Mask::READABLE, read) {
        Ok(token) => {
            let unsent = Vec::new();
            server.clients.insert(token, Client { stream, unsent });
        }
        Err(error) => eprintln!("a client is turned away: {error}"),
    }
}

// ANCHOR: read
fn read(event_loop: &mut EventLoop<Server>, server: &mut Server, token: Token) -> Io {
    let Some(client) = server.clients.get_mut(&token) else {
        return Io::Drained;
    };
    let mut buffer = [0; BYTES_PER_TURN];
    match client.stream.read(&mut buffer) {
        Ok(0) => close(event_loop, server, token),
        Ok(len) => {
            client.unsent.extend_from_slice(&buffer[..len]);
            write(event_loop, server, token);
            // A short read emptied the socket, and what comes later is a new edge; unless the end
            // of the stream is already behind it, whose edge is over.
            if len == buffer.len() || event_loop.hangup_hinted(token) {
                Io::More
            } else {
                Io::Drained
            }
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Io::Drained,
        Err(error) if error.kind() == ErrorKind::Interrupted => Io::More,
        Err(_) => close(event_loop, server, token),
    }
}
// ANCHOR_END: read

/// Sends what it can. It is the write handler, and also called after each read, when there mostly
/// is room.
fn write(event_loop: &mut EventLoop<Server>, server: &mut Server, token: Token) -> Io {
    let Some(client) = server.clients.get_mut(&token) else {
        return Io::Drained;
    };
    match client.stream.write(&client.unsent) {
        Ok(len) => drop(client.unsent.drain(..len)),
        Err(error) if error.kind() == ErrorKind::Interrupted => {}
        // ANCHOR: stop-reading
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            // Now it is the client's turn: until it has read, the loop waits for room and not for
            // input.
            event_loop.unset_file_event(token, Mask::READABLE);
            event_loop.set_file_event(token, Mask::WRITABLE, write);
            return Io::Drained;
        }
        // ANCHOR_END: stop-reading
        Err(_) => return close(event_loop, server, token),
    }
    if client.unsent.is_empty() {
        event_loop.unset_file_event(token, Mask::WRITABLE);
        event_loop.set_file_event(token, Mask::READABLE, read);
    } else {
        event_loop.unset_file_event(token, Mask::READABLE);
        event_loop.set_file_event(token, Mask::WRITABLE, write);
    }
    Io::More
}

fn close(event_loop: &mut EventLoop<Server>, server: &mut Server, token: Token) -> Io {
    if let Some(mut client) = server.clients.remove(&token)
        && let Err(error) = event_loop.delete_file_event(token, &mut client.stream)
    {
        eprintln!("close: {error}");
    }
    Io::Drained
}

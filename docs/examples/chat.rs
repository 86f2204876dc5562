//! A chat: every line that somebody types goes to everybody else.
//!
//! ```text
//! cargo run --example chat [port]        (7008 if not given, 0 for any free one)
//! nc 127.0.0.1 7008                      (in two terminals or more)
//! ```
//!
//! What it shows: handlers only collect what is to be said, and `before_sleep` sends it, in one
//! write per client and turn however many lines there were. Everything a client can make grow has a
//! bound: who types a line without end, or does not read what the others say, is cut.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::process::ExitCode;

use aerolite::ae::{EventLoop, Io, Mask, Token};
use mio::net::{TcpListener, TcpStream};

const DEFAULT_PORT: u16 = 7008;
const ACCEPTS_PER_TURN: usize = 100;
const BYTES_PER_TURN: usize = 4 * 1024;
const MAX_CLIENTS: usize = 1000;
const MAX_LINE: usize = 1024;
const MAX_UNSENT: usize = 256 * 1024;

struct Room {
    listener: TcpListener,
    guests: HashMap<Token, Guest>,
    visits: u64,
    /// Guests to be shown out in `before_sleep`: nobody leaves in the midst of a broadcast.
    leaving: Vec<Token>,
}

impl Room {
    fn new(listener: TcpListener) -> Room {
        Room {
            listener,
            guests: HashMap::new(),
            visits: 0,
            leaving: Vec::new(),
        }
    }
}

struct Guest {
    stream: TcpStream,
    number: u64,
    line: Vec<u8>,
    unsent: Vec<u8>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chat: {error}");
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
    println!("chatting on {}", listener.local_addr()?);

    let mut event_loop = EventLoop::new(1024)?;
    event_loop.create_file_event(&mut listener, Mask::READABLE, accept)?;
    event_loop.set_before_sleep(Some(before_sleep));
    event_loop.run(&mut Room::new(listener))
}

fn accept(event_loop: &mut EventLoop<Room>, room: &mut Room, _: Token) -> Io {
    for _ in 0..ACCEPTS_PER_TURN {
        match room.listener.accept() {
            // Dropping the stream is how a full room says no; it also keeps descriptors for this
            // `accept`.
            Ok(_) if room.guests.len() >= MAX_CLIENTS => {}
            Ok((stream, _)) => welcome(event_loop, room, stream),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Io::Drained,
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => {
                // Waiting for the next edge means: when somebody else knocks, both are let in.
                eprintln!("accept: {error}");
                return Io::Drained;
            }
        }
    }
    Io::More
}

fn welcome(event_loop: &mut EventLoop<Room>, room: &mut Room, mut stream: TcpStream) {
    let token = match event_loop.create_file_event(&mut stream, Mask::READABLE, read) {
        Ok(token) => token,
        Err(error) => return eprintln!("a guest is turned away: {error}"),
    };
    room.visits += 1;
    let number = room.visits;
    let guest = Guest {
        stream,
        number,
        line: Vec::new(),
        unsent: format!("* you are guest {number}\n").into_bytes(),
    };
    room.guests.insert(token, guest);
    broadcast(
        room,
        token,
        format!("* guest {number} is here\n").as_bytes(),
    );
}

fn read(event_loop: &mut EventLoop<Room>, room: &mut Room, token: Token) -> Io {
    let Some(guest) = room.guests.get_mut(&token) else {
        return Io::Drained;
    };
    let mut buffer = [0; BYTES_PER_TURN];
    match guest.stream.read(&mut buffer) {
        Ok(0) => room.leaving.push(token),
        Ok(len) => {
            hear(room, token, &buffer[..len]);
            if len == buffer.len() || event_loop.hangup_hinted(token) {
                return Io::More;
            }
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        Err(error) if error.kind() == ErrorKind::Interrupted => return Io::More,
        Err(_) => room.leaving.push(token),
    }
    Io::Drained
}

/// Adds input to the guest's line, and tells the others each line that is complete.
fn hear(room: &mut Room, token: Token, mut input: &[u8]) {
    while let Some(end) = input.iter().position(|&byte| byte == b'\n') {
        let Some(guest) = room.guests.get_mut(&token) else {
            return;
        };
        let mut said = format!("guest {}: ", guest.number).into_bytes();
        said.append(&mut guest.line);
        said.extend_from_slice(&input[..=end]);
        broadcast(room, token, &said);
        input = &input[end + 1..];
    }
    if let Some(guest) = room.guests.get_mut(&token) {
        guest.line.extend_from_slice(input);
        if guest.line.len() > MAX_LINE {
            room.leaving.push(token);
        }
    }
}

fn broadcast(room: &mut Room, from: Token, said: &[u8]) {
    for (&token, guest) in room.guests.iter_mut().filter(|(token, _)| **token != from) {
        if guest.unsent.len() + said.len() > MAX_UNSENT {
            room.leaving.push(token);
        } else {
            guest.unsent.extend_from_slice(said);
        }
    }
}

fn before_sleep(event_loop: &mut EventLoop<Room>, room: &mut Room) {
    for token in std::mem::take(&mut room.leaving) {
        show_out(event_loop, room, token);
    }
    // A farewell can be one line too many for a guest who is shown out a moment later.
    // Whoever comes next gets that guest's token, and is not to be shown out for it.
    room.leaving.retain(|token| room.guests.contains_key(token));
    let mut gone = Vec::new();
    for (&token, guest) in &mut room.guests {
        // A guest with a write handler is one whose socket was full; the kernel will tell when it
        // no longer is.
        let full = event_loop.file_event_mask(token).contains(Mask::WRITABLE);
        if !guest.unsent.is_empty() && !full && send(event_loop, guest, token).is_err() {
            gone.push(token);
        }
    }
    room.leaving.append(&mut gone);
    if !room.leaving.is_empty() {
        event_loop.wake_now();
    }
}

fn write(event_loop: &mut EventLoop<Room>, room: &mut Room, token: Token) -> Io {
    if let Some(guest) = room.guests.get_mut(&token) {
        match send(event_loop, guest, token) {
            Ok(io) => return io,
            Err(_) => room.leaving.push(token),
        }
    }
    Io::Drained
}

/// One write, and a write handler exactly while something is left.
fn send(event_loop: &mut EventLoop<Room>, guest: &mut Guest, token: Token) -> io::Result<Io> {
    let io = match guest.stream.write(&guest.unsent) {
        Ok(len) => {
            guest.unsent.drain(..len);
            Io::More
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Io::Drained,
        Err(error) if error.kind() == ErrorKind::Interrupted => Io::More,
        Err(error) => return Err(error),
    };
    if guest.unsent.is_empty() {
        event_loop.unset_file_event(token, Mask::WRITABLE);
    } else {
        event_loop.set_file_event(token, Mask::WRITABLE, write);
    }
    Ok(io)
}

fn show_out(event_loop: &mut EventLoop<Room>, room: &mut Room, token: Token) {
    let Some(mut guest) = room.guests.remove(&token) else {
        return;
    };
    if let Err(error) = event_loop.delete_file_event(token, &mut guest.stream) {
        eprintln!("close: {error}");
    }
    let farewell = format!("* guest {} has left\n", guest.number);
    broadcast(room, token, farewell.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream as Peer;
    use std::thread;
    use std::time::Duration;

    /// Lets one more guest in; gives the token, and the peer, who stays for as long as it lives.
    fn enter(event_loop: &mut EventLoop<Room>, room: &mut Room) -> (Token, Peer) {
        let before = room.visits;
        let address = room.listener.local_addr().expect("an address");
        let peer = Peer::connect(address).expect("loopback");
        for _ in 0..1000 {
            accept(event_loop, room, Token(0));
            if room.visits > before {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let mut tokens = room.guests.iter();
        let newest = tokens.find(|(_, guest)| guest.number == before + 1);
        (*newest.expect("the guest is in").0, peer)
    }

    #[test]
    fn who_was_shown_out_leaves_no_note_that_shows_out_the_next_guest_at_that_token() {
        let mut event_loop = EventLoop::new(8).expect("a loop");
        let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("loopback");
        let mut room = Room::new(listener);
        let (first, _first_peer) = enter(&mut event_loop, &mut room);
        let (second, _second_peer) = enter(&mut event_loop, &mut room);

        // Both leave in one turn, and the first one's farewell is one line too many for the second.
        let full = vec![b'x'; MAX_UNSENT];
        room.guests.get_mut(&second).expect("a guest").unsent = full;
        room.leaving = vec![first, second];
        before_sleep(&mut event_loop, &mut room);
        assert!(room.guests.is_empty());

        let (newcomer, _newcomer_peer) = enter(&mut event_loop, &mut room);
        assert_eq!(newcomer, second, "the token that was freed last");
        before_sleep(&mut event_loop, &mut room);
        assert!(room.guests.contains_key(&newcomer), "shown out for another");
    }
}

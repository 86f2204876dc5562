//! Thousands of clients in one thread. All of them are told the same; what is counted are bytes, which are known
//! beforehand.

use crate::load::{self, PATIENCE, REPLY_BYTES};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

/// Sockets that are reported at a time.
const EVENTS: usize = 1024;

/// Clients that have begun in the same way.
pub struct Crowd {
    poll: Poll,
    events: Events,
    members: Vec<TcpStream>,
    buffer: Vec<u8>,
}

impl Crowd {
    /// Connects so many, each of which sends this and gets replies that end like this.
    pub fn connect(
        addr: SocketAddr,
        members: usize,
        requests: &[u8],
        end: &[u8],
    ) -> io::Result<Crowd> {
        let mut crowd = Crowd {
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS),
            members: Vec::with_capacity(members),
            buffer: vec![0; REPLY_BYTES],
        };
        for number in 0..members {
            let mut stream = load::connect(addr)?;
            load::introduce(&mut stream, requests, end)?;
            stream.set_nonblocking(true)?;
            let mut member = TcpStream::from_std(stream);
            let registry = crowd.poll.registry();
            registry.register(&mut member, Token(number), Interest::READABLE)?;
            crowd.members.push(member);
        }
        Ok(crowd)
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Every member sends these requests, and reads replies of so many bytes.
    pub fn ask(&mut self, requests: &[u8], reply_bytes: usize) -> io::Result<()> {
        for member in &mut self.members {
            member.write_all(requests)?;
        }
        self.read(reply_bytes)
    }

    /// Another client sends these requests, so many at a time, each of which sends every member so many bytes. Returns
    /// when everybody has everything.
    pub fn hear(
        &mut self,
        teller: &mut std::net::TcpStream,
        requests: &[Vec<u8>],
        at_a_time: usize,
        bytes: usize,
    ) -> io::Result<()> {
        let mut replies = vec![0; REPLY_BYTES];
        for requests in requests.chunks(at_a_time) {
            teller.write_all(&requests.concat())?;
            self.read(requests.len() * bytes)?;
            load::read_lines(teller, &mut replies, requests.len())?;
        }
        Ok(())
    }

    /// Until so many bytes for each member have come.
    fn read(&mut self, bytes: usize) -> io::Result<()> {
        let mut left = self.members.len() * bytes;
        while left > 0 {
            self.poll.poll(&mut self.events, Some(PATIENCE))?;
            if self.events.is_empty() {
                let text = format!("{left} bytes are still to come");
                return Err(io::Error::new(ErrorKind::TimedOut, text));
            }
            for event in &self.events {
                let came = drain(&mut self.members[event.token().0], &mut self.buffer)?;
                left = left.checked_sub(came).ok_or_else(too_much)?;
            }
        }
        Ok(())
    }
}

/// Reads until there is no more for now; the loop tells only once that there is something.
fn drain(member: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    let mut came = 0;
    loop {
        match member.read(buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => came += read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(came),
            Err(error) => return Err(error),
        }
    }
}

fn too_much() -> io::Error {
    io::Error::other("more came than was sent")
}

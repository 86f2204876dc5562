//! The load: one thread that keeps 50 connections busy.
//!
//! ```text
//!   round:   write a batch on connection 1, 2, ... 50      then read the replies of 1, 2, ... 50
//! ```
//!
//! It is simple on purpose. Nothing is parsed but line ends, and of a request only the digits of
//! its key are written anew, so that it costs less than the servers it is to keep busy; and since it
//! never waits while it has something to send, a server finds many clients ready at a time.

use aerolite::engine::Random;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How many connections a load has.
pub const CONNECTIONS: usize = 50;

/// A server that takes longer than this for a batch has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Requests of one batch while keys are filled in.
const FILL_BATCH: usize = 500;

/// Digits at the end of a key that count; the others stay zeros.
const KEY_DIGITS: usize = 9;

const REPLY_BYTES: usize = 64 * 1024;

/// The commands that are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Of a 3-byte value that is there.
    Get,
    /// Of a 3-byte value in the place of another.
    Set,
    /// Of a number that is there.
    Incr,
    /// With no argument.
    Ping,
}

impl Op {
    /// All of them.
    pub const ALL: [Op; 4] = [Op::Get, Op::Set, Op::Incr, Op::Ping];

    /// The command's name.
    pub fn name(self) -> &'static str {
        match self {
            Op::Get => "GET",
            Op::Set => "SET",
            Op::Incr => "INCR",
            Op::Ping => "PING",
        }
    }

    /// One request, its key's number all zeros.
    fn request(self) -> &'static [u8] {
        match self {
            Op::Get => b"*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000000\r\n",
            Op::Set => b"*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000000\r\n$3\r\nxxx\r\n",
            Op::Incr => b"*2\r\n$4\r\nINCR\r\n$16\r\nctr:000000000000\r\n",
            Op::Ping => b"*1\r\n$4\r\nPING\r\n",
        }
    }

    /// Line ends in one reply.
    fn reply_lines(self) -> usize {
        if self == Op::Get { 2 } else { 1 }
    }
}

/// Where the key's number ends in a request.
fn key_end(request: &[u8]) -> Option<usize> {
    let zeros = [b'0'; KEY_DIGITS];
    let at = memchr::memmem::rfind(request, &zeros)?;
    Some(at + KEY_DIGITS)
}

/// Writes `number` in decimal so that it ends at `end`.
fn write_number(bytes: &mut [u8], end: usize, mut number: usize) {
    for digit in bytes[end - KEY_DIGITS..end].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// One command at one pipeline depth, on its own connections.
pub struct Load {
    streams: Vec<TcpStream>,
    batch: Vec<u8>,
    request_bytes: usize,
    key_end: Option<usize>,
    depth: usize,
    reply_lines: usize,
    keys: usize,
    random: Random,
    replies: Vec<u8>,
}

impl Load {
    /// Connects. Keys are chosen among the first `keys` ones, each as likely as any other.
    pub fn connect(addr: SocketAddr, op: Op, depth: usize, keys: usize) -> io::Result<Load> {
        let streams = (0..CONNECTIONS).map(|_| connect(addr));
        let request = op.request();
        Ok(Load {
            streams: streams.collect::<io::Result<_>>()?,
            batch: request.repeat(depth),
            request_bytes: request.len(),
            key_end: key_end(request),
            depth,
            reply_lines: op.reply_lines(),
            keys,
            random: Random::new(1),
            replies: vec![0; REPLY_BYTES],
        })
    }

    /// The requests of one round.
    pub fn requests_per_round(&self) -> usize {
        self.streams.len() * self.depth
    }

    /// Sends a batch on every connection, then reads all replies.
    pub fn round(&mut self) -> io::Result<()> {
        for i in 0..self.streams.len() {
            self.choose_keys();
            self.streams[i].write_all(&self.batch)?;
        }
        for stream in &mut self.streams {
            read_lines(stream, &mut self.replies, self.depth * self.reply_lines)?;
        }
        Ok(())
    }

    fn choose_keys(&mut self) {
        let Some(end) = self.key_end else {
            return;
        };
        for request in self.batch.chunks_exact_mut(self.request_bytes) {
            write_number(request, end, self.random.below(self.keys));
        }
    }
}

/// A connection that gives up in time.
pub fn connect(addr: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(addr)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Stores a value under each of the first `keys` keys that GET and SET use, and a number under
/// those of INCR.
pub fn fill(addr: SocketAddr, keys: usize) -> io::Result<()> {
    fill_with(addr, keys, Op::Set.request())?;
    // Of seven digits, so that no reply becomes longer while it is counted up.
    let counter = b"*3\r\n$3\r\nSET\r\n$16\r\nctr:000000000000\r\n$7\r\n1000000\r\n";
    fill_with(addr, keys, counter)
}

fn fill_with(addr: SocketAddr, keys: usize, request: &[u8]) -> io::Result<()> {
    let mut stream = connect(addr)?;
    let mut replies = vec![0; REPLY_BYTES];
    let end = key_end(request).expect("a request that stores has a key");
    for first in (0..keys).step_by(FILL_BATCH) {
        let count = FILL_BATCH.min(keys - first);
        let mut batch = request.repeat(count);
        for (i, request) in batch.chunks_exact_mut(request.len()).enumerate() {
            write_number(request, end, first + i);
        }
        stream.write_all(&batch)?;
        read_lines(&mut stream, &mut replies, count)?;
    }
    Ok(())
}

/// Reads until so many lines have come; the last one is the end of what the server has to say.
fn read_lines(stream: &mut TcpStream, buffer: &mut [u8], lines: usize) -> io::Result<()> {
    let mut left = lines;
    while left > 0 {
        let read = stream.read(buffer)?;
        let received = &buffer[..read];
        let came = memchr::memchr_iter(b'\n', received).count();
        if read == 0 || came > left || received[0] == b'-' {
            let text = String::from_utf8_lossy(&received[..read.min(100)]);
            return Err(io::Error::other(format!(
                "{left} lines were due, not {text:?}"
            )));
        }
        left -= came;
    }
    Ok(())
}

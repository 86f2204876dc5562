//! The load: one thread that keeps 50 connections busy, or one with values of 10 MB.
//!
//! ```text
//!   round:   write a batch on connection 1, 2, ... 50      then read the replies of 1, 2, ... 50
//! ```
//!
//! It is simple on purpose. Nothing is parsed but line ends, and of a request only the digits of
//! its keys are written anew, so that it costs less than the servers it is to keep busy; and since it
//! never waits while it has something to send, a server finds many clients ready at a time.

use aerolite::engine::Random;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How many connections a load of small values has.
pub const CONNECTIONS: usize = 50;

/// The length of a large value.
const LARGE_BYTES: usize = 10_000_000;

/// A server that takes longer than this for a batch has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Requests of one batch while keys are filled in.
const FILL_BATCH: usize = 500;

/// Digits at the end of a key that count; the others stay zeros.
const KEY_DIGITS: usize = 9;

/// From the first to the last of the ranks that are asked for at a time.
const RANK_STEP: usize = 9;

/// What is read at a time.
pub const REPLY_BYTES: usize = 64 * 1024;

/// The key of all requests with small values, its number to be written.
const KEY: &[u8] = b"key:000000000000";

/// The key of what INCR counts up.
const COUNTER: &[u8] = b"counter:000000000000";

const LARGE_KEY: &[u8] = b"large";

/// What begins a key's number, and nothing else in a request.
const KEY_ZEROS: &[u8] = b"000000000000";

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
    /// Of so many 3-byte values that are there.
    Mget(usize),
    /// Of a 10 MB value that is there.
    GetLarge,
    /// Of a 10 MB value in the place of another.
    SetLarge,
}

impl Op {
    /// Those with one small value.
    pub const SMALL: [Op; 4] = [Op::Get, Op::Set, Op::Incr, Op::Ping];

    /// The command's name, with the number of keys if that can be any.
    pub fn name(self) -> String {
        match self {
            Op::Get | Op::GetLarge => "GET".to_owned(),
            Op::Set | Op::SetLarge => "SET".to_owned(),
            Op::Incr => "INCR".to_owned(),
            Op::Ping => "PING".to_owned(),
            Op::Mget(keys) => format!("MGET_{keys}"),
        }
    }

    /// How many connections it is measured with.
    pub fn connections(self) -> usize {
        if self.value_bytes() == LARGE_BYTES {
            1
        } else {
            CONNECTIONS
        }
    }

    /// How long its values are.
    pub fn value_bytes(self) -> usize {
        match self {
            Op::GetLarge | Op::SetLarge => LARGE_BYTES,
            _ => 3,
        }
    }

    /// One request, the numbers of its keys all zeros.
    fn request(self) -> Vec<u8> {
        let value = vec![b'x'; self.value_bytes()];
        match self {
            Op::Get => encode(&[b"GET", KEY]),
            Op::Set => encode(&[b"SET", KEY, &value]),
            Op::Incr => encode(&[b"INCR", COUNTER]),
            Op::Ping => encode(&[b"PING"]),
            Op::Mget(keys) => encode(&[&[&b"MGET"[..]], &vec![KEY; keys][..]].concat()),
            Op::GetLarge => encode(&[b"GET", LARGE_KEY]),
            Op::SetLarge => encode(&[b"SET", LARGE_KEY, &value]),
        }
    }

    /// Line ends in one reply.
    fn reply_lines(self) -> usize {
        match self {
            Op::Get | Op::GetLarge => 2,
            Op::Mget(keys) => 1 + 2 * keys,
            Op::Set | Op::SetLarge | Op::Incr | Op::Ping => 1,
        }
    }
}

/// A request as it is sent.
pub fn encode(arguments: &[&[u8]]) -> Vec<u8> {
    let mut request = format!("*{}\r\n", arguments.len()).into_bytes();
    for argument in arguments {
        request.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
        request.extend_from_slice(argument);
        request.extend_from_slice(b"\r\n");
    }
    request
}

/// Where the numbers of the keys end in a batch of requests.
fn key_ends(batch: &[u8]) -> Vec<usize> {
    ends_of(batch, KEY_ZEROS, 0)
}

/// Where `text`, without its last `cut` bytes, ends in a batch of requests.
fn ends_of(batch: &[u8], text: &[u8], cut: usize) -> Vec<usize> {
    memchr::memmem::find_iter(batch, text)
        .map(|at| at + text.len() - cut)
        .collect()
}

/// Writes `number` in decimal, with so many digits, so that it ends at `end`.
fn write_number(bytes: &mut [u8], end: usize, digits: usize, mut number: usize) {
    for digit in bytes[end - digits..end].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// The ranks that are asked for.
#[derive(Clone, Copy)]
struct Ranks {
    /// A power of ten.
    least: usize,
    digits: usize,
    /// The last one that has elements enough after it, and one more.
    end: usize,
}

impl Ranks {
    /// Of a collection of so many elements.
    fn of(size: usize) -> Ranks {
        let end = size.saturating_sub(RANK_STEP).max(2);
        let exponent = (end - 1).ilog10();
        Ranks {
            least: 10_usize.pow(exponent),
            digits: exponent as usize + 1,
            end,
        }
    }
}

/// What is written anew into each batch.
enum Numbers {
    /// Numbers of keys, which end here.
    Keys { ends: Vec<usize>, below: usize },
    /// Pairs of ranks, whose first ones end here, and whose second ones end so much later.
    Ranks {
        ends: Vec<usize>,
        second: usize,
        ranks: Ranks,
    },
}

impl Numbers {
    fn keys(batch: &[u8], below: usize) -> Numbers {
        Numbers::Keys {
            ends: key_ends(batch),
            below,
        }
    }

    fn choose(&self, batch: &mut [u8], random: &mut Random) {
        match self {
            Numbers::Keys { ends, below } => {
                for end in ends {
                    write_number(batch, *end, KEY_DIGITS, random.below(*below));
                }
            }
            Numbers::Ranks {
                ends,
                second,
                ranks,
            } => {
                for end in ends {
                    let rank = ranks.least + random.below(ranks.end - ranks.least);
                    write_number(batch, *end, ranks.digits, rank);
                    write_number(batch, *end + second, ranks.digits, rank + RANK_STEP);
                }
            }
        }
    }
}

/// One command at one pipeline depth, on its own connections.
pub struct Load {
    streams: Vec<TcpStream>,
    batch: Vec<u8>,
    numbers: Numbers,
    depth: usize,
    reply_lines: usize,
    random: Random,
    replies: Vec<u8>,
}

impl Load {
    /// Connects. Keys are chosen among the first `keys` ones, each as likely as any other.
    pub fn connect(addr: SocketAddr, op: Op, depth: usize, keys: usize) -> io::Result<Load> {
        let (request, lines) = (op.request(), op.reply_lines());
        let numbers = |batch: &[u8]| Numbers::keys(batch, keys);
        Load::start(addr, op.connections(), &request, lines, depth, numbers)
    }

    /// Connects, to send this request over and over. A run of twelve zeros in it stands for a number
    /// below `keys`, each as likely as any other. Its reply has so many lines.
    pub fn of_request(
        addr: SocketAddr,
        request: &[u8],
        reply_lines: usize,
        depth: usize,
        keys: usize,
    ) -> io::Result<Load> {
        let numbers = |batch: &[u8]| Numbers::keys(batch, keys);
        Load::start(addr, CONNECTIONS, request, reply_lines, depth, numbers)
    }

    /// Connects, to ask for ten elements of this sorted set at a time, from a random rank on. Ranks
    /// are those with as many digits as the greatest, since requests are to be of one length.
    pub fn of_ranks(addr: SocketAddr, key: &[u8], depth: usize, size: usize) -> io::Result<Load> {
        let ranks = Ranks::of(size);
        let (first, last) = (
            ranks.least.to_string(),
            (ranks.least + RANK_STEP).to_string(),
        );
        let request = encode(&[b"ZRANGE", key, first.as_bytes(), last.as_bytes()]);
        let numbers = |batch: &[u8]| Numbers::Ranks {
            ends: ends_of(batch, &[first.as_bytes(), b"\r\n"].concat(), 2),
            second: 2 + 1 + last.len().to_string().len() + 2 + last.len(),
            ranks,
        };
        let lines = 1 + 2 * (RANK_STEP + 1);
        Load::start(addr, CONNECTIONS, &request, lines, depth, numbers)
    }

    fn start(
        addr: SocketAddr,
        connections: usize,
        request: &[u8],
        reply_lines: usize,
        depth: usize,
        numbers: impl FnOnce(&[u8]) -> Numbers,
    ) -> io::Result<Load> {
        let batch = request.repeat(depth);
        let streams = (0..connections).map(|_| connect(addr));
        Ok(Load {
            streams: streams.collect::<io::Result<_>>()?,
            numbers: numbers(&batch),
            batch,
            depth,
            reply_lines,
            random: Random::new(1),
            replies: vec![0; REPLY_BYTES],
        })
    }

    /// The requests of one round.
    pub fn requests_per_round(&self) -> usize {
        self.streams.len() * self.depth
    }

    /// Sends this on every connection, before the first round; the last reply ends like this.
    pub fn introduce(&mut self, requests: &[u8], end: &[u8]) -> io::Result<()> {
        let mut streams = self.streams.iter_mut();
        streams.try_for_each(|stream| introduce(stream, requests, end))
    }

    /// Sends a batch on every connection, then reads all replies.
    pub fn round(&mut self) -> io::Result<()> {
        for i in 0..self.streams.len() {
            self.numbers.choose(&mut self.batch, &mut self.random);
            self.streams[i].write_all(&self.batch)?;
        }
        for stream in &mut self.streams {
            read_lines(stream, &mut self.replies, self.depth * self.reply_lines)?;
        }
        Ok(())
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

/// Sends what a connection begins with, and reads until what came ends like this.
pub fn introduce(stream: &mut TcpStream, requests: &[u8], end: &[u8]) -> io::Result<()> {
    stream.write_all(requests)?;
    let mut replies = vec![0; REPLY_BYTES];
    let mut len = 0;
    while !replies[..len].ends_with(end) {
        let read = stream.read(&mut replies[len..])?;
        len += read;
        if read == 0 {
            let text = String::from_utf8_lossy(&replies[..len.min(100)]);
            return Err(io::Error::other(format!("it begins with {text:?}")));
        }
    }
    Ok(())
}

/// Stores a value under each of the first `keys` keys of the small operations, and a number under
/// those of INCR.
pub fn fill(addr: SocketAddr, keys: usize) -> io::Result<()> {
    fill_with(addr, keys, &Op::Set.request())?;
    // Of seven digits, so that no reply becomes longer while it is counted up.
    fill_with(addr, keys, &encode(&[b"SET", COUNTER, b"1000000"]))
}

/// Stores the large value.
pub fn fill_large(addr: SocketAddr) -> io::Result<()> {
    fill_with(addr, 1, &Op::SetLarge.request())
}

/// Sends this request so many times, the run of zeros in it each time the next number.
pub fn fill_with(addr: SocketAddr, keys: usize, request: &[u8]) -> io::Result<()> {
    let mut stream = connect(addr)?;
    let mut replies = vec![0; REPLY_BYTES];
    for first in (0..keys).step_by(FILL_BATCH) {
        let count = FILL_BATCH.min(keys - first);
        let mut batch = request.repeat(count);
        for (i, end) in key_ends(&batch).into_iter().enumerate() {
            write_number(&mut batch, end, KEY_DIGITS, first + i);
        }
        stream.write_all(&batch)?;
        read_lines(&mut stream, &mut replies, count)?;
    }
    Ok(())
}

/// Sends requests whose replies have one line each, so many at a time, and reads the replies.
pub fn send(
    addr: SocketAddr,
    requests: impl Iterator<Item = Vec<u8>>,
    batch_requests: usize,
) -> io::Result<()> {
    let mut stream = connect(addr)?;
    let mut replies = vec![0; REPLY_BYTES];
    let mut requests = requests.peekable();
    while requests.peek().is_some() {
        let (mut batch, mut count) = (Vec::new(), 0);
        for request in requests.by_ref().take(batch_requests) {
            batch.extend(request);
            count += 1;
        }
        stream.write_all(&batch)?;
        read_lines(&mut stream, &mut replies, count)?;
    }
    Ok(())
}

/// Reads until so many lines have come; the last one is the end of what the server has to say.
pub fn read_lines(stream: &mut TcpStream, buffer: &mut [u8], lines: usize) -> io::Result<()> {
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

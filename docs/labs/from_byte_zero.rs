//! A lab: a parser that begins at byte 0 again whenever more has come.
//!
//! ```text
//! cargo run --example lab_from_byte_zero -- broken
//! cargo run --example lab_from_byte_zero -- fixed
//! ```
//!
//! A server whose request is a line. It reads 1024 bytes at a time and looks for the line's end; the broken one looks
//! through all that it has. It counts the bytes that it looks at and answers each request with that number. The
//! client sends three requests, each four times as long as the one before.

mod harness;

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aerolite::ae::{EventLoop, Io, Mask, Phase, Token};
use harness::{Bench, Lab};
use mio::net::TcpStream;

/// Bytes of a read, and of a turn.
const BYTES_PER_TURN: usize = 1024;

/// Lengths of the requests, their ends included.
const REQUESTS: [usize; 3] = [16 * 1024, 64 * 1024, 256 * 1024];

/// The longest request that a client may send.
const MAX_REQUEST: usize = 4 * 1024 * 1024;

/// How long the client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

struct Lines {
    bench: Bench,
    clients: HashMap<Token, Client>,
    find_end: FindEnd,
}

struct Client {
    stream: TcpStream,
    request: Request,
}

/// What has come of a request.
#[derive(Default)]
struct Request {
    bytes: Vec<u8>,
    /// So many of them were looked at already, and the end was not there.
    seen: usize,
    /// The numbers that this lab is about.
    looked_at: usize,
    searched: Duration,
}

type FindEnd = fn(&mut Request) -> Option<usize>;

impl Lab for Lines {
    fn bench(&mut self) -> &mut Bench {
        &mut self.bench
    }

    fn welcome(
        &mut self,
        event_loop: &mut EventLoop<Lines>,
        mut stream: TcpStream,
    ) -> io::Result<()> {
        let token = event_loop.create_file_event(&mut stream, Mask::READABLE, read)?;
        let request = Request::default();
        self.clients.insert(token, Client { stream, request });
        Ok(())
    }
}

fn main() -> ExitCode {
    harness::report(start())
}

fn start() -> io::Result<()> {
    let bench = Bench::from_command_line()?;
    let find_end = bench.choose(find_end_broken as FindEnd, find_end_fixed);
    let lines = Lines {
        bench,
        clients: HashMap::new(),
        find_end,
    };
    harness::run(lines, harness::accept_all, client)
}

fn read(event_loop: &mut EventLoop<Lines>, lines: &mut Lines, token: Token) -> Io {
    let Some(client) = lines.clients.get_mut(&token) else {
        return Io::Drained;
    };
    let mut buffer = [0; BYTES_PER_TURN];
    match harness::read(event_loop, token, &client.stream, &mut buffer) {
        Ok(0) => return close(event_loop, lines, token),
        Ok(len) => client.request.bytes.extend_from_slice(&buffer[..len]),
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Io::Drained,
        Err(_) => return close(event_loop, lines, token),
    }
    // Several requests may have come in one piece; there are no more of them than bytes.
    while !client.request.bytes.is_empty()
        && let Some(end) = search(event_loop, token, lines.find_end, &mut client.request)
    {
        if answer(client, end).is_err() {
            return close(event_loop, lines, token);
        }
    }
    if client.request.bytes.len() > MAX_REQUEST {
        return close(event_loop, lines, token);
    }
    Io::More
}

/// Looks for the end of a request that has grown, and leaves that in the trace.
fn search(
    event_loop: &mut EventLoop<Lines>,
    token: Token,
    find_end: FindEnd,
    request: &mut Request,
) -> Option<usize> {
    let (begun, since) = (event_loop.recorder().begin(), Instant::now());
    let before = request.looked_at;
    let end = find_end(request);
    request.searched += since.elapsed();
    let looked_at = request.looked_at - before;
    let place = u32::try_from(token.0).ok();
    event_loop
        .recorder()
        .lap(begun, Phase::Parse, place, looked_at);
    end
}

// ANCHOR: fault
fn find_end_broken(request: &mut Request) -> Option<usize> {
    let part = &request.bytes[..];
    let found = memchr::memchr(b'\n', part);
    request.looked_at += found.map_or(part.len(), |at| at + 1);
    found
}
// ANCHOR_END: fault

// ANCHOR: fix
fn find_end_fixed(request: &mut Request) -> Option<usize> {
    let part = &request.bytes[request.seen..];
    let found = memchr::memchr(b'\n', part);
    request.looked_at += found.map_or(part.len(), |at| at + 1);
    let end = found.map(|at| request.seen + at);
    request.seen = request.bytes.len();
    end
}
// ANCHOR_END: fix

/// The request is whole, up to its `end`: says what it cost, and begins the next one.
fn answer(client: &mut Client, end: usize) -> io::Result<()> {
    let request = std::mem::take(&mut client.request);
    client
        .request
        .bytes
        .extend_from_slice(&request.bytes[end + 1..]);
    let searched_us = request.searched.as_micros();
    writeln!(client.stream, "{} {searched_us}", request.looked_at)
}

fn close(event_loop: &mut EventLoop<Lines>, lines: &mut Lines, token: Token) -> Io {
    if let Some(mut client) = lines.clients.remove(&token)
        && let Err(error) = event_loop.delete_file_event(token, &mut client.stream)
    {
        eprintln!("close: {error}");
    }
    Io::Drained
}

/// Sends the requests, one after the other, and tells what each cost.
fn client(addr: SocketAddr) -> io::Result<String> {
    let mut stream = harness::connect(addr)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let mut seen = String::new();
    for len in REQUESTS {
        let mut request = vec![b'x'; len];
        request[len - 1] = b'\n';
        stream.write_all(&request)?;
        let mut answer = String::new();
        answers.read_line(&mut answer)?;
        let mut numbers = answer.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(looked_at)), Some(Ok(searched_us))) = (numbers.next(), numbers.next()) else {
            return Err(io::Error::other(format!("no answer but {answer:?}")));
        };
        let (times, ms) = (looked_at / len as u64, searched_us as f64 / 1e3);
        seen =
            format!("request {len} B  looked at {looked_at} B, {times} times  searched {ms:.1} ms");
        println!("{seen}");
    }
    Ok(seen)
}
